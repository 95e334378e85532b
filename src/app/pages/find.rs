//! Search: what fits a few letters. `/palette.js` shows the same list in a dialog.

use leptos::prelude::*;

use super::query;
use crate::app::components::{PageHead, StatusWord};
use crate::app::here::here;
use crate::app::ui::{Empty, Seen, dynamic, loaded, page_data, shown};
use crate::routes::SEARCH;
use crate::wire::Ask;
use crate::wire::find::{Find, Hit};

/// The search for what the address says.
#[component]
pub fn FindPage() -> impl IntoView {
    let (typed, execution, typing) = (query("q"), query("execution"), query("typing"));
    let found =
        page_data(move || (Ask::Find { typed: typed.get(), execution: execution.get(), typing: typing.get() }, 0));
    view! {
        <div class="page">
            <PageHead title="Search"/>
            <form class="find" role="search" method="get" action=here().page(SEARCH)>
                <label class="field">
                    <span>"Workflow, execution, request, action or ARN"</span>
                    <input type="search" name="q" value=typed.get_untracked() prop:value=move || typed.get() autocomplete="off" spellcheck="false"/>
                </label>
                <button class="button button-main" type="submit">"Search"</button>
            </form>
            {loaded(found, results)}
        </div>
    }
    .into_any()
}

fn results(data: Seen<Find>) -> AnyView {
    dynamic(move || {
        let found = data.with(Find::clone);
        if found.hits.is_empty() {
            return view! {
                <Empty title="Nothing fits">"Type a part of a workflow's, an execution's or a request's name, an action such as \"start\", or a whole ARN."</Empty>
            }
            .into_any();
        }
        let more = found.more.into_iter().map(|more| view! { <li class="quiet">{more}</li> }).collect_view();
        view! {
            <ul class="found" id="found">{found.hits.into_iter().map(hit).collect_view()}</ul>
            <ul class="found-more" id="found-more">{more}</ul>
        }
        .into_any()
    })
}

fn hit(hit: Hit) -> AnyView {
    let detail = (!hit.detail.is_empty()).then(|| view! { <span class="hit-detail">{shown(hit.detail)}</span> });
    view! {
        <li>
            <a class="hit" href=hit.href>
                <span class="hit-kind">{hit.kind.word()}</span>
                <span class="hit-title">{shown(hit.title)}</span>
                {detail}
                {hit.status.map(|status| view! { <StatusWord status/> })}
            </a>
        </li>
    }
    .into_any()
}
