//! CloudFormation: stacks are made, changed, rolled back and deleted, and survive the end of the engine.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use countersign_local::host::AccountRegion;
use countersign_local::stacks;
use countersign_local::stacks::model::Stack;
use serde_json::{Value, json};

use crate::clients::{query, within};
use crate::engine::Engine;

const TRUST: &str =
    r#"{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"states.amazonaws.com"}}]}"#;

fn coded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// One call: its answer, or its error's code and message.
pub async fn call(engine: &Engine, action: &str, fields: &[(&str, &str)]) -> Result<String, (String, String)> {
    let fields: String = fields.iter().map(|(name, value)| format!("&{name}={}", coded(value))).collect();
    let form = format!("Action={action}&Version=2010-05-15{fields}");
    let (status, body) = query(engine, "cloudformation", "us-east-1", &form).await;
    match status {
        StatusCode::OK => Ok(body),
        _ => Err((within(&body, "Code").to_owned(), within(&body, "Message").replace("&apos;", "'"))),
    }
}

pub async fn stack(engine: &Engine, name: &str) -> Stack {
    let place = AccountRegion { region: "us-east-1".to_owned(), account: "000000000000".to_owned() };
    stacks::find(&engine.host, &place, name).await.unwrap()
}

/// Waits until nothing is under way in a stack; its status then.
pub async fn settled(engine: &Engine, name: &str) -> &'static str {
    loop {
        let stack = stack(engine, name).await;
        if stack.operation.is_none() {
            return stack.status.name();
        }
        tokio::task::yield_now().await;
    }
}

pub async fn deploy(
    engine: &Engine,
    action: &str,
    name: &str,
    template: &Value,
) -> Result<&'static str, (String, String)> {
    let body = template.to_string();
    let fields = [("StackName", name), ("TemplateBody", &*body), ("Capabilities.member.1", "CAPABILITY_NAMED_IAM")];
    let answer = call(engine, action, &fields).await?;
    Ok(settled(engine, within(&answer, "StackId")).await)
}

fn machine(definition: &Value) -> Value {
    json!({ "Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "StateMachineName": "shop", "RoleArn": { "Fn::GetAtt": ["Role", "Arn"] }, "DefinitionString": definition,
        "DefinitionSubstitutions": { "Queue": { "Fn::GetAtt": ["Queue", "Arn"] } } } })
}

/// A role, a queue, a parameter and a state machine that names them.
pub fn shop(comment: &str) -> Value {
    let definition = json!({ "Comment": format!("{comment} ${{Queue}}"), "StartAt": "S",
                             "States": { "S": { "Type": "Pass", "End": true } } });
    json!({
        "Resources": {
            "Machine": machine(&json!(definition.to_string())),
            "Role": { "Type": "AWS::IAM::Role", "Properties": {
                "AssumeRolePolicyDocument": serde_json::from_str::<Value>(TRUST).unwrap() } },
            "Queue": { "Type": "AWS::SQS::Queue" },
            "Parameter": { "Type": "AWS::SSM::Parameter", "Properties": {
                "Name": "/shop/machine", "Type": "String", "Value": { "Ref": "Machine" } } },
        },
        "Outputs": { "Machine": { "Value": { "Ref": "Machine" }, "Export": { "Name": "shop-machine" } } },
    })
}

pub const SHOP: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:shop";

