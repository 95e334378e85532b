//! Which files of cases the arguments name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use countersign_desk::deploy::Folder;
use countersign_replay::cases::SUFFIX;
use countersign_replay::mock_config::MockConfig;

/// The ends of the names of definitions.
const DEFINITIONS: [&str; 3] = [".asl.json", ".asl.yaml", ".asl.yml"];

/// The cases of one definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cases {
    /// Those of a file.
    File(PathBuf),
    /// Those that the mocks of Step Functions Local have for a definition without a file of cases.
    OfMocks { definition: PathBuf },
}

/// The files of cases that the paths name, without repetition.
///
/// # Errors
/// A sentence: a path cannot be read, or has no cases.
pub(super) fn named(paths: &[PathBuf], config: Option<&MockConfig>) -> Result<Vec<Cases>, String> {
    let mut found = Vec::new();
    for path in paths {
        let here = if path.is_dir() { of_folder(path, config)? } else { vec![of_file(path, config)?] };
        if here.is_empty() {
            return Err(format!(
                "{} has no test cases: they are in files whose names end with {SUFFIX}, such as order{SUFFIX} beside \
                 order.asl.json. docs/test.md shows the format.",
                path.display()
            ));
        }
        for one in here {
            if !found.contains(&one) {
                found.push(one);
            }
        }
    }
    Ok(found)
}

/// The file of cases itself, or the one beside a definition; without one, what the mocks have for the definition.
fn of_file(path: &Path, config: Option<&MockConfig>) -> Result<Cases, String> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if !path.exists() {
        return Err(format!("{} does not exist.", path.display()));
    }
    if DEFINITIONS.iter().any(|end| name.ends_with(end)) {
        let cases = path.with_file_name(format!("{}{SUFFIX}", stem(path)));
        return if cases.exists() {
            Ok(Cases::File(cases))
        } else if config.is_some_and(|config| has_mocks(config, path, &name)) {
            Ok(Cases::OfMocks { definition: path.to_owned() })
        } else {
            Err(format!("{} has no test cases: {} does not exist.", path.display(), cases.display()))
        };
    }
    if !name.ends_with(SUFFIX) {
        return Err(format!(
            "{} is neither a folder, nor a definition, nor a file of cases (NAME{SUFFIX}).",
            path.display()
        ));
    }
    Ok(Cases::File(path.to_owned()))
}

/// Whether there are mocks for a definition, as what the manifest beside it calls it.
fn has_mocks(config: &MockConfig, path: &Path, name: &str) -> bool {
    let manifest = path.parent().map(|folder| Folder::read(folder).manifest).unwrap_or_default();
    let is_of = |machine: &str| match manifest.workflows.get(machine) {
        Some(workflow) => workflow.file == name,
        None => machine == stem(path),
    };
    config.machines().any(is_of)
}

fn of_folder(folder: &Path, config: Option<&MockConfig>) -> Result<Vec<Cases>, String> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("{} cannot be read: {error}.", folder.display()))?;
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| format!("{} cannot be read: {error}.", folder.display()))?;
        if entry.file_name().to_string_lossy().ends_with(SUFFIX) {
            files.push(entry.path());
        }
    }
    files.sort();
    let with_file: BTreeSet<String> = files.iter().map(|file| stem(file)).collect();
    let mut found: Vec<Cases> = files.into_iter().map(Cases::File).collect();
    if let Some(config) = config {
        let manifest = Folder::read(folder).manifest;
        for machine in config.machines().filter(|machine| !with_file.contains(*machine)) {
            let file = manifest.workflows.get(machine).map(|workflow| folder.join(&workflow.file));
            let definition = file.unwrap_or_else(|| beside(&folder.join(format!("{machine}{SUFFIX}"))));
            if definition.exists() && !with_file.contains(&stem(&definition)) {
                found.push(Cases::OfMocks { definition });
            }
        }
    }
    Ok(found)
}

/// The name of a file without the ends that files of cases and definitions have.
pub(super) fn stem(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = DEFINITIONS.iter().chain([&SUFFIX]).find_map(|end| name.strip_suffix(end));
    stem.map_or_else(|| name.clone(), str::to_owned)
}

/// The definition beside a file of cases: that in JSON, if there is none at all.
pub(super) fn beside(cases: &Path) -> PathBuf {
    let named = |end: &str| cases.with_file_name(format!("{}{end}", stem(cases)));
    let found = DEFINITIONS.iter().map(|end| named(end)).find(|file| file.exists());
    found.unwrap_or_else(|| named(DEFINITIONS[0]))
}
