//! Many messages at once: a channel gets what it takes a minute.

use super::*;

/// A message about an execution.
fn about(execution_arn: &str) -> Message {
    Message {
        occasion: Occasion::Waiting,
        about: About::Execution { execution_arn: execution_arn.to_owned() },
        connection: "default".to_owned(),
        connection_label: String::new(),
        workflow: "ask".to_owned(),
        execution: execution_arn.to_owned(),
        state: None,
        title: String::new(),
        facts: Vec::new(),
        at: START,
        due: None,
        detail: None,
    }
}

#[tokio::test]
async fn of_a_burst_a_channel_gets_what_it_takes_a_minute_and_the_rest_later_in_order() {
    let house = House::open("burst", "").await;
    let slow = Channel { per_minute: 30, ..house.channel(&fixed()) };
    let run = house.run(vec![slow.clone()]).await;
    let all: Vec<String> = (0..100).map(|number| format!("e-{number:03}")).collect();
    for name in &all {
        let message = ("ops@example.com".to_owned(), about(name));
        assert!(run.notices.put(run.desk.id(), &slow, name, &[message]).await.unwrap());
    }
    let sent = || house.inbox.parcels().into_iter().map(|parcel| parcel.message.execution).collect::<Vec<_>>();
    run.notices.send_all_due().await;
    house.set.advance(59_999);
    run.notices.send_all_due().await;
    assert_eq!(sent(), all[..30]);
    // A failed attempt is one of the minute's, too; its message comes after the others.
    house.set.advance(1);
    house.inbox.is(Mood::Refuses { for_good: false });
    run.notices.send_all_due().await;
    house.inbox.is(Mood::Takes);
    run.notices.send_all_due().await;
    assert_eq!(sent().len(), 30);
    for so_far in [60, 90, 100, 100] {
        house.set.advance(60_000);
        run.notices.send_all_due().await;
        assert_eq!(sent().len(), so_far);
    }
    let sent = sent();
    assert_eq!((&sent[30..70], &sent[70..]), (&all[60..], &all[30..60]), "in their order, and none is lost");
    house.close().await;
}

/// What became of the messages of the one channel.
async fn stock(house: &House) -> (u64, u64, u64) {
    let stock = house.store.stock("mail").await.unwrap();
    assert_eq!(stock.failed, 0, "{stock:?}");
    (stock.pending, stock.sent, stock.dropped)
}

fn dana() -> Actor {
    member("dana", &["approvers", "viewers"])
}

#[tokio::test]
async fn a_request_that_was_decided_before_its_message_had_its_turn_is_not_told() {
    let house = House::open("late", "").await;
    let slow = Channel { per_minute: 1, ..house.channel(&fixed()) };
    let run = house.run(vec![slow]).await;
    let requests: Vec<(String, u64)> = (0..4).map(|_| house.ask(&json!("pay?"))).collect();
    run.look().await;
    assert_eq!(stock(&house).await, (3, 1, 0), "one a minute");
    let told = |house: &House| -> Vec<String> {
        let arn = |parcel: Parcel| match parcel.message.about {
            About::Request { execution_arn, .. } => execution_arn,
            other => panic!("{other:?}"),
        };
        house.inbox.parcels().into_iter().map(arn).collect()
    };
    let first = told(&house);
    // In the order of their turns: what was listed first is the newest.
    let waiting: Vec<&(String, u64)> = requests.iter().rev().filter(|(arn, _)| *arn != first[0]).collect();
    let [decided, stopped, open] = waiting[..] else { panic!("{waiting:?}") };
    run.desk.decide(&dana(), (&decided.0, decided.1), &Choice::of("approve", "")).await.unwrap();
    house.fake.change(|world, now| world.close(&stopped.0, ExecutionStatus::Aborted, now));
    house.set.advance(60_000);
    run.look().await;
    assert_eq!(told(&house), [first[0].clone(), open.0.clone()], "what is dropped takes no turn from others");
    assert_eq!(stock(&house).await, (0, 2, 2));
    house.close().await;
}

#[tokio::test]
async fn a_message_that_is_tried_again_is_dropped_once_its_request_is_decided() {
    let house = House::open("late-retry", "").await;
    let run = house.run(vec![house.channel(&fixed())]).await;
    let (arn, event) = house.ask(&json!("pay?"));
    house.inbox.is(Mood::Refuses { for_good: false });
    run.look().await;
    run.desk.decide(&dana(), (&arn, event), &Choice::of("approve", "")).await.unwrap();
    house.inbox.is(Mood::Takes);
    house.set.advance(HOUR);
    run.look().await;
    assert_eq!((house.inbox.told(), stock(&house).await), (Vec::new(), (0, 0, 1)));
    assert!(run.desk.undelivered(&dana()).await.unwrap().is_empty(), "nobody misses it");
    house.close().await;
}

/// After a restart with an empty index nobody knows what became of the request.
#[tokio::test]
async fn a_message_is_sent_where_nobody_knows_whether_its_request_is_open() {
    let house = House::open("late-unknown", "").await;
    let run = house.run(vec![house.channel(&fixed())]).await;
    house.ask(&json!("pay?"));
    run.desk.watch().round_once().await;
    run.desk.tell_once().await.unwrap();
    drop(run);
    let run = house.run(vec![house.channel(&fixed())]).await;
    run.notices.send_all_due().await;
    assert_eq!(house.inbox.told(), ["waiting ops@example.com"]);
    // A desk that is gone cannot be asked either.
    house.ask(&json!("and this?"));
    run.desk.watch().round_once().await;
    run.desk.tell_once().await.unwrap();
    let notices = Arc::clone(&run.notices);
    drop(run);
    notices.send_all_due().await;
    assert_eq!(house.inbox.told().len(), 2);
    house.close().await;
}
