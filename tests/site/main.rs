//! The site over an embedded engine, request by request: what a browser gets, and what it is refused.

#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod api;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod approvals;
mod at_once;
#[expect(clippy::disallowed_methods, reason = "the program is a real process")]
mod attack;
mod audit;
mod base;
#[expect(clippy::disallowed_methods, reason = "the program is a real process")]
mod begin;
mod board;
mod channels;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod connections;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod definitions;
mod deploy_program;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod deploying;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod drawing;
mod events;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod failures;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod finding;
mod flood;
mod folding;
mod forms;
mod guest;
#[expect(clippy::disallowed_methods, reason = "the program is a real process")]
mod guest_program;
mod hands;
mod hooks;
mod hostile;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod lists;
mod load;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod map_runs;
#[expect(clippy::disallowed_methods, reason = "messages go over real sockets")]
mod messages;
mod nested;
mod oidc;
mod pages;
mod panics;
mod payloads;
mod plan;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod plan_page;
#[expect(clippy::disallowed_methods, reason = "the program is a real process")]
mod program;
mod proof;
mod proposals;
mod provider;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod record;
mod redriving;
mod roles;
mod rules;
mod schema;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod searching;
mod sign_in;
#[expect(clippy::disallowed_methods, reason = "an endpoint that answers late, in real time")]
mod slow;
mod starting;
mod stream;
#[expect(clippy::disallowed_methods, reason = "the pages follow the watch, which reports no event to a client")]
mod support;
mod testing;
mod users;
