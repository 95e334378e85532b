//! Faults of the settings that a manifest gives, and the settings as they are sent.

use std::collections::BTreeMap;

use countersign_asl::{Diagnostic, Rule, Severity, SourceSpan};

use super::desired::{Encryption, FailureLimit, LogLevel, Logging, Rollout, Steps, TAG_PREFIX};
use super::environment::{Chosen, Level};
use super::folder::Folder;
use super::plan::{Found, PlanTarget};
use super::settings::{EncryptionEntry, RoleEntry, RollBackEntry, RolloutEntry, Settings, StepsEntry};
use crate::connection::MachineKind;

/// AWS's limits: characters of a tag's key and value, tags of a resource (four are Countersign's own), characters of the name
/// of a state machine or an alias.
const TAG_KEY: usize = 128;
const TAG_VALUE: usize = 256;
const TAGS: usize = 50 - 4;
const NAME: usize = 80;
/// Seconds that a data key is used: AWS's limits and its default.
const REUSE_SECONDS: std::ops::RangeInclusive<u32> = 60..=900;
const USUAL_REUSE_SECONDS: u32 = 300;
/// Executions that have to end before a rollout is judged, where the manifest does not say.
const USUAL_EXECUTIONS: u32 = 10;
/// The longest step of a rollout, in minutes: a week.
const LONGEST_STEP: u32 = 7 * 24 * 60;

/// The settings of a workflow as they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub role_arn: Option<String>,
    pub logging: Option<Logging>,
    pub tracing: Option<bool>,
    pub encryption: Option<Encryption>,
    pub tags: BTreeMap<String, String>,
    pub alias: Option<String>,
    pub rollout: Rollout,
}

/// The settings of a workflow, and what is wrong with them.
#[must_use]
pub fn settings_of(
    folder: &Folder,
    chosen: &Chosen,
    workflow: &str,
    kind: MachineKind,
    target: PlanTarget,
) -> (Sent, Vec<Found>) {
    let mut check = Check { folder, levels: chosen.levels(workflow), found: Vec::new() };
    check.keys();
    let settings = check.levels.iter().fold(Settings::default(), |outer, level| outer.under(level.settings.clone()));
    let sent = Sent {
        role_arn: settings.role.as_ref().map(|role| check.role(role, target)),
        logging: check.logging(&settings, target),
        tracing: settings.tracing,
        encryption: settings.encryption.as_ref().map(|entry| check.encryption(entry)),
        tags: check.tags(&settings),
        alias: settings.alias.clone().inspect(|alias| check.alias(alias)),
        rollout: settings.rollout.as_ref().map(|entry| check.rollout(entry)).unwrap_or_default(),
    };
    if sent.alias.is_none() && settings.rollout.is_some() && check.is_whole(&[]) {
        let way = check.way(&["rollout"], |settings| settings.rollout.is_some());
        check.invalid(
            &way,
            "a rollout moves an alias, and there is none".to_owned(),
            "Write alias = \"live\", for example.",
        );
    }
    if sent.rollout.roll_back.is_some() && kind == MachineKind::Express {
        let way = check.way(&["rollout", "roll_back"], |settings| settings.rollout.is_some());
        let message = "executions of an Express workflow cannot be listed, so a rollout cannot be judged by them";
        check.invalid(&way, message.to_owned(), "Remove roll_back.");
    }
    let machine = chosen.machine_name(workflow);
    if let Some(why) = name_fault(&machine).filter(|_| check.is_whole(&[])) {
        let way = chosen.way_to_name(workflow);
        check.invalid(&way, format!("{machine:?} cannot be the name of a state machine: {why}"), NAME_REMEDY);
    }
    (sent, check.found)
}

const NAME_REMEDY: &str = "Write at most 80 letters, digits, - and _.";
/// What the name of a state machine has none of, besides white space and control characters. From the API reference of
/// CreateStateMachine.
const NOT_IN_NAMES: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

