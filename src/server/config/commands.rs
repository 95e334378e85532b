//! The commands beside `serve`, with their arguments.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use countersign_asl::{Rule, Switch, SwitchError};
use countersign_desk::nearest::meant;

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
    /// Write the least IAM policy that a definition needs, or the trust policy of its role
    Iam(IamArgs),
}

/// Whose IAM policy is written.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The exit status is 0 where it was written, 1 where a definition is refused, and 2 where an argument is wrong."
)]
pub struct IamArgs {
    /// A definition, or a folder with its countersign.toml
    #[arg(value_name = "FILE|FOLDER", default_value = "statemachine")]
    pub path: PathBuf,
    /// One workflow of a folder [default: one policy for the role of all of them]
    #[arg(long, value_name = "NAME")]
    pub workflow: Option<String>,
    /// The environment of the manifest [default: its first one]
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// The account that it runs in [default: any, with a note]
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Option<String>,
    /// The region that it runs in [default: any, with a note]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The type of a definition without a manifest
    #[arg(long = "type", value_enum, default_value_t = Kind::Standard)]
    pub kind: Kind,
    /// Write the trust policy: who may take the role
    #[arg(long)]
    pub trust: bool,
    /// How the policy is written
    #[arg(long, value_enum, default_value_t = PolicyFormat::Json)]
    pub format: PolicyFormat,
}

/// The type of a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    Standard,
    Express,
}

/// How a policy is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PolicyFormat {
    /// The document, as IAM takes it
    Json,
    /// An aws_iam_policy_document of Terraform
    Terraform,
}

/// Where a new folder is made.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// The folder; it is made where it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

/// Which server is asked whether it answers.
#[derive(Clone, Debug, Args)]
pub struct HealthArgs {
    /// The server
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL", default_value = "http://127.0.0.1:3000")]
    pub url: String,
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
    /// The Lambda functions it runs [default: none]
    #[arg(long, value_name = "FILE")]
    pub functions: Option<PathBuf>,
}

/// Which definitions are checked, and how the answer is written.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The exit status is 0 where nothing is refused, 1 where something is, and 2 where something cannot be read."
)]
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
    /// Refuse definitions that have warnings; advice refuses none
    #[arg(long)]
    pub strict: bool,
    /// Switch a rule: off, warn or error; it may stand several times
    #[arg(long = "rule", value_name = "ID=LEVEL", value_parser = switch)]
    pub rules: Vec<Switch>,
}

/// Reads the switch of a rule; a wrong id is refused with the nearest right one.
fn switch(text: &str) -> Result<Switch, String> {
    text.parse().map_err(|error| match &error {
        SwitchError::UnknownRule(id) => {
            let ids: Vec<&str> = Rule::switched().map(Rule::id).collect();
            match meant(id, &ids) {
                Some(near) => format!("there is no rule `{id}`. Did you mean `{near}`?"),
                None => format!("there is no rule `{id}`. Rules with a switch: {}.", ids.join(", ")),
            }
        }
        _ => error.to_string(),
    })
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
        /// How it is written
        #[arg(long, value_enum, default_value = "jsonl")]
        format: crate::server::audit::export::Form,
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
    /// A file with the API token [default: the token of COUNTERSIGN_TOKEN]
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
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Where messages reach them
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// A group that the user is in, such as administrators; it may stand several times
        #[arg(long, value_name = "GROUP")]
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
        /// Where browsers reach the dashboard, to which the link leads [default: http://127.0.0.1:3000]
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
    /// Workflow commands of GitHub Actions, shown beside the lines of a pull request
    Github,
}
