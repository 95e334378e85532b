//! One file a route: the module SUBJECT has the component `SubjectPage`.

pub mod audit;
pub mod bulk;
pub mod connection;
pub mod deploy;
pub mod execution;
pub mod executions;
pub mod find;
pub mod inbox;
pub mod not_found;
pub mod overview;
pub mod workflow;
pub mod workflows;

use leptos::prelude::*;

use crate::app::ui::Memo;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::routes::View;

/// A part of the path by its name, as it was before it became one; empty where the route has none.
fn param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| crate::routes::name_of(&params.with(|params| params.get(name)).unwrap_or_default()).to_owned())
}

/// All that the address of an execution's page says of what it shows.
#[must_use]
pub fn view() -> Memo<View> {
    let queries = use_query_map();
    Memo::new(move |_| queries.with(|queries| View::read(|key| queries.get(key))))
}

/// A part of the query by its name.
#[must_use]
pub fn query(name: &'static str) -> Memo<Option<String>> {
    let queries = use_query_map();
    Memo::new(move |_| queries.with(|queries| queries.get(name)).filter(|value| !value.is_empty()))
}
