//! The difference of two definitions, drawn as one graph. The server draws it as text: a plan is looked at, and not handled
//! like a map.
//!
//! What differs has a sign (+, −, ~) beside its colour and its stroke, and stands in a list below the drawing as well.

use std::fmt::Write as _;

use countersign_asl::graph::{self as asl, Mark, Marks};

use crate::app::face;
use crate::server::pages::graph::whole;
use crate::visible::visible;
use crate::wire::graph::{Edge, Node};

/// The most states that are drawn: the list says the same of more.
const DRAWN: usize = 400;
/// How far a sign reaches around its place.
const SIGN: i32 = 7;

/// The drawing with its legend, and the list of what differs; nothing where nothing does.
#[must_use]
pub fn difference(graph: &asl::Graph, marks: &Marks) -> String {
    let changes = listed(graph, marks);
    if changes.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    if graph.nodes.len() <= DRAWN {
        legend(&mut out);
        drawn(&mut out, graph, marks);
    }
    let open = if graph.nodes.len() > DRAWN { " open" } else { "" };
    put(
        &mut out,
        &format!("<details class=\"values\"{open}><summary>Differences as a list</summary><ul class=\"change-list\">"),
    );
    for (mark, words) in &changes {
        put(&mut out, &format!("<li data-mark=\"{}\">", name(*mark)));
        sign_in_text(&mut out, *mark);
        face::escape(&mut out, words);
        put(&mut out, "</li>");
    }
    put(&mut out, "</ul></details>");
    out
}

/// What differs, in words, in the order of the drawing.
fn listed(graph: &asl::Graph, marks: &Marks) -> Vec<(Mark, String)> {
    let name_of = |at: usize| match graph.nodes.get(at) {
        Some(node) if node.kind == asl::NodeKind::Start => "Start".to_owned(),
        Some(node) if node.kind == asl::NodeKind::End => "End".to_owned(),
        Some(node) => visible(&node.id).into_owned(),
        None => String::new(),
    };
    let states = graph.nodes.iter().zip(&marks.nodes).enumerate().filter(|(_, (node, mark))| {
        **mark != Mark::Same && !matches!(node.kind, asl::NodeKind::Start | asl::NodeKind::End)
    });
    let states = states.map(|(at, (_, mark))| (*mark, format!("{} state {}", word(*mark), name_of(at))));
    let edges = graph.edges.iter().zip(&marks.edges).filter(|(_, mark)| **mark != Mark::Same).map(|(edge, mark)| {
        let why = edge.label.as_deref().map_or_else(String::new, |label| format!(" ({})", visible(label)));
        (*mark, format!("{} transition {} → {}{why}", word(*mark), name_of(edge.from), name_of(edge.to)))
    });
    states.chain(edges).collect()
}

const fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "New",
        Mark::Removed => "Removed",
        Mark::Changed => "Changed",
        Mark::Same => "Unchanged",
    }
}

/// The mark as the style sheet knows it.
const fn name(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "added",
        Mark::Removed => "removed",
        Mark::Changed => "changed",
        Mark::Same => "same",
    }
}

const fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "+",
        Mark::Removed => "−",
        Mark::Changed => "~",
        Mark::Same => "",
    }
}

fn put(out: &mut String, text: &str) {
    out.push_str(text);
}

fn sign_in_text(out: &mut String, mark: Mark) {
    put(out, &format!("<span class=\"change-sign\" aria-hidden=\"true\">{}</span> ", sign(mark)));
}

fn legend(out: &mut String) {
    put(out, "<p class=\"change-legend\">");
    for mark in [Mark::Added, Mark::Changed, Mark::Removed] {
        put(out, &format!("<span data-mark=\"{}\">", name(mark)));
        sign_in_text(out, mark);
        put(out, &format!("{}</span>", word(mark)));
    }
    put(out, "</p>");
}

fn drawn(out: &mut String, graph: &asl::Graph, marks: &Marks) {
    let shown = whole(graph);
    let mark = |of: &[Mark], at: usize| of.get(at).copied().unwrap_or_default();
    let count = |of: &[Mark], wanted: Mark| of.iter().filter(|mark| **mark == wanted).count();
    let label = format!(
        "The difference as a graph; states: {} new, {} changed, {} removed",
        count(&marks.nodes, Mark::Added),
        count(&marks.nodes, Mark::Changed),
        count(&marks.nodes, Mark::Removed)
    );
    put(out, &format!("<div class=\"change-box\" tabindex=\"0\" role=\"group\" aria-label=\"{label}\">"));
    let (width, height) = (shown.width, shown.height);
    put(
        out,
        &format!(
            "<svg class=\"change-graph\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" aria-hidden=\"true\">"
        ),
    );
    // What is marked lies above what is not.
    for wanted in [false, true] {
        for (at, edge) in shown.edges.iter().enumerate() {
            let mark = mark(&marks.edges, at);
            if (mark != Mark::Same) == wanted {
                put(out, &format!("<g class=\"edge\" data-mark=\"{}\">{}", name(mark), face::edge(edge)));
                if let Some(place) = (mark != Mark::Same).then(|| middle(edge)).flatten() {
                    draw_sign(out, mark, place);
                }
                put(out, "</g>");
            }
        }
    }
    for (at, node) in shown.nodes.iter().enumerate() {
        state(out, node, mark(&marks.nodes, at));
    }
    put(out, "</svg></div>");
}

