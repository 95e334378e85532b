//! Faults of tasks that the language itself allows: a callback that does not pass its token, an undeclared function, and a
//! Standard machine that is called as only an Express one can be.

use std::collections::{BTreeMap, BTreeSet};

use countersign_asl::{Diagnostic, Resource, Rule, Severity, SourceSpan};

use countersign_json::{Json, Kind, Value};

/// Findings about the tasks of a definition's text. `functions` are the engine's; `None` if they are
/// unknown.
#[must_use]
pub fn task_findings(text: &str, functions: Option<&BTreeSet<String>>) -> Vec<Diagnostic> {
    let Ok(json) = Json::read(text) else { return Vec::new() };
    let mut found = Vec::new();
    let jsonata = language(json.root(), false);
    scope(json.root(), "", jsonata, &mut |task: &Task| {
        found.extend(without_token(task));
        found.extend(functions.and_then(|functions| undeclared(task, functions)));
    });
    found
}

/// Tasks that call a Standard machine of the folder and wait for the answer in the same call, which Step Functions refuses.
/// `standard` has the workflows of this type by the ARNs of their machines.
#[must_use]
pub(super) fn synchronous_calls(text: &str, standard: &BTreeMap<String, &str>) -> Vec<Diagnostic> {
    let Ok(json) = Json::read(text) else { return Vec::new() };
    let mut found = Vec::new();
    scope(json.root(), "", false, &mut |task: &Task| found.extend(synchronous_call(task, standard)));
    found
}

fn synchronous_call(task: &Task, standard: &BTreeMap<String, &str>) -> Option<Diagnostic> {
    let Resource::Sdk { service: "sfn", action: "startSyncExecution", .. } = Resource::read(&task.resource)? else {
        return None;
    };
    let given = ["Parameters", "Arguments"].into_iter().find_map(|field| task.state.get(field));
    let called = given?.get("StateMachineArn")?;
    let arn = called.text()?;
    // A version or an alias may stand behind the ARN: `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME:live`.
    let machine: Vec<&str> = arn.split(':').take(7).collect();
    let workflow = *standard.get(&machine.join(":"))?;
    let message = format!(
        "{:?} calls {workflow} with StartSyncExecution, which Step Functions refuses: {workflow} is STANDARD",
        task.name
    );
    let remedy = format!(
        "Write type = \"EXPRESS\" in [workflows.{workflow}], unless it is deployed already, or call it with \
         arn:aws:states:::states:startExecution.sync:2."
    );
    let severity = Severity::Warning;
    Some(Diagnostic { severity, ..finding(task, called, Rule::StandardUnfit, message, remedy) })
}

struct Task<'j> {
    name: String,
    /// The path as AWS writes it: `/States/Ask`.
    path: String,
    state: Value<'j>,
    resource: String,
    jsonata: bool,
}

fn language(of: Value, around: bool) -> bool {
    of.get("QueryLanguage").and_then(Value::text).map_or(around, |language| language == "JSONata")
}

/// Walks the states of a scope, and of the scopes within it.
fn scope<'j>(of: Value<'j>, path: &str, jsonata: bool, take: &mut impl FnMut(&Task<'j>)) {
    let Some(states) = of.get("States") else { return };
    for (name, state) in states.members() {
        let path = format!("{path}/States/{name}");
        let jsonata = language(state, jsonata);
        let resource = state.get("Resource").and_then(Value::text).unwrap_or_default().into_owned();
        if state.get("Type").and_then(Value::text).is_some_and(|kind| kind == "Task") {
            take(&Task { name: name.into_owned(), path: path.clone(), state, resource, jsonata });
        }
        for (index, branch) in state.get("Branches").into_iter().flat_map(Value::items).enumerate() {
            scope(branch, &format!("{path}/Branches[{index}]"), jsonata, take);
        }
        for processor in ["ItemProcessor", "Iterator"] {
            if let Some(inner) = state.get(processor) {
                scope(inner, &format!("{path}/{processor}"), jsonata, take);
            }
        }
    }
}

fn finding(task: &Task, at: Value, rule: Rule, message: String, remedy: String) -> Diagnostic {
    Diagnostic { severity: Severity::Error, rule, message, path: task.path.clone(), span: span_of(at), remedy }
}

/// A value's span; if it has several lines, that of its opening bracket.
fn span_of(value: Value) -> SourceSpan {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let (line, column) = value.place();
    let characters = if value.raw().contains('\n') { 1 } else { value.raw().chars().count() };
    SourceSpan::of_line(number(line), number(column), number(characters))
}

