//! Guests: one request each, decided at once, and on record as theirs.

use super::*;
use crate::actor::Guest;
use crate::policy::{Denied, rule};
use crate::store::ActFilter;

fn guest(office: &Office, request: &(String, u64)) -> Actor {
    Actor::Guest(Guest::of(office.desk.id(), (&request.0, request.1), "1"))
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(answer: Result<T, Error>) {
    match answer {
        Err(Error::Denied(denied)) if denied.is_by(rule::GUEST_ONE_REQUEST) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_guest_who_asks_for_another_request_is_refused() {
    let office = Office::open("guest-other").await;
    let (own, other) = (office.ask("pay?").await, office.ask("another?").await);
    let (guest, desk, yes) = (guest(&office, &own), &office.desk, Choice::of("approve", ""));
    is_refused(desk.request(&guest, &other.0, other.1).await);
    is_refused(desk.decide(&guest, (&other.0, other.1), &yes).await);
    is_refused(desk.preview(&guest, (&other.0, other.1), &yes).await);
    is_refused(desk.request(&guest, &own.0, own.1 + 1).await);
    // Nor is anything else there for them, not even of the execution that asks.
    is_refused(desk.execution(&guest, &own.0).await);
    is_refused(desk.waiting(&guest, None, 10).await);
    is_refused(desk.standing(&guest).await);
    is_refused(desk.audit(&guest, &ActFilter::default(), None).await);
    is_refused(desk.stop(&guest, &own.0, "").await);
    let broken = desk.break_glass(&guest, (&own.0, own.1), &Choice::of("approve", "why not")).await;
    let denied: Denied = match broken {
        Err(Error::Decide(DecideError::NotAllowed(who::NotAllowed::Denied(denied)))) => denied,
        other => panic!("{other:?}"),
    };
    assert!(denied.is_by(rule::GUEST_ONE_REQUEST));
    assert_eq!((office.sent(), office.store.of_task(desk.id(), &other.0, other.1).await.unwrap()), (0, None));
    office.close().await;
}

#[tokio::test]
async fn a_guest_s_choice_is_sent_at_once_and_is_on_record_as_a_guest_s() {
    let office = Office::open("guest-own").await;
    let own = office.ask("pay?").await;
    let guest = guest(&office, &own);
    // Where others could take theirs back.
    let desk = office.holding();
    desk.watch().round_once().await;
    let seen = desk.request(&guest, &own.0, own.1).await.unwrap();
    assert!(seen.text.contains("pay?") && seen.rule.refusal.is_none() && seen.position.is_none(), "{seen:?}");
    assert!(desk.guest_may_decide(&seen));
    let made = desk.choose(&guest, (&own.0, own.1), &Choice::of("approve", "from the phone")).await.unwrap();
    let Decided::Recorded(made) = made else { panic!("{made:?}") };
    assert_eq!((made.decision.person_id.as_str(), made.decision.person_name.as_str()), ("guest:1", "Guest"));
    assert_eq!(office.status(&own.0), ExecutionStatus::Succeeded);
    let after = desk.request(&guest, &own.0, own.1).await.unwrap();
    let crate::RequestState::Decided(shown) = &after.state else { panic!("{:?}", after.state) };
    assert_eq!(shown.decision.title, made.decision.title, "they see what they decided");
    assert!(!desk.guest_may_decide(&after), "it no longer waits");
    office.close().await;
}

#[tokio::test]
async fn a_guest_does_not_decide_what_names_others() {
    for (test, rule) in [("named", "approvers = { groups = [\"finance\"] }"), ("four-eyes", "four_eyes = true")] {
        let office = Office::ruled(&format!("guest-{test}"), rule).await;
        let own = office.ask("pay?").await;
        let guest = guest(&office, &own);
        let seen = office.desk.request(&guest, &own.0, own.1).await.unwrap();
        assert!(seen.rule.refusal.is_some() && !office.desk.guest_may_decide(&seen), "{test}");
        let refused = office.choose(&guest, &own, "approve").await;
        assert!(matches!(refused, Err(Error::Decide(DecideError::NotAllowed(_)))), "{test}: {refused:?}");
        assert_eq!(office.sent(), 0);
        assert_eq!(office.deeds(crate::store::Deed::Refused).await, 1, "{test}: the refusal is on record");
        office.close().await;
    }
}
