//! Who acts where nobody signs in: the persona that a browser's cookie names.

use axum::http::request::Parts;
use countersign_desk::{Person, people};
use leptos::prelude::use_context;

use super::http::Who;

/// The cookie that holds the persona's id.
pub const COOKIE: &str = "countersign_person";

/// The persona that a `Cookie` header names, else the first.
#[must_use]
pub fn from_cookies(header: Option<&str>) -> Person {
    let pairs = header.into_iter().flat_map(|header| header.split(';'));
    let mut ids = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(name, _)| *name == COOKIE);
    let known = ids.find_map(|(_, id)| people::find(id));
    known.unwrap_or_else(people::first)
}

/// Those whom words may name: the personas, where they act. Where people sign in, groups are named instead of people.
#[must_use]
pub fn personas() -> Vec<Person> {
    let parts = use_context::<Parts>();
    let signed_in = parts.is_some_and(|parts| parts.extensions.get::<Who>().is_some_and(Who::is_signed_in));
    if signed_in { Vec::new() } else { people::all() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_or_missing_cookie_means_the_first_persona() {
        for (header, expect) in [
            (None, "dana"),
            (Some("a=b; countersign_person=omar"), "omar"),
            (Some("countersign_person=root; countersign_person=omar"), "omar"),
            (Some("countersign_person=root"), "dana"),
            (Some(";;="), "dana"),
        ] {
            assert_eq!(from_cookies(header).id, expect, "{header:?}");
        }
    }
}
