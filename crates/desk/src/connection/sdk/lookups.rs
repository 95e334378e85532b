//! The calls that only look, through the SDK.

use std::collections::BTreeMap;

use aws_sdk_sfn::error::ProvideErrorMetadata as _;
use aws_sdk_sfn::types::ValidateStateMachineDefinitionSeverity as SdkSeverity;
use aws_sdk_ssm::types::ParameterType;

use super::{Sdk, failed};
use crate::connection::convert::machine_type;
use crate::connection::lookups::{Lookups, Parameter, ParameterKind, Verdict};
use crate::connection::port::{Api, Call, MachineKind};

/// The most findings that the service lists: AWS's maximum.
const FINDINGS: i32 = 100;

impl Lookups for Sdk {
    fn parameters(&self, names: Vec<String>) -> Call<'_, BTreeMap<String, Parameter>> {
        let subject = names.join(", ");
        // A secret stays encrypted: the plan refuses it.
        let call = self.ssm.get_parameters().set_names(Some(names)).with_decryption(false);
        Box::pin(async move {
            let found = call.send().await.map_err(|error| failed(Api::GetParameters, &subject, &error))?;
            let parameters = found.parameters.unwrap_or_default().into_iter().filter_map(|one| {
                // A version or a label is part of the name that was asked for.
                let name = format!("{}{}", one.name?, one.selector.unwrap_or_default());
                let kind = match one.r#type {
                    Some(ParameterType::SecureString) => ParameterKind::Secret,
                    Some(ParameterType::StringList) => ParameterKind::List,
                    _ => ParameterKind::Text,
                };
                Some((name, Parameter { kind, value: one.value? }))
            });
            Ok(parameters.collect())
        })
    }

    fn make_parameter(&self, name: &str, value: &str) -> Call<'_, ()> {
        let name = name.to_owned();
        let call = self.ssm.put_parameter().name(&name).value(value).r#type(ParameterType::String).overwrite(false);
        Box::pin(async move {
            match call.send().await {
                Ok(_) => Ok(()),
                Err(error) if error.code() == Some("ParameterAlreadyExists") => Ok(()),
                Err(error) => Err(failed(Api::PutParameter, &name, &error)),
            }
        })
    }

    fn validate_definition(&self, definition: &str, kind: MachineKind) -> Call<'_, Vec<Verdict>> {
        let call = self.sfn.validate_state_machine_definition().definition(definition).r#type(machine_type(kind));
        let call = call.severity(SdkSeverity::Warning).max_results(FINDINGS);
        Box::pin(async move {
            let found = call.send().await.map_err(|error| failed(Api::ValidateStateMachineDefinition, "", &error))?;
            let verdict = |one: aws_sdk_sfn::types::ValidateStateMachineDefinitionDiagnostic| Verdict {
                is_error: one.severity == SdkSeverity::Error,
                code: one.code,
                message: one.message,
                path: one.location.unwrap_or_default(),
            };
            Ok(found.diagnostics.into_iter().map(verdict).collect())
        })
    }
}
