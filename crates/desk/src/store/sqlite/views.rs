//! Named lists, in SQLite.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use crate::connection::ConnectionId;
use crate::store::{Kept, SavedView, StoreError, Views};

fn view_of(row: &SqliteRow) -> Result<SavedView, StoreError> {
    Ok(SavedView {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        query: row.try_get("query")?,
        person_name: row.try_get("person_name")?,
        made_at: row.try_get("made_at")?,
    })
}

impl Views for Sqlite {
    fn keep_view<'a>(&'a self, connection: &'a ConnectionId, view: &'a SavedView) -> Kept<'a, ()> {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO views (connection, name, query, person_name, made_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (connection, name) DO UPDATE SET query = ?3, person_name = ?4, made_at = ?5",
            )
            .bind(connection.as_str())
            .bind(&view.name)
            .bind(&view.query)
            .bind(&view.person_name)
            .bind(view.made_at)
            .execute(&self.writer)
            .await?;
            Ok(())
        })
    }

    fn remove_view<'a>(&'a self, connection: &'a ConnectionId, id: i64) -> Kept<'a, Option<SavedView>> {
        Box::pin(async move {
            let row = sqlx::query("DELETE FROM views WHERE connection = ? AND id = ? RETURNING *")
                .bind(connection.as_str())
                .bind(id)
                .fetch_optional(&self.writer)
                .await?;
            row.as_ref().map(view_of).transpose()
        })
    }

    fn views<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<SavedView>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT * FROM views WHERE connection = ? ORDER BY name COLLATE NOCASE, name")
                .bind(connection.as_str())
                .fetch_all(&self.reader)
                .await?;
            rows.iter().map(view_of).collect()
        })
    }
}
