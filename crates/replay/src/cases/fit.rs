//! Whether the names of states in a file of cases are those of its definition.

use countersign_asl::{Machine, State, StateKind};

use super::problem::nearest;
use super::{Answered, At, Case, CaseFile, Expect, Mock, MockOrigin, Problem};
use crate::definition::Definition;

impl CaseFile {
    /// What in the file does not fit its definition, in the order of the text.
    #[must_use]
    pub fn misfits(&self, definition: &Definition) -> Vec<Problem> {
        let fit = Fit { definition };
        let mut found = Vec::new();
        self.mocks.iter().for_each(|(state, mock)| fit.mock(state, mock, &mut found));
        self.cases.iter().for_each(|case| fit.case(case, &mut found));
        found.sort();
        found
    }
}

struct Fit<'d> {
    definition: &'d Definition,
}

impl Fit<'_> {
    const fn machine(&self) -> &Machine {
        &self.definition.machine
    }

    fn case(&self, case: &Case, found: &mut Vec<Problem>) {
        case.mocks.iter().for_each(|(state, mock)| self.mock(state, mock, found));
        let Expect { path, passes, avoids, waits_in, visits, calls, .. } = &case.expect;
        for names in [path, passes, avoids, waits_in].into_iter().flatten() {
            for name in &names.value {
                self.state(&name.value, name, found);
            }
        }
        for (state, at) in visits.iter().chain(calls) {
            self.state(state, at, found);
        }
        for name in path.iter().flat_map(|path| &path.value) {
            if !self.machine().states.contains_key(&name.value) && self.machine().state(&name.value).is_some() {
                found.push(Problem {
                    line: name.line,
                    column: name.column,
                    message: format!(
                        "{:?} runs inside another state, and `path` has those of the top scope",
                        name.value
                    ),
                    remedy: "Take it out of `path`; name it in `passes` or count it in `visits`.".to_owned(),
                });
            }
        }
    }

    /// The state of a name; if there is none, that is a problem.
    fn state<T>(&self, name: &str, at: &At<T>, found: &mut Vec<Problem>) -> Option<&State> {
        let state = self.machine().state(name);
        if state.is_none() {
            let states = self.machine().all_states();
            let names = states.iter().map(|state| state.name.as_str());
            let remedy = match nearest(name, names.clone()) {
                Some(near) => format!("Did you mean {near:?}?"),
                None => {
                    format!("Its states are {}.", names.map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", "))
                }
            };
            let message = format!("the definition has no state {name:?}");
            found.push(Problem { line: at.line, column: at.column, message, remedy });
        }
        state
    }

    /// What is wrong with a mock; of one that the file does not hold it says where it is.
    fn mock(&self, name: &str, mock: &At<Mock>, found: &mut Vec<Problem>) {
        let mut own = Vec::new();
        self.kind_of_mock(name, mock, &mut own);
        found.extend(own.into_iter().map(|problem| match mock.value.origin {
            MockOrigin::Cases => problem,
            MockOrigin::StepFunctionsLocal => {
                let message = format!("in the mocks of Step Functions Local: {}", problem.message);
                Problem { message, ..problem }
            }
        }));
    }

    fn kind_of_mock(&self, name: &str, mock: &At<Mock>, found: &mut Vec<Problem>) {
        let Some(state) = self.state(name, mock, found) else { return };
        let is_asked = matches!(state.kind, StateKind::Task(_)) || self.definition.is_distributed(name);
        if !is_asked {
            let message =
                format!("{name:?} is a {} state: it asks nobody, so there is nothing to mock", state.type_name());
            let remedy = "Remove the mock.".to_owned();
            found.push(Problem { line: mock.line, column: mock.column, message, remedy });
        }
        let StateKind::Task(task) = &state.kind else { return };
        let is_function = task.resource.contains(":lambda:");
        for reply in &mock.value.replies {
            if matches!(reply.value.what, Answered::Payload(_)) && !is_function {
                let message = format!("{name:?} calls no function, so it has no `payload`");
                let remedy = "Write `returns` with what the service answers.".to_owned();
                found.push(Problem { line: reply.line, column: reply.column, message, remedy });
            }
        }
    }
}
