//! The frame of a page about one course or definition: the drawing, the drawer beside it, and the tabs below, on one screen.
//!
//! A wide window shows all three; the lines between them can be moved (`public/workbench.js`), and the drawer can be closed.
//! A narrow one shows one part at a time: there the tabs lead to the drawing and to the drawer, too. What is shown is in
//! the address, so all of it works without scripts.

use leptos::prelude::*;

use crate::app::address::Address;
use crate::app::pages::query;
use crate::app::ui::{Memo, Signal, dynamic};
use crate::routes::view::{DRAWER, TAB};

/// The tab of a narrow window that shows the drawing.
pub const DRAWING: &str = "drawing";
/// The value of [`DRAWER`] where the drawer is closed.
const CLOSED: &str = "closed";

/// A tab of the lower part: its value in the address, its word, and how many there are behind it.
pub type LowerTab = (&'static str, &'static str, Option<u64>);

/// The page's parts. Each is drawn once; the style sheet hides those that a narrow window does not show.
#[component]
pub fn Workbench(
    address: Address,
    /// What the tabs are about, such as "About this execution".
    label: &'static str,
    /// The word of the drawer.
    drawer_word: &'static str,
    /// The tabs of the lower part; a wide window shows the first where the address names none.
    #[prop(into)]
    tabs: Signal<Vec<LowerTab>>,
    drawing: AnyView,
    drawer: AnyView,
    lower: AnyView,
) -> impl IntoView {
    let (tab, drawer_is) = (query(TAB), query(DRAWER));
    let closed = Memo::new(move |_| drawer_is.get().as_deref() == Some(CLOSED));
    // A narrow window shows the drawer first: it has what matters.
    let part = Memo::new(move |_| match tab.get().as_deref() {
        None => "drawer",
        Some(DRAWING) => DRAWING,
        Some(_) => "lower",
    });
    let entry = move |class: &'static str,
                      (value, word, count): (Option<&str>, &'static str, Option<u64>),
                      current: bool| {
        view! {
            <a class=class href=address.with(&[(TAB, value)]) aria-current=current.then_some("page") data-noscroll="true">
                {word}
                {count.map(|count| view! { <span class="count">{count}</span> })}
            </a>
        }
        .into_any()
    };
    let entries = move || {
        let (part, current) = (part.get(), tab.get().filter(|tab| tab != DRAWING));
        let narrow = |value, word, of| entry("tab narrow-only", (value, word, None), part == of);
        let mut all = vec![narrow(None, drawer_word, "drawer"), narrow(Some(DRAWING), "Drawing", DRAWING)];
        for (index, (value, word, count)) in tabs.get().into_iter().enumerate() {
            let tab = (Some(value), word, count);
            if index == 0 && current.is_none() {
                // What a wide window shows is not what a narrow one does.
                all.extend([entry("tab wide-only", tab, true), entry("tab narrow-only", tab, false)]);
            } else {
                all.push(entry("tab", tab, current.as_deref() == Some(value)));
            }
        }
        all
    };
    let switch = move || {
        let closed = closed.get();
        let (word, value) = if closed { ("Show the drawer", None) } else { ("Close the drawer", Some(CLOSED)) };
        let shape = if closed { "M10 3.5L5.5 8l4.5 4.5" } else { "M4 4l8 8M12 4l-8 8" };
        view! {
            <a class="drawer-switch" href=address.with(&[(DRAWER, value)]) aria-label=word title=word data-noscroll="true">
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=shape></path></svg>
            </a>
        }
    };
    view! {
        <div class="workbench" data-part=move || part.get() data-drawer=move || if closed.get() { CLOSED } else { "open" }>
            <div class="workbench-drawing">{drawing}</div>
            <div
                class="splitter splitter-drawer"
                role="separator"
                tabindex="0"
                aria-orientation="vertical"
                aria-label="Width of the drawer"
                aria-controls="state"
                aria-valuemin="15"
                aria-valuemax="70"
                aria-valuenow="35"
                data-splitter="drawer"
            ></div>
            <div class="workbench-drawer" id="state">{drawer}</div>
            {dynamic(switch)}
            <div
                class="splitter splitter-lower"
                role="separator"
                tabindex="0"
                aria-orientation="horizontal"
                aria-label="Height of the lower part"
                aria-controls="about"
                aria-valuemin="15"
                aria-valuemax="75"
                aria-valuenow="38"
                data-splitter="lower"
            ></div>
            <nav class="tabs" aria-label=label>{dynamic(entries)}</nav>
            <section class="workbench-lower" id="about" tabindex="-1" aria-label=label>{lower}</section>
        </div>
    }
    .into_any()
}
