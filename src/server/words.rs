//! The desk's errors in words: what happened, where, and what to do.

mod decisions;
mod deploy;
pub mod lists;
pub mod many;
mod people;
mod redrive;
pub mod refusals;
mod rules;
mod start;

pub use decisions::{condition, did, faults, late, warning};
pub use deploy::{NEVER_PUBLISHED, partly};
pub use people::people;
pub use rules::{deciders, hands, not_allowed, rule, times};

use countersign_desk::approvals::branches::{Consequence, Last, WayEnd};
use countersign_desk::approvals::{ClosedBy, NotShown};
use countersign_desk::connection::{About, Api, CallError, ConnectionId, ConnectionKind, ExecutionStatus, Fault};
use countersign_desk::deploy::{FileProblem, ManifestTrouble};
use countersign_desk::policy::Denied;
use countersign_desk::store::{StoreError, Trouble};
use countersign_desk::watch::{ItemAt, ItemPath, Obstacle, Reason, Timeout};
use countersign_desk::{Desks, Error, ReadError, StopError};

pub use self::redrive::not_redrivable;
use crate::error::{AppError, ErrorKind};
use crate::wire::Problem;

/// Any of the desk's errors, for a person who looks at the connection `about`.
#[must_use]
pub fn error(about: &About, error: &Error) -> AppError {
    match error {
        Error::Denied(denied) => forbidden(denied),
        Error::Read(error) => read(about, error),
        Error::Start(error) => start::start(about, error),
        Error::Stop(error) => stop(about, error),
        Error::Redrive(error) => redrive::redrive(about, error),
        Error::Bulk(error) => many::bulk(error),
        Error::View(error) => lists::view(error),
        Error::Decide(error) => decisions::refused(about, error),
        Error::Hand(error) => decisions::hand(error),
        Error::Deploy(error) => deploy::deploy(about, error),
        Error::Rollout(error) => deploy::rollout(about, error),
        Error::Proposal(error) => deploy::proposal(error),
        Error::Store(error) => store(error),
    }
}

/// The connection that an address or a form names does not exist.
#[must_use]
pub fn no_connection(desks: &Desks, name: &str) -> AppError {
    let name: String = name.chars().take(40).collect();
    let names: Vec<&str> = desks.iter().map(|desk| desk.id().as_str()).collect();
    let remedy = format!("Choose one of these: {}.", names.join(", "));
    AppError::new(ErrorKind::NotFound, format!("There is no connection named {name:?}."), remedy)
}

/// A decision that was recorded before its connection was made read-only.
#[must_use]
pub fn held_back() -> Problem {
    Problem {
        what: "The connection is read-only now.".to_owned(),
        remedy: "The decision is sent once the connection may be acted on again.".to_owned(),
    }
}

/// What is missing because IAM denies it; nothing where all is permitted.
#[must_use]
pub fn denied(calls: &[CallError]) -> Option<Problem> {
    let mut actions: Vec<String> = calls.iter().map(|call| call.api.iam_action()).collect();
    actions.dedup();
    let (first, more) = actions.split_first()?;
    let (is, them) = if more.is_empty() { ("is", "it") } else { ("are", "them") };
    let actions = actions.join(", ");
    debug_assert!(actions.starts_with(first.as_str()));
    Some(Problem {
        what: format!("Not everything can be shown: {actions} {is} denied (IAM)."),
        remedy: format!("Allow {them} to the role or user that countersign runs as. What else there is, is shown."),
    })
}

/// Nothing can be changed on a connection that is only looked at.
#[must_use]
pub fn read_only(connection: &ConnectionId) -> Problem {
    Problem {
        what: format!("The connection {connection} is read-only: nothing was changed."),
        remedy: "To act on it, set read_only = false in countersign.toml of the data folder, and restart countersign."
            .to_owned(),
    }
}

fn forbidden(denied: &Denied) -> AppError {
    AppError { kind: ErrorKind::Forbidden, problem: refusals::refusal(denied) }
}

