//! The folder of definitions, watched while the program runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;
use toml::de::DeTable;

use super::finding::FileProblem;
use super::folder::Folder;
use super::manifest::{FILE, Manifest};
use crate::connection::KnownFunctions;
use crate::news::{Publisher, Topic};

/// The pause between two checks of the folder.
const PAUSE: Duration = Duration::from_millis(700);

/// A fingerprint of the folder: its files with their sizes and times.
pub(super) type Fingerprint = Vec<(PathBuf, Option<(u64, Option<SystemTime>)>)>;

/// The folder, and its last readable manifest.
#[derive(Debug)]
pub struct Definitions {
    path: PathBuf,
    /// The functions of the connection, as it told them last.
    functions: Mutex<KnownFunctions>,
    good: Mutex<Option<Manifest>>,
    /// The text of the manifest that was read last, and what it came to: most pages need it, and it seldom changes.
    last: Mutex<Option<(String, Arc<Folder>)>>,
}

/// A manifest that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestTrouble {
    /// Every mistake; at least one.
    pub problems: Vec<FileProblem>,
    /// Whether an earlier version of it is in force.
    pub earlier_in_force: bool,
}

impl From<PathBuf> for Definitions {
    fn from(path: PathBuf) -> Self {
        Self { path, functions: Mutex::default(), good: Mutex::default(), last: Mutex::default() }
    }
}

impl Definitions {
    /// The names of the connection's functions; `None` if they are unknown, or there may be others.
    #[must_use]
    pub fn functions(&self) -> Option<Arc<BTreeSet<String>>> {
        self.known_functions().names
    }

    /// The functions as the connection told them last.
    #[must_use]
    pub fn known_functions(&self) -> KnownFunctions {
        self.functions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what the connection tells of its functions.
    pub fn tell_functions(&self, known: KnownFunctions) {
        *self.functions.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// The folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the folder. If its manifest cannot be used, the last usable one stays in force, with the problem beside it.
    #[must_use]
    pub fn read(&self) -> Arc<Folder> {
        let text = std::fs::read_to_string(self.path.join(FILE));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Ok(text), Some((before, folder))) = (&text, last.as_ref())
            && text == before
        {
            return Arc::clone(folder);
        }
        let kept = text.as_ref().ok().cloned();
        let folder = Arc::new(self.in_force(Folder::of(&self.path, text)));
        *last = kept.map(|text| (text, Arc::clone(&folder)));
        folder
    }

    /// The folder with the manifest that counts: its own, or the last usable one.
    fn in_force(&self, mut folder: Folder) -> Folder {
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if folder.problems.is_empty() {
            *good = Some(folder.manifest.clone());
        } else if let Some(manifest) = good.as_ref() {
            folder.manifest = manifest.clone();
        }
        folder
    }

    /// Why the manifest cannot be used; `None` if it can.
    #[must_use]
    pub fn trouble(&self) -> Option<ManifestTrouble> {
        let problems = self.read().problems.clone();
        if problems.is_empty() {
            return None;
        }
        let earlier_in_force = self.good.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        Some(ManifestTrouble { problems, earlier_in_force })
    }

    /// Publishes changes of the folder until `end`, so that pages with a plan, a sample or an approval read it again.
    #[expect(
        clippy::disallowed_methods,
        reason = "the timer between two checks of the folder; a test checks without the loop"
    )]
    pub async fn follow(&self, changes: &Publisher, end: &CancellationToken) {
        let mut before = self.fingerprint();
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
            let now = self.fingerprint();
            if now != before {
                before = now;
                changes.publish([Topic::Workflows, Topic::Inbox, Topic::Frame]);
            }
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        let folder = self.read();
        let named = folder.manifest.files().map(|file| self.path.join(file));
        let there = std::fs::read_dir(&self.path).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut files: Vec<PathBuf> = named.chain(there).collect();
        files.sort();
        files.dedup();
        let stamp = |file: &Path| std::fs::metadata(file).ok().map(|about| (about.len(), about.modified().ok()));
        files.into_iter().map(|file| (file.clone(), stamp(&file))).collect()
    }
}

/// The names of the functions that a `functions.toml` declares; `None` if it cannot be read.
#[must_use]
pub fn declared_functions(file: &Path) -> Option<BTreeSet<String>> {
    let text = std::fs::read_to_string(file).ok()?;
    let table = DeTable::parse(&text).ok()?;
    let functions = table.get_ref().get("functions").and_then(|functions| functions.get_ref().as_table());
    Some(functions.into_iter().flatten().map(|(name, _)| name.get_ref().to_string()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn a_manifest_that_breaks_leaves_the_last_good_one_in_force() {
        let path = std::env::temp_dir().join(format!("countersign-definitions-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let file = path.join("countersign.toml");
        let definitions = Definitions::from(path.clone());
        std::fs::write(&file, "[workflows.a").unwrap();
        assert!(definitions.read().manifest.workflows.is_empty());
        assert!(!definitions.trouble().unwrap().earlier_in_force);
        std::fs::write(&file, "[workflows.a]\nfile = \"a\"\n").unwrap();
        assert!(definitions.trouble().is_none());
        let before = definitions.fingerprint();
        std::fs::write(&file, "[workflows.a]\nfil = \"a\"\n").unwrap();
        assert_ne!(definitions.fingerprint(), before);
        let folder = definitions.read();
        assert!(!folder.problems.is_empty() && folder.manifest.workflows.contains_key("a"));
        let trouble = definitions.trouble().unwrap();
        let places: Vec<(u32, u32)> = trouble.problems.iter().map(|problem| (problem.line, problem.column)).collect();
        assert!(trouble.earlier_in_force && places == [(2, 1)], "{trouble:?}");
        std::fs::remove_dir_all(&path).unwrap();
    }
}
