//! Where messages come from: looks at what waits and at what failed.
//!
//! A look goes through all that waits, and takes into the outbox what is new to a channel. It remembers what it took, so that
//! the store is asked once; after a restart the store says what was taken before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::channel::{Channel, Recipient};
use super::message::{About, Message, Occasion};
use super::occasions::{Happened, occasions};
use super::outbox::Notices;
use crate::actor::{Actor, Person};
use crate::approvals::asked::Asked;
use crate::approvals::standing::absent;
use crate::approvals::timing::approvers_at;
use crate::approvals::votes::{Asking, requester_of};
use crate::approvals::who::{Approvers, Requester};
use crate::approvals::{Policies, Policy, worded};
use crate::desk::{Desk, workflow_of};
use crate::error::{Error, ReadError};
use crate::eyes::Eyes;
use crate::index::{ExecutionRow, Sight};
use crate::news::Topic;
use crate::people::person;
use crate::policy::{Action, RequestFacts};
use crate::requests::closed_wait;
use crate::store::{StoreError, Undelivered, User};
use crate::watch::{NEWS_MS, Reason, RequestKey, Waiting};

/// The shortest pause between two looks, and the one after which a look is due though nothing changed: time has passed.
const PAUSE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_secs(10);
/// Requests that are read at a time, and failures that are looked at.
const PAGE: u32 = 500;
const FAILURES: u32 = 200;
/// How long a failure waits until the reason of it was read, in milliseconds.
const REASON_MS: i64 = 60_000;
/// How long messages that nobody got are shown, in milliseconds.
const SHOWN_MS: i64 = 7 * 24 * 3_600_000;

/// The outbox of a desk, and what its looks have taken.
#[derive(Default)]
pub(crate) struct Telling {
    notices: std::sync::OnceLock<Arc<Notices>>,
    /// Events, each with the name of the channel that has it.
    taken: Mutex<BTreeSet<(String, String)>>,
}

impl Telling {
    pub(super) fn has_taken(&self, event: &str, channel: &str) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.contains(&(event.to_owned(), channel.to_owned()))
    }

    pub(super) fn took(&self, event: &str, channel: &str) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert((event.to_owned(), channel.to_owned()));
    }

    /// Forgets what no longer is: the store still has it.
    fn keep_only(&self, events: &BTreeSet<String>) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).retain(|(event, _)| events.contains(event));
    }
}

impl Desk {
    /// Has messages made of what happens, for these channels. Only the first ones count.
    pub fn tell_through(self: &Arc<Self>, notices: &Arc<Notices>) {
        if self.telling().notices.set(Arc::clone(notices)).is_ok() {
            notices.ask(self);
        }
    }

    fn notices(&self) -> Option<&Arc<Notices>> {
        self.telling().notices.get()
    }

