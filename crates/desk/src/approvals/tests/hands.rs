//! Whose hands a request is in: claims, giving it to others, standing in, breaking the glass, and taking a choice back.

use super::rules::{HOUR, member, refused};
use super::*;
use crate::approvals::shown::shown;
use crate::approvals::who::NotAllowed;
use crate::policy::DenialReason;
use crate::store::{Absence, ActFilter, Deed, Kind, Recorded, User};

/// The seconds for which these desks hold choices.
pub const UNDO: i64 = 10_000;

impl Office {
    /// The same office with a desk that holds choices.
    pub fn holding(&self) -> Arc<Desk> {
        desk_with(
            self.fake.connection(ConnectionKind::Endpoint),
            Arc::clone(&self.store),
            self.clock.clone(),
            &self.folder,
            UNDO,
        )
    }

    pub async fn details(&self, deed: Deed) -> Vec<String> {
        let filter = ActFilter { kind: Some(Kind::Everything), ..ActFilter::default() };
        let acts = self.store.acts(self.desk.id(), &filter, None, 999).await.unwrap().entries;
        let detail = |what: Recorded| match what {
            Recorded::Act(act) if act.deed == deed => Some(format!("{}: {}", act.person_id, act.detail)),
            _ => None,
        };
        acts.into_iter().filter_map(|entry| detail(entry.what)).collect()
    }

    pub async fn user(&self, id: &str, groups: &[&str]) -> Actor {
        let groups = groups.iter().copied().chain(crate::policy::ROLES).map(str::to_owned).collect();
        let user = User {
            id: id.into(),
            name: id.to_uppercase(),
            email: Some(format!("{id}@example.com")),
            groups,
            disabled: false,
            has_password: true,
            made_at: START,
        };
        assert!(self.store.add_user(&user, Some("hash"), false).await.unwrap());
        Actor::Person(crate::people::person(&user))
    }

    /// `person` is away from now for an hour, and `delegate` stands in.
    async fn away(&self, person: &str, delegate: &str) {
        let (person, delegate) = (person.to_owned(), delegate.to_owned());
        let absence = Absence { id: 0, person, delegate, from_at: START, until_at: START + HOUR, made_at: START };
        self.store.add_absence(&absence).await.unwrap();
    }
}

pub fn key(request: &(String, u64)) -> (&str, u64) {
    (&request.0, request.1)
}

#[tokio::test]
async fn a_choice_goes_on_record_when_its_time_is_over() {
    let office = Office::open("held").await;
    let request = office.ask("pay?").await;
    let (desk, dana) = (office.holding(), person("dana"));
    let approve = Choice::of("approve", "fine");
    let Decided::Held(held) = desk.choose(&dana, key(&request), &approve).await.unwrap() else { panic!("it is held") };
    assert_eq!((held.at, held.until), (START, START + UNDO));
    // A second click is the same choice.
    assert!(
        matches!(desk.choose(&dana, key(&request), &approve).await.unwrap(), Decided::Held(again) if again == held)
    );
    assert_eq!(desk.settle_held_once().await.unwrap(), Some(START + UNDO));
    assert_eq!((office.decided(&request).await, office.sent()), (None, 0));
    office.set.advance(UNDO);
    // The process that took it has ended: the next one puts it on record.
    let next = office.holding();
    assert_eq!(next.settle_held_once().await.unwrap(), None);
    assert_eq!((office.decided(&request).await.as_deref(), office.sent()), (Some("dana approve"), 1));
    assert_eq!(office.decision(&request).await.decision.decided_at, START, "when it was chosen");
    assert!(office.store.all_held(office.desk.id()).await.unwrap().is_empty());
    office.close().await;
}

#[tokio::test]
async fn a_choice_is_taken_back_by_whoever_made_it() {
    let office = Office::open("back").await;
    let request = office.ask("pay?").await;
    let (desk, dana, omar) = (office.holding(), person("dana"), person("omar"));
    desk.choose(&dana, key(&request), &Choice::of("approve", "")).await.unwrap();
    // Nobody else takes it back, and nobody else decides meanwhile.
    let error = desk.take_back(&omar, key(&request)).await.unwrap_err();
    assert!(matches!(error, Error::Hand(HandError::NotHeld)), "{error}");
    let other = desk.choose(&omar, key(&request), &Choice::of("reject", "")).await.unwrap();
    assert!(matches!(&other, Decided::HeldByAnother(held) if held.person.id == "dana"), "{other:?}");
    desk.take_back(&dana, key(&request)).await.unwrap();
    assert_eq!(office.details(Deed::TookBack).await, ["dana: Approve: Ask"]);
    office.set.advance(UNDO);
    desk.settle_held_once().await.unwrap();
    assert_eq!((office.decided(&request).await, office.sent()), (None, 0), "it was taken back");
    let error = desk.take_back(&dana, key(&request)).await.unwrap_err();
    assert!(matches!(error, Error::Hand(HandError::NotHeld)), "{error}");
    desk.choose(&omar, key(&request), &Choice::of("reject", "")).await.unwrap();
    assert!(desk.send_now(&omar, key(&request)).await.unwrap().was_in_time());
    assert_eq!(office.decided(&request).await.as_deref(), Some("omar reject"));
    office.close().await;
}

