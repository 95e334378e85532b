//! HTTP: the router, what guards it, the assets and the live stream.

mod acts;
pub mod api;
pub(super) mod assets;
mod base;
pub(super) mod caller;
mod elsewhere;
mod files;
pub(super) mod guard;
mod hands;
mod hooks;
pub(super) mod limits;
pub mod place;
pub(super) mod refusal;
pub(super) mod session;
pub(super) mod sign_in;
mod stream;
mod stream_slots;
pub(super) mod who;

use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware;
use axum::response::Response;
use axum::routing::{MethodRouter, any, get, post};
use countersign_desk::Desks;
use leptos::config::LeptosOptions;
use leptos::prelude::{provide_context, use_context};
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::{AxumRouteListing, ResponseOptions, generate_route_list, render_app_async_with_context};
use tower_http::compression::CompressionLayer;
use tower_http::trace::TraceLayer;

pub use self::acts::{fields, is_proven_for, leads_to, proof, tells};
use self::place::Place;
use self::session::Sessions;
use self::stream_slots::StreamSlots;
pub use self::who::{By, Gate, Who};
use crate::app::arrival::Handed;
use crate::app::{App, shell};
use crate::routes;
use crate::server::guest::{self, Guests};
use crate::server::hooks::Hooks;
use crate::server::oidc::Oidc;

/// Bytes of a request body: AWS's limit of a request, and here also that of a form.
const BODY: usize = 1024 * 1024;

/// The pages' routes, listed once a process. While leptos lists them, no resource of the process loads, and a resource that
/// a page requests meanwhile never loads. So every router lists them before it serves anything.
static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// What the handlers share.
#[derive(Clone, FromRef)]
pub struct Site {
    pub options: LeptosOptions,
    pub desks: Arc<Desks>,
    pub sessions: Arc<Sessions>,
    /// The open live streams.
    pub streams: Arc<StreamSlots>,
    pub gate: Gate,
    pub place: Place,
    pub pace: Arc<api::Pace>,
    /// What SNS pushes in, where topics are named.
    pub hooks: Option<Arc<Hooks>>,
    /// With whom people sign in besides.
    pub oidc: Option<Arc<Oidc>>,
    /// The guests of the demonstration, where they may come.
    pub guests: Option<Arc<Guests>>,
}

/// What a site has where the settings say so.
#[derive(Clone, Default)]
pub struct Extras {
    pub hooks: Option<Arc<Hooks>>,
    pub oidc: Option<Arc<Oidc>>,
    pub guests: Option<Arc<Guests>>,
}

/// A page that is being rendered.
type Drawing = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Site {
    /// Renders a page of a connection as a whole, "not found" included, each with the same context.
    fn page(&self) -> impl Fn(Request) -> Drawing + Clone + Send + 'static {
        let (site, options) = (self.clone(), self.options.clone());
        let context = move || {
            provide_context(Arc::clone(&site.desks));
            site.guests.iter().cloned().for_each(provide_context);
            guard::set_content_policy();
            hand_over(&site);
        };
        let draw = render_app_async_with_context(context, move || shell(options.clone()));
        move |request| draw(base::whole(request))
    }
}

/// Gives the page that is being rendered its proof and the outcome that waits for it, and the browser a session.
fn hand_over(site: &Site) {
    let Some(parts) = use_context::<Parts>() else { return };
    let path = parts.uri.path();
    let connection = routes::connection_of(routes::within(path));
    let read_only = site.desks.get(connection).is_some_and(|desk| desk.about().read_only);
    let Some(who) = parts.extensions.get::<Who>() else { return };
    let session = who.session.clone().or_else(|| {
        let response = use_context::<ResponseOptions>().filter(|_| session::opens_a_page(&parts.headers))?;
        let (id, cookie) = session::new(site.place.is_secure());
        response.append_header(header::SET_COOKIE, cookie?);
        Some(id)
    });
    let signed_in = who.is_signed_in().then(|| who.person.name.clone());
    let banner = if who.is_signed_in() { String::new() } else { guest::banner(site.guests.is_some(), connection) };
    let mut handed = Handed { read_only, signed_in, banner, ..Handed::default() };
    if let Some(session) = session {
        handed.outcome = site.sessions.take(&session, path);
        handed.proof = site.sessions.proof(&session, connection);
        // A page reads through the same server functions that a browser calls.
        provide_context(acts::Prover::of(&site.sessions, &session));
    }
    provide_context(handed);
}

