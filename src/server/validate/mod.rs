//! `countersign validate`: every diagnostic of definitions and of their manifest, as text, JSON, SARIF or commands of GitHub.

mod github;
mod sarif;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use countersign_asl::{Diagnostic, MachineType, Rule, Severity, SourceSpan, Switches, parse, report};
use countersign_desk::deploy::{
    Chosen, Definition, FileProblem, Folder, MANIFEST, PlanTarget, Unread, advice, declared_functions, draft,
    folder_findings, switched, task_findings, unread_finding,
};
use serde_json::{Value, json};

use super::config::{Format, ValidateArgs};
use super::terminal;

/// A file that was checked.
struct Checked {
    file: String,
    /// Its text, for the excerpts; `None` if it cannot be read.
    text: Option<String>,
    /// What is wrong with it, or why it cannot be read.
    found: Result<Vec<Diagnostic>, std::io::Error>,
}

impl Checked {
    /// A file with its diagnostics, in the order of its text.
    fn of(path: &Path, mut found: Vec<Diagnostic>) -> Self {
        found.sort_by_key(|one| one.span);
        Self { file: path.display().to_string(), text: std::fs::read_to_string(path).ok(), found: Ok(found) }
    }
}

/// Checks the files and prints the diagnostics. 0: all valid; 1: one is not; 2: one cannot be read, or the report not written.
#[must_use]
pub fn run(args: &ValidateArgs) -> ExitCode {
    let given = args.functions.as_deref();
    let functions = given.map(|file| (file, declared_functions(file)));
    if let Some((file, None)) = functions {
        eprintln!(
            "countersign: {} declares no functions that can be read.",
            terminal::line(&file.display().to_string())
        );
        return ExitCode::from(2);
    }
    let functions = functions.and_then(|(_, functions)| functions);
    let judge = Judge { functions: functions.as_ref(), switches: args.rules.iter().copied().collect() };
    let checked: Vec<Checked> = args.files.iter().flat_map(|file| check(file, &judge)).collect();
    let printed = match args.format {
        Format::Text => text(&checked),
        Format::Json => terminal::json(&format!("{:#}\n", json_report(&checked))),
        Format::Sarif => terminal::json(&format!("{:#}\n", sarif::report(&checked))),
        Format::Github => github::report(&checked),
    };
    // The reader of a pipe may stop early, as `head` does; the exit code stays the same.
    if let Err(error) = std::io::stdout().write_all(printed.as_bytes())
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("countersign: the report cannot be written: {error}.");
        return ExitCode::from(2);
    }
    for Checked { file, found, .. } in &checked {
        if let Err(error) = found {
            eprintln!("countersign: {} cannot be read: {}.", terminal::line(file), terminal::line(&error.to_string()));
        }
    }
    let unreadable = checked.iter().any(|one| one.found.is_err());
    let refused = checked.iter().flat_map(|one| one.found.iter().flatten()).any(|one| is_refused(one, args.strict));
    ExitCode::from(if unreadable { 2 } else { u8::from(refused) })
}

/// Whether a finding makes the command fail. Advice never does.
fn is_refused(diagnostic: &Diagnostic, strict: bool) -> bool {
    match diagnostic.severity {
        Severity::Error => true,
        Severity::Warning => strict,
        Severity::Advice => false,
    }
}

/// What definitions are judged with.
#[derive(Default)]
struct Judge<'a> {
    /// The functions that definitions may call; `None` if they are unknown.
    functions: Option<&'a BTreeSet<String>>,
    /// The switches of the command.
    switches: Switches,
}

/// Checks what a path names: a folder with its manifest, or one definition.
fn check(path: &Path, judge: &Judge) -> Vec<Checked> {
    if path.is_dir() {
        return folder(path, judge);
    }
    if path.file_name().is_some_and(|name| name == MANIFEST) && path.is_file() {
        return folder(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")), judge);
    }
    vec![match Definition::read(path) {
        Ok(definition) => Checked::of(path, judged(&definition, judge)),
        Err(why) => match (unread_finding(&why), why) {
            (Some(finding), _) => Checked::of(path, vec![finding]),
            (None, Unread::File(error)) => Checked { file: path.display().to_string(), text: None, found: Err(error) },
            // The other reasons have a finding.
            (None, why) => {
                let error = std::io::Error::other(why.to_string());
                Checked { file: path.display().to_string(), text: None, found: Err(error) }
            }
        },
    }]
}

fn whole_file(rule: Rule, message: &str, remedy: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        rule,
        message: message.to_owned(),
        path: String::new(),
        span: SourceSpan::WHOLE_FILE,
        remedy: remedy.to_owned(),
    }
}

