//! What people did: every decision, and what was started, stopped and deployed.

use leptos::prelude::*;

use crate::app::components::{PageHead, decision_item};
use crate::app::live::{Live, Topic};
use crate::app::ui::{Ago, Empty, Row, Seen, either, list, loaded, page_data, shown};
use crate::routes;
use crate::wire::Ask;
use crate::wire::audit::{ActRow, Audit as Data, AuditRow};

/// The record, newest first.
#[component]
pub fn AuditPage() -> impl IntoView {
    let live = Live::of_page();
    let data = page_data(move || (Ask::Audit, live.changes([Topic::Inbox])));
    view! {
        <div class="page">
            <PageHead title="Audit"/>
            <p class="lead">"Every decision, as it was recorded before it was sent, and who started, stopped and deployed what."</p>
            {loaded(data, record)}
        </div>
    }
    .into_any()
}

fn record(data: Seen<Data>) -> AnyView {
    let now = data.with_untracked(|data| data.now);
    let rows = move || {
        let one = |row: AuditRow| match row {
            AuditRow::Decision(decision) => decision_item(decision, now),
            AuditRow::Act(act) => {
                let key = format!("{} {} {:?} {:?}", act.at, act.what, act.workflow, act.execution_arn);
                Row::new(key, move || act_item(act, now))
            }
        };
        data.with(|data| data.rows.clone()).into_iter().map(one).collect()
    };
    let shown = move || view! { <ul class="decisions">{list(rows)}</ul> }.into_any();
    let nothing = || {
        view! {
            <Empty title="Nothing on record yet">
                "Approve or reject a request in the "<a href=routes::INBOX>"inbox"</a>", or start a workflow, and it is on record here."
            </Empty>
        }
        .into_any()
    };
    either(move || data.with(|data| !data.rows.is_empty()), shown, nothing)
}

fn act_item(act: ActRow, now: i64) -> AnyView {
    let workflow = act.workflow.map(|name| view! { <a href=routes::workflow(&name)>{shown(&name)}</a>" " });
    let execution = act.execution_arn.map(|arn| {
        let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
        view! { <a class="mono" href=routes::execution(&arn)>{shown(name)}</a>" " }
    });
    view! {
        <li class="decision">
            <span class="status">{act.what}</span>
            <div class="decision-main">{workflow}{execution}<span>{shown(act.detail)}</span></div>
            <div class="decision-side"><span>{shown(act.person)}" · "<Ago at=act.at now/></span></div>
        </li>
    }
    .into_any()
}
