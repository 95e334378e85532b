//! The code that is shown, and the phones that were let in with one: in memory alone, and for minutes.
//!
//! There is one code at a time. It lasts ten minutes, and the first phone that uses it has used it up; the next one makes
//! the one before end. A phone has a secret of its own from then on, for one request.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use countersign_desk::connection::ConnectionId;
use countersign_desk::people::{Guesses, Secret};
use countersign_desk::store::Hash;
use countersign_desk::watch::RequestKey;
use countersign_desk::{Clock, Guest};

use crate::routes;

/// How long a code lasts, in milliseconds.
pub const CODE_MS: i64 = 10 * 60 * 1_000;
/// How long a phone has for its request.
pub const STAY_MS: i64 = 10 * 60 * 1_000;
/// The most phones that are remembered: those that came first are forgotten.
const PHONES: usize = 100;

/// A code. Whoever has its link may use it.
#[derive(Clone, Debug)]
pub struct Code {
    secret: Secret,
    /// The request that it is for; `None` is for the oldest one that waits when it is used.
    pub request: Option<RequestKey>,
    /// When it ends, in milliseconds since the epoch.
    pub until: i64,
}

impl Code {
    /// Its text, for the page that uses it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.secret.reveal()
    }
}

/// A phone that was let in.
#[derive(Clone, Debug)]
pub struct Phone {
    pub guest: Guest,
    /// What the proofs of its forms are bound to.
    pub key: String,
    pub since: i64,
    pub until: i64,
    hash: Hash,
}

impl Phone {
    /// The request that was handed over.
    #[must_use]
    pub fn request(&self) -> (&str, u64) {
        (&self.guest.execution_arn, self.guest.event)
    }
}

/// Why a code does not let anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLetIn {
    /// There is no such code: it has lapsed, another phone has used it, or a newer one was made.
    #[error("the code does not hold")]
    Code,
    /// Too many wrong codes came from this address.
    #[error("too many wrong codes")]
    TooMany,
}

#[derive(Default)]
struct Known {
    code: Option<Code>,
    /// Those that came last are last.
    phones: Vec<Phone>,
    guesses: Guesses,
}

/// The guests of a demonstration.
pub struct Guests {
    connection: ConnectionId,
    /// The origin of the pages of phones.
    origin: String,
    clock: Clock,
    known: Mutex<Known>,
}

