//! The inbox: everything that waits for a person, and the chosen request beside it. Several can be chosen for one outcome:
//! that leads to the exact list ([`super::bulk`]).
//!
//! On a phone the list and a request are two pages; on a desk they stand side by side.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::{param, query};
use crate::app::arrival::Told;
use crate::app::components::status::look;
use crate::app::components::{ApprovalDetail, DecisionList, Mark, mark_of, too_late};
use crate::app::here::{here, is_read_only};
use crate::app::live::Live;
use crate::app::server_fns::{Decide, PrepareDecisions};
use crate::app::ui::{
    Due, Empty, FormProblem, Memo, Post, PostForm, ProblemBox, Row, RwSignal, Seen, Signal, Tab, Tabs, When,
    WindowTitle, dynamic, effect, effect_since, either, focus_on, list, loaded, page_data, retry, shown, switch, text,
};
use crate::error::{AppError, ErrorKind};
use crate::visible::visible;
use crate::wire::Status;
use crate::wire::inbox::Inbox;
use crate::wire::inbox::{Approval, ApprovalRow, ApprovalState, Offer, PARTS, RequestKey, picked};
use crate::wire::{Ask, Page, Topic};

fn key_of(row: &ApprovalRow) -> RequestKey {
    (row.execution_arn.clone(), row.event)
}

/// `/inbox`, and `/inbox/ARN/EVENT`.
#[component]
pub fn InboxPage() -> impl IntoView {
    let live = Live::of_page();
    let (arn, event) = (param("arn"), param("event"));
    let (after, part, find) = (query("after"), query("part"), query("q"));
    let within = Within { part, find, after };
    let posts = (Post::to(Decide::PATH), Post::to(PrepareDecisions::PATH));
    // No request has the number 0: an address that is none leads to no request, and not to another one.
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| number.to_string() == text).unwrap_or(0);
    let asked = Memo::new(move |_| {
        let (arn, event) = (arn.get(), event.get());
        (!arn.is_empty() || !event.is_empty()).then(|| (arn, number(&event)))
    });
    // What is open stays open, though a more urgent request arrives: somebody may be typing a comment.
    let opened = RwSignal::new(None::<RequestKey>);
    // A request that could not be read for the moment is asked for again.
    let again = RwSignal::new(0_u32);
    let data = page_data(move || {
        let open = asked.get().or_else(|| opened.get_untracked());
        (
            Ask::Inbox { open, after: after.get(), part: part.get(), q: find.get() },
            live.changes([Topic::Inbox]).wrapping_add(again.get()),
        )
    });
    let is_away = move || data.get().is_some_and(|page| page.is_ok_and(|page| away(&page)));
    effect(move || {
        if is_away() {
            retry(move || again.update(|count| *count += 1));
        }
    });
    keep_place(asked);
    view! { <div class="page page-wide">{loaded(data, move |data| page(data, asked, opened, within, posts))}</div> }
        .into_any()
}

/// Whether the open request could not be read because the connection is away.
fn away(page: &Page) -> bool {
    let Page::Inbox(Inbox { open: Some(Err(error)), .. }) = page else { return false };
    passes(error)
}

fn passes(error: &AppError) -> bool {
    matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Internal)
}

/// On a phone a request hides the list. Who comes back to the list finds the place where they left it.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server has nothing to scroll"))]
fn keep_place(asked: Memo<Option<RequestKey>>) {
    #[cfg(feature = "hydrate")]
    {
        let left = crate::app::ui::StoredValue::new(0.0);
        // As it was while the list was there: once a request hides it, the page is shorter and the place another one.
        let follow = window_event_listener(leptos::ev::scroll, move |_| {
            if asked.with_untracked(Option::is_none) {
                left.set_value(window().scroll_y().unwrap_or_default());
            }
        });
        on_cleanup(move || follow.remove());
        effect_since(move |before: Option<bool>| {
            let one_open = asked.with(Option::is_some);
            let hides =
                window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width <= 1_040.0);
            if before.is_some_and(|was_open| was_open != one_open) && hides {
                let place = if one_open { 0.0 } else { left.get_value() };
                request_animation_frame(move || window().scroll_to_with_x_and_y(0.0, place));
            }
            one_open
        });
    }
}

