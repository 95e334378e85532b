//! The API through its real router, over a store in a folder of the test's own and a clock that the test sets.
#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod answers;
mod apart;
mod clients;
mod engine;
mod guard;
mod http;
mod language;
mod listener;
mod machines;
mod map_runs;
mod nested;
mod recovery;
mod rules;
mod runaways;
mod services;
mod starts;
mod tasks;
