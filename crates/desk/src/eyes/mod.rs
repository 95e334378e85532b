//! What an actor sees of the payloads of one workflow: inputs, outputs, the data of events, and what requests ask for.
//!
//! Whoever may view payloads sees them without task tokens. To others the workflow's `hide` in the manifest applies: its
//! fields are hidden, and what stands in them is hidden wherever else it stands. Without `hide` nothing of a payload is
//! shown to them.

mod hide;

use std::sync::Arc;

pub use self::hide::{HIDDEN, Hide, HideFault, keys};
use crate::redact::Tokens;

/// What is shown in place of a payload that the actor may not see.
pub const NOT_FOR_YOU: &str = "\"[withheld: you may not see payloads]\"";

/// What an actor sees of the payloads of one workflow.
#[derive(Clone, Debug)]
pub struct Eyes {
    tokens: Arc<Tokens>,
    sees: Sees,
}

#[derive(Clone, Debug)]
enum Sees {
    All,
    /// All but what is hidden.
    But(Arc<Hide>),
    Nothing,
}

/// The details of events that are no payload.
const PLAIN: [&str; 18] = [
    "name",
    "resource",
    "resourceType",
    "region",
    "error",
    "workerName",
    "length",
    "index",
    "mapRunArn",
    "roleArn",
    "timeoutInSeconds",
    "heartbeatInSeconds",
    "redriveCount",
    "stateMachineAliasArn",
    "stateMachineVersionArn",
    "location",
    "state",
    "id",
];

impl Eyes {
    /// Those of somebody who may view payloads.
    #[must_use]
    pub const fn open(tokens: Arc<Tokens>) -> Self {
        Self { tokens, sees: Sees::All }
    }

    /// Those of somebody who may not, where this is hidden; nothing is seen where nothing is named.
    #[must_use]
    pub fn closed(tokens: Arc<Tokens>, hide: Hide) -> Self {
        let sees = if hide.is_empty() { Sees::Nothing } else { Sees::But(Arc::new(hide)) };
        Self { tokens, sees }
    }

    /// Whether nothing but task tokens is hidden.
    #[must_use]
    pub const fn see_all(&self) -> bool {
        matches!(self.sees, Sees::All)
    }

    /// Whether no payload is seen at all.
    #[must_use]
    pub const fn see_nothing(&self) -> bool {
        matches!(self.sees, Sees::Nothing)
    }

    /// A payload, or a text that was made of one, as it is shown.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        match &self.sees {
            Sees::All => self.tokens.text(text),
            Sees::But(hide) => hide.text(&self.tokens.text(text)),
            Sees::Nothing => NOT_FOR_YOU.to_owned(),
        }
    }

    /// The same for a payload that may be absent.
    #[must_use]
    pub fn option(&self, text: Option<&str>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    /// A name, an ARN or an error's name: no payload, but a task token may stand in it.
    #[must_use]
    pub fn name(&self, text: &str) -> String {
        match &self.sees {
            Sees::But(hide) => hide.values(&self.tokens.text(text)),
            _ => self.tokens.text(text),
        }
    }

    /// A detail of an event, under AWS's name.
    #[must_use]
    pub fn detail(&self, key: &str, value: &str) -> String {
        if PLAIN.contains(&key) { self.name(value) } else { self.text(value) }
    }

    /// A variable's value, as JSON.
    #[must_use]
    pub fn variable(&self, name: &str, value: &str) -> String {
        match &self.sees {
            Sees::But(hide) if hide.hides_key(name) => countersign_json::quoted(HIDDEN),
            _ => self.text(value),
        }
    }

    /// How much was known of tokens, and what is hidden: what a search finds depends on both.
    pub(crate) fn version(&self) -> (usize, String) {
        let hidden = match &self.sees {
            Sees::All => String::new(),
            Sees::But(hide) => hide.version(),
            Sees::Nothing => "everything".to_owned(),
        };
        (self.tokens.len(), hidden)
    }

    /// The same eyes, which know the payloads of an execution: what is hidden in one of them is hidden everywhere. `hidden`
    /// finds it; where that is too much to be looked for, nothing of the execution is seen.
    #[must_use]
    pub(crate) fn knowing(self, hidden: impl FnOnce(&Hide) -> Option<Arc<Hide>>) -> Self {
        match &self.sees {
            Sees::But(hide) => {
                let sees = hidden(hide).map_or(Sees::Nothing, Sees::But);
                Self { sees, ..self }
            }
            _ => self,
        }
    }
}
