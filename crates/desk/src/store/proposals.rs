//! Deployments that people have to approve before they are made, and their votes.

use serde::{Deserialize, Serialize};

use super::{Act, Kept, Maker};
use crate::approvals::who::Approvers;
use crate::connection::ConnectionId;
use crate::deploy::Change;

/// Whose approval a deployment needs: what the manifest said when it was proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRule {
    /// Who may vote; every approver where it is nobody.
    #[serde(default)]
    pub approvers: Approvers,
    /// How many people have to approve; one rejects.
    #[serde(default = "one")]
    pub quorum: u32,
    /// Whether whoever proposed it may not vote.
    #[serde(default)]
    pub four_eyes: bool,
}

const fn one() -> u32 {
    1
}

/// What was shown of a proposed plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedPlan {
    /// The environment's name; empty without environments.
    pub environment: String,
    /// The workflow alone that is deployed; all of the plan's where there is none.
    pub only: Option<String>,
    pub workflows: Vec<ProposedWorkflow>,
    /// Whether machines that the manifest no longer names are deleted.
    pub remove: bool,
    /// Where the definitions came from: a revision of git.
    pub source: String,
}

/// A workflow of a proposed plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedWorkflow {
    pub name: String,
    pub change: Change,
    /// What differs: the names of settings.
    pub settings: Vec<String>,
}

/// A proposed deployment. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub id: String,
    /// The hash of the plan: only this one is applied.
    pub hash: String,
    pub about: ProposedPlan,
    pub rule: ApprovalRule,
    pub maker: Maker,
    pub proposed_at: i64,
    /// When enough people had approved it.
    pub approved_at: Option<i64>,
    /// When it came to its end, and how.
    pub ended: Option<(i64, ProposalEnd)>,
}

/// How a proposed deployment came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalEnd {
    /// It was approved and made; these workflows were deployed.
    Applied {
        workflows: Vec<String>,
    },
    Rejected,
    /// Whoever proposed it took it back.
    Withdrawn,
    /// It was approved, but files or the account had moved on: nothing was done.
    MovedOn,
    /// It was approved and failed, in words for the log; these were deployed before.
    Failed {
        why: String,
        workflows: Vec<String>,
    },
}

/// A person's vote on a proposed deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalVote {
    pub person_id: String,
    pub person_name: String,
    pub groups: Vec<String>,
    pub approves: bool,
    /// May be empty.
    pub comment: String,
    pub at: i64,
}

/// The proposed deployments of all connections.
pub trait Proposals: Send + Sync + 'static {
    /// Keeps a proposal, with its act. Where the same person's proposal of the same plan has no end yet, nothing is kept: then it
    /// returns the id of that one.
    fn propose<'a>(
        &'a self,
        connection: &'a ConnectionId,
        proposal: &'a Proposal,
        act: &'a Act,
    ) -> Kept<'a, Option<String>>;

    /// The proposals, newest first, at most `limit`; only those without an end, where `open`.
    fn proposals<'a>(&'a self, connection: &'a ConnectionId, open: bool, limit: u32) -> Kept<'a, Vec<Proposal>>;

    /// A proposal and its votes, oldest first.
    fn proposal<'a>(
        &'a self,
        connection: &'a ConnectionId,
        id: &'a str,
    ) -> Kept<'a, Option<(Proposal, Vec<ProposalVote>)>>;

    /// Puts a vote on record with its act, where `seen` votes were there before it and nothing came of the proposal; with
    /// the approval that it completes, where `approves`. Returns whether it is on record.
    fn vote_on<'a>(
        &'a self,
        connection: &'a ConnectionId,
        id: &'a str,
        vote: &'a ProposalVote,
        seen: usize,
        approves: bool,
        act: &'a Act,
    ) -> Kept<'a, bool>;

    /// The proposal comes to its end, with its act. Returns whether it had none before.
    fn end_proposal<'a>(
        &'a self,
        connection: &'a ConnectionId,
        id: &'a str,
        end: &'a ProposalEnd,
        act: &'a Act,
    ) -> Kept<'a, bool>;
}
