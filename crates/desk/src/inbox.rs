//! Parts of the inbox: what somebody may decide, what nobody looks after, what is due, and what waits without any deadline.

use std::collections::BTreeMap;

use crate::actor::Actor;
use crate::approvals::outcomes::outcomes;
use crate::approvals::standing::absent;
use crate::approvals::timing::approvers_at;
use crate::approvals::who::{Approvers, approvers, needed};
use crate::approvals::{Policies, Policy, reached_since};
use crate::desk::Desk;
use crate::error::Error;
use crate::index::{DueFilter, InboxCursor, InboxFilter, InboxPage, Sight};
use crate::policy::Action;
use crate::store::Claim;
use crate::watch::{RequestKey, Waiting};

/// What is due within this time, in milliseconds, is due soon.
const SOON_MS: i64 = 4 * 60 * 60 * 1_000;

/// A part of the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    #[default]
    All,
    /// What the actor may decide, by the rules, by what was given to them, or in somebody's place, and has not chosen for
    /// yet; requests without a rule are everybody's. Who asked is not looked at: four eyes refuse it on the page.
    Mine,
    /// What is so because of one of the actor's groups.
    Groups,
    /// What nobody looks after.
    Unclaimed,
    /// Due within four hours.
    Soon,
    /// Past its due time.
    Overdue,
    /// Without a deadline of its own, of its workflow or of a rule: it can wait for a year unnoticed.
    Forgotten,
}

/// What the filters of parts are made of.
struct Known<'a> {
    policies: &'a Policies,
    actor: &'a Actor,
    /// Those for whom the actor stands in.
    absent: Vec<Actor>,
    /// To whom requests were given.
    given: Vec<(RequestKey, Approvers)>,
    claimed: Vec<RequestKey>,
    /// What the actor, or somebody in their place, chose for already, and others have not yet.
    chosen: Vec<RequestKey>,
    now: i64,
}

impl Known<'_> {
    /// Whether the actor, or somebody for whom they stand in, is among these, as `is_one` has it.
    fn is_meant(&self, approvers: &Approvers, is_one: fn(&Approvers, &Actor) -> bool) -> bool {
        std::iter::once(self.actor).chain(&self.absent).any(|actor| is_one(approvers, actor))
    }

    /// The states whose rules hold for a part.
    fn states(&self, holds: impl Fn(&Policy) -> bool) -> Vec<(String, String)> {
        let all = self.policies.iter();
        let all = all.flat_map(|(workflow, states)| states.iter().map(move |(state, rule)| (workflow, state, rule)));
        let meant = all.filter(|(_, _, rule)| holds(rule));
        meant.map(|(workflow, state, _)| (workflow.clone(), state.clone())).collect()
    }

    /// A filter with what is the actor's apart from its rule: what was given or escalated to them, and not what was given to
    /// others or what they chose for already.
    fn apart(&self, is_one: fn(&Approvers, &Actor) -> bool) -> InboxFilter {
        let (own, others): (Vec<_>, Vec<_>) = self.given.iter().partition(|(_, to)| self.is_meant(to, is_one));
        let requests = |given: Vec<&(RequestKey, Approvers)>| given.into_iter().map(|(one, _)| one.clone()).collect();
        InboxFilter {
            also: requests(own),
            never: requests(others),
            since: self.escalated(is_one),
            chosen: self.chosen.clone(),
            ..InboxFilter::default()
        }
    }

    /// What has waited so long that it is escalated to the actor.
    fn escalated(&self, is_one: fn(&Approvers, &Actor) -> bool) -> Vec<(String, String, i64)> {
        let all = self.policies.iter();
        let all = all.flat_map(|(workflow, states)| states.iter().map(move |(state, rule)| (workflow, state, rule)));
        let reached = all.flat_map(|(workflow, state, rule)| {
            let to_them = rule.escalate.iter().filter(|one| {
                let to = Approvers { people: one.people.clone(), groups: one.groups.clone() };
                self.is_meant(&to, is_one)
            });
            let since = to_them.filter_map(|one| reached_since(one.after, rule.business_hours.as_ref(), self.now));
            since.max().map(|since| (workflow.clone(), state.clone(), since))
        });
        reached.collect()
    }
}

/// Whether somebody is named by one of their groups.
fn by_group(approvers: &Approvers, actor: &Actor) -> bool {
    actor.groups().iter().any(|group| approvers.groups.contains(group))
}

impl Part {
    fn filter(self, known: &Known<'_>) -> InboxFilter {
        match self {
            Self::All => InboxFilter::default(),
            Self::Mine => {
                let except = known.states(|rule| !known.is_meant(&approvers(Some(rule)), Approvers::has));
                InboxFilter { except, ..known.apart(Approvers::has) }
            }
            Self::Groups => {
                let only = Some(known.states(|rule| known.is_meant(&approvers(Some(rule)), by_group)));
                InboxFilter { only, ..known.apart(by_group) }
            }
            Self::Unclaimed => InboxFilter { never: known.claimed.clone(), ..InboxFilter::default() },
            Self::Soon => {
                InboxFilter { due: DueFilter::By(known.now.saturating_add(SOON_MS)), ..InboxFilter::default() }
            }
            Self::Overdue => InboxFilter { due: DueFilter::By(known.now), ..InboxFilter::default() },
            Self::Forgotten => InboxFilter { due: DueFilter::Never, ..InboxFilter::default() },
        }
    }
}

