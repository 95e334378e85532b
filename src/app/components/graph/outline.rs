//! The states as a list, nested as they are in the definition: what the drawing shows, to be read.

use leptos::prelude::*;

use super::kind_word;
use super::live::Live;
use super::part::word;
use super::scene::Scene;
use crate::app::components::Mark;
use crate::app::components::status::look;
use crate::app::ui::{dynamic, shown, text};
use crate::wire::graph::Node;

/// The states of a drawing in a list.
pub fn outline(scene: &Scene, label: String, live: Live) -> AnyView {
    view! { <nav class="graph-outline" aria-label=format!("States of: {label}")>{inside(scene, None, live)}</nav> }
        .into_any()
}

/// The states of a box, or those outside of all.
fn inside(scene: &Scene, parent: Option<u32>, live: Live) -> Option<AnyView> {
    let states = scene.graph.nodes.iter().filter(|node| node.parent == parent && node.is_state());
    let items: Vec<AnyView> = states.map(|node| item(scene, node, live)).collect();
    (!items.is_empty()).then(|| view! { <ul>{items}</ul> }.into_any())
}

fn item(scene: &Scene, node: &Node, live: Live) -> AnyView {
    let number = node.number;
    let known = live.of(number);
    let status = move || {
        let known = known.get()?;
        let tone = look(known.status).tone;
        Some(
            view! { <span class="status" data-tone=tone><Mark status=known.status/><span>{word(&known)}</span></span> },
        )
    };
    let note = move || live.whole_note(known).unwrap_or_default();
    let name = node.id.clone();
    let chosen = {
        let name = node.id.clone();
        move || live.chosen.with(|chosen| chosen.as_ref() == Some(&name)).then_some("true")
    };
    view! {
        <li>
            <a href=move || live.link_to(&name) aria-current=chosen data-noscroll="true">{shown(&node.label)}</a>
            <span class="quiet">{kind_word(node.kind)}</span>
            {dynamic(status)}
            <span class="quiet time">{text(note)}</span>
            {inside(scene, Some(number), live)}
        </li>
    }
    .into_any()
}
