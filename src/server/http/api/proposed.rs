//! What the API says of proposed deployments: its JSON, which `openapi.json` describes. Times are RFC 3339 in UTC.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::{Progress, Why};

/// Proposed deployments, newest first: at most 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proposals {
    pub proposals: Vec<Proposal>,
}

/// What became of a proposed deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalStatus {
    /// It waits for votes.
    Open,
    /// It is approved and being made.
    Approved,
    /// It is made.
    Applied,
    Rejected,
    /// Whoever proposed it took it back.
    Withdrawn,
    /// It was approved, but files or the account had moved on: nothing was deployed.
    MovedOn,
    /// It was approved, and failed. The audit says why.
    Failed,
}

/// How a workflow of a plan differs from what is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposedChange {
    New,
    Changed,
    Unchanged,
    /// The account changed it since it was deployed.
    Drifted,
    ToBeRemoved,
    Refused,
}

/// A workflow that is to be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposedWorkflow {
    pub name: String,
    pub change: ProposedChange,
    /// The settings that differ.
    pub settings: Vec<String>,
}

/// What somebody chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoteChoice {
    Approve,
    Reject,
}

/// A vote on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposalVote {
    pub vote: VoteChoice,
    pub person_id: String,
    pub person: String,
    pub comment: String,
    pub at: String,
}

/// A proposed deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// Names it in addresses.
    pub id: String,
    pub connection: String,
    pub status: ProposalStatus,
    /// The environment of the manifest; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    pub workflows: Vec<ProposedWorkflow>,
    /// Where the definitions came from, such as a revision of git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who proposed it.
    pub person_id: String,
    pub person: String,
    pub proposed_at: String,
    pub progress: Progress,
    /// The ids of people who may vote; where neither people nor groups are named, every approver may.
    pub people: Vec<String>,
    pub groups: Vec<String>,
    /// Whether whoever proposed it may not vote.
    pub four_eyes: bool,
    /// Oldest first.
    pub votes: Vec<ProposalVote>,
    /// Why you may not vote now; absent where you may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Why>,
    /// The hash of the plan, which a vote carries: exactly this plan is deployed.
    pub shown: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// The workflows that were deployed.
    pub deployed: Vec<String>,
    /// The path of its page.
    pub page: String,
}

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoteRequest {
    pub vote: VoteChoice,
    /// The `shown` of the proposal that was read.
    pub shown: String,
    /// At most 2,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalRequest {
    /// The hash of the plan, such as `countersign deploy plan --json` shows it: where the server's own plan has another one,
    /// nothing is proposed.
    pub shown: String,
    /// The one workflow that is to be deployed, of which `shown` is the hash then; all of the plan's where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
}
