//! The answer to a task: by default the decision itself, otherwise the manifest's answer.
//!
//! The manifest's answer is JSON in which a text in `{% %}` is JSONata with the variables `$request`, `$form`, `$person` (the
//! name), `$comment`, `$decidedAt`, `$decisionId` and `$decision`. It is evaluated once, when the decision is made, and stored
//! with it: the manifest may have changed by the time the decision is sent again. Parts of the request and of the form are
//! handed on as they were written.

use countersign_asl::expr::Environment;
use countersign_asl::expr::jsonata;
use countersign_asl::expr::sandbox::Sandbox;
use countersign_engine::SharedSandbox;
use countersign_json::{Json, JsonError, quoted};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::REJECTED;
use super::asked::Asked;
use super::outcomes::{APPROVE, AnswerRule, Chosen, Outcome, REJECT};
use super::spellings::{Spellings, at_path};
use crate::actor::Actor;
use crate::store::Decision;

/// A form in which nothing is filled in.
pub const EMPTY: &str = "{}";

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
    /// What was filled in, as a JSON object.
    pub form: String,
    pub outcome: Chosen,
    pub person: Decider,
    pub comment: String,
    /// Milliseconds since the epoch.
    pub decided_at: i64,
    pub id: i64,
}

/// Who decides, for the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decider {
    pub id: String,
    pub name: String,
    pub groups: Vec<String>,
}

impl From<&Actor> for Decider {
    fn from(actor: &Actor) -> Self {
        Self { id: actor.id().to_owned(), name: actor.name().to_owned(), groups: actor.groups().to_vec() }
    }
}

/// Why an answer cannot be made, or be read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AnswerError {
    /// What the answer's expressions would read.
    #[error("the {part} cannot be read: {why}")]
    Unreadable { part: Part, why: String },
    /// An expression of the manifest failed.
    #[error("the expression {expression:?} in {place} {why}")]
    Expression { expression: String, place: String, why: String },
    #[error("{place} returned {returned}, which is not a string")]
    NotText { place: String, returned: String },
    #[error("the {part} has {bytes} bytes; the limit is {limit}")]
    TooLong { part: Part, bytes: usize, limit: usize },
    /// The program could not evaluate or write it.
    #[error("the answer could not be made: {0}")]
    Failed(String),
}

impl AnswerError {
    /// The same with each text of an execution changed by `rewrite`.
    #[must_use]
    pub fn rewritten(self, rewrite: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Unreadable { part, why } => Self::Unreadable { part, why: rewrite(&why) },
            Self::Expression { expression, place, why } => Self::Expression { expression, place, why: rewrite(&why) },
            Self::NotText { place, returned } => Self::NotText { place, returned: rewrite(&returned) },
            Self::Failed(why) => Self::Failed(rewrite(&why)),
            Self::TooLong { .. } => self,
        }
    }
}

/// A part of an answer, or of what it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    Request,
    Form,
    /// The answer that is on record.
    Recorded,
    Result,
    Error,
    Cause,
}

impl std::fmt::Display for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Request => "request",
            Self::Form => "form",
            Self::Recorded => "recorded answer",
            Self::Result => "answer",
            Self::Error => "error",
            Self::Cause => "cause",
        })
    }
}

/// The manifest's answer; `None` if it has none.
///
/// # Errors
/// What it is made of cannot be read, or what an expression returns cannot be sent.
pub fn worded(outcome: &Outcome, words: &Words, sandbox: Option<SharedSandbox>) -> Result<Option<Answer>, AnswerError> {
    let id = &outcome.name.id;
    let answer = match &outcome.answer {
        AnswerRule::Default => return Ok(None),
        AnswerRule::Success(success) => Answer::Success(Scope::of(words, sandbox)?.json(success, id)?),
        AnswerRule::Failure(failure) => {
            let scope = Scope::of(words, sandbox)?;
            Answer::Failure {
                error: scope.text(&failure.error, &format!("{id}.error"))?,
                cause: match &failure.cause {
                    Some(cause) => scope.text(cause, &format!("{id}.cause"))?,
                    None => cause(words),
                },
            }
        }
    };
    fits(&answer)?;
    Ok(Some(answer))
}

