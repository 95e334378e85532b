//! A place for JSONata expressions that may run away: processes of this program, each with little memory, that answer
//! one expression at a time and are ended when they do not.
//!
//! A thread cannot be given up, and a value that outgrows the memory ends its whole process. So an expression of which
//! nobody can tell by its shape how much it takes is evaluated in a process that may be lost. A request is a line of
//! JSON, and so is an answer; see [`serve`].

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_asl::expr::jsonata::{JsonataError, evaluate_here};
use countersign_asl::expr::sandbox::{Request, Sandbox};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::Value;

use crate::host::lock;

/// The hidden command of the program that is a worker.
pub const COMMAND: &str = "evaluate";
/// Workers at once. The expression after these waits.
const WORKERS: usize = 4;
/// What a worker may have in memory, its code included, in bytes.
const MEMORY: u64 = 512 * 1024 * 1024;
/// How long after the end of its patience a worker is waited for: it may say so itself.
const GRACE: Duration = Duration::from_millis(100);

type Answer = Result<Value, JsonataError>;

/// The workers.
#[derive(Debug)]
pub struct Workers {
    program: PathBuf,
    idle: Mutex<Vec<Worker>>,
    /// How many more may be at work.
    room: Mutex<usize>,
    freed: Condvar,
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
        Self { program, idle: Mutex::default(), room: Mutex::new(WORKERS), freed: Condvar::new() }
    }
}

impl Sandbox for Workers {
    fn evaluate(&self, request: &Request) -> Answer {
        // The thread serves other executions too, unless the runtime is told that this takes time.
        let many = tokio::runtime::Handle::try_current()
            .is_ok_and(|runtime| runtime.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread);
        if many { tokio::task::block_in_place(|| self.ask(request)) } else { self.ask(request) }
    }
}

impl Workers {
    fn ask(&self, request: &Request) -> Answer {
        let _place = self.place();
        let line = serde_json::to_string(request).map_err(|error| JsonataError::Failed(error.to_string()))?;
        let end = Instant::now() + Duration::from_millis(request.patience) + GRACE;
        let kept = lock(&self.idle).pop();
        if let Some(worker) = kept {
            match self.ask_one(worker, &line, end) {
                // Its memory may be full of what it answered before, or the system has ended it while it was idle.
                Err(Silence::Ended) => {}
                Err(Silence::Late) => return Err(JsonataError::Stopped),
                Ok(answer) => return answer,
            }
        }
        let fresh = Worker::start(&self.program).map_err(|error| {
            tracing::error!(%error, "the process that evaluates expressions could not be started");
            JsonataError::Stopped
        })?;
        self.ask_one(fresh, &line, end).unwrap_or(Err(JsonataError::Stopped))
    }

    /// The answer of a worker, which is idle after it. One that gives none is ended by being dropped.
    fn ask_one(&self, mut worker: Worker, line: &str, end: Instant) -> Result<Answer, Silence> {
        worker.send(line).map_err(|_| Silence::Ended)?;
        let answer = worker.answer(end.saturating_duration_since(Instant::now()))?;
        lock(&self.idle).push(worker);
        Ok(answer)
    }

    /// Waits for a place among those at work.
    fn place(&self) -> Place<'_> {
        let room = self.freed.wait_while(lock(&self.room), |room| *room == 0);
        *room.unwrap_or_else(PoisonError::into_inner) -= 1;
        Place(self)
    }
}

struct Place<'a>(&'a Workers);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *lock(&self.0.room) += 1;
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