    /// Looks for what makes messages, until `end`.
    #[expect(clippy::disallowed_methods, reason = "the timer of the looks; a test looks without the loop")]
    pub(crate) async fn tell(&self, end: &CancellationToken) {
        if self.notices().is_none() {
            return;
        }
        let mut changes = self.changes().subscribe();
        let mut seen = *changes.borrow();
        loop {
            if let Err(error) = self.tell_once().await {
                tracing::error!(%error, "messages could not be made");
            }
            let moved = async {
                loop {
                    let (at, topics) = self.changes().since(seen);
                    seen = at;
                    let is_one = |topic| topics.contains(&(self.id().clone(), topic));
                    if is_one(Topic::Inbox) || is_one(Topic::Executions) || changes.changed().await.is_err() {
                        return;
                    }
                }
            };
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
                () = async { tokio::join!(moved, tokio::time::sleep(PAUSE)); } => {}
            }
        }
    }

    /// One look at everything that waits, and at what failed.
    ///
    /// # Errors
    /// The index or the store cannot be used.
    pub(crate) async fn tell_once(&self) -> Result<(), Error> {
        let Some(notices) = self.notices() else { return Ok(()) };
        self.watch().open().await?;
        let mut current = BTreeSet::new();
        // On a connection that is only looked at nobody decides.
        if !self.about().read_only {
            self.tell_of_requests(notices, &mut current).await?;
            self.tell_of_proposals(notices, &mut current).await?;
        }
        self.tell_of_failures(notices, &mut current).await?;
        self.telling().keep_only(&current);
        Ok(())
    }

    async fn tell_of_requests(&self, notices: &Notices, current: &mut BTreeSet<String>) -> Result<(), Error> {
        let (policies, now) = (self.folder().policies(), self.now());
        let given: BTreeMap<RequestKey, Approvers> = self.store().reassignments(self.id()).await?.into_iter().collect();
        let mut after = None;
        loop {
            let page = self.index().inbox(self.id(), &Sight::default(), after, PAGE).await?;
            for wait in &page.rows {
                let policy = policy_of(&policies, wait);
                let given = given.get(&(wait.execution_arn.clone(), wait.event));
                let mut all = occasions(policy, given, wait, now);
                if given.is_some() {
                    all.extend(self.handed_over(wait).await?);
                }
                for happened in all {
                    self.tell_of_request(notices, &policies, wait, &happened, None).await?;
                    current.insert(happened.event);
                }
            }
            after = page.more;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// That somebody gave a request to others, who have to hear of it.
    async fn handed_over(&self, wait: &Waiting) -> Result<Option<Happened>, StoreError> {
        let given = self.store().reassigned((self.id(), &wait.execution_arn, wait.event)).await?;
        Ok(given.map(|given| Happened {
            occasion: Occasion::Waiting,
            event: format!("given-{}:{}:{}", given.at, wait.execution_arn, wait.event),
            at: given.at,
            to: given.to,
        }))
    }

    /// Takes one event of a request into the channels that it is new to.
    async fn tell_of_request(
        &self,
        notices: &Notices,
        policies: &Policies,
        wait: &Waiting,
        happened: &Happened,
        by: Option<&Actor>,
    ) -> Result<(), Error> {
        let wanted = |channel: &&Channel| {
            channel.takes(happened.occasion, self.id().as_str(), &wait.workflow)
                && !self.telling().has_taken(&happened.event, &channel.name)
        };
        for channel in notices.channels_since(happened.at).filter(wanted) {
            let mut messages = Vec::new();
            for to in &channel.to {
                match to {
                    Recipient::Fixed(address) => {
                        let eyes = self.eyes_of_channel(channel, &wait.workflow);
                        messages.push((address.clone(), self.of_request(policies, wait, happened, &eyes, channel, by)));
                    }
                    Recipient::Approvers => {
                        for (user, address) in self.concerned(policies, wait, happened, by).await? {
                            let eyes = if channel.content {
                                self.eyes(&user, &wait.workflow)
                            } else {
                                self.eyes_of_channel(channel, &wait.workflow)
                            };
                            let message = self.of_request(policies, wait, happened, &eyes, channel, by);
                            messages.push((address, message));
                        }
                    }
                }
            }
            notices.put(self.id(), channel, &happened.event, &messages).await?;
            self.telling().took(&happened.event, &channel.name);
        }
        Ok(())
    }

    /// What a channel shows of a workflow's payloads: what somebody sees who may not view them, unless it has the content.
    fn eyes_of_channel(&self, channel: &Channel, workflow: &str) -> Eyes {
        if channel.content {
            return Eyes::open(self.redactor());
        }
        Eyes::closed(self.redactor(), self.definitions().read().hidden(workflow))
    }

    fn of_request(
        &self,
        policies: &Policies,
        wait: &Waiting,
        happened: &Happened,
        eyes: &Eyes,
        channel: &Channel,
        by: Option<&Actor>,
    ) -> Message {
        let (wait, reading) = worded(policies, eyes, wait);
        Message {
            occasion: happened.occasion,
            about: About::Request { execution_arn: wait.execution_arn.clone(), event: wait.event },
            connection: self.id().as_str().to_owned(),
            connection_label: self.about().label.clone(),
            execution: eyes.name(&wait.execution_name),
            title: reading.title,
            facts: if channel.content { reading.fields } else { Vec::new() },
            at: happened.at,
            due: reading.due.or(wait.due),
            detail: by.map(|actor| actor.name().to_owned()),
            workflow: wait.workflow,
            state: Some(wait.state),
        }
    }

    /// The users whom an event concerns, with their addresses: those of its people and groups who may decide the request and
    /// have not chosen yet, and who stands in for one of them. Where four eyes are needed, whoever asked may not decide, and
    /// nobody decides in their place. Of a broken glass, administrators hear, too, and whoever broke it does not.
    async fn concerned(
        &self,
        policies: &Policies,
        wait: &Waiting,
        happened: &Happened,
        by: Option<&Actor>,
    ) -> Result<Vec<(Actor, String)>, StoreError> {
        let users = self.store().users().await?;
        let votes = self.store().votes(self.id(), &wait.execution_arn, wait.event).await?;
        let given = self.store().reassigned((self.id(), &wait.execution_arn, wait.event)).await?;
        let (policy, given) = (policy_of(policies, wait), given.map(|given| given.to));
        let approvers = approvers_at(policy, given, wait.since, happened.at.max(self.now()));
        // A broken glass asks nobody for anything: everybody it concerns hears of it.
        let waits = happened.occasion != Occasion::BrokenGlass;
        let requester = self.asker(policy.filter(|_| waits), wait).await?;
        let has_chosen = |id: &str| votes.iter().any(|vote| vote.choice.person_id == id);
        let is_concerned = |actor: &Actor, absent: &[Person]| {
            let own = happened.to.has(actor) && self.could_decide(actor, wait, &approvers, &requester);
            let in_place_of = |person: &Person| {
                let away = Actor::Person(person.clone());
                !has_chosen(&person.id) && happened.to.has(&away) && !requester.is(&away)
            };
            let in_place = || self.could_decide(actor, wait, &approvers.clone().and_person(actor.id()), &requester);
            own || (absent.iter().any(in_place_of) && in_place())
        };
        let mut meant = Vec::new();
        for (actor, address) in reachable(users) {
            let is_other = by.is_none_or(|by| by.id() != actor.id());
            if !is_other || !self.sees(&actor, &wait.workflow) {
                continue;
            }
            let absent = absent(self.store(), &actor, self.now()).await?;
            let watches =
                happened.occasion == Occasion::BrokenGlass && self.may(&actor, Action::Administer, None).is_ok();
            if watches || !has_chosen(actor.id()) && is_concerned(&actor, &absent) {
                meant.push((actor, address));
            }
        }
        Ok(meant)
    }

    /// Who asked for a request, where its rule needs four eyes. Where nobody knows, nobody may decide: then all whom the
    /// request concerns hear of it, because one of them has to do something about that.
    async fn asker(&self, policy: Option<&Policy>, wait: &Waiting) -> Result<Requester, StoreError> {
        let unknown = Requester::Unnamed { path: None };
        let Some(policy) = policy.filter(|policy| policy.four_eyes) else { return Ok(unknown) };
        let read = match self.watch().known_record(&wait.execution_arn) {
            Some(record) => Ok(record),
            None => self.watch().record(&wait.execution_arn).await,
        };
        let record = match read {
            Ok(record) => record,
            Err(error) => {
                tracing::warn!(%error, "an execution cannot be read: a message may go to whoever asked");
                return Ok(unknown);
            }
        };
        let asking = Asking { policy: Some(policy), record: &record, event: wait.event, request: &wait.request };
        requester_of(self.courier(), &asking, policy.requester.as_deref()).await
    }

    /// Whether the policy lets somebody decide a request that this one asked for, where that is known.
    fn could_decide(&self, actor: &Actor, wait: &Waiting, approvers: &Approvers, requester: &Requester) -> bool {
        let content = Asked::of(&wait.request);
        let facts = RequestFacts {
            execution_arn: &wait.execution_arn,
            event: wait.event,
            workflow: &wait.workflow,
            state: &wait.state,
            approvers,
            four_eyes: matches!(requester, Requester::Known(_)),
            requester,
            content: content.text(),
        };
        self.permit_deciding_this(actor, facts).is_ok()
    }

    /// Tells of a request that an administrator decided though the rule does not let them: call it once the decision is on
    /// record. Calling it again changes nothing.
    ///
    /// # Errors
    /// The execution cannot be read, there is no such request, or the store failed.
    pub async fn broke_the_glass(&self, actor: &Actor, (arn, event): (&str, u64)) -> Result<(), Error> {
        let Some(notices) = self.notices() else { return Ok(()) };
        let record = match self.watch().known_record(arn) {
            Some(record) => record,
            None => self.watch().record(arn).await?,
        };
        let no_request = || ReadError::NoRequest { execution_arn: arn.to_owned(), event };
        let (scheduled, state) = record.event(event).zip(record.state_of(event)).ok_or_else(no_request)?;
        let request = self.redactor().text(&record.request(event));
        let wait = Waiting { request, ..closed_wait(&record, scheduled, record.workflow(), state) };
        let wait = &wait;
        let (policies, now) = (self.folder().policies(), self.now());
        let happened = Happened {
            occasion: Occasion::BrokenGlass,
            event: format!("broken-glass:{}:{}", wait.execution_arn, wait.event),
            at: now,
            to: approvers_at(policy_of(&policies, wait), None, wait.since, now),
        };
        self.tell_of_request(notices, &policies, wait, &happened, Some(actor)).await
    }

    async fn tell_of_failures(&self, notices: &Notices, current: &mut BTreeSet<String>) -> Result<(), Error> {
        let now = self.now();
        let failed = self.index().failures(self.id(), &Sight::default(), now - NEWS_MS, FAILURES).await?;
        for row in failed {
            let (Some(ended_at), Some(workflow)) = (row.summary.ended_at, workflow_of(&row.summary.arn)) else {
                continue;
            };
            // With its end: after a redrive it may fail again.
            let event = format!("failed:{}:{ended_at}", row.summary.arn);
            current.insert(event.clone());
            let is_read = row.reason.is_some() || row.settled || now - ended_at >= REASON_MS;
            let wanted = |channel: &&Channel| {
                is_read
                    && channel.takes(Occasion::Failed, self.id().as_str(), workflow)
                    && !self.telling().has_taken(&event, &channel.name)
            };
            for channel in notices.channels_since(ended_at).filter(wanted) {
                let eyes = self.eyes_of_channel(channel, workflow);
                let message = self.of_failure(&row, workflow, ended_at, &eyes);
                let mut to: Vec<String> = Vec::new();
                for recipient in &channel.to {
                    match recipient {
                        Recipient::Fixed(address) => to.push(address.clone()),
                        // Nobody approves a failure.
                        Recipient::Approvers => {}
                    }
                }
                let messages: Vec<_> = to.into_iter().map(|address| (address, message.clone())).collect();
                notices.put(self.id(), channel, &event, &messages).await?;
                self.telling().took(&event, &channel.name);
            }
        }
        Ok(())
    }

    fn of_failure(&self, row: &ExecutionRow, workflow: &str, ended_at: i64, eyes: &Eyes) -> Message {
        let (error, state) = match &row.reason {
            Some(Reason::Error { error, state, .. }) => (Some(error.clone()), state.clone()),
            Some(Reason::Timeout(timeout)) => (Some("States.Timeout".to_owned()), timeout.state.clone()),
            None => (Some(row.error.clone()).filter(|error| !error.is_empty()), None),
        };
        Message {
            occasion: Occasion::Failed,
            about: About::Execution { execution_arn: row.summary.arn.clone() },
            connection: self.id().as_str().to_owned(),
            connection_label: self.about().label.clone(),
            workflow: workflow.to_owned(),
            execution: eyes.name(&row.summary.name),
            title: String::new(),
            state,
            facts: Vec::new(),
            at: ended_at,
            due: None,
            detail: error.map(|error| eyes.name(&error)),
        }
    }

    /// The messages of this connection that nobody got in the last seven days, by channel.
    ///
    /// # Errors
    /// The actor may not see what people did, or the store failed.
    pub async fn undelivered(&self, actor: &Actor) -> Result<Vec<Undelivered>, Error> {
        self.permit(actor, Action::ViewAudit, None)?;
        Ok(self.store().undelivered(self.id(), self.now() - SHOWN_MS).await?)
    }
}

fn policy_of<'p>(policies: &'p Policies, wait: &Waiting) -> Option<&'p Policy> {
    policies.get(&wait.workflow).and_then(|states| states.get(&wait.state))
}

/// Those who may sign in and have an address, each as whoever acts.
pub(super) fn reachable(users: Vec<User>) -> impl Iterator<Item = (Actor, String)> {
    let one = |user: User| {
        let person: Person = person(&user);
        user.email.filter(|_| !user.disabled).map(|email| (Actor::Person(person), email))
    };
    users.into_iter().filter_map(one)
}
