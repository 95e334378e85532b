//! What is told about a definition as a whole: how much, where, and in which words.

use crate::{invalid_definition_message, parse};

/// A text of a megabyte may have as many mistakes as it has room for.
#[test]
fn a_definition_of_mistakes_is_judged_soon() {
    let states: Vec<String> = (0..20_000).map(|i| format!(r#""S{i}":{{"Type":"Pass","Next":"None","X":1}}"#)).collect();
    let (machine, diagnostics) = parse(&format!(r#"{{"StartAt":"S0","States":{{{}}}}}"#, states.join(",")));
    assert_eq!((machine.is_none(), diagnostics.len()), (true, 1_000));
    let twice = parse(&format!(r#"{{"StartAt":"A","States":{{{}}}}}"#, vec![r#""A":{}"#; 100_000].join(","))).1;
    assert_eq!(twice.len(), 1_000);
}

#[test]
fn a_finding_knows_its_line_and_column() {
    let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": { \"Type\": \"Pass\", \"Next\": \"B\" },\n    \"E\": { \"Type\": \"Succeed\" }\n  }\n}";
    let (machine, diagnostics) = parse(text);
    assert!(machine.is_none());
    assert_eq!((diagnostics[0].line, diagnostics[0].column), (4, 36));
    assert_eq!((diagnostics[1].line, diagnostics[1].column), (5, 10));
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
