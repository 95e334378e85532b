//! The rules of an approval in words: who may decide, how many have to, and why somebody may not.

use countersign_desk::RuleState;
use countersign_desk::approvals::who::{Approvers, NotAllowed, Requester};

use super::decisions::either;
use crate::server::personas::personas;
use crate::wire::Problem;

/// Who may decide and how many have to, as facts of the request.
#[must_use]
pub fn rule(rule: &RuleState) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    if !rule.approvers.is_everybody() {
        let eyes = if rule.four_eyes { ", but not whoever asked" } else { "" };
        lines.push(("Approvers".to_owned(), format!("{}{eyes}", named(&rule.approvers))));
    } else if rule.four_eyes {
        lines.push(("Approvers".to_owned(), "everybody but whoever asked".to_owned()));
    }
    if let Some(given) = &rule.reassigned {
        lines.push(("Given to them".to_owned(), format!("by {}: {}", given.person_name, given.reason)));
    }
    if let Some(absent) = &rule.stands_for {
        lines.push(("You decide for".to_owned(), format!("{}, who is away", absent.name)));
    }
    for need in &rule.needs {
        let groups = match need.missing_groups.as_slice() {
            [] => String::new(),
            groups => format!("; still needed: one of {}", groups.join(", and one of ")),
        };
        let words = format!("{} of {} people so far{groups}", need.so_far, need.people);
        lines.push((format!("To {}", need.outcome.label.to_lowercase()), words));
    }
    lines
}

/// What whoever looks may do past the rule, as the words of a link.
#[must_use]
pub fn hands(rule: &RuleState) -> Option<String> {
    match (rule.may_reassign, rule.may_break_glass && rule.refusal.is_some()) {
        (true, true) => Some("Give it to others, or break the glass".to_owned()),
        (true, false) => Some("Give it to others".to_owned()),
        (false, true) => Some("Break the glass".to_owned()),
        (false, false) => None,
    }
}

/// What the rule does at which time: what comes next first, what was done last.
#[must_use]
pub fn times(rule: &RuleState, now: i64) -> Vec<(String, i64)> {
    let mut times: Vec<(String, i64)> = Vec::new();
    for (at, others) in &rule.times.escalations {
        let who = named(others);
        times.push((if *at <= now { format!("Escalated to {who}") } else { format!("{who} may decide, too") }, *at));
    }
    if let (Some(due), Some(outcome)) = (rule.times.due, &rule.on_due) {
        times.push((format!("The rule chooses “{}”", outcome.label), due));
    }
    times.sort_by_key(|(_, at)| *at);
    times
}

/// Those who may decide, in the few words that a drawing has room for; nothing where nobody is named.
#[must_use]
pub fn deciders(approvers: &Approvers) -> Option<String> {
    match names(approvers).as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        [one, other] => Some(format!("{one} or {other}")),
        [first, others @ ..] => Some(format!("{first} or {} others", others.len())),
    }
}

fn named(approvers: &Approvers) -> String {
    names(approvers).join(", ")
}

/// The groups, and then the people.
fn names(approvers: &Approvers) -> Vec<String> {
    let everybody = personas();
    let name =
        |id: &String| everybody.iter().find(|one| one.id == *id).map_or_else(|| id.clone(), |one| one.name.clone());
    let people = approvers.people.iter().map(name);
    approvers.groups.iter().cloned().chain(people).collect()
}

/// Whom to ask.
fn ask(approvers: &Approvers) -> String {
    match approvers.known(&personas()).as_slice() {
        // Where people sign in, groups alone say who they are.
        [] => {
            let groups =
                (!approvers.groups.is_empty()).then(|| format!("somebody in the group {}", either(&approvers.groups)));
            let people = (!approvers.people.is_empty()).then(|| either(&approvers.people));
            let both: Vec<String> = people.into_iter().chain(groups).collect();
            format!("Ask {}.", both.join(", or "))
        }
        [only] => format!("Ask {only}."),
        [first @ .., last] => format!("Ask {} or {last}.", first.join(", ")),
    }
}

/// Why somebody may not decide a request, and whom to ask.
#[must_use]
pub fn not_allowed(why: &NotAllowed) -> Problem {
    let (what, remedy) = match why {
        NotAllowed::NotAnApprover(approvers) => {
            (format!("You may not decide this request: its approvers are {}.", named(approvers)), ask(approvers))
        }
        NotAllowed::OwnRequest(name) => (
            format!("You may not decide this request: {name} asked for it, and four eyes are needed."),
            "Ask another approver.".to_owned(),
        ),
        NotAllowed::UnknownRequester(Requester::Nobody { named }) => (
            format!("Nobody may decide this request: four eyes are needed, and its requester {named:?} is nobody whom Countersign knows."),
            "Stop the execution, and start it again with the name of the person who asks.".to_owned(),
        ),
        NotAllowed::UnknownRequester(Requester::Unnamed { path: Some(path) }) => (
            format!("Nobody may decide this request: four eyes are needed, and {path} of it names no requester."),
            "Stop the execution, and start it again with the name of the person who asks, or from here.".to_owned(),
        ),
        NotAllowed::UnknownRequester(_) => (
            "Nobody may decide this request: four eyes are needed, and Step Functions does not say who started the execution."
                .to_owned(),
            "Stop the execution and start it from here, or set `requester` in countersign.toml.".to_owned(),
        ),
        NotAllowed::Denied(denied) => return super::refusals::refusal(denied),
        NotAllowed::RulesUnknown => (
            "Nobody may decide now: countersign.toml of the definitions cannot be used, so nobody knows who may."
                .to_owned(),
            "Correct it; open pages update themselves.".to_owned(),
        ),
        NotAllowed::PlaceTaken { by, label, .. } => (
            format!("{by} chose “{label}” in the same place: who is away and who stands in have one choice together."),
            "Ask another approver.".to_owned(),
        ),
        NotAllowed::Voted { label, .. } => (
            format!("You chose “{label}”. The request needs more people."),
            "Your choice is on record and cannot be changed.".to_owned(),
        ),
    };
    Problem { what, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_to_be_asked_is_somebody_of_a_group_or_a_person() {
        let approvers = |people: &[&str], groups: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            Approvers { people: owned(people), groups: owned(groups) }
        };
        assert_eq!(ask(&approvers(&[], &["treasury", "board"])), "Ask somebody in the group treasury or board.");
        assert_eq!(ask(&approvers(&["ann"], &[])), "Ask ann.");
        assert_eq!(ask(&approvers(&["ann", "bob"], &["board"])), "Ask ann or bob, or somebody in the group board.");
    }
}
