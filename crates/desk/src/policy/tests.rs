#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::Path;

use super::*;
use crate::actor::{Actor, Guest, Person};
use crate::store::Scope;

fn person(id: &str, groups: &[&str]) -> Actor {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Actor::Person(Person { id: id.into(), name: id.to_uppercase(), role: String::new(), groups })
}

fn with(policies: &str) -> Authority {
    Authority::of(Some((Path::new("policy.cedar"), policies))).unwrap().0
}

/// A request of the workflow `refund` with this content, whose approvers are of `finance`.
struct Asking<'a> {
    content: &'a str,
    approvers: Approvers,
    four_eyes: bool,
    requester: Requester,
    read_only: bool,
}

impl Default for Asking<'_> {
    fn default() -> Self {
        let approvers = Approvers { people: Vec::new(), groups: vec!["finance".into()] };
        let requester = Requester::Unnamed { path: None };
        Self { content: "{}", approvers, four_eyes: false, requester, read_only: false }
    }
}

impl Asking<'_> {
    fn decide(&self, authority: &Authority, actor: &Actor) -> Result<(), Denied> {
        self.ask(authority, actor, Action::Decide)
    }

    fn ask(&self, authority: &Authority, actor: &Actor, action: Action) -> Result<(), Denied> {
        let facts = RequestFacts {
            execution_arn: "arn",
            event: 3,
            workflow: "refund",
            state: "Ask",
            approvers: &self.approvers,
            four_eyes: self.four_eyes,
            requester: &self.requester,
            content: self.content,
        };
        let connection = ConnectionId::default_one();
        let object = Object::Request(facts);
        authority.permit(
            actor,
            action,
            &Resource { connection: &connection, read_only: self.read_only, tags: None, object },
        )
    }
}

fn may(authority: &Authority, actor: &Actor, action: Action, workflow: Option<&str>) -> Result<(), Denied> {
    let connection = ConnectionId::default_one();
    let object = workflow.map_or(Object::Connection, Object::Workflow);
    authority.permit(actor, action, &Resource { connection: &connection, read_only: false, tags: None, object })
}

/// What each role may do on a workflow and on the connection: the table of docs/policy.md.
#[test]
fn what_each_role_may_do() {
    let authority = Authority::shipped();
    let on_connection = |action| matches!(action, Action::ViewAudit | Action::Administer);
    let table = ["nobody"].into_iter().chain(ROLES).map(|role| {
        let actor = person("one", &[role]);
        let may_do = |action: &Action| {
            let workflow = (!on_connection(*action)).then_some("order");
            match action {
                Action::Decide => {
                    let anybody = Asking { approvers: Approvers::default(), ..Asking::default() };
                    anybody.decide(&authority, &actor).is_ok()
                }
                // They are about requests.
                Action::Reassign | Action::BreakGlass => false,
                _ => may(&authority, &actor, *action, workflow).is_ok(),
            }
        };
        let may: Vec<&str> = Action::ALL.iter().filter(|action| may_do(action)).map(|action| action.name()).collect();
        format!("{role}: {}", may.join(" "))
    });
    let expected = [
        "nobody: ",
        "viewers: view viewPayload viewAudit",
        "approvers: view viewPayload viewAudit decide",
        "operators: view viewPayload viewAudit start stop redrive",
        "deployers: view viewPayload viewAudit start deploy",
        "administrators: view viewPayload viewAudit start stop redrive deploy administer",
    ];
    assert_eq!(table.collect::<Vec<_>>(), expected);
}

#[test]
fn who_is_refused_learns_which_group_is_permitted() {
    let denied = may(&Authority::shipped(), &person("kenji", &["viewers"]), Action::Stop, Some("order")).unwrap_err();
    assert_eq!(
        (*denied.reason, denied.groups),
        (DenialReason::NotPermitted, vec!["administrators".into(), "operators".into()])
    );
    let denied = Asking::default().decide(&Authority::shipped(), &person("ines", &["approvers"])).unwrap_err();
    assert_eq!((*denied.reason, denied.groups), (DenialReason::NotPermitted, vec!["finance".into()]), "the manifest's");
}

