//! Two definitions drawn as one: what is new, what is gone and what has changed, each in its place.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::scope::{Sketch, States};
use super::{Graph, MARGIN, layered};
use crate::model::Machine;

/// How a state or a transition differs between two definitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    #[default]
    Same,
    Added,
    Removed,
    /// A state that both have, with other fields.
    Changed,
}

/// The marks of a drawing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// One for each of [`Graph::nodes`], in their order.
    pub nodes: Vec<Mark>,
    /// One for each of [`Graph::edges`], in their order.
    pub edges: Vec<Mark>,
}

/// What a drawing depends on besides the states.
pub(super) struct Drawn<'a> {
    /// The Parallel and Map states whose insides are not drawn.
    pub folded: &'a BTreeSet<String>,
    /// The states that both definitions have and that have changed.
    pub changed: &'a BTreeSet<String>,
}

/// Draws two definitions as one. A state that both have stands where the new one has it, and is marked as changed if it is
/// among `changed`; a state that moved to another scope stands in both, as removed and as added.
pub fn layout_merged(before: &Machine, after: &Machine, changed: &BTreeSet<String>) -> (Graph, Marks) {
    let states =
        States { start_at: &after.start_at, states: &after.states, before: Some((&before.start_at, &before.states)) };
    let sketch = Sketch::new(states, true, &Drawn { folded: &BTreeSet::new(), changed }, &mut layered::lay_out);
    let (width, height) = sketch.size();
    let mut graph = Graph { width: width + 2.0 * MARGIN, height: height + 2.0 * MARGIN, ..Graph::default() };
    let mut marks = Marks::default();
    sketch.place(&mut graph, &mut marks, None, (MARGIN, MARGIN));
    (graph, marks)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;
    use crate::graph::layout;

    fn machine(text: &str) -> Machine {
        crate::parse(text).0.unwrap()
    }

    /// The nodes and edges of a merged drawing that are marked, such as `+Check` and `-Pay -> Ship`.
    fn marked(before: &str, after: &str, changed: &[&str]) -> Vec<String> {
        let changed = changed.iter().map(|name| (*name).to_owned()).collect();
        let (graph, marks) = layout_merged(&machine(before), &machine(after), &changed);
        assert_eq!((marks.nodes.len(), marks.edges.len()), (graph.nodes.len(), graph.edges.len()));
        let sign = |mark: Mark| match mark {
            Mark::Same => None,
            Mark::Added => Some('+'),
            Mark::Removed => Some('-'),
            Mark::Changed => Some('~'),
        };
        let name = |index: usize| graph.nodes[index].id.clone();
        let nodes = (0..graph.nodes.len()).filter_map(|at| Some(format!("{}{}", sign(marks.nodes[at])?, name(at))));
        let edges = graph.edges.iter().zip(&marks.edges);
        let edges =
            edges.filter_map(|(edge, mark)| Some(format!("{}{} -> {}", sign(*mark)?, name(edge.from), name(edge.to))));
        nodes.chain(edges).collect()
    }

    const BEFORE: &str =
        r#"{"StartAt":"Pay","States":{"Pay":{"Type":"Pass","Next":"Ship"},"Ship":{"Type":"Succeed"}}}"#;

    #[test]
    fn a_definition_beside_itself_has_no_marks() {
        assert!(marked(BEFORE, BEFORE, &[]).is_empty());
        let (merged, _) = layout_merged(&machine(BEFORE), &machine(BEFORE), &BTreeSet::new());
        assert_eq!(merged, layout(&machine(BEFORE)));
    }

    #[test]
    fn a_state_between_two_others_takes_their_transition() {
        let after = r#"{"StartAt":"Pay","States":{"Pay":{"Type":"Pass","Next":"Check"},
            "Check":{"Type":"Pass","Next":"Ship"},"Ship":{"Type":"Succeed"}}}"#;
        assert_eq!(
            marked(BEFORE, after, &["Pay"]),
            ["~Pay", "+Check", "+Pay -> Check", "-Pay -> Ship", "+Check -> Ship"]
        );
        let back = marked(after, BEFORE, &[]);
        assert_eq!(back, ["-Check", "+Pay -> Ship", "-Pay -> Check", "-Check -> Ship"]);
    }

    #[test]
    fn another_start_and_another_branch_are_seen() {
        let with = |start: &str, branches: &str| {
            format!(
                r#"{{"StartAt":"{start}","States":{{"A":{{"Type":"Parallel","Branches":[{branches}],"Next":"B"}},"B":{{"Type":"Choice","Choices":[{{"Variable":"$.more","IsPresent":true,"Next":"A"}}],"Default":"C"}},"C":{{"Type":"Succeed"}}}}}}"#
            )
        };
        let branch =
            |name: &str| format!(r#"{{"StartAt":"{name}","States":{{"{name}":{{"Type":"Pass","End":true}}}}}}"#);
        let (one, two) = (branch("X"), format!("{},{}", branch("X"), branch("Y")));
        assert_eq!(marked(&with("A", &one), &with("A", &two), &[]), ["+Y"]);
        assert_eq!(marked(&with("A", &two), &with("A", &one), &[]), ["-Y"]);
        assert_eq!(marked(&with("A", &one), &with("B", &one), &[]), ["+__start -> B", "-__start -> A"]);
    }
}
