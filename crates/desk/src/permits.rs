//! What the desk asks the policy, before anything is read or done.

use crate::actor::Actor;
use crate::approvals::who::{Approvers, Requester};
use crate::desk::Desk;
use crate::policy::{Action, Authority, Denied, Object, RequestFacts, Resource};

impl Desk {
    /// Asks the policy about a workflow, or about the whole connection.
    pub(crate) fn permit(&self, actor: &Actor, action: Action, workflow: Option<&str>) -> Result<(), Denied> {
        let object = workflow.map_or(Object::Connection, Object::Workflow);
        self.authority().permit(actor, action, &self.resource(object))
    }

    /// Asks the policy about requests of a workflow whatever else is known of them: refuses what is refused for all of them.
    pub(crate) fn permit_deciding(&self, actor: &Actor, workflow: &str) -> Result<(), Denied> {
        let facts = RequestFacts {
            execution_arn: "",
            event: 0,
            workflow,
            state: "",
            approvers: &Approvers::default(),
            four_eyes: false,
            requester: &Requester::Unnamed { path: None },
            content: "{}",
        };
        self.authority().permit(actor, Action::Decide, &self.resource(Object::Request(facts)))
    }

    fn resource<'a>(&'a self, object: Object<'a>) -> Resource<'a> {
        Resource { connection: self.id(), read_only: self.about().read_only, object }
    }

    /// Who may do what.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.courier().authority
    }

    /// Whether an actor may do something to a workflow, or to the whole connection: for controls that say so beforehand.
    ///
    /// # Errors
    /// The actor may not do this.
    pub fn may(&self, actor: &Actor, action: Action, workflow: Option<&str>) -> Result<(), Denied> {
        self.permit(actor, action, workflow)
    }

    /// Whether an actor may do something to at least one of these workflows.
    ///
    /// # Errors
    /// The actor may not do this to any of them.
    pub fn may_to_any<'w>(
        &self,
        actor: &Actor,
        action: Action,
        workflows: impl IntoIterator<Item = &'w str>,
    ) -> Result<(), Denied> {
        let mut refused = None;
        for workflow in workflows {
            match self.permit(actor, action, Some(workflow)) {
                Ok(()) => return Ok(()),
                Err(denied) => refused = refused.or(Some(Denied { workflow: None, ..denied })),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// The names of the workflows that the connection was last seen to have.
    #[must_use]
    pub fn workflow_names(&self) -> Vec<String> {
        self.watch().snapshot().machines.values().map(|machine| machine.name.clone()).collect()
    }
}
