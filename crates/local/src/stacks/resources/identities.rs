//! Roles and policies of IAM.

use std::sync::Arc;

use serde_json::{Value, json};

use super::values::{document, number, tag_map, text};
use super::{Changed, Made, Wanted, gone};
use crate::api::error::ApiError;
use crate::api::iam::{ManagedPolicy, NewPolicy, NewRole, Role};
use crate::host::{AccountRegion, Host, Tag};

fn tags(tags: &Value) -> Vec<Tag> {
    tag_map(tags).into_iter().map(|(key, value)| Tag { key, value: document(&value) }).collect()
}

/// The texts of a list of names or ARNs.
fn texts(list: &Value) -> Result<Vec<String>, ApiError> {
    let wrong =
        |found: &Value| ApiError::new("ValidationError", format!("A list of texts is needed: {found} is none."));
    match list {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().map(|item| text(item).ok_or_else(|| wrong(list))).collect(),
        _ => Err(wrong(list)),
    }
}

/// The longest session of a role, in seconds.
fn session(properties: &Value) -> Result<Option<u64>, ApiError> {
    let value = number(&properties["MaxSessionDuration"]);
    if value.is_null() {
        return Ok(None);
    }
    let wrong = || ApiError::new("ValidationError", format!("MaxSessionDuration is no number of seconds: {value}"));
    value.as_u64().map(Some).ok_or_else(wrong)
}

fn role(role: &Role) -> Made {
    Made::new(&role.name, json!({ "Arn": role.arn, "RoleId": role.id }))
}

/// Makes a role with the policies in it.
pub async fn create_role(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let _alone = host.changes.lock().await;
    let properties = wanted.properties;
    let new = NewRole {
        name: wanted.named("RoleName").to_owned(),
        path: text(&properties["Path"]),
        trust: document(&properties["AssumeRolePolicyDocument"]),
        description: text(&properties["Description"]),
        longest_session: session(properties)?,
        boundary: text(&properties["PermissionsBoundary"]),
        tags: tags(&properties["Tags"]),
    };
    let mut made = Role::create(host, place, new).await?;
    // A role that cannot have its policies is not made.
    if let Err(error) = give(host, &mut made, &Value::Null, properties).await {
        Role { inline: Default::default(), attached: Vec::new(), ..made }.delete(host, place).await?;
        return Err(error);
    }
    made.keep(host, place).await?;
    Ok(role(&made))
}

/// Writes the policies of the properties into a role, and attaches those that they name; what only the old properties
/// had goes.
async fn give(host: &Arc<Host>, role: &mut Role, before: &Value, after: &Value) -> Result<(), ApiError> {
    let named = |properties: &Value| -> Vec<String> {
        let policies = properties["Policies"].as_array().into_iter().flatten();
        policies.filter_map(|policy| text(&policy["PolicyName"])).collect()
    };
    let kept = named(after);
    for name in named(before).iter().filter(|name| !kept.contains(name)) {
        role.inline.remove(name);
    }
    for policy in after["Policies"].as_array().into_iter().flatten() {
        role.put_policy(&text(&policy["PolicyName"]).unwrap_or_default(), &document(&policy["PolicyDocument"]))?;
    }
    let attached = texts(&after["ManagedPolicyArns"])?;
    let dropped: Vec<String> =
        texts(&before["ManagedPolicyArns"])?.into_iter().filter(|arn| !attached.contains(arn)).collect();
    role.attached.retain(|arn| !dropped.contains(arn));
    for arn in attached {
        role.attach(host, &arn).await?;
    }
    Ok(())
}

/// Changes a role.
pub async fn update_role(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, before } = change;
    let _alone = host.changes.lock().await;
    let properties = wanted.properties;
    let mut known = Role::find(host, place, physical).await?;
    known.set_trust(&document(&properties["AssumeRolePolicyDocument"]))?;
    known.set_longest_session(session(properties)?.unwrap_or(3_600))?;
    known.description = text(&properties["Description"]).unwrap_or_default();
    known.boundary = text(&properties["PermissionsBoundary"]);
    known.tags = tags(&properties["Tags"]);
    give(host, &mut known, before, properties).await?;
    known.keep(host, place).await?;
    Ok(role(&known))
}

/// Deletes a role with everything that is in it.
pub async fn delete_role(host: &Arc<Host>, place: &AccountRegion, name: &str) -> Result<(), ApiError> {
    let _alone = host.changes.lock().await;
    let known = match Role::find(host, place, name).await {
        Err(error) => return gone::<()>(Err(error)),
        Ok(known) => known,
    };
    Role { inline: Default::default(), attached: Vec::new(), ..known }.delete(host, place).await
}

/// The refusal of what only users and groups could have.
fn check_roles_only(properties: &Value) -> Result<(), ApiError> {
    match ["Users", "Groups"].into_iter().find(|name| properties[name].as_array().is_some_and(|list| !list.is_empty()))
    {
        Some(name) => {
            let why = format!("The embedded engine has no {} of IAM: name Roles.", name.to_ascii_lowercase());
            Err(ApiError::new("ValidationError", why))
        }
        None => Ok(()),
    }
}

