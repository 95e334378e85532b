//! `countersign deploy apply`: exactly the plan that is shown, or that was reviewed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use countersign_desk::Clock;
use countersign_desk::connection::Connection;
use countersign_desk::deploy::desired::ItemPlan;
use countersign_desk::deploy::plan_file::PlanFile;
use countersign_desk::deploy::{
    By, Change, Chosen, Event, Folder, Labels, Means, Plan, Report, StepsError, Timer, What, acts, apply, item_hash,
    label_of, rollout,
};
use tokio_util::sync::CancellationToken;

use super::ask::ask;
use super::follow::follow;
use super::plan::{colours, no_environment, planned, replayed, source};
use super::terminal_user::{person, record};
use super::{Failure, git, progress, text};
use crate::server::config::ApplyArgs;
use crate::server::terminal;

/// Plans, shows, asks, applies, and waits for the rollouts.
///
/// # Errors
/// Nothing was done, or not everything: the failure says what.
pub async fn run(args: &ApplyArgs) -> Result<ExitCode, Failure> {
    let kept = args.plan.as_deref().map(read).transpose()?;
    let (mut within, mut given) = (args.within.clone(), args.source.clone());
    if let Some(kept) = &kept {
        given = given.or_else(|| Some(PathBuf::from(&kept.source)));
        within.environment = Some(kept.environment.clone()).filter(|name| !name.is_empty()).or(within.environment);
    }
    let source = source(given.as_deref(), &within)?;
    let folder = Arc::new(Folder::read(&source));
    let (mut plan, connection) = planned(&within, &source, folder).await?;
    let may_be_applied = check(kept.as_ref(), &plan, &connection);
    match &kept {
        // What is refused is not worth the calls of a replay.
        _ if may_be_applied.is_err() => {}
        Some(kept) => kept.show_evidence(&mut plan),
        None if args.no_replay => {}
        None => replayed(&mut plan, &connection).await?,
    }
    print!("{}", text::plan(&plan, &source, &connection, colours()));
    may_be_applied?;
    let gone = plan.items.iter().filter(|item| item.change() == Change::ToBeRemoved).count();
    if !plan.items.iter().any(|item| item.is_ready()) && (gone == 0 || !args.remove) {
        if gone > 0 {
            println!("Nothing was changed. --remove deletes what the manifest no longer names.");
        }
        return Ok(ExitCode::SUCCESS);
    }
    ask(&question(&connection, args.remove && gone > 0), args.yes)?;
    let label = label_of(&git::revision(&source).unwrap_or_default(), &plan.hash);
    let items = plan.item_plans();
    let stop = stopped_by_ctrl_c();
    let report = carry_out(args, &connection, &items, &label, &stop).await?;
    finished(args, &connection, &items, &report, &stop).await
}

/// Refuses a plan that is not the reviewed one, cannot be carried out, or needs an approval.
fn check(kept: Option<&PlanFile>, plan: &Plan, connection: &Connection) -> Result<(), Failure> {
    if let Some(kept) = kept {
        same(kept, plan)?;
    }
    refuse_what_cannot_be(plan, connection)?;
    if needs_approval(plan)? {
        let what = "This deployment needs an approval by people, so nothing was changed.";
        let remedy = "Propose it with countersign deploy propose, or on the page Deploy of the dashboard: it is made once \
                      enough people have approved it.";
        return Err(Failure::new(what, remedy));
    }
    Ok(())
}

fn question(connection: &Connection, removes: bool) -> String {
    let about = &connection.about;
    let deletes = if removes { ", and delete what is to be removed" } else { "" };
    format!("Apply this plan to {} ({}){deletes}", about.label, about.detail)
}

fn read(file: &std::path::Path) -> Result<PlanFile, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::new(
            format!("The plan {shown} cannot be read: {error}."),
            "Write one with countersign deploy plan --out.",
        )
    })?;
    PlanFile::read(&text).map_err(|error| {
        Failure::new(format!("{shown} is not applied: {error}."), "Plan again with countersign deploy plan --out.")
    })
}

