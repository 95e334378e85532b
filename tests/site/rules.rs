//! Rules of an approval on the site: who may decide, forms, and the words of a request.

use std::path::{Path, PathBuf};

use axum::http::{StatusCode, header};
use serde_json::Value;

use crate::support::{Site, here};

const RULE: &str = r#"
[substitutions]
RequestApprovalLambdaArn = { function = "request_approval" }
[workflows.approval]
file = "approval.asl.json"
[workflows.approval.approvals.WaitForApproval]
approvers = { groups = ["finance", "warehouse"] }
quorum = 2
message = "**Pay** {{ request.note }}\n\n<script>alert(1)</script> [x](javascript:alert(1))"
links = [
  { label = "The order", url = "https://shop.example/orders/{{ request.id }}" },
  { label = "Elsewhere", url = "{{ request.link }}" },
]
before = "$.old"
after = "$.new"
due = "2h"
on_due = "reject"

[workflows.approval.approvals.WaitForApproval.outcomes.reject]
[workflows.approval.approvals.WaitForApproval.outcomes.sendBack]
label = "Send back"
done = "Sent back"
quorum = 1
comment_required = true
failure = { error = "SentBack", cause = "{% $form.what %}" }
form.required = ["what"]
form.properties.what = { type = "string", maxLength = 20 }
form.properties.risks = { type = "array", items = { enum = ["price", "time"] } }
[workflows.approval.approvals.WaitForApproval.outcomes.approve]
"#;

const REQUEST: &str = r#"{"title": "A test", "note": "</p><script>alert(2)</script> [y](https://evil.example)",
    "id": "../1", "link": "javascript:alert(3)", "old": {"city": "Oslo", "price": 1.50}, "new": {"city": "Bergen", "price": 1.50}}"#;

