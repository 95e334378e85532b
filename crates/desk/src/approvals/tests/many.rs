//! Deciding many requests at once: the exact list, then one outcome each.
#![expect(
    clippy::disallowed_methods,
    reason = "a list goes on in a task of its own, over a store with threads of its own"
)]

use std::time::Duration;

use super::hands::{UNDO, key};
use super::rules::{HOUR, member};
use super::*;
use crate::approvals::who::NotAllowed;
use crate::approvals::{HandError, NotDecided};
use crate::bulk::{Bulk, BulkError, MOST, Subject};
use crate::store::{BulkItem, BulkOutcome, Deed, Effect, Maker, Refusal};
use crate::watch::RequestKey;

impl Office {
    /// An office whose only desk holds choices.
    async fn with_undo(test: &str, rule: &str) -> Self {
        let mut office = Self::ruled(test, rule).await;
        office.desk = office.holding();
        office.desk.watch().round_once().await;
        office
    }

    /// A list for which `outcome` is to be chosen, as its maker sees it.
    async fn listed(&self, who: &Actor, outcome: &str, requests: &[RequestKey]) -> Bulk {
        let id = self.desk.prepare_decisions(who, (outcome, " fine "), requests, 0).await.unwrap();
        self.desk.bulk(who, &id).await.unwrap()
    }

    /// Confirms a list, and waits for its end.
    async fn confirmed(&self, who: &Actor, list: &Bulk) -> Vec<BulkOutcome> {
        self.desk.carry_out(who, &list.run.id, &list.run.hash).await.unwrap();
        ended(&self.desk, who, &list.run.id).await
    }
}

