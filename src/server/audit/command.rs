//! `countersign audit`: the record proved and exported from the terminal.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use countersign_desk::connection::ConnectionId;
use countersign_desk::store::anchors::{Anchored, Signed, compare, in_text};
use countersign_desk::store::{ActFilter, Acts as _, Break, Chain, Chains as _, Kind, Sqlite, Store as _};

use super::export::Form;
use crate::app::absolute;
use crate::server::config::{AuditArgs, AuditVerb};
use crate::server::start::{StartError, open_store};
use crate::server::terminal;

/// Entries that are read at a time.
const PAGE: u32 = 500;

/// Carries a command out.
///
/// # Errors
/// The record is not whole, does not fit its anchors, or cannot be read.
pub async fn run(args: AuditArgs) -> Result<(), StartError> {
    if !args.data.join("countersign.db").exists() {
        let data = args.data.display();
        return Err(StartError::User(format!("There is no record in {data}.\nName the data folder with --data DIR.")));
    }
    let store = open_store(&args.data).await?;
    let done = match args.verb {
        AuditVerb::Verify { anchors } => verify(&store, &anchors).await,
        AuditVerb::Export { format, connection } => export(&store, format, &connection).await,
    };
    store.close().await;
    done
}

fn failed(error: &impl std::fmt::Display) -> StartError {
    StartError::User(format!("The record cannot be read: {error}."))
}

async fn verify(store: &Sqlite, files: &[std::path::PathBuf]) -> Result<(), StartError> {
    let anchors = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?.concat();
    let chain = store.verify().await.map_err(|error| failed(&error))?;
    let anchored = compare(store, &chain, &anchors).await.map_err(|error| failed(&error))?;
    println!("{}", terminal::lines(&of_chain(&chain)));
    if let Some(broken) = &chain.broken {
        return Err(StartError::User(of_break(broken)));
    }
    println!("{}", terminal::lines(&of_anchors(&chain, &anchored, files.is_empty())));
    match anchored.broken.first() {
        None => Ok(()),
        Some(first) => Err(StartError::User(format!(
            "{} of {} anchors do not fit: entry {} was another one, or is gone, since it was anchored on {}.\nThe record was made anew or cut off after that.",
            anchored.broken.len(),
            anchors.len(),
            first.anchor.entry,
            absolute(first.anchor.at),
        ))),
    }
}

/// The anchors of a file.
fn read(file: &Path) -> Result<Vec<Signed>, StartError> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| StartError::User(format!("The anchors in {shown} cannot be read: {error}.")))?;
    let one = |(number, line): (usize, String)| {
        let line = Signed::read(&line);
        line.map_err(|error| StartError::User(format!("Line {number} of {shown} is not used: {error}.")))
    };
    in_text(&text).into_iter().map(one).collect()
}

fn of_chain(chain: &Chain) -> String {
    let Some((from, to)) = chain.span else { return "Nothing is on record.".to_owned() };
    let entries = if chain.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", chain.entries) };
    let mut text = format!("{entries} from {} to {}.", absolute(from), absolute(to));
    if chain.before > 0 {
        text.push_str(&format!(
            "\nEntries up to {} were on record before there was a chain: it says what they were then.",
            chain.before
        ));
    }
    if chain.broken.is_none() {
        text.push_str("\nThe chain is whole: no entry was changed, removed or put between others.");
    }
    text
}

fn of_break(broken: &Break) -> String {
    match broken {
        Break::Changed { entry } => format!(
            "The chain is broken at entry {entry}: it, its decision or its votes are not what they were when it was recorded, or an entry before it was removed."
        ),
        Break::Unsealed { entry } => {
            format!("The chain is broken at entry {entry}: it has no hash, so it was not recorded by this program.")
        }
        Break::Gone { entry } => format!("The chain is broken at entry {entry}: it was removed."),
    }
}

fn of_anchors(chain: &Chain, anchored: &Anchored, without: bool) -> String {
    let head = chain.head.map_or(0, |head| head.entry);
    let foreign = match anchored.foreign {
        0 => String::new(),
        count => format!("\n{count} anchors are of other stores."),
    };
    let text = match &anchored.newest {
        _ if head == 0 => String::new(),
        None if without => "Nothing is compared with anchors (--anchors FILE): whoever owns the data folder could have made the whole record anew.".to_owned(),
        None => "No anchor fits: whoever owns the data folder could have made the whole record anew.".to_owned(),
        Some(newest) => {
            let sure = format!(
                "Anchored up to entry {}, on {}, with the key {}.",
                newest.anchor.entry,
                absolute(newest.anchor.at),
                newest.key,
            );
            let rest = if newest.anchor.entry < head {
                format!("\nEntries {} to {head} are not anchored yet.", newest.anchor.entry + 1)
            } else {
                String::new()
            };
            sure + &rest
        }
    };
    text + &foreign
}

async fn export(store: &Sqlite, form: Form, connection: &str) -> Result<(), StartError> {
    let connection = ConnectionId::parse(connection)
        .map_err(|error| StartError::User(format!("{connection:?} is no connection's name: {error}.")))?;
    let filter = ActFilter { kind: Some(Kind::Everything), ..ActFilter::default() };
    let (mut text, mut before) = (form.head(), None);
    loop {
        let page = store.acts(&connection, &filter, before, PAGE).await.map_err(|error| failed(&error))?;
        text.extend(page.entries.iter().map(|entry| form.line(entry)));
        match std::io::stdout().write_all(text.as_bytes()) {
            // The reader of a pipe may stop early, as `head` does.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(StartError::User(format!("The export cannot be written: {error}."))),
            Ok(()) => text.clear(),
        }
        before = page.older;
        if before.is_none() {
            return Ok(());
        }
    }
}
