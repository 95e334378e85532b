//! Policies of their own, with their versions.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::roles::Role;
use super::{Came, arn, check_document, check_name, check_path, id, needed, tags_of, wire};
use crate::api::error::ApiError;
use crate::api::query::Form;
use crate::api::wire::{encoded, iso};
use crate::api::xml::element;
use crate::host::{AccountRegion, Host, Tag};
use crate::store::ResourceKind;

/// The most versions of a policy.
const VERSIONS: usize = 5;

/// A policy that roles can be attached to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    pub arn: String,
    pub name: String,
    pub path: String,
    pub id: String,
    pub description: String,
    pub created_at: i64,
    pub updated_at: i64,
    /// Such as `v1`.
    pub default_version: String,
    /// The number of the last version; a number is never used again.
    last_version: u64,
    versions: Vec<PolicyVersion>,
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PolicyVersion {
    id: String,
    document: String,
    created_at: i64,
}

/// What a policy is made of.
#[derive(Clone, Debug, Default)]
pub struct NewPolicy {
    pub name: String,
    pub path: Option<String>,
    pub document: String,
    pub description: Option<String>,
    pub tags: Vec<Tag>,
}

impl ManagedPolicy {
    /// Makes a policy.
    ///
    /// # Errors
    /// It exists already, or a part is wrong.
    pub async fn create(host: &Host, caller: &AccountRegion, new: NewPolicy) -> Result<Self, ApiError> {
        check_name("policyName", &new.name, 128)?;
        let path = new.path.unwrap_or_else(|| "/".to_owned());
        check_path(&path)?;
        check_document(&new.document)?;
        let arn = arn(caller, &format!("policy{path}{}", new.name));
        if host.store.resource::<Self>(ResourceKind::Policy, &arn).await?.is_some() {
            let why = format!("A policy called {} already exists. Duplicate names are not allowed.", new.name);
            return Err(ApiError::new("EntityAlreadyExists", why));
        }
        let now = host.clock.now();
        let policy = Self {
            arn,
            name: new.name,
            path,
            id: id("ANPA"),
            description: new.description.unwrap_or_default(),
            created_at: now,
            updated_at: now,
            default_version: "v1".to_owned(),
            last_version: 1,
            versions: vec![PolicyVersion { id: "v1".to_owned(), document: new.document, created_at: now }],
            tags: new.tags,
        };
        policy.keep(host).await?;
        Ok(policy)
    }

    /// The policy with this ARN.
    ///
    /// # Errors
    /// There is none. AWS's own policies are not here, though roles may have them.
    pub async fn find(host: &Host, arn: &str) -> Result<Self, ApiError> {
        let found = host.store.resource(ResourceKind::Policy, arn).await?;
        found.ok_or_else(|| ApiError::new("NoSuchEntity", format!("Policy {arn} was not found.")))
    }

    /// Stores the policy.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep(&self, host: &Host) -> Result<(), ApiError> {
        Ok(host.store.keep(ResourceKind::Policy, &self.arn, self).await?)
    }

    /// Adds a version. With `oldest_goes`, the oldest that is not the default makes room for it.
    ///
    /// # Errors
    /// It is no policy, or there are five versions already.
    pub fn add_version(
        &mut self,
        document: &str,
        is_default: bool,
        oldest_goes: bool,
        now: i64,
    ) -> Result<String, ApiError> {
        check_document(document)?;
        if self.versions.len() >= VERSIONS && oldest_goes {
            let oldest = self.versions.iter().position(|version| version.id != self.default_version);
            oldest.map(|at| self.versions.remove(at));
        }
        if self.versions.len() >= VERSIONS {
            let why = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing \
                       version.";
            return Err(ApiError::new("LimitExceeded", why));
        }
        self.last_version += 1;
        let id = format!("v{}", self.last_version);
        self.versions.push(PolicyVersion { id: id.clone(), document: document.to_owned(), created_at: now });
        self.updated_at = now;
        if is_default {
            self.default_version.clone_from(&id);
        }
        Ok(id)
    }

    /// Deletes the policy, which no role may have.
    ///
    /// # Errors
    /// A role has it.
    pub async fn delete(self, host: &Host) -> Result<(), ApiError> {
        if !Role::with_policy(host, &self.arn).await?.is_empty() {
            return Err(ApiError::new("DeleteConflict", "Cannot delete a policy attached to entities."));
        }
        Ok(host.store.forget(ResourceKind::Policy, &self.arn).await?)
    }

    fn version(&self, id: &str) -> Result<&PolicyVersion, ApiError> {
        self.versions.iter().find(|version| version.id == id).ok_or_else(|| {
            ApiError::new(
                "NoSuchEntity",
                format!("Policy {} version {id} does not exist or is not attachable.", self.arn),
            )
        })
    }

    fn described(&self, name: &str, version: &PolicyVersion) -> String {
        let inner = [
            element("Document", encoded(&version.document)),
            element("VersionId", &version.id),
            element("IsDefaultVersion", version.id == self.default_version),
            element("CreateDate", iso(version.created_at)),
        ];
        format!("<{name}>{}</{name}>", inner.concat())
    }
}

