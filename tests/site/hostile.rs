//! Text from outside is text: whatever a request, a definition, a function or an address holds, a page has the structure
//! that it has with harmless words, and shows what would be hidden.

use crate::support::here;
use aws_sdk_sfn::types::HistoryEventType;
use axum::http::{StatusCode, header};
use countersign::routes;
use scraper::{Html, Node, Selector};
use serde_json::{Value, json};

use crate::support::Site;

/// Leaves every place that text may stand in.
const MARKUP: &str = "</title></textarea></script></style></svg></pre></option><script>alert(1)</script>\
                      <meta http-equiv=\"refresh\" content=\"0;url=//evil.example\"><form action=/api/decide>\
                      <b class='x\" onload='y'>&lt;i&gt;<!-- \u{2028}]]>";
/// The same length and the same kind of words, and nothing that means anything.
fn harmless(text: &str) -> String {
    text.chars().map(|letter| if "<>\"'&/=-![]".contains(letter) { 'a' } else { letter }).collect()
}

/// Elements, their nesting and the names of their attributes, in the order of the page.
fn structure(page: &str) -> Vec<String> {
    let document = Html::parse_document(page);
    let line = |node: ego_tree::NodeRef<'_, Node>| match node.value() {
        Node::Element(element) => {
            let mut names: Vec<&str> = element.attrs().map(|(name, _)| name).collect();
            names.sort_unstable();
            Some(format!("{}{} {names:?}", " ".repeat(node.ancestors().count()), element.name()))
        }
        _ => None,
    };
    // How many bars there are, and ticks on the axis of a timeline, the time says.
    let is_timed = |node: &ego_tree::NodeRef<'_, Node>| {
        let mut around = node.ancestors().filter_map(|one| one.value().as_element()?.attr("class"));
        around.any(|class| matches!(class, "histogram" | "axis mono"))
    };
    let nodes = document.tree.root().descendants().filter(|node| !is_timed(node));
    let mut lines: Vec<String> = nodes.filter_map(line).collect();
    // How many lines a label of a drawing takes, its letters' widths say.
    // In how many scripts the data of a page comes, its timing says.
    let varies = |line: &str| line.starts_with("tspan ") || line == "script [\"nonce\"]";
    lines.dedup_by(|one, other| one == other && varies(one.trim_start()));
    lines
}

