//! The smallest process that can wait for another one: the system's shell. This program is large, and two processes
//! wait for each function.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};

const SHELL: &str = "/bin/sh";
/// Runs its arguments, and ends as they do: with 128 plus the signal's number after a signal.
const SCRIPT: &str = "\"$@\"; exit $?";

/// Becomes a process that runs `program` and waits for it. Without a shell, it waits itself.
///
/// # Errors
/// The program cannot be started.
pub fn become_one(program: &OsStr, args: &[OsString]) -> io::Result<ExitStatus> {
    // Returns only if it fails.
    let _ = Command::new(SHELL).args(["-c", SCRIPT, "function"]).arg(program).args(args).exec();
    Command::new(program).args(args).status()
}
