//! Lists of executions: pages, counts, and how many there were when.

use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row};

use super::SqliteIndex;
use super::filter::{First, Plan, count_of, push_from, started_of};
use super::rows::{COLUMNS, WAITING, execution, shown, shown_number};
use crate::connection::ConnectionId;
use crate::index::{
    Bar, Bars, Counted, ExecutionCursor, ExecutionPage, Filter, MapRun, Sight, Span, Starter, Unread, first_id,
};
use crate::store::StoreError;

/// The most executions with conditions of their own that the bars count.
const MOST_IN_BARS: u32 = 20_000;

impl SqliteIndex {
    /// One page, newest first.
    pub(super) async fn page(
        &self,
        connection: &ConnectionId,
        filter: &Filter,
        before: Option<ExecutionCursor>,
        limit: u32,
    ) -> Result<ExecutionPage, StoreError> {
        let plan = self.plan(filter).await?;
        let mut query = QueryBuilder::new(format!("SELECT {COLUMNS}"));
        push_from(&mut query, connection, filter, plan);
        let id = plan.id();
        if let Some(before) = before {
            // A place before all times is that of no execution.
            query.push(" AND ").push(id).push(" < ").push_bind(before.id());
        }
        query.push(" ORDER BY ").push(id).push(" DESC LIMIT ").push_bind(i64::from(limit) + 1);
        let rows = query.build().fetch_all(&self.reader).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut page = ExecutionPage::default();
        for row in rows.iter().take(limit) {
            page.rows.push(execution(row)?);
        }
        page.older = page.rows.last().filter(|_| rows.len() > limit).map(|last| last.cursor);
        Ok(page)
    }

    /// How many there are, counted up to `most`.
    pub(super) async fn count(
        &self,
        connection: &ConnectionId,
        filter: &Filter,
        most: u32,
    ) -> Result<Counted, StoreError> {
        let plan = self.plan(filter).await?;
        let mut query = QueryBuilder::new("SELECT COUNT(*) FROM (SELECT 1");
        push_from(&mut query, connection, filter, plan);
        query.push(" LIMIT ").push_bind(i64::from(most) + 1).push(")");
        let count = count_of(&query.build().fetch_one(&self.reader).await?)?;
        Ok(Counted { count: count.min(u64::from(most)), more: count > u64::from(most) })
    }

    /// The Map Runs of an execution, in the order in which they were found, and how their executions fare.
    pub(super) async fn count_map_runs(&self, connection: &ConnectionId, arn: &str) -> Result<Vec<MapRun>, StoreError> {
        let rows = sqlx::query(
            "SELECT lists.map_run, lists.whole, executions.shown, COUNT(executions.id) AS n
             FROM lists LEFT JOIN executions ON executions.list = lists.id
             WHERE lists.parent = (SELECT id FROM executions
                 WHERE connection = (SELECT id FROM connections WHERE name = ?) AND arn = ?)
             GROUP BY lists.id, executions.shown ORDER BY lists.id, executions.shown",
        )
        .bind(connection.as_str())
        .bind(arn)
        .fetch_all(&self.reader)
        .await?;
        let mut found: Vec<MapRun> = Vec::new();
        for row in &rows {
            let arn: String = row.try_get("map_run")?;
            if found.last().is_none_or(|last| last.arn != arn) {
                found.push(MapRun { arn, whole: row.try_get("whole")?, counts: Vec::new() });
            }
            // One without executions has no status.
            if let (Some(last), Some(number)) = (found.last_mut(), row.try_get::<Option<i64>, _>("shown")?) {
                // A count is never negative.
                let n = u64::try_from(row.try_get::<i64, _>("n")?).unwrap_or(0);
                last.counts.push((shown(0, number)?, n));
            }
        }
        Ok(found)
    }

    /// The task that started an execution.
    pub(super) async fn find_starter(
        &self,
        connection: &ConnectionId,
        arn: &str,
    ) -> Result<Option<Starter>, StoreError> {
        let row = sqlx::query(
            "SELECT executions.id, executions.arn, starts.event
             FROM starts JOIN executions ON executions.id = starts.parent
             WHERE starts.child = ?2 AND executions.connection = (SELECT id FROM connections WHERE name = ?1)
             ORDER BY executions.id LIMIT 1",
        )
        .bind(connection.as_str())
        .bind(arn)
        .fetch_optional(&self.reader)
        .await?;
        let starter = |row: SqliteRow| {
            let event: i64 = row.try_get("event")?;
            let wrong = |error| StoreError::Unreadable {
                table: "starts",
                row: row.try_get("id").unwrap_or_default(),
                column: "event",
                why: format!("{error}"),
            };
            let event = u64::try_from(event).map_err(wrong)?;
            Ok(Starter { parent_arn: row.try_get("arn")?, event })
        };
        row.map(starter).transpose()
    }

