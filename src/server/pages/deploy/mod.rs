//! The plan of the definitions, and what runs where. The server draws it: a plan is read, and its buttons are plain forms.

mod board;
mod drawing;
mod evidence;
mod form;
mod history;
mod item;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use countersign_desk::connection::ConnectionKind;
use countersign_desk::deploy::{Change, Chosen, FileProblem, Item, MANIFEST, REPLAYED, Replays, UnderWay};
use countersign_desk::policy::{Action, Denied};
use countersign_desk::{Actor, Desk};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

pub(super) use self::form::Form;
pub(super) use self::item::change;
use self::item::{Part, part, problem_list};
use super::{Answered, worded};
use crate::app::server_fns;
use crate::app::shown;
use crate::app::{Mark, look};
use crate::routes::view::ENVIRONMENT;
use crate::routes::{self, Routes, encode};
use crate::server::deploy::progress::time_left;
use crate::server::deploy::text::not_compared;
use crate::server::words;
use crate::wire::deploy::{Deploy, DeployRow};
use crate::wire::refused::Act as Refusable;

/// The most changed workflows whose executions are replayed for one page.
const REPLAYED_AT_ONCE: usize = 5;

/// The plan of one connection, for `actor`.
///
/// # Errors
/// The connection has not answered yet.
pub async fn deploy(
    desk: &Desk,
    actor: &Actor,
    environment: Option<String>,
    replay: Option<String>,
    back: Option<String>,
) -> Answered<Deploy> {
    among(&[desk], desk, actor, Asked { environment, replay, back }).await
}

/// What is looked up where that costs calls only for whoever asks for it.
pub struct Asked {
    /// The environment, where it is not the first one that leads to the connection.
    pub environment: Option<String>,
    /// The workflow whose executions are replayed.
    pub replay: Option<String>,
    /// The one whose way back is looked up, by the name of its state machine.
    pub back: Option<String>,
}

/// The same with what runs on the connections `desks`, to which environments lead.
///
/// # Errors
/// The connection has not answered yet.
pub async fn among(desks: &[&Desk], desk: &Desk, actor: &Actor, asked: Asked) -> Answered<Deploy> {
    // One that is gone, or that leads elsewhere, is not the connection's to show.
    let folder = desk.definitions().read();
    let here = Chosen::names_on(&folder.manifest, desk.id().as_str());
    let environment = asked.environment.as_deref().filter(|name| here.contains(name));
    let plan = desk.plan_in(actor, environment).await.map_err(|error| worded(desk, &error))?;
    let may: Vec<Result<(), Denied>> =
        plan.items.iter().map(|item| desk.may(actor, Action::Deploy, Some(item.machine()))).collect();
    let all = desk.may(actor, Action::Deploy, None);
    let all = all.and_then(|()| may.iter().find_map(|may| may.clone().err()).map_or(Ok(()), Err));
    let mut answers = std::iter::once(all.clone()).chain(may.iter().cloned());
    let refused = words::refusals::refused(answers.find(Result::is_err).map(|answer| (Refusable::Deploy, answer)));

    let buttons = Buttons::of(desk, &plan.environment);
    let rows = rows(desk, actor, &plan.items, &may, &buttons, environment, asked.replay.as_deref()).await;
    let mistakes = &plan.folder.problems;
    let manifest = mistakes.first().map(|first| row(MANIFEST, html(|| refused_manifest(&first.file, mistakes))));
    let ready = plan.items.iter().any(Item::is_ready);
    let hash = if all.is_ok() { plan.hash.clone() } else { String::new() };
    let button = html(|| {
        if ready { buttons.of_all(&hash) } else { view! { <span class="quiet">"Nothing to deploy"</span> }.into_any() }
    });
    let functions = desk.definitions().known_functions().trouble;
    let problems: Vec<FileProblem> = functions.into_iter().chain(plan.problems.iter().cloned()).collect();
    let board = board::board(desks, desk, actor, &plan, asked.back.as_deref()).await;
    let proposed = super::proposals::proposals(desk, actor).await?;
    let history = history::history(desk, actor).await;
    let not_compared: Vec<String> = plan.not_compared.iter().map(|one| not_compared(desk.about(), one)).collect();
    let under_way: Vec<String> = desk.under_way().iter().map(going_on).collect();
    let head = html(|| {
        let ongoing =
            under_way.iter().map(|said| view! { <p class="notice notice-ask" role="status">{shown(said.clone())}</p> });
        let left_out = not_compared.iter().map(|said| view! { <p class="notice notice-ask">{shown(said.clone())}</p> });
        let of_environment = environment.map(|name| {
            view! { <p class="quiet">"This is the plan of the environment "<strong>{shown(name)}</strong>"."</p> }
        });
        view! { {of_environment}{ongoing.collect_view()}{problem_list(&problems)}{left_out.collect_view()}<div class="drawn" inner_html=proposed></div>{board} }
    });
    Ok(Deploy {
        folder: plan.folder.path.display().to_string(),
        button,
        head,
        items: manifest.into_iter().chain(rows).collect(),
        below: html(|| history),
        refused,
    })
}

/// A deployment that is being carried out, and how long the rest of it takes.
fn going_on(one: &UnderWay) -> String {
    let left = time_left(one.remaining_ms).map(|time| format!("; by the account's quotas the rest takes {time}"));
    format!("{} deploys; steps done: {} of {}{}.", one.by, one.done, one.steps, left.unwrap_or_default())
}

/// The buttons that deploy, or that propose where people have to approve it.
struct Buttons<'a> {
    connection: &'a str,
    environment: &'a str,
    /// The path of the server function.
    action: &'static str,
    /// The words of a workflow's button, and of the one for all of them.
    one: &'static str,
    all: &'static str,
    read_only: bool,
}

