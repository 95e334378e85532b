//! What the forms of a session prove themselves with.

use std::future::{Ready, ready};

use countersign_desk::{Actor, Desk};

use super::Answered;
use crate::wire::proof::Proof;

/// The proof of the session that asks for the forms of this connection, whoever acts in it.
pub fn proof(desk: &Desk, _: &Actor) -> Ready<Answered<Proof>> {
    ready(Ok(Proof(crate::server::http::proof(desk.id().as_str()))))
}
