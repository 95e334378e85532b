//! Collects permissions, and makes a policy of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::policy::{Policy, Statement};
use crate::subject::Subject;

/// What a machine's role needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Needed {
    pub policy: Policy,
    /// Ordered, each once.
    pub notes: Vec<Note>,
}

/// What could not be narrowed, or is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The state that it is about; `None` for the machine.
    pub state: Option<String>,
    /// A sentence.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match &self.state {
            Some(state) => write!(out, "{state}: {}", self.text),
            None => out.write_str(&self.text),
        }
    }
}

/// The most characters of a managed policy, and of a role's inline policies, without white space (IAM's quotas).
const MANAGED: usize = 6_144;
const INLINE: usize = 10_240;

/// The definition of no machine.
static NOTHING: Value = Value::Null;

/// A condition, with its text as the order.
type Conditions = BTreeMap<String, Option<Value>>;

/// Permissions so far.
pub(crate) struct Needs<'a> {
    pub subject: Subject<'a>,
    /// Whether notes have to tell which machine they are about.
    several: bool,
    /// The actions on each resource, by the group and the condition's text.
    allowed: BTreeMap<(String, String), BTreeMap<String, BTreeSet<String>>>,
    conditions: Conditions,
    notes: BTreeSet<Note>,
}

impl<'a> Needs<'a> {
    /// The first subject stands until [`Needs::about`] names another.
    pub fn new(subjects: &[Subject<'a>]) -> Self {
        Self {
            subject: subjects.first().copied().unwrap_or(Subject::of(&NOTHING)),
            several: subjects.len() > 1,
            allowed: BTreeMap::new(),
            conditions: Conditions::new(),
            notes: BTreeSet::new(),
        }
    }

    /// What follows is about this machine.
    pub fn about(&mut self, subject: &Subject<'a>) {
        self.subject = *subject;
    }

    /// Allows actions on resources. `group` is the first part of the statement's Sid.
    pub fn allow<R: Into<String>>(&mut self, group: &str, actions: &[&str], resources: impl IntoIterator<Item = R>) {
        self.allow_if(group, actions, resources, None);
    }

    /// Allows actions on resources under a condition.
    pub fn allow_if<R: Into<String>>(
        &mut self,
        group: &str,
        actions: &[&str],
        resources: impl IntoIterator<Item = R>,
        condition: Option<Value>,
    ) {
        let text = condition.as_ref().map(Value::to_string).unwrap_or_default();
        let on = self.allowed.entry((group.to_owned(), text.clone())).or_default();
        for resource in resources {
            on.entry(resource.into()).or_default().extend(actions.iter().map(|action| (*action).to_owned()));
        }
        self.conditions.insert(text, condition);
    }

    pub fn note(&mut self, state: Option<&str>, text: impl Into<String>) {
        let state = match (self.several.then_some(self.subject.name).flatten(), state) {
            (Some(machine), Some(state)) => Some(format!("{machine}, {state}")),
            (_, state) => state.map(str::to_owned),
        };
        self.notes.insert(Note { state, text: text.into() });
    }

    /// The policy: resources with the same actions share a statement, and what `*` allows already is not said again.
    pub fn finish(mut self) -> Needed {
        let mut resources = self.allowed.values().flat_map(BTreeMap::keys);
        if resources.any(|resource| resource.contains(":*:")) {
            self.note(
                None,
                "The region or account is not known, and a wildcard stands in its place: name them to narrow the policy.",
            );
        }
        let mut statements = Vec::new();
        for ((group, condition), mut on) in self.allowed {
            if let Some(everywhere) = on.get("*").cloned() {
                for (_, actions) in on.iter_mut().filter(|(resource, _)| *resource != "*") {
                    actions.retain(|action| !everywhere.contains(action));
                }
            }
            let mut by_actions: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
            for (resource, actions) in on.into_iter().filter(|(_, actions)| !actions.is_empty()) {
                by_actions.entry(actions.into_iter().collect()).or_default().push(resource);
            }
            let condition = self.conditions.get(&condition).cloned().flatten();
            statements.extend(by_actions.into_iter().map(|(actions, resources)| Statement {
                sid: group.clone(),
                actions,
                resources,
                condition: condition.clone(),
            }));
        }
        number(&mut statements);
        let policy = Policy { statements };
        let size = serde_json::to_string(&policy).map_or(0, |text| text.len());
        if size > MANAGED {
            let text = format!(
                "The policy has {size} characters: a managed policy may have {MANAGED}, those within a role {INLINE} in all. Divide it."
            );
            self.notes.insert(Note { state: None, text });
        }
        Needed { policy, notes: self.notes.into_iter().collect() }
    }
}

/// Makes the Sids unique: `Sns`, `Sns2`.
fn number(statements: &mut [Statement]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for statement in statements {
        let count = seen.entry(statement.sid.clone()).or_default();
        *count += 1;
        if *count > 1 {
            statement.sid = format!("{}{count}", statement.sid);
        }
    }
}
