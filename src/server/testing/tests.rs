#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use std::path::PathBuf;

use clap::Parser;
use countersign_replay::cases::CoverageKind;

use super::*;
use crate::server::config::{Cli, Command, TestRecordArgs};

fn args(line: &[&str]) -> TestArgs {
    let cli = Cli::try_parse_from(["countersign", "test"].iter().chain(line)).unwrap();
    match cli.command {
        Some(Command::Test(args)) => args,
        other => panic!("{other:?}"),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[track_caller]
fn ran(line: &[&str]) -> Ran {
    all(&args(line).run).unwrap()
}

/// A golden file, without the folder that the tests are in. `UPDATE_GOLDEN=1` writes it again.
#[track_caller]
fn golden(name: &str, text: &str) {
    let folder = root().join("tests/testing");
    let text = text.replace(&format!("{}/", folder.display()), "");
    let file = folder.join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&file).unwrap(), "UPDATE_GOLDEN=1 writes {name} again");
}

#[test]
fn the_shipped_definitions_pass_and_are_covered() {
    let shipped = root().join("statemachine");
    let ran = ran(&[shipped.to_str().unwrap(), "--min-coverage", "100"]);
    assert_eq!((ran.verdict, ran.files.len()), (Verdict::Passed, 4), "{}", ran.text);
    for file in &ran.files {
        let coverage = file.coverage.as_ref().unwrap();
        let is_whole = |kind| {
            let (covered, all) = coverage.counts(kind);
            covered == all
        };
        assert!(CoverageKind::ALL.into_iter().all(is_whole), "{}: {coverage}", file.workflow);
    }
    assert!(ran.files.iter().map(|file| file.cases.len()).sum::<usize>() >= 20);
}

#[test]
fn the_folder_of_init_passes() {
    let folder = root().join("src/server/init/folder/statemachine");
    let ran = ran(&[folder.to_str().unwrap(), "--coverage"]);
    assert_eq!(ran.verdict, Verdict::Passed, "{}", ran.text);
}

#[test]
fn failing_cases_and_mistakes_are_reported() {
    let folder = root().join("tests/testing/folder");
    let ran = ran(&[folder.to_str().unwrap(), "--coverage"]);
    assert_eq!(ran.verdict, Verdict::Unreadable);
    golden("report.txt", &ran.text);
    golden("junit.xml", &junit(&ran.files));
}

#[test]
fn the_exit_status_says_what_happened() {
    let file = root().join("tests/testing/folder/shop.test.toml");
    let file = file.to_str().unwrap();
    let passing = ["--filter", "small order"];
    let verdict = |more: &[&str]| ran(&[&[file][..], more].concat()).verdict;
    assert_eq!(verdict(&[]), Verdict::Failed);
    assert_eq!(verdict(&passing), Verdict::Passed);
    assert_eq!(verdict(&[&passing[..], &["--min-coverage", "20"]].concat()), Verdict::Passed);
    assert_eq!(verdict(&[&passing[..], &["--min-coverage", "99%"]].concat()), Verdict::Failed);
    for (line, why) in [
        (&["no-such-folder"][..], "no-such-folder does not exist"),
        (&["Cargo.toml"], "is neither a folder, nor a definition, nor a file of cases"),
        (&["src"], "has no test cases"),
        (&[file, "--filter", "nothing of this kind"], "No case has \"nothing of this kind\""),
        (&[file, "--mock-config", "Cargo.toml"], "not in the format of Step Functions Local"),
    ] {
        let Err(error) = all(&args(line).run) else { panic!("{line:?}") };
        assert!(error.contains(why), "{line:?}: {error}");
    }
    assert!(Cli::try_parse_from(["countersign", "test", "--min-coverage", "101"]).is_err());
}

#[test]
fn a_definition_names_the_cases_beside_it() {
    let folder = root().join("tests/testing/folder");
    let definition = folder.join("shop.asl.json");
    let cases = folder.join("shop.test.toml");
    let both = files::named(&[definition, cases.clone()], None).unwrap();
    assert_eq!(both, [files::Cases::File(cases)]);
}

#[test]
fn the_mocks_of_step_functions_local_are_cases_of_their_workflow() {
    let folder = root().join("tests/testing/folder");
    let mocks = root().join("tests/testing/mocks.json");
    let line = [folder.join("shop.test.toml"), mocks];
    let ran = ran(&[line[0].to_str().unwrap(), "--mock-config", line[1].to_str().unwrap()]);
    let of = |name: &str| {
        let cases = &ran.files[0].cases;
        cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("{name} is no case")).clone()
    };
    // It has no amount: nothing is known of its input.
    assert!(of("BusyTwice").has_passed() && of("Never").has_passed());
    assert!(of("BusyTwice").outcome.unwrap().cause.unwrap().contains("$.amount"));
    assert!(!of("A mock is used up").has_passed(), "its own mocks come first");
}

