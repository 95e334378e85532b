//! Reading lists of executions forward: from the newest to what is known.

use std::sync::Arc;

use futures::stream::{self, StreamExt};

use super::following::Followed;
use super::{Record, Watch, lock, topics_of};
use crate::connection::{Api, CallError, ConnectionKind, Description, ExecutionStatus, Fault, Listing, Of, Summary};
use crate::error::ReadError;
use crate::index::{ExecutionRow, List, Listed, Moved};
use crate::news::Topic;

/// The length of a page that is read for new executions, and AWS's maximum.
const NEWEST: i32 = 100;
const PAGE: i32 = 1_000;
/// A gap between what is known and the newest that takes more pages is filled step by step.
const GAP: usize = 20;
/// The most pages of a list's past that one turn reads.
const STEPS: usize = 20;
/// The most executions that are described one by one to learn how they ended, in a turn.
const DESCRIBED: usize = 20;
/// How old the list of all running executions of an account's machine may be, in milliseconds, and that of another
/// endpoint's, for each of its pages: their own histories say when they end.
const RUNNING_MS: i64 = 60_000;
const RUNNING_PAGE_MS: i64 = 2_000;

/// The lists are read so many at a time.
const AT_ONCE: usize = 8;

/// One page of a list, and when it was asked for.
struct Read {
    asked_at: i64,
    items: Vec<Summary>,
    next: Option<String>,
}

impl Watch {
    /// Reads these lists, and notes what changed. The first page of each was granted. One that cannot be read keeps none
    /// of the others from being read.
    pub(super) async fn read_lists(&self, due: Vec<String>, moved: &mut Moved) -> Result<(), ReadError> {
        let read = stream::iter(due)
            .map(|arn| async move { self.read_list(&arn).await })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut outcome = Ok(());
        for (one, result) in read {
            moved.and(one);
            outcome = outcome.and(result);
        }
        outcome
    }

    /// Has the Map Runs of executions read that had ended before anybody followed them: their children are in no list yet.
    pub(super) async fn follow_ended(&self, records: &[Arc<Record>]) {
        for record in records.iter().filter(|record| record.ended()) {
            let runs = record.map_runs();
            if runs.is_empty() {
                continue;
            }
            let arn = &record.description.arn;
            let known = match self.index.map_runs(&self.connection.id, arn).await {
                Ok(known) => known,
                Err(error) => {
                    tracing::error!(%error, "the index cannot be read");
                    continue;
                }
            };
            // The machine may be new: the round that read it has not published it yet. A child's is named by its Map, too.
            let arn_of_machine = &record.description.machine_arn;
            let machine_arn = arn_of_machine.split_once('/').map_or(arn_of_machine.as_str(), |(machine, _)| machine);
            let mut following = lock(&self.following);
            for run in runs.into_iter().filter(|run| !known.iter().any(|one| one.arn == *run && one.whole)) {
                let list = List {
                    of: Of::MapRun(run.clone()),
                    machine_arn: machine_arn.to_owned(),
                    parent_arn: Some(arn.clone()),
                    whole: false,
                };
                following.lists.entry(run).or_insert_with(|| Followed { closing: true, ..Followed::new(list) });
            }
        }
    }

    /// Whether all executions that the Map Runs of an execution started, or that this Map Run started, are in the index.
    /// Where they are not, the history of the execution is read: it names the Map Runs, whose lists are read then.
    pub(crate) async fn has_all_under(&self, arn: &str, is_map_run: bool) -> Result<bool, ReadError> {
        let parent = match is_map_run {
            false => arn.to_owned(),
            true => match self.index.parent_of_map_run(&self.connection.id, arn).await? {
                Some(parent) => parent,
                None => self.ask_now(Api::DescribeMapRun, self.connection.calls.parent_of_map_run(arn)).await?,
            },
        };
        let record = self.record(&parent).await?;
        let known = self.index.map_runs(&self.connection.id, &parent).await?;
        let mut runs = record.map_runs().into_iter().filter(|run| !is_map_run || run == arn);
        Ok(runs.all(|run| known.iter().any(|one| one.arn == run && one.whole)))
    }

