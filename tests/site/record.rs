//! The record outside of its page: searched, as a file, and proved by the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use axum::http::StatusCode;
use countersign_desk::connection::ConnectionId;
use countersign_desk::store::anchors::{Anchor, AnchorKey};
use countersign_desk::store::{Act, Acts as _, Chains as _, Deed, Sqlite, Store as _};

use crate::support::Site;

async fn rows(site: &Site, query: &str) -> Vec<String> {
    let page = site.page(&format!("/default/audit{query}")).await;
    assert_eq!(page.status, StatusCode::OK, "{query}");
    let html = scraper::Html::parse_document(&page.text);
    let row = scraper::Selector::parse("ul.decisions > li").unwrap();
    html.select(&row).map(|row| row.text().collect::<Vec<_>>().concat()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_searched_and_says_who_saw_what() {
    let site = Site::new("record").await;
    let (arn, event) = site.ask("searched").await;
    let request = format!("/default/inbox/{arn}/{event}");
    for _ in 0..2 {
        assert_eq!(site.page(&request).await.status, StatusCode::OK);
    }
    let seen = rows(&site, "?kind=traces").await;
    assert_eq!(seen.len(), 1, "once, however often it was read: {seen:?}");
    assert!(seen[0].contains("Saw") && seen[0].contains("Dana Whitfield"), "{seen:?}");
    for path in ["", "?tab=events", "/history.json"] {
        let answer = site.page(&format!("/default/executions/{arn}{path}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    let seen = rows(&site, "?kind=traces").await;
    assert!(seen.len() == 2 && seen[0].contains("Saw the payloads"), "once, whatever of it was read: {seen:?}");
    assert!(rows(&site, "").await.iter().all(|row| !row.contains("Saw")), "the page begins with what people did");

    let event = event.to_string();
    let comment = "=cmd|' /C calc'!A0, 100% \"fine\"";
    let decision = [("arn", arn.as_str()), ("event", &event), ("decision", "approve"), ("comment", comment)];
    assert_eq!(site.form("/api/decide", &decision).await.status, StatusCode::FOUND);
    for (query, expected) in [
        ("?kind=decisions", 1),
        ("?q=100%25", 1),
        ("?q=1_0", 0),
        ("?q=dana+whitfield", 2),
        ("?kind=deployments", 0),
        ("?kind=decisions&q=nothing+of+this+kind", 0),
    ] {
        let found = rows(&site, query).await;
        assert_eq!(found.len(), expected, "{query}: {found:?}");
    }

    let csv = site.page("/default/audit/record/csv?kind=decisions").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert!(csv.text.starts_with("entry,time,at,person,"), "{}", csv.text);
    assert!(csv.text.contains("\"'=cmd|' /C calc'!A0, 100% \"\"fine\"\"\""), "{}", csv.text);
    let lines = site.page("/default/audit/record/jsonl?kind=everything").await.text;
    let entries: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let deeds: Vec<_> = entries.iter().rev().map(|entry| entry["deed"].as_str().unwrap()).collect();
    assert_eq!(deeds[..4], ["started", "seen", "payload-viewed", "approve"], "{lines}");
    assert_eq!(entries.iter().find(|entry| entry["deed"] == "approve").unwrap()["comment"], comment);
    assert_eq!(site.page("/default/audit/record/exe").await.status, StatusCode::NOT_FOUND);
    site.close().await;
}

/// Every way by which a payload leaves the server to a person is on record, once: excerpts and searches, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_in_part_is_on_record_too() {
    let site = Site::new("record-parts").await;
    let input = |amount: u32| format!(r#"{{"title": "A test", "amount": {amount}, "currency": "EUR"}}"#);
    let all = async || rows(&site, "?kind=traces").await;
    // Asking for a request opens its page, which is a trace of its own.
    let is_in_part = |row: &String| row.starts_with("Saw excerpts") || row.starts_with("Searched");
    let traces = async || all().await.into_iter().filter(is_in_part).collect::<Vec<_>>();
    let (first, event) = site.ask_with("one-run", &input(4711)).await;
    let form = "/default/workflows/approval";
    for _ in 0..2 {
        let page = site.page(form).await.text;
        assert!(page.contains("Last inputs") && page.contains("4711"), "{page}");
    }
    let seen = traces().await;
    assert_eq!(seen.len(), 1, "once, however often it was read: {seen:?}");
    for words in ["Saw excerpts of inputs", "one-run", "approval", "Dana Whitfield"] {
        assert!(seen[0].contains(words), "{words}: {seen:?}");
    }
    // The same input of another execution is nothing new; another input is, and it alone is named.
    site.ask_with("two-run", &input(4711)).await;
    site.page(form).await;
    assert_eq!(traces().await.len(), 1);
    site.ask_with("three-run", &input(4712)).await;
    site.page(form).await;
    let seen = traces().await;
    assert!(seen.len() == 2 && seen[0].contains("three-run") && !seen[0].contains("two-run"), "{seen:?}");
    site.becomes("omar");
    site.page(form).await;
    assert_eq!(traces().await.len(), 3, "somebody else");

    // A list that was found by what payloads hold says so of each of its executions.
    let found = "/default/executions?q=amount:4712";
    for _ in 0..400 {
        if site.page(found).await.text.contains("three-run") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for path in [found, "/default/search?q=amount:4712", "/api/executions?q=amount:4712"] {
        let text = site.page(path).await.text;
        assert!(text.contains("three-run"), "{path}: {text}");
    }
    // While somebody types, the palette looks at names alone.
    let typing = site.page("/default/search?q=amount:471&typing=1").await.text;
    assert!(!typing.contains("three-run"), "{typing}");
    for nothing in ["/default/executions?q=amount:1", "/default/executions?q=workflow:approval"] {
        assert_eq!(site.page(nothing).await.status, StatusCode::OK);
    }
    let seen = traces().await;
    assert!(seen.len() == 4 && seen[0].contains("Searched the payloads"), "{seen:?}");
    assert!(seen[0].contains("amount:4712") && seen[0].contains("Omar Haddad"), "{seen:?}");

    // The page of a request that was decided still shows what it asked.
    let event = event.to_string();
    let fields = [("arn", first.as_str()), ("event", &event), ("decision", "approve"), ("comment", "")];
    site.becomes("dana");
    assert_eq!(site.form("/api/decide", &fields).await.status, StatusCode::FOUND);
    site.becomes("omar");
    for _ in 0..2 {
        assert_eq!(site.page(&format!("/default/inbox/{first}/{event}")).await.status, StatusCode::OK);
    }
    let seen = all().await;
    let saw = seen.iter().filter(|row| row.contains("Saw") && !row.contains("excerpts") && row.contains("Omar"));
    assert_eq!(saw.count(), 1, "{seen:?}");

    // The record itself quotes requests.
    assert_eq!(site.page("/default/audit/record/csv?kind=decisions").await.status, StatusCode::OK);
    let seen = all().await;
    let exported = |row: &&String| row.contains("Exported the record") && row.contains("csv, decisions");
    assert_eq!(seen.iter().filter(exported).count(), 1, "{seen:?}");
    site.close().await;
}

fn audit(data: &Path, args: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_countersign"));
    program.args(["audit"]).args(args).arg("--data").arg(data).output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

async fn filled(data: &PathBuf) -> Vec<String> {
    fs::create_dir_all(data).unwrap();
    let store = Sqlite::open(&data.join("countersign.db")).await.unwrap();
    let key = AnchorKey::read(&AnchorKey::draw().unwrap()).unwrap();
    let mut anchors = Vec::new();
    for at in 0..5 {
        let act = Act {
            deed: Deed::Stopped,
            workflow: Some("order".into()),
            execution_arn: None,
            event: None,
            detail: format!("the reason number {at}"),
            person_id: "dana".into(),
            person_name: "Dana Whitfield".into(),
            at,
        };
        store.act(&ConnectionId::default_one(), &act).await.unwrap();
        let anchor = Anchor::new(store.name().await.unwrap(), store.head().await.unwrap().unwrap(), at);
        anchors.push(serde_json::to_string(&key.sign(anchor)).unwrap());
    }
    store.close().await;
    anchors
}

/// Changes bytes of the database, as somebody who owns the file can.
fn overwrite(data: &Path, from: &str, to: &str) {
    let file = data.join("countersign.db");
    let mut bytes = fs::read(&file).unwrap();
    let place = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
    bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
    fs::write(&file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_proves_the_record_and_exports_it() {
    let data = std::env::temp_dir().join(format!("countersign-record-{}", std::process::id()));
    let _ = fs::remove_dir_all(&data);
    let anchors = filled(&data).await;
    let file = data.join("anchors");
    fs::write(&file, anchors[..4].join("\n")).unwrap();
    let file = file.to_str().unwrap();

    let whole = audit(&data, &["verify"]);
    assert!(whole.status.success() && printed(&whole).contains("5 entries"), "{}", printed(&whole));
    assert!(printed(&whole).contains("could have made the whole record anew"), "{}", printed(&whole));
    let anchored = audit(&data, &["verify", "--anchors", file]);
    let text = printed(&anchored);
    assert!(anchored.status.success() && text.contains("Anchored up to entry 4"), "{text}");
    assert!(text.contains("Entries 5 to 5 are not anchored yet"), "{text}");

    let lines = audit(&data, &["export"]);
    assert_eq!(printed(&lines).lines().count(), 5);
    assert!(printed(&audit(&data, &["export", "--format", "csv"])).starts_with("entry,"));

    overwrite(&data, "the reason number 2", "the reason number 9");
    let changed = audit(&data, &["verify", "--anchors", file]);
    assert_eq!(changed.status.code(), Some(1));
    assert!(printed(&changed).contains("broken at entry 3"), "{}", printed(&changed));

    fs::remove_dir_all(&data).unwrap();
    let other = filled(&data).await;
    fs::write(data.join("forged"), other[0].replace("\"at\":0", "\"at\":1")).unwrap();
    let forged = audit(&data, &["verify", "--anchors", data.join("forged").to_str().unwrap()]);
    assert!(!forged.status.success() && printed(&forged).contains("Line 1"), "{}", printed(&forged));
    fs::write(data.join("foreign"), anchors.join("\n")).unwrap();
    let foreign = audit(&data, &["verify", "--anchors", data.join("foreign").to_str().unwrap()]);
    assert!(printed(&foreign).contains("5 anchors are of other stores"), "{}", printed(&foreign));

    let nothing = audit(&data.join("absent"), &["verify"]);
    assert!(!nothing.status.success() && printed(&nothing).contains("--data DIR"), "{}", printed(&nothing));
    fs::remove_dir_all(&data).unwrap();
}
