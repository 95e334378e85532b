//! The drawing in its box, with what moves it.

use std::collections::HashSet;
use std::sync::Arc;

use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::Element;
use leptos_router::hooks::use_navigate;

use super::bar::{self, Switches, bar, finder};
use super::hands::{Hands, is_free, observe, state_of};
use super::live::Live;
use super::place::Place;
use super::plan::{FAR, LARGE, plan};
use super::scene::{Part, Scene};
use super::walk::{self, Way};
use super::{Drawn, part};
use crate::app::ui::{
    Memo, Row, RwSignal, StoredValue, effect, effect_since, either, focus_on, in_place, list, switch,
};
use crate::map::{Area, Size};
use crate::wire::graph::{Edge, Node};

/// How far beside a state a click still means it where the drawing is seen from far away (CSS px).
const REACH: f32 = 16.0;

/// The drawing; `on` is the state that it opens on, and `all` is put into the page where no scripts run.
pub fn sheet(drawn: Drawn, scene: Memo<Scene>, on: Option<&str>, all: bool, label: String, live: Live) -> AnyView {
    let place = Place::new(scene, on, all);
    let hands = Hands::new(place);
    let switches = Switches { full: RwSignal::new(false), letters: RwSignal::new(None) };
    let focused = RwSignal::new(None::<u32>);
    let is_far = Memo::new(move |_| {
        place.frame.with(Option::is_some) && scene.with(|scene| scene.count > LARGE) && place.scale() < FAR
    });
    let navigate = use_navigate();
    let go = move |to: &str| navigate(to, in_place());
    let found = {
        let go = StoredValue::new(go.clone());
        move |number, name: &str| {
            let (area, to) =
                (place.scene.with_untracked(|scene| scene.node(number).map(Node::area)), live.link_to(name));
            if let Some(area) = area {
                place.go_to(area);
            }
            go.with_value(|go| go(to.split('#').next().unwrap_or_default()));
            focus_on_state(number);
        }
    };
    let click = move |event: ev::MouseEvent| {
        let state_at = |point| {
            // From far away a state is smaller than a pointer is exact.
            let reach = is_far.get_untracked().then(|| place.point((REACH, 0.0)).0 - place.point((0.0, 0.0)).0)?;
            scene.with_untracked(|scene| scene.at(point, reach).map(|node| untrack(|| live.link_to(&node.id))))
        };
        hands.click(&event, &go, state_at);
    };
    let keys = move |event: KeyboardEvent| on_key(&event, place, live);
    let focus = move |event: ev::FocusEvent| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let name = element.as_ref().and_then(state_of);
        let node = name.and_then(|name| scene.with_untracked(|scene| scene.graph.named(&name).cloned()));
        focused.set(node.as_ref().map(|node| node.number));
        // A click that gives the focus moves nothing under the pointer.
        let by_keyboard = element.is_some_and(|element| element.matches(":focus-visible").unwrap_or(false));
        if let Some(node) = node.filter(|_| by_keyboard) {
            place.show(node.area());
        }
    };
    follow(drawn, place, live, switches);
    let parts = move || parts(place, live, focused);
    let far = move || plan(scene, live);
    let is_live = move || live.has_course();
    let seen = place.seen_without_scripts();
    let without_scripts = format!(
        "{} {} {} {}",
        seen.x.round() as i32,
        seen.y.round() as i32,
        seen.width.round() as i32,
        seen.height.round() as i32
    );
    let ready = Memo::new(move |_| place.frame.with(Option::is_some));
    let view_box = move || {
        if ready.get() {
            scene.with(|scene| format!("0 0 {} {}", scene.graph.width, scene.graph.height))
        } else {
            without_scripts.clone()
        }
    };
    let width = move || if ready.get() { scene.with(|scene| scene.graph.width) } else { seen.width.round() as i32 };
    let height = move || if ready.get() { scene.with(|scene| scene.graph.height) } else { seen.height.round() as i32 };
    view! {
        <figure class="graph" class:live=switch(is_live) class:full=switch(move || switches.full.get())>
            <a class="skip graph-skip" href="#past-drawing">"Skip the drawing"</a>
            <div
                class="graph-box"
                class:ready=switch(move || ready.get())
                class:scrolls=all
                class:dragged=switch(move || hands.drags.get())
                class:flies=switch(move || place.flies.get())
                class:in-sight=switch(move || place.is_all_in_sight())
                tabindex="-1"
                node_ref=place.element
                on:pointerdown=move |event| hands.down(&event)
                on:pointermove=move |event| hands.moves(&event)
                on:pointerup=move |event| hands.up(&event)
                on:pointercancel=move |event| hands.up(&event)
                on:wheel=move |event| hands.wheel(&event)
                on:dragstart=|event| event.prevent_default()
                on:click=click
                on:keydown=keys
                on:focusin=focus
            >
                <svg class="graph-layer" node_ref=place.layer viewBox=view_box width=width height=height role="group" aria-label=label>
                    {either(move || is_far.get(), far, parts)}
                </svg>
            </div>
            {finder(scene, switches.letters, found)}
            {bar(place, live, switches)}
            <span id="past-drawing" tabindex="-1"></span>
        </figure>
    }
    .into_any()
}

