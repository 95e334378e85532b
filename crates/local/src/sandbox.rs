//! A sandbox for JSONata expressions that may not end: processes of this program with little memory, each of which
//! evaluates one expression at a time and is ended if it takes too long.
//!
//! A thread cannot be stopped, and a value that outgrows the memory ends its whole process. So an expression whose cost
//! is not evident from its form is evaluated in a process that may be lost. A request is a line of JSON, and so is an
//! answer; see [`serve`].
//!
//! There are two lanes. Nearly every expression ends quickly, in the quick lane. One that does not starts again in the
//! slow lane, in a process of its own, and goes there directly the next time. So expressions that do not end, however
//! many, wait only for each other.
#![expect(
    clippy::disallowed_methods,
    reason = "a worker is a real process: what it takes is measured on the system's clocks"
)]

mod idle;

use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_asl::expr::jsonata::{JsonataError, evaluate_here};
use countersign_asl::expr::sandbox::{Request, Sandbox};
use rustix::process::{Pid, Resource, Rlimit, setpriority_process, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

use crate::host::{in_place, lock};
use idle::{Idle, Stay, look_after};

/// The hidden command of the program that is a worker.
pub const COMMAND: &str = "evaluate";
/// Workers at once in each lane. Further expressions wait.
const WORKERS: usize = 4;
/// How many may wait in each lane: each holds a thread, and the server has 512 for blocking work. When so many wait
/// that they are a crowd, only an expression that does not wait yet may join them.
const WAITING: usize = 200;
const CROWD: usize = 150;
/// How long an expression may take in the quick lane, in milliseconds.
const QUICK: u64 = 100;
/// How many slow expressions are remembered.
const KNOWN: usize = 10_000;
/// The memory of a worker, its code included, in bytes.
const MEMORY: u64 = 512 * 1024 * 1024;
/// The program's allocator reserves a GiB of addresses otherwise, which is more than a worker may have.
const ALLOCATOR: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "8MiB");
/// How much longer than its time limit an expression may take on a busy machine: it continues until it has had half of
/// its limit in processor time, so that it is not stopped because of other work.
const BUSY: Duration = Duration::from_millis(1_500);
/// How long after that a worker is waited for, which reports by itself that it has stopped.
const GRACE: Duration = Duration::from_millis(50);
/// How often a worker checks the clocks.
const TICK: Duration = Duration::from_millis(5);
/// The niceness of the workers of each lane: if all want the processor, the engine comes first and the slow lane last,
/// so that it does not delay the quick one.
const QUICK_NICE: i32 = 5;
const SLOW_NICE: i32 = 10;

/// How long idle workers of the quick lane stay.
const SEVERAL_STAY: Duration = Duration::from_secs(60);
const ONE_STAYS: Duration = Duration::from_secs(600);

type EvaluationResult = Result<Value, JsonataError>;

/// The workers.
#[derive(Debug)]
pub struct Workers {
    program: PathBuf,
    idle: Arc<Mutex<Idle>>,
    stay: Stay,
    quick: Lane,
    slow: Lane,
    /// The expressions that did not end in the quick lane last time, by the hash of their text.
    known_slow: Mutex<HashSet<u64>>,
}

impl Workers {
    /// Workers that are this program, run again.
    #[must_use]
    pub fn of_itself() -> Self {
        // On Linux this is the running program even after its file was replaced.
        let itself = PathBuf::from("/proc/self/exe");
        Self::of(if itself.exists() { itself } else { std::env::current_exe().unwrap_or(itself) })
    }

    /// Workers that are another program; it gives [`COMMAND`] to [`serve`].
    #[must_use]
    pub fn of(program: PathBuf) -> Self {
        Self {
            program,
            idle: Arc::default(),
            stay: Stay { several: SEVERAL_STAY, one: ONE_STAYS },
            quick: Lane::default(),
            slow: Lane::default(),
            known_slow: Mutex::default(),
        }
    }
}

impl Workers {
    /// Sets how long idle workers stay: one is left after `several`, none after `one`.
    #[must_use]
    pub fn that_stay(self, several: Duration, one: Duration) -> Self {
        Self { stay: Stay { several, one }, ..self }
    }

