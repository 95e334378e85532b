//! What is in `statemachine/` beside what the connection has.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use crate::app::arrival::Told;
use crate::app::components::{Diff, Mark, PageHead, status::look};
use crate::app::here::{WHY, here, is_read_only, refuse, why_disabled};
use crate::app::live::Live;
use crate::app::server_fns;
use crate::app::ui::{
    Empty, FormProblem, Memo, Post, PostForm, Row, Seen, dynamic, either, list, loaded, page_data, shown,
};
use crate::wire::Status;
use crate::wire::deploy::Deploy;
use crate::wire::deploy::{Change, DeployItem, FileProblem};
use crate::wire::{Ask, Topic};

/// The plan, and the button that carries it out.
#[component]
pub fn DeployPage() -> impl IntoView {
    let live = Live::of_page();
    let deploy = Post::to(server_fns::Deploy::PATH);
    let plan = page_data(move || (Ask::Deploy, live.changes([Topic::Workflows])));
    view! { <div class="page">{loaded(plan, move |data| page(data, deploy))}</div> }.into_any()
}

fn page(data: Seen<Deploy>, deploy: Post) -> AnyView {
    refuse(data.with_untracked(|data| data.refused.clone()));
    let folder = shown(data.with_untracked(|data| data.folder.clone()));
    let ready = Memo::new(move |_| data.with(|data| data.ready));
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
    let all = move || {
        if ready.get() {
            let seen = data.with(|data| data.hash.clone());
            deploy_button(deploy, String::new(), seen, "Deploy all changes", "button button-main")
        } else {
            view! { <span class="quiet">"Nothing to deploy"</span> }.into_any()
        }
    };
    let rows = move || {
        let one = |row: DeployItem| {
            // Whatever the row shows is in its key: the diff hangs on what the hash is made of, problems on the files.
            let problems: String =
                row.problems.iter().map(|one| format!("{}:{}:{}", one.line, one.column, one.message)).collect();
            let key = format!("{} {} {problems}", row.name, row.hash);
            Row::new(key, move || item(row, deploy))
        };
        data.with(|data| data.items.clone()).into_iter().map(one).collect()
    };
    let shown = move || {
        view! {
            <ul class="plan">{list(rows)}</ul>
        }
        .into_any()
    };
    let beside = move || {
        let problems = data.with(|data| data.problems.clone());
        (!problems.is_empty())
            .then(|| view! { <ul class="problems">{problems.into_iter().map(problem).collect_view()}</ul> })
    };
    let nothing = || {
        view! {
            <Empty title="No definitions found">"Definitions named NAME.asl.json in that folder appear here, with their changes."</Empty>
        }
        .into_any()
    };
    view! {
        <PageHead title="Deploy">{dynamic(all)}</PageHead>
        <p class="lead">"What is in "<code>{folder}</code>" beside what the connection has."</p>
        {why_disabled()}
        {dynamic(done)}
        <FormProblem post=deploy/>
        {dynamic(beside)}
        {either(move || data.with(|data| !data.items.is_empty()), shown, nothing)}
    }
    .into_any()
}

/// The shape and the word of a change.
const fn change(change: Change) -> (Status, &'static str) {
    match change {
        Change::New => (Status::Running, "New"),
        Change::Changed => (Status::Caught, "Changed"),
        Change::Unchanged => (Status::Succeeded, "Unchanged"),
        Change::Drifted => (Status::Caught, "Drifted"),
        Change::ToBeRemoved => (Status::Aborted, "To be removed"),
        Change::Refused => (Status::Failed, "Refused"),
    }
}

fn item(item: DeployItem, deploy: Post) -> AnyView {
    let (status, word) = change(item.change);
    let button = matches!(item.change, Change::New | Change::Changed | Change::Drifted)
        .then(|| deploy_button(deploy, item.name.clone(), item.hash.clone(), "Deploy", "button"));
    let value = |(name, value): (String, String)| view! { <dt class="mono">{shown(format!("${{{name}}}"))}</dt><dd class="mono">{shown(value)}</dd> };
    let values = (!item.substitutions.is_empty()).then(|| {
        view! {
            <details class="values">
                <summary>"Values of the placeholders"</summary>
                <dl class="fields">{item.substitutions.into_iter().map(value).collect_view()}</dl>
            </details>
        }
    });
    let change = |(name, old, new): (String, String, String)| {
        view! { <dt>{shown(name)}</dt><dd class="mono">{shown(old)}" → "{shown(new)}</dd> }
    };
    let settings = (!item.settings.is_empty())
        .then(|| view! { <dl class="fields">{item.settings.into_iter().map(change).collect_view()}</dl> });
    let added = item.diff.iter().filter(|line| line.sign == '+').count();
    let removed = item.diff.iter().filter(|line| line.sign == '-').count();
    let open = matches!(item.change, Change::Changed | Change::Drifted);
    let diff = (!item.diff.is_empty()).then(|| {
        view! {
            <details class="values" open=open>
                <summary>"Changes "<span class="added-count">{format!("+{added}")}</span>" "<span class="removed-count">{format!("−{removed}")}</span></summary>
                <Diff lines=item.diff/>
            </details>
        }
    });
    view! {
        <li class="plan-item">
            <header class="plan-head">
                <span class="status" data-tone=look(status).tone><Mark status/><span>{word}</span></span>
                <h2>{shown(item.name)}</h2>
                <span class="mono quiet">{shown(item.file)}</span>
                <span class="plan-do">{button}</span>
            </header>
            {(!item.problems.is_empty()).then(|| view! { <ul class="problems">{item.problems.into_iter().map(problem).collect_view()}</ul> })}
            {settings}
            {diff}
            {values}
        </li>
    }
    .into_any()
}

fn problem(problem: FileProblem) -> AnyView {
    let status = if problem.error { Status::Failed } else { Status::WaitingApproval };
    view! {
        <li class="problem" data-tone=look(status).tone>
            <code class="problem-place">{shown(format!("{}:{}:{}", problem.file, problem.line, problem.column))}</code>
            <span>{if problem.error { "" } else { "Warning: " }}{shown(problem.message)}</span>
            <span class="quiet">{shown(problem.remedy)}</span>
        </li>
    }
    .into_any()
}

fn deploy_button(deploy: Post, name: String, seen: String, word: &'static str, class: &'static str) -> AnyView {
    let refused = is_read_only() || seen.is_empty();
    let (cannot, why) = (move || refused || deploy.pending(), refused.then_some(WHY));
    view! {
        <PostForm post=deploy>
            <input type="hidden" name="name" value=name/>
            <input type="hidden" name="seen" value=seen/>
            <button class=class type="submit" disabled=cannot aria-describedby=why>{word}</button>
        </PostForm>
    }
    .into_any()
}
