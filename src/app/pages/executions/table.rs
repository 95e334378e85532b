//! The executions as a table.
//!
//! While somebody reads it, rows stay where they are: a row changes in its place, and new ones wait above, with their count,
//! until they are asked for.

use leptos::prelude::*;

use crate::app::components::StatusWord;
use crate::app::components::status::look;
use crate::app::here::{WHY, here, is_refused, refuse, why_disabled};
use crate::app::ui::{Ago, Lasted, Memo, Moment, Post, PostForm, Row, RwSignal, Seen, Signal, dynamic, list, shown};
use crate::routes::{self, Routes};
use crate::visible::visible;
use crate::wire::Status;
use crate::wire::executions::{ExecutionRow, Executions, Place, View};
use crate::wire::refused::{Act, Refused};

/// The rows that are shown: of which view, how many newer ones wait above, and how often these were asked for.
#[derive(Clone, PartialEq)]
struct Held {
    view: View,
    rows: Vec<ExecutionRow>,
    new: usize,
    released: u32,
}

/// What of a row changes.
type Changing = (Status, Option<i64>, String);

/// The table.
pub fn table(data: Seen<Executions>, post: Post) -> AnyView {
    let released = RwSignal::new(0_u32);
    let held = Memo::new(move |before: Option<&Held>| data.with(|data| hold(data, before, released.get())));
    let (now, several) = data.with_untracked(|data| (data.now, data.view.is_everywhere()));
    let rows = move || {
        let places = data.with(|data| data.places.clone());
        let one = |row: ExecutionRow| {
            let place = row.place.and_then(|place| places.get(usize::from(place)).cloned());
            Row::new(format!("{} {}", row.place.unwrap_or(0), row.arn), move || line(held, row, place, now))
        };
        held.with(|held| held.rows.clone()).into_iter().map(one).collect()
    };
    let new = Memo::new(move |_| held.with(|held| held.new));
    let what = Memo::new(move |_| data.with(|data| (data.view.first(), data.total, data.refused.clone())));
    view! {
        <PostForm post class="bulk-form">
        {dynamic(move || what.with(|(view, total, refused)| acts(post, view, *total, refused)))}
        <div class="new-rows" aria-live="polite">
            {dynamic(move || (new.get() > 0).then(|| newer(new.get(), released)))}
        </div>
        <table class="lines executions-table" class:several=several>
            <thead>
                <tr>
                    {(!several).then(|| view! { <th scope="col" class="col-pick"><input type="checkbox" data-picks-all="true" aria-label="Choose all of this page"/></th> })}
                    <th scope="col" class="col-status">"Status"</th>
                    <th scope="col" class="col-name">"Name"</th>
                    <th scope="col" class="col-workflow">"Workflow"</th>
                    {several.then(|| view! { <th scope="col" class="col-place">"Connection"</th> })}
                    <th scope="col" class="col-started">"Started"</th>
                    <th scope="col" class="col-took">"Duration"</th>
                    <th scope="col" class="col-error">"Error"</th>
                </tr>
            </thead>
            <tbody>{list(rows)}</tbody>
        </table>
        </PostForm>
    }
    .into_any()
}

/// The rows of `data`, without those that came above what somebody reads.
fn hold(data: &Executions, before: Option<&Held>, released: u32) -> Held {
    let (view, rows) = (data.view.clone(), data.rows.clone());
    let above = before
        .filter(|before| before.view == view && before.released == released && is_read())
        .and_then(|before| before.rows.first())
        .and_then(|first| rows.iter().position(|row| row.arn == first.arn && row.place == first.place));
    let new = above.unwrap_or(0);
    Held { view, rows: rows.into_iter().skip(new).collect(), new, released }
}

/// Whether somebody reads the list: the pointer or the keyboard is in it, or the page is scrolled.
fn is_read() -> bool {
    #[cfg(feature = "hydrate")]
    {
        let within = document().query_selector(".executions-table:hover, .executions-table :focus");
        within.is_ok_and(|found| found.is_some()) || window().scroll_y().unwrap_or(0.0) > 40.0
    }
    #[cfg(not(feature = "hydrate"))]
    false
}

