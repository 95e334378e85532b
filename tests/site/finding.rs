//! The search: what fits a few letters, best first, and an ARN that leads to its page.

use std::time::Duration;

use axum::http::StatusCode;
use countersign::routes;

use crate::support::{Site, here};

/// What was found: the kind, the title and where it leads, in order.
async fn hits(site: &Site, query: &str) -> Vec<(String, String, String)> {
    let page = site.page(&format!("/default/search?{query}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let html = scraper::Html::parse_document(&page.text);
    let hit = scraper::Selector::parse("#found a.hit").unwrap();
    let text = |hit: scraper::ElementRef<'_>, class: &str| {
        let part = scraper::Selector::parse(class).unwrap();
        hit.select(&part).flat_map(|part| part.text()).collect::<String>()
    };
    let one = |hit: scraper::ElementRef<'_>| {
        (text(hit, ".hit-kind"), text(hit, ".hit-title"), hit.value().attr("href").unwrap().to_owned())
    };
    html.select(&hit).map(one).collect()
}

fn titles(hits: &[(String, String, String)]) -> Vec<&str> {
    hits.iter().map(|(_, title, _)| title.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_letters_find_a_workflow_an_execution_a_request_and_an_action() {
    let site = Site::new("find").await;
    let (arn, event) = site.ask("monday-run").await;
    let found = hits(&site, "q=appr").await;
    assert_eq!(found[0], ("Workflow".into(), "approval".into(), "/default/workflows/approval".into()), "{found:?}");
    assert!(found.contains(&("Action".into(), "Start approval".into(), "/default/workflows/approval#start".into())));
    let request = found.iter().find(|(kind, ..)| kind == "Request").expect("a request");
    assert_eq!(request.2, here().approval(&arn, event));
    let found = hits(&site, "q=start+ord").await;
    assert_eq!(found[0].1, "Start order", "{found:?}");
    let found = hits(&site, "q=MONDAY").await;
    assert_eq!(found[0], ("Execution".into(), "monday-run".into(), here().execution(&arn)), "{found:?}");
    let found = hits(&site, "q=go+to+inb").await;
    assert_eq!(found[0], ("Page".into(), "Inbox".into(), "/default/inbox".into()), "{found:?}");
    assert!(titles(&hits(&site, "q=inb").await).starts_with(&["Inbox"]));
    let at_once = hits(&site, "").await;
    assert!(
        at_once.iter().any(|(kind, ..)| kind == "Request") && titles(&at_once).contains(&"Workflows"),
        "{at_once:?}"
    );
    assert!(site.page("/default/search?q=zzzz").await.text.contains("Nothing fits"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_done_to_the_execution_that_is_shown_comes_first() {
    let site = Site::new("find-actions").await;
    let (arn, _) = site.ask("one").await;
    let from = format!("execution={}", routes::encode(&arn));
    let found = hits(&site, &from).await;
    let first = (found[0].1.as_str(), found[0].2.as_str());
    assert_eq!(first, ("Stop this execution", format!("{}#stop", here().execution(&arn)).as_str()), "{found:?}");
    assert!(
        titles(&found).contains(&"Start this execution again") && !titles(&found).contains(&"Redrive this execution")
    );
    site.form("/api/stop", &[("arn", arn.as_str()), ("cause", "enough")]).await;
    let mut found = Vec::new();
    for _ in 0..200 {
        site.settled().await;
        found = hits(&site, &format!("q=redr&{from}")).await;
        if !found.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(found[0].2, format!("{}#redrive", here().execution(&arn)), "{found:?}");
    let page = site.page(&here().execution(&arn)).await.text;
    assert!(page.contains("id=\"redrive\"") && !page.contains("id=\"stop\""), "the links have their places");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arn_leads_to_its_page_and_hostile_letters_find_nothing() {
    let site = Site::new("find-arn").await;
    let arn = "arn:aws:states:us-east-1:000000000000:execution:order:unheard-of";
    let found = hits(&site, &format!("q={}", routes::encode(arn))).await;
    assert_eq!(found[0], ("Execution".into(), "unheard-of".into(), here().execution(arn)));
    for typed in ["%", "_", "\\", "'; DROP TABLE executions; --", "<script>", "\u{202e}", &"x".repeat(5_000)] {
        let page = site.page(&format!("/default/search?q={}", routes::encode(typed))).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            !page.text.contains("<script>\"") && hits(&site, &format!("q={}", routes::encode(typed))).await.is_empty()
        );
    }
    site.close().await;
}
