//! Sessions: the proof that a form comes from a page of this site, and the outcome of a form until a page shows it.
//!
//! A browser gets a random id in a cookie with its first page, and another one, which the store knows by its hash, when
//! somebody signs in. Every form carries a proof: a MAC of that id and of the form's
//! connection under a secret that the process makes when it starts. A client that has not read a page of the session cannot
//! post in it, and a form of one connection cannot be sent to another.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, header};
use countersign_desk::people::Secret;
use countersign_desk::store::Hash;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::app::arrival::Outcome;

/// The cookie that holds the session's id. With TLS its name keeps other hosts and plain pages from setting it.
const COOKIE: Cookie = Cookie { plain: "countersign_session", secure: "__Host-countersign_session" };
/// The cookie of a browser that is on its way to a provider of OpenID Connect and back.
const TRIP: Cookie = Cookie { plain: "countersign_trip", secure: "__Host-countersign_trip" };
/// How long an outcome waits for its page.
const KEPT: Duration = Duration::from_secs(120);
/// Bytes that all waiting outcomes together may have: an outcome contains what was typed.
const ROOM: usize = 16 * 1024 * 1024;

/// The outcome of a form, until the next page is rendered.
struct Note {
    session: String,
    /// The page's path.
    page: String,
    made: Instant,
    size: usize,
    outcome: Outcome,
}

/// The sessions of one process.
pub struct Sessions {
    secret: [u8; 32],
    notes: Mutex<VecDeque<Note>>,
}

impl Default for Sessions {
    #[expect(clippy::disallowed_methods, reason = "the secret of the sessions")]
    fn default() -> Self {
        let mut secret = [0; 32];
        let (one, other) = secret.split_at_mut(16);
        one.copy_from_slice(Uuid::new_v4().as_bytes());
        other.copy_from_slice(Uuid::new_v4().as_bytes());
        Self { secret, notes: Mutex::default() }
    }
}

impl Sessions {
    fn mac(&self, session: &str, connection: &str) -> Hmac<Sha256> {
        // Proof: an HMAC takes a key of any length.
        #[expect(clippy::expect_used, reason = "see above")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key");
        // Unambiguous: the ids of one kind of sessions have one length, and no name of a connection has so many digits.
        mac.update(session.as_bytes());
        mac.update(connection.as_bytes());
        mac
    }

    /// The proof of the session's forms on the pages of a connection.
    pub fn proof(&self, session: &str, connection: &str) -> String {
        self.mac(session, connection).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether `proof` is the session's for this connection, compared in constant time.
    pub fn holds(&self, session: &str, connection: &str, proof: &str) -> bool {
        bytes(proof).is_some_and(|proof| self.mac(session, connection).verify_slice(&proof).is_ok())
    }

    /// Keeps an outcome for the page at `to` (a path, with or without a query), which shows it once.
    #[expect(clippy::disallowed_methods, reason = "the age of a note, which lies in the memory of this process alone")]
    pub fn leave(&self, session: &str, to: &str, outcome: Outcome) {
        let size = outcome.size();
        let note =
            Note { session: session.to_owned(), page: path_of(to).to_owned(), made: Instant::now(), size, outcome };
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.retain(|other| {
            other.made.elapsed() < KEPT && (&other.session, &other.page) != (&note.session, &note.page)
        });
        notes.push_back(note);
        while notes.iter().map(|note| note.size).sum::<usize>() > ROOM {
            notes.pop_front();
        }
    }

    /// The outcome that waits for the page at `path`.
    pub fn take(&self, session: &str, path: &str) -> Option<Outcome> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.retain(|note| note.made.elapsed() < KEPT);
        let at = notes.iter().position(|note| note.session == session && note.page == path)?;
        notes.remove(at).map(|note| note.outcome)
    }
}

fn path_of(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

/// The bytes of a hexadecimal text.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !text.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// A cookie by its name, without TLS and with it.
#[derive(Clone, Copy)]
struct Cookie {
    plain: &'static str,
    secure: &'static str,
}

impl Cookie {
    const fn name(self, secure: bool) -> &'static str {
        if secure { self.secure } else { self.plain }
    }

    /// The values that a request's cookies have under this name: another site of this host may have set one, too.
    fn values(self, headers: &HeaderMap, secure: bool) -> impl Iterator<Item = &str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(move |(name, _)| *name == self.name(secure)).map(|(_, value)| value)
    }

    fn set(self, value: &str, secure: bool, more: &str) -> Option<HeaderValue> {
        let (name, only) = (self.name(secure), if secure { "; Secure" } else { "" });
        HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{only}{more}")).ok()
    }
}

/// The session of nobody in particular that a request names. One that this server did not issue is harmless: its client has
/// no proof yet.
pub fn anonymous(headers: &HeaderMap, secure: bool) -> Option<String> {
    let is_id = |id: &str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    COOKIE.values(headers, secure).find(|id| is_id(id)).map(str::to_owned)
}

/// The secret of a signed-in session that a request shows.
pub fn secret(headers: &HeaderMap, secure: bool) -> Option<Secret> {
    COOKIE.values(headers, secure).find_map(Secret::of)
}

