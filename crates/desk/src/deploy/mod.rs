//! Deploying `statemachine/`: read the folder, plan against the connection, apply.

pub mod applied;
mod apply;
mod back;
mod check;
mod choices;
mod definitions;
mod deploying;
pub mod desired;
mod driving;
mod finding;
mod functions;
mod lint;
mod manifest;
mod note;
mod patience;
mod perform;
mod permissions;
mod places;
mod plan;
mod recording;
pub mod rollout;
mod rollouts;
mod steps;
mod tasks;
#[cfg(test)]
mod tests;
mod timer;
mod versions;

pub use apply::{ApplyError, Event, Means, Report, apply};
pub use back::{BackError, WentBack, go_back};
pub use check::{YAML_REMEDY, folder_findings, is_yaml};
pub use definitions::{Definitions, ManifestTrouble, declared_functions};
pub use deploying::{DeployError, Plan};
pub use driving::{Counting, Listed, Looked, finish, look, machine_of, note_of};
pub use finding::{Change, DiffLine, FileProblem, Sample};
pub use functions::Printed;
pub use lint::{advice, switched};
pub use manifest::{FILE as MANIFEST, Folder, Manifest, Workflow};
pub use note::{NoNote, Note, Progress, Why};
pub use patience::{Delay, Failure, Patience, Waiting};
pub use perform::{How, Labels};
pub use permissions::{RoleOutcome, RolePermissions, compare, role_permissions};
pub use plan::{Found, Item, PlanTarget, diff, file_problem, partition_of, plan};
pub use recording::{By, acts, execution_of, moved, pruned, went_back, word};
pub(crate) use rollouts::Rolling;
pub use rollouts::RolloutError;
pub use steps::{Step, StepsError, What, steps};
pub use tasks::task_findings;
pub use timer::Timer;
pub use versions::{Pruned, Published, prune, published};

/// The account of emulators and of the embedded engine.
pub const EMULATOR_ACCOUNT: &str = "000000000000";
