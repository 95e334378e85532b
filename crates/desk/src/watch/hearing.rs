//! What others say of an execution: the watch looks at it now, instead of when its turn comes.

use super::{Watch, topics_of};
use crate::connection::Api;
use crate::desk::workflow_of;
use crate::error::ReadError;
use crate::index::Moved;

/// How many parts of an ARN are before the kind of what it names: its region and account among them.
const PLACE: usize = 5;

impl Watch {
    /// Looks at an execution now, as far as the quotas allow, because somebody says that something happened to it: reads its
    /// machine's list if it is not known yet, and its history. The next round starts soon, too. An execution of another
    /// account or region costs no call.
    ///
    /// # Errors
    /// The connection does not answer, or the index cannot be used.
    pub(crate) async fn hear_of(&self, arn: &str) -> Result<(), ReadError> {
        self.open().await?;
        let machine = workflow_of(arn).and_then(|name| self.snapshot().machine_named(name).map(|one| one.arn.clone()));
        let Some(machine) = machine.filter(|machine| place(machine).eq(place(arn))) else { return Ok(()) };
        self.nudge();
        if !self.knows(arn).await && self.take_call(Api::ListExecutions) {
            let mut moved = Moved::default();
            let result = {
                let _turn = self.turn.lock().await;
                self.read_lists(vec![machine], &mut moved).await
            };
            self.changes.publish(topics_of(&moved));
            result?;
        }
        if self.knows(arn).await && self.take_call(Api::GetExecutionHistory) {
            let (moved, result) = self.read_histories(vec![arn.to_owned()]).await;
            self.changes.publish(moved);
            result?;
        }
        Ok(())
    }
}

fn place(arn: &str) -> impl Iterator<Item = &str> {
    arn.split(':').take(PLACE)
}
