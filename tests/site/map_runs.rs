//! Requests of a distributed Map's children.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign::server::http::api::RequestId;
use countersign::server::pages;
use countersign::wire::Status;
use countersign::wire::graph::Note;
use countersign::wire::iterations::{Outcome, Run};
use countersign_desk::connection::ExecutionStatus;
use countersign_desk::index::Shown;
use countersign_desk::people;
use serde_json::{Value, json};

use crate::board::somebody;
use crate::support::{Site, here};

const DEFINITION: &str = r#"{"StartAt":"Each","States":{"Each":{"Type":"Map","ItemsPath":"$.items","End":true,
  "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"Ask","States":{
    "Ask":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","End":true,"TimeoutSeconds":600,
      "Parameters":{"FunctionName":"request_approval","Payload":{"taskToken.$":"$$.Task.Token","request.$":"$"}}}}}}}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_children_of_a_distributed_map_wait_in_the_inbox_and_are_answered_there() {
    let site = Site::new("map-runs").await;
    let made = site.desk.sfn.create_state_machine().name("each").role_arn("arn:aws:iam::000000000000:role/test");
    let machine = made.definition(DEFINITION).send().await.unwrap().state_machine_arn;
    let input = json!({ "items": [{ "title": "One?" }, { "title": "Two?" }] }).to_string();
    let started = site.desk.sfn.start_execution().state_machine_arn(&machine).name("parent").input(input).send().await;
    let parent = started.unwrap().execution_arn;
    let mut waiting = Vec::new();
    for _ in 0..300 {
        waiting = site.desk.inbox(None).await.unwrap().waiting;
        if waiting.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut titles: Vec<&str> = waiting.iter().map(|row| row.title.as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["One?", "Two?"]);
    let on_parents_page = site.desk.execution(&parent).await.unwrap();
    assert_eq!((on_parents_page.approval_count, on_parents_page.approvals.len()), (2, 2), "its children's requests");
    assert_eq!(on_parents_page.row.status, Status::WaitingApproval);
    assert_eq!(on_parents_page.children.len(), 2);
    let notes: Vec<&Note> = on_parents_page.course.states.iter().flat_map(|state| &state.notes).collect();
    assert_eq!(notes, [&Note::Iterations { total: Some(2), counts: vec![(Status::WaitingApproval, 2)] }]);
    let listed = site.desk.executions(None, None).await.unwrap().rows;
    assert_eq!(listed.iter().map(|row| (row.arn.as_str(), row.waits)).collect::<Vec<_>>(), [(parent.as_str(), 2)]);
    let page = site.page(&here().execution(&parent)).await.text;
    assert!(page.replace("<!>", "").contains("2 requests of this execution wait for a person"));
    assert!(on_parents_page.children.iter().all(|child| page.contains(&here().execution(&child.arn))));
    assert!(page.contains("Copy the ARN of the Map Run"), "the list of the Map has its run");
    let person = people::first();
    for row in &waiting {
        let child = site.page(&here().execution(&row.execution_arn)).await.text;
        assert!(child.contains("Copy the ARN of the Map Run") && child.contains(&format!("data-copy=\"{parent}\"")));
        assert_eq!((row.workflow.as_str(), row.parent_arn.as_deref()), ("each", Some(parent.as_str())));
        let page = site.page(&here().approval(&row.execution_arn, row.event)).await.text;
        assert!(page.contains("Child of") && page.contains(&here().execution(&parent)), "the parent is a link");
        let id = RequestId { arn: row.execution_arn.clone(), event: row.event };
        for copied in [id.to_string(), row.execution_arn.clone(), parent.clone()] {
            assert!(page.contains(&format!("data-copy=\"{copied}\"")), "{copied}");
        }
        let decided = site.desk.decide(&person, &row.execution_arn, row.event, "approve", "fine").await.unwrap();
        assert!(decided.was_in_time());
    }
    let mut output = None;
    for _ in 0..200 {
        output = site.desk.sfn.describe_execution().execution_arn(&parent).send().await.unwrap().output;
        if output.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let page = site.page(&here().children(&parent)).await.text;
    assert!(page.contains("Started by the Map Runs of") && page.matches("/default/executions/arn").count() >= 3);
    let output: Value = serde_json::from_str(&output.expect("both are answered")).unwrap();
    assert!(output.as_array().unwrap().iter().all(|one| one["decision"] == "approved"), "{output}");
    site.close().await;
}

/// A distributed Map whose item `n` fails where it is above 110, and what runs it for a while.
const SOME_FAIL: &str = r#"{"StartAt":"Each order","States":{"Each order":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":40,
  "ToleratedFailurePercentage":100,"ResultPath":null,"End":true,"ItemProcessor":{
    "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"Check","States":{
      "Check":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericGreaterThan":110,"Next":"Broken"}],"Default":"Fine"},
      "Fine":{"Type":"Pass","End":true},"Broken":{"Type":"Fail","Error":"TooMuch"}}}}}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_children_of_a_map_run_are_counted_filtered_and_all_reached_and_lead_back() {
    let site = Site::new("map-run-tree").await;
    let sfn = &site.desk.sfn;
    let made = sfn.create_state_machine().name("each").role_arn("arn:aws:iam::000000000000:role/test");
    let machine = made.definition(SOME_FAIL).send().await.unwrap().state_machine_arn;
    let items: Vec<Value> = (0..120).map(|n| json!({ "n": n })).collect();
    let input = json!({ "items": items }).to_string();
    let started = sfn.start_execution().state_machine_arn(&machine).name("parent").input(input).send().await;
    let parent = started.unwrap().execution_arn;
    site.settled().await;
    let ask = async |outcome: Option<&str>, from: Option<String>| {
        let (state, outcome) = (Some("Each order".to_owned()), outcome.map(str::to_owned));
        let (desk, arn) = (&site.desk.desk, parent.clone());
        pages::iterations::iterations(desk, &somebody(), arn, state, None, outcome, from).await.unwrap()
    };
    let mut first = ask(None, None).await;
    for _ in 0..100 {
        assert!(first.total > Some(0) || first.rows.is_empty(), "others are none of its children: {:?}", first.rows);
        if first.total == Some(120) && first.runs.iter().all(|run| run.open == 0) {
            break;
        }
        site.desk.look_again().await;
        first = ask(None, None).await;
    }
    let count = |outcome| first.counts.iter().find(|(one, _)| *one == outcome).and_then(|(_, count)| *count);
    assert_eq!((count(Outcome::Failed), count(Outcome::Succeeded)), (Some(9), Some(111)));
    assert_eq!((first.total, first.matched, first.shown), (Some(120), Some(120), (1, 50)));
    assert!(first.rows[..9].iter().all(|row| row.status == Status::Failed), "what failed comes first");
    assert!(first.rows[9..].iter().all(|row| row.status == Status::Succeeded));
    // Every child is on one page.
    let (mut seen, mut page) = (BTreeSet::new(), first.clone());
    loop {
        for row in &page.rows {
            let Run::Execution(arn) = &row.what else { panic!("{row:?}") };
            assert!(seen.insert(arn.clone()), "{arn} stands twice");
        }
        let Some(later) = page.later.clone() else { break };
        page = ask(None, Some(later)).await;
        assert!(page.earlier.is_some());
    }
    assert_eq!((seen.len(), page.shown), (120, (101, 120)));
    let failed = ask(Some("failed"), None).await;
    assert_eq!((failed.rows.len(), failed.matched, failed.later), (9, Some(9), None));
    // The Map Run leads to all of its executions, and each of these back to the state of the parent.
    let [run] = first.runs.as_slice() else { panic!("{:?}", first.runs) };
    assert_eq!((run.total, run.failed, run.open), (120, 9, 0));
    let all = site.page(&here().children(&run.arn)).await.text.replace("<!>", "");
    assert!(all.contains("The executions of the Map Run") && all.contains(&here().execution(&parent)), "{all}");
    assert!(all.contains("100 of 120 executions"), "all of them are counted");
    let child = seen.into_iter().next().unwrap();
    let page = site.page(&here().execution(&child)).await.text;
    let back = "/default/executions/arn:aws:states:us-east-1:000000000000:execution:each:parent?state=Each%20order&amp;visit=1";
    assert!(page.contains("Started by a Map Run of") && page.contains(back), "{page}");
    assert!(page.contains("All executions of this Map Run"));
    let course = site.desk.execution(&parent).await.unwrap().course;
    let notes: Vec<&Note> = course.states.iter().flat_map(|state| &state.notes).collect();
    let counts = vec![(Status::Failed, 9), (Status::Succeeded, 111)];
    assert_eq!(notes, [&Note::Iterations { total: Some(120), counts }]);
    // What the children ran is not said to be passed over.
    assert_eq!(course.states.iter().filter(|state| state.status == Status::Elsewhere).count(), 3);
    let page = site.page(&format!("{}?state=Broken", here().execution(&parent))).await.text.replace("<!>", "");
    let told = "This state runs in the child executions of Each order (120 iterations: 9 failed, 111 succeeded).";
    assert!(page.contains(told), "{page}");
    assert!(page.contains("In child executions") && !page.contains("Skipped") && !page.contains("Not reached"));
    let page = site.page(&format!("{}?state=Fine", here().execution(&child))).await.text;
    assert!(!page.contains("In child executions"), "the child runs them itself");
    site.close().await;
}

