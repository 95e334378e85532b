//! The conditions of a list of executions, in SQL.
//!
//! Which of them the query begins with decides how long it takes. Where a term of the contents has few matches, the query
//! begins with these. Otherwise it goes through the executions from the newest on, in the index that has all that they can
//! be filtered by, and looks into the matches of the contents for each: a page ends it early.

use serde_json::json;
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row};

use super::SqliteIndex;
use super::rows::shown_number;
use crate::connection::{ConnectionId, ExecutionStatus};
use crate::index::{Filter, PLACES, Shown, first_id};
use crate::search::{Bounds, Part, Pattern, SEPARATOR, Term, canonical, fold};
use crate::store::StoreError;

/// With more matches the query does not begin with those of the contents.
const FEW: i64 = 2_000;

/// How a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub first: First,
    /// Whether there are few numbers between the bounds.
    few: bool,
}

impl Plan {
    /// The one that goes through all executions.
    pub const WALK: Self = Self { first: First::Walk, few: true };

    /// The id by which the list is sorted.
    pub const fn id(self) -> &'static str {
        if matches!(self.first, First::Texts) { "texts.rowid" } else { "executions.id" }
    }
}

/// What a query begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// An index of its own: by status, machine or parent.
    Plain,
    /// The index that has everything.
    Walk,
    /// The matches of the contents.
    Texts,
}

