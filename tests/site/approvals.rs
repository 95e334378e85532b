//! Requests and their answers: which token answers, what a page shows of it, and what follows.

mod answers;

use std::path::PathBuf;
use std::time::Duration;

use crate::support::here;
use axum::http::{StatusCode, header};
use countersign::error::ErrorKind;
use countersign::wire::Status;
use countersign::wire::audit::AuditRow;
use countersign::wire::graph::Note;
use countersign::wire::inbox::{ApprovalState, DueBy};
use countersign_desk::people;
use serde_json::{Value, json};

use crate::board::Board;
use crate::support::Site;

const CHILD: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:child";
const ROLE: &str = "arn:aws:iam::000000000000:role/test";

impl Site {
    async fn machine(&self, name: &str, definition: &Value) -> String {
        let client = &self.desk.sfn;
        let made = client.create_state_machine().name(name).role_arn(ROLE).definition(definition.to_string());
        made.send().await.unwrap().state_machine_arn
    }

    async fn begin(&self, machine: &str, input: &Value) -> String {
        let call = self.desk.sfn.start_execution().state_machine_arn(machine).input(input.to_string());
        call.send().await.unwrap().execution_arn
    }

    /// The event of the first request of an execution, once it waits.
    async fn event_of(&self, arn: &str) -> u64 {
        self.events_of(arn, 1).await[0]
    }

