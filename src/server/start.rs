//! Starting and ending the program's two servers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_local as local;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::approvals::Courier;
use super::clock::Clock;
use super::config::{ConfigError, EngineArgs, ServeArgs};
use super::connection::{Clients, Target};
use super::deploy::{EMULATOR_ACCOUNT, Folder, definitions_folder, functions_file};
use super::desk::Desk;
use super::store::{Store, StoreError};
use super::watch::Watch;

/// The embedded engine's region.
const REGION: &str = "us-east-1";
/// How long open connections may take to end after Ctrl-C. Live streams end at once.
const FAREWELL: Duration = Duration::from_secs(3);

/// Why the program could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Config(Vec<ConfigError>),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("Port {port} of {ip} is in use by another program.\nEnd that program, or choose another port with {flag} {ip}:{other}.", ip = .address.ip(), port = .address.port(), other = .address.port().wrapping_add(1))]
    PortInUse { address: SocketAddr, flag: &'static str },
    #[error("countersign cannot listen on {address}: {source}.\nChoose another address with {flag} ADDRESS:PORT.")]
    Listen { address: SocketAddr, flag: &'static str, source: std::io::Error },
    #[error(transparent)]
    Engine(#[from] local::StartError),
    #[error("The server ended: {0}.")]
    Serve(std::io::Error),
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortInUse { address, flag },
        _ => StartError::Listen { address, flag, source },
    })
}

/// Serves the dashboard until Ctrl-C.
///
/// # Errors
/// What stands in the way of starting: each error names the thing and the remedy.
pub async fn serve(args: ServeArgs) -> Result<(), StartError> {
    args.check().map_err(StartError::Config)?;
    let listener = listen(args.listen, "--listen").await?;
    let address = listener.local_addr().map_err(StartError::Serve)?;
    let store = Store::open(&args.data).await?;
    let definitions = definitions_folder(args.definitions.as_deref(), &args.data)?;
    let (engine, target) = target(&args, address).await?;
    let clients = Clients::connect(target, &args).await;
    let sandbox = Arc::new(local::sandbox::Workers::of_itself());
    let watch = Arc::new(Watch::new(clients, Clock::system()).with_sandbox(sandbox));
    let courier = Courier::new(Arc::clone(&watch), store.clone());
    let desk =
        Arc::new(Desk { watch: Arc::clone(&watch), store: store.clone(), courier: courier.clone(), definitions });

    let end = CancellationToken::new();
    let tasks = TaskTracker::new();
    tasks.spawn(Arc::clone(&watch).run(end.clone()));
    tasks.spawn(courier.run(end.clone()));
    if engine.is_some() && !args.no_demo {
        first_start(&desk).await;
    }
    println!("Countersign is at http://{address}");
    println!("  showing   {} ({})", watch.clients.about.label, watch.clients.about.detail);
    println!("  data in   {}", args.data.display());
    println!("  Ctrl-C ends it.");

    let server = axum::serve(listener, super::http::router(desk)).with_graceful_shutdown(ended(end.clone()));
    // Live streams never end by themselves: the wait for open connections is bounded.
    let closing = end.clone();
    let served = tokio::select! {
        served = server.into_future() => served,
        () = async { closing.cancelled().await; tokio::time::sleep(FAREWELL).await } => Ok(()),
    };
    end.cancel();
    tasks.close();
    let _ = tokio::time::timeout(FAREWELL, tasks.wait()).await;
    if let Some(engine) = engine {
        engine.shutdown().await;
    }
    store.close().await;
    println!("Ended. Everything is kept in {}.", args.data.display());
    served.map_err(StartError::Serve)
}

/// The connection's target; starts the embedded engine where it is that. `dashboard` is out of its tasks' reach.
async fn target(args: &ServeArgs, dashboard: SocketAddr) -> Result<(Option<local::Running>, Target), StartError> {
    if args.aws {
        return Ok((None, Target::Aws));
    }
    if let Some(url) = &args.endpoint {
        return Ok((None, Target::Endpoint(url.clone())));
    }
    let functions = functions_file(args.functions.as_deref(), &args.data)?;
    let mut options = options(args.engine_listen, args.data.clone(), Some(functions));
    options.own_listeners.push(dashboard);
    let engine = local::start(options).await?;
    let url = format!("http://{}", engine.addr);
    Ok((Some(engine), Target::Embedded(url)))
}

fn options(listen: SocketAddr, data: std::path::PathBuf, functions: Option<std::path::PathBuf>) -> local::Options {
    let sandbox = Some(Arc::new(local::sandbox::Workers::of_itself()) as _);
    local::Options {
        listen,
        data,
        functions,
        region: REGION.to_owned(),
        account: EMULATOR_ACCOUNT.to_owned(),
        sandbox,
        own_listeners: Vec::new(),
    }
}

/// Serves the embedded engine alone until Ctrl-C.
///
/// # Errors
/// What stands in the way of starting: each error names the thing and the remedy.
pub async fn engine(args: EngineArgs) -> Result<(), StartError> {
    if !args.listen.ip().is_loopback() {
        return Err(StartError::Config(vec![ConfigError::NotLoopback(args.listen)]));
    }
    let engine = local::start(options(args.listen, args.data.clone(), args.functions)).await?;
    println!("The Step Functions engine is at http://{} (region {REGION}, any credentials).", engine.addr);
    println!("  for example   aws stepfunctions list-state-machines --endpoint-url http://{}", engine.addr);
    println!("  data in       {}", args.data.display());
    println!("  Ctrl-C ends it.");
    ended(CancellationToken::new()).await;
    engine.shutdown().await;
    println!("Ended. Everything is kept in {}.", args.data.display());
    Ok(())
}

/// Waits for Ctrl-C or a SIGTERM, then cancels `end`.
async fn ended(end: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        result = tokio::signal::ctrl_c() => {
            if result.is_err() {
                // Without a signal handler the program ends as the system ends it.
                std::future::pending::<()>().await;
            }
        }
        () = terminated => {}
    }
    end.cancel();
}

/// In an empty engine: deploys the shipped workflows, and starts one execution of each sample, so that there is
/// something to see and something to decide. The first page waits for it.
async fn first_start(desk: &Desk) {
    desk.watch.first_look().await;
    let known = desk.watch.snapshot();
    if known.data_at.is_none() || !known.machines.is_empty() {
        return;
    }
    match desk.deploy(None).await {
        Ok(names) => {
            println!("Deployed {}.", names.join(", "));
            let folder = Folder::read(&desk.definitions);
            let known = desk.watch.snapshot();
            for name in names {
                let Some(machine) = known.machine_named(&name) else { continue };
                for sample in folder.samples(&name) {
                    if let Err(error) = desk.launch(&machine.arn, "", &sample.input).await {
                        tracing::warn!(%error, workflow = %name, "a sample execution was not started");
                    }
                }
            }
        }
        Err(error) => eprintln!("The shipped workflows were not deployed: {error}"),
    }
}