fn store(error: &StoreError) -> AppError {
    let what = format!("The record of decisions failed: {error}.");
    AppError::new(ErrorKind::Internal, what, "Check the disk that holds the data folder, then try again.")
}

fn read(about: &About, error: &ReadError) -> AppError {
    match error {
        ReadError::Call(error) => call(about, error),
        ReadError::NoWorkflow(name) => AppError::new(
            ErrorKind::NotFound,
            format!("The connection has no workflow named {name:?}."),
            "Choose one under Workflows, or deploy it first.",
        ),
        ReadError::Express(name) => AppError::new(
            ErrorKind::NotFound,
            format!("{name} is an Express execution: Step Functions keeps no record of it, so it has no page."),
            "Follow it in the log group that its state machine writes to (CloudWatch Logs).",
        ),
        ReadError::NoRequest { event, .. } => AppError::new(
            ErrorKind::NotFound,
            format!("Event {event} of this execution is not a task that waits for a person."),
            "Open the inbox and choose a request.",
        ),
        ReadError::Index(why) => AppError::new(
            ErrorKind::Internal,
            format!("The index of what was read from the connection cannot be used: {why}."),
            "Check that the data folder is writable and has room. The file index.db in it may be deleted while the program \
             is stopped: it is made again.",
        ),
        ReadError::NotUnderstood { execution_arn, why } => AppError::new(
            ErrorKind::Internal,
            format!("The history of {execution_arn} could not be interpreted: {why}."),
            "Report it as a defect, with the workflow's definition.",
        ),
    }
}

/// A failed call.
#[must_use]
pub fn call(about: &About, error: &CallError) -> AppError {
    let doing = doing(error.api, &error.subject);
    let place = format!("{} ({})", about.label, about.detail);
    let refused = |kind, code: &str, message: &str, remedy: &str| {
        let message = message.trim_end_matches('.');
        AppError::new(kind, format!("Could not {doing} at {place}: {code}: {message}."), remedy)
    };
    match &error.fault {
        Fault::Unreachable => AppError::new(
            ErrorKind::Unavailable,
            format!("Could not {doing}: {place} does not answer."),
            match about.kind {
                ConnectionKind::Aws => "Check the network and the region; the page updates itself once AWS answers.",
                _ => {
                    "Start the endpoint, or correct its URL (--endpoint, or countersign.toml of the data folder); the page updates itself once it answers."
                }
            },
        ),
        Fault::Throttled { code, message } => {
            refused(ErrorKind::Unavailable, code, message, "Wait a moment; the call is retried.")
        }
        Fault::Denied { message } => {
            let remedy = format!(
                "Let the role or user that countersign runs as do this: allow {} (IAM).",
                error.api.iam_action()
            );
            refused(ErrorKind::Forbidden, "AccessDeniedException", message, &remedy)
        }
        Fault::Credentials { code, message } => refused(
            ErrorKind::Invalid,
            code,
            message,
            "Sign in again (for example `aws sso login`), then restart countersign.",
        ),
        Fault::Missing { code, message } => refused(
            ErrorKind::NotFound,
            code,
            message,
            "It may have been deleted, or the address may be wrong. Choose one under Executions or Workflows.",
        ),
        Fault::TaskClosed { code, message } | Fault::Refused { code, message } => {
            refused(ErrorKind::Invalid, code, message, "Correct it and try again.")
        }
        Fault::Unsent(why) => AppError::new(
            ErrorKind::Unavailable,
            format!("Could not {doing} at {place}: {why}."),
            "Check the region, the profile and the credentials that countersign was started with.",
        ),
    }
}

