//! One file a route.

mod audit;
mod deploy;
mod execution;
mod executions;
mod inbox;
mod not_found;
mod overview;
mod workflow;
mod workflows;

pub use audit::AuditPage;
pub use deploy::DeployPage;
pub use execution::ExecutionPage;
pub use executions::ExecutionsPage;
pub use inbox::InboxPage;
pub use not_found::NotFound;
pub use overview::OverviewPage;
pub use workflow::WorkflowPage;
pub use workflows::WorkflowsPage;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// A part of the path by its name, as it was before it became one; empty where the route has none.
fn param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| crate::routes::name_of(&params.with(|params| params.get(name)).unwrap_or_default()).to_owned())
}

/// A part of the query by its name.
fn query(name: &'static str) -> Memo<Option<String>> {
    let queries = use_query_map();
    Memo::new(move |_| queries.with(|queries| queries.get(name)).filter(|value| !value.is_empty()))
}
