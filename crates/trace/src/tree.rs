//! The visits of an execution as a tree of rows: states under the branches and iterations of the containers around them.

use std::collections::HashMap;

use crate::fold::{IterationId, StateStatus, Trace, VisitId, urgency};

/// The rows, each before those inside it. Every visit is in exactly one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub kind: RowKind,
    /// How many rows it is inside of.
    pub depth: usize,
    /// How many rows are inside it: those that follow it.
    pub size: usize,
    /// Its visits, in order: of a container one, of another state all in its scope. Those of a branch are in the rows inside.
    pub visits: Vec<VisitId>,
    /// The innermost iteration that it is in, or that it is itself.
    pub iteration: Option<IterationId>,
    /// Milliseconds since the epoch.
    pub from: i64,
    /// `None` where it goes on.
    pub to: Option<i64>,
    pub status: StateStatus,
}

/// What a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowKind {
    State(String),
    /// By its index, from 0.
    Iteration(u64),
    /// By its number, from 0.
    Branch(u64),
}

/// What visits are directly in: a container, and one of its branches or iterations.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Scope {
    container: Option<VisitId>,
    part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    Whole,
    Branch(u64),
    Iteration(IterationId),
}

/// What is in each scope, in order.
struct Inside<'a> {
    trace: &'a Trace,
    visits: HashMap<Scope, Vec<VisitId>>,
    parts: HashMap<VisitId, Vec<Part>>,
}

impl Tree {
    /// The tree of what was folded.
    #[must_use]
    pub fn of(trace: &Trace) -> Self {
        let inside = Inside::of(trace);
        let mut tree = Self::default();
        inside.scope(&mut tree.rows, Scope { container: None, part: Part::Whole }, None, 0);
        tree
    }
}

impl<'a> Inside<'a> {
    fn of(trace: &'a Trace) -> Self {
        let mut inside = Self { trace, visits: HashMap::new(), parts: HashMap::new() };
        // An iteration that has begun is there before its first state is entered.
        for (position, iteration) in trace.iterations.iter().enumerate() {
            inside.parts.entry(iteration.map).or_default().push(Part::Iteration(IterationId(position)));
        }
        for (id, visit) in trace.numbered_visits() {
            let part = visit.parent.map_or(Part::Whole, |parent| {
                match (trace.visit(parent).map(|around| around.state_type.as_str()), trace.iteration_of(id)) {
                    (Some("Map"), Some(iteration)) => Part::Iteration(iteration),
                    (Some("Map"), None) => Part::Whole,
                    _ => visit.branch.as_ref().map_or(Part::Whole, |(_, number)| Part::Branch(*number)),
                }
            });
            let scope = Scope { container: visit.parent, part };
            let visits = inside.visits.entry(scope).or_default();
            if let (true, Some(parent), Part::Whole | Part::Branch(_)) = (visits.is_empty(), visit.parent, part) {
                inside.parts.entry(parent).or_default().push(part);
            }
            visits.push(id);
        }
        for parts in inside.parts.values_mut() {
            parts.sort_unstable();
        }
        inside
    }

    /// The rows of a scope: one for each visit of a container, one for all visits of any other state.
    fn scope(&self, rows: &mut Vec<Row>, scope: Scope, iteration: Option<IterationId>, depth: usize) {
        let mut of_state: HashMap<&str, usize> = HashMap::new();
        let mut found: Vec<Vec<VisitId>> = Vec::new();
        for &id in self.visits.get(&scope).into_iter().flatten() {
            let visit = &self.trace.visits[id];
            if self.is_container(id) {
                found.push(vec![id]);
            } else if let Some(&at) = of_state.get(visit.state.as_str()) {
                found[at].push(id);
            } else {
                of_state.insert(&visit.state, found.len());
                found.push(vec![id]);
            }
        }
        for visits in found {
            let own = rows.len();
            let container = visits.first().copied().filter(|&id| self.is_container(id));
            rows.push(self.state(visits, iteration, depth));
            if let Some(container) = container {
                self.parts(rows, container, iteration, depth + 1);
            }
            rows[own].size = rows.len() - own - 1;
        }
    }

    fn is_container(&self, id: VisitId) -> bool {
        matches!(self.trace.visits[id].state_type.as_str(), "Map" | "Parallel")
    }

    fn state(&self, visits: Vec<VisitId>, iteration: Option<IterationId>, depth: usize) -> Row {
        let of = |id: &VisitId| &self.trace.visits[*id];
        let name = visits.first().map(|id| of(id).state.clone()).unwrap_or_default();
        let from = visits.first().map_or(0, |id| of(id).entered_at);
        let ends: Option<Vec<i64>> = visits.iter().map(|id| of(id).exited_at).collect();
        let to = ends.map(|ends| ends.into_iter().max().unwrap_or(from));
        // Of a loop the last visit matters.
        let status = visits.last().map_or(StateStatus::NotReached, |id| of(id).status);
        Row { kind: RowKind::State(name), depth, size: 0, visits, iteration, from, to, status }
    }

    /// The rows of a container's branches or iterations.
    fn parts(&self, rows: &mut Vec<Row>, container: VisitId, iteration: Option<IterationId>, depth: usize) {
        for &part in self.parts.get(&container).into_iter().flatten() {
            let scope = Scope { container: Some(container), part };
            let own = rows.len();
            match part {
                Part::Whole => {
                    self.scope(rows, scope, iteration, depth);
                    continue;
                }
                Part::Iteration(id) => {
                    let run = &self.trace.iterations[id.0];
                    let (kind, from, to) = (RowKind::Iteration(run.index), run.began_at, run.ended_at);
                    rows.push(Row {
                        kind,
                        depth,
                        size: 0,
                        visits: Vec::new(),
                        iteration: Some(id),
                        from,
                        to,
                        status: run.status,
                    });
                    self.scope(rows, scope, Some(id), depth + 1);
                }
                Part::Branch(number) => {
                    rows.push(self.branch(scope, number, iteration, depth));
                    self.scope(rows, scope, iteration, depth + 1);
                }
            }
            rows[own].size = rows.len() - own - 1;
        }
    }

    fn branch(&self, scope: Scope, number: u64, iteration: Option<IterationId>, depth: usize) -> Row {
        let inside = self.visits.get(&scope).map_or(&[][..], Vec::as_slice);
        let mut row = self.state(inside.to_vec(), iteration, depth);
        let open = inside.iter().map(|id| &self.trace.visits[*id]).filter(|visit| visit.exited_at.is_none());
        if let Some(status) = open.map(|visit| visit.status).max_by_key(|status| urgency(*status)) {
            row.status = status;
        }
        Row { kind: RowKind::Branch(number), visits: Vec::new(), ..row }
    }
}

#[cfg(test)]
mod tests;
