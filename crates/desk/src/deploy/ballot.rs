//! Votes on proposed deployments in the terms of requests, so that the same rules count them.

use crate::approvals::Policy;
use crate::approvals::outcomes::{APPROVE, Chosen, Outcome, REJECT, find};
use crate::approvals::who;
use crate::store::{ApprovalRule, Bound, NewDecision, NewVote, Proposal, ProposalVote, Vote};

/// The state of a proposal in policies: a request is in one, and no state of a workflow has such a name.
pub const STATE: &str = "countersign:deployment";

/// A vote as the rules of requests know it.
pub fn as_vote(vote: &ProposalVote, proposal: &Proposal) -> Vote {
    let outcome = if vote.approves { Chosen::approve() } else { Chosen::reject() };
    let choice = NewDecision {
        execution_arn: subject(&proposal.id),
        event: 0,
        workflow: String::new(),
        state: STATE.to_owned(),
        title: String::new(),
        outcome,
        form: "{}".to_owned(),
        person_id: vote.person_id.clone(),
        person_name: vote.person_name.clone(),
        comment: vote.comment.clone(),
        decided_at: vote.at,
        bound: Bound::default(),
    };
    NewVote { choice, groups: vote.groups.clone() }
}

/// What stands in the place of an execution's ARN.
pub fn subject(id: &str) -> String {
    format!("countersign:proposal:{id}")
}

/// The rule as that of a request.
fn policy(rule: &ApprovalRule) -> Policy {
    Policy {
        approvers: rule.approvers.clone(),
        quorum: Some(rule.quorum),
        four_eyes: rule.four_eyes,
        ..Policy::default()
    }
}

/// The outcome of a vote; both are there without any rule.
fn outcome(approves: bool) -> Option<Outcome> {
    find(None, if approves { APPROVE } else { REJECT })
}

/// The groups of each one who voted so.
pub fn voters(votes: &[ProposalVote], approves: bool) -> Vec<&[String]> {
    votes.iter().filter(|vote| vote.approves == approves).map(|vote| vote.groups.as_slice()).collect()
}

/// How many people have to approve a proposal.
#[must_use]
pub fn needed(rule: &ApprovalRule) -> usize {
    outcome(true).map_or(1, |outcome| who::needed(Some(&policy(rule)), &outcome))
}

/// Whether these votes decide, one way or the other.
#[must_use]
pub fn decide(rule: &ApprovalRule, votes: &[ProposalVote], approves: bool) -> bool {
    let voters = voters(votes, approves);
    outcome(approves).is_some_and(|outcome| who::is_complete(Some(&policy(rule)), &outcome, &voters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(approves: bool) -> ProposalVote {
        let text = |text: &str| text.to_owned();
        ProposalVote {
            person_id: text("dana"),
            person_name: text("Dana"),
            groups: vec![text("release")],
            approves,
            comment: String::new(),
            at: 1,
        }
    }

    #[test]
    fn a_quorum_approves_and_one_rejects() {
        for (quorum, approving, decides) in [(0, 1, true), (1, 1, true), (2, 1, false), (2, 2, true), (3, 2, false)] {
            let rule = ApprovalRule { quorum, ..ApprovalRule::default() };
            let votes = vec![vote(true); approving];
            assert_eq!(decide(&rule, &votes, true), decides, "{quorum} {approving}");
            assert!(!decide(&rule, &votes, false), "nobody rejected it");
            assert_eq!(needed(&rule), usize::try_from(quorum.max(1)).unwrap_or(1));
            let rejected = [votes, vec![vote(false)]].concat();
            assert!(decide(&rule, &rejected, false), "one person's no decides");
        }
    }
}
