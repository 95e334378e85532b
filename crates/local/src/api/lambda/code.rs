//! Packages of code: read from the request or from a bucket, and unpacked into a folder.

use std::fs::{self, DirBuilder, File};
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::invalid;
use super::model::{Code, folder, root};
use crate::api::error::ApiError;
use crate::host::Host;
use crate::integrations::{Buckets, ObjectRefusal, on_files};
use crate::lambda::Language;
use crate::random;

/// The largest package, in bytes, and the largest code unpacked: Lambda's limits.
const PACKAGE: usize = 50 * 1024 * 1024;
const UNPACKED: u64 = 262_144_000;
/// The most files and folders of a package.
const ENTRIES: usize = 20_000;
/// The type of a file in the mode that a package gives it, and the type of a link.
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;

/// Where the code of a request is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    /// A package in Base64.
    pub zip_file: Option<String>,
    pub s3_bucket: Option<String>,
    pub s3_key: Option<String>,
    pub s3_object_version: Option<String>,
    pub image_uri: Option<String>,
    /// The code itself, which CloudFormation calls `ZipFile`.
    pub text: Option<String>,
}

/// Reads a package, and unpacks it into a folder of its own.
///
/// # Errors
/// AWS's refusal: there is no such package, it cannot be unpacked, or it is too large.
pub async fn unpacked(host: &Arc<Host>, source: Source, runtime: &str) -> Result<Code, ApiError> {
    let only_file = Language::of(runtime).map_or("index.py", Language::only_file);
    let (host, only_file) = (Arc::clone(host), only_file.to_owned());
    on_files(move || {
        let name = random::uuid().simple().to_string();
        let place = folder(&host, &name);
        make_folder(&place)?;
        let done = write(&host, &source, &only_file, &place);
        done.map(|(sha256, size)| Code { folder: name, sha256, size }).inspect_err(|_| remove(&place))
    })
    .await
}

/// Writes the code, and returns the package's digest and size.
fn write(host: &Host, source: &Source, only_file: &str, place: &Path) -> Result<(String, u64), ApiError> {
    if let Some(text) = &source.text {
        write_file(&place.join(only_file), &mut text.as_bytes(), 0o644).map_err(|error| failed(&error))?;
        return Ok(described(text.as_bytes()));
    }
    let package = package(host, source)?;
    unpack(&package, place)?;
    Ok(described(&package))
}

fn described(package: &[u8]) -> (String, u64) {
    (BASE64_STANDARD.encode(Sha256::digest(package)), package.len() as u64)
}

/// The package that a request means.
fn package(host: &Host, source: &Source) -> Result<Vec<u8>, ApiError> {
    if source.image_uri.is_some() {
        return Err(invalid("The embedded engine runs no container images. Use a function with a package (Zip)."));
    }
    match (&source.zip_file, &source.s3_bucket, &source.s3_key) {
        (Some(text), None, None) => {
            let package = BASE64_STANDARD.decode(text).map_err(|_| unreadable())?;
            if package.len() > PACKAGE {
                let why = format!("Unzipped size must be smaller than {UNPACKED} bytes");
                return Err(ApiError::new("RequestEntityTooLargeException", why));
            }
            Ok(package)
        }
        (None, Some(bucket), Some(key)) => {
            if source.s3_object_version.as_deref().is_some_and(|version| !version.is_empty() && version != "null") {
                return Err(invalid("The embedded S3 keeps no versions of objects: leave S3ObjectVersion out."));
            }
            let got = Buckets::of(host).get(bucket, key);
            got.map(|(package, _)| package).map_err(|ObjectRefusal(code, message, _)| {
                invalid(format!("Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"))
            })
        }
        _ => Err(invalid("Please provide a source for function code: ZipFile, or S3Bucket and S3Key.")),
    }
}

