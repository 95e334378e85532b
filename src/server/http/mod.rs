//! HTTP: the router, what guards it, the assets and the live stream.

mod assets;
mod guard;
mod stream;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use leptos::config::LeptosOptions;
use leptos::prelude::provide_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list, handle_server_fns_with_context};
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use super::desk::Desk;
use crate::app::{App, shell};

/// AWS's limit of a request, which is the limit of a form here too.
const BODY: usize = 1024 * 1024;
/// No page and no action takes longer; the live stream is outside of this limit.
const LONGEST: Duration = Duration::from_secs(30);

/// The pages' routes, found once in a process. While leptos looks for them, no resource of the process loads, and one
/// that a page asks for just then never does: every router therefore has them before it serves anything.
static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// What the handlers share.
#[derive(Clone, FromRef)]
pub struct Site {
    pub options: LeptosOptions,
    pub desk: Arc<Desk>,
}

/// The whole site over one desk.
pub fn router(desk: Arc<Desk>) -> Router {
    let options = LeptosOptions::builder().output_name("countersign").site_root("site").build();
    let site = Site { options, desk: Arc::clone(&desk) };
    let context = {
        let desk = Arc::clone(&desk);
        move || {
            provide_context(Arc::clone(&desk));
            guard::set_content_policy();
        }
    };
    let pages = Router::new()
        .route("/api/{*name}", any(server_function))
        .leptos_routes_with_context(&site, PAGES.clone(), context, {
            let options = site.options.clone();
            move || shell(options.clone())
        })
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LONGEST))
        .layer(CompressionLayer::new());
    pages
        .route(crate::routes::LIVE, get(stream::live))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(assets::serve_or_not_found)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn(guard::headers))
        .layer(middleware::from_fn(guard::same_site))
        .layer(TraceLayer::new_for_http())
        .with_state(site)
}

async fn server_function(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let shared: Parts = parts.clone();
    let context = move || {
        provide_context(Arc::clone(&desk));
        provide_context(shared.clone());
    };
    handle_server_fns_with_context(context, Request::from_parts(parts, body)).await.into_response()
}
