//! What runs where: each workflow in each environment of the manifest, with its versions and aliases, and who deployed it.

use std::collections::BTreeMap;

use countersign_desk::connection::{AliasDescription, ListedVersion, Route, number_of};
use countersign_desk::deploy::desired::Steps;
use countersign_desk::deploy::{
    Chosen, Note, Plan, Progress, Published, WayBack, Why, alias_way, execution_of, machine_of,
};
use countersign_desk::policy::Action;
use countersign_desk::{Actor, Desk};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::form::Form;
use super::item::change;
use super::{asking, is_near, plan_of};
use crate::app::server_fns::{FinishRollout, RollBack};
use crate::app::shown;
use crate::app::{Mark, look};
use crate::app::{absolute, instant};
use crate::error::AppError;
use crate::routes;
use crate::routes::view::BACK;
use crate::server::pages::worded;

/// The versions of one state machine that are named.
const VERSIONS: usize = 3;
/// The most workflows of a manifest whose ways back are looked up as the page is drawn, even where a call costs nothing: each way
/// takes several.
const LOOKED_UP: usize = 20;

/// A column of the table: one environment, or the connection where the manifest has none.
struct Column<'a> {
    name: String,
    chosen: Chosen<'a>,
    connection: String,
    /// The plan, where it is the environment that the page plans for.
    plan: Option<&'a Plan>,
    desk: Option<&'a Desk>,
    /// Whether the ways back of definitions are looked up before anybody asks for one.
    looks_up: bool,
    deployed: BTreeMap<String, (i64, String)>,
}

impl Column<'_> {
    /// Whether who looks may see the workflow here.
    fn is_seen(&self, actor: &Actor, workflow: &str) -> bool {
        let machine = self.chosen.machine_name(workflow);
        self.desk.is_some_and(|desk| desk.may(actor, Action::View, Some(&machine)).is_ok())
    }
}

/// The table; nothing where the manifest names no workflow that `actor` may see.
/// `back` is the workflow whose way back is looked up wherever that costs calls.
pub async fn board(desks: &[&Desk], desk: &Desk, actor: &Actor, plan: &Plan, back: Option<&str>) -> Option<AnyView> {
    let manifest = &plan.folder.manifest;
    let mut columns = Vec::new();
    let names: Vec<Option<&str>> = match manifest.environments.is_empty() {
        true => vec![None],
        false => manifest.environments.keys().map(|name| Some(name.as_str())).collect(),
    };
    for name in names {
        let Ok(chosen) = Chosen::of(manifest, name) else { continue };
        let connection = chosen.connection().unwrap_or_else(|| desk.id().as_str()).to_owned();
        let of = desks.iter().copied().find(|one| one.id().as_str() == connection);
        let deployed = match of {
            // Who may not see the connection sees no deployments of it either.
            Some(of) => of.deployments(actor).await.unwrap_or_default(),
            None => BTreeMap::new(),
        };
        let is_planned = connection == desk.id().as_str() && plan.environment == name.unwrap_or_default();
        columns.push(Column {
            name: name.map_or_else(|| connection.clone(), str::to_owned),
            chosen,
            connection,
            plan: is_planned.then_some(plan),
            desk: of,
            looks_up: of.is_some_and(is_near) && manifest.workflows.len() <= LOOKED_UP,
            deployed,
        });
    }
    let is_seen = |workflow: &&String| columns.iter().any(|column| column.is_seen(actor, workflow));
    let workflows: Vec<&String> = manifest.workflows.keys().filter(is_seen).collect();
    if workflows.is_empty() {
        return None;
    }
    let mut rows = Vec::new();
    for workflow in workflows {
        let mut cells = Vec::new();
        for column in &columns {
            cells.push(cell(column, actor, workflow, back).await);
        }
        rows.push(view! { <tr><th scope="row">{shown(workflow.clone())}</th>{cells}</tr> });
    }
    let heads = columns.iter().map(|column| {
        let on = (column.connection != column.name)
            .then(|| view! { <span class="quiet">" on "{shown(column.connection.clone())}</span> });
        view! { <th scope="col">{head(column, desk)}{on}</th> }
    });
    Some(
        view! {
            <section class="plan-item board-box" tabindex="0" role="group" aria-label="What runs where">
                <h2>"What runs where"</h2>
                <table class="sheet board">
                    <thead><tr><th scope="col">"Workflow"</th>{heads.collect_view()}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        }
        .into_any(),
    )
}

/// The name of a column: a link to the plan of its environment, where the page shows another one's.
fn head(column: &Column<'_>, desk: &Desk) -> AnyView {
    let name = shown(column.name.clone());
    if column.plan.is_some() || column.desk.is_none() || column.chosen.name().is_empty() {
        return name;
    }
    let href = plan_of(&routes::of(&column.connection), column.chosen.name());
    // A link to another connection loads a document of its own.
    let rel = (column.connection != desk.id().as_str()).then_some("external");
    view! { <a href=href rel=rel>{name}</a> }.into_any()
}

