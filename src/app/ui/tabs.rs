//! Tabs that are links: they work without JavaScript, and their place is in the address.

use leptos::prelude::*;

use super::dynamic;

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
pub fn Tabs(
    #[prop(into)] label: String,
    #[prop(into)] tabs: Signal<Vec<Tab>>,
    /// The id of what the tabs are about, where that may be below the fold: a page that is loaded anew begins there.
    #[prop(default = "")]
    anchor: &'static str,
) -> impl IntoView {
    // Where scripts run, the page stays where it is.
    let moves = RwSignal::new(false);
    Effect::new(move || moves.set(true));
    let tab = move |tab: Tab| {
        let href = if anchor.is_empty() || moves.get() { tab.href } else { format!("{}#{anchor}", tab.href) };
        view! {
            <a class="tab" href=href aria-current=tab.current.then_some("page") data-noscroll="true">
                {tab.label}
                {tab.count.map(|count| view! { <span class="count">{count}</span> })}
            </a>
        }
    };
    view! { <nav class="tabs" aria-label=label>{dynamic(move || tabs.get().into_iter().map(tab).collect_view())}</nav> }
        .into_any()
}
