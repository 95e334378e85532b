//! A cloud assembly: what `cdk synth` writes into `cdk.out`.
//!
//! Its shape is that of the schema of cloud assemblies (`@aws-cdk/cloud-assembly-schema`): `manifest.json` lists stacks,
//! manifests of assets and nested assemblies.

use std::cell::RefCell;

use countersign_yaml::{Document, Node};
use indexmap::{IndexMap, IndexSet};

use super::machine::{Source, of_template};
use super::planned::is_empty;
use super::sources::{located, refused as unused_refused};
use super::{Planning, Workflow, joined, whole};
use crate::environment::Environment;
use crate::error::{TemplateError, What};
use crate::read;
use crate::template::Template;

/// How deep assemblies and stacks may nest.
const DEEPEST: usize = 8;

type Result<T> = std::result::Result<T, Vec<TemplateError>>;

/// The state machines of its stacks, and the names of all stacks, also of those that have none.
pub(super) fn workflows(folder: &str, manifest: &str, planning: &Planning) -> Result<(Vec<Workflow>, Vec<String>)> {
    let (mut workflows, known) = (Vec::new(), RefCell::default());
    let stacks: RefCell<IndexSet<String>> = RefCell::default();
    Assembly { folder, planning, known: &known, stacks: &stacks, depth: 0 }.workflows(manifest, &mut workflows)?;
    unused_refused(planning, &joined(folder, "manifest.json"), |name| known.borrow().contains(name))?;
    Ok((workflows, stacks.take().into_iter().collect()))
}

#[derive(Clone, Copy)]
struct Assembly<'a> {
    folder: &'a str,
    planning: &'a Planning<'a>,
    /// The parameters of all stacks that people give values for.
    known: &'a RefCell<IndexSet<String>>,
    /// The names of the stacks that were read.
    stacks: &'a RefCell<IndexSet<String>>,
    depth: usize,
}

