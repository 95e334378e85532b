//! Stacks, change sets and events, as they are stored.

use countersign_template::{DeployedResource, ResolvedOutput, Snapshot};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host, Tag};
use crate::random;
use crate::store::ResourceKind;

/// The most events of a stack that are kept: the newest.
pub const EVENTS: u64 = 5_000;

/// The status of a stack, by CloudFormation's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    ReviewInProgress,
    CreateInProgress,
    CreateFailed,
    CreateComplete,
    RollbackInProgress,
    RollbackFailed,
    RollbackComplete,
    DeleteInProgress,
    DeleteFailed,
    DeleteComplete,
    UpdateInProgress,
    UpdateCompleteCleanupInProgress,
    UpdateComplete,
    UpdateFailed,
    UpdateRollbackInProgress,
    UpdateRollbackFailed,
    UpdateRollbackCompleteCleanupInProgress,
    UpdateRollbackComplete,
}

impl Status {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReviewInProgress => "REVIEW_IN_PROGRESS",
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::CreateFailed => "CREATE_FAILED",
            Self::CreateComplete => "CREATE_COMPLETE",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackFailed => "ROLLBACK_FAILED",
            Self::RollbackComplete => "ROLLBACK_COMPLETE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::DeleteComplete => "DELETE_COMPLETE",
            Self::UpdateInProgress => "UPDATE_IN_PROGRESS",
            Self::UpdateCompleteCleanupInProgress => "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::UpdateComplete => "UPDATE_COMPLETE",
            Self::UpdateFailed => "UPDATE_FAILED",
            Self::UpdateRollbackInProgress => "UPDATE_ROLLBACK_IN_PROGRESS",
            Self::UpdateRollbackFailed => "UPDATE_ROLLBACK_FAILED",
            Self::UpdateRollbackCompleteCleanupInProgress => "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::UpdateRollbackComplete => "UPDATE_ROLLBACK_COMPLETE",
        }
    }

    /// Whether an operation is under way.
    #[must_use]
    pub fn is_busy(self) -> bool {
        self != Self::ReviewInProgress && self.name().ends_with("_IN_PROGRESS")
    }

    /// Whether a change set may update the stack.
    #[must_use]
    pub const fn can_be_updated(self) -> bool {
        matches!(self, Self::CreateComplete | Self::UpdateComplete | Self::UpdateRollbackComplete | Self::UpdateFailed)
    }
}

/// What a stack is made of: what a change set replaces, and a roll-back restores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The template as it was sent.
    pub template: String,
    pub description: Option<String>,
    /// What was given, or taken over from before; the defaults of the template are not in it.
    pub parameters: IndexMap<String, String>,
    pub capabilities: Vec<String>,
    pub tags: Vec<Tag>,
    pub role_arn: Option<String>,
    pub notification_arns: Vec<String>,
}

/// A stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stack {
    pub arn: String,
    pub name: String,
    pub status: Status,
    pub reason: Option<String>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub deleted_at: Option<i64>,
    pub source: Source,
    /// By logical ID, in the order in which they were made.
    pub resources: IndexMap<String, Deployed>,
    pub outputs: IndexMap<String, ResolvedOutput>,
    /// The exports of other stacks that it uses.
    pub imports: Vec<String>,
    /// The change set that was executed last.
    pub change_set: Option<String>,
    pub is_protected: bool,
    /// How many events it has had.
    pub events: u64,
    /// What is under way.
    pub operation: Option<Operation>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployed {
    pub base: DeployedResource,
    pub physical: String,
    /// What `Fn::GetAtt` says.
    pub attributes: Map<String, Value>,
    /// Such as `CREATE_COMPLETE`.
    pub status: String,
    pub reason: Option<String>,
    pub at: i64,
    /// The properties after a change past the stack, by Cloud Control.
    #[serde(default)]
    pub past_stack: Option<Value>,
    /// What it depends on.
    #[serde(default)]
    pub needs: Vec<String>,
}

impl Deployed {
    /// The resolved properties.
    #[must_use]
    pub fn properties(&self) -> Value {
        let map = countersign_template::Value::from(self.base.properties.clone());
        map.to_serde()
    }
}

/// What is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Operation {
    Change(Box<Change>),
    Delete {
        /// The logical IDs of resources that stay.
        retained: Vec<String>,
    },
}

/// A change of a stack, with what is needed to undo it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// What the stack is to be made of.
    pub source: Source,
    /// What it was made of.
    pub before: Source,
    pub outputs_before: IndexMap<String, ResolvedOutput>,
    pub imports_before: Vec<String>,
    /// Whether the stack had been made before.
    pub is_update: bool,
    pub phase: Phase,
    /// The resources that the new source does not make, those that depend on others first; known once all others are
    /// made.
    pub unwanted: Vec<String>,
    /// What was done, oldest first.
    pub steps: Vec<Step>,
    /// Whether what failed stays as it is, in place of a roll-back.
    pub keeps_failures: bool,
    /// Whether a stack that could not be created is deleted.
    pub deletes_failure: bool,
    /// Why it is rolled back.
    pub why: Option<String>,
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Forward,
    /// Everything is made; what is replaced or no longer wanted is deleted.
    Cleanup,
    Back,
}

