//! From a state along the transitions, with the arrow keys.

use super::scene::Scene;
use crate::wire::graph::Node;

/// Where an arrow key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To what follows; from a box into it.
    Down,
    /// To what comes before; from the first state of a box to the box.
    Up,
    /// To the next alternative on either side.
    Left,
    Right,
}

impl Way {
    /// The way of a key by its name.
    pub fn of(key: &str) -> Option<Self> {
        Some(match key {
            "ArrowDown" => Self::Down,
            "ArrowUp" => Self::Up,
            "ArrowLeft" => Self::Left,
            "ArrowRight" => Self::Right,
            _ => return None,
        })
    }
}

/// The state that a way leads to from the state `from`.
pub fn step(scene: &Scene, from: u32, way: Way) -> Option<u32> {
    let here = scene.node(from)?;
    let next = match way {
        Way::Down => nearest(here, after(scene, here), true),
        Way::Up => nearest(here, before(scene, here), false),
        Way::Left | Way::Right => beside(scene, here, way == Way::Right),
    };
    next.map(|node| node.number)
}

/// Where the walk begins: at the first state.
pub fn start(scene: &Scene) -> Option<u32> {
    scene.graph.nodes.iter().find(|node| node.is_state()).map(|node| node.number)
}

fn linked(scene: &Scene, ends: impl Fn((u32, u32)) -> Option<u32>) -> Vec<&Node> {
    let ends = scene.graph.edges.iter().filter_map(|edge| ends((edge.from, edge.to)));
    ends.filter_map(|number| scene.node(number)).filter(|node| node.is_state()).collect()
}

fn followers<'a>(scene: &'a Scene, of: &Node) -> Vec<&'a Node> {
    linked(scene, |(from, to)| (from == of.number).then_some(to))
}

/// The states that a box begins with.
fn beginnings<'a>(scene: &'a Scene, of: &Node) -> Vec<&'a Node> {
    let inside = scene.graph.nodes.iter().filter(|node| node.parent == Some(of.number));
    let is_first = |node: &&Node| {
        !scene
            .graph
            .edges
            .iter()
            .any(|edge| edge.to == node.number && scene.node(edge.from).is_some_and(|from| from.y < node.y))
    };
    inside.filter(is_first).collect()
}

fn after<'a>(scene: &'a Scene, here: &Node) -> Vec<&'a Node> {
    let inside = beginnings(scene, here);
    if !inside.is_empty() {
        return inside;
    }
    let mut at = Some(here);
    while let Some(node) = at {
        let next = followers(scene, node);
        if !next.is_empty() {
            return next;
        }
        // The last state of a box leads to where the box does.
        at = node.parent.and_then(|parent| scene.node(parent));
    }
    Vec::new()
}

fn before<'a>(scene: &'a Scene, here: &Node) -> Vec<&'a Node> {
    let mut found = linked(scene, |(from, to)| (to == here.number).then_some(from));
    found.retain(|node| node.number != here.number);
    if !found.iter().any(|node| node.y < here.y) {
        found.extend(here.parent.and_then(|parent| scene.node(parent)));
    }
    found
}

/// Of several, the one on the right side of the state that is nearest to it; where none is on that side, the nearest.
fn nearest<'a>(here: &Node, all: Vec<&'a Node>, below: bool) -> Option<&'a Node> {
    let onward = |node: &Node| if below { node.y > here.y } else { node.y < here.y };
    let distance = |node: &Node| ((node.x + node.width / 2) - (here.x + here.width / 2)).abs();
    all.into_iter().min_by_key(|node| (!onward(node), distance(node), node.x))
}

/// The next of the states that follow the same ones, from left to right.
fn beside<'a>(scene: &'a Scene, here: &Node, right: bool) -> Option<&'a Node> {
    let mut siblings: Vec<&Node> = Vec::new();
    for origin in before(scene, here) {
        siblings.extend(if here.parent == Some(origin.number) {
            beginnings(scene, origin)
        } else {
            followers(scene, origin)
        });
    }
    siblings.retain(|node| if right { node.x > here.x } else { node.x < here.x });
    siblings.into_iter().min_by_key(|node| ((node.x - here.x).abs(), node.y))
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{node, scene};
    use super::*;

    #[test]
    fn arrows_follow_the_transitions() {
        // 1 chooses between 2, 3 and 4; 3 goes to the box 5 with 6 and 7 inside, and 5 on to 8, which goes back to 1.
        let mut around = node(5, None, 150, 200);
        (around.width, around.height, around.container) = (400, 150, true);
        let scene = scene(
            vec![
                node(1, None, 200, 0),
                node(2, None, 0, 100),
                node(3, None, 200, 100),
                node(4, None, 400, 100),
                around,
                node(6, Some(5), 170, 240),
                node(7, Some(5), 400, 240),
                node(8, None, 200, 400),
            ],
            &[(1, 2), (1, 3), (1, 4), (3, 5), (5, 8), (8, 1)],
        );
        for (from, way, to) in [
            (1, Way::Down, Some(3)),
            (3, Way::Left, Some(2)),
            (3, Way::Right, Some(4)),
            (4, Way::Right, None),
            (4, Way::Up, Some(1)),
            (3, Way::Down, Some(5)),
            (5, Way::Down, Some(6)),
            (6, Way::Right, Some(7)),
            (6, Way::Up, Some(5)),
            (7, Way::Down, Some(8)),
            (8, Way::Up, Some(5)),
            (8, Way::Down, Some(1)),
            (2, Way::Down, None),
        ] {
            assert_eq!(step(&scene, from, way), to, "{from} {way:?}");
        }
        assert_eq!(start(&scene), Some(1));
    }
}
