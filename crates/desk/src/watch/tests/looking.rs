//! What is looked at more often than by rounds: what is shown, what is new, and what asks people.

use super::*;
use crate::watch::attention::Attention;

#[tokio::test]
async fn what_rests_is_described_and_what_moves_is_read() {
    const LARGE: usize = 1_000;
    let watched = Watched::of(ConnectionKind::Aws);
    let watch = &watched.watch;
    let asked: HashMap<String, u64> = (0..5).map(|n| watched.start_asking(&n.to_string())).collect();
    let all: BTreeSet<String> = asked.keys().cloned().collect();
    watched.round().await;
    watched.clock.advance(12_000);
    let moving = all.first().unwrap();
    watched.fake.change(|world, now| world.event(moving, EventKind::PassStateEntered, Details::default(), now));
    watch.record_now(moving).await.unwrap();
    watched.clock.advance(2_000);
    watched.fake.forget_log();
    let due = |attention: &Attention, arn: &str, age| attention.is_due(arn, age);
    let small = watch.attention(all.clone(), 100);
    assert!(all.iter().all(|arn| due(&small, arn, 2_000) == Some(true)), "there are calls enough for all");
    let large = watch.attention(all.clone(), LARGE);
    assert_eq!((due(&large, moving, 1_000), due(&large, moving, 2_000)), (Some(false), Some(true)));
    let resting: Vec<&String> = all.iter().skip(1).collect();
    assert!(resting.iter().all(|arn| due(&large, arn, 2_000).is_none()), "they are read as often as any other");
    assert!(resting.iter().all(|arn| due(&large, arn, 8_000) == Some(true)), "but at least so often");

    watch.look_at_resting(&large, &[]).await.unwrap();
    assert_eq!((watched.fake.count(Api::DescribeExecution), watched.fake.count(Api::GetExecutionHistory)), (4, 0));
    let large = watch.attention(all.clone(), LARGE);
    watch.look_at_resting(&large, &[]).await.unwrap();
    assert_eq!(watched.fake.count(Api::DescribeExecution), 4, "not again in the same round");

    let before = watch.changes.since(u64::MAX).0;
    watched.fake.change(|world, now| world.time_out(resting[0], now));
    watched.clock.advance(2_000);
    let large = watch.attention(all.clone(), LARGE);
    watch.look_at_resting(&large, &[]).await.unwrap();
    assert!(watch.known_record(resting[0]).is_some_and(|record| record.ended()));
    assert!(watch.changes.since(before).1.contains(&Topic::Execution(resting[0].clone())));
    assert_eq!(due(&watch.attention(all.clone(), LARGE), resting[0], 1_000), Some(false), "it rests no more");
    watch.answered(resting[1], asked[resting[1]]).await;
    assert_eq!(due(&watch.attention(all.clone(), LARGE), resting[1], 2_000), Some(true), "its answer is on its way");
}

#[tokio::test]
async fn between_two_rounds_only_what_is_shown_and_what_is_new_is_read() {
    let watched = Watched::of(ConnectionKind::Embedded);
    let shown = watched.start_asking("shown").0;
    watched.start_asking("not shown");
    watched.round().await;
    let looking = watched.watch.look_at(&shown);
    watched.fake.forget_log();
    watched.watch.look_at_shown().await;
    assert_eq!(watched.fake.count(Api::GetExecutionHistory), 1, "its newest event is asked for");
    let (before, _) = watched.watch.changes.since(0);
    watched.fake.change(|world, now| {
        world.event(&shown, EventKind::PassStateEntered, Details::default(), now);
    });
    watched.watch.look_at_shown().await;
    let record = watched.watch.known_record(&shown).unwrap();
    assert_eq!(record.events.last().unwrap().kind, EventKind::PassStateEntered);
    assert!(watched.watch.changes.since(before).1.contains(&Topic::Execution(shown.clone())), "its pages learn of it");
    drop(looking);
    let new = watched.start_asking("new").0;
    watched.fake.forget_log();
    watched.watch.look_at_news(watched.watch.lists(false)).await;
    assert!(watched.waiting().await.contains(&new), "a new request does not wait for the next round");
    assert_eq!(watched.fake.count(Api::ListExecutions), 1);
    let _round = watched.watch.turn.lock().await;
    watched.fake.forget_log();
    watched.watch.look_at_news(watched.watch.lists(false)).await;
    assert_eq!(watched.fake.log(), [], "a round is under way");
}

/// What a topic tells of is in the inbox without a round; what is of another region costs no call.
#[tokio::test]
async fn what_others_tell_of_is_looked_at_now() {
    let watched = Watched::of(ConnectionKind::Aws);
    watched.round().await;
    let (arn, _) = watched.start_asking("pay?");
    watched.fake.forget_log();
    watched.watch.hear_of(&arn.replace("us-east-1", "eu-west-1")).await.unwrap();
    watched.watch.hear_of("nothing").await.unwrap();
    assert_eq!(watched.fake.log(), []);
    watched.watch.hear_of(&arn).await.unwrap();
    assert_eq!(watched.waiting().await, std::slice::from_ref(&arn));
    assert_eq!(watched.fake.count(Api::ListExecutions), 1);
    // A reading of the same moment is still fresh.
    watched.clock.advance(1_000);
    let token = watched.fake.change(|world, _| world.token_of(&arn)).unwrap();
    watched.fake.change(|world, now| world.answer(&token, Ok("{}"), now)).unwrap();
    watched.watch.hear_of(&arn).await.unwrap();
    assert!(watched.waiting().await.is_empty(), "its end, too");
}

#[tokio::test]
async fn of_hundreds_of_machines_those_that_ask_people_are_looked_at_more_often() {
    for (kind, period) in [(ConnectionKind::Embedded, 3_010), (ConnectionKind::Aws, 1_000)] {
        let watched = Watched::of(kind);
        let succeeds = json!({ "StartAt": "A", "States": { "A": { "Type": "Succeed" } } }).to_string();
        assert!(watched.watch.period_ms() <= 1_000, "before anything is known");
        watched.fake.change(|world, now| {
            for number in 0..300 {
                world.machine(&format!("other-{number}"), &succeeds, now);
            }
        });
        // On AWS each round describes as many as the quota has room for.
        for _ in 0..60 {
            if watched.watch.snapshot().machines.len() < 301 {
                watched.round().await;
            }
        }
        assert_eq!((watched.watch.snapshot().machines.len(), watched.watch.period_ms()), (301, period));
        assert_eq!(watched.watch.lists(true), std::slice::from_ref(&watched.machine));
        assert_eq!(watched.watch.lists(false).len(), 301);
    }
}
