//! One state of an execution, at one of its visits.

mod compare;

use std::sync::Arc;

use countersign_asl::StateKind;
use countersign_desk::connection::FunctionCall;
use countersign_desk::deploy::Printed;
use countersign_desk::watch::{Inside, Record, Waiting};
use countersign_desk::{Actor, Desk};
use countersign_json::{Json, Kind, Value as JsonValue, pretty};
use countersign_trace::{Attempt, IterationId, StateStatus, Visit, VisitId};

use super::execution::{View, runs_elsewhere, served, telling_state, told_elsewhere};
use super::value::{Source, value};
use super::{Answered, attempt_status, child, graph, inbox, status, trouble, worded};
use crate::server::console::{Console, function_name, log_group};
use crate::wire::Status;
use crate::wire::state::{self, BarPlace, Failure, Link, Stage, State, Wanted};
use crate::wire::value::Value;

/// The newest attempts of a visit that are shown. A retrier may make thousands, each with its request and its answer.
const ATTEMPTS: usize = 20;
/// The newest attempts of a visit whose functions' output is shown.
const PRINTED: usize = 10;
/// What is shown in place of an output that the actor may not see.
const WITHHELD: &str = "[withheld: you may not see payloads]";

/// One state of the execution `arn`, for `actor`: `name`, or the one that the page opens on.
///
/// # Errors
/// The execution cannot be read.
pub async fn state(
    desk: &Desk,
    actor: &Actor,
    arn: String,
    name: Option<String>,
    wanted: Wanted,
    iteration: Option<u64>,
) -> Answered<State> {
    let (record, waits) = desk.execution(actor, &arn).await.map_err(|error| worded(desk, &error))?;
    let eyes = desk.viewing(actor, &record).await;
    let view = View { record: &record, eyes: &eyes };
    let name = name.filter(|name| view.knows(name)).or_else(|| telling_state(&record)).unwrap_or_default();
    let visits = visits_of(&record, &name, iteration);
    let about = About { desk, record: &record, waits: &waits, view: &view };
    let shown = shown(&record, &visits, wanted.visit.as_deref());
    let mut made = State {
        status: about.whole(&name),
        elsewhere: told_elsewhere(desk, actor, &record, &name).await.map_err(|error| worded(desk, &error))?,
        about: graph::about(&record.definition, &name),
        visits: u64::try_from(visits.len()).unwrap_or(u64::MAX),
        visit: None,
        definition: (wanted.part.as_deref() == Some("definition"))
            .then(|| definition_of(&pretty(&record.definition.text), &name)),
        now: desk.now(),
        name,
    };
    let Some(at) = shown else { return Ok(made) };
    let id = visits[at];
    let mut visit = about.visit(&visits, at);
    about.printed(actor, &record.trace.visits[id], &mut visit).await;
    match wanted.part.as_deref() {
        Some("stages") => {
            let inside = desk.inside(actor, &record, id).await.map_err(|error| worded(desk, &error))?;
            visit.inside = Some(about.inside(inside, record.trace.visits[id].entered_event));
        }
        Some("difference") => visit.comparison = Some(compare::comparison(&view, id, wanted.with)),
        _ => {}
    }
    if let Some(event) = open_request(&waits, &record.trace.visits[id]) {
        // What cannot be read now is still in the inbox.
        visit.request = inbox::approval(desk, actor, &arn, event).await.ok().map(Box::new);
    }
    made.visit = Some(visit);
    Ok(made)
}

/// The visits of a state in their order, in one iteration where one is chosen.
fn visits_of(record: &Record, name: &str, iteration: Option<u64>) -> Vec<VisitId> {
    let iteration = iteration.and_then(|event| record.trace.iteration_begun_by(event));
    let all = record.visits_of(name).iter().copied();
    all.filter(|id| iteration.is_none_or(|iteration| record.trace.runs_in(*id, iteration))).collect()
}

/// The numbers of these visits of a state, which are in their order, among all of its visits in one iteration.
#[must_use]
pub fn numbers(record: &Record, name: &str, iteration: Option<IterationId>, ids: &[VisitId]) -> Vec<u64> {
    let all = record.visits_of(name);
    // Those before the iteration are not in it.
    let begun = iteration.and_then(|id| record.trace.iteration(id)).map_or(0, |iteration| iteration.began_event);
    let first = all.partition_point(|id| record.trace.visits[*id].entered_event < begun);
    let inside = |id: &&VisitId| iteration.is_none_or(|iteration| record.trace.runs_in(**id, iteration));
    let mut found = Vec::with_capacity(ids.len());
    for (number, id) in (1..).zip(all[first..].iter().filter(inside)) {
        match ids.get(found.len()) {
            None => break,
            Some(wanted) if wanted == id => found.push(number),
            Some(_) => {}
        }
    }
    found
}

