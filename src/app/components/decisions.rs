//! Decisions as they are on record.

use leptos::prelude::*;

use super::Mark;
use crate::app::here::here;
use crate::app::ui::{Ago, Row, Signal, When, list, shown};
use crate::wire::Status;
use crate::wire::audit::{DecisionRow, Delivery};
use crate::wire::inbox::Tone;

/// What became of a decision after it was recorded, in one line.
#[component]
pub fn DeliveryLine(delivery: Delivery, now: i64) -> impl IntoView {
    match delivery {
        Delivery::Pending => view! { <span class="quiet">"On record, being sent to Step Functions"</span> }.into_any(),
        Delivery::Delivered { at } => {
            view! { <span class="quiet">"Step Functions accepted it "<Ago at now/></span> }.into_any()
        }
        Delivery::Late { how } => view! { <span class="warn">"Too late: "{shown(how)}</span> }.into_any(),
        Delivery::Retrying { problem } => {
            view! { <span class="warn">"On record, not sent yet: "{shown(problem.what)}" "{shown(problem.remedy)}</span> }.into_any()
        }
    }
}

/// The status that a decision is drawn with.
pub fn mark_of(tone: Tone) -> Status {
    match tone {
        Tone::Good => Status::Succeeded,
        Tone::Bad => Status::Failed,
        // It went on in another way.
        Tone::Neutral => Status::Caught,
    }
}

/// Decisions, newest first.
#[component]
pub fn DecisionList(#[prop(into)] rows: Signal<Vec<DecisionRow>>, now: i64) -> impl IntoView {
    let drawn = move || rows.get().into_iter().map(|row| decision_item(row, now)).collect();
    view! {
        <ul class="decisions">
            {list(drawn)}
        </ul>
    }
    .into_any()
}

/// A decision as a row of a list.
pub fn decision_item(data: DecisionRow, now: i64) -> Row {
    let key = format!(
        "{} {} {} {:?}",
        data.execution_arn,
        data.event,
        data.decided_at,
        std::mem::discriminant(&data.delivery)
    );
    Row::new(key, move || item(data, now))
}

fn item(row: DecisionRow, now: i64) -> AnyView {
    let comment = (!row.comment.is_empty()).then(|| view! { <q class="decision-comment">{shown(&row.comment)}</q> });
    let execution = row.execution_arn.rsplit(':').next().unwrap_or_default().to_owned();
    view! {
        <li class="decision">
            <span class="status" data-tone=super::status::look(mark_of(row.tone)).tone>
                <Mark status=mark_of(row.tone)/>
                <span>{shown(&row.done)}</span>
            </span>
            <div class="decision-main">
                <a href=here().approval(&row.execution_arn, row.event)>{shown(&row.title)}</a>
                {comment}
                <span class="quiet">{shown(&row.workflow)}" · "<a class="mono" href=here().execution(&row.execution_arn)>{shown(execution)}</a></span>
            </div>
            <div class="decision-side">
                <span>{shown(&row.person)}" · "<When at=row.decided_at now/></span>
                <DeliveryLine delivery=row.delivery.clone() now/>
            </div>
        </li>
    }
    .into_any()
}
