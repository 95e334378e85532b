//! Finding by a few letters: workflows, executions by their names, and requests.

use crate::actor::Actor;
use crate::approvals::Reading;
use crate::desk::Desk;
use crate::error::Error;
use crate::index::ExecutionRow;
use crate::lists::Wanted;
use crate::search::Search;
use crate::watch::Waiting;

/// The requests that are searched: the most urgent. Their titles are worded by templates, which takes time.
pub const REQUESTS: u32 = 200;

/// How well a text fits what was typed; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    Whole,
    /// It begins so.
    Prefix,
    /// Each word that was typed begins a word of it.
    Words,
    /// Each word that was typed is in it.
    Inside,
    /// It has the letters in their order, with so many letters between them.
    Letters(usize),
}

/// How well `text` fits what was typed; `None` if it does not. Upper and lower case are the same.
#[must_use]
pub fn fit(typed: &str, text: &str) -> Option<Fit> {
    let (typed, text) = (typed.trim().to_lowercase(), text.to_lowercase());
    if text == typed {
        return Some(Fit::Whole);
    }
    if text.starts_with(&typed) {
        return Some(Fit::Prefix);
    }
    let mut words = typed.split_whitespace();
    let begins_a_word = |word: &str| {
        let before = |at: usize| text[..at].chars().next_back();
        text.match_indices(word).any(|(at, _)| before(at).is_none_or(|before| !before.is_alphanumeric()))
    };
    if words.clone().all(begins_a_word) {
        return Some(Fit::Words);
    }
    if words.all(|word| text.contains(word)) {
        return Some(Fit::Inside);
    }
    letters(&typed, &text)
}

/// Whether the letters of `typed` stand in `text` in their order, few letters apart. A single letter says too little.
fn letters(typed: &str, text: &str) -> Option<Fit> {
    let wanted: Vec<char> = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let mut letters = text.chars().enumerate();
    let (mut first, mut last) = (None, 0);
    for wanted in &wanted {
        let (at, _) = letters.find(|(_, letter)| letter == wanted)?;
        first = first.or(Some(at));
        last = at;
    }
    let between = (last + 1).saturating_sub(first?).saturating_sub(wanted.len());
    (wanted.len() > 1 && between <= 2 * wanted.len()).then_some(Fit::Letters(between))
}

/// How far a search reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Names alone: while somebody types, each part of a word would else go on record as a search.
    Names,
    /// What executions hold, too.
    Contents,
}

/// What was found, each kind in its own order.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Names of workflows, the best first.
    pub workflows: Vec<String>,
    /// The newest executions whose names have every word that was typed.
    pub executions: Vec<ExecutionRow>,
    /// Whether there are more of them.
    pub more_executions: bool,
    /// The newest other executions that the list's own search finds: by their input and output, or by its fields.
    pub searched: Vec<ExecutionRow>,
    /// Whether there are more of these.
    pub more_searched: bool,
    /// The most urgent requests whose words have every word that was typed.
    pub requests: Vec<(Waiting, Reading)>,
    /// How many requests wait in all: the first [`REQUESTS`] were searched.
    pub waiting: u64,
}

impl Desk {
    /// Finds by what was typed; at most `limit` executions.
    ///
    /// # Errors
    /// The actor may not see it, the connection has never answered, or the index cannot be read.
    pub async fn find(&self, actor: &Actor, typed: &str, reach: Reach, limit: u32) -> Result<Found, Error> {
        let snapshot = self.snapshot(actor).await?;
        let sight = self.sight(actor)?;
        let mut workflows: Vec<(Fit, &str)> = snapshot
            .machines
            .values()
            .filter_map(|machine| Some((fit(typed, &machine.name)?, machine.name.as_str())))
            .collect();
        workflows.sort_unstable();
        let (executions, more_executions) = match typed.trim() {
            "" => (Vec::new(), false),
            typed => self.index().named(self.id(), &sight, typed, limit).await?,
        };
        let (mut searched, more_searched) = match reach {
            Reach::Names => (Vec::new(), false),
            Reach::Contents => self.searched(actor, typed.trim(), limit).await?,
        };
        searched.retain(|one| executions.iter().all(|other| other.summary.arn != one.summary.arn));
        let waiting = self.index().inbox(self.id(), &sight, None, REQUESTS).await?;
        let requests = self.readable(actor, &waiting.rows).into_iter().filter(|(wait, reading)| {
            let words = format!("{} {} {} {}", reading.title, wait.workflow, wait.state, wait.execution_name);
            fit(typed, &words).is_some_and(|fit| fit <= Fit::Inside)
        });
        Ok(Found {
            workflows: workflows.into_iter().map(|(_, name)| name.to_owned()).collect(),
            executions,
            more_executions,
            searched,
            more_searched,
            requests: requests.collect(),
            waiting: waiting.total,
        })
    }
}

impl Desk {
    /// What the search of the list of executions finds; nothing where what was typed is no search.
    async fn searched(&self, actor: &Actor, typed: &str, limit: u32) -> Result<(Vec<ExecutionRow>, bool), Error> {
        let Ok(search) = Search::read(typed, self.now()) else { return Ok((Vec::new(), false)) };
        if search.terms.is_empty() {
            return Ok((Vec::new(), false));
        }
        let page = self.select(actor, &Wanted { search, ..Wanted::default() }, None, limit).await?;
        Ok((page.rows, page.older.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closer_the_letters_the_better_the_fit() {
        let fits = [("order", Some(Fit::Whole)), ("ORD", Some(Fit::Prefix)), ("", Some(Fit::Prefix))];
        for (typed, expected) in fits {
            assert_eq!(fit(typed, "Order"), expected, "{typed}");
        }
        let name = "order-fulfilment of Ärzte";
        for (typed, expected) in [
            ("ful", Some(Fit::Words)),
            ("ful ord", Some(Fit::Words)),
            ("är", Some(Fit::Words)),
            ("filment", Some(Fit::Inside)),
            ("ordful", Some(Fit::Letters(3))),
            ("ofz", None),
            ("x", None),
            ("r x", None),
        ] {
            assert_eq!(fit(typed, name), expected, "{typed}");
        }
        assert_eq!(fit("z", "a-b-z"), Some(Fit::Words));
        assert_eq!(fit("oz", "order-fulfilment-z"), None, "too far apart");
        assert!(Fit::Whole < Fit::Prefix && Fit::Inside < Fit::Letters(0) && Fit::Letters(1) < Fit::Letters(2));
    }
}
