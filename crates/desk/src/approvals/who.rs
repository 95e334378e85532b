//! Who may decide a request, and how many have to.
//!
//! The manifest says who its approvers are; whether somebody may decide is for the policy to say, which refers to them
//! ([`crate::policy`]). Without a rule every approver may, and one person's choice decides. With `quorum`, an outcome is decided once so many people
//! chose it; an outcome of the tone `bad` needs one person, unless it has a `quorum` of its own. A person has one choice.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::outcomes::{Outcome, Tone};
use super::policy::Policy;
use crate::actor::{Actor, Person};
use crate::policy::{Action, Authority, DenialReason, Denied, Object, RequestFacts, Resource, rule};
use crate::store::Vote;

/// People, by themselves and by their groups. With neither the manifest names nobody, and everybody is meant whom the
/// policy permits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvers {
    #[serde(default)]
    pub people: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

/// Who asked, as far as four eyes need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Requester {
    /// These people, by id and name: whom the request names, and who started the execution here.
    Known(Vec<(String, String)>),
    /// The request names somebody whom nobody knows.
    Nobody { named: String },
    /// The request names nobody, and nobody started the execution from here.
    Unnamed { path: Option<String> },
}

/// Why somebody may not decide a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NotAllowed {
    /// Only these may.
    #[error("only {0} may decide it")]
    NotAnApprover(Approvers),
    /// They asked for it themselves.
    #[error("{0} asked for it")]
    OwnRequest(String),
    /// Four eyes are needed, and nobody can say whose the first two are.
    #[error("four eyes are needed, and nobody knows who asked: {0}")]
    UnknownRequester(Requester),
    /// The manifest cannot be used, and was not before: its rules are not known.
    #[error("the manifest cannot be used, so the rules are not known")]
    RulesUnknown,
    /// The policy does not permit it.
    #[error(transparent)]
    Denied(Denied),
    /// They chose before.
    #[error("{person} chose {label} before")]
    Voted { person: String, label: String, at: i64 },
    /// Somebody chose in their place, or the one in whose place they would.
    #[error("{by} chose {label} in the same place")]
    PlaceTaken { by: String, label: String, at: i64 },
}

// The record of what people did has these words; a page has longer ones.
impl fmt::Display for Requester {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(people) => {
                let names: Vec<&str> = people.iter().map(|(_, name)| name.as_str()).collect();
                write!(out, "{}", names.join(", "))
            }
            Self::Nobody { named } => write!(out, "{named:?} is no user"),
            Self::Unnamed { path: Some(path) } => write!(out, "{path} names nobody"),
            Self::Unnamed { path: None } => write!(out, "nobody started it here"),
        }
    }
}

impl fmt::Display for Approvers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_everybody() {
            return write!(out, "everybody");
        }
        let names: Vec<&str> = self.groups.iter().chain(&self.people).map(String::as_str).collect();
        write!(out, "{}", names.join(", "))
    }
}

impl Requester {
    /// Whether this person is known to have asked.
    #[must_use]
    pub fn is(&self, actor: &Actor) -> bool {
        matches!(self, Self::Known(people) if people.iter().any(|(id, name)| is_same(actor, id, name)))
    }
}

impl Approvers {
    /// Whether it is everybody.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty()
    }

    /// Whether it is this person.
    #[must_use]
    pub fn has(&self, actor: &Actor) -> bool {
        self.is_everybody()
            || self.people.iter().any(|person| person == actor.id())
            || actor.groups().iter().any(|group| self.groups.contains(group))
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        if self.is_everybody() {
            return self;
        }
        self.people.extend(others.people.iter().filter(|one| !self.people.contains(one)).cloned().collect::<Vec<_>>());
        self.groups.extend(others.groups.iter().filter(|one| !self.groups.contains(one)).cloned().collect::<Vec<_>>());
        self
    }

    /// These and one person.
    #[must_use]
    pub fn and_person(self, id: &str) -> Self {
        self.and(&Self { people: vec![id.to_owned()], groups: Vec::new() })
    }

    /// The known people among them, for whoever has to ask one.
    #[must_use]
    pub fn known(&self, everybody: &[Person]) -> Vec<String> {
        let is_one = |person: &&Person| self.has(&Actor::Person((*person).clone()));
        everybody.iter().filter(is_one).map(|person| person.name.clone()).collect()
    }
}

