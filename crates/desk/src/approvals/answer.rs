//! The answer to a task: by default the decision itself, otherwise the manifest's answer.
//!
//! The manifest's answer is JSON in which a text in `{% %}` is JSONata with the variables `$request`, `$person` (the name),
//! `$comment`, `$decidedAt` and `$decisionId`. It is evaluated once, when the decision is made, and stored with it: the
//! manifest may have changed by the time the decision is sent again.

use countersign_asl::expr::Environment;
use countersign_asl::expr::jsonata;
use countersign_asl::expr::sandbox::Sandbox;
use countersign_engine::SharedSandbox;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::REJECTED;
use super::asked::Asked;
use super::policy::Policy;
use crate::store::Decision;

/// AWS's limits of a result, an error name and a cause, in bytes.
const RESULT: usize = 262_144;
const ERROR: usize = 256;
const CAUSE: usize = 32_768;

/// The answer that the execution receives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// JSON text.
    Success(String),
    Failure {
        error: String,
        cause: String,
    },
}

/// The values of an expression's variables.
#[derive(Clone, Debug)]
pub struct Words {
    /// The redacted request.
    pub request: String,
    pub person: String,
    pub comment: String,
    /// Milliseconds since the epoch.
    pub decided_at: i64,
    pub id: i64,
}

/// The manifest's answer; `None` if it has none.
///
/// # Errors
/// A sentence that names the expression whose result cannot be sent.
pub fn worded(
    policy: Option<&Policy>,
    approved: bool,
    words: &Words,
    sandbox: Option<SharedSandbox>,
) -> Result<Option<Answer>, String> {
    let Some(policy) = policy else { return Ok(None) };
    let scope = Scope::of(words, sandbox);
    let answer = match (approved, &policy.approve, &policy.reject) {
        (true, Some(approve), _) => Answer::Success(scope.value(approve, "approve")?.to_string()),
        (false, _, Some(reject)) => match (&reject.success, &reject.error) {
            (Some(success), _) => Answer::Success(scope.value(success, "reject.success")?.to_string()),
            (None, error) => Answer::Failure {
                error: scope.text(error.as_deref().unwrap_or(REJECTED), "reject.error")?,
                cause: match &reject.cause {
                    Some(cause) => scope.text(cause, "reject.cause")?,
                    None => cause(words),
                },
            },
        },
        _ => return Ok(None),
    };
    fits(&answer)?;
    Ok(Some(answer))
}

fn fits(answer: &Answer) -> Result<(), String> {
    let (length, limit, what) = match answer {
        Answer::Success(text) => (text.len(), RESULT, "answer"),
        Answer::Failure { error, .. } if error.len() > ERROR => (error.len(), ERROR, "error"),
        Answer::Failure { cause, .. } => (cause.len(), CAUSE, "cause"),
    };
    if length > limit {
        return Err(format!("The {what} has {length} bytes; Step Functions accepts at most {limit}."));
    }
    Ok(())
}

/// The answer of a recorded decision.
#[must_use]
pub fn of(decision: &Decision) -> Answer {
    let worded = decision.answer.as_deref().and_then(|text| serde_json::from_str(text).ok());
    worded.unwrap_or_else(|| default(decision.decision.approved, &words_of(decision)))
}

/// The answer if the manifest has none.
#[must_use]
pub fn default(approved: bool, words: &Words) -> Answer {
    if !approved {
        return Answer::Failure { error: REJECTED.to_owned(), cause: cause(words) };
    }
    let answer = json!({
        "decision": "approved",
        "approvedBy": words.person,
        "comment": words.comment,
        "decidedAt": iso(words.decided_at),
        "decisionId": words.id,
    });
    Answer::Success(answer.to_string())
}

fn words_of(decision: &Decision) -> Words {
    let about = &decision.decision;
    Words {
        request: String::new(),
        person: about.person_name.clone(),
        comment: about.comment.clone(),
        decided_at: about.decided_at,
        id: decision.id,
    }
}

/// The cause of a rejected task.
fn cause(words: &Words) -> String {
    let comment = if words.comment.is_empty() { "no comment" } else { &words.comment };
    format!("Rejected by {} at {}: {comment} (decision {})", words.person, iso(words.decided_at), words.id)
}

