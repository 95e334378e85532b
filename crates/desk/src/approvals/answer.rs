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
use countersign_json::{Json, quoted};
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

/// The manifest's answer; `None` if it has none.
///
/// # Errors
/// A sentence that names the expression whose result cannot be sent.
pub fn worded(outcome: &Outcome, words: &Words, sandbox: Option<SharedSandbox>) -> Result<Option<Answer>, String> {
    let id = &outcome.name.id;
    let answer = match &outcome.answer {
        AnswerRule::Default => return Ok(None),
        AnswerRule::Success(success) => Answer::Success(Scope::of(words, sandbox).json(success, id)?),
        AnswerRule::Failure(failure) => {
            let scope = Scope::of(words, sandbox);
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
    worded.unwrap_or_else(|| default(&words_of(decision)))
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
    fn of(words: &Words, sandbox: Option<SharedSandbox>) -> Self {
        let (request, form) = (Asked::of(&words.request).text().to_owned(), words.form.clone());
        let read = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
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
            ("request", read(&request)),
            ("form", read(&form)),
            ("person", words.person.name.clone().into()),
            ("comment", words.comment.clone().into()),
            ("decidedAt", iso(words.decided_at).into()),
            ("decisionId", words.id.into()),
            ("decision", decision),
        ];
        let mut spellings = Spellings::default();
        spellings.learn(&request);
        spellings.learn(&form);
        Self { request, form, variables, spellings, now: words.decided_at, seed: words.id.unsigned_abs(), sandbox }
    }

    /// A template's JSON text.
    fn json(&self, template: &Value, place: &str) -> Result<String, String> {
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
                    Ok::<_, String>(format!("{}:{}", quoted(key), self.json(value, &format!("{place}.{key}"))?))
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

    fn text(&self, template: &str, place: &str) -> Result<String, String> {
        match self.expression(template, place)? {
            Value::String(text) => Ok(text),
            other => Err(format!("{place} of the manifest returned {other}, which is not a string.")),
        }
    }

    fn expression(&self, text: &str, place: &str) -> Result<Value, String> {
        match jsonata::template(text.trim()) {
            Some(expression) => self.evaluated(expression, place),
            None => Ok(text.into()),
        }
    }

    fn evaluated(&self, expression: &str, place: &str) -> Result<Value, String> {
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

    fn answer(toml: &str, id: &str) -> Result<Option<Answer>, String> {
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
        assert!(why.contains("approve.a.b") && why.contains("$request.none"), "{why}");
        let why = answer(r#"reject = { error = "{% 1 %}" }"#, "reject").unwrap_err();
        assert!(why.contains("not a string"), "{why}");
        let long = format!("reject = {{ error = \"{}\" }}", "x".repeat(257));
        assert!(answer(&long, "reject").unwrap_err().contains("256"));
    }

    #[test]
    fn an_answer_is_the_same_each_time() {
        let toml = r#"approve = { id = "{% $uuid() %}", at = "{% $now() %}", n = "{% $random() %}" }"#;
        assert_eq!(answer(toml, "approve"), answer(toml, "approve"));
    }
}
