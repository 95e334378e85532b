//! What every store does, whatever it is made of. A database has a test for each of these functions over a store of its
//! own that is empty.
#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use super::{
    Act, ActFilter, ActPage, ApprovalRule, Bound, BulkItem, BulkOutcome, BulkRequest, BulkRun, Cast, Claim, Completion,
    Decision, Deed, DeliveryRecord, Effect, GivenAnswer, Held, Keyed, Maker, NewDecision, NewVote, Proposal,
    ProposalEnd, ProposalVote, ProposedPlan, ProposedWorkflow, Reassignment, Recorded, Repeat, Scope, Stock, Store,
    Trouble, Undelivered, Verb, Worded,
};
use crate::actor::Person;
use crate::approvals::outcomes::Chosen;
use crate::approvals::who::Approvers;
use crate::approvals::{Choice, ClosedBy};
use crate::connection::{Api, CallError, ConnectionId, ExecutionStatus, Fault};

/// The connection of most tests.
pub fn here() -> ConnectionId {
    ConnectionId::default_one()
}

fn elsewhere() -> ConnectionId {
    ConnectionId::parse("elsewhere").unwrap()
}

/// A decision on the event `event` of one execution, made at a time of the same number.
pub fn decision(event: u64) -> NewDecision {
    NewDecision {
        execution_arn: "arn:x".into(),
        event,
        workflow: "approval".into(),
        state: "WaitForApproval".into(),
        title: "Refund".into(),
        outcome: Chosen::approve(),
        form: "{}".into(),
        person_id: "dana".into(),
        person_name: "Dana Whitfield".into(),
        comment: "fine; DROP TABLE decisions".into(),
        decided_at: i64::try_from(event).unwrap(),
        bound: Bound::default(),
    }
}

/// An act of this time.
pub fn act(deed: Deed, at: i64) -> Act {
    Act {
        deed,
        workflow: Some("order".into()),
        execution_arn: None,
        event: None,
        detail: "x".into(),
        person_id: "dana".into(),
        person_name: "Dana Whitfield".into(),
        at,
    }
}

async fn recorded(store: &dyn Store, event: u64) -> Decision {
    store.record(&here(), &decision(event), None).await.unwrap().unwrap()
}

async fn of_event(store: &dyn Store, event: u64) -> Decision {
    store.of_task(&here(), "arn:x", event).await.unwrap().unwrap()
}

pub async fn a_task_takes_one_decision(store: &dyn Store) {
    let first = recorded(store, 3).await;
    assert_eq!((&first.decision, first.attempts, &first.answer), (&decision(3), 0, &None));
    let other_choice = NewDecision { outcome: Chosen::reject(), ..decision(3) };
    assert!(store.record(&here(), &other_choice, None).await.unwrap().is_none());
    assert_eq!(of_event(store, 3).await, first);
    assert_eq!(store.latest(&here(), 9).await.unwrap(), [first]);
    assert!(store.of_task(&here(), "arn:x", 4).await.unwrap().is_none());
    assert!(store.of_task(&here(), "arn:x", u64::MAX).await.unwrap().is_none());
}

pub async fn an_event_that_no_row_can_hold_is_refused(store: &dyn Store) {
    let beyond = NewDecision { event: u64::MAX, ..decision(3) };
    let error = store.record(&here(), &beyond, None).await.unwrap_err().to_string();
    assert!(error.starts_with("the event's id cannot be kept"), "{error}");
    assert!(store.latest(&here(), 9).await.unwrap().is_empty());
}

pub async fn a_decision_keeps_its_answer_under_its_number(store: &dyn Store) {
    let id = store.next_id().await.unwrap();
    let worded = |id| Some(Worded { id, answer: Some("{}") });
    let first = store.record(&here(), &decision(3), worded(id)).await.unwrap().unwrap();
    assert_eq!((first.id, first.answer.as_deref()), (id, Some("{}")));
    assert_eq!(of_event(store, 3).await, first);
    assert!(store.record(&here(), &decision(4), worded(id)).await.unwrap().is_none(), "the number is taken");
    assert!(store.record(&here(), &decision(3), worded(id + 1)).await.unwrap().is_none(), "the task is decided");
    assert_eq!(store.next_id().await.unwrap(), id + 1);
    assert_eq!(
        store.acts(&here(), &ActFilter::default(), None, 9).await.unwrap().entries.len(),
        1,
        "what was refused left nothing"
    );
}

