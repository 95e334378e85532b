//! Anchors while the dashboard is served: the last link of the record's chain, signed, goes into a file that should lie where
//! the owner of the data folder cannot change it.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_desk::Clock;
use countersign_desk::store::anchors::{Anchor, AnchorKey};
use countersign_desk::store::{Store, StoreError};
use countersign_local::files::{PrivateError, private_file};
use tokio_util::sync::CancellationToken;

/// The key's file in the data folder.
const FILE: &str = "audit.key";
/// The time between two looks at the record.
const LOOK: Duration = Duration::from_secs(10);

/// When an anchor is set.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where the anchors go: a line each.
    pub file: PathBuf,
    /// After these many entries, and after this time at the latest, where there is a new one.
    pub entries: i64,
    pub age: Duration,
}

/// Why there is no key, or no anchor.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error("The key file {} cannot be read or written: {source}.\nMake room on the disk, or name another folder with --data DIR.", .file.display())]
    Key { file: PathBuf, source: io::Error },
    #[error("The key file {} is damaged.\nAnchors of before cannot be told from forged ones by it. Move it away, and a new key is drawn.", .file.display())]
    Damaged { file: PathBuf },
    #[error("No anchor could be written to {}: {source}.\nName a file that can be written with --audit-anchor FILE.", .file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("The record cannot be read: {0}.")]
    Store(#[from] StoreError),
}

/// The key in the data folder; a new one if there is none.
///
/// # Errors
/// The file cannot be read or written, or is damaged.
pub fn key(data: &Path) -> Result<AnchorKey, AnchorError> {
    let path = data.join(FILE);
    let failed = |source| AnchorError::Key { file: path.clone(), source };
    let mut file = private_file(&path)?;
    let mut kept = Vec::new();
    (&file).take(4_096).read_to_end(&mut kept).map_err(failed)?;
    if kept.is_empty() {
        kept = AnchorKey::draw().map_err(|_| failed(io::Error::other("the system gives no random numbers")))?;
        file.write_all(&kept).and_then(|()| file.sync_all()).map_err(failed)?;
    }
    AnchorKey::read(&kept).map_err(|_| AnchorError::Damaged { file: path.clone() })
}

/// Sets anchors after the one of the entry `set` until `end`, and a last one then.
#[expect(clippy::disallowed_methods, reason = "the timer of the anchors; a test sets them without the loop")]
pub async fn run(
    store: Arc<dyn Store>,
    key: AnchorKey,
    mut set: i64,
    rule: Rule,
    clock: Clock,
    end: CancellationToken,
) {
    let mut at = clock.now();
    loop {
        let is_end = end.is_cancelled();
        match due(&*store, &rule, set, clock.now() - at, is_end).await {
            Ok(true) => match anchor(&*store, &key, &rule.file, clock.now()).await {
                Ok(entry) => (set, at) = (entry, clock.now()),
                Err(error) => tracing::error!("{error}"),
            },
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the record cannot be anchored"),
        }
        if is_end {
            return;
        }
        tokio::select! {
            () = end.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Whether it is time: there are entries since the last anchor `set`, which was `age` milliseconds ago.
async fn due(store: &dyn Store, rule: &Rule, set: i64, age: i64, is_end: bool) -> Result<bool, StoreError> {
    let Some(head) = store.head().await? else { return Ok(false) };
    let is_old = u128::try_from(age).is_ok_and(|age| age >= rule.age.as_millis());
    Ok(head.entry > set && (is_end || is_old || head.entry - set >= rule.entries))
}

/// Adds an anchor of the last link to the file; returns the link's entry, 0 where nothing is on record.
///
/// # Errors
/// The record cannot be read, or the file not written.
pub async fn anchor(store: &dyn Store, key: &AnchorKey, file: &Path, now: i64) -> Result<i64, AnchorError> {
    let failed = |source| AnchorError::File { file: file.to_owned(), source };
    // Before anything else: a file that cannot be written is found though nothing is on record yet.
    let mut out = OpenOptions::new().create(true).append(true).open(file).map_err(failed)?;
    let Some(head) = store.head().await? else { return Ok(0) };
    let signed = key.sign(Anchor::new(store.name().await?, head, now));
    let line = serde_json::to_string(&signed).map_err(|error| failed(io::Error::other(error)))?;
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
    Ok(head.entry)
}
