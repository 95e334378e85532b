//! Functions while the engine runs: what they print is kept beside the task that called them, and what is changed of
//! them is taken over.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use countersign_local::lambda::{Failure, Looked};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::engine::{Engine, only, text};

/// A folder for code, which the test removes.
fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("countersign-functions-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn declaration(name: &str, code: &Path) -> String {
    let code = code.display().to_string();
    format!(
        "[functions.{name}]\nruntime = \"python3\"\nhandler = \"{name}.handler\"\ncode = {code:?}\nconcurrency = 1\n"
    )
}

/// A state that is the last one.
fn ended(mut state: Value) -> Value {
    state["End"] = json!(true);
    state
}

async fn get(engine: &Engine, path: &str) -> Value {
    let request = Request::get(path).header("host", "127.0.0.1:8083").body(Body::empty()).unwrap();
    let response = engine.router.clone().oneshot(request).await.unwrap();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// What the calls of a task printed, once the last of it has been read.
async fn printed(engine: &Engine, execution: &str, event: u64, end: &str) -> Vec<String> {
    let path = format!("/_countersign/output?execution={}&event={event}", execution.replace('/', "%2F"));
    for _ in 0..200 {
        let calls = get(engine, &path).await;
        let texts: Vec<String> = calls["calls"].as_array().unwrap().iter().map(|call| text(&call["text"])).collect();
        if texts.last().is_some_and(|text| text.contains(end)) {
            return texts;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing of event {event} ends with {end:?}: {}", get(engine, &path).await);
}

/// The ids of the events with which tasks were scheduled.
async fn scheduled(engine: &Engine, execution: &str) -> Vec<u64> {
    let history = engine.call("GetExecutionHistory", json!({ "executionArn": execution })).await;
    let events = history["events"].as_array().unwrap().iter();
    events
        .filter(|event| text(&event["type"]).ends_with("Scheduled"))
        .map(|event| event["id"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn what_a_function_prints_is_kept_beside_its_attempt() {
    let code = folder("prints");
    let handler = "import sys\nprint('loaded')\ntries = {}\ndef handler(event, context):\n    tries[event] = tries.get(event, 0) + 1\n    print(f'try {tries[event]} of {event}')\n    sys.stderr.write(f'no line end of {event}')\n    if tries[event] < 2:\n        raise ValueError('not yet')\n    print(f'done with {event}')\n    return event\n";
    fs::write(code.join("f.py"), handler).unwrap();
    let engine = Engine::with_functions("prints", &declaration("f", &code)).await;
    let retry = json!([{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1.0 }]);
    let task = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload",
        "Parameters": { "FunctionName": "f", "Payload.$": "$" }, "Retry": retry,
    });
    let map = |mode: Value| {
        let processor = json!({ "StartAt": "One", "States": { "One": ended(task.clone()) }, "ProcessorConfig": mode });
        only(json!({ "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor }))
    };
    let input = json!({ "items": ["\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\""] }).to_string();
    // Every call has the same process, one behind another.
    let machine = engine.machine("Inline", map(json!({ "Mode": "INLINE" }))).await;
    let started = engine.call("StartExecution", json!({ "stateMachineArn": machine, "input": input })).await;
    let inline = text(&started["executionArn"]);
    let over = async { engine.ended(&inline).await };
    let passing = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            engine.pass(1_000);
        }
    };
    tokio::select! { row = over => assert!(row.output.is_some(), "{row:?}"), () = passing => {} }
    let history = engine.call("GetExecutionHistory", json!({ "executionArn": inline })).await;
    let events = history["events"].as_array().unwrap();
    let mut tries = std::collections::BTreeMap::<String, u32>::new();
    for event in scheduled(&engine, &inline).await {
        let parameters =
            events.iter().find(|one| one["id"] == event).unwrap()["taskScheduledEventDetails"]["parameters"].clone();
        let item = text(&serde_json::from_str::<Value>(&text(&parameters)).unwrap()["Payload"]).replace('"', "");
        let number = tries.entry(item.clone()).or_default();
        *number += 1;
        let end = if *number == 1 { "ValueError: not yet".to_owned() } else { format!("done with {item}") };
        let [only] = &printed(&engine, &inline, event, &end).await[..] else { panic!("one call of event {event}") };
        let own = only.replace("loaded\n", "");
        assert!(own.contains(&format!("try {number} of {item}\n")), "{own}");
        for other in ["a", "b", "c", "d", "e"].into_iter().filter(|other| *other != item) {
            assert!(!own.contains(&format!("of {other}")), "{item} has what {other} printed: {own}");
        }
        assert!(!own.contains('\u{1e}'), "{own}");
    }
    assert_eq!(tries.values().copied().collect::<Vec<_>>(), [2; 5]);
    engine.remove().await;
    fs::remove_dir_all(code).unwrap();
}

#[tokio::test]
async fn what_children_of_a_distributed_map_call_belongs_to_the_child() {
    let code = folder("children");
    fs::write(code.join("f.py"), "def handler(event, context):\n    print('child', event)\n    return event\n")
        .unwrap();
    let engine = Engine::with_functions("children", &declaration("f", &code)).await;
    let task = json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f" });
    let config = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    let processor = json!({ "StartAt": "One", "States": { "One": ended(task) }, "ProcessorConfig": config });
    let map = only(json!({ "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor }));
    let machine = engine.machine("Distributed", map).await;
    let input = json!({ "items": [7, 8] }).to_string();
    let started = engine.call("StartExecution", json!({ "stateMachineArn": machine, "input": input })).await;
    let execution = text(&started["executionArn"]);
    engine.ended(&execution).await;
    let runs = engine.call("ListMapRuns", json!({ "executionArn": execution })).await;
    let run = text(&runs["mapRuns"][0]["mapRunArn"]);
    let children = engine.call("ListExecutions", json!({ "mapRunArn": run })).await;
    for child in children["executions"].as_array().unwrap() {
        let child = text(&child["executionArn"]);
        let input = text(&engine.call("DescribeExecution", json!({ "executionArn": child })).await["input"]);
        let [event] = scheduled(&engine, &child).await[..] else { panic!("a task of {child}") };
        assert_eq!(printed(&engine, &child, event, "child").await, [format!("child {input}\n")]);
    }
    engine.remove().await;
    fs::remove_dir_all(code).unwrap();
}

#[tokio::test]
async fn changed_code_is_run_by_new_calls_while_running_ones_finish() {
    let code = folder("changes");
    let handler = |version: &str| {
        format!(
            "import os, time\ndef handler(event, context):\n    open('begun-{version}', 'w').close()\n    while event == 'hold' and not os.path.exists('release'):\n        time.sleep(0.01)\n    return '{version}'\n"
        )
    };
    fs::write(code.join("f.py"), handler("one")).unwrap();
    let engine = Engine::with_functions("changes", &declaration("f", &code)).await;
    let functions = engine.host.functions.clone();
    assert_eq!(functions.invoke("f", "\"go\"").await.unwrap(), "\"one\"");
    fs::remove_file(code.join("begun-one")).unwrap();
    let held = tokio::spawn({
        let functions = functions.clone();
        async move { functions.invoke("f", "\"hold\"").await }
    });
    while !code.join("begun-one").exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        engine.host.renew_functions(),
        Looked::Same,
        "what a function writes beside its code is no change of it"
    );
    fs::write(code.join("f.py"), handler("two, which is longer")).unwrap();
    assert_eq!(engine.host.renew_functions(), Looked::Changed("f has changed".to_owned()));
    assert_eq!(functions.invoke("f", "\"go\"").await.unwrap(), "\"two, which is longer\"");
    assert!(!held.is_finished());
    fs::write(code.join("release"), "").unwrap();
    assert_eq!(held.await.unwrap().unwrap(), "\"one\"");
    assert_eq!(functions.invoke("f", "\"go\"").await.unwrap(), "\"two, which is longer\"");
    assert_eq!(engine.host.renew_functions(), Looked::Same);
    engine.remove().await;
    fs::remove_dir_all(code).unwrap();
}

#[tokio::test]
async fn a_changed_file_is_taken_over_and_a_broken_one_is_not() {
    let code = folder("declares");
    for name in ["f", "g"] {
        fs::write(code.join(format!("{name}.py")), format!("def handler(event, context):\n    return '{name}'\n"))
            .unwrap();
    }
    let file = code.join("functions.toml");
    let engine = Engine::with_functions("declares", &declaration("f", &code)).await;
    let file_of_engine = engine.folder().join("functions.toml");
    let write = |text: &str| fs::write(&file_of_engine, text).unwrap();
    let functions = &engine.host.functions;
    write(&format!("{}{}", declaration("f", &code), declaration("g", &code)));
    assert_eq!(engine.host.renew_functions(), Looked::Changed("g is new".to_owned()));
    assert_eq!(functions.invoke("g", "1").await.unwrap(), "\"g\"");

    write("[functions.g\n");
    let Looked::Refused(why) = engine.host.renew_functions() else { panic!("it is broken") };
    assert!(why.contains("functions.toml"), "{why}");
    assert_eq!(engine.host.renew_functions(), Looked::Same, "it is said once");
    let told = get(&engine, "/_countersign/functions").await;
    assert_eq!((&told["names"], &told["trouble"]["line"]), (&json!(["f", "g"]), &json!(1)), "{told}");
    assert_eq!(functions.invoke("f", "1").await.unwrap(), "\"f\"", "the last good declarations stay");
    fs::write(code.join("f.py"), "def handler(event, context):\n    return 'new code'\n").unwrap();
    assert_eq!(engine.host.renew_functions(), Looked::Changed("f has changed, g has changed".to_owned()));
    assert_eq!(functions.invoke("f", "1").await.unwrap(), "\"new code\"", "their code is followed all the same");
    assert_eq!(engine.host.renew_functions(), Looked::Same);

    write(&declaration("g", &code).replace("g.handler", "absent.handler"));
    let Looked::Refused(why) = engine.host.renew_functions() else { panic!("there is no such module") };
    assert!(why.contains("absent.py"), "{why}");
    write(&declaration("g", &code));
    assert_eq!(engine.host.renew_functions(), Looked::Changed("f is gone".to_owned()));
    assert_eq!(functions.invoke("f", "1").await, Err(Failure::Unknown));
    assert_eq!(get(&engine, "/_countersign/functions").await, json!({ "names": ["g"], "trouble": null }));
    assert!(!file.exists());
    engine.remove().await;
    fs::remove_dir_all(code).unwrap();
}

#[tokio::test]
async fn the_secrets_of_new_connections_are_hidden_and_old_ones_stay_hidden() {
    let connection = |secret: &str| {
        format!("[connections.shop]\nauthorization = \"api-key\"\nname = \"x-key\"\nvalue = \"{secret}\"\n")
    };
    let engine = Engine::with_functions("secrets-anew", &connection("sesame-the-first")).await;
    fs::write(engine.folder().join("functions.toml"), connection("sesame-the-second")).unwrap();
    assert_eq!(engine.host.renew_functions(), Looked::Changed("its connections have changed".to_owned()));
    let text = "[\"sesame-the-first\", \"sesame-the-second\", \"sesame\"]".to_owned();
    assert_eq!(engine.host.masks.json(text), r#"["****", "****", "sesame"]"#);
    engine.remove().await;
}
