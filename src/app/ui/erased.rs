//! Views of one type, whatever they show.
//!
//! Every closure in a view is a type of its own, for which the compiler writes the whole machinery of drawing, hydrating
//! and redrawing again. Boxed, they share one: this is what keeps the wasm small.

#[cfg(feature = "hydrate")]
use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;
#[cfg(not(feature = "hydrate"))]
use leptos::tachys::reactive_graph::OwnedView;

use super::Memo;

/// Draws a part of a page.
pub(super) type Draw = Box<dyn FnMut() -> AnyView + Send>;

/// A part of a view that is drawn again whenever what it reads changes.
pub fn dynamic<V: IntoView + 'static>(mut view: impl FnMut() -> V + Send + 'static) -> AnyView {
    let boxed: Draw = Box::new(move || view().into_any());
    #[cfg(feature = "hydrate")]
    return within_the_page(boxed).into_any();
    #[cfg(not(feature = "hydrate"))]
    return super::once::once(boxed);
}

/// What stands in a context of the whole interface.
#[derive(Clone, Copy)]
struct InPage;

/// Marks the interface, within which parts are drawn.
pub fn provide_page() {
    provide_context(InPage);
}

/// The same, as long as it is in the page: a part that was left a moment ago may be asked to draw itself once more, and finds none
/// of its contexts.
#[cfg(feature = "hydrate")]
fn within_the_page(mut draw: Draw) -> Draw {
    Box::new(move || if use_context::<InPage>().is_some() { draw() } else { ().into_any() })
}

/// A text that changes.
pub fn text(text: impl FnMut() -> String + Send + 'static) -> AnyView {
    let boxed: Box<dyn FnMut() -> String + Send> = Box::new(text);
    boxed.into_any()
}

/// A switch for an attribute or a class that changes.
pub fn switch(on: impl Fn() -> bool + Send + Sync + 'static) -> Box<dyn Fn() -> bool + Send + Sync> {
    Box::new(on)
}

/// One view or the other; what is shown stays as long as the condition does.
pub fn either(
    condition: impl Fn() -> bool + Send + Sync + 'static,
    yes: impl Fn() -> AnyView + Send + 'static,
    no: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let condition: Box<dyn Fn() -> bool + Send + Sync> = Box::new(condition);
    let holds = Memo::new(move |_| condition());
    dynamic(move || if holds.get() { yes() } else { no() })
}

/// A row of a list: what makes it the same row, and how it is drawn once it is new.
pub struct Row {
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the server draws a list once"))]
    key: String,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

impl Row {
    /// A row. Whatever changes how it looks belongs into the key.
    pub fn new(key: String, draw: impl FnOnce() -> AnyView + Send + 'static) -> Self {
        Self { key, draw: Box::new(draw) }
    }
}

/// How many lists were made.
#[cfg(feature = "hydrate")]
static LISTS: AtomicU32 = AtomicU32::new(0);

/// A list whose rows stay where they are as long as their keys do, and no longer than the list itself.
///
/// A row reads signals of what is around it. When that is made anew, the framework takes the rows with the same keys over,
/// and those would go on to read signals that are gone. So the list is part of the key: another one has rows of its own.
#[cfg(feature = "hydrate")]
pub fn list(rows: impl Fn() -> Vec<Row> + Send + Sync + 'static) -> AnyView {
    let rows: Box<dyn Fn() -> Vec<Row> + Send + Sync> = Box::new(rows);
    let own = LISTS.fetch_add(1, Ordering::Relaxed);
    view! { <For each=rows key=move |row| (own, row.key.clone()) children=|row| (row.draw)()/> }.into_any()
}

/// The rows, each with signals of its own; nothing is drawn again, so keys tell nothing.
#[cfg(not(feature = "hydrate"))]
pub fn list(rows: impl Fn() -> Vec<Row> + Send + Sync + 'static) -> AnyView {
    let draw = |row: Row| {
        let owner = Owner::new();
        OwnedView::new_with_owner(owner.with(row.draw), owner)
    };
    dynamic(move || rows().into_iter().map(draw).collect::<Vec<_>>())
}
