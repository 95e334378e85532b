//! One request: what is asked, what follows, and the two buttons; or how it ended.

use leptos::prelude::*;

use super::approval_words::{changes, words};
use super::decision_forms::{NOT_ALLOWED, decision_forms};
use super::decisions::mark_of;
use super::{DeliveryLine, Mark, StatusWord};
use crate::app::here::{here, is_read_only, why_disabled};
use crate::app::ui::{
    Ago, Due, Json, Memo, Post, ProblemBox, Signal, When, copy, dynamic, effect_since, focus_if_lost, shown,
};
use crate::wire::audit::DecisionRow;
use crate::wire::inbox::{Approval, ApprovalRow, ApprovalState, EarlierEnd, OutcomeChoice, Tone, VoteRow};
use crate::wire::{Problem, Status};

/// The request. The form is drawn once, so that what is typed stays when the data is loaded again.
#[component]
pub fn ApprovalDetail(#[prop(into)] page: Signal<Approval>, post: Post) -> impl IntoView {
    let first = page.get_untracked();
    let row = first.row.clone();
    let table = changes(&first);
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
    effect_since(move |before: Option<bool>| {
        let open = open.get();
        if before == Some(true) && !open {
            focus_if_lost("outcome");
        }
        open
    });
    let rule = Memo::new(move |_| page.with(|page| (page.rule.clone(), page.times.clone(), page.votes.clone())));
    let refused = Memo::new(move |_| page.with(|page| page.refused.clone()));
    let outcome = Memo::new(move |_| Outcome::of(&page.get(), next.get()));
    let due = move || page.with(|page| open.get().then(|| answer_by(&page.row, now)));
    let in_hand = Memo::new(move |_| page.with(|page| page.in_hand.clone()));
    let in_hand = move || {
        let html = in_hand.get();
        (!html.is_empty()).then(|| view! { <div class="in-hand" inner_html=html></div> })
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
                    <span>
                        <a class="mono" href=here().execution_state(&row.execution_arn, &row.state)>{shown(&row.execution_name)}</a>
                        {copy("the ARN of the execution", row.execution_arn.clone())}
                    </span>
                    <span>{shown(&row.state)}{copy("the id of the request", first.id.clone())}</span>
                </p>
            </header>
            <div id="outcome" class="outcome-place" tabindex="-1">{dynamic(move || outcome.with(|outcome| outcome.view(now)))}</div>
            {words(&first)}
            <dl class="fields">
                {stated(&first)}
                {row.parent_arn.clone().map(parent)}
                <dt>"Asked"</dt>
                <dd><When at=row.asked_at now/></dd>
                {dynamic(due)}
            </dl>
            {table}
            {consequences(&first.outcomes)}
            {dynamic(move || rule.with(|(lines, times, votes)| rule_view(lines, times, votes, now)))}
            {dynamic(move || open.get().then(|| refused.get().map(|problem| view! { <div id=NOT_ALLOWED><ProblemBox problem/></div> })))}
            {dynamic(move || open.get().then(|| warnings(&page.with(|page| page.warnings.clone()))))}
            {dynamic(move || open.get().then(|| {
                let choices = page.with_untracked(|page| page.outcomes.clone());
                let hash = page.with_untracked(|page| page.shown.clone());
                let forms = decision_forms(&(arn.clone(), event), &hash, &choices, refused.with(Option::is_some), post);
                view! { {is_read_only().then(why_disabled)} {forms} }
            }))}
            // Behind the buttons: deciding is what most come for, and all that it takes fits a phone's screen.
            {dynamic(in_hand)}
            <details class="whole">
                <summary>"The whole request"</summary>
                <Json text=first.request label="The whole request"/>
            </details>
        </article>
    }
    .into_any()
}

/// What is asked, as labels and values.
pub fn stated(page: &Approval) -> AnyView {
    let row = |(label, value): &(String, String)| view! { <dt>{shown(label)}</dt><dd>{shown(value)}</dd> };
    let item = page.row.item.as_ref().map(|item| view! { <dt>"Item"</dt><dd>{shown(item)}</dd> });
    view! { {page.fields.iter().map(row).collect_view()}{item} }.into_any()
}

/// By when it is to be answered, and what ends the wait then.
pub fn answer_by(row: &ApprovalRow, now: i64) -> AnyView {
    let by = row.due_by.map(|by| view! { <span class="quiet">" ("{by.word()}")"</span> });
    row.due.map(|at| view! { <dt>"Answer"</dt><dd><Due at now/>{by}</dd> }).into_any()
}

