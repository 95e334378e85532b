//! Starting: what is started again is what was stored, and an Express execution says where it can be followed.

use crate::support::here;
use axum::http::{StatusCode, header};
use countersign::routes;

use crate::support::Site;

const CARD: &str = "tok_visa_1234567890abcdefghijkl";

/// The value of a hidden field or a text area, as a browser would send it.
fn field(page: &str, name: &str) -> String {
    let form = page.split("action=\"/api/start\"").nth(1).unwrap();
    let raw = match form.split(&format!("name=\"{name}\" value=\"")).nth(1) {
        Some(rest) => rest.split('"').next().unwrap(),
        None => {
            let area = form.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("no field {name}"));
            area.split_once('>').unwrap().1.split("</textarea>").next().unwrap()
        }
    };
    let text = raw.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    text.replace('\n', "\r\n")
}

async fn start(site: &Site, fields: &[(&str, &str)]) -> String {
    let answer = site.form("/api/start", fields).await;
    let to = answer.header(header::LOCATION);
    to.strip_prefix("/default/executions/").unwrap_or_else(|| panic!("{to}")).to_owned()
}

async fn input_of(site: &Site, arn: &str) -> String {
    let described = site.desk.sfn.describe_execution().execution_arn(arn).send().await.unwrap();
    described.input.unwrap()
}

