//! S3 over a local folder: `s3/BUCKET/KEY` in the data folder. A file that a person puts there is an object as well.

mod files;
mod parts;

use std::fs::{DirBuilder, File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Map, Value, json};

use super::answer::TaskOutcome;
use crate::api::wire::{decoded, iso, md5, md5_of};
use crate::host::Host;
use crate::random;

pub use files::{read, read_each, write};
pub use parts::Uploads;

/// The most objects of one page of a list.
const PAGE: usize = 1_000;
/// The largest object that is read whole, and the most bytes of several together: they are held in memory.
const READ: u64 = 256 * 1_024 * 1_024;

/// Why S3 refuses: the error's name, its message and HTTP's status.
#[derive(Debug, PartialEq, Eq)]
pub struct ObjectRefusal(pub &'static str, pub String, pub u16);

fn no_bucket() -> ObjectRefusal {
    ObjectRefusal("NoSuchBucket", "The specified bucket does not exist".to_owned(), 404)
}

fn no_key() -> ObjectRefusal {
    ObjectRefusal("NoSuchKey", "The specified key does not exist.".to_owned(), 404)
}

/// The error for a link: its target does not belong to S3.
fn linked(bucket: &str) -> ObjectRefusal {
    let why = format!("The embedded S3 follows no link, and the bucket '{bucket}' is one");
    ObjectRefusal("AccessDenied", why, 403)
}

fn failed(error: &std::io::Error) -> ObjectRefusal {
    ObjectRefusal("S3", format!("The folder of the buckets failed: {error}"), 500)
}

fn too_large(key: &str) -> ObjectRefusal {
    let why = format!("The object '{key}' has more than the {READ} bytes that the embedded engine reads at once");
    ObjectRefusal("EntityTooLarge", why, 400)
}

/// The error of a failed read: what is not a file is no object.
fn unreadable(error: &std::io::Error) -> ObjectRefusal {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory => no_key(),
        _ => failed(error),
    }
}

/// The buckets of a folder.
pub struct Buckets(PathBuf);

impl Buckets {
    /// The buckets of a host.
    #[must_use]
    pub fn of(host: &Host) -> Self {
        Self(host.store.folder().join("s3"))
    }

    /// The folder of an existing bucket.
    fn bucket(&self, name: &str) -> Result<PathBuf, ObjectRefusal> {
        check_bucket(name)?;
        let folder = self.0.join(name);
        match std::fs::symlink_metadata(&folder) {
            Ok(said) if said.is_symlink() => Err(linked(name)),
            Ok(said) if said.is_dir() => Ok(folder),
            _ => Err(no_bucket()),
        }
    }

    /// The file of an object. A key never leads out of its bucket, and links are not followed.
    fn place(&self, bucket: &str, key: &str) -> Result<PathBuf, ObjectRefusal> {
        let folder = self.bucket(bucket)?;
        let leads_out = |part: &str| matches!(part, "" | "." | "..") || part.contains(['\\', '\0']);
        if key.split('/').any(leads_out) {
            let why = format!("The embedded S3 keeps objects in files, and '{key}' is no file's path");
            return Err(ObjectRefusal("InvalidArgument", why, 400));
        }
        let file = folder.join(key);
        let mut within = file.ancestors().take_while(|place| *place != folder);
        if within.any(Path::is_symlink) {
            let why = format!("The embedded S3 follows no link, and '{key}' leads over one");
            return Err(ObjectRefusal("InvalidArgument", why, 400));
        }
        Ok(file)
    }

    /// An object's open file, and the file's metadata.
    fn open(&self, bucket: &str, key: &str) -> Result<(File, Metadata), ObjectRefusal> {
        let place = self.place(bucket, key)?;
        // Checked before opening: opening something that is not a file may block for ever.
        let said = std::fs::metadata(&place).map_err(|error| unreadable(&error))?;
        if !said.is_file() {
            return Err(no_key());
        }
        Ok((File::open(&place).map_err(|error| unreadable(&error))?, said))
    }

