use super::{complete, left, planned, text, waiting};
use crate::workflows::WorkflowKind;

const MANIFEST: &str = r#"{"version": "55.0.0", "artifacts": {
  "assembly-Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod", "displayName": "Prod"}},
  "Shop.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Shop.assets.json"}},
  "Shop": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
    "properties": {"templateFile": "Shop.template.json"}},
  "Empty": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Empty.template.json"}},
  "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}}}"#;

const ASSETS: &str = r#"{"version": "55.0.0", "files": {
  "abc": {"source": {"path": "asset.abc.json", "packaging": "file"}, "destinations": {"current":
    {"bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}", "objectKey": "abc.json"}}},
  "def": {"source": {"path": "Shop.nested.template.json", "packaging": "file"}, "destinations": {"current":
    {"bucketName": "b", "objectKey": "def.json"}}},
  "ghi": {"source": {"executable": ["zip"]}, "destinations": {"current": {"bucketName": "b", "objectKey": "ghi.zip"}}}}}"#;

const TEMPLATE: &str = r#"{"Resources": {
  "Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket": "b", "S3Key": "k"}, "Role": "r"}},
  "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}},
  "Machine": {"Type": "AWS::StepFunctions::StateMachine", "DependsOn": ["Role"], "Properties": {
    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
    "DefinitionS3Location": {"Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "Key": "abc.json"},
    "DefinitionSubstitutions": {"FnArn": {"Fn::GetAtt": ["Fn", "Arn"]}}}},
  "Chain": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"StateMachineType": "EXPRESS",
    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
    "DefinitionString": {"Fn::Join": ["", ["{\"Resource\":\"arn:", {"Ref": "AWS::Partition"}, ":states:::lambda:invoke\",\"F\":\"",
      {"Fn::GetAtt": ["Fn", "Arn"]}, "\"}"]]}}},
  "Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": {"Fn::Join": ["", ["https://s3.",
    {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}, "/b/def.json"]]}}}},
  "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}},
  "Rules": {"CheckBootstrapVersion": {"Assertions": []}}}"#;

const NESTED: &str = r#"{"Parameters": {"Outer": {"Type": "String"}}, "Resources": {"Inner": {"Type": "AWS::StepFunctions::StateMachine",
  "Properties": {"RoleArn": {"Ref": "Outer"}, "DefinitionString": "{}"}}}}"#;

const PROD: &str = r#"{"version": "55.0.0", "artifacts": {"Inner": {"type": "aws:cloudformation:stack",
  "environment": "aws://999999999999/us-east-1", "properties": {"templateFile": "Inner.template.json", "stackName": "Prod-Inner"}}}}"#;

const INNER: &str = r#"{"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
  "RoleArn": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/${AWS::Region}-${AWS::StackName}"}, "DefinitionString": "{}"}}}}"#;

const DEFINITION: &str = r#"{"StartAt": "Work", "Fn": "${FnArn}"}"#;

const FILES: &[(&str, &str)] = &[
    ("cdk.out/manifest.json", MANIFEST),
    ("cdk.out/Shop.assets.json", ASSETS),
    ("cdk.out/Shop.template.json", TEMPLATE),
    ("cdk.out/Shop.nested.template.json", NESTED),
    ("cdk.out/Empty.template.json", "{\"Parameters\": {}}"),
    ("cdk.out/asset.abc.json", DEFINITION),
    ("cdk.out/assembly-Prod/manifest.json", PROD),
    ("cdk.out/assembly-Prod/Inner.template.json", INNER),
];

