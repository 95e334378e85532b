//! The lines that run across between two ranks, each in a track of its own where they would touch.

use std::collections::{BTreeMap, BTreeSet};

use super::ports::{Port, Ports};
use super::{Chain, Drawing, VertexKind};

/// Space between two lines that run across in the same gap.
pub(super) const TRACK_GAP: f32 = 10.0;
/// Two positions nearer than this count as one.
pub(super) const NEAR: f32 = 1.5;
/// Beyond so many lines in a gap their order is that of their beginnings, which bounds the time.
const MOST_COMPARED: usize = 120;

pub(super) struct Tracks {
    /// Number of tracks below each rank.
    pub counts: Vec<usize>,
    pub of_arc: BTreeMap<(Port, usize), usize>,
}

/// Arcs that share a track, because they begin or end together.
struct Bundle {
    low: f32,
    high: f32,
    starts: Vec<f32>,
    ends: Vec<f32>,
    arcs: Vec<(Port, usize)>,
}

impl Bundle {
    fn spans(&self, x: f32) -> bool {
        self.low - 2.0 * NEAR < x && x < self.high + 2.0 * NEAR
    }

    /// How often the two cross when this one is in the higher track.
    fn crossings_above(&self, lower: &Bundle) -> usize {
        let down = self.ends.iter().filter(|&&end| lower.spans(end)).count();
        let is_own = |start: f32| self.starts.iter().any(|own| (own - start).abs() < NEAR);
        down + lower.starts.iter().filter(|&&start| self.spans(start) && !is_own(start)).count()
    }

    fn is_beside(&self, other: &Bundle) -> bool {
        self.high + TRACK_GAP < other.low || other.high + TRACK_GAP < self.low
    }
}

impl Tracks {
    pub fn new(drawing: &Drawing, ports: &Ports<'_>) -> Tracks {
        let mut arcs: Vec<BTreeSet<(Port, usize)>> = vec![BTreeSet::new(); drawing.layers.len()];
        for (upper, below) in drawing.below.iter().enumerate() {
            let vertex = &drawing.vertices[upper];
            if vertex.kind != VertexKind::Box {
                arcs[vertex.rank].extend(below.iter().map(|&lower| ((upper, 0), lower)));
            }
        }
        for (link, chain) in drawing.chains.iter().enumerate() {
            if let Chain::Down(chain) = chain {
                arcs[drawing.vertices[chain[0]].rank].insert((ports.of_link[link], chain[1]));
            }
        }
        let mut tracks = Tracks { counts: vec![0; drawing.layers.len()], of_arc: BTreeMap::new() };
        for (rank, arcs) in arcs.into_iter().enumerate() {
            tracks.assign(rank, in_order(bundles(&arcs, ports)));
        }
        tracks
    }

    /// Gives each bundle the highest track below all earlier ones that it would touch.
    fn assign(&mut self, rank: usize, bundles: Vec<Bundle>) {
        let mut placed: Vec<(usize, Bundle)> = Vec::with_capacity(bundles.len());
        for bundle in bundles {
            let touched = placed.iter().filter(|(_, other)| !bundle.is_beside(other));
            let track = touched.map(|(track, _)| track + 1).max().unwrap_or(0);
            self.of_arc.extend(bundle.arcs.iter().map(|&arc| (arc, track)));
            self.counts[rank] = self.counts[rank].max(track + 1);
            placed.push((track, bundle));
        }
    }
}

fn bundles(arcs: &BTreeSet<(Port, usize)>, ports: &Ports<'_>) -> Vec<Bundle> {
    let mut arriving: BTreeMap<usize, usize> = BTreeMap::new();
    for &(_, to) in arcs {
        *arriving.entry(to).or_default() += 1;
    }
    let mut shared: BTreeMap<Port, bool> = BTreeMap::new();
    for &(from, to) in arcs {
        *shared.entry(from).or_insert(true) &= arriving[&to] == 1;
    }
    let mut found: BTreeMap<(bool, Port), Bundle> = BTreeMap::new();
    for &(from, to) in arcs {
        let (start, end) = (ports.x(from), ports.x((to, 0)));
        if (start - end).abs() < NEAR {
            continue;
        }
        let key = if shared[&from] { (true, from) } else { (false, (to, 0)) };
        let fresh = Bundle { low: start, high: start, starts: Vec::new(), ends: Vec::new(), arcs: Vec::new() };
        let bundle = found.entry(key).or_insert(fresh);
        bundle.low = bundle.low.min(start).min(end);
        bundle.high = bundle.high.max(start).max(end);
        bundle.starts.push(start);
        bundle.ends.push(end);
        bundle.arcs.push((from, to));
    }
    found.into_values().collect()
}

/// From the highest to the lowest: next comes the bundle that crosses the remaining ones least when it is above them.
fn in_order(mut bundles: Vec<Bundle>) -> Vec<Bundle> {
    // Of the lines to the right, the one that begins furthest right is on top: then no line runs down onto another.
    let key = |bundle: &Bundle| {
        let rightwards = bundle.ends[0] > bundle.starts[0];
        (rightwards, if rightwards { -bundle.starts[0] } else { bundle.starts[0] })
    };
    bundles.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    if bundles.len() > MOST_COMPARED {
        return bundles;
    }
    let worse =
        |upper: &Bundle, lower: &Bundle| upper.crossings_above(lower).saturating_sub(lower.crossings_above(upper));
    let mut costs: Vec<Vec<usize>> =
        bundles.iter().map(|upper| bundles.iter().map(|lower| worse(upper, lower)).collect()).collect();
    let mut order = Vec::with_capacity(bundles.len());
    while !bundles.is_empty() {
        let total = |index: &usize| costs[*index].iter().sum::<usize>();
        let next = (0..bundles.len()).min_by_key(total).unwrap_or(0);
        order.push(bundles.remove(next));
        costs.remove(next);
        costs.iter_mut().for_each(|row| {
            row.remove(next);
        });
    }
    order
}