/// More children than any page has, and than were once counted.
const MANY: usize = 1_010;

#[tokio::test(flavor = "multi_thread")]
async fn many_children_of_a_map_run_are_counted_to_the_last() {
    let site = Site::new("map-run-many").await;
    let sfn = &site.desk.sfn;
    let made = sfn.create_state_machine().name("each").role_arn("arn:aws:iam::000000000000:role/test");
    let machine = made.definition(SOME_FAIL).send().await.unwrap().state_machine_arn;
    // Ten of them fail.
    let items: Vec<Value> = (0..MANY).map(|n| json!({ "n": if n % 101 == 0 { 111 } else { 1 } })).collect();
    let input = json!({ "items": items }).to_string();
    let started = sfn.start_execution().state_machine_arn(&machine).name("parent").input(input).send().await;
    let parent = started.unwrap().execution_arn;
    site.settled().await;
    let mut runs = Vec::new();
    for _ in 0..300 {
        // Whoever looks at the parent has its history read, which names the Map Run.
        site.desk.execution(&parent).await.unwrap();
        runs = site.desk.desk.map_runs(&somebody(), &parent).await.unwrap();
        let ended = |(shown, n): &(Shown, u64)| if *shown == Shown::Status(ExecutionStatus::Running) { 0 } else { *n };
        if runs.iter().flat_map(|run| &run.counts).map(ended).sum::<u64>() == MANY as u64 {
            break;
        }
        site.desk.look_again().await;
    }
    let [run] = runs.as_slice() else { panic!("{runs:?}") };
    let counts = [(ExecutionStatus::Succeeded, 1_000), (ExecutionStatus::Failed, 10)];
    assert_eq!(run.counts, counts.map(|(status, n)| (Shown::Status(status), n)));
    for of in [&parent, &run.arn] {
        let list = site.page(&here().children(of)).await.text.replace("<!>", "");
        assert!(list.contains("100 of 1010 executions"), "{of}: all of them are counted");
    }
    let notes: Vec<Note> =
        site.desk.execution(&parent).await.unwrap().course.states.into_iter().flat_map(|state| state.notes).collect();
    let counts = vec![(Status::Failed, 10), (Status::Succeeded, 1_000)];
    assert_eq!(notes, [Note::Iterations { total: Some(1_010), counts }]);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_and_the_one_that_its_task_started_lead_to_each_other() {
    let site = Site::new("task-tree").await;
    let sfn = &site.desk.sfn;
    let role = "arn:aws:iam::000000000000:role/test";
    let pass = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
    let child = sfn.create_state_machine().name("child").role_arn(role).definition(pass).send().await.unwrap();
    let child = child.state_machine_arn;
    let run = json!({ "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true,
        "Parameters": { "StateMachineArn": child, "Input": { "n": 1 } } });
    let definition = json!({ "StartAt": "Run it", "States": { "Run it": run } }).to_string();
    let made = sfn.create_state_machine().name("outer").role_arn(role).definition(definition).send().await.unwrap();
    let parent = sfn.start_execution().state_machine_arn(made.state_machine_arn).name("p").send().await.unwrap();
    let parent = parent.execution_arn;
    site.settled().await;
    let started = sfn.list_executions().state_machine_arn(&child).send().await.unwrap().executions;
    let child_arn = &started[0].execution_arn;
    let before = site.page(&here().execution(child_arn)).await.text;
    assert!(!before.contains("Started by"), "nothing that was read says so");
    // The parent's page leads to the child; its history is read, and from then on the child knows its parent.
    let looking = site.desk.look_at(&somebody(), &BTreeSet::from([parent.clone()])).await.unwrap();
    let page = site.page(&here().execution_state(&parent, "Run it")).await.text;
    assert!(page.contains("Started execution") && page.contains(&here().execution(child_arn)), "{page}");
    let mut back = String::new();
    for _ in 0..100 {
        site.desk.look_again().await;
        back = site.page(&here().execution(child_arn)).await.text;
        if back.contains("Started by") {
            break;
        }
    }
    drop(looking);
    let place =
        "/default/executions/arn:aws:states:us-east-1:000000000000:execution:outer:p?state=Run%20it&amp;visit=1";
    assert!(back.contains("Started by") && back.contains(place), "{back}");
    // What an input claims of an execution that never did it is shown as a claim.
    let input = json!({ "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent }).to_string();
    let liar = sfn.start_execution().state_machine_arn(&child).name("liar").input(input).send().await.unwrap();
    site.settled().await;
    let page = site.page(&here().execution(&liar.execution_arn)).await.text;
    assert!(page.contains("Its input says that"), "{page}");
    site.close().await;
}