/// Why AWS takes no state machine of this name.
fn name_fault(name: &str) -> Option<String> {
    let is_odd = |letter: &char| letter.is_whitespace() || letter.is_control() || NOT_IN_NAMES.contains(*letter);
    match name.chars().count() {
        0 => Some("it is empty".to_owned()),
        count if count > NAME => Some(format!("it has {count} characters")),
        _ => name.chars().find(is_odd).map(|letter| format!("it has the character {letter:?}")),
    }
}

struct Check<'a> {
    folder: &'a Folder,
    levels: Vec<Level>,
    found: Vec<Found>,
}

impl Check<'_> {
    fn invalid(&mut self, way: &[String], message: String, remedy: &str) {
        let steps: Vec<&str> = way.iter().map(String::as_str).collect();
        let span = self.folder.places.as_ref().map_or(SourceSpan::WHOLE_FILE, |places| places.value(&steps));
        let (severity, rule, path) = (Severity::Error, Rule::InvalidSetting, way.join("."));
        let diagnostic = Diagnostic { severity, rule, message, path, span, remedy: remedy.to_owned() };
        self.found.push((self.folder.manifest_file(), diagnostic));
    }

    /// Whether all is read that stands in the table `inner` of each level, so that what is not there is missing indeed.
    fn is_whole(&self, inner: &[&str]) -> bool {
        let has_gap = |level: &Level| {
            let is_in = |gap: &Vec<String>| {
                let steps = level.way.iter().map(String::as_str).chain(inner.iter().copied());
                gap.len() == level.way.len() + inner.len() + 1 && steps.zip(gap.iter()).all(|(step, one)| step == one)
            };
            self.folder.gaps.iter().any(is_in)
        };
        !self.levels.iter().any(has_gap)
    }

    /// The way to a setting: in the innermost level that has it.
    fn way(&self, setting: &[&str], has: impl Fn(&Settings) -> bool) -> Vec<String> {
        let level = self.levels.iter().rev().find(|level| has(&level.settings));
        let way = level.map(|level| level.way.clone()).unwrap_or_default();
        way.into_iter().chain(setting.iter().map(|step| (*step).to_owned())).collect()
    }

    /// Keys that exclude each other.
    fn keys(&mut self) {
        let Some(places) = &self.folder.places else { return };
        let both = |level: &&Level| {
            let steps: Vec<&str> = level.way.iter().map(String::as_str).collect();
            let has = |key: &str| places.has(&[&steps[..], &[key]].concat());
            has("role") && has("role_arn")
        };
        let ways: Vec<Vec<String>> = self.levels.iter().filter(both).map(|level| level.way.clone()).collect();
        for mut way in ways {
            way.push("role".to_owned());
            self.invalid(&way, "role and role_arn name a role twice".to_owned(), "Keep one of them.");
        }
    }

    fn role(&mut self, role: &RoleEntry, target: PlanTarget) -> String {
        let PlanTarget { partition, account, .. } = target;
        match role {
            RoleEntry::Arn(arn) => {
                if !(arn.starts_with("arn:") && arn.split(':').nth(2) == Some("iam") && arn.contains(":role/")) {
                    let way = self.way(&["role_arn"], |settings| settings.role.is_some());
                    let remedy = "Write one such as arn:aws:iam::123456789012:role/orders, or role = \"orders\".";
                    self.invalid(&way, format!("{arn:?} is not the ARN of a role"), remedy);
                }
                arn.clone()
            }
            RoleEntry::Name(name) => {
                if name.is_empty() || name.contains(':') {
                    let way = self.way(&["role"], |settings| settings.role.is_some());
                    self.invalid(&way, format!("{name:?} is not the name of a role"), "Write role_arn for an ARN.");
                }
                format!("arn:{partition}:iam::{account}:role/{}", name.trim_start_matches('/'))
            }
        }
    }

    /// The logging; `None` where no level is given, so that it is not managed.
    fn logging(&mut self, settings: &Settings, target: PlanTarget) -> Option<Logging> {
        let PlanTarget { partition, region, account, .. } = target;
        let entry = settings.logging.as_ref()?;
        let level = entry.level?;
        let group = entry.destination.as_deref().map(|named| {
            let arn = if named.starts_with("arn:") {
                named.to_owned()
            } else {
                format!("arn:{partition}:logs:{region}:{account}:log-group:{named}")
            };
            if arn.ends_with(":*") { arn } else { format!("{arn}:*") }
        });
        let has_level = |settings: &Settings| settings.logging.as_ref().is_some_and(|logging| logging.level.is_some());
        let has_group =
            |settings: &Settings| settings.logging.as_ref().is_some_and(|logging| logging.destination.is_some());
        if level != LogLevel::Off && group.is_none() && self.is_whole(&[]) && self.is_whole(&["logging"]) {
            let way = self.way(&["logging", "level"], has_level);
            let message = format!("logging of the level {} needs a destination", level.as_str());
            self.invalid(&way, message, "Write logging.destination = \"/aws/vendedlogs/states/NAME\", a log group.");
        }
        if let Some(arn) = group.as_deref().filter(|arn| !is_log_group(arn)) {
            let way = self.way(&["logging", "destination"], has_group);
            let remedy = "Write its name, or an ARN such as arn:aws:logs:eu-west-1:123456789012:log-group:/orders:*.";
            self.invalid(&way, format!("{arn:?} is not the ARN of a log group"), remedy);
        }
        let execution_data = entry.execution_data.unwrap_or_default();
        // What is off is sent as AWS's default: nothing of it would be used.
        Some(if level == LogLevel::Off { Logging::OFF } else { Logging { level, destination: group, execution_data } })
    }

    fn encryption(&mut self, entry: &EncryptionEntry) -> Encryption {
        let EncryptionEntry::Key(key) = entry else { return Encryption::AwsOwnedKey };
        let reuse_seconds = key.reuse_seconds.unwrap_or(USUAL_REUSE_SECONDS);
        let has = |settings: &Settings| settings.encryption.is_some();
        if !REUSE_SECONDS.contains(&reuse_seconds) {
            let way = self.way(&["encryption", "reuse_seconds"], has);
            self.invalid(&way, format!("a data key is used for 60 to 900 seconds, not {reuse_seconds}"), "Correct it.");
        }
        if key.key.trim().is_empty() && self.is_whole(&["encryption"]) {
            let way = self.way(&["encryption", "key"], has);
            self.invalid(&way, "the key has no name".to_owned(), "Write an ARN, an id, or alias/NAME.");
        }
        Encryption::CustomerManagedKey { key: key.key.clone(), reuse_seconds }
    }

    fn tags(&mut self, settings: &Settings) -> BTreeMap<String, String> {
        for (key, value) in &settings.tags {
            let Some(why) = tag_fault(key, value) else { continue };
            let way = self.way(&["tags", key], |settings| settings.tags.get(key) == Some(value));
            self.invalid(&way, format!("AWS takes no tag {key:?} = {value:?}: {why}"), "Correct the tag.");
        }
        if settings.tags.len() > TAGS {
            let way = self.way(&["tags"], |settings| !settings.tags.is_empty());
            let message = format!("there are {} tags; {TAGS} have room beside Countersign's own", settings.tags.len());
            self.invalid(&way, message, "Remove some.");
        }
        settings.tags.clone()
    }

    fn alias(&mut self, alias: &str) {
        let is_name = alias.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'));
        let is_number = alias.chars().all(|letter| letter.is_ascii_digit());
        if alias.is_empty() || alias.chars().count() > NAME || !is_name || is_number {
            let way = self.way(&["alias"], |settings| settings.alias.is_some());
            let remedy = "Write at most 80 letters, digits, -, _ and ., not digits alone.";
            self.invalid(&way, format!("{alias:?} cannot be the name of an alias"), remedy);
        }
    }

    fn rollout(&mut self, entry: &RolloutEntry) -> Rollout {
        let roll_back = entry.roll_back.as_ref().map(|limit| self.limit(limit));
        let steps = match (&entry.canary, &entry.linear) {
            (None, None) => Steps::AtOnce,
            (Some(steps), None) => {
                let (percent, minutes) = self.steps("canary", steps);
                Steps::Canary { percent, minutes }
            }
            (None, Some(steps)) => {
                let (percent, minutes) = self.steps("linear", steps);
                Steps::Linear { percent, minutes }
            }
            (Some(canary), Some(linear)) => {
                self.steps("canary", canary);
                self.steps("linear", linear);
                let way = self.way(&["rollout", "linear"], |settings| settings.rollout.is_some());
                self.invalid(&way, "a rollout is a canary or linear, not both".to_owned(), "Remove one of them.");
                Steps::AtOnce
            }
        };
        if roll_back.is_some() && entry.canary.is_none() && entry.linear.is_none() && self.is_whole(&["rollout"]) {
            let way = self.way(&["rollout", "roll_back"], |settings| settings.rollout.is_some());
            let message = "what moves at once is not rolled back by itself";
            self.invalid(&way, message.to_owned(), "Write canary = { percent = 10, minutes = 5 }, for example.");
        }
        Rollout { steps, roll_back }
    }

    fn steps(&mut self, kind: &str, entry: &StepsEntry) -> (u8, u32) {
        let percent = u8::try_from(entry.percent).ok().filter(|percent| (1..=99).contains(percent));
        if percent.is_none() {
            let way = self.way(&["rollout", kind, "percent"], |settings| settings.rollout.is_some());
            self.invalid(&way, format!("a step moves 1 to 99 percent, not {}", entry.percent), "Correct it.");
        }
        if !(1..=LONGEST_STEP).contains(&entry.minutes) {
            let way = self.way(&["rollout", kind, "minutes"], |settings| settings.rollout.is_some());
            self.invalid(
                &way,
                format!("a step takes 1 to {LONGEST_STEP} minutes, not {}", entry.minutes),
                "Correct it.",
            );
        }
        (percent.unwrap_or(1), entry.minutes)
    }

    fn limit(&mut self, entry: &RollBackEntry) -> FailureLimit {
        let percent = u8::try_from(entry.percent).ok().filter(|percent| *percent <= 99);
        if percent.is_none() {
            let way = self.way(&["rollout", "roll_back", "percent"], |settings| settings.rollout.is_some());
            self.invalid(&way, format!("0 to 99 percent may fail, not {}", entry.percent), "Correct it.");
        }
        let executions = entry.executions.unwrap_or(USUAL_EXECUTIONS);
        if executions == 0 {
            let way = self.way(&["rollout", "roll_back", "executions"], |settings| settings.rollout.is_some());
            self.invalid(&way, "at least one execution has to end".to_owned(), "Write 1 or more.");
        }
        FailureLimit { percent: percent.unwrap_or_default(), executions }
    }
}

