use super::{complete, planned, text, waiting, with};
use crate::Span;
use crate::workflows::{Encryption, Logging, Version, WorkflowKind};

const TEMPLATE: &str = r#"
Parameters:
  Level: {Type: String, Default: ALL}
  Price: {Type: String}
  Endpoint: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/endpoint}
Conditions:
  Never: !Equals [1, 2]
Resources:
  Pay:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: pay, Role: !GetAtt Role.Arn, Code: {ZipFile: x}}
  Ship:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn, Code: {ZipFile: x}}
  Role: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {}}}
  Log: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: /shop/log}}
  Order:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: order
      StateMachineType: EXPRESS
      RoleArn: !GetAtt Role.Arn
      DefinitionString: !Sub '{"StartAt": "Pay", "Pay": "${Pay.Arn}", "Ship": "${Ship.Arn}", "Price": "${!Price}"}'
      DefinitionSubstitutions: {Price: !Ref Price, Endpoint: !Ref Endpoint, Fee: 5, On: true}
      LoggingConfiguration:
        Level: !Ref Level
        IncludeExecutionData: true
        Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: !GetAtt Log.Arn}}]
      TracingConfiguration: {Enabled: true}
      EncryptionConfiguration: {Type: CUSTOMER_MANAGED_KMS_KEY, KmsKeyId: alias/k, KmsDataKeyReusePeriodSeconds: 60}
      Tags: [{Key: team, Value: shop}]
  Version:
    Type: AWS::StepFunctions::StateMachineVersion
    Properties: {StateMachineArn: !Ref Order, Description: first}
  Alias:
    Type: AWS::StepFunctions::StateMachineAlias
    Properties: {Name: live, RoutingConfiguration: [{StateMachineVersionArn: !Ref Version, Weight: 100}]}
  Not: {Type: 'AWS::StepFunctions::StateMachine', Condition: Never, Properties: {}}
  Api: {Type: 'AWS::ApiGateway::RestApi'}
"#;

#[test]
fn a_template_says_what_its_machines_are() {
    let workflows = with("shop/template.yaml", &[("shop/template.yaml", TEMPLATE)], &[("Price", "386.40")]).unwrap();
    let [order] = workflows.as_slice() else { panic!("{workflows:?}") };
    assert_eq!((order.name.as_deref(), order.logical_id.as_str()), (Some("order"), "Order"));
    assert_eq!((order.stack.as_deref(), order.file.as_str()), (Some("Shop"), "shop/template.yaml"));
    assert_eq!(order.kind, WorkflowKind::Express);
    assert_eq!(
        text(order),
        r#"{"StartAt": "Pay", "Pay": "arn:aws:lambda:eu-west-1:123456789012:function:pay", "Ship": "arn:aws:lambda:eu-west-1:123456789012:function:Shop-Ship", "Price": "386.40"}"#
    );
    assert_eq!(order.definition.as_ref().unwrap().substitutions["On"], "true");
    assert_eq!(order.role_arn.as_deref(), Some("arn:aws:iam::123456789012:role/Shop-Role"));
    assert_eq!(
        order.logging,
        Some(Logging {
            level: "ALL".to_owned(),
            include_execution_data: true,
            destinations: vec!["arn:aws:logs:eu-west-1:123456789012:log-group:/shop/log:*".to_owned()],
        })
    );
    assert!(order.tracing);
    let kind = "CUSTOMER_MANAGED_KMS_KEY".to_owned();
    let key = Some("alias/k".to_owned());
    assert_eq!(order.encryption, Some(Encryption { kind, kms_key_id: key, data_key_reuse: Some(60) }));
    assert_eq!(order.tags["team"], "shop");
    assert_eq!(order.aliases, ["live"]);
    assert_eq!(order.version, Some(Version { description: Some("first".to_owned()) }));
    assert_eq!(
        waiting(order),
        [
            "RoleArn: Arn of Role is known once it has been made",
            "DefinitionString: Arn of Ship is known once it has been made",
            "Endpoint: the SSM parameter /shop/endpoint is not known",
        ]
    );
}

#[test]
fn a_plan_is_the_same_each_time_and_says_what_it_waits_for() {
    let once = planned("t.yaml", &[("t.yaml", TEMPLATE)]).unwrap();
    let again = planned("t.yaml", &[("t.yaml", TEMPLATE)]).unwrap();
    assert_eq!(text(&once[0]), text(&again[0]));
    assert_eq!(once[0].unresolved, again[0].unresolved);
    assert!(waiting(&once[0]).contains(&"Price: the parameter Price has no value".to_owned()));
}

#[test]
fn a_parameter_without_a_value_is_an_error_where_the_values_are_complete() {
    let files = [("t.yaml", TEMPLATE)];
    assert_eq!(
        complete("t.yaml", &files, &[]).unwrap_err(),
        ["the parameter `Price` has neither a value nor a default (t.yaml: Parameters.Price, line 4, column 3)"]
    );
    assert!(complete("t.yaml", &files, &[("Price", "5")]).is_ok());
    assert_eq!(
        complete("t.yaml", &files, &[("Price", "5"), ("Prize", "6")]).unwrap_err(),
        ["the template has no parameter `Prize` (t.yaml: the whole file)"]
    );
    assert!(with("t.yaml", &files, &[("Prize", "6")]).is_ok(), "the host of a template says which values there are");
}

const SAM: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Order:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: statemachine/order.asl.yaml
      DefinitionSubstitutions: {PayArn: !GetAtt Pay.Arn}
      AutoPublishAlias: live
  Inline:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition:
        StartAt: A
        States:
          A:
            Type: Pass
            Next: Nowhere
  Pay:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: pay, CodeUri: src/, Handler: a.b, Runtime: python3.12}
";

