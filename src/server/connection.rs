//! The connection: the one way to reach Step Functions, through the AWS SDK, and how its failures read to a person.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_types::timeout::TimeoutConfig;

use super::config::ServeArgs;
use crate::dto::{Connection, ConnectionKind};
use crate::error::{AppError, ErrorKind};

/// The region of an endpoint where nothing names another: emulators take any.
const EMULATOR_REGION: &str = "us-east-1";

/// The clients of one connection, and what a person is told about it.
#[derive(Clone, Debug)]
pub struct Clients {
    pub sfn: aws_sdk_sfn::Client,
    pub sns: aws_sdk_sns::Client,
    pub sts: aws_sdk_sts::Client,
    pub about: Connection,
}

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

/// An address of this machine with its name: clients put `sync-` before it for some calls, which no number can have.
#[must_use]
pub fn by_name(url: &str) -> String {
    let numbers = ["//127.0.0.1", "//[::1]"];
    numbers.iter().fold(url.to_owned(), |url, number| match url.split_once(number) {
        Some((scheme, rest)) if rest.is_empty() || rest.starts_with([':', '/']) => format!("{scheme}//localhost{rest}"),
        _ => url,
    })
}

impl Clients {
    /// Makes the clients; no call is made yet.
    pub async fn connect(target: Target, args: &ServeArgs) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(3))
                .operation_timeout(Duration::from_secs(15))
                .build(),
        );
        if let Some(profile) = &args.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &args.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let (kind, url) = match target {
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
                && (args.profile.is_some() || std::env::var_os("AWS_ACCESS_KEY_ID").is_some());
        if !signed_by_chain {
            loader = loader.credentials_provider(Credentials::for_tests_or_emulators());
            if args.region.is_none() {
                loader = loader.region(Region::new(EMULATOR_REGION));
            }
        }
        let mut shared = loader.load().await;
        if shared.region().is_none() && kind != ConnectionKind::Aws {
            shared = shared.into_builder().region(Region::new(EMULATOR_REGION)).build();
        }
        // The start refuses an account without a region.
        let region = shared.region().map(ToString::to_string).unwrap_or_default();
        let (label, detail) = match (kind, url) {
            (ConnectionKind::Embedded, Some(url)) => ("Embedded engine", by_name(&url)),
            (ConnectionKind::Endpoint, Some(url)) => ("Endpoint", url),
            _ => ("AWS", args.profile.clone().map_or_else(|| region.clone(), |profile| format!("{profile}, {region}"))),
        };
        Self {
            sfn: aws_sdk_sfn::Client::new(&shared),
            sns: aws_sdk_sns::Client::new(&shared),
            sts: aws_sdk_sts::Client::new(&shared),
            about: Connection { label: label.to_owned(), detail, region, kind },
        }
    }
}

/// Credentials that no account knows.
trait Emulator {
    fn for_tests_or_emulators() -> Self;
}

impl Emulator for Credentials {
    fn for_tests_or_emulators() -> Self {
        Self::new("countersign", "countersign", None, None, "emulator")
    }
}

/// What a failed call means to a person: what happened (with `doing`, such as "list the executions"), and the remedy.
pub fn problem<E, R>(doing: &str, about: &Connection, error: &SdkError<E, R>) -> AppError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let place = format!("{} ({})", about.label, about.detail);
    match error {
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
            unreachable(doing, &place, about)
        }
        SdkError::TimeoutError(_) => unreachable(doing, &place, about),
        SdkError::ServiceError(service) => refused(doing, &place, service.err().code(), service.err().message()),
        other => AppError::new(
            ErrorKind::Unavailable,
            format!("Could not {doing} at {place}: {}.", innermost(other)),
            "Check the region, the profile and the credentials that countersign was started with.",
        ),
    }
}

/// The causes of an error, the last of which tells the most, in one line and whole.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    // The SDK's own layers say only that there was a failure.
    let told = words.split_off(words.len().saturating_sub(2));
    // A cause is not cut: an ARN or a remedy at its end is what somebody needs.
    told.join(": ").trim_end_matches('.').to_owned()
}

fn unreachable(doing: &str, place: &str, about: &Connection) -> AppError {
    AppError::new(
        ErrorKind::Unavailable,
        format!("Could not {doing}: {place} does not answer."),
        match about.kind {
            ConnectionKind::Aws => "Check the network and the region; the page goes on by itself once AWS answers.",
            _ => "Start the endpoint, or give another with --endpoint URL; the page goes on by itself once it answers.",
        },
    )
}

fn refused(doing: &str, place: &str, code: Option<&str>, message: Option<&str>) -> AppError {
    let code = code.unwrap_or("an unnamed error");
    let kind = match code {
        code if code.ends_with("DoesNotExist") || code == "ResourceNotFound" => ErrorKind::NotFound,
        "AccessDeniedException" => ErrorKind::Forbidden,
        "ThrottlingException" | "TooManyRequestsException" => ErrorKind::Unavailable,
        _ => ErrorKind::Invalid,
    };
    let remedy = match code {
        "AccessDeniedException" => "Let the role or user that countersign runs as do this (IAM).",
        "ThrottlingException" | "TooManyRequestsException" => "Wait a moment; the call is tried again.",
        code if code.contains("UnrecognizedClient")
            || code.contains("InvalidSignature")
            || code.contains("ExpiredToken") =>
        {
            "Sign in again (for example `aws sso login`), then restart countersign."
        }
        _ if kind == ErrorKind::NotFound => {
            "It may have been deleted, or the address may be wrong. Choose one under Executions or Workflows."
        }
        _ => "Correct it and try again.",
    };
    AppError::new(
        kind,
        format!("Could not {doing} at {place}: {code}: {}.", message.unwrap_or("no message").trim_end_matches('.')),
        remedy,
    )
}

#[cfg(test)]
mod tests {
    use super::{by_name, innermost};

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

    #[test]
    fn a_cause_is_told_whole() {
        let cause = format!("the profile {} has no credentials.", "very-long-name-".repeat(40));
        let error = std::io::Error::other(cause.clone());
        assert_eq!(innermost(&error), cause.trim_end_matches('.'));
    }
}
