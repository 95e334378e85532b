//! Lists and counts of executions and requests, from the index.

use std::collections::BTreeMap;

use crate::actor::Actor;
use crate::connection::ExecutionStatus;
use crate::desk::{Desk, workflow_of};
use crate::error::Error;
use crate::index::{
    Bar, Bars, Counted, Ended, ExecutionCursor, ExecutionPage, ExecutionRow, Filter, InboxCursor, InboxPage, MapRun,
    Shown, Span, Tally, Unread,
};
use crate::policy::Action;
use crate::search::Search;
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
    /// How many of each machine ended, and how many of them succeeded, by its ARN.
    pub by_machine: BTreeMap<String, (u64, u64)>,
}

/// What a list of executions is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub workflow: Option<String>,
    /// The execution whose Map Runs started them, or one of these Map Runs, by its ARN.
    pub parent: Option<String>,
    pub shown: Option<Shown>,
    /// Those that started at this time or later, and those that started before this one, in milliseconds since the epoch.
    pub from: Option<i64>,
    pub until: Option<i64>,
    pub search: Search,
}

/// Whether an ARN is that of a Map Run.
#[must_use]
pub fn is_map_run(arn: &str) -> bool {
    arn.split(':').nth(5) == Some("mapRun")
}

impl Desk {
    /// What the index is asked for; `None` where the workflow is gone, and its executions with it.
    async fn filter(&self, actor: &Actor, wanted: &Wanted) -> Result<Option<Filter>, Error> {
        let workflow = wanted.workflow.as_deref().or_else(|| wanted.parent.as_deref().and_then(workflow_of));
        if workflow.is_some() {
            self.permit(actor, Action::View, workflow)?;
        }
        let snapshot = self.known().await?;
        let mut sight = self.sight(actor)?;
        if wanted.search.reads_contents() {
            // What a search finds says what is in there.
            let read = self.sight_for(actor, Action::ViewPayload)?;
            sight = if read.is_all() { sight } else { read };
        }
        let mut filter = Filter {
            machine_arn: None,
            sight,
            shown: wanted.shown,
            parent_arn: wanted.parent.clone().filter(|arn| !is_map_run(arn)),
            map_runs: wanted.parent.iter().filter(|arn| is_map_run(arn)).cloned().collect(),
            from: wanted.from,
            until: wanted.until,
            terms: wanted.search.terms.clone(),
        };
        if let Some(parent) = &wanted.parent {
            refuse_express(parent)?;
        } else if let Some(name) = &wanted.workflow {
            let Some(machine) = snapshot.machine_named(name) else { return Ok(None) };
            filter.machine_arn = Some(machine.arn.clone());
        }
        Ok(Some(filter))
    }

    /// Executions, newest first: at most `limit` of those that come before the cursor. What was found by the contents of
    /// payloads goes on record.
    ///
    /// # Errors
    /// The connection has never answered, or the index cannot be read.
    pub async fn select(
        &self,
        actor: &Actor,
        wanted: &Wanted,
        before: Option<ExecutionCursor>,
        limit: u32,
    ) -> Result<ExecutionPage, Error> {
        let Some(filter) = self.filter(actor, wanted).await? else { return Ok(ExecutionPage::default()) };
        let page = self.index().executions(self.id(), &filter, before, limit).await?;
        if wanted.search.reads_contents() && !page.rows.is_empty() {
            self.found_by_contents(actor, wanted.workflow.as_deref(), &wanted.search).await;
        }
        Ok(page)
    }

    /// Whether the index has all executions that the Map Runs of an execution started, or one of these Map Runs. Where it
    /// has not, because nobody followed them while they ran, their lists are read from now on.
    ///
    /// # Errors
    /// The connection does not answer, or has no such execution or Map Run; or the index cannot be read.
    pub async fn has_all_under(&self, actor: &Actor, parent: &str) -> Result<bool, Error> {
        refuse_express(parent)?;
        self.permit(actor, Action::View, workflow_of(parent))?;
        Ok(self.watch().has_all_under(parent, is_map_run(parent)).await?)
    }

    /// How many executions there are of these, counted up to `most`.
    ///
    /// # Errors
    /// Those of [`Desk::select`].
    pub async fn count(&self, actor: &Actor, wanted: &Wanted, most: u32) -> Result<Counted, Error> {
        let Some(filter) = self.filter(actor, wanted).await? else { return Ok(Counted::default()) };
        Ok(self.index().count(self.id(), &filter, most).await?)
    }

    /// How many of these executions started in each part of a span.
    ///
    /// # Errors
    /// Those of [`Desk::select`].
    pub async fn starts(&self, actor: &Actor, wanted: &Wanted, span: Span) -> Result<Bars, Error> {
        let Some(filter) = self.filter(actor, wanted).await? else {
            return Ok(Bars { bars: vec![Bar::default(); span.bars], most: None });
        };
        Ok(self.index().starts(self.id(), &filter, span).await?)
    }

