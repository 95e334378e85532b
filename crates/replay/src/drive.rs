//! Runs a definition in the engine under a time of its own: whoever stands outside says how each call of a task is
//! answered and after how long, and the time moves to whatever comes next.
//!
//! Nothing is waited for. Wait states, the pauses of retries and timeouts pass at once, and the same answers give the same
//! history, byte for byte.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use countersign_engine::ahead::TaskAnswer;
use countersign_engine::{
    Action, Execution, Input, Integration, LogId, Pattern, Program, SharedSandbox, StartParams, TaskId, TaskRequest,
    TimerId, TimerUse,
};

/// The most inputs that one execution is given, unless [`Bounds`] say otherwise.
const STEPS: usize = 200_000;
/// The most events of one execution with its children: far more than AWS allows for one history.
const EVENTS: usize = 200_000;
/// After so many steps the events are counted.
const COUNTED_EVERY: usize = 64;

/// The iterations around a state, the outermost first: the name of the Map state and the index of the item.
pub type Iterations = Vec<(String, u64)>;

/// One call of a task.
#[derive(Debug)]
pub struct Call<'a> {
    /// What is asked: the state, the integration, the resolved parameters.
    pub request: &'a TaskRequest,
    /// The iterations that the state runs in.
    pub iterations: &'a Iterations,
    /// Which visit of the state in these iterations it is, of those that called their task: from 1.
    pub visit: u64,
    /// Which call of this visit it is: from 1.
    pub attempt: u64,
    /// Milliseconds since the epoch, in the time of the execution.
    pub at: i64,
}

/// How a call is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// With JSON text, or with error and cause, after so many milliseconds. A heartbeat is sent as often as `beats_ms` says.
    Answer { after_ms: i64, beats_ms: Option<i64>, answer: TaskAnswer },
    /// Not at all: the time goes on until a deadline passes. That nobody answers is known for so many milliseconds; `None`
    /// for ever.
    Silence { known_for_ms: Option<i64>, beats_ms: Option<i64> },
    /// Not at all, and the deadlines of the call are not waited for: the execution stays there once nothing else can move.
    Wait,
    /// Nobody knows: the run ends here.
    Unknown(Unknown),
}

/// Why nobody knows how a call is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// There is no answer for it.
    NoAnswer,
    /// There is one, and it does not hold any more after so many milliseconds.
    OnlyFor(i64),
    /// It needs heartbeats at least every so many seconds, and nobody knows whether they would come.
    Heartbeats(i64),
    /// There is one that cannot be read: it was withheld, cut off, or is no JSON.
    Unreadable,
}

/// Whoever answers tasks.
pub trait Outside {
    /// How a call is answered.
    fn answer(&mut self, call: &Call<'_>) -> Reply;
}

impl<F: FnMut(&Call<'_>) -> Reply> Outside for F {
    fn answer(&mut self, call: &Call<'_>) -> Reply {
        self(call)
    }
}

/// How far a run may go.
#[derive(Clone)]
pub struct Bounds {
    /// The most inputs.
    pub steps: usize,
    /// The most events, those of children included.
    pub events: usize,
    /// Where expressions are evaluated that may not end; without one they are evaluated here.
    pub sandbox: Option<SharedSandbox>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { steps: STEPS, events: EVENTS, sandbox: None }
    }
}

/// A call without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCall {
    pub state: String,
    pub iterations: Iterations,
    pub visit: u64,
    pub attempt: u64,
}

/// Where a run came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The execution has ended: see [`Execution::outcome`].
    Ended,
    /// Nothing can move but these calls, in the order in which they were made.
    Waits(Vec<OpenCall>),
    /// Nobody knows how this call is answered.
    Unknown(OpenCall, Unknown),
    /// The run has more steps or events than it may have.
    Bounded,
}

/// A run.
#[derive(Debug)]
pub struct Driven {
    pub execution: Execution,
    pub ending: Ending,
    /// The time that it came to, in milliseconds since the epoch.
    pub at: i64,
}

impl Driven {
    /// How long the execution took, in milliseconds of its own time.
    #[must_use]
    pub fn took_ms(&self) -> i64 {
        let started = self.execution.history().first().map_or(self.at, |event| event.timestamp);
        self.at.saturating_sub(started)
    }
}

