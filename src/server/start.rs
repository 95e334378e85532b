//! Starting and ending the program's two servers.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_local as local;
use countersign_local::tls::{Tls, TlsError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use countersign_desk::connection::{
    Connection, ConnectionId, ConnectionKind, SdkOptions, Target, TopicArn, Topics, by_name,
};
use countersign_desk::deploy::{Definitions, EMULATOR_ACCOUNT, FileProblem, Item, declared_functions, file_problem};
use countersign_desk::index::{Index, SqliteIndex};
use countersign_desk::notify::Notices;
use countersign_desk::people::{People, PeopleError};
use countersign_desk::store::{Sqlite, Store, StoreError};
use countersign_desk::{Actor, Clock, Desk, Desks, NameTaken, Parts};

use super::audit::anchoring;
use super::config::{ConfigError, EngineArgs, ServeArgs};
use super::connections::Configured;
use super::guest::{self, address::NoGuests};
use super::hooks::Hooks;
use super::http::place::{Place, Public};
use super::http::{Extras, Gate};
use super::oidc::Oidc;
use super::policy::{PolicyError, authority};
use super::redaction_key::{KeyError, redaction_key};
use super::shipped::{definitions_folder, functions_file};
use super::{certificate, messages, terminal, words};

/// The embedded engine's region.
const REGION: &str = "us-east-1";
/// How long open connections may take to end after Ctrl-C. Live streams end at once.
const FAREWELL: Duration = Duration::from_secs(3);

/// Why the program could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Config(Vec<ConfigError>),
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Guest(Vec<NoGuests>),
    #[error(transparent)]
    Private(#[from] local::files::PrivateError),
    #[error("{}", store_words(.0))]
    Store(#[from] StoreError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("Port {port} of {ip} is in use by another program.\nEnd that program, or choose another port with {flag} {free}.", ip = .address.ip(), port = .address.port())]
    PortInUse { address: SocketAddr, flag: &'static str, free: SocketAddr },
    #[error("The folder of definitions {} cannot be read: {source}.\nGive a readable one with --definitions DIR.", .folder.display())]
    Definitions { folder: PathBuf, source: std::io::Error },
    #[error("{}", no_region(.0))]
    NoRegion(ConnectionId),
    #[error(transparent)]
    NameTaken(#[from] NameTaken),
    #[error("countersign cannot listen on {address}: {source}.\nChoose another address with {flag} ADDRESS:PORT.")]
    Listen { address: SocketAddr, flag: &'static str, source: std::io::Error },
    #[error(transparent)]
    Engine(#[from] local::StartError),
    #[error("The server ended: {0}.")]
    Serve(std::io::Error),
    #[error(transparent)]
    Anchor(#[from] anchoring::AnchorError),
    #[error(transparent)]
    Channel(#[from] messages::ChannelError),
    #[error("{0}")]
    User(String),
}

/// No region is known for a connection to AWS.
fn no_region(connection: &ConnectionId) -> String {
    if is_default(connection) {
        return "No AWS region is known, so no call would reach Step Functions.\nGive one with --region REGION, with AWS_REGION, or in the profile.".to_owned();
    }
    format!(
        "No AWS region is known for the connection {connection}, so no call would reach Step Functions.\nGive it a region in {}, with AWS_REGION, or in the profile.",
        super::settings::FILE
    )
}

/// Why the record cannot be used, and the remedy.
fn store_words(error: &StoreError) -> String {
    const ANOTHER: &str = "give this one a folder of its own with --data DIR";
    match error {
        StoreError::Newer { file, found, known } => format!(
            "The record of decisions {} was written by a newer countersign: its schema has version {found}, and this program knows version {known} at most.\nUse that version of countersign, or {ANOTHER}.",
            shown(file)
        ),
        StoreError::Locked { file } => format!(
            "The record of decisions {} is locked by another program.\nEnd that program, or {ANOTHER}.",
            shown(file)
        ),
        StoreError::Migrate { file, source } => format!(
            "The record of decisions {} cannot be brought to this program's schema: {source}.\nIt is unchanged: use the countersign that wrote it, or {ANOTHER}.",
            shown(file)
        ),
        StoreError::Copy { copy, source, .. } => format!(
            "The record of decisions is copied before it is brought to this program's schema, and the copy {} cannot be written: {source}.\nThe record is unchanged. Make room for the copy, or {ANOTHER}.",
            shown(copy)
        ),
        error => format!(
            "The record of decisions failed: {error}.\nIf another countersign uses this data folder, end it, or {ANOTHER}."
        ),
    }
}

/// Listens on an address; `other` is the address of this program's other server.
pub(super) async fn listen(
    address: SocketAddr,
    flag: &'static str,
    other: SocketAddr,
) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortInUse { address, flag, free: free_beside(address, other) },
        _ => StartError::Listen { address, flag, source },
    })
}

/// The next free port that is not that of this program's other server.
fn free_beside(address: SocketAddr, other: SocketAddr) -> SocketAddr {
    let above = (address.port()..u16::MAX).map(|port| port + 1);
    let mut ports = above.chain(1_024..address.port()).filter(|port| *port != other.port());
    let port = ports.find(|port| std::net::TcpListener::bind((address.ip(), *port)).is_ok());
    // Port 0 lets the system choose.
    SocketAddr::new(address.ip(), port.unwrap_or(0))
}

/// The folder of definitions, which must be readable.
fn definitions(folder: &Path) -> Result<Definitions, StartError> {
    match std::fs::read_dir(folder) {
        Ok(_) => Ok(Definitions::from(folder.to_owned())),
        Err(source) => Err(StartError::Definitions { folder: folder.to_owned(), source }),
    }
}

/// The default connection and the others, made at the same time: reading a profile or asking for a region may take a while.
/// No call to Step Functions is made, so none of them delays the start.
async fn opened(options: SdkOptions, configured: Vec<Configured>) -> Result<(Connection, Vec<Connection>), StartError> {
    let (of_default, others): (Vec<_>, Vec<_>) = configured.into_iter().partition(|one| is_default(&one.id));
    let default = Configured::named(ConnectionId::default_one());
    let default = of_default.into_iter().next().unwrap_or(default);
    let open = |one: Configured, options: SdkOptions| async move {
        let mut connection = Connection::open(one.id, options).await;
        let about = &mut connection.about;
        about.label = one.label.unwrap_or_else(|| std::mem::take(&mut about.label));
        about.colour = one.colour.unwrap_or(about.colour);
        about.read_only = one.read_only;
        if about.kind == ConnectionKind::Aws && about.region.is_empty() {
            return Err(StartError::NoRegion(connection.id));
        }
        Ok(connection)
    };
    let others = others.into_iter().map(|one| {
        let options = one.options();
        open(one, options)
    });
    let (default, others) = tokio::join!(open(default, options), futures::future::join_all(others));
    Ok((default?, others.into_iter().collect::<Result<_, _>>()?))
}

/// Where the site is, and what it speaks TLS with.
fn place(args: &ServeArgs) -> Result<(Place, Option<Tls>), StartError> {
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::read(certificate, key)?),
        _ => None,
    };
    let place = match (&args.public_url, &tls) {
        (Some(url), tls) => {
            let public = Public::at(url)
                .map_err(|error| StartError::Config(vec![ConfigError::PublicUrl(url.clone(), error)]))?;
            Place::Public(public.behind(args.trusted_proxy.clone(), tls.is_some()))
        }
        (None, Some(tls)) => Place::Certified(tls.clone()),
        (None, None) => Place::ThisMachine,
    };
    Ok((place, tls))
}

/// How an address is written into a link. Nobody opens the unspecified one: a name of the machine has to stand there.
fn name_of(address: SocketAddr) -> String {
    if address.ip().is_unspecified() { format!("NAME:{}", address.port()) } else { address.to_string() }
}

/// Who comes in. Where people sign in and there is nobody yet, a link that makes the first administrator is printed.
async fn gate(sign_in: bool, people: Arc<People>, origin: &str) -> Result<Gate, StartError> {
    let failed = |error: PeopleError| StartError::User(words::people(&error).what);
    if !sign_in {
        if !people.is_empty().await.map_err(failed)? {
            eprintln!("This data folder has users, but anybody at this machine may act: start with --sign-in.");
        }
        return Ok(Gate::Personas);
    }
    if let Some(secret) = people.invite_first().await.map_err(failed)? {
        println!("  nobody can sign in yet: make the first administrator within an hour, with this link:");
        println!("  {origin}{}", crate::routes::welcome(secret.reveal()));
    }
    Ok(Gate::SignIn(people))
}

/// Where anchors go: to a topic, which is reached as the default connection is, or to a file.
async fn destination(to: &Path, options: SdkOptions) -> anchoring::Destination {
    match to.to_str().and_then(|text| text.parse::<TopicArn>().ok()) {
        Some(arn) => {
            let options = SdkOptions { region: Some(arn.region().to_owned()), ..options };
            anchoring::Destination::Topic { topics: Topics::connect(options).await, arn }
        }
        None => anchoring::Destination::File(to.to_owned()),
    }
}

/// The outbox before the channels that are configured; `None` where there are none. Messages lead to where the site is.
async fn notices(
    configured: &[messages::config::Configured],
    data: &Path,
    store: &Arc<dyn Store>,
    (place, origin): (&Place, &str),
) -> Result<Option<Arc<Notices>>, StartError> {
    if configured.is_empty() {
        // What waits in channels of before is given up.
        store.open_channels(&[], Clock::system().now()).await?;
        return Ok(None);
    }
    if origin.contains("//NAME") {
        return Err(StartError::User(
            "Messages have links, and the address that the dashboard listens on has no name.\nSay where browsers reach it with --public-url URL.".to_owned(),
        ));
    }
    let mut channels = Vec::new();
    for one in configured {
        channels.push(messages::open(one, data, origin).await?);
    }
    let names: Vec<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
    println!("Messages go to {}.", terminal::line(&names.join(", ")));
    if matches!(place, Place::ThisMachine) {
        eprintln!("Their links lead to {origin}, which nobody reaches from elsewhere: see --public-url.");
    }
    let notices = Notices::open(channels, Arc::clone(store), Clock::system(), messages::chance()).await?;
    Ok(Some(Arc::new(notices)))
}

fn is_default(id: &ConnectionId) -> bool {
    *id == ConnectionId::default_one()
}

/// Serves the dashboard until Ctrl-C.
///
/// # Errors
/// Why it cannot start; each error names the cause and the remedy.
#[expect(clippy::disallowed_methods, reason = "open connections are waited for, but not for ever")]
pub async fn serve(args: ServeArgs) -> Result<(), StartError> {
    let settings = args.check().map_err(StartError::Config)?;
    let authority = Arc::new(authority(args.policy.as_deref(), &args.data)?);
    let (place, tls) = place(&args)?;
    let listener = listen(args.listen, "--listen", args.engine_listen).await?;
    let address = listener.local_addr().map_err(StartError::Serve)?;
    let store: Arc<dyn Store> = Arc::new(open_store(&args.data).await?);
    let folder = definitions_folder(args.definitions.as_deref(), &args.data)?;
    let mut definitions = definitions(&folder)?;
    let door = guest::Door::open(&args, &settings.connections, &*store, address).await?;
    let guests = door.as_ref().map(guest::Door::address);
    let (engine, target, functions) = target(&args, address, guests).await?;
    if let Some(functions) = functions {
        definitions = definitions.with_functions(functions);
    }
    let options = SdkOptions { profile: args.profile.clone(), region: args.region.clone(), ..SdkOptions::of(target) };
    let anchors = options.clone();
    let sandbox = Arc::new(local::sandbox::Workers::of_itself());
    let redaction_key = redaction_key(&args.data)?;
    let index: Arc<dyn Index> = Arc::new(open_index(&args.data).await?);
    let parts = |connection, definitions| Parts {
        connection,
        store: Arc::clone(&store),
        index: Arc::clone(&index),
        definitions,
        clock: Clock::system(),
        sandbox: Some(Arc::clone(&sandbox) as _),
        redaction_key: redaction_key.clone(),
        authority: Arc::clone(&authority),
        undo_ms: 1_000 * i64::from(args.undo),
    };
    let (of_default, others) = opened(options, settings.connections).await?;
    let desk = Arc::new(Desk::new(parts(of_default, definitions)));
    let mut desks = Desks::of(Arc::clone(&desk));
    for other in others {
        desks = desks.and(parts(other, Definitions::from(folder.clone())))?;
    }
    let desks = Arc::new(desks);

    let end = CancellationToken::new();
    let tasks = TaskTracker::new();
    let origin = place.origin(&name_of(address));
    if let Some(notices) = notices(&settings.messages, &args.data, &store, (&place, &origin)).await? {
        desks.tell_through(&notices);
        tasks.spawn(notices.run(end.clone()));
    }
    tasks.spawn(Arc::clone(&desks).run(end.clone()));
    if let Some(to) = &args.audit_anchor {
        let rule = anchoring::Rule {
            to: destination(to, anchors).await,
            entries: args.audit_anchor_entries.into(),
            age: Duration::from_secs(60 * u64::from(args.audit_anchor_minutes)),
        };
        let key = anchoring::key(&args.data)?;
        // At once: a file that cannot be written is found when the program starts.
        let set = match anchoring::anchor(&*store, &key, &rule.to, Clock::system().now()).await {
            // Approvals do not wait for a topic: the anchor is set once it is reached.
            Err(error @ anchoring::AnchorError::Topic { .. }) => {
                eprintln!("{}\nIt is tried again.", terminal::lines(&error.to_string()));
                0
            }
            set => set?,
        };
        println!("Anchors of the record, with the key {}, go to {}", key.public(), shown(to));
        tasks.spawn(anchoring::run(Arc::clone(&store), key, set, rule, Clock::system(), end.clone()));
    }
    if let Some(problem) = &desk.definitions().read().problem {
        report(problem);
    }
    if engine.is_some() && !args.no_demo && !desk.about().read_only {
        first_start(&desk).await;
    }
    let people = Arc::new(People::new(Arc::clone(&store), Clock::system(), Arc::clone(&authority)));
    println!("Countersign is at {origin}");
    let gate = gate(args.sign_in, people, &origin).await?;
    for (index, desk) in desks.iter().enumerate() {
        let (about, word) = (desk.about(), if index == 0 { "showing" } else { "and" });
        let mark = if about.read_only { ", read-only" } else { "" };
        println!("  {word:<9} {} ({}{mark})", terminal::line(&about.label), terminal::line(&about.detail));
    }
    println!("  data in   {}", shown(&args.data));
    println!("  Ctrl-C stops it.");

    tokio::spawn(ended(end.clone()));
    if let Some(tls) = &tls {
        tasks.spawn(certificate::kept_up_to_date(tls.clone(), end.clone()));
    }
    let limits = local::listener::Limits::default();
    let hooks = match &settings.hooks {
        Some(configured) => Some(Arc::new(Hooks::of(configured).map_err(|error| StartError::User(format!("Messages of SNS cannot be checked: {error}.\nInstall the certificates of the usual authorities (ca-certificates).")))?)),
        None => None,
    };
    let oidc = settings.oidc.map(|provider| Oidc::open(provider, &args.data, Clock::system())).transpose();
    let oidc = oidc.map_err(|why| {
        let remedy = "Check client_secret_file or client_secret_env of [oidc] in countersign.toml.";
        StartError::User(format!("The secret of the client cannot be used: {why}.\n{remedy}"))
    })?;
    let guests = door.map(|door| door.serve(&desks, &origin, &tasks, &end));
    let router = super::http::router_with(Arc::clone(&desks), gate, place, Extras { hooks, oidc, guests });
    let server = local::listener::serve_with(tls, listener, router, limits, end.clone());
    // Live streams never end by themselves: the wait for open connections is bounded.
    let closing = end.clone();
    tokio::select! {
        () = server => {}
        () = async { closing.cancelled().await; tokio::time::sleep(FAREWELL).await } => {}
    }
    end.cancel();
    tasks.close();
    let _ = tokio::time::timeout(FAREWELL, tasks.wait()).await;
    if let Some(engine) = engine {
        engine.shutdown().await;
    }
    desks.close().await;
    println!("Stopped. All data is in {}.", shown(&args.data));
    Ok(())
}

/// A path as a terminal may show it.
fn shown(path: &Path) -> String {
    terminal::line(&path.display().to_string())
}

/// The embedded engine if there is one, the target, and the engine's functions if they are known.
type Connected = (Option<local::Running>, Target, Option<BTreeSet<String>>);

/// The connection's target; starts the embedded engine if that is the target. HTTP tasks cannot reach
/// `dashboard`, nor the listener of `guests`.
async fn target(args: &ServeArgs, dashboard: SocketAddr, guests: Option<SocketAddr>) -> Result<Connected, StartError> {
    if args.aws {
        return Ok((None, Target::Aws, None));
    }
    if let Some(url) = &args.endpoint {
        return Ok((None, Target::Endpoint(url.clone()), None));
    }
    let functions = functions_file(args.functions.as_deref(), &args.data)?;
    // A mock may replace any function.
    let declared = if std::env::var_os("SFN_MOCK_CONFIG").is_some() { None } else { declared_functions(&functions) };
    let mut options = options(args.engine_listen, args.data.clone(), Some(functions));
    options.own_listeners.push(dashboard);
    options.own_listeners.extend(guests);
    let engine = start_engine(options, "--engine-listen", dashboard).await?;
    let url = format!("http://{}", engine.addr);
    Ok((Some(engine), Target::Embedded(url), declared))
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
                // Without a signal handler the system ends the program.
                std::future::pending::<()>().await;
            }
        }
        () = terminated => {}
    }
    end.cancel();
}

