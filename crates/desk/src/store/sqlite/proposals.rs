//! Proposed deployments, in SQLite.

use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::acts::add_act;
use super::rows::as_json;
use crate::connection::ConnectionId;
use crate::store::{Act, Kept, Proposal, ProposalEnd, ProposalVote, Proposals, StoreError};

const TABLE: &str = "proposals";

/// What a column has as JSON.
fn json<T: DeserializeOwned>(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<T, StoreError> {
    let text: &str = row.try_get(column)?;
    let number: i64 = row.try_get("number")?;
    let unreadable =
        |error: serde_json::Error| StoreError::Unreadable { table, row: number, column, why: error.to_string() };
    serde_json::from_str(text).map_err(unreadable)
}

fn proposal_of(row: &SqliteRow) -> Result<Proposal, StoreError> {
    let ended_at: Option<i64> = row.try_get("ended_at")?;
    let ended = ended_at.map(|at| Ok::<_, StoreError>((at, json(row, TABLE, "how")?))).transpose()?;
    Ok(Proposal {
        id: row.try_get("id")?,
        hash: row.try_get("hash")?,
        about: json(row, TABLE, "about")?,
        rule: json(row, TABLE, "rule")?,
        maker: json(row, TABLE, "maker")?,
        proposed_at: row.try_get("proposed_at")?,
        approved_at: row.try_get("approved_at")?,
        ended,
    })
}

fn vote_of(row: &SqliteRow) -> Result<ProposalVote, StoreError> {
    Ok(ProposalVote {
        person_id: row.try_get("person_id")?,
        person_name: row.try_get("person_name")?,
        groups: json(row, "proposal_votes", "person_groups")?,
        approves: row.try_get("approves")?,
        comment: row.try_get("comment")?,
        at: row.try_get("at")?,
    })
}

/// Whether one person proposes the same with both; whoever else proposes it has votes of their own.
fn is_same(one: &Proposal, other: &Proposal) -> bool {
    one.maker.person.id == other.maker.person.id
        && one.hash == other.hash
        && one.about.environment == other.about.environment
        && one.about.only == other.about.only
}

impl Proposals for Sqlite {
    fn propose<'a>(
        &'a self,
        connection: &'a ConnectionId,
        proposal: &'a Proposal,
        act: &'a Act,
    ) -> Kept<'a, Option<String>> {
        Box::pin(async move {
            let (about, rule) = (as_json("a proposal", &proposal.about)?, as_json("a proposal", &proposal.rule)?);
            let maker = as_json("a proposal", &proposal.maker)?;
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let same = sqlx::query("SELECT * FROM proposals WHERE connection = ? AND hash = ? AND ended_at IS NULL");
            let same = same.bind(connection.as_str()).bind(&proposal.hash).fetch_all(&mut *transaction).await?;
            for row in &same {
                let known = proposal_of(row)?;
                if is_same(&known, proposal) {
                    return Ok(Some(known.id));
                }
            }
            sqlx::query(
                "INSERT INTO proposals (connection, id, hash, about, rule, maker, proposed_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(connection.as_str())
            .bind(&proposal.id)
            .bind(&proposal.hash)
            .bind(about)
            .bind(rule)
            .bind(maker)
            .bind(proposal.proposed_at)
            .execute(&mut *transaction)
            .await?;
            add_act(&mut transaction, connection, act).await?;
            transaction.commit().await?;
            Ok(None)
        })
    }

    fn proposals<'a>(&'a self, connection: &'a ConnectionId, open: bool, limit: u32) -> Kept<'a, Vec<Proposal>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT * FROM proposals WHERE connection = ? AND (NOT ? OR ended_at IS NULL) ORDER BY number DESC LIMIT ?",
            );
            let rows = rows.bind(connection.as_str()).bind(open).bind(limit).fetch_all(&self.reader).await?;
            rows.iter().map(proposal_of).collect()
        })
    }

    fn proposal<'a>(
        &'a self,
        connection: &'a ConnectionId,
        id: &'a str,
    ) -> Kept<'a, Option<(Proposal, Vec<ProposalVote>)>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT * FROM proposals WHERE connection = ? AND id = ?");
            let row = row.bind(connection.as_str()).bind(id).fetch_optional(&self.reader).await?;
            let Some(row) = row else { return Ok(None) };
            let votes = sqlx::query("SELECT * FROM proposal_votes WHERE proposal = ? ORDER BY number");
            let votes = votes.bind(id).fetch_all(&self.reader).await?;
            Ok(Some((proposal_of(&row)?, votes.iter().map(vote_of).collect::<Result<_, _>>()?)))
        })
    }

    fn vote_on<'a>(
        &'a self,
        connection: &'a ConnectionId,
        id: &'a str,
        vote: &'a ProposalVote,
        seen: usize,
        approves: bool,
        act: &'a Act,
    ) -> Kept<'a, bool> {
        Box::pin(async move {
            let groups = as_json("a vote", &vote.groups)?;
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let is_as_seen: bool = sqlx::query_scalar(
                "SELECT COUNT(*) > 0 FROM proposals WHERE connection = ? AND id = ? AND ended_at IS NULL
                 AND approved_at IS NULL AND (SELECT COUNT(*) FROM proposal_votes WHERE proposal = proposals.id) = ?",
            )
            .bind(connection.as_str())
            .bind(id)
            .bind(i64::try_from(seen).unwrap_or(i64::MAX))
            .fetch_one(&mut *transaction)
            .await?;
            if !is_as_seen {
                return Ok(false);
            }
            sqlx::query(
                "INSERT INTO proposal_votes (proposal, person_id, person_name, person_groups, approves, comment, at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(id)
            .bind(&vote.person_id)
            .bind(&vote.person_name)
            .bind(groups)
            .bind(vote.approves)
            .bind(&vote.comment)
            .bind(vote.at)
            .execute(&mut *transaction)
            .await?;
            if approves {
                let approved = sqlx::query("UPDATE proposals SET approved_at = ? WHERE id = ?");
                approved.bind(vote.at).bind(id).execute(&mut *transaction).await?;
            }
            add_act(&mut transaction, connection, act).await?;
            transaction.commit().await?;
            Ok(true)
        })
    }

    fn end_proposal<'a>(
        &'a self,
        connection: &'a ConnectionId,
        id: &'a str,
        end: &'a ProposalEnd,
        act: &'a Act,
    ) -> Kept<'a, bool> {
        Box::pin(async move {
            let how = as_json("the end of a proposal", end)?;
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let ended = sqlx::query(
                "UPDATE proposals SET ended_at = ?, how = ? WHERE connection = ? AND id = ? AND ended_at IS NULL",
            )
            .bind(act.at)
            .bind(how)
            .bind(connection.as_str())
            .bind(id)
            .execute(&mut *transaction)
            .await?;
            if ended.rows_affected() == 0 {
                return Ok(false);
            }
            add_act(&mut transaction, connection, act).await?;
            transaction.commit().await?;
            Ok(true)
        })
    }
}
