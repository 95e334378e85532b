//! Roles, with the policies that are written into them or attached to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Came, arn, check_document, check_name, check_path, id, needed, tags_of, wire};
use crate::api::error::ApiError;
use crate::api::query::Form;
use crate::api::wire::encoded;
use crate::api::xml::element;
use crate::host::{AccountRegion, Host, Tag};
use crate::store::ResourceKind;

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    pub arn: String,
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_at: i64,
    /// The policy of who may assume it.
    pub trust: String,
    pub description: String,
    /// In seconds.
    pub longest_session: u64,
    pub boundary: Option<String>,
    /// The policies that are written into it, by name.
    pub inline: BTreeMap<String, String>,
    /// The ARNs of those that are attached.
    pub attached: Vec<String>,
    pub tags: Vec<Tag>,
}

/// What a role is made of.
#[derive(Clone, Debug, Default)]
pub struct NewRole {
    pub name: String,
    pub path: Option<String>,
    pub trust: String,
    pub description: Option<String>,
    pub longest_session: Option<u64>,
    pub boundary: Option<String>,
    pub tags: Vec<Tag>,
}

/// The key under which a role is stored: its name is unique in its account.
fn key(caller: &AccountRegion, name: &str) -> String {
    format!("{}:{name}", caller.account)
}

impl Role {
    /// Makes a role.
    ///
    /// # Errors
    /// It exists already, or a part is wrong.
    pub async fn create(host: &Host, caller: &AccountRegion, new: NewRole) -> Result<Self, ApiError> {
        check_name("roleName", &new.name, 64)?;
        let path = new.path.unwrap_or_else(|| "/".to_owned());
        check_path(&path)?;
        check_document(&new.trust)?;
        let longest_session = new.longest_session.unwrap_or(3_600);
        check_session(longest_session)?;
        if host.store.resource::<Self>(ResourceKind::Role, &key(caller, &new.name)).await?.is_some() {
            return Err(ApiError::new("EntityAlreadyExists", format!("Role with name {} already exists.", new.name)));
        }
        let role = Self {
            arn: arn(caller, &format!("role{path}{}", new.name)),
            name: new.name,
            path,
            id: id("AROA"),
            created_at: host.clock.now(),
            trust: new.trust,
            description: new.description.unwrap_or_default(),
            longest_session,
            boundary: new.boundary,
            inline: BTreeMap::new(),
            attached: Vec::new(),
            tags: new.tags,
        };
        role.keep(host, caller).await?;
        Ok(role)
    }

    /// The role with this name.
    ///
    /// # Errors
    /// There is none.
    pub async fn find(host: &Host, caller: &AccountRegion, name: &str) -> Result<Self, ApiError> {
        let found = host.store.resource(ResourceKind::Role, &key(caller, name)).await?;
        found.ok_or_else(|| ApiError::new("NoSuchEntity", format!("The role with name {name} cannot be found.")))
    }

    /// Stores the role.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep(&self, host: &Host, caller: &AccountRegion) -> Result<(), ApiError> {
        Ok(host.store.keep(ResourceKind::Role, &key(caller, &self.name), self).await?)
    }

    /// Deletes the role, which must have no policies.
    ///
    /// # Errors
    /// It has some.
    pub async fn delete(self, host: &Host, caller: &AccountRegion) -> Result<(), ApiError> {
        let why = match (self.inline.is_empty(), self.attached.is_empty()) {
            (false, _) => "Cannot delete entity, must delete policies first.",
            (_, false) => "Cannot delete entity, must detach all policies first.",
            _ => return Ok(host.store.forget(ResourceKind::Role, &key(caller, &self.name)).await?),
        };
        Err(ApiError::new("DeleteConflict", why))
    }

    /// Sets who may assume the role.
    ///
    /// # Errors
    /// It is no policy.
    pub fn set_trust(&mut self, document: &str) -> Result<(), ApiError> {
        check_document(document)?;
        self.trust = document.to_owned();
        Ok(())
    }

    /// Sets the longest session, in seconds.
    ///
    /// # Errors
    /// It is outside of IAM's limits.
    pub fn set_longest_session(&mut self, seconds: u64) -> Result<(), ApiError> {
        check_session(seconds)?;
        self.longest_session = seconds;
        Ok(())
    }

    /// Every role that a policy is attached to, of whatever account.
    ///
    /// # Errors
    /// The store failed.
    pub async fn with_policy(host: &Host, policy: &str) -> Result<Vec<Self>, ApiError> {
        let mut roles: Vec<Self> = host.store.resources(ResourceKind::Role).await?;
        roles.retain(|role| role.attached.iter().any(|known| known == policy));
        Ok(roles)
    }

    /// Writes a policy into the role.
    ///
    /// # Errors
    /// It is no policy.
    pub fn put_policy(&mut self, name: &str, document: &str) -> Result<(), ApiError> {
        check_name("policyName", name, 128)?;
        check_document(document)?;
        self.inline.insert(name.to_owned(), document.to_owned());
        Ok(())
    }

    /// Attaches a policy. Of AWS's own policies only the ARN is known here.
    ///
    /// # Errors
    /// There is no such policy.
    pub async fn attach(&mut self, host: &Host, policy: &str) -> Result<(), ApiError> {
        super::policies::check_exists(host, policy).await?;
        if !self.attached.iter().any(|known| known == policy) {
            self.attached.push(policy.to_owned());
        }
        Ok(())
    }
}

fn check_session(seconds: u64) -> Result<(), ApiError> {
    if (3_600..=43_200).contains(&seconds) {
        return Ok(());
    }
    let why = format!(
        "1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: Member must have \
         value between 3600 and 43200"
    );
    Err(ApiError::new("ValidationError", why))
}

