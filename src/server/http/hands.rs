//! What may be done about a request past its rule: giving it to others, and breaking the glass. The page is drawn by the
//! server alone; its forms call the server function `hand`, which leads back to the request or, refused, to this page.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::{Extension, http};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::refusal::{Wants, refuse};
use super::sign_in::{POLICY, piece};
use super::{Site, Who, session};
use crate::app::arrival::{CONNECTION, PROOF, Told};
use crate::app::server_fns::Hand;
use crate::app::{raw_text, shown};
use crate::routes;
use crate::server::pages;
use crate::wire::Problem;
use crate::wire::inbox::{Approval, ApprovalState, FIELD, FieldKind, FormField, OutcomeChoice, SEVERAL, SHOWN};

/// The path of this page.
pub fn path() -> String {
    format!("/{{connection}}/{}/{{arn}}/{{event}}/{}", routes::INBOX, routes::HANDS)
}

/// What the forms of the page have in common.
struct Forms {
    proof: String,
    connection: String,
    arn: String,
    event: u64,
    /// What was typed into the form that was refused.
    typed: Vec<(String, String)>,
}

/// The page.
pub async fn page(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path((connection, arn, event)): Path<(String, String, String)>,
    headers: http::HeaderMap,
) -> Response {
    let path = routes::of(&connection).approval(&arn, 0);
    let wants = Wants::of(&headers, &path);
    let not_found = || {
        let what = "There is no such request.";
        refuse(wants, StatusCode::NOT_FOUND, what, "Open the inbox and choose a request.")
    };
    let (Some(desk), Ok(event)) = (site.desks.get(&connection).cloned(), event.parse::<u64>()) else {
        return not_found();
    };
    let actor = who.actor();
    let found = pages::inbox::approval(&desk, &actor, routes::name_of(&arn), event).await;
    let (approval, rule) = match found {
        Ok(approval) => {
            let may = desk.past_the_rule_of(&actor, (routes::name_of(&arn), event)).await;
            // Where that cannot be read, nothing is offered; what is sent is asked again anyway.
            (approval, may.unwrap_or((false, false)))
        }
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return refuse(wants, status, &error.problem.what, &error.problem.remedy);
        }
    };
    let secure = site.place.is_secure();
    let (key, cookie) = session::of_page(who.session.clone(), &headers, secure);
    let address = routes::of(&connection).hands(&approval.row.execution_arn, event);
    let told = site.sessions.take(&key, &address).map(|outcome| outcome.told);
    let (problem, typed) = match told {
        Some(Told::Refused { problem, typed }) => (Some(problem), typed),
        _ => (None, Vec::new()),
    };
    let arn = approval.row.execution_arn.clone();
    let proof = site.sessions.proof(&key, &connection);
    let forms = Forms { proof, connection, arn, event, typed };
    let title = approval.row.title.clone();
    let html = piece::document(&title, content(&approval, rule, problem.as_ref(), &forms));
    let mut response = piece::response(StatusCode::OK, html, POLICY);
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn content(
    approval: &Approval,
    (may_reassign, may_break_glass): (bool, bool),
    problem: Option<&Problem>,
    forms: &Forms,
) -> AnyView {
    let back = routes::of(&forms.connection).approval(&forms.arn, forms.event);
    let waits = approval.state == ApprovalState::Waiting;
    let nothing = (!waits || !(may_reassign || may_break_glass)).then(|| {
        let why = if waits {
            "You may neither give this request to others nor break the glass."
        } else {
            "This request no longer waits."
        };
        view! { <p>{why}</p> }
    });
    let rule = approval.rule.iter().map(|(label, words)| view! { <dt>{shown(label)}</dt><dd>{shown(words)}</dd> });
    view! {
        <div class="page account-page">
            <p><a href=back>"← The request"</a></p>
            <h1>{shown(&approval.row.title)}</h1>
            {problem.map(piece::problem)}
            <dl class="fields">{rule.collect_view()}</dl>
            {nothing}
            {(waits && may_reassign).then(|| reassign(forms))}
            {(waits && may_break_glass).then(|| break_glass(approval, forms))}
        </div>
    }
    .into_any()
}

