//! Which occasions a waiting request has.

use super::message::Occasion;
use crate::approvals::timing::approvers_at;
use crate::approvals::who::Approvers;
use crate::approvals::{Policy, Times};
use crate::watch::Waiting;

/// Something that happened to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub occasion: Occasion,
    /// A text that nothing else has that happened on the connection.
    pub event: String,
    /// Milliseconds since the epoch.
    pub at: i64,
    /// Whom it concerns.
    pub to: Approvers,
}

/// What has happened at `now` to a request that waits, and was `given` to others where it was.
#[must_use]
pub fn occasions(policy: Option<&Policy>, given: Option<&Approvers>, wait: &Waiting, now: i64) -> Vec<Happened> {
    let times = Times::of(policy, wait.since);
    let everybody = approvers_at(policy, given.cloned(), wait.since, now);
    let is_due = times.due.is_some_and(|due| due <= now);
    let happened = |occasion: Occasion, what: &str, at: i64, to: &Approvers| Happened {
        occasion,
        event: format!("{what}:{}:{}", wait.execution_arn, wait.event),
        at,
        to: to.clone(),
    };
    let mut all = vec![happened(
        Occasion::Waiting,
        "waiting",
        wait.since,
        &approvers_at(policy, given.cloned(), wait.since, wait.since),
    )];
    // A rule reminds nobody once a request is due: then it is overdue.
    for (index, at) in times.reminders.iter().enumerate().filter(|(_, at)| !is_due && **at <= now) {
        all.push(happened(Occasion::Reminder, &format!("reminder-{}", index + 1), *at, &everybody));
    }
    for (index, (at, to)) in times.escalations.iter().enumerate().filter(|(_, (at, _))| *at <= now) {
        all.push(happened(Occasion::Escalated, &format!("escalation-{}", index + 1), *at, to));
    }
    // Where the rule decides then, nobody has to.
    if let Some(due) = times.due.filter(|_| is_due && policy.is_none_or(|policy| policy.on_due.is_none())) {
        all.push(happened(Occasion::Overdue, "overdue", due, &everybody));
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn waiting() -> Waiting {
        Waiting {
            execution_arn: "arn:x".into(),
            execution_name: "x".into(),
            parent_arn: None,
            machine_arn: "arn:m".into(),
            workflow: "order".into(),
            state: "Ask".into(),
            event: 7,
            since: 0,
            due: None,
            due_by: None,
            item: None,
            request: "{}".into(),
            obstacle: None,
        }
    }

    fn of(rule: &str, now: i64) -> Vec<(Occasion, String, i64, Vec<String>)> {
        let policy: Policy = toml::from_str(rule).unwrap();
        let happened = occasions(Some(&policy), None, &waiting(), now);
        happened.into_iter().map(|one| (one.occasion, one.event, one.at, one.to.groups)).collect()
    }

    #[test]
    fn a_rule_reminds_escalates_and_is_overdue_each_once_and_at_its_time() {
        let rule = "due = \"4h\"\nremind = [\"1h\", \"2h\"]\napprovers = { groups = [\"finance\"] }\n\
                    escalate = [{ after = \"3h\", groups = [\"leads\"] }]";
        let (finance, leads) = (vec!["finance".to_owned()], vec!["leads".to_owned()]);
        let both = vec!["finance".to_owned(), "leads".to_owned()];
        let waits = (Occasion::Waiting, "waiting:arn:x:7".to_owned(), 0, finance.clone());
        assert_eq!(of(rule, HOUR), std::slice::from_ref(&waits));
        let first = (Occasion::Reminder, "reminder-1:arn:x:7".to_owned(), 2 * HOUR, finance);
        assert_eq!(of(rule, 2 * HOUR), [waits.clone(), first.clone()]);
        let later = of(rule, 3 * HOUR);
        let escalated = (Occasion::Escalated, "escalation-1:arn:x:7".to_owned(), 3 * HOUR, leads);
        let reminders = [
            (first.0, first.1, first.2, both.clone()),
            (Occasion::Reminder, "reminder-2:arn:x:7".to_owned(), 3 * HOUR, both.clone()),
        ];
        assert_eq!(later, [vec![waits.clone()], reminders.to_vec(), vec![escalated.clone()]].concat());
        let overdue = (Occasion::Overdue, "overdue:arn:x:7".to_owned(), 4 * HOUR, both);
        assert_eq!(of(rule, 9 * HOUR), [waits.clone(), escalated, overdue]);
    }

    #[test]
    fn what_the_rule_decides_is_not_overdue_and_without_a_rule_it_waits() {
        let only = |all: Vec<Happened>| all.into_iter().map(|one| one.occasion).collect::<Vec<_>>();
        assert_eq!(of("due = \"1h\"\non_due = \"reject\"", 2 * HOUR).len(), 1);
        assert_eq!(only(occasions(None, None, &waiting(), HOUR)), [Occasion::Waiting]);
    }
}
