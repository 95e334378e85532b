//! The frame around every page: the connection, who acts, and what is wrong with both.

use serde::{Deserialize, Serialize};

use super::Problem;

/// What the frame around every page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub connection: Connection,
    /// The acting person.
    pub person: Person,
    /// Who may be chosen: the personas of the demonstration.
    pub people: Vec<Person>,
    /// How many tasks wait for a person.
    pub waiting: u64,
    /// When the server last heard from the connection.
    pub data_at: Option<i64>,
    /// Why the connection does not answer, if it does not.
    pub problem: Option<Problem>,
    /// Why `countersign.toml` cannot be used, and what is in force instead.
    pub manifest: Option<Problem>,
    pub now: i64,
}

/// The Step Functions endpoint that the dashboard shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// "Embedded engine", "AWS" or "Endpoint".
    pub label: String,
    /// The endpoint's URL, or the account and region.
    pub detail: String,
    pub region: String,
    pub kind: ConnectionKind,
}

/// What a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionKind {
    Embedded,
    Endpoint,
    Aws,
}

/// A persona of the demonstration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Stable id, such as `dana`.
    pub id: String,
    pub name: String,
    /// What they do, such as "Finance lead".
    pub role: String,
}
