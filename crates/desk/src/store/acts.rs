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
}

/// What somebody did besides deciding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub deed: Deed,
    pub workflow: Option<String>,
    pub execution_arn: Option<String>,
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
    /// The workflow that it is about, if it is about one.
    #[must_use]
    pub fn workflow(&self) -> Option<&str> {
        match &self.what {
            Recorded::Decision(decision) => Some(&decision.decision.workflow),
            Recorded::Act(act) => act.workflow.as_deref().or_else(|| workflow_of(act.execution_arn.as_deref()?)),
        }
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

    /// What was done before the entry `before`, or up to now: the newest `limit` entries, decisions among them.
    fn acts<'a>(&'a self, connection: &'a ConnectionId, before: Option<i64>, limit: u32) -> Kept<'a, ActPage>;
}