pub async fn messages_wait_in_their_channel_until_they_have_ended(store: &dyn Store) {
    let (mail, chat) = ("mail".to_owned(), "chat".to_owned());
    let since = store.open_channels(&[mail.clone(), chat.clone()], 5).await.unwrap();
    assert_eq!((since["mail"], since["chat"]), (5, 5));
    let two = [("a@example.com".to_owned(), "{}".to_owned()), ("b@example.com".to_owned(), "{}".to_owned())];
    assert!(store.put_messages(&here(), "mail", "waiting:1", 10, &two).await.unwrap());
    assert!(!store.put_messages(&here(), "mail", "waiting:1", 11, &two[..1]).await.unwrap(), "it was told");
    assert!(store.put_messages(&elsewhere(), "mail", "waiting:1", 12, &[]).await.unwrap(), "to nobody");
    assert!(!store.put_messages(&elsewhere(), "mail", "waiting:1", 12, &two).await.unwrap());
    assert!(store.put_messages(&here(), "chat", "waiting:1", 10, &two[..1]).await.unwrap(), "another channel");
    assert!(store.due_messages("mail", 9, 9).await.unwrap().is_empty());
    let due = store.due_messages("mail", 10, 9).await.unwrap();
    let [first, second] = due.as_slice() else { panic!("{due:?}") };
    assert_eq!((first.recipient.as_str(), first.attempts, first.made_at), ("a@example.com", 0, 10));
    store.trying_message(first.id, 20).await.unwrap();
    assert_eq!(store.due_messages("mail", 19, 9).await.unwrap(), std::slice::from_ref(second));
    store.message_trouble(first.id, "closed").await.unwrap();
    store.message_sent(second.id, 15).await.unwrap();
    assert_eq!(store.next_message("mail").await.unwrap(), Some(20));
    store.message_failed(first.id, "no such address", 30).await.unwrap();
    store.message_sent(first.id, 31).await.unwrap();
    assert_eq!(store.next_message("mail").await.unwrap(), None);
    let why = "no such address".to_owned();
    let expected = Undelivered { channel: mail.clone(), count: 1, why, at: 30 };
    assert_eq!(store.undelivered(&here(), 29).await.unwrap(), [expected]);
    assert!(
        store.undelivered(&here(), 30).await.unwrap().is_empty()
            && store.undelivered(&elsewhere(), 0).await.unwrap().is_empty()
    );
    assert_eq!(store.stock("mail").await.unwrap(), Stock { pending: 0, sent: 1, failed: 1, dropped: 0 });
    // The channel chat is gone, and what waits in it is given up; mail stays since it is there.
    let since = store.open_channels(&[mail], 40).await.unwrap();
    assert_eq!(since.into_iter().collect::<Vec<_>>(), [("mail".to_owned(), 5)]);
    assert_eq!(store.stock("chat").await.unwrap(), Stock { pending: 0, sent: 0, failed: 1, dropped: 0 });
    assert_eq!(store.open_channels(&[chat], 50).await.unwrap()["chat"], 50, "it begins anew");
    store.forget_messages(16, 0).await.unwrap();
    assert_eq!(store.stock("mail").await.unwrap(), Stock { pending: 0, sent: 0, failed: 1, dropped: 0 });
    assert!(store.put_messages(&here(), "mail", "waiting:2", 10, &two[..1]).await.unwrap());
    let late = store.due_messages("mail", 10, 9).await.unwrap().remove(0);
    store.message_dropped(late.id, "it has ended", 70).await.unwrap();
    store.message_failed(late.id, "too late", 71).await.unwrap();
    assert_eq!(store.stock("mail").await.unwrap(), Stock { pending: 0, sent: 0, failed: 1, dropped: 1 });
    let undelivered = store.undelivered(&here(), 0).await.unwrap();
    assert!(undelivered.iter().all(|one| one.channel != "mail" || one.count == 1), "nobody misses it: {undelivered:?}");
    store.forget_messages(0, 11).await.unwrap();
    assert!(store.put_messages(&here(), "mail", "waiting:1", 60, &[]).await.unwrap(), "it is forgotten");
}

