//! Which states, transitions, catchers and retriers of a definition the cases went through.

use std::collections::BTreeSet;
use std::fmt;

use countersign_asl::{Machine, State, StateKind, Transition};
use countersign_engine::{Taken, Way};

use super::CaseResult;
use crate::course::Course;

/// What can be covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoverageKind {
    State,
    /// A `Next`, a rule of a Choice, or its `Default`.
    Edge,
    Catcher,
    Retrier,
}

impl CoverageKind {
    pub const ALL: [Self; 4] = [Self::State, Self::Edge, Self::Catcher, Self::Retrier];

    /// The word for several.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::State => "states",
            Self::Edge => "edges",
            Self::Catcher => "catchers",
            Self::Retrier => "retriers",
        }
    }
}

/// One thing to cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageItem {
    pub kind: CoverageKind,
    pub state: String,
    /// How the state is left or begun again; `None` for the state itself.
    pub way: Option<Way>,
    /// For people: `Large? → Ask, where $.amount > 1000`.
    pub label: String,
    pub covered: bool,
}

/// What the cases of one definition cover.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// In the order of the definition.
    pub items: Vec<CoverageItem>,
}

impl Coverage {
    /// Everything of a definition, with nothing covered.
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        let mut coverage = Self::default();
        machine.all_states().into_iter().for_each(|state| coverage.add_state(state));
        coverage
    }

    /// Adds what a case went through.
    pub fn add(&mut self, result: &CaseResult) {
        self.add_run(&result.course, &result.taken);
    }

    pub(crate) fn add_run(&mut self, course: &Course, taken: &BTreeSet<Taken>) {
        let states: BTreeSet<&str> = course.names().collect();
        for item in self.items.iter_mut().filter(|item| !item.covered) {
            item.covered = match item.way {
                None => states.contains(item.state.as_str()),
                Some(way) => taken.contains(&Taken { state: item.state.as_str().into(), way }),
            };
        }
    }

    /// How many of a kind are covered, and how many there are.
    #[must_use]
    pub fn counts(&self, kind: CoverageKind) -> (usize, usize) {
        let of_kind = || self.items.iter().filter(|item| item.kind == kind);
        (of_kind().filter(|item| item.covered).count(), of_kind().count())
    }

    /// What is not covered.
    pub fn missing(&self) -> impl Iterator<Item = &CoverageItem> {
        self.items.iter().filter(|item| !item.covered)
    }

    /// How many of all are covered, in percent; 100 where there is nothing.
    #[must_use]
    pub fn percent(&self) -> f64 {
        if self.items.is_empty() {
            return 100.0;
        }
        let covered = self.items.iter().filter(|item| item.covered).count();
        covered as f64 * 100.0 / self.items.len() as f64
    }

    fn add_state(&mut self, state: &State) {
        let name = &state.name;
        self.push(CoverageKind::State, name, None, name.clone());
        if let Some(Transition::Next(next)) = &state.transition {
            self.push(CoverageKind::Edge, name, Some(Way::Next), format!("{name} → {next}"));
        }
        if let StateKind::Choice(choice) = &state.kind {
            for (number, rule) in choice.rules.iter().enumerate() {
                let label = format!("{name} → {}, where {}", rule.next, rule.summary);
                self.push(CoverageKind::Edge, name, Some(Way::Rule(number)), label);
            }
            if let Some(next) = &choice.default {
                self.push(CoverageKind::Edge, name, Some(Way::Default), format!("{name} → {next}, by default"));
            }
        }
        for (number, catcher) in state.catch.iter().enumerate() {
            let label = format!("{name} catches {} → {}", catcher.errors.join(", "), catcher.next);
            self.push(CoverageKind::Catcher, name, Some(Way::Catch(number)), label);
        }
        for (number, retrier) in state.retry.iter().enumerate() {
            // It retries nothing: that it is there keeps the entries after it from doing so.
            if retrier.max_attempts == 0 {
                continue;
            }
            let label = format!("{name} retries {}", retrier.errors.join(", "));
            self.push(CoverageKind::Retrier, name, Some(Way::Retry(number)), label);
        }
    }

    fn push(&mut self, kind: CoverageKind, state: &str, way: Option<Way>, label: String) {
        self.items.push(CoverageItem { kind, state: state.to_owned(), way, label, covered: false });
    }
}

impl fmt::Display for Coverage {
    /// `states 4 of 5, edges 3 of 3, catchers 0 of 1, retriers 1 of 1 (80%)`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, kind) in CoverageKind::ALL.into_iter().enumerate() {
            let (covered, all) = self.counts(kind);
            write!(formatter, "{}{} {covered} of {all}", if number == 0 { "" } else { ", " }, kind.plural())?;
        }
        // 99.9% is not all of it.
        write!(formatter, " ({}%)", self.percent().floor())
    }
}