/// The part of the inbox that is shown, the text that is looked for, and where its page begins.
#[derive(Clone, Copy)]
struct Within {
    part: Memo<Option<String>>,
    find: Memo<Option<String>>,
    after: Memo<Option<String>>,
}

fn page(
    data: Seen<Inbox>,
    asked: Memo<Option<RequestKey>>,
    opened: RwSignal<Option<RequestKey>>,
    within: Within,
    (decide, several): (Post, Post),
) -> AnyView {
    let Within { part, find, after } = within;
    let now = data.with_untracked(|data| data.now);
    let open_key = Memo::new(move |last: Option<&Option<RequestKey>>| {
        data.with(|data| match data.open.as_ref()? {
            Ok(page) => Some(key_of(&page.row)),
            // The form and what was typed into it stay while the connection is away.
            Err(error) if passes(error) => last?.clone().filter(|last| asked.get().is_none_or(|asked| asked == *last)),
            Err(_) => None,
        })
    });
    effect(move || opened.set(open_key.get()));
    effect_since(move |before: Option<Option<RequestKey>>| {
        let open = open_key.get();
        // Somebody opened it: the keyboard goes there, past a hundred rows of the list. A page that has just been loaded
        // begins at its top, and a request that opens by itself takes nothing from anybody.
        let moves = Live::of_page().is_moving() && before.as_ref() != Some(&open);
        if moves && open.is_some() && asked.get_untracked() == open {
            focus_on("request");
        }
        open
    });
    let window = move || {
        let title = data.with(|data| match (&data.open, asked.get()) {
            (Some(Ok(page)), Some(_)) => Some(format!("{} {}", look(status_of(page)).glyph, page.row.title)),
            _ => None,
        });
        let waiting = data.with(|data| data.total);
        title.unwrap_or_else(|| if waiting == 0 { "Inbox".to_owned() } else { format!("Inbox ({waiting})") })
            + " · Countersign"
    };
    let count = move || data.with(|data| data.total);
    let on_page = move || data.with(|data| data.waiting.len());
    let ends = Memo::new(move |_| {
        (data.with(|data| (data.waiting.len(), data.total, data.more.clone())), after.get(), part.get(), find.get())
    });
    let decided = Signal::derive(move || data.with(|data| data.decided.clone()));
    let rows = move || {
        let one = |row: ApprovalRow| {
            let key = format!(
                "{} {} {} {:?} {:?} {:?}",
                row.execution_arn, row.event, row.title, row.due, row.votes, row.claimed
            );
            Row::new(key, move || request(row, open_key, within, several, now))
        };
        data.with(|data| data.waiting.clone()).into_iter().map(one).collect()
    };
    let offered = Memo::new(move |_| data.with(|data| data.offered.clone()));
    let shown = move || {
        view! {
            <PostForm post=several class="bulk-form">
                {dynamic(move || offered.with(|offered| at_once(several, within, offered)))}
                <ul class="requests">{list(rows)}</ul>
            </PostForm>
        }
        .into_any()
    };
    let nothing = || {
        view! {
            <Empty title="No request waits for you">
                "Every task that waits for a person appears here. To see one, "
                <a href=here().workflows()>"start a workflow"</a>" that asks for an approval."
            </Empty>
        }
        .into_any()
    };
    let decided_view = move || {
        view! {
            <h2 class="list-head">"Recent decisions"</h2>
            <DecisionList rows=decided now/>
        }
        .into_any()
    };
    view! {
        <WindowTitle text=window/>
        <div class="inbox" class:one-open=switch(move || asked.get().is_some())>
            <section class="inbox-list" aria-labelledby="inbox-title">
                <header class="page-head">
                    {move || if asked.get().is_some() {
                        view! { <h2 class="as-title" id="inbox-title">"Inbox"</h2> }.into_any()
                    } else {
                        view! { <h1 id="inbox-title">"Inbox"</h1> }.into_any()
                    }}
                    <span class="quiet">{text(move || count().to_string())}" waiting"</span>
                </header>
                <Tabs label="Which requests" tabs=Signal::derive(move || tabs(part.get().as_deref(), find.get().as_deref(), count()))/>
                {dynamic(move || seeking(part.get(), find.get()))}
                <FormProblem post=several/>
                {dynamic(move || view! { <div class="drawn" inner_html=data.with(|data| data.proposals.clone())></div> })}
                {either(move || on_page() > 0, shown, move || if part.with(Option::is_some) || find.with(Option::is_some) { none_of_part() } else { nothing() })}
                {dynamic(move || ends.with(|((rows, total, more), after, part, find)| {
                    turns((*rows, *total), more.as_deref(), after.is_some(), (part.as_deref(), find.as_deref()))
                }))}
                {either(move || decided.with(|rows| !rows.is_empty()), decided_view, || ().into_any())}
            </section>
            <div class="inbox-open">{open_request(data, open_key, decide)}</div>
        </div>
    }
    .into_any()
}

