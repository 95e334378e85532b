//! The drawing of a definition, and what an execution adds to it.

use std::time::Duration;

use countersign::wire::Status;
use countersign::wire::drawing::{Extent, Of};
use countersign::wire::execution::Execution;
use countersign::wire::graph::Note;
use serde_json::{Value, json};

use crate::support::Site;

async fn begin(site: &Site, name: &str, definition: &Value, input: &Value) -> String {
    let made = site.desk.sfn.create_state_machine().name(name).definition(definition.to_string());
    let made = made.role_arn("arn:aws:iam::000000000000:role/r").send().await.unwrap();
    site.desk.look_again().await;
    let started = site.desk.sfn.start_execution().state_machine_arn(made.state_machine_arn).input(input.to_string());
    started.send().await.unwrap().execution_arn
}

/// The page of an execution once `is_there` holds.
async fn until(site: &Site, arn: &str, is_there: impl Fn(&Execution) -> bool) -> Execution {
    for _ in 0..200 {
        let page = site.desk.execution(arn).await.unwrap();
        if is_there(&page) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{arn} never got there");
}

/// A chain of many states with a box at its end.
fn chain(count: usize) -> Value {
    let mut states: serde_json::Map<String, Value> = (0..count)
        .map(|n| (format!("Step {n}"), json!({ "Type": "Pass", "Next": format!("Step {}", n + 1) })))
        .collect();
    let inside = json!({ "StartAt": "Inside", "States": { "Inside": { "Type": "Pass", "End": true } } });
    states.insert(format!("Step {count}"), json!({ "Type": "Parallel", "Branches": [inside], "End": true }));
    json!({ "StartAt": "Step 0", "States": states })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_the_part_of_a_drawing_that_it_opens_with() {
    let site = Site::new("drawing-part").await;
    let arn = begin(&site, "long", &chain(300), &json!({})).await;
    let of = || Of::Workflow("long".to_owned());
    let whole = site.desk.drawing(of(), None, Extent::Whole).await.unwrap();
    let all = whole.graph.unwrap();
    // With the begin, the end, and the state inside the box.
    assert_eq!((all.nodes.len(), whole.count), (304, 304));
    let part = site.desk.drawing(of(), None, Extent::Around(Some("Step 150".to_owned()))).await.unwrap();
    assert_eq!((part.count, part.definition), (whole.count, whole.definition));
    let part = part.graph.unwrap();
    assert!(part.named("Step 150").is_some() && part.named("Step 0").is_none() && part.nodes.len() < 40);
    assert!(part.nodes.iter().all(|node| all.nodes.contains(node)), "the same places and numbers");
    assert!(part.edges.iter().all(|edge| all.edges.contains(edge)));
    // An execution opens on what tells most: this one ended at the end.
    until(&site, &arn, |page| page.row.ended_at.is_some()).await;
    let opens = site.desk.drawing(Of::Execution(arn.clone()), None, Extent::Around(None)).await.unwrap();
    assert!(opens.graph.unwrap().named("Step 300").is_some());
    // What is folded keeps the numbers of the rest, and what the definition says of it.
    let folded = site.desk.drawing(of(), Some("Step 300"), Extent::Whole).await.unwrap().graph.unwrap();
    assert!(folded.named("Inside").is_none());
    assert_eq!(folded.named("Step 300").unwrap().number, all.named("Step 300").unwrap().number);
    let about = site.desk.state(&arn, "Inside").await.unwrap().about.unwrap();
    assert_eq!(about.name, "Inside");
    // Nobody's state is nobody's, and hostile names are only names.
    let none = site.desk.drawing(of(), Some("a\nb\n\u{202e}"), Extent::Around(Some("\"><script>".to_owned()))).await;
    assert!(none.unwrap().graph.unwrap().named("Step 0").is_some());
    assert!(site.desk.drawing(Of::Workflow("none".to_owned()), None, Extent::Whole).await.is_err());
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_an_execution_does_not_carry_its_definition() {
    let site = Site::new("drawing-bytes").await;
    let mut definition = chain(5);
    definition["Comment"] = format!("only the definition says this {}", "and that ".repeat(40_000)).into();
    let arn = begin(&site, "wordy", &definition, &json!({})).await;
    until(&site, &arn, |page| page.row.ended_at.is_some()).await;
    let path = crate::support::here().execution(&arn);
    for tab in ["", "?tab=events", "?state=Step%203"] {
        let page = site.page(&format!("{path}{tab}")).await.text;
        assert!(!page.contains("only the definition says this"), "{tab}");
        // However it is written: as text, or packed for the browser.
        assert!(page.len() < 150_000, "{tab}: {} bytes", page.len());
    }
    let page = site.page(&format!("{path}?tab=definition")).await.text;
    assert!(page.contains("only the definition says this"), "where it is asked for, it is there");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_course_says_how_each_state_fares() {
    let site = Site::new("drawing-course").await;
    let ask = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 600, "End": true,
        "Parameters": { "FunctionName": "request_approval", "Payload": { "taskToken.$": "$$.Task.Token" } }
    });
    let picked = json!({ "StartAt": "Pick", "States": {
        "Pick": { "Type": "Choice", "Choices": [{ "Variable": "$", "NumericEquals": 2, "Next": "Odd one" }], "Default": "Fine" },
        "Fine": { "Type": "Pass", "End": true },
        "Odd one": { "Type": "Fail", "Error": "Odd" }
    } });
    let definition = json!({ "StartAt": "Each", "States": {
        "Each": { "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": picked, "ResultPath": null,
            "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "Both" }], "Next": "Never" },
        "Never": { "Type": "Pass", "End": true },
        "Both": { "Type": "Parallel", "End": true, "Branches": [
            { "StartAt": "Rest", "States": { "Rest": { "Type": "Wait", "SecondsPath": "$.pause", "End": true } } },
            { "StartAt": "Ask", "States": { "Ask": ask } }
        ] }
    } });
    let arn = begin(&site, "course", &definition, &json!({ "items": [1, 2], "pause": 3_000 })).await;
    let waits = |page: &Execution| page.approval_count == 1;
    let page = until(&site, &arn, waits).await;
    let drawn = site.desk.drawing(Of::Execution(arn.clone()), None, Extent::Whole).await.unwrap();
    assert_eq!(page.course.definition, drawn.definition);
    let graph = drawn.graph.unwrap();
    let of = |name: &str| {
        let number = graph.named(name).unwrap().number;
        page.course.states.iter().find(|state| state.state == number)
    };
    assert_eq!(of("Each").unwrap().status, Status::Caught);
    let Note::Iterations { total, counts } = &of("Each").unwrap().notes[0] else { panic!("the iterations") };
    assert_eq!(*total, Some(2));
    assert_eq!(counts[0], (Status::Failed, 1), "{counts:?}");
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 2);
    assert!(of("Never").is_none() && !page.course.over);
    let [Note::Waits { whom: Some(whom), since, until: Some(due), count: 1 }] = of("Ask").unwrap().notes.as_slice()
    else {
        panic!("{:?}", of("Ask"))
    };
    assert_eq!((whom.as_str(), due - since), ("a person", 600_000));
    let [Note::Waits { whom: None, since, until: Some(end), .. }] = of("Rest").unwrap().notes.as_slice() else {
        panic!("{:?}", of("Rest"))
    };
    assert_eq!(end - since, 3_000_000);
    let taken = |from: &str, to: &str| {
        let number = |name: &str| graph.named(name).unwrap().number;
        page.course.taken.contains(&(number(from), number(to)))
    };
    assert!(taken("__start", "Each") && taken("Each", "Both") && !taken("Each", "Never"));
    // The page says it in words, without scripts.
    let text = site.page(&crate::support::here().execution(&arn)).await.text;
    assert!(text.contains("Ask, Task, Waiting for approval, for a person, since "), "{text}");
    assert!(text.contains("Rest, Wait, Waiting, since ") && text.contains("Never, Pass, Not reached\""));
    site.desk.sfn.stop_execution().execution_arn(&arn).send().await.unwrap();
    until(&site, &arn, |page| page.course.over).await;
    let text = site.page(&crate::support::here().execution(&arn)).await.text;
    assert!(text.contains("Never, Pass, Skipped\""));
    site.close().await;
}
