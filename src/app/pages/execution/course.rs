//! The drawing with the course on it, and the chosen state beside it.

use leptos::prelude::*;

use crate::app::address::Address;
use crate::app::components::{Course, DRAWING, GraphView, StatePanel, about_state, toggled};
use crate::app::pages::query;
use crate::app::ui::{Empty, Seen, bring_into_sight, dynamic};
use crate::routes::view::{DRAWER, FOLDED, STATE, TAB};
use crate::wire::execution::Execution;

/// The drawing with the course on it, and what the drawer shows of the chosen state.
pub(super) fn course(data: Seen<Execution>, address: Address) -> (AnyView, AnyView) {
    let (asked, tab, folded) = (query(STATE), query(TAB), query(FOLDED));
    // The drawing marks a choice at once; the panel follows when what it shows has arrived.
    let arrived = Memo::new(move |_| data.with(|data| data.chosen.clone()));
    let chosen = Memo::new(move |_| asked.get().or_else(|| arrived.get()));
    let course = Signal::derive(move || {
        data.with(|data| {
            Some(Course {
                states: data.states.iter().map(|state| (state.name.clone(), state.status)).collect(),
                taken: data.taken.clone(),
            })
        })
    });
    let drawing = Memo::new(move |_| data.with(|data| data.graph.clone()));
    // A choice opens the drawer. In a narrow window it takes the place of the drawing; any other tab stays.
    let link = move |state: &str| {
        let tab = tab.get().filter(|tab| tab != DRAWING);
        address.with(&[(STATE, Some(state)), (TAB, tab.as_deref()), (DRAWER, None)]) + "#state"
    };
    let fold = move |name: &str| address.with(&[(FOLDED, toggled(folded.get().as_deref(), name).as_deref())]);
    // The panel stands beside the drawing, or below it.
    Effect::new(move |before: Option<Option<String>>| {
        let asked = asked.get();
        if asked.is_some() && before.as_ref() != Some(&asked) {
            bring_into_sight("state");
        }
        asked
    });
    let graph = move || {
        match drawing.get() {
        Some(graph) => view! { <GraphView graph label="The execution's course" course chosen link fold/> }.into_any(),
        None => view! { <Empty title="No drawing">"The definition could not be parsed. The timeline and the events below show what happened."</Empty> }.into_any(),
    }
    };
    let panel = move || {
        arrived.get().map_or_else(
            || view! { <section class="panel"><Empty title="No state chosen">"Choose a state in the drawing to see what it received and returned."</Empty></section> }.into_any(),
            |name| {
                let wanted = name.clone();
                let state = Memo::new(move |_| data.with(|data| data.states.iter().find(|state| state.name == wanted).cloned()));
                let about = drawing.with(|graph| graph.as_ref().map(|graph| about_state(graph, &name)));
                view! { <StatePanel name about state now=Signal::derive(move || data.with(|data| data.now))/> }.into_any()
            },
        )
    };
    (dynamic(graph), dynamic(panel))
}
