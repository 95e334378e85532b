//! What a Task's `Resource` names.

/// How a task calls an action of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// It goes on with the service's response.
    Response,
    /// It waits for the end of the job: `.sync`.
    Sync,
    /// As `.sync`, with the output as JSON: `.sync:2`, of `states:startExecution`.
    Sync2,
    /// It waits for an answer with the task token: `.waitForTaskToken`.
    Callback,
}

/// A Task's resource.
///
/// ```
/// use countersign_asl::{Pattern, Resource};
///
/// let resource = Resource::read("arn:aws:states:::sqs:sendMessage.waitForTaskToken").unwrap();
/// assert_eq!(resource, Resource::Call { service: "sqs", action: "sendMessage", pattern: Pattern::Callback });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    /// A function, by its own ARN.
    Function(&'a str),
    /// An activity, by its ARN.
    Activity(&'a str),
    /// An action of an optimised integration.
    Call { service: &'a str, action: &'a str, pattern: Pattern },
    /// An action of an AWS SDK integration; `service` has the spelling of Step Functions.
    Sdk { service: &'a str, action: &'a str, pattern: Pattern },
}

impl<'a> Resource<'a> {
    /// Reads a resource. `None`: it is no ARN, has a placeholder, or names nothing that a task can call.
    pub fn read(resource: &'a str) -> Option<Self> {
        let parts: Vec<&str> = resource.splitn(6, ':').collect();
        if resource.contains("${") {
            return None;
        }
        let call = match parts[..] {
            ["arn", _, "lambda", ..] => return Some(Self::Function(resource)),
            ["arn", _, "states", _, _, worker] if worker.starts_with("activity:") => {
                return Some(Self::Activity(resource));
            }
            ["arn", _, "states", _, _, call] => call,
            _ => return None,
        };
        let (called, pattern) = match call.split_once('.') {
            None => (call, Pattern::Response),
            Some((called, "sync")) => (called, Pattern::Sync),
            Some((called, "sync:2")) => (called, Pattern::Sync2),
            Some((called, "waitForTaskToken")) => (called, Pattern::Callback),
            Some(_) => return None,
        };
        match called.split_once(':')? {
            ("aws-sdk", called) => {
                called.split_once(':').map(|(service, action)| Self::Sdk { service, action, pattern })
            }
            (service, action) => Some(Self::Call { service, action, pattern }),
        }
    }

    /// How the service is called; `None` for functions and activities.
    pub fn pattern(self) -> Option<Pattern> {
        match self {
            Self::Call { pattern, .. } | Self::Sdk { pattern, .. } => Some(pattern),
            Self::Function(_) | Self::Activity(_) => None,
        }
    }

    /// Whether a worker answers the task: with its token, or as an activity.
    pub fn waits_for_answer(self) -> bool {
        matches!(self, Self::Activity(_)) || self.pattern() == Some(Pattern::Callback)
    }

    /// Whether the task ends when the job ends that it starts.
    pub fn waits_for_job(self) -> bool {
        matches!(self.pattern(), Some(Pattern::Sync | Pattern::Sync2))
    }

    /// Whether a Lambda function is called.
    pub fn calls_function(self) -> bool {
        match self {
            Self::Function(_) => true,
            Self::Call { service, action, .. } | Self::Sdk { service, action, .. } => {
                service == "lambda" && action == "invoke"
            }
            Self::Activity(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_says_what_is_called_and_how() {
        let call = |service, action, pattern| Some(Resource::Call { service, action, pattern });
        for (text, expected) in [
            ("arn:aws:states:::lambda:invoke", call("lambda", "invoke", Pattern::Response)),
            ("arn:aws-cn:states:::ecs:runTask.sync", call("ecs", "runTask", Pattern::Sync)),
            ("arn:aws:states:::states:startExecution.sync:2", call("states", "startExecution", Pattern::Sync2)),
            (
                "arn:aws:states:::aws-sdk:s3:getObject",
                Some(Resource::Sdk { service: "s3", action: "getObject", pattern: Pattern::Response }),
            ),
            ("arn:aws:states:::aws-sdk:s3", None),
            ("arn:aws:states:::lambda:invoke.later", None),
            ("${Function}", None),
            ("arn:aws:sqs:us-east-1:123456789012:queue", None),
        ] {
            assert_eq!(Resource::read(text), expected, "{text}");
        }
        let function = "arn:aws:lambda:us-east-1:123456789012:function:pay:live";
        assert_eq!(Resource::read(function), Some(Resource::Function(function)));
        let activity = "arn:aws:states:us-east-1:123456789012:activity:pack";
        assert_eq!(Resource::read(activity), Some(Resource::Activity(activity)));
    }
}