#[tokio::test]
async fn what_ends_meanwhile_ends_a_choice_that_is_held() {
    let office = Office::open("meanwhile").await;
    let request = office.ask("pay?").await;
    let desk = office.holding();
    desk.choose(&person("dana"), key(&request), &Choice::of("approve", "")).await.unwrap();
    let token = office.fake.change(|world, _| world.token_of(&request.0)).unwrap();
    office.fake.change(|world, now| world.answer(&token, Ok("{}"), now)).unwrap();
    office.set.advance(UNDO);
    desk.settle_held_once().await.unwrap();
    assert_eq!(office.decided(&request).await, None);
    assert_eq!(office.details(Deed::Refused).await, ["dana: Approve: the request was closed before"]);
    assert!(office.store.all_held(office.desk.id()).await.unwrap().is_empty());
    office.close().await;
}

#[tokio::test]
async fn a_choice_waits_for_a_connection_that_is_away() {
    let office = Office::open("held-away").await;
    let request = office.ask("pay?").await;
    let desk = office.holding();
    desk.watch().round_once().await;
    desk.choose(&person("dana"), key(&request), &Choice::of("approve", "")).await.unwrap();
    office.set.advance(UNDO);
    office.fake.trick(Api::GetExecutionHistory, [Trick::Fail(Fault::Unreachable)]);
    desk.settle_held_once().await.unwrap();
    assert_eq!(office.store.all_held(office.desk.id()).await.unwrap().len(), 1, "it is tried again");
    desk.settle_held_once().await.unwrap();
    assert_eq!(office.decided(&request).await.as_deref(), Some("dana approve"));
    office.close().await;
}

#[tokio::test]
async fn a_rule_that_is_due_waits_for_what_was_chosen_in_time() {
    let rule = "due = \"1h\"\non_due = \"reject\"";
    let office = Office::ruled("in-time", rule).await;
    let request = office.ask("pay?").await;
    let desk = office.holding();
    desk.watch().round_once().await;
    office.set.advance(HOUR - 1);
    desk.choose(&person("dana"), key(&request), &Choice::of("approve", "")).await.unwrap();
    office.set.advance(UNDO);
    desk.keep_rules_once().await.unwrap();
    assert_eq!(office.decided(&request).await, None);
    desk.settle_held_once().await.unwrap();
    assert_eq!(office.decided(&request).await.as_deref(), Some("dana approve"));
    office.close().await;
}

#[tokio::test]
async fn whoever_may_no_longer_sign_in_decides_nothing() {
    let office = Office::open("disabled").await;
    let request = office.ask("pay?").await;
    let (desk, dana) = (office.holding(), office.user("dana", &[]).await);
    desk.choose(&dana, key(&request), &Choice::of("approve", "")).await.unwrap();
    office.store.set_disabled("dana", true).await.unwrap();
    office.set.advance(UNDO);
    desk.settle_held_once().await.unwrap();
    assert_eq!((office.decided(&request).await, office.sent()), (None, 0));
    assert_eq!(office.details(Deed::Refused).await, ["dana: Approve: they may no longer sign in"]);
    office.close().await;
}