/// What a call does, behind "Could not".
fn doing(api: Api, subject: &str) -> String {
    let name = subject.rsplit(':').next().unwrap_or(subject);
    match api {
        Api::ListStateMachines => "list the state machines".to_owned(),
        Api::DescribeStateMachine => format!("read the state machine {subject}"),
        Api::DescribeStateMachineForExecution => format!("read the definition of {subject}"),
        Api::ListStateMachineVersions => format!("list the versions of {subject}"),
        Api::ListStateMachineAliases => format!("list the aliases of {subject}"),
        Api::ListExecutions => format!("list the executions of {subject}"),
        Api::DescribeExecution => format!("read the execution {subject}"),
        Api::GetExecutionHistory => format!("read the history of {subject}"),
        Api::DescribeMapRun => format!("read the Map Run {subject}"),
        Api::StartExecution => format!("start {name}"),
        Api::StopExecution => format!("stop {subject}"),
        Api::RedriveExecution => format!("redrive {subject}"),
        Api::SendTaskSuccess | Api::SendTaskFailure => "send the decision".to_owned(),
        Api::SendTaskHeartbeat => "send a heartbeat".to_owned(),
        Api::CreateStateMachine => format!("create {name}"),
        Api::UpdateStateMachine => format!("update {name}"),
        Api::ValidateStateMachineDefinition => "have the definition checked".to_owned(),
        Api::PutParameter => format!("make the parameter {subject}"),
        Api::GetParameters => format!("read the parameters {subject}"),
        Api::ListTagsForResource => format!("read the tags of {subject}"),
        Api::DescribeStateMachineAlias => format!("read the alias {subject}"),
        Api::PublishStateMachineVersion => format!("publish a version of {name}"),
        Api::DeleteStateMachineVersion => format!("delete the version {subject}"),
        Api::CreateStateMachineAlias => format!("create the alias {subject}"),
        Api::UpdateStateMachineAlias => format!("move the alias {subject}"),
        Api::DeleteStateMachineAlias => format!("delete the alias {subject}"),
        Api::DeleteStateMachine => format!("delete {name}"),
        Api::TagResource | Api::UntagResource => format!("change the tags of {subject}"),
        Api::CreateTopic => format!("create the topic {name}"),
        Api::ListRolePolicies | Api::GetRolePolicy | Api::ListAttachedRolePolicies => {
            format!("read the policies of the role {subject}")
        }
        Api::GetPolicy | Api::GetPolicyVersion => format!("read the policy {subject}"),
        Api::GetCallerIdentity => "find out which account this is".to_owned(),
    }
}

fn stop(about: &About, error: &StopError) -> AppError {
    match error {
        StopError::CauseTooLong { characters, limit } => AppError::new(
            ErrorKind::Invalid,
            format!("The reason has {characters} characters; the limit is {limit}. Nothing was stopped."),
            "Shorten it and stop the execution again.",
        ),
        StopError::Read(error) => read(about, error),
        StopError::Call(error) => call(about, error),
    }
}

/// Why a task cannot be answered from here, and what to do.
#[must_use]
pub fn obstacle(obstacle: Obstacle) -> Problem {
    let (what, remedy) = match obstacle {
        Obstacle::Unreadable => (
            "The task's parameters contain its token in a form that cannot be read back, so the task cannot be answered from here.",
            "Put $$.Task.Token (or $states.context.Task.Token) plainly into the task's parameters, and start again.",
        ),
        Obstacle::NotPassed => (
            "The task's parameters do not contain its token: nobody can answer it.",
            "Put $$.Task.Token (or $states.context.Task.Token) into the task's parameters, and start again.",
        ),
        Obstacle::Withheld => (
            "The token of an earlier task of this execution could not be found, and this request may contain it. So the request is not shown and cannot be decided.",
            "Put $$.Task.Token (or $states.context.Task.Token) plainly into that task's parameters, and start again.",
        ),
        Obstacle::NotShown => (
            "This request cannot be shown, so it cannot be decided from here: it is nested too deeply, or is not JSON.",
            "Answer it through the API, or start again with a request that can be shown.",
        ),
        Obstacle::Activity => (
            "Only the worker that asks for an activity's task gets its token (GetActivityTask).",
            "Let the activity's worker answer, or use a .waitForTaskToken task for decisions by people.",
        ),
    };
    Problem { what: what.to_owned(), remedy: remedy.to_owned() }
}

