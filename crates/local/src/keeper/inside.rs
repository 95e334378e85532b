//! The first process of the namespaces. When it ends, the system ends all others in them.

use std::env;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change};

use super::{Order, Trouble, passed_on, rights, waiter};

pub fn run(order: &Order) -> Result<ExitCode, Trouble> {
    rights::end_with_parent_outside(order.parent)?;
    see_own_processes_only().map_err(|error| ("no mounts of its own", error))?;
    for place in &order.hidden {
        hide(place).map_err(|error| ("a file of the server cannot be hidden", error))?;
    }
    rights::give_up()?;
    // As the first process it is the parent of every orphan here, and reaps them.
    let status = waiter::become_one(&order.program, &order.args);
    let status = status.map_err(|error| ("the function cannot be started", error))?;
    Ok(passed_on(status.code(), status.signal()))
}

/// Mounts a `/proc` that shows only the processes in here. A container may not allow it: then the ids of other
/// processes are visible, and nothing else.
fn see_own_processes_only() -> io::Result<()> {
    // Mounts from here on are not visible outside.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let _ = mount("proc", "/proc", "proc", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, None);
    Ok(())
}

/// Covers a folder or file with an empty one. The function's own folder stays where it is, even inside a hidden one.
fn hide(place: &Path) -> io::Result<()> {
    let Ok(place) = place.canonicalize() else { return Ok(()) };
    if place.is_file() {
        return Ok(mount_bind("/dev/null", &place)?);
    }
    let code = env::current_dir()?.canonicalize()?;
    if !place.is_dir() || code == place {
        return Ok(());
    }
    mount("none", &place, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(c"size=64k,mode=0755"))?;
    if code.starts_with(&place) {
        come_back(&code)?;
    }
    Ok(())
}

/// The working folder stays reachable although something covers it: it is mounted on top.
fn come_back(code: &PathBuf) -> io::Result<()> {
    fs::create_dir_all(code)?;
    mount_bind(".", code)?;
    env::set_current_dir(code)
}
