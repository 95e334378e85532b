//! `countersign deploy` as a real process over an embedded engine: it asks, refuses, applies, and takes back.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use countersign_desk::connection::{ExecutionStatus, Sdk, SdkOptions, StepFunctions, Target};

use crate::support::engine;

/// A folder of definitions and a data folder, which go with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("countersign-deploy-program-{test}-{}", std::process::id()));
        std::fs::create_dir_all(path.join("statemachine")).unwrap();
        Self(path)
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.0.join("statemachine").join(file), text).unwrap();
    }

    /// What a command says, and the status that it ends with.
    fn run(&self, url: &str, args: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .current_dir(&self.0)
            .env_remove("AWS_ENDPOINT_URL")
            .env("USER", "dana")
            .args(["deploy"])
            .args(args)
            .args(["--endpoint-url", url, "--data", "data"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        (status.code().unwrap_or(-1), text)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pass(result: u32) -> String {
    format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Result":{result},"End":true}}}}}}"#)
}

const MANIFEST: &str = "name = \"shop\"\nrole_arn = \"arn:aws:iam::000000000000:role/one\"\n[workflows.order]\nfile = \"order.asl.json\"\nalias = \"live\"\n";

#[track_caller]
fn check((status, text): (i32, String), expected: i32, says: &[&str]) {
    assert_eq!(status, expected, "{text}");
    for one in says {
        assert!(text.contains(one), "{one:?} is not in:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_applies_what_it_shows_and_takes_it_back() {
    let folder = Folder::new("story");
    folder.write("countersign.toml", MANIFEST);
    folder.write("order.asl.json", &pass(1));
    let engine = engine(&folder.0.join("engine")).await;
    let url = format!("http://localhost:{}", engine.addr.port());
    let run = |args: &[&str]| folder.run(&url, args);

    check(run(&["apply"]), 1, &["Nobody can be asked", "--yes"]);
    check(run(&["plan"]), 2, &["order"]);
    check(run(&["apply", "--yes"]), 0, &["order: created", "alias live leads to it", "Deployed order."]);
    check(run(&["plan"]), 0, &[]);
    check(run(&["apply", "--yes"]), 0, &[]);

    // A plan is kept, and the file changes after the review.
    folder.write("order.asl.json", &pass(2));
    check(run(&["plan", "--out", "reviewed.plan"]), 2, &[]);
    folder.write("order.asl.json", &pass(3));
    check(run(&["apply", "--plan", "reviewed.plan", "--yes"]), 1, &["not the reviewed one any more", "order"]);
    check(run(&["status"]), 0, &["live  100 %  version 1", "terminal:dana"]);
    folder.write("order.asl.json", &pass(2));
    check(run(&["apply", "--plan", "reviewed.plan", "--yes"]), 0, &["Deployed order."]);
    check(run(&["status"]), 0, &["live  100 %  version 2", "2 versions"]);

    // A rollout is left to others, and is ended by hand.
    folder.write("countersign.toml", &format!("{MANIFEST}rollout = {{ canary = {{ percent = 10, minutes = 5 }} }}\n"));
    folder.write("order.asl.json", &pass(4));
    check(run(&["apply", "--yes", "--no-wait"]), 0, &["begins to move", "goes on with the rollout"]);
    check(run(&["status"]), 0, &["live   10 %  version 3", "rolling out version 3"]);
    check(run(&["rollout", "order", "--finish"]), 1, &["--yes"]);
    check(run(&["rollout", "order", "--finish", "--yes"]), 0, &["get version 3"]);
    check(run(&["rollout", "order", "--finish", "--yes"]), 1, &["No rollout of order is going on"]);

    check(run(&["rollback", "order", "--yes"]), 0, &["leads to version 2 after version 3"]);
    check(run(&["rollback", "order", "--yes"]), 0, &["leads to version 1 after version 2"]);
    check(run(&["rollback", "order", "--yes"]), 1, &["There is no version before"]);
    check(run(&["rollback", "nothing", "--yes"]), 1, &["no state machine named nothing"]);
    check(run(&["versions", "prune", "order", "--keep", "0", "--yes"]), 0, &["Deleted 1 version."]);
    check(run(&["status"]), 0, &["2 versions", "back from version 2"]);

    // What the manifest no longer names goes only when that is asked for.
    folder.write("countersign.toml", &MANIFEST.replace("order]", "other]"));
    check(run(&["apply", "--yes"]), 0, &["Deployed other."]);
    check(run(&["apply", "--yes"]), 0, &["--remove"]);
    check(run(&["apply", "--yes", "--remove"]), 0, &["order: deleted"]);

    // Where people approve, the command does not go past them.
    let approval = "approval = { approvers = { groups = [\"finance\"] }, quorum = 2 }\n";
    folder.write("countersign.toml", &format!("{approval}{}", MANIFEST.replace("order]", "other]")));
    folder.write("order.asl.json", &pass(5));
    check(run(&["apply", "--yes"]), 1, &["needs an approval", "countersign deploy propose"]);
    check(run(&["propose"]), 1, &["Nobody can be asked", "--yes"]);
    check(run(&["propose", "--yes", "--url", "http://127.0.0.1:1"]), 1, &["does not answer"]);
    check(run(&["propose", "--yes", "--url", "nowhere"]), 1, &["is no address of a server"]);
    folder.write("countersign.toml", &MANIFEST.replace("order]", "other]"));
    check(run(&["propose", "--yes"]), 1, &["needs no approval", "countersign deploy apply"]);
    assert!(!folder.0.join("data/countersign.db").exists(), "no record is made where there is none");
    engine.shutdown().await;
}

/// Orders above the limit are marked.
fn marking(limit: u32) -> String {
    format!(
        r#"{{"StartAt":"Size","States":{{
          "Size":{{"Type":"Choice","Choices":[{{"Variable":"$.total","NumericGreaterThan":{limit},"Next":"Large"}}],"Default":"Done"}},
          "Large":{{"Type":"Pass","Next":"Done"}},
          "Done":{{"Type":"Succeed"}}}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_earlier_executions_would_do_is_shown_before_the_question() {
    let folder = Folder::new("replay");
    folder.write("countersign.toml", MANIFEST);
    folder.write("order.asl.json", &marking(1_000));
    let engine = engine(&folder.0.join("engine")).await;
    let url = format!("http://localhost:{}", engine.addr.port());
    let run = |args: &[&str]| folder.run(&url, args);
    check(run(&["apply", "--yes"]), 0, &["Deployed order."]);

    let (sdk, _) = Sdk::connect(SdkOptions::of(Target::Endpoint(url.clone()))).await;
    let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:order";
    let started = sdk.start_execution(arn, "large", r#"{"total":2000}"#).await.unwrap();
    let mut has_ended = false;
    for _ in 0..2_000 {
        has_ended = sdk.describe_execution(&started).await.unwrap().status == ExecutionStatus::Succeeded;
        if has_ended {
            break;
        }
    }
    assert!(has_ended);

    folder.write("order.asl.json", &marking(5_000));
    let evidence = "1 execution does not reach Large any more (large)";
    check(run(&["apply"]), 1, &[evidence, "Nobody can be asked"]);
    let (status, without) = run(&["apply", "--no-replay"]);
    assert!(status == 1 && !without.contains("any more"), "{without}");
    // A kept plan shows what its review saw, which costs no call.
    check(run(&["plan", "--out", "reviewed.plan"]), 2, &[evidence]);
    check(run(&["apply", "--plan", "reviewed.plan", "--yes"]), 0, &[evidence, "Deployed order."]);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_takes_a_definition_back_where_there_is_no_alias() {
    let folder = Folder::new("definition");
    folder.write("countersign.toml", MANIFEST);
    let engine = engine(&folder.0.join("engine")).await;
    let url = format!("http://localhost:{}", engine.addr.port());
    let run = |args: &[&str]| folder.run(&url, args);
    for result in [1, 2] {
        folder.write("order.asl.json", &pass(result));
        check(run(&["apply", "--yes"]), 0, &["Deployed order."]);
    }
    let without = MANIFEST.replace("alias = \"live\"\n", "");
    folder.write("countersign.toml", &format!("{without}[workflows.other]\nfile = \"other.asl.json\"\n"));
    folder.write("other.asl.json", &pass(7));
    folder.write("order.asl.json", &pass(3));
    check(run(&["apply", "--yes"]), 0, &["order: updated", "other: created"]);

    check(run(&["rollback", "order"]), 1, &["Nobody can be asked", "--yes"]);
    let published = [
        "order: updated",
        "order: version published",
        "that of version 2 after version 3. It is published as version 4.",
    ];
    check(run(&["rollback", "order", "--yes"]), 0, &published);
    check(run(&["plan"]), 2, &["order: changed"]);
    check(run(&["rollback", "order", "--yes"]), 0, &["that of version 1 after version 4."]);
    check(run(&["rollback", "order", "--yes"]), 1, &["There is no version before"]);
    check(run(&["rollback", "order", "--alias", "gone", "--yes"]), 1, &["order has no alias gone"]);
    check(run(&["rollback", "other", "--yes"]), 1, &["There is no version before the one of other"]);
    engine.shutdown().await;
}
