//! The command line: parsed once at the start, with every error reported at once.

mod check;
mod commands;
mod deploy;
mod testing;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use countersign_desk::approvals::LONGEST_UNDO;
use ipnet::IpNet;

pub(super) use self::check::is_url;
pub use self::check::{ConfigError, Settings};
pub use self::commands::{
    ApprovalsArgs, ApprovalsVerb, AuditArgs, AuditVerb, EngineArgs, Format, HealthArgs, IamArgs, InitArgs, Kind,
    MessagesArgs, MessagesVerb, PolicyCommand, PolicyFormat, UserArgs, UserVerb, ValidateArgs,
};
pub use self::deploy::{
    ApplyArgs, DeployArgs, DeployVerb, PlanArgs, ProposeArgs, PruneArgs, ReachArgs, RollbackArgs, RolloutArgs,
    StatusArgs, VersionsVerb, WithinArgs, WorkflowArgs,
};
pub use self::testing::{TestArgs, TestFormat, TestRecordArgs, TestRunArgs, TestVerb};
use super::guest::address::Wanted;

/// The control room and approval desk for AWS Step Functions.
///
/// Without a command it serves the dashboard on an embedded Step Functions engine: no account is needed.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "Examples:
  countersign init shop                         a folder with a workflow of your own, to begin with
  countersign                                   the dashboard on http://127.0.0.1:3000, with the embedded engine
  countersign serve --guest                     the same, with a QR code: a guest decides one request on a phone
  countersign serve --aws --region eu-west-1    the same dashboard on an AWS account
  countersign engine --functions lambdas/functions.toml    the engine alone, for the AWS CLI or an SDK
  RUST_LOG=countersign=info countersign         with what functions print and topics deliver")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a folder with a workflow that runs at once: nothing that is there is overwritten
    Init(InitArgs),
    /// Serve the dashboard (the default)
    Serve(ServeArgs),
    /// Serve the embedded engine alone
    Engine(EngineArgs),
    /// Check definitions: every diagnostic with file, line, column and remedy
    Validate(ValidateArgs),
    /// Run the test cases beside definitions, in the engine and in milliseconds; or record one
    Test(TestArgs),
    /// Plan, apply, roll out and take back the definitions of a folder
    Deploy(DeployArgs),
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
    /// Ask whether a server answers, as containers do: the exit status is 0 or 1
    Health(HealthArgs),
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
    /// Where browsers reach the dashboard, such as https://approvals.example.com or https://tools.example.com/approvals
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
    #[arg(long, visible_alias = "endpoint-url", value_name = "URL", conflicts_with = "aws")]
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

/// A network, or an address as one.
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).map_err(|_| "give an address or a network, such as 10.0.0.0/8".to_owned())
}
