//! Starting an execution.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Starts an execution of `workflow` and goes to its page; an Express execution has none, and the workflow's page says so.
///
/// `name` may be empty: a new one is made. `qualifier` is a version or an alias, or empty. Where `again` is an execution, `input` is what the form showed of its stored
/// input, edited or not. What cannot be started (an input that is not JSON, a name in use) leads back to the workflow's
/// page, which says why and holds what was typed. With `compare` nothing is started: the page says how the input differs
/// from the stored one.
#[server(prefix = "/api", endpoint = "start")]
pub async fn start_execution(
    connection: String,
    workflow: String,
    name: String,
    #[server(default)] input: String,
    #[server(default)] again: String,
    #[server(default)] qualifier: String,
    #[server(default)] compare: String,
) -> Result<(), AppError> {
    use countersign_desk::starting::{Order, Started};
    let (desk, actor) = crate::server::context(&connection)?;
    let form = if again.is_empty() {
        format!("{}#start", crate::routes::of(&connection).workflow(&workflow))
    } else {
        crate::routes::of(&connection).start_again(&workflow, &again)
    };
    crate::server::leads_to(&form);
    let again = (!again.is_empty()).then_some(again.as_str());
    if let Some(again) = again.filter(|_| !compare.is_empty()) {
        let lines = crate::server::acting::compare(&desk, &actor, &workflow, again, &input).await?;
        let typed = [("name", name), ("input", input)].map(|(field, text)| (field.to_owned(), text));
        crate::server::tells(Told::Compared { lines, typed: typed.to_vec() });
        return Ok(());
    }
    let order = Order { workflow: &workflow, qualifier: &qualifier, name: &name, input: &input, again };
    match crate::server::acting::start(&desk, &actor, order).await? {
        Started::Followed(arn) => crate::server::leads_to(&crate::routes::of(&connection).execution(&arn)),
        Started::Express(name) => crate::server::tells(Told::StartedExpress { name }),
    }
    Ok(())
}
