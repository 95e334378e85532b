//! What the desk asks the policy, before anything is read or done.

use crate::actor::{Actor, Guest};
use crate::approvals::asked::{Asked, words};
use crate::approvals::who::{Approvers, Requester};
use crate::desk::{Desk, workflow_of};
use crate::eyes::Eyes;
use crate::index::Sight;
use crate::news::Topic;
use crate::policy::{Action, Authority, Denied, Object, RequestFacts, Resource};
use crate::requests::{Request, RequestState};
use crate::store::Decision;
use crate::watch::{Machine, Record};

impl Desk {
    /// Asks the policy about a workflow, or about the whole connection.
    pub(crate) fn permit(&self, actor: &Actor, action: Action, workflow: Option<&str>) -> Result<(), Denied> {
        let object = workflow.map_or(Object::Connection, Object::Workflow);
        self.authority().permit(actor, action, &self.resource(object))
    }

    /// Asks the policy about requests of a workflow whatever else is known of them: refuses what is refused for all of them.
    pub(crate) fn permit_deciding(&self, actor: &Actor, workflow: &str) -> Result<(), Denied> {
        self.permit_unread(actor, Action::Decide, workflow, ("", 0))
    }

    /// Asks the policy about a request of which no more is known than which it is.
    fn permit_unread(
        &self,
        actor: &Actor,
        action: Action,
        workflow: &str,
        (execution_arn, event): (&str, u64),
    ) -> Result<(), Denied> {
        let facts = RequestFacts {
            execution_arn,
            event,
            workflow,
            state: "",
            approvers: &Approvers::default(),
            four_eyes: false,
            requester: &Requester::Unnamed { path: None },
            content: "{}",
        };
        self.authority().permit(actor, action, &self.resource(Object::Request(facts)))
    }

    /// Asks the policy whether an actor may see something of a request. That is decided for its whole workflow; but for a
    /// guest, of whose workflow nothing else is there, for the request alone.
    pub(crate) fn permit_seeing(
        &self,
        actor: &Actor,
        action: Action,
        workflow: Option<&str>,
        request: (&str, u64),
    ) -> Result<(), Denied> {
        match actor {
            Actor::Guest(_) => self.permit_unread(actor, action, workflow.unwrap_or_default(), request),
            Actor::Person(_) | Actor::Bearer(..) | Actor::Program => self.permit(actor, action, workflow),
        }
    }

    /// Whether a guest to whom this request is handed over may decide it. It is asked again once they do.
    #[must_use]
    pub fn guest_may_decide(&self, request: &Request) -> bool {
        let (wait, content) = (&request.wait, Asked::of(&request.text));
        let guest = Guest::of(self.id(), (&wait.execution_arn, wait.event), "");
        let facts = RequestFacts {
            execution_arn: &wait.execution_arn,
            event: wait.event,
            workflow: &wait.workflow,
            state: &wait.state,
            approvers: &request.rule.approvers,
            four_eyes: request.rule.four_eyes,
            // Where it matters who asked, no guest decides.
            requester: &Requester::Unnamed { path: None },
            content: content.text(),
        };
        let is_open = request.state == RequestState::Waiting && wait.obstacle.is_none();
        is_open && self.permit_deciding_this(&Actor::Guest(guest), facts).is_ok()
    }

    /// Asks the policy about one request.
    pub(crate) fn permit_deciding_this(&self, actor: &Actor, facts: RequestFacts<'_>) -> Result<(), Denied> {
        self.authority().permit(actor, Action::Decide, &self.resource(Object::Request(facts)))
    }

