//! The matrix: every route and every server function by every role. A route or a function without a rule fails the test.

mod seeing;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use countersign::routes;
use countersign::server::http::{self, api::RequestId};
use countersign_desk::Desks;
use countersign_desk::policy::{DEFAULT, ROLES};
use tower::ServiceExt as _;

use crate::support::{Answer, Site, here};

/// The person whose role is tried. Dana may do everything besides.
const SOMEBODY: &str = "omar";
/// The addresses of the site, as `src/routes.rs` builds them.
const ADDRESSES: &str = include_str!("../../src/routes.txt");

/// The shapes of routes to which nothing leads, each with its reason: half of a request's address shows the inbox.
const LED_TO_BY_NOTHING: [&str; 1] = ["/{}/inbox/{}"];

/// What an address needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Nothing: it shows nothing of a connection.
    Open,
    /// Any role.
    Sees,
    /// It is the live stream, which any role may open.
    Stream,
    /// It is of the API, and shows what any role may see.
    Api,
    /// The API's decision, which the roles that may decide may call.
    Decides,
    /// It is of the API, and lists proposals; who may deploy may propose. Here no deployment needs an approval.
    Proposes,
    /// It is of the API, and there is no such proposal: whoever sees nothing does not learn that.
    NoProposal,
    /// The same for a vote. Who may vote, the desk's own tests say.
    Votes,
    /// It is no address by itself: the functions below it have rules of their own.
    Functions,
    /// It is about who signs in, which `sign_in.rs` tries.
    SignsIn,
}

/// The rule of an address without its query, or of a route.
fn rule(path: &str) -> Option<Rule> {
    let mut segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments[0].starts_with('{') {
        segments[0] = "default";
    }
    Some(match segments[..] {
        [""] | ["healthz"] => Rule::Open,
        ["live"] => Rule::Stream,
        ["api", "openapi.json"] => Rule::Open,
        ["api", "approvals" | "executions"] | ["api", "approvals", _] => Rule::Api,
        ["api", "approvals", _, "decision"] => Rule::Decides,
        ["api", "deployments", "proposals"] => Rule::Proposes,
        ["api", "deployments", "proposals", _] => Rule::NoProposal,
        ["api", "deployments", "proposals", _, "vote"] => Rule::Votes,
        // Whoever sends there shows a signature of SNS, which `hooks.rs` tries.
        ["hooks", "sns"] => Rule::Open,
        ["api", _] => Rule::Functions,
        ["sign-in" | "sign-out" | "account" | "users" | "welcome"] => Rule::SignsIn,
        // The way to a provider and back, which `oidc.rs` goes.
        ["sign-in", "with" | "back"] => Rule::SignsIn,
        ["default"] => Rule::Sees,
        ["default", "workflows" | "executions" | "inbox" | "deploy" | "audit" | "connection" | "search"] => Rule::Sees,
        ["default", "workflows" | "executions" | "bulk", _] | ["default", "inbox", _] | ["default", "inbox", _, _] => {
            Rule::Sees
        }
        ["default", "inbox", _, _, "hands"] => Rule::Sees,
        // Without guests it says that there are none; what it shows of a code, and to whom, `guest.rs` tries.
        ["default", "guest"] => Rule::Sees,
        ["default", "executions", _, "history.json" | "value"] | ["default", "audit", "record", _] => Rule::Sees,
        _ => return None,
    })
}

/// Who may call a function, and the fields of its form.
struct Function {
    path: &'static str,
    roles: &'static [&'static str],
    fields: fn(&Things) -> Vec<(&'static str, String)>,
}

/// What the forms are about.
struct Things {
    arn: String,
    event: u64,
    bulk: String,
}

const ANYBODY: [&str; 6] = ["nobody", "viewers", "approvers", "operators", "deployers", "administrators"];

