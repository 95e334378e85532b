//! A desired state machine beside the deployed one, setting by setting.

use std::collections::BTreeMap;

use super::applied::{Applied, PutTags, canonical};
use super::desired::{
    APPLIED_TAG, Deployed, Desired, ENVIRONMENT_TAG, Encryption, FOLDER_TAG, ItemPlan, LogLevel, Logging, Setting,
    SettingChange, TAGS_TAG,
};
use super::finding::Change;
use super::steps::stale_tags;

/// What an apply has to do for one workflow.
#[must_use]
pub fn compare(workflow: &str, arn: String, desired: Desired, deployed: Option<Deployed>) -> ItemPlan {
    let (change, settings, drifted) = match &deployed {
        None => (Change::New, Vec::new(), Vec::new()),
        Some(deployed) => {
            let settings = differing(&desired, deployed);
            let drifted: Vec<Setting> = Applied::drifted(deployed);
            // What the account changed into what the folder says now is no drift any more.
            let drifted: Vec<Setting> =
                drifted.into_iter().filter(|setting| settings.iter().any(|one| one.setting == *setting)).collect();
            let change = match (settings.is_empty(), drifted.is_empty()) {
                (true, _) => Change::Unchanged,
                (false, true) => Change::Changed,
                (false, false) => Change::Drifted,
            };
            (change, settings, drifted)
        }
    };
    ItemPlan { workflow: workflow.to_owned(), arn, change, desired: Some(desired), deployed, settings, drifted }
}

/// The settings that differ. What is not managed never does.
fn differing(desired: &Desired, deployed: &Deployed) -> Vec<SettingChange> {
    let mut changes = Vec::new();
    let mut add = |setting, old: Option<String>, new: Option<String>| {
        changes.push(SettingChange { setting, old, new });
    };
    if canonical(&desired.definition) != canonical(&deployed.definition) {
        add(Setting::Definition, None, None);
    }
    if let Some(role) = desired.role_arn.as_ref().filter(|role| deployed.role_arn.as_ref() != Some(role)) {
        add(Setting::Role, deployed.role_arn.clone(), Some(role.clone()));
    }
    if let Some(logging) = desired.logging.as_ref().filter(|logging| !same_logging(logging, &deployed.logging)) {
        add(Setting::Logging, Some(logging_words(&deployed.logging)), Some(logging_words(logging)));
    }
    if let Some(tracing) = desired.tracing.filter(|tracing| *tracing != deployed.tracing) {
        let words = |on| Some(if on { "on" } else { "off" }.to_owned());
        add(Setting::Tracing, words(deployed.tracing), words(tracing));
    }
    if let Some(encryption) = desired.encryption.as_ref().filter(|one| **one != deployed.encryption) {
        let words = |one: &Encryption| Some(encryption_words(one));
        add(Setting::Encryption, words(&deployed.encryption), words(encryption));
    }
    if let Some((old, new)) = tags(desired, deployed) {
        add(Setting::Tags, old, new);
    }
    if let Some(change) = alias(desired, deployed, !changes.iter().all(|one| one.setting == Setting::Tags)) {
        changes.push(change);
    }
    changes
}

fn same_logging(one: &Logging, other: &Logging) -> bool {
    // What is off is off, whatever stands beside it.
    one == other || one.level == LogLevel::Off && other.level == LogLevel::Off
}

