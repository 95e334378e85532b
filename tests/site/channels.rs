//! Every rule of an approval by every channel besides its own page: the API, the command line over it, and a list of
//! requests that are decided at once. The page has `rules.rs`; what a rule does at a time of its own, the desk's tests.

use std::path::{Path, PathBuf};
use std::process::Output;

use axum::http::Method;
use countersign::wire::inbox::picked;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::api::address;
use crate::support::Site;

const RULES: &str = r#"
[substitutions]
RequestApprovalLambdaArn = { function = "request_approval" }
[workflows.approval]
file = "approval.asl.json"
[workflows.approval.approvals.WaitForApproval]
approvers = { groups = ["finance", "warehouse"] }
quorum = 2
four_eyes = true
requester = "$.requestedBy"
[workflows.approval.approvals.WaitForApproval.outcomes.approve]
[workflows.approval.approvals.WaitForApproval.outcomes.reject]
[workflows.approval.approvals.WaitForApproval.outcomes.sendBack]
label = "Send back"
quorum = 1
comment_required = true
failure = { error = "SentBack", cause = "{% $form.what %}" }
form.required = ["what"]
form.properties.what = { type = "string", maxLength = 20 }
form.properties.count = { type = "integer", minimum = 1 }
form.properties.risks = { type = "array", items = { enum = ["price", "time"] } }
"#;

/// What a list says of an outcome with fields.
const HAS_FIELDS: &[&str] = &["Left out: ", "has fields to fill in"];

/// A way to the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    Api,
    CommandLine,
    /// A list of requests, here of one.
    List,
}

/// A site with the rules, and its address for the command line.
struct Ruled {
    site: Site,
    url: String,
    folder: PathBuf,
}

/// What somebody chooses.
struct Choice<'a> {
    person: &'a str,
    outcome: &'a str,
    comment: &'a str,
    fields: &'a [(&'a str, &'a str)],
}

impl<'a> Choice<'a> {
    const fn of(person: &'a str, outcome: &'a str) -> Self {
        Self { person, outcome, comment: "", fields: &[] }
    }
}

