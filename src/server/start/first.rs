//! The first start of an empty engine: the shipped workflows, and a sample of each.

use countersign_desk::deploy::{FileProblem, Item, file_problem};
use countersign_desk::{Actor, Desk};

use super::shown;
use crate::server::{terminal, words};

/// In an empty engine: deploys the shipped workflows and starts one execution of each sample, so that the first page has
/// something to show and to decide.
pub async fn first_start(desk: &Desk) {
    let actor = Actor::Program;
    // What an earlier run knew may be gone.
    desk.first_look().await;
    let Ok(known) = desk.snapshot(&actor).await else { return };
    if known.data_at.is_none() || !known.machines.is_empty() {
        return;
    }
    desk.make_parameters().await;
    match desk.deploy_everything(&actor).await {
        Ok(names) => started(desk, &names).await,
        // The manifest's own problems are on the terminal already.
        Err(_) if !desk.definitions().read().problems.is_empty() => {}
        Err(error) => {
            let error = words::error(desk.about(), &error);
            eprintln!("The definitions were not deployed: {}", terminal::line(&error.to_string()));
        }
    }
}

/// Prints what was deployed and what was not, and starts the samples.
async fn started(desk: &Desk, names: &[String]) {
    let actor = Actor::Program;
    if let Ok(plan) = desk.plan(&actor).await {
        let found = |item: &Item| item.found.iter().cloned().map(file_problem).collect::<Vec<_>>();
        plan.items.iter().flat_map(found).chain(plan.problems).for_each(|problem| report(&problem));
    }
    let folder = desk.definitions().read();
    if names.is_empty() {
        eprintln!("Nothing was deployed from {}.", shown(&folder.path));
        return;
    }
    println!("Deployed {}.", terminal::line(&names.join(", ")));
    let Ok(known) = desk.snapshot(&actor).await else { return };
    for name in names {
        let machine = desk.machine_of(name);
        let Some(machine) = known.machine_named(&machine) else { continue };
        for sample in folder.samples(&machine.name) {
            if let Err(error) = desk.launch(&machine.arn, "", &sample.input).await {
                tracing::warn!(%error, workflow = %name, "a sample execution was not started");
            }
        }
    }
}

/// Prints a problem of the definitions on stderr, with its position and remedy.
pub fn report(problem: &FileProblem) {
    let level = if problem.error { "error" } else { "warning" };
    let place = format!("{}:{}:{}", problem.file, problem.line, problem.column);
    eprintln!("{}: {level}: {}", terminal::line(&place), terminal::line(&problem.message));
    eprintln!("  {}", terminal::line(&problem.remedy));
}
