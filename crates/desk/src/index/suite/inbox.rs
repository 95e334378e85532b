//! Rules and parts of the inbox.

use super::{begun, here, list, listed, read, request, running, waiting};
use crate::index::{DueFilter, InboxFilter, Index, Ruled, Sight};

/// The names of the executions whose requests a filter lets through, in their order; with how many there are.
async fn part(index: &dyn Index, filter: &InboxFilter) -> (Vec<String>, u64) {
    let page = index.inbox_of(&here(), &Sight::default(), filter, None, 9).await.unwrap();
    (page.rows.into_iter().map(|wait| wait.execution_name).collect(), page.total)
}

async fn three(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("e1", 1), running("e2", 2), running("e3", 3)]).await;
    for (name, due) in [("e1", Some(100)), ("e2", None), ("e3", Some(50))] {
        read(index, name, &[request(name, 7, due)]).await;
    }
}

fn key(name: &str) -> (String, u64) {
    (format!("execution:{name}"), 7)
}

pub async fn what_a_rule_says_orders_the_inbox(index: &dyn Index) {
    three(index).await;
    index.rules_are(&here(), "one").await.unwrap();
    assert_eq!(index.unruled(&here(), 9).await.unwrap().len(), 3);
    let ruled = |name: &str, due, acts_at| Ruled { request: key(name), due, kept_alive: false, acts_at };
    assert!(!index.ruled(&here(), &[ruled("e1", None, None)]).await.unwrap());
    assert!(index.ruled(&here(), &[ruled("e2", Some(20), Some(15)), ruled("e3", None, Some(10))]).await.unwrap());
    assert!(index.unruled(&here(), 9).await.unwrap().is_empty());
    let names = async || waiting(index, 9).await.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names().await, ["e2", "e3", "e1"]);
    let acting = async |now| {
        let all = index.acted_on(&here(), now, 9).await.unwrap();
        all.into_iter().map(|wait| wait.execution_name).collect::<Vec<_>>()
    };
    assert_eq!((acting(9).await, acting(15).await), (vec![], vec!["e3".to_owned(), "e2".to_owned()]));
    // A new reading keeps what the rule says; the same rules again change nothing, others do.
    read(index, "e2", &[request("e2", 7, Some(70))]).await;
    index.rules_are(&here(), "one").await.unwrap();
    assert_eq!((names().await[0].as_str(), index.unruled(&here(), 9).await.unwrap().len()), ("e2", 0));
    index.rules_are(&here(), "two").await.unwrap();
    assert_eq!(index.unruled(&here(), 2).await.unwrap().len(), 2);
    assert!(index.answered(&here(), "execution:e3", 7).await.unwrap());
    assert_eq!(acting(99).await, ["e2"], "what is decided is nothing to a rule");
}

pub async fn a_filter_lets_through_what_it_names(index: &dyn Index) {
    three(index).await;
    let state = index.inbox(&here(), &Sight::default(), None, 1).await.unwrap().rows[0].clone();
    let of_state = vec![(state.workflow.clone(), state.state.clone())];
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let none = InboxFilter { only: Some(Vec::new()), ..InboxFilter::default() };
    let all = |filter: InboxFilter| async move { part(index, &filter).await };
    assert_eq!(all(InboxFilter { except: of_state.clone(), ..InboxFilter::default() }).await, (vec![], 0));
    assert_eq!(all(InboxFilter { only: Some(of_state), ..InboxFilter::default() }).await.1, 3);
    assert_eq!(all(InboxFilter { also: vec![key("e1")], ..none.clone() }).await, (names(&["e1"]), 1));
    let never = InboxFilter { never: vec![key("e1"), key("e3")], ..InboxFilter::default() };
    assert_eq!(all(never.clone()).await, (names(&["e2"]), 1));
    // What waits so long that it is theirs stays so, whomever it was given to.
    let since = vec![(state.workflow.clone(), state.state.clone(), state.since)];
    assert_eq!(all(InboxFilter { since: since.clone(), ..never.clone() }).await.1, 3);
    let chosen = InboxFilter { since: since.clone(), chosen: vec![key("e2")], ..never };
    assert_eq!(all(chosen).await.1, 2, "not even so what they chose already");
    assert_eq!(all(InboxFilter { since: since.clone(), ..none.clone() }).await.1, 3);
    let before = vec![(state.workflow.clone(), state.state.clone(), state.since - 1)];
    assert_eq!(all(InboxFilter { since: before, ..none }).await.1, 0);
    let due = |due| InboxFilter { due, ..InboxFilter::default() };
    assert_eq!(all(due(DueFilter::By(60))).await, (names(&["e3"]), 1));
    assert_eq!(all(due(DueFilter::Never)).await, (names(&["e2"]), 1));
}

pub async fn a_text_is_found_in_what_may_be_seen(index: &dyn Index) {
    three(index).await;
    let asked = index.inbox(&here(), &Sight::default(), None, 9).await.unwrap().rows;
    let request = asked[0].request.clone();
    let with = |text: &str, readable: Sight| {
        let filter = InboxFilter { text: Some((text.to_owned(), readable)), ..InboxFilter::default() };
        async move { part(index, &filter).await }
    };
    assert_eq!(with("E2", Sight::default()).await, (vec!["e2".to_owned()], 1));
    assert_eq!(with("%", Sight::default()).await.1, 0, "a sign of its own");
    assert_eq!(with(&request, Sight::default()).await.1, 3);
    assert_eq!(with(&request, Sight::only(&["machine:a"])).await.1, 3);
    assert_eq!(with(&request, Sight::only(&[])).await.1, 0, "what is not seen is not found");
    assert_eq!(with("e1", Sight::only(&[])).await.1, 1);
}
