//! Workflows drawn. The places come from the server; this file only draws them.

use std::collections::HashMap;

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::status::look;
use super::{Mark, graph_picture};
use crate::app::ui::{dynamic, switch};
use crate::wire::Status;
use crate::wire::graph::{Edge, EdgeKind, Graph, Node, NodeKind};

/// Lines of a name, of a detail and of an edge's label are this far apart: `asl::graph` made room for them.
const NAME_LINE: f32 = 15.0;
const DETAIL_LINE: f32 = 14.0;
/// The texts of a state begin so far from its left side, after its picture; badges are so far apart.
const PICTURE: f32 = 32.0;
const BADGE: f32 = 16.0;
/// How round the corners of lines are.
const ROUND: f32 = 6.0;

/// What an execution adds to a drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    pub states: HashMap<String, Status>,
    pub taken: Vec<(String, String)>,
}

impl Course {
    fn took(&self, edge: &Edge) -> bool {
        self.taken.iter().any(|(from, to)| *from == edge.from && *to == edge.to)
    }
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
    /// Where a Parallel or Map leads that folds or unfolds: see [`toggled`].
    fold: impl Fn(&str) -> String + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let view_box = format!("-4 -4 {} {}", px(graph.width + 8.0), px(graph.height + 8.0));
    let (width, height) = (graph.width + 8.0, graph.height + 8.0);
    let mut edges = graph.edges;
    course.with_untracked(|course| {
        // What was taken comes last: where lines run together, it is seen.
        let taken = |edge: &Edge| course.as_ref().is_some_and(|course| course.took(edge));
        edges.sort_by_key(taken);
    });
    let (boxes, nodes): (Vec<Node>, Vec<Node>) = graph.nodes.into_iter().partition(|node| node.container);
    let node = move |node: Node| state(node, course, chosen, link, fold);
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
                    {edges.into_iter().map(|edge| connection(edge, course)).collect_view()}
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
    fold: impl Fn(&str) -> String + Copy + Send + Sync + 'static,
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
    let go = going(name.clone(), link);
    let href = {
        let name = name.clone();
        move || link(&name)
    };
    let label = {
        let name = node.label.clone();
        move || {
            status
                .get()
                .map_or_else(|| format!("{name}, {kind}"), |status| format!("{name}, {kind}, {}", look(status).word))
        }
    };
    let mark_y = if node.container { node.y + 6.0 } else { node.y + 8.0 };
    let (x, y, width, height, container) = (node.x, node.y, node.width, node.height, node.container);
    let foldable = node.container || node.folded;
    // The last place of the first line is the link's that folds.
    let mark_x = x + width - if foldable { 44.0 } else { 25.0 };
    let toggle = foldable.then(|| fold_link(&node, fold));
    // Alone inside a group: only then is a link that the browser draws an element of the drawing and not of the page.
    view! {
        <g><a
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
            <title>{in_words(&node)}</title>
            {node.folded.then(|| view! { <rect class="node-box node-behind" x=px(x + 4.0) y=px(y + 4.0) width=px(width) height=px(height) rx="6"></rect> })}
            <rect class="node-box" x=px(x) y=px(y) width=px(width) height=px(height) rx="6"></rect>
            {dynamic(move || status.get().map(|status| view! {
                <svg x=px(mark_x) y=px(mark_y) width="16" height="16"><Mark status/></svg>
            }))}
            {picture("node-picture", graph_picture::of_state(&node), x + 9.0, mark_y, 16)}
            {words(&node, kind)}
            {badges(&node)}
        </a></g>
        {toggle}
    }
    .into_any()
}

