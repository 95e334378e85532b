//! The live streams that are open, counted: each holds a connection, and has executions read closely.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Streams of one session. A browser has one, or one a visible tab where its tabs cannot share.
const OF_A_SESSION: usize = 32;
/// Streams of one address, whose clients may name a new session each time: most of its connections stay free.
const OF_AN_ADDRESS: usize = 128;

/// Who has a stream: an address, and the session that it names, which may be empty.
type Client = (Option<IpAddr>, String);

/// The open streams of one process, by client.
#[derive(Debug, Default)]
pub struct Places(Mutex<HashMap<Client, usize>>);

/// A stream's place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    client: Client,
    places: Arc<Places>,
}

impl Places {
    fn counts(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        // A number is whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for another stream; `None` where the client has as many as it may.
    pub fn take(self: &Arc<Self>, address: Option<IpAddr>, session: Option<String>) -> Option<Place> {
        let client = (address, session.unwrap_or_default());
        let mut counts = self.counts();
        let of_address: usize = counts.iter().filter(|((one, _), _)| *one == address).map(|(_, count)| count).sum();
        let of_session = counts.get(&client).copied().unwrap_or(0);
        if of_session >= OF_A_SESSION || of_address >= OF_AN_ADDRESS {
            return None;
        }
        counts.insert(client.clone(), of_session + 1);
        Some(Place { client, places: Arc::clone(self) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.places.counts();
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
    fn a_place_that_is_dropped_is_free_and_forgotten() {
        let places = Arc::new(Places::default());
        let take = |session: usize| places.take(None, Some(session.to_string()));
        let of_one: Vec<_> = std::iter::from_fn(|| take(0)).collect();
        assert_eq!(of_one.len(), OF_A_SESSION);
        let of_others: Vec<_> = (1..).map_while(take).collect();
        assert_eq!(of_one.len() + of_others.len(), OF_AN_ADDRESS, "whatever sessions an address names");
        assert!(places.take(Some(IpAddr::from([127, 0, 0, 2])), None).is_some(), "another address has its own");
        drop((of_one, of_others));
        assert!(places.counts().is_empty());
    }
}
