//! The diagnostics of a definition as a whole: how many, their spans and their wording.

use crate::{SourceSpan, invalid_definition_message, parse};

/// A text of a megabyte may be full of mistakes.
#[test]
fn a_definition_of_mistakes_is_judged_soon() {
    let states: Vec<String> = (0..20_000).map(|i| format!(r#""S{i}":{{"Type":"Pass","Next":"None","X":1}}"#)).collect();
    let (machine, diagnostics) = parse(&format!(r#"{{"StartAt":"S0","States":{{{}}}}}"#, states.join(",")));
    assert_eq!((machine.is_none(), diagnostics.len()), (true, 1_000));
    let twice = parse(&format!(r#"{{"StartAt":"A","States":{{{}}}}}"#, vec![r#""A":{}"#; 100_000].join(","))).1;
    assert_eq!(twice.len(), 1_000);
}

#[test]
fn an_error_is_reported_in_spite_of_many_warnings() {
    let pass = |i: usize| format!(r#""S{i}":{{"Type":"Pass","Result":"$.x","Next":"S{}"}}"#, i + 1);
    let states: Vec<String> = (0..1_001).map(pass).collect();
    let last = r#""S1001":{"Type":"Pass","Next":"Nowhere"}"#;
    let (machine, found) = parse(&format!(r#"{{"StartAt":"S0","States":{{{},{last}}}}}"#, states.join(",")));
    assert_eq!((machine.is_none(), found.len()), (true, 1_000));
    assert_eq!(found[0].message, "Missing 'Next' target: Nowhere");
    assert_eq!(found[999].rule, crate::Rule::PassResultIsStatic);
}

/// A long name appears in the path of every mistake below it.
#[test]
fn a_long_name_does_not_take_all_memory() {
    let name = "é".repeat(100_000);
    let many = |one: &dyn Fn(usize) -> String| (0..2_000).map(one).collect::<Vec<_>>().join(",");
    let fields = many(&|i| format!(r#""f{i}":1"#));
    let passes = many(&|i| format!(r#""S{i}":{{"Type":"Pass","Next":"Nowhere"}}"#));
    for definition in [
        format!(r#"{{"StartAt":"A","States":{{"{name}":{{"Type":"Succeed",{fields}}}}}}}"#),
        format!(r#"{{"StartAt":"S0","States":{{"{name}":{{"Type":"Succeed"}},{passes}}}}}"#),
        format!(r#"{{"StartAt":"A","States":{{"{name}":{{{}}}}}}}"#, many(&|_| r#""a":1"#.to_owned())),
    ] {
        let found = parse(&definition).1;
        assert_eq!(found.len(), 1_000);
        let size: usize = found.iter().map(|one| one.path.len() + one.message.len() + one.remedy.len()).sum();
        assert!(size < 3 * definition.len(), "{size} bytes about {}", definition.len());
    }
}

#[test]
fn a_finding_knows_its_line_and_column() {
    let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": { \"Type\": \"Pass\", \"Next\": \"B\" },\n    \"E\": { \"Type\": \"Succeed\" }\n  }\n}";
    let (machine, diagnostics) = parse(text);
    assert!(machine.is_none());
    assert_eq!(diagnostics[0].span, SourceSpan::of_line(4, 36, 3));
    assert_eq!(diagnostics[1].span, SourceSpan::of_line(5, 5, 3));
}

#[test]
fn the_message_of_a_refusal_lists_every_error() {
    let message = |text: &str| invalid_definition_message(&parse(text).1);
    assert_eq!(
        message(r#"{"StartAt":"A"}"#),
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"
    );
    assert_eq!(
        message(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}}"#),
        "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'"
    );
}
