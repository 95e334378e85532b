//! One request, waiting or closed, with everything that its page shows; and deciding it.

use std::sync::Arc;
use std::time::Duration;

use countersign_trace::{EventKind, HistoryEvent, VisitId};

use crate::actor::{Actor, Person};
use crate::approvals::ahead::{Foresight, foresee};
use crate::approvals::answer::{Decider, Words};
use crate::approvals::decide::{By, Means, decide};
use crate::approvals::form::Form;
use crate::approvals::outcomes::{Chosen, Outcome, find, outcomes};
use crate::approvals::shown::shown;
use crate::approvals::votes::{self, Asking};
use crate::approvals::who::{Approvers, NotAllowed, Requester, missing, needed, one_of_each};
use crate::approvals::{
    Choice, Closed, DecideError, Decided, Policies, Reading, Times, can_be_shown, check, closed, read,
};
use crate::desk::{Desk, workflow_of};
use crate::error::{Error, ReadError};
use crate::eyes::Eyes;
use crate::index::Place;
use crate::policy::Action;
use crate::starting::refuse_express;
use crate::store::{Claim, Decision, Held, Reassignment, Vote};
use crate::watch::{Inside, Past, Record, Waiting, is_callback};

/// How long the page of a known request waits for the connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// One request, waiting or not.
#[derive(Clone, Debug)]
pub struct Request {
    pub wait: Waiting,
    pub reading: Reading,
    /// The request's content, as redacted JSON.
    pub text: String,
    /// Who asked, by name, as far as anybody knows.
    pub asked_by: Option<String>,
    /// What a person may choose, in the order of the buttons, and where each outcome leads.
    pub outcomes: Vec<(Outcome, Foresight)>,
    /// Who may decide it, and how many have to.
    pub rule: RuleState,
    pub state: RequestState,
    /// Its position among the waiting requests.
    pub position: Option<Place>,
    /// Who looks after it.
    pub claim: Option<Claim>,
    /// The choices that can still be taken back, oldest first.
    pub held: Vec<Held>,
    /// The hash of what is shown; see [`crate::approvals::shown`].
    pub shown: String,
}

/// What the rule of a request asks for, and what was chosen so far.
#[derive(Clone, Debug, Default)]
pub struct RuleState {
    /// Who may decide.
    pub approvers: Approvers,
    /// Whether the requester may not.
    pub four_eyes: bool,
    /// For each outcome that needs more than one person: how many, and the groups that still need somebody.
    pub needs: Vec<Need>,
    /// Oldest first.
    pub votes: Vec<Vote>,
    /// When it is due, who may decide later, too, and what is chosen once it is due.
    pub times: Times,
    pub on_due: Option<Chosen>,
    /// Why whoever looks may not decide.
    pub refusal: Option<NotAllowed>,
    /// In whose place whoever looks decides.
    pub stands_for: Option<Person>,
    /// Who gave it to these approvers.
    pub reassigned: Option<Reassignment>,
    /// Whether whoever looks may give it to others, and whether they may break the glass.
    pub may_reassign: bool,
    pub may_break_glass: bool,
}

/// What an outcome needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub outcome: Chosen,
    pub people: usize,
    pub so_far: usize,
    pub missing_groups: Vec<String>,
}

/// The state of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It waits for a decision.
    Waiting,
    /// It was decided here.
    Decided(Box<Decision>),
    /// Something else closed it.
    Closed(Closed),
}

