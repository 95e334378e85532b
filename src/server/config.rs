//! The command line: parsed once at the start, with every error reported at once.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use countersign_desk::approvals::LONGEST_UNDO;
use ipnet::IpNet;

use super::connections::{Configured, configured};
use super::guest::address::Wanted;
use super::hooks::config as hooks;
use super::http::place::{Public, UrlError};
use super::messages::config as messages;
use super::oidc::config as oidc;
use super::settings::Mistake;

/// The control room and approval desk for AWS Step Functions.
///
/// Without a command it serves the dashboard on an embedded Step Functions engine: no account is needed.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "Examples:
  countersign                               the dashboard on http://127.0.0.1:3000, with the embedded engine
  countersign serve --guest                     the same, with a QR code: a guest decides one request on a phone
  countersign serve --aws --region eu-west-1    the same dashboard on an AWS account
  countersign engine --functions lambdas/functions.toml    the engine alone, for the AWS CLI or an SDK
  RUST_LOG=countersign=info countersign     with what functions print and topics deliver")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the dashboard (the default)
    Serve(ServeArgs),
    /// Serve the embedded engine alone
    Engine(EngineArgs),
    /// Check definitions: every diagnostic with file, line, column and remedy
    Validate(ValidateArgs),
    /// Check or show the policies: who may do what
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Prove that the record is whole, or write it as a file
    Audit(AuditArgs),
    /// Add, list and change the people who may sign in
    User(UserArgs),
    /// List, show and decide what waits for people, on a running server
    Approvals(ApprovalsArgs),
    /// Check and try the channels of messages
    Messages(MessagesArgs),
    /// Evaluate the engine's expressions, which come on the standard input: the engine starts this itself
    #[command(hide = true)]
    Evaluate,
}

/// How the dashboard is served, and which Step Functions it shows.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Where the dashboard listens: an address of this machine only, unless people sign in
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Have everybody sign in, as one of the users of the data folder (see countersign user)
    #[arg(long)]
    pub sign_in: bool,
    /// The certificate to serve with TLS: a PEM file, the chain behind it
    #[arg(long, value_name = "FILE", requires_all = ["tls_key", "sign_in"])]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key: a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Where browsers reach the dashboard, such as https://approvals.example.com
    #[arg(long, value_name = "URL", requires = "sign_in")]
    pub public_url: Option<String>,
    /// The address or network of a proxy, whose X-Forwarded-For is believed; it may stand several times
    #[arg(long, value_name = "CIDR", requires = "public_url", value_parser = network)]
    pub trusted_proxy: Vec<IpNet>,
    /// Where decisions, and the embedded engine's executions, are kept
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Add signed anchors of the record to this file, which should lie where nobody who owns the data folder can change it, or
    /// publish them to the SNS topic with this ARN
    #[arg(long, value_name = "FILE|ARN")]
    pub audit_anchor: Option<PathBuf>,
    /// Set an anchor after so many entries
    #[arg(long, value_name = "ENTRIES", default_value_t = 100, requires = "audit_anchor", value_parser = clap::value_parser!(u32).range(1..))]
    pub audit_anchor_entries: u32,
    /// Set an anchor after so many minutes, where there are new entries
    #[arg(long, value_name = "MINUTES", default_value_t = 60, requires = "audit_anchor", value_parser = clap::value_parser!(u32).range(1..))]
    pub audit_anchor_minutes: u32,
    /// For how many seconds an approver can take a choice back, before it is on record and sent; 0 sends at once
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=i64::from(LONGEST_UNDO)))]
    pub undo: u32,
    /// Let guests' phones on the local network open one request each of the demonstration and decide it, with a QR code that
    /// is printed: on this address of the machine [default: its own, port 3030]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "", value_parser = Wanted::read)]
    pub guest: Option<Wanted>,
    /// Where the embedded engine listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8083", conflicts_with_all = ["aws", "endpoint"])]
    pub engine_listen: SocketAddr,
    /// Start with an empty engine: neither the shipped workflows nor their sample executions
    #[arg(long)]
    pub no_demo: bool,
    /// Show an AWS account, through the standard credential chain, instead of the embedded engine
    #[arg(long)]
    pub aws: bool,
    /// The region of the account or endpoint
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile of the AWS configuration
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Show another Step Functions endpoint instead of the embedded engine, such as http://127.0.0.1:4566
    #[arg(long, value_name = "URL", conflicts_with = "aws")]
    pub endpoint: Option<String>,
    /// Show another connection beside this one: name=NAME with region, profile, role-arn, external-id, endpoint, colour,
    /// label and read-only, as in countersign.toml of the data folder
    #[arg(long = "connection", value_name = "NAME=VALUE,...")]
    pub connections: Vec<String>,
    /// The definitions to deploy, with their countersign.toml [default: statemachine, or the shipped ones]
    #[arg(long, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
    /// The Lambda functions of the embedded engine [default: lambdas/functions.toml, or the shipped ones]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["aws", "endpoint"])]
    pub functions: Option<PathBuf>,
    /// The policies beside those of the program: who may do what [default: policy.cedar of the data folder]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// What is done with policies.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyCommand {
    /// Check a file of policies: every mistake with file, line and column
    Check {
        /// The file [default: policy.cedar of the data folder]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// The data folder
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
    },
    /// Show the policies of the program, and the schema that files are checked against
    Show,
}

