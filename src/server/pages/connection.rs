//! One connection.

use countersign_desk::connection::{Caller as Called, Calls, quota::Quota};
use countersign_desk::{Actor, Desk, Error};

use super::{Answered, frame, worded};
use crate::server::{messages, words};
use crate::wire::connection::{Caller, Connection, Operation};

/// The connection's page, for `actor`.
///
/// # Errors
/// The actor may not see the connection.
pub async fn connection(desk: &Desk, actor: &Actor) -> Answered<Connection> {
    let condition = desk.condition(actor).await.map_err(|error| worded(desk, &error))?;
    let card = frame::card(desk, actor).await?;
    let about = &condition.about;
    let denied = condition.denied.iter();
    // A denial that failed the whole reading is among those that are denied.
    let problem = condition.problem.iter().filter(|problem| !condition.denied.contains(problem));
    // Whoever may not see what people did does not see this either.
    let undelivered = match desk.undelivered(actor).await {
        Err(Error::Denied(_)) => Vec::new(),
        answer => answer.map_err(|error| worded(desk, &error))?,
    };
    let problems = problem.chain(denied).map(|problem| words::call(about, problem).problem);
    Ok(Connection {
        problems: problems.chain(undelivered.iter().map(messages::words::undelivered)).collect(),
        card,
        profile: about.profile.clone(),
        role_arn: about.role_arn.clone(),
        caller: condition.caller.map(|caller| caller.map(called).map_err(|error| words::call(about, &error).problem)),
        operations: condition.calls.into_iter().map(|(calls, quota)| operation(desk, calls, quota)).collect(),
        now: desk.now(),
    })
}

fn called(caller: Called) -> Caller {
    Caller { account: caller.account, arn: caller.arn }
}

fn operation(desk: &Desk, calls: Calls, quota: Option<Quota>) -> Operation {
    let since = calls.failed.as_ref().filter(|(at, _)| calls.succeeded_at.is_none_or(|succeeded| succeeded < *at));
    Operation {
        action: calls.api.iam_action(),
        last_minute: calls.last_minute,
        // A quota is a small number of calls a second.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
        quota: quota.map(|quota| (quota.per_second * 60.0) as u32),
        succeeded_at: calls.succeeded_at,
        failed_at: calls.failed.as_ref().map(|(at, _)| *at),
        problem: since.map(|(_, error)| words::call(desk.about(), error).problem),
    }
}
