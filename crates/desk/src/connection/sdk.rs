//! The AWS SDK behind the port.

mod configuration;
mod lookups;
mod machines;
mod releases;
mod roles;
mod settings;

use aws_sdk_sfn::config::http::HttpResponse;
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use countersign_trace::HistoryEvent;

pub(super) use self::configuration::shared_config;
pub use self::configuration::{Role, SdkOptions, Target, by_name};
use self::settings::{encryption, logging};
use super::convert::{event, kind, millis, redrivable, redrives, status, status_filter};
use super::error::{CallError, Fault};
use super::port::{
    Api, Call, Caller, DefinitionText, Description, ListedMachine, Listing, MachineDescription, MachineUpdate,
    NewMachine, Of, Page, StepFunctions, Summary,
};
use super::{About, Colour, ConnectionKind};

/// State machines a page: AWS's maximum.
const PAGE: i32 = 1_000;
/// Versions or aliases that a form offers.
const QUALIFIERS: i32 = 100;

/// The clients of the AWS SDK.
#[derive(Clone, Debug)]
pub struct Sdk {
    iam: aws_sdk_iam::Client,
    sfn: aws_sdk_sfn::Client,
    sns: aws_sdk_sns::Client,
    ssm: aws_sdk_ssm::Client,
    sts: aws_sdk_sts::Client,
}

impl Sdk {
    /// Makes the clients; no call is made yet.
    pub async fn connect(options: SdkOptions) -> (Self, About) {
        let (shared, kind, url) = shared_config(&options).await;
        let SdkOptions { profile, role, .. } = options;
        // The program refuses an account without a region before it gets here.
        let region = shared.region().map(ToString::to_string).unwrap_or_default();
        let (label, detail) = match (kind, url) {
            (ConnectionKind::Embedded, Some(url)) => ("Embedded engine", by_name(&url)),
            (ConnectionKind::Endpoint, Some(url)) => ("Endpoint", url),
            _ => ("AWS", detail_of_aws(profile.as_deref(), role.as_ref(), &region)),
        };
        let about = About {
            label: label.to_owned(),
            detail,
            region,
            kind,
            profile,
            role_arn: role.map(|role| role.arn),
            colour: Colour::of_kind(kind),
            read_only: false,
        };
        let sdk = Self {
            iam: aws_sdk_iam::Client::new(&shared),
            sfn: aws_sdk_sfn::Client::new(&shared),
            sns: aws_sdk_sns::Client::new(&shared),
            ssm: aws_sdk_ssm::Client::new(&shared),
            sts: aws_sdk_sts::Client::new(&shared),
        };
        (sdk, about)
    }

    /// The same clients, each call made once.
    #[must_use]
    pub fn without_retries(&self) -> Self {
        let hurried = self.sfn.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self { sfn: aws_sdk_sfn::Client::from_conf(hurried), ..self.clone() }
    }
}

