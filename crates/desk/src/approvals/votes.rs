//! Votes: who may choose, what was chosen so far, and the vote that completes what the rule asks for.

use countersign_asl::expr::path::Path;
use serde_json::Value;

use super::asked::Asked;
use super::courier::Courier;
use super::decide::{DecideError, worded_answer};
use super::outcomes::{AnswerRule, Outcome};
use super::policy::Policy;
use super::standing::stands_for;
use super::timing::approvers_at;
use super::who::{Approvers, NotAllowed, Requester, is_complete, may_decide, requester};
use crate::actor::{Actor, Person};
use crate::people;
use crate::policy::{Action, Denied, Object, RequestFacts};
use crate::store::{Cast, Completion, Decision, NewDecision, NewVote, Reassignment, StoreError, Vote, Worded};
use crate::watch::Record;

/// A request, its rule, and the execution that asks.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub policy: Option<&'a Policy>,
    pub record: &'a Record,
    pub event: u64,
    /// The redacted request.
    pub request: &'a str,
}

/// Who may decide a request now, and who asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub approvers: Approvers,
    pub requester: Requester,
    /// In whose place whoever looks would decide.
    pub stands_for: Option<Person>,
    /// Who gave the request to these approvers, where somebody did.
    pub reassigned: Option<Reassignment>,
}

/// What came of a choice.
pub enum Entry {
    /// It completed the decision.
    New(Box<Decision>),
    /// The task has a decision already.
    Before(Box<Decision>),
    /// The request needs more people.
    Voted(Vec<Vote>),
}

/// Who may decide a request, and in whose place `actor` would.
///
/// # Errors
/// The store failed.
pub async fn who(courier: &Courier, asking: &Asking<'_>, actor: &Actor) -> Result<Who, StoreError> {
    let now = courier.watch.now();
    let since = asking.record.event(asking.event).map_or(now, |event| event.timestamp);
    let request = (courier.connection(), asking.record.description.arn.as_str(), asking.event);
    let reassigned = courier.store.reassigned(request).await?;
    let given = reassigned.as_ref().map(|one| one.to.clone());
    let approvers = approvers_at(asking.policy, given, since, now);
    let requester = match asking.policy.filter(|policy| policy.four_eyes) {
        Some(policy) => requester_of(courier, asking, policy.requester.as_deref()).await?,
        None => Requester::Unnamed { path: None },
    };
    let stands_for = stands_for(courier.store.as_ref(), actor, &approvers, &requester, now).await?;
    Ok(Who { approvers, requester, stands_for, reassigned })
}

/// Who asked: whom the request or the execution's input names, and who started the execution here.
///
/// # Errors
/// The store failed.
pub async fn requester_of(courier: &Courier, asking: &Asking<'_>, path: Option<&str>) -> Result<Requester, StoreError> {
    let description = asking.record.whole().0;
    let found: Result<Option<String>, Unreadable> = path.map_or(Ok(None), |path| {
        let content = Asked::read(asking.request).map_err(|_| Unreadable)?;
        let of_request = named_at(path, content.text())?;
        Ok(match (of_request, description.input.as_deref()) {
            (None, Some(input)) => named_at(path, input)?,
            (found, _) => found,
        })
    });
    // Whom nobody can read may be anybody: then nobody decides.
    let Ok(named) = found else { return Ok(Requester::Unnamed { path: path.map(str::to_owned) }) };
    let named = named.map(|named| courier.watch.all_tokens().text(&named));
    let (connection, arn) = (courier.connection(), &asking.record.description.arn);
    let mut starter = courier.store.starter(connection, arn).await?;
    if starter.is_none() {
        // Whoever started the execution whose Map Run has this one.
        let listed = courier.watch.index().execution(connection, arn).await?;
        if let Some(parent) = listed.and_then(|listed| listed.parent_arn) {
            starter = courier.store.starter(connection, &parent).await?;
        }
    }
    let called = match &named {
        Some(name) => people::called(courier.store.as_ref(), name).await?,
        None => Vec::new(),
    };
    Ok(requester(path, named.as_deref(), starter, &called))
}

/// Where the requester would be named there is nothing that can be read.
struct Unreadable;

/// The text at a path of a JSON text; `None` where it has nothing there.
fn named_at(path: &str, text: &str) -> Result<Option<String>, Unreadable> {
    let value: Value = serde_json::from_str(text).map_err(|_| Unreadable)?;
    let path = Path::parse(path).map_err(|_| Unreadable)?;
    // A path that leads to nothing is no fault of the text.
    Ok(match path.select(&value).ok().as_deref() {
        Some(Value::String(text)) => Some(text.clone()),
        None | Some(Value::Null) => None,
        Some(other) => Some(other.to_string()),
    })
}

