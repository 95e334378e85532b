//! Deploying on a desk: rollouts that it drives, and deployments that people approve.

use std::path::PathBuf;

use super::*;
use crate::actor::{Actor, Person};
use crate::approvals::who::NotAllowed;
use crate::connection::{ExecutionStatus, Route};
use crate::deploy::proposing::{ProposalError, ProposalShown, Proposed};
use crate::deploy::{BackError, DeployError, Progress, RolloutError, ShownPlan};
use crate::desk::{Desk, Parts};
use crate::error::Error;
use crate::index::SqliteIndex;
use crate::policy::Authority;
use crate::redact::RedactionKey;
use crate::store::{Act, ActFilter, Deed, Kind, ProposalEnd, Recorded, Sqlite, Store};
use countersign_trace::EventKind;

const MINUTE: i64 = 60_000;

/// A desk over a fake connection, with a folder of definitions.
struct Office {
    desk: Arc<Desk>,
    site: Site,
    store: Arc<dyn Store>,
    folder: PathBuf,
    end: CancellationToken,
}

fn member(id: &str, groups: &[&str]) -> Actor {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Actor::Person(Person { id: id.to_owned(), name: id.to_owned(), role: String::new(), groups })
}

fn deployer() -> Actor {
    member("dana", &["deployers", "release"])
}

