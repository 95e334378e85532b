//! What a template may ask about.

use std::collections::BTreeMap;
use std::sync::Mutex;

use countersign_template::{Attributes, Data, Environment, Surroundings, Value};
use indexmap::IndexMap;

use super::model::{Deployed, Stack};
use crate::api::error::ApiError;
use crate::api::ssm;
use crate::host::{AccountRegion, Host, lock, partition};

/// The parameters of Parameter Store and the exports of stacks in an account and region, as they were when they were
/// read.
#[derive(Debug, Default)]
pub struct Around {
    parameters: BTreeMap<String, String>,
    exports: BTreeMap<String, String>,
    /// The exports that were asked for.
    imports: Mutex<Vec<String>>,
}

impl Around {
    /// Reads them, for a stack, whose own exports are not for it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn read(host: &Host, place: &AccountRegion, stack: &str) -> Result<Self, ApiError> {
        let parameters = ssm::values(host, place).await?;
        let stacks = super::all(host, place).await?;
        let others = stacks.iter().filter(|one| one.arn != stack && one.deleted_at.is_none());
        let exports = others.flat_map(|one| one.outputs.values());
        let exports = exports.filter_map(|output| Some((output.export.clone()?, output.value.clone())));
        Ok(Self { parameters, exports: exports.collect(), imports: Mutex::default() })
    }

    /// The exports that were asked for, each once.
    pub fn imports(&self) -> Vec<String> {
        let mut imports = lock(&self.imports).clone();
        imports.sort();
        imports.dedup();
        imports
    }

    /// Whether another stack exports this name.
    pub fn exports(&self, name: &str) -> bool {
        self.exports.contains_key(name)
    }
}

impl Surroundings for Around {
    fn ssm_parameter(&self, name: &str) -> Option<String> {
        self.parameters.get(name).cloned()
    }

    fn export(&self, name: &str) -> Option<String> {
        let value = self.exports.get(name).cloned();
        if value.is_some() {
            lock(&self.imports).push(name.to_owned());
        }
        value
    }
}

/// The resources of a stack that are made.
#[derive(Debug)]
pub struct Known<'s>(pub &'s IndexMap<String, Deployed>);

impl Attributes for Known<'_> {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        Some(self.0.get(logical_id)?.physical.clone().into())
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        let value = self.0.get(logical_id)?.attributes.get(attribute)?;
        value.to_string().parse().ok().filter(|value: &Value| value.data != Data::Null)
    }
}

/// The environment of a stack.
pub fn environment(place: &AccountRegion, stack: &Stack, notification_arns: &[String]) -> Environment {
    Environment {
        account: place.account.clone(),
        region: place.region.clone(),
        partition: partition(&place.region).to_owned(),
        stack_name: stack.name.clone(),
        stack_id: stack.arn.clone(),
        notification_arns: notification_arns.to_vec(),
    }
}
