//! Rules that do something at a time of their own.

use super::super::who::NotAllowed;
use super::rules::{HOUR, member, refused};
use super::*;
use crate::store::Deed;

const SECOND: i64 = 1_000;

#[tokio::test]
async fn a_rule_decides_once_a_request_is_due() {
    let office = Office::ruled("on-due", "due = \"1h\"\non_due = \"reject\"").await;
    let request = office.ask("pay?").await;
    office.set.advance(HOUR - 1);
    office.desk.keep_rules_once().await.unwrap();
    assert_eq!(office.decided(&request).await, None);
    office.set.advance(1);
    office.desk.keep_rules_once().await.unwrap();
    assert_eq!(office.decided(&request).await.as_deref(), Some("countersign reject"));
    assert_eq!(office.status(&request.0), ExecutionStatus::Failed);
    let late = office.choose(&person("dana"), &request, "approve").await.unwrap();
    assert!(matches!(late, Decided::Earlier { own: false, .. }), "{late:?}");
    office.desk.keep_rules_once().await.unwrap();
    assert_eq!(office.sent(), 1);
    office.close().await;
}

#[tokio::test]
async fn of_a_rule_and_a_person_at_the_same_time_one_decides() {
    let office = Office::ruled("race", "due = \"1h\"\non_due = \"reject\"\nquorum = 2").await;
    for _ in 0..5 {
        let request = office.ask("pay?").await;
        let (dana, omar) = (person("dana"), person("omar"));
        office.choose(&dana, &request, "approve").await.unwrap();
        office.set.advance(HOUR);
        office.fake.forget_log();
        let (rule, chosen) = tokio::join!(office.desk.keep_rules_once(), office.choose(&omar, &request, "approve"));
        rule.unwrap();
        let decided = office.decided(&request).await.unwrap();
        let in_time = chosen.unwrap().was_in_time();
        assert_eq!(decided, if in_time { "omar approve" } else { "countersign reject" });
        assert_eq!(office.sent(), 1);
    }
    office.close().await;
}

/// A process that ends right after the decision of a rule leaves it to the next one, which sends it once.
#[tokio::test]
async fn what_a_rule_decided_is_sent_after_a_crash() {
    let office = Office::ruled("on-due-crash", "due = \"1h\"\non_due = \"approve\"").await;
    let request = office.ask("pay?").await;
    office.set.advance(HOUR);
    office.fake.trick(Api::SendTaskSuccess, [Trick::Fail(Fault::Unreachable)]);
    office.desk.keep_rules_once().await.unwrap();
    let desk = office.after_restart();
    desk.keep_rules_once().await.unwrap();
    for pending in office.store.pending(office.desk.id()).await.unwrap() {
        desk.deliver(&pending).await;
    }
    assert_eq!(office.decided(&request).await.as_deref(), Some("countersign approve"));
    assert_eq!((office.sent(), office.status(&request.0)), (2, ExecutionStatus::Succeeded));
    office.close().await;
}

#[tokio::test]
async fn an_escalation_lets_others_decide_and_is_on_record_once() {
    let rule = "approvers = { groups = [\"finance\"] }\nescalate = [{ after = \"2h\", groups = [\"leads\"] }]\n\
                due = \"4h\"\nremind = [\"1h\", \"3h\"]";
    let office = Office::ruled("escalates", rule).await;
    let request = office.ask("pay?").await;
    let lead = member("lena", &["leads"]);
    office.desk.keep_rules_once().await.unwrap();
    assert!(matches!(refused(office.choose(&lead, &request, "approve").await), NotAllowed::NotAnApprover(_)));
    assert_eq!((office.deeds(Deed::Reminded).await, office.deeds(Deed::Escalated).await), (0, 0));
    office.set.advance(HOUR);
    office.desk.keep_rules_once().await.unwrap();
    assert_eq!((office.deeds(Deed::Reminded).await, office.deeds(Deed::Escalated).await), (1, 0));
    office.set.advance(2 * HOUR);
    for desk in [Arc::clone(&office.desk), office.after_restart(), office.after_restart()] {
        desk.watch().round_once().await;
        desk.keep_rules_once().await.unwrap();
        desk.keep_rules_once().await.unwrap();
    }
    assert_eq!((office.deeds(Deed::Reminded).await, office.deeds(Deed::Escalated).await), (2, 1));
    assert!(office.choose(&lead, &request, "approve").await.unwrap().was_in_time());
    office.close().await;
}

#[tokio::test]
async fn heartbeats_are_sent_at_a_third_of_their_time_until_the_end() {
    let definition = asking().replace("\"Type\":\"Task\"", "\"Type\":\"Task\",\"HeartbeatSeconds\":30");
    assert!(definition.contains("HeartbeatSeconds"));
    let office = Office::ruled_with("beats", "heartbeat = true\ndue = \"10m\"", &definition).await;
    let request = office.ask("pay?").await;
    let beats = || office.fake.count(Api::SendTaskHeartbeat);
    let look = async |seconds: i64| {
        office.set.advance(seconds * SECOND);
        office.desk.keep_rules_once().await.unwrap();
    };
    look(0).await;
    assert_eq!(beats(), 1);
    look(9).await;
    assert_eq!(beats(), 1, "a third of 30 s has not passed");
    look(1).await;
    assert_eq!(beats(), 2);
    for _ in 0..70 {
        look(10).await;
    }
    // Ten minutes after it was asked the rule gives up.
    assert_eq!(beats(), 60);
    let next = office.ask("and this?").await;
    look(0).await;
    assert_eq!(beats(), 1, "the log was forgotten");
    office.choose(&person("dana"), &next, "approve").await.unwrap();
    look(30).await;
    assert_eq!(beats(), 1, "it has ended");
    let _ = request;
    office.close().await;
}

#[tokio::test]
async fn nothing_is_done_where_the_rule_asks_for_nothing() {
    let office = Office::ruled("no-times", "due = \"1h\"").await;
    let request = office.ask("pay?").await;
    office.set.advance(2 * HOUR);
    office.desk.keep_rules_once().await.unwrap();
    assert_eq!((office.decided(&request).await, office.sent()), (None, 0));
    assert!(office.choose(&person("dana"), &request, "approve").await.unwrap().was_in_time(), "overdue, and open");
    office.close().await;
}
