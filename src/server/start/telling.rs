//! What is told elsewhere: messages about what waits, and anchors of the record.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_desk::Clock;
use countersign_desk::connection::{SdkOptions, TopicArn, Topics};
use countersign_desk::notify::Notices;
use countersign_desk::store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{StartError, shown};
use crate::server::audit::anchoring;
use crate::server::config::ServeArgs;
use crate::server::http::place::Place;
use crate::server::{messages, terminal};

/// Where anchors go: to a topic, which is reached as the default connection is, or to a file.
async fn destination(to: &Path, options: SdkOptions) -> anchoring::Destination {
    match to.to_str().and_then(|text| text.parse::<TopicArn>().ok()) {
        Some(arn) => {
            let options = SdkOptions { region: Some(arn.region().to_owned()), ..options };
            anchoring::Destination::Topic { topics: Topics::connect(options).await, arn }
        }
        None => anchoring::Destination::File(to.to_owned()),
    }
}

/// Sets anchors of the record from now on, where they are asked for.
///
/// # Errors
/// The key or the first anchor cannot be written.
pub async fn anchors(
    args: &ServeArgs,
    options: SdkOptions,
    store: &Arc<dyn Store>,
    (tasks, end): (&TaskTracker, &CancellationToken),
) -> Result<(), StartError> {
    let Some(to) = &args.audit_anchor else { return Ok(()) };
    let rule = anchoring::Rule {
        to: destination(to, options).await,
        entries: args.audit_anchor_entries.into(),
        age: Duration::from_secs(60 * u64::from(args.audit_anchor_minutes)),
    };
    let key = anchoring::key(&args.data)?;
    // At once: a file that cannot be written is found when the program starts.
    let set = match anchoring::anchor(&**store, &key, &rule.to, Clock::system().now()).await {
        // Approvals do not wait for a topic: the anchor is set once it is reached.
        Err(error @ anchoring::AnchorError::Topic { .. }) => {
            eprintln!("{}\nIt is tried again.", terminal::lines(&error.to_string()));
            0
        }
        set => set?,
    };
    println!("Anchors of the record, with the key {}, go to {}", key.public(), shown(to));
    tasks.spawn(anchoring::run(Arc::clone(store), key, set, rule, Clock::system(), end.clone()));
    Ok(())
}

/// The outbox before the channels that are configured; `None` where there are none. Messages lead to where the site is.
pub async fn notices(
    configured: &[messages::config::Configured],
    data: &Path,
    store: &Arc<dyn Store>,
    (place, origin): (&Place, &str),
) -> Result<Option<Arc<Notices>>, StartError> {
    if configured.is_empty() {
        // What waits in channels of before is given up.
        store.open_channels(&[], Clock::system().now()).await?;
        return Ok(None);
    }
    if origin.contains("//NAME") {
        return Err(StartError::User(
            "Messages have links, and the address that the dashboard listens on has no name.\nSay where browsers reach it with --public-url URL.".to_owned(),
        ));
    }
    let mut channels = Vec::new();
    for one in configured {
        channels.push(messages::open(one, data, origin).await?);
    }
    let names: Vec<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
    println!("Messages go to {}.", terminal::line(&names.join(", ")));
    if matches!(place, Place::ThisMachine) {
        eprintln!("Their links lead to {origin}, which nobody reaches from elsewhere: see --public-url.");
    }
    let notices = Notices::open(channels, Arc::clone(store), Clock::system(), messages::chance()).await?;
    Ok(Some(Arc::new(notices)))
}
