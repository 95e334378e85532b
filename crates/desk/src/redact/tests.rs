#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;

use base64::Engine as _;

use super::spellings::encoded;
use super::*;

const TOKEN: &str = "AQCkAAAAKgAAAAMAAAAA/secret+token==";

fn key() -> RedactionKey {
    RedactionKey::new([7; 16])
}

fn redactor() -> Redactor {
    Redactor::new(&key())
}

#[track_caller]
fn check(input: &str, expect: &str) {
    let mut redactor = redactor();
    redactor.add(TOKEN);
    redactor.add_text("AQCKAAAAKGAAAAMAAAAA/SECRET");
    assert_eq!(redactor.text(input), expect);
}

#[test]
fn a_known_token_goes_wherever_it_stands() {
    check(&format!("at {TOKEN}."), "at [task token].");
    check(&format!("https://x/?t={}&a=1", encoded(TOKEN)), "https://x/?t=[task token]&a=1");
    check(r#"{"plain":1}"#, r#"{"plain":1}"#);
    check(&format!(r#"{{"{TOKEN}":["{TOKEN}"]}}"#), r#"{"[task token]":["[task token]"]}"#);
    check(r#"["AQCkAAAAKgAAAAMAAAAA\/secret\u002btoken=\u003d"]"#, r#"["[task token]"]"#);
    check(r#"cause: {"t":"AQCkAAAAKgAAAAMAAAAA\/secret+token=="}"#, r#"cause: {"t":"[task token]"}"#);
    check(r#""x AQCKAAAAKGAAAAMAAAAA/SECRET y""#, r#""x [task token] y""#);
    let lower = encoded(TOKEN).replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d");
    check(&lower, "[task token]");
}

#[test]
fn a_token_in_base_64_goes_too() {
    let mut redactor = redactor();
    redactor.add(TOKEN);
    for before in ["", "a", "ab", "abc"] {
        let coded = base64::engine::general_purpose::STANDARD.encode(format!("{before}{TOKEN}xyz"));
        let shown = redactor.text(&coded);
        assert!(shown.contains(MARK) && shown.len() < MARK.len() + 16, "{coded}: {shown}");
    }
}

#[test]
fn an_unknown_one_goes_by_the_name_of_its_key() {
    let other = "B".repeat(40);
    check(
        &format!(r#"{{"Input":{{"Task-Token":"{other}","b":2}}}}"#),
        r#"{"Input":{"Task-Token":"[task token]","b":2}}"#,
    );
    check(r#"{"token":"short","tokens":[1]}"#, r#"{"token":"short","tokens":[1]}"#);
    let body =
        serde_json::json!({ "MessageBody": format!(r#"{{"taskToken":"{other}"}}"#), "taskToken": other }).to_string();
    check(&body, r#"{"MessageBody":"{\"taskToken\":\"[task token]\"}","taskToken":"[task token]"}"#);
}

#[test]
fn all_else_stays_as_it_was_written() {
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    for rest in [
        r#""n": 98765432109876543210987, "m":386.40,"x":1e999999"#,
        r#""k":1,"k":2 , "é":"\u00e9\/""#,
        &format!("\"deep\":{deep}"),
    ] {
        check(
            &format!(r#"{{"t":"{TOKEN}", {rest}, "in":"{{\"a\": 1.50,\"t\":\"{TOKEN}\"}}"}}"#),
            &format!(r#"{{"t":"[task token]", {rest}, "in":"{{\"a\": 1.50,\"t\":\"[task token]\"}}"}}"#),
        );
    }
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    /// A text of few letters, so that its parts stand in other texts too.
    fn text(&mut self, letters: &[&str], shortest: usize, longest: usize) -> String {
        let len = shortest + self.below(longest - shortest);
        let mut text = String::new();
        while text.len() < len {
            text.push_str(letters[self.below(letters.len())]);
        }
        text
    }
}

/// What a redactor does, in the plainest way: the longest spelling first, each from the left.
fn naive(known: &BTreeSet<String>, text: &str) -> String {
    let lengths: BTreeSet<usize> = known.iter().map(String::len).collect();
    let mut text = text.to_owned();
    for len in lengths.into_iter().rev() {
        let of_length: Vec<&String> = known.iter().filter(|one| one.len() == len).collect();
        while let Some(at) = of_length.iter().filter_map(|one| text.find(one.as_str())).min() {
            text.replace_range(at..at + len, MARK);
        }
    }
    text
}

/// Random tokens and texts, and everything that is to be removed.
fn known(numbers: &mut Numbers, redactor: &mut Redactor, letters: &[&str]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for _ in 0..2 + numbers.below(6) {
        let token = numbers.text(letters, 6, 60);
        redactor.add(&token);
        if token.len() >= SHORTEST_TOKEN {
            all.extend(spellings(&token));
        }
        let text = numbers.text(letters, 14, 40);
        redactor.add_text(&text);
        if text.len() >= SHORTEST_TEXT {
            all.insert(text);
        }
    }
    all
}

/// A text with some of the known ones, whole, cut off and overlapping.
fn text_with(numbers: &mut Numbers, all: &[&String], letters: &[&str]) -> String {
    let mut text = numbers.text(letters, 0, 30);
    if all.is_empty() {
        return text;
    }
    for _ in 0..numbers.below(8) {
        let one = all[numbers.below(all.len())];
        let cut = |at: usize| (0..=at).rev().find(|at| one.is_char_boundary(*at)).unwrap();
        match numbers.below(4) {
            0 => text.push_str(&one[..cut(numbers.below(one.len()))]),
            1 => text.push_str(&one[cut(numbers.below(one.len()))..]),
            _ => text.push_str(one),
        }
        if numbers.below(2) == 0 {
            text.push_str(&numbers.text(letters, 0, 10));
        }
    }
    text
}

#[test]
fn the_same_is_removed_as_by_replacing_one_after_the_other() {
    for seed in 1..=400 {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let letters: &[&str] =
            [&["x"][..], &["x", "y"], &["x", "y", "/", "+", "="], &["é", "x", "日"]][numbers.below(4)];
        let mut redactor = redactor();
        let all = known(&mut numbers, &mut redactor, letters);
        let tokens = Tokens::new(&key());
        tokens.set("one", &redactor);
        let all_in_order: Vec<&String> = all.iter().collect();
        for _ in 0..8 {
            let text = text_with(&mut numbers, &all_in_order, letters);
            let expect = naive(&all, &text);
            assert_eq!(redactor.text(&text), expect, "seed {seed}: {text:?} without {all:?}");
            assert_eq!(tokens.text(&text), expect);
            // In JSON every string by itself, and in a string with JSON too.
            let quoted = serde_json::Value::String(text.clone()).to_string();
            let inner = serde_json::json!({ "a": [text.as_str()] }).to_string();
            let expect_inner = serde_json::json!({ "a": [expect.as_str()] }).to_string();
            assert_eq!(redactor.text(&quoted), serde_json::Value::String(expect).to_string());
            let shown: String =
                serde_json::from_str(&redactor.text(&serde_json::Value::String(inner).to_string())).unwrap();
            assert_eq!(shown, naive(&all, &expect_inner), "seed {seed}");
        }
    }
}

#[test]
fn executions_come_and_go_with_their_tokens_alone() {
    let tokens = Tokens::new(&key());
    let token = |n: usize| format!("AQCkAAAAKgAAAAMAAAAA/secret+token={n:05}=");
    let of = |several: &[usize]| {
        let mut redactor = redactor();
        several.iter().for_each(|n| redactor.add(&token(*n)));
        redactor
    };
    let known = |tokens: &Tokens, n: usize| tokens.text(&token(n)) == MARK;
    for n in 0..300 {
        tokens.set(&format!("execution-{n}"), &of(&[n, n + 1]));
    }
    assert!((0..=300).all(|n| known(&tokens, n)));
    let all = tokens.len();
    tokens.set("execution-0", &of(&[0, 1]));
    assert_eq!(tokens.len(), all, "the same again changes nothing");
    tokens.set("execution-0", &of(&[900]));
    assert!(!known(&tokens, 0) && known(&tokens, 900) && known(&tokens, 1), "another execution has it too");
    for n in 0..300 {
        tokens.remove(&format!("execution-{n}"));
        tokens.remove(&format!("execution-{n}"));
        assert!(!known(&tokens, n) && (n >= 299 || known(&tokens, n + 1)));
    }
    assert!(tokens.is_empty());
}

#[test]
fn a_redactor_is_stored_as_bytes_without_a_token() {
    let mut redactor = redactor();
    redactor.add(TOKEN);
    redactor.add_text("derived from the token");
    let bytes = redactor.to_bytes();
    let again = Redactor::from_bytes(&key(), &bytes).unwrap();
    assert_eq!(again, redactor);
    assert_eq!(again.text(TOKEN), MARK);
    assert_eq!(Redactor::from_bytes(&key(), &self::redactor().to_bytes()).unwrap(), self::redactor());
    let has = |part: &str| bytes.windows(part.len()).any(|bytes| bytes == part.as_bytes());
    assert!(!has(&TOKEN[..6]) && !has("derived"));
    assert!(!format!("{redactor:?}").contains(&TOKEN[..6]));
}

#[test]
fn bytes_that_are_no_redactor_are_refused() {
    let mut redactor = redactor();
    redactor.add_text("derived from the token");
    redactor.add_text("derived from a token again");
    let bytes = redactor.to_bytes();
    let read = |bytes: &[u8]| Redactor::from_bytes(&key(), bytes).unwrap_err();
    for end in 0..bytes.len() {
        let whole = end >= 9 && (end - 9) % 28 == 0;
        assert!(whole || read(&bytes[..end]) == RedactorBytesError::Damaged { bytes: end }, "{end}");
    }
    let mut newer = bytes.clone();
    newer[0] = 9;
    assert_eq!(read(&newer), RedactorBytesError::Version(9));
    let other = RedactionKey::new([8; 16]);
    assert_eq!(Redactor::from_bytes(&other, &bytes), Err(RedactorBytesError::AnotherKey));
    let twice = [&bytes[..], &bytes[9..37]].concat();
    assert_eq!(read(&twice), RedactorBytesError::Damaged { bytes: twice.len() });
    let mut short = bytes;
    short[13..17].copy_from_slice(&7_u32.to_le_bytes());
    assert_eq!(read(&short), RedactorBytesError::Damaged { bytes: short.len() });
}

#[test]
fn texts_that_are_built_to_take_long_are_removed_as_a_whole() {
    let mut redactor = redactor();
    for n in 0..500 {
        redactor.add_text(&format!("{n}{}", "A".repeat(100 + n)));
    }
    let text = "A".repeat(20_000);
    assert_eq!(redactor.text(&text), MARK);
    assert_eq!(redactor.text(&format!("{} end", "A".repeat(90))), format!("{} end", "A".repeat(90)));
}
