//! Reading: one function, which answers what a page asks.

use std::sync::{Arc, Mutex, PoisonError};

use leptos::prelude::*;
use leptos::server_fn::codec::Postcard;

use crate::error::AppError;
use crate::wire::difference::Reply;
use crate::wire::{Ask, Page};

/// Answers `ask` about a connection with the bytes of the [`Page`] of the same name, as a difference where the server knows
/// the version `have`; a refusal has its own HTTP status, and so has the page that shows it.
#[server(prefix = "/api", endpoint = "read", input = Postcard, output = Postcard)]
pub async fn read(connection: String, ask: Ask, have: Option<u64>) -> Result<Reply, AppError> {
    let page = crate::server::page(&connection, ask).await?;
    // Proof: text and numbers always fit into a vector.
    let bytes = postcard::to_allocvec(&page).unwrap_or_default();
    Ok(crate::server::versions::reply(bytes, have))
}

/// The answer that a part of a page has: its version and its bytes.
#[derive(Clone, Default)]
pub struct Held(Arc<Mutex<Option<Arc<Version>>>>);

/// A version and its bytes.
type Version = (u64, Vec<u8>);

#[cfg_attr(feature = "ssr", expect(dead_code, reason = "the server answers itself"))]
impl Held {
    fn last(&self) -> Option<Arc<Version>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, version: u64, bytes: Vec<u8>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new((version, bytes)));
    }
}

/// The answer to `ask`; what `held` has of an earlier one is not sent again.
///
/// # Errors
/// The server refuses, does not answer, or is of another version.
#[cfg(feature = "ssr")]
pub async fn page(connection: String, ask: Ask, _held: Held) -> Result<Page, AppError> {
    crate::server::page(&connection, ask).await
}

/// The answer to `ask`; what `held` has of an earlier one is not sent again.
///
/// # Errors
/// The server refuses, does not answer, or is of another version.
#[cfg(not(feature = "ssr"))]
pub async fn page(connection: String, ask: Ask, held: Held) -> Result<Page, AppError> {
    // What was held when the question was asked: another answer may arrive meanwhile.
    let last = held.last();
    let reply = read(connection, ask, last.as_ref().map(|last| last.0)).await?;
    let base = last.filter(|last| reply.base == Some(last.0));
    let bytes = reply.bytes(base.as_ref().map_or(&[][..], |last| last.1.as_slice()));
    let page = bytes.as_ref().and_then(|bytes| postcard::from_bytes(bytes).ok());
    match (page, bytes) {
        (Some(page), Some(bytes)) => {
            held.hold(reply.version, bytes);
            Ok(page)
        }
        _ => {
            let what = "The server returned what this page cannot read.";
            let remedy = "Reload the page; the program was replaced by another version.";
            Err(AppError::new(crate::error::ErrorKind::Internal, what, remedy))
        }
    }
}