/// How the embedded engine is served on its own.
#[derive(Clone, Debug, Args)]
pub struct EngineArgs {
    /// Where the engine listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8083")]
    pub listen: SocketAddr,
    /// Where state machines and executions are kept
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// The Lambda functions it runs
    #[arg(long, value_name = "FILE")]
    pub functions: Option<PathBuf>,
}

/// Which definitions are checked, and how the answer is written.
#[derive(Clone, Debug, Args)]
pub struct ValidateArgs {
    /// Definitions, or folders with their countersign.toml
    #[arg(value_name = "FILE|DIR", required = true)]
    pub files: Vec<PathBuf>,
    /// The functions that definitions may call [default: ../lambdas/functions.toml beside a folder, where it is there]
    #[arg(long, value_name = "FILE")]
    pub functions: Option<PathBuf>,
    /// How the diagnostics are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Refuse definitions that have warnings
    #[arg(long)]
    pub strict: bool,
}

/// What is done with the record, and where it is kept.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// The data folder of the dashboard
    #[arg(long, value_name = "DIR", default_value = "data", global = true)]
    pub data: PathBuf,
    #[command(subcommand)]
    pub verb: AuditVerb,
}

#[derive(Clone, Debug, Subcommand)]
pub enum AuditVerb {
    /// Make every hash of the record again: is it what was recorded? The exit status is 1 where it is not
    Verify {
        /// A file of anchors, of serve --audit-anchor, or of the messages that a topic sent; it may stand several times
        #[arg(long, value_name = "FILE")]
        anchors: Vec<PathBuf>,
    },
    /// Write the record to the standard output, newest entries first
    Export {
        #[arg(long, value_enum, default_value = "jsonl")]
        format: super::audit::export::Form,
        /// The name of the connection that it is about
        #[arg(long, value_name = "NAME", default_value = "default")]
        connection: String,
    },
}

/// What is done with requests, and on which server.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The API token is read from the environment variable COUNTERSIGN_TOKEN, or from a file; make one on the page
Account. Where nobody signs in, none is needed.

The exit status is 0 where it was done, 1 where it was refused, 2 where the command is wrong, and 3 where the server does not
answer.