/// Why AWS, or Countersign, takes no such tag.
fn tag_fault(key: &str, value: &str) -> Option<String> {
    let is_odd = |letter: &char| {
        !(letter.is_alphanumeric() || *letter == ' ' || matches!(letter, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@'))
    };
    if key.starts_with(TAG_PREFIX) {
        return Some(format!("tags that begin with {TAG_PREFIX} are Countersign's own"));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Some("tags that begin with aws: are AWS's own".to_owned());
    }
    match (key.chars().count(), value.chars().count()) {
        (0, _) => return Some("its key is empty".to_owned()),
        (key, _) if key > TAG_KEY => return Some(format!("its key has {key} characters; {TAG_KEY} are allowed")),
        (_, value) if value > TAG_VALUE => {
            return Some(format!("its value has {value} characters; {TAG_VALUE} are allowed"));
        }
        _ => {}
    }
    key.chars().chain(value.chars()).find(is_odd).map(|letter| format!("it has the character {letter:?}"))
}

fn is_log_group(arn: &str) -> bool {
    let mut parts = arn.splitn(7, ':');
    let is_logs = parts.next() == Some("arn") && parts.nth(1) == Some("logs");
    let group = parts.nth(2).filter(|kind| *kind == "log-group").and(parts.next());
    is_logs
        && group.and_then(|group| group.strip_suffix(":*")).is_some_and(|name| !name.is_empty() && !name.contains(':'))
}
