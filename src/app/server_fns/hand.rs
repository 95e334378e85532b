//! What is done about a request besides deciding it.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Does something about a request, and goes to its page. `act` says what: `claim`, `release`, `take-back`, `send-now`,
/// `reassign` (with `to`, names with commas between them, and `reason`), or `break-glass` (with `decision`, the fields of its
/// form, `shown`, and `reason`).
#[server(prefix = "/api", endpoint = "hand")]
pub async fn hand(connection: String, arn: String, event: u64, act: String) -> Result<(), AppError> {
    use crate::server::acting;

    let (desk, actor) = crate::server::context(&connection)?;
    let routes = crate::routes::of(&connection);
    let page = routes.approval(&arn, event);
    let wanted = acting::hand_of(&act, &crate::server::fields())?;
    // What a form of a page of its own asks for is told there, where it is refused.
    let own = matches!(wanted, acting::Hand::Reassign { .. } | acting::Hand::BreakGlass(_));
    crate::server::leads_to(&if own { routes.hands(&arn, event) } else { page.clone() });
    let late = acting::late(&wanted);
    let ended = acting::hand(&desk, &actor, (&arn, event), wanted).await?;
    crate::server::leads_to(&page);
    if let Some(by) = ended {
        crate::server::tells(Told::Late { late, request: (arn, event), by });
    }
    Ok(())
}
