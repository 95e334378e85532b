#![allow(clippy::unwrap_used, reason = "a failed read is a failed test")]

use indexmap::IndexMap;

use crate::{Environment, Nothing, ParameterType, Policy, Template};

#[track_caller]
fn refused(text: &str, expect: &[&str]) {
    let errors: Vec<String> = match Template::read(text) {
        Ok(template) => {
            let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
            let scope = template.scope(environment, &IndexMap::new(), &Nothing).unwrap();
            template.check(&scope, &Nothing).iter().map(ToString::to_string).collect()
        }
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(errors, expect, "{text}");
}

#[test]
fn json_and_yaml_say_the_same() {
    let yaml = Template::read(
        "
Description: A queue
Resources:
  Queue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    DependsOn: Topic
    Properties: {QueueName: !Sub '${AWS::StackName}-q', DelaySeconds: 5}
  Topic: {Type: 'AWS::SNS::Topic', Metadata: {a: 1}}
Outputs:
  Url: {Value: !Ref Queue, Export: {Name: Url}}
",
    );
    let json = Template::read(
        r#"{"Description": "A queue", "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain",
            "DependsOn": ["Topic"], "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-q"}, "DelaySeconds": 5}},
            "Topic": {"Type": "AWS::SNS::Topic", "Metadata": {"a": 1}}},
            "Outputs": {"Url": {"Value": {"Ref": "Queue"}, "Export": {"Name": "Url"}}}}"#,
    );
    let (yaml, json) = (yaml.unwrap(), json.unwrap());
    assert_eq!(yaml.resources["Queue"].properties, json.resources["Queue"].properties);
    assert_eq!(yaml.outputs["Url"].value, json.outputs["Url"].value);
    for template in [&yaml, &json] {
        let queue = &template.resources["Queue"];
        assert_eq!(queue.depends_on, ["Topic"]);
        assert_eq!((queue.deletion_policy, queue.update_replace_policy), (Policy::Retain, Policy::Delete));
    }
    let braces =
        Template::read("{Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref 'AWS::Region'}}}}");
    assert_eq!(braces.unwrap().resources.len(), 1);
}

#[test]
fn parameter_types_are_known() {
    let kind = |name: &str| {
        let text = format!("Parameters: {{P: {{Type: '{name}'}}}}\nResources: {{T: {{Type: 'AWS::SNS::Topic'}}}}\n");
        Template::read(&text).map(|template| template.parameters["P"].kind.clone())
    };
    for (name, expect) in [
        ("String", ParameterType::String),
        ("Number", ParameterType::Number),
        ("List<Number>", ParameterType::Numbers),
        ("CommaDelimitedList", ParameterType::Strings),
        ("List<AWS::EC2::Subnet::Id>", ParameterType::Strings),
        ("AWS::SSM::Parameter::Name", ParameterType::SsmName),
        ("AWS::SSM::Parameter::Value<String>", ParameterType::SsmValue { list: false }),
        ("AWS::SSM::Parameter::Value<List<String>>", ParameterType::SsmValue { list: true }),
        ("AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", ParameterType::SsmValue { list: false }),
        ("AWS::EC2::VPC::Id", ParameterType::Aws("AWS::EC2::VPC::Id".to_owned())),
    ] {
        assert_eq!(kind(name), Ok(expect), "{name}");
    }
    assert!(kind("Boolean").is_err());
}

#[test]
fn wrong_shapes_are_refused_with_their_places() {
    refused("a: [1\n", &["this is not YAML: while parsing a flow sequence, expected ',' or ']' (line 2, column 1)"]);
    refused("{\"Resources\": {", &["this is not JSON: the text ends too early (line 1, column 16)"]);
    refused("- a\n", &["a template is an object with `Resources`: this is a list (line 1, column 1)"]);
    refused("Resources: {}\n", &["the template has no resources (Resources, line 1, column 1)"]);
    refused(
        "Resources:\n  My-Queue: {Type: 'AWS::SQS::Queue'}\n",
        &["`My-Queue` is no logical ID: letters and digits only, at most 255 (Resources.My-Queue, line 2, column 3)"],
    );
    refused(
        "Resource: {}\nResources:\n  Q: {Type: 'AWS::SQS::Queue', DependOn: A, Properties: [1]}\n  R: {}\n",
        &[
            "the section `Resource` is not known: did you mean `Resources`? (Resource, line 1, column 1)",
            "the section `DependOn` is not known: did you mean `DependsOn`? (Resources.Q.DependOn, line 3, column 32)",
            "expected an object, found a list (Resources.Q.Properties, line 3, column 57)",
            "`Type` is missing (Resources.R, line 4, column 3)",
        ],
    );
    refused(
        "Resources:\n  Q: {Type: 'AWS::SQS::Queue', DeletionPolicy: Keep, DependsOn: {a: 1}}\nOutputs: {O: {}}\n",
        &[
            "expected a logical ID or a list of them, found an object (Resources.Q.DependsOn, line 2, column 65)",
            "expected Delete, Retain, RetainExceptOnCreate or Snapshot, found a string (Resources.Q.DeletionPolicy, \
             line 2, column 48)",
            "`Value` is missing (Outputs.O, line 3, column 11)",
        ],
    );
    refused(
        "Parameters:\n  P: {Type: String, NoEcho: maybe, AllowedValues: a, Default: [[b]]}\nResources: {Q: {Type: 'AWS::SQS::Queue'}}\n",
        &[
            "expected a list of strings or numbers, found a list (Parameters.P.Default, line 2, column 63)",
            "expected a list of strings or numbers, found a string (Parameters.P.AllowedValues, line 2, column 51)",
            "expected true or false, found a string (Parameters.P.NoEcho, line 2, column 29)",
        ],
    );
    refused(
        "Transform: MyMacro\nResources: {Q: {Type: 'AWS::SQS::Queue'}}\n",
        &["`Transform MyMacro` is not supported: a macro runs in an AWS account (Transform, line 1, column 12)"],
    );
    refused(
        "Resources:\n  Q: {Type: A}\n  Q: {Type: B}\n",
        &["the key `Q` stands twice, first at line 2: keep one of the two (line 3, column 3)"],
    );
}

