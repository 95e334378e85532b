//! What may be chosen for a request: a button for each outcome that needs no more, and a form that opens for each other one.

use leptos::prelude::*;

use super::outcome_fields::fields;
use crate::app::arrival::Told;
use crate::app::here::{WHY, is_read_only};
use crate::app::ui::{FormProblem, Post, PostForm, RwSignal, dynamic, raw_text, shown, switch, text};
use crate::wire::inbox::{OutcomeChoice, Preview, RequestKey, SHOWN, Tone};

/// Characters of a comment that are kept, as the desk has it.
const COMMENT: usize = 2_000;

/// The id of the sentence that says why whoever looks may not decide.
pub const NOT_ALLOWED: &str = "not-allowed";

/// The forms of a request, each with the hash of what is shown; their buttons cannot be pressed where the rule refuses whoever looks.
pub fn decision_forms(
    request: &RequestKey,
    hash: &str,
    outcomes: &[OutcomeChoice],
    refused: bool,
    post: Post,
) -> AnyView {
    let (plain, others): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.is_plain());
    let main = (!plain.is_empty()).then(|| main_form(request, hash, &plain, refused, post));
    view! {
        <FormProblem post/>
        {main}
        {others.into_iter().map(|outcome| own_form(request, hash, outcome, refused, post)).collect_view()}
    }
    .into_any()
}

/// Whether what was typed belongs to this request.
fn is_typed(request: &RequestKey, post: Post) -> bool {
    post.typed("arn").as_ref() == Some(&request.0) && post.typed("event") == Some(request.1.to_string())
}

/// The class of an outcome's button.
const fn button_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "button button-approve",
        Tone::Bad => "button button-reject",
        Tone::Neutral => "button",
    }
}

fn key_fields((arn, event): RequestKey, hash: &str) -> AnyView {
    let hash = hash.to_owned();
    view! {
        <input type="hidden" name="arn" value=arn/>
        <input type="hidden" name="event" value=event.to_string()/>
        <input type="hidden" name=SHOWN value=hash/>
    }
    .into_any()
}

/// Whether a button cannot be pressed, and the id of what says why.
fn locked(
    outcome: &OutcomeChoice,
    refused: bool,
    post: Post,
) -> (impl Fn() -> bool + Copy + Send + 'static, Option<&'static str>) {
    let cannot = is_read_only() || refused || outcome.refused.is_some();
    let why = if is_read_only() { Some(WHY) } else { refused.then_some(NOT_ALLOWED) };
    (move || cannot || post.pending(), why)
}

/// The comment, and the outcomes that need nothing else.
fn main_form(request: &RequestKey, hash: &str, outcomes: &[&OutcomeChoice], refused: bool, post: Post) -> AnyView {
    let button = |outcome: &&OutcomeChoice| {
        let (cannot, why) = locked(outcome, refused, post);
        view! {
            <button class=button_class(outcome.tone) type="submit" name="decision" value=outcome.id.clone() disabled=cannot aria-describedby=why>
                {shown(&outcome.label)}
            </button>
        }
    };
    let is_mine = is_typed(request, post)
        && post.typed("decision").is_none_or(|typed| outcomes.iter().any(|outcome| outcome.id == typed));
    let content = view! {
        {key_fields(request.clone(), hash)}
        {comment(post, is_mine, "Comment", false, "comment")}
        <div class="decide-buttons">{outcomes.iter().map(button).collect_view()}</div>
    }
    .into_any();
    view! { <PostForm post class="decide">{content}</PostForm> }.into_any()
}

/// An outcome with a form of its own, behind a button that opens it.
fn own_form(request: &RequestKey, hash: &str, outcome: &OutcomeChoice, refused: bool, post: Post) -> AnyView {
    let is_mine = is_typed(request, post) && post.typed("decision").as_ref() == Some(&outcome.id);
    let (cannot, why) = locked(outcome, refused, post);
    let broken = outcome.refused.clone().map(|why| view! { <p class="warn">{shown(why)}</p> });
    let id = format!("choose-{}", outcome.id);
    let reason = if outcome.comment_required { "Reason (required)" } else { "Reason" };
    let content = view! {
        {key_fields(request.clone(), hash)}
        <input type="hidden" name="decision" value=outcome.id.clone()/>
        {fields(request, outcome, is_mine, post)}
        {comment(post, is_mine, reason, outcome.comment_required, &format!("{id}-comment"))}
        {broken}
        {ahead(request, outcome, post)}
        <div class="choice-buttons">
            <button class="button" type="submit" name="check" value="yes" disabled=cannot aria-describedby=why>"Check"</button>
            <button class=button_class(outcome.tone) type="submit" disabled=cannot aria-describedby=why>{shown(&outcome.label)}</button>
        </div>
    }
    .into_any();
    view! {
        <details class="own-choice" open=is_mine id=id>
            <summary class="button">{shown(&outcome.label)}"…"</summary>
            <PostForm post class="choice-form">{content}</PostForm>
        </details>
    }
    .into_any()
}

/// Where the form would lead, once it was checked.
fn ahead(request: &RequestKey, outcome: &OutcomeChoice, post: Post) -> AnyView {
    let (request, id, condition) = (request.clone(), outcome.id.clone(), outcome.condition.clone());
    let view = move || {
        let Some(Told::Ahead { preview, request: of, .. }) = post.told() else { return None };
        (of == request && preview.outcome == id).then(|| told(preview, &condition))
    };
    view! { <div class="ahead" role="status">{dynamic(view)}</div> }.into_any()
}

fn told(preview: Preview, condition: &str) -> AnyView {
    if !preview.faults.is_empty() {
        return view! { <p class="warn">"Nothing was recorded: correct what is marked."</p> }.into_any();
    }
    let then = preview.then.map(|then| view! { <p><strong>{shown(condition)}</strong>" → "{shown(then)}</p> });
    let warnings = preview.warnings.into_iter().map(|warning| view! { <p class="warn">{shown(warning)}</p> });
    view! { {then}{warnings.collect_view()} }.into_any()
}

/// The comment of a form. What was typed is in it again where it `is_mine`.
fn comment(post: Post, is_mine: bool, label: &'static str, required: bool, id: &str) -> AnyView {
    let typed = post.typed("comment").filter(|_| is_mine);
    let length = RwSignal::new(typed.as_ref().map_or(0, |comment| comment.chars().count()));
    let content = raw_text(&typed.unwrap_or_default());
    let count = move |event: leptos::ev::Event| length.set(event_target_value(&event).trim().chars().count());
    // Nothing is cut: what is too long is refused, and stays here to be shortened.
    let help = move || match length.get() {
        long if long > COMMENT => {
            format!("{long} characters; at most {COMMENT} are kept. Remove {} before you decide.", long - COMMENT)
        }
        _ => "Stored with your decision, for later questions.".to_owned(),
    };
    let help_id = format!("{id}-help");
    view! {
        <label class="field">
            <span>{label}</span>
            <textarea name="comment" rows="2" required=required aria-describedby=help_id.clone() on:input=count>{content}</textarea>
        </label>
        <p class="quiet" class:too-long=switch(move || length.get() > COMMENT) id=help_id aria-live="polite">{text(help)}</p>
    }
    .into_any()
}
