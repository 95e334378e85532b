//! Performing the engine's actions.

use std::sync::Arc;

use countersign_engine::{Action, Input, Integration, TaskId, TaskRequest};

use super::{Host, Offer, lock};
use crate::integrations::{self, Answer};

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
        if let Integration::Activity { arn: activity } = &request.integration {
            self.offer(arn, activity.clone(), &request);
            return;
        }
        let task = request.task;
        let host = Arc::clone(self);
        let execution = arn.to_owned();
        let key = (execution.clone(), task);
        let handle = tokio::spawn(async move {
            let ran = Box::pin(integrations::run(Arc::clone(&host), execution.clone(), request)).await;
            lock(&host.under_way).remove(&(execution.clone(), task));
            for input in inputs(task, ran) {
                host.feed_apart(&execution, input).await;
            }
        });
        lock(&self.under_way).insert(key.clone(), handle.abort_handle());
        // It may have ended before it was put there.
        if handle.is_finished() {
            lock(&self.under_way).remove(&key);
        }
    }

    /// Feeds an input in a task of its own: a call that is aborted must not abort a step half-way.
    pub(crate) async fn feed_apart(self: &Arc<Self>, arn: &str, input: Input) {
        let host = Arc::clone(self);
        let execution = arn.to_owned();
        let fed = tokio::spawn(async move {
            if let Err(error) = host.feed(&execution, input).await {
                tracing::error!(%execution, %error, "a task's news could not be kept");
            }
        });
        // It cannot be cancelled, and a panic in it is reported by its own hook.
        let _ = fed.await;
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

    fn cancel(&self, arn: &str, task: TaskId) {
        lock(&self.tokens).retain(|_, (execution, known)| execution != arn || *known != task);
        for offers in lock(&self.offers).values_mut() {
            offers.retain(|offer| offer.execution != arn || offer.task != task);
        }
        if let Some(handle) = lock(&self.under_way).remove(&(arn.to_owned(), task)) {
            handle.abort();
        }
    }

    /// The next task of an activity; waits for one as long as the caller does.
    pub async fn take_offer(&self, activity: &str) -> Offer {
        loop {
            let offered = self.offered.notified();
            tokio::pin!(offered);
            // Registered before looking, so that an offer made in between wakes this.
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

/// What the execution hears of a task's run. `TaskStarted` was fed when the call began.
fn inputs(task: TaskId, answer: Answer) -> Vec<Input> {
    match answer {
        Answer::Done(output) => vec![Input::TaskSucceeded { task, output }],
        Answer::SubmittedAndDone { submitted, output } => {
            vec![Input::TaskSubmitted { task, output: submitted }, Input::TaskSucceeded { task, output }]
        }
        Answer::Submitted(output) => vec![Input::TaskSubmitted { task, output }],
        Answer::Failed { error, cause } => vec![Input::TaskFailed { task, error, cause }],
        Answer::SubmitFailed { error, cause } => vec![Input::TaskSubmitFailed { task, error, cause }],
        Answer::Nothing => Vec::new(),
    }
}
