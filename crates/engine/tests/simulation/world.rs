//! A host's view of the outside: the tasks that it was asked for and the timers that it set. A crash loses all of it,
//! and the engine is asked again.

use std::collections::BTreeMap;

use countersign_engine::{Action, Input, Integration, Pattern, TaskId, TaskRequest, TimerId};

use crate::chance::Chance;

#[derive(Debug, Default, PartialEq)]
pub struct World {
    pub tasks: BTreeMap<TaskId, TaskRequest>,
    pub timers: BTreeMap<TimerId, i64>,
}

impl World {
    /// What is left after a crash.
    pub fn after_crash(outstanding: Vec<Action>) -> World {
        let mut world = World::default();
        world.take(outstanding);
        world
    }

    pub fn take(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::StartTask(request) => drop(self.tasks.insert(request.task, *request)),
                Action::CancelTask { task } => drop(self.tasks.remove(&task)),
                Action::SetTimer { timer, at } => drop(self.timers.insert(timer, at)),
                Action::CancelTimer { timer } => drop(self.timers.remove(&timer)),
            }
        }
    }

    /// Something that could happen next, with its time.
    pub fn event(&mut self, chance: &mut Chance, now: &mut i64) -> Option<Input> {
        if self.tasks.is_empty() && self.timers.is_empty() {
            return None;
        }
        let pick = chance.next(self.tasks.len() + usize::from(!self.timers.is_empty()));
        match self.tasks.keys().nth(pick).copied() {
            Some(task) => {
                *now += chance.next(3_000) as i64;
                Some(self.task(task, chance))
            }
            None => Some(self.timer(chance, now)),
        }
    }

    /// A timer fires when it is due or later; several that are due fire in any order.
    fn timer(&mut self, chance: &mut Chance, now: &mut i64) -> Input {
        let first = self.timers.values().copied().min().unwrap_or_default();
        *now = (*now).max(first) + if chance.one_in(4) { chance.next(5_000) as i64 } else { 0 };
        let due: Vec<TimerId> = self.timers.iter().filter(|(_, at)| **at <= *now).map(|(id, _)| *id).collect();
        let timer = *chance.of(&due);
        self.timers.remove(&timer);
        Input::TimerFired { timer }
    }

    fn task(&mut self, task: TaskId, chance: &mut Chance) -> Input {
        let request = self.tasks.get_mut(&task).expect("it was picked among the tasks");
        let (error, cause) = ("Worse".to_owned(), "by chance".to_owned());
        let fails = chance.one_in(20);
        match &request.integration {
            Integration::ItemReader { .. } | Integration::ResultWriter { .. } => {
                self.tasks.remove(&task);
                if fails {
                    return Input::TaskFailed { task, error, cause };
                }
                return Input::TaskSucceeded { task, output: "[1, 2, 3]".into() };
            }
            Integration::Activity { .. } if !request.started => {
                request.started = true;
                return Input::ActivityStarted { task, worker_name: fails.then(|| "worker".to_owned()) };
            }
            Integration::Lambda { .. } | Integration::Service { .. } if !request.started => {
                if fails {
                    self.tasks.remove(&task);
                    return Input::TaskStartFailed { task, error, cause };
                }
                request.started = true;
                return Input::TaskStarted { task };
            }
            // The holder of the token may answer before the service has reported that it accepted the request.
            Integration::Service { pattern, .. }
                if *pattern != Pattern::RequestResponse && request.submitted.is_none() && !chance.one_in(8) =>
            {
                if fails {
                    self.tasks.remove(&task);
                    return Input::TaskSubmitFailed { task, error, cause };
                }
                request.submitted = Some("{\"MessageId\":\"1\"}".to_owned());
                return Input::TaskSubmitted { task, output: "{\"MessageId\":\"1\"}".into() };
            }
            _ => {}
        }
        self.answer(task, chance)
    }

    fn answer(&mut self, task: TaskId, chance: &mut Chance) -> Input {
        let failed = |error: &str| Input::TaskFailed { task, error: error.into(), cause: "by chance".into() };
        let input = match chance.next(12) {
            0 => failed("Flaky"),
            1 => failed("Bad"),
            2 => failed("Worse"),
            3 | 4 => return Input::Heartbeat { task },
            5 => Input::TaskSucceeded { task, output: "no JSON".into() },
            _ => Input::TaskSucceeded { task, output: "{\"done\": true}".into() },
        };
        self.tasks.remove(&task);
        input
    }
}

/// The kind of an input, for the counts.
pub fn kind(input: &Input) -> &'static str {
    match input {
        Input::Start => "Start",
        Input::TaskStarted { .. } => "TaskStarted",
        Input::TaskStartFailed { .. } => "TaskStartFailed",
        Input::TaskSubmitted { .. } => "TaskSubmitted",
        Input::TaskSubmitFailed { .. } => "TaskSubmitFailed",
        Input::TaskSucceeded { .. } => "TaskSucceeded",
        Input::TaskFailed { .. } => "TaskFailed",
        Input::ActivityStarted { .. } => "ActivityStarted",
        Input::Heartbeat { .. } => "Heartbeat",
        Input::TimerFired { .. } => "TimerFired",
        Input::Stop { .. } => "Stop",
        Input::StopChild { .. } => "StopChild",
        Input::UpdateMapRun { .. } => "UpdateMapRun",
        Input::ActivityKnown { .. } => "ActivityKnown",
        Input::Redrive => "Redrive",
    }
}
