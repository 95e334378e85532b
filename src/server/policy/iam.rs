//! `countersign policy iam`: the least IAM policy that definitions need, or the trust policy of their role.

use std::path::Path;
use std::process::ExitCode;

use countersign_asl::{Diagnostic, Machine, parse, report};
use countersign_desk::connection::MachineKind;
use countersign_desk::deploy::{Chosen, Folder, MANIFEST, PlanTarget, draft, partition_of};
use countersign_desk::nearest::meant;
use countersign_permissions::{Needed, Subject, needed_by, trust};

use crate::server::config::{IamArgs, Kind, PolicyFormat};
use crate::server::terminal;

/// A machine that the policy is for.
struct Named {
    name: String,
    express: bool,
    machine: Machine,
}

/// Writes the policy to the standard output, and what is to be known about it to the standard error. 0: written; 1: a
/// definition is refused or not there; 2: an argument is wrong.
pub(super) fn run(args: &IamArgs) -> ExitCode {
    if let Some(account) = args.account.as_deref().filter(|account| !is_account(account)) {
        eprintln!("countersign: --account {} is no account: write its 12 digits.", terminal::line(account));
        return ExitCode::from(2);
    }
    let machines = match read(args) {
        Ok(machines) => machines,
        Err(why) => {
            eprintln!("{}", terminal::lines(&why));
            return ExitCode::FAILURE;
        }
    };
    let subjects: Vec<Subject> = machines.iter().map(|one| subject(one, args)).collect();
    if args.trust {
        let one = subjects.first().copied().unwrap_or(Subject::of(&serde_json::Value::Null));
        let name = one.name.filter(|_| subjects.len() == 1);
        print!("{}", terminal::json(&format!("{:#}\n", trust(&Subject { name, ..one }))));
        return ExitCode::SUCCESS;
    }
    let Needed { policy, notes } = needed_by(&subjects);
    for note in &notes {
        eprintln!("note: {}", terminal::line(&note.to_string()));
    }
    let name = machines.first().filter(|_| machines.len() == 1).map_or("countersign", |one| &one.name);
    match args.format {
        PolicyFormat::Json => match serde_json::to_string_pretty(&policy) {
            Ok(text) => print!("{}", terminal::json(&format!("{text}\n"))),
            Err(error) => {
                eprintln!("countersign: the policy cannot be written: {error}.");
                return ExitCode::FAILURE;
            }
        },
        PolicyFormat::Terraform => print!("{}", terminal::lines(&policy.terraform(name))),
    }
    ExitCode::SUCCESS
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn subject<'a>(one: &'a Named, args: &'a IamArgs) -> Subject<'a> {
    Subject {
        name: Some(&one.name),
        express: one.express,
        partition: args.region.as_deref().map_or("aws", partition_of),
        region: args.region.as_deref(),
        account: args.account.as_deref(),
        ..Subject::of(&one.machine.source)
    }
}

/// The machines of a folder or of a file.
///
/// # Errors
/// The text for a terminal: what is wrong, where, and what to do.
fn read(args: &IamArgs) -> Result<Vec<Named>, String> {
    let path = &args.path;
    if path.is_dir() {
        return folder(path, args);
    }
    if path.file_name().is_some_and(|name| name == MANIFEST) {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return folder(parent, args);
    }
    if args.workflow.is_some() {
        return Err(
            "countersign: --workflow names a workflow of a folder, and this is a file. Leave it out.".to_owned()
        );
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("countersign: {} cannot be read: {error}.", path.display()))?;
    let (machine, found) = parse(&text);
    let machine = machine.ok_or_else(|| refused(path, &text, &found))?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = file.split('.').next().unwrap_or_default().to_owned();
    Ok(vec![Named { name, express: args.kind == Kind::Express, machine }])
}

/// The errors of a definition, as `validate` prints them.
fn refused(path: &Path, text: &str, found: &[Diagnostic]) -> String {
    let errors = found.iter().filter(|one| one.is_error());
    errors
        .map(|one| report(&path.display().to_string(), Some(text), one, &str::to_owned))
        .collect::<Vec<_>>()
        .join("\n")
}

fn folder(path: &Path, args: &IamArgs) -> Result<Vec<Named>, String> {
    let folder = Folder::read(path);
    if let Some(problem) = &folder.problem {
        let (file, line, column) = (&problem.file, problem.line, problem.column);
        return Err(format!("{file}:{line}:{column}: error: {}\n   = help: {}", problem.message, problem.remedy));
    }
    let names: Vec<&str> = folder.manifest.workflows.keys().map(String::as_str).collect();
    if let Some(name) = args.workflow.as_deref().filter(|name| !names.contains(name)) {
        let near = meant(name, &names)
            .map_or_else(|| format!("There are: {}.", names.join(", ")), |near| format!("Did you mean {near}?"));
        return Err(format!("countersign: {} has no workflow {name}. {near}", path.display()));
    }
    // In an ARN, a wildcard stands for what is not known.
    let (region, account) = (args.region.as_deref().unwrap_or("*"), args.account.as_deref().unwrap_or("*"));
    let target = PlanTarget { partition: partition_of(region), region, account, ..PlanTarget::unknown(None) };
    let chosen = Chosen { manifest: &folder.manifest, environment: None };
    let items = draft(&folder, &chosen, target).drafts;
    let items = items.into_iter().filter(|item| args.workflow.as_deref().is_none_or(|name| name == item.workflow));
    let mut named = Vec::new();
    for item in items {
        let errors: Vec<String> = item
            .found
            .iter()
            .filter(|(_, one)| one.is_error())
            .map(|(file, one)| {
                let text = std::fs::read_to_string(file).ok();
                report(&file.display().to_string(), text.as_deref(), one, &str::to_owned)
            })
            .collect();
        // A rule that was made an error keeps a deployment back, not the policy.
        let desired = item.desired.ok_or_else(|| errors.join("\n"))?;
        let machine = parse(&desired.definition).0.ok_or_else(|| errors.join("\n"))?;
        named.push(Named { name: item.workflow, express: desired.kind == MachineKind::Express, machine });
    }
    if named.is_empty() {
        return Err(format!(
            "countersign: {} has no workflows. Name a definition, or a folder with some.",
            path.display()
        ));
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use std::path::PathBuf;

    use super::*;

    fn args(path: &str, workflow: Option<&str>) -> IamArgs {
        IamArgs {
            path: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path),
            workflow: workflow.map(str::to_owned),
            account: Some("111122223333".to_owned()),
            region: Some("eu-west-1".to_owned()),
            kind: Kind::Standard,
            trust: false,
            format: PolicyFormat::Json,
        }
    }

    #[test]
    fn the_shipped_folder_needs_its_functions_and_its_topic() {
        let args = args("statemachine", None);
        let machines = read(&args).unwrap();
        let subjects: Vec<Subject> = machines.iter().map(|one| subject(one, &args)).collect();
        let needed = needed_by(&subjects);
        let on = |action: &str| -> Vec<String> {
            let statements = needed.policy.statements.iter();
            statements
                .filter(|one| one.actions.iter().any(|of| of == action))
                .flat_map(|one| one.resources.clone())
                .collect()
        };
        assert_eq!(on("sns:Publish"), ["arn:aws:sns:eu-west-1:111122223333:order-failures"]);
        assert!(
            on("lambda:InvokeFunction").contains(&"arn:aws:lambda:eu-west-1:111122223333:function:payment".to_owned())
        );
        assert_eq!(needed.notes, []);
    }

    #[test]
    fn one_workflow_needs_its_own() {
        let args = args("statemachine", Some("approval"));
        let machines = read(&args).unwrap();
        assert_eq!(machines.len(), 1);
        let needed = needed_by(&[subject(&machines[0], &args)]);
        assert_eq!(
            needed.policy.statements[0].resources,
            ["arn:aws:lambda:eu-west-1:111122223333:function:request_approval"]
        );
    }

    #[test]
    fn what_is_not_there_is_refused_with_what_is_near() {
        let why = |path: &str, workflow| read(&args(path, workflow)).err().unwrap();
        assert!(why("statemachine", Some("aproval")).contains("Did you mean approval?"));
        assert!(why("statemachine/absent.asl.json", None).contains("cannot be read"));
        assert!(why("crates/asl/tests/golden/missing-target.asl.json", None).contains("Missing 'Next' target: Don"));
    }

    #[test]
    fn placeholders_of_a_file_are_notes() {
        let args = args("statemachine/approval.asl.json", None);
        let machines = read(&args).unwrap();
        let needed = needed_by(&[subject(&machines[0], &args)]);
        assert_eq!(needed.notes.len(), 1, "{:?}", needed.notes);
        assert_eq!(machines[0].name, "approval");
    }
}
