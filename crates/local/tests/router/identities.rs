//! IAM, and the log groups of CloudWatch Logs: stored, and not enforced.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::clients::{query, within};
use crate::engine::Engine;

/// A document that allows something, encoded for a form.
fn document(what: &str) -> String {
    let text =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": what, "Resource": "*" }] });
    form_urlencoded::byte_serialize(text.to_string().as_bytes()).collect()
}

async fn iam(engine: &Engine, action: &str, fields: &str) -> Result<String, (u16, String)> {
    let form = format!("Action={action}&Version=2010-05-08&{fields}");
    let (status, body) = query(engine, "iam", "us-east-1", &form).await;
    match status {
        StatusCode::OK => Ok(body),
        _ => Err((status.as_u16(), within(&body, "Code").to_owned())),
    }
}

#[tokio::test]
async fn a_role_has_policies_and_survives_a_restart() {
    let engine = Engine::new("roles").await;
    let trust = document("sts:AssumeRole");
    let role =
        format!("RoleName=r&Path=/team/&AssumeRolePolicyDocument={trust}&Tags.member.1.Key=k&Tags.member.1.Value=v");
    let made = iam(&engine, "CreateRole", &role).await.unwrap();
    assert_eq!(within(&made, "Arn"), "arn:aws:iam::000000000000:role/team/r");
    assert_eq!(iam(&engine, "CreateRole", &role).await.unwrap_err(), (409, "EntityAlreadyExists".to_owned()));
    let inline = format!("RoleName=r&PolicyName=p&PolicyDocument={}", document("states:*"));
    iam(&engine, "PutRolePolicy", &inline).await.unwrap();
    let own = iam(&engine, "CreatePolicy", &format!("PolicyName=own&PolicyDocument={trust}")).await.unwrap();
    let own = format!("PolicyArn={}", within(&own, "Arn"));
    let managed = "PolicyArn=arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    for policy in [own.as_str(), managed] {
        iam(&engine, "AttachRolePolicy", &format!("RoleName=r&{policy}")).await.unwrap();
    }
    let unknown = "RoleName=r&PolicyArn=arn:aws:iam::000000000000:policy/none";
    assert_eq!(iam(&engine, "AttachRolePolicy", unknown).await.unwrap_err(), (404, "NoSuchEntity".to_owned()));

    let engine = engine.restart_after(1_000).await;
    let got = iam(&engine, "GetRole", "RoleName=r").await.unwrap();
    assert!(within(&got, "AssumeRolePolicyDocument").starts_with("%7B%22Version"), "{got}");
    assert_eq!((within(&got, "Key"), within(&got, "MaxSessionDuration")), ("k", "3600"));
    let policy = iam(&engine, "GetRolePolicy", "RoleName=r&PolicyName=p").await.unwrap();
    assert!(within(&policy, "PolicyDocument").contains("states%3A%2A"), "{policy}");
    let attached = iam(&engine, "ListAttachedRolePolicies", "RoleName=r").await.unwrap();
    assert!(attached.contains("<PolicyName>own<") && attached.contains("AWSLambdaBasicExecutionRole"), "{attached}");

    for (action, fields) in [("DeleteRole", "RoleName=r"), ("DeletePolicy", &*own)] {
        assert_eq!(iam(&engine, action, fields).await.unwrap_err(), (409, "DeleteConflict".to_owned()));
    }
    iam(&engine, "DeleteRolePolicy", "RoleName=r&PolicyName=p").await.unwrap();
    for policy in [own.as_str(), managed] {
        iam(&engine, "DetachRolePolicy", &format!("RoleName=r&{policy}")).await.unwrap();
    }
    iam(&engine, "DeleteRole", "RoleName=r").await.unwrap();
    iam(&engine, "DeletePolicy", &own).await.unwrap();
    assert_eq!(iam(&engine, "GetRole", "RoleName=r").await.unwrap_err(), (404, "NoSuchEntity".to_owned()));
    engine.remove().await;
}

#[tokio::test]
async fn a_policy_has_versions() {
    let engine = Engine::new("policies").await;
    let made = iam(&engine, "CreatePolicy", &format!("PolicyName=p&PolicyDocument={}", document("a:*"))).await.unwrap();
    let own = format!("PolicyArn={}", within(&made, "Arn"));
    let version = |what: &str| format!("{own}&SetAsDefault=true&PolicyDocument={}", document(what));
    for n in 2..=5 {
        iam(&engine, "CreatePolicyVersion", &version(&format!("a:{n}"))).await.unwrap();
    }
    let full = iam(&engine, "CreatePolicyVersion", &version("a:6")).await.unwrap_err();
    assert_eq!(full, (409, "LimitExceeded".to_owned()));
    let got = iam(&engine, "GetPolicy", &own).await.unwrap();
    assert_eq!(within(&got, "DefaultVersionId"), "v5");
    let got = iam(&engine, "GetPolicyVersion", &format!("{own}&VersionId=v5")).await.unwrap();
    assert!(within(&got, "Document").contains("a%3A5"), "{got}");
    let default = iam(&engine, "DeletePolicyVersion", &format!("{own}&VersionId=v5")).await.unwrap_err();
    assert_eq!(default, (409, "DeleteConflict".to_owned()));
    iam(&engine, "DeletePolicyVersion", &format!("{own}&VersionId=v1")).await.unwrap();
    engine.remove().await;
}

