//! The inside of a state and of a transition, as text: a drawing of hundreds of states is put into the page a piece at a
//! time, and a piece that is one text costs the browser one step.
//!
//! Whatever comes from a definition passes [`escape`].

use super::super::status::look;
use super::kind_word;
use super::line::{arrow, path, pieces, px};
use super::picture;
use crate::wire::Status;
use crate::wire::graph::{Edge, Node};

/// Lines of a name, of a detail and of an edge's label are this far apart: `asl::graph` made room for them.
const NAME_LINE: i32 = 15;
const DETAIL_LINE: i32 = 14;
/// The texts of a state begin so far from its left side, after its picture; badges are so far apart.
const PICTURE: i32 = 32;
const BADGE: i32 = 16;

/// Writes a text so that it stays one.
pub fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
}

/// Writes attributes: a name and a whole number each.
fn numbers(out: &mut String, attributes: &[(&str, i32)]) {
    for (name, value) in attributes {
        out.extend([" ", name, "=\"", &value.to_string(), "\""]);
    }
}

fn rect(out: &mut String, class: &str, at: (i32, i32), size: (i32, i32), round: i32) {
    out.extend(["<rect class=\"", class, "\""]);
    numbers(out, &[("x", at.0), ("y", at.1), ("width", size.0), ("height", size.1), ("rx", round)]);
    out.push_str("></rect>");
}

/// A picture of `size` pixels. It is decoration: the words beside it say the same.
fn drawn(out: &mut String, class: &str, shape: &str, at: (i32, i32), size: i32) {
    out.extend(["<svg class=\"", class, "\" viewBox=\"0 0 16 16\" aria-hidden=\"true\""]);
    numbers(out, &[("x", at.0), ("y", at.1), ("width", size), ("height", size)]);
    out.extend([">", shape, "</svg>"]);
}

/// Lines of text, the first of them at `at`.
fn text(out: &mut String, class: &str, anchor: &str, lines: &[String], at: (i32, i32), apart: i32) {
    out.extend(["<text class=\"", class, "\" text-anchor=\"", anchor, "\">"]);
    for (line, y) in lines.iter().zip((at.1..).step_by(usize::try_from(apart).unwrap_or(1))) {
        out.push_str("<tspan");
        numbers(out, &[("x", at.0), ("y", y)]);
        out.push('>');
        escape(out, line.trim_end());
        out.push_str("</tspan>");
    }
    out.push_str("</text>");
}

/// What a state shows whatever happens to it, from its own top left corner.
pub fn face(node: &Node) -> String {
    let mut out = String::new();
    let size = (node.width, node.height);
    if !node.is_state() {
        rect(&mut out, "", (0, 0), size, node.height / 2);
        let at = (node.width / 2, node.height / 2 + 4);
        text(&mut out, "", "middle", std::slice::from_ref(&node.label), at, NAME_LINE);
        return out;
    }
    if node.folded {
        rect(&mut out, "node-box node-behind", (4, 4), size, 6);
    }
    rect(&mut out, "node-box", (0, 0), size, 6);
    drawn(&mut out, "node-picture", picture::of_state(node), (9, top(node)), 16);
    text(&mut out, "node-label", "start", &node.label_lines, (PICTURE, first_line(node)), NAME_LINE);
    badges(&mut out, node);
    out
}

/// Where the pictures of the first line stand.
const fn top(node: &Node) -> i32 {
    if node.container { 6 } else { 8 }
}

const fn first_line(node: &Node) -> i32 {
    if node.container { 20 } else { 19 }
}

/// The retries and limits of a state: below the name, in the head of a box beside it.
fn badges(out: &mut String, node: &Node) {
    let (end, y) = if node.container { (node.width - 48, 8) } else { (node.width - 11, node.height - 20) };
    for (badge, left) in node.badges.iter().rev().zip(1..) {
        let x = end - BADGE * left;
        out.push_str("<g class=\"node-badge\"><title>");
        escape(out, &badge.text);
        out.push_str("</title>");
        rect(out, "", (x, y), (14, 14), 0);
        drawn(out, "node-sign", picture::of_badge(badge.kind), (x + 1, y + 1), 12);
        out.push_str("</g>");
    }
}

