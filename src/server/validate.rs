//! `countersign validate`: every diagnostic of definitions, as text, JSON or SARIF.

use std::path::Path;
use std::process::ExitCode;

use countersign_asl::{Diagnostic, Severity, parse};
use serde_json::{Value, json};

use super::config::{Format, ValidateArgs};

/// One file's diagnostics, or why it cannot be read.
type Checked = (String, Result<Vec<Diagnostic>, std::io::Error>);

/// Checks the files and prints the diagnostics. 0: all valid; 1: one is not; 2: one cannot be read.
#[must_use]
pub fn run(args: &ValidateArgs) -> ExitCode {
    let checked: Vec<Checked> = args.files.iter().map(|file| (file.display().to_string(), check(file))).collect();
    match args.format {
        Format::Text => print!("{}", text(&checked)),
        Format::Json => println!("{:#}", json_report(&checked)),
        Format::Sarif => println!("{:#}", sarif(&checked)),
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
    Ok(parse(&std::fs::read_to_string(file)?).1)
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
            out += &format!("{file}:{}:{}: {level}: {} [{}]\n", one.line, one.column, one.message, one.code);
            if !one.path.is_empty() {
                out += &format!("  at {}\n", one.path);
            }
            out += &format!("  {}\n", one.remedy);
        }
        if diagnostics.is_empty() {
            out += &format!("{file}: valid\n");
        }
    }
    out
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

fn finding(file: &str, one: &Diagnostic) -> Value {
    json!({
        "ruleId": one.code,
        "level": word(one.severity),
        "message": { "text": format!("{}. {}", one.message.trim_end_matches('.'), one.remedy) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": file },
                "region": { "startLine": one.line, "startColumn": one.column },
            },
            "logicalLocations": [{ "fullyQualifiedName": one.path }],
        }],
    })
}