/// A step of a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// It was made; `named`: its template gave it its name.
    Made { logical: String, named: bool },
    /// It was changed; this it was before.
    Changed { logical: String, before: Deployed },
    /// Another one was made in its place; this one is to be deleted.
    Replaced { logical: String, before: Deployed, keeps: bool, named: bool },
    /// Only what the stack knows of it changed.
    Noted { logical: String, before: Deployed },
}

/// An event of a stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub stack: String,
    pub stack_name: String,
    pub logical: String,
    pub physical: String,
    pub kind: String,
    pub status: String,
    pub reason: Option<String>,
    pub properties: Option<String>,
    pub at: i64,
}

/// A change set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeSet {
    pub arn: String,
    pub name: String,
    pub stack: String,
    pub stack_name: String,
    pub description: Option<String>,
    /// `CREATE` or `UPDATE`.
    pub kind: String,
    /// `CREATE_COMPLETE` or `FAILED`.
    pub status: String,
    pub reason: Option<String>,
    /// `AVAILABLE`, `UNAVAILABLE`, `EXECUTE_IN_PROGRESS`, `EXECUTE_COMPLETE` or `EXECUTE_FAILED`.
    pub execution: String,
    pub source: Source,
    /// As `DescribeChangeSet` shows them.
    pub changes: Vec<Value>,
    pub created_at: i64,
    /// `ROLLBACK`, `DELETE` or `DO_NOTHING`.
    pub on_failure: Option<String>,
}

/// The key of an event, in the order of their numbers.
fn event_key(stack: &str, number: u64) -> String {
    format!("{stack}/{number:010}")
}

impl Stack {
    /// A stack that is not made yet.
    #[must_use]
    pub fn new(place: &AccountRegion, name: &str, now: i64) -> Self {
        Self {
            arn: place.arn("cloudformation", &format!("stack/{name}/{}", random::uuid())),
            name: name.to_owned(),
            status: Status::ReviewInProgress,
            reason: None,
            created_at: now,
            updated_at: None,
            deleted_at: None,
            source: Source::default(),
            resources: IndexMap::new(),
            outputs: IndexMap::new(),
            imports: Vec::new(),
            change_set: None,
            is_protected: false,
            events: 0,
            operation: None,
        }
    }

    /// The account and region that it is in.
    #[must_use]
    pub fn place(&self, host: &Host) -> AccountRegion {
        host.place.around(&self.arn)
    }

    /// What a template is compared with.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let resources = self.resources.iter().map(|(name, deployed)| (name.clone(), deployed.base.clone()));
        Snapshot { resources: resources.collect(), outputs: self.outputs.clone() }
    }

    /// Stores it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep(&self, host: &Host) -> Result<(), ApiError> {
        Ok(host.store.keep(ResourceKind::Stack, &self.arn, self).await?)
    }

    /// Sets its status, stores it, and says so in an event.
    ///
    /// # Errors
    /// The store failed.
    pub async fn becomes(&mut self, host: &Host, status: Status, reason: Option<String>) -> Result<(), ApiError> {
        self.status = status;
        self.reason.clone_from(&reason);
        let (name, arn) = (self.name.clone(), self.arn.clone());
        self.say(host, &name, &arn, "AWS::CloudFormation::Stack", status.name(), reason, None).await
    }

    /// Adds an event about a resource, and stores the stack.
    ///
    /// # Errors
    /// The store failed.
    #[expect(clippy::too_many_arguments, reason = "they are the fields of an event")]
    pub async fn say(
        &mut self,
        host: &Host,
        logical: &str,
        physical: &str,
        kind: &str,
        status: &str,
        reason: Option<String>,
        properties: Option<String>,
    ) -> Result<(), ApiError> {
        let event = Event {
            id: random::uuid().to_string(),
            stack: self.arn.clone(),
            stack_name: self.name.clone(),
            logical: logical.to_owned(),
            physical: physical.to_owned(),
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason,
            properties,
            at: host.clock.now(),
        };
        host.store.keep(ResourceKind::StackEvent, &event_key(&self.arn, self.events), &event).await?;
        if let Some(old) = self.events.checked_sub(EVENTS) {
            host.store.forget(ResourceKind::StackEvent, &event_key(&self.arn, old)).await?;
        }
        self.events += 1;
        self.keep(host).await
    }

    /// Turns back what the end of the program interrupted.
    pub fn interrupt(&mut self) {
        if let Some(Operation::Change(change)) = &mut self.operation
            && change.phase == Phase::Forward
        {
            change.phase = Phase::Back;
            change.why = Some("The engine ended during the operation.".to_owned());
        }
    }
}
