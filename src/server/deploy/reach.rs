//! The connection that a command of the terminal means.

use countersign_desk::connection::{
    CallError, Connection, ConnectionId, ConnectionKind, Fault, SdkOptions, Target, by_name,
};

use super::Failure;
use crate::server::config::{ReachArgs, is_url};
use crate::server::connections::{Configured, configured};
use crate::server::settings::{FILE, did_you_mean};
use crate::server::words;

/// Where the embedded engine listens, where nothing else is said.
const ENGINE: &str = "http://127.0.0.1:8083";
/// The variables by which tools of AWS name an endpoint, the more special one first.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL"];

/// Opens the connection that the arguments mean, or that the environment chooses. No call is made yet.
///
/// # Errors
/// Nothing is configured by that name, or its configuration is wrong.
pub async fn reach(args: &ReachArgs, of_environment: Option<&str>) -> Result<Connection, Failure> {
    let with =
        |target| SdkOptions { profile: args.profile.clone(), region: args.region.clone(), ..SdkOptions::of(target) };
    if let Some(url) = &args.endpoint_url {
        return open(ConnectionId::default_one(), with(Target::Endpoint(checked(url)?))).await;
    }
    if args.aws {
        return open(ConnectionId::default_one(), with(Target::Aws)).await;
    }
    let named = args.connection.as_deref();
    // What a flag describes as a whole is configured by it.
    let flags: Vec<String> = named.filter(|name| name.contains('=')).map(str::to_owned).into_iter().collect();
    let known = configured(&args.data, &flags).map_err(|mistakes| {
        let all: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        Failure::new("The connections cannot be read:", all.join("\n"))
    })?;
    let name = match (flags.is_empty(), known.last()) {
        (false, Some(one)) => one.id.as_str().to_owned(),
        _ => named.or(of_environment).unwrap_or("default").to_owned(),
    };
    if let Some(one) = known.iter().find(|one| one.id.as_str() == name && one.id != ConnectionId::default_one()) {
        let mut connection = open(one.id.clone(), options(one, args)).await?;
        connection.about.label = one.label.clone().unwrap_or(connection.about.label);
        return Ok(connection);
    }
    if name != ConnectionId::default_one().as_str() {
        return Err(unknown(&name, &known, args));
    }
    let endpoint = ENDPOINTS.into_iter().find_map(|name| std::env::var(name).ok().filter(|url| !url.is_empty()));
    let target = match endpoint {
        Some(url) => Target::Endpoint(checked(&url)?),
        None if args.profile.is_some() => Target::Aws,
        None => Target::Embedded(ENGINE.to_owned()),
    };
    open(ConnectionId::default_one(), with(target)).await
}

fn options(one: &Configured, args: &ReachArgs) -> SdkOptions {
    let configured = one.options();
    SdkOptions {
        region: args.region.clone().or(configured.region),
        profile: args.profile.clone().or(configured.profile),
        ..configured
    }
}

fn checked(url: &str) -> Result<String, Failure> {
    if is_url(url) {
        return Ok(url.to_owned());
    }
    let what = format!("{url:?} is not an http:// or https:// URL.");
    Err(Failure::new(what, "Give one such as --endpoint-url http://127.0.0.1:4566."))
}

fn unknown(name: &str, known: &[Configured], args: &ReachArgs) -> Failure {
    let names: Vec<&str> = known.iter().map(|one| one.id.as_str()).chain(["default"]).collect();
    let what = format!("There is no connection named {name:?}.");
    let file = args.data.join(FILE);
    let remedy = format!(
        "{}Describe it as [connections.{name}] in {}, or choose one of these with --connection: {}.",
        did_you_mean(name, &names),
        file.display(),
        names.join(", ")
    );
    Failure::new(what, remedy)
}

async fn open(id: ConnectionId, options: SdkOptions) -> Result<Connection, Failure> {
    let connection = Connection::open(id, options).await;
    if connection.about.kind == ConnectionKind::Aws && connection.about.region.is_empty() {
        let what = "Nothing says which region of AWS is meant.";
        return Err(Failure::new(what, "Name it with --region, in AWS_REGION, or in the profile."));
    }
    Ok(connection)
}

/// A call that failed, for a terminal.
pub fn call_failure(connection: &Connection, error: &CallError) -> Failure {
    let about = &connection.about;
    match (about.kind, &error.fault) {
        (ConnectionKind::Embedded, Fault::Unreachable | Fault::Unsent(_)) => Failure::new(
            format!("Nothing answers at {}: the embedded engine is not running.", by_name(&about.detail)),
            "Start it with `countersign serve` or `countersign engine`, or name another place with --endpoint-url, \
             --connection or --aws.",
        ),
        (_, Fault::Credentials { .. }) => {
            let what = words::call(about, error).problem.what;
            Failure::new(what, "Sign in again (for example `aws sso login`), or choose another --profile.")
        }
        (_, Fault::Throttled { .. }) => {
            let what = words::call(about, error).problem.what;
            Failure::new(what, "Others use the quota of this account, too: try again in a minute.")
        }
        (_, Fault::Unreachable) => {
            let what = words::call(about, error).problem.what;
            Failure::new(what, "Check the address, the network and the region, then try again.")
        }
        _ => words::call(about, error).into(),
    }
}
