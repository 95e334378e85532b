//! `GET /api/approvals` and `GET /api/approvals/{id}`: what waits for people, and one request whole.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use countersign_desk::approvals::ahead::Foresight;
use countersign_desk::approvals::form::{self, FormField, TextFormat};
use countersign_desk::approvals::outcomes;
use countersign_desk::inbox::Part;
use countersign_desk::index::InboxCursor;
use countersign_desk::policy::Action;
use countersign_desk::store::{self, DeliveryRecord};
use countersign_desk::watch::Waiting;
use countersign_desk::{Desk, Request, RequestState, RuleState};

use super::asked::Asked;
use super::id::RequestId;
use super::problem::Problem;
use super::shapes::{
    Approval, Approvals, Change, Claim, Closed, Decision, Delivery, DueBy, Fact, Field, FieldKind, Held, Link, Need,
    Outcome, Progress, Reassigned, Rule, Status, Summary, Tone, Vote, Why,
};
use crate::app::instant;
use crate::routes;
use crate::server::http::Site;
use crate::server::{markdown, pages, words};
use crate::wire;
use crate::wire::inbox::{ApprovalRow, PARTS};

/// Rows of a page where nothing else is asked for, and the most.
const ROWS: u32 = 50;
const MOST: u32 = 100;

/// What waits for people, in the order of the inbox.
#[utoipa::path(
    get, path = "/api/approvals", tag = "approvals",
    params(
        ("part" = Option<String>, Query, description = "A part of the inbox: mine, groups, unclaimed, soon (due in 4 hours), overdue or forgotten (without a deadline). All of it where it is left out"),
        ("q" = Option<String>, Query, description = "Words that the request has"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "The most requests of a page: 50 where it is left out"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("connection" = Option<String>, Query, description = "The name of the connection: `default` where it is left out"),
    ),
    responses(
        (status = 200, body = Approvals),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub async fn list(State(site): State<Site>, parts: Parts) -> Result<Json<Approvals>, Problem> {
    let Asked { desk, actor, query } = Asked::read(&site, &parts, &["part", "q", "limit", "cursor"])?;
    let part = part(query.get("part"))?;
    let (after, limit) = (query.cursor::<InboxCursor>()?, query.limit(ROWS, MOST)?);
    let failed = |error| Problem::of(&desk, &error);
    let page = desk.waiting_part(&actor, part, query.get("q"), after, limit).await.map_err(failed)?;
    let (mut approvals, mut claims) = (Vec::new(), desk.claims(&actor).await.map_err(failed)?);
    for (wait, reading) in desk.readable(&actor, &page.rows) {
        let progress = desk.progress(&actor, &wait).await.map_err(failed)?;
        let progress = progress.map(|(people, needed)| Progress { people: count(people), needed: count(needed) });
        let claimed = claims.remove(&(wait.execution_arn.clone(), wait.event)).map(claim);
        approvals.push(Summary { progress, claimed, ..summary(&desk, &wait, pages::inbox::row(&wait, &reading)) });
    }
    Ok(Json(Approvals { approvals, total: page.total, next: page.more.map(|cursor| cursor.to_string()) }))
}

fn part(word: Option<&str>) -> Result<Part, Problem> {
    match word {
        None | Some("all") => Ok(Part::All),
        Some("mine") => Ok(Part::Mine),
        Some("groups") => Ok(Part::Groups),
        Some("unclaimed") => Ok(Part::Unclaimed),
        Some("soon") => Ok(Part::Soon),
        Some("overdue") => Ok(Part::Overdue),
        Some("forgotten") => Ok(Part::Forgotten),
        Some(other) => {
            let detail = format!("{:?} is no part of the inbox.", other.chars().take(40).collect::<String>());
            let known: Vec<&str> = PARTS.iter().map(|(word, _)| *word).filter(|word| !word.is_empty()).collect();
            Err(Problem::parameter("part", detail, format!("Choose all, {}.", known.join(", "))))
        }
    }
}

/// One request whole: what is asked, what may be chosen, and what became of it.
#[utoipa::path(
    get, path = "/api/approvals/{id}", tag = "approvals",
    params(
        ("id" = String, Path, description = "The id of a request"),
        ("connection" = Option<String>, Query, description = "The name of the connection: `default` where it is left out"),
    ),
    responses(
        (status = 200, body = Approval),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub async fn show(
    State(site): State<Site>,
    axum::extract::Path(id): axum::extract::Path<String>,
    parts: Parts,
) -> Result<Json<Approval>, Problem> {
    let Asked { desk, actor, .. } = Asked::read(&site, &parts, &[])?;
    // Whoever may see nothing learns nothing of what an id is.
    desk.may_to_any(&actor, Action::View, desk.workflow_names().iter().map(String::as_str))
        .map_err(|denied| Problem::of(&desk, &denied.into()))?;
    let id = request_id(&id)?;
    let request = desk.request(&actor, &id.arn, id.event).await.map_err(|error| Problem::of(&desk, &error))?;
    desk.saw(&actor, (&id.arn, id.event), &request.wait.workflow, &request.reading.title).await;
    Ok(Json(approval(&desk, request)))
}

/// The request that an address names.
pub fn request_id(text: &str) -> Result<RequestId, Problem> {
    text.parse().map_err(|_| {
        let remedy = "Take an id from GET /api/approvals.";
        let problem = Problem::new(StatusCode::NOT_FOUND, "There is no request with this id.", remedy);
        Problem { parameter: Some("id".to_owned()), ..problem }
    })
}

fn summary(desk: &Desk, wait: &Waiting, row: ApprovalRow) -> Summary {
    let connection = desk.id().as_str();
    Summary {
        id: RequestId { arn: wait.execution_arn.clone(), event: wait.event }.to_string(),
        connection: connection.to_owned(),
        page: routes::of(connection).approval(&row.execution_arn, row.event),
        title: row.title,
        workflow: row.workflow,
        state: row.state,
        execution: row.execution_arn,
        execution_name: row.execution_name,
        item: row.item,
        asked_at: instant(row.asked_at),
        due_at: row.due.map(instant),
        due_by: row.due_by.map(due_by),
        progress: None,
        claimed: None,
        obstacle: row.blocked.map(why),
    }
}

const fn due_by(by: wire::inbox::DueBy) -> DueBy {
    match by {
        wire::inbox::DueBy::Task => DueBy::Task,
        wire::inbox::DueBy::Heartbeat => DueBy::Heartbeat,
        wire::inbox::DueBy::Workflow => DueBy::Workflow,
        wire::inbox::DueBy::Rule => DueBy::Rule,
    }
}

fn why(problem: wire::Problem) -> Why {
    Why { detail: problem.what, remedy: problem.remedy }
}

fn approval(desk: &Desk, request: Request) -> Approval {
    let row = pages::inbox::row(&request.wait, &request.reading);
    let (status, decision, closed) = match &request.state {
        RequestState::Waiting => (Status::Waiting, None, None),
        RequestState::Decided(made) => (Status::Decided, Some(decision(made)), None),
        RequestState::Closed(closed) => {
            let closed = Closed { how: words::closed_by(&closed.by), at: instant(closed.at) };
            (Status::Closed, None, Some(closed))
        }
    };
    let (reading, claimed) = (request.reading, request.claim.map(claim));
    let links = reading.links.into_iter().filter(|(_, url)| markdown::is_followed(url));
    let changes = reading.changes.map(|changes| changes.rows).unwrap_or_default();
    Approval {
        summary: Summary { claimed, ..summary(desk, &request.wait, row) },
        status,
        message: reading.message,
        facts: reading.fields.into_iter().map(|(label, value)| Fact { label, value }).collect(),
        asked_by: request.asked_by,
        links: links.map(|(label, url)| Link { label, url }).collect(),
        changes: changes
            .into_iter()
            .map(|change| Change { path: change.path, before: change.before, after: change.after })
            .collect(),
        request: request.text,
        shown: request.shown,
        outcomes: request.outcomes.iter().map(|(outcome, ahead)| choice(outcome, ahead)).collect(),
        votes: request.rule.votes.iter().map(vote).collect(),
        refused: request.rule.refusal.as_ref().map(|refusal| why(words::not_allowed(refusal))),
        held: request.held.iter().map(held).collect(),
        reassigned: request.rule.reassigned.as_ref().map(reassigned),
        rule: rule(request.rule),
        decision,
        closed,
    }
}

fn choice(outcome: &outcomes::Outcome, ahead: &Foresight) -> Outcome {
    let name = &outcome.name;
    Outcome {
        id: name.id.clone(),
        label: name.label.clone(),
        tone: match name.tone {
            outcomes::Tone::Good => Tone::Good,
            outcomes::Tone::Bad => Tone::Bad,
            outcomes::Tone::Neutral => Tone::Neutral,
        },
        comment_required: outcome.comment_required,
        form: outcome.form.iter().flat_map(|form| &form.fields).map(field).collect(),
        then: ahead.way.as_ref().map(words::consequence),
        warnings: ahead.warnings.iter().map(|warning| words::warning(&ahead.outcome, warning)).collect(),
        unavailable: outcome
            .form
            .as_ref()
            .err()
            .map(|why| format!("Its form in countersign.toml cannot be shown: {why}.")),
    }
}

fn field(field: &FormField) -> Field {
    let bounds = |min: u32, max: u32| (Some(f64::from(min)), Some(f64::from(max)));
    let (kind, (min, max), pattern, options) = match &field.kind {
        form::FieldKind::Text { min, max, pattern, format } => {
            let kind = match format {
                TextFormat::Any => FieldKind::Text,
                TextFormat::Email => FieldKind::Email,
                TextFormat::Uri => FieldKind::Uri,
            };
            (kind, bounds(*min, *max), pattern.clone(), Vec::new())
        }
        form::FieldKind::Date => (FieldKind::Date, (None, None), None, Vec::new()),
        form::FieldKind::Number { whole, min, max } => {
            let kind = if *whole { FieldKind::Integer } else { FieldKind::Number };
            (kind, (*min, *max), None, Vec::new())
        }
        form::FieldKind::Flag => (FieldKind::Boolean, (None, None), None, Vec::new()),
        form::FieldKind::One(options) => (FieldKind::One, (None, None), None, options.clone()),
        form::FieldKind::Many { options, min, max } => (FieldKind::Many, bounds(*min, *max), None, options.clone()),
    };
    let (name, title, description) = (field.name.clone(), field.title.clone(), field.description.clone());
    Field {
        name,
        title,
        description,
        required: field.required,
        kind,
        min,
        max,
        pattern,
        options,
        default: field.default.clone(),
    }
}

fn rule(rule: RuleState) -> Rule {
    let needs = rule.needs.into_iter().map(|need| Need {
        outcome: need.outcome.id,
        people: count(need.so_far),
        needed: count(need.people),
        missing_groups: need.missing_groups,
    });
    Rule {
        needs: needs.collect(),
        people: rule.approvers.people,
        groups: rule.approvers.groups,
        four_eyes: rule.four_eyes,
        on_due: rule.on_due.map(|outcome| outcome.id),
    }
}

fn claim(claim: store::Claim) -> Claim {
    Claim { person_id: claim.person_id, person: claim.person_name, at: instant(claim.at) }
}

fn held(held: &store::Held) -> Held {
    Held {
        outcome: held.outcome.id.clone(),
        person_id: held.person.id.clone(),
        person: held.person.name.clone(),
        at: instant(held.at),
        until: instant(held.until),
    }
}

fn reassigned(given: &store::Reassignment) -> Reassigned {
    Reassigned {
        people: given.to.people.clone(),
        groups: given.to.groups.clone(),
        reason: given.reason.clone(),
        person_id: given.person_id.clone(),
        person: given.person_name.clone(),
        at: instant(given.at),
    }
}

/// A vote on record.
pub fn vote(vote: &store::Vote) -> Vote {
    let choice = &vote.choice;
    Vote {
        outcome: choice.outcome.id.clone(),
        person_id: choice.person_id.clone(),
        person: choice.person_name.clone(),
        comment: choice.comment.clone(),
        at: instant(choice.decided_at),
    }
}

/// A decision on record.
pub fn decision(made: &store::Decision) -> Decision {
    let choice = &made.decision;
    Decision {
        outcome: choice.outcome.id.clone(),
        label: choice.outcome.done.clone(),
        person_id: choice.person_id.clone(),
        person: choice.person_name.clone(),
        comment: choice.comment.clone(),
        at: instant(choice.decided_at),
        delivery: match made.delivery {
            DeliveryRecord::Pending => Delivery::Pending,
            DeliveryRecord::Delivered { .. } => Delivery::Delivered,
            DeliveryRecord::Late { .. } => Delivery::Late,
        },
    }
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
