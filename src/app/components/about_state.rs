//! What a definition says of one state: its type, what it does, where it leads, and its own text.

use leptos::prelude::*;

use super::graph::kind_word;
use crate::app::ui::{Json, shown};
use crate::visible::visible;
use crate::wire::graph::{EdgeKind, Graph};
use countersign_json::{self as json, Kind, Value};

/// What the drawing knows of a state, in whole sentences where the drawing has lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AboutState {
    kind: &'static str,
    detail: String,
    /// How it retries, and the limits of its time.
    limits: Vec<String>,
    /// Under what condition, or for which error, it leads to which state.
    leads: Vec<(String, String)>,
}

/// What the drawing says of the state `name`.
#[must_use]
pub fn about_state(graph: &Graph, name: &str) -> AboutState {
    let node = graph.nodes.iter().find(|node| node.id == name);
    let to = |id: &str| if id == "__end" { "the end".to_owned() } else { id.to_owned() };
    let leads = graph.edges.iter().filter(|edge| edge.from == name).map(|edge| {
        let label = edge.label.clone().unwrap_or_default();
        let why = match edge.kind {
            EdgeKind::Next => "Next".to_owned(),
            EdgeKind::Choice => format!("If {label}"),
            EdgeKind::Default => "Otherwise".to_owned(),
            EdgeKind::Catch => format!("On {label}"),
        };
        (why, to(&edge.to))
    });
    AboutState {
        kind: node.map_or("", |node| kind_word(node.kind)),
        detail: node.map_or_else(String::new, |node| node.detail.clone()),
        limits: node.map_or_else(Vec::new, |node| node.badges.iter().map(|badge| badge.text.clone()).collect()),
        leads: leads.collect(),
    }
}

/// Type and detail in a line, then where the state leads.
pub fn about_view(about: AboutState) -> AnyView {
    let lead = |(why, to): (String, String)| view! { <li><span class="lead-why">{shown(why)}</span>" → "<span class="lead-to">{shown(to)}</span></li> };
    let detail = (!about.detail.is_empty()).then(|| view! { <span class="mono">{shown(about.detail)}</span> });
    let limits = about.limits.into_iter().map(|limit| view! { <span>{limit}</span> }).collect_view();
    view! {
        <p class="facts"><span>{about.kind}</span>{detail}{limits}</p>
        {(!about.leads.is_empty()).then(|| view! { <ul class="leads">{about.leads.into_iter().map(lead).collect_view()}</ul> })}
    }
    .into_any()
}

/// A state of a definition, without an execution.
#[component]
pub fn StateDefinition(name: String, about: AboutState, definition: String) -> impl IntoView {
    let text = text_of(&definition, &name);
    let label = format!("State {}", visible(&name));
    view! {
        <section class="panel state-panel" tabindex="0" aria-label=label>
            <header class="panel-head"><h2>{shown(name)}</h2></header>
            {about_view(about)}
            {text.map(|text| view! { <Json text label="Definition of the state"/> })}
        </section>
    }
    .into_any()
}

/// The text that defines a state: the first of that name, from the outside in.
fn text_of(definition: &str, name: &str) -> Option<String> {
    let json = json::Json::read(definition).ok()?;
    let mut scopes = vec![json.root()];
    while let Some(scope) = scopes.pop() {
        let Some(states) = scope.get("States").filter(|states| states.kind() == Kind::Object) else { continue };
        if let Some(found) = states.get(name) {
            return Some(found.raw().to_owned());
        }
        for (_, state) in states.members() {
            let bodies = ["ItemProcessor", "Iterator"].into_iter().filter_map(|key| state.get(key));
            scopes.extend(bodies);
            scopes.extend(state.get("Branches").into_iter().flat_map(Value::items));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn a_state_is_found_in_its_branch() {
        let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":
            {"Type":"Map","ItemProcessor":{"StartAt":"C","States":{"C":{"Type":"Pass","End":true}}},"End":true}}}],"End":true}}}"#;
        assert_eq!(text_of(definition, "C").as_deref(), Some(r#"{"Type":"Pass","End":true}"#));
        assert!(text_of(definition, "B").is_some_and(|text| text.contains("\"Map\"")));
        assert_eq!(text_of(definition, "D"), None);
    }
}
