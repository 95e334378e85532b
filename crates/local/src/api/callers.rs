//! The caller of a request: the host name that it used, and the account, the region and the service of its signature.

use axum::http::{HeaderMap, header};

use super::error::ApiError;
use crate::host::AccountRegion;

/// What the SDKs put before the host name in `StartSyncExecution` and `TestState`.
const SYNC: &str = "sync-";

/// Whether a host name belongs to this machine: a loopback address, `localhost` or a name below it. Nobody can register
/// one of these, so no page elsewhere has one.
pub fn is_here(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let plain = name.strip_prefix(SYNC).unwrap_or(&name);
    plain == "localhost"
        || plain.strip_suffix(".localhost").is_some_and(|below| !below.is_empty())
        || plain.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The `Host` of a request, with its port.
pub fn authority(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// The address that a request came to.
pub fn origin(headers: &HeaderMap) -> Option<String> {
    authority(headers).map(|authority| format!("http://{authority}"))
}

/// The credential scope of a signature: key, date, region, service and `aws4_request`.
struct Scope<'a> {
    key: &'a str,
    region: &'a str,
    service: &'a str,
}

fn scope(headers: &HeaderMap) -> Option<Scope<'_>> {
    let signed = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, rest) = signed.split_once("Credential=")?;
    let mut parts = rest.split([',', ' ']).next()?.splitn(5, '/');
    let key = parts.next()?;
    let (_date, region, service) = (parts.next(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Some(Scope { key, region, service })
}

/// The account and region of a caller: the region of its signature; an access key of twelve digits names another
/// account, as in other emulators.
pub fn place(own: &AccountRegion, headers: &HeaderMap) -> AccountRegion {
    let Some(Scope { key, region, .. }) = scope(headers) else { return own.clone() };
    let is_account = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
    let is_region = region.contains('-')
        && region.len() <= 64
        && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    AccountRegion {
        account: if is_account { key } else { &own.account }.to_owned(),
        region: if is_region { region } else { &own.region }.to_owned(),
    }
}

/// The service that a request was signed for, in its signing name; empty where it was not signed.
pub fn service(headers: &HeaderMap) -> &str {
    scope(headers).map_or("", |scope| scope.service)
}

/// A service's own name for its signing name or for the prefix of its targets.
pub fn titled(name: &str) -> &str {
    const NAMES: [(&str, &str); 23] = [
        ("apigateway", "API Gateway"),
        ("AWSEvents", "EventBridge"),
        ("cloudformation", "CloudFormation"),
        ("CloudApiService", "Cloud Control"),
        ("AmazonEC2ContainerRegistry_V20150921", "ECR"),
        ("AmazonEC2ContainerServiceV20141113", "ECS"),
        ("AmazonSSM", "SSM"),
        ("dynamodb", "DynamoDB"),
        ("ec2", "EC2"),
        ("ecr", "ECR"),
        ("events", "EventBridge"),
        ("GraniteServiceVersion20100801", "CloudWatch"),
        ("iam", "IAM"),
        ("lambda", "Lambda"),
        ("Logs_20140328", "CloudWatch Logs"),
        ("monitoring", "CloudWatch"),
        ("s3", "S3"),
        ("secretsmanager", "Secrets Manager"),
        ("sns", "SNS"),
        ("sqs", "SQS"),
        ("ssm", "SSM"),
        ("sts", "STS"),
        ("TrentService", "KMS"),
    ];
    NAMES.iter().find(|(known, _)| *known == name).map_or(name, |(_, title)| title)
}

/// The error of an operation that is not served here.
pub fn not_served(service: &str, operation: &str) -> ApiError {
    ApiError::new("UnknownOperationException", why_not_served(service, operation))
}

/// The same, as a message.
pub fn why_not_served(service: &str, operation: &str) -> String {
    format!("The embedded engine does not serve {service} {operation}. Connect to AWS for it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(scope: &str) -> HeaderMap {
        let value = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap_or(header::HeaderValue::from_static("")))])
    }

    #[test]
    fn a_signature_names_region_account_and_service() {
        let own = AccountRegion { region: "us-east-1".to_owned(), account: "000000000000".to_owned() };
        for (scope, region, account, of) in [
            ("test/20260101/eu-central-1/states/aws4_request", "eu-central-1", "000000000000", "states"),
            ("123456789012/20260101/cn-north-1/sns/aws4_request", "cn-north-1", "123456789012", "sns"),
            ("test", "us-east-1", "000000000000", ""),
            ("test/20260101/<script>/s3/aws4_request", "us-east-1", "000000000000", "s3"),
        ] {
            let headers = signed(scope);
            let expected = AccountRegion { region: region.to_owned(), account: account.to_owned() };
            assert_eq!((place(&own, &headers), service(&headers)), (expected, of), "{scope}");
        }
        assert_eq!(place(&own, &HeaderMap::new()), own);
    }
}
