//! The calls that only look, counted.

use std::collections::BTreeMap;

use super::Counted;
use crate::connection::lookups::{Lookups, Parameter, Verdict};
use crate::connection::port::{Api, Call, MachineKind};

impl Lookups for Counted {
    fn parameters(&self, names: Vec<String>) -> Call<'_, BTreeMap<String, Parameter>> {
        let subject = names.join(", ");
        self.count(Api::GetParameters, &subject, self.calls.parameters(names))
    }

    fn make_parameter(&self, name: &str, value: &str) -> Call<'_, ()> {
        self.count(Api::PutParameter, name, self.calls.make_parameter(name, value))
    }

    fn validate_definition(&self, definition: &str, kind: MachineKind) -> Call<'_, Vec<Verdict>> {
        self.count(Api::ValidateStateMachineDefinition, "", self.calls.validate_definition(definition, kind))
    }
}
