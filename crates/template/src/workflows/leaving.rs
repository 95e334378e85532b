//! What a source deploys no longer: the stacks whose state machines may leave them, and what Terraform destroys.

use super::sources::{Source, source};
use super::{Planning, assembly, terraform};

/// What is needed to find the state machines that a source has made and no longer has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaving {
    /// The stacks that are deployed. Of what they have made, everything is deleted that is no workflow of the source any more.
    pub stacks: Vec<String>,
    /// The names of the state machines that Terraform destroys.
    pub destroyed: Vec<String>,
}

/// What leaves a source. One that cannot be read says nothing of it: [`super::workflows`] says what is wrong.
#[must_use]
pub fn leaving(path: &str, planning: &Planning) -> Leaving {
    match source(path, planning) {
        Ok(Source::Assembly { folder, manifest }) => {
            Leaving { stacks: assembly::stacks(folder, &manifest, planning), destroyed: Vec::new() }
        }
        Ok(Source::Terraform(plan)) => Leaving { stacks: Vec::new(), destroyed: terraform::destroyed(&plan) },
        Ok(Source::Template(_)) => Leaving { stacks: vec![planning.stack_name.to_owned()], destroyed: Vec::new() },
        Err(_) => Leaving::default(),
    }
}
