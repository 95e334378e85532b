//! A definition's text: the lines of the chosen state are marked, and each state's name leads to the state.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::app::address::Address;
use crate::app::ui::json::{escaped, lines};
use crate::app::ui::{Memo, Signal, bring_into_sight, copy, dynamic, effect};
use crate::routes::view::{DRAWER, PART, STATE, VISIT};
use countersign_json::{self as json, Kind, Value};

/// The definition as it is deployed, laid out.
#[component]
pub fn Definition(
    #[prop(into)] text: Signal<String>,
    /// The state whose lines are marked.
    #[prop(into)]
    chosen: Signal<Option<String>>,
    address: Address,
) -> impl IntoView {
    let html = Memo::new(move |_| {
        let link = |state: &str| address.with(&[(STATE, Some(state)), (VISIT, None), (PART, None), (DRAWER, None)]);
        text.with(|text| chosen.with(|chosen| marked(text, chosen.as_deref(), &link)))
    });
    effect(move || {
        if chosen.with(Option::is_some) {
            bring_into_sight("lines");
        }
    });
    let button = move || copy("the definition", text.get());
    view! {
        <div class="definition">
            {dynamic(button)}
            <div class="json" tabindex="0" role="group" aria-label="Definition" inner_html=move || html.get()></div>
        </div>
    }
    .into_any()
}

/// The text as HTML, line by line.
fn marked(text: &str, chosen: Option<&str>, link: &dyn Fn(&str) -> String) -> String {
    let states = places(text);
    let marked = chosen.and_then(|chosen| states.values().find(|(name, _)| name == chosen)).map(|(_, lines)| *lines);
    let mut out = String::new();
    for (at, line) in lines(text).iter().enumerate() {
        let number = at + 1;
        if marked.is_some_and(|(first, _)| first == number) {
            out.push_str("<div id=\"lines\" class=\"chosen-lines\">");
        }
        match states.get(&number) {
            // The name is the first piece of the line that has a class.
            Some((name, _)) => {
                let (before, rest) = line.split_once("<span").unwrap_or((line, ""));
                let (key, rest) = rest.split_once("</span>").unwrap_or((rest, ""));
                let href = escaped(&link(name));
                out.extend([
                    before,
                    "<a class=\"to-state\" data-noscroll=\"true\" href=\"",
                    &href,
                    "\"><span",
                    key,
                    "</span></a>",
                    rest,
                ]);
            }
            None => out.push_str(line),
        }
        out.push('\n');
        if marked.is_some_and(|(_, last)| last == number) {
            out.push_str("</div>");
        }
    }
    out
}

/// By its first line, each state with its first and last line.
fn places(text: &str) -> BTreeMap<usize, (String, (usize, usize))> {
    let mut places = BTreeMap::new();
    let Ok(json) = json::Json::read(text) else { return places };
    let mut scopes = vec![json.root()];
    while let Some(scope) = scopes.pop() {
        let Some(states) = scope.get("States").filter(|states| states.kind() == Kind::Object) else { continue };
        for (name, state) in states.members() {
            let first = state.place().0;
            places.insert(first, (name.into_owned(), (first, first + state.raw().matches('\n').count())));
            scopes.extend(["ItemProcessor", "Iterator"].into_iter().filter_map(|key| state.get(key)));
            scopes.extend(state.get("Branches").into_iter().flat_map(Value::items));
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_s_lines_are_marked_and_lead_to_it() {
        let text =
            json::pretty(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"<B>"},"<B>":{"Type":"Succeed"}}}"#);
        let html = marked(&text, Some("A"), &|state| format!("/x?state={state}"));
        let (_, from) = html.split_once("<div id=\"lines\"").unwrap_or_default();
        let (lines, _) = from.split_once("</div>").unwrap_or_default();
        assert!(lines.contains("href=\"/x?state=A\"") && lines.matches('\n').count() == 4, "{html}");
        assert!(html.contains("href=\"/x?state=&lt;B&gt;\""), "{html}");
        assert_eq!(marked("no json", Some("A"), &str::to_owned), "no json\n");
    }
}
