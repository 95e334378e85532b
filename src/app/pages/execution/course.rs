//! The drawing with the course on it, and the chosen state beside it.

use leptos::prelude::*;

use super::parts::Parts;
use crate::app::address::Address;
use crate::app::components::{Drawn, GraphView, IterationList, StatePanel};
use crate::app::pages::query;
use crate::app::ui::{Empty, Seen, bring_into_sight, dynamic, loaded};
use crate::routes::view::STATE;
use crate::wire::execution::Execution;

/// The drawing with the course on it, and what the drawer shows of the chosen state.
pub(super) fn course(data: Seen<Execution>, drawn: Drawn, parts: Parts, address: Address) -> (AnyView, AnyView) {
    let asked = query(STATE);
    // The drawing marks a choice at once; the panel follows when what it shows has arrived.
    let arrived = Memo::new(move |_| data.with(|data| data.chosen.clone()));
    let chosen = Memo::new(move |_| asked.get().or_else(|| arrived.get()));
    let course = Memo::new(move |_| data.with(|data| Some(data.course.clone())));
    let about = Memo::new(move |_| data.with(|data| data.about.clone()));
    // The panel stands beside the drawing, or below it.
    Effect::new(move |before: Option<Option<String>>| {
        let asked = asked.get();
        if asked.is_some() && before.as_ref() != Some(&asked) {
            bring_into_sight("state");
        }
        asked
    });
    let now = data.with_untracked(|data| data.now);
    let panel = move || {
        arrived.get().map_or_else(
            || view! { <section class="panel"><Empty title="No state chosen">"Choose a state in the drawing to see what it received and returned."</Empty></section> }.into_any(),
            |name| {
                let wanted = name.clone();
                let state = Memo::new(move |_| data.with(|data| data.states.iter().find(|state| state.name == wanted).cloned()));
                view! { <StatePanel name about=about.get() state now=Signal::derive(move || data.with(|data| data.now))/> }.into_any()
            },
        )
    };
    let drawing = view! { <GraphView drawn address label="The execution's course" course chosen now/> }.into_any();
    let iterations = loaded(parts.iterations, move |data| view! { <IterationList data address/> }.into_any());
    (drawing, view! { {iterations}{dynamic(panel)} }.into_any())
}
