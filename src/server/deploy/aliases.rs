//! Commands about versions and aliases that are there: `rollout`, `status` and `versions prune`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use countersign_desk::Clock;
use countersign_desk::connection::{About, Connection, number_of};
use countersign_desk::deploy::{
    By, Chosen, Failure as CallFailure, Folder, Move, Note, Patience, Progress, Published, Timer, Why, finish,
    machine_named, moved, note_of, prune, pruned, published, version_label,
};

use super::Failure;
use super::apply::stopped_by_ctrl_c;
use super::ask::ask;
use super::follow::follow;
use super::plan::{no_environment, source, usable};
use super::progress::failures;
use super::reach::{call_failure, reach};
use super::terminal_user::{person, record};
use crate::app::absolute;
use crate::server::config::{PruneArgs, RolloutArgs, StatusArgs, WorkflowArgs};
use crate::server::terminal;

/// A workflow of a folder on its connection.
pub struct Found {
    pub connection: Connection,
    /// The name of its state machine.
    pub machine: String,
    /// The alias that the manifest gives it.
    pub alias: Option<String>,
    /// The data folder, which has the record.
    pub data: PathBuf,
}

/// Finds a workflow by its name in the manifest, or by the name of its state machine.
///
/// # Errors
/// The folder or the connection cannot be used.
pub async fn find(of: &WorkflowArgs) -> Result<Found, Failure> {
    let WorkflowArgs { workflow, source: given, within } = of;
    let folder = Folder::read(&source(given.as_deref(), within)?);
    let environment = within.environment.as_deref();
    let chosen = Chosen::of(&folder.manifest, environment).map_err(|error| no_environment(&error))?;
    let connection = reach(&within.reach, chosen.connection()).await?;
    let is_known = folder.manifest.workflows.contains_key(workflow);
    let machine = if is_known { chosen.machine_name(workflow) } else { workflow.clone() };
    let alias = chosen.alias(workflow).filter(|_| is_known);
    Ok(Found { connection, machine, alias, data: within.reach.data.clone() })
}

/// Why a call about a version or an alias was not made, or failed.
pub fn failed(connection: &Connection, failure: CallFailure) -> Failure {
    match failure {
        CallFailure::Call(error) => call_failure(connection, &error),
        CallFailure::Unknown(error) => {
            let Failure { what, remedy } = call_failure(connection, &error);
            Failure::new(
                format!("{what} The call may have taken effect all the same."),
                format!("{remedy} countersign deploy status says what there is."),
            )
        }
        CallFailure::Moved => Failure::new(
            "It was changed meanwhile. Nothing was done.",
            "Look at countersign deploy status, then start it again.",
        ),
        CallFailure::Stopped => Failure::new("It was stopped.", "countersign deploy status says what there is."),
    }
}

impl Found {
    /// The ARN of the machine.
    ///
    /// # Errors
    /// There is none of its name, or a call failed.
    pub async fn arn(&self, patience: &Patience<'_>) -> Result<String, Failure> {
        let machine = machine_named(patience, &self.machine).await.map_err(|error| failed(&self.connection, error))?;
        machine.map(|machine| machine.arn).ok_or_else(|| {
            let what = format!("There is no state machine named {} there.", self.machine);
            Failure::new(
                what,
                "Name a workflow of the manifest, or a state machine, as countersign deploy status shows it.",
            )
        })
    }
}

/// Goes on with a rollout until its end, or ends it at once.
///
/// # Errors
/// No rollout is going on, or a call failed.
pub async fn rollout(args: &RolloutArgs) -> Result<ExitCode, Failure> {
    let found = find(&args.of).await?;
    let Some(alias) = args.alias.clone().or_else(|| found.alias.clone()) else {
        let what = format!("The manifest gives {} no alias.", args.of.workflow);
        return Err(Failure::new(what, "Name the alias with --alias."));
    };
    let (clock, timer, stop) = (Clock::system(), Timer::system(), stopped_by_ctrl_c());
    let patience = Patience::new(&found.connection, &clock, &timer, &stop, &|_| {});
    let alias_arn = format!("{}:{alias}", found.arn(&patience).await?);
    if !args.finish {
        return follow(&found.data, &found.connection, &[(args.of.workflow.clone(), alias_arn)], &stop).await;
    }
    ask(&format!("Give all executions of the alias {alias} of {} the new version", args.of.workflow), args.yes)?;
    let actor = person();
    let note = finish(&patience, &alias_arn, actor.id()).await.map_err(|failure| match failure {
        CallFailure::Moved => Failure::new(
            format!("No rollout of {} is going on. Nothing was changed.", args.of.workflow),
            "countersign deploy status says what there is.",
        ),
        failure => failed(&found.connection, failure),
    })?;
    let act = moved(&alias_arn, &note, &Move::Finish, By { actor: &actor, at: clock.now() });
    record(&found.data, &found.connection.id, &act.into_iter().collect::<Vec<_>>()).await;
    println!("All executions of the alias {} get version {}.", terminal::line(&alias), note.version);
    Ok(ExitCode::SUCCESS)
}

