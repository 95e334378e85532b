#![allow(clippy::unwrap_used, reason = "a failed read is a failed test")]

use std::collections::HashSet;

use super::*;
use crate::Map;

fn environment() -> Environment {
    Environment::planned("123456789012", "eu-west-1", "Shop")
}

/// The table is a list of facts: here are its own rules.
#[test]
fn the_table_is_sound() {
    let mut names = HashSet::new();
    for kind in table::TYPES {
        assert!(names.insert(kind.name), "{} stands twice", kind.name);
        let properties: Vec<Property> = kind.properties().collect();
        let distinct: HashSet<&str> = properties.iter().map(|property| property.name).collect();
        assert_eq!(distinct.len(), properties.len(), "{}", kind.name);
        assert!(properties.iter().all(|property| property.name.bytes().all(|byte| byte.is_ascii_alphanumeric())));
        if let Some((naming, _)) = kind.naming {
            assert!(kind.property(naming).unwrap().replaces, "{}: a name cannot change", kind.name);
        }
        let forms = kind.attributes.iter().map(|(_, form)| *form).chain([kind.reference]);
        for form in forms {
            match form {
                Form::Arn => assert!(kind.arn.starts_with("arn:{partition}:"), "{}", kind.name),
                Form::Name => assert!(kind.naming.is_some(), "{}", kind.name),
                Form::Property(property) => assert!(kind.property(property).is_some(), "{}", kind.name),
                Form::Pattern(pattern) => assert!(pattern.contains("{name}"), "{}", kind.name),
                Form::Later => {}
            }
        }
    }
}

#[test]
fn references_have_the_form_that_aws_documents() {
    let said = |kind: &str, attribute: &str, properties: &Map| {
        let kind = resource_type(kind).unwrap();
        let form = if attribute == "Ref" { kind.reference } else { kind.attribute(attribute).unwrap() };
        form.value(kind, "it", properties, &environment()).and_then(|value| value.scalar())
    };
    let none = Map::new();
    for (kind, attribute, expect) in [
        ("AWS::StepFunctions::StateMachine", "Ref", "arn:aws:states:eu-west-1:123456789012:stateMachine:it"),
        ("AWS::StepFunctions::StateMachine", "Name", "it"),
        ("AWS::StepFunctions::Activity", "Ref", "arn:aws:states:eu-west-1:123456789012:activity:it"),
        ("AWS::Lambda::Function", "Ref", "it"),
        ("AWS::Lambda::Function", "Arn", "arn:aws:lambda:eu-west-1:123456789012:function:it"),
        ("AWS::SNS::Topic", "Ref", "arn:aws:sns:eu-west-1:123456789012:it"),
        ("AWS::SQS::Queue", "Ref", "https://sqs.eu-west-1.amazonaws.com/123456789012/it"),
        ("AWS::SQS::Queue", "Arn", "arn:aws:sqs:eu-west-1:123456789012:it"),
        ("AWS::DynamoDB::Table", "Arn", "arn:aws:dynamodb:eu-west-1:123456789012:table/it"),
        ("AWS::IAM::Role", "Ref", "it"),
        ("AWS::IAM::Role", "Arn", "arn:aws:iam::123456789012:role/it"),
        ("AWS::IAM::ManagedPolicy", "Ref", "arn:aws:iam::123456789012:policy/it"),
        ("AWS::SSM::Parameter", "Arn", "arn:aws:ssm:eu-west-1:123456789012:parameter/it"),
        ("AWS::Logs::LogGroup", "Arn", "arn:aws:logs:eu-west-1:123456789012:log-group:it:*"),
        ("AWS::S3::Bucket", "Arn", "arn:aws:s3:::it"),
        ("AWS::S3::Bucket", "RegionalDomainName", "it.s3.eu-west-1.amazonaws.com"),
        ("AWS::ECR::Repository", "RepositoryUri", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/it"),
    ] {
        assert_eq!(said(kind, attribute, &none).as_deref(), Some(expect), "{kind} {attribute}");
    }
    let path = Map::from_iter([("Path".to_owned(), Value::from("/teams/shop/"))]);
    assert_eq!(said("AWS::IAM::Role", "Arn", &path).as_deref(), Some("arn:aws:iam::123456789012:role/teams/shop/it"));
    let group = resource_type("AWS::Logs::LogGroup").unwrap();
    let arn = group.arn("/shop/log", &none, &environment());
    assert_eq!(arn, "arn:aws:logs:eu-west-1:123456789012:log-group:/shop/log:*");
    let parameter = resource_type("AWS::SSM::Parameter").unwrap();
    let arn = parameter.arn("/shop/price", &none, &environment());
    assert_eq!(arn, "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/price");
    assert_eq!(said("AWS::Lambda::Version", "Ref", &none), None);
}

#[test]
fn names_fit_their_service() {
    let mut seed = 7_usize;
    let mut choose = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let long = "x".repeat(128);
    for kind in table::TYPES {
        for (stack, logical_id) in [("Shop", "Thing"), (&*long, "Thing"), ("Shop", &*long), (&*long, &*long)] {
            let Some((_, rule)) = kind.naming else {
                assert_eq!(physical_name(kind, stack, logical_id, &Map::new(), &mut choose), None);
                continue;
            };
            let name = physical_name(kind, stack, logical_id, &Map::new(), &mut choose).unwrap();
            assert!(name.len() <= rule.longest, "{}: {name}", kind.name);
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{name}");
            assert!(!name.contains("--"), "{name}");
        }
    }
    let mut zero = |_: usize| 0;
    let mut name = |kind: &str, properties: &Map| {
        physical_name(resource_type(kind).unwrap(), "Shop", "MyThing", properties, &mut zero).unwrap()
    };
    let none = Map::new();
    assert_eq!(name("AWS::SNS::Topic", &none), "Shop-MyThing-AAAAAAAAAAAA");
    assert_eq!(name("AWS::StepFunctions::StateMachine", &none), "MyThing-AAAAAAAAAAAA");
    assert_eq!(name("AWS::S3::Bucket", &none), "shop-mything-aaaaaaaaaaaa");
    let fifo = Map::from_iter([("FifoQueue".to_owned(), Value::from(true))]);
    assert_eq!(name("AWS::SQS::Queue", &fifo), "Shop-MyThing-AAAAAAAAAAAA.fifo");
}
