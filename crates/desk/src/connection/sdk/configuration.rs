//! How the clients of the AWS SDK are configured: endpoint, region, credentials and role.

use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::connection::ConnectionKind;

/// The region of an endpoint when nothing names one: emulators accept any.
const EMULATOR_REGION: &str = "us-east-1";
/// The name under which CloudTrail shows the calls of an assumed role.
const SESSION: &str = "countersign";

/// Which Step Functions a connection reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The embedded engine of this process, at this URL.
    Embedded(String),
    /// Another endpoint, at this URL.
    Endpoint(String),
    /// AWS itself.
    Aws,
}

/// How a connection is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdkOptions {
    pub target: Target,
    /// The profile of the AWS configuration.
    pub profile: Option<String>,
    pub region: Option<String>,
    /// The role that every call is made as.
    pub role: Option<Role>,
}

impl SdkOptions {
    /// Options without a profile, a region or a role.
    #[must_use]
    pub const fn of(target: Target) -> Self {
        Self { target, profile: None, region: None, role: None }
    }
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub arn: String,
    /// What the role's owner asks for, if anything.
    pub external_id: Option<String>,
}

/// The configuration of clients, the kind of endpoint, and its URL where it is not AWS.
pub async fn shared_config(options: &SdkOptions) -> (aws_config::SdkConfig, ConnectionKind, Option<String>) {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(
        TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_timeout(Duration::from_secs(15))
            .build(),
    );
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let (kind, url) = match options.target.clone() {
        Target::Embedded(url) => (ConnectionKind::Embedded, Some(url)),
        Target::Endpoint(url) => (ConnectionKind::Endpoint, Some(url)),
        Target::Aws => (ConnectionKind::Aws, None),
    };
    if let Some(url) = &url {
        loader = loader.endpoint_url(url);
    }
    // An emulator takes any signature. The standard chain would look for an instance role, and time out.
    let signed_by_chain = kind == ConnectionKind::Aws
        || kind == ConnectionKind::Endpoint
            && (options.profile.is_some() || std::env::var_os("AWS_ACCESS_KEY_ID").is_some());
    if !signed_by_chain {
        loader = loader.credentials_provider(emulator_credentials());
        if options.region.is_none() {
            loader = loader.region(Region::new(EMULATOR_REGION));
        }
    }
    let mut shared = loader.load().await;
    if shared.region().is_none() && kind != ConnectionKind::Aws {
        shared = shared.into_builder().region(Region::new(EMULATOR_REGION)).build();
    }
    if let Some(role) = &options.role {
        shared = assuming(shared, role).await;
    }
    (shared, kind, url)
}

/// The configuration with the credentials of a role. The role is assumed with the first call, not here.
async fn assuming(shared: aws_config::SdkConfig, role: &Role) -> aws_config::SdkConfig {
    let mut provider = AssumeRoleProvider::builder(&role.arn).session_name(SESSION).configure(&shared);
    if let Some(id) = &role.external_id {
        provider = provider.external_id(id);
    }
    let provider = SharedCredentialsProvider::new(provider.build().await);
    shared.into_builder().credentials_provider(provider).build()
}

/// A loopback address by its name: for some calls clients prefix the host with `sync-`, which an IP address cannot take.
#[must_use]
pub fn by_name(url: &str) -> String {
    let numbers = ["//127.0.0.1", "//[::1]"];
    numbers.iter().fold(url.to_owned(), |url, number| match url.split_once(number) {
        Some((scheme, rest)) if rest.is_empty() || rest.starts_with([':', '/']) => format!("{scheme}//localhost{rest}"),
        _ => url,
    })
}

/// Credentials that belong to no account.
fn emulator_credentials() -> Credentials {
    Credentials::new("countersign", "countersign", None, None, "emulator")
}

#[cfg(test)]
mod tests {
    use super::by_name;

    #[test]
    fn this_machine_is_named() {
        for (url, expected) in [
            ("http://127.0.0.1:8083", "http://localhost:8083"),
            ("http://[::1]:8083", "http://localhost:8083"),
            ("http://127.0.0.10:8083", "http://127.0.0.10:8083"),
        ] {
            assert_eq!(by_name(url), expected);
        }
    }
}
