//! Functions that attack: the server, each other, and the answers to others. Each attack is a function in Python, and
//! runs where functions run.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_local::keeper::{Keeper, Wall};
use countersign_local::lambda::{Failure, Functions, Keeping, Stay};
use serde_json::{Value, json};

const CODE: &str = r#"
import glob, json, os, signal, subprocess, sys, threading, time, urllib.request

def tried(work):
    try:
        return work()
    except BaseException as error:
        return type(error).__name__

def read(path):
    with open(path, "rb") as file:
        return file.read()

def look(event, context):
    """What can be seen of the server and of other functions."""
    server = event["server"]
    found = []
    for place in glob.glob("/proc/[0-9]*"):
        for name in ("environ", "cmdline", "maps"):
            text = tried(lambda: read(place + "/" + name))
            if not isinstance(text, bytes) or "/proc/self" in place:
                continue
            for word in event["words"]:
                if word.encode() in text:
                    found.append([place, name, word])
    return {
        "found": found,
        "environ": tried(lambda: len(read(f"/proc/{server}/environ"))),
        "memory": tried(lambda: len(read(f"/proc/{server}/maps"))),
        "root": tried(lambda: len(os.listdir(f"/proc/{server}/root"))),
        "signal": tried(lambda: os.kill(server, 0)),
        "data": tried(lambda: os.listdir(event["data"])),
        "declarations": tried(lambda: len(read(event["declarations"]))),
        "undo": tried(lambda: subprocess.run(["umount", event["data"]], capture_output=True).returncode),
        # What the shell of a version manager adds before it is Python's turn is no matter of the engine's.
        "own": sorted(key for key in os.environ if key not in ("PATH", "HOME", "LANG", "TZ", "LC_CTYPE", "PWD", "OLDPWD", "SHLVL") and "PYENV" not in key),
        "rights": [line for line in open("/proc/self/status").read().split("\n") if line.startswith(("CapEff", "CapPrm", "CapBnd", "NoNewPrivs"))],
    }

def wait(event, context):
    time.sleep(event)
    return "waited"

def own_api():
    return "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime"

def post(path, body):
    try:
        with urllib.request.urlopen(urllib.request.Request(path, data=body.encode(), method="POST")) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code

old = None
noted = []
def late(event, context):
    """Answers the event before this one, now and while this one is under way, and fails to load."""
    global old
    api, before = own_api(), old
    old = context.aws_request_id
    if event == "told":
        return noted
    if before:
        noted.append(post(f"{api}/invocation/{before}/response", '"forged"'))
        noted.append(post(f"{api}/invocation/{before}/error", '{"errorType":"Forged"}'))
        noted.append(post(f"{api}/invocation/none/response", '"forged"'))
        noted.append(post(f"{api}/init/error", '{"errorType":"Forged"}'))
    return event

def twice(event, context):
    """Answers this event by itself, and returns a second answer."""
    post(f"{own_api()}/invocation/{context.aws_request_id}/response", json.dumps(event))
    return "second"

def leave(event, context):
    """Starts processes that want to stay: in a session of their own, and one that nobody waits for."""
    for _ in range(3):
        subprocess.Popen(["sleep", event["mark"]], start_new_session=True, stdin=subprocess.DEVNULL)
    script = "(setsid sleep " + event["mark"] + " &) ; (setsid nohup sleep " + event["mark"] + " >/dev/null 2>&1 &)"
    subprocess.Popen(["sh", "-c", script], start_new_session=True).wait()
    if event.get("stay"):
        time.sleep(60)
    if event.get("crash"):
        os._exit(7)
    return "left"

def end(event, context):
    os.kill(os.getpid(), signal.SIGKILL)
"#;

const NAMES: [&str; 6] = ["look", "wait", "late", "twice", "leave", "end"];

fn keeper() -> Keeper {
    Keeper::of(program())
}

/// The example serves the command of a keeper; Cargo builds it with the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("examples/engine");
    assert!(program.exists(), "build it first: cargo build -p countersign-local --example engine");
    program
}

