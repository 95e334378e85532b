//! A state and a transition in the page.

use std::sync::Arc;

use leptos::prelude::*;

use super::super::status::look;
use super::live::{Known, Live};
use super::{face, kind_word};
use crate::app::ui::{Memo, StoredValue, switch, text};
use crate::wire::Status;
use crate::wire::graph::{Edge, EdgeKind, Node};

/// A state, a box around others, or where the course begins or ends.
pub fn state(node: Arc<Node>, live: Live) -> AnyView {
    let place = format!("translate({} {})", node.x, node.y);
    if !node.is_state() {
        return view! { <g class="terminal" aria-hidden="true" transform=place inner_html=face::face(&node)></g> }
            .into_any();
    }
    let number = node.number;
    let known = live.of(number);
    let node = StoredValue::new(node);
    let (name, container, foldable) =
        node.with_value(|node| (node.id.clone(), node.container, node.container || node.folded));
    let chosen = Memo::new({
        let name = name.clone();
        move |_| live.chosen.with(|chosen| chosen.as_ref() == Some(&name))
    });
    let tone = move || known.with(|known| known.as_ref().map_or("plain", |known| look(known.status).tone));
    let label = move || node.with_value(|node| name_of(node, known, live));
    let words = move || node.with_value(|node| face::in_words(node, live.whole_note(known)));
    let course = move || {
        known.with(|known| {
            node.with_value(|node| {
                let note = known.as_ref().and_then(|known| live.short_note(known, face::room(node)));
                face::course(node, known.as_ref().map(|known| known.status), note)
            })
        })
    };
    let href = {
        let name = name.clone();
        move || live.link_to(&name)
    };
    // Alone inside a group: only then is a link that the browser draws an element of the drawing and not of the page.
    view! {
        <g data-node=name transform=place>
            <g><a
                id=id_of(number)
                class="node"
                class:container=container
                class:chosen=switch(move || chosen.get())
                data-tone=tone
                data-kind=node.with_value(|node| kind_word(node.kind))
                href=href
                aria-label=label
                aria-current=move || chosen.get().then_some("true")
                data-noscroll="true"
            >
                <title>{text(words)}</title>
                <g inner_html=node.with_value(|node| face::face(node))></g>
                <g inner_html=course></g>
            </a></g>
            {foldable.then(|| fold_link(node, live))}
        </g>
    }
    .into_any()
}

/// The id of a state's link.
pub fn id_of(number: u32) -> String {
    format!("state-{number}")
}

/// A state in words: its name, its kind, how it fares.
fn name_of(node: &Node, known: Memo<Option<Known>>, live: Live) -> String {
    let status = known.with(|known| known.as_ref().map(word));
    let note = live.whole_note(known);
    let parts = [Some(node.label.as_str()), Some(kind_word(node.kind)), status, note.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How a state fares, in a word.
pub fn word(known: &Known) -> &'static str {
    match known.status {
        Status::NotReached if known.skipped => "Skipped",
        status => look(status).word,
    }
}

/// The link at the end of a Parallel's or Map's first line that folds it.
fn fold_link(node: StoredValue<Arc<Node>>, live: Live) -> AnyView {
    let (name, verb, open, sign) = node.with_value(|node| {
        let (verb, open) = if node.folded { ("Unfold", "false") } else { ("Fold", "true") };
        (node.id.clone(), format!("{verb} {}", node.label), open, face::fold(node))
    });
    // Alone inside a group, as in `state`.
    view! {
        <g><a
            class="node-fold"
            href=move || live.fold(&name)
            aria-label=verb
            aria-expanded=open
            data-noscroll="true"
            inner_html=sign
        ></a></g>
    }
    .into_any()
}

/// A transition.
pub fn transition(edge: &Edge, taken: bool, fresh: bool) -> AnyView {
    let kind = match edge.kind {
        EdgeKind::Next => "next",
        EdgeKind::Choice => "choice",
        EdgeKind::Default => "default",
        EdgeKind::Catch => "catch",
    };
    view! { <g class="edge" class:taken=taken class:fresh=fresh data-kind=kind inner_html=face::edge(edge)></g> }
        .into_any()
}
