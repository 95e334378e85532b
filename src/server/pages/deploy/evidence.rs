//! What earlier executions would do under a new definition: counted in groups, each execution with the course that it took
//! beside the one that it would take.

use countersign_desk::deploy::{REPLAYED, Replays};
use countersign_replay::course::Visited;
use countersign_replay::evidence::{Evidence, Finding, Found, Turn};
use countersign_trace::OutcomeStatus;
use leptos::prelude::*;

use crate::app::{duration, shown};
use crate::routes::Routes;
use crate::routes::view::REPLAY;

/// The executions of a group that are listed, and those whose courses stand open.
const LISTED: usize = 50;
const SHOWN: usize = 5;
/// The visits of a course that are shown around the place where it turns.
const AROUND: usize = 12;

/// The evidence of one workflow.
pub fn evidence(here: &Routes, replays: &Replays) -> AnyView {
    let count = replays.summary.executions();
    if count == 0 && replays.unread.is_empty() {
        return unknown(&match replays.listed {
            None => "No execution of it has ended yet, so there is nothing to replay.".to_owned(),
            Some(listed) => {
                format!("None of the newest {listed} executions has ended, and older ones were not looked at.")
            }
        });
    }
    let groups = replays.summary.groups.iter().map(|group| {
        let (tone, word) = tone(&group.finding);
        let of_group = |arn: &String| {
            let found = replays.executions.iter().find(|(known, _)| known == arn);
            found.map(|(_, evidence)| evidence)
        };
        let courses = !matches!(group.finding, Finding::SamePath);
        let rows = group.executions.iter().take(LISTED).enumerate().map(|(at, arn)| {
            let beside = of_group(arn).filter(|_| courses).map(|evidence| {
                let both = side_by_side(evidence);
                if at < SHOWN {
                    return both;
                }
                view! { <details><summary>"Then and now"</summary>{both}</details> }.into_any()
            });
            let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
            view! { <li><a class="mono" href=here.execution(arn)>{shown(name)}</a>{beside}</li> }
        });
        let more = group.executions.len().saturating_sub(LISTED);
        let more = (more > 0).then(|| view! { <li class="quiet">{format!("and {more} more")}</li> });
        view! {
            <details class="evidence" data-tone=tone>
                <summary><span class="evidence-sign" aria-hidden="true">{word}</span>" "{shown(group.to_string())}</summary>
                <ul class="evidence-list">{rows.collect_view()}{more}</ul>
            </details>
        }
    });
    let unread = replays.unread.len();
    let unread = (unread > 0).then(|| {
        view! { <p class="quiet">{format!("{unread} could not be read: nothing is known of them.")}</p> }
    });
    let cut = replays.listed.map(|listed| {
        let said = format!("Executions older than the newest {listed} were not looked at.");
        view! { <p class="quiet">{said}</p> }
    });
    let word = if count == 1 { "execution" } else { "executions" };
    view! {
        <section class="plan-part">
            <h3>"Replay evidence"</h3>
            <p class="quiet">{format!("The newest {count} {word} that ended, run through the new definition; each task answers what it answered then.")}</p>
            {groups.collect_view()}
            {unread}
            {cut}
        </section>
    }
    .into_any()
}

/// The button that has the executions replayed, where that costs calls.
pub fn offer(here: &Routes, environment: Option<&str>, workflow: &str) -> AnyView {
    let href = super::asking(here, environment, REPLAY, workflow);
    view! {
        <section class="plan-part">
            <h3>"Replay evidence"</h3>
            <p><a class="button" href=href>{format!("Replay the last {REPLAYED} executions")}</a></p>
        </section>
    }
    .into_any()
}

/// Why there is none.
pub fn unknown(why: &str) -> AnyView {
    view! { <section class="plan-part"><h3>"Replay evidence"</h3><p class="quiet">{shown(why)}</p></section> }
        .into_any()
}

/// The tone of a finding, and its sign.
fn tone(finding: &Finding) -> (&'static str, &'static str) {
    match finding {
        Finding::SamePath => ("good", "="),
        Finding::NotKnown { .. } => ("none", "?"),
        one if one.end().is_some_and(|end| end.status != OutcomeStatus::Succeeded) => ("bad", "!"),
        Finding::Ends(_) | Finding::Reaches { .. } | Finding::NoLongerReaches { .. } | Finding::AnotherOrder { .. } => {
            ("caught", "≠")
        }
    }
}

/// The course that an execution took, and the one that it would take.
fn side_by_side(evidence: &Evidence) -> AnyView {
    let turn = match &evidence.found {
        Found::AnotherPath { turn, .. } => Some(turn),
        Found::NotKnown { turn, .. } => turn.as_ref(),
        Found::SamePath { .. } | Found::AnotherEnd { .. } => None,
    };
    let end = match &evidence.found {
        Found::AnotherPath { end, .. } | Found::AnotherEnd { end, .. } => Some(end.to_string()),
        Found::SamePath { .. } | Found::NotKnown { .. } => None,
    };
    let asked = (!evidence.asked_otherwise.is_empty()).then(|| {
        let states = evidence.asked_otherwise.join(", ");
        view! { <p class="quiet">{shown(format!("Asked something else than then, and answered all the same: {states}."))}</p> }
    });
    view! {
        <div class="courses">
            <div><h4>"Then"</h4>{course(&evidence.then.visits, turn)}</div>
            <div><h4>"Now"</h4>{course(&evidence.now.visits, turn)}{end.map(|end| view! { <p class="quiet">{shown(end)}</p> })}</div>
        </div>
        {asked}
    }
    .into_any()
}

fn course(visits: &[Visited], turn: Option<&Turn>) -> AnyView {
    let turned = turn.map(|turn| turn.at);
    let from = turned.unwrap_or_default().saturating_sub(AROUND / 2).min(visits.len());
    let until = (from + AROUND).min(visits.len());
    let step = |(at, visit): (usize, &Visited)| {
        let differs = turned.is_some_and(|turned| at >= turned);
        let inside =
            visit.scope.iter().map(|within| format!("{}[{}] ", within.state, within.index)).collect::<String>();
        let error = visit.error.clone().map(|error| view! { " "<span class="failure-name mono">{shown(error)}</span> });
        let mark = differs.then(|| view! { <span class="course-turn" title="Differs">"≠ "</span> });
        view! {
            <li class:differs=differs>
                {mark}{shown(inside)}{shown(visit.state.clone())}" "
                <span class="quiet">{duration(visit.after_ms, false)}</span>
                {error}
            </li>
        }
    };
    let before = (from > 0).then(|| view! { <li class="quiet">{format!("{from} before")}</li> });
    let after = visits.len() - until;
    let after = (after > 0).then(|| view! { <li class="quiet">{format!("{after} more")}</li> });
    let steps = visits.iter().enumerate().skip(from).take(until - from).map(step).collect_view();
    view! { <ol class="course">{before}{steps}{after}</ol> }.into_any()
}