fn state(out: &mut String, node: &Node, mark: Mark) {
    if !node.is_state() {
        put(
            out,
            &format!("<g class=\"terminal\" transform=\"translate({} {})\">{}</g>", node.x, node.y, face::face(node)),
        );
        return;
    }
    let class = if node.container { "node container" } else { "node" };
    put(
        out,
        &format!(
            "<g class=\"{class}\" data-mark=\"{}\" data-tone=\"plain\" transform=\"translate({} {})\"><title>",
            name(mark),
            node.x,
            node.y
        ),
    );
    let words = face::in_words(node, (mark != Mark::Same).then(|| word(mark).to_owned()));
    face::escape(out, &words);
    put(out, "</title>");
    put(out, &face::face(node));
    put(out, &face::course(node, None, None));
    if mark != Mark::Same {
        draw_sign(out, mark, (node.width, 0));
    }
    put(out, "</g>");
}

/// A sign in a circle around its place.
fn draw_sign(out: &mut String, mark: Mark, (x, y): (i32, i32)) {
    // Writing to a text cannot fail.
    let _ = write!(
        out,
        "<g class=\"change-mark\"><circle cx=\"{x}\" cy=\"{y}\" r=\"{SIGN}\"></circle><text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text></g>",
        y + 4,
        sign(mark)
    );
}

/// The middle of the longest leg of a line, beside its label where that stands there.
fn middle(edge: &Edge) -> Option<(i32, i32)> {
    let length = |leg: &[(i32, i32)]| (leg[0].0 - leg[1].0).abs() + (leg[0].1 - leg[1].1).abs();
    let leg = edge.points.windows(2).max_by_key(|leg| length(leg))?;
    let (x, mut y) = ((leg[0].0 + leg[1].0) / 2, (leg[0].1 + leg[1].1) / 2);
    if let Some((at_x, at_y)) = edge.label_at {
        let (width, height) = edge.label_size;
        if (at_x - x).abs() < width / 2 + SIGN && (at_y - y).abs() < height / 2 + SIGN {
            let below = at_y + height / 2 + SIGN + 2;
            y = below.min(leg[0].1.max(leg[1].1) - SIGN).max(at_y + height / 2 + SIGN);
        }
    }
    Some((x, y))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use std::collections::BTreeSet;

    use countersign_asl::graph::layout_merged;
    use countersign_asl::parse;

    use super::*;

    fn drawn_between(before: &str, after: &str, changed: &[&str]) -> String {
        let changed: BTreeSet<String> = changed.iter().map(|name| (*name).to_owned()).collect();
        let (graph, marks) = layout_merged(&parse(before).0.unwrap(), &parse(after).0.unwrap(), &changed);
        difference(&graph, &marks)
    }

    const BEFORE: &str =
        r#"{"StartAt":"Pay","States":{"Pay":{"Type":"Pass","Next":"Ship"},"Ship":{"Type":"Succeed"}}}"#;

    #[test]
    fn what_differs_has_a_sign_a_stroke_and_a_line_in_the_list() {
        let after = r#"{"StartAt":"Pay","States":{"Pay":{"Type":"Pass","Next":"<Check>"},
            "<Check>":{"Type":"Pass","Next":"Ship"},"Ship":{"Type":"Succeed"}}}"#;
        let html = drawn_between(BEFORE, after, &["Pay"]);
        for part in [
            "data-mark=\"added\"",
            "data-mark=\"removed\"",
            "data-mark=\"changed\"",
            "New state &lt;Check&gt;",
            "Changed state Pay",
            "Removed transition Pay → Ship",
            "New transition Pay → &lt;Check&gt;",
            ">−</text>",
            "states: 1 new, 1 changed, 0 removed",
        ] {
            assert!(html.contains(part), "no {part:?}: {html}");
        }
        assert!(!html.contains("<Check>"), "{html}");
        assert_eq!(drawn_between(BEFORE, BEFORE, &[]), "");
    }

    #[test]
    fn a_drawing_that_is_too_large_is_a_list() {
        let chain = |count: usize| {
            let states = (0..count).map(|at| format!("\"S{at}\":{{\"Type\":\"Pass\",\"Next\":\"S{}\"}}", at + 1));
            let states: Vec<String> = states.collect();
            format!("{{\"StartAt\":\"S0\",\"States\":{{{},\"S{count}\":{{\"Type\":\"Succeed\"}}}}}}", states.join(","))
        };
        let html = drawn_between(&chain(DRAWN), &chain(DRAWN + 1), &[]);
        assert!(!html.contains("<svg") && html.contains("<details class=\"values\" open>"), "{html}");
    }
}
