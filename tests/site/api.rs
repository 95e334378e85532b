//! The API: what it answers, what it refuses, and that its description says both.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::{Method, StatusCode, header};
use countersign::server::http::api::{PATHS, RequestId};
use countersign::server::http::place::Place;
use countersign::server::http::{self, Gate};
use countersign_desk::approvals::Choice;
use countersign_desk::approvals::outcomes::Chosen;
use countersign_desk::people::{self, NewUser, People};
use countersign_desk::policy::Authority;
use countersign_desk::store::{Held, Scope};
use countersign_desk::{Actor, Clock, Desks, Person};
use serde_json::{Value, json};

use crate::schema::faults;
use crate::support::{Answer, Site};

const JSON: (&str, &str) = ("content-type", "application/json");
const OWN: (&str, &str) = ("origin", "http://127.0.0.1:3000");

/// The address of a request.
pub fn address(arn: &str, event: u64) -> String {
    format!("/api/approvals/{}", RequestId { arn: arn.to_owned(), event })
}

impl Site {
    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], String::new()).await
    }

    /// Decides as a program does.
    async fn api_decide(&self, request: &(String, u64), key: &str, body: &Value, more: &[(&str, &str)]) -> Answer {
        let headers: Vec<_> = [JSON, ("idempotency-key", key)].into_iter().chain(more.iter().copied()).collect();
        let path = format!("{}/decision", address(&request.0, request.1));
        self.send(Method::POST, &path, &headers, body.to_string()).await
    }

    async fn is_decided(&self, request: &(String, u64)) -> bool {
        self.desk.store.of_task(self.desk.id(), &request.0, request.1).await.unwrap().is_some()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}: {}", self.status, self.text))
    }

    /// Its refusal, as every problem is.
    fn problem(&self) -> Value {
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{problem}");
        let is_said = |name: &str| problem[name].as_str().is_some_and(|text| !text.is_empty());
        assert!(["code", "title", "detail", "remedy"].into_iter().all(is_said), "{problem}");
        problem
    }
}

/// What the document says of an answer.
fn schema_of<'d>(document: &'d Value, path: &str, method: &str, status: u16) -> &'d Value {
    let responses = &document["paths"][path][method]["responses"];
    let range = format!("{}XX", status / 100);
    let response = responses.get(status.to_string()).or_else(|| responses.get(&range));
    let response = response.unwrap_or_else(|| panic!("{method} {path} {status} is not described"));
    let content = response["content"].as_object().unwrap();
    let expected = if status < 400 { "application/json" } else { "application/problem+json" };
    &content.get(expected).unwrap_or_else(|| panic!("{method} {path} {status}: {content:?}"))["schema"]
}

