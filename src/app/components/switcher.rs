//! The switcher of connections in the header: which one this is, and links to the others.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::app::here::here;
use crate::app::live::Live;
use crate::app::ui::{Clock, duration, shown, text};
use crate::routes::{self, Routes};
use crate::visible::visible;
use crate::wire::frame::{ConnectionCard, ConnectionKind, Frame, Health};

/// Above this age (milliseconds) data is shown as old, as in the header.
const OLD: i64 = 45_000;

/// In a word or two.
pub const fn kind_word(kind: ConnectionKind) -> &'static str {
    match kind {
        ConnectionKind::Embedded => "Embedded engine",
        ConnectionKind::Endpoint => "Endpoint",
        ConnectionKind::Aws => "AWS",
    }
}

/// The current connection, and behind it a list of all: links, which work without scripts.
pub fn switcher(frame: &Frame) -> AnyView {
    let name = here().connection().to_owned();
    let this = frame.connection.clone();
    let now = frame.now;
    let place = place(&this);
    let title = visible(&format!("{} · {place}", this.label)).into_owned();
    let all = frame.connections.iter().cloned().map(|card| choice(card, &name, now)).collect_view();
    view! {
        <details class="switcher" data-colour=this.colour.as_str() on:keydown=close_on_escape>
            <summary class="connection" title=title>
                <span class="unseen">"Connection: "</span>
                <span class="connection-name">{shown(this.label)}</span>
                {this.read_only.then(read_only_mark)}
                <span class="connection-detail mono">{shown(place)}</span>
            </summary>
            <nav class="switcher-box" aria-label="Connections">
                <ul>{all}</ul>
                <a class="switcher-more" href=here().page(routes::CONNECTION)>"About this connection"</a>
            </nav>
        </details>
    }
    .into_any()
}

/// The region, and the endpoint or the profile.
fn place(card: &ConnectionCard) -> String {
    // AWS's detail has the region already.
    if card.region.is_empty() || card.detail.contains(&card.region) {
        card.detail.clone()
    } else {
        format!("{} · {}", card.region, card.detail)
    }
}

/// Says that nothing can be changed.
fn read_only_mark() -> AnyView {
    view! { <span class="read-only-mark">"read-only"</span> }.into_any()
}

/// A connection in the list. The link loads a new document (`rel="external"`): nothing of this one is left there.
fn choice(card: ConnectionCard, current: &str, now: i64) -> AnyView {
    let is_current = card.name == current;
    let path = use_location().pathname;
    let to = routes::of(&card.name);
    let href = move || path.with(|path| same_list(&to, path));
    let place = place(&card);
    let (state, health) = (health_state(&card), health(&card, now));
    view! {
        <li data-colour=card.colour.as_str()>
            <a class="choice" href=href rel="external" aria-current=is_current.then_some("true")>
                <span class="connection-name">{shown(card.label)}</span>
                {card.read_only.then(read_only_mark)}
                <span class="choice-health" data-state=state>{text(health)}</span>
                <span class="connection-detail mono">{shown(card.name)}" · "{shown(place)}</span>
            </a>
        </li>
    }
    .into_any()
}

/// The same list of another connection: what a list's entries are called differs from one connection to the next.
fn same_list(to: &Routes, path: &str) -> String {
    let page = routes::within(path).split('/').nth(2).filter(|page| routes::PAGES.contains(page));
    page.map_or_else(|| to.overview(), |page| to.page(page))
}

const fn health_state(card: &ConnectionCard) -> &'static str {
    match card.health {
        Health::Answers => "live",
        Health::Starting => "starting",
        Health::Away => "away",
    }
}

/// Whether it answers, and how old its data is.
fn health(card: &ConnectionCard, now: i64) -> impl Fn() -> String + Send + 'static {
    let live = Live::of_page();
    let (name, health, first, denied) = (card.name.clone(), card.health, card.data_at, card.denied);
    move || {
        let at = live.age_of(&name).or(first);
        let age = at.map(|at| (Clock::now_or(now) - at).max(0));
        let age_word = |age: i64| format!(", data {} old", duration(age - age % 5_000, false));
        let word = match (health, age) {
            (Health::Answers, Some(OLD..)) => "Waiting for data",
            (Health::Answers, _) if denied => "Answers, with actions denied",
            (Health::Answers, _) => "Answers",
            (Health::Starting, _) => "Not read yet",
            (Health::Away, _) => "Does not answer",
        };
        let age = age.filter(|age| *age >= 10_000).map(age_word).unwrap_or_default();
        format!("{word}{age}")
    }
}

/// Closes the list, and gives the keyboard's place back to what opened it.
fn close_on_escape(event: KeyboardEvent) {
    #[cfg(feature = "hydrate")]
    {
        use leptos::wasm_bindgen::JsCast as _;
        let list = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if event.key() == "Escape"
            && let Some(list) = list
        {
            _ = list.remove_attribute("open");
            let summary = list.query_selector("summary").ok().flatten();
            if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<web_sys::HtmlElement>().ok()) {
                _ = summary.focus();
            }
        }
    }
    #[cfg(not(feature = "hydrate"))]
    drop(event);
}

#[cfg(test)]
mod tests {
    use super::same_list;
    use crate::routes;

    #[test]
    fn another_connection_is_opened_at_the_same_list() {
        let to = routes::of("prod");
        for (path, expected) in [
            ("/default", "/prod"),
            ("/default/inbox", "/prod/inbox"),
            ("/default/executions/arn:1", "/prod/executions"),
            ("/default/connection", "/prod/connection"),
            ("/default/nothing", "/prod"),
        ] {
            assert_eq!(same_list(&to, path), expected, "{path}");
        }
    }
}
