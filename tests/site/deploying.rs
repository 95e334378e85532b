//! A workflow on the embedded engine: deployed, changed, changed behind our back, rolled out and taken back because its
//! executions fail, and at last deployed by approval.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign_desk::connection::number_of;
use countersign_desk::deploy::{Change, DeployError, Progress, ShownPlan, Why};
use countersign_desk::store::{ActFilter, Deed, Kind, ProposalEnd, Recorded};
use countersign_desk::{Actor, Clock, Error, Person};

use crate::support::Site;

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:order";

/// A folder of definitions that the test writes.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("countersign-story-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn manifest(&self, more: &str) {
        let text = format!("name = \"shop\"\nrole_arn = \"arn:aws:iam::000000000000:role/one\"\n{more}\n");
        std::fs::write(self.0.join("countersign.toml"), text).unwrap();
    }

    fn definition(&self, text: &str) {
        std::fs::write(self.0.join("order.asl.json"), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const AT_ONCE: &str = "[workflows.order]\nfile = \"order.asl.json\"\nalias = \"live\"\ntags = { team = \"orders\" }";
const CANARY: &str = "[workflows.order]\nfile = \"order.asl.json\"\nalias = \"live\"\ntags = { team = \"orders\" }\n\
    rollout = { canary = { percent = 50, minutes = 5 }, roll_back = { percent = 0, executions = 1 } }";
const APPROVED: &str = "approval = { approvers = { groups = [\"finance\"] }, quorum = 1, four_eyes = true }\n[workflows.order]\nfile = \"order.asl.json\"\nalias = \"live\"\ntags = { team = \"orders\" }";

fn pass(result: u32) -> String {
    format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Result":{result},"End":true}}}}}}"#)
}

const FAILS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"Broken"}}}"#;

fn member(id: &str, groups: &[&str]) -> Actor {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Actor::Person(Person { id: id.to_owned(), name: id.to_owned(), role: String::new(), groups })
}

fn dana() -> Actor {
    member("dana", &["deployers"])
}

/// What the plan says of the workflow.
async fn change(site: &Site) -> Change {
    site.desk.desk.plan(&dana()).await.unwrap().items[0].change()
}

/// Deploys what the plan shows.
async fn deploy(site: &Site) -> Result<Vec<String>, Error> {
    let hash = site.desk.desk.plan(&dana()).await.unwrap().hash;
    site.desk.desk.deploy_seen(&dana(), None, &hash).await
}

/// The versions that the alias leads to, with their shares.
async fn routes(site: &Site) -> Vec<(u64, i32)> {
    let alias = site.desk.sfn.describe_state_machine_alias().state_machine_alias_arn(format!("{MACHINE}:live"));
    let routes = alias.send().await.unwrap().routing_configuration.unwrap_or_default();
    routes.iter().map(|one| (number_of(&one.state_machine_version_arn).unwrap(), one.weight)).collect()
}

