//! Messages about deployments that people have to approve: one for each proposal, to those who may vote on it.

use std::collections::BTreeSet;

use super::channel::{Channel, Recipient};
use super::message::{About, Message, Occasion};
use super::outbox::Notices;
use super::sources::reachable;
use crate::desk::Desk;
use crate::error::Error;
use crate::store::{Proposal, ProposalVote, ProposedWorkflow};

impl Desk {
    /// Tells of the proposals that wait for votes.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn tell_of_proposals(
        &self,
        notices: &Notices,
        current: &mut BTreeSet<String>,
    ) -> Result<(), Error> {
        for (proposal, votes) in self.open_proposals().await? {
            let event = format!("proposed:{}", proposal.id);
            let wanted = |channel: &&Channel| {
                let takes = |one: &ProposedWorkflow| channel.takes(Occasion::Proposed, self.id().as_str(), &one.name);
                proposal.about.workflows.iter().any(takes) && !self.telling().has_taken(&event, &channel.name)
            };
            for channel in notices.channels_since(proposal.proposed_at).filter(wanted) {
                let message = self.of_proposal(&proposal);
                let mut to: Vec<String> = Vec::new();
                for recipient in &channel.to {
                    match recipient {
                        Recipient::Fixed(address) => to.push(address.clone()),
                        Recipient::Approvers => to.extend(self.voters(&proposal, &votes).await?),
                    }
                }
                let messages: Vec<_> = to.into_iter().map(|address| (address, message.clone())).collect();
                notices.put(self.id(), channel, &event, &messages).await?;
                self.telling().took(&event, &channel.name);
            }
            current.insert(event);
        }
        Ok(())
    }

    /// The addresses of those who may vote on a proposal: not of whoever proposed it, where four eyes are needed.
    async fn voters(&self, proposal: &Proposal, votes: &[ProposalVote]) -> Result<Vec<String>, Error> {
        let users = self.store().users().await?;
        let may = reachable(users)
            .filter(|(actor, _)| self.sees_proposal(actor, proposal) && self.may_vote(actor, proposal, votes).is_ok());
        Ok(may.map(|(_, address)| address).collect())
    }

    fn of_proposal(&self, proposal: &Proposal) -> Message {
        let names: Vec<&str> = proposal.about.workflows.iter().map(|workflow| workflow.name.as_str()).collect();
        let (id, environment) = (proposal.id.clone(), proposal.about.environment.clone());
        Message {
            occasion: Occasion::Proposed,
            about: About::Deployment { id, environment },
            connection: self.id().as_str().to_owned(),
            connection_label: self.about().label.clone(),
            workflow: names.join(", "),
            execution: String::new(),
            state: None,
            title: names.join(", "),
            facts: Vec::new(),
            at: proposal.proposed_at,
            due: None,
            detail: Some(proposal.maker.person.name.clone()),
        }
    }
}
