//! Every decision that was taken.

use leptos::prelude::*;

use crate::app::components::{DecisionList, PageHead};
use crate::app::live::{Live, Topic};
use crate::app::ui::{Empty, Seen, either, loaded};
use crate::app::wire::{self, Ask};
use crate::dto::DecisionRow;
use crate::routes;

/// Decisions, newest first.
#[component]
pub fn AuditPage() -> impl IntoView {
    let live = Live::of_page();
    let decisions = wire::data(move || (Ask::Decisions, live.changes([Topic::Inbox])));
    view! {
        <div class="page">
            <PageHead title="Audit"/>
            <p class="lead">"Every decision, as it was recorded before it was sent."</p>
            {loaded(decisions, record)}
        </div>
    }
    .into_any()
}

fn record(data: Seen<Vec<DecisionRow>>) -> AnyView {
    // The record carries no time of its reading; the latest entry is close enough for the first drawing.
    let now = data.with_untracked(|rows| rows.iter().map(|row| row.decided_at).max().unwrap_or_default());
    let rows = Signal::derive(move || data.get());
    let shown = move || view! { <DecisionList rows now/> }.into_any();
    let nothing = || {
        view! {
            <Empty title="No decisions yet">
                "Approve or reject a request in the "<a href=routes::INBOX>"inbox"</a>", and it is on record here."
            </Empty>
        }
        .into_any()
    };
    either(move || rows.with(|rows| !rows.is_empty()), shown, nothing)
}
