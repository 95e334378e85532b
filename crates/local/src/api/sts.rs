//! STS, for what clients ask before anything else: their identity, and credentials of a role. The engine checks no
//! signature, so the credentials only have to be sent back.

use axum::http::StatusCode;
use axum::response::Response;

use super::arn::check_role;
use super::error::ApiError;
use super::query::Form;
use super::wire::iso;
use super::xml::{self, element};
use crate::host::{AccountRegion, partition};
use crate::random;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// How long credentials last by their own account, in seconds: minimum, maximum and default.
const LEAST: i64 = 900;
const MOST: i64 = 43_200;
const USUAL: i64 = 3_600;

/// One call; `None` for an operation without a local form.
pub fn call(caller: &AccountRegion, form: &Form, action: &str, now: i64) -> Option<Response> {
    Some(match action {
        "GetCallerIdentity" => identity(caller),
        "AssumeRole" => assume(form, now)
            .unwrap_or_else(|why| xml::error(NAMESPACE, StatusCode::BAD_REQUEST, "ValidationError", &why)),
        _ => return None,
    })
}

/// The caller is its account's root: the engine knows no users.
fn identity(caller: &AccountRegion) -> Response {
    let account = &caller.account;
    let arn = format!("arn:{}:iam::{account}:root", partition(&caller.region));
    let result = [element("Arn", arn), element("UserId", account), element("Account", account)].concat();
    xml::answer(NAMESPACE, "GetCallerIdentity", &result)
}

fn assume(form: &Form, now: i64) -> Result<Response, String> {
    let given = |field: &str, shown: &str| {
        let failure = ApiError::failure("null ", shown, "not be null");
        form.given(field).ok_or_else(|| format!("1 validation error detected: {failure}"))
    };
    let (role, session) = (given("RoleArn", "roleArn")?, given("RoleSessionName", "roleSessionName")?);
    check_role(role).map_err(|_| format!("{role} is invalid"))?;
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "_=,.@-".contains(letter);
    if !(2..=64).contains(&session.len()) || !session.chars().all(legal) {
        return Err(format!(
            "1 validation error detected: Value '{session}' at 'roleSessionName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: [\\w+=,.@-]*"
        ));
    }
    let seconds = match form.given("DurationSeconds") {
        None => USUAL,
        Some(text) => text.parse().ok().filter(|seconds| (LEAST..=MOST).contains(seconds)).ok_or_else(|| {
            format!(
                "1 validation error detected: Value '{text}' at 'durationSeconds' failed to satisfy constraint: Member \
                 must have value between {LEAST} and {MOST}"
            )
        })?,
    };
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let (partition, account) = (parts[1], parts[4]);
    let name = role.rsplit('/').next().unwrap_or_default();
    // The key is the role's account: the engine reads the account from the key.
    let credentials = [
        element("AccessKeyId", account),
        element("SecretAccessKey", random::uuid().simple()),
        element("SessionToken", random::uuid().simple()),
        element("Expiration", iso(now + seconds * 1_000)),
    ]
    .concat();
    let user = [
        element("AssumedRoleId", format!("AROA{account}:{session}")),
        element("Arn", format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}")),
    ]
    .concat();
    let result = format!("<Credentials>{credentials}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>");
    Ok(xml::answer(NAMESPACE, "AssumeRole", &result))
}