pub async fn a_delivery_goes_on_until_it_has_ended(store: &dyn Store) {
    let (first, second) = (recorded(store, 3).await, recorded(store, 4).await);
    for attempt in 1..=2 {
        store.trying(first.id).await.unwrap();
        assert_eq!(of_event(store, 3).await, Decision { attempts: attempt, ..first.clone() });
    }
    let failed = Fault::of_code("ThrottlingException", "Rate exceeded");
    let failed = Trouble::Call(CallError { api: Api::SendTaskSuccess, subject: String::new(), fault: failed });
    for trouble in [Trouble::Sentence("No answer.".into()), failed] {
        store.trouble(first.id, &trouble).await.unwrap();
        let tried = Decision { attempts: 2, trouble: Some(trouble), ..first.clone() };
        assert_eq!(store.pending(&here()).await.unwrap(), [tried, second.clone()], "oldest first");
    }
    store.delivered(first.id, 2_000).await.unwrap();
    let delivered = Decision { attempts: 2, delivery: DeliveryRecord::Delivered { at: 2_000 }, ..first };
    assert_eq!(of_event(store, 3).await, delivered);
    let by = ClosedBy::ExecutionEnd { status: ExecutionStatus::Aborted };
    store.late(second.id, &by, 2_500).await.unwrap();
    let late = Decision { delivery: DeliveryRecord::Late { by }, ..second };
    assert_eq!(store.latest(&here(), 1).await.unwrap(), std::slice::from_ref(&late));
    assert!(store.pending(&here()).await.unwrap().is_empty());
    // What has ended stays as it ended.
    for id in [delivered.id, late.id] {
        store.trying(id).await.unwrap();
        store.trouble(id, &Trouble::Sentence("Too late.".into())).await.unwrap();
        store.late(id, &ClosedBy::Timeout, 3_000).await.unwrap();
        store.delivered(id, 3_000).await.unwrap();
    }
    assert_eq!([of_event(store, 3).await, of_event(store, 4).await], [delivered, late]);
}

pub async fn what_was_seen_is_on_record_once(store: &dyn Store) {
    let of = |deed: Deed, execution: Option<&str>, event: Option<u64>, detail: &str| {
        let execution_arn = execution.map(str::to_owned);
        Act { execution_arn, event, detail: detail.to_owned(), ..act(deed, 1) }
    };
    for (one, is_first) in [
        (of(Deed::Seen, Some("arn:x"), Some(3), "Pay?"), true),
        (of(Deed::Seen, Some("arn:x"), Some(3), "Another title"), false),
        (of(Deed::Seen, Some("arn:x"), Some(4), "Pay?"), true),
        (of(Deed::Viewed, Some("arn:x"), None, ""), true),
        (of(Deed::Viewed, Some("arn:x"), None, ""), false),
        // About no single execution: what it says tells it from others.
        (of(Deed::Glimpsed, None, None, "a1, a2"), true),
        (of(Deed::Glimpsed, None, None, "a1, a2"), false),
        (of(Deed::Glimpsed, None, None, "a3"), true),
        (of(Deed::Searched, None, None, "a3"), true),
        (Act { workflow: None, ..of(Deed::Searched, None, None, "a3") }, true),
        (Act { workflow: None, ..of(Deed::Searched, None, None, "a3") }, false),
        (Act { person_id: "omar".into(), ..of(Deed::Glimpsed, None, None, "a3") }, true),
    ] {
        assert_eq!(store.seen(&here(), &one).await.unwrap(), is_first, "{one:?}");
    }
    assert!(store.seen(&elsewhere(), &of(Deed::Glimpsed, None, None, "a3")).await.unwrap(), "another connection");
}

pub async fn acts_and_decisions_are_one_list_in_their_order(store: &dyn Store) {
    let deeds = [Deed::Started, Deed::Stopped, Deed::Redriven, Deed::Deployed, Deed::ActedAs];
    store.act(&here(), &act(deeds[0], 9)).await.unwrap();
    let decision = recorded(store, 3).await;
    for deed in &deeds[1..] {
        // Of one time: the order is that in which they came.
        store.act(&here(), &act(*deed, 1)).await.unwrap();
    }
    store.delivered(decision.id, 5).await.unwrap();
    let page = store.acts(&here(), &ActFilter::default(), None, 9).await.unwrap();
    let what: Vec<Recorded> = page.entries.into_iter().map(|entry| entry.what).rev().collect();
    let decided = Decision { delivery: DeliveryRecord::Delivered { at: 5 }, ..decision };
    let mut expected = vec![Recorded::Act(act(deeds[0], 9)), Recorded::Decision(Box::new(decided))];
    expected.extend(deeds[1..].iter().map(|deed| Recorded::Act(act(*deed, 1))));
    assert_eq!((what, page.older), (expected, None));
}

