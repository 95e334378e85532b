//! Who may call: programs of this machine, and no web page.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use crate::engine::Engine;

#[tokio::test]
async fn only_programs_of_this_machine_are_answered() {
    let engine = Engine::new("guard").await;
    let check = async |host: &str, origin: Option<&str>, expected: StatusCode| {
        let mut request =
            Request::post("/").header("host", host).header("x-amz-target", "AWSStepFunctions.ListActivities");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = engine.router.clone().oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
        assert_eq!(response.status(), expected, "host {host:?}, origin {origin:?}");
    };
    for here in [
        "127.0.0.1:8083",
        "127.9.9.9",
        "localhost",
        "LocalHost:8083",
        "[::1]:8083",
        // The SDKs put this before the host for what they call synchronous.
        "sync-localhost:8083",
        "sync-127.0.0.1:8083",
        "engine.localhost:8083",
        "sync-engine.localhost:8083",
        "bucket.s3.localhost:8083",
    ] {
        check(here, None, StatusCode::OK).await;
    }
    for foreign in [
        "countersign.example:8083",
        "192.0.2.7:8083",
        "localhost.example",
        "127.0.0.1.example",
        "[2001:db8::1]",
        "",
        "notlocalhost",
        "sync-countersign.example",
        ".localhost",
        "sync-192.0.2.7",
        "localhost.example.localhost.example",
    ] {
        check(foreign, None, StatusCode::FORBIDDEN).await;
    }
    for origin in ["http://localhost:8083", "https://countersign.example", "null"] {
        check("127.0.0.1:8083", Some(origin), StatusCode::FORBIDDEN).await;
    }
    for (site, expected) in [
        ("cross-site", StatusCode::FORBIDDEN),
        ("same-site", StatusCode::FORBIDDEN),
        ("same-origin", StatusCode::OK),
        ("none", StatusCode::OK),
    ] {
        let request = Request::post("/")
            .header("host", "127.0.0.1:8083")
            .header("x-amz-target", "AWSStepFunctions.ListActivities")
            .header("sec-fetch-site", site);
        let response = engine.router.clone().oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
        assert_eq!(response.status(), expected, "sec-fetch-site {site:?}");
    }
    engine.remove().await;
}
