//! Deployments, rollouts and roll-backs as acts of the record.

use super::apply::{ApplyError, Report};
use super::back::WentBack;
use super::driving::machine_of;
use super::note::{Note, Progress, Why};
use super::perform::How;
use super::rollout::Move;
use super::steps::{Step, What};
use crate::actor::Actor;
use crate::connection::number_of;
use crate::store::{Act, Deed};

/// Who did it, and when, in milliseconds since the Unix epoch.
#[derive(Clone, Copy)]
pub struct By<'a> {
    pub actor: &'a Actor,
    pub at: i64,
}

impl By<'_> {
    fn act(self, deed: Deed, workflow: Option<&str>, detail: String) -> Act {
        Act {
            deed,
            workflow: workflow.map(str::to_owned),
            execution_arn: None,
            event: None,
            detail,
            person_id: self.actor.id().to_owned(),
            person_name: self.actor.name().to_owned(),
            at: self.at,
        }
    }
}

/// The acts of an apply: one for each workflow that was deployed or removed, and one where a step failed. `label` is where the
/// definitions came from.
#[must_use]
pub fn acts(report: &Report, label: &str, by: By<'_>) -> Vec<Act> {
    let mut acts: Vec<Act> = Vec::new();
    for workflow in report.deployed() {
        let removed = report.done.iter().any(|(step, _)| step.workflow == workflow && step.what == What::Remove);
        if removed {
            acts.push(by.act(Deed::Removed, Some(&workflow), label.to_owned()));
            continue;
        }
        let version = report.versions.get(&workflow).and_then(|arn| number_of(arn));
        let version = version.map(|number| format!("version {number}"));
        let detail: Vec<String> =
            version.into_iter().chain([label.to_owned()]).filter(|part| !part.is_empty()).collect();
        acts.push(by.act(Deed::Deployed, Some(&workflow), detail.join(", ")));
    }
    if let Some((step, error)) = &report.failed {
        let at = step.as_ref().map_or_else(|| "before the first step".to_owned(), |step| word(&step.what).to_owned());
        let done = report.done.iter().filter(|(_, how)| *how != How::WasDone).count();
        let left: Vec<String> = report.left.iter().map(named).collect();
        let detail = format!("{at}: {}; done: {done}; left: {}", fault(error), left.join(", "));
        acts.push(by.act(Deed::DeployFailed, step.as_ref().map(|step| step.workflow.as_str()), detail));
    }
    acts
}

fn named(step: &Step) -> String {
    format!("{} of {}", word(&step.what), step.workflow)
}

/// The word of a step in the record.
#[must_use]
pub const fn word(what: &What) -> &'static str {
    match what {
        What::MakeTopic { .. } => "topic",
        What::Create => "create",
        What::Update => "update",
        What::Untag | What::Tag => "tags",
        What::Publish => "publish",
        What::PointAlias { .. } => "alias",
        What::BeginRollout { .. } => "rollout",
        What::Remove => "remove",
    }
}

fn fault(error: &ApplyError) -> String {
    match error {
        ApplyError::Changed(_) => "changed since it was planned".to_owned(),
        ApplyError::Call(error) => error.fault.to_string(),
        ApplyError::Unknown(error) => format!("{}, and it may have taken effect", error.fault),
        ApplyError::Stopped => "stopped".to_owned(),
    }
}

/// The act of a move of a rollout; none where nothing was moved.
#[must_use]
pub fn moved(alias_arn: &str, note: &Note, to: &Move, by: By<'_>) -> Option<Act> {
    let machine_arn = machine_of(alias_arn);
    let (workflow, alias) = (last(machine_arn), last(alias_arn));
    match to {
        Move::Wait { .. } | Move::Elsewhere => None,
        Move::Shift { weight } => {
            let detail = format!("{alias}: {weight} % to version {}", note.version);
            Some(by.act(Deed::RolloutMoved, Some(workflow), detail))
        }
        Move::Finish => {
            let detail = format!("{alias}: version {}", note.version);
            Some(by.act(Deed::RolloutMoved, Some(workflow), detail))
        }
        Move::Back(why) => {
            let mut act = by.act(Deed::RolledBack, Some(workflow), format!("{alias}: {}", back(note, why)));
            if let Why::Failures { first, .. } = why
                && !first.is_empty()
            {
                act.execution_arn = Some(execution_of(machine_arn, first));
            }
            Some(act)
        }
    }
}

