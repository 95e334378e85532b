//! What runs where: each workflow in each environment of the manifest, with its versions and aliases, and who deployed it.

use std::collections::BTreeMap;

use countersign_desk::deploy::{Chosen, Folder, Plan};
use countersign_desk::store::{Act, ActFilter, Kind, Recorded};
use countersign_desk::{Actor, Desk, Qualifier};
use leptos::prelude::*;

use super::item::change;
use crate::app::components::Mark;
use crate::app::components::status::look;
use crate::app::shown;
use crate::app::ui::{absolute, instant};
use crate::routes;

/// The newest deployments that the page lists; the record has all of them.
const HISTORY: usize = 10;
/// The versions of one state machine that are named.
const VERSIONS: usize = 3;

/// One environment, or the connection where the manifest has none.
struct Place<'a> {
    name: String,
    chosen: Chosen<'a>,
    connection: String,
    /// The plan, where it is the environment that the page plans for.
    plan: Option<&'a Plan>,
    desk: Option<&'a Desk>,
    deployed: BTreeMap<String, (i64, String)>,
}

/// The table; nothing where the manifest names no workflow.
pub async fn board(desks: &[&Desk], desk: &Desk, actor: &Actor, folder: &Folder, plan: &Plan) -> Option<AnyView> {
    let manifest = &folder.manifest;
    let mut places = Vec::new();
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
        places.push(Place {
            name: name.map_or_else(|| connection.clone(), str::to_owned),
            chosen,
            connection,
            plan: is_planned.then_some(plan),
            desk: of,
            deployed,
        });
    }
    let workflows: Vec<&String> =
        manifest.workflows.keys().filter(|name| plan.items.iter().any(|item| item.name() == name.as_str())).collect();
    if workflows.is_empty() {
        return None;
    }
    let mut rows = Vec::new();
    for workflow in workflows {
        let mut cells = Vec::new();
        for place in &places {
            cells.push(cell(place, actor, workflow).await);
        }
        rows.push(view! { <tr><th scope="row">{shown(workflow.clone())}</th>{cells}</tr> });
    }
    let heads = places.iter().map(|place| {
        let on = (place.connection != place.name)
            .then(|| view! { <span class="quiet">" on "{shown(place.connection.clone())}</span> });
        view! { <th scope="col">{shown(place.name.clone())}{on}</th> }
    });
    Some(
        view! {
            <section class="plan-item board-box" tabindex="0" role="group" aria-label="What runs where">
                <h2>"What runs where"</h2>
                <table class="lines board">
                    <thead><tr><th scope="col">"Workflow"</th>{heads.collect_view()}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        }
        .into_any(),
    )
}

/// A workflow in an environment.
async fn cell(place: &Place<'_>, actor: &Actor, workflow: &str) -> AnyView {
    let machine = place.chosen.machine_name(workflow);
    let Some(desk) = place.desk else {
        let said = format!("No connection {} is configured.", place.connection);
        return view! { <td class="quiet">{shown(said)}</td> }.into_any();
    };
    let status = place.plan.and_then(|plan| plan.items.iter().find(|item| item.name() == workflow)).map(|item| {
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
    let rel = place.plan.is_none().then_some("external");
    let name = if machine == workflow { "Open".to_owned() } else { machine.clone() };
    let qualifiers = desk.qualifiers(actor, &machine).await.unwrap_or_default();
    let qualifiers = in_words(&qualifiers).map(|said| view! { <span class="quiet">{shown(said)}</span> });
    let last = place.deployed.get(&machine).or_else(|| place.deployed.get(workflow)).map(|(at, by)| {
        view! {
            <span class="quiet">
                "deployed by "{shown(by.clone())}", "<time datetime=instant(*at)>{absolute(*at)}</time>
            </span>
        }
    });
    view! { <td class="board-cell">{status}<a href=href rel=rel>{shown(name)}</a>{qualifiers}{last}</td> }.into_any()
}

/// Aliases and the newest versions; nothing where there are neither.
fn in_words(qualifiers: &[Qualifier]) -> Option<String> {
    let (mut aliases, mut versions) = (Vec::new(), Vec::new());
    for qualifier in qualifiers {
        match qualifier {
            Qualifier::Alias(name) => aliases.push(name.as_str()),
            Qualifier::Version(number) => versions.push(number.as_str()),
        }
    }
    versions.sort_by_key(|number| std::cmp::Reverse(number.parse::<u64>().unwrap_or_default()));
    let more = versions.len().saturating_sub(VERSIONS);
    let mut parts = Vec::new();
    if !aliases.is_empty() {
        parts.push(format!("alias {}", aliases.join(", ")));
    }
    if !versions.is_empty() {
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        versions.truncate(VERSIONS);
        let word = if versions.len() == 1 && more.is_empty() { "version" } else { "versions" };
        parts.push(format!("{word} {}{more}", versions.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// The newest deployments on this connection.
pub async fn history(desk: &Desk, actor: &Actor) -> Option<AnyView> {
    let filter = ActFilter { kind: Some(Kind::Deployments), ..ActFilter::default() };
    // Who may not read the record reads none of it here.
    let page = desk.audit(actor, &filter, None).await.ok()?;
    let acts: Vec<Act> = page
        .entries
        .into_iter()
        .filter_map(|entry| match entry.what {
            Recorded::Act(act) => Some(act),
            Recorded::Decision(_) => None,
        })
        .take(HISTORY)
        .collect();
    if acts.is_empty() {
        return None;
    }
    let here = routes::of(desk.id().as_str());
    let row = |act: &Act| {
        let workflow = act.workflow.clone().unwrap_or_default();
        view! {
            <tr>
                <td><time datetime=instant(act.at)>{absolute(act.at)}</time></td>
                <td><a href=here.workflow(&workflow)>{shown(workflow)}</a></td>
                <td>{shown(act.person_name.clone())}</td>
                <td>{shown(act.detail.clone())}</td>
            </tr>
        }
    };
    let all = format!("{}?kind=deployments", here.audit());
    Some(
        view! {
            <section class="plan-item board-box" tabindex="0" role="group" aria-label="History">
                <h2>"History"</h2>
                <table class="lines board">
                    <thead><tr><th scope="col">"When"</th><th scope="col">"Workflow"</th><th scope="col">"Who"</th><th scope="col">"What"</th></tr></thead>
                    <tbody>{acts.iter().map(row).collect_view()}</tbody>
                </table>
                <p><a href=all>"All deployments in the record"</a></p>
            </section>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_the_newest_versions_are_named() {
        let of = |names: &[&str]| -> Vec<Qualifier> {
            let one = |name: &&str| match name.parse::<u64>() {
                Ok(_) => Qualifier::Version((*name).to_owned()),
                Err(_) => Qualifier::Alias((*name).to_owned()),
            };
            names.iter().map(one).collect()
        };
        assert_eq!(in_words(&of(&[])), None);
        assert_eq!(in_words(&of(&["1"])).as_deref(), Some("version 1"));
        assert_eq!(
            in_words(&of(&["live", "9", "10", "8", "7", "6"])).as_deref(),
            Some("alias live · versions 10, 9, 8 and 2 more")
        );
    }
}
