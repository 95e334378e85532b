//! Replay evidence without an index: a command lists the last executions of a state machine and reads them through the port.
//!
//! Evidence is what a plan can be without: what IAM denies, what is gone, and what stays throttled is said in its place. Only
//! credentials that are no longer good end the plan, because nothing else succeeds with them either.

#[cfg(test)]
mod tests;

use countersign_replay::evidence::{End, Found, History, Summary, replay};
use countersign_replay::{Bounds, Definition};
use countersign_trace::HistoryEvent;

use super::super::desired::{ItemPlan, Setting};
use super::super::patience::{Failure, Patience};
use super::super::planning::Plan;
use super::{Replays, add, outlook};
use crate::connection::{Api, ExecutionStatus, Listing, MachineKind, Of};

/// The most pages of the list: executions that run are passed over.
const PAGES: usize = 10;
/// Executions of one page.
const PAGE: i32 = 100;
/// The most events of a page.
const EVENTS: i32 = 1_000;

/// Puts into a plan what the last executions of each changed definition, at most `limit`, would do under the new one.
///
/// # Errors
/// The credentials are no longer good, or somebody stopped it. Of what could not be read otherwise, the evidence has the
/// reason.
pub async fn add_evidence(plan: &mut Plan, patience: &Patience<'_>, limit: usize) -> Result<(), Failure> {
    let mut reading = Reading { patience, limit, given_up: None };
    for item in &mut plan.items {
        item.evidence = reading.of_item(&item.plan).await?;
    }
    Ok(())
}

/// The executions that were listed.
struct Listed {
    /// The ARNs of those that have ended, the newest first.
    ended: Vec<String>,
    /// How many were listed, where there are more and too few of them had ended.
    stopped_at: Option<usize>,
}

/// What reads executions for one plan.
struct Reading<'a> {
    patience: &'a Patience<'a>,
    limit: usize,
    /// A call that stays throttled, or gets no answer, was tried for minutes: nothing more is read after it.
    given_up: Option<outlook::NotRead>,
}

impl Reading<'_> {
    /// What the executions of one state machine would do; `None` where its definition stays, or nothing keeps its histories.
    async fn of_item(&mut self, item: &ItemPlan) -> Result<Option<outlook::Evidence>, Failure> {
        let (Some(desired), Some(deployed)) = (&item.desired, &item.deployed) else { return Ok(None) };
        if !item.changes(Setting::Definition) || deployed.kind == MachineKind::Express {
            return Ok(None);
        }
        // One that cannot be compiled has findings that say so.
        let Ok(new) = Definition::read(&desired.definition) else { return Ok(None) };
        let listed = match self.ended(&deployed.arn).await? {
            Ok(listed) => listed,
            Err(why) => return Ok(Some(outlook::Evidence { not_compared: Some(why), ..outlook::Evidence::default() })),
        };
        let (mut executions, mut unread) = (Vec::new(), Vec::new());
        for arn in listed.ended {
            match self.history(&arn).await? {
                Ok(events) => {
                    // Which definition it ran is a call that AWS grants once a second: its own course is believed instead.
                    let mut evidence = replay(History::standard(&arn, &events), None, &new, &Bounds::default());
                    evidence.found = without_payloads(evidence.found);
                    executions.push((arn, evidence));
                }
                Err(why) => unread.push((arn, why)),
            }
        }
        let summary = Summary::of(executions.iter().map(|(arn, evidence)| (arn.as_str(), &evidence.found)));
        let replays = Replays { summary, executions, unread: Vec::new(), listed: listed.stopped_at };
        let mut evidence = replays.outlook();
        for (arn, why) in unread {
            add(&mut evidence, outlook::Outcome::NotRead(why), [arn]);
        }
        evidence.groups.sort_by_key(|group| std::cmp::Reverse(group.executions.len()));
        Ok(Some(evidence))
    }

    async fn ended(&mut self, machine_arn: &str) -> Result<Result<Listed, outlook::NotRead>, Failure> {
        if let Some(why) = self.given_up.clone() {
            return Ok(Err(why));
        }
        let read = ended(self.patience, machine_arn, self.limit).await;
        self.unless_not_read(read)
    }

    async fn history(&mut self, arn: &str) -> Result<Result<Vec<HistoryEvent>, outlook::NotRead>, Failure> {
        if let Some(why) = self.given_up.clone() {
            return Ok(Err(why));
        }
        let read = history(self.patience, arn).await;
        self.unless_not_read(read)
    }

    /// What was read, or why it could not be.
    fn unless_not_read<T>(&mut self, read: Result<T, Failure>) -> Result<Result<T, outlook::NotRead>, Failure> {
        let error = match read {
            Ok(read) => return Ok(Ok(read)),
            Err(Failure::Call(error)) => error,
            Err(failure) => return Err(failure),
        };
        let Some(why) = outlook::NotRead::of(&error) else { return Err(error.into()) };
        if why.is_passing() {
            self.given_up = Some(why.clone());
        }
        Ok(Err(why))
    }
}

/// The last executions that have ended, the newest first.
async fn ended(patience: &Patience<'_>, machine_arn: &str, limit: usize) -> Result<Listed, Failure> {
    let (mut found, mut next, mut listed) = (Vec::new(), None, 0);
    for _ in 0..PAGES {
        let listing = Listing {
            of: Of::Machine(machine_arn.to_owned()),
            status: None,
            size: PAGE,
            next: Option::take(&mut next),
        };
        let page = patience.read(Api::ListExecutions, |calls| calls.list_executions(listing.clone())).await?;
        listed += page.items.len();
        let ended = page.items.into_iter().filter(|one| one.status != ExecutionStatus::Running);
        found.extend(ended.map(|one| one.arn).take(limit - found.len()));
        next = page.next;
        if found.len() == limit || next.is_none() {
            return Ok(Listed { ended: found, stopped_at: None });
        }
    }
    Ok(Listed { ended: found, stopped_at: Some(listed) })
}

async fn history(patience: &Patience<'_>, arn: &str) -> Result<Vec<HistoryEvent>, Failure> {
    let (mut events, mut next) = (Vec::new(), None);
    loop {
        let page =
            patience.read(Api::GetExecutionHistory, |calls| calls.newest_events(arn, EVENTS, next.clone())).await?;
        events.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(events);
        }
    }
}

/// That a path is missing says nothing of a payload; another cause may hold anything, a task token too.
fn without_payloads(found: Found) -> Found {
    let bare = |end: End| End { cause: end.cause.clone().filter(|_| end.is_missing_path()), output: None, ..end };
    match found {
        Found::AnotherPath { turn, newly, no_longer, end, ends_as_then } => {
            Found::AnotherPath { turn, newly, no_longer, end: bare(end), ends_as_then }
        }
        Found::AnotherEnd { end, no_longer } => Found::AnotherEnd { end: bare(end), no_longer },
        other => other,
    }
}
