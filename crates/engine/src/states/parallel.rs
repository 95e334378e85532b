//! Parallel: every branch runs with the same input; the result is the list of their outputs.

use countersign_trace::{Details, EventKind};
use serde_json::Value;

use crate::execution::Execution;
use crate::failure::Failure;
use crate::ids::{ChildIndex, ScopeId, ThreadId};
use crate::program::{CompileError, Compiler, Fields, State};
use crate::thread::{Children, Data, Parent, Ran, Run};

/// The branches of a running Parallel state, in the order of the definition.
#[derive(Debug, Clone)]
pub(crate) struct Branches {
    pub threads: Vec<ThreadId>,
    open: usize,
}

pub(crate) fn compile(compiler: &mut Compiler, fields: &Fields<'_>) -> Result<Vec<ScopeId>, CompileError> {
    let branches = fields.get("Branches").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    branches
        .iter()
        .enumerate()
        .map(|(i, branch)| compiler.scope(branch, &format!("{}/Branches[{i}]", fields.at)))
        .collect()
}

pub(crate) fn run(execution: &mut Execution, thread: ThreadId, state: &State, branches: &[ScopeId]) -> Ran {
    let input = execution.arguments(thread, state)?;
    let started = execution.event(thread, EventKind::ParallelStateStarted, Details::default());
    let log = execution.threads[thread].log;
    let threads: Vec<ThreadId> = branches
        .iter()
        .enumerate()
        .map(|(index, scope)| {
            execution.spawn(Some(Parent { thread, index: ChildIndex(index) }), log, *scope, input.clone(), started)
        })
        .collect();
    execution.ready.extend(&threads);
    let open = threads.len();
    execution.threads[thread].children = Children::Parallel(Box::new(Branches { threads, open }));
    Ok(Run::Wait)
}

/// A branch has come to its end.
pub(crate) fn branch_done(execution: &mut Execution, parent: ThreadId, _index: ChildIndex, child: ThreadId) {
    let Children::Parallel(branches) = &mut execution.threads[parent].children else {
        return;
    };
    branches.open -= 1;
    if branches.open > 0 {
        return;
    }
    let threads = branches.threads.clone();
    let outputs = threads.iter().map(|t| execution.threads[*t].input.value.as_ref().clone()).collect();
    let log = execution.threads[parent].log;
    let last = execution.threads[child].previous;
    execution.threads[parent].previous = last;
    execution.push(log, last, EventKind::ParallelStateSucceeded, Details::default());
    execution.drop_children(parent);
    execution.complete(parent, Data::new(Value::Array(outputs)));
    execution.ready.push_back(parent);
}

/// A branch has failed: the others are aborted, and the state fails.
pub(crate) fn branch_failed(execution: &mut Execution, parent: ThreadId, child: ThreadId, failure: Failure) {
    let previous = execution.threads[child].previous;
    for thread in execution.child_threads(parent) {
        execution.abort(thread, previous);
    }
    execution.threads[parent].previous = previous;
    execution.handle(parent, failure);
}
