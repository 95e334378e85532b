//! The text of an execution's definition.

use countersign_desk::{Actor, Desk};
use countersign_json::pretty;

use super::{Answered, worded};
use crate::wire::definition::Definition;

/// The definition that the execution `arn` was started with, for `actor`.
///
/// # Errors
/// The execution cannot be read.
pub async fn definition(desk: &Desk, actor: &Actor, arn: String) -> Answered<Definition> {
    let (record, _) = desk.execution(actor, &arn).await.map_err(|error| worded(desk, &error))?;
    Ok(Definition { text: pretty(&record.definition.text) })
}
