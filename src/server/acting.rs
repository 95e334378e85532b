//! The actions of forms: the desk acts, and its errors become sentences.

use std::sync::Arc;
use std::time::Duration;

use countersign_desk::approvals::{Choice, Decided};
use countersign_desk::bulk::Chosen;
use countersign_desk::deploy::{ShownPlan, diff};
use countersign_desk::starting::{Order, Started};
use countersign_desk::store::Verb;
use countersign_desk::{Actor, Desk, Error};
use countersign_json::pretty;

use super::words;
use crate::error::{AppError, ErrorKind};
use crate::wire::deploy::DiffLine;
use crate::wire::executions::View;
use crate::wire::inbox::{EarlierEnd, FIELD, Preview, RequestKey, SEVERAL, SHOWN};

/// How long a page waits for what takes many calls: less than a request may take as a whole.
const PATIENCE: Duration = Duration::from_secs(20);

fn worded(desk: &Desk) -> impl Fn(Error) -> AppError + '_ {
    |error| words::error(desk.about(), &error)
}

/// Makes a decision; returns its outcome.
///
/// # Errors
/// There is no such outcome, or nothing was recorded.
pub async fn decide(desk: &Desk, actor: &Actor, request: (&str, u64), choice: &Choice) -> Result<Decided, AppError> {
    desk.decide(actor, request, choice).await.map_err(worded(desk))
}

/// What a form's button comes to: the outcome of a decision, or what the form would come to.
#[derive(Debug)]
pub enum Answered {
    Decided(Decided),
    /// Nothing was recorded: it was only looked at, or its fields have mistakes.
    Preview(Preview),
}

/// Makes a decision, or only looks where it would lead.
///
/// # Errors
/// Those of [`decide`]; the mistakes of a form are part of the answer.
pub async fn answer(
    desk: &Desk,
    actor: &Actor,
    request: (&str, u64),
    choice: &Choice,
    only_look: bool,
) -> Result<Answered, AppError> {
    if only_look {
        return super::pages::inbox::preview(desk, actor, request, choice).await.map(Answered::Preview);
    }
    match desk.choose(actor, request, choice).await {
        Ok(decided) => Ok(Answered::Decided(decided)),
        Err(error) => match words::faults(&error) {
            Some(faults) => {
                let outcome = choice.outcome.clone();
                Ok(Answered::Preview(Preview { outcome, then: None, warnings: Vec::new(), faults }))
            }
            None => Err(worded(desk)(error)),
        },
    }
}

/// What a form about a request asks for, besides a decision.
#[derive(Debug)]
pub enum Hand {
    Claim,
    Release,
    TakeBack,
    SendNow,
    /// To people and groups, as they were typed, with a reason.
    Reassign {
        to: Vec<String>,
        reason: String,
    },
    BreakGlass(Choice),
}

/// What the fields of a form about a request ask for.
///
/// # Errors
/// They ask for nothing that there is.
pub fn hand_of(act: &str, fields: &[(String, String)]) -> Result<Hand, AppError> {
    let field =
        |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone()).unwrap_or_default();
    Ok(match act {
        "claim" => Hand::Claim,
        "release" => Hand::Release,
        "take-back" => Hand::TakeBack,
        "send-now" => Hand::SendNow,
        "reassign" => {
            let typed = field("to");
            let to = typed.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            Hand::Reassign { to: to.collect(), reason: field("reason") }
        }
        "break-glass" => {
            let shown = Some(field(SHOWN)).filter(|shown| !shown.is_empty());
            let (outcome, comment) = (field("decision"), field("reason"));
            Hand::BreakGlass(Choice { outcome, comment, typed: typed(fields), shown })
        }
        other => return Err(nothing_of(other)),
    })
}

/// What was typed into the form of an outcome, by the names of its fields.
#[must_use]
pub fn typed(fields: &[(String, String)]) -> Vec<(String, String)> {
    let own = fields.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix(FIELD)?;
        Some((name.strip_suffix(SEVERAL).unwrap_or(name).to_owned(), value.clone()))
    });
    own.collect()
}

/// What came too late, where a decision did.
#[must_use]
pub fn late(hand: &Hand) -> String {
    match hand {
        Hand::BreakGlass(choice) => words::late(&choice.outcome),
        _ => "choice".to_owned(),
    }
}

