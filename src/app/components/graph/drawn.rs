//! The drawing of a page: asked for once, as far as it is in view, and then whole.

use crate::app::pages::query;
use crate::app::ui::{PageData, RwSignal, Signal, effect_since, page_data};
use crate::routes::view::{AS, FOLDED, LIST, STATE};
use crate::wire::Ask;
use crate::wire::drawing::{Extent, Of};
use crate::wire::graph::Course;

/// The drawing that a page asks for beside its own data.
#[derive(Clone, Copy)]
pub struct Drawn {
    data: PageData,
    whole: RwSignal<bool>,
    again: RwSignal<u32>,
}

impl Drawn {
    /// The drawing of `of`, asked for again when it or the sum of counters `changes` is another.
    pub fn of(of: impl Fn() -> Of + Send + Sync + 'static, changes: impl Fn() -> u32 + Send + Sync + 'static) -> Self {
        let (whole, again) = (RwSignal::new(false), RwSignal::new(0));
        let (state, folded, mode) = (query(STATE), query(FOLDED), query(AS));
        let data = page_data(move || {
            let mode = mode.get();
            let is_list = mode.as_deref() == Some(LIST);
            // The whole drawing is the same whatever is chosen.
            let extent = if whole.get() || mode.is_some() { Extent::Whole } else { Extent::Around(state.get()) };
            let ask = Ask::Drawing { of: of(), folded: folded.get().filter(|_| !is_list), extent };
            (ask, changes().wrapping_add(again.get()))
        });
        Self { data, whole, again }
    }

    pub(super) fn data(&self) -> PageData {
        self.data
    }

    /// Asks for all of it.
    pub(super) fn ask_whole(&self) {
        self.whole.set(true);
    }

    /// Asks again when the course turns out to be that of another definition.
    pub(super) fn follow(&self, definition: Signal<u64>, course: Signal<Option<Course>>) {
        let again = self.again;
        effect_since(move |asked: Option<Option<u64>>| {
            let wanted = course.with(|course| course.as_ref().map(|course| course.definition));
            let other = wanted.filter(|wanted| *wanted != definition.get());
            // Once for each: an answer that is still another one is shown without its course.
            if other.is_some() && asked.flatten() != other {
                again.update(|again| *again = again.wrapping_add(1));
            }
            other.or(asked.flatten())
        });
    }
}
