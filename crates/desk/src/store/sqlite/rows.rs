//! Rows as typed values. What cannot be read is an error that names the row.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::approvals::answer::EMPTY;
use crate::approvals::outcomes::{APPROVE, Chosen, REJECT, Tone};
use crate::store::{Act, Bound, Decision, Deed, DeliveryRecord, Entry, NewDecision, Recorded, StoreError};

/// A query of decisions with their deliveries; the rest of it follows.
macro_rules! select_decisions {
    ($rest:literal) => {
        concat!(
            "SELECT decisions.id AS decision_id, decisions.execution_arn, decisions.event, decisions.workflow, ",
            "decisions.state, decisions.title, decisions.approved, decisions.person_id, decisions.person_name, ",
            "decisions.comment, decisions.decided_at, decisions.answer, decisions.outcome, decisions.label, ",
            "decisions.done, decisions.tone, decisions.form, decisions.shown, decisions.rule, decisions.seen_at, ",
            "decisions.stands_for, decisions.stands_for_name, decisions.broke_glass, deliveries.state AS delivery, ",
            "deliveries.attempts, deliveries.trouble, deliveries.delivered_at, deliveries.late ",
            $rest
        )
    };
}
pub(super) use select_decisions;

/// The word for a decision's deed.
pub fn decision_word(outcome: &Chosen) -> &'static str {
    match outcome.id.as_str() {
        APPROVE => "approved",
        REJECT => "rejected",
        _ => "decided",
    }
}

/// The word for a tone.
pub const fn tone_word(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Neutral => "neutral",
    }
}

fn deed(word: &str) -> Option<Deed> {
    Deed::ALL.into_iter().find(|deed| deed.word() == word)
}

/// The tone of a word in a row.
pub fn tone_of(table: &'static str, row: i64, word: &str) -> Result<Tone, StoreError> {
    let tone = [Tone::Good, Tone::Bad, Tone::Neutral].into_iter().find(|tone| tone_word(*tone) == word);
    tone.ok_or_else(|| Reader { table, row }.unreadable("tone", format_args!("{word:?} is no tone")))
}

/// The groups of a vote.
pub fn vote_groups(row: i64, text: &str) -> Result<Vec<String>, StoreError> {
    Reader { table: "votes", row }.json("person_groups", text)
}

/// The groups of a user.
pub fn user_groups(row: i64, text: &str) -> Result<Vec<String>, StoreError> {
    Reader { table: "users", row }.json("groups", text)
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

    /// The outcome of a decision; before there were others, it was what `approved` says.
    fn outcome(&self, row: &SqliteRow) -> Result<Chosen, StoreError> {
        let Some(id) = row.try_get::<Option<String>, _>("outcome")? else {
            let approved: bool = row.try_get("approved")?;
            return Ok(if approved { Chosen::approve() } else { Chosen::reject() });
        };
        let tone = tone_of(self.table, self.row, row.try_get("tone")?)?;
        Ok(Chosen { id, label: row.try_get("label")?, done: row.try_get("done")?, tone })
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

/// What a decision or a vote binds.
pub fn bound(row: &SqliteRow) -> Result<Bound, sqlx::Error> {
    let stands_for: Option<String> = row.try_get("stands_for")?;
    let name: Option<String> = row.try_get("stands_for_name")?;
    Ok(Bound {
        shown: row.try_get("shown")?,
        rule: row.try_get("rule")?,
        seen_at: row.try_get("seen_at")?,
        stands_for: stands_for.zip(name),
        broke_glass: row.try_get::<Option<bool>, _>("broke_glass")?.unwrap_or(false),
    })
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
            outcome: decisions.outcome(row)?,
            form: row.try_get::<Option<String>, _>("form")?.unwrap_or_else(|| EMPTY.to_owned()),
            person_id: row.try_get("person_id")?,
            person_name: row.try_get("person_name")?,
            comment: row.try_get("comment")?,
            decided_at: row.try_get("decided_at")?,
            bound: bound(row)?,
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
        event: row
            .try_get::<Option<i64>, _>("act_event")?
            .map(|event| {
                u64::try_from(event).map_err(|error| Reader { table: "acts", row: id }.unreadable("event", error))
            })
            .transpose()?,
        detail: row.try_get("act_detail")?,
        person_id: row.try_get("act_person_id")?,
        person_name: row.try_get("act_person_name")?,
        at: row.try_get("act_at")?,
    };
    Ok(Entry { id, what: Recorded::Act(act) })
}