/// One operation of roles; `None` for another one.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, form: &Form, action: &str) -> Option<Came> {
    Some(match action {
        "CreateRole" => create(host, caller, form).await,
        "ListRoles" => list(host, caller, form).await,
        "GetRole"
        | "ListRolePolicies"
        | "GetRolePolicy"
        | "ListAttachedRolePolicies"
        | "ListRoleTags"
        | "ListInstanceProfilesForRole" => read(host, caller, form, action).await,
        "DeleteRole" => match needed(form, "RoleName") {
            Ok(name) => delete(host, caller, name).await,
            Err(error) => Err(error),
        },
        "UpdateRole"
        | "UpdateRoleDescription"
        | "UpdateAssumeRolePolicy"
        | "PutRolePolicy"
        | "DeleteRolePolicy"
        | "AttachRolePolicy"
        | "DetachRolePolicy"
        | "PutRolePermissionsBoundary"
        | "DeleteRolePermissionsBoundary" => update(host, caller, form, action).await,
        _ => return None,
    })
}

async fn create(host: &Host, caller: &AccountRegion, form: &Form) -> Came {
    let text = |field: &str| form.given(field).map(str::to_owned);
    let new = NewRole {
        name: needed(form, "RoleName")?.to_owned(),
        path: text("Path"),
        trust: needed(form, "AssumeRolePolicyDocument")?.to_owned(),
        description: text("Description"),
        longest_session: session(form)?,
        boundary: text("PermissionsBoundary"),
        tags: tags_of(form)?,
    };
    Role::create(host, caller, new).await.map(|role| wire::role("Role", &role))
}

fn session(form: &Form) -> Result<Option<u64>, ApiError> {
    let text = form.given("MaxSessionDuration");
    text.map(|text| {
        text.parse().map_err(|_| ApiError::new("ValidationError", format!("MaxSessionDuration is no number: {text}")))
    })
    .transpose()
}

async fn list(host: &Host, caller: &AccountRegion, form: &Form) -> Came {
    let first = key(caller, "");
    let end = format!("{};", caller.account);
    let roles: Vec<Role> = host.store.resources_between(ResourceKind::Role, &first, &end).await?;
    let below = form.given("PathPrefix").unwrap_or("/");
    let members = roles.iter().filter(|role| role.path.starts_with(below)).map(|role| wire::role("member", role));
    wire::list(form, "Roles", members.collect())
}

async fn read(host: &Host, caller: &AccountRegion, form: &Form, action: &str) -> Came {
    let role = Role::find(host, caller, needed(form, "RoleName")?).await?;
    match action {
        "GetRole" => Ok(wire::role("Role", &role)),
        "GetRolePolicy" => {
            let name = needed(form, "PolicyName")?;
            let document = role.inline.get(name).ok_or_else(|| {
                ApiError::new("NoSuchEntity", format!("The role policy with name {name} cannot be found."))
            })?;
            Ok([
                element("RoleName", &role.name),
                element("PolicyName", name),
                element("PolicyDocument", encoded(document)),
            ]
            .concat())
        }
        "ListRolePolicies" => {
            wire::list(form, "PolicyNames", role.inline.keys().map(|name| element("member", name)).collect())
        }
        "ListAttachedRolePolicies" => {
            let members = role.attached.iter().map(|arn| {
                let name = arn.rsplit('/').next().unwrap_or(arn);
                format!("<member>{}{}</member>", element("PolicyName", name), element("PolicyArn", arn))
            });
            wire::list(form, "AttachedPolicies", members.collect())
        }
        "ListRoleTags" => wire::list(form, "Tags", wire::tag_members(&role.tags)),
        // There are no instances here.
        _ => wire::list(form, "InstanceProfiles", Vec::new()),
    }
}

async fn delete(host: &Host, caller: &AccountRegion, name: &str) -> Came {
    Role::find(host, caller, name).await?.delete(host, caller).await?;
    Ok(String::new())
}

async fn update(host: &Host, caller: &AccountRegion, form: &Form, action: &str) -> Came {
    let mut role = Role::find(host, caller, needed(form, "RoleName")?).await?;
    match action {
        "UpdateRole" | "UpdateRoleDescription" => {
            if let Some(description) = form.given("Description") {
                role.description = description.to_owned();
            }
            if let Some(seconds) = session(form)? {
                role.set_longest_session(seconds)?;
            }
        }
        "UpdateAssumeRolePolicy" => {
            role.set_trust(needed(form, "PolicyDocument")?)?;
        }
        "PutRolePolicy" => role.put_policy(needed(form, "PolicyName")?, needed(form, "PolicyDocument")?)?,
        "DeleteRolePolicy" => {
            let name = needed(form, "PolicyName")?;
            role.inline.remove(name).ok_or_else(|| {
                ApiError::new("NoSuchEntity", format!("The role policy with name {name} cannot be found."))
            })?;
        }
        "AttachRolePolicy" => role.attach(host, needed(form, "PolicyArn")?).await?,
        "DetachRolePolicy" => {
            let policy = needed(form, "PolicyArn")?;
            let before = role.attached.len();
            role.attached.retain(|known| known != policy);
            if role.attached.len() == before {
                return Err(ApiError::new("NoSuchEntity", format!("Policy {policy} was not found.")));
            }
        }
        "PutRolePermissionsBoundary" => role.boundary = Some(needed(form, "PermissionsBoundary")?.to_owned()),
        _ => role.boundary = None,
    }
    role.keep(host, caller).await?;
    Ok(match action {
        "UpdateRoleDescription" => wire::role("Role", &role),
        _ => String::new(),
    })
}
