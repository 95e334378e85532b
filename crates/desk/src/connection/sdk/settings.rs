//! Logging, tracing and encryption as the SDK has them.

use aws_sdk_sfn::types::{
    CloudWatchLogsLogGroup, EncryptionConfiguration, EncryptionType, LogDestination, LogLevel as SdkLevel,
    LoggingConfiguration, TracingConfiguration,
};

use crate::connection::error::{CallError, Fault};
use crate::connection::port::Api;
use crate::deploy::desired::{Encryption, LogLevel, Logging};

/// How long AWS uses a data key where nothing else is configured, in seconds.
const REUSE_SECONDS: u32 = 300;

/// The logging of a state machine; off where the endpoint says nothing of it.
pub fn logging(found: Option<LoggingConfiguration>) -> Logging {
    let Some(found) = found else { return Logging::OFF };
    let level = match found.level {
        Some(SdkLevel::All) => LogLevel::All,
        Some(SdkLevel::Error) => LogLevel::Error,
        Some(SdkLevel::Fatal) => LogLevel::Fatal,
        _ => LogLevel::Off,
    };
    let group = found.destinations.unwrap_or_default().into_iter().next();
    Logging {
        level,
        destination: group.and_then(|group| group.cloud_watch_logs_log_group?.log_group_arn),
        execution_data: found.include_execution_data,
    }
}

/// Logging for the SDK.
pub fn sdk_logging(logging: &Logging) -> LoggingConfiguration {
    let level = match logging.level {
        LogLevel::All => SdkLevel::All,
        LogLevel::Error => SdkLevel::Error,
        LogLevel::Fatal => SdkLevel::Fatal,
        LogLevel::Off => SdkLevel::Off,
    };
    let group = |arn: &String| {
        let group = CloudWatchLogsLogGroup::builder().log_group_arn(arn).build();
        vec![LogDestination::builder().cloud_watch_logs_log_group(group).build()]
    };
    LoggingConfiguration::builder()
        .level(level)
        .include_execution_data(logging.execution_data)
        .set_destinations(logging.destination.as_ref().map(group))
        .build()
}

/// Tracing for the SDK.
pub fn sdk_tracing(enabled: bool) -> TracingConfiguration {
    TracingConfiguration::builder().enabled(enabled).build()
}

/// The encryption of a state machine; AWS's own key where the endpoint says nothing of it.
pub fn encryption(found: Option<EncryptionConfiguration>) -> Encryption {
    match found {
        Some(EncryptionConfiguration {
            r#type: EncryptionType::CustomerManagedKmsKey,
            kms_key_id: Some(key),
            kms_data_key_reuse_period_seconds: reuse,
            ..
        }) => {
            let reuse_seconds = reuse.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(REUSE_SECONDS);
            Encryption::CustomerManagedKey { key, reuse_seconds }
        }
        _ => Encryption::AwsOwnedKey,
    }
}

/// Encryption for the SDK.
///
/// # Errors
/// The SDK refuses it.
pub fn sdk_encryption(
    (api, subject): (Api, &str),
    encryption: &Encryption,
) -> Result<EncryptionConfiguration, CallError> {
    let made = match encryption {
        Encryption::AwsOwnedKey => EncryptionConfiguration::builder().r#type(EncryptionType::AwsOwnedKey),
        Encryption::CustomerManagedKey { key, reuse_seconds } => EncryptionConfiguration::builder()
            .r#type(EncryptionType::CustomerManagedKmsKey)
            .kms_key_id(key)
            .kms_data_key_reuse_period_seconds(i32::try_from(*reuse_seconds).unwrap_or(i32::MAX)),
    };
    let refused = |error: &dyn std::fmt::Display| CallError {
        api,
        subject: subject.to_owned(),
        fault: Fault::Unsent(error.to_string()),
    };
    made.build().map_err(|error| refused(&error))
}
