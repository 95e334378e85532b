#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
use std::time::Duration;

use serde_json::{Value, json};

use super::runtime_api::LARGEST;
use super::*;

const CODE: &str = r#"
import os, time
calls = 0
class InvalidOrder(Exception):
    pass
def identity(event, context):
    return event
def count(event, context):
    global calls
    calls += 1
    return [calls, os.environ.get("GREETING"), context.function_name, context.get_remaining_time_in_millis() > 0]
def refuse(event, context):
    raise InvalidOrder("no items")
def crash(event, context):
    os._exit(3)
def sleep(event, context):
    time.sleep(60)
def print_much(event, context):
    os.write(1, b"\xff" * 200_000 + b"\n")
    os.write(2, b"x" * 200_000)
    return "printed"
def leave(event, context):
    import subprocess
    child = subprocess.Popen(["sleep", "300"])
    with open("left", "w") as left:
        left.write(str(child.pid))
    child.wait()
def flood(event, context):
    return "x" * event
def deep(event, context):
    nested = []
    for _ in range(100_000):
        nested = [nested]
    return nested
def number(event, context):
    time.sleep(event)
    return os.getpid()
def odd(event, context):
    return b'["bytes"]' if event == "bytes" else b'["\xff"]' if event == "no text" else {1, 2}
"#;

async fn functions(test: &str) -> (Functions, PathBuf) {
    functions_that_stay(test, Stay::default(), "").await
}

