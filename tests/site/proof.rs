//! What acts comes from a page of the session, and says what came of it.

use crate::support::here;
use axum::http::{Method, StatusCode, header};
use countersign::routes;
use serde_json::Value;

use crate::support::Site;

const ACTING: [&str; 5] = ["/api/act-as", "/api/decide", "/api/deploy", "/api/start", "/api/stop"];

#[tokio::test(flavor = "multi_thread")]
async fn what_acts_needs_the_proof_of_its_session() {
    let site = Site::new("proof").await;
    let (arn, event) = site.ask("proof").await;
    let proof = site.proof().await;
    let other = Site::new("proof-of-another").await.proof().await;
    let decision = format!("connection=default&arn={}&event={event}&decision=approve&comment=", routes::encode(&arn));
    let form = ("content-type", "application/x-www-form-urlencoded");
    // What a workflow's HTTP task or function sends: a form, a persona's cookie, and no Origin.
    for (cookie, proof) in [
        ("countersign_person=omar", ""),
        ("countersign_person=omar", proof.as_str()),
        ("countersign_person=omar; countersign_session=00000000000000000000000000000000", &proof),
        ("countersign_session=short", &proof),
    ] {
        for body in [decision.clone(), format!("{decision}&proof={proof}")] {
            let headers = [form, ("cookie", cookie)];
            let answer = site.send(Method::POST, "/api/decide", &headers, body).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{cookie}");
            let told: Value = serde_json::from_str(&answer.text).unwrap();
            assert_eq!((&told["outcome"], &told["kind"]), (&"refused".into(), &"forbidden".into()));
        }
    }
    // The session is right, the proof is none, another process's, or the right one in the wrong place.
    for action in ACTING {
        for (path, body) in [
            (action.to_owned(), decision.clone()),
            (action.to_owned(), format!("{decision}&proof=")),
            (action.to_owned(), format!("{decision}&proof={other}")),
            (format!("{action}?proof={proof}"), decision.clone()),
        ] {
            let answer = site.browse(Method::POST, &path, &[form, ("accept", "text/html")], body).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            assert!(
                answer.text.contains("<h1>This form does not come from a page of this session and connection.</h1>")
            );
        }
        let answer = site.browse(Method::GET, &format!("{action}?{decision}&proof={proof}"), &[], String::new()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{action}");
    }
    assert_eq!(site.desk.inbox(None).await.unwrap().waiting.len(), 1, "nothing was decided");
    let headers = [form, ("accept", "text/html")];
    let proven = format!("{decision}&proof={proof}");
    assert_eq!(site.browse(Method::POST, "/api/decide", &headers, proven).await.status, StatusCode::FOUND);
    assert!(site.desk.inbox(None).await.unwrap().waiting.is_empty());
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_with_a_page_that_is_opened() {
    let site = Site::new("session").await;
    for path in ["/default", "/default/inbox", "/default/nowhere"] {
        let page = site.send(Method::GET, path, &[], String::new()).await;
        let cookie = page.header(header::SET_COOKIE);
        assert!(cookie.starts_with("countersign_session="), "{path}: {cookie:?}");
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
    }
    let fetched = [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
    let page = site.send(Method::GET, "/default", &fetched, String::new()).await;
    assert_eq!(page.header(header::SET_COOKIE), "", "a script that fetches a page gets no session");
    assert!(page.text.contains("name=\"proof\" value=\"\""), "and no proof");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_the_outcome_and_a_status_that_says_it() {
    let site = Site::new("outcomes").await;
    let (arn, event) = site.ask("told").await;
    let event = event.to_string();
    let page = here().approval(&arn, event.parse().unwrap());
    let decide =
        |decision: &'static str| [("arn", arn.as_str()), ("event", &event), ("decision", decision), ("comment", "")];
    let check = async |action: &str, fields: &[(&str, &str)], status: StatusCode, outcome: &str| {
        let answer = site.post(action, "application/json", fields).await;
        assert_eq!(answer.status, status, "{action} {fields:?}: {}", answer.text);
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
        let told: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(told["outcome"], outcome, "{told}");
        told
    };
    check("/api/decide", &decide("perhaps"), StatusCode::BAD_REQUEST, "refused").await;
    let done = check("/api/decide", &decide("approve"), StatusCode::OK, "done").await;
    assert_eq!(done["location"], page.as_str());
    check("/api/decide", &decide("reject"), StatusCode::CONFLICT, "late").await;
    check("/api/decide", &[("arn", "x")], StatusCode::BAD_REQUEST, "refused").await;
    check("/api/act-as", &[("person", "root"), ("from", "/")], StatusCode::BAD_REQUEST, "refused").await;
    check("/api/act-as", &[("person", "omar"), ("from", "/")], StatusCode::OK, "done").await;
    let start = |workflow: &'static str, input: &'static str| [("workflow", workflow), ("name", ""), ("input", input)];
    check("/api/start", &start("nobody", "{}"), StatusCode::NOT_FOUND, "refused").await;
    let refused = check("/api/start", &start("order", "{"), StatusCode::BAD_REQUEST, "refused").await;
    assert!(refused["what"].as_str().unwrap().contains("not JSON"), "{refused}");
    let nowhere = [("arn", "arn:aws:states:us-east-1:000000000000:execution:order:none"), ("cause", "")];
    let answer = site.post("/api/stop", "application/json", &nowhere).await;
    assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.text);
    assert_eq!(site.post("/api/nothing", "application/json", &[]).await.status, StatusCode::NOT_FOUND);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_says_nothing_in_the_dashboard_s_name() {
    let site = Site::new("address").await;
    let (arn, event) = site.ask("address").await;
    let request = here().approval(&arn, event);
    let text = "Call%20%2B1%20555%200100";
    for path in [
        format!("/default/workflows/order?problem={text}"),
        format!("/default/deploy?deployed={text}"),
        format!("{request}?late=approve&problem={text}"),
        format!("/default/inbox?__path=%2Fapi%2Fdecide&__err={text}"),
        format!("/default?__path=%2Fapi%2Fact-as&__err={text}"),
    ] {
        let page = site.page(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let shown = page.text.split("<main").nth(1).unwrap();
        assert!(!shown.contains("555 0100") && !shown.contains("faster") && !shown.contains("notice-good"), "{path}");
    }
    let linked = site.page("/default/workflows/order?input=%7B%22orderId%22%3A1%7D").await.text;
    assert!(linked.contains("This input came with a link"), "a prefilled input says where it comes from");
    assert!(!site.page("/default/workflows/order").await.text.contains("came with a link"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_in_words() {
    let site = Site::new("large").await;
    for (accept, kind) in
        [("text/html", "text/html"), ("application/json", "application/json"), ("", "application/json")]
    {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", accept)];
        let body = format!("workflow=order&name=&input={}", "x".repeat(2 * 1024 * 1024));
        for length in [true, false] {
            let size = body.len().to_string();
            let headers: Vec<_> =
                headers.into_iter().chain(length.then_some(("content-length", size.as_str()))).collect();
            let answer = site.browse(Method::POST, "/api/start", &headers, body.clone()).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{accept} {length}");
            assert!(answer.header(header::CONTENT_TYPE).starts_with(kind), "{accept}");
            assert!(answer.text.contains("larger than 1024 KB"), "{}", answer.text);
        }
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_keeps_the_browser_to_this_site_and_out_of_its_cache() {
    let site = Site::new("headers").await;
    let (arn, event) = site.ask("headers").await;
    let pages = [
        "/default",
        "/default/nowhere",
        "/default/workflows/nobody",
        "/default/a/b/c",
        &here().approval(&arn, event),
        &here().execution(&arn),
    ];
    for path in pages {
        let page = site.page(path).await;
        let policy = page.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'") && policy.contains("'nonce-"), "{path}: {policy:?}");
        assert_eq!(page.header(header::CACHE_CONTROL), "no-store", "{path}");
    }
    let answers = [
        site.post("/api/decide", "application/json", &[]).await,
        site.send(Method::POST, "/api/decide", &[("accept", "text/html")], String::new()).await,
        site.send(Method::POST, "/api/read", &[], String::new()).await,
        site.send(Method::GET, "/", &[("host", "evil.example"), ("accept", "text/html")], String::new()).await,
    ];
    for answer in answers {
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{}", answer.text);
        let shown = !answer.header(header::CONTENT_TYPE).contains("postcard");
        assert!(
            !shown || answer.header(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"),
            "{}",
            answer.text
        );
    }
    site.close().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_started_may_read_and_not_act() {
    use countersign_local::listener::{Limits, serve};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let site = Site::new("family").await;
    let (arn, event) = site.ask("family").await;
    let proof = site.proof().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let end = tokio_util::sync::CancellationToken::new();
    tokio::spawn(serve(listener, site.router.clone(), Limits::default(), end.clone()));
    // As a function does that has read a page, with its cookie and its proof: it is a process of this program.
    let exchange = async |head: &str, body: &str| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!(
            "{head} HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            site.jar(),
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let body = format!(
        "connection=default&arn={}&event={event}&decision=approve&comment=&proof={proof}",
        routes::encode(&arn)
    );
    let answer = exchange("POST /api/decide", &body).await;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("of the program itself"), "{answer}");
    assert!(exchange("GET /healthz", "").await.starts_with("HTTP/1.1 200 "));
    assert_eq!(site.desk.inbox(None).await.unwrap().waiting.len(), 1, "nothing was decided");
    end.cancel();
    site.close().await;
}
