//! One request: what is asked, what follows, and the two buttons; or how it ended.

use leptos::prelude::*;

use super::decisions::mark_of;
use super::{DeliveryLine, Mark, StatusWord};
use crate::app::here::{WHY, here, is_read_only, why_disabled};
use crate::app::ui::{
    Ago, Due, FormProblem, Json, Post, PostForm, ProblemBox, dynamic, focus_if_lost, raw_text, shown, switch, text,
};
use crate::wire::audit::DecisionRow;
use crate::wire::inbox::{Approval, ApprovalState};
use crate::wire::{Problem, Status};

/// Characters of a comment that are kept, as `server/approvals` has it.
const COMMENT: usize = 2_000;

/// The request. The form is drawn once, so that what is typed stays when the data is loaded again.
#[component]
pub fn ApprovalDetail(#[prop(into)] page: Signal<Approval>, post: Post) -> impl IntoView {
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
    // The next waiting request, as long as this one waited: a closed request no longer has a position.
    let next = Memo::new(move |last: Option<&Option<String>>| {
        let position = page.with(|page| page.position.clone())?;
        if position.index > 0 {
            return position.next;
        }
        last.cloned().flatten().or(position.next)
    });
    // What had the keyboard's place is gone with the form.
    Effect::new(move |before: Option<bool>| {
        let open = open.get();
        if before == Some(true) && !open {
            focus_if_lost("outcome");
        }
        open
    });
    let outcome = Memo::new(move |_| Outcome::of(&page.get(), next.get()));
    let due = move || {
        let at = page.with(|page| page.row.due).filter(|_| open.get());
        let by = page.with(|page| page.row.due_by).map(|by| view! { <span class="quiet">" ("{by.word()}")"</span> });
        at.map(|at| view! { <dt>"Answer"</dt><dd><Due at now/>{by}</dd> })
    };
    view! {
        <article class="approval">
            <header class="approval-head">
                <p class="approval-place">
                    <a class="back" href=here().inbox() data-noscroll="true">"← Inbox"</a>
                    {dynamic(place)}
                </p>
                <h1 id="request" tabindex="-1">{shown(&row.title)}</h1>
                <p class="facts">
                    <a href=here().workflow(&row.workflow)>{shown(&row.workflow)}</a>
                    <a class="mono" href=here().execution_state(&row.execution_arn, &row.state)>{shown(&row.execution_name)}</a>
                    <span>{shown(&row.state)}</span>
                </p>
            </header>
            <div id="outcome" class="outcome-place" tabindex="-1">{dynamic(move || outcome.with(|outcome| outcome.view(now)))}</div>
            <dl class="fields">
                {first.fields.into_iter().map(|(label, value)| view! { <dt>{shown(label)}</dt><dd>{shown(value)}</dd> }).collect_view()}
                {row.item.clone().map(|item| view! { <dt>"Item"</dt><dd>{shown(item)}</dd> })}
                {row.parent_arn.clone().map(parent)}
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

/// The execution whose distributed Map started the one that asks.
fn parent(arn: String) -> AnyView {
    let name = arn.rsplit(':').next().unwrap_or(&arn).to_owned();
    view! { <dt>"Child of"</dt><dd><a class="mono" href=here().execution(&arn)>{shown(name)}</a></dd> }.into_any()
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
    let comment = post.typed("comment").filter(|_| same);
    let typed = RwSignal::new(comment.as_ref().map_or(0, |comment| comment.chars().count()));
    let comment = raw_text(&comment.unwrap_or_default());
    let count = move |event: leptos::ev::Event| typed.set(event_target_value(&event).trim().chars().count());
    // Nothing is cut: what is too long is refused, and stays here to be shortened.
    let help = move || match typed.get() {
        long if long > COMMENT => {
            format!("{long} characters; at most {COMMENT} are kept. Remove {} before you decide.", long - COMMENT)
        }
        _ => "Stored with your decision, for later questions.".to_owned(),
    };
    let read_only = is_read_only();
    let (cannot, why) = (move || read_only || post.pending(), read_only.then_some(WHY));
    view! {
        <PostForm post class="decide">
            <FormProblem post/>
            <input type="hidden" name="arn" value=arn/>
            <input type="hidden" name="event" value=event.to_string()/>
            <label class="field">
                <span>"Comment"</span>
                <textarea name="comment" rows="2" aria-describedby="comment-help" on:input=count>{comment}</textarea>
            </label>
            <p class="quiet" class:too-long=switch(move || typed.get() > COMMENT) id="comment-help" aria-live="polite">{text(help)}</p>
            {why_disabled()}
            <div class="decide-buttons">
                <button class="button button-reject" type="submit" name="decision" value="reject" disabled=cannot aria-describedby=why>
                    "Reject"
                </button>
                <button class="button button-approve" type="submit" name="decision" value="approve" disabled=cannot aria-describedby=why>
                    "Approve"
                </button>
            </div>
        </PostForm>
    }
    .into_any()
}

/// How the request ended, or why it cannot be answered here. Drawn again only when it differs.
#[derive(Clone, PartialEq)]
struct Outcome {
    state: ApprovalState,
    blocked: Option<Problem>,
    next: Option<String>,
}

impl Outcome {
    fn of(page: &Approval, next: Option<String>) -> Self {
        Self { state: page.state.clone(), blocked: page.row.blocked.clone(), next }
    }

    fn view(&self, now: i64) -> Option<AnyView> {
        let onward =
            self.next.clone().map(|href| view! { <a class="button" href=href data-noscroll="true">"Next request"</a> });
        match &self.state {
            ApprovalState::Waiting => self.blocked.clone().map(|problem| view! { <ProblemBox problem/> }.into_any()),
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
            <p class="notice-links"><a class="button" href=here().execution(&decision.execution_arn)>"See the execution"</a>{onward}</p>
        </div>
    }
    .into_any()
}