/// Who may decide by a rule, before anybody was added.
#[must_use]
pub fn approvers(policy: Option<&Policy>) -> Approvers {
    let Some(policy) = policy else { return Approvers::default() };
    if policy.approvers.is_everybody() {
        // Whoever is in none of these groups could not help to complete it.
        return Approvers { people: Vec::new(), groups: policy.one_of_each.clone() };
    }
    policy.approvers.clone()
}

/// How many people have to choose an outcome.
#[must_use]
pub fn needed(policy: Option<&Policy>, outcome: &Outcome) -> usize {
    let Some(policy) = policy else { return 1 };
    if let Some(own) = outcome.quorum {
        return usize::try_from(own).unwrap_or(usize::MAX).max(1);
    }
    if outcome.name.tone == Tone::Bad {
        return 1;
    }
    let quorum = usize::try_from(policy.quorum.unwrap_or(1)).unwrap_or(usize::MAX);
    quorum.max(policy.one_of_each.len()).max(1)
}

/// The groups of which one person each has to be among those who choose an outcome.
#[must_use]
pub fn one_of_each<'p>(policy: Option<&'p Policy>, outcome: &Outcome) -> &'p [String] {
    match policy {
        Some(policy) if outcome.quorum.is_none() && outcome.name.tone != Tone::Bad => &policy.one_of_each,
        _ => &[],
    }
}

/// Whether these people's choice of an outcome decides: each by the groups that they are in.
#[must_use]
pub fn is_complete(policy: Option<&Policy>, outcome: &Outcome, voters: &[&[String]]) -> bool {
    voters.len() >= needed(policy, outcome) && each_has_one(one_of_each(policy, outcome), voters)
}

/// The groups that still need somebody.
#[must_use]
pub fn missing<'p>(groups: &'p [String], voters: &[&[String]]) -> Vec<&'p str> {
    let without = |index: usize| {
        let others: Vec<String> =
            groups.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, group)| group.clone()).collect();
        most_served(&others, voters)
    };
    let served = most_served(groups, voters);
    let all = groups.iter().enumerate();
    all.filter(|(index, _)| served < groups.len() && without(*index) == served)
        .map(|(_, group)| group.as_str())
        .collect()
}

/// Whether each group can have a person of its own among the voters.
fn each_has_one(groups: &[String], voters: &[&[String]]) -> bool {
    most_served(groups, voters) == groups.len()
}

/// How many groups can have a person of their own: nobody stands for two.
fn most_served(groups: &[String], voters: &[&[String]]) -> usize {
    let mut taken: Vec<Option<usize>> = vec![None; voters.len()];
    (0..groups.len()).filter(|&group| place(group, groups, voters, &mut taken, &mut vec![false; voters.len()])).count()
}

/// Finds a voter for a group, and others for those that have to give theirs up.
fn place(
    group: usize,
    groups: &[String],
    voters: &[&[String]],
    taken: &mut Vec<Option<usize>>,
    tried: &mut Vec<bool>,
) -> bool {
    for voter in 0..voters.len() {
        if tried[voter] || !voters[voter].contains(&groups[group]) {
            continue;
        }
        tried[voter] = true;
        let is_free = match taken[voter] {
            None => true,
            Some(other) => place(other, groups, voters, taken, tried),
        };
        if is_free {
            taken[voter] = Some(group);
            return true;
        }
    }
    false
}

/// Whether somebody may choose an outcome now: once each, and as the policy permits. Why the policy refuses it is said in the
/// terms of the request's rule, where it is about that.
///
/// # Errors
/// Why not.
pub fn may_decide(
    authority: &Authority,
    actor: &Actor,
    resource: &Resource<'_>,
    facts: RequestFacts<'_>,
    stands_for: Option<&Person>,
    votes: &[Vote],
) -> Result<(), NotAllowed> {
    if let Some(vote) = votes.iter().find(|vote| vote.choice.person_id == actor.id()) {
        let label = vote.choice.outcome.label.clone();
        return Err(NotAllowed::Voted { person: actor.name().to_owned(), label, at: vote.choice.decided_at });
    }
    one_choice_a_place(actor, stands_for, votes)?;
    let resource = Resource { object: Object::Request(facts), ..resource.clone() };
    authority.permit(actor, Action::Decide, &resource).map_err(|denied| {
        let about_the_rule = denied.is_by(rule::FOUR_EYES) || denied.is_by(rule::FOUR_EYES_UNKNOWN);
        if !facts.approvers.has(actor) && (about_the_rule || *denied.reason == DenialReason::NotPermitted) {
            return NotAllowed::NotAnApprover(facts.approvers.clone());
        }
        if denied.is_by(rule::FOUR_EYES)
            && let Requester::Known(people) = facts.requester
            && let Some((_, name)) = people.iter().find(|(id, name)| is_same(actor, id, name))
        {
            return NotAllowed::OwnRequest(name.clone());
        }
        if denied.is_by(rule::FOUR_EYES_UNKNOWN) {
            return NotAllowed::UnknownRequester(facts.requester.clone());
        }
        NotAllowed::Denied(denied)
    })
}

