//! The outcomes of a request: what a person may choose, what has to be filled in for it, and what the execution gets.
//!
//! Where the manifest names none, there are two: approve and reject.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::REJECTED;
use super::asked::words;
use super::form::Form;
use super::policy::{Policy, Rejection};

/// The ids of the outcomes that there are without any rule.
pub const APPROVE: &str = "approve";
pub const REJECT: &str = "reject";

/// How an outcome looks, and whether one person's choice of it is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// The request is granted.
    Good,
    /// It is refused: one person's choice decides, unless the outcome has a `quorum` of its own.
    Bad,
    #[default]
    Neutral,
}

/// An outcome as the manifest has it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRule {
    /// The button's words.
    pub label: Option<String>,
    /// What it is called once it was chosen, such as "Sent back".
    pub done: Option<String>,
    pub tone: Option<Tone>,
    #[serde(default)]
    pub comment_required: bool,
    /// How many people have to choose it, where that differs from the approval's `quorum`.
    pub quorum: Option<u32>,
    /// A JSON Schema; see [`super::form`].
    pub form: Option<Value>,
    /// The answer as JSON with JSONata in `{% %}`; see [`super::answer`].
    pub success: Option<Value>,
    /// The answer as an error.
    pub failure: Option<Failure>,
}

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub error: String,
    pub cause: Option<String>,
}

/// What the execution gets.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerRule {
    /// The decision itself.
    Default,
    Success(Value),
    Failure(Failure),
}

/// The name of an outcome, as a decision keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub id: String,
    pub label: String,
    /// What it is called once it was chosen.
    pub done: String,
    pub tone: Tone,
}

/// An outcome with everything that the manifest left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub name: Chosen,
    pub comment_required: bool,
    /// How many people have to choose it, where it has a number of its own.
    pub quorum: Option<u32>,
    /// The form; why it cannot be shown where its schema is wrong.
    pub form: Result<Form, String>,
    pub answer: AnswerRule,
}

impl Chosen {
    /// The approval without any rule.
    #[must_use]
    pub fn approve() -> Self {
        Self { id: APPROVE.into(), label: "Approve".into(), done: "Approved".into(), tone: Tone::Good }
    }

    /// The rejection without any rule.
    #[must_use]
    pub fn reject() -> Self {
        Self { id: REJECT.into(), label: "Reject".into(), done: "Rejected".into(), tone: Tone::Bad }
    }

    /// The name of an outcome that the manifest says no more of.
    #[must_use]
    pub fn of(id: &str) -> Self {
        match id {
            APPROVE => Self::approve(),
            REJECT => Self::reject(),
            id => Self { id: id.to_owned(), label: sentence(id), done: sentence(id), tone: Tone::Neutral },
        }
    }

    /// Whether the request is granted.
    #[must_use]
    pub fn is_approval(&self) -> bool {
        self.tone == Tone::Good
    }
}

impl Outcome {
    /// Whether a button alone chooses it: there is nothing to fill in.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !self.comment_required && self.has_no_fields()
    }

    /// Whether nothing but a comment is filled in for it.
    #[must_use]
    pub fn has_no_fields(&self) -> bool {
        self.form.as_ref().is_ok_and(|form| form.fields.is_empty())
    }

    /// The error name of its answer, where it has one that is written down.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match &self.answer {
            AnswerRule::Failure(failure) => Some(&failure.error),
            AnswerRule::Success(_) => None,
            AnswerRule::Default => (self.name.id == REJECT).then_some(REJECTED),
        }
    }
}

/// An id as the words of a button.
pub(super) fn sentence(id: &str) -> String {
    let text = words(id).replace(['-', '_'], " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The outcomes of a request, in the order of their buttons.
#[must_use]
pub fn outcomes(policy: Option<&Policy>) -> Vec<Outcome> {
    match policy {
        Some(policy) if !policy.outcomes.is_empty() => {
            policy.outcomes.iter().map(|(id, rule)| outcome(id, rule)).collect()
        }
        _ => {
            let approve = policy.and_then(|policy| policy.approve.clone());
            let reject = policy.and_then(|policy| policy.reject.clone());
            vec![plain(Chosen::reject(), rejection(reject)), plain(Chosen::approve(), approval(approve))]
        }
    }
}

/// The outcome with this id.
#[must_use]
pub fn find(policy: Option<&Policy>, id: &str) -> Option<Outcome> {
    outcomes(policy).into_iter().find(|outcome| outcome.name.id == id)
}

fn plain(name: Chosen, answer: AnswerRule) -> Outcome {
    Outcome { name, comment_required: false, quorum: None, form: Ok(Form::default()), answer }
}

fn approval(answer: Option<Value>) -> AnswerRule {
    answer.map_or(AnswerRule::Default, AnswerRule::Success)
}

fn rejection(answer: Option<Rejection>) -> AnswerRule {
    match answer {
        None => AnswerRule::Default,
        Some(Rejection { success: Some(success), .. }) => AnswerRule::Success(success),
        Some(Rejection { error, cause, .. }) => {
            AnswerRule::Failure(Failure { error: error.unwrap_or_else(|| REJECTED.to_owned()), cause })
        }
    }
}

fn outcome(id: &str, rule: &OutcomeRule) -> Outcome {
    let known = Chosen::of(id);
    let done = rule.done.clone().unwrap_or_else(|| match &rule.label {
        // A label of one's own may say something else than the id.
        Some(label) if known.id != APPROVE && known.id != REJECT => label.clone(),
        _ => known.done.clone(),
    });
    let form = match &rule.form {
        None => Ok(Form::default()),
        Some(schema) => Form::read(schema).map_err(|faults| {
            faults.first().map_or_else(|| "it cannot be read".to_owned(), |fault| fault.what.clone())
        }),
    };
    let answer = match (&rule.success, &rule.failure) {
        (Some(success), _) => AnswerRule::Success(success.clone()),
        (None, Some(failure)) => AnswerRule::Failure(failure.clone()),
        (None, None) => AnswerRule::Default,
    };
    Outcome {
        name: Chosen {
            label: rule.label.clone().unwrap_or_else(|| known.label.clone()),
            done,
            tone: rule.tone.unwrap_or(known.tone),
            id: known.id,
        },
        comment_required: rule.comment_required,
        quorum: rule.quorum,
        form,
        answer,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    fn names(toml: &str) -> Vec<String> {
        let policy: Policy = toml::from_str(toml).unwrap();
        outcomes(Some(&policy))
            .iter()
            .map(|one| format!("{} {} {} {:?}", one.name.id, one.name.label, one.name.done, one.name.tone))
            .collect()
    }

    #[test]
    fn without_a_rule_there_are_two() {
        assert_eq!(names(""), ["reject Reject Rejected Bad", "approve Approve Approved Good"]);
        assert_eq!(outcomes(None).len(), 2);
        assert!(outcomes(None).iter().all(Outcome::is_plain));
    }

    #[test]
    fn the_manifest_names_them_in_its_order() {
        let toml = r#"
            [outcomes.sendBack]
            [outcomes.reject]
            label = "Refuse"
            [outcomes.approve]
            [outcomes.escalate]
            label = "Ask the board"
            done = "Passed on to the board"
            tone = "bad"
        "#;
        let expect = [
            "sendBack Send back Send back Neutral",
            "reject Refuse Rejected Bad",
            "approve Approve Approved Good",
            "escalate Ask the board Passed on to the board Bad",
        ];
        assert_eq!(names(toml), expect);
    }
}
