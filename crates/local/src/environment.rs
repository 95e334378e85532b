//! The server's environment: its secrets are removed before anything else is started. The environment with which a
//! process began can be read from `/proc` as long as the process runs. So the program starts itself again with an
//! environment without secrets, and passes the rest along where nobody else can read it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::OnceLock;

/// Variables without secrets that the program or its libraries read.
const KEPT: [&str; 21] = [
    "COLORTERM",
    "HOME",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "NO_COLOR",
    "PATH",
    "PWD",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SFN_MOCK_CONFIG",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
];
/// Prefixes of other such variables.
const KEPT_BEGINNINGS: [&str; 3] = ["LC_", "MALLOC_", "TOKIO_"];
/// Says that the removed variables wait on the standard input.
const MARK: &str = "COUNTERSIGN_ENVIRONMENT_ON_STDIN";

/// The variables that were passed along.
static TAKEN: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// A variable, wherever it is kept.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    TAKEN.get().and_then(|taken| taken.get(name).cloned()).or_else(|| std::env::var(name).ok())
}

fn is_kept(name: &str) -> bool {
    KEPT.contains(&name) || KEPT_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// The variables that a process may get, and those that it may not.
fn parted(all: impl Iterator<Item = (OsString, OsString)>) -> (Vec<(OsString, OsString)>, BTreeMap<String, String>) {
    let (kept, rest): (Vec<_>, Vec<_>) = all.partition(|(name, _)| name.to_str().is_some_and(is_kept));
    let rest = rest.into_iter().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    (kept, rest.collect())
}

/// Starts the program again without its secrets, if it has any. Returns in the new process, or if there was no need.
///
/// # Errors
/// It cannot be started again: the environment stays as it is.
#[cfg(target_os = "linux")]
pub fn leave_secrets_behind() -> std::io::Result<()> {
    use std::fs::File;
    use std::io::{Read, Seek, Write};
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    if std::env::var_os(MARK).is_some() {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text)?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        let taken = serde_json::from_str(&text)?;
        // It is read once, at the start.
        let _ = TAKEN.set(taken);
        return Ok(());
    }
    let (kept, rest) = parted(std::env::vars_os());
    if rest.is_empty() {
        return Ok(());
    }
    let memory = rustix::fs::memfd_create("environment", rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut memory = File::from(memory);
    memory.write_all(serde_json::to_string(&rest)?.as_bytes())?;
    memory.rewind()?;
    // The file may have been replaced: the running program still exists.
    let program = std::env::current_exe()?;
    let mut again = Command::new(if program.exists() { program } else { "/proc/self/exe".into() });
    let mut args = std::env::args_os();
    if let Some(name) = args.next() {
        again.arg0(name);
    }
    Err(again.args(args).env_clear().envs(kept).env(MARK, "1").stdin(memory).exec())
}

/// Elsewhere the environment of a process is no file.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn leave_secrets_behind() -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_to_be_harmless_is_taken_along() {
        let all = ["PATH", "LC_ALL", "AWS_SECRET_ACCESS_KEY", "SHOP_KEY", "RUST_LOG", "PATHS"];
        let (kept, rest) = parted(all.iter().map(|name| (OsString::from(name), OsString::from("v"))));
        let kept: Vec<_> = kept.iter().filter_map(|(name, _)| name.to_str()).collect();
        assert_eq!(kept, ["PATH", "LC_ALL", "RUST_LOG"]);
        assert_eq!(rest.keys().collect::<Vec<_>>(), ["AWS_SECRET_ACCESS_KEY", "PATHS", "SHOP_KEY"]);
    }
}
