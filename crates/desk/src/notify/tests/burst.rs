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
