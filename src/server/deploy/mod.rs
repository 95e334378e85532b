//! Deploying `statemachine/`: read the folder, plan against the connection, apply.

mod apply;
mod check;
mod definitions;
mod desk;
mod manifest;
mod places;
mod plan;
mod shipped;
mod tasks;

pub use check::{YAML_REMEDY, folder_findings, is_yaml};
pub use definitions::{Definitions, declared_functions};
pub use manifest::{FILE as MANIFEST, Folder, Manifest};
pub use plan::{Found, Item, Target, partition_of, plan};
pub use shipped::{definitions_folder, functions_file};
pub use tasks::task_findings;

/// The account of emulators, and of the embedded engine.
pub const EMULATOR_ACCOUNT: &str = "000000000000";
