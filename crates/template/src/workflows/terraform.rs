//! A plan of Terraform as `terraform show -json` writes it ("JSON Output Format" in its documentation). The resources are
//! those of the AWS provider: `aws_sfn_state_machine` and `aws_sfn_alias`.

use countersign_yaml::{Document, Kind, Node};
use indexmap::IndexMap;

use super::sources::located;
use super::{Definition, Encryption, Logging, Unresolved, Version, Waiting, Workflow, WorkflowKind, whole};
use crate::error::{Place, TemplateError, What};
use crate::value::Value;

/// The plan that a text is. `None` for a text that is not one of Terraform's.
pub(super) fn plan(text: &str, file: &str) -> Option<Result<Document, TemplateError>> {
    let document = Document::read_json(text).ok()?;
    let root = document.root();
    let has = |key: &str| root.get(key).is_some();
    if !has("terraform_version") && !has("planned_values") {
        return None;
    }
    let refused = |why| Some(Err(TemplateError::new(What::Terraform(why), whole(file))));
    if has("values") && !has("planned_values") {
        return refused("it is a state");
    }
    if !root.get("planned_values").is_some_and(|values| values.kind() == Kind::Object) {
        return refused("it has no planned values");
    }
    // The second version of the format would change the meaning of what there is.
    let version = root.get("format_version").and_then(Node::text).unwrap_or_default();
    if !(version.starts_with("0.") || version.starts_with("1.")) {
        return refused("its format is not known");
    }
    Some(Ok(document))
}

pub(super) fn workflows(plan: &Document, file: &str) -> Result<Vec<Workflow>, Vec<TemplateError>> {
    let root = plan.root();
    let mut resources = Vec::new();
    if let Some(module) = root.get("planned_values").and_then(|values| values.get("root_module")) {
        collect(module, &mut resources);
    }
    let changes = changes(root);
    let aliases = aliases(root, &resources);
    let mut workflows = Vec::new();
    let mut errors = Vec::new();
    for resource in resources.iter().filter(|resource| resource.kind == "aws_sfn_state_machine") {
        match machine(resource, changes.get(resource.address), &aliases, file) {
            Ok(workflow) => workflows.push(workflow),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(workflows) } else { Err(located(errors, file)) }
}

/// The names of the state machines that are destroyed, and not made again under the same name.
pub(super) fn destroyed(plan: &Document) -> Vec<String> {
    let changes = plan.root().get("resource_changes").into_iter().flat_map(Node::items);
    changes.filter_map(destroyed_by).map(str::to_owned).collect()
}

/// The name of the state machine that a change destroys.
fn destroyed_by(resource: Node<'_>) -> Option<&str> {
    let is = |key: &str, value: &str| resource.get(key).and_then(Node::text) == Some(value);
    if !is("mode", "managed") || !is("type", "aws_sfn_state_machine") {
        return None;
    }
    let change = resource.get("change")?;
    let name = |of: &str| change.get(of)?.get("name")?.text();
    let before = name("before")?;
    let is_deleted = change.get("actions")?.items().any(|action| action.text() == Some("delete"));
    (is_deleted && name("after") != Some(before)).then_some(before)
}

struct Planned<'p> {
    address: &'p str,
    kind: &'p str,
    values: Node<'p>,
}

/// The managed resources of a module and of those within it. They nest no deeper than a document does.
fn collect<'p>(module: Node<'p>, out: &mut Vec<Planned<'p>>) {
    for resource in module.get("resources").into_iter().flat_map(Node::items) {
        let text = |key: &str| resource.get(key).and_then(Node::text);
        if let (Some("managed"), Some(address), Some(kind), Some(values)) =
            (text("mode"), text("address"), text("type"), resource.get("values"))
        {
            out.push(Planned { address, kind, values });
        }
    }
    for child in module.get("child_modules").into_iter().flat_map(Node::items) {
        collect(child, out);
    }
}

/// What is planned for each resource, by its address.
fn changes(root: Node<'_>) -> IndexMap<&str, Node<'_>> {
    let changes = root.get("resource_changes").into_iter().flat_map(Node::items);
    changes.filter_map(|change| Some((change.get("address")?.text()?, change.get("change")?))).collect()
}

fn machine(
    resource: &Planned,
    change: Option<&Node>,
    aliases: &[(String, String)],
    file: &str,
) -> Result<Workflow, TemplateError> {
    let values = Value::from(resource.values);
    let text = |key: &str| values.get(key).and_then(Value::scalar).filter(|text| !text.is_empty());
    let span = resource.values.span();
    let place = Place { file: file.to_owned(), path: resource.address.to_owned(), span };
    let block = |key: &str| values.get(key).and_then(Value::list).and_then(|items| items.first());
    let flag = |key: &str, part: &str| block(key).and_then(|block| block.get(part)?.bool()) == Some(true);
    let kind = match text("type").as_deref() {
        None | Some("STANDARD") => WorkflowKind::Standard,
        Some("EXPRESS") => WorkflowKind::Express,
        Some(_) => {
            let what = What::Shape { expected: "STANDARD or EXPRESS", found: "another text" };
            return Err(TemplateError::new(what, place));
        }
    };
    let definition = text("definition").map(|text| {
        let span = resource.values.get("definition").map(Node::span).unwrap_or_default();
        Definition::of_text(file, &text, span, IndexMap::new())
    });
    let publishes = values.get("publish").and_then(Value::bool) == Some(true);
    let sensitive = change.and_then(|change| change.get("after_sensitive")?.get("definition")?.raw()) == Some("true");
    let tags = values.get("tags_all").or_else(|| values.get("tags"));
    Ok(Workflow {
        name: text("name"),
        logical_id: resource.address.to_owned(),
        stack: None,
        file: file.to_owned(),
        definition,
        kind,
        role_arn: text("role_arn"),
        logging: block("logging_configuration").map(logging),
        tracing: flag("tracing_configuration", "enabled"),
        encryption: block("encryption_configuration").and_then(encryption),
        tags: tags
            .and_then(Value::map)
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.clone(), value.scalar()?)))
            .collect(),
        aliases: aliases
            .iter()
            .filter(|(machine, _)| machine == resource.address)
            .map(|(_, name)| name.clone())
            .collect(),
        version: publishes.then(|| Version { description: text("version_description") }),
        sensitive,
        unresolved: change.map(|change| unknown(*change, &place)).unwrap_or_default(),
        place,
    })
}