impl Desk {
    /// One request.
    ///
    /// # Errors
    /// There is no such task, or the connection or the store does not answer.
    pub async fn request(&self, actor: &Actor, arn: &str, event: u64) -> Result<Request, Error> {
        refuse_express(arn)?;
        self.permit_seeing(actor, Action::View, workflow_of(arn), (arn, event))?;
        let no_request = || ReadError::NoRequest { execution_arn: arn.to_owned(), event };
        let record = self.record_of_request(arn).await?;
        let policies = self.folder().policies();
        let workflow = record.workflow();
        let (scheduled, state) = record.event(event).zip(record.state_of(event)).ok_or_else(no_request)?;
        self.permit_seeing(actor, Action::View, Some(workflow), (arn, event))?;
        let policy = policies.get(workflow).and_then(|states| states.get(state));
        let is_request = is_callback(scheduled) || scheduled.kind == EventKind::ActivityScheduled && policy.is_some();
        if !is_request {
            return Err(no_request().into());
        }
        let (tokens, eyes) = (self.watch().all_tokens(), self.eyes_on_request(actor, &record, event));
        let asked = tokens.text(&record.request(event));
        let text = eyes.text(&record.request(event));
        let wait = record.waits().iter().find(|wait| wait.event == event).cloned();
        let wait = wait.unwrap_or_else(|| closed_wait(&record, scheduled, workflow, state));
        let parent_arn = self.index().execution(self.id(), arn).await?.and_then(|listed| listed.parent_arn);
        let item = wait.item.as_ref().filter(|_| !eyes.see_nothing());
        let item = item.map(|item| item.rewritten(|text| eyes.text(text)));
        let wait = Waiting { parent_arn, request: text.clone(), item, ..wait };
        // The wording is made of the request: of one that is not seen, the state's name is left.
        let no_policies = Policies::new();
        let worded = if eyes.see_nothing() { &no_policies } else { &policies };
        let mut reading = read(worded, workflow, state, &text);
        reading.due = Times::of(policy, wait.since).due;
        let now = match self.store().of_task(self.id(), arn, event).await? {
            Some(decision) => RequestState::Decided(Box::new(self.as_seen(actor, decision))),
            None => closed(&record, event).map_or(RequestState::Waiting, RequestState::Closed),
        };
        let choices = outcomes(policy);
        let ahead = match now {
            RequestState::Waiting if wait.obstacle.is_none() => {
                let words = choices.iter().map(|outcome| self.before_the_click(actor, outcome, &asked)).collect();
                self.foresee(&record, event, choices.clone(), words).await
            }
            _ => None,
        };
        let machine = record.definition.machine.as_ref();
        let of_definition =
            || choices.iter().map(|outcome| Foresight::of_definition(machine, state, outcome)).collect::<Vec<_>>();
        let ahead = ahead.unwrap_or_else(of_definition);
        let known = |(outcome, foresight): (Outcome, Foresight)| {
            // Its answer is made of what somebody types: until then only the definition says where it leads.
            let is_open = outcome.form.as_ref().is_ok_and(Form::has_to_be_filled_in);
            let foresight = if is_open { Foresight::of_definition(machine, state, &outcome) } else { foresight };
            (outcome, foresight.rewritten(|text| eyes.name(text)))
        };
        let outcomes = choices.into_iter().zip(ahead).map(known).collect();
        let asking = Asking { policy, record: &record, event, request: &asked };
        let rule = self.rule_state(actor, &asking).await?;
        let asked_by = self.asked_by(&asking, &eyes).await?;
        // For whoever sees this request alone, it has no place among others.
        let place = match self.sight(actor) {
            Ok(sight) => Some(self.index().place(self.id(), &sight, &wait).await?),
            Err(_) => None,
        };
        let position = place.filter(|place| place.index.is_some() || place.next.is_some());
        // Its place among the others is the one that the index knows.
        let wait = if policy.is_some_and(|policy| policy.heartbeat) { wait.kept_alive() } else { wait };
        let shown = shown(&text, policy.and_then(|policy| policy.version.as_deref()));
        let whole = (self.id(), arn, event);
        let (claim, held) = match now {
            RequestState::Waiting => (self.store().claimed(whole).await?, self.store().held(whole).await?),
            _ => (None, Vec::new()),
        };
        Ok(Request { wait, reading, text, asked_by, outcomes, rule, state: now, position, claim, held, shown })
    }

    /// The execution of a request: a new reading, or the last one if the connection does not answer soon. The page then
    /// shows its age.
    async fn record_of_request(&self, arn: &str) -> Result<Arc<Record>, ReadError> {
        let watch = self.watch();
        match tokio::time::timeout(PATIENCE, watch.record(arn)).await {
            Ok(Err(ReadError::Call(error))) if error.is_passing() => {
                watch.known_record(arn).ok_or(ReadError::Call(error))
            }
            Ok(answered) => answered,
            Err(_) => match watch.known_record(arn) {
                Some(record) => Ok(record),
                None => watch.record(arn).await,
            },
        }
    }

    /// The data of a visit at each stage of its state.
    ///
    /// # Errors
    /// The actor may not see the execution.
    pub async fn inside(&self, actor: &Actor, record: &Arc<Record>, visit: VisitId) -> Result<Inside, Error> {
        self.permit(actor, Action::View, Some(record.workflow()))?;
        let (record, eyes, sandbox) = (Arc::clone(record), self.eyes_on(actor, record), self.watch().sandbox());
        if eyes.see_nothing() {
            let unknown = Some("The data of this state is withheld: you may not see payloads.".to_owned());
            return Ok(Inside { unknown, ..Inside::default() });
        }
        let arn = record.description.arn.clone();
        // Expressions take their time.
        let made = tokio::task::spawn_blocking(move || {
            let mut past = Past::new(&record.description, &record.events, &record.trace, &record.definition, sandbox);
            let mut inside = past.inside(visit, &|text| eyes.text(text));
            for (name, value) in &mut inside.variables {
                *value = eyes.variable(name, value);
            }
            inside
        });
        let failed =
            |error: tokio::task::JoinError| ReadError::NotUnderstood { execution_arn: arn, why: error.to_string() };
        Ok(made.await.map_err(failed)?)
    }

