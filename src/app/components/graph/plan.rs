//! A large drawing from far away, where no word can be read: a path for all lines, and one for the states of each tone.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::super::status::look;
use super::line::path;
use super::live::Live;
use super::scene::Scene;
use crate::app::ui::{Memo, dynamic};

/// From this scale on, down, a large drawing is a plan.
pub const FAR: f32 = 0.3;
/// A drawing with fewer nodes is drawn whole at every scale.
pub const LARGE: usize = 150;

/// The plan of a scene.
pub fn plan(scene: Memo<Scene>, live: Live) -> AnyView {
    let lines = move |taken: bool| {
        scene.with(|scene| {
            let edges = scene.graph.edges.iter().filter(|edge| live.took(edge.from, edge.to) == taken);
            edges.map(|edge| path(&edge.line())).collect::<String>()
        })
    };
    let boxes = move || {
        let mut tones: BTreeMap<(bool, &'static str), String> = BTreeMap::new();
        scene.with(|scene| {
            for node in &scene.graph.nodes {
                let tone = live.status(node.number).map_or("plain", |status| look(status).tone);
                // What holds others is drawn before them.
                tones.entry((!node.container, tone)).or_default().extend([
                    "M",
                    &node.x.to_string(),
                    " ",
                    &node.y.to_string(),
                    "h",
                    &node.width.to_string(),
                    "v",
                    &node.height.to_string(),
                    "h-",
                    &node.width.to_string(),
                    "z",
                ]);
            }
        });
        let path = |((is_state, tone), data): ((bool, &'static str), String)| {
            view! { <g class="node" class:container=!is_state data-tone=tone><path class="node-box" d=data></path></g> }
        };
        tones.into_iter().map(path).collect_view()
    };
    view! {
        <g aria-hidden="true" class="plan">
            {dynamic(boxes)}
            <g class="edge"><path class="edge-line" d=move || lines(false)></path></g>
            <g class="edge taken"><path class="edge-line" d=move || lines(true)></path></g>
        </g>
    }
    .into_any()
}
