#![allow(clippy::unwrap_used, reason = "a failed read is a failed test")]

use indexmap::IndexMap;

use crate::{Environment, Nothing, Policy, Template};

fn read(resources: &str) -> Template {
    let text = format!("Transform: AWS::Serverless-2016-10-31\n{resources}");
    Template::read(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

/// The errors of a template and then of the judgement before anything is made.
fn errors(resources: &str) -> Vec<String> {
    let text = format!("Transform: AWS::Serverless-2016-10-31\n{resources}");
    let errors = match Template::read(&text) {
        Err(errors) => errors,
        Ok(template) => {
            let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
            let scope = template.scope(environment, &IndexMap::new(), &Nothing).unwrap();
            template.check(&scope, &Nothing)
        }
    };
    errors.iter().map(ToString::to_string).collect()
}

fn kinds(template: &Template) -> Vec<(&str, &str)> {
    template.resources.iter().map(|(name, resource)| (name.as_str(), resource.kind.as_str())).collect()
}

fn property(template: &Template, resource: &str, name: &str) -> String {
    template.resources[resource].properties.get(name).map_or_else(|| "nothing".to_owned(), crate::Value::json)
}

#[test]
fn a_function_becomes_a_function_and_its_role() {
    let template = read(
        "
Globals:
  Function: {Runtime: python3.12, Timeout: 5, Tags: {team: shop}, Environment: {Variables: {A: 1}}}
Resources:
  Pay:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://bucket/path/code.zip
      Handler: index.handler
      Timeout: 30
      Tracing: Active
      Environment: {Variables: {B: !Ref AWS::Region}}
      Policies:
        - AWSLambda_ReadOnlyAccess
        - {Version: '2012-10-17', Statement: []}
        - SNSPublishMessagePolicy: {TopicName: !GetAtt Topic.TopicName}
      Events: {Api: {Type: Api}}
  Topic: {Type: 'AWS::SNS::Topic'}
",
    );
    assert_eq!(
        kinds(&template),
        [("PayRole", "AWS::IAM::Role"), ("Pay", "AWS::Lambda::Function"), ("Topic", "AWS::SNS::Topic"),]
    );
    let pay = |name: &str| property(&template, "Pay", name);
    assert_eq!(pay("Code"), r#"{"S3Bucket":"bucket","S3Key":"path/code.zip"}"#);
    assert_eq!(pay("Timeout"), "30");
    assert_eq!(pay("Runtime"), r#""python3.12""#);
    assert_eq!(pay("TracingConfig"), r#"{"Mode":"Active"}"#);
    assert_eq!(pay("Environment"), r#"{"Variables":{"A":1,"B":{"Ref":"AWS::Region"}}}"#);
    assert_eq!(pay("Role"), r#"{"Fn::GetAtt":["PayRole","Arn"]}"#);
    assert_eq!(pay("Tags"), r#"[{"Key":"lambda:createdBy","Value":"SAM"},{"Key":"team","Value":"shop"}]"#);
    let role = |name: &str| property(&template, "PayRole", name);
    assert!(role("AssumeRolePolicyDocument").contains(r#"{"Service":["lambda.amazonaws.com"]}"#));
    let managed = role("ManagedPolicyArns");
    for policy in ["service-role/AWSLambdaBasicExecutionRole", "AWSXRayDaemonWriteAccess", "AWSLambda_ReadOnlyAccess"] {
        assert!(managed.contains(&format!("policy/{policy}")), "{managed}");
    }
    let inline = role("Policies");
    assert!(inline.contains(r#""PolicyName":"PayRolePolicy2""#) && inline.contains("sns:Publish"), "{inline}");
    assert!(inline.contains(r#"{"TopicName":{"Fn::GetAtt":["Topic","TopicName"]}}"#), "{inline}");
    let notes: Vec<&str> = template.notes.iter().map(|note| note.place.path.as_str()).collect();
    assert_eq!(notes, ["Resources.Pay.Properties.Events"]);
    let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
    let scope = template.scope(environment, &IndexMap::new(), &Nothing).unwrap();
    assert_eq!(template.check(&scope, &Nothing), []);
}

#[test]
fn a_state_machine_becomes_one_with_its_role_version_and_alias() {
    let text = "
Resources:
  Order:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: order
      Type: EXPRESS
      DefinitionUri: machines/order.asl.yaml
      DefinitionSubstitutions: {Topic: !Ref Topic}
      Logging: {Level: ALL}
      Tracing: {Enabled: true}
      AutoPublishAlias: live
      Policies: {LambdaInvokePolicy: {FunctionName: pay}}
  Topic: {Type: 'AWS::SNS::Topic'}
Outputs: {Alias: {Value: !Ref Order.Alias}, Text: {Value: !Sub '${Order.Version}'}}
";
    let template = read(text);
    let version = template.resources.keys().find(|name| name.starts_with("OrderVersion")).unwrap().clone();
    assert_eq!(
        kinds(&template),
        [
            ("OrderRole", "AWS::IAM::Role"),
            (&*version, "AWS::StepFunctions::StateMachineVersion"),
            ("OrderAliaslive", "AWS::StepFunctions::StateMachineAlias"),
            ("Order", "AWS::StepFunctions::StateMachine"),
            ("Topic", "AWS::SNS::Topic"),
        ]
    );
    let order = |name: &str| property(&template, "Order", name);
    assert_eq!(order("StateMachineName"), r#""order""#);
    assert_eq!(order("StateMachineType"), r#""EXPRESS""#);
    assert_eq!(order("DefinitionS3Location"), r#""machines/order.asl.yaml""#);
    assert_eq!(order("LoggingConfiguration"), r#"{"Level":"ALL"}"#);
    assert_eq!(order("TracingConfiguration"), r#"{"Enabled":true}"#);
    assert_eq!(order("RoleArn"), r#"{"Fn::GetAtt":["OrderRole","Arn"]}"#);
    assert!(property(&template, "OrderRole", "AssumeRolePolicyDocument").contains("states.amazonaws.com"));
    assert!(property(&template, "OrderRole", "Policies").contains("lambda:InvokeFunction"));
    assert_eq!(template.resources[&version].deletion_policy, Policy::Retain);
    assert_eq!(template.outputs["Alias"].value.json(), r#"{"Ref":"OrderAliaslive"}"#);
    assert_eq!(template.outputs["Text"].value.json(), format!(r#"{{"Fn::Sub":"${{{version}}}"}}"#));
    let changed = read(&text.replace("Level: ALL", "Level: ERROR"));
    assert!(!changed.resources.contains_key(&version), "a change makes a new version");
}

#[test]
fn a_role_that_is_given_is_used() {
    let template = read(
        "
Resources:
  Order:
    Type: AWS::Serverless::StateMachine
    Properties: {Role: 'arn:aws:iam::1:role/r', Definition: {StartAt: A}, Policies: [X], Tags: {a: b}}
  Table: {Type: 'AWS::Serverless::SimpleTable', Properties: {PrimaryKey: {Name: order, Type: Number}}}
  Plain: {Type: 'AWS::Serverless::SimpleTable'}
",
    );
    assert_eq!(
        kinds(&template),
        [
            ("Order", "AWS::StepFunctions::StateMachine"),
            ("Table", "AWS::DynamoDB::Table"),
            ("Plain", "AWS::DynamoDB::Table"),
        ]
    );
    assert_eq!(property(&template, "Order", "RoleArn"), r#""arn:aws:iam::1:role/r""#);
    let table = property(&template, "Table", "AttributeDefinitions");
    assert_eq!(table, r#"[{"AttributeName":"order","AttributeType":"N"}]"#);
    assert_eq!(property(&template, "Plain", "KeySchema"), r#"[{"AttributeName":"id","KeyType":"HASH"}]"#);
    assert_eq!(property(&template, "Plain", "BillingMode"), r#""PAY_PER_REQUEST""#);
}

#[test]
fn what_is_not_known_is_refused_or_noted_by_name() {
    let of = |properties: &str| {
        errors(&format!("Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties: {properties}\n"))
    };
    assert_eq!(
        of("{Definition: {}, DefinitionURI: x}"),
        ["the type `AWS::Serverless` has no property `DefinitionURI`: did you mean `Definition`? \
         (Resources.M.Properties.DefinitionURI, line 5, column 49)",]
    );
    assert_eq!(of("{}"), ["one of Definition and DefinitionUri is needed (Resources.M.Properties, line 3, column 3)",]);
    assert_eq!(
        of("{Definition: {}, DefinitionUri: x}"),
        [
            "Definition and DefinitionUri exclude each other: keep one (Resources.M.Properties.DefinitionUri, line 5, column 49)",
        ]
    );
    assert_eq!(
        of("{Definition: {}, AutoPublishAlias: !Ref X}"),
        [
            "expected the alias's name as a text, found an object (Resources.M.Properties.AutoPublishAlias, line 5, column 57)",
        ]
    );
    assert_eq!(
        errors("Resources: {A: {Type: 'AWS::Serverless::Api'}}\n"),
        [
            "resources of the type `AWS::Serverless::Api` are not supported: remove the resource, or deploy this template with \
         AWS (Resources.A, line 2, column 13)",
        ]
    );
    assert_eq!(
        errors("Globals: {Functions: {}}\nResources: {A: {Type: 'AWS::SNS::Topic'}}\n"),
        ["the section `Functions` is not known: did you mean `Function`? (Globals.Functions, line 2, column 11)",]
    );
    let text = "Resources: {A: {Type: 'AWS::Serverless::SimpleTable'}}\n";
    let without = Template::read(text).unwrap_err();
    assert_eq!(
        without[0].to_string(),
        "`Transform: AWS::Serverless-2016-10-31` is missing (Resources.A.Type, line 1, column 13)"
    );
    let noted = read(
        "Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties: {Definition: {}, Policies: [{NoSuchPolicy: {}}]}\n",
    );
    assert_eq!(noted.notes[0].what, "the policy template `NoSuchPolicy` is not known here: the role lacks it");
}
