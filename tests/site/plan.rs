//! `countersign deploy plan` beside an engine that runs.

use std::path::PathBuf;

use clap::Parser as _;
use countersign::server::config::{Cli, Command, DeployVerb};
use countersign::server::deploy::plan::answer;
use countersign::server::deploy::text::Colours;
use countersign_desk::deploy::plan_file::PlanFile;
use countersign_local as local;
use serde_json::Value;

use crate::support::engine;

/// A folder of definitions beside an engine of its own.
struct Bench {
    folder: PathBuf,
    data: PathBuf,
    engine: local::Running,
}

const MANIFEST: &str = "name = \"shop\"\nrole = \"shop\"\n[workflows.order]\nfile = \"order.asl.yaml\"\n";
const ORDER: &str = "StartAt: Pay\nStates:\n  Pay:\n    Type: Pass\n    Next: Ship\n  Ship:\n    Type: Succeed\n";

impl Bench {
    async fn new(test: &str) -> Self {
        let place = |part: &str| {
            let path = std::env::temp_dir().join(format!("countersign-{part}-{test}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            path
        };
        let (folder, data) = (place("plan-folder"), place("plan-data"));
        let engine = engine(&data).await;
        let bench = Self { folder, data, engine };
        bench.write("countersign.toml", MANIFEST);
        bench.write("order.asl.yaml", ORDER);
        bench
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.join(file), text).unwrap();
    }

    /// What the command writes, and its exit status; or what it says on stderr.
    async fn plan(&self, more: &[&str]) -> Result<(String, u8), String> {
        self.plan_of("", more).await
    }

    /// The same of a file in the folder.
    async fn plan_of(&self, file: &str, more: &[&str]) -> Result<(String, u8), String> {
        let (folder, url) = (self.folder.join(file).display().to_string(), format!("http://{}", self.engine.addr));
        let mut words = vec!["countersign", "deploy", "plan", &folder, "--data", "no-such-folder"];
        if !more.contains(&"--connection") {
            words.extend(["--endpoint-url", &url]);
        }
        words.extend(more);
        let Some(Command::Deploy(args)) = Cli::try_parse_from(words).unwrap().command else { unreachable!() };
        let DeployVerb::Plan(args) = args.verb else { unreachable!() };
        answer(&args, Colours::None).await.map_err(|failure| failure.to_string())
    }

    async fn json(&self) -> (Value, u8) {
        let (text, status) = self.plan(&["--json"]).await.unwrap();
        (serde_json::from_str(&text).unwrap(), status)
    }

    /// Makes what the plan says by calls of another client.
    async fn make(&self) {
        let kept = self.folder.join("kept");
        self.plan(&["--out", &kept.display().to_string()]).await.unwrap();
        let plan = PlanFile::read(&std::fs::read_to_string(&kept).unwrap()).unwrap();
        std::fs::remove_file(kept).unwrap();
        let options = countersign_desk::connection::SdkOptions::of(countersign_desk::connection::Target::Endpoint(
            format!("http://{}", self.engine.addr),
        ));
        let (sdk, _) = countersign_desk::connection::Sdk::connect(options).await;
        for item in plan.items {
            let desired = item.desired.unwrap();
            let new = countersign_desk::connection::NewMachine {
                name: desired.name,
                definition: desired.definition,
                role_arn: desired.role_arn.unwrap(),
                kind: desired.kind,
                settings: countersign_desk::connection::MachineSettings::default(),
                tags: countersign_desk::connection::Tags::new(),
                publish: None,
            };
            countersign_desk::connection::StepFunctions::create_machine(&sdk, new).await.unwrap();
        }
    }

    async fn close(self) {
        self.engine.shutdown().await;
        std::fs::remove_dir_all(&self.folder).unwrap();
        std::fs::remove_dir_all(&self.data).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_says_whether_anything_changes() {
    let bench = Bench::new("status").await;
    let (plan, status) = bench.json().await;
    assert_eq!((status, &plan["workflows"][0]["change"]), (2, &Value::from("new")), "{plan:#}");
    assert_eq!(plan["connection"]["account"], "000000000000");
    bench.make().await;
    let (plan, status) = bench.json().await;
    assert_eq!((status, &plan["workflows"][0]["change"], &plan["hasChanges"]), (0, &"unchanged".into(), &false.into()));

    bench
        .write("order.asl.yaml", &ORDER.replace("Next: Ship", "Next: Check\n  Check:\n    Type: Pass\n    Next: Ship"));
    let (plan, status) = bench.json().await;
    assert_eq!(status, 2);
    let states = &plan["workflows"][0]["difference"]["states"];
    assert_eq!((&states[0]["name"], &states[0]["change"]), (&"Pay".into(), &"changed".into()), "{plan:#}");
    assert_eq!((&states[1]["name"], &states[1]["change"]), (&"Check".into(), &"added".into()));
    let (text, _) = bench.plan(&[]).await.unwrap();
    for line in [
        "~ order: changed",
        "definition: states: 1 added, 1 changed",
        "~ Pay (Pass)",
        "Next \"Ship\" -> \"Check\"",
        "+ Check (Pass)",
        "+ Pay -> Check",
        "- Pay -> Ship",
        "1 changed.",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "no colours where there is no terminal");
    let (comment, _) = bench.plan(&["--markdown"]).await.unwrap();
    assert!(comment.contains("```mermaid\nflowchart TD\n") && comment.contains("class n2 added"), "{comment}");
    assert!(comment.contains("| `~` | `order` | changed | definition |"), "{comment}");

    bench.write("order.asl.yaml", "StartAt: Pay\nStates:\n  Pay: [\n");
    let (text, status) = bench.plan(&[]).await.unwrap();
    assert_eq!(status, 1);
    assert!(text.contains("order.asl.yaml:4:1: error: ") && text.contains("! order: refused"), "{text}");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_planned_says_why_and_what_to_do() {
    let bench = Bench::new("failures").await;
    let said = bench.plan(&["--environment", "live"]).await.unwrap_err();
    assert!(said.contains("no environment \"live\"") && said.contains("[environments.live]"), "{said}");
    bench.write("countersign.toml", &format!("{MANIFEST}[environments.live]\nconnection = \"prod\"\n"));
    let said = bench.plan(&["--environment", "lvie"]).await.unwrap_err();
    assert!(said.contains("Did you mean live?"), "{said}");
    let said = bench.plan(&["--connection", "prud"]).await.unwrap_err();
    assert!(said.contains("no connection named \"prud\"") && said.contains("[connections.prud]"), "{said}");
    let said = bench.plan(&["--connection", "name=gone,endpoint=http://127.0.0.1:9"]).await.unwrap_err();
    assert!(said.contains("does not answer"), "{said}");
    bench.write("countersign.toml", "[workflows.order]\nfil = \"a\"\n");
    let said = bench.plan(&[]).await.unwrap_err();
    assert!(said.contains("countersign.toml:2:1: ") && said.contains("Did you mean `file`?"), "{said}");
    bench.write("countersign.toml", "[workflows.order]\nfil = \"a\"\n[enviroments.live]\n");
    let said = bench.plan(&[]).await.unwrap_err();
    for one in [
        "countersign.toml:2:1: ",
        "countersign.toml:3:2: ",
        "Did you mean `environments`?",
        "until all of that is corrected",
    ] {
        assert!(said.contains(one), "no {one:?}: {said}");
    }
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_of_another_tool_is_planned_and_not_kept() {
    let bench = Bench::new("template").await;
    let template = |next: &str| {
        format!(
            "Resources:\n  Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      StateMachineName: order\n      \
             RoleArn: arn:aws:iam::000000000000:role/shop\n      Definition:\n        StartAt: Pay\n        States:\n          \
             Pay: {{ Type: Pass, Next: {next} }}\n          Ship: {{ Type: Succeed }}\n"
        )
    };
    bench.make().await;
    bench.write("template.yaml", &template("Ship"));
    let (text, status) = bench.plan_of("template.yaml", &["--json"]).await.unwrap();
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &plan["workflows"][0]["change"]), (0, &"unchanged".into()), "{plan:#}");
    bench.write("template.yaml", &template("Shop"));
    let (text, status) = bench.plan_of("template.yaml", &[]).await.unwrap();
    assert!(status == 1 && text.contains("template.yaml:10:") && text.contains("[missing-target]"), "{text}");
    let said = bench.plan_of("template.yaml", &["--out", "kept"]).await.unwrap_err();
    assert!(said.contains("its own tool deploys it"), "{said}");
    bench.write("template.yaml", "Resources: {\n");
    let (text, status) = bench.plan_of("template.yaml", &[]).await.unwrap();
    assert!(status == 1 && text.contains("template.yaml:"), "{text}");
    bench.close().await;
}
