//! The plan of the definitions.

use countersign_desk::deploy::{Change as Planned, FileProblem as Found, Item, MANIFEST, file_problem};
use countersign_desk::{Actor, Desk};

use super::{Answered, worded};
use crate::wire::deploy::{Change, Deploy, DeployItem, DiffLine, FileProblem};

/// The plan, for `actor`.
///
/// # Errors
/// The connection has not answered yet.
pub async fn deploy(desk: &Desk, actor: &Actor) -> Answered<Deploy> {
    let plan = desk.plan(actor).await.map_err(|error| worded(desk, &error))?;
    let ready = plan.items.iter().any(Item::is_ready);
    let manifest = plan.folder.problem.clone().map(refused_manifest);
    Ok(Deploy {
        folder: plan.folder.path.display().to_string(),
        items: manifest.into_iter().chain(plan.items.into_iter().map(item)).collect(),
        ready,
        hash: plan.hash,
        problems: plan.problems.into_iter().map(problem).collect(),
        now: desk.now(),
    })
}

fn item(item: Item) -> DeployItem {
    DeployItem {
        hash: item.hash(),
        name: item.name,
        file: item.file,
        change: match item.change {
            Planned::New => Change::New,
            Planned::Changed => Change::Changed,
            Planned::Unchanged => Change::Unchanged,
            Planned::Refused => Change::Refused,
        },
        diff: item.diff.into_iter().map(|line| DiffLine { sign: line.sign, text: line.text }).collect(),
        problems: item.found.into_iter().map(|found| problem(file_problem(found))).collect(),
        substitutions: item.substitutions,
    }
}

fn refused_manifest(found: Found) -> DeployItem {
    DeployItem {
        name: MANIFEST.to_owned(),
        file: found.file.clone(),
        change: Change::Refused,
        hash: String::new(),
        diff: Vec::new(),
        problems: vec![problem(found)],
        substitutions: Vec::new(),
    }
}

fn problem(found: Found) -> FileProblem {
    FileProblem {
        file: found.file,
        line: found.line,
        column: found.column,
        error: found.error,
        message: found.message,
        remedy: found.remedy,
    }
}
