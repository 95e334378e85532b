//! Expressions that do not end: each is stopped soon, in limited memory, and other executions do not notice.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign_asl::expr::jsonata::JsonataError;
use countersign_asl::expr::sandbox::{Request, Sandbox};
use countersign_local::sandbox::Workers;
use countersign_local::store::{ExecutionRow, RunStatus};
use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

/// Deep recursion, a loop, lists of lists, values that are enormous or double again and again.
const RUNAWAYS: [&str; 7] = [
    "($f := function($x) { $f($x + 1) + 1 }; $f(0))",
    "($f := function($x) { $f($x + 1) }; $f(0))",
    "$reduce([1..10000], function($a, $b) { $a & $a & $b })",
    "($x := [1..100000]; $map($x, function($v) { $count($filter($x, function($w) { $w = $v })) }))",
    "$count([1..150000].([1..150000]))",
    "$length($pad('', 2000000000))",
    "($double := function($s, $n) { $n = 0 ? $s : $double($s & $s, $n - 1) }; $length($double('x', 40)))",
];

fn workers() -> Arc<Workers> {
    Arc::new(new_workers())
}

/// The example serves the command of a worker; Cargo builds it with the tests.
fn new_workers() -> Workers {
    let test = std::env::current_exe().unwrap();
    let program: PathBuf = test.parent().unwrap().parent().unwrap().join("examples/engine");
    assert!(program.exists(), "build it first: cargo build -p countersign-local --example engine");
    Workers::of(program)
}

/// Counts its requests.
#[derive(Debug)]
struct Counting(Arc<Workers>, AtomicUsize);

impl Sandbox for Counting {
    fn evaluate(&self, request: &Request) -> Result<Value, JsonataError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.evaluate(request)
    }
}

fn pass(expression: &str) -> Value {
    let mut definition = only(json!({ "Type": "Pass", "Output": format!("{{% {expression} %}}") }));
    definition["QueryLanguage"] = json!("JSONata");
    definition
}

async fn run(engine: &Engine, machine: &str, name: &str) -> (ExecutionRow, Duration) {
    let begun = Instant::now();
    let execution = engine.start(machine, name).await;
    (engine.ended(&execution).await, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_ends_with_an_error_and_soon() {
    let engine = Engine::with_sandbox("runaways", workers()).await;
    for (i, expression) in RUNAWAYS.iter().enumerate() {
        let machine = engine.machine(&format!("M{i}"), pass(expression)).await;
        let (row, took) = run(&engine, &machine, "run").await;
        assert_eq!(row.error.as_deref(), Some("States.QueryEvaluationError"), "{expression}: {row:?}");
        assert!(took < Duration::from_secs(10), "{expression} took {took:?}");
    }
    engine.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_is_answered_by_a_worker() {
    let engine = Engine::with_sandbox("wild", workers()).await;
    let machine = engine.machine("M", pass("$sum($map([1..100], function($x) { $x * $x }))")).await;
    for name in ["one", "two"] {
        assert_eq!(run(&engine, &machine, name).await.0.output.as_deref(), Some("338350"));
    }
    engine.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_worker_cannot_read_is_told() {
    let deep = (0..130).fold(json!(1), |inner, _| json!([inner]));
    let bound = [("v".to_owned(), deep)].into_iter().collect();
    let request = Request { expression: "$count($map($v, $string))".to_owned(), bound, now: 0, seed: 1, patience: 800 };
    let workers = workers();
    for _ in 0..2 {
        let shown = workers.evaluate(&request).unwrap_err();
        assert!(matches!(&shown, JsonataError::Failed(why) if why.contains("recursion limit")), "{shown:?}");
    }
}

/// Their time grows with the text alone, and compiled ones have a greatest size.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_regular_expression_cannot_explode() {
    let engine = Engine::with_sandbox("regular", workers()).await;
    for (i, (expression, output)) in [
        ("($text := $pad('', 50000, 'ab'); $contains($text, /^(a|b|ab)*c$/))", Some("false")),
        ("($text := $pad('', 50000, 'a'); $contains($text, /^(a+)+$/))", Some("true")),
        ("$contains('a', /(((a{99}){99}){99}){99}/)", None),
    ]
    .into_iter()
    .enumerate()
    {
        let machine = engine.machine(&format!("M{i}"), pass(expression)).await;
        let row = run(&engine, &machine, "run").await.0;
        assert_eq!(row.output.as_deref(), output, "{expression}: {row:?}");
        assert_eq!(row.error.is_some(), output.is_none());
    }
    engine.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_wait_for_each_other_and_others_do_not() {
    let engine = Engine::with_sandbox("many", workers()).await;
    let runaway = engine.machine("Runaway", pass(RUNAWAYS[1])).await;
    let tame = engine.machine("Tame", pass("$states.context.Execution.Name")).await;
    let wild = engine.machine("Wild", pass("$sum($map([1..9], function($x) { $x }))")).await;
    let mut runaways = Vec::new();
    for i in 0..24 {
        runaways.push(engine.start_later(&runaway, &format!("r{i}")));
    }
    for i in 0..5 {
        for machine in [&tame, &wild] {
            let (row, _) = run(&engine, machine, &format!("n{i}")).await;
            assert_eq!(row.status, RunStatus::Succeeded, "{row:?}");
        }
    }
    assert!(runaways.iter().any(|started| !started.is_finished()), "the others had to wait for those that run away");
    for started in runaways {
        let row = engine.ended(&started.await.unwrap()).await;
        assert_eq!(row.error.as_deref(), Some("States.QueryEvaluationError"));
    }
    engine.remove().await;
}

/// A Catch that leads back would try such an expression thousands of times in one step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_over_a_runaway_ends() {
    let engine = Engine::with_sandbox("loop", workers()).await;
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": { "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "End",
            "Arguments": format!("{{% {} %}}", RUNAWAYS[1]), "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "A" }] },
        "End": { "Type": "Succeed" } } });
    let machine = engine.machine("M", definition).await;
    let (row, took) = run(&engine, &machine, "run").await;
    assert_eq!((row.events, row.error.as_deref()), (25_000, Some("States.Runtime")));
    assert!(took < Duration::from_secs(30), "it took {took:?}");
    engine.remove().await;
}

