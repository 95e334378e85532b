//! In whose hands a request is: who looks after it, who decides it instead of those whom its rule names, what was chosen and
//! is not sent yet, and who decides for whom.

use serde::{Deserialize, Serialize};

use super::{Act, Kept};
use crate::actor::Person;
use crate::approvals::Choice;
use crate::approvals::outcomes::Chosen;
use crate::approvals::who::Approvers;
use crate::connection::ConnectionId;
use crate::watch::RequestKey;

/// Somebody looks after a request. It binds nobody: others who may decide it still may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub person_id: String,
    pub person_name: String,
    /// Milliseconds since the epoch.
    pub at: i64,
}

/// Others decide a request instead of those whom its rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reassignment {
    pub to: Approvers,
    pub reason: String,
    /// Who did it.
    pub person_id: String,
    pub person_name: String,
    /// Milliseconds since the epoch.
    pub at: i64,
}

/// A choice that can still be taken back. It goes on record at `until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub execution_arn: String,
    /// The id of the TaskScheduled event.
    pub event: u64,
    pub workflow: String,
    pub title: String,
    pub person: Person,
    pub choice: Choice,
    pub outcome: Chosen,
    /// When it was chosen and when it goes on record, in milliseconds since the epoch.
    pub at: i64,
    pub until: i64,
}

/// Somebody is away, and another decides in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    pub id: i64,
    /// The ids of two users.
    pub person: String,
    pub delegate: String,
    /// Milliseconds since the epoch; `until_at` is the first one that is not of it.
    pub from_at: i64,
    pub until_at: i64,
    pub made_at: i64,
}

/// A request within a connection.
pub type Within<'a> = (&'a ConnectionId, &'a str, u64);

/// Claims, reassignments, choices that are held, and absences. What concerns a request ends with its decision.
pub trait Hands: Send + Sync + 'static {
    /// Puts a request into somebody's hands, and out of those that it was in; with its act.
    fn claim<'a>(&'a self, request: Within<'a>, claim: &'a Claim, act: &'a Act) -> Kept<'a, ()>;

    /// Takes a request out of somebody's hands, with its act; `false` where it is not in them.
    fn release<'a>(&'a self, request: Within<'a>, person: &'a str, act: &'a Act) -> Kept<'a, bool>;

    /// Who looks after a request.
    fn claimed<'a>(&'a self, request: Within<'a>) -> Kept<'a, Option<Claim>>;

    /// Every request that somebody looks after and nobody has decided.
    fn claims<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<(RequestKey, Claim)>>;

    /// Gives a request to others, with its act. It is in nobody's hands then.
    fn reassign<'a>(&'a self, request: Within<'a>, to: &'a Reassignment, act: &'a Act) -> Kept<'a, ()>;

    /// To whom a request was given last.
    fn reassigned<'a>(&'a self, request: Within<'a>) -> Kept<'a, Option<Reassignment>>;

    /// To whom each request was given last that nobody has decided.
    fn reassignments<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<(RequestKey, Approvers)>>;

    /// Holds a choice; `false` where this person has one on the request already, or it is decided.
    fn hold<'a>(&'a self, connection: &'a ConnectionId, held: &'a Held) -> Kept<'a, bool>;

    /// The choices that are held of a request, oldest first.
    fn held<'a>(&'a self, request: Within<'a>) -> Kept<'a, Vec<Held>>;

    /// All choices that are held, those that go on record first.
    fn all_held<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<Held>>;

    /// Takes a choice back whose time is not over at `now`, with its act; `false` where it is over or there is none. From its
    /// time on a choice goes on record, and nobody takes it back meanwhile.
    fn take_back<'a>(&'a self, request: Within<'a>, person: &'a str, now: i64, act: &'a Act) -> Kept<'a, bool>;

    /// Ends the time of a choice at `now`; `false` where there is none.
    fn ripen<'a>(&'a self, request: Within<'a>, person: &'a str, now: i64) -> Kept<'a, bool>;

    /// Removes a choice whose time is over: it is on record, or, with an act, can never be. `false` where there is none.
    fn let_go<'a>(&'a self, request: Within<'a>, person: &'a str, act: Option<&'a Act>) -> Kept<'a, bool>;

    /// Notes an absence, whose id is not looked at; returns its id.
    fn add_absence<'a>(&'a self, absence: &'a Absence) -> Kept<'a, i64>;

    /// Ends an absence of a person; `false` where there is none.
    fn remove_absence<'a>(&'a self, person: &'a str, id: i64) -> Kept<'a, bool>;

    /// A person's absences that have not ended by `now`, the next first.
    fn absences<'a>(&'a self, person: &'a str, now: i64) -> Kept<'a, Vec<Absence>>;

    /// The absences in which somebody is the delegate at `now`.
    fn standing_in<'a>(&'a self, delegate: &'a str, now: i64) -> Kept<'a, Vec<Absence>>;
}
