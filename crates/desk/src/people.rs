//! Who acts. Until there is sign-in these are the personas of the demonstration, of whom one is chosen.

use crate::actor::Person;

/// The personas, the first of which acts where none was chosen.
const PERSONAS: [(&str, &str, &str); 4] = [
    ("dana", "Dana Whitfield", "Finance lead"),
    ("omar", "Omar Haddad", "Operations"),
    ("ines", "Inês Duarte", "Customer support"),
    ("kenji", "Kenji Mori", "Warehouse"),
];

fn person((id, name, role): (&str, &str, &str)) -> Person {
    Person { id: id.to_owned(), name: name.to_owned(), role: role.to_owned() }
}

/// Everyone who can be chosen.
#[must_use]
pub fn all() -> Vec<Person> {
    PERSONAS.into_iter().map(person).collect()
}

/// The persona with this id.
#[must_use]
pub fn find(id: &str) -> Option<Person> {
    PERSONAS.into_iter().find(|candidate| candidate.0 == id).map(person)
}

/// The persona that acts where none was chosen.
#[must_use]
pub fn first() -> Person {
    person(PERSONAS[0])
}