    fn resource<'a>(&'a self, object: Object<'a>) -> Resource<'a> {
        self.courier().resource(object)
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

    /// The machines that an actor may see: what lists, counts and searches are limited to.
    ///
    /// # Errors
    /// The actor may see nothing of the connection.
    pub(crate) fn sight(&self, actor: &Actor) -> Result<Sight, Denied> {
        self.sight_for(actor, Action::View)
    }

    /// The same for another action that is about seeing.
    pub(crate) fn sight_for(&self, actor: &Actor, action: Action) -> Result<Sight, Denied> {
        let snapshot = self.watch().snapshot();
        let may = |machine: &&Machine| self.permit(actor, action, Some(&machine.name)).is_ok();
        let seen: Vec<&str> = snapshot.machines.values().filter(may).map(|machine| machine.arn.as_str()).collect();
        match self.permit(actor, action, None) {
            Ok(()) if seen.len() == snapshot.machines.len() => Ok(Sight::default()),
            Err(denied) if seen.is_empty() => Err(denied),
            Ok(()) | Err(_) => Ok(Sight::only(&seen)),
        }
    }

    /// Whether an actor may see a workflow, by its name.
    pub(crate) fn sees(&self, actor: &Actor, workflow: &str) -> bool {
        self.permit(actor, Action::View, Some(workflow)).is_ok()
    }

    /// The same by the machine's ARN, which ends in its name.
    pub(crate) fn sees_machine(&self, actor: &Actor, arn: &str) -> bool {
        arn.rsplit(':').next().is_some_and(|name| self.sees(actor, name))
    }

    /// A decision as an actor sees it: its title was made of what was asked.
    pub(crate) fn as_seen(&self, actor: &Actor, mut decision: Decision) -> Decision {
        let about = &mut decision.decision;
        let request = (about.execution_arn.as_str(), about.event);
        if self.permit_seeing(actor, Action::ViewPayload, Some(&about.workflow), request).is_err() {
            about.title = words(&about.state);
            about.form = "{}".to_owned();
            // It is made of the request.
            decision.answer = None;
        }
        decision
    }

    /// Whether an actor may learn that this changed.
    #[must_use]
    pub fn may_hear(&self, actor: &Actor, topic: &Topic) -> bool {
        match topic {
            Topic::Execution(arn) => workflow_of(arn).is_some_and(|workflow| self.sees(actor, workflow)),
            _ => self.sight(actor).is_ok(),
        }
    }

    /// What an actor sees of a workflow's payloads.
    #[must_use]
    pub fn eyes(&self, actor: &Actor, workflow: &str) -> Eyes {
        let tokens = self.redactor();
        if self.permit(actor, Action::ViewPayload, Some(workflow)).is_ok() {
            return Eyes::open(tokens);
        }
        let folder = self.definitions().read();
        Eyes::closed(tokens, folder.hidden(workflow))
    }

    /// Refuses whoever sees nothing of a workflow's payloads: a request that is not shown cannot be decided.
    pub(crate) fn permit_to_read(&self, actor: &Actor, workflow: &str, request: (&str, u64)) -> Result<(), Denied> {
        match self.permit_seeing(actor, Action::ViewPayload, Some(workflow), request) {
            Err(denied) if self.eyes(actor, workflow).see_nothing() => Err(denied),
            _ => Ok(()),
        }
    }

    /// The same for an execution that was read: what is hidden in one of its payloads is hidden in all of them.
    #[must_use]
    pub fn eyes_on(&self, actor: &Actor, record: &Record) -> Eyes {
        self.eyes(actor, record.workflow()).knowing(|hide| record.hidden(hide))
    }

    /// The same for somebody who is about to be shown payloads of the execution, which goes on record.
    pub async fn viewing(&self, actor: &Actor, record: &Record) -> Eyes {
        let eyes = self.eyes_on(actor, record);
        if !eyes.see_nothing() {
            self.viewed(actor, &record.description.arn, record.workflow()).await;
        }
        eyes
    }

    /// What an actor sees of what one of the requests of an execution asks for.
    #[must_use]
    pub(crate) fn eyes_on_request(&self, actor: &Actor, record: &Record, event: u64) -> Eyes {
        let request = (record.description.arn.as_str(), event);
        match self.permit_seeing(actor, Action::ViewPayload, Some(record.workflow()), request) {
            Ok(()) => Eyes::open(self.redactor()),
            Err(_) => self.eyes_on(actor, record),
        }
    }

    /// The names of the workflows that the connection was last seen to have.
    #[must_use]
    pub fn workflow_names(&self) -> Vec<String> {
        self.watch().snapshot().machines.values().map(|machine| machine.name.clone()).collect()
    }
}
