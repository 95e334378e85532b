#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
use serde_json::{Value, json};

use super::*;

const KEY: &str = "open \"sesame\" \\ ü/é\n&9";

fn connection(value: &str) -> Connection {
    let secret = Secret::new;
    let authorization = Authorization::ApiKey { name: "x-key".to_owned(), value: secret(value) };
    Connection { authorization, headers: Vec::new(), query: Vec::new(), body: Vec::new() }
}

fn masks(value: &str) -> Masks {
    Masks::of([connection(value)].iter())
}

/// The value of a JSON text after its secrets are hidden.
#[track_caller]
fn check(secret: &str, text: &str, expect: &str) {
    let hidden = masks(secret).json(text.to_owned());
    assert_eq!(hidden, expect, "{text}");
    serde_json::from_str::<Value>(&hidden).unwrap();
}

#[test]
fn a_secret_is_hidden_however_it_is_spelt() {
    let percent = |plus: bool| {
        let encode = |byte: u8| match byte {
            b' ' if plus => "+".to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        KEY.bytes().map(encode).collect::<String>()
    };
    let all_percent: String = KEY.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let all_unicode: String = KEY.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let html = KEY.replace('&', "&amp;").replace('"', "&quot;");
    for spelt in [KEY.to_owned(), percent(true), percent(false), all_percent, html, percent(true).replace('%', "%25")] {
        let text = json!({ "echo": format!("before {spelt} after"), &spelt: 1 }).to_string();
        check(KEY, &text, r#"{"echo":"before **** after","****":1}"#);
        let within = json!({ "cause": json!({ "deep": json!([spelt]).to_string() }).to_string() }).to_string();
        check(KEY, &within, r#"{"cause":"{\"deep\":\"[\\\"****\\\"]\"}"}"#);
    }
    check(KEY, &format!("[\"{all_unicode}\"]"), r#"["****"]"#);
}

#[test]
fn a_secret_is_found_in_base64_and_in_hexadecimal_digits() {
    let secret = "s3cret-value";
    for before in ["", "u", "us", "user:", "Zoë:"] {
        for after in ["", "x", "xy", "-tail"] {
            let whole = format!("{before}{secret}{after}");
            for encoded in [BASE64_STANDARD.encode(&whole), BASE64_URL_SAFE_NO_PAD.encode(&whole)] {
                let shown = masks(secret).json(json!({ "authorization": encoded }).to_string());
                let shown: Value = serde_json::from_str(&shown).unwrap();
                let shown = shown["authorization"].as_str().unwrap();
                assert!(shown.contains(HIDDEN) && shown.len() < encoded.len(), "{whole}: {shown}");
            }
        }
    }
    let digits: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    check(secret, &json!([digits, digits.to_uppercase()]).to_string(), r#"["****","****"]"#);
}

#[test]
fn what_is_no_secret_stays_as_it_was_written() {
    let text = r#"{"n": 98765432109876543210987, "m":386.40,"a":1,"a":2 , "s":"\u00fc\/\\n C:\\s3cret"}"#;
    check("s3cret-value", text, text);
    check("s3cret", text, &text.replace("s3cret", HIDDEN));
    check("386.40", text, &text.replace("386.40", "\"****\""));
    // A match that begins inside an escape is no secret: `
    // `, then `ame1`.
    check("name1", r#"["\name1"]"#, r#"["\name1"]"#);
    check("name1", r#"["\\name1"]"#, r#"["\\****"]"#);
}

#[test]
fn a_failure_is_hidden_as_well() {
    let masks = masks("s3cret-value");
    let failed = masks.answer(TaskOutcome::failed("Error.s3cret-value", "HTTP 500: C:\\s3cret-value is wrong"));
    assert_eq!(failed, TaskOutcome::failed("Error.****", "HTTP 500: C:\\**** is wrong"));
    assert_eq!(
        masks.answer(TaskOutcome::Submitted("\"s3cret-value\"".into())),
        TaskOutcome::Submitted("\"****\"".into())
    );
}

#[test]
fn a_short_secret_is_hidden_in_the_answers_to_its_own_connection() {
    let text = r#"{"uri":"/x?tenant=t+1&at=1","word":"at 1","n":1}"#;
    assert_eq!(masks("t 1").json(text.to_owned()), text);
    let own = Masks::of_call(&connection("t 1"), None).json(text.to_owned());
    assert_eq!(own, r#"{"uri":"/x?tenant=****&at=1","word":"at 1","n":1}"#);
}

#[test]
fn the_pair_of_basic_and_a_token_are_secrets() {
    let authorization = Authorization::Basic { username: "ada".to_owned(), password: Secret::new("hidden") };
    let basic = Connection { authorization, ..connection("none-of-it") };
    let masks = Masks::of([basic].iter());
    masks.remember(&Secret::new("t0ken"));
    let text = r#"["Basic YWRhOmhpZGRlbg==","Bearer t0ken","hidden"]"#;
    assert_eq!(masks.json(text.to_owned()), r#"["Basic ****","Bearer ****","****"]"#);
    assert!(!format!("{masks:?}").contains("hidden"), "{masks:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a bound on the growth of the work, far above what it takes")]
fn a_large_answer_is_searched_in_no_time() {
    let line = r#"{"order":"A-1001","note":"100% of \"it\" \\ & more","amount":386.40},"#;
    let text = format!("[{}{{}}]", line.repeat(100_000));
    let begun = std::time::Instant::now();
    assert_eq!(masks("s3cret-value").json(text.clone()), text);
    assert!(begun.elapsed().as_secs() < 20, "{:?} for {} MB", begun.elapsed(), text.len() / 1_000_000);
}
