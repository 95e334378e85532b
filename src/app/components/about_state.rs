//! What a definition says of one state: its type, what it does, where it leads, and its own text.

use leptos::prelude::*;

use super::graph::kind_word;
use crate::app::ui::{Json, shown};
use crate::visible::visible;
use crate::wire::graph::AboutState;
use countersign_json::{self as json, Kind, Value};

/// Type and detail in a line, then where the state leads.
pub fn about_view(about: AboutState) -> AnyView {
    let lead = |(why, to): (String, String)| view! { <li><span class="lead-why">{shown(why)}</span>" → "<span class="lead-to">{shown(to)}</span></li> };
    let detail = (!about.detail.is_empty()).then(|| view! { <span class="mono">{shown(about.detail)}</span> });
    let limits = about.limits.into_iter().map(|limit| view! { <span>{limit}</span> }).collect_view();
    view! {
        <p class="facts"><span>{kind_word(about.kind)}</span>{detail}{limits}</p>
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
