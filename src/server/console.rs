//! Addresses in the console of AWS: only for what is in AWS, in the partition that its ARN names.

use countersign_desk::connection::{About, ConnectionKind};

use crate::routes::encode;

/// The console of one region.
pub struct Console {
    host: String,
    region: String,
}

impl Console {
    /// The console that shows what `arn` names, where the connection is AWS.
    #[must_use]
    pub fn of(about: &About, arn: &str) -> Option<Self> {
        if about.kind != ConnectionKind::Aws {
            return None;
        }
        let mut parts = arn.split(':');
        let (partition, region) = (parts.nth(1)?, parts.nth(1)?);
        let is_name = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let host = match partition {
            "aws" => format!("{region}.console.aws.amazon.com"),
            "aws-cn" => "console.amazonaws.cn".to_owned(),
            "aws-us-gov" => "console.amazonaws-us-gov.com".to_owned(),
            _ => return None,
        };
        is_name.then(|| Self { host, region: region.to_owned() })
    }

    fn page(&self, service: &str, fragment: &str) -> String {
        format!("https://{}/{service}/home?region={}#{fragment}", self.host, self.region)
    }

    /// The page of an execution.
    #[must_use]
    pub fn execution(&self, arn: &str) -> String {
        self.page("states", &format!("/v2/executions/details/{}", encode(arn)))
    }

    /// The page of a state machine, a version or an alias of one.
    #[must_use]
    pub fn machine(&self, arn: &str) -> String {
        self.page("states", &format!("/statemachines/view/{}", encode(arn)))
    }

    /// The page of a function.
    #[must_use]
    pub fn function(&self, name: &str) -> String {
        self.page("lambda", &format!("/functions/{}", encode(name)))
    }

    /// What a function wrote to its log.
    #[must_use]
    pub fn function_log(&self, name: &str) -> String {
        // The console reads the name of a group with `$` in place of `%`, encoded twice.
        let group = encode(&encode(&log_group(name))).replace('%', "$");
        self.page("cloudwatch", &format!("logsV2:log-groups/log-group/{group}"))
    }
}

/// The log group of a function, unless its configuration names another.
#[must_use]
pub fn log_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

/// The name of a function in its ARN or in what a task gives as `FunctionName`, without version and alias.
#[must_use]
pub fn function_name(given: &str) -> Option<&str> {
    let name = match given.split_once(":function:") {
        Some((_, rest)) => rest.split(':').next()?,
        None => given.split(':').next()?,
    };
    let is_name = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_desk::connection::Colour;

    fn about(kind: ConnectionKind) -> About {
        About {
            label: "AWS".to_owned(),
            detail: String::new(),
            region: "us-east-1".to_owned(),
            kind,
            profile: None,
            role_arn: None,
            colour: Colour::Grey,
            read_only: false,
        }
    }

    #[test]
    fn each_partition_has_its_own_console() {
        let aws = about(ConnectionKind::Aws);
        for (arn, expected) in [
            (
                "arn:aws:states:eu-west-1:1:execution:m:a b",
                Some(
                    "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/arn:aws:states:eu-west-1:1:execution:m:a%20b",
                ),
            ),
            (
                "arn:aws-cn:states:cn-north-1:1:execution:m:a",
                Some(
                    "https://console.amazonaws.cn/states/home?region=cn-north-1#/v2/executions/details/arn:aws-cn:states:cn-north-1:1:execution:m:a",
                ),
            ),
            (
                "arn:aws-us-gov:states:us-gov-west-1:1:execution:m:a",
                Some(
                    "https://console.amazonaws-us-gov.com/states/home?region=us-gov-west-1#/v2/executions/details/arn:aws-us-gov:states:us-gov-west-1:1:execution:m:a",
                ),
            ),
            ("arn:aws-iso:states:us-iso-east-1:1:execution:m:a", None),
            ("arn:aws:states:evil.example/:1:execution:m:a", None),
            ("nothing", None),
        ] {
            assert_eq!(Console::of(&aws, arn).map(|console| console.execution(arn)).as_deref(), expected);
        }
        for kind in [ConnectionKind::Embedded, ConnectionKind::Endpoint] {
            assert!(Console::of(&about(kind), "arn:aws:states:eu-west-1:1:execution:m:a").is_none());
        }
    }

    #[test]
    fn a_function_and_its_log_are_found_by_its_name() {
        assert_eq!(function_name("arn:aws:lambda:eu-west-1:1:function:pay:3"), Some("pay"));
        assert_eq!(function_name("pay:live"), Some("pay"));
        assert_eq!(function_name("../x"), None);
        let console = Console { host: "h".to_owned(), region: "r".to_owned() };
        assert_eq!(
            console.function_log("pay"),
            "https://h/cloudwatch/home?region=r#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fpay"
        );
    }
}
