//! IAM: roles and policies, as they are stored. Nothing is enforced: every client may do everything here, and no role
//! has to exist to be named.

mod policies;
mod roles;
mod tags;
mod wire;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

pub use policies::{ManagedPolicy, NewPolicy};
pub use roles::{NewRole, Role};

use super::error::ApiError;
use super::query::Form;
use super::xml;
use crate::host::{AccountRegion, Host, Tag, apart, partition};
use crate::random;

const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// The result of an operation, as XML.
type Came = Result<String, ApiError>;

/// One call; `None` for an operation without a local form.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, form: &Form, action: &str) -> Option<Response> {
    let host = Arc::clone(host);
    let (caller, form, name) = (caller.clone(), form.clone(), action.to_owned());
    // To its end, though its caller goes away, and one at a time.
    let came = apart(async move {
        let _alone = host.changes.lock().await;
        match roles::call(&host, &caller, &form, &name).await {
            None => match policies::call(&host, &caller, &form, &name).await {
                None => tags::call(&host, &caller, &form, &name).await,
                came => came,
            },
            came => came,
        }
    })
    .await?;
    Some(match came {
        Ok(result) => xml::answer(NAMESPACE, action, &result),
        Err(error) => xml::error(NAMESPACE, status(error.code), error.code, &error.message),
    })
}

fn status(code: &str) -> StatusCode {
    match code {
        "NoSuchEntity" => StatusCode::NOT_FOUND,
        "EntityAlreadyExists" | "DeleteConflict" | "LimitExceeded" => StatusCode::CONFLICT,
        "InternalServerException" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The ARN of something in IAM, which has no region: `role/path/name`.
fn arn(caller: &AccountRegion, rest: &str) -> String {
    format!("arn:{}:iam::{}:{rest}", partition(&caller.region), caller.account)
}

/// An id of IAM: a prefix that names the kind, and 17 letters and digits.
fn id(prefix: &str) -> String {
    let letters: String = random::uuid().simple().to_string().to_ascii_uppercase().chars().take(17).collect();
    format!("{prefix}{letters}")
}

/// A field that has to be given.
fn needed<'a>(form: &'a Form, field: &str) -> Result<&'a str, ApiError> {
    form.given(field).filter(|text| !text.is_empty()).ok_or_else(|| {
        let mut letters = field.chars();
        let shown: String = letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect();
        let failure = ApiError::failure("null ", &shown, "not be null");
        ApiError::new("ValidationError", format!("1 validation error detected: {failure}"))
    })
}

/// Checks a name of IAM.
fn check_name(field: &str, name: &str, longest: usize) -> Result<(), ApiError> {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
    if (1..=longest).contains(&name.len()) && name.chars().all(legal) {
        return Ok(());
    }
    let why = format!(
        "1 validation error detected: Value '{name}' at '{field}' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: [\\w+=,.@-]+ and have length less than or equal to {longest}"
    );
    Err(ApiError::new("ValidationError", why))
}

fn check_path(path: &str) -> Result<(), ApiError> {
    let legal = path.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if path.len() <= 512 && path.starts_with('/') && path.ends_with('/') && legal {
        return Ok(());
    }
    let why = format!(
        "The specified value for path is invalid: '{path}'. It must begin and end with / and contain only \
                       alphanumeric characters and/or /."
    );
    Err(ApiError::new("ValidationError", why))
}

/// Checks that a text is a policy: an object with statements, each of which allows or denies.
fn check_document(text: &str) -> Result<(), ApiError> {
    let malformed = |why: &str| Err(ApiError::new("MalformedPolicyDocument", why));
    let Ok(Value::Object(document)) = serde_json::from_str(text) else {
        return malformed("This policy contains invalid Json");
    };
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => return malformed("Syntax errors in policy: it has no Statement."),
    };
    if statements.iter().any(|one| !matches!(one["Effect"].as_str(), Some("Allow" | "Deny"))) {
        return malformed("Syntax errors in policy: the Effect of a statement is Allow or Deny.");
    }
    Ok(())
}

/// The tags of a form.
fn tags_of(form: &Form) -> Result<Vec<Tag>, ApiError> {
    let all = form.structures("Tags");
    let tags = all.iter().map(|tag| Tag {
        key: tag.get("Key").copied().unwrap_or_default().to_owned(),
        value: tag.get("Value").copied().unwrap_or_default().to_owned(),
    });
    let tags: Vec<Tag> = tags.collect();
    check_count(tags.len())?;
    Ok(tags)
}

fn check_count(count: usize) -> Result<(), ApiError> {
    if count > 50 { Err(ApiError::new("LimitExceeded", "A role or policy has at most 50 tags.")) } else { Ok(()) }
}
