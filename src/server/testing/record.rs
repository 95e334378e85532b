//! `countersign test record`: writes the case of an execution that has happened.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use countersign_desk::connection::{
    CallError, Connection, ConnectionId, ExecutionStatus, SdkOptions, StepFunctions, Target,
};
use countersign_desk::deploy::Definition as Source;
use countersign_replay::evidence::History;
use countersign_replay::{Definition, read_history, record};
use countersign_trace::HistoryEvent;

use super::super::config::TestRecordArgs;
use super::super::terminal;
use super::subject::has_placeholders;

/// Events a page: AWS's maximum.
const PAGE: i32 = 1_000;
/// The most events of a history.
const EVENTS: usize = 25_000;

/// An execution to write a case of.
struct Execution {
    arn: String,
    events: Vec<HistoryEvent>,
    definition: String,
}

/// Carries the command out. 0: it is written; 2: something cannot be read or written.
pub(super) fn run(args: &TestRecordArgs) -> ExitCode {
    match recorded(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("countersign: {}", terminal::lines(&why));
            ExitCode::from(2)
        }
    }
}

fn recorded(args: &TestRecordArgs) -> Result<(), String> {
    let mut execution = match &args.history {
        Some(history) => of_file(args, history)?,
        None => read(args)?,
    };
    if let Some(file) = &args.definition {
        let read = Source::read(file).map_err(|error| format!("{} cannot be read: {error}.", file.display()))?;
        execution.definition = read.json().to_owned();
    }
    if has_placeholders(&execution.definition) {
        return Err("The definition has placeholders: give the one that the execution ran, as \
                    aws stepfunctions describe-state-machine-for-execution shows it."
            .to_owned());
    }
    let definition =
        Definition::read(&execution.definition).map_err(|error| format!("The definition cannot be run: {error}"))?;
    let text = case_of(args, &execution, &definition)?;
    match &args.output {
        None => {
            print!("{}", terminal::lines(&text));
            Ok(())
        }
        Some(file) => append(file, &text),
    }
}

fn case_of(args: &TestRecordArgs, execution: &Execution, definition: &Definition) -> Result<String, String> {
    let of_execution = execution.arn.rsplit(':').next().filter(|name| !name.is_empty());
    let name = args.name.clone().filter(|name| !name.trim().is_empty());
    let name = name.or_else(|| of_execution.map(|name| format!("As in {name}")));
    let name = name.unwrap_or_else(|| "As recorded".to_owned());
    let history = History::standard(&execution.arn, &execution.events);
    let recorded = record(&name, history, definition).map_err(|error| format!("No case can be written: {error}."))?;
    recorded.notes.iter().for_each(|note| eprintln!("countersign: {}", terminal::line(note)));
    Ok(recorded.text)
}

/// Adds a case at the end of a file, which may not exist yet.
fn append(file: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{} cannot be written: {error}.", file.display());
    let mut whole = match std::fs::read_to_string(file) {
        Ok(before) => before,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    if !whole.is_empty() {
        let ends = whole.ends_with('\n');
        whole.push_str(if ends { "\n" } else { "\n\n" });
    }
    // Writing to a text does not fail.
    let _ = write!(whole, "{text}");
    std::fs::write(file, whole).map_err(failed)?;
    eprintln!("countersign: the case is in {}.", terminal::line(&file.display().to_string()));
    Ok(())
}

fn text_of(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}.", file.display()))
}

fn of_file(args: &TestRecordArgs, history: &Path) -> Result<Execution, String> {
    let events = read_history(&text_of(history)?).map_err(|error| format!("{}: {error}.", history.display()))?;
    Ok(Execution { arn: args.execution.clone().unwrap_or_default(), events, definition: String::new() })
}

/// Reads the execution from its connection.
fn read(args: &TestRecordArgs) -> Result<Execution, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("The program cannot start: {error}."))?;
    runtime.block_on(async {
        let arn = args.execution.clone().unwrap_or_default();
        let region = arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned);
        if arn.split(':').nth(5) == Some("express") {
            return Err("It is an Express execution: Step Functions keeps no history of it. Write its events from \
                        CloudWatch Logs into a file, and use --history."
                .to_owned());
        }
        if region.is_none() || arn.split(':').nth(5) != Some("execution") {
            return Err(format!(
                "{arn:?} is not the ARN of an execution: arn:aws:states:REGION:ACCOUNT:execution:WORKFLOW:NAME."
            ));
        }
        let options = SdkOptions {
            target: args.endpoint_url.clone().map_or(Target::Aws, Target::Endpoint),
            profile: args.profile.clone(),
            region: args.region.clone().or(region),
            role: None,
        };
        let connection = Connection::open(ConnectionId::default_one(), options).await;
        of_connection(&*connection.calls, arn.clone()).await.map_err(|error| format!("{arn} cannot be read: {error}."))
    })
}

async fn of_connection(calls: &dyn StepFunctions, arn: String) -> Result<Execution, CallError> {
    let described = calls.describe_execution(&arn).await?;
    let mut page = calls.newest_events(&arn, PAGE, None).await?;
    let mut events = page.items;
    while let Some(next) = page.next.filter(|_| events.len() < EVENTS) {
        page = calls.newest_events(&arn, PAGE, Some(next)).await?;
        events.append(&mut page.items);
    }
    events.sort_by_key(|event| event.id);
    if described.status == ExecutionStatus::Running {
        eprintln!("countersign: the execution is still running: the case ends where it waits.");
    }
    let definition = calls.definition_of_execution(&arn).await?.0;
    Ok(Execution { arn, events, definition })
}
