//! `ItemReader`: which objects hold the items, and in what form.
//!
//! A reader sends one request for an object or a list of objects. If the answer only names the objects that hold the
//! items (a manifest, or a list to be loaded), a second request reads those.

use std::sync::Arc;

use countersign_asl::read_json;
use serde_json::{Map, Value, json};

use super::formats::{self, Format};
use crate::execution::Execution;
use crate::failure::Failure;
use crate::ids::{ChildIndex, ThreadId};
use crate::program::{CompileError, Fields};
use crate::states::Amount;
use crate::template::Template;

/// Most items that a reader takes.
const ITEMS: i64 = 100_000_000;

#[derive(Debug)]
pub(crate) struct Reader {
    pub resource: String,
    parameters: Option<Template>,
    format: Format,
    source: Source,
    max_items: Option<Amount>,
}

/// What the first answer holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    /// The object with the items.
    Object,
    /// A list of objects, each of which is an item.
    List,
    /// A list of the objects with the items.
    LoadedList,
    /// The manifest of an S3 inventory, which names CSV files and their columns.
    Inventory,
    /// The manifest of an Athena query: the URI of an object on each line.
    Athena,
}

/// What an answer holds.
pub(crate) enum Read {
    /// The items, and the URIs that they were read from, each with the index of its first item.
    Items(Vec<Value>, Vec<(ChildIndex, Arc<str>)>),
    /// The parameters of the second request: `Objects`, each with `Bucket` and `Key`, and `Headers` where the manifest
    /// knows the columns.
    Named(Value),
}

pub(super) fn failed(cause: impl Into<String>) -> Failure {
    Failure::new("States.ItemReaderFailed", cause)
}

impl Reader {
    pub fn compile(fields: &Fields<'_>) -> Result<Option<Reader>, CompileError> {
        let Some(object) = fields.get("ItemReader").and_then(Value::as_object) else {
            return Ok(None);
        };
        let at = fields.place("ItemReader");
        let reader = Fields { object, jsonata: fields.jsonata, at: &at };
        let empty = Map::new();
        let config = object.get("ReaderConfig").and_then(Value::as_object).unwrap_or(&empty);
        let config = Fields { object: config, jsonata: fields.jsonata, at: &at };
        let resource = reader.text("Resource").unwrap_or_default().to_owned();
        let listed = resource.to_ascii_lowercase().contains("listobjects");
        let inventory = config.text("ManifestType") == Some("S3_INVENTORY");
        let source = match (config.text("ManifestType"), config.text("InputType")) {
            _ if listed && config.text("Transformation") == Some("LOAD_AND_FLATTEN") => Source::LoadedList,
            _ if listed => Source::List,
            (Some("ATHENA_DATA"), _) => Source::Athena,
            (_, Some("MANIFEST")) => Source::Inventory,
            _ if inventory => Source::Inventory,
            _ => Source::Object,
        };
        Ok(Some(Reader {
            resource,
            parameters: reader.template(if fields.jsonata { "Arguments" } else { "Parameters" })?,
            format: Format::compile(&config),
            source,
            max_items: Amount::compile(&config, "MaxItems")?,
        }))
    }

    /// The parameters of the read. Refuses what can be refused before it.
    pub fn request(&self, execution: &Execution, thread: ThreadId) -> Result<Value, Failure> {
        if self.source != Source::List {
            self.format.check()?;
        }
        self.limit(execution, thread)?;
        let at = &execution.threads[thread];
        let view = execution.view(at, &at.input.value);
        self.parameters.as_ref().map_or(Ok(Value::Object(Map::new())), |t| t.value(&view))
    }

    fn limit(&self, execution: &Execution, thread: ThreadId) -> Result<usize, Failure> {
        let at = &execution.threads[thread];
        let view = execution.view(at, &at.input.value);
        match self.max_items.as_ref().map(|a| a.value(&view)).transpose()? {
            None | Some(0) => Ok(usize::MAX),
            Some(n) if n < 0 => Err(failed("field MaxItems must be positive")),
            Some(n) => Ok(usize::try_from(n.min(ITEMS)).unwrap_or(usize::MAX)),
        }
    }

    /// What the answer to the first request holds; `asked` are its parameters.
    pub fn first(&self, execution: &Execution, thread: ThreadId, asked: &Value, text: &str) -> Result<Read, Failure> {
        let bucket = asked["Bucket"].as_str().unwrap_or_default();
        let mut items = match self.source {
            Source::Object => self.format.items(text)?,
            Source::List => formats::array(text, None)?,
            Source::LoadedList => return listed(bucket, text).map(Read::Named),
            Source::Inventory => return inventory(bucket, text).map(Read::Named),
            Source::Athena => return athena(text).map(Read::Named),
        };
        items.truncate(self.limit(execution, thread)?);
        // A list comes from its bucket.
        let key = if self.source == Source::List { None } else { asked["Key"].as_str() };
        Ok(Read::Items(items, vec![(ChildIndex(0), uri(bucket, key))]))
    }

