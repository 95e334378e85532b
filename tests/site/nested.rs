//! A request that is nested too deeply to be shown: nobody decides it unseen.

use crate::support::here;
use axum::http::StatusCode;

use crate::support::Site;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_nested_130_deep_says_why_it_cannot_be_decided() {
    let site = Site::new("nested").await;
    let (outer, inner) = (30, 100);
    // An input may be nested 127 deep; the state nests it deeper.
    let payload = (0..outer).fold(r#"{"request.$":"$"}"#.to_owned(), |inside, _| format!(r#"{{"a":{inside}}}"#));
    let definition = format!(
        r#"{{"StartAt":"Ask","States":{{"Ask":{{"Type":"Task","End":true,
            "Resource":"arn:aws:states:::sns:publish.waitForTaskToken",
            "Parameters":{{"TopicArn":"arn:aws:sns:us-east-1:000000000000:order-failures","Message":{{"token.$":"$$.Task.Token","deep":{payload}}}}}}}}}}}"#
    );
    let sfn = &site.desk.sfn;
    let made =
        sfn.create_state_machine().name("deep").definition(definition).role_arn("arn:aws:iam::000000000000:role/r");
    let machine = made.send().await.unwrap().state_machine_arn;
    let input = format!("{}1{}", r#"{"b":"#.repeat(inner), "}".repeat(inner));
    let arn = sfn.start_execution().state_machine_arn(machine).input(input).send().await.unwrap().execution_arn;
    let mut waiting = Vec::new();
    for _ in 0..100 {
        site.desk.look_again().await;
        waiting = site.desk.inbox(None).await.unwrap().waiting;
        if !waiting.is_empty() {
            break;
        }
    }
    assert_eq!(waiting.len(), 1, "{:?}", sfn.get_execution_history().execution_arn(&arn).send().await.unwrap().events);
    let event = waiting[0].event;
    let page = site.page(&here().approval(&arn, event)).await.text;
    assert!(page.contains("nested too deeply"), "the page says why");
    assert!(!page.contains("action=\"/api/decide\""), "and has no form");
    let event = event.to_string();
    for decision in ["approve", "reject"] {
        let fields = [("arn", arn.as_str()), ("event", &event), ("decision", decision), ("comment", "")];
        let answer = site.post("/api/decide", "application/json", &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        assert!(answer.text.contains("cannot be shown, so it cannot be decided"), "{}", answer.text);
    }
    let described = sfn.describe_execution().execution_arn(&arn).send().await.unwrap();
    assert_eq!(described.status.as_str(), "RUNNING");
    assert!(site.desk.audit().await.unwrap().rows.is_empty(), "nothing is on record");
    site.close().await;
}
