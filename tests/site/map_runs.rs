//! Requests of a distributed Map's children.

use std::time::Duration;

use crate::support::here;
use countersign::wire::Status;
use countersign::wire::graph::Note;
use countersign_desk::people;
use serde_json::{Value, json};

use crate::support::Site;

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
    let person = people::first();
    for row in &waiting {
        assert_eq!((row.workflow.as_str(), row.parent_arn.as_deref()), ("each", Some(parent.as_str())));
        let page = site.page(&here().approval(&row.execution_arn, row.event)).await.text;
        assert!(page.contains("Child of") && page.contains(&here().execution(&parent)), "the parent is a link");
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
