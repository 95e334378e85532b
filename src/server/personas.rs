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
    let of_page = use_context::<Parts>();
    let of_page = of_page.map(|parts| parts.extensions.get::<Who>().is_some_and(Who::is_signed_in));
    let signed_in = of_page.or_else(|| SIGNED_IN.try_with(|&signed_in| signed_in).ok()).unwrap_or_default();
    if signed_in { Vec::new() } else { people::all() }
}

tokio::task_local! {
    /// Whether whoever sent the request that is being answered signed in.
    static SIGNED_IN: bool;
}

/// Answers a request. The API and the plain pages have no context of a page, and their words name people, too.
pub async fn answering<T>(signed_in: bool, answer: impl Future<Output = T>) -> T {
    SIGNED_IN.scope(signed_in, answer).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_of_the_demonstration_is_named_to_whoever_signed_in() {
        let named = async || personas().len();
        assert_eq!(answering(true, named()).await, 0);
        assert_eq!(answering(false, named()).await, people::all().len());
    }

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
