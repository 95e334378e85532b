//! `countersign policy iam`: the least IAM policy that definitions need, or the trust policy of their role. What a state machine
//! needs beside its tasks (logs, traces, a key) is read from the manifest, in one of its environments.

use std::path::Path;
use std::process::ExitCode;

use countersign_asl::{Diagnostic, Machine, parse, report};
use countersign_desk::connection::MachineKind;
use countersign_desk::deploy::desired::{Desired, Encryption, LogLevel};
use countersign_desk::deploy::{
    Chosen, Draft, FileProblem, Folder, MANIFEST, NoEnvironment, PlanTarget, draft, partition_of,
};
use countersign_desk::nearest::meant;
use countersign_permissions::{Logging, Needed, Subject, needed_by, trust, trust_terraform};

use crate::server::config::{IamArgs, Kind, PolicyFormat};
use crate::server::terminal;

/// A machine that the policy is for.
struct Named {
    name: String,
    machine: Machine,
    express: bool,
    /// Whether its executions are logged.
    logging: bool,
    tracing: bool,
    /// The KMS key that encrypts its data.
    key: Option<String>,
}

impl Named {
    /// A definition of which no manifest says anything.
    const fn of_file(name: String, machine: Machine, kind: Kind) -> Self {
        Self { name, machine, express: matches!(kind, Kind::Express), logging: false, tracing: false, key: None }
    }

