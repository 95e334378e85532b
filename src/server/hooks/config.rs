//! The hook of SNS in `countersign.toml` of the data folder.
//!
//! ```toml
//! [hooks.sns]
//! topics = ["arn:aws:sns:eu-west-1:123456789012:executions"]
//! ```

use std::collections::BTreeSet;
use std::path::Path;

use countersign_desk::connection::TopicArn;
use toml::de::DeValue;

use crate::server::settings::{FILE, Mistake, Table, of_table, read};

const TABLE: &str = "hooks";
const SNS: &str = "sns";
const KEYS: [&str; 3] = ["topics", "profile", "endpoint"];

/// The hook as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    pub topics: BTreeSet<TopicArn>,
    /// As whom subscriptions are confirmed.
    pub profile: Option<String>,
    pub endpoint: Option<String>,
}

/// The hook of the file; `None` where it names no topics.
///
/// # Errors
/// Every mistake.
pub fn configured(data: &Path) -> Result<Option<Configured>, Vec<Mistake>> {
    let text = read(data).map_err(|mistake| vec![mistake])?;
    of_text(&data.join(FILE), &text)
}

fn of_text(file: &Path, text: &str) -> Result<Option<Configured>, Vec<Mistake>> {
    of_table((file, text), (TABLE, "[hooks.sns]"), |at, _, hooks| {
        let (mut found, mut mistakes) = (None, Vec::new());
        for (name, value) in hooks {
            let place = name.span().start;
            match (name.get_ref().as_ref(), value.get_ref()) {
                (SNS, DeValue::Table(parts)) => {
                    let mut table = Table::new(at, place, parts);
                    found = sns(&mut table);
                    mistakes.append(&mut table.mistakes);
                }
                (SNS, _) => mistakes.push(at(place).mistake("sns is not a table.", "Write [hooks.sns].")),
                (other, _) => mistakes.push(at(place).unknown(other, &[SNS])),
            }
        }
        (found, mistakes)
    })
}

fn sns(table: &mut Table<'_>) -> Option<Configured> {
    table.only(&KEYS);
    if table.find("topics").is_none() {
        table.wrong(
            table.place,
            "topics is missing.",
            "Write topics = [\"ARN\"]: messages of other topics are refused.",
        );
    }
    let mut topics = BTreeSet::new();
    for (text, place) in table.list("topics")? {
        match text.parse() {
            Ok(topic) => {
                topics.insert(topic);
            }
            Err(why) => {
                let why: countersign_desk::connection::NoTopic = why;
                table.wrong(place, format!("topic {text:?} cannot be used: {why}."), "Give the topic's ARN.");
            }
        }
    }
    let profile = table.text("profile").map(|(profile, _)| profile);
    let endpoint = table.endpoint();
    Some(Configured { topics, profile, endpoint })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn of(text: &str) -> Result<Option<Configured>, String> {
        of_text(Path::new("countersign.toml"), text)
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn only_topics_that_are_named_may_push() {
        let text = "[hooks.sns]\ntopics = [\"arn:aws:sns:eu-west-1:123456789012:a\"]\nprofile = \"p\"\n";
        let found = of(text).unwrap().unwrap();
        assert_eq!((found.topics.len(), found.profile.as_deref()), (1, Some("p")));
        assert_eq!(of("[messages.x]\nkind = 7\n"), Ok(None));
        for (text, expected) in [
            ("hooks = 7\n", "countersign.toml:1:1: hooks is not a table."),
            ("[hooks.sms]\n", "countersign.toml:1:8: there is no key \"sms\" here.\nDid you mean sns?"),
            ("[hooks.sns]\n", "countersign.toml:1:8: topics is missing."),
            ("[hooks.sns]\ntopics = []\n", "countersign.toml:2:10: topics is empty."),
            ("[hooks.sns]\ntopics = [\"*\"]\n", "countersign.toml:2:11: topic \"*\" cannot be used"),
            ("[hooks.sns]\ntopic = [\"x\"]\n", "Did you mean topics?"),
        ] {
            let mistakes = of(text).unwrap_err();
            assert!(mistakes.contains(expected), "{text}: {mistakes}");
        }
    }
}
