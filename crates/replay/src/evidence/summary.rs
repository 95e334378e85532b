//! Many executions together: what each would do, in groups.

use std::fmt;

use countersign_trace::OutcomeStatus;
use serde::{Deserialize, Serialize};

use super::{End, Found, NotKnown};

/// What a group of executions has in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// The same path to the same end.
    SamePath,
    /// They now reach this state. Here and below, `end` is there where they did not fail then, or with another error.
    Reaches { state: String, end: Option<EndInBrief> },
    /// They no longer reach this state, and reach no new one.
    NoLongerReaches { state: String, end: Option<EndInBrief> },
    /// The same states in another order or number; the state after which they differ.
    AnotherOrder { after: Option<String>, end: Option<EndInBrief> },
    /// They take the same way to another end.
    Ends(EndInBrief),
    /// Nobody knows. Where they reach a state that was not entered then, that one comes with it.
    NotKnown { why: NotKnown, reaches: Option<String> },
}

/// How executions end, in few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndInBrief {
    pub status: OutcomeStatus,
    pub error: Option<String>,
    /// The state that they fail in.
    pub state: Option<String>,
    /// The cause, as [`End::brief`] has it.
    pub cause: Option<String>,
}

/// Executions that would do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub finding: Finding,
    /// Their ARNs, in the order in which they were added.
    pub executions: Vec<String>,
}

/// What many executions would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Those that stay the same first; then those that change and those that are not known, the largest first.
    pub groups: Vec<Group>,
}

impl Summary {
    /// Groups what was found, by execution.
    pub fn of<'a>(found: impl IntoIterator<Item = (&'a str, &'a Found)>) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for (execution, found) in found {
            let finding = Finding::of(found);
            match groups.iter_mut().find(|group| group.finding == finding) {
                Some(group) => group.executions.push(execution.to_owned()),
                None => groups.push(Group { finding, executions: vec![execution.to_owned()] }),
            }
        }
        groups.sort_by_key(|group| (group.finding.rank(), usize::MAX - group.executions.len()));
        Self { groups }
    }

    /// How many executions were looked at.
    #[must_use]
    pub fn executions(&self) -> usize {
        self.groups.iter().map(|group| group.executions.len()).sum()
    }

    /// How many stay the same, how many change, and how many are not known.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let of = |rank: u8| {
            let groups = self.groups.iter().filter(move |group| group.finding.rank() == rank);
            groups.map(|group| group.executions.len()).sum()
        };
        (of(0), of(1), of(2))
    }
}

impl Finding {
    /// What one execution has in common with others.
    #[must_use]
    pub fn of(found: &Found) -> Self {
        match found {
            Found::SamePath { .. } => Self::SamePath,
            Found::AnotherEnd { end, .. } => Self::Ends(EndInBrief::of(end)),
            Found::AnotherPath { newly, no_longer, turn, end, ends_as_then } => {
                let fails_anew = end.status != OutcomeStatus::Succeeded && !ends_as_then;
                let end = fails_anew.then(|| EndInBrief::of(end));
                match (newly.first(), no_longer.first()) {
                    (Some(state), _) => Self::Reaches { state: state.clone(), end },
                    (None, Some(state)) => Self::NoLongerReaches { state: state.clone(), end },
                    (None, None) => Self::AnotherOrder { after: turn.after.clone(), end },
                }
            }
            Found::NotKnown { why, newly, .. } => Self::NotKnown { why: why.clone(), reaches: newly.first().cloned() },
        }
    }

    /// How they end, where they did not end like that then.
    #[must_use]
    pub const fn end(&self) -> Option<&EndInBrief> {
        match self {
            Self::Ends(end) => Some(end),
            Self::Reaches { end, .. } | Self::NoLongerReaches { end, .. } | Self::AnotherOrder { end, .. } => {
                end.as_ref()
            }
            Self::SamePath | Self::NotKnown { .. } => None,
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::SamePath => 0,
            Self::NotKnown { .. } => 2,
            _ => 1,
        }
    }
}

