//! Step Functions on one machine: the JSON 1.0 API over HTTP, a durable store, timers, Lambda functions, topics and
//! queues, around the pure interpreter of `countersign-engine`.
//!
//! | module | subject |
//! |---|---|
//! | [`api`] | the operations, a group a file, and AWS's errors |
//! | [`clock`] | the time, injected |
//! | [`host`] | running executions: journal, step, perform; timers; recovery |
//! | [`store`] | what survives a restart |
//! | [`files`] | folders and files that only their owner may read |
//! | [`lambda`] | functions: child processes behind AWS's Lambda Runtime API |
//! | [`keeper`] | keeps the processes of functions apart |
//! | [`environment`] | the server's environment, without its secrets |
//! | [`text`] | texts from outside on a terminal |
//! | [`listener`] | accepting connections, for both servers |
//! | [`connections`] | what HTTP tasks sign in with |
//! | [`integrations`] | what tasks call |
//! | [`random`] | ids |
//! | [`masks`] | hides the secrets of connections in what comes back |
//! | [`sandbox`] | processes for the expressions that may run away |
//! | [`stacks`] | CloudFormation's stacks: templates made, changed and deleted |
//!
//! It never depends on the dashboard: any client (AWS CLI, SDKs, Terraform, CDK) may use it as it would use AWS.

pub mod api;
pub mod clock;
pub mod connections;
pub mod environment;
pub mod files;
pub mod host;
pub mod integrations;
#[expect(
    clippy::disallowed_methods,
    reason = "it waits for processes of the system, which report no event to a stranger"
)]
pub mod keeper;
pub mod lambda;
pub mod listener;
pub mod masks;
pub mod random;
pub mod sandbox;
pub mod stacks;
pub mod store;
pub mod text;
pub mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use clock::Clock;
use countersign_engine::SharedSandbox;
use host::Host;
use integrations::{Mocks, MocksError};
use lambda::{Functions, FunctionsError, Keeping, Stay};
use store::{Store, StoreError};

/// How the engine is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// An address of this machine.
    pub listen: SocketAddr,
    /// The folder of the store.
    pub data: PathBuf,
    /// The file that declares the Lambda functions.
    pub functions: Option<PathBuf>,
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// Where expressions that may run away are evaluated; `None`: in place. The program that has [`sandbox::Workers`]
    /// serves them as its command [`sandbox::COMMAND`].
    pub sandbox: Option<SharedSandbox>,
    /// What keeps the processes of functions apart; `None`: nothing does. The program serves it as its command
    /// [`keeper::COMMAND`].
    pub keeper: Option<keeper::Keeper>,
    /// Other addresses that the program listens on, such as its dashboard's: HTTP tasks cannot reach these, nor the
    /// engine's.
    pub own_listeners: Vec<SocketAddr>,
}

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("The engine's port {port} of {ip} is in use by another program.\nEnd that program, or choose another port with --engine-listen {ip}:{other} (--listen for `countersign engine`).", ip = .0.ip(), port = .0.port(), other = .0.port().wrapping_add(1))]
    PortInUse(SocketAddr),
    #[error("The engine cannot listen on {address}: {source}.\nChoose another address.")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Functions(#[from] FunctionsError),
    #[error(transparent)]
    Mocks(#[from] MocksError),
}

/// A running engine.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    host: Arc<Host>,
    end: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

/// Binds the port, opens the store, recovers what ran before, and serves.
///
/// # Errors
/// The port is in use, the data folder cannot be written, or the functions' file is wrong.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let listener = TcpListener::bind(options.listen).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortInUse(options.listen),
        _ => StartError::Listen { address: options.listen, source },
    })?;
    let addr = listener.local_addr().map_err(|source| StartError::Listen { address: options.listen, source })?;
    // The test starts a process and waits for it.
    let keeper = options.keeper.filter(|_| options.functions.is_some());
    let keeper = keeper.map(|keeper| host::in_place(|| keeper.tried()));
    let keeping = Keeping { keeper, hidden: vec![options.data.clone()], stay: Stay::default() };
    let file = options.functions.as_deref();
    let functions = Functions::load_kept(file, &options.region, &options.account, keeping).await?;
    // The variable has the name of Step Functions Local's, so that its users find it.
    let mocks = Mocks::load(std::env::var_os("SFN_MOCK_CONFIG").map(PathBuf::from).as_deref())?;
    let store = Store::open(&options.data).await?;
    let place = host::AccountRegion { region: options.region, account: options.account };
    let host = Host::open(store, functions, mocks, Clock::system(), place, options.sandbox).await?;
    for own in options.own_listeners.into_iter().chain([addr]) {
        host.http.close_to(own);
    }
    // An early client waits: the port is bound, and a token is known before it can be answered.
    host.recover().await?;
    let end = CancellationToken::new();
    let router = api::router(Arc::clone(&host));
    let ended = end.clone();
    let server = tokio::spawn(listener::serve(listener, router, listener::Limits::default(), ended));
    tokio::spawn(Arc::clone(&host).run_timers(end.clone()));
    tokio::spawn(lambda::follow(Arc::clone(&host), end.clone()));
    Ok(Running { addr, host, end, server })
}

impl Running {
    /// How many steps its executions have made since the start. One that is told can be read.
    #[must_use]
    pub fn steps(&self) -> tokio::sync::watch::Receiver<u64> {
        self.host.steps.subscribe()
    }

    /// Ends the server and the functions' processes. Running executions continue at the next start.
    pub async fn shutdown(self) {
        self.end.cancel();
        // An activity's worker may hold a connection with a long poll: it is not waited for.
        self.server.abort();
        self.host.shutdown().await;
    }
}
