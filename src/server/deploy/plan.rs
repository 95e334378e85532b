//! `countersign deploy plan`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use countersign_desk::Clock;
use countersign_desk::connection::{Connection, ConnectionKind};
use countersign_desk::deploy::plan_file::PlanFile;
use countersign_desk::deploy::{
    Chosen, Delay, FileProblem, Folder, NoEnvironment, Patience, Plan, PlanError, PlanTarget, Planner, REPLAYED,
    Template, Timer, Waiting, add_evidence, declared_functions, is_template,
};
use countersign_local::files::private_file;
use tokio_util::sync::CancellationToken;

use super::reach::{call_failure, reach};
use super::text::Colours;
use super::{Failure, comment, json, text};
use crate::server::config::{PlanArgs, WithinArgs};
use crate::server::shipped::definitions_folder;
use crate::server::terminal;

/// What the program ends with where something is refused, and where something would change.
const REFUSED: u8 = 1;
const CHANGES: u8 = 2;
/// A wait of so many milliseconds is told.
const LONG: i64 = 1_000;

/// Plans, writes the plan, and says by the exit status whether it changes anything.
///
/// # Errors
/// There is no plan, or it cannot be written.
pub async fn run(args: &PlanArgs) -> Result<ExitCode, Failure> {
    let (written, status) = answer(args, colours()).await?;
    write(&written)?;
    Ok(ExitCode::from(status))
}

/// The plan as it is written, and the exit status. With `--out` it is kept, too.
///
/// # Errors
/// There is no plan, or it cannot be kept.
pub async fn answer(args: &PlanArgs, colours: Colours) -> Result<(String, u8), Failure> {
    let template = args.source.clone().filter(|path| is_template(path));
    let source = template.clone().map_or_else(|| source(args.source.as_deref(), &args.within), Ok)?;
    let (plan, connection) = if template.is_some() {
        if args.out.is_some() {
            let what = format!("The plan of {} cannot be kept: its own tool deploys it.", source.display());
            return Err(Failure::new(what, "Leave --out out."));
        }
        let (stack, values) = (args.stack.clone(), parameters(&args.parameters)?);
        planned_template(&args.within, &Template { path: source.clone(), stack, values }).await?
    } else {
        if let Some(one) = args.parameters.first() {
            let what = format!("{} is a folder of definitions, which has no parameters: {one:?}.", source.display());
            return Err(Failure::new(what, "Leave --parameter out, and write values under [substitutions]."));
        }
        if let Some(stack) = &args.stack {
            let what = format!("{} is a folder of definitions, which is no stack: {stack:?}.", source.display());
            return Err(Failure::new(what, "Leave --stack out."));
        }
        let (mut plan, connection) = planned(&args.within, &source, Arc::new(Folder::read(&source))).await?;
        if !args.no_replay {
            replayed(&mut plan, &connection).await?;
        }
        (plan, connection)
    };
    if let Some(file) = &args.out {
        keep(file, &plan, &source, &connection)?;
    }
    let written = if args.json {
        terminal::json(&format!("{:#}\n", json::plan(&plan, &source, &connection)))
    } else if args.markdown {
        comment::plan(&plan, &source, &connection)
    } else {
        text::plan(&plan, &source, &connection, colours)
    };
    let status = if plan.is_refused() {
        REFUSED
    } else if plan.has_changes() {
        CHANGES
    } else {
        0
    };
    Ok((written, status))
}

/// Adds what the last executions would do under the new definitions.
///
/// # Errors
/// The credentials are no longer good.
pub(super) async fn replayed(plan: &mut Plan, connection: &Connection) -> Result<(), Failure> {
    let (clock, timer, stop) = (Clock::system(), Timer::system(), CancellationToken::new());
    let patience = Patience::new(connection, &clock, &timer, &stop, &waits);
    let added = add_evidence(plan, &patience, REPLAYED as usize).await;
    added.map_err(|error| failure(connection, error.into()))
}

