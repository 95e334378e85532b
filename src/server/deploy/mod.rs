//! `countersign deploy`: what is in a folder, beside what a connection has; and how the one becomes the other.

mod aliases;
mod apply;
mod ask;
mod comment;
mod follow;
pub(super) mod git;
mod json;
pub mod plan;
pub mod progress;
mod propose;
mod reach;
mod replayed;
mod rollback;
mod terminal_user;
pub mod text;

use std::fmt;
use std::process::ExitCode;

use crate::error::AppError;
use crate::server::config::{DeployArgs, DeployVerb, VersionsVerb};
use crate::server::terminal;

/// Why a command was not carried out: what happened, and what to do.
#[derive(Debug)]
pub struct Failure {
    pub what: String,
    pub remedy: String,
}

impl Failure {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self { what: error.problem.what, remedy: error.problem.remedy }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n{}", self.what, self.remedy)
    }
}

/// Carries a command out. A failure is written on stderr and ends with the status 1.
pub async fn run(args: DeployArgs) -> ExitCode {
    let done = match args.verb {
        DeployVerb::Plan(args) => plan::run(&args).await,
        DeployVerb::Apply(args) => apply::run(&args).await,
        DeployVerb::Propose(args) => propose::run(&args).await,
        DeployVerb::Rollback(args) => rollback::run(&args).await,
        DeployVerb::Rollout(args) => aliases::rollout(&args).await,
        DeployVerb::Status(args) => aliases::status(&args).await,
        DeployVerb::Versions(VersionsVerb::Prune(args)) => aliases::prune_versions(&args).await,
    };
    done.unwrap_or_else(|failure| {
        eprintln!("countersign: {}", terminal::lines(&failure.to_string()));
        ExitCode::FAILURE
    })
}
