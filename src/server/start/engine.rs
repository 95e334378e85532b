//! The embedded engine: beside the dashboard, or alone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_desk::connection::{Target, by_name};
use countersign_desk::deploy::EMULATOR_ACCOUNT;
use countersign_local as local;
use tokio_util::sync::CancellationToken;

use super::listening::free_beside;
use super::{StartError, ended, shown};
use crate::server::config::{ConfigError, EngineArgs, ServeArgs};
use crate::server::shipped::functions_file;

/// The embedded engine's region.
const REGION: &str = "us-east-1";

/// The embedded engine if there is one, and the target.
pub type Connected = (Option<local::Running>, Target);

/// The connection's target; starts the embedded engine if that is the target. HTTP tasks cannot reach
/// `dashboard`, nor the listener of `guests`.
pub async fn target(
    args: &ServeArgs,
    dashboard: SocketAddr,
    guests: Option<SocketAddr>,
) -> Result<Connected, StartError> {
    if args.aws {
        return Ok((None, Target::Aws));
    }
    if let Some(url) = &args.endpoint {
        return Ok((None, Target::Endpoint(url.clone())));
    }
    let functions = functions_file(args.functions.as_deref(), &args.data)?;
    let mut options = options(args.engine_listen, args.data.clone(), Some(functions));
    options.own_listeners.push(dashboard);
    options.own_listeners.extend(guests);
    let engine = start_engine(options, "--engine-listen", dashboard).await?;
    let url = format!("http://{}", engine.addr);
    Ok((Some(engine), Target::Embedded(url)))
}

/// Starts the engine. The error for a busy port names the flag that chooses another one.
async fn start_engine(
    options: local::Options,
    flag: &'static str,
    other: SocketAddr,
) -> Result<local::Running, StartError> {
    local::start(options).await.map_err(|error| match error {
        local::StartError::PortInUse(address) => {
            StartError::PortInUse { address, flag, free: free_beside(address, other) }
        }
        error => error.into(),
    })
}

fn options(listen: SocketAddr, data: PathBuf, functions: Option<PathBuf>) -> local::Options {
    let sandbox = Some(Arc::new(local::sandbox::Workers::of_itself()) as _);
    local::Options {
        listen,
        data,
        functions,
        region: REGION.to_owned(),
        account: EMULATOR_ACCOUNT.to_owned(),
        sandbox,
        own_listeners: Vec::new(),
        keeper: local::keeper::Keeper::of_itself(),
    }
}

/// Serves the embedded engine alone until Ctrl-C.
///
/// # Errors
/// Why it cannot start; each error names the cause and the remedy.
pub async fn engine(args: EngineArgs) -> Result<(), StartError> {
    if !args.listen.ip().is_loopback() {
        return Err(StartError::Config(vec![ConfigError::NotLoopback(args.listen)]));
    }
    let engine = start_engine(options(args.listen, args.data.clone(), args.functions), "--listen", args.listen).await?;
    let url = by_name(&format!("http://{}", engine.addr));
    println!("The Step Functions engine is at {url} (any region, any credentials).");
    println!("  for example   aws stepfunctions list-state-machines --endpoint-url {url}");
    println!("  clients need  AWS_DISABLE_HOST_PREFIX_INJECTION=true for StartSyncExecution and TestState");
    println!("  data in       {}", shown(&args.data));
    println!("  Ctrl-C stops it.");
    ended(CancellationToken::new()).await;
    engine.shutdown().await;
    println!("Stopped. All data is in {}.", shown(&args.data));
    Ok(())
}