/// Unpacks a package. Nothing in it leads out of the folder, and there are no links.
fn unpack(package: &[u8], place: &Path) -> Result<(), ApiError> {
    let mut archive = ZipArchive::new(Cursor::new(package)).map_err(|_| unreadable())?;
    if archive.is_empty() {
        return Err(invalid("Uploaded file must be a non-empty zip"));
    }
    if archive.len() > ENTRIES {
        return Err(invalid(format!(
            "The package has more than the {ENTRIES} files that the embedded engine unpacks."
        )));
    }
    let mut left = UNPACKED;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|_| unreadable())?;
        let inside = entry.enclosed_name().ok_or_else(|| {
            invalid(format!("The package's file {:?} leads out of the function's folder.", entry.name()))
        })?;
        if entry.unix_mode().is_some_and(|mode| mode & TYPE == LINK) {
            return Err(invalid(format!(
                "The package's file {:?} is a link, which the embedded engine does not unpack.",
                entry.name()
            )));
        }
        let target = place.join(inside);
        if entry.is_dir() {
            make_folder(&target)?;
            continue;
        }
        make_folder(target.parent().unwrap_or(place))?;
        let is_program = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        let mode = if is_program { 0o755 } else { 0o644 };
        // The size that the package claims is not trusted: it is counted.
        let written = write_file(&target, &mut (&mut entry).take(left + 1), mode).map_err(|_| unreadable())?;
        left = left
            .checked_sub(written)
            .ok_or_else(|| invalid(format!("Unzipped size must be smaller than {UNPACKED} bytes")))?;
    }
    Ok(())
}

fn write_file(file: &Path, from: &mut impl Read, mode: u32) -> std::io::Result<u64> {
    // A package that has a file twice means the last one.
    let mut target = File::options().write(true).create(true).truncate(true).mode(mode).open(file)?;
    let written = std::io::copy(from, &mut target)?;
    target.flush()?;
    Ok(written)
}

fn make_folder(folder: &Path) -> Result<(), ApiError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(&error))
}

fn unreadable() -> ApiError {
    invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
}

fn failed(error: &std::io::Error) -> ApiError {
    ApiError::new("ServiceException", format!("The folder of the functions failed: {error}"))
}

/// Removes a folder of code.
pub fn remove(place: &Path) {
    match fs::remove_dir_all(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, folder = %place.display(), "a function's code could not be removed");
        }
        _ => {}
    }
}

/// Removes the code that no function has: of an upload that the end of the program interrupted.
pub fn remove_all_but(host: &Host, folders: &[String]) {
    let Ok(entries) = fs::read_dir(root(host)) else { return };
    let unknown = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let is_known = entry.file_name().to_str().is_some_and(|name| folders.iter().any(|known| known == name));
        (!is_known).then(|| entry.path())
    });
    let unknown: Vec<PathBuf> = unknown.collect();
    unknown.iter().for_each(|place| remove(place));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn fresh(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("countersign-code-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        make_folder(&folder).unwrap();
        folder
    }

    #[test]
    fn a_package_is_unpacked_into_its_folder() {
        let place = fresh("plain");
        unpack(&packed(&[("index.py", "1"), ("lib/more.py", "2")]), &place).unwrap();
        assert_eq!(fs::read_to_string(place.join("lib/more.py")).unwrap(), "2");
        fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn what_leads_out_and_what_is_a_link_is_refused() {
        let place = fresh("escapes");
        for name in ["../out.py", "/etc/out.py", "a/../../out.py"] {
            // The writer makes names harmless, so the name is changed in the package.
            let harmless = "x".repeat(name.len());
            let mut package = packed(&[(&harmless, "1")]);
            while let Some(at) = package.windows(name.len()).position(|part| part == harmless.as_bytes()) {
                package[at..at + name.len()].copy_from_slice(name.as_bytes());
            }
            let came = unpack(&package, &place);
            let outside = [place.parent().unwrap().join("out.py"), PathBuf::from("/etc/out.py")];
            assert!(outside.iter().all(|file| !file.exists()), "{name}");
            assert!(came.is_err() || place.join("etc/out.py").exists(), "{name}");
        }
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let error = unpack(&writer.finish().unwrap().into_inner(), &place).unwrap_err();
        assert!(error.message.contains("is a link"), "{}", error.message);
        for broken in [&b"no zip"[..], &packed(&[])] {
            assert_eq!(unpack(broken, &place).unwrap_err().code, "InvalidParameterValueException");
        }
        fs::remove_dir_all(place).unwrap();
    }
}
