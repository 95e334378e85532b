//! What is read after its owner is gone.
//!
//! A value belongs to the part of the page that made it, and goes with it. A row of that part, a memo or a handler may still
//! be run once more, for instance by a change that came in the same moment: it finds no value, and the library panics,
//! which ends the whole page. So a browser keeps the newest of those that were left behind: they read as they did last.
//! On the server nothing runs after its owner.
#![expect(clippy::disallowed_types, reason = "the library's kinds")]

#[cfg(any(test, feature = "hydrate"))]
use std::cell::RefCell;
#[cfg(any(test, feature = "hydrate"))]
use std::collections::VecDeque;

use leptos::prelude as library;

use super::reactive::Held;

/// How many are kept: more than the largest page has. What a page itself holds is left behind after what its rows hold, so
/// it is kept as long as they may ask for it.
#[cfg(any(test, feature = "hydrate"))]
const MOST: usize = 4_096;

/// A value that its owner left behind, by its kind.
#[cfg_attr(not(any(test, feature = "hydrate")), expect(dead_code, reason = "the server keeps none"))]
#[derive(Clone, Copy)]
pub enum Left {
    Memo(library::Memo<Held>),
    RwSignal(library::RwSignal<Held>),
    Signal(library::Signal<Held>),
    StoredValue(library::StoredValue<Held>),
}

#[cfg(any(test, feature = "hydrate"))]
impl Left {
    fn end(self) {
        use library::Dispose as _;
        match self {
            Self::Memo(one) => one.dispose(),
            Self::RwSignal(one) => one.dispose(),
            Self::Signal(one) => one.dispose(),
            Self::StoredValue(one) => one.dispose(),
        }
    }
}

#[cfg(any(test, feature = "hydrate"))]
thread_local! {
    static LEFT: RefCell<VecDeque<Left>> = const { RefCell::new(VecDeque::new()) };
}

/// A value of one of the library's kinds that outlives its owner for a while.
#[cfg(any(test, feature = "hydrate"))]
pub fn made<H: Copy>(make: impl FnOnce() -> H, kind: fn(H) -> Left) -> H {
    let Some(owner) = library::Owner::current() else { return make() };
    // Made under no owner, it ends when it is told to.
    owner.clone().unset();
    let one = make();
    owner.set();
    let left = kind(one);
    library::on_cleanup(move || leave(left));
    one
}

/// On the server the owner ends its values.
#[cfg(not(any(test, feature = "hydrate")))]
pub fn made<H>(make: impl FnOnce() -> H, _kind: fn(H) -> Left) -> H {
    make()
}

#[cfg(any(test, feature = "hydrate"))]
fn leave(one: Left) {
    let oldest = LEFT.with_borrow_mut(|left| {
        left.push_back(one);
        (left.len() > MOST).then(|| left.pop_front()).flatten()
    });
    // What it holds may leave something itself.
    if let Some(oldest) = oldest {
        oldest.end();
    }
}
