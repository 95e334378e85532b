//! Putting a sample into the form that starts an execution, where no scripts run.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Leads to the form of `workflow` with its sample number `sample`, and starts nothing.
///
/// An `input` that somebody typed there comes back, with the question whether the sample takes its place: `replaces` is the
/// sample's number then. What was typed as `name` stays in any case; `again` is the execution whose input the form holds.
#[server(prefix = "/api", endpoint = "sample")]
pub async fn put_sample(
    connection: String,
    workflow: String,
    #[server(default)] sample: Option<usize>,
    #[server(default)] replaces: Option<usize>,
    #[server(default)] name: String,
    #[server(default)] input: String,
    #[server(default)] again: String,
) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    let index = replaces.or(sample).unwrap_or(0);
    let keeps = replaces.is_none() && crate::server::acting::is_own_input(&desk, &actor, &workflow, &input)?;
    crate::server::leads_to(&if keeps && !again.is_empty() {
        crate::routes::of(&connection).start_again(&workflow, &again)
    } else {
        crate::routes::of(&connection).workflow_sample(&workflow, index)
    });
    let mut typed = vec![("name".to_owned(), name)];
    if keeps {
        typed.push(("input".to_owned(), input));
    }
    crate::server::tells(Told::Sample { index, typed });
    Ok(())
}
