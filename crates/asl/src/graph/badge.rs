//! What a state shows beside its name: the service that it calls, its retries and its time limits.

use serde::{Deserialize, Serialize};

use crate::model::{Amount, Retrier, State, StateKind};

use super::describe::{bare, duration};

/// The kinds of services that Task states call. Each has a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Service {
    /// Lambda.
    Function,
    /// An activity, whose workers ask for tasks.
    Activity,
    /// Step Functions.
    Workflow,
    /// DynamoDB, RDS and the like.
    Database,
    /// S3, EFS and the like.
    Storage,
    /// SQS, Kinesis.
    Queue,
    /// SNS, SES and what else sends messages to people.
    Message,
    /// EventBridge.
    Event,
    /// ECS, EKS, Batch, EC2.
    Machine,
    /// Glue, Athena, EMR and the like.
    Analytics,
    /// Bedrock, SageMaker and the other services with models.
    Model,
    /// HTTP endpoints and API Gateway.
    Web,
    Other,
}

/// Something that a state does besides its task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    pub kind: BadgeKind,
    /// Such as `up to 3 retries on any error`.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BadgeKind {
    Retry,
    Timeout,
    Heartbeat,
}

/// What a Task state calls.
pub(super) fn service(state: &State) -> Option<Service> {
    let StateKind::Task(task) = &state.kind else { return None };
    let rest = bare(&task.resource).strip_prefix("arn:").unwrap_or_default();
    if let Some((_, integration)) = rest.split_once(":states:::") {
        let name = integration.strip_prefix("aws-sdk:").unwrap_or(integration);
        return Some(service_named(name.split([':', '.']).next().unwrap_or_default()));
    }
    match rest.split(':').collect::<Vec<_>>().as_slice() {
        [_, "lambda", ..] => Some(Service::Function),
        [_, "states", _, _, "activity", ..] => Some(Service::Activity),
        _ => Some(Service::Other),
    }
}

fn service_named(name: &str) -> Service {
    match name {
        "lambda" => Service::Function,
        "states" | "sfn" => Service::Workflow,
        "dynamodb" | "rds" | "rdsdata" | "redshift" | "redshiftdata" | "elasticache" | "neptunedata" | "docdb" => {
            Service::Database
        }
        "s3" | "s3control" | "efs" | "glacier" | "backup" | "datasync" | "ebs" => Service::Storage,
        "sqs" | "kinesis" | "firehose" | "mq" | "kafka" => Service::Queue,
        "sns" | "ses" | "sesv2" | "pinpoint" | "chatbot" | "connect" => Service::Message,
        "events" | "eventbridge" | "scheduler" | "pipes" => Service::Event,
        "ecs" | "eks" | "batch" | "ec2" | "autoscaling" | "codebuild" | "ssm" => Service::Machine,
        "glue" | "athena" | "elasticmapreduce" | "emr" | "emrcontainers" | "emrserverless" | "databrew"
        | "quicksight" | "opensearch" | "lakeformation" => Service::Analytics,
        "bedrock"
        | "bedrockruntime"
        | "bedrockagentruntime"
        | "sagemaker"
        | "sagemakerruntime"
        | "comprehend"
        | "rekognition"
        | "textract"
        | "transcribe"
        | "translate"
        | "polly"
        | "lookoutvision"
        | "personalize" => Service::Model,
        "http" | "apigateway" | "apigatewayv2" | "appsync" => Service::Web,
        _ => Service::Other,
    }
}

/// The retries and the time limits of a state.
pub(super) fn badges(state: &State) -> Vec<Badge> {
    let mut badges = Vec::new();
    if !state.retry.is_empty() {
        let text = state.retry.iter().map(retries).collect::<Vec<_>>().join("; ");
        badges.push(Badge { kind: BadgeKind::Retry, text });
    }
    if let StateKind::Task(task) = &state.kind {
        let limit = |limit: &Amount| match limit {
            Amount::Number { text, .. } => duration(text),
            Amount::Expression(expression) => format!("{} s", bare(expression)),
        };
        let timeout = task.timeout.as_ref().map(|timeout| format!("times out after {}", limit(timeout)));
        let heartbeat = task.heartbeat.as_ref().map(|beat| format!("needs a heartbeat every {}", limit(beat)));
        badges.extend(timeout.map(|text| Badge { kind: BadgeKind::Timeout, text }));
        badges.extend(heartbeat.map(|text| Badge { kind: BadgeKind::Heartbeat, text }));
    }
    badges
}

fn retries(retrier: &Retrier) -> String {
    let word = |error: &String| if error == "States.ALL" { "any error".to_owned() } else { error.clone() };
    let errors = retrier.errors.iter().map(word).collect::<Vec<_>>().join(", ");
    match retrier.max_attempts {
        0 => format!("no retry on {errors}"),
        1 => format!("1 retry on {errors}"),
        most => format!("up to {most} retries on {errors}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::Machine;

    fn state(text: &str) -> State {
        let text = format!(r#"{{"StartAt":"T","States":{{"T":{text}}}}}"#);
        Machine::read(&text).unwrap().states["T"].clone()
    }

    #[test]
    fn a_task_shows_its_service() {
        for (resource, expect) in [
            ("arn:aws:states:::lambda:invoke.waitForTaskToken", Service::Function),
            ("arn:aws:lambda:eu-west-1:111122223333:function:pick", Service::Function),
            ("arn:aws:states:eu-west-1:111122223333:activity:ask", Service::Activity),
            ("arn:aws:states:::aws-sdk:dynamodb:query", Service::Database),
            ("arn:aws:states:::states:startExecution.sync:2", Service::Workflow),
            ("arn:aws:states:::aws-sdk:somethingnew:call", Service::Other),
            ("${Function}", Service::Other),
        ] {
            let task = state(&format!(r#"{{"Type":"Task","Resource":"{resource}","End":true}}"#));
            assert_eq!(service(&task), Some(expect), "{resource}");
        }
        assert_eq!(service(&state(r#"{"Type":"Pass","End":true}"#)), None);
    }

    #[test]
    fn retries_and_limits_are_words() {
        let task = state(
            r#"{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,"TimeoutSeconds":3600,"HeartbeatSecondsPath":"$.beat",
                "Retry":[{"ErrorEquals":["E","F"],"MaxAttempts":0},{"ErrorEquals":["States.ALL"]}]}"#,
        );
        let words: Vec<String> = badges(&task).into_iter().map(|badge| badge.text).collect();
        assert_eq!(
            words,
            [
                "no retry on E, F; up to 3 retries on any error",
                "times out after 1 h",
                "needs a heartbeat every $.beat s"
            ]
        );
    }
}
