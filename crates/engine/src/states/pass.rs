//! Pass: hands its input, or a fixed result, to the next state.

use std::sync::Arc;

use serde_json::Value;

use crate::execution::Execution;
use crate::ids::ThreadId;
use crate::program::State;
use crate::thread::{Data, Ran, Run};

pub(crate) fn run(execution: &mut Execution, thread: ThreadId, state: &State, result: Option<&Arc<Value>>) -> Ran {
    let input = execution.effective_input(thread, state)?;
    Ok(Run::Result(match result {
        Some(value) => Data { text: Arc::from(value.to_string()), value: Arc::clone(value) },
        None => input,
    }))
}
