//! The child of the server: makes the namespaces, and starts their first process.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitCode;

use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;

use super::{COMMAND, Order, Trouble, passed_on, rights, waiter};

pub fn run(order: &Order) -> Result<ExitCode, Trouble> {
    rights::end_with_parent(order.parent)?;
    rights::dump_nothing()?;
    // The server's files are for its user alone; a function creates files with the usual mode.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    let program = own_program();
    unshare().map_err(|error| ("no namespaces", error))?;
    identity(user, group).map_err(|error| ("no user in the namespace", error))?;
    // The next stage needs the rights of this one: those over its own namespaces, and no others.
    rights::hand_on()?;
    let mut command: Vec<OsString> = vec![COMMAND.into(), "inside".into(), std::process::id().to_string().into()];
    command.extend(order.hidden.iter().map(|place| place.clone().into_os_string()));
    command.push("--".into());
    command.push(order.program.clone());
    command.extend(order.args.iter().cloned());
    let status = match program {
        Some(program) => waiter::become_one(program.as_os_str(), &command),
        None => std::process::Command::new("/proc/self/exe").args(&command).status(),
    };
    let status = status.map_err(|error| ("the namespace cannot be entered", error))?;
    Ok(passed_on(status.code(), status.signal()))
}

/// The file of this program, if it is still the one that runs.
fn own_program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let identity = |path: &PathBuf| fs::metadata(path).ok().map(|said| (said.dev(), said.ino()));
    let is_it = identity(&program).is_some() && identity(&program) == identity(&PathBuf::from("/proc/self/exe"));
    is_it.then_some(program)
}

#[expect(deprecated, reason = "what may be unsafe is to unshare the table of open files, which stays shared")]
fn unshare() -> io::Result<()> {
    let own = UnshareFlags::NEWUSER | UnshareFlags::NEWPID | UnshareFlags::NEWNS | UnshareFlags::NEWIPC;
    Ok(rustix::thread::unshare(own)?)
}

/// The same user and group inside as outside, and no other.
fn identity(user: u32, group: u32) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}
