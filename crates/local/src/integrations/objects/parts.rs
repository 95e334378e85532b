//! Uploads in parts: `s3-uploads/ID/NUMBER` in the data folder until they are completed.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::{Buckets, ObjectRefusal, READ, failed, make_folder, too_large};
use crate::host::Host;
use crate::random;

/// The numbers that parts may have.
const NUMBERS: std::ops::RangeInclusive<u32> = 1..=10_000;
/// The file that says which object an upload is for.
const OBJECT: &str = "object";

/// The uploads of a host.
pub struct Uploads {
    folder: PathBuf,
    buckets: Buckets,
}

fn no_upload() -> ObjectRefusal {
    let why = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
               completed.";
    ObjectRefusal("NoSuchUpload", why.to_owned(), 404)
}

impl Uploads {
    /// The uploads of a host.
    #[must_use]
    pub fn of(host: &Host) -> Self {
        Self { folder: host.store.folder().join("s3-uploads"), buckets: Buckets::of(host) }
    }

    /// Begins one for an object; returns its id.
    ///
    /// # Errors
    /// There is no such bucket, the key is invalid, or the folder failed.
    pub fn begin(&self, bucket: &str, key: &str) -> Result<String, ObjectRefusal> {
        self.buckets.place(bucket, key)?;
        let id = random::uuid().simple().to_string();
        let folder = self.folder.join(&id);
        make_folder(&folder).map_err(|error| failed(&error))?;
        self.write(&folder.join(OBJECT), format!("{bucket}/{key}").as_bytes())?;
        Ok(id)
    }

    fn write(&self, file: &std::path::Path, bytes: &[u8]) -> Result<(), ObjectRefusal> {
        let open = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(file);
        open.and_then(|mut file| file.write_all(bytes)).map_err(|error| failed(&error))
    }

    /// The folder of an upload of this object.
    fn find(&self, bucket: &str, key: &str, id: &str) -> Result<PathBuf, ObjectRefusal> {
        // An id is no path.
        if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(no_upload());
        }
        let folder = self.folder.join(id);
        match fs::read_to_string(folder.join(OBJECT)) {
            Ok(object) if object == format!("{bucket}/{key}") => Ok(folder),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&error)),
            _ => Err(no_upload()),
        }
    }

    /// Takes one part; one with the same number is replaced.
    ///
    /// # Errors
    /// There is no such upload, the number is invalid, or the folder failed.
    pub fn put(&self, bucket: &str, key: &str, id: &str, number: u32, body: &[u8]) -> Result<(), ObjectRefusal> {
        let folder = self.find(bucket, key, id)?;
        if !NUMBERS.contains(&number) {
            let why = "Part number must be an integer between 1 and 10000, inclusive";
            return Err(ObjectRefusal("InvalidArgument", why.to_owned(), 400));
        }
        self.write(&folder.join(number.to_string()), body)
    }

    /// Makes the object of these parts; returns its bytes.
    ///
    /// # Errors
    /// There is no such upload or part, the parts are not in order, the object is too large, or the folder failed.
    pub fn complete(&self, bucket: &str, key: &str, id: &str, parts: &[u32]) -> Result<Vec<u8>, ObjectRefusal> {
        let folder = self.find(bucket, key, id)?;
        if parts.is_empty() || !parts.is_sorted_by(|a, b| a < b) {
            let why = "The list of parts was not in ascending order. Parts must be ordered by part number.";
            return Err(ObjectRefusal("InvalidPartOrder", why.to_owned(), 400));
        }
        let mut body = Vec::new();
        for number in parts {
            let part = fs::read(folder.join(number.to_string())).map_err(|error| match error.kind() {
                ErrorKind::NotFound => {
                    let why = "One or more of the specified parts could not be found.";
                    ObjectRefusal("InvalidPart", why.to_owned(), 400)
                }
                _ => failed(&error),
            })?;
            if (body.len() + part.len()) as u64 > READ {
                return Err(too_large(key));
            }
            body.extend(part);
        }
        self.buckets.put(bucket, key, &body)?;
        self.abort(bucket, key, id)?;
        Ok(body)
    }

    /// Forgets an upload and its parts.
    ///
    /// # Errors
    /// There is no such upload, or the folder failed.
    pub fn abort(&self, bucket: &str, key: &str, id: &str) -> Result<(), ObjectRefusal> {
        let folder = self.find(bucket, key, id)?;
        fs::remove_dir_all(folder).map_err(|error| failed(&error))
    }
}
