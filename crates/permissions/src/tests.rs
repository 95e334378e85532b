#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use serde_json::{Value, json};

use super::*;

const REGION: &str = "eu-west-1";
const ACCOUNT: &str = "111122223333";

fn subject(definition: &Value) -> Subject<'_> {
    Subject { name: Some("order"), region: Some(REGION), account: Some(ACCOUNT), ..Subject::of(definition) }
}

fn task(resource: &str, parameters: Value) -> Value {
    json!({ "StartAt": "A", "States": { "A": { "Type": "Task", "Resource": resource, "Parameters": parameters, "End": true } } })
}

/// The statements, a line each: `Sid: actions on resources [if condition]`.
fn lines(definition: &Value) -> (Vec<String>, usize) {
    let needed = needed(&subject(definition));
    let line = |statement: &Statement| {
        let condition = statement.condition.as_ref().map(|condition| format!(" if {condition}")).unwrap_or_default();
        let Statement { sid, actions, resources, .. } = statement;
        format!("{sid}: {} on {}{condition}", actions.join(" "), resources.join(" "))
            .replace(&format!(":{REGION}:{ACCOUNT}:"), ":")
    };
    (needed.policy.statements.iter().map(line).collect(), needed.notes.len())
}

#[track_caller]
fn check(resource: &str, parameters: Value, expected: &[&str], notes: usize) {
    let (found, count) = lines(&task(resource, parameters));
    assert_eq!(found, expected, "{resource}");
    assert_eq!(count, notes, "{resource}: notes");
}

