//! How a definition differs from the deployed one: state by state, as data, and as one drawing.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use countersign_asl::graph::{EdgeKind, Graph, Mark, Marks, NodeKind, layout, layout_merged};
use countersign_json::{Json, Kind, Value};
use serde::{Deserialize, Serialize};

/// The longest old or new value of a field, in characters: more of it is cut.
const LONGEST: usize = 2_000;
/// How deep fields are compared one by one; what is nested deeper is compared as a whole.
const DEEPEST: usize = 12;
/// The fields that hold other states. Their states are compared on their own.
const CONTAINERS: [&str; 3] = ["Branches", "ItemProcessor", "Iterator"];

/// How a definition differs from another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The fields of the definition itself, such as `StartAt` and `TimeoutSeconds`.
    pub fields: Vec<FieldChange>,
    /// The states that differ: those of the new definition in its order, then those that are gone.
    pub states: Vec<StateChange>,
    /// The transitions that differ.
    pub transitions: Vec<TransitionChange>,
    /// Both definitions drawn as one; `None` if one of them cannot be drawn.
    pub drawing: Option<Drawing>,
}

/// A drawing with the marks of its nodes and edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawing {
    pub graph: Graph,
    pub marks: Marks,
}

/// A state that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    pub name: String,
    /// The state's type; that of the new definition, where it has the state.
    pub kind: String,
    pub change: StateChangeKind,
    /// The fields that differ; empty for a state that is added or removed.
    pub fields: Vec<FieldChange>,
}

/// What happened to a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateChangeKind {
    Added,
    Removed,
    Changed,
    /// It stands within another Parallel or Map state, or branch, than before. Its fields may differ, too.
    Moved {
        from: String,
        to: String,
    },
}

/// A field that differs. Values are JSON as it is written; `None` where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Such as `Parameters.Payload.amount` or `Retry[0].MaxAttempts`.
    pub path: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// A transition that one of the definitions has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TransitionChange {
    /// The state's name; empty for the beginning.
    pub from: String,
    /// The state's name; empty for the end.
    pub to: String,
    pub kind: TransitionKind,
    /// The condition, or the errors that are caught.
    pub label: Option<String>,
    /// Whether it is new; otherwise it is gone.
    pub is_new: bool,
}

/// Why a transition is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransitionKind {
    Next,
    Choice,
    Default,
    Catch,
}

impl Difference {
    /// What differs between two definitions. Texts that are not JSON have no states.
    #[must_use]
    pub fn between(before: &str, after: &str) -> Self {
        let (old, new) = (Json::read(before).ok(), Json::read(after).ok());
        let old_states = old.as_ref().map(|json| states(json.root())).unwrap_or_default();
        let new_states = new.as_ref().map(|json| states(json.root())).unwrap_or_default();
        let mut fields = Vec::new();
        let (old_root, new_root) = (old.as_ref().map(Json::root), new.as_ref().map(Json::root));
        compare_objects(&mut fields, "", old_root, new_root, &["States"], 0);
        let states = state_changes(&old_states, &new_states);
        let changed: BTreeSet<String> = states.iter().map(|state| state.name.clone()).collect();
        let (transitions, drawing) = drawn(before, after, &changed);
        Self { fields, states, transitions, drawing }
    }

    /// A definition that is new: every state is added.
    #[must_use]
    pub fn of_new(after: &str) -> Self {
        let new = Json::read(after).ok();
        let states = new.as_ref().map(|json| states(json.root())).unwrap_or_default();
        let drawing = countersign_asl::parse(after).0.map(|machine| {
            let graph = layout(&machine);
            let terminal = |kind| matches!(kind, NodeKind::Start | NodeKind::End);
            let mark = |is_there| if is_there { Mark::Same } else { Mark::Added };
            let nodes = graph.nodes.iter().map(|node| mark(terminal(node.kind))).collect();
            let edges = graph.edges.iter().map(|_| Mark::Added).collect();
            Drawing { graph, marks: Marks { nodes, edges } }
        });
        Self { fields: Vec::new(), states: state_changes(&[], &states), transitions: Vec::new(), drawing }
    }

