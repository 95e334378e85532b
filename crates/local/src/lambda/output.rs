//! What functions print, kept for each call: so much of its end, for the newest calls of each function. Nothing of it
//! outlives the program.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::made::name_in;
use crate::host::lock;

/// How much of the output of one call is kept, in bytes: as much as a page shows.
pub const OF_A_CALL: usize = 16 * 1024;
/// The newest calls of a function whose output is kept.
pub const CALLS: usize = 200;
/// How much is kept in all, in bytes.
pub const IN_ALL: usize = 16 * 1024 * 1024;

/// The task that called a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The ARN of the execution whose history has the task.
    pub execution: String,
    /// The event of that history with which the attempt was scheduled.
    pub event: u64,
}

/// One call, and what it printed.
#[derive(Debug)]
pub struct Record {
    /// The call's request id, as the function sees it.
    pub id: String,
    /// Of the function, by which it was called.
    pub key: String,
    /// The function's name.
    pub function: String,
    /// Increases from call to call.
    pub number: u64,
    pub origin: Option<Origin>,
    /// Milliseconds since the epoch.
    pub began_at: i64,
    printed: Mutex<Printed>,
    /// The bytes that are kept of all calls.
    total: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Printed {
    end: Vec<u8>,
    left_out: u64,
    lines_left_out: u64,
}

/// The end of the output of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLines {
    pub text: String,
    /// The bytes before it that were not kept.
    pub left_out: u64,
    /// How many lines stand before its first line.
    pub first: u64,
}

impl Record {
    /// Adds what was printed. The oldest lines make room for it.
    pub fn add(&self, bytes: &[u8]) {
        let mut printed = lock(&self.printed);
        let before = printed.end.len();
        printed.end.extend_from_slice(bytes);
        let over = printed.end.len().saturating_sub(OF_A_CALL);
        if over > 0 {
            // Whole lines go, unless one line is all there is.
            let line = printed.end[over - 1..].iter().position(|byte| *byte == b'\n').map(|at| over + at);
            let cut = line.filter(|cut| *cut < printed.end.len()).unwrap_or(over);
            let lines = printed.end.drain(..cut).filter(|byte| *byte == b'\n').count();
            printed.left_out += cut as u64;
            printed.lines_left_out += lines as u64;
        }
        // The sum never falls below what the other records hold.
        self.total.fetch_add(printed.end.len(), Ordering::Relaxed);
        self.total.fetch_sub(before, Ordering::Relaxed);
    }

    /// The end of the output, and the number of bytes before it that were not kept.
    #[must_use]
    pub fn text(&self) -> (String, u64) {
        let printed = lock(&self.printed);
        (String::from_utf8_lossy(&printed.end).into_owned(), printed.left_out)
    }

    /// The same, with the place of its first line among all lines.
    #[must_use]
    pub fn lines(&self) -> KeptLines {
        let printed = lock(&self.printed);
        KeptLines {
            text: String::from_utf8_lossy(&printed.end).into_owned(),
            left_out: printed.left_out,
            first: printed.lines_left_out,
        }
    }

    fn kept(&self) -> usize {
        lock(&self.printed).end.len()
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.total.fetch_sub(self.kept(), Ordering::Relaxed);
    }
}

/// The kept output of every function.
#[derive(Debug, Default)]
pub struct Output {
    /// By function, the oldest call first.
    calls: Mutex<HashMap<String, VecDeque<Arc<Record>>>>,
    total: Arc<AtomicUsize>,
    begun: AtomicU64,
}

impl Output {
    /// Begins the record of a call of the function with this key. Older ones make room for it.
    pub fn begin(&self, key: &str, id: String, origin: Option<Origin>, now: i64) -> Arc<Record> {
        let mut calls = lock(&self.calls);
        let record = Arc::new(Record {
            id,
            key: key.to_owned(),
            function: name_in(key).to_owned(),
            number: self.begun.fetch_add(1, Ordering::Relaxed),
            origin,
            began_at: now,
            printed: Mutex::default(),
            total: Arc::clone(&self.total),
        });
        while self.total.load(Ordering::Relaxed) > IN_ALL && make_room(&mut calls) {}
        let of_function = calls.entry(record.function.clone()).or_default();
        if of_function.len() >= CALLS {
            of_function.pop_front();
        }
        of_function.push_back(Arc::clone(&record));
        record
    }