/// The parts of the inbox; how many requests there are is known of the one that is shown.
fn tabs(part: Option<&str>, find: Option<&str>, count: u64) -> Vec<Tab> {
    let tab = |(word, label): (&'static str, &'static str)| {
        let value = Some(word).filter(|word| !word.is_empty());
        let current = part == value;
        Tab { label, href: here().inbox_part(value, find, None), current, count: current.then_some(count) }
    };
    let decided = here().audit_of(Some("decisions"), None, None);
    let decided = Tab { label: "Decided", href: decided, current: false, count: None };
    PARTS.into_iter().map(tab).chain([decided]).collect()
}

/// The field that looks for requests by what they ask and where they are.
fn seeking(part: Option<String>, find: Option<String>) -> AnyView {
    view! {
        <form method="get" class="find-requests" role="search">
            {part.map(|part| view! { <input type="hidden" name="part" value=part/> })}
            <input type="search" name="q" value=find.unwrap_or_default() aria-label="Find requests" placeholder="Find requests" maxlength="200"/>
        </form>
    }
    .into_any()
}

fn none_of_part() -> AnyView {
    view! { <Empty title="None of these">"Requests of this part appear here. "<a href=here().inbox()>"Show all requests"</a>"."</Empty> }
        .into_any()
}

/// What may be chosen for several requests: each outcome leads to the exact list, before anything is decided.
fn at_once(post: Post, within: Within, offered: &[Offer]) -> Option<AnyView> {
    let button = |offer: &Offer| {
        view! {
            <button class="button" type="submit" name="decision" value=offer.id.clone() disabled=move || post.pending()>{shown(&offer.label)}"…"</button>
        }
    };
    let hidden = move || {
        [("part", within.part), ("q", within.find), ("after", within.after)]
            .into_iter()
            .filter_map(|(name, value)| value.get().map(|value| view! { <input type="hidden" name=name value=value/> }))
            .collect_view()
            .into_any()
    };
    (!offered.is_empty()).then(|| {
        view! {
            {dynamic(hidden)}
            <details class="bulk">
                <summary>"Decide several"</summary>
                <div class="bulk-fields">
                    <label class="check"><input type="checkbox" name="page" value="1" data-picks-all="true"/>"All of this page"</label>
                    <label class="check"><input type="checkbox" name="every" value="1"/>"All that wait here, at most 500"</label>
                    <input type="text" name="comment" maxlength="2000" placeholder="Said with each decision" aria-label="Said with each decision" value=post.typed("comment")/>
                    {offered.iter().map(button).collect_view()}
                </div>
            </details>
        }
        .into_any()
    })
}