/// In an empty engine: deploys the shipped workflows and starts one execution of each sample, so that the first page has
/// something to show and to decide.
async fn first_start(desk: &Desk) {
    let actor = Actor::Program;
    // What an earlier run knew may be gone.
    desk.first_look().await;
    let Ok(known) = desk.snapshot(&actor).await else { return };
    if known.data_at.is_none() || !known.machines.is_empty() {
        return;
    }
    match desk.deploy_everything(&actor).await {
        Ok(names) => started(desk, &names).await,
        // The manifest's own problems are on the terminal already.
        Err(_) if desk.definitions().read().problem.is_some() => {}
        Err(error) => {
            let error = words::error(desk.about(), &error);
            eprintln!("The definitions were not deployed: {}", terminal::line(&error.to_string()));
        }
    }
}

/// Prints what was deployed and what was not, and starts the samples.
async fn started(desk: &Desk, names: &[String]) {
    let actor = Actor::Program;
    if let Ok(plan) = desk.plan(&actor).await {
        let found = |item: &Item| item.found.iter().cloned().map(file_problem).collect::<Vec<_>>();
        plan.items.iter().flat_map(found).chain(plan.problems).for_each(|problem| report(&problem));
    }
    let folder = desk.definitions().read();
    if names.is_empty() {
        eprintln!("Nothing was deployed from {}.", shown(&folder.path));
        return;
    }
    println!("Deployed {}.", terminal::line(&names.join(", ")));
    let Ok(known) = desk.snapshot(&actor).await else { return };
    for name in names {
        let Some(machine) = known.machine_named(name) else { continue };
        for sample in folder.samples(name) {
            if let Err(error) = desk.launch(&machine.arn, "", &sample.input).await {
                tracing::warn!(%error, workflow = %name, "a sample execution was not started");
            }
        }
    }
}

