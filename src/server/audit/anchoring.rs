//! Anchors while the dashboard is served: the last link of the record's chain, signed, goes into a file that should lie where
//! the owner of the data folder cannot change it, or to an SNS topic, whose subscribers keep it.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_desk::Clock;
use countersign_desk::connection::{Publication, TopicArn, TopicError, Topics};
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
    pub to: Destination,
    /// After these many entries, and after this time at the latest, where there is a new one.
    pub entries: i64,
    pub age: Duration,
}

/// Where anchors go.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A line each.
    File(PathBuf),
    /// A message each.
    Topic { topics: Topics, arn: TopicArn },
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
    #[error(
        "No anchor could be published to {arn}: {source}.\nSubscribe a place that keeps them, and allow sns:Publish to whom countersign runs as."
    )]
    Topic { arn: TopicArn, source: TopicError },
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
            Ok(true) => match anchor(&*store, &key, &rule.to, clock.now()).await {
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

/// Sets an anchor of the last link; returns the link's entry, 0 where nothing is on record.
///
/// # Errors
/// The record cannot be read, the file not written, or the topic not reached.
pub async fn anchor(store: &dyn Store, key: &AnchorKey, to: &Destination, now: i64) -> Result<i64, AnchorError> {
    match to {
        Destination::File(file) => {
            let failed = |source| AnchorError::File { file: file.clone(), source };
            // Before anything else: a file that cannot be written is found though nothing is on record yet.
            let mut out = OpenOptions::new().create(true).append(true).open(file).map_err(failed)?;
            let Some((entry, line)) = signed(store, key, now).await? else { return Ok(0) };
            out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
            Ok(entry)
        }
        Destination::Topic { topics, arn } => {
            let Some((entry, line)) = signed(store, key, now).await? else { return Ok(0) };
            let publication = Publication {
                subject: format!("Countersign: the record up to entry {entry}"),
                text: line,
                attributes: vec![("event", "audit-anchor".to_owned())],
                key: format!("anchor:{}:{entry}", store.name().await?),
            };
            let published = topics.publish(arn, &publication).await;
            published.map_err(|source| AnchorError::Topic { arn: arn.clone(), source })?;
            Ok(entry)
        }
    }
}

/// The last link's entry, and its anchor in a line; `None` where nothing is on record.
async fn signed(store: &dyn Store, key: &AnchorKey, now: i64) -> Result<Option<(i64, String)>, AnchorError> {
    let Some(head) = store.head().await? else { return Ok(None) };
    let signed = key.sign(Anchor::new(store.name().await?, head, now));
    let line = serde_json::to_string(&signed)
        .map_err(|error| StoreError::Unstorable { what: "an anchor", why: error.to_string() })?;
    Ok(Some((head.entry, line)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use axum::http::StatusCode;
    use countersign_desk::connection::{ConnectionId, SdkOptions, Target};
    use countersign_desk::store::anchors::{Signed, in_text};
    use countersign_desk::store::{Act, Acts as _, Deed, Sqlite};

    use super::*;
    use crate::server::messages::tests::{PUBLISHED, receiver};

    /// What a topic got, as its subscribers keep it, is read as anchors; what it did not take is set later.
    #[tokio::test]
    async fn an_anchor_that_is_published_can_be_read_again() {
        let data = std::env::temp_dir().join(format!("countersign-anchoring-{}", std::process::id()));
        std::fs::create_dir_all(&data).unwrap();
        let store = Sqlite::open(&data.join("countersign.db")).await.unwrap();
        let (url, receiver) = receiver().await;
        let arn: TopicArn = "arn:aws:sns:eu-west-1:123456789012:anchors".parse().unwrap();
        let options = SdkOptions { region: Some("eu-west-1".into()), ..SdkOptions::of(Target::Endpoint(url)) };
        let to = Destination::Topic { topics: Topics::connect(options).await, arn: arn.clone() };
        let key = AnchorKey::read(&AnchorKey::draw().unwrap()).unwrap();
        assert_eq!(anchor(&store, &key, &to, 5).await.unwrap(), 0, "nothing is on record");
        let act = Act {
            deed: Deed::Started,
            workflow: None,
            execution_arn: None,
            event: None,
            detail: String::new(),
            person_id: "dana".into(),
            person_name: "Dana".into(),
            at: 1,
        };
        store.act(&ConnectionId::default_one(), &act).await.unwrap();
        receiver.answers(StatusCode::FORBIDDEN, "no");
        let refused = anchor(&store, &key, &to, 5).await.unwrap_err().to_string();
        assert!(refused.contains(arn.as_str()) && refused.contains("sns:Publish"), "{refused}");
        receiver.answers(StatusCode::OK, PUBLISHED);
        assert_eq!(anchor(&store, &key, &to, 6).await.unwrap(), 1);
        let message = receiver.last_field("Message");
        let envelope = serde_json::json!({ "Type": "Notification", "Message": message, "TopicArn": arn.as_str() });
        let found = in_text(&format!("{envelope}\n"));
        let signed = Signed::read(&found[0].1).unwrap();
        assert_eq!((signed.anchor.entry, signed.anchor.at, signed.key), (1, 6, key.public()));
        store.close().await;
        std::fs::remove_dir_all(data).unwrap();
    }
}
