//! Who acts. Until there is sign-in these are the personas of the demonstration, chosen in the header and kept in a cookie.

use crate::dto::Person;

/// The cookie that holds the persona's id.
pub const COOKIE: &str = "countersign_person";

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

/// The persona that a `Cookie` header names, else the first.
#[must_use]
pub fn from_cookies(header: Option<&str>) -> Person {
    header
        .into_iter()
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .find_map(|(_, id)| find(id))
        .unwrap_or_else(|| person(PERSONAS[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_or_missing_cookie_means_the_first_persona() {
        for (header, expect) in [
            (None, "dana"),
            (Some("a=b; countersign_person=omar"), "omar"),
            (Some("countersign_person=root"), "dana"),
            (Some(";;="), "dana"),
        ] {
            assert_eq!(from_cookies(header).id, expect, "{header:?}");
        }
    }
}
