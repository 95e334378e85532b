//! An execution: where it is, how it got there, and what to do about it.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_meta::Link as HeadLink;

use super::{param, query};
use crate::app::components::status::look;
use crate::app::components::{
    Course, Crumb, Definition, EventList, ExecutionList, GraphView, PageHead, StatePanel, Timeline, about_state,
    failure_line, toggled,
};
use crate::app::here::{WHY, here, is_read_only, why_disabled};
use crate::app::live::Live;
use crate::app::server_fns::StopExecution;
use crate::app::ui::{
    Ago, Clock, Due, Empty, FormProblem, Json, Lasted, Post, PostForm, Seen, Tab, Tabs, bring_into_sight, dynamic,
    loaded, page_data, shown, text,
};
use crate::routes::FOLDED;
use crate::wire::Status;
use crate::wire::execution::{Execution, TroublePlace};
use crate::wire::executions::ExecutionRow;
use crate::wire::inbox::ApprovalRow;
use crate::wire::{Ask, Topic};

/// One execution by its ARN.
#[component]
pub fn ExecutionPage() -> impl IntoView {
    let live = Live::of_page();
    let arn = param("arn");
    let stop = Post::to(StopExecution::PATH);
    live.watch(arn.into());
    let (state, folded) = (query("state"), query(FOLDED));
    let execution = page_data(move || {
        let changes = live.changes([Topic::Execution(arn.get())]);
        (Ask::Execution { arn: arn.get(), state: state.get(), folded: folded.get() }, changes)
    });
    view! { <div class="page page-wide">{loaded(execution, move |data| page(data, stop))}</div> }.into_any()
}

fn page(data: Seen<Execution>, stop: Post) -> AnyView {
    let key = Memo::new(move |_| data.with(|data| data.row.arn.clone()));
    // Another execution is another page: nothing that was typed or opened for this one may stay.
    dynamic(move || one(data, key.get(), stop))
}

fn one(data: Seen<Execution>, arn: String, stop: Post) -> AnyView {
    let row = data.with_untracked(|data| data.row.clone());
    let now = data.with_untracked(|data| data.now);
    let status = Signal::derive(move || data.with(|data| data.row.status));
    let window = {
        let name = row.name.clone();
        Signal::derive(move || {
            format!("{} {} · {name} · Countersign", look(status.get()).glyph, look(status.get()).word)
        })
    };
    let running = Memo::new(move |_| data.with(|data| data.row.ended_at.is_none()));
    let again = here().start_again(&row.workflow, &arn);
    let ended = move || data.with(|data| data.row.ended_at);
    let count = move || data.with(|data| data.event_count.to_string());
    let (for_stop, for_trouble) = (arn.clone(), arn.clone());
    // Drawn again only when they differ: a link that has the keyboard's place keeps it.
    let asked = Memo::new(move |_| data.with(|data| (data.approvals.clone(), data.approval_count)));
    let family = Memo::new(move |_| data.with(|data| (data.children.clone(), data.more_children)));
    let parent = Memo::new(move |_| data.with(|data| data.parent_arn.clone()));
    let of_parent = arn.clone();
    let bad = Memo::new(move |_| {
        data.with(|data| (data.row.status, data.error.clone(), data.cause.clone(), data.trouble.clone()))
    });
    let trouble_here = move || {
        bad.track();
        data.with_untracked(|data| trouble(data, &for_trouble))
    };
    view! {
        {dynamic(move || view! { <HeadLink rel="icon" type_="image/svg+xml" href=format!("/favicon-{}.svg", look(status.get()).tone)/> })}
        <PageHead
            title=row.name.clone()
            window
            status
            mono=true
            crumbs=vec![
                Crumb { word: "Workflows".to_owned(), href: here().workflows() },
                Crumb { word: row.workflow.clone(), href: here().workflow(&row.workflow) },
            ]
        >
            {dynamic(move || running.get().then(|| stop_form(for_stop.clone(), stop)))}
            {start_again(again)}
        </PageHead>
        {why_disabled()}
        <p class="facts">
            <span>"started "<Ago at=row.started_at now/></span>
            <span>{text(move || if running.get() { "running for " } else { "took " }.to_owned())}{dynamic(move || view! { <Lasted from=row.started_at to=ended() now/> })}</span>
            <span class="time">{text(count)}" of 25,000 events"</span>
        </p>
        {dynamic(move || parent.get().map(started_by))}
        <FormProblem post=stop/>
        {dynamic(move || asked.with(|(rows, count)| requests(rows, *count, now)))}
        {dynamic(trouble_here)}
        {course(data, arn.clone())}
        {below(data, arn)}
        {dynamic(move || family.with(|(rows, more)| children(rows.clone(), *more, &of_parent, now)))}
    }
    .into_any()
}

/// The way to the form with the input of this execution.
fn start_again(href: String) -> AnyView {
    if is_read_only() {
        return view! { <button class="button" type="button" disabled aria-describedby=WHY>"Start again"</button> }
            .into_any();
    }
    view! { <a class="button" href=href>"Start again"</a> }.into_any()
}

