//! The child of the server: makes the namespaces, starts their first process and waits for it.

use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;

use super::{COMMAND, Order, Trouble, passed_on, rights};

pub fn run(order: &Order) -> Result<ExitCode, Trouble> {
    rights::end_with_parent(order.parent)?;
    rights::dump_nothing()?;
    // What the server makes is for its user alone; a function's files are as anywhere.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    unshare().map_err(|error| ("no namespaces", error))?;
    identity(user, group).map_err(|error| ("no user in the namespace", error))?;
    let mut inside = Command::new("/proc/self/exe");
    inside.arg(COMMAND).arg("inside").arg(std::process::id().to_string());
    inside.args(&order.hidden).arg("--").arg(&order.program).args(&order.args);
    let status = inside.status().map_err(|error| ("the namespace cannot be entered", error))?;
    Ok(passed_on(status.code(), status.signal()))
}

#[expect(deprecated, reason = "what may be unsafe is to unshare the table of open files, which stays shared")]
fn unshare() -> io::Result<()> {
    let own = UnshareFlags::NEWUSER | UnshareFlags::NEWPID | UnshareFlags::NEWNS | UnshareFlags::NEWIPC;
    Ok(rustix::thread::unshare(own)?)
}

/// The same user and group within as without, and no other.
fn identity(user: u32, group: u32) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}
