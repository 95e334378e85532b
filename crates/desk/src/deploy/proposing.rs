//! Deployments that people have to approve: proposed, voted on by the rules of requests, and then made exactly as proposed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::JoinHandle;

use super::ballot::{STATE, as_vote, decide, needed, subject, voters};
use super::deploying::{DeployError, ShownPlan, wanted};
use super::desired::ItemPlan;
use super::environment::Chosen;
use crate::actor::Actor;
use crate::approvals::DecideError;
use crate::approvals::who::{NotAllowed, Requester, may_decide};
use crate::desk::Desk;
use crate::error::Error;
use crate::news::Topic;
use crate::policy::{Action, Object, RequestFacts};
use crate::store::{
    Act, ApprovalRule, Deed, Maker, Proposal, ProposalEnd, ProposalVote, ProposedPlan, ProposedWorkflow, StoreError,
    Vote,
};

/// The most characters of a comment.
const COMMENT: usize = 2_000;
/// How long the answer to a vote waits for the deployment that it allows.
const REPLY: Duration = Duration::from_millis(400);
/// The most proposals that are listed.
const MOST: u32 = 100;

/// A proposal as somebody sees it.
#[derive(Clone, Debug)]
pub struct ProposalShown {
    pub proposal: Proposal,
    pub votes: Vec<ProposalVote>,
    /// How many people have to approve it, and how many did.
    pub needed: usize,
    pub approved: usize,
    /// Whether whoever looks may vote now.
    pub may: Result<(), NotAllowed>,
}

/// A plan that waits for votes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The id of the proposal.
    pub id: String,
    /// Whether the same person had proposed the same plan before: it is that proposal.
    pub was_known: bool,
}

/// Why nothing came of a proposal or a vote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ProposalError {
    #[error("there is no proposal {0:?}")]
    NoProposal(String),
    /// It was approved or came to its end before.
    #[error("the proposal is not open any more")]
    Ended,
    /// The plan that was shown is another one.
    #[error("the proposal is not the one that was shown")]
    NotShown,
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// Only whoever proposed it takes it back.
    #[error("it was proposed by {0}")]
    Another(String),
    /// Nothing here needs an approval.
    #[error("a deployment to this connection needs no approval")]
    NotNeeded,
    /// Only people propose.
    #[error("only a person proposes a deployment")]
    Nobody,
    /// The plan changes nothing.
    #[error("the plan changes nothing")]
    Nothing,
}

/// The approved proposals that are being applied.
#[derive(Debug, Default)]
pub(crate) struct Approved(Mutex<BTreeSet<String>>);

