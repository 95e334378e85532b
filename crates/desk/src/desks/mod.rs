//! The desks of all connections: each watches and acts on its own, over one store and one log of changes.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::connection::ConnectionId;
use crate::desk::{Desk, Parts};
use crate::news::Changes;
use crate::notify::Notices;

/// The desks, in the order in which they are shown. The first one is the default.
pub struct Desks {
    first: Arc<Desk>,
    others: Vec<Arc<Desk>>,
}

/// Two connections have the same name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are two connections named {0}")]
pub struct NameTaken(pub ConnectionId);

impl Desks {
    /// The desk of the default connection, without others.
    #[must_use]
    pub const fn of(default: Arc<Desk>) -> Self {
        Self { first: default, others: Vec::new() }
    }

    /// The same with the desk of another connection, which shares the log of changes.
    ///
    /// # Errors
    /// A connection of this name is there already.
    pub fn and(mut self, parts: Parts) -> Result<Self, NameTaken> {
        if self.get(parts.connection.id.as_str()).is_some() {
            return Err(NameTaken(parts.connection.id));
        }
        self.others.push(Arc::new(Desk::with_changes(parts, self.changes())));
        Ok(self)
    }

    /// The desk of the connection with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Desk>> {
        self.iter().find(|desk| desk.id().as_str() == name)
    }

    /// The desk that addresses without a connection lead to.
    #[must_use]
    pub const fn default_one(&self) -> &Arc<Desk> {
        &self.first
    }

    /// All of them, the default one first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Desk>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// What changed on any of the connections.
    #[must_use]
    pub fn changes(&self) -> &Arc<Changes> {
        self.first.changes()
    }

    /// Has messages made of what happens on every connection. Only the first outbox counts.
    pub fn tell_through(&self, notices: &Arc<Notices>) {
        self.iter().for_each(|desk| desk.tell_through(notices));
    }

    /// Runs every desk until `end`, each in a task of its own: a connection that does not answer delays no other.
    pub async fn run(self: Arc<Self>, end: CancellationToken) {
        let mut running = JoinSet::new();
        for desk in self.iter() {
            running.spawn(Arc::clone(desk).run(end.clone()));
        }
        // One that panicked must not end the others.
        while running.join_next().await.is_some() {}
    }

    /// Closes the store, which all desks share, after the current writes.
    pub async fn close(&self) {
        self.first.close().await;
    }
}
