//! Switches: whether a finding of a rule is left out, warns or prevents a deployment.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::diagnostic::{Diagnostic, Severity};
use crate::rule::Rule;

/// The position of a rule's switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Its findings are left out.
    Off,
    /// Its findings are warnings.
    Warn,
    /// Its findings are errors: what has one is not deployed.
    Error,
}

/// Why a text switches no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// The text has no `=`.
    #[error("`{0}` is not a switch: write RULE=off, RULE=warn or RULE=error")]
    NotASwitch(String),
    /// No rule has the id.
    #[error("unknown rule `{0}`, expected one of {ids}", ids = ids())]
    UnknownRule(String),
    /// A definition that breaks the rule is refused by AWS, or cannot be read.
    #[error("the rule `{}` has no switch: what breaks it cannot be deployed", .0.id())]
    WithoutSwitch(Rule),
    /// The level is none.
    #[error("unknown level `{0}`, expected one of `off`, `warn`, `error`")]
    UnknownLevel(String),
}

/// The ids of the rules that have a switch, as the messages of serde list names.
fn ids() -> String {
    let ids: Vec<String> = Rule::switched().map(|rule| format!("`{}`", rule.id())).collect();
    ids.join(", ")
}

impl Rule {
    /// The rules that have a switch: those whose findings are advice or warnings.
    pub fn switched() -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(|rule| rule.has_switch())
    }

    /// The rule with this id, if it has a switch.
    ///
    /// # Errors
    /// There is no such rule, or it has no switch.
    pub fn with_switch(id: &str) -> Result<Rule, SwitchError> {
        match Rule::ALL.iter().copied().find(|rule| rule.id() == id) {
            None => Err(SwitchError::UnknownRule(id.to_owned())),
            Some(rule) if !rule.has_switch() => Err(SwitchError::WithoutSwitch(rule)),
            Some(rule) => Ok(rule),
        }
    }
}

/// The id of a rule with a switch.
impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Rule::with_switch(&id).map_err(serde::de::Error::custom)
    }
}

/// Which rules are switched, and how. A rule that is not named has its usual severity.
///
/// ```
/// use countersign_asl::{Level, Rule, Switches};
///
/// let switches: Switches = ["no-timeout=error".parse().unwrap(), "no-heartbeat=off".parse().unwrap()].into_iter().collect();
/// assert_eq!(switches.level(Rule::NoTimeout), Some(Level::Error));
/// assert_eq!(switches.level(Rule::UnusedVariable), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Switches(BTreeMap<Rule, Level>);

/// One switch: `no-timeout=off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch(pub Rule, pub Level);

impl FromStr for Switch {
    type Err = SwitchError;

    fn from_str(text: &str) -> Result<Self, SwitchError> {
        let (id, level) = text.split_once('=').ok_or_else(|| SwitchError::NotASwitch(text.to_owned()))?;
        let level = match level.trim() {
            "off" => Level::Off,
            "warn" => Level::Warn,
            "error" => Level::Error,
            other => return Err(SwitchError::UnknownLevel(other.to_owned())),
        };
        Ok(Switch(Rule::with_switch(id.trim())?, level))
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let level = match self.1 {
            Level::Off => "off",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        write!(out, "{}={level}", self.0.id())
    }
}

impl FromIterator<Switch> for Switches {
    /// Of several switches of a rule, the last holds.
    fn from_iter<I: IntoIterator<Item = Switch>>(switches: I) -> Self {
        Self(switches.into_iter().map(|Switch(rule, level)| (rule, level)).collect())
    }
}

impl Switches {
    /// The position of a rule's switch, if it is named.
    pub fn level(&self, rule: Rule) -> Option<Level> {
        self.0.get(&rule).copied()
    }

    /// These switches, with those of `inner` in their place: the manifest's, then the workflow's, then the command's.
    #[must_use]
    pub fn with(&self, inner: &Switches) -> Switches {
        Self(self.0.iter().chain(&inner.0).map(|(rule, level)| (*rule, *level)).collect())
    }

    /// The finding as the switches have it; `None` where its rule is off.
    #[must_use]
    pub fn apply(&self, finding: Diagnostic) -> Option<Diagnostic> {
        let severity = match self.level(finding.rule) {
            // What AWS refuses stays refused.
            _ if finding.severity == Severity::Error => Severity::Error,
            Some(Level::Off) => return None,
            Some(Level::Warn) => Severity::Warning,
            Some(Level::Error) => Severity::Error,
            None => finding.severity,
        };
        Some(Diagnostic { severity, ..finding })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;
    use crate::SourceSpan;

    fn finding(severity: Severity) -> Diagnostic {
        let (message, path, remedy) = (String::new(), String::new(), String::new());
        Diagnostic { severity, rule: Rule::NoTimeout, message, path, span: SourceSpan::WHOLE_FILE, remedy }
    }

    #[test]
    fn a_switch_sets_the_severity() {
        for (switch, expected) in [
            ("no-timeout=off", None),
            ("no-timeout = warn", Some(Severity::Warning)),
            ("no-timeout=error", Some(Severity::Error)),
            ("no-heartbeat=off", Some(Severity::Advice)),
        ] {
            let switches: Switches = [switch.parse().unwrap()].into_iter().collect();
            let found = switches.apply(finding(Severity::Advice)).map(|one| one.severity);
            assert_eq!(found, expected, "{switch}");
            let refused = switches.apply(finding(Severity::Error)).unwrap();
            assert!(refused.is_error(), "what cannot be deployed stays an error");
        }
    }

    #[test]
    fn the_inner_switches_hold() {
        let [outer, inner] = [["no-timeout=off", "no-heartbeat=off"], ["no-timeout=error", "unused-variable=warn"]]
            .map(|switches| switches.into_iter().map(|one| one.parse().unwrap()).collect::<Switches>());
        let both = outer.with(&inner);
        assert_eq!(both.level(Rule::NoTimeout), Some(Level::Error));
        assert_eq!(both.level(Rule::NoHeartbeat), Some(Level::Off));
        assert_eq!(both.level(Rule::UnusedVariable), Some(Level::Warn));
    }

    #[test]
    fn a_text_that_is_no_switch_is_refused() {
        for (text, begins) in [
            ("no-timeout", "`no-timeout` is not a switch"),
            ("no-timeot=off", "unknown rule `no-timeot`, expected one of `"),
            ("no-timeout=of", "unknown level `of`, expected one of `off`"),
            ("missing-target=off", "the rule `missing-target` has no switch"),
        ] {
            let refused = text.parse::<Switch>().unwrap_err().to_string();
            assert!(refused.starts_with(begins), "{refused}");
        }
    }

    #[test]
    fn switches_are_read_by_the_ids_of_rules() {
        let read: Switches = serde_json::from_str(r#"{"no-timeout": "off"}"#).unwrap();
        assert_eq!(read.level(Rule::NoTimeout), Some(Level::Off));
        let refused = serde_json::from_str::<Switches>(r#"{"no-timeot": "off"}"#).unwrap_err().to_string();
        assert!(refused.starts_with("unknown rule `no-timeot`"), "{refused}");
    }
}
