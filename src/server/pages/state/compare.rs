//! How the values of a visit differ: the output from the input, or both from those of another visit of the state.

use std::collections::BTreeSet;

use countersign_desk::deploy::diff;
use countersign_desk::watch::Record;
use countersign_json::pretty;
use countersign_trace::{Trace, VisitId};

use super::super::execution::View;
use super::super::trouble::place_of;
use super::is_bad;
use crate::visible::visible;
use crate::wire::deploy::DiffLine;
use crate::wire::state::{Compared, Comparison};

/// Bytes of the texts that are compared line by line.
const COMPARED: usize = 64 * 1024;
/// So many visits before the shown one, after it, and of those that failed are offered.
const OFFERED: usize = 20;

/// The number of the visit before this one among all of its state, or of the next where it is the first.
pub fn neighbour(record: &Record, shown: VisitId) -> Option<u64> {
    let all = record.visits_of(&record.trace.visits[shown].state);
    let own = position(all, shown);
    let other = own.checked_sub(1).unwrap_or(own + 1);
    (other < all.len()).then(|| number(other))
}

/// How the values of a visit differ from those of the visit with the number `with` among all of the state; how its output
/// differs from its input where there is no such other visit.
pub fn comparison(view: &View<'_>, shown: VisitId, with: Option<u64>) -> Comparison {
    let trace = &view.record.trace;
    let visit = &trace.visits[shown];
    let all = view.record.visits_of(&visit.state);
    let own = position(all, shown);
    let chosen = with.and_then(|number| usize::try_from(number.checked_sub(1)?).ok());
    let chosen = chosen.filter(|at| *at != own && *at < all.len());
    let values = match chosen {
        None => vec![compared(view, "From input to output".to_owned(), (&visit.input, &visit.output))],
        Some(at) => {
            let other = &trace.visits[all[at]];
            let title = |what: &str| format!("{what}: {} → {}", called(trace, all, at), called(trace, all, own));
            vec![
                compared(view, title("Input"), (&other.input, &visit.input)),
                compared(view, title("Output"), (&other.output, &visit.output)),
            ]
        }
    };
    let others = offered(trace, all, own, chosen);
    let words = |at: usize| (number(at), visible(&called(trace, all, at)).into_owned());
    Comparison { others: others.into_iter().map(words).collect(), with: chosen.map(number), values }
}

/// The visits of a state are in the order of their ids.
fn position(all: &[VisitId], visit: VisitId) -> usize {
    all.partition_point(|id| *id < visit)
}

fn number(at: usize) -> u64 {
    u64::try_from(at + 1).unwrap_or(u64::MAX)
}

/// The visits to choose from: those near the shown one, the first that failed, the first and the last.
fn offered(trace: &Trace, all: &[VisitId], own: usize, chosen: Option<usize>) -> BTreeSet<usize> {
    let near = own.saturating_sub(OFFERED)..(own + OFFERED + 1).min(all.len());
    let failed = (0..all.len()).filter(|at| is_bad(&trace.visits[all[*at]])).take(OFFERED);
    let ends = [0, all.len().saturating_sub(1)];
    near.chain(failed).chain(ends).chain(chosen).filter(|at| *at != own).collect()
}

/// A visit by its number, with its place: `visit 3 · Each, index 2 · failed`.
fn called(trace: &Trace, all: &[VisitId], at: usize) -> String {
    let visit = &trace.visits[all[at]];
    let place = place_of(trace, visit).map_or_else(String::new, |place| format!(" · {place}"));
    let failed = if is_bad(visit) { " · failed" } else { "" };
    format!("visit {}{place}{failed}", number(at))
}

fn compared(view: &View<'_>, title: String, values: (&Option<String>, &Option<String>)) -> Compared {
    match lines(view, values) {
        Ok(lines) => Compared { title, lines, note: String::new() },
        Err(note) => Compared { title, lines: Vec::new(), note: note.to_owned() },
    }
}

/// What the second value has and the first has not, of what may be seen of both; else why there is nothing to show.
fn lines(view: &View<'_>, values: (&Option<String>, &Option<String>)) -> Result<Vec<DiffLine>, &'static str> {
    if view.eyes.see_nothing() {
        return Err("You may not see payloads here.");
    }
    let (Some(before), Some(after)) = values else { return Err("There are not two values to compare.") };
    let shown = |text: &str| pretty(&view.eyes.text(text)) + "\n";
    let (before, after) = (shown(before), shown(after));
    if before.len() + after.len() > COMPARED {
        return Err("The two values are longer than 64 KiB together.");
    }
    let lines = diff(&before, &after);
    match (lines.is_empty(), view.eyes.see_all()) {
        (true, true) => Err("The two values are the same."),
        (true, false) => Err("What you may see of the two values is the same."),
        _ => Ok(lines.into_iter().map(|line| DiffLine { sign: line.sign, text: line.text }).collect()),
    }
}

#[cfg(test)]
mod tests;
