//! The program itself, started as a user starts it: what other users and its own functions could find out about it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_asl::expr::jsonata::JsonataError;
use countersign_asl::expr::sandbox::{Request, Sandbox as _};
use countersign_local::sandbox::Workers;
use serde_json::{Value, json};

const FUNCTIONS: &str = r#"
[functions.print]
runtime = "python3"
handler = "code.handler"
[connections.shop]
authorization = "api-key"
name = "x-api-key"
value = { env = "SHOP_KEY" }
"#;

const CODE: &str = r#"
def handler(event, context):
    print("paid\r2026-01-01T00:00:00Z ERROR forged", flush=True)
    print("\x1b[2J\x1b]0;forged\x07", flush=True)
"#;

/// What the program takes its memory from goes with the limits of its workers.
#[test]
fn an_expression_has_the_memory_that_it_may_have_and_no_more() {
    let workers = Workers::of(PathBuf::from(env!("CARGO_BIN_EXE_countersign")));
    let evaluated = |expression: &str| {
        let (expression, bound) = (expression.to_owned(), serde_json::Map::new());
        workers.evaluate(&Request { expression, bound, now: 0, seed: 1, patience: 60_000 })
    };
    assert_eq!(evaluated("$sum([1..1000000])").unwrap(), json!(500_000_500_000_u64));
    assert!(matches!(evaluated("$sum([1..9000000])"), Err(JsonataError::Stopped)));
}

/// The engine as a program of its own, in a folder of its own.
struct Program {
    process: Child,
    /// Open for what it still prints.
    _output: BufReader<ChildStdout>,
    address: String,
    folder: PathBuf,
}

impl Program {
    fn start(folder: PathBuf) -> Self {
        fs::write(folder.join("code.py"), CODE).unwrap();
        fs::write(folder.join("functions.toml"), FUNCTIONS).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["engine", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.join("data"))
            .arg("--functions")
            .arg(folder.join("functions.toml"))
            .env("SHOP_KEY", "open-sesame")
            .env("AWS_SECRET_ACCESS_KEY", "the-key-of-the-account")
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next());
        let address = address.unwrap_or_else(|| panic!("{line}{}", fs::read_to_string(folder.join("log")).unwrap()));
        Self { process, _output: output, address: address.to_owned(), folder }
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

