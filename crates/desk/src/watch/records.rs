//! The records that are kept in memory: those used last, up to a weight.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::lock;
use super::record::Record;

/// The most that records may weigh together, in bytes, and the most records.
pub const WEIGHT: usize = if cfg!(test) { 4 * 1024 * 1024 } else { 64 * 1024 * 1024 };
const RECORDS: usize = 2_048;

/// One execution's record. The last reading is available during the next one.
#[derive(Default)]
pub struct Slot {
    /// Held during a reading, so that concurrent readers of the execution share it.
    pub reading: tokio::sync::Mutex<()>,
    last: Mutex<Option<Arc<Record>>>,
}

impl Slot {
    pub fn last(&self) -> Option<Arc<Record>> {
        lock(&self.last).clone()
    }
}

/// The records, by execution ARN.
#[derive(Default)]
pub struct Records {
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct Slots {
    /// When each was last used, as a number that only grows.
    by_arn: HashMap<String, (u64, Arc<Slot>)>,
    used: u64,
    weight: usize,
}

impl Records {
    /// The slot of an execution.
    pub fn slot(&self, arn: &str) -> Arc<Slot> {
        let mut slots = lock(&self.slots);
        slots.used += 1;
        let used = slots.used;
        if slots.by_arn.len() >= RECORDS && !slots.by_arn.contains_key(arn) {
            // Executions that could not be read, such as invented ones: nobody waits for their readings any more.
            slots.by_arn.retain(|_, (_, slot)| Arc::strong_count(slot) > 1 || slot.last().is_some());
        }
        let entry = slots.by_arn.entry(arn.to_owned()).or_default();
        entry.0 = used;
        Arc::clone(&entry.1)
    }

    /// The last reading of an execution.
    pub fn known(&self, arn: &str) -> Option<Arc<Record>> {
        let slot = lock(&self.slots).by_arn.get(arn).map(|(_, slot)| Arc::clone(slot))?;
        slot.last()
    }

    /// Keeps a reading in its slot. Returns the reading before it, and the executions whose records had to go.
    pub fn keep(&self, slot: &Slot, record: &Arc<Record>) -> (Option<Arc<Record>>, Vec<String>) {
        let before = lock(&slot.last).replace(Arc::clone(record));
        let mut slots = lock(&self.slots);
        slots.weight += record.weight();
        slots.weight = slots.weight.saturating_sub(before.as_ref().map_or(0, |before| before.weight()));
        let gone = slots.shrink(&record.description.arn);
        (before, gone)
    }

    /// How many there are, those included that could not be read.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        lock(&self.slots).by_arn.len()
    }

    /// How much the kept ones weigh.
    #[cfg(test)]
    pub fn weight(&self) -> usize {
        lock(&self.slots).weight
    }
}

impl Slots {
    /// Drops what was used the longest ago until the rest is light enough; `but` stays.
    fn shrink(&mut self, but: &str) -> Vec<String> {
        if self.weight <= WEIGHT && self.by_arn.len() <= RECORDS {
            return Vec::new();
        }
        let mut by_use: Vec<(u64, String)> =
            self.by_arn.iter().filter(|(arn, _)| *arn != but).map(|(arn, (used, _))| (*used, arn.clone())).collect();
        by_use.sort_unstable();
        let mut gone = Vec::new();
        // A quarter at once, so that the next ones find room.
        for (_, arn) in by_use {
            if self.weight <= WEIGHT / 4 * 3 && self.by_arn.len() <= RECORDS / 4 * 3 {
                break;
            }
            if let Some((_, slot)) = self.by_arn.remove(&arn) {
                self.weight = self.weight.saturating_sub(slot.last().map_or(0, |record| record.weight()));
                gone.push(arn);
            }
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_that_cannot_be_read_are_not_remembered_for_ever() {
        let records = Records::default();
        let held = records.slot("held");
        for n in 0..3 * RECORDS {
            records.slot(&n.to_string());
        }
        assert!(records.count() <= RECORDS + 1, "{}", records.count());
        assert!(Arc::ptr_eq(&held, &records.slot("held")), "whoever reads one now shares it with the next reader");
    }
}
