//! Keeps a function where the system allows no namespaces: a process beside the function that ends with the server, and
//! then ends everything that the function started. Orphans become its children, even those that left the function's
//! group or session.

use std::fs;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid};
use tokio::signal::unix::{SignalKind, signal};

use super::{COMMAND, Order, Trouble, passed_on, rights};

/// How often ended children are reaped.
const ROUND: Duration = Duration::from_secs(5);
/// How often it tries to end processes that do not end, and the pause in between.
const ROUNDS: usize = 500;
const PAUSE: Duration = Duration::from_millis(2);

pub fn run(order: &Order) -> Result<ExitCode, Trouble> {
    let failed = |error: io::Error| ("the function cannot be watched", error);
    rights::dump_nothing()?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    set_child_subreaper(Some(getpid())).map_err(|error| failed(error.into()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let ended = runtime.block_on(async {
        let mut end = signal(SignalKind::terminate()).map_err(failed)?;
        // From here on the system notifies it when the server ends.
        rights::end_with(Signal::TERM, order.parent)?;
        let mut bare = tokio::process::Command::new("/proc/self/exe");
        bare.arg(COMMAND).arg("bare").arg(std::process::id().to_string());
        bare.arg("--").arg(&order.program).args(&order.args);
        let mut function = bare.spawn().map_err(failed)?;
        let own = function.id();
        loop {
            tokio::select! {
                status = function.wait() => return status.map_err(failed),
                _ = end.recv() => return Ok(ExitStatusExt::from_raw(Signal::TERM.as_raw())),
                () = tokio::time::sleep(ROUND) => bury(own),
            }
        }
    });
    end_all();
    let status = ended?;
    Ok(passed_on(status.code(), status.signal()))
}

/// The function's process before it is the function's.
pub fn become_function(order: &Order) -> Result<ExitCode, Trouble> {
    rights::end_with_parent(order.parent)?;
    rights::give_up()?;
    Err(("the function cannot be started", Command::new(&order.program).args(&order.args).exec()))
}

/// Reaps orphans that have ended; the function itself is waited for elsewhere.
fn bury(own: Option<u32>) {
    for id in children().into_iter().filter(|id| Some(id.as_raw_pid().unsigned_abs()) != own) {
        let _ = waitpid(Some(id), WaitOptions::NOHANG);
    }
}

/// Ends every child: the children of an ended child become its own.
fn end_all() {
    for _ in 0..ROUNDS {
        let children = children();
        if children.is_empty() {
            return;
        }
        for id in children {
            // It may have ended by itself.
            let _ = kill_process(id, Signal::KILL);
            let _ = waitpid(Some(id), WaitOptions::NOHANG);
        }
        std::thread::sleep(PAUSE);
    }
}

/// The children of this process.
fn children() -> Vec<Pid> {
    let own = std::process::id().to_string();
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_own = |id: &i32| {
        // `12 (name) S 1 ...`: the name may contain anything, even parentheses.
        let said = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        said.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)).is_some_and(|parent| parent == own)
    };
    ids.filter(is_own).filter_map(Pid::from_raw).collect()
}
