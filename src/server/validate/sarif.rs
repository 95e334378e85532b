//! The findings as SARIF 2.1.0, which code hosts and editors read.

use countersign_asl::{Diagnostic, Rule, Severity};
use serde_json::{Value, json};

use super::Checked;

/// A log of SARIF 2.1.0 with one run.
pub(super) fn report(checked: &[Checked]) -> Value {
    let results = checked
        .iter()
        .flat_map(|Checked { file, found, .. }| found.iter().flatten().map(move |one| finding(file, one)));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "countersign",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": Rule::ALL.iter().copied().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation(checked)],
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// The run: it fails where a file cannot be read.
fn invocation(checked: &[Checked]) -> Value {
    let unread: Vec<Value> = checked
        .iter()
        .filter_map(|Checked { file, found, .. }| {
            let error = found.as_ref().err()?;
            let location = json!({ "physicalLocation": { "artifactLocation": { "uri": uri(file) } } });
            let text = format!("The file cannot be read: {error}.");
            Some(json!({ "level": "error", "message": { "text": text }, "locations": [location] }))
        })
        .collect();
    json!({ "executionSuccessful": unread.is_empty(), "toolExecutionNotifications": unread })
}

/// A file's path as a URI: a space, for example, is escaped.
fn uri(file: &str) -> String {
    let path =
        file.strip_prefix("./").unwrap_or(file).split('/').map(crate::routes::encode).collect::<Vec<_>>().join("/");
    if path.starts_with('/') { format!("file://{path}") } else { path }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

/// A rule as SARIF describes it; its help links to its entry in `docs/rules.md`.
fn rule(rule: Rule) -> Value {
    json!({
        "id": rule.id(),
        "name": format!("{rule:?}"),
        "shortDescription": { "text": rule.doc() },
        "fullDescription": { "text": rule.reason().unwrap_or(rule.doc()) },
        "help": { "text": help(rule) },
        "helpUri": format!("{}/blob/main/docs/rules.md#{}", env!("CARGO_PKG_REPOSITORY"), rule.id()),
    })
}

/// What the rule asks for, why, and how it is switched.
fn help(rule: Rule) -> String {
    match rule.reason() {
        None => rule.doc().to_owned(),
        Some(reason) => {
            format!(
                "{} {reason} To leave its findings out, write [lint] {} = \"off\" in countersign.toml.",
                rule.doc(),
                rule.id()
            )
        }
    }
}

fn finding(file: &str, one: &Diagnostic) -> Value {
    json!({
        "ruleId": one.rule.id(),
        "ruleIndex": Rule::ALL.iter().position(|rule| *rule == one.rule),
        "level": level(one.severity),
        "message": { "text": format!("{}. {}", one.message.trim_end_matches('.'), one.remedy) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(file) },
                "region": {
                    "startLine": one.span.line,
                    "startColumn": one.span.column,
                    "endLine": one.span.end_line,
                    "endColumn": one.span.end_column,
                },
            },
            "logicalLocations": [{ "fullyQualifiedName": one.path }],
        }],
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use countersign_asl::{SourceSpan, parse};

    use super::*;

    fn checked(file: &str, definition: &str) -> Vec<Checked> {
        vec![Checked { file: file.to_owned(), text: Some(definition.to_owned()), found: Ok(parse(definition).1) }]
    }

    #[test]
    fn a_file_is_named_by_a_uri() {
        let log = report(&checked("my flows/a.json", "{"));
        let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "my%20flows/a.json");
        assert_eq!(location["region"], json!({ "startLine": 1, "startColumn": 2, "endLine": 1, "endColumn": 2 }));
        assert_eq!(log["runs"][0]["results"][0]["ruleId"], "invalid-json");
        assert_eq!(uri("/tmp/a b"), "file:///tmp/a%20b");
        assert_eq!(uri("./a"), "a");
    }

    /// What the schema of SARIF 2.1.0 requires of a log, and of the objects that this one has.
    #[test]
    fn the_log_has_what_the_schema_requires() {
        let wrong = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed","Foo":1},"B":{"Type":"Succeed"}}}"#;
        let mut files = checked("a.json", wrong);
        files.push(Checked { file: "b".to_owned(), text: None, found: Err(std::io::Error::other("gone")) });
        let advice = Diagnostic {
            severity: Severity::Advice,
            rule: Rule::NoHeartbeat,
            message: "It waits.".to_owned(),
            path: String::new(),
            span: SourceSpan::WHOLE_FILE,
            remedy: "Do it.".to_owned(),
        };
        files.push(Checked { file: "c".to_owned(), text: None, found: Ok(vec![advice]) });
        let log = report(&files);
        assert_eq!(log["version"], "2.1.0");
        assert!(log["$schema"].as_str().unwrap().starts_with("https://"));
        let run = &log["runs"][0];
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "countersign");
        let rules = driver["rules"].as_array().unwrap();
        assert_eq!(rules.len(), Rule::ALL.len());
        for rule in rules {
            let id = rule["id"].as_str().unwrap();
            for text in ["shortDescription", "fullDescription", "help"] {
                assert!(rule[text]["text"].as_str().is_some_and(|text| !text.is_empty()), "{id}: {text}");
            }
            assert!(rule["helpUri"].as_str().unwrap().ends_with(&format!("/docs/rules.md#{id}")));
        }
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        for result in results {
            assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
            assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert!(place["artifactLocation"]["uri"].is_string());
            let number = |name: &str| place["region"][name].as_u64().unwrap();
            assert!(number("startLine") >= 1 && number("startColumn") >= 1);
            assert!((number("endLine"), number("endColumn")) >= (number("startLine"), number("startColumn")));
        }
        assert_eq!(results[2]["level"], "note");
        assert_eq!(run["invocations"][0]["executionSuccessful"], false);
        assert_eq!(run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 1);
    }
}
