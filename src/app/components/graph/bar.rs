//! The buttons of a drawing, and the field that finds a state.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::find::{LISTED, matches};
use super::kind_word;
use super::live::Live;
use super::place::Place;
use super::scene::Scene;
use crate::app::ui::{Memo, Row, RwSignal, dynamic, focus_on, list, shown, text};
use crate::routes::view::{LIST, WHOLE};
use crate::wire::graph::Node;

/// How much a press of a button zooms.
pub const STEP: f32 = 1.35;

const CHOSEN: &str = r#"<circle cx="8" cy="8" r="3"/><path d="M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3"/>"#;
const FULL: &str = r#"<path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"/>"#;
const FIND: &str = r#"<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5L14 14"/>"#;

/// What the bar changes beside the view.
#[derive(Clone, Copy)]
pub struct Switches {
    pub full: RwSignal<bool>,
    /// The letters that are looked for; nothing while nobody looks.
    pub letters: RwSignal<Option<String>>,
}

/// The buttons. Without scripts only the links are there.
pub fn bar(place: Place, live: Live, switches: Switches) -> AnyView {
    let scene = place.scene;
    let chosen = Memo::new(move |_| {
        live.chosen.with(|chosen| scene.with(|scene| Some(scene.graph.named(chosen.as_deref()?)?.area())))
    });
    let to_chosen =
        move || chosen.get().map(|area| icon("Zoom to the chosen state", CHOSEN, move || place.go_to(area)));
    let count = move || scene.with(|scene| format!("Whole drawing ({} states)", scene.count.saturating_sub(2)));
    view! {
        <div class="graph-bar" role="group" aria-label="View of the drawing">
            {button("Zoom out", "−", move || _ = place.zoomed(1.0 / STEP, None))}
            {button("Zoom in", "+", move || _ = place.zoomed(STEP, None))}
            {button("Fit the whole drawing", "Fit", move || place.fit())}
            {dynamic(to_chosen)}
            {icon("Full screen", FULL, move || switches.full.update(|full| *full = !*full))}
            <span id="find-state" tabindex="-1">{icon("Find a state (/)", FIND, move || open(switches.letters))}</span>
            <a class="graph-tool" href=move || live.shown_as(Some(LIST)) data-noscroll="true">"List"</a>
            <a class="graph-tool no-script" href=move || live.shown_as(Some(WHOLE))>{text(count)}</a>
        </div>
    }
    .into_any()
}

fn button(name: &'static str, word: &'static str, press: impl Fn() + 'static) -> AnyView {
    let press: Box<dyn Fn()> = Box::new(press);
    view! { <button type="button" class="graph-tool" title=name aria-label=name on:click=move |_| press()>{word}</button> }
        .into_any()
}

fn icon(name: &'static str, shape: &'static str, press: impl Fn() + 'static) -> AnyView {
    let press: Box<dyn Fn()> = Box::new(press);
    view! {
        <button type="button" class="graph-tool" title=name aria-label=name on:click=move |_| press()>
            <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" inner_html=shape></svg>
        </button>
    }
    .into_any()
}

/// Opens the field, and gives it the keyboard.
pub fn open(letters: RwSignal<Option<String>>) {
    letters.set(Some(String::new()));
    focus_on(FIELD);
}

/// The id of the field.
const FIELD: &str = "find-letters";

/// The field with what it finds; `go` leads to a state by its number and name.
pub fn finder(
    scene: Memo<Scene>,
    letters: RwSignal<Option<String>>,
    go: impl Fn(u32, &str) + Copy + Send + Sync + 'static,
) -> AnyView {
    let is_open = Memo::new(move |_| letters.with(Option::is_some));
    dynamic(move || is_open.get().then(|| field(scene, letters, go)))
}

fn field(
    scene: Memo<Scene>,
    letters: RwSignal<Option<String>>,
    go: impl Fn(u32, &str) + Copy + Send + Sync + 'static,
) -> AnyView {
    let at = RwSignal::new(0_usize);
    let found = Memo::new(move |_| {
        let letters = letters.get().unwrap_or_default();
        scene.with(|scene| {
            let (found, count) = matches(scene, &letters);
            (found.into_iter().cloned().collect::<Vec<Node>>(), count)
        })
    });
    let choose = move |index: usize| {
        if let Some(node) = found.with_untracked(|(found, _)| found.get(index).cloned()) {
            letters.set(None);
            go(node.number, &node.id);
        }
    };
    let keys = move |event: KeyboardEvent| {
        let last = found.with_untracked(|(found, _)| found.len().saturating_sub(1));
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => at.update(|at| *at = at.saturating_sub(1)),
            "Enter" => choose(at.get_untracked()),
            "Escape" => {
                letters.set(None);
                focus_on("find-state");
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let row = move |(index, node): (usize, &Node)| {
        let (label, kind) = (node.label.clone(), kind_word(node.kind));
        Row::new(format!("{index} {}", node.id), move || {
            let is_at = move || if at.get() == index { "true" } else { "false" };
            view! {
                <li id=format!("found-{index}") role="option" aria-selected=is_at on:click=move |_| choose(index)>
                    {shown(label)}" "<span class="quiet">{kind}</span>
                </li>
            }
            .into_any()
        })
    };
    let rows = move || found.with(|(found, _)| found.iter().enumerate().map(row).collect());
    let count = move || {
        found.with(|(found, count)| match (found.len(), *count) {
            (0, _) => "No state has these letters.".to_owned(),
            (_, count) if count > LISTED => format!("{LISTED} of {count}"),
            (_, count) => format!("{count} found"),
        })
    };
    view! {
        <div class="graph-find" role="search">
            <input
                id=FIELD
                type="text"
                role="combobox"
                aria-label="Find a state"
                aria-expanded="true"
                aria-controls="found"
                aria-activedescendant=move || format!("found-{}", at.get())
                placeholder="Find a state"
                autocomplete="off"
                spellcheck="false"
                on:input=move |event| {
                    at.set(0);
                    letters.set(Some(event_target_value(&event)));
                }
                on:keydown=keys
            />
            <ul id="found" role="listbox" aria-label="States found">{list(rows)}</ul>
            <p class="quiet" role="status">{text(count)}</p>
        </div>
    }
    .into_any()
}
