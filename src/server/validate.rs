//! `countersign validate`: every diagnostic of definitions, as text, JSON or SARIF.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use countersign_asl::{Diagnostic, Severity, parse};
use serde_json::{Value, json};

use super::config::{Format, ValidateArgs};

/// One file's diagnostics, or why it cannot be read.
type Checked = (String, Result<Vec<Diagnostic>, std::io::Error>);

/// Checks the files and prints the diagnostics. 0: all valid; 1: one is not; 2: one cannot be read, or the report not written.
#[must_use]
pub fn run(args: &ValidateArgs) -> ExitCode {
    let checked: Vec<Checked> = args.files.iter().map(|file| (file.display().to_string(), check(file))).collect();
    let report = match args.format {
        Format::Text => text(&checked),
        Format::Json => format!("{:#}\n", json_report(&checked)),
        Format::Sarif => format!("{:#}\n", sarif(&checked)),
    };
    // Whoever reads may stop early, as `head` does; the judgement stands.
    if let Err(error) = std::io::stdout().write_all(report.as_bytes())
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("countersign: the report cannot be written: {error}.");
        return ExitCode::from(2);
    }
    for (file, result) in &checked {
        if let Err(error) = result {
            eprintln!("countersign: {file} cannot be read: {error}.");
        }
    }
    let unreadable = checked.iter().any(|(_, result)| result.is_err());
    let refused =
        checked.iter().flat_map(|(_, result)| result.iter().flatten()).any(|one| is_refused(one, args.strict));
    ExitCode::from(if unreadable { 2 } else { u8::from(refused) })
}

fn is_refused(diagnostic: &Diagnostic, strict: bool) -> bool {
    strict || diagnostic.severity == Severity::Error
}

fn check(file: &Path) -> Result<Vec<Diagnostic>, std::io::Error> {
    Ok(judged(&std::fs::read_to_string(file)?))
}

/// The diagnostics of a definition in the order of its text.
fn judged(text: &str) -> Vec<Diagnostic> {
    let mut found = parse(text).1;
    found.sort_by_key(|one| (one.line, one.column));
    found
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn text(checked: &[Checked]) -> String {
    let mut out = String::new();
    for (file, result) in checked {
        let Ok(diagnostics) = result else { continue };
        for one in diagnostics {
            let level = word(one.severity);
            let message = printable(&one.message);
            out += &format!("{file}:{}:{}: {level}: {message} [{}]\n", one.line, one.column, one.code);
            if !one.path.is_empty() {
                out += &format!("  at {}\n", printable(&one.path));
            }
            out += &format!("  {}\n", printable(&one.remedy));
        }
        if diagnostics.is_empty() {
            out += &format!("{file}: valid\n");
        }
    }
    out
}

/// Without the control characters that a definition may hold: a terminal would obey them.
fn printable(text: &str) -> String {
    let escaped = |letter: char| if letter.is_control() { letter.escape_default().to_string() } else { letter.into() };
    text.chars().map(escaped).collect()
}

fn json_report(checked: &[Checked]) -> Value {
    let files = checked.iter().filter_map(|(file, result)| {
        let diagnostics = result.as_ref().ok()?;
        Some(json!({ "file": file, "diagnostics": diagnostics }))
    });
    json!({ "files": files.collect::<Vec<_>>() })
}

fn sarif(checked: &[Checked]) -> Value {
    let results = checked.iter().flat_map(|(file, result)| result.iter().flatten().map(move |one| finding(file, one)));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "countersign", "version": env!("CARGO_PKG_VERSION") } },
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// A file's path as SARIF wants it: a space is none in a URI.
fn uri(file: &str) -> String {
    file.split('/').map(crate::routes::encode).collect::<Vec<_>>().join("/")
}

fn finding(file: &str, one: &Diagnostic) -> Value {
    json!({
        "ruleId": one.code,
        "level": word(one.severity),
        "message": { "text": format!("{}. {}", one.message.trim_end_matches('.'), one.remedy) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(file) },
                "region": { "startLine": one.line, "startColumn": one.column },
            },
            "logicalLocations": [{ "fullyQualifiedName": one.path }],
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(file: &str, definition: &str) -> Vec<Checked> {
        vec![(file.to_owned(), Ok(judged(definition)))]
    }

    #[test]
    fn a_text_tells_place_message_and_remedy() {
        let valid = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#;
        assert_eq!(text(&checked("a.json", valid)), "a.json: valid\n");
        let wrong = "{\"StartAt\":\"A\",\n\"States\":{\"A\":{\"Type\":\"Succeed\",\"\\u001b[2J\":1}}}";
        assert_eq!(
            text(&checked("a.json", wrong)),
            "a.json:2:15: error: Field '\\u{1b}[2J' is not supported [SCHEMA_VALIDATION_FAILED]\n  at /States/A\n  \
             A Succeed state has no field '\\u{1b}[2J': remove it or correct its spelling.\n"
        );
    }

    #[test]
    fn diagnostics_come_in_the_order_of_the_text() {
        let wrong =
            "{\"StartAt\":\"B\",\"States\":{\n\"A\":{\"Type\":\"Succeed\"},\n\"B\":{\"Type\":\"Succeed\",\"Foo\":1}}}";
        let lines: Vec<u32> = judged(wrong).iter().map(|one| one.line).collect();
        assert_eq!(lines, [2, 3], "an unreachable state is told of the whole scope, after its states");
    }

    #[test]
    fn sarif_names_the_file_by_a_uri() {
        let report = sarif(&checked("my flows/a.json", "{"));
        let location = &report["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "my%20flows/a.json");
        assert_eq!(location["region"], json!({ "startLine": 1, "startColumn": 2 }));
    }
}
