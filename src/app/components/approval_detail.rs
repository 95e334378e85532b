//! One request: what is asked, what follows, and the two buttons; or how it ended.

use leptos::prelude::*;

use super::decisions::mark_of;
use super::{DeliveryLine, Mark, StatusWord};
use crate::app::ui::{Ago, Due, FormProblem, Json, Post, PostForm, ProblemBox, dynamic, raw_text, shown};
use crate::dto::{ApprovalPage, ApprovalState, DecisionRow, Status};
use crate::routes;

/// The request. The form is drawn once, so that what is typed stays when the data is loaded again.
#[component]
pub fn ApprovalDetail(#[prop(into)] page: Signal<ApprovalPage>, post: Post) -> impl IntoView {
    let first = page.get_untracked();
    let row = first.row.clone();
    let now = first.now;
    let open = Memo::new(move |_| page.with(|page| page.state == ApprovalState::Waiting && page.row.blocked.is_none()));
    let (arn, event) = (row.execution_arn.clone(), row.event);
    let place = move || {
        page.with(|page| {
            page.position.as_ref().and_then(|at| (at.index > 0).then(|| format!("{} of {}", at.index, at.of)))
        })
        .map(|place| view! { <span class="quiet">{place}</span> })
    };
    let due = move || {
        let at = page.with(|page| page.row.due).filter(|_| open.get());
        let by = page.with(|page| page.row.due_by).map(|by| view! { <span class="quiet">" ("{by.word()}")"</span> });
        at.map(|at| view! { <dt>"Answer"</dt><dd><Due at now/>{by}</dd> })
    };
    view! {
        <article class="approval">
            <header class="approval-head">
                <p class="approval-place">
                    <a class="back" href=routes::INBOX>"← Inbox"</a>
                    {dynamic(place)}
                </p>
                <h1>{shown(&row.title)}</h1>
                <p class="facts">
                    <a href=routes::workflow(&row.workflow)>{shown(&row.workflow)}</a>
                    <a class="mono" href=routes::execution_state(&row.execution_arn, &row.state)>{shown(&row.execution_name)}</a>
                    <span>{shown(&row.state)}</span>
                </p>
            </header>
            {dynamic(move || outcome(&page.get()))}
            <dl class="fields">
                {first.fields.into_iter().map(|(label, value)| view! { <dt>{shown(label)}</dt><dd>{shown(value)}</dd> }).collect_view()}
                {row.item.clone().map(|item| view! { <dt>"Item"</dt><dd>{shown(item)}</dd> })}
                <dt>"Asked"</dt>
                <dd><Ago at=row.asked_at now/></dd>
                {dynamic(due)}
            </dl>
            {consequences(first.if_approved, first.if_rejected)}
            {dynamic(move || open.get().then(|| warnings(&page.with(|page| page.warnings.clone()))))}
            {dynamic(move || open.get().then(|| decision_form(arn.clone(), event, post)))}
            <details class="whole">
                <summary>"The whole request"</summary>
                <Json text=first.request label="The whole request"/>
            </details>
        </article>
    }
    .into_any()
}

fn consequences(approved: Option<String>, rejected: Option<String>) -> AnyView {
    let line = |word: &'static str, then: Option<String>| {
        then.map(|then| view! { <p><strong>{word}</strong>" → "{shown(then)}</p> })
    };
    view! { <div class="consequences">{line("If approved", approved)}{line("If rejected", rejected)}</div> }.into_any()
}

/// What to know before a button is pressed.
fn warnings(texts: &[String]) -> AnyView {
    let one = |text: &String| view! { <div class="notice notice-bad" role="note"><p>{text.clone()}</p></div> };
    texts.iter().map(one).collect_view().into_any()
}

fn decision_form(arn: String, event: u64, post: Post) -> AnyView {
    // What was typed for another request stays there.
    let same = post.typed("arn").as_ref() == Some(&arn) && post.typed("event") == Some(event.to_string());
    let comment = raw_text(&post.typed("comment").filter(|_| same).unwrap_or_default());
    view! {
        <PostForm post class="decide">
            <FormProblem post/>
            <input type="hidden" name="arn" value=arn/>
            <input type="hidden" name="event" value=event.to_string()/>
            <label class="field">
                <span>"Comment"</span>
                <textarea name="comment" rows="2" maxlength="2000" aria-describedby="comment-help">{comment}</textarea>
            </label>
            <p class="quiet" id="comment-help">"Kept with your decision, for whoever asks later."</p>
            <div class="decide-buttons">
                <button class="button button-reject" type="submit" name="decision" value="reject" disabled=move || post.pending()>
                    "Reject"
                </button>
                <button class="button button-approve" type="submit" name="decision" value="approve" disabled=move || post.pending()>
                    "Approve"
                </button>
            </div>
        </PostForm>
    }
    .into_any()
}

/// How the request ended, or why it cannot be answered here.
fn outcome(page: &ApprovalPage) -> Option<AnyView> {
    let now = page.now;
    let next = page.position.as_ref().and_then(|position| position.next.clone());
    let onward = next.map(|href| view! { <a class="button" href=href>"Next request"</a> });
    match &page.state {
        ApprovalState::Waiting => page.row.blocked.clone().map(|problem| view! { <ProblemBox problem/> }.into_any()),
        ApprovalState::Decided(decision) => Some(record(decision, now, onward.into_any())),
        ApprovalState::Closed { status, how, at } => Some(
            view! {
                <div class="notice notice-closed" role="status">
                    <p class="notice-title"><StatusWord status=*status/></p>
                    <p>{shown(how)}" "<Ago at=*at now/></p>
                    {onward}
                </div>
            }
            .into_any(),
        ),
    }
}

fn record(decision: &DecisionRow, now: i64, onward: AnyView) -> AnyView {
    let word = if decision.approved { "Approved" } else { "Rejected" };
    let status: Status = mark_of(decision.approved);
    let comment =
        (!decision.comment.is_empty()).then(|| view! { <q class="decision-comment">{shown(&decision.comment)}</q> });
    view! {
        <div class="notice notice-record" role="status" data-tone=super::status::look(status).tone>
            <p class="notice-title"><Mark status/>{word}" by "{shown(&decision.person)}" "<Ago at=decision.decided_at now/></p>
            {comment}
            <p><DeliveryLine delivery=decision.delivery.clone() now/></p>
            <p class="notice-links"><a class="button" href=routes::execution(&decision.execution_arn)>"See the execution"</a>{onward}</p>
        </div>
    }
    .into_any()
}
