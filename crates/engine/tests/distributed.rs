//! Distributed maps: what is read and written, batches, thresholds, and redriven runs.
#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::sync::Arc;

use countersign_engine::map_run::MapRun;
use countersign_engine::{Action, Execution, Input, Integration, OutcomeStatus, Program, StartParams, TaskRequest};
use serde_json::{Value, json};

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:M";

/// An execution under test, with the tasks and timers that it asked for.
struct Play {
    execution: Execution,
    now: i64,
    tasks: Vec<TaskRequest>,
    timers: Vec<(Input, i64)>,
}

impl Play {
    /// Starts a Map state with these fields, whose processor is one task, over the items 1 to 4.
    fn map(fields: Value) -> Play {
        Play::of(fields, json!({ "Type": "Task", "Resource": "arn:aws:lambda:r:1:function:f" }), "STANDARD")
    }

    fn of(fields: Value, mut one: Value, kind: &str) -> Play {
        one["End"] = json!(true);
        let mut state = json!({
            "Type": "Map", "Label": "Each", "End": true,
            "ItemProcessor": { "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": kind },
                               "StartAt": "One", "States": { "One": one } },
        });
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let definition = json!({ "StartAt": "All", "States": { "All": state } });
        let program = Arc::new(Program::compile(&definition).unwrap());
        let params = StartParams {
            input: "[1,2,3,4]".into(),
            state_machine_arn: MACHINE.into(),
            seed: 1,
            ..StartParams::default()
        };
        let mut play = Play { execution: Execution::new(program, params), now: 0, tasks: vec![], timers: vec![] };
        play.step(Input::Start);
        play
    }

    fn step(&mut self, input: Input) {
        self.now += 1;
        for action in self.execution.step(self.now, input) {
            match action {
                Action::StartTask(request) => self.tasks.push(*request),
                Action::SetTimer { timer, at } => self.timers.push((Input::TimerFired { timer }, at)),
                Action::CancelTask { task } => self.tasks.retain(|request| request.task != task),
                Action::CancelTimer { timer } => {
                    self.timers.retain(|(input, _)| *input != Input::TimerFired { timer });
                }
            }
        }
    }

    /// Answers the oldest task.
    fn succeed(&mut self, output: Value) -> TaskRequest {
        self.answer_with(&output.to_string())
    }

    fn answer_with(&mut self, output: &str) -> TaskRequest {
        let request = self.tasks.remove(0);
        self.step(Input::TaskSucceeded { task: request.task, output: output.into() });
        request
    }

    fn fail(&mut self) {
        let task = self.tasks.remove(0).task;
        self.step(Input::TaskFailed { task, error: "Bad".into(), cause: "luck".into() });
    }

    fn run(&self) -> &MapRun {
        &self.execution.map_runs()[0]
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.execution.history().iter().map(|event| event.kind.name()).collect()
    }

    /// The kinds of a child's events.
    fn child(&self, index: usize) -> String {
        let events = self.execution.child_history(self.run().children[index].log).iter();
        events.map(|event| event.kind.name()).collect::<Vec<_>>().join(" ")
    }

    fn statuses(&self) -> Vec<Option<OutcomeStatus>> {
        self.run().children.iter().map(|child| child.status).collect()
    }

    #[track_caller]
    fn output(&self) -> Value {
        serde_json::from_str(self.execution.outcome().unwrap().output.as_ref().unwrap()).unwrap()
    }

    #[track_caller]
    fn error(&self) -> (String, String) {
        let outcome = self.execution.outcome().unwrap();
        (outcome.error.clone().unwrap(), outcome.cause.clone().unwrap_or_default())
    }
}

fn reader(resource: &str, config: Value) -> Value {
    json!({ "ItemReader": { "Resource": format!("arn:aws:states:::s3:{resource}"), "ReaderConfig": config,
                            "Parameters": { "Bucket": "b", "Key": "k" } } })
}

/// What children receive for the answers to the reader's requests.
#[track_caller]
fn check_read(resource: &str, config: Value, answers: &[&str], expect: Value) {
    let mut play = Play::of(reader(resource, config.clone()), json!({ "Type": "Pass" }), "STANDARD");
    for answer in answers {
        play.answer_with(answer);
    }
    assert_eq!(play.output(), expect, "{config}");
}

