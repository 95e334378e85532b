//! What past executions do under the new definition, in sentences.

use countersign_desk::deploy::outlook::{Evidence, EvidenceGroup, Failing, Outcome};

use super::text::count;

/// The executions of a group that are named; `--json` has all of them.
const NAMED: usize = 3;

/// One sentence for each group of executions, and what was not looked at.
pub fn evidence(evidence: &Evidence) -> Vec<String> {
    if let Some(why) = &evidence.not_compared {
        return vec![format!("Its executions were not compared: {why}.")];
    }
    let cut = evidence.listed.map(|listed| {
        format!("Older executions were not looked at: of the newest {listed}, {} have ended.", evidence.executions)
    });
    evidence.groups.iter().map(sentence).chain(cut).collect()
}

fn sentence(group: &EvidenceGroup) -> String {
    let number = group.executions.len();
    let fails = |fails: &Option<Failing>| {
        let verb = if number == 1 { "fails" } else { "fail" };
        fails.as_ref().map_or_else(String::new, |how| format!(", and {verb} {how}"))
    };
    let said = match &group.outcome {
        Outcome::Same => return format!("{} the same path", count(number, "execution takes", "executions take")),
        Outcome::Differs { state, reached: true, fails: how } => {
            format!("{} {state} now{}", count(number, "execution reaches", "executions reach"), fails(how))
        }
        Outcome::Differs { state, reached: false, fails: how } => {
            let verb = count(number, "execution does not reach", "executions do not reach");
            format!("{verb} {state} any more{}", fails(how))
        }
        Outcome::AnotherWay { after, fails: how } => {
            let after = after.as_ref().map_or_else(String::new, |state| format!(" after {state}"));
            format!("{} another way{after}{}", count(number, "execution takes", "executions take"), fails(how))
        }
        Outcome::Fails(how) => format!("{} {how}", count(number, "execution ends", "executions end")),
        Outcome::Succeeds => format!("{} now", count(number, "execution succeeds", "executions succeed")),
        Outcome::NotKnown { why, .. } => {
            format!("{} not known: {why}", count(number, "execution is", "executions are"))
        }
        Outcome::NotRead(why) => format!("{} not known: {why}", count(number, "execution is", "executions are")),
    };
    format!("{said} ({})", names(&group.executions))
}

/// The names of the first executions, so that somebody can look at them.
fn names(executions: &[String]) -> String {
    let name = |arn: &String| arn.rsplit(':').next().unwrap_or_default().to_owned();
    let mut named: Vec<String> = executions.iter().take(NAMED).map(name).collect();
    let more = executions.len().saturating_sub(NAMED);
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(outcome: Outcome, executions: usize, expect: &str) {
        let executions = (1..=executions).map(|number| format!("arn:aws:states:r:1:execution:order:run-{number}"));
        let executions: Vec<String> = executions.collect();
        let group = EvidenceGroup { outcome, executions };
        let found = Evidence { executions: group.executions.len(), groups: vec![group], ..Evidence::default() };
        assert_eq!(evidence(&found), [expect]);
    }

    fn failing(state: &str, error: &str, cause: &str) -> Failing {
        Failing { state: state.to_owned(), error: error.to_owned(), cause: cause.to_owned() }
    }

    #[test]
    fn every_outcome_is_a_sentence() {
        let missing = failing("Price", "States.Runtime", "$.total is missing");
        let differs = |reached, fails| Outcome::Differs { state: "Review".to_owned(), reached, fails };
        let another = |after: Option<&str>| Outcome::AnotherWay { after: after.map(str::to_owned), fails: None };
        check(Outcome::Same, 97, "97 executions take the same path");
        check(differs(true, None), 1, "1 execution reaches Review now (run-1)");
        check(
            differs(true, Some(missing.clone())),
            1,
            "1 execution reaches Review now, and fails with States.Runtime in Price: $.total is missing (run-1)",
        );
        check(
            differs(false, Some(failing("", "Sorry", ""))),
            2,
            "2 executions do not reach Review any more, and fail with Sorry (run-1, run-2)",
        );
        check(another(Some("Price")), 1, "1 execution takes another way after Price (run-1)");
        check(another(None), 5, "5 executions take another way (run-1, run-2, run-3, and 2 more)");
        let ends = "1 execution ends with States.Runtime in Price: $.total is missing (run-1)";
        check(Outcome::Fails(missing), 1, ends);
        check(Outcome::Fails(failing("", "", "")), 1, "1 execution ends with a failure without a name (run-1)");
        check(Outcome::Succeeds, 2, "2 executions succeed now (run-1, run-2)");
        let why = "Review did not run then".to_owned();
        let unknown = Outcome::NotKnown { state: "Review".to_owned(), why };
        check(unknown, 1, "1 execution is not known: Review did not run then (run-1)");
    }
}
