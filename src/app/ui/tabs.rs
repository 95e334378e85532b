//! Tabs that are links: they work without JavaScript, and their place is in the address.

use leptos::prelude::*;

use super::{Signal, dynamic};

/// One tab: its word, where it leads, and an optional count.
#[derive(Clone, PartialEq, Eq)]
pub struct Tab {
    pub label: &'static str,
    pub href: String,
    pub current: bool,
    pub count: Option<u64>,
}

/// A row of tabs.
#[component]
pub fn Tabs(#[prop(into)] label: String, #[prop(into)] tabs: Signal<Vec<Tab>>) -> impl IntoView {
    let tab = move |tab: Tab| {
        view! {
            <a class="tab" href=tab.href aria-current=tab.current.then_some("page") data-noscroll="true">
                {tab.label}
                {tab.count.map(|count| view! { <span class="count">{count}</span> })}
            </a>
        }
    };
    view! { <nav class="tabs" aria-label=label>{dynamic(move || tabs.get().into_iter().map(tab).collect_view())}</nav> }
        .into_any()
}
