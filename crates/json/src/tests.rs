#![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]

use super::*;

#[track_caller]
fn check_pretty(text: &str, expect: &str) {
    assert_eq!(pretty(text), expect);
}

#[track_caller]
fn refused(text: &str, expect: &str) {
    assert_eq!(Json::read(text).unwrap_err().to_string(), expect, "{text}");
}

#[test]
fn json_is_indented_and_otherwise_untouched() {
    check_pretty(
        r#"{"a":[1,2.50,-3e5],"b":{},"c":"x: {y}","d":[]}"#,
        "{\n  \"a\": [\n    1,\n    2.50,\n    -3e5\n  ],\n  \"b\": {},\n  \"c\": \"x: {y}\",\n  \"d\": []\n}",
    );
    check_pretty(r#""{""#, r#""{""#);
    check_pretty(" true ", "true");
    check_pretty("[]", "[]");
}

#[test]
fn digits_keys_and_escapes_stay_as_they_were_written() {
    check_pretty(
        "{\"n\":98765432109876543210987,\"a\":386.40,\"e\":1E+05,\"big\":1e999999,\"a\":-0.0,\"s\":\"\\u00e9\\/\"}",
        "{\n  \"n\": 98765432109876543210987,\n  \"a\": 386.40,\n  \"e\": 1E+05,\n  \"big\": 1e999999,\n  \"a\": -0.0,\n  \
         \"s\": \"\\u00e9\\/\"\n}",
    );
}

#[test]
fn what_is_no_json_is_shown_as_it_is() {
    for text in ["The card was refused", "{\"a\": tru}", "1 2", "{", "]", "", "\"open", "a \"b\"", "1.2.3", "{1}"] {
        check_pretty(text, text);
    }
}

#[test]
fn a_refusal_names_the_place() {
    refused("{\n  \"a\": }", "a value is expected at line 2 column 8");
    refused("{\"ä\" 1}", "a colon is expected at line 1 column 6");
    refused("[1,]", "a value is expected at line 1 column 4");
    refused("{\"a\":1,}", "a key in quotes is expected at line 1 column 8");
    refused("[1}", "a comma or the closing bracket is expected at line 1 column 3");
    refused("{\"a\":1]", "a comma or the closing bracket is expected at line 1 column 7");
    refused("[01]", "a number begins with a zero too many at line 1 column 3");
    refused("[1.]", "a digit is expected at line 1 column 4");
    refused("[\"a\nb\"]", "a control character stands in a string unescaped at line 1 column 4");
    refused("[\"\\x\"]", "there is no such escape in JSON at line 1 column 4");
    refused("\"\\u12é\"", "there is no such escape in JSON at line 1 column 6");
    refused("é", "a value is expected at line 1 column 1");
    refused("1 1", "the text goes on behind its value at line 1 column 3");
    refused("", "the text ends too early at line 1 column 1");
}

#[test]
fn what_no_reader_holds_is_named_with_its_place() {
    let unheld = |text: &str| Json::read(text).unwrap().unheld().map(|error| error.to_string());
    let beyond = |column| Some(format!("the number is beyond the range of a double at line 1 column {column}"));
    for text in ["1e999", "-1E309", "1.8e308", "0.001e400", "10e+308", "1e99999999999"] {
        assert_eq!(unheld(text), beyond(1), "{text}");
    }
    assert_eq!(unheld(&"9".repeat(310)), beyond(1));
    assert_eq!(unheld("{\"ä\": 1e999}"), beyond(7));
    for text in ["1e308", "1.7e308", "-1.7976931348623157e308", "1e-999", "0e999", "0.00e9999", "0.001e311", "1000e305"]
    {
        assert_eq!(unheld(text), None, "{text}");
    }
    assert_eq!(unheld(&"1".repeat(309)), None);
    let half = |line, column| Some(format!("half of a surrogate pair stands alone at line {line} column {column}"));
    assert_eq!(unheld(r#""\ud800""#), half(1, 2));
    assert_eq!(unheld(r#"["\\ü\ud83d\ude00\ude00"]"#), half(1, 18));
    assert_eq!(unheld("{\n \"\\uD83Dx\": 1}"), half(2, 3), "keys, too");
    assert_eq!(unheld(r#"["\ud83d\ude00","\ufffd","\uFFFD","\\ud800"]"#), None);
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(unheld(&nested(127)), None);
    let deep = "the text is nested deeper than 127 levels at line 1 column 128";
    assert_eq!(unheld(&nested(128)).as_deref(), Some(deep));
}

#[test]
fn depth_costs_neither_stack_nor_white_space() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(pretty(&nested(DEEPEST)).len() < 20_000, "{}", pretty(&nested(DEEPEST)).len());
    let error = Json::read(nested(100_000)).unwrap_err();
    assert_eq!(error.to_string(), "the text is nested deeper than 1,000 levels at line 1 column 1001");
    let wide = format!("{}{}{}", "[".repeat(64), "1,".repeat(50_000) + "1", "]".repeat(64));
    assert!(pretty(&wide).len() < wide.len() * 10, "{}", pretty(&wide).len());
    assert!(Json::read(pretty(&wide)).unwrap().says_the_same(&Json::read(wide.as_str()).unwrap()));
    let deep = "{\"a\":".repeat(20) + "[1,2]" + &"}".repeat(20);
    assert!(pretty(&deep).ends_with(&format!("\n{}}}\n}}", "  ")), "twenty levels are laid out");
    assert_eq!(pretty(&deep).lines().count(), 44);
}

#[test]
fn a_tree_is_gone_through() {
    let json = Json::read(r#"{"a":{"b":[1.0,"\ud83d\ude00x\n",null,true]},"a\u0062":{},"a":2}"#).unwrap();
    let keys: Vec<String> = json.root().members().map(|(key, _)| key.into_owned()).collect();
    assert_eq!(keys, ["a", "ab", "a"]);
    assert_eq!(json.root().get("a").unwrap().raw(), "2", "the last one counts");
    let first = json.root().members().next().unwrap().1;
    let items: Vec<Value> = first.get("b").unwrap().items().collect();
    assert_eq!(
        items.iter().map(|item| item.raw()).collect::<Vec<_>>(),
        ["1.0", r#""\ud83d\ude00x\n""#, "null", "true"]
    );
    assert_eq!(items[1].text().unwrap(), "😀x\n");
    assert_eq!(items[3].bool(), Some(true));
    assert_eq!(first.raw(), r#"{"b":[1.0,"\ud83d\ude00x\n",null,true]}"#);
    assert!(first.items().next().is_none() && items[0].members().next().is_none());
    assert_eq!(Json::read(r#""\ud83dx""#).unwrap().root().text().unwrap(), "\u{fffd}x");
}

#[test]
fn strings_are_replaced_where_they_stand() {
    let json = Json::read(r#"{ "token" : "a\/b", "n": [1.50, "a/b"], "x": {"token": 1}, "a/b": "c" }"#).unwrap();
    let mut seen = Vec::new();
    let out = json.replace_strings(|place, text| {
        seen.push((format!("{place:?}"), text.to_owned()));
        (text == "a/b").then(|| "\"\u{1}".to_owned())
    });
    assert_eq!(
        out.unwrap(),
        r#"{ "token" : "\"\u0001", "n": [1.50, "\"\u0001"], "x": {"token": 1}, "\"\u0001": "c" }"#
    );
    let places: Vec<&str> = seen.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(
        places,
        ["Key", "Under(\"token\")", "Key", "Alone", "Key", "Key", "Key", "Under(\"a/b\")"],
        "keys and values"
    );
    assert!(json.replace_strings(|_, _| None).is_none());
}

#[test]
fn white_space_and_the_order_of_keys_say_nothing() {
    let same = |one: &str, other: &str| Json::read(one).unwrap().says_the_same(&Json::read(other).unwrap());
    assert!(same(r#"{"a":1,"b":["x\/","y"]}"#, "{\n \"b\": [\"x/\", \"y\"], \"a\": 1 }"));
    assert!(!same(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#));
    assert!(!same("98765432109876543210987", "98765432109876543210988"));
    assert!(!same(r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#));
}
