//! The bars of the timeline.

use countersign_trace::Visit;

use super::{View, attempt_status, status};
use crate::wire::Status;
use crate::wire::execution::Span;

/// Spans that a page carries; the newest are kept.
const SPANS: usize = 400;

impl View<'_> {
    pub(super) fn spans(&self) -> Vec<Span> {
        let visits = &self.record.trace.visits;
        let span = |number, visit: &Visit, from, to, status| Span {
            state: visit.state.clone(),
            visit: number,
            entered: visit.entered_at,
            exited: visit.exited_at.or(self.record.description.ended_at),
            status,
            from,
            to,
        };
        let all: Vec<Span> = visits
            .iter()
            .enumerate()
            .flat_map(|(number, visit)| {
                if visit.attempts.len() < 2 {
                    return vec![span(
                        number,
                        visit,
                        visit.entered_at,
                        visit.exited_at.or(self.record.description.ended_at),
                        status(visit.status),
                    )];
                }
                let attempts = visit.attempts.iter();
                attempts
                    .map(|attempt| {
                        let result = match attempt_status(attempt.result) {
                            Status::Running => status(visit.status),
                            ended => ended,
                        };
                        span(
                            number,
                            visit,
                            attempt.scheduled_at,
                            attempt.ended_at.or(self.record.description.ended_at),
                            result,
                        )
                    })
                    .collect()
            })
            .collect();
        let surplus = all.len().saturating_sub(SPANS);
        all.into_iter().skip(surplus).collect()
    }
}