    async fn events_of(&self, arn: &str, count: usize) -> Vec<u64> {
        for _ in 0..200 {
            let waiting = self.desk.waiting().await;
            let events: Vec<u64> =
                waiting.iter().filter(|wait| wait.execution_arn == arn).map(|wait| wait.event).collect();
            if events.len() == count {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{arn} has no {count} requests");
    }

    async fn ended(&self, arn: &str) -> (String, Option<String>, Option<String>) {
        for _ in 0..200 {
            let told = self.desk.sfn.describe_execution().execution_arn(arn).send().await.unwrap();
            if told.stop_date.is_some() {
                return (told.status.as_str().to_owned(), told.output, told.error);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{arn} does not end");
    }

    async fn decides(&self, arn: &str, event: u64, choice: &str) -> bool {
        let person = people::all().remove(0);
        self.desk.decide(&person, arn, event, choice, "fine").await.unwrap().was_in_time()
    }

    /// The tokens of an execution, as its history has them: every text of the task's parameters that is one.
    async fn token_texts(&self, arn: &str) -> Vec<String> {
        let client = &self.desk.sfn;
        let history = client.get_execution_history().execution_arn(arn).send().await.unwrap();
        let events = history.events.iter().filter_map(|event| event.task_scheduled_event_details());
        events.map(|details| details.parameters().to_owned()).collect()
    }
}

/// A machine that starts a child with its token, written by `expression`, and waits.
fn asks(language: &str, expression: &str, more: Value) -> Value {
    let resource = "arn:aws:states:::states:startExecution.waitForTaskToken";
    let (field, key) = if language == "JSONata" { ("Arguments", "P") } else { ("Parameters", "P.$") };
    let expression = if language == "JSONata" { format!("{{% {expression} %}}") } else { expression.to_owned() };
    let mut ask = json!({ "Type": "Task", "Resource": resource, "TimeoutSeconds": 600,
        field: { "StateMachineArn": CHILD, "Input": { key: expression, "amount": 5 } }, "Next": "Echo" });
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "StartAt": "Ask", "QueryLanguage": language, "States": { "Ask": ask, "Echo": { "Type": "Pass", "End": true } } })
}

fn child() -> Value {
    json!({ "StartAt": "Echo", "States": { "Echo": { "Type": "Pass", "End": true } } })
}

/// Whether a text holds what tokens of the embedded engine begin with: as it is, in capitals, or in base 64 wherever it
/// begins there.
fn has_token(text: &str) -> bool {
    let spellings = [
        "AQCEAAAAKgAAAAMAAAAA",
        "AQCEAAAAKGAAAAMAAAAA",
        "QVFDRUFBQUFLZ0FBQUFN",
        "FRQ0VBQUFBS2dBQUFBTU",
        "BUUNFQUFBQUtnQUFBQU1",
    ];
    spellings.iter().any(|spelling| text.contains(spelling))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_found_however_it_is_written() {
    let site = Site::new("written").await;
    site.machine("child", &child()).await;
    for (number, (language, expression)) in [
        ("JSONata", "$merge([$states.input, {'cb': $states.context.Task.Token}])"),
        ("JSONata", "$string({'id': $uuid(), 'cb': $states.context.Task.Token})"),
        ("JSONata", "($t := $states.context.Task.Token; {'link': 'https://h?t=' & $t})"),
        ("JSONata", "$base64encode($string({'cb': $states.context.Task.Token}))"),
        ("JSONPath", "States.JsonMerge($, $$.Task, false)"),
        ("JSONPath", "States.Format('https://h?t={}&u={}', $$.Task.Token, States.UUID())"),
        ("JSONPath", "States.Base64Encode($$.Task.Token)"),
    ]
    .into_iter()
    .enumerate()
    {
        let machine = site.machine(&format!("ask{number}"), &asks(language, expression, json!({}))).await;
        let arn = site.begin(&machine, &json!({ "order": "A-1" })).await;
        let event = site.event_of(&arn).await;
        let raw = site.token_texts(&arn).await;
        assert!(has_token(&raw[0]), "the history holds it: {}", raw[0]);
        let approval = site.desk.approval(&arn, event).await.unwrap();
        assert_eq!(approval.row.blocked, None, "{expression}");
        for path in ["/default/inbox", &here().execution(&arn), &here().approval(&arn, event)] {
            let page = site.page(path).await.text;
            assert!(!has_token(&page), "{expression}: {path} shows the token");
        }
        let children = site.desk.sfn.list_executions().state_machine_arn(CHILD).send().await.unwrap();
        for child in children.executions {
            let page = site.page(&here().execution(&child.execution_arn)).await.text;
            assert!(!has_token(&page), "{expression}: the page of a child shows the token");
        }
        assert!(site.decides(&arn, event, "approve").await, "{expression}");
        assert_eq!(site.ended(&arn).await.0, "SUCCEEDED", "{expression}");
        assert!(!has_token(&site.page(&here().execution(&arn)).await.text), "{expression}");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_hold_a_token_that_is_not_found_is_withheld() {
    let site = Site::new("unfound").await;
    site.machine("child", &child()).await;
    let expression = "$join($map($split($states.context.Task.Token, ''), function($c) { $c & ' ' }))";
    let machine = site.machine("veiled", &asks("JSONata", expression, json!({}))).await;
    let arn = site.begin(&machine, &json!({ "order": "VISIBLE-BEFORE" })).await;
    let event = site.event_of(&arn).await;
    let spaced = "A Q C E A A A A K g";
    let approval = site.desk.approval(&arn, event).await.unwrap();
    assert!(approval.row.blocked.is_some_and(|problem| problem.what.contains("cannot be read back")));
    let person = people::all().remove(0);
    let refused = site.desk.decide(&person, &arn, event, "approve", "").await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert!(refused.problem.what.contains("cannot be read back"), "the refusal gives the inbox's reason");
    let children = site.desk.sfn.list_executions().state_machine_arn(CHILD).send().await.unwrap();
    assert_eq!(children.executions.len(), 1);
    let paths = [
        "/default/inbox".to_owned(),
        here().execution(&arn),
        here().execution_state(&arn, "Ask"),
        here().approval(&arn, event),
        here().execution(&children.executions[0].execution_arn),
    ];
    for path in &paths {
        let page = site.page(path).await.text;
        assert!(!page.contains(spaced), "{path} shows the token");
    }
    assert!(site.page(&paths[1]).await.text.contains("VISIBLE-BEFORE"), "what came before is shown");
    assert!(site.page(&paths[4]).await.text.contains("withheld"), "what the child got is not");
    // Somebody who has the token answers with it.
    let raw: Value = serde_json::from_str(&site.token_texts(&arn).await[0]).unwrap();
    let token = raw["Input"]["P"].as_str().unwrap().replace(' ', "");
    let output = json!({ "echo": raw }).to_string();
    site.desk.sfn.send_task_success().task_token(token).output(output).send().await.unwrap();
    site.ended(&arn).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for path in &paths[1..] {
        assert!(!site.page(path).await.text.contains(spaced), "{path} shows the token after the end");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_items_of_a_map_can_be_told_apart_and_decided() {
    let site = Site::new("items").await;
    site.machine("child", &child()).await;
    let mut inner = asks(
        "JSONPath",
        "$$.Task.Token",
        json!({ "Parameters": { "StateMachineArn": CHILD, "Input": { "t.$": "$$.Task.Token", "item.$": "$$.Map.Item.Value", "n.$": "$" } } }),
    );
    inner.as_object_mut().unwrap().remove("QueryLanguage");
    let each = json!({ "Type": "Map", "ItemsPath": "$.orders", "ItemProcessor": inner, "End": true });
    let machine = site.machine("each", &json!({ "StartAt": "Each", "States": { "Each": each } })).await;
    let orders =
        json!([{ "orderId": "A-1", "total": { "amount": 1.5 } }, { "orderId": "A-2", "total": { "amount": 2 } }]);
    let arn = site.begin(&machine, &json!({ "orders": orders })).await;
    let events = site.events_of(&arn, 2).await;
    let mut items = Vec::new();
    for event in events {
        let approval = site.desk.approval(&arn, event).await.unwrap();
        assert_eq!(approval.row.blocked, None);
        let amount = approval.fields.iter().find(|(label, _)| label == "item.total.amount");
        items.push((approval.row.item.unwrap(), amount.unwrap().1.clone()));
        assert!(site.decides(&arn, event, "approve").await);
    }
    items.sort();
    assert_eq!(
        items,
        [("item 1 of 2 (A-1)".to_owned(), "1.5".to_owned()), ("item 2 of 2 (A-2)".to_owned(), "2".to_owned())]
    );
    assert_eq!(site.ended(&arn).await.0, "SUCCEEDED");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_earliest_of_three_deadlines_counts() {
    let site = Site::new("deadlines").await;
    site.machine("child", &child()).await;
    for (number, (fields, whole, by, seconds)) in [
        (json!({ "TimeoutSeconds": 3600, "HeartbeatSeconds": 200 }), None, DueBy::Heartbeat, 200),
        (json!({ "TimeoutSeconds": 100, "HeartbeatSeconds": 50 }), Some(30), DueBy::Workflow, 30),
        (json!({ "TimeoutSeconds": "{% 40 + 2 %}" }), Some(600), DueBy::Task, 42),
    ]
    .into_iter()
    .enumerate()
    {
        let mut definition = asks("JSONata", "$states.context.Task.Token", fields);
        if let Some(seconds) = whole {
            definition["TimeoutSeconds"] = json!(seconds);
        }
        let machine = site.machine(&format!("due{number}"), &definition).await;
        let arn = site.begin(&machine, &json!({})).await;
        let row = site.desk.approval(&arn, site.event_of(&arn).await).await.unwrap().row;
        let left = row.due.unwrap() - row.asked_at;
        assert_eq!(row.due_by, Some(by));
        assert!((seconds * 1_000 - 2_000..=seconds * 1_000).contains(&left), "{left} of {seconds} s");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_not_found() {
    let site = Site::new("no-request").await;
    let (arn, event) = site.ask("there").await;
    for path in [
        "/default/inbox/foo/bar",
        "/default/inbox/foo/3",
        &format!("/default/inbox/{arn}/x"),
        &format!("/default/inbox/{arn}/+{event}"),
        &format!("/default/inbox/{arn}/0{event}"),
        &format!("/default/inbox/{arn}/2"),
        &format!("/default/inbox/{arn}/999"),
    ] {
        let page = site.page(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!page.text.contains("value=\"approve\""), "{path} has buttons");
    }
    assert_eq!(site.page(&format!("/default/inbox/{arn}/{event}")).await.status, StatusCode::OK);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_waits_for_its_worker() {
    let site = Site::new("activity").await;
    let client = &site.desk.sfn;
    let activity = client.create_activity().name("work").send().await.unwrap().activity_arn;
    let task = json!({ "Type": "Task", "Resource": activity, "End": true });
    let machine = site.machine("worked", &json!({ "StartAt": "Work", "States": { "Work": task } })).await;
    let arn = site.begin(&machine, &json!({})).await;
    let (other, _) = site.ask("other").await;
    assert!(site.desk.waiting().await.iter().all(|wait| wait.execution_arn == other));
    assert!(site.desk.execution(&arn).await.unwrap().approvals.is_empty());
    assert_eq!(site.desk.approval(&arn, 3).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(site.desk.state(&arn, "Work").await.unwrap().status, Status::Waiting);
    let manifest = "[workflows.worked]\nfile = \"x\"\n[workflows.worked.approvals.Work]\ntitle = \"Work?\"\n";
    let (desk, folder) = with_manifest(&site, "activity", manifest).await;
    desk.inbox(None).await.unwrap();
    for _ in 0..100 {
        if desk.waiting().await.iter().any(|wait| wait.execution_arn == arn) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let page = desk.approval(&arn, 3).await.unwrap();
    assert_eq!(page.row.title, "Work?");
    assert!(page.row.blocked.is_some(), "its token is the worker's");
    assert_eq!(desk.state(&arn, "Work").await.unwrap().status, Status::WaitingApproval);
    std::fs::remove_dir_all(folder).unwrap();
    site.close().await;
}

/// The same dashboard with another manifest.
async fn with_manifest(site: &Site, test: &str, manifest: &str) -> (Board, PathBuf) {
    let folder = std::env::temp_dir().join(format!("countersign-manifest-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("countersign.toml"), manifest).unwrap();
    let desk = site.desk.again(folder.clone());
    desk.run(&site.end);
    desk.look_again().await;
    (desk, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_drawing_says_whom_a_state_waits_for() {
    let site = Site::new("waits-for").await;
    site.machine("child", &child()).await;
    let machine = site.machine("named", &asks("JSONPath", "$$.Task.Token", json!({}))).await;
    let manifest = r#"
        [workflows.named]
        file = "named.asl.json"
        [workflows.named.approvals.Ask]
        approvers = { groups = ["finance", "warehouse"], people = ["dana"] }
    "#;
    let (desk, folder) = with_manifest(&site, "waits-for", manifest).await;
    let arn = site.begin(&machine, &json!({})).await;
    site.event_of(&arn).await;
    let page = desk.execution(&arn).await.unwrap();
    let notes: Vec<Note> = page.course.states.into_iter().flat_map(|state| state.notes).collect();
    let [Note::Waits { whom: Some(whom), .. }] = notes.as_slice() else { panic!("{notes:?}") };
    assert_eq!(whom, "finance or 2 others");
    std::fs::remove_dir_all(folder).unwrap();
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_names_who_did_what() {
    let site = Site::new("audit").await;
    let (arn, event) = site.ask("kept").await;
    let to = site.form("/api/act-as", &[("person", "omar"), ("from", "/default/audit")]).await;
    assert_eq!(to.header(header::LOCATION), "/default/audit");
    let event_text = event.to_string();
    let decide = [("arn", arn.as_str()), ("event", &event_text), ("decision", "approve"), ("comment", "")];
    site.form("/api/decide", &decide).await;
    let (other, _) = site.ask("stopped").await;
    site.form("/api/stop", &[("arn", other.as_str()), ("cause", "enough")]).await;
    let audit = site.desk.audit().await.unwrap();
    let told: Vec<String> = audit
        .rows
        .iter()
        .map(|row| match row {
            AuditRow::Decision(row) => format!("{} decided {}", row.person, row.workflow),
            AuditRow::Act(row) => format!(
                "{} {} {:?} {}",
                row.person,
                row.what,
                row.execution_arn.as_deref().map(|arn| arn.rsplit(':').next().unwrap()),
                row.detail
            ),
        })
        .collect();
    assert_eq!(
        told,
        [
            "Omar Haddad Stopped Some(\"stopped\") enough",
            "Omar Haddad Started Some(\"stopped\") ",
            "Omar Haddad decided approval",
            "Dana Whitfield Acts as None Omar Haddad",
            "Dana Whitfield Started Some(\"kept\") ",
        ]
    );
    let page = site.page("/default/audit").await.text;
    assert!(page.contains("kept") && page.contains("Acts as"), "execution and workflow are named");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timed_out_execution_says_why() {
    let site = Site::new("timed-out").await;
    let wait = json!({ "Type": "Wait", "Seconds": 60, "End": true });
    let definition = json!({ "StartAt": "Pause", "TimeoutSeconds": 1, "States": { "Pause": wait } });
    let machine = site.machine("short", &definition).await;
    let arn = site.begin(&machine, &json!({})).await;
    assert_eq!(site.ended(&arn).await.0, "TIMED_OUT");
    let page = site.desk.execution(&arn).await.unwrap();
    let cause = page.failure.unwrap().cause.unwrap();
    assert!(cause.contains("longer than the 1 s") && cause.contains("Pause"), "{cause}");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_fails_by_itself_was_answered_by_nobody() {
    let site = Site::new("by-itself").await;
    let mut definition = asks("JSONPath", "$$.Task.Token", json!({}));
    definition["States"]["Ask"]["Parameters"]["StateMachineArn"] = json!(CHILD.replace("child", "nobody"));
    let machine = site.machine("fails", &definition).await;
    let arn = site.begin(&machine, &json!({})).await;
    assert_eq!(site.ended(&arn).await.0, "FAILED");
    let page = site.desk.approval(&arn, 3).await.unwrap();
    let ApprovalState::Closed { how, .. } = page.state else { panic!("{:?}", page.state) };
    assert!(how.starts_with("The task failed by itself"), "{how}");
    site.close().await;
}
