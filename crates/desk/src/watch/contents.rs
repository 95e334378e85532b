//! Reading what executions are searched in: their inputs, outputs and errors.
//!
//! What the rounds read anyway is kept as they read it. The others, the newest first, are read here beside the rounds, with
//! the calls that the rounds leave. Of an execution that had a task token the whole history is read, so that the token is
//! known before anything of it is kept; of the others the description is enough.
//!
//! Nothing is kept that pages would not show: what is withheld stays out, and the rest passes the redaction with the tokens
//! of all executions. [`Content`] leaves out what looks like a token that nobody has read of yet. What turns out later to
//! hold a token that cannot be found is taken out again.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use tokio_util::sync::CancellationToken;

use super::reading::{self, Reader};
use super::{Record, Snapshot, Watch, lock, parent_named};
use crate::connection::{Api, Description, ExecutionStatus};
use crate::error::ReadError;
use crate::index::{Contents, Kept, ToRead};
use crate::news::Topic;
use crate::redact::WITHHELD;
use crate::search::Content;

/// How many executions are read before they are written, and how many at once.
const TOGETHER: u32 = 64;
const AT_ONCE: usize = 8;
/// The pause between two turns, while there is nothing to read, and while the connection denies it or is away.
const PAUSE: Duration = Duration::from_millis(50);
const REST: Duration = Duration::from_millis(500);
const AWAY: Duration = Duration::from_secs(30);
/// Pages learn of what was read after so many turns.
const NEWS: u32 = 20;
/// For so long after the start the running executions come first: what tokens there are is known then.
const FIRST_MS: i64 = 10 * 60_000;

