//! Whom a message is for: those who may decide or vote, and not whoever asked where four eyes are needed.

use super::*;
use crate::approvals::who::Approvers;
use crate::audit::Done;
use crate::deploy::Change;
use crate::store::{Act, ApprovalRule, Deed, Maker, Proposal, ProposalEnd, ProposedPlan, ProposedWorkflow};

#[tokio::test]
async fn whoever_asked_is_not_told_that_it_waits_where_four_eyes_are_needed() {
    let rule = "[workflows.ask.approvals.Ask]\napprovers = { groups = [\"finance\"] }\nfour_eyes = true\n\
                requester = \"$.request\"\ndue = \"4h\"\nremind = [\"2h\"]\n";
    let house = House::open("four-eyes", rule).await;
    for (id, groups) in
        [("dana", &["finance", "viewers"][..]), ("omar", &["finance", "viewers"]), ("ines", &["viewers"])]
    {
        house.user(id, groups, false).await;
    }
    // Nobody decides for whoever asked, and whoever asked for nobody.
    for (person, delegate) in [("dana", "ines"), ("omar", "dana")] {
        let (person, delegate) = (person.to_owned(), delegate.to_owned());
        let until_at = START + 24 * HOUR;
        let absence = Absence { id: 0, person, delegate, from_at: START, until_at, made_at: START };
        house.store.add_absence(&absence).await.unwrap();
    }
    let run = house.run(vec![house.channel(&[Recipient::Approvers])]).await;
    house.ask(&json!("DANA@example.com"));
    run.look().await;
    assert_eq!(house.inbox.told(), ["waiting omar@example.com"]);
    house.set.advance(2 * HOUR);
    run.look().await;
    let told = ["reminder omar@example.com", "waiting omar@example.com"];
    assert_eq!(house.inbox.told(), told);
    // Nobody knows who asked: nobody may decide, and all whom it concerns hear of that.
    house.ask(&json!("Purchasing"));
    run.look().await;
    let unknown: Vec<String> = house.inbox.told().into_iter().filter(|one| !told.contains(&one.as_str())).collect();
    assert_eq!(unknown, ["waiting dana@example.com", "waiting ines@example.com"]);
    assert_eq!(house.inbox.told().len(), 5);
    house.close().await;
}

#[tokio::test]
async fn whoever_started_the_execution_is_not_told_that_it_waits() {
    let rule = "[workflows.ask.approvals.Ask]\nfour_eyes = true\n";
    let house = House::open("starter", rule).await;
    for id in ["dana", "omar"] {
        house.user(id, &["approvers", "viewers"], false).await;
    }
    let run = house.run(vec![house.channel(&[Recipient::Approvers])]).await;
    let (arn, _) = house.ask(&json!("pay?"));
    let started = Done::Started { workflow: "ask".into(), execution_arn: Some(arn), name: "one".into() };
    run.desk.note(&member("dana", &["approvers", "viewers"]), started).await;
    run.look().await;
    assert_eq!(house.inbox.told(), ["waiting omar@example.com"]);
    house.close().await;
}

#[tokio::test]
async fn of_a_proposed_deployment_those_are_told_who_may_vote() {
    let house = House::open("proposed", "").await;
    for (id, groups) in [
        ("dana", &["release", "viewers"][..]),
        ("omar", &["release", "viewers"]),
        ("ines", &["viewers"]),
        ("blind", &["release"]),
    ] {
        house.user(id, groups, false).await;
    }
    let approvers = house.channel(&[Recipient::Approvers]);
    let others = Channel { name: "chat".to_owned(), ..house.channel(&fixed()) };
    let elsewhere = Only::These(BTreeSet::from(["another".to_owned()]));
    let elsewhere = Channel { name: "else".to_owned(), workflows: elsewhere, ..house.channel(&fixed()) };
    let channels = vec![approvers, others, elsewhere];
    let run = house.run(channels.clone()).await;
    let Actor::Person(dana) = member("dana", &["release", "viewers"]) else { panic!("a member is a person") };
    let groups = vec!["release".to_owned()];
    let proposal = Proposal {
        id: "dep_1".to_owned(),
        hash: "h".to_owned(),
        about: ProposedPlan {
            environment: "prod".to_owned(),
            workflows: vec![ProposedWorkflow { name: "ask".into(), change: Change::New, settings: Vec::new() }],
            ..ProposedPlan::default()
        },
        rule: ApprovalRule { approvers: Approvers { people: Vec::new(), groups }, quorum: 2, four_eyes: true },
        maker: Maker { person: dana, scope: None },
        proposed_at: START,
        approved_at: None,
        ended: None,
    };
    let act = Act {
        deed: Deed::Proposed,
        workflow: None,
        execution_arn: None,
        event: None,
        detail: String::new(),
        person_id: "dana".to_owned(),
        person_name: "DANA".to_owned(),
        at: START,
    };
    house.store.propose(run.desk.id(), &proposal, &act).await.unwrap();
    for _ in 0..2 {
        run.look().await;
    }
    house.run(channels).await.look().await;
    assert_eq!(house.inbox.told(), ["proposed omar@example.com", "proposed ops@example.com"], "each once");
    let message = house.inbox.parcels().remove(0).message;
    assert_eq!(message.about, About::Deployment { id: "dep_1".to_owned(), environment: "prod".to_owned() });
    assert_eq!((message.title.as_str(), message.detail.as_deref()), ("ask", Some("DANA")));
    // One that ended before its messages had their turn is not told.
    let withdrawn = Proposal { id: "dep_2".to_owned(), hash: "h2".to_owned(), ..proposal };
    house.store.propose(run.desk.id(), &withdrawn, &act).await.unwrap();
    run.desk.tell_once().await.unwrap();
    assert!(house.store.end_proposal(run.desk.id(), "dep_2", &ProposalEnd::Withdrawn, &act).await.unwrap());
    run.notices.send_all_due().await;
    assert_eq!(house.inbox.told().len(), 2);
    assert_eq!(house.store.stock("mail").await.unwrap().dropped, 1);
    house.close().await;
}
