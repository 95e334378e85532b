//! What is in `statemachine/` beside what the connection has. The server draws it (`server/pages/deploy`).

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::query;
use crate::app::arrival::Told;
use crate::app::components::{Mark, PageHead};
use crate::app::here::{here, refuse, why_disabled};
use crate::app::live::Live;
use crate::app::server_fns;
use crate::app::ui::{Empty, FormProblem, Post, Row, Seen, dynamic, either, list, loaded, page_data, shown};
use crate::routes::view::{BACK, ENVIRONMENT, REPLAY};
use crate::wire::Status;
use crate::wire::deploy::{Deploy, DeployRow};
use crate::wire::{Ask, Topic};

/// The plan, with the buttons that carry it out.
#[component]
pub fn DeployPage() -> impl IntoView {
    let live = Live::of_page();
    let deploy = Post::to(server_fns::Deploy::PATH);
    let (environment, replay, back) = (query(ENVIRONMENT), query(REPLAY), query(BACK));
    let ask = move || Ask::Deploy { environment: environment.get(), replay: replay.get(), back: back.get() };
    let plan = page_data(move || (ask(), live.changes([Topic::Workflows])));
    view! { <div class="page">{loaded(plan, move |data| page(data, deploy))}</div> }.into_any()
}

fn page(data: Seen<Deploy>, deploy: Post) -> AnyView {
    refuse(data.with_untracked(|data| data.refused.clone()));
    let folder = shown(data.with_untracked(|data| data.folder.clone()));
    let done = move || {
        let Some(Told::Deployed { names }) = deploy.told() else { return None };
        let link = |name: String| view! { <a href=here().workflow(&name)>{shown(&name)}</a>" " };
        Some(view! {
            <div class="notice notice-good" role="status">
                <p class="notice-title"><Mark status=Status::Succeeded/>"Deployed"</p>
                <p>{names.into_iter().map(link).collect_view()}</p>
            </div>
        })
    };
    let drawn = move |part: fn(&Deploy) -> &String| {
        dynamic(move || view! { <div class="drawn" inner_html=data.with(|data| part(data).clone())></div> })
    };
    let rows = move || {
        let one = |row: DeployRow| {
            Row::new(row.key, move || view! { <li class="plan-item" inner_html=row.html></li> }.into_any())
        };
        data.with(|data| data.items.clone()).into_iter().map(one).collect()
    };
    let shown = move || view! { <ul class="plan-list">{list(rows)}</ul> }.into_any();
    let nothing = || {
        view! {
            <Empty title="No definitions found">"Definitions named NAME.asl.json in that folder appear here, with their changes."</Empty>
        }
        .into_any()
    };
    view! {
        <PageHead title="Deploy">{drawn(|data| &data.button)}</PageHead>
        <p class="lead">"What is in "<code>{folder}</code>" beside what the connection has."</p>
        {why_disabled()}
        {dynamic(done)}
        <FormProblem post=deploy/>
        {drawn(|data| &data.head)}
        {either(move || data.with(|data| !data.items.is_empty()), shown, nothing)}
        {drawn(|data| &data.below)}
    }
    .into_any()
}
