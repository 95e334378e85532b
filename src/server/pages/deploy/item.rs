//! One workflow of the plan, as the page shows it: what changes, what speaks against it, and what it means for what runs.

use countersign_desk::deploy::desired::{Alias, ItemPlan, Route, Setting, SettingChange};
use countersign_desk::deploy::difference::{Difference, FieldChange, StateChange, StateChangeKind};
use countersign_desk::deploy::outlook::{Effect, MissingPermission};
use countersign_desk::deploy::{Change, FileProblem, Item, file_problem};
use leptos::prelude::*;

use super::drawing;
use crate::app::{Diff, Mark, look, shown};
use crate::routes::Routes;
use crate::server::deploy::text;
use crate::wire::Status;
use crate::wire::deploy::DiffLine;

/// The longest value of a field that stands in a row.
const LONGEST: usize = 160;

/// What one workflow's part of the page is made of.
pub struct Part<'a> {
    pub here: &'a Routes,
    pub item: &'a Item,
    /// The button that deploys it alone, where there is one.
    pub form: Option<AnyView>,
    /// What earlier executions would do, where that is known.
    pub evidence: Option<AnyView>,
}

/// The shape and the word of a change.
#[must_use]
pub const fn change(change: Change) -> (Status, &'static str) {
    match change {
        Change::New => (Status::Running, "New"),
        Change::Changed => (Status::Caught, "Changed"),
        Change::Unchanged => (Status::Succeeded, "Unchanged"),
        Change::Drifted => (Status::WaitingApproval, "Drifted"),
        Change::ToBeRemoved => (Status::Aborted, "To be removed"),
        Change::Refused => (Status::Failed, "Refused"),
    }
}

/// The part of a workflow.
pub fn part(part: Part<'_>) -> AnyView {
    let Part { here, item, form, evidence } = part;
    let (status, word) = change(item.change());
    let machine = (item.machine() != item.name())
        .then(|| view! { <span class="quiet">"as "<span class="mono">{shown(item.machine())}</span></span> });
    let problems = item.found.iter().cloned().map(file_problem).collect::<Vec<_>>();
    let open = matches!(item.change(), Change::Changed | Change::Drifted);
    let name = item.plan.deployed.as_ref().map(|deployed| here.workflow(&deployed.name));
    let title = match name {
        Some(href) => view! { <a href=href>{shown(item.name())}</a> }.into_any(),
        None => shown(item.name()).into_any(),
    };
    view! {
        <header class="plan-head">
            <span class="status" data-tone=look(status).tone><Mark status/><span>{word}</span></span>
            <h2>{title}</h2>
            {machine}
            <span class="mono quiet">{shown(item.file.clone())}</span>
            <span class="plan-do">{form}</span>
        </header>
        {drifted(&item.plan)}
        {problem_list(&problems)}
        {permissions(&item.permissions)}
        {settings(&item.plan.settings)}
        {item.difference.as_ref().map(|difference| differences(difference, open))}
        {lines(item, open)}
        {evidence}
        {item.effect.as_ref().map(effect)}
        {aliases(&item.plan)}
        {substitutions(&item.substitutions)}
    }
    .into_any()
}

/// What the account changed behind the folder's back.
fn drifted(plan: &ItemPlan) -> Option<AnyView> {
    if plan.drifted.is_empty() {
        return None;
    }
    let settings: Vec<&str> = plan.drifted.iter().map(|setting| word(*setting)).collect();
    let said = format!(
        "Somebody changed it in the account since it was deployed: {}. Deploying puts back what the folder says.",
        settings.join(", ")
    );
    Some(view! { <p class="notice notice-ask">{said}</p> }.into_any())
}

const fn word(setting: Setting) -> &'static str {
    match setting {
        Setting::Definition => "the definition",
        Setting::Role => "the role",
        Setting::Logging => "logging",
        Setting::Tracing => "tracing",
        Setting::Encryption => "encryption",
        Setting::Tags => "tags",
        Setting::Alias => "the alias",
    }
}

