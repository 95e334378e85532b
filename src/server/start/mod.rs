//! Starting and ending the program's two servers.

mod connections;
mod engine;
mod error;
mod files;
mod first;
mod listening;
mod telling;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_desk::connection::{ConnectionId, SdkOptions};
use countersign_desk::deploy::Definitions;
use countersign_desk::index::Index;
use countersign_desk::people::{People, PeopleError};
use countersign_desk::store::Store;
use countersign_desk::{Clock, Desk, Desks, Parts};
use countersign_local as local;
use local::listener::Limits;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connections::opened;
pub use self::engine::engine;
use self::engine::target;
pub use self::error::StartError;
pub(super) use self::files::open_store;
use self::files::{definitions, open_index};
pub(super) use self::listening::listen;
use self::listening::{name_of, place};
use super::config::ServeArgs;
use super::functions::EngineFunctions;
use super::hooks::Hooks;
use super::http::place::Place;
use super::http::{Extras, Gate};
use super::oidc::{self, Oidc};
use super::policy::authority;
use super::redaction_key::redaction_key;
use super::shipped::definitions_folder;
use super::{certificate, guest, terminal, words};

/// How long open connections may take to end after Ctrl-C. Live streams end at once.
const FAREWELL: Duration = Duration::from_secs(3);

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
    let definitions = definitions(&folder)?;
    let door = guest::Door::open(&args, &settings.connections, &*store, address).await?;
    let guests = door.as_ref().map(guest::Door::address);
    let (engine, target) = target(&args, address, guests).await?;
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
    let (mut of_default, others) = opened(options, settings.connections).await?;
    if let Some(engine) = &engine {
        of_default = of_default.with_functions(Arc::new(EngineFunctions::at(engine.addr))).with_steps(engine.steps());
    }
    let desk = Arc::new(Desk::new(parts(of_default, definitions)));
    let mut desks = Desks::of(Arc::clone(&desk));
    for other in others {
        desks = desks.and(parts(other, Definitions::from(folder.clone())))?;
    }
    let desks = Arc::new(desks);

    let end = CancellationToken::new();
    let tasks = TaskTracker::new();
    let origin = place.origin(&name_of(address));
    if let Some(notices) = telling::notices(&settings.messages, &args.data, &store, (&place, &origin)).await? {
        desks.tell_through(&notices);
        tasks.spawn(notices.run(end.clone()));
    }
    tasks.spawn(Arc::clone(&desks).run(end.clone()));
    telling::anchors(&args, anchors, &store, (&tasks, &end)).await?;
    desk.definitions().read().problems.iter().for_each(first::report);
    if engine.is_some() && !args.no_demo && !desk.about().read_only {
        first::first_start(&desk).await;
    }
    let people = Arc::new(People::new(Arc::clone(&store), Clock::system(), Arc::clone(&authority)));
    println!("Countersign is at {origin}{}", crate::routes::base());
    if matches!(place, Place::Public(_)) {
        println!("  it listens on {address}");
    }
    let gate = gate(args.sign_in, people, &origin).await?;
    if let Some(note) = listening::note_on_name(&origin) {
        println!("  {note}");
    }
    say_what_is_shown(&desks, &args.data);

    tokio::spawn(ended(end.clone()));
    if let Some(tls) = &tls {
        tasks.spawn(certificate::kept_up_to_date(tls.clone(), end.clone()));
    }
    let (hooks, oidc) = (hooks(settings.hooks.as_ref())?, oidc(settings.oidc, &args.data)?);
    let guests = door.map(|door| door.serve(&desks, &origin, &tasks, &end));
    let router = super::http::router_with(Arc::clone(&desks), gate, place, Extras { hooks, oidc, guests });
    let server = local::listener::serve_with(tls, listener, router, Limits::default(), end.clone());
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

/// Says on the terminal what the dashboard shows.
fn say_what_is_shown(desks: &Desks, data: &Path) {
    for (index, desk) in desks.iter().enumerate() {
        let (about, word) = (desk.about(), if index == 0 { "showing" } else { "and" });
        let mark = if about.read_only { ", read-only" } else { "" };
        println!("  {word:<9} {} ({}{mark})", terminal::line(&about.label), terminal::line(&about.detail));
    }
    println!("  data in   {}", shown(data));
    println!("  Ctrl-C stops it.");
}

/// What SNS pushes in, where topics are named.
fn hooks(configured: Option<&crate::server::hooks::config::Configured>) -> Result<Option<Arc<Hooks>>, StartError> {
    let Some(configured) = configured else { return Ok(None) };
    let hooks = Hooks::of(configured).map_err(|error| {
        let remedy = "Install the certificates of the usual authorities (ca-certificates).";
        StartError::User(format!("Messages of SNS cannot be checked: {error}.\n{remedy}"))
    })?;
    Ok(Some(Arc::new(hooks)))
}

/// With whom people sign in besides, where a provider is named.
fn oidc(provider: Option<oidc::config::Configured>, data: &Path) -> Result<Option<Arc<Oidc>>, StartError> {
    let opened = provider.map(|provider| Oidc::open(provider, data, Clock::system())).transpose();
    opened.map_err(|why| {
        let remedy = "Check client_secret_file or client_secret_env of [oidc] in countersign.toml.";
        StartError::User(format!("The secret of the client cannot be used: {why}.\n{remedy}"))
    })
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

fn is_default(id: &ConnectionId) -> bool {
    *id == ConnectionId::default_one()
}

/// A path as a terminal may show it.
fn shown(path: &Path) -> String {
    terminal::line(&path.display().to_string())
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