/// The outcomes of a list once it has ended.
async fn ended(desk: &Desk, who: &Actor, id: &str) -> Vec<BulkOutcome> {
    for _ in 0..2_000 {
        let now = desk.bulk(who, id).await.unwrap();
        if now.run.ended_at.is_some() && !now.goes_on {
            return now.items.into_iter().map(|item| item.outcome.unwrap()).collect();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("the list never ended");
}

#[track_caller]
fn why(item: &BulkItem) -> &NotDecided {
    match &item.outcome {
        Some(BulkOutcome::Refused(Refusal::Decision(why))) => why,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn not(outcome: &BulkOutcome) -> &NotDecided {
    match outcome {
        BulkOutcome::Refused(Refusal::Decision(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn would(item: &BulkItem) -> Option<Effect> {
    item.request.as_ref()?.would.as_ref().map(|(_, effect)| *effect)
}

const DECIDED: BulkOutcome = BulkOutcome::Chosen(Effect::Decides);

#[tokio::test]
async fn each_request_has_an_outcome_of_its_own() {
    let office = Office::open("many").await;
    let dana = person("dana");
    let mut requests = Vec::new();
    for n in 0..6 {
        requests.push(office.ask(&format!("pay {n}?")).await);
    }
    // One is decided, one looked after by Omar, and one chosen a moment ago by Ines.
    office.desk.decide(&person("omar"), key(&requests[0]), &Choice::of("reject", "")).await.unwrap();
    office.desk.claim(&person("omar"), key(&requests[1])).await.unwrap();
    let holding = office.holding();
    holding.choose(&person("ines"), key(&requests[2]), &Choice::of("approve", "")).await.unwrap();
    let nowhere = (requests[3].0.replace(":run", ":none"), 3);
    let no_request = (requests[3].0.clone(), 1);
    let chosen = [&requests[..], &[nowhere, no_request, requests[3].clone()]].concat();
    let list = office.listed(&dana, "approve", &chosen).await;
    assert_eq!((list.items.len(), list.run.reason.as_str(), list.run.fitted), (8, "fine", 8), "each once");
    assert!(matches!(why(&list.items[0]), NotDecided::Earlier { person, own: false, .. } if person == "OMAR"));
    assert!(matches!(why(&list.items[1]), NotDecided::Claimed { person } if person == "OMAR"));
    assert!(matches!(why(&list.items[2]), NotDecided::Held { person, own: false, .. } if person == "INES"));
    for item in &list.items[3..6] {
        let request = item.request.as_ref().unwrap();
        assert_eq!((&item.outcome, would(item)), (&None, Some(Effect::Decides)));
        assert!(request.facts.iter().any(|(_, value)| value.starts_with("pay ")), "{request:?}");
    }
    assert!(matches!(&list.items[6].outcome, Some(BulkOutcome::Refused(Refusal::Gone))), "{:?}", list.items[6]);
    assert!(matches!(list.items[7].outcome, Some(BulkOutcome::Refused(_))), "{:?}", list.items[7]);
    assert_eq!(office.sent(), 1, "nothing of the list is decided before it is confirmed");
    let other = office.desk.carry_out(&dana, &list.run.id, "another").await.unwrap_err();
    assert!(matches!(other, Error::Bulk(BulkError::Changed)), "{other}");
    // It is Dana's alone.
    for error in [
        office.desk.bulk(&person("omar"), &list.run.id).await.unwrap_err(),
        office.desk.carry_out(&person("omar"), &list.run.id, &list.run.hash).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::Bulk(BulkError::NoRun(_))), "{error}");
    }
    // Meanwhile one is answered elsewhere, and one decided by Omar.
    let token = office.fake.change(|world, _| world.token_of(&requests[3].0)).unwrap();
    office.fake.change(|world, now| world.answer(&token, Ok("{}"), now)).unwrap();
    office.desk.decide(&person("omar"), key(&requests[4]), &Choice::of("approve", "")).await.unwrap();
    let outcomes = office.confirmed(&dana, &list).await;
    assert!(matches!(not(&outcomes[3]), NotDecided::Closed { .. }));
    assert!(matches!(not(&outcomes[4]), NotDecided::Earlier { own: false, .. }));
    assert_eq!(outcomes[5], DECIDED);
    let decision = office.decision(&requests[5]).await.decision;
    assert_eq!((decision.person_id.as_str(), decision.comment.as_str()), ("dana", "fine"));
    assert_eq!(decision.bound.shown, Some(list.items[5].request.clone().unwrap().shown), "it binds what was shown");
    assert!(decision.bound.seen_at.is_some());
    assert_eq!(office.decided(&requests[2]).await, None, "what Ines may take back is left to her");
    // Once more it does nothing more.
    let sent = office.sent();
    assert_eq!(office.confirmed(&dana, &list).await, outcomes);
    assert_eq!(office.sent(), sent);
    office.close().await;
}

#[tokio::test]
async fn the_rules_of_each_request_hold() {
    let rule = "approvers = { groups = [\"finance\"] }\nfour_eyes = true\nrequester = \"$.request\"\nquorum = 2
        [workflows.ask.approvals.Ask.outcomes.approve]
        [workflows.ask.approvals.Ask.outcomes.reject]
        comment_required = true
        [workflows.ask.approvals.Ask.outcomes.sendBack]
        form.properties.what = { type = \"string\" }";
    let office = Office::ruled("many-rules", rule).await;
    let (dana, omar) = (office.user("dana", &["finance"]).await, office.user("omar", &["finance"]).await);
    let (ines, kenji) = (office.user("ines", &["warehouse"]).await, office.user("kenji", &["finance"]).await);
    let (one, own) = (office.ask("kenji@example.com").await, office.ask("dana@example.com").await);
    let both = [one.clone(), own.clone()];
    // Whoever may decide none of them is refused at once.
    let error = office.desk.prepare_decisions(&ines, ("approve", ""), &both, 0).await.unwrap_err();
    assert!(matches!(error, Error::Decide(DecideError::NotAllowed(NotAllowed::NotAnApprover(_)))), "{error}");
    let error = office.desk.prepare_decisions(&dana, ("reject", " "), &both, 0).await.unwrap_err();
    assert!(matches!(error, Error::Bulk(BulkError::NoComment { needing: 2, .. })), "{error}");
    let error = office.desk.prepare_decisions(&dana, ("maybe", ""), &both, 0).await.unwrap_err();
    let Error::Bulk(BulkError::NotCommon { without: 2, common, .. }) = &error else { panic!("{error}") };
    assert_eq!(common, &["Approve", "Reject"], "what has a form is chosen on its page");
    let list = office.listed(&dana, "sendBack", &both).await;
    assert!(list.items.iter().all(|item| *why(item) == NotDecided::NeedsFields), "{:?}", list.items);
    // Four eyes, and a quorum of two.
    let list = office.listed(&dana, "approve", &both).await;
    assert_eq!(would(&list.items[0]), Some(Effect::Counts { people: 1, needed: 2 }));
    assert!(matches!(why(&list.items[1]), NotDecided::NotAllowed(NotAllowed::OwnRequest(_))));
    let outcomes = office.confirmed(&dana, &list).await;
    assert_eq!(outcomes[0], BulkOutcome::Chosen(Effect::Counts { people: 1, needed: 2 }));
    assert_eq!((office.votes(&one).await, office.decided(&one).await), (vec!["dana approve".into()], None));
    let error = office.desk.prepare_decisions(&dana, ("approve", ""), &both, 0).await.unwrap_err();
    assert!(matches!(error, Error::Decide(DecideError::NotAllowed(NotAllowed::Voted { .. }))), "{error}");
    let list = office.listed(&omar, "approve", &both).await;
    let would: Vec<_> = list.items.iter().map(would).collect();
    assert_eq!(would, [Some(Effect::Decides), Some(Effect::Counts { people: 1, needed: 2 })]);
    // The policy is asked again: meanwhile the second one is given to others.
    office.desk.reassign(&kenji, key(&own), &["warehouse".to_owned()], "Finance is away").await.unwrap();
    let outcomes = office.confirmed(&omar, &list).await;
    assert_eq!((outcomes[0].clone(), office.decided(&one).await.as_deref()), (DECIDED, Some("omar approve")));
    assert!(matches!(not(&outcomes[1]), NotDecided::NotAllowed(NotAllowed::NotAnApprover(_))));
    assert_eq!(office.details(Deed::Refused).await.len(), 1, "a refusal is on record");
    office.close().await;
}

#[tokio::test]
async fn nothing_is_decided_that_was_not_shown() {
    let office = Office::ruled("many-shown", "title = \"Pay?\"").await;
    let dana = member("dana", &[]);
    let requests = [office.ask("a").await, office.ask("b").await];
    let list = office.listed(&dana, "approve", &requests).await;
    let titles: Vec<_> = list.items.iter().map(|item| item.request.as_ref().unwrap().title.clone()).collect();
    assert_eq!(titles, ["Pay?", "Pay?"]);
    // The rule changes under the list.
    let file = office.folder.join("countersign.toml");
    let rule = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, rule.replace("Pay?", "Really pay?")).unwrap();
    let outcomes = office.confirmed(&dana, &list).await;
    assert!(outcomes.iter().all(|outcome| *not(outcome) == NotDecided::Changed), "{outcomes:?}");
    assert_eq!((office.sent(), office.decided(&requests[0]).await), (0, None));
    // What was shown stays on the list.
    let now = office.desk.bulk(&dana, &list.run.id).await.unwrap();
    assert_eq!(now.items[0].request.as_ref().unwrap().title, "Pay?");
    office.close().await;
}

#[tokio::test]
async fn an_answer_that_breaks_the_execution_is_left_out() {
    let definition = asking().replace("\"End\":true", "\"Next\":\"Which\"").replace(
        "\"States\":{",
        "\"States\":{\"Which\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.Status\",\"StringEquals\":\"ok\",\"Next\":\"Done\"}]},\"Done\":{\"Type\":\"Succeed\"},",
    );
    let office = Office::with("many-breaks", &definition).await;
    let requests = [office.ask("a").await];
    let list = office.listed(&person("dana"), "approve", &requests).await;
    assert!(matches!(why(&list.items[0]), NotDecided::Breaks(_)), "{:?}", list.items);
    let list = office.listed(&person("dana"), "reject", &requests).await;
    assert_eq!(list.items[0].outcome, None);
    office.close().await;
}

#[tokio::test]
async fn a_list_has_a_limit_and_is_never_empty() {
    let office = Office::open("many-limit").await;
    let error = office.desk.prepare_decisions(&person("dana"), ("approve", ""), &[], 0).await.unwrap_err();
    assert!(matches!(error, Error::Bulk(BulkError::Nothing(Subject::Requests))), "{error}");
    let many: Vec<RequestKey> = (0..=u64::from(MOST)).map(|event| ("arn".to_owned(), event)).collect();
    let error = office.desk.prepare_decisions(&person("dana"), ("approve", ""), &many, 0).await.unwrap_err();
    assert!(matches!(error, Error::Bulk(BulkError::TooMany { chosen: 501, limit: 500, .. })), "{error}");
    let long = "x".repeat(2_001);
    let error = office.desk.prepare_decisions(&person("dana"), ("approve", &long), &many, 0).await.unwrap_err();
    assert!(matches!(error, Error::Decide(DecideError::CommentTooLong { .. })), "{error}");
    office.close().await;
}

#[tokio::test]
async fn a_list_can_be_taken_back_in_its_time() {
    let office = Office::with_undo("many-undo", "").await;
    let dana = person("dana");
    let requests = [office.ask("a").await, office.ask("b").await];
    let list = office.listed(&dana, "approve", &requests).await;
    let confirm = async || office.desk.carry_out(&dana, &list.run.id, &list.run.hash).await.unwrap();
    confirm().await;
    assert_eq!(office.desk.resume_runs_once().await.unwrap(), Some(START + UNDO));
    // A second click does not send it.
    confirm().await;
    assert_eq!(
        (office.sent(), office.desk.bulk(&dana, &list.run.id).await.unwrap().run.until),
        (0, Some(START + UNDO))
    );
    office.desk.take_run_back(&dana, &list.run.id).await.unwrap();
    assert_eq!(office.details(Deed::TookBack).await, ["dana: Approve: 2 requests"]);
    office.set.advance(UNDO);
    assert_eq!(office.desk.resume_runs_once().await.unwrap(), None);
    assert_eq!((office.sent(), office.decided(&requests[0]).await), (0, None));
    let error = office.desk.take_run_back(&dana, &list.run.id).await.unwrap_err();
    assert!(matches!(error, Error::Hand(HandError::NotHeld)), "{error}");
    // Confirmed once more, its time passes.
    confirm().await;
    office.set.advance(UNDO);
    let error = office.desk.take_run_back(&dana, &list.run.id).await.unwrap_err();
    assert!(matches!(error, Error::Hand(HandError::NotHeld)), "{error}");
    office.desk.resume_runs_once().await.unwrap();
    assert_eq!(ended(&office.desk, &dana, &list.run.id).await, [DECIDED, DECIDED]);
    assert_eq!(office.decision(&requests[0]).await.decision.decided_at, START + UNDO, "when it was confirmed");
    office.close().await;
}

#[tokio::test]
async fn a_list_is_sent_at_once_where_somebody_asks_for_it() {
    let office = Office::with_undo("many-now", "").await;
    let dana = person("dana");
    let requests = [office.ask("a").await];
    let list = office.listed(&dana, "reject", &requests).await;
    let early = office.desk.send_run_now(&dana, &list.run.id).await.unwrap_err();
    assert!(matches!(early, Error::Hand(HandError::NotHeld)), "{early}");
    office.desk.carry_out(&dana, &list.run.id, &list.run.hash).await.unwrap();
    office.desk.send_run_now(&dana, &list.run.id).await.unwrap();
    assert_eq!(ended(&office.desk, &dana, &list.run.id).await, [DECIDED]);
    assert_eq!(office.decided(&requests[0]).await.as_deref(), Some("dana reject"));
    let late = office.desk.take_run_back(&dana, &list.run.id).await.unwrap_err();
    assert!(matches!(late, Error::Hand(HandError::NotHeld)), "{late}");
    office.close().await;
}

#[tokio::test]
async fn a_list_goes_on_by_itself_after_the_end_of_the_program() {
    let office = Office::open("many-crash").await;
    let dana = person("dana");
    let mut requests = Vec::new();
    for n in 0..4 {
        requests.push(office.ask(&format!("pay {n}?")).await);
    }
    let list = office.listed(&dana, "approve", &requests).await;
    // The first two are decided; of the second one the program has not noted it.
    office.store.confirm_run(&list.run.id, START, Maker::of(&dana).as_ref(), None).await.unwrap();
    assert!(office.store.begin_run(&list.run.id, START).await.unwrap());
    office.desk.decide(&dana, key(&requests[0]), &Choice::of("approve", "fine")).await.unwrap();
    office.store.set_outcome(&list.run.id, 0, &DECIDED).await.unwrap();
    office.desk.decide(&dana, key(&requests[1]), &Choice::of("approve", "fine")).await.unwrap();
    let sent = office.sent();
    let next = office.after_restart();
    next.watch().round_once().await;
    assert_eq!(next.resume_runs_once().await.unwrap(), None);
    let outcomes = ended(&next, &dana, &list.run.id).await;
    assert_eq!(outcomes, [DECIDED, DECIDED, DECIDED, DECIDED]);
    assert_eq!(office.sent(), sent + 2, "none is decided twice");
    for request in &requests {
        assert_eq!(office.votes(request).await, ["dana approve"]);
    }
    assert!(next.store().confirmed_runs(next.id()).await.unwrap().is_empty());
    office.close().await;
}

#[tokio::test]
async fn a_list_waits_for_a_connection_that_is_away() {
    let office = Office::open("many-away").await;
    let dana = person("dana");
    let requests = [office.ask("a").await, office.ask("b").await];
    let list = office.listed(&dana, "approve", &requests).await;
    office.fake.trick(Api::GetExecutionHistory, [Trick::Fail(Fault::Unreachable)]);
    office.desk.carry_out(&dana, &list.run.id, &list.run.hash).await.unwrap();
    let mut now = office.desk.bulk(&dana, &list.run.id).await.unwrap();
    while now.goes_on {
        tokio::time::sleep(Duration::from_millis(2)).await;
        now = office.desk.bulk(&dana, &list.run.id).await.unwrap();
    }
    assert!(now.run.ended_at.is_none() && now.items.iter().all(|item| item.outcome.is_none()), "{now:?}");
    office.desk.resume_runs_once().await.unwrap();
    assert_eq!(ended(&office.desk, &dana, &list.run.id).await, [DECIDED, DECIDED]);
    office.close().await;
}

#[tokio::test]
async fn whoever_may_no_longer_sign_in_decides_no_list() {
    let office = Office::with_undo("many-disabled", "").await;
    let dana = office.user("dana", &[]).await;
    let requests = [office.ask("a").await];
    let list = office.listed(&dana, "approve", &requests).await;
    office.desk.carry_out(&dana, &list.run.id, &list.run.hash).await.unwrap();
    office.store.set_disabled("dana", true).await.unwrap();
    office.set.advance(UNDO);
    office.desk.resume_runs_once().await.unwrap();
    let outcomes = ended(&office.desk, &dana, &list.run.id).await;
    assert_eq!(*not(&outcomes[0]), NotDecided::NotSignedIn);
    assert_eq!((office.sent(), office.decided(&requests[0]).await), (0, None));
    office.close().await;
}

#[tokio::test]
async fn a_rule_that_is_due_waits_for_a_list_that_was_confirmed_in_time() {
    let rule = "due = \"1h\"\non_due = \"reject\"";
    let office = Office::with_undo("many-due", rule).await;
    let dana = person("dana");
    let (one, other) = (office.ask("a").await, office.ask("b").await);
    let list = office.listed(&dana, "approve", std::slice::from_ref(&one)).await;
    office.set.advance(HOUR - 1);
    office.desk.carry_out(&dana, &list.run.id, &list.run.hash).await.unwrap();
    office.set.advance(UNDO);
    office.desk.keep_rules_once().await.unwrap();
    assert_eq!(office.decided(&one).await, None, "it waits");
    assert_eq!(office.decided(&other).await.as_deref(), Some("countersign reject"));
    office.desk.resume_runs_once().await.unwrap();
    assert_eq!(ended(&office.desk, &dana, &list.run.id).await, [DECIDED]);
    assert_eq!(office.decided(&one).await.as_deref(), Some("dana approve"));
    office.close().await;
}
