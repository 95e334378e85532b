//! Lists of executions that people gave a name.

use super::Kept;
use crate::connection::ConnectionId;

/// A list with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    pub id: i64,
    pub name: String,
    /// The query of its address.
    pub query: String,
    pub person_name: String,
    /// Milliseconds since the epoch.
    pub made_at: i64,
}

/// The named lists of all connections.
pub trait Views: Send + Sync + 'static {
    /// Keeps a list under its name, whose last one it replaces; its id is not looked at.
    fn keep_view<'a>(&'a self, connection: &'a ConnectionId, view: &'a SavedView) -> Kept<'a, ()>;

    /// Removes a list; returns it, if it was there.
    fn remove_view<'a>(&'a self, connection: &'a ConnectionId, id: i64) -> Kept<'a, Option<SavedView>>;

    /// All of a connection, by their names.
    fn views<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<SavedView>>;
}
