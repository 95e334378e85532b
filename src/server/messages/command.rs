//! `countersign messages`: the channels checked and tried from the terminal.

use std::path::Path;

use countersign_desk::Clock;
use countersign_desk::notify::{About, Channel, Message, Occasion, Only, Parcel, Recipient};
use countersign_desk::store::{Outbox as _, Sqlite, Store as _};

use super::config::{Configured, Kind, configured};
use crate::server::config::{MessagesArgs, MessagesVerb};
use crate::server::settings::FILE;
use crate::server::start::{StartError, open_store};
use crate::server::terminal;

/// Where the links of a trial lead, if nobody says where the site is.
const THIS_MACHINE: &str = "http://127.0.0.1:3000";

/// Carries a command out.
///
/// # Errors
/// A channel cannot be used, or did not take the message.
pub async fn run(args: MessagesArgs) -> Result<(), StartError> {
    let worded = |mistake: &super::super::settings::Mistake| mistake.to_string();
    let channels = configured(&args.data)
        .map_err(|mistakes| StartError::User(mistakes.iter().map(worded).collect::<Vec<_>>().join("\n")))?;
    if channels.is_empty() {
        let file = args.data.join(FILE);
        let what = format!(
            "There is no channel in {}.\nDescribe one as [messages.NAME]: see docs/messages.md.",
            file.display()
        );
        return Err(StartError::User(what));
    }
    match args.verb {
        MessagesVerb::Check => check(&channels, &args.data).await,
        MessagesVerb::Test { channel, to, public_url } => {
            let origin = public_url.as_deref().map_or(THIS_MACHINE, |url| url.trim_end_matches('/'));
            test(&channels, &channel, to, &args.data, origin).await?;
            // A server that runs elsewhere, or on another port, is not known here.
            if public_url.is_none() {
                println!("Its link leads to {origin}. Say where browsers reach the dashboard with --public-url URL.");
            }
            Ok(())
        }
    }
}

/// Opens every channel, and says where each goes and how it fares.
async fn check(channels: &[Configured], data: &Path) -> Result<(), StartError> {
    // Without a store nothing was ever sent.
    let store = if data.join("countersign.db").exists() { Some(open_store(data).await?) } else { None };
    let mut wrong = Vec::new();
    for one in channels {
        println!("{}", terminal::line(&described(one)));
        if let Some(store) = &store {
            println!("  {}", stock(store, &one.name).await?);
        }
        if let Err(error) = super::open(one, data, THIS_MACHINE).await {
            wrong.push(error.to_string());
        }
    }
    if let Some(store) = store {
        store.close().await;
    }
    if wrong.is_empty() {
        println!("This command sent nothing. Try a channel with countersign messages test CHANNEL.");
        return Ok(());
    }
    Err(StartError::User(wrong.join("\n")))
}

async fn stock(store: &Sqlite, channel: &str) -> Result<String, StartError> {
    let stock = store.stock(channel).await?;
    let dropped = match stock.dropped {
        0 => String::new(),
        count => format!(", {count} were dropped, because what they asked for had ended"),
    };
    Ok(format!("{} wait to be sent, {} were sent, {} were given up{dropped}", stock.pending, stock.sent, stock.failed))
}

fn described(one: &Configured) -> String {
    let way = match &one.kind {
        Kind::Email { server, from, .. } => format!("e-mail over {}:{}, from {from}", server.host, server.port),
        Kind::Webhook { .. } => "a webhook".to_owned(),
        Kind::Sns { topic, .. } => format!("the topic {topic}"),
    };
    let to: Vec<&str> = one
        .to
        .iter()
        .map(|to| match to {
            Recipient::Approvers => "those who may decide",
            Recipient::Fixed(address) => address.as_str(),
        })
        .filter(|to| !to.is_empty())
        .collect();
    let to = if to.is_empty() { String::new() } else { format!(", to {}", to.join(", ")) };
    let events: Vec<&str> = one.occasions.iter().map(|occasion| occasion.word()).collect();
    let of = match &one.workflows {
        Only::All => String::new(),
        Only::These(names) => format!(", of {}", names.iter().cloned().collect::<Vec<_>>().join(", ")),
    };
    format!("{}: {way}{to}: {}{of}, at most {} a minute", one.name, events.join(", "), one.per_minute)
}

/// Sends a trial message through a channel.
async fn test(
    channels: &[Configured],
    name: &str,
    to: Option<String>,
    data: &Path,
    origin: &str,
) -> Result<(), StartError> {
    let Some(one) = channels.iter().find(|one| one.name == name) else {
        let names: Vec<&str> = channels.iter().map(|one| one.name.as_str()).collect();
        let what = format!("There is no channel named {name:?}.\nThe channels are {}.", names.join(", "));
        return Err(StartError::User(what));
    };
    let channel = super::open(one, data, origin).await.map_err(|error| StartError::User(error.to_string()))?;
    let recipients = recipients(&channel, to);
    if recipients.is_empty() {
        let what =
            format!("The channel {name} sends to those who may decide, and a trial message is about no request.");
        return Err(StartError::User(format!("{what}\nSay to whom with --to ADDRESS.")));
    }
    let now = Clock::system().now();
    for recipient in recipients {
        let message = Message { at: now, ..trial() };
        let parcel = Parcel { key: format!("trial:{now}"), recipient: recipient.clone(), message, made_at: now };
        let carried = channel.carrier.carry(&parcel).await;
        let at = if recipient.is_empty() { String::new() } else { format!(" for {recipient}") };
        carried.map_err(|why| {
            StartError::User(format!(
                "The channel {name} did not take the message{at}: {why}.\nCorrect it in {FILE}, and try again."
            ))
        })?;
        println!("The channel {name} has taken a message{}.", terminal::line(&at));
    }
    Ok(())
}

fn recipients(channel: &Channel, to: Option<String>) -> Vec<String> {
    if let Some(to) = to {
        return vec![to];
    }
    let fixed = |to: &Recipient| match to {
        Recipient::Approvers => None,
        Recipient::Fixed(address) => Some(address.clone()),
    };
    channel.to.iter().filter_map(fixed).collect()
}

/// A message that only tries a channel.
pub(super) fn trial() -> Message {
    Message {
        occasion: Occasion::Waiting,
        about: About::Trial,
        connection: "default".to_owned(),
        connection_label: String::new(),
        workflow: String::new(),
        execution: String::new(),
        state: None,
        title: String::new(),
        facts: Vec::new(),
        at: 0,
        due: None,
        detail: None,
    }
}