/// The tags that differ, old and new. One that an earlier apply put and that the manifest no longer names has no new value; other
/// tags that the manifest does not name are left alone. Countersign's own count only where it deployed the machine.
fn tags(desired: &Desired, deployed: &Deployed) -> Option<(Option<String>, Option<String>)> {
    let mut wanted = desired.tags.clone();
    if let Some(stamp) = deployed.stamp() {
        let same_content =
            deployed.tags.get(APPLIED_TAG).map(String::as_str) == Some(&*Applied::of(desired).to_string());
        if stamp != desired.stamp {
            wanted.insert(FOLDER_TAG.to_owned(), desired.stamp.folder.clone());
            wanted.insert(ENVIRONMENT_TAG.to_owned(), desired.stamp.environment.clone());
        }
        // An apply that was interrupted before its last step: what was applied is not recorded.
        if !same_content && Applied::of(desired).holds(deployed) {
            wanted.insert(APPLIED_TAG.to_owned(), Applied::of(desired).to_string());
        }
    }
    let mut gone = stale_tags(desired, deployed);
    let differing = |wanted: &BTreeMap<String, String>| -> Vec<(String, String)> {
        let differing = wanted.iter().filter(|(key, value)| deployed.tags.get(*key) != Some(value));
        differing.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    // The record of what was put follows the tags, and is named only where it alone is not as it should be.
    gone.retain(|key| key != TAGS_TAG);
    let mut changed = differing(&wanted);
    if changed.is_empty() && gone.is_empty() && deployed.stamp().is_some() {
        match PutTags::of(&desired.tags).text() {
            Some(put) => changed = differing(&BTreeMap::from([(TAGS_TAG.to_owned(), put)])),
            None => gone.extend(deployed.tags.contains_key(TAGS_TAG).then(|| TAGS_TAG.to_owned())),
        }
    }
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for (key, value) in changed {
        old.extend(deployed.tags.get(&key).map(|old| format!("{key}={old}")));
        new.push(format!("{key}={value}"));
    }
    old.extend(gone.iter().filter_map(|key| Some(format!("{key}={}", deployed.tags.get(key)?))));
    let joined = |words: Vec<String>| (!words.is_empty()).then(|| words.join(", "));
    (!old.is_empty() || !new.is_empty()).then(|| (joined(old), joined(new)))
}

/// The change of the alias: it is missing, or it points at another version than the state machine as it will be. Of one that
/// could not be read nothing is known: an apply looks again before it changes anything.
fn alias(desired: &Desired, deployed: &Deployed, will_change: bool) -> Option<SettingChange> {
    let name = desired.alias.as_ref()?;
    let there = deployed.aliases.iter().find(|alias| alias.name == *name);
    // While a rollout moves it, an alias leads to two versions; the new one is current.
    let is_right = there.is_some_and(|alias| alias.routes.iter().any(|route| route.is_current)) && !will_change;
    let is_unread = there.is_some_and(|alias| alias.routes.is_empty());
    if is_right || is_unread {
        return None;
    }
    let old = there.map(|alias| {
        let routes = alias.routes.iter().map(|route| match route.weight {
            100 => format!("version {}", route.version),
            weight => format!("version {} ({weight} %)", route.version),
        });
        format!("{name}: {}", routes.collect::<Vec<_>>().join(", "))
    });
    Some(SettingChange { setting: Setting::Alias, old, new: Some(format!("{name}: the new version")) })
}

fn logging_words(logging: &Logging) -> String {
    let mut words = vec![logging.level.as_str().to_owned()];
    words.extend(logging.destination.as_ref().map(|group| format!("to {group}")));
    if logging.level != LogLevel::Off {
        words.push(if logging.execution_data { "with" } else { "without" }.to_owned() + " execution data");
    }
    words.join(" ")
}

fn encryption_words(encryption: &Encryption) -> String {
    match encryption {
        Encryption::AwsOwnedKey => "AWS's own key".to_owned(),
        Encryption::CustomerManagedKey { key, reuse_seconds } => {
            format!("{key}, each data key for {reuse_seconds} s")
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::super::desired::{Alias, Rollout, Route, Stamp};
    use super::super::steps::tags_of;
    use super::*;
    use crate::connection::MachineKind;

    const DEFINITION: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#;
    const OTHER: &str = r#"{"StartAt":"B","States":{"B":{"Type":"Succeed"}}}"#;

    fn desired() -> Desired {
        Desired {
            name: "order".to_owned(),
            kind: MachineKind::Standard,
            definition: DEFINITION.to_owned(),
            role_arn: Some("arn:aws:iam::1:role/a".to_owned()),
            logging: None,
            tracing: None,
            encryption: None,
            tags: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
            stamp: Stamp { folder: "shop".to_owned(), environment: "live".to_owned() },
            alias: None,
            rollout: Rollout::default(),
            topics: Vec::new(),
            needs: Vec::new(),
        }
    }

    /// What an apply of `desired` leaves.
    fn applied(desired: &Desired) -> Deployed {
        Deployed {
            arn: "arn:order".to_owned(),
            name: desired.name.clone(),
            kind: desired.kind,
            revision_id: None,
            definition: desired.definition.clone(),
            role_arn: desired.role_arn.clone(),
            logging: desired.logging.clone().unwrap_or(Logging::OFF),
            tracing: desired.tracing.unwrap_or_default(),
            encryption: desired.encryption.clone().unwrap_or(Encryption::AwsOwnedKey),
            tags: tags_of(desired),
            versions: Vec::new(),
            aliases: Vec::new(),
        }
    }

    #[track_caller]
    fn check(desired: &Desired, deployed: &Deployed, change: Change, settings: &[Setting], drifted: &[Setting]) {
        let plan = compare("order", "arn:order".to_owned(), desired.clone(), Some(deployed.clone()));
        let found: Vec<Setting> = plan.settings.iter().map(|one| one.setting).collect();
        assert_eq!((plan.change, &found[..], &plan.drifted[..]), (change, settings, drifted), "{:?}", plan.settings);
    }

    #[test]
    fn what_was_applied_is_unchanged() {
        let wanted = desired();
        let deployed = applied(&wanted);
        check(&wanted, &deployed, Change::Unchanged, &[], &[]);
        let reordered = Deployed {
            definition: "{ \"States\": {\"A\":{\"Type\":\"Succeed\"}}, \"StartAt\":\"A\" }".to_owned(),
            ..deployed.clone()
        };
        check(&wanted, &reordered, Change::Unchanged, &[], &[]);
        let mut others = deployed;
        others.tags.insert("cost-centre".to_owned(), "7".to_owned());
        others.tracing = true;
        check(&wanted, &others, Change::Unchanged, &[], &[]);
    }

    #[test]
    fn each_setting_that_differs_is_named() {
        let deployed = applied(&desired());
        let logging = Logging {
            level: LogLevel::All,
            destination: Some("arn:aws:logs:::log-group:a:*".to_owned()),
            execution_data: true,
        };
        let wanted = Desired {
            definition: OTHER.to_owned(),
            role_arn: Some("arn:aws:iam::1:role/b".to_owned()),
            logging: Some(logging),
            tracing: Some(true),
            encryption: Some(Encryption::CustomerManagedKey { key: "alias/a".to_owned(), reuse_seconds: 300 }),
            tags: BTreeMap::from([("team".to_owned(), "desk".to_owned())]),
            alias: Some("live".to_owned()),
            ..desired()
        };
        check(&wanted, &deployed, Change::Changed, &Setting::ALL, &[]);
        let plan = compare("order", String::new(), wanted, Some(deployed));
        let words: Vec<(Option<&str>, Option<&str>)> =
            plan.settings.iter().map(|one| (one.old.as_deref(), one.new.as_deref())).collect();
        assert_eq!(words[2], (Some("OFF"), Some("ALL to arn:aws:logs:::log-group:a:* with execution data")));
        assert_eq!(words[5], (Some("team=shop"), Some("team=desk")));
        assert_eq!(words[6], (None, Some("live: the new version")));
    }

    #[test]
    fn what_the_account_changed_is_drift_until_it_is_what_the_folder_says() {
        let wanted = Desired { tracing: Some(false), ..desired() };
        let drifted = Deployed { definition: OTHER.to_owned(), tracing: true, ..applied(&wanted) };
        let both = [Setting::Definition, Setting::Tracing];
        check(&wanted, &drifted, Change::Drifted, &both, &both);
        let followed = Desired { definition: OTHER.to_owned(), tracing: Some(true), ..wanted.clone() };
        check(&followed, &drifted, Change::Changed, &[Setting::Tags], &[]);
        // Without a tag nobody knows what was applied.
        let foreign = Deployed { tags: wanted.tags.clone(), ..drifted };
        check(&wanted, &foreign, Change::Changed, &both, &[]);
        let same = Deployed { tags: wanted.tags.clone(), ..applied(&wanted) };
        check(&wanted, &same, Change::Unchanged, &[], &[]);
    }

    /// What the plan says of the tags: what is there, and what comes.
    #[track_caller]
    fn check_tags(desired: &Desired, deployed: &Deployed, old: Option<&str>, new: Option<&str>) {
        let plan = compare("order", String::new(), desired.clone(), Some(deployed.clone()));
        let [change] = &plan.settings[..] else { panic!("{:?}", plan.settings) };
        assert_eq!((change.setting, change.old.as_deref(), change.new.as_deref()), (Setting::Tags, old, new));
    }

    #[test]
    fn a_tag_that_leaves_the_manifest_is_a_difference_and_those_of_others_are_none() {
        let two = [("team", "shop"), ("stage", "trial")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let before = Desired { tags: BTreeMap::from(two), ..desired() };
        let mut deployed = applied(&before);
        deployed.tags.insert("cost-centre".to_owned(), "7".to_owned());
        deployed.tags.insert("aws:cloudformation:stack-name".to_owned(), "shop".to_owned());
        check(&before, &deployed, Change::Unchanged, &[], &[]);
        check_tags(&desired(), &deployed, Some("stage=trial"), None);
        let none = Desired { tags: BTreeMap::new(), ..desired() };
        check_tags(&none, &deployed, Some("stage=trial, team=shop"), None);
        // What somebody changed since is theirs, and what another folder put is not this one's.
        deployed.tags.insert("stage".to_owned(), "live".to_owned());
        check_tags(&none, &deployed, Some("team=shop"), None);
        let other = Desired { stamp: Stamp { folder: "desk".to_owned(), ..desired().stamp }, ..none };
        check_tags(&other, &deployed, Some("countersign:folder=shop"), Some("countersign:folder=desk"));
    }

    #[test]
    fn the_record_of_the_tags_is_a_difference_where_it_alone_is_not_right() {
        let record = PutTags::of(&desired().tags).text().unwrap();
        let mut deployed = applied(&desired());
        deployed.tags.remove(TAGS_TAG);
        check_tags(&desired(), &deployed, None, Some(&format!("{TAGS_TAG}={record}")));
        let none = Desired { tags: BTreeMap::new(), ..desired() };
        let mut deployed = applied(&none);
        deployed.tags.insert(TAGS_TAG.to_owned(), record.clone());
        check_tags(&none, &deployed, Some(&format!("{TAGS_TAG}={record}")), None);
    }

    #[test]
    fn a_setting_that_is_newly_managed_is_no_drift() {
        let deployed = Deployed { tracing: true, ..applied(&desired()) };
        let wanted = Desired { tracing: Some(false), ..desired() };
        check(&wanted, &deployed, Change::Changed, &[Setting::Tracing], &[]);
    }

    #[test]
    fn an_alias_follows_the_current_version() {
        let wanted = Desired { alias: Some("live".to_owned()), ..desired() };
        let with = |routes: &[(&str, u8, bool)]| {
            let routes = routes.iter().map(|(version, weight, is_current)| Route {
                version: (*version).to_owned(),
                weight: *weight,
                is_current: *is_current,
            });
            let alias = Alias {
                name: "live".to_owned(),
                arn: "arn:order:live".to_owned(),
                routes: routes.collect(),
                failed: None,
            };
            Deployed { aliases: vec![alias], ..applied(&wanted) }
        };
        check(&wanted, &with(&[("3", 100, true)]), Change::Unchanged, &[], &[]);
        check(&wanted, &with(&[("3", 10, true), ("2", 90, false)]), Change::Unchanged, &[], &[]);
        check(&wanted, &with(&[("2", 100, false)]), Change::Changed, &[Setting::Alias], &[]);
        check(&wanted, &with(&[]), Change::Unchanged, &[], &[]);
        let newer = Desired { definition: OTHER.to_owned(), ..wanted.clone() };
        check(&newer, &with(&[("3", 100, true)]), Change::Changed, &[Setting::Definition, Setting::Alias], &[]);
        let tagged = Desired { tags: BTreeMap::from([("team".to_owned(), "x".to_owned())]), ..wanted.clone() };
        check(&tagged, &with(&[("3", 100, true)]), Change::Changed, &[Setting::Tags], &[]);
    }
}
