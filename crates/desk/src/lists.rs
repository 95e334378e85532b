//! Lists and counts of executions and requests, from the index.

use crate::actor::Actor;
use crate::connection::ExecutionStatus;
use crate::desk::{Desk, workflow_of};
use crate::error::Error;
use crate::index::{ExecutionCursor, ExecutionPage, ExecutionRow, Filter, InboxCursor, InboxPage, Shown, Tally};
use crate::policy::Action;
use crate::starting::refuse_express;
use crate::watch::NEWS_MS;

/// How the executions fared that ended in the last 24 hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    pub ended: u64,
    pub succeeded: u64,
    /// Failed or timed out.
    pub failed: u64,
    /// The latest of these, the latest end first.
    pub failures: Vec<ExecutionRow>,
}

impl Desk {
    /// Executions, newest first: those of one workflow or all, with one shown status or all; at most `limit` of those that
    /// come before the cursor. The children of Map Runs are in [`Desk::children`].
    ///
    /// # Errors
    /// There is no such workflow, or the index cannot be read.
    pub async fn executions(
        &self,
        actor: &Actor,
        workflow: Option<&str>,
        shown: Option<Shown>,
        before: Option<ExecutionCursor>,
        limit: u32,
    ) -> Result<ExecutionPage, Error> {
        self.permit(actor, Action::View, workflow, None)?;
        let snapshot = self.known().await?;
        let machine_arn = match workflow {
            None => None,
            Some(name) => match snapshot.machine_named(name) {
                Some(machine) => Some(machine.arn.clone()),
                // One that was deleted has no executions any more.
                None => return Ok(ExecutionPage::default()),
            },
        };
        let filter = Filter { machine_arn, shown, parent_arn: None };
        Ok(self.index().executions(self.id(), &filter, before, limit).await?)
    }

    /// The children of an execution's Map Runs, newest first.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn children(
        &self,
        actor: &Actor,
        arn: &str,
        shown: Option<Shown>,
        before: Option<ExecutionCursor>,
        limit: u32,
    ) -> Result<ExecutionPage, Error> {
        refuse_express(arn)?;
        self.permit(actor, Action::View, workflow_of(arn), None)?;
        let filter = Filter { machine_arn: None, shown, parent_arn: Some(arn.to_owned()) };
        Ok(self.index().executions(self.id(), &filter, before, limit).await?)
    }

    /// One execution as it was listed last; `None` if no list has it.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn listed(&self, actor: &Actor, arn: &str) -> Result<Option<ExecutionRow>, Error> {
        self.permit(actor, Action::View, workflow_of(arn), None)?;
        Ok(self.index().execution(self.id(), arn).await?)
    }

    /// How many executions each machine has in each shown status, and how many requests.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn tallies(&self, actor: &Actor) -> Result<Vec<Tally>, Error> {
        self.permit(actor, Action::View, None, None)?;
        Ok(self.index().tallies(self.id()).await?)
    }

    /// How the executions fared that ended in the last 24 hours, with at most `limit` of the failures.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn last_day(&self, actor: &Actor, limit: u32) -> Result<Day, Error> {
        self.permit(actor, Action::View, None, None)?;
        let since = self.now() - NEWS_MS;
        let mut day = Day { failures: self.index().failures(self.id(), since, limit).await?, ..Day::default() };
        for (status, n) in self.index().ended_since(self.id(), since).await? {
            day.ended += n;
            match status {
                ExecutionStatus::Succeeded => day.succeeded += n,
                ExecutionStatus::Failed | ExecutionStatus::TimedOut => day.failed += n,
                ExecutionStatus::Running | ExecutionStatus::Aborted => {}
            }
        }
        Ok(day)
    }

    /// What waits for people, in the order of the inbox: at most `limit` requests after the cursor.
    ///
    /// # Errors
    /// The connection has never answered, or the index cannot be read.
    pub async fn waiting(&self, actor: &Actor, after: Option<InboxCursor>, limit: u32) -> Result<InboxPage, Error> {
        self.permit(actor, Action::View, None, None)?;
        self.known().await?;
        Ok(self.index().inbox(self.id(), after, limit).await?)
    }

    /// The requests of the children of an execution's Map Runs, at most `limit`.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn waiting_under(&self, actor: &Actor, arn: &str, limit: u32) -> Result<InboxPage, Error> {
        self.permit(actor, Action::View, workflow_of(arn), None)?;
        Ok(self.index().waiting_under(self.id(), arn, limit).await?)
    }
}
