//! What a question to the policies costs: one that is remembered, one that is not, one about a request whose amount a policy
//! looks at, and those of a page of 50 rows. `cargo bench -p countersign-desk --bench policy`
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot begin says so")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use countersign_desk::approvals::who::{Approvers, Requester};
use countersign_desk::connection::ConnectionId;
use countersign_desk::policy::{Action, Authority, Object, RequestFacts, Resource};
use countersign_desk::{Actor, people};

const LARGE_REFUNDS: &str = r#"@id("large-refunds")
forbid (principal, action == Action::"decide", resource in Workflow::"refund")
unless { principal in Group::"leads" || (resource.numbers.hasTag("amount") && resource.numbers.getTag("amount") <= 1000) };"#;
const ROWS: usize = 50;

fn main() {
    let authority = Authority::of(Some((Path::new("policy.cedar"), LARGE_REFUNDS))).unwrap().0;
    let (dana, connection) = (Actor::Person(people::first()), ConnectionId::default_one());
    let of = |object| Resource { connection: &connection, read_only: false, tags: None, object };
    let names: Vec<String> = (0..20_000).map(|number| format!("workflow-{number}")).collect();
    // More than are remembered: each is new.
    let mut next = names.iter().cycle();
    measure("a workflow, for the first time", 1, 10_000, || {
        let object = Object::Workflow(next.next().unwrap());
        authority.permit(&dana, Action::View, &of(object)).is_ok()
    });
    measure("a workflow, once more", 1, 100_000, || {
        authority.permit(&dana, Action::View, &of(Object::Workflow("order"))).is_ok()
    });
    let (approvers, requester) = (Approvers::default(), Requester::Unnamed { path: None });
    let facts = RequestFacts {
        execution_arn: "arn:aws:states:eu-central-1:000000000000:execution:refund:a1",
        event: 17,
        workflow: "refund",
        state: "Ask",
        approvers: &approvers,
        four_eyes: false,
        requester: &requester,
        content: r#"{"amount":1250.50,"currency":"EUR","customer":{"name":"Ada","country":"GB"},"lines":[1,2,3]}"#,
    };
    measure("a request, with its amount", 1, 10_000, || {
        authority.permit(&dana, Action::Decide, &of(Object::Request(facts))).is_ok()
    });
    measure("a page of 50 rows of 50 workflows", ROWS, 1_000, || {
        names[..ROWS].iter().all(|name| authority.permit(&dana, Action::View, &of(Object::Workflow(name))).is_ok())
    });
}

fn measure(what: &str, questions: usize, times: u32, mut ask: impl FnMut() -> bool) {
    let began = Instant::now();
    for _ in 0..times {
        assert!(black_box(ask()), "{what}");
    }
    let each = began.elapsed() / times;
    println!("{what:<40} {each:>12?}  ({questions} questions)");
}
