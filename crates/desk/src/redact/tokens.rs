//! The tokens of all executions together.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::fingerprints::{Fingerprint, Fingerprints};
use super::{Eraser, RedactionKey, Redactor};

/// Removes the tokens of every execution that was read: pages of other executions must not show them either. An execution
/// is added, replaced and removed in the time that its own tokens take, and a text is searched for all of them at once.
#[derive(Debug)]
pub struct Tokens {
    key: RedactionKey,
    all: RwLock<All>,
}

#[derive(Debug, Default)]
struct All {
    known: Fingerprints,
    by_execution: HashMap<String, Box<[Fingerprint]>>,
}

impl All {
    fn remove(&mut self, execution: &str) {
        let of_execution = self.by_execution.remove(execution);
        of_execution.iter().flatten().for_each(|fingerprint| self.known.remove(fingerprint));
    }
}

impl Tokens {
    /// None, which may become some.
    #[must_use]
    pub fn new(key: &RedactionKey) -> Self {
        Self { key: key.clone(), all: RwLock::default() }
    }

    /// The key, for the redactors of single executions.
    #[must_use]
    pub const fn key(&self) -> &RedactionKey {
        &self.key
    }

    /// Sets the tokens of an execution, which a redactor of the same key knows.
    pub fn set(&self, execution: &str, redactor: &Redactor) {
        debug_assert_eq!(self.key, redactor.key, "fingerprints of another key find nothing");
        let is_known = |all: &All| {
            let known = all.by_execution.get(execution).map(|known| known.iter());
            known.unwrap_or_default().eq(redactor.known.iter())
        };
        // A reading seldom brings a new token.
        if is_known(&self.read()) {
            return;
        }
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.remove(execution);
        redactor.known.iter().for_each(|fingerprint| all.known.add(*fingerprint));
        all.by_execution.insert(execution.to_owned(), redactor.known.iter().copied().collect());
    }

    /// Removes the tokens of an execution, except those that another one has too.
    pub fn remove(&self, execution: &str) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).remove(execution);
    }

    /// The number of texts that are looked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().known.len()
    }

    /// Whether there is no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns `text` without any known token, and without values under a key that is named like a token.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        Eraser { key: &self.key, known: &self.read().known }.text(text)
    }

    /// The same for a text that may be absent.
    #[must_use]
    pub fn option(&self, text: Option<&str>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    /// Usable also after a panic: at worst an execution's fingerprints stay that no execution has any more.
    fn read(&self) -> std::sync::RwLockReadGuard<'_, All> {
        self.all.read().unwrap_or_else(PoisonError::into_inner)
    }
}
