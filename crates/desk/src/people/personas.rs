//! The personas of the demonstration: who acts while nobody signs in.

use crate::actor::Person;

/// The personas. The first one acts until another is chosen; she may do everything, and the others less and less.
const PERSONAS: [Persona; 4] = [
    (
        "dana",
        "Dana Whitfield",
        "Finance lead",
        &["finance", "leads", "approvers", "operators", "deployers", "administrators"],
    ),
    ("omar", "Omar Haddad", "Operations", &["operations", "finance", "approvers", "operators", "deployers"]),
    ("ines", "Inês Duarte", "Customer support", &["support", "approvers", "operators"]),
    ("kenji", "Kenji Mori", "Warehouse", &["warehouse", "approvers"]),
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
