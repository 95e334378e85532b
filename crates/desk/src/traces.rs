//! Traces: who was shown what of the payloads. Each is on record once, so a page that is reloaded, or read again because
//! something changed, adds nothing.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::actor::Actor;
use crate::desk::Desk;
use crate::inputs::LastInput;
use crate::search::Search;
use crate::store::{Act, Deed, Hash};

/// The most traces that are remembered. Beyond them some inputs go on record once more, and the record is asked again.
const REMEMBERED: usize = 4_096;

/// What this process knows to be on record: traces, each as a hash.
#[derive(Debug, Default)]
pub(crate) struct Traced(Mutex<BTreeSet<Hash>>);

impl Traced {
    /// Notes a trace; returns whether it is new.
    fn is_new(&self, trace: Hash) -> bool {
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(trace)
    }

    fn has(&self, trace: &Hash) -> bool {
        self.known().contains(trace)
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<Hash>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash_of(parts: &[&str]) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length: no other parts come to the same.
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// The trace that a person saw an excerpt of an input.
fn glimpse(person: &str, workflow: &str, input: &str) -> Hash {
    hash_of(&["glimpse", person, workflow, input])
}

/// What a trace is about.
#[derive(Clone, Copy, Debug, Default)]
struct Subject<'a> {
    workflow: Option<&'a str>,
    execution_arn: Option<&'a str>,
    event: Option<u64>,
}

impl Desk {
    /// Puts on record that a person looked at a request, the first time that they do.
    pub async fn saw(&self, actor: &Actor, (arn, event): (&str, u64), workflow: &str, title: &str) {
        let subject = Subject { workflow: Some(workflow), execution_arn: Some(arn), event: Some(event) };
        self.trace(actor, Deed::Seen, subject, title.to_owned()).await;
    }

    /// Puts on record that a person saw payloads of an execution, the first time that they do.
    pub(crate) async fn viewed(&self, actor: &Actor, arn: &str, workflow: &str) {
        let subject = Subject { workflow: Some(workflow), execution_arn: Some(arn), event: None };
        self.trace(actor, Deed::Viewed, subject, String::new()).await;
    }

    /// Puts on record that a person saw excerpts of inputs: one act for all that are new to them. Of executions with the same
    /// input the newest is shown, which may be another one each time; the input goes on record with the first.
    pub(crate) async fn glimpsed(&self, actor: &Actor, workflow: &str, shown: &[LastInput]) {
        let Some(person) = actor.person() else { return };
        let is_new = |one: &&LastInput| self.traced().is_new(glimpse(&person.id, workflow, &one.input));
        let names: Vec<&str> = shown.iter().filter(is_new).map(|one| one.name.as_str()).collect();
        if names.is_empty() {
            return;
        }
        let subject = Subject { workflow: Some(workflow), ..Subject::default() };
        self.trace(actor, Deed::Glimpsed, subject, names.join(", ")).await;
    }

    /// Puts on record that a person found executions by what is in their payloads, the first time that they search for it.
    pub(crate) async fn found_by_contents(&self, actor: &Actor, workflow: Option<&str>, search: &Search) {
        let subject = Subject { workflow, ..Subject::default() };
        self.trace(actor, Deed::Searched, subject, self.redactor().text(&search.text)).await;
    }

    /// Puts on record what a person is shown, unless it is there already. It is shown though this fails: then the log has it.
    async fn trace(&self, actor: &Actor, deed: Deed, about: Subject<'_>, detail: String) {
        let Some(person) = actor.person() else { return };
        let event = about.event.map(|event| event.to_string()).unwrap_or_default();
        let (workflow, arn) = (about.workflow.unwrap_or_default(), about.execution_arn.unwrap_or_default());
        let trace = hash_of(&["act", deed.word(), &person.id, workflow, arn, &event, &detail]);
        // What is on record stays there.
        if self.traced().has(&trace) {
            return;
        }
        let act = Act {
            deed,
            workflow: about.workflow.map(str::to_owned),
            execution_arn: about.execution_arn.map(str::to_owned),
            event: about.event,
            detail,
            person_id: person.id.clone(),
            person_name: person.name.clone(),
            at: self.now(),
        };
        match self.store().seen(self.id(), &act).await {
            Ok(_) => _ = self.traced().is_new(trace),
            Err(error) => tracing::error!(%error, ?act, "what somebody was shown could not be put on record"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_new_once_for_each_person_and_workflow() {
        let traced = Traced::default();
        for (person, workflow, input, is_new) in [
            ("dana", "order", "{}", true),
            ("dana", "order", "{}", false),
            ("omar", "order", "{}", true),
            ("dana", "refund", "{}", true),
            ("dan", "aorder", "{}", true),
            ("dana", "order", "{\"a\":1}", true),
        ] {
            let trace = glimpse(person, workflow, input);
            assert_eq!(traced.has(&trace), !is_new, "{person} {workflow} {input}");
            assert_eq!(traced.is_new(trace), is_new, "{person} {workflow} {input}");
        }
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let traced = Traced::default();
        for number in 0..REMEMBERED * 2 {
            assert!(traced.is_new(glimpse("dana", "order", &number.to_string())));
        }
        let known = traced.known().len();
        assert!(known <= REMEMBERED, "{known}");
    }
}