impl Desk {
    /// What of a part of the inbox waits for people, with a text where one is given, in its order: at most `limit` requests
    /// after the cursor.
    ///
    /// # Errors
    /// The connection has never answered, or the index or the store cannot be read.
    pub async fn waiting_part(
        &self,
        actor: &Actor,
        part: Part,
        text: Option<&str>,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<InboxPage, Error> {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        if part == Part::All && text.is_none() {
            return self.waiting(actor, after, limit).await;
        }
        let sight = self.sight(actor)?;
        self.known().await?;
        let policies = self.folder().policies();
        let mut filter = part.filter(&self.known_for(actor, &policies).await?);
        // What is not seen is not found either.
        let readable = self.sight_for(actor, Action::ViewPayload).unwrap_or_else(|_| Sight::only(&[]));
        filter.text = text.map(|text| (text.to_owned(), readable));
        Ok(self.index().inbox_of(self.id(), &sight, &filter, after, limit).await?)
    }

    /// Who may decide each of these requests now, by its rule or because it was given to them; those are left out that
    /// everybody may decide whom the policy permits.
    ///
    /// # Errors
    /// The actor may not see the connection, or the store failed.
    pub async fn deciders(&self, actor: &Actor, waiting: &[Waiting]) -> Result<BTreeMap<RequestKey, Approvers>, Error> {
        self.sight(actor)?;
        if waiting.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (policies, now) = (self.folder().policies(), self.now());
        let given: BTreeMap<RequestKey, Approvers> = self.store().reassignments(self.id()).await?.into_iter().collect();
        let one = |wait: &Waiting| {
            let key = (wait.execution_arn.clone(), wait.event);
            let policy = policies.get(&wait.workflow).and_then(|states| states.get(&wait.state));
            let approvers = approvers_at(policy, given.get(&key).cloned(), wait.since, now);
            (key, approvers)
        };
        Ok(waiting.iter().map(one).filter(|(_, approvers)| !approvers.is_everybody()).collect())
    }

    /// Those who look after requests.
    ///
    /// # Errors
    /// The actor may not see the connection, or the store failed.
    pub async fn claims(&self, actor: &Actor) -> Result<BTreeMap<RequestKey, Claim>, Error> {
        self.sight(actor)?;
        Ok(self.store().claims(self.id()).await?.into_iter().collect())
    }

    async fn known_for<'a>(&self, actor: &'a Actor, policies: &'a Policies) -> Result<Known<'a>, Error> {
        let now = self.now();
        let absent = absent(self.store(), actor, now).await?.into_iter().map(Actor::Person).collect();
        let claims = self.store().claims(self.id()).await?;
        Ok(Known {
            policies,
            actor,
            absent,
            given: self.store().reassignments(self.id()).await?,
            claimed: claims.into_iter().map(|(request, _)| request).collect(),
            chosen: self.store().chosen(self.id(), actor.id()).await?,
            now,
        })
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

    const HOUR: i64 = 60 * 60 * 1_000;

    fn known<'a>(policies: &'a Policies, actor: &'a Actor) -> Known<'a> {
        let (absent, given) = (Vec::new(), Vec::new());
        Known { policies, actor, absent, given, claimed: Vec::new(), chosen: Vec::new(), now: HOUR + 5 }
    }

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
        let mut known = known(&policies, &dana);
        assert_eq!(Part::Mine.filter(&known).except, [pair("Check")]);
        assert_eq!(Part::Groups.filter(&known).only, Some(vec![pair("Ask")]));
        assert_eq!(Part::Soon.filter(&known).due, DueFilter::By(HOUR + 5 + SOON_MS));
        assert_eq!(Part::Overdue.filter(&known).due, DueFilter::By(HOUR + 5));
        assert_eq!(Part::Forgotten.filter(&known).due, DueFilter::Never);
        assert_eq!(Part::All.filter(&known), InboxFilter::default());
        // Sam is away, and Dana stands in.
        let sam = crate::Person { id: "sam".into(), name: "Sam".into(), role: String::new(), groups: Vec::new() };
        known.absent = vec![Actor::Person(sam)];
        assert!(Part::Mine.filter(&known).except.is_empty());
    }

    #[test]
    fn what_was_given_or_escalated_is_apart_from_the_rules() {
        let rules = r#"
            [pay.Ask]
            approvers = { people = ["sam"] }
            escalate = [{ after = "1h", groups = ["leads"] }, { after = "2h", people = ["kenji"] }]
        "#;
        let policies: Policies = toml::from_str(rules).unwrap();
        let dana = Actor::Person(people::first());
        let mut known = known(&policies, &dana);
        let request = |event| ("arn".to_owned(), event);
        let to = |people: &[&str], groups: &[&str]| Approvers {
            people: people.iter().map(|one| (*one).to_owned()).collect(),
            groups: groups.iter().map(|one| (*one).to_owned()).collect(),
        };
        known.given =
            vec![(request(1), to(&["sam"], &[])), (request(2), to(&["dana"], &[])), (request(3), to(&["sam"], &[]))];
        known.claimed = vec![request(4)];
        known.chosen = vec![request(5)];
        let mine = Part::Mine.filter(&known);
        assert_eq!((mine.also, mine.never), (vec![request(2)], vec![request(1), request(3)]));
        assert_eq!(mine.since, [("pay".to_owned(), "Ask".to_owned(), 5)], "an hour ago, to a group of hers");
        let groups = Part::Groups.filter(&known);
        assert_eq!((groups.also.len(), groups.never.len(), groups.since), (0, 3, mine.since));
        assert_eq!((mine.chosen, groups.chosen), (vec![request(5)], vec![request(5)]));
        assert_eq!(Part::Unclaimed.filter(&known).never, [request(4)]);
    }
}