/// Opens or creates `countersign.db` in the data folder, which no other user of the machine may read.
pub(super) async fn open_store(data: &Path) -> Result<Sqlite, StartError> {
    local::files::private_folder(data)?;
    let file = data.join("countersign.db");
    // SQLite gives its files beside the database the same permissions.
    local::files::private_database(&file)?;
    Ok(Sqlite::open(&file).await?)
}

/// Opens or creates `index.db` in the data folder, with what was read of connections.
async fn open_index(data: &Path) -> Result<SqliteIndex, StartError> {
    let file = data.join("index.db");
    local::files::private_database(&file)?;
    Ok(SqliteIndex::open(&file).await?)
}

/// Prints a problem of the definitions on stderr, with its position and remedy.
fn report(problem: &FileProblem) {
    let level = if problem.error { "error" } else { "warning" };
    let place = format!("{}:{}:{}", problem.file, problem.line, problem.column);
    eprintln!("{}: {level}: {}", terminal::line(&place), terminal::line(&problem.message));
    eprintln!("  {}", terminal::line(&problem.remedy));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn why_the_record_cannot_be_used_comes_with_the_remedy() {
        let file = PathBuf::from("data/countersign.db");
        let newer = StartError::from(StoreError::Newer { file: file.clone(), found: 7, known: 2 });
        assert_eq!(
            newer.to_string(),
            "The record of decisions data/countersign.db was written by a newer countersign: its schema has version 7, \
             and this program knows version 2 at most.\n\
             Use that version of countersign, or give this one a folder of its own with --data DIR."
        );
        let copy = PathBuf::from("data/countersign.db.before-v2");
        let source = std::io::Error::other("no space left");
        for (error, expect) in [
            (StoreError::Locked { file: file.clone() }, "data/countersign.db is locked by another program"),
            (StoreError::Copy { file, copy, source }, "The record is unchanged. Make room for the copy"),
        ] {
            let words = StartError::from(error).to_string();
            assert!(words.contains(expect) && words.contains("--data DIR"), "{words}");
        }
    }

    #[tokio::test]
    async fn a_record_that_is_no_database_is_refused_with_its_file() {
        let data = std::env::temp_dir().join(format!("countersign-start-{}", std::process::id()));
        local::files::private_folder(&data).unwrap();
        std::fs::write(data.join("countersign.db"), "no database, but a text that is long enough to be read as one")
            .unwrap();
        let error = open_store(&data).await.unwrap_err().to_string();
        assert!(error.contains("countersign.db") && error.contains("--data DIR"), "{error}");
        std::fs::remove_dir_all(data).unwrap();
    }

    #[tokio::test]
    async fn the_error_of_a_busy_port_names_a_free_one() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let next = free_beside(address, address);
        let error = listen(address, "--listen", next).await.unwrap_err();
        let StartError::PortInUse { free, .. } = &error else { panic!("{error}") };
        assert_ne!(free.port(), next.port(), "the engine needs that one");
        assert!(std::net::TcpListener::bind(free).is_ok());
        assert!(error.to_string().contains(&format!("--listen {free}")), "{error}");
    }
}
