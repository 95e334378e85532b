//! `countersign test --watch`: the cases are run again whenever a file beside them changes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use super::super::config::TestRunArgs;
use super::once;

/// The pause between two looks at the files.
const PAUSE: Duration = Duration::from_millis(300);

/// The files with their sizes and times.
pub(super) type Fingerprint = Vec<(PathBuf, Option<(u64, Option<SystemTime>)>)>;

/// Runs the cases now and after every change, until the program is ended.
#[expect(
    clippy::disallowed_methods,
    reason = "the timer between two looks at the files; a test looks without the loop"
)]
pub(super) fn run(args: &TestRunArgs) -> ExitCode {
    loop {
        // What changes while the cases run is seen afterwards.
        let before = fingerprint(args);
        once(args);
        println!("\nWaiting for a change. Ctrl+C ends this.");
        while fingerprint(args) == before {
            std::thread::sleep(PAUSE);
        }
        println!();
    }
}

/// The files of the folders that the arguments name, or in which what they name is.
pub(super) fn fingerprint(args: &TestRunArgs) -> Fingerprint {
    let mut files: Vec<PathBuf> = args.mock_config.iter().cloned().collect();
    for path in &args.paths {
        let folder = if path.is_dir() { path.as_path() } else { parent(path) };
        files.extend(std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()));
        files.push(path.clone());
    }
    files.sort();
    files.dedup();
    // What the run itself writes is no change, as where its output goes into a file of the folder.
    files.retain(|file| is_read(file) && Some(file) != args.junit.as_ref());
    let stamp = |file: &Path| {
        std::fs::metadata(file).ok().filter(|about| about.is_file()).map(|about| (about.len(), about.modified().ok()))
    };
    files.into_iter().map(|file| (file.clone(), stamp(&file))).collect()
}

/// Whether a file is of a kind that a run reads: cases, definitions and manifests.
fn is_read(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| matches!(extension, "toml" | "json" | "yaml" | "yml"))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
