//! The iterations of a Map: a page of them, by outcome, and the one that is chosen.

use leptos::prelude::*;

use super::Mark;
use super::events::grouped_digits;
use super::status::look;
use crate::app::address::Address;
use crate::app::here::here;
use crate::app::pages::view;
use crate::app::ui::{Empty, Lasted, Memo, Row, Seen, copy, dynamic, list, shown};
use crate::routes::view::{ITEMS, ITERATION, OUTCOME, STATE};
use crate::wire::iterations::{Chosen, IterationRow, Iterations, MapRunRow, Outcome, Run};

/// The list; it is empty where the chosen state is no Map.
#[component]
pub fn IterationList(data: Seen<Iterations>, address: Address) -> impl IntoView {
    let seen = view();
    let chosen = Memo::new(move |_| seen.with(|seen| seen.number(ITERATION)));
    let is_map = Memo::new(move |_| data.with(|data| data.map.is_some()));
    let body = move || is_map.get().then(|| section(data, address, chosen));
    view! { {dynamic(move || trail(data, address))}{dynamic(body)} }.into_any()
}

/// Where in which iterations the page is, and the ways out of them.
fn trail(data: Seen<Iterations>, address: Address) -> Option<AnyView> {
    let chosen = data.with(|data| data.chosen.clone());
    let last = chosen.last().map(|one| one.id)?;
    let step = |one: &Chosen| {
        let href = address.with(&[(ITERATION, Some(&one.id.to_string()))]);
        let current = (one.id == last).then_some("true");
        view! { <li><a href=href aria-current=current data-noscroll="true">{shown(&one.map)}" "<span class="mono">{one.index}</span></a></li> }
    };
    let all = address.with(&[(ITERATION, None)]);
    Some(
        view! {
            <nav class="iteration-trail" aria-label="Chosen iteration">
                <span class="quiet">"Only iteration"</span>
                <ol>{chosen.iter().map(step).collect_view()}</ol>
                <a href=all data-noscroll="true">"Show all iterations"</a>
            </nav>
        }
        .into_any(),
    )
}

fn section(data: Seen<Iterations>, address: Address, chosen: Memo<Option<u64>>) -> AnyView {
    let now = data.with_untracked(|data| data.now);
    let name = move || data.with(|data| data.map.clone()).map(shown);
    let title = move || data.with(|data| data.total).map_or_else(String::new, grouped_digits);
    let rows = move || {
        data.with(|data| {
            let row = |row: &IterationRow| {
                let row = row.clone();
                let key = format!("{:?} {:?} {:?}", row.what, row.status, row.ended_at);
                Row::new(key, move || draw(row, address, chosen, now))
            };
            data.rows.iter().map(row).collect::<Vec<Row>>()
        })
    };
    let filter = Memo::new(move |_| data.with(|data| (data.counts.clone(), data.outcome)));
    let tabs = move || {
        let (counts, outcome) = filter.get();
        let tab = |word: &'static str, value: Option<&'static str>, count: Option<u64>, current: bool| {
            let href = address.with(&[(OUTCOME, value), (ITEMS, None)]);
            view! {
                <a class="tab" href=href aria-current=current.then_some("page") data-noscroll="true">
                    {word}{count.map(|count| view! { <span class="count">{grouped_digits(count)}</span> })}
                </a>
            }
        };
        let all = tab("All", None, None, outcome.is_none());
        // An outcome that none has is not offered, unless it is the chosen one.
        let offered = |(one, count): &&(Outcome, Option<u64>)| *count != Some(0) || outcome == Some(*one);
        let each = counts.iter().filter(offered).map(|(one, count)| {
            let (word, status) = one.parts();
            tab(look(status).word, Some(word), *count, outcome == Some(*one))
        });
        view! { {all}{each.collect_view()} }
    };
    let none = move || {
        data.with(|data| data.rows.is_empty()).then(|| {
            view! { <Empty title="No iterations here">"An iteration appears as soon as it begins. Choose another outcome, or wait until the Map has items."</Empty> }
        })
    };
    let ends = Memo::new(move |_| {
        data.with(|data| (data.shown, data.matched, data.earlier.clone(), data.later.clone(), data.rows.len()))
    });
    let turns = move || {
        let ((first, last), matched, earlier, later, rows) = ends.get();
        let sentence = match matched {
            Some(matched) => format!("{first} to {last} of {}", grouped_digits(matched)),
            None => format!("{rows} of them"),
        };
        (earlier.is_some() || later.is_some()).then(|| {
            let way = |cursor: Option<String>, word: &'static str| {
                cursor.map(|cursor| {
                    let href = address.with(&[(ITEMS, Some(cursor.as_str()).filter(|cursor| !cursor.is_empty()))]);
                    view! { <a class="button" href=href data-noscroll="true">{word}</a> }
                })
            };
            view! { <nav class="turns" aria-label="Pages of the iterations"><span class="quiet time">{sentence}</span>{way(earlier, "Earlier")}{way(later, "Later")}</nav> }
        })
    };
    let runs = Memo::new(move |_| data.with(|data| data.runs.clone()));
    let runs = move || {
        let runs = runs.get();
        (!runs.is_empty()).then(|| view! { <ul class="map-runs">{runs.into_iter().map(map_run).collect_view()}</ul> })
    };
    view! {
        <section class="panel iterations-block" aria-labelledby="iterations">
            <h2 id="iterations">"Iterations of "{dynamic(name)}" "<span class="count">{dynamic(title)}</span></h2>
            {dynamic(runs)}
            <nav class="tabs tabs-small" aria-label="Outcome">{dynamic(tabs)}</nav>
            {dynamic(none)}
            <ol class="iterations">{list(rows)}</ol>
            {dynamic(turns)}
        </section>
    }
    .into_any()
}

