#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use std::collections::BTreeMap;
use std::path::Path;

use countersign_engine::StartParams;
use serde_json::{Value, json};

use super::*;
use crate::drive::{Call, Reply};

const ARN: &str = "arn:aws:states:eu-west-1:111122223333:execution:Shop:one";

fn definition(value: &Value) -> Definition {
    Definition::read(&value.to_string()).unwrap()
}

fn evidence(events: &[HistoryEvent], old: Option<&Value>, new: &Value) -> Evidence {
    let history = History { execution_arn: ARN, kind: ExecutionKind::Standard, events, marks: &["[withheld]"] };
    replay(history, old.map(definition).as_ref(), &definition(new), &Bounds::default())
}

/// The history of a definition whose tasks answer by their states: a text is an error's name, another value an output.
fn history(value: &Value, input: Value, answers: &Value) -> Vec<HistoryEvent> {
    let params = StartParams {
        execution_arn: ARN.into(),
        name: "one".into(),
        state_machine_arn: "arn:aws:states:eu-west-1:111122223333:stateMachine:Shop".into(),
        state_machine_name: "Shop".into(),
        input: input.to_string(),
        region: "eu-west-1".into(),
        start_at: 1_772_442_000_000,
        seed: 7,
        ..StartParams::default()
    };
    let mut answer = |call: &Call<'_>| match &answers[&call.request.state] {
        Value::String(error) => {
            Reply::Answer { after_ms: 40, beats_ms: None, answer: Err((error.clone(), "because".into())) }
        }
        Value::Null => Reply::Silence { known_for_ms: None, beats_ms: None },
        output => Reply::Answer { after_ms: 1_500, beats_ms: None, answer: Ok(output.to_string()) },
    };
    let run = drive(&definition(value).program, params, &Bounds::default(), &mut answer);
    assert_eq!(run.ending, Ending::Ended);
    run.execution.history().to_vec()
}

fn task(fields: Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"}});
    state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    state
}

/// Prices an order, and pays it.
fn shop() -> Value {
    json!({"StartAt": "Price", "States": {
        "Price": task(json!({"Next": "Large?"})),
        "Large?": {"Type": "Choice", "Default": "Pay",
            "Choices": [{"Variable": "$.amount", "NumericGreaterThan": 1000, "Next": "Ask"}]},
        "Ask": task(json!({"Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Next": "Pay",
            "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token", "of.$": "$"}}})),
        "Pay": task(json!({"End": true})),
    }})
}

fn small() -> Vec<HistoryEvent> {
    history(&shop(), json!({"id": 1}), &json!({"Price": {"amount": 700}, "Pay": {"paid": true}}))
}

#[test]
fn every_recording_repeats_itself_or_says_why_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../trace/tests/histories");
    let mut found = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        let recording: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let events: Vec<HistoryEvent> = serde_json::from_value(recording["events"].clone()).unwrap();
        let kind = if recording["type"] == "EXPRESS" { ExecutionKind::Express } else { ExecutionKind::Standard };
        let arn = "arn:aws:states:eu-west-1:111122223333:execution:Bookshop:one";
        let history = History { execution_arn: arn, kind, events: &events, marks: &[] };
        let same = definition(&recording["definition"]);
        let evidence = replay(history, Some(&same), &same, &Bounds::default());
        assert!(evidence.asked_otherwise.is_empty(), "{}: {:?}", path.display(), evidence.asked_otherwise);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        found.insert(name, Summary::of([(ARN, &evidence.found)]).to_string());
    }
    assert_eq!(found.len(), 22);
    found.retain(|_, summary| summary != "1 takes the same path");
    let expected = [
        ("aborted", "1 is not known: stopped by somebody"),
        ("map_run", "1 is not known: the children of Each branch have histories of their own"),
        ("map_run_fails", "1 is not known: the children of Each branch have histories of their own"),
        ("timed_out", "1 is not known: the time of the whole execution ran out"),
        ("token_open", "1 is not known: still running"),
    ];
    assert_eq!(found, expected.map(|(name, summary)| (name.to_owned(), summary.to_owned())).into());
}

#[track_caller]
fn check(events: &[HistoryEvent], new: &Value, expect: &str) -> Evidence {
    let with_old = evidence(events, Some(&shop()), new);
    let without = evidence(events, None, new);
    for evidence in [&with_old, &without] {
        assert_eq!(Summary::of([(ARN, &evidence.found)]).to_string(), expect, "{:?}", evidence.found);
    }
    with_old
}