/// The paths, each shape once: leptos lists a path with optional segments once for each number of segments, and axum does
/// not distinguish the names of segments.
fn distinct<'a>(paths: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let mut shapes = std::collections::HashSet::new();
    paths.filter(move |path| {
        let shape = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        shapes.insert(shape.collect::<Vec<_>>().join("/"))
    })
}

/// The path of what is read of an execution outside of pages.
fn behind_execution(segment: &str) -> String {
    format!("/{{connection}}/{}/{{arn}}/{segment}", routes::EXECUTIONS)
}

/// The path of the record as a file, by its ending.
fn audit_file() -> String {
    format!("/{{connection}}/{}/{}/{{ending}}", routes::AUDIT, routes::AUDIT_FILE)
}

/// What stands beside the pages and the functions, each path with what answers there: the router and [`paths`] are made of it,
/// so that neither has what the other one has not.
fn beside() -> [(String, MethodRouter<Site>); 8] {
    [
        (behind_execution(routes::HISTORY), get(files::history)),
        (behind_execution(routes::VALUE), get(files::value)),
        (audit_file(), get(files::record)),
        (hands::path(), get(hands::page)),
        (guest::board::path(), get(guest::board::page).post(guest::board::draw)),
        (routes::LIVE.to_owned(), get(stream::live)),
        (routes::HEALTHZ.to_owned(), get(|| async { "ok\n" })),
        (routes::HOOK_SNS.to_owned(), post(hooks::sns)),
    ]
}

/// The paths of the site, but for files: what a test goes through.
#[must_use]
pub fn paths() -> Vec<String> {
    let pages = distinct(PAGES.iter().map(|page| routes::within(page.path()))).map(str::to_owned);
    let functions = server_fn_paths().map(|(path, _)| path.to_owned());
    let beside = beside().into_iter().map(|(path, _)| path);
    let others = [routes::ROOT].into_iter().chain(sign_in::PATHS).chain(api::PATHS).map(str::to_owned);
    pages.chain(functions).chain(beside).chain(others).collect()
}

/// The whole site over the desks of all connections, without sign-in.
pub fn router(desks: Arc<Desks>) -> Router {
    router_at(desks, Gate::Personas, Place::ThisMachine)
}

/// The whole site over the desks of all connections: who comes in, and where it is.
pub fn router_at(desks: Arc<Desks>, gate: Gate, place: Place) -> Router {
    router_with(desks, gate, place, Extras::default())
}

/// The same with what the settings add.
pub fn router_with(desks: Arc<Desks>, gate: Gate, place: Place, Extras { hooks, oidc, guests }: Extras) -> Router {
    let options = LeptosOptions::builder().output_name("countersign").site_root("site").build();
    let (sessions, streams, pace) = (Arc::default(), Arc::default(), Arc::default());
    let site = Site { options, desks, sessions, streams, gate, place, pace, hooks, oidc, guests };
    // Not leptos_axum's own routes: those would serve the server functions too, without checking the proof.
    let pages = distinct(PAGES.iter().map(|page| routes::within(page.path())))
        .fold(Router::new(), |router, path| router.route(path, get(elsewhere::page)));
    let pages = api::routes(sign_in::routes(pages))
        .route(&format!("{}{{*name}}", routes::API), any(acts::server_function))
        .fallback(elsewhere::anything)
        .layer(middleware::from_fn(limits::whole))
        .layer(CompressionLayer::new());
    let router = beside()
        .into_iter()
        .fold(pages, |router, (path, methods)| router.route(&path, methods))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn_with_state(site.clone(), who::gate))
        .layer(middleware::from_fn(limits::bodies))
        .layer(middleware::from_fn_with_state(site.clone(), guard::same_site))
        .layer(middleware::from_fn_with_state(site.clone(), guard::headers))
        // Without the query: the secret of a one-time link stands there.
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request| {
            tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
        }))
        .with_state(site);
    base::below(router)
}
