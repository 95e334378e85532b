//! Who acts.

use serde::{Deserialize, Serialize};

use crate::connection::ConnectionId;
use crate::store::Scope;

/// Somebody on whose behalf the desk reads or acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(Person),
    /// A program that shows an API token of this person, with the token's scope.
    Bearer(Person, Scope),
    /// A guest of the demonstration, to whom one request was handed over.
    Guest(Guest),
    /// The program itself: the first deployment into an empty engine, and its background work.
    Program,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// A stable id, such as `dana`.
    pub id: String,
    pub name: String,
    /// What they do, such as "Finance lead".
    pub role: String,
    /// The groups that they are in, such as `finance`.
    pub groups: Vec<String>,
}

/// A guest of the demonstration. There is one request for them, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// As whom they are on record: in no group, and under an id that no user has.
    pub person: Person,
    pub connection: ConnectionId,
    pub execution_arn: String,
    /// The id of the request's TaskScheduled event.
    pub event: u64,
}

impl Guest {
    /// A guest for one request. The tag tells them from other guests on the record.
    #[must_use]
    pub fn of(connection: &ConnectionId, (arn, event): (&str, u64), tag: &str) -> Self {
        let person = Person {
            // A user's id has no colon.
            id: format!("guest:{tag}"),
            name: "Guest".to_owned(),
            role: "Guest of the demonstration".to_owned(),
            groups: Vec::new(),
        };
        Self { person, connection: connection.clone(), execution_arn: arn.to_owned(), event }
    }
}

impl Actor {
    /// The person who acts, or for whom a program does; `None` of the program itself.
    #[must_use]
    pub const fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) | Self::Bearer(person, _) => Some(person),
            Self::Guest(guest) => Some(&guest.person),
            Self::Program => None,
        }
    }

    /// The scope of the API token that was shown; `None` where none was.
    #[must_use]
    pub const fn scope(&self) -> Option<Scope> {
        match self {
            Self::Bearer(_, scope) => Some(*scope),
            Self::Person(_) | Self::Guest(_) | Self::Program => None,
        }
    }

    /// The id under which acts are recorded.
    #[must_use]
    pub fn id(&self) -> &str {
        self.person().map_or("countersign", |person| &person.id)
    }

    /// The name that pages show.
    #[must_use]
    pub fn name(&self) -> &str {
        self.person().map_or("Countersign", |person| &person.name)
    }

    /// The groups that they are in; the program is in none.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        self.person().map_or(&[], |person| &person.groups)
    }
}

impl From<Person> for Actor {
    fn from(person: Person) -> Self {
        Self::Person(person)
    }
}