/// What can be done to the chosen executions, or to all that fit: each leads to the exact list.
fn acts(post: Post, view: &View, total: Option<(u64, bool)>, refused: &Refused) -> AnyView {
    refuse(refused.clone());
    // The executions of several connections are acted on where they are.
    if view.is_everywhere() {
        return ().into_any();
    }
    let hidden = View::NAMES.into_iter().zip(view.parts()).filter(|(name, _)| *name != "scope");
    let hidden = hidden
        .filter_map(|(name, part)| part.map(|part| view! { <input type="hidden" name=name value=part.to_owned()/> }));
    let act = |verb: &'static str, word: &'static str, act: Act| {
        let refused = is_refused(act);
        view! {
            <button class="button" type="submit" name="verb" value=verb disabled=move || refused || post.pending() aria-describedby=refused.then_some(WHY)>{word}</button>
        }
    };
    let all = total.map_or_else(
        || "all that fit".to_owned(),
        |(total, more)| format!("all {total}{} that fit", if more { "+" } else { "" }),
    );
    view! {
        {hidden.collect_view()}
        <details class="bulk">
            <summary>"Act on several"</summary>
            <div class="bulk-fields">
                <span class="quiet">"Choose executions below, or"</span>
                <label class="check"><input type="checkbox" name="all" value="1"/>{all}</label>
                <input type="text" name="reason" maxlength="32000" placeholder="Reason (optional)" aria-label="Reason"/>
                {act("stop", "Stop…", Act::Stop)}
                {act("redrive", "Redrive…", Act::Redrive)}
                {act("start_again", "Start again…", Act::Start)}
            </div>
            {why_disabled()}
        </details>
    }
    .into_any()
}

fn newer(count: usize, released: RwSignal<u32>) -> AnyView {
    view! {
        <button class="button" type="button" on:click=move |_| released.update(|count| *count += 1)>{format!("{count} new")}</button>
    }
    .into_any()
}

fn line(held: Memo<Held>, row: ExecutionRow, place: Option<Place>, now: i64) -> AnyView {
    let first: Changing = (row.status, row.ended_at, row.error.clone());
    let (arn, at) = (row.arn.clone(), row.place);
    let changing = Memo::new(move |before: Option<&Changing>| {
        let row = held.with(|held| {
            let row = held.rows.iter().find(|row| row.arn == arn && row.place == at);
            row.map(|row| (row.status, row.ended_at, row.error.clone()))
        });
        row.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
    });
    let several = place.is_some();
    let its: Routes = place.as_ref().map_or_else(here, |place| routes::of(&place.name));
    // Another connection's page is another document.
    let rel = (its != here()).then_some("external");
    let (started_at, name) = (row.started_at, row.name.clone());
    let status = Signal::derive(move || changing.with(|changing| changing.0));
    view! {
        <tr data-tone=move || look(status.get()).tone data-name=visible(&name).into_owned()>
            {(!several).then(|| view! { <td class="col-pick"><input type="checkbox" name="arns[]" value=row.arn.clone() aria-label=format!("Choose {}", visible(&name))/></td> })}
            <td class="col-status"><StatusWord status/></td>
            <td class="col-name"><a class="row-main mono" rel=rel href=its.execution(&row.arn)>{shown(row.name)}</a></td>
            <td class="col-workflow">
                <a class="row-side" rel=rel href=its.workflow(&row.workflow)>{shown(&row.workflow)}</a>
                {row.version.map(|version| view! { <span class="quiet version">{shown(version)}</span> })}
            </td>
            {place.map(|place| view! { <td class="col-place"><span class="place" data-colour=place.colour>{place.name}</span></td> })}
            <td class="col-started"><Moment at=started_at/><Ago at=started_at now/></td>
            <td class="col-took">{dynamic(move || view! { <Lasted from=started_at to=changing.with(|changing| changing.1) now/> })}</td>
            <td class="col-error">{dynamic(move || shown(changing.with(|changing| changing.2.clone())))}</td>
        </tr>
    }
    .into_any()
}
