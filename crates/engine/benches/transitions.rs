//! State transitions a second in the pure engine, on one core.
//! `cargo bench -p countersign-engine --bench transitions`
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use countersign_engine::{Execution, ExecutionKind, Input, Program, StartParams};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Map, Value, json};

/// A chain of Pass states.
fn chain(states: usize) -> Value {
    let mut all = Map::new();
    for i in 0..states {
        let mut state = json!({"Type": "Pass"});
        if i + 1 < states {
            state["Next"] = format!("S{}", i + 1).into();
        } else {
            state["End"] = true.into();
        }
        all.insert(format!("S{i}"), state);
    }
    json!({"StartAt": "S0", "States": all})
}

/// Counts to `$.limit`: each turn is a Choice and a Pass, four events.
fn counter() -> Value {
    json!({"StartAt": "More", "States": {
        "More": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThanPath": "$.limit", "Next": "Add"}], "Default": "Done"},
        "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)", "limit.$": "$.limit"}, "Next": "More"},
        "Done": {"Type": "Succeed"}
    }})
}

fn map() -> Value {
    json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "MaxConcurrency": 40, "End": true,
        "ItemProcessor": {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": true}}}}}})
}

/// Items with names that each iteration gets through an `ItemSelector`: what it costs must not grow with the length of the
/// input that they are in.
fn selected(language: &str) -> Value {
    let mut definition = map();
    definition["QueryLanguage"] = language.into();
    let selector = match language {
        "JSONata" => {
            json!({"sum": "{% $states.context.Map.Item.Value.price * 2 %}", "by": "{% $states.context.Execution.Name & '!' %}"})
        }
        _ => json!({"price.$": "$$.Map.Item.Value.price", "by.$": "$$.Execution.Name"}),
    };
    definition["States"]["Each"]["ItemSelector"] = selector;
    definition
}

fn run(program: &Arc<Program>, input: &str) -> usize {
    let params = StartParams { kind: ExecutionKind::Express, input: input.to_owned(), ..StartParams::default() };
    let mut execution = Execution::new(Arc::clone(program), params);
    execution.step(0, Input::Start);
    assert!(execution.outcome().is_some());
    black_box(execution.history().len())
}

fn transitions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transitions");
    let program = Arc::new(Program::compile(&chain(1000)).unwrap());
    group.throughput(Throughput::Elements(1000));
    group.bench_function("chain of 1,000 Pass states", |b| b.iter(|| run(&program, "{\"order\": 1}")));
    let program = Arc::new(Program::compile(&counter()).unwrap());
    group.throughput(Throughput::Elements(2000));
    group.bench_function("Choice loop of 1,000 turns", |b| b.iter(|| run(&program, "{\"n\": 0, \"limit\": 1000}")));
    let program = Arc::new(Program::compile(&map()).unwrap());
    let items: Vec<usize> = (0..10_000).collect();
    let input = serde_json::to_string(&items).unwrap();
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("Map of 10,000 items", |b| b.iter(|| run(&program, &input)));
    group.finish();
}

/// The cost of an item must not grow with the input that all items come from.
fn selectors(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ItemSelector, an item");
    group.sample_size(10);
    for language in ["JSONPath", "JSONata"] {
        let program = Arc::new(Program::compile(&selected(language)).unwrap());
        for items in [200_u64, 2_000] {
            let input: Vec<Value> = (0..items).map(|i| json!({"price": i, "name": "a".repeat(80)})).collect();
            let input = serde_json::to_string(&input).unwrap();
            group.throughput(Throughput::Elements(items));
            let id = BenchmarkId::new(language, items);
            group.bench_with_input(id, &input, |b, input| b.iter(|| run(&program, input)));
        }
    }
    group.finish();
}

/// The cost of an event must not grow with the length of the history.
fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("loop, an event");
    let program = Arc::new(Program::compile(&counter()).unwrap());
    for events in [2_400_u64, 24_000] {
        let input = format!("{{\"n\": 0, \"limit\": {}}}", events / 4);
        group.throughput(Throughput::Elements(events));
        group.bench_with_input(BenchmarkId::from_parameter(events), &input, |b, input| b.iter(|| run(&program, input)));
    }
    group.finish();
}

criterion_group!(benches, transitions, selectors, growth);
criterion_main!(benches);
