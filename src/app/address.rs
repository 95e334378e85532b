//! The address of a page with its view, from which the links to its other views are made.

use crate::app::pages::view;
use crate::app::ui::{Memo, StoredValue};
use crate::routes::View;

/// The address of the open page. What a link does not change stays as it is, so a part of a page needs to know its own
/// parameters alone.
#[derive(Clone, Copy)]
pub struct Address {
    path: StoredValue<String>,
    view: Memo<View>,
}

impl Address {
    /// The address of the page at `path`, which is the one that is open. The path is given and not taken from the window:
    /// a path that somebody else wrote, such as `//host`, would lead elsewhere.
    #[must_use]
    pub fn of(path: String) -> Self {
        Self { path: StoredValue::new(path), view: view() }
    }

    /// The same with some parameters changed; nothing as a value takes a parameter away. It is read anew whenever the
    /// address changes.
    #[must_use]
    pub fn with(&self, changes: &[(&'static str, Option<&str>)]) -> String {
        // A link may outlive its page for a moment.
        let path = self.path.get_value();
        self.view.with(|view| view.changed(changes).on(path))
    }

    /// The path alone.
    #[must_use]
    pub fn path(&self) -> String {
        self.path.get_value()
    }

    /// What the address says; it is read anew whenever the address changes.
    #[must_use]
    pub fn view(&self) -> View {
        self.view.get()
    }

    /// What the address says now.
    #[must_use]
    pub fn view_untracked(&self) -> View {
        self.view.get_untracked()
    }
}