/// A stopped expression is stopped again when the engine restarts, without a new attempt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runaway_stays_given_up_after_a_restart() {
    let counting = Arc::new(Counting(workers(), AtomicUsize::new(0)));
    let engine = Engine::with_sandbox("again", counting.clone()).await;
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": { "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "Wait",
            "Arguments": format!("{{% {} %}}", RUNAWAYS[1]), "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Wait" }] },
        "Wait": { "Type": "Wait", "Seconds": 60, "End": true } } });
    let machine = engine.machine("M", definition).await;
    let execution = engine.start(&machine, "run").await;
    let before = engine.events(&execution).await;
    assert!(before.iter().any(|kind| kind == "EvaluationFailed"), "{before:?}");
    let engine = engine.restart_after(0).await;
    assert_eq!(counting.1.load(Ordering::Relaxed), 1, "it was tried again");
    assert_eq!(engine.events(&execution).await, before);
    let stopped = engine.call("StopExecution", json!({ "executionArn": execution })).await;
    assert!(stopped["stopDate"].is_number());
    let row = engine.ended(&execution).await;
    assert_eq!(row.status, RunStatus::Aborted, "{}", text(&json!(row.params.name)));
    engine.remove().await;
}

#[test]
fn processes_without_work_go() {
    let workers = new_workers().that_stay(Duration::from_secs(3), Duration::from_secs(7));
    let request = |text: &str| Request {
        expression: text.to_owned(),
        bound: serde_json::Map::new(),
        now: 0,
        seed: 1,
        patience: 800,
    };
    std::thread::scope(|scope| {
        for n in 0..4 {
            let (workers, request) =
                (&workers, request(&format!("$sum($map([1..2000], function($x) {{ $x + {n} }}))")));
            scope.spawn(move || workers.evaluate(&request).unwrap());
        }
    });
    assert!((2..=4).contains(&workers.idle()), "{} wait", workers.idle());
    let waits_for = |left: usize, patience: Duration| {
        let begun = Instant::now();
        while workers.idle() > left {
            assert!(begun.elapsed() < patience, "{} wait", workers.idle());
            std::thread::sleep(Duration::from_millis(20));
        }
        begun.elapsed()
    };
    waits_for(1, Duration::from_secs(6));
    assert!(waits_for(0, Duration::from_secs(12)) > Duration::from_millis(500), "one stays longer");
    assert_eq!(workers.evaluate(&request("1 + 1")).unwrap(), json!(2));
    waits_for(0, Duration::from_secs(12));
}
