//! The actions that a task can call: those of optimized integrations, and those of the AWS SDK.

/// A service with an optimized integration.
struct Service {
    name: &'static str,
    /// Actions of the request and response pattern.
    calls: &'static [&'static str],
    /// Actions that start a job; with `.sync`, a task waits for its end.
    jobs: &'static [&'static str],
    /// Whether the service supports `.waitForTaskToken`.
    tokens: bool,
}

const fn service(
    name: &'static str,
    calls: &'static [&'static str],
    jobs: &'static [&'static str],
    tokens: bool,
) -> Service {
    Service { name, calls, jobs, tokens }
}

const SERVICES: &[Service] = &[
    service("apigateway", &["invoke"], &[], true),
    service("athena", &["stopQueryExecution", "getQueryExecution", "getQueryResults"], &["startQueryExecution"], false),
    service("batch", &[], &["submitJob"], false),
    service("bedrock", &["invokeModel"], &["createModelCustomizationJob"], true),
    service(
        "codebuild",
        &["stopBuild", "batchDeleteBuilds", "batchGetReports", "stopBuildBatch", "deleteBuildBatch"],
        &["startBuild", "startBuildBatch", "retryBuildBatch"],
        false,
    ),
    service("databrew", &[], &["startJobRun"], false),
    service("dynamodb", &["getItem", "putItem", "updateItem", "deleteItem"], &[], false),
    service("ecs", &[], &["runTask"], true),
    service(
        "eks",
        &["call"],
        &[
            "createCluster",
            "deleteCluster",
            "createNodegroup",
            "deleteNodegroup",
            "createFargateProfile",
            "deleteFargateProfile",
            "runJob",
        ],
        true,
    ),
    service(
        "elasticmapreduce",
        &["setClusterTerminationProtection", "cancelStep", "modifyInstanceFleetByName", "modifyInstanceGroupByName"],
        &["createCluster", "terminateCluster", "addStep"],
        false,
    ),
    service("emr-containers", &["createVirtualCluster"], &["deleteVirtualCluster", "startJobRun"], false),
    service(
        "emr-serverless",
        &[],
        &[
            "createApplication",
            "startApplication",
            "stopApplication",
            "deleteApplication",
            "startJobRun",
            "cancelJobRun",
        ],
        false,
    ),
    service("events", &["putEvents"], &[], true),
    service("glue", &[], &["startJobRun"], false),
    service("http", &["invoke"], &[], true),
    service("lambda", &["invoke"], &[], true),
    service("mediaconvert", &[], &["createJob"], false),
    service(
        "sagemaker",
        &["createEndpoint", "createEndpointConfig", "createModel", "updateEndpoint"],
        &[
            "createHyperParameterTuningJob",
            "createLabelingJob",
            "createProcessingJob",
            "createTrainingJob",
            "createTransformJob",
        ],
        false,
    ),
    service("sns", &["publish"], &[], true),
    service("sqs", &["sendMessage"], &[], true),
    service("states", &[], &["startExecution"], true),
];

/// Services whose actions are not listed: they are newer than the documentation behind the list.
const OPEN: &[&str] = &["bedrock-agentcore"];

/// Retired services of the AWS SDK: their models are gone, but definitions still call them.
const RETIRED: &[&str] = &[
    "alexaforbusiness",
    "cloudwatchevents",
    "codestar",
    "elastictranscoder",
    "evidently",
    "gamesparks",
    "honeycode",
    "iot1clickdevices",
    "iot1clickprojects",
    "iotanalytics",
    "iotevents",
    "ioteventsdata",
    "iotfleethub",
    "lookoutmetrics",
    "lookoutvision",
    "macie",
    "mobile",
    "nimble",
    "opsworks",
    "opsworkscm",
    "privatenetworks",
    "qldb",
    "qldbsession",
    "robomaker",
    "simspaceweaver",
    "sms",
    "worklink",
];

