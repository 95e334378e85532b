//! The record of what people did.

use crate::actor::Actor;
use crate::desk::Desk;
use crate::error::Error;
use crate::news::Topic;
use crate::policy::Action;
use crate::store::{Act, ActFilter, ActPage, Deed, Recorded};

/// Entries a page.
const PAGE: u32 = 100;

/// An act other than a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    Started {
        workflow: String,
        execution_arn: Option<String>,
        name: String,
    },
    Stopped {
        execution_arn: String,
        cause: String,
    },
    Redriven {
        execution_arn: String,
    },
    /// The acting person was changed to the one with this name.
    ActsAs {
        name: String,
    },
    /// The record was given as a file: in which form, and which entries.
    Exported {
        what: String,
    },
}

impl Desk {
    /// Records an act. The act has already happened: if recording fails, the log has it.
    pub async fn note(&self, actor: &Actor, done: Done) {
        let (deed, workflow, execution_arn, detail) = match done {
            Done::Started { workflow, execution_arn, name } => (Deed::Started, Some(workflow), execution_arn, name),
            Done::Stopped { execution_arn, cause } => (Deed::Stopped, None, Some(execution_arn), cause),
            Done::Redriven { execution_arn } => (Deed::Redriven, None, Some(execution_arn), String::new()),
            Done::ActsAs { name } => (Deed::ActedAs, None, None, name),
            Done::Exported { what } => (Deed::Exported, None, None, what),
        };
        let at = self.now();
        let (person_id, person_name) = (actor.id().to_owned(), actor.name().to_owned());
        let act = Act { deed, workflow, execution_arn, event: None, detail, person_id, person_name, at };
        if let Err(error) = self.store().act(self.id(), &act).await {
            tracing::error!(%error, ?act, "an act could not be put on record");
        }
        self.watch().changes.publish([Topic::Inbox]);
    }

    /// A page of the acts and decisions that are wanted, newest first, without those on workflows that the actor may not see:
    /// those before the entry `before`, or the newest.
    ///
    /// # Errors
    /// The actor may not see it, or the store failed.
    pub async fn audit(&self, actor: &Actor, wanted: &ActFilter, before: Option<i64>) -> Result<ActPage, Error> {
        self.permit(actor, Action::ViewAudit, None)?;
        let mut page = self.store().acts(self.id(), wanted, before, PAGE).await?;
        page.entries.retain(|entry| entry.workflow().is_none_or(|workflow| self.sees(actor, workflow)));
        for entry in &mut page.entries {
            let hides = match entry.workflow() {
                Some(workflow) => !self.eyes(actor, workflow).see_all(),
                None => self.permit(actor, Action::ViewPayload, None).is_err(),
            };
            match &mut entry.what {
                Recorded::Decision(decision) => **decision = self.as_seen(actor, (**decision).clone()),
                Recorded::Act(act) if hides && act.deed.quotes_payloads() => act.detail.clear(),
                Recorded::Act(_) => {}
            }
        }
        // What is hidden is not found either.
        if let Some(text) = &wanted.text {
            page.entries.retain(|entry| entry.has(text));
        }
        Ok(page)
    }
}