#[tokio::test]
async fn what_iam_does_not_take_is_refused() {
    let engine = Engine::new("iam-refusals").await;
    let trust = document("sts:AssumeRole");
    for (action, fields, code) in [
        ("CreateRole", format!("AssumeRolePolicyDocument={trust}"), "ValidationError"),
        ("CreateRole", format!("RoleName=a b&AssumeRolePolicyDocument={trust}"), "ValidationError"),
        ("CreateRole", format!("RoleName=r&Path=team&AssumeRolePolicyDocument={trust}"), "ValidationError"),
        ("CreateRole", format!("RoleName=r&MaxSessionDuration=60&AssumeRolePolicyDocument={trust}"), "ValidationError"),
        ("CreateRole", "RoleName=r&AssumeRolePolicyDocument=nonsense".to_owned(), "MalformedPolicyDocument"),
        ("CreateRole", "RoleName=r&AssumeRolePolicyDocument={}".to_owned(), "MalformedPolicyDocument"),
        ("GetRole", "RoleName=none".to_owned(), "NoSuchEntity"),
        ("GetPolicy", "PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess".to_owned(), "NoSuchEntity"),
    ] {
        assert_eq!(iam(&engine, action, &fields).await.unwrap_err().1, code, "{action} {fields}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn a_list_takes_its_own_page_sizes_and_markers_only() {
    let engine = Engine::new("iam-pages").await;
    let trust = document("sts:AssumeRole");
    for name in ["a", "b"] {
        iam(&engine, "CreateRole", &format!("RoleName={name}&AssumeRolePolicyDocument={trust}")).await.unwrap();
        for policy in ["p", "q"] {
            let inline = format!("RoleName={name}&PolicyName={policy}&PolicyDocument={}", document("states:*"));
            iam(&engine, "PutRolePolicy", &inline).await.unwrap();
        }
    }
    let first = iam(&engine, "ListRolePolicies", "RoleName=a&MaxItems=1").await.unwrap();
    assert_eq!((within(&first, "IsTruncated"), within(&first, "member")), ("true", "p"));
    let marker = within(&first, "Marker");
    let rest = iam(&engine, "ListRolePolicies", &format!("RoleName=a&Marker={marker}")).await.unwrap();
    assert_eq!((within(&rest, "IsTruncated"), within(&rest, "member")), ("false", "q"));
    for (action, fields) in [
        ("ListRolePolicies", "RoleName=a&MaxItems=one".to_owned()),
        ("ListRolePolicies", "RoleName=a&MaxItems=0".to_owned()),
        ("ListRoles", "MaxItems=1001".to_owned()),
        ("ListPolicies", "MaxItems=-1".to_owned()),
        ("ListRoleTags", "RoleName=a&MaxItems=1.5".to_owned()),
        ("ListRoles", "Marker=mine".to_owned()),
        ("ListRoleTags", "RoleName=a&Marker=mine".to_owned()),
        ("ListRolePolicies", format!("RoleName=b&Marker={marker}")),
    ] {
        let refused = iam(&engine, action, &fields).await.unwrap_err();
        assert_eq!(refused, (400, "ValidationError".to_owned()), "{action} {fields}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn log_groups_are_stored() {
    let engine = Engine::new("log-groups").await;
    let logs = async |operation: &str, body: Value| engine.ask(&format!("Logs_20140328.{operation}"), &body).await;
    let group = json!({ "logGroupName": "/aws/vendedlogs/states/m" });
    assert_eq!(logs("CreateLogGroup", group.clone()).await.0, StatusCode::OK);
    let again = logs("CreateLogGroup", group.clone()).await.1;
    assert_eq!(again["__type"], "ResourceAlreadyExistsException");
    let mut retention = group.clone();
    for (days, status) in [(2, StatusCode::BAD_REQUEST), (7, StatusCode::OK)] {
        retention["retentionInDays"] = json!(days);
        assert_eq!(logs("PutRetentionPolicy", retention.clone()).await.0, status);
    }
    for (ask, code) in [
        (json!({ "limit": 0 }), "InvalidParameterException"),
        (json!({ "limit": 51 }), "InvalidParameterException"),
        (json!({ "limit": "one" }), "SerializationException"),
        (json!({ "nextToken": "mine" }), "InvalidParameterException"),
    ] {
        assert_eq!(logs("DescribeLogGroups", ask.clone()).await.1["__type"], code, "{ask}");
    }
    let tagged = json!({ "logGroupName": "tagged", "tags": { "k": ["v"] } });
    assert_eq!(logs("CreateLogGroup", tagged).await.1["__type"], "SerializationException");
    let prefix = json!({ "logGroupNamePrefix": "/aws/vended" });
    let (_, listed) = logs("DescribeLogGroups", prefix.clone()).await;
    let one = &listed["logGroups"][0];
    assert_eq!(one["arn"], "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/states/m:*");
    assert_eq!(one["retentionInDays"], 7);
    assert_eq!(logs("DeleteLogGroup", group.clone()).await.0, StatusCode::OK);
    assert_eq!(logs("DeleteLogGroup", group).await.1["__type"], "ResourceNotFoundException");
    assert_eq!(logs("DescribeLogGroups", prefix).await.1, json!({ "logGroups": [] }));
    engine.remove().await;
}
