//! A plan as a file, between the review and the apply: `countersign deploy plan --out FILE`, then
//! `countersign deploy apply --plan FILE`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::desired::ItemPlan;
use super::outlook::Evidence;
use super::plan::hash_of;
use super::planning::{Owner, Plan};

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;

/// A plan as it is kept in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// [`VERSION`].
    pub version: u32,
    /// What was planned: the folder's path, or that of a template.
    pub source: String,
    /// The folder's name on the connection.
    pub folder: String,
    /// The environment's name; empty without one.
    pub environment: String,
    /// The name of the connection, or the URL of an endpoint.
    pub connection: String,
    pub region: String,
    pub account: String,
    /// The hash of the items: a file that was changed is refused.
    pub hash: String,
    pub items: Vec<ItemPlan>,
    /// What earlier executions would do, by the ARN of their state machine, as the review saw it; without what was not replayed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Evidence>,
}

/// Why a file is no plan that can be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanFileError {
    #[error("it is not a plan: {what} at line {line}, column {column}")]
    NotAPlan { what: String, line: usize, column: usize },
    #[error("it has the format {0}; this program reads the format {VERSION}")]
    OtherVersion(u32),
    #[error("it was changed after it was written: its contents do not have its hash")]
    Changed,
}

/// The version alone, whatever else a file has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl PlanFile {
    /// The file of a plan, of `source` on `connection`.
    #[must_use]
    pub fn of(plan: &Plan, source: &str, connection: &str) -> Self {
        let Owner { region, account, .. } = plan.owner.clone();
        let evidence = plan.items.iter().filter_map(|item| Some((item.plan.arn.clone(), item.evidence.clone()?)));
        Self {
            version: VERSION,
            source: source.to_owned(),
            folder: plan.folder.name(),
            environment: plan.environment.clone(),
            connection: connection.to_owned(),
            region,
            account,
            hash: plan.hash.clone(),
            items: plan.item_plans(),
            evidence: evidence.collect(),
        }
    }

    /// Puts the evidence of the review into the plan that was made again, so that its executions are not replayed twice.
    pub fn show_evidence(&self, plan: &mut Plan) {
        for item in &mut plan.items {
            item.evidence = self.evidence.get(&item.plan.arn).cloned();
        }
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// It is no plan of this version, or was changed.
    pub fn read(text: &str) -> Result<Self, PlanFileError> {
        let not_a_plan = |error: &serde_json::Error| PlanFileError::NotAPlan {
            what: error.to_string(),
            line: error.line(),
            column: error.column(),
        };
        let Versioned { version } = serde_json::from_str(text).map_err(|error| not_a_plan(&error))?;
        if version != VERSION {
            return Err(PlanFileError::OtherVersion(version));
        }
        let plan: Self = serde_json::from_str(text).map_err(|error| not_a_plan(&error))?;
        if hash_of(&plan.items) == plan.hash { Ok(plan) } else { Err(PlanFileError::Changed) }
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        // Strings, numbers and lists always have a JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn file() -> PlanFile {
        let text = |text: &str| text.to_owned();
        PlanFile {
            version: VERSION,
            source: text("statemachine"),
            folder: text("shop"),
            environment: text("live"),
            connection: text("default"),
            region: text("us-east-1"),
            account: text("000000000000"),
            hash: hash_of([]),
            items: Vec::new(),
            evidence: BTreeMap::new(),
        }
    }

    #[test]
    fn a_plan_file_is_read_as_it_was_written() {
        assert_eq!(PlanFile::read(&file().text()), Ok(file()));
        assert!(!file().text().contains("evidence"), "nothing was replayed");
        let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:order".to_owned();
        let found = Evidence { executions: 3, listed: Some(9), ..Evidence::default() };
        let replayed = PlanFile { evidence: BTreeMap::from([(arn, found)]), ..file() };
        assert_eq!(PlanFile::read(&replayed.text()), Ok(replayed));
    }

    #[test]
    fn a_file_that_is_no_plan_says_why() {
        let other = PlanFile { version: 2, ..file() };
        assert_eq!(PlanFile::read(&other.text()), Err(PlanFileError::OtherVersion(2)));
        let changed = PlanFile { hash: "0".to_owned(), ..file() };
        assert_eq!(PlanFile::read(&changed.text()), Err(PlanFileError::Changed));
        assert!(matches!(PlanFile::read("{\n\"version\": }"), Err(PlanFileError::NotAPlan { line: 2, .. })));
        let unknown = file().text().replace("\"region\"", "\"regoin\"");
        assert!(matches!(PlanFile::read(&unknown), Err(PlanFileError::NotAPlan { .. })));
    }
}
