//! The subject of a deployment: a state machine as it should be, as it is, and what differs. A plan is made of these types and
//! an apply reads them; both can be written to a plan file.
//!
//! What was applied is remembered on the state machine itself, in tags ([`FOLDER_TAG`], [`ENVIRONMENT_TAG`],
//! [`APPLIED_TAG`], [`TAGS_TAG`]): any process can find out what the account changed since, and what the manifest no longer names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::finding::Change;
use super::outlook::FailedVersion;
use crate::connection::MachineKind;

/// The tag that holds the manifest's `name`.
pub const FOLDER_TAG: &str = "countersign:folder";
/// The tag that holds the environment's name; empty without environments.
pub const ENVIRONMENT_TAG: &str = "countersign:environment";
/// The tag that holds the fingerprints of what was applied: see [`super::applied::Applied`].
pub const APPLIED_TAG: &str = "countersign:applied";
/// The tag that holds digests of the manifest's tags that were put: see [`super::applied::PutTags`]. Absent where there are none.
pub const TAGS_TAG: &str = "countersign:tags";
/// How the tags that belong to Countersign begin. A manifest cannot set them.
pub const TAG_PREFIX: &str = "countersign:";

/// A state machine as it should be. A setting that is `None` is not managed: an update leaves it as it is, and a new machine
/// gets AWS's default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// The name of the state machine. Environments of one account may give it another name than the workflow's.
    pub name: String,
    pub kind: MachineKind,
    /// The definition in JSON, its placeholders substituted, as it is sent.
    pub definition: String,
    pub role_arn: Option<String>,
    pub logging: Option<Logging>,
    /// Whether X-Ray traces are written.
    pub tracing: Option<bool>,
    pub encryption: Option<Encryption>,
    /// The manifest's tags, without Countersign's own. Those that an earlier apply put and that are no longer here are removed;
    /// other tags of the machine are left alone.
    pub tags: BTreeMap<String, String>,
    /// Countersign's own tags.
    pub stamp: Stamp,
    /// The alias that points at the version that an apply publishes. Without one, no version is published.
    pub alias: Option<String>,
    pub rollout: Rollout,
    /// SNS topics that the definition names by name: made first; one that exists is left as it is.
    pub topics: Vec<String>,
    /// The names of the folder's other state machines whose ARN the definition has: deployed first.
    pub needs: Vec<String>,
}

/// Whose state machine it is: the tags [`FOLDER_TAG`] and [`ENVIRONMENT_TAG`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub folder: String,
    pub environment: String,
}

/// How much of an execution is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogLevel {
    Off,
    Fatal,
    Error,
    All,
}

impl LogLevel {
    /// AWS's words, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Off, Self::Fatal, Self::Error, Self::All];

    /// AWS's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::All => "ALL",
        }
    }
}

/// Where and how executions are logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logging {
    pub level: LogLevel,
    /// The ARN of the log group, with AWS's `:*` at its end. AWS requires one where the level is not `OFF`.
    pub destination: Option<String>,
    /// Whether inputs and outputs are logged too.
    pub execution_data: bool,
}

impl Logging {
    /// What AWS assumes where nothing is configured.
    pub const OFF: Self = Self { level: LogLevel::Off, destination: None, execution_data: false };
}

/// The key that encrypts definitions and payloads at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    AwsOwnedKey,
    CustomerManagedKey {
        /// An ARN, an id or an alias of KMS.
        key: String,
        /// How long a data key is used, in seconds: 60 to 900.
        reuse_seconds: u32,
    },
}

/// How the alias moves to a new version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    pub steps: Steps,
    /// `None` never rolls back by itself.
    pub roll_back: Option<FailureLimit>,
}

/// The steps of a rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steps {
    #[default]
    AtOnce,
    /// `percent` (1 to 99) of the executions get the new version for so many minutes; then all do.
    Canary { percent: u8, minutes: u32 },
    /// `percent` (1 to 99) more of the executions get the new version every so many minutes.
    Linear { percent: u8, minutes: u32 },
}