/// The number of a visit among those of its state in its innermost iteration.
#[must_use]
pub fn number_of(record: &Record, visit: VisitId) -> u64 {
    let iteration = record.trace.iteration_of(visit);
    let found = numbers(record, &record.trace.visits[visit].state, iteration, &[visit]);
    found.first().copied().unwrap_or(1)
}

/// Where the timeline has the bar of a visit.
fn bar_of(record: &Record, id: VisitId, now: i64) -> BarPlace {
    let (trace, visit) = (&record.trace, &record.trace.visits[id]);
    let iteration = trace.iteration_of(id).and_then(|id| trace.iteration(id));
    let (began, ended) = iteration.map_or((record.description.started_at, record.description.ended_at), |one| {
        (one.began_at, one.ended_at.or(record.description.ended_at))
    });
    let until = visit.exited_at.or(record.description.ended_at).unwrap_or(now).max(visit.entered_at);
    let lasted = until - visit.entered_at;
    let whole = ended.unwrap_or(now) - began;
    let is_lost = lasted.saturating_mul(40) < whole || record.tree().rows.len() > 60;
    let span = is_lost.then(|| {
        let (room, started) = (lasted.max(8), record.description.started_at);
        format!("{}-{}", (visit.entered_at - room - started).max(0), until + room - started)
    });
    BarPlace { iteration: iteration.map(|one| one.began_event), number: number_of(record, id), span }
}

/// Which of the visits is shown: the one of the address, else one that failed, else the last.
fn shown(record: &Record, visits: &[VisitId], asked: Option<&str>) -> Option<usize> {
    let asked = asked.and_then(|number| number.parse::<usize>().ok()?.checked_sub(1));
    let place = |wanted: Option<VisitId>| visits.iter().position(|id| Some(*id) == wanted);
    asked
        .filter(|at| *at < visits.len())
        .or_else(|| place(record.first_failure()))
        .or_else(|| place(record.trace.cause))
        .or_else(|| visits.iter().position(|id| is_bad(&record.trace.visits[*id])))
        .or_else(|| visits.iter().rposition(|id| record.trace.visits[*id].status == StateStatus::WaitingApproval))
        .or_else(|| visits.len().checked_sub(1))
}

const fn is_bad(visit: &Visit) -> bool {
    matches!(visit.status, StateStatus::Failed | StateStatus::TimedOut | StateStatus::Caught)
}

/// The request that waits in a visit, by the event that scheduled it.
fn open_request(waits: &[Waiting], visit: &Visit) -> Option<u64> {
    let scheduled = visit.attempts.iter().rev().find_map(|attempt| attempt.scheduled_event)?;
    waits.iter().any(|wait| wait.event == scheduled).then_some(scheduled)
}

/// How many of a visit's attempts, the oldest, are not shown.
const fn not_shown(attempts: usize) -> usize {
    attempts.saturating_sub(ATTEMPTS)
}

/// What an execution says of its states.
struct About<'a> {
    desk: &'a Desk,
    record: &'a Arc<Record>,
    waits: &'a [Waiting],
    view: &'a View<'a>,
}