/// Every server function but `read`, whose questions are those of the pages.
const FUNCTIONS: [Function; 18] = [
    Function {
        path: "/api/act-as",
        roles: &ANYBODY,
        fields: |_| vec![("person", SOMEBODY.to_owned()), ("from", "/".to_owned())],
    },
    Function {
        path: "/api/start",
        roles: &["operators", "deployers", "administrators"],
        fields: |_| vec![("workflow", "approval".to_owned()), ("name", String::new()), ("input", "{}".to_owned())],
    },
    Function { path: "/api/sample", roles: &ROLES, fields: |_| vec![("workflow", "approval".to_owned())] },
    // Who may do what of it, the desk's own tests say; deciding past the rule is for administrators.
    Function {
        path: "/api/hand",
        roles: &["administrators"],
        fields: |things| {
            let act = [("act", "reassign".to_owned()), ("to", "warehouse".to_owned()), ("reason", "away".to_owned())];
            [("arn", things.arn.clone()), ("event", things.event.to_string())].into_iter().chain(act).collect()
        },
    },
    Function {
        path: "/api/prepare_decisions",
        roles: &["approvers"],
        fields: |things| {
            vec![("decision", "approve".to_owned()), ("picked[]", format!("{} {}", things.event, things.arn))]
        },
    },
    Function {
        path: "/api/decide",
        roles: &["approvers"],
        fields: |things| {
            let choice = [("decision", "approve".to_owned()), ("comment", String::new())];
            [("arn", things.arn.clone()), ("event", things.event.to_string())].into_iter().chain(choice).collect()
        },
    },
    Function {
        path: "/api/redrive",
        roles: &["operators", "administrators"],
        fields: |things| vec![("arn", things.arn.clone()), ("redrives", "0".to_owned())],
    },
    Function {
        path: "/api/deploy",
        roles: &["deployers", "administrators"],
        fields: |_| vec![("name", "approval".to_owned()), ("seen", String::new())],
    },
    Function {
        path: "/api/propose",
        roles: &["deployers", "administrators"],
        fields: |_| vec![("name", "approval".to_owned()), ("seen", String::new())],
    },
    // Who may vote, the desk's own tests say; there is no such proposal.
    Function {
        path: "/api/vote",
        roles: &ROLES,
        fields: |_| {
            let fields = [("id", "dep_none"), ("seen", ""), ("vote", "approve"), ("comment", "")];
            fields.map(|(name, value)| (name, value.to_owned())).to_vec()
        },
    },
    Function { path: "/api/withdraw", roles: &ROLES, fields: |_| vec![("id", "dep_none".to_owned())] },
    Function {
        path: "/api/roll_back",
        roles: &["deployers", "administrators"],
        fields: |_| vec![("workflow", "approval".to_owned()), ("alias", String::new())],
    },
    Function {
        path: "/api/finish_rollout",
        roles: &["deployers", "administrators"],
        fields: |_| vec![("workflow", "approval".to_owned()), ("alias", "live".to_owned())],
    },
    Function {
        path: "/api/prepare_bulk",
        roles: &["operators", "administrators"],
        fields: |things| vec![("verb", "stop".to_owned()), ("arns[]", things.arn.clone())],
    },
    Function {
        path: "/api/run_bulk",
        roles: &["operators", "administrators"],
        fields: |things| vec![("id", things.bulk.clone()), ("seen", "another".to_owned())],
    },
    Function { path: "/api/save_view", roles: &ROLES, fields: |_| vec![("name", "Mine".to_owned())] },
    Function { path: "/api/remove_view", roles: &ROLES, fields: |_| vec![("id", "1".to_owned())] },
    Function {
        path: "/api/stop",
        roles: &["operators", "administrators"],
        fields: |things| vec![("arn", things.arn.clone()), ("cause", String::new())],
    },
];

/// The policies of the program, in which one person alone has a role, and Dana may do everything.
fn policies(role: &str) -> String {
    let mut text = DEFAULT.to_owned();
    for one in ROLES {
        let holder = if one == role { format!("Person::\"{SOMEBODY}\"") } else { "Person::\"no-one\"".to_owned() };
        text = text.replace(&format!("Group::\"{one}\""), &holder);
    }
    text + "@id(\"dana\") permit (principal == Person::\"dana\", action, resource);"
}

/// Gives the site's router the policies of a role.
async fn with_role(site: &mut Site, role: &str) {
    let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
    let board = site.desk.ruled(definitions, &policies(role));
    board.run(&site.end);
    board.desk.first_look().await;
    site.router = http::router(Arc::new(Desks::of(Arc::clone(&board.desk))));
    site.desk = board;
}