fn fits(answer: &Answer) -> Result<(), AnswerError> {
    let (bytes, limit, part) = match answer {
        Answer::Success(text) => (text.len(), RESULT, Part::Result),
        Answer::Failure { error, .. } if error.len() > ERROR => (error.len(), ERROR, Part::Error),
        Answer::Failure { cause, .. } => (cause.len(), CAUSE, Part::Cause),
    };
    if bytes > limit {
        return Err(AnswerError::TooLong { part, bytes, limit });
    }
    Ok(())
}

/// The answer of a recorded decision.
///
/// # Errors
/// It is on record, and cannot be read: nothing else may be sent in its place.
pub fn of(decision: &Decision) -> Result<Answer, AnswerError> {
    match decision.answer.as_deref() {
        None => Ok(default(&words_of(decision))),
        Some(text) => read(Part::Recorded, text),
    }
}

fn read<T: serde::de::DeserializeOwned>(part: Part, text: &str) -> Result<T, AnswerError> {
    serde_json::from_str(text).map_err(|error| AnswerError::Unreadable { part, why: error.to_string() })
}

/// The answer if the manifest has none.
#[must_use]
pub fn default(words: &Words) -> Answer {
    if words.outcome.id == REJECT {
        return Answer::Failure { error: REJECTED.to_owned(), cause: cause(words) };
    }
    let (decision, by) = match words.outcome.id.as_str() {
        APPROVE => ("approved", "approvedBy"),
        other => (other, "decidedBy"),
    };
    let mut members = vec![
        format!("\"decision\":{}", quoted(decision)),
        format!("\"{by}\":{}", quoted(&words.person.name)),
        format!("\"comment\":{}", quoted(&words.comment)),
        format!("\"decidedAt\":{}", quoted(&iso(words.decided_at))),
        format!("\"decisionId\":{}", words.id),
    ];
    if words.form != EMPTY {
        members.push(format!("\"form\":{}", words.form));
    }
    Answer::Success(format!("{{{}}}", members.join(",")))
}

fn words_of(decision: &Decision) -> Words {
    let about = &decision.decision;
    Words {
        request: String::new(),
        form: about.form.clone(),
        outcome: about.outcome.clone(),
        person: Decider { id: about.person_id.clone(), name: about.person_name.clone(), groups: Vec::new() },
        comment: about.comment.clone(),
        decided_at: about.decided_at,
        id: decision.id,
    }
}

/// The cause of a rejected task.
fn cause(words: &Words) -> String {
    let comment = if words.comment.is_empty() { "no comment" } else { &words.comment };
    let (done, person) = (&words.outcome.done, &words.person.name);
    format!("{done} by {person} at {}: {comment} (decision {})", iso(words.decided_at), words.id)
}

