//! Requests that a program may send again: the same key, the same answer.

use crate::actor::Actor;
use crate::desk::Desk;
use crate::error::Error;
use crate::store::{GivenAnswer, Hash, Keyed, Repeat};

/// How long a key is kept.
const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// Longer than any request may take: whoever has not answered by then has ended.
const GIVEN_UP_MS: i64 = 60 * 1_000;

/// A request under a key of its sender's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    pub key: String,
    /// The hash of all that is asked.
    pub asked: Hash,
}

impl Desk {
    fn keyed<'a>(&'a self, actor: &'a Actor, once: &'a Once) -> Keyed<'a> {
        Keyed { connection: self.id(), person_id: actor.id(), key: &once.key, asked: &once.asked }
    }

    /// Takes a key for a request, or says what became of the request that has it.
    ///
    /// # Errors
    /// The actor may see nothing of the connection, or the store failed.
    pub async fn take_key(&self, actor: &Actor, once: &Once) -> Result<Repeat, Error> {
        self.sight(actor)?;
        let now = self.now();
        Ok(self.store().take_key(&self.keyed(actor, once), now, now - GIVEN_UP_MS, now - KEPT_MS).await?)
    }

    /// Keeps the answer of the request that has the key; without one, gives the key back.
    ///
    /// # Errors
    /// The actor may see nothing of the connection, or the store failed.
    pub async fn settle_key(&self, actor: &Actor, once: &Once, answer: Option<&GivenAnswer>) -> Result<(), Error> {
        self.sight(actor)?;
        let keyed = self.keyed(actor, once);
        match answer {
            Some(answer) => self.store().answer_key(&keyed, answer).await?,
            None => self.store().free_key(&keyed).await?,
        }
        Ok(())
    }
}
