//! Messages of the site: what reaches a channel, and that its link decides nothing.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::routing::post;
use countersign::server::messages;
use countersign_desk::Clock;
use countersign_desk::notify::Notices;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::Site;

type Got = Arc<Mutex<Vec<Value>>>;

/// A webhook that keeps what it gets; returns its URL.
async fn webhook() -> (String, Got) {
    let got = Got::default();
    let take = |State(got): State<Got>, body: Bytes| async move {
        got.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    };
    let router = Router::new().route("/", post(take)).with_state(Arc::clone(&got));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, got)
}

fn folder(test: &str, text: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("countersign-site-messages-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("countersign.toml"), text).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_told_once_and_the_link_decides_nothing() {
    let mut site = Site::new("messages").await;
    let (url, got) = webhook().await;
    let folder = folder("told", &format!("[messages.chat]\nkind = \"webhook\"\nurl = \"{url}\"\n"));
    let one = messages::config::configured(&folder).unwrap().remove(0);
    let origin = "http://127.0.0.1:3000";
    let channel = messages::open(&one, &folder, origin).await.unwrap();
    let store = Arc::clone(&site.desk.store);
    let notices = Notices::open(vec![channel], store, Clock::system(), messages::chance()).await.unwrap();
    let notices = Arc::new(notices);
    let board = site.desk.again(Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine"));
    board.desk.tell_through(&notices);
    tokio::spawn(Arc::clone(&notices).run(site.end.clone()));
    board.run(&site.end);
    site.desk = board;
    let (arn, event) = site.ask("told").await;
    let mine = |message: &Value| message["execution_arn"] == arn.as_str();
    let message = loop {
        if let Some(message) = got.lock().unwrap().iter().find(|one| mine(one)).cloned() {
            break message;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!((&message["event"], message["task_event"].as_u64()), (&"waiting".into(), Some(event)));
    assert!(!message.to_string().contains("A test"), "without the content: {message}");
    let path = message["link"].as_str().unwrap().strip_prefix(origin).unwrap().to_owned();
    for method in [Method::GET, Method::HEAD] {
        for query in ["", "?decision=approve", "?outcome=approve&comment=x"] {
            let address = format!("{path}{query}");
            let answer = site.browse(method.clone(), &address, &[("accept", "text/html")], String::new()).await;
            assert_eq!(answer.status, StatusCode::OK, "{method} {query}");
        }
    }
    // A scanner that runs scripts and sends what it finds has no proof of this site's page.
    let posted = site.send(Method::POST, &path, &[("accept", "text/html")], "decision=approve".to_owned()).await;
    assert!(posted.status.is_client_error(), "{}", posted.status);
    assert!(site.desk.store.of_task(site.desk.id(), &arn, event).await.unwrap().is_none(), "nothing is decided");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(got.lock().unwrap().iter().filter(|one| mine(one)).count(), 1, "told once");
    site.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

fn run(args: &[&str], folder: &Path) -> (bool, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("messages")
        .args(args)
        .arg("--data")
        .arg(folder)
        .env("CHAT_URL", std::fs::read_to_string(folder.join("url")).unwrap_or_default())
        .output()
        .unwrap();
    (ran.status.success(), String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_checked_and_tried_from_the_terminal() {
    let (url, got) = webhook().await;
    let text = "[messages.chat]\nkind = \"webhook\"\nurl_env = \"CHAT_URL\"\ntemplate = \"own.json\"\n";
    let folder = folder("command", text);
    let (works, said) = run(&["check"], &folder);
    assert!(!works && said.contains("CHAT_URL is not set") || said.contains("is empty"), "{said}");
    std::fs::write(folder.join("url"), &url).unwrap();
    std::fs::write(folder.join("own.json"), "{\"text\": \"{{ subject }}\"}").unwrap();
    let (works, said) = run(&["check"], &folder);
    assert!(!works && said.contains("Values have their quotes"), "{said}");
    std::fs::write(folder.join("own.json"), "{\"text\": {{ subject }}}").unwrap();
    let (works, said) = run(&["check"], &folder);
    assert!(works && said.contains("chat: a webhook") && said.contains("This command sent nothing"), "{said}");
    assert!(got.lock().unwrap().is_empty());
    let (works, said) = run(&["test", "chat"], &folder);
    assert!(works && said.contains("The channel chat has taken a message."), "{said}");
    assert_eq!(got.lock().unwrap()[0]["text"], "A trial message");
    let (works, said) = run(&["test", "chta"], &folder);
    assert!(!works && said.contains("There is no channel named \"chta\".\nThe channels are chat."), "{said}");
    std::fs::write(folder.join("countersign.toml"), "[messages.chat]\nkind = \"webhok\"\n").unwrap();
    let (works, said) = run(&["check"], &folder);
    assert!(!works && said.contains("countersign.toml:2:8: \"webhok\" is no kind of a channel."), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}
