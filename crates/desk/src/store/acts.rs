//! Who did what, in order: decided, started, stopped, deployed, changed who acts. Rows are added and never changed.

use super::{Decision, Kept};
use crate::connection::ConnectionId;
use crate::desk::workflow_of;

/// What was done besides deciding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Started,
    Stopped,
    Redriven,
    Deployed,
    /// A person chose an outcome, and the request needs more people.
    Voted,
    /// A rule reminded the approvers.
    Reminded,
    /// A rule let others decide, too; the detail says who.
    Escalated,
    /// Another person acts from now on; the detail is the name.
    ActedAs,
    /// The detail says from where.
    SignedIn,
    /// Somebody tried to sign in with a wrong password.
    SignInRefused,
    SignedOut,
    /// Users, passwords or API tokens were changed; the detail says how.
    Administered,
    /// A person looked at a request for the first time.
    Seen,
    /// A person saw payloads of an execution for the first time.
    Viewed,
    /// A person saw excerpts of inputs of a workflow; the detail names the executions.
    Glimpsed,
    /// A person found executions by what is in their payloads; the detail is what they searched for.
    Searched,
    /// A person got the record as a file; the detail says in which form, and which entries.
    Exported,
    /// Step Functions took a decision.
    Delivered,
    /// A decision came too late; the detail says by what.
    CameLate,
    /// A person looks after a request from now on.
    Claimed,
    /// A person no longer looks after a request.
    Released,
    /// A request was given to others; the detail says to whom, and why.
    Reassigned,
    /// A person took a choice back before it was on record; the detail says which.
    TookBack,
    /// An administrator decided past the rule; the detail is the reason.
    BrokeGlass,
    /// A person was refused something; the detail says what, and why.
    Refused,
    /// A deployment failed, or was stopped; the detail says at which step, and what was left.
    DeployFailed,
    /// A state machine was deleted.
    Removed,
    /// An alias got more of a rollout; the detail says how much.
    RolloutMoved,
    /// An alias, or a definition, went back; the detail says why, and the execution is the first that failed.
    RolledBack,
    /// Versions were deleted; the detail says which.
    Pruned,
    /// A deployment was proposed, which people have to approve; the detail is its id.
    Proposed,
    /// A person approved or rejected a deployment; the detail says which.
    ProposalVoted,
    /// A proposed deployment came to its end; the detail says how.
    ProposalEnded,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 33] = [
        Self::Started,
        Self::Stopped,
        Self::Redriven,
        Self::Deployed,
        Self::Voted,
        Self::Reminded,
        Self::Escalated,
        Self::ActedAs,
        Self::SignedIn,
        Self::SignInRefused,
        Self::SignedOut,
        Self::Administered,
        Self::Seen,
        Self::Viewed,
        Self::Glimpsed,
        Self::Searched,
        Self::Exported,
        Self::Delivered,
        Self::CameLate,
        Self::Claimed,
        Self::Released,
        Self::Reassigned,
        Self::TookBack,
        Self::BrokeGlass,
        Self::Refused,
        Self::DeployFailed,
        Self::Removed,
        Self::RolloutMoved,
        Self::RolledBack,
        Self::Pruned,
        Self::Proposed,
        Self::ProposalVoted,
        Self::ProposalEnded,
    ];

    /// The kind of entries that it belongs to.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Started | Self::Stopped | Self::Redriven => Kind::Executions,
            Self::Deployed
            | Self::DeployFailed
            | Self::Removed
            | Self::RolloutMoved
            | Self::RolledBack
            | Self::Pruned
            | Self::Proposed
            | Self::ProposalVoted
            | Self::ProposalEnded => Kind::Deployments,
            Self::Voted
            | Self::Reminded
            | Self::Escalated
            | Self::Claimed
            | Self::Released
            | Self::Reassigned
            | Self::TookBack
            | Self::BrokeGlass => Kind::Decisions,
            Self::ActedAs | Self::SignedIn | Self::SignInRefused | Self::SignedOut | Self::Administered => Kind::People,
            Self::Seen
            | Self::Viewed
            | Self::Glimpsed
            | Self::Searched
            | Self::Exported
            | Self::Delivered
            | Self::CameLate => Kind::Traces,
            Self::Refused => Kind::Refusals,
        }
    }

    /// Whether its detail may hold what stands in a payload: the title of a request, or what was searched for.
    #[must_use]
    pub const fn quotes_payloads(self) -> bool {
        matches!(self, Self::Seen | Self::Voted | Self::Searched | Self::Exported)
    }

    /// Its word in rows and exports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Redriven => "redriven",
            Self::Deployed => "deployed",
            Self::ActedAs => "acted-as",
            Self::SignedIn => "signed-in",
            Self::SignInRefused => "sign-in-refused",
            Self::SignedOut => "signed-out",
            Self::Administered => "administered",
            Self::Voted => "voted",
            Self::Reminded => "reminded",
            Self::Escalated => "escalated",
            Self::Seen => "seen",
            Self::Viewed => "payload-viewed",
            Self::Glimpsed => "excerpts-viewed",
            Self::Searched => "contents-searched",
            Self::Exported => "record-exported",
            Self::Delivered => "delivered",
            Self::CameLate => "came-late",
            Self::Claimed => "claimed",
            Self::Released => "released",
            Self::Reassigned => "reassigned",
            Self::TookBack => "took-back",
            Self::BrokeGlass => "broke-glass",
            Self::Refused => "refused",
            Self::DeployFailed => "deploy-failed",
            Self::Removed => "removed",
            Self::RolloutMoved => "rollout-moved",
            Self::RolledBack => "rolled-back",
            Self::Pruned => "pruned",
            Self::Proposed => "deploy-proposed",
            Self::ProposalVoted => "proposal-voted",
            Self::ProposalEnded => "proposal-ended",
        }
    }
}