fn not_shown(why: &NotShown) -> String {
    match why {
        NotShown::Withheld => "it may contain a task token that could not be found".to_owned(),
        NotShown::TooDeep => "it is nested too deeply".to_owned(),
        NotShown::NotJson(why) => why.clone(),
    }
}

/// What every page says while the manifest cannot be used.
#[must_use]
pub fn manifest(trouble: &ManifestTrouble) -> Problem {
    let remedy = if trouble.earlier_in_force {
        "Until it is corrected, approvals and samples come from its last valid version, and nothing can be deployed."
    } else {
        "Until it is corrected, approvals have no wording, there are no samples, and nothing can be deployed."
    };
    let said =
        |one: &FileProblem| format!("{}:{}:{}: {}.", one.file, one.line, one.column, one.message.trim_end_matches('.'));
    let first = trouble.problems.first().map_or_else(|| "The manifest cannot be used.".to_owned(), said);
    let more = match trouble.problems.len().saturating_sub(1) {
        0 => String::new(),
        1 => " There is another mistake, which Deploy shows.".to_owned(),
        count => format!(" There are {count} more mistakes, which Deploy shows."),
    };
    Problem { what: first + &more, remedy: remedy.to_owned() }
}

/// What follows an answer: the states that are entered, and what the last one does, or how the execution ends.
#[must_use]
pub fn consequence(consequence: &Consequence) -> String {
    let (states, more, end, last) = match consequence {
        Consequence::Retry { state } => return format!("{state} is tried again"),
        Consequence::Way { states, more, end, last } => (states, more, end, last),
    };
    let end = end.as_ref().map(|end| match end {
        WayEnd::Succeeds => "the execution succeeds".to_owned(),
        WayEnd::PartSucceeds => "this part of the workflow succeeds".to_owned(),
        WayEnd::Fails { error } => format!("the execution fails with {error}"),
        WayEnd::PartFails { error } => format!("this part of the workflow fails with {error}"),
    });
    let more = more.then(|| "…".to_owned());
    let way = states.iter().cloned().chain(more).chain(end).collect::<Vec<_>>().join(" → ");
    match last {
        Some(last) => format!("{way} ({})", does(last)),
        None => way,
    }
}

/// What the last state of a way does. It stands on a phone, so it is short.
fn does(last: &Last) -> String {
    match last {
        Last::Calls { what, waits: false } => format!("calls {what}"),
        Last::Calls { what, waits: true } => format!("calls {what}, then waits"),
        Last::Succeeds { part: false } => "succeeds".to_owned(),
        Last::Succeeds { part: true } => "this part succeeds".to_owned(),
        Last::Fails { part: false } => "fails".to_owned(),
        Last::Fails { part: true } => "this part fails".to_owned(),
    }
}

/// Which items of Map states a request is about, such as "item 3 of 12 (A-1)".
#[must_use]
pub fn items(path: &ItemPath) -> String {
    let item = |item: &ItemAt| {
        let of = item.of.map_or_else(String::new, |of| format!(" of {of}"));
        let key = item.key.as_ref().map_or_else(String::new, |key| format!(" ({key})"));
        format!("item {}{of}{key}", item.index + 1)
    };
    match path.0.as_slice() {
        [only] => item(only),
        // Among several Map states each one is named.
        several => several.iter().map(|one| format!("{} {}", one.map, item(one))).collect::<Vec<_>>().join(", "),
    }
}

/// How a task was closed, as a sentence.
#[must_use]
pub fn closed_by(by: &ClosedBy) -> String {
    match by {
        ClosedBy::ExecutionEnd { status } => {
            let what = match status {
                ExecutionStatus::Aborted => "was stopped while the task waited",
                ExecutionStatus::TimedOut => "ran out of time while the task waited",
                ExecutionStatus::Failed => "failed while the task waited",
                ExecutionStatus::Running | ExecutionStatus::Succeeded => "continued without an answer to the task",
            };
            format!("The execution {what}, so it can no longer be answered.")
        }
        ClosedBy::Success => {
            "Somebody else answered it with success: through the API, or in another dashboard.".to_owned()
        }
        ClosedBy::Failure { error } => format!("Somebody else answered it with the error {error}."),
        ClosedBy::OwnFailure { error } => format!("The task failed by itself with the error {error}."),
        ClosedBy::NotSubmitted { error } => {
            format!("The task failed by itself with the error {error}, before its service had accepted the request.")
        }
        ClosedBy::Timeout => "It timed out before anybody answered.".to_owned(),
        ClosedBy::NoToken => "The execution's history no longer contains a token for this task.".to_owned(),
        ClosedBy::Unknown { message } => {
            format!("Step Functions no longer knows the task: {}.", message.trim_end_matches('.'))
        }
        ClosedBy::Sentence { text } => text.clone(),
    }
}

