//! What a request says a stack is made of.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{flag, invalid};
use crate::api::error::ApiError;
use crate::api::query::Form;
use crate::api::tags::is_of_aws;
use crate::api::wire::decoded;
use crate::host::{Host, Tag};
use crate::integrations::{Buckets, ObjectRefusal, on_files};
use crate::stacks::model::{Source, Stack};
use crate::stacks::prepare;
use crate::stacks::tags::MOST as MOST_TAGS;

/// The largest template in a request and in a bucket, in bytes.
const BODY: usize = 51_200;
const OBJECT: usize = 1_048_576;

/// The template of a request: its text, or the object of a URL.
///
/// # Errors
/// There is none, it is too large, or it cannot be read.
pub async fn template(host: &Arc<Host>, form: &Form, stack: Option<&Stack>) -> Result<String, ApiError> {
    let uses_previous = flag(form, "UsePreviousTemplate")?;
    match (form.given("TemplateBody"), form.given("TemplateURL"), uses_previous) {
        (Some(text), None, false) => {
            if text.len() > BODY {
                return Err(invalid(format!(
                    "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have \
                     length less than or equal to {BODY}"
                )));
            }
            Ok(text.to_owned())
        }
        (None, Some(url), false) => stored(host, url).await,
        (None, None, true) => match stack {
            Some(stack) if !stack.source.template.is_empty() => Ok(stack.source.template.clone()),
            _ => Err(invalid("There is no previous template to use.")),
        },
        _ => Err(invalid("Either Template URL or Template Body must be specified.")),
    }
}

/// The object that a URL of S3 names, in the engine's own S3 whatever its host is: `https://s3.REGION.amazonaws.com/BUCKET/KEY`
/// or `https://BUCKET.s3.REGION.amazonaws.com/KEY`.
async fn stored(host: &Arc<Host>, url: &str) -> Result<String, ApiError> {
    let (bucket, key) = place_of(url).ok_or_else(|| {
        invalid(format!("TemplateURL must be a supported URL: {url} names no bucket and object of S3."))
    })?;
    let host = Arc::clone(host);
    let came = on_files(move || Buckets::of(&host).get(&bucket, &key)).await;
    let (bytes, _) =
        came.map_err(|ObjectRefusal(code, message, _)| invalid(format!("S3 error: {code}: {message} ({url})")))?;
    if bytes.len() > OBJECT {
        return Err(invalid(format!("Template may not exceed {OBJECT} bytes in size.")));
    }
    String::from_utf8(bytes).map_err(|_| invalid("Template format error: the template is not UTF-8."))
}

fn place_of(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (authority, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = decoded(&path.replace('+', "%2B"));
    let host = authority.split(':').next().unwrap_or_default();
    let in_host = [".s3.", ".s3-"].into_iter().find_map(|mark| host.split_once(mark)).map(|(bucket, _)| bucket);
    let (bucket, key) = match in_host {
        Some(bucket) => (bucket.to_owned(), path),
        None => path.split_once('/').map(|(bucket, key)| (bucket.to_owned(), key.to_owned()))?,
    };
    (!bucket.is_empty() && !key.is_empty()).then_some((bucket, key))
}

/// Everything that a stack is made of, with the values of parameters that are to stay as they are.
///
/// # Errors
/// A part is wrong, or there is no such value.
pub async fn read(host: &Arc<Host>, form: &Form, stack: Option<&Stack>) -> Result<Source, ApiError> {
    let template = template(host, form, stack).await?;
    let mut parameters = IndexMap::new();
    for one in form.structures("Parameters") {
        let name = one.get("ParameterKey").copied().unwrap_or_default();
        let previous = one.get("UsePreviousValue") == Some(&"true");
        let value = match (previous, one.get("ParameterValue")) {
            (false, Some(value)) => (*value).to_owned(),
            (false, None) => return Err(invalid(format!("The parameter {name} has no value."))),
            (true, _) => match stack.and_then(|stack| previous_value(stack, name)) {
                Some(value) => value,
                None => {
                    return Err(invalid(format!(
                        "Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"
                    )));
                }
            },
        };
        parameters.insert(name.to_owned(), value);
    }
    let owned = |name: &str| form.list(name).into_iter().map(str::to_owned).collect();
    Ok(Source {
        description: prepare::read(&template, &parameters)?.description,
        template,
        parameters,
        capabilities: owned("Capabilities"),
        tags: tags(form, stack)?,
        role_arn: form.given("RoleARN").map(str::to_owned),
        notification_arns: owned("NotificationARNs"),
    })
}

/// The tags of a request. Without any, a stack keeps those that it has; an empty list takes them away.
fn tags(form: &Form, stack: Option<&Stack>) -> Result<Vec<Tag>, ApiError> {
    let given = form.structures("Tags");
    if given.is_empty() && form.given("Tags").is_none() {
        return Ok(stack.map(|stack| stack.source.tags.clone()).unwrap_or_default());
    }
    let mut tags: Vec<Tag> = Vec::new();
    for tag in &given {
        let (key, value) = (tag.get("Key").copied().unwrap_or_default(), tag.get("Value").copied().unwrap_or_default());
        if key.is_empty() || is_of_aws(key) || tags.iter().any(|known| known.key == key) {
            let why = "A key of a tag is not empty, does not begin with aws: and is there once";
            return Err(invalid(format!("{why}: Value '{key}' at 'tags'.")));
        }
        tags.push(Tag { key: key.to_owned(), value: value.to_owned() });
    }
    if tags.len() > MOST_TAGS {
        return Err(invalid(format!(
            "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or \
             equal to {MOST_TAGS}"
        )));
    }
    Ok(tags)
}

/// The value that a parameter of a stack has: the one that was given, or its default.
fn previous_value(stack: &Stack, name: &str) -> Option<String> {
    let given = stack.source.parameters.get(name).cloned();
    let read = || prepare::read(&stack.source.template, &stack.source.parameters).ok();
    given.or_else(|| read()?.parameters.get(name)?.default.clone())
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn the_url_of_a_template_names_bucket_and_key() {
        let expected = Some(("cdk-assets".to_owned(), "a b/t.json".to_owned()));
        for url in [
            "https://s3.us-east-1.amazonaws.com/cdk-assets/a%20b/t.json",
            "https://cdk-assets.s3.us-east-1.amazonaws.com/a%20b/t.json",
            "https://cdk-assets.s3-us-west-2.amazonaws.com/a%20b/t.json?versionId=1",
            "http://127.0.0.1:8083/cdk-assets/a%20b/t.json",
        ] {
            assert_eq!(place_of(url), expected, "{url}");
        }
        for url in ["ftp://x/y/z", "https://s3.amazonaws.com/bucket", "https://s3.amazonaws.com", "nonsense"] {
            assert_eq!(place_of(url), None, "{url}");
        }
    }
}