#[tokio::test]
async fn a_decision_binds_what_was_shown() {
    let office = Office::ruled("bound", "title = \"Pay?\"").await;
    let request = office.ask("pay?").await;
    let dana = person("dana");
    let page = office.desk.request(&dana, &request.0, request.1).await.unwrap();
    office.desk.saw(&dana, key(&request), "ask", "Pay?").await;
    assert_eq!(page.shown, shown(&page.text, office.desk.folder().policies()["ask"]["Ask"].version.as_deref()));
    let choice = Choice { shown: Some(page.shown.clone()), ..Choice::of("approve", "") };
    // The rule changes under the page.
    let file = office.folder.join("countersign.toml");
    let rule = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, rule.replace("Pay?", "Really pay?")).unwrap();
    let error = office.desk.decide(&dana, key(&request), &choice).await.unwrap_err();
    assert!(matches!(error, Error::Decide(DecideError::Changed)), "{error}");
    std::fs::write(&file, rule).unwrap();
    office.set.advance(60_000);
    assert!(office.desk.decide(&dana, key(&request), &choice).await.unwrap().was_in_time());
    let bound = office.decision(&request).await.decision.bound;
    assert_eq!((bound.shown, bound.seen_at), (Some(page.shown), Some(START)));
    assert_eq!(bound.rule, office.desk.folder().policies()["ask"]["Ask"].version);
    assert!(bound.rule.is_some() && !bound.broke_glass && bound.stands_for.is_none());
    office.close().await;
}

#[tokio::test]
async fn a_request_is_in_one_pair_of_hands() {
    let office = Office::ruled("claims", "approvers = { groups = [\"finance\"] }").await;
    let request = office.ask("pay?").await;
    let (dana, omar) = (member("dana", &["finance"]), member("omar", &["finance"]));
    let claimed = async || {
        let claim = office.desk.request(&dana, &request.0, request.1).await.unwrap().claim;
        claim.map(|claim| claim.person_id)
    };
    office.desk.claim(&dana, key(&request)).await.unwrap();
    assert_eq!(claimed().await.as_deref(), Some("dana"));
    let stranger = office.desk.claim(&member("ines", &[]), key(&request)).await.unwrap_err();
    assert!(matches!(stranger, Error::Decide(DecideError::NotAllowed(NotAllowed::NotAnApprover(_)))), "{stranger}");
    office.desk.release(&omar, key(&request)).await.unwrap();
    assert_eq!(claimed().await.as_deref(), Some("dana"), "it is not in Omar's hands");
    office.desk.claim(&omar, key(&request)).await.unwrap();
    assert_eq!(claimed().await.as_deref(), Some("omar"));
    office.desk.release(&omar, key(&request)).await.unwrap();
    assert_eq!(claimed().await, None);
    assert_eq!((office.deeds(Deed::Claimed).await, office.deeds(Deed::Released).await), (2, 1));
    office.choose(&dana, &request, "approve").await.unwrap();
    let closed = office.desk.claim(&dana, key(&request)).await.unwrap_err();
    assert!(matches!(closed, Error::Hand(HandError::Closed) | Error::Read(_)), "{closed}");
    office.close().await;
}

#[tokio::test]
async fn a_request_that_is_given_to_others_is_theirs() {
    let rule = "approvers = { groups = [\"finance\"] }\nfour_eyes = true\nrequester = \"$.request\"";
    let office = Office::ruled("given", rule).await;
    let (dana, kenji) = (office.user("dana", &["finance"]).await, office.user("kenji", &["warehouse"]).await);
    let ines = office.user("ines", &["warehouse"]).await;
    let request = office.ask("INES@example.com").await;
    let give = async |to: &[&str], reason: &str| {
        let to: Vec<String> = to.iter().map(|name| (*name).to_owned()).collect();
        office.desk.reassign(&dana, key(&request), &to, reason).await
    };
    for (to, reason, expect) in [
        (&[][..], "away", HandError::Nobody),
        (&["warehouse"], " ", HandError::NoReason),
        (&["nobody"], "away", HandError::Unknown("nobody".into())),
    ] {
        let error = give(to, reason).await.unwrap_err();
        assert!(matches!(&error, Error::Hand(found) if *found == expect), "{error}");
    }
    give(&["warehouse"], "Finance is away").await.unwrap();
    assert!(matches!(refused(office.choose(&dana, &request, "approve").await), NotAllowed::NotAnApprover(_)));
    // Who asked does not decide, whomever it was given to; they were named by their e-mail address.
    assert!(matches!(refused(office.choose(&ines, &request, "approve").await), NotAllowed::OwnRequest(_)));
    assert!(office.choose(&kenji, &request, "approve").await.unwrap().was_in_time());
    assert_eq!(office.details(Deed::Reassigned).await, ["dana: to warehouse: Finance is away"]);
    assert_eq!(office.details(Deed::Refused).await.len(), 2, "refusals are on record");
    office.close().await;
}