async fn comment(engine: &Engine) -> Option<String> {
    let (status, answer) =
        engine.ask("AWSStepFunctions.DescribeStateMachine", &json!({ "stateMachineArn": SHOP })).await;
    let definition: Value = serde_json::from_str(answer["definition"].as_str()?).unwrap();
    (status == StatusCode::OK).then(|| definition["Comment"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_stack_is_made_changed_and_deleted() {
    let engine = Engine::new("stack").await;
    assert_eq!(deploy(&engine, "CreateStack", "Shop", &shop("first")).await.unwrap(), "CREATE_COMPLETE");
    let made = comment(&engine).await.unwrap();
    assert!(made.starts_with("first arn:aws:sqs:us-east-1:000000000000:Shop-Queue-"), "{made}");
    for (action, fields) in [
        ("ListStacks", vec![("NextToken", "mine")]),
        ("ListStackResources", vec![("StackName", "Shop"), ("NextToken", "mine")]),
        ("DescribeStackEvents", vec![("StackName", "Shop"), ("NextToken", "")]),
    ] {
        assert_eq!(call(&engine, action, &fields).await.unwrap_err().0, "ValidationError", "{action}");
    }
    let engine = engine.restart_after(1_000).await;
    let described = call(&engine, "DescribeStacks", &[("StackName", "Shop")]).await.unwrap();
    assert_eq!((within(&described, "OutputValue"), within(&described, "ExportName")), (SHOP, "shop-machine"));

    let again = deploy(&engine, "UpdateStack", "Shop", &shop("first")).await.unwrap_err();
    assert_eq!(again, ("ValidationError".to_owned(), "No updates are to be performed.".to_owned()));
    let execution = engine.start(SHOP, "before").await;
    assert_eq!(deploy(&engine, "UpdateStack", "Shop", &shop("second")).await.unwrap(), "UPDATE_COMPLETE");
    assert!(comment(&engine).await.unwrap().starts_with("second "));
    assert!(engine.ended(&execution).await.output.is_some());
    let events = call(&engine, "DescribeStackEvents", &[("StackName", "Shop")]).await.unwrap();
    assert_eq!(within(&events, "ResourceStatus"), "UPDATE_COMPLETE", "the newest comes first");
    assert_eq!(events.matches("<LogicalResourceId>Queue<").count(), 2, "an unchanged resource is left alone");

    // One resource less, and another kind of value for a name: a new parameter comes before the old one goes.
    let mut less = shop("second");
    less["Resources"].as_object_mut().unwrap().remove("Queue");
    less["Resources"]["Machine"]["Properties"].as_object_mut().unwrap().remove("DefinitionSubstitutions");
    less["Resources"]["Parameter"]["Properties"]["Name"] = json!("/shop/renamed");
    assert_eq!(deploy(&engine, "UpdateStack", "Shop", &less).await.unwrap(), "UPDATE_COMPLETE");
    let get = async |name: &str| engine.ask("AmazonSSM.GetParameter", &json!({ "Name": name })).await.0;
    assert_eq!((get("/shop/renamed").await, get("/shop/machine").await), (StatusCode::OK, StatusCode::BAD_REQUEST));
    assert!(engine.host.queues.arns().is_empty());

    let arn = stack(&engine, "Shop").await.arn;
    call(&engine, "DeleteStack", &[("StackName", "Shop")]).await.unwrap();
    assert_eq!(settled(&engine, &arn).await, "DELETE_COMPLETE");
    assert_eq!((comment(&engine).await, get("/shop/renamed").await), (None, StatusCode::BAD_REQUEST));
    let gone = call(&engine, "DescribeStacks", &[("StackName", "Shop")]).await.unwrap_err();
    assert_eq!(gone, ("ValidationError".to_owned(), "Stack with id Shop does not exist".to_owned()));
    engine.remove().await;
}

#[tokio::test]
async fn what_fails_is_rolled_back_and_says_why() {
    let engine = Engine::new("stack-failures").await;
    let mut wrong = shop("wrong");
    wrong["Resources"]["Machine"]["Properties"]["DefinitionString"] = json!("{}");
    let status = deploy(&engine, "CreateStack", "Shop", &wrong).await.unwrap();
    assert_eq!(status, "ROLLBACK_COMPLETE");
    let events = call(&engine, "DescribeStackEvents", &[("StackName", "Shop")]).await.unwrap();
    assert!(events.contains("(InvalidDefinition)"), "{events}");
    assert!(stack(&engine, "Shop").await.resources.is_empty());
    assert!(engine.host.queues.arns().is_empty());
    let again = deploy(&engine, "UpdateStack", "Shop", &shop("x")).await.unwrap_err();
    assert!(again.1.contains("ROLLBACK_COMPLETE state and can not be updated"), "{}", again.1);
    let arn = stack(&engine, "Shop").await.arn;
    call(&engine, "DeleteStack", &[("StackName", "Shop")]).await.unwrap();
    assert_eq!(settled(&engine, &arn).await, "DELETE_COMPLETE");

    assert_eq!(deploy(&engine, "CreateStack", "Shop", &shop("right")).await.unwrap(), "CREATE_COMPLETE");
    let before = comment(&engine).await;
    let mut wrong = shop("wrong");
    // The machine is changed and a queue is made before the parameter cannot be made.
    wrong["Resources"]["More"] = json!({ "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "more" } });
    wrong["Resources"]["Last"] = json!({ "Type": "AWS::SSM::Parameter", "DependsOn": ["More", "Machine"],
        "Properties": { "Type": "String", "Value": "x", "Name": "/aws/reserved" } });
    assert_eq!(deploy(&engine, "UpdateStack", "Shop", &wrong).await.unwrap(), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(comment(&engine).await, before);
    assert_eq!(engine.host.queues.arns().len(), 1, "the queue that was made is gone");
    assert_eq!(deploy(&engine, "UpdateStack", "Shop", &shop("next")).await.unwrap(), "UPDATE_COMPLETE");
    engine.remove().await;
}

#[tokio::test]
async fn what_is_somebody_else_s_is_left_alone() {
    let engine = Engine::new("stack-foreign").await;
    engine
        .machine(
            "shop",
            json!({ "Comment": "theirs", "StartAt": "S", "States": { "S": { "Type": "Pass", "End": true } } }),
        )
        .await;
    assert_eq!(deploy(&engine, "CreateStack", "Shop", &shop("ours")).await.unwrap(), "ROLLBACK_COMPLETE");
    assert_eq!(comment(&engine).await.unwrap(), "theirs");
    engine.remove().await;
}

#[tokio::test]
async fn an_interrupted_change_is_rolled_back_at_the_next_start() {
    let engine = Engine::new("stack-interrupted").await;
    assert_eq!(deploy(&engine, "CreateStack", "Shop", &shop("first")).await.unwrap(), "CREATE_COMPLETE");
    // As it is stored in the middle of an update: the machine has been changed, and the end has not been reached.
    let kept = stack(&engine, "Shop").await;
    assert_eq!(deploy(&engine, "UpdateStack", "Shop", &shop("second")).await.unwrap(), "UPDATE_COMPLETE");
    let mut half = stack(&engine, "Shop").await;
    let change = json!({ "Change": {
        "source": half.source, "before": kept.source, "outputs_before": kept.outputs, "imports_before": [],
        "is_update": true, "phase": "Forward", "unwanted": [],
        "steps": [{ "Changed": { "logical": "Machine", "before": kept.resources["Machine"] } }],
        "keeps_failures": false, "deletes_failure": false, "why": null,
    } });
    half.operation = Some(serde_json::from_value(change).unwrap());
    half.status = stacks::model::Status::UpdateInProgress;
    half.keep(&engine.host).await.unwrap();
    let engine = engine.restart_after(1_000).await;
    assert_eq!(settled(&engine, "Shop").await, "UPDATE_ROLLBACK_COMPLETE");
    assert!(comment(&engine).await.unwrap().starts_with("first "));
    let described = call(&engine, "DescribeStackEvents", &[("StackName", "Shop")]).await.unwrap();
    assert!(described.contains("The engine ended during the operation."), "{described}");
    engine.remove().await;
}

#[tokio::test]
async fn a_change_set_is_kept_until_it_is_executed_or_deleted() {
    let engine = Engine::new("change-sets").await;
    let body = shop("first").to_string();
    let fields = |name: &'static str, kind: &'static str, body: &str| -> BTreeMap<String, String> {
        [
            ("StackName", "Shop"),
            ("ChangeSetName", name),
            ("ChangeSetType", kind),
            ("TemplateBody", body),
            ("Capabilities.member.1", "CAPABILITY_IAM"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    };
    let create = async |fields: BTreeMap<String, String>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        call(&engine, "CreateChangeSet", &fields).await
    };
    let set = |name: &'static str| [("StackName", "Shop"), ("ChangeSetName", name)];
    create(fields("one", "CREATE", &body)).await.unwrap();
    assert_eq!(stack(&engine, "Shop").await.status.name(), "REVIEW_IN_PROGRESS");
    let described = call(&engine, "DescribeChangeSet", &set("one")).await.unwrap();
    assert_eq!(within(&described, "ExecutionStatus"), "AVAILABLE");
    assert_eq!(described.matches("<Action>Add<").count(), 4);
    call(&engine, "ExecuteChangeSet", &set("one")).await.unwrap();
    assert_eq!(settled(&engine, "Shop").await, "CREATE_COMPLETE");
    let again = call(&engine, "ExecuteChangeSet", &set("one")).await.unwrap_err();
    assert_eq!(again.0, "InvalidChangeSetStatus");

    create(fields("same", "UPDATE", &body)).await.unwrap();
    let described = call(&engine, "DescribeChangeSet", &set("same")).await.unwrap();
    assert_eq!((within(&described, "Status"), within(&described, "ExecutionStatus")), ("FAILED", "UNAVAILABLE"));
    assert_eq!(
        within(&described, "StatusReason"),
        "The submitted information didn't contain changes. Submit different information to create a change set."
    );
    create(fields("changed", "UPDATE", &shop("second").to_string())).await.unwrap();
    let described = call(&engine, "DescribeChangeSet", &set("changed")).await.unwrap();
    assert_eq!((within(&described, "Action"), within(&described, "Replacement")), ("Modify", "False"));
    assert_eq!(within(&described, "Name"), "DefinitionString");
    call(&engine, "DeleteChangeSet", &set("changed")).await.unwrap();
    let gone = call(&engine, "DescribeChangeSet", &set("changed")).await.unwrap_err();
    assert_eq!(gone, ("ChangeSetNotFound".to_owned(), "ChangeSet [changed] does not exist".to_owned()));
    engine.remove().await;
}

#[tokio::test]
async fn a_template_that_cannot_be_made_is_refused_before_anything_is_made() {
    let engine = Engine::new("stack-refusals").await;
    let with = |name: &str, resource: Value| {
        let mut template = shop("x");
        template["Resources"][name] = resource;
        template
    };
    for (template, why) in [
        (json!({ "Resources": {} }), "no resources"),
        (with("Net", json!({ "Type": "AWS::EC2::VPC" })), "Unrecognized resource types: [AWS::EC2::VPC]"),
        (with("Own", json!({ "Type": "Custom::Thing" })), "Custom::Thing"),
        (with("Q2", json!({ "Type": "AWS::SQS::Queue", "Properties": { "Nmae": "x" } })), "Nmae"),
        (with("Q2", json!({ "Type": "AWS::SQS::Queue", "DependsOn": "None" })), "None"),
        (
            with("Q2", json!({ "Type": "AWS::SQS::Queue", "Properties": { "QueueName": { "Ref": "Nowhere" } } })),
            "Nowhere",
        ),
        (
            with(
                "Q2",
                json!({ "Type": "AWS::SQS::Queue", "Properties": { "QueueName": { "Fn::ImportValue": "none" } } }),
            ),
            "none",
        ),
    ] {
        let (code, message) = deploy(&engine, "CreateStack", "Shop", &template).await.unwrap_err();
        assert!(code == "ValidationError" && message.contains(why), "{why}: {code}: {message}");
    }
    let body = shop("x").to_string();
    let bare = call(&engine, "CreateStack", &[("StackName", "Shop"), ("TemplateBody", &body)]).await.unwrap_err();
    assert_eq!(
        bare,
        ("InsufficientCapabilitiesException".to_owned(), "Requires capabilities : [CAPABILITY_IAM]".to_owned())
    );
    let url = [("StackName", "Shop"), ("TemplateURL", "https://s3.us-east-1.amazonaws.com/none/t.json")];
    assert!(call(&engine, "CreateStack", &url).await.unwrap_err().1.contains("NoSuchBucket"));
    assert!(engine.host.queues.arns().is_empty());
    engine.remove().await;
}

#[tokio::test]
async fn a_stack_that_others_use_and_a_protected_one_stay() {
    let engine = Engine::new("stack-exports").await;
    deploy(&engine, "CreateStack", "Shop", &shop("x")).await.unwrap();
    let user = json!({ "Resources": { "P": { "Type": "AWS::SSM::Parameter", "Properties": {
        "Name": "/used", "Type": "String", "Value": { "Fn::ImportValue": "shop-machine" } } } } });
    assert_eq!(deploy(&engine, "CreateStack", "User", &user).await.unwrap(), "CREATE_COMPLETE");
    let used = call(&engine, "DeleteStack", &[("StackName", "Shop")]).await.unwrap_err();
    assert_eq!(used.1, "Export shop-machine cannot be deleted as it is in use by User");
    let imports = call(&engine, "ListImports", &[("ExportName", "shop-machine")]).await.unwrap();
    assert_eq!(within(&imports, "member"), "User");
    let protect = [("StackName", "User"), ("EnableTerminationProtection", "true")];
    call(&engine, "UpdateTerminationProtection", &protect).await.unwrap();
    let protected = call(&engine, "DeleteStack", &[("StackName", "User")]).await.unwrap_err();
    assert_eq!(protected.1, "Stack [User] cannot be deleted while TerminationProtection is enabled");
    engine.remove().await;
}

#[tokio::test]
async fn a_resource_is_changed_past_its_stack() {
    let engine = Engine::new("hotswap").await;
    deploy(&engine, "CreateStack", "Shop", &shop("first")).await.unwrap();
    let kind = "AWS::StepFunctions::StateMachine";
    let described = call(&engine, "DescribeType", &[("Type", "RESOURCE"), ("TypeName", kind)]).await.unwrap();
    assert!(within(&described, "Schema").contains("/properties/StateMachineName"), "{described}");
    let definition = r#"{"Comment":"swapped","StartAt":"S","States":{"S":{"Type":"Pass","End":true}}}"#;
    let patch = |path: &str| json!([{ "op": "replace", "path": path, "value": definition }]).to_string();
    let update = |path: &str| json!({ "TypeName": kind, "Identifier": SHOP, "PatchDocument": patch(path) });
    let (status, answer) = engine.ask("CloudApiService.UpdateResource", &update("/DefinitionString")).await;
    assert_eq!((status, &answer["ProgressEvent"]["OperationStatus"]), (StatusCode::OK, &json!("SUCCESS")), "{answer}");
    assert_eq!(comment(&engine).await.unwrap(), "swapped");
    let token = json!({ "RequestToken": answer["ProgressEvent"]["RequestToken"] });
    let (status, _) = engine.ask("CloudApiService.GetResourceRequestStatus", &token).await;
    assert_eq!(status, StatusCode::OK);
    let (_, got) = engine.ask("CloudApiService.GetResource", &json!({ "TypeName": kind, "Identifier": SHOP })).await;
    assert!(got["ResourceDescription"]["Properties"].as_str().unwrap().contains("swapped"), "{got}");
    let (_, fixed) = engine.ask("CloudApiService.UpdateResource", &update("/StateMachineName")).await;
    assert_eq!(fixed["__type"], "NotUpdatableException");
    let nowhere = json!({ "TypeName": "AWS::SQS::Queue", "Identifier": "none", "PatchDocument": "[]" });
    let (_, gone) = engine.ask("CloudApiService.UpdateResource", &nowhere).await;
    assert_eq!(gone["__type"], "ResourceNotFoundException");
    // The stack's next update starts from what it made itself.
    assert_eq!(deploy(&engine, "UpdateStack", "Shop", &shop("second")).await.unwrap(), "UPDATE_COMPLETE");
    assert!(comment(&engine).await.unwrap().starts_with("second "));
    engine.remove().await;
}

/// A resource of every type; `n` changes what can be changed.
fn everything(n: u32) -> Value {
    let trust: Value = serde_json::from_str(TRUST).unwrap();
    let allow = json!({ "Statement": [{ "Effect": "Allow", "Action": format!("a:{n}"), "Resource": "*" }] });
    let definition =
        json!({ "Comment": n.to_string(), "StartAt": "S", "States": { "S": { "Type": "Pass", "End": true } } });
    let code = format!("def handler(event, context):\n    return {n}\n");
    let tags = json!([{ "Key": "n", "Value": n.to_string() }]);
    let arn = |name: &str| json!({ "Fn::GetAtt": [name, "Arn"] });
    let reference = |name: &str| json!({ "Ref": name });
    json!({ "Resources": {
        "Role": { "Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": trust, "Description": n.to_string(), "Tags": tags,
            "Policies": [{ "PolicyName": format!("p{n}"), "PolicyDocument": allow }],
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"] } },
        "Policy": { "Type": "AWS::IAM::Policy", "Properties": {
            "PolicyName": "inline", "PolicyDocument": allow, "Roles": [reference("Role")] } },
        "Managed": { "Type": "AWS::IAM::ManagedPolicy", "Properties": {
            "PolicyDocument": allow, "Roles": [reference("Role")] } },
        "Function": { "Type": "AWS::Lambda::Function", "Properties": {
            "Runtime": "python3.12", "Handler": "index.handler", "Role": arn("Role"), "Code": { "ZipFile": code },
            "Timeout": 10 + n, "Environment": { "Variables": { "TABLE_NAME": reference("Table") } }, "Tags": tags } },
        "Permission": { "Type": "AWS::Lambda::Permission", "Properties": {
            "FunctionName": reference("Function"), "Action": "lambda:InvokeFunction",
            "Principal": format!("s{n}.amazonaws.com") } },
        (format!("Version{n}")): { "Type": "AWS::Lambda::Version", "Properties": { "FunctionName": reference("Function") } },
        "Current": { "Type": "AWS::Lambda::Alias", "Properties": {
            "FunctionName": reference("Function"), "Name": "current",
            "FunctionVersion": { "Fn::GetAtt": [format!("Version{n}"), "Version"] } } },
        "Log": { "Type": "AWS::Logs::LogGroup", "Properties": { "RetentionInDays": if n == 1 { 7 } else { 14 } } },
        "Machine": { "Type": "AWS::StepFunctions::StateMachine", "Properties": {
            "RoleArn": arn("Role"), "Definition": definition, "StateMachineType": "EXPRESS", "Tags": tags,
            "LoggingConfiguration": { "Level": "ALL", "IncludeExecutionData": true,
                "Destinations": [{ "CloudWatchLogsLogGroup": { "LogGroupArn": arn("Log") } }] },
            "TracingConfiguration": { "Enabled": n == 1 } } },
        (format!("Release{n}")): { "Type": "AWS::StepFunctions::StateMachineVersion", "DeletionPolicy": "Retain",
            "Properties": { "StateMachineArn": reference("Machine"),
                            "StateMachineRevisionId": { "Fn::GetAtt": ["Machine", "StateMachineRevisionId"] } } },
        "Live": { "Type": "AWS::StepFunctions::StateMachineAlias", "Properties": {
            "Name": "live", "RoutingConfiguration": [
                { "StateMachineVersionArn": reference(&format!("Release{n}")), "Weight": 100 }] } },
        "Activity": { "Type": "AWS::StepFunctions::Activity", "Properties": { "Name": "work", "Tags": tags } },
        "Topic": { "Type": "AWS::SNS::Topic", "Properties": {
            "Subscription": if n == 1 { json!([{ "Protocol": "sqs", "Endpoint": arn("Queue") }]) } else { json!([]) } } },
        "Queue": { "Type": "AWS::SQS::Queue", "Properties": {
            "VisibilityTimeout": n, "RedrivePolicy": { "maxReceiveCount": n, "deadLetterTargetArn": arn("Dead") } } },
        "Dead": { "Type": "AWS::SQS::Queue", "Properties": { "FifoQueue": false } },
        "Table": { "Type": "AWS::DynamoDB::Table", "Properties": {
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }], "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }], "Tags": tags } },
        "Bucket": { "Type": "AWS::S3::Bucket", "Properties": { "Tags": tags } },
        "BucketPolicy": { "Type": "AWS::S3::BucketPolicy", "Properties": {
            "Bucket": reference("Bucket"), "PolicyDocument": allow } },
        "Images": { "Type": "AWS::ECR::Repository", "Properties": { "RepositoryName": "images", "Tags": tags } },
        "Parameter": { "Type": "AWS::SSM::Parameter", "Properties": {
            "Type": if n == 1 { "String" } else { "StringList" }, "Value": format!("v{n}"), "Tags": { "n": n.to_string() } } },
        "CDKMetadata": { "Type": "AWS::CDK::Metadata", "Properties": { "Analytics": n.to_string() } },
    } })
}

#[tokio::test]
async fn every_type_is_made_changed_and_deleted() {
    let engine = Engine::new("stack-types").await;
    assert_eq!(deploy(&engine, "CreateStack", "All", &everything(1)).await.unwrap(), "CREATE_COMPLETE");
    let first = stack(&engine, "All").await;
    assert!(first.resources.values().all(|one| one.status == "CREATE_COMPLETE"));
    let unchanged = deploy(&engine, "UpdateStack", "All", &everything(1)).await.unwrap_err();
    assert_eq!(unchanged.1, "No updates are to be performed.");

    let status = deploy(&engine, "UpdateStack", "All", &everything(2)).await.unwrap();
    let events = call(&engine, "DescribeStackEvents", &[("StackName", "All")]).await.unwrap();
    assert_eq!(status, "UPDATE_COMPLETE", "{events}");
    let second = stack(&engine, "All").await;
    assert_eq!(first.resources["Machine"].physical, second.resources["Machine"].physical);
    assert_ne!(first.resources["Permission"].physical, second.resources["Permission"].physical);
    let described = json!({ "stateMachineArn": second.resources["Machine"].physical });
    let (_, machine) = engine.ask("AWSStepFunctions.DescribeStateMachine", &described).await;
    assert_eq!((&machine["tracingConfiguration"]["enabled"], &machine["type"]), (&json!(false), &json!("EXPRESS")));
    let key = engine.host.functions.key(&engine.host.place, &second.resources["Function"].physical).unwrap();
    assert_eq!(engine.host.functions.invoke(&key, "{}").await.unwrap(), "2");

    assert_eq!(deploy(&engine, "UpdateStack", "All", &everything(1)).await.unwrap(), "UPDATE_COMPLETE");
    assert_eq!(engine.host.functions.invoke(&key, "{}").await.unwrap(), "1");
    let arn = second.arn;
    call(&engine, "DeleteStack", &[("StackName", "All")]).await.unwrap();
    let status = settled(&engine, &arn).await;
    let events = call(&engine, "DescribeStackEvents", &[("StackName", &arn)]).await.unwrap();
    assert_eq!(status, "DELETE_COMPLETE", "{events}");
    assert!(engine.host.queues.arns().is_empty() && engine.host.topics.arns().is_empty());
    assert!(engine.host.functions.key(&engine.host.place, &key).is_none());
    // The group of the function that was called is not the stack's.
    let own = json!({ "logGroupNamePrefix": "All-" });
    let (_, left) = engine.ask("Logs_20140328.DescribeLogGroups", &own).await;
    assert_eq!(left, json!({ "logGroups": [] }));
    let (_, left) = engine.ask("AmazonSSM.DescribeParameters", &json!({})).await;
    assert_eq!(left, json!({ "Parameters": [] }));
    let (_, left) = engine.ask("AWSStepFunctions.ListActivities", &json!({})).await;
    assert_eq!(left, json!({ "activities": [] }));
    engine.remove().await;
}