/// Opens Start again of an execution and sends its form, edited by `edit`.
async fn again(site: &Site, arn: &str, edit: impl Fn(&str) -> String) -> String {
    let execution = site.page(&here().execution(arn)).await.text;
    let link = here().start_again("order", arn);
    assert!(execution.contains(&format!("href=\"{link}\"")), "{link}");
    let page = site.page(link.split('#').next().unwrap()).await.text;
    assert!(!page.contains(CARD), "a text that may be a token is hidden");
    let fields = [("workflow", "order".to_owned()), ("name", String::new()), ("again", field(&page, "again"))];
    let mut fields: Vec<(&str, String)> = fields.to_vec();
    fields.push(("input", edit(&field(&page, "input"))));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    start(site, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_started_again_is_what_was_stored() {
    let site = Site::new("again").await;
    let small = format!(r#"{{"orderId":"A-1","token":"{CARD}","n":98765432109876543210987,"a":1.0,"a":2}}"#);
    let large = format!(r#"{{"orderId":"A-2","note":"{}"}}"#, "n".repeat(200_000));
    for stored in [&small, &large] {
        let arn = start(&site, &[("workflow", "order"), ("name", ""), ("input", stored)]).await;
        let second = again(&site, &arn, str::to_owned).await;
        assert_ne!(arn, second);
        assert!(input_of(&site, &second).await == *stored, "byte for byte");
    }
    let arn = start(&site, &[("workflow", "order"), ("name", ""), ("input", &small)]).await;
    let edited = again(&site, &arn, |shown| {
        assert!(shown.contains("[task token "), "{shown}");
        shown.replace("\"A-1\"", "\"A-9\"")
    })
    .await;
    let edited = input_of(&site, &edited).await;
    assert!(
        edited.contains("\"A-9\"") && edited.contains(CARD) && edited.contains("98765432109876543210987"),
        "{edited}"
    );
    let page = site.page(here().start_again("order", &arn).split('#').next().unwrap()).await.text;
    assert!(
        page.contains("One text that holds or is named like a task token is hidden"),
        "the form says what it hides"
    );
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_started_again_starts_nothing_else() {
    let site = Site::new("not-again").await;
    let input = r#"{"title": "A test", "amount": 1, "currency": "EUR"}"#;
    let arn = start(&site, &[("workflow", "approval"), ("name", ""), ("input", input)]).await;
    for other in [arn.as_str(), "arn:aws:states:us-east-1:000000000000:execution:order:none"] {
        let page = site.page(&format!("/default/workflows/order?again={}", routes::encode(other))).await.text;
        let form = page.split("action=\"/api/start\"").nth(1).unwrap().split("</form>").next().unwrap();
        assert!(!form.contains("<textarea"), "no sample takes the place of the stored input: {form}");
        let fields = [("workflow", "order"), ("name", ""), ("input", "{}"), ("again", other)];
        let answer = site.form("/api/start", &fields).await;
        assert!(
            !answer.header(header::LOCATION).starts_with("/default/executions/"),
            "{}",
            answer.header(header::LOCATION)
        );
    }
    let marked = [("workflow", "order"), ("name", ""), ("input", r#"{"token":"[task token]"}"#)];
    let refused = site.form("/api/start", &marked).await;
    assert!(site.page(refused.header(header::LOCATION)).await.text.contains("Nothing was started"));
    assert!(site.desk.executions(Some("order".to_owned()), None).await.unwrap().rows.is_empty());
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_express_execution_says_where_it_is_followed() {
    let site = Site::new("express").await;
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
    let sfn = &site.desk.sfn;
    let made =
        sfn.create_state_machine().name("quick").definition(definition).role_arn("arn:aws:iam::000000000000:role/r");
    let made = made.r#type("EXPRESS".into()).send().await.unwrap();
    site.desk.look_again().await;
    let page = site.page("/default/workflows/quick").await.text;
    assert!(page.contains("Express executions are not listed"));
    assert!(site.page("/default/executions?workflow=quick").await.text.contains("Express executions are not listed"));
    let answer = site.form("/api/start", &[("workflow", "quick"), ("name", "run-1"), ("input", "{}")]).await;
    assert_eq!(answer.header(header::LOCATION), "/default/workflows/quick#start");
    let page = site.page("/default/workflows/quick").await.text;
    assert!(page.contains("Started ") && page.contains("run-1") && page.contains("CloudWatch Logs"), "it ran");
    assert!(!page.contains("InvalidArn") && !page.contains("Nothing was started"));
    let run = made.state_machine_arn.replace(":stateMachine:", ":express:") + ":run-1:6f7a";
    for path in [here().execution(&run), format!("/default/inbox/{}/3", routes::encode(&run))] {
        let page = site.page(&path).await.text;
        assert!(page.contains("is an Express execution") && !page.contains("InvalidArn"), "{path}");
    }
    assert_eq!(site.page(&here().execution(&run)).await.status, StatusCode::NOT_FOUND);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_marked_where_it_stands_and_what_was_typed_stays() {
    let site = Site::new("checked").await;
    let typed = "{\n  \"orderId\": ,\n}";
    let refused = site.form("/api/start", &[("workflow", "order"), ("name", "n-1"), ("input", typed)]).await;
    let page = site.page(refused.header(header::LOCATION).split('#').next().unwrap()).await.text;
    assert!(page.contains("Nothing was started") && page.contains("Line 2, column 14"), "the place is named");
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("<mark>"), "and marked");
    assert!(page.contains("\"orderId\": ,") && page.contains("value=\"n-1\""), "nothing is typed twice");
    for (name, told) in [("a b", "a space"), ("a:b", "&#x27;:&#x27;"), (&"n".repeat(81), "81 characters")] {
        let refused = site.form("/api/start", &[("workflow", "order"), ("name", name), ("input", "{}")]).await;
        let page = site.page(refused.header(header::LOCATION).split('#').next().unwrap()).await.text;
        let told = [told.to_owned(), told.replace("&#x27;", "'")];
        assert!(page.contains("Nothing was started") && told.iter().any(|told| page.contains(told)), "{name}");
    }
    let long = format!("\"{}\"", "x".repeat(262_143));
    let refused = site.form("/api/start", &[("workflow", "order"), ("name", ""), ("input", &long)]).await;
    let page = site.page(refused.header(header::LOCATION).split('#').next().unwrap()).await.text;
    assert!(page.contains("262145 bytes") || page.contains("262,145"), "the limit is named");
    assert!(site.desk.executions(Some("order".to_owned()), None).await.unwrap().rows.is_empty());
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_inputs_are_offered_once_each_and_without_their_tokens() {
    let site = Site::new("last-inputs").await;
    let one = format!(r#"{{"orderId":"A-1","token":"{CARD}","n":98765432109876543210987}}"#);
    let other = r#"{"orderId": "A-2"}"#;
    let mut started = Vec::new();
    for input in [one.as_str(), other, other] {
        started.push(start(&site, &[("workflow", "order"), ("name", ""), ("input", input)]).await);
    }
    site.settled().await;
    let inputs = site.desk.workflow("order", None).await.unwrap().inputs;
    let excerpts: Vec<&str> = inputs.iter().map(|input| input.excerpt.as_str()).collect();
    assert_eq!(excerpts.len(), 2, "{excerpts:?}");
    assert!(excerpts[0].contains("A-2") && excerpts[1].contains("98765432109876543210987"), "{excerpts:?}");
    let page = site.page("/default/workflows/order").await.text;
    assert!(page.contains("Last inputs") && !page.contains(CARD));
    let link = here().start_again("order", &started[0]);
    assert!(page.contains(&format!("href=\"{link}\"")), "a click puts it in");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_or_an_alias_can_be_started() {
    let site = Site::new("qualified").await;
    let sfn = &site.desk.sfn;
    let definition = |comment: &str| {
        format!(r#"{{"Comment":"{comment}","StartAt":"A","States":{{"A":{{"Type":"Pass","End":true}}}}}}"#)
    };
    let new = |name: &str| {
        let made = sfn.create_state_machine().name(name).definition(definition("first"));
        made.role_arn("arn:aws:iam::000000000000:role/r")
    };
    new("plain").send().await.unwrap();
    let made = new("many").publish(true).send().await.unwrap();
    let version = made.state_machine_version_arn.unwrap();
    let route =
        aws_sdk_sfn::types::RoutingConfigurationListItem::builder().state_machine_version_arn(&version).weight(100);
    let route = route.build().unwrap();
    sfn.create_state_machine_alias().name("PROD").routing_configuration(route).send().await.unwrap();
    sfn.update_state_machine()
        .state_machine_arn(&made.state_machine_arn)
        .definition(definition("second"))
        .send()
        .await
        .unwrap();
    site.desk.look_again().await;
    let page = site.page("/default/workflows/plain").await.text;
    assert!(page.contains("name=\"input\"") && !page.contains("name=\"qualifier\""), "without any there is no choice");
    let page = site.page("/default/workflows/many").await.text;
    assert!(page.contains("name=\"qualifier\"") && page.contains("value=\"PROD\"") && page.contains("value=\"1\""));
    let fields = [("workflow", "many"), ("name", "by-alias"), ("input", "{}"), ("qualifier", "PROD")];
    let arn = start(&site, &fields).await;
    let ran = sfn.describe_state_machine_for_execution().execution_arn(&arn).send().await.unwrap();
    assert!(ran.definition.contains("first"), "{}", ran.definition);
    let links = site.desk.execution(&arn).await.unwrap().links;
    let alias = links.iter().find(|link| link.word == "Alias").unwrap();
    let definition = format!("{}?tab=definition", here().execution(&arn));
    assert_eq!((alias.name.as_str(), alias.href.as_deref()), ("PROD", Some(definition.as_str())), "to what it says");
    for wrong in ["none", "PROD:1", "../x"] {
        let fields = [("workflow", "many"), ("name", ""), ("input", "{}"), ("qualifier", wrong)];
        let refused = site.form("/api/start", &fields).await;
        assert!(!refused.header(header::LOCATION).contains("/executions/"), "{wrong}");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_that_is_too_long_stops_nothing_and_is_still_there() {
    let site = Site::new("stop-reason").await;
    let (arn, _) = site.ask("stopped").await;
    let long = "because ".repeat(4_001);
    let refused = site.form("/api/stop", &[("arn", arn.as_str()), ("cause", &long)]).await;
    let page = site.page(refused.header(header::LOCATION)).await.text;
    assert!(page.contains("the limit is 32000") && page.contains("because because"), "it can be shortened");
    let status = || async { site.desk.sfn.describe_execution().execution_arn(&arn).send().await.unwrap() };
    assert_eq!(status().await.status.as_str(), "RUNNING");
    site.form("/api/stop", &[("arn", arn.as_str()), ("cause", "Grüße <b>")]).await;
    let stopped = status().await;
    assert_eq!((stopped.status.as_str(), stopped.error.as_deref()), ("ABORTED", Some("Countersign.Stopped")));
    assert!(stopped.cause.unwrap().ends_with(": Grüße <b>"));
    site.close().await;
}
