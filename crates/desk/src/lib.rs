//! The dashboard's domain: the watch over connections to Step Functions, approvals, deployment, and the record of what
//! people did. It has no pages and no HTTP, and reaches Step Functions only through the port [`connection::StepFunctions`].
//!
//! [`Desk`] is the composition root of one connection, [`Desks`] that of all of them. Every method that reads or acts takes the [`Actor`] and asks [`policy`] first.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use countersign_desk::{Actor, Clock, Desk, Parts, connection, policy, deploy::Definitions, index::SqliteIndex};
//! # use countersign_desk::{redact, store::Sqlite};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let target = connection::Target::Endpoint("http://127.0.0.1:8083".into());
//! let options = connection::SdkOptions::of(target);
//! let connection = connection::Connection::open(connection::ConnectionId::default_one(), options).await;
//! let store = Arc::new(Sqlite::open("countersign.db".as_ref()).await?);
//! let definitions = Definitions::from(std::path::PathBuf::from("statemachine"));
//! let index = Arc::new(SqliteIndex::open("index.db".as_ref()).await?);
//! let redaction_key = redact::RedactionKey::new([0; 16]); // the caller draws it
//! let clock = Clock::system();
//! let authority = Arc::new(policy::Authority::shipped());
//! let parts = Parts { connection, store, index, definitions, clock, sandbox: None, redaction_key, authority, undo_ms: 0 };
//! let desk = Arc::new(Desk::new(parts));
//! let end = tokio_util::sync::CancellationToken::new();
//! tokio::spawn(Arc::clone(&desk).run(end));
//! for request in &desk.waiting(&Actor::Program, None, 100).await?.rows {
//!     println!("{} waits in {}", request.state, request.workflow);
//! }
//! # Ok(()) }
//! ```

mod actor;
pub mod approvals;
mod audit;
pub mod bulk;
mod clock;
mod condition;
pub mod connection;
pub mod deploy;
mod desk;
mod desks;
mod error;
pub mod eyes;
pub mod finding;
pub mod inbox;
pub mod index;
pub mod inputs;
mod lists;
pub mod nearest;
pub mod news;
pub mod notify;
mod origin;
pub mod people;
mod permits;
#[cfg(test)]
mod plans;
pub mod policy;
pub mod redact;
pub mod redriving;
mod repeats;
mod requests;
pub mod search;
pub mod starting;
mod stopping;
pub mod store;
mod stored;
mod traces;
mod views;
pub mod watch;

pub use actor::{Actor, Guest, Person};
pub use audit::Done;
pub use clock::Clock;
pub use condition::Condition;
pub use desk::{Desk, Parts, Standing};
pub use desks::{Desks, NameTaken};
pub use error::{Error, ReadError, StopError};
pub use lists::{Day, Wanted, is_map_run};
pub use origin::Origin;
pub use repeats::Once;
pub use requests::{Need, Request, RequestState, RuleState};
pub use views::ViewError;