/// The act of going back by hand.
#[must_use]
pub fn went_back(workflow: &str, back: &WentBack, by: By<'_>) -> Act {
    let alias = back.alias.as_ref().map(|alias| format!("{alias}: ")).unwrap_or_default();
    let from = back.from.map(|from| format!(" after version {from}")).unwrap_or_default();
    let published = back.published.map(|number| format!(", published as version {number}")).unwrap_or_default();
    by.act(Deed::RolledBack, Some(workflow), format!("{alias}version {}{from}{published}", back.to))
}

/// The act of deleting versions.
#[must_use]
pub fn pruned(workflow: &str, deleted: &[u64], by: By<'_>) -> Act {
    let span = match (deleted.first(), deleted.last()) {
        (Some(first), Some(last)) if first != last => format!(", from {first} to {last}"),
        (Some(only), _) => format!(", {only}"),
        (None, _) => String::new(),
    };
    by.act(Deed::Pruned, Some(workflow), format!("{} versions{span}", deleted.len()))
}

fn back(note: &Note, why: &Why) -> String {
    let from = match note.state {
        Progress::Back { from, .. } => format!(" after version {from}"),
        Progress::Settled | Progress::Rolling { .. } => String::new(),
    };
    let why = match why {
        Why::ByHand => String::new(),
        Why::Failures { failed, ended, .. } => format!(", {failed} of {ended} executions failed"),
    };
    format!("version {}{from}{why}", note.version)
}

fn last(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// The ARN of an execution of a machine, by its name.
#[must_use]
pub fn execution_of(machine_arn: &str, name: &str) -> String {
    format!("{}:{name}", machine_arn.replacen(":stateMachine:", ":execution:", 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "an act that is not there is a failed test")]
    use std::collections::BTreeMap;

    use super::*;
    use crate::connection::{Api, CallError, Fault};

    const ALIAS: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:order:live";

    fn step(workflow: &str, what: What) -> Step {
        Step { item: 0, workflow: workflow.to_owned(), what }
    }

    #[test]
    fn what_was_done_and_what_was_left_is_on_record() {
        let error = CallError {
            api: Api::UpdateStateMachine,
            subject: "refund".to_owned(),
            fault: Fault::Denied { message: "no".to_owned() },
        };
        let report = Report {
            done: vec![
                (step("order", What::Create), How::Done),
                (step("order", What::Publish), How::Done),
                (step("same", What::Update), How::WasDone),
            ],
            failed: Some((Some(step("refund", What::Update)), ApplyError::Call(error))),
            left: vec![step("refund", What::Update), step("refund", What::Tag)],
            versions: BTreeMap::from([("order".to_owned(), "a:stateMachine:order:3".to_owned())]),
            rollouts: Vec::new(),
        };
        let acts = acts(&report, "git 1a2b3c4", By { actor: &Actor::Program, at: 7 });
        let told: Vec<_> = acts.iter().map(|act| (act.deed, act.workflow.as_deref(), act.detail.as_str())).collect();
        let failed = "update: AccessDeniedException: no; done: 2; left: update of refund, tags of refund";
        assert_eq!(
            told,
            [(Deed::Deployed, Some("order"), "version 3, git 1a2b3c4"), (Deed::DeployFailed, Some("refund"), failed)]
        );
    }

    #[test]
    fn a_roll_back_names_the_execution_that_failed_first() {
        let why = Why::Failures { failed: 2, ended: 5, first: "run-17".to_owned() };
        let state = Progress::Back { from: 5, why: why.clone() };
        let note = Note { version: 4, before: Some(5), state, at: 0, by: "dana".to_owned() };
        let act = moved(ALIAS, &note, &Move::Back(why), By { actor: &Actor::Program, at: 7 }).unwrap();
        assert_eq!(act.detail, "live: version 4 after version 5, 2 of 5 executions failed");
        let arn = "arn:aws:states:us-east-1:123456789012:execution:order:run-17";
        assert_eq!((act.deed, act.execution_arn.as_deref()), (Deed::RolledBack, Some(arn)));
    }
}