/// What somebody did besides deciding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub deed: Deed,
    pub workflow: Option<String>,
    pub execution_arn: Option<String>,
    /// The event of the request that it is about, where it is about one.
    pub event: Option<u64>,
    /// A name, or the cause that was given; may be empty.
    pub detail: String,
    pub person_id: String,
    pub person_name: String,
    /// Milliseconds since the epoch.
    pub at: i64,
}

/// What an entry of the record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    Decision(Box<Decision>),
    Act(Act),
}

/// An entry of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Later entries have greater numbers.
    pub id: i64,
    pub what: Recorded,
}

impl Entry {
    /// When it was done, in milliseconds since the epoch.
    #[must_use]
    pub fn at(&self) -> i64 {
        match &self.what {
            Recorded::Decision(decision) => decision.decision.decided_at,
            Recorded::Act(act) => act.at,
        }
    }
}

impl Entry {
    /// Whether it has this text in what people read of it, as [`ActFilter::text`] asks.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        let read = match &self.what {
            Recorded::Decision(decision) => {
                let made = &decision.decision;
                let arn = made.execution_arn.as_str();
                let outcome = made.outcome.done.as_str();
                [&made.person_name, &made.workflow, arn, &made.title, &made.state, &made.comment, outcome].join(" ")
            }
            Recorded::Act(act) => {
                let [workflow, arn] = [&act.workflow, &act.execution_arn].map(|one| one.as_deref().unwrap_or_default());
                [&act.person_name, workflow, arn, &act.detail].join(" ")
            }
        };
        read.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
    }

    /// The workflow that it is about, if it is about one.
    #[must_use]
    pub fn workflow(&self) -> Option<&str> {
        match &self.what {
            Recorded::Decision(decision) => Some(&decision.decision.workflow),
            Recorded::Act(act) => act.workflow.as_deref().or_else(|| workflow_of(act.execution_arn.as_deref()?)),
        }
    }
}

/// Which entries of the record are wanted: those for which all of it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActFilter {
    /// Those of one kind; else all that people and rules did, without what only followed from it.
    pub kind: Option<Kind>,
    /// Has this text somewhere: in a name, an ARN, a title, a comment.
    pub text: Option<String>,
    /// Not before this time, in milliseconds since the epoch.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
}

/// A kind of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Decisions, choices of which a request needs more, and what rules did.
    Decisions,
    /// Executions that were started, stopped and redriven.
    Executions,
    Deployments,
    /// Who acts.
    People,
    /// Who was refused what.
    Refusals,
    /// Who saw which request and whose payloads, who searched them and got the record as a file, and what became of decisions.
    Traces,
    Everything,
}

impl Kind {
    /// Every kind with its word in addresses.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Decisions, "decisions"),
        (Self::Executions, "executions"),
        (Self::Deployments, "deployments"),
        (Self::People, "people"),
        (Self::Refusals, "refusals"),
        (Self::Traces, "traces"),
        (Self::Everything, "everything"),
    ];

    /// The kind of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name)| *name == word).map(|(kind, _)| kind)
    }
}

/// A page of the record, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActPage {
    pub entries: Vec<Entry>,
    /// The cursor of the next page: its entries come before this number. `None` where these entries are the oldest.
    pub older: Option<i64>,
}

/// The acts of all connections. A decision's act is put on record with the decision.
pub trait Acts: Send + Sync + 'static {
    /// Puts an act on record.
    fn act<'a>(&'a self, connection: &'a ConnectionId, act: &'a Act) -> Kept<'a, ()>;

    /// The last deployment of each workflow: its name, when, and by whom.
    fn deployments<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<(String, i64, String)>>;

    /// What was done before the entry `before`, or up to now: the newest `limit` entries that are wanted, decisions among
    /// them.
    fn acts<'a>(
        &'a self,
        connection: &'a ConnectionId,
        wanted: &'a ActFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Kept<'a, ActPage>;

    /// Puts on record that a person was shown something, the first time that they are: a request, or payloads of an execution.
    /// What is about no single execution is the same where the workflow and the detail are. Returns whether it was the first.
    fn seen<'a>(&'a self, connection: &'a ConnectionId, act: &'a Act) -> Kept<'a, bool>;

    /// When a person first looked at a request, in milliseconds since the epoch.
    fn first_seen<'a>(
        &'a self,
        connection: &'a ConnectionId,
        request: (&'a str, u64),
        person: &'a str,
    ) -> Kept<'a, Option<i64>>;
}
