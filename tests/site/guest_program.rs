//! The flag `--guest` of the real program: from its QR code to the decision, over real sockets; and what it is refused with.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign::routes;
use serde_json::Value;

use crate::attack::exchange;
use crate::program::{folder, refusal};

/// Ends the program, however the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What stands between two texts.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before:?}: {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?}: {text}")).0
}

fn post(address: &str, path: &str, cookie: &str, fields: &[(&str, &str)]) -> String {
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", routes::encode(value))).collect();
    let head = format!(
        "POST {path} HTTP/1.1\r\norigin: http://{address}\r\ncookie: {cookie}\r\naccept: text/html\r\n\
         content-type: application/x-www-form-urlencoded"
    );
    exchange(address, &head, &body.join("&"))
}

fn get(address: &str, path: &str, cookie: &str) -> String {
    exchange(address, &format!("GET {path} HTTP/1.1\r\naccept: text/html\r\ncookie: {cookie}"), "")
}

#[test]
fn a_phone_scans_the_code_of_the_terminal_and_the_workflow_goes_on() {
    let folder = folder("guest");
    let engine = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut process = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["serve", "--guest", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--engine-listen", &engine, "--data"])
        .arg(folder.join("data"))
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(fs::File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let _running = Running(process);
    let mut printed = String::new();
    while !printed.contains("It is for one phone") {
        let read = output.read_line(&mut printed).unwrap();
        assert!(read > 0, "{printed}{}", fs::read_to_string(folder.join("log")).unwrap());
    }
    assert!(printed.contains("████") && !printed.contains('\u{1b}'), "no colours where it is no terminal: {printed}");
    let dashboard = between(&printed, "Countersign is at http://", "\n");
    let link = between(&printed, "  http://", "\n");
    let (phones, code) = link.split_once("/?code=").unwrap();
    assert!(get(phones, &routes::guest::open(code), "").contains("Decide one request"));
    // The first request of the demonstration takes a moment.
    let begun = Instant::now();
    let opened = loop {
        let opened = post(phones, "/", "", &[("code", code)]);
        if opened.starts_with("HTTP/1.1 303") {
            break opened;
        }
        assert!(opened.starts_with("HTTP/1.1 409") && begun.elapsed() < Duration::from_secs(60), "{opened}");
        std::thread::sleep(Duration::from_millis(100));
    };
    let cookie = between(&opened, "set-cookie: ", ";");
    let request = between(&opened, "location: ", "\r\n");
    let page = get(phones, request, cookie);
    let value = |name: &str| between(&page, &format!("name=\"{name}\" value=\""), "\"");
    let fields = ["proof", "connection", "arn", "event", "shown"].map(|name| (name, value(name)));
    let fields: Vec<(&str, &str)> = fields.into_iter().chain([("decision", "approve"), ("comment", "")]).collect();
    let decided = post(phones, routes::guest::REQUEST, cookie, &fields);
    assert!(decided.starts_with("HTTP/1.1 303"), "{decided}");
    assert!(get(phones, request, cookie).contains("It is on record."));
    // The execution goes on at once, and the dashboard knows whose it was.
    let status = || {
        let listed =
            exchange(dashboard, "GET /api/executions?workflow=approval HTTP/1.1\r\naccept: application/json", "");
        let listed: Value = serde_json::from_str(listed.split_once("\r\n\r\n").unwrap().1).unwrap();
        let own = listed["executions"].as_array().unwrap().iter().find(|one| one["arn"] == value("arn")).cloned();
        own.unwrap()["status"].clone()
    };
    let begun = Instant::now();
    while status() != "succeeded" {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", status());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(get(dashboard, "/default/audit", "").contains("Guest"));
    // The two listeners know nothing of each other's pages.
    assert!(get(phones, "/default/inbox", cookie).starts_with("HTTP/1.1 404"));
    assert!(get(dashboard, request, cookie).starts_with("HTTP/1.1 404"));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_flag_is_refused_with_anything_but_the_demonstration() {
    let folder = folder("guest-refused");
    let refused = |args: &[&str]| {
        let args: Vec<&str> = ["--guest", "127.0.0.1:0"].iter().chain(args).copied().collect();
        refusal(&folder, &args)
    };
    for (args, expected) in [
        (&["--sign-in"][..], "--guest is for the demonstration, and with --sign-in people decide for themselves."),
        (&["--aws", "--region", "eu-west-1"], "--aws and --endpoint show other data."),
        (&["--endpoint", "http://127.0.0.1:1"], "--aws and --endpoint show other data."),
        (&["--connection", "name=prod,region=eu-west-1"], "the connection prod shows other data."),
        (&["--no-demo"], "--no-demo does without it."),
        (&["--sign-in", "--no-demo"], "--no-demo does without it."),
    ] {
        let said = refused(args);
        assert!(said.contains(expected), "{args:?}: {said}");
    }
    let all = refused(&["--sign-in", "--no-demo"]);
    assert!(all.contains("with --sign-in people decide"), "every reason at once: {all}");
    let said = refusal(&folder, &["--guest", "8.8.8.8"]);
    assert!(said.contains("8.8.8.8 is no address of a local network"), "{said}");
    fs::remove_dir_all(folder).unwrap();
}
