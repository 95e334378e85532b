//! Keeps the process of a function apart from the server, from the other functions and from what the server keeps, and
//! ends it with the server. The program does this as its own hidden command [`COMMAND`], in stages:
//!
//! | stage | what it is |
//! |---|---|
//! | `outside` | the child of the server: makes the namespaces, waits for `inside`, and ends with the server |
//! | `inside` | the first process of the namespaces: hides files, gives up its rights, starts the function, buries the dead |
//! | `beside` | where the system allows no namespaces: waits for `bare`, and ends all that the function started |
//! | `bare` | gives up its rights and becomes the function |
//!
//! Apart means: namespaces of users, processes and mounts. A function sees no process but its own, may ask the system
//! nothing about others, and whatever it starts ends with the first process of its namespace. The function itself has
//! no rights beyond its user's, and gains none.

#[cfg(target_os = "linux")]
mod beside;
#[cfg(target_os = "linux")]
mod inside;
#[cfg(target_os = "linux")]
mod outside;
#[cfg(target_os = "linux")]
mod rights;
#[cfg(target_os = "linux")]
mod waiter;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The hidden command of the program that keeps a function.
pub const COMMAND: &str = "function";
/// The exit status of a stage that failed.
pub const FAILED: u8 = 125;
/// Exit statuses from here on stand for signals, as in a shell.
const SIGNALLED: i32 = 128;

/// The degree to which functions are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wall {
    /// Namespaces of their own.
    Namespaces,
    /// They run beside the server as its user, without its rights.
    Beside,
}

/// The program that keeps functions.
#[derive(Clone, Debug)]
pub struct Keeper {
    program: PathBuf,
    wall: Wall,
}

impl Keeper {
    /// This program, run again. `None` if the system is not Linux, which alone supports it.
    #[must_use]
    pub fn of_itself() -> Option<Self> {
        // The running program, even after its file was replaced.
        let itself = PathBuf::from("/proc/self/exe");
        itself.exists().then(|| Self::of(itself))
    }

    /// Another program, which passes [`COMMAND`] to [`serve`].
    #[must_use]
    pub fn of(program: PathBuf) -> Self {
        Self { program, wall: Wall::Namespaces }
    }

    /// The same without namespaces.
    #[must_use]
    pub fn beside(self) -> Self {
        Self { wall: Wall::Beside, ..self }
    }

    /// The degree to which it keeps functions apart.
    #[must_use]
    pub fn wall(&self) -> Wall {
        self.wall
    }

    /// The keeper as far as this system allows it: tries the namespaces, and warns about what is missing.
    #[must_use]
    pub fn tried(self) -> Self {
        if self.wall == Wall::Beside {
            return self;
        }
        let Err(why) = self.try_namespaces() else { return self };
        tracing::warn!(
            "Lambda functions are not kept apart: this system allows no namespaces ({why}). They run as your own user, and \
             can read your files, the data folder and the environment of your other programs; the server's own memory and \
             environment stay closed to them. Run only functions that you trust."
        );
        self.beside()
    }

    fn try_namespaces(&self) -> Result<(), String> {
        let mut command = self.command(&[], Path::new("/bin/sh"), &["-c".as_ref(), ":".as_ref()]);
        let tried = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output();
        match tried {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The command that runs `program` apart; it sees nothing of what is `hidden`. Its parent is the thread that starts
    /// it, which must stay.
    #[must_use]
    pub fn command(&self, hidden: &[PathBuf], program: &Path, args: &[&OsStr]) -> Command {
        let stage = match self.wall {
            Wall::Namespaces => "outside",
            Wall::Beside => "beside",
        };
        let mut command = Command::new(&self.program);
        command.arg(COMMAND).arg(stage).arg(std::process::id().to_string());
        command.args(hidden).arg("--").arg(program).args(args);
        command
    }
}

/// The arguments of a stage: its parent, what is hidden, and what it runs.
#[derive(Debug)]
struct Order {
    parent: u32,
    hidden: Vec<PathBuf>,
    program: OsString,
    args: Vec<OsString>,
}

impl Order {
    fn read(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        let parent = args.next()?.to_str()?.parse().ok()?;
        let hidden: Vec<PathBuf> = args.by_ref().take_while(|arg| arg != "--").map(PathBuf::from).collect();
        Some(Self { parent, hidden, program: args.next()?, args: args.collect() })
    }
}

/// Why a stage failed: what it tried, and the system's error.
type Trouble = (&'static str, std::io::Error);

/// One stage. `args` are those after [`COMMAND`].
#[must_use]
pub fn serve(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let stage = args.next();
    let stage = stage.as_ref().and_then(|stage| stage.to_str());
    let Some(order) = Order::read(args) else {
        eprintln!("The engine starts this by itself.");
        return ExitCode::from(FAILED);
    };
    match run(stage.unwrap_or_default(), order) {
        Ok(code) => code,
        Err((what, error)) => {
            eprintln!("{what}: {error}");
            ExitCode::from(FAILED)
        }
    }
}

#[cfg(target_os = "linux")]
fn run(stage: &str, order: Order) -> Result<ExitCode, Trouble> {
    match stage {
        "outside" => outside::run(&order),
        "inside" => inside::run(&order),
        "beside" => beside::run(&order),
        "bare" => beside::become_function(&order),
        _ => Err(("the engine starts this by itself", std::io::ErrorKind::InvalidInput.into())),
    }
}

#[cfg(not(target_os = "linux"))]
fn run(_: &str, _: Order) -> Result<ExitCode, Trouble> {
    Err(("functions are kept apart on Linux alone", std::io::ErrorKind::Unsupported.into()))
}

/// The end of a process, as the exit status of the process that waited for it.
fn passed_on(code: Option<i32>, signal: Option<i32>) -> ExitCode {
    let status = code.or_else(|| signal.map(|signal| SIGNALLED + signal)).unwrap_or_default();
    ExitCode::from(u8::try_from(status).unwrap_or(FAILED))
}

/// The signal that an exit status stands for.
#[must_use]
pub fn signal_of(status: i32) -> Option<i32> {
    (SIGNALLED + 1..=SIGNALLED + 64).contains(&status).then(|| status - SIGNALLED)
}

/// Closes this process to others of its own user: none may read its memory or its environment, or trace it.
pub fn close_to_others() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::warn!(%error, "other processes of this user can read the server's memory");
        }
    }
}