/// A site on which every text that others control is made by `word`.
async fn site_of(name: &str, word: fn(&str) -> String) -> (Site, Vec<String>) {
    let site = Site::new(name).await;
    let text = word(MARKUP);
    let title = json!({"title": text, "amount": text, "currency": text, "nested": {(text.as_str()): [text]}});
    let (asked, event) = site.ask_with("asked", &title.to_string()).await;
    let fields = [("arn", asked.as_str()), ("event", &event.to_string()), ("decision", "approve"), ("comment", &text)];
    let sfn = &site.desk.sfn;
    let state = word("</svg><b id='q'>\"&");
    let definition = json!({
        "Comment": text,
        "StartAt": state,
        "States": {
            (state.as_str()): {"Type": "Pass", "Comment": text, "Result": {(text.as_str()): text}, "Next": "Decide"},
            "Decide": {"Type": "Choice", "Choices": [{"Variable": "$.x", "StringEquals": text, "Next": "End"}], "Default": "End"},
            "End": {"Type": "Fail", "Error": word("<b>'\""), "Cause": text},
        },
    });
    let approval = "arn:aws:states:us-east-1:000000000000:stateMachine:approval";
    let machine = sfn
        .create_state_machine()
        .name(word("it's(a)=machine@!"))
        .role_arn("arn:aws:iam::000000000000:role/x")
        .definition(definition.to_string())
        .send()
        .await
        .unwrap();
    let failed = sfn
        .start_execution()
        .state_machine_arn(machine.state_machine_arn())
        .name("failed")
        .input(json!({"x": text}).to_string())
        .send()
        .await
        .unwrap();
    // The same request once more, in a state whose name is markup, and decided.
    let shipped = sfn.describe_state_machine().state_machine_arn(approval).send().await.unwrap();
    let mut shipped: Value = serde_json::from_str(shipped.definition()).unwrap();
    let first = shipped["StartAt"].as_str().unwrap().to_owned();
    let states = shipped["States"].as_object_mut().unwrap();
    let waits = states.remove(&first).unwrap();
    states.insert(state.clone(), waits);
    shipped["StartAt"] = json!(state);
    sfn.update_state_machine().state_machine_arn(approval).definition(shipped.to_string()).send().await.unwrap();
    let (again, other) = site.ask_with("again", &title.to_string()).await;
    // Whoever is faster than the function that was asked leaves it no event.
    for _ in 0..400 {
        let history = sfn.get_execution_history().execution_arn(&asked).send().await.unwrap();
        if history.events().iter().any(|event| *event.r#type() == HistoryEventType::TaskSubmitted) {
            break;
        }
        site.desk.look_again().await;
    }
    assert_eq!(site.form("/api/decide", &fields).await.status, StatusCode::FOUND);
    let started = [("workflow", "order"), ("name", ""), ("input", text.as_str())];
    assert_eq!(site.form("/api/start", &started).await.header(header::LOCATION), "/default/workflows/order#start");
    let part = routes::encode(&text);
    let failed = here().execution(&failed.execution_arn);
    let asked = here().execution(&asked);
    let mut pages = vec![
        "/default/workflows/order".to_owned(),
        "/default".to_owned(),
        "/default/workflows".to_owned(),
        "/default/executions".to_owned(),
        "/default/inbox".to_owned(),
        "/default/deploy".to_owned(),
        "/default/audit".to_owned(),
        here().workflow(machine.state_machine_arn.rsplit(':').next().unwrap()),
        here().approval(&again, other),
        format!("/default/nowhere/{part}"),
        format!("/default/workflows/{part}"),
        format!("/default/executions/{part}"),
        format!("/default/inbox/{part}/1"),
        format!("/default/workflows/order?tab={part}&sample={part}&input={part}&name={part}&problem={part}#x"),
        format!("/default/executions?workflow={part}"),
        format!("/default/executions?status={part}"),
        format!("/default/deploy?deployed={part}"),
        format!("/default?__path=%2Fapi%2Fact-as&__err={part}"),
    ];
    for execution in [failed, asked] {
        pages.extend(["timeline", "events", "data", "definition"].map(|tab| format!("{execution}?tab={tab}")));
        pages.push(format!("{execution}?state={}", routes::encode(&state)));
        pages.push(format!("{execution}?state={part}&tab={part}"));
    }
    // What was decided has ended on every page.
    let decided = pages.iter().find(|page| page.contains("execution:approval:asked")).unwrap();
    let decided = decided.strip_prefix("/default/executions/").unwrap().split('?').next().unwrap();
    for _ in 0..200 {
        if site.desk.execution(decided).await.unwrap().row.ended_at.is_some() {
            break;
        }
        site.desk.look_again().await;
    }
    site.settled().await;
    (site, pages)
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_from_outside_never_changes_a_page_s_structure() {
    let (harmed, hostile_pages) = site_of("markup", str::to_owned).await;
    let (well, pages) = site_of("words", harmless).await;
    for (hostile, harmless) in hostile_pages.iter().zip(&pages) {
        let (hostile_page, page) = (harmed.page(hostile).await, well.page(harmless).await);
        assert_eq!(hostile_page.status, page.status, "{hostile}");
        let (found, expected) = (structure(&hostile_page.text), structure(&page.text));
        let differs = found.iter().zip(&expected).position(|(one, other)| one != other);
        let at = differs.unwrap_or(found.len().min(expected.len()));
        let around = |lines: &[String]| lines.iter().skip(at.saturating_sub(3)).take(8).cloned().collect::<Vec<_>>();
        assert!(found == expected, "{hostile}\n{:#?}\nis, and should be\n{:#?}", around(&found), around(&expected));
    }
    harmed.close().await;
    well.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_hidden_is_shown() {
    let site = Site::new("hidden").await;
    let amount = "1\u{202e}00,5\u{202c}\u{200b} EUR";
    let request = json!({"title": format!("Refund {amount}?"), "amount": amount, "currency": "EUR"});
    let (arn, event) = site.ask_with("hidden", &request.to_string()).await;
    let (page, execution) = (here().approval(&arn, event), here().execution(&arn));
    let comment = format!("I saw {amount}");
    let check = async |path: &str, times: usize| {
        let page = site.page(path).await.text;
        let hidden = page.find(['\u{202e}', '\u{202c}', '\u{200b}']);
        // A form holds what was typed as it was typed.
        assert!(hidden.is_none(), "{path}: {:?}", &page[hidden.unwrap() - 100..hidden.unwrap()]);
        let shown = Html::parse_document(&page).root_element().text().collect::<String>();
        assert!(shown.matches("1[U+202E]00,5[U+202C][U+200B] EUR").count() >= times, "{path}");
        page
    };
    let open = check(&page, 4).await;
    let title = Html::parse_document(&open)
        .select(&Selector::parse("title").unwrap())
        .next()
        .unwrap()
        .text()
        .collect::<String>();
    assert!(title.contains("Refund 1[U+202E]00,5[U+202C][U+200B] EUR?"), "{title}");
    let isolated = Html::parse_document(&open).select(&Selector::parse("h1 > bdi").unwrap()).count();
    assert_eq!(isolated, 1, "the title keeps its direction to itself");
    for path in
        ["/default", "/default/inbox", &execution, &format!("{execution}?tab=events"), &format!("{execution}?tab=data")]
    {
        check(path, 1).await;
    }
    let linked =
        site.page(&format!("/default/workflows/order?input={}", routes::encode(&request.to_string()))).await.text;
    assert!(linked.contains("[U+202E] [U+202C] [U+200B]"), "a form says what it holds and does not show");
    let fields = [("arn", arn.as_str()), ("event", &event.to_string()), ("decision", "approve"), ("comment", &comment)];
    site.form("/api/decide", &fields).await;
    for path in [page.as_str(), "/default/audit"] {
        check(path, 2).await;
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_legal_name_has_a_page() {
    let site = Site::new("names").await;
    let sfn = &site.desk.sfn;
    let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    let names = [".", "..", "...", "a.", "-", "_", "a+b", "Grüße", "it's(a)=b@c!", "日本"];
    for name in names {
        let create = sfn.create_state_machine().name(name).role_arn("arn:aws:iam::000000000000:role/x");
        let machine = create.definition(definition).send().await.unwrap();
        let start = sfn.start_execution().state_machine_arn(machine.state_machine_arn()).name(name);
        start.send().await.unwrap();
    }
    site.settled().await;
    let list = Html::parse_document(&site.page("/default/workflows").await.text);
    let executions = Html::parse_document(&site.page("/default/executions").await.text);
    let base = url::Url::parse("http://127.0.0.1:3000/workflows").unwrap();
    for name in names {
        let check = async |page: &Html, kind: &str| {
            let links = page
                .select(&Selector::parse(kind).unwrap())
                .filter(|link| link.text().collect::<String>() == name)
                .collect::<Vec<_>>();
            let [link] = links.as_slice() else { panic!("{name}: {} links", links.len()) };
            // As a browser reads it.
            let to = base.join(link.value().attr("href").unwrap()).unwrap();
            let page = site.page(to.path()).await;
            assert_eq!(page.status, StatusCode::OK, "{name}: {to}");
            let head = Html::parse_document(&page.text)
                .select(&Selector::parse("h1").unwrap())
                .next()
                .unwrap()
                .text()
                .collect::<String>();
            assert_eq!(head, name, "{to}");
        };
        check(&list, ".workflow-name a").await;
        check(&executions, "a.row-main").await;
    }
    site.close().await;
}
