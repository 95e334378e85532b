//! The page Deploy: the difference as one graph, what earlier executions would do, what runs where, and the history.

use axum::http::StatusCode;
use serde_json::json;

use crate::definitions::{Folder, deploy, seen};
use crate::support::Site;

/// Orders above the limit are marked, later by a state of its own.
fn definition(limit: u32, large: Option<&str>) -> String {
    let next = large.unwrap_or("Done");
    let mut states = json!({
        "Size": { "Type": "Choice", "Choices": [{ "Variable": "$.total", "NumericGreaterThan": limit, "Next": next }], "Default": "Done" },
        "Done": { "Type": "Succeed" },
    });
    if let Some(name) = large {
        states[name] = json!({ "Type": "Pass", "Next": "Done" });
    }
    json!({ "StartAt": "Size", "States": states }).to_string()
}

const MANIFEST: &str = "role_arn = \"arn:aws:iam::000000000000:role/one\"\n[workflows.a]\nfile = \"a.asl.json\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_drawn_replayed_deployed_and_in_the_history() {
    let folder = Folder::new("page");
    folder.write("countersign.toml", MANIFEST);
    folder.write("a.asl.json", &definition(1_000, None));
    let site = Site::of("page", &folder.0).await;
    let first = site.page("/default/deploy").await.text;
    assert!(first.contains("What runs where") && first.contains("Unchanged"), "{first}");
    assert!(first.contains("Nothing to deploy") && !first.contains("Replay evidence"), "{first}");

    let arn = site.desk.known().await.machine_named("a").unwrap().arn.clone();
    for (name, total) in [("small-1", 1), ("small-2", 2), ("large", 2_000)] {
        let input = json!({ "total": total }).to_string();
        let start = site.desk.sfn.start_execution().state_machine_arn(&arn).name(name).input(input);
        start.send().await.unwrap();
    }
    folder.write("a.asl.json", &definition(1_000, Some("Manual <review>")));
    // The watch finds the executions.
    let mut page = String::new();
    for _ in 0..200 {
        page = site.page("/default/deploy").await.text;
        if page.contains("1 now reaches Manual &lt;review&gt;") && page.contains("2 take the same path") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for wanted in [
        "data-mark=\"added\"",
        "New state Manual &lt;review&gt;",
        "State by state: 1 new",
        "1 now reaches Manual &lt;review&gt;",
        "2 take the same path",
        "Then",
        "Now",
        "No execution of it runs now.",
        "Callers of the ARN without a version or an alias get the change at once.",
        "Deploy all changes",
    ] {
        assert!(page.contains(wanted), "no {wanted:?}: {page}");
    }
    assert!(!page.contains("<review>"), "{page}");
    let execution = site.desk.sfn.list_executions().state_machine_arn(&arn).send().await.unwrap();
    let large = execution.executions.iter().find(|one| one.name == "large").unwrap();
    assert!(page.contains(&crate::support::here().execution(&large.execution_arn)), "each is a link: {page}");

    let answer = deploy(&site, "a", &seen(&page, "a")).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    let after = site.page("/default/deploy").await.text;
    assert!(after.contains("History") && after.contains("Nothing to deploy"), "{after}");
    assert!(after.contains("deployed by ") && after.contains("Dana Whitfield"), "{after}");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_without_its_connection_is_named() {
    let folder = Folder::new("places");
    let environments = "[environments.here]\nconnection = \"default\"\n[environments.prod]\nconnection = \"far\"\n";
    folder.write("countersign.toml", &format!("{MANIFEST}{environments}"));
    folder.write("a.asl.json", &definition(1, None));
    let site = Site::of("places", &folder.0).await;
    let page = site.page("/default/deploy").await.text;
    for wanted in [">here", ">prod", "No connection far is configured."] {
        assert!(page.contains(wanted), "no {wanted:?}: {page}");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_without_an_alias_goes_back_from_the_page() {
    let folder = Folder::new("back");
    folder.write("countersign.toml", MANIFEST);
    folder.write("a.asl.json", &definition(1, None));
    let site = Site::of("back", &folder.0).await;
    let arn = site.desk.known().await.machine_named("a").unwrap().arn.clone();
    assert!(!site.page("/default/deploy").await.text.contains("Roll back"), "nothing was before");
    folder.write("a.asl.json", &definition(2, None));
    let page = site.page("/default/deploy").await.text;
    assert_eq!(deploy(&site, "a", &seen(&page, "a")).await.status, StatusCode::FOUND);

    let page = site.page("/default/deploy").await.text;
    assert!(page.contains("Roll back") && page.contains("to version 1"), "{page}");
    let form = page.split("/api/roll_back\"").nth(1).unwrap();
    let shown = form.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let fields = |seen: &'static str| [("workflow", "a"), ("alias", ""), ("seen", seen)];
    let other = site.post("/api/roll_back", "application/json", &fields("another")).await;
    assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.text);
    let answer = site.form("/api/roll_back", &[("workflow", "a"), ("alias", ""), ("seen", shown)]).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    let now = site.desk.sfn.describe_state_machine().state_machine_arn(&arn).send().await.unwrap();
    assert_eq!(now.definition, definition(1, None));
    let page = site.page("/default/deploy").await.text;
    assert!(!page.contains("Roll back") && page.contains("published as version 3"), "{page}");
    site.close().await;
}