/// What the proofs of a signed-in session are bound to: a page must not have the secret itself.
pub fn key(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the proofs of a page's forms are bound to: a session that is known, the one that a request names, or a new one with
/// its cookie.
pub fn of_page(known: Option<String>, headers: &HeaderMap, secure: bool) -> (String, Option<HeaderValue>) {
    known.or_else(|| anonymous(headers, secure)).map_or_else(|| new(secure), |key| (key, None))
}

/// A new session of nobody in particular, and the cookie that keeps it in the browser.
#[expect(clippy::disallowed_methods, reason = "the id of a session")]
pub fn new(secure: bool) -> (String, Option<HeaderValue>) {
    let id = Uuid::new_v4().simple().to_string();
    let cookie = COOKIE.set(&id, secure, "");
    (id, cookie)
}

/// The cookie of somebody who signed in.
pub fn signed_in(secret: &Secret, secure: bool) -> Option<HeaderValue> {
    COOKIE.set(secret.reveal(), secure, "")
}

/// The cookie that makes a browser forget its session.
pub fn ended(secure: bool) -> Option<HeaderValue> {
    COOKIE.set("", secure, "; Max-Age=0")
}

/// What a browser keeps on its way to a provider and back, for so many seconds.
pub fn trip(kept: &str, seconds: i64, secure: bool) -> Option<HeaderValue> {
    TRIP.set(kept, secure, &format!("; Max-Age={seconds}"))
}

/// What a browser kept of its ways.
pub fn trips(headers: &HeaderMap, secure: bool) -> impl Iterator<Item = &str> {
    TRIP.values(headers, secure)
}

/// Whether a browser opens a page with this request. A browser too old to say so is assumed to.
pub fn opens_a_page(headers: &HeaderMap) -> bool {
    let is = |name: &str, expected: &str| headers.get(name).is_none_or(|value| value == expected);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::arrival::Told;

    fn outcome(name: &str) -> Outcome {
        Outcome { action: "/api/deploy".into(), told: Told::Deployed { names: vec![name.into()] } }
    }

    #[test]
    fn a_proof_holds_for_its_session_its_connection_and_its_process_alone() {
        let (sessions, others) = (Sessions::default(), Sessions::default());
        let (one, other) = (new(false).0, new(false).0);
        let proof = sessions.proof(&one, "test");
        assert!(sessions.holds(&one, "test", &proof));
        for (sessions, session, connection, proof) in [
            (&sessions, &other, "test", proof.as_str()),
            (&sessions, &one, "prod", &proof),
            (&sessions, &one, "", &proof),
            (&others, &one, "test", &proof),
            (&sessions, &one, "test", ""),
            (&sessions, &one, "test", "é"),
        ] {
            assert!(!sessions.holds(session, connection, proof), "{session} {connection} {proof}");
        }
    }

    #[test]
    fn an_outcome_is_shown_once_to_its_session_on_its_page() {
        let sessions = Sessions::default();
        sessions.leave("one", "/deploy?a=b#c", outcome("order"));
        assert_eq!(sessions.take("other", "/deploy"), None);
        assert_eq!(sessions.take("one", "/"), None);
        assert_eq!(sessions.take("one", "/deploy"), Some(outcome("order")));
        assert_eq!(sessions.take("one", "/deploy"), None);
    }

    #[test]
    fn outcomes_that_nobody_fetches_are_bounded() {
        let sessions = Sessions::default();
        let long = "x".repeat(1024 * 1024);
        for number in 0..40 {
            sessions.leave(&format!("session {number}"), "/deploy", outcome(&long));
        }
        assert_eq!(sessions.take("session 0", "/deploy"), None);
        assert!(sessions.take("session 39", "/deploy").is_some());
    }

    #[test]
    fn with_tls_the_cookie_is_this_host_s_alone() {
        let secret = Secret::draw();
        let cookie = signed_in(&secret, true).expect("a cookie");
        let expected =
            format!("__Host-countersign_session={}; Path=/; HttpOnly; SameSite=Lax; Secure", secret.reveal());
        assert_eq!(cookie, expected);
        let sent = |name: &str| {
            let pair = format!("a=b; countersign_session=x; {name}={}", secret.reveal());
            HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&pair).expect("a cookie"))])
        };
        assert_eq!(super::secret(&sent(COOKIE.secure), true).as_ref(), Some(&secret));
        assert_eq!(super::secret(&sent(COOKIE.plain), true), None, "a plain page cannot set it");
        assert_eq!(super::secret(&sent(COOKIE.plain), false).as_ref(), Some(&secret));
        assert_eq!(anonymous(&sent(COOKIE.plain), false), None);
    }

    #[test]
    fn only_opening_a_page_starts_a_session() {
        for (mode, dest, expected) in
            [("navigate", "document", true), ("cors", "empty", false), ("navigate", "iframe", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert("sec-fetch-mode", HeaderValue::from_static(mode));
            headers.insert("sec-fetch-dest", HeaderValue::from_static(dest));
            assert_eq!(opens_a_page(&headers), expected, "{mode} {dest}");
        }
        assert!(opens_a_page(&HeaderMap::new()));
    }
}
