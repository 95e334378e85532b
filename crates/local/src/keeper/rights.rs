//! The limits of a function's processes, and their end.

use std::io;
use std::path::Path;

use rustix::process::{Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use super::Trouble;

/// More capabilities than any kernel knows.
const CAPABILITIES: u32 = 64;

/// Ends this process when the thread that started it ends, and at once if that has happened.
pub fn end_with_parent(parent: u32) -> Result<(), Trouble> {
    end_with(Signal::KILL, parent)
}

/// The same with a signal of choice.
pub fn end_with(signal: Signal, parent: u32) -> Result<(), Trouble> {
    die_with(signal)?;
    if getppid().map(|id| id.as_raw_pid().unsigned_abs()) == Some(parent) { Ok(()) } else { Err(orphaned()) }
}

/// The same for the first process of a namespace, whose parent is outside: `/proc` still shows it.
pub fn end_with_parent_outside(parent: u32) -> Result<(), Trouble> {
    die_with(Signal::KILL)?;
    if Path::new("/proc").join(parent.to_string()).exists() { Ok(()) } else { Err(orphaned()) }
}

fn die_with(signal: Signal) -> Result<(), Trouble> {
    set_parent_process_death_signal(Some(signal)).map_err(|error| ("it would outlive its parent", error.into()))
}

fn orphaned() -> Trouble {
    ("its parent has ended", io::ErrorKind::NotFound.into())
}

/// A crash writes no memory to the disk.
pub fn dump_nothing() -> Result<(), Trouble> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).map_err(|error| ("its core dumps cannot be prevented", error.into()))
}

/// Passes the rights of this process on to the next program, even if its user is not root.
pub fn hand_on() -> Result<(), Trouble> {
    let failed = |error: rustix::io::Errno| ("the rights over the namespace cannot be handed on", error.into());
    let own = capabilities(None).map_err(failed)?;
    let sets = CapabilitySets { inheritable: own.permitted, ..own };
    set_capabilities(None, sets).map_err(failed)?;
    for number in 0..CAPABILITIES {
        let one = CapabilitySet::from_bits_retain(1 << number);
        if own.permitted.contains(one) {
            configure_capability_in_ambient_set(one, true).map_err(failed)?;
        }
    }
    Ok(())
}

/// Gives up every right that a user does not have, for good: no later program gains any.
pub fn give_up() -> Result<(), Trouble> {
    set_no_new_privs(true).map_err(|error| ("it could gain rights", error.into()))?;
    for number in 0..CAPABILITIES {
        // The kernel does not know the last ones, and a user has none to give up.
        let _ = remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number));
    }
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    set_capabilities(None, sets).map_err(|error| ("its rights cannot be given up", error.into()))
}
