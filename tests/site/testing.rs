//! The command `test`, as a program: its exit status, and a case of an execution that the engine has.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

use crate::support::Site;

async fn countersign(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.arg("test").args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_says_whether_every_case_passed() {
    for (args, status, says) in [
        (&[][..], 0, "cases: "),
        (&["tests/testing/folder/shop.test.toml"], 1, "FAILED  The output is another one"),
        (&["tests/testing/folder/mistakes.test.toml", "--format", "junit"], 2, "<error message="),
    ] {
        let output = countersign(args).await;
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(says), "{args:?}: {}", text(&output.stdout));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_waits_becomes_a_case_without_its_token() {
    let site = Site::new("testing").await;
    let (arn, _) = site.ask("recorded").await;
    let endpoint = site.desk.about().detail.clone();
    let folder = std::env::temp_dir().join(format!("countersign-testing-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
    for file in ["approval.asl.json", "countersign.toml"] {
        std::fs::copy(shipped.join(file), folder.join(file)).unwrap();
    }
    let cases = folder.join("approval.test.toml");
    let cases = cases.to_str().unwrap();
    let output = countersign(&["record", &arn, "--endpoint-url", &endpoint, "--output", cases]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("still running"), "{}", text(&output.stderr));
    let written = std::fs::read_to_string(cases).unwrap();
    assert!(written.contains("waits_in = [\"WaitForApproval\"]"), "{written}");
    let history = site.desk.sfn.get_execution_history().execution_arn(&arn).send().await.unwrap();
    let scheduled = history.events().iter().find_map(|event| event.task_scheduled_event_details());
    let parameters: serde_json::Value = serde_json::from_str(scheduled.unwrap().parameters()).unwrap();
    let token = parameters["Payload"]["taskToken"].as_str().unwrap();
    assert!(token.len() > 20 && !written.contains(token), "{written}");
    let output = countersign(&[cases]).await;
    assert!(output.status.success(), "{}", text(&output.stdout));
    let nothing = countersign(&["record", &format!("{arn}-2"), "--endpoint-url", &endpoint]).await;
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("cannot be read"), "{}", text(&nothing.stderr));
    std::fs::remove_dir_all(&folder).unwrap();
    site.close().await;
}