/// Refuses a plan that is not the reviewed one, and names what differs.
fn same(kept: &PlanFile, plan: &Plan) -> Result<(), Failure> {
    let again = "Look at the plan above, and keep it again with countersign deploy plan --out.";
    let places = [("region", &kept.region, &plan.owner.region), ("account", &kept.account, &plan.owner.account)];
    for (what, then, now) in places {
        if then != now {
            let text = format!("The reviewed plan is of the {what} {then}, and this is {now}. Nothing was changed.");
            return Err(Failure::new(text, "Choose the connection that it was made for."));
        }
    }
    if kept.hash == plan.hash {
        return Ok(());
    }
    let now = plan.item_plans();
    let find = |items: &[ItemPlan], arn: &str| items.iter().find(|item| item.arn == arn).map(item_hash);
    let mut differing: Vec<&str> = kept
        .items
        .iter()
        .chain(&now)
        .filter(|item| find(&kept.items, &item.arn) != find(&now, &item.arn))
        .map(|item| item.workflow.as_str())
        .collect();
    differing.sort_unstable();
    differing.dedup();
    let what = format!(
        "The plan is not the reviewed one any more: files or the account have moved on. Different: {}. Nothing was changed.",
        differing.join(", ")
    );
    Err(Failure::new(what, again))
}

/// Refuses a plan a part of which is refused, and one to a connection on which nothing can be changed.
///
/// # Errors
/// It is such a plan.
pub fn refuse_what_cannot_be(plan: &Plan, connection: &Connection) -> Result<(), Failure> {
    if plan.is_refused() {
        let what = "A part of the plan is refused, so nothing was changed.";
        return Err(Failure::new(what, "Correct what is said above, then apply again."));
    }
    if connection.about.read_only {
        let what = format!("The connection {} is read-only. Nothing was changed.", connection.id);
        return Err(Failure::new(what, "Choose another one with --connection."));
    }
    Ok(())
}

/// Whether people have to approve a plan.
///
/// # Errors
/// The manifest has no such environment.
pub fn needs_approval(plan: &Plan) -> Result<bool, Failure> {
    let environment = Some(plan.environment.as_str()).filter(|name| !name.is_empty());
    let chosen = Chosen::of(&plan.folder.manifest, environment).map_err(|error| no_environment(&error))?;
    Ok(chosen.approval().is_some())
}

/// Applies the items, and tells each step. Ctrl-C ends it before the next call.
async fn carry_out(
    args: &ApplyArgs,
    connection: &Connection,
    items: &[ItemPlan],
    label: &str,
    stop: &CancellationToken,
) -> Result<Report, Failure> {
    let (clock, timer) = (Clock::system(), Timer::system());
    let steps = AtomicUsize::new(0);
    let tell = |event: Event| progress::show(&event, &steps);
    let actor = person();
    let labels = Labels { version: label.to_owned(), by: actor.id().to_owned() };
    let means = Means { connection, clock: &clock, timer: &timer, stop, tell: &tell };
    let report = apply(means, items, args.remove, &labels).await.map_err(|error| steps_failure(&error))?;
    let all = acts(&report, label, By { actor: &actor, at: clock.now() });
    record(&args.within.reach.data, &connection.id, &all).await;
    Ok(report)
}

/// A token that Ctrl-C cancels. A second Ctrl-C ends the program at once.
pub fn stopped_by_ctrl_c() -> CancellationToken {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            eprintln!("countersign: stopping after the call that is under way; Ctrl-C again ends at once");
            stopping.cancel();
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    stop
}

