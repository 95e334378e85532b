//! State machines are made and updated with the AWS SDK.

use super::releases::sdk_tags;
use super::settings::{sdk_encryption, sdk_logging, sdk_tracing};
use super::{Sdk, failed};
use crate::connection::convert::machine_type;
use crate::connection::error::CallError;
use crate::connection::port::{Api, MachineUpdate, NewMachine};

/// Makes a state machine; returns its ARN.
pub async fn create(sdk: &Sdk, new: NewMachine) -> Result<String, CallError> {
    let subject = (Api::CreateStateMachine, new.name.as_str());
    let call = sdk.sfn.create_state_machine().name(&new.name).definition(&new.definition);
    let made = call
        .role_arn(&new.role_arn)
        .r#type(machine_type(new.kind))
        .set_logging_configuration(new.settings.logging.as_ref().map(sdk_logging))
        .set_tracing_configuration(new.settings.tracing.map(sdk_tracing))
        .set_encryption_configuration(
            new.settings.encryption.as_ref().map(|one| sdk_encryption(subject, one)).transpose()?,
        )
        .set_tags((!new.tags.is_empty()).then(|| sdk_tags(&new.tags)))
        .set_publish(new.publish.is_some().then_some(true))
        .set_version_description(new.publish.clone())
        .send()
        .await
        .map_err(|error| failed(subject.0, subject.1, &error))?;
    Ok(made.state_machine_arn)
}

/// Updates a state machine; returns the id of the new revision, where the endpoint keeps any.
pub async fn update(sdk: &Sdk, arn: String, update: MachineUpdate) -> Result<Option<String>, CallError> {
    let subject = (Api::UpdateStateMachine, arn.as_str());
    let MachineUpdate { definition, role_arn, settings, publish } = update;
    let call = sdk.sfn.update_state_machine().state_machine_arn(&arn).set_definition(definition);
    let made = call
        .set_role_arn(role_arn)
        .set_logging_configuration(settings.logging.as_ref().map(sdk_logging))
        .set_tracing_configuration(settings.tracing.map(sdk_tracing))
        .set_encryption_configuration(settings.encryption.as_ref().map(|one| sdk_encryption(subject, one)).transpose()?)
        .set_publish(publish.is_some().then_some(true))
        .set_version_description(publish)
        .send()
        .await
        .map_err(|error| failed(subject.0, subject.1, &error))?;
    Ok(made.revision_id)
}
