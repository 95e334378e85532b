//! The topics of the live stream: the server names what changed, and pages load again what shows it.

use std::fmt;
use std::str::FromStr;

/// Something that changed, or that a page shows.
///
/// ```
/// use countersign::wire::Topic;
/// assert_eq!("inbox".parse(), Ok(Topic::Inbox));
/// assert_eq!(Topic::Execution("arn:1".to_owned()).to_string(), "execution:arn:1");
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
    /// One execution, by its ARN.
    Execution(String),
}

/// Stands before an ARN. `public/live.js` writes it too.
const EXECUTION: &str = "execution:";

impl Topic {
    /// Every topic but those of single executions.
    pub const GENERAL: [Self; 4] = [Self::Frame, Self::Inbox, Self::Executions, Self::Workflows];

    /// The name, and the ARN behind it.
    const fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Frame => ("frame", ""),
            Self::Inbox => ("inbox", ""),
            Self::Executions => ("executions", ""),
            Self::Workflows => ("workflows", ""),
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
    fn the_script_that_shares_the_stream_writes_executions_alike() {
        let script = include_str!("../../public/live.js");
        assert!(script.contains(&format!("`{EXECUTION}${{")), "live.js announces executions by another name");
    }

    #[test]
    fn what_is_no_topic_is_refused() {
        for text in ["", "Inbox", "inbox ", "execution", "frames"] {
            assert_eq!(text.parse::<Topic>(), Err(UnknownTopic), "{text:?}");
        }
    }
}
