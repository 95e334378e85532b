//! The site over an embedded engine, request by request: what a browser gets, and what it is refused.

#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod approvals;
mod definitions;
mod failures;
mod forms;
mod hostile;
mod load;
mod pages;
mod program;
mod proof;
mod slow;
mod starting;
mod stream;
mod support;
