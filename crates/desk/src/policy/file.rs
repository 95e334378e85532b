//! The policies of the program and of the user's file, read and checked against the schema.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;

use super::{DEFAULT, SCHEMA};

/// A mistake in a file of policies, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub file: PathBuf,
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub remedy: String,
    /// Whether the file can be used in spite of it.
    pub is_warning: bool,
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, remedy, is_warning } = self;
        let mark = if *is_warning { "warning: " } else { "" };
        write!(out, "{}:{line}:{column}: {mark}{message}", file.display())?;
        if remedy.is_empty() { Ok(()) } else { write!(out, "\n{remedy}") }
    }
}

/// Why policies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFault {
    #[error("{} cannot be read: {why}", file.display())]
    Unreadable { file: PathBuf, why: std::io::Error },
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<Mistake>),
}

/// A policy with the name under which it is known, in the order of the files.
pub struct Named {
    pub id: String,
    pub policy: Policy,
}

/// The schema.
pub fn schema() -> Result<Schema, String> {
    SCHEMA.parse::<Schema>().map_err(|error| error.to_string())
}

/// The policies of the program, and those of a user's file beside them or in their places; and what is strange in it.
pub fn read(user: Option<(&Path, &str)>) -> Result<(Vec<Named>, Vec<Mistake>), PolicyFault> {
    let (mut all, _) = of_text(Path::new("default.cedar"), DEFAULT)?;
    let Some((file, text)) = user else { return Ok((all, Vec::new())) };
    let (own, warnings) = of_text(file, text)?;
    all.retain(|one| own.iter().all(|other| other.id != one.id));
    all.extend(own);
    Ok((all, warnings))
}

fn of_text(file: &Path, text: &str) -> Result<(Vec<Named>, Vec<Mistake>), PolicyFault> {
    let place = Text { file, text };
    let set = match text.parse::<PolicySet>() {
        Ok(set) => set,
        Err(errors) => {
            let mistakes = errors.iter().map(|error| place.mistake(error)).collect();
            return Err(PolicyFault::Mistakes(in_order(mistakes)));
        }
    };
    let schema = schema().map_err(|why| PolicyFault::Mistakes(vec![place.at(0, why, String::new())]))?;
    let checked = Validator::new(schema).validate(&set, ValidationMode::Strict);
    let mut mistakes: Vec<Mistake> = checked.validation_errors().map(|error| place.mistake(error)).collect();
    let warnings = checked.validation_warnings().map(|warning| Mistake { is_warning: true, ..place.mistake(warning) });
    let warnings = in_order(warnings.collect());
    if set.templates().next().is_some() {
        let remedy = "Write the principal or the resource in place of ?principal or ?resource.".to_owned();
        let message = "this policy is a template, which nothing fills".to_owned();
        mistakes.push(place.at(text.find('?').unwrap_or(0), message, remedy));
    }
    let named = named(&place, &set, &mut mistakes);
    if mistakes.is_empty() { Ok((named, warnings)) } else { Err(PolicyFault::Mistakes(in_order(mistakes))) }
}

/// Mistakes in their order, each once: Cedar finds one anew for every action and every kind of resource.
fn in_order(mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
    mistakes.sort_by(|one, other| {
        let key = |mistake: &Mistake| (mistake.line, mistake.column);
        key(one).cmp(&key(other)).then_with(|| one.message.cmp(&other.message))
    });
    mistakes.dedup();
    mistakes
}

/// Without the policy that Cedar counts from 0, whose place is known, and without the action: all have the same context.
fn plain(text: &str) -> String {
    let text = match text.split_once("`, ") {
        Some((counted, rest)) if counted.starts_with("for policy `") => rest,
        _ => text,
    };
    let of_action = text.split_once(" in context for Action::\"");
    match of_action.and_then(|(before, rest)| Some((before, rest.split_once('"')?.1))) {
        Some((before, after)) => format!("{before} in context{after}"),
        None => text.to_owned(),
    }
}

/// The policies by their `@id`, or by their place in the file.
fn named(place: &Text<'_>, set: &PolicySet, mistakes: &mut Vec<Mistake>) -> Vec<Named> {
    // Cedar calls those without a name `policy0`, `policy1` and so on. Any other name would only stand first, and two that
    // are counted alike are a mistake below.
    let number = |policy: &Policy| policy.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or(0);
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| number(policy));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut named = Vec::new();
    for policy in policies {
        let file = place.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let id = policy.annotation("id").filter(|id| !id.is_empty());
        let id = id.map_or_else(|| format!("number {} of {file}", number(policy) + 1), str::to_owned);
        let times = seen.entry(id.clone()).or_default();
        *times += 1;
        if *times == 2 {
            let quoted = format!("@id({id:?})");
            let at = place.text.match_indices(&quoted).nth(1).map_or(0, |(at, _)| at);
            mistakes.push(place.at(at, format!("there are two policies {id:?}"), "Give one another @id.".to_owned()));
        }
        named.push(Named { policy: policy.new_id(PolicyId::new(&id)), id });
    }
    named
}

/// A file of policies.
struct Text<'t> {
    file: &'t Path,
    text: &'t str,
}

impl Text<'_> {
    fn mistake(&self, error: &dyn Diagnostic) -> Mistake {
        let at = error.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset());
        let label = error.labels().and_then(|mut labels| labels.next()?.label().map(str::to_owned));
        let message = plain(&error.to_string());
        let message = match label {
            Some(label) if !message.contains(&label) => format!("{message}: {label}"),
            _ => message,
        };
        self.at(at, message, error.help().map(|help| plain(&help.to_string())).unwrap_or_default())
    }

    /// A mistake at a place of the text, in bytes.
    fn at(&self, at: usize, message: String, remedy: String) -> Mistake {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        Mistake { file: self.file.to_owned(), line, column, message, remedy, is_warning: false }
    }
}
