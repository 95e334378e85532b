//! Parameter Store, as its clients call it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

async fn ssm(engine: &Engine, operation: &str, body: Value) -> Result<Value, (String, String)> {
    let (status, answer) = engine.ask(&format!("AmazonSSM.{operation}"), &body).await;
    match status {
        StatusCode::OK => Ok(answer),
        _ => Err((text(&answer["__type"]), text(&answer["message"]))),
    }
}

async fn put(engine: &Engine, name: &str, value: &str) {
    ssm(engine, "PutParameter", json!({ "Name": name, "Value": value, "Type": "String" })).await.unwrap();
}

#[tokio::test]
async fn a_parameter_has_versions_and_survives_a_restart() {
    let engine = Engine::new("parameter").await;
    let mut ask = json!({ "Name": "/shop/arn", "Value": "one", "Type": "String", "Description": "of the shop" });
    let made = ssm(&engine, "PutParameter", ask.clone()).await.unwrap();
    assert_eq!(made, json!({ "Version": 1, "Tier": "Standard" }));
    assert_eq!(ssm(&engine, "PutParameter", ask.clone()).await.unwrap_err().0, "ParameterAlreadyExists");
    ask["Overwrite"] = json!(true);
    ask["Value"] = json!("two");
    assert_eq!(ssm(&engine, "PutParameter", ask).await.unwrap()["Version"], 2);
    let engine = engine.restart_after(1_000).await;
    let got = ssm(&engine, "GetParameter", json!({ "Name": "/shop/arn" })).await.unwrap();
    assert_eq!(
        got["Parameter"],
        json!({
            "Name": "/shop/arn", "Type": "String", "Value": "two", "Version": 2, "LastModifiedDate": 1_700_000_000.0,
            "ARN": "arn:aws:ssm:us-east-1:000000000000:parameter/shop/arn", "DataType": "text",
        })
    );
    let first = ssm(&engine, "GetParameter", json!({ "Name": "/shop/arn:1" })).await.unwrap();
    assert_eq!((&first["Parameter"]["Value"], &first["Parameter"]["Selector"]), (&json!("one"), &json!(":1")));
    let by_arn = json!({ "Name": "arn:aws:ssm:us-east-1:000000000000:parameter/shop/arn:2" });
    assert_eq!(ssm(&engine, "GetParameter", by_arn).await.unwrap()["Parameter"]["Value"], "two");
    let history = ssm(&engine, "GetParameterHistory", json!({ "Name": "/shop/arn" })).await.unwrap();
    let values: Vec<&Value> = history["Parameters"].as_array().unwrap().iter().map(|one| &one["Value"]).collect();
    assert_eq!(values, ["one", "two"]);
    for (name, code) in [
        ("/shop/none", "ParameterNotFound"),
        ("/shop/arn:3", "ParameterVersionNotFound"),
        ("/shop/arn:live", "ParameterVersionLabelNotFound"),
    ] {
        assert_eq!(ssm(&engine, "GetParameter", json!({ "Name": name })).await.unwrap_err().0, code, "{name}");
    }
    ssm(&engine, "DeleteParameter", json!({ "Name": "/shop/arn" })).await.unwrap();
    let gone = ssm(&engine, "DeleteParameter", json!({ "Name": "/shop/arn" })).await.unwrap_err();
    assert_eq!(gone.0, "ParameterNotFound");
    engine.remove().await;
}

#[tokio::test]
async fn what_parameter_store_does_not_take_is_refused() {
    let engine = Engine::new("parameter-refusals").await;
    put(&engine, "/a", "x").await;
    for (ask, code, why) in [
        (json!({ "Name": "/b", "Value": "x" }), "ValidationException", "type is required"),
        (json!({ "Name": "/b", "Value": "", "Type": "String" }), "ValidationException", "at 'value'"),
        (json!({ "Name": "/b", "Type": "String" }), "ValidationException", "at 'Value'"),
        (json!({ "Name": "/b", "Value": "x", "Type": "Secret" }), "ValidationException", "'Secret' at 'type'"),
        (json!({ "Name": "b c", "Value": "x", "Type": "String" }), "ValidationException", "Parameter name"),
        (json!({ "Name": "/b", "Value": "x".repeat(4_097), "Type": "String" }), "ValidationException", "4096"),
        (json!({ "Name": "/b", "Value": "a,,b", "Type": "StringList" }), "ValidationException", "empty item"),
        (
            json!({ "Name": "/b", "Value": "x", "Type": "String", "AllowedPattern": "y" }),
            "ValidationException",
            "AllowedPattern",
        ),
        (
            json!({ "Name": "/a", "Value": "x", "Type": "StringList", "Overwrite": true }),
            "HierarchyTypeMismatchException",
            "can't be changed",
        ),
        (
            json!({ "Name": "/a", "Value": "x", "Overwrite": true, "Tags": [{ "Key": "k", "Value": "v" }] }),
            "ValidationException",
            "tags and overwrite",
        ),
    ] {
        let (found, message) = ssm(&engine, "PutParameter", ask.clone()).await.unwrap_err();
        assert!(found == code && message.contains(why), "{ask}: {found}: {message}");
    }
    let (code, message) = ssm(&engine, "SendCommand", json!({})).await.unwrap_err();
    assert_eq!(code, "UnknownOperationException");
    assert!(message.contains("SSM SendCommand"), "{message}");
    engine.remove().await;
}

