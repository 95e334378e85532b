//! CloudFormation, by the query protocol: the calls that the CDK, SAM and the AWS CLI make. `crate::stacks` does the work.

mod change_sets;
mod changes;
mod direct;
mod resources;
mod source;
mod stacks;
mod templates;
mod types;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::arn::page;
use super::error::ApiError;
use super::query::Form;
use super::xml;
use crate::host::{AccountRegion, Host, apart};

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

/// The result of an operation, as XML.
type Came = Result<String, ApiError>;

/// One call; `None` for an operation without a local form.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, form: &Form, action: &str) -> Option<Response> {
    let (within, place, fields, name) = (Arc::clone(host), caller.clone(), form.clone(), action.to_owned());
    // To its end, though its caller goes away.
    let came = apart(async move { operation(&within, &place, &fields, &name).await }).await?;
    Some(match came {
        Ok(result) => xml::answer(NAMESPACE, action, &result),
        Err(error) => {
            let status = match error.code {
                "ChangeSetNotFound" => StatusCode::NOT_FOUND,
                "InternalServerException" => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::BAD_REQUEST,
            };
            xml::error(NAMESPACE, status, error.code, &error.message)
        }
    })
}

async fn operation(host: &Arc<Host>, place: &AccountRegion, form: &Form, action: &str) -> Option<Came> {
    Some(match action {
        "CreateChangeSet" => change_sets::create(host, place, form).await,
        "DescribeChangeSet" => change_sets::describe(host, place, form).await,
        "ExecuteChangeSet" => change_sets::execute(host, place, form).await,
        "DeleteChangeSet" => change_sets::delete(host, place, form).await,
        "ListChangeSets" => change_sets::list(host, place, form).await,
        "CreateStack" | "UpdateStack" => direct::deploy(host, place, form, action).await,
        "DescribeStacks" => stacks::describe(host, place, form).await,
        "ListStacks" => stacks::list(host, place, form).await,
        "DeleteStack" => stacks::delete(host, place, form).await,
        "UpdateTerminationProtection" => stacks::protect(host, place, form).await,
        "DescribeStackEvents" => resources::events(host, place, form).await,
        "DescribeStackResources" => resources::describe(host, place, form).await,
        "DescribeStackResource" => resources::describe_one(host, place, form).await,
        "ListStackResources" => resources::list(host, place, form).await,
        "ListExports" => resources::exports(host, place, form).await,
        "ListImports" => resources::imports(host, place, form).await,
        "GetTemplate" => templates::get(host, place, form).await,
        "GetTemplateSummary" => templates::summary(host, place, form).await,
        "ValidateTemplate" => templates::validate(host, form).await,
        "DescribeType" => types::describe(form),
        _ => return None,
    })
}

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", why)
}

/// A field that has to be given.
fn needed<'a>(form: &'a Form, field: &str) -> Result<&'a str, ApiError> {
    form.given(field).filter(|text| !text.is_empty()).ok_or_else(|| {
        let mut letters = field.chars();
        let shown: String = letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect();
        let failure = ApiError::failure("null ", &shown, "not be null");
        invalid(format!("1 validation error detected: {failure}"))
    })
}

/// Whether a field says yes; one that is left out does not.
fn flag(form: &Form, field: &str) -> Result<bool, ApiError> {
    match form.given(field) {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(invalid(format!("{field} is true or false, and not {other:?}."))),
    }
}

/// What becomes of a stack that cannot be made, where a field says it.
fn on_failure<'a>(form: &'a Form, field: &str) -> Result<Option<&'a str>, ApiError> {
    match form.given(field) {
        None | Some("") => Ok(None),
        Some(known @ ("ROLLBACK" | "DELETE" | "DO_NOTHING")) => Ok(Some(known)),
        Some(other) => Err(invalid(format!("{field} is ROLLBACK, DELETE or DO_NOTHING, and not {other:?}."))),
    }
}

/// A page of a list of members, with the size that CloudFormation's lists have.
fn list(form: &Form, name: &str, members: Vec<String>) -> Came {
    let of = ["StackName", "ExportName"].map(|field| form.field(field));
    let question = format!("{name} {of:?} {:?}", form.list("StackStatusFilter"));
    let (members, next) = page(members, Some(100), form.given("NextToken"), &question)
        .map_err(|_| invalid("The NextToken is not valid."))?;
    let token = next.map(|next| xml::element("NextToken", next)).unwrap_or_default();
    Ok(format!("<{name}>{}</{name}>{token}", members.concat()))
}

/// An element, if there is a text for it.
fn optional(name: &str, text: Option<&String>) -> String {
    text.map(|text| xml::element(name, text)).unwrap_or_default()
}

/// A list of texts.
fn texts<'t>(name: &str, members: impl IntoIterator<Item = &'t String>) -> String {
    let members: String = members.into_iter().map(|text| xml::element("member", text)).collect();
    format!("<{name}>{members}</{name}>")
}