/// Waits until the desk, which looks every few seconds, has moved the alias there.
async fn moved_to(site: &Site, expected: &[(u64, i32)]) {
    for _ in 0..300 {
        site.desk.desk.look_again().await;
        if routes(site).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the alias leads to {:?}", routes(site).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_deployed_rolled_out_taken_back_and_approved() {
    let folder = Folder::new();
    folder.manifest(AT_ONCE);
    folder.definition(&pass(1));
    let offset = Arc::new(AtomicI64::new(0));
    let (system, moved) = (Clock::system(), Arc::clone(&offset));
    let clock = Clock::new(move || system.now() + moved.load(Ordering::SeqCst));
    let site = Site::at("story", &folder.0, clock).await;
    let desk = Arc::clone(&site.desk.desk);

    // The first deployment, and that nothing is left to do.
    assert_eq!(routes(&site).await, [(1, 100)]);
    assert_eq!(change(&site).await, Change::Unchanged);
    assert_eq!(deploy(&site).await.unwrap(), Vec::<String>::new());

    // Somebody changes it in the account: it is named, and put back.
    let by_hand = site.desk.sfn.update_state_machine().state_machine_arn(MACHINE).definition(pass(9));
    by_hand.send().await.unwrap();
    assert_eq!(change(&site).await, Change::Drifted);
    assert_eq!(deploy(&site).await.unwrap(), ["order"]);
    assert_eq!(change(&site).await, Change::Unchanged);
    let before = routes(&site).await;
    let [(old, 100)] = before[..] else { panic!("{before:?}") };

    // A change that fails rolls out to a half, and goes back by itself.
    folder.manifest(CANARY);
    folder.definition(FAILS);
    assert_eq!(deploy(&site).await.unwrap(), ["order"]);
    let new = old + 1;
    assert_eq!(routes(&site).await, [(new, 50), (old, 50)]);
    let refused = deploy(&site).await;
    assert!(refused.is_err() || refused.as_ref().is_ok_and(Vec::is_empty), "a rollout is going on: {refused:?}");
    let started = site.desk.sfn.start_execution().state_machine_arn(format!("{MACHINE}:{new}")).name("first-to-fail");
    let failed = started.send().await.unwrap().execution_arn;
    moved_to(&site, &[(old, 100)]).await;
    let found = desk.releases(&dana(), "order").await.unwrap();
    let note = found.notes().into_iter().find_map(|(_, note)| note).unwrap();
    let Progress::Back { from, why: Why::Failures { failed: 1, ended: 1, first } } = &note.state else {
        panic!("{note:?}")
    };
    assert_eq!((*from, first.as_str()), (new, "first-to-fail"));
    let wanted = ActFilter { kind: Some(Kind::Deployments), ..ActFilter::default() };
    let acts = site.desk.store.acts(desk.id(), &wanted, None, 20).await.unwrap().entries;
    let went_back = acts.iter().find_map(|entry| match &entry.what {
        Recorded::Act(act) if act.deed == Deed::RolledBack => act.execution_arn.clone(),
        _ => None,
    });
    assert_eq!(went_back, Some(failed.clone()), "the record links the execution that failed");
    let page = site.page("/default/audit?kind=deployments").await.text;
    assert!(page.contains("Rolled back") && page.contains("first-to-fail"), "{page}");

    // A change that works rolls out to its end.
    folder.definition(&pass(2));
    assert_eq!(deploy(&site).await.unwrap(), ["order"]);
    let newest = new + 1;
    assert_eq!(routes(&site).await, [(newest, 50), (old, 50)]);
    offset.fetch_add(5 * 60_000, Ordering::SeqCst);
    moved_to(&site, &[(newest, 100)]).await;
    assert_eq!(change(&site).await, Change::Unchanged);

    // And is taken back by hand.
    let back = desk.roll_back(&dana(), "order", Some("live"), None).await.unwrap();
    assert_eq!((back.to, back.from), (old, Some(newest)));
    assert_eq!(routes(&site).await, [(old, 100)]);

    // From now on people approve what is deployed.
    folder.manifest(APPROVED);
    folder.definition(&pass(3));
    let direct = deploy(&site).await;
    assert!(matches!(direct, Err(Error::Deploy(DeployError::NeedsApproval))), "{direct:?}");
    let hash = desk.plan(&dana()).await.unwrap().hash;
    let id = desk.propose(&dana(), ShownPlan::of(&hash), "git 1a2b3c4").await.unwrap().id;
    assert!(desk.vote_on(&dana(), &id, true, "", &hash).await.is_err(), "four eyes");
    let kenji = member("kenji", &["viewers", "finance"]);
    desk.vote_on(&kenji, &id, true, "Go ahead.", &hash).await.unwrap();
    for _ in 0..100 {
        if desk.proposed(&kenji, &id).await.unwrap().proposal.ended.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ended = desk.proposed(&kenji, &id).await.unwrap().proposal.ended;
    assert!(matches!(&ended, Some((_, ProposalEnd::Applied { workflows })) if workflows == &["order"]), "{ended:?}");
    assert_eq!(routes(&site).await, [(newest + 1, 100)]);
    let page = site.page("/default/deploy").await.text;
    assert!(page.contains("approved; deployed order") && page.contains("In the record"), "{page}");
    assert!(page.contains(&format!("q={id}")) && !page.contains(">dep_"), "the id is in the link alone: {page}");
    drop(desk);
    site.close().await;
}
