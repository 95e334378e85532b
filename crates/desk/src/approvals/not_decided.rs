//! Why one of many requests was not decided, as it is kept with their list.

use serde::{Deserialize, Serialize};

use super::ahead::Warning;
use super::outcomes::Chosen;
use super::who::NotAllowed;
use super::{ClosedBy, DecideError, Decided, NotShown};
use crate::error::Error;
use crate::store::{Decision, Held};
use crate::watch::Obstacle;

/// Why one of many requests was not decided. Its page says more, and decides it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotDecided {
    /// The rule or the policy does not let this person.
    NotAllowed(NotAllowed),
    /// It has a decision: of somebody else or, if `own`, of this person.
    Earlier {
        outcome: Chosen,
        person: String,
        own: bool,
        at: i64,
    },
    /// Something else closed it.
    Closed {
        by: ClosedBy,
        at: i64,
    },
    /// A choice is held that is the decision, unless it is taken back; or one of this person.
    Held {
        outcome: Chosen,
        person: String,
        own: bool,
        at: i64,
    },
    /// Somebody else looks after it.
    Claimed {
        person: String,
    },
    /// The outcome has fields to fill in.
    NeedsFields,
    /// With this outcome the execution would break.
    Breaks(Warning),
    /// The request or its rule is not what was shown.
    Changed,
    Obstructed(Obstacle),
    /// It is no request that can be answered from here.
    NotAnswerable,
    NotShown(NotShown),
    /// The person may no longer sign in.
    NotSignedIn,
}

impl NotDecided {
    /// Why a choice did not count that came to something else; `None` where it counted.
    #[must_use]
    pub fn after(decided: Decided) -> Option<Self> {
        Some(match decided {
            Decided::Recorded(_) | Decided::Voted(_) | Decided::Held(_) => return None,
            Decided::Repeated(decision) => Self::earlier(&decision, true),
            Decided::Earlier { decision, own } => Self::earlier(&decision, own),
            Decided::Closed(closed) => Self::Closed { by: closed.by, at: closed.at },
            Decided::HeldByAnother(held) => Self::held(&held, false),
        })
    }

    fn earlier(decision: &Decision, own: bool) -> Self {
        let made = &decision.decision;
        let (outcome, person) = (made.outcome.clone(), made.person_name.clone());
        Self::Earlier { outcome, person, own, at: made.decided_at }
    }

    /// A choice that can still be taken back.
    #[must_use]
    pub fn held(held: &Held, own: bool) -> Self {
        Self::Held { outcome: held.outcome.clone(), person: held.person.name.clone(), own, at: held.at }
    }

    /// What an error says of one request. What concerns more than this one is left an error.
    ///
    /// # Errors
    /// The store failed, or the connection did not answer.
    pub fn of(error: DecideError) -> Result<Self, Error> {
        Ok(match error {
            DecideError::NotAllowed(why) => Self::NotAllowed(why),
            DecideError::Form { .. } | DecideError::Schema { .. } => Self::NeedsFields,
            // The list was made while the outcome was there and the comment enough.
            DecideError::Changed
            | DecideError::Held
            | DecideError::NoOutcome { .. }
            | DecideError::NoComment(_)
            | DecideError::CommentTooLong { .. } => Self::Changed,
            DecideError::NotAnswerable { .. } => Self::NotAnswerable,
            DecideError::Obstructed(obstacle) => Self::Obstructed(obstacle),
            DecideError::NotShown(why) => Self::NotShown(why),
            DecideError::Answer { why, .. } => Self::Breaks(Warning::NoAnswer { why }),
            DecideError::Read(error) => return Err(error.into()),
            DecideError::Store(error) => return Err(error.into()),
        })
    }
}