#[tokio::test]
async fn parameters_are_listed_by_path_page_by_page() {
    let engine = Engine::new("parameter-paths").await;
    for name in ["/shop/a", "/shop/b", "/shop/deep/c", "/shopping/d", "plain"] {
        put(&engine, name, name).await;
    }
    let names = |answer: &Value| -> Vec<String> {
        answer["Parameters"].as_array().unwrap().iter().map(|one| text(&one["Name"])).collect()
    };
    let listed = async |ask: Value| ssm(&engine, "GetParametersByPath", ask).await.unwrap();
    assert_eq!(names(&listed(json!({ "Path": "/shop" })).await), ["/shop/a", "/shop/b"]);
    assert_eq!(
        names(&listed(json!({ "Path": "/shop/", "Recursive": true })).await),
        ["/shop/a", "/shop/b", "/shop/deep/c"]
    );
    assert_eq!(names(&listed(json!({ "Path": "/" })).await), ["plain"]);
    let mut ask = json!({ "Path": "/", "Recursive": true, "MaxResults": 2 });
    let mut all = Vec::new();
    loop {
        let page = listed(ask.clone()).await;
        all.extend(names(&page));
        let Some(next) = page.get("NextToken") else { break };
        ask["NextToken"] = next.clone();
    }
    assert_eq!(all, ["plain", "/shop/a", "/shop/b", "/shop/deep/c", "/shopping/d"]);
    for (ask, code) in [
        (json!({ "Path": "shop" }), "ValidationException"),
        (json!({ "Path": "/", "MaxResults": 0 }), "ValidationException"),
        (json!({ "Path": "/", "MaxResults": 11 }), "ValidationException"),
        (json!({ "Path": "/", "MaxResults": "two" }), "SerializationException"),
        (json!({ "Path": "/", "NextToken": "x" }), "InvalidNextToken"),
        (json!({ "Path": "/", "ParameterFilters": [{ "Key": "Name", "Values": ["x"] }] }), "InvalidFilterKey"),
    ] {
        assert_eq!(ssm(&engine, "GetParametersByPath", ask).await.unwrap_err().0, code);
    }
    let filter = json!({ "ParameterFilters": [{ "Key": "Name", "Option": "BeginsWith", "Values": ["/shop/"] }] });
    assert_eq!(names(&ssm(&engine, "DescribeParameters", filter).await.unwrap()).len(), 3);
    let several = json!({ "Names": ["/shop/b", "/none", "/shop/a:1", "/shop/a:9"] });
    let several = ssm(&engine, "GetParameters", several).await.unwrap();
    assert_eq!(names(&several), ["/shop/b", "/shop/a"]);
    assert_eq!(several["InvalidParameters"], json!(["/none", "/shop/a:9"]));
    let deleted = ssm(&engine, "DeleteParameters", json!({ "Names": ["/shop/a", "/none"] })).await.unwrap();
    assert_eq!(deleted, json!({ "DeletedParameters": ["/shop/a"], "InvalidParameters": ["/none"] }));
    engine.remove().await;
}

#[tokio::test]
async fn a_secret_is_shown_to_those_who_ask_for_its_decryption() {
    let engine = Engine::new("parameter-secrets").await;
    let ask = json!({ "Name": "/key", "Value": "open sesame", "Type": "SecureString" });
    ssm(&engine, "PutParameter", ask).await.unwrap();
    let sealed = ssm(&engine, "GetParameter", json!({ "Name": "/key" })).await.unwrap();
    assert!(!sealed.to_string().contains("sesame"), "{sealed}");
    let open = ssm(&engine, "GetParameter", json!({ "Name": "/key", "WithDecryption": true })).await.unwrap();
    assert_eq!(open["Parameter"]["Value"], "open sesame");
    let listed = ssm(&engine, "GetParametersByPath", json!({ "Path": "/" })).await.unwrap();
    assert!(!listed.to_string().contains("sesame"), "{listed}");
    let tag = json!({ "ResourceType": "Parameter", "ResourceId": "/key", "Tags": [{ "Key": "k", "Value": "v" }] });
    ssm(&engine, "AddTagsToResource", tag).await.unwrap();
    let list = json!({ "ResourceType": "Parameter", "ResourceId": "/key" });
    let tags = ssm(&engine, "ListTagsForResource", list).await.unwrap();
    assert_eq!(tags, json!({ "TagList": [{ "Key": "k", "Value": "v" }] }));
    engine.remove().await;
}

#[tokio::test]
async fn a_workflow_reads_a_parameter() {
    let engine = Engine::new("parameter-task").await;
    put(&engine, "/shop/limit", "100").await;
    let task = |name: &str| {
        only(json!({ "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter",
                     "Parameters": { "Name": name } }))
    };
    let run = async |name: &str, parameter: &str| {
        let machine = engine.machine(name, task(parameter)).await;
        let execution = engine.start(&machine, "one").await;
        engine.ended(&execution).await
    };
    let output: Value = serde_json::from_str(&run("Reads", "/shop/limit").await.output.unwrap()).unwrap();
    assert_eq!(output["Parameter"]["Value"], "100");
    assert_eq!(output["Parameter"]["LastModifiedDate"], "2023-11-14T22:13:20Z");
    assert_eq!(run("Misses", "/shop/none").await.error.unwrap(), "Ssm.ParameterNotFoundException");
    engine.remove().await;
}
