//! What people chose before a request was decided, and what its rule did at times of its own. Rows are added and never
//! changed.

use super::{Act, Decision, Kept, NewDecision, Worded};
use crate::connection::ConnectionId;
use crate::watch::RequestKey;

/// A person's choice, as it is put on record. It becomes the decision where it completes what the rule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVote {
    /// The decision that it would be.
    pub choice: NewDecision,
    /// The groups that the person is in.
    pub groups: Vec<String>,
}

/// A vote on record.
pub type Vote = NewVote;

/// What a vote needs to become the decision.
#[derive(Clone, Copy, Debug)]
pub struct Completion<'a> {
    /// The answer, where the manifest words one.
    pub worded: Option<Worded<'a>>,
}

/// What became of a vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cast {
    /// It is on record, and the request waits for more.
    Counted,
    /// It is on record, and with it the decision.
    Decided(Box<Decision>),
    /// Somebody voted or decided meanwhile, or the decision's number is another's: nothing is on record.
    Moved,
}

/// The votes of all connections. A person has at most one on a task.
pub trait Votes: Send + Sync + 'static {
    /// Puts a vote on record, where `seen` votes were there before it and no decision; with its act, or with the decision
    /// that it completes, all or nothing.
    fn cast<'a>(
        &'a self,
        connection: &'a ConnectionId,
        vote: &'a NewVote,
        seen: usize,
        completion: Option<Completion<'a>>,
    ) -> Kept<'a, Cast>;

    /// The votes on one task, oldest first.
    fn votes<'a>(&'a self, connection: &'a ConnectionId, execution_arn: &'a str, event: u64) -> Kept<'a, Vec<Vote>>;

    /// The requests without a decision on which somebody voted, or another in their place.
    fn chosen<'a>(&'a self, connection: &'a ConnectionId, person: &'a str) -> Kept<'a, Vec<RequestKey>>;

    /// Who started an execution from here: the id and the name.
    fn starter<'a>(
        &'a self,
        connection: &'a ConnectionId,
        execution_arn: &'a str,
    ) -> Kept<'a, Option<(String, String)>>;

    /// A rule did something about a task at a time of its own: once, with its act. Returns whether it is new.
    fn reached<'a>(
        &'a self,
        connection: &'a ConnectionId,
        request: (&'a str, u64),
        what: &'a str,
        act: &'a Act,
    ) -> Kept<'a, bool>;
}