/// Writes a policy into the roles that it names.
pub async fn create_policy(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    write(host, place, wanted.properties, &Value::Null).await?;
    Ok(Made::new(wanted.name, json!({ "Id": wanted.name })))
}

/// Changes a policy, and the roles that have it.
pub async fn update_policy(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, before } = change;
    write(host, place, wanted.properties, before).await?;
    Ok(Made::new(physical, json!({ "Id": physical })))
}

async fn write(host: &Arc<Host>, place: &AccountRegion, properties: &Value, before: &Value) -> Result<(), ApiError> {
    check_roles_only(properties)?;
    let _alone = host.changes.lock().await;
    let name = text(&properties["PolicyName"]).unwrap_or_default();
    let mut roles = Vec::new();
    for role in texts(&properties["Roles"])? {
        let mut role = Role::find(host, place, &role).await?;
        role.put_policy(&name, &document(&properties["PolicyDocument"]))?;
        roles.push(role);
    }
    // All of them are there: now they are changed.
    for role in &roles {
        role.keep(host, place).await?;
    }
    let kept = texts(&properties["Roles"])?;
    let dropped: Vec<String> = texts(&before["Roles"])?.into_iter().filter(|role| !kept.contains(role)).collect();
    remove(host, place, &dropped, &name).await
}

/// Removes a policy from roles. Roles that do not exist do not have it.
async fn remove(host: &Arc<Host>, place: &AccountRegion, roles: &[String], policy: &str) -> Result<(), ApiError> {
    for name in roles {
        if let Ok(mut role) = Role::find(host, place, name).await {
            role.inline.remove(policy);
            role.keep(host, place).await?;
        }
    }
    Ok(())
}

/// Removes a policy from its roles.
pub async fn delete_policy(host: &Arc<Host>, place: &AccountRegion, properties: &Value) -> Result<(), ApiError> {
    let _alone = host.changes.lock().await;
    let name = text(&properties["PolicyName"]).unwrap_or_default();
    remove(host, place, &texts(&properties["Roles"])?, &name).await
}

/// Makes a policy of its own, and attaches it to the roles that it names.
pub async fn create_managed(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let properties = wanted.properties;
    check_roles_only(properties)?;
    let roles = texts(&properties["Roles"])?;
    let _alone = host.changes.lock().await;
    let new = NewPolicy {
        name: wanted.named("ManagedPolicyName").to_owned(),
        path: text(&properties["Path"]),
        document: document(&properties["PolicyDocument"]),
        description: text(&properties["Description"]),
        tags: Vec::new(),
    };
    let policy = ManagedPolicy::create(host, place, new).await?;
    if let Err(error) = attach(host, place, &policy.arn, &roles).await {
        policy.delete(host).await?;
        return Err(error);
    }
    Ok(managed(&policy.arn))
}

fn managed(arn: &str) -> Made {
    Made::new(arn, json!({ "PolicyArn": arn, "IsAttachable": true }))
}

async fn attach(host: &Arc<Host>, place: &AccountRegion, arn: &str, names: &[String]) -> Result<(), ApiError> {
    let mut roles = Vec::new();
    for name in names {
        roles.push(Role::find(host, place, name).await?);
    }
    for mut role in roles {
        role.attach(host, arn).await?;
        role.keep(host, place).await?;
    }
    Ok(())
}

async fn detach(host: &Arc<Host>, place: &AccountRegion, arn: &str, names: &[String]) -> Result<(), ApiError> {
    for name in names {
        if let Ok(mut role) = Role::find(host, place, name).await {
            role.attached.retain(|known| known != arn);
            role.keep(host, place).await?;
        }
    }
    Ok(())
}

/// Changes a policy of its own.
pub async fn update_managed(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, before } = change;
    let after = wanted.properties;
    check_roles_only(after)?;
    let _alone = host.changes.lock().await;
    let mut policy = ManagedPolicy::find(host, physical).await?;
    if before["PolicyDocument"] != after["PolicyDocument"] {
        policy.add_version(&document(&after["PolicyDocument"]), true, true, host.clock.now())?;
        policy.keep(host).await?;
    }
    let (old, new) = (texts(&before["Roles"])?, texts(&after["Roles"])?);
    attach(host, place, physical, &new).await?;
    let dropped: Vec<String> = old.into_iter().filter(|name| !new.contains(name)).collect();
    detach(host, place, physical, &dropped).await?;
    Ok(managed(physical))
}

/// Deletes a policy of its own, and detaches it.
pub async fn delete_managed(host: &Arc<Host>, place: &AccountRegion, arn: &str) -> Result<(), ApiError> {
    let _alone = host.changes.lock().await;
    let policy = match ManagedPolicy::find(host, arn).await {
        Err(error) => return gone::<()>(Err(error)),
        Ok(policy) => policy,
    };
    let names: Vec<String> = Role::with_policy(host, arn).await?.into_iter().map(|role| role.name).collect();
    detach(host, place, arn, &names).await?;
    policy.delete(host).await
}
