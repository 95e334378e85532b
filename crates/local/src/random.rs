//! Random ids. The interpreter draws none: its seed is drawn here and kept, so that a replay draws the same ones.

use uuid::Uuid;

/// A new random id (version 4), from the system's source: 122 random bits, so that nobody guesses one that is secret.
#[expect(clippy::disallowed_methods, reason = "the one place where the engine's host draws ids")]
#[must_use]
pub fn uuid() -> Uuid {
    Uuid::new_v4()
}
