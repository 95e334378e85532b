//! The program `countersign`: see `countersign --help`.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use countersign::server::config::{Cli, Command};
use countersign::server::{start, validate};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,countersign=info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).compact().init();
    let ended = match cli.command {
        Some(Command::Validate(args)) => return validate::run(&args),
        Some(Command::Engine(args)) => start::engine(args).await,
        Some(Command::Serve(args)) => start::serve(args).await,
        None => start::serve(cli.serve).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("countersign: {error}");
            ExitCode::FAILURE
        }
    }
}
