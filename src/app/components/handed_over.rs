//! One request as a guest has it on a phone: drawn by the server alone, of the pieces that approvers see, and with nothing that
//! leads elsewhere.

use leptos::prelude::*;

use super::approval_detail::{answer_by, consequences, rule_view, stated, too_late, warnings};
use super::approval_words::{changes, words};
use super::decision_forms::{NOT_ALLOWED, decision_forms};
use super::{DeliveryLine, Mark, StatusWord, mark_of};
use crate::app::arrival::{Arrival, Handed, Told};
use crate::app::ui::json::html;
use crate::app::ui::{Ago, Post, ProblemBox, When, dynamic, shown};
use crate::routes;
use crate::wire::Status;
use crate::wire::audit::DecisionRow;
use crate::wire::inbox::{Approval, ApprovalState, OutcomeChoice};

/// The request with its forms, which are sent to `action`, or how it ended. `chosen` is the id of the outcome that was
/// decided. It is drawn within an owner of its own.
#[must_use]
pub fn handed_over(
    page: &Approval,
    chosen: Option<&str>,
    connection: &str,
    action: &'static str,
    handed: Handed,
) -> AnyView {
    provide_context(routes::of(connection));
    _ = Arrival::of(handed);
    let (post, now) = (Post::to(action), page.now);
    let late = move || match post.told() {
        Some(Told::Late { late, by, .. }) => Some(too_late(&late, &by, now)),
        _ => None,
    };
    let row = &page.row;
    let is_open = page.state == ApprovalState::Waiting && row.blocked.is_none();
    view! {
        <article class="approval handed-over">
            <header class="approval-head">
                <h1>{shown(&row.title)}</h1>
                <p class="facts"><span>{shown(&row.workflow)}</span><span>{shown(&row.state)}</span></p>
            </header>
            {dynamic(late)}
            {ended(page, chosen)}
            {words(page)}
            <dl class="fields">
                {stated(page)}
                <dt>"Asked"</dt>
                <dd><When at=row.asked_at now/></dd>
                {is_open.then(|| answer_by(row, now))}
            </dl>
            {changes(page)}
            {is_open.then(|| consequences(&page.outcomes))}
            {rule_view(&page.rule, &page.times, &page.votes, now)}
            {is_open.then(|| forms(page, post))}
            <details class="whole">
                <summary>"The whole request"</summary>
                <div class="json" tabindex="0" role="group" aria-label="The whole request" inner_html=html(&page.request)></div>
            </details>
        </article>
    }
    .into_any()
}

/// What may be chosen.
fn forms(page: &Approval, post: Post) -> AnyView {
    let refused = page.refused.clone();
    let request = (page.row.execution_arn.clone(), page.row.event);
    let forms = decision_forms(&request, &page.shown, &page.outcomes, refused.is_some(), post);
    view! {
        {refused.map(|problem| view! { <div id=NOT_ALLOWED><ProblemBox problem/></div> })}
        {warnings(&page.warnings)}
        {forms}
    }
    .into_any()
}

/// How the request ended, or why it cannot be answered.
fn ended(page: &Approval, chosen: Option<&str>) -> AnyView {
    let now = page.now;
    match &page.state {
        ApprovalState::Waiting => page.row.blocked.clone().map(|problem| view! { <ProblemBox problem/> }).into_any(),
        ApprovalState::Decided(decision) => {
            let then = page.outcomes.iter().find(|outcome| Some(outcome.id.as_str()) == chosen);
            recorded(decision, then, now)
        }
        ApprovalState::Held { done, tone, person, until, .. } => {
            let title = view! { <Mark status=mark_of(*tone)/>{shown(done)}" by "{shown(person)} };
            let more = view! { <p>"They can take it back; it is sent "<Ago at=*until now/></p> };
            notice(mark_of(*tone), title.into_any(), more.into_any())
        }
        ApprovalState::Closed { status, how, at } => {
            let title = view! { <StatusWord status=*status/> };
            notice(*status, title.into_any(), view! { <p>{shown(how)}" "<Ago at=*at now/></p> }.into_any())
        }
    }
}

/// What is on record, and what happens because of it.
fn recorded(decision: &DecisionRow, chosen: Option<&OutcomeChoice>, now: i64) -> AnyView {
    let status = mark_of(decision.tone);
    let title = view! {
        <Mark status/>{shown(&decision.done)}" by "{shown(&decision.person)}" "<When at=decision.decided_at now/>
    };
    let comment =
        (!decision.comment.is_empty()).then(|| view! { <q class="decision-comment">{shown(&decision.comment)}</q> });
    let then = chosen.and_then(|outcome| outcome.then.clone());
    let then = then.map(|then| view! { <p>"Next: "{shown(then)}</p> });
    let more = view! {
        {comment}
        <p>"It is on record. "<DeliveryLine delivery=decision.delivery.clone() now/></p>
        {then}
        <p>"Look at the big screen: its graph goes on by itself."</p>
    };
    notice(status, title.into_any(), more.into_any())
}

fn notice(status: Status, title: AnyView, more: AnyView) -> AnyView {
    view! {
        <div class="notice notice-record" role="status" data-tone=super::status::look(status).tone>
            <p class="notice-title">{title}</p>
            {more}
        </div>
    }
    .into_any()
}