/// The folder that is meant.
///
/// # Errors
/// There is none.
pub(super) fn source(given: Option<&Path>, within: &WithinArgs) -> Result<PathBuf, Failure> {
    let source = definitions_folder(given, &within.reach.data);
    let source = source.map_err(|error| Failure::new(format!("{error}."), "Name a folder with definitions."))?;
    let shown = source.display();
    if is_template(&source) {
        let what = format!("{shown} is a template, which its own tool deploys.");
        return Err(Failure::new(what, "`countersign deploy plan` shows what that changes."));
    }
    if source.is_dir() {
        return Ok(source);
    }
    if !source.exists() {
        return Err(Failure::new(format!("There is no folder {shown}."), "Name the folder of countersign.toml."));
    }
    // The manifest itself names its folder.
    if source.file_name().is_some_and(|name| name == countersign_desk::deploy::MANIFEST) {
        let folder = source.parent().filter(|parent| !parent.as_os_str().is_empty());
        return Ok(folder.map_or_else(|| PathBuf::from("."), Path::to_owned));
    }
    Err(Failure::new(format!("{shown} is no folder of definitions."), "Name the folder of countersign.toml."))
}

/// Refuses a folder whose manifest cannot be used, with every mistake.
///
/// # Errors
/// It is such a folder.
pub(super) fn usable(folder: &Folder) -> Result<(), Failure> {
    let said = |one: &FileProblem| format!("{}:{}:{}: {}", one.file, one.line, one.column, one.message);
    match &folder.problems[..] {
        [] => Ok(()),
        [only] => Err(Failure::new(said(only), only.remedy.clone())),
        all => {
            let lines: Vec<String> = all.iter().map(|one| format!("{}\n  {}", said(one), one.remedy)).collect();
            Err(Failure::new(lines.join("\n"), "The manifest cannot be used until all of that is corrected."))
        }
    }
}

/// The plan of a folder, and the connection that it is made against.
///
/// # Errors
/// The manifest or the connection cannot be used.
pub(super) async fn planned(
    args: &WithinArgs,
    source: &Path,
    folder: Arc<Folder>,
) -> Result<(Plan, Connection), Failure> {
    usable(&folder)?;
    let chosen = Chosen::of(&folder.manifest, args.environment.as_deref()).map_err(|error| no_environment(&error))?;
    let connection = reach(&args.reach, chosen.connection()).await?;
    let functions = functions(args, source, &connection)?;
    let (clock, timer, stop) = (Clock::system(), Timer::system(), CancellationToken::new());
    let planner = planner(&connection, &clock, &timer, &stop, functions.as_ref());
    let plan = planner.plan_in(&folder, &chosen).await.map_err(|error| failure(&connection, error))?;
    Ok((plan, connection))
}

/// What plans on a connection for a terminal.
fn planner<'a>(
    connection: &'a Connection,
    clock: &'a Clock,
    timer: &'a Timer,
    stop: &'a CancellationToken,
    functions: Option<&'a BTreeSet<String>>,
) -> Planner<'a> {
    Planner { connection, clock, timer, stop, tell: &waits, functions, variables: &variable, counts_running: true }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The values of a template's parameters, as they are given.
///
/// # Errors
/// One is no `NAME=VALUE`, or is given twice.
fn parameters(given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut values = BTreeMap::new();
    for one in given {
        let pair = one.split_once('=').filter(|(name, _)| !name.is_empty());
        let Some((name, value)) = pair else {
            let what = format!("--parameter {one:?} has no name and value.");
            return Err(Failure::new(what, "Write it as in --parameter Price=5."));
        };
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::new(format!("The parameter {name} is given twice."), "Keep one of the two."));
        }
    }
    Ok(values)
}

/// The plan of another tool's template.
async fn planned_template(args: &WithinArgs, template: &Template) -> Result<(Plan, Connection), Failure> {
    if let Some(name) = &args.environment {
        let what = format!("A template has no environments, so there is no {name:?}.");
        return Err(Failure::new(what, "Leave --environment out, and choose the place with --connection."));
    }
    let folder = Arc::new(template.folder());
    let chosen = Chosen { manifest: &folder.manifest, environment: None };
    let connection = reach(&args.reach, None).await?;
    let (clock, timer, stop) = (Clock::system(), Timer::system(), CancellationToken::new());
    let planner = planner(&connection, &clock, &timer, &stop, None);
    let named = |target: PlanTarget<'_>| template.parameters(target);
    let drafts = |target: PlanTarget<'_>| template.draft(target);
    let plan = planner.plan_drafts(&folder, &chosen, &named, &drafts).await;
    let plan = plan.map_err(|error| failure(&connection, error))?;
    Ok((plan, connection))
}