/// When a rollout is rolled back: more than `percent` of the new version's ended executions failed, once at least
/// `executions` have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureLimit {
    /// 0 to 99.
    pub percent: u8,
    /// At least 1.
    pub executions: u32,
}

/// A state machine as it is on the connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    pub arn: String,
    pub name: String,
    pub kind: MachineKind,
    /// `None` where the endpoint keeps no revisions, or where it is the first.
    pub revision_id: Option<String>,
    pub definition: String,
    /// `None` where the endpoint keeps none.
    pub role_arn: Option<String>,
    pub logging: Logging,
    pub tracing: bool,
    pub encryption: Encryption,
    /// All of its tags, with Countersign's.
    pub tags: BTreeMap<String, String>,
    /// Newest first; read only where the manifest names an alias.
    pub versions: Vec<String>,
    /// Read only where the manifest names an alias.
    pub aliases: Vec<Alias>,
}

impl Deployed {
    /// Whose it is; `None` if Countersign did not deploy it.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        Stamp::of_tags(&self.tags)
    }
}

impl Stamp {
    /// What the tags of a state machine say.
    #[must_use]
    pub fn of_tags(tags: &BTreeMap<String, String>) -> Option<Self> {
        let tag = |name: &str| tags.get(name).cloned();
        Some(Self { folder: tag(FOLDER_TAG)?, environment: tag(ENVIRONMENT_TAG).unwrap_or_default() })
    }
}

/// An alias of a state machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    pub name: String,
    pub arn: String,
    /// One or two versions; the weights add up to 100. None where the alias could not be read.
    pub routes: Vec<Route>,
    /// The version that the state machine still is, where the alias was moved back from it because executions failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedVersion>,
}

/// A version that an alias routes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The version's number.
    pub version: String,
    /// Percent of the executions.
    pub weight: u8,
    /// Whether the state machine is still what was published as this version.
    pub is_current: bool,
}

/// A setting that can differ. The definition is one too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    Definition,
    Role,
    Logging,
    Tracing,
    Encryption,
    Tags,
    Alias,
}

impl Setting {
    /// Every setting.
    pub const ALL: [Self; 7] =
        [Self::Definition, Self::Role, Self::Logging, Self::Tracing, Self::Encryption, Self::Tags, Self::Alias];

    /// Its name in the manifest, in tags and in plan files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::Role => "role",
            Self::Logging => "logging",
            Self::Tracing => "tracing",
            Self::Encryption => "encryption",
            Self::Tags => "tags",
            Self::Alias => "alias",
        }
    }
}

/// A setting that an apply changes. Values are as people read them; the definition's are empty (its difference is data of
/// its own).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    pub setting: Setting,
    /// What is there; `None` if there is nothing.
    pub old: Option<String>,
    /// What an apply makes of it.
    pub new: Option<String>,
}

/// What a plan does with one state machine. This is all that an apply needs to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemPlan {
    /// The workflow's key in the manifest; the machine's name where the manifest no longer has it.
    pub workflow: String,
    /// The machine's ARN, now or after it is created.
    pub arn: String,
    pub change: Change,
    /// `None` if it is to be removed, or is refused.
    pub desired: Option<Desired>,
    /// `None` if it does not exist.
    pub deployed: Option<Deployed>,
    /// What differs between the two, by setting.
    pub settings: Vec<SettingChange>,
    /// The settings that the account changed since they were applied.
    pub drifted: Vec<Setting>,
}

impl ItemPlan {
    /// Whether an apply has something to do for it.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self.change, Change::New | Change::Changed | Change::Drifted)
    }

    /// Whether this setting is to be changed.
    #[must_use]
    pub fn changes(&self, setting: Setting) -> bool {
        self.settings.iter().any(|one| one.setting == setting)
    }
}
