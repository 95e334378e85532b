//! Reading one execution: its [`Record`] for whoever asks, what is held of it, and what the index keeps.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::reading::{self, Reader};
use super::records::Slot;
use super::{Record, Waiting, Watch, lock, parent_named};
use crate::connection::Summary;
use crate::error::ReadError;
use crate::index::{Moved, Reading};
use crate::news::Topic;

impl Watch {
    /// The record of an execution, at most as old as the pace of the connection allows.
    ///
    /// # Errors
    /// The connection does not answer, or has no such execution.
    pub async fn record(&self, arn: &str) -> Result<Arc<Record>, ReadError> {
        let fresh_ms = lock(&self.pace).fresh_ms;
        self.with_parent(arn).await?;
        self.record_not_older(Reader::Somebody, arn, fresh_ms).await
    }

    /// Reads the parent of this execution, if its input names one, before this execution is shown: its input may contain the
    /// parent's token.
    ///
    /// # Errors
    /// The connection does not answer: until it does, nobody knows what must not be shown.
    async fn with_parent(&self, arn: &str) -> Result<(), ReadError> {
        let record = match self.known_record(arn) {
            Some(record) => record,
            None => self.record_not_older(Reader::Somebody, arn, -1).await?,
        };
        let input = record.whole().0.input.as_deref().unwrap_or_default();
        // Only once, because an input may name any ARN.
        if let Some(parent) =
            parent_named(input).filter(|parent| *parent != arn && lock(&self.parents).insert((*parent).to_owned()))
        {
            match self.record_not_older(Reader::Somebody, parent, -1).await {
                Err(ReadError::Call(error)) if error.is_passing() => {
                    lock(&self.parents).remove(parent);
                    return Err(error.into());
                }
                // One that is gone has no open task.
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads an execution now.
    ///
    /// # Errors
    /// The connection does not answer, or has no such execution.
    pub async fn record_now(&self, arn: &str) -> Result<Arc<Record>, ReadError> {
        self.record_not_older(Reader::Somebody, arn, -1).await
    }

    /// Reads an execution now, without retries, and without waiting for other readers of it.
    ///
    /// # Errors
    /// The connection does not answer, or has no such execution.
    pub async fn record_once(&self, arn: &str) -> Result<Arc<Record>, ReadError> {
        let slot = self.records.slot(arn);
        let summary = self.summary(arn).await;
        let record = reading::read_execution(self, Reader::Hurried, (arn, summary), slot.last()).await?;
        let record = self.hold(&slot, Arc::new(record));
        self.write(std::slice::from_ref(&record)).await;
        Ok(record)
    }

    /// The last reading of an execution, also during the next one.
    #[must_use]
    pub fn known_record(&self, arn: &str) -> Option<Arc<Record>> {
        self.records.known(arn)
    }

    pub(super) async fn record_not_older(
        &self,
        reader: Reader,
        arn: &str,
        age_ms: i64,
    ) -> Result<Arc<Record>, ReadError> {
        let summary = self.summary(arn).await;
        let (record, is_new) = self.read_if_older(reader, arn, age_ms, summary).await?;
        if is_new {
            self.write(std::slice::from_ref(&record)).await;
        }
        Ok(record)
    }

    /// The record of an execution, and whether it was read just now; then it is not in the index yet. `summary` is how the
    /// execution was listed last.
    pub(super) async fn read_if_older(
        &self,
        reader: Reader,
        arn: &str,
        age_ms: i64,
        summary: Option<Summary>,
    ) -> Result<(Arc<Record>, bool), ReadError> {
        let slot = self.records.slot(arn);
        // Concurrent readers wait here and then use the result.
        let _reading = slot.reading.lock().await;
        let last = slot.last();
        let runs_again = summary.as_ref().is_some_and(|summary| summary.ended_at.is_none());
        // It may have ended again since.
        let redrives = summary.as_ref().map_or(0, |summary| summary.redrives);
        let goes_on = last.as_ref().is_some_and(|record| u64::from(record.trace.redrives) < redrives);
        let settled = last.as_ref().is_some_and(|record| record.is_settled() && !runs_again && !goes_on);
        let fresh = last.as_ref().is_some_and(|record| self.now() - record.fetched_at <= age_ms && !goes_on);
        match last {
            Some(record) if settled || fresh => Ok((self.guarded(record), false)),
            last => {
                let record = reading::read_execution(self, reader, (arn, summary), last).await?;
                Ok((self.hold(&slot, Arc::new(record)), true))
            }
        }
    }

    /// Holds a reading in memory. Whoever shows the execution learns that it changed: the next round sees nothing new of it.
    fn hold(&self, slot: &Slot, record: Arc<Record>) -> Arc<Record> {
        let record = self.guarded(record);
        let (before, gone) = self.records.keep(slot, &record);
        self.forget_tokens(gone);
        let extent = |record: &Record| (record.events.len(), record.description.status);
        if before.is_some_and(|before| extent(&before) != extent(&record)) {
            self.changes.publish([Topic::Execution(record.description.arn.clone())]);
        }
        record
    }

    /// Writes readings to the index, and follows what they show.
    pub(super) async fn write(&self, records: &[Arc<Record>]) {
        if records.is_empty() {
            return;
        }
        let people = Arc::new(lock(&self.for_people).clone());
        let readings: Vec<Reading> = records.iter().map(|record| self.reading_of(record, &people)).collect();
        match self.index.read(&self.connection.id, &readings).await {
            Ok(moved) => {
                {
                    let mut following = lock(&self.following);
                    readings.iter().for_each(|reading| following.read(reading));
                }
                self.changes.publish(topics_of(&moved));
                self.follow_ended(records).await;
                self.keep_contents(records).await;
            }
            // It is shown all the same, and written with the next reading.
            Err(error) => tracing::error!(%error, "readings could not be kept"),
        }
    }

    fn reading_of(&self, record: &Record, people: &Arc<BTreeSet<(String, String)>>) -> Reading {
        let arn = &record.description.arn;
        let answered: BTreeSet<u64> = {
            let answered = lock(&self.answered);
            let is_answered = |wait: &&Waiting| answered.contains(&(arn.clone(), wait.event));
            record.waits().iter().filter(is_answered).map(|wait| wait.event).collect()
        };
        // What an execution may have told others is known only to this process: its history must be read again.
        let all_found = !record.is_withheld() && record.may_have_told().is_empty();
        Reading {
            arn: arn.clone(),
            status: record.description.status,
            ended_at: record.description.ended_at,
            read_at: record.fetched_at,
            events: u64::try_from(record.events.len()).unwrap_or(u64::MAX),
            settled: record.is_settled(),
            reason: record.reason(),
            waits: record.waits().to_vec(),
            map_runs: record.open_map_runs(),
            started: record.started(),
            people: Arc::clone(people),
            answered,
            tokens: (all_found && !record.ended()).then(|| record.redactor.to_bytes()),
        }
    }

    /// An execution as it was listed last.
    pub(super) async fn summary(&self, arn: &str) -> Option<Summary> {
        match self.index.execution(&self.connection.id, arn).await {
            Ok(row) => row.map(|row| row.summary),
            Err(error) => {
                tracing::error!(%error, "the index cannot be read");
                None
            }
        }
    }

    /// Withholds the record if the execution may contain a token that could not be found. Stores its tokens.
    pub(super) fn guarded(&self, record: Arc<Record>) -> Arc<Record> {
        let arn = &record.description.arn;
        let is_suspect = lock(&self.suspects).contains(arn);
        let record = if is_suspect && !record.is_withheld() { Arc::new(record.withhold(0)) } else { record };
        let told = record.may_have_told();
        if !told.is_empty() {
            let mut suspects = lock(&self.suspects);
            let new: Vec<String> = told.into_iter().filter(|arn| suspects.insert(arn.clone())).collect();
            lock(&self.to_withhold).extend(new);
        }
        if !record.redactor.is_empty() {
            self.tokens.set(&record.description.arn, &record.redactor);
        }
        record
    }

    /// Forgets the tokens of executions that have ended, where no record shows them any more.
    pub(super) fn forget_tokens_of_ended(&self, ended: impl IntoIterator<Item = String>) {
        self.forget_tokens(ended.into_iter().filter(|arn| self.known_record(arn).is_none()));
    }

    /// Forgets the tokens of executions whose records are gone, but for those that run: they may be shown, and other
    /// executions may hold their tokens.
    fn forget_tokens(&self, executions: impl IntoIterator<Item = String>) {
        let gone: Vec<String> = {
            let following = lock(&self.following);
            executions.into_iter().filter(|arn| !following.running.contains_key(arn)).collect()
        };
        for arn in gone {
            self.tokens.remove(&arn);
        }
    }
}

/// The topics of what changed in the index.
pub(super) fn topics_of(moved: &Moved) -> Vec<Topic> {
    let changed = moved.executions || moved.inbox;
    [
        (Topic::Workflows, changed),
        (Topic::Executions, changed),
        (Topic::Inbox, moved.inbox),
        (Topic::Frame, moved.inbox),
    ]
    .into_iter()
    .filter_map(|(topic, changed)| changed.then_some(topic))
    .chain(moved.parents.iter().cloned().map(Topic::Execution))
    .collect()
}
