//! A rollout, driven: one look at an alias, and the move that is due. Where it stands is on the alias itself, so it does not
//! matter which program looks, nor how often, nor whether one was away.

use super::note::Note;
use super::patience::{Failure, Patience};
use super::perform::{describe_alias, lead};
use super::rollout::{Move, Outcomes, after, next};
use crate::connection::{Api, ExecutionStatus, Listing, Of, Summary};

/// Executions of one status that are listed to count outcomes: a page.
const PAGE: i32 = 1_000;

/// What a look at a rollout came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// No rollout is going on there.
    None,
    /// It is not time yet.
    Waits { note: Note, until: i64 },
    /// The alias was moved.
    Moved { note: Note, to: Move },
    /// Somebody routed the alias elsewhere: the rollout is over.
    Elsewhere { note: Note },
}

/// Counts what became of the executions of a version, by its ARN, that started since a time.
pub trait Counting: Send + Sync {
    /// The outcomes.
    fn outcomes(
        &self,
        version_arn: &str,
        since: i64,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Outcomes, Failure>> + Send + '_>>;
}

/// The machine's ARN, of an alias's or a version's.
#[must_use]
pub fn machine_of(arn: &str) -> &str {
    arn.rsplit_once(':').map_or(arn, |(machine, _)| machine)
}

/// Looks at an alias, and makes the move of its rollout that is due.
///
/// # Errors
/// The connection does not answer, or refuses the move.
pub async fn look(patience: &Patience<'_>, alias_arn: &str, counting: &dyn Counting) -> Result<Looked, Failure> {
    let Some(there) = describe_alias(patience, alias_arn).await? else { return Ok(Looked::None) };
    let Some(note) = note_of(there.description.as_deref()) else { return Ok(Looked::None) };
    let Some((_, rollout, began_at)) = note.rolling() else { return Ok(Looked::None) };
    let machine_arn = machine_of(alias_arn);
    let outcomes = match rollout.roll_back {
        Some(_) => counting.outcomes(&format!("{machine_arn}:{}", note.version), began_at).await?,
        None => Outcomes::default(),
    };
    let now = patience.now();
    match next(&note, &there.routes, &outcomes, now) {
        None => Ok(Looked::None),
        Some(Move::Wait { until }) => Ok(Looked::Waits { note, until }),
        Some(to) => {
            let Some((moved, routes)) = after(&note, &to, machine_arn, now) else {
                return Ok(Looked::Elsewhere { note });
            };
            lead(patience, (&there.name, alias_arn), true, &moved, &routes).await?;
            Ok(Looked::Moved { note: moved, to })
        }
    }
}

/// The note of an alias's description.
#[must_use]
pub fn note_of(description: Option<&str>) -> Option<Note> {
    description?.parse().ok()
}

/// Ends a rollout by hand: all executions get the new version.
///
/// # Errors
/// The connection does not answer, or refuses it; [`Failure::Moved`] where no rollout is going on.
pub async fn finish(patience: &Patience<'_>, alias_arn: &str, by: &str) -> Result<Note, Failure> {
    let there = describe_alias(patience, alias_arn).await?.ok_or(Failure::Moved)?;
    let note = note_of(there.description.as_deref()).filter(|note| note.rolling().is_some()).ok_or(Failure::Moved)?;
    let note = Note { by: by.to_owned(), ..note };
    let (moved, routes) = after(&note, &Move::Finish, machine_of(alias_arn), patience.now()).ok_or(Failure::Moved)?;
    lead(patience, (&there.name, alias_arn), true, &moved, &routes).await?;
    Ok(moved)
}

/// Counts by lists of the connection: the version's newest executions of each status, as far back as all lists reach.
pub struct Listed<'a, 'p>(pub &'a Patience<'p>);

impl Counting for Listed<'_, '_> {
    fn outcomes(
        &self,
        version_arn: &str,
        since: i64,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Outcomes, Failure>> + Send + '_>> {
        let arn = version_arn.to_owned();
        Box::pin(async move {
            let succeeded = self.list(&arn, ExecutionStatus::Succeeded).await?;
            let failed = self.list(&arn, ExecutionStatus::Failed).await?;
            let timed_out = self.list(&arn, ExecutionStatus::TimedOut).await?;
            // Of a list that goes on behind its page nothing older is known: a share is counted over one time.
            let reach = |(page, more): &(Vec<Summary>, bool)| {
                page.last().filter(|_| *more).map_or(since, |oldest| oldest.started_at)
            };
            let from = [&succeeded, &failed, &timed_out].into_iter().map(reach).max().unwrap_or(since).max(since);
            let count = |page: &[Summary]| page.iter().filter(|one| one.started_at >= from).count() as u64;
            let failures = || failed.0.iter().chain(&timed_out.0).filter(|one| one.started_at >= from);
            Ok(Outcomes {
                succeeded: count(&succeeded.0),
                failed: count(&failed.0) + count(&timed_out.0),
                first_failure: failures().min_by_key(|one| one.ended_at).map(|one| one.arn.clone()),
            })
        })
    }
}

impl Listed<'_, '_> {
    async fn list(&self, version_arn: &str, status: ExecutionStatus) -> Result<(Vec<Summary>, bool), Failure> {
        let listing = Listing { of: Of::Machine(version_arn.to_owned()), status: Some(status), size: PAGE, next: None };
        let page = self.0.read(Api::ListExecutions, |calls| calls.list_executions(listing.clone())).await?;
        Ok((page.items, page.next.is_some()))
    }
}
