//! From the text of a file to its cases.

use std::collections::BTreeMap;

use countersign_asl::PlaceholderValue;
use countersign_engine::ExecutionKind;
use countersign_trace::OutcomeStatus;
use indexmap::IndexMap;
use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};

use super::problem::nearest;
use super::reader::{Entry, Reader};
use super::{Answered, At, Case, CaseFile, Expect, Mock, MockOrigin, MockReply, Mocks, Problem};

const FILE_KEYS: [&str; 6] = ["definition", "type", "now", "values", "mocks", "case"];
const CASE_KEYS: [&str; 7] = ["name", "input", "now", "execution_name", "values", "mocks", "expect"];
const REPLY_KEYS: [&str; 10] =
    ["returns", "payload", "fails", "times_out", "waits", "after", "heartbeat", "times", "item", "called_with"];
const EXPECT_KEYS: [&str; 13] = [
    "status",
    "path",
    "passes",
    "avoids",
    "output",
    "output_has",
    "error",
    "cause",
    "cause_has",
    "waits_in",
    "takes",
    "visits",
    "calls",
];

impl CaseFile {
    /// Reads a file of cases.
    ///
    /// # Errors
    /// Everything in it that cannot be used, in the order of the text.
    pub fn read(text: &str) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::of(text);
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                reader.refuse(&span, error.message(), "Correct the TOML: docs/test.md shows the format.");
                return Err(reader.problems);
            }
        };
        let file = reader.file(table.get_ref());
        if reader.problems.is_empty() {
            return Ok(file);
        }
        reader.problems.sort();
        Err(reader.problems)
    }
}