fn iso(millis: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// The variables of an answer's expressions. Time and randomness come from the decision, so the answer is reproducible.
struct Scope {
    /// The request's content and the form, as they were written.
    request: String,
    form: String,
    variables: Vec<(&'static str, Value)>,
    spellings: Spellings,
    now: i64,
    seed: u64,
    sandbox: Option<SharedSandbox>,
}

impl Scope {
    fn of(words: &Words, sandbox: Option<SharedSandbox>) -> Result<Self, AnswerError> {
        let unreadable = |error: JsonError| {
            let why = error.to_string();
            AnswerError::Unreadable { part: Part::Request, why }
        };
        let asked = Asked::read(&words.request).map_err(unreadable)?;
        let (request, form) = (asked.text().to_owned(), words.form.clone());
        let person = json!({"id": words.person.id, "name": words.person.name, "groups": words.person.groups});
        let decision = json!({
            "id": words.id,
            "outcome": words.outcome.id,
            "label": words.outcome.label,
            "person": person,
            "comment": words.comment,
            "decidedAt": iso(words.decided_at),
        });
        let variables = vec![
            ("request", read(Part::Request, &request)?),
            ("form", read(Part::Form, &form)?),
            ("person", words.person.name.clone().into()),
            ("comment", words.comment.clone().into()),
            ("decidedAt", iso(words.decided_at).into()),
            ("decisionId", words.id.into()),
            ("decision", decision),
        ];
        let mut spellings = Spellings::default();
        spellings.learn(&request);
        spellings.learn(&form);
        let (now, seed) = (words.decided_at, words.id.unsigned_abs());
        Ok(Self { request, form, variables, spellings, now, seed, sandbox })
    }

    /// A template's JSON text.
    fn json(&self, template: &Value, place: &str) -> Result<String, AnswerError> {
        Ok(match template {
            Value::String(text) => match jsonata::template(text.trim()) {
                None => quoted(text),
                Some(expression) => match self.as_written(expression) {
                    Some(written) => written,
                    None => self.spellings.write(&self.evaluated(expression, place)?),
                },
            },
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(at, item)| self.json(item, &format!("{place}[{at}]")));
                format!("[{}]", items.collect::<Result<Vec<_>, _>>()?.join(","))
            }
            Value::Object(fields) => {
                let member = |(key, value): (&String, &Value)| {
                    Ok::<_, AnswerError>(format!("{}:{}", quoted(key), self.json(value, &format!("{place}.{key}"))?))
                };
                format!("{{{}}}", fields.iter().map(member).collect::<Result<Vec<_>, _>>()?.join(","))
            }
            other => other.to_string(),
        })
    }

    /// What a plain path names, as it was written.
    fn as_written(&self, expression: &str) -> Option<String> {
        [("request", &self.request), ("form", &self.form)].into_iter().find_map(|(name, text)| {
            let json = Json::read(text.as_str()).ok()?;
            at_path(expression, name, &json).map(str::to_owned)
        })
    }

    fn text(&self, template: &str, place: &str) -> Result<String, AnswerError> {
        match self.expression(template, place)? {
            Value::String(text) => Ok(text),
            other => Err(AnswerError::NotText { place: place.to_owned(), returned: other.to_string() }),
        }
    }

    fn expression(&self, text: &str, place: &str) -> Result<Value, AnswerError> {
        match jsonata::template(text.trim()) {
            Some(expression) => self.evaluated(expression, place),
            None => Ok(text.into()),
        }
    }

    fn evaluated(&self, expression: &str, place: &str) -> Result<Value, AnswerError> {
        let mut variables = self.variables.iter().map(|(name, value)| (*name, value));
        jsonata::evaluate(expression, &[], &mut variables, self).map_err(|error| AnswerError::Expression {
            expression: expression.to_owned(),
            place: place.to_owned(),
            why: error.to_string(),
        })
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
    use crate::approvals::outcomes::find;

    fn words(outcome: &Outcome) -> Words {
        Words {
            request: r#"{"Payload":{"t":"[task token]","request":{"order":"A-1","amount":5.00,"big":98765432109876543210987}}}"#.into(),
            form: r#"{"limit":12.50}"#.into(),
            outcome: outcome.name.clone(),
            person: Decider { id: "dana".into(), name: "Dana Whitfield".into(), groups: vec!["finance".into()] },
            comment: "fine".into(),
            decided_at: 1_700_000_000_000,
            id: 7,
        }
    }

    fn answer(toml: &str, id: &str) -> Result<Option<Answer>, AnswerError> {
        let outcome = find(Some(&toml::from_str(toml).unwrap()), id).unwrap();
        worded(&outcome, &words(&outcome), None)
    }

    fn success(toml: &str, id: &str) -> String {
        match answer(toml, id).unwrap() {
            Some(Answer::Success(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_manifest_sets_both_answers() {
        let toml = r#"
            approve = { Status = "Approved! Task approved by {{", by = "{% $person %}", n = [1, "{% $request.amount + 1 %}"], id = "{% $decisionId %}", at = "{% $decidedAt %}" }
            reject = { success = { approved = false, why = "{% $comment %}" } }
        "#;
        let expect = r#"{"Status":"Approved! Task approved by {{","by":"Dana Whitfield","n":[1,6],"id":7,"at":"2023-11-14T22:13:20Z"}"#;
        assert_eq!(success(toml, "approve"), expect);
        assert_eq!(success(toml, "reject"), r#"{"approved":false,"why":"fine"}"#);
        let toml = r#"reject = { error = "Refused", cause = "{% $person & ' refused ' & $request.order %}" }"#;
        let failure = Answer::Failure { error: "Refused".into(), cause: "Dana Whitfield refused A-1".into() };
        assert_eq!(answer(toml, "reject").unwrap().unwrap(), failure);
        assert_eq!(answer(toml, "approve").unwrap(), None, "the default stays");
    }

    #[test]
    fn an_outcome_has_an_answer_of_its_own() {
        let toml = r#"
            [outcomes.sendBack]
            success = { s = "back", limit = "{% $form.limit %}", by = "{% $decision.person.groups[0] %}", what = "{% $decision.outcome %}" }
            [outcomes.hold]
            failure = { error = "{% 'Held' %}" }
            [outcomes.later]
        "#;
        assert_eq!(success(toml, "sendBack"), r#"{"s":"back","limit":12.50,"by":"finance","what":"sendBack"}"#);
        let Some(Answer::Failure { error, cause }) = answer(toml, "hold").unwrap() else { panic!("it fails") };
        assert_eq!((error.as_str(), cause.starts_with("Hold by Dana Whitfield at ")), ("Held", true), "{cause}");
        let outcome = find(Some(&toml::from_str(toml).unwrap()), "later").unwrap();
        let Answer::Success(text) = default(&words(&outcome)) else { panic!("it succeeds") };
        assert!(
            text.starts_with(r#"{"decision":"later","decidedBy":"Dana Whitfield""#)
                && text.ends_with(r#","form":{"limit":12.50}}"#),
            "{text}"
        );
    }

    #[test]
    fn what_is_handed_on_stays_as_it_was_written() {
        let toml = r#"approve = { all = "{% $request %}", sum = "{% $request.amount %}", made = "{% {'a': $request.big, 'b': $request.amount} %}" }"#;
        let request = r#"{"order":"A-1","amount":5.00,"big":98765432109876543210987}"#;
        let expect = format!(r#"{{"all":{request},"sum":5.00,"made":{{"a":98765432109876543210987,"b":5.00}}}}"#);
        assert_eq!(success(toml, "approve"), expect);
    }

    #[test]
    fn an_answer_that_cannot_be_evaluated_names_the_expression() {
        let why = answer(r#"approve = { a = { b = "{% $request.none %}" } }"#, "approve").unwrap_err();
        let AnswerError::Expression { expression, place, .. } = &why else { panic!("{why}") };
        assert_eq!((expression.as_str(), place.as_str()), ("$request.none", "approve.a.b"));
        let why = answer(r#"reject = { error = "{% 1 %}" }"#, "reject").unwrap_err();
        assert!(matches!(why, AnswerError::NotText { .. }), "{why}");
        let long = format!("reject = {{ error = \"{}\" }}", "x".repeat(257));
        let too_long = AnswerError::TooLong { part: Part::Error, bytes: 257, limit: 256 };
        assert_eq!(answer(&long, "reject").unwrap_err(), too_long);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_null() {
        let outcome = find(Some(&toml::from_str(r#"approve = { all = "{% $request %}" }"#).unwrap()), APPROVE).unwrap();
        let with = |request: &str, form: &str| {
            let words = Words { request: request.to_owned(), form: form.to_owned(), ..words(&outcome) };
            match worded(&outcome, &words, None) {
                Err(AnswerError::Unreadable { part, .. }) => Some(part),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(with("{", "{}"), Some(Part::Request));
        assert_eq!(with(r#"{"n":1e999}"#, "{}"), Some(Part::Request), "a number that no double holds");
        assert_eq!(with("{}", "{"), Some(Part::Form));
    }

    #[test]
    fn an_answer_on_record_that_cannot_be_read_is_not_replaced_by_another() {
        let outcome = find(None, REJECT).unwrap();
        let decision = Decision {
            id: 7,
            decision: crate::store::NewDecision {
                bound: crate::store::Bound::default(),
                execution_arn: String::new(),
                event: 3,
                workflow: String::new(),
                state: String::new(),
                title: String::new(),
                outcome: outcome.name.clone(),
                form: EMPTY.to_owned(),
                person_id: String::new(),
                person_name: "Dana".to_owned(),
                comment: String::new(),
                decided_at: 0,
            },
            answer: Some("{\"success\":".to_owned()),
            delivery: crate::store::DeliveryRecord::Pending,
            attempts: 0,
            trouble: None,
        };
        assert!(matches!(of(&decision), Err(AnswerError::Unreadable { part: Part::Recorded, .. })));
        let plain = Decision { answer: None, ..decision };
        assert!(matches!(of(&plain), Ok(Answer::Failure { .. })));
    }

    #[test]
    fn an_answer_is_the_same_each_time() {
        let toml = r#"approve = { id = "{% $uuid() %}", at = "{% $now() %}", n = "{% $random() %}" }"#;
        assert_eq!(answer(toml, "approve"), answer(toml, "approve"));
    }
}
