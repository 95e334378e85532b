//! The types of an operation's parameters.

use serde_json::Value;

use super::Rule;

impl Rule {
    /// Refuses a value of another type. serde would read a list as a structure, by the order of its members.
    pub(super) fn check_type(self, value: &Value) -> Result<(), String> {
        match (self, value) {
            (_, Value::Null) => Ok(()),
            (Rule::Structure(fields), Value::Object(members)) => fields
                .iter()
                .filter_map(|field| Some((field, members.get(field.name)?)))
                .try_for_each(|(field, value)| field.rule.check_type(value)),
            (Rule::Structure(_), _) => Err("Expected map or null".to_owned()),
            (Rule::List { of, .. }, Value::Array(items)) => {
                items.iter().try_for_each(|item| Rule::Structure(of).check_type(item))
            }
            (Rule::Texts { least, most }, Value::Array(items)) => {
                items.iter().try_for_each(|item| Rule::Text { least, most }.check_type(item))
            }
            (Rule::List { .. } | Rule::Texts { .. }, _) => Err("Expected list or null".to_owned()),
            (_, Value::Array(_)) => Err("Start of list found where not expected".to_owned()),
            (_, Value::Object(_)) => Err("Start of structure or map found where not expected.".to_owned()),
            (Rule::Number { .. }, Value::Number(_)) | (Rule::Flag, Value::Bool(_)) => Ok(()),
            (Rule::Number { .. }, other) => Err(unconverted(other, "Integer")),
            (Rule::Flag, other) => Err(unconverted(other, "Boolean")),
            (_, Value::String(_)) => Ok(()),
            (_, other) => Err(unconverted(other, "String")),
        }
    }
}

/// The words for a plain value that should be of another type.
fn unconverted(value: &Value, wanted: &str) -> String {
    let given = match value {
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        _ => "STRING_VALUE",
    };
    format!("{given} cannot be converted to {wanted}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api::constraints::check;
    use crate::api::error::ApiError;

    #[test]
    fn values_of_another_type_are_refused() {
        let create = |more: Value| {
            let mut ask = json!({ "name": "m", "definition": "{}", "roleArn": "r" });
            ask.as_object_mut().into_iter().for_each(|ask| ask.extend(more.as_object().cloned().unwrap_or_default()));
            ask
        };
        for (input, why) in [
            (json!(["m", "{}", "r"]), "Expected map or null"),
            (create(json!({ "name": 1 })), "NUMBER_VALUE cannot be converted to String"),
            (create(json!({ "definition": {} })), "Start of structure or map found where not expected."),
            (create(json!({ "type": ["STANDARD"] })), "Start of list found where not expected"),
            (create(json!({ "tags": { "k": "v" } })), "Expected list or null"),
            (create(json!({ "tags": [["k", "v"]] })), "Expected map or null"),
            (create(json!({ "loggingConfiguration": "OFF" })), "Expected map or null"),
            (create(json!({ "tracingConfiguration": true })), "Expected map or null"),
            (
                create(json!({ "tracingConfiguration": { "enabled": "yes" } })),
                "STRING_VALUE cannot be converted to Boolean",
            ),
            (create(json!({ "encryptionConfiguration": ["AWS_OWNED_KEY"] })), "Expected map or null"),
        ] {
            let error = check("CreateStateMachine", &input).err();
            assert_eq!(error, Some(ApiError::new("SerializationException", why)), "{input}");
        }
        let error = check("ListActivities", &json!({ "maxResults": false })).err();
        let why = "FALSE_VALUE cannot be converted to Integer";
        assert_eq!(error, Some(ApiError::new("SerializationException", why)));
        assert!(check("UntagResource", &json!({ "resourceArn": "a", "tagKeys": [1] })).is_err());
    }
}