    /// The buckets' names, in their order.
    fn names(&self) -> Result<Vec<String>, ObjectRefusal> {
        let entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| failed(&error))?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| self.bucket(name).is_ok()).collect();
        names.sort();
        Ok(names)
    }

    /// Makes a bucket, or finds it.
    ///
    /// # Errors
    /// Its name is invalid, or the folder failed.
    pub fn create(&self, bucket: &str) -> Result<(), ObjectRefusal> {
        match self.bucket(bucket) {
            Ok(_) => Ok(()),
            Err(refusal) if refusal == no_bucket() => make_folder(&self.0.join(bucket)).map_err(|error| failed(&error)),
            Err(refusal) => Err(refusal),
        }
    }

    /// Deletes a bucket without objects.
    ///
    /// # Errors
    /// There is no such bucket, it holds objects, or the folder failed.
    pub fn remove(&self, bucket: &str) -> Result<(), ObjectRefusal> {
        let folder = self.bucket(bucket)?;
        if !self.keys(bucket, "")?.is_empty() {
            let why = "The bucket you tried to delete is not empty".to_owned();
            return Err(ObjectRefusal("BucketNotEmpty", why, 409));
        }
        // Folders whose objects are gone are left.
        std::fs::remove_dir_all(folder).map_err(|error| failed(&error))
    }

    /// An object's bytes, and when it was written (milliseconds since the epoch).
    ///
    /// # Errors
    /// There is no such bucket or object, it is too large, or the folder failed.
    pub fn get(&self, bucket: &str, key: &str) -> Result<(Vec<u8>, i64), ObjectRefusal> {
        let (file, said) = self.open(bucket, key)?;
        let body = bounded(file, READ).map_err(|error| unreadable(&error))?;
        Ok((body.ok_or_else(|| too_large(key))?, modified(&said)))
    }

    /// An object without its bytes.
    fn head(&self, bucket: &str, key: &str) -> Result<Head, ObjectRefusal> {
        let (file, said) = self.open(bucket, key)?;
        let sum = md5_of(file).map_err(|error| unreadable(&error))?;
        Ok(Head { etag: quoted(&sum), size: said.len(), written: modified(&said) })
    }

    /// Writes a whole object.
    ///
    /// # Errors
    /// There is no such bucket, or the folder failed.
    pub fn put(&self, bucket: &str, key: &str, body: &[u8]) -> Result<(), ObjectRefusal> {
        let file = self.place(bucket, key)?;
        let folder = file.parent().unwrap_or(&self.0);
        // Written beside it and moved into place: a reader never sees half of it.
        let part = folder.join(format!(".{}.part", random::uuid()));
        make_folder(folder)
            .and_then(|()| File::options().write(true).create_new(true).mode(0o600).open(&part))
            .and_then(|mut file| file.write_all(body))
            .and_then(|()| std::fs::rename(&part, &file))
            .map_err(|error| failed(&error))
    }

    /// Deletes an object. Deleting one that does not exist succeeds.
    ///
    /// # Errors
    /// There is no such bucket, or the folder failed.
    pub fn delete(&self, bucket: &str, key: &str) -> Result<(), ObjectRefusal> {
        match std::fs::remove_file(self.place(bucket, key)?).map_err(|error| unreadable(&error)) {
            Err(refusal) if refusal != no_key() => Err(refusal),
            _ => Ok(()),
        }
    }

    /// The keys of a bucket that begin with `prefix`, in order.
    ///
    /// # Errors
    /// There is no such bucket, or the folder failed.
    pub fn keys(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, ObjectRefusal> {
        let mut keys = Vec::new();
        walk(&self.bucket(bucket)?, "", prefix, &mut keys).map_err(|error| failed(&error))?;
        keys.sort();
        Ok(keys)
    }

    /// These objects as `ListObjectsV2` describes them; those deleted in the meantime are left out.
    fn described<'a>(&self, bucket: &str, keys: impl Iterator<Item = &'a String>) -> Result<Vec<Value>, ObjectRefusal> {
        let described = keys.filter_map(|key| match self.head(bucket, key) {
            Ok(Head { etag, size, written }) => Some(Ok(json!({
                "ETag": etag, "Key": key, "LastModified": iso(written), "Size": size, "StorageClass": "STANDARD",
            }))),
            Err(refusal) if refusal == no_key() => None,
            Err(refusal) => Some(Err(refusal)),
        });
        described.collect()
    }
}

