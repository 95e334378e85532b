//! The smallest process that can wait for another one: the system's shell. This program is large, and there are two who
//! wait for each function.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};

const SHELL: &str = "/bin/sh";
/// Runs what it is given, and ends as that does: with 128 and the signal's number where a signal ended it.
const SCRIPT: &str = "\"$@\"; exit $?";

/// Becomes a process that runs `program` and waits for it. Where there is no shell, it waits here.
///
/// # Errors
/// The program cannot be started.
pub fn become_one(program: &OsStr, args: &[OsString]) -> io::Result<ExitStatus> {
    // Returns where it fails.
    let _ = Command::new(SHELL).args(["-c", SCRIPT, "function"]).arg(program).args(args).exec();
    Command::new(program).args(args).status()
}
