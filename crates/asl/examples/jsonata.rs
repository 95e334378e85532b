//! Evaluates JSONata expressions as a state would: `cargo run -p countersign-asl --example jsonata < cases.jsonl`.
//!
//! A line holds `expression` and, where it reads one, `input` (what `$states.input` gives); the result is a line with
//! `value`, or with `error`: the message when the machine is created, or when the state runs.

use std::io::{self, BufRead, Write};

use countersign_asl::expr::jsonata::{self, JsonataError};
use countersign_asl::expr::sandbox::Request;
use serde_json::{Map, Value, json};

/// `2026-01-31T12:00:00.000Z`, the clock of every evaluation.
const NOW: i64 = 1_769_860_800_000;

fn evaluate(case: &Value) -> Result<Value, String> {
    let expression = case["expression"].as_str().ok_or("a case has an expression")?;
    jsonata::check(expression)?;
    let states = json!({ "input": case["input"] });
    let bound = Map::from_iter([("states".to_owned(), states)]);
    let request = Request { expression: expression.to_owned(), bound, now: NOW, seed: 1, patience: 5_000 };
    jsonata::evaluate_here(&request).map_err(|error| match error {
        JsonataError::Failed(message) => message,
        other => other.to_string(),
    })
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let answer = match evaluate(&case) {
            Ok(value) => json!({ "value": value }),
            Err(error) => json!({ "error": error }),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