/// The links between the pages of the list.
fn turns(
    (rows, total): (usize, u64),
    more: Option<&str>,
    is_later: bool,
    (part, find): (Option<&str>, Option<&str>),
) -> Option<AnyView> {
    (more.is_some() || is_later).then(|| {
        view! {
            <nav class="turns" aria-label="Pages of the inbox">
                <span class="quiet">{format!("{rows} of {total} requests")}</span>
                {is_later.then(|| view! { <a class="button" href=here().inbox_part(part, find, None)>"Most urgent"</a> })}
                {more.map(|more| view! { <a class="button" href=here().inbox_part(part, find, Some(more)) rel="next">"Next"</a> })}
            </nav>
        }
        .into_any()
    })
}

fn status_of(page: &Approval) -> Status {
    match &page.state {
        ApprovalState::Waiting => Status::WaitingApproval,
        ApprovalState::Decided(decision) => mark_of(decision.tone),
        ApprovalState::Held { tone, .. } => mark_of(*tone),
        ApprovalState::Closed { status, .. } => *status,
    }
}

/// A request's own form for each request: what was typed for one must not be sent for another.
fn open_request(data: Seen<Inbox>, open_key: Memo<Option<RequestKey>>, decide: Post) -> AnyView {
    let problem = move || {
        data.with(|data| data.open.as_ref().and_then(|open| open.as_ref().err().map(|error| error.problem.clone())))
    };
    let detail = move || {
        let first = data.with_untracked(|data| data.open.clone().and_then(Result::ok));
        first
            .map(|first| {
                let key = key_of(&first.row);
                // Between two requests the data is already the next one's: this one keeps its own.
                let own = move |last: Option<&Approval>| {
                    let fresh = data
                        .with(|data| data.open.clone().and_then(Result::ok))
                        .filter(|page| key_of(&page.row) == key);
                    fresh.or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
                };
                view! { <ApprovalDetail page=Memo::new(own) post=decide/> }
            })
            .into_any()
    };
    let opened =
        move || open_key.get().into_iter().map(|key| Row::new(format!("{} {}", key.0, key.1), detail)).collect();
    let late = move || {
        let Some(Told::Late { late, request, by }) = decide.told() else { return None };
        // It is about one request: the next one that is opened is another.
        let now = data.with_untracked(|data| data.now);
        (open_key.get().as_ref() == Some(&request)).then(|| too_late(&late, &by, now))
    };
    view! {
        {dynamic(late)}
        {dynamic(move || problem().map(|problem| view! { <ProblemBox problem/> }))}
        {list(opened)}
    }
    .into_any()
}

fn request(row: ApprovalRow, open_key: Memo<Option<RequestKey>>, within: Within, several: Post, now: i64) -> AnyView {
    let key = key_of(&row);
    let value = picked(&key.0, key.1);
    let was_picked = several.typed_all("picked[]").contains(&value);
    let pick = (!is_read_only()).then(|| {
        let label = format!("Choose {}", visible(&row.title));
        view! { <label class="col-pick"><input type="checkbox" name="picked[]" value=value checked=was_picked aria-label=label/></label> }
    });
    let href = {
        let ((arn, event), here) = (key.clone(), here());
        move || {
            let of = [within.part, within.find, within.after].map(|one| one.get());
            here.approval_beside(&arn, event, of.each_ref().map(Option::as_deref))
        }
    };
    let current = move || (open_key.get().as_ref() == Some(&key)).then_some("true");
    view! {
        <li>
            {pick}
            <a class="request" href=href aria-current=current data-noscroll="true">
                <Mark status=Status::WaitingApproval/>
                <span class="request-title">{shown(row.title)}</span>
                <span class="request-due">{row.due.map(|at| view! { <Due at now/> })}</span>
                <span class="request-side">
                    {shown(row.workflow)}" · "{shown(row.execution_name)}" · "{shown(row.state)}
                    {row.claimed.map(|name| view! { " · "{shown(name)}" looks after it" })}
                    {row.votes.map(|(so_far, people)| format!(" · {so_far} of {people} people"))}
                    {row.item.map(|item| view! { ", "{shown(item)} })}" · asked "<When at=row.asked_at now/>
                </span>
            </a>
        </li>
    }
    .into_any()
}
