//! The files of distributed maps: their items and their results.

use std::io;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use serde_json::{Value, json};

use super::{Buckets, ObjectRefusal, READ, bounded, too_large};
use crate::host::Host;
use crate::integrations::answer::TaskOutcome;
use crate::random;

/// A distributed map's reader: an object's text, or the list of objects.
pub fn read(host: &Host, resource: &str, parameters: &Value) -> TaskOutcome {
    let buckets = Buckets::of(host);
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let came = if resource.to_ascii_lowercase().contains("listobjects") {
        let keys = buckets.keys(text("Bucket"), text("Prefix"));
        let objects = keys.and_then(|keys| buckets.described(text("Bucket"), keys.iter()));
        objects.map(|objects| Value::Array(objects.iter().map(item).collect()).to_string())
    } else {
        text_of(&buckets, parameters, &mut 0)
    };
    came.map_or_else(|refusal| unread(&refusal), TaskOutcome::Done)
}

/// The reader's second request: the texts of the objects that a list or a manifest named.
pub fn read_each(host: &Host, parameters: &Value) -> TaskOutcome {
    let buckets = Buckets::of(host);
    let objects = parameters["Objects"].as_array().into_iter().flatten();
    let mut read = 0;
    let texts: Result<Vec<String>, ObjectRefusal> =
        objects.map(|object| text_of(&buckets, object, &mut read)).collect();
    texts.map_or_else(|refusal| unread(&refusal), |texts| TaskOutcome::Done(json!(texts).to_string()))
}

/// The text of the object that `Bucket` and `Key` name, decompressed. `read` counts the bytes of all objects.
fn text_of(buckets: &Buckets, object: &Value, read: &mut u64) -> Result<String, ObjectRefusal> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (body, _) = buckets.get(text("Bucket"), text("Key"))?;
    let plain = decompressed(body, READ.saturating_sub(*read)).map_err(|error| {
        let why = format!("The object '{}' cannot be decompressed: {error}", text("Key"));
        ObjectRefusal("InvalidCompressionFormat", why, 400)
    })?;
    let plain = plain.ok_or_else(|| too_large(text("Key")))?;
    *read += plain.len() as u64;
    String::from_utf8(plain).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let why = format!("The object '{}' cannot be read as a text: byte {at} is not UTF-8", text("Key"));
        ObjectRefusal("InvalidTextEncoding", why, 400)
    })
}

/// Decompresses a body that begins like gzip or Zstandard; any other is returned as it is. `None` if the result is
/// longer than `most` bytes.
fn decompressed(body: Vec<u8>, most: u64) -> io::Result<Option<Vec<u8>>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    if body.starts_with(&GZIP) {
        bounded(MultiGzDecoder::new(body.as_slice()), most)
    } else if body.starts_with(&ZSTD) {
        bounded(StreamingDecoder::new(body.as_slice()).map_err(io::Error::other)?, most)
    } else {
        Ok(Some(body).filter(|body| body.len() as u64 <= most))
    }
}

fn unread(refusal: &ObjectRefusal) -> TaskOutcome {
    let ObjectRefusal(name, message, status) = refusal;
    let id = random::uuid();
    let cause = format!(
        "{message} (Service: Amazon S3; Status Code: {status}; Error Code: {name}; Request ID: {id}; Proxy: null)"
    );
    TaskOutcome::failed("States.ItemReaderFailed", cause)
}

/// A listed object in the reader's order and spelling.
fn item(object: &Value) -> Value {
    json!({
        "Etag": object["ETag"], "LastModified": object["LastModified"], "Key": object["Key"], "Size": object["Size"],
        "StorageClass": object["StorageClass"],
    })
}

/// A distributed map's writer: stores every file.
pub fn write(host: &Host, parameters: &Value) -> TaskOutcome {
    let buckets = Buckets::of(host);
    let text = |object: &Value, name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let bucket = text(parameters, "Bucket");
    for object in parameters["Objects"].as_array().into_iter().flatten() {
        if let Err(ObjectRefusal(_, message, _)) =
            buckets.put(&bucket, &text(object, "Key"), text(object, "Body").as_bytes())
        {
            return TaskOutcome::failed("States.ResultWriterFailed", message);
        }
    }
    TaskOutcome::Done("{}".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use std::io::Read;

    use super::*;

    #[test]
    fn compressed_bodies_are_read() {
        use flate2::{Compression, read::GzEncoder};
        let text = b"[1,2]".to_vec();
        let mut gzip = Vec::new();
        GzEncoder::new(text.as_slice(), Compression::fast()).read_to_end(&mut gzip).unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(text.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
        for body in [text.clone(), gzip, zstd] {
            assert_eq!(decompressed(body.clone(), 5).unwrap(), Some(text.clone()));
            assert_eq!(decompressed(body, 4).unwrap(), None, "a small body may become a large one");
        }
        assert!(decompressed(vec![0x1f, 0x8b, 0], 5).is_err());
    }
}
