//! The functions and connections that `functions.toml` declares, and their code: as they are now.
//!
//! The file and the code are looked at again while the engine runs. A function whose declaration or code has changed is
//! another one: its processes start with the next calls, and those of the old one end when their calls have.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::config::{self, Declarations, FunctionsError, Spec};
use super::pool::Pool;
use crate::connections::Connection;

/// How the names of modules end.
const MODULES: [&str; 5] = ["py", "so", "js", "mjs", "cjs"];
/// The most files of one folder of code that are looked at.
const MOST_FILES: usize = 20_000;

/// One function, and its processes.
pub struct Function {
    pub spec: Spec,
    pub pool: Pool,
    /// The state of its code when it was declared.
    code: Arc<Fingerprint>,
}

/// Everything that is declared.
#[derive(Default)]
pub struct Declared {
    pub functions: BTreeMap<String, Arc<Function>>,
    pub connections: BTreeMap<String, Arc<Connection>>,
    /// The state of the file when it was read.
    file: Option<Stamp>,
}

/// What tells one version of a file from another: its size and the time of its last change.
type Stamp = (u64, Option<SystemTime>);

/// The modules of a folder, with their subfolders'.
pub type Fingerprint = Vec<(PathBuf, Stamp)>;

fn stamp(file: &Path) -> Option<Stamp> {
    fs::metadata(file).ok().map(|about| (about.len(), about.modified().ok()))
}

/// The modules below a folder: what a process has loaded stays as it was until the process ends. Other files are the
/// function's own business, which may write them itself.
fn fingerprint(folder: &Path) -> Fingerprint {
    let (mut found, mut folders) = (Fingerprint::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_hidden = name.to_string_lossy().starts_with('.') || name == "__pycache__";
            // A link to a folder is not followed: it may lead in a circle.
            let is_module = path.extension().is_some_and(|end| MODULES.iter().any(|known| end == *known));
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && !is_hidden {
                folders.push(path);
            } else if is_module {
                found.extend(stamp(&path).map(|stamp| (path, stamp)));
            }
            if found.len() >= MOST_FILES {
                return found;
            }
        }
    }
    found.sort();
    found
}

/// Whether every module of one state is there in another.
fn has_all_of(modules: &[(PathBuf, Stamp)], now: &[(PathBuf, Stamp)]) -> bool {
    modules.iter().all(|(path, _)| now.binary_search_by(|(other, _)| other.cmp(path)).is_ok())
}

/// The state of each folder of code that these functions have.
fn fingerprints<'s>(specs: impl Iterator<Item = &'s Spec>, beside: &Path) -> BTreeMap<PathBuf, Arc<Fingerprint>> {
    let mut found = BTreeMap::new();
    for spec in specs {
        found.entry(spec.folder(beside)).or_insert_with_key(|folder| Arc::new(fingerprint(folder)));
    }
    found
}

impl Declared {
    /// Reads a file. `beside` is its folder, as an absolute path.
    ///
    /// # Errors
    /// A declaration is wrong.
    pub fn read(file: &Path, beside: &Path) -> Result<Self, FunctionsError> {
        Self::default().again(file, beside)
    }

    /// The declarations as they are now. Functions that have not changed are the same ones, with their processes.
    ///
    /// # Errors
    /// A declaration is wrong.
    pub fn again(&self, file: &Path, beside: &Path) -> Result<Self, FunctionsError> {
        // Before the reading: a change during it is found by the next look.
        let stamp = stamp(file);
        let Declarations { functions, connections } = config::read(file)?;
        let codes = fingerprints(functions.values(), beside);
        let function = |(name, spec): (String, Spec)| {
            let code = codes.get(&spec.folder(beside)).cloned().unwrap_or_default();
            let same = self.functions.get(&name).filter(|known| known.spec == spec && known.code == code);
            let function =
                same.cloned().unwrap_or_else(|| Arc::new(Function { pool: Pool::new(spec.most()), spec, code }));
            (name, function)
        };
        Ok(Self {
            functions: functions.into_iter().map(function).collect(),
            connections: connections.into_iter().map(|(name, one)| (name, Arc::new(one))).collect(),
            file: stamp,
        })
    }

    /// The same declarations with the code as it is now, for as long as the file cannot be used. A function that has lost a
    /// module keeps the code that it has.
    #[must_use]
    pub fn with_new_code(&self, beside: &Path) -> Self {
        let codes = fingerprints(self.functions.values().map(|function| &function.spec), beside);
        let renewed = |(name, known): (&String, &Arc<Function>)| {
            let code = codes.get(&known.spec.folder(beside)).cloned().unwrap_or_default();
            let stays = code == known.code || !has_all_of(&known.code, &code);
            let function = if stays {
                Arc::clone(known)
            } else {
                let spec = known.spec.clone();
                Arc::new(Function { pool: Pool::new(spec.most()), spec, code })
            };
            (name.clone(), function)
        };
        Self {
            functions: self.functions.iter().map(renewed).collect(),
            connections: self.connections.clone(),
            file: self.file,
        }
    }

    /// Whether the file or the code is another one than what was read.
    #[must_use]
    pub fn is_outdated(&self, file: &Path, beside: &Path) -> bool {
        if stamp(file) != self.file {
            return true;
        }
        let codes = fingerprints(self.functions.values().map(|function| &function.spec), beside);
        self.functions.values().any(|function| codes.get(&function.spec.folder(beside)) != Some(&function.code))
    }

    /// How the functions of `now` differ from these, in words for the terminal; `None` where they do not.
    #[must_use]
    pub fn news(&self, now: &Self) -> Option<String> {
        let changed = |name: &str, function: &Arc<Function>| match self.functions.get(name) {
            None => Some(format!("{name} is new")),
            Some(before) if !Arc::ptr_eq(before, function) => Some(format!("{name} has changed")),
            Some(_) => None,
        };
        let gone = self.functions.keys().filter(|name| !now.functions.contains_key(*name));
        let mut words: Vec<String> = now.functions.iter().filter_map(|(name, one)| changed(name, one)).collect();
        words.extend(gone.map(|name| format!("{name} is gone")));
        if words.is_empty() && self.connections != now.connections {
            words.push("its connections have changed".to_owned());
        }
        (!words.is_empty()).then(|| words.join(", "))
    }
}