/// Findings, each with its place.
pub fn problem_list(problems: &[FileProblem]) -> Option<AnyView> {
    let one = |problem: &FileProblem| {
        let status = if problem.error { Status::Failed } else { Status::WaitingApproval };
        view! {
            <li class="problem" data-tone=look(status).tone>
                <code class="problem-place">{shown(format!("{}:{}:{}", problem.file, problem.line, problem.column))}</code>
                <span>{if problem.error { "" } else { "Warning: " }}{shown(problem.message.clone())}</span>
                <span class="quiet">{shown(problem.remedy.clone())}</span>
            </li>
        }
    };
    (!problems.is_empty())
        .then(|| view! { <ul class="problems">{problems.iter().map(one).collect_view()}</ul> }.into_any())
}

/// What the role lacks.
fn permissions(missing: &[MissingPermission]) -> Option<AnyView> {
    if missing.is_empty() {
        return None;
    }
    let row = |one: &MissingPermission| {
        let states = if one.states.is_empty() { "the state machine itself".to_owned() } else { one.states.join(", ") };
        view! {
            <tr>
                <td class="mono">{shown(one.action.clone())}</td>
                <td class="mono">{shown(one.resources.join(", "))}</td>
                <td>{shown(states)}</td>
            </tr>
        }
    };
    Some(
        view! {
            <section class="plan-part">
                <h3>"Missing permissions of the role"</h3>
                <table class="sheet plan-table">
                    <thead><tr><th scope="col">"Action"</th><th scope="col">"Resource"</th><th scope="col">"Needed by"</th></tr></thead>
                    <tbody>{missing.iter().map(row).collect_view()}</tbody>
                </table>
            </section>
        }
        .into_any(),
    )
}

/// The settings that differ. The definition has its own difference.
fn settings(changes: &[SettingChange]) -> Option<AnyView> {
    let rows: Vec<&SettingChange> = changes.iter().filter(|one| one.setting != Setting::Definition).collect();
    if rows.is_empty() {
        return None;
    }
    let value = |value: &Option<String>| match value {
        Some(text) => view! { <span class="mono">{shown(text.clone())}</span> }.into_any(),
        None => view! { <span class="quiet">"nothing"</span> }.into_any(),
    };
    let row = |one: &&SettingChange| {
        view! {
            <tr>
                <th scope="row">{one.setting.as_str()}</th>
                <td><span class="change-sign" data-mark="removed" aria-hidden="true">"−"</span>{value(&one.old)}</td>
                <td><span class="change-sign" data-mark="added" aria-hidden="true">"+"</span>{value(&one.new)}</td>
            </tr>
        }
    };
    Some(
        view! {
            <section class="plan-part">
                <h3>"Settings"</h3>
                <table class="sheet plan-table">
                    <thead><tr><th scope="col">"Setting"</th><th scope="col">"Now"</th><th scope="col">"After"</th></tr></thead>
                    <tbody>{rows.iter().map(row).collect_view()}</tbody>
                </table>
            </section>
        }
        .into_any(),
    )
}

/// The definition's difference: drawn, and field by field.
fn differences(difference: &Difference, open: bool) -> AnyView {
    let drawn = difference
        .drawing
        .as_ref()
        .map(|one| drawing::difference(&one.graph, &one.marks))
        .filter(|html| !html.is_empty())
        .map(|html| {
            view! {
                <details class="values" open=open>
                    <summary>"The difference as a graph"</summary>
                    <div inner_html=html></div>
                </details>
            }
        });
    let state = |one: &StateChange| {
        let (mark, sign, said) = match &one.change {
            StateChangeKind::Added => ("added", "+", "new".to_owned()),
            StateChangeKind::Removed => ("removed", "−", "removed".to_owned()),
            StateChangeKind::Changed => ("changed", "~", String::new()),
            StateChangeKind::Moved { from, to } => {
                let place = |scope: &str| if scope.is_empty() { "the top".to_owned() } else { scope.to_owned() };
                ("changed", "~", format!("moved from {} to {}", place(from), place(to)))
            }
        };
        view! {
            <li data-mark=mark>
                <span class="change-sign" aria-hidden="true">{sign}</span>
                <strong>{shown(one.name.clone())}</strong>" "
                <span class="quiet">{shown(one.kind.clone())}" "{shown(said)}</span>
                {fields(&one.fields)}
            </li>
        }
    };
    let states = (!difference.states.is_empty()).then(|| {
        view! { <ul class="change-list">{difference.states.iter().map(state).collect_view()}</ul> }
    });
    let top = (!difference.fields.is_empty()).then(|| {
        view! { <p>"Of the definition itself:"</p>{fields(&difference.fields)} }
    });
    let by_state = (states.is_some() || top.is_some()).then(|| {
        let (added, removed, changed) = difference.counts();
        view! {
            <details class="values" open=open>
                <summary>{format!("State by state: {added} new, {changed} changed, {removed} removed")}</summary>
                {top}{states}
            </details>
        }
    });
    view! { {drawn}{by_state} }.into_any()
}

