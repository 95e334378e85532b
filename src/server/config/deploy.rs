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
}

/// Which Step Functions is meant.
#[derive(Clone, Debug, Args)]
pub struct ReachArgs {
    /// The connection: a name of countersign.toml of the data folder, or name=NAME with region, profile, role-arn and endpoint
    /// [default: that of the environment, else the embedded engine]
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
    /// Another endpoint, such as http://127.0.0.1:4566
    #[arg(long, value_name = "URL", conflicts_with_all = ["connection", "aws"])]
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
  countersign deploy plan --markdown > comment.md
  countersign deploy plan --out reviewed.plan"
)]
pub struct PlanArgs {
    /// A folder of definitions, a folder cdk.out, a SAM or CloudFormation template, or a plan of Terraform in JSON
    /// [default: statemachine, or the shipped definitions]
    #[arg(value_name = "FOLDER|FILE")]
    pub source: Option<PathBuf>,
    /// The environment of the manifest [default: its first one]
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub reach: ReachArgs,
    /// The functions of the embedded engine [default: ../lambdas/functions.toml beside the folder, where it is there]
    #[arg(long, value_name = "FILE")]
    pub functions: Option<PathBuf>,
    /// Write JSON
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Write Markdown, for the comment of a pull request, with the graphs as Mermaid
    #[arg(long)]
    pub markdown: bool,
    /// Keep the plan in a file, for countersign deploy apply --plan
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Do not run past executions through the new definitions
    #[arg(long)]
    pub no_replay: bool,
}
