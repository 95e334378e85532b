//! Who acts.

use serde::{Deserialize, Serialize};

/// Somebody on whose behalf the desk reads or acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(Person),
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

impl Actor {
    /// The id under which acts are recorded.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Person(person) => &person.id,
            Self::Program => "countersign",
        }
    }

    /// The name that pages show.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Person(person) => &person.name,
            Self::Program => "Countersign",
        }
    }

    /// The groups that they are in; the program is in none.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        match self {
            Self::Person(person) => &person.groups,
            Self::Program => &[],
        }
    }
}

impl From<Person> for Actor {
    fn from(person: Person) -> Self {
        Self::Person(person)
    }
}
