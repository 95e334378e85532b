//! `ResultWriter`: the children's results as the state's output, and as files.

use countersign_asl::read_json;
use serde_json::{Map, Value, json};

use crate::OutcomeStatus;
use crate::map_run::{Child, MapRun};
use crate::program::{CompileError, Fields};
use crate::template::Template;
use crate::timestamp;

/// The most bytes of a result file.
const FILE: usize = 5 * 1024 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Writer {
    /// Where the files are written, and how the result names that location. Without it the results stay in the state's
    /// output.
    pub export: Option<(String, Template)>,
    shape: Shape,
    lines: bool,
}

/// `Transformation`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// The whole description of a child.
    None,
    /// Its output.
    Compact,
    /// Its output, and the elements of an output that is an array.
    Flatten,
}

impl Writer {
    pub fn compile(fields: &Fields<'_>) -> Result<Option<Writer>, CompileError> {
        let Some(object) = fields.get("ResultWriter").and_then(Value::as_object) else {
            return Ok(None);
        };
        let at = fields.place("ResultWriter");
        let arguments = if fields.jsonata { "Arguments" } else { "Parameters" };
        let fields = Fields { object, jsonata: fields.jsonata, at: &at };
        let export = fields.text("Resource").map(str::to_owned).zip(fields.template(arguments)?);
        let config = |name: &str| object.get("WriterConfig").and_then(|c| c.get(name)).and_then(Value::as_str);
        let shape = match config("Transformation") {
            Some("COMPACT") => Shape::Compact,
            Some("FLATTEN") => Shape::Flatten,
            _ => Shape::None,
        };
        Ok(Some(Writer { export, shape, lines: config("OutputType") == Some("JSONL") }))
    }

    /// The results as the state's own.
    pub fn output(&self, run: &MapRun) -> Value {
        let results: Vec<Value> = run.children.iter().flat_map(|child| self.result(run, child)).collect();
        if self.lines { lines(&results).into() } else { Value::Array(results) }
    }

    /// A child's result. A failed child is described in full, whatever the transformation.
    fn result(&self, run: &MapRun, child: &Child) -> Vec<Value> {
        let output = child.output.as_deref().and_then(|text| read_json(text).ok());
        match (self.shape, output) {
            (Shape::Flatten, Some(Value::Array(items))) => items,
            (Shape::Compact | Shape::Flatten, Some(output)) => vec![output],
            _ => vec![described(run, child)],
        }
    }

    /// The objects to write, each with `Key` and `Body`, and where the manifest is.
    pub fn files(&self, run: &MapRun, pending: &[Value], place: &Value) -> (Vec<Value>, Value) {
        let text = |name: &str| place[name].as_str().unwrap_or_default();
        let id = run.arn.rsplit(':').next().unwrap_or_default();
        let folder = match text("Prefix").trim_end_matches('/') {
            "" => id.to_owned(),
            prefix => format!("{prefix}/{id}"),
        };
        let ended = |good: bool| -> Vec<Value> {
            let wanted = move |child: &&Child| (child.status == Some(OutcomeStatus::Succeeded)) == good;
            run.children.iter().filter(wanted).flat_map(|child| self.result(run, child)).collect()
        };
        let pending: Vec<Value> = pending.iter().map(waiting).collect();
        let (mut objects, mut files) = (Vec::new(), Map::new());
        for (status, results) in [("FAILED", ended(false)), ("PENDING", pending), ("SUCCEEDED", ended(true))] {
            let bodies = parts(&results, self.lines, FILE).into_iter().enumerate();
            let named: Vec<Value> = bodies
                .map(|(n, body)| {
                    let key = format!("{folder}/{status}_{n}.{}", if self.lines { "jsonl" } else { "json" });
                    let file = json!({ "Key": key, "Size": body.len() });
                    objects.push(json!({ "Key": key, "Body": body }));
                    file
                })
                .collect();
            files.insert(status.to_owned(), Value::Array(named));
        }
        let bucket = text("Bucket");
        let key = format!("{folder}/manifest.json");
        let manifest = json!({ "DestinationBucket": bucket, "MapRunArn": run.arn, "ResultFiles": files });
        objects.push(json!({ "Key": key, "Body": manifest.to_string() }));
        (objects, json!({ "Bucket": bucket, "Key": key }))
    }
}

/// The bodies of as many files as the results fill.
fn parts(results: &[Value], as_lines: bool, most: usize) -> Vec<String> {
    let (mut bodies, mut part, mut length) = (Vec::new(), Vec::new(), 0);
    let body = |part: &[Value]| if as_lines { lines(part) } else { Value::from(part).to_string() };
    for result in results {
        // Its separator, or the brackets, take one byte more.
        let size = result.to_string().len() + 1;
        if !part.is_empty() && length + size >= most {
            bodies.push(body(&part));
            (part, length) = (Vec::new(), 0);
        }
        length += size;
        part.push(result.clone());
    }
    bodies.extend((!part.is_empty()).then(|| body(&part)));
    bodies
}

fn lines(results: &[Value]) -> String {
    results.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

/// A child that was never begun.
fn waiting(input: &Value) -> Value {
    json!({ "Input": input.to_string(), "InputDetails": { "Included": true }, "Status": "PENDING" })
}

/// A child as `DescribeExecution` knows it.
fn described(run: &MapRun, child: &Child) -> Value {
    let (status, redrive, reason) = match child.status {
        Some(OutcomeStatus::Succeeded) => {
            ("SUCCEEDED", "NOT_REDRIVABLE", Some("Execution is SUCCEEDED and cannot be redriven"))
        }
        Some(OutcomeStatus::Failed) => ("FAILED", "REDRIVABLE_BY_MAP_RUN", None),
        Some(OutcomeStatus::TimedOut) => ("TIMED_OUT", "REDRIVABLE_BY_MAP_RUN", None),
        Some(OutcomeStatus::Aborted) => ("ABORTED", "REDRIVABLE_BY_MAP_RUN", None),
        None => ("RUNNING", "NOT_REDRIVABLE", Some("Execution is RUNNING and cannot be redriven")),
    };
    let included = || Some(json!({ "Included": true }));
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let all = [
        ("Cause", text(&child.cause)),
        ("Error", text(&child.error)),
        ("ExecutionArn", Some(child.arn.as_str().into())),
        ("Input", Some(child.input.as_str().into())),
        ("InputDetails", included()),
        ("Name", Some(child.name.as_str().into())),
        ("Output", text(&child.output)),
        ("OutputDetails", child.output.as_ref().and_then(|_| included())),
        ("RedriveCount", Some(child.redrives.into())),
        ("RedriveStatus", Some(redrive.into())),
        ("RedriveStatusReason", reason.map(Value::from)),
        ("StartDate", Some(timestamp::format(child.started_at).into())),
        ("StateMachineArn", Some(run.machine().into())),
        ("Status", Some(status.into())),
        ("StopDate", child.stopped_at.map(|at| timestamp::format(at).into())),
    ];
    Value::Object(all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(as_lines: bool, most: usize, expect: &[&str]) {
        assert_eq!(parts(&[json!(1), json!([2, 3]), json!(4)], as_lines, most), expect);
    }

    #[test]
    fn results_are_cut_into_files_that_keep_the_limit() {
        check(false, 100, &["[1,[2,3],4]"]);
        check(true, 100, &["1\n[2,3]\n4"]);
        check(false, 11, &["[1,[2,3],4]"]);
        check(false, 10, &["[1,[2,3]]", "[4]"]);
        check(true, 8, &["1", "[2,3]", "4"]);
    }
}