    /// Runs a task to its end: the execution's description.
    fn run(&self, name: &str, state: &Value) -> Value {
        let definition = json!({ "StartAt": "Only", "States": { "Only": state } }).to_string();
        let ask = json!({ "name": name, "definition": definition, "roleArn": "arn:aws:iam::000000000000:role/r" });
        let machine = self.call("CreateStateMachine", &ask)["stateMachineArn"].clone();
        let started = self.call("StartExecution", &json!({ "stateMachineArn": machine }));
        let begun = Instant::now();
        loop {
            let described = self.call("DescribeExecution", &json!({ "executionArn": started["executionArn"] }));
            if described["status"] != json!("RUNNING") {
                return described;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{described}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// What the program has logged, once this is in it.
    fn log_with(&self, word: &str) -> String {
        let begun = Instant::now();
        loop {
            let log = fs::read_to_string(self.folder.join("log")).unwrap();
            if log.contains(word) {
                return log;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "{log}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn end(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

pub fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("countersign-program-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Everything below a folder that other users may do something with.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut open = Vec::new();
    let mut places = vec![folder.to_owned()];
    while let Some(place) = places.pop() {
        let said = fs::symlink_metadata(&place).unwrap();
        if said.mode() & 0o077 != 0 {
            open.push(format!("{} {:o}", place.display(), said.mode()));
        }
        if said.is_dir() {
            places.extend(fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    open
}

/// A server that answers once, and what it was asked.
fn answer_once() -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut more = [0; 1_024];
            let read = stream.read(&mut more).unwrap();
            asked.extend_from_slice(&more[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}").unwrap();
        String::from_utf8(asked).unwrap()
    });
    (port, asked)
}

#[test]
fn no_secret_stands_in_the_programs_environment_and_it_has_them_all_the_same() {
    let program = Program::start(folder("environment"));
    let (port, asked) = answer_once();
    let state = json!({
        "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": true,
        "Parameters": {
            "ApiEndpoint": format!("http://127.0.0.1:{port}/"), "Method": "GET",
            "Authentication": { "ConnectionArn": "arn:aws:events:us-east-1:000000000000:connection/shop/0" },
        },
    });
    assert_eq!(program.run("call", &state)["status"], json!("SUCCEEDED"));
    assert!(asked.join().unwrap().contains("x-api-key: open-sesame"));
    // Only root may read it at all.
    if let Ok(environment) = fs::read(format!("/proc/{}/environ", program.process.id())) {
        let environment = String::from_utf8_lossy(&environment).into_owned();
        assert!(environment.contains("PATH="), "{environment}");
        assert!(!environment.contains("sesame") && !environment.contains("the-key-of-the-account"), "{environment}");
    }
    assert!(
        fs::metadata(format!("/proc/{}/environ", program.process.id())).unwrap().uid() == 0,
        "it is root's to read"
    );
    program.end();
}

#[test]
fn what_a_function_prints_stays_on_its_line() {
    let program = Program::start(folder("log"));
    let state =
        json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:print", "End": true });
    assert_eq!(program.run("print", &state)["status"], json!("SUCCEEDED"));
    let namespaces = ["--user", "--map-root-user", "--pid", "--fork", "--mount", "true"];
    let has_namespaces = Command::new("unshare").args(namespaces).output().unwrap().status.success();
    let log = program.log_with("0;forged");
    assert!(!log.contains(['\r', '\u{1b}', '\u{7}']), "{log:?}");
    assert!(log.lines().all(|line| !line.starts_with("2026-01-01T00:00:00Z")), "{log:?}");
    assert!(log.contains("paid\\r2026-01-01"), "{log:?}");
    // It is said where functions are not kept apart, and only there.
    assert_eq!(log.contains("are not kept apart"), !has_namespaces, "{log}");
    program.end();
}

#[test]
fn a_data_folder_that_was_open_is_closed_with_a_notice() {
    let folder = folder("data");
    fs::create_dir_all(folder.join("data/s3/b-1")).unwrap();
    fs::write(folder.join("data/s3/b-1/object"), "x").unwrap();
    fs::set_permissions(folder.join("data"), fs::Permissions::from_mode(0o755)).unwrap();
    let program = Program::start(folder);
    let put = json!({
        "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "End": true,
        "Parameters": { "Bucket": "b-1", "Key": "in/k", "Body": "x" },
    });
    assert_eq!(program.run("put", &put)["status"], json!("SUCCEEDED"));
    assert_eq!(open_to_others(&program.folder.join("data")), Vec::<String>::new());
    for name in ["engine.db", "engine.db-wal", "engine.lock", "s3/b-1/in/k"] {
        assert!(program.folder.join("data").join(name).exists(), "{name}");
    }
    let log = program.log_with("other users");
    assert!(log.contains("(mode 755)"), "{log}");
    // A second program reports who has it.
    let second = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["engine", "--listen", "127.0.0.1:0", "--data"])
        .arg(program.folder.join("data"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(told.contains(&format!("(process {} of the user ", program.process.id())), "{told}");
    program.end();
}

/// What the program says on its standard error when it refuses to start with these arguments.
pub fn refusal(folder: &Path, args: &[&str]) -> String {
    let mut process = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.join("data"))
        .args(args)
        // Nothing of this machine's own settings names a region.
        .env_clear()
        .env("HOME", folder)
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(60) {
            process.kill().unwrap();
            process.wait().unwrap();
            panic!("{args:?}: it has started");
        }
        std::thread::sleep(Duration::from_millis(30));
    };
    let mut said = String::new();
    process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!status.success(), "{said}");
    said
}

#[test]
fn what_it_cannot_start_with_is_said_and_how_to_mend_it() {
    let folder = folder("refusal");
    let absent = folder.join("absent").display().to_string();
    let said = refusal(&folder, &["--engine-listen", "127.0.0.1:0", "--definitions", &absent]);
    assert!(said.contains(&format!("The folder of definitions {absent} cannot be read: ")), "{said}");
    assert!(said.contains("Give a readable one with --definitions DIR."), "{said}");
    let said = refusal(&folder, &["--aws"]);
    assert!(said.contains("No AWS region is known, so no call would reach Step Functions."), "{said}");
    assert!(said.contains("--region REGION"), "{said}");
    fs::remove_dir_all(folder).unwrap();
}

/// A file of policies is checked before it is used, and one with a mistake keeps the program from starting.
#[test]
fn a_mistake_in_the_policies_is_reported_with_its_place() {
    let folder = std::env::temp_dir().join(format!("countersign-policy-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("policy.cedar");
    let run = |args: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_countersign")).args(args).output().unwrap();
        let text = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        (ran.status.success(), text)
    };
    let (path, data) = (file.to_str().unwrap(), folder.to_str().unwrap());
    let (works, text) = run(&["policy", "check", "--data", data]);
    assert!(works && text.contains("the policies of the program are in force"), "{text}");
    fs::write(&file, "// ours\npermit (principal, action == Action::\"decid\", resource);\n").unwrap();
    let place = format!("{path}:2:30: unrecognized action `Action::\"decid\"`\ndid you mean `Action::\"decide\"`?");
    for args in [
        &["policy", "check", path][..],
        &["policy", "check", "--data", data],
        &["serve", "--no-demo", "--listen", "127.0.0.1:0", "--engine-listen", "127.0.0.1:0", "--data", data],
        &[
            "serve",
            "--no-demo",
            "--listen",
            "127.0.0.1:0",
            "--engine-listen",
            "127.0.0.1:0",
            "--data",
            data,
            "--policy",
            path,
        ],
    ] {
        let (works, text) = run(args);
        assert!(!works && text.contains(&place), "{args:?}: {text}");
    }
    fs::write(
        &file,
        "@id(\"support\") permit (principal in Group::\"support\", action == Action::\"view\", resource);\n",
    )
    .unwrap();
    let (works, text) = run(&["policy", "check", path]);
    assert!(works && text.contains("can be used") && text.contains("support"), "{text}");
    let (works, text) = run(&["policy", "show"]);
    assert!(works && text.contains("@id(\"four-eyes\")") && text.contains("entity Workflow in [Connection]"), "{text}");
    fs::remove_dir_all(&folder).unwrap();
}
