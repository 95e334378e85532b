//! Searching: every condition alone and beside every other, page by page, and what must not be found.

use super::*;
use crate::index::{Contents, Kept, Span};
use crate::search::{Content, Search};

const START: i64 = 1_764_160_000_000;

/// A list of what a search finds, in the order of the list.
async fn found(index: &dyn Index, search: &str) -> Vec<String> {
    let filter = filter(search);
    let all = names(index, &filter, 100).await;
    assert_eq!(all, names(index, &filter, 7).await, "{search}: pages of another size");
    let counted = index.count(&here(), &filter, 1_000).await.unwrap();
    assert_eq!((counted.count, counted.more), (all.len() as u64, false), "{search}");
    all
}

fn filter(search: &str) -> Filter {
    Filter { terms: Search::read(search, START).unwrap().terms, ..Filter::default() }
}

fn kept(name: &str, input: &str, output: Option<&str>) -> Kept {
    let content = Content::of(Some(input), output);
    let contents = if output.is_some() { Contents::Whole(content) } else { Contents::Input(content) };
    Kept { arn: format!("execution:{name}"), contents, reason: None }
}

/// Orders of several kinds, a second apart: `order-0` is the oldest.
async fn orders(index: &dyn Index, many: i64) {
    begun(index).await;
    let statuses =
        [ExecutionStatus::Succeeded, ExecutionStatus::Failed, ExecutionStatus::Running, ExecutionStatus::Aborted];
    let one = |n: i64| {
        let status = statuses[usize::try_from(n).unwrap() % 4];
        let mut summary = execution(&format!("order-{n}"), status, START - (many - n) * 1_000);
        summary.ended_at = summary.ended_at.map(|_| summary.started_at + n * 1_000);
        summary.version = (n % 3 == 0).then(|| "3".to_owned());
        summary.alias = (n % 5 == 0).then(|| "live".to_owned());
        summary
    };
    let all: Vec<Summary> = (0..many).map(one).collect();
    listed(index, &list("a"), &all).await;
    let contents: Vec<Kept> = (0..many)
        .map(|n| {
            let input = format!(
                r#"{{"orderId":"A-{n}","total":{}.50,"customer":{{"id":{},"name":"Grüße & Co"}},"items":[{{"sku":"x{n}"}}]}}"#,
                n * 10,
                n % 7
            );
            let error = Reason::Error { error: "Payment.Refused".to_owned(), state: None, first: None };
            let one = kept(&format!("order-{n}"), &input, (n % 4 != 2).then_some(r#"{"state":"paid late"}"#));
            Kept { reason: (n % 4 == 1).then_some(error), ..one }
        })
        .collect();
    index.keep_contents(&here(), &contents).await.unwrap();
}

pub async fn contents_are_found_by_words_and_by_keys(index: &dyn Index) {
    orders(index, 20).await;
    let one = ["order-17".to_owned()];
    for search in [
        "\"A-17\"",
        "a-17",
        "17",
        "orderId:A-17",
        "ORDERID:a-17",
        "orderId=A-17",
        "$.orderId:A-17",
        "items[0].sku:x17",
        "items.sku:x17",
        "sku:x17",
        "x17",
        "total:170.5",
        "total:170.50",
        "total>160.5 total<180",
        "total:170..171",
        "total>=170.50 total<=170.5",
        "name:r-17",
        "name:order-17*",
        "input:x17",
        "arn:aws:states:eu-central-1:000000000000:execution:a:order-17",
    ] {
        assert_eq!(found(index, search).await, one, "{search}");
    }
    for (search, many) in [
        ("", 20),
        ("order", 20),
        ("late", 15),
        ("output:late", 15),
        ("input:late", 0),
        ("\"paid late\"", 15),
        ("\"late paid\"", 0),
        ("grüße", 20),
        ("GRÜSSE", 0),
        ("grusse", 0),
        ("customer.id:3", 3),
        ("id:3", 3),
        ("order.id:3", 0),
        ("customer.id>=5", 5),
        ("nobody.id>=5", 0),
        ("orderId:A-1*", 11),
        ("order-1*", 1 + 10),
        ("status:failed", 5),
        ("status:Stopped", 5),
        ("error:Payment.Refused", 5),
        ("error:payment.*", 5),
        ("error:Payment", 0),
        ("version:3", 7),
        ("alias:live", 4),
        ("workflow:a", 20),
        ("workflow:b", 0),
        ("workflow:*a", 0),
        ("duration>=10s", 7),
        ("duration:1s..3s", 2),
        ("started>5s", 5),
        ("ended<1s", 8),
        ("ended>1d", 15),
        ("ended>1d status:running", 0),
        ("name:%17", 0),
        ("name:r_1", 0),
    ] {
        assert_eq!(found(index, search).await.len(), many, "{search}");
    }
}

pub async fn every_condition_holds_beside_every_other(index: &dyn Index) {
    orders(index, 40).await;
    let conditions = [
        "late",
        "orderId:A-1*",
        "customer.id:3",
        "total>100",
        "total<300 total>50",
        "status:failed",
        "status:running",
        "workflow:a",
        "version:3",
        "alias:live",
        "name:order-1*",
        "name:3",
        "error:Payment.Refused",
        "duration>5s",
        "started>20s",
    ];
    let mut sets = Vec::new();
    for condition in conditions {
        sets.push(found(index, condition).await.into_iter().collect::<BTreeSet<_>>());
    }
    for (a, first) in conditions.iter().enumerate() {
        for (b, second) in conditions.iter().enumerate().skip(a + 1) {
            let both: BTreeSet<String> = sets[a].intersection(&sets[b]).cloned().collect();
            let search = format!("{first} {second}");
            assert_eq!(found(index, &search).await.into_iter().collect::<BTreeSet<_>>(), both, "{search}");
            for shown in [Shown::Status(ExecutionStatus::Failed), Shown::Status(ExecutionStatus::Running)] {
                let of_status = Filter { shown: Some(shown), ..filter(&search) };
                let machine = Filter { machine_arn: Some("machine:a".to_owned()), ..of_status.clone() };
                let names_of = names(index, &of_status, 9).await;
                assert!(names_of.iter().all(|name| both.contains(name)), "{search} {shown:?}");
                assert_eq!(names(index, &machine, 100).await, names_of, "{search} {shown:?}");
            }
        }
    }
}

pub async fn every_search_has_pages_without_gaps_or_repetitions(index: &dyn Index) {
    begun(index).await;
    // Many of one millisecond: their times alone are no cursor.
    let all: Vec<Summary> =
        (0..60).map(|n| execution(&format!("e{n}"), ExecutionStatus::Failed, START + n / 25)).collect();
    listed(index, &list("a"), &all).await;
    let contents: Vec<Kept> =
        (0..60).map(|n| kept(&format!("e{n}"), &format!("{{\"n\":{n}}}"), Some("\"done\""))).collect();
    index.keep_contents(&here(), &contents).await.unwrap();
    for search in ["", "done", "n>=0", "n:1*", "status:failed done", "name:e", "duration>1ms done n<50"] {
        let filter = filter(search);
        let all = names(index, &filter, 100).await;
        assert!(all.len() >= 11, "{search}");
        for size in [1, 4, 13, 60] {
            let paged = names(index, &filter, size).await;
            assert_eq!(paged, all, "{search}, {size} a page");
            assert_eq!(paged.iter().collect::<BTreeSet<_>>().len(), all.len(), "{search}, {size} a page");
        }
    }
    // The times of a list are times of its executions.
    let span = Filter { from: Some(START + 1), until: Some(START + 2), ..Filter::default() };
    assert_eq!(names(index, &span, 7).await.len(), 25);
    assert_eq!(names(index, &Filter { terms: filter("done").terms, ..span }, 7).await.len(), 25);
}

pub async fn the_histogram_counts_what_the_list_has(index: &dyn Index) {
    orders(index, 40).await;
    assert_eq!(index.oldest(&here()).await.unwrap(), Some(START - 40_000));
    let span = Span { from: START - 40_000, width: 10_000, bars: 5 };
    for search in
        ["", "late", "total>100", "status:failed", "name:order-1*", "error:Payment.Refused late", "started>15s"]
    {
        let filter = filter(search);
        let bars = index.starts(&here(), &filter, span).await.unwrap().bars;
        assert_eq!(bars.len(), 5);
        for (at, bar) in bars.iter().enumerate() {
            let from = span.from + i64::try_from(at).unwrap() * span.width;
            let part = Filter { from: Some(from), until: Some(from + span.width), ..filter.clone() };
            let count: u64 = bar.counts.iter().map(|(_, n)| n).sum();
            assert_eq!(names(index, &part, 100).await.len() as u64, count, "{search}, bar {at}");
        }
    }
}

pub async fn the_bars_count_each_start_once_whatever_became_of_it(index: &dyn Index) {
    const DAY: i64 = 86_400_000;
    begun(index).await;
    index.keep_machine(&here(), &machine("b")).await.unwrap();
    let start = |n: i64| START + n * n * n * 7_919;
    let at = |n: i64, status| execution(&format!("e{n}"), status, start(n));
    let all: Vec<Summary> = (0..40).map(|n| at(n, ExecutionStatus::Running)).collect();
    listed(index, &list("a"), &all).await;
    let other = Summary { machine_arn: "machine:b".into(), ..execution("other", ExecutionStatus::Failed, start(7)) };
    listed(index, &list("b"), &[other]).await;
    let ended: Vec<Summary> = (0..40).step_by(3).map(|n| at(n, ExecutionStatus::Failed)).collect();
    index.listed(&here(), &list("a"), 2_000, &ended, false).await.unwrap();
    for gone in ["execution:e4", "execution:e6", "execution:e39"] {
        index.forget(&here(), gone).await.unwrap();
    }
    let filters = ["", "status:failed", "status:running", "workflow:b", "workflow:a status:failed"].map(filter);
    let only_a = Filter { sight: Sight::only(&["machine:a"]), ..Filter::default() };
    let of_b = Filter { machine_arn: Some("machine:b".into()), ..Filter::default() };
    for filter in filters.into_iter().chain([only_a, of_b]) {
        for width in [1_000, 7_000, 60_000, 3_600_000, DAY, DAY + 1] {
            for (from, until) in [(None, None), (Some(start(3) + 1), None), (Some(start(9)), Some(start(20) + 1))] {
                let filter = Filter { from, until, ..filter.clone() };
                let span = Span { from: START.div_euclid(width) * width, width, bars: 60 };
                let bars = index.starts(&here(), &filter, span).await.unwrap();
                assert_eq!((bars.bars.len(), bars.most), (60, None));
                for (place, bar) in bars.bars.iter().enumerate() {
                    let begin = span.from + i64::try_from(place).unwrap() * width;
                    let part = Filter {
                        from: Some(from.map_or(begin, |from| from.max(begin))),
                        until: Some(until.map_or(begin + width, |until| until.min(begin + width))),
                        ..filter.clone()
                    };
                    let count: u64 = bar.counts.iter().map(|(_, n)| n).sum();
                    let listed = names(index, &part, 100).await.len() as u64;
                    assert_eq!(count, listed, "{filter:?}, {width}, bar {place}");
                }
            }
        }
    }
}

pub async fn what_is_withheld_or_gone_is_not_found(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("one", START), running("two", START)]).await;
    let secret = r#"{"orderId":"secret-4711","total":5}"#;
    index.keep_contents(&here(), &[kept("one", secret, None), kept("two", secret, None)]).await.unwrap();
    assert_eq!(found(index, "secret-4711 orderId:secret* total>1").await.len(), 2);
    assert_eq!(index.unread(&here(), &Sight::default()).await.unwrap().withheld, 0);
    let withheld = Kept { arn: "execution:one".into(), contents: Contents::Withheld, reason: None };
    index.keep_contents(&here(), &[withheld]).await.unwrap();
    for search in ["secret-4711", "orderId:secret*", "total>1"] {
        assert_eq!(found(index, search).await, ["two"], "{search}");
    }
    assert_eq!(found(index, "one").await, ["one"], "its name is no secret");
    assert_eq!(index.unread(&here(), &Sight::default()).await.unwrap().withheld, 1);
    let unreadable = Kept { arn: "execution:one".into(), contents: Contents::Unreadable, reason: None };
    index.keep_contents(&here(), &[unreadable]).await.unwrap();
    let unread = index.unread(&here(), &Sight::default()).await.unwrap();
    assert_eq!((unread.withheld, unread.unreadable), (0, 1), "which is which");
    index.forget(&here(), "execution:two").await.unwrap();
    for search in ["secret-4711", "orderId:secret*", "total>1", "two"] {
        assert!(found(index, search).await.is_empty(), "{search}");
    }
    // What takes its place has nothing of it.
    listed(index, &list("a"), &[running("two", START)]).await;
    assert!(found(index, "secret-4711").await.is_empty());
    index.keep_only(&here(), &[]).await.unwrap();
    assert!(found(index, "one").await.is_empty());
}