    /// How many processes are idle.
    #[must_use]
    pub fn idle(&self) -> usize {
        lock(&self.idle).workers.len()
    }
}

impl Sandbox for Workers {
    fn evaluate(&self, request: &Request) -> EvaluationResult {
        in_place(|| {
            let quick = Duration::from_millis(request.patience.min(QUICK));
            let mut rest = Duration::from_millis(request.patience);
            let text = hash(&request.expression);
            match self.ask_quickly(text, &within(request, quick)) {
                Some(Err(JsonataError::Stopped)) => {
                    self.remember(text);
                    rest = rest.saturating_sub(quick);
                }
                Some(answer) => return answer,
                None => {}
            }
            let begun = Instant::now();
            let answer = self.ask_slowly(text, &within(request, rest));
            if answer.is_ok() && begun.elapsed() < quick {
                lock(&self.known_slow).remove(&text);
            }
            answer
        })
    }
}

fn within(request: &Request, patience: Duration) -> Request {
    Request { patience: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX), ..request.clone() }
}

fn hash(text: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Workers {
    /// Asks an idle worker, or a new one, which stays. `None` if the expression is known to be slow.
    fn ask_quickly(&self, text: u64, request: &Request) -> Option<EvaluationResult> {
        let is_slow = || lock(&self.known_slow).contains(&text);
        if is_slow() {
            return None;
        }
        let place = self.quick.place(text);
        // While this request waited, the same expression may have turned out to be slow.
        if is_slow() { None } else { Some(place.and_then(|_place| self.ask_kept(request))) }
    }

    fn ask_kept(&self, request: &Request) -> EvaluationResult {
        let kept = lock(&self.idle).workers.pop();
        if let Some((_, mut worker)) = kept {
            match worker.ask(request) {
                // Its memory may be full of earlier values, or the system may have ended it while it was idle.
                Err(Silence::Ended) => {}
                Err(Silence::Late) => return Err(JsonataError::Stopped),
                Ok(answer) => return self.keep(worker, answer),
            }
        }
        let mut worker = self.start(QUICK_NICE)?;
        match worker.ask(request) {
            Ok(answer) => self.keep(worker, answer),
            Err(_) => Err(JsonataError::Stopped),
        }
    }

    /// Asks a worker that ends after its answer, and so returns its memory.
    fn ask_slowly(&self, text: u64, request: &Request) -> EvaluationResult {
        let _place = self.slow.place(text)?;
        self.start(SLOW_NICE)?.ask(request).unwrap_or(Err(JsonataError::Stopped))
    }

    fn remember(&self, text: u64) {
        let mut known = lock(&self.known_slow);
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(text);
    }

    fn keep(&self, worker: Worker, answer: EvaluationResult) -> EvaluationResult {
        let mut idle = lock(&self.idle);
        idle.workers.push((Instant::now(), worker));
        if !std::mem::replace(&mut idle.is_watched, true) {
            let (workers, stay) = (Arc::downgrade(&self.idle), self.stay);
            let thread = std::thread::Builder::new().name("idle expressions".to_owned());
            if let Err(error) = thread.spawn(move || look_after(&workers, stay)) {
                tracing::warn!(%error, "processes that evaluate expressions stay until the program ends");
            }
        }
        answer
    }

    fn start(&self, nice: i32) -> Result<Worker, JsonataError> {
        Worker::start(&self.program, nice).map_err(|error| {
            tracing::error!(%error, "the process that evaluates expressions could not be started");
            JsonataError::Stopped
        })
    }
}

/// The places of the working processes of a lane. The text of each expression has its own queue, and the queues take
/// turns: however often one expression is requested, another one waits only for those at work.
#[derive(Debug)]
struct Lane {
    places: Mutex<Places>,
    freed: Condvar,
}

#[derive(Debug)]
struct Places {
    free: usize,
    /// The waiting requests, by turn and by arrival, with the hash of the text.
    waiting: BTreeMap<(u64, u64), u64>,
    /// The turn of the request that was let in last, and how many have arrived.
    turn: u64,
    arrived: u64,
}

impl Default for Lane {
    fn default() -> Self {
        let places = Places { free: WORKERS, waiting: BTreeMap::new(), turn: 0, arrived: 0 };
        Self { places: Mutex::new(places), freed: Condvar::new() }
    }
}

impl Places {
    /// Whether another request may wait.
    fn admits(&self, text: u64) -> bool {
        let waiting = self.waiting.len();
        waiting < CROWD || waiting < WAITING && !self.waiting.values().any(|waits| *waits == text)
    }

    /// A place in the queue of a text: one turn after the last request that waits there.
    fn queue(&mut self, text: u64) -> (u64, u64) {
        let last = self.waiting.iter().rev().find(|(_, waits)| **waits == text);
        let turn = last.map_or(self.turn, |((turn, _), _)| turn + 1);
        self.arrived += 1;
        self.waiting.insert((turn, self.arrived), text);
        (turn, self.arrived)
    }
}

impl Lane {
    /// Waits for a place.
    ///
    /// # Errors
    /// Too many wait already.
    fn place(&self, text: u64) -> Result<LanePlace<'_>, JsonataError> {
        let mut places = lock(&self.places);
        if !places.admits(text) {
            return Err(JsonataError::Stopped);
        }
        let own = places.queue(text);
        let is_next = |places: &Places| places.free > 0 && places.waiting.keys().next() == Some(&own);
        let places = self.freed.wait_while(places, |places| !is_next(places));
        let mut places = places.unwrap_or_else(PoisonError::into_inner);
        places.waiting.remove(&own);
        places.turn = own.0;
        places.free -= 1;
        if places.free > 0 {
            self.freed.notify_all();
        }
        Ok(LanePlace(self))
    }
}