const ORDER: &str = "StartAt: Pay\nStates:\n  Pay:\n    Type: Task\n    Resource: ${PayArn}\n    End: yes\n";

#[test]
fn sam_reads_the_definition_beside_the_template() {
    let files = [("app/template.yaml", SAM), ("app/statemachine/order.asl.yaml", ORDER)];
    let workflows = planned("app/template.yaml", &files).unwrap();
    let [order, inline] = workflows.as_slice() else { panic!("{workflows:?}") };
    assert!(text(order).contains(r#""Resource": "arn:aws:lambda:eu-west-1:123456789012:function:pay""#));
    assert!(text(order).contains(r#""End": "yes""#), "a definition follows YAML 1.2");
    assert_eq!((order.aliases.as_slice(), order.version.is_some()), (&["live".to_owned()][..], true));
    let definition = order.definition.as_ref().unwrap();
    assert_eq!(definition.file, "app/statemachine/order.asl.yaml");
    let line = definition.written.lines().position(|line| line.contains("${PayArn}")).unwrap() as u32 + 1;
    assert_eq!(definition.source_span("/States/Pay/Resource", Span::of_line(line, 20, 1)).line, 5);
    // An object of the template is found by its path.
    let definition = inline.definition.as_ref().unwrap();
    assert_eq!(definition.file, "app/template.yaml");
    assert_eq!(definition.source_span("/States/A/Next", Span::default()), Span::of_line(18, 19, 7));
    assert_eq!(definition.source_span("/States/A/Missing", Span::default()).line, 17);
    assert_eq!(inline.name, None);
}

#[test]
fn a_number_stands_in_a_definition_without_quotes() {
    let template = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Order:\n    Type: AWS::Serverless::StateMachine\n    \
                    Properties:\n      DefinitionUri: order.asl.json\n      DefinitionSubstitutions: {Times: 2}\n";
    let order = "{\n  \"StartAt\": \"A\",\n  \"States\": { \"A\": { \"Type\": \"Pass\", \"Result\": ${Times}, \"End\": true } }\n}\n";
    let workflows = planned("t.yaml", &[("t.yaml", template), ("order.asl.json", order)]).unwrap();
    assert!(text(&workflows[0]).contains("\"Result\": 2,"), "{workflows:?}");
    let definition = workflows[0].definition.as_ref().unwrap();
    let place = Span::of_line(3, 20, 1);
    assert_eq!((definition.file.as_str(), definition.source_span("/States/A", place)), ("order.asl.json", place));
    let missing = template.replace("Times:", "Count:");
    let errors = planned("t.yaml", &[("t.yaml", &missing), ("order.asl.json", order)]).unwrap_err();
    assert!(errors[0].contains("order.asl.json: line 3"), "{errors:?}");
}

#[test]
fn a_wrong_definition_is_reported_in_its_own_file() {
    let half = "StartAt: Pay\nStates: {Pay: {\n";
    let files = [("template.yaml", SAM), ("statemachine/order.asl.yaml", half)];
    let errors = planned("template.yaml", &files).unwrap_err();
    assert!(errors[0].starts_with("this is not YAML: "), "{errors:?}");
    assert!(errors[0].ends_with("(statemachine/order.asl.yaml: line 3, column 1)"), "{errors:?}");
    let errors = planned("template.yaml", &[("template.yaml", SAM)]).unwrap_err();
    assert_eq!(
        errors,
        ["the file `statemachine/order.asl.yaml` cannot be read: it does not exist (template.yaml: line 4, column 3)",]
    );
    let errors = planned("none.yaml", &[]).unwrap_err();
    assert_eq!(errors, ["the file `none.yaml` cannot be read: it does not exist (none.yaml: the whole file)"]);
}

#[test]
fn a_machine_needs_one_definition() {
    let of = |properties: &str| {
        let text =
            format!("Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties: {properties}\n");
        planned("t.yaml", &[("t.yaml", &text)]).unwrap_err()
    };
    assert_eq!(
        of("{RoleArn: a}"),
        [
            "one of DefinitionString, Definition and DefinitionS3Location is needed (t.yaml: Resources.M.Properties, line 2, column 3)",
        ]
    );
    assert_eq!(
        of("{DefinitionString: a, Definition: {}}"),
        [
            "DefinitionString and Definition exclude each other: keep one (t.yaml: Resources.M.Properties, line 2, column 3)",
        ]
    );
    assert_eq!(
        of("{DefinitionS3Location: {Bucket: b, Key: k}}"),
        ["the asset of `s3://b/k` is not in the folder: synthesise it again (t.yaml: line 4, column 40)",]
    );
    assert_eq!(
        of("{DefinitionString: [a]}"),
        ["expected a text, found a list (t.yaml: Resources.M.Properties.DefinitionString, line 2, column 3)",]
    );
    assert_eq!(
        of("{DefinitionString: a, StateMachineType: FAST}"),
        [
            "expected STANDARD or EXPRESS, found another text (t.yaml: Resources.M.Properties.StateMachineType, line 4, column 57)",
        ]
    );
    assert_eq!(
        of("{DefinitionString: !Ref Nobody}"),
        ["`Nobody` names no parameter, resource or pseudo parameter of the template \
         (t.yaml: Resources.M.Properties.DefinitionString.Ref, line 4, column 41)",]
    );
}

#[test]
fn a_property_that_machines_do_not_have_is_refused_with_the_nearest_one() {
    let text = "Resources:\n  Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      RoleArn: r\n      \
                DefinitonString: '{}'\n";
    let errors = planned("t.yaml", &[("t.yaml", text)]).unwrap_err();
    let [unknown, needed] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(unknown.contains("`DefinitonString`") && unknown.contains("DefinitionString"), "{unknown}");
    assert!(needed.contains("one of DefinitionString"), "{needed}");
}
