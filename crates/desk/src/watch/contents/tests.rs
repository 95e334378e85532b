#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use countersign_trace::{Details, EventKind};
use serde_json::json;

use super::*;
use crate::connection::fake::{Fake, SetClock, asking};
use crate::connection::{ConnectionKind, Fault};
use crate::index::{Filter, Sight, SqliteIndex};
use crate::redact::RedactionKey;
use crate::search::Search;

const START: i64 = 1_764_160_000_000;
const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;

struct Watched {
    watch: Arc<Watch>,
    fake: Fake,
    clock: SetClock,
    ask: String,
    plain: String,
}

impl Watched {
    fn new(kind: ConnectionKind) -> Self {
        let clock = SetClock::at(START);
        let fake = Fake::new(&clock);
        let (ask, plain) =
            fake.change(|world, now| (world.machine("ask", &asking(), now), world.machine("plain", PASS, now)));
        let (index, key) = (Arc::new(SqliteIndex::in_memory()), RedactionKey::new([0; 16]));
        let watch = Arc::new(Watch::new(fake.connection(kind), index, clock.clock(), &key));
        Self { watch, fake, clock, ask, plain }
    }

    /// A round, and the contents that it leaves.
    async fn round(&self) {
        self.clock.advance(1_000);
        self.watch.round_once().await;
        while self.watch.read_contents().await.unwrap() > 0 {}
    }

    async fn found(&self, search: &str) -> Vec<String> {
        let terms = Search::read(search, self.clock.now()).unwrap().terms;
        let filter = Filter { terms, ..Filter::default() };
        let id = &self.watch.connection.id;
        let page = self.watch.index.executions(id, &filter, None, 100).await.unwrap();
        page.rows.into_iter().map(|one| one.summary.arn).collect()
    }

    fn finished(&self, input: &serde_json::Value, output: &str) -> String {
        self.fake.change(|world, now| {
            let arn = world.start(&self.plain, input, now);
            world.end(&arn, EventKind::ExecutionSucceeded, ExecutionStatus::Succeeded, Some(output.into()), None, now);
            arn
        })
    }
}

/// Searches that would find a token, were it there.
fn searches_of(token: &str) -> Vec<String> {
    let mut all = vec![format!("\"{token}\""), "AQCk*".to_owned(), "AQCkAAAAKgAAAAMAAAAAfake*".to_owned()];
    all.extend(["taskToken", "other", "note", "MessageBody.taskToken"].map(|key| format!("{key}:AQCk*")));
    all.extend(crate::redact::spellings(token).into_iter().map(|one| format!("\"{one}\"")));
    all
}

