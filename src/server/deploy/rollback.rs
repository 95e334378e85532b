//! `countersign deploy rollback`: the alias, or the definition, to the version before.

use std::process::ExitCode;
use std::sync::atomic::AtomicUsize;

use countersign_desk::Clock;
use countersign_desk::deploy::{
    BackError, By, Event, Means, Patience, Timer, WayBack, WentBack, gone_back, take, way_back, went_back,
};

use super::aliases::{Found, failed, find};
use super::apply::stopped_by_ctrl_c;
use super::ask::ask;
use super::terminal_user::{person, record};
use super::{Failure, progress};
use crate::server::config::RollbackArgs;
use crate::server::{terminal, words};

/// Looks the way back up, asks, and takes it.
///
/// # Errors
/// There is none, or a call failed.
pub async fn run(args: &RollbackArgs) -> Result<ExitCode, Failure> {
    let found = find(&args.of).await?;
    let (clock, timer, stop) = (Clock::system(), Timer::system(), stopped_by_ctrl_c());
    let patience = Patience::new(&found.connection, &clock, &timer, &stop, &|_| {});
    let arn = found.arn(&patience).await?;
    let way = way(args, &found, &patience, &arn).await.map_err(|error| refused(args, &found, error))?;
    ask(&question(args, &found, &way), args.yes)?;
    let (actor, steps) = (person(), AtomicUsize::new(0));
    let tell = |event: Event| progress::show(&event, &steps);
    let means = Means { connection: &found.connection, clock: &clock, timer: &timer, stop: &stop, tell: &tell };
    let gone = take(means, &way, actor.id()).await;
    if let Some(back) = gone_back(&gone) {
        let act = went_back(&found.machine, back, By { actor: &actor, at: clock.now() });
        record(&found.data, &found.connection.id, &[act]).await;
    }
    println!("{}", said(&gone.map_err(|error| refused(args, &found, error))?));
    Ok(ExitCode::SUCCESS)
}

/// The way back of the alias that is named. The manifest's alias may not be there yet: then the definition goes back.
async fn way(args: &RollbackArgs, found: &Found, patience: &Patience<'_>, arn: &str) -> Result<WayBack, BackError> {
    let alias = args.alias.as_deref().or(found.alias.as_deref());
    match way_back(patience, arn, alias).await {
        Err(BackError::NoAlias(_)) if args.alias.is_none() => way_back(patience, arn, None).await,
        way => way,
    }
}

fn question(args: &RollbackArgs, found: &Found, way: &WayBack) -> String {
    let (workflow, to, about) = (&args.of.workflow, way.to, &found.connection.about);
    let from = way.from.map(|from| format!(" from version {from}")).unwrap_or_default();
    let what = match way.alias() {
        Some(alias) => format!("Lead the alias {alias} of {workflow} back{from} to version {to}"),
        None => format!("Give {workflow} the definition and settings of version {to} again{}", not_compared(way)),
    };
    format!("{what}, on {} ({})", about.label, about.detail)
}

/// What is not known of a machine that is none of its newest versions.
fn not_compared(way: &WayBack) -> String {
    match way.not_compared {
        0 => String::new(),
        1 => " (what it is now is none of its newest versions, and 1 older one was not compared)".to_owned(),
        count => format!(" (what it is now is none of its newest versions, and {count} older ones were not compared)"),
    }
}

fn said(back: &WentBack) -> String {
    let WentBack { to, from, alias, published } = back;
    let from = from.map(|from| format!(" after version {from}")).unwrap_or_default();
    if let Some(alias) = alias {
        return format!("The alias {} leads to version {to}{from}.", terminal::line(alias));
    }
    let again = published.map(|number| format!(" It is published as version {number}.")).unwrap_or_default();
    format!("The definition is that of version {to}{from}.{again} Running executions keep theirs.")
}

fn refused(args: &RollbackArgs, found: &Found, error: BackError) -> Failure {
    let workflow = &args.of.workflow;
    match error {
        BackError::Failed(failure) => failed(&found.connection, failure),
        BackError::Partly(half) => {
            let Failure { what, remedy } = failed(&found.connection, half.failure.clone());
            let remedy = format!("{remedy} Going back once more would go further back.");
            Failure::new(words::partly(&half, &what), remedy)
        }
        BackError::NothingBefore(_) => Failure::new(
            format!("There is no version before the one of {workflow}: nothing was changed."),
            "Check out an earlier revision of the folder, and apply it.",
        ),
        BackError::NeverPublished(_) => Failure::new(
            format!(
                "No version of {workflow} was ever published, so nothing keeps what it was before. Nothing was changed."
            ),
            words::NEVER_PUBLISHED,
        ),
        BackError::NoAlias(arn) => {
            let alias = arn.rsplit(':').next().unwrap_or_default();
            let what = format!("{workflow} has no alias {alias}. Nothing was changed.");
            Failure::new(what, "Name one that countersign deploy status shows, or leave --alias out.")
        }
        BackError::NoMachine(_) => {
            Failure::new(format!("There is no state machine named {} there.", found.machine), "Check the name.")
        }
        BackError::AnotherWay => Failure::new(
            "It was changed meanwhile. Nothing was done.",
            "Look at countersign deploy status, then start it again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_back_is_said() {
        let alias = WentBack { to: 2, from: Some(3), alias: Some("live".to_owned()), published: None };
        assert_eq!(said(&alias), "The alias live leads to version 2 after version 3.");
        let definition = WentBack { to: 2, from: None, alias: None, published: Some(4) };
        let expected =
            "The definition is that of version 2. It is published as version 4. Running executions keep theirs.";
        assert_eq!(said(&definition), expected);
    }
}