impl Office {
    async fn open(test: &str, manifest: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-deploy-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("countersign.toml"), manifest).unwrap();
        std::fs::write(folder.join("order.asl.json"), definition("one")).unwrap();
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(&folder.join("countersign.db")).await.unwrap());
        let site = Site::new();
        let end = CancellationToken::new();
        let desk = Self::desk(&site, &store, &folder, &end);
        Self { desk, site, store, folder, end }
    }

    /// The desk of the next process, on the same store.
    fn after_restart(&self) -> Arc<Desk> {
        Self::desk(&self.site, &self.store, &self.folder, &self.end)
    }

    /// A desk whose watch reads the connection until `end`; nothing else of it runs by itself.
    fn desk(site: &Site, store: &Arc<dyn Store>, folder: &std::path::Path, end: &CancellationToken) -> Arc<Desk> {
        let desk = Arc::new(Desk::new(Parts {
            connection: site.fake.connection(ConnectionKind::Endpoint),
            store: Arc::clone(store),
            index: Arc::new(SqliteIndex::in_memory()),
            definitions: folder.to_owned().into(),
            clock: site.clock.clock(),
            sandbox: None,
            redaction_key: RedactionKey::new([0; 16]),
            authority: Arc::new(Authority::shipped()),
            undo_ms: 0,
        }));
        tokio::spawn(Arc::clone(desk.watch()).run(end.clone()));
        desk
    }

    fn write(&self, comment: &str) {
        std::fs::write(self.folder.join("order.asl.json"), definition(comment)).unwrap();
    }

    async fn hash(&self) -> String {
        self.desk.plan(&deployer()).await.unwrap().hash
    }

    async fn deploy(&self) -> Vec<String> {
        let hash = self.hash().await;
        self.desk.deploy_seen(&deployer(), None, &hash).await.unwrap()
    }

    /// What is on record about deployments, oldest first.
    async fn record(&self) -> Vec<(Deed, String)> {
        let wanted = ActFilter { kind: Some(Kind::Deployments), ..ActFilter::default() };
        let page = self.store.acts(self.desk.id(), &wanted, None, 100).await.unwrap();
        let act = |recorded: Recorded| match recorded {
            Recorded::Act(act) => Some((act.deed, act.detail)),
            Recorded::Decision(_) => None,
        };
        page.entries.into_iter().rev().filter_map(|entry| act(entry.what)).collect()
    }

    async fn propose(&self) -> ProposalShown {
        let hash = self.hash().await;
        let proposed = self.desk.propose(&deployer(), ShownPlan::of(&hash), "git 1a2b3c4").await.unwrap();
        assert!(!proposed.was_known);
        self.desk.proposed(&deployer(), &proposed.id).await.unwrap()
    }

    /// How a proposal ended; its deployment may go on behind the answer to the vote.
    async fn end_of(&self, about: &ProposalShown) -> Option<ProposalEnd> {
        for _ in 0..100 {
            let now = self.desk.proposed(&deployer(), &about.proposal.id).await.unwrap();
            if let Some((_, end)) = now.proposal.ended {
                return Some(end);
            }
            self.desk.look_again().await;
        }
        None
    }

    async fn vote(&self, who: &Actor, about: &ProposalShown, approves: bool) -> Result<ProposalShown, Error> {
        let proposal = &about.proposal;
        self.desk.vote_on(who, &proposal.id, approves, "as agreed", &proposal.hash).await
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.end.cancel();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

const CANARY: &str = r#"
name = "shop"
[workflows.order]
file = "order.asl.json"
alias = "live"
rollout = { canary = { percent = 10, minutes = 5 }, roll_back = { percent = 20, executions = 2 } }
"#;

/// An office whose second version rolls out.
async fn rolling(test: &str) -> Office {
    let office = Office::open(test, CANARY).await;
    assert_eq!(office.deploy().await, ["order"]);
    office.write("two");
    assert_eq!(office.deploy().await, ["order"]);
    assert_eq!(office.site.routes("order"), [(2, 10), (1, 90)]);
    office
}

#[tokio::test]
async fn a_desk_moves_a_rollout_to_its_end() {
    let office = rolling("rollout").await;
    office.desk.drive_once().await;
    let all = office.desk.rollouts(&deployer()).unwrap();
    assert_eq!(all.len(), 1);
    assert!(matches!(all[0].1.state, Progress::Rolling { weight: 10, .. }));
    office.site.clock.advance(5 * MINUTE);
    office.desk.drive_once().await;
    assert_eq!(office.site.routes("order"), [(2, 100)]);
    assert!(office.desk.rollouts(&deployer()).unwrap().is_empty());
    let record = office.record().await;
    assert_eq!(record.last().unwrap(), &(Deed::RolloutMoved, "live: version 2".to_owned()));
    assert_eq!(record.iter().filter(|(deed, _)| *deed == Deed::Deployed).count(), 2, "{record:?}");
}

#[tokio::test]
async fn a_desk_goes_back_by_what_its_index_knows() {
    let office = rolling("rollback").await;
    let failed = office.site.fake.change(|world, now| {
        let mut end = |status, kind| {
            let execution = world.start_version(&arn("order"), 2, now);
            world.end(&execution, kind, status, None, None, now);
            execution
        };
        end(ExecutionStatus::Succeeded, EventKind::ExecutionSucceeded);
        end(ExecutionStatus::Failed, EventKind::ExecutionFailed)
    });
    office.desk.look_again().await;
    office.desk.drive_once().await;
    assert_eq!(office.site.routes("order"), [(1, 100)]);
    let wanted = ActFilter { kind: Some(Kind::Deployments), ..ActFilter::default() };
    let page = office.store.acts(office.desk.id(), &wanted, None, 1).await.unwrap();
    let Recorded::Act(act) = &page.entries[0].what else { panic!("{page:?}") };
    assert_eq!(
        (act.deed, act.execution_arn.as_ref()),
        (Deed::RolledBack, Some(&failed)),
        "it names the one that failed"
    );
    assert_eq!(act.detail, "live: version 1 after version 2, 1 of 2 executions failed");
}

#[tokio::test]
async fn the_next_process_finds_a_rollout_and_goes_on() {
    let office = rolling("restart").await;
    let next = office.after_restart();
    next.look_again().await;
    office.site.clock.advance(5 * MINUTE);
    next.drive_once().await;
    assert_eq!(office.site.routes("order"), [(2, 100)]);
}

#[tokio::test]
async fn people_finish_a_rollout_and_go_back() {
    let office = rolling("by-hand").await;
    let viewer = member("vera", &["viewers"]);
    assert!(matches!(office.desk.finish_rollout(&viewer, "order", "live").await, Err(Error::Denied(_))));
    assert!(matches!(office.desk.roll_back(&viewer, "order", Some("live"), None).await, Err(Error::Denied(_))));
    office.desk.look_again().await;
    office.desk.finish_rollout(&deployer(), "order", "live").await.unwrap();
    assert_eq!(office.site.routes("order"), [(2, 100)]);
    let back = office.desk.roll_back(&deployer(), "order", Some("live"), None).await.unwrap();
    assert_eq!((back.to, back.from), (1, Some(2)));
    assert_eq!(office.site.routes("order"), [(1, 100)]);
    let deeds: Vec<Deed> = office.record().await.into_iter().map(|(deed, _)| deed).collect();
    assert_eq!(deeds[deeds.len() - 2..], [Deed::RolloutMoved, Deed::RolledBack]);
    let found = office.desk.releases(&viewer, "order").await.unwrap();
    assert_eq!(
        (found.versions.len(), found.aliases[0].routes.clone()),
        (2, Route::all_to(&format!("{}:1", arn("order"))))
    );
}

#[tokio::test]
async fn a_workflow_without_an_alias_goes_back_as_it_was_shown() {
    let office = Office::open("definition", CANARY).await;
    assert_eq!(office.deploy().await, ["order"]);
    std::fs::write(
        office.folder.join("countersign.toml"),
        "name = \"shop\"\nworkflows.order.file = \"order.asl.json\"\n",
    )
    .unwrap();
    office.write("two");
    assert_eq!(office.deploy().await, ["order"]);
    let way = office.desk.definition_way(&member("vera", &["viewers"]), "order").await.unwrap();
    assert_eq!((way.to, way.from, way.alias()), (1, Some(2), None));
    let other = office.desk.roll_back(&deployer(), "order", None, Some("another hash")).await;
    assert!(matches!(other, Err(Error::Rollout(RolloutError::Back(BackError::AnotherWay)))), "{other:?}");
    let denied = office.desk.roll_back(&member("vera", &["viewers"]), "order", None, Some(&way.hash())).await;
    assert!(matches!(denied, Err(Error::Denied(_))), "{denied:?}");
    office.desk.roll_back(&deployer(), "order", None, Some(&way.hash())).await.unwrap();
    assert_eq!(office.site.machine("order").unwrap().definition, definition("one"));
    let record = office.record().await;
    assert_eq!(
        record.last().unwrap(),
        &(Deed::RolledBack, "version 1 after version 2, published as version 3".to_owned())
    );
    let plan = office.desk.plan(&deployer()).await.unwrap();
    assert_eq!(plan.items[0].change(), Change::Changed, "the folder's difference, and no drift");
    assert!(office.desk.under_way().is_empty());
}

const APPROVED: &str = r#"
name = "shop"
approval = { approvers = { groups = ["release"] }, quorum = 2, four_eyes = true }
[workflows.order]
file = "order.asl.json"
"#;

#[tokio::test]
async fn a_deployment_that_needs_an_approval_waits_for_its_quorum() {
    let office = Office::open("quorum", APPROVED).await;
    let hash = office.hash().await;
    let direct = office.desk.deploy_seen(&deployer(), None, &hash).await;
    assert!(matches!(direct, Err(Error::Deploy(DeployError::NeedsApproval))), "{direct:?}");
    assert!(office.desk.deploy_everything(&Actor::Program).await.is_err(), "not even the program goes past it");
    let shown = office.propose().await;
    assert_eq!((shown.needed, shown.approved), (2, 0));
    assert_eq!(shown.may, Err(NotAllowed::OwnRequest("dana".to_owned())), "four eyes");
    let own = office.vote(&deployer(), &shown, true).await;
    assert!(matches!(own, Err(Error::Proposal(ProposalError::NotAllowed(NotAllowed::OwnRequest(_))))), "{own:?}");
    let stranger = office.vote(&member("vera", &["viewers", "approvers"]), &shown, true).await;
    assert!(
        matches!(stranger, Err(Error::Proposal(ProposalError::NotAllowed(NotAllowed::NotAnApprover(_))))),
        "{stranger:?}"
    );
    let omar = member("omar", &["viewers", "release"]);
    let vera = member("vera", &["viewers", "approvers"]);
    assert_eq!(office.desk.votable(&omar).await.unwrap(), 1, "it waits for his vote");
    for other in [deployer(), vera] {
        assert_eq!(office.desk.votable(&other).await.unwrap(), 0, "{other:?} may not vote");
    }
    for _ in 0..2 {
        let once = office.vote(&omar, &shown, true).await.unwrap();
        assert_eq!((once.approved, once.proposal.approved_at), (1, None), "one vote a person");
    }
    assert_eq!(office.desk.votable(&omar).await.unwrap(), 0, "he voted");
    let other = office.vote(&omar, &shown, false).await;
    assert!(matches!(other, Err(Error::Proposal(ProposalError::NotAllowed(NotAllowed::Voted { .. })))), "{other:?}");
    assert!(office.site.machine("order").is_none(), "nothing is deployed before enough people approve");
    office.vote(&member("ines", &["viewers", "release"]), &shown, true).await.unwrap();
    let end = office.end_of(&shown).await;
    assert_eq!(end, Some(ProposalEnd::Applied { workflows: vec!["order".to_owned()] }));
    assert!(office.site.machine("order").is_some());
    let kenji = member("kenji", &["viewers", "release"]);
    assert_eq!(office.desk.votable(&kenji).await.unwrap(), 0, "nothing is left to vote on");
    let hash = office.hash().await;
    let nothing = office.desk.propose(&deployer(), ShownPlan::of(&hash), "").await;
    assert!(matches!(nothing, Err(Error::Proposal(ProposalError::Nothing))), "{nothing:?}");
    let late = office.vote(&member("kenji", &["viewers", "release"]), &shown, true).await;
    assert!(matches!(late, Err(Error::Proposal(ProposalError::Ended))), "{late:?}");
    let deeds: Vec<Deed> = office.record().await.into_iter().map(|(deed, _)| deed).collect();
    let expected = [Deed::Proposed, Deed::ProposalVoted, Deed::ProposalVoted, Deed::Deployed, Deed::ProposalEnded];
    assert_eq!(deeds, expected);
    assert!(office.store.verify().await.unwrap().broken.is_none());
}

const TWO: &str = r#"
name = "shop"
[workflows.order]
file = "order.asl.json"
[environments.trial]
suffix = "-trial"
[environments.live]
approval = { approvers = { groups = ["release"] }, quorum = 1 }
"#;

#[tokio::test]
async fn the_second_environment_of_a_connection_is_proposed_and_made_as_it_was_shown() {
    let office = Office::open("two", TWO).await;
    let live = office.desk.plan_in(&deployer(), Some("live")).await.unwrap().hash;
    let direct = office.desk.deploy_seen(&deployer(), None, &live).await;
    assert!(matches!(direct, Err(Error::Deploy(DeployError::NeedsApproval))), "{direct:?}");
    let named = |environment| ShownPlan { environment: Some(environment), ..ShownPlan::of(&live) };
    for other in ["trial", "gone"] {
        let refused = office.desk.deploy_from(&deployer(), named(other), "").await;
        assert!(matches!(refused, Err(Error::Deploy(DeployError::AnotherPlan))), "{other}: {refused:?}");
    }
    let id = office.desk.propose(&deployer(), named("live"), "").await.unwrap().id;
    let shown = office.desk.proposed(&deployer(), &id).await.unwrap();
    assert_eq!((shown.proposal.about.environment.as_str(), shown.needed), ("live", 1));
    // The first one needs nobody.
    office.deploy().await;
    assert!(office.site.machine("order-trial").is_some() && office.site.machine("order").is_none());
    let trial = office.hash().await;
    let needless = office.desk.propose(&deployer(), ShownPlan::of(&trial), "").await;
    assert!(matches!(needless, Err(Error::Proposal(ProposalError::NotNeeded))), "{needless:?}");
    office.vote(&member("omar", &["viewers", "release"]), &shown, true).await.unwrap();
    assert_eq!(office.end_of(&shown).await, Some(ProposalEnd::Applied { workflows: vec!["order".to_owned()] }));
    assert!(office.site.machine("order").is_some());
}

#[tokio::test]
async fn what_moved_on_since_it_was_proposed_is_not_applied() {
    let office = Office::open("moved", APPROVED).await;
    let shown = office.propose().await;
    office.write("another");
    office.vote(&member("omar", &["viewers", "release"]), &shown, true).await.unwrap();
    office.vote(&member("ines", &["viewers", "release"]), &shown, true).await.unwrap();
    assert_eq!(office.end_of(&shown).await, Some(ProposalEnd::MovedOn));
    assert!(office.site.machine("order").is_none());
}

#[tokio::test]
async fn the_same_plan_waits_once_for_each_who_proposes_it() {
    let office = Office::open("twice", APPROVED).await;
    let shown = office.propose().await;
    let plan = ShownPlan::of(&shown.proposal.hash);
    let again = office.desk.propose(&deployer(), plan, "").await.unwrap();
    assert_eq!(again, Proposed { id: shown.proposal.id.clone(), was_known: true });
    let ines = member("ines", &["deployers"]);
    let (one, other) = tokio::join!(office.desk.propose(&ines, plan, ""), office.desk.propose(&ines, plan, ""));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.id == other.id, one.was_known != other.was_known), (true, true), "at the same time, too");
    assert_ne!(one.id, again.id, "another person's has votes of its own");
    assert_eq!(office.record().await.iter().filter(|(deed, _)| *deed == Deed::Proposed).count(), 2);
    office.desk.withdraw(&deployer(), &shown.proposal.id).await.unwrap();
    // One that came to its end is no obstacle.
    office.propose().await;
}