    /// Whether the definitions say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.states.is_empty() && self.transitions.is_empty()
    }

    /// How many states have this kind of change: added, removed, changed or moved.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |is: fn(&StateChangeKind) -> bool| self.states.iter().filter(|state| is(&state.change)).count();
        (
            count(|change| *change == StateChangeKind::Added),
            count(|change| *change == StateChangeKind::Removed),
            count(|change| matches!(change, StateChangeKind::Changed | StateChangeKind::Moved { .. })),
        )
    }
}

/// A state of a definition.
struct Stated<'j> {
    name: String,
    /// Where it stands: `Each order`, `Both, branch 2`; empty at the top.
    scope: String,
    value: Value<'j>,
}

/// Every state of a definition, in its order.
fn states<'j>(root: Value<'j>) -> Vec<Stated<'j>> {
    let mut found = Vec::new();
    // Each scope that is left, the next one last.
    let mut left: Vec<(String, Value<'j>)> = vec![(String::new(), root)];
    while let Some((scope, of)) = left.pop() {
        let Some(within) = of.get("States") else { continue };
        let mut inner = Vec::new();
        for (name, value) in within.members() {
            for (index, branch) in value.get("Branches").into_iter().flat_map(Value::items).enumerate() {
                inner.push((format!("{name}, branch {}", index + 1), branch));
            }
            let processors = ["ItemProcessor", "Iterator"].into_iter().filter_map(|key| value.get(key));
            inner.extend(processors.map(|processor| (name.to_string(), processor)));
            found.push(Stated { name: name.into_owned(), scope: scope.clone(), value });
        }
        left.extend(inner.into_iter().rev());
    }
    found
}

fn kind_of(value: Value) -> String {
    value.get("Type").and_then(Value::text).unwrap_or_default().into_owned()
}

fn state_changes(old: &[Stated], new: &[Stated]) -> Vec<StateChange> {
    let by_name: BTreeMap<&str, &Stated> = old.iter().map(|state| (state.name.as_str(), state)).collect();
    let now: BTreeSet<&str> = new.iter().map(|state| state.name.as_str()).collect();
    let change = |state: &Stated| {
        let kind = kind_of(state.value);
        let name = state.name.clone();
        let Some(before) = by_name.get(state.name.as_str()) else {
            return Some(StateChange { name, kind, change: StateChangeKind::Added, fields: Vec::new() });
        };
        let mut fields = Vec::new();
        compare_objects(&mut fields, "", Some(before.value), Some(state.value), &CONTAINERS, 0);
        for key in CONTAINERS {
            containers(&mut fields, key, before.value.get(key), state.value.get(key));
        }
        let change = if before.scope == state.scope {
            if fields.is_empty() {
                return None;
            }
            StateChangeKind::Changed
        } else {
            StateChangeKind::Moved { from: before.scope.clone(), to: state.scope.clone() }
        };
        Some(StateChange { name, kind, change, fields })
    };
    let gone = old.iter().filter(|state| !now.contains(state.name.as_str())).map(|state| StateChange {
        name: state.name.clone(),
        kind: kind_of(state.value),
        change: StateChangeKind::Removed,
        fields: Vec::new(),
    });
    new.iter().filter_map(change).chain(gone).collect()
}

/// What differs in the scopes within a state, beside their states.
fn containers<'j>(fields: &mut Vec<FieldChange>, key: &str, old: Option<Value<'j>>, new: Option<Value<'j>>) {
    if key != "Branches" {
        return compare_objects(fields, key, old, new, &["States"], 0);
    }
    let branches = |value: Option<Value>| value.map_or(0, |value| value.items().count());
    for index in 0..branches(old).max(branches(new)) {
        let path = format!("{key}[{index}]");
        let branch = |value: Option<Value<'j>>| value.and_then(|value| value.items().nth(index));
        match (branch(old), branch(new)) {
            (Some(old), Some(new)) => compare_objects(fields, &path, Some(old), Some(new), &["States"], 0),
            (old, new) => {
                let raw = |value: Value| cut(value.raw().to_owned());
                fields.push(FieldChange { path, old: old.map(raw), new: new.map(raw) });
            }
        }
    }
}

