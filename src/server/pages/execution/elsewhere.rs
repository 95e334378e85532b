//! States that this execution does not enter because its children do: those inside a distributed Map.

use std::collections::BTreeMap;

use countersign_desk::watch::Record;
use countersign_desk::{Actor, Desk, Error};
use countersign_trace::EventKind;

use super::basis::Basis;
use super::{children_of, course};
use crate::app::notes;
use crate::visible::visible;

/// The states inside the Maps that started a Map Run, without those that the execution entered itself; each with its Map.
pub fn elsewhere(record: &Record) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Some(machine) = &record.definition.machine else { return found };
    let runs = record.events.iter().filter(|event| event.kind == EventKind::MapRunStarted);
    let mut maps: Vec<&str> = runs.filter_map(|event| record.state_of_event(event)).collect();
    maps.sort_unstable();
    maps.dedup();
    for map in maps.into_iter().filter_map(|map| machine.state(map)) {
        let inside = map.inside().into_iter().filter(|state| !record.trace.states.contains_key(&state.name));
        found.extend(inside.map(|state| (state.name.clone(), map.name.clone())));
    }
    found
}

/// Whether a state runs in child executions.
pub fn runs_elsewhere(record: &Record, state: &str) -> bool {
    Basis::of(record).elsewhere.contains_key(state)
}

/// The Map whose child executions a state runs in, and how these fare, in a sentence.
///
/// # Errors
/// The index cannot be read.
pub async fn told(desk: &Desk, actor: &Actor, record: &Record, state: &str) -> Result<Option<(String, String)>, Error> {
    let basis = Basis::of(record);
    let Some(map) = basis.elsewhere.get(state) else { return Ok(None) };
    let children = children_of(desk, actor, record).await?;
    let note = course::iterations_of(record, &children, map);
    let counts = note.and_then(|note| notes::whole(&[note], desk.now()));
    let counts = counts.map_or_else(String::new, |counts| format!(" ({counts})"));
    let told = format!(
        "This state runs in the child executions of {}{counts}. Its inputs and outputs are on their pages.",
        visible(map)
    );
    Ok(Some((map.clone(), told)))
}