    /// Reads a list from its newest execution to one that is known, then a part of what is older and not known yet, and
    /// from time to time all that runs.
    async fn read_list(&self, arn: &str) -> (Moved, Result<(), ReadError>) {
        let mut moved = Moved::default();
        let Some(mut followed) = lock(&self.following).lists.get(arn).cloned() else { return (moved, Ok(())) };
        // Of an execution that is on no list yet the index keeps no children: they are read once it is there.
        if let Some(parent) = &followed.list.parent_arn
            && self.summary(parent).await.is_none()
        {
            if let Some(known) = lock(&self.following).lists.get_mut(arn) {
                known.listed_at = self.now();
            }
            return (moved, Ok(()));
        }
        let was_closing = followed.closing;
        let mut is_gone = false;
        let outcome = match self.read_parts(&mut followed, &mut moved).await {
            // A Map Run, or a machine, that was deleted meanwhile.
            Err(ReadError::Call(error)) if error.is_missing() => {
                is_gone = true;
                Ok(())
            }
            // It is denied, or refused: the others have their turn first.
            Err(ReadError::Call(error)) if !error.is_passing() => {
                followed.listed_at = self.now();
                Err(error.into())
            }
            outcome => outcome,
        };
        let is_whole = followed.list.whole;
        let mut following = lock(&self.following);
        if let Some(known) = following.lists.get_mut(arn) {
            // Meanwhile its Map Run may have ended.
            let closing = known.closing;
            *known = Followed { closing, ..followed };
        }
        if was_closing && outcome.is_ok() && (is_whole || is_gone) {
            following.lists.remove(arn);
        }
        (moved, outcome)
    }

    async fn read_parts(&self, followed: &mut Followed, moved: &mut Moved) -> Result<(), ReadError> {
        let newest = self.page(followed, None, NEWEST, None, true).await?;
        if newest.next.is_none() {
            self.note(followed, &newest, true, moved).await?;
            followed.running_at = newest.asked_at;
            return self.now_whole(followed, newest.asked_at).await;
        }
        let mut has_ground = followed.list.whole || followed.walk.is_some();
        if has_ground {
            has_ground = self.read_gap(followed, newest, moved).await?;
        } else {
            self.note(followed, &newest, false, moved).await?;
        }
        if !followed.list.whole {
            self.read_past(followed, has_ground, moved).await?;
        }
        followed.listed_at = self.now();
        let may_age = match self.connection.about.kind {
            ConnectionKind::Aws => RUNNING_MS,
            ConnectionKind::Endpoint | ConnectionKind::Embedded => RUNNING_PAGE_MS * followed.running_pages,
        };
        if followed.list.whole && (followed.closing || self.now() - followed.running_at >= may_age) {
            self.read_running(followed, moved).await?;
        }
        Ok(())
    }

    /// Keeps the newest executions, back to one that is known; the oldest first, so that no gap is left when this is
    /// interrupted. Returns false where the gap is too wide: the list is no longer whole, and is read from its beginning.
    async fn read_gap(&self, followed: &mut Followed, newest: Read, moved: &mut Moved) -> Result<bool, ReadError> {
        let mut pages = vec![newest];
        while let Some(last) = pages.last()
            && let Some(next) = last.next.clone()
            && self.index.known(&self.connection.id, &last.items).await? == 0
        {
            if pages.len() > GAP {
                followed.list.whole = false;
                followed.walk = None;
                self.index.set_whole(&self.connection.id, &followed.list, false).await?;
                break;
            }
            pages.push(self.page(followed, None, NEWEST, Some(next), false).await?);
        }
        let is_met = pages.len() <= GAP;
        for page in pages.iter().rev() {
            self.note(followed, page, false, moved).await?;
        }
        Ok(is_met)
    }

