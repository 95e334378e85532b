//! A connection: what it reaches, what is wrong and what to do, and what its calls came to.

use leptos::prelude::*;

use crate::app::components::{PageHead, kind_word};
use crate::app::live::Live;
use crate::app::ui::{Ago, Empty, Memo, ProblemBox, Seen, Signal, copy, dynamic, loaded, page_data, shown, text};
use crate::wire::connection::{Connection, Operation};
use crate::wire::frame::ConnectionKind;
use crate::wire::{Ask, Topic};

/// The connection of this document.
#[component]
pub fn ConnectionPage() -> impl IntoView {
    let live = Live::of_page();
    let topics = [Topic::Frame, Topic::Inbox, Topic::Executions, Topic::Workflows, Topic::Health];
    let data = page_data(move || (Ask::Connection, live.changes(topics.clone())));
    view! { <div class="page">{loaded(data, page)}</div> }.into_any()
}

fn page(data: Seen<Connection>) -> AnyView {
    let first = data.get_untracked();
    let label = first.card.label.clone();
    let problems = Memo::new(move |_| data.with(|data| data.problems.clone()));
    let wrong = move || {
        let problems = problems.get();
        if problems.is_empty() {
            return view! { <p class="lead">"Nothing is wrong with this connection."</p> }.into_any();
        }
        problems.into_iter().map(|problem| view! { <ProblemBox problem/> }).collect_view().into_any()
    };
    view! {
        <PageHead title=format!("Connection {}", first.card.name) window=Signal::stored(format!("{label} · Countersign"))/>
        {dynamic(wrong)}
        <section class="panel">
            <h2>"What it reaches"</h2>
            {dynamic(move || data.with(facts))}
        </section>
        <section class="panel">
            <h2>"Calls"</h2>
            {dynamic(move || data.with(calls))}
            <p class="quiet">"Countersign uses half of each quota of AWS, because other programs share it. A call that the AWS SDK repeats counts once."</p>
        </section>
    }
    .into_any()
}

fn facts(data: &Connection) -> AnyView {
    let fact = |word: &'static str, value: Option<String>| {
        value.map(|value| {
            let what = || format!("the ARN of the {}", word.to_ascii_lowercase());
            let arn = value.starts_with("arn:").then(|| copy(&what(), value.clone()));
            view! { <dt>{word}</dt><dd class="mono">{shown(value)}{arn}</dd> }
        })
    };
    let age = match data.card.data_at {
        Some(at) => view! { <Ago at now=data.now/> }.into_any(),
        None => view! { "It has not answered yet." }.into_any(),
    };
    let (account, caller) = match data.caller.clone() {
        Some(Ok(caller)) => (caller.account, caller.arn),
        // The page says why above, or beside the operation.
        Some(Err(_)) => (None, Some("unknown".to_owned())),
        None => (None, None),
    };
    let acts = if data.card.read_only { "Read-only: nothing can be changed" } else { "Everything can be changed" };
    view! {
        <dl class="fields">
            <dt>"Name"</dt><dd>{shown(&data.card.label)}" ("{shown(&data.card.name)}")"</dd>
            <dt>"Kind"</dt><dd>{kind_word(data.card.kind)}</dd>
            {fact("Region", Some(data.card.region.clone()).filter(|region| !region.is_empty()))}
            {fact("Endpoint", Some(data.card.detail.clone()).filter(|_| data.card.kind != ConnectionKind::Aws))}
            {fact("Profile", data.profile.clone())}
            {fact("Role", data.role_arn.clone())}
            {fact("Account", account)}
            {fact("Caller", caller)}
            <dt>"Actions"</dt><dd>{acts}</dd>
            <dt>"Last read"</dt><dd>{age}</dd>
        </dl>
    }
    .into_any()
}

fn calls(data: &Connection) -> AnyView {
    if data.operations.is_empty() {
        return view! { <Empty title="No calls yet">"Each operation of Step Functions appears here once it has been called."</Empty> }
            .into_any();
    }
    let now = data.now;
    let rows = data.operations.iter().map(|one| row(one, now)).collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="group" aria-label="Calls of each operation">
            <table class="sheet">
                <thead><tr>
                    <th scope="col">"Operation"</th>
                    <th scope="col" class="calls-number">"Last minute"</th>
                    <th scope="col" class="calls-number">"Quota a minute"</th>
                    <th scope="col">"Succeeded"</th>
                    <th scope="col">"Failed"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(one: &Operation, now: i64) -> AnyView {
    let time = |at: Option<i64>| match at {
        Some(at) => view! { <Ago at now/> }.into_any(),
        None => view! { <span class="quiet">"never"</span> }.into_any(),
    };
    let quota = one.quota.map_or_else(|| "unknown".to_owned(), |quota| quota.to_string());
    let why = one.problem.clone().map(|problem| view! { <span class="call-problem">{shown(problem.what)}</span> });
    let count = one.last_minute.to_string();
    view! {
        <tr>
            <th scope="row" class="mono">{shown(&one.action)}</th>
            <td class="calls-number time">{text(move || count.clone())}</td>
            <td class="calls-number time">{quota}</td>
            <td>{time(one.succeeded_at)}</td>
            <td>{time(one.failed_at)}" "{why}</td>
        </tr>
    }
    .into_any()
}
