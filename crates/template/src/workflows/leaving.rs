//! What a source deploys no longer: the stacks whose state machines may leave them, and what Terraform destroys.

/// What is needed to find the state machines that a source has made and no longer has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaving {
    /// The stacks that are deployed. Of what they have made, everything is deleted that is no workflow of the source any more.
    pub stacks: Vec<String>,
    /// The names of the state machines that Terraform destroys.
    pub destroyed: Vec<String>,
}

impl Leaving {
    pub(super) const fn of_stacks(stacks: Vec<String>) -> Self {
        Self { stacks, destroyed: Vec::new() }
    }

    pub(super) const fn of_terraform(destroyed: Vec<String>) -> Self {
        Self { stacks: Vec::new(), destroyed }
    }
}
