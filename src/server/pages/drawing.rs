//! The drawing of a definition, whole or the part that a page opens with.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use countersign_desk::watch::Definition;
use countersign_desk::{Actor, Desk};

use super::execution::telling_state;
use super::{Answered, graph, worded};
use crate::map::{USUAL, View};
use crate::wire::drawing::{Drawing, Extent, Of};
use crate::wire::graph::{Graph, Node, NodeKind};

/// A drawing with at most so many nodes is sent whole at once.
const SMALL: usize = 60;

/// The drawing of `of` without the insides of the states that `folded` names, one a line.
///
/// # Errors
/// There is no such execution or workflow, or the connection does not answer.
pub async fn drawing(desk: &Desk, actor: &Actor, of: Of, folded: Option<String>, extent: Extent) -> Answered<Drawing> {
    let (definition, telling) = match of {
        Of::Execution(arn) => {
            let (record, _) = desk.execution(actor, &arn).await.map_err(|error| worded(desk, &error))?;
            (Arc::clone(&record.definition), telling_state(&record))
        }
        Of::Workflow(name) => {
            let (_, machine) = desk.machine(actor, &name).await.map_err(|error| worded(desk, &error))?;
            (machine.definition, None)
        }
    };
    Ok(drawn(&definition, folded.as_deref(), extent, telling))
}

fn drawn(definition: &Definition, folded: Option<&str>, extent: Extent, telling: Option<String>) -> Drawing {
    let number = number(definition);
    let Some(whole) = graph::drawn(definition, folded) else {
        return Drawing { graph: None, definition: number, count: 0, around: None };
    };
    let count = u32::try_from(whole.nodes.len()).unwrap_or(u32::MAX);
    // Where nothing happened yet, what matters is where it begins.
    let start = whole.nodes.iter().find(|node| node.kind == NodeKind::Start);
    let telling = telling.or_else(|| start.map(|node| node.id.clone()));
    let (graph, around) = match extent {
        Extent::Whole => (whole, telling),
        Extent::Around(asked) => {
            let known = |name: &String| whole.named(name).is_some();
            let around = asked.filter(known).or(telling);
            (if whole.nodes.len() <= SMALL { whole } else { part(whole, around.as_deref()) }, around)
        }
    };
    Drawing { graph: Some(graph), definition: number, count, around }
}

/// The part of a drawing that is in the page when it opens.
fn part(whole: Graph, around: Option<&str>) -> Graph {
    let on = around.and_then(|name| whole.named(name)).map(Node::area);
    let page = View::first(whole.size(), USUAL, on).seen(USUAL).in_page();
    Graph {
        nodes: whole.nodes.into_iter().filter(|node| page.meets(&node.area())).collect(),
        edges: whole.edges.into_iter().filter(|edge| page.meets(&edge.reach())).collect(),
        ..whole
    }
}

/// Names a definition by its text.
#[must_use]
pub fn number(definition: &Definition) -> u64 {
    let mut hasher = DefaultHasher::new();
    definition.text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_drawing_opens_where_it_begins() {
        // The ways that the first state chooses from are of different widths: it is not above the middle.
        let chain = |way: usize| {
            let step = move |n: usize| {
                let next = if n < 9 { format!(r#""Next":"W{way}S{}""#, n + 1) } else { r#""End":true"#.to_owned() };
                format!(r#""W{way}S{n}":{{"Type":"Pass",{next}}}"#)
            };
            (0..10).map(step).collect::<Vec<_>>().join(",")
        };
        let choices: Vec<String> =
            (1..40).map(|way| format!(r#"{{"Variable":"$.n","NumericEquals":{way},"Next":"W{way}S0"}}"#)).collect();
        let chains: Vec<String> = (0..40).map(chain).collect();
        let text = format!(
            r#"{{"StartAt":"First","States":{{"First":{{"Type":"Choice","Choices":[{}],"Default":"W0S0"}},{}}}}}"#,
            choices.join(","),
            chains.join(",")
        );
        let definition = Definition::read(text);
        let drawing = drawn(&definition, None, Extent::Around(None), None);
        let graph = drawing.graph.expect("a drawing");
        assert!(drawing.count > 400 && graph.nodes.len() < 200, "{} of {}", graph.nodes.len(), drawing.count);
        assert!(graph.named("First").is_some(), "its first state is in the part that the page opens with");
        let start = drawing.around.as_deref().and_then(|name| graph.named(name)).expect("where it begins");
        assert_eq!(start.kind, NodeKind::Start);
        let seen = View::first(graph.size(), USUAL, Some(start.area())).seen(USUAL);
        let off = (start.area().middle().0 - seen.middle().0).abs();
        assert!(off < seen.width / 4.0 && seen.holds(&start.area()), "{off} off the middle of {seen:?}");
        // What somebody chose, or what an execution tells, comes first.
        let chosen = drawn(&definition, None, Extent::Around(Some("W39S9".to_owned())), Some("First".to_owned()));
        assert_eq!(chosen.around.as_deref(), Some("W39S9"));
        assert_eq!(drawn(&definition, None, Extent::Whole, Some("First".to_owned())).around.as_deref(), Some("First"));
    }
}
