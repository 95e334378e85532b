//! An execution: where it is, how it got there, and what to do about it.

mod actions;
mod below;
mod course;
mod facts;
mod notices;
mod parts;

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_meta::Link as HeadLink;

use self::actions::{not_redrivable, redrive_form, start_again, stop_form};
use self::below::below;
use self::course::course;
use self::facts::{details, facts};
use self::notices::{requests, started_by, trouble};
use self::parts::Parts;
use super::{param, view};
use crate::app::address::Address;
use crate::app::components::status::look;
use crate::app::components::{Crumb, Drawn, LowerTab, PageHead, Workbench};
use crate::app::here::{here, refuse, why_disabled};
use crate::app::live::Live;
use crate::app::server_fns::{Decide, RedriveExecution, StopExecution};
use crate::app::ui::{Ago, FormProblem, Memo, Post, Seen, Signal, dynamic, loaded, page_data};
use crate::routes;
use crate::routes::view::ITERATION;
use crate::wire::drawing::Of;
use crate::wire::execution::Execution;
use crate::wire::{Ask, Topic};

/// One execution by its ARN.
#[component]
pub fn ExecutionPage() -> impl IntoView {
    let live = Live::of_page();
    let arn = param("arn");
    let (stop, redrive) = (Post::to(StopExecution::PATH), Post::to(RedriveExecution::PATH));
    let decide = Post::to(Decide::PATH);
    live.watch(arn.into());
    let seen = view();
    let iteration = Memo::new(move |_| seen.with(|seen| seen.number(ITERATION)));
    let drawn = Drawn::of(move || Of::Execution(arn.get()), || 0);
    let execution = page_data(move || {
        let changes = live.changes([Topic::Execution(arn.get())]);
        (Ask::Execution { arn: arn.get(), iteration: iteration.get() }, changes)
    });
    let asked = (drawn, Parts::of(arn, live));
    let posts = Posts { stop, redrive, decide };
    view! { <div class="page page-wide">{loaded(execution, move |data| page(data, asked, posts))}</div> }.into_any()
}

/// What can be done on the page.
#[derive(Clone, Copy)]
struct Posts {
    stop: Post,
    redrive: Post,
    decide: Post,
}

fn page(data: Seen<Execution>, asked: (Drawn, Parts), posts: Posts) -> AnyView {
    let key = Memo::new(move |_| data.with(|data| data.row.arn.clone()));
    // Another execution is another page: nothing that was typed or opened for this one may stay.
    dynamic(move || one(data, asked, key.get(), posts))
}

fn one(data: Seen<Execution>, (drawn, parts): (Drawn, Parts), arn: String, posts: Posts) -> AnyView {
    let Posts { stop, redrive, decide } = posts;
    let row = data.with_untracked(|data| data.row.clone());
    refuse(data.with_untracked(|data| data.refused.clone()));
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
    let (for_stop, for_trouble, for_redrive) = (arn.clone(), arn.clone(), arn.clone());
    let offer = Memo::new(move |_| data.with(|data| (data.redrives, data.redrive.clone())));
    let redriven = Memo::new(move |_| data.with(|data| (data.redrives, data.redriven_at)));
    let redrive_here = move || {
        let (redrives, offer) = offer.get();
        offer.map(|offer| redrive_form(for_redrive.clone(), redrives, offer, redrive))
    };
    // Drawn again only when they differ: a link that has the keyboard's place keeps it.
    let asked = Memo::new(move |_| data.with(|data| (data.approvals.clone(), data.approval_count)));
    let parent = Memo::new(move |_| data.with(|data| data.origin.clone()));
    let bad = Memo::new(move |_| data.with(|data| (data.row.status, data.failure.clone(), data.trouble.clone())));
    let trouble_here = move || {
        bad.track();
        data.with_untracked(|data| trouble(data, &for_trouble))
    };
    let address = Address::of(here().execution(&arn));
    let (drawing, drawer) = course(data, drawn, parts, address, decide);
    let redriven_here = dynamic(move || redriven_fact(redriven.get(), now));
    let facts = facts(data, running, redriven_here);
    view! {
        {dynamic(move || view! { <HeadLink rel="icon" type_="image/svg+xml" href=format!("{}/favicon-{}.svg", routes::base(), look(status.get()).tone)/> })}
        <PageHead
            title=row.name.clone()
            window
            status
            mono=true
            facts
            crumbs=vec![
                Crumb { word: "Workflows".to_owned(), href: here().workflows() },
                Crumb { word: row.workflow.clone(), href: here().workflow(&row.workflow) },
            ]
        >
            {dynamic(move || running.get().then(|| stop_form(for_stop.clone(), stop)))}
            {dynamic(redrive_here)}
            {start_again(again)}
            {details(data)}
        </PageHead>
        {why_disabled()}
        {dynamic(move || not_redrivable(offer.get().1))}
        {dynamic(move || parent.get().map(|origin| started_by(*origin)))}
        <FormProblem post=stop/>
        <FormProblem post=redrive/>
        {dynamic(move || asked.with(|(rows, count)| requests(rows, *count, now)))}
        {dynamic(trouble_here)}
        <Workbench
            address
            label="About this execution"
            drawer_word="State"
            tabs=tabs(data)
            drawing
            drawer
            lower=below(data, parts, address, arn)
        />
    }
    .into_any()
}

/// How often it was redriven, and when last.
fn redriven_fact((redrives, at): (u64, Option<i64>), now: i64) -> Option<AnyView> {
    let times = match redrives {
        0 => return None,
        1 => "redriven ".to_owned(),
        redrives => format!("redriven {redrives} times, last "),
    };
    Some(view! { <span>{times}{at.map(|at| view! { <Ago at now/> })}</span> }.into_any())
}

/// What there is below the drawing.
fn tabs(data: Seen<Execution>) -> Signal<Vec<LowerTab>> {
    let counts = Memo::new(move |_| data.with(|data| (data.event_count as u64, data.children.len() as u64)));
    Signal::derive(move || {
        let (events, children) = counts.get();
        let mut tabs = vec![
            ("timeline", "Timeline", None),
            ("events", "Events", Some(events)),
            ("data", "Input and output", None),
            ("definition", "Definition", None),
        ];
        if children > 0 {
            tabs.push(("children", "Started by its Map Runs", None));
        }
        tabs
    })
}
