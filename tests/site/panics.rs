//! A panic costs the request that it happens in: a 500 with a page or with JSON, and never the connection or the server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::here;
use axum::http::{StatusCode, header};
use countersign::routes;
use countersign_desk::Clock;
use serde_json::Value;

use crate::support::Site;

/// A site whose clock panics while the switch is on: pages, readings and decisions all ask for the time.
async fn site(test: &str) -> (Site, Arc<AtomicBool>) {
    let broken = Arc::new(AtomicBool::new(false));
    let (system, fails) = (Clock::system(), Arc::clone(&broken));
    let clock = Clock::new(move || {
        assert!(!fails.load(Ordering::Relaxed), "the clock of this test is broken");
        system.now()
    });
    (Site::at(test, &Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine"), clock).await, broken)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_panics_is_an_answer() {
    let (site, broken) = site("panic-page").await;
    let (arn, event) = site.ask("panics").await;
    broken.store(true, Ordering::Relaxed);
    for path in
        ["/default", "/default/executions", "/default/audit", &here().execution(&arn), &here().approval(&arn, event)]
    {
        let page = site.page(path).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}: {}", page.text);
        assert!(page.header(header::CONTENT_TYPE).starts_with("text/html"), "{path}");
        assert!(page.text.contains("The dashboard failed to answer."), "{path}: {}", page.text);
        assert!(page.text.contains("</html>") && !page.text.contains("clock of this test"), "{path}: {}", page.text);
    }
    broken.store(false, Ordering::Relaxed);
    for path in ["/default/executions", "/default/audit", "/default/nowhere"] {
        assert_ne!(site.page(path).await.status, StatusCode::INTERNAL_SERVER_ERROR, "{path} works again");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_panics_is_an_answer_in_json() {
    let (site, broken) = site("panic-call").await;
    let (arn, event) = site.ask("panics").await;
    let event = event.to_string();
    let decision =
        [("connection", "default"), ("arn", arn.as_str()), ("event", &event), ("decision", "approve"), ("comment", "")];
    // The page with the proof is drawn before the clock breaks.
    let proof = site.proof().await;
    let proven = [("proof", proof.as_str())];
    let fields = decision.iter().chain(&proven);
    let body: Vec<String> = fields.map(|(name, value)| format!("{name}={}", routes::encode(value))).collect();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
    broken.store(true, Ordering::Relaxed);
    let answer = site.browse(axum::http::Method::POST, "/api/decide", &headers, body.join("&")).await;
    broken.store(false, Ordering::Relaxed);
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.text);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    let told: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!((&told["outcome"], &told["kind"]), (&"refused".into(), &"internal".into()), "{told}");
    let answer = site.browse(axum::http::Method::POST, "/api/decide", &headers, body.join("&")).await;
    assert_eq!(answer.status, StatusCode::OK, "the next one is taken: {}", answer.text);
    site.close().await;
}
