//! Deployments that wait for people, in the inbox and on Deploy: what is proposed, who voted, and the forms of whoever may.

use countersign_desk::deploy::ProposalShown;
use countersign_desk::store::{ProposalVote, ProposedWorkflow};
use countersign_desk::{Actor, Desk};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::deploy::{Form, change, plan_of};
use super::{Answered, worded};
use crate::app::server_fns::{Vote, Withdraw};
use crate::app::{Mark, absolute, instant, look, shown};
use crate::routes;
use crate::server::words;

/// The open proposals, as HTML; empty where there are none.
///
/// # Errors
/// The actor may see nothing of the connection, or the store failed.
pub async fn proposals(desk: &Desk, actor: &Actor) -> Answered<String> {
    let open = desk.proposals(actor, true).await.map_err(|error| worded(desk, &error))?;
    if open.is_empty() {
        return Ok(String::new());
    }
    let view = || {
        let one = |found: &ProposalShown| proposal(desk, actor, found);
        view! {
            <section class="plan-item" id="proposals" aria-label="Deployments that wait for approval">
                <h2>"Deployments that wait for approval"</h2>
                {open.iter().map(one).collect_view()}
            </section>
        }
    };
    Ok(Owner::new().with(|| view().to_html()))
}

fn proposal(desk: &Desk, actor: &Actor, found: &ProposalShown) -> AnyView {
    let ProposalShown { proposal, votes, needed, approved, may } = found;
    let workflow = |one: &ProposedWorkflow| {
        let (status, word) = change(one.change);
        let settings = (!one.settings.is_empty()).then(|| format!(": {}", one.settings.join(", ")));
        view! {
            <li>
                <span class="status" data-tone=look(status).tone><Mark status/><span>{word}</span></span>" "
                <strong>{shown(one.name.clone())}</strong>{settings}
            </li>
        }
    };
    let vote = |one: &ProposalVote| {
        let word = if one.approves { "approved" } else { "rejected" };
        let comment = (!one.comment.is_empty()).then(|| view! { ": "{shown(one.comment.clone())} });
        view! {
            <li>{shown(one.person_name.clone())}" "{word}", "<time datetime=instant(one.at)>{absolute(one.at)}</time>{comment}</li>
        }
    };
    let source = (!proposal.about.source.is_empty())
        .then(|| view! { " from "<span class="mono">{shown(proposal.about.source.clone())}</span> });
    let place = (!proposal.about.environment.is_empty())
        .then(|| view! { " to "<strong>{shown(proposal.about.environment.clone())}</strong> });
    let state = match (proposal.approved_at, approved, needed) {
        (Some(_), ..) => "It is approved and being made.".to_owned(),
        (None, done, of) => format!("{done} of {of} approved."),
    };
    let read_only = desk.about().read_only;
    let connection = desk.id().as_str();
    let plan = plan_of(&routes::of(connection), &proposal.about.environment);
    let is_open = proposal.approved_at.is_none();
    let id = proposal.id.as_str();
    let vote_form = |vote: &str, word, class| {
        let fields = [("id", id), ("seen", proposal.hash.as_str()), ("vote", vote)];
        Form { connection, action: Vote::PATH, fields: &fields, comment: true, word, class, disabled: read_only }.view()
    };
    let vote_forms = (is_open && may.is_ok()).then(|| {
        view! {
            {vote_form("approve", "Approve", "button button-approve")}
            {vote_form("reject", "Reject", "button button-reject")}
        }
    });
    let why_not = may.as_ref().err().filter(|_| is_open).map(|why| {
        let problem = words::not_allowed(why);
        view! { <p class="quiet">{shown(problem.what)}" "{shown(problem.remedy)}</p> }
    });
    let own = is_open && proposal.maker.person.id == actor.id();
    let withdraw = own.then(|| {
        let fields = [("id", id)];
        let (word, class) = ("Withdraw", "button");
        Form { connection, action: Withdraw::PATH, fields: &fields, comment: false, word, class, disabled: read_only }
            .view()
    });
    view! {
        <article class="proposal">
            <p>
                {shown(proposal.maker.person.name.clone())}" proposes"{place}{source}", "
                <time datetime=instant(proposal.proposed_at)>{absolute(proposal.proposed_at)}</time>". "{state}
            </p>
            <ul class="change-list">{proposal.about.workflows.iter().map(workflow).collect_view()}</ul>
            <p><a href=plan>"What it changes"</a></p>
            <ul class="plain">{votes.iter().map(vote).collect_view()}</ul>
            {why_not}
            <div class="plan-forms">{vote_forms}{withdraw}</div>
        </article>
    }
    .into_any()
}