impl<'a> Buttons<'a> {
    fn of(desk: &'a Desk, environment: &'a str) -> Self {
        let (action, one, all) = match desk.approval_rule(environment) {
            Some(_) => (server_fns::Propose::PATH, "Propose", "Propose all changes"),
            None => (server_fns::Deploy::PATH, "Deploy", "Deploy all changes"),
        };
        Self { connection: desk.id().as_str(), environment, action, one, all, read_only: desk.about().read_only }
    }

    /// The button of one workflow; `seen` is the hash of its plan, and empty for whoever may not deploy it.
    fn of_item(&self, item: &Item, seen: &str) -> AnyView {
        self.form(item.name(), seen, self.one, "button")
    }

    /// The button of the whole plan.
    fn of_all(&self, seen: &str) -> AnyView {
        self.form("", seen, self.all, "button button-main")
    }

    fn form(&self, name: &str, seen: &str, word: &'static str, class: &'static str) -> AnyView {
        let fields = [("name", name), ("seen", seen), ("environment", self.environment)];
        let (connection, action, disabled) = (self.connection, self.action, self.read_only || seen.is_empty());
        Form { connection, action, fields: &fields, comment: false, word, class, disabled }.view()
    }
}

/// The workflows of a plan; `may` has for each whether the actor may deploy it.
async fn rows(
    desk: &Desk,
    actor: &Actor,
    items: &[Item],
    may: &[Result<(), Denied>],
    buttons: &Buttons<'_>,
    environment: Option<&str>,
    replay: Option<&str>,
) -> Vec<DeployRow> {
    let here = routes::of(desk.id().as_str());
    let (mut rows, mut replayed) = (Vec::new(), 0);
    for (item, may) in items.iter().zip(may) {
        let asked = replay == Some(item.name());
        let found = if wants_replay(item) && (asked || is_near(desk) && replayed < REPLAYED_AT_ONCE) {
            replayed += 1;
            Some(replays(desk, actor, item).await)
        } else {
            None
        };
        let hash = if may.is_ok() { item.hash() } else { String::new() };
        let html = html(|| {
            let evidence = match &found {
                Some(Ok(found)) => Some(evidence::evidence(&here, found)),
                Some(Err(why)) => Some(evidence::unknown(why)),
                None if wants_replay(item) => Some(evidence::offer(&here, environment, item.name())),
                None => None,
            };
            let form = item.is_ready().then(|| buttons.of_item(item, &hash));
            part(Part { here: &here, item, form, evidence })
        });
        rows.push(row(item.name(), html));
    }
    rows
}

/// The address of the page that shows the plan of an environment; its name is empty where the manifest has none.
pub(super) fn plan_of(here: &Routes, environment: &str) -> String {
    match environment {
        "" => here.deploy(),
        name => format!("{}?{ENVIRONMENT}={}", here.deploy(), encode(name)),
    }
}

/// The address of the page after something was done in an environment: the one that the connection shows is not named.
#[must_use]
pub fn page_of(desk: &Desk, environment: &str) -> String {
    let folder = desk.definitions().read();
    let here = Chosen::names_on(&folder.manifest, desk.id().as_str());
    let other = here.iter().skip(1).find(|name| **name == environment);
    plan_of(&routes::of(desk.id().as_str()), other.copied().unwrap_or_default())
}

/// The address of the page with something to look up, in an environment that is not the first.
fn asking(here: &Routes, environment: Option<&str>, key: &str, value: &str) -> String {
    let environment = environment.filter(|name| !name.is_empty());
    let environment = environment.map(|name| format!("{ENVIRONMENT}={}&", encode(name))).unwrap_or_default();
    format!("{}?{environment}{key}={}", here.deploy(), encode(value))
}

/// Whether calls to the connection cost nothing.
fn is_near(desk: &Desk) -> bool {
    desk.about().kind == ConnectionKind::Embedded
}

/// Whether there is something to replay: executions of a definition that is about to be another one.
fn wants_replay(item: &Item) -> bool {
    matches!(item.change(), Change::Changed | Change::Drifted) && item.difference.is_some()
}

async fn replays(desk: &Desk, actor: &Actor, item: &Item) -> Result<Replays, String> {
    let Some(desired) = &item.plan.desired else { return Ok(Replays::default()) };
    let found = desk.replay(actor, item.machine(), &desired.definition, REPLAYED).await;
    found.map_err(|error| worded(desk, &error).to_string())
}

/// The manifest as a row with its mistakes, where it cannot be used.
fn refused_manifest(file: &str, mistakes: &[FileProblem]) -> AnyView {
    let (status, word) = item::change(Change::Refused);
    view! {
        <header class="plan-head">
            <span class="status" data-tone=look(status).tone><Mark status/><span>{word}</span></span>
            <h2>{MANIFEST}</h2>
            <span class="mono quiet">{shown(file)}</span>
        </header>
        {problem_list(mistakes)}
    }
    .into_any()
}

/// A view as text.
fn html<V: IntoView>(view: impl FnOnce() -> V) -> String {
    Owner::new().with(|| view().into_any().to_html())
}

/// A row that is drawn again when it says something else.
fn row(name: &str, html: String) -> DeployRow {
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    DeployRow { key: format!("{name} {:x}", hasher.finish()), html }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_that_goes_on_says_how_far_it_is() {
        let said = |remaining_ms| going_on(&UnderWay { by: "Dana".to_owned(), done: 3, steps: 12, remaining_ms });
        assert_eq!(said(0), "Dana deploys; steps done: 3 of 12.");
        let slow = "Dana deploys; steps done: 3 of 12; by the account's quotas the rest takes at least 41 s.";
        assert_eq!(said(41_000), slow);
    }
}