pub async fn contents_are_wanted_until_they_are_read(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("one", START), execution("two", ExecutionStatus::Failed, START + 1)]).await;
    let to_read = async || {
        let due = index.to_read(&here(), 9).await.unwrap();
        due.into_iter().map(|one| (one.arn, one.machine_arn)).collect::<Vec<_>>()
    };
    let a = |name: &str| (format!("execution:{name}"), "machine:a".to_owned());
    assert_eq!(to_read().await, [a("two"), a("one")]);
    let wants = async |status, withheld| {
        let one = [("execution:none", status, withheld), ("execution:one", status, withheld)];
        !index.wants(&here(), &one).await.unwrap().is_empty()
    };
    assert!(wants(ExecutionStatus::Running, false).await);
    index.keep_contents(&here(), &[kept("one", "{}", None), kept("two", "{}", Some("1"))]).await.unwrap();
    assert!(to_read().await.is_empty());
    assert!(!wants(ExecutionStatus::Running, false).await);
    assert!(wants(ExecutionStatus::Succeeded, false).await && wants(ExecutionStatus::Running, true).await);
    let ended = [execution("one", ExecutionStatus::Succeeded, START)];
    index.listed(&here(), &list("a"), 2_000, &ended, false).await.unwrap();
    assert_eq!(to_read().await, [a("one")], "its output is to be read");
    assert_eq!(index.unread(&here(), &Sight::default()).await.unwrap().unread, 1);
}

pub async fn no_search_fails_whatever_it_is(index: &dyn Index) {
    orders(index, 8).await;
    let mut seed = 17_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let pieces = [
        "\"", "*", ":", ">", "<", "=", "..", " ", "\\", "(", ")", "{", "}", "^", "-", "+", "NEAR", "AND ", "a",
        "orderId", "status", "started", "duration", "name", "'", "%", "_", ";", "\u{e000}", "\u{0}", "\u{202e}", "ü",
        "17", "1e9", "NaN", "[", "]", "$.", ",", "error", "marks", "rowid", "--", "/*", "input",
    ];
    for _ in 0..2_000 {
        let text: String = (0..=random(9)).map(|_| pieces[random(pieces.len())]).collect();
        let text = if random(8) == 0 { format!("arn:a:execution:a:{text}") } else { text };
        match Search::read(&text, START) {
            Ok(search) => {
                let filter = Filter { terms: search.terms, ..Filter::default() };
                let page = index.executions(&here(), &filter, None, 3).await;
                page.unwrap_or_else(|error| panic!("{text:?}: {error}"));
            }
            Err(error) => assert!((1..=text.chars().count() + 1).contains(&error.at), "{text:?}: {error}"),
        }
    }
}