#[tokio::test]
async fn who_stands_in_decides_in_the_place_of_whoever_is_away() {
    let rule = "approvers = { people = [\"dana\"], groups = [\"finance\"] }\nquorum = 2";
    let office = Office::ruled("stands-in", rule).await;
    let (dana, omar) = (office.user("dana", &[]).await, office.user("omar", &["finance"]).await);
    let (kenji, ines) = (office.user("kenji", &[]).await, office.user("ines", &[]).await);
    let request = office.ask("pay?").await;
    assert!(matches!(refused(office.choose(&kenji, &request, "approve").await), NotAllowed::NotAnApprover(_)));
    office.away("dana", "kenji").await;
    // Who stands in for somebody does not stand in for those who named that person.
    office.away("kenji", "ines").await;
    assert!(matches!(refused(office.choose(&ines, &request, "approve").await), NotAllowed::NotAnApprover(_)));
    assert!(matches!(office.choose(&kenji, &request, "approve").await.unwrap(), Decided::Voted(_)));
    // Both together have one choice: no quorum of two is reached by them.
    assert!(matches!(refused(office.choose(&dana, &request, "approve").await), NotAllowed::PlaceTaken { .. }));
    let Decided::Recorded(decision) = office.choose(&omar, &request, "approve").await.unwrap() else { panic!("two") };
    assert_eq!(decision.decision.bound.stands_for, None);
    let votes = office.store.votes(office.desk.id(), &request.0, request.1).await.unwrap();
    assert_eq!(votes[0].choice.bound.stands_for, Some(("dana".into(), "DANA".into())));

    let request = office.ask("and this?").await;
    assert!(matches!(office.choose(&dana, &request, "approve").await.unwrap(), Decided::Voted(_)), "she is back early");
    assert!(matches!(refused(office.choose(&kenji, &request, "approve").await), NotAllowed::PlaceTaken { .. }));
    office.set.advance(HOUR);
    let request = office.ask("later?").await;
    assert!(matches!(refused(office.choose(&kenji, &request, "approve").await), NotAllowed::NotAnApprover(_)));
    office.close().await;
}

#[tokio::test]
async fn nobody_stands_in_for_whoever_asked() {
    let rule = "approvers = { people = [\"dana\"] }\nfour_eyes = true\nrequester = \"$.request\"";
    let office = Office::ruled("asked-away", rule).await;
    let (_, kenji) = (office.user("dana", &[]).await, office.user("kenji", &[]).await);
    office.away("dana", "kenji").await;
    let request = office.ask("dana").await;
    assert!(matches!(refused(office.choose(&kenji, &request, "approve").await), NotAllowed::NotAnApprover(_)));
    office.store.set_disabled("dana", true).await.unwrap();
    let request = office.ask("omar@example.com").await;
    assert!(matches!(refused(office.choose(&kenji, &request, "approve").await), NotAllowed::NotAnApprover(_)));
    office.close().await;
}

#[tokio::test]
async fn an_administrator_breaks_the_glass_with_a_reason() {
    let rule = "approvers = { people = [\"somebody\"] }\nquorum = 3\nfour_eyes = true\nrequester = \"$.request\"";
    let office = Office::ruled("glass", rule).await;
    let dana = member("dana", &[]);
    let kenji = Actor::Person(Person {
        id: "kenji".into(),
        name: "KENJI".into(),
        role: String::new(),
        groups: vec!["approvers".into(), "operators".into()],
    });
    let request = office.ask("Purchasing").await;
    let breaks = async |who: &Actor, request: &(String, u64), reason: &str| {
        office.desk.break_glass(who, key(request), &Choice::of("approve", reason)).await
    };
    let error = breaks(&dana, &request, "  ").await.unwrap_err();
    assert!(matches!(error, Error::Hand(HandError::NoReason)), "{error}");
    let NotAllowed::Denied(denied) = refused(breaks(&kenji, &request, "now").await) else { panic!("by the policy") };
    assert_eq!(*denied.reason, DenialReason::NotPermitted);
    assert!(matches!(breaks(&dana, &request, "The warehouse burns").await.unwrap(), Decided::Recorded(_)));
    let decision = office.decision(&request).await;
    assert!(decision.decision.bound.broke_glass && decision.decision.comment == "The warehouse burns");
    assert_eq!(office.details(Deed::BrokeGlass).await, ["dana: The warehouse burns"]);
    assert_eq!(office.status(&request.0), ExecutionStatus::Succeeded);
    // Not for one's own request.
    let own = office.ask("Dana Whitfield").await;
    let NotAllowed::Denied(denied) = refused(breaks(&dana, &own, "mine").await) else { panic!("by the policy") };
    assert!(denied.is_by(crate::policy::rule::FOUR_EYES), "{denied}");
    office.close().await;
}
