//! Proposed deployments by the API: what it tells of them, and that a program votes as its person does.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use countersign_desk::deploy::ShownPlan;
use countersign_desk::{Actor, people};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::api::described;
use crate::support::{Answer, Site};

const LIST: &str = "/api/deployments/proposals";
const ONE: &str = "/api/deployments/proposals/{id}";
const VOTE: &str = "/api/deployments/proposals/{id}/vote";

const APPROVAL: &str = "approval = { approvers = { groups = [\"approvers\"] }, quorum = 2, four_eyes = true }";

/// A folder of definitions with one workflow.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("countersign-proposals-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, approval: &str, result: u32) {
        let manifest = format!(
            "name = \"shop\"\nrole_arn = \"arn:aws:iam::000000000000:role/one\"\n{approval}\n[workflows.order]\nfile = \"order.asl.json\"\n"
        );
        std::fs::write(self.0.join("countersign.toml"), manifest).unwrap();
        let definition =
            format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Result":{result},"End":true}}}}}}"#);
        std::fs::write(self.0.join("order.asl.json"), definition).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn get(site: &Site, path: &str) -> Answer {
    site.send(Method::GET, path, &[], String::new()).await
}

/// Votes as a program of this person does.
async fn vote(site: &Site, id: &str, person: &str, key: &str, body: &Value) -> Answer {
    act(site, &VOTE.replace("{id}", id), person, key, body).await
}