fn failure(connection: &Connection, error: PlanError) -> Failure {
    match error {
        PlanError::Call(error) => call_failure(connection, &error),
        PlanError::Environment(error) => no_environment(&error),
        PlanError::Manifest(problem) => Failure::new(problem.message, problem.remedy),
        PlanError::Stopped => Failure::new("It was stopped.", "Start it again."),
    }
}

/// The functions that definitions may call; `None` where they are not known.
fn functions(args: &WithinArgs, source: &Path, connection: &Connection) -> Result<Option<BTreeSet<String>>, Failure> {
    if let Some(file) = &args.functions {
        let found = declared_functions(file);
        let what = format!("{} declares no functions that can be read.", file.display());
        return found.map(Some).ok_or_else(|| Failure::new(what, "Name a functions.toml with --functions."));
    }
    let beside = || declared_functions(&source.join("../lambdas/functions.toml"));
    Ok(if connection.about.kind == ConnectionKind::Embedded { beside() } else { None })
}

pub(super) fn no_environment(error: &NoEnvironment) -> Failure {
    let NoEnvironment { name, meant, known } = error;
    let what = format!("The manifest has no environment {name:?}.");
    let near = meant.as_ref().map_or_else(String::new, |meant| format!("Did you mean {meant}? "));
    let remedy = if known.is_empty() {
        format!("Write [environments.{name}] in it, or leave --environment out.")
    } else {
        format!("{near}There are: {}.", known.join(", "))
    };
    Failure::new(what, remedy)
}

/// Says on stderr what a call waits for.
fn waits(waiting: Waiting) {
    if waiting.ms < LONG {
        return;
    }
    let why = match waiting.why {
        Delay::Quota => "the quota of this account",
        Delay::Throttled => "AWS, which is busy with this account",
        Delay::Unreachable => "an answer",
    };
    let seconds = waiting.ms.div_euclid(1_000);
    eprintln!("countersign: {} waits {seconds} s for {why}", waiting.api.name());
}

fn keep(file: &Path, plan: &Plan, source: &Path, connection: &Connection) -> Result<(), Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        Failure::new(format!("The plan cannot be kept in {}: {why}.", file.display()), "Name another file with --out.")
    };
    if plan.is_refused() {
        // What is refused cannot be applied; the reasons follow.
        eprintln!("countersign: the plan is not kept: a part of it is refused.");
        return Ok(());
    }
    let kept = PlanFile::of(plan, &source.display().to_string(), connection.id.as_str());
    // It has definitions and settings, which are nobody else's business.
    let mut to = private_file(file).map_err(|error| failed(&error))?;
    to.set_len(0).and_then(|()| to.write_all(kept.text().as_bytes())).map_err(|error| failed(&error))
}

/// Whether the standard output shows colours.
pub(super) fn colours() -> Colours {
    let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let is_able = std::env::var_os("TERM").is_none_or(|name| name != "dumb");
    if is_wanted && is_able && std::io::stdout().is_terminal() { Colours::Shown } else { Colours::None }
}

/// Writes the plan. The reader of a pipe may stop early, as `head` does; the exit status stays the same.
fn write(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("The plan cannot be written: {error}."), "Write it elsewhere."))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn parameters_are_names_and_values() {
        let read = |given: &[&str]| parameters(&given.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        let values = read(&["Price=5", "Url=https://a/?b=c", "Empty="]).unwrap();
        let pairs: Vec<(&str, &str)> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("Empty", ""), ("Price", "5"), ("Url", "https://a/?b=c")]);
        for (given, expected) in [
            (&["Price"][..], "--parameter \"Price\" has no name and value."),
            (&["=5"][..], "--parameter \"=5\" has no name and value."),
            (&["Price=5", "Price=6"][..], "The parameter Price is given twice."),
        ] {
            assert_eq!(read(given).err().unwrap().what, expected);
        }
    }
}
