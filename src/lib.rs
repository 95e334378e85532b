//! Countersign: the control room and approval desk for AWS Step Functions.
#![recursion_limit = "256"]

pub mod app;
pub mod dto;
pub mod error;
pub mod routes;
#[cfg(feature = "ssr")]
pub mod server;
