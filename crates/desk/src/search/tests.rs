#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use super::*;
use crate::connection::ExecutionStatus;

const NOW: i64 = 1_764_160_000_000;

fn one(text: &str) -> Term {
    let search = Search::read(text, NOW).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(search.terms.len(), 1, "{text}: {:?}", search.terms);
    search.terms.into_iter().next().unwrap()
}

fn pattern(text: &str, open: bool) -> Pattern {
    Pattern { text: text.to_owned(), open }
}

#[test]
fn conditions_are_read() {
    let any = |text: &str, open| Term::Words { part: Part::Any, words: pattern(text, open) };
    let value = |path: &[&str], text: &str, open| Term::Value {
        path: path.iter().map(|&key| key.to_owned()).collect(),
        value: pattern(text, open),
    };
    for (text, expected) in [
        ("4711", any("4711", false)),
        ("-17", any("-17", false)),
        ("ab*", any("ab", true)),
        ("\"ab*\"", any("ab*", false)),
        ("\"a \\\"b\\\" c\"", any("a \"b\" c", false)),
        ("12:30", any("12:30", false)),
        ("arn:aws:states:x", any("arn:aws:states:x", false)),
        ("\"AND\"", any("AND", false)),
        ("orderId:4711", value(&["orderId"], "4711", false)),
        ("orderId:\"4 7\"", value(&["orderId"], "4 7", false)),
        ("orderId:47*", value(&["orderId"], "47", true)),
        ("$.a[0].b:x", value(&["a", "b"], "x", false)),
        ("\"status\":failed", value(&["status"], "failed", false)),
        ("\"a.b c\":1", value(&["a.b c"], "1", false)),
        ("url:https://x/?a=b", value(&["url"], "https://x/?a=b", false)),
        ("total:\"20..10\"", value(&["total"], "20..10", false)),
        ("path:a..b", value(&["path"], "a..b", false)),
        ("ok:true", value(&["ok"], "true", false)),
        ("input:x", Term::Words { part: Part::Input, words: pattern("x", false) }),
        ("status:failed", Term::Status(Shown::Status(ExecutionStatus::Failed))),
        ("status:waiting", Term::Status(Shown::Waiting)),
        ("name:ab*", Term::Name(pattern("ab", true))),
        ("version:3", Term::Version("3".to_owned())),
    ] {
        assert_eq!(one(text), expected, "{text}");
    }
}

#[test]
fn bounds_are_read() {
    let number = |text: &str| match one(text) {
        Term::Number { bounds, .. } => (bounds.from.map(|b| (b.at, b.within)), bounds.to.map(|b| (b.at, b.within))),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(number("total>1000"), (Some((1000.0, false)), None));
    assert_eq!(number("total>=-1.5e3"), (Some((-1500.0, true)), None));
    assert_eq!(number("a.b<1"), (None, Some((1.0, false))));
    assert_eq!(number("total:1..2"), (Some((1.0, true)), Some((2.0, true))));
    assert_eq!(number("total:1.."), (Some((1.0, true)), None));
    assert_eq!(number("total:..2"), (None, Some((2.0, true))));
    assert_eq!(number("total:2..2"), (Some((2.0, true)), Some((2.0, true))));
    let duration = |text: &str| match one(text) {
        Term::Duration(bounds) => (bounds.from.map(|b| b.at), bounds.to.map(|b| b.at)),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(duration("duration>30s"), (Some(30_000), None));
    assert_eq!(duration("duration<1h30m"), (None, Some(5_400_000)));
    assert_eq!(duration("duration:250ms..1.5m"), (Some(250), Some(90_000)));
    assert_eq!(duration("duration>=5"), (Some(5_000), None));
    let started = |text: &str| match one(text) {
        Term::Started(bounds) => (bounds.from.map(|b| b.at), bounds.to.map(|b| b.at)),
        other => panic!("{text}: {other:?}"),
    };
    let day = 86_400_000;
    let morning = NOW.div_euclid(day) * day;
    assert_eq!(started("started>2h"), (Some(NOW - 7_200_000), None));
    assert_eq!(started("started:24h"), (Some(NOW - day), None));
    assert_eq!(started("started:1d..2h"), (Some(NOW - day), Some(NOW - 7_199_999)));
    assert_eq!(started("started<1d"), (None, Some(NOW - day)));
    assert_eq!(started("started:2025-11-26"), (Some(morning), Some(morning + day)));
    assert_eq!(started("started>=2025-11-26T09:14"), (Some(morning + 33_240_000), None));
    assert_eq!(started("started:2025-11-26T09:14:03..2025-11-26"), (Some(morning + 33_243_000), Some(morning + day)));
    assert_eq!(started("started:\"2025-11-26 09:14\""), (Some(morning + 33_240_000), Some(morning + 33_300_000)));
}

#[test]
fn a_fault_has_its_place() {
    let backwards = |from: &str, to: &str| Fault::Backwards { from: from.into(), to: to.into() };
    for (text, at, fault) in [
        ("total>", 7, Fault::NoValue { key: "total".into(), sign: ">" }),
        ("a total>=  b", 10, Fault::NoValue { key: "total".into(), sign: ">=" }),
        ("orderId:", 9, Fault::NoValue { key: "orderId".into(), sign: ":" }),
        ("orderId:\"\"", 9, Fault::NoValue { key: "orderId".into(), sign: ":" }),
        (">5", 1, Fault::NoKey { sign: ">" }),
        ("a \"b", 3, Fault::OpenQuote),
        ("total>abc", 7, Fault::NotANumber("abc".into())),
        ("total>1e999", 7, Fault::NotANumber("1e999".into())),
        ("total>NaN", 7, Fault::NotANumber("NaN".into())),
        ("a!b:1", 1, Fault::NotAKey("a!b".into())),
        ("a..b:1", 1, Fault::NotAKey("a..b".into())),
        ("duration>soon", 10, Fault::NotADuration("soon".into())),
        ("started:2025-13-01", 9, Fault::NotATime("2025-13-01".into())),
        ("started>2025-02-30", 9, Fault::NotATime("2025-02-30".into())),
        ("total:20..10", 7, backwards("20", "10")),
        ("duration:5m..1m", 10, backwards("5m", "1m")),
        ("started:2h..1d", 9, backwards("2h", "1d")),
        ("a started:2026-11-28..2026-11-26", 11, backwards("2026-11-28", "2026-11-26")),
        ("ended:2026-11-26T10:00..2026-11-26T09:59", 7, backwards("2026-11-26T10:00", "2026-11-26T09:59")),
        ("total:..", 7, Fault::Nothing("..".into())),
        ("started:..", 9, Fault::Nothing("..".into())),
        ("status:gone", 8, Fault::NotAStatus("gone".into())),
        ("status>failed", 8, Fault::NoOrder("status")),
        ("a OR b", 3, Fault::Operator("OR".into())),
        ("a -b", 3, Fault::Operator("-b".into())),
        ("-status:failed", 1, Fault::Operator("-status:failed".into())),
        ("ü --", 3, Fault::Nothing("--".into())),
        ("*", 1, Fault::Nothing("*".into())),
    ] {
        assert_eq!(Search::read(text, NOW), Err(SearchError { at, fault }), "{text}");
    }
    let many = "a ".repeat(13);
    assert_eq!(Search::read(&many, NOW).unwrap_err(), SearchError { at: 25, fault: Fault::TooMany { limit: 12 } });
    assert_eq!(Search::read(&"a".repeat(501), NOW).unwrap_err().at, 501);
    assert!(Search::read(&"ü".repeat(500), NOW).is_ok());
}