pub async fn the_record_is_read_page_by_page(store: &dyn Store) {
    for at in 1..=6 {
        store.act(&here(), &act(Deed::Started, at)).await.unwrap();
    }
    let mut cursor = None;
    let mut seen = Vec::new();
    for page in 1..=2 {
        let ActPage { entries, older } = store.acts(&here(), &ActFilter::default(), cursor, 3).await.unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(older.is_some(), page < 2, "the last page says that it is the last, though it is full");
        seen.extend(entries.iter().map(|entry| entry.at()));
        cursor = older;
        // What is done meanwhile moves no page.
        store.act(&here(), &act(Deed::Started, 100)).await.unwrap();
    }
    assert_eq!(seen, [6, 5, 4, 3, 2, 1]);
    let nothing = ActPage { entries: Vec::new(), older: None };
    assert_eq!(store.acts(&here(), &ActFilter::default(), Some(0), 3).await.unwrap(), nothing);
}

pub async fn connections_are_apart(store: &dyn Store) {
    let here_first = recorded(store, 3).await;
    let there = store.record(&elsewhere(), &decision(3), None).await.unwrap().unwrap();
    assert_ne!(here_first.id, there.id);
    store.act(&elsewhere(), &act(Deed::Started, 5)).await.unwrap();
    store.delivered(here_first.id, 7).await.unwrap();
    assert_eq!(store.pending(&elsewhere()).await.unwrap(), std::slice::from_ref(&there));
    assert_eq!(store.of_task(&elsewhere(), "arn:x", 3).await.unwrap(), Some(there.clone()));
    assert_eq!(store.latest(&elsewhere(), 9).await.unwrap(), [there]);
    for (connection, entries) in [(here(), 1), (elsewhere(), 2)] {
        assert_eq!(
            store.acts(&connection, &ActFilter::default(), None, 9).await.unwrap().entries.len(),
            entries,
            "{connection}"
        );
    }
    assert!(store.pending(&here()).await.unwrap().is_empty());
}

fn held(person: &str, until: i64) -> Held {
    let person = Person { id: person.into(), name: person.into(), role: String::new(), groups: vec!["finance".into()] };
    Held {
        execution_arn: "arn:x".into(),
        event: 3,
        workflow: "approval".into(),
        title: "Refund".into(),
        person,
        choice: Choice { typed: vec![("amount".into(), "7".into())], ..Choice::of("approve", "fine") },
        outcome: Chosen::approve(),
        at: 1,
        until,
    }
}

pub async fn a_choice_is_held_until_it_is_let_go(store: &dyn Store) {
    let (here, elsewhere) = (here(), elsewhere());
    let request = (&here, "arn:x", 3);
    assert!(store.hold(&here, &held("dana", 9)).await.unwrap());
    assert!(!store.hold(&here, &held("dana", 99)).await.unwrap(), "a person has one");
    assert!(store.hold(&here, &held("omar", 5)).await.unwrap());
    assert_eq!(store.held(request).await.unwrap(), [held("dana", 9), held("omar", 5)]);
    assert_eq!(store.all_held(&here).await.unwrap(), [held("omar", 5), held("dana", 9)], "by their time");
    assert!(store.all_held(&elsewhere).await.unwrap().is_empty());
    assert!(!store.let_go((&elsewhere, "arn:x", 3), "dana", None).await.unwrap());
    let took_back = act(Deed::TookBack, 4);
    assert!(!store.take_back(request, "dana", 9, &took_back).await.unwrap(), "its time is over");
    assert!(store.take_back(request, "dana", 8, &took_back).await.unwrap());
    assert!(!store.take_back(request, "dana", 8, &took_back).await.unwrap(), "and its act is there once");
    assert!(!store.ripen(request, "dana", 4).await.unwrap());
    assert!(store.ripen(request, "omar", 4).await.unwrap());
    assert!(!store.take_back(request, "omar", 4, &took_back).await.unwrap(), "it is on its way");
    assert!(store.let_go(request, "omar", None).await.unwrap());
    let acts = store.acts(&here, &ActFilter::default(), None, 9).await.unwrap().entries;
    assert_eq!(acts.into_iter().map(|entry| entry.what).collect::<Vec<_>>(), [Recorded::Act(took_back)]);
    // What is decided holds nothing more.
    recorded(store, 3).await;
    assert!(!store.hold(&here, &held("ines", 9)).await.unwrap());
}

