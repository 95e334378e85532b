//! The configuration of a function: the parameters that creating and updating share, and their limits.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::invalid;
use super::model::Function;
use crate::api::arn::check_role;
use crate::api::error::ApiError;
use crate::lambda::Language;

/// Variables that Lambda sets itself.
const RESERVED: [&str; 14] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];
/// The most bytes of all variables.
const ENVIRONMENT: usize = 4 * 1024;

/// The parameters; those that are not given stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Configuration {
    pub runtime: Option<String>,
    pub handler: Option<String>,
    pub role: Option<String>,
    description: Option<String>,
    timeout: Option<u64>,
    memory_size: Option<u64>,
    environment: Option<Environment>,
    #[serde(default)]
    layers: Vec<Value>,
    // Without effect here.
    vpc_config: Option<Value>,
    dead_letter_config: Option<Value>,
    tracing_config: Option<Value>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<Value>,
    file_system_configs: Option<Value>,
    ephemeral_storage: Option<Value>,
    snap_start: Option<Value>,
    logging_config: Option<Value>,
    architectures: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

impl Configuration {
    /// Checks everything that is given.
    ///
    /// # Errors
    /// AWS's refusal of the first wrong one.
    pub fn check(&self) -> Result<(), ApiError> {
        if let Some(runtime) = self.runtime.as_deref().filter(|runtime| Language::of(runtime).is_none()) {
            return Err(invalid(format!(
                "The runtime {runtime} does not run on this machine: the embedded engine runs functions in Python \
                 (python3.x) and Node.js (nodejs*.x)."
            )));
        }
        let handler = self.handler.as_deref();
        if handler.is_some_and(|handler| !handler.contains('.') || handler.len() > 128 || handler.contains("..")) {
            return Err(invalid(format!(
                "The handler {:?} is not of the form module.function.",
                handler.unwrap_or_default()
            )));
        }
        if let Some(role) = &self.role {
            check_role(role).map_err(|_| {
                ApiError::constraint("role", "satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+")
            })?;
        }
        check_between("timeout", self.timeout, 1, 900)?;
        check_between("memorySize", self.memory_size, 128, 10_240)?;
        if !self.layers.is_empty() {
            return Err(invalid("The embedded engine has no layers. Put what the function needs into its package."));
        }
        self.environment.as_ref().map_or(Ok(()), |environment| check_variables(&environment.variables))
    }

    /// Sets what is given.
    pub fn apply(self, function: &mut Function) {
        let Self { runtime, handler, role, description, timeout, memory_size, environment, .. } = self;
        set(&mut function.runtime, runtime);
        set(&mut function.handler, handler);
        set(&mut function.role, role);
        set(&mut function.description, description);
        set(&mut function.timeout, timeout);
        set(&mut function.memory, memory_size);
        set(&mut function.environment, environment.map(|environment| environment.variables));
        for (name, given) in [
            ("VpcConfig", self.vpc_config),
            ("DeadLetterConfig", self.dead_letter_config),
            ("TracingConfig", self.tracing_config),
            ("KMSKeyArn", self.kms_key_arn),
            ("FileSystemConfigs", self.file_system_configs),
            ("EphemeralStorage", self.ephemeral_storage),
            ("SnapStart", self.snap_start),
            ("LoggingConfig", self.logging_config),
            ("Architectures", self.architectures),
        ] {
            store(&mut function.stored, name, given);
        }
    }
}

fn set<T>(field: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *field = given;
    }
}

/// Keeps a parameter that has no effect; an empty one takes it away.
fn store(stored: &mut Map<String, Value>, name: &str, given: Option<Value>) {
    match given {
        Some(Value::Object(empty)) if empty.is_empty() => {
            stored.shift_remove(name);
        }
        Some(Value::String(empty)) if empty.is_empty() => {
            stored.shift_remove(name);
        }
        Some(value) => {
            stored.insert(name.to_owned(), value);
        }
        None => {}
    }
}

fn check_between(parameter: &str, value: Option<u64>, least: u64, most: u64) -> Result<(), ApiError> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            let (must, limit) =
                if value < least { ("greater than or equal to", least) } else { ("less than or equal to", most) };
            Err(ApiError::new(
                "ValidationException",
                format!(
                    "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: Member must \
                     have value {must} {limit}"
                ),
            ))
        }
        _ => Ok(()),
    }
}

fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let reserved: Vec<&str> = variables.keys().map(String::as_str).filter(|name| RESERVED.contains(name)).collect();
    if !reserved.is_empty() {
        return Err(invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have provided \
             contains reserved keys that are currently not supported for modification. Reserved keys used in this request: \
             {}",
            reserved.join(", ")
        )));
    }
    let legal = |name: &String| {
        name.len() >= 2
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    if let Some(wrong) = variables.keys().find(|name| !legal(name)) {
        return Err(invalid(format!(
            "The name {wrong:?} of an environment variable is not valid: it begins with a letter, and has at least two \
             letters, digits and underscores."
        )));
    }
    if let Some((wrong, _)) = variables.iter().find(|(_, value)| value.contains('\0')) {
        return Err(invalid(format!("The value of the environment variable {wrong} has a null character.")));
    }
    let size: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > ENVIRONMENT {
        return Err(invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have provided \
             exceeded the 4KB limit. Size in bytes: {size}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use serde_json::json;

    use super::*;

    #[test]
    fn what_lambda_refuses_is_refused() {
        for (given, why) in [
            (json!({ "Runtime": "java21" }), "java21 does not run on this machine"),
            (json!({ "Handler": "handler" }), "module.function"),
            (json!({ "Role": "nonsense" }), "at 'role'"),
            (json!({ "Timeout": 901 }), "less than or equal to 900"),
            (json!({ "MemorySize": 64 }), "greater than or equal to 128"),
            (json!({ "Layers": ["arn"] }), "no layers"),
            (json!({ "Environment": { "Variables": { "AWS_REGION": "x" } } }), "reserved keys"),
            (json!({ "Environment": { "Variables": { "1A": "x" } } }), "not valid"),
            (json!({ "Environment": { "Variables": { "BIG": "x".repeat(5_000) } } }), "4KB limit"),
        ] {
            let configuration: Configuration = serde_json::from_value(given).unwrap();
            let error = configuration.check().unwrap_err();
            assert!(error.message.contains(why), "{}", error.message);
        }
    }
}
