//! The forms in which objects hold items: JSON, JSON Lines and tables of text.

use countersign_asl::read_json;
use serde_json::{Value, json};

use super::reader::failed;
use crate::failure::Failure;
use crate::program::Fields;

/// `InputType`, with its settings.
#[derive(Debug)]
pub(super) enum Format {
    /// An array or object, at this path of the object.
    Json(Option<String>),
    JsonLines,
    /// `None` takes the headers from the first row.
    Csv {
        headers: Option<Vec<String>>,
        delimiter: char,
    },
    Parquet,
}

impl Format {
    pub fn compile(config: &Fields<'_>) -> Format {
        let given = config.text("CSVHeaderLocation") == Some("GIVEN");
        let headers = config.get("CSVHeaders").and_then(Value::as_array).filter(|_| given);
        match config.text("InputType") {
            Some("JSONL") => Format::JsonLines,
            Some("PARQUET") => Format::Parquet,
            Some("CSV") => Format::Csv {
                headers: headers.map(|headers| names(headers)),
                delimiter: match config.text("CSVDelimiter") {
                    Some("PIPE") => '|',
                    Some("SEMICOLON") => ';',
                    Some("SPACE") => ' ',
                    Some("TAB") => '\t',
                    _ => ',',
                },
            },
            _ => Format::Json(config.text("ItemsPointer").map(str::to_owned)),
        }
    }

    /// Refuses settings that would fail for every object.
    pub fn check(&self) -> Result<(), Failure> {
        match self {
            Format::Csv { headers: Some(headers), .. } => distinct(headers),
            Format::Parquet => Err(failed(
                "The embedded engine does not read Parquet files. Write the data set as CSV, JSON or JSON Lines, or run \
                 the workflow on AWS.",
            )),
            _ => Ok(()),
        }
    }

    /// The items of an object's text.
    pub fn items(&self, text: &str) -> Result<Vec<Value>, Failure> {
        match self {
            Format::Json(pointer) => array(text, pointer.as_deref()),
            Format::JsonLines => lines(text),
            Format::Csv { headers, delimiter } => table(text, headers.as_deref(), *delimiter),
            Format::Parquet => self.check().map(|()| Vec::new()),
        }
    }
}

/// The texts of a list.
pub(super) fn names(list: &[Value]) -> Vec<String> {
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn distinct(headers: &[String]) -> Result<(), Failure> {
    if (1..headers.len()).any(|i| headers[..i].contains(&headers[i])) {
        return Err(failed("CSV headers cannot contain duplicates."));
    }
    Ok(())
}

/// The items of a JSON text: those of an array, or an object's fields as `Key` and `Value`.
pub(super) fn array(text: &str, pointer: Option<&str>) -> Result<Vec<Value>, Failure> {
    let value = read_json(text).map_err(|e| failed(format!("The file is not valid JSON: {e}")))?;
    let found = match pointer {
        Some(pointer) => value
            .pointer(pointer)
            .cloned()
            .ok_or_else(|| failed(format!("The ItemsPointer '{pointer}' leads nowhere in the file.")))?,
        None => value,
    };
    entries(found).map_err(|_| failed("Attempting to map over non-iterable node."))
}

/// The items of a value; the value itself as the error if it has none.
pub(crate) fn entries(value: Value) -> Result<Vec<Value>, Value> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Object(fields) => Ok(fields.into_iter().map(|(k, v)| json!({ "Key": k, "Value": v })).collect()),
        other => Err(other),
    }
}

fn lines(text: &str) -> Result<Vec<Value>, Failure> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(i, line)| {
            read_json(line).map_err(|e| failed(format!("Line {} of the file is not valid JSON: {e}", i + 1)))
        })
        .collect()
}

/// The rows of a table as objects. Missing cells are empty; surplus cells are left out.
pub(super) fn table(text: &str, given: Option<&[String]>, delimiter: char) -> Result<Vec<Value>, Failure> {
    let mut rows = rows(text, delimiter).into_iter();
    let headers = match given {
        Some(headers) => headers.to_vec(),
        None => rows.next().unwrap_or_default(),
    };
    distinct(&headers)?;
    let item = |row: Vec<String>| {
        let mut cells = row.into_iter();
        let fields = headers.iter().map(|h| (h.clone(), Value::String(cells.next().unwrap_or_default())));
        Value::Object(fields.collect())
    };
    Ok(rows.map(item).collect())
}

/// Rows of cells, after RFC 4180: quotes around a cell, doubled inside. A backslash escapes another one, a quote and
/// the delimiter; before any other character it is dropped.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    // An empty line is no row; a line with an empty cell in quotes is one.
    let mut begun = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        begun |= !matches!(c, '\r' | '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            '\\' => cell.extend(chars.next_if(|next| ['\\', '"', delimiter].contains(next))),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                let row = std::mem::take(&mut row);
                rows.extend(std::mem::take(&mut begun).then_some(row));
            }
            c if c == delimiter && !quoted => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if begun {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Value) {
        assert_eq!(table(text, None, ',').ok().map(Value::Array), Some(expect), "{text}");
    }

    #[test]
    fn tables_become_objects() {
        check("a,b\n1,2\r\n3,\"x,\"\"y\"\n", json!([{"a": "1", "b": "2"}, {"a": "3", "b": "x,\"y"}]));
        check("a,b\n1\n", json!([{"a": "1", "b": ""}]));
        check("", json!([]));
        check("a\n\"\"\n\r\n\n1\n\"\"", json!([{"a": ""}, {"a": "1"}, {"a": ""}]));
        check("a,b\n,\n\n,2", json!([{"a": "", "b": ""}, {"a": "", "b": "2"}]));
        check("a,b\nC:\\\\x\\\\y,\\\"q\\\" \\z\\,\n", json!([{"a": "C:\\x\\y", "b": "\"q\" z,"}]));
    }
}