/// Whether somebody may choose an outcome of a request now.
///
/// # Errors
/// Why not.
pub fn may_choose(
    courier: &Courier,
    asking: &Asking<'_>,
    who: &Who,
    actor: &Actor,
    votes: &[Vote],
) -> Result<(), NotAllowed> {
    let content = Asked::of(asking.request);
    // Who stands in for an approver is one.
    let with_delegate = who.stands_for.as_ref().map(|_| who.approvers.clone().and_person(actor.id()));
    let approvers = with_delegate.as_ref().unwrap_or(&who.approvers);
    let facts = RequestFacts { approvers, ..facts(asking, who, &content) };
    let resource = courier.resource(Object::Workflow(asking.record.workflow()));
    may_decide(&courier.authority, actor, &resource, facts, who.stands_for.as_ref(), votes)
}

/// Whether somebody may do something else about a request: break the glass, or give it to others.
///
/// # Errors
/// The policy refuses it.
pub fn may(courier: &Courier, asking: &Asking<'_>, who: &Who, actor: &Actor, action: Action) -> Result<(), Denied> {
    let content = Asked::of(asking.request);
    let object = Object::Request(facts(asking, who, &content));
    courier.authority.permit(actor, action, &courier.resource(object))
}

fn facts<'a>(asking: &Asking<'a>, who: &'a Who, content: &'a Asked) -> RequestFacts<'a> {
    RequestFacts {
        execution_arn: &asking.record.description.arn,
        event: asking.event,
        workflow: asking.record.workflow(),
        state: asking.record.state_of(asking.event).unwrap_or_default(),
        approvers: &who.approvers,
        four_eyes: asking.policy.is_some_and(|policy| policy.four_eyes),
        requester: &who.requester,
        content: content.text(),
    }
}

/// The groups that somebody's choice counts for: their own, or those of whom they stand in for.
pub fn groups<'a>(who: Option<&'a Who>, actor: &'a Actor) -> &'a [String] {
    let absent = who.and_then(|who| who.stands_for.as_ref());
    absent.map_or(actor.groups(), |absent| &absent.groups)
}

/// Whether one more choice of an outcome, by somebody in these groups, decides.
#[must_use]
pub fn completes(policy: Option<&Policy>, outcome: &Outcome, votes: &[Vote], groups: &[String]) -> bool {
    let mut voters = voters(outcome, votes);
    voters.push(groups);
    is_complete(policy, outcome, &voters)
}

/// The groups of each one who chose an outcome.
#[must_use]
pub fn voters<'v>(outcome: &Outcome, votes: &'v [Vote]) -> Vec<&'v [String]> {
    let same = votes.iter().filter(|vote| vote.choice.outcome.id == outcome.name.id);
    same.map(|vote| vote.groups.as_slice()).collect()
}

/// Puts a choice on record: as a vote, and as the decision where it completes what the rule asks for. Of people who choose at
/// the same time, the store lets one pass, and the others look again.
///
/// # Errors
/// The rule does not let this person choose, the answer cannot be made, or the store failed.
pub async fn cast(
    courier: &Courier,
    asking: &Asking<'_>,
    // `None` where the rule itself decides.
    who: Option<&Who>,
    outcome: &Outcome,
    actor: &Actor,
    new: &NewDecision,
) -> Result<Entry, DecideError> {
    let (connection, arn, event) = (courier.connection(), new.execution_arn.as_str(), new.event);
    loop {
        let mut votes = courier.store.votes(connection, arn, event).await?;
        if let Some(before) = courier.store.of_task(connection, arn, event).await? {
            return Ok(Entry::Before(Box::new(before)));
        }
        let is_own = |vote: &Vote| vote.choice.person_id == actor.id() && vote.choice.outcome.id == new.outcome.id;
        if votes.iter().any(is_own) {
            return Ok(Entry::Voted(votes));
        }
        if let Some(who) = who {
            may_choose(courier, asking, who, actor, &votes)?;
        }
        let vote = NewVote { choice: new.clone(), groups: groups(who, actor).to_vec() };
        let cast = if who.is_none() || completes(asking.policy, outcome, &votes, groups(who, actor)) {
            complete(courier, asking, outcome, actor, &vote, votes.len()).await?
        } else {
            courier.store.cast(connection, &vote, votes.len(), None).await?
        };
        match cast {
            Cast::Decided(decision) => return Ok(Entry::New(decision)),
            Cast::Counted => {
                votes.push(vote);
                return Ok(Entry::Voted(votes));
            }
            Cast::Moved => {}
        }
    }
}

/// Puts a vote on record with the decision that it completes, and its answer.
async fn complete(
    courier: &Courier,
    asking: &Asking<'_>,
    outcome: &Outcome,
    actor: &Actor,
    vote: &NewVote,
    seen: usize,
) -> Result<Cast, DecideError> {
    let connection = courier.connection();
    if outcome.answer == AnswerRule::Default {
        return Ok(courier.store.cast(connection, vote, seen, Some(Completion { worded: None })).await?);
    }
    // The answer may contain the decision's id and is part of its row, but another decision may take the id meanwhile.
    let id = courier.store.next_id().await?;
    let answer = worded_answer(courier, outcome.clone(), actor, id, &vote.choice, asking.request).await?;
    let worded = Some(Worded { id, answer: answer.as_deref() });
    Ok(courier.store.cast(connection, vote, seen, Some(Completion { worded })).await?)
}
