//! What can be done to an execution.

use leptos::prelude::*;

use crate::app::here::{WHY, is_refused};
use crate::app::ui::{Post, PostForm, raw_text, shown};
use crate::wire::execution::Redrive;
use crate::wire::refused::Act;

/// The way to the form with the input of this execution.
pub(super) fn start_again(href: String) -> AnyView {
    if is_refused(Act::Start) {
        return view! { <button class="button" type="button" disabled aria-describedby=WHY>"Start again"</button> }
            .into_any();
    }
    view! { <a class="button" href=href>"Start again"</a> }.into_any()
}

/// The id of the sentence that says why an execution cannot be redriven.
const NOT_REDRIVABLE: &str = "not-redrivable";

/// Redrive, with a second step that says what it does. It is disabled where the execution cannot be redriven.
pub(super) fn redrive_form(arn: String, redrives: u64, redrive: Redrive, post: Post) -> AnyView {
    if is_refused(Act::Redrive) || redrive.hindrance.is_some() {
        let why = if is_refused(Act::Redrive) { WHY } else { NOT_REDRIVABLE };
        return view! { <button class="button" type="button" disabled aria-describedby=why>"Redrive"</button> }
            .into_any();
    }
    view! {
        <details class="confirm" id="redrive">
            <summary class="button">"Redrive"</summary>
            <PostForm post=post class="confirm-box">
                <input type="hidden" name="arn" value=arn/>
                <input type="hidden" name="redrives" value=redrives.to_string()/>
                {goes_on_from(redrive)}
                <p class="quiet">"Completed steps are not repeated. It keeps its ARN, its history and the definition that it was started with."</p>
                <button class="button button-main" type="submit" disabled=move || post.pending()>"Redrive the execution"</button>
            </PostForm>
        </details>
    }
    .into_any()
}

/// Why it cannot be redriven, where it ended without success.
pub(super) fn not_redrivable(redrive: Option<Redrive>) -> Option<AnyView> {
    let problem = redrive?.hindrance.filter(|_| !is_refused(Act::Redrive))?;
    Some(view! { <p class="quiet" id=NOT_REDRIVABLE>"Redrive: "{problem.what}" "{problem.remedy}</p> }.into_any())
}

/// The states that a redrive goes on from.
fn goes_on_from(redrive: Redrive) -> AnyView {
    if let Some(state) = redrive.fails_in {
        return view! { <p>"It ended in the Fail state "<strong>{shown(state)}</strong>", which is entered once more and fails the same way."</p> }
            .into_any();
    }
    if redrive.states.is_empty() {
        return view! { <p>"It begins with its first state."</p> }.into_any();
    }
    let state = |(name, visits): (String, usize)| {
        let times = (visits > 1).then(|| format!(" ({visits} times)"));
        view! { <li><strong>{shown(name)}</strong>{times}</li> }
    };
    let more = (redrive.more > 0).then(|| view! { <li>{format!("and {} more", redrive.more)}</li> });
    view! {
        <p>"It goes on from:"</p>
        <ul class="confirm-list">{redrive.states.into_iter().map(state).collect_view()}{more}</ul>
    }
    .into_any()
}

/// Stop, with a second step that asks why.
pub(super) fn stop_form(arn: String, stop: Post) -> AnyView {
    let typed = stop.typed("cause");
    let is_typed = typed.is_some();
    if is_refused(Act::Stop) {
        return view! { <button class="button" type="button" disabled aria-describedby=WHY>"Stop"</button> }.into_any();
    }
    view! {
        <details class="confirm" id="stop" open=is_typed>
            <summary class="button">"Stop"</summary>
            <PostForm post=stop class="confirm-box">
                <input type="hidden" name="arn" value=arn/>
                <label class="field">
                    <span>"Why do you stop it?"</span>
                    <textarea name="cause" rows="2" maxlength="32000">{raw_text(&typed.unwrap_or_default())}</textarea>
                </label>
                <p class="quiet">"Completed steps are not undone. A stopped execution cannot continue."</p>
                <button class="button button-reject" type="submit" disabled=move || stop.pending()>"Stop the execution"</button>
            </PostForm>
        </details>
    }
    .into_any()
}