/// A task that waits for its token but does not pass it.
fn without_token(task: &Task) -> Option<Diagnostic> {
    if !task.resource.ends_with(".waitForTaskToken") {
        return None;
    }
    let given = [task.state.get("Parameters"), task.state.get("Arguments"), task.state.get("InputPath")];
    if given.into_iter().flatten().any(|value| passes_token(value, task.jsonata)) {
        return None;
    }
    let (field, token) = if task.jsonata {
        ("Arguments", "\"taskToken\": \"{% $states.context.Task.Token %}\"")
    } else {
        ("Parameters", "\"taskToken.$\": \"$$.Task.Token\"")
    };
    Some(finding(
        task,
        task.state.get("Resource").unwrap_or(task.state),
        Rule::TaskTokenNotPassed,
        format!("{:?} waits for its task token but does not pass it, so nobody can answer it", task.name),
        format!("Put {token} into its {field}, or remove .waitForTaskToken from its Resource."),
    ))
}

/// Whether the result of a template may contain the token. If that is unknown, the answer is yes.
fn passes_token(template: Value, jsonata: bool) -> bool {
    let mut left = vec![template];
    while let Some(value) = left.pop() {
        match value.kind() {
            Kind::String => {
                let text = value.text().unwrap_or_default();
                let root = if jsonata { "$states" } else { "$$" };
                if text.match_indices(root).any(|(at, _)| covers_token(&text[at + root.len()..], jsonata)) {
                    return true;
                }
            }
            Kind::Object => left.extend(value.members().map(|(_, value)| value)),
            Kind::Array => left.extend(value.items()),
            Kind::Number | Kind::Bool | Kind::Null => {}
        }
    }
    false
}

/// Whether a path with this continuation leads to the token or to a value that contains it.
fn covers_token(rest: &str, jsonata: bool) -> bool {
    let way: &[&str] = if jsonata { &["context", "Task", "Token"] } else { &["Task", "Token"] };
    let mut rest = rest;
    for step in way {
        let Some((name, after)) = member(rest) else { return true };
        if name != *step {
            return false;
        }
        rest = after;
    }
    true
}

/// The next name of a path, and the rest; `None` if the path ends, or continues with a wildcard or an expression.
fn member(rest: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = rest.strip_prefix('[').map(str::trim_start)
        && let Some(quote) = quoted.chars().next().filter(|quote| ['\'', '"'].contains(quote))
    {
        let (name, after) = quoted[1..].split_once(quote)?;
        return Some((name, after.split_once(']')?.1));
    }
    let name = rest.strip_prefix('.')?.trim_start();
    if let Some(quoted) = name.strip_prefix('`') {
        return quoted.split_once('`');
    }
    let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(name.len());
    (end > 0).then(|| name.split_at(end))
}

/// A call of a function that the engine does not have.
fn undeclared(task: &Task, functions: &BTreeSet<String>) -> Option<Diagnostic> {
    let parameters = task.state.get("Arguments").or_else(|| task.state.get("Parameters"));
    let (at, named) = if task.resource.contains(":states:::lambda:") {
        let at = parameters?.get("FunctionName")?;
        (at, at.text()?.into_owned())
    } else if task.resource.contains(":lambda:") {
        (task.state.get("Resource")?, task.resource.clone())
    } else {
        return None;
    };
    let name = function_name(&named).filter(|name| !functions.contains(*name))?;
    Some(finding(
        task,
        at,
        Rule::FunctionNotDeclared,
        format!("{:?} calls the function {name:?}, which functions.toml does not declare", task.name),
        format!("Declare [functions.{name}] there, or correct the name; there are: {}.", list(functions)),
    ))
}

/// The function's name in an ARN or a qualified name; `None` if an expression computes it.
pub(crate) fn function_name(named: &str) -> Option<&str> {
    let rest = match named.split_once(":function:") {
        Some((_, rest)) => rest,
        None if named.starts_with("arn:") || named.contains(['{', '$']) => return None,
        None => named,
    };
    rest.split(':').next().filter(|name| !name.is_empty() && !name.contains(['{', '$']))
}