/// Fields with their old and new values.
fn fields(fields: &[FieldChange]) -> Option<AnyView> {
    let cut = |value: &str| text::cut(value, LONGEST);
    let one = |field: &FieldChange| {
        let old = field.old.as_deref().map(|old| view! { <del>{shown(cut(old))}</del> });
        let new = field.new.as_deref().map(|new| view! { <ins>{shown(cut(new))}</ins> });
        view! { <dt class="mono">{shown(field.path.clone())}</dt><dd class="mono field-change">{old}" "{new}</dd> }
    };
    (!fields.is_empty())
        .then(|| view! { <dl class="fields small">{fields.iter().map(one).collect_view()}</dl> }.into_any())
}

/// The difference line by line.
fn lines(item: &Item, open: bool) -> Option<AnyView> {
    if item.diff.is_empty() {
        return None;
    }
    let count = |sign| item.diff.iter().filter(|line| line.sign == sign).count();
    let (added, removed) = (count('+'), count('-'));
    let lines: Vec<DiffLine> =
        item.diff.iter().map(|line| DiffLine { sign: line.sign, text: line.text.clone() }).collect();
    // The graph says more: the lines stay folded where there is one.
    let open = open && item.difference.as_ref().is_none_or(|difference| difference.drawing.is_none());
    Some(
        view! {
            <details class="values" open=open>
                <summary>"Lines "<span class="added-count">{format!("+{added}")}</span>" "<span class="removed-count">{format!("−{removed}")}</span></summary>
                <Diff lines/>
            </details>
        }
        .into_any(),
    )
}

/// What it means for what runs.
fn effect(effect: &Effect) -> AnyView {
    let idle = effect.running.is_empty().then(|| "No execution of it runs now.".to_owned());
    let said = idle.into_iter().chain(text::effect(effect));
    view! {
        <section class="plan-part">
            <h3>"Effect on what runs"</h3>
            <ul class="plain">{said.map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// Where the aliases of the state machine lead: while a version is rolled out, to two versions.
fn aliases(plan: &ItemPlan) -> Option<AnyView> {
    let aliases = &plan.deployed.as_ref()?.aliases;
    let row = |alias: &Alias| {
        let under_way =
            (alias.routes.len() > 1).then(|| view! { <p class="quiet">"A version is being rolled out."</p> });
        let unread = alias.routes.is_empty().then(|| view! { <p class="quiet">"It could not be read."</p> });
        let route = |route: &Route| {
            let weight = route.weight.to_string();
            let label = format!("{weight} % of the executions get version {}", route.version);
            view! {
                <li>
                    <progress class="alias-share" max="100" value=weight aria-label=label.clone()></progress>
                    " "{label}{route.is_current.then_some(", which is the definition as it is now")}
                </li>
            }
        };
        view! {
            <li>
                <strong class="mono">{shown(alias.name.clone())}</strong>
                <ul class="plain">{alias.routes.iter().map(route).collect_view()}</ul>
                {under_way}
                {unread}
            </li>
        }
    };
    (!aliases.is_empty()).then(|| {
        view! {
            <section class="plan-part">
                <h3>"Aliases"</h3>
                <ul class="change-list">{aliases.iter().map(row).collect_view()}</ul>
            </section>
        }
        .into_any()
    })
}

fn substitutions(values: &[(String, String)]) -> Option<AnyView> {
    let value = |(name, value): &(String, String)| view! { <dt class="mono">{shown(format!("${{{name}}}"))}</dt><dd class="mono">{shown(value.clone())}</dd> };
    (!values.is_empty()).then(|| {
        view! {
            <details class="values">
                <summary>"Values of the placeholders"</summary>
                <dl class="fields">{values.iter().map(value).collect_view()}</dl>
            </details>
        }
        .into_any()
    })
}
