//! `countersign test`: runs the cases of `NAME.test.toml` beside definitions in the pure engine, and reports them.

mod files;
mod record;
mod subject;
#[cfg(test)]
mod tests;
mod watch;

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use countersign_local::sandbox::Workers;
use countersign_replay::Bounds;
use countersign_replay::cases::{FileResult, coverage_text, junit, report};
use countersign_replay::mock_config::MockConfig;

use super::config::{TestArgs, TestFormat, TestRunArgs, TestVerb};
use super::terminal;

/// How a run came out, as the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Passed = 0,
    /// A case failed, or too little is covered.
    Failed = 1,
    /// Something cannot be read.
    Unreadable = 2,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        Self::from(verdict as u8)
    }
}

/// Carries the command out.
#[must_use]
pub fn run(args: &TestArgs) -> ExitCode {
    match &args.verb {
        Some(TestVerb::Record(args)) => record::run(args),
        None if args.run.watch => watch::run(&args.run),
        None => once(&args.run).into(),
    }
}

/// Runs the cases and prints the results.
fn once(args: &TestRunArgs) -> Verdict {
    let ran = match all(args) {
        Ok(ran) => ran,
        Err(why) => {
            eprintln!("countersign: {}", terminal::lines(&why));
            return Verdict::Unreadable;
        }
    };
    let mut verdict = ran.verdict;
    let printed = match args.format {
        TestFormat::Text => ran.text,
        TestFormat::Junit => junit(&ran.files),
    };
    // The reader of a pipe may stop early, as `head` does; the exit status stays the same.
    if let Err(error) = std::io::stdout().write_all(printed.as_bytes())
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("countersign: the results cannot be written: {error}.");
        verdict = Verdict::Unreadable;
    }
    if let Some(file) = &args.junit
        && let Err(error) = std::fs::write(file, junit(&ran.files))
    {
        eprintln!("countersign: {} cannot be written: {error}.", terminal::line(&file.display().to_string()));
        verdict = Verdict::Unreadable;
    }
    verdict
}

/// What was run.
struct Ran {
    files: Vec<FileResult>,
    /// The results for people.
    text: String,
    verdict: Verdict,
}

/// Runs the cases of every file that the arguments name.
///
/// # Errors
/// A sentence: a path cannot be read, or names no cases.
fn all(args: &TestRunArgs) -> Result<Ran, String> {
    let config = args.mock_config.as_deref().map(mock_config).transpose()?;
    let named = files::named(&args.paths, config.as_ref())?;
    // An expression that does not end is stopped, as on the engine.
    let bounds = Bounds { sandbox: Some(Arc::new(Workers::of_itself())), ..Bounds::default() };
    let ran = named.iter().map(|one| subject::run(one, config.as_ref(), args.filter.as_deref(), &bounds));
    let mut files: Vec<FileResult> = ran.collect();
    if let Some(filter) = &args.filter {
        files.retain(|file| !file.cases.is_empty() || !file.problems.is_empty());
        if files.is_empty() {
            return Err(format!("No case has {filter:?} in its name or in that of its workflow."));
        }
    }
    Ok(judged(files, args))
}

fn mock_config(file: &Path) -> Result<MockConfig, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}.", file.display()))?;
    MockConfig::read(&text).map_err(|error| format!("{}: {error}", file.display()))
}

fn judged(files: Vec<FileResult>, args: &TestRunArgs) -> Ran {
    let mut text = report(&files, &terminal::line);
    if args.coverage || args.min_coverage.is_some() {
        text += &coverage_text(&files, &terminal::line);
    }
    let mut verdict = Verdict::Passed;
    for file in &files {
        if !file.problems.is_empty() {
            verdict = verdict.max(Verdict::Unreadable);
        } else if file.cases.iter().any(|case| !case.has_passed()) {
            verdict = verdict.max(Verdict::Failed);
        }
        let Some((least, coverage)) = args.min_coverage.zip(file.coverage.as_ref()) else { continue };
        if coverage.percent() < least {
            verdict = verdict.max(Verdict::Failed);
            let workflow = terminal::line(&file.workflow);
            text += &format!("FAILED  {:.1}% of {workflow} is covered, less than {least}%\n", coverage.percent());
        }
    }
    Ran { files, text, verdict }
}
