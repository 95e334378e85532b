//! Rules: who decides, how many have to, and what happens at which time.

use super::super::who::{NotAllowed, Requester};
use super::*;
use crate::inbox::Part;
use crate::policy::ROLES;
use crate::store::{ActFilter, Deed, Recorded};

pub const HOUR: i64 = 3_600_000;

pub fn member(id: &str, groups: &[&str]) -> Actor {
    // Somebody with every role: what is tested here is the rule.
    let groups = groups.iter().copied().chain(ROLES).map(str::to_owned).collect();
    Actor::Person(Person { id: id.into(), name: id.to_uppercase(), role: String::new(), groups })
}

impl Office {
    /// An office whose manifest has this rule for its only state.
    pub async fn ruled(test: &str, rule: &str) -> Self {
        Self::ruled_with(test, rule, &asking()).await
    }

    pub async fn ruled_with(test: &str, rule: &str, definition: &str) -> Self {
        let office = Self::with(test, definition).await;
        let manifest = format!("[workflows.ask]\nfile = \"ask.asl.json\"\n[workflows.ask.approvals.Ask]\n{rule}");
        std::fs::write(office.folder.join("countersign.toml"), manifest).unwrap();
        assert!(office.desk.folder().problems.is_empty(), "{:?}", office.desk.folder().problems);
        office
    }

    pub async fn choose(&self, who: &Actor, request: &(String, u64), outcome: &str) -> Result<Decided, Error> {
        self.desk.decide(who, (&request.0, request.1), &Choice::of(outcome, "")).await
    }

    pub async fn votes(&self, request: &(String, u64)) -> Vec<String> {
        let votes = self.store.votes(self.desk.id(), &request.0, request.1).await.unwrap();
        votes.iter().map(|vote| format!("{} {}", vote.choice.person_id, vote.choice.outcome.id)).collect()
    }

    pub async fn decided(&self, request: &(String, u64)) -> Option<String> {
        let decision = self.store.of_task(self.desk.id(), &request.0, request.1).await.unwrap();
        decision.map(|one| format!("{} {}", one.decision.person_id, one.decision.outcome.id))
    }

    pub async fn deeds(&self, deed: Deed) -> usize {
        let acts = self.store.acts(self.desk.id(), &ActFilter::default(), None, 999).await.unwrap().entries;
        acts.iter().filter(|entry| matches!(&entry.what, Recorded::Act(act) if act.deed == deed)).count()
    }
}