/// Runs `program` until it ends, waits, or nobody knows how it goes on.
pub fn drive(program: &Arc<Program>, params: StartParams, bounds: &Bounds, outside: &mut dyn Outside) -> Driven {
    let now = params.start_at;
    let execution = Execution::new(Arc::clone(program), params).with_sandbox(bounds.sandbox.clone()).with_taken();
    let mut run = Run {
        execution,
        outside,
        now,
        due: BTreeMap::new(),
        number: 0,
        calls: BTreeMap::new(),
        parked: BTreeSet::new(),
        visits: HashMap::new(),
        unknown: None,
    };
    let ending = run.run_out(bounds);
    Driven { execution: run.execution, ending, at: run.now }
}

/// What happens at some time. Of what happens at the same time, the first here comes first: an answer that arrives with
/// its deadline counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Beat,
    Answer,
    Timer,
    /// From now on nobody knows whether the call was answered.
    Unknown,
}

#[derive(Debug, Clone)]
enum Event {
    Beat(TaskId, i64),
    Answer(TaskId, Box<TaskAnswer>),
    Timer(TimerId),
    Unknown(TaskId, i64),
}

/// The visits of a state in its iterations: of each, the history and the event that entered it, and how many calls it made.
type Visits = HashMap<(String, Iterations), Vec<((LogId, u64), u64)>>;

struct Run<'a> {
    execution: Execution,
    outside: &'a mut dyn Outside,
    now: i64,
    due: BTreeMap<(i64, Due, u64), Event>,
    number: u64,
    /// The open calls.
    calls: BTreeMap<TaskId, OpenCall>,
    /// Those of them that nobody answers and nobody waits for.
    parked: BTreeSet<TaskId>,
    visits: Visits,
    unknown: Option<(OpenCall, Unknown)>,
}