/// The boxes, the transitions over them, those that were taken over the others, and the states.
fn parts(place: Place, live: Live, focused: RwSignal<Option<u32>>) -> AnyView {
    let (scene, page) = (place.scene, place.page());
    let nodes = move |boxes: bool| {
        list(move || {
            let row = |part: &Part<Node>| {
                let own = Arc::clone(&part.is);
                Row::new(part.key.clone(), move || part::state(own, live))
            };
            // What has the keyboard's place stays, wherever the view goes.
            scene.with(|scene| scene.nodes(page.get(), boxes, focused.get()).map(row).collect())
        })
    };
    let drawn = StoredValue::new(scene.with_untracked(|scene| {
        let edges = scene.graph.edges.iter().map(|edge| (edge.from, edge.to));
        edges.filter(|&(from, to)| untrack(|| live.took(from, to))).collect::<HashSet<_>>()
    }));
    let edges = move |taken: bool| {
        list(move || {
            let row = |part: &Part<Edge>| {
                let own = Arc::clone(&part.is);
                Row::new(part.key.clone(), move || {
                    let fresh = taken && drawn.with_value(|drawn| !drawn.contains(&(own.from, own.to)));
                    drawn.update_value(|drawn| _ = drawn.insert((own.from, own.to)));
                    part::transition(&own, taken, fresh)
                })
            };
            let is_meant = |part: &&Part<Edge>| live.took(part.is.from, part.is.to) == taken;
            scene.with(|scene| scene.edges(page.get()).filter(is_meant).map(row).collect())
        })
    };
    view! { <g>{nodes(true)}</g><g>{edges(false)}</g><g>{edges(true)}</g><g>{nodes(false)}</g> }.into_any()
}

/// What changes the view from outside: the size of the box, another drawing, another chosen state; and what the view
/// changes outside.
fn follow(drawn: Drawn, place: Place, live: Live, switches: Switches) {
    let scene = place.scene;
    effect(move || {
        if let Some(element) = place.element.get() {
            observe(&element, move |width, height| place.measured(Size { width, height }));
        }
    });
    // Not an attribute: the page allows no inline styles, and the layer alone moves.
    effect(move || {
        if let (Some(layer), true) = (place.layer.get(), place.frame.with(Option::is_some)) {
            _ = layer.style().set_property("transform", &place.transform());
        }
    });
    effect(move || {
        if scene.with(|scene| !scene.is_whole()) {
            drawn.ask_whole();
        }
    });
    effect_since(move |before: Option<Scene>| {
        let scene = scene.get();
        if let Some(before) = before.filter(|before| before.size() != scene.size()) {
            let turned = |node: &&Node| before.node(node.number).is_some_and(|old| old.container != node.container);
            let anchor = scene.graph.nodes.iter().find(turned).or_else(|| scene.graph.nodes.first());
            let was = anchor.and_then(|node| before.node(node.number)).map_or_else(Area::default, Node::area);
            place.redrawn(was, anchor.map_or_else(Area::default, Node::area));
        }
        scene
    });
    effect_since(move |before: Option<Option<String>>| {
        let chosen = live.chosen.get();
        let area = scene.with(|scene| scene.graph.named(chosen.as_deref()?).map(Node::area));
        if let Some(area) = area.filter(|_| before.is_some_and(|before| before != chosen)) {
            place.show(area);
        }
        chosen
    });
    let full = switches.full;
    effect(move || {
        let (full, is_full) = (full.get(), document().fullscreen_element().is_some());
        let figure = place.element.get_untracked().and_then(|element| element.closest(".graph").ok().flatten());
        // Where a browser has no full screen, the drawing fills the page.
        match figure {
            Some(figure) if full && !is_full => _ = figure.request_fullscreen(),
            _ if !full && is_full => document().exit_fullscreen(),
            _ => {}
        }
    });
    effect(move || {
        let left = window_event_listener(ev::fullscreenchange, move |_| {
            if document().fullscreen_element().is_none() {
                full.set(false);
            }
        });
        let pressed = window_event_listener(ev::keydown, move |event| {
            if event.key() == "/" && is_free(&event) {
                event.prevent_default();
                bar::open(switches.letters);
            }
            if event.key() == "Escape" {
                full.set(false);
            }
        });
        on_cleanup(move || {
            left.remove();
            pressed.remove();
        });
    });
}

fn on_key(event: &KeyboardEvent, place: Place, live: Live) {
    if !is_free(event) {
        return;
    }
    let key = event.key();
    match key.as_str() {
        "+" | "=" => _ = place.zoomed(bar::STEP, None),
        "-" => _ = place.zoomed(1.0 / bar::STEP, None),
        "0" => place.fit(),
        _ => {
            let Some(way) = Way::of(&key) else { return };
            walk_on(way, place, live);
        }
    }
    event.prevent_default();
}

/// One step from the state that has the keyboard's place, or from the chosen one.
fn walk_on(way: Way, place: Place, live: Live) {
    let here = document().active_element().as_ref().and_then(state_of).or_else(|| live.chosen.get_untracked());
    let to = place.scene.with_untracked(|scene| {
        let here = here.and_then(|name| scene.graph.named(&name)).map(|node| node.number);
        let to = match here {
            Some(here) => walk::step(scene, here, way),
            None => walk::start(scene),
        };
        to.and_then(|to| scene.node(to)).cloned()
    });
    if let Some(node) = to {
        place.show(node.area());
        focus_on_state(node.number);
    }
}

/// Gives the keyboard's place to a state, once it is in the page.
fn focus_on_state(number: u32) {
    focus_on(part::id_of(number));
}