#[test]
fn the_same_definition_takes_the_same_path() {
    let evidence = check(&small(), &shop(), "1 takes the same path");
    assert_eq!(evidence.found, Found::SamePath { same_output: true });
    assert_eq!(evidence.then, evidence.now);
    assert_eq!(evidence.now.top().collect::<Vec<_>>(), ["Price", "Large?", "Pay"]);
}

#[test]
fn another_output_on_the_same_path_is_reported() {
    let mut new = shop();
    new["States"]["Pay"]["ResultPath"] = "$.payment".into();
    let evidence = check(&small(), &new, "1 takes the same path");
    assert_eq!(evidence.found, Found::SamePath { same_output: false });
}

#[test]
fn a_lower_limit_reaches_a_state_that_nobody_answered() {
    let mut new = shop();
    new["States"]["Large?"]["Choices"][0]["NumericGreaterThan"] = 500.into();
    let evidence = check(&small(), &new, "1 is not known: Ask did not run then");
    let Found::NotKnown { turn, newly, .. } = evidence.found else { panic!("{:?}", evidence.found) };
    assert_eq!(newly, ["Ask"]);
    let turn = turn.unwrap();
    assert_eq!(
        (turn.after.as_deref(), turn.then.as_deref(), turn.now.as_deref()),
        (Some("Large?"), Some("Pay"), Some("Ask"))
    );
}

#[test]
fn a_state_without_a_task_is_reached_and_left() {
    let mut new = shop();
    new["States"]["Large?"]["Choices"][0] = json!({"Variable": "$.amount", "NumericGreaterThan": 500, "Next": "Note"});
    new["States"]["Note"] = json!({"Type": "Pass", "Next": "Ask"});
    new["States"]["Ask"] = json!({"Type": "Pass", "Next": "Pay"});
    let evidence = check(&small(), &new, "1 now reaches Note");
    let Found::AnotherPath { newly, no_longer, end, .. } = &evidence.found else { panic!("{:?}", evidence.found) };
    assert_eq!((newly.join(" "), no_longer.len(), end.to_string()), ("Note Ask".into(), 0, "succeeds".into()));
    let mut new = shop();
    new["States"]["Price"]["Next"] = "Pay".into();
    new["States"].as_object_mut().unwrap().retain(|name, _| name != "Large?" && name != "Ask");
    check(&small(), &new, "1 no longer reaches Large?");
}

#[test]
fn what_is_missing_ends_the_execution_in_its_state() {
    let mut new = shop();
    new["States"]["Pay"]["Parameters"]["Payload.$"] = "$.total".into();
    let evidence = check(&small(), &new, "1 ends with States.Runtime in Pay: $.total is missing");
    assert!(matches!(evidence.found, Found::AnotherEnd { .. }));
    new["States"]["Large?"]["Choices"][0]["Variable"] = "$.sum".into();
    check(&small(), &new, "1 ends with States.Runtime in Large?: $.sum is missing");
}

#[test]
fn a_new_way_that_ends_badly_says_so() {
    let mut new = shop();
    new["States"]["Pay"]["Next"] = "Check".into();
    new["States"]["Pay"].as_object_mut().unwrap().remove("End");
    new["States"]["Check"] = json!({"Type": "Pass", "Next": "Done"});
    new["States"]["Done"] = json!({"Type": "Pass", "InputPath": "$.total", "End": true});
    let evidence =
        check(&small(), &new, "1 now reaches Check, and ends with States.Runtime in Done: $.total is missing");
    assert!(matches!(evidence.found, Found::AnotherPath { ends_as_then: false, .. }), "{:?}", evidence.found);
}

#[test]
fn a_failure_that_is_no_longer_caught_is_another_end() {
    let mut old = shop();
    old["States"]["Pay"]["Catch"] = json!([{"ErrorEquals": ["Declined"], "Next": "Sorry"}]);
    old["States"]["Sorry"] = json!({"Type": "Succeed"});
    let events = history(&old, json!({}), &json!({"Price": {"amount": 1}, "Pay": "Declined"}));
    let found = evidence(&events, Some(&old), &shop()).found;
    assert_eq!(Summary::of([(ARN, &found)]).to_string(), "1 ends with Declined in Pay: because");
    // The other way round.
    let events = history(&shop(), json!({}), &json!({"Price": {"amount": 1}, "Pay": "Declined"}));
    check(&events, &old, "1 now reaches Sorry");
}

#[test]
fn more_attempts_than_then_are_not_known() {
    let mut new = shop();
    new["States"]["Pay"]["Retry"] = json!([{"ErrorEquals": ["Declined"]}]);
    let events = history(&shop(), json!({}), &json!({"Price": {"amount": 1}, "Pay": "Declined"}));
    check(&events, &new, "1 is not known: Pay is called more often than then");
}

