//! Definitions: what is deployed is what was reviewed, and what is shown is what was stored.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::here;
use axum::http::{StatusCode, header};
use countersign_desk::deploy::{Change, FileProblem, file_problem};
use countersign_desk::news::Topic;

use crate::board::somebody;
use crate::support::{Answer, Site};

/// A folder of definitions that a test writes.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("countersign-folder-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.0.join(file), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pass(result: &str) -> String {
    format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Result":{result},"End":true}}}}}}"#)
}

const MANIFEST: &str = "role_arn = \"arn:aws:iam::000000000000:role/one\"\n[workflows.a]\nfile = \"a.asl.json\"\n";

/// The hash that the Deploy page carries in the form of one workflow, or of all.
pub fn seen(page: &str, name: &str) -> String {
    let field = format!("name=\"name\" value=\"{name}\"");
    let form = page.split("<form").find(|form| form.contains(&field)).unwrap_or_else(|| panic!("no form of {name:?}"));
    let after = form.split("name=\"seen\" value=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

pub async fn deploy(site: &Site, name: &str, seen: &str) -> Answer {
    site.form("/api/deploy", &[("name", name), ("seen", seen)]).await
}

async fn machine(site: &Site) -> (String, String) {
    let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:a";
    let now = site.desk.sfn.describe_state_machine().state_machine_arn(arn).send().await.unwrap();
    (now.definition, now.role_arn)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deployed_but_what_was_shown() {
    let folder = Folder::new("reviewed");
    folder.write("countersign.toml", MANIFEST);
    folder.write("a.asl.json", &pass("1"));
    let site = Site::of("reviewed", &folder.0).await;
    folder.write("a.asl.json", &pass("2"));
    let reviewed = seen(&site.page("/default/deploy").await.text, "a");
    folder.write("a.asl.json", &pass("3"));
    for name in ["a", ""] {
        deploy(&site, name, &reviewed).await;
        deploy(&site, name, "").await;
        assert_eq!(machine(&site).await.0, pass("1"), "the file is another one by now");
    }
    let page = site.page("/default/deploy").await.text;
    let (one, all) = (seen(&page, "a"), seen(&page, ""));

    // Somebody else deploys between the page and the click.
    let arn = site.desk.known().await.machine_named("a").unwrap().arn.clone();
    let sfn = &site.desk.sfn;
    sfn.update_state_machine().state_machine_arn(&arn).definition(pass("9")).send().await.unwrap();
    for (name, seen) in [("a", &one), ("", &all)] {
        deploy(&site, name, seen).await;
        assert_eq!(machine(&site).await.0, pass("9"), "the machine is another one by now");
    }
    let page = site.page("/default/deploy").await.text;
    assert!(page.contains("&quot;Result&quot;: 9") || page.contains("\"Result\": 9"), "the new plan is shown");
    let answer = deploy(&site, "a", &seen(&page, "a")).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    assert_eq!(machine(&site).await.0, pass("3"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_of_the_same_connection_is_deployed_from_its_own_page() {
    let folder = Folder::new("environments");
    let environments = "[environments.live]\n[environments.trial]\nsuffix = \"-trial\"\n";
    folder.write("countersign.toml", &format!("{MANIFEST}{environments}"));
    folder.write("a.asl.json", &pass("1"));
    let site = Site::of("environments", &folder.0).await;
    let first = site.page("/default/deploy").await.text;
    assert!(first.contains("Nothing to deploy") && first.contains("/default/deploy?environment=trial"));
    let page = site.page("/default/deploy?environment=trial").await.text;
    assert!(page.contains("This is the plan of the environment"));
    assert!(page.contains("name=\"environment\" value=\"trial\""), "{page}");
    let shown = seen(&page, "a");
    let fields = |environment| [("name", "a"), ("seen", shown.as_str()), ("environment", environment)];
    for other in ["live", "none"] {
        let refused = site.post("/api/deploy", "application/json", &fields(other)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{other}: {}", refused.text);
    }
    let answer = site.form("/api/deploy", &fields("trial")).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    assert_eq!(answer.header(header::LOCATION), "/default/deploy?environment=trial", "its own page is shown again");
    let listed = site.desk.sfn.list_state_machines().send().await.unwrap().state_machines;
    let mut names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "a-trial"]);
    // Of one that is not there, the first is shown.
    assert!(site.page("/default/deploy?environment=none").await.text.contains("Nothing to deploy"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_sent_and_a_type_is_refused_in_words() {
    let folder = Folder::new("settings");
    folder.write("countersign.toml", MANIFEST);
    folder.write("a.asl.json", &pass("1"));
    let site = Site::of("settings", &folder.0).await;
    folder.write("countersign.toml", &MANIFEST.replace("role/one", "role/two"));
    let page = site.page("/default/deploy").await.text;
    assert!(page.contains("role/one") && page.contains("role/two"), "both are shown");
    deploy(&site, "a", &seen(&page, "a")).await;
    assert_eq!(machine(&site).await, (pass("1"), "arn:aws:iam::000000000000:role/two".to_owned()));

    for (kind, told) in [("EXPRESS", "the type of a state machine cannot be changed"), ("EXPRES", "is not a type of")] {
        folder.write("countersign.toml", &format!("{MANIFEST}type = \"{kind}\"\n"));
        let plan = site.desk.plan(&somebody()).await.unwrap();
        assert_eq!(plan.items[0].change(), Change::Refused);
        let problem = &file_problem(plan.items[0].found[0].clone());
        assert!(problem.message.contains(told), "{problem:?}");
        assert_eq!((problem.line, problem.column, problem.error), (4, 8, true), "{problem:?}");
        assert!(problem.file.ends_with("countersign.toml"));
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_breaks_keeps_its_last_version_in_force_and_pages_say_so() {
    let folder = Folder::new("breaks");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
    for entry in std::fs::read_dir(&shipped).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, folder.0.join(from.file_name().unwrap())).unwrap();
    }
    let site = Site::of("breaks", &folder.0).await;
    let (_, event) = site.ask("worded").await;
    assert!(event > 0);
    let worded = site.desk.inbox(None).await.unwrap().waiting[0].title.clone();
    let wakes = site.desk.changes().subscribe();
    let before = *wakes.borrow();
    let manifest = std::fs::read_to_string(folder.0.join("countersign.toml")).unwrap();
    folder.write("countersign.toml", &format!("{manifest}\nnonsense = [\n"));
    assert_eq!(site.desk.inbox(None).await.unwrap().waiting[0].title, worded, "the wording stays");
    for path in ["/default", "/default/inbox", "/default/deploy", "/default/workflows/order"] {
        let page = site.page(path).await.text;
        assert!(page.contains("approvals and samples come from its last valid version"), "{path}");
    }
    assert!(site.page("/default/deploy").await.text.contains("Nothing to deploy"));
    let mut topics = std::collections::BTreeSet::new();
    for _ in 0..100 {
        topics = site.desk.changes().since(before).1.into_iter().map(|(_, topic)| topic).collect();
        if topics.contains(&Topic::Workflows) && topics.contains(&Topic::Frame) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(topics.contains(&Topic::Inbox) && topics.contains(&Topic::Frame), "open pages read it again: {topics:?}");
    folder.write("countersign.toml", &manifest);
    assert!(!site.page("/default/deploy").await.text.contains("could be read words"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_names_what_would_fail_later() {
    let folder = Folder::new("names");
    folder.write("a.asl.json", &pass("1"));
    folder.write("other.asl.json", &pass("1"));
    folder.write("b.asl.yaml", "StartAt: A\n");
    folder.write(
        "countersign.toml",
        &format!("{MANIFEST}[[workflows.a.samples]]\nlabel = \"bad\"\ninput = '''\n{{\"a\": }}'''\n[workflows.a.approvals.Ask]\ntitle = \"{{{{ reqest.a }}}}\"\n"),
    );
    let site = Site::of("names", &folder.0).await;
    let plan = site.desk.plan(&somebody()).await.unwrap();
    let found: Vec<FileProblem> = plan.items[0].found.iter().cloned().map(file_problem).collect();
    let told: Vec<(u32, &str)> = found.iter().map(|one| (one.line, one.message.as_str())).collect();
    let has = |line: u32, words: &str| told.iter().any(|(at, message)| *at == line && message.contains(words));
    assert!(has(7, "is not JSON: a value is expected"), "{told:?}");
    assert!(has(8, "no state named \"Ask\"") && has(9, "no name \"reqest\""), "{told:?}");
    let beside: Vec<&str> = plan.problems.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(beside.iter().filter(|one| one.contains("does not name this file")).count(), 2, "{beside:?}");
    let page = site.page("/default/deploy").await.text;
    assert!(page.contains("b.asl.yaml:1:1") && page.contains("other.asl.json:1:1"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_keys_are_shown_as_they_were_stored() {
    let site = Site::new("digits").await;
    let input = r#"{"title":"T","amount":386.40,"id":98765432109876543210987,"a":1,"a":2.0}"#;
    let started = site.form("/api/start", &[("workflow", "approval"), ("name", "digits"), ("input", input)]).await;
    let page = site.page(started.header(header::LOCATION)).await.text;
    let arn = started.header(header::LOCATION).strip_prefix("/default/executions/").unwrap().to_owned();
    let data = site.page(&format!("{}?tab=data", here().execution(&arn))).await.text;
    for digits in [">386.40<", ">98765432109876543210987<", ">1<", ">2.0<"] {
        assert!(data.contains(digits), "{digits}: {data}");
    }
    assert!(page.contains("98765432109876543210987"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_a_definition_are_drawn_as_they_are_written() {
    let folder = Folder::new("drawn-digits");
    folder.write("countersign.toml", MANIFEST);
    let definition = r#"{"StartAt":"C","States":{
      "C":{"Type":"Choice","Default":"No","Choices":[
        {"Variable":"$.a","NumericEquals":98765432109876543210987,"Next":"Yes"},
        {"Variable":"$.b","NumericGreaterThan":386.40,"Next":"No"}]},
      "Yes":{"Type":"Succeed"},
      "No":{"Type":"Fail","Error":"No"}}}"#;
    folder.write("a.asl.json", definition);
    let site = Site::of("drawn-digits", &folder.0).await;
    site.desk.look_again().await;
    let started = site.form("/api/start", &[("workflow", "a"), ("name", "x"), ("input", "{\"a\":1,\"b\":1}")]).await;
    let execution = started.header(header::LOCATION).to_owned();
    for path in ["/default/workflows/a", "/default/workflows/a?state=C", execution.as_str()] {
        let page = site.page(path).await.text;
        assert!(page.contains("$.a = 98765432109876543210987") && page.contains("386.40"), "{path}");
        assert!(!page.contains("9.87") && !page.contains("386.4<") && !page.contains("386.4\""), "{path}");
    }
    site.close().await;
}