pub async fn a_run_over_requests_can_be_taken_back_until_it_begins(store: &dyn Store) {
    let request = |event| BulkRequest {
        event,
        state: "Ask".into(),
        title: "Pay?".into(),
        facts: vec![("Amount".into(), "12.50".into())],
        shown: "0123".into(),
        whole: true,
        would: Some((Chosen::approve(), Effect::Counts { people: 1, needed: 2 })),
    };
    let item = |event| BulkItem {
        execution_arn: "arn:x".into(),
        workflow: "approval".into(),
        request: Some(request(event)),
        outcome: None,
    };
    let run = BulkRun {
        id: "bulk-1".into(),
        verb: Verb::Decide,
        choice: Some(Chosen::approve()),
        reason: "fine".into(),
        hash: "hash".into(),
        fitted: 2,
        person_id: "dana".into(),
        person_name: "Dana Whitfield".into(),
        made_at: 1,
        begun_at: None,
        maker: None,
        until: None,
        going_at: None,
        ended_at: None,
    };
    let items = vec![item(3), item(5)];
    store.keep_run(&here(), &run, &items).await.unwrap();
    assert_eq!(store.run(&here(), "bulk-1").await.unwrap(), Some((run.clone(), items)));
    let is_about_to = async |event| store.is_about_to_be_decided((&here(), "arn:x", event)).await.unwrap();
    assert!(!is_about_to(3).await && !store.begin_run("bulk-1", 5).await.unwrap(), "nobody has confirmed it");
    let person = Person { id: "dana".into(), name: "Dana".into(), role: String::new(), groups: vec!["finance".into()] };
    let maker = Maker { person, scope: Some(Scope::Act) };
    store.confirm_run("bulk-1", 10, Some(&maker), Some(20)).await.unwrap();
    // Confirmed twice, it stays as it was.
    store.confirm_run("bulk-1", 15, None, Some(90)).await.unwrap();
    let confirmed = store.confirmed_runs(&here()).await.unwrap();
    assert_eq!(confirmed, [BulkRun { begun_at: Some(10), maker: Some(maker.clone()), until: Some(20), ..run.clone() }]);
    assert!(is_about_to(3).await && store.confirmed_runs(&elsewhere()).await.unwrap().is_empty());
    let took_back = act(Deed::TookBack, 19);
    assert!(!store.take_run_back(&here(), "bulk-1", 20, &took_back).await.unwrap(), "its time is over");
    assert!(!store.take_run_back(&elsewhere(), "bulk-1", 19, &took_back).await.unwrap());
    assert!(store.take_run_back(&here(), "bulk-1", 19, &took_back).await.unwrap());
    assert!(!store.take_run_back(&here(), "bulk-1", 19, &took_back).await.unwrap(), "once");
    assert!(!is_about_to(3).await && store.confirmed_runs(&here()).await.unwrap().is_empty());
    store.confirm_run("bulk-1", 30, Some(&maker), Some(40)).await.unwrap();
    assert!(store.begin_run("bulk-1", 31).await.unwrap());
    assert!(!store.take_run_back(&here(), "bulk-1", 31, &took_back).await.unwrap(), "it has begun");
    store.set_outcome("bulk-1", 0, &BulkOutcome::Chosen(Effect::Decides)).await.unwrap();
    assert!(!is_about_to(3).await && is_about_to(5).await);
    store.end_run("bulk-1", 50).await.unwrap();
    let (run, items) = store.run(&here(), "bulk-1").await.unwrap().unwrap();
    assert_eq!((run.going_at, run.ended_at, items[1].outcome.clone()), (Some(31), Some(50), None));
    assert!(!is_about_to(5).await && store.confirmed_runs(&here()).await.unwrap().is_empty());
    let acts = store.acts(&here(), &ActFilter::default(), None, 9).await.unwrap().entries;
    assert_eq!(acts.len(), 1, "that it was taken back");
}

