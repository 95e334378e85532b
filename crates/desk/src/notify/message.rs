//! What a message says, before it has words.

use serde::{Deserialize, Serialize};

/// What people want to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// A request began to wait.
    Waiting,
    /// It is due soon: a reminder of its rule.
    Reminder,
    /// It was due, and nobody has decided it.
    Overdue,
    /// Others may decide it, too.
    Escalated,
    /// An execution failed or timed out.
    Failed,
    /// An administrator decided what they were not to decide.
    BrokenGlass,
    /// A deployment was proposed, and waits for votes.
    Proposed,
}

impl Occasion {
    /// Each with its word in the configuration.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Waiting, "waiting"),
        (Self::Reminder, "reminder"),
        (Self::Overdue, "overdue"),
        (Self::Escalated, "escalated"),
        (Self::Failed, "failed"),
        (Self::BrokenGlass, "broken-glass"),
        (Self::Proposed, "proposed"),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        // Proof: the list has every one, which a test goes through.
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, word)| word)
    }

    /// The occasion of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name)| *name == word).map(|(one, _)| one)
    }
}

/// What a message is about, and its link leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// A request: the execution, and its event.
    Request { execution_arn: String, event: u64 },
    /// An execution.
    Execution { execution_arn: String },
    /// A proposed deployment, by its id, and the environment that it is to, where it has a name.
    Deployment { id: String, environment: String },
    /// Nothing: the channel is tried.
    Trial,
}

/// A message as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub occasion: Occasion,
    pub about: About,
    /// The connection's name, and what pages call it.
    pub connection: String,
    pub connection_label: String,
    pub workflow: String,
    /// The execution's name; empty where it is about a deployment, whose workflows are named together.
    pub execution: String,
    /// The state that asks.
    pub state: Option<String>,
    /// What the request asks, as far as the recipient may see it.
    pub title: String,
    /// Labels and values, where the channel has the content.
    pub facts: Vec<(String, String)>,
    /// When it happened, and when the request is due; milliseconds since the epoch.
    pub at: i64,
    pub due: Option<i64>,
    /// The name of an execution's error, or who broke the glass or proposed the deployment.
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occasion_has_a_word_of_its_own() {
        for (occasion, word) in Occasion::ALL {
            assert_eq!((occasion.word(), Occasion::of(word)), (word, Some(occasion)));
            assert_eq!(serde_json::to_string(&occasion).ok(), Some(format!("\"{word}\"")));
        }
        assert_eq!(Occasion::of("else"), None);
    }
}