/// Stop, with a second step that asks why.
fn stop_form(arn: String, stop: Post) -> AnyView {
    if is_read_only() {
        return view! { <button class="button" type="button" disabled aria-describedby=WHY>"Stop"</button> }.into_any();
    }
    view! {
        <details class="confirm">
            <summary class="button">"Stop"</summary>
            <PostForm post=stop class="confirm-box">
                <input type="hidden" name="arn" value=arn/>
                <label class="field">
                    <span>"Why do you stop it?"</span>
                    <textarea name="cause" rows="2"></textarea>
                </label>
                <p class="quiet">"Completed steps are not undone. A stopped execution cannot continue."</p>
                <button class="button button-reject" type="submit" disabled=move || stop.pending()>"Stop the execution"</button>
            </PostForm>
        </details>
    }
    .into_any()
}

/// The execution whose Map Run started this one.
fn started_by(parent: String) -> AnyView {
    let name = parent.rsplit(':').next().unwrap_or_default().to_owned();
    view! { <p class="facts"><span>"Started by a Map Run of "<a class="mono" href=here().execution(&parent)>{shown(name)}</a></span></p> }
        .into_any()
}

/// The newest executions that its Map Runs started.
fn children(rows: Vec<ExecutionRow>, more: bool, arn: &str, now: i64) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    let all = here().executions_before(None, None, Some(arn), None);
    Some(
        view! {
            <section aria-labelledby="children">
                <h2 id="children">"Started by its Map Runs"</h2>
                <ExecutionList rows=Signal::stored(rows) now/>
                {more.then(|| view! { <p><a href=all>"All executions of its Map Runs"</a></p> })}
            </section>
        }
        .into_any(),
    )
}

/// What waits for a person here, first of all: one request by its title, several by their number.
fn requests(rows: &[ApprovalRow], count: u64, now: i64) -> Option<AnyView> {
    let first = rows.first()?;
    let due = |row: &ApprovalRow| row.due.map(|at| view! { ", "<Due at now/> });
    let link = here().approval(&first.execution_arn, first.event);
    if rows.len() == 1 {
        return Some(
            view! {
                <div class="notice notice-ask">
                    <p class="notice-title"><span>{shown(&first.title)}</span></p>
                    <p>{shown(&first.state)}", asked "<Ago at=first.asked_at now/>{due(first)}</p>
                    <a class="button button-main" href=link>"Review and decide"</a>
                </div>
            }
            .into_any(),
        );
    }
    let row = |row: &ApprovalRow| {
        let href = here().approval(&row.execution_arn, row.event);
        view! { <li><a href=href>{shown(&row.title)}</a>" · "{shown(&row.state)}{row.item.clone().map(|item| view! { ", "{shown(item)} })}{due(row)}</li> }
    };
    Some(
        view! {
            <div class="notice notice-ask">
                <p class="notice-title"><span>{count}" requests of this execution wait for a person"</span></p>
                <details class="values notice-list">
                    <summary>"Asked first "<Ago at=rows.iter().map(|row| row.asked_at).min().unwrap_or(now) now/></summary>
                    <ol>{rows.iter().map(row).collect_view()}</ol>
                    {(count > rows.len() as u64).then(|| view! { <p><a href=here().inbox()>"All of them are in the inbox"</a></p> })}
                </details>
                <a class="button button-main" href=link>"Review and decide"</a>
            </div>
        }
        .into_any(),
    )
}

/// Why the execution ended badly, and where.
fn trouble(data: &Execution, arn: &str) -> Option<AnyView> {
    let bad = matches!(data.row.status, Status::Failed | Status::TimedOut | Status::Aborted);
    let trouble = data.trouble.clone().filter(|_| bad)?;
    let word = data.error.clone().unwrap_or_else(|| look(data.row.status).word.to_owned());
    let told = failure_line(Some(&word), data.cause.as_deref());
    let linked = |place: TroublePlace| {
        let items = place.place.map(|place| view! { " "{shown(format!("({place})"))} });
        let href = here().execution_state(arn, &place.state);
        view! {
            <a href=href data-noscroll="true">{shown(&place.state)}</a>
            {items}
        }
    };
    let link = |(index, place): (usize, TroublePlace)| view! { {(index > 0).then_some(", ")}{linked(place)} };
    let ended = trouble.ended.map(|place| view! { ", and ended in "{linked(place)} });
    let more = (trouble.more > 0).then(|| format!(" and {} more", trouble.more));
    let places = (!trouble.places.is_empty()).then(|| {
        view! { <p>{trouble.lead}{trouble.places.into_iter().enumerate().map(link).collect_view()}{more}{ended}"."</p> }
    });
    let why = trouble.why.map(|why| view! { <p>{why}</p> });
    Some(view! { <div class="notice notice-bad" role="status">{told}{why}{places}</div> }.into_any())
}

