//! The first process of the namespaces. When it ends, the system ends all others that are in them.

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
    // As the first process it is the parent of every orphan in here, and takes note of their ends.
    let status = waiter::become_one(&order.program, &order.args);
    let status = status.map_err(|error| ("the function cannot be started", error))?;
    Ok(passed_on(status.code(), status.signal()))
}

/// Its own `/proc`, which tells of the processes in here. A container may not allow it: then the numbers of other
/// processes can be seen, and nothing else of them.
fn see_own_processes_only() -> io::Result<()> {
    // Nothing that is mounted from here on shows outside.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let _ = mount("proc", "/proc", "proc", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, None);
    Ok(())
}

/// Puts an empty folder or file over one. The function's own folder stays where it is, also within one that is hidden.
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

/// The working folder is held although something lies over it: it is put on top.
fn come_back(code: &PathBuf) -> io::Result<()> {
    fs::create_dir_all(code)?;
    mount_bind(".", code)?;
    env::set_current_dir(code)
}
