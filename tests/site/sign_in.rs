//! Signing in: what is there for whom, and what is refused.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::{Method, StatusCode, header};
use countersign::routes;
use countersign::server::http::place::{Place, Public};
use countersign::server::http::{self, Gate};
use countersign_desk::people::{NewUser, People};
use countersign_desk::policy::Authority;
use countersign_desk::store::Scope;
use countersign_desk::{Actor, Clock, Desks, Person};

use crate::support::{Answer, Site};

const PASSWORD: &str = "correct horse battery";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HTML: (&str, &str) = ("accept", "text/html");

/// A site where people sign in; Dana may.
struct Guarded {
    site: Site,
    people: Arc<People>,
    now: Arc<AtomicI64>,
}

impl Guarded {
    async fn new(test: &str) -> Self {
        Self::at(test, Place::ThisMachine).await
    }

    async fn at(test: &str, place: Place) -> Self {
        let mut site = Site::new(&format!("sign-in-{test}")).await;
        let now = Arc::new(AtomicI64::new(Clock::system().now()));
        let read = Arc::clone(&now);
        let clock = Clock::new(move || read.load(Ordering::Relaxed));
        let people = Arc::new(People::new(Arc::clone(&site.desk.store), clock, Arc::new(Authority::shipped())));
        let desks = Arc::new(Desks::of(Arc::clone(&site.desk.desk)));
        site.router = http::router_at(desks, Gate::SignIn(Arc::clone(&people)), place);
        let guarded = Self { site, people, now };
        guarded.add("dana", "Dana <b>Whitfield</b>", &["administrators"]).await;
        guarded
    }

    async fn add(&self, id: &str, name: &str, groups: &[&str]) {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let new = NewUser { id: id.into(), name: name.into(), email: None, groups };
        self.people.add(&Actor::Program, new, Some(PASSWORD)).await.unwrap();
    }

    /// Sends a form of the page at `page`, as its browser does.
    async fn form(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let proof = proof_of(&self.site.page(page).await.text);
        self.post(action, fields, &proof).await
    }

    async fn post(&self, action: &str, fields: &[(&str, &str)], proof: &str) -> Answer {
        let body = body(fields, proof);
        let headers = [FORM, HTML, ("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-origin")];
        self.site.browse(Method::POST, action, &headers, body).await
    }

    async fn sign_in(&self, name: &str, password: &str, to: &str) -> Answer {
        self.form("/sign-in", "/sign-in", &[("name", name), ("password", password), ("to", to)]).await
    }

    async fn signed_in(test: &str) -> Self {
        let guarded = Self::new(test).await;
        let answer = guarded.sign_in("dana", PASSWORD, "/default").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        guarded
    }

    /// Whether the browser sees the audit's page.
    async fn is_in(&self) -> bool {
        self.site.page("/default/audit").await.status == StatusCode::OK
    }
}

fn body(fields: &[(&str, &str)], proof: &str) -> String {
    let fields = fields.iter().copied().chain([("proof", proof)]);
    fields.map(|(name, value)| format!("{name}={}", routes::encode(value))).collect::<Vec<_>>().join("&")
}

