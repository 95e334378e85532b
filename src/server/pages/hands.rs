//! In whose hands a request is, as HTML: who looks after it, and what may be done about it besides deciding. Its forms are
//! plain ones, which a browser sends by itself: the browser's part has nothing of them.

use countersign_desk::{Actor, Desk, Request, RequestState};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use crate::app::arrival::{CONNECTION, PROOF};
use crate::app::server_fns::Hand;
use crate::app::{absolute, shown};
use crate::routes;
use crate::server::{guest, words};

/// The HTML of a request; empty where nothing may be done about it.
#[must_use]
pub fn in_hand(desk: &Desk, actor: &Actor, request: &Request) -> String {
    if request.state != RequestState::Waiting || desk.about().read_only {
        return String::new();
    }
    let one = |act: &'static str, label: &'static str| form(desk, request, act, label);
    let is_held = request.held.iter().any(|held| held.person.id == actor.id());
    let parts = if is_held {
        vec![one("take-back", "Take it back"), one("send-now", "Send now")]
    } else {
        let may = request.rule.refusal.is_none() && request.held.is_empty();
        let act = match &request.claim {
            Some(claim) if claim.person_id == actor.id() => ("release", "Hand it back"),
            Some(_) => ("claim", "Take it over"),
            None => ("claim", "I look after it"),
        };
        let who = request.claim.as_ref().map(|claim| {
            let who = if claim.person_id == actor.id() {
                "You look".to_owned()
            } else {
                format!("{} looks", claim.person_name)
            };
            view! { <span>{shown(who)}" after it since "{absolute(claim.at)}</span> }.into_any()
        });
        let away = words::hands(&request.rule).map(|words| {
            let href = routes::of(desk.id().as_str()).hands(&request.wait.execution_arn, request.wait.event);
            view! { <a href=href rel="external">{words}</a> }.into_any()
        });
        // A key may choose what can be taken back: see public/lists.js.
        let undo = (may && desk.undo_ms() > 0).then(|| view! { <span hidden=true data-undo="true"></span> }.into_any());
        let guest = (may && guest::may_come() && desk.guest_may_decide(request)).then(|| {
            let key = (request.wait.execution_arn.as_str(), request.wait.event);
            let href = routes::of(desk.id().as_str()).guest(Some(key));
            view! { <a href=href rel="external">"Hand over the phone"</a> }.into_any()
        });
        undo.into_iter().chain(who).chain(may.then(|| one(act.0, act.1))).chain(away).chain(guest).collect()
    };
    Owner::new().with(|| parts.into_iter().map(RenderHtml::to_html).collect())
}

fn form(desk: &Desk, request: &Request, act: &'static str, label: &'static str) -> AnyView {
    let connection = desk.id().as_str();
    view! {
        <form method="post" action=routes::at(Hand::PATH)>
            <input type="hidden" name=PROOF value=crate::server::proof(connection)/>
            <input type="hidden" name=CONNECTION value=connection.to_owned()/>
            <input type="hidden" name="arn" value=request.wait.execution_arn.clone()/>
            <input type="hidden" name="event" value=request.wait.event.to_string()/>
            <input type="hidden" name="act" value=act/>
            <button class="button" type="submit">{label}</button>
        </form>
    }
    .into_any()
}
