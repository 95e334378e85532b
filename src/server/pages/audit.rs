//! The record of what people did.

use countersign_desk::connection::About;
use countersign_desk::store::{Act, ActFilter, Decision, Deed, DeliveryRecord, Kind, NewDecision, Recorded};
use countersign_desk::{Actor, Desk};

use super::{Answered, worded};
use crate::server::words;
use crate::wire::audit::{ActRow, Audit, AuditRow, DecisionRow, Delivery};

/// The filter of an address: of a kind that there is, else of what people did.
#[must_use]
pub fn filter(kind: Option<&str>, q: Option<&str>) -> ActFilter {
    let text = q.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    ActFilter { kind: kind.and_then(Kind::of), text, ..ActFilter::default() }
}

/// A page of the record for `actor`: the entries of a kind and with a text before one of them, or the newest.
///
/// # Errors
/// The store failed.
pub async fn audit(
    desk: &Desk,
    actor: &Actor,
    before: Option<i64>,
    kind: Option<String>,
    q: Option<String>,
) -> Answered<Audit> {
    let filter = filter(kind.as_deref(), q.as_deref());
    let page = desk.audit(actor, &filter, before).await.map_err(|error| worded(desk, &error))?;
    let rows = page.entries.into_iter().map(|entry| match entry.what {
        Recorded::Decision(decision) => AuditRow::Decision(decision_row(desk.about(), &decision)),
        Recorded::Act(act) => AuditRow::Act(act_row(entry.id, act)),
    });
    Ok(Audit { rows: rows.collect(), older: page.older, now: desk.now() })
}

fn act_row(entry: i64, act: Act) -> ActRow {
    let what = match act.deed {
        Deed::Started => "Started",
        Deed::Stopped => "Stopped",
        Deed::Redriven => "Redrove",
        Deed::Deployed => "Deployed",
        Deed::ActedAs => "Acts as",
        Deed::SignedIn => "Signed in",
        Deed::SignInRefused => "Sign-in refused",
        Deed::SignedOut => "Signed out",
        Deed::Administered => "People",
        Deed::Voted => "Chose",
        Deed::Reminded => "Reminded",
        Deed::Escalated => "Escalated",
        Deed::Seen => "Saw",
        Deed::Viewed => "Saw the payloads",
        Deed::Glimpsed => "Saw excerpts of inputs",
        Deed::Searched => "Searched the payloads",
        Deed::Exported => "Exported the record",
        Deed::Delivered => "Delivered",
        Deed::CameLate => "Came too late",
        Deed::Claimed => "Looks after",
        Deed::Released => "No longer looks after",
        Deed::Reassigned => "Gave",
        Deed::TookBack => "Took back",
        Deed::BrokeGlass => "Broke the glass",
        Deed::Refused => "Was refused",
        Deed::DeployFailed => "Deployment failed",
        Deed::Removed => "Deleted",
        Deed::RolloutMoved => "Rolled out",
        Deed::RolledBack => "Rolled back",
        Deed::Pruned => "Deleted versions",
        Deed::Proposed => "Proposed a deployment",
        Deed::ProposalVoted => "Voted on a deployment",
        Deed::ProposalEnded => "Proposed deployment ended",
    };
    ActRow {
        entry,
        what: what.to_owned(),
        workflow: act.workflow,
        execution_arn: act.execution_arn,
        detail: act.detail,
        person: act.person_name,
        at: act.at,
    }
}

/// Who decided, in whose place, and whether past the rule.
#[must_use]
pub fn whom(made: &NewDecision) -> String {
    let place = made.bound.stands_for.as_ref().map(|(_, name)| format!(" for {name}")).unwrap_or_default();
    let glass = if made.bound.broke_glass { ", who broke the glass" } else { "" };
    format!("{}{place}{glass}", made.person_name)
}

/// A decision as it crosses the wire.
#[must_use]
pub fn decision_row(about: &About, decision: &Decision) -> DecisionRow {
    let made = &decision.decision;
    DecisionRow {
        execution_arn: made.execution_arn.clone(),
        event: made.event,
        workflow: made.workflow.clone(),
        state: made.state.clone(),
        title: made.title.clone(),
        done: made.outcome.done.clone(),
        tone: super::tone(made.outcome.tone),
        person: whom(made),
        comment: made.comment.clone(),
        decided_at: made.decided_at,
        delivery: match (&decision.delivery, &decision.trouble) {
            (DeliveryRecord::Delivered { at }, _) => Delivery::Delivered { at: *at },
            (DeliveryRecord::Late { by }, _) => Delivery::Late { how: words::closed_by(by) },
            (DeliveryRecord::Pending, _) if about.read_only => Delivery::Retrying { problem: words::held_back() },
            (DeliveryRecord::Pending, None) => Delivery::Pending,
            (DeliveryRecord::Pending, Some(trouble)) => Delivery::Retrying { problem: words::trouble(about, trouble) },
        },
    }
}