fn reassign(forms: &Forms) -> AnyView {
    let fields = view! {
        <label class="field">
            <span>"To (people and groups, with commas between them)"</span>
            <input type="text" name="to" required=true autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="2000" value=forms.typed("to")/>
        </label>
        {reason(forms, "reassign")}
        <button class="button" type="submit">"Give it to them"</button>
    };
    view! {
        <section>
            <h2>"Give it to others"</h2>
            <p class="quiet">"From then on they decide it instead of those whom the rule names. How many are needed stays, and so do four eyes."</p>
            {forms.form("reassign", fields.into_any())}
        </section>
    }
    .into_any()
}

fn break_glass(approval: &Approval, forms: &Forms) -> AnyView {
    let one = |outcome: &OutcomeChoice| {
        let fields = view! {
            <input type="hidden" name="decision" value=outcome.id.clone()/>
            <input type="hidden" name=SHOWN value=approval.shown.clone()/>
            {outcome.fields.iter().map(|one| field(one, forms)).collect_view()}
            {reason(forms, "break-glass")}
            <button class="button" type="submit">{shown(&outcome.label)}</button>
        };
        let open = forms.typed("decision") == outcome.id;
        view! {
            <details class="plain-more" open=open>
                <summary>{shown(&outcome.label)}"…"</summary>
                {forms.form("break-glass", fields.into_any())}
            </details>
        }
    };
    view! {
        <section>
            <h2>"Break the glass"</h2>
            <p class="quiet">"You decide at once and alone, past the rule. It is on record as that, with your reason, and the approvers get a message where messages are set up."</p>
            {approval.outcomes.iter().filter(|outcome| outcome.refused.is_none()).map(one).collect_view()}
        </section>
    }
    .into_any()
}

impl Forms {
    /// What was typed into a field; empty where nothing was.
    fn typed(&self, name: &str) -> String {
        self.typed.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn form(&self, act: &'static str, fields: AnyView) -> AnyView {
        view! {
            <form class="plain-form" method="post" action=routes::at(Hand::PATH)>
                <input type="hidden" name=PROOF value=self.proof.clone()/>
                <input type="hidden" name=CONNECTION value=self.connection.clone()/>
                <input type="hidden" name="arn" value=self.arn.clone()/>
                <input type="hidden" name="event" value=self.event.to_string()/>
                <input type="hidden" name="act" value=act/>
                {fields}
            </form>
        }
        .into_any()
    }
}

fn reason(forms: &Forms, act: &str) -> AnyView {
    let typed = if forms.typed("act") == act { raw_text(&forms.typed("reason")) } else { String::new() };
    view! {
        <label class="field">
            <span>"Reason"</span>
            <textarea name="reason" rows="2" required=true maxlength="2000">{typed}</textarea>
        </label>
    }
    .into_any()
}

/// A field of an outcome's form. What it may hold is checked by the server.
fn field(field: &FormField, forms: &Forms) -> AnyView {
    let (title, required) = (field.title.clone(), field.required);
    let name = format!("{FIELD}{}", field.name);
    let first = Some(forms.typed(&name)).filter(|typed| !typed.is_empty());
    let first = first.or_else(|| field.value.first().cloned()).unwrap_or_default();
    let options = |options: &[String]| {
        let option = |one: &String| view! { <option value=one.clone() selected=*one == first>{shown(one)}</option> };
        options.iter().map(option).collect_view()
    };
    let input = match &field.kind {
        FieldKind::Text { input, .. } => {
            view! { <input type=input.clone() name=name required=required value=first/> }.into_any()
        }
        FieldKind::Number { step, .. } => {
            view! { <input type="number" name=name required=required step=step.clone() value=first/> }.into_any()
        }
        FieldKind::Flag => view! { <input type="checkbox" name=name value="true" checked=first == "true"/> }.into_any(),
        FieldKind::One(all) => view! { <select name=name required=required>{options(all)}</select> }.into_any(),
        FieldKind::Many(all) => {
            view! { <select name=format!("{name}{SEVERAL}") multiple=true>{options(all)}</select> }.into_any()
        }
    };
    view! { <label class="field"><span>{shown(&title)}</span>{input}</label> }.into_any()
}
