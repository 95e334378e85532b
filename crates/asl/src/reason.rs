//! Why the rules are there that have a switch: whoever switches one off should know what it is for.

use crate::rule::Rule;

impl Rule {
    /// What happens where the rule is broken, in a sentence or two; `None` for rules without a switch, whose break prevents
    /// the deployment.
    pub const fn reason(self) -> Option<&'static str> {
        Some(match self {
            Rule::NoTimeout => {
                "Without TimeoutSeconds a task may wait for a year. It trips no alarm, and the execution counts as running. \
                 A warning for tasks that wait for an answer, advice for those that wait for a job."
            }
            Rule::NoHeartbeat => {
                "A worker that dies does not say so. With a heartbeat the task fails soon after, and can be tried again; \
                 without one it fails when its timeout is over. Reported for activities and containers with a timeout of \
                 more than 5 minutes, and for other callbacks with one of more than an hour. Not for states that the \
                 manifest's approvals name: people send no heartbeat."
            }
            Rule::NoLambdaRetry => {
                "The Lambda service is now and then briefly out of order, or has no room for one more call. AWS advises a \
                 retrier for Lambda.ServiceException, Lambda.AWSLambdaException, Lambda.SdkClientException and \
                 Lambda.TooManyRequestsException. States.TaskFailed and States.ALL cover them, and so does a retrier of a \
                 Map or Parallel state around."
            }
            Rule::UnreachableHandler => {
                "The first entry that names an error takes it. An entry behind it with the same error, and a name that the \
                 state cannot raise, look like a safety that is not there."
            }
            Rule::PayloadLimit => {
                "An input or output of more than 256 KiB fails the state with States.DataLimitExceeded, which no catcher of \
                 States.ALL takes. Where the number of items decides, it fails in production first."
            }
            Rule::EventLimit => {
                "The history of a Standard execution has at most 25,000 events, and the execution fails when they are used \
                 up. The numbers are estimates: the fewest events of a round or of an item, without retries."
            }
            Rule::MachineTypeUnfit => "An Express execution ends after five minutes, whatever its states wait for.",
            Rule::StandardUnfit => {
                "Step Functions refuses StartSyncExecution of a Standard machine: a warning where a workflow of the \
                 same folder is called so. A Standard execution costs by its transitions, an Express one by its \
                 time, and starts at a higher rate: advice for a distributed Map over the items of S3 whose tasks \
                 answer at once, and whose waits, timeouts and retries are less than five minutes together. An \
                 Express execution may run a task twice."
            }
            Rule::DeprecatedResource => "What AWS has replaced gets no new features, and what it has retired fails.",
            Rule::AccountNumber => {
                "A definition with an account in it belongs to that account: deployed elsewhere it fails, or acts there. \
                 The account 000000000000 of emulators is none."
            }
            Rule::SecretInDefinition => {
                "Everybody who may describe the machine or an execution can read its definition, and every history repeats \
                 what tasks are given. The report does not show the line."
            }
            Rule::UnusedVariable => {
                "Either the reader has a typing mistake, or the value takes from the 10 MiB of an execution's variables for \
                 nothing."
            }
            Rule::NoDollar | Rule::NoPath | Rule::PassResultIsStatic => {
                "The text of the path is passed on in place of the value that it names."
            }
            Rule::FileNotNamed => "A definition that the manifest forgot is not deployed, and nobody misses it.",
            Rule::DueAfterTimeout => {
                "Nobody can decide a request whose task has timed out. Nobody is reminded of it, it is given to nobody else, \
                 and `on_due` does not decide it: the execution fails, or goes on as its Catch says."
            }
            Rule::AnswerMismatch => {
                "A person's answer is the output of the state. If a later state reads what the answer does not have, the \
                 execution fails after somebody has decided."
            }
            Rule::ApprovalNeverAsked => "The wording is for a state that no inbox will show.",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_with_a_switch_has_a_reason() {
        for rule in Rule::ALL {
            assert_eq!(rule.reason().is_some(), rule.has_switch(), "{rule:?}");
            assert!(rule.reason().is_none_or(|reason| reason.ends_with('.')), "{rule:?}");
        }
    }
}