impl About<'_> {
    /// The status of a state or visit: what an activity's workers serve waits for no person.
    fn status(&self, name: &str, of: StateStatus) -> Status {
        match status(of) {
            Status::WaitingApproval if served(self.record, self.waits).contains(name) => Status::Waiting,
            status => status,
        }
    }

    /// How a state stands in the whole execution.
    fn whole(&self, name: &str) -> Status {
        match self.record.trace.states.get(name) {
            Some(summary) => self.status(name, summary.status),
            None if runs_elsewhere(self.record, name) => Status::Elsewhere,
            None => Status::NotReached,
        }
    }

    fn value(&self, text: Option<&str>, source: &Source) -> Option<Value> {
        let text = self.view.eyes.text(text?);
        Some(value(self.desk.id().as_str(), &self.record.description.arn, text, source))
    }

    fn visit(&self, visits: &[VisitId], at: usize) -> state::Visit {
        let visit = &self.record.trace.visits[visits[at]];
        let number = |at: usize| u64::try_from(at + 1).unwrap_or(u64::MAX);
        let bad = |at: &usize| is_bad(&self.record.trace.visits[visits[*at]]);
        let (error, cause) = self.view.failure(visit);
        let exit = self.record.exit_of(visit);
        state::Visit {
            number: number(at),
            failed_before: (0..at).rev().find(bad).map(number),
            failed_after: (at + 1..visits.len()).find(bad).map(number),
            failures: u64::try_from((0..visits.len()).filter(bad).count()).unwrap_or(u64::MAX),
            status: self.status(&visit.state, visit.status),
            place: trouble::place_of(&self.record.trace, visit),
            event: visit.entered_event,
            bar: bar_of(self.record, visits[at], self.desk.now()),
            entered_at: visit.entered_at,
            exited_at: visit.exited_at,
            failure: self.failure(error.as_deref(), cause.as_deref()),
            request: None,
            input: self.value(visit.input.as_deref(), &Source::Event(visit.entered_event, "input")),
            output: exit.and_then(|exit| self.value(visit.output.as_deref(), &Source::Event(exit, "output"))),
            attempts: self.attempts(visit),
            task: self.task(visit),
            links: self.links(visit),
            inside: None,
            other: compare::neighbour(self.record, visits[at]),
            comparison: None,
        }
    }

    fn failure(&self, error: Option<&str>, cause: Option<&str>) -> Option<Failure> {
        let eyes = self.view.eyes;
        (error.is_some() || cause.is_some())
            .then(|| child::failure(error.map(|error| eyes.name(error)), cause.map(|cause| eyes.text(cause))))
    }

    fn attempts(&self, visit: &Visit) -> Vec<state::Attempt> {
        let before = |index: usize| visit.attempts.get(index.checked_sub(1)?);
        let made = |(index, attempt): (usize, &Attempt)| state::Attempt {
            number: u64::try_from(index + 1).unwrap_or(u64::MAX),
            status: match attempt_status(attempt.result) {
                // An attempt without an end runs only as long as its state does.
                Status::Running => self.status(&visit.state, visit.status),
                ended => ended,
            },
            resource: resource(attempt),
            parameters: attempt.scheduled_event.and_then(|event| {
                let asked = self.record.request(event);
                self.value(Some(&asked), &Source::Event(event, "parameters"))
            }),
            output: self
                .record
                .end_of(attempt)
                .and_then(|event| self.value(attempt.output.as_deref(), &Source::Event(event, "output"))),
            printed: None,
            failure: self.failure(attempt.error.as_deref(), attempt.cause.as_deref()),
            scheduled_at: attempt.scheduled_at,
            ended_at: attempt.ended_at,
            backed_off: before(index).and_then(|before| Some(attempt.scheduled_at - before.ended_at?)),
        };
        visit.attempts.iter().enumerate().skip(not_shown(visit.attempts.len())).map(made).collect()
    }

    /// Adds what the functions of the attempts printed.
    async fn printed(&self, actor: &Actor, visit: &Visit, made: &mut state::Visit) {
        // From the newest on: of those before only the last are there.
        for (attempt, made) in visit.attempts.iter().rev().zip(made.attempts.iter_mut().rev()).take(PRINTED) {
            let (Some(event), Some(_)) = (attempt.scheduled_event, self.function(attempt)) else { continue };
            let text = match self.desk.printed(actor, self.record, event).await {
                Some(Printed::Calls(calls)) => printed(&calls),
                Some(Printed::Withheld) => WITHHELD.to_owned(),
                None => continue,
            };
            made.printed = Some(Value { text, rest: None });
        }
    }

    /// What is known of the task beside its parameters.
    fn task(&self, visit: &Visit) -> Vec<(String, String)> {
        let Some(attempt) = visit.attempts.last() else { return Vec::new() };
        let seconds = |seconds: i64| format!("{seconds} s");
        let machine = self.record.definition.machine.as_ref();
        let kind = machine.and_then(|machine| machine.state(&visit.state)).map(|state| &state.kind);
        let written = match kind {
            Some(StateKind::Task(task)) => Some(task.resource.clone()),
            _ => None,
        };
        let earlier = Some(not_shown(visit.attempts.len())).filter(|earlier| *earlier > 0);
        let facts = [
            ("Earlier attempts", earlier.map(|earlier| format!("{earlier}, among the events of this state"))),
            ("Resource", written.or_else(|| Some(resource(attempt)))),
            ("Timeout", attempt.timeout_in_seconds.map(seconds)),
            ("Heartbeat", attempt.heartbeat_in_seconds.map(seconds)),
            ("Worker", attempt.worker_name.as_deref().map(|worker| self.view.eyes.name(worker))),
            ("Started after", attempt.started_at.map(|at| format!("{} ms", at - attempt.scheduled_at))),
        ];
        facts.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?))).collect()
    }

    /// The child execution, the function and its log.
    fn links(&self, visit: &Visit) -> Vec<Link> {
        let mut links = Vec::new();
        let here = crate::routes::of(self.desk.id().as_str());
        let answers = visit.attempts.iter().rev().filter_map(|attempt| {
            attempt.output.as_deref().and_then(child::started).or_else(|| self.record.started_by(attempt))
        });
        for arn in answers.take(1) {
            let arn = self.view.eyes.name(&arn);
            let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
            links.push(Link {
                word: "Started execution".to_owned(),
                href: Some(here.execution(&arn)),
                name,
                leaves: false,
                copied: Some(("the ARN of the started execution".to_owned(), arn)),
            });
        }
        let Some(attempt) = visit.attempts.last() else { return links };
        if let Some(given) = self.function(attempt)
            && let Some(name) = function_name(&given)
        {
            let arn = if given.starts_with("arn:") { &given } else { &self.record.description.arn };
            let console = Console::of(self.desk.about(), arn);
            let href = console.as_ref().map(|console| console.function(name));
            let leaves = href.is_some();
            let copied = if given.starts_with("arn:") {
                ("the ARN of the function".to_owned(), self.view.eyes.name(&given))
            } else {
                ("the name of the function".to_owned(), name.to_owned())
            };
            links.push(Link { word: "Function".to_owned(), href, name: name.to_owned(), leaves, copied: Some(copied) });
            if let Some(console) = console {
                links.push(Link {
                    word: "Log".to_owned(),
                    href: Some(console.function_log(name)),
                    name: "CloudWatch".to_owned(),
                    leaves: true,
                    copied: Some(("the name of the log group".to_owned(), log_group(name))),
                });
            }
        }
        links
    }

    /// The function that a task calls: its resource, or what it passes as `FunctionName`.
    fn function(&self, attempt: &Attempt) -> Option<String> {
        let resource = attempt.resource.as_deref()?;
        if resource.contains(":function:") {
            return Some(resource.to_owned());
        }
        if attempt.resource_type.as_deref() != Some("lambda") {
            return None;
        }
        let asked = self.record.request(attempt.scheduled_event?);
        let json = Json::read(&*asked).ok()?;
        json.root().get("FunctionName").and_then(JsonValue::text).map(std::borrow::Cow::into_owned)
    }

    fn inside(&self, inside: Inside, entered: u64) -> state::Inside {
        let arn = &self.record.description.arn;
        let stage = |stage: countersign_desk::watch::VisitStage| Stage {
            field: stage.field.to_owned(),
            value: stage
                .value
                .map(|text| value(self.desk.id().as_str(), arn, text, &Source::Stage(entered, stage.field.to_owned()))),
            recorded: stage.recorded,
        };
        let variable = |(name, text): (String, String)| {
            let source = Source::Variable(entered, name.clone());
            (name, value(self.desk.id().as_str(), arn, text, &source))
        };
        state::Inside {
            stages: inside.stages.into_iter().map(stage).collect(),
            unknown: inside.unknown,
            differs: inside.differs,
            variables: inside.variables.into_iter().map(variable).collect(),
        }
    }
}