/// Shows what runs where: versions and aliases, since when and by whom.
///
/// # Errors
/// The folder or the connection cannot be read.
pub async fn status(args: &StatusArgs) -> Result<ExitCode, Failure> {
    let folder = Arc::new(Folder::read(&source(args.source.as_deref(), &args.within)?));
    usable(&folder)?;
    let chosen =
        Chosen::of(&folder.manifest, args.within.environment.as_deref()).map_err(|error| no_environment(&error))?;
    let connection = reach(&args.within.reach, chosen.connection()).await?;
    let (clock, timer, stop) = (Clock::system(), Timer::system(), stopped_by_ctrl_c());
    let patience = Patience::new(&connection, &clock, &timer, &stop, &|_| {});
    let mut out = String::new();
    for workflow in folder.manifest.workflows.keys() {
        let name = chosen.machine_name(workflow);
        let machine = machine_named(&patience, &name).await.map_err(|error| failed(&connection, error))?;
        let Some(machine) = machine else {
            // Proof: writing to a string does not fail.
            let _ = writeln!(out, "{}  not deployed", terminal::line(workflow));
            continue;
        };
        let found = published(&patience, &machine.arn).await.map_err(|error| failed(&connection, error))?;
        let _ = writeln!(out, "{}  {}", terminal::line(workflow), terminal::line(&machine.arn));
        for line in standing(&patience, &connection, &machine.arn, &found).await? {
            let _ = writeln!(out, "  {}", terminal::line(&line));
        }
    }
    print!("{out}");
    Ok(ExitCode::SUCCESS)
}

/// The lines of one machine: its aliases with their versions, then how many versions there are.
async fn standing(
    patience: &Patience<'_>,
    connection: &Connection,
    machine_arn: &str,
    found: &Published,
) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for alias in &found.aliases {
        for route in &alias.routes {
            let label = version_label(patience, &route.version_arn).await.map_err(|error| failed(connection, error))?;
            let number = number_of(&route.version_arn).unwrap_or_default();
            let label = label.map(|label| format!("  {label}")).unwrap_or_default();
            lines.push(format!("{}  {:>3} %  version {number}{label}", alias.name, route.weight));
        }
        let note = note_of(alias.description.as_deref());
        lines.extend(note.map(|note| format!("{}  {}", alias.name, noted(&connection.about, machine_arn, &note))));
    }
    lines.push(versions(found.versions.len()));
    Ok(lines)
}

fn versions(count: usize) -> String {
    match count {
        0 => "no versions".to_owned(),
        1 => "1 version".to_owned(),
        count => format!("{count} versions"),
    }
}

/// A note, in words.
fn noted(about: &About, machine_arn: &str, note: &Note) -> String {
    let at = absolute(note.at);
    match &note.state {
        Progress::Settled => format!("since {at}, by {}", note.by),
        Progress::Rolling { weight, .. } => {
            format!("rolling out version {}: {weight} % since {at}, begun by {}", note.version, note.by)
        }
        Progress::Back { from, why: Why::ByHand } => format!("back from version {from} since {at}, by {}", note.by),
        Progress::Back { from, why: Why::Failures { failed, ended, first } } => {
            let failures = failures(about, machine_arn, *failed, *ended, first);
            format!("back from version {from} since {at}: {failures}")
        }
    }
}

/// Deletes the oldest versions that no alias needs.
///
/// # Errors
/// Somebody said no, or a call failed.
pub async fn prune_versions(args: &PruneArgs) -> Result<ExitCode, Failure> {
    let found = find(&args.of).await?;
    let (clock, timer, stop) = (Clock::system(), Timer::system(), stopped_by_ctrl_c());
    let patience = Patience::new(&found.connection, &clock, &timer, &stop, &|_| {});
    let arn = found.arn(&patience).await?;
    let there = published(&patience, &arn).await.map_err(|error| failed(&found.connection, error))?;
    let old = there.to_prune(args.keep);
    let (Some(first), Some(last)) = (old.first(), old.last()) else {
        println!("{}; none may go.", versions(there.versions.len()));
        return Ok(ExitCode::SUCCESS);
    };
    println!(
        "Of {}, {} may go, from {} ({}) to {} ({}): no alias leads to them, nor would go back to them.",
        versions(there.versions.len()),
        old.len(),
        first.number(),
        absolute(first.created_at),
        last.number(),
        absolute(last.created_at)
    );
    ask(&format!("Delete {} of {}", versions(old.len()), args.of.workflow), args.yes)?;
    let tell = |number: u64| {
        if number.is_multiple_of(50) {
            println!("deleted up to version {number}");
        }
    };
    let done = prune(&patience, &old, &tell).await;
    if !done.deleted.is_empty() {
        let by = person();
        record(
            &found.data,
            &found.connection.id,
            &[pruned(&found.machine, &done.deleted, By { actor: &by, at: clock.now() })],
        )
        .await;
    }
    println!("Deleted {}.", versions(done.deleted.len()));
    if !done.in_use.is_empty() {
        println!("{} came into use meanwhile and stay.", done.in_use.len());
    }
    match done.failed {
        None => Ok(ExitCode::SUCCESS),
        Some(failure) => {
            let Failure { what, remedy } = failed(&found.connection, failure);
            Err(Failure::new(format!("{what} Not deleted: {}.", versions(done.left.len())), remedy))
        }
    }
}