/// The words that the contents are searched for, in the language of FTS5; `None` where there are none.
pub fn expression(filter: &Filter) -> Option<String> {
    let terms: Vec<String> = filter.terms.iter().filter_map(of_term).collect();
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

fn of_term(term: &Term) -> Option<String> {
    match term {
        Term::Words { part, words } => {
            let columns = match part {
                Part::Any => "{name input output}",
                Part::Input => "{input}",
                Part::Output => "{output}",
            };
            let found = format!("{columns} : {}", phrase(&words.text, words.open));
            // The ARN of an execution is that one, too, and not only what speaks of it.
            Some(match name_of(&words.text).filter(|_| *part == Part::Any) {
                Some(name) => format!("({found} OR {{name}} : ^ {})", phrase(name, words.open)),
                None => found,
            })
        }
        Term::Value { path, value } => {
            let keys = path.iter().map(|key| fold(key)).collect::<Vec<_>>().join("\u{e002}");
            let mark = |text: &str| phrase(&format!("{keys}{SEPARATOR}{}", fold(text)), value.open);
            let (written, short) = (mark(&value.text), mark(&canonical(&value.text)));
            Some(if written == short {
                format!("marks : {written}")
            } else {
                format!("marks : ({written} OR {short})")
            })
        }
        _ => None,
    }
}

/// The name of the execution that a text is the ARN of.
fn name_of(text: &str) -> Option<&str> {
    let (_, of) = text.strip_prefix("arn:")?.split_once(":execution:")?;
    of.split_once(':').map(|(_, name)| name)
}

/// Words one after the other, the last one perhaps only begun.
fn phrase(text: &str, open: bool) -> String {
    let quoted: String = text.chars().filter(|letter| *letter != '\0').collect::<String>().replace('"', "\"\"");
    format!("\"{quoted}\"{}", if open { " *" } else { "" })
}

impl SqliteIndex {
    /// How the list is best read.
    pub(super) async fn plan(&self, filter: &Filter) -> Result<Plan, StoreError> {
        let few = self.are_few(filter).await?;
        let first = |first| Ok(Plan { first, few });
        if filter.parent_arn.is_some() || !filter.map_runs.is_empty() {
            return first(First::Plain);
        }
        if let Some(expression) = expression(filter) {
            let mut query = QueryBuilder::new("SELECT COUNT(*) FROM (SELECT 1 FROM texts WHERE texts MATCH ");
            query.push_bind(expression);
            within(&mut query, "rowid", filter);
            query.push(" LIMIT ").push_bind(FEW + 1).push(")");
            let matches: i64 = query.build_query_scalar().fetch_one(&self.reader).await?;
            if matches <= FEW || is_bare(filter) {
                return first(First::Texts);
            }
        }
        let is_indexed = |term: &Term| matches!(term, Term::Status(_));
        first(if filter.terms.iter().all(is_indexed) { First::Plain } else { First::Walk })
    }

    /// Whether there are few numbers between all bounds of the filter.
    async fn are_few(&self, filter: &Filter) -> Result<bool, StoreError> {
        for term in &filter.terms {
            let Term::Number { path, bounds } = term else { continue };
            let mut query = QueryBuilder::new("SELECT COUNT(*) FROM (SELECT 1 FROM numbers WHERE leaf = ");
            query.push_bind(path.last().map(|key| fold(key)).unwrap_or_default());
            push_bounds(&mut query, "value", bounds);
            query.push(" LIMIT ").push_bind(FEW + 1).push(")");
            let numbers: i64 = query.build_query_scalar().fetch_one(&self.reader).await?;
            if numbers > FEW {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether nothing but the contents and the time is asked for: then every match is shown.
fn is_bare(filter: &Filter) -> bool {
    filter.machine_arn.is_none()
        && filter.shown.is_none()
        && filter.terms.iter().all(|term| matches!(term, Term::Words { .. } | Term::Value { .. } | Term::Started(_)))
}

/// Adds `FROM` and `WHERE` of the executions that `filter` lets through.
pub fn push_from(query: &mut QueryBuilder<Sqlite>, connection: &ConnectionId, filter: &Filter, plan: Plan) {
    let expression = expression(filter);
    query.push(match plan.first {
        First::Plain => " FROM executions WHERE TRUE",
        First::Walk => " FROM executions INDEXED BY executions_walk WHERE TRUE",
        First::Texts => " FROM texts CROSS JOIN executions ON executions.id = texts.rowid WHERE texts MATCH ",
    });
    if plan.first == First::Texts {
        query.push_bind(expression.unwrap_or_default());
        within(query, "texts.rowid", filter);
    } else {
        if let Some(expression) = expression {
            query.push(" AND +executions.id IN (SELECT rowid FROM texts WHERE texts MATCH ").push_bind(expression);
            within(query, "rowid", filter);
            query.push(")");
        }
        within(query, "executions.id", filter);
    }
    push_owner(query, connection, filter, plan.first);
    push_kinds(query, "executions", filter);
    filter.terms.iter().for_each(|term| push_term(query, connection, term, plan.few));
}

/// Whether a term is about what the starts are counted by: the machine, the status and the time.
pub const fn is_counted(term: &Term) -> bool {
    matches!(term, Term::Status(_) | Term::Running | Term::Workflow(_) | Term::Started(_))
}

/// Adds the conditions of the filter on what the starts are counted by, but for the time: where all terms are such.
pub fn push_counted(query: &mut QueryBuilder<Sqlite>, connection: &ConnectionId, filter: &Filter) {
    query.push(
        " AND begins.machine IN (SELECT id FROM machines WHERE connection = (SELECT id FROM connections WHERE name = ",
    );
    query.push_bind(connection.as_str().to_owned()).push(")");
    if let Some(machine) = &filter.machine_arn {
        query.push(" AND arn = ").push_bind(machine.clone());
    }
    query.push(")");
    push_kinds(query, "begins", filter);
    for term in &filter.terms {
        push_kind(query, "begins", connection, term);
    }
}

/// The machines that somebody sees, and the status.
fn push_kinds(query: &mut QueryBuilder<Sqlite>, of: &'static str, filter: &Filter) {
    if let Some(seen) = filter.sight.json() {
        query.push(" AND ").push(of);
        query.push(".machine IN (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(");
        query.push_bind(seen.to_owned()).push(")))");
    }
    if let Some(shown) = filter.shown {
        query.push(" AND ").push(of).push(".shown = ").push_bind(shown_number(shown));
    }
}

/// A term about the machine or the status.
fn push_kind(query: &mut QueryBuilder<Sqlite>, of: &'static str, connection: &ConnectionId, term: &Term) {
    match term {
        Term::Status(shown) => {
            query.push(" AND ").push(of).push(".shown = ").push_bind(shown_number(*shown));
        }
        Term::Running => {
            query.push(" AND ").push(of).push(".shown IN (").push_bind(shown_number(Shown::Waiting)).push(", ");
            query.push_bind(shown_number(Shown::Status(ExecutionStatus::Running))).push(")");
        }
        Term::Workflow(name) => {
            query.push(" AND ").push(of).push(".machine IN (SELECT id FROM machines");
            query.push(" WHERE connection = (SELECT id FROM connections WHERE name = ");
            query.push_bind(connection.as_str().to_owned()).push(") AND ");
            push_like(query, "machines.name", &whole_or_begun(name));
            query.push(")");
        }
        _ => {}
    }
}

/// Whose executions they are.
fn push_owner(query: &mut QueryBuilder<Sqlite>, connection: &ConnectionId, filter: &Filter, first: First) {
    let of = "(SELECT id FROM connections WHERE name = ";
    if let Some(parent) = &filter.parent_arn {
        query.push(" AND executions.parent = (SELECT id FROM executions WHERE connection = ").push(of);
        query.push_bind(connection.as_str().to_owned()).push(") AND arn = ").push_bind(parent.clone()).push(")");
    } else if filter.map_runs.is_empty() {
        query.push(" AND executions.parent IS NULL");
    }
    if !filter.map_runs.is_empty() {
        query.push(" AND executions.list IN (SELECT lists.id FROM lists JOIN machines ON machines.id = lists.machine");
        query.push(" WHERE machines.connection = ").push(of).push_bind(connection.as_str().to_owned());
        query.push(") AND lists.map_run IN (SELECT value FROM json_each(");
        query.push_bind(json!(filter.map_runs).to_string()).push(")))");
    }
    if let Some(machine) = &filter.machine_arn {
        query.push(" AND executions.machine = (SELECT id FROM machines WHERE connection = ").push(of);
        query.push_bind(connection.as_str().to_owned()).push(") AND arn = ").push_bind(machine.clone()).push(")");
    }
    // The indexes of a machine, of a parent and of a Map Run are found by these alone; the one that a walk follows is not.
    let is_owned = filter.parent_arn.is_some() || !filter.map_runs.is_empty();
    if !is_owned && (filter.machine_arn.is_none() || !filter.terms.is_empty() || first == First::Walk) {
        query.push(" AND executions.connection = ").push(of).push_bind(connection.as_str().to_owned()).push(")");
    }
}

/// Keeps the ids of the filter's time.
fn within(query: &mut QueryBuilder<Sqlite>, id: &'static str, filter: &Filter) {
    if let Some(from) = filter.from {
        query.push(" AND ").push(id).push(" >= ").push_bind(first_id(from));
    }
    if let Some(until) = filter.until {
        query.push(" AND ").push(id).push(" < ").push_bind(first_id(until));
    }
}

fn push_term(query: &mut QueryBuilder<Sqlite>, connection: &ConnectionId, term: &Term, few: bool) {
    match term {
        Term::Words { .. } | Term::Value { .. } => {}
        Term::Number { path, bounds } => push_number(query, path, bounds, few),
        Term::Status(_) | Term::Running | Term::Workflow(_) => push_kind(query, "executions", connection, term),
        Term::Version(version) => {
            query.push(" AND executions.version = ").push_bind(version.clone());
        }
        Term::Alias(alias) => {
            query.push(" AND executions.alias = ").push_bind(alias.clone());
        }
        Term::Name(name) => {
            query.push(" AND ");
            let before = if name.open { "" } else { "%" };
            push_like(query, "executions.name", &format!("{before}{}%", escaped(&name.text)));
        }
        Term::Error(error) => {
            query.push(" AND ");
            push_like(query, "executions.error", &whole_or_begun(error));
        }
        Term::Duration(bounds) => push_bounds(query, "(executions.ended_at - executions.started_at)", bounds),
        Term::Ended(bounds) => push_bounds(query, "executions.ended_at", bounds),
        Term::Started(bounds) => {
            let ids = |at: i64, within: bool| first_id(if within { at } else { at.saturating_add(1) });
            if let Some(from) = bounds.from {
                query.push(" AND executions.id >= ").push_bind(ids(from.at, from.within));
            }
            if let Some(to) = bounds.to {
                query.push(" AND executions.id < ").push_bind(ids(to.at, !to.within));
            }
        }
    }
}

/// Few numbers are looked up together; among many, each execution looks for its own.
fn push_number(query: &mut QueryBuilder<Sqlite>, path: &[String], bounds: &Bounds<f64>, few: bool) {
    let folded: Vec<String> = path.iter().map(|key| fold(key)).collect();
    query.push(if few {
        " AND +executions.id IN (SELECT execution FROM numbers WHERE leaf = "
    } else {
        " AND EXISTS (SELECT 1 FROM numbers INDEXED BY numbers_of_execution WHERE execution = executions.id AND leaf = "
    });
    query.push_bind(folded.last().cloned().unwrap_or_default());
    push_bounds(query, "value", bounds);
    if folded.len() > 1 {
        let path = folded[folded.len().saturating_sub(3)..].join(".");
        query.push(" AND (path = ").push_bind(path.clone()).push(" OR ");
        push_like(query, "path", &format!("%.{}", escaped(&path)));
        query.push(")");
    }
    query.push(")");
}

fn push_bounds<T>(query: &mut QueryBuilder<Sqlite>, value: &'static str, bounds: &Bounds<T>)
where
    T: Copy + Send + sqlx::Encode<'static, Sqlite> + sqlx::Type<Sqlite> + 'static,
{
    if let Some(from) = bounds.from {
        query.push(" AND ").push(value).push(if from.within { " >= " } else { " > " }).push_bind(from.at);
    }
    if let Some(to) = bounds.to {
        query.push(" AND ").push(value).push(if to.within { " <= " } else { " < " }).push_bind(to.at);
    }
}

/// `LIKE` knows capitals of ASCII alone; of other letters both cases are different.
fn push_like(query: &mut QueryBuilder<Sqlite>, column: &'static str, pattern: &str) {
    query.push(column).push(" LIKE ").push_bind(pattern.to_owned()).push(" ESCAPE '\\'");
}

fn whole_or_begun(pattern: &Pattern) -> String {
    format!("{}{}", escaped(&pattern.text), if pattern.open { "%" } else { "" })
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The time that an id stands for, in milliseconds.
pub const fn started_of(id: i64) -> i64 {
    id >> PLACES
}

/// How many rows a query counts, which has one column.
pub fn count_of(row: &sqlx::sqlite::SqliteRow) -> Result<u64, StoreError> {
    // A count is never negative.
    Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0))
}
