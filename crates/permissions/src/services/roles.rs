//! Roles that a call of the AWS SDK hands to a service. The models do not tell them from other texts: their names and ARNs do.

use countersign_asl::QueryLanguage;
use serde_json::Value;

use crate::given::{Given, of};
use crate::needs::Needs;
use crate::walk::StateAt;

/// Actions that begin so read or remove: a role in their parameters is handed to nobody.
const HANDS_NOTHING_ON: [&str; 5] = ["delete", "describe", "get", "list", "search"];

/// Allows the roles in the parameters of a call to be handed on, at whatever depth they are.
pub(super) fn handed_on(needs: &mut Needs, at: &StateAt, service: &str, action: &str) {
    // STS takes a role itself, which is its own permission.
    if service == "sts" || HANDS_NOTHING_ON.iter().any(|begin| action.starts_with(begin)) {
        return;
    }
    let Given::Fixed(parameters) = at.parameters() else { return };
    let mut roles = Vec::new();
    collect(parameters, at.language, &mut roles);
    for (name, role) in roles {
        let role = needs.named(at.name, name, role, |_, text| text.to_owned());
        needs.allow("PassRole", &["iam:PassRole"], [role]);
        needs.note(
            Some(at.name),
            format!("{name} is handed to the service that uses it: narrow PassRole to that service with iam:PassedToService."),
        );
    }
}

/// The parameters that are a role: an ARN of one, or a name that says so of what is computed.
fn collect<'v>(value: &'v Value, language: QueryLanguage, roles: &mut Vec<(&'v str, Given<'v>)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let path = if language == QueryLanguage::JsonPath { key.strip_suffix(".$") } else { None };
                let name = path.unwrap_or(key);
                let given = if path.is_some() { Given::Computed } else { of(value, language) };
                match given {
                    Given::Computed if name.to_ascii_lowercase().ends_with("rolearn") => roles.push((name, given)),
                    Given::Fixed(Value::String(text)) if is_role(name, text) => roles.push((name, given)),
                    Given::Fixed(inner) => collect(inner, language, roles),
                    Given::Computed | Given::Absent => {}
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, language, roles)),
        _ => {}
    }
}

fn is_role(name: &str, text: &str) -> bool {
    let is_arn = text.starts_with("arn:") && text.contains(":iam::") && text.contains(":role/");
    is_arn && name.to_ascii_lowercase().contains("role") && !text.contains(['*', '?'])
}
