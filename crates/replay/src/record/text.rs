//! A case as the text of its file.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cases::{Answered, At, Case, Expect, MockReply, duration_text, key, status_word};
use crate::toml_text::quoted;

use super::time_text;

/// JSON that is longer than this stands on several lines.
const LINE: usize = 80;

/// The text of a case, with notes as comments above it.
pub(super) fn of_case(case: &Case, notes: &[String]) -> String {
    let mut out = String::new();
    notes.iter().for_each(|note| out += &format!("# {}\n", note.replace('\n', " ")));
    out += &format!("[[case]]\nname = {}\n", quoted(&case.name.value));
    if let Some(now) = case.now {
        out += &format!("now = {}\n", quoted(&time_text(now)));
    }
    if let Some(name) = &case.execution_name {
        out += &format!("execution_name = {}\n", quoted(name));
    }
    out += &format!("input = {}\n", json(&case.input));
    for (state, mock) in &case.mocks {
        match mock.value.replies.as_slice() {
            [only] if only.value.times.is_none() => {
                out += &format!("\n[case.mocks.{}]\n{}", key(state), reply(&only.value));
            }
            replies => {
                for one in replies {
                    out += &format!("\n[[case.mocks.{}]]\n{}", key(state), reply(&one.value));
                }
            }
        }
    }
    out + "\n[case.expect]\n" + &expect(&case.expect)
}

fn reply(reply: &MockReply) -> String {
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = match &reply.what {
        Answered::Returns(text) => writeln!(out, "returns = {}", json(text)),
        Answered::Payload(value) => writeln!(out, "payload = {}", json(&value.to_string())),
        Answered::Response(value) => writeln!(out, "returns = {}", json(&value.to_string())),
        Answered::Fails { error, cause } => {
            writeln!(out, "fails = {{ error = {}, cause = {} }}", quoted(error), quoted(cause))
        }
        Answered::TimesOut => writeln!(out, "times_out = true"),
        Answered::Waits => writeln!(out, "waits = true"),
    };
    match reply.item.as_deref() {
        Some([item]) => out += &format!("item = {item}\n"),
        Some(item) => out += &format!("item = {item:?}\n"),
        None => {}
    }
    if let Some(times) = reply.times.filter(|times| *times > 1) {
        out += &format!("times = {times}\n");
    }
    if reply.after_ms > 0 {
        out += &format!("after = {}\n", quoted(&duration_text(reply.after_ms)));
    }
    if let Some(every) = reply.beats_ms {
        out += &format!("heartbeat = {}\n", quoted(&duration_text(every)));
    }
    out
}

fn expect(expect: &Expect) -> String {
    let mut out = String::new();
    let names =
        |names: &At<Vec<At<String>>>| names.value.iter().map(|name| quoted(&name.value)).collect::<Vec<_>>().join(", ");
    if let Some(status) = &expect.status {
        out += &format!("status = \"{}\"\n", status_word(status.value));
    }
    if let Some(waits) = &expect.waits_in {
        out += &format!("waits_in = [{}]\n", names(waits));
    }
    if let Some(path) = &expect.path {
        out += &format!("path = [{}]\n", names(path));
    }
    if let Some(error) = &expect.error {
        out += &format!("error = {}\n", quoted(&error.value));
    }
    if let Some(cause) = &expect.cause {
        out += &format!("cause = {}\n", quoted(&cause.value));
    }
    if let Some(output) = &expect.output {
        out += &format!("output = {}\n", json(&output.value.to_string()));
    }
    out
}

/// JSON text as a value of TOML: in a literal text, whose letters stay as they are, where that is possible.
fn json(text: &str) -> String {
    let is_plain = matches!(serde_json::from_str(text), Ok(Value::Bool(_)))
        || text.parse::<i64>().is_ok_and(|number| number.to_string() == text);
    if is_plain {
        return text.to_owned();
    }
    let is_literal = |text: &str| !text.contains('\'') && text.chars().all(|letter| !letter.is_control());
    if text.len() <= LINE && is_literal(text) {
        return format!("'{text}'");
    }
    let pretty = countersign_json::pretty(text);
    let fits = |letter: char| letter == '\n' || !letter.is_control();
    if !pretty.contains("'''") && !pretty.ends_with('\'') && pretty.chars().all(fits) {
        return format!("'''\n{pretty}\n'''");
    }
    quoted(text)
}