/// What a state shows of its course: its status, and in place of its detail what there is to say of it.
pub fn course(node: &Node, status: Option<Status>, note: Option<String>) -> String {
    let mut out = String::new();
    if let Some(status) = status {
        let look = look(status);
        // The last place of the first line is the link's that folds.
        let x = node.width - if node.container || node.folded { 44 } else { 25 };
        let class = ["mark\" data-tone=\"", look.tone].concat();
        drawn(&mut out, &class, look.shape, (x, top(node)), 16);
    }
    let details = match (&note, node.detail_lines.is_empty()) {
        (Some(note), _) => vec![note.clone()],
        (None, true) => vec![kind_word(node.kind).to_owned()],
        (None, false) => node.detail_lines.clone(),
    };
    let class = if note.is_some() { "node-detail node-note" } else { "node-detail" };
    let first = first_line(node);
    // In the head of a box the detail stands beside the name where there is room, in a state below it.
    if node.beside {
        text(&mut out, class, "end", &details, (detail_end(node), first), DETAIL_LINE);
    } else {
        let names = i32::try_from(node.label_lines.len()).unwrap_or(1).max(1);
        let below = first + NAME_LINE * names + i32::from(!node.container);
        text(&mut out, class, "start", &details, (PICTURE, below), DETAIL_LINE);
    }
    out
}

fn detail_end(node: &Node) -> i32 {
    node.width - 50 - BADGE * i32::try_from(node.badges.len()).unwrap_or_default()
}

/// How many letters of a note have room.
pub fn room(node: &Node) -> usize {
    let badges = BADGE * i32::try_from(node.badges.len()).unwrap_or_default();
    let width = match (node.beside, node.container) {
        // Beside a name of about seven pixels a letter.
        (true, _) => {
            detail_end(node) - PICTURE - 14 - 7 * i32::try_from(node.label.chars().count()).unwrap_or(i32::MAX / 8)
        }
        (false, true) => node.width - PICTURE - 12,
        (false, false) => node.width - PICTURE - 12 - badges,
    };
    usize::try_from(width * 10 / 58).unwrap_or_default()
}

/// Everything that the node shows, in lines.
pub fn in_words(node: &Node, note: Option<String>) -> String {
    let badges = node.badges.iter().map(|badge| badge.text.as_str());
    let lines = [node.label.as_str(), node.detail.as_str()].into_iter().chain(badges).chain(note.as_deref());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The sign of the link that folds a Parallel or Map, with what the pointer meets around it.
pub fn fold(node: &Node) -> String {
    let mut out = String::new();
    let (x, y) = (node.width - 24, top(node));
    out.push_str(if node.folded { "<title>Unfold</title>" } else { "<title>Fold</title>" });
    rect(&mut out, "", (x - 4, y - 4), (24, 24), 4);
    drawn(&mut out, "node-sign", picture::of_fold(node.folded), (x, y), 16);
    out
}

/// A transition: its line, its head, and a condition or an error in lines around its place; the tooltip has it in one.
pub fn edge(edge: &Edge) -> String {
    let points = edge.line();
    let float = |(x, y): (i32, i32)| (x as f32, y as f32);
    let mut out = "<path class=\"edge-line\" d=\"".to_owned();
    for piece in pieces(&points, edge.label_at.map(float), float(edge.label_size)) {
        out.push_str(&path(&piece));
    }
    out.extend(["\"></path><path class=\"edge-head\" d=\"", &arrow(&points), "\"></path>"]);
    if let (Some(label), Some((x, y))) = (&edge.label, edge.label_at) {
        let lines = i32::try_from(edge.label_lines.len()).unwrap_or(1).max(1);
        out.push_str("<g class=\"edge-label\"><title>");
        escape(&mut out, label);
        out.push_str("</title>");
        let first = px((y + 4) as f32 - (DETAIL_LINE * (lines - 1)) as f32 / 2.0);
        text(&mut out, "", "middle", &edge.label_lines, (x, first), DETAIL_LINE);
        out.push_str("</g>");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_definition_stay_texts() {
        let mut out = String::new();
        escape(&mut out, r#"<img src=x onerror="alert(1)">&lt;"#);
        assert_eq!(out, "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;lt;");
    }
}