impl Assembly<'_> {
    fn workflows(self, manifest: &str, out: &mut Vec<Workflow>) -> Result<()> {
        let file = joined(self.folder, "manifest.json");
        let manifest = parsed(manifest, &file)?;
        let artifacts: Vec<Node> = match manifest.root().get("artifacts") {
            Some(artifacts) => artifacts.members().map(|(.., artifact)| artifact).collect(),
            None => return Err(refused("it has no artifacts", &file)),
        };
        let named: Vec<(&str, Node)> = match manifest.root().get("artifacts") {
            Some(artifacts) => artifacts.members().map(|(id, _, artifact)| (id, artifact)).collect(),
            None => Vec::new(),
        };
        let assets = self.assets(&artifacts)?;
        for (id, artifact) in named {
            let property = |name: &str| artifact.get("properties").and_then(|all| all.get(name)?.text());
            match artifact.get("type").and_then(Node::text) {
                Some("aws:cloudformation:stack") => {
                    let template = property("templateFile").ok_or_else(|| refused("a stack has no template", &file))?;
                    let stack = property("stackName").unwrap_or(id);
                    let environment = self.environment(artifact.get("environment").and_then(Node::text), stack);
                    let given = Some(self.planning.parameters);
                    self.stack(self.path(template)?, environment, given, &assets, out)?;
                }
                Some("cdk:cloud-assembly") => {
                    let directory =
                        property("directoryName").ok_or_else(|| refused("an assembly has no folder", &file))?;
                    let folder = self.path(directory)?;
                    let nested = Assembly { folder: &folder, depth: self.deeper()?, ..self };
                    let manifest = nested.read(&joined(&folder, "manifest.json"))?;
                    nested.workflows(&manifest, out)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The files that are uploaded, by the keys under which they are.
    fn assets(self, artifacts: &[Node]) -> Result<IndexMap<String, String>> {
        let mut assets = IndexMap::new();
        for artifact in
            artifacts.iter().filter(|node| node.get("type").and_then(|kind| kind.text()) == Some("cdk:asset-manifest"))
        {
            let Some(name) = artifact.get("properties").and_then(|all| all.get("file")?.text()) else { continue };
            let file = self.path(name)?;
            let manifest = parsed(&self.read(&file)?, &file)?;
            for (.., asset) in manifest.root().get("files").into_iter().flat_map(Node::members) {
                // An asset without a path is made by a command when it is uploaded.
                let Some(path) = asset.get("source").and_then(|source| source.get("path")?.text()) else { continue };
                for (.., destination) in asset.get("destinations").into_iter().flat_map(Node::members) {
                    if let Some(key) = destination.get("objectKey").and_then(Node::text) {
                        assets.insert(key.to_owned(), self.path(path)?);
                    }
                }
            }
        }
        Ok(assets)
    }

    /// A stack. `given` has the values that people give to its parameters; a nested one gets its own from the stack around it.
    fn stack(
        self,
        file: String,
        environment: Environment,
        given: Option<&IndexMap<String, String>>,
        assets: &IndexMap<String, String>,
        out: &mut Vec<Workflow>,
    ) -> Result<()> {
        self.stacks.borrow_mut().insert(environment.stack_name.clone());
        let parameters = given.cloned().unwrap_or_default();
        let template = match read::template(&self.read(&file)?, &parameters) {
            Ok(template) => template,
            // The CDK writes a template without resources for a stack that has none.
            Err(errors) if is_empty(&errors) => return Ok(()),
            Err(errors) => return Err(located(errors, &file)),
        };
        let nested = nested(&template, &environment, assets);
        if given.is_some() {
            self.known.borrow_mut().extend(template.parameters.keys().cloned());
        }
        let complete = self.planning.complete && given.is_some();
        let source = Source { file: &file, environment, parameters, complete, assets: Some(assets) };
        out.extend(of_template(&template, source, self.planning).map_err(|errors| located(errors, &file))?);
        for (file, environment) in nested {
            let deeper = Assembly { depth: self.deeper()?, ..self };
            // Its parameters are values of the stack around it: those that have no default are known once that is made.
            deeper.stack(file, environment, None, assets, out)?;
        }
        Ok(())
    }

    /// `aws://ACCOUNT/REGION`, either of which may be `unknown-...`.
    fn environment(self, text: Option<&str>, stack: &str) -> Environment {
        let parts = text.and_then(|text| text.strip_prefix("aws://")?.split_once('/'));
        let (account, region) = parts.unwrap_or_default();
        let known = |given: &'_ str, default: &str| {
            if given.is_empty() || given.starts_with("unknown-") { default.to_owned() } else { given.to_owned() }
        };
        let account = known(account, self.planning.account);
        Environment::planned(&account, &known(region, self.planning.region), stack)
    }

    /// A file of the assembly. It names none outside of its folder.
    fn path(self, path: &str) -> Result<String> {
        let leaves = path.starts_with('/') || path.contains('\\') || path.split('/').any(|step| step == "..");
        if leaves {
            let file = joined(self.folder, "manifest.json");
            return Err(refused(&format!("`{path}` leads out of its folder"), &file));
        }
        Ok(joined(self.folder, path))
    }

    fn read(self, file: &str) -> Result<String> {
        let failed = |why| vec![TemplateError::new(What::File { file: file.to_owned(), why }, whole(file))];
        self.planning.files.read(file).map_err(failed)
    }

    fn deeper(self) -> Result<usize> {
        if self.depth < DEEPEST {
            return Ok(self.depth + 1);
        }
        Err(refused("stages or stacks nest too deep", &joined(self.folder, "manifest.json")))
    }
}

/// The nested stacks of a template whose templates are assets: their files and environments.
fn nested(
    template: &Template,
    environment: &Environment,
    assets: &IndexMap<String, String>,
) -> Vec<(String, Environment)> {
    let stacks = template.resources.iter().filter(|(_, resource)| resource.kind == "AWS::CloudFormation::Stack");
    stacks
        .filter_map(|(name, resource)| {
            // The address ends in the key, whatever functions make it.
            let url = resource.properties.get("TemplateURL")?.json();
            let file = assets.iter().find(|(key, _)| url.contains(key.as_str())).map(|(_, file)| file.clone())?;
            let stack = format!("{}-{name}", environment.stack_name);
            Some((file, Environment::planned(&environment.account, &environment.region, &stack)))
        })
        .collect()
}

fn parsed(text: &str, file: &str) -> Result<Document> {
    Document::read_json(text).map_err(|error| {
        let mut place = whole(file);
        place.span = countersign_yaml::Span::of_line(error.line, error.column, 1);
        vec![TemplateError::new(What::Unreadable(error.what), place)]
    })
}

fn refused(why: &str, file: &str) -> Vec<TemplateError> {
    vec![TemplateError::new(What::Assembly(why.to_owned()), whole(file))]
}