    /// How many items `text` holds, which stands for what the reader reads.
    pub fn count(&self, text: &str) -> Result<usize, Failure> {
        let items = match self.source {
            Source::List => formats::array(text, None)?,
            // The files of an inventory have no row of headers.
            Source::Inventory => formats::table(text, Some(&[]), ',')?,
            _ => self.format.items(text)?,
        };
        Ok(items.len())
    }

    /// The items of the answer to the second request, a list of texts; `asked` are its parameters.
    pub fn second(&self, execution: &Execution, thread: ThreadId, asked: &Value, text: &str) -> Result<Read, Failure> {
        let limit = self.limit(execution, thread)?;
        let texts: Vec<String> =
            serde_json::from_str(text).map_err(|error| failed(format!("The objects cannot be read: {error}")))?;
        let columns = asked["Headers"].as_array().map(|headers| formats::names(headers));
        let (mut items, mut sources) = (Vec::new(), Vec::new());
        for (text, object) in texts.iter().zip(asked["Objects"].as_array().into_iter().flatten()) {
            sources.push((
                ChildIndex(items.len()),
                uri(object["Bucket"].as_str().unwrap_or_default(), object["Key"].as_str()),
            ));
            items.extend(match &columns {
                Some(columns) => formats::table(text, Some(columns), ',')?,
                None => self.format.items(text)?,
            });
            if items.len() >= limit {
                break;
            }
        }
        items.truncate(limit);
        Ok(Read::Items(items, sources))
    }
}

/// The URI of an object or a bucket, as the context object has it.
fn uri(bucket: &str, key: Option<&str>) -> Arc<str> {
    key.map_or_else(|| format!("S3://{bucket}"), |key| format!("S3://{bucket}/{key}")).into()
}

/// The objects of a list. A name that ends with a slash stands for a folder and holds nothing.
fn listed(bucket: &str, text: &str) -> Result<Value, Failure> {
    let keys = formats::array(text, None)?;
    let keys = keys.iter().filter_map(|object| object["Key"].as_str()).filter(|key| !key.ends_with('/'));
    let objects: Vec<Value> = keys.map(|key| json!({ "Bucket": bucket, "Key": key })).collect();
    Ok(json!({ "Objects": objects }))
}

/// The files of an inventory, which are in the bucket that its manifest names, and their columns.
fn inventory(bucket: &str, text: &str) -> Result<Value, Failure> {
    let manifest = read_json(text).map_err(|e| failed(format!("The manifest is not valid JSON: {e}")))?;
    let format = manifest["fileFormat"].as_str().unwrap_or_default();
    if format != "CSV" {
        return Err(failed(format!(
            "The files of the inventory must be in the format CSV, but they are in '{format}'."
        )));
    }
    let (Some(files), Some(schema)) = (manifest["files"].as_array(), manifest["fileSchema"].as_str()) else {
        return Err(failed("The manifest of an S3 inventory has the fields files and fileSchema."));
    };
    let destination = manifest["destinationBucket"].as_str().unwrap_or_default();
    let bucket = destination.rsplit(':').next().filter(|name| !name.is_empty()).unwrap_or(bucket);
    let keys = files.iter().filter_map(|file| file["key"].as_str());
    let objects: Vec<Value> = keys.map(|key| json!({ "Bucket": bucket, "Key": key })).collect();
    let headers: Vec<&str> = schema.split(',').map(str::trim).collect();
    Ok(json!({ "Objects": objects, "Headers": headers }))
}

/// The objects that an Athena query wrote.
fn athena(text: &str) -> Result<Value, Failure> {
    let lines = text.lines().map(|line| line.trim().trim_matches('"')).filter(|line| !line.is_empty());
    let objects: Result<Vec<Value>, Failure> = lines
        .map(|uri| {
            let (bucket, key) = uri
                .strip_prefix("s3://")
                .and_then(|rest| rest.split_once('/'))
                .ok_or_else(|| failed(format!("The manifest has '{uri}', which is not the URI of an S3 object.")))?;
            Ok(json!({ "Bucket": bucket, "Key": key }))
        })
        .collect();
    Ok(json!({ "Objects": objects? }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn manifests_name_their_objects() {
        let manifest = r#"{"destinationBucket": "arn:aws:s3:::lists", "fileFormat": "CSV",
            "fileSchema": "Bucket, Key", "files": [{"key": "data/1.csv.gz", "size": 3}]}"#;
        let named = json!({ "Objects": [{ "Bucket": "lists", "Key": "data/1.csv.gz" }], "Headers": ["Bucket", "Key"] });
        assert_eq!(inventory("b", manifest).unwrap(), named);
        let named = json!({ "Objects": [{ "Bucket": "b", "Key": "t/1" }, { "Bucket": "b", "Key": "t/2.gz" }] });
        assert_eq!(athena("s3://b/t/1\n\"s3://b/t/2.gz\"\n").unwrap(), named);
        for wrong in [r#"{"fileFormat": "ORC"}"#, r#"{"fileFormat": "CSV"}"#, "[1"] {
            assert!(inventory("b", wrong).is_err(), "{wrong}");
        }
        assert!(athena("http://b/t").is_err());
    }
}