/// The diagnostics of a definition, whose placeholders have no values here, with their places in its file.
fn judged(definition: &Definition, judge: &Judge) -> Vec<Diagnostic> {
    let text = definition.json();
    let mut found = parse(text).1;
    found.extend(task_findings(text, judge.functions));
    found.extend(advice(None, text, &BTreeMap::new(), MachineType::Standard));
    let found = found.into_iter().filter_map(|one| judge.switches.apply(one));
    found.map(|one| Diagnostic { span: definition.span(one.span), ..one }).collect()
}

/// Checks a folder as a deployment would: its manifest, and each definition with its placeholders substituted.
fn folder(path: &Path, judge: &Judge) -> Vec<Checked> {
    let mut folder = Folder::read(path);
    let manifest = folder.manifest_file();
    if let Some(first) = folder.problems.first() {
        let finding = |one: &FileProblem| {
            let span = SourceSpan::of_line(one.line, one.column, 1);
            Diagnostic { span, ..whole_file(Rule::ManifestNotRead, &one.message, &one.remedy) }
        };
        // Several are all of the manifest.
        return vec![Checked::of(Path::new(&first.file), folder.problems.iter().map(finding).collect())];
    }
    let beside = declared_functions(&path.join("../lambdas/functions.toml"));
    let functions = judge.functions.or(beside.as_ref());
    folder.manifest.switch(&judge.switches);
    let target = PlanTarget::unknown(functions);
    let mut files: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    if folder.places.is_some() {
        files.insert(manifest, Vec::new());
    }
    // A fault of the manifest itself is found in every environment and for every workflow: it is said once.
    let mut add = |file: PathBuf, one: Diagnostic| {
        let found = files.entry(file).or_default();
        if !found.contains(&one) {
            found.push(one);
        }
    };
    for chosen in environments(&folder) {
        let drafts = draft(&folder, &chosen, target);
        for draft in drafts.drafts {
            draft.found.into_iter().for_each(|(file, one)| add(file, one));
        }
        drafts.found.into_iter().for_each(|(file, one)| add(file, one));
    }
    let of_folder = switched(&folder, None, folder_findings(&folder, functions));
    of_folder.into_iter().for_each(|(file, one)| add(file, one));
    for file in folder.manifest.files() {
        files.entry(folder.path.join(file)).or_default();
    }
    let missing = |file: &Path, found: &[Diagnostic]| found.is_empty() && !file.exists();
    let checked =
        files.into_iter().filter(|(file, found)| !missing(file, found)).map(|(file, found)| Checked::of(&file, found));
    checked.collect()
}

/// The manifest in each of its environments, or by itself.
fn environments(folder: &Folder) -> Vec<Chosen<'_>> {
    let manifest = &folder.manifest;
    if manifest.environments.is_empty() {
        return vec![Chosen { manifest, environment: None }];
    }
    let environments = manifest.environments.iter();
    environments.map(|(name, one)| Chosen { manifest, environment: Some((name.as_str(), one)) }).collect()
}

fn text(checked: &[Checked]) -> String {
    let mut out = String::new();
    for Checked { file, text, found } in checked {
        let Ok(found) = found else { continue };
        for one in found {
            out += &report(file, text.as_deref(), one, &terminal::line);
            out.push('\n');
        }
        if found.is_empty() {
            out += &format!("{}: valid\n", terminal::line(file));
        }
    }
    out
}

