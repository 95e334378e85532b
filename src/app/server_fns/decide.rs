//! Deciding an approval.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Records the decision, answers the task token, and goes to the approval's page, which shows the outcome.
///
/// Where the request had ended before, that page says what ended it. A refusal leads to the same page.
/// `decision` is the id of an outcome; `comment` is kept with the decision, at most 2,000 characters. The fields of its form
/// are named `field.NAME`, and `field.NAME[]` where several can be chosen. With `check`, nothing is decided: the page shows where the answer would lead. `shown` is the
/// hash of what the page showed.
#[server(prefix = "/api", endpoint = "decide")]
pub async fn decide(
    connection: String,
    arn: String,
    event: u64,
    decision: String,
    comment: String,
    check: Option<String>,
    shown: Option<String>,
) -> Result<(), AppError> {
    use countersign_desk::approvals::Choice;

    use crate::server::acting::{Answered, answer, typed};

    let (desk, actor) = crate::server::context(&connection)?;
    let page = crate::routes::of(&connection).approval(&arn, event);
    crate::server::leads_to(&page);
    let fields = crate::server::fields();
    let choice = Choice { outcome: decision, comment, typed: typed(&fields), shown };
    match answer(&desk, &actor, (&arn, event), &choice, check.is_some()).await? {
        Answered::Decided(outcome) => {
            if let Some(by) = crate::server::pages::inbox::earlier_end(&outcome) {
                let late = crate::server::words::late(&choice.outcome);
                crate::server::tells(Told::Late { late, request: (arn, event), by });
            }
        }
        Answered::Preview(preview) => {
            crate::server::tells(Told::Ahead { preview, request: (arn, event), typed: fields });
        }
    }
    Ok(())
}
