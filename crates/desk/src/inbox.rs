//! Parts of the inbox: what somebody may decide, what is due soon, and what waits without any deadline.

use crate::actor::Actor;
use crate::approvals::outcomes::outcomes;
use crate::approvals::who::{approvers, needed};
use crate::approvals::{Policies, Policy};
use crate::desk::Desk;
use crate::error::Error;
use crate::index::{DueFilter, InboxCursor, InboxFilter, InboxPage};
use crate::policy::Action;
use crate::watch::Waiting;

/// What is due within this time, in milliseconds, is due soon.
const SOON_MS: i64 = 4 * 60 * 60 * 1_000;

/// A part of the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    #[default]
    All,
    /// What the rules let the actor decide; requests without a rule are everybody's.
    Mine,
    /// What the rules give to one of the actor's groups.
    Groups,
    /// Due within four hours.
    Soon,
    /// Without a deadline of its own, of its workflow or of a rule: it can wait for a year unnoticed.
    Forgotten,
}

impl Part {
    fn filter(self, policies: &Policies, actor: &Actor, now: i64) -> InboxFilter {
        let states = |is_meant: &dyn Fn(&Policy) -> bool| -> Vec<(String, String)> {
            let all = policies
                .iter()
                .flat_map(|(workflow, states)| states.iter().map(move |(state, rule)| (workflow, state, rule)));
            let meant = all.filter(|(_, _, rule)| is_meant(rule));
            meant.map(|(workflow, state, _)| (workflow.clone(), state.clone())).collect()
        };
        let in_group = |rule: &Policy| {
            let approvers = approvers(Some(rule));
            actor.groups().iter().any(|group| approvers.groups.contains(group))
        };
        match self {
            Self::All => InboxFilter::default(),
            Self::Mine => {
                let except = states(&|rule| !approvers(Some(rule)).has(actor));
                InboxFilter { except, ..InboxFilter::default() }
            }
            Self::Groups => InboxFilter { only: Some(states(&in_group)), ..InboxFilter::default() },
            Self::Soon => InboxFilter { due: DueFilter::By(now.saturating_add(SOON_MS)), ..InboxFilter::default() },
            Self::Forgotten => {
                let except = states(&|rule| rule.due.is_some());
                InboxFilter { except, due: DueFilter::Never, ..InboxFilter::default() }
            }
        }
    }
}

impl Desk {
    /// What of a part of the inbox waits for people, in its order: at most `limit` requests after the cursor.
    ///
    /// # Errors
    /// The connection has never answered, or the index cannot be read.
    pub async fn waiting_part(
        &self,
        actor: &Actor,
        part: Part,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<InboxPage, Error> {
        if part == Part::All {
            return self.waiting(actor, after, limit).await;
        }
        let sight = self.sight(actor)?;
        self.known().await?;
        let filter = part.filter(&self.folder().policies(), actor, self.now());
        Ok(self.index().inbox_of(self.id(), &sight, &filter, after, limit).await?)
    }

    /// How many people chose the outcome that is nearest to being decided, and how many it needs; `None` where one person
    /// is enough.
    ///
    /// # Errors
    /// The store failed.
    pub async fn progress(&self, actor: &Actor, wait: &Waiting) -> Result<Option<(usize, usize)>, Error> {
        self.permit(actor, Action::View, Some(&wait.workflow))?;
        let policies = self.folder().policies();
        let policy = policies.get(&wait.workflow).and_then(|states| states.get(&wait.state));
        let several: Vec<(String, usize)> = outcomes(policy)
            .into_iter()
            .map(|outcome| (outcome.name.id.clone(), needed(policy, &outcome)))
            .filter(|(_, people)| *people > 1)
            .collect();
        if several.is_empty() {
            return Ok(None);
        }
        let votes = self.store().votes(self.id(), &wait.execution_arn, wait.event).await?;
        let so_far = |id: &str| votes.iter().filter(|vote| vote.choice.outcome.id == id).count();
        let nearest = several.iter().map(|(id, people)| (so_far(id), *people));
        Ok(nearest.min_by_key(|(so_far, people)| people.saturating_sub(*so_far)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;
    use crate::people;

    #[test]
    fn a_part_names_the_states_that_the_rules_give_to_somebody() {
        let rules = r#"
            [pay.Ask]
            approvers = { groups = ["finance"] }
            due = "4h"
            [pay.Check]
            approvers = { people = ["sam"] }
            [pay.Free]
            title = "Anybody"
        "#;
        let policies: Policies = toml::from_str(rules).unwrap();
        let dana = Actor::Person(people::first());
        assert!(dana.groups().contains(&"finance".to_owned()), "{dana:?}");
        let pair = |state: &str| ("pay".to_owned(), state.to_owned());
        assert_eq!(Part::Mine.filter(&policies, &dana, 0).except, [pair("Check")]);
        assert_eq!(Part::Groups.filter(&policies, &dana, 0).only, Some(vec![pair("Ask")]));
        let forgotten = Part::Forgotten.filter(&policies, &dana, 0);
        assert_eq!((forgotten.except, forgotten.due), (vec![pair("Ask")], DueFilter::Never));
        assert_eq!(Part::Soon.filter(&policies, &dana, 5).due, DueFilter::By(5 + SOON_MS));
        assert_eq!(Part::All.filter(&policies, &dana, 0), InboxFilter::default());
    }
}