    /// Whether the rules of approvals are known: without them everybody might decide what only some may.
    pub(crate) fn rules_are_known(&self) -> Result<(), NotAllowed> {
        let is_unknown = self.definitions().trouble().is_some_and(|trouble| !trouble.earlier_in_force);
        // Where there is no manifest, there are no rules.
        let has_manifest = || self.folder().manifest_file().try_exists().unwrap_or(true);
        if is_unknown && has_manifest() { Err(NotAllowed::RulesUnknown) } else { Ok(()) }
    }

    /// What the rule of a request asks for, and what was chosen so far.
    async fn rule_state(&self, actor: &Actor, asking: &Asking<'_>) -> Result<RuleState, Error> {
        let votes = self.store().votes(self.id(), &asking.record.description.arn, asking.event).await?;
        let who = votes::who(self.courier(), asking, actor).await?;
        let need = |outcome: Outcome| {
            let voters = votes::voters(&outcome, &votes);
            let groups = one_of_each(asking.policy, &outcome);
            Need {
                people: needed(asking.policy, &outcome),
                so_far: voters.len(),
                missing_groups: missing(groups, &voters).into_iter().map(str::to_owned).collect(),
                outcome: outcome.name,
            }
        };
        let needs = outcomes(asking.policy).into_iter().map(need).filter(|need| need.people > 1).collect();
        let request = (asking.record.description.arn.as_str(), asking.event);
        let is_seen = || self.permit_to_read(actor, asking.record.workflow(), request).map_err(NotAllowed::Denied);
        let refusal = self
            .rules_are_known()
            .and_then(|()| is_seen())
            .and_then(|()| votes::may_choose(self.courier(), asking, &who, actor, &votes))
            .err()
            // The page says by itself that nothing can be changed.
            .filter(|why| !matches!(why, NotAllowed::Denied(denied) if denied.is_read_only()));
        let four_eyes = asking.policy.is_some_and(|policy| policy.four_eyes);
        let since = asking.record.event(asking.event).map_or_else(|| self.now(), |event| event.timestamp);
        let on_due = asking.policy.and_then(|policy| policy.on_due.as_deref());
        let on_due = on_due.and_then(|id| find(asking.policy, id)).map(|outcome| outcome.name);
        let times = Times::of(asking.policy, since);
        let (may_reassign, may_break_glass) = self.past_the_rule(actor, asking, &who);
        Ok(RuleState {
            approvers: who.approvers,
            four_eyes,
            needs,
            votes,
            times,
            on_due,
            refusal,
            stands_for: who.stands_for,
            reassigned: who.reassigned,
            may_reassign,
            may_break_glass,
        })
    }

    /// Who asked: whom the request names where its rule says, and who started the execution here. Whoever does not see all of the
    /// request is not told whom it names.
    async fn asked_by(&self, asking: &Asking<'_>, eyes: &Eyes) -> Result<Option<String>, Error> {
        let path = asking.policy.and_then(|policy| policy.requester.as_deref()).filter(|_| eyes.see_all());
        let mut names: Vec<String> = match votes::requester_of(self.courier(), asking, path).await? {
            Requester::Known(people) => people.into_iter().map(|(_, name)| name).collect(),
            Requester::Nobody { named } => vec![named],
            Requester::Unnamed { .. } => return Ok(None),
        };
        // Whom the request names may be who started it.
        names.dedup();
        Ok(Some(eyes.name(&names.join(", "))))
    }

    /// The words of a decision that nobody has made yet, with the form as it is at first.
    pub(crate) fn before_the_click(&self, actor: &Actor, outcome: &Outcome, request: &str) -> Words {
        Words {
            request: request.to_owned(),
            form: outcome.form.as_ref().map_or_else(|_| "{}".to_owned(), Form::at_first),
            outcome: outcome.name.clone(),
            person: Decider::from(actor),
            comment: String::new(),
            decided_at: self.now(),
            id: 0,
        }
    }

    /// Where each of these outcomes leads, each with the words of its decision; `None` where it cannot be told.
    async fn foresee(
        &self,
        record: &Arc<Record>,
        event: u64,
        outcomes: Vec<Outcome>,
        words: Vec<Words>,
    ) -> Option<Vec<Foresight>> {
        let sandbox = self.watch().sandbox();
        let record = Arc::clone(record);
        let looked = tokio::task::spawn_blocking(move || {
            let machine = record.definition.machine.as_ref()?;
            let (description, events) = record.whole();
            let moment =
                Past::new(description, events, &record.trace, &record.definition, sandbox.clone()).moment(event)?;
            let one = |(outcome, words)| foresee(machine, &moment, outcome, words, sandbox.clone());
            Some(outcomes.iter().zip(&words).map(one).collect())
        });
        looked.await.ok().flatten()
    }

