//! The tags of state machines, for policies that speak of them. Where none does, none are read.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures::stream::{self, StreamExt};

use super::round::First;
use super::{Machine, Snapshot, Watch, lock};
use crate::connection::{Api, ConnectionKind, Tags};
use crate::error::ReadError;

/// How old the tags of a machine may be, in milliseconds: of an account's, and of another endpoint's.
const AGE_MS: i64 = 60_000;
const NEAR_AGE_MS: i64 = 5_000;

/// They are read so many at a time.
const AT_ONCE: usize = 8;

/// What is known of tags.
#[derive(Debug, Default)]
pub struct Tagged {
    /// Whether anybody asks for them.
    wanted: AtomicBool,
    /// By the workflow's name, each with the time at which it was read, in milliseconds since the epoch.
    known: Mutex<HashMap<String, (i64, Arc<Tags>)>>,
}

impl Watch {
    /// Reads the tags of state machines from now on.
    pub fn want_tags(&self) {
        self.tags.wanted.store(true, Ordering::Relaxed);
    }

    /// The tags of a workflow, by its name; `None` where they are not known.
    #[must_use]
    pub fn tags_of(&self, workflow: &str) -> Option<Arc<Tags>> {
        lock(&self.tags.known).get(workflow).map(|(_, tags)| Arc::clone(tags))
    }

    /// Reads the tags that are due, those first that are unknown. Tags that cannot be read any more stay as they were: who
    /// may do what does not change because a call failed.
    pub(super) async fn look_at_tags(&self, snapshot: &Snapshot) -> Result<(), ReadError> {
        if !self.tags.wanted.load(Ordering::Relaxed) {
            return Ok(());
        }
        let now = self.now();
        let may_age = if self.connection.about.kind == ConnectionKind::Aws { AGE_MS } else { NEAR_AGE_MS };
        let mut due: Vec<(i64, (String, String))> = {
            let mut known = lock(&self.tags.known);
            let there: HashSet<&str> = snapshot.machines.values().map(|machine| machine.name.as_str()).collect();
            known.retain(|name, _| there.contains(name.as_str()));
            let read_at = |name: &String| known.get(name).map_or(i64::MIN, |(at, _)| *at);
            let of = |machine: &Machine| (read_at(&machine.name), (machine.name.clone(), machine.arn.clone()));
            snapshot.machines.values().map(of).collect()
        };
        due.retain(|(at, _)| at.saturating_add(may_age) <= now);
        due.sort_unstable();
        let due = due.into_iter().take_while(|_| self.take_call(Api::ListTagsForResource));
        let due: Vec<(String, String)> = due.map(|(_, machine)| machine).collect();
        let read = stream::iter(due)
            .map(|(name, arn)| async move {
                let tags = self.ask(Api::ListTagsForResource, self.connection.calls.tags(&arn)).await;
                (name, tags)
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut first = First::default();
        for (name, tags) in read {
            match tags {
                Ok(tags) => {
                    lock(&self.tags.known).insert(name, (now, Arc::new(tags)));
                }
                Err(error) => first.note(Err(error.into()))?,
            }
        }
        first.result()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use serde_json::json;

    use super::*;
    use crate::connection::fake::{Fake, SetClock, asking};
    use crate::index::SqliteIndex;
    use crate::redact::RedactionKey;

    #[tokio::test]
    async fn tags_are_read_where_policies_ask_for_them() {
        let clock = SetClock::at(1_700_000_000_000);
        let fake = Fake::new(&clock);
        let machine = fake.change(|world, now| world.machine("ask", &asking(), now));
        let tag = |value: &str| {
            fake.change(|world, _| {
                let tags = &mut world.machines.get_mut(&machine).unwrap().tags;
                tags.insert("team".into(), value.into());
            });
        };
        tag("payments");
        let (index, key) = (Arc::new(SqliteIndex::in_memory()), RedactionKey::new([0; 16]));
        let watch = Watch::new(fake.connection(ConnectionKind::Aws), index, clock.clock(), &key);
        watch.round().await;
        assert_eq!((watch.tags_of("ask"), fake.count(Api::ListTagsForResource)), (None, 0));
        watch.want_tags();
        watch.round().await;
        let team = |watch: &Watch| watch.tags_of("ask").map(|tags| json!(*tags));
        assert_eq!(team(&watch), Some(json!({ "team": "payments" })));
        tag("sales");
        clock.advance(AGE_MS - 1);
        watch.round().await;
        assert_eq!(fake.count(Api::ListTagsForResource), 1, "not before they are old");
        clock.advance(1);
        watch.round().await;
        assert_eq!(team(&watch), Some(json!({ "team": "sales" })));
        fake.change(|world, _| world.machines.remove(&machine));
        watch.round().await;
        assert_eq!(team(&watch), None);
    }
}