/// Whoever is away and who stands in for them have one choice together.
fn one_choice_a_place(actor: &Actor, stands_for: Option<&Person>, votes: &[Vote]) -> Result<(), NotAllowed> {
    let place = stands_for.map_or(actor.id(), |absent| absent.id.as_str());
    let is_of_place = |vote: &&Vote| {
        let stood_for = vote.choice.bound.stands_for.as_ref();
        vote.choice.person_id == place || stood_for.is_some_and(|(id, _)| id == place)
    };
    votes.iter().find(is_of_place).map_or(Ok(()), |vote| {
        Err(NotAllowed::PlaceTaken {
            by: vote.choice.person_name.clone(),
            label: vote.choice.outcome.label.clone(),
            at: vote.choice.decided_at,
        })
    })
}

/// Whether the actor is who is known by this id or name.
pub(crate) fn is_same(actor: &Actor, id: &str, name: &str) -> bool {
    actor.id() == id || actor.name().to_lowercase() == name.to_lowercase()
}

/// Who asked: those whom the request names, `called` so, and who started the execution here.
#[must_use]
pub fn requester(
    path: Option<&str>,
    named: Option<&str>,
    starter: Option<(String, String)>,
    called: &[Person],
) -> Requester {
    let mut known: Vec<(String, String)> = Vec::new();
    if let Some(named) = named.map(str::trim).filter(|named| !named.is_empty()) {
        // Two people may have one name: neither of them is a second pair of eyes.
        known.extend(called.iter().map(|person| (person.id.clone(), person.name.clone())));
        if known.is_empty() {
            return Requester::Nobody { named: named.chars().take(80).collect() };
        }
    }
    // The program starts the demonstration's samples: that is nobody.
    known.extend(starter.filter(|(id, _)| id != Actor::Program.id()));
    if known.is_empty() { Requester::Unnamed { path: path.map(str::to_owned) } } else { Requester::Known(known) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;
    use crate::approvals::outcomes::find;
    use crate::connection::ConnectionId;
    use crate::people;

    fn policy(toml: &str) -> Policy {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn a_refusal_reads_as_a_sentence_on_record() {
        let approvers = Approvers { people: vec!["ann".to_owned()], groups: vec!["finance".to_owned()] };
        assert_eq!(NotAllowed::NotAnApprover(approvers).to_string(), "only finance, ann may decide it");
        let nobody = NotAllowed::UnknownRequester(Requester::Nobody { named: "zed".to_owned() });
        assert_eq!(nobody.to_string(), "four eyes are needed, and nobody knows who asked: \"zed\" is no user");
        let denied = Denied {
            actor: "Vic".to_owned(),
            action: Action::BreakGlass,
            workflow: None,
            reason: Box::new(DenialReason::NotPermitted),
            groups: Vec::new(),
        };
        assert_eq!(NotAllowed::Denied(denied).to_string(), "Vic may not breakGlass: no policy permits it");
    }

    fn is_enough(toml: &str, outcome: &str, voters: &[&[&str]]) -> bool {
        let policy = policy(toml);
        let outcome = find(Some(&policy), outcome).unwrap();
        let groups: Vec<Vec<String>> =
            voters.iter().map(|groups| groups.iter().map(|group| (*group).to_owned()).collect()).collect();
        let voters: Vec<&[String]> = groups.iter().map(Vec::as_slice).collect();
        is_complete(Some(&policy), &outcome, &voters)
    }

    #[test]
    fn an_outcome_is_decided_once_enough_chose_it() {
        let two = "quorum = 2";
        assert!(!is_enough(two, "approve", &[&[]]) && is_enough(two, "approve", &[&[], &[]]));
        assert!(is_enough(two, "reject", &[&[]]), "one person's no decides");
        let own = "quorum = 2\n[outcomes.approve]\n[outcomes.reject]\nquorum = 3\n[outcomes.hold]\nquorum = 1";
        assert!(!is_enough(own, "reject", &[&[], &[]]) && is_enough(own, "reject", &[&[], &[], &[]]));
        assert!(is_enough(own, "hold", &[&[]]));
    }

    #[test]
    fn nobody_stands_for_two_groups() {
        let each = r#"one_of_each = ["finance", "warehouse"]"#;
        assert!(!is_enough(each, "approve", &[&["finance", "warehouse"]]));
        assert!(!is_enough(each, "approve", &[&["finance"], &["finance"]]));
        assert!(is_enough(each, "approve", &[&["finance", "warehouse"], &["finance"]]), "the first one gives way");
        assert!(is_enough(each, "approve", &[&["finance"], &["finance"], &["warehouse"]]));
        let groups = ["finance".to_owned(), "warehouse".to_owned()];
        let voters = [vec!["finance".to_owned()]];
        assert_eq!(missing(&groups, &[&voters[0]]), ["warehouse"]);
        assert_eq!(missing(&groups, &[]), ["finance", "warehouse"]);
    }

    #[test]
    fn two_people_of_one_name_both_asked() {
        let person = |id: &str| Person { id: id.into(), name: "Dana".into(), role: String::new(), groups: Vec::new() };
        let Requester::Known(known) = requester(None, Some("dana"), None, &[person("one"), person("other")]) else {
            panic!("both are known")
        };
        assert_eq!(known.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["one", "other"]);
    }

    #[test]
    fn who_may_decide() {
        let [dana, omar, ines, kenji] = people::all().try_into().unwrap();
        let actor = |person: &Person| Actor::Person(person.clone());
        let rule = policy("four_eyes = true\napprovers = { people = [\"kenji\"], groups = [\"finance\"] }");
        let who = approvers(Some(&rule));
        let asked = |named: Option<&str>, starter: Option<&Person>| {
            let starter = starter.map(|person| (person.id.clone(), person.name.clone()));
            let called =
                |name: &str| people::all().into_iter().filter(|one| is_same(&actor(one), name, name)).collect();
            let called: Vec<Person> = named.map(str::trim).map(called).unwrap_or_default();
            requester(Some("$.by"), named, starter, &called)
        };
        let (authority, connection) = (Authority::shipped(), ConnectionId::default_one());
        let may = |requester: &Requester, person: &Person| {
            let facts = RequestFacts {
                execution_arn: "a",
                event: 1,
                workflow: "order",
                state: "Ask",
                approvers: &who,
                four_eyes: rule.four_eyes,
                requester,
                content: "{}",
            };
            let resource =
                Resource { connection: &connection, read_only: false, tags: None, object: Object::Connection };
            may_decide(&authority, &actor(person), &resource, facts, None, &[])
        };
        let by_ines = asked(Some("inês duarte"), None);
        assert_eq!((may(&by_ines, &dana), may(&by_ines, &kenji)), (Ok(()), Ok(())));
        assert_eq!(may(&by_ines, &ines), Err(NotAllowed::NotAnApprover(who.clone())));
        let by_dana = asked(Some("dana"), Some(&omar));
        assert_eq!(may(&by_dana, &dana), Err(NotAllowed::OwnRequest("Dana Whitfield".into())));
        assert_eq!(may(&by_dana, &omar), Err(NotAllowed::OwnRequest("Omar Haddad".into())), "the starter asked, too");
        assert_eq!(may(&by_dana, &kenji), Ok(()));
        for unknown in [asked(None, None), asked(Some("Purchasing"), Some(&omar)), asked(Some(" "), None)] {
            assert_eq!(may(&unknown, &kenji), Err(NotAllowed::UnknownRequester(unknown.clone())));
        }
        let program = requester(None, None, Some(("countersign".into(), "Countersign".into())), &[]);
        assert_eq!(program, Requester::Unnamed { path: None });
        assert_eq!(who.known(&people::all()), ["Dana Whitfield", "Omar Haddad", "Kenji Mori"]);
    }
}
