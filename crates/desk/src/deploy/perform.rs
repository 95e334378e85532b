//! The steps of an apply, carried out. Each looks first whether it is done already, and whether what it replaces is still
//! what the plan saw; and where an answer was lost, it looks again before it repeats anything.

use super::desired::{Deployed, Desired, ItemPlan};
use super::note::{Note, Progress};
use super::patience::{Answered, Failure, Patience};
use super::rollout::first_weight;
use super::steps::{has_settings, is_as_planned, settings_of, stale_tags, tags_of, update_of};
use crate::connection::{
    AliasDescription, Api, MachineDescription, MachineUpdate, NewMachine, Route, number_of, same_routes,
};

/// The role if the manifest names none: emulators accept any.
const ANY_ROLE: &str = "arn:aws:iam::000000000000:role/countersign";
/// What the service calls the revision of a machine that was never updated.
const INITIAL: &str = "INITIAL";

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was done.
    Done,
    /// It was done; its answer was lost, and a look said so.
    Confirmed,
    /// It had been done before.
    WasDone,
}

impl From<Answered> for How {
    fn from(answered: Answered) -> Self {
        match answered {
            Answered::Said => Self::Done,
            Answered::Seen => Self::Confirmed,
        }
    }
}

/// What an apply writes beside what the plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The description of a version: where its definition came from.
    pub version: String,
    /// The id of whoever applies.
    pub by: String,
}

/// What the description of a version says: where the definitions came from, such as a revision of git, and the plan by the
/// beginning of its hash.
#[must_use]
pub fn label_of(source: &str, plan_hash: &str) -> String {
    let plan: String = plan_hash.chars().take(12).collect();
    if source.is_empty() { format!("plan {plan}") } else { format!("{source}, plan {plan}") }
}

/// The steps of one item.
pub struct Performing<'a> {
    pub patience: &'a Patience<'a>,
    pub item: &'a ItemPlan,
    pub labels: &'a Labels,
    /// Whether what it makes or updates is published in the same call, so that no interruption comes between the two: no step of
    /// its own publishes it.
    pub publishes: bool,
}

/// Answers with `None` where there is no such thing.
pub(super) fn found<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Failure::Call(error)) if error.is_missing() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A conflict means that something else happened meanwhile.
fn moved(failure: Failure) -> Failure {
    match failure {
        Failure::Call(error) if error.is_conflict() => Failure::Moved,
        failure => failure,
    }
}

impl<'a> Performing<'a> {
    async fn machine(&self) -> Result<Option<MachineDescription>, Failure> {
        let arn = &self.item.arn;
        found(self.patience.read(Api::DescribeStateMachine, |calls| calls.describe_machine(arn)).await)
    }

    async fn alias(&self, arn: &str) -> Result<Option<AliasDescription>, Failure> {
        describe_alias(self.patience, arn).await
    }

    /// Whether the machine and its alias are what the plan saw, or already what it makes.
    ///
    /// # Errors
    /// They are not, or the connection does not answer.
    pub async fn still_planned(&self) -> Result<(), Failure> {
        let now = self.machine().await?;
        let desired = self.item.desired.as_ref();
        let made = |now: &MachineDescription| desired.is_some_and(|desired| has_settings(desired, now));
        let same = match (&self.item.deployed, &now) {
            (None, None) => true,
            (None, Some(now)) => made(now),
            (Some(planned), Some(now)) => is_as_planned(planned, now) || made(now),
            (Some(_), None) => false,
        };
        if !same {
            return Err(Failure::Moved);
        }
        if let (Some(alias), Some(_)) = (desired.and_then(|desired| desired.alias.as_ref()), &now) {
            let there = self.alias(&format!("{}:{alias}", self.item.arn)).await?;
            self.led_to(alias, there.as_ref())?;
        }
        Ok(())
    }

    /// The description of the version that is published in the same call; `None` where another step publishes it.
    fn version_label(&self) -> Option<String> {
        self.publishes.then(|| self.labels.version.clone())
    }

    /// Makes a topic; one that exists is left as it is.
    ///
    /// # Errors
    /// The call failed, as with every step below; and [`Failure::Moved`] where something else happened meanwhile.
    pub async fn make_topic(&self, topic: &str) -> Result<How, Failure> {
        // The call itself has the effect of one.
        self.patience.read(Api::CreateTopic, |calls| calls.create_topic(topic)).await?;
        Ok(How::Done)
    }

