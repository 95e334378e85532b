//! A question on a terminal before anything is changed.

use std::io::{IsTerminal as _, Write as _};

use super::Failure;
use crate::server::terminal;

/// Asks for a yes, unless `yes` was given. `what` is what is done, such as "Apply this plan to AWS".
///
/// # Errors
/// Nobody can be asked, or they said no.
pub fn ask(what: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        let why = "Nobody can be asked: the standard input is no terminal. Nothing was changed.";
        return Err(Failure::new(why, "Add --yes to go on without a question."));
    }
    eprint!("{}? [y/N] ", terminal::line(what));
    let failed = |error: std::io::Error| {
        Failure::new(format!("The answer could not be read: {error}. Nothing was changed."), "Try again, or add --yes.")
    };
    std::io::stderr().flush().map_err(failed)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(failed)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::new("Nothing was changed.", "Start it again when you are sure."))
}