/// What the report comes to: failures, and rollouts that are waited for.
async fn finished(
    args: &ApplyArgs,
    connection: &Connection,
    items: &[ItemPlan],
    report: &Report,
    stop: &CancellationToken,
) -> Result<ExitCode, Failure> {
    if let Some(mut failure) = progress::failure(connection, report) {
        if is_full(report) {
            let name = report.left.first().map_or("WORKFLOW", |step| step.workflow.as_str());
            failure.remedy = format!(
                "A state machine has 1,000 versions at most. Delete the oldest with countersign deploy versions prune {name}, then apply again."
            );
        }
        return Err(failure);
    }
    let names = report.deployed();
    if names.is_empty() {
        println!("Nothing was changed: it is as the plan says already.");
        return Ok(ExitCode::SUCCESS);
    }
    for (word, names) in done(names, report) {
        println!("{word} {}.", terminal::line(&names.join(", ")));
    }
    if report.rollouts.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if args.no_wait {
        println!(
            "A running dashboard on this connection goes on with the rollout; so does countersign deploy rollout {}.",
            terminal::line(&report.rollouts[0].0)
        );
        return Ok(ExitCode::SUCCESS);
    }
    let longest = items.iter().filter_map(|item| item.desired.as_ref());
    let longest = longest.map(|desired| rollout::duration(desired.rollout.steps)).max();
    if let Some(time) = longest.and_then(progress::time_left) {
        println!("Rolling out, {time}. Ctrl-C leaves it to a running dashboard.");
    }
    follow(&args.within.reach.data, connection, &report.rollouts, stop).await
}

/// What was done with these workflows, in a word each.
fn done(names: Vec<String>, report: &Report) -> Vec<(&'static str, Vec<String>)> {
    let is_removed =
        |name: &String| report.done.iter().any(|(step, _)| step.what == What::Remove && step.workflow == *name);
    let (removed, deployed): (Vec<String>, Vec<String>) = names.into_iter().partition(is_removed);
    [("Deployed", deployed), ("Deleted", removed)].into_iter().filter(|(_, names)| !names.is_empty()).collect()
}

/// Whether a machine has all the versions that it may have.
fn is_full(report: &Report) -> bool {
    report.failed.as_ref().is_some_and(|(_, error)| error.is_out_of_versions())
}

fn steps_failure(error: &StepsError) -> Failure {
    match error {
        StepsError::UnknownOutcomes(name) => Failure::new(
            format!(
                "{name} is EXPRESS: Step Functions keeps no list of its executions, so it cannot roll back by them. Nothing was changed."
            ),
            "Remove roll_back from its rollout.",
        ),
        StepsError::AnotherType(name) => Failure::new(
            format!("{name} is deployed as another type, which cannot be changed. Nothing was changed."),
            "Give it another name, or delete the state machine first.",
        ),
        StepsError::RolloutUnderWay { workflow, alias } => Failure::new(
            format!(
                "The alias {alias} of {workflow} leads to two versions: an earlier rollout has not ended. Nothing was changed."
            ),
            format!(
                "Finish it with countersign deploy rollout {workflow} --finish, or go back with countersign deploy rollback {workflow}."
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use countersign_desk::deploy::{How, Step};

    use super::*;

    #[test]
    fn what_was_deleted_is_not_called_deployed() {
        let step = |workflow: &str, what: What| (Step { item: 0, workflow: workflow.to_owned(), what }, How::Done);
        let said = |steps: Vec<(Step, How)>| {
            let (versions, rollouts) = (BTreeMap::new(), Vec::new());
            let report = Report { done: steps, failed: None, left: Vec::new(), versions, rollouts };
            done(report.deployed(), &report)
        };
        let order = || step("order", What::Update);
        let gone = || step("pay", What::Remove);
        assert_eq!(said(vec![order()]), [("Deployed", vec!["order".to_owned()])]);
        assert_eq!(said(vec![gone()]), [("Deleted", vec!["pay".to_owned()])]);
        assert_eq!(said(vec![order(), gone()]).len(), 2);
    }
}
