//! The live stream: server-sent events that name what changed. A browser reads the page's data again by itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream};
use serde::Deserialize;

use crate::server::desk::Desk;
use crate::server::watch::{Looking, Watch};

/// Changes that come within this time go out together.
const TOGETHER: Duration = Duration::from_millis(60);
/// A line that keeps proxies and the browser from giving up.
const ALIVE: Duration = Duration::from_secs(15);

/// What a browser asks the stream for.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// The execution that its page shows.
    execution: Option<String>,
}

struct Reader {
    watch: Arc<Watch>,
    wakes: tokio::sync::watch::Receiver<u64>,
    at: u64,
    _looking: Option<Looking>,
}

/// Sends the topics that changed, from `Last-Event-ID` on, or from now on.
pub async fn live(
    State(desk): State<Arc<Desk>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watch = Arc::clone(&desk.watch);
    let wakes = watch.changes.subscribe();
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let at = last.unwrap_or_else(|| *wakes.borrow());
    let looking = wanted.execution.map(|arn| watch.look_at(&arn));
    let reader = Reader { watch, wakes, at, _looking: looking };
    // The first event tells the browser where it stands, so that a reconnection can resume.
    let hello = Event::default().event("hello").id(at.to_string()).retry(Duration::from_secs(2)).data("");
    let changes = stream::unfold(reader, |mut reader| async move {
        loop {
            let (at, topics) = reader.watch.changes.since(reader.at);
            if !topics.is_empty() {
                reader.at = at;
                let topics = topics.into_iter().collect::<Vec<_>>().join(" ");
                return Some((Ok(Event::default().event("change").id(at.to_string()).data(topics)), reader));
            }
            reader.wakes.changed().await.ok()?;
            tokio::time::sleep(TOGETHER).await;
        }
    });
    let all = stream::StreamExt::chain(stream::once(async { Ok(hello) }), changes);
    Sse::new(all).keep_alive(KeepAlive::new().interval(ALIVE))
}
