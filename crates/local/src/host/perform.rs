//! Performing the engine's actions.

use std::sync::Arc;

use countersign_engine::{Action, Input, Integration, Pattern, TaskId, TaskRequest};
use tokio::task::JoinSet;

use super::{Host, Offer, lock};
use crate::integrations::{self, TaskOutcome};

impl Host {
    pub(super) fn perform(self: &Arc<Self>, arn: &str, action: Action) {
        match action {
            Action::StartTask(request) => self.start_task(arn, *request),
            Action::CancelTask { task } => self.cancel(arn, task),
            Action::SetTimer { timer, at } => self.timers.set(arn, timer, at),
            Action::CancelTimer { timer } => self.timers.cancel(arn, timer),
        }
    }

    fn start_task(self: &Arc<Self>, arn: &str, request: TaskRequest) {
        if let Some(token) = &request.token {
            lock(&self.tokens).insert(token.clone(), (arn.to_owned(), request.task));
        }
        match &request.integration {
            // Its worker has it, or a worker will ask for it.
            Integration::Activity { arn: activity } if !request.started => {
                if lock(&self.registry).activities.contains_key(activity) {
                    self.offer(arn, activity.clone(), &request);
                } else {
                    self.refuse(arn, activity, request.task);
                }
                return;
            }
            Integration::Activity { .. } => return,
            // The holder of the token answers.
            Integration::Service { pattern: Pattern::WaitForTaskToken, .. } if request.submitted.is_some() => return,
            _ => {}
        }
        let task = request.task;
        let host = Arc::clone(self);
        let execution = arn.to_owned();
        let key = (execution.clone(), task);
        // The lock is held while the task is created: one that ends at once must not be removed before it was added.
        let mut under_way = lock(&self.under_way);
        let handle = tokio::spawn(async move {
            let ran = guarded(integrations::run(Arc::clone(&host), execution.clone(), request)).await;
            lock(&host.under_way).remove(&(execution.clone(), task));
            lock(&host.children).remove(&(execution.clone(), task));
            for input in inputs(task, ran) {
                host.notify(&execution, input).await;
            }
        });
        under_way.insert(key, handle.abort_handle());
    }

    /// Records the execution that a task started and waits for: if the task is cancelled, the execution is stopped.
    pub(crate) fn note_child(&self, arn: &str, task: TaskId, child: &str) {
        lock(&self.children).insert((arn.to_owned(), task), child.to_owned());
    }

    /// Fails the task of an activity that was deleted while it was scheduled: no worker could ever ask for it.
    fn refuse(self: &Arc<Self>, arn: &str, activity: &str, task: TaskId) {
        let (host, execution) = (Arc::clone(self), arn.to_owned());
        let cause = format!("The activity {activity} does not exist.");
        let input = Input::TaskStartFailed { task, error: "States.Runtime".to_owned(), cause };
        tokio::spawn(async move { host.notify(&execution, input).await });
    }

    fn offer(&self, execution: &str, activity: String, request: &TaskRequest) {
        let offer = Offer {
            execution: execution.to_owned(),
            task: request.task,
            token: request.token.clone().unwrap_or_default(),
            input: request.parameters.to_string(),
        };
        lock(&self.offers).entry(activity).or_default().push(offer);
        self.offered.notify_waiters();
    }

    fn cancel(self: &Arc<Self>, arn: &str, task: TaskId) {
        self.close(arn, task);
        let key = (arn.to_owned(), task);
        if let Some(handle) = lock(&self.under_way).remove(&key) {
            handle.abort();
        }
        let child = lock(&self.children).remove(&key);
        if let Some(child) = child {
            let host = Arc::clone(self);
            tokio::spawn(async move { host.notify(&child, Input::Stop { error: None, cause: None }).await });
        }
    }

    /// Forgets the token of a task that takes no more answers.
    pub(super) fn close(&self, arn: &str, task: TaskId) {
        lock(&self.tokens).retain(|_, (execution, known)| execution != arn || *known != task);
        for offers in lock(&self.offers).values_mut() {
            offers.retain(|offer| offer.execution != arn || offer.task != task);
        }
    }

    /// The next task of an activity. Waits for one as long as its caller does.
    pub async fn take_offer(&self, activity: &str) -> Offer {
        loop {
            let offered = self.offered.notified();
            tokio::pin!(offered);
            // Registers before it looks, so that an offer in between wakes it.
            offered.as_mut().enable();
            let first = {
                let mut offers = lock(&self.offers);
                offers.get_mut(activity).filter(|offers| !offers.is_empty()).map(|offers| offers.remove(0))
            };
            match first {
                Some(offer) => return offer,
                None => offered.await,
            }
        }
    }
}

/// The outcome of a task's run. A panic is an outcome as well: without one the execution would wait for ever.
async fn guarded(run: impl Future<Output = TaskOutcome> + Send + 'static) -> TaskOutcome {
    // A set aborts its tasks when this future is cancelled.
    let mut running = JoinSet::from_iter([run]);
    match running.join_next().await {
        Some(Ok(answer)) => answer,
        failed => {
            tracing::error!(?failed, "the embedded engine failed at a task");
            TaskOutcome::failed(
                "States.TaskFailed",
                "The embedded engine failed at this task, which is a defect of it.",
            )
        }
    }
}

/// The inputs for the outcome of a task's run. `TaskStarted` was fed when the call began.
fn inputs(task: TaskId, answer: TaskOutcome) -> Vec<Input> {
    match answer {
        TaskOutcome::Done(output) => vec![Input::TaskSucceeded { task, output }],
        TaskOutcome::Submitted(output) => vec![Input::TaskSubmitted { task, output }],
        TaskOutcome::Failed { error, cause } => vec![Input::TaskFailed { task, error, cause }],
        TaskOutcome::Nothing => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_of_a_task_is_its_failure() {
        let answer = guarded(async { panic!("by a defect") }).await;
        assert!(matches!(answer, TaskOutcome::Failed { error, .. } if error == "States.TaskFailed"));
        let done = || TaskOutcome::Done("1".to_owned());
        assert_eq!(guarded(async move { done() }).await, done());
    }
}
