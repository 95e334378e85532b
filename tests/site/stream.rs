//! The live stream: what it says, to whom, and from where on.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use countersign::routes;
use futures::StreamExt;
use tower::ServiceExt;

use crate::board::somebody;
use crate::support::Site;

/// What the stream at `path` says until it has said `until`.
async fn hear(site: &Site, path: &str, until: &str) -> String {
    let request = Request::get(path).header("host", "127.0.0.1:3000").body(Body::empty()).unwrap();
    let mut body = site.router.clone().oneshot(request).await.unwrap().into_body().into_data_stream();
    let mut heard = String::new();
    let listening = async {
        while !heard.contains(until) {
            let piece = body.next().await.expect("the stream goes on").unwrap();
            heard.push_str(&String::from_utf8_lossy(&piece));
        }
    };
    tokio::time::timeout(Duration::from_secs(20), listening).await.unwrap_or_else(|_| panic!("no {until}"));
    heard
}

#[tokio::test]
async fn one_stream_serves_the_tabs_of_a_browser() {
    let site = Site::new("stream").await;
    let (one, _) = site.ask("one").await;
    let (two, _) = site.ask("two").await;
    let path = format!(
        "/live?topic=default/execution:{}&topic=default/execution:{}&after=0",
        routes::encode(&one),
        routes::encode(&two)
    );
    // What happened after the change that was heard last comes again, for every execution that a tab shows.
    let heard = hear(&site, &path, &format!("default/execution:{two}")).await;
    assert!(heard.contains(&format!("default/execution:{one}")), "{heard}");
    // It says when the data was read, so that a page knows how old it is.
    let heard = hear(&site, "/live", "event: pulse").await;
    let at =
        heard.split("event: pulse\ndata: default:").nth(1).and_then(|rest| rest.lines().next()).unwrap_or_default();
    assert!(at.parse::<i64>().is_ok_and(|at| at > 1_700_000_000_000), "{heard}");
    site.close().await;
}

#[tokio::test]
async fn invented_executions_and_other_sites_cost_nothing() {
    let site = Site::new("stream-invented").await;
    let (known, _) = site.ask("known").await;
    for (arn, expected) in [(known.clone(), 1), (format!("{known}-invented"), 0)] {
        let looked_at = site.desk.look_at(&somebody(), &[arn].into()).await.unwrap();
        assert_eq!(looked_at.len(), expected);
    }
    let foreign = site.send(Method::GET, "/live", &[("sec-fetch-site", "cross-site")], String::new()).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    site.close().await;
}

/// Opens a stream as the browser with this session does: its body, or the answer's status and text.
async fn stream_of(site: &Site, session: &str) -> Result<axum::body::BodyDataStream, (StatusCode, String)> {
    let cookie = format!("countersign_session={session}");
    let request = Request::get("/live").header("host", "127.0.0.1:3000").header("cookie", cookie);
    let answer = site.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    if answer.status() == StatusCode::OK {
        return Ok(answer.into_body().into_data_stream());
    }
    let status = answer.status();
    let text = axum::body::to_bytes(answer.into_body(), 4_096).await.unwrap();
    Err((status, String::from_utf8_lossy(&text).into_owned()))
}

#[tokio::test]
async fn a_client_has_a_limited_number_of_streams() {
    let site = Site::new("stream-places").await;
    let (one, other) = ("0".repeat(32), "1".repeat(32));
    let mut open = Vec::new();
    for _ in 0..32 {
        open.push(stream_of(&site, &one).await.unwrap());
    }
    let (status, text) = stream_of(&site, &one).await.expect_err("one too many");
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(text.contains("as many live streams open as it may"), "{text}");
    let mut of_other = stream_of(&site, &other).await.expect("another session has its own");
    let hello = of_other.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&hello).contains("event: hello"));
    // A stream that the client drops frees its place, whether anything of it was read or not.
    open.pop();
    let mut read = stream_of(&site, &one).await.expect("a place was freed");
    read.next().await.unwrap().unwrap();
    assert!(stream_of(&site, &one).await.is_err());
    drop(read);
    assert!(stream_of(&site, &one).await.is_ok());
    site.close().await;
}
