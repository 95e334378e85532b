//! Many requests, and a program that ends at any moment: none is lost, none is answered by two decisions, and the
//! record stays whole. A process is a runtime of its own, which ends in the middle of whatever it does; the next one has
//! nothing but the file. Meanwhile people choose at the same time, take choices back, answers are lost, and rules are due.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::rules::{HOUR, member};
use super::*;

/// Requests that wait at the same time, and how many such batches there are where `COUNTERSIGN_FAULT_BATCHES` does not say it:
/// 400 of them are 10,000 requests.
const BATCH: usize = 25;
const BATCHES: u64 = if cfg!(debug_assertions) { 4 } else { 20 };
/// Processes that end early, for each batch.
const LIVES: u64 = 3;
/// How long choices are held.
const UNDO: i64 = 5_000;

/// Numbers that are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// Ends in the middle: after the work has gone on so many times.
struct Crash<F> {
    work: Pin<Box<F>>,
    left: u64,
}

impl<F: Future<Output = ()>> Future for Crash<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        self.work.as_mut().poll(context)
    }
}

/// A roll as a place in a list.
fn at(roll: u64) -> usize {
    usize::try_from(roll).unwrap()
}

/// A batch of requests of one workflow.
struct Batch {
    fake: Fake,
    clock: SetClock,
    folder: PathBuf,
    requests: Vec<(String, u64)>,
}

impl Batch {
    fn new(number: u64, folder: &Path, clock: &SetClock) -> Self {
        let name = format!("ask{number}");
        let rule = "quorum = 2\ndue = \"1h\"\non_due = \"reject\"";
        let manifest = format!("[workflows.{name}]\nfile = \"a.asl.json\"\n[workflows.{name}.approvals.Ask]\n{rule}");
        std::fs::write(folder.join("countersign.toml"), manifest).unwrap();
        let fake = Fake::new(clock);
        let machine = fake.change(|world, now| world.machine(&name, &asking(), now));
        let ask = |_| fake.change(|world, now| world.start_asking(&machine, &json!("pay?"), now));
        let requests = (0..BATCH).map(ask).collect();
        Self { fake, clock: clock.clone(), folder: folder.to_owned(), requests }
    }

    /// The answers that go wrong in the next process.
    fn tricks(&self, dice: &mut Dice) {
        for api in [Api::SendTaskSuccess, Api::SendTaskFailure] {
            let one = |dice: &mut Dice| match dice.roll(3) {
                0 => Trick::LoseAnswer,
                1 => Trick::Fail(Fault::Unreachable),
                _ => Trick::Meanwhile(Box::new(|_, _| ())),
            };
            self.fake.trick(api, (0..8).map(|_| one(dice)).collect::<Vec<_>>());
        }
    }

    /// What people and rules do in one process, all at the same time.
    async fn work(&self, desk: &Desk, plan: &[(usize, u64, u64)]) {
        desk.watch().round_once().await;
        let one = async |&(request, who, what): &(usize, u64, u64)| {
            let (arn, event) = &self.requests[request];
            let (key, actor) = ((arn.as_str(), *event), member(&format!("person{who}"), &[]));
            // Whoever comes too late or chose before is refused: that is as it should be.
            match what {
                0..5 => drop(desk.choose(&actor, key, &Choice::of("approve", "")).await),
                5 => drop(desk.decide(&actor, key, &Choice::of("approve", "")).await),
                6 => drop(desk.decide(&actor, key, &Choice::of("reject", "")).await),
                7 => drop(desk.take_back(&actor, key).await),
                8 => drop(desk.send_now(&actor, key).await),
                9 => drop(desk.keep_rules_once().await),
                _ => drop(desk.settle_held_once().await),
            }
        };
        futures::future::join_all(plan.iter().map(one)).await;
    }

