//! A host without a clock: timers fire in their order as soon as nothing else can happen, tasks are answered at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use countersign_engine::{Action, Execution, Input, Program, StartParams, TaskRequest, TimerId};

/// What a task answers: the inputs that follow `TaskStarted`, in order.
pub type AnswerTask<'a> = dyn FnMut(&TaskRequest) -> Option<Vec<Input>> + 'a;

/// Plays an execution to its end, or until nothing is left to do. Gives the journal too.
pub fn play(
    program: &Arc<Program>,
    params: StartParams,
    answer: &mut AnswerTask<'_>,
) -> (Execution, Vec<(i64, Input)>) {
    let mut now = params.start_at;
    let mut execution = Execution::new(Arc::clone(program), params);
    let mut inputs = VecDeque::from([Input::Start]);
    let mut timers: BTreeMap<(i64, TimerId), ()> = BTreeMap::new();
    let mut journal = Vec::new();
    loop {
        let input = match inputs.pop_front() {
            Some(input) => input,
            None => match timers.pop_first() {
                Some(((at, timer), ())) if execution.outcome().is_none() => {
                    now = now.max(at);
                    Input::TimerFired { timer }
                }
                _ => return (execution, journal),
            },
        };
        journal.push((now, input.clone()));
        for action in execution.step(now, input) {
            match action {
                Action::SetTimer { timer, at } => {
                    timers.insert((at, timer), ());
                }
                Action::CancelTimer { timer } => timers.retain(|(_, t), ()| *t != timer),
                Action::StartTask(request) => inputs.extend(answer(&request).unwrap_or_default()),
                Action::CancelTask { .. } => {}
            }
        }
    }
}