struct LanePlace<'a>(&'a Lane);

impl Drop for LanePlace<'_> {
    fn drop(&mut self) {
        lock(&self.0.places).free += 1;
        self.0.freed.notify_all();
    }
}

/// Why a worker gave no answer.
enum Silence {
    Late,
    Ended,
}

/// One process. It ends when this is dropped.
#[derive(Debug)]
struct Worker {
    process: Child,
    requests: ChildStdin,
    answers: Mutex<Receiver<EvaluationResult>>,
}

impl Worker {
    fn start(program: &Path, nice: i32) -> std::io::Result<Self> {
        let mut process = Command::new(program)
            .arg(COMMAND)
            .env_clear()
            .envs([ALLOCATOR])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        // If the system does not allow it, the worker keeps its share.
        let _ = setpriority_process(Some(Pid::from_child(&process)), nice);
        let missing = || std::io::Error::other("it has no pipes");
        let requests = process.stdin.take().ok_or_else(missing)?;
        let output = process.stdout.take().ok_or_else(missing)?;
        let (sender, answers) = channel();
        std::thread::Builder::new().name("expressions".to_owned()).spawn(move || {
            for line in BufReader::new(output).lines() {
                let answer = line.ok().and_then(|line| serde_json::from_str(&line).ok());
                // A line that is no answer ends the conversation, and so does a caller that no longer waits.
                if answer.is_none_or(|answer| sender.send(answer).is_err()) {
                    return;
                }
            }
        })?;
        Ok(Self { process, requests, answers: Mutex::new(answers) })
    }

    /// The answer to a request. A worker without an answer is not used again.
    fn ask(&mut self, request: &Request) -> Result<EvaluationResult, Silence> {
        let line = match serde_json::to_string(request) {
            Ok(line) => line,
            Err(error) => return Ok(Err(JsonataError::Failed(error.to_string()))),
        };
        self.send(&line).map_err(|_| Silence::Ended)?;
        self.answer(Duration::from_millis(request.patience) + BUSY + GRACE)
    }

    fn send(&mut self, line: &str) -> std::io::Result<()> {
        self.requests.write_all(line.as_bytes())?;
        self.requests.write_all(b"\n")
    }

