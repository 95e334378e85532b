//! A site below a path, as the real program behind a proxy: every address that its pages have is below it, and leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use countersign::routes;
use scraper::{Html, Selector};

use crate::program::folder;

const HOST: &str = "tools.example";
const BASE: &str = "/tools/approvals";
const PASSWORD: &str = "a long word that nobody guesses";

/// The program, which ends however the test ends.
struct Running {
    process: Child,
    address: String,
    cookies: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn location(&self) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix("location: "));
        line.unwrap_or_else(|| panic!("no location: {}\n{}", self.head, self.body))
    }

    fn field(&self, name: &str) -> String {
        let field = Selector::parse(&format!("input[name={name}]")).unwrap();
        let page = Html::parse_document(&self.body);
        let value = page.select(&field).next().and_then(|field| field.attr("value").map(str::to_owned));
        value.unwrap_or_else(|| panic!("no field {name}: {}", self.body))
    }
}

impl Running {
    /// Passes a request on, as a proxy does that leaves the path as it is. Cookies are kept.
    fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> = fields.iter().map(|(name, text)| format!("{name}={}", routes::encode(text))).collect();
        let (body, cookies) = (body.join("&"), self.cookies.join("; "));
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {HOST}\r\norigin: https://{HOST}\r\ncookie: {cookies}\r\naccept: text/html\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let cookie = cookie.split(';').next().unwrap().to_owned();
            let name = cookie.split('=').next().unwrap().to_owned();
            self.cookies.retain(|one| !one.starts_with(&format!("{name}=")));
            self.cookies.push(cookie);
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }
}

/// The addresses on this host that a page has.
fn addresses(page: &str) -> BTreeSet<String> {
    let page = Html::parse_document(page);
    let mut found = BTreeSet::new();
    for name in ["href", "src", "action", "formaction", "data-href"] {
        let selector = Selector::parse(&format!("[{name}]")).unwrap();
        let all = page.select(&selector).filter_map(|one| one.attr(name));
        found.extend(all.filter(|address| address.starts_with('/')).map(str::to_owned));
    }
    found
}

#[test]
fn a_site_below_a_path_leads_nowhere_else() {
    let folder = folder("base");
    let engine = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut process = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["serve", "--sign-in", "--listen", "127.0.0.1:0", "--engine-listen", &engine])
        .args(["--public-url", &format!("https://{HOST}{BASE}/"), "--data"])
        .arg(folder.join("data"))
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(fs::File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut site = Running { process, address: String::new(), cookies: Vec::new() };
    let mut printed = String::new();
    while !printed.contains("?code=") {
        let read = output.read_line(&mut printed).unwrap();
        assert!(read > 0, "{printed}{}", fs::read_to_string(folder.join("log")).unwrap());
    }
    site.address = listening(&printed);
    let origin = format!("https://{HOST}");
    let link = printed.lines().find(|line| line.contains("?code=")).unwrap().trim().strip_prefix(&origin).unwrap();
    assert!(link.starts_with(&format!("{BASE}/welcome?code=")), "{link}");

    // Whoever runs it asks without the path, and the root of the host leads there.
    assert_eq!(site.get("/healthz").status, 200);
    assert_eq!(site.get("/").location(), format!("{BASE}/"));
    for elsewhere in ["/default", "/tools", "/tools/approvalsX", "/sign-in", "/pkg/countersign.css"] {
        assert_eq!(site.get(elsewhere).status, 404, "{elsewhere}");
    }

    // The first administrator is made and signs in.
    let wanted = format!("{BASE}/default/inbox?part=mine");
    let turned_away = site.get(&wanted);
    let sign_in = turned_away.location().to_owned();
    assert_eq!(sign_in, format!("{BASE}/sign-in?to={}", routes::encode(&wanted)));
    let welcome = site.get(link);
    let (proof, code) = (welcome.field("proof"), welcome.field("code"));
    let fields = [
        ("proof", proof.as_str()),
        ("act", "accept"),
        ("code", &code),
        ("name", "ada"),
        ("whole", "Ada"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let accepted = site.ask("POST", &format!("{BASE}/welcome"), &fields);
    assert_eq!((accepted.status, accepted.location()), (303, &*format!("{BASE}/sign-in")), "{}", accepted.body);
    let page = site.get(&sign_in);
    let (proof, to) = (page.field("proof"), page.field("to"));
    let fields = [("proof", proof.as_str()), ("act", "sign-in"), ("to", &to), ("name", "ada"), ("password", PASSWORD)];
    let signed_in = site.ask("POST", &format!("{BASE}/sign-in"), &fields);
    assert_eq!(signed_in.location(), wanted);
    // No other page of the host is a page of this site.
    for other in ["/other", "//evil.example", "/tools/approvalsX"] {
        assert_eq!(site.get(&format!("{BASE}/sign-in?to={}", routes::encode(other))).location(), format!("{BASE}/"));
    }

    // What the pages lead to is below the path, and there.
    let pages =
        ["", "/default", "/default/workflows", "/default/workflows/order", "/default/executions", "/default/inbox"];
    let more =
        ["/default/deploy", "/default/audit", "/default/connection", "/default/search?q=order", "/account", "/users"];
    let mut found = BTreeSet::new();
    for page in pages.iter().chain(&more) {
        let mut address = format!("{BASE}{page}");
        let mut answer = site.get(&address);
        while answer.status / 100 == 3 {
            address = answer.location().to_owned();
            assert!(address.starts_with(BASE), "{page} leads to {address}");
            answer = site.get(&address);
        }
        assert_eq!(answer.status, 200, "{address}: {}", answer.body);
        assert!(!answer.body.contains("'/pkg/"), "the page's module is below the path, too");
        let here = addresses(&answer.body);
        assert!(here.len() > 5, "{address}: {here:?}");
        found.extend(here);
    }
    for address in &found {
        assert!(address.starts_with(&format!("{BASE}/")), "{address}");
        if address.contains("/api/") || address.contains("/sign-out") {
            continue;
        }
        let status = site.get(address).status;
        assert!(status < 400, "{address}: {status}");
    }
    assert!(found.len() > 40, "{found:?}");
    drop(site);
    fs::remove_dir_all(folder).unwrap();
}

/// Where the program listens: what it prints beside its public URL.
fn listening(printed: &str) -> String {
    let line = printed.lines().find(|line| line.contains("127.0.0.1:")).unwrap_or_else(|| panic!("{printed}"));
    let rest = line.split_once("127.0.0.1:").unwrap().1;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    format!("127.0.0.1:{port}")
}
