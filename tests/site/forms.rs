//! What people send: decisions and inputs.

use crate::support::here;
use axum::http::{StatusCode, header};
use countersign_desk::connection::ConnectionId;
use countersign_desk::people;
use serde_json::{Value, json};

use crate::support::Site;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_decisions_one_takes_effect_and_no_page_holds_the_token() {
    let site = Site::new("decisions").await;
    let (arn, event) = site.ask("twice").await;
    let event = event.to_string();
    let decide = |decision: &'static str, comment: &'static str| {
        let fields = [("arn", arn.clone()), ("event", event.clone())];
        let site = &site;
        async move {
            let [(_, arn), (_, event)] = &fields;
            let fields = [("arn", arn.as_str()), ("event", event), ("decision", decision), ("comment", comment)];
            site.form("/api/decide", &fields).await
        }
    };
    let (one, other) = tokio::join!(decide("approve", "I say <yes>."), decide("reject", "I say no."));
    let page = here().approval(&arn, event.parse().unwrap());
    for answer in [&one, &other] {
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::FOUND, page.as_str()));
    }
    let was_late = "this request yourself";
    assert!(site.page(&page).await.text.contains(was_late), "the browser whose second click was late shows it");
    let told = site.page(&page).await.text;
    assert!(!told.contains(was_late), "once");

    // The same decision once more is no other one.
    let taken =
        site.desk.store.of_task(&ConnectionId::default_one(), &arn, event.parse().unwrap()).await.unwrap().unwrap();
    let late = decide(if taken.decision.outcome.is_approval() { "reject" } else { "approve" }, "Once more.").await;
    let told = site.page(late.header(header::LOCATION)).await.text;
    assert!(told.contains(was_late));
    assert!(told.contains("Dana Whitfield") && !told.contains("Once more."), "the page names who decided");
    assert!(!told.contains("<yes>"), "a comment is text");

    let client = &site.desk.sfn;
    let history = client.get_execution_history().execution_arn(&arn).send().await.unwrap();
    let ends = history.events.iter().filter(|event| {
        let kind = event.r#type.as_str();
        kind == "TaskSucceeded" || kind == "TaskFailed"
    });
    assert_eq!(ends.count(), 1);
    let request = history.events.iter().find_map(|event| event.task_scheduled_event_details()).unwrap();
    let request: serde_json::Value = serde_json::from_str(request.parameters()).unwrap();
    let token = request["Payload"]["taskToken"].as_str().unwrap();
    assert!(token.len() > 24);
    for path in [
        "/default",
        "/default/inbox",
        "/default/audit",
        &here().execution(&arn),
        &format!("/default/inbox/{arn}/{event}"),
    ] {
        assert!(!site.page(path).await.text.contains(token), "{path} shows the token");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_in_words_and_kept() {
    let site = Site::new("input").await;
    let refused = site.form("/api/start", &[("workflow", "order"), ("name", "x"), ("input", "{\"orderId\": ")]).await;
    let page = site.page(refused.header(header::LOCATION)).await.text;
    assert!(page.contains("Nothing was started") && page.contains("{\"orderId\": "), "the input is kept");
    let (arn, event) = site.ask("bad").await;
    let event = event.to_string();
    let long = "x".repeat(2_001);
    for (decision, comment, told) in [("maybe", "", "is not a decision"), ("approve", long.as_str(), "2000")] {
        let fields = [("arn", arn.as_str()), ("event", &event), ("decision", decision), ("comment", comment)];
        let answer = site.form("/api/decide", &fields).await;
        let page = site.page(answer.header(header::LOCATION)).await.text;
        assert!(page.contains(told), "{decision} {told}");
        assert!(comment.is_empty() || page.contains(comment), "what was typed is kept");
    }
    assert_eq!(site.desk.inbox(None).await.unwrap().waiting.len(), 1, "nothing was decided");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_is_the_one_that_followed_the_decided_one() {
    let site = Site::new("next").await;
    let mut asked = Vec::new();
    for name in ["first", "second", "third"] {
        asked.push(site.ask(name).await);
    }
    let (arn, event) = &asked[1];
    let fields = [("arn", arn.as_str()), ("event", &event.to_string()), ("decision", "approve"), ("comment", "")];
    let decided = site.form("/api/decide", &fields).await;
    let page = site.page(decided.header(header::LOCATION)).await.text;
    let link = page.split("Next request").next().and_then(|before| before.rsplit("href=\"").next()).unwrap();
    let third = here().approval(&asked[2].0, asked[2].1);
    assert!(link.starts_with(&third), "{link}: without scripts, too, it is not the first of the list");
    site.close().await;
}

/// What a click that came too late is answered: on the page, and to a program.
async fn late_answers(site: &Site, arn: &str, event: u64, decision: &str) -> (String, Value) {
    let event = event.to_string();
    let fields = [("arn", arn), ("event", &event), ("decision", decision), ("comment", "")];
    let answer = site.form("/api/decide", &fields).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    let page = site.page(answer.header(header::LOCATION)).await.text;
    let notice = page.split("class=\"notice notice-bad\"").nth(1).unwrap_or_else(|| panic!("no notice: {page}"));
    let notice = in_words(notice.split("</div>").next().unwrap());
    let answer = site.post("/api/decide", "application/json", &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    (notice, serde_json::from_str(&answer.text).unwrap())
}

/// The text between the tags.
fn in_words(html: &str) -> String {
    html.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_decision_is_answered_with_what_came_before_it() {
    let site = Site::new("late").await;
    let dana = people::all().remove(0);

    // The same person's other choice.
    let (arn, event) = site.ask("own").await;
    assert!(site.desk.decide(&dana, &arn, event, "approve", "").await.unwrap().was_in_time());
    let (notice, told) = late_answers(&site, &arn, event, "reject").await;
    assert!(notice.contains("Your rejection was not sent: you approved this request yourself "), "{notice}");
    let what = told["what"].as_str().unwrap();
    assert!(what.starts_with("Your rejection was not sent: you approved this request yourself at 20"), "{what}");
    assert!(what.contains(" UTC. ") && told["outcome"] == "late", "{told}");
    let (decision, own) = (&told["earlier"]["decision"], &told["earlier"]["own"]);
    assert_eq!((decision, own), (&json!("approve"), &json!(true)));

    // Somebody else's, also where the choice is the same.
    site.form("/api/act-as", &[("person", "omar"), ("from", "/")]).await;
    let (notice, told) = late_answers(&site, &arn, event, "approve").await;
    assert!(notice.contains("Your approval was not sent: Dana Whitfield approved this request "), "{notice}");
    assert_eq!(told["earlier"]["person"], "Dana Whitfield");
    assert_eq!(told["earlier"]["own"], json!(false));

    // Something else closed it.
    let (arn, event) = site.ask("stopped").await;
    site.form("/api/stop", &[("arn", &arn), ("cause", "Enough.")]).await;
    let (notice, told) = late_answers(&site, &arn, event, "approve").await;
    let stopped = "The execution was stopped while the task waited";
    assert!(notice.contains("Your approval was not sent: this request was closed "), "{notice}");
    assert!(notice.contains(stopped), "{notice}");
    assert!(told["what"].as_str().unwrap().contains(stopped), "{told}");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_takes_the_place_of_what_was_typed_only_where_that_is_wanted() {
    let site = Site::new("samples").await;
    let typed = "{\r\n  \"mine\": 1\r\n}";
    let put = async |fields: &[(&str, &str)]| {
        let answer =
            site.form("/api/sample", &[&[("workflow", "approval"), ("name", "my-name")], fields].concat()).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
        let to = answer.header(header::LOCATION).to_owned();
        (site.page(&to).await.text, to)
    };
    let question = "Replace the input that you typed";
    let (page, to) = put(&[("sample", "1"), ("input", typed)]).await;
    assert_eq!(to, here().workflow_sample("approval", 1));
    assert!(page.contains(question) && page.contains("mine") && page.contains("value=\"my-name\""), "both are there");
    let (page, _) = put(&[("replaces", "1"), ("input", typed)]).await;
    assert!(!page.contains(question) && !page.contains("mine\"") && page.contains("value=\"my-name\""));
    // Nothing is lost of a sample, whatever the ends of its lines.
    let sample = site.desk.workflow("approval", None).await.unwrap().samples[0].input.replace('\n', "\r\n");
    for ready_made in [sample.as_str(), "", "{}"] {
        let (page, _) = put(&[("sample", "1"), ("input", ready_made)]).await;
        assert!(!page.contains(question), "{ready_made}");
    }
    // An input that is started again and was edited stays that.
    let (arn, _) = site.ask("again").await;
    let (page, to) = put(&[("sample", "1"), ("input", typed), ("again", &arn)]).await;
    assert_eq!(to, here().start_again("approval", &arn));
    assert!(page.contains(question) && page.contains("mine") && page.contains("name=\"again\""));
    assert_eq!(site.desk.executions(None, None).await.unwrap().rows.len(), 1, "nothing was started");
    site.close().await;
}
