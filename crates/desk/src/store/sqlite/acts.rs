//! Who did what, in SQLite.

use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use super::chain::seal;
use super::decisions::event_number;
use super::rows::{entry, select_decisions};
use crate::connection::ConnectionId;
use crate::store::{Act, ActFilter, ActPage, Acts, Deed, Entry, Kept, Kind, StoreError};

impl Acts for Sqlite {
    fn act<'a>(&'a self, connection: &'a ConnectionId, act: &'a Act) -> Kept<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            add_act(&mut transaction, connection, act).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn deployments<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<(String, i64, String)>> {
        Box::pin(async move {
            let rows = sqlx::query_as(
                "SELECT workflow, MAX(at), person_name FROM acts
                 WHERE connection = ? AND deed = ? AND workflow IS NOT NULL GROUP BY workflow",
            );
            Ok(rows.bind(connection.as_str()).bind(Deed::Deployed.word()).fetch_all(&self.reader).await?)
        })
    }

    fn acts<'a>(
        &'a self,
        connection: &'a ConnectionId,
        wanted: &'a ActFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Kept<'a, ActPage> {
        const ACTS: &str = select_decisions!(
            ", acts.id AS act_id, acts.decision AS act_decision, acts.deed AS act_deed, acts.workflow AS act_workflow, \
             acts.execution_arn AS act_execution, acts.event AS act_event, acts.detail AS act_detail, \
             acts.person_id AS act_person_id, acts.person_name AS act_person_name, acts.at AS act_at \
             FROM acts LEFT JOIN decisions ON decisions.id = acts.decision \
             LEFT JOIN deliveries ON deliveries.decision = acts.decision \
             WHERE acts.connection = ?1 AND acts.id < ?2 \
             AND (instr(?3, ' ' || acts.deed || ' ') > 0 OR instr(?8, ' ' || acts.deed || ' ') = 0) \
             AND (?4 IS NULL OR concat_ws(' ', acts.person_name, acts.workflow, acts.execution_arn, acts.detail, \
                 decisions.state, decisions.title, decisions.comment, decisions.done) LIKE ?4 ESCAPE '\\') \
             AND (?5 IS NULL OR acts.at >= ?5) AND (?6 IS NULL OR acts.at < ?6) \
             ORDER BY acts.id DESC LIMIT ?7"
        );
        Box::pin(async move {
            // The greatest number of a row; no entry has it before all others are taken.
            let before = before.unwrap_or(i64::MAX);
            let rows = sqlx::query(ACTS)
                .bind(connection.as_str())
                .bind(before)
                .bind(words_of(wanted.kind))
                .bind(wanted.text.as_deref().map(anywhere))
                .bind(wanted.since)
                .bind(wanted.until)
                // One more says whether there are older ones.
                .bind(i64::from(limit) + 1)
                // A word that nobody knows is not left out, but an error.
                .bind(words_of(Some(Kind::Everything)))
                .fetch_all(&self.reader)
                .await?;
            let mut entries = rows.iter().map(entry).collect::<Result<Vec<Entry>, StoreError>>()?;
            let limit = usize::try_from(limit)
                .map_err(|error| StoreError::Unstorable { what: "the size of a page", why: error.to_string() })?;
            let has_older = entries.len() > limit;
            entries.truncate(limit);
            Ok(ActPage { older: entries.last().filter(|_| has_older).map(|last| last.id), entries })
        })
    }

    fn seen<'a>(&'a self, connection: &'a ConnectionId, act: &'a Act) -> Kept<'a, bool> {
        const SEEN: &str = "SELECT EXISTS (SELECT 1 FROM acts
            WHERE connection = ? AND execution_arn IS ? AND event IS ? AND deed = ? AND person_id = ?
            AND (execution_arn IS NOT NULL OR (workflow IS ? AND detail = ?)))";
        Box::pin(async move {
            let event = act.event.map(event_number).transpose()?;
            let seen = || {
                let of_execution =
                    sqlx::query_scalar::<_, bool>(SEEN).bind(connection.as_str()).bind(&act.execution_arn);
                let of_person = of_execution.bind(event).bind(act.deed.word()).bind(&act.person_id);
                of_person.bind(&act.workflow).bind(&act.detail)
            };
            // Nearly always it was: that needs no turn at writing.
            if seen().fetch_one(&self.reader).await? {
                return Ok(false);
            }
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            if seen().fetch_one(&mut *transaction).await? {
                return Ok(false);
            }
            add_act(&mut transaction, connection, act).await?;
            transaction.commit().await?;
            Ok(true)
        })
    }

    fn first_seen<'a>(
        &'a self,
        connection: &'a ConnectionId,
        (arn, event): (&'a str, u64),
        person: &'a str,
    ) -> Kept<'a, Option<i64>> {
        const FIRST: &str = "SELECT MIN(at) FROM acts
            WHERE connection = ? AND execution_arn = ? AND event = ? AND deed = 'seen' AND person_id = ?";
        Box::pin(async move {
            let query = sqlx::query_scalar(FIRST).bind(connection.as_str()).bind(arn).bind(event_number(event)?);
            Ok(query.bind(person).fetch_one(&self.reader).await?)
        })
    }
}

/// The deeds of decisions.
const OF_DECISIONS: [&str; 3] = ["approved", "rejected", "decided"];

/// The words of the deeds of a kind, each between spaces; with none, of all that people and rules did.
fn words_of(kind: Option<Kind>) -> String {
    let is_wanted = |one: Kind| match kind {
        None => one != Kind::Traces,
        Some(Kind::Everything) => true,
        Some(kind) => one == kind,
    };
    let decisions = OF_DECISIONS.into_iter().filter(|_| is_wanted(Kind::Decisions));
    let others = Deed::ALL.into_iter().filter(|deed| is_wanted(deed.kind())).map(Deed::word);
    decisions.chain(others).fold(" ".to_owned(), |words, word| words + word + " ")
}

/// The pattern of `LIKE` for a text anywhere.
pub fn anywhere(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// Adds an act other than a decision's, within a transaction.
pub async fn add_act(writer: &mut SqliteConnection, connection: &ConnectionId, act: &Act) -> Result<(), StoreError> {
    let added = sqlx::query_scalar(
        "INSERT INTO acts (connection, at, person_id, person_name, deed, workflow, execution_arn, event, detail)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(connection.as_str())
    .bind(act.at)
    .bind(&act.person_id)
    .bind(&act.person_name)
    .bind(act.deed.word())
    .bind(&act.workflow)
    .bind(&act.execution_arn)
    .bind(act.event.map(event_number).transpose()?)
    .bind(&act.detail)
    .fetch_one(&mut *writer)
    .await?;
    seal(writer, added).await
}
