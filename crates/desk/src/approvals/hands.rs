//! Whose hands a request is in: claims, giving it to others, and breaking the glass.

use std::sync::Arc;

use super::decide::{By, Means, can_be_shown, decide};
use super::votes::{self, Asking, Who};
use super::who::{Approvers, NotAllowed};
use super::{Choice, DecideError, Decided};
use crate::actor::Actor;
use crate::desk::{Desk, workflow_of};
use crate::error::{Error, ReadError};
use crate::people;
use crate::policy::{Action, Denied};
use crate::store::{Act, Claim, Deed, Reassignment};
use crate::watch::Record;

/// The most characters of a reason.
const REASON: usize = 2_000;
/// The most people and groups that a request is given to.
const NAMED: usize = 50;

/// Why something about a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandError {
    /// There is no choice that could be taken back.
    #[error("there is no choice that can be taken back")]
    NotHeld,
    /// The request no longer waits.
    #[error("the request no longer waits")]
    Closed,
    /// It needs a reason.
    #[error("a reason is needed")]
    NoReason,
    #[error("the reason has {characters} characters; the limit is {limit}")]
    ReasonTooLong { characters: usize, limit: usize },
    /// Nobody was named.
    #[error("nobody was named")]
    Nobody,
    /// There is nobody of this name, nor a group.
    #[error("there is nobody and no group {0:?}")]
    Unknown(String),
    /// More were named than a request is given to.
    #[error("at most {0} people and groups")]
    TooMany(usize),
}

impl Desk {
    /// Says that the actor looks after a request. Others who may decide it still may.
    ///
    /// # Errors
    /// The actor may not decide it, or it no longer waits.
    pub async fn claim(&self, actor: &Actor, (arn, event): (&str, u64)) -> Result<(), Error> {
        let open = self.read_request(actor, (arn, event)).await?;
        self.check_open(&open).await?;
        let votes = self.store().votes(self.id(), arn, event).await?;
        let policies = self.folder().policies();
        let asking = open.asking(&policies);
        let who = votes::who(self.courier(), &asking, actor).await?;
        votes::may_choose(self.courier(), &asking, &who, actor, &votes).map_err(DecideError::from)?;
        let claim = Claim { person_id: actor.id().to_owned(), person_name: actor.name().to_owned(), at: self.now() };
        let act = self.act_about(actor, Deed::Claimed, (arn, event), open.record.workflow(), String::new());
        self.store().claim((self.id(), arn, event), &claim, &act).await?;
        self.published(arn);
        Ok(())
    }

    /// Says that the actor no longer looks after a request. Nothing changes where they do not.
    ///
    /// # Errors
    /// The store failed.
    pub async fn release(&self, actor: &Actor, (arn, event): (&str, u64)) -> Result<(), Error> {
        self.permit_choosing(actor, (arn, event))?;
        let workflow = workflow_of(arn).unwrap_or_default();
        let act = self.act_about(actor, Deed::Released, (arn, event), workflow, String::new());
        if self.store().release((self.id(), arn, event), actor.id(), &act).await? {
            self.published(arn);
        }
        Ok(())
    }

    /// Gives a request to others, by the names of people and groups as they were typed: from now on they decide it instead
    /// of those whom its rule names.
    ///
    /// # Errors
    /// The policy refuses it, the request no longer waits, nobody is called so, or there is no reason.
    pub async fn reassign(
        &self,
        actor: &Actor,
        (arn, event): (&str, u64),
        to: &[String],
        reason: &str,
    ) -> Result<(), Error> {
        let open = self.read_request(actor, (arn, event)).await?;
        let policies = self.folder().policies();
        let asking = open.asking(&policies);
        let who = votes::who(self.courier(), &asking, actor).await?;
        let permitted = votes::may(self.courier(), &asking, &who, actor, Action::Reassign);
        self.on_record(actor, (arn, event), permitted.map_err(NotAllowed::Denied).map_err(DecideError::from)).await?;
        self.check_open(&open).await?;
        let (reason, to) = (checked_reason(reason)?, self.named(to, &who).await?);
        let names = to.groups.iter().chain(&to.people).cloned().collect::<Vec<_>>().join(", ");
        let detail = format!("to {names}: {reason}");
        let act = self.act_about(actor, Deed::Reassigned, (arn, event), open.record.workflow(), detail);
        let reassignment = Reassignment {
            to,
            reason,
            person_id: actor.id().to_owned(),
            person_name: actor.name().to_owned(),
            at: self.now(),
        };
        self.store().reassign((self.id(), arn, event), &reassignment, &act).await?;
        self.published(arn);
        Ok(())
    }

