//! Planning over the fake: what a folder says beside what an account has.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod left_out;
mod rolled_back;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::connection::fake::{Fake, SetClock, World};
use crate::connection::{Api, ConnectionKind, MachineUpdate, ParameterKind, Verdict};
use crate::deploy::applied::Applied;
use crate::deploy::desired::{APPLIED_TAG, ENVIRONMENT_TAG, FOLDER_TAG};
use crate::deploy::outlook::Evidence;
use crate::deploy::plan_file::PlanFile;
use crate::deploy::{Labels, Means, apply};

const ROLE: &str = "role_arn = \"arn:aws:iam::123456789012:role/r\"\nname = \"shop\"\n";

/// A folder on the disk that is gone with the test.
struct Place(PathBuf);

impl Place {
    fn with(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("countersign-plan-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let place = Self(path);
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn folder(&self) -> Arc<Folder> {
        Arc::new(Folder::read(&self.0))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

struct Account {
    fake: Fake,
    connection: Connection,
    clock: SetClock,
}

impl Account {
    fn new() -> Self {
        let clock = SetClock::at(1_000_000);
        let fake = Fake::new(&clock);
        let connection = fake.connection(ConnectionKind::Endpoint);
        Self { fake, connection, clock }
    }

    /// Has the planner of this account plan something.
    async fn with_planner<T>(&self, plan: impl AsyncFnOnce(Planner<'_>) -> T) -> T {
        let (clock, stop) = (self.clock.clock(), CancellationToken::new());
        let timer = Timer::new(|_| Box::pin(std::future::ready(())));
        let planner = Planner {
            connection: &self.connection,
            clock: &clock,
            timer: &timer,
            stop: &stop,
            tell: &|_| {},
            functions: None,
            variables: &|name| (name == "SHOP").then(|| "Quay".to_owned()),
            counts_running: true,
        };
        plan(planner).await
    }

    async fn plan(&self, place: &Place, environment: Option<&str>) -> Result<Plan, PlanError> {
        self.with_planner(async |planner: Planner<'_>| planner.plan(place.folder(), environment).await).await
    }

    async fn apply(&self, plan: &Plan) {
        let (clock, stop) = (self.clock.clock(), CancellationToken::new());
        let timer = Timer::new(|_| Box::pin(std::future::ready(())));
        let means = Means { connection: &self.connection, clock: &clock, timer: &timer, stop: &stop, tell: &|_| {} };
        let labels = Labels { version: "a".to_owned(), by: "dana".to_owned() };
        let report = apply(means, &plan.item_plans(), false, &labels).await.unwrap();
        assert_eq!(report.failed, None);
    }

    fn change(&self, change: impl FnOnce(&mut World)) {
        self.fake.change(|world, _| change(world));
    }
}

fn succeed(name: &str) -> String {
    format!(r#"{{"StartAt":"{name}","States":{{"{name}":{{"Type":"Succeed"}}}}}}"#)
}

/// The workflows with their changes: `order new`.
fn changes(plan: &Plan) -> Vec<String> {
    let word = |item: &Item| serde_json::to_value(item.change()).unwrap().as_str().unwrap().to_owned();
    plan.items.iter().map(|item| format!("{} {}", item.name(), word(item))).collect()
}

/// The findings of all workflows and of the folder: `rule line:column`.
fn found(plan: &Plan) -> Vec<String> {
    let all = plan.items.iter().flat_map(|item| &item.found);
    all.map(|(_, one)| format!("{} {}:{}", one.rule.id(), one.span.line, one.span.column)).collect()
}

const ORDER: &str = "[workflows.order]\nfile = \"order.asl.json\"\n";

#[tokio::test]
async fn a_folder_is_new_then_unchanged_then_changed_then_drifted() {
    let account = Account::new();
    let place = Place::with(&[("countersign.toml", &format!("{ROLE}{ORDER}")), ("order.asl.json", &succeed("A"))]);
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(changes(&plan), ["order new"]);
    assert!(plan.has_changes() && !plan.is_refused());
    account.apply(&plan).await;

    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(changes(&plan), ["order unchanged"]);
    assert!(!plan.has_changes());

    place.write("order.asl.json", &succeed("B"));
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(changes(&plan), ["order changed"]);
    let difference = plan.items[0].difference.as_ref().unwrap();
    assert_eq!(difference.counts(), (1, 1, 0));
    place.write("order.asl.json", &succeed("A"));

    let arn = plan.items[0].plan.arn.clone();
    let update = MachineUpdate { definition: Some(succeed("C")), ..MachineUpdate::default() };
    account.connection.calls.update_machine(&arn, update).await.unwrap();
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(changes(&plan), ["order drifted"]);
    assert_eq!(plan.items[0].plan.drifted, [Setting::Definition]);
    account.apply(&plan).await;
    assert_eq!(changes(&account.plan(&place, None).await.unwrap()), ["order unchanged"]);
}

#[tokio::test]
async fn what_the_manifest_no_longer_names_is_to_be_removed() {
    let account = Account::new();
    let both = format!("{ROLE}{ORDER}[workflows.pay]\nfile = \"pay.asl.json\"\n");
    let place =
        Place::with(&[("countersign.toml", &both), ("order.asl.json", &succeed("A")), ("pay.asl.json", &succeed("A"))]);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    account.change(|world| _ = world.machine("foreign", &succeed("A"), 0));
    place.write("countersign.toml", &format!("{ROLE}{ORDER}"));
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(changes(&plan), ["order unchanged", "pay to_be_removed"], "not what others deployed");
    assert!(plan.has_changes());
}

#[tokio::test]
async fn each_setting_is_compared_and_each_environment_has_its_own() {
    let account = Account::new();
    let manifest = format!(
        "{ROLE}[workflows.order]\nfile = \"order.asl.json\"\nlogging = {{ level = \"ALL\", destination = \"/shop\" }}\n\
         tracing = true\ntags = {{ team = \"desk\" }}\nalias = \"live\"\n\
         [environments.live]\n[environments.trial]\nsuffix = \"-trial\"\nlogging = {{ level = \"OFF\" }}\nrole = \"trial\"\n"
    );
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", &succeed("A"))]);
    let live = account.plan(&place, None).await.unwrap();
    let desired = live.items[0].plan.desired.as_ref().unwrap();
    let group = "arn:aws:logs:us-east-1:123456789012:log-group:/shop:*";
    assert_eq!(desired.logging.as_ref().unwrap().destination.as_deref(), Some(group));
    assert_eq!((desired.tracing, desired.alias.as_deref()), (Some(true), Some("live")));
    account.apply(&live).await;
    let trial = account.plan(&place, Some("trial")).await.unwrap();
    let desired = trial.items[0].plan.desired.as_ref().unwrap();
    assert_eq!(desired.name, "order-trial");
    assert_eq!(desired.role_arn.as_deref(), Some("arn:aws:iam::123456789012:role/trial"));
    assert_eq!(desired.logging.as_ref().unwrap().destination, None);
    assert_eq!(changes(&trial), ["order new"], "nothing of the other environment is to be removed");
    account.apply(&trial).await;
    for environment in [None, Some("trial")] {
        assert_eq!(changes(&account.plan(&place, environment).await.unwrap()), ["order unchanged"]);
    }
    // The account turns tracing off, and points the alias elsewhere.
    let arn = live.items[0].plan.arn.clone();
    account.change(|world| {
        let machine = world.machines.get_mut(&arn).unwrap();
        machine.tracing = false;
        machine.aliases.clear();
    });
    let plan = account.plan(&place, Some("live")).await.unwrap();
    assert_eq!(changes(&plan), ["order drifted"]);
    let settings: Vec<Setting> = plan.items[0].plan.settings.iter().map(|one| one.setting).collect();
    assert_eq!(settings, [Setting::Tracing, Setting::Alias]);
    let unknown = account.plan(&place, Some("tiral")).await.unwrap_err();
    assert!(matches!(unknown, PlanError::Environment(NoEnvironment { meant: Some(meant), .. }) if meant == "trial"));
}

#[tokio::test]
async fn values_come_from_where_the_manifest_says() {
    let account = Account::new();
    let parameter = |kind, value: &str| Parameter { kind, value: value.to_owned() };
    account.change(|world| {
        world.parameters.insert("/pay".to_owned(), parameter(ParameterKind::Text, "arn:pay"));
        world.parameters.insert("/limit".to_owned(), parameter(ParameterKind::Text, "1000.50"));
        world.parameters.insert("/list".to_owned(), parameter(ParameterKind::List, "a,b"));
    });
    let manifest = format!(
        "{ROLE}[substitutions]\nPay = {{ ssm = \"/pay\" }}\nLimit = {{ ssm = \"/limit\", type = \"number\" }}\n\
         List = {{ ssm = \"/list\" }}\nShop = {{ env = \"SHOP\" }}\nOther = {{ workflow = \"order\" }}\n\
         Town = {{ env = \"TOWN\", ssm = \"/town\", value = \"Hull\" }}\nOn = {{ value = true }}\n{ORDER}"
    );
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":
        {"pay":"${Pay}","limit":"${Limit}","list":"${List}","shop":"${Shop} in ${Town}","other":"${Other}","on":${On}},"End":true}}}"#;
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", definition)]);
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!((changes(&plan), found(&plan)), (vec!["order new".to_owned()], Vec::<String>::new()));
    let desired = plan.items[0].plan.desired.as_ref().unwrap();
    let result = r#"{"pay":"arn:pay","limit":1000.50,"list":["a","b"],"shop":"Quay in Hull","other":"arn:aws:states:us-east-1:123456789012:stateMachine:order","on":true}"#;
    assert!(desired.definition.contains(result), "{}", desired.definition);
    assert_eq!(desired.needs, ["order"]);
}

#[tokio::test]
async fn a_value_that_is_missing_or_of_the_wrong_type_refuses_the_workflow() {
    let account = Account::new();
    let secret = Parameter { kind: ParameterKind::Secret, value: "AQ==".to_owned() };
    account.change(|world| _ = world.parameters.insert("/secret".to_owned(), secret));
    let check = async |substitutions: &str, definition: &str, expected: &[&str]| {
        let manifest = format!("{ROLE}[substitutions]\n{substitutions}\n{ORDER}");
        let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", definition)]);
        let plan = account.plan(&place, None).await.unwrap();
        assert_eq!(
            (changes(&plan), found(&plan)),
            (vec!["order refused".to_owned()], expected.iter().map(|one| (*one).to_owned()).collect())
        );
        assert!(plan.is_refused());
        plan
    };
    let with =
        |value: &str| format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Result":{value},"End":true}}}}}}"#);
    let text = with("\"${X}\"");
    let plan = check("X = { ssm = \"/x\", env = \"X\" }", &text, &["value-not-found 4:5"]).await;
    let message = &plan.items[0].found[0].1.message;
    assert_eq!(
        message,
        "${X} has no value: the environment variable X is not set, and the Parameter Store of us-east-1 in 123456789012 has no /x"
    );
    check("X = { ssm = \"/secret\" }", &text, &["secret-parameter 4:5"]).await;
    check("X = { env = \"SHOP\", type = \"number\" }", &text, &["placeholder-of-wrong-type 4:5"]).await;
    check("X = { workflow = \"ordre\" }", &text, &["value-not-found 4:5"]).await;
    check("X = { env = \"SHOP\" }", &with("${X}"), &["placeholder-of-wrong-type 1:54"]).await;
    check("X = { value = [1] }", &with("\"a ${X}\""), &["placeholder-of-wrong-type 1:57"]).await;
    check("", &text, &["placeholder-without-value 1:55"]).await;
}

#[tokio::test]
async fn a_value_that_nothing_uses_refuses_the_plan() {
    let account = Account::new();
    let manifest = format!("{ROLE}[substitutions]\nFailureTpoic = {{ topic = \"t\" }}\n{ORDER}");
    let place = Place::with(&[
        ("countersign.toml", &manifest),
        ("order.asl.json", r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"${FailureTopic}","End":true}}}"#),
    ]);
    let plan = account.plan(&place, None).await.unwrap();
    let problem = &plan.problems[0];
    assert!(problem.error && (problem.line, problem.column) == (4, 1), "{problem:?}");
    assert!(problem.remedy.starts_with("Did you mean FailureTopic?"), "{}", problem.remedy);
    assert!(plan.is_refused());
}

#[tokio::test]
async fn what_the_service_says_is_added_once_and_at_its_place() {
    let account = Account::new();
    let verdict = |is_error: bool, path: &str| Verdict {
        is_error,
        code: "TASK_FAILED".to_owned(),
        message: "it does not like this".to_owned(),
        path: path.to_owned(),
    };
    account.change(|world| world.verdicts = vec![verdict(false, "/States/A")]);
    let yaml = "StartAt: A\nStates:\n  A:\n    Type: Succeed\n";
    let manifest = format!("{ROLE}[workflows.order]\nfile = \"order.asl.yaml\"\n");
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.yaml", yaml)]);
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(
        (changes(&plan), found(&plan)),
        (vec!["order new".to_owned()], vec!["refused-by-service 3:3".to_owned()])
    );
    account.change(|world| world.verdicts = vec![verdict(true, "/States/A/Type")]);
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(
        (changes(&plan), found(&plan)),
        (vec!["order refused".to_owned()], vec!["refused-by-service 4:11".to_owned()])
    );
}

#[tokio::test]
async fn a_machine_of_another_environment_is_refused_and_one_of_another_folder_is_said() {
    let account = Account::new();
    let manifest = format!("{ROLE}{ORDER}[environments.live]\n[environments.trial]\n");
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", &succeed("A"))]);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    let plan = account.plan(&place, Some("trial")).await.unwrap();
    assert_eq!((changes(&plan), found(&plan)), (vec!["order refused".to_owned()], vec!["other-owner 1:1".to_owned()]));
    place.write("countersign.toml", &manifest.replace("name = \"shop\"", "name = \"store\""));
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!((changes(&plan), found(&plan)), (vec!["order changed".to_owned()], vec!["other-owner 1:1".to_owned()]));
    assert_eq!(plan.items[0].plan.settings[0].setting, Setting::Tags);
}

#[tokio::test]
async fn an_environment_may_have_another_definition_and_another_type() {
    let account = Account::new();
    let environments = "[environments.live]\n[environments.dev]\nsuffix = \"-dev\"\n";
    let within = "[environments.dev.workflows.order]\nfile = \"dev.asl.yaml\"\ntype = \"EXPRESS\"\n";
    let manifest = format!("{ROLE}{ORDER}{environments}{within}");
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", &succeed("A"))]);
    place.write("dev.asl.yaml", "StartAt: B\nStates:\n  B:\n    Type: Succeed\n");
    let plan = account.plan(&place, Some("dev")).await.unwrap();
    assert_eq!((changes(&plan), found(&plan)), (vec!["order new".to_owned()], Vec::new()));
    assert!(plan.problems.is_empty(), "the file is named: {:?}", plan.problems);
    let desired = plan.items[0].plan.desired.as_ref().unwrap();
    assert_eq!((desired.name.as_str(), desired.kind), ("order-dev", MachineKind::Express));
    assert!(desired.definition.contains("\"B\""), "{}", desired.definition);
    let live = account.plan(&place, Some("live")).await.unwrap();
    let desired = live.items[0].plan.desired.as_ref().unwrap();
    assert!(desired.kind == MachineKind::Standard && desired.definition == succeed("A"), "{desired:?}");

    place.write("countersign.toml", &manifest.replace("EXPRESS", "QUICK").replace("dev.asl.yaml", "absent.asl.yaml"));
    let plan = account.plan(&place, Some("dev")).await.unwrap();
    assert!(plan.is_refused(), "{plan:?}");
    assert_eq!(found(&plan), ["file-not-read 9:8"], "where the environment has it");
    let said =
        |one: &crate::deploy::FileProblem| one.line == 10 && one.message.contains("is not a type of state machine");
    assert!(plan.problems.iter().any(said), "{:?}", plan.problems);
}

#[tokio::test]
async fn an_unchanged_folder_costs_no_call_that_changes_anything() {
    let account = Account::new();
    let names: Vec<String> = (0..50).map(|number| format!("w{number}")).collect();
    let mut manifest = ROLE.to_owned();
    for name in &names {
        manifest += &format!("[workflows.{name}]\nfile = \"{name}.asl.json\"\n");
    }
    let place = Place::with(&[("countersign.toml", &manifest)]);
    names.iter().for_each(|name| place.write(&format!("{name}.asl.json"), &succeed(name)));
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    account.fake.forget_log();
    let plan = account.plan(&place, None).await.unwrap();
    account.apply(&plan).await;
    assert!(plan.items.iter().all(|item| item.change() == Change::Unchanged));
    let calls = [Api::ListStateMachines, Api::DescribeStateMachine, Api::ListTagsForResource, Api::UpdateStateMachine];
    assert_eq!(calls.map(|api| account.fake.count(api)), [1, 50, 50, 0]);
    assert_eq!(account.fake.log().len(), 101);
}

#[tokio::test]
async fn running_executions_are_counted_by_version() {
    let account = Account::new();
    let place = Place::with(&[("countersign.toml", &format!("{ROLE}{ORDER}")), ("order.asl.json", &succeed("A"))]);
    let plan = account.plan(&place, None).await.unwrap();
    account.apply(&plan).await;
    let arn = plan.items[0].plan.arn.clone();
    account.change(|world| {
        world.start(&arn, &serde_json::json!({}), 0);
        world.start_version(&arn, 3, 0);
        world.start_version(&arn, 3, 0);
    });
    place.write("order.asl.json", &succeed("B"));
    let plan = account.plan(&place, None).await.unwrap();
    let effect = plan.items[0].effect.as_ref().unwrap();
    let running: Vec<(Option<&str>, usize)> =
        effect.running.iter().map(|one| (one.version.as_deref(), one.executions)).collect();
    assert_eq!(running, [(None, 1), (Some("3"), 2)]);
    assert!(effect.unqualified_changes && !effect.alias_moves && !effect.more);
}

#[tokio::test]
async fn the_hash_moves_with_the_file_and_with_the_account() {
    let account = Account::new();
    let place = Place::with(&[("countersign.toml", &format!("{ROLE}{ORDER}")), ("order.asl.json", &succeed("A"))]);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    place.write("order.asl.json", &succeed("B"));
    let first = account.plan(&place, None).await.unwrap();
    assert_eq!(first.hash, account.plan(&place, None).await.unwrap().hash);
    let file = PlanFile::of(&first, "folder", "default");
    assert_eq!(PlanFile::read(&file.text()), Ok(file.clone()));
    let found = Evidence { executions: 2, ..Evidence::default() };
    let mut reviewed = first.clone();
    reviewed.items[0].evidence = Some(found.clone());
    let kept = PlanFile::of(&reviewed, "folder", "default");
    assert_eq!(kept.hash, first.hash, "evidence is none of what is applied");
    let mut again = first.clone();
    kept.show_evidence(&mut again);
    assert_eq!(again.items[0].evidence, Some(found));
    let tampered = file.text().replace("\"StartAt\\\":\\\"B\\\"", "\"StartAt\\\":\\\"X\\\"");
    assert!(tampered == file.text() || PlanFile::read(&tampered).is_err());
    place.write("order.asl.json", &succeed("C"));
    let second = account.plan(&place, None).await.unwrap();
    assert_ne!(first.hash, second.hash);
    let arn = first.items[0].plan.arn.clone();
    account.change(|world| world.machines.get_mut(&arn).unwrap().revision += 1);
    assert_ne!(second.hash, account.plan(&place, None).await.unwrap().hash);
    account.change(|world| {
        _ = world.machines.get_mut(&arn).unwrap().tags.insert("cost".to_owned(), "7".to_owned());
    });
    let third = account.plan(&place, None).await.unwrap();
    assert_eq!(third.hash, account.plan(&place, None).await.unwrap().hash);
}

#[tokio::test]
async fn what_was_applied_is_in_the_tags() {
    let account = Account::new();
    let place = Place::with(&[
        ("countersign.toml", &format!("{ROLE}{ORDER}[environments.live]\n")),
        ("order.asl.json", &succeed("A")),
    ]);
    let plan = account.plan(&place, None).await.unwrap();
    account.apply(&plan).await;
    let arn = plan.items[0].plan.arn.clone();
    let tags = account.fake.change(|world, _| world.machines[&arn].tags.clone());
    let applied = Applied::of(plan.items[0].plan.desired.as_ref().unwrap()).to_string();
    let tag = |key: &str| tags.get(key).map(String::as_str);
    assert_eq!(
        [tag(FOLDER_TAG), tag(ENVIRONMENT_TAG), tag(APPLIED_TAG)],
        [Some("shop"), Some("live"), Some(applied.as_str())]
    );
}

#[tokio::test]
async fn two_hundred_workflows_are_planned() {
    let account = Account::new();
    let mut manifest = ROLE.to_owned();
    let place = Place::with(&[]);
    for number in 0..200 {
        manifest += &format!("[workflows.w{number}]\nfile = \"w{number}.asl.json\"\nalias = \"live\"\n");
        place.write(&format!("w{number}.asl.json"), &succeed("A"));
    }
    place.write("countersign.toml", &manifest);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(plan.items.iter().filter(|item| item.change() == Change::Unchanged).count(), 200);
}

#[tokio::test]
async fn a_definition_above_the_limit_is_refused() {
    let account = Account::new();
    let long = "x".repeat(1_048_576);
    let definition = format!(r#"{{"StartAt":"A","Comment":"{long}","States":{{"A":{{"Type":"Succeed"}}}}}}"#);
    let place = Place::with(&[("countersign.toml", &format!("{ROLE}{ORDER}")), ("order.asl.json", &definition)]);
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(changes(&plan), ["order refused"]);
    assert!(found(&plan).contains(&"definition-too-large 1:1".to_owned()), "{:?}", found(&plan));
    place.write("order.asl.json", &" ".repeat(5_000_000));
    assert!(found(&account.plan(&place, None).await.unwrap()).contains(&"definition-too-large 1:1".to_owned()));
}

#[tokio::test]
async fn another_type_is_refused() {
    let account = Account::new();
    let place = Place::with(&[("countersign.toml", &format!("{ROLE}{ORDER}")), ("order.asl.json", &succeed("A"))]);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    place.write("countersign.toml", &format!("{ROLE}{ORDER}type = \"EXPRESS\"\n"));
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(
        (changes(&plan), found(&plan)),
        (vec!["order refused".to_owned()], vec!["machine-type-change 5:8".to_owned()])
    );
}

#[test]
fn an_arn_names_its_owner() {
    let owner = owner_of("arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:a");
    let expected = Owner {
        partition: "aws-us-gov".to_owned(),
        region: "us-gov-west-1".to_owned(),
        account: "123456789012".to_owned(),
    };
    assert_eq!(owner, Some(expected));
    assert!(owner_of("nonsense").is_none());
}
