#![allow(clippy::unwrap_used, reason = "a failed read is a failed test")]

mod assemblies;
mod plans;
mod templates;

use std::cell::RefCell;
use std::collections::HashMap;

use indexmap::IndexMap;

use super::{Files, Leaving, Planning, Workflow, read_source, workflows};
use crate::Nothing;

/// Files in memory.
struct Folder(HashMap<String, String>);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "it does not exist".to_owned())
    }
}

fn planned(path: &str, files: &[(&str, &str)]) -> Result<Vec<Workflow>, Vec<String>> {
    with(path, files, &[])
}

fn with(path: &str, files: &[(&str, &str)], parameters: &[(&str, &str)]) -> Result<Vec<Workflow>, Vec<String>> {
    planned_with(path, files, parameters, false)
}

/// The same where these parameters and the defaults have to be all values.
fn complete(path: &str, files: &[(&str, &str)], parameters: &[(&str, &str)]) -> Result<Vec<Workflow>, Vec<String>> {
    planned_with(path, files, parameters, true)
}

fn planned_with(
    path: &str,
    files: &[(&str, &str)],
    parameters: &[(&str, &str)],
    complete: bool,
) -> Result<Vec<Workflow>, Vec<String>> {
    let found = in_plan(files, parameters, complete, |planning| workflows(path, planning));
    found.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// What leaves a source; nothing where it cannot be read.
fn left(path: &str, files: &[(&str, &str)]) -> Leaving {
    in_plan(files, &[], true, |planning| read_source(path, planning)).map(|read| read.leaving).unwrap_or_default()
}

/// Files that note what is read of them.
struct Noting<'f> {
    files: &'f dyn Files,
    read: RefCell<Vec<String>>,
}

impl Files for Noting<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        self.read.borrow_mut().push(path.to_owned());
        self.files.read(path)
    }
}

#[test]
fn a_template_is_read_once() {
    let text = r#"Resources:
  A:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: arn:aws:iam::123456789012:role/r
      DefinitionString: '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
"#;
    in_plan(&[("t.yaml", text)], &[], true, |planning| {
        let noting = Noting { files: planning.files, read: RefCell::default() };
        let found = read_source("t.yaml", &Planning { files: &noting, ..*planning }).unwrap();
        assert_eq!((found.workflows.len(), found.leaving.stacks), (1, vec!["Shop".to_owned()]));
        assert_eq!(noting.read.take(), ["t.yaml/manifest.json", "t.yaml"]);
    });
}

fn in_plan<T>(
    files: &[(&str, &str)],
    parameters: &[(&str, &str)],
    complete: bool,
    read: impl FnOnce(&Planning) -> T,
) -> T {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    let files = Folder(files.iter().map(owned).collect());
    let parameters: IndexMap<String, String> = parameters.iter().map(owned).collect();
    read(&Planning {
        files: &files,
        account: "123456789012",
        region: "eu-west-1",
        stack_name: "Shop",
        parameters: &parameters,
        complete,
        around: &Nothing,
    })
}

fn waiting(workflow: &Workflow) -> Vec<String> {
    let line = |unresolved: &super::Unresolved| {
        let property = unresolved.place.path.rsplit('.').next().unwrap_or_default();
        format!("{property}: {}", unresolved.waiting)
    };
    workflow.unresolved.iter().map(line).collect()
}

fn text(workflow: &Workflow) -> &str {
    &workflow.definition.as_ref().unwrap().text
}