    /// Reads on where the last turn left the past of the list, as far as the pace allows.
    async fn read_past(&self, followed: &mut Followed, goes_on: bool, moved: &mut Moved) -> Result<(), ReadError> {
        if !goes_on {
            followed.walk = None;
        }
        for _ in 0..STEPS {
            if !lock(&self.pace).take(Api::ListExecutions, self.now()) {
                return Ok(());
            }
            let page = match self.page(followed, None, PAGE, followed.walk.clone(), true).await {
                // The token of a list is valid for a day.
                Err(ReadError::Call(error)) if is_old_token(&error) => {
                    followed.walk = None;
                    return Ok(());
                }
                page => page?,
            };
            self.note(followed, &page, false, moved).await?;
            followed.walk.clone_from(&page.next);
            if page.next.is_none() {
                return self.now_whole(followed, page.asked_at).await;
            }
        }
        Ok(())
    }

    async fn now_whole(&self, followed: &mut Followed, at: i64) -> Result<(), ReadError> {
        followed.listed_at = at;
        if !followed.list.whole {
            followed.list.whole = true;
            self.index.set_whole(&self.connection.id, &followed.list, true).await?;
        }
        Ok(())
    }

    /// Lists all that runs, and learns how those ended that ran before and are not among them.
    async fn read_running(&self, followed: &mut Followed, moved: &mut Moved) -> Result<(), ReadError> {
        let begun = self.now();
        let (mut running, mut next, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = self.page(followed, Some(ExecutionStatus::Running), PAGE, next, false).await?;
            self.note(followed, &page, false, moved).await?;
            pages += 1;
            running.extend(page.items.into_iter().map(|one| one.arn));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        let missing = self.index.missing(&self.connection.id, &followed.list, begun, &running).await?;
        (followed.running_at, followed.running_pages) = (begun, pages);
        if missing.len() > DESCRIBED {
            self.meet(followed, missing, moved).await
        } else {
            self.describe(followed, missing, moved).await
        }
    }

    /// Describes executions that run no more.
    async fn describe(
        &self,
        followed: &Followed,
        missing: Vec<ExecutionRow>,
        moved: &mut Moved,
    ) -> Result<(), ReadError> {
        for one in missing {
            if !lock(&self.pace).take(Api::DescribeExecution, self.now()) {
                return Ok(());
            }
            let (arn, asked_at) = (&one.summary.arn, self.now());
            match self.ask(Api::DescribeExecution, self.connection.calls.describe_execution(arn)).await {
                Ok(now) => {
                    let summary = Summary {
                        status: now.status,
                        ended_at: now.ended_at,
                        redrives: now.redrives.max(one.summary.redrives),
                        ..one.summary
                    };
                    self.note(followed, &Read { asked_at, items: vec![summary], next: None }, false, moved).await?;
                }
                Err(error) if error.is_missing() => self.gone(arn, moved).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Notes an execution as it was described just now: what had ended may go on.
    pub(crate) async fn described(&self, now: &Description) -> Result<(), ReadError> {
        let known = lock(&self.following).lists.get(&now.machine_arn).cloned();
        // A machine that no list has yet.
        let Some(followed) = known else { return Ok(()) };
        let summary = Summary {
            arn: now.arn.clone(),
            name: now.name.clone(),
            machine_arn: now.machine_arn.clone(),
            status: now.status,
            started_at: now.started_at,
            ended_at: now.ended_at,
            redrives: now.redrives,
            // Known since it was listed.
            version: None,
            alias: None,
        };
        let mut moved = Moved::default();
        let page = Read { asked_at: self.now(), items: vec![summary], next: None };
        self.note(&followed, &page, false, &mut moved).await?;
        self.changes.publish(topics_of(&moved).into_iter().chain([Topic::Execution(now.arn.clone())]));
        Ok(())
    }

    /// Goes back from the newest execution until each of these has been met; what is not met is gone.
    async fn meet(&self, followed: &Followed, missing: Vec<ExecutionRow>, moved: &mut Moved) -> Result<(), ReadError> {
        let oldest = missing.iter().map(|one| one.summary.started_at).min().unwrap_or(i64::MAX);
        let mut left: std::collections::BTreeSet<String> = missing.into_iter().map(|one| one.summary.arn).collect();
        let mut next = None;
        loop {
            let page = self.page(followed, None, PAGE, next, false).await?;
            self.note(followed, &page, false, moved).await?;
            page.items.iter().for_each(|one| {
                left.remove(&one.arn);
            });
            let is_past = page.items.last().is_none_or(|last| last.started_at < oldest);
            next = page.next;
            if left.is_empty() || is_past || next.is_none() {
                break;
            }
        }
        for arn in left {
            self.gone(&arn, moved).await?;
        }
        Ok(())
    }

    async fn gone(&self, arn: &str, moved: &mut Moved) -> Result<(), ReadError> {
        lock(&self.following).running.remove(arn);
        self.forget_tokens_of_ended([arn.to_owned()]);
        moved.and(self.index.forget(&self.connection.id, arn).await?);
        Ok(())
    }

    /// One page of a list; `granted` where the pace has granted the call.
    async fn page(
        &self,
        followed: &Followed,
        status: Option<ExecutionStatus>,
        size: i32,
        next: Option<String>,
        granted: bool,
    ) -> Result<Read, ReadError> {
        let asked_at = self.now();
        let call = self.connection.calls.list_executions(Listing { of: followed.list.of.clone(), status, size, next });
        let page = match granted {
            true => self.ask(Api::ListExecutions, call).await?,
            false => self.ask_now(Api::ListExecutions, call).await?,
        };
        Ok(Read { asked_at, items: page.items, next: page.next })
    }

    /// Keeps a page, and notes what changed with it.
    async fn note(&self, followed: &Followed, page: &Read, all: bool, moved: &mut Moved) -> Result<(), ReadError> {
        let (list, connection) = (&followed.list, &self.connection.id);
        let Listed { moved: changed, gone, inbox } =
            self.index.listed(connection, list, page.asked_at, &page.items, all).await?;
        {
            let mut following = lock(&self.following);
            changed.iter().for_each(|one| following.note(&list.machine_arn, one));
            for arn in &gone {
                following.running.remove(arn);
            }
        }
        self.write(&self.opened_before(&changed)).await;
        let ended = changed.iter().filter(|one| one.status != ExecutionStatus::Running).map(|one| one.arn.clone());
        self.forget_tokens_of_ended(ended.chain(gone.iter().cloned()));
        moved.executions |= !changed.is_empty() || !gone.is_empty();
        moved.inbox |= inbox;
        if !changed.is_empty() || !gone.is_empty() {
            moved.parents.extend(list.parent_arn.clone());
        }
        // Whoever looks at one of them reads it again.
        let watched = lock(&self.watched);
        let topics: Vec<Topic> = changed
            .into_iter()
            .map(|one| one.arn)
            .filter(|arn| watched.contains_key(arn))
            .map(Topic::Execution)
            .collect();
        drop(watched);
        self.changes.publish(topics);
        Ok(())
    }

    /// The readings of ended executions that somebody opened before they were on a list: the index could not keep them then,
    /// and they are not read again.
    fn opened_before(&self, listed: &[Summary]) -> Vec<Arc<Record>> {
        let ended = listed.iter().filter(|one| one.status != ExecutionStatus::Running);
        let known = ended.filter_map(|one| self.known_record(&one.arn)).filter(|record| record.is_settled());
        known.map(|record| self.guarded(record)).collect()
    }
}

/// Whether a list does not go on from its token any more.
fn is_old_token(error: &CallError) -> bool {
    matches!(&error.fault, Fault::TaskClosed { code, .. } | Fault::Refused { code, .. } if code == "InvalidToken")
}
