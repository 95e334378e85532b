//! A difference as Mermaid text, which forges draw in comments and documents.

use std::fmt::Write as _;

use countersign_asl::graph::{Edge, EdgeKind, Graph, Mark, NodeKind};

use super::difference::Drawing;

/// The most nodes that are drawn: forges refuse larger diagrams.
const MOST_NODES: usize = 300;
/// The most characters of a label.
const LONGEST: usize = 80;

/// How the marks are drawn, in light and in dark themes alike.
const CLASSES: &str = "  classDef added fill:#1a7f37,stroke:#116329,color:#ffffff
  classDef removed fill:#b42318,stroke:#8f1d14,color:#ffffff,stroke-dasharray:4 3
  classDef changed fill:#9a6700,stroke:#7d4e00,color:#ffffff
";

/// The drawing as a flowchart; `None` if it has too many nodes to be drawn.
#[must_use]
pub fn mermaid(drawing: &Drawing) -> Option<String> {
    let Drawing { graph, marks } = drawing;
    if graph.nodes.len() > MOST_NODES {
        return None;
    }
    let mut text = String::from("flowchart TD\n");
    scope(graph, None, 1, &mut text);
    let mut styles = String::new();
    for (index, (edge, mark)) in graph.edges.iter().zip(&marks.edges).enumerate() {
        arrow(edge, *mark, &mut text);
        let style = match mark {
            Mark::Added => "stroke:#1a7f37,stroke-width:3px",
            Mark::Removed => "stroke:#b42318,stroke-width:2px",
            Mark::Same | Mark::Changed => continue,
        };
        _ = writeln!(styles, "  linkStyle {index} {style}");
    }
    text.push_str(CLASSES);
    for (mark, class) in [(Mark::Added, "added"), (Mark::Removed, "removed"), (Mark::Changed, "changed")] {
        let marked = (0..graph.nodes.len()).filter(|index| marks.nodes.get(*index) == Some(&mark));
        let names: Vec<String> = marked.map(|index| format!("n{index}")).collect();
        if !names.is_empty() {
            _ = writeln!(text, "  class {} {class}", names.join(","));
        }
    }
    text.push_str(&styles);
    Some(text)
}

/// The nodes of a container, each container with its own in it. A graph nests as deep as its definition.
fn scope(graph: &Graph, parent: Option<usize>, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for (index, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.parent == parent) {
        let label = label(&node.label);
        if node.container {
            _ = writeln!(text, "{indent}subgraph n{index} [\"{label}\"]");
            scope(graph, Some(index), depth + 1, text);
            _ = writeln!(text, "{indent}end");
            continue;
        }
        let (open, close) = match node.kind {
            NodeKind::Start | NodeKind::End => ("([", "])"),
            NodeKind::Choice => ("{", "}"),
            NodeKind::Succeed | NodeKind::Fail => ("(", ")"),
            _ => ("[", "]"),
        };
        _ = writeln!(text, "{indent}n{index}{open}\"{label}\"{close}");
    }
}

fn arrow(edge: &Edge, mark: Mark, text: &mut String) {
    let line = if mark == Mark::Removed || edge.kind == EdgeKind::Catch { "-.->" } else { "-->" };
    let label = edge.label.as_deref().map(|text| format!("|\"{}\"|", label(text))).unwrap_or_default();
    _ = writeln!(text, "  n{} {line}{label} n{}", edge.from, edge.to);
}

/// A text as a label: nothing of it can end the label, the diagram or the code block around it.
fn label(text: &str) -> String {
    let mut label = String::new();
    for letter in text.chars().take(LONGEST) {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | ',' | '?' | '-' | '_' | '=' | '/' | ':' | '+' | '$' => {
                label.push(letter);
            }
            letter if letter.is_alphanumeric() => label.push(letter),
            letter if letter.is_control() || letter.is_whitespace() => label.push(' '),
            // Mermaid's own notation of a character, by its number.
            letter => _ = write!(label, "#{};", u32::from(letter)),
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        label.push('…');
    }
    // A lone word such as `end` is one of Mermaid's own; in quotation marks it is a label.
    if label.trim().is_empty() { " ".to_owned() } else { label }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::super::difference::Difference;
    use super::*;

    #[test]
    fn a_difference_is_drawn_with_its_marks() {
        let before = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Succeed"}}}"#;
        let after = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"C"},"C":{"Type":"Pass","Next":"B"},"B":{"Type":"Succeed"}}}"#;
        let text = mermaid(&Difference::between(before, after).drawing.unwrap()).unwrap();
        let expected = "flowchart TD
  n0([\"Start\"])
  n1[\"A\"]
  n2[\"C\"]
  n3(\"B\")
  n4([\"End\"])
  n0 --> n1
  n1 --> n2
  n1 -.-> n3
  n2 --> n3
  n3 --> n4
";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("  class n2 added\n  class n1 changed\n"), "{text}");
        assert!(text.ends_with("  linkStyle 1 stroke:#1a7f37,stroke-width:3px\n  linkStyle 2 stroke:#b42318,stroke-width:2px\n  linkStyle 3 stroke:#1a7f37,stroke-width:3px\n"), "{text}");
    }

    #[test]
    fn no_label_ends_the_diagram() {
        let name = "x\\\"]\\n```\\nend <b> `a` #1; \u{202e} {{y}} | é";
        let after = format!(
            r#"{{"StartAt":"{name}","States":{{"{name}":{{"Type":"Map","ItemProcessor":{{"StartAt":"I","States":{{"I":{{"Type":"Pass","End":true}}}}}},"End":true}}}}}}"#
        );
        let text = mermaid(&Difference::of_new(&after).drawing.unwrap()).unwrap();
        assert!(!text.contains("```") && !text.contains('<') && !text.contains('\u{202e}'), "{text}");
        let line = text.lines().find(|line| line.contains("subgraph")).unwrap();
        assert_eq!(
            line,
            "  subgraph n1 [\"x#34;#93; #96;#96;#96; end #60;b#62; #96;a#96; #35;1#59; #8238; #123;#123;y#125;#125; #124; é\"]"
        );
        assert_eq!(text.lines().filter(|line| line.trim() == "end").count(), 1);
    }
}
