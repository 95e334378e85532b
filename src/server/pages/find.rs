//! What was found by a few letters, and what can be done where somebody is.

use countersign_desk::finding::{Fit, Found, REQUESTS, Reach, fit};
use countersign_desk::index::ExecutionRow as Listed;
use countersign_desk::policy::Action;
use countersign_desk::redriving::hindrance_of;
use countersign_desk::watch::Snapshot;
use countersign_desk::{Actor, Desk};

use super::{Answered, inbox, rows, worded};
use crate::routes::{self, Routes};
use crate::wire::Status;
use crate::wire::executions::View;
use crate::wire::find::{Find, Hit, HitKind};

/// The most hits of each kind.
const EACH: usize = 6;
/// What is typed beyond so many characters finds nothing more: an ARN has at most 1,600.
const TYPED: usize = 2_000;
/// The places of the rail.
const PLACES: [(&str, &str); 7] = [
    ("Overview", ""),
    ("Inbox", routes::INBOX),
    ("Executions", routes::EXECUTIONS),
    ("Workflows", routes::WORKFLOWS),
    ("Deploy", routes::DEPLOY),
    ("Audit", routes::AUDIT),
    ("Connection", routes::CONNECTION),
];

/// What fits `typed`, for `actor`; `execution` is the ARN of the execution whose page they come from. What executions hold is
/// searched where nobody is `typing` any more.
///
/// # Errors
/// The connection has never answered, or the index cannot be read.
pub async fn find(
    desk: &Desk,
    actor: &Actor,
    typed: Option<String>,
    execution: Option<String>,
    typing: Option<String>,
) -> Answered<Find> {
    let typed: String = typed.unwrap_or_default().chars().take(TYPED).collect();
    let typed = typed.trim();
    let here = routes::of(desk.id().as_str());
    let mut hits: Vec<(Fit, Hit)> = Vec::new();
    hits.extend(by_arn(&here, typed).map(|hit| (Fit::Whole, hit)));
    let limit = u32::try_from(EACH).unwrap_or(u32::MAX);
    let reach = if typing.is_some() { Reach::Names } else { Reach::Contents };
    let found = desk.find(actor, typed, reach, limit).await.map_err(|error| worded(desk, &error))?;
    let mut more = Vec::new();
    let actions = match execution {
        Some(arn) => on_execution(desk, actor, &here, arn).await,
        None => Vec::new(),
    };
    hits.extend(actions.into_iter().filter_map(|hit| Some((fit(typed, &hit.title)?, hit))));
    if typed.is_empty() {
        hits.extend(requests(&here, &found, &mut more).into_iter().map(|hit| (Fit::Prefix, hit)));
    }
    hits.extend(
        places(&here).filter_map(|hit| Some((fit(typed, &hit.title).or_else(|| fit(typed, &go_to(&hit)))?, hit))),
    );
    if !typed.is_empty() {
        let redacted = desk.redactor();
        let snapshot = desk.snapshot(actor).await.map_err(|error| worded(desk, &error))?;
        hits.extend(workflows(&here, typed, &found, &mut more));
        hits.extend(starts(desk, actor, &here, typed, &snapshot));
        let execution = |one: &Listed, in_content: bool| {
            let row = rows::execution_row(&snapshot, one);
            Hit {
                kind: HitKind::Execution,
                href: here.execution(&row.arn),
                title: redacted.text(&row.name),
                detail: if in_content { format!("{} · found by its contents", row.workflow) } else { row.workflow },
                status: Some(row.status),
            }
        };
        let named = |one: &Listed| (fit(typed, &one.summary.name).unwrap_or(Fit::Inside), execution(one, false));
        hits.extend(found.executions.iter().map(named));
        hits.extend(found.searched.iter().map(|one| (Fit::Inside, execution(one, true))));
        if !found.searched.is_empty() {
            let list = here.executions_view(&View { q: Some(typed.to_owned()), ..View::default() });
            let title = format!("Search all executions for {typed}");
            hits.push((Fit::Letters(usize::MAX), action(title, "", list)));
        }
        if found.more_executions {
            more.push("more executions have such a name: type more of it".to_owned());
        }
        hits.extend(requests(&here, &found, &mut more).into_iter().map(|hit| (Fit::Inside, hit)));
    }
    // Stable: what fits equally well stays in the order of its kind.
    hits.sort_by_key(|(fit, _)| *fit);
    Ok(Find { hits: hits.into_iter().map(|(_, hit)| hit).collect(), more })
}

/// An ARN leads to its page, whether the connection has it or not: the page says so.
fn by_arn(here: &Routes, typed: &str) -> Option<Hit> {
    let mut parts = typed.split(':');
    let is_of = (parts.next(), parts.nth(1)) == (Some("arn"), Some("states"));
    let (kind, name) = (parts.nth(2)?, parts.next()?);
    let run = parts.next();
    let hit =
        |kind, title: &str, href| Hit { kind, title: title.to_owned(), detail: typed.to_owned(), href, status: None };
    match (kind, run) {
        ("execution" | "express", Some(run)) if is_of => Some(hit(HitKind::Execution, run, here.execution(typed))),
        ("stateMachine", _) if is_of => Some(hit(HitKind::Workflow, name, here.workflow(name))),
        _ => None,
    }
}