impl EndInBrief {
    fn of(end: &End) -> Self {
        Self { status: end.status, error: end.error.clone(), state: end.state.clone(), cause: end.brief() }
    }

    /// `ends with Declined in Pay` of one, `end with Declined in Pay` of many.
    fn of_many(&self, number: usize) -> String {
        let words = self.to_string();
        if number == 1 {
            return words;
        }
        match words.split_once(' ') {
            Some((verb, rest)) => format!("{} {rest}", plural(verb)),
            None => plural(&words).to_owned(),
        }
    }
}

impl fmt::Display for EndInBrief {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, error, state, cause } = self.clone();
        fmt::Display::fmt(&End { status, output: None, error, cause, state }, formatter)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, group) in self.groups.iter().enumerate() {
            let end = if number == 0 { "" } else { "; " };
            write!(formatter, "{end}{group}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Group {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.executions.len();
        let s = |many: &str, one: &str| if number == 1 { one.to_owned() } else { many.to_owned() };
        write!(formatter, "{number} ")?;
        match &self.finding {
            Finding::SamePath => write!(formatter, "{} the same path", s("take", "takes"))?,
            Finding::Reaches { state, .. } => write!(formatter, "now {} {state}", s("reach", "reaches"))?,
            Finding::NoLongerReaches { state, .. } => write!(formatter, "no longer {} {state}", s("reach", "reaches"))?,
            Finding::AnotherOrder { after: Some(state), .. } => {
                write!(formatter, "{} another way after {state}", s("take", "takes"))?;
            }
            Finding::AnotherOrder { after: None, .. } => write!(formatter, "{} another way", s("take", "takes"))?,
            Finding::Ends(end) => return formatter.write_str(&end.of_many(number)),
            Finding::NotKnown { why, reaches } => {
                write!(formatter, "{} not known: ", s("are", "is"))?;
                match reaches {
                    Some(state) if why.state() != Some(state.as_str()) => {
                        write!(formatter, "{} {state}, and ", s("they now reach", "it now reaches"))?
                    }
                    _ => {}
                }
                write!(formatter, "{why}")?;
            }
        }
        match self.finding.end() {
            Some(end) => write!(formatter, ", and {}", end.of_many(number)),
            None => Ok(()),
        }
    }
}

fn plural(verb: &str) -> &str {
    match verb {
        "ends" => "end",
        "fails" => "fail",
        "times" => "time",
        "is" => "are",
        "succeeds" => "succeed",
        other => other,
    }
}

impl NotKnown {
    /// The state that it is about, if it is about one.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        match self {
            Self::NeedsAnswer { state, .. }
            | Self::Unanswered { state }
            | Self::Heartbeats { state }
            | Self::Unreadable { state }
            | Self::MapRun { state } => Some(state),
            Self::NotRepeated { state } => state.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for NotKnown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StillRunning => formatter.write_str("still running"),
            Self::Aborted => formatter.write_str("stopped by somebody"),
            Self::TimedOut => formatter.write_str("the time of the whole execution ran out"),
            Self::Incomplete => formatter.write_str("events of the history are missing"),
            Self::NoData => formatter.write_str("the history has no input, or it is withheld"),
            Self::NeedsAnswer { state, ran_then: false } => write!(formatter, "{state} did not run then"),
            Self::NeedsAnswer { state, ran_then: true } => write!(formatter, "{state} is called more often than then"),
            Self::Unanswered { state } => write!(formatter, "{state} was not answered then, and now waits longer"),
            Self::Heartbeats { state } => write!(formatter, "{state} now needs heartbeats more often"),
            Self::Unreadable { state } => write!(formatter, "the answer of {state} is withheld or cannot be read"),
            Self::MapRun { state } => write!(formatter, "the children of {state} have histories of their own"),
            Self::NotRepeated { state: Some(state) } => {
                write!(formatter, "its own definition does not repeat it: {state} depends on chance or on the time")
            }
            Self::NotRepeated { state: None } => formatter.write_str("its own definition does not repeat it"),
            Self::TooLong => formatter.write_str("the run does not come to an end"),
        }
    }
}