/// A workflow in an environment.
async fn cell(column: &Column<'_>, actor: &Actor, workflow: &str, back: Option<&str>) -> AnyView {
    let machine = column.chosen.machine_name(workflow);
    let Some(desk) = column.desk else {
        let said = format!("No connection {} is configured.", column.connection);
        return view! { <td class="quiet">{shown(said)}</td> }.into_any();
    };
    if !column.is_seen(actor, workflow) {
        return view! { <td class="quiet">"not shown to you"</td> }.into_any();
    }
    let status = column.plan.and_then(|plan| plan.items.iter().find(|item| item.name() == workflow)).map(|item| {
        let (status, word) = change(item.change());
        view! { <span class="status" data-tone=look(status).tone><Mark status/><span>{word}</span></span> }
    });
    let known = desk.snapshot(actor).await.ok();
    let there = known.as_ref().is_some_and(|known| known.machine_named(&machine).is_some());
    if !there {
        let said = if known.is_none_or(|known| known.data_at.is_none()) { "not known" } else { "not deployed" };
        return view! { <td>{status}" "<span class="quiet">{said}</span></td> }.into_any();
    }
    let href = routes::of(desk.id().as_str()).workflow(&machine);
    // A link to another connection loads a document of its own.
    let rel = column.plan.is_none().then_some("external");
    let name = if machine == workflow { "Open".to_owned() } else { machine.clone() };
    // Express workflows and some endpoints have none, which is no reason to show nothing.
    let releases = desk.releases(actor, &machine).await.ok();
    let versions = releases.as_ref().and_then(|found| versions(&found.versions));
    let versions = versions.map(|said| view! { <p class="quiet">{said}</p> });
    let definition = match &releases {
        Some(found) if !goes_back(column, desk, actor, &machine, found) => None,
        Some(_) if back == Some(machine.as_str()) => {
            Some(definition_back(column, desk, actor, &machine).await.unwrap_or_else(no_way))
        }
        Some(_) if column.looks_up => definition_back(column, desk, actor, &machine).await.ok(),
        Some(_) => Some(offer_back(desk, column.chosen.name(), &machine)),
        None => None,
    };
    let aliases = releases.iter().flat_map(|found| {
        let one = |one: &AliasDescription| alias(column, desk, actor, &machine, one, &found.versions);
        found.aliases.iter().map(one).collect::<Vec<_>>()
    });
    let last = column.deployed.get(&machine).or_else(|| column.deployed.get(workflow)).map(|(at, by)| {
        view! {
            <p class="quiet">
                "deployed by "{shown(by.clone())}", "<time datetime=instant(*at)>{absolute(*at)}</time>
            </p>
        }
    });
    view! { <td class="board-cell">{status}<a href=href rel=rel>{shown(name)}</a>{aliases.collect_view()}{definition}{versions}{last}</td> }.into_any()
}

/// An alias: where it leads, since when and by whom; how far a rollout has come; and the way back.
fn alias(
    column: &Column<'_>,
    desk: &Desk,
    actor: &Actor,
    machine: &str,
    alias: &AliasDescription,
    versions: &[ListedVersion],
) -> AnyView {
    let note = alias.description.as_deref().and_then(|text| text.parse::<Note>().ok());
    let route = |route: &Route| {
        let version = number_of(&route.version_arn)
            .map_or_else(|| "another version".to_owned(), |number| format!("version {number}"));
        let weight = route.weight.to_string();
        let share = (alias.routes.len() > 1).then(|| {
            let label = format!("{weight} % of the executions get {version}");
            view! { <progress class="alias-share" max="100" value=weight.clone() aria-label=label></progress>" "{weight.clone()}" % " }
        });
        view! { <span class="alias-route">{share}{version}</span> }
    };
    let said = note.as_ref().map(|note| said(desk, machine_of(&alias.arn), note));
    let rolling = note.as_ref().is_some_and(|note| note.rolling().is_some());
    let way = alias_way(alias, versions);
    let forms = (may_change(column, desk, actor, machine) && (rolling || way.is_some())).then(|| {
        let finish = rolling.then(|| {
            let environment = ("environment", column.chosen.name());
            let fields = [("workflow", machine), ("alias", alias.name.as_str()), environment];
            form(desk, FinishRollout::PATH, &fields, "Finish the rollout")
        });
        let back = way.map(|way| roll_back(desk, column.chosen.name(), machine, &way));
        view! { <div class="plan-forms">{finish}{back}</div> }
    });
    view! {
        <div class="alias">
            <strong class="mono">{shown(alias.name.clone())}</strong>" → "{alias.routes.iter().map(route).collect_view()}
            {said}{forms}
        </div>
    }
    .into_any()
}

/// Whether the definition of a workflow may have a way back that whoever looks may take: no alias leads to it.
fn goes_back(column: &Column<'_>, desk: &Desk, actor: &Actor, machine: &str, found: &Published) -> bool {
    found.aliases.is_empty() && !found.versions.is_empty() && may_change(column, desk, actor, machine)
}

/// What looks the way back up, where that costs calls.
fn offer_back(desk: &Desk, environment: &str, machine: &str) -> AnyView {
    let href = asking(&routes::of(desk.id().as_str()), Some(environment), BACK, machine);
    view! { <p><a href=href>"Roll back…"</a></p> }.into_any()
}

