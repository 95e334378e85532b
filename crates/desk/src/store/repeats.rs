//! Answers that were given under a key of the client's own, so that a request that is sent again gets the same one.

use super::{Hash, Kept};
use crate::connection::ConnectionId;

/// A request under a key. A person's keys are one space, whatever the connection.
#[derive(Clone, Copy, Debug)]
pub struct Keyed<'a> {
    pub connection: &'a ConnectionId,
    pub person_id: &'a str,
    pub key: &'a str,
    /// The hash of what is asked.
    pub asked: &'a Hash,
}

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenAnswer {
    pub status: u16,
    pub body: String,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing was: it is this request's from now on.
    New,
    /// It was answered.
    Answered(GivenAnswer),
    /// The same is being answered.
    Busy,
    /// It belongs to another request.
    Other,
}

/// Keys with their answers.
pub trait Repeats: Send + Sync + 'static {
    /// Takes a key, if nobody has it. Keys from `expired` and before are forgotten. Who took it at `given_up` or before, and has
    /// not answered, will not: the same request takes it over.
    fn take_key<'a>(&'a self, keyed: &'a Keyed<'a>, now: i64, given_up: i64, expired: i64) -> Kept<'a, Repeat>;

    /// Keeps the answer of a request that has the key.
    fn answer_key<'a>(&'a self, keyed: &'a Keyed<'a>, answer: &'a GivenAnswer) -> Kept<'a, ()>;

    /// Gives a key back that has no answer.
    fn free_key<'a>(&'a self, keyed: &'a Keyed<'a>) -> Kept<'a, ()>;
}
