//! The record of what people did.

use crate::actor::Actor;
use crate::desk::Desk;
use crate::error::Error;
use crate::news::Topic;
use crate::policy::Action;
use crate::store::{Act, Decision, Deed};

/// Entries of the record that are read at once.
const ALL: u32 = 500;

/// Something on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditEntry {
    Decision(Box<Decision>),
    Act(Act),
}

impl AuditEntry {
    /// When it was done, in milliseconds since the epoch.
    #[must_use]
    pub fn at(&self) -> i64 {
        match self {
            Self::Decision(decision) => decision.decision.decided_at,
            Self::Act(act) => act.at,
        }
    }
}

/// What somebody did, besides deciding.
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
    Deployed {
        workflow: String,
    },
    /// Another person acts from now on, of this name.
    ActsAs {
        name: String,
    },
}

impl Desk {
    /// Puts on record what somebody did. It is done: where the record fails, the log has it.
    pub async fn note(&self, actor: &Actor, done: Done) {
        let (deed, workflow, execution_arn, detail) = match done {
            Done::Started { workflow, execution_arn, name } => (Deed::Started, Some(workflow), execution_arn, name),
            Done::Stopped { execution_arn, cause } => (Deed::Stopped, None, Some(execution_arn), cause),
            Done::Deployed { workflow } => (Deed::Deployed, Some(workflow), None, String::new()),
            Done::ActsAs { name } => (Deed::ActedAs, None, None, name),
        };
        let at = self.now();
        let act = Act { deed, workflow, execution_arn, detail, person_name: actor.name().to_owned(), at };
        if let Err(error) = self.store().act(actor, &act).await {
            tracing::error!(%error, ?act, person = actor.id(), "an act could not be put on record");
        }
        self.watch().changes.publish([Topic::Inbox]);
    }

    /// What people did, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn audit(&self, actor: &Actor) -> Result<Vec<AuditEntry>, Error> {
        self.permit(actor, Action::ViewAudit, None, None)?;
        let decisions = self.store().latest(ALL).await?.into_iter().map(|one| AuditEntry::Decision(Box::new(one)));
        let acts = self.store().acts(ALL).await?.into_iter().map(AuditEntry::Act);
        let mut entries: Vec<AuditEntry> = decisions.chain(acts).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at()));
        entries.truncate(ALL as usize);
        Ok(entries)
    }
}
