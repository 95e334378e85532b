//! The frame around every page: the connection, who acts, and what is wrong with both.

use serde::{Deserialize, Serialize};

use super::Problem;

/// What the frame around every page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub connection: ConnectionCard,
    /// All connections, in order.
    pub connections: Vec<ConnectionCard>,
    /// The acting person.
    pub person: Person,
    /// Who may be chosen: the personas of the demonstration.
    pub people: Vec<Person>,
    /// How many tasks wait for a person, and proposed deployments for the vote of the acting one.
    pub waiting: u64,
    /// When the server last heard from the connection.
    pub data_at: Option<i64>,
    /// Why the connection does not answer, if it does not.
    pub problem: Option<Problem>,
    /// What is missing because IAM denies it.
    pub denied: Option<Problem>,
    /// Why `countersign.toml` cannot be used, and what is in force instead.
    pub manifest: Option<Problem>,
    pub now: i64,
}

/// A connection as the switcher shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectionCard {
    /// The first segment of its addresses.
    pub name: String,
    /// The configured label, or "Embedded engine", "AWS" or "Endpoint".
    pub label: String,
    /// The endpoint's URL, or the account and region.
    pub detail: String,
    pub region: String,
    pub kind: ConnectionKind,
    pub colour: Colour,
    pub read_only: bool,
    pub health: Health,
    /// Whether IAM denies some of its operations.
    pub denied: bool,
    /// When it was last read.
    pub data_at: Option<i64>,
}

/// Whether a connection answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Health {
    /// It has not been read yet.
    Starting,
    /// It answered the last time that it was asked.
    Answers,
    Away,
}

/// The colour of a connection; `style/connection.css` has its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Colour {
    Teal,
    Blue,
    Purple,
    Pink,
    Red,
    Amber,
    Green,
    Grey,
}

impl Colour {
    /// Its name in the style sheet.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Teal => "teal",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Pink => "pink",
            Self::Red => "red",
            Self::Amber => "amber",
            Self::Green => "green",
            Self::Grey => "grey",
        }
    }
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
