//! The names of variables.

use serde_json::{Map, Value};

use super::Lint;
use super::values::{Kind, check_type};

/// Longest name of a variable, in characters.
const LONGEST_NAME: usize = 80;

/// Checks the names that `Assign` gives.
pub(super) fn check(lint: &mut Lint, object: &Map<String, Value>, path: &str) {
    let Some(assign) = object.get("Assign") else { return };
    let place = format!("{path}/Assign");
    check_type(lint, assign, &place, Kind::Object);
    for key in assign.as_object().into_iter().flat_map(Map::keys) {
        let (name, at) = (key.strip_suffix(".$").unwrap_or(key), super::below(&place, key));
        if name == "states" {
            let message = "Cannot assign to reserved variable '$states'.";
            lint.error("RESERVED_VARIABLE_NAME", &at, message, "Choose another name: $states holds the state's data.");
        } else if name.chars().count() > LONGEST_NAME {
            let message = format!("Invalid variable name '{name}': the variable name is too long.");
            let remedy = format!("Use at most {LONGEST_NAME} characters.");
            lint.refused_by_aws("INVALID_VARIABLE_NAME", &at, message, remedy);
        } else if !is_name(name) && !lint.is_open(name) {
            let message = format!("Invalid variable name '{name}': the variable name contains invalid characters.");
            let remedy = "Begin with a letter, and go on with letters, digits and underscores.";
            lint.refused_by_aws("INVALID_VARIABLE_NAME", &at, message, remedy);
        }
    }
}

/// An identifier: a letter, then letters, digits and underscores, of any script.
fn is_name(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_alphabetic)
        && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}
