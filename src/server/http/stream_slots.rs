//! The number of open live streams a client: each holds a connection, and has its executions read more often.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Streams of one session. A browser has one, or one a visible tab if its tabs cannot share it.
const OF_A_SESSION: usize = 32;
/// Streams of one address, whose clients may name a new session each time. Most of its connections stay free.
const OF_AN_ADDRESS: usize = 128;

/// The client of a stream: its address and its session, which may be empty.
type Client = (Option<IpAddr>, String);

/// The open streams of one process, by client.
#[derive(Debug, Default)]
pub struct StreamSlots(Mutex<HashMap<Client, usize>>);

/// The slot of one open stream. Dropping it frees the slot.
#[derive(Debug)]
pub struct StreamSlot {
    client: Client,
    slots: Arc<StreamSlots>,
}

impl StreamSlots {
    fn counts(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        // A panic cannot leave a count half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for another stream; `None` if the client has all of its slots in use.
    pub fn take(self: &Arc<Self>, address: Option<IpAddr>, session: Option<String>) -> Option<StreamSlot> {
        let client = (address, session.unwrap_or_default());
        let mut counts = self.counts();
        let of_address: usize = counts.iter().filter(|((one, _), _)| *one == address).map(|(_, count)| count).sum();
        let of_session = counts.get(&client).copied().unwrap_or(0);
        if of_session >= OF_A_SESSION || of_address >= OF_AN_ADDRESS {
            return None;
        }
        counts.insert(client.clone(), of_session + 1);
        Some(StreamSlot { client, slots: Arc::clone(self) })
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut counts = self.slots.counts();
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_slot_is_free_and_forgotten() {
        let slots = Arc::new(StreamSlots::default());
        let take = |session: usize| slots.take(None, Some(session.to_string()));
        let of_one: Vec<_> = std::iter::from_fn(|| take(0)).collect();
        assert_eq!(of_one.len(), OF_A_SESSION);
        let of_others: Vec<_> = (1..).map_while(take).collect();
        assert_eq!(of_one.len() + of_others.len(), OF_AN_ADDRESS, "whatever sessions an address names");
        assert!(slots.take(Some(IpAddr::from([127, 0, 0, 2])), None).is_some(), "another address has its own");
        drop((of_one, of_others));
        assert!(slots.counts().is_empty());
    }
}
