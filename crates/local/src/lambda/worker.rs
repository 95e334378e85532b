//! One child process of a function.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

use super::output::Record;
use super::printing::CallsOfProcess;
use super::runtime_api::{Invocation, LARGEST, Line, Lines, Reply, Waiting};
use super::starter::Starter;
use super::{Failure, Spec};
use crate::host::lock;
use crate::keeper::{self, Keeper, Wall};
use crate::random;

/// The variables of this process that a child gets.
const PASSED_ON: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];
/// How long the process beside a function may take to end everything that the function started.
const ENDING: Duration = Duration::from_secs(2);

/// How long a new process may load its handler before the function's own timeout begins: Lambda's limit.
const LOADING: Duration = Duration::from_secs(10);
/// How long it must have been silent, after its answer, until its output counts as read.
const SILENCE: Duration = Duration::from_millis(10);

/// Where a worker is started.
pub struct Site<'a> {
    /// The folder of the declarations.
    pub beside: &'a Path,
    /// The address of the Runtime API.
    pub address: SocketAddr,
    pub region: &'a str,
    pub lines: &'a Lines,
    pub starter: &'a Starter,
    pub keeper: Option<&'a Keeper>,
    /// What is hidden from the function.
    pub hidden: &'a [PathBuf],
}

/// A child process and the connection to it.
pub struct Worker {
    /// `None` once something else waits for its end.
    child: Option<Child>,
    /// It ends what the function started when it is asked to end.
    cleans_up: bool,
    secret: String,
    events: mpsc::Sender<Invocation>,
    line: Arc<Line>,
    lines: Lines,
    calls: CallsOfProcess,
    usable: bool,
}

impl Worker {
    /// Starts a process for its first call. Its handler is loaded while the event waits.
    pub async fn start(spec: &Spec, site: &Site<'_>, first: &Arc<Record>) -> std::io::Result<Self> {
        let name = first.function.as_str();
        let secret = random::uuid().simple().to_string();
        let (events, receiver) = mpsc::channel(1);
        let line = Arc::new(Line { events: tokio::sync::Mutex::new(receiver), waiting: Mutex::new(None) });
        let mut child = site.starter.start(command(name, spec, site)).await?;
        if let Some(mut input) = child.stdin.take() {
            // The pipe holds the line. A process that has ended already does not need it.
            let is_apart = site.keeper.is_none_or(|keeper| keeper.wall() == Wall::Namespaces);
            let greeting = format!("{}/{secret} {}\n", site.address, if is_apart { "apart" } else { "beside" });
            let _ = input.write_all(greeting.as_bytes()).await;
        }
        let calls = CallsOfProcess::starting_with(first);
        if let Some(out) = child.stdout.take() {
            tokio::spawn(calls.clone().read(name.to_owned(), out));
        }
        if let Some(out) = child.stderr.take() {
            tokio::spawn(calls.clone().read(name.to_owned(), out));
        }
        lock(site.lines).insert(secret.clone(), Arc::clone(&line));
        let cleans_up = site.keeper.is_some_and(|keeper| keeper.wall() == Wall::Beside);
        Ok(Self {
            child: Some(child),
            cleans_up,
            secret,
            events,
            line,
            lines: Arc::clone(site.lines),
            calls,
            usable: true,
        })
    }

    /// Whether it can take another event.
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    /// Whether its process still runs.
    pub fn lives(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Ends the process, and waits for its end.
    pub async fn end(mut self) {
        if let Some(child) = self.child.take() {
            end(child, self.cleans_up).await;
        }
    }

    /// Ends the process and those that it started.
    fn kill(&mut self) {
        let Some(child) = self.child.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if self.cleans_up => {
                // At once: the runtime may be about to end, and then nobody waits.
                ask_to_end(&child);
                runtime.spawn(end(child, true));
            }
            _ => kill_group(&child),
        }
    }

