//! The newest deployments on a connection, and what became of those that were proposed.

use std::collections::BTreeSet;

use countersign_desk::deploy::{ProposalShown, proposal_of};
use countersign_desk::store::{Act, ActFilter, Kind, ProposalEnd, Recorded};
use countersign_desk::{Actor, Desk};
use leptos::prelude::*;

use crate::app::{absolute, instant, shown};
use crate::routes::{self, Routes};

/// The newest rows that the page lists; the record has all of them.
const HISTORY: usize = 10;

/// A row of the history.
enum Entry {
    Act(Act),
    /// A proposal, at the time of what happened to it last. Its acts share one row.
    Proposal {
        at: i64,
        found: Box<ProposalShown>,
    },
    /// An act about a proposal that whoever looks may not see.
    Hidden(Act),
}

/// The newest deployments on this connection.
pub async fn history(desk: &Desk, actor: &Actor) -> Option<AnyView> {
    let filter = ActFilter { kind: Some(Kind::Deployments), ..ActFilter::default() };
    // Who may not read the record reads none of it here.
    let page = desk.audit(actor, &filter, None).await.ok()?;
    let acts = page.entries.into_iter().filter_map(|entry| match entry.what {
        Recorded::Act(act) => Some(act),
        Recorded::Decision(_) => None,
    });
    let entries = entries(desk, actor, acts.collect()).await;
    if entries.is_empty() {
        return None;
    }
    let here = routes::of(desk.id().as_str());
    let all = here.audit_of(Some("deployments"), None, None);
    let rows = entries.iter().map(|entry| match entry {
        Entry::Act(act) => act_row(&here, act),
        Entry::Proposal { at, found } => proposal_row(desk, &here, *at, found),
        Entry::Hidden(act) => hidden_row(act),
    });
    Some(
        view! {
            <section class="plan-item board-box" tabindex="0" role="group" aria-label="History">
                <h2>"History"</h2>
                <table class="sheet board">
                    <thead><tr><th scope="col">"When"</th><th scope="col">"Workflow"</th><th scope="col">"Who"</th><th scope="col">"What"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
                <p><a href=all>"All deployments in the record"</a></p>
            </section>
        }
        .into_any(),
    )
}

/// The newest rows of these acts, which are newest first.
async fn entries(desk: &Desk, actor: &Actor, acts: Vec<Act>) -> Vec<Entry> {
    let (mut entries, mut proposals) = (Vec::new(), BTreeSet::new());
    for act in acts {
        if entries.len() == HISTORY {
            break;
        }
        let Some(id) = proposal_of(&act).map(str::to_owned) else {
            entries.push(Entry::Act(act));
            continue;
        };
        if !proposals.insert(id.clone()) {
            continue;
        }
        entries.push(match desk.proposed(actor, &id).await {
            Ok(found) => Entry::Proposal { at: act.at, found: Box::new(found) },
            Err(_) => Entry::Hidden(act),
        });
    }
    entries
}

fn time(at: i64) -> AnyView {
    view! { <time datetime=instant(at)>{absolute(at)}</time> }.into_any()
}

fn act_row(here: &Routes, act: &Act) -> AnyView {
    let workflow = act.workflow.as_ref().map(|name| view! { <a href=here.workflow(name)>{shown(name)}</a> });
    view! {
        <tr>
            <td>{time(act.at)}</td>
            <td>{workflow}</td>
            <td>{shown(&act.person_name)}</td>
            <td>{shown(&act.detail)}</td>
        </tr>
    }
    .into_any()
}

fn proposal_row(desk: &Desk, here: &Routes, at: i64, found: &ProposalShown) -> AnyView {
    let proposal = &found.proposal;
    let workflow = |(place, name): (usize, &str)| {
        let before = if place > 0 { ", " } else { "" };
        view! { {before}<a href=here.workflow(&desk.machine_of(name))>{shown(name)}</a> }
    };
    let names = proposal.about.workflows.iter().map(|one| one.name.as_str()).enumerate();
    let environment = &proposal.about.environment;
    let place = (!environment.is_empty()).then(|| view! { "to "<strong>{shown(environment)}</strong>" " });
    // What is open can be voted on; of what has ended the record has every vote.
    let (href, word) = match &proposal.ended {
        None => (format!("{}#proposals", here.inbox()), "In the inbox"),
        Some(_) => (here.audit_of(Some("deployments"), Some(&proposal.id), None), "In the record"),
    };
    let became = became(found);
    view! {
        <tr>
            <td>{time(at)}</td>
            <td>{names.map(workflow).collect_view()}</td>
            <td>{shown(&proposal.maker.person.name)}</td>
            <td>"Proposed "{place}{time(proposal.proposed_at)}": "{shown(became)}". "<a href=href>{word}</a></td>
        </tr>
    }
    .into_any()
}

