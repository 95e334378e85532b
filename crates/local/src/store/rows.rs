//! Reading and writing rows.

use countersign_engine::{Input, OutcomeStatus, StartParams};
use countersign_trace::HistoryEvent;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::{Store, StoreError};

/// The kind of a named resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    Machine,
    Version,
    Alias,
    Activity,
    Topic,
    Queue,
    Table,
    Item,
    Parameter,
    Function,
    FunctionAlias,
    Role,
    Policy,
    LogGroup,
    Stack,
    StackEvent,
    ChangeSet,
}

impl ResourceKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Version => "version",
            Self::Alias => "alias",
            Self::Activity => "activity",
            Self::Topic => "topic",
            Self::Queue => "queue",
            Self::Table => "table",
            Self::Item => "item",
            Self::Parameter => "parameter",
            Self::Function => "function",
            Self::FunctionAlias => "function-alias",
            Self::Role => "role",
            Self::Policy => "policy",
            Self::LogGroup => "log-group",
            Self::Stack => "stack",
            Self::StackEvent => "stack-event",
            Self::ChangeSet => "change-set",
        }
    }
}

/// AWS's status of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStatus {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl RunStatus {
    /// The status for an outcome; without one, the execution runs.
    #[must_use]
    pub const fn of(outcome: Option<OutcomeStatus>) -> Self {
        match outcome {
            None => Self::Running,
            Some(OutcomeStatus::Succeeded) => Self::Succeeded,
            Some(OutcomeStatus::Failed) => Self::Failed,
            Some(OutcomeStatus::TimedOut) => Self::TimedOut,
            Some(OutcomeStatus::Aborted) => Self::Aborted,
        }
    }

    /// AWS's name of the status.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// An execution without its history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionRow {
    pub params: StartParams,
    /// The key of its definition in `definitions`.
    pub definition: String,
    pub revision_id: Option<String>,
    pub trace_header: Option<String>,
    pub status: RunStatus,
    pub stopped_at: Option<i64>,
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub events: u64,
    pub redrives: u64,
    pub redriven_at: Option<i64>,
    /// The client tokens of the last redrives, each with the time of its redrive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redrive_tokens: Vec<(String, i64)>,
    /// The ARNs of the runs of its distributed maps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub map_runs: Vec<String>,
    /// The test case that mocks its tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mock: Option<String>,
}

/// For how long a client token stands for the same redrive, in milliseconds: 15 minutes.
const REDRIVE_TOKEN_LIFE: i64 = 15 * 60 * 1_000;

impl ExecutionRow {
    /// When it was redriven with this client token, if that is recent enough.
    #[must_use]
    pub fn redriven_with(&self, token: Option<&str>, now: i64) -> Option<i64> {
        let found = self
            .redrive_tokens
            .iter()
            .find(|(known, at)| Some(known.as_str()) == token && now - at <= REDRIVE_TOKEN_LIFE);
        found.map(|(_, at)| *at)
    }
}

/// One input of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    pub at: i64,
    pub input: Input,
    /// The expressions that were stopped in its step: see [`countersign_engine::Execution::stopped`].
    pub stopped: Vec<u32>,
}

impl Store {
    /// Every resource of a kind.
    ///
    /// # Errors
    /// The database failed, or holds what this version cannot read.
    pub async fn resources<T: DeserializeOwned>(&self, kind: ResourceKind) -> Result<Vec<T>, StoreError> {
        let rows = sqlx::query("SELECT body FROM things WHERE kind = ? ORDER BY arn")
            .bind(kind.name())
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(|row| Ok(serde_json::from_str(row.try_get::<&str, _>(0)?)?)).collect()
    }

    /// The resources of a kind whose names are from `first` up to `end` (exclusive), by name.
    ///
    /// # Errors
    /// The database failed, or holds what this version cannot read.
    pub async fn resources_between<T: DeserializeOwned>(
        &self,
        kind: ResourceKind,
        first: &str,
        end: &str,
    ) -> Result<Vec<T>, StoreError> {
        let rows = sqlx::query("SELECT body FROM things WHERE kind = ? AND arn >= ? AND arn < ? ORDER BY arn")
            .bind(kind.name())
            .bind(first)
            .bind(end)
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(|row| Ok(serde_json::from_str(row.try_get::<&str, _>(0)?)?)).collect()
    }

    /// The resource under an ARN, or under the name that stands for one.
    ///
    /// # Errors
    /// The database failed, or holds what this version cannot read.
    pub async fn resource<T: DeserializeOwned>(&self, kind: ResourceKind, arn: &str) -> Result<Option<T>, StoreError> {
        let row = sqlx::query("SELECT body FROM things WHERE kind = ? AND arn = ?")
            .bind(kind.name())
            .bind(arn)
            .fetch_optional(&self.reader)
            .await?;
        row.map(|row| Ok(serde_json::from_str(row.try_get::<&str, _>(0)?)?)).transpose()
    }

