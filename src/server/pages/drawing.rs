//! The drawing of a definition, whole or the part that a page opens with.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use countersign_desk::watch::Definition;
use countersign_desk::{Actor, Desk};

use super::execution::telling_state;
use super::{Answered, graph, worded};
use crate::map::{USUAL, View};
use crate::wire::drawing::{Drawing, Extent, Of};
use crate::wire::graph::{Graph, Node};

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
