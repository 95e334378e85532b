//! The frame around every page: the rail, the header, and the banner of the demonstration.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::hooks::use_location;

use super::StatusWord;
use super::switcher::switcher;
use crate::app::arrival::{Arrival, CONNECTION, PROOF};
use crate::app::here::{self, here};
use crate::app::live::{Link, Live};
use crate::app::server_fns::ActAs;
use crate::app::ui::{
    Clock, FormProblem, Memo, PageData, Post, PostForm, ProblemBox, Signal, WindowTitle, duration, dynamic, effect,
    effect_since, focus_on, page_data, shown, text,
};
use crate::error::{AppError, ErrorKind};
use crate::routes;
use crate::visible::visible;
use crate::wire::frame::{Frame, Health, Person};
use crate::wire::{Ask, Page, Topic};
use crate::wire::{Problem, Status};

/// The overview has no segment behind the connection.
const OVERVIEW: &str = "";
/// The places of the rail: word, the segment behind the connection, and the inside of a 20 by 20 drawing.
const PLACES: [(&str, &str, &str); 6] = [
    ("Overview", OVERVIEW, r#"<path d="M3 11.5 10 4l7 7.5M5.5 9.5V16h9V9.5"/>"#),
    ("Inbox", routes::INBOX, r#"<path d="M3 11.5 5.5 4h9L17 11.5V16H3zM3 11.5h4l1.2 2h3.6l1.2-2h4"/>"#),
    ("Executions", routes::EXECUTIONS, r#"<path d="M3 5h8M6 10h11M4 15h6"/>"#),
    (
        "Workflows",
        routes::WORKFLOWS,
        r#"<rect x="7" y="2.5" width="6" height="4" rx="1"/><rect x="2.5" y="13.5" width="6" height="4" rx="1"/><rect x="11.5" y="13.5" width="6" height="4" rx="1"/><path d="M10 6.5V10m-4.5 3.5V10h9v3.5"/>"#,
    ),
    ("Deploy", routes::DEPLOY, r#"<path d="M10 13V3.5M6 7l4-4 4 4M3.5 12v4.5h13V12"/>"#),
    ("Audit", routes::AUDIT, r#"<path d="M5 2.5h10v15H5zM8 6.5h4M8 9.5h4M8 12.5h2"/>"#),
];

/// The frame; `children` are the page.
#[component]
pub fn PageFrame(children: Children) -> impl IntoView {
    here::start();
    let arrival = Arrival::start();
    let clock = Clock::start();
    let live = Live::start();
    let act = Post::to(ActAs::PATH);
    let frame = page_data(move || (Ask::Frame, live.changes([Topic::Frame, Topic::Inbox, Topic::Health])));
    effect(move || {
        if let Some(Ok(Page::Frame(frame))) = frame.get() {
            clock.set_by(frame.now);
            live.connection(frame.data_at, frame.connection.health == Health::Answers);
        }
    });
    let path = use_location().pathname;
    let (home, inbox) = (here().overview(), here().inbox());
    effect_since(move |before: Option<String>| {
        let path = path.get();
        // What had the keyboard's place goes with the page before. The inbox stays, and minds its requests itself.
        let stays = |path: &str| path.starts_with(&inbox);
        if before.is_some_and(|before| before != path && !(stays(&before) && stays(&path))) {
            focus_on("main");
        }
        path
    });
    view! {
        <a class="skip" href="#main">"Skip to the page"</a>
        {of_frame(frame, connection_line)}
        <header class="top">
            <a class="brand" href=home><img src=routes::at("/favicon.svg") width="20" height="20" alt=""/>"Countersign"</a>
            {of_frame(frame, |frame| frame.ok().map(|frame| switcher(&frame)).into_any())}
            <LiveDot live/>
            <span class="top-space"></span>
            <a class="search-open" href=here().search(None) aria-keyshortcuts="Control+K Meta+K">
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 4 4"/></svg>
                <span class="search-word">"Search"</span>
                <kbd class="search-key" aria-hidden="true">"Ctrl K"</kbd>
            </a>
            {match arrival.signed_in() {
                Some(name) => account(name),
                None => of_frame(frame, move |frame| frame.ok().map(|frame| persona(frame, act)).into_any()),
            }}
            <ThemeSwitch/>
        </header>
        <nav class="rail" aria-label="Main">
            {PLACES.map(|(word, name, shape)| place(word, name, shape, frame)).collect_view()}
        </nav>
        <main id="main" tabindex="-1">
            {arrival.signed_in().is_none().then(|| view! {
                <details class="banner">
                    <summary><strong>"Demonstration"</strong><span class="banner-more">": anyone at this machine can act as any of these people."</span></summary>
                    <div class="banner-words" inner_html=arrival.banner()></div>
                </details>
            })}
            <FormProblem post=act/>
            {of_frame(frame, |frame| connection_problem(frame).into_any())}
            {of_frame(frame, |frame| frame.ok().and_then(|frame| frame.manifest).map(frame_problem).into_any())}
            {children()}
        </main>
    }
    .into_any()
}

/// A part of the frame, drawn from its data.
fn of_frame(frame: PageData, draw: impl Fn(Result<Frame, AppError>) -> AnyView + Send + Sync + 'static) -> AnyView {
    let draw: Arc<dyn Fn(Result<Frame, AppError>) -> AnyView + Send + Sync> = Arc::new(draw);
    view! {
        <Transition>
            {
                let draw = Arc::clone(&draw);
                move || {
                    let draw = Arc::clone(&draw);
                    Suspend::new(async move { draw(frame_of(frame.await)) })
                }
            }
        </Transition>
    }
    .into_any()
}

fn frame_of(answer: Result<Page, AppError>) -> Result<Frame, AppError> {
    answer.and_then(|page| match page {
        Page::Frame(frame) => Ok(frame),
        _ => {
            Err(AppError::new(ErrorKind::Internal, "The server returned the data of another page.", "Reload the page."))
        }
    })
}

fn place(word: &'static str, name: &'static str, shape: &'static str, frame: PageData) -> AnyView {
    let at = use_location().pathname;
    let path = if name == OVERVIEW { here().overview() } else { here().page(name) };
    let current = {
        let path = path.clone();
        move || {
            let is_below = |at: &str| name != OVERVIEW && at.starts_with(&format!("{path}/"));
            at.with(|at| *at == path || is_below(at)).then_some("page")
        }
    };
    let is_inbox = name == routes::INBOX;
    let count = is_inbox.then(|| {
        of_frame(frame, |frame| {
            let waiting = frame.map_or(0, |frame| frame.waiting);
            (waiting > 0)
                .then(|| view! { <span class="rail-count">{waiting.to_string()}<span class="unseen">" waiting"</span></span> })
                .into_any()
        })
    });
    view! {
        <a class="place" class:place-inbox=is_inbox href=path aria-current=current>
            <svg class="place-shape" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" inner_html=shape></svg>
            <span class="place-word">{word}</span>
            {count}
        </a>
    }
    .into_any()
}

fn connection_line(frame: Result<Frame, AppError>) -> AnyView {
    let colour = frame.map(|frame| frame.connection.colour.as_str()).unwrap_or("away");
    view! { <div class="connection-line" data-colour=colour></div> }.into_any()
}

/// Why the page may be older than it looks, or what it cannot show.
fn connection_problem(frame: Result<Frame, AppError>) -> Option<AnyView> {
    let problem = match frame {
        Ok(frame) => frame.problem.or(frame.denied),
        // Whoever may not see the connection reads it once, where the page would be.
        Err(error) if error.kind == ErrorKind::Forbidden => None,
        Err(error) => Some(error.problem),
    };
    let more = || view! { <p><a href=here().page(routes::CONNECTION)>"What is wrong with this connection"</a></p> };
    problem.map(|problem| view! { <div class="frame-problem"><ProblemBox problem/>{more()}</div> }.into_any())
}

fn frame_problem(problem: Problem) -> AnyView {
    view! { <div class="frame-problem"><ProblemBox problem/></div> }.into_any()
}

/// Older data is not live, though the stream is: in milliseconds. AWS's quotas let a round take half a minute.
const OLD: i64 = 45_000;

/// Whether the connection answers, and how old the data is.
#[component]
fn LiveDot(live: Live) -> impl IntoView {
    // The server never says how old its data is: a page shows that once it runs.
    let age = move || live.data_at().map(|at| (Clock::now_or(at) - at).max(0));
    let state = Memo::new(move |_| match live.link() {
        Link::Starting => ("starting", ""),
        Link::Reconnecting => ("away", "Reconnecting"),
        Link::Live if !live.answers() => ("away", "No answer"),
        Link::Live if age().is_some_and(|age| age > OLD) => ("old", "Waiting for data"),
        Link::Live => ("live", "Live"),
    });
    let old = Memo::new(move |_| {
        let age = age().filter(|_| live.link() != Link::Starting);
        // A number that changes every second draws the eye, and says nothing.
        age.map_or_else(String::new, |age| match age {
            ..10_000 => "data under 10 s old".to_owned(),
            age => format!("data {} old", duration(age - age % 5_000, false)),
        })
    });
    let title = "Live: Step Functions responds, and this page updates itself. The age is that of the last response.";
    view! {
        <span class="live-state" title=title>
            <span class="live-dot" role="status" data-state=move || state.get().0>{dynamic(move || state.get().1)}</span>
            <span class="live-age time">{text(move || old.get())}</span>
        </span>
    }
    .into_any()
}

/// Who is signed in, and the way out. Plain forms and links: they work before the rest of the page does, and without it.
fn account(name: String) -> AnyView {
    let proof = Arrival::of_page().proof();
    view! {
        <details class="account">
            <summary><span class="unseen">"Signed in as "</span>{shown(name)}</summary>
            <div class="account-box">
                <a href=routes::at(routes::ACCOUNT) rel="external">"Account and sessions"</a>
                <form method="post" action=routes::at(routes::SIGN_OUT)>
                    <input type="hidden" name=PROOF value=proof/>
                    <input type="hidden" name=CONNECTION value=here().connection().to_owned()/>
                    <button class="button" type="submit">"Sign out"</button>
                </form>
            </div>
        </details>
    }
    .into_any()
}

/// Who acts. It submits itself where scripts run; the button is for where they do not.
fn persona(frame: Frame, act: Post) -> AnyView {
    let location = use_location();
    let from = move || format!("{}{}", location.pathname.get(), with_mark(&location.search.get()));
    let acting = frame.person.id;
    let choice = move |person: Person| {
        let selected = person.id == acting;
        view! { <option value=person.id selected=selected>{format!("{} · {}", person.name, person.role)}</option> }
    };
    view! {
        <PostForm post=act class="persona">
            <input type="hidden" name="from" value=from/>
            <label class="unseen" for="person">"Acting as"</label>
            <select id="person" name="person" data-submits="whole">{frame.people.into_iter().map(choice).collect_view()}</select>
            <button class="button no-script" type="submit">"Act"</button>
        </PostForm>
    }
    .into_any()
}

fn with_mark(search: &str) -> String {
    let search = search.trim_start_matches('?');
    if search.is_empty() { String::new() } else { format!("?{search}") }
}

/// Light, dark, or as the system says. `/theme.js` listens: it works before the rest of the page does.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let choice = |value: &'static str, word: &'static str, shape: &'static str| {
        view! {
            <button class="theme" type="button" data-choose-theme=value title=word aria-label=word>
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" inner_html=shape></svg>
            </button>
        }
    };
    view! {
        <div class="themes" role="group" aria-label="Theme">
            {choice("light", "Light theme", r#"<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.8M8 12.7v1.8M1.5 8h1.8M12.7 8h1.8M3.4 3.4l1.3 1.3M11.3 11.3l1.3 1.3M3.4 12.6l1.3-1.3M11.3 4.7l1.3-1.3"/>"#)}
            {choice("auto", "Theme of the system", r#"<rect x="2" y="3" width="12" height="8" rx="1"/><path d="M6 14h4M8 11v3"/>"#)}
            {choice("dark", "Dark theme", r#"<path d="M13 9.7A5.5 5.5 0 0 1 6.3 3 5.5 5.5 0 1 0 13 9.7z"/>"#)}
        </div>
    }
    .into_any()
}

/// A step of the way to a page.
#[derive(Clone)]
pub struct Crumb {
    pub word: String,
    pub href: String,
}

/// The head of a page: its title in the window and on the page, the way to it, and what can be done.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    /// What the window's title says; the title where it is nothing.
    #[prop(optional, into)]
    window: Option<Signal<String>>,
    #[prop(optional)] crumbs: Vec<Crumb>,
    #[prop(optional, into)] status: Option<Signal<Status>>,
    #[prop(optional)] mono: bool,
    /// What stands beside the title.
    #[prop(optional)]
    facts: Option<AnyView>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let plain = title.clone();
    let window = move || window.map_or_else(|| plain.clone(), |window| window.get());
    let crumb = |crumb: Crumb| view! { <a href=crumb.href>{shown(crumb.word)}</a><span aria-hidden="true">"/"</span> };
    let way = (!crumbs.is_empty()).then(
        || view! { <nav class="crumbs" aria-label="Breadcrumb">{crumbs.into_iter().map(crumb).collect_view()}</nav> },
    );
    view! {
        <WindowTitle text=window/>
        <header class="page-head">
            {way}
            <h1 class:mono=mono title=visible(&title).into_owned()>{shown(&title)}</h1>
            {status.map(|status| view! { <StatusWord status/> })}
            {facts}
            <div class="page-actions">{children.map(|children| children())}</div>
        </header>
    }
    .into_any()
}
