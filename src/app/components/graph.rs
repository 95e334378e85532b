//! Workflows drawn. The places come from the server; this file only draws them.

use std::collections::HashMap;

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::Mark;
use super::status::look;
use crate::app::ui::{dynamic, switch};
use crate::wire::Status;
use crate::wire::graph::{Edge, EdgeKind, Graph, Node, NodeKind};

/// Lines of a name, of a detail and of an edge's label are this far apart: `asl::graph` made room for them.
const NAME_LINE: f32 = 15.0;
const DETAIL_LINE: f32 = 14.0;

/// What an execution adds to a drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    pub states: HashMap<String, Status>,
    pub taken: Vec<(String, String)>,
}

/// A definition, or an execution on it. States are links where `link` gives one.
#[component]
pub fn GraphView(
    graph: Graph,
    /// What the drawing shows, for readers of the screen.
    #[prop(into)]
    label: String,
    /// What happened; nothing for a definition alone.
    #[prop(into)]
    course: Signal<Option<Course>>,
    /// The state that is shown beside the drawing.
    #[prop(into)]
    chosen: Signal<Option<String>>,
    /// Where a state leads. What it reads may change.
    link: impl Fn(&str) -> String + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let view_box = format!("-4 -4 {} {}", px(graph.width + 8.0), px(graph.height + 8.0));
    let (width, height) = (graph.width + 8.0, graph.height + 8.0);
    let (boxes, nodes): (Vec<Node>, Vec<Node>) = graph.nodes.into_iter().partition(|node| node.container);
    let node = move |node: Node| state(node, course, chosen, link);
    let frame = NodeRef::new();
    #[cfg(feature = "hydrate")]
    bring_into_sight(frame, chosen);
    view! {
        <figure class="graph" class:live=switch(move || course.with(Option::is_some))>
            <div class="graph-zoom" role="group" aria-label="Size of the drawing">
                <label><input type="radio" name="zoom" value="fit" checked=true/><span>"Fit"</span></label>
                <label><input type="radio" name="zoom" value="full"/><span>"100 %"</span></label>
            </div>
            <div class="graph-scroll" tabindex="-1" node_ref=frame>
                <svg viewBox=view_box width=px(width) height=px(height) role="group" aria-label=label>
                    {boxes.into_iter().map(node).collect_view()}
                    {graph.edges.into_iter().map(|edge| connection(edge, course)).collect_view()}
                    {nodes.into_iter().map(node).collect_view()}
                </svg>
            </div>
        </figure>
    }
    .into_any()
}

/// Scrolls the drawing, and only the drawing, so that the chosen state is in sight, whenever another one is chosen.
#[cfg(feature = "hydrate")]
fn bring_into_sight(frame: NodeRef<leptos::html::Div>, chosen: Signal<Option<String>>) {
    Effect::new(move || {
        let Some(frame) = frame.get().filter(|_| chosen.get().is_some()) else { return };
        // After the drawing has marked the newly chosen state.
        request_animation_frame(move || {
            let Ok(Some(node)) = frame.query_selector(".node.chosen") else { return };
            let (outer, inner) = (frame.get_bounding_client_rect(), node.get_bounding_client_rect());
            if inner.top() < outer.top() || inner.bottom() > outer.bottom() {
                let by = inner.top() - outer.top() - (outer.height() - inner.height()) / 2.0;
                frame.scroll_by_with_x_and_y(0.0, by);
            }
        });
    });
}

