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
}

impl Desk {
    /// Records an act. The act has already happened: if recording fails, the log has it.
    pub async fn note(&self, actor: &Actor, done: Done) {
        let (deed, workflow, execution_arn, detail) = match done {
            Done::Started { workflow, execution_arn, name } => (Deed::Started, Some(workflow), execution_arn, name),
            Done::Stopped { execution_arn, cause } => (Deed::Stopped, None, Some(execution_arn), cause),
            Done::Redriven { execution_arn } => (Deed::Redriven, None, Some(execution_arn), String::new()),
            Done::ActsAs { name } => (Deed::ActedAs, None, None, name),
        };
        let at = self.now();
        let (person_id, person_name) = (actor.id().to_owned(), actor.name().to_owned());
        let act = Act { deed, workflow, execution_arn, event: None, detail, person_id, person_name, at };
        if let Err(error) = self.store().act(self.id(), &act).await {
            tracing::error!(%error, ?act, "an act could not be put on record");
        }
        self.watch().changes.publish([Topic::Inbox]);
    }

    /// Puts on record that a person looked at a request, the first time that they do. A request is shown though this fails:
    /// then the log has it.
    pub async fn saw(&self, actor: &Actor, (arn, event): (&str, u64), workflow: &str, title: &str) {
        let Some(person) = actor.person() else { return };
        let act = Act {
            deed: Deed::Seen,
            workflow: Some(workflow.to_owned()),
            execution_arn: Some(arn.to_owned()),
            event: Some(event),
            detail: title.to_owned(),
            person_id: person.id.clone(),
            person_name: person.name.clone(),
            at: self.now(),
        };
        if let Err(error) = self.store().seen(self.id(), &act).await {
            tracing::error!(%error, ?act, "that a request was seen could not be put on record");
        }
    }

    /// Puts on record that a person saw payloads of an execution, the first time that they do. They are shown though this
    /// fails: then the log has it.
    pub(crate) async fn viewed(&self, actor: &Actor, arn: &str, workflow: &str) {
        let Some(person) = actor.person() else { return };
        let act = Act {
            deed: Deed::Viewed,
            workflow: Some(workflow.to_owned()),
            execution_arn: Some(arn.to_owned()),
            event: None,
            detail: String::new(),
            person_id: person.id.clone(),
            person_name: person.name.clone(),
            at: self.now(),
        };
        if let Err(error) = self.store().seen(self.id(), &act).await {
            tracing::error!(%error, ?act, "that payloads were seen could not be put on record");
        }
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
            let hides = entry.workflow().is_some_and(|workflow| !self.eyes(actor, workflow).see_all());
            match &mut entry.what {
                Recorded::Decision(decision) => **decision = self.as_seen(actor, (**decision).clone()),
                // The title of the request, which is made of what was asked.
                Recorded::Act(act) if hides && matches!(act.deed, Deed::Seen | Deed::Voted) => act.detail.clear(),
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
