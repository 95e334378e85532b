//! What the roles of a plan's state machines lack.

use std::collections::{BTreeMap, BTreeSet};

use countersign_permissions::{Logging, Missing, Subject, Why, needed};

use super::desired::{Desired, Encryption, LogLevel};
use super::outlook::MissingPermission;
use super::permissions::{RoleOutcome, compare};
use super::plan::Item;
use super::planning::{NotCompared, Owner};
use crate::connection::{Connection, ConnectionKind, MachineKind};

/// AWS's page lists these among what logging needs. The delivery writes in a name of its own, so the roles that the CDK and SAM
/// make do without them, and a role without them lacks nothing.
const WRITTEN_BY_THE_DELIVERY: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];

/// Compares what is new or changed with its role, where IAM lets us look. Each role is read once. Returns what was not
/// compared; that a role does not exist is said of AWS only, because emulators accept any.
pub async fn look_at_roles(connection: &Connection, items: &mut [Item], owner: &Owner) -> Vec<NotCompared> {
    let asked = items.iter_mut().filter(|item| item.is_ready());
    let (mut roles, mut unread, mut left_out) = (BTreeMap::new(), None, BTreeMap::new());
    for item in asked {
        let Some(desired) = &item.plan.desired else { continue };
        let deployed = item.plan.deployed.as_ref().and_then(|deployed| deployed.role_arn.clone());
        let Some(role) = desired.role_arn.clone().or(deployed) else { continue };
        let Ok(definition) = serde_json::from_str(&desired.definition) else { continue };
        let mut needed = needed(&subject(desired, &definition, owner));
        for statement in needed.policy.statements.iter_mut().filter(|one| one.sid.starts_with("LogDelivery")) {
            statement.actions.retain(|action| !WRITTEN_BY_THE_DELIVERY.contains(&action.as_str()));
        }
        if needed.policy.statements.is_empty() {
            continue;
        }
        if !roles.contains_key(&role) {
            let policies = connection.once.role_policies(&role).await;
            roles.insert(role.clone(), policies);
        }
        let Some(policies) = roles.get(&role).cloned() else { continue };
        match compare(&needed, policies) {
            RoleOutcome::Compared(missing) => item.permissions = together(missing),
            RoleOutcome::NotAllowedToLook(error) | RoleOutcome::Failed(error) => unread = Some(error),
            RoleOutcome::Unreadable { policy, why } => {
                left_out.insert(role.clone(), NotCompared::Policy { role, policy, why });
            }
            RoleOutcome::NoSuchRole if connection.about.kind == ConnectionKind::Aws => {
                left_out.insert(role.clone(), NotCompared::NoSuchRole(role));
            }
            RoleOutcome::NoRole | RoleOutcome::NoSuchRole => {}
        }
    }
    unread.map(NotCompared::Roles).into_iter().chain(left_out.into_values()).collect()
}

/// What a state machine needs permissions for.
fn subject<'a>(desired: &'a Desired, definition: &'a serde_json::Value, owner: &'a Owner) -> Subject<'a> {
    Subject {
        definition,
        name: Some(&desired.name),
        express: desired.kind == MachineKind::Express,
        partition: &owner.partition,
        region: Some(&owner.region),
        account: Some(&owner.account),
        logging: Logging { on: desired.logging.as_ref().is_some_and(|logging| logging.level != LogLevel::Off) },
        tracing: desired.tracing.unwrap_or_default(),
        key: match &desired.encryption {
            Some(Encryption::CustomerManagedKey { key, .. }) => Some(key.as_str()),
            _ => None,
        },
    }
}

/// The missing permissions, those of one action together. What may only be missing is none of them.
fn together(missing: Vec<Missing>) -> Vec<MissingPermission> {
    let mut by_action: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in missing.into_iter().filter(|one| !matches!(one.why, Why::Perhaps { .. })) {
        by_action.entry(one.action).or_default().insert(one.resource);
    }
    let all = by_action.into_iter().map(|(action, resources)| MissingPermission {
        action,
        resources: resources.into_iter().collect(),
        states: Vec::new(),
    });
    all.collect()
}
