//! Replay evidence: what the last executions of a workflow would do under another definition.
//!
//! Their histories are read once and run again in the pure engine. No payload is in the result: of ends there are the
//! status, the error, the state, and the cause in few words, as far as the actor may see it.

mod kept;
mod over;

use std::collections::HashMap;
use std::sync::Arc;

use countersign_asl::SourceSpan;
use countersign_replay::evidence::{End, EndInBrief, Evidence, Finding, Found, History, Summary, replay};
use countersign_replay::{Bounds, Definition, DefinitionError};
use countersign_trace::OutcomeStatus;
use futures::stream::{self, StreamExt};

use self::kept::Asked;
pub(crate) use self::kept::Kept;
pub use self::over::add_evidence;
use super::{DeployError, FileProblem, outlook};
use crate::actor::Actor;
use crate::connection::{ExecutionStatus, MachineKind};
use crate::desk::Desk;
use crate::error::{Error, ReadError};
use crate::eyes::Eyes;
use crate::index::Filter;
use crate::redact::{MARK, WITHHELD};
use crate::watch::Record;

/// How many executions are looked at, unless somebody asks for another number.
pub const REPLAYED: u32 = 100;
/// The most executions that are looked at.
pub const MOST_REPLAYED: u32 = 1_000;
/// Executions of one page of the index, and the most pages: those that still run are passed over.
const PAGE: u32 = 200;
const PAGES: usize = 25;
/// How many are read at once.
const AT_ONCE: usize = 8;

/// What the last executions would do.
#[derive(Clone, Debug, Default)]
pub struct Replays {
    pub summary: Summary,
    /// Each execution by its ARN, the newest first.
    pub executions: Vec<(String, Evidence)>,
    /// Those that could not be read, each with the reason; `None` where the connection may not be asked more often.
    pub unread: Vec<(String, Option<ReadError>)>,
    /// How many of the newest executions were listed, where older ones were not looked at although too few had ended.
    pub listed: Option<usize>,
}

impl Replays {
    /// The same as a plan has it. Of what is not known it has the state, where it is one's doing.
    #[must_use]
    pub fn outlook(&self) -> outlook::Evidence {
        let mut evidence = outlook::Evidence { listed: self.listed, ..outlook::Evidence::default() };
        for group in &self.summary.groups {
            add(&mut evidence, outcome(&group.finding), group.executions.iter().cloned());
        }
        evidence.groups.sort_by_key(|group| std::cmp::Reverse(group.executions.len()));
        evidence
    }
}

/// Adds executions with this outcome to the group that has it.
fn add(evidence: &mut outlook::Evidence, outcome: outlook::Outcome, executions: impl IntoIterator<Item = String>) {
    let executions: Vec<String> = executions.into_iter().collect();
    evidence.executions += executions.len();
    match evidence.groups.iter_mut().find(|one| one.outcome == outcome) {
        Some(one) => one.executions.extend(executions),
        None => evidence.groups.push(outlook::EvidenceGroup { outcome, executions }),
    }
}

fn outcome(finding: &Finding) -> outlook::Outcome {
    let fails = finding.end().map(failing);
    match finding {
        Finding::SamePath => outlook::Outcome::Same,
        Finding::Reaches { state, .. } => outlook::Outcome::Differs { state: state.clone(), reached: true, fails },
        Finding::NoLongerReaches { state, .. } => {
            outlook::Outcome::Differs { state: state.clone(), reached: false, fails }
        }
        Finding::AnotherOrder { after, .. } => outlook::Outcome::AnotherWay { after: after.clone(), fails },
        Finding::Ends(end) if end.status == OutcomeStatus::Succeeded => outlook::Outcome::Succeeds,
        Finding::Ends(end) => outlook::Outcome::Fails(failing(end)),
        Finding::NotKnown { why, .. } => {
            outlook::Outcome::NotKnown { state: why.state().unwrap_or_default().to_owned(), why: why.to_string() }
        }
    }
}

fn failing(end: &EndInBrief) -> outlook::Failing {
    // Step Functions need not name the error of a time that has run out.
    let unnamed = if end.status == OutcomeStatus::TimedOut { "States.Timeout" } else { "" };
    outlook::Failing {
        state: end.state.clone().unwrap_or_default(),
        error: end.error.clone().unwrap_or_else(|| unnamed.to_owned()),
        cause: end.cause.clone().unwrap_or_default(),
    }
}

