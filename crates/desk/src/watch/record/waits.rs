//! The open tasks of an execution that wait for somebody outside: what is asked, until when, and what stands in the way.

use countersign_asl::StateKind;
use countersign_asl::model::Amount;
use countersign_engine::token::Token;
use countersign_trace::{EventKind, HistoryEvent, VisitId, Wait};

use super::Record;
use crate::redact::WITHHELD;
use crate::watch::snapshot::{DueBy, Obstacle, Waiting};

impl Record {
    /// What waits for somebody outside in this execution: people, and the workers of activities.
    #[must_use]
    pub fn waits(&self) -> &[Waiting] {
        &self.waits
    }

    /// The same, with what waits in it.
    pub(super) fn with_waits(mut self) -> Self {
        self.waits = self.find_waits();
        self
    }

    fn find_waits(&self) -> Vec<Waiting> {
        let open = self.trace.waits.iter();
        open.map(|wait| {
            let request = self.request(wait.scheduled_event);
            let due = self.deadline(wait);
            Waiting {
                execution_arn: self.description.arn.clone(),
                execution_name: self.description.name.clone(),
                parent_arn: None,
                machine_arn: self.description.machine_arn.clone(),
                workflow: self.workflow().to_owned(),
                state: wait.state.clone(),
                event: wait.scheduled_event,
                since: wait.since,
                due: due.map(|(at, _)| at),
                due_by: due.map(|(_, by)| by),
                item: self.items.get(&wait.scheduled_event).map(|item| item.rewritten(|text| self.redactor.text(text))),
                obstacle: self.obstacle(wait, &request),
                request,
            }
        })
        .collect()
    }

    fn obstacle(&self, wait: &Wait, request: &str) -> Option<Obstacle> {
        if is_activity(wait) {
            return Some(Obstacle::Activity);
        }
        match self.tokens.get(&wait.scheduled_event).map(|search| &search.token) {
            Some(Token::Found(_)) if request == WITHHELD => Some(Obstacle::Withheld),
            Some(Token::Found(_)) if crate::approvals::can_be_shown(request).is_err() => Some(Obstacle::NotShown),
            Some(Token::Found(_)) => None,
            Some(Token::NotPassed) => Some(Obstacle::NotPassed),
            Some(Token::Unreadable) if self.is_beyond_reading(wait.scheduled_event) => Some(Obstacle::NotShown),
            Some(Token::Unreadable) | None => Some(Obstacle::Unreadable),
        }
    }

    /// Whether the parameters of a task, as recorded, cannot be read as JSON at all: then its token is not to be found
    /// either, however plainly it was passed.
    fn is_beyond_reading(&self, scheduled: u64) -> bool {
        let event = self.whole().1.iter().find(|event| event.id == scheduled);
        let recorded = event.and_then(|event| event.details.parameters.as_deref().or(event.details.input.as_deref()));
        recorded.is_some_and(|text| serde_json::from_str::<serde_json::Value>(text).is_err())
    }

    /// The deadline of the task that `scheduled` began, whether it waits or not: it keeps the request's place among others.
    #[must_use]
    pub fn deadline_of(&self, scheduled: &HistoryEvent, state: &str) -> Option<(i64, DueBy)> {
        let (since, details) = (scheduled.timestamp, &scheduled.details);
        self.deadline(&Wait {
            state: state.to_owned(),
            visit: VisitId(0),
            scheduled_event: scheduled.id,
            since,
            resource: String::new(),
            resource_type: String::new(),
            parameters: None,
            timeout_at: details.timeout_in_seconds.map(|seconds| since.saturating_add(seconds.saturating_mul(1_000))),
            heartbeat_in_seconds: details.heartbeat_in_seconds,
            submitted: true,
        })
    }

    /// How often the task that an event scheduled needs a heartbeat, in milliseconds; `None` where it needs none.
    #[must_use]
    pub fn heartbeat_of(&self, event: u64) -> Option<i64> {
        let written = || {
            let machine = self.definition.machine.as_ref()?;
            match &machine.state(self.state_of(event)?)?.kind {
                StateKind::Task(task) => match task.heartbeat.as_ref()? {
                    // Seconds are at most 99,999,999.
                    Amount::Number { value, .. } => Some(*value as i64),
                    _ => None,
                },
                _ => None,
            }
        };
        let seconds = self.event(event)?.details.heartbeat_in_seconds.or_else(written)?;
        Some(seconds.saturating_mul(1_000))
    }

    /// What ends the wait first, and when: the task's timeout, its heartbeat, or the timeout of the whole execution.
    fn deadline(&self, wait: &Wait) -> Option<(i64, DueBy)> {
        let machine = self.definition.machine.as_ref();
        let task = machine.and_then(|machine| machine.state(&wait.state)).and_then(|state| match &state.kind {
            StateKind::Task(task) => Some(task),
            _ => None,
        });
        let after = |from: i64, seconds: i64| from.saturating_add(seconds.saturating_mul(1_000));
        // Not every endpoint records the timeout of the definition.
        let written = |amount: Option<&Amount>| match amount {
            // Seconds are at most 99,999,999.
            Some(Amount::Number { value, .. }) => Some(*value as i64),
            _ => None,
        };
        let timeout =
            wait.timeout_at.or_else(|| Some(after(wait.since, written(task.and_then(|task| task.timeout.as_ref()))?)));
        let beat = wait.heartbeat_in_seconds.or_else(|| written(task.and_then(|task| task.heartbeat.as_ref())));
        // Histories do not record heartbeats. If a task still waits after its first heartbeat deadline, it sent one.
        let beat = beat.map(|seconds| after(wait.since, seconds)).filter(|at| *at > self.fetched_at);
        let redriven = self.events.iter().rfind(|event| event.kind == EventKind::ExecutionRedriven);
        let begun = redriven.map_or(self.description.started_at, |event| event.timestamp);
        let whole = machine.and_then(|machine| machine.timeout_seconds);
        let whole = whole.map(|seconds| after(begun, i64::try_from(seconds).unwrap_or(i64::MAX)));
        [(timeout, DueBy::Task), (beat, DueBy::Heartbeat), (whole, DueBy::Workflow)]
            .into_iter()
            .filter_map(|(at, by)| Some((at?, by)))
            .min_by_key(|(at, _)| *at)
    }

    /// The parameters of a scheduled task, without its token.
    #[must_use]
    pub fn request(&self, id: u64) -> String {
        let Some(event) = self.event(id) else { return "null".to_owned() };
        let asked = event.details.parameters.as_deref().or(event.details.input.as_deref()).unwrap_or("null");
        self.redactor.text(asked)
    }
}

/// Whether a wait is for the worker of an activity.
#[must_use]
pub fn is_activity(wait: &Wait) -> bool {
    wait.resource_type == "activity"
}