    /// Where a choice would lead, with what was typed. Nothing is recorded.
    ///
    /// # Errors
    /// Those of [`Desk::decide`].
    pub async fn preview(&self, actor: &Actor, (arn, event): (&str, u64), choice: &Choice) -> Result<Foresight, Error> {
        refuse_express(arn)?;
        self.permit_seeing(actor, Action::View, workflow_of(arn), (arn, event))?;
        let record = self.record_of_request(arn).await?;
        let no_request = || ReadError::NoRequest { execution_arn: arn.to_owned(), event };
        let state = record.state_of(event).ok_or_else(no_request)?;
        self.permit_seeing(actor, Action::View, Some(record.workflow()), (arn, event))?;
        let policies = self.folder().policies();
        let policy = policies.get(record.workflow()).and_then(|states| states.get(state));
        let tokens = self.watch().all_tokens();
        let text = tokens.text(&record.request(event));
        self.permit_to_read(actor, record.workflow(), (arn, event))?;
        can_be_shown(&text).map_err(DecideError::from)?;
        let (outcome, form) = check(policy, choice, (record.workflow(), state))?;
        let comment = choice.comment.trim().to_owned();
        let words = Words { form, comment, ..self.before_the_click(actor, &outcome, &text) };
        Ok(self.foresee_one(actor, &record, event, &outcome, words).await)
    }

    /// Where one outcome leads, with the words of its decision, as the actor sees it.
    pub(crate) async fn foresee_one(
        &self,
        actor: &Actor,
        record: &Arc<Record>,
        event: u64,
        outcome: &Outcome,
        words: Words,
    ) -> Foresight {
        let ahead = self.foresee(record, event, vec![outcome.clone()], vec![words]).await;
        let ahead = ahead.and_then(|ahead| ahead.into_iter().next());
        let ahead = ahead.unwrap_or_else(|| {
            // What no state asks leads nowhere in the definition, which has no state without a name.
            let state = record.state_of(event).unwrap_or_default();
            Foresight::of_definition(record.definition.machine.as_ref(), state, outcome)
        });
        ahead.rewritten(|text| self.eyes_on_request(actor, record, event).name(text))
    }

    /// Whether the actor may give a request to others, and whether they may break the glass.
    ///
    /// # Errors
    /// The actor may not see it, or the connection or the store does not answer.
    pub async fn past_the_rule_of(&self, actor: &Actor, (arn, event): (&str, u64)) -> Result<(bool, bool), Error> {
        self.permit(actor, Action::View, workflow_of(arn))?;
        let record = self.record_of_request(arn).await?;
        let policies = self.folder().policies();
        let state = record.state_of(event).unwrap_or_default();
        let policy = policies.get(record.workflow()).and_then(|states| states.get(state));
        let request = self.watch().all_tokens().text(&record.request(event));
        let asking = Asking { policy, record: &record, event, request: &request };
        let who = votes::who(self.courier(), &asking, actor).await?;
        Ok(self.past_the_rule(actor, &asking, &who))
    }

    /// Makes a decision; returns its outcome.
    ///
    /// # Errors
    /// See [`decide`].
    pub async fn decide(&self, actor: &Actor, (arn, event): (&str, u64), choice: &Choice) -> Result<Decided, Error> {
        self.decide_at(actor, (arn, event), choice, None).await
    }

    /// The same for what was chosen `at` a time before.
    pub(crate) async fn decide_at(
        &self,
        actor: &Actor,
        (arn, event): (&str, u64),
        choice: &Choice,
        at: Option<i64>,
    ) -> Result<Decided, Error> {
        self.permit_choosing(actor, (arn, event))?;
        let policies = self.folder().policies();
        let eyes = |actor: &Actor, record: &Record| self.eyes_on_request(actor, record, event);
        let means = Means { courier: self.courier(), policies: &policies, eyes: &eyes };
        let decided = decide(means, By::Person(actor), (arn, event), choice, at).await;
        let decided = self.on_record(actor, (arn, event), decided).await?;
        if matches!(decided, Decided::Voted(_)) {
            self.published(arn);
        }
        Ok(decided)
    }
}

/// A request that no longer waits.
pub(crate) fn closed_wait(record: &Record, scheduled: &HistoryEvent, workflow: &str, state: &str) -> Waiting {
    let due = record.deadline_of(scheduled, state);
    Waiting {
        execution_arn: record.description.arn.clone(),
        execution_name: record.description.name.clone(),
        parent_arn: None,
        machine_arn: record.description.machine_arn.clone(),
        workflow: workflow.to_owned(),
        state: state.to_owned(),
        event: scheduled.id,
        since: scheduled.timestamp,
        due: due.map(|(at, _)| at),
        due_by: due.map(|(_, by)| by),
        item: None,
        request: String::new(),
        obstacle: None,
    }
}