#[test]
fn everything_is_judged_before_anything_is_made() {
    refused(
        "
Resources:
  Bucket: {Type: 'AWS::EC2::Instance'}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Condition: Never
    DependsOn: Nobody
    Properties: {RoleARN: a, DefinitionString: !GetAtt Queue.Name}
  Queue: {Type: 'AWS::SQS::Queue'}
Conditions: {Always: !Equals [1, 1]}
",
        &[
            "`Nobody` names no resource of the template (Resources.Machine.DependsOn, line 4, column 3)",
            "`Never` names no condition of the template (Resources.Machine.Condition, line 4, column 3)",
            "resources of the type `AWS::EC2::Instance` are not supported: remove the resource, or deploy this template \
             with AWS (Resources.Bucket, line 3, column 3)",
        ],
    );
    refused(
        "
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties: {RoleARN: a, DefinitionString: !GetAtt Queue.Name}
  Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !GetAtt Topic.TopicName}}
  Topic: {Type: 'AWS::SNS::Topic', DependsOn: [Machine, Queue]}
",
        &[
            "the type `AWS::StepFunctions::StateMachine` has no property `RoleARN`: did you mean `RoleArn`? \
             (Resources.Machine.Properties.RoleARN, line 5, column 27)",
            "the type `AWS::SQS::Queue` has no attribute `Name`: it has Arn, QueueName, QueueUrl \
             (Resources.Machine.Properties.DefinitionString.Fn::GetAtt, line 5, column 56)",
            "the property `RoleArn` of `AWS::StepFunctions::StateMachine` is missing (Resources.Machine.Properties, line 3, \
             column 3)",
            "`Machine` depends on itself: Machine -> Queue -> Topic -> Machine (Resources.Machine, line 3, column 3)",
        ],
    );
}

#[test]
fn resources_come_behind_what_they_need() {
    let template = Template::read(
        "
Parameters: {P: {Type: String, Default: a}}
Conditions: {Never: !Equals [!Ref P, b]}
Resources:
  A: {Type: 'AWS::SNS::Topic', DependsOn: [D, Gone], Properties: {DisplayName: !Sub '${B.TopicName}${P}'}}
  B: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: !If [Never, !Ref A, !Ref C]}}
  C: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: !Sub ['${A}', {A: x}]}}
  D: {Type: 'AWS::SNS::Topic'}
  Gone: {Type: 'AWS::SNS::Topic', Condition: Never}
",
    )
    .unwrap();
    let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
    let scope = template.scope(environment, &IndexMap::new(), &Nothing).unwrap();
    assert_eq!(template.order(&scope).unwrap(), ["C", "B", "D", "A"]);
}

/// Thousands of conditions and of names that hang on each other.
#[test]
fn long_chains_are_judged() {
    let condition = |index: usize| format!("  C{index}: {{Condition: C{}}}\n", index + 1);
    let conditions: String = (0..5_000).map(condition).collect();
    let queue = |index: usize| {
        let next = index + 1;
        format!("  Q{index}: {{Type: 'AWS::SQS::Queue', Properties: {{QueueName: !GetAtt Q{next}.QueueName}}}}\n")
    };
    let queues: String = (0..1_000).map(queue).collect();
    let text = format!(
        "Conditions:\n{conditions}  C5000: !Equals [1, 1]\nResources:\n{queues}  Q1000: {{Type: 'AWS::SQS::Queue'}}\n"
    );
    let template = Template::read(&text).unwrap();
    let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
    let scope = template.scope(environment, &IndexMap::new(), &Nothing).unwrap();
    assert!(scope.conditions["C0"] && scope.conditions["C5000"]);
    assert!(template.check(&scope, &Nothing).is_empty());
}

/// Thousands of resources in a chain, in every direction.
#[test]
fn long_chains_are_ordered() {
    let resource = |index: usize| {
        let needs = if index == 0 { String::new() } else { format!(", DependsOn: R{}", index - 1) };
        format!("  R{index}: {{Type: 'AWS::SNS::Topic'{needs}}}\n")
    };
    let forwards: String = (0..3_000).map(resource).collect();
    let backwards: String = (0..3_000).rev().map(resource).collect();
    for resources in [forwards, backwards] {
        let template = Template::read(&format!("Resources:\n{resources}")).unwrap();
        let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
        let scope = template.scope(environment, &IndexMap::new(), &Nothing).unwrap();
        let order = template.order(&scope).unwrap();
        assert!(order.iter().enumerate().all(|(index, name)| *name == format!("R{index}")));
    }
}
