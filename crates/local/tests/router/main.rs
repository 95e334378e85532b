//! The API through its real router, over a store in a folder of the test's own and a clock that the test sets.
#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod answers;
#[expect(clippy::disallowed_methods, reason = "it waits for real processes")]
mod apart;
#[expect(clippy::disallowed_methods, reason = "it waits for what real processes print")]
mod changing;
mod clients;
mod engine;
mod functions;
mod guard;
#[expect(clippy::disallowed_methods, reason = "a queue is asked until the message is there")]
mod http;
mod identities;
mod language;
#[expect(clippy::disallowed_methods, reason = "the limits of real connections, in real time")]
mod listener;
#[expect(clippy::disallowed_methods, reason = "the deletion goes on beside the calls, and reports no event")]
mod machines;
mod map_runs;
mod nested;
mod parameters;
#[expect(clippy::disallowed_methods, reason = "a sandbox that blocks a thread, as a slow expression does")]
mod recovery;
mod rules;
#[expect(clippy::disallowed_methods, reason = "the limits of real processes, in real time")]
mod runaways;
mod services;
mod stack_rules;
mod stacks;
mod starts;
mod tasks;
mod tls;
