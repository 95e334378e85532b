//! Acting on many executions at once: the exact list first, then what comes of each.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::param;
use crate::app::components::{Mark, PageHead, status::look};
use crate::app::here::{WHY, here, is_read_only, refuse, why_disabled};
use crate::app::live::Live;
use crate::app::server_fns::RunBulk;
use crate::app::ui::{FormProblem, Memo, Post, PostForm, Row, Seen, When, dynamic, list, loaded, page_data, shown};
use crate::wire::bulk::{Bulk, BulkLine, BulkRow};
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
    let (verb, now) = data.with_untracked(|data| (data.verb.clone(), data.now));
    let state = Memo::new(move |_| data.with(state));
    let rows = move || {
        let one = |row: BulkRow| Row::new(format!("{} {}", row.arn, row.outcome.is_some()), move || line(row));
        data.with(|data| data.rows.clone()).into_iter().map(one).collect()
    };
    view! {
        <PageHead title=format!("{verb}: {}", count_of(data.with_untracked(|data| data.rows.len())))/>
        {dynamic(move || state.with(|state| head(post, state, now)))}
        <FormProblem post/>
        <table class="lines bulk-table">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col" class="col-workflow">"Workflow"</th>
                    <th scope="col" class="col-outcome">"Outcome"</th>
                </tr>
            </thead>
            <tbody>{list(rows)}</tbody>
        </table>
    }
    .into_any()
}

fn count_of(many: usize) -> String {
    format!("{many} {}", if many == 1 { "execution" } else { "executions" })
}

/// What stands above the list.
#[derive(Clone, PartialEq)]
struct State {
    bulk: Bulk,
    open: usize,
    refused: usize,
    done: usize,
}

fn state(data: &Bulk) -> State {
    let count = |which: fn(&BulkRow) -> bool| data.rows.iter().filter(|row| which(row)).count();
    State {
        open: count(|row| row.outcome.is_none()),
        refused: count(|row| row.outcome.as_ref().is_some_and(|line| line.refused)),
        done: count(|row| row.outcome.as_ref().is_some_and(|line| !line.refused)),
        bulk: Bulk { rows: Vec::new(), ..data.clone() },
    }
}

fn head(post: Post, state: &State, now: i64) -> AnyView {
    let State { bulk, open, refused, done } = state;
    let all = open + refused + done;
    let left_out = bulk.fitted.saturating_sub(all as u64);
    let left_out = (left_out > 0).then(|| format!(" {left_out} more fit; these are the newest."));
    let by = view! { <span class="quiet">{shown(&bulk.person)}", "<When at=bulk.made_at now/></span> };
    let reason = (!bulk.reason.is_empty()).then(|| view! { <p>"Reason: "{shown(&bulk.reason)}</p> });
    let what = if bulk.ended {
        format!("Done: {done} of {all}. {refused} refused.")
    } else if bulk.goes_on {
        format!("{} of {all} done so far; {refused} refused. The page may be closed meanwhile.", done + refused)
    } else if bulk.begun {
        format!("Interrupted: {done} of {all} done, {refused} refused, {open} still to do.")
    } else if *refused > 0 {
        format!("{open} of {all} will be acted on; {refused} cannot be, for the reason beside each.")
    } else {
        "Nothing has been done yet. Look at the list, then confirm it.".to_owned()
    };
    let progress = (bulk.begun || bulk.goes_on).then(|| {
        view! { <progress class="bulk-progress" max=all.to_string() value=(done + refused).to_string() aria-label="Progress"></progress> }
    });
    let form = (!bulk.ended && !bulk.goes_on && *open > 0).then(|| {
        let word = if bulk.begun { "Go on with".to_owned() } else { bulk.verb.clone() };
        let class = if bulk.verb == "Stop" { "button button-reject" } else { "button button-main" };
        let cannot = is_read_only() || !bulk.refused.acts.is_empty();
        refuse(bulk.refused.clone());
        let (id, hash, label) = (bulk.id.clone(), bulk.hash.clone(), format!("{word} {}", count_of(*open)));
        view! {
            <PostForm post>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="seen" value=hash/>
                <div class="bulk-actions">
                    <button class=class type="submit" disabled=move || cannot || post.pending() aria-describedby=cannot.then_some(WHY)>
                        {label}
                    </button>
                    <a class="button" href=here().executions_of(None, None)>"Back to the list"</a>
                </div>
            </PostForm>
            {why_disabled()}
        }
    });
    view! {
        <p role="status" class="bulk-state"><strong>{what}</strong>{left_out}" "{by}</p>
        {reason}
        {progress}
        {form}
    }
    .into_any()
}

fn line(row: BulkRow) -> AnyView {
    view! {
        <tr>
            <td class="col-name"><a class="row-main mono" href=here().execution(&row.arn)>{shown(&row.name)}</a></td>
            <td class="col-workflow">{shown(&row.workflow)}</td>
            <td class="col-outcome">{row.outcome.map(outcome)}</td>
        </tr>
    }
    .into_any()
}

fn outcome(line: BulkLine) -> AnyView {
    let started = line.started.map(|arn| {
        let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
        view! { " "<a class="mono row-side" href=here().execution(&arn)>{shown(name)}</a> }
    });
    if line.refused {
        return view! { <span class="quiet">"Left out: "{shown(line.words)}</span> }.into_any();
    }
    view! { <span class="status" data-tone=look(line.status).tone><Mark status=line.status/>{line.words}</span>{started} }.into_any()
}
