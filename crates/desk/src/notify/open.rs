//! Whether what a message asks for is still open when its turn comes.

use super::message::{About, Message, Occasion};
use crate::approvals::closed;
use crate::connection::ExecutionStatus;
use crate::desk::Desk;
use crate::error::Error;

impl Occasion {
    /// Whether a message of it asks somebody to decide a request. The others report what happened, or ask for votes.
    const fn asks_for_a_decision(self) -> bool {
        match self {
            Self::Waiting | Self::Reminder | Self::Overdue | Self::Escalated => true,
            Self::Failed | Self::BrokenGlass | Self::Proposed => false,
        }
    }
}

impl Desk {
    /// Whether what a message asks for is open, as far as this desk knows. It is where nobody knows: a message too many is
    /// better than one that is missing.
    pub(super) async fn still_asks(&self, message: &Message) -> bool {
        match self.is_open(message).await {
            Ok(open) => open,
            Err(error) => {
                tracing::warn!(%error, "a message may ask for what has ended");
                true
            }
        }
    }

    async fn is_open(&self, message: &Message) -> Result<bool, Error> {
        match &message.about {
            About::Request { execution_arn, event } if message.occasion.asks_for_a_decision() => {
                self.request_is_open(execution_arn, *event).await
            }
            About::Deployment { id, .. } => {
                let found = self.store().proposal(self.id(), id).await?;
                Ok(found.is_none_or(|(proposal, _)| proposal.ended.is_none() && proposal.approved_at.is_none()))
            }
            About::Request { .. } | About::Execution { .. } | About::Trial => Ok(true),
        }
    }

    /// Whether a request waits, as far as what was read says: a closed task never opens again.
    async fn request_is_open(&self, arn: &str, event: u64) -> Result<bool, Error> {
        if self.store().of_task(self.id(), arn, event).await?.is_some() {
            return Ok(false);
        }
        if self.watch().known_record(arn).is_some_and(|record| closed(&record, event).is_some()) {
            return Ok(false);
        }
        let listed = self.index().execution(self.id(), arn).await?;
        Ok(listed.is_none_or(|row| row.summary.status == ExecutionStatus::Running))
    }
}