#[tokio::test]
async fn inputs_and_outputs_of_all_executions_are_searched_in_the_end() {
    let watched = Watched::new(ConnectionKind::Embedded);
    let done = watched.finished(&json!({"orderId": "A-17", "total": 99.5}), r#"{"paid":true}"#);
    let failed = watched.fake.change(|world, now| {
        let arn = world.start(&watched.plain, &json!({"orderId": "A-18"}), now);
        let error = Some("Payment.Refused".to_owned());
        world.end(&arn, EventKind::ExecutionFailed, ExecutionStatus::Failed, None, error, now);
        arn
    });
    let running = watched.fake.change(|world, now| world.start(&watched.plain, &json!({"orderId": "A-19"}), now));
    let (waiting, _) =
        watched.fake.change(|world, now| world.start_asking(&watched.ask, &json!({"orderId": "A-20"}), now));
    watched.round().await;
    assert_eq!(watched.found("orderId:A-17 total>99 paid:true").await, [done]);
    assert_eq!(watched.found("error:Payment.*").await, [failed.as_str()]);
    assert_eq!(watched.found("orderId:A-18").await, [failed]);
    assert_eq!(watched.found("orderId:A-19").await, [running.as_str()]);
    assert_eq!(watched.found("request.orderId:A-20").await, [waiting]);
    assert_eq!(watched.watch.index.unread(&watched.watch.connection.id, &Sight::default()).await.unwrap().unread, 0);
    watched.fake.change(|world, now| {
        let output = Some(r#"{"late":"yes"}"#.to_owned());
        world.end(&running, EventKind::ExecutionSucceeded, ExecutionStatus::Succeeded, output, None, now);
    });
    watched.round().await;
    assert_eq!(watched.found("orderId:A-19 late:yes").await, [running]);
}

#[tokio::test]
async fn no_token_is_in_the_index() {
    let watched = Watched::new(ConnectionKind::Embedded);
    let (waiting, _) = watched.fake.change(|world, now| world.start_asking(&watched.ask, &json!("order 4711"), now));
    let token = watched.fake.change(|world, _| world.token_of(&waiting)).unwrap();
    // Others carry it, known by nothing but itself.
    let carrier = watched
        .finished(&json!({"other": token, "orderId": 4711}), &json!({"note": format!("x {token} y")}).to_string());
    let coded = crate::redact::spellings(&token).into_iter().next_back().unwrap();
    watched.finished(&json!({"other": coded, "orderId": 4712}), "{}");
    watched.round().await;
    assert_eq!(watched.found("orderId:4711").await, [carrier]);
    for search in searches_of(&token) {
        assert!(watched.found(&search).await.is_empty(), "{search}");
    }
    watched.watch.connection.calls.send_task_success(&token, &json!({"note": token}).to_string()).await.unwrap();
    watched.round().await;
    assert_eq!(watched.found("4711 status:succeeded").await.len(), 2);
    for search in searches_of(&token) {
        assert!(watched.found(&search).await.is_empty(), "{search}, after its end");
    }
    // Another process reads it when it has ended already.
    let (connection, clock) = (watched.watch.connection.clone(), watched.clock.clock());
    let watch = Watch::new(connection, Arc::new(SqliteIndex::in_memory()), clock, &RedactionKey::new([0; 16]));
    let later = Watched { watch: Arc::new(watch), ..watched };
    later.round().await;
    assert_eq!(later.found("orderId:4711").await.len(), 1);
    assert_eq!(later.found("order").await.len(), 1, "what it asked for is found");
    for search in
        searches_of(&token).iter().filter(|search| !search.starts_with("other:") && !search.starts_with("note:"))
    {
        let found = later.found(search).await;
        assert!(!found.contains(&waiting), "{search}, after a restart");
    }
}

/// An execution whose token nobody finds: its parameters do not come of its definition.
fn veiled(watched: &Watched, told: &str) -> String {
    watched.fake.change(|world, now| {
        let arn = world.start(&watched.ask, &json!({"request": "veiled 4713"}), now);
        let entered = Details { name: Some("Ask".into()), input: Some("{}".into()), ..Details::default() };
        world.event(&arn, EventKind::TaskStateEntered, entered, now);
        let scheduled = Details {
            resource_type: Some("sqs".into()),
            resource: Some("sendMessage.waitForTaskToken".into()),
            parameters: Some("not json".into()),
            ..Details::default()
        };
        world.event(&arn, EventKind::TaskScheduled, scheduled.clone(), now);
        let output = Some(json!({ "ExecutionArn": told }).to_string());
        world.event(&arn, EventKind::TaskSubmitted, Details { output, parameters: None, ..scheduled }, now);
        arn
    })
}

#[tokio::test]
async fn what_may_hold_a_token_that_is_not_found_is_not_searched() {
    let watched = Watched::new(ConnectionKind::Embedded);
    let child = watched.finished(&json!({"orderId": 4713, "secret": "hidden words"}), "{}");
    watched.round().await;
    assert_eq!(watched.found("orderId:4713 hidden").await, [child.as_str()]);
    let parent = veiled(&watched, &child);
    watched.round().await;
    for search in ["orderId:4713", "hidden", "orderId>1", "secret:hidden*"] {
        assert!(watched.found(search).await.is_empty(), "{search}");
    }
    assert_eq!(watched.watch.index.unread(&watched.watch.connection.id, &Sight::default()).await.unwrap().withheld, 1);
    watched.fake.change(|world, now| {
        let output = Some(r#"{"other":"told 4714"}"#.to_owned());
        world.end(&parent, EventKind::ExecutionSucceeded, ExecutionStatus::Succeeded, output, None, now);
    });
    watched.round().await;
    assert!(watched.found("told").await.is_empty() && watched.found("other:told*").await.is_empty());
    assert_eq!(watched.watch.index.unread(&watched.watch.connection.id, &Sight::default()).await.unwrap().withheld, 1);
    assert_eq!(watched.found("request:veiled*").await.len(), 1, "what came before the token is shown, and found");
    // One that is started later by the same execution is not searched at all.
    let late = watched.finished(&json!({"orderId": 4715}), "{}");
    veiled(&watched, &late);
    watched.round().await;
    assert!(watched.found("orderId:4715").await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_stops_nothing() {
    let watched = Watched::new(ConnectionKind::Endpoint);
    let one = watched.finished(&json!({"orderId": 1}), "{}");
    let two = watched.finished(&json!({"orderId": 2}), "{}");
    watched.fake.deny(Api::DescribeExecution, &one);
    watched.clock.advance(1_000);
    watched.watch.round_once().await;
    assert!(watched.watch.read_contents().await.is_err());
    assert_eq!(watched.found("orderId>0").await, [two]);
    watched.fake.permit_all();
    let gone = Fault::of_code("ExecutionDoesNotExist", "Execution Does Not Exist");
    watched.fake.trick(Api::DescribeExecution, [crate::connection::fake::Trick::Fail(gone)]);
    assert_eq!(watched.watch.read_contents().await.unwrap(), 1);
    assert_eq!(watched.watch.read_contents().await.unwrap(), 0, "it is not asked for again");
}

#[tokio::test]
async fn the_quota_is_left_to_those_who_wait() {
    let clock = SetClock::at(START);
    let fake = Fake::new(&clock).with_quotas();
    let plain = fake.change(|world, now| world.machine("plain", PASS, now));
    for _ in 0..400 {
        fake.change(|world, now| world.finished(&plain, now));
    }
    let (index, key) = (Arc::new(SqliteIndex::in_memory()), RedactionKey::new([0; 16]));
    let watch = Arc::new(Watch::new(fake.connection(ConnectionKind::Aws), index, clock.clock(), &key));
    for _ in 0..60 {
        clock.advance(1_000);
        watch.round_once().await;
        watch.read_contents().await.unwrap();
    }
    let log = fake.log();
    let described = log.iter().filter(|call| call.api == Api::DescribeExecution);
    let in_a_second = (1..=60).map(|n| START + n * 1_000);
    let most = in_a_second.skip(30).map(|at| described.clone().filter(|call| call.at == at).count()).max().unwrap();
    assert!(described.clone().count() > 100 && most <= 4, "{most} in a second");
    assert!(log.iter().all(|call| !call.throttled));
}

#[tokio::test]
async fn where_it_failed_is_in_the_index_whoever_read_the_history() {
    let watched = Watched::new(ConnectionKind::Embedded);
    let failed = watched.fake.change(|world, now| {
        let arn = world.start(&watched.plain, &json!({}), now);
        let details = Details { name: Some("A".to_owned()), input: Some("{}".to_owned()), ..Details::default() };
        world.event(&arn, EventKind::PassStateEntered, details, now);
        world.end(&arn, EventKind::ExecutionFailed, ExecutionStatus::Failed, None, Some("Broken".to_owned()), now);
        arn
    });
    // Somebody reads it before any round does: a round has nothing left to read.
    let record = watched.watch.record(&failed).await.unwrap();
    assert!(record.is_settled());
    watched.round().await;
    watched.round().await;
    let reason = |row: &crate::index::ExecutionRow| row.reason.clone();
    let id = &watched.watch.connection.id;
    let known = watched.watch.index.failures(id, &Sight::default(), START - 1, 9).await.unwrap();
    let Some(super::super::Reason::Error { error, state, .. }) = known.first().and_then(reason) else {
        panic!("{known:?}")
    };
    assert_eq!((error.as_str(), state.as_deref(), known[0].settled), ("Broken", Some("A"), true));
    // What a description says later hides none of it.
    let bare = super::super::Reason::Error { error: "Broken".to_owned(), state: None, first: None };
    let kept = Kept { arn: failed.clone(), contents: Contents::Unreadable, reason: Some(bare) };
    watched.watch.index.keep_contents(id, &[kept]).await.unwrap();
    let known = watched.watch.index.failures(id, &Sight::default(), START - 1, 9).await.unwrap();
    assert!(matches!(reason(&known[0]), Some(super::super::Reason::Error { state: Some(_), .. })), "{known:?}");
}
