//! What people did: every decision, and what was started, stopped and deployed.

use leptos::prelude::*;

use super::query;
use crate::app::components::{PageHead, decision_item};
use crate::app::here::here;
use crate::app::live::Live;
use crate::app::ui::{Empty, Memo, Row, Seen, When, dynamic, either, list, loaded, page_data, shown};
use crate::wire::audit::{ActRow, Audit as Data, AuditRow};
use crate::wire::{Ask, Topic};

/// The record, newest first, page by page.
#[component]
pub fn AuditPage() -> impl IntoView {
    let live = Live::of_page();
    let before = query("before");
    // No entry has a number below 1: an address that is none leads to no entry, and not to the newest.
    let cursor = move || before.get().map(|text| text.parse::<i64>().unwrap_or(0));
    let (kind, text) = (query("kind"), query("q"));
    let data = page_data(move || {
        let ask = Ask::Audit { before: cursor(), kind: kind.get(), q: text.get() };
        (ask, live.changes([Topic::Inbox]))
    });
    view! {
        <div class="page">
            <PageHead title="Audit"/>
            <p class="lead">"Every decision, recorded before it was sent, and every start, stop and deployment, with the person."</p>
            {dynamic(move || filter(kind.get(), text.get()))}
            {loaded(data, move |data| record(data, Seeking { before, kind, text }))}
        </div>
    }
    .into_any()
}

/// What the address asks for.
#[derive(Clone, Copy)]
struct Seeking {
    before: Memo<Option<String>>,
    kind: Memo<Option<String>>,
    text: Memo<Option<String>>,
}

/// The kinds of entries: the words of addresses, and those of people.
const KINDS: [(&str, &str); 8] = [
    ("", "What people did"),
    ("decisions", "Decisions"),
    ("executions", "Executions"),
    ("deployments", "Deployments"),
    ("people", "Sign-ins and people"),
    ("refusals", "Refusals"),
    ("traces", "Seen and delivered"),
    ("everything", "Everything"),
];

/// What of the record is shown, and the same as a file.
fn filter(kind: Option<String>, text: Option<String>) -> AnyView {
    let (kind, text) = (kind.unwrap_or_default(), text.unwrap_or_default());
    let option = |(value, word): (&'static str, &'static str)| {
        view! { <option value=value selected={value == kind}>{word}</option> }.into_any()
    };
    let file = |ending| {
        here().audit_file(
            ending,
            Some(kind.as_str()).filter(|kind| !kind.is_empty()),
            Some(text.as_str()).filter(|text| !text.is_empty()),
        )
    };
    let (csv, lines) = (file("csv"), file("jsonl"));
    view! {
        <form method="get" class="audit-filter">
            <label>"Show "<select name="kind">{KINDS.into_iter().map(option).collect_view()}</select></label>
            <label>"with the text "<input type="search" name="q" value=text.clone() maxlength="200"/></label>
            <button class="button">"Search"</button>
            <span class="audit-files">"Download: "<a href=csv download="">"CSV"</a>" "<a href=lines download="">"JSON Lines"</a></span>
        </form>
    }
    .into_any()
}

fn record(data: Seen<Data>, seeking: Seeking) -> AnyView {
    let before = seeking.before;
    let now = data.with_untracked(|data| data.now);
    let rows = move || {
        let one = |row: AuditRow| match row {
            AuditRow::Decision(decision) => decision_item(decision, now),
            AuditRow::Act(act) => Row::new(act.entry.to_string(), move || act_item(act, now)),
        };
        data.with(|data| data.rows.clone()).into_iter().map(one).collect()
    };
    let shown = move || view! { <ul class="decisions">{list(rows)}</ul> }.into_any();
    let nothing = move || {
        if before.with(Option::is_some) {
            return view! { <Empty title="No older entries">"This is the end of the record."</Empty> }.into_any();
        }
        if seeking.kind.with(Option::is_some) || seeking.text.with(Option::is_some) {
            return view! { <Empty title="Nothing found"><a href=here().audit()>"Show what people did"</a></Empty> }
                .into_any();
        }
        view! {
            <Empty title="Nothing on record yet">
                "Approve or reject a request in the "<a href=here().inbox()>"inbox"</a>", or start a workflow, and it is on record here."
            </Empty>
        }
        .into_any()
    };
    view! {
        {either(move || data.with(|data| !data.rows.is_empty()), shown, nothing)}
        {dynamic(move || pages(seeking, data.with(|data| data.older)))}
    }
    .into_any()
}

/// The ways to the newest entries and to the older ones; nothing where one page holds the whole record.
fn pages(seeking: Seeking, older: Option<i64>) -> Option<AnyView> {
    let is_older = seeking.before.with(Option::is_some);
    let (kind, text) = (seeking.kind.get(), seeking.text.get());
    let to = |before| here().audit_of(kind.as_deref(), text.as_deref(), before);
    let newest = is_older.then(|| view! { <a class="button" href=to(None)>"Newest entries"</a> });
    let rest = older.map(|entry| view! { <a class="button" href=to(Some(entry))>"Older entries"</a> });
    (is_older || older.is_some())
        .then(|| view! { <nav class="turn-page" aria-label="Pages">{newest}{rest}</nav> }.into_any())
}

fn act_item(act: ActRow, now: i64) -> AnyView {
    let workflow = act.workflow.map(|name| view! { <a href=here().workflow(&name)>{shown(&name)}</a>" " });
    let execution = act.execution_arn.map(|arn| {
        let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
        view! { <a class="mono" href=here().execution(&arn)>{shown(name)}</a>" " }
    });
    view! {
        <li class="decision">
            <span class="status">{act.what}</span>
            <div class="decision-main">{workflow}{execution}<span>{shown(act.detail)}</span></div>
            <div class="decision-side"><span>{shown(act.person)}" · "<When at=act.at now/></span></div>
        </li>
    }
    .into_any()
}
