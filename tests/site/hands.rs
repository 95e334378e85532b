//! What may be done about a request besides deciding it: forms of other requests, and what each of them refuses.

use axum::http::{StatusCode, header};

use crate::support::{Site, here};

impl Site {
    async fn hand(&self, (arn, event): &(String, u64), act: &str, more: &[(&str, &str)]) -> (StatusCode, String) {
        let event = event.to_string();
        let fields = [("arn", arn.as_str()), ("event", &event), ("act", act)];
        let fields: Vec<(&str, &str)> = fields.into_iter().chain(more.iter().copied()).collect();
        let answer = self.form("/api/hand", &fields).await;
        (answer.status, answer.header(header::LOCATION).to_owned())
    }
}

#[tokio::test]
async fn what_is_done_about_a_request_leads_back_to_it() {
    let site = Site::new("hands").await;
    let request = site.ask("one").await;
    let page = here().approval(&request.0, request.1);
    assert_eq!(site.hand(&request, "claim", &[]).await, (StatusCode::FOUND, page.clone()));
    assert!(site.page(&page).await.text.contains("You look"));
    assert_eq!(site.hand(&request, "release", &[]).await, (StatusCode::FOUND, page.clone()));
    // There is nothing to take back: the page says so, and nothing has changed.
    assert_eq!(site.hand(&request, "take-back", &[]).await, (StatusCode::FOUND, page.clone()));
    assert!(site.page(&page).await.text.contains("There is no choice of yours to take back"));
    let hands = here().hands(&request.0, request.1);
    let hostile = [("to", "<script>alert(1)</script>"), ("reason", "\"><b>why</b>")];
    assert_eq!(site.hand(&request, "reassign", &hostile).await, (StatusCode::FOUND, hands.clone()));
    let shown = site.page(&hands).await;
    assert!(shown.text.contains("There is nobody and no group called"), "{}", shown.text);
    assert!(!shown.text.contains("<script>alert") && !shown.text.contains("<b>why"), "{}", shown.text);
    assert!(shown.header(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
    assert!(!shown.text.contains(".wasm"), "the page is the server's alone");
    assert_eq!(site.hand(&request, "reassign", &[("to", "warehouse"), ("reason", "away")]).await.1, page);
    assert!(site.page(&page).await.text.contains("by Dana Whitfield: away"));
    // Of another session, nothing is taken.
    let stranger = site.send(
        axum::http::Method::POST,
        "/api/hand",
        &[
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "http://127.0.0.1:3000"),
            ("accept", "text/html"),
        ],
        format!("connection=default&arn={}&event={}&act=claim", request.0, request.1),
    );
    assert_eq!(stranger.await.status, StatusCode::FORBIDDEN);
    for path in ["/default/inbox/nothing/3/hands", "/nowhere/inbox/x/3/hands", &format!("{hands}/more")] {
        assert_eq!(site.page(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    site.close().await;
}

#[tokio::test]
async fn a_decision_of_another_page_is_refused() {
    let site = Site::new("shown").await;
    let (arn, event) = site.ask("one").await;
    let number = event.to_string();
    let fields = |shown: &str| {
        [
            ("arn", arn.clone()),
            ("event", number.clone()),
            ("decision", "approve".into()),
            ("comment", String::new()),
            ("shown", shown.to_owned()),
        ]
    };
    let send = async |shown: &str| {
        let fields = fields(shown);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        site.post("/api/decide", "application/json", &fields).await
    };
    let refused = send("0123").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    assert!(refused.text.contains("has changed since"), "{}", refused.text);
    let shown = site.desk.approval(&arn, event).await.unwrap().shown;
    assert_eq!(send(&shown).await.status, StatusCode::OK);
    site.close().await;
}