    /// A definition with the name and the settings of its state machine.
    fn of(machine: Machine, desired: Desired) -> Self {
        Self {
            name: desired.name,
            machine,
            express: desired.kind == MachineKind::Express,
            logging: desired.logging.is_some_and(|logging| logging.level != LogLevel::Off),
            tracing: desired.tracing.unwrap_or_default(),
            key: match desired.encryption {
                Some(Encryption::CustomerManagedKey { key, .. }) => Some(key),
                Some(Encryption::AwsOwnedKey) | None => None,
            },
        }
    }
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
        let one = Subject { name, ..one };
        match args.format {
            PolicyFormat::Json => print!("{}", terminal::json(&format!("{:#}\n", trust(&one)))),
            PolicyFormat::Terraform => {
                let named = format!("{}-trust", name.unwrap_or("countersign"));
                print!("{}", terminal::lines(&trust_terraform(&one, &named)));
            }
        }
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
        logging: Logging { on: one.logging },
        tracing: one.tracing,
        key: one.key.as_deref(),
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
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.file_name().is_some_and(|name| name == MANIFEST) {
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
    if let Some(desired) = beside(parent, path, args)? {
        return Ok(vec![Named::of(machine, desired)]);
    }
    if let Some(name) = &args.environment {
        let place = path.display();
        return Err(format!("countersign: no manifest beside {place} names it, so there is no environment {name}."));
    }
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = file.split('.').next().unwrap_or_default().to_owned();
    Ok(vec![Named::of_file(name, machine, args.kind)])
}

/// What the manifest beside a definition says of it; `None` without a manifest, or where it does not name the file.
///
/// # Errors
/// The manifest cannot be used, or names the file twice.
fn beside(parent: &Path, path: &Path, args: &IamArgs) -> Result<Option<Desired>, String> {
    if !parent.join(MANIFEST).exists() {
        return Ok(None);
    }
    let folder = readable(parent)?;
    let file = std::fs::canonicalize(path);
    let file = file.map_err(|error| format!("countersign: {} cannot be read: {error}.", path.display()))?;
    let is_it = |draft: &Draft| std::fs::canonicalize(&draft.file).is_ok_and(|other| other == file);
    let mut drafts: Vec<Draft> = drafts(&folder, args)?.into_iter().filter(is_it).collect();
    if drafts.len() > 1 {
        let names: Vec<&str> = drafts.iter().map(|draft| draft.workflow.as_str()).collect();
        let (place, names, parent) = (path.display(), names.join(", "), parent.display());
        return Err(format!("countersign: {place} is the definition of {names}. Name one: {parent} --workflow NAME."));
    }
    drafts.pop().map(desired).transpose()
}

/// The errors of a definition, as `validate` prints them.
fn refused(path: &Path, text: &str, found: &[Diagnostic]) -> String {
    let errors = found.iter().filter(|one| one.is_error());
    errors
        .map(|one| report(&path.display().to_string(), Some(text), one, &str::to_owned))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The folder, if its manifest can be used.
fn readable(path: &Path) -> Result<Folder, String> {
    let folder = Folder::read(path);
    let said = |one: &FileProblem| {
        let FileProblem { file, line, column, message, remedy, .. } = one;
        format!("{file}:{line}:{column}: error: {message}\n   = help: {remedy}")
    };
    if folder.problems.is_empty() {
        return Ok(folder);
    }
    Err(folder.problems.iter().map(said).collect::<Vec<_>>().join("\n"))
}

/// What the folder says of all its workflows, in the environment that is meant.
fn drafts(folder: &Folder, args: &IamArgs) -> Result<Vec<Draft>, String> {
    // In an ARN, a wildcard stands for what is not known.
    let (region, account) = (args.region.as_deref().unwrap_or("*"), args.account.as_deref().unwrap_or("*"));
    let target = PlanTarget { partition: partition_of(region), region, account, ..PlanTarget::unknown(None) };
    let chosen = Chosen::of(&folder.manifest, args.environment.as_deref()).map_err(|error| {
        let NoEnvironment { name, meant, known } = error;
        let near = match meant {
            Some(meant) => format!("Did you mean {meant}?"),
            None if known.is_empty() => "It has none: leave --environment out.".to_owned(),
            None => format!("There are: {}.", known.join(", ")),
        };
        format!("countersign: {} has no environment {name}. {near}", folder.manifest_file().display())
    })?;
    Ok(draft(folder, &chosen, target).drafts)
}

/// What should be of a workflow.
///
/// # Errors
/// Its findings, if its definition cannot be made. A rule that was made an error keeps a deployment back, not the policy.
fn desired(draft: Draft) -> Result<Desired, String> {
    let Draft { desired, found, .. } = draft;
    desired.ok_or_else(|| {
        let errors = found.iter().filter(|(_, one)| one.is_error()).map(|(file, one)| {
            let text = std::fs::read_to_string(file).ok();
            report(&file.display().to_string(), text.as_deref(), one, &str::to_owned)
        });
        errors.collect::<Vec<_>>().join("\n")
    })
}

fn folder(path: &Path, args: &IamArgs) -> Result<Vec<Named>, String> {
    let folder = readable(path)?;
    let names: Vec<&str> = folder.manifest.workflows.keys().map(String::as_str).collect();
    if let Some(name) = args.workflow.as_deref().filter(|name| !names.contains(name)) {
        let near = meant(name, &names)
            .map_or_else(|| format!("There are: {}.", names.join(", ")), |near| format!("Did you mean {near}?"));
        return Err(format!("countersign: {} has no workflow {name}. {near}", path.display()));
    }
    let is_wanted = |draft: &Draft| args.workflow.as_deref().is_none_or(|name| name == draft.workflow);
    let mut named = Vec::new();
    for draft in drafts(&folder, args)?.into_iter().filter(is_wanted) {
        let file = draft.file.clone();
        let desired = desired(draft)?;
        let (machine, found) = parse(&desired.definition);
        let machine = machine.ok_or_else(|| refused(Path::new(&file), &desired.definition, &found))?;
        named.push(Named::of(machine, desired));
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
            environment: None,
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

    /// A folder with a manifest that is gone with the test.
    struct Place(PathBuf);

    impl Place {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("countersign-iam-{test}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            let manifest = r#"
                name = "shop"
                [environments.live]
                [environments.trial]
                suffix = "-trial"
                logging = { level = "OFF" }
                encryption = "aws-owned"
                [workflows.order]
                file = "order.asl.json"
                type = "EXPRESS"
                logging = { level = "ERROR", destination = "/shop/order" }
                tracing = true
                encryption = { key = "4f5e1d2c-0000-4000-8000-000000000000" }
            "#;
            std::fs::write(path.join(MANIFEST), manifest).unwrap();
            let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#;
            std::fs::write(path.join("order.asl.json"), definition).unwrap();
            std::fs::write(path.join("other.asl.json"), definition).unwrap();
            Self(path)
        }

        /// The Sids of the policy, and the conditions' texts, in the order of the Sids.
        fn needs(&self, file: &str, environment: Option<&str>) -> Result<(Vec<String>, String), String> {
            let args = IamArgs {
                path: self.0.join(file),
                environment: environment.map(str::to_owned),
                ..args("statemachine", None)
            };
            let machines = read(&args)?;
            assert_eq!(machines.len(), 1);
            let needed = needed_by(&[subject(&machines[0], &args)]);
            let statements = needed.policy.statements;
            let sids = statements.iter().map(|one| one.sid.clone()).collect();
            let conditions = statements.iter().filter_map(|one| one.condition.as_ref());
            Ok((sids, conditions.map(ToString::to_string).collect()))
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn logs_traces_and_the_key_of_the_manifest_are_allowed() {
        let place = Place::new("settings");
        // The folder, its manifest and the definition that the manifest names say the same.
        for file in ["", MANIFEST, "order.asl.json"] {
            let (sids, conditions) = place.needs(file, None).unwrap();
            assert!(["Key", "LogDelivery", "XRay"].iter().all(|sid| sids.iter().any(|one| one.starts_with(sid))));
            let machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:order\"";
            assert!(conditions.contains(machine), "{file}: {conditions}");
        }
        let (sids, _) = place.needs("", Some("trial")).unwrap();
        assert_eq!(sids, ["XRay"], "an environment turns logging and the key off");
        let (sids, _) = place.needs("other.asl.json", None).unwrap();
        assert_eq!(sids, Vec::<String>::new(), "the manifest does not name it");
    }

    #[test]
    fn the_type_and_the_name_are_those_of_the_manifest() {
        let place = Place::new("type");
        let args = IamArgs {
            path: place.0.join("order.asl.json"),
            environment: Some("trial".to_owned()),
            ..args("statemachine", None)
        };
        let machines = read(&args).unwrap();
        assert_eq!((machines[0].name.as_str(), machines[0].express), ("order-trial", true));
    }

    #[test]
    fn an_environment_that_is_not_there_is_refused_with_what_is_near() {
        let place = Place::new("environment");
        let why = |file, environment| place.needs(file, Some(environment)).unwrap_err();
        assert!(why("", "tiral").contains("Did you mean trial?"), "{}", why("", "tiral"));
        assert!(why("other.asl.json", "trial").contains("no manifest beside"), "{}", why("other.asl.json", "trial"));
    }
}
