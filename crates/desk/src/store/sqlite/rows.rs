//! Rows as typed values. What cannot be read is an error that names the row.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::store::{Act, Decision, Deed, DeliveryRecord, Entry, NewDecision, Recorded, StoreError};

/// A query of decisions with their deliveries; the rest of it follows.
macro_rules! select_decisions {
    ($rest:literal) => {
        concat!(
            "SELECT decisions.id AS decision_id, decisions.execution_arn, decisions.event, decisions.workflow, ",
            "decisions.state, decisions.title, decisions.approved, decisions.person_id, decisions.person_name, ",
            "decisions.comment, decisions.decided_at, decisions.answer, deliveries.state AS delivery, ",
            "deliveries.attempts, deliveries.trouble, deliveries.delivered_at, deliveries.late ",
            $rest
        )
    };
}
pub(super) use select_decisions;

/// The word for a deed.
pub const fn deed_word(deed: Deed) -> &'static str {
    match deed {
        Deed::Started => "started",
        Deed::Stopped => "stopped",
        Deed::Redriven => "redriven",
        Deed::Deployed => "deployed",
        Deed::ActedAs => "acted-as",
    }
}

/// The word for a decision's deed.
pub const fn decision_word(approved: bool) -> &'static str {
    if approved { "approved" } else { "rejected" }
}

fn deed(word: &str) -> Option<Deed> {
    let deeds = [Deed::Started, Deed::Stopped, Deed::Redriven, Deed::Deployed, Deed::ActedAs];
    deeds.into_iter().find(|deed| deed_word(*deed) == word)
}

/// A value as JSON.
pub fn as_json(what: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unstorable { what, why: error.to_string() })
}

/// Reads the parts of one row.
struct Reader {
    table: &'static str,
    row: i64,
}

impl Reader {
    fn unreadable(&self, column: &'static str, why: impl Display) -> StoreError {
        StoreError::Unreadable { table: self.table, row: self.row, column, why: why.to_string() }
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|error| self.unreadable(column, error))
    }

    fn number<T: TryFrom<i64, Error: Display>>(&self, column: &'static str, row: &SqliteRow) -> Result<T, StoreError> {
        T::try_from(row.try_get(column)?).map_err(|error| self.unreadable(column, error))
    }

    fn delivery(&self, row: &SqliteRow) -> Result<DeliveryRecord, StoreError> {
        match row.try_get("delivery")? {
            "pending" => Ok(DeliveryRecord::Pending),
            "delivered" => Ok(DeliveryRecord::Delivered { at: row.try_get("delivered_at")? }),
            "late" => Ok(DeliveryRecord::Late { by: self.json("late", row.try_get("late")?)? }),
            other => Err(self.unreadable("state", format_args!("{other:?} is no state of a delivery"))),
        }
    }
}

/// A row of [`select_decisions`].
pub fn decision(row: &SqliteRow) -> Result<Decision, StoreError> {
    let id = row.try_get("decision_id")?;
    let (decisions, deliveries) = (Reader { table: "decisions", row: id }, Reader { table: "deliveries", row: id });
    let trouble: Option<&str> = row.try_get("trouble")?;
    Ok(Decision {
        id,
        decision: NewDecision {
            execution_arn: row.try_get("execution_arn")?,
            event: decisions.number("event", row)?,
            workflow: row.try_get("workflow")?,
            state: row.try_get("state")?,
            title: row.try_get("title")?,
            approved: row.try_get("approved")?,
            person_id: row.try_get("person_id")?,
            person_name: row.try_get("person_name")?,
            comment: row.try_get("comment")?,
            decided_at: row.try_get("decided_at")?,
        },
        answer: row.try_get("answer")?,
        delivery: deliveries.delivery(row)?,
        attempts: deliveries.number("attempts", row)?,
        trouble: trouble.map(|text| deliveries.json("trouble", text)).transpose()?,
    })
}

/// A row of an act, and of its decision where it is one.
pub fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    let id = row.try_get("act_id")?;
    if row.try_get::<Option<i64>, _>("act_decision")?.is_some() {
        return Ok(Entry { id, what: Recorded::Decision(Box::new(decision(row)?)) });
    }
    let word: &str = row.try_get("act_deed")?;
    let unknown = || Reader { table: "acts", row: id }.unreadable("deed", format_args!("{word:?} is no deed"));
    let act = Act {
        deed: deed(word).ok_or_else(unknown)?,
        workflow: row.try_get("act_workflow")?,
        execution_arn: row.try_get("act_execution")?,
        detail: row.try_get("act_detail")?,
        person_id: row.try_get("act_person_id")?,
        person_name: row.try_get("act_person_name")?,
        at: row.try_get("act_at")?,
    };
    Ok(Entry { id, what: Recorded::Act(act) })
}
