//! A function of the embedded engine that tries to decide the request that its own workflow waits with: the whole program,
//! its functions where functions run.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const FUNCTIONS: &str = r#"
[functions.asked]
runtime = "python3"
handler = "code.asked"
[functions.attack]
runtime = "python3"
handler = "code.attack"
timeout_seconds = 60
"#;

/// `attack` returns the status and the text that the dashboard answers each attack with.
const CODE: &str = r#"
import json, re, subprocess, sys, urllib.error, urllib.parse, urllib.request

def asked(event, context):
    return "sent"

def send(url, data=None, headers={}):
    body = urllib.parse.urlencode(data).encode() if data is not None else None
    request = urllib.request.Request(url, data=body, headers={"accept": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers

def scraped(event):
    """The session and the proof of the request's own page, as a browser gets them."""
    status, page, headers = send(event["url"] + event["page"], headers={"accept": "text/html"})
    session = headers["set-cookie"].split(";")[0]
    return session, re.search('name="proof" value="([0-9a-f]+)"', page).group(1)

def decide(event, cookie, proof):
    fields = {"connection": "default", "arn": event["arn"], "event": event["event"], "decision": "approve", "comment": "by itself"}
    if proof is not None:
        fields["proof"] = proof
    status, text, _ = send(event["url"] + "/api/decide", fields, {"cookie": cookie})
    return [status, text]

def attack(event, context):
    persona = "countersign_person=omar"
    forged = "countersign_session=" + "0" * 32
    session, proof = scraped(event)
    ways = {
        "persona": decide(event, persona, None),
        "forged": decide(event, persona + "; " + forged, "0" * 64),
        "scraped": decide(event, persona + "; " + session, proof),
        # By a process that the function started, in a session of its own.
        "detached": json.loads(subprocess.run(
            [sys.executable, __file__, json.dumps([event, persona + "; " + session, proof])],
            capture_output=True, start_new_session=True, check=True).stdout),
    }
    return {"proof": len(proof), "ways": ways}

if __name__ == "__main__":
    print(json.dumps(decide(*json.loads(sys.argv[1]))))
"#;

/// The dashboard with its engine.
struct Program {
    process: Child,
    /// Open for what it still prints.
    _output: BufReader<ChildStdout>,
    dashboard: String,
    engine: String,
    folder: PathBuf,
}

/// Sends a request and returns the whole answer.
pub fn exchange(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!("{head}\r\nhost: {address}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

impl Program {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-attack-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("definitions")).unwrap();
        fs::write(folder.join("definitions/countersign.toml"), "").unwrap();
        fs::write(folder.join("code.py"), CODE).unwrap();
        fs::write(folder.join("functions.toml"), FUNCTIONS).unwrap();
        let engine = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut process = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["serve", "--no-demo", "--listen", "127.0.0.1:0", "--engine-listen", &engine, "--data"])
            .arg(folder.join("data"))
            .arg("--definitions")
            .arg(folder.join("definitions"))
            .arg("--functions")
            .arg(folder.join("functions.toml"))
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let dashboard = line.trim_end().split("http://").nth(1);
        let dashboard =
            dashboard.unwrap_or_else(|| panic!("{line}{}", fs::read_to_string(folder.join("log")).unwrap()));
        Self { process, _output: output, dashboard: dashboard.to_owned(), engine, folder }
    }

    fn call(&self, operation: &str, body: &Value) -> Value {
        let head = format!("POST / HTTP/1.1\r\nx-amz-target: AWSStepFunctions.{operation}");
        let answer = exchange(&self.engine, &head, &body.to_string());
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|_| panic!("{answer}"))
    }

    /// Starts a machine of one state; the execution's ARN.
    fn begin(&self, name: &str, state: &Value, input: &Value) -> String {
        let definition = json!({ "StartAt": "Only", "States": { "Only": state } }).to_string();
        let ask = json!({ "name": name, "definition": definition, "roleArn": "arn:aws:iam::000000000000:role/r" });
        let machine = self.call("CreateStateMachine", &ask)["stateMachineArn"].clone();
        let start = json!({ "stateMachineArn": machine, "input": input.to_string() });
        self.call("StartExecution", &start)["executionArn"].as_str().unwrap().to_owned()
    }

    fn describe(&self, arn: &str) -> Value {
        self.call("DescribeExecution", &json!({ "executionArn": arn }))
    }

    /// A page, as a browser opens it.
    fn page(&self, path: &str) -> String {
        exchange(&self.dashboard, &format!("GET {path} HTTP/1.1\r\naccept: text/html"), "")
    }

    fn end(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// Tries until something is there.
fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn between<'a>(text: &'a str, before: &str, after: char) -> Option<&'a str> {
    text.split(before).nth(1)?.split(after).next()
}

#[test]
fn a_function_decides_nothing() {
    let program = Program::start();
    let asks = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true,
        "Parameters": { "FunctionName": "asked", "Payload": { "token.$": "$$.Task.Token", "amount": 5 } },
    });
    let arn = program.begin("ask", &asks, &json!({}));
    let link = eventually("the request is in the inbox", || {
        let inbox = program.page("/default/inbox");
        between(&inbox, "href=\"/default/inbox/arn", '"').map(|rest| format!("/default/inbox/arn{rest}"))
    });
    let event = link.rsplit('/').next().unwrap().to_owned();
    let url = format!("http://{}", program.dashboard);
    let input = json!({ "url": url, "page": link, "arn": arn, "event": event });
    let attacks =
        json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:attack", "End": true });
    let attack = program.begin("attack", &attacks, &input);
    let described = eventually("the attack ends", || {
        let described = program.describe(&attack);
        (described["status"] != "RUNNING").then_some(described)
    });
    assert_eq!(described["status"], "SUCCEEDED", "{described}");
    let told: Value = serde_json::from_str(described["output"].as_str().unwrap()).unwrap();
    assert_eq!(told["proof"], 64, "the function has read a proof: {told}");
    for (way, reason) in [
        ("persona", "does not come from a page of this session"),
        ("forged", "does not come from a page of this session"),
        ("scraped", "from a function or a task of the program itself"),
        ("detached", "from a function or a task of the program itself"),
    ] {
        let answer = &told["ways"][way];
        assert!(answer[0] == 403 && answer[1].as_str().unwrap().contains(reason), "{way}: {answer}");
    }
    assert_eq!(program.describe(&arn)["status"], "RUNNING", "nothing was decided");
    assert!(!program.page("/default/audit").contains("by itself"), "and nothing is on record");

    // The same form from a process that the program did not start is taken: it is the sender that was refused.
    let page = program.page(&link);
    let cookie = between(&page, "set-cookie: ", ';').unwrap();
    let proof = between(&page, "name=\"proof\" value=\"", '"').unwrap();
    let body = format!("connection=default&arn={arn}&event={event}&decision=approve&comment=&proof={proof}");
    let head = format!(
        "POST /api/decide HTTP/1.1\r\naccept: application/json\r\ncookie: {cookie}\r\ncontent-type: application/x-www-form-urlencoded"
    );
    let answer = exchange(&program.dashboard, &head, &body);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    eventually("the decision is delivered", || (program.describe(&arn)["status"] == "SUCCEEDED").then_some(()));
    program.end();
}
