//! Deciding several requests of the inbox at once, as a browser without scripts does it.

use axum::http::{StatusCode, header};
use countersign::wire::inbox::picked;

use crate::support::{Answer, Site, here};

impl Site {
    /// Starts requests with these titles, in their order.
    async fn ask_all(&self, titles: &[&str]) -> Vec<(String, u64)> {
        let mut requests = Vec::new();
        for (n, title) in titles.iter().enumerate() {
            let input = serde_json::json!({"title": title, "amount": n, "currency": "EUR"}).to_string();
            requests.push(self.ask_with(&format!("ask-{n}"), &input).await);
        }
        requests
    }

    /// Chooses an outcome for requests; where that leads.
    async fn choose_at_once(&self, outcome: &str, requests: &[&(String, u64)], more: &[(&str, &str)]) -> Answer {
        let values: Vec<String> = requests.iter().map(|(arn, event)| picked(arn, *event)).collect();
        let mut fields = vec![("decision", outcome)];
        fields.extend(values.iter().map(|value| ("picked[]", value.as_str())));
        fields.extend(more);
        let answer = self.form("/api/prepare_decisions", &fields).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
        answer
    }

    async fn follow_to(&self, answer: &Answer) -> String {
        self.page(answer.header(header::LOCATION)).await.text
    }

    async fn decided_by(&self, (arn, event): &(String, u64)) -> Option<(String, String)> {
        let decision = self.desk.store.of_task(self.desk.id(), arn, *event).await.unwrap();
        decision.map(|one| (one.decision.person_id, one.decision.comment))
    }

    /// Confirms the list of a page, and waits for its end; the page then.
    async fn confirm(&self, path: &str) -> String {
        let list = self.page(path).await.text;
        let field = |name: &str| {
            let begin = format!("name=\"{name}\" value=\"");
            list.split(&begin).nth(1).and_then(|rest| rest.split('"').next()).expect("a field").to_owned()
        };
        let (id, seen) = (field("id"), field("seen"));
        self.form("/api/run_bulk", &[("id", id.as_str()), ("seen", seen.as_str())]).await;
        for _ in 0..400 {
            let page = self.page(path).await.text;
            if page.contains("Done: ") {
                return page;
            }
            self.desk.look_again().await;
        }
        panic!("the list never ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_decided_from_the_exact_list() {
    let site = Site::new("at-once").await;
    let requests = site.ask_all(&["Pay <b>one</b>", "Pay two", "Pay three"]).await;
    let inbox = site.page(&here().inbox()).await.text;
    assert!(inbox.contains("Decide several") && inbox.matches("name=\"picked[]\"").count() == 3, "{inbox}");
    let chosen = [&requests[0], &requests[2], &("<i>none".to_owned(), 3)];
    let made = site.choose_at_once("approve", &chosen, &[("comment", "as <u>agreed</u>")]).await;
    let path = made.header(header::LOCATION).to_owned();
    assert!(path.starts_with("/default/bulk/bulk-"), "{path}");
    let list = site.follow_to(&made).await;
    for part in [
        "Approve: 3 requests",
        "2 of 3 would be decided; 1 cannot be, for the reason beside each.",
        "Each is on record at once.",
        "Would be decided",
        "Pay three",
        "Left out: ",
        "Approve 2 requests",
        "ask-2",
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert!(!list.contains("Pay two"), "what was not chosen is not on the list");
    for harm in ["<b>one", "<i>none", "<u>agreed"] {
        assert!(!list.contains(harm), "{harm}: {list}");
    }
    assert_eq!(site.decided_by(&requests[0]).await, None, "nothing is decided yet");
    // Nobody else sees it.
    site.becomes("omar");
    assert_eq!(site.page(&path).await.status, StatusCode::NOT_FOUND);
    site.becomes("dana");
    let done = site.confirm(&path).await;
    assert!(done.contains("Done: 2 of 3. 1 refused.") && done.matches("Approved").count() >= 2, "{done}");
    let dana = Some(("dana".to_owned(), "as <u>agreed</u>".to_owned()));
    assert_eq!((site.decided_by(&requests[0]).await, site.decided_by(&requests[2]).await), (dana.clone(), dana));
    assert_eq!(site.decided_by(&requests[1]).await, None);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_page_or_of_a_part_can_be_chosen() {
    let site = Site::new("at-once-all").await;
    let requests = site.ask_all(&["Pay one", "Pay two", "Refund three"]).await;
    let page = site.choose_at_once("reject", &[&requests[0]], &[("page", "1"), ("q", "Refund")]).await;
    let list = site.follow_to(&page).await;
    assert!(list.contains("Reject: 2 requests") && !list.contains("Pay two"), "{list}");
    let every = site.choose_at_once("reject", &[], &[("every", "1")]).await;
    assert!(site.follow_to(&every).await.contains("Reject: 3 requests"));
    let part = site.choose_at_once("reject", &[], &[("every", "1"), ("part", "overdue")]).await;
    assert!(site.follow_to(&part).await.contains("No request was chosen."));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leads_back_with_what_was_chosen() {
    let site = Site::new("at-once-refused").await;
    let requests = site.ask_all(&["Pay one", "Pay two"]).await;
    let long = "x".repeat(2_001);
    for (outcome, more, words) in [
        ("maybe", [("comment", "\"><b>why"), ("part", "mine")], "cannot be chosen for 1 of these requests"),
        ("approve", [("comment", long.as_str()), ("part", "mine")], "the limit is 2000"),
        ("approve", [("after", "x"), ("page", "1")], "is no page of the inbox"),
    ] {
        let answer = site.choose_at_once(outcome, &[&requests[0]], &more).await;
        let back = site.follow_to(&answer).await;
        assert!(back.contains(words) && !back.contains("\"><b>why"), "{words}: {back}");
    }
    let answer = site.choose_at_once("maybe", &[&requests[0]], &[("comment", "as agreed")]).await;
    assert_eq!(answer.header(header::LOCATION), "/default/inbox");
    let back = site.follow_to(&answer).await;
    assert!(back.contains("value=\"as agreed\"") && back.contains("Choose Reject or Approve"), "{back}");
    let ticked =
        back.split("name=\"picked[]\"").skip(1).filter(|rest| rest.split('>').next().unwrap().contains("checked"));
    assert_eq!(ticked.count(), 1, "{back}");
    let none = site.form("/api/prepare_decisions", &[("decision", "approve"), ("picked[]", "17")]).await;
    assert!(site.follow_to(&none).await.contains("names something that is no request"));
    let form = [("id", "bulk-none"), ("seen", "x"), ("act", "erase")];
    let strange = site.form("/api/run_bulk", &form).await;
    assert_eq!(strange.status, StatusCode::FOUND, "{}", strange.text);
    let program = site.post("/api/run_bulk", "application/json", &form).await;
    assert!(program.text.contains("is nothing that can be done"), "{}", program.text);
    site.close().await;
}
