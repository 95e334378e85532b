//! What the policy refuses, in words: what somebody may not do, which policy says so, and whom to ask.

use countersign_desk::policy::{Action, DenialReason, Denied, rule};

use crate::server::personas::personas;
use crate::wire::Problem;
use crate::wire::refused::{Act, Refused};

/// Why somebody may not do something, and whom to ask.
#[must_use]
pub fn refusal(denied: &Denied) -> Problem {
    worded(denied, &doing(denied))
}

fn worded(denied: &Denied, doing: &str) -> Problem {
    let remedy = ask(denied);
    let what = match &*denied.reason {
        DenialReason::ReadOnly(connection) => return super::read_only(connection),
        DenialReason::Forbidden { rule, why: Some(why) } => {
            format!("You may not {doing}: {} (policy {rule})", sentence(why))
        }
        DenialReason::Forbidden { rule, why: None } => format!("You may not {doing}: the policy {rule} forbids it."),
        DenialReason::NotPermitted => format!("You may not {doing}: no policy permits it."),
        DenialReason::TagsUnknown { rule } => {
            format!("You may not {doing}: the policy {rule} asks for the workflow's tags, which have not been read.")
        }
        DenialReason::Failed { rule, why } => {
            format!("Nobody may {doing} now: the policy {rule} could not be evaluated: {}", sentence(why))
        }
    };
    Problem { what, remedy }
}

/// What a page's controls may not do, with the reasons in one text. That a connection is read-only, the page says itself.
#[must_use]
pub fn refused(asked: impl IntoIterator<Item = (Act, Result<(), Denied>)>) -> Refused {
    let denied = asked.into_iter().filter_map(|(act, answer)| Some((act, answer.err()?)));
    let denied: Vec<(Act, Denied)> = denied.filter(|(_, denied)| !denied.is_read_only()).collect();
    let mut sentences: Vec<String> = Vec::new();
    for (at, (_, one)) in denied.iter().enumerate() {
        if denied[..at].iter().any(|(_, other)| other.reason == one.reason) {
            continue;
        }
        let same = || denied[at..].iter().filter(|(_, other)| other.reason == one.reason);
        let verbs: Vec<&str> = same().map(|(act, _)| verb(*act)).collect();
        // Whom to ask: whoever may do all of it, where there is somebody.
        let may_all = |group: &&String| same().all(|(_, other)| other.groups.contains(group));
        let all: Vec<String> = one.groups.iter().filter(may_all).cloned().collect();
        let groups = if all.is_empty() { one.groups.clone() } else { all };
        let of = match (&one.workflow, one.action) {
            (_, Action::Deploy) => "here".to_owned(),
            (Some(workflow), _) => format!("executions of {workflow}"),
            (None, _) => "executions here".to_owned(),
        };
        let asked = Denied { groups, ..one.clone() };
        let Problem { what, remedy } = worded(&asked, &format!("{} {of}", either(&verbs)));
        sentences.push(format!("{what} {remedy}"));
    }
    Refused { acts: denied.into_iter().map(|(act, _)| act).collect(), why: sentences.join(" ") }
}

const fn verb(act: Act) -> &'static str {
    match act {
        Act::Start => "start",
        Act::Stop => "stop",
        Act::Redrive => "redrive",
        Act::Deploy => "deploy",
    }
}

/// What was to be done, behind "may not".
fn doing(denied: &Denied) -> String {
    let of = |what: &str| match denied.workflow.as_deref().filter(|workflow| !workflow.is_empty()) {
        Some(workflow) => format!("{what} of {workflow}"),
        None => format!("{what} of this connection"),
    };
    match denied.action {
        Action::View => match denied.workflow.as_deref() {
            Some(workflow) => format!("see the workflow {workflow} and its executions"),
            None => "see this connection".to_owned(),
        },
        Action::ViewPayload => of("see the inputs and outputs"),
        Action::ViewAudit => "see what people did on this connection".to_owned(),
        Action::Start => of("start executions"),
        Action::Stop => of("stop executions"),
        Action::Redrive => of("redrive executions"),
        Action::Decide => of("decide this request"),
        Action::Reassign => of("reassign this request"),
        Action::BreakGlass => of("break the glass for this request"),
        Action::Deploy => denied.workflow.as_ref().map_or_else(
            || "deploy to this connection".to_owned(),
            |workflow| format!("deploy {workflow} to this connection"),
        ),
        Action::Administer => "administer Countersign".to_owned(),
    }
}