    /// Brings what is left to its end.
    async fn finish(&self, desk: &Desk, store: &dyn Store) {
        for _ in 0..50 {
            desk.watch().round_once().await;
            desk.settle_held_once().await.unwrap();
            desk.keep_rules_once().await.unwrap();
            for decision in store.pending(desk.id()).await.unwrap() {
                desk.deliver(&decision).await;
            }
            self.clock.advance(10_000);
            let runs = |(arn, _): &(String, u64)| {
                self.fake.change(|world, _| world.execution(arn).unwrap().status == ExecutionStatus::Running)
            };
            if !self.requests.iter().any(runs) && store.pending(desk.id()).await.unwrap().is_empty() {
                return;
            }
        }
        panic!("a request is lost");
    }

    /// Runs one process: until it crashes, or to the end.
    fn process(&self, plan: &[(usize, u64, u64)], crash: Option<u64>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let file = self.folder.join("countersign.db");
            let store: Arc<dyn Store> = Arc::new(Sqlite::open(&file).await.unwrap());
            let connection = self.fake.connection(ConnectionKind::Endpoint);
            let desk = desk_with(connection, Arc::clone(&store), self.clock.clock(), &self.folder, UNDO);
            match crash {
                Some(left) => Crash { work: Box::pin(self.work(&desk, plan)), left }.await,
                None => {
                    self.finish(&desk, store.as_ref()).await;
                    self.check(&desk, store.as_ref()).await;
                    store.close().await;
                }
            }
        });
        // Whatever was being sent ends here, too.
        runtime.shutdown_background();
    }

    /// Each request has one decision, which its execution got, and which as many people made as the rule asks for.
    async fn check(&self, desk: &Desk, store: &dyn Store) {
        for (arn, event) in &self.requests {
            let decision = store.of_task(desk.id(), arn, *event).await.unwrap().expect("a decision");
            let made = &decision.decision;
            assert!(matches!(decision.delivery, DeliveryRecord::Delivered { .. }), "{arn}: {:?}", decision.delivery);
            let status = self.fake.change(|world, _| world.execution(arn).unwrap().status);
            let expected =
                if made.outcome == Chosen::approve() { ExecutionStatus::Succeeded } else { ExecutionStatus::Failed };
            assert_eq!(status, expected, "{arn}");
            let votes = store.votes(desk.id(), arn, *event).await.unwrap();
            let same = votes.iter().filter(|vote| vote.choice.outcome == made.outcome).count();
            let by_rule = made.person_id == Actor::Program.id();
            let needed = if made.outcome == Chosen::approve() { 2 } else { 1 };
            assert!(same == needed, "{arn}: {same} of {needed}, by the rule: {by_rule}");
            assert!(!by_rule || made.outcome == Chosen::reject());
        }
        assert!(store.all_held(desk.id()).await.unwrap().is_empty());
    }
}

#[test]
fn whatever_crashes_each_request_is_answered_by_one_decision() {
    let folder = std::env::temp_dir().join(format!("countersign-desk-faults-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (clock, mut dice) = (SetClock::at(START), Dice(0x5DEE_CE66_D1CE_4E5B));
    let batches = std::env::var("COUNTERSIGN_FAULT_BATCHES").map_or(BATCHES, |number| number.parse().unwrap());
    for number in 0..batches {
        let batch = Batch::new(number, &folder, &clock);
        for _ in 0..LIVES {
            batch.tricks(&mut dice);
            let plan: Vec<_> =
                (0..BATCH * 3).map(|_| (at(dice.roll(BATCH as u64)), dice.roll(5), dice.roll(12))).collect();
            batch.process(&plan, Some(dice.roll(600)));
            clock.advance(i64::try_from(dice.roll(u64::try_from(HOUR / 2).unwrap())).unwrap());
        }
        clock.advance(HOUR);
        batch.process(&[], None);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Sqlite::open(&folder.join("countersign.db")).await.unwrap();
        let chain = crate::store::Chains::verify(&store).await.unwrap();
        assert!(chain.broken.is_none(), "{:?}", chain.broken);
        assert!(chain.entries >= batches * BATCH as u64, "{}", chain.entries);
        store.close().await;
    });
    std::fs::remove_dir_all(folder).unwrap();
}