#[test]
fn nothing_is_changed_on_a_read_only_connection() {
    let (authority, connection) = (Authority::shipped(), ConnectionId::default_one());
    for action in [Action::Start, Action::Stop, Action::Redrive, Action::Deploy] {
        for actor in [person("dana", &ROLES), Actor::Program] {
            let resource =
                Resource { connection: &connection, read_only: true, tags: None, object: Object::Workflow("order") };
            let denied = authority.permit(&actor, action, &resource).unwrap_err();
            assert_eq!(*denied.reason, DenialReason::ReadOnly(connection.clone()), "{action:?}");
        }
    }
    let asking = Asking { read_only: true, ..Asking::default() };
    assert!(asking.decide(&authority, &person("dana", &["finance"])).unwrap_err().is_read_only());
}

/// The example of docs/policy.md, and what the program's own policies say of tokens.
#[test]
fn policies_know_tokens_and_their_scope() {
    let token = |scope| match person("dana", &["finance", "operators", "administrators"]) {
        Actor::Person(dana) => Actor::Bearer(dana, scope),
        _ => panic!(),
    };
    let shipped = Authority::shipped();
    let (reads, acts) = (token(Scope::Read), token(Scope::Act));
    assert!(may(&shipped, &reads, Action::View, Some("order")).is_ok());
    assert!(Asking::default().decide(&shipped, &acts).is_ok());
    assert!(Asking::default().decide(&shipped, &reads).unwrap_err().is_by(rule::READS_ONLY));
    for action in [Action::Start, Action::Stop, Action::Redrive, Action::Deploy] {
        assert!(may(&shipped, &acts, action, Some("order")).is_ok(), "{action:?}");
        let denied = may(&shipped, &reads, action, Some("order")).unwrap_err();
        assert!(denied.is_by(rule::READS_ONLY) && denied.groups.is_empty(), "{denied:?}");
    }
    assert!(may(&shipped, &reads, Action::Administer, None).is_err());
    // What is remembered of one way to come is not said of another.
    assert!(may(&shipped, &acts, Action::Administer, None).is_ok());
    let people_alone = with(
        r#"@id("people-decide-refunds")
        @reason("A refund is decided by a person, not by a program.")
        forbid (principal, action == Action::"decide", resource in Workflow::"refund") when { context.byToken };"#,
    );
    assert!(Asking::default().decide(&people_alone, &person("dana", &["finance"])).is_ok());
    assert!(Asking::default().decide(&people_alone, &acts).unwrap_err().is_by("people-decide-refunds"));
}

#[test]
fn a_guest_has_the_request_that_was_handed_over_and_nothing_else() {
    let (here, elsewhere) = (ConnectionId::default_one(), ConnectionId::parse("prod").unwrap());
    let guest = |connection, event| Actor::Guest(Guest::of(connection, ("arn", event), "1"));
    let own = guest(&here, 3);
    let asking = Asking { approvers: Approvers::default(), ..Asking::default() };
    let handed_over = [Action::View, Action::ViewPayload, Action::Decide];
    let is_refused = |answer: Result<(), Denied>| answer.is_err_and(|denied| denied.is_by(rule::GUEST_ONE_REQUEST));
    // A rule of the user's may permit everything to everybody.
    for authority in [Authority::shipped(), with("@id(\"open\") permit (principal, action, resource);")] {
        for action in Action::ALL {
            let answer = asking.ask(&authority, &own, action);
            assert_eq!(answer.is_ok(), handed_over.contains(&action), "{action:?}: {answer:?}");
            for workflow in [None, Some("refund")] {
                assert!(is_refused(may(&authority, &own, action, workflow)), "{action:?} {workflow:?}");
            }
            for other in [guest(&here, 4), guest(&elsewhere, 3)] {
                assert!(is_refused(asking.ask(&authority, &other, action)), "{action:?} by {other:?}");
            }
        }
    }
    let shipped = Authority::shipped();
    assert!(Asking::default().ask(&shipped, &own, Action::View).is_ok());
    let named = Asking::default().decide(&shipped, &own).unwrap_err();
    assert_eq!(*named.reason, DenialReason::NotPermitted, "countersign.toml names others for it");
    let four_eyes = Asking { four_eyes: true, approvers: Approvers::default(), ..Asking::default() };
    assert_eq!(*four_eyes.decide(&shipped, &own).unwrap_err().reason, DenialReason::NotPermitted);
    let read_only = Asking { read_only: true, approvers: Approvers::default(), ..Asking::default() };
    assert!(read_only.decide(&shipped, &own).unwrap_err().is_read_only());
}

