//! The input and output of an execution.

use countersign_desk::{Actor, Desk};

use super::value::{Source, value};
use super::{Answered, worded};
use crate::wire::payloads::Payloads;

/// What the execution `arn` was given and gave, as `actor` may see it.
///
/// # Errors
/// The execution cannot be read.
pub async fn payloads(desk: &Desk, actor: &Actor, arn: String) -> Answered<Payloads> {
    let (record, _) = desk.execution(actor, &arn).await.map_err(|error| worded(desk, &error))?;
    let eyes = desk.viewing(actor, &record).await;
    let about = &record.description;
    let shown = |text: Option<&str>, source: Source| {
        text.map(|text| value(desk.id().as_str(), &about.arn, eyes.text(text), &source))
    };
    Ok(Payloads {
        input: shown(about.input.as_deref(), Source::Input),
        output: shown(about.output.as_deref(), Source::Output),
    })
}