    /// When the oldest known execution started.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn oldest(&self, actor: &Actor) -> Result<Option<i64>, Error> {
        self.sight(actor)?;
        Ok(self.index().oldest(self.id()).await?)
    }

    /// How many executions cannot be searched by their contents.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn unread(&self, actor: &Actor) -> Result<Unread, Error> {
        let sight = self.sight(actor)?;
        Ok(self.index().unread(self.id(), &sight).await?)
    }

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
        if workflow.is_some() {
            self.permit(actor, Action::View, workflow)?;
        }
        let snapshot = self.known().await?;
        let sight = self.sight(actor)?;
        let machine_arn = match workflow {
            None => None,
            Some(name) => match snapshot.machine_named(name) {
                Some(machine) => Some(machine.arn.clone()),
                // One that was deleted has no executions any more.
                None => return Ok(ExecutionPage::default()),
            },
        };
        let filter = Filter { machine_arn, sight, shown, ..Filter::default() };
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
        self.permit(actor, Action::View, workflow_of(arn))?;
        let filter = Filter { shown, parent_arn: Some(arn.to_owned()), ..Filter::default() };
        Ok(self.index().executions(self.id(), &filter, before, limit).await?)
    }

    /// The children of Map Runs of an execution that are in one shown status, newest first.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn children_of_runs(
        &self,
        actor: &Actor,
        arn: &str,
        runs: &[String],
        shown: Shown,
        before: Option<ExecutionCursor>,
        limit: u32,
    ) -> Result<ExecutionPage, Error> {
        refuse_express(arn)?;
        self.permit(actor, Action::View, workflow_of(arn))?;
        // No runs are no restriction for the index.
        if runs.is_empty() {
            return Ok(ExecutionPage::default());
        }
        let filter = Filter { shown: Some(shown), map_runs: runs.to_vec(), ..Filter::default() };
        Ok(self.index().executions(self.id(), &filter, before, limit).await?)
    }

    /// The Map Runs of an execution, and how their executions fare.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn map_runs(&self, actor: &Actor, arn: &str) -> Result<Vec<MapRun>, Error> {
        self.permit(actor, Action::View, workflow_of(arn))?;
        Ok(self.index().map_runs(self.id(), arn).await?)
    }

    /// One execution as it was listed last; `None` if no list has it.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn listed(&self, actor: &Actor, arn: &str) -> Result<Option<ExecutionRow>, Error> {
        self.permit(actor, Action::View, workflow_of(arn))?;
        Ok(self.index().execution(self.id(), arn).await?)
    }

    /// How many executions each machine has in each shown status, and how many requests.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn tallies(&self, actor: &Actor) -> Result<Vec<Tally>, Error> {
        let sight = self.sight(actor)?;
        let mut tallies = self.index().tallies(self.id()).await?;
        tallies.retain(|tally| sight.is_all() || self.sees_machine(actor, &tally.machine_arn));
        Ok(tallies)
    }

    /// How the executions fared that ended in the last 24 hours, with at most `limit` of the failures.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn last_day(&self, actor: &Actor, limit: u32) -> Result<Day, Error> {
        let sight = self.sight(actor)?;
        let since = self.now() - NEWS_MS;
        let failures = self.index().failures(self.id(), &sight, since, limit).await?;
        let mut day = Day { failures, ..Day::default() };
        for Ended { machine_arn, status, n } in self.index().ended_since(self.id(), since).await? {
            if !sight.is_all() && !self.sees_machine(actor, &machine_arn) {
                continue;
            }
            day.ended += n;
            let of_machine = day.by_machine.entry(machine_arn).or_default();
            of_machine.0 += n;
            match status {
                ExecutionStatus::Succeeded => {
                    day.succeeded += n;
                    of_machine.1 += n;
                }
                ExecutionStatus::Failed | ExecutionStatus::TimedOut => day.failed += n,
                ExecutionStatus::Running | ExecutionStatus::Aborted => {}
            }
        }
        Ok(day)
    }

    /// The median duration of a machine's executions that ended in the last 24 hours, of all that [`Desk::last_day`] counts;
    /// `None` where none ended.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn median(&self, actor: &Actor, machine_arn: &str) -> Result<Option<i64>, Error> {
        self.permit(actor, Action::View, machine_arn.rsplit(':').next())?;
        Ok(self.index().median(self.id(), machine_arn, self.now() - NEWS_MS).await?)
    }

    /// When each workflow was last deployed from here, and by whom, by its name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn deployments(&self, actor: &Actor) -> Result<BTreeMap<String, (i64, String)>, Error> {
        self.sight(actor)?;
        let all = self.store().deployments(self.id()).await?;
        let all = all.into_iter().filter(|(workflow, ..)| self.sees(actor, workflow));
        Ok(all.map(|(workflow, at, person)| (workflow, (at, person))).collect())
    }

    /// What waits for people, in the order of the inbox: at most `limit` requests after the cursor.
    ///
    /// # Errors
    /// The connection has never answered, or the index cannot be read.
    pub async fn waiting(&self, actor: &Actor, after: Option<InboxCursor>, limit: u32) -> Result<InboxPage, Error> {
        self.known().await?;
        let sight = self.sight(actor)?;
        Ok(self.index().inbox(self.id(), &sight, after, limit).await?)
    }

    /// The requests of the children of an execution's Map Runs, at most `limit`.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn waiting_under(&self, actor: &Actor, arn: &str, limit: u32) -> Result<InboxPage, Error> {
        self.permit(actor, Action::View, workflow_of(arn))?;
        Ok(self.index().waiting_under(self.id(), arn, limit).await?)
    }
}
