//! What a workflow can be started with besides its samples: its last inputs, its versions and its aliases.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::actor::Actor;
use crate::connection::{Api, CallError};
use crate::desk::Desk;
use crate::error::Error;
use crate::policy::Action;
use crate::stored::Stored;

/// The newest executions whose inputs are looked at, and how many different inputs are enough.
const LOOKED_AT: u32 = 24;
const INPUTS: usize = 6;
/// The most of them that are read from the connection for one page, and how long that may take.
const READ: usize = 6;
const PATIENCE: Duration = Duration::from_millis(600);
/// How old the list of a machine's versions and aliases may be, in milliseconds.
const QUALIFIERS_MS: i64 = 10_000;

/// The input of an execution, as a page may show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastInput {
    pub arn: String,
    pub name: String,
    pub started_at: i64,
    /// JSON, with marks for hidden texts.
    pub input: String,
}

/// A version or an alias of a state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qualifier {
    Version(String),
    Alias(String),
}

impl Qualifier {
    /// What stands behind the machine's ARN.
    #[must_use]
    pub fn name(&self) -> &str {
        let (Self::Version(name) | Self::Alias(name)) = self;
        name
    }
}

/// The qualifiers of machines by their ARNs, and when they were listed.
pub(crate) type Qualifiers = BTreeMap<String, (i64, Vec<Qualifier>)>;

impl Desk {
    /// The last different inputs of a workflow's executions, the newest first, of which a page shows excerpts; that goes on
    /// record. Inputs that may hold a token that could not be found are not among them.
    ///
    /// # Errors
    /// The actor may not see it, or the index cannot be read.
    pub async fn last_inputs(&self, actor: &Actor, workflow: &str) -> Result<Vec<LastInput>, Error> {
        self.permit(actor, Action::View, Some(workflow))?;
        // A form holds an input whole, so those who may not see it whole get none.
        if self.permit(actor, Action::ViewPayload, Some(workflow)).is_err() {
            return Ok(Vec::new());
        }
        let rows = self.executions(actor, Some(workflow), None, None, LOOKED_AT).await?.rows;
        let mut found: Vec<(String, LastInput)> = Vec::new();
        let mut left = READ;
        let tokens = self.redactor();
        let looking = async {
            for row in rows {
                let Some((text, withheld)) = self.input_of(&row.summary.arn, &mut left).await else { continue };
                if found.len() == INPUTS {
                    break;
                }
                if found.iter().any(|(other, _)| *other == text) {
                    continue;
                }
                let Some(input) = Stored::new(text.clone(), withheld, &tokens).shown else { continue };
                let (arn, name, started_at) = (row.summary.arn, row.summary.name, row.summary.started_at);
                found.push((text, LastInput { arn, name, started_at, input }));
            }
        };
        // What a slow connection has not answered by then is missing from the page.
        let _ = tokio::time::timeout(PATIENCE, looking).await;
        let found: Vec<LastInput> = found.into_iter().map(|(_, input)| input).collect();
        self.glimpsed(actor, workflow, &found).await;
        Ok(found)
    }

    /// The input of an execution and whether it is withheld: from what was read, or read now while the page's share and the
    /// pace allow it.
    async fn input_of(&self, arn: &str, left: &mut usize) -> Option<(String, bool)> {
        let record = match self.watch().known_record(arn) {
            Some(record) => record,
            None if *left > 0 && self.watch().grants(Api::GetExecutionHistory) => {
                *left -= 1;
                self.watch().record(arn).await.ok()?
            }
            None => return None,
        };
        let input = record.description.input.clone()?;
        Some((input, record.is_withheld()))
    }

    /// The versions and aliases of a workflow, aliases first; none where the connection does not say.
    ///
    /// # Errors
    /// The actor may not see it, or there is no such workflow.
    pub async fn qualifiers(&self, actor: &Actor, workflow: &str) -> Result<Vec<Qualifier>, Error> {
        let (_, machine) = self.machine(actor, workflow).await?;
        let now = self.now();
        if let Some((at, known)) = self.known_qualifiers().get(&machine.arn)
            && now - at < QUALIFIERS_MS
        {
            return Ok(known.clone());
        }
        let calls = &self.watch().connection.once;
        let listed = tokio::time::timeout(PATIENCE, async {
            let aliases = calls.list_aliases(&machine.arn).await?;
            let versions = calls.list_versions(&machine.arn).await?;
            Ok::<_, CallError>((aliases, versions))
        });
        let found: Vec<Qualifier> = match listed.await {
            Ok(Ok((aliases, versions))) => {
                aliases.into_iter().map(Qualifier::Alias).chain(versions.into_iter().map(Qualifier::Version)).collect()
            }
            // An endpoint without versions, or one that denies them: the machine itself can be started.
            Ok(Err(error)) => {
                tracing::debug!(%error, "versions and aliases are not known");
                Vec::new()
            }
            Err(_) => return Ok(Vec::new()),
        };
        self.known_qualifiers().insert(machine.arn, (now, found.clone()));
        Ok(found)
    }
}
