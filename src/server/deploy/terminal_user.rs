//! Whoever deploys from a terminal, and their acts on the record of the data folder.

use std::path::Path;

use countersign_desk::connection::ConnectionId;
use countersign_desk::store::{Act, Acts as _, Store as _};
use countersign_desk::{Actor, Person};

use crate::server::start::open_store;
use crate::server::terminal;

/// The file of the record in the data folder.
const RECORD: &str = "countersign.db";

/// Whoever the system says that it is. They have the credentials of the account, so no policy stands between them and it; a
/// user of the dashboard has no such id.
#[must_use]
pub fn person() -> Actor {
    let name = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|key| std::env::var(key).ok());
    let name: String = name.unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(60).collect();
    let name = if name.trim().is_empty() { "somebody".to_owned() } else { name };
    Actor::Person(Person {
        id: format!("terminal:{name}"),
        name,
        role: "At a terminal".to_owned(),
        groups: vec!["deployers".to_owned()],
    })
}

/// Puts acts on the record of a data folder, if there is one. What was done stays done: where that fails, it is said.
pub async fn record(data: &Path, connection: &ConnectionId, acts: &[Act]) {
    if acts.is_empty() || !data.join(RECORD).exists() {
        return;
    }
    let say = |why: &dyn std::fmt::Display| {
        let line = format!("It is not on the record of {}: {why}.", data.display());
        eprintln!("countersign: {}", terminal::line(&line));
    };
    let store = match open_store(data).await {
        Ok(store) => store,
        Err(error) => return say(&error),
    };
    for act in acts {
        if let Err(error) = store.act(connection, act).await {
            say(&error);
            break;
        }
    }
    store.close().await;
}