fn json_report(checked: &[Checked]) -> Value {
    let files = checked.iter().filter_map(|Checked { file, found, .. }| {
        let diagnostics = found.as_ref().ok()?;
        Some(json!({ "file": file, "diagnostics": diagnostics }))
    });
    json!({ "files": files.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use countersign_asl::RuleScope;

    use super::*;

    fn checked(file: &str, definition: &str) -> Vec<Checked> {
        let (file, text) = (file.to_owned(), Some(definition.to_owned()));
        let definition = Definition::of(Path::new(&file), definition.to_owned()).unwrap();
        vec![Checked { file, text, found: Ok(judged(&definition, &Judge::default())) }]
    }

    #[test]
    fn a_text_shows_place_message_and_remedy() {
        let valid = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#;
        assert_eq!(text(&checked("a.json", valid)), "a.json: valid\n");
        let wrong = "{\"StartAt\":\"A\",\n\"States\":{\"A\":{\"Type\":\"Succeed\",\"\\u001b[2J\":1}}}";
        assert_eq!(
            text(&checked("a.json", wrong)),
            r#"a.json:2:33: error: Field '\u{1b}[2J' is not supported [unknown-field]
   |
 2 | "States":{"A":{"Type":"Succeed","\u001b[2J":1}}}
   |                                 ^^^^^^^^^^^
   = at /States/A (AWS: SCHEMA_VALIDATION_FAILED)
   = help: A Succeed state has no field '\u{1b}[2J': remove it or correct its spelling.

"#
        );
        let raw = "{\"StartAt\":\"A\u{1b}[2J\u{202e}\r";
        let report = text(&checked("a.json", raw));
        assert!(report.contains("   |            ^^^^^^^^^^^^^^^^^^^\n"), "{report}");
        assert!(!report.contains(['\u{1b}', '\u{202e}', '\r']), "{report:?}");
    }

    #[test]
    fn diagnostics_come_in_the_order_of_the_text() {
        let wrong =
            "{\"StartAt\":\"B\",\"States\":{\n\"A\":{\"Type\":\"Succeed\"},\n\"B\":{\"Type\":\"Succeed\",\"Foo\":1}}}";
        let definition = Definition::of(Path::new("a.json"), wrong.to_owned()).unwrap();
        let checked = Checked::of(Path::new("a.json"), judged(&definition, &Judge::default()));
        let lines: Vec<u32> = checked.found.unwrap().iter().map(|one| one.span.line).collect();
        assert_eq!(lines, [2, 3], "an unreachable state is found after the states of its scope");
    }

    #[test]
    fn a_folder_is_checked_with_its_manifest() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
        for path in [shipped.clone(), shipped.join("countersign.toml")] {
            let report = text(&check(&path, &Judge::default()));
            assert_eq!(report.lines().count(), 5, "the manifest and four definitions: {report}");
            assert!(report.lines().all(|line| line.ends_with(": valid")), "{report}");
        }
        let functions = BTreeSet::from(["pay".to_owned()]);
        let found: Vec<String> = check(&shipped, &Judge { functions: Some(&functions), ..Judge::default() })
            .into_iter()
            .flat_map(|Checked { file, found, .. }| {
                found.unwrap().into_iter().map(move |one| format!("{file}:{}:{}", one.span.line, one.rule.id()))
            })
            .collect();
        let declared =
            |file: &str| found.iter().any(|one| one.contains(file) && one.ends_with("function-not-declared"));
        assert!(declared("countersign.toml:") && declared("order.asl.json:"), "{found:?}");
    }

    /// The reports of folders that break every rule of deployments that needs no connection.
    ///
    /// `UPDATE_GOLDEN=1` writes the golden file again.
    #[test]
    fn every_rule_of_deployments_is_reported() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validate");
        let functions = BTreeSet::from(["pay".to_owned()]);
        let mut checked = check(&root.join("folder"), &Judge { functions: Some(&functions), ..Judge::default() });
        checked.extend(check(&root.join("manifest"), &Judge::default()));
        let report = text(&checked).replace(&format!("{}/", root.display()), "");
        let golden = root.join("report.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &report).unwrap();
        }
        assert_eq!(report, std::fs::read_to_string(&golden).unwrap(), "UPDATE_GOLDEN=1 writes the report again");
        // These rules compare with the connection: the tests of the plan break them.
        let needs_a_connection = [
            Rule::MachineTypeChange,
            Rule::MissingRole,
            Rule::SecretParameter,
            Rule::OtherOwner,
            Rule::RefusedByService,
            Rule::NotCompared,
            Rule::TemplateNotRead,
            // A file of more than a megabyte is no example: the plan's own tests make one.
            Rule::DefinitionTooLarge,
        ];
        for rule in Rule::ALL.iter().filter(|rule| rule.scope() == RuleScope::Deployment) {
            let reported = report.contains(&format!("[{}]\n", rule.id()));
            assert_eq!(reported, !needs_a_connection.contains(rule), "{}", rule.id());
        }
    }

    #[test]
    fn names_are_shown_on_a_terminal_without_harm() {
        let folder = std::env::temp_dir().join(format!("countersign-validate-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a\u{1b}[2J\u{202e}.yaml");
        std::fs::write(&file, "StartAt: A").unwrap();
        let checked = check(&file, &Judge::default());
        let report = text(&checked);
        assert!(report.contains("a\\u{1b}[2J\\u{202e}.yaml:1:1: error: "), "{report}");
        let report = terminal::json(&format!("{:#}", sarif::report(&checked)));
        assert!(!report.contains(['\u{1b}', '\u{202e}']), "{report}");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn every_mistake_of_a_manifest_is_reported() {
        let folder = std::env::temp_dir().join(format!("countersign-validate-mistakes-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let manifest = "nmae = \"shop\"\n[workflows.a]\nfile = \"a\"\nalais = \"live\"\ntracing = \"yes\"\n";
        std::fs::write(folder.join("countersign.toml"), manifest).unwrap();
        let report = text(&check(&folder, &Judge::default()));
        for place in
            ["1:1: error: unknown field `nmae`", "4:1: error: unknown field `alais`", "5:11: error: invalid type"]
        {
            assert!(report.contains(&format!("countersign.toml:{place}")), "no {place:?}: {report}");
        }
        assert_eq!(report.matches("[manifest-not-read]").count(), 3, "{report}");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_definition_in_yaml_is_judged_at_its_own_places() {
        let folder = std::env::temp_dir().join(format!("countersign-validate-yaml-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.asl.yml"), "StartAt: A\nStates:\n  A:\n    Type: Pass\n    Next: B\n").unwrap();
        std::fs::write(folder.join("b.asl.yaml"), "StartAt: A\nStates: {\n").unwrap();
        let manifest =
            "[workflows.a]\nfile = \"a.asl.yml\"\n[workflows.b]\nfile = \"b.asl.yaml\"\n[workflows.c]\nfile = \"c\"\n";
        std::fs::write(folder.join("countersign.toml"), manifest).unwrap();
        let report = text(&check(&folder, &Judge::default()));
        assert!(report.contains("a.asl.yml:5:11: error: Missing 'Next' target: B [missing-target]"), "{report}");
        assert!(report.contains("b.asl.yaml:3:1: error: ") && report.contains("[invalid-yaml]"), "{report}");
        assert!(report.contains("countersign.toml:6:8: error: ") && report.contains("[file-not-read]"), "{report}");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn advice_refuses_nothing_and_a_switch_does() {
        let function = r#"{"StartAt":"A","States":{"A":{"Type":"Task","End":true,"Resource":"arn:aws:lambda:eu-west-1:000000000000:function:f"}}}"#;
        let refused = |switches: &[&str], strict: bool| {
            let switches = switches.iter().map(|switch| switch.parse().unwrap()).collect();
            let definition = Definition::of(Path::new("a.json"), function.to_owned()).unwrap();
            let found = judged(&definition, &Judge { functions: None, switches });
            (found.len(), found.iter().any(|one| is_refused(one, strict)))
        };
        assert_eq!(refused(&[], true), (2, false));
        assert_eq!(refused(&["no-lambda-retry=warn"], false), (2, false));
        assert_eq!(refused(&["no-lambda-retry=warn"], true), (2, true));
        assert_eq!(refused(&["no-lambda-retry=error"], false), (2, true));
        assert_eq!(refused(&["no-lambda-retry=off", "deprecated-resource=off"], true), (0, false));
    }

    #[test]
    fn the_switches_of_the_command_hold_in_a_folder() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
        let switches = ["deprecated-resource=warn".parse().unwrap()].into_iter().collect();
        let report = text(&check(&shipped, &Judge { functions: None, switches }));
        assert!(report.contains("warning: The task names a function's ARN"), "{report}");
    }
}
