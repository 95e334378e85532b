//! Somebody's own page: who they are here, where they are signed in, their API tokens and their password.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use countersign_desk::people::{PeopleError, Session, day};
use countersign_desk::store::{Absence, Scope, SessionRow, TokenRow};
use countersign_desk::{Actor, Person};
use leptos::prelude::*;

use super::super::who::see;
use super::super::{By, Who, session};
use super::entry::worded;
use super::{Fields, Visit, piece};
use crate::app::shown as text;
use crate::routes;
use crate::server::words;
use crate::wire::Problem;

const TITLE: &str = "Account";
/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// What came of a form.
enum Came {
    Nothing,
    Done(String),
    /// The text of a token, which is shown this once.
    Token(String),
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
    let Some((person, session)) = signed_in(&visit) else {
        return see(&routes::sign_in(Some(&routes::at(routes::ACCOUNT))));
    };
    let came = match fields.get("act") {
        "password" => return new_password(visit, &person, &fields).await,
        "token" => token(&visit, &person, &fields).await,
        "remove-token" => match fields.get("id").parse() {
            Ok(id) => visit.people.remove_token(&person, id).await.map(|()| Came::Done("The token is removed.".into())),
            Err(_) => Ok(Came::Nothing),
        },
        "end" => end(&visit, &session, fields.get("session")).await,
        "away" => away(&visit, &person, &fields).await,
        "back" => match fields.get("id").parse() {
            Ok(id) => visit.people.end_absence(&person, id).await.map(|()| Came::Done("The absence is ended.".into())),
            Err(_) => Ok(Came::Nothing),
        },
        _ => Ok(Came::Nothing),
    };
    match came {
        Ok(came) => shown(visit, StatusCode::OK, came).await,
        Err(error) => shown(visit, StatusCode::BAD_REQUEST, Came::Refused(words::people(&error))).await,
    }
}

fn signed_in(visit: &Visit) -> Option<(Person, Session)> {
    match &visit.who {
        Some(Who { person, by: By::Session(session), .. }) => Some((person.clone(), session.clone())),
        _ => None,
    }
}

/// Changes the password. Every session ends, this one too: the next one begins with the new password.
async fn new_password(visit: Visit, person: &Person, fields: &Fields) -> Response {
    let (old, new) = (fields.get("old"), fields.get("new"));
    if new != fields.get("again") {
        let problem = Problem { what: "The two new passwords differ.".into(), remedy: "Type the same twice.".into() };
        return shown(visit, StatusCode::BAD_REQUEST, Came::Refused(problem)).await;
    }
    match visit.people.change_password(person, old, new, &visit.from).await {
        Ok(()) => {
            let mut response = see(&routes::sign_in(Some(&routes::at(routes::ACCOUNT))));
            let cookie = session::ended(visit.site.place.is_secure());
            response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
            response
        }
        Err(refused) => {
            let (status, problem) = worded(&refused);
            shown(visit, status, Came::Refused(problem)).await
        }
    }
}

async fn token(visit: &Visit, person: &Person, fields: &Fields) -> Result<Came, PeopleError> {
    let scope = Scope::of(fields.get("scope")).unwrap_or(Scope::Read);
    let days = fields.get("days").parse().map_err(|_| PeopleError::Expiry)?;
    visit.people.add_token(person, fields.get("name"), scope, days).await.map(Came::Token)
}

/// Notes an absence: the days are whole ones in UTC, the last one among them.
async fn away(visit: &Visit, person: &Person, fields: &Fields) -> Result<Came, PeopleError> {
    let of = |name: &str| day(fields.get(name)).ok_or(PeopleError::Absence);
    let span = (of("from")?, of("until")? + DAY);
    visit.people.add_absence(person, fields.get("delegate"), span).await?;
    Ok(Came::Done("The absence is noted.".into()))
}

/// Ends one of the person's own sessions.
async fn end(visit: &Visit, own: &Session, key: &str) -> Result<Came, PeopleError> {
    let rows = visit.people.sessions(&own.person).await?;
    let Some(row) = rows.into_iter().find(|row| session::key(&row.hash) == key) else { return Ok(Came::Nothing) };
    visit.people.sign_out(&Session { hash: row.hash, person: own.person.clone() }).await?;
    Ok(Came::Done("That session has ended.".into()))
}

