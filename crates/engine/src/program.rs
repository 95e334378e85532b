//! A definition made ready to run.

use std::sync::Arc;

use countersign_asl::Machine;

/// A compiled definition, shared by every execution of it.
#[derive(Debug)]
pub struct Program {
    machine: Arc<Machine>,
}

impl Program {
    /// Compiles a parsed definition.
    pub fn new(machine: Arc<Machine>) -> Program {
        Program { machine }
    }

    /// The definition.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
}
