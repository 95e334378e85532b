//! What the server hands a page with its first drawing: the proof that the page's forms carry, and what came of the form
//! that led to it.
//!
//! Neither travels in the address: what the address says, anybody may have written.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::app::here;
use crate::app::ui::StoredValue;
use crate::error::AppError;
use crate::wire::deploy::DiffLine;
use crate::wire::inbox::{EarlierEnd, Preview, RequestKey};
use crate::wire::{Compact, Problem};

/// The name of the field that carries the proof.
pub const PROOF: &str = "proof";
/// The name of the field that says which connection a form acts on.
pub const CONNECTION: &str = "connection";
/// What a page's own script accepts as the answer to a form.
pub const COMPACT: &str = "application/x-postcard";

/// What came of a form, as far as the page that follows does not show it by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// It was refused. What was typed comes back, by the names of the fields.
    Refused { problem: Problem, typed: Vec<(String, String)> },
    /// The decision about `request` came after something else had ended it: `by` says what. `late` is what was late, such
    /// as "approval".
    Late { late: String, request: RequestKey, by: EarlierEnd },
    /// Where a form of `request` would lead, or what is wrong with it. Nothing was decided; what was typed comes back.
    Ahead { preview: Preview, request: RequestKey, typed: Vec<(String, String)> },
    /// A sample was chosen in a form, and nothing was started. What was typed comes back, by the names of the fields: with
    /// an input among it, the sample waits for a word.
    Sample { index: usize, typed: Vec<(String, String)> },
    /// How the input in a form differs from the stored one; nothing was started. What was typed comes back.
    Compared { lines: Vec<DiffLine>, typed: Vec<(String, String)> },
    /// The list of executions with this name has no name any more.
    Unnamed { name: String },
    /// An Express execution was started, which no page can show.
    StartedExpress { name: String },
    /// These workflows were deployed.
    Deployed { names: Vec<String> },
}

/// What came of a form that was posted to `action`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub action: String,
    pub told: Told,
}

impl Outcome {
    /// How much text it holds, in bytes, about.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn size(&self) -> usize {
        let fields =
            |typed: &[(String, String)]| typed.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let told = match &self.told {
            Told::Refused { problem, typed } => problem.what.len() + problem.remedy.len() + fields(typed),
            Told::Sample { typed, .. } => fields(typed),
            Told::Compared { lines, typed } => {
                lines.iter().map(|line| line.text.len() + 8).sum::<usize>() + fields(typed)
            }
            Told::Late { request, by, .. } => {
                let by = match by {
                    EarlierEnd::Decided { person, .. } | EarlierEnd::Held { person, .. } => person.len(),
                    EarlierEnd::Closed { how, .. } => how.len(),
                };
                request.0.len() + by
            }
            Told::Ahead { preview, request, typed } => {
                let warnings = preview.warnings.iter().map(String::len).sum::<usize>();
                let then = preview.then.as_ref().map_or(0, String::len);
                request.0.len() + then + warnings + fields(&preview.faults) + fields(typed)
            }
            Told::StartedExpress { name } | Told::Unnamed { name } => name.len(),
            Told::Deployed { names } => names.iter().map(String::len).sum(),
        };
        told + 256
    }
}

/// The answer to a form that a page's script posted: where to go, and what to say there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub to: Option<String>,
    pub told: Option<Told>,
}

/// The whole of that answer. A refusal is one too, with a status of success: the page shows it, and what a page shows is no
/// error for the browser's console.
pub type Answer = Result<Done, AppError>;

/// What the server hands the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// Shows that a form comes from a page of this session; empty where there is no session.
    pub proof: String,
    pub outcome: Option<Outcome>,
    /// Whether nothing can be changed on the connection.
    pub read_only: bool,
    /// The name of whoever signed in; nothing where the personas of the demonstration act.
    pub signed_in: Option<String>,
    /// What the banner of the demonstration says: HTML that the server made.
    pub banner: String,
}

/// What the page was handed, for its forms.
#[derive(Clone, Copy)]
pub struct Arrival {
    proof: StoredValue<String>,
    outcome: StoredValue<Option<Outcome>>,
    signed_in: StoredValue<Option<String>>,
    banner: StoredValue<String>,
}

impl Arrival {
    /// Takes what the server handed over.
    #[must_use]
    pub fn start() -> Self {
        let handed = SharedValue::<Handed, Compact>::new_with_encoding(|| use_context().unwrap_or_default());
        Self::of(handed.into_inner())
    }

    /// Takes what is handed over.
    #[must_use]
    pub fn of(handed: Handed) -> Self {
        let Handed { proof, outcome, read_only, signed_in, banner } = handed;
        here::restrict(read_only);
        let arrival = Self {
            proof: StoredValue::new(proof),
            outcome: StoredValue::new(outcome),
            signed_in: StoredValue::new(signed_in),
            banner: StoredValue::new(banner),
        };
        provide_context(arrival);
        arrival
    }

    /// The page's own.
    #[must_use]
    pub fn of_page() -> Self {
        expect_context()
    }

    /// The proof for a form.
    #[must_use]
    pub fn proof(&self) -> String {
        self.proof.get_value()
    }

    /// The name of whoever signed in.
    #[must_use]
    pub fn signed_in(&self) -> Option<String> {
        self.signed_in.get_value()
    }

    /// What the banner of the demonstration says, as HTML.
    #[must_use]
    pub fn banner(&self) -> String {
        self.banner.get_value()
    }

    /// Replaces the proof: the server that gave the last one has started again since.
    #[cfg(feature = "hydrate")]
    pub fn renew(&self, proof: String) {
        self.proof.set_value(proof);
    }

    /// What came of the form that was posted to `action`, once.
    #[must_use]
    pub fn take(&self, action: &str) -> Option<Told> {
        let mut taken = None;
        self.outcome.update_value(|outcome| {
            if outcome.as_ref().is_some_and(|outcome| outcome.action == action) {
                taken = outcome.take();
            }
        });
        taken.map(|outcome| outcome.told)
    }
}