#[tokio::test]
async fn one_rejection_ends_a_proposal_and_its_owner_takes_it_back() {
    let office = Office::open("rejected", APPROVED).await;
    let shown = office.propose().await;
    let omar = member("omar", &["viewers", "release"]);
    let unseen = office.desk.vote_on(&omar, &shown.proposal.id, true, "", "another hash").await;
    assert!(matches!(unseen, Err(Error::Proposal(ProposalError::NotShown))), "{unseen:?}");
    let rejected = office.vote(&omar, &shown, false).await.unwrap();
    assert_eq!(rejected.proposal.ended.map(|(_, end)| end), Some(ProposalEnd::Rejected));
    assert!(office.desk.proposals(&omar, true).await.unwrap().is_empty());
    assert_eq!(office.desk.proposals(&omar, false).await.unwrap().len(), 1);
    let shown = office.propose().await;
    let not_theirs = office.desk.withdraw(&omar, &shown.proposal.id).await;
    assert!(matches!(not_theirs, Err(Error::Proposal(ProposalError::Another(_)))), "{not_theirs:?}");
    office.desk.withdraw(&deployer(), &shown.proposal.id).await.unwrap();
    assert!(office.desk.withdraw(&deployer(), &shown.proposal.id).await.is_err());
    assert!(matches!(office.vote(&omar, &shown, true).await, Err(Error::Proposal(ProposalError::Ended))));
}