impl Guests {
    /// Nobody yet. Their phones come to `origin`, for requests of this connection.
    #[must_use]
    pub fn new(connection: ConnectionId, origin: String, clock: Clock) -> Self {
        Self { connection, origin, clock, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // What is guarded changes as a whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// The link of a code: it leads to a page, and does not use the code up.
    #[must_use]
    pub fn link(&self, code: &Code) -> String {
        format!("{}{}", self.origin, routes::guest::open(code.reveal()))
    }

    /// Makes a code. The one before ends.
    pub fn draw(&self, request: Option<RequestKey>) -> Code {
        let code = Code { secret: Secret::draw(), request, until: self.now() + CODE_MS };
        self.known().code = Some(code.clone());
        code
    }

    /// The code that holds now.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        let now = self.now();
        self.known().code.clone().filter(|code| now < code.until)
    }

    /// The code with this text, which somebody shows from an address. A wrong one costs a try, and they come back with time.
    ///
    /// # Errors
    /// It does not hold, or there is no try left.
    pub fn shown(&self, text: &str, from: Option<IpAddr>) -> Result<Code, NotLetIn> {
        let now = self.now();
        let mut known = self.known();
        // Each address has its own: nobody keeps others out with wrong codes.
        let account = format!("guest {}", from.map(|from| from.to_string()).unwrap_or_default());
        if !known.guesses.take(&account, from, now) {
            return Err(NotLetIn::TooMany);
        }
        let shown = Secret::of(text).ok_or(NotLetIn::Code)?;
        let code = known.code.clone().filter(|code| now < code.until && is_same(&code.secret.hash(), &shown.hash()));
        let code = code.ok_or(NotLetIn::Code)?;
        known.guesses.give_back(&account, from, now);
        Ok(code)
    }

    /// Uses a code up for a request; returns the secret of the phone that is let in.
    ///
    /// # Errors
    /// The code has lapsed meanwhile, or another phone was faster.
    pub fn let_in(&self, code: &Code, (arn, event): (&str, u64)) -> Result<Secret, NotLetIn> {
        let now = self.now();
        let mut known = self.known();
        let holds = |open: &&Code| now < open.until && is_same(&open.secret.hash(), &code.secret.hash());
        if known.code.as_ref().filter(holds).is_none() {
            return Err(NotLetIn::Code);
        }
        known.code = None;
        let secret = Secret::draw();
        let hash = secret.hash();
        let key: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        // Proof: a hash has 64 digits.
        let guest = Guest::of(&self.connection, (arn, event), &key[..8]);
        known.phones.retain(|phone| now < phone.until);
        if known.phones.len() == PHONES {
            known.phones.remove(0);
        }
        known.phones.push(Phone { guest, key, since: now, until: now + STAY_MS, hash });
        Ok(secret)
    }

    /// The phone with this secret, as long as it may stay.
    #[must_use]
    pub fn phone(&self, secret: &Secret) -> Option<Phone> {
        let hash = secret.hash();
        self.phones().into_iter().find(|phone| is_same(&phone.hash, &hash))
    }

    /// The phones that may stay, oldest first.
    #[must_use]
    pub fn phones(&self) -> Vec<Phone> {
        let now = self.now();
        self.known().phones.iter().filter(|phone| now < phone.until).cloned().collect()
    }
}

/// Compares in constant time.
fn is_same(one: &Hash, other: &Hash) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 7)));
    const REQUEST: (&str, u64) = ("arn", 5);

    fn guests() -> (Guests, Arc<AtomicI64>) {
        let now = Arc::new(AtomicI64::new(1_000));
        let read = Arc::clone(&now);
        let clock = Clock::new(move || read.load(Ordering::Relaxed));
        (Guests::new(ConnectionId::default_one(), "http://192.168.1.20:3030".to_owned(), clock), now)
    }

    #[test]
    fn a_code_lets_one_phone_in_once() {
        let (guests, _) = guests();
        let code = guests.draw(None);
        assert_eq!(guests.link(&code), format!("http://192.168.1.20:3030/?code={}", code.reveal()));
        // Looking at it, as often as somebody likes, does not use it up.
        assert!((0..50).all(|_| guests.shown(code.reveal(), HERE).is_ok()));
        let secret = guests.let_in(&code, REQUEST).unwrap();
        assert_ne!(secret.reveal(), code.reveal());
        let phone = guests.phone(&secret).unwrap();
        assert_eq!((phone.request(), phone.guest.person.name.as_str()), (REQUEST, "Guest"));
        assert_eq!(guests.let_in(&code, REQUEST).unwrap_err(), NotLetIn::Code, "a phone that was as fast");
        assert_eq!(guests.shown(code.reveal(), HERE).unwrap_err(), NotLetIn::Code);
        assert!(guests.code().is_none() && guests.phone(&Secret::draw()).is_none());
    }

    #[test]
    fn a_code_lasts_ten_minutes_and_ends_with_the_next() {
        let (guests, now) = guests();
        let first = guests.draw(None);
        now.fetch_add(CODE_MS - 1, Ordering::Relaxed);
        assert!(guests.shown(first.reveal(), HERE).is_ok() && guests.code().is_some());
        now.fetch_add(1, Ordering::Relaxed);
        assert_eq!(guests.shown(first.reveal(), HERE).unwrap_err(), NotLetIn::Code);
        assert!(guests.let_in(&first, REQUEST).is_err() && guests.code().is_none());
        let second = guests.draw(None);
        let third = guests.draw(Some(("arn".to_owned(), 7)));
        assert_eq!(guests.shown(second.reveal(), HERE).unwrap_err(), NotLetIn::Code);
        assert_eq!(guests.shown(third.reveal(), HERE).unwrap().request, Some(("arn".to_owned(), 7)));
    }

    #[test]
    fn a_phone_stays_for_ten_minutes() {
        let (guests, now) = guests();
        let secret = guests.let_in(&guests.draw(None), REQUEST).unwrap();
        now.fetch_add(STAY_MS - 1, Ordering::Relaxed);
        assert!(guests.phone(&secret).is_some() && guests.phones().len() == 1);
        now.fetch_add(1, Ordering::Relaxed);
        assert!(guests.phone(&secret).is_none() && guests.phones().is_empty());
    }

    #[test]
    fn guessing_is_bounded_for_each_address() {
        let (guests, now) = guests();
        let code = guests.draw(None);
        for _ in 0..10 {
            assert_eq!(guests.shown(Secret::draw().reveal(), HERE).unwrap_err(), NotLetIn::Code);
        }
        assert_eq!(guests.shown(code.reveal(), HERE).unwrap_err(), NotLetIn::TooMany, "not even with the right one");
        let other = Some(IpAddr::from([192, 168, 1, 8]));
        assert!(guests.shown(code.reveal(), other).is_ok());
        now.fetch_add(60_000, Ordering::Relaxed);
        assert!(guests.shown(code.reveal(), HERE).is_ok());
    }

    #[test]
    fn the_phones_are_bounded_and_each_is_a_guest_of_its_own() {
        let (guests, _) = guests();
        let secrets: Vec<Secret> = (0..=PHONES).map(|_| guests.let_in(&guests.draw(None), REQUEST).unwrap()).collect();
        assert!(guests.phone(&secrets[0]).is_none() && guests.phones().len() == PHONES);
        let ids: std::collections::BTreeSet<String> =
            guests.phones().into_iter().map(|phone| phone.guest.person.id).collect();
        assert_eq!(ids.len(), PHONES);
        assert!(ids.iter().all(|id| id.starts_with("guest:")));
    }
}