/// Whether a task can call `service:action.pattern`, or `aws-sdk:service:action.pattern`.
pub(super) fn has(call: &str) -> bool {
    let (action, pattern) = call.split_once('.').unwrap_or((call, ""));
    let Some((name, action)) = action.split_once(':') else { return false };
    if name == "aws-sdk" {
        return matches!(pattern, "" | "waitForTaskToken") && action.split_once(':').is_some_and(sdk_has);
    }
    if OPEN.contains(&name) {
        return pattern.is_empty();
    }
    let Some(service) = SERVICES.iter().find(|service| service.name == name) else { return false };
    let is_job = service.jobs.contains(&action);
    match pattern {
        "" => is_job || service.calls.contains(&action),
        "sync" => is_job,
        "sync:2" => is_job && name == "states",
        "waitForTaskToken" => service.tokens && (is_job || service.calls.contains(&action)),
        _ => false,
    }
}

/// Whether AWS's SDK has the service no longer.
pub(super) fn is_retired(service: &str) -> bool {
    RETIRED.contains(&service)
}

/// The actions that the service's model calls deprecated, a line for each service. `tools/sdk_actions.py --deprecated`
/// makes the list.
const DEPRECATED: &str = include_str!("sdk_deprecated.txt");

/// Whether the service's model calls an action deprecated.
pub(super) fn is_deprecated(service: &str, action: &str) -> bool {
    let mut lines = DEPRECATED.lines().map(|line| line.split(' '));
    let actions = lines.find_map(|mut words| (words.next() == Some(service)).then_some(words));
    actions.is_some_and(|mut actions| actions.any(|deprecated| deprecated == action))
}

/// The services of the AWS SDK, a line each: the name, then its actions. `tools/sdk_actions.py` makes the list.
#[cfg(feature = "jsonata")]
const SDK: &str = include_str!("sdk_actions.txt");

#[cfg(feature = "jsonata")]
fn sdk_has((service, action): (&str, &str)) -> bool {
    let mut lines = SDK.lines().map(|line| line.split(' '));
    let known = lines.find_map(|mut words| (words.next() == Some(service)).then_some(words));
    known.map_or_else(|| RETIRED.contains(&service), |mut actions| actions.any(|known| known == action))
}

/// Without the server's features there is no list, and every action counts as known.
#[cfg(not(feature = "jsonata"))]
fn sdk_has((service, action): (&str, &str)) -> bool {
    RETIRED.contains(&service) || !action.is_empty()
}

#[cfg(all(test, feature = "jsonata"))]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_called_is_known() {
        for call in [
            "lambda:invoke",
            "lambda:invoke.waitForTaskToken",
            "states:startExecution",
            "states:startExecution.sync",
            "states:startExecution.sync:2",
            "ecs:runTask.sync",
            "ecs:runTask.waitForTaskToken",
            "dynamodb:getItem",
            "glue:startJobRun.sync",
            "aws-sdk:dynamodb:query",
            "aws-sdk:s3:listBuckets.waitForTaskToken",
            "aws-sdk:sfn:startSyncExecution",
            "aws-sdk:rds:createDBInstance",
            "aws-sdk:cognitoidentityprovider:adminCreateUser",
            "aws-sdk:databasemigration:startReplicationTask",
            "aws-sdk:lookoutvision:startModel",
            "bedrock-agentcore:invokeHarness",
        ] {
            assert!(has(call), "{call}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        for call in [
            "dynamodb:query",
            "foo:bar",
            "lambda:list",
            "lambda:invoke.sync",
            "sqs:receiveMessage",
            "s3:getObject",
            "states:startExecution.sync:3",
            "ecs:runTask.sync:2",
            "glue:startJobRun.waitForTaskToken",
            "sns:publish.later",
            "lambda",
            "lambda:",
            "",
            "aws-sdk:nosuch:op",
            "aws-sdk:s3:noSuchAction",
            "aws-sdk:s3:ListBuckets",
            "aws-sdk:stepfunctions:startExecution",
            "aws-sdk:s3",
            "aws-sdk:s3:",
            "aws-sdk:s3:getObject.sync",
        ] {
            assert!(!has(call), "{call}");
        }
    }
}