#[tokio::test]
async fn an_approval_from_before_the_end_of_the_program_is_carried_out() {
    let office = Office::open("resumed", APPROVED).await;
    let shown = office.propose().await;
    let (id, connection) = (&shown.proposal.id, office.desk.id().clone());
    let vote = |person: &str| crate::store::ProposalVote {
        person_id: person.to_owned(),
        person_name: person.to_owned(),
        groups: vec!["release".to_owned()],
        approves: true,
        comment: String::new(),
        at: START,
    };
    let act = Act {
        deed: Deed::ProposalVoted,
        workflow: None,
        execution_arn: None,
        event: None,
        detail: String::new(),
        person_id: "omar".to_owned(),
        person_name: "omar".to_owned(),
        at: START,
    };
    assert!(office.store.vote_on(&connection, id, &vote("omar"), 0, false, &act).await.unwrap());
    assert!(!office.store.vote_on(&connection, id, &vote("ines"), 0, true, &act).await.unwrap(), "one was there");
    assert!(office.store.vote_on(&connection, id, &vote("ines"), 1, true, &act).await.unwrap());
    let next = office.after_restart();
    next.apply_approved(id).await.unwrap();
    assert!(office.site.machine("order").is_some());
    let end = next.proposed(&deployer(), id).await.unwrap().proposal.ended;
    assert!(matches!(end, Some((_, ProposalEnd::Applied { .. }))), "{end:?}");
    next.apply_approved(id).await.unwrap();
    assert_eq!(office.site.machine("order").unwrap().revision, 1, "once");
}
