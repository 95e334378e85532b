//! The events, the timeline and the iterations of an execution, over the embedded engine.

use axum::http::StatusCode;
use countersign::routes::view::{EVENT, FIND, FROM, ITERATION, OUTCOME, PART, STATE, TAB, TYPE, VISIT, WITH};
use countersign::routes::{View, view};
use countersign::server::pages;
use countersign::wire::Status;
use countersign::wire::events::Wanted;
use countersign::wire::iterations::{Iterations, Run};
use serde_json::{Value, json};

use crate::board::somebody;
use crate::support::{Site, here};

/// Maps in a Map; the item 3 of each inner one fails, which is caught.
fn nested() -> Value {
    let inner = json!({"StartAt": "Check", "States": {
        "Check": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 3, "Next": "Broken"}], "Default": "Fine"},
        "Broken": {"Type": "Fail", "Error": "ItemBroken", "Cause": "It cannot be processed."},
        "Fine": {"Type": "Pass", "End": true}}});
    let outer = json!({"StartAt": "Inner", "States": {
        "Inner": {"Type": "Map", "ItemsPath": "$.orders", "ItemProcessor": inner, "End": true,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Recovered"}]},
        "Recovered": {"Type": "Pass", "End": true}}});
    json!({"StartAt": "Outer", "States": {
        "Outer": {"Type": "Map", "ItemsPath": "$.groups", "ItemProcessor": outer, "End": true}}})
}

/// Starts a machine of this definition and waits for its end.
async fn run(site: &Site, name: &str, definition: &Value, input: &Value) -> String {
    let made = site.desk.sfn.create_state_machine().name(name).role_arn("arn:aws:iam::000000000000:role/test");
    let machine = made.definition(definition.to_string()).send().await.unwrap().state_machine_arn;
    let started = site.desk.sfn.start_execution().state_machine_arn(machine).name("run").input(input.to_string());
    let arn = started.send().await.unwrap().execution_arn;
    site.settled().await;
    arn
}

async fn iterations(site: &Site, arn: &str, state: &str, within: Option<u64>, outcome: Option<&str>) -> Iterations {
    let (desk, state, outcome) = (&site.desk.desk, Some(state.to_owned()), outcome.map(str::to_owned));
    pages::iterations::iterations(desk, &somebody(), arn.to_owned(), state, within, outcome, None).await.unwrap()
}