impl Watch {
    /// Reads contents until `end`.
    #[expect(clippy::disallowed_methods, reason = "the timer of the turns; a test makes them without the loop")]
    pub(super) async fn run_contents(&self, end: &CancellationToken) {
        let mut turns = 0;
        while !end.is_cancelled() {
            let (read, pause) = match self.read_contents().await {
                Ok(0) => (0, REST),
                Ok(read) => (read, PAUSE),
                Err(error) => {
                    tracing::debug!(%error, "contents could not be read");
                    (0, AWAY)
                }
            };
            turns = if read == 0 { 0 } else { turns + 1 };
            let is_last = read > 0 && read < TOGETHER as usize;
            if is_last || (read > 0 && turns % NEWS == 0) {
                self.changes.publish([Topic::Executions]);
            }
            tokio::select! {
                () = end.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Reads the contents of some executions, as far as the pace leaves calls; returns how many were read.
    pub(crate) async fn read_contents(&self) -> Result<usize, ReadError> {
        let snapshot = self.snapshot();
        if snapshot.data_at.is_none() || snapshot.problem.is_some() || self.is_still_learning(&snapshot) {
            return Ok(0);
        }
        let due = self.index.to_read(&self.connection.id, TOGETHER).await?;
        let read = stream::iter(due)
            .map(|one| {
                let snapshot = Arc::clone(&snapshot);
                async move { self.contents_of(&snapshot, one).await }
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let (mut found, mut first) = (Vec::new(), Ok(()));
        for one in read {
            match one {
                Ok(one) => found.extend(one),
                Err(error) => first = first.and(Err(error)),
            }
        }
        self.index.keep_contents(&self.connection.id, &found).await?;
        first.map(|()| found.len())
    }

    /// Whether running executions that may have tokens were not read yet, soon after the start.
    fn is_still_learning(&self, snapshot: &Snapshot) -> bool {
        let may_ask = |arn: &str| snapshot.machines.get(arn).is_some_and(|machine| machine.definition.can_wait());
        let is_early = self.now() - self.opened_at < FIRST_MS;
        is_early && lock(&self.following).running.values().any(|open| !open.is_known && may_ask(&open.machine_arn))
    }

    /// What one execution is searched in; `None` where there are no calls left for it.
    async fn contents_of(&self, snapshot: &Snapshot, one: ToRead) -> Result<Option<Kept>, ReadError> {
        let arn = &one.arn;
        if lock(&self.suspects).contains(arn) {
            return Ok(Some(Kept { arn: one.arn, contents: Contents::Withheld, reason: None }));
        }
        let can_wait = snapshot.machines.get(&one.machine_arn).is_none_or(|machine| machine.definition.can_wait());
        let api = if can_wait { Api::GetExecutionHistory } else { Api::DescribeExecution };
        if !lock(&self.pace).take_spare(api, self.now()) {
            return Ok(None);
        }
        if can_wait {
            return match self.read_for_contents(arn).await {
                Ok(record) => Ok(Some(self.kept_of(&record))),
                Err(error) => unreadable(arn, error),
            };
        }
        match self.ask(api, self.connection.calls.describe_execution(arn)).await {
            Ok(described) => self.kept_of_description(&described).await,
            Err(error) => unreadable(arn, error.into()),
        }
    }

    /// An execution as it was read before, or is read now. It is not held in memory: somebody may never look at it.
    async fn read_for_contents(&self, arn: &str) -> Result<Arc<Record>, ReadError> {
        let known = self.known_record(arn).filter(|record| record.is_settled());
        if let Some(record) = known {
            return Ok(self.guarded(record));
        }
        let summary = self.summary(arn).await;
        let record = reading::read_execution(self, Reader::Round, (arn, summary), None).await?;
        Ok(self.guarded(Arc::new(record)))
    }

    /// What is kept of a description, once the execution that it names as its parent has been read: its input may hold
    /// the parent's token.
    async fn kept_of_description(&self, described: &Description) -> Result<Option<Kept>, ReadError> {
        let arn = &described.arn;
        let parent = described.input.as_deref().and_then(parent_named).filter(|parent| *parent != arn);
        if let Some(parent) = parent
            && !lock(&self.parents).contains(parent)
        {
            if !lock(&self.pace).take_spare(Api::GetExecutionHistory, self.now()) {
                return Ok(None);
            }
            let parent = parent.to_owned();
            match self.read_for_contents(&parent).await {
                Err(ReadError::Call(error)) if error.is_passing() => return Err(error.into()),
                // One that is gone has no open task.
                _ => lock(&self.parents).insert(parent),
            };
        }
        let contents = if lock(&self.suspects).contains(arn) {
            Contents::Withheld
        } else {
            self.contents(described.status, described.input.as_deref(), described.output.as_deref())
        };
        let error = described.error.as_deref().filter(|error| !error.is_empty());
        let reason = error.filter(|_| contents != Contents::Withheld).map(|error| super::Reason::Error {
            error: self.tokens.text(error),
            state: None,
            first: None,
        });
        Ok(Some(Kept { arn: arn.clone(), contents, reason }))
    }

    fn contents(&self, status: ExecutionStatus, input: Option<&str>, output: Option<&str>) -> Contents {
        // What is withheld of a record has this in its place.
        let redacted = |text: Option<&str>| self.tokens.option(text.filter(|text| *text != WITHHELD));
        let (input, output) = (redacted(input), redacted(output));
        let content = Content::of(input.as_deref(), output.as_deref());
        if status == ExecutionStatus::Running { Contents::Input(content) } else { Contents::Whole(content) }
    }

    /// What is kept of a record.
    fn kept_of(&self, record: &Record) -> Kept {
        let about = &record.description;
        let contents = if record.is_withheld() {
            Contents::Withheld
        } else {
            self.contents(about.status, about.input.as_deref(), about.output.as_deref())
        };
        Kept { arn: about.arn.clone(), contents, reason: record.reason() }
    }

    /// Keeps what can be searched of records, where it is not kept yet, and takes out what must not be.
    pub(super) async fn keep_contents(&self, records: &[Arc<Record>]) {
        let withheld = std::mem::take(&mut *lock(&self.to_withhold));
        let states: Vec<(&str, ExecutionStatus, bool)> = records
            .iter()
            .map(|record| (record.description.arn.as_str(), record.description.status, record.is_withheld()))
            .collect();
        let result = async {
            let wanted = self.index.wants(&self.connection.id, &states).await?;
            let read = wanted.into_iter().filter_map(|at| records.get(at)).map(|record| self.kept_of(record));
            let without = |arn: &String| Kept { arn: arn.clone(), contents: Contents::Withheld, reason: None };
            let kept: Vec<Kept> = read.chain(withheld.iter().map(without)).collect();
            if kept.is_empty() { Ok(()) } else { self.index.keep_contents(&self.connection.id, &kept).await }
        };
        if let Err(error) = result.await {
            tracing::error!(%error, "contents could not be kept");
            // What must not be searched is taken out with the next reading.
            lock(&self.to_withhold).extend(withheld);
        }
    }
}

/// What cannot be read by itself is not asked for again; a connection that is away is.
fn unreadable(arn: &str, error: ReadError) -> Result<Option<Kept>, ReadError> {
    match error {
        ReadError::Call(error) if error.is_passing() || error.is_denied() => Err(error.into()),
        error => {
            tracing::debug!(%error, execution = %arn, "contents that cannot be read");
            Ok(Some(Kept { arn: arn.to_owned(), contents: Contents::Unreadable, reason: None }))
        }
    }
}

#[cfg(test)]
mod tests;
