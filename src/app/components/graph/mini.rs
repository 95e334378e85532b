//! A small drawing for rows: boxes and lines, no words.

use leptos::prelude::*;

use crate::wire::graph::Sketch;

/// A definition's outline.
#[component]
pub fn MiniGraph(sketch: Sketch) -> impl IntoView {
    let view_box = format!("-8 -8 {} {}", sketch.width + 16, sketch.height + 16);
    view! {
        <svg class="mini" viewBox=view_box width="72" height="56" aria-hidden="true">
            <path class="mini-line" d=sketch.lines></path>
            <path class="mini-box container" d=sketch.containers></path>
            <path class="mini-box" d=sketch.boxes></path>
        </svg>
    }
    .into_any()
}
