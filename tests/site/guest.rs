//! Guests: a phone is let in with a code, for one request, and nothing else is there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::http::{Method, StatusCode, header};
use countersign::routes;
use countersign::server::guest::{CODE_MS, Guests, STAY_MS, phone};
use countersign::server::http::place::Place;
use countersign::server::http::{self, Extras, Gate};
use countersign_desk::store::Decision;
use countersign_desk::{Clock, Desks};

use crate::support::{Answer, Site, send};

const HOST: &str = "192.168.1.20:3030";
const ORIGIN: &str = "http://192.168.1.20:3030";
/// The addresses of the site, as `src/routes.rs` builds them.
const ADDRESSES: &str = include_str!("../../src/routes.txt");

/// A site with what its guests reach, and a clock that can be put forward.
struct Party {
    site: Site,
    guests: Arc<Guests>,
    phones: Router,
    forward: Arc<AtomicI64>,
}

/// The value of a hidden field.
fn field<'p>(page: &'p str, name: &str) -> &'p str {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no {name}: {page}"));
    rest.split('"').next().unwrap()
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", routes::encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The site over these desks, whose requests may be handed over.
fn handed_over(desks: Arc<Desks>, guests: &Arc<Guests>) -> Router {
    let extras = Extras { guests: Some(Arc::clone(guests)), ..Extras::default() };
    http::router_with(desks, Gate::Personas, Place::ThisMachine, extras)
}

impl Party {
    async fn new(test: &str) -> Self {
        Self::at(Site::new(test).await)
    }

    /// The same where `approval` has this line in its rule, and the folder of definitions.
    async fn ruled(test: &str, line: &str) -> (Self, PathBuf) {
        let folder = std::env::temp_dir().join(format!("countersign-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
        for file in std::fs::read_dir(&from).unwrap().flatten() {
            std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
        let head = "[workflows.approval.approvals.WaitForApproval]\n";
        let manifest = std::fs::read_to_string(folder.join("countersign.toml")).unwrap();
        assert!(manifest.contains(head), "{manifest}");
        std::fs::write(folder.join("countersign.toml"), manifest.replace(head, &format!("{head}{line}\n"))).unwrap();
        (Self::at(Site::of(test, &folder).await), folder)
    }

    fn at(mut site: Site) -> Self {
        let forward = Arc::new(AtomicI64::new(0));
        let by = Arc::clone(&forward);
        let clock = Clock::new(move || Clock::system().now() + by.load(Ordering::Relaxed));
        let desk = &site.desk.desk;
        let guests = Arc::new(Guests::new(desk.id().clone(), ORIGIN.to_owned(), clock));
        let place = Place::Address(HOST.parse().unwrap());
        let phones = phone::router(Arc::clone(desk), Arc::clone(&guests), place);
        let desks = Arc::new(Desks::of(Arc::clone(desk)));
        site.router = handed_over(desks, &guests);
        Self { site, guests, phones, forward }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        let headers = [("host", HOST), ("accept", "text/html"), ("cookie", cookie)];
        send(&self.phones, Method::GET, path, &headers, String::new()).await
    }

    async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            ("host", HOST),
            ("origin", ORIGIN),
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookie),
        ];
        send(&self.phones, Method::POST, path, &headers, form(fields)).await
    }

    /// Lets a phone in with a code of this request; its cookie.
    async fn let_in(&self, request: &(String, u64)) -> String {
        let code = self.guests.draw(Some(request.clone()));
        let opened = self.post("/", "", &[("code", code.reveal())]).await;
        assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
        assert_eq!(opened.header(header::LOCATION), routes::guest::request(&request.0, request.1));
        opened.header(header::SET_COOKIE).split(';').next().unwrap().to_owned()
    }

    /// Sends a decision about a request with the proof and the hash of a page.
    async fn decide(&self, request: &(String, u64), cookie: &str, page: &str, comment: &str) -> Answer {
        let event = request.1.to_string();
        let fields = [
            ("proof", field(page, "proof")),
            ("connection", "default"),
            ("arn", request.0.as_str()),
            ("event", &event),
            ("shown", field(page, "shown")),
            ("decision", "approve"),
            ("comment", comment),
        ];
        self.post(routes::guest::REQUEST, cookie, &fields).await
    }