#[track_caller]
pub fn described(document: &Value, path: &str, method: &str, answer: &Answer) {
    let schema = schema_of(document, path, method, answer.status.as_u16());
    let found = faults(document, schema, &answer.json());
    assert!(found.is_empty(), "{method} {path} {}: {found:#?}", answer.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_has_every_address_and_every_answer() {
    let site = Site::new("api-document").await;
    let document = site.get("/api/openapi.json").await.json();
    let listed: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected: BTreeSet<&str> = PATHS.into_iter().filter(|path| *path != "/api/openapi.json").collect();
    assert_eq!(listed, expected, "what the router has and what is described");
    let routed: BTreeSet<String> = http::paths().into_iter().filter(|path| PATHS.contains(&path.as_str())).collect();
    assert_eq!(routed.len(), PATHS.len());
    for path in PATHS {
        let methods: Vec<String> =
            document["paths"][path].as_object().into_iter().flat_map(|of| of.keys().cloned()).collect();
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = site.send(method.clone(), &path.replace("{id}", "x"), &[], String::new()).await;
            let is_there =
                methods.contains(&method.as_str().to_lowercase()) || path.ends_with(".json") && method == Method::GET;
            assert_eq!(answer.status != StatusCode::METHOD_NOT_ALLOWED, is_there, "{method} {path}: {}", answer.text);
        }
    }
    let request = site.ask("described").await;
    let other = site.ask("described-too").await;
    let one = "/api/approvals/{id}";
    let shown = site.get(&address(&request.0, request.1)).await;
    described(&document, one, "get", &shown);
    let shown = shown.json();
    assert_eq!(
        (shown["status"].as_str(), shown["title"].as_str()),
        (Some("waiting"), Some("Approve A test?")),
        "{shown}"
    );
    assert!(shown["outcomes"].as_array().is_some_and(|all| all.len() == 3 && all[0]["then"].is_string()), "{shown}");
    described(&document, "/api/approvals", "get", &site.get("/api/approvals").await);
    described(&document, "/api/executions", "get", &site.get("/api/executions").await);
    described(&document, "/api/executions", "get", &site.get("/api/executions?q=%22").await);
    described(&document, one, "get", &site.get("/api/approvals/apr_x").await);
    // What a program chooses is not held back, so no answer says that it is.
    let results = document.pointer("/components/schemas/DecisionResult").unwrap().to_string();
    assert!(results.contains("\"counted\"") && !results.contains("\"held\""), "{results}");
    let decision = "/api/approvals/{id}/decision";
    let approve = json!({"outcome": "approve", "comment": "Fine."});
    for (key, body, status) in [
        ("a", approve.clone(), 200),
        ("b", json!({"outcome": "reject"}), 409),
        ("a", json!({"outcome": "reject"}), 422),
    ] {
        let answer = site.api_decide(&request, key, &body, &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        described(&document, decision, "post", &answer);
    }
    let shown = site.get(&address(&request.0, request.1)).await;
    described(&document, one, "get", &shown);
    assert_eq!(shown.json()["decision"]["comment"], "Fine.");
    site.desk.desk.stop(&Actor::Program, &other.0, "Not needed.").await.unwrap();
    let gone = site.api_decide(&other, "c", &approve, &[]).await;
    assert_eq!(gone.status, StatusCode::GONE, "{}", gone.text);
    described(&document, decision, "post", &gone);
    described(&document, one, "get", &site.get(&address(&other.0, other.1)).await);
    site.close().await;
}

/// Whose hands a request is in: who looks after it, to whom it was given, and what is held.
#[tokio::test(flavor = "multi_thread")]
async fn whose_hands_a_request_is_in_is_told() {
    let site = Site::new("api-hands").await;
    let document = site.get("/api/openapi.json").await.json();
    let request = site.ask("in-hand").await;
    let path = address(&request.0, request.1);
    let key = (request.0.as_str(), request.1);
    let before = site.get(&path).await.json();
    assert_eq!((&before["held"], before.get("claimed"), before.get("reassigned")), (&json!([]), None, None));
    let person = |id: &str| people::find(id).unwrap();
    let (dana, kenji) = (Actor::Person(person("dana")), Actor::Person(person("kenji")));
    site.desk.reassign(&dana, key, &["warehouse".to_owned(), "omar".to_owned()], "Finance is away").await.unwrap();
    site.desk.claim(&kenji, key).await.unwrap();
    let held = Held {
        execution_arn: request.0.clone(),
        event: request.1,
        workflow: "approval".to_owned(),
        title: "A test".to_owned(),
        person: person("omar"),
        choice: Choice::of("approve", ""),
        outcome: Chosen::approve(),
        at: 1_764_160_000_000,
        until: 1_764_160_010_000,
    };
    assert!(site.desk.store.hold(site.desk.id(), &held).await.unwrap());
    let answer = site.get(&path).await;
    described(&document, "/api/approvals/{id}", "get", &answer);
    let told = answer.json();
    assert_eq!((&told["claimed"]["person_id"], &told["claimed"]["person"]), (&json!("kenji"), &json!("Kenji Mori")));
    let expected = json!([{
        "outcome": "approve", "person_id": "omar", "person": "Omar Haddad",
        "at": "2025-11-26T12:26:40.000Z", "until": "2025-11-26T12:26:50.000Z",
    }]);
    assert_eq!(told["held"], expected);
    let given = &told["reassigned"];
    assert_eq!((&given["people"], &given["groups"]), (&json!(["omar"]), &json!(["warehouse"])));
    assert_eq!((&given["person"], &given["reason"]), (&json!("Dana Whitfield"), &json!("Finance is away")));
    let list = site.get("/api/approvals").await;
    described(&document, "/api/approvals", "get", &list);
    assert_eq!(list.json()["approvals"][0]["claimed"]["person"], "Kenji Mori");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_one_effect_and_one_answer() {
    let site = Site::new("api-keys").await;
    let (request, other) = (site.ask("keys").await, site.ask("keys-too").await);
    let approve = json!({"outcome": "approve", "comment": "Once."});
    let many = (0..8).map(|_| site.api_decide(&request, "k1", &approve, &[]));
    let answers = futures::future::join_all(many).await;
    let done: Vec<&Answer> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert!(!done.is_empty(), "{}", answers[0].text);
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        assert_eq!((answer.status, answer.problem()["code"].as_str()), (StatusCode::CONFLICT, Some("in_progress")));
        assert_eq!(answer.header(header::RETRY_AFTER), "1");
    }
    let again = site.api_decide(&request, "k1", &approve, &[]).await;
    assert!(done.iter().all(|answer| answer.text == again.text), "the same answer, byte for byte");
    // The same key for anything else is a mistake, whoever's request it is.
    for (request, body) in [(&request, json!({"outcome": "reject"})), (&other, approve.clone())] {
        let answer = site.api_decide(request, "k1", &body, &[]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.problem()["parameter"], "idempotency-key");
    }
    assert!(!site.is_decided(&other).await);
    // Another person's key of the same text is another key.
    let omar = [("cookie", "countersign_person=omar")];
    let answer = site.api_decide(&other, "k1", &approve, &omar).await;
    assert_eq!((answer.status, answer.json()["decision"]["person_id"].as_str()), (StatusCode::OK, Some("omar")));
    // What was refused is corrected under the same key.
    let third = site.ask("keys-three").await;
    assert_eq!(site.api_decide(&third, "k3", &json!({"outcome": "maybe"}), &[]).await.status, 422);
    assert_eq!(site.api_decide(&third, "k3", &approve, &[]).await.status, StatusCode::OK);
    // Its own decision again under another key: nothing new, and no refusal.
    let repeated = site.api_decide(&third, "k4", &approve, &[]).await;
    assert_eq!(
        (repeated.status, &repeated.json()["decision"]["at"]),
        (StatusCode::OK, &site.get(&address(&third.0, third.1)).await.json()["decision"]["at"])
    );
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_its_place_and_a_remedy() {
    let site = Site::new("api-refusals").await;
    let request = site.ask("refused").await;
    let path = address(&request.0, request.1);
    for (path, status, parameter) in [
        ("/api/approvals?limit=0", 400, Some("limit")),
        ("/api/approvals?limit=101", 400, Some("limit")),
        ("/api/approvals?cursor=x", 400, Some("cursor")),
        ("/api/approvals?part=all&part=mine", 400, Some("part")),
        ("/api/approvals?part=yours", 400, Some("part")),
        ("/api/approvals?prt=mine", 400, Some("prt")),
        ("/api/approvals?connection=nowhere", 404, Some("connection")),
        ("/api/approvals?token=cst_1", 400, Some("token")),
        ("/api/executions?limit=201", 400, Some("limit")),
        ("/api/executions?status=lost", 400, Some("status")),
        ("/api/executions?time=yesterday", 400, Some("time")),
        ("/api/executions?q=total%3E", 400, Some("q")),
        ("/api/executions?workflow=nothing", 404, None),
        ("/api/approvals/x", 404, Some("id")),
        ("/api/approvals/%2e%2e", 404, Some("id")),
        (&address("arn:aws:states:us-east-1:000000000000:execution:approval:none", 3), 404, None),
        (&address("arn:not-one", 3), 404, None),
        (&address(&request.0, 1), 404, None),
        (&address(&request.0, u64::MAX), 404, None),
    ] {
        let answer = site.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        assert_eq!(answer.problem()["parameter"].as_str(), parameter, "{path}");
    }
    let good = [JSON, ("idempotency-key", "k")];
    let long = json!({"outcome": "approve", "comment": "x".repeat(2_001)}).to_string();
    let large = json!({"outcome": "approve", "comment": "x".repeat(2_000_000)}).to_string();
    for (headers, body, status, parameter) in [
        (&good[..1], r#"{"outcome":"approve"}"#, 400, Some("idempotency-key")),
        (&good[1..], r#"{"outcome":"approve"}"#, 415, Some("content-type")),
        (
            &[("content-type", "application/x-www-form-urlencoded"), good[1]][..],
            "outcome=approve",
            415,
            Some("content-type"),
        ),
        (&[("content-type", "text/plain"), good[1]][..], r#"{"outcome":"approve"}"#, 415, Some("content-type")),
        (&good, "outcome=approve", 400, Some("body")),
        (&good, r#"{"outcome":"approve","connection":"other"}"#, 400, Some("body")),
        (&good, r#"{"outcome":"maybe"}"#, 422, None),
        (&good, r#"{"outcome":"approve","shown":"what was never shown"}"#, 409, None),
        (&good, long.as_str(), 422, None),
        (&good, large.as_str(), 413, None),
        (&good, r#"{"outcome":"approve","form":{"x":"1"}}"#, 422, None),
    ] {
        let answer = site.send(Method::POST, &format!("{path}/decision"), headers, body.to_owned()).await;
        assert_eq!(answer.status.as_u16(), status, "{body:.80}: {}", answer.text);
        assert_eq!(answer.problem()["parameter"].as_str(), parameter, "{body:.80}");
    }
    let unknown = site.api_decide(&request, "k", &json!({"outcome": "approve", "form": {"x": "1"}}), &[]).await;
    assert_eq!(unknown.problem()["fields"][0]["name"], "x");
    assert!(!site.is_decided(&request).await, "nothing was decided");
    site.close().await;
}

/// A page of another site cannot decide in the name of whoever looks at it, whatever it sends.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_decides_nothing() {
    let site = Site::new("api-foreign").await;
    let request = site.ask("foreign").await;
    let path = format!("{}/decision", address(&request.0, request.1));
    let approve = json!({"outcome": "approve"});
    for foreign in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:3001")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("host", "evil.example")],
        // A browser on the site itself that shows no proof, or a wrong one.
        &[OWN],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")],
        &[OWN, ("countersign-proof", "00")],
    ] {
        let answer = site.api_decide(&request, "k", &approve, foreign).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{foreign:?}: {}", answer.text);
        answer.problem();
    }
    // What a browser asks before it sends such a header or such a body to another site: it gets no leave.
    let preflight = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,idempotency-key"),
    ];
    let answer = site.send(Method::OPTIONS, &path, &preflight, String::new()).await;
    assert!(!answer.status.is_success(), "{}", answer.status);
    for answer in [answer, site.send(Method::GET, "/api/approvals", &preflight[..1], String::new()).await] {
        let is_leave = |name: &&header::HeaderName| name.as_str().starts_with("access-control-");
        assert_eq!(answer.headers.keys().find(is_leave), None);
    }
    assert!(!site.is_decided(&request).await);
    // The site's own page has the proof.
    let proof = site.proof().await;
    let headers = [JSON, ("idempotency-key", "k"), OWN, ("countersign-proof", &proof)];
    let answer = site.browse(Method::POST, &path, &headers, approve.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_read_page_by_page() {
    let site = Site::new("api-pages").await;
    let mut asked = BTreeSet::new();
    for name in ["one", "two", "three"] {
        asked.insert(site.ask(name).await.0);
    }
    for (path, list, name) in [
        ("/api/approvals", "approvals", "execution"),
        ("/api/executions?workflow=approval&status=waiting", "executions", "arn"),
    ] {
        let sign = if path.contains('?') { '&' } else { '?' };
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = site.get(&format!("{path}{sign}limit=1&cursor={cursor}")).await.json();
            let rows = page[list].as_array().unwrap();
            assert!(rows.len() <= 1, "{page}");
            found.extend(rows.iter().map(|row| row[name].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = next.to_owned();
        }
        assert_eq!(found.len(), 3, "{path}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), asked, "{path}");
    }
    let found = site.get("/api/executions?q=name:two").await.json();
    assert_eq!(
        (found["executions"].as_array().unwrap().len(), found["executions"][0]["name"].as_str()),
        (1, Some("two"))
    );
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_too_often_is_told_to_wait() {
    let now = Clock::system().now();
    let definitions = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
    let site = Site::at("api-pace", &definitions, Clock::new(move || now)).await;
    for _ in 0..200 {
        assert_eq!(site.get("/api/approvals").await.status, StatusCode::OK);
    }
    let answer = site.get("/api/approvals").await;
    assert_eq!((answer.status, answer.header(header::RETRY_AFTER)), (StatusCode::TOO_MANY_REQUESTS, "1"));
    answer.problem();
    let omar = site.send(Method::GET, "/api/approvals", &[("cookie", "countersign_person=omar")], String::new()).await;
    assert_eq!(omar.status, StatusCode::OK, "another person");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_act_within_their_scope_and_their_time() {
    let mut site = Site::new("api-tokens").await;
    let request = site.ask("tokens").await;
    let now = Arc::new(std::sync::atomic::AtomicI64::new(Clock::system().now()));
    let read = Arc::clone(&now);
    let clock = Clock::new(move || read.load(std::sync::atomic::Ordering::Relaxed));
    let people = Arc::new(People::new(Arc::clone(&site.desk.store), clock, Arc::new(Authority::shipped())));
    let groups = people::first().groups;
    let new = NewUser { id: "dana".into(), name: "Dana".into(), email: None, groups: groups.clone() };
    people.add(&Actor::Program, new, Some("correct horse battery")).await.unwrap();
    let desks = Arc::new(Desks::of(Arc::clone(&site.desk.desk)));
    site.router = http::router_at(desks, Gate::SignIn(Arc::clone(&people)), Place::ThisMachine);
    let dana = Person { id: "dana".into(), name: "Dana".into(), role: String::new(), groups };
    let reads = people.add_token(&dana, "reads", Scope::Read, 1).await.unwrap();
    let acts = people.add_token(&dana, "acts", Scope::Act, 2).await.unwrap();
    let bearer = |token: &str| format!("Bearer {token}");
    let approve = json!({"outcome": "approve"});
    for (authorization, status) in [
        (None, 401),
        (Some("Bearer cst_wrong".to_owned()), 401),
        (Some("Basic ZGFuYTp4".to_owned()), 401),
        (Some(bearer(&reads)), 403),
    ] {
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let answer = site.api_decide(&request, "k", &approve, &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        answer.problem();
        assert_eq!(answer.header(header::WWW_AUTHENTICATE) == "Bearer", status == 401);
    }
    let headers = [("authorization", bearer(&reads))];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let shown = site.send(Method::GET, &address(&request.0, request.1), &headers, String::new()).await.json();
    assert!(
        shown["refused"]["detail"].as_str().unwrap().contains("token-reads-only"),
        "the desk says it, too: {shown}"
    );
    // A token needs no proof, and its answer is the person's.
    let headers = bearer(&acts);
    let answer = site.api_decide(&request, "k", &approve, &[("authorization", &headers), OWN]).await;
    assert_eq!((answer.status, answer.json()["decision"]["person_id"].as_str()), (StatusCode::OK, Some("dana")));
    now.fetch_add(24 * 60 * 60 * 1_000, std::sync::atomic::Ordering::Relaxed);
    for (token, status) in [(&reads, 401), (&acts, 200)] {
        let value = bearer(token);
        let answer = site.send(Method::GET, "/api/approvals", &[("authorization", &value)], String::new()).await;
        assert_eq!(answer.status.as_u16(), status);
    }
    let other = NewUser { id: "other".into(), name: String::new(), email: None, groups: dana.groups.clone() };
    people.add(&Actor::Program, other, None).await.unwrap();
    people.disable(&Actor::Program, "dana").await.unwrap();
    let answer = site.send(Method::GET, "/api/approvals", &[("authorization", &headers)], String::new()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    site.close().await;
}

/// A signed-in browser sends its cookie whoever wrote the page: it acts with the proof of its session alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_acts_with_its_proof() {
    let mut site = Site::new("api-session").await;
    let request = site.ask("session").await;
    let people = Arc::new(People::new(Arc::clone(&site.desk.store), Clock::system(), Arc::new(Authority::shipped())));
    let new = NewUser { id: "dana".into(), name: "Dana".into(), email: None, groups: people::first().groups };
    people.add(&Actor::Program, new, Some("correct horse battery")).await.unwrap();
    let desks = Arc::new(Desks::of(Arc::clone(&site.desk.desk)));
    site.router = http::router_at(desks, Gate::SignIn(people), Place::ThisMachine);
    let page = site.page("/sign-in").await.text;
    let proof = page.split("name=\"proof\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("name=dana&password=correct%20horse%20battery&to=%2Fdefault&proof={proof}");
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"), OWN];
    assert_eq!(site.browse(Method::POST, "/sign-in", &headers, form).await.status, StatusCode::SEE_OTHER);
    let path = format!("{}/decision", address(&request.0, request.1));
    let approve = json!({"outcome": "approve"}).to_string();
    let proof = site.proof().await;
    for (more, status) in [
        (&[][..], 403),
        (&[OWN], 403),
        (&[OWN, ("countersign-proof", "11")], 403),
        (&[OWN, ("countersign-proof", &proof)], 200),
    ] {
        let headers: Vec<_> = [JSON, ("idempotency-key", "k")].into_iter().chain(more.iter().copied()).collect();
        let answer = site.browse(Method::POST, &path, &headers, approve.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{more:?}: {}", answer.text);
    }
    site.close().await;
}
