//! A plan in JSON. The shape is documented in `docs/deploy.md`; fields are added, never changed.

use countersign_asl::Diagnostic;
use countersign_desk::connection::Connection;
use countersign_desk::deploy::{Found, Item, NotCompared, Plan};
use serde_json::{Map, Value, json};
use std::path::Path;

use super::text::not_compared;

/// The version of the shape.
const VERSION: u32 = 1;

/// The plan of `source` on a connection.
pub fn plan(plan: &Plan, source: &Path, connection: &Connection) -> Value {
    let about = &connection.about;
    json!({
        "version": VERSION,
        "source": source.display().to_string(),
        "folder": plan.folder.name(),
        "environment": plan.environment,
        "connection": {
            "name": connection.id.as_str(),
            "label": about.label,
            "detail": about.detail,
            "region": plan.owner.region,
            "account": plan.owner.account,
        },
        "hash": plan.hash,
        "hasChanges": plan.has_changes(),
        "isRefused": plan.is_refused(),
        "workflows": plan.items.iter().map(item).collect::<Vec<_>>(),
        "findings": plan.problems.iter().map(|one| json!({
            "file": one.file,
            "line": one.line,
            "column": one.column,
            "severity": if one.error { "ERROR" } else { "WARNING" },
            "message": one.message,
            "remedy": one.remedy,
        })).collect::<Vec<_>>(),
        "notCompared": plan.not_compared.iter().map(|one: &NotCompared| not_compared(&connection.about, one)).collect::<Vec<_>>(),
    })
}

fn item(item: &Item) -> Value {
    let plan = &item.plan;
    let substitutions: Map<String, Value> =
        item.substitutions.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let difference = item.difference.as_ref().map(|difference| {
        json!({
            "fields": difference.fields,
            "states": difference.states,
            "transitions": difference.transitions,
        })
    });
    json!({
        "name": plan.workflow,
        "stateMachine": item.machine(),
        "arn": plan.arn,
        "file": if item.file.is_empty() { Value::Null } else { json!(item.file) },
        "change": plan.change,
        "hash": item.hash(),
        "revisionId": plan.deployed.as_ref().and_then(|deployed| deployed.revision_id.as_deref()),
        "settings": plan.settings,
        "drifted": plan.drifted,
        "difference": difference,
        "findings": item.found.iter().map(finding).collect::<Vec<_>>(),
        "substitutions": substitutions,
        "effect": item.effect,
        "evidence": item.evidence,
        "missingPermissions": item.permissions,
    })
}

fn finding((file, one): &Found) -> Value {
    let one: &Diagnostic = one;
    let mut finding = json!(one);
    finding["file"] = json!(file.display().to_string());
    finding
}
