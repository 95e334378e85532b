//! Who acts.

/// Somebody on whose behalf the desk reads or acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(Person),
    /// The program itself: the first deployment into an empty engine, and its background work.
    Program,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// A stable id, such as `dana`.
    pub id: String,
    pub name: String,
    /// What they do, such as "Finance lead".
    pub role: String,
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
}

impl From<Person> for Actor {
    fn from(person: Person) -> Self {
        Self::Person(person)
    }
}
