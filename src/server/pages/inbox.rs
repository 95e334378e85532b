//! The inbox: what waits for a person, and one request whole.

use countersign_desk::approvals::{Decided, Reading};
use countersign_desk::index::InboxCursor;
use countersign_desk::watch::{DueBy as Ends, RequestKey, Waiting};
use countersign_desk::{Actor, Desk, Request, RequestState};
use countersign_json::pretty;

use super::audit::decision_row;
use super::{Answered, worded};
use crate::error::{AppError, ErrorKind};
use crate::routes;
use crate::server::words;
use crate::wire::inbox::{Approval, ApprovalRow, ApprovalState, DueBy, EarlierEnd, Inbox, Position};

/// Requests of a page, and decisions beside them.
const ROWS: u32 = 100;
const LATEST: u32 = 20;

/// One page of what waits for a person, with the request `open`, or else the first one.
///
/// # Errors
/// The connection has not answered yet, the store failed, or there is no such request. A request that cannot be opened
/// now is shown as such beside the list.
pub async fn inbox(desk: &Desk, actor: &Actor, open: Option<RequestKey>, after: Option<String>) -> Answered<Inbox> {
    let after = after.filter(|text| !text.is_empty()).as_deref().map(cursor).transpose()?;
    let listed = desk.waiting(actor, after, ROWS).await.map_err(|error| worded(desk, &error))?;
    let waiting = desk.readable(&listed.rows);
    let decided = desk.latest_decisions(actor, LATEST).await.map_err(|error| worded(desk, &error))?;
    let open = open.or_else(|| listed.rows.first().map(|wait| (wait.execution_arn.clone(), wait.event)));
    let open = match open {
        Some((arn, event)) => match approval(desk, actor, &arn, event).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Err(error),
            page => Some(page),
        },
        None => None,
    };
    Ok(Inbox {
        waiting: waiting.iter().map(|(wait, reading)| row(wait, reading)).collect(),
        total: listed.total,
        more: listed.more.map(|cursor| cursor.to_string()),
        decided: decided.iter().map(|decision| decision_row(desk.about(), decision)).collect(),
        open,
        now: desk.now(),
    })
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
    let request = desk.request(actor, arn, event).await.map_err(|error| {
        let mut error = worded(desk, &error);
        // The address of a request names an execution: one that cannot be is one that is not there.
        if error.kind == ErrorKind::Invalid {
            error.kind = ErrorKind::NotFound;
        }
        error
    })?;
    Ok(page(desk, request))
}

fn page(desk: &Desk, request: Request) -> Approval {
    let bare = request.reading.fields.is_empty().then(|| {
        "This request has no fields to show. Read the whole request, and check where it came from, before you decide."
            .to_owned()
    });
    Approval {
        row: row(&request.wait, &request.reading),
        fields: request.reading.fields,
        request: pretty(&request.text),
        if_approved: request.foresight.branches.approved.as_ref().map(words::consequence),
        if_rejected: request.foresight.branches.rejected.as_ref().map(words::consequence),
        warnings: bare.into_iter().chain(request.foresight.warnings.iter().map(words::warning)).collect(),
        state: match request.state {
            RequestState::Waiting => ApprovalState::Waiting,
            RequestState::Decided(decision) => ApprovalState::Decided(decision_row(desk.about(), &decision)),
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

/// A waiting task as a row of the inbox.
#[must_use]
pub fn row(wait: &Waiting, reading: &Reading) -> ApprovalRow {
    ApprovalRow {
        execution_arn: wait.execution_arn.clone(),
        execution_name: wait.execution_name.clone(),
        parent_arn: wait.parent_arn.clone(),
        event: wait.event,
        workflow: wait.workflow.clone(),
        state: wait.state.clone(),
        title: reading.title.clone(),
        asked_at: wait.since,
        due: wait.due,
        due_by: wait.due_by.map(|by| match by {
            Ends::Task => DueBy::Task,
            Ends::Heartbeat => DueBy::Heartbeat,
            Ends::Workflow => DueBy::Workflow,
        }),
        item: wait.item.as_ref().map(words::items),
        blocked: wait.obstacle.map(words::obstacle),
    }
}

/// What ended a request before a click that came too late; `None` where the click's decision is on record.
#[must_use]
pub fn earlier_end(decided: &Decided) -> Option<EarlierEnd> {
    match decided {
        Decided::Recorded(_) | Decided::Repeated(_) => None,
        Decided::Earlier { decision, own } => Some(EarlierEnd::Decided {
            approved: decision.decision.approved,
            person: decision.decision.person_name.clone(),
            own: *own,
            at: decision.decision.decided_at,
        }),
        Decided::Closed(closed) => Some(EarlierEnd::Closed { how: words::closed_by(&closed.by), at: closed.at }),
    }
}
