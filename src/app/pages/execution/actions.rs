//! What can be done to an execution.

use leptos::prelude::*;

use crate::app::here::{WHY, is_read_only};
use crate::app::ui::{Post, PostForm};

/// The way to the form with the input of this execution.
pub(super) fn start_again(href: String) -> AnyView {
    if is_read_only() {
        return view! { <button class="button" type="button" disabled aria-describedby=WHY>"Start again"</button> }
            .into_any();
    }
    view! { <a class="button" href=href>"Start again"</a> }.into_any()
}

/// Stop, with a second step that asks why.
pub(super) fn stop_form(arn: String, stop: Post) -> AnyView {
    if is_read_only() {
        return view! { <button class="button" type="button" disabled aria-describedby=WHY>"Stop"</button> }.into_any();
    }
    view! {
        <details class="confirm">
            <summary class="button">"Stop"</summary>
            <PostForm post=stop class="confirm-box">
                <input type="hidden" name="arn" value=arn/>
                <label class="field">
                    <span>"Why do you stop it?"</span>
                    <textarea name="cause" rows="2"></textarea>
                </label>
                <p class="quiet">"Completed steps are not undone. A stopped execution cannot continue."</p>
                <button class="button button-reject" type="submit" disabled=move || stop.pending()>"Stop the execution"</button>
            </PostForm>
        </details>
    }
    .into_any()
}
