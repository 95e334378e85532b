//! Redriving a run: unsuccessful children continue, and children that never began begin.

use std::sync::Arc;

use countersign_trace::{Details, EventKind};

use super::{at_state, children, fail_run, go_on, progress, read, run_of};
use crate::OutcomeStatus;
use crate::execution::Execution;
use crate::failure::{DATA_LIMIT, Failure, QUERY, RUNTIME};
use crate::ids::{ChildIndex, ThreadId};
use crate::thread::{Data, Ran, Step};

/// A child can be redriven for 14 days after its end, in milliseconds.
const WINDOW: i64 = 14 * 24 * 3_600 * 1_000;

/// Writes `MapRunRedriven` and continues the run. Returns false if the thread has no run that can be redriven: its
/// state begins anew.
pub(crate) fn redrive(execution: &mut Execution, thread: ThreadId) -> bool {
    let program = Arc::clone(&execution.program);
    let Some((state, map)) = at_state(&program, execution, thread) else { return false };
    let (Some(distributed), Some(progress)) = (&map.distributed, progress(execution, thread)) else { return false };
    // These errors mean that the definition and its data do not fit: another run would fail in the same way.
    let hopeless = [DATA_LIMIT, RUNTIME, QUERY];
    let error = progress.failure.take().and_then(|failure| failure.error);
    if error.is_some_and(|error| hopeless.contains(&error.as_str())) {
        execution.drop_children(thread);
        return false;
    }
    progress.failures = 0;
    progress.again.clear();
    progress.deadlines.clear();
    reopen(execution, thread);
    let unread = distributed.reader.is_some() && run_of(execution, thread).is_some_and(|run| run.items == 0);
    let ran = if unread { read(execution, thread, state, distributed) } else { take_up(execution, thread) };
    go_on(execution, thread, ran);
    true
}

fn reopen(execution: &mut Execution, thread: ThreadId) {
    let now = execution.now;
    let Some(run) = run_of(execution, thread) else { return };
    run.status = None;
    run.stopped_at = None;
    run.results_written = false;
    run.redrives += 1;
    run.redriven_at = Some(now);
    let details =
        Details { map_run_arn: Some(run.arn.clone()), redrive_count: Some(run.redrives), ..Details::default() };
    execution.event(thread, EventKind::MapRunRedriven, details);
    execution.threads[thread].step = Step::Wait;
}

/// Puts the children that can be redriven before those that have not begun. The others stay failed.
fn take_up(execution: &mut Execution, thread: ThreadId) -> Ran {
    let now = execution.now;
    let Some(run) = run_of(execution, thread) else { return children::fill(execution, thread) };
    let (mut again, mut lost) = (Vec::new(), 0);
    for (index, child) in run.children.iter_mut().enumerate() {
        if child.status == Some(OutcomeStatus::Succeeded) {
            continue;
        }
        child.lost |= !run.express && child.stopped_at.is_some_and(|stopped| now - stopped > WINDOW);
        child.pending_redrive = !child.lost;
        if child.lost {
            lost += child.items;
        } else {
            again.push(ChildIndex(index));
        }
    }
    let items = run.items;
    let Some(progress) = progress(execution, thread) else { return children::fill(execution, thread) };
    progress.again.extend(again);
    progress.failures = lost;
    if progress.exceeds(items) {
        return fail_run(execution, thread, children::exceeded());
    }
    children::fill(execution, thread)
}

/// Redrives one child: a Standard one continues where it ended, an Express one begins again.
pub(super) fn again(execution: &mut Execution, thread: ThreadId, index: ChildIndex) -> Result<(), Failure> {
    let now = execution.now;
    let kept = progress(execution, thread).and_then(|progress| progress.failed.remove(&index));
    let Some(run) = run_of(execution, thread) else { return Ok(()) };
    let express = run.express;
    let child = &mut run.children[index];
    child.status = None;
    child.stopped_at = None;
    (child.error, child.cause) = (None, None);
    child.pending_redrive = false;
    child.redrives += 1;
    child.redriven_at = Some(now);
    let (log, redrives) = (child.log, child.redrives);
    match kept {
        Some(kept) if !express => {
            let details = Details { redrive_count: Some(redrives), ..Details::default() };
            let previous = execution.event(kept, EventKind::ExecutionRedriven, details);
            children::runs(execution, thread, index, kept);
            execution.resume(kept, previous, redrives);
        }
        kept => {
            if let Some(kept) = kept {
                execution.release(kept);
            }
            execution.logs[log].clear();
            let input = run_of(execution, thread).map(|run| Data::read(&run.children[index].input));
            let unreadable = |why: String| Failure::runtime(format!("The child's input cannot be read: {why}"));
            let Some(input) = input else { return Ok(()) };
            let input = input.map_err(unreadable)?;
            children::open(execution, thread, index, input);
        }
    }
    Ok(())
}