/// Compares the members of two objects, without `except`.
fn compare_objects(
    fields: &mut Vec<FieldChange>,
    path: &str,
    old: Option<Value>,
    new: Option<Value>,
    except: &[&str],
    depth: usize,
) {
    let (before, after) = (members(old), members(new));
    let mut seen = BTreeSet::new();
    for name in [old, new].into_iter().flatten().flat_map(Value::members).map(|(name, _)| name.into_owned()) {
        if except.contains(&name.as_str()) || !seen.insert(name.clone()) {
            continue;
        }
        let inner = if path.is_empty() { step(&name) } else { format!("{path}.{}", step(&name)) };
        compare(fields, inner, before.get(&name).copied(), after.get(&name).copied(), depth);
    }
}

/// The members of an object by their names. Of keys that stand twice the last one counts.
fn members(value: Option<Value<'_>>) -> BTreeMap<String, Value<'_>> {
    value.into_iter().flat_map(Value::members).map(|(name, value)| (name.into_owned(), value)).collect()
}

fn compare(fields: &mut Vec<FieldChange>, path: String, old: Option<Value>, new: Option<Value>, depth: usize) {
    if let (Some(before), Some(after)) = (old, new) {
        if before.sorted() == after.sorted() {
            return;
        }
        if before.kind() == after.kind() && depth < DEEPEST {
            if before.kind() == Kind::Object {
                return compare_objects(fields, &path, old, new, &[], depth + 1);
            }
            // Where items were added or removed, which is which cannot be told.
            if before.kind() == Kind::Array && before.items().count() == after.items().count() {
                for (index, (old, new)) in before.items().zip(after.items()).enumerate() {
                    compare(fields, format!("{path}[{index}]"), Some(old), Some(new), depth + 1);
                }
                return;
            }
        }
    }
    let raw = |value: Value| cut(value.raw().to_owned());
    fields.push(FieldChange { path, old: old.map(raw), new: new.map(raw) });
}

/// A field's name as a step of a path.
fn step(name: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$');
    if !name.is_empty() && name.trim_end_matches(".$").chars().all(is_plain) {
        name.to_owned()
    } else {
        format!("[{}]", countersign_json::quoted(name))
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The transitions that differ, and both definitions as one drawing.
fn drawn(before: &str, after: &str, changed: &BTreeSet<String>) -> (Vec<TransitionChange>, Option<Drawing>) {
    let (Some(old), Some(new)) = (countersign_asl::parse(before).0, countersign_asl::parse(after).0) else {
        return (Vec::new(), None);
    };
    let (graph, marks) = layout_merged(&old, &new, changed);
    let name = |index: usize| match graph.nodes.get(index) {
        Some(node) if !matches!(node.kind, NodeKind::Start | NodeKind::End) => node.id.clone(),
        _ => String::new(),
    };
    let edges = graph.edges.iter().zip(&marks.edges).filter(|(_, mark)| **mark != Mark::Same);
    let mut transitions: Vec<TransitionChange> = edges
        .map(|(edge, mark)| TransitionChange {
            from: name(edge.from),
            to: name(edge.to),
            kind: match edge.kind {
                EdgeKind::Next => TransitionKind::Next,
                EdgeKind::Choice => TransitionKind::Choice,
                EdgeKind::Default => TransitionKind::Default,
                EdgeKind::Catch => TransitionKind::Catch,
            },
            label: edge.label.clone(),
            is_new: *mark == Mark::Added,
        })
        .collect();
    // A state that moved stands in two scopes: its transitions there are the same ones.
    let key = |one: &TransitionChange| (one.from.clone(), one.to.clone(), one.kind, one.label.clone());
    let old: BTreeSet<_> = transitions.iter().filter(|one| !one.is_new).map(key).collect();
    let new: BTreeSet<_> = transitions.iter().filter(|one| one.is_new).map(key).collect();
    transitions.retain(|one| !(old.contains(&key(one)) && new.contains(&key(one))));
    (transitions, Some(Drawing { graph, marks }))
}
