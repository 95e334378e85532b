//! What a reader should know first: what waits, what went wrong, and the executions around this one.

use leptos::prelude::*;

use crate::app::components::failure_line;
use crate::app::components::status::look;
use crate::app::here::here;
use crate::app::ui::{Ago, Due, copy, shown};
use crate::routes::View;
use crate::routes::view::{ITERATION, STATE, VISIT};
use crate::wire::Status;
use crate::wire::execution::{Execution, Origin, TroublePlace};
use crate::wire::inbox::ApprovalRow;

/// What started this execution, with the ways there.
pub(super) fn started_by(origin: Origin) -> AnyView {
    let Origin { arn, name, map_run, place, is_claimed } = origin;
    let copied = copy("the ARN of the parent execution", arn.clone());
    let parent = view! { <a class="mono" href=here().execution(&arn)>{shown(name)}</a>{copied} };
    if is_claimed {
        return view! { <p class="facts"><span>"Its input says that "{parent}" started it"</span></p> }.into_any();
    }
    let word = if map_run.is_some() { "Started by a Map Run of " } else { "Started by " };
    let state = place.map(|(state, iteration, visit)| {
        let (iteration, visit) = (iteration.map(|id| id.to_string()), visit.to_string());
        let to = [(STATE, Some(state.as_str())), (ITERATION, iteration.as_deref()), (VISIT, Some(visit.as_str()))];
        let href = here().execution_view(&arn, &View::default().changed(&to));
        view! { ", in the state "<a href=href>{shown(&state)}</a> }
    });
    let others = map_run.map(|run| {
        let href = here().children(&run);
        view! { <span><a href=href>"All executions of this Map Run"</a>{copy("the ARN of the Map Run", run)}</span> }
    });
    view! { <p class="facts"><span>{word}{parent}{state}</span>{others}</p> }.into_any()
}

/// What waits for a person here, first of all: one request by its title, several by their number.
pub(super) fn requests(rows: &[ApprovalRow], count: u64, now: i64) -> Option<AnyView> {
    let first = rows.first()?;
    let due = |row: &ApprovalRow| row.due.map(|at| view! { ", "<Due at now/> });
    let link = here().approval(&first.execution_arn, first.event);
    if rows.len() == 1 {
        return Some(
            view! {
                <div class="notice notice-ask">
                    <p class="notice-title"><span>{shown(&first.title)}</span></p>
                    <p>{shown(&first.state)}", asked "<Ago at=first.asked_at now/>{due(first)}</p>
                    <a class="button button-main" href=link>"Review and decide"</a>
                </div>
            }
            .into_any(),
        );
    }
    let row = |row: &ApprovalRow| {
        let href = here().approval(&row.execution_arn, row.event);
        view! { <li><a href=href>{shown(&row.title)}</a>" · "{shown(&row.state)}{row.item.clone().map(|item| view! { ", "{shown(item)} })}{due(row)}</li> }
    };
    Some(
        view! {
            <div class="notice notice-ask">
                <p class="notice-title"><span>{count}" requests of this execution wait for a person"</span></p>
                <details class="values notice-list">
                    <summary>"Asked first "<Ago at=rows.iter().map(|row| row.asked_at).min().unwrap_or(now) now/></summary>
                    <ol>{rows.iter().map(row).collect_view()}</ol>
                    {(count > rows.len() as u64).then(|| view! { <p><a href=here().inbox()>"All of them are in the inbox"</a></p> })}
                </details>
                <a class="button button-main" href=link>"Review and decide"</a>
            </div>
        }
        .into_any(),
    )
}

/// Why the execution ended badly, and where.
pub(super) fn trouble(data: &Execution, arn: &str) -> Option<AnyView> {
    let bad = matches!(data.row.status, Status::Failed | Status::TimedOut | Status::Aborted);
    let trouble = data.trouble.clone().filter(|_| bad)?;
    let error = data.failure.as_ref().and_then(|failure| failure.error.clone());
    let word = error.unwrap_or_else(|| look(data.row.status).word.to_owned());
    let told = failure_line(&word, data.failure.as_ref());
    let linked = |place: TroublePlace| {
        let items = place.place.map(|place| view! { " "{shown(format!("({place})"))} });
        let href = here().execution_state(arn, &place.state);
        view! {
            <a href=href data-noscroll="true">{shown(&place.state)}</a>
            {items}
        }
    };
    let link = |(index, place): (usize, TroublePlace)| view! { {(index > 0).then_some(", ")}{linked(place)} };
    let ended = trouble.ended.map(|place| view! { ", and ended in "{linked(place)} });
    let more = (trouble.more > 0).then(|| format!(" and {} more", trouble.more));
    let places = (!trouble.places.is_empty()).then(|| {
        view! { <p>{trouble.lead}{trouble.places.into_iter().enumerate().map(link).collect_view()}{more}{ended}"."</p> }
    });
    let why = trouble.why.map(|why| view! { <p>{why}</p> });
    Some(view! { <div class="notice notice-bad" role="status">{told}{why}{places}</div> }.into_any())
}
