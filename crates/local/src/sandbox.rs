//! A place for JSONata expressions that may run away: processes of this program, each with little memory, that answer
//! one expression at a time and are ended when they do not.
//!
//! A thread cannot be given up, and a value that outgrows the memory ends its whole process. So an expression of which
//! nobody can tell by its shape how much it takes is evaluated in a process that may be lost. A request is a line of
//! JSON, and so is an answer; see [`serve`].
//!
//! There are two lanes. Nearly every expression ends at once, and passes the quick lane. One that does not begins again in
//! the slow lane, in a process of its own, and does so at once the next time: so those that run away, however many, wait
//! for each other and for nobody else.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_asl::expr::jsonata::{JsonataError, evaluate_here};
use countersign_asl::expr::sandbox::{Request, Sandbox};
use rustix::process::{Resource, Rlimit, nice, setrlimit};
use serde_json::Value;

use crate::host::{in_place, lock};

/// The hidden command of the program that is a worker.
pub const COMMAND: &str = "evaluate";
/// Workers at once in each lane. The expression after these waits.
const WORKERS: usize = 4;
/// How many may wait in each: each holds a thread, and the server has 512 for all that blocks.
const WAITING: usize = 200;
/// How long an expression may take in the quick lane, in milliseconds.
const QUICK: u64 = 100;
/// Slow expressions that are remembered.
const KNOWN: usize = 10_000;
/// What a worker may have in memory, its code included, in bytes.
const MEMORY: u64 = 512 * 1024 * 1024;
/// How long after the end of its patience a worker is waited for: it may say so itself.
const GRACE: Duration = Duration::from_millis(50);
/// How much less of the processor a worker gets than the engine, where both want it.
const NICE: i32 = 5;

type Answer = Result<Value, JsonataError>;

/// The workers.
#[derive(Debug)]
pub struct Workers {
    program: PathBuf,
    /// Those of the quick lane that have nothing to do.
    idle: Mutex<Vec<Worker>>,
    quick: Lane,
    slow: Lane,
    /// The expressions that did not end in the quick lane the last time, by the hash of their text.
    known_slow: Mutex<HashSet<u64>>,
}

impl Workers {
    /// Workers that are this program, run again.
    #[must_use]
    pub fn of_itself() -> Self {
        // On Linux this is the running program also after its file was replaced.
        let itself = PathBuf::from("/proc/self/exe");
        Self::of(if itself.exists() { itself } else { std::env::current_exe().unwrap_or(itself) })
    }

    /// Workers that are another program; it gives [`COMMAND`] to [`serve`].
    #[must_use]
    pub fn of(program: PathBuf) -> Self {
        Self {
            program,
            idle: Mutex::default(),
            quick: Lane::default(),
            slow: Lane::default(),
            known_slow: Mutex::default(),
        }
    }
}

