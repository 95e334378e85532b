//! The way of a browser to the provider and back.
//!
//! The browser keeps it, in a cookie that only this process can have made; nothing of it is kept here, so nobody's trip is
//! forgotten because others begin many. What the provider is told (`state`, `nonce`, the challenge of PKCE) follows from the
//! cookie and the process's key: a way back holds in the browser that began it, once, for ten minutes.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use countersign_desk::people::Secret;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// How long a trip may take, in milliseconds.
pub const LONGEST: i64 = 10 * 60 * 1_000;
/// The most bytes of the address that it leads to in the end.
const ADDRESS: usize = 2_000;

/// A browser's trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    seed: String,
    begun_at: i64,
    /// Where the browser wants to be in the end.
    pub to: String,
}

/// The trips of one process.
pub struct Trips {
    key: String,
}

impl Default for Trips {
    fn default() -> Self {
        Self { key: Secret::draw().reveal().to_owned() }
    }
}

impl Trips {
    fn mac(&self, what: &str, parts: &[&str]) -> Hmac<Sha256> {
        // Proof: an HMAC takes a key of any length.
        #[expect(clippy::expect_used, reason = "see above")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).expect("a key");
        for part in std::iter::once(&what).chain(parts) {
            mac.update(&part.len().to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }

    /// A new trip, which leads to `to`. Where that is too long, it leads to the first page.
    #[must_use]
    pub fn begin(&self, to: &str, now: i64) -> Trip {
        let to = if to.len() <= ADDRESS { to.to_owned() } else { String::new() };
        Trip { seed: Secret::draw().reveal().to_owned(), begun_at: now, to }
    }

    /// What the browser keeps.
    #[must_use]
    pub fn cookie(&self, trip: &Trip) -> String {
        let (time, to) = (trip.begun_at.to_string(), BASE64.encode(&trip.to));
        let proof = self.mac("cookie", &[&trip.seed, &time, &to]).finalize().into_bytes();
        format!("{}.{time}.{to}.{}", trip.seed, BASE64.encode(proof))
    }

    /// The trip that a cookie tells of, if this process made it and it is not over.
    #[must_use]
    pub fn of(&self, cookie: &str, now: i64) -> Option<Trip> {
        let [seed, time, to, proof] = cookie.split('.').collect::<Vec<_>>()[..] else { return None };
        self.mac("cookie", &[seed, time, to]).verify_slice(&BASE64.decode(proof).ok()?).ok()?;
        let begun_at: i64 = time.parse().ok()?;
        let to = String::from_utf8(BASE64.decode(to).ok()?).ok()?;
        (now - begun_at < LONGEST).then(|| Trip { seed: seed.to_owned(), begun_at, to })
    }

    fn derived(&self, what: &str, trip: &Trip) -> String {
        BASE64.encode(self.mac(what, &[&trip.seed]).finalize().into_bytes())
    }

    /// What the provider is to send back with the browser.
    #[must_use]
    pub fn state(&self, trip: &Trip) -> String {
        self.derived("state", trip)
    }

    /// Whether this came back.
    #[must_use]
    pub fn is_state(&self, trip: &Trip, state: &str) -> bool {
        let Ok(state) = BASE64.decode(state) else { return false };
        self.mac("state", &[&trip.seed]).verify_slice(&state).is_ok()
    }

    /// What the ID token is to contain.
    #[must_use]
    pub fn nonce(&self, trip: &Trip) -> String {
        self.derived("nonce", trip)
    }

    /// With what the code is exchanged.
    #[must_use]
    pub fn verifier(&self, trip: &Trip) -> String {
        self.derived("verifier", trip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trip_is_what_the_browser_kept() {
        let trips = Trips::default();
        let trip = trips.begin("/default/inbox?q=a.b", 1_000);
        let cookie = trips.cookie(&trip);
        assert_eq!(trips.of(&cookie, 1_000 + LONGEST - 1), Some(trip.clone()));
        assert_eq!(trips.of(&cookie, 1_000 + LONGEST), None, "it is over");
        assert_eq!(Trips::default().of(&cookie, 1_000), None, "another process");
        let other = trips.cookie(&trips.begin("/other", 1_000));
        let mixed = |at: usize| {
            let of_other = other.split('.').nth(at).unwrap_or_default();
            let parts = cookie.split('.').enumerate().map(|(index, part)| if index == at { of_other } else { part });
            parts.collect::<Vec<_>>().join(".")
        };
        for forged in
            [mixed(0), mixed(2), mixed(3), cookie.replace(".1000.", ".9000."), format!("{cookie}.x"), String::new()]
        {
            assert_eq!(trips.of(&forged, 1_000), None, "{forged}");
        }
        assert_eq!(trips.begin(&"x".repeat(ADDRESS + 1), 0).to, "");
    }

    #[test]
    fn what_the_provider_is_told_is_the_trip_s_alone() {
        let trips = Trips::default();
        let (one, other) = (trips.begin("/", 0), trips.begin("/", 0));
        assert!(trips.is_state(&one, &trips.state(&one)));
        for state in [trips.state(&other), trips.nonce(&one), trips.verifier(&one), String::new(), "é".to_owned()] {
            assert!(!trips.is_state(&one, &state), "{state}");
        }
        // RFC 7636 wants 43 to 128 characters.
        assert_eq!(trips.verifier(&one).len(), 43);
    }
}
