//! The live stream: server-sent events that name what changed. A browser reads the page's data again by itself.
#![expect(clippy::disallowed_methods, reason = "the pulse of an open connection, in real time")]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use countersign_desk::connection::ConnectionId;
use countersign_desk::news::Topic as News;
use countersign_desk::watch::{Attending, Looking};
use countersign_desk::{Actor, Desks, Error};
use futures::stream;
use tokio::time::{Instant, sleep_until};

use super::refusal::{Wants, refuse};
use super::stream_slots::{StreamSlot, StreamSlots};
use super::{By, Gate, Site, Who};
use crate::wire::Topic;

/// A change that comes alone is sent after this time, with whatever comes right behind it; the next one only so long after
/// it.
const TOGETHER: Duration = Duration::from_millis(8);
const APART: Duration = Duration::from_millis(120);
/// How often the stream reports the age of the data. It also keeps proxies from closing it, and shows a browser that the
/// connection is alive.
const PULSE: Duration = Duration::from_secs(5);
/// The most executions that one stream may have read more often, on all connections together: each costs calls.
const MOST_LOOKED_AT: usize = 16;

struct Reader {
    desks: Arc<Desks>,
    gate: Gate,
    who: Who,
    actor: Actor,
    wakes: tokio::sync::watch::Receiver<u64>,
    at: u64,
    pulse: Instant,
    /// When the last change was sent.
    sent: Option<Instant>,
    _attending: Vec<Attending>,
    _looking: Vec<Looking>,
    _slot: StreamSlot,
}

/// Sends the topics that changed on any connection, from `after` or `Last-Event-ID` on, or from now on. `topic` names an
/// execution that a page shows, with its connection; it may stand several times.
pub async fn live(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    Query(wanted): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    // A page of another site could not read the stream, but opening one already causes calls to Step Functions.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return (StatusCode::FORBIDDEN, "The live stream is for the dashboard's own pages.\n").into_response();
    }
    let (desks, slots): (Arc<Desks>, Arc<StreamSlots>) = (Arc::clone(&site.desks), Arc::clone(&site.streams));
    let address = site.place.client(peer.map(|Extension(ConnectInfo(peer))| peer.ip()), &headers);
    let Some(slot) = slots.take(address, who.session.clone()) else {
        let what = "This client has as many live streams open as it may.";
        let wants = Wants::of(&headers, crate::routes::LIVE);
        return refuse(
            wants,
            StatusCode::TOO_MANY_REQUESTS,
            what,
            "Close some of its tabs: each shows what is new after a reload.",
        );
    };
    let named = |name: &'static str| wanted.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str());
    let wakes = desks.changes().subscribe();
    // A source that reconnects by itself keeps its address, so its own header is the later one.
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).or_else(|| named("after").next());
    let at = last.and_then(|last| last.parse().ok()).unwrap_or_else(|| *wakes.borrow());
    let actor = who.actor();
    let Ok(looking) = look_at(&desks, &actor, named("topic")).await else {
        return (StatusCode::FORBIDDEN, "You may not see these executions.\n").into_response();
    };
    // A connection that this actor may not see is looked at for others.
    let attending: Vec<Attending> = desks.iter().filter_map(|desk| desk.attend(&actor).ok()).collect();
    if attending.is_empty() {
        return nothing_to_see(&headers);
    }
    let reader = Reader {
        desks,
        gate: site.gate,
        who,
        actor,
        wakes,
        at,
        pulse: Instant::now(),
        sent: None,
        _attending: attending,
        _looking: looking,
        _slot: slot,
    };
    // The first event carries the sequence number at which the stream begins, so that a reconnect continues there. Browsers
    // skip an event without data.
    let hello = Event::default().event("hello").id(at.to_string()).retry(Duration::from_secs(2)).data(at.to_string());
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let all = stream::StreamExt::chain(stream::once(async { Ok(hello) }), events);
    Sse::new(all).into_response()
}

/// Refuses whoever may see no connection. A page's stream is told so in an event: it does not read the status, and would
/// ask again every few seconds for as long as the page is open.
fn nothing_to_see(headers: &HeaderMap) -> Response {
    const WHAT: &str = "You may not see any of the connections.";
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/event-stream")) {
        let refused = Event::default().event("refused").retry(Duration::from_secs(60)).data(WHAT);
        return Sse::new(stream::once(async { Ok::<_, Infallible>(refused) })).into_response();
    }
    (StatusCode::FORBIDDEN, format!("{WHAT}\n")).into_response()
}

