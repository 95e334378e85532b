//! S3 over a local folder: `s3/BUCKET/KEY` in the data folder. What is put there by hand is an object as well.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::Answer;
use crate::api::wire::{iso, md5};
use crate::host::Host;

/// The most objects of one page of a list.
const PAGE: usize = 1_000;

/// Why S3 refuses: the error's name, its message and HTTP's status.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal(&'static str, String, u16);

fn no_bucket() -> Refusal {
    Refusal("NoSuchBucket", "The specified bucket does not exist".to_owned(), 404)
}

fn no_key() -> Refusal {
    Refusal("NoSuchKey", "The specified key does not exist.".to_owned(), 404)
}

fn failed(error: &std::io::Error) -> Refusal {
    Refusal("S3", format!("The folder of the buckets failed: {error}"), 500)
}

/// The buckets of a folder.
pub struct Buckets(PathBuf);

impl Buckets {
    /// The buckets of a host.
    #[must_use]
    pub fn of(host: &Host) -> Self {
        Self(host.store.folder().join("s3"))
    }

    /// The folder of a bucket that is there.
    fn bucket(&self, name: &str) -> Result<PathBuf, Refusal> {
        check_bucket(name)?;
        let folder = self.0.join(name);
        if folder.is_dir() { Ok(folder) } else { Err(no_bucket()) }
    }

    /// Where an object is kept. A key never leads out of its bucket.
    fn place(&self, bucket: &str, key: &str) -> Result<PathBuf, Refusal> {
        let folder = self.bucket(bucket)?;
        let leads_out = |part: &str| matches!(part, "" | "." | "..") || part.contains(['\\', '\0']);
        if key.split('/').any(leads_out) {
            let why = format!("The embedded S3 keeps objects in files, and '{key}' is no file's path");
            return Err(Refusal("InvalidArgument", why, 400));
        }
        Ok(folder.join(key))
    }

    /// Makes a bucket, or finds it.
    ///
    /// # Errors
    /// Its name is none, or the folder failed.
    pub fn create(&self, bucket: &str) -> Result<(), Refusal> {
        check_bucket(bucket)?;
        std::fs::create_dir_all(self.0.join(bucket)).map_err(|error| failed(&error))
    }

    /// An object's bytes, and when it was written (milliseconds since the epoch).
    ///
    /// # Errors
    /// There is no such bucket or object, or the folder failed.
    pub fn get(&self, bucket: &str, key: &str) -> Result<(Vec<u8>, i64), Refusal> {
        let file = self.place(bucket, key)?;
        let missing = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory => no_key(),
            _ => failed(&error),
        };
        let written = modified(&file).map_err(missing)?;
        Ok((std::fs::read(&file).map_err(missing)?, written))
    }

    /// Writes an object as a whole.
    ///
    /// # Errors
    /// There is no such bucket, or the folder failed.
    pub fn put(&self, bucket: &str, key: &str, body: &[u8]) -> Result<(), Refusal> {
        let file = self.place(bucket, key)?;
        let folder = file.parent().unwrap_or(&self.0);
        // Written beside it and moved there: a reader never sees half of it.
        let part = folder.join(format!(".{}.part", Uuid::new_v4()));
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&part, body))
            .and_then(|()| std::fs::rename(&part, &file))
            .map_err(|error| failed(&error))
    }

    /// Deletes an object. One that is not there is as good as deleted.
    ///
    /// # Errors
    /// There is no such bucket, or the folder failed.
    pub fn delete(&self, bucket: &str, key: &str) -> Result<(), Refusal> {
        match std::fs::remove_file(self.place(bucket, key)?) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&error)),
            _ => Ok(()),
        }
    }

    /// The objects of a bucket whose keys begin with `prefix`, by key, as `ListObjectsV2` describes them.
    ///
    /// # Errors
    /// There is no such bucket, or the folder failed.
    pub fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Value>, Refusal> {
        let folder = self.bucket(bucket)?;
        let mut keys = Vec::new();
        walk(&folder, "", &mut keys).map_err(|error| failed(&error))?;
        keys.retain(|key| key.starts_with(prefix));
        keys.sort();
        let described = keys.into_iter().map(|key| {
            let (body, written) = self.get(bucket, &key)?;
            Ok(json!({
                "ETag": etag(&body), "Key": key, "LastModified": iso(written), "Size": body.len(), "StorageClass": "STANDARD",
            }))
        });
        described.collect()
    }
}