    /// The calls of one task, the oldest first: a task that was under way at a restart calls again.
    #[must_use]
    pub fn of(&self, origin: &Origin) -> Vec<Arc<Record>> {
        let calls = lock(&self.calls);
        let of_task = |record: &&Arc<Record>| record.origin.as_ref() == Some(origin);
        let mut found: Vec<Arc<Record>> = calls.values().flatten().filter(of_task).cloned().collect();
        found.sort_by_key(|record| record.began_at);
        found
    }

    /// The calls of the functions with this name, in whatever account and region, the oldest first.
    #[must_use]
    pub fn of_function(&self, name: &str) -> Vec<Arc<Record>> {
        lock(&self.calls).get(name).into_iter().flatten().cloned().collect()
    }

    /// The names of the functions with calls whose output is kept.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        lock(&self.calls).iter().filter(|(_, records)| !records.is_empty()).map(|(name, _)| name.clone()).collect()
    }

    /// Forgets what such calls of a function printed.
    pub fn forget(&self, name: &str, which: impl Fn(&Record) -> bool) {
        let mut calls = lock(&self.calls);
        if let Some(records) = calls.get_mut(name) {
            records.retain(|record| !which(record));
            if records.is_empty() {
                calls.remove(name);
            }
        }
    }
}

/// Drops the older half of the calls of the function that holds most; false where nothing can be dropped.
fn make_room(calls: &mut HashMap<String, VecDeque<Arc<Record>>>) -> bool {
    let held = |records: &VecDeque<Arc<Record>>| records.iter().map(|record| record.kept()).sum::<usize>();
    let largest = calls.values_mut().max_by_key(|records| held(records)).filter(|records| records.len() > 1);
    let Some(records) = largest else { return false };
    records.drain(..records.len() / 2);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(event: u64) -> Origin {
        Origin { execution: "e".to_owned(), event }
    }

    #[test]
    fn the_end_of_an_output_is_kept_in_whole_lines() {
        let output = Output::default();
        let record = output.begin("f", "1".to_owned(), Some(task(2)), 0);
        for number in 0..5_000 {
            record.add(format!("line {number}\n").as_bytes());
        }
        let (text, left_out) = record.text();
        assert!(text.len() <= OF_A_CALL && text.len() > OF_A_CALL - 20, "{}", text.len());
        assert!(text.starts_with("line ") && text.ends_with("line 4999\n"));
        let whole: usize = (0..5_000).map(|number| format!("line {number}\n").len()).sum();
        assert_eq!(text.len() + usize::try_from(left_out).unwrap_or(0), whole);
        assert!(text.starts_with(&format!("line {}\n", record.lines().first)), "lines keep their numbers");
        record.add(&vec![b'x'; 3 * OF_A_CALL]);
        assert_eq!(record.text().0.len(), OF_A_CALL, "a line that is longer than all is cut");
    }

    #[test]
    fn the_newest_calls_of_each_function_are_kept() {
        let output = Output::default();
        for number in 0..CALLS as u64 + 5 {
            output.begin("busy", number.to_string(), Some(task(number)), 0);
        }
        output.begin("quiet", "q".to_owned(), Some(task(4)), 0);
        let ids = |event| output.of(&task(event)).iter().map(|record| record.id.clone()).collect::<Vec<_>>();
        assert_eq!((ids(4), ids(5)), (vec!["q".to_owned()], vec!["5".to_owned()]));
        assert!(output.of(&Origin { execution: "other".to_owned(), event: 5 }).is_empty());
        let numbers: Vec<u64> = output.of_function("busy").iter().map(|record| record.number).collect();
        assert_eq!((numbers.len(), numbers.is_sorted()), (CALLS, true));
        output.forget("busy", |record| record.number < 100);
        assert_eq!(output.of_function("busy").len(), 105);
        output.forget("busy", |_| true);
        assert_eq!(output.names(), ["quiet"]);
    }

    #[test]
    fn what_is_kept_in_all_is_bounded_and_the_loudest_function_makes_room() {
        let output = Output::default();
        output.begin("quiet", "q".to_owned(), Some(task(1)), 0).add(b"a word\n");
        for name in ["a", "b", "c", "d"] {
            for number in 0..CALLS {
                output.begin(name, number.to_string(), None, 0).add(&[b'x'; OF_A_CALL]);
                assert!(output.total.load(Ordering::Relaxed) <= IN_ALL + OF_A_CALL);
            }
        }
        assert_eq!(output.of(&task(1)).len(), 1, "it is older than all others");
        drop(lock(&output.calls).drain());
        assert_eq!(output.total.load(Ordering::Relaxed), 0);
    }
}