/// Does it; returns what ended the request before, where something did.
///
/// # Errors
/// Nothing was changed.
pub async fn hand(
    desk: &Desk,
    actor: &Actor,
    request: (&str, u64),
    hand: Hand,
) -> Result<Option<EarlierEnd>, AppError> {
    let done = match hand {
        Hand::Claim => desk.claim(actor, request).await.map(|()| None),
        Hand::Release => desk.release(actor, request).await.map(|()| None),
        Hand::TakeBack => desk.take_back(actor, request).await.map(|()| None),
        Hand::Reassign { to, reason } => desk.reassign(actor, request, &to, &reason).await.map(|()| None),
        Hand::SendNow => desk.send_now(actor, request).await.map(Some),
        Hand::BreakGlass(choice) => desk.break_glass(actor, request, &choice).await.map(Some),
    };
    let decided = done.map_err(worded(desk))?;
    Ok(decided.as_ref().and_then(super::pages::inbox::earlier_end))
}

/// Whether the input in the form of `workflow` was typed: it is neither empty nor one of the samples.
///
/// # Errors
/// The actor may not see the workflow.
pub fn is_own_input(desk: &Desk, actor: &Actor, workflow: &str, input: &str) -> Result<bool, AppError> {
    // A browser sends other line ends in a form.
    let lines = |text: &str| text.trim().replace("\r\n", "\n");
    let input = lines(input);
    let samples = desk.samples(actor, workflow).map_err(worded(desk))?;
    Ok(!matches!(input.as_str(), "" | "{}") && !samples.iter().any(|sample| lines(&sample.input) == input))
}

/// The plan that a form is about. What is empty is not named.
#[must_use]
pub fn shown_plan<'a>(environment: &'a str, workflow: &'a str, hash: &'a str) -> ShownPlan<'a> {
    let named = |text: &'a str| Some(text).filter(|text| !text.is_empty());
    ShownPlan { environment: named(environment), only: named(workflow), hash }
}

/// Deploys the plan that was shown; returns the names of the workflows. It comes to its end, and on record, also where the
/// browser has gone away meanwhile, or the quotas make it take longer than a page waits.
///
/// # Errors
/// The plan has changed, something was not deployed, or it has not come to its end yet.
pub async fn deploy(desk: &Arc<Desk>, actor: &Actor, shown: ShownPlan<'_>) -> Result<Vec<String>, AppError> {
    let (own, actor, hash) = (Arc::clone(desk), actor.clone(), shown.hash.to_owned());
    let (environment, only) = (shown.environment.map(str::to_owned), shown.only.map(str::to_owned));
    let work = async move {
        let source = revision(&own).await;
        let shown = ShownPlan { environment: environment.as_deref(), only: only.as_deref(), hash: &hash };
        own.deploy_from(&actor, shown, &source).await.inspect_err(log_refusal)
    };
    apart(PATIENCE, work).await.ok_or_else(goes_on)?.map_err(worded(desk))
}

/// The result of `work`, which goes on where nobody waits for it any more; `None` if it takes longer than `patience`.
async fn apart<T: Send + 'static>(patience: Duration, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    match tokio::time::timeout(patience, tokio::spawn(work)).await {
        Ok(Ok(done)) => Some(done),
        Ok(Err(lost)) => match lost.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program ends.
            Err(_) => None,
        },
        Err(_) => None,
    }
}

/// Whoever asked may not be there any more to read an error.
fn log_refusal(error: &Error) {
    tracing::info!(target: "countersign::deploy", %error, "a deployment or roll-back was not carried out as asked");
}

fn goes_on() -> AppError {
    let what = format!("After {} seconds it has not come to its end, and goes on.", PATIENCE.as_secs());
    let remedy = "Reload Deploy in a while: it shows what is deployed by then, and its history what was done.";
    AppError::new(ErrorKind::Unavailable, what, remedy)
}

/// The revision of git in whose work tree the definitions are; empty where there is none.
pub async fn revision(desk: &Desk) -> String {
    let folder = desk.definitions().path().to_owned();
    let found = tokio::task::spawn_blocking(move || super::deploy::git::revision(&folder)).await;
    // Without it a version is described by its plan alone.
    found.ok().flatten().unwrap_or_default()
}

/// Proposes the plan that was shown, for people to approve.
///
/// # Errors
/// The plan has changed, the actor may not deploy it, or no approval is needed.
pub async fn propose(desk: &Desk, actor: &Actor, shown: ShownPlan<'_>) -> Result<(), AppError> {
    desk.propose(actor, shown, &revision(desk).await).await.map(drop).map_err(worded(desk))
}

