//! The deployments that a desk carries out at this moment: how far they are, for whoever looks at the page.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::apply::Event;

/// After so many steps whoever looks hears of it: a page that is drawn again makes the plan again.
const NEWS: usize = 5;

/// How far a deployment is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    /// The name of whoever deploys.
    pub by: String,
    /// So many of the steps are done.
    pub done: usize,
    pub steps: usize,
    /// The quotas allow what is left within so many milliseconds.
    pub remaining_ms: i64,
}

/// All of them, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Deployments(Mutex<BTreeMap<u64, UnderWay>>);

/// A deployment that is under way until this is dropped.
pub(crate) struct Entry<'a> {
    all: &'a Deployments,
    number: u64,
}

impl Deployments {
    fn with<R>(&self, with: impl FnOnce(&mut BTreeMap<u64, UnderWay>) -> R) -> R {
        // Every entry is added, changed or removed as a whole.
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Somebody's deployment begins.
    pub fn begin(&self, by: &str) -> Entry<'_> {
        let number = self.with(|all| {
            let number = all.last_key_value().map_or(0, |(last, _)| last + 1);
            all.insert(number, UnderWay { by: by.to_owned(), ..UnderWay::default() });
            number
        });
        Entry { all: self, number }
    }

    /// Those whose steps are known, the oldest first.
    pub fn all(&self) -> Vec<UnderWay> {
        self.with(|all| all.values().filter(|one| one.steps > 0).cloned().collect())
    }
}

impl Entry<'_> {
    /// Takes over what happens; returns whether whoever looks should hear of it.
    pub fn hears(&self, event: &Event) -> bool {
        self.all.with(|all| {
            let Some(one) = all.get_mut(&self.number) else { return false };
            match event {
                Event::Begins { steps, remaining_ms, .. } => {
                    (one.steps, one.remaining_ms) = (*steps, *remaining_ms);
                    true
                }
                Event::Step { remaining_ms, .. } => {
                    one.remaining_ms = *remaining_ms;
                    false
                }
                Event::Done { number, .. } => {
                    one.done = *number;
                    number.is_multiple_of(NEWS)
                }
                Event::Waits(_) => false,
            }
        })
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.all.with(|all| all.remove(&self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::super::perform::How;
    use super::super::steps::{Step, What};
    use super::*;

    #[test]
    fn a_deployment_is_under_way_from_its_steps_to_its_end() {
        let all = Deployments::default();
        let (one, other) = (all.begin("Dana"), all.begin("Kenji"));
        assert_eq!(all.all(), [], "their steps are not known yet");
        assert!(one.hears(&Event::Begins { steps: 12, circles: Vec::new(), remaining_ms: 9_000 }));
        let step = Step { item: 0, workflow: "order".to_owned(), what: What::Create };
        let done = |number: usize| Event::Done { number, step: step.clone(), how: How::Done };
        assert!(!one.hears(&Event::Step { number: 4, step: step.clone(), remaining_ms: 6_000 }));
        assert!(!one.hears(&done(4)) && one.hears(&done(5)));
        let expected = UnderWay { by: "Dana".to_owned(), done: 5, steps: 12, remaining_ms: 6_000 };
        assert_eq!(all.all(), [expected]);
        drop(one);
        assert_eq!(all.all(), []);
        assert!(other.hears(&Event::Begins { steps: 1, circles: Vec::new(), remaining_ms: 0 }));
        assert_eq!(all.all().len(), 1, "each by itself");
    }
}