/// The profile or role, and the region.
fn detail_of_aws(profile: Option<&str>, role: Option<&Role>, region: &str) -> String {
    let role = role.map(|role| role.arn.rsplit('/').next().unwrap_or(&role.arn));
    [profile, role, Some(region)].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl StepFunctions for Sdk {
    fn list_machines(&self, next: Option<String>) -> Call<'_, Page<ListedMachine>> {
        let call = self.sfn.list_state_machines().max_results(PAGE).set_next_token(next);
        Box::pin(async move {
            let page = call.send().await.map_err(|error| failed(Api::ListStateMachines, "", &error))?;
            let items = page.state_machines.into_iter().map(|machine| ListedMachine {
                kind: kind(&machine.r#type),
                created_at: millis(&machine.creation_date),
                arn: machine.state_machine_arn,
                name: machine.name,
            });
            Ok(Page { items: items.collect(), next: page.next_token })
        })
    }

    fn describe_machine(&self, arn: &str) -> Call<'_, MachineDescription> {
        let arn = arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.describe_state_machine().state_machine_arn(&arn).send().await;
            let described = call.map_err(|error| failed(Api::DescribeStateMachine, &arn, &error))?;
            Ok(MachineDescription {
                kind: kind(&described.r#type),
                created_at: millis(&described.creation_date),
                arn: described.state_machine_arn,
                name: described.name,
                definition: described.definition,
                revision_id: described.revision_id,
                role_arn: Some(described.role_arn).filter(|role| !role.is_empty()),
                logging: logging(described.logging_configuration),
                tracing: described.tracing_configuration.is_some_and(|tracing| tracing.enabled),
                encryption: encryption(described.encryption_configuration),
                description: described.description,
            })
        })
    }

    fn list_versions(&self, machine_arn: &str) -> Call<'_, Vec<String>> {
        let arn = machine_arn.to_owned();
        let call = self.sfn.list_state_machine_versions().state_machine_arn(&arn).max_results(QUALIFIERS);
        Box::pin(async move {
            let page = call.send().await.map_err(|error| failed(Api::ListStateMachineVersions, &arn, &error))?;
            Ok(page.state_machine_versions.iter().map(|one| last_part(&one.state_machine_version_arn)).collect())
        })
    }

    fn list_aliases(&self, machine_arn: &str) -> Call<'_, Vec<String>> {
        let arn = machine_arn.to_owned();
        let call = self.sfn.list_state_machine_aliases().state_machine_arn(&arn).max_results(QUALIFIERS);
        Box::pin(async move {
            let page = call.send().await.map_err(|error| failed(Api::ListStateMachineAliases, &arn, &error))?;
            Ok(page.state_machine_aliases.iter().map(|one| last_part(&one.state_machine_alias_arn)).collect())
        })
    }

    fn list_executions(&self, listing: Listing) -> Call<'_, Page<Summary>> {
        Box::pin(async move {
            let call = self.sfn.list_executions();
            let call = match &listing.of {
                Of::Machine(arn) => call.state_machine_arn(arn),
                Of::MapRun(arn) => call.map_run_arn(arn),
            };
            let page = call
                .set_status_filter(listing.status.map(status_filter))
                .max_results(listing.size)
                .set_next_token(listing.next)
                .send()
                .await
                .map_err(|error| failed(Api::ListExecutions, listing.of.arn(), &error))?;
            let items = page.executions.into_iter().map(|one| Summary {
                status: status(&one.status),
                started_at: millis(&one.start_date),
                ended_at: one.stop_date.as_ref().map(millis),
                redrives: redrives(one.redrive_count),
                arn: one.execution_arn,
                name: one.name,
                machine_arn: one.state_machine_arn,
                version: one.state_machine_version_arn.as_deref().map(last_part),
                alias: one.state_machine_alias_arn.as_deref().map(last_part),
            });
            Ok(Page { items: items.collect(), next: page.next_token })
        })
    }

    fn describe_execution(&self, arn: &str) -> Call<'_, Description> {
        let arn = arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.describe_execution().execution_arn(&arn).send().await;
            let described = call.map_err(|error| failed(Api::DescribeExecution, &arn, &error))?;
            Ok(Description {
                name: described.name.unwrap_or_else(|| last_part(&arn)),
                arn: described.execution_arn,
                machine_arn: described.state_machine_arn,
                status: status(&described.status),
                started_at: millis(&described.start_date),
                ended_at: described.stop_date.as_ref().map(millis),
                input: described.input,
                output: described.output,
                error: described.error,
                cause: described.cause,
                redrives: redrives(described.redrive_count),
                redrivable: redrivable(described.redrive_status.as_ref(), described.redrive_status_reason),
            })
        })
    }

    fn parent_of_map_run(&self, arn: &str) -> Call<'_, String> {
        let arn = arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.describe_map_run().map_run_arn(&arn).send().await;
            Ok(call.map_err(|error| failed(Api::DescribeMapRun, &arn, &error))?.execution_arn)
        })
    }

    fn definition_of_execution(&self, arn: &str) -> Call<'_, DefinitionText> {
        let arn = arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.describe_state_machine_for_execution().execution_arn(&arn).send().await;
            let described = call.map_err(|error| failed(Api::DescribeStateMachineForExecution, &arn, &error))?;
            Ok(DefinitionText(described.definition))
        })
    }

    fn newest_events(&self, arn: &str, size: i32, next: Option<String>) -> Call<'_, Page<HistoryEvent>> {
        let arn = arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.get_execution_history().execution_arn(&arn).reverse_order(true).max_results(size);
            let page = call
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failed(Api::GetExecutionHistory, &arn, &error))?;
            Ok(Page { items: page.events.into_iter().filter_map(event).collect(), next: page.next_token })
        })
    }

    fn start_execution(&self, machine_arn: &str, name: &str, input: &str) -> Call<'_, String> {
        let machine_arn = machine_arn.to_owned();
        let call = self.sfn.start_execution().state_machine_arn(&machine_arn).name(name).input(input);
        Box::pin(async move {
            let started = call.send().await.map_err(|error| failed(Api::StartExecution, &machine_arn, &error))?;
            Ok(started.execution_arn)
        })
    }

    fn stop_execution(&self, arn: &str, error: &str, cause: &str) -> Call<'_, ()> {
        let arn = arn.to_owned();
        let call = self.sfn.stop_execution().execution_arn(&arn).error(error).cause(cause);
        Box::pin(async move {
            call.send().await.map_err(|error| failed(Api::StopExecution, &arn, &error))?;
            Ok(())
        })
    }

    fn redrive_execution(&self, arn: &str, client_token: &str) -> Call<'_, ()> {
        let arn = arn.to_owned();
        let call = self.sfn.redrive_execution().execution_arn(&arn).client_token(client_token);
        Box::pin(async move {
            call.send().await.map_err(|error| failed(Api::RedriveExecution, &arn, &error))?;
            Ok(())
        })
    }

    fn send_task_success(&self, token: &str, output: &str) -> Call<'_, ()> {
        let call = self.sfn.send_task_success().task_token(token).output(output);
        Box::pin(async move {
            call.send().await.map_err(|error| failed(Api::SendTaskSuccess, "", &error))?;
            Ok(())
        })
    }

    fn send_task_failure(&self, token: &str, error: &str, cause: &str) -> Call<'_, ()> {
        let call = self.sfn.send_task_failure().task_token(token).error(error).cause(cause);
        Box::pin(async move {
            call.send().await.map_err(|error| failed(Api::SendTaskFailure, "", &error))?;
            Ok(())
        })
    }

    fn send_task_heartbeat(&self, token: &str) -> Call<'_, ()> {
        let call = self.sfn.send_task_heartbeat().task_token(token);
        Box::pin(async move {
            call.send().await.map_err(|error| failed(Api::SendTaskHeartbeat, "", &error))?;
            Ok(())
        })
    }

    fn create_machine(&self, new: NewMachine) -> Call<'_, String> {
        Box::pin(machines::create(self, new))
    }

    fn update_machine(&self, arn: &str, update: MachineUpdate) -> Call<'_, Option<String>> {
        Box::pin(machines::update(self, arn.to_owned(), update))
    }

    fn create_topic(&self, name: &str) -> Call<'_, ()> {
        let name = name.to_owned();
        Box::pin(async move {
            let made = self.sns.create_topic().name(&name).send().await;
            made.map_err(|error| failed(Api::CreateTopic, &name, &error))?;
            Ok(())
        })
    }

    fn caller(&self) -> Call<'_, Caller> {
        Box::pin(async move {
            let caller = self.sts.get_caller_identity().send().await;
            let caller = caller.map_err(|error| failed(Api::GetCallerIdentity, "", &error))?;
            Ok(Caller { account: caller.account, arn: caller.arn })
        })
    }
}

