//! The events of the history.

use countersign_json::pretty;
use countersign_trace::HistoryEvent;

use super::{View, cut};
use crate::wire::Status;
use crate::wire::execution::EventRow;

/// Events that a page carries; the newest are kept.
const EVENTS: usize = 1_000;

impl View<'_> {
    pub(super) fn events(&self) -> Vec<EventRow> {
        let surplus = self.record.events.len().saturating_sub(EVENTS);
        self.record.events.iter().skip(surplus).map(|event| self.event(event)).collect()
    }

    fn event(&self, event: &HistoryEvent) -> EventRow {
        let details = serde_json::to_value(&event.details).unwrap_or_default();
        let summary = [&event.details.error, &event.details.name, &event.details.resource, &event.details.worker_name]
            .into_iter()
            .find_map(Option::as_deref)
            .unwrap_or_default();
        EventRow {
            id: event.id,
            previous: event.previous_event_id,
            at: event.timestamp,
            kind: event.kind.name().to_owned(),
            state: self.record.state_of(event.id).map(str::to_owned),
            summary: self.tokens.text(summary),
            details: cut(&pretty(&self.tokens.text(&details.to_string()))),
            tone: tone(event),
        }
    }
}

fn tone(event: &HistoryEvent) -> Status {
    let name = event.kind.name();
    if name.ends_with("TimedOut") {
        Status::TimedOut
    } else if name.contains("Fail") && name != "FailStateEntered" {
        Status::Failed
    } else if name.ends_with("Aborted") {
        Status::Aborted
    } else if name.ends_with("Succeeded") {
        Status::Succeeded
    } else {
        Status::NotReached
    }
}
