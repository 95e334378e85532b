//! The chain of hashes over the acts, in SQLite.
//!
//! The hash of an act is SHA-256 over the hash before it (of the first act: over the chain's name) and over JSON: the rows
//! of the act, of its decision and of its votes, each an object of the columns that are not NULL, in the order of their
//! names. A migration may add columns; it may not change or rename what is on record, or no chain holds any more.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};

use super::Sqlite;
use crate::store::{Break, Chain, Chains, Kept, Link, StoreError};

/// The columns of one row.
type Columns = BTreeMap<String, Value>;
/// SHA-256.
type Hash = [u8; 32];

impl Chains for Sqlite {
    fn verify(&self) -> Kept<'_, Chain> {
        Box::pin(async move {
            // One state of the file, while others go on writing.
            let mut reader = self.reader.begin().await?;
            verify(&mut reader).await
        })
    }

    fn head(&self) -> Kept<'_, Option<Link>> {
        Box::pin(async move { head(&mut *self.reader.acquire().await?).await })
    }

    fn link(&self, entry: i64) -> Kept<'_, Option<Link>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT act, hash FROM chain WHERE act = ?").bind(entry);
            row.fetch_optional(&self.reader).await?.as_ref().map(link).transpose()
        })
    }

    fn name(&self) -> Kept<'_, String> {
        Box::pin(async move { Ok(start(&mut *self.reader.acquire().await?).await?.0) })
    }
}

/// Gives an act that was just written, with its decision and its votes, its hash.
pub async fn seal(writer: &mut SqliteConnection, entry: i64) -> Result<(), StoreError> {
    let before = match head(writer).await? {
        Some(link) => link.hash,
        None => first(&start(writer).await?.0),
    };
    let hash = next(&before, &content(writer, entry).await?)?;
    add(writer, Link { entry, hash }).await
}

/// Gives the acts that were on record before there was a chain their hashes.
pub async fn seal_all(writer: &mut SqliteConnection) -> Result<(), StoreError> {
    let entries: Vec<i64> = sqlx::query_scalar("SELECT id FROM acts ORDER BY id").fetch_all(&mut *writer).await?;
    let mut hash = first(&start(writer).await?.0);
    for entry in entries {
        hash = next(&hash, &content(writer, entry).await?)?;
        add(writer, Link { entry, hash }).await?;
    }
    Ok(())
}

async fn add(writer: &mut SqliteConnection, link: Link) -> Result<(), StoreError> {
    let insert = sqlx::query("INSERT INTO chain (act, hash) VALUES (?, ?)").bind(link.entry);
    insert.bind(link.hash.as_slice()).execute(writer).await?;
    Ok(())
}

fn first(store: &str) -> Hash {
    Sha256::digest(format!("countersign audit chain 1 {store}")).into()
}

fn next(before: &Hash, content: &BTreeMap<&'static str, Vec<Columns>>) -> Result<Hash, StoreError> {
    let json = serde_json::to_vec(content)
        .map_err(|error| StoreError::Unstorable { what: "an entry of the record", why: error.to_string() })?;
    Ok(Sha256::new().chain_update(before).chain_update(json).finalize().into())
}

async fn start(connection: &mut SqliteConnection) -> Result<(String, i64), StoreError> {
    Ok(sqlx::query_as("SELECT store, acts_before FROM chain_start").fetch_one(connection).await?)
}

async fn head(connection: &mut SqliteConnection) -> Result<Option<Link>, StoreError> {
    let row = sqlx::query("SELECT act, hash FROM chain ORDER BY act DESC LIMIT 1").fetch_optional(connection).await?;
    row.as_ref().map(link).transpose()
}

fn link(row: &SqliteRow) -> Result<Link, StoreError> {
    let entry = row.try_get("act")?;
    let hash: &[u8] = row.try_get("hash")?;
    let unreadable = |_| StoreError::Unreadable {
        table: "chain",
        row: entry,
        column: "hash",
        why: format!("it has {} bytes", hash.len()),
    };
    Ok(Link { entry, hash: hash.try_into().map_err(unreadable)? })
}

/// Everything that the hash of an act covers, by its table; nothing where there is no such act.
async fn content(
    connection: &mut SqliteConnection,
    entry: i64,
) -> Result<BTreeMap<&'static str, Vec<Columns>>, StoreError> {
    // A decision has all votes of its request; a vote that decides nothing has itself.
    const VOTES: &str = "SELECT votes.* FROM acts
        LEFT JOIN decisions ON decisions.id = acts.decision
        JOIN votes ON votes.connection = acts.connection AND votes.execution_arn = acts.execution_arn
            AND votes.event = COALESCE(decisions.event, acts.event)
        WHERE acts.id = ? AND (acts.decision IS NOT NULL OR acts.deed = 'voted' AND votes.person_id = acts.person_id)
        ORDER BY votes.id";
    const DECISION: &str =
        "SELECT decisions.* FROM decisions JOIN acts ON acts.decision = decisions.id WHERE acts.id = ?";
    let mut content = BTreeMap::new();
    for (table, query) in [("acts", "SELECT * FROM acts WHERE id = ?"), ("decisions", DECISION), ("votes", VOTES)] {
        let rows = sqlx::query(query).bind(entry).fetch_all(&mut *connection).await?;
        let rows = rows.iter().map(columns).collect::<Result<Vec<_>, _>>()?;
        if !rows.is_empty() {
            content.insert(table, rows);
        }
    }
    Ok(content)
}

/// A row by the names of its columns. Those without a value are left out, so that a column can be added later.
fn columns(row: &SqliteRow) -> Result<Columns, sqlx::Error> {
    let mut columns = Columns::new();
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal())?;
        if raw.is_null() {
            continue;
        }
        let value = match raw.type_info().name() {
            "INTEGER" => Value::from(row.try_get::<i64, _>(column.ordinal())?),
            _ => Value::from(row.try_get::<String, _>(column.ordinal())?),
        };
        columns.insert(column.name().to_owned(), value);
    }
    Ok(columns)
}

async fn verify(reader: &mut SqliteConnection) -> Result<Chain, StoreError> {
    let (store, before) = start(reader).await?;
    let entries: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM acts").fetch_one(&mut *reader).await?;
    let (from, to): (Option<i64>, Option<i64>) =
        sqlx::query_as("SELECT MIN(at), MAX(at) FROM acts").fetch_one(&mut *reader).await?;
    let links: Vec<Link> = {
        let rows = sqlx::query("SELECT act, hash FROM chain ORDER BY act").fetch(&mut *reader);
        rows.map_err(StoreError::from).and_then(|row| async move { link(&row) }).try_collect().await?
    };
    let mut hash = first(&store);
    let (mut head, mut broken) = (None, None);
    for link in links {
        let content = content(reader, link.entry).await?;
        if content.is_empty() {
            broken = Some(Break::Gone { entry: link.entry });
            break;
        }
        hash = next(&hash, &content)?;
        if hash != link.hash {
            broken = Some(Break::Changed { entry: link.entry });
            break;
        }
        head = Some(link);
    }
    let unsealed = "SELECT MIN(id) FROM acts WHERE NOT EXISTS (SELECT 1 FROM chain WHERE chain.act = acts.id)";
    let unsealed: Option<i64> = sqlx::query_scalar(unsealed).fetch_one(reader).await?;
    if let Some(entry) = unsealed.filter(|_| broken.is_none()) {
        broken = Some(Break::Unsealed { entry });
    }
    Ok(Chain { store, entries: entries.unsigned_abs(), span: from.zip(to), before, head, broken })
}

#[cfg(test)]
mod tests;
