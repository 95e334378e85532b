//! Why the program cannot start, each with the remedy.

use std::net::SocketAddr;
use std::path::PathBuf;

use countersign_desk::NameTaken;
use countersign_desk::connection::ConnectionId;
use countersign_desk::store::StoreError;
use countersign_local as local;
use countersign_local::tls::TlsError;

use super::{is_default, shown};
use crate::server::audit::anchoring;
use crate::server::config::ConfigError;
use crate::server::guest::address::NoGuests;
use crate::server::messages;
use crate::server::policy::PolicyError;
use crate::server::redaction_key::KeyError;
use crate::server::settings::FILE;

/// Why the program could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Config(Vec<ConfigError>),
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Guest(Vec<NoGuests>),
    #[error(transparent)]
    Private(#[from] local::files::PrivateError),
    #[error("{}", store_words(.0))]
    Store(#[from] StoreError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("Port {port} of {ip} is in use by another program.\nEnd that program, or choose another port with {flag} {free}.", ip = .address.ip(), port = .address.port())]
    PortInUse { address: SocketAddr, flag: &'static str, free: SocketAddr },
    #[error("The folder of definitions {} cannot be read: {source}.\nGive a readable one with --definitions DIR.", .folder.display())]
    Definitions { folder: PathBuf, source: std::io::Error },
    #[error("{}", no_region(.0))]
    NoRegion(ConnectionId),
    #[error(transparent)]
    NameTaken(#[from] NameTaken),
    #[error("countersign cannot listen on {address}: {source}.\nChoose another address with {flag} ADDRESS:PORT.")]
    Listen { address: SocketAddr, flag: &'static str, source: std::io::Error },
    #[error(transparent)]
    Engine(#[from] local::StartError),
    #[error("The server ended: {0}.")]
    Serve(std::io::Error),
    #[error(transparent)]
    Anchor(#[from] anchoring::AnchorError),
    #[error(transparent)]
    Channel(#[from] messages::ChannelError),
    #[error("{0}")]
    User(String),
}

/// No region is known for a connection to AWS.
fn no_region(connection: &ConnectionId) -> String {
    if is_default(connection) {
        return "No AWS region is known, so no call would reach Step Functions.\nGive one with --region REGION, with AWS_REGION, or in the profile.".to_owned();
    }
    format!(
        "No AWS region is known for the connection {connection}, so no call would reach Step Functions.\nGive it a region in {}, with AWS_REGION, or in the profile.",
        FILE
    )
}

/// Why the record cannot be used, and the remedy.
fn store_words(error: &StoreError) -> String {
    const ANOTHER: &str = "give this one a folder of its own with --data DIR";
    match error {
        StoreError::Newer { file, found, known } => format!(
            "The record of decisions {} was written by a newer countersign: its schema has version {found}, and this program knows version {known} at most.\nUse that version of countersign, or {ANOTHER}.",
            shown(file)
        ),
        StoreError::Locked { file } => format!(
            "The record of decisions {} is locked by another program.\nEnd that program, or {ANOTHER}.",
            shown(file)
        ),
        StoreError::Migrate { file, source } => format!(
            "The record of decisions {} cannot be brought to this program's schema: {source}.\nIt is unchanged: use the countersign that wrote it, or {ANOTHER}.",
            shown(file)
        ),
        StoreError::Copy { copy, source, .. } => format!(
            "The record of decisions is copied before it is brought to this program's schema, and the copy {} cannot be written: {source}.\nThe record is unchanged. Make room for the copy, or {ANOTHER}.",
            shown(copy)
        ),
        error => format!(
            "The record of decisions failed: {error}.\nIf another countersign uses this data folder, end it, or {ANOTHER}."
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn why_the_record_cannot_be_used_comes_with_the_remedy() {
        let file = PathBuf::from("data/countersign.db");
        let newer = StartError::from(StoreError::Newer { file: file.clone(), found: 7, known: 2 });
        assert_eq!(
            newer.to_string(),
            "The record of decisions data/countersign.db was written by a newer countersign: its schema has version 7, \
             and this program knows version 2 at most.\n\
             Use that version of countersign, or give this one a folder of its own with --data DIR."
        );
        let copy = PathBuf::from("data/countersign.db.before-v2");
        let source = std::io::Error::other("no space left");
        for (error, expect) in [
            (StoreError::Locked { file: file.clone() }, "data/countersign.db is locked by another program"),
            (StoreError::Copy { file, copy, source }, "The record is unchanged. Make room for the copy"),
        ] {
            let words = StartError::from(error).to_string();
            assert!(words.contains(expect) && words.contains("--data DIR"), "{words}");
        }
    }
}