/// The last part of an ARN.
fn last_part(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or(arn).to_owned()
}

/// A failed call in the desk's types.
fn failed<E>(api: Api, subject: &str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let fault = match error {
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => Fault::Unreachable,
        SdkError::TimeoutError(_) => Fault::Unreachable,
        SdkError::ServiceError(service) => {
            let (error, status) = (service.err(), service.raw().status().as_u16());
            match error.code() {
                Some(code) => Fault::of_code(code, error.message().unwrap_or("no message")),
                // An emulator that does not have an operation often answers so.
                None => Fault::of_code(
                    &format!("HTTP {status}"),
                    error.message().unwrap_or("it names no error, and may not have this operation"),
                ),
            }
        }
        other => Fault::Unsent(innermost(other)),
    };
    CallError { api, subject: subject.to_owned(), fault }
}

/// The causes of an error in one line, unabridged. The last one says the most.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    // The SDK's own layers say only that there was a failure.
    let last = words.split_off(words.len().saturating_sub(2));
    // A cause is not cut: its end may have an ARN or a remedy.
    last.join(": ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::innermost;

    #[test]
    fn a_cause_is_kept_whole() {
        let cause = format!("the profile {} has no credentials.", "very-long-name-".repeat(40));
        let error = std::io::Error::other(cause.clone());
        assert_eq!(innermost(&error), cause.trim_end_matches('.'));
    }
}