impl Desk {
    /// Runs the last executions of a workflow that have ended, at most `limit`, under the definition `new`. What was found is
    /// kept for a while: the same question costs nothing again until another execution has ended.
    ///
    /// # Errors
    /// The actor may not see the workflow, there is none of this name, its index cannot be read, or the definition is not
    /// valid.
    pub async fn replay(&self, actor: &Actor, workflow: &str, new: &str, limit: u32) -> Result<Replays, Error> {
        let (_, machine) = self.machine(actor, workflow).await?;
        let text = new;
        let new = Definition::read(text).map_err(|error| refused(workflow, &error))?;
        // Step Functions keeps no histories of Express executions.
        if machine.kind == MachineKind::Express {
            return Ok(Replays::default());
        }
        let (ended, listed) = self.ended_executions(&machine.arn, limit.min(MOST_REPLAYED)).await?;
        let asked = Asked::of(actor, &machine.arn, self.definitions().fingerprint(), text, &ended);
        let known = self.replayed().of(&asked, self.now());
        if let Some(known) = known {
            return Ok(known);
        }
        let (read, unread) = self.read_ended(ended).await;
        let seen: Vec<(Arc<Record>, Eyes)> = read
            .into_iter()
            .map(|record| {
                let eyes = self.eyes_on(actor, &record);
                (record, eyes)
            })
            .collect();
        let bounds = Bounds { sandbox: self.watch().sandbox(), ..Bounds::default() };
        let machine = workflow.to_owned();
        // Running them takes time, and others wrote the expressions.
        let ran = tokio::task::spawn_blocking(move || replay_all(&seen, &new, &bounds)).await;
        let executions =
            ran.map_err(|error| ReadError::NotUnderstood { execution_arn: machine, why: error.to_string() })?;
        let summary = Summary::of(executions.iter().map(|(arn, evidence)| (arn.as_str(), &evidence.found)));
        let found = Replays { summary, executions, unread, listed };
        self.replayed().keep(asked, &found, self.now());
        Ok(found)
    }

    /// The ARNs of the last executions that have ended, the newest first; and how many were listed, where there are more and too
    /// few of them had ended.
    async fn ended_executions(&self, machine_arn: &str, limit: u32) -> Result<(Vec<String>, Option<usize>), Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let filter = Filter { machine_arn: Some(machine_arn.to_owned()), ..Filter::default() };
        let (mut found, mut before, mut listed) = (Vec::new(), None, 0);
        for _ in 0..PAGES {
            let page = self.index().executions(self.id(), &filter, before, PAGE).await?;
            listed += page.rows.len();
            let ended = page.rows.into_iter().filter(|row| row.summary.status != ExecutionStatus::Running);
            found.extend(ended.map(|row| row.summary.arn).take(limit - found.len()));
            before = page.older;
            if found.len() == limit || before.is_none() {
                return Ok((found, None));
            }
        }
        Ok((found, Some(listed)))
    }

    /// Reads executions, in their order; and those that could not be read.
    async fn read_ended(&self, arns: Vec<String>) -> (Vec<Arc<Record>>, Vec<(String, Option<ReadError>)>) {
        let read = stream::iter(arns)
            .map(|arn| async move {
                let record = self.watch().ended_record(&arn).await;
                (arn, record)
            })
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let (mut records, mut unread) = (Vec::new(), Vec::new());
        for (arn, record) in read {
            match record {
                Ok(Some(record)) => records.push(record),
                Ok(None) => unread.push((arn, None)),
                Err(error) => unread.push((arn, Some(error))),
            }
        }
        (records, unread)
    }
}

/// Runs every execution under the new definition. The definitions that they ran are compiled once.
fn replay_all(seen: &[(Arc<Record>, Eyes)], new: &Definition, bounds: &Bounds) -> Vec<(String, Evidence)> {
    let mut compiled: HashMap<&str, Option<Definition>> = HashMap::new();
    let mut found = Vec::with_capacity(seen.len());
    for (record, eyes) in seen {
        // What is withheld from pages stays out of the result all the same.
        let (about, events) = record.whole();
        let text = record.definition.text.as_str();
        let old = compiled.entry(text).or_insert_with(|| Definition::read(text).ok());
        let old = old.as_ref().filter(|_| record.definition_is_certain);
        let history = History { marks: &[MARK, WITHHELD], ..History::standard(&about.arn, events) };
        found.push((about.arn.clone(), shown(replay(history, old, new, bounds), record, eyes)));
    }
    found
}

/// What may be shown of a finding.
fn shown(evidence: Evidence, record: &Record, eyes: &Eyes) -> Evidence {
    let is_withheld = record.is_withheld() || !record.may_have_told().is_empty();
    let end = |end: End| {
        // That a path is missing says nothing of a payload.
        let brief = end.brief().filter(|_| end.is_missing_path() || !(is_withheld || eyes.see_nothing()));
        End {
            cause: brief.map(|brief| eyes.name(&brief)),
            output: None,
            error: end.error.map(|error| eyes.name(&error)),
            ..end
        }
    };
    let found = match evidence.found {
        Found::AnotherPath { turn, newly, no_longer, end: last, ends_as_then } => {
            Found::AnotherPath { turn, newly, no_longer, end: end(last), ends_as_then }
        }
        Found::AnotherEnd { end: last, no_longer } => Found::AnotherEnd { end: end(last), no_longer },
        other => other,
    };
    let mut evidence = Evidence { found, ..evidence };
    for visit in evidence.then.visits.iter_mut().chain(&mut evidence.now.visits) {
        visit.error = visit.error.take().map(|error| eyes.name(&error));
    }
    evidence
}

/// A definition that cannot run, as the plan words it.
fn refused(workflow: &str, error: &DefinitionError) -> Error {
    let (span, message, remedy) = match error {
        DefinitionError::Refused(found) => match found.first() {
            Some(one) => (one.span, one.message.clone(), one.remedy.clone()),
            None => (SourceSpan::WHOLE_FILE, error.to_string(), String::new()),
        },
        DefinitionError::NotCompiled(error) => (SourceSpan::WHOLE_FILE, error.to_string(), String::new()),
    };
    let problem =
        FileProblem { file: workflow.to_owned(), line: span.line, column: span.column, error: true, message, remedy };
    DeployError::Refused { name: workflow.to_owned(), problem }.into()
}

#[cfg(test)]
mod tests;
