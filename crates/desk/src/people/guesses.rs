//! How many passwords may be tried: for each account and from each address. Pure; whoever calls says the time.
//!
//! A bucket of tries fills up again with time. What is in the buckets is bounded: where there are too many, those with the
//! most tries left are forgotten.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest, Sha256};

/// Tries of an account, and the milliseconds in which it gets one back.
const ACCOUNT: Rate = Rate { most: 10.0, each: 60_000.0 };
/// Tries of an address, from which several people may sign in.
const ADDRESS: Rate = Rate { most: 30.0, each: 10_000.0 };
/// The most buckets.
const BUCKETS: usize = 10_000;

#[derive(Clone, Copy)]
struct Rate {
    most: f64,
    each: f64,
}

/// Whose tries are counted. Names are hashed: they are as long as somebody likes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Account([u8; 32]),
    Address(IpAddr),
}

impl Key {
    const fn rate(&self) -> Rate {
        match self {
            Self::Account(_) => ACCOUNT,
            Self::Address(_) => ADDRESS,
        }
    }
}

/// What is left at a time.
#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: i64,
}

impl Bucket {
    fn left_at(&self, rate: Rate, now: i64) -> f64 {
        // Proof: a duration in milliseconds is far below 2^52.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        let passed = now.saturating_sub(self.at).max(0) as f64;
        (self.left + passed / rate.each).min(rate.most)
    }
}

/// The tries that are left.
#[derive(Default)]
pub struct Guesses {
    buckets: HashMap<Key, Bucket>,
}

/// A client with IPv6 has a network of 2^64 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

fn keys(account: &str, address: Option<IpAddr>) -> impl Iterator<Item = Key> {
    let account = Key::Account(Sha256::digest(account.as_bytes()).into());
    std::iter::once(account).chain(address.map(|address| Key::Address(network(address))))
}

impl Guesses {
    /// Takes a try of this account from this address; `false`, and none is taken, where there is none left.
    pub fn take(&mut self, account: &str, address: Option<IpAddr>, now: i64) -> bool {
        if keys(account, address).any(|key| self.left(key, now) < 1.0) {
            return false;
        }
        for key in keys(account, address) {
            let left = self.left(key, now) - 1.0;
            self.buckets.insert(key, Bucket { left, at: now });
        }
        if self.buckets.len() > BUCKETS {
            self.forget(now);
        }
        true
    }

    /// Gives a try back, with which somebody signed in.
    pub fn give_back(&mut self, account: &str, address: Option<IpAddr>, now: i64) {
        for key in keys(account, address) {
            let left = (self.left(key, now) + 1.0).min(key.rate().most);
            self.buckets.insert(key, Bucket { left, at: now });
        }
    }

    fn left(&self, key: Key, now: i64) -> f64 {
        self.buckets.get(&key).map_or(key.rate().most, |bucket| bucket.left_at(key.rate(), now))
    }

    /// Forgets the quarter of the buckets that is the fullest.
    fn forget(&mut self, now: i64) {
        let missing = |(key, bucket): (&Key, &Bucket)| (key.rate().most - bucket.left_at(key.rate(), now), *key);
        let mut all: Vec<(f64, Key)> = self.buckets.iter().map(missing).collect();
        all.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        for (_, key) in all.iter().take(BUCKETS / 4) {
            self.buckets.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V6(Ipv6Addr::LOCALHOST));

    #[test]
    fn an_account_gets_its_tries_back_with_time() {
        let mut guesses = Guesses::default();
        assert!((0..10).all(|_| guesses.take("dana", None, 0)));
        assert!(!guesses.take("dana", None, 0) && !guesses.take("dana", None, 59_999));
        assert!(guesses.take("omar", None, 0), "another account has its own");
        assert!(guesses.take("dana", None, 60_000) && !guesses.take("dana", None, 60_000));
        guesses.give_back("dana", None, 60_000);
        assert!(guesses.take("dana", None, 60_000));
        assert!(!guesses.take("dana", None, 0), "a clock that goes back gives nothing");
    }

    #[test]
    fn an_address_tries_thirty_accounts_and_is_a_network_with_ipv6() {
        let mut guesses = Guesses::default();
        assert!((0..30).all(|number| guesses.take(&format!("user {number}"), HERE, 0)));
        let beside = Some(IpAddr::V6("::ffff:1".parse::<Ipv6Addr>().unwrap_or(Ipv6Addr::LOCALHOST)));
        assert!(!guesses.take("another", HERE, 0) && !guesses.take("another", beside, 0));
        assert!(guesses.take("another", Some(IpAddr::from([10, 0, 0, 1])), 0));
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_whom_it_guards() {
        let mut guesses = Guesses::default();
        assert!((0..10).all(|_| guesses.take("dana", None, 0)));
        for number in 0..50_000_u32 {
            assert!(guesses.take(&format!("user {number}"), None, i64::from(number) / 1_000));
            assert!(guesses.buckets.len() <= BUCKETS);
        }
        assert!(!guesses.take("dana", None, 50));
    }
}
