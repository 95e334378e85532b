//! The drawing with the course on it, and the chosen state beside it.

use leptos::prelude::*;

use super::parts::Parts;
use crate::app::address::Address;
use crate::app::components::{Drawn, GraphView, IterationList, state_panel};
use crate::app::pages::query;
use crate::app::ui::{Memo, Post, Seen, bring_into_sight, effect_since, loaded};
use crate::routes::view::STATE;
use crate::wire::execution::Execution;
use crate::wire::state::State;

/// The drawing with the course on it, and what the drawer shows of the chosen state.
pub(super) fn course(
    data: Seen<Execution>,
    drawn: Drawn,
    parts: Parts,
    address: Address,
    decide: Post,
) -> (AnyView, AnyView) {
    let asked = query(STATE);
    // The drawing marks a choice at once; the panel follows when what it shows has arrived.
    let telling = Memo::new(move |_| data.with(|data| data.chosen.clone()));
    let chosen = Memo::new(move |_| asked.get().or_else(|| telling.get()));
    let course = Memo::new(move |_| data.with(|data| Some(data.course.clone())));
    // The panel stands beside the drawing, or below it.
    effect_since(move |before: Option<Option<String>>| {
        let asked = asked.get();
        if asked.is_some() && before.as_ref() != Some(&asked) {
            bring_into_sight("state");
        }
        asked
    });
    let now = data.with_untracked(|data| data.now);
    let drawing = view! { <GraphView drawn address label="The execution's course" course chosen now/> }.into_any();
    let iterations = loaded(parts.iterations, move |data| view! { <IterationList data address/> }.into_any());
    let panel = loaded(parts.state, move |data: Seen<State>| state_panel(data, address, decide));
    (drawing, view! { {iterations}{panel} }.into_any())
}
