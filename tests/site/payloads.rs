//! What is read of an execution outside of its page: its history as a file, and its payloads whole.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Site, here};

#[tokio::test(flavor = "multi_thread")]
async fn a_history_downloads_without_its_token() {
    let site = Site::new("payloads").await;
    let (arn, event) = site.ask("ask").await;
    let whole = site.desk.sfn.get_execution_history().execution_arn(&arn).send().await.unwrap();
    let scheduled = whole.events.iter().find(|one| u64::try_from(one.id).ok() == Some(event)).unwrap();
    let parameters = scheduled.task_scheduled_event_details.as_ref().unwrap().parameters.clone();
    let parameters: Value = serde_json::from_str(&parameters).unwrap();
    let token = longest(&parameters);
    assert!(token.len() > 80, "the history holds the token: {parameters}");
    let answer = site.page(&here().history(&arn)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    let name = arn.rsplit(':').next().unwrap();
    assert_eq!(answer.header(header::CONTENT_DISPOSITION), format!("attachment; filename=\"{name}.history.json\""));
    assert!(!answer.text.contains(&token), "the file holds the token");
    let file: Value = serde_json::from_str(&answer.text).unwrap();
    let events = file["events"].as_array().unwrap();
    assert_eq!(events.len(), whole.events.len());
    assert_eq!(events[0]["type"], "ExecutionStarted");
    assert!(events[0]["executionStartedEventDetails"]["input"].is_string());
    let value = site.page(&here().value(&arn, &format!("event.{event}.parameters"))).await;
    assert_eq!(value.status, StatusCode::OK);
    assert!(value.text.contains("[task token]") && !value.text.contains(&token), "{}", value.text);
    let page = site.page(&format!("{}&part=stages", here().execution_state(&arn, "Ask"))).await.text;
    assert!(!page.contains(&token), "the stages hold the token");
    site.close().await;
}

/// The longest text in a value.
fn longest(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(longest).max_by_key(String::len).unwrap_or_default(),
        Value::Object(fields) => fields.values().map(longest).max_by_key(String::len).unwrap_or_default(),
        _ => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_value_arrives_cut_and_is_there_whole() {
    let site = Site::new("payloads-long").await;
    let definition = r#"{"StartAt":"Keep","States":{"Keep":{"Type":"Pass","InputPath":"$.rows","End":true}}}"#;
    let sfn = &site.desk.sfn;
    let made =
        sfn.create_state_machine().name("long").definition(definition).role_arn("arn:aws:iam::000000000000:role/r");
    let machine = made.send().await.unwrap().state_machine_arn;
    let rows: Vec<Value> = (0..1_500).map(|row| json!({"row": row, "markup": "<b>&</b>"})).collect();
    // Digits beyond a double, and a key that stands twice.
    let input = format!(r#"{{"digits":12345678901234567890.10,"twice":1,"twice":2,"rows":{}}}"#, json!(rows));
    let arn = sfn.start_execution().state_machine_arn(machine).input(&input).send().await.unwrap().execution_arn;
    site.settled().await;
    let page = site.page(&format!("{}?tab=data", here().execution(&arn))).await.text;
    let href = here().value(&arn, "input");
    assert!(page.contains(&format!("href=\"{href}\"")), "the page leads to the whole");
    assert!(!page.contains("1499"), "and does not carry it");
    let whole = site.page(&href).await.text;
    assert!(whole.contains("12345678901234567890.10") && whole.contains("1499"));
    assert!(whole.contains("\"twice\": 1") && whole.contains("\"twice\": 2"));
    let shown = site.page(&format!("{href}&as=html")).await.text;
    assert!(shown.contains("&lt;b&gt;") && !shown.contains("<b>"));
    let stages = site.page(&format!("{}&part=stages", here().execution_state(&arn, "Keep"))).await.text;
    assert!(stages.contains("After InputPath") && stages.contains("computed"), "the stages are there");
    for of in ["event.1.nothing", "other", "event.9999.input"] {
        assert_eq!(site.page(&here().value(&arn, of)).await.status, StatusCode::NOT_FOUND, "{of}");
    }
    let absent = format!("{arn}-absent");
    assert_eq!(site.page(&here().history(&absent)).await.status, StatusCode::NOT_FOUND);
    site.close().await;
}