impl Run<'_> {
    fn run_out(&mut self, bounds: &Bounds) -> Ending {
        self.step(Input::Start);
        for step in 0..bounds.steps {
            if let Some((call, why)) = self.unknown.take() {
                return Ending::Unknown(call, why);
            }
            if self.execution.outcome().is_some() {
                return Ending::Ended;
            }
            // Counting takes as long as there are children.
            if step % COUNTED_EVERY == 0 && self.events() > bounds.events {
                return Ending::Bounded;
            }
            let Some((at, event)) = self.next() else {
                return Ending::Waits(self.calls.values().cloned().collect());
            };
            self.now = self.now.max(at);
            self.happen(event);
        }
        Ending::Bounded
    }

    fn events(&self) -> usize {
        let runs = self.execution.map_runs();
        let children = runs.iter().flat_map(|run| &run.children);
        let inner: usize = children.map(|child| self.execution.child_history(child.log).len()).sum();
        inner + self.execution.history().len()
    }

    /// Takes what comes next from what is due. What belongs to a parked call moves nothing, and while there is one, neither
    /// does the timeout of the whole execution.
    fn next(&mut self) -> Option<(i64, Event)> {
        let mut stale = Vec::new();
        let mut found = None;
        for (key, event) in &self.due {
            match self.moves(event) {
                Some(true) => {
                    found = Some(*key);
                    break;
                }
                Some(false) => {}
                None => stale.push(*key),
            }
        }
        for key in stale {
            self.due.remove(&key);
        }
        let key = found?;
        self.due.remove(&key).map(|event| (key.0, event))
    }

    /// Whether an event moves the execution; `None` if its call or timer is gone.
    fn moves(&self, event: &Event) -> Option<bool> {
        match event {
            Event::Beat(task, _) | Event::Answer(task, _) | Event::Unknown(task, _) => {
                self.execution.task_is_open(*task).then_some(true)
            }
            Event::Timer(timer) => Some(match self.execution.timer_use(*timer)? {
                TimerUse::Task(task) => !self.parked.contains(&task),
                TimerUse::Execution | TimerUse::Child => self.parked.is_empty(),
                TimerUse::Wake | TimerUse::Retry => true,
            }),
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Beat(task, every) => {
                self.step(Input::Heartbeat { task });
                self.plan(every, Due::Beat, Event::Beat(task, every));
            }
            Event::Answer(task, answer) => {
                self.calls.remove(&task);
                self.step(match *answer {
                    Ok(output) => Input::TaskSucceeded { task, output },
                    Err((error, cause)) => Input::TaskFailed { task, error, cause },
                });
            }
            Event::Timer(timer) => self.step(Input::TimerFired { timer }),
            Event::Unknown(task, known_for) => {
                self.unknown = self.calls.get(&task).cloned().map(|call| (call, Unknown::OnlyFor(known_for)));
            }
        }
    }

    fn plan(&mut self, after: i64, due: Due, event: Event) {
        self.number += 1;
        self.due.insert((self.now.saturating_add(after.max(0)), due, self.number), event);
    }

    fn step(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.execution.step(self.now, input) {
                match action {
                    Action::StartTask(request) => self.ask(&request, &mut inputs),
                    Action::CancelTask { task } => {
                        self.calls.remove(&task);
                        self.parked.remove(&task);
                    }
                    Action::SetTimer { timer, at } => {
                        self.plan(at.saturating_sub(self.now), Due::Timer, Event::Timer(timer))
                    }
                    // A timer that is gone moves nothing.
                    Action::CancelTimer { .. } => {}
                }
            }
        }
    }

    /// Asks outside how a call is answered, and adds what the host of a real execution would report of its beginning.
    fn ask(&mut self, request: &TaskRequest, inputs: &mut VecDeque<Input>) {
        let task = request.task;
        let Some(place) = self.execution.place_of(task) else { return };
        let visits = self.visits.entry((request.state.clone(), place.course.clone())).or_default();
        let this = (place.log, place.entered);
        let position = visits.iter().rposition(|(visit, _)| *visit == this).unwrap_or_else(|| {
            visits.push((this, 0));
            visits.len() - 1
        });
        visits[position].1 += 1;
        let (visit, attempt) = (position as u64 + 1, visits[position].1);
        let call = Call { request, iterations: &place.course, visit, attempt, at: self.now };
        let reply = self.outside.answer(&call);
        let open = OpenCall { state: request.state.clone(), iterations: place.course, visit, attempt };
        inputs.extend(begun(request));
        if is_submitted(&request.integration) {
            inputs.push_back(Input::TaskSubmitted { task, output: "{}".to_owned() });
        }
        self.take(task, open, reply);
    }

    fn take(&mut self, task: TaskId, open: OpenCall, reply: Reply) {
        let beats = match &reply {
            Reply::Answer { beats_ms, .. } | Reply::Silence { beats_ms, .. } => beats_ms.filter(|every| *every > 0),
            _ => None,
        };
        if let Some(every) = beats {
            self.plan(every, Due::Beat, Event::Beat(task, every));
        }
        match reply {
            Reply::Answer { after_ms, answer, .. } => {
                self.plan(after_ms, Due::Answer, Event::Answer(task, Box::new(answer)));
            }
            Reply::Silence { known_for_ms: Some(known), .. } => {
                self.plan(known, Due::Unknown, Event::Unknown(task, known));
            }
            Reply::Silence { known_for_ms: None, .. } => {}
            Reply::Wait => drop(self.parked.insert(task)),
            // The first one is the one that matters.
            Reply::Unknown(why) => {
                if self.unknown.is_none() {
                    self.unknown = Some((open.clone(), why));
                }
            }
        }
        self.calls.insert(task, open);
    }
}

/// That the work has begun: what reads and writes for a distributed map reports no such thing.
fn begun(request: &TaskRequest) -> Option<Input> {
    let task = request.task;
    match request.integration {
        Integration::Lambda { .. } | Integration::Service { .. } => Some(Input::TaskStarted { task }),
        Integration::Activity { .. } => Some(Input::ActivityStarted { task, worker_name: None }),
        Integration::ItemReader { .. } | Integration::ItemObjects | Integration::ResultWriter { .. } => None,
    }
}

/// Whether the service first says that it has accepted the request.
fn is_submitted(integration: &Integration) -> bool {
    matches!(integration, Integration::Service { pattern, .. } if *pattern != Pattern::RequestResponse)
}
