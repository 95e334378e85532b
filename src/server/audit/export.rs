//! The record as a file: CSV for a spreadsheet, JSON Lines for programs. Newest entries first, as on its page.

use std::fmt::Write as _;

use countersign_desk::store::{DeliveryRecord, Entry, Recorded};
use serde_json::{Map, Value, json};

use crate::app::absolute;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    Csv,
    Jsonl,
}

impl Form {
    /// The form of a file's ending.
    #[must_use]
    pub fn of(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::Jsonl),
            _ => None,
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/jsonl",
        }
    }

    /// What stands before the entries.
    #[must_use]
    pub fn head(self) -> String {
        match self {
            Self::Csv => format!("{}\n", COLUMNS.join(",")),
            Self::Jsonl => String::new(),
        }
    }

    /// An entry as a line.
    #[must_use]
    pub fn line(self, entry: &Entry) -> String {
        let values = values(entry);
        match self {
            Self::Jsonl => format!("{}\n", Value::Object(values)),
            Self::Csv => {
                let mut line = String::new();
                for (index, column) in COLUMNS.iter().enumerate() {
                    line.push_str(if index > 0 { "," } else { "" });
                    cell(&mut line, values.get(*column));
                }
                line.push('\n');
                line
            }
        }
    }
}

/// The columns of CSV, which are the keys of JSON Lines.
const COLUMNS: [&str; 20] = [
    "entry",
    "time",
    "at",
    "person",
    "person_id",
    "deed",
    "workflow",
    "state",
    "execution_arn",
    "event",
    "detail",
    "comment",
    "form",
    "answer",
    "delivery",
    "seen_at",
    "shown",
    "rule",
    "stands_for",
    "broke_glass",
];

fn values(entry: &Entry) -> Map<String, Value> {
    let at = entry.at();
    let mut values = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            values.insert(key.to_owned(), value);
        }
    };
    put("entry", json!(entry.id));
    put("time", json!(absolute(at)));
    put("at", json!(at));
    match &entry.what {
        Recorded::Act(act) => {
            put("person", json!(act.person_name));
            put("person_id", json!(act.person_id));
            put("deed", json!(act.deed.word()));
            put("workflow", json!(act.workflow));
            put("execution_arn", json!(act.execution_arn));
            put("event", json!(act.event));
            put("detail", json!(act.detail));
        }
        Recorded::Decision(made) => {
            let decision = &made.decision;
            put("person", json!(decision.person_name));
            put("person_id", json!(decision.person_id));
            put("deed", json!(decision.outcome.id));
            put("workflow", json!(decision.workflow));
            put("state", json!(decision.state));
            put("execution_arn", json!(decision.execution_arn));
            put("event", json!(decision.event));
            put("detail", json!(decision.title));
            put("comment", json!(decision.comment));
            put("form", json!(decision.form));
            put("answer", json!(made.answer));
            let delivery = match &made.delivery {
                DeliveryRecord::Pending => "pending".to_owned(),
                DeliveryRecord::Delivered { at } => format!("delivered {}", absolute(*at)),
                DeliveryRecord::Late { .. } => "came too late".to_owned(),
            };
            put("delivery", json!(delivery));
            let bound = &decision.bound;
            put("seen_at", json!(bound.seen_at));
            put("shown", json!(bound.shown));
            put("rule", json!(bound.rule));
            put("stands_for", json!(bound.stands_for.as_ref().map(|(id, _)| id)));
            put("broke_glass", json!(bound.broke_glass.then_some(true)));
        }
    }
    values
}

/// Adds a cell. A spreadsheet takes what begins like a formula for one, so such a text gets an apostrophe in front.
fn cell(line: &mut String, value: Option<&Value>) {
    let Some(value) = value else { return };
    let Some(text) = value.as_str() else {
        // Proof: writing to a string does not fail.
        let _ = write!(line, "{value}");
        return;
    };
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    let _ = write!(line, "\"{guard}{}\"", text.replace('"', "\"\""));
}

#[cfg(test)]
mod tests {
    use countersign_desk::store::{Act, Deed};

    use super::*;

    fn entry(detail: &str) -> Entry {
        let act = Act {
            deed: Deed::Stopped,
            workflow: Some("order".to_owned()),
            execution_arn: None,
            event: None,
            detail: detail.to_owned(),
            person_id: "dana".to_owned(),
            person_name: "Dana".to_owned(),
            at: 0,
        };
        Entry { id: 7, what: Recorded::Act(act) }
    }

    #[test]
    fn a_cell_is_a_text_whatever_it_holds() {
        for (detail, cell) in [
            ("plain", "\"plain\""),
            ("a \"quote\", and\na line", "\"a \"\"quote\"\", and\na line\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
        ] {
            let line = Form::Csv.line(&entry(detail));
            assert_eq!(
                line,
                format!("7,\"1970-01-01 00:00:00 UTC\",0,\"Dana\",\"dana\",\"stopped\",\"order\",,,,{cell},,,,,,,,,\n")
            );
        }
        assert_eq!(Form::Csv.head().split(',').count(), COLUMNS.len());
    }

    #[test]
    fn a_line_of_json_is_one_line() {
        let line = Form::Jsonl.line(&entry("a\nb"));
        assert_eq!(line.lines().count(), 1);
        let read: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(
            (&read["detail"], &read["entry"], read.get("workflow")),
            (&json!("a\nb"), &json!(7), Some(&json!("order")))
        );
    }
}