impl Ruled {
    async fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-channels-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine/approval.asl.json");
        std::fs::copy(shipped, folder.join("approval.asl.json")).unwrap();
        std::fs::write(folder.join("countersign.toml"), RULES).unwrap();
        let site = Site::of(&format!("channels-{test}"), &folder).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // Without the address of the peer: the command line is a child of this very process, which is the server.
        tokio::spawn(axum::serve(listener, site.router.clone()).into_future());
        Self { site, url, folder }
    }

    async fn ask(&self, name: &str, requester: &str) -> (String, u64) {
        // Whoever starts it asked for it, too.
        self.site.becomes("omar");
        let request = json!({"title": "A test", "amount": 1, "currency": "EUR", "requestedBy": requester});
        self.site.ask_with(name, &request.to_string()).await
    }

    /// Sends a choice; the words of the answer, and whether it was taken.
    async fn choose(&self, channel: Channel, request: &(String, u64), choice: &Choice<'_>) -> (bool, String) {
        match channel {
            Channel::Api => self.by_api(request, choice).await,
            Channel::List => self.by_list(request, choice).await,
            Channel::CommandLine => {
                let output = self.by_command_line(request, choice).await;
                let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
                (output.status.success(), text)
            }
        }
    }

    async fn by_api(&self, request: &(String, u64), choice: &Choice<'_>) -> (bool, String) {
        let mut form = Map::new();
        for (name, value) in choice.fields {
            match form.get_mut(*name) {
                Some(Value::Array(values)) => values.push(json!(value)),
                _ if *name == "risks" => drop(form.insert((*name).to_owned(), json!([value]))),
                _ => drop(form.insert((*name).to_owned(), json!(value))),
            }
        }
        let body = json!({"outcome": choice.outcome, "comment": choice.comment, "form": form}).to_string();
        let cookie = format!("countersign_person={}", choice.person);
        let key = format!("{}-{}-{}", choice.person, choice.outcome, request.0.len() + body.len());
        let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str()), ("cookie", &cookie)];
        let path = format!("{}/decision", address(&request.0, request.1));
        let answer = self.site.send(Method::POST, &path, &headers, body).await;
        (answer.status.is_success(), answer.text)
    }

    /// Makes a list of the request alone, confirms it, and waits for its end.
    async fn by_list(&self, request: &(String, u64), choice: &Choice<'_>) -> (bool, String) {
        self.site.becomes(choice.person);
        let picked = picked(&request.0, request.1);
        let mut form = vec![("decision", choice.outcome), ("comment", choice.comment), ("picked[]", &picked)];
        // A list takes none of these, whoever sends them.
        let fields: Vec<_> = choice.fields.iter().map(|(name, value)| (format!("field.{name}"), *value)).collect();
        form.extend(fields.iter().map(|(name, value)| (name.as_str(), *value)));
        let made = self.site.post("/api/prepare_decisions", "application/json", &form).await;
        if !made.status.is_success() {
            return (false, made.text);
        }
        let path = made.json()["location"].as_str().unwrap().to_owned();
        let list = self.site.page(&path).await.text;
        let Some(rest) = list.split("name=\"seen\" value=\"").nth(1) else { return (false, list) };
        let (id, seen) = (path.rsplit('/').next().unwrap(), rest.split('"').next().unwrap());
        self.site.form("/api/run_bulk", &[("id", id), ("seen", seen)]).await;
        for _ in 0..400 {
            let list = self.site.page(&path).await.text;
            if list.contains("Done: ") {
                return (list.contains("Done: 1 of 1. 0 refused."), list);
            }
            self.site.desk.look_again().await;
        }
        panic!("the list never ended");
    }

    async fn by_command_line(&self, request: &(String, u64), choice: &Choice<'_>) -> Output {
        let id = address(&request.0, request.1).rsplit('/').next().unwrap().to_owned();
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(["approvals", "--url", &self.url, "--as", choice.person, "decide", &id, choice.outcome, "--yes"]);
        command
            .args(["--comment", choice.comment])
            .env_remove("COUNTERSIGN_TOKEN")
            .env_remove("COUNTERSIGN_TOKEN_FILE");
        for (name, value) in choice.fields {
            command.arg("--field").arg(format!("{name}={value}"));
        }
        command.output().await.unwrap()
    }

    async fn people_so_far(&self, request: &(String, u64)) -> usize {
        let store = &self.site.desk.store;
        store.votes(self.site.desk.id(), &request.0, request.1).await.unwrap().len()
    }

    async fn close(self) {
        self.site.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_holds_by_every_channel() {
    let ruled = Ruled::new("rules").await;
    for channel in [Channel::Api, Channel::CommandLine, Channel::List] {
        let request = ruled.ask(&format!("rules-{channel:?}"), "omar").await;
        let is_list = channel == Channel::List;
        let long = [("what", "much too long for the form")];
        let wrong = [("what", "less"), ("count", "0"), ("risks", "place"), ("other", "x")];
        let refused: [(Choice<'_>, &[&str]); 7] = [
            // Who is no approver.
            (Choice::of("ines", "approve"), &["may not decide this request", "finance, warehouse"]),
            // Who asked.
            (Choice::of("omar", "approve"), &["Omar Haddad asked for it", "four eyes"]),
            (
                Choice::of("dana", "maybe"),
                if is_list {
                    &["cannot be chosen for 1 of these", "Choose Approve or Reject"]
                } else {
                    &["is not a decision", "Send back"]
                },
            ),
            // The comment is missing, though the form is right.
            (Choice { fields: &[("what", "less")], ..Choice::of("dana", "sendBack") }, &["needs a comment"]),
            // The form is missing, wrong, and has a field that nobody asked for.
            (
                Choice { comment: "Because.", ..Choice::of("dana", "sendBack") },
                if is_list { HAS_FIELDS } else { &["what", "Fill this in."] },
            ),
            (
                Choice { comment: "Because.", fields: &long, ..Choice::of("dana", "sendBack") },
                if is_list { HAS_FIELDS } else { &["26 characters; at most 20"] },
            ),
            (
                Choice { comment: "Because.", fields: &wrong, ..Choice::of("dana", "sendBack") },
                if is_list { HAS_FIELDS } else { &["count", "1 or more", "risks", "Choose one of these.", "other"] },
            ),
        ];
        for (choice, words) in &refused {
            let (taken, text) = ruled.choose(channel, &request, choice).await;
            assert!(!taken, "{channel:?} {} {}: {text}", choice.person, choice.outcome);
            assert!(words.iter().all(|word| text.contains(word)), "{channel:?} {words:?}: {text}");
        }
        assert_eq!(ruled.people_so_far(&request).await, 0, "{channel:?}: nothing is on record");
        // A quorum of two: the first choice is counted, repeated it is the same (in a list it is left out), another one is
        // refused.
        for again in [false, true] {
            let (taken, text) = ruled.choose(channel, &request, &Choice::of("dana", "approve")).await;
            let expected = if again && is_list { "You chose “Approve”" } else { "Dana Whitfield" };
            assert!(taken != (again && is_list) && text.contains(expected), "{channel:?}: {text}");
            assert_eq!(ruled.people_so_far(&request).await, 1, "{channel:?}");
        }
        let (taken, text) = ruled.choose(channel, &request, &Choice::of("dana", "reject")).await;
        assert!(!taken && text.contains("cannot be changed"), "{channel:?}: {text}");
        let (taken, text) = ruled.choose(channel, &request, &Choice::of("kenji", "approve")).await;
        assert!(taken && text.contains("Approved") && text.contains("Kenji Mori"), "{channel:?}: {text}");
        let (taken, text) = ruled.choose(channel, &request, &Choice::of("dana", "reject")).await;
        assert!(!taken && text.contains("Kenji Mori"), "{channel:?}: it is decided: {text}");
        // Where nobody knows who asked, nobody decides.
        let unknown = ruled.ask(&format!("unknown-{channel:?}"), "nobody-we-know").await;
        let (taken, text) = ruled.choose(channel, &unknown, &Choice::of("dana", "approve")).await;
        assert!(!taken && text.contains("four eyes are needed"), "{channel:?}: {text}");
        if is_list {
            continue;
        }
        // An outcome of one person, with its form and its comment.
        let back = ruled.ask(&format!("back-{channel:?}"), "omar").await;
        let fields = [("what", "less"), ("count", "3"), ("risks", "price"), ("risks", "time")];
        let choice = Choice { comment: "Because.", fields: &fields, ..Choice::of("kenji", "sendBack") };
        let (taken, text) = ruled.choose(channel, &back, &choice).await;
        assert!(taken && text.contains("Because."), "{channel:?}: {text}");
        let store = &ruled.site.desk.store;
        let decision = store.of_task(ruled.site.desk.id(), &back.0, back.1).await.unwrap().unwrap().decision;
        let form: Value = serde_json::from_str(&decision.form).unwrap();
        assert_eq!(form, json!({"what": "less", "count": 3, "risks": ["price", "time"]}), "{channel:?}");
        assert_eq!((decision.person_id.as_str(), decision.comment.as_str()), ("kenji", "Because."));
    }
    ruled.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_shows_and_asks_before_it_decides() {
    let ruled = Ruled::new("command").await;
    let request = ruled.ask("shown", "omar").await;
    let id = address(&request.0, request.1).rsplit('/').next().unwrap().to_owned();
    let run = async |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.arg("approvals").args(args).env("COUNTERSIGN_URL", &ruled.url).env_remove("COUNTERSIGN_TOKEN");
        let output = command.stdin(std::process::Stdio::null()).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let (status, out, _) = run(&["list"]).await;
    assert!(
        status == 0 && out.contains("A test") && out.contains(&id) && out.contains("0 of 2 people so far"),
        "{out}"
    );
    let (status, out, _) = run(&["list", "--json", "--all"]).await;
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, listed["approvals"][0]["id"].as_str()), (0, Some(id.as_str())), "{out}");
    let (status, out, _) = run(&["list", "--part", "forgotten"]).await;
    assert_eq!(status, 0, "{out}");
    let (status, out, _) = run(&["show", &id]).await;
    for part in ["A test", "It waits.", "approve (Approve)", "sendBack (Send back)", "needs a comment", "--field what="]
    {
        assert!(status == 0 && out.contains(part), "{part}: {out}");
    }
    let (status, out, _) = run(&["show", &id, "--json"]).await;
    assert_eq!((status, serde_json::from_str::<Value>(&out).unwrap()["status"].as_str()), (0, Some("waiting")));
    // Nobody is there to be asked.
    let (status, out, err) = run(&["decide", &id, "approve"]).await;
    assert_eq!((status, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("Add --yes to decide without a question."), "{err}");
    assert_eq!(ruled.people_so_far(&request).await, 0);
    for (args, status, words) in [
        (&["show", "x"][..], 1, "There is no request with this id."),
        (&["decide", &id, "approve", "--yes", "--field", "what"], 2, "--field NAME=VALUE"),
        (&["list", "--url", "http://127.0.0.1:1"], 3, "does not answer"),
        (&["list", "--url", "http://127.0.0.1:1/path?query"], 2, "is no address of a server"),
        (&["list", "--limit", "0"], 2, "--limit"),
        (&["list", "--connection", "nowhere"], 1, "There is no connection named"),
        (&["list", "--token-file", "/nowhere/token"], 2, "/nowhere/token"),
        (&["list", "--as", "a b"], 2, "--as takes the id of a person"),
        (&["lst"], 2, "list"),
    ] {
        let (ended, out, err) = run(args).await;
        assert!(ended == status && out.is_empty() && err.contains(words), "{args:?}: {ended} {out} {err}");
    }
    let (status, out, err) = run(&["--as", "kenji", "decide", &id, "reject", "--yes", "--json"]).await;
    assert_eq!(status, 0, "{err}");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["decision"]["person_id"], "kenji");
    let (status, out, _) = run(&["show", &id]).await;
    assert!(status == 0 && out.contains("Rejected by Kenji Mori"), "{out}");
    let (status, out, _) = run(&["list"]).await;
    assert_eq!((status, out.as_str()), (0, "Nothing waits here.\n"));
    ruled.close().await;
}

/// A token goes over TLS or stays on this machine, and is read from where no other user sees it.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_not_sent_in_the_clear() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["approvals", "list", "--url", "http://approvals.example"]).env("COUNTERSIGN_TOKEN", "cst_secret");
    let output = command.output().await.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(2) && text.contains("readable on the way") && !text.contains("cst_secret"),
        "{text}"
    );
}
