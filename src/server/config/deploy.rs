//! `countersign deploy` and its arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What is done with the definitions.
#[derive(Clone, Debug, Args)]
pub struct DeployArgs {
    #[command(subcommand)]
    pub verb: DeployVerb,
}

#[derive(Clone, Debug, Subcommand)]
pub enum DeployVerb {
    /// Show what deploying would change, and change nothing
    Plan(PlanArgs),
    /// Make exactly what the plan shows, after a question
    Apply(ApplyArgs),
    /// Have people approve exactly what the plan shows, on a running server, after a question
    Propose(ProposeArgs),
    /// Lead an alias back to the version before, or the definition where there is no alias
    Rollback(RollbackArgs),
    /// Go on with a rollout until its end, or end it at once
    Rollout(RolloutArgs),
    /// Show what runs where: versions and aliases, since when and by whom
    Status(StatusArgs),
    /// Do something about versions
    #[command(subcommand)]
    Versions(VersionsVerb),
}

#[derive(Clone, Debug, Subcommand)]
pub enum VersionsVerb {
    /// Delete the oldest versions that no alias leads to or would go back to, after a question
    Prune(PruneArgs),
}

/// Which Step Functions is meant.
#[derive(Clone, Debug, Args)]
pub struct ReachArgs {
    /// The connection: a name of countersign.toml of the data folder, or name=NAME with region, profile, role-arn and endpoint
    /// [default: that of the environment, else AWS_ENDPOINT_URL, else the embedded engine]
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
    /// Another endpoint, such as http://127.0.0.1:4566
    #[arg(long, visible_alias = "endpoint", value_name = "URL", conflicts_with_all = ["connection", "aws"])]
    pub endpoint_url: Option<String>,
    /// An AWS account, through the standard credential chain
    #[arg(long, conflicts_with = "connection")]
    pub aws: bool,
    /// The region of the account or endpoint
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile of the AWS configuration
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// The data folder, whose countersign.toml describes connections
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
}

/// What is planned, and how it is written.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The exit status is 0 where nothing would change, 2 where something would, and 1 where something is wrong.

The embedded engine answers while `countersign serve` or `countersign engine` runs.

Examples:
  countersign deploy plan
  countersign deploy plan statemachine --environment staging
  countersign deploy plan --endpoint-url http://127.0.0.1:4566 --json | jq '.workflows[].change'
  countersign deploy plan template.yaml --parameter Price=5 --parameter Mode=trial
  countersign deploy plan --markdown > comment.md
  countersign deploy plan --out reviewed.plan"
)]
pub struct PlanArgs {
    /// A folder of definitions, a folder cdk.out, a SAM or CloudFormation template, or a plan of Terraform in JSON
    /// [default: statemachine, or the shipped definitions]
    #[arg(value_name = "FOLDER|FILE")]
    pub source: Option<PathBuf>,
    #[command(flatten)]
    pub within: WithinArgs,
    /// The value of a parameter of a template; may be repeated [default: the parameter's own]
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// The name of a template's stack, or the one stack of cdk.out to plan [default: the template's folder; all of cdk.out]
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
    /// Write JSON
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Write Markdown, for the comment of a pull request, with the graphs as Mermaid
    #[arg(long)]
    pub markdown: bool,
    /// Keep the plan in a file, for countersign deploy apply --plan
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Do not run the last executions through the new definitions
    #[arg(long)]
    pub no_replay: bool,
}

/// Which environment is meant, and where it is.
#[derive(Clone, Debug, Args)]
pub struct WithinArgs {
    /// The environment of the manifest [default: its first one]
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub reach: ReachArgs,
    /// The functions of the embedded engine [default: ../lambdas/functions.toml beside the folder, where it is there]
    #[arg(long, value_name = "FILE")]
    pub functions: Option<PathBuf>,
}

/// What is applied.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Ctrl-C ends it before the next call, and says what was done and what was not. Applying again goes on there.

The exit status is 0 where it was done, and 1 where it was refused, failed, or rolled back.