/// The drawing with the course on it, and the chosen state beside it.
fn course(data: Seen<Execution>, arn: String) -> AnyView {
    let (asked, tab, folded) = (query("state"), query("tab"), query(FOLDED));
    // The drawing marks a choice at once; the panel follows when what it shows has arrived.
    let arrived = Memo::new(move |_| data.with(|data| data.chosen.clone()));
    let chosen = Memo::new(move |_| asked.get().or_else(|| arrived.get()));
    let course = Signal::derive(move || {
        data.with(|data| {
            Some(Course {
                states: data.states.iter().map(|state| (state.name.clone(), state.status)).collect(),
                taken: data.taken.clone(),
            })
        })
    });
    let drawing = Memo::new(move |_| data.with(|data| data.graph.clone()));
    let place = StoredValue::new((here(), arn));
    // The tab stays as it is.
    let view = move |state: Option<&str>, folded: Option<&str>| {
        let tab = tab.get();
        place.with_value(|(here, arn)| here.execution_view(arn, tab.as_deref(), state, folded))
    };
    let link = move |state: &str| view(Some(state), folded.get().as_deref()) + "#state";
    let fold = move |name: &str| view(asked.get().as_deref(), toggled(folded.get().as_deref(), name).as_deref());
    // The panel stands beside the drawing, or below it.
    Effect::new(move |before: Option<Option<String>>| {
        let asked = asked.get();
        if asked.is_some() && before.as_ref() != Some(&asked) {
            bring_into_sight("state");
        }
        asked
    });
    let graph = move || {
        match drawing.get() {
        Some(graph) => view! { <GraphView graph label="The execution's course" course chosen link fold/> }.into_any(),
        None => view! { <Empty title="No drawing">"The definition could not be parsed. The timeline and the events below show what happened."</Empty> }.into_any(),
    }
    };
    let panel = move || {
        arrived.get().map_or_else(
            || view! { <section class="panel"><Empty title="No state chosen">"Choose a state in the drawing to see what it received and returned."</Empty></section> }.into_any(),
            |name| {
                let wanted = name.clone();
                let state = Memo::new(move |_| data.with(|data| data.states.iter().find(|state| state.name == wanted).cloned()));
                let about = drawing.with(|graph| graph.as_ref().map(|graph| about_state(graph, &name)));
                view! { <StatePanel name about state now=Signal::derive(move || data.with(|data| data.now))/> }.into_any()
            },
        )
    };
    view! { <div class="split"><div class="split-main">{dynamic(graph)}</div><div class="split-side" id="state">{dynamic(panel)}</div></div> }
        .into_any()
}

/// Timeline, events, and the texts.
fn below(data: Seen<Execution>, arn: String) -> AnyView {
    let (tab, state, folded) = (query("tab"), query("state"), query(FOLDED));
    let place = StoredValue::new((here(), arn));
    let tabs = Signal::derive(move || {
        let (tab, state, folded) = (tab.get(), state.get(), folded.get());
        let current = tab.unwrap_or_else(|| "timeline".to_owned());
        let href = |value: &str| {
            let view = (Some(value), state.as_deref(), folded.as_deref());
            place.with_value(|(here, arn)| here.execution_view(arn, view.0, view.1, view.2))
        };
        let entry = |label, value: &str, count| Tab { label, href: href(value), current: current == value, count };
        vec![
            entry("Timeline", "timeline", None),
            entry("Events", "events", Some(data.with(|data| data.event_count as u64))),
            entry("Input and output", "data", None),
            entry("Definition", "definition", None),
        ]
    });
    let body = move || {
        match tab.get().as_deref() {
        Some("events") => view! {
            <EventList
                events=Signal::derive(move || data.with(|data| data.events.clone()))
                count=Signal::derive(move || data.with(|data| data.event_count))
            />
        }
        .into_any(),
        Some("data") => texts(data),
        Some("definition") => view! {
            <Definition text=Signal::derive(move || data.with(|data| data.definition.clone().unwrap_or_default()))/>
        }
        .into_any(),
        _ => view! {
            <Timeline
                spans=Signal::derive(move || data.with(|data| data.spans.clone()))
                from=Signal::derive(move || data.with(|data| data.row.started_at))
                to=Signal::derive(move || data.with(|data| data.row.ended_at.unwrap_or_else(|| Clock::now_or(data.now))))
                link=move |state: &str| place.with_value(|(here, arn)| here.execution_state(arn, state))
            />
        }
        .into_any(),
    }
    };
    Effect::new(move |before: Option<Option<String>>| {
        let tab = tab.get();
        let arrived = tab.is_some() && state.get_untracked().is_none();
        if before.map_or(arrived, |before| before != tab) {
            bring_into_sight("about");
        }
        tab
    });
    view! { <section class="below" id="about"><Tabs label="About this execution" tabs anchor="about"/>{dynamic(body)}</section> }.into_any()
}

fn texts(data: Seen<Execution>) -> AnyView {
    let input =
        Signal::derive(move || data.with(|data| data.input.clone().unwrap_or_else(|| "No input recorded.".to_owned())));
    let output =
        Signal::derive(move || data.with(|data| data.output.clone().unwrap_or_else(|| "No output.".to_owned())));
    view! {
        <div class="texts">
            <section class="block"><h3>"Input"</h3><Json text=input label="Input"/></section>
            <section class="block"><h3>"Output"</h3><Json text=output label="Output"/></section>
        </div>
    }
    .into_any()
}