async fn shown(visit: Visit, status: StatusCode, came: Came) -> Response {
    let Some((person, session)) = signed_in(&visit) else {
        return see(&routes::sign_in(Some(&routes::at(routes::ACCOUNT))));
    };
    let proof = visit.proof();
    let people = &visit.people;
    let read = async {
        let absences = (people.absences(&person).await?, people.stands_in_for(&person).await?);
        Ok::<_, PeopleError>((people.sessions(&person).await?, people.tokens(&person).await?, absences))
    };
    let (rows, tokens, absences) = match read.await {
        Ok(read) => read,
        Err(error) => {
            let problem = piece::problem(&words::people(&error));
            return visit.show(StatusCode::SERVICE_UNAVAILABLE, TITLE, problem);
        }
    };
    let has_token = matches!(came, Came::Token(_));
    let administers = visit.people.administers(&Actor::Person(person.clone()));
    let content = view! {
        <div class="page account-page">
            <h1>"Account"</h1>
            {came_of(came)}
            {about(&person, administers)}
            {absences_of(absences, &proof)}
            {sessions(rows, &session, &proof)}
            {tokens_of(tokens, &proof)}
            {password_form(&proof)}
        </div>
    };
    let mut response = visit.show(status, TITLE, content.into_any());
    if has_token {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn came_of(came: Came) -> AnyView {
    match came {
        Came::Nothing => ().into_any(),
        Came::Done(what) => piece::done(&what),
        Came::Refused(problem) => piece::problem(&problem),
        Came::Token(token) => view! {
            <div class="notice notice-good" role="status">
                <p class="notice-title">"Copy the token now: it is not shown again."</p>
                <p><code class="secret">{token}</code></p>
                <p>"A program sends it with every request, in the header "<code>"Authorization: Bearer TOKEN"</code>"."</p>
            </div>
        }
        .into_any(),
    }
}

fn about(person: &Person, administers: bool) -> AnyView {
    let groups = if person.groups.is_empty() { "None".to_owned() } else { person.groups.join(", ") };
    view! {
        <dl class="facts">
            <div><dt>"Name"</dt><dd>{text(&person.name)}</dd></div>
            <div><dt>"User name"</dt><dd>{text(&person.id)}</dd></div>
            <div><dt>"Groups"</dt><dd>{text(groups)}</dd></div>
        </dl>
        {administers.then(|| view! { <p><a href=routes::at(routes::USERS)>"Users"</a></p> })}
    }
    .into_any()
}

fn sessions(rows: Vec<SessionRow>, own: &Session, proof: &str) -> AnyView {
    let row = |row: SessionRow| {
        let is_own = row.hash == own.hash;
        let key = session::key(&row.hash);
        let end = (!is_own).then(|| {
            let fields = view! {
                <input type="hidden" name="session" value=key/>
                <button class="button" type="submit">"End"</button>
            };
            piece::form(routes::ACCOUNT, "end", proof, fields.into_any())
        });
        view! {
            <li class="plain-row">
                <div>
                    <p>{if is_own { "This browser" } else { "Another browser" }}" · "{text(row.address)}</p>
                    <p class="quiet">{text(row.agent)}</p>
                    <p class="quiet">"Signed in "{piece::moment(row.made_at)}" · used "{piece::moment(row.seen_at)}</p>
                </div>
                {end}
            </li>
        }
    };
    let everywhere = view! {
        <input type="hidden" name="everywhere" value="yes"/>
        <button class="button" type="submit">"Sign out everywhere"</button>
    };
    let here = view! { <button class="button" type="submit">"Sign out"</button> };
    view! {
        <section>
            <h2>"Sessions"</h2>
            <p class="quiet">"A session ends after ten hours without use, and after a week at the latest."</p>
            <ul class="plain-list">{rows.into_iter().map(row).collect_view()}</ul>
            <div class="field-line">
                {piece::form(routes::SIGN_OUT, "sign-out", proof, here.into_any())}
                {piece::form(routes::SIGN_OUT, "sign-out", proof, everywhere.into_any())}
            </div>
        </section>
    }
    .into_any()
}

/// When the person is away, and for whom they stand in now.
fn absences_of((own, others): (Vec<Absence>, Vec<Absence>), proof: &str) -> AnyView {
    let row = |absence: Absence| {
        let fields = view! {
            <input type="hidden" name="id" value=absence.id.to_string()/>
            <button class="button" type="submit">"End"</button>
        };
        view! {
            <li class="plain-row">
                <div>
                    <p>{text(&absence.delegate)}" stands in"</p>
                    <p class="quiet">"From "{piece::moment(absence.from_at)}" until "{piece::moment(absence.until_at)}</p>
                </div>
                {piece::form(routes::ACCOUNT, "back", proof, fields.into_any())}
            </li>
        }
    };
    let standing = |absence: Absence| {
        view! { <li class="plain-row"><p>"You stand in for "{text(&absence.person)}" until "{piece::moment(absence.until_at)}</p></li> }
    };
    let day = |label: &'static str, name: &'static str| {
        view! { <label class="field"><span>{label}</span><input type="date" name=name required=true/></label> }
    };
    let add = view! {
        {day("First day", "from")}
        {day("Last day", "until")}
        {piece::line("Who stands in, by user name", "delegate", "", "off")}
        <button class="button" type="submit">"Note it"</button>
    };
    view! {
        <section>
            <h2>"While you are away"</h2>
            <p class="quiet">"Who stands in for you decides what names you, or a group of yours, as an approver. Days are whole days in UTC. You can still decide, and both of you have one choice together."</p>
            <ul class="plain-list">{others.into_iter().map(standing).collect_view()}{own.into_iter().map(row).collect_view()}</ul>
            <details class="plain-more"><summary>"Note an absence"</summary>{piece::form(routes::ACCOUNT, "away", proof, add.into_any())}</details>
        </section>
    }
    .into_any()
}

fn tokens_of(rows: Vec<TokenRow>, proof: &str) -> AnyView {
    let row = |row: TokenRow| {
        let fields = view! {
            <input type="hidden" name="id" value=row.id.to_string()/>
            <button class="button" type="submit">"Remove"<span class="unseen">" the token "{text(&row.name)}</span></button>
        };
        let scope = match row.scope {
            Scope::Read => "may read",
            Scope::Act => "may read and act",
        };
        let used = match row.used_at {
            Some(at) => view! { " · used "{piece::moment(at)} }.into_any(),
            None => " · never used".into_any(),
        };
        view! {
            <li class="plain-row">
                <div>
                    <p>{text(&row.name)}" · "{scope}</p>
                    <p class="quiet">"Holds until "{piece::moment(row.expires_at)}{used}</p>
                </div>
                {piece::form(routes::ACCOUNT, "remove-token", proof, fields.into_any())}
            </li>
        }
    };
    let add = view! {
        {piece::line("Name", "name", "", "off")}
        <label class="field"><span>"Scope"</span>
            <select name="scope"><option value="read">"Read"</option><option value="act">"Read and act as you"</option></select>
        </label>
        <label class="field"><span>"Holds for"</span>
            <select name="days">
                <option value="7">"7 days"</option><option value="30" selected=true>"30 days"</option>
                <option value="90">"90 days"</option><option value="365">"365 days"</option>
            </select>
        </label>
        <button class="button" type="submit">"Make a token"</button>
    };
    let is_empty = rows.is_empty();
    view! {
        <section>
            <h2>"API tokens"</h2>
            <p class="quiet">"A program that shows a token reads, or acts, as you. It works below /api/, not on pages."</p>
            {is_empty.then(|| view! { <p>"You have no tokens."</p> })}
            <ul class="plain-list">{rows.into_iter().map(row).collect_view()}</ul>
            <details class="plain-more"><summary>"Make an API token"</summary>{piece::form(routes::ACCOUNT, "token", proof, add.into_any())}</details>
        </section>
    }
    .into_any()
}

fn password_form(proof: &str) -> AnyView {
    let fields = view! {
        {piece::password("Password", "old", "current-password")}
        {piece::password("New password, 12 characters or more", "new", "new-password")}
        {piece::password("The same again", "again", "new-password")}
        <button class="button" type="submit">"Change the password"</button>
    };
    view! {
        <section>
            <h2>"Password"</h2>
            <p class="quiet">"With a new password every session ends: you sign in again."</p>
            <details class="plain-more"><summary>"Change the password"</summary>{piece::form(routes::ACCOUNT, "password", proof, fields.into_any())}</details>
        </section>
    }
    .into_any()
}
