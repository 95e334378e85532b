//! The program `countersign`: see `countersign --help`.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use countersign::server::config::{Cli, Command};
use countersign::server::{start, terminal, validate};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    countersign_local::files::keep_new_files_private();
    let cli = Cli::parse();
    match cli.command {
        // A worker has little memory: no runtime, and no threads.
        Some(Command::Evaluate) => countersign_local::sandbox::serve(),
        Some(Command::Validate(args)) => validate::run(&args),
        Some(Command::Engine(args)) => run("warn,countersign=info", start::engine(args)),
        Some(Command::Serve(args)) => run(SERVE_LOG, start::serve(args)),
        None => run(SERVE_LOG, start::serve(cli.serve)),
    }
}

/// What the dashboard logs: what functions print stays out, since its pages tell what became of them.
const SERVE_LOG: &str = "warn,countersign=info,countersign::function=warn,countersign::topic=warn";

#[tokio::main]
async fn run(log: &str, main: impl Future<Output = Result<(), start::StartError>>) -> ExitCode {
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