#[test]
fn a_wait_is_known_for_as_long_as_it_was_recorded() {
    let mut old = shop();
    old["States"]["Ask"]["TimeoutSeconds"] = 60.into();
    let events = history(&old, json!({}), &json!({"Price": {"amount": 2000}}));
    let found = |seconds: i64| {
        let mut new = old.clone();
        new["States"]["Ask"]["TimeoutSeconds"] = seconds.into();
        Summary::of([(ARN, &evidence(&events, Some(&old), &new).found)]).to_string()
    };
    assert_eq!(found(60), "1 takes the same path");
    assert_eq!(found(30), "1 takes the same path", "nobody had answered by then either");
    assert_eq!(found(61), "1 is not known: Ask was not answered then, and now waits longer");
    assert_eq!(found(3_600), "1 is not known: Ask was not answered then, and now waits longer");
    // An answer after a second and a half is too late for a timeout of one.
    let events = history(&shop(), json!({}), &json!({"Price": {"amount": 2000}, "Ask": {"ok": true}, "Pay": 1}));
    let mut new = shop();
    new["States"]["Ask"]["TimeoutSeconds"] = 1.into();
    check(&events, &new, "1 ends with States.Timeout in Ask");
}

#[test]
fn heartbeats_are_known_as_far_as_the_old_ones_go() {
    let mut old = shop();
    old["States"]["Ask"]["HeartbeatSeconds"] = 2.into();
    let answers = json!({"Price": {"amount": 2000}, "Ask": {"ok": true}, "Pay": 1});
    let found = |old: &Value, seconds: i64| {
        let events = history(old, json!({}), &answers);
        let mut new = old.clone();
        new["States"]["Ask"]["HeartbeatSeconds"] = seconds.into();
        Summary::of([(ARN, &evidence(&events, Some(old), &new).found)]).to_string()
    };
    assert_eq!(found(&old, 3), "1 takes the same path");
    assert_eq!(found(&old, 1), "1 is not known: Ask now needs heartbeats more often");
    assert_eq!(found(&shop(), 2), "1 takes the same path", "it was answered before the first heartbeat was due");
    assert_eq!(found(&shop(), 1), "1 is not known: Ask now needs heartbeats more often");
}

#[test]
fn histories_that_say_too_little_are_not_known() {
    let not_known = |change: &dyn Fn(&mut Vec<HistoryEvent>)| {
        let mut events = small();
        change(&mut events);
        let Found::NotKnown { why, .. } = evidence(&events, None, &shop()).found else { panic!("it is known") };
        why
    };
    assert_eq!(not_known(&|events| events.clear()), NotKnown::NoData);
    assert_eq!(not_known(&|events| drop(events.pop())), NotKnown::StillRunning);
    assert_eq!(not_known(&|events| drop(events.remove(3))), NotKnown::Incomplete);
    assert_eq!(not_known(&|events| events[0].details.input = None), NotKnown::NoData);
    let of = |events: &mut Vec<HistoryEvent>, output: Option<&str>| {
        let answer = events.iter_mut().find(|event| event.kind == EventKind::TaskSucceeded).unwrap();
        answer.details.output = output.map(str::to_owned);
    };
    let unreadable = NotKnown::Unreadable { state: "Price".into() };
    for output in [None, Some("{\"cut off"), Some("{\"token\": \"[withheld]\"}")] {
        assert_eq!(not_known(&|events| of(events, output)), unreadable, "{output:?}");
    }
}

#[test]
fn what_depends_on_chance_is_not_known() {
    let mut old = shop();
    old["States"]["Large?"]["Choices"][0]["Variable"] = "$.dice".into();
    old["States"]["Price"]["ResultSelector"] = json!({"dice.$": "States.MathRandom(0, 2000)"});
    let arrived = |number: u64| {
        let answers = json!({"Price": {}, "Ask": {}, "Pay": number});
        let events = history(&old, json!({}), &answers);
        let name = format!("arn:aws:states:eu-west-1:111122223333:execution:Shop:{number}");
        let history = History { execution_arn: &name, kind: ExecutionKind::Standard, events: &events, marks: &[] };
        replay(history, Some(&definition(&old)), &definition(&old), &Bounds::default()).found
    };
    let found: Vec<Found> = (0..16).map(arrived).collect();
    let not_repeated = |found: &&Found| matches!(found, Found::NotKnown { why: NotKnown::NotRepeated { .. }, .. });
    let number = found.iter().filter(not_repeated).count();
    // The seed of the recorded run is not known, so some of them fall on the other side.
    assert!(
        number > 0 && found.iter().all(|one| not_repeated(&one) || matches!(one, Found::SamePath { .. })),
        "{found:?}"
    );
}

