//! The functions of the connection, as far as it tells which there are.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::actor::Actor;
use crate::connection::{FunctionCall, KnownFunctions};
use crate::desk::Desk;
use crate::news::Topic;
use crate::watch::Record;

/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(700);

/// What the calls of one attempt printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Printed {
    Calls(Vec<FunctionCall>),
    /// The actor may not see payloads, and what a function prints may hold anything.
    Withheld,
}

impl Desk {
    /// The functions now: asked for again, so that a plan never misses one that was just added. Where the engine does not
    /// answer, what it told last.
    pub(crate) async fn functions_now(&self) -> KnownFunctions {
        let Some(host) = &self.watch().connection.functions else { return self.definitions().known_functions() };
        match host.functions().await {
            Ok(known) => self.definitions().tell_functions(known),
            Err(error) => tracing::debug!(%error, "the functions are not known anew"),
        }
        self.definitions().known_functions()
    }

    /// Publishes changes of the functions until `end`, so that pages with a plan read it again.
    #[expect(clippy::disallowed_methods, reason = "the timer between two questions; a test asks without the loop")]
    pub(crate) async fn follow_functions(&self, end: &CancellationToken) {
        if self.watch().connection.functions.is_none() {
            return;
        }
        let mut before = self.functions_now().await;
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
            let now = self.functions_now().await;
            if now != before {
                before = now;
                self.watch().changes.publish([Topic::Workflows]);
            }
        }
    }

    /// What the function that the event `event` of an execution scheduled has printed, without task tokens; `None` where the
    /// connection does not tell, or has nothing.
    pub async fn printed(&self, actor: &Actor, record: &Arc<Record>, event: u64) -> Option<Printed> {
        let host = self.watch().connection.functions.as_ref()?;
        let mut calls = match host.output(&record.description.arn, event).await {
            Ok(calls) => calls,
            Err(error) => {
                tracing::debug!(%error, "the output of a function is not known");
                return None;
            }
        };
        calls.retain(|call| !call.text.is_empty());
        if calls.is_empty() {
            return None;
        }
        let eyes = self.eyes_on(actor, record);
        if !eyes.see_all() {
            return Some(Printed::Withheld);
        }
        let shown = |call: FunctionCall| FunctionCall { text: eyes.text(&call.text), ..call };
        Some(Printed::Calls(calls.into_iter().map(shown).collect()))
    }
}
