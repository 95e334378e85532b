//! The engine alone: `cargo run -p countersign-local --example engine -- 127.0.0.1:8083 /tmp/engine lambdas/functions.toml`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use countersign_local::keeper::Keeper;
use countersign_local::{Options, keeper, sandbox, start};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(2);
    match std::env::args().nth(1) {
        Some(command) if command == keeper::COMMAND => Ok(keeper::serve(&mut args)),
        Some(command) if command == sandbox::COMMAND => Ok(sandbox::serve()),
        _ => serve(),
    }
}

#[tokio::main]
async fn serve() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let listen = args.next().unwrap_or_else(|| "127.0.0.1:8083".to_owned()).parse()?;
    let data = PathBuf::from(args.next().unwrap_or_else(|| "data".to_owned()));
    let functions = args.next().map(PathBuf::from);
    // As on a system without namespaces.
    let is_beside = args.next().as_deref() == Some("beside");
    let keeper = Keeper::of_itself().map(|keeper| if is_beside { keeper.beside() } else { keeper });
    let options = Options {
        listen,
        data,
        functions,
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        own_listeners: Vec::new(),
        keeper,
        sandbox: Some(Arc::new(sandbox::Workers::of_itself())),
    };
    let engine = start(options).await?;
    println!("http://{}", engine.addr);
    tokio::signal::ctrl_c().await?;
    engine.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