impl Approved {
    fn with<R>(&self, with: impl FnOnce(&mut BTreeSet<String>) -> R) -> R {
        // An id is added or removed as a whole.
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn shown_of(items: &[ItemPlan]) -> Vec<ProposedWorkflow> {
    let shown = |item: &ItemPlan| ProposedWorkflow {
        name: item.workflow.clone(),
        change: item.change,
        settings: item.settings.iter().map(|change| change.setting.as_str().to_owned()).collect(),
    };
    items.iter().map(shown).collect()
}

impl Desk {
    /// Whose approval a deployment to an environment needs; its name is empty where the manifest has none.
    #[must_use]
    pub fn approval_rule(&self, environment: &str) -> Option<ApprovalRule> {
        let folder = self.definitions().read();
        let environment = Some(environment).filter(|name| !name.is_empty());
        Chosen::of(&folder.manifest, environment).ok()?.approval().cloned()
    }

    /// Proposes the plan that was shown, or one workflow of it; `source` is where the definitions came from. A plan that the same
    /// person proposed before, and that still waits, is not proposed again.
    ///
    /// # Errors
    /// The actor may not deploy it, the plan has changed or changes nothing, or no approval is needed.
    pub async fn propose(&self, actor: &Actor, shown: ShownPlan<'_>, source: &str) -> Result<Proposed, Error> {
        let ShownPlan { only, hash: seen, .. } = shown;
        self.permit_change(actor, Action::Deploy, only, None).await?;
        let plan = self.plan_seen(Some(shown)).await?;
        let rule = self.approval_rule(&plan.environment).ok_or(ProposalError::NotNeeded)?;
        let maker = Maker::of(actor).ok_or(ProposalError::Nobody)?;
        let items: Vec<ItemPlan> =
            wanted(&plan.items, only, Some(seen))?.into_iter().map(|item| item.plan.clone()).collect();
        // A proposal of nothing would be for everybody to vote on.
        if items.is_empty() {
            return Err(ProposalError::Nothing.into());
        }
        for item in &items {
            self.permit_change(actor, Action::Deploy, Some(machine_of(item)), None).await?;
        }
        let proposal = Proposal {
            id: new_id(),
            hash: seen.to_owned(),
            about: ProposedPlan {
                environment: plan.environment.clone(),
                only: only.map(str::to_owned),
                workflows: shown_of(&items),
                remove: false,
                source: source.to_owned(),
            },
            rule,
            maker,
            proposed_at: self.now(),
            approved_at: None,
            ended: None,
        };
        let names: Vec<&str> = items.iter().map(|item| item.workflow.as_str()).collect();
        let act = self.act_on_proposal(actor, Deed::Proposed, &proposal, names.join(", "));
        if let Some(id) = self.store().propose(self.id(), &proposal, &act).await? {
            return Ok(Proposed { id, was_known: true });
        }
        self.watch().changes.publish([Topic::Inbox, Topic::Frame]);
        Ok(Proposed { id: proposal.id, was_known: false })
    }

    fn act_on_proposal(&self, actor: &Actor, deed: Deed, proposal: &Proposal, detail: String) -> Act {
        let [only] = &proposal.about.workflows[..] else {
            return self.act_of(actor, deed, None, format!("{}: {detail}", proposal.id));
        };
        self.act_of(actor, deed, Some(only.name.clone()), format!("{}: {detail}", proposal.id))
    }

    fn act_of(&self, actor: &Actor, deed: Deed, workflow: Option<String>, detail: String) -> Act {
        let (person_id, person_name) = (actor.id().to_owned(), actor.name().to_owned());
        Act { deed, workflow, execution_arn: None, event: None, detail, person_id, person_name, at: self.now() }
    }

    /// The proposals that the actor may see, newest first; only those that are open, where `open`.
    ///
    /// # Errors
    /// The actor may see nothing of the connection, or the store failed.
    pub async fn proposals(&self, actor: &Actor, open: bool) -> Result<Vec<ProposalShown>, Error> {
        self.sight(actor)?;
        let mut all = Vec::new();
        for proposal in self.store().proposals(self.id(), open, MOST).await? {
            if self.sees_proposal(actor, &proposal)
                && let Some((proposal, votes)) = self.store().proposal(self.id(), &proposal.id).await?
            {
                all.push(self.shown(actor, proposal, votes));
            }
        }
        Ok(all)
    }

    /// How many open proposals the actor may vote on now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn votable(&self, actor: &Actor) -> Result<u64, Error> {
        let open = self.open_proposals().await?;
        let may = open.iter().filter(|(proposal, votes)| {
            self.sees_proposal(actor, proposal) && self.may_vote(actor, proposal, votes).is_ok()
        });
        Ok(u64::try_from(may.count()).unwrap_or(u64::MAX))
    }

    /// The proposals that wait for votes, newest first, with those that they have.
    pub(crate) async fn open_proposals(&self) -> Result<Vec<(Proposal, Vec<ProposalVote>)>, StoreError> {
        let mut open = Vec::new();
        for proposal in self.store().proposals(self.id(), true, MOST).await? {
            if proposal.approved_at.is_none() {
                open.extend(self.store().proposal(self.id(), &proposal.id).await?);
            }
        }
        Ok(open)
    }

    /// One proposal.
    ///
    /// # Errors
    /// There is none, or the actor may not see it.
    pub async fn proposed(&self, actor: &Actor, id: &str) -> Result<ProposalShown, Error> {
        self.sight(actor)?;
        let (proposal, votes) = self.proposal(actor, id).await?;
        Ok(self.shown(actor, proposal, votes))
    }

    async fn proposal(&self, actor: &Actor, id: &str) -> Result<(Proposal, Vec<ProposalVote>), Error> {
        let found = self.store().proposal(self.id(), id).await?;
        let found = found.filter(|(proposal, _)| self.sees_proposal(actor, proposal));
        Ok(found.ok_or_else(|| ProposalError::NoProposal(id.to_owned()))?)
    }

    pub(crate) fn sees_proposal(&self, actor: &Actor, proposal: &Proposal) -> bool {
        proposal.about.workflows.iter().all(|workflow| self.sees(actor, &workflow.name))
    }

    fn shown(&self, actor: &Actor, proposal: Proposal, votes: Vec<ProposalVote>) -> ProposalShown {
        let needed = needed(&proposal.rule);
        let may = self.may_vote(actor, &proposal, &votes);
        let approved = voters(&votes, true).len();
        ProposalShown { proposal, votes, needed, approved, may }
    }

    /// Asks the rule and the policy whether somebody may vote: about every workflow that would be deployed.
    pub(crate) fn may_vote(
        &self,
        actor: &Actor,
        proposal: &Proposal,
        votes: &[ProposalVote],
    ) -> Result<(), NotAllowed> {
        let as_votes: Vec<Vote> = votes.iter().map(|vote| as_vote(vote, proposal)).collect();
        let maker = &proposal.maker.person;
        let requester = Requester::Known(vec![(maker.id.clone(), maker.name.clone())]);
        let names: Vec<&str> = proposal.about.workflows.iter().map(|workflow| workflow.name.as_str()).collect();
        let content = json!({ "environment": proposal.about.environment, "workflows": names }).to_string();
        let subject = subject(&proposal.id);
        for &workflow in &names {
            let facts = RequestFacts {
                execution_arn: &subject,
                event: 0,
                workflow,
                state: STATE,
                approvers: &proposal.rule.approvers,
                four_eyes: proposal.rule.four_eyes,
                requester: &requester,
                content: &content,
            };
            let resource = self.courier().resource(Object::Workflow(workflow));
            may_decide(self.authority(), actor, &resource, facts, None, &as_votes)?;
        }
        Ok(())
    }

    /// Votes on a proposal; `shown` is the hash of the plan that the person was shown. The vote that completes the approval
    /// has the plan applied, one that rejects ends the proposal.
    ///
    /// # Errors
    /// The rule or the policy does not let the actor vote, the proposal is not open, or the store failed.
    pub async fn vote_on(
        self: &Arc<Self>,
        actor: &Actor,
        id: &str,
        approves: bool,
        comment: &str,
        shown: &str,
    ) -> Result<ProposalShown, Error> {
        self.sight(actor)?;
        let comment = comment.trim();
        let characters = comment.chars().count();
        if characters > COMMENT {
            return Err(DecideError::CommentTooLong { characters, limit: COMMENT }.into());
        }
        loop {
            let (proposal, mut votes) = self.proposal(actor, id).await?;
            if proposal.hash != shown {
                return Err(ProposalError::NotShown.into());
            }
            if votes.iter().any(|vote| vote.person_id == actor.id() && vote.approves == approves) {
                return Ok(self.shown(actor, proposal, votes));
            }
            if proposal.ended.is_some() || proposal.approved_at.is_some() {
                return Err(ProposalError::Ended.into());
            }
            self.may_vote(actor, &proposal, &votes).map_err(ProposalError::from)?;
            let vote = ProposalVote {
                person_id: actor.id().to_owned(),
                person_name: actor.name().to_owned(),
                groups: actor.groups().to_vec(),
                approves,
                comment: comment.to_owned(),
                at: self.now(),
            };
            let seen = votes.len();
            votes.push(vote.clone());
            let decides = decide(&proposal.rule, &votes, approves);
            let word = if approves { "approved" } else { "rejected" };
            let detail = if comment.is_empty() { word.to_owned() } else { format!("{word}: {comment}") };
            let act = self.act_on_proposal(actor, Deed::ProposalVoted, &proposal, detail);
            if !self.store().vote_on(self.id(), id, &vote, seen, approves && decides, &act).await? {
                // Somebody else voted meanwhile: look again.
                continue;
            }
            if decides && approves {
                if let Some(applying) = self.apply_proposal(id) {
                    // One that takes longer goes on in its task, and the page updates itself.
                    let _ = tokio::time::timeout(REPLY, applying).await;
                }
            } else if decides {
                self.end(&Actor::Program, &proposal, &ProposalEnd::Rejected).await?;
            }
            self.watch().changes.publish([Topic::Inbox, Topic::Frame]);
            let (proposal, votes) = self.proposal(actor, id).await?;
            return Ok(self.shown(actor, proposal, votes));
        }
    }

    /// Takes a proposal back that was not approved yet.
    ///
    /// # Errors
    /// It is somebody else's, or not open any more.
    pub async fn withdraw(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        self.sight(actor)?;
        let (proposal, _) = self.proposal(actor, id).await?;
        if proposal.maker.person.id != actor.id() {
            return Err(ProposalError::Another(proposal.maker.person.name).into());
        }
        if proposal.approved_at.is_some() || !self.end(actor, &proposal, &ProposalEnd::Withdrawn).await? {
            return Err(ProposalError::Ended.into());
        }
        Ok(())
    }

    async fn end(&self, actor: &Actor, proposal: &Proposal, end: &ProposalEnd) -> Result<bool, StoreError> {
        let detail = match end {
            ProposalEnd::Applied { workflows } => format!("applied: {}", workflows.join(", ")),
            ProposalEnd::Rejected => "rejected".to_owned(),
            ProposalEnd::Withdrawn => "withdrawn".to_owned(),
            ProposalEnd::MovedOn => "moved on".to_owned(),
            ProposalEnd::Failed { why, .. } => format!("failed: {why}"),
        };
        let act = self.act_on_proposal(actor, Deed::ProposalEnded, proposal, detail);
        let ended = self.store().end_proposal(self.id(), &proposal.id, end, &act).await?;
        self.watch().changes.publish([Topic::Inbox, Topic::Frame, Topic::Workflows]);
        Ok(ended)
    }

    /// Applies an approved proposal in a task of its own, once.
    fn apply_proposal(self: &Arc<Self>, id: &str) -> Option<JoinHandle<()>> {
        if !self.approved().with(|applying| applying.insert(id.to_owned())) {
            return None;
        }
        let (desk, id) = (Arc::clone(self), id.to_owned());
        Some(tokio::spawn(async move {
            if let Err(error) = desk.apply_approved(&id).await {
                tracing::error!(%error, proposal = %id, "an approved deployment has no end on record");
            }
            desk.approved().with(|applying| applying.remove(&id));
        }))
    }

    /// Goes on with what was approved before the program ended.
    pub(crate) async fn resume_proposals(self: &Arc<Self>) {
        if self.about().read_only {
            return;
        }
        match self.store().proposals(self.id(), true, MOST).await {
            Ok(open) => {
                let approved = open.iter().filter(|one| one.approved_at.is_some());
                approved.for_each(|one| drop(self.apply_proposal(&one.id)));
            }
            Err(error) => tracing::error!(%error, "the proposals could not be read"),
        }
    }

    /// Applies exactly the plan that was approved, in the name of whoever proposed it, and ends the proposal.
    pub(crate) async fn apply_approved(&self, id: &str) -> Result<(), Error> {
        let Some((proposal, _)) = self.store().proposal(self.id(), id).await? else { return Ok(()) };
        if proposal.ended.is_some() || proposal.approved_at.is_none() {
            return Ok(());
        }
        let maker = &proposal.maker;
        let actor = match (self.still(&maker.person).await?, maker.scope) {
            (Some(person), None) => Some(Actor::Person(person)),
            (Some(person), Some(scope)) => Some(Actor::Bearer(person, scope)),
            (None, _) => None,
        };
        let failed = |why: String| ProposalEnd::Failed { why, workflows: Vec::new() };
        let end = match actor {
            None => failed(format!("{} may no longer sign in", maker.person.id)),
            Some(actor) => {
                let about = &proposal.about;
                let environment = Some(about.environment.as_str()).filter(|name| !name.is_empty());
                let shown = ShownPlan { environment, only: about.only.as_deref(), hash: &proposal.hash };
                match self.deploy_approved(&actor, shown, &about.source).await {
                    Ok(workflows) => ProposalEnd::Applied { workflows },
                    Err(Error::Deploy(DeployError::AnotherPlan | DeployError::NotBegun(_))) => ProposalEnd::MovedOn,
                    Err(Error::Deploy(DeployError::Interrupted { error, done })) => {
                        ProposalEnd::Failed { why: error.to_string(), workflows: done }
                    }
                    Err(error) => failed(error.to_string()),
                }
            }
        };
        self.end(&Actor::Program, &proposal, &end).await?;
        Ok(())
    }
}

/// The id of the proposal that an act of the record is about.
#[must_use]
pub fn proposal_of(act: &Act) -> Option<&str> {
    let is_about_one = matches!(act.deed, Deed::Proposed | Deed::ProposalVoted | Deed::ProposalEnded);
    act.detail.split_once(": ").filter(|_| is_about_one).map(|(id, _)| id)
}

/// The name of an item's state machine, by which policies name it.
fn machine_of(item: &ItemPlan) -> &str {
    item.arn.rsplit(':').next().unwrap_or(&item.workflow)
}

#[expect(clippy::disallowed_methods, reason = "a proposal has an id that no other one has")]
fn new_id() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("dep_{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_about_a_proposal_has_its_id() {
        let act = |deed, detail: &str| Act {
            deed,
            workflow: None,
            execution_arn: None,
            event: None,
            detail: detail.to_owned(),
            person_id: String::new(),
            person_name: String::new(),
            at: 0,
        };
        for deed in [Deed::Proposed, Deed::ProposalVoted, Deed::ProposalEnded] {
            assert_eq!(proposal_of(&act(deed, "dep_1: approved: as agreed")), Some("dep_1"));
        }
        assert_eq!(proposal_of(&act(Deed::RolledBack, "live: version 1")), None);
    }
}