async fn functions_that_stay(test: &str, stay: Stay, more: &str) -> (Functions, PathBuf) {
    let folder = std::env::temp_dir().join(format!("countersign-lambda-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("code.py"), CODE).unwrap();
    std::fs::write(folder.join("broken.py"), "import not_there_at_all\n").unwrap();
    let mut toml = more.to_owned();
    for name in [
        "identity",
        "count",
        "refuse",
        "crash",
        "sleep",
        "odd",
        "absent",
        "print_much",
        "flood",
        "deep",
        "leave",
        "number",
    ] {
        toml += &format!(
            "[functions.{name}]\nruntime = \"python3.11\"\nhandler = \"code.{name}\"\ntimeout_seconds = 1\nenvironment = {{ GREETING = \"hi\" }}\n"
        );
    }
    std::fs::write(
        folder.join("slow.py"),
        "import time\ntime.sleep(1.5)\ndef handler(event, context):\n    return 1\n",
    )
    .unwrap();
    toml += "[functions.slow]\nruntime = \"python3\"\nhandler = \"slow.handler\"\ntimeout_seconds = 1\n";
    toml += "[functions.broken]\nruntime = \"python3\"\nhandler = \"broken.handler\"\n";
    std::fs::create_dir_all(folder.join("apart")).unwrap();
    std::fs::write(folder.join("apart/app.py"), "def handler(event, context):\n    raise ValueError(event)\n").unwrap();
    toml += "[functions.apart]\nruntime = \"python3\"\ncode = \"apart\"\nhandler = \"app.handler\"\n";
    let file = folder.join("functions.toml");
    std::fs::write(&file, toml).unwrap();
    let keeping = Keeping { stay, ..Keeping::default() };
    (Functions::load_kept(Some(&file), "us-east-1", "000000000000", keeping).await.unwrap(), folder)
}

fn parts(result: Result<String, Failure>) -> (String, Value) {
    match result.unwrap_err() {
        Failure::Function { error, cause } => (error, serde_json::from_str(&cause).unwrap()),
        Failure::Unknown => panic!("the function is known"),
    }
}

#[tokio::test]
async fn answers_come_back_and_the_process_stays_warm() {
    let (functions, folder) = functions("warm").await;
    assert_eq!(functions.invoke("identity", r#"{"a":[1,"ü"]}"#).await.unwrap(), r#"{"a": [1, "\u00fc"]}"#);
    for n in 1..=3 {
        let answer: Value = serde_json::from_str(&functions.invoke("count", "null").await.unwrap()).unwrap();
        assert_eq!(answer, json!([n, "hi", "count", true]));
    }
    assert_eq!(functions.invoke("nobody", "{}").await, Err(Failure::Unknown));
    functions.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn failures_are_told_as_aws_tells_them() {
    let (functions, folder) = functions("failures").await;
    let (error, cause) = parts(functions.invoke("refuse", "{}").await);
    assert_eq!(
        (error.as_str(), &cause["errorMessage"], &cause["errorType"]),
        ("InvalidOrder", &json!("no items"), &json!("InvalidOrder"))
    );
    let frame = cause["stackTrace"][0].as_str().unwrap();
    assert!(frame.starts_with("  File \"/var/task/code.py\", line "), "{cause}");
    assert!(frame.contains("in refuse\n    raise InvalidOrder("), "{cause}");
    let (_, cause) = parts(functions.invoke("apart", "1").await);
    assert_eq!(
        cause["stackTrace"],
        json!(["  File \"/var/task/app.py\", line 2, in handler\n    raise ValueError(event)\n"])
    );
    let (error, cause) = parts(functions.invoke("crash", "{}").await);
    assert_eq!(error, "Runtime.ExitError");
    assert!(cause["errorMessage"].as_str().unwrap().ends_with("Runtime exited with error: exit status 3"), "{cause}");
    let (error, cause) = parts(functions.invoke("sleep", "{}").await);
    assert_eq!(error, "Sandbox.Timedout");
    assert!(cause["errorMessage"].as_str().unwrap().ends_with("Task timed out after 1.00 seconds"), "{cause}");
    assert_eq!(functions.invoke("odd", "\"bytes\"").await.unwrap(), "[\"bytes\"]");
    let (error, cause) = parts(functions.invoke("odd", "\"no text\"").await);
    assert_eq!(error, "Runtime.InvalidResponse", "{cause}");
    let (error, cause) = parts(functions.invoke("odd", "{}").await);
    assert_eq!(
        (error.as_str(), &cause["errorMessage"]),
        ("Runtime.MarshalError", &json!("Unable to marshal response: Object of type set is not JSON serializable"))
    );
    let (error, cause) = parts(functions.invoke("broken", "{}").await);
    assert_eq!(
        (error.as_str(), &cause["errorMessage"]),
        ("Runtime.ImportModuleError", &json!("Unable to import module 'broken': No module named 'not_there_at_all'"))
    );
    let (error, _) = parts(functions.invoke("absent", "{}").await);
    assert_eq!(error, "Runtime.HandlerNotFound");
    functions.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn loading_takes_no_time_of_the_function_and_its_output_never_blocks_it() {
    let (functions, folder) = functions("loading").await;
    assert_eq!(functions.invoke("slow", "{}").await.unwrap(), "1");
    for _ in 0..2 {
        assert_eq!(functions.invoke("print_much", "{}").await.unwrap(), "\"printed\"");
    }
    functions.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a process that nobody waits for reports no event")]
async fn what_a_handler_started_ends_with_it() {
    let (functions, folder) = functions("leave").await;
    assert_eq!(parts(functions.invoke("leave", "{}").await).0, "Sandbox.Timedout");
    let left = std::fs::read_to_string(folder.join("left")).unwrap();
    let state = || {
        let listed = std::process::Command::new("ps").args(["-o", "stat=", "-p", &left]).output().unwrap();
        String::from_utf8(listed.stdout).unwrap()
    };
    // It is gone, or dead and not yet reaped.
    for _ in 0..100 {
        if state().is_empty() || state().starts_with('Z') {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(state().is_empty() || state().starts_with('Z'), "{}", state());
    functions.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// The processes that answered so many calls at once.
async fn burst(functions: &Functions, calls: usize) -> std::collections::BTreeSet<u64> {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..calls {
        let functions = functions.clone();
        all.spawn(async move { functions.invoke("number", "0.2").await.unwrap().parse::<u64>().unwrap() });
    }
    all.join_all().await.into_iter().collect()
}

fn alive(processes: &std::collections::BTreeSet<u64>) -> usize {
    let is_there = |id: &&u64| std::fs::metadata(format!("/proc/{id}")).is_ok();
    processes.iter().filter(is_there).count()
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the processes are real, and end in real time")]
async fn a_burst_waits_for_its_turn_and_leaves_nothing_behind() {
    let stay = Stay { several: Duration::from_millis(400), one: Duration::from_millis(2_500) };
    let (functions, folder) = functions_that_stay("burst", stay, "concurrency = 3\n").await;
    let processes = burst(&functions, 12).await;
    assert!((1..=3).contains(&processes.len()), "12 calls at once ran in {processes:?}");
    assert_eq!(alive(&processes), processes.len());
    let begun = std::time::Instant::now();
    while alive(&processes) > 1 {
        assert!(begun.elapsed() < Duration::from_secs(2), "{} are left", alive(&processes));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The one that is left answers, and then goes as well.
    let last = burst(&functions, 1).await;
    assert!(last.is_subset(&processes), "{last:?} is none of {processes:?}");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(alive(&processes), 1, "one stays longer than several");
    let begun = std::time::Instant::now();
    while alive(&processes) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "one is left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(burst(&functions, 1).await.len(), 1, "a new one is started");
    functions.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_at_once() {
    let (functions, folder) = functions("flood").await;
    for size in [LARGEST, 3 * LARGEST] {
        let (error, cause) = parts(functions.invoke("flood", &size.to_string()).await);
        assert_eq!(error, "Function.ResponseSizeTooLarge", "{cause}");
    }
    assert_eq!(functions.invoke("flood", "1").await.unwrap(), "\"x\"", "the process goes on");
    let (error, _) = parts(functions.invoke("deep", "{}").await);
    assert_eq!(error, "Runtime.MarshalError");
    functions.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_wrong_declaration_is_named_with_its_remedy() {
    let folder = std::env::temp_dir().join(format!("countersign-lambda-wrong-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("functions.toml");
    for (text, expect) in [
        ("[functions.a]\nruntime = \"go\"\nhandler = \"a.b\"\n", "does not run on this machine"),
        ("[functions.a]\nruntime = \"python3\"\nhandler = \"a.b\"\n", "which does not exist"),
        ("concurrency = 0\n", "Use 1 to 1000"),
        ("[functions.a]\nruntime = \"python3\"\nhandler = \"a.b\"\nconcurrency = 0\n", "has a concurrency of 0"),
        ("[functions.a]\nruntime = \"python3\"\nhandlr = \"a.b\"\n", "handlr"),
        ("[connections.a]\nauthorization = \"basic\"\nusername = \"u\"\n", "[connections.a] has no password"),
        ("[connections.a]\nauthorization = \"basic\"\npasword = \"hidden\"\n", "unknown field `pasword`"),
        ("[connections.a]\nauthorization = \"basic\"\npassword = [\"hidden\"]\n", "line 3 is wrong"),
        ("connections.a = { authorization = \"basic\", password = [\"hidden\"] }\n", "line 1 is wrong"),
    ] {
        std::fs::write(&file, text).unwrap();
        let error = Functions::load(Some(&file), "r", "a").await.err().unwrap().to_string();
        assert!(error.contains(expect) && error.contains("functions.toml"), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
