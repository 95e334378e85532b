//! Acting on many executions at once, and deciding many requests: the exact list first, then what comes of each.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::param;
use crate::app::components::PageHead;
use crate::app::here::{WHY, is_read_only, refuse, why_disabled};
use crate::app::live::Live;
use crate::app::server_fns::RunBulk;
use crate::app::ui::{
    Ago, FormProblem, Memo, Post, PostForm, Row, Seen, When, dynamic, list, loaded, page_data, shown,
};
use crate::wire::bulk::{Bulk, BulkRow};
use crate::wire::{Ask, Topic};

/// One list, as it was chosen.
#[component]
pub fn BulkPage() -> impl IntoView {
    let live = Live::of_page();
    let id = param("id");
    let bulk = page_data(move || (Ask::Bulk { id: id.get() }, live.changes([Topic::Inbox, Topic::Executions])));
    // Before the data is there: what came of a form is handed over once.
    let post = Post::to(RunBulk::PATH);
    view! { <div class="page">{loaded(bulk, move |data| page(data, post))}</div> }.into_any()
}

fn page(data: Seen<Bulk>, post: Post) -> AnyView {
    let (title, subject) = data.with_untracked(|data| (data.title.clone(), data.subject.clone()));
    let about = Memo::new(move |_| data.with(|data| Bulk { rows: Vec::new(), now: 0, ..data.clone() }));
    let now = data.with_untracked(|data| data.now);
    let rows = move || {
        let one = |row: BulkRow| Row::new(row.key, move || view! { <tr inner_html=row.html></tr> }.into_any());
        data.with(|data| data.rows.clone()).into_iter().map(one).collect()
    };
    view! {
        <PageHead title/>
        {dynamic(move || about.with(|about| head(post, about, now)))}
        <FormProblem post/>
        <table class="lines bulk-table">
            <thead>
                <tr>
                    <th scope="col">{subject}</th>
                    <th scope="col" class="col-workflow">"Workflow"</th>
                    <th scope="col" class="col-outcome">"Outcome"</th>
                </tr>
            </thead>
            <tbody>{list(rows)}</tbody>
        </table>
    }
    .into_any()
}

/// What stands above the list.
fn head(post: Post, bulk: &Bulk, now: i64) -> AnyView {
    refuse(bulk.refused.clone());
    let progress = bulk.progress.map(|(done, all)| {
        view! { <progress class="bulk-progress" max=all.to_string() value=done.to_string() aria-label="Progress"></progress> }
    });
    let form = bulk.button.clone().map(|(label, undoes)| {
        let class = if undoes { "button button-reject" } else { "button button-main" };
        let cannot = is_read_only() || !bulk.refused.acts.is_empty();
        let (id, hash, back) = (bulk.id.clone(), bulk.hash.clone(), bulk.back.clone());
        view! {
            <PostForm post>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="seen" value=hash/>
                <div class="bulk-actions">
                    <button class=class type="submit" disabled=move || cannot || post.pending() aria-describedby=cannot.then_some(WHY)>
                        {label}
                    </button>
                    <a class="button" href=back>"Back to the list"</a>
                </div>
            </PostForm>
            {why_disabled()}
        }
    });
    view! {
        <p role="status" class="bulk-state">
            <strong>{shown(&bulk.said)}</strong>
            {bulk.until.map(|until| view! { " "<Ago at=until now/>"." })}
            " "<span class="quiet">{shown(&bulk.person)}", "<When at=bulk.made_at now/></span>
        </p>
        {bulk.reason.as_ref().map(|reason| view! { <p>{shown(reason)}</p> })}
        {progress}
        {(!bulk.in_hand.is_empty()).then(|| view! { <div class="in-hand" inner_html=bulk.in_hand.clone()></div> })}
        {form}
    }
    .into_any()
}
