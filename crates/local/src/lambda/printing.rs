//! Reading what the process of a function prints, call by call.
//!
//! Before each call the process writes the mark of the call into both of its outputs (`bootstrap.py`): what stands
//! before it was printed by the call before.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::output::Record;
use crate::host::lock;
use crate::text::escaped;

/// What a mark begins with; the call's id follows, and the end of the line.
const MARK: u8 = 0x1e;
/// The longest line of a function's output that is logged in full, in bytes.
const LOGGED: u64 = 64 * 1024;
/// The calls of one process whose marks are still expected: its outputs are read at once, so one is enough as a rule.
const EXPECTED: usize = 16;

/// The newest calls of one process.
#[derive(Clone, Debug, Default)]
pub struct CallsOfProcess(Arc<Mutex<VecDeque<Arc<Record>>>>);

impl CallsOfProcess {
    /// Of a process that is started for this call: what it prints while it loads belongs to it.
    #[must_use]
    pub fn starting_with(first: &Arc<Record>) -> Self {
        Self(Arc::new(Mutex::new([Arc::clone(first)].into())))
    }

    /// Expects the mark of a call.
    pub fn expect(&self, record: &Arc<Record>) {
        let mut calls = lock(&self.0);
        if calls.back().is_some_and(|last| last.id == record.id) {
            return;
        }
        if calls.len() >= EXPECTED {
            calls.pop_front();
        }
        calls.push_back(Arc::clone(record));
    }

    fn first(&self) -> Option<Arc<Record>> {
        lock(&self.0).front().cloned()
    }

    /// The call whose mark a line ends with, and how much of the line stands before it.
    fn marked(&self, line: &[u8]) -> Option<(usize, Arc<Record>)> {
        let at = line.iter().rposition(|byte| *byte == MARK)?;
        let id = line[at + 1..].strip_suffix(b"\n")?;
        let record = lock(&self.0).iter().find(|record| record.id.as_bytes() == id).cloned()?;
        Some((at, record))
    }

    /// Reads one output to its end, or the process would wait for ever to write more: each line is logged, and added to
    /// the call that printed it.
    pub async fn read(self, function: String, out: impl AsyncRead + Unpin + Send) {
        let mut out = BufReader::new(out);
        let mut line = Vec::new();
        let Some(mut current) = self.first() else { return };
        while (&mut out).take(LOGGED).read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
            let marked = self.marked(&line);
            let printed = marked.as_ref().map_or(&line[..], |(at, _)| &line[..*at]);
            if !printed.is_empty() {
                let text = String::from_utf8_lossy(printed);
                tracing::info!(target: "countersign::function", %function, "{}", escaped(text.trim_end_matches(['\n', '\r'])));
                current.add(printed);
            }
            if let Some((_, record)) = marked {
                current = record;
            }
            line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::Output;
    use super::*;

    #[tokio::test]
    async fn each_line_goes_to_the_call_that_printed_it() {
        let output = Output::default();
        let call = |id: &str| output.begin("f", id.to_owned(), None, 0);
        let (one, two) = (call("one"), call("two"));
        let calls = CallsOfProcess::starting_with(&one);
        calls.expect(&one);
        calls.expect(&two);
        let printed = "loading\n\x1eone\nfirst\nno end\x1etwo\nsecond\n\x1eunknown\n\x1etwo more\n";
        calls.read("f".to_owned(), printed.as_bytes()).await;
        assert_eq!(one.text().0, "loading\nfirst\nno end");
        assert_eq!(two.text().0, "second\n\x1eunknown\n\x1etwo more\n", "what only looks like a mark was printed");
    }
}