#[test]
fn readers_take_what_objects_lists_and_manifests_hold() {
    check_read("getObject", json!({ "InputType": "JSON" }), &[r#"{"a": 1}"#], json!([{ "Key": "a", "Value": 1 }]));
    check_read("getObject", json!({ "InputType": "JSONL", "MaxItems": 2 }), &["1\n\n[2]\n3\n"], json!([1, [2]]));
    check_read(
        "getObject",
        json!({ "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"], "CSVDelimiter": "PIPE" }),
        &["1|2\n3|4|5\n6"],
        json!([{ "a": "1", "b": "2" }, { "a": "3", "b": "4" }, { "a": "6", "b": "" }]),
    );
    let inventory = r#"{"destinationBucket": "arn:aws:s3:::lists", "fileFormat": "CSV",
        "fileSchema": "Bucket, Key", "files": [{"key": "1.gz"}, {"key": "2.gz"}]}"#;
    let texts = r#"["\"b\",\"x\"\n", "\"b\",\"y\"\n"]"#;
    let items = json!([{ "Bucket": "b", "Key": "x" }, { "Bucket": "b", "Key": "y" }]);
    check_read("getObject", json!({ "InputType": "MANIFEST" }), &[inventory, texts], items.clone());
    check_read("getObject", json!({ "ManifestType": "S3_INVENTORY" }), &[inventory, texts], items);
    let athena = json!({ "ManifestType": "ATHENA_DATA", "InputType": "JSONL", "MaxItems": 3 });
    check_read("getObject", athena, &["s3://b/1\ns3://b/2\n", r#"["1\n2\n", "3\n4\n"]"#], json!([1, 2, 3]));
    let list = r#"[{"Key": "in/"}, {"Key": "in/1"}, {"Key": "in/2"}]"#;
    let loaded = json!({ "InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN" });
    check_read("listObjectsV2", loaded, &[list, "[\"[1,2]\", \"[3]\"]"], json!([1, 2, 3]));
    check_read("listObjectsV2", json!({ "MaxItems": 1 }), &[list], json!([{ "Key": "in/" }]));
}

#[test]
fn a_named_object_is_asked_for_in_its_bucket() {
    let mut play = Play::map(reader("getObject", json!({ "ManifestType": "ATHENA_DATA", "InputType": "JSONL" })));
    assert_eq!(play.answer_with("s3://other/a/b.gz").parameters, json!({ "Bucket": "b", "Key": "k" }));
    assert_eq!(play.tasks[0].integration, Integration::ItemObjects);
    assert_eq!(play.tasks[0].parameters["Objects"], json!([{ "Bucket": "other", "Key": "a/b.gz" }]));
}

#[test]
fn items_know_what_they_were_read_from() {
    let selected = |resource: &str, config: Value, answers: &[&str]| {
        let mut fields = reader(resource, config);
        fields["ItemSelector"] = json!({ "from.$": "$$.Map.Item.Source" });
        let mut play = Play::of(fields, json!({ "Type": "Pass" }), "STANDARD");
        for answer in answers {
            play.answer_with(answer);
        }
        let output = play.output();
        output.as_array().unwrap().iter().map(|one| one["from"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(selected("getObject", json!({}), &["[1]"]), ["S3://b/k"]);
    assert_eq!(selected("listObjectsV2", json!({}), &["[1]"]), ["S3://b"]);
    let athena = json!({ "ManifestType": "ATHENA_DATA", "InputType": "JSONL" });
    let texts = r#"["1\n2", "", "3"]"#;
    let from = selected("getObject", athena, &["s3://x/1\ns3://x/2\ns3://x/3", texts]);
    assert_eq!(from, ["S3://x/1", "S3://x/1", "S3://x/3"]);
    let fields = json!({ "ItemSelector": { "from.$": "$$.Map.Item.Source" } });
    assert_eq!(Play::of(fields, json!({ "Type": "Pass" }), "STANDARD").output()[3]["from"], json!("STATE_DATA"));
}

#[test]
fn an_item_above_a_payload_begins_no_child() {
    let mut play = Play::map(reader("getObject", json!({})));
    play.answer_with(&json!(["x".repeat(262_143)]).to_string());
    assert_eq!(play.error().0, "States.DataLimitExceeded");
    assert!(play.run().children.is_empty());
}

#[test]
fn what_cannot_be_read_fails_the_run() {
    let play = Play::map(reader("getObject", json!({ "InputType": "PARQUET" })));
    assert_eq!(play.error().0, "States.ItemReaderFailed");
    assert!(play.error().1.contains("does not read Parquet"), "{}", play.error().1);
    let mut play = Play::map(reader("getObject", json!({ "InputType": "MANIFEST" })));
    play.answer_with(r#"{"fileFormat": "ORC"}"#);
    assert!(play.error().1.contains("'ORC'"));
    assert!(play.kinds().contains(&"MapRunFailed"));
}

#[test]
fn children_get_batches() {
    let batcher = json!({ "MaxItemsPerBatch": 3, "BatchInput": { "by": "$$.Execution.Name" } });
    let play = Play::of(json!({ "ItemBatcher": batcher }), json!({ "Type": "Pass" }), "STANDARD");
    let input = json!({ "by": "$$.Execution.Name" });
    let expect = json!([{ "BatchInput": input, "Items": [1, 2, 3] }, { "BatchInput": input, "Items": [4] }]);
    assert_eq!(play.output(), expect);
    let run = play.run();
    assert_eq!((run.items, run.executions, run.children[0].items, run.children[1].items), (4, 2, 3, 1));
    let batcher = json!({ "MaxInputBytesPerBatch": 15 });
    let play = Play::of(json!({ "ItemBatcher": batcher }), json!({ "Type": "Pass" }), "STANDARD");
    assert_eq!(play.output(), json!([{ "Items": [1, 2] }, { "Items": [3, 4] }]));
}

#[test]
fn a_failure_in_batching_fails_the_run() {
    for batcher in [
        json!({ "MaxItemsPerBatchPath": "$.none" }),
        json!({ "MaxItemsPerBatch": 2, "BatchInput": { "a.$": "$.none" } }),
        json!({ "MaxItemsPerBatch": -1 }),
        json!({ "MaxInputBytesPerBatch": 12 }),
    ] {
        let play = Play::map(json!({ "ItemBatcher": batcher }));
        let kinds = play.kinds().join(" ");
        let expect = "ExecutionStarted MapStateEntered MapStateStarted MapRunStarted MapRunFailed";
        assert!(kinds.starts_with(expect), "{batcher}: {kinds}");
        assert_eq!(play.run().status, Some(OutcomeStatus::Failed), "{batcher}");
    }
}

#[test]
fn an_item_that_cannot_be_made_fails_the_run_and_ends_its_children() {
    let fields = json!({ "ItemSelector": { "a.$": "$$.Map.Item.Value.a" } });
    let play = Play::of(
        json!({ "ItemReader": reader("getObject", json!({}))["ItemReader"], "ItemSelector": fields["ItemSelector"] }),
        json!({ "Type": "Task", "Resource": "arn:aws:lambda:r:1:function:f" }),
        "STANDARD",
    );
    let mut play = play;
    play.answer_with(r#"[{"a": 1}, {"b": 2}]"#);
    assert_eq!(play.child(0), "ExecutionStarted ExecutionAborted");
    assert!(play.tasks.is_empty());
    assert_eq!(play.run().status, Some(OutcomeStatus::Failed));
}

#[test]
fn thresholds_count_items_not_batches() {
    let fields = json!({ "ItemBatcher": { "MaxItemsPerBatch": 2 }, "ToleratedFailureCount": 1 });
    let mut play = Play::map(fields);
    play.fail();
    assert_eq!(play.error().0, "States.ExceedToleratedFailureThreshold");
    let mut play = Play::map(json!({ "ToleratedFailurePercentage": 25 }));
    play.fail();
    assert!(play.execution.outcome().is_none());
    play.fail();
    assert_eq!(play.error().0, "States.ExceedToleratedFailureThreshold");
    assert_eq!(
        play.child(0),
        "ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionFailed ExecutionFailed"
    );
}

fn writing(config: Value) -> Value {
    json!({ "ResultWriter": { "WriterConfig": config }, "ToleratedFailureCount": 4, "MaxConcurrency": 1 })
}

#[test]
fn results_are_shaped_in_the_output() {
    let played = |config: Value| {
        let mut play = Play::map(writing(config));
        play.succeed(json!([1, 2]));
        play.succeed(json!([]));
        play.succeed(json!({ "a": 1 }));
        play.fail();
        play.output()
    };
    let all = played(json!({ "Transformation": "NONE" }));
    assert_eq!((&all[0]["Output"], &all[0]["Status"]), (&json!("[1,2]"), &json!("SUCCEEDED")));
    assert_eq!((&all[3]["Error"], &all[3]["RedriveStatus"]), (&json!("Bad"), &json!("REDRIVABLE_BY_MAP_RUN")));
    let flat = played(json!({ "Transformation": "FLATTEN" }));
    assert_eq!(flat.as_array().unwrap()[..3], [json!(1), json!(2), json!({ "a": 1 })]);
    assert_eq!((flat.as_array().unwrap().len(), &flat[3]["Status"]), (4, &json!("FAILED")));
    let compact = played(json!({ "Transformation": "COMPACT", "OutputType": "JSONL" }));
    assert!(compact.as_str().unwrap().starts_with("[1,2]\n[]\n{\"a\":1}\n{\"Cause\""), "{compact}");
}

fn exporting() -> Value {
    json!({ "ResultWriter": { "Resource": "arn:aws:states:::s3:putObject", "WriterConfig": { "Transformation": "COMPACT" },
                              "Parameters": { "Bucket": "b", "Prefix": "out/" } }, "MaxConcurrency": 1 })
}

#[test]
fn a_failed_run_writes_what_it_has_and_fails() {
    let mut play = Play::map(exporting());
    play.succeed(json!({ "done": 1 }));
    play.fail();
    assert!(play.execution.outcome().is_none(), "the results are written first");
    let asked = play.succeed(json!({})).parameters;
    let id = play.run().arn.rsplit(':').next().unwrap().to_owned();
    let keys: Vec<&str> = asked["Objects"].as_array().unwrap().iter().map(|o| o["Key"].as_str().unwrap()).collect();
    let files = ["FAILED_0.json", "PENDING_0.json", "SUCCEEDED_0.json", "manifest.json"];
    assert_eq!(keys, files.map(|file| format!("out/{id}/{file}")));
    assert_eq!(asked["Objects"][2]["Body"], json!(r#"[{"done":1}]"#));
    let pending: Value = serde_json::from_str(asked["Objects"][1]["Body"].as_str().unwrap()).unwrap();
    assert_eq!((pending.as_array().unwrap().len(), &pending[0]["Input"]), (2, &json!("3")));
    assert_eq!(play.error().0, "States.ExceedToleratedFailureThreshold");
    assert!(play.run().results_written);
    let mut play = Play::map(exporting());
    for _ in 0..4 {
        play.succeed(json!(1));
    }
    play.succeed(json!({}));
    let manifest = format!("out/{}/manifest.json", play.run().arn.rsplit(':').next().unwrap());
    let details = json!({ "Bucket": "b", "Key": manifest });
    assert_eq!(play.output(), json!({ "MapRunArn": play.run().arn, "ResultWriterDetails": details }));
}

#[test]
fn a_redriven_run_takes_up_what_did_not_succeed() {
    let mut play = Play::map(json!({ "MaxConcurrency": 2, "ToleratedFailureCount": 1 }));
    play.succeed(json!("one"));
    play.fail();
    play.fail();
    use OutcomeStatus::{Aborted, Failed, Succeeded};
    assert_eq!(play.statuses(), [Some(Succeeded), Some(Failed), Some(Failed), Some(Aborted)]);
    play.step(Input::Redrive);
    let run = play.run();
    assert_eq!((run.status, run.redrives, run.redriven_at), (None, 1, Some(play.now)));
    let pending: Vec<bool> = run.children.iter().map(|child| child.pending_redrive).collect();
    assert_eq!(pending, [false, false, false, true], "two run at once");
    assert_eq!(play.tasks.iter().map(|task| task.parameters.clone()).collect::<Vec<_>>(), [json!(2), json!(3)]);
    for output in ["two", "three", "four"] {
        play.succeed(json!(output));
    }
    assert_eq!(play.output(), json!(["one", "two", "three", "four"]));
    assert_eq!(
        play.child(1),
        "ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionFailed ExecutionFailed \
         ExecutionRedriven LambdaFunctionScheduled LambdaFunctionSucceeded TaskStateExited ExecutionSucceeded"
    );
    assert!(
        play.child(3).starts_with(
            "ExecutionStarted TaskStateEntered LambdaFunctionScheduled ExecutionAborted ExecutionRedriven"
        )
    );
    let kinds = play.kinds().join(" ");
    assert!(
        kinds.ends_with(
            "ExecutionRedriven MapRunRedriven MapRunSucceeded MapStateSucceeded MapStateExited ExecutionSucceeded"
        ),
        "{kinds}"
    );
    let redriven = play.execution.history().iter().find(|event| event.kind.name() == "MapRunRedriven").unwrap();
    assert_eq!(
        (redriven.details.redrive_count, &redriven.details.map_run_arn),
        (Some(1), &Some(play.run().arn.clone()))
    );
    assert_eq!(play.execution.map_runs().len(), 1);
}

#[test]
fn a_stopped_run_is_redriven_and_one_that_read_nothing_reads_again() {
    let mut play = Play::map(json!({ "MaxConcurrency": 2 }));
    play.step(Input::Stop { error: None, cause: None });
    assert_eq!(play.run().status, Some(OutcomeStatus::Aborted));
    play.step(Input::Redrive);
    for n in 1..=4 {
        play.succeed(json!(n));
    }
    assert_eq!(play.output(), json!([1, 2, 3, 4]));
    assert_eq!(play.run().children[0].redrives, 1);
    assert_eq!(play.run().children[3].redrives, 0);

    let mut play = Play::map(reader("getObject", json!({})));
    let task = play.tasks.remove(0).task;
    play.step(Input::TaskFailed { task, error: "States.ItemReaderFailed".into(), cause: "gone".into() });
    play.step(Input::Redrive);
    play.answer_with("[7]");
    play.succeed(json!(8));
    assert_eq!((play.output(), play.run().redrives), (json!([8]), 1));
}

#[test]
fn a_run_that_its_data_failed_begins_anew() {
    let mut play = Play::map(json!({ "ItemBatcher": { "MaxItemsPerBatchPath": "$.none" } }));
    play.step(Input::Redrive);
    assert_eq!(play.execution.map_runs().len(), 2);
    assert!(!play.kinds().contains(&"MapRunRedriven"));
}

#[test]
fn a_child_whose_history_is_full_fails_with_what_it_runs_and_stays_failed() {
    let task = json!({ "Type": "Task", "Resource": "arn:aws:lambda:r:1:function:f", "End": true });
    let spin = json!({ "Type": "Pass", "Next": "Spin" });
    let both = json!({ "Type": "Parallel", "Branches": [
        { "StartAt": "Task", "States": { "Task": task } }, { "StartAt": "Spin", "States": { "Spin": spin } },
    ] });
    let mut play = Play::of(json!({ "MaxConcurrency": 1 }), both, "STANDARD");
    assert_eq!(play.execution.child_history(play.run().children[0].log).len(), 25_000);
    assert!(play.tasks.is_empty(), "what it waited for is given up");
    assert!(play.run().children[0].lost);
    play.step(Input::Redrive);
    assert_eq!(play.error().0, "States.ExceedToleratedFailureThreshold");
    assert_eq!(play.execution.child_history(play.run().children[0].log).len(), 25_000);
}

#[test]
fn express_children_time_out_and_begin_again() {
    let task = json!({ "Type": "Task", "Resource": "arn:aws:lambda:r:1:function:f" });
    let mut play = Play::of(json!({ "MaxConcurrency": 1 }), task, "EXPRESS");
    let arn = &play.run().children[0].arn;
    assert!(arn.contains(":express:M/Each:") && arn.split(':').count() == 9, "{arn}");
    let (timer, at) = play.timers.remove(0);
    assert_eq!(at, 300_001);
    play.step(timer);
    assert_eq!(play.run().children[0].status, Some(OutcomeStatus::TimedOut));
    assert_eq!(play.error().0, "States.ExceedToleratedFailureThreshold");
    play.step(Input::Redrive);
    assert_eq!(play.child(0), "ExecutionStarted TaskStateEntered LambdaFunctionScheduled");
    for n in 1..=4 {
        play.succeed(json!(n));
    }
    assert_eq!(play.output(), json!([1, 2, 3, 4]));
    assert!(play.timers.is_empty());
}

#[test]
fn a_run_inside_a_child_ends_with_it() {
    let inner = json!({
        "Type": "Parallel", "Branches": [
            { "StartAt": "In", "States": { "In": { "Type": "Map", "Label": "Inner", "End": true, "ItemProcessor": {
                "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }, "StartAt": "T",
                "States": { "T": { "Type": "Task", "Resource": "arn:aws:lambda:r:1:function:in", "End": true } } } } } },
            { "StartAt": "Bad", "States": { "Bad": { "Type": "Task", "Resource": "arn:aws:lambda:r:1:function:f", "End": true } } },
        ],
    });
    let reader = reader("getObject", json!({}));
    let mut play = Play::of(reader, inner, "STANDARD");
    play.answer_with("[[1, 2]]");
    let runs = play.execution.map_runs();
    assert_eq!((runs.len(), runs[1].children.len()), (2, 2));
    let bad = play.tasks.iter().position(|task| task.parameters.is_array()).unwrap();
    play.tasks.rotate_left(bad);
    play.fail();
    let inner = &play.execution.map_runs()[1];
    assert_eq!(inner.status, Some(OutcomeStatus::Aborted));
    assert!(inner.children.iter().all(|child| child.status == Some(OutcomeStatus::Aborted)));
    assert!(play.child(0).contains("MapRunAborted MapStateAborted"), "{}", play.child(0));
    assert!(play.tasks.is_empty());
    assert_eq!(play.error().0, "States.ExceedToleratedFailureThreshold");
    play.step(Input::Redrive);
    let runs = play.execution.map_runs();
    assert_eq!(runs.iter().map(|run| run.redrives).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(play.tasks.len(), 3);
}

/// Inputs take memory for as long as their children run.
#[test]
fn children_with_large_inputs_begin_as_others_end() {
    let mut fields = reader("getObject", json!({ "InputType": "JSON" }));
    fields["ItemSelector"] = json!({ "text": "x".repeat(256_000) });
    let mut play = Play::map(fields);
    play.answer_with(&json!(vec![0; 300]).to_string());
    let begun = play.tasks.len();
    assert!((200..280).contains(&begun), "{begun} have begun");
    play.succeed(json!(1));
    assert_eq!(play.tasks.len(), begun);
    while !play.tasks.is_empty() {
        play.succeed(json!(1));
    }
    assert_eq!(play.output().as_array().unwrap().len(), 300);
}

#[test]
fn no_more_children_run_than_the_service_begins() {
    for limit in [0, 20_000] {
        let mut fields = reader("getObject", json!({ "InputType": "JSON" }));
        fields["MaxConcurrency"] = json!(limit);
        let mut play = Play::map(fields);
        play.answer_with(&json!(vec![0; 10_001]).to_string());
        assert_eq!(play.tasks.len(), 10_000);
    }
}

#[test]
fn large_inputs_of_what_never_began_are_not_all_made() {
    let mut fields = reader("getObject", json!({ "InputType": "JSON" }));
    fields["ItemSelector"] = json!({ "text": "x".repeat(256_000) });
    fields["MaxConcurrency"] = json!(1);
    fields["ResultWriter"] = json!({ "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "b" } });
    let mut play = Play::map(fields);
    play.answer_with(&json!(vec![0; 300]).to_string());
    play.fail();
    let pending = play.tasks[0].parameters["Objects"].as_array().unwrap().iter();
    let mut pending = pending.filter(|object| object["Key"].as_str().unwrap().contains("PENDING"));
    let body: Vec<Value> = serde_json::from_str(pending.next().unwrap()["Body"].as_str().unwrap()).unwrap();
    assert_eq!(body.len(), 299);
    assert_eq!(body[298]["Input"], "0");
}
