//! Finds the token of a task in the parameters that its history holds.
//!
//! A definition may write the token anywhere and in any way: inside a text, in an object that is merged, in JSON inside
//! a text, in base 64. So no expression is recognised here. The parameters are made again with a mark in place of the
//! token: where the mark appears, the history has the token; see [`compare`]. Texts that contain the token in another
//! form are returned as well: whoever sees them may be able to read it.

mod compare;
mod text;

use std::sync::Arc;

use serde_json::Value;

use crate::Moment;
use crate::moment::task_alone;
use crate::program::{Program, State};

pub use compare::Search;

/// What is known of the token in a task's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Found(String),
    /// The parameters do not depend on the token.
    NotPassed,
    /// The parameters hold the token, or may hold it, in a form that cannot be read.
    Unreadable,
}

/// The letters of tokens. A mark contains all of them, so whatever changes a token changes the mark.
const LETTERS: &[u8; 67] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_";
/// Tokens have up to 2,048 letters: whatever shortens one shortens the longer mark, too.
const LONG: usize = 2_048;
const SHORT: usize = 131;
/// Another day, for what depends on the time, and another seed.
const LATER: i64 = 101_234_567;
const CHANCE: u64 = 0x5bd1_e995_9e37_79b9;

/// A text that no expression produces by itself.
pub(crate) fn mark(length: usize, stride: usize) -> String {
    (0..length).map(|at| char::from(LETTERS[(at * stride + at / LETTERS.len()) % LETTERS.len()])).collect()
}

/// Looks for the token in `recorded`, the parameters of the task that the state of `definition` began at `moment`.
#[must_use]
pub fn find(definition: &Value, moment: &Moment, recorded: &Value) -> Search {
    let Ok(program) = task_alone(definition, &moment.state).map(Arc::new) else {
        return Search::unreadable(recorded, false);
    };
    let (long, short) = (mark(LONG, 29), mark(SHORT, 43));
    let later = Moment { at: moment.at + LATER, entered_at: moment.entered_at + LATER, ..moment.clone() };
    let later = Moment { params: crate::StartParams { seed: CHANCE, ..later.params }, ..later };
    let made = |moment: &Moment, token: &str| parameters(&program, moment, token);
    let (Some(first), Some(second), Some(third)) = (made(moment, &long), made(moment, &short), made(&later, &long))
    else {
        return Search::unreadable(recorded, false);
    };
    let is_whole = first.1 + second.1 + third.1 == 0;
    compare::search(
        recorded,
        &compare::Made { long, short, first: first.0, second: second.0, third: third.0 },
        is_whole,
    )
}

/// The parameters of the task with `token`, and how many of their expressions could not be evaluated.
fn parameters(program: &Arc<Program>, moment: &Moment, token: &str) -> Option<(Value, usize)> {
    let execution = moment.stand(Arc::clone(program), Some(token))?;
    let state: &State = program.scopes.first()?.states.first()?;
    let at = execution.threads.first()?;
    let input = execution.selected(&state.input_path, at, &at.input).ok()?;
    let mut failed = 0;
    let value = match &state.parameters {
        Some(template) => template.as_far_as_known(&execution.view(at, &input.value), &mut failed),
        None => input.value.as_ref().clone(),
    };
    Some((value, failed))
}

#[cfg(test)]
mod tests;
