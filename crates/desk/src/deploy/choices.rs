//! Faults of the outcomes that a manifest gives an approval: their answers and their forms.

use countersign_asl::Rule;
use countersign_asl::expr::jsonata;
use serde_json::Value;

use super::check::Findings;
use crate::approvals::changes::is_path;
use crate::approvals::form::{Form, FormField};
use crate::approvals::outcomes::{OutcomeRule, outcomes};
use crate::approvals::when::Due;
use crate::approvals::who::approvers;
use crate::approvals::{Policy, Rejection};
use crate::nearest::meant;

/// The variables of an answer's expressions.
const VARIABLES: &[&str] = &["request", "form", "person", "comment", "decidedAt", "decisionId", "decision"];

/// Findings about what a person may choose. `way` leads to the approval.
pub fn outcome_findings(findings: &mut Findings, way: &[&str], policy: &Policy) {
    if let Some(fault) = policy.reject.as_ref().and_then(Rejection::fault) {
        let way = [way, &["reject"]].concat();
        let remedy = "Write reject = { success = { ... } } or reject = { error = \"...\", cause = \"...\" }.";
        findings.error(Rule::InvalidAnswer, &way, findings.places.key(&way), fault.to_owned(), remedy.to_owned());
    }
    if let Some(approve) = &policy.approve {
        expressions(findings, &[way, &["approve"]].concat(), approve);
    }
    if let Some(reject) = &policy.reject {
        let parts = [("error", &reject.error), ("cause", &reject.cause)];
        texts(findings, &[way, &["reject"]].concat(), parts);
        if let Some(success) = &reject.success {
            expressions(findings, &[way, &["reject", "success"]].concat(), success);
        }
    }
    for (key, is_given) in [("approve", policy.approve.is_some()), ("reject", policy.reject.is_some())] {
        if is_given && !policy.outcomes.is_empty() {
            let way = [way, &[key]].concat();
            let message = format!("`{key}` has no effect beside `outcomes`");
            let remedy = format!("Move the answer to outcomes.{key}, as `success` or `failure`.");
            findings.error(Rule::InvalidAnswer, &way, findings.places.key(&way), message, remedy);
        }
    }
    for (id, rule) in &policy.outcomes {
        outcome(findings, &[way, &["outcomes", id]].concat(), id, rule);
    }
}

/// Findings about who may decide.
pub fn rule_findings(findings: &mut Findings, way: &[&str], policy: &Policy) {
    for (key, number) in [("quorum", policy.quorum)]
        .into_iter()
        .chain(policy.outcomes.iter().map(|(id, rule)| (id.as_str(), rule.quorum)))
    {
        if number == Some(0) {
            let way =
                if key == "quorum" { [way, &[key]].concat() } else { [way, &["outcomes", key, "quorum"]].concat() };
            let remedy = "Write 1 or more, or leave it out.".to_owned();
            findings.error(
                Rule::InvalidApprovalRule,
                &way,
                findings.places.value(&way),
                "nobody cannot decide".to_owned(),
                remedy,
            );
        }
    }
    let few = policy.quorum.filter(|quorum| {
        let named = u32::try_from(policy.approvers.people.len()).unwrap_or(u32::MAX);
        policy.approvers.groups.is_empty() && named > 0 && named < *quorum
    });
    if let Some(quorum) = few {
        let way = [way, &["quorum"]].concat();
        let message = format!("{quorum} people are needed, and `approvers` names {}", policy.approvers.people.len());
        let remedy = "Name more approvers, or need less.".to_owned();
        findings.error(Rule::InvalidApprovalRule, &way, findings.places.value(&way), message, remedy);
    }
    if let Some(path) = &policy.requester {
        let way = [way, &["requester"]].concat();
        if let Err(why) = countersign_asl::expr::path::check(path) {
            let message = format!("the path to the requester cannot be used: {}", why.trim_end_matches('.'));
            let remedy = "Write a path into the request or the execution's input, such as $.requestedBy.".to_owned();
            findings.error(Rule::InvalidApprovalRule, &way, findings.places.value(&way), message, remedy);
        }
    }
}

/// Findings about the table of what changes.
pub fn change_findings(findings: &mut Findings, way: &[&str], policy: &Policy) {
    let paths = [("before", &policy.before, &policy.after), ("after", &policy.after, &policy.before)];
    for (key, path, other) in paths {
        let way = [way, &[key]].concat();
        let Some(path) = path else { continue };
        if !is_path(path) {
            let message = format!("{path:?} is no path to a part of the request");
            let remedy = "Write a path such as $.old or $.order.lines[0].".to_owned();
            findings.error(Rule::InvalidApprovalRule, &way, findings.places.value(&way), message, remedy);
        }
        if other.is_none() {
            let message = "`before` and `after` belong together".to_owned();
            let remedy = "Write both: before = \"$.old\" and after = \"$.new\".".to_owned();
            findings.error(Rule::InvalidApprovalRule, &way, findings.places.key(&way), message, remedy);
        }
    }
}

