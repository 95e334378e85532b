//! How many executions started when.
//!
//! Starts are counted as they are written, by machine, status and unit of time: where a list is limited by nothing else, its
//! bars are sums of these counts, and the executions are looked at only in the parts of a second at both ends of its time.

use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row};

use super::SqliteIndex;
use super::filter::{Plan, is_counted, push_counted, push_from};
use super::rows::shown;
use crate::connection::ConnectionId;
use crate::index::{Bar, Bars, Filter, Span, first_id};
use crate::search::Term;
use crate::store::StoreError;

/// The most executions with conditions of their own that the bars count.
const MOST: u32 = 20_000;
/// The units, in milliseconds, by their numbers in the schema. The first is that of single executions.
const UNITS: [i64; 5] = [1, 1_000, 60_000, 3_600_000, 86_400_000];

/// A part of a time, and the number of the unit that counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    unit: usize,
    from: i64,
    until: i64,
}

impl SqliteIndex {
    /// How many started in each part of a span, by the status that a list shows. Where every execution has to be looked
    /// at for its conditions, the newest ones are.
    pub(super) async fn starts(
        &self,
        connection: &ConnectionId,
        filter: &Filter,
        span: Span,
    ) -> Result<Bars, StoreError> {
        let filter = Filter {
            from: Some(filter.from.map_or(span.from, |from| from.max(span.from))),
            until: Some(filter.until.map_or(span.until(), |until| until.min(span.until()))),
            ..filter.clone()
        };
        let are_counted = filter.parent_arn.is_none() && filter.map_runs.is_empty();
        let are_counted = are_counted && filter.terms.iter().all(is_counted);
        let mut query = if are_counted {
            counted(connection, &filter, span)
        } else {
            let plan = self.plan(&filter).await?;
            let mut query = QueryBuilder::new("");
            push_rows(&mut query, connection, &filter, span, plan, Some(MOST));
            query
        };
        let rows = query.build().fetch_all(&self.reader).await?;
        let mut bars = Bars { bars: vec![Bar::default(); span.bars], most: None };
        let mut sum = 0;
        for row in &rows {
            let at = usize::try_from(row.try_get::<i64, _>("bar")?).unwrap_or(usize::MAX);
            let n: i64 = row.try_get("n")?;
            sum += n;
            // A count is never negative.
            let (shown, n) = (shown(0, row.try_get("shown")?)?, u64::try_from(n).unwrap_or(0));
            let Some(bar) = bars.bars.get_mut(at).filter(|_| n > 0) else { continue };
            match bar.counts.iter_mut().find(|(one, _)| *one == shown) {
                Some((_, count)) => *count += n,
                None => bar.counts.push((shown, n)),
            }
        }
        bars.most = (!are_counted && sum == i64::from(MOST)).then_some(u64::from(MOST));
        Ok(bars)
    }
}

/// The bars of a list that is limited by nothing but machine, status and time.
fn counted(connection: &ConnectionId, filter: &Filter, span: Span) -> QueryBuilder<Sqlite> {
    let (from, until) = time_of(filter);
    let largest = UNITS.iter().rposition(|ms| span.width % ms == 0).unwrap_or(0);
    let mut pieces = Vec::new();
    cut(from, until, largest, &mut pieces);
    let mut query = QueryBuilder::new("");
    for (at, piece) in pieces.into_iter().enumerate() {
        query.push(if at == 0 { "" } else { " UNION ALL " });
        if piece.unit == 0 {
            let part = Filter { from: Some(piece.from), until: Some(piece.until), ..filter.clone() };
            push_rows(&mut query, connection, &part, span, Plan::WALK, None);
        } else {
            push_sums(&mut query, connection, filter, span, piece);
        }
    }
    query
}

