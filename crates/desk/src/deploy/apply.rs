//! Applying a plan: its steps in order, each told as it begins and ends. A step that fails ends the apply; the report says what
//! was done and what was not, and the next plan begins there.

use std::collections::{BTreeMap, BTreeSet};

use tokio_util::sync::CancellationToken;

use super::desired::ItemPlan;
use super::patience::{Failure, Patience, Waiting};
use super::perform::{How, Labels, Performing};
use super::steps::{Step, StepsError, What, circles, steps};
use super::timer::Timer;
use crate::clock::Clock;
use crate::connection::{Api, CallError, Connection};

/// Why one step was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The state machine or its alias was changed since the plan was made.
    #[error("{0} was changed since the plan was made")]
    Changed(String),
    #[error(transparent)]
    Call(#[from] CallError),
    /// The connection was lost after the call was sent, and nobody can say whether it took effect. The next plan does.
    #[error("{0}, and it may have taken effect all the same")]
    Unknown(CallError),
    /// Somebody stopped it.
    #[error("it was stopped")]
    Stopped,
}

impl ApplyError {
    /// Whether a state machine has as many versions as it can have.
    #[must_use]
    pub fn is_out_of_versions(&self) -> bool {
        let Self::Call(error) = self else { return false };
        // An update has no other quota than that of the version that it publishes.
        let publishes = matches!(error.api, Api::PublishStateMachineVersion | Api::UpdateStateMachine);
        publishes && error.is_code("ServiceQuotaExceededException")
    }

    pub(super) fn of(failure: Failure, workflow: &str) -> Self {
        match failure {
            Failure::Stopped => Self::Stopped,
            Failure::Moved => Self::Changed(workflow.to_owned()),
            Failure::Call(error) => Self::Call(error),
            Failure::Unknown(error) => Self::Unknown(error),
        }
    }
}

/// What happens while a plan is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// So many steps are to be done. Workflows that need each other are named: no order serves all of them.
    Begins {
        steps: usize,
        circles: Vec<Vec<String>>,
        remaining_ms: i64,
    },
    /// A step begins. Its number counts from 1; the quotas allow all that is left within so many milliseconds.
    Step {
        number: usize,
        step: Step,
        remaining_ms: i64,
    },
    Done {
        number: usize,
        step: Step,
        how: How,
    },
    /// A call waits.
    Waits(Waiting),
}

/// What came of an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub done: Vec<(Step, How)>,
    /// The step that failed, and why; none where the first look at the machines said that they were changed.
    pub failed: Option<(Option<Step>, ApplyError)>,
    /// The steps that were not begun, with the one that failed.
    pub left: Vec<Step>,
    /// The versions that were published or found, by workflow: their ARNs.
    pub versions: BTreeMap<String, String>,
    /// The aliases whose rollouts began: each workflow, and the alias's ARN.
    pub rollouts: Vec<(String, String)>,
}