fn hidden_row(act: &Act) -> AnyView {
    view! {
        <tr>
            <td>{time(act.at)}</td>
            <td></td>
            <td>{shown(&act.person_name)}</td>
            <td class="quiet">"A proposed deployment of workflows that are not shown to you"</td>
        </tr>
    }
    .into_any()
}

/// What became of a proposal.
fn became(found: &ProposalShown) -> String {
    let ProposalShown { proposal, votes, needed, approved, .. } = found;
    let Some((_, end)) = &proposal.ended else {
        return match proposal.approved_at {
            Some(_) => "approved and being made".to_owned(),
            None => format!("{approved} of {needed} approved"),
        };
    };
    match end {
        ProposalEnd::Applied { workflows } if workflows.is_empty() => "approved; nothing was left to deploy".to_owned(),
        ProposalEnd::Applied { workflows } => format!("approved; deployed {}", workflows.join(", ")),
        ProposalEnd::Rejected => {
            let by = votes.iter().rfind(|vote| !vote.approves);
            by.map_or_else(|| "rejected".to_owned(), |vote| format!("rejected by {}", vote.person_name))
        }
        ProposalEnd::Withdrawn => "withdrawn".to_owned(),
        ProposalEnd::MovedOn => {
            "approved, but files or the account had changed by then; nothing was deployed".to_owned()
        }
        ProposalEnd::Failed { workflows, .. } if workflows.is_empty() => "approved, but deploying it failed".to_owned(),
        ProposalEnd::Failed { workflows, .. } => {
            format!("approved, but deploying it failed after {}", workflows.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_desk::Person;
    use countersign_desk::store::{ApprovalRule, Maker, Proposal, ProposalVote, ProposedPlan};

    use super::*;

    fn found(approved_at: Option<i64>, end: Option<ProposalEnd>) -> ProposalShown {
        let person =
            |id: &str| Person { id: id.to_owned(), name: id.to_owned(), role: String::new(), groups: Vec::new() };
        let vote = |id: &str, approves| ProposalVote {
            person_id: id.to_owned(),
            person_name: id.to_owned(),
            groups: Vec::new(),
            approves,
            comment: String::new(),
            at: 2,
        };
        let proposal = Proposal {
            id: "dep_1".to_owned(),
            hash: String::new(),
            about: ProposedPlan::default(),
            rule: ApprovalRule::default(),
            maker: Maker { person: person("dana"), scope: None },
            proposed_at: 1,
            approved_at,
            ended: end.map(|end| (3, end)),
        };
        let votes = vec![vote("omar", true), vote("ines", false)];
        ProposalShown { proposal, votes, needed: 2, approved: 1, may: Ok(()) }
    }

    #[track_caller]
    fn check(approved_at: Option<i64>, end: Option<ProposalEnd>, expected: &str) {
        assert_eq!(became(&found(approved_at, end)), expected);
    }

    #[test]
    fn every_end_of_a_proposal_has_words() {
        let order = || vec!["order".to_owned()];
        let failed = |workflows| Some(ProposalEnd::Failed { why: "throttled".to_owned(), workflows });
        check(None, None, "1 of 2 approved");
        check(Some(2), None, "approved and being made");
        check(Some(2), Some(ProposalEnd::Applied { workflows: order() }), "approved; deployed order");
        check(Some(2), Some(ProposalEnd::Applied { workflows: Vec::new() }), "approved; nothing was left to deploy");
        check(None, Some(ProposalEnd::Rejected), "rejected by ines");
        check(None, Some(ProposalEnd::Withdrawn), "withdrawn");
        let moved_on = "approved, but files or the account had changed by then; nothing was deployed";
        check(Some(2), Some(ProposalEnd::MovedOn), moved_on);
        check(Some(2), failed(Vec::new()), "approved, but deploying it failed");
        check(Some(2), failed(order()), "approved, but deploying it failed after order");
    }
}
