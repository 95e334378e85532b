//! The times of a request's rule: its due time, reminders, and when others may decide, too.

use super::policy::Policy;
use super::when::{BusinessHours, Span, after, before, due_at};
use super::who::{Approvers, approvers};

/// Milliseconds.
const TWO_YEARS: i64 = 731 * 24 * 60 * 60 * 1_000;

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

/// The latest beginning of a wait of which `span` is over at `now`; `None` where none of the last two years' is.
pub fn reached_since(span: Span, hours: Option<&BusinessHours>, now: i64) -> Option<i64> {
    let is_over = |since: i64| after(span, hours, since).is_some_and(|at| at <= now);
    let (mut over, mut open) = (now.saturating_sub(TWO_YEARS), now.saturating_add(1));
    if !is_over(over) {
        return None;
    }
    // What began later is over later.
    while open - over > 1 {
        let middle = over + (open - over) / 2;
        if is_over(middle) { over = middle } else { open = middle }
    }
    Some(over)
}

/// Who may decide at `now` what waits since `since`: the rule's approvers or those whom it was `given` to, and those to whom
/// it was escalated.
#[must_use]
pub fn approvers_at(policy: Option<&Policy>, given: Option<Approvers>, since: i64, now: i64) -> Approvers {
    let times = Times::of(policy, since);
    let reached = times.escalations.iter().filter(|(at, _)| *at <= now);
    let approvers = given.unwrap_or_else(|| approvers(policy));
    reached.fold(approvers, |approvers, (_, others)| approvers.and(others))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn what_is_over_is_found_to_the_millisecond() {
        let rule: Policy = toml::from_str(
            "escalate = [{ after = \"2h\", people = [\"a\"] }]\nbusiness_hours = { hours = \"09:00-17:00\", time_zone = \"UTC\" }",
        )
        .unwrap();
        let (span, hours) = (rule.escalate[0].after, rule.business_hours.as_ref());
        // Tuesday 2023-11-14, 10:00: two hours of work began on Monday at 16:00.
        let now = 1_699_956_000_000;
        assert_eq!(reached_since(span, hours, now), Some(now - 18 * 3_600_000));
        assert_eq!(reached_since(span, None, now), Some(now - 2 * 3_600_000));
    }
}
