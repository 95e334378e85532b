//! Histories: of a running execution from its engine, of an ended one from the store; the latest ones are cached.

use std::collections::VecDeque;
use std::sync::Arc;

use countersign_trace::HistoryEvent;

use super::{Host, lock};
use crate::store::StoreError;

/// How many ended executions' histories are cached, and the most events of a cached one.
const RECENT: usize = 64;
const LONGEST: usize = 5_000;

/// The histories that were read or made last.
#[derive(Default)]
pub struct Recent(VecDeque<(String, Arc<Vec<HistoryEvent>>)>);

impl Recent {
    /// Caches a history. A longer one of the same execution stays: the execution was redriven, and ended, while its
    /// first history was read from the store.
    pub fn put(&mut self, arn: &str, events: Vec<HistoryEvent>) -> Arc<Vec<HistoryEvent>> {
        if let Some(longer) = self.get(arn).filter(|known| known.len() > events.len()) {
            return longer;
        }
        let events = Arc::new(events);
        self.0.retain(|(known, _)| known != arn);
        if events.len() <= LONGEST {
            self.0.push_back((arn.to_owned(), Arc::clone(&events)));
        }
        while self.0.len() > RECENT {
            self.0.pop_front();
        }
        events
    }

    fn get(&self, arn: &str) -> Option<Arc<Vec<HistoryEvent>>> {
        self.0.iter().find(|(known, _)| known == arn).map(|(_, events)| Arc::clone(events))
    }
}

impl Host {
    /// The history of an execution; `pick` selects a part, so that a running one need not be copied whole.
    ///
    /// # Errors
    /// The store failed.
    pub async fn history<T>(&self, arn: &str, pick: impl FnOnce(&[HistoryEvent]) -> T) -> Result<T, StoreError> {
        let run = lock(&self.runs).get(arn).cloned();
        if let Some(run) = run {
            let run = run.lock().await;
            // A step that is not stored has not happened yet.
            return Ok(pick(&run.engine.history()[..run.kept_events]));
        }
        let known = lock(&self.histories).get(arn);
        if let Some(events) = known {
            return Ok(pick(&events));
        }
        let events = self.store.history(arn).await?;
        let events = lock(&self.histories).put(arn, events);
        Ok(pick(&events))
    }
}

#[cfg(test)]
mod tests {
    use countersign_trace::{Details, EventKind};

    use super::*;

    #[test]
    fn a_history_that_was_read_too_early_replaces_no_longer_one() {
        let history = |length: u64| {
            let event = |id| HistoryEvent {
                id,
                previous_event_id: id - 1,
                timestamp: 0,
                kind: EventKind::ExecutionStarted,
                details: Details::default(),
            };
            (1..=length).map(event).collect::<Vec<_>>()
        };
        let mut recent = Recent::default();
        recent.put("e", history(3));
        assert_eq!(recent.put("e", history(2)).len(), 3);
        assert_eq!(recent.get("e").map(|events| events.len()), Some(3));
        recent.put("e", history(4));
        assert_eq!(recent.get("e").map(|events| events.len()), Some(4));
    }
}