#[test]
fn functions_are_called_with_their_qualifier() {
    let invoke = "arn:aws:states:::lambda:invoke";
    let on = |function: &str| format!("Lambda: lambda:InvokeFunction on arn:aws:lambda:function:{function}");
    for (parameters, function) in [
        (json!({ "FunctionName": "pay" }), "pay"),
        (json!({ "FunctionName": "pay:live" }), "pay:live"),
        (json!({ "FunctionName": "pay", "Qualifier": "7" }), "pay:7"),
        (json!({ "FunctionName": format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:pay:live") }), "pay:live"),
        (json!({ "FunctionName": format!("{ACCOUNT}:function:pay") }), "pay"),
    ] {
        check(invoke, parameters, &[&on(function)], 0);
    }
    check(invoke, json!({ "FunctionName": "pay", "Qualifier.$": "$.q" }), &[&on("pay:*")], 1);
    check(invoke, json!({ "FunctionName.$": "$.f" }), &["Lambda: lambda:InvokeFunction on *"], 1);
    check(&format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:pay"), json!({}), &[&on("pay")], 0);
}

#[test]
fn messages_go_to_what_is_named() {
    check(
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        json!({ "QueueUrl": format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"), "MessageBody": "a" }),
        &["Sqs: sqs:SendMessage on arn:aws:sqs:orders"],
        0,
    );
    check(
        "arn:aws:states:::sns:publish",
        json!({ "PhoneNumber": "+1", "Message": "a" }),
        &["Sns: sns:Publish on *"],
        1,
    );
    check(
        "arn:aws:states:::events:putEvents",
        json!({ "Entries": [{ "Source": "a" }, { "EventBusName": "orders" }] }),
        &["Events: events:PutEvents on arn:aws:events:event-bus/default arn:aws:events:event-bus/orders"],
        0,
    );
}

#[test]
fn a_job_that_is_waited_for_needs_more() {
    let rule = |name: &str| {
        format!(
            "JobEvents: events:DescribeRule events:PutRule events:PutTargets on arn:aws:events:rule/StepFunctions{name}"
        )
    };
    let machine = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:child");
    let start = "Workflows: states:StartExecution on arn:aws:states:stateMachine:child";
    check("arn:aws:states:::states:startExecution", json!({ "StateMachineArn": machine }), &[start], 0);
    for pattern in [".sync", ".sync:2"] {
        check(
            &format!("arn:aws:states:::states:startExecution{pattern}"),
            json!({ "StateMachineArn": machine }),
            &[
                &rule("GetEventsForStepFunctionsExecutionRule"),
                "Workflows: states:DescribeExecution states:StopExecution on arn:aws:states:execution:child:*",
                "Workflows2: states:StartExecution on arn:aws:states:stateMachine:child",
            ],
            0,
        );
    }
    check(
        "arn:aws:states:::glue:startJobRun.sync",
        json!({ "JobName": "nightly" }),
        &["Glue: glue:BatchStopJobRun glue:GetJobRun glue:GetJobRuns glue:StartJobRun on arn:aws:glue:job/nightly"],
        0,
    );
    check(
        "arn:aws:states:::ecs:runTask.sync",
        json!({ "TaskDefinition": "pack:3", "Overrides": { "TaskRoleArn": "arn:aws:iam::111122223333:role/pack" } }),
        &[
            "Ecs: ecs:DescribeTasks ecs:StopTask on *",
            "Ecs2: ecs:RunTask on arn:aws:ecs:task-definition/pack:3",
            &rule("GetEventsForECSTaskRule"),
            r#"PassRole: iam:PassRole on arn:aws:iam::111122223333:role/pack if {"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}"#,
        ],
        0,
    );
}

#[test]
fn an_http_task_is_bound_to_its_address() {
    let connection = format!("arn:aws:events:{REGION}:{ACCOUNT}:connection/shop/1");
    check(
        "arn:aws:states:::http:invoke",
        json!({ "ApiEndpoint": "https://example.com/a", "Method": "GET", "Authentication": { "ConnectionArn": connection } }),
        &[
            r#"Http: states:InvokeHTTPEndpoint on arn:aws:states:stateMachine:order if {"StringEquals":{"states:HTTPMethod":"GET"},"StringLike":{"states:HTTPEndpoint":"https://example.com/a"}}"#,
            "HttpConnection: events:RetrieveConnectionCredentials on arn:aws:events:connection/shop/1",
            "HttpConnection2: secretsmanager:DescribeSecret secretsmanager:GetSecretValue on arn:aws:secretsmanager:secret:events!connection/*",
        ],
        0,
    );
}

#[test]
fn actions_of_the_sdk_have_the_resources_that_their_parameters_name() {
    let sdk = |call: &str, parameters: Value, expected: &str, notes: usize| {
        check(&format!("arn:aws:states:::aws-sdk:{call}"), parameters, &[expected], notes);
    };
    sdk("s3:getObject", json!({ "Bucket": "b", "Key": "k/1" }), "SdkS3: s3:GetObject on arn:aws:s3:::b/k/1", 0);
    sdk("s3:getObject", json!({ "Bucket": "b", "Key.$": "$.k" }), "SdkS3: s3:GetObject on arn:aws:s3:::b/*", 1);
    sdk("s3:listObjectsV2", json!({ "Bucket": "b" }), "SdkS3: s3:ListBucket on arn:aws:s3:::b", 0);
    sdk("s3:listBuckets", json!({}), "SdkS3: s3:ListAllMyBuckets on *", 0);
    sdk(
        "dynamodb:query",
        json!({ "TableName": "t", "IndexName": "i" }),
        "SdkDynamodb: dynamodb:Query on arn:aws:dynamodb:table/t/index/i",
        0,
    );
    sdk(
        "ssm:getParameter",
        json!({ "Name": "/shop/key" }),
        "SdkSsm: ssm:GetParameter on arn:aws:ssm:parameter/shop/key",
        0,
    );
    sdk("ec2:describeInstances", json!({}), "SdkEc2: ec2:DescribeInstances on *", 1);
    let machine = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:child");
    sdk(
        "sfn:startSyncExecution",
        json!({ "StateMachineArn": machine }),
        "SdkStates: states:StartSyncExecution on arn:aws:states:stateMachine:child",
        0,
    );
    let (found, notes) = lines(&task("arn:aws:states:::aws-sdk:nosuch:do", json!({})));
    assert_eq!((found.len(), notes), (0, 1), "an unknown service is a note");
}

#[test]
fn roles_that_a_call_of_the_sdk_hands_on_are_allowed() {
    let role = "arn:aws:iam::111122223333:role/run";
    let schedule = "arn:aws:states:::aws-sdk:scheduler:createSchedule";
    let target = |role: Value| json!({ "Name": "n", "Target": { "Arn": "arn:aws:sqs:a:b:c", "RoleArn": role } });
    let create = "SdkScheduler: scheduler:CreateSchedule on *";
    check(schedule, target(json!(role)), &[&format!("PassRole: iam:PassRole on {role}"), create], 2);
    check(schedule, json!({ "Target": { "RoleArn.$": "$.r" } }), &["PassRole: iam:PassRole on *", create], 3);
    check(schedule, target(json!("${Role}")), &["PassRole: iam:PassRole on *", create], 3);
    let function = json!({ "FunctionName": "pay", "Role": role });
    let (found, _) = lines(&task("arn:aws:states:::aws-sdk:lambda:createFunction", function));
    assert_eq!(found[0], format!("PassRole: iam:PassRole on {role}"));
    // Who is asked for in a conversation is no role of IAM, and who reads hands none on.
    let talk = json!({ "ModelId": "m", "Messages": [{ "Role": "user", "Content": [] }] });
    for (call, parameters) in [
        ("bedrockruntime:converse", talk),
        ("sts:assumeRole", json!({ "RoleArn": role, "RoleSessionName": "s" })),
        ("lambda:listFunctions", json!({ "RoleArn": role })),
    ] {
        let (found, _) = lines(&task(&format!("arn:aws:states:::aws-sdk:{call}"), parameters));
        assert!(!found.iter().any(|line| line.contains("PassRole")), "{found:?}");
    }
}

#[test]
fn a_wildcard_in_a_name_allows_nothing_more() {
    check("arn:aws:states:::dynamodb:getItem", json!({ "TableName": "*" }), &["DynamoDb: dynamodb:GetItem on *"], 1);
}

#[test]
fn credentials_take_another_role() {
    let mut definition = task("arn:aws:states:::sns:publish", json!({ "TopicArn": "arn:aws:sns:a:b:c" }));
    definition["States"]["A"]["Credentials"] = json!({ "RoleArn": "arn:aws:iam::444455556666:role/other" });
    let (found, notes) = lines(&definition);
    assert_eq!(found, ["Credentials: sts:AssumeRole on arn:aws:iam::444455556666:role/other"]);
    assert_eq!(notes, 1);
}

#[test]
fn a_distributed_map_starts_itself_and_reaches_its_buckets() {
    let definition = json!({ "StartAt": "M", "States": { "M": { "Type": "Map", "Label": "all", "End": true,
        "ItemReader": { "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "in", "Key": "a.csv" } },
        "ItemProcessor": { "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }, "StartAt": "P",
            "States": { "P": { "Type": "Pass", "End": true } } },
        "ResultWriter": { "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "out", "Prefix": "r/" } } } } });
    let (found, notes) = lines(&definition);
    assert_eq!(
        found,
        [
            "Items: s3:GetObject on arn:aws:s3:::in/a.csv",
            "MapRun: states:DescribeExecution states:StopExecution on arn:aws:states:execution:order:*",
            "MapRun2: states:RedriveExecution on arn:aws:states:execution:order/all:*",
            "MapRun3: states:StartExecution on arn:aws:states:stateMachine:order",
            "Results: s3:AbortMultipartUpload s3:GetObject s3:ListMultipartUploadParts s3:PutObject on arn:aws:s3:::out/r/*",
        ]
    );
    assert_eq!(notes, 0);
    // IAM would take the star of the key for a wildcard.
    let mut starred = definition;
    starred["States"]["M"]["ItemReader"]["Parameters"]["Key"] = json!("a*.csv");
    assert_eq!(lines(&starred).1, 1);
}

#[test]
fn logs_traces_and_a_key_are_added() {
    let definition = json!({ "StartAt": "A", "States": { "A": { "Type": "Succeed" } } });
    assert_eq!(needed(&subject(&definition)), Needed::default());
    let subject = Subject { logging: Logging { on: true }, tracing: true, key: Some("1a2b"), ..subject(&definition) };
    let needed = needed(&subject);
    let sids: Vec<&str> = needed.policy.statements.iter().map(|statement| statement.sid.as_str()).collect();
    assert_eq!(sids, ["Key", "Key2", "LogDelivery", "XRay"]);
    assert!(
        needed.policy.statements.iter().filter(|one| one.sid.starts_with("Key")).all(|one| one.condition.is_some())
    );
}

#[test]
fn activities_and_open_calls_need_nothing() {
    let activity = format!("arn:aws:states:{REGION}:{ACCOUNT}:activity:pack");
    check(&activity, json!({}), &[], 0);
    check(
        "arn:aws:states:::apigateway:invoke",
        json!({ "ApiEndpoint": "a", "Method": "GET", "AuthType": "NO_AUTH" }),
        &[],
        0,
    );
    check(
        "arn:aws:states:::apigateway:invoke",
        json!({ "ApiEndpoint": "abc.execute-api.eu-west-1.amazonaws.com", "Method": "GET", "Stage": "prod", "Path": "/a", "AuthType": "IAM_ROLE" }),
        &["Api: execute-api:Invoke on arn:aws:execute-api:abc/prod/GET/a"],
        0,
    );
}

#[test]
fn what_is_not_known_is_said() {
    let (found, notes) = lines(&task("${Function}", json!({})));
    assert_eq!((found.len(), notes), (0, 1));
    let definition = task("arn:aws:states:::sqs:sendMessage", json!({ "QueueUrl": "${Queue}", "MessageBody": "a" }));
    let needed = needed(&Subject::of(&definition));
    assert_eq!(
        needed.notes[0].to_string(),
        "A: QueueUrl is computed, or comes from a placeholder: any resource is allowed."
    );
}

#[test]
fn roles_of_other_names_and_of_what_is_run_are_handed_on_too() {
    let role = "arn:aws:iam::111122223333:role/run";
    let passed = |call: &str, parameters: Value| -> Vec<String> {
        let (found, _) = lines(&task(&format!("arn:aws:states:::aws-sdk:{call}"), parameters));
        found.into_iter().filter(|line| line.contains("PassRole")).collect()
    };
    let to = |roles: &str, service: &str| {
        let condition = json!({ "StringEquals": { "iam:PassedToService": format!("{service}.amazonaws.com") } });
        format!("PassRole: iam:PassRole on {roles} if {condition}")
    };
    let on = |roles: &str| format!("PassRole: iam:PassRole on {roles}");
    let overrides = |roles: Value| json!({ "TaskDefinition": "pack:3", "Overrides": roles });
    for (call, parameters, expected) in [
        ("ecs:runTask", json!({ "TaskDefinition": "pack:3" }), to("*", "ecs-tasks")),
        ("ecs:runTask", overrides(json!({ "TaskRoleArn": role })), to(role, "ecs-tasks")),
        ("ecs:startTask", overrides(json!({ "ExecutionRoleArn": role })), to(role, "ecs-tasks")),
        (
            "ecs:runTask",
            overrides(json!({ "TaskRoleArn": role, "ExecutionRoleArn.$": "$.role" })),
            to("*", "ecs-tasks"),
        ),
        ("ecs:registerTaskDefinition", json!({ "TaskRoleArn": role }), on(role)),
        ("glue:createJob", json!({ "Name": "nightly", "Role": "run" }), on(role)),
        ("glue:updateJob", json!({ "JobName": "nightly", "JobUpdate": { "Role": role } }), on(role)),
        ("lambda:createFunction", json!({ "FunctionName": "pay", "Role.$": "$.role" }), on("*")),
        ("redshift:createCluster", json!({ "IamRoles": [role] }), on(role)),
        ("batch:registerJobDefinition", json!({ "ContainerProperties": { "JobRoleArn": role } }), on(role)),
        ("batch:createComputeEnvironment", json!({ "ComputeResources": { "InstanceRole": "ecs" } }), to("*", "ec2")),
        ("ec2:runInstances", json!({ "IamInstanceProfile": { "Name": "web" } }), to("*", "ec2")),
        ("eventbridge:putTargets", json!({ "Rule": "r", "Targets": [{ "Id": "1", "RoleArn": role }] }), on(role)),
        ("emr:runJobFlow", json!({ "Name": "n", "ServiceRole": "run" }), on(role)),
    ] {
        assert_eq!(passed(call, parameters), [expected], "{call}");
    }
    let groups = json!({ "InstanceGroups": [{ "InstanceRole": "CORE" }] });
    assert_eq!(passed("emr:addInstanceGroups", groups), [""; 0], "it is the part of a group of instances");
    assert_eq!(passed("emrcontainers:startJobRun", json!({ "ExecutionRoleArn": role })), [""; 0]);
}

#[test]
fn every_optimised_integration_is_known() {
    for call in [
        "apigateway:invoke",
        "athena:startQueryExecution.sync",
        "athena:stopQueryExecution",
        "athena:getQueryExecution",
        "athena:getQueryResults",
        "batch:submitJob.sync",
        "bedrock:invokeModel",
        "bedrock:createModelCustomizationJob.sync",
        "codebuild:startBuild.sync",
        "codebuild:stopBuild",
        "codebuild:batchDeleteBuilds",
        "codebuild:batchGetReports",
        "codebuild:startBuildBatch.sync",
        "codebuild:stopBuildBatch",
        "codebuild:retryBuildBatch.sync",
        "codebuild:deleteBuildBatch",
        "databrew:startJobRun.sync",
        "dynamodb:getItem",
        "dynamodb:putItem",
        "dynamodb:updateItem",
        "dynamodb:deleteItem",
        "ecs:runTask.sync",
        "eks:createCluster.sync",
        "eks:deleteCluster.sync",
        "eks:createNodegroup.sync",
        "eks:deleteNodegroup.sync",
        "eks:createFargateProfile.sync",
        "eks:deleteFargateProfile.sync",
        "eks:runJob.sync",
        "eks:call",
        "elasticmapreduce:createCluster.sync",
        "elasticmapreduce:terminateCluster.sync",
        "elasticmapreduce:addStep.sync",
        "elasticmapreduce:cancelStep",
        "elasticmapreduce:setClusterTerminationProtection",
        "elasticmapreduce:modifyInstanceFleetByName",
        "elasticmapreduce:modifyInstanceGroupByName",
        "emr-containers:createVirtualCluster",
        "emr-containers:deleteVirtualCluster.sync",
        "emr-containers:startJobRun.sync",
        "emr-serverless:createApplication.sync",
        "emr-serverless:startApplication.sync",
        "emr-serverless:stopApplication.sync",
        "emr-serverless:deleteApplication.sync",
        "emr-serverless:startJobRun.sync",
        "emr-serverless:cancelJobRun.sync",
        "events:putEvents",
        "glue:startJobRun.sync",
        "http:invoke",
        "lambda:invoke",
        "mediaconvert:createJob.sync",
        "sagemaker:createEndpoint",
        "sagemaker:createEndpointConfig",
        "sagemaker:createHyperParameterTuningJob.sync",
        "sagemaker:createLabelingJob.sync",
        "sagemaker:createModel",
        "sagemaker:createProcessingJob.sync",
        "sagemaker:createTrainingJob.sync",
        "sagemaker:createTransformJob.sync",
        "sagemaker:updateEndpoint",
        "sns:publish",
        "sqs:sendMessage",
        "states:startExecution.sync:2",
    ] {
        let definition = task(&format!("arn:aws:states:::{call}"), json!({}));
        let needed = needed(&subject(&definition));
        assert!(!needed.notes.iter().any(|note| note.text.contains("are not known")), "{call}");
        for statement in &needed.policy.statements {
            assert!(statement.sid.chars().all(|letter| letter.is_ascii_alphanumeric()), "{call}: {}", statement.sid);
        }
    }
}

#[test]
fn what_is_written_is_read_and_enough() {
    let definition = task("arn:aws:states:::ecs:runTask.sync", json!({ "TaskDefinition.$": "$.t" }));
    let policy = needed(&subject(&definition)).policy;
    let document = Document::read(&serde_json::to_string(&policy).unwrap()).unwrap();
    assert_eq!(missing(&policy, &[document]), []);
    assert_eq!(
        missing(&policy, &[]).len(),
        policy.statements.iter().map(|one| one.actions.len() * one.resources.len()).sum::<usize>()
    );
}

#[test]
fn the_trust_policy_is_for_this_machine() {
    let definition = json!({});
    let policy = trust(&subject(&definition));
    let statement = &policy["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], "states.amazonaws.com");
    assert_eq!(
        statement["Condition"]["ArnLike"]["aws:SourceArn"],
        format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:order")
    );
    assert_eq!(trust(&Subject::of(&definition))["Statement"][0].get("Condition"), None);
}

#[test]
fn terraform_gets_the_same_statements() {
    let definition =
        task("arn:aws:states:::sns:publish", json!({ "TopicArn": "arn:aws:sns:eu-west-1:111122223333:a" }));
    let written = needed(&subject(&definition)).policy.terraform("order");
    assert_eq!(
        written,
        "data \"aws_iam_policy_document\" \"order\" {\n  statement {\n    sid       = \"Sns\"\n    actions   = [\"sns:Publish\"]\n    resources = [\"arn:aws:sns:eu-west-1:111122223333:a\"]\n  }\n}\n"
    );
}

#[test]
fn terraform_gets_the_same_trust() {
    let definition = task("arn:aws:states:::sns:publish", json!({}));
    let written = trust_terraform(&Subject { region: None, ..subject(&definition) }, "order-trust");
    let begin = "data \"aws_iam_policy_document\" \"order-trust\" {\n  statement {\n    sid       = \"StepFunctions\"\n    actions   = [\"sts:AssumeRole\"]\n    principals {\n      type        = \"Service\"\n      identifiers = [\"states.amazonaws.com\"]\n    }\n    condition {\n";
    assert!(written.starts_with(begin) && written.ends_with("    }\n  }\n}\n"), "{written}");
    for (test, variable, value) in [
        ("StringEquals", "aws:SourceAccount", ACCOUNT),
        ("ArnLike", "aws:SourceArn", "arn:aws:states:*:111122223333:stateMachine:order"),
    ] {
        let block = format!(
            "    condition {{\n      test     = \"{test}\"\n      variable = \"{variable}\"\n      values   = [\"{value}\"]\n    }}\n"
        );
        assert!(written.contains(&block), "{written}");
    }
}
