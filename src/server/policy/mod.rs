//! The user's policies: found and read at the start, and checked by `countersign policy`.

mod iam;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use countersign_desk::policy::{Authority, DEFAULT, FILE, PolicyFault, SCHEMA};

use super::config::PolicyCommand;
use super::terminal;

/// Why the policies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("{0}.\nCorrect the path after --policy, or leave the flag out.")]
    Unreadable(PolicyFault),
    #[error(
        "{0}\nThe policies cannot be used, so nobody knows who may do what. `countersign policy check` tells when they can."
    )]
    Mistakes(PolicyFault),
}

impl From<PolicyFault> for PolicyError {
    fn from(fault: PolicyFault) -> Self {
        match fault {
            PolicyFault::Unreadable { .. } => Self::Unreadable(fault),
            PolicyFault::Mistakes(_) => Self::Mistakes(fault),
        }
    }
}

/// The user's file: the one that was named, or the one in the data folder if there is one.
fn user_file(named: Option<&Path>, data: &Path) -> Option<PathBuf> {
    let usual = || Some(data.join(FILE)).filter(|file| file.exists());
    named.map(Path::to_owned).or_else(usual)
}

/// The policies of the program, with those of the user's file if there is one.
///
/// # Errors
/// The file cannot be read, or has mistakes.
pub fn authority(named: Option<&Path>, data: &Path) -> Result<Authority, PolicyError> {
    let Some(file) = user_file(named, data) else { return Ok(Authority::shipped()) };
    let (authority, warnings) = Authority::read(&file)?;
    for warning in warnings {
        eprintln!("countersign: {}", terminal::lines(&warning.to_string()));
    }
    Ok(authority)
}

/// Checks a file of policies, shows those of the program, or writes the IAM policy of a definition.
#[must_use]
pub fn run(command: &PolicyCommand) -> ExitCode {
    match command {
        PolicyCommand::Show => {
            println!("{DEFAULT}\n// ---- The schema: what policies may speak of ----\n\n{SCHEMA}");
            ExitCode::SUCCESS
        }
        PolicyCommand::Check { file, data } => check(file.as_deref(), data),
        PolicyCommand::Iam(args) => iam::run(args),
    }
}

fn check(file: Option<&Path>, data: &Path) -> ExitCode {
    let Some(file) = user_file(file, data) else {
        println!("There is no {}: the policies of the program are in force.", data.join(FILE).display());
        return ExitCode::SUCCESS;
    };
    match Authority::read(&file) {
        Ok((authority, warnings)) => {
            for warning in &warnings {
                println!("{}", terminal::lines(&warning.to_string()));
            }
            println!("{} can be used. In force with it: {}.", file.display(), authority.policies().join(", "));
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("{}", terminal::lines(&fault.to_string()));
            ExitCode::FAILURE
        }
    }
}