pub async fn a_request_is_in_the_hands_that_took_it_last(store: &dyn Store) {
    let here = here();
    let request = (&here, "arn:x", 3);
    let claim = |person: &str, at| Claim { person_id: person.into(), person_name: person.into(), at };
    let note = act(Deed::Claimed, 1);
    store.claim(request, &claim("dana", 1), &note).await.unwrap();
    store.claim(request, &claim("omar", 2), &note).await.unwrap();
    assert_eq!(store.claimed(request).await.unwrap(), Some(claim("omar", 2)));
    assert!(!store.release(request, "dana", &note).await.unwrap());
    assert_eq!(store.claims(&here).await.unwrap(), [(("arn:x".to_owned(), 3), claim("omar", 2))]);
    let to = |group: &str| Reassignment {
        to: Approvers { people: vec!["dana".into()], groups: vec![group.into()] },
        reason: "away".into(),
        person_id: "omar".into(),
        person_name: "Omar".into(),
        at: 3,
    };
    for group in ["finance", "warehouse"] {
        store.reassign(request, &to(group), &act(Deed::Reassigned, 3)).await.unwrap();
    }
    assert_eq!(store.claimed(request).await.unwrap(), None, "it is in other hands");
    assert_eq!(store.reassigned(request).await.unwrap(), Some(to("warehouse")));
    let all = store.reassignments(&here).await.unwrap();
    assert_eq!(all, [(("arn:x".to_owned(), 3), to("warehouse").to)]);
    store.claim(request, &claim("dana", 4), &note).await.unwrap();
    recorded(store, 3).await;
    assert!(store.claims(&here).await.unwrap().is_empty() && store.reassignments(&here).await.unwrap().is_empty());
}

pub async fn a_decision_keeps_what_it_binds(store: &dyn Store) {
    let bound = Bound {
        shown: Some("ab".into()),
        rule: Some("cd".into()),
        seen_at: Some(2),
        stands_for: Some(("omar".into(), "Omar Haddad".into())),
        broke_glass: true,
    };
    let new = NewDecision { bound, ..decision(3) };
    let vote = NewVote { choice: new.clone(), groups: Vec::new() };
    let Cast::Decided(decided) = store.cast(&here(), &vote, 0, Some(Completion { worded: None })).await.unwrap() else {
        panic!("it decides")
    };
    assert_eq!(decided.decision, new);
    assert_eq!(of_event(store, 3).await.decision, new);
    assert_eq!(store.votes(&here(), "arn:x", 3).await.unwrap()[0].choice.bound, new.bound);
    assert!(store.verify().await.unwrap().broken.is_none());
}