Examples:
  countersign approvals list --part mine
  countersign approvals show apr_...
  countersign approvals decide apr_... approve --comment \"As agreed.\"
  countersign approvals list --all --json | jq -r '.approvals[].title'"
)]
pub struct ApprovalsArgs {
    /// The server
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL", default_value = "http://127.0.0.1:3000", global = true)]
    pub url: String,
    /// A file with the API token
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_TOKEN_FILE", global = true)]
    pub token_file: Option<PathBuf>,
    /// The name of the connection
    #[arg(long, value_name = "NAME", default_value = "default", global = true)]
    pub connection: String,
    /// Act as this person of the demonstration, where nobody signs in
    #[arg(long = "as", value_name = "PERSON", global = true)]
    pub person: Option<String>,
    /// Write the server's own JSON
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub verb: ApprovalsVerb,
}

#[derive(Clone, Debug, Subcommand)]
pub enum ApprovalsVerb {
    /// List what waits for people
    List {
        /// A part of the inbox
        #[arg(long, value_parser = ["all", "mine", "groups", "unclaimed", "soon", "overdue", "forgotten"], default_value = "all")]
        part: String,
        /// The most requests that are listed
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// List all of them, page by page
        #[arg(long, conflicts_with = "limit")]
        all: bool,
    },
    /// Show one request: what is asked, what may be chosen, and what became of it
    Show {
        /// The id of a request, as list shows it
        id: String,
    },
    /// Choose an outcome of a request, after a question
    Decide {
        /// The id of a request, as list shows it
        id: String,
        /// The id of an outcome, such as approve
        outcome: String,
        /// Why: kept with the decision
        #[arg(long, value_name = "TEXT", default_value = "")]
        comment: String,
        /// A field of the outcome's form; it may stand several times
        #[arg(long = "field", value_name = "NAME=VALUE")]
        fields: Vec<String>,
        /// Do not ask before it is decided
        #[arg(long)]
        yes: bool,
        /// Send it under this key: the same command with the same key has the effect of one [default: a new one]
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
}

/// What is done about users, and where they are kept.
#[derive(Clone, Debug, Args)]
pub struct UserArgs {
    /// The data folder of the dashboard
    #[arg(long, value_name = "DIR", default_value = "data", global = true)]
    pub data: PathBuf,
    #[command(subcommand)]
    pub verb: UserVerb,
}

#[derive(Clone, Debug, Subcommand)]
pub enum UserVerb {
    /// Add a user, whose password is typed, or the first line of the standard input
    Add {
        /// The name to sign in with
        id: String,
        /// The name that pages show [default: the ID]
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        email: Option<String>,
        /// A group that the user is in, such as administrators; it may stand several times
        #[arg(long)]
        group: Vec<String>,
    },
    /// List the users
    List,
    /// Keep a user from signing in: every session ends, and API tokens no longer hold
    Disable { id: String },
    /// Let a disabled user sign in again
    Enable { id: String },
    /// Set a password, which is typed, or the first line of the standard input; every session ends
    SetPassword { id: String },
    /// Have somebody whom the provider of countersign.toml knows sign in as this user
    Link {
        id: String,
        /// The provider's own name for them (the claim sub)
        subject: String,
    },
    /// Put a user into these groups and no others
    Groups { id: String, groups: Vec<String> },
}

/// What is done with the channels of messages, and where they are described.
#[derive(Clone, Debug, Args)]
pub struct MessagesArgs {
    /// The data folder of the dashboard, whose countersign.toml describes the channels
    #[arg(long, value_name = "DIR", default_value = "data", global = true)]
    pub data: PathBuf,
    #[command(subcommand)]
    pub verb: MessagesVerb,
}

#[derive(Clone, Debug, Subcommand)]
pub enum MessagesVerb {
    /// Read the channels, their secrets and templates, and show where each leads; nothing is sent
    Check,
    /// Send a trial message through a channel
    Test {
        /// The channel's name
        #[arg(value_name = "CHANNEL")]
        channel: String,
        /// An e-mail address to send it to, instead of the channel's own
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
        /// Where the link leads
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
    Sarif,
}

/// What is configured beside the flags.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The connections beside the default one.
    pub connections: Vec<Configured>,
    /// The channels of messages.
    pub messages: Vec<messages::Configured>,
    /// What SNS pushes in.
    pub hooks: Option<hooks::Configured>,
    /// With whom people sign in besides.
    pub oidc: Option<oidc::Configured>,
}

/// Why the command line cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "countersign does not listen on {0}: whoever reaches it can act, and nobody signs in.\n\
         Listen on this machine only, for example --listen 127.0.0.1:{port}, and reach it through an SSH tunnel.",
        port = .0.port()
    )]
    NotLoopback(SocketAddr),
    #[error(
        "countersign does not listen on {0}: whoever reaches the dashboard can decide approvals, and nobody signs in.\n\
         Add --sign-in with --tls-cert and --tls-key, or listen on this machine only, for example --listen 127.0.0.1:{port}.",
        port = .0.port()
    )]
    NoSignIn(SocketAddr),
    #[error(
        "countersign does not listen on {0} without TLS: passwords would be readable on the way.\n\
         Add --tls-cert and --tls-key; or, behind a proxy that speaks TLS, --public-url with --trusted-proxy."
    )]
    NoTls(SocketAddr),
    #[error("--public-url {0:?} cannot be used: {1}.\nGive one such as https://approvals.example.com.")]
    PublicUrl(String, UrlError),
    #[error("--endpoint {0:?} is not an http:// or https:// URL.\nGive one such as http://127.0.0.1:4566.")]
    Endpoint(String),
    #[error(
        "--region and --profile choose an AWS account.\nAdd --aws to show that account instead of the embedded engine."
    )]
    RegionWithoutAws,
    #[error(
        "The dashboard and the engine cannot both listen on {0}.\nGive one of them another port with --listen or --engine-listen."
    )]
    SamePort(SocketAddr),
    #[error(
        "countersign.toml names a provider with which people sign in, and nobody signs in.\n\
         Add --sign-in, or remove [oidc] from it."
    )]
    ProviderWithoutSignIn,
    #[error(transparent)]
    Setting(Mistake),
}

