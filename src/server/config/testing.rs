//! The command `test`, with its arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Which cases are run, and how the answer is written; or what is recorded.
#[derive(Clone, Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "The exit status is 0 where every case passed, 1 where one failed or less is covered than --min-coverage asks for, and 2
where something cannot be read.

Examples:
  countersign test
  countersign test statemachine/order.test.toml --filter refund
  countersign test --coverage --min-coverage 90 --junit results.xml
  countersign test record arn:aws:states:...:execution:order:A-1001 --endpoint-url http://127.0.0.1:8083"
)]
pub struct TestArgs {
    #[command(subcommand)]
    pub verb: Option<TestVerb>,
    #[command(flatten)]
    pub run: TestRunArgs,
}

#[derive(Clone, Debug, Args)]
pub struct TestRunArgs {
    /// Files of cases (NAME.test.toml), definitions, or folders
    #[arg(value_name = "FOLDER|FILE", default_value = "statemachine")]
    pub paths: Vec<PathBuf>,
    /// Run only the cases whose names, or whose workflow's name, have this text in them
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// How the results are written
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    pub format: TestFormat,
    /// Write the results as JUnit's XML into this file, too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Show which states, transitions, catchers and retriers the cases went through
    #[arg(long)]
    pub coverage: bool,
    /// Fail where the cases cover less than this percentage of a definition
    #[arg(long, value_name = "PERCENT", value_parser = percentage)]
    pub min_coverage: Option<f64>,
    /// Run them again whenever a file beside them changes
    #[arg(long)]
    pub watch: bool,
    /// Run the test cases of Step Functions Local, too: its MockConfigFile
    #[arg(long, value_name = "FILE")]
    pub mock_config: Option<PathBuf>,
}

fn percentage(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "write a number from 0 to 100".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TestFormat {
    Text,
    Junit,
}

#[derive(Clone, Debug, Subcommand)]
pub enum TestVerb {
    /// Write a case from an execution that has happened: its input, what its tasks answered, and its end
    Record(TestRecordArgs),
}

#[derive(Clone, Debug, Args)]
pub struct TestRecordArgs {
    /// The execution
    #[arg(value_name = "EXECUTION_ARN", required_unless_present = "history")]
    pub execution: Option<String>,
    /// Read the execution from this endpoint [default: AWS, as its environment says]
    #[arg(long, value_name = "URL", conflicts_with = "history")]
    pub endpoint_url: Option<String>,
    /// The profile of the AWS configuration
    #[arg(long, value_name = "NAME", conflicts_with = "history")]
    pub profile: Option<String>,
    /// The region [default: that of the ARN]
    #[arg(long, value_name = "REGION", conflicts_with = "history")]
    pub region: Option<String>,
    /// Read the history from a file that aws stepfunctions get-execution-history wrote
    #[arg(long, value_name = "FILE", requires = "definition")]
    pub history: Option<PathBuf>,
    /// The definition that it ran, its placeholders replaced
    #[arg(long, value_name = "FILE")]
    pub definition: Option<PathBuf>,
    /// The name of the case [default: that of the execution]
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Add the case to this file [default: the standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
