//! HTTP endpoints and API Gateway.

use serde_json::{Map, Value, json};

use crate::arns::Scope;
use crate::given::Given;
use crate::machine::machine_arn;
use crate::needs::Needs;
use crate::walk::StateAt;

/// `http:invoke`: the call, the connection with its credentials, and the secret that holds them.
pub(super) fn http(needs: &mut Needs, at: &StateAt, action: &str) -> bool {
    if action != "invoke" {
        return false;
    }
    let machine = machine_arn(needs);
    let condition = http_condition(needs, at);
    needs.allow_if("Http", &["states:InvokeHTTPEndpoint"], [machine], condition);
    let given = match at.parameter("Authentication") {
        Given::Absent => at.parameter("InvocationConfig"),
        given => given,
    };
    let connection =
        needs.named(at.name, "ConnectionArn", given.get("ConnectionArn", at.language), |_, _| "*".to_owned());
    needs.allow("HttpConnection", &["events:RetrieveConnectionCredentials"], [connection.clone()]);
    let secrets = match connection.split(':').collect::<Vec<_>>()[..] {
        ["arn", partition, "events", region, account, ..] => {
            format!("arn:{partition}:secretsmanager:{region}:{account}:secret:events!connection/*")
        }
        _ => needs.arn("secretsmanager", Scope::Regional, "secret:events!connection/*"),
    };
    needs.allow("HttpConnection", &["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], [secrets]);
    true
}

/// The method and the address, where they are written.
fn http_condition(needs: &mut Needs, at: &StateAt) -> Option<Value> {
    let mut tests = Map::new();
    match at.parameter("Method") {
        Given::Fixed(Value::String(method)) => {
            tests.insert("StringEquals".to_owned(), json!({ "states:HTTPMethod": method }));
        }
        given => {
            needs.any(at.name, "Method", given);
        }
    }
    match at.parameter("ApiEndpoint") {
        Given::Fixed(Value::String(endpoint)) if !endpoint.contains(['*', '?']) => {
            tests.insert("StringLike".to_owned(), json!({ "states:HTTPEndpoint": endpoint }));
        }
        given => {
            needs.any(at.name, "ApiEndpoint", given);
        }
    }
    (!tests.is_empty()).then(|| Value::Object(tests))
}

/// `apigateway:invoke`. A call without authorisation needs no permission.
pub(super) fn apigateway(needs: &mut Needs, at: &StateAt, action: &str) -> bool {
    if action != "invoke" {
        return false;
    }
    match at.parameter("AuthType") {
        Given::Absent => return true,
        Given::Fixed(kind) if kind == "NO_AUTH" => return true,
        _ => {}
    }
    let given = at.parameter("ApiEndpoint");
    let Some((api, region)) = given.text().and_then(api_of) else {
        let any = needs.any(at.name, "ApiEndpoint", given);
        needs.allow("Api", &["execute-api:Invoke"], [any]);
        return true;
    };
    let part = |needs: &mut Needs, parameter: &str| match at.parameter(parameter) {
        Given::Fixed(Value::String(text)) => text.trim_matches('/').to_owned(),
        Given::Absent if parameter == "Path" => String::new(),
        given => needs.any(at.name, parameter, given),
    };
    let (stage, method, path) = (part(needs, "Stage"), part(needs, "Method"), part(needs, "Path"));
    let (partition, account) = (needs.subject.partition, needs.subject.account.unwrap_or("*"));
    let api = format!("arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{method}/{path}");
    needs.allow("Api", &["execute-api:Invoke"], [api]);
    true
}

/// The API and region of `abc123.execute-api.eu-west-1.amazonaws.com`.
fn api_of(endpoint: &str) -> Option<(&str, &str)> {
    let (api, rest) = endpoint.split_once(".execute-api.")?;
    Some((api, rest.split_once(".amazonaws.com")?.0))
}