#[test]
fn four_eyes_are_a_policy() {
    let known = |id: &str| Requester::Known(vec![(id.to_owned(), "Dana W".to_owned())]);
    let asking = |requester| Asking { four_eyes: true, requester, ..Asking::default() };
    let (authority, dana) = (Authority::shipped(), person("dana", &["finance"]));
    assert!(asking(known("omar")).decide(&authority, &dana).is_ok());
    assert!(asking(known("dana")).decide(&authority, &dana).unwrap_err().is_by(rule::FOUR_EYES));
    let Actor::Person(mut twin) = dana else { panic!() };
    twin.id = "dana2".into();
    twin.name = "dana w".into();
    assert!(asking(known("dana")).decide(&authority, &twin.into()).unwrap_err().is_by(rule::FOUR_EYES), "by name");
    let unknown = asking(Requester::Unnamed { path: None });
    assert!(unknown.decide(&authority, &person("omar", &["finance"])).unwrap_err().is_by(rule::FOUR_EYES_UNKNOWN));
}

/// The example of docs/policy.md.
#[test]
fn refunds_above_a_limit_need_finance_leads() {
    let authority = with(
        r#"@id("large-refunds")
        @reason("A refund above 1,000 needs a finance lead.")
        forbid (principal, action == Action::"decide", resource in Workflow::"refund")
        unless {
            principal in Group::"finance-leads" ||
            (resource.numbers.hasTag("amount") && resource.numbers.getTag("amount") <= 1000)
        };"#,
    );
    let (omar, lead) = (person("omar", &["finance"]), person("dana", &["finance", "finance-leads"]));
    for (content, all) in [
        (r#"{"amount":1000}"#, true),
        (r#"{"amount":1000.01}"#, false),
        (r#"{"amount":-5}"#, true),
        (r#"{"amount":"10"}"#, false),
        (r#"{"amount":1e30}"#, false),
        ("{}", false),
        ("no JSON", false),
    ] {
        let asking = Asking { content, ..Asking::default() };
        assert_eq!(asking.decide(&authority, &omar).is_ok(), all, "{content}");
        assert!(asking.decide(&authority, &lead).is_ok(), "{content}");
    }
    let denied = Asking::default().decide(&authority, &omar).unwrap_err();
    let why = Some("A refund above 1,000 needs a finance lead.".to_owned());
    assert_eq!(*denied.reason, DenialReason::Forbidden { rule: "large-refunds".into(), why });
    assert_eq!(denied.groups, ["finance-leads"]);
}

#[test]
fn a_policy_of_the_same_id_takes_the_place_of_the_program_s() {
    let authority =
        with(r#"@id("everybody-sees") permit (principal in Group::"staff", action == Action::"view", resource);"#);
    assert!(may(&authority, &person("one", &["viewers"]), Action::View, None).is_err());
    assert!(may(&authority, &person("one", &["staff"]), Action::View, None).is_ok());
    assert!(may(&authority, &person("one", &["staff"]), Action::ViewPayload, None).is_err());
}

#[test]
fn where_a_policy_cannot_be_evaluated_nothing_is_permitted() {
    let authority = with(
        r#"@id("overflow") forbid (principal, action == Action::"decide", resource is Request)
        when { resource.numbers.hasTag("n") && resource.numbers.getTag("n") * 9223372036854775807 > 0 };"#,
    );
    let asking = Asking { content: r#"{"n":2}"#, ..Asking::default() };
    let denied = asking.decide(&authority, &person("omar", &["finance"])).unwrap_err();
    assert!(matches!(*denied.reason, DenialReason::Failed { ref rule, .. } if rule == "overflow"), "{denied:?}");
}

#[test]
fn a_mistake_has_its_place_and_a_remedy() {
    for (text, expected) in [
        (
            "permit(principal, action == Action::\"decid\", resource);",
            "policy.cedar:1:29: unrecognized action `Action::\"decid\"`\ndid you mean `Action::\"decide\"`?",
        ),
        (
            "\n  permit (principal is Persn, action, resource);",
            "policy.cedar:2:24: unrecognized entity type `Persn`\ndid you mean `Person`?",
        ),
        (
            "permit (principal, action == Action::\"decide\", resource) when { resource.numbers.getTag(\"n\") > 3 };",
            "policy.cedar:1:65: unable to guarantee safety of access to tag `\"n\"` on entity type `Numbers`\ntry testing for the tag's presence with `.hasTag(\"n\") && ..`",
        ),
        (
            "@id(\"a\") permit (principal, action, resource);\n@id(\"a\") permit (principal, action, resource);",
            "policy.cedar:2:1: there are two policies \"a\"\nGive one another @id.",
        ),
        (
            "permit (principal == ?principal, action, resource);",
            "policy.cedar:1:22: this policy is a template, which nothing fills\nWrite the principal or the resource in place of ?principal or ?resource.",
        ),
        (
            "permit (principal, action, resource) when { context.byTokn };",
            "policy.cedar:1:45: attribute `byTokn` in context not found\ndid you mean `byToken`?",
        ),
        ("permit (principal, action,", "policy.cedar:1:27: unexpected end of input: expected `)` or identifier"),
    ] {
        let Err(PolicyFault::Mistakes(mistakes)) = Authority::of(Some((Path::new("policy.cedar"), text))) else {
            panic!("{text}")
        };
        assert_eq!(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn policies_speak_of_the_tags_of_workflows() {
    let text = r#"
        @id("payments") permit (principal in Group::"payments", action, resource is Workflow)
            when { resource.tags.hasTag("team") && resource.tags.getTag("team") == "payments" };
        @id("frozen") forbid (principal, action == Action::"decide", resource is Request)
            when { resource.workflow.tags.hasTag("frozen") };
    "#;
    let (authority, warnings) = Authority::of(Some((Path::new("policy.cedar"), text))).unwrap();
    assert!(authority.reads_tags() && !Authority::shipped().reads_tags());
    assert_eq!(warnings, []);
    let connection = ConnectionId::default_one();
    let ask = |actor: &Actor, action, tags: Option<&[(&str, &str)]>, object| {
        let tags = tags.map(|tags| tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect());
        let resource = Resource { connection: &connection, read_only: false, tags: tags.map(Arc::new), object };
        authority.permit(actor, action, &resource)
    };
    let (payer, operator) = (person("kenji", &["payments"]), person("omar", &["operators"]));
    let order = || Object::Workflow("order");
    let start = |actor: &Actor, tags| ask(actor, Action::Start, tags, order());
    assert_eq!(start(&payer, Some(&[("team", "payments")])), Ok(()));
    // What was answered for other tags is no answer for these.
    assert!(start(&payer, Some(&[("team", "sales")])).is_err());
    assert!(start(&payer, Some(&[])).is_err());
    assert_eq!(start(&operator, Some(&[])), Ok(()));
    // Where tags are not known, nobody knows what the policies about them say.
    let denied = start(&payer, None).unwrap_err();
    assert!(matches!(&*denied.reason, DenialReason::TagsUnknown { rule } if rule == "payments"), "{denied:?}");
    assert_eq!(start(&operator, None), Ok(()), "the policy is not about them");
    let (approvers, requester) = (Approvers::default(), Requester::Unnamed { path: None });
    let facts = RequestFacts {
        execution_arn: "arn",
        event: 3,
        workflow: "order",
        state: "Ask",
        approvers: &approvers,
        four_eyes: false,
        requester: &requester,
        content: "{}",
    };
    let approver = person("dana", &["approvers"]);
    let decide = |tags| ask(&approver, Action::Decide, tags, Object::Request(facts));
    assert_eq!(decide(Some(&[("team", "x")])), Ok(()));
    let denied = decide(Some(&[("frozen", "")])).unwrap_err();
    assert!(denied.is_by("frozen"), "{denied:?}");
    assert!(decide(None).is_err());
}