/// The way back of the definition of a workflow.
///
/// # Errors
/// There is none, or it could not be looked up.
async fn definition_back(column: &Column<'_>, desk: &Desk, actor: &Actor, machine: &str) -> Result<AnyView, AppError> {
    let way = desk.definition_way(actor, machine).await.map_err(|error| worded(desk, &error))?;
    let from = match (way.from, way.not_compared) {
        (Some(from), _) => format!("The definition is that of version {from}."),
        (None, 0) => "The definition as it is now was not published as a version.".to_owned(),
        (None, older) => {
            format!(
                "The definition as it is now is none of the newest versions. Older versions that were not compared: {older}."
            )
        }
    };
    let back = roll_back(desk, column.chosen.name(), machine, &way);
    Ok(view! { <div class="alias"><p class="quiet">{from}</p><div class="plan-forms">{back}</div></div> }.into_any())
}

/// Why there is no way back, for whoever asked for it.
fn no_way(error: AppError) -> AnyView {
    view! { <p class="quiet">{shown(error.to_string())}</p> }.into_any()
}

/// Whether whoever looks may change what runs here. Whatever is done is about the connection of the page: its forms carry that
/// connection's proof.
fn may_change(column: &Column<'_>, desk: &Desk, actor: &Actor, machine: &str) -> bool {
    column.plan.is_some() && desk.may(actor, Action::Deploy, Some(machine)).is_ok()
}

/// The button that takes this way back, and where it leads.
fn roll_back(desk: &Desk, environment: &str, machine: &str, way: &WayBack) -> AnyView {
    let hash = way.hash();
    let alias = way.alias().unwrap_or_default();
    let fields = [("workflow", machine), ("alias", alias), ("seen", hash.as_str()), ("environment", environment)];
    let to = format!("to version {}", way.to);
    view! { {form(desk, RollBack::PATH, &fields, "Roll back")}<span class="quiet">{to}</span> }.into_any()
}

fn form(desk: &Desk, action: &'static str, fields: &[(&'static str, &str)], word: &'static str) -> AnyView {
    let (connection, disabled) = (desk.id().as_str(), desk.about().read_only);
    Form { connection, action, fields, comment: false, word, class: "button", disabled }.view()
}

/// What the note on an alias says.
fn said(desk: &Desk, machine_arn: &str, note: &Note) -> AnyView {
    let when = view! { <time datetime=instant(note.at)>{absolute(note.at)}</time> };
    let by = shown(note.by.clone());
    match &note.state {
        Progress::Settled => view! { <p class="quiet">"since "{when}" by "{by}</p> }.into_any(),
        Progress::Rolling { weight, rollout, .. } => {
            let steps = match rollout.steps {
                Steps::AtOnce => String::new(),
                Steps::Canary { percent, minutes } => format!("canary: {percent} % for {minutes} min, then all"),
                Steps::Linear { percent, minutes } => format!("linear: {percent} % more every {minutes} min"),
            };
            let limit = rollout.roll_back.map(|limit| {
                format!("; back where more than {} % fail, once {} have ended", limit.percent, limit.executions)
            });
            view! {
                <p class="quiet">
                    {format!("Version {} gets {weight} % of the executions", note.version)}" since "{when}", begun by "{by}" ("{steps}{limit}")."
                </p>
            }
            .into_any()
        }
        Progress::Back { from, why: Why::ByHand } => {
            view! { <p class="quiet">{format!("Moved back from version {from}")}", "{when}" by "{by}</p> }.into_any()
        }
        Progress::Back { from, why: Why::Failures { failed, ended, first } } => {
            let href = routes::of(desk.id().as_str()).execution(&execution_of(machine_arn, first));
            let first = view! { <a class="mono" href=href>{shown(first.clone())}</a> };
            view! {
                <p class="quiet">
                    {format!("Moved back from version {from} by itself: {failed} of {ended} failed, first ")}{first}", "{when}
                </p>
            }
            .into_any()
        }
    }
}

/// The newest versions; nothing where there are none.
fn versions(listed: &[ListedVersion]) -> Option<String> {
    let mut numbers: Vec<u64> = listed.iter().map(ListedVersion::number).collect();
    numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
    let more = numbers.len().saturating_sub(VERSIONS);
    numbers.truncate(VERSIONS);
    let named: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let word = if named.len() == 1 { "version" } else { "versions" };
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("{word} {}{more}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_versions_are_named() {
        let of = |numbers: &[u64]| -> Vec<ListedVersion> {
            let arn = |number: &u64| format!("arn:aws:states:us-east-1:123456789012:stateMachine:a:{number}");
            numbers.iter().map(|number| ListedVersion { arn: arn(number), created_at: 0 }).collect()
        };
        assert_eq!(versions(&of(&[])), None);
        assert_eq!(versions(&of(&[1])).as_deref(), Some("version 1"));
        assert_eq!(versions(&of(&[9, 10, 8, 7, 6])).as_deref(), Some("versions 10, 9, 8 and 2 more"));
    }
}