Examples:
  countersign deploy apply
  countersign deploy plan --environment live --out reviewed.plan
  countersign deploy apply --plan reviewed.plan --yes"
)]
pub struct ApplyArgs {
    /// A folder of definitions [default: that of the plan, else statemachine, or the shipped definitions]
    #[arg(value_name = "FOLDER|FILE")]
    pub source: Option<PathBuf>,
    #[command(flatten)]
    pub within: WithinArgs,
    /// Apply this plan, which countersign deploy plan --out wrote, if it is still the same
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Do not ask before anything is changed
    #[arg(long)]
    pub yes: bool,
    /// Delete the state machines that the manifest no longer names
    #[arg(long)]
    pub remove: bool,
    /// Do not wait for rollouts: a running dashboard goes on with them
    #[arg(long)]
    pub no_wait: bool,
    /// Do not run the last executions through the new definitions before the question
    #[arg(long, conflicts_with = "plan")]
    pub no_replay: bool,
}

/// What is proposed, and to which server.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The server plans its own folder of definitions, and proposes nothing where that is not this very plan.

The exit status is 0 where it was proposed, and 1 where it was refused or failed.

Examples:
  countersign deploy propose --environment live --url https://approvals.example.com --token-file ~/.countersign-token
  countersign deploy propose --as dana"
)]
pub struct ProposeArgs {
    /// A folder of definitions [default: statemachine, or the shipped definitions]
    #[arg(value_name = "FOLDER|FILE")]
    pub source: Option<PathBuf>,
    #[command(flatten)]
    pub within: WithinArgs,
    /// The server
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL", default_value = "http://127.0.0.1:3000")]
    pub url: String,
    /// A file with the API token [default: the token of COUNTERSIGN_TOKEN]
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// The name that the server has for the connection [default: that of the plan]
    #[arg(long, value_name = "NAME")]
    pub server_connection: Option<String>,
    /// Act as this person of the demonstration, where nobody signs in
    #[arg(long = "as", value_name = "PERSON")]
    pub person: Option<String>,
    /// Do not ask before it is proposed
    #[arg(long)]
    pub yes: bool,
    /// Do not run the last executions through the new definitions before the question
    #[arg(long)]
    pub no_replay: bool,
}

/// A workflow of a folder.
#[derive(Clone, Debug, Args)]
pub struct WorkflowArgs {
    /// The workflow, by its name in the manifest, or a state machine
    pub workflow: String,
    /// The folder of definitions [default: statemachine, or the shipped definitions]
    #[arg(long = "folder", value_name = "FOLDER")]
    pub source: Option<PathBuf>,
    #[command(flatten)]
    pub within: WithinArgs,
}

/// What goes back.
#[derive(Clone, Debug, Args)]
pub struct RollbackArgs {
    #[command(flatten)]
    pub of: WorkflowArgs,
    /// The alias [default: that of the manifest]
    #[arg(long, value_name = "NAME")]
    pub alias: Option<String>,
    /// Do not ask before anything is changed
    #[arg(long)]
    pub yes: bool,
}

/// Which rollout goes on.
#[derive(Clone, Debug, Args)]
pub struct RolloutArgs {
    #[command(flatten)]
    pub of: WorkflowArgs,
    /// The alias [default: that of the manifest]
    #[arg(long, value_name = "NAME")]
    pub alias: Option<String>,
    /// Give all executions the new version now
    #[arg(long)]
    pub finish: bool,
    /// Do not ask before anything is changed
    #[arg(long)]
    pub yes: bool,
}

/// Whose versions and aliases are shown.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
    /// The folder of definitions [default: statemachine, or the shipped definitions]
    #[arg(value_name = "FOLDER")]
    pub source: Option<PathBuf>,
    #[command(flatten)]
    pub within: WithinArgs,
}

/// Which versions go.
#[derive(Clone, Debug, Args)]
pub struct PruneArgs {
    #[command(flatten)]
    pub of: WorkflowArgs,
    /// How many of the newest versions stay
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub keep: usize,
    /// Do not ask before anything is deleted
    #[arg(long)]
    pub yes: bool,
}