/// Whom to ask: the people of the groups that would be permitted, and these groups.
fn ask(denied: &Denied) -> String {
    if let DenialReason::Failed { .. } = *denied.reason {
        return "Correct the policy, and restart countersign.".to_owned();
    }
    if let DenialReason::TagsUnknown { .. } = *denied.reason {
        return "Try again in a moment. If it goes on, have states:ListTagsForResource allowed to Countersign."
            .to_owned();
    }
    if denied.is_by(rule::READS_ONLY) {
        return "Make one that may act, on the page Account.".to_owned();
    }
    if denied.is_by(rule::GUEST_ONE_REQUEST) {
        return "Ask for a code of the other request.".to_owned();
    }
    if denied.groups.is_empty() {
        return match *denied.reason {
            DenialReason::Forbidden { .. } => "Ask somebody else to do it, or whoever wrote the policy.".to_owned(),
            _ => "Ask an administrator to permit it.".to_owned(),
        };
    }
    let everybody = personas();
    let is_one = |groups: &[String]| groups.iter().any(|group| denied.groups.contains(group));
    let names: Vec<&str> = everybody
        .iter()
        .filter(|person| person.name != denied.actor && is_one(&person.groups))
        .map(|person| person.name.as_str())
        .collect();
    let groups = either(&denied.groups.iter().map(String::as_str).collect::<Vec<_>>());
    if names.is_empty() {
        format!("Ask somebody in the group {groups}.")
    } else {
        format!("Ask {}: whoever is in the group {groups} may.", either(&names))
    }
}

/// These, the last one behind "or".
fn either(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn sentence(text: &str) -> String {
    format!("{}.", text.trim().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_for_the_same_reason_is_said_once() {
        let denied = |action, groups: &[&str]| {
            let groups = groups.iter().map(|group| (*group).to_owned()).collect();
            let (actor, workflow) = ("Kenji Mori".to_owned(), Some("order".to_owned()));
            Err(Denied { actor, action, workflow, reason: Box::new(DenialReason::NotPermitted), groups })
        };
        let start = denied(Action::Start, &["administrators", "deployers", "operators"]);
        let stop = denied(Action::Stop, &["administrators", "operators"]);
        let refused = refused([(Act::Start, start), (Act::Stop, stop), (Act::Redrive, Ok(()))]);
        assert_eq!(refused.acts, [Act::Start, Act::Stop]);
        assert_eq!(
            refused.why,
            "You may not start or stop executions of order: no policy permits it. \
             Ask Dana Whitfield, Omar Haddad or Inês Duarte: whoever is in the group administrators or operators may."
        );
    }

    #[test]
    fn a_refusal_says_which_policy_and_whom_to_ask() {
        let denied = |action, workflow: Option<&str>, reason, groups: &[&str]| {
            let groups = groups.iter().map(|group| (*group).to_owned()).collect();
            let problem = refusal(&Denied {
                actor: "Kenji Mori".into(),
                action,
                workflow: workflow.map(Into::into),
                reason: Box::new(reason),
                groups,
            });
            format!("{}\n{}", problem.what, problem.remedy)
        };
        assert_eq!(
            denied(Action::Stop, Some("order"), DenialReason::NotPermitted, &["administrators", "operators"]),
            "You may not stop executions of order: no policy permits it.\n\
             Ask Dana Whitfield, Omar Haddad or Inês Duarte: whoever is in the group administrators or operators may."
        );
        let why = Some("A refund above 1,000 needs a finance lead".to_owned());
        let forbidden = DenialReason::Forbidden { rule: "large-refunds".into(), why };
        assert_eq!(
            denied(Action::Decide, Some("refund"), forbidden, &["finance-leads"]),
            "You may not decide this request of refund: A refund above 1,000 needs a finance lead. (policy large-refunds)\n\
             Ask somebody in the group finance-leads."
        );
        let forbidden = DenialReason::Forbidden { rule: "number 2 of policy.cedar".into(), why: None };
        assert_eq!(
            denied(Action::Deploy, None, forbidden, &[]),
            "You may not deploy to this connection: the policy number 2 of policy.cedar forbids it.\n\
             Ask somebody else to do it, or whoever wrote the policy."
        );
    }
}
