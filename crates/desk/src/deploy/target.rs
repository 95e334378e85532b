//! The destination of a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::EMULATOR_ACCOUNT;
use crate::connection::{CallError, Parameter};

/// Reads an environment variable.
pub type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The destination of a plan, and what is known there.
#[derive(Clone, Copy)]
pub struct PlanTarget<'a> {
    /// `aws`, `aws-cn`.
    pub partition: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    /// Whether it is AWS itself, which requires a role.
    pub aws: bool,
    /// The engine's functions; `None` if they are unknown.
    pub functions: Option<&'a BTreeSet<String>>,
    /// The environment variables; `None` if they are not to be read. Placeholders for them stay.
    pub variables: Option<&'a Variables>,
    /// The parameters that the folder names; `None` if they are unknown.
    pub parameters: Option<&'a BTreeMap<String, Parameter>>,
    /// Why the Parameter Store could not be read; `None` if it was, or was not asked.
    pub unread: Option<&'a CallError>,
}

impl<'a> PlanTarget<'a> {
    /// A destination of which nothing is known, to check a folder without a connection.
    #[must_use]
    pub const fn unknown(functions: Option<&'a BTreeSet<String>>) -> Self {
        Self {
            partition: "aws",
            region: "us-east-1",
            account: EMULATOR_ACCOUNT,
            aws: false,
            functions,
            variables: None,
            parameters: None,
            unread: None,
        }
    }
}

/// The partition of a region, as in AWS's SDKs.
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    PARTITIONS.into_iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}