/// A Map Run, with the way to all of its executions.
fn map_run(run: MapRunRow) -> AnyView {
    let name = run.arn.rsplit(':').next().unwrap_or_default().to_owned();
    let part =
        |count: u64, word: &str| if count > 0 { format!(", {} {word}", grouped_digits(count)) } else { String::new() };
    let words = format!(
        "{} executions{}{}",
        grouped_digits(run.total),
        part(run.failed, "failed"),
        part(run.open, "not ended")
    );
    view! {
        <li>
            <span>"Map Run "<span class="mono map-run-name">{shown(name)}</span>{copy("the ARN of the Map Run", run.arn.clone())}</span>
            <a href=here().children(&run.arn)>{words}</a>
        </li>
    }
    .into_any()
}

fn draw(row: IterationRow, address: Address, chosen: Memo<Option<u64>>, now: i64) -> AnyView {
    let id = match &row.what {
        Run::Iteration(id) => Some(*id),
        Run::Execution(_) => None,
    };
    let what = row.what.clone();
    let href = move || match &what {
        // Once more leads back to all of them.
        Run::Iteration(id) if chosen.get() == Some(*id) => address.with(&[(ITERATION, None)]),
        Run::Iteration(id) => {
            let state = address.view().get(STATE).map(str::to_owned);
            address.with(&[(ITERATION, Some(&id.to_string())), (STATE, state.as_deref())])
        }
        Run::Execution(arn) => here().execution(arn),
    };
    let current = move || (id.is_some() && chosen.get() == id).then_some("true");
    let name = match row.what {
        Run::Iteration(_) => view! { <span class="mono">{row.name}</span> }.into_any(),
        Run::Execution(_) => view! { <span class="mono">{shown(row.name)}</span> }.into_any(),
    };
    view! {
        <li class="iteration">
            <a class="iteration-link" href=href aria-current=current data-noscroll="true">
                <Mark status=row.status/>
                <span class="unseen">{look(row.status).word}</span>
                {name}
                <span class="iteration-label">{row.label.map(shown)}</span>
                <Lasted from=row.began_at to=row.ended_at now/>
            </a>
        </li>
    }
    .into_any()
}
