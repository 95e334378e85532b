//! `functions.toml`: declares the functions and the connections.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::language::Language;
use crate::connections::{Connection, Declared};
use crate::environment;

/// Why the functions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FunctionsError {
    #[error("The functions' file {} cannot be read: {source}.\nName a readable one with --functions FILE.", .file.display())]
    Read { file: PathBuf, source: std::io::Error },
    #[error("{}: {what}Correct the declaration.", .file.display())]
    Parse { file: PathBuf, what: String },
    #[error("{}: [functions.{name}] {what}.\n{remedy}", .file.display())]
    Function { file: PathBuf, name: String, what: String, remedy: &'static str },
    #[error("{}: [connections.{name}] {what}.\n{remedy}", .file.display())]
    Connection { file: PathBuf, name: String, what: String, remedy: &'static str },
    #[error("The Lambda Runtime API cannot listen on this machine: {0}.")]
    Listen(std::io::Error),
    #[error("The functions' processes cannot be started on this machine: {0}.")]
    Thread(std::io::Error),
    #[error("{}: concurrency is {most}.\nUse 1 to 1000 processes of a function at once.", .file.display())]
    Concurrency { file: PathBuf, most: usize },
}

/// One function.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub runtime: String,
    /// `module.function`, the module in the folder `code`.
    pub handler: String,
    /// The folder with the code, relative to the file; the file's own folder by default.
    #[serde(default)]
    pub code: PathBuf,
    #[serde(default = "three_seconds")]
    pub timeout_seconds: u64,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The most processes of the function at once: further calls wait. The default is the file's.
    pub concurrency: Option<usize>,
    /// The memory that the function is told, which nothing limits it to.
    #[serde(skip, default = "smallest")]
    pub memory_mb: u64,
    /// The version that the function is told.
    #[serde(skip, default = "latest")]
    pub version: String,
}

impl Spec {
    /// Processes at once, at most.
    #[must_use]
    pub fn most(&self) -> usize {
        self.concurrency.unwrap_or(CONCURRENCY)
    }

    /// The language of its handler. Every other runtime is refused before a spec is made of it.
    #[must_use]
    pub fn language(&self) -> Language {
        Language::of(&self.runtime).unwrap_or(Language::Python)
    }

    /// The folder of the function's code; `beside` is the folder of the declarations.
    #[must_use]
    pub fn folder(&self, beside: &Path) -> PathBuf {
        // Joining nothing would leave a slash at the end, which stack traces would show.
        if self.code.as_os_str().is_empty() { beside.to_owned() } else { beside.join(&self.code) }
    }
}

/// Processes of a function at once, by default.
const CONCURRENCY: usize = 8;
/// The greatest number that can be declared: Lambda's limit for an account.
const MOST: usize = 1_000;

/// Lambda's own defaults.
const fn three_seconds() -> u64 {
    3
}

const fn smallest() -> u64 {
    128
}

fn latest() -> String {
    "$LATEST".to_owned()
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    concurrency: Option<usize>,
    #[serde(default)]
    functions: BTreeMap<String, Spec>,
    #[serde(default)]
    connections: BTreeMap<String, Declared>,
}

/// The file's declarations, by name.
#[derive(Default)]
pub struct Declarations {
    pub functions: BTreeMap<String, Spec>,
    pub connections: BTreeMap<String, Connection>,
}

/// Reads and checks the declarations.
///
/// # Errors
/// The first fault, with its location and the remedy.
pub fn read(file: &Path) -> Result<Declarations, FunctionsError> {
    let text =
        std::fs::read_to_string(file).map_err(|source| FunctionsError::Read { file: file.to_owned(), source })?;
    let mut parsed: File = toml::from_str(&text)
        .map_err(|error| FunctionsError::Parse { file: file.to_owned(), what: described(&text, &error) })?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let concurrency = parsed.concurrency.unwrap_or(CONCURRENCY);
    if !(1..=MOST).contains(&concurrency) {
        return Err(FunctionsError::Concurrency { file: file.to_owned(), most: concurrency });
    }
    for spec in parsed.functions.values_mut() {
        spec.concurrency.get_or_insert(concurrency);
    }
    for (name, spec) in &parsed.functions {
        check(name, spec, folder).map_err(|(what, remedy)| FunctionsError::Function {
            file: file.to_owned(),
            name: name.clone(),
            what,
            remedy,
        })?;
    }
    let mut connections = BTreeMap::new();
    for (name, declared) in parsed.connections {
        let resolved = declared.resolve(&environment::variable);
        let connection = resolved.map_err(|(what, remedy)| FunctionsError::Connection {
            file: file.to_owned(),
            name: name.clone(),
            what,
            remedy,
        })?;
        connections.insert(name, connection);
    }
    Ok(Declarations { functions: parsed.functions, connections })
}

/// A fault of the file with the lines around it. Lines that may hold a secret are not shown.
fn described(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let section = before.lines().rev().find(|line| line.trim_start().starts_with('['));
    if section.is_none_or(|line| line.contains("connections")) {
        let line = before.lines().count().max(1);
        return format!("line {line} is wrong: {}\n", error.message());
    }
    error.to_string()
}

fn check(name: &str, spec: &Spec, folder: &Path) -> Result<(), (String, &'static str)> {
    if name.is_empty()
        || name.len() > 64
        || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        let remedy = "Use 1 to 64 letters, digits, hyphens and underscores, as Lambda does.";
        return Err(("is no name of a function".to_owned(), remedy));
    }
    let Some(language) = Language::of(&spec.runtime) else {
        let what = format!("has the runtime {:?}, which does not run on this machine", spec.runtime);
        return Err((what, "Use a runtime of Python or Node.js, such as \"python3.11\" or \"nodejs20.x\"."));
    };
    if !(1..=900).contains(&spec.timeout_seconds) {
        return Err((format!("has a timeout of {} s", spec.timeout_seconds), "Use 1 to 900 seconds, as Lambda does."));
    }
    if spec.concurrency.is_some_and(|most| !(1..=MOST).contains(&most)) {
        let what = format!("has a concurrency of {}", spec.concurrency.unwrap_or_default());
        return Err((what, "Use 1 to 1000 processes at once."));
    }
    let Some((module, _)) = spec.handler.rsplit_once('.') else {
        return Err((
            format!("has the handler {:?}", spec.handler),
            "Write it as module.function, such as \"payment.handler\".",
        ));
    };
    let files = language.files(module).into_iter().map(|file| spec.folder(folder).join(file));
    let files: Vec<PathBuf> = files.collect();
    if !files.iter().any(|file| file.is_file()) {
        let shown: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let what = format!("has its handler in {}, which does not exist", shown.join(" or "));
        return Err((what, "Put the module there, or correct the handler."));
    }
    Ok(())
}
