//! The inbox: what waits for a person, and one request whole.

use countersign_desk::approvals::ahead::Foresight;
use countersign_desk::approvals::changes::Change;
use countersign_desk::approvals::form::{FieldKind, FormField, TextFormat};
use countersign_desk::approvals::outcomes::Outcome;
use countersign_desk::approvals::{Choice, Decided, Reading};
use countersign_desk::bulk::MOST;
use countersign_desk::eyes::NOT_FOR_YOU;
use countersign_desk::inbox::Part;
use countersign_desk::index::InboxCursor;
use countersign_desk::store::{Held, Vote};
use countersign_desk::watch::{DueBy as Ends, RequestKey, Waiting};
use countersign_desk::{Actor, Desk, Request, RequestState, RuleState};
use countersign_json::pretty;

use super::audit::{decision_row, whom};
use super::{Answered, worded};
use crate::error::{AppError, ErrorKind};
use crate::routes;
use crate::server::http::api::RequestId;
use crate::server::{markdown, words};
use crate::wire::inbox::{
    self as wire, Approval, ApprovalRow, ApprovalState, ChangeRow, DueBy, EarlierEnd, Inbox, Offer, OutcomeChoice,
    Position, Preview, VoteRow,
};

/// Requests of a page, and decisions beside them.
const ROWS: u32 = 100;
const LATEST: u32 = 20;
/// The longest text that one line has room for.
const SHORT: u32 = 200;

/// One page of what waits for a person, with the request `open`, or else the first one.
///
/// # Errors
/// The connection has not answered yet, the store failed, or there is no such request. A request that cannot be opened
/// now is shown as such beside the list.
pub async fn inbox(
    desk: &Desk,
    actor: &Actor,
    open: Option<RequestKey>,
    after: Option<String>,
    part: Option<String>,
    q: Option<String>,
) -> Answered<Inbox> {
    let after = after.filter(|text| !text.is_empty()).as_deref().map(cursor).transpose()?;
    let part = part_named(part.as_deref());
    let listed =
        desk.waiting_part(actor, part, q.as_deref(), after, ROWS).await.map_err(|error| worded(desk, &error))?;
    let waiting = desk.readable(actor, &listed.rows);
    let decided = desk.latest_decisions(actor, LATEST).await.map_err(|error| worded(desk, &error))?;
    let open = open.or_else(|| listed.rows.first().map(|wait| (wait.execution_arn.clone(), wait.event)));
    let open = match open {
        Some((arn, event)) => match approval(desk, actor, &arn, event).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Err(error),
            page => Some(page),
        },
        None => None,
    };
    let mut rows: Vec<ApprovalRow> = waiting.iter().map(|(wait, reading)| row(wait, reading)).collect();
    let mut claims = desk.claims(actor).await.map_err(|error| worded(desk, &error))?;
    for (row, (wait, _)) in rows.iter_mut().zip(&waiting) {
        let progress = desk.progress(actor, wait).await.map_err(|error| worded(desk, &error))?;
        let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
        row.votes = progress.map(|(so_far, people)| (count(so_far), count(people)));
        row.claimed = claims.remove(&(wait.execution_arn.clone(), wait.event)).map(|claim| claim.person_name);
    }
    let states = listed.rows.iter().map(|wait| (wait.workflow.as_str(), wait.state.as_str()));
    let offered = if desk.about().read_only { Vec::new() } else { desk.offered(states) };
    Ok(Inbox {
        waiting: rows,
        offered: offered.into_iter().map(|one| Offer { id: one.id, label: one.label }).collect(),
        total: listed.total,
        more: listed.more.map(|cursor| cursor.to_string()),
        decided: decided.iter().map(|decision| decision_row(desk.about(), decision)).collect(),
        proposals: super::proposals::proposals(desk, actor).await?,
        open,
        now: desk.now(),
    })
}

/// A page of the inbox, as its address has it.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub after: Option<String>,
    pub part: Option<String>,
    pub q: Option<String>,
}