/// The time of a filter, and of its terms. One that is none begins where it ends.
fn time_of(filter: &Filter) -> (i64, i64) {
    let (mut from, mut until) = (filter.from.unwrap_or(0), filter.until.unwrap_or(i64::MAX));
    for term in &filter.terms {
        let Term::Started(bounds) = term else { continue };
        from = bounds.from.map_or(from, |bound| from.max(bound.at.saturating_add(i64::from(!bound.within))));
        until = bounds.to.map_or(until, |bound| until.min(bound.at.saturating_add(i64::from(bound.within))));
    }
    (from, until.max(from))
}

/// Cuts a time into parts that whole units count: the largest of them in the middle, smaller ones at both ends. There is
/// always one.
fn cut(from: i64, until: i64, unit: usize, pieces: &mut Vec<Piece>) {
    let ms = UNITS[unit];
    let first = from.div_euclid(ms).saturating_add(i64::from(from.rem_euclid(ms) > 0)).saturating_mul(ms);
    let last = until.div_euclid(ms).saturating_mul(ms);
    if unit == 0 {
        pieces.push(Piece { unit, from, until });
    } else if first < last {
        if from < first {
            cut(from, first, unit - 1, pieces);
        }
        pieces.push(Piece { unit, from: first, until: last });
        if last < until {
            cut(last, until, unit - 1, pieces);
        }
    } else {
        cut(from, until, unit - 1, pieces);
    }
}

/// The counts of a piece by bar and status.
fn push_sums(query: &mut QueryBuilder<Sqlite>, connection: &ConnectionId, filter: &Filter, span: Span, piece: Piece) {
    let ms = UNITS[piece.unit];
    query.push("SELECT (at * ").push(ms).push(" - ").push_bind(span.from).push(") / ").push_bind(span.width);
    query.push(" AS bar, shown, SUM(n) AS n FROM begins WHERE unit = ").push_bind(index_of(piece.unit));
    query.push(" AND at >= ").push_bind(piece.from / ms).push(" AND at < ").push_bind(piece.until / ms);
    push_counted(query, connection, filter);
    query.push(" GROUP BY 1, 2");
}

/// The executions themselves, counted by bar and status; at most so many, from the newest on.
fn push_rows(
    query: &mut QueryBuilder<Sqlite>,
    connection: &ConnectionId,
    filter: &Filter,
    span: Span,
    plan: Plan,
    most: Option<u32>,
) {
    query.push("SELECT (id - ").push_bind(first_id(span.from)).push(") / ").push_bind(first_id(span.width));
    query.push(" AS bar, shown, COUNT(*) AS n FROM (SELECT executions.id AS id, executions.shown AS shown");
    push_from(query, connection, filter, plan);
    if let Some(most) = most {
        query.push(" ORDER BY ").push(plan.id()).push(" DESC LIMIT ").push_bind(most);
    }
    query.push(") GROUP BY 1, 2");
}

fn index_of(unit: usize) -> i64 {
    // There are five.
    i64::try_from(unit).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_cut_into_whole_units_without_a_gap() {
        let day = UNITS[4];
        for (from, until) in [
            (0, 0),
            (5, 5),
            (1, 999),
            (1, 2_000),
            (59_999, 60_001),
            (0, day),
            (1, 3 * day - 1),
            (day - 1, day + 1),
            (1_764_160_000_123, 1_764_460_000_456),
        ] {
            for unit in 0..UNITS.len() {
                let mut pieces = Vec::new();
                cut(from, until, unit, &mut pieces);
                assert!(!pieces.is_empty() && pieces.len() <= 9, "{pieces:?}");
                assert_eq!((pieces[0].from, pieces.last().map(|last| last.until)), (from, Some(until)));
                assert!(pieces.windows(2).all(|two| two[0].until == two[1].from), "{pieces:?}");
                for Piece { unit, from, until } in pieces {
                    assert!(from % UNITS[unit] == 0 && until % UNITS[unit] == 0, "{unit}: {from} to {until}");
                }
            }
        }
    }
}