impl Sandbox for Workers {
    fn evaluate(&self, request: &Request) -> Answer {
        in_place(|| {
            let quick = Duration::from_millis(request.patience.min(QUICK));
            let mut rest = Duration::from_millis(request.patience);
            let text = hash(&request.expression);
            if !lock(&self.known_slow).contains(&text) {
                match self.ask_quickly(&within(request, quick)) {
                    Err(JsonataError::Stopped) => self.remember(text),
                    answer => return answer,
                }
                rest = rest.saturating_sub(quick);
            }
            let begun = Instant::now();
            let answer = self.ask_slowly(&within(request, rest));
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
    /// Asks a worker that is there, or else a new one, which stays.
    fn ask_quickly(&self, request: &Request) -> Answer {
        let _place = self.quick.place()?;
        let kept = lock(&self.idle).pop();
        if let Some(mut worker) = kept {
            match worker.ask(request) {
                // Its memory may be full of what it answered before, or the system has ended it while it was idle.
                Err(Silence::Ended) => {}
                Err(Silence::Late) => return Err(JsonataError::Stopped),
                Ok(answer) => return self.keep(worker, answer),
            }
        }
        let mut worker = self.start()?;
        match worker.ask(request) {
            Ok(answer) => self.keep(worker, answer),
            Err(_) => Err(JsonataError::Stopped),
        }
    }

    /// Asks a worker that ends with its answer, and so gives its memory back.
    fn ask_slowly(&self, request: &Request) -> Answer {
        let _place = self.slow.place()?;
        self.start()?.ask(request).unwrap_or(Err(JsonataError::Stopped))
    }

    fn remember(&self, text: u64) {
        let mut known = lock(&self.known_slow);
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(text);
    }

    fn keep(&self, worker: Worker, answer: Answer) -> Answer {
        lock(&self.idle).push(worker);
        answer
    }

    fn start(&self) -> Result<Worker, JsonataError> {
        Worker::start(&self.program).map_err(|error| {
            tracing::error!(%error, "the process that evaluates expressions could not be started");
            JsonataError::Stopped
        })
    }
}

/// The places of those at work.
#[derive(Debug)]
struct Lane {
    places: Mutex<Places>,
    freed: Condvar,
}

#[derive(Debug)]
struct Places {
    free: usize,
    waiting: usize,
}

impl Default for Lane {
    fn default() -> Self {
        Self { places: Mutex::new(Places { free: WORKERS, waiting: 0 }), freed: Condvar::new() }
    }
}

impl Lane {
    /// Waits for a place.
    ///
    /// # Errors
    /// Too many wait already.
    fn place(&self) -> Result<Place<'_>, JsonataError> {
        let mut places = lock(&self.places);
        if places.waiting >= WAITING {
            return Err(JsonataError::Stopped);
        }
        places.waiting += 1;
        let places = self.freed.wait_while(places, |places| places.free == 0);
        let mut places = places.unwrap_or_else(PoisonError::into_inner);
        places.waiting -= 1;
        places.free -= 1;
        Ok(Place(self))
    }
}

struct Place<'a>(&'a Lane);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.0.places).free += 1;
        self.0.freed.notify_one();
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
    answers: Mutex<Receiver<Answer>>,
}

impl Worker {
    fn start(program: &Path) -> std::io::Result<Self> {
        let mut process = Command::new(program)
            .arg(COMMAND)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let missing = || std::io::Error::other("it has no pipes");
        let requests = process.stdin.take().ok_or_else(missing)?;
        let output = process.stdout.take().ok_or_else(missing)?;
        let (tell, answers) = channel();
        std::thread::Builder::new().name("expressions".to_owned()).spawn(move || {
            for line in BufReader::new(output).lines() {
                let answer = line.ok().and_then(|line| serde_json::from_str(&line).ok());
                // What is no answer ends the conversation, and so does nobody who waits for one.
                if answer.is_none_or(|answer| tell.send(answer).is_err()) {
                    return;
                }
            }
        })?;
        Ok(Self { process, requests, answers: Mutex::new(answers) })
    }

    /// The answer to a request. A worker that gives none is of no more use.
    fn ask(&mut self, request: &Request) -> Result<Answer, Silence> {
        let line = match serde_json::to_string(request) {
            Ok(line) => line,
            Err(error) => return Ok(Err(JsonataError::Failed(error.to_string()))),
        };
        self.send(&line).map_err(|_| Silence::Ended)?;
        self.answer(Duration::from_millis(request.patience) + GRACE)
    }

    fn send(&mut self, line: &str) -> std::io::Result<()> {
        self.requests.write_all(line.as_bytes())?;
        self.requests.write_all(b"\n")
    }

    fn answer(&mut self, patience: Duration) -> Result<Answer, Silence> {
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
    // Where it may not, it takes its share.
    let _ = nice(NICE);
    let mut output = BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let Some(request) = line.ok().and_then(|line| serde_json::from_str::<Request>(&line).ok()) else {
            return ExitCode::FAILURE;
        };
        let answer = evaluate_here(&request);
        let told = serde_json::to_writer(&mut output, &answer).map_err(std::io::Error::from);
        if told.and_then(|()| output.write_all(b"\n")).and_then(|()| output.flush()).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
