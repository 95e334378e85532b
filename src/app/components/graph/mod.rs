//! Workflows drawn, and handled like a map. The places come from the server; this draws them.
//!
//! The page holds what is in view and what is near it ([`scene`]); [`place`] says what that is. Moving the view moves one
//! layer. `src/map.rs` has the arithmetic, [`hands`] the pointers, [`walk`] the arrow keys, [`find`] the search, and
//! [`outline`] the same as a list. What an execution adds is a table ([`live`]) that each part reads.

mod bar;
mod drawn;
pub mod face;
mod find;
mod hands;
mod line;
mod live;
mod mini;
pub mod notes;
mod outline;
mod part;
mod picture;
mod place;
mod plan;
mod scene;
mod sheet;
mod walk;

use leptos::prelude::*;

pub use drawn::Drawn;
pub use mini::MiniGraph;

use self::live::Live;
use self::outline::outline;
use self::scene::Scene;
use crate::app::address::Address;
use crate::app::pages::query;
use crate::app::ui::{Empty, Memo, Seen, Signal, dynamic, loaded};
use crate::routes::view::{AS, LIST, WHOLE};
use crate::wire::drawing::Drawing;
use crate::wire::graph::{Course, NodeKind};

/// A definition, or an execution on it: a drawing that fills its box, or a list. A state is chosen by the address, which
/// keeps all else that it holds.
#[component]
pub fn GraphView(
    drawn: Drawn,
    /// The page's address.
    address: Address,
    /// What the drawing shows, for readers of the screen.
    #[prop(into)]
    label: String,
    /// What happened; nothing for a definition alone.
    #[prop(into)]
    course: Signal<Option<Course>>,
    /// The state that is shown beside the drawing.
    #[prop(into)]
    chosen: Signal<Option<String>>,
    /// The server's time.
    now: i64,
) -> impl IntoView {
    loaded(drawn.data(), move |data| figure(drawn, address, data, label.clone(), course, chosen, now))
}

fn figure(
    drawn: Drawn,
    address: Address,
    data: Seen<Drawing>,
    label: String,
    course: Signal<Option<Course>>,
    chosen: Signal<Option<String>>,
    now: i64,
) -> AnyView {
    let definition = Memo::new(move |_| data.with(|data| data.definition));
    drawn.follow(definition.into(), course);
    let live = Live::new(address, course, definition.into(), chosen, now);
    let scene = Memo::new(move |_| data.with(Scene::of));
    let readable = Memo::new(move |_| scene.with(|scene| scene.count > 0));
    let mode = query(AS);
    dynamic(move || {
        if !readable.get() {
            return view! { <Empty title="No drawing">"The definition could not be parsed. Its text is below, under Definition."</Empty> }.into_any();
        }
        let mode = mode.get();
        if mode.as_deref() == Some(LIST) {
            return listed(scene, label.clone(), live);
        }
        let on = chosen.get_untracked().or_else(|| data.with_untracked(|data| data.around.clone()));
        sheet::sheet(drawn, scene, on.as_deref(), mode.as_deref() == Some(WHOLE), label.clone(), live)
    })
}

/// The states as a list, with the way back to the drawing.
fn listed(scene: Memo<Scene>, label: String, live: Live) -> AnyView {
    let list = move || scene.with(|scene| outline(scene, label.clone(), live));
    view! {
        <div class="graph graph-listed">
            <div class="graph-bar"><a class="graph-tool" href=move || live.shown_as(None) data-noscroll="true">"Drawing"</a></div>
            {dynamic(list)}
        </div>
    }
    .into_any()
}

/// The word of a kind of state.
pub fn kind_word(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Start => "Start",
        NodeKind::End => "End",
        NodeKind::Task => "Task",
        NodeKind::Pass => "Pass",
        NodeKind::Choice => "Choice",
        NodeKind::Wait => "Wait",
        NodeKind::Succeed => "Succeed",
        NodeKind::Fail => "Fail",
        NodeKind::Parallel => "Parallel",
        NodeKind::Map => "Map",
    }
}
