//! The policies of SAM's roles.

use super::Sam;
use crate::value::{Data, Map, Value};

/// A policy template ("AWS SAM policy templates"): its actions, the parameter that it takes, and the resources with
/// `{parameter}` in them.
struct PolicyTemplate {
    name: &'static str,
    parameter: &'static str,
    actions: &'static [&'static str],
    resources: &'static [&'static str],
}

const TEMPLATES: &[PolicyTemplate] = &[
    PolicyTemplate {
        name: "LambdaInvokePolicy",
        parameter: "FunctionName",
        actions: &["lambda:InvokeFunction"],
        resources: &["arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${FunctionName}*"],
    },
    PolicyTemplate {
        name: "SNSPublishMessagePolicy",
        parameter: "TopicName",
        actions: &["sns:Publish"],
        resources: &["arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${TopicName}"],
    },
    PolicyTemplate {
        name: "SQSSendMessagePolicy",
        parameter: "QueueName",
        actions: &["sqs:SendMessage*"],
        resources: &["arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${QueueName}"],
    },
    PolicyTemplate {
        name: "StepFunctionsExecutionPolicy",
        parameter: "StateMachineName",
        actions: &["states:StartExecution"],
        resources: &["arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${StateMachineName}"],
    },
    PolicyTemplate {
        name: "DynamoDBReadPolicy",
        parameter: "TableName",
        actions: &[
            "dynamodb:GetItem",
            "dynamodb:Scan",
            "dynamodb:Query",
            "dynamodb:BatchGetItem",
            "dynamodb:DescribeTable",
        ],
        resources: TABLE,
    },
    PolicyTemplate {
        name: "DynamoDBWritePolicy",
        parameter: "TableName",
        actions: &["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"],
        resources: TABLE,
    },
    PolicyTemplate {
        name: "DynamoDBCrudPolicy",
        parameter: "TableName",
        actions: &[
            "dynamodb:GetItem",
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:Scan",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:BatchGetItem",
            "dynamodb:DescribeTable",
            "dynamodb:ConditionCheckItem",
        ],
        resources: TABLE,
    },
];

const TABLE: &[&str] = &[
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}",
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}/index/*",
];

/// Managed policies that stand below a path.
const SERVICE_ROLES: &[&str] = &[
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    "AWSLambdaDynamoDBExecutionRole",
    "AWSLambdaKinesisExecutionRole",
    "AWSLambdaSQSQueueExecutionRole",
    "AWSLambdaRole",
];

impl Sam<'_> {
    /// The property `Policies`: ARNs of managed policies, and inline policies for the role.
    pub(super) fn policies(&mut self, name: &str, policies: Option<Value>) -> (Vec<Value>, Vec<Value>) {
        let (mut arns, mut documents) = (Vec::new(), Vec::new());
        let Some(policies) = policies else { return (arns, documents) };
        let list = policies.list().map_or_else(|| vec![policies.clone()], <[Value]>::to_vec);
        for (index, policy) in list.into_iter().enumerate() {
            let document = match &policy.data {
                Data::Text(text) => {
                    arns.push(managed(text));
                    continue;
                }
                Data::Map(map) if map.contains_key("Statement") => policy.clone(),
                Data::Map(map) if crate::resolve::function(map).is_some() => {
                    arns.push(policy.clone());
                    continue;
                }
                Data::Map(map) => match map.first().and_then(|(template, arguments)| expanded(template, arguments)) {
                    Some(document) => document,
                    None => {
                        let template = map.keys().next().cloned().unwrap_or_default();
                        let path = format!("Resources.{name}.Properties.Policies[{index}]");
                        let what = format!("the policy template `{template}` is not known here: the role lacks it");
                        self.note(&path, policy.span, what);
                        continue;
                    }
                },
                _ => {
                    let path = format!("Resources.{name}.Properties.Policies[{index}]");
                    let expected = "the name of a managed policy, a policy document or a policy template";
                    self.error(&path, policy.span, crate::What::Shape { expected, found: policy.kind() });
                    continue;
                }
            };
            documents.push(object([
                ("PolicyName", Value::from(format!("{name}RolePolicy{index}"))),
                ("PolicyDocument", document),
            ]));
        }
        (arns, documents)
    }
}

/// The document of a policy template.
fn expanded(template: &str, arguments: &Value) -> Option<Value> {
    let template = TEMPLATES.iter().find(|known| known.name == template)?;
    let argument = arguments.get(template.parameter)?.clone();
    let resource = |text: &&str| {
        let own = object([(template.parameter, argument.clone())]);
        object([("Fn::Sub", vec![Value::from(*text), own].into())])
    };
    let actions: Vec<Value> = template.actions.iter().map(|action| Value::from(*action)).collect();
    let resources: Vec<Value> = template.resources.iter().map(resource).collect();
    let statement = object([("Effect", "Allow".into()), ("Action", actions.into()), ("Resource", resources.into())]);
    Some(object([("Version", "2012-10-17".into()), ("Statement", vec![statement].into())]))
}

/// The ARN of a managed policy that is named by its name or its ARN.
pub(super) fn managed(name: &str) -> Value {
    if name.starts_with("arn:") {
        return name.into();
    }
    let path = if SERVICE_ROLES.contains(&name) { "service-role/" } else { "" };
    object([("Fn::Sub", format!("arn:${{AWS::Partition}}:iam::aws:policy/{path}{name}").into())])
}

/// Who may assume a role: a service.
pub(super) fn trust(service: &str) -> Value {
    let principal = object([("Service", vec![Value::from(service)].into())]);
    let statement = object([
        ("Effect", "Allow".into()),
        ("Principal", principal),
        ("Action", vec![Value::from("sts:AssumeRole")].into()),
    ]);
    object([("Version", "2012-10-17".into()), ("Statement", vec![statement].into())])
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map>().into()
}
