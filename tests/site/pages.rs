//! Pages: complete, kept to this site, and current.

use std::sync::Arc;

use axum::http::{Method, StatusCode, header};

use crate::board::somebody;
use crate::support::Site;

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_complete_and_kept_to_this_site() {
    let site = Site::new("pages").await;
    for path in [
        "/default",
        "/default/workflows",
        "/default/workflows/order",
        "/default/executions",
        "/default/inbox",
        "/default/deploy",
        "/default/audit",
    ] {
        let page = site.page(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.contains("<main") && page.text.contains("</html>"), "{path}");
        let policy = page.header(header::CONTENT_SECURITY_POLICY);
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
        assert!(page.text.contains(&format!("nonce=\"{nonce}\"")), "{path}: {policy}");
        assert_eq!(page.header(header::X_FRAME_OPTIONS), "DENY");
    }
    let drawing = site.page("/default/workflows/order").await.text;
    for state in ["ValidateOrder", "ProcessPayment", "NotifyFailure"] {
        assert!(drawing.contains(state), "{state}");
    }
    for path in [
        "/default/nowhere",
        "/default/workflows/nobody",
        "/default/executions/arn:aws:states:us-east-1:000000000000:execution:order:no",
    ] {
        assert_eq!(site.page(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_and_other_names_are_refused() {
    let site = Site::new("refused").await;
    let foreign = site.send(Method::GET, "/", &[("host", "evil.example")], String::new()).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    for header in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")] {
        let form = [("content-type", "application/x-www-form-urlencoded"), header];
        let answer = site.send(Method::POST, "/api/start", &form, "workflow=order&name=&input=".to_owned()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{header:?}");
    }
    assert!(site.desk.executions(None, None).await.unwrap().rows.is_empty());
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_stays_in_the_inbox_while_a_page_reads_it() {
    let site = Site::new("reading").await;
    let (arn, _) = site.ask("read").await;
    let desk = Arc::clone(&site.desk.desk);
    let reader = tokio::spawn(async move {
        loop {
            desk.execution(&somebody(), &arn).await.unwrap();
        }
    });
    for round in 0..20 {
        site.desk.look_again().await;
        assert_eq!(site.desk.waiting().await.len(), 1, "round {round}");
    }
    reader.abort();
    site.close().await;
}
