//! The times of a request's rule: its due time, reminders, and when others may decide, too.

use super::policy::Policy;
use super::when::{after, before, due_at};
use super::who::{Approvers, approvers};

/// The times of one request, in milliseconds since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    pub due: Option<i64>,
    /// Before it is due.
    pub reminders: Vec<i64>,
    /// From then on these people may decide, too.
    pub escalations: Vec<(i64, Approvers)>,
}

impl Times {
    /// The times of a request that waits since `since`.
    #[must_use]
    pub fn of(policy: Option<&Policy>, since: i64) -> Self {
        let Some(policy) = policy else { return Self::default() };
        let hours = policy.business_hours.as_ref();
        let due = policy.due.and_then(|due| due_at(due, hours, since));
        let mut reminders: Vec<i64> =
            policy.remind.iter().filter_map(|span| before(due?, *span, hours, since)).collect();
        reminders.sort_unstable();
        let escalations = policy.escalate.iter().filter_map(|one| {
            let to = Approvers { people: one.people.clone(), groups: one.groups.clone() };
            Some((after(one.after, hours, since)?, to))
        });
        Self { due, reminders, escalations: escalations.collect() }
    }
}

/// Who may decide at `now` what waits since `since`: the approvers, and those to whom it was escalated.
#[must_use]
pub fn approvers_at(policy: Option<&Policy>, since: i64, now: i64) -> Approvers {
    let times = Times::of(policy, since);
    let reached = times.escalations.iter().filter(|(at, _)| *at <= now);
    reached.fold(approvers(policy), |approvers, (_, others)| approvers.and(others))
}