/// An object's metadata.
struct Head {
    etag: String,
    size: u64,
    written: i64,
}

/// Makes a folder that only its owner may enter, and those above it.
fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The bytes of a reader; `None` if there are more than `most`.
fn bounded(reader: impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = reader.take(most + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|_| read as u64 <= most))
}

/// The bucket names that S3 allows, which are also valid names of folders.
fn check_bucket(name: &str) -> Result<(), ObjectRefusal> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if (3..=63).contains(&name.len()) && name.bytes().all(legal) && !name.starts_with('.') && !name.contains("..") {
        return Ok(());
    }
    Err(ObjectRefusal("InvalidBucketName", "The specified bucket is not valid.".to_owned(), 400))
}

fn modified(said: &Metadata) -> i64 {
    let at = said.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}

/// The keys below a folder that begin with `prefix`. Links and other non-files are no objects.
fn walk(folder: &Path, above: &str, prefix: &str, keys: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let (kind, key) = (entry.file_type()?, format!("{above}{name}"));
        if kind.is_dir() {
            let below = format!("{key}/");
            if below.starts_with(prefix) || prefix.starts_with(&below) {
                walk(&entry.path(), &below, prefix, keys)?;
            }
        } else if kind.is_file() && key.starts_with(prefix) && !(name.starts_with('.') && name.ends_with(".part")) {
            keys.push(key);
        }
    }
    Ok(())
}

fn quoted(sum: &str) -> String {
    format!("\"{sum}\"")
}

/// The entity tag of a body.
#[must_use]
pub fn etag(body: &[u8]) -> String {
    quoted(&md5(body))
}

/// One operation on buckets and objects; `None` for one without a local form.
pub fn operate(host: &Host, action: &str, parameters: &Value) -> Option<Result<Value, ObjectRefusal>> {
    let buckets = Buckets::of(host);
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let (bucket, key) = (text("Bucket"), text("Key"));
    Some(match action {
        "createBucket" => buckets.create(bucket).map(|()| json!({ "Location": format!("/{bucket}") })),
        "deleteBucket" => buckets.remove(bucket).map(|()| json!({})),
        "headBucket" => buckets.bucket(bucket).map(|_| json!({ "BucketRegion": host.place.region })),
        "listBuckets" => buckets.names().map(|names| {
            let named: Vec<Value> = names.iter().map(|name| json!({ "Name": name })).collect();
            json!({ "Buckets": named })
        }),
        "getObject" => buckets.get(bucket, key).map(|(body, written)| {
            let head = Head { etag: etag(&body), size: body.len() as u64, written };
            let mut object = metadata(&head);
            object.insert("Body".to_owned(), json!(String::from_utf8_lossy(&body)));
            Value::Object(object)
        }),
        "headObject" => buckets.head(bucket, key).map(|head| Value::Object(metadata(&head))),
        "putObject" => {
            let body = match parameters.get("Body") {
                Some(Value::String(text)) => text.clone(),
                None | Some(Value::Null) => String::new(),
                Some(value) => value.to_string(),
            };
            buckets.put(bucket, key, body.as_bytes()).map(|()| json!({ "ETag": etag(body.as_bytes()) }))
        }
        "deleteObject" => buckets.delete(bucket, key).map(|()| json!({})),
        "copyObject" => copy(&buckets, text("CopySource"), bucket, key),
        "listObjectsV2" => list(&buckets, parameters),
        _ => return None,
    })
}

/// `aws-sdk:s3`, as a task calls it; `None` for an operation without a local form.
pub fn call(host: &Host, action: &str, parameters: &Value) -> Option<TaskOutcome> {
    let came = operate(host, action, parameters)?;
    Some(came.map_or_else(|refusal| refused(&refusal), |value| TaskOutcome::Done(value.to_string())))
}

