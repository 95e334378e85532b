//! The audit: who did what, and how long ago by the server's clock.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::StatusCode;
use countersign_desk::Clock;
use countersign_desk::connection::ConnectionId;
use countersign_desk::store::{Act, Deed};

use crate::support::Site;

/// The rows of the audit as a browser without scripts shows them, newest first.
async fn rows(site: &Site) -> Vec<String> {
    rows_of(&site.page("/default/audit").await.text)
}

fn rows_of(page: &str) -> Vec<String> {
    let html = scraper::Html::parse_document(page);
    let row = scraper::Selector::parse("ul.decisions > li").unwrap();
    let text = |row: scraper::ElementRef<'_>| row.text().collect::<Vec<_>>().concat();
    html.select(&row).map(text).collect()
}

/// What the form of the Deploy page for all workflows carries.
fn seen(page: &str) -> String {
    let form = page.split("<form").find(|form| form.contains("name=\"name\" value=\"\"")).expect("a form for all");
    form.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deployed_is_on_record_with_its_person() {
    let folder = std::env::temp_dir().join(format!("countersign-audit-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let machine = |comment: &str| {
        format!(r#"{{"Comment":"{comment}","StartAt":"A","States":{{"A":{{"Type":"Pass","End":true}}}}}}"#)
    };
    std::fs::write(folder.join("countersign.toml"), "[workflows.billing]\nfile = \"a.asl.json\"\n").unwrap();
    std::fs::write(folder.join("a.asl.json"), machine("1")).unwrap();
    let site = Site::of("audit-deploy", &folder).await;
    assert_eq!(rows(&site).await, Vec::<String>::new(), "what nobody asked for has no row");
    std::fs::write(folder.join("a.asl.json"), machine("2")).unwrap();
    site.form("/api/act-as", &[("person", "omar"), ("from", "/")]).await;
    let seen = seen(&site.page("/default/deploy").await.text);
    let answer = site.form("/api/deploy", &[("name", ""), ("seen", &seen)]).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    let rows = rows(&site).await;
    let deployed: Vec<_> = rows.iter().filter(|row| row.contains("Deployed")).collect();
    assert_eq!(deployed.len(), 1, "{rows:?}");
    assert!(deployed[0].contains("billing") && deployed[0].contains("Omar Haddad"), "{rows:?}");
    site.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_the_audit_counts_from_the_servers_now() {
    let now = Arc::new(AtomicI64::new(1_800_000_000_000));
    let clock = Clock::new({
        let now = Arc::clone(&now);
        move || now.load(Ordering::Relaxed)
    });
    let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
    let site = Site::at("audit-now", &definitions, clock).await;
    let (arn, event) = site.ask("audited").await;
    let event = event.to_string();
    let decision = [("arn", arn.as_str()), ("event", &event), ("decision", "approve"), ("comment", "")];
    assert_eq!(site.form("/api/decide", &decision).await.status, StatusCode::FOUND);
    assert!(rows(&site).await[0].contains("just now"), "{:?}", rows(&site).await);
    now.fetch_add(7 * 60_000, Ordering::Relaxed);
    let rows = rows(&site).await;
    assert!(rows.iter().all(|row| row.contains("7 min ago")), "{rows:?}");
    site.close().await;
}

/// Where the link with this text leads.
fn link(page: &str, text: &str) -> Option<String> {
    let html = scraper::Html::parse_document(page);
    let links = scraper::Selector::parse("nav[aria-label=Pages] a").unwrap();
    let link = html.select(&links).find(|link| link.text().collect::<String>() == text)?;
    Some(link.attr("href").unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_has_no_end_but_its_first_entry() {
    let site = Site::new("audit-pages").await;
    let act = |number: i64| Act {
        deed: Deed::Stopped,
        workflow: Some("order".into()),
        execution_arn: None,
        event: None,
        detail: format!("act {number}."),
        person_id: "dana".into(),
        person_name: "Dana Whitfield".into(),
        at: 1_000 + number,
    };
    for number in 1..=1_200 {
        site.desk.store.act(&ConnectionId::default_one(), &act(number)).await.unwrap();
    }
    let (arn, event) = site.ask("paged").await;
    let event = event.to_string();
    let decision = [("arn", arn.as_str()), ("event", &event), ("decision", "approve"), ("comment", "")];
    assert_eq!(site.form("/api/decide", &decision).await.status, StatusCode::FOUND);
    let (mut to, mut seen, mut pages) = (Some("/default/audit".to_owned()), Vec::new(), 0);
    while let Some(path) = to {
        let page = site.page(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(link(&page.text, "Newest entries").is_some(), pages > 0, "{path}");
        seen.extend(rows_of(&page.text));
        to = link(&page.text, "Older entries");
        pages += 1;
    }
    // Approved, started, and what was there before, each once.
    assert_eq!((seen.len(), pages), (1_202, 13));
    assert!(seen[0].contains("paged") || seen[0].contains("A test"), "{}", seen[0]);
    for (row, number) in seen[2..].iter().zip((1..=1_200).rev()) {
        assert!(row.contains(&format!("act {number}.")), "{row} is not number {number}");
    }
    for beyond in ["/default/audit?before=1", "/default/audit?before=nothing", "/default/audit?before=-5"] {
        let page = site.page(beyond).await.text;
        assert!(rows_of(&page).is_empty() && page.contains("No older entries"), "{beyond}");
        assert_eq!(link(&page, "Newest entries").as_deref(), Some("/default/audit"));
    }
    site.close().await;
}