    /// Hands one event to the handler.
    #[expect(clippy::disallowed_methods, reason = "the timeout of a function: a real process runs in real time")]
    pub async fn call(
        &mut self,
        record: &Arc<Record>,
        payload: &str,
        timeout_seconds: u64,
        function_arn: String,
    ) -> Result<String, Failure> {
        // Until the reply has arrived: a call that is dropped half-way leaves the process with an event that nobody
        // waits for.
        self.usable = false;
        self.calls.expect(record);
        let id = record.id.clone();
        let (sender, reply) = oneshot::channel();
        *lock(&self.line.waiting) = Some(Waiting { id: id.clone(), taken: false, reply: sender });
        let limit = Duration::from_secs(timeout_seconds);
        let (taken, begun) = oneshot::channel();
        let event = Invocation { id: id.clone(), payload: payload.to_owned(), limit, function_arn, taken };
        if self.events.send(event).await.is_err() {
            return Err(exit_error(&id, "Runtime exited"));
        }
        // As on AWS, the loading of the handler in a new process does not count.
        let late = async {
            let _ = tokio::time::timeout(LOADING, begun).await;
            tokio::time::sleep(limit).await;
        };
        let Some(child) = self.child.as_mut() else { return Err(exit_error(&id, "Runtime exited")) };
        // The reply comes first: a process may answer and end at once.
        tokio::select! {
            biased;
            Ok(reply) = reply => {
                let result = read(reply);
                self.usable = self.lives() && !is_init_error(&result);
                result
            }
            status = child.wait() => Err(exit_error(&id, &exit_words(status))),
            () = late => {
                self.kill();
                Err(failure("Sandbox.Timedout", &format!("RequestId: {id} Error: Task timed out after {timeout_seconds}.00 seconds")))
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
        lock(&self.lines).remove(&self.secret);
    }
}

/// The command of a function's process.
fn command(name: &str, spec: &Spec, site: &Site<'_>) -> Command {
    let folder = spec.folder(site.beside);
    let args = spec.language().arguments().map(OsStr::new);
    let program = spec.language().program();
    let mut command = match site.keeper {
        Some(keeper) => Command::from(keeper.command(site.hidden, Path::new(program), &args)),
        None => {
            let mut command = Command::new(program);
            command.args(args);
            command
        }
    };
    command.current_dir(&folder).env_clear();
    command.envs(PASSED_ON.iter().filter_map(|key| Some((*key, std::env::var_os(key)?))));
    command.envs(&spec.environment);
    command
        .env("PYTHONPATH", &folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("_HANDLER", &spec.handler)
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", &spec.version)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory_mb.to_string())
        .env("AWS_REGION", site.region)
        .env("AWS_DEFAULT_REGION", site.region)
        .env("LAMBDA_TASK_ROOT", &folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        // A process that cleans up is asked to, and not killed.
        .kill_on_drop(site.keeper.is_none_or(|keeper| keeper.wall() == Wall::Namespaces));
    command
}

fn id_of(child: &Child) -> Option<Pid> {
    // Until the process has been waited for, no other process has its id.
    child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}

/// Asks the process beside a function to end everything that the function started, and itself.
fn ask_to_end(child: &Child) {
    if let Some(id) = id_of(child) {
        // It may have ended by itself.
        let _ = kill_process(id, Signal::TERM);
    }
}

fn kill_group(child: &Child) {
    if let Some(id) = id_of(child) {
        // It may have ended by itself.
        let _ = kill_process_group(id, Signal::KILL);
    }
}

/// Ends a process with its group; one that cleans up is asked first.
async fn end(mut child: Child, cleans_up: bool) {
    if cleans_up {
        ask_to_end(&child);
        if tokio::time::timeout(ENDING, child.wait()).await.is_ok() {
            return;
        }
    }
    kill_group(&child);
    // It may have ended by itself.
    let _ = child.wait().await;
}

fn read(reply: Reply) -> Result<String, Failure> {
    match reply {
        Reply::Answer(text) => Ok(text),
        Reply::TooLarge(size) => Err(failure(
            "Function.ResponseSizeTooLarge",
            &format!("Response payload size ({size} bytes) exceeded maximum allowed payload size ({LARGEST} bytes)."),
        )),
        Reply::Unreadable => {
            Err(failure("Runtime.InvalidResponse", "The function's answer is not JSON: it is not UTF-8."))
        }
        Reply::Error(text) => {
            let described: Value =
                serde_json::from_str(&text).unwrap_or_else(|_| json!({ "errorMessage": text, "errorType": "Unknown" }));
            let error = described.get("errorType").and_then(Value::as_str).unwrap_or("Unknown").to_owned();
            Err(Failure::Function { error, cause: described.to_string() })
        }
    }
}

/// A process whose handler could not be loaded ends by itself.
fn is_init_error(result: &Result<String, Failure>) -> bool {
    let loading = ["Runtime.ImportModuleError", "Runtime.HandlerNotFound", "Runtime.UserCodeSyntaxError"];
    matches!(result, Err(Failure::Function { error, .. }) if loading.contains(&error.as_str()))
}

fn exit_words(status: std::io::Result<std::process::ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status {
        // The caller that waited for the function itself reports how it ended.
        Ok(status) => match (status.code(), status.signal().or_else(|| status.code().and_then(keeper::signal_of))) {
            (_, Some(signal)) => format!("Runtime exited with error: signal {signal}"),
            (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
            (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
            (None, None) => "Runtime exited".to_owned(),
        },
        Err(error) => format!("Runtime exited: {error}"),
    }
}

/// AWS's error for a process that ended.
pub fn exit_error(id: &str, words: &str) -> Failure {
    failure("Runtime.ExitError", &format!("RequestId: {id} Error: {words}"))
}

fn failure(kind: &str, message: &str) -> Failure {
    Failure::Function {
        error: kind.to_owned(),
        cause: json!({ "errorType": kind, "errorMessage": message }).to_string(),
    }
}

/// What a call printed, read to its end: the answer may arrive before the output.
#[expect(clippy::disallowed_methods, reason = "the log of a process has no end that could be waited for")]
pub async fn printed(record: &Record) -> String {
    let mut read = None;
    for _ in 0..20 {
        let (now, _) = record.text();
        if read.as_ref() == Some(&now) {
            break;
        }
        read = Some(now);
        tokio::time::sleep(SILENCE).await;
    }
    read.unwrap_or_default()
}