async fn act(site: &Site, path: &str, person: &str, key: &str, body: &Value) -> Answer {
    let cookie = format!("countersign_person={person}");
    let mut headers = vec![("content-type", "application/json"), ("cookie", cookie.as_str())];
    if !key.is_empty() {
        headers.push(("idempotency-key", key));
    }
    site.send(Method::POST, path, &headers, body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_proposals_and_votes_as_its_person() {
    let folder = Folder::new("votes");
    folder.write("", 1);
    let site = Site::of("proposals", &folder.0).await;
    folder.write(APPROVAL, 2);
    let desk = Arc::clone(&site.desk.desk);
    let dana = Actor::Person(people::find("dana").unwrap());
    let hash = desk.plan(&dana).await.unwrap().hash;
    let id = desk.propose(&dana, ShownPlan::of(&hash), "git 1a2b3c4").await.unwrap().id;
    let document = get(&site, "/api/openapi.json").await.json();

    let list = get(&site, LIST).await;
    described(&document, LIST, "get", &list);
    let one = get(&site, &ONE.replace("{id}", &id)).await;
    described(&document, ONE, "get", &one);
    let shown = one.json();
    assert_eq!(list.json()["proposals"], json!([shown]));
    assert_eq!((&shown["id"], &shown["shown"], &shown["status"]), (&json!(id), &json!(hash), &json!("open")));
    let workflows = shown["workflows"].as_array().unwrap();
    let [workflow] = workflows.as_slice() else { panic!("{shown}") };
    assert_eq!((&workflow["name"], &workflow["change"]), (&json!("order"), &json!("changed")));
    assert_eq!((&shown["progress"], &shown["four_eyes"]), (&json!({ "people": 0, "needed": 2 }), &json!(true)));
    assert!(shown["refused"]["detail"].is_string(), "Dana proposed it: {shown}");
    assert_eq!(shown["page"], "/default/inbox#proposals");
    for (path, status) in [(format!("{LIST}?state=some"), 400), (ONE.replace("{id}", "dep_x"), 404)] {
        assert_eq!(get(&site, &path).await.status.as_u16(), status, "{path}");
    }

    let approve = json!({ "vote": "approve", "shown": hash, "comment": "As agreed." });
    let reject = json!({ "vote": "reject", "shown": hash });
    for (person, key, body, status, what) in [
        ("dana", "a", &approve, 403, "four eyes"),
        ("omar", "", &approve, 400, "no key"),
        ("omar", "a", &json!({ "vote": "maybe", "shown": hash }), 400, "no vote"),
        ("omar", "a", &json!({ "vote": "approve" }), 400, "it does not say what was shown"),
        ("omar", "a", &json!({ "vote": "approve", "shown": "another" }), 409, "another plan"),
        ("omar", "a", &json!({ "vote": "approve", "shown": hash, "comment": "x".repeat(2_001) }), 422, "too long"),
        ("omar", "a", &approve, 202, "what was refused left its key free"),
        ("omar", "a", &reject, 422, "the key is another vote's"),
        ("omar", "b", &reject, 409, "one vote a person"),
    ] {
        let answer = vote(&site, &id, person, key, body).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
        described(&document, VOTE, "post", &answer);
    }
    let [first, again] = [vote(&site, &id, "omar", "a", &approve).await, vote(&site, &id, "omar", "a", &approve).await];
    assert_eq!((first.status, &first.text), (StatusCode::ACCEPTED, &again.text), "the same answer");
    let counted = first.json();
    assert_eq!((&counted["progress"]["people"], &counted["status"]), (&json!(1), &json!("open")));
    assert_eq!(
        (&counted["votes"][0]["person_id"], &counted["votes"][0]["comment"]),
        (&json!("omar"), &json!("As agreed."))
    );

    let complete = vote(&site, &id, "ines", "a", &approve).await;
    assert!(complete.status.is_success(), "{}", complete.text);
    described(&document, VOTE, "post", &complete);
    for _ in 0..300 {
        if desk.proposed(&dana, &id).await.unwrap().proposal.ended.is_some() {
            break;
        }
        desk.look_again().await;
    }
    let one = get(&site, &ONE.replace("{id}", &id)).await;
    described(&document, ONE, "get", &one);
    assert_eq!((&one.json()["status"], &one.json()["deployed"]), (&json!("applied"), &json!(["order"])));
    let late = vote(&site, &id, "kenji", "a", &approve).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    assert_eq!(get(&site, LIST).await.json()["proposals"], json!([]));
    assert_eq!(get(&site, &format!("{LIST}?state=all")).await.json()["proposals"][0]["id"], json!(id));
    drop(desk);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_proposes_exactly_the_plan_that_it_was_shown() {
    let folder = Folder::new("files");
    folder.write("", 1);
    let site = Site::of("proposing", &folder.0).await;
    let desk = Arc::clone(&site.desk.desk);
    let dana = Actor::Person(people::find("dana").unwrap());
    let document = get(&site, "/api/openapi.json").await.json();
    folder.write("", 2);
    let hash = desk.plan(&dana).await.unwrap().hash;
    let needless = act(&site, LIST, "dana", "a", &json!({ "shown": hash })).await;
    assert_eq!(needless.status, StatusCode::BAD_REQUEST, "no approval is needed: {}", needless.text);
    folder.write(APPROVAL, 2);
    let hash = desk.plan(&dana).await.unwrap().hash;
    for (person, key, body, status, what) in [
        ("kenji", "a", json!({ "shown": hash }), 403, "he may not deploy"),
        ("dana", "", json!({ "shown": hash }), 400, "no key"),
        ("dana", "a", json!({}), 400, "no plan"),
        ("dana", "a", json!({ "shown": "another" }), 409, "another plan"),
        ("dana", "a", json!({ "shown": hash }), 201, "it waits for votes"),
        ("dana", "a", json!({ "shown": "another" }), 422, "the key is another request's"),
    ] {
        let answer = act(&site, LIST, person, key, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
        described(&document, LIST, "post", &answer);
    }
    let [first, again] = [
        act(&site, LIST, "dana", "a", &json!({ "shown": hash })).await,
        act(&site, LIST, "dana", "a", &json!({ "shown": hash })).await,
    ];
    assert_eq!((first.status, &first.text), (StatusCode::CREATED, &again.text), "the same answer");
    let known = act(&site, LIST, "dana", "b", &json!({ "shown": hash })).await;
    described(&document, LIST, "post", &known);
    assert_eq!((known.status, &known.json()["id"]), (StatusCode::OK, &first.json()["id"]), "she proposed it before");
    assert_eq!(get(&site, LIST).await.json()["proposals"].as_array().unwrap().len(), 1, "and no other proposal");
    drop(desk);
    site.close().await;
}

/// The command plans the folder by itself, and the server plans it again.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_proposes_what_the_server_plans_too() {
    let folder = Folder::new("command");
    folder.write("", 1);
    let site = Site::of("proposing-command", &folder.0).await;
    folder.write(APPROVAL, 2);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Without the address of the peer: the command line is a child of this very process, which is the server.
    tokio::spawn(axum::serve(listener, site.router.clone()).into_future());
    let engine = site.engine_url();
    let data = std::env::temp_dir().join(format!("countersign-proposals-data-{}", std::process::id()));
    let run = async |folder: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(["deploy", "propose"]).arg(folder).args(["--endpoint-url", &engine, "--region", "us-east-1"]);
        command.arg("--data").arg(&data).args(["--url", &url, "--as", "dana", "--yes"]);
        command.env_remove("AWS_ENDPOINT_URL").env_remove("COUNTERSIGN_TOKEN").stdin(Stdio::null());
        let output = command.output().await.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let elsewhere = Folder::new("elsewhere");
    elsewhere.write(APPROVAL, 3);
    let (status, text) = run(&elsewhere.0).await;
    assert!(status == Some(1) && text.contains("The server plans something else"), "{status:?}: {text}");
    let (status, text) = run(&folder.0).await;
    assert!(status == Some(0) && text.contains("once 2 people have approved it"), "{status:?}: {text}");
    let listed = get(&site, LIST).await.json();
    let id = listed["proposals"][0]["id"].as_str().unwrap();
    assert!(text.contains(id) && text.contains("/default/inbox#proposals"), "{text}");
    assert_eq!(listed["proposals"][0]["person_id"], "dana");
    let (status, text) = run(&folder.0).await;
    assert!(status == Some(0) && text.contains(id), "the same proposal: {status:?}: {text}");
    assert_eq!(get(&site, LIST).await.json()["proposals"].as_array().unwrap().len(), 1);
    site.close().await;
}