    /// Decides past the rule of a request: whoever its approvers are, and however many it needs. The comment is the reason.
    ///
    /// # Errors
    /// The policy refuses it, there is no reason, or those of [`Desk::decide`].
    pub async fn break_glass(
        &self,
        actor: &Actor,
        (arn, event): (&str, u64),
        choice: &Choice,
    ) -> Result<Decided, Error> {
        self.permit_choosing(actor, (arn, event))?;
        let reason = checked_reason(&choice.comment)?;
        let policies = self.folder().policies();
        let eyes = |actor: &Actor, record: &Record| self.eyes_on(actor, record);
        let means = Means { courier: self.courier(), policies: &policies, eyes: &eyes };
        let decided = decide(means, By::PastTheRule(actor), (arn, event), choice, None).await;
        let decided = self.on_record(actor, (arn, event), decided).await?;
        if let Decided::Recorded(decision) = &decided {
            let act = self.act_about(actor, Deed::BrokeGlass, (arn, event), &decision.decision.workflow, reason);
            self.store().act(self.id(), &act).await?;
            // It is decided, whether the others hear of it or not.
            if let Err(error) = self.broke_the_glass(actor, (arn, event)).await {
                tracing::error!(%error, execution = %arn, "that the glass was broken could not be told");
            }
        }
        Ok(decided)
    }

    /// Whether the actor may give a request to others, and whether they may break the glass.
    pub(crate) fn past_the_rule(&self, actor: &Actor, asking: &Asking<'_>, who: &Who) -> (bool, bool) {
        let may = |action| votes::may(self.courier(), asking, who, actor, action).is_ok();
        (may(Action::Reassign), may(Action::BreakGlass))
    }

    /// Refuses whoever may not decide anything there, whatever else is known of the request.
    pub(crate) fn permit_choosing(&self, actor: &Actor, request: (&str, u64)) -> Result<(), Error> {
        let workflow = workflow_of(request.0);
        self.permit_seeing(actor, Action::View, workflow, request)?;
        // Whether this person may decide this request, the policy says once the request is known.
        if self.about().read_only {
            self.permit_deciding(actor, workflow.unwrap_or_default())?;
        }
        self.permit_to_read(actor, workflow.unwrap_or_default(), request)?;
        Ok(self.rules_are_known().map_err(DecideError::from)?)
    }

    /// A request as it was read now, whether it waits or not.
    async fn read_request(&self, actor: &Actor, (arn, event): (&str, u64)) -> Result<OpenRequest, Error> {
        self.permit_choosing(actor, (arn, event))?;
        let record = self.watch().record(arn).await?;
        let request = self.watch().all_tokens().text(&record.request(event));
        Ok(OpenRequest { record, event, request })
    }

    /// Refuses a request that does not wait, or cannot be shown.
    async fn check_open(&self, request: &OpenRequest) -> Result<(), Error> {
        let OpenRequest { record, event, request } = request;
        let (arn, event) = (record.description.arn.as_str(), *event);
        let no_request = || ReadError::NoRequest { execution_arn: arn.to_owned(), event };
        record.waits().iter().find(|wait| wait.event == event).ok_or_else(no_request)?;
        let is_decided = self.store().of_task(self.id(), arn, event).await?.is_some();
        if is_decided || super::closed(record, event).is_some() {
            return Err(HandError::Closed.into());
        }
        Ok(can_be_shown(request).map_err(DecideError::from)?)
    }

