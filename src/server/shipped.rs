//! The shipped workflows and functions: part of the binary, unpacked if the working folder has none of its own.

use std::io::Write;
use std::path::{Path, PathBuf};

use countersign_desk::deploy::{Folder, MANIFEST};
use countersign_local::files::{PrivateError, private_file, private_folder};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "statemachine/"]
struct Definitions;

#[derive(RustEmbed)]
#[folder = "lambdas/"]
#[exclude = "tests/*"]
#[exclude = "__pycache__/*"]
struct Functions;

/// The folder of definitions inside a project's.
const WITHIN: &str = "statemachine";

/// The folder of definitions: the given one, else `statemachine` in the working folder, else the shipped ones. A folder that has
/// no definitions but a `statemachine` is that of a project.
///
/// # Errors
/// The shipped ones cannot be unpacked below `data`.
pub fn definitions_folder(given: Option<&Path>, data: &Path) -> Result<PathBuf, PrivateError> {
    match given {
        Some(folder) if is_project(folder) => Ok(folder.join(WITHIN)),
        Some(folder) => Ok(folder.to_owned()),
        None if Path::new(WITHIN).is_dir() => Ok(PathBuf::from(WITHIN)),
        None => unpack::<Definitions>(&data.join("shipped").join("statemachine")),
    }
}

fn is_project(folder: &Path) -> bool {
    let is_bare = || {
        let read = Folder::read(folder);
        read.problems.is_empty() && read.manifest.workflows.is_empty()
    };
    folder.join(WITHIN).is_dir() && !folder.join(MANIFEST).exists() && is_bare()
}

/// The functions of the embedded engine, by the same rule.
///
/// # Errors
/// The shipped ones cannot be unpacked below `data`.
pub fn functions_file(given: Option<&Path>, data: &Path) -> Result<PathBuf, PrivateError> {
    let name = "functions.toml";
    match given {
        Some(file) => Ok(file.to_owned()),
        None if Path::new("lambdas").join(name).is_file() => Ok(Path::new("lambdas").join(name)),
        None => Ok(unpack::<Functions>(&data.join("shipped").join("lambdas"))?.join(name)),
    }
}

fn unpack<E: RustEmbed>(folder: &Path) -> Result<PathBuf, PrivateError> {
    private_folder(folder)?;
    for name in E::iter() {
        if let Some(content) = E::get(&name) {
            let place = folder.join(name.as_ref());
            let failed = |source| PrivateError::File { file: place.clone(), source };
            let mut file = private_file(&place)?;
            file.set_len(0).and_then(|()| file.write_all(&content.data)).map_err(failed)?;
        }
    }
    Ok(folder.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn a_project_has_its_definitions_in_a_folder_of_their_own() {
        let project = std::env::temp_dir().join(format!("countersign-project-{}", std::process::id()));
        let inside = project.join(WITHIN);
        std::fs::create_dir_all(&inside).unwrap();
        let found = || definitions_folder(Some(&project), Path::new("unused")).unwrap();
        assert_eq!(found(), inside);
        std::fs::write(project.join("order.asl.json"), "{}").unwrap();
        assert_eq!(found(), project, "it has definitions itself");
        std::fs::remove_dir_all(&project).unwrap();
    }
}