    fn answer(&mut self, patience: Duration) -> Result<EvaluationResult, Silence> {
        lock(&self.answers).recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => Silence::Late,
            RecvTimeoutError::Disconnected => Silence::Ended,
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a worker does: answers the requests of its standard input until that ends.
#[must_use]
pub fn serve() -> ExitCode {
    let memory = Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
    let no_dump = Rlimit { current: Some(0), maximum: Some(0) };
    if setrlimit(Resource::As, memory).is_err() || setrlimit(Resource::Core, no_dump).is_err() {
        return ExitCode::FAILURE;
    }
    let watch = Arc::new((Mutex::new(None), Condvar::new()));
    let watched = Arc::clone(&watch);
    if std::thread::Builder::new().spawn(move || give_up(&watched.0, &watched.1)).is_err() {
        return ExitCode::FAILURE;
    }
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return ExitCode::FAILURE };
        let request = match serde_json::from_str::<Request>(&line) {
            Ok(request) => request,
            // Values that nest as deep as JSON readers allow are one level deeper inside a request.
            Err(error) if respond(&Err(JsonataError::Failed(error.to_string()))).is_ok() => continue,
            Err(_) => return ExitCode::FAILURE,
        };
        *lock(&watch.0) = Some(Watch::begin(request.patience));
        watch.1.notify_one();
        // The watch ends it earlier.
        let answer = evaluate_here(&Request { patience: u64::MAX, ..request });
        *lock(&watch.0) = None;
        if respond(&answer).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn respond(answer: &EvaluationResult) -> std::io::Result<()> {
    let mut output = BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer(&mut output, answer)?;
    output.write_all(b"\n")?;
    output.flush()
}

/// Ends the process, with an answer that says so, when its expression has used up its time.
fn give_up(watch: &Mutex<Option<Watch>>, begun: &Condvar) {
    let mut watch = lock(watch);
    loop {
        watch = begun.wait_while(watch, |watch| watch.is_none()).unwrap_or_else(PoisonError::into_inner);
        if watch.as_ref().is_some_and(Watch::is_over) {
            // The lock is held until the end: a stopped expression gives no answer of its own.
            let sent = respond(&Err(JsonataError::Stopped));
            std::process::exit(i32::from(sent.is_err()));
        }
        watch = begun.wait_timeout(watch, TICK).map_or_else(|poisoned| poisoned.into_inner().0, |(watch, _)| watch);
    }
}

/// The clocks of one expression.
#[derive(Debug)]
struct Watch {
    patience: Duration,
    begun: Instant,
    /// The processor time that the process had used before.
    used: Duration,
}

impl Watch {
    fn begin(patience: u64) -> Self {
        Self { patience: Duration::from_millis(patience), begun: Instant::now(), used: processor_time() }
    }

    fn is_over(&self) -> bool {
        let (took, used) = (self.begun.elapsed(), processor_time().saturating_sub(self.used));
        took >= self.patience && (used * 2 >= self.patience || took >= self.patience + BUSY)
    }
}

/// The processor time of this process.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let part = |part: i64| u64::try_from(part).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_waits_for_no_more_than_one_of_each_other_text() {
        let mut places = Places { free: 0, waiting: BTreeMap::new(), turn: 0, arrived: 0 };
        for text in [1, 1, 1, 2, 1, 3, 2] {
            places.queue(text);
        }
        let order = |places: &Places| places.waiting.values().copied().collect::<Vec<_>>();
        assert_eq!(order(&places), [1, 2, 3, 1, 2, 1, 1]);
        assert!(places.admits(1));
        for _ in 0..CROWD {
            places.queue(5);
        }
        assert!(!places.admits(1) && !places.admits(5) && places.admits(4), "a crowd keeps out who waits already");
        places.waiting.retain(|_, text| *text != 5);
        // Later requests do not overtake those of the current turn.
        let ((turn, _), _) = (0..4).filter_map(|_| places.waiting.pop_first()).last().unwrap_or_default();
        places.turn = turn;
        places.queue(4);
        places.queue(2);
        assert_eq!(order(&places), [2, 4, 1, 2, 1]);
    }
}