/// A site whose workflow `approval` has this rule, and its folder.
async fn ruled(test: &str) -> (Site, PathBuf) {
    let folder = std::env::temp_dir().join(format!("countersign-rules-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine/approval.asl.json");
    std::fs::copy(shipped, folder.join("approval.asl.json")).unwrap();
    std::fs::write(folder.join("countersign.toml"), RULE).unwrap();
    (Site::of(test, &folder).await, folder)
}

impl Site {
    async fn acts_as(&self, person: &str) {
        let answer = self.form("/api/act-as", &[("person", person), ("from", "/default/inbox")]).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    }

    /// Chooses an outcome without scripts; the page that follows.
    async fn chooses(&self, request: &(String, u64), outcome: &str, more: &[(&str, &str)]) -> String {
        let event = request.1.to_string();
        let mut fields = vec![("arn", request.0.as_str()), ("event", &event), ("decision", outcome)];
        fields.extend(more);
        if !more.iter().any(|(name, _)| *name == "comment") {
            fields.push(("comment", ""));
        }
        let answer = self.form("/api/decide", &fields).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
        self.page(answer.header(header::LOCATION)).await.text
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_decide_and_the_others_see_why_they_may_not() {
    let (site, folder) = ruled("quorum").await;
    let request = site.ask_with("two", REQUEST).await;
    site.acts_as("ines").await;
    let page = site.page(&here().approval(&request.0, request.1)).await.text;
    assert!(page.contains("You may not decide this request: its approvers are finance, warehouse."), "{page}");
    assert!(page.contains("Ask Dana Whitfield, Omar Haddad or Kenji Mori."));
    assert!(page.contains("The rule chooses “Reject”"));
    let asked = page.split(">Asked<").nth(1).and_then(|rest| rest.split("</dd>").next()).unwrap();
    assert!(asked.contains("when-at"), "the time stands beside how long ago that is: {asked}");
    // Whatever the page shows: the desk refuses.
    let page = site.chooses(&request, "approve", &[]).await;
    assert!(page.contains("You may not decide this request"));
    assert!(site.desk.store.votes(site.desk.id(), &request.0, request.1).await.unwrap().is_empty());
    site.acts_as("dana").await;
    let page = site.chooses(&request, "approve", &[]).await;
    assert!(page.contains("1 of 2 people so far") && page.contains("You chose “Approve”"), "{page}");
    let page = site.chooses(&request, "reject", &[]).await;
    assert!(page.contains("cannot be changed"), "a second choice is refused");
    site.acts_as("kenji").await;
    let page = site.chooses(&request, "approve", &[]).await;
    assert!(page.contains("Approved</bdi> by <bdi>Kenji Mori") || page.contains("Kenji Mori"), "{page}");
    let decision = site.desk.store.of_task(site.desk.id(), &request.0, request.1).await.unwrap().unwrap();
    assert_eq!(decision.decision.person_id, "kenji");
    let audit = site.page("/default/audit").await.text;
    assert!(audit.contains("Chose") && audit.contains("Approve: "), "the first one's choice is on record");
    site.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_scripts_keeps_what_was_typed_and_looks_ahead() {
    let (site, folder) = ruled("form").await;
    let request = site.ask_with("form", REQUEST).await;
    let page = site.page(&here().approval(&request.0, request.1)).await.text;
    assert!(!page.contains("cannot be made"), "nobody typed anything yet: {page}");
    let typed = [("field.what", "much too long for the form"), ("field.risks[]", "price"), ("comment", "Because.")];
    let page = site.chooses(&request, "sendBack", &typed).await;
    assert!(page.contains("26 characters; at most 20 are accepted."), "{page}");
    assert!(page.contains("much too long for the form") && page.contains("Because."), "it is kept");
    let page = site.chooses(&request, "sendBack", &[("field.what", "less")]).await;
    assert!(page.contains("Send back needs a comment."));
    let good = [("field.what", "less"), ("field.risks[]", "time"), ("field.risks[]", "price"), ("comment", "Because.")];
    let page = site.chooses(&request, "sendBack", &[&good[..], &[("check", "yes")]].concat()).await;
    assert!(page.contains("the execution fails with SentBack") || page.contains("SentBack"), "{page}");
    assert!(site.desk.store.of_task(site.desk.id(), &request.0, request.1).await.unwrap().is_none(), "it was a look");
    // A program gets the same as data.
    let event = request.1.to_string();
    let fields = [("arn", request.0.as_str()), ("event", &event), ("decision", "sendBack"), ("comment", "x")];
    let answer = site.post("/api/decide", "application/json", &fields).await;
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!((answer.status, body["fields"]["what"].as_str()), (StatusCode::BAD_REQUEST, Some("Fill this in.")));
    let page = site.chooses(&request, "sendBack", &good).await;
    assert!(page.contains("Sent back"), "{page}");
    let decision = site.desk.store.of_task(site.desk.id(), &request.0, request.1).await.unwrap().unwrap();
    assert_eq!(decision.decision.form, r#"{"what":"less","risks":["price","time"]}"#);
    site.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_request_do_nothing() {
    let (site, folder) = ruled("words").await;
    let request = site.ask_with("words", REQUEST).await;
    let page = site.page(&here().approval(&request.0, request.1)).await.text;
    assert!(page.contains("<strong>Pay</strong>"), "Markdown is shown");
    for harm in ["<script>alert", "href=\"javascript", "href=\"https://evil.example"] {
        assert!(!page.contains(harm), "{harm}");
    }
    assert!(page.contains("href=\"https://shop.example/orders/%2E%2E%2F1\""), "a value is one part of the address");
    let approval = site.desk.approval(&request.0, request.1).await.unwrap();
    assert_eq!(approval.links.len(), 1, "a link that may not be followed is none");
    let rows: Vec<_> = approval.changes.iter().map(|row| (row.path.as_str(), row.before != row.after)).collect();
    assert_eq!(rows, [("city", true), ("price", false)]);
    assert_eq!(approval.changes[1].before.as_deref(), Some("1.5"), "as the engine has it");
    site.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}