/// Goes to where a name leads, without a new page. The router minds the page's own links, not those of a drawing. The
/// fragment is for where no scripts run.
fn going(name: String, link: impl Fn(&str) -> String + Copy + 'static) -> impl Fn(MouseEvent) + 'static {
    let navigate = use_navigate();
    move |click: MouseEvent| {
        if click.button() == 0 && !(click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key()) {
            click.prevent_default();
            let to = untrack(|| link(&name));
            let to = to.split('#').next().unwrap_or_default();
            navigate(to, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
    }
}

/// The link at the end of a Parallel's or Map's first line that folds it.
fn fold_link(node: &Node, fold: impl Fn(&str) -> String + Copy + Send + Sync + 'static) -> AnyView {
    let (x, y) = (node.x + node.width - 24.0, node.y + if node.container { 6.0 } else { 8.0 });
    let (verb, open) = if node.folded { ("Unfold", "false") } else { ("Fold", "true") };
    let go = going(node.id.clone(), fold);
    let name = node.id.clone();
    // Alone inside a group, as in `state`.
    view! {
        <g><a
            class="node-fold"
            href=move || fold(&name)
            on:click=go
            aria-label=format!("{verb} {}", node.label)
            aria-expanded=open
            data-noscroll="true"
        >
            <title>{verb}</title>
            <rect x=px(x - 4.0) y=px(y - 4.0) width="24" height="24" rx="4"></rect>
            {picture("node-sign", graph_picture::of_fold(node.folded), x, y, 16)}
        </a></g>
    }
    .into_any()
}

/// What the parameter of the address becomes that names the folded states, one a line, when `name` folds or unfolds.
#[must_use]
pub fn toggled(folded: Option<&str>, name: &str) -> Option<String> {
    let mut names: Vec<&str> = folded.unwrap_or_default().lines().collect();
    match names.iter().position(|&one| one == name) {
        Some(place) => drop(names.remove(place)),
        None => names.push(name),
    }
    (!names.is_empty()).then(|| names.join("\n"))
}

/// A picture of `size` pixels. It is decoration: the words beside it say the same.
fn picture(class: &'static str, shape: &'static str, x: f32, y: f32, size: u8) -> AnyView {
    view! {
        <svg
            class=class
            x=px(x)
            y=px(y)
            width=size
            height=size
            viewBox="0 0 16 16"
            aria-hidden="true"
            inner_html=shape
        ></svg>
    }
    .into_any()
}

/// The retries and limits of a state: below the name, in the head of a box beside it.
fn badges(node: &Node) -> AnyView {
    let count = node.badges.len();
    let (end, y) = if node.container {
        (node.width - 48.0, node.y + 8.0)
    } else {
        (node.width - 11.0, node.y + node.height - 20.0)
    };
    let badge = |(index, badge): (usize, &crate::wire::graph::Badge)| {
        let x = node.x + end - BADGE * (count - index) as f32;
        view! { <g class="node-badge"><title>{badge.text.clone()}</title><rect x=px(x) y=px(y) width="14" height="14"></rect>{picture("node-sign", graph_picture::of_badge(badge.kind), x + 1.0, y + 1.0, 12)}</g> }
    };
    node.badges.iter().enumerate().map(badge).collect_view().into_any()
}

/// Everything that the node shows, in lines.
fn in_words(node: &Node) -> String {
    let badges = node.badges.iter().map(|badge| badge.text.as_str());
    let lines = [node.label.as_str(), node.detail.as_str()].into_iter().chain(badges);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// How much the name is higher than one line.
fn name_lines(node: &Node) -> f32 {
    NAME_LINE * node.label_lines.len().saturating_sub(1) as f32
}

/// The name and the detail of a state.
fn words(node: &Node, kind: &'static str) -> AnyView {
    let x = node.x + PICTURE;
    let first = node.y + if node.container { 20.0 } else { 19.0 };
    let below = first + name_lines(node) + if node.container { NAME_LINE } else { NAME_LINE + 1.0 };
    let details = if node.detail_lines.is_empty() { vec![kind.to_owned()] } else { node.detail_lines.clone() };
    // In the head of a box the detail stands beside the name where there is room, in a state below it.
    let beside_x = node.x + node.width - 50.0 - BADGE * node.badges.len() as f32;
    let (detail_x, detail_y, anchor) = if node.beside { (beside_x, first, "end") } else { (x, below, "start") };
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
    let line = pieces(&edge.points, edge.label_at, edge.label_size).iter().map(|piece| path(piece)).collect::<String>();
    let label = edge.label.zip(edge.label_at).map(|(label, (x, y))| edge_label(label, &edge.label_lines, (x, y)));
    view! {
        <g class="edge" class:taken=switch(move || taken.get()) data-kind=kind>
            <path class="edge-line" d=line></path>
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

/// The line without the piece that its label covers. A label stands on a leg that runs straight down.
fn pieces(points: &[(f32, f32)], label: Option<(f32, f32)>, size: (f32, f32)) -> Vec<Vec<(f32, f32)>> {
    let whole = || vec![points.to_vec()];
    let Some((x, y)) = label else { return whole() };
    let (above, below) = (y - size.1 / 2.0 - 1.0, y + size.1 / 2.0 + 1.0);
    let is_covered = |leg: &[(f32, f32)]| {
        let (low, high) = (leg[0].1.min(leg[1].1), leg[0].1.max(leg[1].1));
        (leg[0].0 - x).abs() < 1.0 && (leg[1].0 - x).abs() < 1.0 && low < below && above < high
    };
    let Some(at) = points.windows(2).position(is_covered) else { return whole() };
    let (first, last) = (points[at], points[at + 1]);
    let down = first.1 < last.1;
    let (enter, leave) = if down { (above, below) } else { (below, above) };
    let mut before = points[..=at].to_vec();
    if (first.1 < enter) == down {
        before.push((first.0, enter));
    }
    let mut after = Vec::new();
    if (last.1 > leave) == down {
        after.push((last.0, leave));
    }
    after.extend_from_slice(&points[at + 1..]);
    vec![before, after]
}

/// A line through the points with its corners rounded.
fn path(points: &[(f32, f32)]) -> String {
    let [(x, y), ..] = points else { return String::new() };
    let mut out = format!("M{} {}", px(*x), px(*y));
    for leg in points.windows(3) {
        let [before, corner, after] = [leg[0], leg[1], leg[2]];
        let ((in_x, in_y), (out_x, out_y)) = (beside(corner, before), beside(corner, after));
        out.push_str(&format!(
            "L{} {}Q{} {} {} {}",
            px(in_x),
            px(in_y),
            px(corner.0),
            px(corner.1),
            px(out_x),
            px(out_y)
        ));
    }
    if let [_, .., (x, y)] = points {
        out.push_str(&format!("L{} {}", px(*x), px(*y)));
    }
    out
}

/// The point on the way from a corner to its neighbour where the rounding begins: half way where there is no room.
fn beside(corner: (f32, f32), neighbour: (f32, f32)) -> (f32, f32) {
    let (dx, dy) = (neighbour.0 - corner.0, neighbour.1 - corner.1);
    let part = (ROUND / dx.hypot(dy).max(0.001)).min(0.5);
    (corner.0 + dx * part, corner.1 + dy * part)
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
    fn a_name_folds_and_unfolds() {
        assert_eq!(toggled(None, "a").as_deref(), Some("a"));
        assert_eq!(toggled(Some("a"), "b c").as_deref(), Some("a\nb c"));
        assert_eq!(toggled(Some("a\nb c"), "a").as_deref(), Some("b c"));
        assert_eq!(toggled(Some("a"), "a"), None);
    }

    #[test]
    fn a_line_leaves_room_for_its_label() {
        let line = [(0.0, 0.0), (9.0, 0.0), (9.0, 60.0), (0.0, 60.0)];
        let upwards: Vec<(f32, f32)> = line.iter().rev().copied().collect();
        let label = (Some((9.0, 30.0)), (40.0, 14.0));
        let expect = vec![vec![line[0], line[1], (9.0, 22.0)], vec![(9.0, 38.0), line[2], line[3]]];
        assert_eq!(pieces(&line, label.0, label.1), expect);
        let turned: Vec<Vec<(f32, f32)>> =
            expect.into_iter().rev().map(|piece| piece.into_iter().rev().collect()).collect();
        assert_eq!(pieces(&upwards, label.0, label.1), turned);
        assert_eq!(pieces(&line, None, (0.0, 0.0)), vec![line.to_vec()]);
    }

    #[test]
    fn lines_end_at_their_last_point() {
        for (points, expect) in [
            (vec![], ""),
            (vec![(0.0, 0.0), (0.0, 10.0)], "M0 0L0 10"),
            (vec![(0.0, 0.0), (0.0, 20.0), (30.0, 20.0)], "M0 0L0 14Q0 20 6 20L30 20"),
            (vec![(0.0, 0.0), (4.0, 0.0), (4.0, 40.0)], "M0 0L2 0Q4 0 4 6L4 40"),
        ] {
            assert_eq!(path(&points), expect);
        }
    }
}
