//! In whose hands a request is: who looks after it, and a choice that can still be taken back.

use leptos::prelude::*;

use super::Mark;
use super::status::look;
use crate::app::here::here;
use crate::app::ui::{Ago, Post, PostForm, shown};
use crate::wire::Status;
use crate::wire::inbox::{ClaimRow, RequestKey};

/// A button that does something about the request; `act` says what.
fn button(request: &RequestKey, act: &'static str, label: &'static str, post: Post) -> AnyView {
    let (arn, event) = request.clone();
    let content = view! {
        <input type="hidden" name="arn" value=arn/>
        <input type="hidden" name="event" value=event.to_string()/>
        <input type="hidden" name="act" value=act/>
        <button class="button" type="submit">{label}</button>
    }
    .into_any();
    view! { <PostForm post class="hand">{content}</PostForm> }.into_any()
}

/// Who looks after the request, and the button that changes it where whoever looks may decide; the link to what may be done
/// past the rule.
pub fn in_hand(
    request: &RequestKey,
    claim: Option<ClaimRow>,
    may: bool,
    hands: Option<String>,
    now: i64,
    post: Post,
) -> AnyView {
    let (act, label) = match &claim {
        Some(claim) if claim.own => ("release", "Hand it back"),
        Some(_) => ("claim", "Take it over"),
        None => ("claim", "I look after it"),
    };
    let who = claim.map(|claim| {
        let name = if claim.own { "You look".to_owned() } else { format!("{} looks", claim.person) };
        view! { <span>{shown(name)}" after it since "<Ago at=claim.at now/></span> }
    });
    let away = hands.map(|words| view! { <a href=here().hands(&request.0, request.1) rel="external">{words}</a> });
    view! { <div class="in-hand">{who}{may.then(|| button(request, act, label, post))}{away}</div> }.into_any()
}

/// A choice that goes on record at a time, unless whoever made it takes it back.
pub fn held(
    request: &RequestKey,
    status: Status,
    words: String,
    own: bool,
    until: i64,
    now: i64,
    post: Post,
) -> AnyView {
    let buttons = own.then(|| {
        view! { <div class="choice-buttons">{button(request, "take-back", "Take it back", post)}{button(request, "send-now", "Send now", post)}</div> }
    });
    let then = if own { "It is on record and sent " } else { "They can take it back; it is sent " };
    view! {
        <div class="notice notice-record" role="status" data-tone=look(status).tone>
            <p class="notice-title"><Mark status/>{shown(words)}</p>
            <p>{then}<Ago at=until now/></p>
            {buttons}
        </div>
    }
    .into_any()
}