#[track_caller]
pub fn refused(answer: Result<Decided, Error>) -> NotAllowed {
    match answer {
        Err(Error::Decide(DecideError::NotAllowed(why))) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_people_complete_a_quorum_of_two() {
    let office = Office::ruled("quorum", "quorum = 2").await;
    let (dana, omar) = (member("dana", &[]), member("omar", &[]));
    let request = office.ask("pay?").await;
    let first = office.choose(&dana, &request, "approve").await.unwrap();
    assert!(matches!(&first, Decided::Voted(votes) if votes.len() == 1), "{first:?}");
    assert_eq!((office.sent(), office.decided(&request).await), (0, None));
    let mine = async |who: &Actor| office.desk.waiting_part(who, Part::Mine, None, None, 9).await.unwrap().total;
    assert_eq!((mine(&dana).await, mine(&omar).await), (0, 1), "what Dana chose is no longer hers");
    // The same again is the same; another choice is refused.
    assert!(
        matches!(office.choose(&dana, &request, "approve").await.unwrap(), Decided::Voted(votes) if votes.len() == 1)
    );
    assert!(matches!(refused(office.choose(&dana, &request, "reject").await), NotAllowed::Voted { .. }));
    assert!(matches!(office.choose(&omar, &request, "approve").await.unwrap(), Decided::Recorded(_)));
    assert_eq!(office.votes(&request).await, ["dana approve", "omar approve"]);
    assert_eq!((office.sent(), office.decided(&request).await.as_deref()), (1, Some("omar approve")));
    assert_eq!(office.deeds(Deed::Voted).await, 1, "the second one is the decision");
    office.close().await;
}

#[tokio::test]
async fn one_rejection_decides_whatever_the_quorum() {
    let office = Office::ruled("rejects", "quorum = 3").await;
    let request = office.ask("pay?").await;
    office.choose(&member("dana", &[]), &request, "approve").await.unwrap();
    let decided = office.choose(&member("omar", &[]), &request, "reject").await.unwrap();
    assert!(matches!(decided, Decided::Recorded(_)), "{decided:?}");
    assert_eq!(office.status(&request.0), ExecutionStatus::Failed);
    let late = office.choose(&member("ines", &[]), &request, "approve").await.unwrap();
    assert!(matches!(late, Decided::Earlier { own: false, .. }), "{late:?}");
    office.close().await;
}

/// Whoever chooses at the same time: the store orders them, and the one that completes the quorum decides.
#[tokio::test]
async fn of_people_at_the_same_time_one_completes_the_quorum() {
    let office = Office::ruled("together", "quorum = 2").await;
    for _ in 0..5 {
        office.fake.forget_log();
        let request = office.ask("pay?").await;
        let people: Vec<Actor> = ["dana", "omar", "ines", "kenji"].iter().map(|id| member(id, &[])).collect();
        let all = people.iter().map(|who| office.choose(who, &request, "approve"));
        let all: Vec<Decided> = futures::future::join_all(all).await.into_iter().map(Result::unwrap).collect();
        let count = |is: fn(&Decided) -> bool| all.iter().filter(|one| is(one)).count();
        let recorded = count(|one| matches!(one, Decided::Recorded(_)));
        let voted = count(|one| matches!(one, Decided::Voted(_)));
        let late = count(|one| matches!(one, Decided::Earlier { .. }));
        assert_eq!((recorded, voted, late), (1, 1, 2), "{all:?}");
        assert_eq!((office.votes(&request).await.len(), office.sent()), (2, 1));
    }
    office.close().await;
}

#[tokio::test]
async fn one_of_each_group_has_to_agree() {
    let office = Office::ruled("each", "one_of_each = [\"finance\", \"warehouse\"]").await;
    let request = office.ask("pay?").await;
    assert!(matches!(
        refused(office.choose(&member("ines", &["support"]), &request, "approve").await),
        NotAllowed::NotAnApprover(_)
    ));
    for id in ["dana", "omar"] {
        let voted = office.choose(&member(id, &["finance"]), &request, "approve").await.unwrap();
        assert!(matches!(voted, Decided::Voted(_)), "{voted:?}");
    }
    let decided = office.choose(&member("kenji", &["warehouse"]), &request, "approve").await.unwrap();
    assert!(matches!(decided, Decided::Recorded(_)), "{decided:?}");
    office.close().await;
}

#[tokio::test]
async fn four_eyes_refuse_the_requester_and_everybody_where_there_is_none() {
    let office = Office::ruled("eyes", "four_eyes = true\nrequester = \"$.request.by\"").await;
    let dana = member("dana", &["finance"]);
    let ask = async |by: Value| {
        let (arn, event) =
            office.fake.change(|world, now| world.start_asking(&office.machine, &json!({ "by": by }), now));
        office.desk.watch().round_once().await;
        (arn, event)
    };
    let own = ask(json!("Dana Whitfield")).await;
    assert!(matches!(refused(office.choose(&dana, &own, "approve").await), NotAllowed::OwnRequest(_)));
    assert!(matches!(refused(office.choose(&dana, &own, "reject").await), NotAllowed::OwnRequest(_)), "nor reject it");
    let omar = member("omar", &[]);
    assert!(matches!(office.choose(&omar, &own, "approve").await.unwrap(), Decided::Recorded(_)));
    for by in [json!("Purchasing"), json!(null), json!("")] {
        let request = ask(by.clone()).await;
        let why = refused(office.choose(&omar, &request, "approve").await);
        let NotAllowed::UnknownRequester(requester) = why else { panic!("{why:?}") };
        let expect = match by.as_str() {
            Some("Purchasing") => Requester::Nobody { named: "Purchasing".into() },
            _ => Requester::Unnamed { path: Some("$.request.by".into()) },
        };
        assert_eq!(requester, expect);
        assert_eq!(office.votes(&request).await.len(), 0);
    }
    office.close().await;
}

#[tokio::test]
async fn whoever_started_the_execution_here_is_its_requester() {
    let office = Office::ruled("starter", "four_eyes = true").await;
    let request = office.ask("pay?").await;
    let (dana, omar) = (member("dana", &[]), member("omar", &[]));
    assert!(matches!(
        refused(office.choose(&omar, &request, "approve").await),
        NotAllowed::UnknownRequester(Requester::Unnamed { path: None })
    ));
    let started = crate::audit::Done::Started {
        workflow: "ask".into(),
        execution_arn: Some(request.0.clone()),
        name: "one".into(),
    };
    office.desk.note(&dana, started).await;
    assert!(matches!(refused(office.choose(&dana, &request, "approve").await), NotAllowed::OwnRequest(_)));
    assert!(matches!(office.choose(&omar, &request, "approve").await.unwrap(), Decided::Recorded(_)));
    office.close().await;
}

#[tokio::test]
async fn a_request_says_who_asked_as_far_as_that_is_known() {
    let office = Office::ruled("asked-by", "requester = \"$.request.by\"").await;
    let dana = member("dana", &[]);
    let ask = async |by: Value| {
        let (arn, event) =
            office.fake.change(|world, now| world.start_asking(&office.machine, &json!({ "by": by }), now));
        office.desk.watch().round_once().await;
        (arn, event)
    };
    let asked_by = async |(arn, event): &(String, u64)| office.desk.request(&dana, arn, *event).await.unwrap().asked_by;
    let known = ask(json!("Dana Whitfield")).await;
    let (other, nobody) = (ask(json!("Purchasing")).await, ask(json!(null)).await);
    assert_eq!(asked_by(&known).await.as_deref(), Some("Dana Whitfield"));
    assert_eq!(asked_by(&other).await.as_deref(), Some("Purchasing"), "as the request says it");
    assert_eq!(asked_by(&nobody).await, None);
    for arn in [&known.0, &nobody.0] {
        let (workflow, execution_arn) = ("ask".to_owned(), Some(arn.clone()));
        let started = crate::audit::Done::Started { workflow, execution_arn, name: "one".into() };
        office.desk.note(&member("omar", &[]), started).await;
    }
    assert_eq!(asked_by(&known).await.as_deref(), Some("Dana Whitfield, OMAR"));
    assert_eq!(asked_by(&nobody).await.as_deref(), Some("OMAR"), "who started it here");
    office.close().await;
}

#[tokio::test]
async fn a_form_is_checked_and_its_answer_is_sent() {
    let rule = r#"
        [workflows.ask.approvals.Ask.outcomes.limit]
        form.required = ["amount"]
        form.properties.amount = { type = "number", maximum = 100 }
        success = { limit = "{% $form.amount %}", by = "{% $decision.person.id %}" }
    "#;
    let office = Office::ruled("form", rule).await;
    let request = office.ask("pay?").await;
    let choice = |amount: &str| Choice {
        outcome: "limit".into(),
        comment: String::new(),
        typed: vec![("amount".into(), amount.into())],
        shown: None,
    };
    let dana = person("dana");
    let decide = async |choice: Choice| office.desk.decide(&dana, (&request.0, request.1), &choice).await;
    let error = decide(choice("1000")).await.unwrap_err();
    assert!(matches!(&error, Error::Decide(DecideError::Form { faults, .. }) if faults.len() == 1), "{error}");
    let error = decide(Choice::of("approve", "")).await.unwrap_err();
    assert!(matches!(&error, Error::Decide(DecideError::NoOutcome { .. })), "it is not offered: {error}");
    assert!(decide(choice("99.50")).await.unwrap().was_in_time());
    let output = office.fake.change(|world, _| world.execution(&request.0).unwrap().output.clone());
    assert_eq!(output.as_deref(), Some(r#"{"limit":99.50,"by":"dana"}"#));
    assert_eq!(office.decision(&request).await.decision.form, r#"{"amount":99.50}"#);
    office.close().await;
}

/// An answer that was lost is recognized after a vote as it is without one.
#[tokio::test]
async fn a_decision_of_several_whose_answer_was_lost_is_sent_once() {
    let office = Office::ruled("lost-votes", "quorum = 2").await;
    let request = office.ask("pay?").await;
    office.choose(&member("dana", &[]), &request, "approve").await.unwrap();
    office.fake.trick(Api::SendTaskSuccess, [Trick::LoseAnswer]);
    office.choose(&member("omar", &[]), &request, "approve").await.unwrap();
    assert_eq!(office.decision(&request).await.delivery, DeliveryRecord::Pending);
    office.after_restart().deliver(&office.decision(&request).await).await;
    assert!(matches!(office.decision(&request).await.delivery, DeliveryRecord::Delivered { .. }));
    assert_eq!(office.sent(), 1);
    office.close().await;
}

/// After a restart with a broken manifest its rules are not known: nobody may decide until it is corrected.
#[tokio::test]
async fn a_manifest_that_cannot_be_used_lets_nobody_through() {
    let office = Office::ruled("broken", "quorum = 2\nfour_eyes = true").await;
    let request = office.ask("pay?").await;
    let file = office.folder.join("countersign.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "[workflows.ask]\nfil = 1\n").unwrap();
    let desk = office.after_restart();
    let choice = Choice::of("approve", "");
    let decide = async || desk.decide(&member("dana", &[]), (&request.0, request.1), &choice).await;
    assert_eq!(refused(decide().await), NotAllowed::RulesUnknown);
    // Where it was good before, its last version stays in force.
    let known = office.choose(&member("dana", &[]), &request, "approve").await;
    assert!(matches!(refused(known), NotAllowed::UnknownRequester(_)));
    std::fs::write(&file, good).unwrap();
    assert!(matches!(refused(decide().await), NotAllowed::UnknownRequester(_)));
    office.close().await;
}
