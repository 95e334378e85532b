//! What a template's values depend on that is not in the template: the account, other stacks, resources that were made.

use crate::value::Value;

/// The account, region and stack for which a template is resolved. Its parts are what the pseudo parameters say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Twelve digits.
    pub account: String,
    pub region: String,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    pub stack_name: String,
    /// The ARN of the stack.
    pub stack_id: String,
    /// ARNs of topics.
    pub notification_arns: Vec<String>,
}

impl Environment {
    /// The environment of a stack that has not been made: its id ends in zeros.
    #[must_use]
    pub fn planned(account: &str, region: &str, stack_name: &str) -> Self {
        let partition = partition_of(region);
        let id = "00000000-0000-0000-0000-000000000000";
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            partition: partition.to_owned(),
            stack_name: stack_name.to_owned(),
            stack_id: format!("arn:{partition}:cloudformation:{region}:{account}:stack/{stack_name}/{id}"),
            notification_arns: Vec::new(),
        }
    }

    /// The domain of the partition, which `AWS::URLSuffix` says.
    #[must_use]
    pub fn url_suffix(&self) -> &'static str {
        if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }
}

/// The partition that a region is in.
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The resources of a stack that have been made. The host asks the resolver for the properties of one resource after the
/// other, in the order of [`crate::Template::order`], and answers here for those that it has made.
pub trait Attributes {
    /// What `Ref` of a resource says; `None` while it is not made.
    fn reference(&self, logical_id: &str) -> Option<Value>;
    /// What `Fn::GetAtt` of a resource says, where the type has this attribute; `None` while it is not made.
    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value>;
}

/// What is known around the stack.
pub trait Surroundings {
    /// The value of a parameter in Parameter Store, for parameters of the type `AWS::SSM::Parameter::Value<...>`.
    fn ssm_parameter(&self, name: &str) -> Option<String>;
    /// The value that a stack of the account and region exports by this name.
    fn export(&self, name: &str) -> Option<String>;
    /// The names of a region's availability zones.
    fn availability_zones(&self, region: &str) -> Vec<String> {
        ["a", "b", "c"].iter().map(|zone| format!("{region}{zone}")).collect()
    }
}

/// Nothing is around the stack, and none of its resources has been made.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Attributes for Nothing {
    fn reference(&self, _: &str) -> Option<Value> {
        None
    }

    fn attribute(&self, _: &str, _: &str) -> Option<Value> {
        None
    }
}

impl Surroundings for Nothing {
    fn ssm_parameter(&self, _: &str) -> Option<String> {
        None
    }

    fn export(&self, _: &str) -> Option<String> {
        None
    }
}
