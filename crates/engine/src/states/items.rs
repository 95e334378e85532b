//! What a distributed map reads: JSON, JSON Lines and CSV objects, and lists of objects.

use serde_json::{Map, Value};

use crate::execution::Execution;
use crate::failure::Failure;
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
    pointer: Option<String>,
    max_items: Option<Amount>,
}

#[derive(Debug)]
enum Format {
    Json,
    JsonLines,
    /// `None` takes the headers from the first row.
    Csv {
        headers: Option<Vec<String>>,
        delimiter: char,
    },
}

fn failed(cause: impl Into<String>) -> Failure {
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
        let headers = config
            .get("CSVHeaders")
            .and_then(Value::as_array)
            .filter(|_| config.text("CSVHeaderLocation") == Some("GIVEN"));
        let format = match config.text("InputType") {
            Some("JSONL") => Format::JsonLines,
            Some("CSV") => Format::Csv {
                headers: headers.map(|h| h.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
                delimiter: match config.text("CSVDelimiter") {
                    Some("PIPE") => '|',
                    Some("SEMICOLON") => ';',
                    Some("SPACE") => ' ',
                    Some("TAB") => '\t',
                    _ => ',',
                },
            },
            _ => Format::Json,
        };
        Ok(Some(Reader {
            resource: reader.text("Resource").unwrap_or_default().to_owned(),
            parameters: reader.template(if fields.jsonata { "Arguments" } else { "Parameters" })?,
            format,
            pointer: config.text("ItemsPointer").map(str::to_owned),
            max_items: Amount::compile(&config, "MaxItems")?,
        }))
    }

    /// The parameters of the read; refuses what can be refused before it.
    pub fn request(&self, execution: &Execution, thread: usize) -> Result<Value, Failure> {
        if let Format::Csv { headers: Some(headers), .. } = &self.format
            && (1..headers.len()).any(|i| headers[..i].contains(&headers[i]))
        {
            return Err(failed("CSV headers cannot contain duplicates."));
        }
        self.limit(execution, thread)?;
        let at = &execution.threads[thread];
        let view = execution.view(at, &at.input.value);
        self.parameters.as_ref().map_or(Ok(Value::Object(Map::new())), |t| t.value(&view))
    }

    fn limit(&self, execution: &Execution, thread: usize) -> Result<usize, Failure> {
        let at = &execution.threads[thread];
        let view = execution.view(at, &at.input.value);
        match self.max_items.as_ref().map(|a| a.value(&view)).transpose()? {
            None | Some(0) => Ok(usize::MAX),
            Some(n) if n < 0 => Err(failed("field MaxItems must be positive")),
            Some(n) => Ok(usize::try_from(n.min(ITEMS)).unwrap_or(usize::MAX)),
        }
    }

    /// The items of the answer.
    pub fn items(&self, execution: &Execution, thread: usize, text: &str) -> Result<Vec<Value>, Failure> {
        let limit = self.limit(execution, thread)?;
        let listed = self.resource.to_ascii_lowercase().contains("listobjects");
        let mut items = match &self.format {
            _ if listed => array(text, None)?,
            Format::Json => array(text, self.pointer.as_deref())?,
            Format::JsonLines => lines(text)?,
            Format::Csv { headers, delimiter } => table(text, headers.as_deref(), *delimiter)?,
        };
        items.truncate(limit);
        Ok(items)
    }
}

fn array(text: &str, pointer: Option<&str>) -> Result<Vec<Value>, Failure> {
    let value: Value = serde_json::from_str(text).map_err(|e| failed(format!("The file is not valid JSON: {e}")))?;
    let found = match pointer {
        Some(pointer) => value
            .pointer(pointer)
            .cloned()
            .ok_or_else(|| failed(format!("The ItemsPointer '{pointer}' leads nowhere in the file.")))?,
        None => value,
    };
    match found {
        Value::Array(items) => Ok(items),
        Value::Object(fields) => {
            Ok(fields.into_iter().map(|(k, v)| serde_json::json!({ "Key": k, "Value": v })).collect())
        }
        _ => Err(failed("Attempting to map over non-iterable node.")),
    }
}

fn lines(text: &str) -> Result<Vec<Value>, Failure> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(i, line)| {
            serde_json::from_str(line).map_err(|e| failed(format!("Line {} of the file is not valid JSON: {e}", i + 1)))
        })
        .collect()
}

fn table(text: &str, given: Option<&[String]>, delimiter: char) -> Result<Vec<Value>, Failure> {
    let mut rows = rows(text, delimiter).into_iter();
    let headers = match given {
        Some(headers) => headers.to_vec(),
        None => rows.next().unwrap_or_default(),
    };
    if (1..headers.len()).any(|i| headers[..i].contains(&headers[i])) {
        return Err(failed("CSV headers cannot contain duplicates."));
    }
    let item = |row: Vec<String>| {
        let mut cells = row.into_iter();
        let fields = headers.iter().map(|h| (h.clone(), Value::String(cells.next().unwrap_or_default())));
        Value::Object(fields.collect())
    };
    Ok(rows.map(item).collect())
}

/// Rows of cells after RFC 4180: quotes around a cell, doubled within it.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c if c == delimiter && !quoted => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|r| r.len() > 1 || r.first().is_some_and(|c| !c.is_empty()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expect: Value) {
        assert_eq!(table(text, None, ',').ok().map(Value::Array), Some(expect), "{text}");
    }

    #[test]
    fn tables_become_objects() {
        check("a,b\n1,2\r\n3,\"x,\"\"y\"\n", json!([{"a": "1", "b": "2"}, {"a": "3", "b": "x,\"y"}]));
        check("a,b\n1\n", json!([{"a": "1", "b": ""}]));
        check("", json!([]));
    }
}
