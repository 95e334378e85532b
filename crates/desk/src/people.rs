//! Who acts. Until there is sign-in, the user chooses one of the demonstration's personas.

use crate::actor::Person;

/// The personas. The first one acts until another is chosen.
const PERSONAS: [Persona; 4] = [
    ("dana", "Dana Whitfield", "Finance lead", &["finance", "leads"]),
    ("omar", "Omar Haddad", "Operations", &["operations", "finance"]),
    ("ines", "Inês Duarte", "Customer support", &["support"]),
    ("kenji", "Kenji Mori", "Warehouse", &["warehouse"]),
];

/// Id, name, role and groups.
type Persona = (&'static str, &'static str, &'static str, &'static [&'static str]);

fn person((id, name, role, groups): Persona) -> Person {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Person { id: id.to_owned(), name: name.to_owned(), role: role.to_owned(), groups }
}

/// Every persona.
#[must_use]
pub fn all() -> Vec<Person> {
    PERSONAS.into_iter().map(person).collect()
}

/// The persona with this id.
#[must_use]
pub fn find(id: &str) -> Option<Person> {
    PERSONAS.into_iter().find(|candidate| candidate.0 == id).map(person)
}

/// The persona that acts until another is chosen.
#[must_use]
pub fn first() -> Person {
    person(PERSONAS[0])
}