impl Reader<'_> {
    fn file(&mut self, table: &DeTable<'_>) -> CaseFile {
        self.only(table, "A file of cases", &FILE_KEYS);
        let cases = self.cases(table);
        self.names_once(&cases);
        CaseFile {
            definition: self.text(table, "definition"),
            kind: self.kind(table),
            now: self.time(table, "now"),
            values: self.values(table),
            mocks: self.mocks(table),
            cases,
        }
    }

    fn kind(&mut self, table: &DeTable<'_>) -> Option<ExecutionKind> {
        let kind = self.text(table, "type")?;
        match kind.value.as_str() {
            "STANDARD" => Some(ExecutionKind::Standard),
            "EXPRESS" => Some(ExecutionKind::Express),
            other => {
                let message = format!("`type` is {other:?}");
                self.problems.push(problem(&kind, message, "Write type = \"STANDARD\" or \"EXPRESS\"."));
                None
            }
        }
    }

    /// The values of placeholders, which keep their types.
    fn values(&mut self, table: &DeTable<'_>) -> BTreeMap<String, PlaceholderValue> {
        let mut values = BTreeMap::new();
        let Some(table) = self.table(table, "values") else { return values };
        for (name, entry) in table {
            let value = match entry.get_ref() {
                DeValue::String(text) => Some(PlaceholderValue::Text(text.to_string())),
                _ => self.value(entry).map(|value| PlaceholderValue::Json(value.to_string())),
            };
            if let Some(value) = value {
                values.insert(name.get_ref().to_string(), value);
            }
        }
        values
    }

    fn cases(&mut self, table: &DeTable<'_>) -> Vec<Case> {
        let Some(entry) = table.get("case") else { return Vec::new() };
        let DeValue::Array(items) = entry.get_ref() else {
            self.refuse(
                &entry.span(),
                "`case` is one table",
                "Begin each case with [[case]], in two pairs of brackets.",
            );
            return Vec::new();
        };
        items.iter().filter_map(|item| self.case(item)).collect()
    }

    fn case(&mut self, entry: &Entry<'_>) -> Option<Case> {
        let Some(table) = entry.get_ref().as_table() else {
            self.refuse(&entry.span(), "a case is a table", "Begin each case with [[case]].");
            return None;
        };
        self.only(table, "A case", &CASE_KEYS);
        let Some(name) = self.text(table, "name") else {
            if !table.contains_key("name") {
                self.refuse(&entry.span(), "the case has no name", "Add name = \"...\": what it shows, in a sentence.");
            }
            return None;
        };
        let input = self.json_text(table, "input");
        let expect = match self.table(table, "expect") {
            Some(expect) => self.expect(expect),
            None => Expect::default(),
        };
        if !table.contains_key("expect") {
            let message = format!("the case {:?} expects nothing", name.value);
            self.problems.push(problem(
                &name,
                message,
                "Add [case.expect], such as with path = [...] or output = { ... }.",
            ));
        }
        Some(Case {
            input: input.map_or_else(|| "{}".to_owned(), |(text, _)| text),
            now: self.time(table, "now"),
            execution_name: self.text(table, "execution_name").map(|name| name.value),
            values: self.values(table),
            mocks: self.mocks(table),
            expect,
            name,
        })
    }

    /// Two cases of one name could not be told apart in a report.
    fn names_once(&mut self, cases: &[Case]) {
        for (number, case) in cases.iter().enumerate() {
            if let Some(first) = cases[..number].iter().find(|before| before.name.value == case.name.value) {
                let message = format!("two cases have the name {:?}", case.name.value);
                let remedy = format!("Give one of them another name; the first is in line {}.", first.name.line);
                self.problems.push(problem(&case.name, message, &remedy));
            }
        }
    }

    fn mocks(&mut self, table: &DeTable<'_>) -> Mocks {
        let mut mocks = Mocks::new();
        let Some(table) = self.table(table, "mocks") else { return mocks };
        for (state, entry) in table {
            if let Some(mock) = self.mock(entry) {
                mocks.insert(state.get_ref().to_string(), self.at(&state.span(), mock));
            }
        }
        mocks
    }

    /// A table answers every call; each table of a list answers one, or as many as `times` says.
    fn mock(&mut self, entry: &Entry<'_>) -> Option<Mock> {
        match entry.get_ref() {
            DeValue::Table(table) => {
                let reply = self.reply(entry, table, None)?;
                Some(Mock { replies: vec![reply], origin: MockOrigin::Cases })
            }
            DeValue::Array(items) => {
                let mut replies = Vec::new();
                for item in items.iter() {
                    match item.get_ref().as_table() {
                        Some(table) => replies.extend(self.reply(item, table, Some(1))),
                        None => self.refuse(
                            &item.span(),
                            "a mock is a table",
                            "Write { returns = ... } or { fails = ... }.",
                        ),
                    }
                }
                Some(Mock { replies, origin: MockOrigin::Cases })
            }
            _ => {
                let remedy = "Write { returns = ... }, { fails = { error = \"...\" } }, { times_out = true } or { waits = true }.";
                self.refuse(&entry.span(), "a mock is a table, or a list of tables", remedy);
                None
            }
        }
    }

    fn reply(&mut self, entry: &Entry<'_>, table: &DeTable<'_>, times: Option<u64>) -> Option<At<MockReply>> {
        self.only(table, "A mock", &REPLY_KEYS);
        let what = self.answered(entry, table);
        let times = match table.get("times") {
            Some(entry) => self.count(entry, "times"),
            None => times,
        };
        let reply = MockReply {
            after_ms: self.duration(table, "after").map_or(0, |after| after.value),
            beats_ms: self.duration(table, "heartbeat").map(|every| every.value),
            times,
            item: self.item(table),
            called_with: self.json(table, "called_with").map(|asked| asked.value),
            what: what?,
        };
        Some(self.at(&entry.span(), reply))
    }

    fn answered(&mut self, entry: &Entry<'_>, table: &DeTable<'_>) -> Option<Answered> {
        const HOW: [&str; 5] = ["returns", "payload", "fails", "times_out", "waits"];
        let given: Vec<&str> = HOW.into_iter().filter(|how| table.contains_key(*how)).collect();
        match given.as_slice() {
            ["returns"] => self.json_text(table, "returns").map(|(text, _)| Answered::Returns(text)),
            ["payload"] => self.json(table, "payload").map(|value| Answered::Payload(value.value)),
            ["fails"] => self.failure(table),
            ["times_out"] => self.set(table, "times_out").then_some(Answered::TimesOut),
            ["waits"] => self.set(table, "waits").then_some(Answered::Waits),
            [] => {
                let remedy = format!("Add one of {}.", HOW.join(", "));
                self.refuse(&entry.span(), "the mock does not say how the call is answered", remedy);
                None
            }
            several => {
                let message = format!("the mock says both {}", several.join(" and "));
                self.refuse(&entry.span(), message, "Keep one of them.");
                None
            }
        }
    }

    fn failure(&mut self, table: &DeTable<'_>) -> Option<Answered> {
        let table = self.table(table, "fails")?;
        self.only(table, "`fails`", &["error", "cause"]);
        let error = self.text(table, "error").map_or_else(String::new, |error| error.value);
        let cause = self.text(table, "cause").map_or_else(String::new, |cause| cause.value);
        Some(Answered::Fails { error, cause })
    }

    /// `item = 2`, or with Maps in Maps `item = [0, 2]`.
    fn item(&mut self, table: &DeTable<'_>) -> Option<Vec<u64>> {
        let entry = table.get("item")?;
        match entry.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.count(item, "item")).collect(),
            _ => self.count(entry, "item").map(|item| vec![item]),
        }
    }

    fn expect(&mut self, table: &DeTable<'_>) -> Expect {
        self.only(table, "`expect`", &EXPECT_KEYS);
        Expect {
            any_end: false,
            status: self.status(table),
            path: self.names(table, "path"),
            passes: self.names(table, "passes"),
            avoids: self.names(table, "avoids"),
            output: self.json(table, "output"),
            output_has: self.json(table, "output_has"),
            error: self.text(table, "error"),
            cause: self.text(table, "cause"),
            cause_has: self.text(table, "cause_has"),
            waits_in: self.one_or_several(table, "waits_in"),
            takes: self.takes(table),
            visits: self.counts(table, "visits"),
            calls: self.counts(table, "calls"),
        }
    }

    fn status(&mut self, table: &DeTable<'_>) -> Option<At<OutcomeStatus>> {
        const STATUSES: [(&str, OutcomeStatus); 3] = [
            ("SUCCEEDED", OutcomeStatus::Succeeded),
            ("FAILED", OutcomeStatus::Failed),
            ("TIMED_OUT", OutcomeStatus::TimedOut),
        ];
        let text = self.text(table, "status")?;
        if let Some((_, status)) = STATUSES.iter().find(|(word, _)| *word == text.value) {
            return Some(At { value: *status, line: text.line, column: text.column });
        }
        let near = nearest(&text.value, STATUSES.map(|(word, _)| word));
        let remedy = match near {
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => "Write \"SUCCEEDED\", \"FAILED\" or \"TIMED_OUT\"; for a wait use waits_in.".to_owned(),
        };
        self.problems.push(problem(&text, format!("{:?} is no status of an end", text.value), &remedy));
        None
    }

    fn one_or_several(&mut self, table: &DeTable<'_>, key: &str) -> Option<At<Vec<At<String>>>> {
        if let Some(DeValue::String(_)) = table.get(key).map(Entry::get_ref) {
            let one = self.text(table, key)?;
            return Some(At { line: one.line, column: one.column, value: vec![one] });
        }
        self.names(table, key)
    }

    /// A duration, or a table with `at_least` and `at_most`.
    fn takes(&mut self, table: &DeTable<'_>) -> Option<At<(i64, i64)>> {
        let entry = table.get("takes")?;
        let Some(range) = entry.get_ref().as_table() else {
            let exact = self.duration(table, "takes")?;
            return Some(At { value: (exact.value, exact.value), line: exact.line, column: exact.column });
        };
        self.only(range, "`takes`", &["at_least", "at_most"]);
        let least = self.duration(range, "at_least").map_or(0, |at| at.value);
        let most = self.duration(range, "at_most").map_or(i64::MAX, |at| at.value);
        Some(self.at(&entry.span(), (least, most)))
    }

    fn counts(&mut self, table: &DeTable<'_>, key: &str) -> IndexMap<String, At<u64>> {
        let mut counts = IndexMap::new();
        let Some(table) = self.table(table, key) else { return counts };
        for (state, entry) in table {
            if let Some(count) = self.count(entry, state.get_ref()) {
                counts.insert(state.get_ref().to_string(), self.at(&state.span(), count));
            }
        }
        counts
    }
}

fn problem<T>(at: &At<T>, message: String, remedy: &str) -> Problem {
    Problem { line: at.line, column: at.column, message, remedy: remedy.to_owned() }
}

/// What Lambda's API answers for a function's payload.
pub(super) fn invoked(payload: &Value) -> Value {
    json!({ "ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200 })
}
