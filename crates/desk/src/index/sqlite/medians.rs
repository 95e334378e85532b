//! How long the executions of a machine take: the median of all that ended in a time.
//!
//! All durations of the time are read, from an index that has nothing else, as one text: 100,000 take some 30 milliseconds,
//! a row for each of them three times as long. A median is kept until an end is added, changed or forgotten.

use std::num::ParseIntError;
use std::sync::PoisonError;

use sqlx::Row;

use super::SqliteIndex;
use crate::connection::ConnectionId;
use crate::store::StoreError;

const MINUTE: i64 = 60_000;

/// A median that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Median {
    /// It is of the executions that ended after this minute since the epoch.
    minute: i64,
    /// How often the machine's ends had changed.
    changes: i64,
    ms: Option<i64>,
}

impl SqliteIndex {
    /// The median duration of the executions of a machine that ended after the minute of that time.
    pub(super) async fn find_median(
        &self,
        connection: &ConnectionId,
        machine_arn: &str,
        since: i64,
    ) -> Result<Option<i64>, StoreError> {
        // The number of changes comes first: with what is written meanwhile, the next reader finds another one.
        let found = sqlx::query(
            "SELECT machines.id AS id, COALESCE(changes.n, 0) AS changes
             FROM machines LEFT JOIN changes ON changes.machine = machines.id
             WHERE machines.connection = (SELECT id FROM connections WHERE name = ?1) AND machines.arn = ?2",
        )
        .bind(connection.as_str())
        .bind(machine_arn)
        .fetch_optional(&self.reader)
        .await?;
        let Some(found) = found else { return Ok(None) };
        let (machine, changes): (i64, i64) = (found.try_get("id")?, found.try_get("changes")?);
        // As the counts of ends do it.
        let minute = since / MINUTE;
        let known = self.medians.lock().unwrap_or_else(PoisonError::into_inner).get(&machine).copied();
        if let Some(known) = known.filter(|known| known.minute == minute && known.changes == changes) {
            return Ok(known.ms);
        }
        let took: Option<String> = sqlx::query_scalar(
            "SELECT group_concat(ended_at - started_at) FROM executions INDEXED BY executions_took
             WHERE parent IS NULL AND ended_at >= ?2 AND machine = ?1",
        )
        .bind(machine)
        .bind((minute + 1) * MINUTE)
        .fetch_one(&self.reader)
        .await?;
        // Without an execution there is no text.
        let ms = middle(took.as_deref().unwrap_or_default()).map_err(|error| StoreError::Unreadable {
            table: "executions",
            row: 0,
            column: "ended_at",
            why: error.to_string(),
        })?;
        let median = Median { minute, changes, ms };
        self.medians.lock().unwrap_or_else(PoisonError::into_inner).insert(machine, median);
        Ok(ms)
    }
}

/// The number in the middle of these, which commas part: of two the greater one.
fn middle(numbers: &str) -> Result<Option<i64>, ParseIntError> {
    if numbers.is_empty() {
        return Ok(None);
    }
    let mut numbers: Vec<i64> = numbers.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let middle = numbers.len() / 2;
    Ok(Some(*numbers.select_nth_unstable(middle).1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;
    use crate::connection::ExecutionStatus;
    use crate::index::Index as _;
    use crate::index::suite::{begun, execution, list, listed};

    #[test]
    fn the_middle_is_that_of_sorted_numbers() {
        for (numbers, expected) in
            [("", None), ("7", Some(7)), ("9,1", Some(9)), ("30,4,200", Some(30)), ("-5,0,0", Some(0))]
        {
            assert_eq!(middle(numbers), Ok(expected), "{numbers}");
        }
        assert!(middle("7,x").is_err(), "nothing is left out");
    }

    #[tokio::test]
    async fn a_median_is_kept_until_an_end_changes() {
        let (index, here) = (SqliteIndex::in_memory(), ConnectionId::default_one());
        begun(&index).await;
        listed(&index, &list("a"), &[execution("one", ExecutionStatus::Succeeded, 1)]).await;
        let median = || index.median(&here, "machine:a", -MINUTE);
        assert_eq!(median().await.unwrap(), Some(5));
        index.medians.lock().unwrap().values_mut().for_each(|known| known.ms = Some(77));
        listed(&index, &list("a"), &[execution("runs", ExecutionStatus::Running, 2)]).await;
        assert_eq!(median().await.unwrap(), Some(77), "what was found is asked again, as nothing ended");
        assert_eq!(index.median(&here, "machine:a", -2 * MINUTE).await.unwrap(), Some(5), "another time");
        index.medians.lock().unwrap().values_mut().for_each(|known| known.ms = Some(77));
        listed(&index, &list("a"), &[execution("two", ExecutionStatus::Failed, 3)]).await;
        assert_eq!(index.median(&here, "machine:a", -2 * MINUTE).await.unwrap(), Some(5), "an end was added");
    }
}
