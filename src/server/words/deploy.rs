//! Why something was not deployed, rolled out or taken back, and what to do.

use countersign_desk::connection::About;
use countersign_desk::deploy::{
    ApplyError, BackError, DeployError, Failure, FileProblem, Partly, ProposalError, RolloutError, StepsError, word,
};

use crate::error::{AppError, ErrorKind};
use crate::wire::Problem;

/// What to do where the account has moved on.
const AGAIN: &str = "Look at the new plan below, then deploy it.";

/// Why nothing, or not everything, was deployed.
pub(super) fn deploy(about: &About, error: &DeployError) -> AppError {
    match error {
        DeployError::Manifest(problem) => refused("Nothing", problem),
        DeployError::Refused { name, problem } => refused(name, problem),
        DeployError::AnotherPlan => AppError::new(
            ErrorKind::Conflict,
            "The plan has changed since it was shown: a file or a state machine is different. Nothing was deployed.",
            AGAIN,
        ),
        DeployError::Environment(error) => AppError::new(
            ErrorKind::NotFound,
            format!("The manifest has no environment {:?}.", error.name),
            format!("Choose one of these: {}.", error.known.join(", ")),
        ),
        DeployError::Steps(error) => steps(error),
        DeployError::NeedsApproval => AppError::new(
            ErrorKind::Forbidden,
            "This deployment needs an approval by people. Nothing was deployed.",
            "Propose it: it is made once enough people have approved it.",
        ),
        DeployError::NotBegun(error) => {
            let mut error = apply(about, error);
            error.problem.what += " Nothing was deployed.";
            error
        }
        DeployError::Interrupted { error, done } => {
            let mut error = apply(about, error);
            error.problem.what += &match &done[..] {
                [] => " No workflow was deployed as a whole.".to_owned(),
                [only] => format!(" Before that, {only} was deployed."),
                all => format!(" Before that, {} were deployed.", all.join(", ")),
            };
            error.problem.remedy += " Then deploy again: what is done already is not done twice.";
            error
        }
    }
}

/// Why a plan cannot be carried out as it is.
fn steps(error: &StepsError) -> AppError {
    match error {
        StepsError::UnknownOutcomes(name) => AppError::new(
            ErrorKind::Invalid,
            format!(
                "{name} is EXPRESS: Step Functions keeps no list of its executions, so it cannot go back by them. Nothing was deployed."
            ),
            "Remove roll_back from its rollout.",
        ),
        StepsError::AnotherType(name) => AppError::new(
            ErrorKind::Invalid,
            format!("{name} is deployed as another type, which cannot be changed. Nothing was deployed."),
            "Give it another name, or delete the state machine first.",
        ),
        StepsError::RolloutUnderWay { workflow, alias } => AppError::new(
            ErrorKind::Conflict,
            format!(
                "The alias {alias} of {workflow} leads to two versions: an earlier rollout has not ended. Nothing was deployed."
            ),
            "Finish the rollout, or go back, then deploy again.",
        ),
    }
}

/// Why nothing came of a proposal or a vote.
pub(super) fn proposal(error: &ProposalError) -> AppError {
    let reload = "Reload the page: it says what came of it.";
    match error {
        ProposalError::NoProposal(_) => {
            AppError::new(ErrorKind::NotFound, "There is no such proposed deployment.", "Choose one in the inbox.")
        }
        ProposalError::Ended => AppError::new(
            ErrorKind::Conflict,
            "This proposed deployment is not open any more. Nothing was changed.",
            reload,
        ),
        ProposalError::NotShown => AppError::new(
            ErrorKind::Conflict,
            "The proposed deployment is not the one that was shown. Nothing is on record.",
            "Look at it again, then vote.",
        ),
        ProposalError::NotAllowed(why) => {
            let Problem { what, remedy } = super::not_allowed(why);
            AppError::new(ErrorKind::Forbidden, what, remedy)
        }
        ProposalError::Another(name) => AppError::new(
            ErrorKind::Forbidden,
            format!("{name} proposed it, and nobody else takes it back."),
            "Reject it, if you may vote on it.",
        ),
        ProposalError::NotNeeded => AppError::new(
            ErrorKind::Invalid,
            "Deployments to this connection need no approval. Nothing was proposed.",
            "Deploy it.",
        ),
        ProposalError::Nobody => AppError::new(
            ErrorKind::Forbidden,
            "Only a person proposes a deployment.",
            "Choose who acts, then propose it.",
        ),
        ProposalError::Nothing => AppError::new(
            ErrorKind::Invalid,
            "There is nothing to deploy, so nothing was proposed.",
            "Look at the plan: what is refused or unchanged is not deployed.",
        ),
    }
}

