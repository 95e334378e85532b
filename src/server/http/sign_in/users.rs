//! Everybody who may sign in, for administrators.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_desk::Actor;
use countersign_desk::people::{NewUser, PeopleError};
use countersign_desk::store::User;
use leptos::prelude::*;

use super::super::who::see;
use super::{Fields, Visit, piece};
use crate::app::shown as text;
use crate::routes;
use crate::server::words;
use crate::wire::Problem;

const TITLE: &str = "Users";

/// What came of a form.
enum Came {
    Nothing,
    Done(String),
    /// A one-time link for this user.
    Link {
        id: String,
        link: String,
    },
    Refused(Problem),
}

/// The page.
pub async fn page(visit: Visit) -> Response {
    shown(visit, StatusCode::OK, Came::Nothing).await
}

/// Carries out one of the page's forms.
pub async fn change(visit: Visit, request: Request) -> Response {
    let fields = match visit.form(request).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    let Some(who) = &visit.who else { return see(&routes::sign_in(Some(&routes::at(routes::USERS)))) };
    match changed(&visit, &who.actor(), &fields).await {
        Ok(came) => shown(visit, StatusCode::OK, came).await,
        Err(error) => shown(visit, status(&error), Came::Refused(words::people(&error))).await,
    }
}

async fn changed(visit: &Visit, by: &Actor, fields: &Fields) -> Result<Came, PeopleError> {
    let (people, id) = (&visit.people, fields.get("id"));
    match fields.get("act") {
        "add" => {
            let (name, email) = (fields.get("name").to_owned(), Some(fields.get("email").to_owned()));
            let new = NewUser { id: id.to_owned(), name, email, groups: groups(fields.get("groups")) };
            let id = people.add(by, new, None).await?;
            link(visit, by, &id).await
        }
        "link" => link(visit, by, id).await,
        "groups" => {
            people.set_groups(by, id, &groups(fields.get("groups"))).await?;
            Ok(Came::Done(format!("The groups of {id} are changed.")))
        }
        "disable" => {
            people.disable(by, id).await?;
            Ok(Came::Done(format!("{id} is disabled: every session has ended.")))
        }
        "enable" => {
            people.enable(by, id).await?;
            Ok(Came::Done(format!("{id} may sign in again.")))
        }
        _ => Ok(Came::Nothing),
    }
}

async fn link(visit: &Visit, by: &Actor, id: &str) -> Result<Came, PeopleError> {
    let secret = visit.people.invite(by, id).await?;
    let link = visit.link(&routes::welcome(secret.reveal()));
    Ok(Came::Link { id: id.to_owned(), link })
}

fn groups(typed: &str) -> Vec<String> {
    typed.split(',').map(str::trim).filter(|group| !group.is_empty()).map(str::to_owned).collect()
}

const fn status(error: &PeopleError) -> StatusCode {
    match error {
        PeopleError::NotAnAdministrator => StatusCode::FORBIDDEN,
        PeopleError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

async fn shown(visit: Visit, code: StatusCode, came: Came) -> Response {
    let Some(who) = &visit.who else { return see(&routes::sign_in(Some(&routes::at(routes::USERS)))) };
    let proof = visit.proof();
    let users = match visit.people.users(&who.actor()).await {
        Ok(users) => users,
        Err(error) => {
            let problem = piece::problem(&words::people(&error));
            let content = view! { <div class="page account-page"><h1>"Users"</h1>{problem}</div> };
            return visit.show(status(&error), TITLE, content.into_any());
        }
    };
    let came = match came {
        Came::Nothing => ().into_any(),
        Came::Done(what) => piece::done(&what),
        Came::Refused(problem) => piece::problem(&problem),
        Came::Link { id, link } => view! {
            <div class="notice notice-good" role="status">
                <p class="notice-title"><span>"Give this link to "{text(id)}" now: it is not shown again."</span></p>
                <p><code class="secret">{link}</code></p>
                <p>"It works once, for three days. Whoever opens it sets the password."</p>
            </div>
        }
        .into_any(),
    };
    let content = view! {
        <div class="page account-page">
            <h1>"Users"</h1>
            {came}
            <ul class="plain-list">{users.into_iter().map(|user| row(user, &proof)).collect_view()}</ul>
            {add(&proof)}
            <p class="quiet">"Whoever is in none of the groups viewers, approvers, operators, deployers and administrators sees no workflow, unless a policy of yours permits it."</p>
            <p><a href=routes::at(routes::ACCOUNT)>"Your account"</a></p>
        </div>
    };
    visit.show(code, TITLE, content.into_any())
}

fn row(user: User, proof: &str) -> AnyView {
    let one = |act: &'static str, label: &'static str| {
        let id = user.id.clone();
        let fields = view! {
            <input type="hidden" name="id" value=id/>
            <button class="button" type="submit">{label}<span class="unseen">" for "{text(&user.id)}</span></button>
        };
        piece::form(routes::USERS, act, proof, fields.into_any())
    };
    let state = match (user.disabled, user.has_password) {
        (true, _) => " · disabled",
        (false, false) => " · no password yet",
        (false, true) => "",
    };
    let switch = if user.disabled { one("enable", "Enable") } else { one("disable", "Disable") };
    let link = (!user.disabled).then(|| one("link", "New link"));
    let (id, list) = (user.id.clone(), user.groups.join(", "));
    let edit = view! {
        <input type="hidden" name="id" value=id/>
        {piece::line("Groups, with commas between them", "groups", &list, "off")}
        <button class="button" type="submit">"Save the groups"</button>
    };
    let edit = piece::form(routes::USERS, "groups", proof, edit.into_any());
    let groups = if user.groups.is_empty() { "no group".to_owned() } else { list };
    let email = user.email.map(|email| view! { " · "{text(email)} });
    view! {
        <li class="plain-row">
            <div>
                <p><strong>{text(&user.name)}</strong>" · "{text(&user.id)}{email}{state}</p>
                <details class="plain-more"><summary>{text(groups)}</summary>{edit}</details>
            </div>
            <div class="field-line">{link}{switch}</div>
        </li>
    }
    .into_any()
}

fn add(proof: &str) -> AnyView {
    let fields = view! {
        {piece::line("User name", "id", "", "off")}
        {piece::line("Name, as others see it", "name", "", "off")}
        {piece::line("E-mail (optional)", "email", "", "off")}
        {piece::line("Groups, with commas between them", "groups", "", "off")}
        <button class="button" type="submit">"Add and make a link"</button>
    };
    let form = piece::form(routes::USERS, "add", proof, fields.into_any());
    view! { <details class="plain-more"><summary>"Add a user"</summary>{form}</details> }.into_any()
}