fn iso(millis: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// The variables of an answer's expressions. Time and randomness come from the decision, so the answer is reproducible.
struct Scope {
    variables: Vec<(&'static str, Value)>,
    now: i64,
    seed: u64,
    sandbox: Option<SharedSandbox>,
}

impl Scope {
    fn of(words: &Words, sandbox: Option<SharedSandbox>) -> Self {
        let request = serde_json::from_str(Asked::of(&words.request).text()).unwrap_or(Value::Null);
        let variables = vec![
            ("request", request),
            ("person", words.person.clone().into()),
            ("comment", words.comment.clone().into()),
            ("decidedAt", iso(words.decided_at).into()),
            ("decisionId", words.id.into()),
        ];
        Self { variables, now: words.decided_at, seed: words.id.unsigned_abs(), sandbox }
    }

    fn value(&self, template: &Value, place: &str) -> Result<Value, String> {
        match template {
            Value::String(text) => self.expression(text, place),
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, item)| self.value(item, &format!("{place}[{at}]"))).collect()
            }
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| Ok((key.clone(), self.value(value, &format!("{place}.{key}"))?)))
                .collect::<Result<serde_json::Map<_, _>, String>>()
                .map(Value::Object),
            other => Ok(other.clone()),
        }
    }

    fn text(&self, template: &str, place: &str) -> Result<String, String> {
        match self.expression(template, place)? {
            Value::String(text) => Ok(text),
            other => Err(format!("{place} of the manifest returned {other}, which is not a string.")),
        }
    }

    fn expression(&self, text: &str, place: &str) -> Result<Value, String> {
        let Some(expression) = jsonata::template(text.trim()) else { return Ok(text.into()) };
        let mut variables = self.variables.iter().map(|(name, value)| (*name, value));
        jsonata::evaluate(expression, &[], &mut variables, self)
            .map_err(|error| format!("The expression {expression:?} in {place} of the manifest {error}"))
    }
}

impl Environment for Scope {
    fn input(&self) -> &Value {
        &Value::Null
    }
    fn context(&self) -> &Value {
        &Value::Null
    }
    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
    fn random(&self) -> u64 {
        self.seed
    }
    fn now(&self) -> i64 {
        self.now
    }
    fn sandbox(&self) -> Option<&dyn Sandbox> {
        self.sandbox.as_deref().map(|sandbox| sandbox as &dyn Sandbox)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed evaluation is a failed test")]
    use super::*;

    fn words() -> Words {
        Words {
            request: r#"{"Payload":{"t":"[task token]","request":{"order":"A-1","amount":5}}}"#.into(),
            person: "Dana Whitfield".into(),
            comment: "fine".into(),
            decided_at: 1_700_000_000_000,
            id: 7,
        }
    }

    fn policy(toml: &str) -> Policy {
        toml::from_str(toml).unwrap()
    }

    fn answer(toml: &str, approved: bool) -> Result<Option<Answer>, String> {
        worded(Some(&policy(toml)), approved, &words(), None)
    }

    #[test]
    fn the_manifest_sets_both_answers() {
        let toml = r#"
            approve = { Status = "Approved! Task approved by {{", by = "{% $person %}", n = [1, "{% $request.amount + 1 %}"], id = "{% $decisionId %}", at = "{% $decidedAt %}" }
            reject = { success = { approved = false, why = "{% $comment %}" } }
        "#;
        assert_eq!(
            answer(toml, true).unwrap().unwrap(),
            Answer::Success(
                r#"{"Status":"Approved! Task approved by {{","by":"Dana Whitfield","n":[1,6],"id":7,"at":"2023-11-14T22:13:20Z"}"#.into()
            )
        );
        assert_eq!(answer(toml, false).unwrap().unwrap(), Answer::Success(r#"{"approved":false,"why":"fine"}"#.into()));
        let toml = r#"reject = { error = "Refused", cause = "{% $person & ' refused ' & $request.order %}" }"#;
        let failure = Answer::Failure { error: "Refused".into(), cause: "Dana Whitfield refused A-1".into() };
        assert_eq!(answer(toml, false).unwrap().unwrap(), failure);
        assert_eq!(answer(toml, true).unwrap(), None, "the default stays");
    }

    #[test]
    fn an_answer_that_cannot_be_evaluated_names_the_expression() {
        let why = answer(r#"approve = { a = { b = "{% $request.none %}" } }"#, true).unwrap_err();
        assert!(why.contains("approve.a.b") && why.contains("$request.none"), "{why}");
        let why = answer(r#"reject = { error = "{% 1 %}" }"#, false).unwrap_err();
        assert!(why.contains("not a string"), "{why}");
        let long = format!("reject = {{ error = \"{}\" }}", "x".repeat(257));
        assert!(answer(&long, false).unwrap_err().contains("256"));
    }

    #[test]
    fn an_answer_is_the_same_each_time() {
        let toml = r#"approve = { id = "{% $uuid() %}", at = "{% $now() %}", n = "{% $random() %}" }"#;
        assert_eq!(answer(toml, true), answer(toml, true));
    }
}
