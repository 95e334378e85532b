//! Acting on many executions at once.

use std::collections::BTreeSet;

use countersign_desk::connection::About;
use countersign_desk::store::{BulkItem, BulkOutcome, Verb};
use countersign_desk::{Actor, Desk};

use super::{Answered, worded};
use crate::server::words;
use crate::wire::Status;
use crate::wire::bulk::{Bulk, BulkLine, BulkRow};
use crate::wire::refused::Act;

/// A list that is acted on, for `actor`.
///
/// # Errors
/// There is none with this id, or the store failed.
pub async fn bulk(desk: &Desk, actor: &Actor, id: String) -> Answered<Bulk> {
    let found = desk.bulk(actor, &id).await.map_err(|error| worded(desk, &error))?;
    let run = found.run;
    let act = match run.verb {
        Verb::Stop => Act::Stop,
        Verb::StartAgain => Act::Start,
        Verb::Redrive => Act::Redrive,
    };
    let workflows: BTreeSet<&str> = found.items.iter().map(|item| item.workflow.as_str()).collect();
    let refused = words::refusals::refused([(act, desk.may_to_any(actor, run.verb.action(), workflows))]);
    Ok(Bulk {
        id: run.id,
        verb: verb_word(run.verb).to_owned(),
        reason: run.reason,
        hash: run.hash,
        person: run.person_name,
        made_at: run.made_at,
        begun: run.begun_at.is_some(),
        ended: run.ended_at.is_some(),
        goes_on: found.goes_on,
        rows: found.items.into_iter().map(|item| row(desk.about(), item)).collect(),
        fitted: run.fitted,
        refused,
        now: desk.now(),
    })
}

const fn verb_word(verb: Verb) -> &'static str {
    match verb {
        Verb::Stop => "Stop",
        Verb::StartAgain => "Start again",
        Verb::Redrive => "Redrive",
    }
}

fn row(about: &About, item: BulkItem) -> BulkRow {
    let name = item.execution_arn.rsplit(':').next().unwrap_or_default().to_owned();
    let outcome = item.outcome.map(|outcome| line(about, outcome));
    BulkRow { arn: item.execution_arn, name, workflow: item.workflow, outcome }
}

fn line(about: &About, outcome: BulkOutcome) -> BulkLine {
    let done = |status, words: &str, started| BulkLine { status, words: words.to_owned(), refused: false, started };
    match outcome {
        BulkOutcome::Stopped => done(Status::Aborted, "Stopped", None),
        BulkOutcome::Redriven => done(Status::Running, "Redriven", None),
        BulkOutcome::Started(arn) => done(Status::Running, "Started", Some(arn)),
        BulkOutcome::Refused(refusal) => BulkLine {
            status: Status::Failed,
            words: words::lists::refusal(about, &refusal),
            refused: true,
            started: None,
        },
    }
}