    /// When the oldest of all executions of the connection started.
    pub(super) async fn oldest_start(&self, connection: &ConnectionId) -> Result<Option<i64>, StoreError> {
        let id: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM executions INDEXED BY executions_walk
             WHERE parent IS NULL AND connection = (SELECT id FROM connections WHERE name = ?) ORDER BY id LIMIT 1",
        )
        .bind(connection.as_str())
        .fetch_optional(&self.reader)
        .await?;
        Ok(id.map(started_of))
    }

    /// How many started in each part of a span, by the status that a list shows. Where every execution has to be looked
    /// at for its conditions, the newest ones are.
    pub(super) async fn starts(
        &self,
        connection: &ConnectionId,
        filter: &Filter,
        span: Span,
    ) -> Result<Bars, StoreError> {
        let filter = Filter { from: Some(span.from), until: Some(span.until()), ..filter.clone() };
        let plan = match self.plan(&filter).await? {
            // It has the status as well.
            Plan { first: First::Plain, .. } if filter.parent_arn.is_none() && filter.map_runs.is_empty() => Plan::WALK,
            plan => plan,
        };
        let mut query = if plan == Plan::WALK && filter.terms.is_empty() {
            all_bars(connection, &filter, span)
        } else {
            let mut query = QueryBuilder::new("SELECT (id - ");
            query.push_bind(first_id(span.from)).push(") / ").push_bind(first_id(span.width));
            query.push(" AS bar, shown, COUNT(*) AS n FROM (SELECT executions.id AS id, executions.shown AS shown");
            push_from(&mut query, connection, &filter, plan);
            query.push(" ORDER BY ").push(plan.id()).push(" DESC LIMIT ").push_bind(MOST_IN_BARS);
            query.push(") GROUP BY 1, 2");
            query
        };
        let rows = query.build().fetch_all(&self.reader).await?;
        let mut bars = Bars { bars: vec![Bar::default(); span.bars], most: None };
        let mut sum = 0;
        for row in &rows {
            let at = usize::try_from(row.try_get::<i64, _>("bar")?).unwrap_or(usize::MAX);
            let n: i64 = row.try_get("n")?;
            sum += n;
            if let Some(bar) = bars.bars.get_mut(at).filter(|_| n > 0) {
                // A count is never negative.
                bar.counts.push((shown(0, row.try_get("shown")?)?, u64::try_from(n).unwrap_or(0)));
            }
        }
        let is_cut = sum == i64::from(MOST_IN_BARS) && !filter.terms.is_empty();
        bars.most = is_cut.then_some(u64::from(MOST_IN_BARS));
        Ok(bars)
    }

    /// How many executions there are whose contents cannot be searched.
    pub(super) async fn count_unread(&self, connection: &ConnectionId, sight: &Sight) -> Result<Unread, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM executions
                     WHERE connection = connections.id AND parent IS NULL AND contents = 0 AND (?2 IS NULL OR machine IN
                         (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?2))))) AS unread,
                 (SELECT COUNT(*) FROM executions
                     WHERE connection = connections.id AND parent IS NULL AND contents = 3 AND (?2 IS NULL OR machine IN
                         (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?2))))) AS withheld,
                 (SELECT COUNT(*) FROM executions
                     WHERE connection = connections.id AND parent IS NULL AND contents = 4 AND (?2 IS NULL OR machine IN
                         (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?2))))) AS unreadable,
                 (SELECT COALESCE(SUM(tallies.n), 0) FROM machines JOIN tallies ON tallies.machine = machines.id
                     WHERE machines.connection = connections.id
                         AND (?2 IS NULL OR machines.arn IN (SELECT value FROM json_each(?2)))) AS total
             FROM connections WHERE name = ?1",
        )
        .bind(connection.as_str())
        .bind(sight.json())
        .fetch_optional(&self.reader)
        .await?;
        let Some(row) = row else { return Ok(Unread::default()) };
        // A count is never negative.
        let count = |column| Ok::<u64, StoreError>(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0));
        Ok(Unread {
            unread: count("unread")?,
            withheld: count("withheld")?,
            unreadable: count("unreadable")?,
            total: count("total")?,
        })
    }
}

/// The bars of a list without conditions of its own: each counts its part of the index, so nothing has to be sorted.
fn all_bars(connection: &ConnectionId, filter: &Filter, span: Span) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("");
    let statuses: Vec<i64> = filter.shown.map_or_else(|| (0..=WAITING).collect(), |shown| vec![shown_number(shown)]);
    let sums: Vec<String> = statuses.iter().map(|n| format!("SUM(executions.shown = {n}) AS n{n}")).collect();
    query.push("WITH bars AS MATERIALIZED (");
    for bar in 0..span.bars {
        let from = span.from.saturating_add(span.width.saturating_mul(i64::try_from(bar).unwrap_or(i64::MAX)));
        let part = Filter { from: Some(from), until: Some(from.saturating_add(span.width)), ..filter.clone() };
        query.push(if bar == 0 { "SELECT " } else { " UNION ALL SELECT " }).push(bar).push(" AS bar, ");
        query.push(sums.join(", "));
        push_from(&mut query, connection, &part, Plan::WALK);
    }
    query.push(")");
    for (at, number) in statuses.iter().enumerate() {
        query.push(if at == 0 { " SELECT bar, " } else { " UNION ALL SELECT bar, " });
        query.push(number).push(" AS shown, COALESCE(n").push(number).push(", 0) AS n FROM bars");
    }
    query
}