/// The first few names, for a sentence.
pub(super) fn list<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let mut names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    let more = names.len().saturating_sub(12);
    names.truncate(12);
    match (names.is_empty(), more) {
        (true, _) => "none".to_owned(),
        (_, 0) => names.join(", "),
        _ => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(language: &str, fields: &str) -> String {
        format!(
            r#"{{"QueryLanguage":"{language}","StartAt":"M","States":{{"M":{{"Type":"Map","End":true,"ItemProcessor":{{"StartAt":"Ask","States":{{
"Ask":{{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","End":true,{fields}}}}}}}}}}}}}"#
        )
    }

    #[track_caller]
    fn check_token(language: &str, fields: &str, passes: bool) {
        let found = task_findings(&definition(language, fields), None);
        assert_eq!(found.is_empty(), passes, "{fields}: {found:?}");
        if let Some(one) = found.first() {
            assert_eq!(
                (one.span.line, one.span.column, one.path.as_str()),
                (2, 33, "/States/M/ItemProcessor/States/Ask")
            );
        }
    }

    #[test]
    fn a_callback_that_passes_no_token_is_found() {
        for (fields, passes) in [
            (r#""Parameters":{"Payload":{"a.$":"$$.Task.Token"}}"#, true),
            (r#""Parameters":{"Payload":{"a.$":"$$['Task'][\"Token\"]"}}"#, true),
            (r#""Parameters":{"Payload":{"a.$":"$$.Task"}}"#, true),
            (r#""Parameters":{"Payload.$":"$$"}"#, true),
            (r#""Parameters":{"Payload":{"a.$":"States.Format('{}/{}', $$.Execution.Id, $$.Task.Token)"}}"#, true),
            (r#""Parameters":{"Payload":{"a.$":"$$..Token"}}"#, true),
            (r#""InputPath":"$$","Parameters":{"Payload.$":"$.Task.Token"}"#, true),
            (r#""Parameters":{"Payload":{"a.$":"$$.Execution.Id","Token":"$.Task"}}"#, false),
            (r#""Parameters":{"Payload":{"a.$":"$$.TaskToken"}}"#, false),
            (r#""Parameters":{"Payload.$":"$"}"#, false),
            (r#""Comment":"none""#, false),
        ] {
            check_token("JSONPath", fields, passes);
        }
        for (fields, passes) in [
            (r#""Arguments":{"Payload":{"a":"{% $states.context.Task.Token %}"}}"#, true),
            (r#""Arguments":{"Payload":"{% $merge([$states.input, {'t': $states.context.Task.Token}]) %}"}"#, true),
            (r#""Arguments":{"Payload":"{% ($c := $states.context; $c.Task.Token) %}"}"#, true),
            (r#""Arguments":"{% $states.context.`Task`.Token %}""#, true),
            (r#""Arguments":{"Payload":"{% $states.input %}"}"#, false),
            (r#""Arguments":{"Payload":{"a":"{% $states.context.Execution.Id & 'Task.Token' %}"}}"#, false),
        ] {
            check_token("JSONata", fields, passes);
        }
    }

    #[test]
    fn a_function_that_is_not_declared_is_found() {
        let functions = BTreeSet::from(["pay".to_owned()]);
        let check = |resource: &str, name: &str, right: bool| {
            let text = format!(
                r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","End":true,"Resource":"{resource}","Parameters":{{"FunctionName":"{name}"}}}}}}}}"#
            );
            let found = task_findings(&text, Some(&functions));
            assert_eq!(found.is_empty(), right, "{resource} {name}: {found:?}");
        };
        let invoke = "arn:aws:states:::lambda:invoke";
        check(invoke, "pay", true);
        check(invoke, "pay:1", true);
        check(invoke, "arn:aws:lambda:us-east-1:000000000000:function:pay:$LATEST", true);
        check(invoke, "arn:aws-cn:lambda:cn-north-1:000000000000:function:pya", false);
        check(invoke, "pya", false);
        check(invoke, "{% $states.input.f %}", true);
        check("arn:aws:lambda:us-east-1:000000000000:function:pya", "", false);
        check("arn:aws:states:::sns:publish", "pya", true);
    }

    #[test]
    fn a_standard_machine_that_is_called_synchronously_is_found() {
        let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:price";
        let standard = BTreeMap::from([(arn.to_owned(), "price")]);
        let check = |call: &str, field: &str, arn: &str, right: bool| {
            let text = format!(
                r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","End":true,"Resource":"arn:aws:states:::{call}","{field}":{{"StateMachineArn":"{arn}"}}}}}}}}"#
            );
            let found = synchronous_calls(&text, &standard);
            assert_eq!(found.is_empty(), right, "{call} {arn}: {found:?}");
            assert!(found.iter().all(|one| one.rule == Rule::StandardUnfit && !one.is_error()), "{found:?}");
        };
        let sync = "aws-sdk:sfn:startSyncExecution";
        check(sync, "Parameters", arn, false);
        check(sync, "Arguments", arn, false);
        check(sync, "Parameters", &format!("{arn}:live"), false);
        check(sync, "Parameters", &format!("{arn}s"), true);
        check(sync, "Parameters", "{% $states.input.arn %}", true);
        check("states:startExecution.sync:2", "Parameters", arn, true);
        check("aws-sdk:sfn:startExecution", "Parameters", arn, true);
    }
}
