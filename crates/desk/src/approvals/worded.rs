//! A request that waits, as somebody reads it.

use super::policy::{Policies, Reading, read};
use super::timing::Times;
use crate::eyes::Eyes;
use crate::watch::Waiting;

/// A request and its wording, as these eyes see what it asks for.
#[must_use]
pub fn worded(policies: &Policies, eyes: &Eyes, wait: &Waiting) -> (Waiting, Reading) {
    let item = wait.item.as_ref().filter(|_| !eyes.see_nothing());
    let item = item.map(|item| item.rewritten(|text| eyes.text(text)));
    let wait = Waiting { request: eyes.text(&wait.request), item, ..wait.clone() };
    // The wording is made of the request: of one that is not seen, the state's name is left.
    let no_policies = Policies::new();
    let of = if eyes.see_nothing() { &no_policies } else { policies };
    let mut reading = read(of, &wait.workflow, &wait.state, &wait.request);
    let policy = policies.get(&wait.workflow).and_then(|states| states.get(&wait.state));
    reading.due = Times::of(policy, wait.since).due;
    let wait = if policy.is_some_and(|policy| policy.heartbeat) { wait.kept_alive() } else { wait };
    (wait, reading)
}
