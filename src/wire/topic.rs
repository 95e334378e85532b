//! The topics of the live stream: the server names what changed, and pages load again what shows it.

use std::fmt;
use std::str::FromStr;

/// Something that changed, or that a page shows. On the stream its connection stands before it.
///
/// ```
/// use countersign::wire::Topic;
/// assert_eq!(Topic::Execution("arn:1".to_owned()).on("prod"), "prod/execution:arn:1");
/// assert_eq!(Topic::read("prod/inbox"), Some(("prod", Topic::Inbox)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// What is around every page.
    Frame,
    /// The requests that wait, or what was decided.
    Inbox,
    /// A list of executions.
    Executions,
    /// The state machines or their definitions.
    Workflows,
    /// Whether a connection answers. Pages of every connection show it.
    Health,
    /// One execution, by its ARN.
    Execution(String),
}

/// Stands before an ARN.
const EXECUTION: &str = "execution:";

impl Topic {
    /// Every topic but those of single executions.
    pub const GENERAL: [Self; 5] = [Self::Frame, Self::Inbox, Self::Executions, Self::Workflows, Self::Health];

    /// The topic of a connection, as the stream names it.
    #[must_use]
    pub fn on(&self, connection: &str) -> String {
        format!("{connection}/{self}")
    }

    /// The connection and the topic that [`Topic::on`] wrote; `None` where the server is of another version.
    #[must_use]
    pub fn read(text: &str) -> Option<(&str, Self)> {
        let (connection, topic) = text.split_once('/')?;
        Some((connection, topic.parse().ok()?))
    }

    /// The name, and the ARN behind it.
    const fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Frame => ("frame", ""),
            Self::Inbox => ("inbox", ""),
            Self::Executions => ("executions", ""),
            Self::Workflows => ("workflows", ""),
            Self::Health => ("health", ""),
            Self::Execution(arn) => (EXECUTION, arn.as_str()),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, arn) = self.parts();
        out.write_str(name)?;
        out.write_str(arn)
    }
}

/// The text names no topic: the server is of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownTopic;

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        if let Some(arn) = text.strip_prefix(EXECUTION) {
            return Ok(Self::Execution(arn.to_owned()));
        }
        Self::GENERAL.into_iter().find(|topic| topic.parts().0 == text).ok_or(UnknownTopic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_stands_behind_its_connection() {
        for topic in Topic::GENERAL.into_iter().chain([Topic::Execution("arn:a/b".to_owned())]) {
            assert_eq!(Topic::read(&topic.on("prod")), Some(("prod", topic)));
        }
        assert_eq!(Topic::read("inbox"), None);
        assert_eq!(Topic::read("prod/nothing"), None);
    }

    #[test]
    fn what_is_no_topic_is_refused() {
        for text in ["", "Inbox", "inbox ", "execution", "frames"] {
            assert_eq!(text.parse::<Topic>(), Err(UnknownTopic), "{text:?}");
        }
    }
}
