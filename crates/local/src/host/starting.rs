//! How an execution begins to run: started, or redriven.

use std::sync::{Arc, Weak};

use countersign_engine::{Input, StartParams};

use super::{Host, Run, Shared, apart, lock};
use crate::store::{ExecutionRow, RunStatus, StoreError};

/// How many client tokens of an execution's redrives are remembered.
const REDRIVE_TOKENS: usize = 10;

/// The parameters of a start.
#[derive(Clone, Debug)]
pub struct Start {
    pub params: StartParams,
    /// The definition's text.
    pub definition: String,
    pub revision_id: Option<String>,
    pub trace_header: Option<String>,
    /// The test case that mocks its tasks.
    pub mock: Option<String>,
}

impl Start {
    /// The row of the execution before its first step; `definition` is the key of its definition.
    fn row(self, definition: String) -> ExecutionRow {
        ExecutionRow {
            params: self.params,
            definition,
            revision_id: self.revision_id,
            trace_header: self.trace_header,
            status: RunStatus::Running,
            stopped_at: None,
            output: None,
            error: None,
            cause: None,
            events: 0,
            redrives: 0,
            redriven_at: None,
            redrive_tokens: Vec::new(),
            map_runs: Vec::new(),
            mock: self.mock,
        }
    }
}

impl Host {
    /// Starts an execution. When this returns, its row is in the registry and its first step is stored. If an execution
    /// of this ARN exists already, nothing is started, and its row is returned.
    ///
    /// # Errors
    /// The store failed; then it was not started.
    pub async fn start(self: &Arc<Self>, start: Start) -> Result<Option<ExecutionRow>, StoreError> {
        let host = Arc::clone(self);
        apart(async move {
            let arn = start.params.execution_arn.clone();
            let _alone = host.gate(&arn).lock_owned().await;
            let known = lock(&host.registry).execution(&arn).cloned();
            if known.is_some() {
                return Ok(known);
            }
            let key = crate::api::arn::fingerprint(&start.definition);
            host.store.keep_definition(&key, &start.definition).await?;
            let Some(program) = host.program(&key).await? else {
                return Err(StoreError::Row(serde::de::Error::custom("the definition does not compile")));
            };
            let row = start.row(key);
            let engine = host.engine(program, &row);
            let run = host.hold(Run { engine, row, seq: 0, kept_events: 0, ahead: false });
            let started = host.step(&mut *run.lock().await, Input::Start).await;
            // What was not started does not exist.
            if started.is_err() {
                lock(&host.runs).remove(&arn);
            }
            started.map(|()| None)
        })
        .await
    }

    /// Redrives an ended execution: its engine is built again from the journal, and continues. Returns the time of the
    /// redrive, which may be an earlier one with the same client token; `None` if the execution runs.
    ///
    /// # Errors
    /// The store failed.
    pub async fn redrive(self: &Arc<Self>, arn: &str, token: Option<String>) -> Result<Option<i64>, StoreError> {
        let host = Arc::clone(self);
        let arn = arn.to_owned();
        apart(async move {
            let _alone = host.gate(&arn).lock_owned().await;
            let Some(mut row) = lock(&host.registry).execution(&arn).cloned() else { return Ok(None) };
            let now = host.clock.now();
            if let Some(at) = row.redriven_with(token.as_deref(), now) {
                return Ok(Some(at));
            }
            if row.status == RunStatus::Running {
                return Ok(None);
            }
            row.redrive_tokens.extend(token.map(|token| (token, now)));
            let old = row.redrive_tokens.len().saturating_sub(REDRIVE_TOKENS);
            row.redrive_tokens.drain(..old);
            let Some(run) = host.replay(row).await? else { return Ok(None) };
            let run = host.hold(run);
            let redriven = host.step(&mut *run.lock().await, Input::Redrive).await;
            if redriven.is_err() {
                lock(&host.runs).remove(&arn);
            }
            redriven.map(|()| Some(now))
        })
        .await
    }

    /// The lock under which an execution starts to run: of two starts with one name, one starts it. Its first step may
    /// take long, so every execution has a lock of its own.
    fn gate(&self, arn: &str) -> Shared<()> {
        let mut gates = lock(&self.gates);
        if let Some(gate) = gates.get(arn).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Shared::default();
        gates.insert(arn.to_owned(), Arc::downgrade(&gate));
        gate
    }
}
