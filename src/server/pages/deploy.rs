//! The plan of the definitions.

use countersign_desk::deploy::desired::{Setting, SettingChange};
use countersign_desk::deploy::{Change as Planned, FileProblem as Found, Item, MANIFEST, file_problem};
use countersign_desk::policy::{Action, Denied};
use countersign_desk::{Actor, Desk};

use super::{Answered, worded};
use crate::server::words;
use crate::wire::deploy::{Change, Deploy, DeployItem, DiffLine, FileProblem};
use crate::wire::refused::Act;

/// The plan, for `actor`.
///
/// # Errors
/// The connection has not answered yet.
pub async fn deploy(desk: &Desk, actor: &Actor) -> Answered<Deploy> {
    let plan = desk.plan(actor).await.map_err(|error| worded(desk, &error))?;
    let ready = plan.items.iter().any(Item::is_ready);
    let may = |workflow: Option<&str>| desk.may(actor, Action::Deploy, workflow);
    let items: Vec<(Item, Result<(), Denied>)> = plan
        .items
        .into_iter()
        .map(|item| {
            let may = may(Some(item.machine()));
            (item, may)
        })
        .collect();
    let all = may(None).and_then(|()| items.iter().find_map(|(_, may)| may.clone().err()).map_or(Ok(()), Err));
    let hash = if all.is_ok() { plan.hash } else { String::new() };
    let mut answers = std::iter::once(all).chain(items.iter().map(|(_, may)| may.clone()));
    let refused = words::refusals::refused(answers.find(Result::is_err).map(|answer| (Act::Deploy, answer)));
    let functions = desk.definitions().known_functions().trouble;
    let manifest = plan.folder.problem.clone().map(refused_manifest);
    Ok(Deploy {
        folder: plan.folder.path.display().to_string(),
        items: manifest.into_iter().chain(items.into_iter().map(|(one, may)| item(one, may.is_ok()))).collect(),
        ready,
        hash,
        problems: functions.into_iter().chain(plan.problems).map(problem).collect(),
        refused,
        now: desk.now(),
    })
}

/// A change as it crosses the wire.
pub(super) const fn change(planned: Planned) -> Change {
    match planned {
        Planned::New => Change::New,
        Planned::Changed => Change::Changed,
        Planned::Unchanged => Change::Unchanged,
        Planned::Drifted => Change::Drifted,
        Planned::ToBeRemoved => Change::ToBeRemoved,
        Planned::Refused => Change::Refused,
    }
}

fn item(item: Item, may: bool) -> DeployItem {
    DeployItem {
        hash: if may { item.hash() } else { String::new() },
        name: item.name().to_owned(),
        change: change(item.change()),
        settings: item.plan.settings.iter().filter(|one| one.setting != Setting::Definition).map(setting).collect(),
        file: item.file,
        diff: item.diff.into_iter().map(|line| DiffLine { sign: line.sign, text: line.text }).collect(),
        problems: item.found.into_iter().map(|found| problem(file_problem(found))).collect(),
        substitutions: item.substitutions,
    }
}

/// A setting with its old and its new value.
fn setting(change: &SettingChange) -> (String, String, String) {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    (change.setting.as_str().to_owned(), value(&change.old), value(&change.new))
}

fn refused_manifest(found: Found) -> DeployItem {
    DeployItem {
        name: MANIFEST.to_owned(),
        file: found.file.clone(),
        change: Change::Refused,
        hash: String::new(),
        diff: Vec::new(),
        settings: Vec::new(),
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
