//! A function as it is stored, and as the API describes it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::wire::iso;
use crate::host::Host;
use crate::lambda::Spec;
use crate::random;

/// The version of a function that can be changed.
pub const LATEST: &str = "$LATEST";

/// A function, or a published version of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// Without a qualifier.
    pub arn: String,
    pub name: String,
    /// `$LATEST`, or a number.
    pub version: String,
    pub runtime: String,
    pub handler: String,
    pub role: String,
    pub description: String,
    pub timeout: u64,
    pub memory: u64,
    pub environment: BTreeMap<String, String>,
    pub code: Code,
    /// What has no effect here, as it was given: `TracingConfig`, `VpcConfig`, ...
    pub stored: Map<String, Value>,
    pub tags: BTreeMap<String, String>,
    /// The statements of its policy.
    pub policy: Vec<Value>,
    pub revision: String,
    /// Milliseconds since the epoch.
    pub modified_at: i64,
    /// The number of the last version; a number is never used again.
    pub last_version: u64,
    /// The functions' file declares it. Such a function is never stored.
    #[serde(skip)]
    pub is_declared: bool,
}

/// The code of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The name of its folder.
    pub folder: String,
    /// Of the package, in Base64.
    pub sha256: String,
    /// Of the package, in bytes.
    pub size: u64,
}

impl Function {
    /// A function of the functions' file.
    pub fn declared(arn: String, name: String, spec: &Spec) -> Self {
        Self {
            arn,
            name,
            version: LATEST.to_owned(),
            runtime: spec.runtime.clone(),
            handler: spec.handler.clone(),
            role: String::new(),
            description: "Declared in the functions file".to_owned(),
            timeout: spec.timeout_seconds,
            memory: spec.memory_mb,
            // It may hold secrets, and belongs to the file.
            environment: BTreeMap::new(),
            code: Code::default(),
            stored: Map::new(),
            tags: BTreeMap::new(),
            policy: Vec::new(),
            revision: String::new(),
            modified_at: 0,
            last_version: 0,
            is_declared: true,
        }
    }

    /// The ARN with the number of a version; that of `$LATEST` has no qualifier. Under it the function is stored.
    pub fn qualified_arn(&self) -> String {
        if self.version == LATEST { self.arn.clone() } else { format!("{}:{}", self.arn, self.version) }
    }

    /// What the host runs.
    pub fn spec(&self, host: &Host) -> Spec {
        Spec {
            runtime: self.runtime.clone(),
            handler: self.handler.clone(),
            code: folder(host, &self.code.folder),
            timeout_seconds: self.timeout,
            environment: self.environment.clone(),
            concurrency: None,
            memory_mb: self.memory,
            version: self.version.clone(),
        }
    }

    /// Marks a change.
    pub fn touch(&mut self, now: i64) {
        self.revision = random::uuid().to_string();
        self.modified_at = now;
    }

    /// The configuration as the API writes it.
    pub fn described(&self, qualified: bool) -> Value {
        let arn = match (qualified, self.version.as_str()) {
            (true, LATEST) => format!("{}:{LATEST}", self.arn),
            (_, LATEST) => self.arn.clone(),
            _ => self.qualified_arn(),
        };
        let mut all = json!({
            "FunctionName": self.name, "FunctionArn": arn, "Runtime": self.runtime, "Role": self.role,
            "Handler": self.handler, "CodeSize": self.code.size, "Description": self.description,
            "Timeout": self.timeout, "MemorySize": self.memory, "LastModified": last_modified(self.modified_at),
            "CodeSha256": self.code.sha256, "Version": self.version, "TracingConfig": { "Mode": "PassThrough" },
            "RevisionId": self.revision, "State": "Active", "LastUpdateStatus": "Successful", "PackageType": "Zip",
            "Architectures": ["x86_64"], "EphemeralStorage": { "Size": 512 },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", self.name) },
        });
        if !self.environment.is_empty() {
            all["Environment"] = json!({ "Variables": self.environment });
        }
        for (name, value) in &self.stored {
            all[name] = value.clone();
        }
        all
    }
}

/// The folder of functions' code.
pub fn root(host: &Host) -> PathBuf {
    host.store.folder().join("functions")
}

/// A folder with code, as an absolute path: a function runs in it.
pub fn folder(host: &Host, name: &str) -> PathBuf {
    let folder = root(host).join(name);
    std::path::absolute(&folder).unwrap_or(folder)
}

/// Lambda's own form of a time, such as `2026-11-27T13:00:00.000+0000`.
fn last_modified(millis: i64) -> String {
    let text = iso(millis);
    let text = text.trim_end_matches('Z');
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{seconds}.{fraction:0<3}+0000")
}

#[cfg(test)]
mod tests {
    use super::last_modified;

    #[test]
    fn times_have_three_digits_and_an_offset() {
        assert_eq!(last_modified(1_700_000_000_000), "2023-11-14T22:13:20.000+0000");
        assert_eq!(last_modified(1_700_000_000_120), "2023-11-14T22:13:20.120+0000");
    }
}