fn metadata(head: &Head) -> Map<String, Value> {
    let all = [
        ("AcceptRanges", json!("bytes")),
        ("ContentLength", json!(head.size)),
        ("ContentType", json!("binary/octet-stream")),
        ("ETag", json!(head.etag)),
        ("LastModified", json!(iso(head.written))),
        ("Metadata", json!({})),
        // Since 2023 every object is encrypted this way, unless its writer asks for another one.
        ("ServerSideEncryption", json!("AES256")),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Copies an object. The source is URL-encoded.
fn copy(buckets: &Buckets, source: &str, bucket: &str, key: &str) -> Result<Value, ObjectRefusal> {
    let source = decoded(source);
    let (from, name) = source.trim_start_matches('/').split_once('/').ok_or_else(no_key)?;
    let (body, _) = buckets.get(from, name)?;
    buckets.put(bucket, key, &body)?;
    let head = buckets.head(bucket, key)?;
    Ok(json!({ "CopyObjectResult": { "ETag": head.etag, "LastModified": iso(head.written) } }))
}

/// `ListObjectsV2`. With a delimiter, the keys that contain it after the prefix are grouped by their common prefix.
fn list(buckets: &Buckets, parameters: &Value) -> Result<Value, ObjectRefusal> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let (bucket, prefix, delimiter) = (text("Bucket"), text("Prefix"), text("Delimiter"));
    let most = parameters.get("MaxKeys").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let most = most.unwrap_or(PAGE).min(PAGE);
    // A page continues after the last key of the page before it.
    let after = if text("ContinuationToken").is_empty() { text("StartAfter") } else { text("ContinuationToken") };
    let group = |key: &str| -> Option<String> {
        let end = prefix.len() + key.get(prefix.len()..)?.find(delimiter).filter(|_| !delimiter.is_empty())?;
        key.get(..end + delimiter.len()).map(str::to_owned)
    };
    // Each entry is an object, or a common prefix.
    let mut entries: Vec<(String, bool)> = Vec::new();
    for key in buckets.keys(bucket, prefix)? {
        let entry = group(&key).map_or_else(|| (key, false), |group| (group, true));
        if entry.0.as_str() > after && entries.last() != Some(&entry) {
            entries.push(entry);
        }
    }
    let more = most > 0 && entries.len() > most;
    entries.truncate(most);
    let objects = buckets.described(bucket, entries.iter().filter(|(_, group)| !group).map(|(key, _)| key))?;
    let groups: Vec<Value> =
        entries.iter().filter(|(_, group)| *group).map(|(prefix, _)| json!({ "Prefix": prefix })).collect();
    let mut answer = json!({
        "Contents": objects, "IsTruncated": more, "KeyCount": objects.len() + groups.len(), "MaxKeys": most,
        "Name": bucket, "Prefix": prefix,
    });
    if !delimiter.is_empty() {
        answer["Delimiter"] = json!(delimiter);
        answer["CommonPrefixes"] = json!(groups);
    }
    if let Some((last, _)) = entries.last().filter(|_| more) {
        answer["NextContinuationToken"] = json!(last);
    }
    Ok(answer)
}

fn refused(refusal: &ObjectRefusal) -> TaskOutcome {
    let ObjectRefusal(name, message, status) = refusal;
    let error = match *name {
        "NoSuchKey" | "NoSuchBucket" => format!("S3.{name}Exception"),
        _ => "S3.S3Exception".to_owned(),
    };
    let (id, more) = (random::uuid(), random::uuid());
    TaskOutcome::failed(
        &error,
        format!("{message} (Service: S3, Status Code: {status}, Request ID: {id}, Extended Request ID: {more})"),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn objects_are_files_and_no_key_leads_out_of_its_bucket() {
        let folder = std::env::temp_dir().join(format!("countersign-s3-{}", std::process::id()));
        let buckets = Buckets(folder.clone());
        assert_eq!(buckets.put("b-1", "k", b"x").unwrap_err(), no_bucket());
        buckets.create("b-1").unwrap();
        for key in ["../x", "a/../../x", "/x", "a//b", ".", ""] {
            assert_eq!(buckets.put("b-1", key, b"x").unwrap_err().0, "InvalidArgument", "{key:?}");
        }
        for bucket in ["..", "B", "a/b", "ab"] {
            assert_eq!(buckets.create(bucket).unwrap_err().0, "InvalidBucketName", "{bucket:?}");
        }
        buckets.put("b-1", "in/z.json", b"[2]").unwrap();
        buckets.put("b-1", "in/a.json", b"[1]").unwrap();
        buckets.put("b-1", "out.json", b"[]").unwrap();
        assert_eq!(buckets.get("b-1", "in/z.json").unwrap().0, b"[2]");
        assert_eq!(buckets.get("b-1", "in").unwrap_err(), no_key());
        assert_eq!(buckets.keys("b-1", "in/").unwrap(), ["in/a.json", "in/z.json"]);
        assert_eq!(buckets.keys("b-1", "in/z").unwrap(), ["in/z.json"]);
        let page = list(&buckets, &json!({ "Bucket": "b-1", "MaxKeys": 2, "StartAfter": "in/a.json" })).unwrap();
        assert_eq!((&page["KeyCount"], &page["IsTruncated"]), (&json!(2), &json!(false)));
        let page = list(&buckets, &json!({ "Bucket": "b-1", "Delimiter": "/", "MaxKeys": 1 })).unwrap();
        assert_eq!((&page["CommonPrefixes"], &page["KeyCount"]), (&json!([{ "Prefix": "in/" }]), &json!(1)));
        let next = json!({ "Bucket": "b-1", "Delimiter": "/", "ContinuationToken": page["NextContinuationToken"] });
        let page = list(&buckets, &next).unwrap();
        assert_eq!((&page["Contents"][0]["Key"], &page["KeyCount"]), (&json!("out.json"), &json!(1)));
        for key in ["in", "out.json/none"] {
            buckets.delete("b-1", key).unwrap();
        }
        buckets.delete("b-1", "out.json").unwrap();
        buckets.delete("b-1", "out.json").unwrap();
        assert_eq!(buckets.get("b-1", "out.json").unwrap_err(), no_key());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_link_is_no_object() {
        let folder = std::env::temp_dir().join(format!("countersign-s3-links-{}", std::process::id()));
        let buckets = Buckets(folder.join("s3"));
        buckets.create("b-1").unwrap();
        buckets.put("b-1", "in/a", b"x").unwrap();
        std::fs::create_dir_all(folder.join("outside")).unwrap();
        std::fs::write(folder.join("outside/secret"), "secret").unwrap();
        for (name, to) in [("out", "outside"), ("file", "outside/secret"), ("in/nowhere", "none")] {
            std::os::unix::fs::symlink(folder.join(to), folder.join("s3/b-1").join(name)).unwrap();
        }
        for key in ["out/secret", "out/new", "file", "in/nowhere"] {
            assert_eq!(buckets.get("b-1", key).unwrap_err().0, "InvalidArgument", "{key}");
            assert_eq!(buckets.put("b-1", key, b"x").unwrap_err().0, "InvalidArgument", "{key}");
        }
        let listed = list(&buckets, &json!({ "Bucket": "b-1" })).unwrap();
        assert_eq!((&listed["Contents"][0]["Key"], &listed["KeyCount"]), (&json!("in/a"), &json!(1)));
        for (bucket, to) in [("linked", "outside"), ("within", "s3/b-1"), ("nowhere", "none")] {
            std::os::unix::fs::symlink(folder.join(to), folder.join("s3").join(bucket)).unwrap();
            let outcomes = [
                buckets.create(bucket).err(),
                buckets.get(bucket, "secret").err(),
                buckets.put(bucket, "new", b"x").err(),
                buckets.delete(bucket, "secret").err(),
                list(&buckets, &json!({ "Bucket": bucket })).err(),
                copy(&buckets, &format!("/{bucket}/secret"), "b-1", "copy").err(),
            ];
            assert!(
                outcomes.iter().all(|refusal| refusal.as_ref().is_some_and(|it| it.0 == "AccessDenied")),
                "{bucket}: {outcomes:?}"
            );
        }
        assert_eq!(std::fs::read(folder.join("outside/secret")).unwrap(), b"secret");
        assert!(!folder.join("outside/new").exists() && !folder.join("none").exists());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_object_is_copied_whatever_its_key() {
        let folder = std::env::temp_dir().join(format!("countersign-s3-copies-{}", std::process::id()));
        let buckets = Buckets(folder.clone());
        buckets.create("b-1").unwrap();
        buckets.put("b-1", "in/a b+ü%.json", b"[1]").unwrap();
        copy(&buckets, "/b-1/in/a%20b%2B%C3%BC%25.json", "b-1", "out").unwrap();
        assert_eq!(buckets.get("b-1", "out").unwrap().0, b"[1]");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
