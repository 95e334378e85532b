//! 1,000 executions of 50 events, replayed under a changed definition, on one core: at most two seconds.
//! `cargo bench -p countersign-replay --bench evidence`
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use countersign_engine::{ExecutionKind, StartParams};
use countersign_replay::evidence::{Evidence, History, Summary, replay};
use countersign_replay::{Bounds, Call, Definition, Reply, drive};
use countersign_trace::HistoryEvent;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};

const EXECUTIONS: usize = 1_000;

fn task(fields: Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "ResultSelector": {"is.$": "$.Payload"},
        "Retry": [{"ErrorEquals": ["Busy"]}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]});
    state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    state
}

/// Prices three lines, pays and ships side by side, and asks a person above a limit.
fn shop(limit: u64) -> Definition {
    let price = json!({"StartAt": "Price", "States": {"Price": {"Type": "Task", "Resource":
        "arn:aws:lambda:eu-west-1:111122223333:function:price", "End": true}}});
    let branch = |name: &str| {
        let mut state = task(json!({"End": true}));
        state.as_object_mut().unwrap().remove("Catch");
        json!({"StartAt": name, "States": {name: state}})
    };
    let definition = json!({"StartAt": "Check", "States": {
        "Check": task(json!({"Next": "Each", "ResultPath": "$.check"})),
        "Each": {"Type": "Map", "ItemsPath": "$.lines", "ItemProcessor": price, "ResultPath": "$.prices", "Next": "Large?"},
        "Large?": {"Type": "Choice", "Default": "Pause",
            "Choices": [{"Variable": "$.amount", "NumericGreaterThan": limit, "Next": "Review"}]},
        "Review": {"Type": "Pass", "Next": "Pause"},
        "Pause": {"Type": "Wait", "Seconds": 2, "Next": "Both"},
        "Both": {"Type": "Parallel", "Branches": [branch("Pay"), branch("Ship")], "ResultPath": "$.done", "Next": "Tell",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]},
        "Tell": task(json!({"Next": "Done"})),
        "Done": {"Type": "Succeed"},
        "Sorry": {"Type": "Fail", "Error": "Sorry"},
    }});
    Definition::read(&definition.to_string()).unwrap()
}

fn arn(number: usize) -> String {
    format!("arn:aws:states:eu-west-1:111122223333:execution:Shop:{number}")
}

fn recorded(definition: &Definition, number: usize) -> Vec<HistoryEvent> {
    let lines =
        json!([{"sku": "atlas", "quantity": 1}, {"sku": "globe", "quantity": 2}, {"sku": "map", "quantity": 3}]);
    let input = json!({"orderId": format!("A-{number}"), "amount": number, "lines": lines, "note": "x".repeat(400)});
    let params = StartParams {
        execution_arn: arn(number),
        name: number.to_string(),
        input: input.to_string(),
        region: "eu-west-1".into(),
        start_at: 1_772_442_000_000,
        ..StartParams::default()
    };
    let mut answer = |call: &Call<'_>| {
        let busy = call.request.state == "Pay" && call.attempt == 1 && number.is_multiple_of(10);
        let answer =
            if busy { Err(("Busy".into(), "later".into())) } else { Ok(r#"{"Payload": {"ok": true}}"#.into()) };
        Reply::Answer { after_ms: 120, beats_ms: None, answer }
    };
    let run = drive(&definition.program, params, &Bounds::default(), &mut answer);
    run.execution.history().to_vec()
}

fn replay_all(histories: &[(String, Vec<HistoryEvent>)], old: &Definition, new: &Definition) -> Summary {
    let bounds = Bounds::default();
    let of = |(arn, events): &(String, Vec<HistoryEvent>)| {
        let history = History { execution_arn: arn, kind: ExecutionKind::Standard, events, marks: &[] };
        (arn.clone(), replay(history, Some(old), new, &bounds))
    };
    let found: Vec<(String, Evidence)> = histories.iter().map(of).collect();
    Summary::of(found.iter().map(|(arn, evidence)| (arn.as_str(), &evidence.found)))
}

fn evidence(criterion: &mut Criterion) {
    let (old, new) = (shop(2_000), shop(900));
    let histories: Vec<_> = (0..EXECUTIONS).map(|number| (arn(number), recorded(&old, number))).collect();
    let events: usize = histories.iter().map(|(_, events)| events.len()).sum();
    let summary = replay_all(&histories, &old, &new);
    println!("{} events; {summary}", events);
    assert!(events >= 50 * EXECUTIONS * 9 / 10, "{events}");
    assert_eq!(summary.counts(), (901, 99, 0));
    let mut group = criterion.benchmark_group("evidence");
    group.throughput(Throughput::Elements(EXECUTIONS as u64)).sample_size(10);
    group.bench_function("1,000 executions", |bencher| {
        bencher.iter(|| black_box(replay_all(&histories, &old, &new)));
    });
    group.finish();
}

criterion_group!(benches, evidence);
criterion_main!(benches);
