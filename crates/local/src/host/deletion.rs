//! Machines that are deleted while they run: no execution can be started, running ones end at their next transition,
//! and the machine is gone with the last of them.

use std::sync::Arc;

use countersign_engine::Input;

use super::{Host, lock};
use crate::store::StoreError;

impl Host {
    /// Replaces the input of an execution whose machine is being deleted: one that would lead to another state becomes
    /// a stop.
    pub(super) fn or_stopped(&self, machine: &str, input: Input) -> Input {
        let moves = matches!(input, Input::TimerFired { .. } | Input::TaskSucceeded { .. } | Input::TaskFailed { .. });
        if moves && lock(&self.registry).machines.get(machine).is_some_and(|machine| machine.deleting) {
            return Input::Stop { error: None, cause: None };
        }
        input
    }

    /// Forgets a machine that is being deleted, if none of its executions runs.
    ///
    /// # Errors
    /// The store failed.
    pub async fn finish_deletion(&self, machine: &str) -> Result<(), StoreError> {
        let parts = {
            let registry = lock(&self.registry);
            let deleting = registry.machines.get(machine).is_some_and(|machine| machine.deleting);
            if !deleting || registry.is_running(machine) {
                return Ok(());
            }
            registry.parts_of(machine)
        };
        self.store.forget_all(&parts).await?;
        lock(&self.registry).forget_machine(machine);
        Ok(())
    }

    /// Does the same for every machine, after a restart.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn finish_deletions(&self) -> Result<(), StoreError> {
        let machines: Vec<String> = {
            let registry = lock(&self.registry);
            registry.machines.values().filter(|machine| machine.deleting).map(|machine| machine.arn.clone()).collect()
        };
        for machine in machines {
            self.finish_deletion(&machine).await?;
        }
        Ok(())
    }

    /// After an execution has ended, checks whether its machine waits for that. It runs in a task of its own: the
    /// holder of the lock may be waiting for this very execution.
    pub(super) fn deletion_after(self: &Arc<Self>, machine: &str) {
        if !lock(&self.registry).machines.get(machine).is_some_and(|machine| machine.deleting) {
            return;
        }
        let (host, machine) = (Arc::clone(self), machine.to_owned());
        tokio::spawn(async move {
            let _alone = host.changes.lock().await;
            if let Err(error) = host.finish_deletion(&machine).await {
                tracing::error!(%machine, %error, "a deleted machine could not be forgotten");
            }
        });
    }
}
