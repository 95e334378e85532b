//! The shipped workflows and functions: part of the binary, unpacked if the working folder has none of its own.

use std::io::Write;
use std::path::{Path, PathBuf};

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

/// The folder of definitions: the given one, else `statemachine` in the working folder, else the shipped ones.
///
/// # Errors
/// The shipped ones cannot be unpacked below `data`.
pub fn definitions_folder(given: Option<&Path>, data: &Path) -> Result<PathBuf, PrivateError> {
    match given {
        Some(folder) => Ok(folder.to_owned()),
        None if Path::new("statemachine").is_dir() => Ok(PathBuf::from("statemachine")),
        None => unpack::<Definitions>(&data.join("shipped").join("statemachine")),
    }
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