/// Posts a form as the one whose role is tried, with a proof that Dana's page had: it is one session.
async fn post(site: &Site, path: &str, fields: &[(&str, String)]) -> Answer {
    site.becomes("dana");
    let proof = site.proof().await;
    site.becomes(SOMEBODY);
    let more = [("connection", "default".to_owned()), ("proof", proof)];
    let pairs =
        fields.iter().chain(&more).map(|(name, value)| format!("{}={}", routes::encode(name), routes::encode(value)));
    let body = pairs.collect::<Vec<_>>().join("&");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "application/json"),
        ("origin", "http://127.0.0.1:3000"),
    ];
    site.browse(Method::POST, path, &headers, body).await
}

async fn things(site: &Site, name: &str) -> Things {
    site.becomes("dana");
    let (arn, event) = site.ask(name).await;
    let fields = [("verb", "stop".to_owned()), ("arns[]", arn.clone())];
    site.becomes("dana");
    let made = site
        .post(
            "/api/prepare_bulk",
            "application/json",
            &fields.iter().map(|(a, b)| (*a, b.as_str())).collect::<Vec<_>>(),
        )
        .await;
    let made: serde_json::Value = serde_json::from_str(&made.text).unwrap();
    let bulk = made["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    Things { arn, event, bulk }
}

/// The addresses of the site, about what there is.
fn addresses(things: &Things) -> Vec<String> {
    let arn = "arn:aws:states:eu-central-1:000000000000:execution:order:a1";
    let request = RequestId { arn: things.arn.clone(), event: things.event };
    let of_api = http::api::PATHS.map(|path| path.replace("{id}", &request.to_string()));
    let real = |line: &str| {
        line.replace(&format!("{arn}/17"), &format!("{}/{}", things.arn, things.event))
            .replace(arn, &things.arn)
            .replace("/prod", "/default")
            .replace("event.17.input", "input")
            .replace("bulk-0a1b2c3d4e5f", &things.bulk)
    };
    ADDRESSES.lines().map(real).chain(of_api).collect()
}

/// Whether the list of addresses has one that goes by a route.
fn is_listed(route: &str) -> bool {
    let route: Vec<&str> = route.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
    let goes_by_it = |address: &str| {
        let path: Vec<&str> = address.split(['?', '#']).next().unwrap_or_default().split('/').collect();
        let fits = |(of, part): (&&str, &&str)| of == part || *of == "{}" && !part.is_empty();
        path.len() == route.len() && route.iter().zip(&path).all(fits)
    };
    LED_TO_BY_NOTHING.contains(&route.join("/").as_str()) || ADDRESSES.lines().any(goes_by_it)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_and_function_has_a_rule_for_every_role() {
    let mut site = Site::new("roles").await;
    assert!(!is_listed("/hooks/other") && !is_listed("/{connection}/executions/{arn}/other"), "what is not there");
    for path in http::paths() {
        let is_of_api = http::api::PATHS.contains(&path.as_str());
        let is_function = path.starts_with(routes::API) && !is_of_api;
        assert!(
            is_of_api || is_function || is_listed(&path),
            "{path} is not in src/routes.txt: no role is tried there"
        );
        let has_rule = path == "/api/read" || FUNCTIONS.iter().any(|function| function.path == path);
        assert!(!is_function || has_rule, "{path} has no rule: say in tests/site/roles.rs which roles may call it");
        assert!(rule(&path).is_some(), "{path} has no rule: say in tests/site/roles.rs who may open it");
    }
    for role in ANYBODY {
        with_role(&mut site, role).await;
        let things = things(&site, &format!("of-{role}")).await;
        for address in addresses(&things) {
            let path = address.split(['?', '#']).next().unwrap();
            let rule = rule(path);
            let rule = rule.unwrap_or_else(|| panic!("{path} has no rule: say in tests/site/roles.rs who may open it"));
            check_address(&site, role, rule, address.split('#').next().unwrap()).await;
        }
        for function in &FUNCTIONS {
            let answer = post(&site, function.path, &(function.fields)(&things)).await;
            let is_refused = answer.status == StatusCode::FORBIDDEN;
            let may = function.roles.contains(&role);
            assert_eq!(!is_refused, may, "{role} at {}: {} {}", function.path, answer.status, answer.text);
        }
    }
    site.close().await;
}

async fn check_address(site: &Site, role: &str, rule: Rule, address: &str) {
    site.becomes(SOMEBODY);
    let seen = role != "nobody";
    match rule {
        Rule::Functions | Rule::SignsIn => {}
        Rule::Open => {
            let status = site.page(address).await.status;
            assert_ne!(status, StatusCode::FORBIDDEN, "{role} at {address}");
        }
        Rule::Api => {
            let answer = site.browse(Method::GET, address, &[], String::new()).await;
            let expected = if seen { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{role} at {address}: {}", answer.text);
            assert!(seen || !answer.text.contains("A test"), "{role} at {address} reads a request");
        }
        Rule::Decides => {
            let headers = [("content-type", "application/json"), ("idempotency-key", role)];
            let body = r#"{"outcome":"approve","comment":""}"#.to_owned();
            let answer = site.browse(Method::POST, address, &headers, body).await;
            let expected = if role == "approvers" { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{role} at {address}: {}", answer.text);
        }
        Rule::Proposes => {
            let answer = site.browse(Method::GET, address, &[], String::new()).await;
            let expected = if seen { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{role} at {address}: {}", answer.text);
            let key = format!("propose-{role}");
            let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
            let answer = site.browse(Method::POST, address, &headers, r#"{"shown":"another"}"#.to_owned()).await;
            let may = ["deployers", "administrators"].contains(&role);
            let expected = if may { StatusCode::BAD_REQUEST } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{role} at {address}: {}", answer.text);
        }
        Rule::NoProposal | Rule::Votes => {
            let key = format!("vote-{role}");
            let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
            let answer = if rule == Rule::Votes {
                let body = r#"{"vote":"approve","shown":"another"}"#.to_owned();
                site.browse(Method::POST, address, &headers, body).await
            } else {
                site.browse(Method::GET, address, &[], String::new()).await
            };
            let expected = if seen { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{role} at {address}: {}", answer.text);
        }
        Rule::Sees => {
            let answer = site.page(address).await;
            assert_eq!(answer.status != StatusCode::FORBIDDEN, seen, "{role} at {address}: {}", answer.status);
            assert!(seen || !answer.text.contains("A test"), "{role} at {address} reads a request");
            assert!(seen || !answer.text.contains("frame-problem"), "{role} at {address} is refused twice");
        }
        Rule::Stream => {
            let jar = site.jar();
            let request = Request::get(address).header("host", "127.0.0.1:3000").header("cookie", jar);
            let answer = site.router.clone().oneshot(request.body(Body::empty()).unwrap());
            let status = tokio::time::timeout(Duration::from_secs(5), answer).await.unwrap().unwrap().status();
            assert_eq!(status == StatusCode::OK, seen, "{role} at {address}: {status}");
            if !seen {
                let accept = [("accept", "text/event-stream")];
                let answer = site.browse(Method::GET, address, &accept, String::new()).await;
                assert!(answer.text.starts_with("event: refused\n"), "a page is told once: {}", answer.text);
            }
        }
    }
}

/// Controls say beforehand what a role may not do, and why.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_role_may_not_do_is_disabled_with_the_reason() {
    let mut site = Site::new("disabled").await;
    for (role, start, stop, decide, deploy) in [
        ("viewers", false, false, false, false),
        ("approvers", false, false, true, false),
        ("operators", true, true, false, false),
        ("deployers", true, false, false, true),
        ("administrators", true, true, false, true),
    ] {
        with_role(&mut site, role).await;
        let things = things(&site, &format!("disabled-{role}")).await;
        site.becomes(SOMEBODY);
        let text = site.page(&here().execution(&things.arn)).await.text;
        assert_eq!(text.contains("Stop the execution"), stop, "{role}");
        assert_eq!(text.contains("You may not"), !(start && stop && decide), "{role}");
        let text = site.page(&here().workflow("approval")).await.text;
        assert_eq!(
            !text.contains("You may not start executions of approval: no policy permits it."),
            start,
            "{role}: {text}"
        );
        let text = site.page(&here().approval(&things.arn, things.event)).await.text;
        assert_eq!(!text.contains("You may not decide this request of approval"), decide, "{role}");
        let text = site.page(&here().deploy()).await.text;
        assert_eq!(!text.contains("You may not deploy"), deploy, "{role}");
    }
    site.close().await;
}
