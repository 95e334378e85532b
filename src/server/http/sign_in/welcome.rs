//! Where a one-time link leads: the first administrator is made, or somebody sets a password.

use axum::extract::{Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use countersign_desk::people::{NewUser, PeopleError, Secret, Welcome};
use leptos::prelude::*;
use serde::Deserialize;

use super::super::who::see;
use super::{Fields, Visit, piece};
use crate::app::shown as text;
use crate::routes;
use crate::server::words;
use crate::wire::Problem;

/// The page's title; its address is not passed on.
pub const TITLE: &str = "Welcome";

/// The secret of a link.
#[derive(Deserialize)]
pub struct Shown {
    #[serde(default)]
    code: String,
}

async fn welcome(visit: &Visit, code: &str) -> Result<(Secret, Welcome), PeopleError> {
    let secret = Secret::of(code).ok_or(PeopleError::Invitation)?;
    let welcome = visit.people.welcome(&secret).await?;
    Ok((secret, welcome))
}

/// The form of a link. Opening it does not use the link up.
pub async fn page(visit: Visit, Query(Shown { code }): Query<Shown>) -> Response {
    match welcome(&visit, &code).await {
        Ok((secret, welcome)) => form(visit, StatusCode::OK, &secret, &welcome, &Fields(Vec::new()), None),
        Err(error) => refused(visit, &error),
    }
}

/// Uses a link up.
pub async fn accept(visit: Visit, request: Request) -> Response {
    let fields = match visit.form(request).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    let (secret, welcome) = match welcome(&visit, fields.get("code")).await {
        Ok(known) => known,
        Err(error) => return refused(visit, &error),
    };
    let password = fields.get("password");
    if password != fields.get("again") {
        let problem = Problem {
            what: "The two passwords differ.".to_owned(),
            remedy: "Type the same password twice.".to_owned(),
        };
        return form(visit, StatusCode::BAD_REQUEST, &secret, &welcome, &fields, Some(&problem));
    }
    let email = Some(fields.get("email").to_owned());
    let new = NewUser { id: fields.get("name").into(), name: fields.get("whole").into(), email, groups: Vec::new() };
    match visit.people.accept(&secret, new, password).await {
        Ok(_) => see(&routes::at(routes::SIGN_IN)),
        Err(error @ (PeopleError::Invitation | PeopleError::Store(_))) => refused(visit, &error),
        Err(error) => {
            let problem = words::people(&error);
            form(visit, StatusCode::BAD_REQUEST, &secret, &welcome, &fields, Some(&problem))
        }
    }
}

fn refused(visit: Visit, error: &PeopleError) -> Response {
    let problem = piece::problem(&words::people(error));
    let content = view! {
        <div class="page sign-in">
            <h1>"This link does not work"</h1>
            {problem}
            <p><a href=routes::at(routes::SIGN_IN)>"Sign in"</a></p>
        </div>
    };
    visit.show(StatusCode::NOT_FOUND, TITLE, content.into_any())
}

fn form(
    visit: Visit,
    status: StatusCode,
    secret: &Secret,
    welcome: &Welcome,
    typed: &Fields,
    problem: Option<&Problem>,
) -> Response {
    let (title, lead, who) = match welcome {
        Welcome::First => {
            let who = view! {
                {piece::line("User name", "name", typed.get("name"), "username")}
                {piece::line("Your name, as others see it", "whole", typed.get("whole"), "name")}
                {piece::line("E-mail (optional)", "email", typed.get("email"), "email")}
            };
            let lead = "Nobody can sign in yet. You are the first administrator: you can add the others.";
            ("Welcome", view! { <p>{lead}</p> }.into_any(), who.into_any())
        }
        Welcome::User(user) => {
            let lead = view! { <p>"Choose a password. You sign in as "<strong>{text(&user.id)}</strong>"."</p> };
            ("Set your password", lead.into_any(), ().into_any())
        }
    };
    let code = secret.reveal().to_owned();
    let fields = view! {
        <input type="hidden" name="code" value=code/>
        {who}
        {piece::password("Password, 12 characters or more", "password", "new-password")}
        {piece::password("The same again", "again", "new-password")}
        <button class="button button-main" type="submit">"Save"</button>
    };
    let content = view! {
        <div class="page sign-in">
            <h1>{title}</h1>
            {lead}
            {problem.map(piece::problem)}
            {piece::form(routes::WELCOME, "accept", &visit.proof(), fields.into_any())}
        </div>
    };
    visit.show(status, TITLE, content.into_any())
}
