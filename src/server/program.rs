//! The program `countersign`: see `countersign --help`.
//!
//! It is here and not in `main.rs`, because a future is compiled where it is awaited: the whole server would be compiled
//! again for a crate of one function.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use countersign_local::{environment, files, keeper};
use tracing_subscriber::EnvFilter;

use super::config::{Cli, Command};
use super::{approvals, audit, deploy, health, init, messages, policy, start, terminal, testing, users, validate};

/// Runs the command that the command line names; the status says how it ended.
pub fn run() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    // A function's keeper must stay small and starts often: it does not parse the program's command line.
    if args.next().is_some_and(|command| command == keeper::COMMAND) {
        return keeper::serve(args);
    }
    let cli = Cli::parse();
    // What `init` writes is for a repository, where others read it.
    if !matches!(cli.command, Some(Command::Init(_))) {
        files::keep_new_files_private();
    }
    match cli.command {
        // A worker has little memory: it starts no runtime and no threads.
        Some(Command::Evaluate) => countersign_local::sandbox::serve(),
        Some(Command::Health(args)) => health::run(&args),
        Some(Command::Init(args)) => init::run(&args),
        Some(Command::Validate(args)) => validate::run(&args),
        Some(Command::Test(args)) => testing::run(&args),
        Some(Command::Policy(command)) => policy::run(&command),
        Some(Command::Approvals(args)) => approvals::run(&args),
        Some(Command::Audit(args)) => closed("warn", false, audit::command::run(args)),
        Some(Command::Messages(args)) => closed("error", false, messages::command::run(args)),
        Some(Command::User(args)) => closed("warn", false, users::run(args)),
        Some(Command::Deploy(args)) => {
            keeper::close_to_others();
            with_status(deploy::run(args))
        }
        Some(Command::Engine(args)) => closed("warn,countersign=info", true, start::engine(args)),
        Some(Command::Serve(args)) => closed(SERVE_LOG, args.embeds_the_engine(), start::serve(args)),
        None => closed(SERVE_LOG, cli.serve.embeds_the_engine(), start::serve(cli.serve)),
    }
}

/// Runs a server that no other process of its user can look into. With functions beside it, it takes its secrets out of
/// its environment first.
fn closed(log: &str, with_functions: bool, main: impl Future<Output = Result<(), start::StartError>>) -> ExitCode {
    if with_functions && let Err(error) = environment::leave_secrets_behind() {
        eprintln!("countersign: the server's environment cannot be closed to its functions: {error}");
    }
    keeper::close_to_others();
    serve(log, main)
}

/// Runs a command that says by its status what it found.
#[tokio::main]
async fn with_status(main: impl Future<Output = ExitCode>) -> ExitCode {
    main.await
}

/// What the dashboard logs: not what functions print, because its pages show how their tasks ended, and not each failure to
/// find credentials, because the connection's page says that.
const SERVE_LOG: &str = "warn,countersign=info,countersign::function=warn,countersign::topic=warn,aws_config=error";

#[tokio::main]
async fn serve(log: &str, main: impl Future<Output = Result<(), start::StartError>>) -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(log));
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    log.fmt_fields(terminal::Fields).compact().init();
    match main.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("countersign: {}", terminal::lines(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}