#[test]
fn an_assembly_says_what_its_stacks_stages_and_nested_stacks_make() {
    let workflows = planned("cdk.out/", FILES).unwrap();
    let found: Vec<(&str, &str)> = workflows
        .iter()
        .map(|workflow| (workflow.stack.as_deref().unwrap_or_default(), workflow.logical_id.as_str()))
        .collect();
    assert_eq!(found, [("Prod-Inner", "M"), ("Shop", "Machine"), ("Shop", "Chain"), ("Shop-Nested", "Inner")]);
    let [prod, machine, chain, nested] = workflows.as_slice() else { panic!("{workflows:?}") };
    assert_eq!(prod.role_arn.as_deref(), Some("arn:aws:iam::999999999999:role/us-east-1-Prod-Inner"));
    assert_eq!(text(machine), r#"{"StartAt": "Work", "Fn": "arn:aws:lambda:eu-west-1:123456789012:function:Shop-Fn"}"#);
    assert_eq!(machine.definition.as_ref().unwrap().file, "cdk.out/asset.abc.json");
    assert_eq!(
        waiting(machine),
        ["RoleArn: Arn of Role is known once it has been made", "FnArn: Arn of Fn is known once it has been made",]
    );
    assert_eq!(chain.kind, WorkflowKind::Express);
    let expect =
        r#"{"Resource":"arn:aws:states:::lambda:invoke","F":"arn:aws:lambda:eu-west-1:123456789012:function:Shop-Fn"}"#;
    assert_eq!(text(chain), expect);
    assert_eq!(waiting(nested), ["RoleArn: the parameter Outer has no value"]);
}

#[test]
fn every_stack_is_named_also_one_without_state_machines() {
    let left = left("cdk.out", FILES);
    assert_eq!(left.stacks, ["Prod-Inner", "Shop", "Shop-Nested", "Empty"]);
    assert!(left.destroyed.is_empty());
    // What cannot be read names none, so that nothing seems to leave it.
    let broken: Vec<(&str, &str)> = FILES.iter().copied().filter(|(name, _)| !name.ends_with("abc.json")).collect();
    assert_eq!(super::left("cdk.out", &broken), super::Leaving::default());
}

#[test]
fn values_are_given_to_stacks_and_not_to_nested_ones() {
    assert!(complete("cdk.out", FILES, &[]).is_ok(), "the stack around a nested one gives its values");
    let errors = complete("cdk.out", FILES, &[("Outer", "arn:role")]).unwrap_err();
    assert_eq!(errors, ["the template has no parameter `Outer` (cdk.out/manifest.json: the whole file)"]);
    assert!(complete("cdk.out", FILES, &[("BootstrapVersion", "/bootstrap")]).is_ok());
}

#[test]
fn a_broken_assembly_is_refused_with_the_file() {
    let without =
        |name: &str| -> Vec<(&str, &str)> { FILES.iter().filter(|(file, _)| *file != name).copied().collect() };
    let errors = planned("cdk.out", &without("cdk.out/asset.abc.json")).unwrap_err();
    assert_eq!(
        errors,
        [
            "the file `cdk.out/asset.abc.json` cannot be read: it does not exist (cdk.out/Shop.template.json: line 4, column 3)",
        ]
    );
    let errors = planned("cdk.out", &without("cdk.out/Shop.template.json")).unwrap_err();
    assert_eq!(
        errors,
        [
            "the file `cdk.out/Shop.template.json` cannot be read: it does not exist (cdk.out/Shop.template.json: the whole file)",
        ]
    );
    let with = |file: &'static str, text: &'static str| {
        let mut files = without(file);
        files.push((file, text));
        planned("cdk.out", &files).unwrap_err()
    };
    assert_eq!(
        with("cdk.out/manifest.json", "{}"),
        [
            "this is no cloud assembly: it has no artifacts; write it with `cdk synth` (cdk.out/manifest.json: the whole file)",
        ]
    );
    let outside = r#"{"artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "../../etc/passwd"}}}}"#;
    assert_eq!(
        with("cdk.out/manifest.json", outside),
        ["this is no cloud assembly: `../../etc/passwd` leads out of its folder; write it with `cdk synth` \
         (cdk.out/manifest.json: the whole file)",]
    );
    let round = r#"{"artifacts": {"S": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}}}"#;
    let files: Vec<(String, &str)> =
        (0..20).map(|depth| (format!("cdk.out/{}manifest.json", "./".repeat(depth)), round)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let errors = planned("cdk.out", &files).unwrap_err();
    assert!(errors[0].contains("stages or stacks nest too deep"), "{errors:?}");
}
