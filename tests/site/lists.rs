//! Long lists: pages that join without gaps, counts, and addresses that are none.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{Site, here};

const MANY: usize = 130;

/// A site on which so many executions wait, each of which has started another one that ended.
async fn crowded(test: &str) -> Site {
    let site = Site::new(test).await;
    let role = "arn:aws:iam::000000000000:role/test";
    let done = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } }).to_string();
    let done = site.desk.sfn.create_state_machine().name("done").role_arn(role).definition(done).send().await;
    let parameters =
        json!({ "StateMachineArn": done.unwrap().state_machine_arn, "Input": { "token.$": "$$.Task.Token" } });
    let asks = json!({ "StartAt": "Ask", "States": { "Ask": { "Type": "Task", "End": true, "TimeoutSeconds": 6_000,
        "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken", "Parameters": parameters } } });
    let made = site.desk.sfn.create_state_machine().name("ask").role_arn(role).definition(asks.to_string());
    let machine = made.send().await.unwrap().state_machine_arn;
    for n in 0..MANY {
        let start = site.desk.sfn.start_execution().state_machine_arn(&machine).name(format!("ask-{n:03}"));
        start.send().await.unwrap();
    }
    for _ in 0..400 {
        let (waiting, tallies) = (site.desk.waiting().await.len(), site.desk.tallies(&crate::board::somebody()).await);
        let ended: u64 = tallies.unwrap().iter().map(|tally| tally.of_filter(None)).sum();
        if waiting == MANY && ended == 2 * MANY as u64 {
            return site;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not all of them came");
}

/// The links of a page that lead to `prefix` and contain `part`.
fn links(page: &str, prefix: &str, part: &str) -> Vec<String> {
    let all = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let all = all.map(|link| link.replace("&amp;", "&")).filter(|link| link.starts_with(prefix) && link.contains(part));
    let mut seen = BTreeSet::new();
    all.filter(|link| seen.insert(link.clone())).collect()
}

/// Goes from page to page; returns what each had.
async fn walk(site: &Site, first: &str, prefix: &str, row: &str, turn: &str) -> Vec<Vec<String>> {
    let (mut pages, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(path) = next {
        let page = site.page(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.len() < 200_000, "{path} has {} bytes", page.text.len());
        let rows = links(&page.text, prefix, row).into_iter();
        pages.push(rows.map(|link| link.split('?').next().unwrap_or_default().to_owned()).collect());
        let turns = links(&page.text, prefix.trim_end_matches('/'), turn);
        // Only the link of the next page: those of rows carry the cursor of their own page.
        next = turns.into_iter().find(|link| !link.contains(row));
        assert!(pages.len() < 10, "the pages never end");
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_have_pages_that_join() {
    let site = crowded("lists").await;
    for (path, expected) in [
        ("/default/executions", 2 * MANY),
        ("/default/executions?workflow=ask", MANY),
        ("/default/executions?workflow=ask&status=waiting", MANY),
        ("/default/executions?status=succeeded", MANY),
        ("/default/executions?workflow=ask&status=failed", 0),
    ] {
        let pages = walk(&site, path, "/default/executions", "/arn:", "before=").await;
        let all: Vec<&String> = pages.iter().flatten().collect();
        assert_eq!(all.len(), expected, "{path}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), expected, "{path}: nothing stands twice");
        assert!(pages.iter().all(|page| page.len() <= 100), "{path}");
    }
    let page = site.page("/default/executions?workflow=ask").await.text;
    assert!(page.contains(&format!("100 of {MANY} executions")), "how many there are in all");
    let mut requests = walk(&site, "/default/inbox", "/default/inbox", "/arn:", "after=").await;
    // The page of the request that is open leads to more.
    requests.iter_mut().for_each(|page| page.retain(|link| !link.ends_with("/hands")));
    assert_eq!(requests.iter().map(Vec::len).collect::<Vec<_>>(), [100, MANY - 100]);
    assert_eq!(requests.iter().flatten().collect::<BTreeSet<_>>().len(), MANY);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_page_of_a_list_says_so() {
    let site = Site::new("lists-hostile").await;
    for path in [
        "/default/executions?before=1",
        "/default/executions?before=%3Cscript%3E.2",
        "/default/executions?before=1.99999999999999999999",
        "/default/inbox?after=1.2.3",
        "/default/inbox?after=%E2%80%AE",
    ] {
        let page = site.page(path).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(page.text.contains("is no page of the"), "{path}");
        assert!(!page.text.contains("<script>.2"), "{path}");
    }
    // A cursor of nothing is a page without rows, and the way back is there.
    let page = site.page("/default/executions?before=-1.-1").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!links(&page.text, &here().executions_of(None, None), "").is_empty());
    // Children of what is no execution of this connection: none.
    for parent in ["arn:aws:states:us-east-1:000000000000:execution:nobody:1", "..", "%3Cb%3E"] {
        let page = site.page(&format!("/default/executions?parent={parent}")).await;
        assert!(!page.text.contains("<b>"), "{parent}");
        assert!(links(&page.text, "/default/executions/arn", "").len() <= 1, "{parent}");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_executions_of_a_workflow_stand_under_their_heads() {
    let site = Site::new("heads").await;
    site.ask("headed").await;
    let page = site.page(&here().workflow("approval")).await.text;
    let html = scraper::Html::parse_document(&page);
    let head = scraper::Selector::parse(".row-heads > span").unwrap();
    let heads: Vec<String> = html.select(&head).map(|head| head.text().collect()).collect();
    assert_eq!(heads, ["Status", "Name", "Started", "Duration"]);
    assert!(page.contains("Copy the ARN of the state machine"), "{page}");
    site.close().await;
}
