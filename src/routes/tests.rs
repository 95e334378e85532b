//! Every path as it is written, and read back.

use super::*;
use crate::wire::executions::ALL;

#[test]
fn arns_stay_legible_and_the_rest_is_escaped() {
    let routes = of("prod");
    assert_eq!(
        routes.execution_state("arn:aws:states:us-east-1:000000000000:execution:order:1", "Grüße & co"),
        "/prod/executions/arn:aws:states:us-east-1:000000000000:execution:order:1?state=Gr%C3%BC%C3%9Fe%20%26%20co"
    );
    assert_eq!(routes.executions_of(Some("a/b"), None), "/prod/executions?workflow=a%2Fb");
    assert_eq!(routes.executions_of(None, None), "/prod/executions");
}

#[test]
fn the_page_of_a_request_is_told_from_others() {
    for (address, is_it) in [
        ("/prod/inbox/arn:aws:states:us-east-1:000000000000:execution:order:1/5", true),
        ("/prod/inbox/arn/5/more", false),
        ("/prod/inbox/arn", false),
        ("/prod/inbox/arn/", false),
        ("/prod/inbox//5", false),
        ("/prod/inbox", false),
        ("/prod/executions/arn/5", false),
        ("//inbox/arn/5", false),
        ("/", false),
    ] {
        assert_eq!(is_request(address), is_it, "{address}");
    }
}

#[test]
fn every_name_is_one_segment() {
    let routes = of("prod");
    for (name, expected) in [
        ("..", "/prod/workflows/~.."),
        (".", "/prod/workflows/~."),
        ("", "/prod/workflows/~"),
        ("~..", "/prod/workflows/~~.."),
        ("...", "/prod/workflows/..."),
        ("a/..", "/prod/workflows/a%2F.."),
        ("?#%", "/prod/workflows/%3F%23%25"),
    ] {
        assert_eq!(routes.workflow(name), expected);
        let read = expected.strip_prefix("/prod/workflows/").unwrap_or_default();
        let read = read.replace("%2F", "/").replace("%3F", "?").replace("%23", "#").replace("%25", "%");
        assert_eq!(name_of(&read), name);
    }
    assert_eq!(routes.approval("..", 1), "/prod/inbox/~../1");
    assert_eq!(routes.execution("~"), "/prod/executions/~~");
}

#[test]
fn the_first_segment_is_the_connection() {
    for (path, expected) in [
        ("/prod", "prod"),
        ("/prod/", "prod"),
        ("/prod?a=/b", "prod"),
        ("/prod#a/b", "prod"),
        ("/prod/inbox/a/1", "prod"),
        ("/", ""),
        ("//prod", ""),
        ("/%70rod", "%70rod"),
        ("", ""),
    ] {
        assert_eq!(connection_of(path), expected, "{path}");
    }
    let routes = of("prod");
    for path in [routes.overview(), routes.inbox(), routes.execution("a"), routes.audit_of(None, None, Some(1))] {
        assert_eq!(connection_of(&path), "prod", "{path}");
    }
}

#[test]
fn no_connection_has_the_name_of_another_path() {
    for path in [LIVE, API, HEALTHZ, HOOK_SNS, SIGN_IN, SIGN_OUT, WELCOME, ACCOUNT, USERS]
        .into_iter()
        .chain(["/pkg/countersign.js", "/fonts/inter.woff2"])
    {
        assert!(is_reserved(connection_of(path)), "{path}");
    }
    // Every folder and file of the site; a name with a dot cannot be that of a connection.
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/public")).expect("the site's files");
    for name in files.flatten().filter_map(|file| file.file_name().into_string().ok()) {
        assert!(is_reserved(&name) || name.contains('.'), "{name}");
    }
    assert!(!is_reserved("default") && !is_reserved("prod"));
}

