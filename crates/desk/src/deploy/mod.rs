//! Deploying a folder of definitions: read it, plan against the connection, apply, roll out and go back.
//!
//! | module | subject |
//! |---|---|
//! | [`manifest`](Manifest), `settings`, `substitution`, `mistakes`, `wrong_values` | what `countersign.toml` says, and all that is wrong with it |
//! | `environment` ([`Chosen`]) | what of it counts in one environment |
//! | `definition` ([`Definition`]) | a definition in JSON or YAML, with its places |
//! | `check`, `choices`, `tasks`, `lint`, `duplicates` | findings about the folder |
//! | `draft`, `item`, `compare` ([`draft`], [`Draft::beside`]) | pure: what should be, beside what is |
//! | `planning`, `gather` ([`Planner`]) | what is read of the connection for it |
//! | `templates`, `generated`, `leaving` ([`Template`]) | the state machines of other tools' templates, their generated names, and what is to be removed |
//! | [`difference`], [`mermaid()`] | state by state, and drawn |
//! | `evidence`, `roles`, `permissions`, [`outlook`] | what earlier executions would do, and what a role lacks |
//! | [`desired`] | the types between a plan and its apply |
//! | [`applied`] | what a state machine's tags remember |
//! | [`plan_file`] | a plan as a file |
//! | `steps`, `apply`, `perform`, `patience` | an apply, step by step, and each call |
//! | [`rollout`], `note`, `driving`, `rollouts` | how an alias moves to a version |
//! | `back`, `versions` | the way back, and versions that may go |
//! | `deploying`, `under_way`, [`proposing`], `ballot`, `recording` | the desk's deployments and proposals, and their acts on record |

pub mod applied;
mod apply;
mod back;
mod ballot;
mod check;
mod choices;
mod compare;
mod definition;
mod definitions;
mod deploying;
pub mod desired;
pub mod difference;
mod draft;
mod driving;
mod duplicates;
mod environment;
mod evidence;
mod finding;
mod folder;
mod functions;
mod gather;
mod generated;
mod item;
mod leaving;
mod lines;
mod lint;
mod manifest;
mod mermaid;
mod mistakes;
mod note;
pub mod outlook;
mod patience;
mod perform;
mod permissions;
mod places;
mod plan;
pub mod plan_file;
mod planning;
pub mod proposing;
mod recording;
mod roles;
pub mod rollout;
mod rollouts;
mod settings;
mod settings_check;
mod steps;
mod substitution;
mod target;
mod tasks;
mod templates;
#[cfg(test)]
mod tests;
mod timer;
mod under_way;
mod values;
mod versions;
mod wrong_values;

pub use apply::{ApplyError, Event, Means, Report, apply};
pub use back::{BackError, Partly, WayBack, WentBack, alias_way, gone_back, take, way_back};
pub use check::folder_findings;
pub use compare::compare;
pub use definition::{Definition, Unread, is_yaml, unread_finding};
pub use definitions::{Definitions, ManifestTrouble, declared_functions};
pub use deploying::{DeployError, Remembered, ShownPlan};
pub use driving::{Counting, Listed, Looked, finish, look, machine_of, note_of};
pub use environment::{Chosen, NoEnvironment};
pub(crate) use evidence::Kept as KeptReplays;
pub use evidence::{MOST_REPLAYED, REPLAYED, Replays, add_evidence};
pub use finding::{Change, DiffLine, FileProblem, Sample};
pub use folder::{Folder, workflow_of};
pub use functions::Printed;
pub use lines::diff;
pub use lint::{advice, switched};
pub use manifest::{FILE as MANIFEST, Manifest, Workflow};
pub use mermaid::mermaid;
pub use note::{NoNote, Note, Progress, Why};
pub use patience::{Delay, Failure, Patience, Waiting};
pub use perform::{How, Labels, label_of};
pub use permissions::{RoleOutcome, RolePermissions, role_permissions};
pub use plan::{
    Draft, Drafts, Found, Item, PlanTarget, Variables, draft, file_problem, hash_of, item_hash, partition_of,
};
pub use planning::{NotCompared, Owner, Plan, PlanError, Planner};
pub(crate) use proposing::Approved;
pub use proposing::{ProposalError, ProposalShown, Proposed, proposal_of};
pub use recording::{By, acts, execution_of, moved, pruned, went_back, word};
pub use rollout::Move;
pub(crate) use rollouts::Rolling;
pub use rollouts::RolloutError;
pub use steps::{Step, StepsError, What, steps};
pub(crate) use tasks::function_name;
pub use tasks::task_findings;
pub use templates::{Template, is_template};
pub use timer::Timer;
pub(crate) use under_way::Deployments;
pub use under_way::UnderWay;
pub use values::values_of;
pub use versions::{Pruned, Published, machine_named, prune, published, version_label};

/// The account of emulators and of the embedded engine.
pub const EMULATOR_ACCOUNT: &str = "000000000000";