/// Why a step failed.
fn apply(about: &About, error: &ApplyError) -> AppError {
    match error {
        ApplyError::Changed(name) => AppError::new(
            ErrorKind::Conflict,
            format!("{name} was changed at {} since this plan was made.", about.label),
            AGAIN,
        ),
        ApplyError::Call(call) => {
            let mut said = super::call(about, call);
            if error.is_out_of_versions() {
                let name = call.subject.rsplit(':').next().unwrap_or(&call.subject);
                said.problem.remedy = format!(
                    "A state machine has 1,000 versions at most. On a terminal, countersign deploy versions prune {name} shows the \
                     oldest that no alias needs, and deletes them."
                );
            }
            said
        }
        ApplyError::Unknown(error) => {
            let mut error = super::call(about, error);
            error.problem.what += " The call may have taken effect all the same; the new plan says.";
            error
        }
        ApplyError::Stopped => {
            AppError::new(ErrorKind::Unavailable, "The deployment was stopped.", "The new plan says what is left.")
        }
    }
}

fn refused(name: &str, problem: &FileProblem) -> AppError {
    let place = format!("{}:{}:{}", problem.file, problem.line, problem.column);
    let what = format!("{name} was not deployed: {place}: {}.", problem.message.trim_end_matches('.'));
    AppError::new(ErrorKind::Invalid, what, problem.remedy.clone())
}

/// Why nothing was done about a rollout, an alias or versions.
pub(super) fn rollout(about: &About, error: &RolloutError) -> AppError {
    match error {
        RolloutError::NoRollout(name) => AppError::new(
            ErrorKind::Conflict,
            format!("No rollout of {name} is going on any more. Nothing was changed."),
            "Reload the page: it says what runs where.",
        ),
        RolloutError::Back(error) => back(about, error),
        RolloutError::Failed(failure) => failed(about, failure),
    }
}

/// Why nothing, or not everything, went back.
fn back(about: &About, error: &BackError) -> AppError {
    match error {
        BackError::NoMachine(_) => AppError::new(
            ErrorKind::NotFound,
            "This state machine does not exist any more.",
            "Choose one under Workflows.",
        ),
        BackError::NoAlias(_) => AppError::new(
            ErrorKind::NotFound,
            "This alias does not exist any more. Nothing was changed.",
            "Reload the page: it says what runs where.",
        ),
        BackError::NothingBefore(_) => AppError::new(
            ErrorKind::Invalid,
            "There is no version before this one. Nothing was changed.",
            "Check out an earlier revision of the definitions, and deploy it.",
        ),
        BackError::NeverPublished(_) => AppError::new(
            ErrorKind::Invalid,
            "No version of it was ever published, so nothing keeps what it was before. Nothing was changed.",
            NEVER_PUBLISHED,
        ),
        BackError::AnotherWay => AppError::new(
            ErrorKind::Conflict,
            "Going back would lead elsewhere than the page showed: it was changed meanwhile. Nothing was done.",
            "Reload the page, then try again.",
        ),
        BackError::Partly(half) => {
            let mut error = failed(about, &half.failure);
            error.problem.what = partly(half, &error.problem.what);
            error
        }
        BackError::Failed(failure) => failed(about, failure),
    }
}

/// What to do where no version keeps what was before.
pub const NEVER_PUBLISHED: &str = "Check out an earlier revision of the definitions, and deploy it. Where the endpoint keeps \
                                   versions, each deployment that makes or updates a state machine publishes one.";

/// What of going back was done, and what was not.
#[must_use]
pub fn partly(half: &Partly, why: &str) -> String {
    let left: Vec<&str> = half.left.iter().map(word).collect();
    format!("The definition is that of version {} again. Not done: {}. {why}", half.back.to, left.join(", "))
}

fn failed(about: &About, failure: &Failure) -> AppError {
    match failure {
        Failure::Call(error) => super::call(about, error),
        Failure::Unknown(error) => {
            let mut error = super::call(about, error);
            error.problem.what += " The call may have taken effect all the same.";
            error.problem.remedy = "Reload the page: it says what runs where.".to_owned();
            error
        }
        Failure::Moved => AppError::new(
            ErrorKind::Conflict,
            format!("It was changed at {} meanwhile. Nothing was done.", about.label),
            "Reload the page, then try again.",
        ),
        Failure::Stopped => AppError::new(ErrorKind::Unavailable, "It was stopped.", "Try it again."),
    }
}

#[cfg(test)]
mod tests {
    use countersign_desk::connection::{Api, CallError, Colour, ConnectionKind, Fault};

    use super::*;

    #[test]
    fn versions_that_may_go_are_offered_where_there_is_no_room() {
        let about = About {
            label: "AWS".to_owned(),
            detail: "eu-west-1".to_owned(),
            region: "eu-west-1".to_owned(),
            kind: ConnectionKind::Aws,
            profile: None,
            role_arn: None,
            colour: Colour::Grey,
            read_only: false,
        };
        let full = |api| {
            let fault = Fault::of_code("ServiceQuotaExceededException", "no room");
            let error = CallError { api, subject: "arn:aws:states:eu-west-1:1:stateMachine:order".to_owned(), fault };
            let done = Vec::new();
            deploy(&about, &DeployError::Interrupted { error: ApplyError::Call(error), done }).problem.remedy
        };
        let offered = "countersign deploy versions prune order shows the oldest";
        for api in [Api::PublishStateMachineVersion, Api::UpdateStateMachine] {
            assert!(full(api).contains(offered), "{api:?}");
        }
        assert!(!full(Api::CreateStateMachineAlias).contains("prune"), "aliases have a quota of their own");
    }
}