/// Votes on a proposed deployment: `approve` or `reject`.
///
/// # Errors
/// It is neither, or nothing is on record.
pub async fn vote(
    desk: &Arc<Desk>,
    actor: &Actor,
    id: &str,
    vote: &str,
    comment: &str,
    seen: &str,
) -> Result<(), AppError> {
    let approves = match vote {
        "approve" => true,
        "reject" => false,
        _ => {
            let what = "The form says neither approve nor reject. Nothing is on record.";
            return Err(AppError::new(ErrorKind::Invalid, what, "Use the buttons of the page."));
        }
    };
    desk.vote_on(actor, id, approves, comment, seen).await.map(drop).map_err(worded(desk))
}

/// Takes a proposed deployment back.
///
/// # Errors
/// It is somebody else's, or not open any more.
pub async fn withdraw(desk: &Desk, actor: &Actor, id: &str) -> Result<(), AppError> {
    desk.withdraw(actor, id).await.map_err(worded(desk))
}

/// Goes back to the version before; `seen` is the hash of the way that the page showed. Like a deployment, it comes to its end without the browser.
///
/// # Errors
/// Nothing was changed, or it has not come to its end yet.
pub async fn roll_back(
    desk: &Arc<Desk>,
    actor: &Actor,
    workflow: &str,
    alias: Option<&str>,
    seen: Option<&str>,
) -> Result<(), AppError> {
    let (own, actor, workflow) = (Arc::clone(desk), actor.clone(), workflow.to_owned());
    let (alias, seen) = (alias.map(str::to_owned), seen.map(str::to_owned));
    let work = async move {
        let gone = own.roll_back(&actor, &workflow, alias.as_deref(), seen.as_deref()).await;
        gone.map(drop).inspect_err(log_refusal)
    };
    apart(PATIENCE, work).await.ok_or_else(goes_on)?.map_err(worded(desk))
}

/// Ends a rollout: all executions get the new version. Like a deployment, it comes to its end without the browser.
///
/// # Errors
/// Nothing was changed, or it has not come to its end yet.
pub async fn finish_rollout(desk: &Arc<Desk>, actor: &Actor, workflow: &str, alias: &str) -> Result<(), AppError> {
    let (own, actor, workflow, alias) = (Arc::clone(desk), actor.clone(), workflow.to_owned(), alias.to_owned());
    let work = async move { own.finish_rollout(&actor, &workflow, &alias).await.map(drop).inspect_err(log_refusal) };
    apart(PATIENCE, work).await.ok_or_else(goes_on)?.map_err(worded(desk))
}

/// Starts an execution.
///
/// # Errors
/// Nothing was started.
pub async fn start(desk: &Desk, actor: &Actor, order: Order<'_>) -> Result<Started, AppError> {
    desk.start_order(actor, order).await.map_err(worded(desk))
}

/// Bytes of two inputs that are compared line by line.
const COMPARED: usize = 128 * 1024;

/// How the input in a form differs from the stored one that it is an edit of, both as the form shows them.
///
/// # Errors
/// The execution cannot be read, or the texts are too long.
pub async fn compare(
    desk: &Desk,
    actor: &Actor,
    workflow: &str,
    again: &str,
    input: &str,
) -> Result<Vec<DiffLine>, AppError> {
    let stored = desk.again(actor, workflow, again).await.map_err(worded(desk))?;
    let lines = |text: &str| pretty(&text.replace("\r\n", "\n")) + "\n";
    let (before, after) = (lines(stored.input.as_deref().unwrap_or_default()), lines(input));
    if stored.input.is_none() || before.len() + after.len() > COMPARED {
        let what = "The two inputs are too long to be compared line by line.";
        return Err(AppError::new(ErrorKind::Invalid, what, "Nothing was started; what you typed is still here."));
    }
    let line = |line: countersign_desk::deploy::DiffLine| DiffLine { sign: line.sign, text: line.text };
    Ok(diff(&before, &after).into_iter().map(line).collect())
}

/// Redrives an execution that had been redriven `seen` times when its page was drawn.
///
/// # Errors
/// Nothing was redriven.
pub async fn redrive(desk: &Desk, actor: &Actor, arn: &str, seen: u64) -> Result<(), AppError> {
    desk.redrive(actor, arn, Some(seen)).await.map_err(worded(desk))
}

