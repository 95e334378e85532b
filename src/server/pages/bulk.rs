//! Acting on many executions at once, and deciding many requests.

use std::collections::BTreeSet;

use countersign_desk::approvals::outcomes::Chosen;
use countersign_desk::bulk::{Bulk as Found, Subject};
use countersign_desk::connection::About;
use countersign_desk::store::{BulkItem, BulkOutcome, BulkRequest, BulkRun, Effect, Verb};
use countersign_desk::{Actor, Desk};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::{Answered, worded};
use crate::app::arrival::{CONNECTION, PROOF};
use crate::app::server_fns::RunBulk;
use crate::app::{Mark, look, mark_of, shown};
use crate::routes::{self, Routes};
use crate::server::words::{self, many};
use crate::wire::Status;
use crate::wire::bulk::{Bulk, BulkRow};
use crate::wire::refused::{Act, Refused};

/// Facts of a request that a row has room for.
const FACTS: usize = 6;

/// A list that is acted on, for `actor`.
///
/// # Errors
/// There is none with this id, or the store failed.
pub async fn bulk(desk: &Desk, actor: &Actor, id: String) -> Answered<Bulk> {
    let found = desk.bulk(actor, &id).await.map_err(|error| worded(desk, &error))?;
    let state = many::RunState::of(&found, desk.now());
    let refused = refused(desk, actor, &found);
    let Found { run, items, goes_on } = found;
    let here = routes::of(desk.id().as_str());
    let subject = run.verb.subject();
    let confirmed = run.begun_at.is_some() || goes_on;
    let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
    Ok(Bulk {
        title: format!("{}: {}", many::verb(&run), many::many(subject, items.len())),
        subject: many::heading(subject).to_owned(),
        said: many::run(&run, &state, desk.undo_ms()),
        reason: (!run.reason.is_empty()).then(|| format!("{}: {}", many::reason(subject), run.reason)),
        progress: confirmed.then(|| (count(state.done + state.refused), count(state.all()))),
        button: many::button(&run, &state).map(|label| (label, undoes(&run))),
        until: state.held_until,
        in_hand: state.held_until.map(|_| in_hand(desk, &run)).unwrap_or_default(),
        back: match subject {
            Subject::Executions => here.executions_of(None, None),
            Subject::Requests => here.inbox(),
        },
        hash: run.hash.clone(),
        person: run.person_name.clone(),
        made_at: run.made_at,
        rows: rows(desk.about(), &here, &run, &items),
        refused,
        now: desk.now(),
        id: run.id,
    })
}

/// What whoever looks may not do with the list.
fn refused(desk: &Desk, actor: &Actor, found: &Found) -> Refused {
    let act = match found.run.verb {
        Verb::Stop => Act::Stop,
        Verb::StartAgain => Act::Start,
        Verb::Redrive => Act::Redrive,
        // Each row says it for its request.
        Verb::Decide => return Refused::default(),
    };
    let workflows: BTreeSet<&str> = found.items.iter().map(|item| item.workflow.as_str()).collect();
    words::refusals::refused([(act, desk.may_to_any(actor, found.run.verb.action(), workflows))])
}

/// Whether the button of a list is red.
fn undoes(run: &BulkRun) -> bool {
    let rejects = run.choice.as_ref().is_some_and(|choice| super::tone(choice.tone) == crate::wire::inbox::Tone::Bad);
    run.verb == Verb::Stop || rejects
}

/// The forms that take back that a list was confirmed, or begin with it at once.
fn in_hand(desk: &Desk, run: &BulkRun) -> String {
    let connection = desk.id().as_str();
    let form = |act: &'static str, label: &'static str| {
        view! {
            <form method="post" action=routes::at(RunBulk::PATH)>
                <input type="hidden" name=PROOF value=crate::server::proof(connection)/>
                <input type="hidden" name=CONNECTION value=connection.to_owned()/>
                <input type="hidden" name="id" value=run.id.clone()/>
                <input type="hidden" name="act" value=act/>
                <button class="button" type="submit">{label}</button>
            </form>
        }
    };
    Owner::new().with(|| view! { {form("take-back", "Take it back")}{form("send-now", "Send now")} }.to_html())
}

fn rows(about: &About, here: &Routes, run: &BulkRun, items: &[BulkItem]) -> Vec<BulkRow> {
    let row = |(number, item): (usize, &BulkItem)| {
        let key = format!("{number} {}", item.outcome.is_some());
        BulkRow { key, html: cells(about, here, run.choice.as_ref(), item) }
    };
    Owner::new().with(|| items.iter().enumerate().map(row).collect())
}

/// The cells of a row.
fn cells(about: &About, here: &Routes, choice: Option<&Chosen>, item: &BulkItem) -> String {
    let name = item.execution_arn.rsplit(':').next().unwrap_or_default().to_owned();
    let first = match &item.request {
        None => {
            let href = here.execution(&item.execution_arn);
            view! { <td class="col-name"><a class="row-main mono" href=href>{shown(name)}</a></td> }.into_any()
        }
        Some(request) => {
            let href = here.approval(&item.execution_arn, request.event);
            view! {
                <td class="col-name">
                    <a class="row-main" href=href>{shown(&request.title)}</a>
                    {facts(request)}
                    <span class="row-side">{shown(name)}" · "{shown(&request.state)}</span>
                </td>
            }
            .into_any()
        }
    };
    let would = item.request.as_ref().and_then(|request| request.would.as_ref());
    let last = match (&item.outcome, would) {
        // By the name that its own rule gives it.
        (Some(outcome), would) => done(about, here, would.map(|(own, _)| own).or(choice), outcome),
        (None, Some((own, effect))) => {
            let other = (Some(&own.label) != choice.map(|choice| &choice.label)).then_some(own);
            shown(many::would(*effect, other))
        }
        (None, None) => ().into_any(),
    };
    view! {
        {first}
        <td class="col-workflow">{shown(&item.workflow)}</td>
        <td class="col-outcome">{last}</td>
    }
    .to_html()
}

/// The first facts of a request.
fn facts(request: &BulkRequest) -> AnyView {
    let fact = |(label, value): &(String, String)| view! { <span>{shown(label)}": "{shown(value)}</span> };
    let more = request.facts.len().saturating_sub(FACTS);
    let more = (more > 0).then(|| view! { <span>{format!("and {more} more")}</span> });
    view! { <span class="bulk-facts">{request.facts.iter().take(FACTS).map(fact).collect_view()}{more}</span> }
        .into_any()
}

/// What came of one of them.
fn done(about: &About, here: &Routes, choice: Option<&Chosen>, outcome: &BulkOutcome) -> AnyView {
    let status = match outcome {
        BulkOutcome::Refused(refusal) => {
            let words = many::refusal(about, choice, refusal);
            return view! { <span class="quiet">"Left out: "{shown(words)}</span> }.into_any();
        }
        BulkOutcome::Stopped => Status::Aborted,
        BulkOutcome::Redriven | BulkOutcome::Started(_) => Status::Running,
        BulkOutcome::Chosen(Effect::Counts { .. }) => Status::WaitingApproval,
        BulkOutcome::Chosen(Effect::Decides) => {
            choice.map_or(Status::Succeeded, |choice| mark_of(super::tone(choice.tone)))
        }
    };
    let started = match outcome {
        BulkOutcome::Started(arn) => {
            let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
            Some(view! { " "<a class="mono row-side" href=here.execution(arn)>{shown(name)}</a> })
        }
        _ => None,
    };
    let words = many::done(choice, outcome);
    view! { <span class="status" data-tone=look(status).tone><Mark status/>{shown(words)}</span>{started} }.into_any()
}
