//! Deploying `statemachine/`: read the folder, plan against the connection, apply.

mod apply;
mod check;
mod choices;
mod definitions;
mod deploying;
mod finding;
mod lint;
mod manifest;
mod permissions;
mod places;
mod plan;
mod tasks;

pub use apply::ApplyError;
pub use check::{YAML_REMEDY, folder_findings, is_yaml};
pub use definitions::{Definitions, ManifestTrouble, declared_functions};
pub use deploying::{DeployError, Plan};
pub use finding::{Change, DiffLine, FileProblem, Sample};
pub use lint::{advice, switched};
pub use manifest::{FILE as MANIFEST, Folder, Manifest, Workflow};
pub use permissions::{RoleOutcome, RolePermissions, compare, role_permissions};
pub use plan::{Found, Item, PlanTarget, diff, file_problem, partition_of, plan};
pub use tasks::task_findings;

/// The account of emulators and of the embedded engine.
pub const EMULATOR_ACCOUNT: &str = "000000000000";
