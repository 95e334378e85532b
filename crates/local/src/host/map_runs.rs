//! The runs of distributed maps and their child executions, read from the engine that made them.

use std::collections::VecDeque;
use std::sync::Arc;

use countersign_engine::Execution;
use countersign_engine::map_run::{Child, MapRun};

use super::{Host, Shared, lock};
use crate::store::{ExecutionRow, RunStatus, StoreError};

/// How many ended executions' engines are cached.
const RECENT: usize = 4;

/// Engines of ended executions that were built again from their journals, each with its number of redrives.
#[derive(Default)]
pub struct Replayed(VecDeque<(String, u64, Shared<Execution>)>);

impl Host {
    /// Reads from the engine of an execution: the running one, or one built again from the journal.
    async fn look<T>(&self, row: ExecutionRow, pick: impl FnOnce(&Execution) -> T) -> Result<Option<T>, StoreError> {
        let arn = row.params.execution_arn.clone();
        let run = lock(&self.runs).get(&arn).cloned();
        if let Some(run) = run {
            return Ok(Some(pick(&run.lock().await.engine)));
        }
        let redrives = row.redrives;
        if let Some(engine) = self.replayed_of(&row) {
            return Ok(Some(pick(&*engine.lock().await)));
        }
        let ended = row.status != RunStatus::Running;
        let Some(run) = self.replay(row).await? else { return Ok(None) };
        let engine = Arc::new(tokio::sync::Mutex::new(run.engine));
        if ended {
            let mut replayed = lock(&self.replayed);
            replayed.0.push_back((arn, redrives, Arc::clone(&engine)));
            while replayed.0.len() > RECENT {
                replayed.0.pop_front();
            }
        }
        let engine = engine.lock().await;
        Ok(Some(pick(&engine)))
    }

    fn replayed_of(&self, row: &ExecutionRow) -> Option<Shared<Execution>> {
        let (arn, redrives) = (&row.params.execution_arn, row.redrives);
        let replayed = lock(&self.replayed);
        replayed
            .0
            .iter()
            .find(|(known, times, _)| known == arn && *times == redrives)
            .map(|(.., engine)| Arc::clone(engine))
    }

    fn is_at_hand(&self, row: &ExecutionRow) -> bool {
        lock(&self.runs).contains_key(&row.params.execution_arn) || self.replayed_of(row).is_some()
    }

    /// The runs of an execution.
    ///
    /// # Errors
    /// The store failed.
    pub async fn map_runs(&self, row: ExecutionRow) -> Result<Vec<MapRun>, StoreError> {
        if row.map_runs.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.look(row, |engine| engine.map_runs().to_vec()).await?.unwrap_or_default())
    }

    /// A run by its ARN, with its execution.
    ///
    /// # Errors
    /// The store failed.
    pub async fn map_run(&self, arn: &str) -> Result<Option<(ExecutionRow, MapRun)>, StoreError> {
        let row = lock(&self.registry).executions().find(|row| row.map_runs.iter().any(|run| run == arn)).cloned();
        let Some(row) = row else { return Ok(None) };
        let found =
            self.look(row.clone(), |engine| engine.map_runs().iter().find(|run| run.arn == arn).cloned()).await?;
        Ok(found.flatten().map(|run| (row, run)))
    }

    /// A child execution by its ARN: its parent, its run, itself, and the selected part of its history.
    ///
    /// # Errors
    /// The store failed.
    pub async fn child<T>(
        &self,
        arn: &str,
        pick: impl FnOnce(&[countersign_trace::HistoryEvent]) -> T,
    ) -> Result<Option<(ExecutionRow, MapRun, Child, T)>, StoreError> {
        // `execution:MACHINE/LABEL:NAME` or `express:MACHINE/LABEL:NAME:ID` is a child of a run `mapRun:MACHINE/LABEL:ID`.
        let Some((at, _)) = arn.match_indices(':').nth(6) else { return Ok(None) };
        let head = &arn[..at];
        let runs = head.replacen(":execution:", ":mapRun:", 1).replacen(":express:", ":mapRun:", 1) + ":";
        let of_run = |row: &&ExecutionRow| row.map_runs.iter().any(|run| run.starts_with(&runs));
        let mut rows: Vec<ExecutionRow> = if head.contains('/') {
            lock(&self.registry).executions().filter(of_run).cloned().collect()
        } else {
            Vec::new()
        };
        // First those whose engines exist, then the latest: building an engine again takes long.
        rows.sort_by_cached_key(|row| (!self.is_at_hand(row), std::cmp::Reverse(row.params.start_at)));
        let mut pick = Some(pick);
        for row in rows {
            let found = self
                .look(row.clone(), |engine| {
                    let all =
                        engine.map_runs().iter().flat_map(|run| run.children.iter().map(move |child| (run, child)));
                    let (run, child) = all.into_iter().find(|(_, child)| child.arn == arn)?;
                    let picked = pick.take()?(engine.child_history(child.log));
                    Some((run.clone(), child.clone(), picked))
                })
                .await?;
            if let Some((run, child, picked)) = found.flatten() {
                return Ok(Some((row, run, child, picked)));
            }
        }
        Ok(None)
    }
}
