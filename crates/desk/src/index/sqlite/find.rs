//! Executions by a part of their names.

use sqlx::sqlite::SqliteRow;

use super::SqliteIndex;
use super::rows::{execution, select_executions};
use crate::connection::ConnectionId;
use crate::index::{ExecutionRow, Sight};
use crate::store::StoreError;

/// The pattern of names that have every word, in the order in which they were typed.
fn pattern(typed: &str) -> String {
    let mut pattern = "%".to_owned();
    for word in typed.split_whitespace() {
        for letter in word.chars() {
            if matches!(letter, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern.push('%');
    }
    pattern
}

impl SqliteIndex {
    /// The newest executions of such a name, and whether there are more.
    pub(super) async fn by_name(
        &self,
        connection: &ConnectionId,
        sight: &Sight,
        typed: &str,
        limit: u32,
    ) -> Result<(Vec<ExecutionRow>, bool), StoreError> {
        const NAMED: &str = select_executions!(
            "INDEXED BY executions_walk WHERE executions.connection = (SELECT id FROM connections WHERE name = ?1) AND executions.parent IS NULL
                 AND executions.name LIKE ?2 ESCAPE '\\'
                 AND (?4 IS NULL OR executions.machine IN
                     (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?4))))
             ORDER BY executions.id DESC LIMIT ?3"
        );
        let rows: Vec<SqliteRow> = sqlx::query(NAMED)
            .bind(connection.as_str())
            .bind(pattern(typed))
            .bind(i64::from(limit) + 1)
            .bind(sight.json())
            .fetch_all(&self.reader)
            .await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let found = rows.iter().take(limit).map(execution).collect::<Result<Vec<_>, _>>()?;
        Ok((found, rows.len() > limit))
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn what_was_typed_is_no_pattern() {
        assert_eq!(pattern("50% a_b"), "%50\\%%a\\_b%");
        assert_eq!(pattern("  "), "%");
    }
}