fn names(page: &Iterations) -> Vec<&str> {
    page.rows.iter().map(|row| row.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_lists_its_iterations_and_one_of_them_is_chosen() {
    let site = Site::new("iterations").await;
    let orders = |count: u64| (0..count).map(|n| json!({"orderId": format!("A-{n}"), "n": n})).collect::<Vec<Value>>();
    let input = json!({"groups": [{"orders": orders(2)}, {"orders": orders(4)}]});
    let arn = run(&site, "nested", &nested(), &input).await;

    let outer = iterations(&site, &arn, "Outer", None, None).await;
    assert_eq!((names(&outer), outer.total), (vec!["0", "1"], Some(2)));
    let inner = iterations(&site, &arn, "Inner", None, None).await;
    assert_eq!(names(&inner)[0], "1 › 3", "what failed comes first");
    assert_eq!((inner.rows[0].status, inner.rows[0].label.as_deref()), (Status::Failed, Some("orderId A-3")));
    assert_eq!(inner.total, Some(6));
    let failed = iterations(&site, &arn, "Inner", None, Some("failed")).await;
    assert_eq!((names(&failed), failed.matched), (vec!["1 › 3"], Some(1)));

    let Run::Iteration(second) = outer.rows[1].what else { panic!("an iteration") };
    let within = iterations(&site, &arn, "Inner", Some(second), None).await;
    assert_eq!(within.total, Some(4), "those of the chosen iteration of the Map around it");
    assert_eq!(iterations(&site, &arn, "Outer", Some(second), None).await.total, Some(2), "its own list stays whole");
    assert_eq!(iterations(&site, &arn, "Fine", None, None).await.map, None, "no Map");

    let wanted = Wanted { iteration: Some(second), ..Wanted::default() };
    let events = pages::events::events(&site.desk.desk, &somebody(), arn.clone(), wanted, None, None).await.unwrap();
    assert!(
        events.matched < events.total
            && events.rows.iter().all(|row| row.place.as_deref().is_some_and(|place| place.starts_with('1')))
    );
    assert_eq!(events.iteration.as_deref(), Some("Outer 1"));
    assert!(events.states.iter().any(|state| state == "Recovered"), "the filter offers what was reached");
    let actor = somebody();
    let timeline = pages::timeline::timeline(&site.desk.desk, &actor, arn.clone(), Some(second), None, None, None);
    let timeline = timeline.await.unwrap();
    assert_eq!(timeline.rows[0].name, "Index 1");
    assert!(timeline.rows.len() > 5 && timeline.rows.iter().any(|row| row.state.as_deref() == Some("Recovered")));

    let course = |iteration| {
        let desk = site.desk.desk.clone();
        let arn = arn.clone();
        async move { pages::execution::execution(&desk, &somebody(), arn, iteration).await.unwrap().course }
    };
    let Run::Iteration(first) = outer.rows[0].what else { panic!("an iteration") };
    let (all, first) = (course(None).await, course(Some(first)).await);
    assert!(first.states.len() < all.states.len(), "Broken and Recovered were not reached in the first iteration");
    assert!(first.taken.len() < all.taken.len());
    assert_eq!(course(Some(second)).await.states.len(), all.states.len());

    let chosen =
        View::default().with(STATE, Some("Inner")).with(ITERATION, Some(&second.to_string())).with(TAB, Some("data"));
    let page = site.page(&here().execution_view(&arn, &chosen.with(OUTCOME, Some("failed")))).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text.replace("<!>", "");
    assert!(text.contains("Show all iterations") && text.contains("1 › 3") && !text.contains("1 › 2"));

    // Two visits of a state are compared, in whatever iterations they are.
    let second = View::default().with(STATE, Some("Fine")).with(VISIT, Some("2"));
    let page = site.page(&here().execution_view(&arn, &second)).await.text.replace("<!>", "");
    assert!(page.contains("Compare with visit 1"));
    let compared = second.with(PART, Some("difference")).with(WITH, Some("1"));
    let page = site.page(&here().execution_view(&arn, &compared)).await.text.replace("<!>", "");
    assert!(page.contains("Input: visit 1 · Outer, index ") && page.contains("Output: visit 1 · Outer, index "));
    assert!(page.contains("name=\"with\"") && page.contains("visit 3 · Outer, index "), "the others can be chosen");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_events_is_complete_without_scripts() {
    let site = Site::new("events").await;
    let states = (0..300).map(|n| (format!("S{n:03}"), json!({"Type": "Pass", "Next": format!("S{:03}", n + 1)})));
    let mut states: serde_json::Map<String, Value> = states.collect();
    states.insert("S300".to_owned(), json!({"Type": "Fail", "Error": "TheEnd", "Cause": "Here it ends."}));
    let arn = run(&site, "long", &json!({"StartAt": "S000", "States": states}), &json!({"order": "4711"})).await;
    let events = View::default().with(TAB, Some("events"));
    let text = |view: View| {
        let path = here().execution_view(&arn, &view);
        let site = &site;
        async move { site.page(&path).await.text.replace("<!>", "") }
    };
    let first = text(events.clone()).await;
    assert!(first.contains("603 events") && first.contains("1 to 200 of 603 events") && first.contains("from=200"));
    let last = text(events.with(FROM, Some("600"))).await;
    assert!(last.contains("ExecutionFailed") && last.contains("601 to 603 of 603"));
    let failures = text(events.with(TYPE, Some("failures"))).await;
    assert!(failures.contains("1 of 603 events match") && failures.contains("Jump to the error"));
    let found = text(events.with(FIND, Some("here it ENDS"))).await;
    assert!(found.contains("1 of 603 events match"), "in the details of the end");
    let open = text(events.with(EVENT, Some("602"))).await;
    assert!(open.contains("602 · FailStateEntered") && open.contains("event=601"), "its details and the event before");
    let nothing = text(events.with(TYPE, Some("NoSuchType"))).await;
    assert!(nothing.contains("0 of 603 events match"));
    let lanes = text(View::default()).await;
    assert!(lanes.contains("1 to 100 of 301 rows") && lanes.contains(&format!("{}=100", view::ROW)));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_no_way_to_guess_a_token() {
    let site = Site::new("events-token").await;
    let (arn, event) = site.ask("asks").await;
    let history = site.desk.sfn.get_execution_history().execution_arn(&arn).send().await.unwrap();
    let scheduled = history.events.iter().find_map(|event| event.task_scheduled_event_details()).unwrap();
    let parameters: Value = serde_json::from_str(scheduled.parameters()).unwrap();
    let token = parameters["Payload"]["taskToken"].as_str().expect("the token is in the history").to_owned();
    let search = |text: String| {
        let wanted = Wanted { text: Some(text), ..Wanted::default() };
        let (desk, arn) = (site.desk.desk.clone(), arn.clone());
        async move { pages::events::events(&desk, &somebody(), arn, wanted, None, Some(event)).await.unwrap() }
    };
    for length in [6, 12, token.len()] {
        let found = search(token[..length].to_owned()).await;
        assert_eq!(found.matched, 0, "the first {length} characters");
    }
    let all = search("request_approval".to_owned()).await;
    assert!(all.matched > 0, "the rest of its details is found");
    let shown = format!("{all:?}");
    assert!(!shown.contains(&token), "and its details do not have it");
    site.close().await;
}
