//! Actions of the AWS SDK: their names in IAM, and the resources that their parameters name.

use serde_json::Value;

use super::{data, messages, roles};
use crate::arns::Scope;
use crate::given::Given;
use crate::needs::Needs;
use crate::walk::StateAt;

/// The prefix of each service, and the methods of API Gateway's actions. `tools/sdk_prefixes.py` makes the list.
const PREFIXES: &str = include_str!("sdk_prefixes.txt");

/// Actions that have another name in IAM, or that need several: the service, the action, and IAM's names.
const EXCEPTIONS: &[(&str, &str, &[&str])] = &[
    ("apigatewaymanagementapi", "deleteConnection", &["execute-api:ManageConnections"]),
    ("apigatewaymanagementapi", "getConnection", &["execute-api:ManageConnections"]),
    ("apigatewaymanagementapi", "postToConnection", &["execute-api:ManageConnections"]),
    ("bedrockruntime", "converse", &["bedrock:InvokeModel"]),
    ("bedrockruntime", "startAsyncInvoke", &["bedrock:InvokeModel"]),
    ("dynamodb", "batchExecuteStatement", PARTIQL),
    ("dynamodb", "executeStatement", PARTIQL),
    ("dynamodb", "executeTransaction", PARTIQL),
    ("dynamodb", "transactGetItems", &["dynamodb:GetItem"]),
    (
        "dynamodb",
        "transactWriteItems",
        &["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
    ),
    ("iotdataplane", "listNamedShadowsForThing", &["iot:ListNamedShadowsForThing"]),
    ("lambda", "invoke", INVOKE),
    ("lambda", "invokeAsync", INVOKE),
    ("lambda", "invokeWithResponseStream", INVOKE),
    ("lambda", "getLayerVersionByArn", &["lambda:GetLayerVersion"]),
    ("s3", "abortMultipartUpload", &["s3:AbortMultipartUpload"]),
    ("s3", "completeMultipartUpload", &["s3:PutObject"]),
    ("s3", "copyObject", &["s3:GetObject", "s3:PutObject"]),
    ("s3", "createMultipartUpload", &["s3:PutObject"]),
    ("s3", "deleteBucketAnalyticsConfiguration", &["s3:PutAnalyticsConfiguration"]),
    ("s3", "deleteBucketCors", &["s3:PutBucketCORS"]),
    ("s3", "deleteBucketEncryption", &["s3:PutEncryptionConfiguration"]),
    ("s3", "deleteBucketIntelligentTieringConfiguration", &["s3:PutIntelligentTieringConfiguration"]),
    ("s3", "deleteBucketInventoryConfiguration", &["s3:PutInventoryConfiguration"]),
    ("s3", "deleteBucketLifecycle", &["s3:PutLifecycleConfiguration"]),
    ("s3", "deleteBucketMetricsConfiguration", &["s3:PutMetricsConfiguration"]),
    ("s3", "deleteBucketOwnershipControls", &["s3:PutBucketOwnershipControls"]),
    ("s3", "deleteBucketReplication", &["s3:PutReplicationConfiguration"]),
    ("s3", "deleteBucketTagging", &["s3:PutBucketTagging"]),
    ("s3", "deleteObjects", &["s3:DeleteObject"]),
    ("s3", "deletePublicAccessBlock", &["s3:PutBucketPublicAccessBlock"]),
    ("s3", "getBucketAccelerateConfiguration", &["s3:GetAccelerateConfiguration"]),
    ("s3", "getBucketAnalyticsConfiguration", &["s3:GetAnalyticsConfiguration"]),
    ("s3", "getBucketCors", &["s3:GetBucketCORS"]),
    ("s3", "getBucketEncryption", &["s3:GetEncryptionConfiguration"]),
    ("s3", "getBucketIntelligentTieringConfiguration", &["s3:GetIntelligentTieringConfiguration"]),
    ("s3", "getBucketInventoryConfiguration", &["s3:GetInventoryConfiguration"]),
    ("s3", "getBucketLifecycle", &["s3:GetLifecycleConfiguration"]),
    ("s3", "getBucketLifecycleConfiguration", &["s3:GetLifecycleConfiguration"]),
    ("s3", "getBucketMetricsConfiguration", &["s3:GetMetricsConfiguration"]),
    ("s3", "getBucketNotificationConfiguration", &["s3:GetBucketNotification"]),
    ("s3", "getBucketReplication", &["s3:GetReplicationConfiguration"]),
    ("s3", "getObjectAttributes", &["s3:GetObject", "s3:GetObjectAttributes"]),
    ("s3", "getObjectLockConfiguration", &["s3:GetBucketObjectLockConfiguration"]),
    ("s3", "getPublicAccessBlock", &["s3:GetBucketPublicAccessBlock"]),
    ("s3", "headBucket", &["s3:ListBucket"]),
    ("s3", "headObject", &["s3:GetObject"]),
    ("s3", "listBucketAnalyticsConfigurations", &["s3:GetAnalyticsConfiguration"]),
    ("s3", "listBucketInventoryConfigurations", &["s3:GetInventoryConfiguration"]),
    ("s3", "listBucketMetricsConfigurations", &["s3:GetMetricsConfiguration"]),
    ("s3", "listBuckets", &["s3:ListAllMyBuckets"]),
    ("s3", "listDirectoryBuckets", &["s3express:ListAllMyDirectoryBuckets"]),
    ("s3", "listMultipartUploads", &["s3:ListBucketMultipartUploads"]),
    ("s3", "listObjects", &["s3:ListBucket"]),
    ("s3", "listObjectsV2", &["s3:ListBucket"]),
    ("s3", "listObjectVersions", &["s3:ListBucketVersions"]),
    ("s3", "listParts", &["s3:ListMultipartUploadParts"]),
    ("s3", "putBucketAccelerateConfiguration", &["s3:PutAccelerateConfiguration"]),
    ("s3", "putBucketAnalyticsConfiguration", &["s3:PutAnalyticsConfiguration"]),
    ("s3", "putBucketCors", &["s3:PutBucketCORS"]),
    ("s3", "putBucketEncryption", &["s3:PutEncryptionConfiguration"]),
    ("s3", "putBucketIntelligentTieringConfiguration", &["s3:PutIntelligentTieringConfiguration"]),
    ("s3", "putBucketInventoryConfiguration", &["s3:PutInventoryConfiguration"]),
    ("s3", "putBucketLifecycle", &["s3:PutLifecycleConfiguration"]),
    ("s3", "putBucketLifecycleConfiguration", &["s3:PutLifecycleConfiguration"]),
    ("s3", "putBucketMetricsConfiguration", &["s3:PutMetricsConfiguration"]),
    ("s3", "putBucketNotificationConfiguration", &["s3:PutBucketNotification"]),
    ("s3", "putBucketReplication", &["s3:PutReplicationConfiguration"]),
    ("s3", "putObjectLockConfiguration", &["s3:PutBucketObjectLockConfiguration"]),
    ("s3", "putPublicAccessBlock", &["s3:PutBucketPublicAccessBlock"]),
    ("s3", "selectObjectContent", &["s3:GetObject"]),
    ("s3", "uploadPart", &["s3:PutObject"]),
    ("s3", "uploadPartCopy", &["s3:GetObject", "s3:PutObject"]),
    ("sagemakerruntime", "invokeEndpoint", &["sagemaker:InvokeEndpoint"]),
    ("sqs", "changeMessageVisibilityBatch", &["sqs:ChangeMessageVisibility"]),
    ("sqs", "deleteMessageBatch", &["sqs:DeleteMessage"]),
    ("sqs", "sendMessageBatch", &["sqs:SendMessage"]),
    ("sns", "publishBatch", &["sns:Publish"]),
];

const INVOKE: &[&str] = &["lambda:InvokeFunction"];
const PARTIQL: &[&str] =
    &["dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert", "dynamodb:PartiQLSelect", "dynamodb:PartiQLUpdate"];

/// Adds what an action of the SDK needs.
pub(super) fn call(needs: &mut Needs, at: &StateAt, service: &str, action: &str) {
    let Some(actions) = names(service, action) else {
        needs.note(
            Some(at.name),
            format!("The IAM name of aws-sdk:{service}:{action} is not known: look it up in AWS's service authorization reference."),
        );
        return;
    };
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    // Their callers have an integration of their own, with the same parameters.
    match (service, action) {
        ("lambda", "invoke") => return messages::invoke(needs, at),
        ("sns", "publish") => return messages::publish(needs, at),
        ("eventbridge", "putEvents") => return messages::put_events(needs, at),
        _ => {}
    }
    if PARTIQL.contains(&actions[0]) {
        needs.note(
            Some(at.name),
            "The statement decides which items are read or written: keep only the PartiQL actions that it needs.",
        );
    }
    let resources = resources(needs, at, service, action);
    needs.allow(&group(actions[0]), &actions, resources);
    roles::handed_on(needs, at, service, action);
}

/// IAM's names of an action; `None` where the service is not known.
fn names(service: &str, action: &str) -> Option<Vec<String>> {
    if let Some((.., names)) = EXCEPTIONS.iter().find(|(known, name, _)| *known == service && *name == action) {
        return Some(names.iter().map(|name| (*name).to_owned()).collect());
    }
    let lines = || PREFIXES.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let prefix =
        lines().find_map(|line| matches!(line[..], [name, _] if name == service).then(|| line[1].to_owned()))?;
    let method =
        lines().find_map(|line| matches!(line[..], [name, of, _] if name == service && of == action).then(|| line[2]));
    let name = match method {
        Some(method) => method.to_owned(),
        None => action.chars().take(1).flat_map(char::to_uppercase).chain(action.chars().skip(1)).collect(),
    };
    Some(vec![format!("{prefix}:{name}")])
}

/// The group of an action's statements: its prefix in letters, `SdkCognitoIdp`.
fn group(action: &str) -> String {
    let prefix = action.split(':').next().unwrap_or_default();
    let words = prefix.split(|letter: char| !letter.is_ascii_alphanumeric());
    let capital =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    format!("Sdk{}", words.map(capital).collect::<String>())
}

/// The resources that the parameters name.
fn resources(needs: &mut Needs, at: &StateAt, service: &str, action: &str) -> Vec<String> {
    match service {
        "s3" => s3(needs, at, action),
        "sqs" if at.parameter("QueueUrl") != Given::Absent => vec![messages::queue(needs, at)],
        "dynamodb" => dynamodb(needs, at),
        "lambda" if at.parameter("FunctionName") != Given::Absent => {
            let function = needs.named(at.name, "FunctionName", at.parameter("FunctionName"), |needs, name| {
                needs.arn("lambda", Scope::Regional, &format!("function:{name}"))
            });
            vec![function]
        }
        "ssm" if at.parameter("Name") != Given::Absent && action.ends_with("Parameter") => {
            let parameter = needs.named(at.name, "Name", at.parameter("Name"), |needs, name| {
                needs.arn("ssm", Scope::Regional, &format!("parameter/{}", name.trim_start_matches('/')))
            });
            vec![parameter]
        }
        "secretsmanager" if at.parameter("SecretId") != Given::Absent => {
            // Secrets Manager puts a hyphen and six letters behind a name.
            let secret = needs.named(at.name, "SecretId", at.parameter("SecretId"), |needs, name| {
                needs.arn("secretsmanager", Scope::Regional, &format!("secret:{name}-??????"))
            });
            vec![secret]
        }
        _ => vec![by_arn(needs, at, service)],
    }
}

/// The resource of the one parameter that is an ARN, such as `StateMachineArn`.
fn by_arn(needs: &mut Needs, at: &StateAt, service: &str) -> String {
    let named: Vec<&str> = match at.parameters() {
        Given::Fixed(Value::Object(parameters)) => {
            let arns = parameters.iter().filter(|(name, _)| name.ends_with("Arn") && !name.contains("Role"));
            arns.filter_map(|(_, value)| value.as_str().filter(|text| text.starts_with("arn:") && !text.contains("${")))
                .collect()
        }
        _ => Vec::new(),
    };
    let prefix = names(service, "a").and_then(|names| names[0].split(':').next().map(str::to_owned));
    let own = |arn: &&&str| arn.split(':').nth(2) == prefix.as_deref();
    match named.iter().find(own) {
        Some(arn) if named.len() == 1 => (**arn).to_owned(),
        _ => {
            needs.note(
                Some(at.name),
                format!("Which resources {service} acts on is not told by the definition in a form that is known: any resource is allowed."),
            );
            "*".to_owned()
        }
    }
}

/// Actions of S3 are about all buckets, a bucket, or an object in it.
fn s3(needs: &mut Needs, at: &StateAt, action: &str) -> Vec<String> {
    let bucket = match at.parameter("Bucket") {
        Given::Absent => return vec!["*".to_owned()],
        given => needs.named(at.name, "Bucket", given, |needs, name| needs.arn("s3", Scope::Bare, name)),
    };
    if at.parameter("Key") == Given::Absent && action != "deleteObjects" {
        return vec![bucket];
    }
    let object = match at.parameter("Key") {
        _ if bucket == "*" => "*".to_owned(),
        Given::Fixed(Value::String(key)) if !key.contains(['*', '?']) => format!("{bucket}/{key}"),
        _ => {
            needs.note(Some(at.name), "The key is computed: any object of the bucket is allowed.");
            format!("{bucket}/*")
        }
    };
    let source = at.parameter("CopySource");
    let source = match source.text() {
        Some(text) => {
            Some(needs.arn("s3", Scope::Bare, text.trim_start_matches('/').split('?').next().unwrap_or_default()))
        }
        None if source == Given::Absent => None,
        None => Some(needs.any(at.name, "CopySource", source)),
    };
    std::iter::once(object).chain(source).collect()
}

/// A table, the index of a query, or the tables of a batch.
fn dynamodb(needs: &mut Needs, at: &StateAt) -> Vec<String> {
    if let Given::Fixed(Value::Object(tables)) = at.parameter("RequestItems") {
        let names = tables.keys().filter(|name| !name.contains(['*', '?', '$']));
        return names
            .map(|name| {
                if name.starts_with("arn:") {
                    name.clone()
                } else {
                    needs.arn("dynamodb", Scope::Regional, &format!("table/{name}"))
                }
            })
            .collect();
    }
    if at.parameter("TableName") == Given::Absent {
        return vec![needs.any(at.name, "TableName", Given::Absent)];
    }
    let table = data::table(needs, at);
    match at.parameter("IndexName") {
        Given::Absent => vec![table],
        _ if table == "*" => vec![table],
        Given::Fixed(Value::String(index)) => vec![format!("{table}/index/{index}")],
        _ => {
            needs.note(Some(at.name), "IndexName is computed: every index of the table is allowed.");
            vec![table.clone(), format!("{table}/index/*")]
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn actions_have_the_names_of_iam() {
        for (service, action, expected) in [
            ("s3", "listBuckets", "s3:ListAllMyBuckets"),
            ("s3", "listObjectsV2", "s3:ListBucket"),
            ("s3", "getObject", "s3:GetObject"),
            ("lambda", "invoke", "lambda:InvokeFunction"),
            ("lambda", "getFunction", "lambda:GetFunction"),
            ("cloudwatchlogs", "putLogEvents", "logs:PutLogEvents"),
            ("cloudwatch", "putMetricData", "cloudwatch:PutMetricData"),
            ("sfn", "startSyncExecution", "states:StartSyncExecution"),
            ("eventbridge", "putEvents", "events:PutEvents"),
            ("cognitoidentityprovider", "adminGetUser", "cognito-idp:AdminGetUser"),
            ("databasemigration", "startReplicationTask", "dms:StartReplicationTask"),
            ("emr", "runJobFlow", "elasticmapreduce:RunJobFlow"),
            ("efs", "describeFileSystems", "elasticfilesystem:DescribeFileSystems"),
            ("sesv2", "sendEmail", "ses:SendEmail"),
            ("apigateway", "getRestApis", "apigateway:GET"),
            ("apigatewayv2", "updateApi", "apigateway:PATCH"),
            ("rds", "createDBInstance", "rds:CreateDBInstance"),
            ("costexplorer", "getCostAndUsage", "ce:GetCostAndUsage"),
            ("dynamodb", "transactGetItems", "dynamodb:GetItem"),
        ] {
            assert_eq!(names(service, action).unwrap(), [expected], "{service}:{action}");
        }
        assert_eq!(names("nosuch", "a"), None);
    }

    #[test]
    fn the_exceptions_are_in_services_that_are_known() {
        for (service, ..) in EXCEPTIONS {
            assert!(names(service, "a").is_some(), "{service}");
        }
    }

    #[test]
    fn a_group_is_letters_alone() {
        assert_eq!(group("cognito-idp:AdminGetUser"), "SdkCognitoIdp");
        assert_eq!(group("s3:GetObject"), "SdkS3");
    }
}
