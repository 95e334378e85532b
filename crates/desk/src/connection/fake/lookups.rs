//! The calls that only look, on a fake connection.

use std::collections::BTreeMap;

use countersign_asl::{MachineType, parse_created};

use super::Fake;
use super::calls::later;
use crate::connection::lookups::{Lookups, MOST_PARAMETERS, Parameter, ParameterKind, Verdict};
use crate::connection::{Api, Call, Fault, MachineKind};

impl Lookups for Fake {
    fn parameters(&self, names: Vec<String>) -> Call<'_, BTreeMap<String, Parameter>> {
        later(move || {
            self.call(Api::GetParameters, &names.join(", "), |world, _| {
                if names.len() > MOST_PARAMETERS {
                    return Err(Fault::of_code("ValidationException", "too many names"));
                }
                let found = names.iter().filter_map(|name| Some((name.clone(), world.parameters.get(name)?.clone())));
                Ok(found.collect())
            })
        })
    }

    fn make_parameter(&self, name: &str, value: &str) -> Call<'_, ()> {
        let (name, value) = (name.to_owned(), value.to_owned());
        later(move || {
            self.call(Api::PutParameter, &name, |world, _| {
                world.parameters.entry(name.clone()).or_insert(Parameter { kind: ParameterKind::Text, value });
                Ok(())
            })
        })
    }

    fn validate_definition(&self, definition: &str, kind: MachineKind) -> Call<'_, Vec<Verdict>> {
        let definition = definition.to_owned();
        later(move || {
            self.call(Api::ValidateStateMachineDefinition, "", |world, _| {
                let kind = match kind {
                    MachineKind::Standard => MachineType::Standard,
                    MachineKind::Express => MachineType::Express,
                };
                let found = parse_created(&definition, kind).1.into_iter().map(|one| Verdict {
                    is_error: one.is_error(),
                    code: one.rule.code(),
                    message: one.message,
                    path: one.path,
                });
                Ok(found.chain(world.verdicts.iter().cloned()).collect())
            })
        })
    }
}