    /// The people and groups of these names. A group is one that somebody is in, or that the request's rule names.
    async fn named(&self, names: &[String], who: &Who) -> Result<Approvers, Error> {
        let names: Vec<&str> = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            return Err(HandError::Nobody.into());
        }
        if names.len() > NAMED {
            return Err(HandError::TooMany(NAMED).into());
        }
        let everybody = people::everybody(self.store()).await?;
        let mut to = Approvers::default();
        for name in names {
            let is_group =
                everybody.iter().flat_map(|one| &one.groups).chain(&who.approvers.groups).any(|group| group == name);
            if is_group {
                to.groups.push(name.to_owned());
                continue;
            }
            match people::called(self.store(), name).await?.as_slice() {
                [] => return Err(HandError::Unknown(name.chars().take(80).collect()).into()),
                found => to.people.extend(found.iter().map(|one| one.id.clone())),
            }
        }
        Ok(to)
    }

    /// An act about a request.
    pub(crate) fn act_about(
        &self,
        actor: &Actor,
        deed: Deed,
        (arn, event): (&str, u64),
        workflow: &str,
        detail: String,
    ) -> Act {
        Act {
            deed,
            workflow: Some(workflow.to_owned()),
            execution_arn: Some(arn.to_owned()),
            event: Some(event),
            detail,
            person_id: actor.id().to_owned(),
            person_name: actor.name().to_owned(),
            at: self.now(),
        }
    }

    /// What came of something about a request; a refusal is put on record.
    pub(crate) async fn on_record<T>(
        &self,
        actor: &Actor,
        request: (&str, u64),
        result: Result<T, DecideError>,
    ) -> Result<T, Error> {
        if let (Some(_), Err(DecideError::NotAllowed(why))) = (actor.person(), &result) {
            let workflow = workflow_of(request.0).unwrap_or_default();
            let act = self.act_about(actor, Deed::Refused, request, workflow, format!("a decision: {why}"));
            self.keep_refusal(act).await;
        }
        Ok(result?)
    }

    /// Asks the policy whether something may be changed; a refusal is put on record.
    pub(crate) async fn permit_change(
        &self,
        actor: &Actor,
        action: Action,
        workflow: Option<&str>,
        execution_arn: Option<&str>,
    ) -> Result<(), Denied> {
        let permitted = self.permit(actor, action, workflow);
        if let Err(denied) = &permitted {
            self.note_refusal(actor, denied, execution_arn).await;
        }
        permitted
    }

    async fn note_refusal(&self, actor: &Actor, denied: &Denied, execution_arn: Option<&str>) {
        if actor.person().is_none() {
            return;
        }
        let act = Act {
            deed: Deed::Refused,
            workflow: denied.workflow.clone(),
            execution_arn: execution_arn.map(str::to_owned),
            event: None,
            detail: format!("{}: {}", denied.action.name(), denied.reason),
            person_id: actor.id().to_owned(),
            person_name: actor.name().to_owned(),
            at: self.now(),
        };
        self.keep_refusal(act).await;
    }

    /// A refusal stays one though it cannot be put on record: then the log has it.
    async fn keep_refusal(&self, act: Act) {
        if let Err(error) = self.store().act(self.id(), &act).await {
            tracing::error!(%error, ?act, "a refusal could not be put on record");
        }
    }
}

/// A request, and the execution that asks.
struct OpenRequest {
    record: Arc<Record>,
    event: u64,
    /// Redacted.
    request: String,
}

impl OpenRequest {
    fn asking<'a>(&'a self, policies: &'a super::Policies) -> Asking<'a> {
        let state = self.record.state_of(self.event).unwrap_or_default();
        let policy = policies.get(self.record.workflow()).and_then(|states| states.get(state));
        Asking { policy, record: &self.record, event: self.event, request: &self.request }
    }
}

fn checked_reason(reason: &str) -> Result<String, HandError> {
    let reason = reason.trim();
    let characters = reason.chars().count();
    match characters {
        0 => Err(HandError::NoReason),
        _ if characters > REASON => Err(HandError::ReasonTooLong { characters, limit: REASON }),
        _ => Ok(reason.to_owned()),
    }
}
