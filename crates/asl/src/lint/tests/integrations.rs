//! Tasks that call a service, and those that an Express machine cannot have.

use serde_json::{Value, json};

use super::{state, written};
use crate::{MachineType, parse_created};

#[test]
fn calls_of_services() {
    let call = |resource: &str, parameters: Value| json!({"Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "TimeoutSeconds": 1, "Parameters": parameters});
    let mut bare = call("lambda:invoke", Value::Null);
    bare.as_object_mut().unwrap().shift_remove("Parameters");
    state(&bare, &["Parameters field is required for resource ARN: arn:aws:states:::lambda:invoke at /Resource"]);
    state(
        &call("sqs:sendMessage.waitForTaskToken", json!({"QueueUrl.$": "$.q"})),
        &["The field 'MessageBody' is required but was missing at /Parameters"],
    );
    for wrong in [
        "lambda:invoke.sync",
        "glue:startJobRun.waitForTaskToken",
        "ecs:runTask.sync:2",
        "dynamodb:query",
        "foo:bar",
        "lambda:list",
        "sqs:receiveMessage",
        "states:startExecution.sync:3",
        "aws-sdk:nosuch:op",
    ] {
        let message = format!(
            "The resource provided arn:aws:states:::{wrong} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /Resource"
        );
        state(&call(wrong, json!({})), &[&message]);
    }
    let resource =
        |resource: &str| json!({"Type": "Task", "Resource": resource, "TimeoutSeconds": 1, "Parameters": {}});
    for wrong in [
        "arn:aws:s3:::bucket",
        "arn:aws:sqs:us-east-1:1:queue",
        "arn:aws:states:us-east-1:1:stateMachine:m",
        "arn:aws:states:us-east-1:1:dynamodb:query",
        "arn:aws:states:::",
        "arn:aws",
    ] {
        let message = format!(
            "The resource provided {wrong} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /Resource"
        );
        state(&resource(wrong), &[&message]);
    }
    for right in [
        "arn:aws:lambda:us-east-1:1:function:f:live",
        "arn:aws:states:us-east-1:1:aws-sdk:s3:getObject",
        "arn:aws-cn:states:::aws-sdk:s3:getObject",
    ] {
        state(&resource(right), &[]);
    }
    state(
        &resource("arn:aws:states:us-east-1:1:dynamodb:getItem"),
        &[
            "The field 'TableName' is required but was missing at /Parameters",
            "The field 'Key' is required but was missing at /Parameters",
        ],
    );
    let activity = json!({"Type": "Task", "Resource": "arn:aws:states:us-east-1:1:activity:a", "Credentials": {}});
    state(
        &activity,
        &[
            "The field 'Credentials' is not supported for activities at /Credentials",
            "The field 'RoleArn' is required but was missing at /Credentials",
        ],
    );
}

#[test]
fn what_express_machines_cannot_do() {
    let task = |resource: &str| json!({"Type": "Task", "Resource": resource, "TimeoutSeconds": 9, "Parameters": {"StateMachineArn": "m"}, "End": true});
    let inner = |kind: &str, state: Value| {
        json!({"Type": "Map", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, "StartAt": "T", "States": {"T": state}}})
    };
    let sync = task("arn:aws:states:::states:startExecution.sync:2");
    let check = |state: &Value, kind: MachineType, expected: &[&str]| {
        let definition = json!({"StartAt": "A", "States": {"A": state}}).to_string();
        assert_eq!(written(parse_created(&definition, kind).1), expected, "{state}");
    };
    let refused =
        "SCHEMA_VALIDATION_FAILED: Express state machine does not support '.sync' service integration at /States/A";
    check(&sync, MachineType::Standard, &[]);
    check(&sync, MachineType::Express, &[&format!("{refused}/Resource")]);
    check(&inner("STANDARD", sync.clone()), MachineType::Standard, &[]);
    check(&inner("EXPRESS", sync), MachineType::Standard, &[&format!("{refused}/ItemProcessor/States/T/Resource")]);
    check(
        &inner("STANDARD", json!({"Type": "Succeed"})),
        MachineType::Express,
        &[
            "SCHEMA_VALIDATION_FAILED: The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines at /States/A/ItemProcessor/ProcessorConfig/Mode",
        ],
    );
}
