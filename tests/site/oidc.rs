//! Signing in with a provider of OpenID Connect, and what of it is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::{Method, StatusCode, header};
use countersign::routes;
use countersign::server::http::place::Place;
use countersign::server::http::{self, Extras, Gate};
use countersign::server::oidc::{Oidc, config::configured};
use countersign_desk::people::{NewUser, People};
use countersign_desk::policy::Authority;
use countersign_desk::store::Identity;
use countersign_desk::{Actor, Clock, Desks};
use serde_json::json;

use crate::provider::{CLIENT, Provider, SECRET, Signed};
use crate::support::{Answer, Site};

/// A site whose people sign in with a provider.
struct Trusting {
    site: Site,
    provider: Provider,
    people: Arc<People>,
    now: Arc<AtomicI64>,
}

impl Trusting {
    async fn new(test: &str) -> Self {
        Self::with(test, "").await
    }

    /// The same with more lines of settings.
    async fn with(test: &str, more: &str) -> Self {
        let mut site = Site::new(&format!("oidc-{test}")).await;
        let now = Arc::new(AtomicI64::new(Clock::system().now()));
        let read = Arc::clone(&now);
        let time = move || read.load(Ordering::Relaxed);
        let provider = Provider::start(time.clone()).await;
        let people = Arc::new(People::new(
            Arc::clone(&site.desk.store),
            Clock::new(time.clone()),
            Arc::new(Authority::shipped()),
        ));
        let data = std::env::temp_dir().join(format!("countersign-oidc-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&data).unwrap();
        std::fs::write(data.join("oidc.secret"), format!("{SECRET}\n")).unwrap();
        let issuer = provider.issuer();
        let settings = format!(
            "[oidc]\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT}\"\nclient_secret_file = \"oidc.secret\"\nname = \"Our <i>people</i>\"\n{more}"
        );
        std::fs::write(data.join("countersign.toml"), settings).unwrap();
        let oidc = Oidc::open(configured(&data).unwrap().unwrap(), &data, Clock::new(time)).unwrap();
        std::fs::remove_dir_all(data).unwrap();
        let desks = Arc::new(Desks::of(Arc::clone(&site.desk.desk)));
        let extras = Extras { oidc: Some(oidc), ..Extras::default() };
        site.router = http::router_with(desks, Gate::SignIn(Arc::clone(&people)), Place::ThisMachine, extras);
        Self { site, provider, people, now }
    }

    /// Goes to the provider, and returns the address with which it sends the browser back.
    async fn there(&self, to: &str) -> String {
        let answer = self.site.page(&routes::sign_in_with(to)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let there = answer.header(header::LOCATION);
        assert!(there.starts_with(&format!("{}/authorize?", self.provider.issuer())), "{there}");
        let back = asked(there).await;
        back.strip_prefix("http://127.0.0.1:3000").unwrap_or_else(|| panic!("{back}")).to_owned()
    }

    /// Signs in, as somebody does who begins at a page.
    async fn sign_in(&self, to: &str) -> Answer {
        let back = self.there(to).await;
        self.site.page(&back).await
    }

    async fn is_in(&self) -> bool {
        self.site.page("/default/audit").await.status == StatusCode::OK
    }

    /// Asserts that nobody was signed in, and why.
    async fn refused(&self, answer: &Answer, why: &str) {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        assert!(answer.text.contains(why), "{why}: {}", answer.text);
        assert!(!self.is_in().await, "{why}");
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(1_000 * seconds, Ordering::Relaxed);
    }
}

/// Where a provider sends a browser that asks this.
async fn asked(there: &str) -> String {
    let request = axum::http::Request::get(there).body(Vec::new()).unwrap();
    let answer = countersign::server::calls::Calls::default().send(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_signs_people_in_with_their_groups() {
    let trusting = Trusting::with("way", "groups = [\"administrators\"]\n").await;
    let page = trusting.site.page("/sign-in?to=%2Fdefault%2Finbox%3Fpart%3Dmine").await.text;
    assert!(page.contains("Sign in with Our &lt;i&gt;people&lt;/i&gt;"), "{page}");
    assert!(page.contains("/sign-in/with?to=%2Fdefault%2Finbox%3Fpart%3Dmine"), "{page}");
    let answer = trusting.sign_in("/default/inbox?part=mine").await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/default/inbox?part=mine"),
        "{}",
        answer.text
    );
    let cookies: Vec<_> =
        answer.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cookies.iter().all(|cookie| cookie.contains("; HttpOnly; SameSite=Lax")), "{cookies:?}");
    assert!(cookies[1].starts_with("countersign_trip=; ") && cookies[1].ends_with("Max-Age=0"), "{cookies:?}");
    let audit = trusting.site.page("/default/audit").await.text;
    assert!(audit.contains("Zoe &lt;b&gt;Ray&lt;/b&gt;") && !audit.contains("<b>Ray"), "a name is text: {audit}");
    // What the provider says of groups holds, as far as it is wanted.
    let users = trusting.people.users(&Actor::Program).await.unwrap();
    assert_eq!((users[0].id.as_str(), &users[0].groups[..]), ("zoe", &["administrators".to_owned()][..]));
    assert_eq!(trusting.site.page("/users").await.status, StatusCode::OK, "an administrator");
    assert!(audit.contains("added the user zoe in administrators, as "), "{audit}");
    // Whoever comes again is the same, and who is in needs no provider.
    let again = trusting.site.page("/sign-in/with?to=%2Fdefault").await;
    assert_eq!(again.header(header::LOCATION), "/default");
    trusting.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_says_has_to_hold() {
    let trusting = Trusting::new("claims").await;
    let set = |name: &'static str, value: serde_json::Value| {
        trusting.provider.claims(move |claims| {
            claims.insert(name.to_owned(), value.clone());
        });
    };
    let now = trusting.now.load(Ordering::Relaxed) / 1_000;
    for (name, value, why) in [
        ("nonce", json!("another"), "Invalid nonce"),
        ("iss", json!("https://evil.example"), "Invalid issuer"),
        ("aud", json!("another-client"), "Invalid audience"),
        ("aud", json!([CLIENT, "another-client"]), "Invalid audience"),
        ("exp", json!(now - 61), "Expired"),
        ("iat", json!(now + 120), "issued in the future"),
        ("groups", json!({"administrators": true}), "no list of texts"),
    ] {
        set(name, value);
        let answer = trusting.sign_in("").await;
        trusting.refused(&answer, why).await;
    }
    // Clocks differ by seconds.
    for (name, value) in [("exp", json!(now - 30)), ("iat", json!(now + 30))] {
        set(name, value);
        assert_eq!(trusting.sign_in("").await.status, StatusCode::SEE_OTHER, "{name}");
        trusting.people.sign_out_everywhere(&zoe(&trusting).await).await.unwrap();
    }
    trusting.provider.claims(|claims| {
        claims.remove("nonce");
    });
    let answer = trusting.sign_in("").await;
    trusting.refused(&answer, "Invalid nonce").await;
    trusting.site.close().await;
}

async fn zoe(trusting: &Trusting) -> countersign_desk::Person {
    let users = trusting.people.users(&Actor::Program).await.unwrap();
    countersign_desk::people::person(users.iter().find(|user| user.id == "zoe").unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_has_to_be_the_provider_s() {
    let trusting = Trusting::new("signature").await;
    for signed in [Signed::ByAnother, Signed::Not, Signed::WithTheSecret] {
        trusting.provider.signs(signed);
        let answer = trusting.sign_in("").await;
        trusting.refused(&answer, "ignature").await;
    }
    trusting.provider.signs(Signed::Well);
    // A new key is read once it is named, and not at every token.
    trusting.provider.rotates("two");
    let read = trusting.provider.keys_read();
    let answer = trusting.sign_in("").await;
    trusting.refused(&answer, "ignature").await;
    assert_eq!(trusting.provider.keys_read(), read, "it was read within the minute");
    trusting.pass(61);
    assert_eq!(trusting.sign_in("").await.status, StatusCode::SEE_OTHER);
    assert_eq!(trusting.provider.keys_read(), read + 1);
    trusting.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_holds_in_the_browser_that_began_it_and_once() {
    let trusting = Trusting::new("trip").await;
    let back = trusting.there("/default").await;
    // Another browser: whoever sends it there would be signed in as the attacker, or the attacker as them.
    let html = [("accept", "text/html")];
    let other = trusting.site.send(Method::GET, &back, &html, String::new()).await;
    trusting.refused(&other, "did not begin to sign in").await;
    let state = back.split("state=").nth(1).unwrap();
    for forged in [
        back.replace(state, "AAAA"),
        back.replace(&format!("&state={state}"), ""),
        "/sign-in/back?error=access_denied&state=AAAA".to_owned(),
    ] {
        let answer = trusting.site.page(&forged).await;
        trusting.refused(&answer, "did not begin to sign in").await;
    }
    // From another provider, by its own word (RFC 9207).
    let mixed = trusting.site.page(&format!("{back}&iss=https%3A%2F%2Fevil.example")).await;
    trusting.refused(&mixed, "another provider").await;
    let declined = trusting.site.page(&format!("/sign-in/back?error=%3Cb%3Eaccess_denied&state={state}")).await;
    trusting.refused(&declined, "did not sign you in: &lt;b&gt;access_denied").await;
    let code = trusting.site.page(&back.replace("the-code", "another")).await;
    trusting.refused(&code, "invalid_grant").await;
    let back = trusting.there("/default").await;
    assert_eq!(trusting.site.page(&back).await.status, StatusCode::SEE_OTHER);
    trusting.people.sign_out_everywhere(&zoe(&trusting).await).await.unwrap();
    let again = trusting.site.page(&back).await;
    trusting.refused(&again, "did not begin to sign in").await;
    let late = trusting.there("/default").await;
    trusting.pass(10 * 60);
    let answer = trusting.site.page(&late).await;
    trusting.refused(&answer, "more than ten minutes").await;
    // Nothing leads to another site.
    let away = trusting.sign_in("https://evil.example").await;
    assert_eq!(away.header(header::LOCATION), "/", "{}", away.text);
    trusting.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_becomes_a_user_of_this_place_by_name() {
    let trusting = Trusting::new("taken").await;
    let local = NewUser { id: "zoe".into(), groups: vec!["administrators".into()], ..NewUser::default() };
    trusting.people.add(&Actor::Program, local, None).await.unwrap();
    let answer = trusting.sign_in("").await;
    trusting.refused(&answer, "There is a user zoe already.").await;
    assert!(answer.text.contains("countersign user link zoe subject-1"), "{}", answer.text);
    let identity = Identity { issuer: trusting.provider.issuer(), subject: "subject-1".into() };
    trusting.people.link(&Actor::Program, "zoe", &identity).await.unwrap();
    assert_eq!(trusting.sign_in("").await.status, StatusCode::SEE_OTHER);
    trusting.people.sign_out_everywhere(&zoe(&trusting).await).await.unwrap();
    let root = NewUser { id: "root".into(), groups: vec!["administrators".into()], ..NewUser::default() };
    trusting.people.add(&Actor::Program, root, None).await.unwrap();
    trusting.people.disable(&Actor::Program, "zoe").await.unwrap();
    let answer = trusting.sign_in("").await;
    trusting.refused(&answer, "Your user is disabled here.").await;
    trusting.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_userinfo_endpoint_is_asked_for_what_the_token_lacks() {
    let trusting = Trusting::new("userinfo").await;
    trusting.provider.claims(|claims| {
        claims.retain(|name, _| ["iss", "sub", "aud", "exp", "iat", "nonce"].contains(&name.as_str()))
    });
    // Somebody else's.
    trusting.provider.tells(json!({"sub": "subject-2", "preferred_username": "root", "groups": ["administrators"]}));
    let answer = trusting.sign_in("").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    assert!(!trusting.is_in().await);
    trusting.provider.tells(json!({"sub": "subject-1", "preferred_username": "kim", "groups": ["finance"]}));
    assert_eq!(trusting.sign_in("").await.status, StatusCode::SEE_OTHER);
    let users = trusting.people.users(&Actor::Program).await.unwrap();
    assert_eq!((users[0].id.as_str(), &users[0].groups[..]), ("kim", &["finance".to_owned()][..]));
    trusting.site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_there_is_no_way_to_one() {
    let mut site = Site::new("oidc-none").await;
    let people = People::new(Arc::clone(&site.desk.store), Clock::system(), Arc::new(Authority::shipped()));
    let desks = Arc::new(Desks::of(Arc::clone(&site.desk.desk)));
    site.router = http::router_at(desks, Gate::SignIn(Arc::new(people)), Place::ThisMachine);
    assert!(!site.page("/sign-in").await.text.contains("/sign-in/with"));
    for path in ["/sign-in/with", "/sign-in/back?code=x&state=y"] {
        let answer = site.page(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text.contains("There is no provider to sign in with."), "{}", answer.text);
    }
    site.close().await;
}