pub async fn a_key_has_one_request_and_one_answer(store: &dyn Store) {
    let (here, elsewhere) = (here(), elsewhere());
    let (asked, other) = ([1; 32], [2; 32]);
    let keyed = |connection, person_id, asked| Keyed { connection, person_id, key: "k", asked };
    let mine = keyed(&here, "dana", &asked);
    let answer = GivenAnswer { status: 200, body: r#"{"state":"decided"}"#.to_owned() };
    assert_eq!(store.take_key(&mine, 100, 0, 0).await.unwrap(), Repeat::New);
    assert_eq!(store.take_key(&mine, 101, 99, 0).await.unwrap(), Repeat::Busy);
    // Whoever took it will not answer any more.
    assert_eq!(store.take_key(&mine, 130, 100, 0).await.unwrap(), Repeat::New);
    assert_eq!(store.take_key(&mine, 131, 101, 0).await.unwrap(), Repeat::Busy);
    assert_eq!(store.take_key(&keyed(&here, "dana", &other), 500, 400, 0).await.unwrap(), Repeat::Other);
    assert_eq!(store.take_key(&keyed(&elsewhere, "dana", &asked), 500, 400, 0).await.unwrap(), Repeat::Other);
    assert_eq!(store.take_key(&keyed(&here, "omar", &other), 132, 0, 0).await.unwrap(), Repeat::New, "another's keys");
    store.answer_key(&mine, &answer).await.unwrap();
    store.answer_key(&mine, &GivenAnswer { status: 500, body: String::new() }).await.unwrap();
    store.free_key(&mine).await.unwrap();
    assert_eq!(store.take_key(&mine, 600, 500, 0).await.unwrap(), Repeat::Answered(answer), "the first answer stays");
    assert_eq!(store.take_key(&keyed(&here, "dana", &other), 600, 500, 0).await.unwrap(), Repeat::Other);
    store.free_key(&keyed(&here, "omar", &other)).await.unwrap();
    assert_eq!(
        store.take_key(&keyed(&here, "omar", &asked), 133, 0, 0).await.unwrap(),
        Repeat::New,
        "it was given back"
    );
    assert_eq!(store.take_key(&keyed(&here, "dana", &other), 900, 500, 130).await.unwrap(), Repeat::New, "it expired");
}

pub async fn a_proposal_keeps_its_votes_and_ends_once(store: &dyn Store) {
    let (here, elsewhere) = (here(), elsewhere());
    let person = Person { id: "dana".into(), name: "Dana".into(), role: String::new(), groups: vec!["a".into()] };
    let workflow = ProposedWorkflow {
        name: "order".into(),
        change: crate::deploy::Change::Changed,
        settings: vec!["definition".into()],
    };
    let about = ProposedPlan {
        environment: "live".into(),
        only: None,
        workflows: vec![workflow],
        remove: false,
        source: "git 1a2b3c4".into(),
    };
    let approvers = Approvers { people: Vec::new(), groups: vec!["release".into()] };
    let proposal = |id: &str| Proposal {
        id: id.to_owned(),
        hash: format!("h {id}"),
        about: about.clone(),
        rule: ApprovalRule { approvers: approvers.clone(), quorum: 2, four_eyes: true },
        maker: Maker { person: person.clone(), scope: Some(Scope::Read) },
        proposed_at: 1,
        approved_at: None,
        ended: None,
    };
    let vote = |person: &str, approves| ProposalVote {
        person_id: person.to_owned(),
        person_name: person.to_owned(),
        groups: vec!["release".into()],
        approves,
        comment: "fine; DROP TABLE proposals".into(),
        at: 2,
    };
    for id in ["one", "two"] {
        store.propose(&here, &proposal(id), &act(Deed::Proposed, 1)).await.unwrap();
    }
    let same_id = Proposal { id: "one".into(), ..proposal("three") };
    assert!(store.propose(&here, &same_id, &act(Deed::Proposed, 1)).await.is_err(), "an id is used once");
    let ids = |all: Vec<Proposal>| all.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(store.proposals(&here, true, 10).await.unwrap()), ["two", "one"]);
    assert_eq!(store.proposal(&here, "one").await.unwrap(), Some((proposal("one"), Vec::new())));
    assert_eq!(store.proposal(&elsewhere, "one").await.unwrap(), None, "another connection's");
    let voted = act(Deed::ProposalVoted, 2);
    assert!(!store.vote_on(&elsewhere, "one", &vote("omar", true), 0, false, &voted).await.unwrap());
    assert!(store.vote_on(&here, "one", &vote("omar", true), 0, false, &voted).await.unwrap());
    assert!(!store.vote_on(&here, "one", &vote("ines", true), 0, true, &voted).await.unwrap(), "one was there");
    assert!(store.vote_on(&here, "one", &vote("ines", true), 1, true, &voted).await.unwrap());
    assert!(!store.vote_on(&here, "one", &vote("kenji", false), 2, false, &voted).await.unwrap(), "it is approved");
    let (kept, votes) = store.proposal(&here, "one").await.unwrap().unwrap();
    assert_eq!((kept.approved_at, votes), (Some(2), vec![vote("omar", true), vote("ines", true)]));
    let end = ProposalEnd::Applied { workflows: vec!["order".into()] };
    let ended = act(Deed::ProposalEnded, 3);
    assert!(store.end_proposal(&here, "one", &end, &ended).await.unwrap());
    assert!(!store.end_proposal(&here, "one", &ProposalEnd::Rejected, &ended).await.unwrap(), "once");
    assert_eq!(store.proposal(&here, "one").await.unwrap().unwrap().0.ended, Some((3, end)));
    assert_eq!(ids(store.proposals(&here, true, 10).await.unwrap()), ["two"]);
    assert_eq!(ids(store.proposals(&here, false, 1).await.unwrap()), ["two"]);
    assert!(store.verify().await.unwrap().broken.is_none());
}