/// Has the executions that pages show read more often: at most as many as one connection grants.
async fn look_at<'a>(
    desks: &Desks,
    actor: &Actor,
    topics: impl Iterator<Item = &'a str>,
) -> Result<Vec<Looking>, Error> {
    let mut executions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (connection, topic) in topics.filter_map(Topic::read) {
        if let Topic::Execution(arn) = topic {
            executions.entry(connection).or_default().insert(arn);
        }
    }
    let mut looking = Vec::new();
    for (connection, executions) in executions {
        // A connection that was removed from the configuration is shown by pages that are still open.
        let Some(desk) = desks.get(connection) else { continue };
        match desk.look_at(actor, &executions).await {
            Ok(mut guards) => looking.append(&mut guards),
            // What somebody may not see is not read more often for them.
            Err(Error::Denied(_)) => {}
            Err(error) => return Err(error),
        }
    }
    looking.truncate(MOST_LOOKED_AT);
    Ok(looking)
}

/// When the data of each connection was read, as the pulse says it.
fn ages(desks: &Desks) -> String {
    let age = |at: Option<i64>| at.map(|at| at.to_string()).unwrap_or_default();
    desks.iter().map(|desk| format!("{}:{}", desk.id(), age(desk.data_at()))).collect::<Vec<_>>().join(" ")
}

/// A topic as the browser knows it.
fn on_the_wire(topic: &News) -> Topic {
    match topic {
        News::Frame => Topic::Frame,
        News::Inbox => Topic::Inbox,
        News::Executions => Topic::Executions,
        News::Workflows => Topic::Workflows,
        News::Health => Topic::Health,
        News::Execution(arn) => Topic::Execution(arn.clone()),
    }
}

impl Reader {
    /// Whether whoever reads is still signed in; a token is looked at when the stream is opened again.
    async fn may_go_on(&self) -> bool {
        match (&self.gate, &self.who.by) {
            (Gate::SignIn(people), By::Session(session)) => people.still(&session.hash).await.unwrap_or(false),
            _ => true,
        }
    }

    /// The next event: what changed, or how old the data is. `None` once the server or the session ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.pulse <= Instant::now() {
                if !self.may_go_on().await {
                    return None;
                }
                self.pulse = Instant::now() + PULSE;
                return Some(Event::default().event("pulse").data(ages(&self.desks)));
            }
            let (at, mut topics) = self.desks.changes().since(self.at);
            // What somebody may not see, they do not hear of.
            topics.retain(|(connection, topic)| {
                self.desks.get(connection.as_str()).is_some_and(|desk| desk.may_hear(&self.actor, topic))
            });
            self.at = at;
            if !topics.is_empty() {
                self.sent = Some(Instant::now());
                let topic = |(connection, topic): &(ConnectionId, News)| on_the_wire(topic).on(connection.as_str());
                let topics = topics.iter().map(topic).collect::<Vec<_>>().join(" ");
                return Some(Event::default().event("change").id(at.to_string()).data(topics));
            }
            tokio::select! {
                woken = self.wakes.changed() => {
                    woken.ok()?;
                    let soon = Instant::now() + TOGETHER;
                    sleep_until(self.sent.map_or(soon, |sent| (sent + APART).max(soon))).await;
                }
                () = sleep_until(self.pulse) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_of_the_desk_reaches_the_browser_as_itself() {
        let one = News::Execution("arn:aws:states:eu-central-1:000000000000:execution:order:1".to_owned());
        let all: Vec<News> = News::GENERAL.into_iter().chain([one]).collect();
        let mut seen = Vec::new();
        for topic in &all {
            let text = on_the_wire(topic).to_string();
            assert!(!text.contains(' '), "{text:?}: topics are parted by spaces");
            assert_eq!(text.parse(), Ok(on_the_wire(topic)));
            assert!(!seen.contains(&text), "{text:?} is the name of two topics");
            seen.push(text);
        }
        assert_eq!(seen.len(), Topic::GENERAL.len() + 1, "the browser knows as many topics as the desk");
    }
}
