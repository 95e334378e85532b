#![allow(clippy::unwrap_used, reason = "a failed read is a failed test")]

use indexmap::IndexMap;

use crate::{Attributes, Environment, Nothing, Resolver, Scope, Surroundings, Template, Value};

/// A template around one value, which is the property `DisplayName` of a topic.
fn template(value: &str) -> Template {
    let text = format!(
        "
Parameters:
  Stage: {{Type: String, Default: test}}
  Names: {{Type: CommaDelimitedList, Default: 'a, b,c'}}
Mappings:
  Sizes: {{test: {{Small: 1, Large: [x, y]}}}}
Conditions:
  IsTest: !Equals [!Ref Stage, test]
  IsProduction: !Not [Condition: IsTest]
Resources:
  Queue: {{Type: 'AWS::SQS::Queue'}}
  Other: {{Type: 'AWS::SQS::Queue', Condition: IsProduction}}
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: {value}
"
    );
    Template::read(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

/// A queue and nothing else has been made.
struct Made;

impl Attributes for Made {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        (logical_id == "Queue").then(|| "https://queue".into())
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        (logical_id == "Queue").then(|| format!("the {attribute}").into())
    }
}

impl Surroundings for Made {
    fn ssm_parameter(&self, name: &str) -> Option<String> {
        name.strip_prefix("/known/").map(|name| format!("value of {name}"))
    }

    fn export(&self, name: &str) -> Option<String> {
        name.strip_prefix("Shared").map(str::to_owned)
    }
}

fn environment() -> Environment {
    Environment {
        notification_arns: vec!["arn:one".into()],
        ..Environment::planned("123456789012", "eu-west-1", "Shop")
    }
}

fn resolved(value: &str) -> Result<String, String> {
    let template = template(value);
    let scope = template.scope(environment(), &IndexMap::new(), &Made).unwrap();
    let resolver = Resolver { template: &template, scope: &scope, made: &Made, around: &Made };
    let properties = resolver.properties("Topic").map_err(|error| error.to_string())?;
    Ok(properties.get("DisplayName").map_or_else(|| "nothing".to_owned(), Value::json))
}

#[track_caller]
fn check(value: &str, json: &str) {
    assert_eq!(resolved(value).as_deref(), Ok(json), "{value}");
}

#[track_caller]
fn refused(value: &str, expect: &str) {
    let error = resolved(value).unwrap_err();
    assert!(error.starts_with(expect), "{value}\n{error}");
    assert!(error.contains("Resources.Topic.Properties.DisplayName"), "{error}");
    assert!(error.contains("line 16, column "), "{error}");
}

#[test]
fn references_say_what_they_refer_to() {
    check("!Ref Stage", r#""test""#);
    check("!Ref Names", r#"["a","b","c"]"#);
    check("!Ref Queue", r#""https://queue""#);
    check("!GetAtt Queue.Arn", r#""the Arn""#);
    check("{'Fn::GetAtt': [Queue, QueueName]}", r#""the QueueName""#);
    check("{'Fn::GetAtt': [Queue, !If [IsTest, Arn, QueueName]]}", r#""the Arn""#);
}

#[test]
fn pseudo_parameters_describe_the_stack() {
    for (name, json) in [
        ("AccountId", r#""123456789012""#),
        ("Region", r#""eu-west-1""#),
        ("Partition", r#""aws""#),
        ("URLSuffix", r#""amazonaws.com""#),
        ("StackName", r#""Shop""#),
        ("NotificationARNs", r#"["arn:one"]"#),
        (
            "StackId",
            r#""arn:aws:cloudformation:eu-west-1:123456789012:stack/Shop/00000000-0000-0000-0000-000000000000""#,
        ),
        ("NoValue", "nothing"),
    ] {
        check(&format!("!Ref AWS::{name}"), json);
    }
    let china = Environment::planned("1", "cn-north-1", "S");
    assert_eq!((china.partition.as_str(), china.url_suffix()), ("aws-cn", "amazonaws.com.cn"));
    assert_eq!(Environment::planned("1", "us-gov-west-1", "S").partition, "aws-us-gov");
}

#[test]
fn texts_are_joined_split_and_substituted() {
    check("!Join ['-', [a, 1, true, !Ref Stage]]", r#""a-1-true-test""#);
    check("!Join ['', !Ref Names]", r#""abc""#);
    check("!Join [',', [a, !Ref 'AWS::NoValue', b]]", r#""a,b""#);
    check("!Join ['', []]", r#""""#);
    check("!Split ['/', 'a/b//c']", r#"["a","b","","c"]"#);
    check("!Select [1, !Split ['/', 'a/b']]", r#""b""#);
    check("!Select ['0', !Ref Names]", r#""a""#);
    check("!Select [!FindInMap [Sizes, !Ref Stage, Small], [x, y]]", r#""y""#);
    check("!Sub '${Stage}/${AWS::Region}/${Queue}/${Queue.Arn}'", r#""test/eu-west-1/https://queue/the Arn""#);
    check("!Sub '${!Stage} $Stage $${Stage} ${'", r#""${Stage} $Stage $test ${""#);
    check("!Sub ['${a}${b}${Stage}', {a: 1, b: !Ref Queue, Stage: own}]", r#""1https://queueown""#);
    check("!Base64 'light wör'", r#""bGlnaHQgd8O2cg==""#);
    check("!Base64 'abc'", r#""YWJj""#);
    check("!GetAZs ''", r#"["eu-west-1a","eu-west-1b","eu-west-1c"]"#);
    check("!ImportValue SharedTopic", r#""Topic""#);
    check("{'Fn::Length': !Ref Names}", "3");
    check("{'Fn::ToJsonString': {a: [1.50, !Ref Stage]}}", r#""{\"a\":[1.50,\"test\"]}""#);
}

#[test]
fn conditions_choose() {
    check("!If [IsTest, yes, no]", "true");
    check("!If [IsProduction, a, !Ref 'AWS::NoValue']", "nothing");
    check("{a: !If [IsProduction, 1, !Ref 'AWS::NoValue'], b: [!Ref 'AWS::NoValue', 2]}", r#"{"b":[2]}"#);
    // What is in the other branch is not looked at.
    check("!If [IsTest, here, !GetAtt Other.Arn]", r#""here""#);
    check("!FindInMap [Sizes, test, Large]", r#"["x","y"]"#);
    check("!FindInMap [Sizes, nowhere, Large, {DefaultValue: 7}]", "7");
}

#[test]
fn dynamic_references_are_looked_up() {
    check("'{{resolve:ssm:/known/topic}}!'", r#""value of topic!""#);
    check("!Join ['', ['{{resolve:ssm:', /known/x, '}}']]", r#""value of x""#);
    refused("'{{resolve:ssm:/unknown}}'", "the SSM parameter `/unknown` is not known");
    refused(
        "'{{resolve:secretsmanager:db:SecretString:password}}'",
        "the dynamic reference `{{resolve:secretsmanager:",
    );
}

#[test]
fn what_cannot_be_resolved_is_refused_with_its_place() {
    refused("!Ref Nobody", "`Nobody` names no parameter, resource or pseudo parameter of the template");
    refused("!Ref AWS::Nothing", "`AWS::Nothing` names no parameter");
    refused("!GetAtt Nobody.Arn", "`Nobody` names no resource of the template");
    refused("!GetAtt Queue.Url", "the type `AWS::SQS::Queue` has no attribute `Url`: it has Arn, QueueName, QueueUrl");
    refused(
        "!GetAtt Topic.TopicArn",
        "the attribute `TopicArn` of `Topic` is not known: the resource has not been made",
    );
    refused("!Ref Other", "the resource `Other` is not made, because its condition `IsProduction` is false");
    refused("!Sub '${Nobody.Arn}'", "`Nobody` names no resource");
    refused("!Sub '${Names}'", "expected a text, found a list");
    refused("!Sub [1, 2]", "`Fn::Sub` takes a text, or a list of a text and an object");
    refused("!Join [a]", "`Fn::Join` takes a delimiter and a list of texts");
    refused("!Join [a, b]", "expected a list of texts, found a string");
    refused("!Join [a, [[b]]]", "expected a text, found a list");
    refused("!Select [3, !Ref Names]", "the index 3 is beyond the list of 3 items");
    refused("!Select [x, !Ref Names]", "the index x is beyond");
    refused("!Split ['', abc]", "expected a delimiter of at least one character");
    refused("!If [Never, a, b]", "`Never` names no condition of the template");
    refused("!FindInMap [Sizes, test, Huge]", "the map `Sizes` has no value at `test.Huge`");
    refused("!ImportValue Nothing", "the import `Nothing` is exported by no stack");
    refused("!Transform {Name: 'AWS::Include'}", "`Fn::Transform` is not supported: a macro runs in an AWS account");
    refused("!Cidr [a, b]", "`Fn::Cidr` is not supported");
    refused("{'Fn::Nonsense': 1}", "the function `Fn::Nonsense` is not known");
    refused("!Equals [a, b]", "`Fn::Equals` is not supported: it belongs into the section `Conditions`");
}

#[test]
fn the_path_leads_through_functions() {
    let error = resolved("[a, {b: !Join ['', [x, !Ref Nobody]]}]").unwrap_err();
    assert!(error.contains("Resources.Topic.Properties.DisplayName[1].b.Fn::Join[1][1].Ref, line 16"), "{error}");
}

fn scope(text: &str, given: &[(&str, &str)]) -> Result<Scope, Vec<String>> {
    let template = Template::read(text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let words = |errors: Vec<crate::TemplateError>| errors.iter().map(ToString::to_string).collect();
    template.scope(environment(), &given, &Made).map_err(words)
}

#[test]
fn conditions_are_evaluated_in_any_order() {
    let text = "
Conditions:
  Both: !And [Condition: One, !Or [Condition: Two, !Equals [1, '1']]]
  One: !Not [!Equals [!Ref Stage, production]]
  Two: !Equals [!Join ['', !Ref Names], ab]
Parameters:
  Stage: {Type: String}
  Names: {Type: CommaDelimitedList, Default: ''}
Resources: {T: {Type: 'AWS::SNS::Topic'}}
";
    let holds = |given: &[(&str, &str)]| {
        let scope = scope(text, given).unwrap();
        ["Both", "One", "Two"].map(|name| scope.conditions[name])
    };
    assert_eq!(holds(&[("Stage", "test")]), [true, true, false]);
    assert_eq!(holds(&[("Stage", "production"), ("Names", "a,b")]), [false, false, true]);
}

#[test]
fn wrong_conditions_are_refused() {
    let refused = |conditions: &str, expect: &str| {
        let text = format!("Conditions: {conditions}\nResources: {{T: {{Type: 'AWS::SNS::Topic'}}}}\n");
        let errors = scope(&text, &[]).unwrap_err();
        assert!(errors[0].starts_with(expect), "{errors:?}");
    };
    refused("{A: {Condition: B}, B: {Condition: A}}", "`A` depends on itself: A -> B -> A (Conditions.A, line 1,");
    refused("{A: !Not [Condition: Nobody]}", "`Nobody` names no condition");
    refused("{A: !And [!Equals [1, 1]]}", "`Fn::And` takes a list of 2 to 10 conditions");
    refused("{A: yes}", "expected a condition: Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition, found a boolean");
    refused("{A: !Equals [!Ref Queue, x]}", "`Queue` names no parameter");
    refused("{A: {'Fn::Transform': x}}", "`Fn::Transform` is not supported");
}

#[test]
fn parameters_obey_their_rules() {
    let text = "
Parameters:
  Needed: {Type: String}
  Size: {Type: Number, Default: 3, MinValue: 1, MaxValue: 5}
  Kind: {Type: String, Default: a, AllowedValues: [a, b]}
  Name: {Type: String, Default: abc, AllowedPattern: '[a-z]+', ConstraintDescription: 'small letters only'}
  Long: {Type: String, Default: abc, MinLength: 2, MaxLength: 4}
  Secret: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /known/x}
  Several: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /known/y}
  Vpc: {Type: 'AWS::EC2::VPC::Id', Default: vpc-1}
Resources: {T: {Type: 'AWS::SNS::Topic'}}
";
    let scope_of = |given: &[(&str, &str)]| scope(text, given);
    let good = scope_of(&[("Needed", "x"), ("Kind", "b"), ("Size", "5")]).unwrap();
    let value = |name: &str| good.parameters[name].json();
    assert_eq!(value("Secret"), r#""value of x""#);
    assert_eq!(value("Several"), r#"["value of y"]"#);
    assert_eq!(value("Size"), r#""5""#);
    for (name, value, expect) in [
        ("Size", "6", "the value of the parameter `Size` does not fit: at most 5 is allowed (Parameters.Size, line 4,"),
        ("Size", "0", "the value of the parameter `Size` does not fit: at least 1 is needed"),
        ("Size", "x", "the value of the parameter `Size` does not fit: a number is needed"),
        ("Kind", "c", "the value of the parameter `Kind` does not fit: one of a, b is needed"),
        ("Name", "ABC", "the value of the parameter `Name` does not fit: small letters only"),
        ("Name", "abc\n", "the value of the parameter `Name` does not fit: small letters only"),
        ("Long", "abcde", "the value of the parameter `Long` does not fit: at most 4 characters is allowed"),
        ("Long", "ä", "the value of the parameter `Long` does not fit: at least 2 characters is needed"),
        ("Secret", "/no", "the SSM parameter `/no` is not known"),
        ("Nobody", "x", "the template has no parameter `Nobody`"),
    ] {
        let errors = scope_of(&[("Needed", "x"), (name, value)]).unwrap_err();
        assert!(errors[0].starts_with(expect), "{errors:?}");
    }
    let errors = scope_of(&[("Kind", "c")]).unwrap_err();
    assert_eq!(errors.len(), 2, "all that is wrong: {errors:?}");
    assert!(
        errors[0].starts_with("the parameter `Needed` has neither a value nor a default (Parameters.Needed, line 3,")
    );
}

/// Deep and long values neither end the program nor take long.
#[test]
fn hostile_values_are_bounded() {
    let mut doubling = "{'Fn::Join': ['', [aaaaaaaaaaaaaaaa, aaaaaaaaaaaaaaaa]]}".to_owned();
    for _ in 0..17 {
        doubling = format!("{{'Fn::Join': ['', [{doubling}, x]]}}");
    }
    assert!(resolved(&doubling).is_ok());
    let text = "x".repeat(100_000);
    let long = format!("!Join [{text}, [{}]]", "a,".repeat(100));
    refused(&long, "`Fn::Join` takes texts that make at most 4 MiB");
    let scope = template("a").scope(environment(), &IndexMap::new(), &Nothing);
    assert!(scope.is_ok());
}