    /// Makes the machine.
    ///
    /// # Errors
    /// As [`Self::make_topic`].
    pub async fn create(&self, desired: &Desired) -> Result<How, Failure> {
        let look = || async {
            match self.machine().await? {
                None => Ok(None),
                Some(now) if has_settings(desired, &now) => Ok(Some(now.arn)),
                Some(_) => Err(Failure::Moved),
            }
        };
        if look().await?.is_some() {
            // Whoever made it may have made it without our tags.
            self.tag(desired).await?;
            return Ok(How::WasDone);
        }
        let role = match &desired.role_arn {
            Some(role) => role.clone(),
            None => ANY_ROLE.to_owned(),
        };
        let new = NewMachine {
            name: desired.name.clone(),
            definition: desired.definition.clone(),
            role_arn: role,
            kind: desired.kind,
            settings: settings_of(desired),
            tags: tags_of(desired),
            publish: self.version_label(),
        };
        let made = self.patience.change(Api::CreateStateMachine, |calls| calls.create_machine(new.clone()), look);
        match made.await {
            Ok((_, answered)) => Ok(answered.into()),
            Err(Failure::Call(error)) if error.is_code("StateMachineAlreadyExists") => Err(Failure::Moved),
            Err(failure) => Err(moved(failure)),
        }
    }

    /// Updates the machine's definition and settings.
    ///
    /// # Errors
    /// As [`Self::make_topic`].
    pub async fn update(&self, desired: &Desired, planned: &Deployed) -> Result<How, Failure> {
        let look = || async {
            match self.machine().await? {
                Some(now) if has_settings(desired, &now) => Ok(Some(now.revision_id)),
                Some(now) if is_as_planned(planned, &now) => Ok(None),
                // Step Functions has no conditional update: this is the last moment at which another one can be seen.
                Some(_) | None => Err(Failure::Moved),
            }
        };
        if look().await?.is_some() {
            return Ok(How::WasDone);
        }
        let update = MachineUpdate { publish: self.version_label(), ..update_of(self.item, desired) };
        let arn = &self.item.arn;
        let made =
            self.patience.change(Api::UpdateStateMachine, |calls| calls.update_machine(arn, update.clone()), look);
        made.await.map(|(_, answered)| answered.into()).map_err(moved)
    }

    /// Sets the machine's tags.
    ///
    /// # Errors
    /// As [`Self::make_topic`].
    pub async fn tag(&self, desired: &Desired) -> Result<How, Failure> {
        let (arn, tags) = (&self.item.arn, tags_of(desired));
        let look = || async {
            let now = self.patience.read(Api::ListTagsForResource, |calls| calls.tags(arn)).await?;
            Ok(tags.iter().all(|(key, value)| now.get(key) == Some(value)).then_some(()))
        };
        let made = self.patience.change(Api::TagResource, |calls| calls.tag(arn, &tags), look);
        made.await.map(|((), answered)| answered.into()).map_err(moved)
    }

    /// Removes the tags that an earlier apply put, and that are not desired any more. One that somebody else changed since the
    /// plan was made stays.
    ///
    /// # Errors
    /// As [`Self::make_topic`].
    pub async fn untag(&self, desired: &Desired, planned: &Deployed) -> Result<How, Failure> {
        let (arn, keys) = (&self.item.arn, stale_tags(desired, planned));
        let left = || async {
            let now = self.patience.read(Api::ListTagsForResource, |calls| calls.tags(arn)).await?;
            let is_left = |key: &&String| now.contains_key(*key) && now.get(*key) == planned.tags.get(*key);
            Ok::<Vec<String>, Failure>(keys.iter().filter(is_left).cloned().collect())
        };
        let keys = left().await?;
        if keys.is_empty() {
            return Ok(How::WasDone);
        }
        let look = || async { Ok(left().await?.is_empty().then_some(())) };
        let made = self.patience.change(Api::UntagResource, |calls| calls.untag(arn, &keys), look);
        made.await.map(|((), answered)| answered.into()).map_err(moved)
    }

    /// Publishes the machine as a version, unless the newest one is of this revision. Returns the version's ARN.
    ///
    /// # Errors
    /// As [`Self::make_topic`].
    pub async fn publish(&self, desired: &Desired) -> Result<(String, How), Failure> {
        let arn = &self.item.arn;
        let now = self.machine().await?.filter(|now| has_settings(desired, now)).ok_or(Failure::Moved)?;
        let look = || self.newest_of(&now);
        if let Some(version) = look().await? {
            return Ok((version, How::WasDone));
        }
        let revision = now.revision_id.as_deref().unwrap_or(INITIAL);
        let label = Some(self.labels.version.as_str()).filter(|label| !label.is_empty());
        let made = self.patience.change(
            Api::PublishStateMachineVersion,
            |calls| calls.publish_version(arn, Some(revision), label),
            look,
        );
        made.await.map(|(version, answered)| (version, answered.into())).map_err(moved)
    }