impl Report {
    /// The workflows all of whose steps were done, and of whose steps at least one changed something.
    #[must_use]
    pub fn deployed(&self) -> Vec<String> {
        let changed =
            |workflow: &str| self.done.iter().any(|(step, how)| step.workflow == workflow && *how != How::WasDone);
        let mut names: Vec<String> = Vec::new();
        for (step, _) in &self.done {
            let name = &step.workflow;
            if !names.contains(name) && changed(name) && !self.left.iter().any(|left| left.workflow == *name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// What a plan is applied with.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    pub connection: &'a Connection,
    pub clock: &'a Clock,
    pub timer: &'a Timer,
    /// Ends the apply before its next call.
    pub stop: &'a CancellationToken,
    pub tell: &'a (dyn Fn(Event) + Send + Sync),
}

/// Applies a plan: what is new, changed or drifted, and where `remove` what is to be removed.
///
/// # Errors
/// The plan cannot be carried out as it is; nothing was done. What fails later is in the report.
pub async fn apply(means: Means<'_>, items: &[ItemPlan], remove: bool, labels: &Labels) -> Result<Report, StepsError> {
    Ok(carry_out(means, items, steps(items, remove)?, labels).await)
}

/// Carries these steps of the items out, if everything is still as it was planned.
pub(super) async fn carry_out(means: Means<'_>, items: &[ItemPlan], steps: Vec<Step>, labels: &Labels) -> Report {
    let waits = |waiting| (means.tell)(Event::Waits(waiting));
    let patience = Patience::new(means.connection, means.clock, means.timer, means.stop, &waits);
    let apart = steps.iter().filter(|step| step.what == What::Publish).map(|step| step.item).collect();
    let run = Run { means, patience: &patience, items, labels, apart };
    run.run(steps).await
}

struct Run<'a> {
    means: Means<'a>,
    patience: &'a Patience<'a>,
    items: &'a [ItemPlan],
    labels: &'a Labels,
    /// The items that a step of their own publishes.
    apart: BTreeSet<usize>,
}

impl Run<'_> {
    async fn run(&self, steps: Vec<Step>) -> Report {
        let remaining_ms = self.patience.remaining(&calls(&steps));
        (self.means.tell)(Event::Begins { steps: steps.len(), circles: circles(self.items), remaining_ms });
        let mut report = Report {
            done: Vec::new(),
            failed: None,
            left: Vec::new(),
            versions: BTreeMap::new(),
            rollouts: Vec::new(),
        };
        if let Err(error) = self.still_planned(&steps).await {
            (report.failed, report.left) = (Some((None, error)), steps);
            return report;
        }
        for (number, step) in steps.iter().enumerate() {
            let remaining_ms = self.patience.remaining(&calls(&steps[number..]));
            (self.means.tell)(Event::Step { number: number + 1, step: step.clone(), remaining_ms });
            match self.step(step, &mut report).await {
                Ok(how) => {
                    report.done.push((step.clone(), how));
                    (self.means.tell)(Event::Done { number: number + 1, step: step.clone(), how });
                }
                Err(failure) => {
                    let error = ApplyError::of(failure, &step.workflow);
                    report.failed = Some((Some(step.clone()), error));
                    report.left = steps[number..].to_vec();
                    return report;
                }
            }
        }
        report
    }

    /// Looks at every machine before anything is changed: a plan that does not fit any more is refused as a whole.
    async fn still_planned(&self, steps: &[Step]) -> Result<(), ApplyError> {
        let mut looked_at: Option<usize> = None;
        for step in steps {
            // The steps of one item stand together.
            if looked_at.replace(step.item) == Some(step.item) {
                continue;
            }
            let still = self.performing(step).still_planned().await;
            still.map_err(|failure| ApplyError::of(failure, &step.workflow))?;
        }
        Ok(())
    }

    fn performing(&self, step: &Step) -> Performing<'_> {
        let publishes = !self.apart.contains(&step.item);
        Performing { patience: self.patience, item: &self.items[step.item], labels: self.labels, publishes }
    }

    async fn step(&self, step: &Step, report: &mut Report) -> Result<How, Failure> {
        if self.patience.is_stopped() {
            return Err(Failure::Stopped);
        }
        let performing = self.performing(step);
        let item = performing.item;
        // A step of an item without these is not in the list: `steps` made it of them.
        let desired = || item.desired.as_ref().ok_or(Failure::Moved);
        let version = |report: &Report| report.versions.get(&step.workflow).cloned().ok_or(Failure::Moved);
        match &step.what {
            What::MakeTopic { topic } => performing.make_topic(topic).await,
            What::Create => performing.create(desired()?).await,
            What::Update => performing.update(desired()?, item.deployed.as_ref().ok_or(Failure::Moved)?).await,
            What::Untag => performing.untag(desired()?, item.deployed.as_ref().ok_or(Failure::Moved)?).await,
            What::Tag => performing.tag(desired()?).await,
            What::Publish => {
                let (version, how) = performing.publish(desired()?).await?;
                report.versions.insert(step.workflow.clone(), version);
                Ok(how)
            }
            What::PointAlias { alias } => performing.point(desired()?, alias, &version(report)?, false).await,
            What::BeginRollout { alias } => {
                let how = performing.point(desired()?, alias, &version(report)?, true).await?;
                if how != How::WasDone {
                    report.rollouts.push((step.workflow.clone(), format!("{}:{alias}", item.arn)));
                }
                Ok(how)
            }
            What::Remove => performing.remove().await,
        }
    }
}

/// How many calls of each operation the steps make.
fn calls(steps: &[Step]) -> BTreeMap<Api, usize> {
    let mut calls = BTreeMap::new();
    for api in steps.iter().flat_map(|step| step.what.reads().iter().copied().chain([step.what.api()])) {
        *calls.entry(api).or_default() += 1;
    }
    calls
}