/// Findings about what happens at which time.
pub fn time_findings(findings: &mut Findings, way: &[&str], policy: &Policy) {
    let mut add = |key: &str, message: String, remedy: &str| {
        let way = [way, &[key]].concat();
        findings.error(Rule::InvalidApprovalRule, &way, findings.places.key(&way), message, remedy.to_owned());
    };
    let needs_due = [("remind", !policy.remind.is_empty()), ("on_due", policy.on_due.is_some())];
    for (key, _) in needs_due.into_iter().filter(|(_, is_given)| *is_given && policy.due.is_none()) {
        add(key, format!("`{key}` has no effect without `due`"), "Add due = \"4h\", for example.");
    }
    // All three are counted in the same hours.
    if let Some(Due::After(due)) = policy.due {
        if policy.remind.iter().any(|span| *span >= due) {
            let message = "a reminder would come before the request itself".to_owned();
            add("remind", message, "Remind less than `due` before it is due.");
        }
        if policy.on_due.is_some() && policy.escalate.iter().any(|one| one.after >= due) {
            let message = "an escalation would come when the rule has decided".to_owned();
            add("escalate", message, "Escalate earlier than `due`.");
        }
    }
    if policy.escalate.iter().any(|one| one.groups.is_empty() && one.people.is_empty()) {
        add(
            "escalate",
            "an escalation names nobody".to_owned(),
            "Write escalate = [{ after = \"2h\", groups = [\"leads\"] }].",
        );
    } else if !policy.escalate.is_empty() && approvers(Some(policy)).is_everybody() {
        let remedy = "Name `approvers`, or remove it.";
        add("escalate", "`escalate` has no effect where everybody may decide".to_owned(), remedy);
    }
    let Some(on_due) = &policy.on_due else { return };
    let known = outcomes(Some(policy));
    let ids: Vec<&str> = known.iter().map(|outcome| outcome.name.id.as_str()).collect();
    match known.iter().find(|outcome| outcome.name.id == *on_due) {
        None => {
            let near = meant(on_due, &ids).map_or_else(String::new, |near| format!("Did you mean {near:?}? "));
            let remedy = format!("{near}There are: {}.", ids.join(", "));
            add("on_due", format!("there is no outcome {on_due:?}"), &remedy);
        }
        Some(outcome) => {
            let typed = |form: &Form| {
                let field = |field: &FormField| {
                    field.default.iter().map(|value| (field.name.clone(), value.clone())).collect::<Vec<_>>()
                };
                form.fields.iter().flat_map(field).collect::<Vec<_>>()
            };
            if outcome.form.as_ref().is_ok_and(|form| form.filled(&typed(form)).is_err()) {
                let message = format!("nobody fills in the form of {on_due:?} when it is due");
                add("on_due", message, "Give its required fields a `default`, or name another outcome.");
            }
        }
    }
}

fn outcome(findings: &mut Findings, way: &[&str], id: &str, rule: &OutcomeRule) {
    let is_id = !id.is_empty()
        && id.len() <= 40
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if !is_id {
        let message = format!("{id:?} cannot be the name of an outcome");
        let remedy = "Use at most 40 letters, digits, - and _; `label` is what people see.".to_owned();
        findings.error(Rule::InvalidAnswer, way, findings.places.key(way), message, remedy);
    }
    if rule.success.is_some() && rule.failure.is_some() {
        let way = [way, &["failure"]].concat();
        let message = "an outcome answers with `success` or with `failure`, not with both".to_owned();
        let remedy = "Remove one of them.".to_owned();
        findings.error(Rule::InvalidAnswer, &way, findings.places.key(&way), message, remedy);
    }
    if let Some(success) = &rule.success {
        expressions(findings, &[way, &["success"]].concat(), success);
    }
    if let Some(failure) = &rule.failure {
        let error = Some(failure.error.clone());
        texts(findings, &[way, &["failure"]].concat(), [("error", &error), ("cause", &failure.cause)]);
    }
    let faults = rule.form.as_ref().and_then(|form| Form::read(form).err()).unwrap_or_default();
    for fault in faults {
        let steps: Vec<&str> = fault.way.iter().map(String::as_str).collect();
        let way = [way, &["form"], &steps].concat();
        findings.error(Rule::InvalidForm, &way, findings.places.key(&way), fault.what, fault.remedy);
    }
}

fn texts(findings: &mut Findings, way: &[&str], parts: [(&str, &Option<String>); 2]) {
    for (key, text) in parts {
        if let Some(text) = text {
            expression(findings, &[way, &[key]].concat(), text);
        }
    }
}

/// Every expression of an answer has to be JSONata.
fn expressions(findings: &mut Findings, way: &[&str], template: &Value) {
    match template {
        Value::String(text) => expression(findings, way, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                expressions(findings, &[way, &[&index.to_string()]].concat(), item);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                expressions(findings, &[way, &[key]].concat(), value);
            }
        }
        _ => {}
    }
}

/// A variable that an answer does not have: JSONata would take it for nothing.
fn unknown_variable(expression: &str) -> Option<String> {
    for (at, _) in expression.match_indices('$') {
        let rest = &expression[at + 1..];
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let (name, behind) = (&rest[..end], rest[end..].trim_start());
        // A function, the context, or a name that the expression itself gives.
        let is_bound = || {
            expression.matches(&format!("${name}")).count() > 1 && expression.contains(":=")
                || expression.contains("function")
        };
        if name.is_empty() || behind.starts_with('(') || VARIABLES.contains(&name) || is_bound() {
            continue;
        }
        let near = meant(name, VARIABLES).map_or_else(String::new, |near| format!("; did you mean ${near}?"));
        return Some(format!("there is no variable ${name}{near}"));
    }
    None
}

fn expression(findings: &mut Findings, way: &[&str], text: &str) {
    let is_open = text.trim().starts_with("{%") != text.trim().ends_with("%}");
    let why = match jsonata::template(text.trim()) {
        Some(expression) => jsonata::check(expression).err().or_else(|| unknown_variable(expression)),
        None => is_open.then(|| "it needs {% before it and %} behind it".to_owned()),
    };
    if let Some(why) = why {
        let remedy = "An expression sees $request, $form, $person, $comment, $decidedAt, $decisionId and $decision: write \
                      {% $request.amount %}, for example.";
        let message = format!("this expression fails: {}", why.trim_end_matches('.'));
        findings.error(Rule::InvalidAnswer, way, findings.places.value(way), message, remedy.to_owned());
    }
}
