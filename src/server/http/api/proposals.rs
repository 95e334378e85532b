//! `/api/deployments/proposals`: the deployments that people have to approve, and their votes.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use countersign_desk::deploy::{Change, ProposalShown, Proposed, ShownPlan};
use countersign_desk::store::{self, GivenAnswer, ProposalEnd};
use countersign_desk::{Actor, Desk, Once};

use super::asked::Asked;
use super::keys;
use super::problem::Problem;
use super::proposed::{
    Proposal, ProposalRequest, ProposalStatus, ProposalVote, Proposals, ProposedChange, ProposedWorkflow, VoteChoice,
    VoteRequest,
};
use super::shapes::{Progress, Why};
use crate::app::instant;
use crate::routes;
use crate::server::http::Site;
use crate::server::{acting, words};

/// What is sent here, in words.
const VOTE: keys::What = "A vote";
const PROPOSAL: keys::What = "A proposal";

/// The deployments that people have to approve, newest first.
#[utoipa::path(
    get, path = "/api/deployments/proposals", tag = "deployments",
    params(
        ("state" = Option<String>, Query, description = "open, which is those without an end, or all: open where it is left out"),
        ("connection" = Option<String>, Query, description = "The name of the connection: `default` where it is left out"),
    ),
    responses(
        (status = 200, body = Proposals),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub async fn list(State(site): State<Site>, parts: Parts) -> Result<Json<Proposals>, Problem> {
    let Asked { desk, actor, query } = Asked::read(&site, &parts, &["state"])?;
    let open = match query.get("state") {
        None | Some("open") => true,
        Some("all") => false,
        Some(other) => {
            let detail = format!("{:?} is no state.", other.chars().take(40).collect::<String>());
            return Err(Problem::parameter("state", detail, "Choose open or all."));
        }
    };
    let found = desk.proposals(&actor, open).await.map_err(|error| Problem::of(&desk, &error))?;
    Ok(Json(Proposals { proposals: found.iter().map(|one| proposal(&desk, one)).collect() }))
}

/// One proposed deployment, and what became of it.
#[utoipa::path(
    get, path = "/api/deployments/proposals/{id}", tag = "deployments",
    params(
        ("id" = String, Path, description = "The id of a proposal"),
        ("connection" = Option<String>, Query, description = "The name of the connection: `default` where it is left out"),
    ),
    responses(
        (status = 200, body = Proposal),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub async fn show(State(site): State<Site>, Path(id): Path<String>, parts: Parts) -> Result<Json<Proposal>, Problem> {
    let Asked { desk, actor, .. } = Asked::read(&site, &parts, &[])?;
    let found = desk.proposed(&actor, &id).await.map_err(|error| Problem::of(&desk, &error))?;
    Ok(Json(proposal(&desk, &found)))
}

/// Proposes the deployment of a plan, as the person of the token: what is new or changed in the server's own folder of
/// definitions, where people have to approve it.
///
/// Send a key of your own in `Idempotency-Key`, such as a UUID: the same request with the same key, within a day, gets the
/// same answer and makes no other proposal.
#[utoipa::path(
    post, path = "/api/deployments/proposals", tag = "deployments",
    params(
        ("connection" = Option<String>, Query, description = "The name of the connection: `default` where it is left out"),
        ("Idempotency-Key" = String, Header, max_length = 200, description = "A key of your own for this proposal, such as a UUID"),
    ),
    request_body = ProposalRequest,
    responses(
        (status = 200, body = Proposal, description = "You proposed the same plan before, as this one, which is still open"),
        (status = 201, body = Proposal, description = "It waits for votes"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The server plans something else, or the same request is being answered"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub async fn propose(State(site): State<Site>, request: Request<Body>) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let Asked { desk, actor, .. } = Asked::acting(&site, &parts).await?;
    let key = keys::key(&parts.headers, PROPOSAL)?;
    let body = keys::json_body(&parts.headers, body, PROPOSAL).await?;
    let wanted: ProposalRequest = serde_json::from_slice(&body).map_err(|error| {
        let remedy = "Send an object such as {\"shown\": \"...\"}.";
        Problem::parameter("body", format!("The body is no proposal: {error}."), remedy)
    })?;
    let once = Once { key, asked: keys::hash("a proposal", &body) };
    let work = move |desk: Arc<Desk>, actor: Actor| async move { file(&desk, &actor, &wanted).await };
    keys::answer(desk, actor, once, work).await
}

/// Files a proposal.
async fn file(desk: &Desk, actor: &Actor, wanted: &ProposalRequest) -> Result<GivenAnswer, Problem> {
    let failed = |error: countersign_desk::Error| Problem::of(desk, &error);
    // Where the definitions came from, the server says by itself.
    let source = acting::revision(desk).await;
    let shown = ShownPlan { only: wanted.workflow.as_deref(), ..ShownPlan::of(&wanted.shown) };
    let Proposed { id, was_known } = desk.propose(actor, shown, &source).await.map_err(failed)?;
    let found = desk.proposed(actor, &id).await.map_err(failed)?;
    let status = if was_known { StatusCode::OK } else { StatusCode::CREATED };
    Ok(given(status, &proposal(desk, &found)))
}

/// Votes on a proposed deployment, as the person of the token. The vote that completes the approval has the plan deployed.
///
/// Send a key of your own in `Idempotency-Key`, such as a UUID: the same vote with the same key, within a day, gets the same
/// answer and has no other effect.
#[utoipa::path(
    post, path = "/api/deployments/proposals/{id}/vote", tag = "deployments",
    params(
        ("id" = String, Path, description = "The id of a proposal"),
        ("connection" = Option<String>, Query, description = "The name of the connection: `default` where it is left out"),
        ("Idempotency-Key" = String, Header, max_length = 200, description = "A key of your own for this vote, such as a UUID"),
    ),
    request_body = VoteRequest,
    responses(
        (status = 200, body = Proposal, description = "The vote is on record, and nothing is left to do"),
        (status = 202, body = Proposal, description = "The vote is on record. The proposal needs more people, or is being made"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "You voted otherwise before, the proposal is not open or not the one that was shown, or the same request is being answered"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "The comment is too long, or the key is another request's"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub async fn vote(
    State(site): State<Site>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let Asked { desk, actor, .. } = Asked::acting(&site, &parts).await?;
    let key = keys::key(&parts.headers, VOTE)?;
    let body = keys::json_body(&parts.headers, body, VOTE).await?;
    let vote: VoteRequest = serde_json::from_slice(&body).map_err(|error| {
        let remedy = "Send an object such as {\"vote\": \"approve\", \"shown\": \"...\", \"comment\": \"...\"}.";
        Problem::parameter("body", format!("The body is no vote: {error}."), remedy)
    })?;
    let once = Once { key, asked: keys::hash(&id, &body) };
    let work = move |desk: Arc<Desk>, actor: Actor| async move {
        let approves = vote.vote == VoteChoice::Approve;
        let voted = desk.vote_on(&actor, &id, approves, &vote.comment, &vote.shown).await;
        voted.map(|shown| on_record(&proposal(&desk, &shown))).map_err(|error| Problem::of(&desk, &error))
    };
    keys::answer(desk, actor, once, work).await
}

/// The answer to a vote that is on record.
fn on_record(proposal: &Proposal) -> GivenAnswer {
    let status = match proposal.status {
        ProposalStatus::Open | ProposalStatus::Approved => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    given(status, proposal)
}

fn given(status: StatusCode, proposal: &Proposal) -> GivenAnswer {
    // Proof: texts and numbers are always JSON.
    GivenAnswer { status: status.as_u16(), body: serde_json::to_string(proposal).unwrap_or_default() }
}

fn proposal(desk: &Desk, found: &ProposalShown) -> Proposal {
    let ProposalShown { proposal, votes, needed, approved, may } = found;
    let connection = desk.id().as_str();
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let (status, deployed) = status(proposal);
    let progress = Progress { people: count(*approved), needed: count(*needed) };
    // Of one that is not open nobody asks whether somebody may vote.
    let refused = may.as_ref().err().filter(|_| status == ProposalStatus::Open).map(|why| {
        let why = words::not_allowed(why);
        Why { detail: why.what, remedy: why.remedy }
    });
    Proposal {
        id: proposal.id.clone(),
        connection: connection.to_owned(),
        status,
        environment: text(&proposal.about.environment),
        workflows: proposal.about.workflows.iter().map(workflow).collect(),
        source: text(&proposal.about.source),
        person_id: proposal.maker.person.id.clone(),
        person: proposal.maker.person.name.clone(),
        proposed_at: instant(proposal.proposed_at),
        progress,
        people: proposal.rule.approvers.people.clone(),
        groups: proposal.rule.approvers.groups.clone(),
        four_eyes: proposal.rule.four_eyes,
        votes: votes.iter().map(vote_on_record).collect(),
        refused,
        shown: proposal.hash.clone(),
        ended_at: proposal.ended.as_ref().map(|(at, _)| instant(*at)),
        deployed,
        page: format!("{}#proposals", routes::of(connection).inbox()),
    }
}

/// What became of a proposal, and what was deployed.
fn status(proposal: &store::Proposal) -> (ProposalStatus, Vec<String>) {
    let nothing = Vec::new();
    match (&proposal.ended, proposal.approved_at) {
        (None, None) => (ProposalStatus::Open, nothing),
        (None, Some(_)) => (ProposalStatus::Approved, nothing),
        (Some((_, end)), _) => match end {
            ProposalEnd::Applied { workflows } => (ProposalStatus::Applied, workflows.clone()),
            ProposalEnd::Rejected => (ProposalStatus::Rejected, nothing),
            ProposalEnd::Withdrawn => (ProposalStatus::Withdrawn, nothing),
            ProposalEnd::MovedOn => (ProposalStatus::MovedOn, nothing),
            ProposalEnd::Failed { workflows, .. } => (ProposalStatus::Failed, workflows.clone()),
        },
    }
}

fn workflow(one: &store::ProposedWorkflow) -> ProposedWorkflow {
    let change = match one.change {
        Change::New => ProposedChange::New,
        Change::Changed => ProposedChange::Changed,
        Change::Unchanged => ProposedChange::Unchanged,
        Change::Drifted => ProposedChange::Drifted,
        Change::ToBeRemoved => ProposedChange::ToBeRemoved,
        Change::Refused => ProposedChange::Refused,
    };
    ProposedWorkflow { name: one.name.clone(), change, settings: one.settings.clone() }
}

fn vote_on_record(one: &store::ProposalVote) -> ProposalVote {
    ProposalVote {
        vote: if one.approves { VoteChoice::Approve } else { VoteChoice::Reject },
        person_id: one.person_id.clone(),
        person: one.person_name.clone(),
        comment: one.comment.clone(),
        at: instant(one.at),
    }
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