fn action(title: String, detail: &str, href: String) -> Hit {
    Hit { kind: HitKind::Action, title, detail: detail.to_owned(), href, status: None }
}

fn go_to(page: &Hit) -> String {
    format!("Go to {}", page.title)
}

fn places(here: &Routes) -> impl Iterator<Item = Hit> {
    PLACES.into_iter().map(|(word, segment)| Hit {
        kind: HitKind::Page,
        title: word.to_owned(),
        detail: String::new(),
        href: if segment.is_empty() { here.overview() } else { here.page(segment) },
        status: None,
    })
}

/// What can be done to the execution that is shown.
async fn on_execution(desk: &Desk, actor: &Actor, here: &Routes, arn: String) -> Vec<Hit> {
    // One that cannot be read has no actions; its page says why.
    let Ok((record, _)) = desk.execution(actor, &arn).await else { return Vec::new() };
    let name = desk.redactor().text(&record.description.name);
    let page = here.execution(&arn);
    let mut actions = Vec::new();
    let may = |action| desk.may(actor, action, Some(record.workflow())).is_ok();
    if !record.ended() && may(Action::Stop) {
        actions.push(action("Stop this execution".to_owned(), &name, format!("{page}#stop")));
    }
    if hindrance_of(&record, desk.now()).is_none() && may(Action::Redrive) {
        actions.push(action("Redrive this execution".to_owned(), &name, format!("{page}#redrive")));
    }
    if may(Action::Start) {
        let again = here.start_again(record.workflow(), &arn);
        actions.push(action("Start this execution again".to_owned(), &name, again));
    }
    actions
}

fn workflows(here: &Routes, typed: &str, found: &Found, more: &mut Vec<String>) -> Vec<(Fit, Hit)> {
    let mut hits = Vec::new();
    for name in found.workflows.iter().take(EACH) {
        let hit = Hit {
            kind: HitKind::Workflow,
            title: name.clone(),
            detail: String::new(),
            href: here.workflow(name),
            status: None,
        };
        hits.push((fit(typed, name).unwrap_or(Fit::Inside), hit));
    }
    let rest = found.workflows.len().saturating_sub(EACH);
    if rest > 0 {
        more.push(format!("{rest} more workflows"));
    }
    hits
}

/// Starting a workflow: "start ord" and "ord" both name it.
fn starts(desk: &Desk, actor: &Actor, here: &Routes, typed: &str, snapshot: &Snapshot) -> Vec<(Fit, Hit)> {
    let mut starts: Vec<(Fit, &str)> = snapshot
        .machines
        .values()
        .filter_map(|machine| {
            let whole = fit(typed, &format!("Start {}", machine.name)).filter(|fit| *fit <= Fit::Inside);
            Some((whole?, machine.name.as_str()))
        })
        .collect();
    starts.sort_unstable();
    let hit = |(fit, name): (Fit, &str)| {
        (fit.max(Fit::Words), action(format!("Start {name}"), "", format!("{}#start", here.workflow(name))))
    };
    let may = |(_, name): &(Fit, &str)| desk.may(actor, Action::Start, Some(name)).is_ok();
    starts.into_iter().filter(may).take(EACH).map(hit).collect()
}

fn requests(here: &Routes, found: &Found, more: &mut Vec<String>) -> Vec<Hit> {
    let rest = found.requests.len().saturating_sub(EACH);
    if rest > 0 {
        more.push(format!("{rest} more requests"));
    }
    if found.waiting > u64::from(REQUESTS) {
        more.push(format!("of {} requests the {REQUESTS} most urgent were searched", found.waiting));
    }
    let hit = |(wait, reading): &(_, _)| {
        let row = inbox::row(wait, reading);
        Hit {
            kind: HitKind::Request,
            href: here.approval(&row.execution_arn, row.event),
            detail: format!("{} · {}", row.workflow, row.state),
            title: row.title,
            status: Some(Status::WaitingApproval),
        }
    };
    found.requests.iter().take(EACH).map(hit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_leads_to_its_page() {
        let here = routes::of("prod");
        let href = |typed: &str| by_arn(&here, typed).map(|hit| hit.href);
        let arn = "arn:aws:states:eu-central-1:000000000000:execution:order:a1";
        assert_eq!(href(arn), Some(here.execution(arn)));
        let machine = "arn:aws-cn:states:cn-north-1:000000000000:stateMachine:order";
        assert_eq!(href(machine), Some(here.workflow("order")));
        assert_eq!(href(&format!("{machine}:7")), Some(here.workflow("order")));
        for other in ["arn:aws:sqs:eu-central-1:0:execution:order:a1", "arn:aws:states", "order", ""] {
            assert_eq!(href(other), None, "{other}");
        }
    }
}
