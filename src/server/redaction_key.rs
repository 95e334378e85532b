//! The key of the fingerprints of task tokens: drawn once, and kept in the data folder, so that stored fingerprints can be
//! used after a restart.

use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use countersign_desk::redact::RedactionKey;
use countersign_local::files::{PrivateError, private_file};

/// The file's name in the data folder.
const FILE: &str = "redaction.key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error("The key file {} cannot be read or written: {source}.\nMake room on the disk, or name another folder with --data DIR.", .file.display())]
    File { file: PathBuf, source: io::Error },
}

/// The key in the data folder; a new one if there is none. One that is damaged is replaced: what was stored with it is read
/// again from Step Functions.
///
/// # Errors
/// The file cannot be read or written, or is none of this program's.
pub fn redaction_key(data: &Path) -> Result<RedactionKey, KeyError> {
    let path = data.join(FILE);
    let failed = |source| KeyError::File { file: path.clone(), source };
    let mut file = private_file(&path)?;
    let mut kept = Vec::new();
    // One byte more shows that the file is another one.
    (&file).take(17).read_to_end(&mut kept).map_err(failed)?;
    if let Ok(key) = kept.as_slice().try_into() {
        return Ok(RedactionKey::new(key));
    }
    if !kept.is_empty() {
        tracing::warn!("the key file {} is damaged and is replaced", path.display());
    }
    let key = drawn();
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(&key)).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(RedactionKey::new(key))
}

#[expect(clippy::disallowed_methods, reason = "a key is random, once for a data folder")]
fn drawn() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_drawn_once_and_is_its_users_alone() {
        let folder = std::env::temp_dir().join(format!("countersign-key-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(FILE);
        let first = redaction_key(&folder).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(redaction_key(&folder).unwrap(), first);
        for damaged in [&b"short"[..], &[7; 17]] {
            std::fs::write(&file, damaged).unwrap();
            let next = redaction_key(&folder).unwrap();
            assert_ne!(next, first);
            assert_eq!((redaction_key(&folder).unwrap(), std::fs::read(&file).unwrap().len()), (next, 16));
        }
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert!(redaction_key(&folder).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