/// What a form chose besides the requests that were picked one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Besides {
    Nothing,
    /// All of the page.
    Page,
    /// All of the part, as many as a list has room for.
    Every,
}

/// The requests that a form chose of a page of the inbox; and how many there were to choose from.
///
/// # Errors
/// The form names no request, the address is no page, or the store failed.
pub async fn chosen(
    desk: &Desk,
    actor: &Actor,
    picked: &[String],
    besides: Besides,
    place: Place,
) -> Answered<(Vec<RequestKey>, u64)> {
    let known = |text: &String| wire::of_picked(text).ok_or_else(no_request);
    let mut requests = picked.iter().map(known).collect::<Answered<Vec<RequestKey>>>()?;
    let (after, limit) = match besides {
        Besides::Nothing => return Ok((requests, 0)),
        Besides::Page => (place.after.as_deref().filter(|text| !text.is_empty()).map(cursor).transpose()?, ROWS),
        Besides::Every => (None, MOST),
    };
    let (part, text) = (part_named(place.part.as_deref()), place.q.as_deref());
    let page = desk.waiting_part(actor, part, text, after, limit).await.map_err(|error| worded(desk, &error))?;
    let fitted = if besides == Besides::Every { page.total } else { 0 };
    let key = |wait: Waiting| (wait.execution_arn, wait.event);
    // Those of the list, the most urgent first, and then what was picked besides.
    let listed: Vec<RequestKey> = page.rows.into_iter().map(key).collect();
    requests.retain(|request| !listed.contains(request));
    Ok((listed.into_iter().chain(requests).collect(), fitted))
}

fn no_request() -> AppError {
    AppError::new(
        ErrorKind::Invalid,
        "The form names something that is no request.",
        "Reload the inbox and choose again.",
    )
}

/// The part of the inbox that an address names; all of it where it names none.
fn part_named(word: Option<&str>) -> Part {
    match word {
        Some("mine") => Part::Mine,
        Some("groups") => Part::Groups,
        Some("unclaimed") => Part::Unclaimed,
        Some("soon") => Part::Soon,
        Some("overdue") => Part::Overdue,
        Some("forgotten") => Part::Forgotten,
        _ => Part::All,
    }
}

/// The page that an address names.
fn cursor(text: &str) -> Answered<InboxCursor> {
    text.parse().map_err(|_| {
        let what = "This address is no page of the inbox.".to_owned();
        AppError::new(ErrorKind::Invalid, what, "Begin with the most urgent requests.".to_owned())
    })
}

/// One request.
///
/// # Errors
/// There is no such request, or the connection or the store does not answer.
pub async fn approval(desk: &Desk, actor: &Actor, arn: &str, event: u64) -> Answered<Approval> {
    Ok(page(desk, actor, opened(desk, actor, arn, event).await?))
}

/// One request that somebody looks at, which goes on record.
///
/// # Errors
/// There is no such request, or the connection or the store does not answer.
pub async fn opened(desk: &Desk, actor: &Actor, arn: &str, event: u64) -> Answered<Request> {
    let request = desk.request(actor, arn, event).await.map_err(|error| {
        let mut error = worded(desk, &error);
        // The address of a request names an execution: one that cannot be is one that is not there.
        if error.kind == ErrorKind::Invalid {
            error.kind = ErrorKind::NotFound;
        }
        error
    })?;
    desk.saw(actor, (arn, event), &request.wait.workflow, &request.reading.title).await;
    Ok(request)
}