/// Stops an execution.
///
/// # Errors
/// Nothing was stopped.
pub async fn stop(desk: &Desk, actor: &Actor, arn: &str, cause: &str) -> Result<(), AppError> {
    desk.stop(actor, arn, cause).await.map_err(worded(desk))
}

/// Makes the list of executions that `verb` is to be done to: these, or, with a view, all of its list; returns its id.
///
/// # Errors
/// The verb or the view is none, or nothing was chosen.
pub async fn prepare(
    desk: &Desk,
    actor: &Actor,
    verb: &str,
    reason: &str,
    arns: &[String],
    all: Option<&View>,
) -> Result<String, AppError> {
    let verb = match verb {
        "stop" => Verb::Stop,
        "start_again" => Verb::StartAgain,
        "redrive" => Verb::Redrive,
        other => return Err(nothing_of(other)),
    };
    let wanted = all.map(|view| super::pages::executions::wanted(desk, view)).transpose()?;
    let chosen = wanted.as_ref().map_or(Chosen::These(arns), Chosen::All);
    desk.prepare(actor, verb, reason, chosen).await.map_err(worded(desk))
}

/// Makes the list of the requests for which an outcome is to be chosen, with a comment; returns its id. `fitted` is how many
/// there were to choose from.
///
/// # Errors
/// Nothing was chosen, not all have the outcome, or the actor may decide none of them.
pub async fn prepare_decisions(
    desk: &Desk,
    actor: &Actor,
    choice: (&str, &str),
    (requests, fitted): (Vec<RequestKey>, u64),
) -> Result<String, AppError> {
    desk.prepare_decisions(actor, choice, &requests, fitted).await.map_err(worded(desk))
}

/// Carries a list out; or, where `act` says so, takes back that it was confirmed, or begins at once.
///
/// # Errors
/// There is no such list, or the page showed another one.
pub async fn carry_out(desk: &Arc<Desk>, actor: &Actor, id: &str, seen: &str, act: &str) -> Result<(), AppError> {
    let done = match act {
        "" => desk.carry_out(actor, id, seen).await,
        "take-back" => desk.take_run_back(actor, id).await,
        "send-now" => desk.send_run_now(actor, id).await,
        other => return Err(nothing_of(other)),
    };
    done.map_err(worded(desk))
}

/// A form asks for something that there is not.
fn nothing_of(act: &str) -> AppError {
    let what = format!("{:?} is nothing that can be done.", act.chars().take(40).collect::<String>());
    AppError::new(ErrorKind::Invalid, what, "Reload the page and use its buttons.")
}

/// Gives a list of executions a name.
///
/// # Errors
/// The name is none, or there are too many.
pub async fn save_view(desk: &Desk, actor: &Actor, name: &str, view: &View) -> Result<(), AppError> {
    let query = query_of(view);
    desk.save_view(actor, name, &query).await.map_err(worded(desk))
}

/// Removes the name of a list; returns both, if the list had that name.
///
/// # Errors
/// The store failed.
pub async fn remove_view(desk: &Desk, actor: &Actor, id: i64) -> Result<Option<(String, View)>, AppError> {
    let removed = desk.remove_view(actor, id).await.map_err(worded(desk))?;
    Ok(removed.map(|one| (one.name.clone(), View::of_query(&one.query))))
}

/// The query of a view's address.
fn query_of(view: &View) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    View::NAMES.into_iter().zip(view.parts()).for_each(|(name, part)| {
        if let Some(part) = part {
            query.append_pair(name, part);
        }
    });
    query.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use futures::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_comes_to_its_end_without_whoever_asked() {
        let (go_on, may_go_on) = oneshot::channel::<()>();
        let (ended, end) = oneshot::channel::<()>();
        let work = async move {
            may_go_on.await.unwrap();
            ended.send(()).unwrap();
        };
        let asked = apart(PATIENCE, work).now_or_never();
        assert!(asked.is_none(), "it is under way when whoever asked goes away");
        go_on.send(()).unwrap();
        end.await.unwrap();
    }

    #[tokio::test]
    async fn a_page_waits_for_so_long_and_no_longer() {
        assert_eq!(apart(PATIENCE, async { 7 }).await, Some(7));
        assert_eq!(apart(Duration::ZERO, std::future::pending::<u8>()).await, None);
    }
}