    /// Stores a resource under its ARN.
    ///
    /// # Errors
    /// The database failed.
    pub async fn keep<T: Serialize + Sync>(&self, kind: ResourceKind, arn: &str, thing: &T) -> Result<(), StoreError> {
        let body = serde_json::to_string(thing)?;
        sqlx::query("INSERT OR REPLACE INTO things (kind, arn, body) VALUES (?, ?, ?)")
            .bind(kind.name())
            .bind(arn)
            .bind(body)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget(&self, kind: ResourceKind, arn: &str) -> Result<(), StoreError> {
        self.forget_all(&[(kind, arn.to_owned())]).await
    }

    /// Deletes resources that belong together, by their kinds and ARNs.
    ///
    /// # Errors
    /// The database failed; nothing was deleted.
    pub async fn forget_all(&self, things: &[(ResourceKind, String)]) -> Result<(), StoreError> {
        let mut all = self.writer.begin().await?;
        for (kind, arn) in things {
            sqlx::query("DELETE FROM things WHERE kind = ? AND arn = ?")
                .bind(kind.name())
                .bind(arn)
                .execute(&mut *all)
                .await?;
        }
        all.commit().await?;
        Ok(())
    }

    /// Every execution.
    ///
    /// # Errors
    /// The database failed, or holds what this version cannot read.
    pub async fn executions(&self) -> Result<Vec<ExecutionRow>, StoreError> {
        let rows = sqlx::query("SELECT body FROM executions").fetch_all(&self.reader).await?;
        rows.iter().map(|row| Ok(serde_json::from_str(row.try_get::<&str, _>(0)?)?)).collect()
    }

    /// Stores a definition under its key, once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn keep_definition(&self, key: &str, text: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT OR IGNORE INTO definitions (hash, text) VALUES (?, ?)")
            .bind(key)
            .bind(text)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// The definition under a key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn definition(&self, key: &str) -> Result<Option<String>, StoreError> {
        let row =
            sqlx::query("SELECT text FROM definitions WHERE hash = ?").bind(key).fetch_optional(&self.reader).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Stores one step of an execution in one transaction: the input, its events, and the execution's row.
    ///
    /// # Errors
    /// The database failed; nothing of the step was stored.
    pub async fn keep_step(
        &self,
        row: &ExecutionRow,
        seq: u64,
        entry: &JournalEntry,
        events: &[HistoryEvent],
    ) -> Result<(), StoreError> {
        let arn = &row.params.execution_arn;
        let mut step = self.writer.begin().await?;
        sqlx::query("INSERT INTO journal (execution, seq, at, input) VALUES (?, ?, ?, ?)")
            .bind(arn)
            .bind(signed(seq))
            .bind(entry.at)
            .bind(serde_json::to_string(&entry.input)?)
            .execute(&mut *step)
            .await?;
        if !entry.stopped.is_empty() {
            sqlx::query("INSERT INTO stopped (execution, seq, expressions) VALUES (?, ?, ?)")
                .bind(arn)
                .bind(signed(seq))
                .bind(serde_json::to_string(&entry.stopped)?)
                .execute(&mut *step)
                .await?;
        }
        if let Some(first) = events.first() {
            sqlx::query("INSERT INTO history (execution, first, events) VALUES (?, ?, ?)")
                .bind(arn)
                .bind(signed(first.id))
                .bind(serde_json::to_string(events)?)
                .execute(&mut *step)
                .await?;
        }
        sqlx::query("INSERT OR REPLACE INTO executions (arn, body) VALUES (?, ?)")
            .bind(arn)
            .bind(serde_json::to_string(row)?)
            .execute(&mut *step)
            .await?;
        step.commit().await?;
        Ok(())
    }

    /// The journal of an execution, in order.
    ///
    /// # Errors
    /// The database failed, or holds what this version cannot read.
    pub async fn journal(&self, arn: &str) -> Result<Vec<JournalEntry>, StoreError> {
        let text = "SELECT at, input, expressions FROM journal LEFT JOIN stopped USING (execution, seq) \
                    WHERE execution = ? ORDER BY seq";
        let rows = sqlx::query(text).bind(arn).fetch_all(&self.reader).await?;
        rows.iter()
            .map(|row| {
                let stopped: Option<&str> = row.try_get(2)?;
                Ok(JournalEntry {
                    at: row.try_get(0)?,
                    input: serde_json::from_str(row.try_get::<&str, _>(1)?)?,
                    stopped: stopped.map(serde_json::from_str).transpose()?.unwrap_or_default(),
                })
            })
            .collect()
    }

    /// The history of an execution, in order.
    ///
    /// # Errors
    /// The database failed, or holds what this version cannot read.
    pub async fn history(&self, arn: &str) -> Result<Vec<HistoryEvent>, StoreError> {
        let rows = sqlx::query("SELECT events FROM history WHERE execution = ? ORDER BY first")
            .bind(arn)
            .fetch_all(&self.reader)
            .await?;
        let mut events = Vec::new();
        for row in rows {
            events.extend(serde_json::from_str::<Vec<HistoryEvent>>(row.try_get(0)?)?);
        }
        Ok(events)
    }
}

/// SQLite's integers are signed; a sequence never reaches their limit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