#[test]
fn other_parameters_are_reported_and_other_tokens_are_not() {
    let events = history(&shop(), json!({}), &json!({"Price": {"amount": 2000}, "Ask": {"ok": true}, "Pay": 1}));
    assert!(evidence(&events, None, &shop()).asked_otherwise.is_empty());
    let mut new = shop();
    new["States"]["Ask"]["Parameters"]["Payload"]["of.$"] = "$.amount".into();
    new["States"]["Pay"]["Resource"] = "arn:aws:lambda:eu-west-1:111122223333:function:g".into();
    assert_eq!(evidence(&events, None, &new).asked_otherwise, ["Ask", "Pay"]);
}

#[test]
fn iterations_and_loops_answer_as_they_did() {
    let map = |retry: Value| {
        json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "Next": "Sum", "ItemProcessor": {
            "StartAt": "Buy", "States": {"Buy": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:1:function:f",
                "End": true, "Retry": retry}}}},
            "Sum": {"Type": "Pass", "End": true}}})
    };
    let old = map(json!([{"ErrorEquals": ["Busy"], "IntervalSeconds": 5}]));
    let mut answer = |call: &Call<'_>| {
        let item = call.iterations[0].1;
        let answer = if item == 1 && call.attempt < 3 {
            Err(("Busy".to_owned(), String::new()))
        } else {
            Ok(format!("\"{item} after {}\"", call.attempt))
        };
        Reply::Answer { after_ms: 10 - item as i64, beats_ms: None, answer }
    };
    let params = StartParams { execution_arn: ARN.into(), input: "[7, 8, 9]".into(), ..StartParams::default() };
    let run = drive(&definition(&old).program, params, &Bounds::default(), &mut answer);
    let events = run.execution.history().to_vec();
    let same = evidence(&events, Some(&old), &old);
    assert_eq!(same.found, Found::SamePath { same_output: true });
    assert_eq!(same.now.visits.iter().map(|visit| visit.attempts).collect::<Vec<_>>(), [0, 1, 3, 1, 0]);
    let fewer = evidence(&events, Some(&old), &map(json!([{"ErrorEquals": ["Busy"], "MaxAttempts": 1}])));
    assert_eq!(Summary::of([(ARN, &fewer.found)]).to_string(), "1 ends with Busy in Buy");
}

#[test]
fn many_are_grouped_with_their_executions() {
    let same = Found::SamePath { same_output: true };
    let end = End {
        status: OutcomeStatus::Failed,
        output: None,
        error: Some("States.Runtime".into()),
        cause: Some(
            "An error occurred while executing the state 'Price' (entered at the event id #7). The JSONPath \
             '$.total' specified for the field 'v.$' could not be found in the input '{\"card\":\"4711\"}'"
                .into(),
        ),
        state: Some("Price".into()),
    };
    let turn = Turn { at: 1, after: Some("A".into()), then: None, now: Some("ManualReview".into()) };
    let review = |end: End, ends_as_then: bool| Found::AnotherPath {
        turn: turn.clone(),
        newly: vec!["ManualReview".into()],
        no_longer: vec![],
        end,
        ends_as_then,
    };
    let succeeds = End { status: OutcomeStatus::Succeeded, output: None, error: None, cause: None, state: None };
    let fails = Found::AnotherEnd { end: end.clone(), no_longer: vec![] };
    let unknown = Found::NotKnown {
        why: NotKnown::NeedsAnswer { state: "Pay".into(), ran_then: true },
        turn: None,
        newly: vec!["Note".into()],
    };
    let reviews = [review(succeeds, false), review(end.clone(), true), review(end, false)];
    let all = [("a", &same), ("b", &reviews[0]), ("c", &fails), ("d", &same), ("e", &reviews[1]), ("f", &unknown)];
    let summary = Summary::of(all);
    assert_eq!(
        summary.to_string(),
        "2 take the same path; 2 now reach ManualReview; 1 ends with States.Runtime in Price: $.total is missing; \
         1 is not known: it now reaches Note, and Pay is called more often than then"
    );
    assert_eq!(summary.counts(), (2, 3, 1));
    assert_eq!(summary.groups[1].executions, ["b", "e"]);
    // Who fails anew is not counted with those that only take another way.
    assert_eq!(
        Summary::of([("b", &reviews[0]), ("g", &reviews[2])]).to_string(),
        "1 now reaches ManualReview; 1 now reaches ManualReview, and ends with States.Runtime in Price: $.total is missing"
    );
    let several = Summary::of([("a", &fails), ("b", &fails)]).to_string();
    assert_eq!(several, "2 end with States.Runtime in Price: $.total is missing");
    assert!(!several.contains("4711"), "no part of a payload is in it");
}
