//! The list of executions: searching it, naming it, and acting on many of it.

use std::time::Duration;

use axum::http::{StatusCode, header};
use countersign::wire::executions::View;
use serde_json::json;

use crate::support::{Answer, Site, here};

const ROLE: &str = "arn:aws:iam::000000000000:role/test";

/// A site with orders that are done, orders that go on, and one whose name and input are hostile.
async fn shop(test: &str) -> Site {
    let site = Site::new(test).await;
    let done = json!({ "StartAt": "A", "States": { "A": { "Type": "Choice", "Default": "B",
        "Choices": [{ "Variable": "$.total", "NumericGreaterThan": 900, "Next": "No" }] },
        "B": { "Type": "Pass", "End": true }, "No": { "Type": "Fail", "Error": "Payment.Refused" } } });
    let slow = json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 3_000, "End": true } } });
    for (name, definition) in [("paying", done), ("packing", slow)] {
        let made = site.desk.sfn.create_state_machine().name(name).role_arn(ROLE).definition(definition.to_string());
        let machine = made.send().await.unwrap().state_machine_arn;
        for n in 0..20 {
            let input =
                json!({ "orderId": format!("A-{n}"), "total": n * 100, "note": "<b>late</b> \u{202e}delivery" });
            let start = site.desk.sfn.start_execution().state_machine_arn(&machine).name(format!("{name}-{n}"));
            start.input(input.to_string()).send().await.unwrap();
        }
    }
    for _ in 0..400 {
        let list = site.desk.list(searched("total>=0")).await.unwrap();
        if list.coverage.is_some_and(|one| one.unread == 0) && list.total == Some((40, false)) {
            return site;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the contents were never read: {:?}", site.desk.list(searched("total>=0")).await.unwrap().coverage);
}

fn searched(q: &str) -> View {
    View { q: Some(q.to_owned()), ..View::default() }
}

async fn names(site: &Site, q: &str) -> Vec<String> {
    let mut names: Vec<String> =
        site.desk.list(searched(q)).await.unwrap().rows.into_iter().map(|row| row.name).collect();
    names.sort();
    names
}

/// The page that a form led to.
async fn follow(site: &Site, answer: &Answer) -> Answer {
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    site.page(answer.header(header::LOCATION)).await
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split(before).nth(1).unwrap_or_else(|| panic!("no {before}"));
    rest.split(after).next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_found_by_what_they_hold() {
    let site = shop("searching").await;
    assert_eq!(names(&site, "orderId:A-7").await, ["packing-7", "paying-7"]);
    assert_eq!(names(&site, "total>1800 workflow:paying").await, ["paying-19"]);
    assert_eq!(names(&site, "error:Payment.* total<1100").await, ["paying-10"]);
    assert_eq!(names(&site, "late total:100..200 status:running").await, ["packing-1", "packing-2"]);
    let page = site.page("/default/executions?q=orderId%3AA-7").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("paying-7") && !page.text.contains("paying-8"));
    assert!(page.text.contains("2 executions") && page.text.contains("value=\"orderId:A-7\""));
    // Bars lead to their times, with the search.
    let bar = between(&page.text, "class=\"histogram\"", "</figure>");
    let bar = between(bar, "href=\"", "\"").replace("&amp;", "&");
    assert!(bar.contains("q=orderId:A-7") && bar.contains("time="), "{bar}");
    let narrowed = site.page(&bar).await.text;
    assert!(narrowed.contains("paying-7") || narrowed.contains("packing-7"), "{bar}");
    assert!(site.page("/default/executions?time=1h&q=name:paying*").await.text.contains("20 executions"));
    let nothing = site.page("/default/executions?q=nobody").await.text;
    assert!(nothing.contains("No execution fits"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_search_is_explained_at_its_place() {
    let site = Site::new("searching-faults").await;
    for (q, what) in [
        ("total%3E", "A number is missing behind total&gt; (character 7)"),
        ("%22a", "This quote is not closed. (character 1)"),
        ("total%3A20..10", "20..10 ends before it begins. (character 7)"),
        ("a%20OR%20b", "OR is not part of the language"),
        ("status%3A%3Cscript%3Ealert(1)%3C%2Fscript%3E", "is not a status"),
    ] {
        let page = site.page(&format!("/default/executions?q={q}")).await;
        assert_eq!(page.status, StatusCode::OK, "{q}");
        assert!(page.text.contains(what), "{q}: {}", between(&page.text, "search-fault", "</form>"));
        assert!(page.text.contains("Nothing was searched") && !page.text.contains("<script>alert"), "{q}");
    }
    for path in ["time=yesterday", "time=24h%20x", "status=gone", "time=9999999d", "before=x"] {
        assert_eq!(site.page(&format!("/default/executions?{path}")).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    let backwards = site.page("/default/executions?time=2026-11-28..2026-11-26").await;
    assert_eq!(backwards.status, StatusCode::BAD_REQUEST);
    assert!(backwards.text.contains("Write the other end first: 2026-11-26..2026-11-28."), "{}", backwards.text);
    let long = "a".repeat(600);
    assert!(site.page(&format!("/default/executions?q={long}")).await.text.contains("more than 500 characters"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_stopped_at_once_and_each_has_its_outcome() {
    let site = shop("searching-bulk").await;
    let arn = |name: &str, n: usize| format!("arn:aws:states:us-east-1:000000000000:execution:{name}:{name}-{n}");
    let chosen = [arn("packing", 1), arn("packing", 2), arn("paying", 3), arn("packing", 1), "<b>none".to_owned()];
    let mut fields = vec![("verb", "stop"), ("reason", "no <b>stock</b>")];
    fields.extend(chosen.iter().map(|arn| ("arns[]", arn.as_str())));
    let prepared = site.form("/api/prepare_bulk", &fields).await;
    let page = follow(&site, &prepared).await;
    let path = prepared.header(header::LOCATION).to_owned();
    assert!(path.starts_with("/default/bulk/bulk-"), "{path}");
    assert!(page.text.contains("2 of 4 will be acted on; 2 cannot be"), "{}", page.text);
    assert!(page.text.contains("It does not run any more.") && page.text.contains("It is not there any more."));
    assert!(!page.text.contains("<b>stock") && !page.text.contains("<b>none"));
    assert_eq!(names(&site, "status:stopped").await, Vec::<String>::new(), "nothing was done yet");
    let (id, seen) =
        (between(&page.text, "name=\"id\" value=\"", "\""), between(&page.text, "name=\"seen\" value=\"", "\""));
    let other = site.form("/api/run_bulk", &[("id", id), ("seen", "another")]).await;
    assert!(follow(&site, &other).await.text.contains("another list"));
    let ran = site.form("/api/run_bulk", &[("id", id), ("seen", seen)]).await;
    assert_eq!(ran.header(header::LOCATION), path);
    for _ in 0..200 {
        if site.page(&path).await.text.contains("Done: 2 of 4. 2 refused.") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(site.page(&path).await.text.contains("Done: 2 of 4. 2 refused."));
    site.desk.look_again().await;
    assert_eq!(names(&site, "status:stopped").await, ["packing-1", "packing-2"]);
    assert_eq!(site.page("/default/audit").await.text.matches("Stopped").count(), 2, "each is on record");
    // All that fit, of which only those that run are meant.
    let all = site.form("/api/prepare_bulk", &[("verb", "stop"), ("all", "1"), ("q", "orderId:A-1*")]).await;
    let page = follow(&site, &all).await.text;
    assert!(
        page.contains("Stop: 10 executions") && page.contains("packing-10") && !page.contains("paying-10"),
        "{page}"
    );
    // What is started again has the same input.
    let again = site.form("/api/prepare_bulk", &[("verb", "start_again"), ("arns[]", &arn("paying", 4))]).await;
    let page = follow(&site, &again).await.text;
    let (id, seen) = (between(&page, "name=\"id\" value=\"", "\""), between(&page, "name=\"seen\" value=\"", "\""));
    site.form("/api/run_bulk", &[("id", id), ("seen", seen)]).await;
    for _ in 0..200 {
        site.desk.look_again().await;
        if names(&site, &format!("name:{id}* total:400")).await.len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(names(&site, &format!("name:{id}* total:400")).await.len(), 1);
    for (fields, what) in [
        (vec![("verb", "stop")], "No execution was chosen"),
        (vec![("verb", "erase"), ("all", "1")], "is nothing that can be done"),
        (vec![("verb", "stop"), ("all", "1"), ("q", "total>")], "A number is missing"),
    ] {
        let refused = site.form("/api/prepare_bulk", &fields).await;
        assert!(follow(&site, &refused).await.text.contains(what), "{what}");
    }
    assert_eq!(site.page("/default/bulk/bulk-none").await.status, StatusCode::NOT_FOUND);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_with_a_name_is_there_for_everybody() {
    let site = Site::new("searching-views").await;
    let saved =
        site.form("/api/save_view", &[("name", " <i>Late</i> & odd "), ("q", "total>5"), ("status", "failed")]).await;
    let page = follow(&site, &saved).await;
    assert_eq!(saved.header(header::LOCATION), "/default/executions?status=failed&q=total%3E5");
    assert!(page.text.contains("&lt;i&gt;Late&lt;/i&gt; &amp; odd") && page.text.contains("Remove this view"));
    let list = site.desk.list(View::default()).await.unwrap();
    assert_eq!(list.saved.len(), 1);
    assert_eq!(here().executions_view(&list.saved[0].view), "/default/executions?status=failed&q=total%3E5");
    for (name, what) in [("", "has no name"), ("   ", "has no name"), (&*"x".repeat(61), "61 characters")] {
        let refused = site.form("/api/save_view", &[("name", name), ("q", "a")]).await;
        assert!(follow(&site, &refused).await.text.contains(what), "{name}");
    }
    let id = list.saved[0].id.to_string();
    follow(&site, &site.form("/api/remove_view", &[("id", &id)]).await).await;
    assert!(site.desk.list(View::default()).await.unwrap().saved.is_empty());
    follow(&site, &site.form("/api/remove_view", &[("id", &id)]).await).await;
    site.close().await;
}