fn state(
    node: Node,
    course: Signal<Option<Course>>,
    chosen: Signal<Option<String>>,
    link: impl Fn(&str) -> String + Copy + Send + Sync + 'static,
) -> AnyView {
    if matches!(node.kind, NodeKind::Start | NodeKind::End) {
        return terminal(&node);
    }
    let name = node.id.clone();
    let status = Memo::new({
        let name = name.clone();
        move |_| {
            course.with(|course| {
                course.as_ref().map(|course| course.states.get(&name).copied().unwrap_or(Status::NotReached))
            })
        }
    });
    let chosen = Memo::new({
        let name = name.clone();
        move |_| chosen.with(|chosen| chosen.as_ref() == Some(&name))
    });
    let kind = kind_word(node.kind);
    let navigate = use_navigate();
    let (href, to) = (
        {
            let name = name.clone();
            move || link(&name)
        },
        name,
    );
    // The router minds the page's own links, not those of a drawing. The fragment is for where no scripts run.
    let go = move |click: MouseEvent| {
        if click.button() == 0 && !(click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key()) {
            click.prevent_default();
            let to = untrack(|| link(&to));
            let to = to.split('#').next().unwrap_or_default();
            navigate(to, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
    };
    let label = {
        let name = node.label.clone();
        move || {
            status
                .get()
                .map_or_else(|| format!("{name}, {kind}"), |status| format!("{name}, {kind}, {}", look(status).word))
        }
    };
    let mark_y = if node.container { node.y + 8.0 } else { node.y + 14.0 + name_lines(&node) / 2.0 };
    let whole = if node.detail.is_empty() { node.label.clone() } else { format!("{}\n{}", node.label, node.detail) };
    let (x, y, width, height, container) = (node.x, node.y, node.width, node.height, node.container);
    // Inside a group, so that the link is made as an element of the drawing and not of the page.
    view! {
        <g>
        <a
            class="node"
            class:container=container
            class:chosen=switch(move || chosen.get())
            data-tone=move || status.get().map_or("plain", |status| look(status).tone)
            data-kind=kind
            href=href
            on:click=go
            aria-label=label
            aria-current=move || chosen.get().then_some("true")
            data-noscroll="true"
        >
            <title>{whole}</title>
            <rect class="node-box" x=px(x) y=px(y) width=px(width) height=px(height) rx="6"></rect>
            {dynamic(move || status.get().map(|status| view! {
                <svg x=px(x + 9.0) y=px(mark_y) width="16" height="16"><Mark status/></svg>
            }))}
            {dynamic(move || words(&node, kind, status.get().is_some()))}
        </a>
        </g>
    }
    .into_any()
}

/// How much the name is higher than one line.
fn name_lines(node: &Node) -> f32 {
    NAME_LINE * node.label_lines.len().saturating_sub(1) as f32
}

/// The name and the detail of a state. A definition alone has no marks, so its texts start where the marks would be.
fn words(node: &Node, kind: &'static str, marked: bool) -> AnyView {
    let x = node.x + if marked { 32.0 } else { 12.0 };
    let first = node.y + if node.container { 20.0 } else { 19.0 };
    let below = first + name_lines(node) + if node.container { NAME_LINE } else { NAME_LINE + 1.0 };
    let details = if node.detail_lines.is_empty() { vec![kind.to_owned()] } else { node.detail_lines.clone() };
    // In the head of a box the detail stands beside the name where there is room, in a state below it.
    let (detail_x, detail_y, anchor) =
        if node.beside { (node.x + node.width - 12.0, first, "end") } else { (x, below, "start") };
    view! {
        <text class="node-label">{lines(&node.label_lines, x, first, NAME_LINE)}</text>
        <text class="node-detail" text-anchor=anchor>{lines(&details, detail_x, detail_y, DETAIL_LINE)}</text>
    }
    .into_any()
}

/// Lines of text, the first of them at `y`.
fn lines(lines: &[String], x: f32, y: f32, apart: f32) -> AnyView {
    let line = |(index, line): (usize, &String)| {
        view! { <tspan x=px(x) y=px(y + apart * index as f32)>{line.trim_end().to_owned()}</tspan> }
    };
    lines.iter().enumerate().map(line).collect_view().into_any()
}

/// Start and end: pills, not states.
fn terminal(node: &Node) -> AnyView {
    let (x, y) = (node.x + node.width / 2.0, node.y + node.height / 2.0 + 4.0);
    view! {
        <g class="terminal" aria-hidden="true">
            <rect
                x=px(node.x)
                y=px(node.y)
                width=px(node.width)
                height=px(node.height)
                rx=px(node.height / 2.0)
            ></rect>
            <text x=px(x) y=px(y) text-anchor="middle">{node.label.clone()}</text>
        </g>
    }
    .into_any()
}

fn connection(edge: Edge, course: Signal<Option<Course>>) -> AnyView {
    let ends = (edge.from, edge.to);
    let taken =
        Memo::new(move |_| course.with(|course| course.as_ref().is_some_and(|course| course.taken.contains(&ends))));
    let kind = match edge.kind {
        EdgeKind::Next => "next",
        EdgeKind::Choice => "choice",
        EdgeKind::Default => "default",
        EdgeKind::Catch => "catch",
    };
    let label = edge.label.zip(edge.label_at).map(|(label, (x, y))| edge_label(label, &edge.label_lines, (x, y)));
    view! {
        <g class="edge" class:taken=switch(move || taken.get()) data-kind=kind>
            <path class="edge-line" d=path(&edge.points)></path>
            <path class="edge-head" d=arrow(&edge.points)></path>
            {label}
        </g>
    }
    .into_any()
}

/// A condition or an error, in lines around its place; the tooltip has it in one.
fn edge_label(label: String, label_lines: &[String], (x, y): (f32, f32)) -> AnyView {
    let first = y + 4.0 - DETAIL_LINE * label_lines.len().saturating_sub(1) as f32 / 2.0;
    view! {
        <text class="edge-label" text-anchor="middle">
            <title>{label}</title>
            {lines(label_lines, x, first, DETAIL_LINE)}
        </text>
    }
    .into_any()
}

/// A definition's outline, for rows: boxes and lines, no words.
#[component]
pub fn MiniGraph(graph: Graph) -> impl IntoView {
    let view_box = format!("-8 -8 {} {}", px(graph.width + 16.0), px(graph.height + 16.0));
    let boxes = graph.nodes.iter().map(|node| {
        let radius = if matches!(node.kind, NodeKind::Start | NodeKind::End) { node.height / 2.0 } else { 8.0 };
        view! { <rect class="mini-box" class:container=node.container x=px(node.x) y=px(node.y) width=px(node.width) height=px(node.height) rx=px(radius)></rect> }
    });
    let lines = graph.edges.iter().map(|edge| view! { <path class="mini-line" d=path(&edge.points)></path> });
    view! {
        <svg class="mini" viewBox=view_box width="72" height="56" aria-hidden="true">
            {lines.collect_view()}
            {boxes.collect_view()}
        </svg>
    }
    .into_any()
}

/// The word of a kind of state.
pub fn kind_word(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Start => "Start",
        NodeKind::End => "End",
        NodeKind::Task => "Task",
        NodeKind::Pass => "Pass",
        NodeKind::Choice => "Choice",
        NodeKind::Wait => "Wait",
        NodeKind::Succeed => "Succeed",
        NodeKind::Fail => "Fail",
        NodeKind::Parallel => "Parallel",
        NodeKind::Map => "Map",
    }
}

/// A line through the points with its corners rounded.
fn path(points: &[(f32, f32)]) -> String {
    let [(x, y), rest @ ..] = points else { return String::new() };
    let mut out = format!("M{} {}", px(*x), px(*y));
    for (index, (x, y)) in rest.iter().enumerate() {
        match rest.get(index + 1) {
            // Towards the middle of the next leg, by way of this corner.
            Some((next_x, next_y)) => {
                let (mid_x, mid_y) =
                    if index + 2 == rest.len() { (*next_x, *next_y) } else { ((x + next_x) / 2.0, (y + next_y) / 2.0) };
                out.push_str(&format!("Q{} {} {} {}", px(*x), px(*y), px(mid_x), px(mid_y)));
            }
            None if rest.len() == 1 => out.push_str(&format!("L{} {}", px(*x), px(*y))),
            None => {}
        }
    }
    out
}

/// The head of an arrow at the line's end, pointing where its last leg points.
fn arrow(points: &[(f32, f32)]) -> String {
    let [.., (from_x, from_y), (x, y)] = points else { return String::new() };
    let (dx, dy) = (x - from_x, y - from_y);
    let length = dx.hypot(dy).max(0.001);
    let (ux, uy) = (dx / length, dy / length);
    let (back_x, back_y) = (x - ux * 7.0, y - uy * 7.0);
    let side = |by: f32| format!("L{} {}", px(back_x - uy * by), px(back_y + ux * by));
    format!("M{} {}{}{}Z", px(*x), px(*y), side(4.0), side(-4.0))
}

/// A length to the pixel: a drawing needs no more, and the browser no code that writes fractions.
fn px(length: f32) -> i32 {
    length.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_their_last_point() {
        for (points, expect) in [
            (vec![], ""),
            (vec![(0.0, 0.0), (0.0, 10.0)], "M0 0L0 10"),
            (vec![(0.0, 0.0), (5.0, 5.0), (0.0, 10.0)], "M0 0Q5 5 0 10"),
            (vec![(0.0, 0.0), (4.0, 0.0), (4.0, 8.0), (8.0, 8.0)], "M0 0Q4 0 4 4Q4 8 8 8"),
        ] {
            assert_eq!(path(&points), expect);
        }
    }
}