/// Why a decision has not arrived yet.
#[must_use]
pub fn trouble(about: &About, trouble: &Trouble) -> Problem {
    let what = match trouble {
        Trouble::Call(error) => call(about, error).problem.what,
        Trouble::Sentence(text) => text.clone(),
    };
    let remedy = "The decision is on record and is sent again every few seconds until it arrives.";
    Problem { what, remedy: remedy.to_owned() }
}

/// Why an execution failed, in a line.
#[must_use]
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Error { error, state: Some(state), first: Some(first) } => {
            format!("{error} in {state}, after a failure in {first}")
        }
        Reason::Error { error, state: Some(state), .. } => format!("{error} in {state}"),
        Reason::Error { error, .. } => error.clone(),
        Reason::Timeout(timeout) => timed_out(timeout),
    }
}

/// How an execution timed out.
#[must_use]
pub fn timed_out(timeout: &Timeout) -> String {
    let limit = match timeout.seconds {
        Some(seconds) => format!("the {seconds} s of its definition (TimeoutSeconds)"),
        None => "an execution of its type may".to_owned(),
    };
    let at = timeout.state.as_ref().map_or_else(String::new, |state| format!(" It ended in {state}."));
    format!("The execution took longer than {limit}.{at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_an_answer_is_a_way() {
        let way = |states: &[&str], more, end| {
            let states = states.iter().map(|&state| state.to_owned()).collect();
            consequence(&Consequence::Way { states, more, end, last: None })
        };
        assert_eq!(way(&["Pay", "Done"], false, None), "Pay → Done");
        let fails = WayEnd::Fails { error: "No".to_owned() };
        assert_eq!(way(&["Pay"], true, Some(fails)), "Pay → … → the execution fails with No");
        assert_eq!(way(&[], false, Some(WayEnd::PartSucceeds)), "this part of the workflow succeeds");
        let fails = WayEnd::PartFails { error: "No".to_owned() };
        assert_eq!(way(&[], false, Some(fails)), "this part of the workflow fails with No");
        let last = |state: &str, last| {
            let states = vec![state.to_owned()];
            consequence(&Consequence::Way { states, more: false, end: None, last: Some(last) })
        };
        let what = || "refund".to_owned();
        assert_eq!(last("Pay", Last::Calls { what: what(), waits: false }), "Pay (calls refund)");
        assert_eq!(last("Ask", Last::Calls { what: what(), waits: true }), "Ask (calls refund, then waits)");
        assert_eq!(last("Done", Last::Succeeds { part: false }), "Done (succeeds)");
        assert_eq!(last("No", Last::Fails { part: true }), "No (this part fails)");
        assert_eq!(consequence(&Consequence::Retry { state: "Ask".to_owned() }), "Ask is tried again");
    }

    #[test]
    fn an_item_is_named_with_its_map_where_there_are_several() {
        let item = |map: &str, index, of, key: Option<&str>| {
            let (map, key) = (map.to_owned(), key.map(str::to_owned));
            ItemAt { map, index, of, key }
        };
        let only = vec![item("Each", 2, Some(12), Some("A-1"))];
        assert_eq!(items(&ItemPath(only.clone())), "item 3 of 12 (A-1)");
        let both = [only, vec![item("Lines", 0, None, None)]].concat();
        assert_eq!(items(&ItemPath(both)), "Each item 3 of 12 (A-1), Lines item 1");
    }
}