fn declare(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("countersign-apart-{test}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("code")).unwrap();
    std::fs::create_dir_all(folder.join("data")).unwrap();
    std::fs::write(folder.join("data/engine.db"), "tokens").unwrap();
    std::fs::write(folder.join("code/code_of_all.py"), CODE).unwrap();
    let declared = NAMES.map(|name| {
        format!(
            "[functions.{name}]\nruntime = \"python3\"\ncode = \"code\"\nhandler = \"code_of_all.{name}\"\ntimeout_seconds = 10\n\
             environment = {{ OWN = \"the-own-value-of-{name}\" }}\n"
        )
    });
    std::fs::write(folder.join("code/functions.toml"), "").unwrap();
    std::fs::write(folder.join("functions.toml"), declared.join("\n")).unwrap();
    folder
}

async fn functions(folder: &Path, keeper: Keeper) -> Functions {
    let keeping = Keeping { keeper: Some(keeper), hidden: vec![folder.join("data")], stay: Stay::default() };
    Functions::load_kept(Some(&folder.join("functions.toml")), "us-east-1", "000000000000", keeping).await.unwrap()
}

async fn ask(functions: &Functions, name: &str, event: Value) -> Value {
    let answer = functions.invoke(name, &event.to_string()).await;
    serde_json::from_str(&answer.unwrap_or_else(|failure| panic!("{name}: {failure:?}"))).unwrap()
}

/// The processes that have this among their arguments.
fn running(mark: &str) -> Vec<String> {
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let lives = |id: &String| {
        let said = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        said.split(|byte| *byte == 0).any(|arg| arg == mark.as_bytes())
    };
    all.filter(|name| name.parse::<u32>().is_ok()).filter(lives).collect()
}

/// The stages in which the functions of a folder are kept, as the arguments of their processes say.
fn stages(folder: &Path) -> Vec<String> {
    let declarations = folder.join("functions.toml").display().to_string();
    let kept = |id: String| {
        let said = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let args: Vec<_> = said.split(|byte| *byte == 0).map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
        let stage = args.iter().find(|arg| ["inside", "beside"].contains(&arg.as_str()))?;
        args.contains(&declarations).then(|| stage.clone())
    };
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    all.filter_map(kept).collect()
}

/// Waits until all five that `leave` starts run.
async fn all_run(mark: &str) {
    let begun = Instant::now();
    while running(mark).len() < 5 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", running(mark));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until no process has this among its arguments.
async fn ended(mark: &str) {
    let begun = Instant::now();
    while !running(mark).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?} still run", running(mark));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether this system lets anybody make namespaces, as another program finds.
fn system_has_namespaces() -> bool {
    let tried =
        Command::new("unshare").args(["--user", "--map-root-user", "--pid", "--fork", "--mount", "true"]).output();
    tried.unwrap().status.success()
}

#[tokio::test]
#[ignore = "needs a system that allows namespaces; `make test` runs it there"]
async fn a_function_sees_nothing_of_the_server_nor_of_other_functions() {
    assert!(system_has_namespaces(), "this system allows no namespaces: what they keep apart cannot be tested here");
    assert_eq!(keeper().tried().wall(), Wall::Namespaces, "this system allows namespaces");
    let folder = declare("look");
    let functions = functions(&folder, keeper()).await;
    let runtime = functions.address().to_string();
    let event = json!({
        "server": std::process::id(), "data": folder.join("data"), "declarations": folder.join("functions.toml"),
        // Cargo's variables stand in the environment of this process, which is the server here.
        "words": ["CARGO_PKG_NAME", "the-own-value-of-wait", &runtime],
    });
    let (other, seen) = tokio::join!(ask(&functions, "wait", json!(2)), async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        ask(&functions, "look", event).await
    });
    assert_eq!(other, json!("waited"));
    assert_eq!(seen["found"], json!([]), "{seen:#}");
    for question in ["environ", "memory", "root", "signal"] {
        let refused = ["FileNotFoundError", "PermissionError", "ProcessLookupError"];
        assert!(refused.iter().any(|name| seen[question] == json!(name)), "{question}: {seen:#}");
    }
    assert_eq!((&seen["data"], &seen["declarations"]), (&json!([]), &json!(0)), "{seen:#}");
    assert_ne!(seen["undo"], json!(0), "what is hidden stays hidden");
    let none = "0000000000000000";
    assert_eq!(
        seen["rights"],
        json!([format!("CapPrm:\t{none}"), format!("CapEff:\t{none}"), format!("CapBnd:\t{none}"), "NoNewPrivs:\t1"])
    );
    let own = [
        "AWS_DEFAULT_REGION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "LAMBDA_TASK_ROOT",
        "OWN",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONPATH",
        "_HANDLER",
    ];
    assert_eq!(seen["own"], json!(own));
    functions.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn without_namespaces_a_function_still_has_no_rights_and_finds_no_secret_of_the_runtime() {
    let folder = declare("beside");
    let functions = functions(&folder, keeper().beside()).await;
    let runtime = functions.address().to_string();
    let event = json!({
        "server": 1, "data": folder.join("data"), "declarations": folder.join("functions.toml"),
        "words": [&runtime],
    });
    let (_, seen) = tokio::join!(ask(&functions, "wait", json!(1)), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        ask(&functions, "look", event).await
    });
    assert_eq!(seen["found"], json!([]), "{seen:#}");
    assert_eq!(seen["rights"][1], json!("CapEff:\t0000000000000000"));
    functions.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_answer_to_another_event_is_refused() {
    let folder = declare("late");
    let functions = functions(&folder, keeper()).await;
    for n in 1..=4 {
        assert_eq!(ask(&functions, "late", json!(n)).await, json!(n));
    }
    assert_eq!(ask(&functions, "late", json!("told")).await, json!(vec![400; 12]));
    for n in 1..=4 {
        assert_eq!(
            ask(&functions, "twice", json!(n)).await,
            json!(n),
            "the second answer is no answer to the next event"
        );
    }
    functions.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn whatever_a_function_started_ends_with_it() {
    let folder = declare("leave");
    for (name, keeper) in [("1", keeper()), ("2", keeper().beside())] {
        let functions = functions(&folder, keeper).await;
        let mark = |kind: &str| format!("3{}{name}{kind}", std::process::id());
        // At the end of the server.
        assert_eq!(ask(&functions, "leave", json!({ "mark": mark("1") })).await, json!("left"));
        all_run(&mark("1")).await;
        // When its process crashes.
        let crashed = functions.invoke("leave", &json!({ "mark": mark("2"), "crash": true }).to_string()).await;
        let Err(Failure::Function { error, cause }) = crashed else { panic!("{crashed:?}") };
        assert!(error == "Runtime.ExitError" && cause.contains("exit status 7"), "{cause}");
        ended(&mark("2")).await;
        let killed = functions.invoke("end", "{}").await;
        assert!(matches!(&killed, Err(Failure::Function { cause, .. }) if cause.contains("signal 9")), "{killed:?}");
        // When the call is given up.
        let event = json!({ "mark": mark("3"), "stay": true }).to_string();
        let call = tokio::time::timeout(Duration::from_secs(2), functions.invoke("leave", &event));
        assert!(call.await.is_err());
        ended(&mark("3")).await;
        functions.shutdown().await;
        ended(&mark("1")).await;
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// The engine as a program of its own.
struct Program {
    process: Child,
    /// Open for what it still prints.
    _output: BufReader<ChildStdout>,
    address: String,
}

impl Program {
    fn start(folder: &Path, wall: &str) -> Self {
        let mut process = Command::new(program())
            .args(["127.0.0.1:0".as_ref(), folder.join("data").as_os_str()])
            .args([folder.join("functions.toml").as_os_str(), wall.as_ref()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        Self { process, _output: output, address: line.trim().trim_start_matches("http://").to_owned() }
    }

    fn call(&self, operation: &str, body: &Value) -> Value {
        let body = body.to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\nx-amz-target: AWSStepFunctions.{operation}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

#[tokio::test]
async fn functions_end_with_a_server_that_is_killed() {
    for (wall, kind) in [("", "4"), ("beside", "5")] {
        let folder = declare(&format!("kill{kind}"));
        std::fs::remove_file(folder.join("data/engine.db")).unwrap();
        let mark = format!("3{}{kind}", std::process::id());
        let mut engine = Program::start(&folder, wall);
        let state = json!({
            "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:leave", "End": true,
        });
        let definition = json!({ "StartAt": "Only", "States": { "Only": state } }).to_string();
        let machine = json!({ "name": "M", "definition": definition, "roleArn": "arn:aws:iam::000000000000:role/r" });
        let machine = engine.call("CreateStateMachine", &machine)["stateMachineArn"].clone();
        let input = json!({ "mark": mark, "stay": true }).to_string();
        engine.call("StartExecution", &json!({ "stateMachineArn": machine, "input": input }));
        all_run(&mark).await;
        let kept = if wall.is_empty() && system_has_namespaces() { "inside" } else { "beside" };
        let stages = stages(&folder);
        assert!(!stages.is_empty() && stages.iter().all(|stage| stage == kept), "{kept}: {stages:?}");
        engine.process.kill().unwrap();
        engine.process.wait().unwrap();
        ended(&mark).await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}