/// What became of a choice that came too late.
pub fn too_late(late: &str, by: &EarlierEnd, now: i64) -> AnyView {
    view! {
        <div class="notice notice-bad" role="status">
            <p class="notice-title">{shown(by.lead(late))}" "<Ago at=by.at() now/>"."</p>
            <p>{shown(by.more())}</p>
        </div>
    }
    .into_any()
}

/// The execution whose distributed Map started the one that asks.
fn parent(arn: String) -> AnyView {
    let name = arn.rsplit(':').next().unwrap_or(&arn).to_owned();
    view! { <dt>"Child of"</dt><dd><a class="mono" href=here().execution(&arn)>{shown(name)}</a>{copy("the ARN of the parent execution", arn)}</dd> }.into_any()
}

/// Where each answer leads.
pub fn consequences(outcomes: &[OutcomeChoice]) -> AnyView {
    let line = |outcome: &OutcomeChoice| {
        let then = outcome.then.clone()?;
        Some(view! { <p><strong>{shown(&outcome.condition)}</strong>" → "{shown(then)}</p> })
    };
    // What is granted comes first.
    let (good, other): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.tone == Tone::Good);
    view! { <div class="consequences">{good.into_iter().chain(other).map(line).collect_view()}</div> }.into_any()
}

/// Who may decide, and what was chosen so far.
pub fn rule_view(lines: &[(String, String)], times: &[(String, i64)], votes: &[VoteRow], now: i64) -> AnyView {
    // One person's choice that decided at once is what the outcome says.
    if lines.is_empty() && times.is_empty() && votes.len() < 2 {
        return ().into_any();
    }
    let line = |(label, words): &(String, String)| view! { <dt>{shown(label)}</dt><dd>{shown(words)}</dd> };
    let time = |(label, at): &(String, i64)| {
        let when =
            if *at > now { view! { <Due at=*at now/> }.into_any() } else { view! { <Ago at=*at now/> }.into_any() };
        view! { <dt>{shown(label)}</dt><dd>{when}</dd> }
    };
    let vote = |vote: &VoteRow| {
        let comment =
            (!vote.comment.is_empty()).then(|| view! { <q class="decision-comment">{shown(&vote.comment)}</q> });
        view! {
            <li data-tone=super::status::look(mark_of(vote.tone)).tone>
                <Mark status=mark_of(vote.tone)/>{shown(&vote.done)}" by "{shown(&vote.person)}" "<When at=vote.at now/>{comment}
            </li>
        }
    };
    view! {
        <section class="rule" aria-label="Who decides">
            <dl class="fields">{lines.iter().map(line).collect_view()}{times.iter().map(time).collect_view()}</dl>
            <ul class="votes">{votes.iter().map(vote).collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// What to know before a button is pressed.
pub fn warnings(texts: &[String]) -> AnyView {
    let one = |text: &String| view! { <div class="notice notice-bad" role="note"><p>{text.clone()}</p></div> };
    texts.iter().map(one).collect_view().into_any()
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
            ApprovalState::Held { done, tone, person, own, until } => {
                let (words, then) = if *own {
                    (done.clone(), "It goes on record and is sent ")
                } else {
                    (format!("{done} by {person}"), "They can take it back; it is sent ")
                };
                let status = mark_of(*tone);
                Some(
                    view! {
                        <div class="notice notice-record" role="status" data-tone=super::status::look(status).tone>
                            <p class="notice-title"><Mark status/>{shown(words)}</p>
                            <p>{then}<Ago at=*until now/></p>
                        </div>
                    }
                    .into_any(),
                )
            }
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
    let status: Status = mark_of(decision.tone);
    let comment =
        (!decision.comment.is_empty()).then(|| view! { <q class="decision-comment">{shown(&decision.comment)}</q> });
    view! {
        <div class="notice notice-record" role="status" data-tone=super::status::look(status).tone>
            <p class="notice-title"><Mark status/>{shown(&decision.done)}" by "{shown(&decision.person)}" "<When at=decision.decided_at now/></p>
            {comment}
            <p><DeliveryLine delivery=decision.delivery.clone() now/></p>
            <p class="notice-links"><a class="button" href=here().execution(&decision.execution_arn)>"See the execution"</a>{onward}</p>
        </div>
    }
    .into_any()
}
