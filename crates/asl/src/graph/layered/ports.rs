//! Where on a box's lower border its lines begin.
//!
//! Lines to the successors begin in the middle, those to handlers beside it, in the order of their ends: so no two lines
//! of a box cross. A line begins right above its end where it can.

use std::collections::BTreeMap;

use super::{Chain, Drawing, Link};

/// Where an arc leaves: a vertex, and which of its ports.
pub(super) type Port = (usize, usize);

/// Space between the corner of a box and the first line, between two lines, and between those and the middle.
const CORNER: f32 = 12.0;
const APART: f32 = 10.0;

/// The horizontal position at which each line begins.
pub(super) struct Ports<'a> {
    x: BTreeMap<Port, f32>,
    /// Per link, the port that it leaves from.
    pub of_link: Vec<Port>,
    centres: &'a [f32],
}

/// Lines of a box that begin together.
struct Group {
    aside: bool,
    /// The horizontal position that they lead to.
    towards: f32,
    links: Vec<usize>,
}

impl<'a> Ports<'a> {
    pub fn new(drawing: &Drawing, links: &[Link], centres: &'a [f32]) -> Ports<'a> {
        let mut ports = Ports { x: BTreeMap::new(), of_link: vec![(0, 0); links.len()], centres };
        let mut leaving: BTreeMap<usize, Vec<(f32, usize)>> = BTreeMap::new();
        for (index, (link, chain)) in links.iter().zip(&drawing.chains).enumerate() {
            ports.of_link[index] = (link.from, 0);
            if let Chain::Down(chain) = chain {
                leaving.entry(link.from).or_default().push((centres[chain[1]], index));
            }
        }
        for (owner, mut lines) in leaving {
            if lines.iter().any(|&(_, link)| links[link].aside) {
                lines.sort_by(|a, b| a.0.total_cmp(&b.0));
                ports.spread(owner, drawing.vertices[owner].width, &groups(&lines, links));
            }
        }
        ports
    }

    pub fn x(&self, port: Port) -> f32 {
        let own = if port.1 == 0 { None } else { self.x.get(&port).copied() };
        own.unwrap_or(self.centres[port.0])
    }

    /// Gives each group its place: the one that leads on keeps the middle, where there is only one of that kind.
    fn spread(&mut self, owner: usize, width: f32, groups: &[Group]) {
        let (centre, reach) = (self.centres[owner], width / 2.0 - CORNER);
        let mut onwards = groups.iter().enumerate().filter(|(_, group)| !group.aside).map(|(index, _)| index);
        let middle = onwards.next().filter(|_| onwards.next().is_none());
        let mut places = match middle {
            Some(middle) => {
                let left = ordered(&groups[..middle], centre - reach, centre - APART);
                let right = ordered(&groups[middle + 1..], centre + APART, centre + reach);
                left.into_iter().chain([centre]).chain(right).collect()
            }
            None => ordered(groups, centre - reach, centre + reach),
        };
        for (index, (group, x)) in groups.iter().zip(places.drain(..)).enumerate() {
            let port = (owner, index + 1);
            self.x.insert(port, x);
            group.links.iter().for_each(|&link| self.of_link[link] = port);
        }
    }
}

/// Neighbouring lines of the same kind: those that lead on begin together, and so do those to one handler.
fn groups(lines: &[(f32, usize)], links: &[Link]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for &(towards, link) in lines {
        let aside = links[link].aside;
        match groups.last_mut() {
            Some(last) if !aside && !last.aside => last.links.push(link),
            _ => groups.push(Group { aside, towards, links: vec![link] }),
        }
    }
    groups
}

/// Places within the borders, in order, each as near to where its lines lead as the others let it.
fn ordered(groups: &[Group], low: f32, high: f32) -> Vec<f32> {
    let apart = APART.min((high - low).max(0.0) / groups.len().max(1) as f32);
    let mut places: Vec<f32> = Vec::with_capacity(groups.len());
    for (index, group) in groups.iter().enumerate() {
        let first = places.last().map_or(low, |last| last + apart);
        let last = high - apart * (groups.len() - 1 - index) as f32;
        places.push(group.towards.min(last).max(first));
    }
    places
}