/// The names that S3 allows, which are names of folders as well.
fn check_bucket(name: &str) -> Result<(), Refusal> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if (3..=63).contains(&name.len()) && name.bytes().all(legal) && !name.starts_with('.') && !name.contains("..") {
        return Ok(());
    }
    Err(Refusal("InvalidBucketName", "The specified bucket is not valid.".to_owned(), 400))
}

fn modified(file: &Path) -> std::io::Result<i64> {
    let at = std::fs::metadata(file)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(at.as_millis()).unwrap_or(i64::MAX))
}

fn walk(folder: &Path, prefix: &str, keys: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let key = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{key}/"), keys)?;
        } else if !(name.starts_with('.') && name.ends_with(".part")) {
            keys.push(key);
        }
    }
    Ok(())
}

fn etag(body: &[u8]) -> String {
    format!("\"{}\"", md5(body))
}

/// `aws-sdk:s3`: the operations on objects that workflows use; `None` for one that has no local form.
pub fn call(host: &Host, action: &str, parameters: &Value) -> Option<Answer> {
    let buckets = Buckets::of(host);
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let (bucket, key) = (text("Bucket"), text("Key"));
    let came = match action {
        "createBucket" => buckets.create(bucket).map(|()| json!({ "Location": format!("/{bucket}") })),
        "headBucket" => buckets.bucket(bucket).map(|_| json!({ "BucketRegion": host.place.region })),
        "getObject" => buckets.get(bucket, key).map(|(body, written)| {
            let mut head = head(&body, written);
            head.insert("Body".to_owned(), json!(String::from_utf8_lossy(&body)));
            Value::Object(head)
        }),
        "headObject" => buckets.get(bucket, key).map(|(body, written)| Value::Object(head(&body, written))),
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
    };
    Some(came.map_or_else(|refusal| refused(&refusal), |value| Answer::Done(value.to_string())))
}