/// A request as its page shows it.
#[must_use]
pub fn page(desk: &Desk, actor: &Actor, request: Request) -> Approval {
    let bare = (request.reading.fields.is_empty() && request.text != NOT_FOR_YOU).then(|| {
        "This request has no fields to show. Read the whole request, and check where it came from, before you decide."
            .to_owned()
    });
    let changes = request.reading.changes.clone().unwrap_or_default();
    let in_hand = super::hands::in_hand(desk, actor, &request);
    // The request may say it itself.
    let asked_by = request.asked_by.filter(|name| request.reading.fields.iter().all(|(_, value)| value != name));
    let asked_by = asked_by.map(|name| ("Asked by".to_owned(), name));
    Approval {
        in_hand,
        row: row(&request.wait, &request.reading),
        id: RequestId { arn: request.wait.execution_arn.clone(), event: request.wait.event }.to_string(),
        message: request.reading.message.as_deref().map(markdown::html_of),
        links: request.reading.links.into_iter().filter(|(_, url)| markdown::is_followed(url)).collect(),
        changes: changes.rows.into_iter().map(change).collect(),
        changes_left_out: u64::try_from(changes.left_out).unwrap_or(u64::MAX),
        fields: request.reading.fields.into_iter().chain(asked_by).collect(),
        request: pretty(&request.text),
        outcomes: request.outcomes.iter().map(|(outcome, ahead)| choice(outcome, ahead)).collect(),
        warnings: bare
            .into_iter()
            .chain(request.outcomes.iter().rev().flat_map(|(_, ahead)| warnings(ahead)))
            .collect(),
        rule: words::rule(&request.rule),
        times: words::times(&request.rule, desk.now()),
        votes: request.rule.votes.iter().map(vote).collect(),
        refused: request.rule.refusal.as_ref().map(words::not_allowed),
        shown: request.shown,
        state: match request.state {
            RequestState::Waiting => held(actor, &request.rule, &request.held).unwrap_or(ApprovalState::Waiting),
            RequestState::Decided(decision) => ApprovalState::Decided(Box::new(decision_row(desk.about(), &decision))),
            RequestState::Closed(closed) => ApprovalState::Closed {
                status: super::closed_status(&closed.by),
                how: words::closed_by(&closed.by),
                at: closed.at,
            },
        },
        position: request.position.map(|position| Position {
            index: position.index.unwrap_or_default(),
            of: position.of,
            next: position.next.map(|(arn, event)| routes::of(desk.id().as_str()).approval(&arn, event)),
        }),
        now: desk.now(),
    }
}

/// Whose choice is held: one's own, or another's that decides unless it is taken back.
fn held(actor: &Actor, rule: &RuleState, held: &[Held]) -> Option<ApprovalState> {
    let needs_more = |one: &&Held| {
        let need = rule.needs.iter().find(|need| need.outcome.id == one.outcome.id);
        need.is_some_and(|need| need.so_far + 1 < need.people || need.missing_groups.len() > 1)
    };
    let own = held.iter().find(|one| one.person.id == actor.id());
    let one = own.or_else(|| held.iter().find(|one| !needs_more(one)))?;
    Some(ApprovalState::Held {
        done: one.outcome.done.clone(),
        tone: super::tone(one.outcome.tone),
        person: one.person.name.clone(),
        own: one.person.id == actor.id(),
        until: one.until,
    })
}

fn warnings(ahead: &Foresight) -> Vec<String> {
    ahead.warnings.iter().map(|warning| words::warning(&ahead.outcome, warning)).collect()
}

fn change(change: Change) -> ChangeRow {
    ChangeRow { path: change.path, before: change.before, after: change.after }
}

fn vote(vote: &Vote) -> VoteRow {
    VoteRow {
        done: vote.choice.outcome.done.clone(),
        tone: super::tone(vote.choice.outcome.tone),
        person: whom(&vote.choice),
        comment: vote.choice.comment.clone(),
        at: vote.choice.decided_at,
    }
}

/// Something that a person may choose.
fn choice(outcome: &Outcome, ahead: &Foresight) -> OutcomeChoice {
    let name = &outcome.name;
    OutcomeChoice {
        id: name.id.clone(),
        label: name.label.clone(),
        tone: super::tone(name.tone),
        condition: words::condition(name),
        then: ahead.way.as_ref().map(words::consequence),
        comment_required: outcome.comment_required,
        fields: outcome.form.iter().flat_map(|form| &form.fields).map(field).collect(),
        refused: outcome.form.as_ref().err().map(|why| format!("Its form in countersign.toml cannot be shown: {why}.")),
    }
}