    async fn decision(&self, request: &(String, u64)) -> Option<Decision> {
        self.site.desk.store.of_task(self.site.desk.id(), &request.0, request.1).await.unwrap()
    }

    async fn close(self) {
        self.site.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_opens_a_code_and_decides_its_request() {
    let party = Party::new("guest").await;
    let request =
        r#"{"title": "<script>alert(1)</script> \u202e", "amount": 1, "currency": "EUR", "requestedBy": "Purchasing"}"#;
    let request = party.site.ask_with("handed-over", request).await;
    let code = party.guests.draw(None);
    let link = party.guests.link(&code);
    let page = party.get(link.strip_prefix(ORIGIN).unwrap(), "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header(header::SET_COOKIE), "", "whatever previews the link is let in nowhere");
    assert_eq!(page.header(header::REFERRER_POLICY), "strict-origin");
    assert_eq!((field(&page.text, "code"), party.guests.code().is_some()), (code.reveal(), true), "nothing is used up");
    let opened = party.post("/", "", &[("code", code.reveal())]).await;
    let own = routes::guest::request(&request.0, request.1);
    assert_eq!((opened.status, opened.header(header::LOCATION)), (StatusCode::SEE_OTHER, own.as_str()));
    let cookie = opened.header(header::SET_COOKIE);
    assert!(cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let page = party.get(&own, cookie).await;
    for shown in ["Purchasing", "1.00 EUR", "If approved", "Asked", ">Approve<", ">Reject<", "name=\"comment\""] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    // Nothing runs in it, and nothing leads elsewhere.
    for absent in ["<script", "href=\"/default", "wasm", "\u{202e}"] {
        assert!(!page.text.contains(absent), "{absent}: {}", page.text);
    }
    assert_eq!(page.header(header::REFRESH), "", "it is not loaded again while somebody may be typing");
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("script"), "{policy}");
    let answer = party.decide(&request, cookie, &page.text, "<b>from the phone").await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, own.as_str()));
    let made = party.decision(&request).await.unwrap().decision;
    assert!(made.person_id.starts_with("guest:") && made.person_name == "Guest", "{made:?}");
    let page = party.get(&own, cookie).await.text;
    assert!(page.contains("It is on record.") && page.contains("&lt;b&gt;from the phone"), "{page}");
    assert!(!page.contains("name=\"decision\""), "there is nothing left to decide: {page}");
    // Without a script it says by itself that the answer arrived, and then it rests.
    for _ in 0..300 {
        let page = party.get(&own, cookie).await;
        let again = page.header(header::REFRESH).to_owned();
        if again.is_empty() {
            break;
        }
        assert!(again.parse::<u32>().is_ok_and(|seconds| (2..=10).contains(&seconds)), "{again}");
        party.site.desk.desk.look_again().await;
    }
    assert_eq!(party.get(&own, cookie).await.header(header::REFRESH), "");
    let audit = party.site.page("/default/audit").await.text;
    assert!(audit.contains("Guest"), "it is on record as a guest's");
    party.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_is_late_reads_what_came_first() {
    let party = Party::new("guest-late").await;
    let request = party.site.ask("late").await;
    let cookie = party.let_in(&request).await;
    let own = routes::guest::request(&request.0, request.1);
    let page = party.get(&own, &cookie).await.text;
    let dana = countersign_desk::people::first();
    party.site.desk.decide(&dana, &request.0, request.1, "reject", "no").await.unwrap();
    assert_eq!(party.decide(&request, &cookie, &page, "").await.status, StatusCode::SEE_OTHER);
    let told = party.get(&own, &cookie).await.text;
    assert!(told.contains("Your approval was not sent: Dana Whitfield rejected this request"), "{told}");
    assert_eq!(party.decision(&request).await.unwrap().decision.person_id, "dana");
    party.close().await;
}

/// What others chose so far is on the phone as it is on the dashboard: before the guest chooses, and afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_reads_what_others_chose_so_far() {
    let (party, folder) = Party::ruled("guest-quorum", "quorum = 3").await;
    let request = party.site.ask("quorum").await;
    let cookie = party.let_in(&request).await;
    let own = routes::guest::request(&request.0, request.1);
    let none = party.get(&own, &cookie).await.text;
    assert!(none.contains("0 of 3 people so far") && !none.contains("Fine"), "{none}");
    let dana = countersign_desk::people::first();
    party.site.desk.decide(&dana, &request.0, request.1, "approve", "Fine <b>by me").await.unwrap();
    let own_page = party.get(&own, &cookie).await.text;
    let dashboard = party.site.page(&crate::support::here().approval(&request.0, request.1)).await.text;
    for (shown, page) in [("the phone", &own_page), ("the dashboard", &dashboard)] {
        for words in ["1 of 3 people so far", "Fine &lt;b&gt;by me"] {
            assert!(page.contains(words), "{words} on {shown}: {page}");
        }
    }
    assert!(own_page.contains("name=\"decision\""), "it is the guest's turn: {own_page}");
    assert_eq!(party.decide(&request, &cookie, &own_page, "").await.status, StatusCode::SEE_OTHER);
    assert!(party.get(&own, &cookie).await.text.contains("2 of 3 people so far"));
    party.site.desk.stop(&crate::board::somebody(), &request.0, "").await.unwrap();
    let ended = party.get(&own, &cookie).await.text;
    for words in ["Dana Whitfield", "Fine &lt;b&gt;by me"] {
        assert!(ended.contains(words), "{words} once it has ended: {ended}");
    }
    party.close().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lets_one_phone_in_and_lasts_ten_minutes() {
    let party = Party::new("guest-code").await;
    let request = party.site.ask("once").await;
    let code = party.guests.draw(Some(request.clone()));
    let again = [("code", code.reveal())];
    let first = party.post("/", "", &again).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let second = party.post("/", "", &again).await;
    assert_eq!(second.status, StatusCode::NOT_FOUND);
    assert!(second.text.contains("opens nothing any more") && second.header(header::SET_COOKIE).is_empty());
    let shown = party.get(&routes::guest::open(code.reveal()), "").await;
    assert_eq!(shown.status, StatusCode::NOT_FOUND, "the page of a used code has no button");
    // The phone that has it finds its way back.
    let cookie = first.header(header::SET_COOKIE).split(';').next().unwrap();
    let own = routes::guest::request(&request.0, request.1);
    let back = party.get(&routes::guest::open(code.reveal()), cookie).await.text;
    assert!(back.contains(&format!("href=\"{own}\"")), "{back}");
    // Lapsed, for whoever looks and for whoever opens.
    let code = party.guests.draw(Some(request.clone()));
    party.forward.fetch_add(CODE_MS, Ordering::Relaxed);
    assert_eq!(party.get(&routes::guest::open(code.reveal()), "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(party.post("/", "", &[("code", code.reveal())]).await.status, StatusCode::NOT_FOUND);
    // And so has the phone's time, which is no longer than a code's.
    assert_eq!(CODE_MS, STAY_MS);
    assert_eq!(party.get(&own, cookie).await.status, StatusCode::FORBIDDEN);
    // What waits no more is not opened, and the code is not used up.
    party.site.desk.stop(&crate::board::somebody(), &request.0, "").await.unwrap();
    let code = party.guests.draw(None);
    let nothing = party.post("/", "", &[("code", code.reveal())]).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT, "{}", nothing.text);
    assert!(party.guests.code().is_some());
    party.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_asks_for_another_approval_is_refused() {
    let party = Party::new("guest-other").await;
    let (own, other) = (party.site.ask("own").await, party.site.ask("other").await);
    let cookie = party.let_in(&own).await;
    let page = party.get(&routes::guest::request(&own.0, own.1), &cookie).await.text;
    for (arn, event) in [(&other.0, other.1), (&own.0, own.1 + 1), (&own.0, 0)] {
        let refused = party.get(&routes::guest::request(arn, event), &cookie).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{arn} {event}");
        assert!(refused.text.contains("the one request that was handed over"), "{}", refused.text);
        assert!(!refused.text.contains("A test"), "{}", refused.text);
    }
    // Nor with the proof of one's own page.
    let refused = party.decide(&other, &cookie, &page, "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    assert!(party.decision(&other).await.is_none());
    // Without a phone's cookie, or with an invented one, not even one's own.
    for cookie in
        ["", "countersign_guest=", &format!("countersign_guest={}", "0".repeat(64)), "countersign_person=dana"]
    {
        let answer = party.get(&routes::guest::request(&own.0, own.1), cookie).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{cookie}");
    }
    party.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_comes_from_a_page_of_the_same_phone() {
    let party = Party::new("guest-proof").await;
    let (one, other) = (party.site.ask("one").await, party.site.ask("other").await);
    let (first, second) = (party.let_in(&one).await, party.let_in(&other).await);
    let page = party.get(&routes::guest::request(&one.0, one.1), &first).await.text;
    let of_other = party.get(&routes::guest::request(&other.0, other.1), &second).await.text;
    assert_eq!(party.decide(&one, &first, &of_other, "").await.status, StatusCode::FORBIDDEN, "another phone's proof");
    let without = page.replace(field(&page, "proof"), "");
    assert_eq!(party.decide(&one, &first, &without, "").await.status, StatusCode::FORBIDDEN);
    // What was not shown is not decided; the page says so.
    let changed = page.replace(field(&page, "shown"), "0123");
    assert_eq!(party.decide(&one, &first, &changed, "typed <b>").await.status, StatusCode::SEE_OTHER);
    let told = party.get(&routes::guest::request(&one.0, one.1), &first).await.text;
    assert!(told.contains("has changed since") && told.contains("typed &lt;b&gt;</textarea>"), "{told}");
    assert!(party.decision(&one).await.is_none() && party.decision(&other).await.is_none());
    assert_eq!(party.decide(&one, &first, &page, "").await.status, StatusCode::SEE_OTHER);
    assert!(party.decision(&one).await.is_some());
    party.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_dashboard_is_there_for_a_phone() {
    let party = Party::new("guest-routes").await;
    let request = party.site.ask("routes").await;
    let cookie = party.let_in(&request).await;
    assert_eq!(phone::paths(), ["/", "/request", "/request/{arn}/{event}"]);
    let dashboard = http::paths().into_iter().chain(ADDRESSES.lines().map(|line| line.replace("/prod", "/default")));
    let files = ["/pkg/countersign.js", "/pkg/countersign_bg.wasm", "/live.js", "/theme.js", "/manifest.webmanifest"];
    let mut tried = 0;
    for path in dashboard.chain(files.map(str::to_owned)) {
        let path = path.replace(['{', '}', '*'], "");
        let path = path.split('#').next().unwrap();
        if path.split('?').next() == Some("/") {
            continue;
        }
        tried += 1;
        assert_eq!(party.get(path, &cookie).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(party.post(path, &cookie, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(tried > 60, "{tried}");
    // The root is the page of a code, and without one there is nothing.
    assert_eq!(party.get("/", &cookie).await.status, StatusCode::NOT_FOUND);
    party.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_comes_under_the_one_address_and_from_its_own_pages() {
    let party = Party::new("guest-host").await;
    let request = party.site.ask("host").await;
    let own = routes::guest::request(&request.0, request.1);
    let cookie = party.let_in(&request).await;
    let get = async |host: &str| {
        let headers = [("host", host), ("cookie", cookie.as_str())];
        send(&party.phones, Method::GET, &own, &headers, String::new()).await.status
    };
    for host in [
        "evil.example",
        "192.168.1.20",
        "192.168.1.20:3000",
        "127.0.0.1:3030",
        "localhost:3030",
        "192.168.1.20.evil.example:3030",
    ] {
        assert_eq!(get(host).await, StatusCode::FORBIDDEN, "{host}");
    }
    assert_eq!(get(HOST).await, StatusCode::OK);
    let code = party.guests.draw(Some(request.clone()));
    let body = form(&[("code", code.reveal())]);
    let open = async |more: (&str, &str)| {
        let headers = [("host", HOST), ("content-type", "application/x-www-form-urlencoded"), more];
        send(&party.phones, Method::POST, "/", &headers, body.clone()).await.status
    };
    for foreign in [
        ("origin", "http://evil.example"),
        ("origin", "http://127.0.0.1:3000"),
        ("origin", "https://192.168.1.20:3030"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(open(foreign).await, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    assert!(party.guests.code().is_some(), "none of them used it up");
    assert_eq!(open(("origin", ORIGIN)).await, StatusCode::SEE_OTHER);
    party.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_makes_codes_for_those_who_may_decide() {
    let party = Party::new("guest-board").await;
    let (one, other) = (party.site.ask("one").await, party.site.ask("other").await);
    let site = &party.site;
    // The banner and the page of a request lead to it, and opening it makes no code.
    assert!(site.page("/default").await.text.contains("href=\"/default/guest\""));
    let here = routes::of("default");
    let to = here.guest(Some((&other.0, other.1)));
    let linked = site.page(&here.approval(&other.0, other.1)).await.text;
    assert!(linked.contains(&to.replace('&', "&amp;")), "{linked}");
    let page = site.page(&to).await;
    assert!(page.status == StatusCode::OK && page.text.contains("No code is open now"), "{}", page.text);
    let wanted = format!("value=\"{} {}\" selected", other.0, other.1);
    assert!(page.text.contains(&wanted) && !page.text.contains("<svg"), "{}", page.text);
    assert!(party.guests.code().is_none());
    let make = async |proof: &str, request: &str| {
        let body = form(&[("proof", proof), ("request", request)]);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("origin", "http://127.0.0.1:3000"),
        ];
        site.browse(Method::POST, "/default/guest", &headers, body).await
    };
    let named = format!("{} {}", other.0, other.1);
    assert_eq!(make("", &named).await.status, StatusCode::FORBIDDEN);
    let proof = field(&page.text, "proof").to_owned();
    assert!(make(&proof, "nonsense").await.status.is_client_error());
    assert!(party.guests.code().is_none());
    let made = make(&proof, &named).await;
    assert_eq!((made.status, made.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/default/guest"));
    let code = party.guests.code().unwrap();
    assert_eq!(code.request.as_ref(), Some(&other));
    let page = site.page("/default/guest").await;
    let link = party.guests.link(&code);
    assert!(page.text.contains(&format!("aria-label=\"QR code of {link}\"")), "{}", page.text);
    assert!(
        page.text.contains(&format!("<code class=\"secret\">{link}<")) && page.text.contains("9 m 5"),
        "{}",
        page.text
    );
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
    assert!(!page.text.contains("style=") && !page.text.contains("wasm"), "{}", page.text);
    // Once a phone has it, it is shown no more.
    let cookie = party.post("/", "", &[("code", code.reveal())]).await.header(header::SET_COOKIE).to_owned();
    let page = site.page("/default/guest").await.text;
    assert!(!page.contains(code.reveal()) && page.contains("A phone opened"), "{page}");
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(party.get(&routes::guest::request(&other.0, other.1), cookie).await.status, StatusCode::OK);
    assert_eq!(party.get(&routes::guest::request(&one.0, one.1), cookie).await.status, StatusCode::FORBIDDEN);
    party.close().await;
}

/// Who may not decide a request does not hand it over, and does not see the code of whoever did.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_decide_hands_nothing_over() {
    let mut party = Party::new("guest-viewer").await;
    let request = party.site.ask("viewed").await;
    let dana_alone = r#"@id("any-approver") permit (principal == Person::"dana", action == Action::"decide", resource is Request)
        when { resource.approvers.anybody };"#;
    let board = party.site.desk.ruled(Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine"), dana_alone);
    board.run(&party.site.end);
    board.desk.first_look().await;
    let desks = Arc::new(Desks::of(Arc::clone(&board.desk)));
    party.site.router = handed_over(desks, &party.guests);
    party.site.desk = board;
    let code = party.guests.draw(Some(request.clone()));
    let oldest = async |person: &str| {
        party.site.becomes(person);
        party.site.page("/default/guest").await
    };
    assert!(oldest("dana").await.text.contains(code.reveal()));
    let page = oldest("omar").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        !page.text.contains(code.reveal()) && page.text.contains("Nothing waits that you could hand over"),
        "{}",
        page.text
    );
    let proof = page.text.contains("name=\"proof\"");
    assert!(!proof, "there is no form: {}", page.text);
    party.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_flag_no_guests_come() {
    let site = Site::new("guest-none").await;
    let page = site.page("/default/guest").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains("No guests come here.") && page.text.contains("--guest"), "{}", page.text);
    assert!(!site.page("/default").await.text.contains("/default/guest"), "nothing leads there");
    let request = site.ask("one").await;
    let page = site.page(&routes::of("default").approval(&request.0, request.1)).await.text;
    assert!(!page.contains("Hand over the phone"));
    site.close().await;
}