fn head(body: &[u8], written: i64) -> Map<String, Value> {
    let all = [
        ("AcceptRanges", json!("bytes")),
        ("ContentLength", json!(body.len())),
        ("ContentType", json!("binary/octet-stream")),
        ("ETag", json!(etag(body))),
        ("LastModified", json!(iso(written))),
        ("Metadata", json!({})),
        // Since 2023 every object is encrypted so, unless its writer asks for another way.
        ("ServerSideEncryption", json!("AES256")),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn copy(buckets: &Buckets, source: &str, bucket: &str, key: &str) -> Result<Value, Refusal> {
    let (from, name) = source.trim_start_matches('/').split_once('/').ok_or_else(no_key)?;
    let (body, written) = buckets.get(from, name)?;
    buckets.put(bucket, key, &body)?;
    Ok(json!({ "CopyObjectResult": { "ETag": etag(&body), "LastModified": iso(written) } }))
}

fn list(buckets: &Buckets, parameters: &Value) -> Result<Value, Refusal> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let most = parameters.get("MaxKeys").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let most = most.unwrap_or(PAGE).min(PAGE);
    // The place where a page goes on is the last key of the page before it.
    let after = if text("ContinuationToken").is_empty() { text("StartAfter") } else { text("ContinuationToken") };
    let mut objects = buckets.list(text("Bucket"), text("Prefix"))?;
    objects.retain(|object| object["Key"].as_str().is_some_and(|key| after.is_empty() || key > after));
    let more = objects.len() > most;
    objects.truncate(most);
    let mut answer = json!({
        "Contents": objects, "IsTruncated": more, "KeyCount": objects.len(), "MaxKeys": most, "Name": text("Bucket"),
        "Prefix": text("Prefix"),
    });
    if let Some(last) = objects.last().filter(|_| more) {
        answer["NextContinuationToken"] = last["Key"].clone();
    }
    Ok(answer)
}

fn refused(refusal: &Refusal) -> Answer {
    let Refusal(name, message, status) = refusal;
    let error = match *name {
        "NoSuchKey" | "NoSuchBucket" => format!("S3.{name}Exception"),
        _ => "S3.S3Exception".to_owned(),
    };
    let (id, more) = (Uuid::new_v4(), Uuid::new_v4());
    Answer::failed(
        &error,
        format!("{message} (Service: S3, Status Code: {status}, Request ID: {id}, Extended Request ID: {more})"),
    )
}

/// A distributed map's reader: an object's text, or the list of objects.
pub fn read(host: &Host, resource: &str, parameters: &Value) -> Answer {
    let buckets = Buckets::of(host);
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let came = if resource.to_ascii_lowercase().contains("listobjects") {
        buckets
            .list(text("Bucket"), text("Prefix"))
            .map(|objects| Value::Array(objects.iter().map(item).collect()).to_string())
    } else {
        text_of(&buckets, parameters)
    };
    came.map_or_else(|refusal| unread(&refusal), Answer::Done)
}

/// The reader's second question: the texts of the objects that a list or a manifest named.
pub fn read_each(host: &Host, parameters: &Value) -> Answer {
    let buckets = Buckets::of(host);
    let objects = parameters["Objects"].as_array().into_iter().flatten();
    let texts: Result<Vec<String>, Refusal> = objects.map(|object| text_of(&buckets, object)).collect();
    texts.map_or_else(|refusal| unread(&refusal), |texts| Answer::Done(json!(texts).to_string()))
}

/// The text of the object that `Bucket` and `Key` name, decompressed.
fn text_of(buckets: &Buckets, object: &Value) -> Result<String, Refusal> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (body, _) = buckets.get(text("Bucket"), text("Key"))?;
    let plain = decompressed(body).map_err(|error| {
        let why = format!("The object '{}' cannot be decompressed: {error}", text("Key"));
        Refusal("InvalidCompressionFormat", why, 400)
    })?;
    Ok(String::from_utf8(plain).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// A body that begins as gzip or Zstandard begin, without that compression; any other as it is.
fn decompressed(body: Vec<u8>) -> std::io::Result<Vec<u8>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let mut plain = Vec::new();
    if body.starts_with(&GZIP) {
        MultiGzDecoder::new(body.as_slice()).read_to_end(&mut plain)?;
    } else if body.starts_with(&ZSTD) {
        let decoder = StreamingDecoder::new(body.as_slice());
        decoder.map_err(std::io::Error::other)?.read_to_end(&mut plain)?;
    } else {
        return Ok(body);
    }
    Ok(plain)
}

fn unread(refusal: &Refusal) -> Answer {
    let Refusal(name, message, status) = refusal;
    let id = Uuid::new_v4();
    let cause = format!(
        "{message} (Service: Amazon S3; Status Code: {status}; Error Code: {name}; Request ID: {id}; Proxy: null)"
    );
    Answer::failed("States.ItemReaderFailed", cause)
}

/// A listed object as the reader gives it, in its own order and spelling.
fn item(object: &Value) -> Value {
    json!({
        "Etag": object["ETag"], "LastModified": object["LastModified"], "Key": object["Key"], "Size": object["Size"],
        "StorageClass": object["StorageClass"],
    })
}

/// A distributed map's writer: puts every file.
pub fn write(host: &Host, parameters: &Value) -> Answer {
    let buckets = Buckets::of(host);
    let text = |object: &Value, name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let bucket = text(parameters, "Bucket");
    for object in parameters["Objects"].as_array().into_iter().flatten() {
        if let Err(Refusal(_, message, _)) = buckets.put(&bucket, &text(object, "Key"), text(object, "Body").as_bytes())
        {
            return Answer::failed("States.ResultWriterFailed", message);
        }
    }
    Answer::Done("{}".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn compressed_bodies_are_read() {
        use flate2::{Compression, read::GzEncoder};
        let text = b"[1,2]".to_vec();
        let mut gzip = Vec::new();
        GzEncoder::new(text.as_slice(), Compression::fast()).read_to_end(&mut gzip).unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(text.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
        for body in [text.clone(), gzip, zstd] {
            assert_eq!(decompressed(body).unwrap(), text);
        }
        assert!(decompressed(vec![0x1f, 0x8b, 0]).is_err());
    }

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
        let listed: Vec<Value> = buckets.list("b-1", "in/").unwrap().iter().map(|one| one["Key"].clone()).collect();
        assert_eq!(listed, ["in/a.json", "in/z.json"]);
        let page = list(&buckets, &json!({ "Bucket": "b-1", "MaxKeys": 2, "StartAfter": "in/a.json" })).unwrap();
        assert_eq!((&page["KeyCount"], &page["IsTruncated"]), (&json!(2), &json!(false)));
        buckets.delete("b-1", "out.json").unwrap();
        buckets.delete("b-1", "out.json").unwrap();
        assert_eq!(buckets.get("b-1", "out.json").unwrap_err(), no_key());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