#[test]
fn a_state_that_the_mocks_misname_is_said_to_be_theirs() {
    let folder = std::env::temp_dir().join(format!("countersign-test-mocks-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (definition, mocks) = (folder.join("shop.asl.json"), folder.join("mocks.json"));
    std::fs::write(&definition, r#"{"StartAt": "Pay", "States": {"Pay": {"Type": "Pass", "End": true}}}"#).unwrap();
    let text = r#"{"StateMachines": {"shop": {"TestCases": {"A": {"Pya": "R"}}}}, "MockedResponses": {"R": {"0": {"Return": {}}}}}"#;
    std::fs::write(&mocks, text).unwrap();
    let ran = ran(&[definition.to_str().unwrap(), "--mock-config", mocks.to_str().unwrap()]);
    let said = &ran.files[0].problems[0].message;
    assert_eq!(said, "in the mocks of Step Functions Local: the definition has no state \"Pya\"");
    // What the file of cases says of the same name is its own.
    let own = folder.join("shop.test.toml");
    std::fs::write(&own, "[[case]]\nname = \"B\"\nexpect.path = [\"Pya\"]\n").unwrap();
    let ran = self::ran(&[own.to_str().unwrap(), "--mock-config", mocks.to_str().unwrap()]);
    let said: Vec<&str> = ran.files[0].problems.iter().map(|problem| problem.message.as_str()).collect();
    let theirs = "in the mocks of Step Functions Local: the definition has no state \"Pya\"";
    assert_eq!(said, [theirs, "the definition has no state \"Pya\""]);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_changed_file_is_seen() {
    let folder = std::env::temp_dir().join(format!("countersign-test-watch-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (cases, report) = (folder.join("a.test.toml"), folder.join("junit.xml"));
    std::fs::write(&cases, "").unwrap();
    let line = [cases.to_str().unwrap(), "--watch", "--junit", report.to_str().unwrap()];
    let args = args(&line).run;
    let before = watch::fingerprint(&args);
    std::fs::write(&report, "<testsuites/>").unwrap();
    std::fs::write(folder.join("output.log"), "1 case").unwrap();
    assert_eq!(watch::fingerprint(&args), before, "what the run writes is no change");
    std::fs::write(folder.join("a.asl.json"), "{}").unwrap();
    let with_definition = watch::fingerprint(&args);
    assert_ne!(with_definition, before);
    std::fs::write(&cases, "# longer").unwrap();
    assert_ne!(watch::fingerprint(&args), with_definition);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_recorded_execution_is_a_case_that_passes() {
    let folder = std::env::temp_dir().join(format!("countersign-test-record-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let recording = root().join("crates/trace/tests/histories/retry_then_catch.json");
    let recording: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(recording).unwrap()).unwrap();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(file("history.json"), serde_json::json!({ "events": recording["events"] }).to_string()).unwrap();
    std::fs::write(file("bookshop.asl.json"), recording["definition"].to_string()).unwrap();
    let (history, definition, output) = (file("history.json"), file("bookshop.asl.json"), file("bookshop.test.toml"));
    let line = ["record", "--history", &history, "--definition", &definition, "-o", &output];
    for name in ["first", "second"] {
        let args = args(&[&line[..], &["--name", name]].concat());
        let Some(TestVerb::Record(args)) = args.verb else { panic!("it records") };
        assert_eq!(format!("{:?}", record::run(&args)), format!("{:?}", ExitCode::SUCCESS));
    }
    let ran = ran(&[&output]);
    assert_eq!(ran.verdict, Verdict::Passed, "{}", ran.text);
    assert_eq!(ran.files[0].cases.len(), 2, "a case is added to those that are there");
    let of = |line: &[&str]| -> TestRecordArgs {
        let Some(TestVerb::Record(args)) = args(line).verb else { panic!("it records") };
        args
    };
    let unread = ExitCode::from(2);
    for line in [
        &["record", "nonsense"][..],
        &["record", "arn:aws:states:us-east-1:1:express:a:b:c"],
        &["record", "--history", "no-such-file", "--definition", &definition],
        &["record", "--history", &history, "--definition", "statemachine/order.asl.json"],
    ] {
        assert_eq!(format!("{:?}", record::run(&of(line))), format!("{unread:?}"), "{line:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