/// The attributes that are known after apply and that a plan is about.
fn unknown(change: Node, place: &Place) -> Vec<Unresolved> {
    const SHOWN: &[&str] = &[
        "name",
        "definition",
        "role_arn",
        "type",
        "logging_configuration",
        "tracing_configuration",
        "encryption_configuration",
        "tags",
    ];
    let after = change.get("after_unknown");
    let waits = |name: &&&str| after.and_then(|after| after.get(name)).is_some_and(says_true);
    let unresolved = |name: &&str| Unresolved { waiting: Waiting::Apply((*name).to_owned()), place: place.clone() };
    SHOWN.iter().filter(waits).map(unresolved).collect()
}

/// Whether a value is `true`, or has one somewhere within it.
fn says_true(node: Node) -> bool {
    node.raw() == Some("true") || node.items().any(says_true) || node.members().any(|(.., value)| says_true(value))
}

fn logging(block: &Value) -> Logging {
    Logging {
        level: block.get("level").and_then(Value::scalar).unwrap_or_else(|| "OFF".to_owned()),
        include_execution_data: block.get("include_execution_data").and_then(Value::bool) == Some(true),
        destinations: block.get("log_destination").and_then(Value::scalar).into_iter().collect(),
    }
}

fn encryption(block: &Value) -> Option<Encryption> {
    Some(Encryption {
        kind: block.get("type")?.scalar()?,
        kms_key_id: block.get("kms_key_id").and_then(Value::scalar),
        data_key_reuse: block.get("kms_data_key_reuse_period_seconds").and_then(Value::integer),
    })
}

/// The names of aliases with the addresses of their state machines. Where a route is not known yet, the configuration
/// says what it refers to.
fn aliases(root: Node, resources: &[Planned]) -> Vec<(String, String)> {
    let machines: Vec<&str> =
        resources.iter().filter(|other| other.kind == "aws_sfn_state_machine").map(|other| other.address).collect();
    let mut aliases = Vec::new();
    for alias in resources.iter().filter(|resource| resource.kind == "aws_sfn_alias") {
        let Some(name) = alias.values.get("name").and_then(Node::text) else { continue };
        let (module, local) = split(alias.address);
        let referred = referred(root, module, local);
        let within = |machine: &&&str| {
            let (of, local) = split(machine);
            of == module && referred.iter().any(|name| name == local)
        };
        if let Some(machine) = machines.iter().find(within) {
            aliases.push(((*machine).to_owned(), name.to_owned()));
        }
    }
    aliases
}

/// An address as its module's and the rest, without indices: `module.a["x"].aws_sfn_alias.b[0]`.
fn split(address: &str) -> (&str, &str) {
    let local = address.rfind("aws_sfn_").map_or(address, |at| &address[at..]);
    let module = address[..address.len() - local.len()].trim_end_matches('.');
    (module, local.split('[').next().unwrap_or(local))
}

/// An address without its indices, which may hold dots.
fn without_indices(address: &str) -> String {
    let mut depth = 0_usize;
    let mut outside = |letter: &char| {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    address.chars().filter(|letter| outside(letter)).collect()
}

/// What the route of an alias refers to, by the configuration.
fn referred(root: Node, module: &str, local: &str) -> Vec<String> {
    let mut current = root.get("configuration").and_then(|configuration| configuration.get("root_module"));
    for name in without_indices(module).split('.').filter(|step| !step.is_empty() && *step != "module") {
        current = current.and_then(|module| module.get("module_calls")?.get(name)?.get("module"));
    }
    let resources = current.and_then(|module| module.get("resources")).into_iter().flat_map(Node::items);
    let this = resources.filter(|resource| resource.get("address").and_then(|address| address.text()) == Some(local));
    let mut names = Vec::new();
    for resource in this {
        gather(resource, &mut names);
    }
    names
}

/// The texts of all `references` within a value.
fn gather(node: Node, names: &mut Vec<String>) {
    for (key, _, value) in node.members() {
        if key == "references" {
            names.extend(value.items().filter_map(Node::text).map(str::to_owned));
        }
        gather(value, names);
    }
    node.items().for_each(|item| gather(item, names));
}