/// What the calls for an attempt printed. There is one, unless the program ended during the first.
fn printed(calls: &[FunctionCall]) -> String {
    let one = |call: &FunctionCall| match call.left_out {
        0 => call.text.clone(),
        bytes => format!("… {bytes} bytes before this were not kept\n{}", call.text),
    };
    calls.iter().map(one).collect::<Vec<_>>().join("\n… the function was called again\n")
}

fn resource(attempt: &Attempt) -> String {
    let kind = attempt.resource_type.as_deref().map_or_else(String::new, |kind| format!("{kind}:"));
    format!("{kind}{}", attempt.resource.as_deref().unwrap_or_default())
}

/// The text that defines a state, and the line on which it begins: the first of that name, from the outside in.
#[must_use]
pub fn definition_of(definition: &str, name: &str) -> Option<(u64, String)> {
    let json = Json::read(definition).ok()?;
    let mut scopes = vec![json.root()];
    while let Some(scope) = scopes.pop() {
        let Some(states) = scope.get("States").filter(|states| states.kind() == Kind::Object) else { continue };
        if let Some(found) = states.get(name) {
            return Some((u64::try_from(found.place().0).unwrap_or(1), found.raw().to_owned()));
        }
        for (_, state) in states.members() {
            scopes.extend(["ItemProcessor", "Iterator"].into_iter().filter_map(|key| state.get(key)));
            scopes.extend(state.get("Branches").into_iter().flat_map(JsonValue::items));
        }
    }
    None
}