/// Every path and query of the site. Links that people kept lead here: what changes below breaks them.
#[test]
fn every_path_and_query_is_as_it_was() {
    let arn = "arn:aws:states:eu-central-1:000000000000:execution:order:a1";
    let routes = of("prod");
    let events = View::default().with(view::TAB, Some("events"));
    let definition = View::default().with(view::TAB, Some("definition"));
    let mut seen: Vec<String> =
        [ROOT, LIVE, API, HEALTHZ, HOOK_SNS, SIGN_OUT, ACCOUNT, USERS].map(str::to_owned).to_vec();
    seen.extend([
        sign_in(None),
        sign_in(Some("/prod/inbox?after=1")),
        sign_in_with("/prod/inbox"),
        SIGN_IN_BACK.to_owned(),
        welcome("c0de"),
        routes.overview(),
        routes.workflows(),
        routes.page(EXECUTIONS),
        routes.inbox(),
        routes.deploy(),
        routes.audit(),
        routes.page(CONNECTION),
        routes.search(None),
        routes.search(Some("start order")),
        routes.workflow("order"),
        routes.workflow_sample("order", 2),
        routes.workflow_view("order", &View::default().with(view::STATE, Some("Ask, then pay"))),
        routes.workflow_view("order", &definition),
        routes.workflow_view("order", &definition.with(view::STATE, Some("Ask, then pay"))),
        routes.workflow_view("order", &View::default().with(view::FOLDED, Some("Each\nBoth"))),
        routes.start_again("order", arn),
        routes.execution(arn),
        routes.execution_state(arn, "Ask, then pay"),
        routes.execution_view(arn, &events),
        routes.execution_view(arn, &events.with(view::STATE, Some("Ask, then pay"))),
        routes.execution_view(arn, &events.with(view::TYPE, Some("failures")).with(view::FIND, Some("4711 & co"))),
        routes.execution_view(
            arn,
            &View::default().with(view::SPAN, Some("1500-2000")).with(view::ITERATION, Some("17")),
        ),
        routes
            .execution_view(arn, &View::default().with(view::TAB, Some("drawing")).with(view::DRAWER, Some("closed"))),
        routes.execution_view(
            arn,
            &View::default()
                .with(view::STATE, Some("Ask"))
                .with(view::VISIT, Some("3"))
                .with(view::PART, Some("stages")),
        ),
        routes.execution_view(arn, &View::default().with(view::PART, Some("difference")).with(view::WITH, Some("2"))),
        routes.history(arn),
        routes.value(arn, "event.17.input"),
        routes.approval(arn, 17),
        routes.hands(arn, 17),
        routes.guest(None),
        routes.guest(Some((arn, 17))),
        routes.audit_of(None, None, Some(4711)),
        routes.audit_of(Some("decisions"), Some("a b"), None),
        routes.audit_file("csv", None, Some("x")),
        routes.executions_of(None, None),
        routes.executions_of(Some("order"), None),
        routes.executions_view(&executions::View {
            parent: Some(arn.to_owned()),
            before: Some("1764160000000.17".to_owned()),
            ..executions::View::default()
        }),
        routes.bulk("bulk-0a1b2c3d4e5f"),
        routes.executions_view(&executions::View {
            q: Some("orderId:4711 total>1000".to_owned()),
            time: Some("24h".to_owned()),
            scope: Some(ALL.to_owned()),
            ..executions::View::default()
        }),
        routes.inbox_part(Some("mine"), Some("4711"), Some("1764160000000.1764150000000.4.17")),
        routes.approval_beside(arn, 17, [Some("mine"), None, Some("1764160000000.1764150000000.4.17")]),
    ]);
    seen.extend(StatusFilter::ALL.map(|filter| routes.executions_of(None, Some(filter))));
    seen.push(routes.executions_of(Some("Grüße"), Some(StatusFilter::TimedOut)));
    assert_eq!(format!("{}\n", seen.join("\n")), include_str!("../routes.txt"));
}
