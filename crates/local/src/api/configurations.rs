//! Logging and encryption of machines and activities. The embedded engine stores these settings and does neither.

use serde_json::{Value, json};

use super::error::ApiError;

/// Checks a machine's logging: one log group, named as CloudWatch requires.
///
/// # Errors
/// AWS's `InvalidLoggingConfiguration`.
pub fn check_logging(logging: Option<&Value>, machine_arn: &str) -> Result<(), ApiError> {
    let wrong =
        |why: &str| Err(ApiError::new("InvalidLoggingConfiguration", format!("Invalid Logging Configuration: {why}")));
    let Some(logging) = logging else { return Ok(()) };
    let destinations = logging.get("destinations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let off = logging.get("level").and_then(Value::as_str).is_none_or(|level| level == "OFF");
    if destinations.len() > 1 || destinations.is_empty() && !off {
        return wrong("Must specify exactly one Log Destination.");
    }
    let Some(destination) = destinations.first() else { return Ok(()) };
    let Some(group) = destination.pointer("/cloudWatchLogsLogGroup/logGroupArn").and_then(Value::as_str) else {
        return wrong("Must set valid CloudWatch Log Group ARN.");
    };
    let parts: Vec<&str> = group.split(':').collect();
    if parts.len() < 7 || parts[0] != "arn" || parts[2] != "logs" || parts[5] != "log-group" {
        return wrong("Provided ARN is not CloudWatch Logs Log Group ARN.");
    }
    if !group.ends_with(":*") {
        return wrong("Log Group ARN must be provided with '*' qualifier.");
    }
    // Logs are delivered under the machine's ARN, whose length CloudWatch limits.
    if !off && !machine_arn.chars().all(|letter| letter.is_ascii_alphanumeric() || "./-_:".contains(letter)) {
        return wrong(&format!(
            "1 validation error detected: {}",
            ApiError::failure(
                &format!("'{machine_arn}' "),
                "resourceId",
                r"satisfy regular expression pattern: ^[0-9A-Za-z.\/\-_:]+$"
            )
        ));
    }
    Ok(())
}

/// Checks the encryption of a machine or an activity: a customer's key has to be named, AWS's own must not be.
///
/// # Errors
/// AWS's `InvalidEncryptionConfiguration`.
pub fn check_encryption(encryption: Option<&Value>) -> Result<(), ApiError> {
    let wrong = |why: String| {
        Err(ApiError::new("InvalidEncryptionConfiguration", format!("Invalid Encryption Configuration: {why}")))
    };
    let Some(encryption) = encryption else { return Ok(()) };
    if encryption.get("type").and_then(Value::as_str) == Some("CUSTOMER_MANAGED_KMS_KEY") {
        if encryption.get("kmsKeyId").is_none_or(Value::is_null) {
            return wrong("Must set a valid kmsKeyId.".to_owned());
        }
        return Ok(());
    }
    for field in ["kmsKeyId", "kmsDataKeyReusePeriodSeconds"] {
        if encryption.get(field).is_some_and(|value| !value.is_null()) {
            return wrong(format!("Custom {field} is not allowed when selecting AWS_OWNED_KEY."));
        }
    }
    Ok(())
}

/// The encryption that is shown if none was requested.
pub fn own_key() -> Value {
    json!({ "type": "AWS_OWNED_KEY" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

    #[test]
    fn logs_go_to_one_log_group() {
        let group = |arn: &str| json!({ "cloudWatchLogsLogGroup": { "logGroupArn": arn } });
        let right = group("arn:aws:logs:us-east-1:000000000000:log-group:/aws/m:*");
        for (logging, machine, expected) in [
            (json!({ "level": "OFF" }), ARN, None),
            (json!({ "level": "ALL", "destinations": [right] }), ARN, None),
            (json!({ "level": "ALL" }), ARN, Some("Must specify exactly one Log Destination.")),
            (
                json!({ "level": "OFF", "destinations": [right, right] }),
                ARN,
                Some("Must specify exactly one Log Destination."),
            ),
            (json!({ "level": "ERROR", "destinations": [{}] }), ARN, Some("Must set valid CloudWatch Log Group ARN.")),
            (
                json!({ "level": "ERROR", "destinations": [group("arn:aws:s3:::bucket")] }),
                ARN,
                Some("Provided ARN is not CloudWatch Logs Log Group ARN."),
            ),
            (
                json!({ "level": "ERROR", "destinations": [group("arn:aws:logs:us-east-1:000000000000:log-group:g")] }),
                ARN,
                Some("Log Group ARN must be provided with '*' qualifier."),
            ),
            (
                json!({ "level": "ALL", "destinations": [right] }),
                "stateMachine:é",
                Some(
                    r"1 validation error detected: Value 'stateMachine:é' at 'resourceId' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9A-Za-z.\/\-_:]+$",
                ),
            ),
        ] {
            let found = check_logging(Some(&logging), machine).err().map(|error| error.message);
            assert_eq!(found, expected.map(|why| format!("Invalid Logging Configuration: {why}")), "{logging}");
        }
    }

    #[test]
    fn a_key_of_one_s_own_is_named_and_aws_s_is_not() {
        for (encryption, expected) in [
            (json!({ "type": "AWS_OWNED_KEY" }), None),
            (json!({ "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k" }), None),
            (json!({ "type": "CUSTOMER_MANAGED_KMS_KEY" }), Some("Must set a valid kmsKeyId.")),
            (
                json!({ "type": "AWS_OWNED_KEY", "kmsKeyId": "k" }),
                Some("Custom kmsKeyId is not allowed when selecting AWS_OWNED_KEY."),
            ),
            (
                json!({ "type": "AWS_OWNED_KEY", "kmsDataKeyReusePeriodSeconds": 60 }),
                Some("Custom kmsDataKeyReusePeriodSeconds is not allowed when selecting AWS_OWNED_KEY."),
            ),
        ] {
            let found = check_encryption(Some(&encryption)).err().map(|error| error.message);
            assert_eq!(found, expected.map(|why| format!("Invalid Encryption Configuration: {why}")), "{encryption}");
        }
    }
}