/// Refuses the ARN of a policy that does not exist. AWS's own policies do.
pub async fn check_exists(host: &Host, arn: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", "aws", policy] if policy.starts_with("policy/") => Ok(()),
        ["arn", _, "iam", "", _, policy] if policy.starts_with("policy/") => {
            ManagedPolicy::find(host, arn).await.map(|_| ())
        }
        _ => Err(ApiError::new("ValidationError", format!("ARN {arn} is not valid."))),
    }
}

/// One operation of policies; `None` for another one.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, form: &Form, action: &str) -> Option<Came> {
    Some(match action {
        "CreatePolicy" => create(host, caller, form).await,
        "ListPolicies" => list(host, caller, form).await,
        "GetPolicy"
        | "GetPolicyVersion"
        | "ListPolicyVersions"
        | "CreatePolicyVersion"
        | "DeletePolicyVersion"
        | "SetDefaultPolicyVersion"
        | "DeletePolicy"
        | "ListPolicyTags" => on_one(host, form, action).await,
        _ => return None,
    })
}

async fn create(host: &Host, caller: &AccountRegion, form: &Form) -> Came {
    let text = |field: &str| form.given(field).map(str::to_owned);
    let new = NewPolicy {
        name: needed(form, "PolicyName")?.to_owned(),
        path: text("Path"),
        document: needed(form, "PolicyDocument")?.to_owned(),
        description: text("Description"),
        tags: tags_of(form)?,
    };
    ManagedPolicy::create(host, caller, new).await.map(|policy| wire::policy("Policy", &policy, 0))
}

async fn list(host: &Host, caller: &AccountRegion, form: &Form) -> Came {
    let all: Vec<ManagedPolicy> = host.store.resources(ResourceKind::Policy).await?;
    let own = arn(caller, "");
    let below = form.given("PathPrefix").unwrap_or("/");
    let mut members = Vec::new();
    // Of AWS's own policies there are none here.
    let wanted = |one: &&ManagedPolicy| {
        one.arn.starts_with(&own) && one.path.starts_with(below) && form.given("Scope") != Some("AWS")
    };
    for policy in all.iter().filter(wanted) {
        members.push(wire::policy("member", policy, Role::with_policy(host, &policy.arn).await?.len()));
    }
    wire::list(form, "Policies", members)
}

async fn on_one(host: &Host, form: &Form, action: &str) -> Came {
    let mut policy = ManagedPolicy::find(host, needed(form, "PolicyArn")?).await?;
    match action {
        "GetPolicy" => return Ok(wire::policy("Policy", &policy, Role::with_policy(host, &policy.arn).await?.len())),
        "GetPolicyVersion" => {
            let version = policy.version(needed(form, "VersionId")?)?;
            return Ok(policy.described("PolicyVersion", version));
        }
        "ListPolicyVersions" => {
            let members = policy.versions.iter().rev().map(|version| policy.described("member", version));
            return wire::list(form, "Versions", members.collect());
        }
        "ListPolicyTags" => return wire::list(form, "Tags", wire::tag_members(&policy.tags)),
        "DeletePolicy" => {
            if policy.versions.len() > 1 {
                let why = "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                           versions. The default version is deleted with the policy.";
                return Err(ApiError::new("DeleteConflict", why));
            }
            return policy.delete(host).await.map(|()| String::new());
        }
        _ => {}
    }
    let mut answer = String::new();
    match action {
        "CreatePolicyVersion" => {
            let is_default = form.given("SetAsDefault") == Some("true");
            let id = policy.add_version(needed(form, "PolicyDocument")?, is_default, false, host.clock.now())?;
            answer = policy.described("PolicyVersion", policy.version(&id)?);
        }
        "DeletePolicyVersion" => {
            let id = needed(form, "VersionId")?.to_owned();
            policy.version(&id)?;
            if id == policy.default_version {
                return Err(ApiError::new("DeleteConflict", "Cannot delete the default version of a policy."));
            }
            policy.versions.retain(|version| version.id != id);
        }
        _ => {
            let id = needed(form, "VersionId")?.to_owned();
            policy.version(&id)?;
            policy.default_version = id;
        }
    }
    policy.keep(host).await?;
    Ok(answer)
}