/// Whether a text is a URL that an endpoint may have.
pub(super) fn is_url(text: &str) -> bool {
    let is_right = |uri: &http::Uri| uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"));
    text.parse().is_ok_and(|uri| is_right(&uri))
}

/// A network, or an address as one.
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).map_err(|_| "give an address or a network, such as 10.0.0.0/8".to_owned())
}

impl ServeArgs {
    /// Whether the embedded engine is served as well, with the functions that it runs.
    #[must_use]
    pub fn embeds_the_engine(&self) -> bool {
        !self.aws && self.endpoint.is_none()
    }

    /// Checks the rules that clap cannot express, and reads the settings of the data folder.
    ///
    /// # Errors
    /// Every rule that is broken, in the order of the flags, and every mistake of the settings.
    pub fn check(&self) -> Result<Settings, Vec<ConfigError>> {
        let mut errors = Vec::new();
        if !self.listen.ip().is_loopback() {
            if !self.sign_in {
                errors.push(ConfigError::NoSignIn(self.listen));
            } else if self.tls_cert.is_none() && self.trusted_proxy.is_empty() {
                errors.push(ConfigError::NoTls(self.listen));
            }
        }
        if !self.engine_listen.ip().is_loopback() {
            errors.push(ConfigError::NotLoopback(self.engine_listen));
        }
        if let Some(url) = &self.public_url
            && let Err(error) = Public::at(url)
        {
            errors.push(ConfigError::PublicUrl(url.clone(), error));
        }
        let embedded = !self.aws && self.endpoint.is_none();
        if embedded && self.listen == self.engine_listen && self.listen.port() != 0 {
            errors.push(ConfigError::SamePort(self.listen));
        }
        if let Some(url) = &self.endpoint
            && !is_url(url)
        {
            errors.push(ConfigError::Endpoint(url.clone()));
        }
        if (self.profile.is_some() || self.region.is_some()) && !self.aws && self.endpoint.is_none() {
            errors.push(ConfigError::RegionWithoutAws);
        }
        let mut setting = |mistakes: Vec<Mistake>| errors.extend(mistakes.into_iter().map(ConfigError::Setting));
        let connections = configured(&self.data, &self.connections).map_err(&mut setting);
        let messages = messages::configured(&self.data).map_err(&mut setting);
        let hooks = hooks::configured(&self.data).map_err(&mut setting);
        let oidc = oidc::configured(&self.data).map_err(&mut setting);
        if !self.sign_in && matches!(oidc, Ok(Some(_))) {
            errors.push(ConfigError::ProviderWithoutSignIn);
        }
        match (connections, messages, hooks, oidc) {
            (Ok(connections), Ok(messages), Ok(hooks), Ok(oidc)) if errors.is_empty() => {
                Ok(Settings { connections, messages, hooks, oidc })
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    fn serve(args: &[&str]) -> Result<ServeArgs, clap::Error> {
        Cli::try_parse_from(std::iter::once("countersign").chain(args.iter().copied())).map(|cli| match cli.command {
            Some(Command::Serve(serve)) => serve,
            _ => cli.serve,
        })
    }

    #[test]
    fn serve_is_the_default_and_takes_its_flags_either_way() {
        assert_eq!(
            serve(&["--listen", "127.0.0.1:1"]).unwrap().listen,
            serve(&["serve", "--listen", "127.0.0.1:1"]).unwrap().listen
        );
        assert!(serve(&["--aws", "--endpoint", "http://x"]).is_err());
    }

    #[test]
    fn with_sign_in_and_tls_other_addresses_are_allowed() {
        let check = |args: &[&str]| {
            let all = ["--listen", "0.0.0.0:443"].iter().chain(args).copied().collect::<Vec<_>>();
            serve(&all).unwrap().check().map(drop).map_err(|errors| errors[0].to_string())
        };
        assert!(check(&[]).unwrap_err().contains("nobody signs in"));
        let plain = check(&["--sign-in"]).unwrap_err();
        assert!(plain.contains("without TLS") && plain.contains("--tls-cert"), "{plain}");
        assert!(check(&["--sign-in", "--public-url", "https://a.example"]).unwrap_err().contains("--trusted-proxy"));
        assert!(check(&["--sign-in", "--tls-cert", "c", "--tls-key", "k"]).is_ok());
        let behind = ["--sign-in", "--public-url", "https://a.example", "--trusted-proxy", "10.0.0.0/8"];
        assert!(check(&behind).is_ok());
        let path = ["--sign-in", "--public-url", "https://a.example/x", "--trusted-proxy", "10.0.0.1"];
        assert!(check(&path).unwrap_err().contains("it has a path"), "{:?}", check(&path));
        for incomplete in [
            &["--tls-cert", "c", "--tls-key", "k"][..],
            &["--sign-in", "--tls-cert", "c"],
            &["--sign-in", "--tls-key", "k"],
            &["--public-url", "https://a.example"],
            &["--sign-in", "--trusted-proxy", "10.0.0.0/8"],
            &["--sign-in", "--public-url", "https://a.example", "--trusted-proxy", "everybody"],
        ] {
            assert!(serve(incomplete).is_err(), "{incomplete:?}");
        }
    }

    #[test]
    fn anything_but_loopback_is_refused() {
        let errors =
            serve(&["--listen", "0.0.0.0:80", "--endpoint", "ftp://x", "--profile", "p"]).unwrap().check().unwrap_err();
        let text = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(
            text.contains("0.0.0.0:80") && text.contains("--listen 127.0.0.1:80") && text.contains("\"ftp://x\""),
            "{text}"
        );
        assert!(serve(&["--listen", "[::1]:80"]).unwrap().check().is_ok());
        let same = serve(&["--listen", "127.0.0.1:8083"]).unwrap().check().unwrap_err();
        assert!(same[0].to_string().contains("cannot both listen on 127.0.0.1:8083"), "{}", same[0]);
        assert!(serve(&["--listen", "127.0.0.1:8083", "--endpoint", "http://x"]).unwrap().check().is_ok());
    }
}
