//! Reading many executions that have ended, because somebody asks what they came to.

use std::sync::Arc;
use std::time::Duration;

use super::reading::Reader;
use super::{Record, Watch, lock};
use crate::connection::Api;
use crate::error::ReadError;

/// The pause until the pace may have another call, and how many there are before the reading is given up: half a minute.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSES: usize = 300;

impl Watch {
    /// An execution that has ended: as it is in memory, or read as soon as the pace of the connection permits. `None` if it
    /// does not for long.
    ///
    /// # Errors
    /// The connection does not answer, or has no such execution any more.
    #[expect(clippy::disallowed_methods, reason = "the pause until the connection may be called again")]
    pub(crate) async fn ended_record(&self, arn: &str) -> Result<Option<Arc<Record>>, ReadError> {
        if let Some(record) = self.known_record(arn).filter(|record| record.is_settled()) {
            return Ok(Some(self.guarded(record)));
        }
        for _ in 0..PAUSES {
            // A reading is one call at least; its further pages are spent.
            if lock(&self.pace).take_spare(Api::GetExecutionHistory, self.now()) {
                return self.record_not_older(Reader::Round, arn, -1).await.map(Some);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
    }
}