    /// The newest version, if it is of the revision that the machine has now.
    async fn newest_of(&self, now: &MachineDescription) -> Result<Option<String>, Failure> {
        let arn = &now.arn;
        let page = self.patience.read(Api::ListStateMachineVersions, |calls| calls.versions(arn, None)).await?;
        let Some(newest) = page.items.into_iter().max_by_key(|version| version.number()) else { return Ok(None) };
        let newest = &newest.arn;
        let read = self.patience.read(Api::DescribeStateMachine, |calls| calls.describe_machine(newest)).await;
        let of_now = |version: &MachineDescription| {
            version.revision_id == now.revision_id
                && version.definition == now.definition
                && version.role_arn == now.role_arn
        };
        Ok(found(read)?.filter(of_now).map(|_| newest.clone()))
    }

    /// Leads the alias to a version: for all executions, or as the first step of a rollout.
    ///
    /// # Errors
    /// As [`Self::make_topic`].
    pub async fn point(
        &self,
        desired: &Desired,
        name: &str,
        version_arn: &str,
        in_shares: bool,
    ) -> Result<How, Failure> {
        let arn = format!("{}:{name}", self.item.arn);
        let there = self.alias(&arn).await?;
        if there.as_ref().is_some_and(|there| same_routes(&there.routes, &Route::all_to(version_arn))) {
            return Ok(How::WasDone);
        }
        let led_to = self.led_to(name, there.as_ref())?;
        let now = self.patience.now();
        let version = number_of(version_arn).ok_or(Failure::Moved)?;
        let before = led_to.as_deref().and_then(number_of);
        let settled = Note { version, before, state: Progress::Settled, at: now, by: self.labels.by.clone() };
        let (note, routes) = match &led_to {
            Some(old) if in_shares => {
                let weight = first_weight(desired.rollout.steps);
                let state = Progress::Rolling { weight, rollout: desired.rollout.clone(), began_at: now };
                (Note { state, ..settled }, Route::shared(version_arn, weight, old))
            }
            _ => (settled, Route::all_to(version_arn)),
        };
        lead(self.patience, (name, &arn), there.is_some(), &note, &routes).await
    }

    /// The version that the alias leads to, which is still the one of the plan; `None` where there is no alias yet.
    fn led_to(&self, name: &str, there: Option<&AliasDescription>) -> Result<Option<String>, Failure> {
        let planned = self.item.deployed.as_ref().and_then(|one| one.aliases.iter().find(|one| one.name == name));
        let Some(there) = there else {
            return if planned.is_some() { Err(Failure::Moved) } else { Ok(None) };
        };
        let planned = planned.ok_or(Failure::Moved)?;
        let version_arn = |version: &str| format!("{}:{version}", self.item.arn);
        let routes =
            planned.routes.iter().map(|one| Route { version_arn: version_arn(&one.version), weight: one.weight });
        if !same_routes(&there.routes, &routes.collect::<Vec<_>>()) {
            return Err(Failure::Moved);
        }
        Ok(there.routes.iter().max_by_key(|route| route.weight).map(|route| route.version_arn.clone()))
    }

    /// Deletes the machine.
    ///
    /// # Errors
    /// As [`Self::make_topic`].
    pub async fn remove(&self) -> Result<How, Failure> {
        let arn = &self.item.arn;
        let Some(now) = self.machine().await? else { return Ok(How::WasDone) };
        if !self.item.deployed.as_ref().is_some_and(|planned| is_as_planned(planned, &now)) {
            return Err(Failure::Moved);
        }
        let look = || async { Ok(self.machine().await?.is_none().then_some(())) };
        let made = self.patience.change(Api::DeleteStateMachine, |calls| calls.delete_machine(arn), look);
        made.await.map(|((), answered)| answered.into()).map_err(moved)
    }
}

/// An alias, or `None` where there is none.
///
/// # Errors
/// The call failed.
pub async fn describe_alias(patience: &Patience<'_>, arn: &str) -> Result<Option<AliasDescription>, Failure> {
    found(patience.read(Api::DescribeStateMachineAlias, |calls| calls.describe_alias(arn)).await)
}

/// Routes an alias, or makes it, with the note that says so.
///
/// # Errors
/// The call failed, or something else happened meanwhile.
pub async fn lead(
    patience: &Patience<'_>,
    (name, arn): (&str, &str),
    is_there: bool,
    note: &Note,
    routes: &[Route],
) -> Result<How, Failure> {
    let label = note.to_string();
    let look = || async {
        let there = describe_alias(patience, arn).await?;
        let is_so = |one: &AliasDescription| {
            same_routes(&one.routes, routes) && one.description.as_deref() == Some(label.as_str())
        };
        Ok(there.filter(is_so).map(|_| ()))
    };
    let made = if is_there {
        patience
            .change(Api::UpdateStateMachineAlias, |calls| calls.update_alias(arn, Some(&label), routes), look)
            .await
            .map(|((), answered)| answered)
    } else {
        let look = || async { Ok(look().await?.map(|()| arn.to_owned())) };
        patience
            .change(Api::CreateStateMachineAlias, |calls| calls.create_alias(name, Some(&label), routes), look)
            .await
            .map(|(_, answered)| answered)
    };
    made.map(Into::into).map_err(moved)
}