fn proof_of(page: &str) -> String {
    let rest = page.split("name=\"proof\" value=\"").nth(1).unwrap_or_else(|| panic!("no form with a proof: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

/// A path of the table with something in the place of each name.
fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        "{connection}" | ":connection" => "default".to_owned(),
        part if part.starts_with(['{', ':', '*']) => "x".to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_site_is_there_for_those_who_are_not_signed_in() {
    let guarded = Guarded::new("table").await;
    // What SNS pushes shows who sent it by its signature.
    let open = BTreeSet::from(["/sign-in", "/sign-in/with", "/sign-in/back", "/welcome", "/healthz", "/hooks/sns"]);
    let paths: BTreeSet<String> = http::paths().into_iter().map(|path| filled(&path)).collect();
    assert!(paths.contains("/api/decide") && paths.contains("/default/executions/x/history.json"), "{paths:?}");
    assert!(paths.len() > 30, "{paths:?}");
    let more = ["/default/nothing/at/all", "/nothing", "/default/", "//default", "/api/", "/%64efault", "/sign-in/x"];
    let paths = paths.iter().map(String::as_str).chain(more);
    for path in paths.filter(|path| !open.contains(path)) {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            for headers in [vec![HTML], vec![], vec![("accept", "application/json")], vec![HTML, ("cookie", COOKIES)]] {
                let answer = guarded.site.send(method.clone(), path, &headers, String::new()).await;
                let leads =
                    answer.status == StatusCode::SEE_OTHER && answer.header(header::LOCATION).starts_with("/sign-in");
                assert!(
                    leads || answer.status == StatusCode::UNAUTHORIZED,
                    "{method} {path} {headers:?}: {}",
                    answer.status
                );
                assert_eq!(answer.header(header::SET_COOKIE), "", "{path}");
            }
        }
    }
    for path in ["/sign-in", "/healthz"] {
        assert_eq!(guarded.site.send(Method::GET, path, &[HTML], String::new()).await.status, StatusCode::OK, "{path}");
    }
    guarded.site.close().await;
}

/// A persona's cookie, and sessions that nobody has.
const COOKIES: &str = "countersign_person=dana; countersign_session=00000000000000000000000000000000; \
                       countersign_session=0000000000000000000000000000000000000000000000000000000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_back_to_the_page_and_says_who_it_is() {
    let guarded = Guarded::new("way").await;
    let turned = guarded.site.page("/default/inbox?after=1").await;
    assert_eq!(turned.header(header::LOCATION), "/sign-in?to=%2Fdefault%2Finbox%3Fafter%3D1");
    let page = guarded.site.page(turned.header(header::LOCATION)).await;
    assert!(
        page.text.contains("<h1>Sign in</h1>") && page.text.contains("value=\"/default/inbox?after=1\""),
        "{}",
        page.text
    );
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self'"));
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
    let wrong = guarded.sign_in("dana", "not the password", "/default/inbox?after=1").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.text.contains("The user name or the password is wrong.") && !wrong.text.contains("not the password"));
    let unknown = guarded.sign_in("<i>nobody", "not the password", "/default/inbox?after=1").await;
    assert_eq!(unknown.status, wrong.status);
    assert!(unknown.text.contains("value=\"&lt;i&gt;nobody\""), "what was typed is text: {}", unknown.text);
    let right = guarded.sign_in("dana", PASSWORD, "/default/inbox?after=1").await;
    assert_eq!((right.status, right.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/default/inbox?after=1"));
    let cookie = right.header(header::SET_COOKIE);
    assert!(
        cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax") && !cookie.contains("Secure"),
        "{cookie}"
    );
    let page = guarded.site.page("/default/audit").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("Dana &lt;b&gt;Whitfield&lt;/b&gt;") && !page.text.contains("<b>Whitfield"),
        "a name is text"
    );
    assert!(!page.text.contains("anyone at this machine"), "no personas, no banner");
    for entry in ["Signed in", "Sign-in refused", "added the user dana"] {
        assert!(page.text.contains(entry), "{entry} is on record");
    }
    assert!(!page.text.contains("nobody"), "what was typed in vain is not");
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_never_leads_to_another_site() {
    let guarded = Guarded::new("redirect").await;
    for to in
        ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/a\r\nSet-Cookie: a=b", ""]
    {
        let page = guarded.site.page(&routes::sign_in(Some(to))).await;
        assert!(page.text.contains("name=\"to\" value=\"/\""), "{to:?}: {}", page.text);
        let answer = guarded.sign_in("dana", PASSWORD, to).await;
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/"), "{to:?}");
        assert_eq!(answer.headers.get_all(header::SET_COOKIE).iter().count(), 1, "{to:?}");
        let again = guarded.site.page(&routes::sign_in(Some(to))).await;
        assert_eq!(again.header(header::LOCATION), "/", "who is signed in goes on, and not there");
        guarded.form("/account", "/sign-out", &[]).await;
    }
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out_takes_a_form_of_this_session() {
    let guarded = Guarded::new("csrf").await;
    let fields = [("name", "dana"), ("password", PASSWORD)];
    for proof in ["", "0000", &"0".repeat(64)] {
        let answer = guarded.post("/sign-in", &fields, proof).await;
        assert_eq!((answer.status, answer.header(header::SET_COOKIE)), (StatusCode::FORBIDDEN, ""), "{proof}");
    }
    // A proof that an attacker got for a session of their own.
    let stolen = proof_of(&guarded.site.send(Method::GET, "/sign-in", &[HTML], String::new()).await.text);
    guarded.site.page("/sign-in").await;
    assert_eq!(guarded.post("/sign-in", &fields, &stolen).await.status, StatusCode::FORBIDDEN);
    let own = proof_of(&guarded.site.page("/sign-in").await.text);
    for foreign in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let headers = [FORM, HTML, foreign];
        let answer = guarded.site.browse(Method::POST, "/sign-in", &headers, body(&fields, &own)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    assert_eq!(guarded.post("/sign-in", &fields, &own).await.status, StatusCode::SEE_OTHER);
    for (action, page) in [("/sign-out", "/account"), ("/account", "/account"), ("/users", "/users")] {
        assert_eq!(
            guarded.post(action, &[("act", "token")], &own).await.status,
            StatusCode::FORBIDDEN,
            "{action}: the old proof"
        );
        assert_eq!(guarded.post(action, &[("act", "token")], "").await.status, StatusCode::FORBIDDEN, "{action}");
        assert_eq!(guarded.site.page(page).await.status, StatusCode::OK, "{action}: nothing was done");
    }
    assert_eq!(guarded.site.page("/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED);
    // The frame's own form carries the proof of its connection.
    let proof = proof_of(&guarded.site.page("/default/audit").await.text);
    let out = guarded.post("/sign-out", &[("connection", "default")], &proof).await;
    assert_eq!((out.status, out.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(!guarded.is_in().await);
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_that_an_attacker_planted_is_not_signed_in() {
    let guarded = Guarded::new("fixation").await;
    let planted = "countersign_session=11111111111111111111111111111111";
    let page = guarded.site.send(Method::GET, "/sign-in", &[HTML, ("cookie", planted)], String::new()).await;
    assert_eq!(page.header(header::SET_COOKIE), "", "the browser has one");
    let body = body(&[("name", "dana"), ("password", PASSWORD)], &proof_of(&page.text));
    let answer = guarded.site.send(Method::POST, "/sign-in", &[FORM, HTML, ("cookie", planted)], body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let first = answer.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
    assert_ne!(first, planted);
    let with = async |cookie: &str| {
        guarded.site.send(Method::GET, "/default/audit", &[HTML, ("cookie", cookie)], String::new()).await.status
    };
    assert_eq!((with(planted).await, with(&first).await), (StatusCode::SEE_OTHER, StatusCode::OK));
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_in_words() {
    let guarded = Guarded::new("guessing").await;
    for name in ["dana", "nobody"] {
        for _ in 0..10 {
            assert_eq!(guarded.sign_in(name, "wrong", "").await.status, StatusCode::FORBIDDEN);
        }
        let answer = guarded.sign_in(name, PASSWORD, "").await;
        assert_eq!(
            (answer.status, answer.header(header::RETRY_AFTER)),
            (StatusCode::TOO_MANY_REQUESTS, "60"),
            "{name}"
        );
        assert!(answer.text.contains("Too many passwords were tried."));
    }
    guarded.now.fetch_add(60_000, Ordering::Relaxed);
    assert_eq!(guarded.sign_in("dana", PASSWORD, "").await.status, StatusCode::SEE_OTHER);
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let guarded = Guarded::new("large").await;
    let proof = proof_of(&guarded.site.page("/sign-in").await.text);
    let large = "x".repeat(2 * 1024 * 1024);
    for length in [true, false] {
        let body = body(&[("name", "dana"), ("password", &large)], &proof);
        let size = body.len().to_string();
        let length = length.then_some(("content-length", size.as_str()));
        let headers: Vec<_> = [FORM, HTML].into_iter().chain(length).collect();
        let answer = guarded.site.browse(Method::POST, "/sign-in", &headers, body).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{length:?}");
    }
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_by_time_by_hand_and_with_the_user() {
    let guarded = Guarded::signed_in("ends").await;
    let dana = Person { id: "dana".into(), name: "Dana".into(), role: String::new(), groups: vec![] };
    guarded.now.fetch_add(10 * 60 * 60 * 1_000, Ordering::Relaxed);
    assert!(!guarded.is_in().await, "after ten hours without use");
    guarded.sign_in("dana", PASSWORD, "").await;
    assert!(guarded.is_in().await);
    guarded.people.sign_out_everywhere(&dana).await.unwrap();
    assert!(!guarded.is_in().await, "everywhere");
    guarded.sign_in("dana", PASSWORD, "").await;
    guarded.people.sign_in("dana", PASSWORD, &countersign_desk::people::From::default(), None).await.unwrap();
    let account = guarded.site.page("/account").await.text;
    assert!(account.contains("This browser") && account.contains("Another browser"), "{account}");
    let key = account.split("name=\"session\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let ended = guarded.form("/account", "/account", &[("act", "end"), ("session", &key)]).await;
    assert!(ended.text.contains("That session has ended.") && !ended.text.contains("Another browser"));
    let changed = [("act", "password"), ("old", PASSWORD), ("new", "a new password"), ("again", "a new password")];
    assert_eq!(guarded.form("/account", "/account", &changed).await.status, StatusCode::SEE_OTHER);
    assert!(!guarded.is_in().await, "with the password of before");
    guarded.sign_in("dana", "a new password", "").await;
    guarded.add("omar", "Omar", &["administrators"]).await;
    assert!(guarded.is_in().await);
    guarded.people.disable(&Actor::Program, "dana").await.unwrap();
    assert!(!guarded.is_in().await, "disabled");
    assert_eq!(guarded.sign_in("dana", "a new password", "").await.status, StatusCode::FORBIDDEN);
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proof_of_a_form_is_that_of_the_signed_in_session() {
    let guarded = Guarded::signed_in("proof").await;
    let first = guarded.site.proof().await;
    guarded.form("/account", "/sign-out", &[]).await;
    guarded.sign_in("dana", PASSWORD, "").await;
    let second = guarded.site.proof().await;
    assert_ne!(first, second);
    let start = [("connection", "default"), ("workflow", "approval"), ("name", ""), ("input", "{}")];
    assert_eq!(guarded.post("/api/start", &start, &first).await.status, StatusCode::FORBIDDEN);
    assert_eq!(guarded.post("/api/start", &start, &second).await.status, StatusCode::FOUND);
    let act = [("connection", "default"), ("person", "omar"), ("from", "/default")];
    guarded.post("/api/act-as", &act, &second).await;
    let page = guarded.site.page("/default").await.text;
    assert!(page.contains("Nobody chooses who acts where people sign in."), "{page}");
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_acts_within_its_scope_and_never_in_an_address() {
    let guarded = Guarded::signed_in("token").await;
    let make =
        |name: &'static str, scope: &'static str| [("act", "token"), ("name", name), ("scope", scope), ("days", "30")];
    let made = guarded.form("/account", "/account", &make("CI <b>", "read")).await.text;
    assert!(made.contains("CI &lt;b&gt;"), "a name is text");
    let token_in = |page: &str| page.split("cst_").nth(1).map(|rest| format!("cst_{}", &rest[..64]));
    let read = token_in(&made).unwrap();
    let act = token_in(&guarded.form("/account", "/account", &make("act", "act")).await.text).unwrap();
    assert_eq!(token_in(&guarded.site.page("/account").await.text), None, "it is shown once");
    let start = "connection=default&workflow=approval&name=by-token&input=%7B%7D".to_owned();
    let send = async |method: Method, path: &str, authorization: &str, body: &str| {
        let headers = [FORM, ("authorization", authorization), ("accept", "application/json")];
        guarded.site.send(method, path, &headers, body.to_owned()).await
    };
    let with = |token: &str| format!("Bearer {token}");
    assert_eq!(send(Method::POST, "/api/start", &with(&read), &start).await.status, StatusCode::FORBIDDEN);
    let started = send(Method::POST, "/api/start", &with(&act), &start).await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.text);
    let arn = started.text.split("/default/executions/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let history = format!("/default/executions/{arn}/history.json");
    assert_eq!(send(Method::GET, &history, &with(&read), "").await.status, StatusCode::OK);
    for (path, authorization) in [
        ("/default/executions", with(&act)),
        ("/account", with(&act)),
        (history.as_str(), "Bearer cst_0".to_owned()),
        (&history, format!("Basic {read}")),
        (&history, String::new()),
    ] {
        let answer = send(Method::GET, path, &authorization, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {authorization}");
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer");
    }
    for name in ["token", "access_token", "authorization"] {
        let path = format!("{history}?{name}={read}");
        assert_eq!(send(Method::GET, &path, "", "").await.status, StatusCode::UNAUTHORIZED, "{name}");
        let body = format!("{start}&{name}={act}");
        assert_eq!(send(Method::POST, "/api/start", "", &body).await.status, StatusCode::UNAUTHORIZED, "{name}");
    }
    // Whoever is signed in is told, too, that a token has leaked.
    let leaked = guarded.site.page(&format!("/default/inbox?q={act}")).await;
    assert_eq!(leaked.status, StatusCode::UNAUTHORIZED, "{}", leaked.text);
    assert!(leaked.text.contains("This address has an API token in it."), "{}", leaked.text);
    // The API names nobody of the demonstration where people sign in.
    guarded.add("eve", "Eve", &[]).await;
    let eve = Person { id: "eve".into(), name: "Eve".into(), role: String::new(), groups: Vec::new() };
    let token = guarded.people.add_token(&eve, "list", Scope::Read, 1).await.unwrap();
    let refused = send(Method::GET, "/api/approvals", &with(&token), "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    assert!(
        refused.text.contains("Ask somebody in the group") && !refused.text.contains("Whitfield"),
        "{}",
        refused.text
    );
    let id = guarded.site.page("/account").await.text;
    let id = id.split("name=\"id\" value=\"").nth(2).unwrap().split('"').next().unwrap().to_owned();
    guarded.form("/account", "/account", &[("act", "remove-token"), ("id", &id)]).await;
    assert_eq!(send(Method::GET, &history, &with(&read), "").await.status, StatusCode::UNAUTHORIZED, "it is removed");
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_add_people_who_set_their_password_with_a_link() {
    let guarded = Guarded::signed_in("users").await;
    let fields =
        [("act", "add"), ("id", "omar"), ("name", "Omar <script>"), ("email", ""), ("groups", "finance, leads")];
    let added = guarded.form("/users", "/users", &fields).await;
    assert!(added.text.contains("no password yet") && added.text.contains("Omar &lt;script&gt;"), "{}", added.text);
    let link = added.text.split("http://127.0.0.1:3000/welcome?code=").nth(1).unwrap()[..64].to_owned();
    assert!(!guarded.site.page("/users").await.text.contains(&link), "it is shown once");
    guarded.form("/account", "/sign-out", &[]).await;
    let path = routes::welcome(&link);
    let page = guarded.site.page(&path).await;
    assert!(page.status == StatusCode::OK && page.text.contains("You sign in as"), "{}", page.text);
    assert_eq!(page.header(header::REFERRER_POLICY), "strict-origin");
    let accept = |again: &'static str| [("code", link.as_str()), ("password", PASSWORD), ("again", again)];
    assert_eq!(guarded.form(&path, "/welcome", &accept("another")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(guarded.form(&path, "/welcome", &accept(PASSWORD)).await.status, StatusCode::SEE_OTHER);
    let again = guarded.site.page(&path).await;
    assert!(again.status == StatusCode::NOT_FOUND && again.text.contains("This link does not hold"), "{}", again.text);
    assert_eq!(guarded.sign_in("omar", PASSWORD, "").await.status, StatusCode::SEE_OTHER);
    let refused = guarded.site.page("/users").await;
    assert!(refused.status == StatusCode::FORBIDDEN && refused.text.contains("Only administrators manage users."));
    let proof = proof_of(&guarded.site.page("/account").await.text);
    let promote = [("act", "groups"), ("id", "omar"), ("groups", "administrators")];
    assert_eq!(guarded.post("/users", &promote, &proof).await.status, StatusCode::FORBIDDEN);
    assert_eq!(guarded.site.page("/users").await.status, StatusCode::FORBIDDEN);
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_the_site_is_that_of_its_public_url() {
    let public = Public::at("https://approvals.example").unwrap();
    let guarded =
        Guarded::at("public", Place::Public(public.behind(vec!["10.0.0.2/32".parse().unwrap()], false))).await;
    let host = ("host", "approvals.example");
    let other = guarded.site.send(Method::GET, "/sign-in", &[HTML], String::new()).await;
    assert!(
        other.status == StatusCode::FORBIDDEN && other.text.contains("only under approvals.example."),
        "{}",
        other.text
    );
    let health = guarded.site.send(Method::GET, "/healthz", &[("host", "10.0.0.5:3000")], String::new()).await;
    assert_eq!(health.status, StatusCode::OK, "whoever balances the load knows no name");
    let page = guarded.site.browse(Method::GET, "/sign-in", &[HTML, host], String::new()).await;
    assert_eq!(page.header(header::STRICT_TRANSPORT_SECURITY), "max-age=31536000");
    let cookie = page.header(header::SET_COOKIE);
    assert!(cookie.starts_with("__Host-countersign_session=") && cookie.ends_with("; Secure"), "{cookie}");
    let body = body(&[("name", "dana"), ("password", PASSWORD)], &proof_of(&page.text));
    let from = async |origin: &str| {
        let headers = [FORM, HTML, host, ("origin", origin)];
        guarded.site.browse(Method::POST, "/sign-in", &headers, body.clone()).await
    };
    for origin in ["http://approvals.example", "https://evil.example"] {
        assert_eq!(from(origin).await.status, StatusCode::FORBIDDEN, "{origin}");
    }
    let signed_in = from("https://approvals.example").await;
    assert_eq!(signed_in.status, StatusCode::SEE_OTHER, "{}", signed_in.text);
    assert!(signed_in.header(header::SET_COOKIE).starts_with("__Host-countersign_session="));
    let page = guarded.site.browse(Method::GET, "/default/audit", &[HTML, host], String::new()).await;
    assert_eq!(page.status, StatusCode::OK);
    guarded.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_sign_in_there_are_no_accounts() {
    let site = Site::new("personas").await;
    for path in ["/sign-in", "/welcome", "/account", "/users"] {
        let answer = site.page(path).await;
        assert!(answer.status == StatusCode::NOT_FOUND && answer.text.contains("Nobody signs in here."), "{path}");
    }
    let page = site.page("/default").await.text;
    assert!(page.contains("anyone at this machine") && page.contains("Acting as"));
    site.close().await;
}
