//! The copy of a database that is made before it is migrated.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::store::StoreError;

/// Where the copy is kept that is made before `file` is migrated to `version`.
pub fn place(file: &Path, version: i64) -> PathBuf {
    beside(file, &format!(".before-v{version}"))
}

/// Copies the database `file`, as it is committed, beside it. A copy that is there was made before a migration that
/// failed, and is replaced.
///
/// # Errors
/// The copy cannot be written.
pub async fn copy_of(file: &Path, version: i64) -> Result<(), StoreError> {
    let copy = place(file, version);
    let unfinished = beside(&copy, &format!(".{}", std::process::id()));
    let made = async {
        new_private(&unfinished)?;
        fill(file, &unfinished).await.map_err(io::Error::other)?;
        File::open(&unfinished)?.sync_all()?;
        std::fs::rename(&unfinished, &copy)
    }
    .await;
    made.map_err(|source| {
        // What is left of it is of no use; why it failed matters more than that it stays.
        let _ = std::fs::remove_file(&unfinished);
        StoreError::Copy { file: file.to_owned(), copy, source }
    })
}

async fn fill(file: &Path, copy: &Path) -> Result<(), sqlx::Error> {
    let copy = copy.to_str().ok_or_else(|| sqlx::Error::Configuration("the path is not in UTF-8".into()))?;
    let mut reader = SqliteConnectOptions::new().filename(file).connect().await?;
    // An empty file may be filled.
    sqlx::query("VACUUM INTO ?").bind(copy).execute(&mut reader).await?;
    reader.close().await
}

/// An empty file that only this user may read.
fn new_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// The path with `end` after its name.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    path.into()
}
