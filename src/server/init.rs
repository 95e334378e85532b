//! `countersign init`: a folder with a workflow that runs at once.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::config::InitArgs;
use super::terminal;

/// The files, with their places in the folder.
const FILES: [(&str, &str); 7] = [
    ("README.md", include_str!("init/folder/README.md")),
    (".gitignore", include_str!("init/folder/gitignore")),
    ("statemachine/purchase.asl.json", include_str!("init/folder/statemachine/purchase.asl.json")),
    ("statemachine/countersign.toml", include_str!("init/folder/statemachine/countersign.toml")),
    ("statemachine/purchase.test.toml", include_str!("init/folder/statemachine/purchase.test.toml")),
    ("lambdas/functions.toml", include_str!("init/folder/lambdas/functions.toml")),
    ("lambdas/purchase.py", include_str!("init/folder/lambdas/purchase.py")),
];

/// Why the folder was not made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("nothing was written, because {} there already: {}.\nMove {them} away, or name another folder: countersign init DIR.", if .0.len() == 1 { "this file is" } else { "these files are" }, names(.0), them = if .0.len() == 1 { "it" } else { "them" })]
    Exists(Vec<PathBuf>),
    #[error("{} cannot be written: {source}.{}", .file.display(), written(.before))]
    Unwritten { file: PathBuf, source: io::Error, before: Vec<PathBuf> },
}

fn names(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn written(before: &[PathBuf]) -> String {
    if before.is_empty() { String::new() } else { format!("\nWritten before: {}.", names(before)) }
}

/// Writes the folder, and says what to run next. 0: it is there; 1: it is not.
#[must_use]
pub fn run(args: &InitArgs) -> ExitCode {
    let said = match make(&args.folder) {
        Ok(()) => next(&args.folder),
        Err(error) => {
            eprintln!("countersign: {}", terminal::lines(&error.to_string()));
            return ExitCode::FAILURE;
        }
    };
    // The reader of a pipe may stop early.
    let _ = io::stdout().write_all(said.as_bytes());
    ExitCode::SUCCESS
}

/// Writes the files. No file that is there is overwritten.
///
/// # Errors
/// Some are there already (then nothing is written), or one cannot be written.
pub fn make(folder: &Path) -> Result<(), InitError> {
    let places = FILES.map(|(name, text)| (folder.join(name), text));
    // A link that leads nowhere is there as well.
    let there: Vec<PathBuf> =
        places.iter().map(|(file, _)| file).filter(|file| file.symlink_metadata().is_ok()).cloned().collect();
    if !there.is_empty() {
        return Err(InitError::Exists(there));
    }
    let mut before = Vec::new();
    for (file, text) in places {
        if let Err(source) = write(&file, text) {
            return Err(InitError::Unwritten { file, source, before });
        }
        before.push(file);
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    OpenOptions::new().write(true).create_new(true).open(file)?.write_all(text.as_bytes())
}

/// What was made, and what to run next.
fn next(folder: &Path) -> String {
    let mut said = String::from("Made a workflow that asks a person:\n");
    for (name, _) in FILES {
        // Writing to a text cannot fail.
        let _ = writeln!(said, "  {}", terminal::line(&folder.join(name).display().to_string()));
    }
    said += "\nNext:\n";
    if folder != Path::new(".") {
        let _ = writeln!(said, "  cd {}", terminal::line(&quoted(folder)));
    }
    said += "  countersign serve               the dashboard on http://127.0.0.1:3000; a purchase waits in its inbox\n";
    said += "  countersign test statemachine   the workflow's test cases, in milliseconds\n";
    said
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain =
        text.chars().all(|letter| letter.is_alphanumeric() || "/._-".contains(letter)) && !text.starts_with('-');
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use countersign_replay::Definition;
    use countersign_replay::cases::{CaseFile, Setting, run as run_case};

    use super::*;

    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("countersign-init-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn what_is_there_is_named_and_left_alone() {
        let folder = folder("there");
        fs::create_dir_all(folder.join("lambdas")).unwrap();
        fs::write(folder.join("README.md"), "mine").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.join("lambdas/purchase.py")).unwrap();
        let error = make(&folder).unwrap_err().to_string();
        assert!(error.contains("README.md") && error.contains("lambdas/purchase.py"), "{error}");
        assert!(!error.contains("functions.toml"), "{error}");
        assert!(!folder.join("statemachine").exists());
        assert_eq!(fs::read_to_string(folder.join("README.md")).unwrap(), "mine");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_cannot_be_written_is_said_with_what_was() {
        let folder = folder("blocked");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("statemachine"), "a file").unwrap();
        let error = make(&folder).unwrap_err().to_string();
        assert!(error.contains("statemachine/purchase.asl.json cannot be written"), "{error}");
        assert!(error.contains("Written before: ") && error.contains(".gitignore"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_way_into_the_folder_can_be_pasted() {
        for (path, expected) in [("shop", "  cd shop\n"), ("my shop", "  cd 'my shop'\n"), ("a'b", "  cd 'a'\\''b'\n")]
        {
            let said = next(Path::new(path));
            assert!(said.contains(expected), "{said}");
        }
        assert!(!next(Path::new(".")).contains("cd "));
    }

    fn text_of(name: &str) -> &'static str {
        FILES.iter().find(|(known, _)| *known == name).unwrap().1
    }

    #[test]
    fn the_cases_hold() {
        let arn = |name: &str| format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
        let text = text_of("statemachine/purchase.asl.json");
        let text = text.replace("${CheckLambdaArn}", &arn("check")).replace("${AskLambdaArn}", &arn("ask"));
        let definition = Definition::read(&text).unwrap();
        let file = CaseFile::read(text_of("statemachine/purchase.test.toml")).unwrap();
        assert_eq!(file.misfits(&definition), []);
        for case in &file.cases {
            let result = run_case(&file, case, &definition, &Setting::named("purchase"));
            assert!(result.failures.is_empty(), "{}: {:?}", case.name.value, result.failures);
        }
    }

    #[test]
    fn the_readme_is_short() {
        let (_, readme) = FILES[0];
        assert!(readme.lines().count() <= 12, "{readme}");
    }
}
