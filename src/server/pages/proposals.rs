//! The deployments that people have to approve, as the inbox lists them.

use countersign_desk::deploy::ProposalShown;
use countersign_desk::store::ProposalVote;
use countersign_desk::{Actor, Desk};

use super::deploy::change;
use super::{Answered, worded};
use crate::server::words;
use crate::wire::inbox::{ProposalRow, ProposalVoteRow};

/// The open ones, newest first.
///
/// # Errors
/// The actor may see nothing of the connection, or the store failed.
pub async fn proposals(desk: &Desk, actor: &Actor) -> Answered<Vec<ProposalRow>> {
    let open = desk.proposals(actor, true).await.map_err(|error| worded(desk, &error))?;
    Ok(open.into_iter().map(|shown| row(actor, shown)).collect())
}

fn row(actor: &Actor, shown: ProposalShown) -> ProposalRow {
    let ProposalShown { proposal, votes, needed, may, .. } = shown;
    ProposalRow {
        own: proposal.maker.person.id == actor.id(),
        id: proposal.id,
        seen: proposal.hash,
        environment: proposal.about.environment,
        workflows: proposal.about.workflows.into_iter().map(|one| (one.name, change(one.change))).collect(),
        source: proposal.about.source,
        person: proposal.maker.person.name,
        proposed_at: proposal.proposed_at,
        needed: u64::try_from(needed).unwrap_or(u64::MAX),
        votes: votes.into_iter().map(vote).collect(),
        refused: may.err().map(|why| words::not_allowed(&why)),
    }
}

fn vote(vote: ProposalVote) -> ProposalVoteRow {
    ProposalVoteRow { person: vote.person_name, approves: vote.approves, comment: vote.comment, at: vote.at }
}