fn field(field: &FormField) -> wire::FormField {
    let number = |value: &Option<f64>| value.map(|value| value.to_string());
    wire::FormField {
        name: field.name.clone(),
        title: field.title.clone(),
        description: field.description.clone().unwrap_or_default(),
        required: field.required,
        kind: match &field.kind {
            FieldKind::Text { min, max, pattern, format } => {
                let input = match format {
                    TextFormat::Any => "text",
                    TextFormat::Email => "email",
                    TextFormat::Uri => "url",
                };
                let long = *max > SHORT && pattern.is_none() && *format == TextFormat::Any;
                wire::FieldKind::Text { input: input.to_owned(), long, min: *min, max: *max, pattern: pattern.clone() }
            }
            FieldKind::Date => {
                wire::FieldKind::Text { input: "date".to_owned(), long: false, min: 0, max: 10, pattern: None }
            }
            FieldKind::Number { whole, min, max } => wire::FieldKind::Number {
                step: if *whole { "1" } else { "any" }.to_owned(),
                min: number(min),
                max: number(max),
            },
            FieldKind::Flag => wire::FieldKind::Flag,
            FieldKind::One(options) => wire::FieldKind::One(options.clone()),
            FieldKind::Many { options, .. } => wire::FieldKind::Many(options.clone()),
        },
        value: field.default.clone(),
    }
}

/// What a choice would come to.
///
/// # Errors
/// Those of the desk; mistakes in the form are part of the answer.
pub async fn preview(desk: &Desk, actor: &Actor, request: (&str, u64), choice: &Choice) -> Answered<Preview> {
    let (then, warnings, faults) = match desk.preview(actor, request, choice).await {
        Ok(ahead) => (ahead.way.as_ref().map(words::consequence), warnings(&ahead), Vec::new()),
        Err(error) => match words::faults(&error) {
            Some(faults) => (None, Vec::new(), faults),
            None => return Err(worded(desk, &error)),
        },
    };
    Ok(Preview { outcome: choice.outcome.clone(), then, warnings, faults })
}

/// A waiting task as a row of the inbox.
#[must_use]
pub fn row(wait: &Waiting, reading: &Reading) -> ApprovalRow {
    let ends = wait.due.zip(wait.due_by).map(|(at, by)| {
        let by = match by {
            Ends::Task => DueBy::Task,
            Ends::Heartbeat => DueBy::Heartbeat,
            Ends::Workflow => DueBy::Workflow,
        };
        (at, by)
    });
    let due = [ends, reading.due.map(|at| (at, DueBy::Rule))].into_iter().flatten().min_by_key(|(at, _)| *at);
    ApprovalRow {
        execution_arn: wait.execution_arn.clone(),
        execution_name: wait.execution_name.clone(),
        parent_arn: wait.parent_arn.clone(),
        event: wait.event,
        workflow: wait.workflow.clone(),
        state: wait.state.clone(),
        title: reading.title.clone(),
        asked_at: wait.since,
        due: due.map(|(at, _)| at),
        due_by: due.map(|(_, by)| by),
        item: wait.item.as_ref().map(words::items),
        votes: None,
        claimed: None,
        blocked: wait.obstacle.map(words::obstacle),
    }
}

/// What ended a request before a click that came too late; `None` where the click's decision is on record.
#[must_use]
pub fn earlier_end(decided: &Decided) -> Option<EarlierEnd> {
    match decided {
        Decided::Recorded(_) | Decided::Repeated(_) | Decided::Voted(_) | Decided::Held(_) => None,
        Decided::HeldByAnother(held) => {
            Some(EarlierEnd::Held { did: words::did(&held.outcome), person: held.person.name.clone(), at: held.at })
        }
        Decided::Earlier { decision, own } => Some(EarlierEnd::Decided {
            outcome: decision.decision.outcome.id.clone(),
            did: words::did(&decision.decision.outcome),
            person: decision.decision.person_name.clone(),
            own: *own,
            at: decision.decision.decided_at,
        }),
        Decided::Closed(closed) => Some(EarlierEnd::Closed { how: words::closed_by(&closed.by), at: closed.at }),
    }
}
