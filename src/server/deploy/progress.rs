//! The course of an apply on a terminal: each step as it is done, what waits and how long, and what is left.

use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_desk::connection::{About, Connection};
use countersign_desk::deploy::{ApplyError, Delay, Event, How, Move, Note, Report, Step, What, Why, execution_of};

use super::Failure;
use super::reach::call_failure;
use crate::server::console::Console;
use crate::server::terminal;

/// Waits of less than this are not told, in milliseconds.
const LONG: i64 = 1_000;

/// A line for what happens; none where nothing has to be said.
#[must_use]
pub fn line(event: &Event, steps: usize) -> Option<String> {
    match event {
        Event::Begins { steps: 0, .. } => None,
        Event::Begins { steps, circles, remaining_ms } => {
            let count = if *steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
            let time = time_left(*remaining_ms).map(|time| format!(", {time} by the account's quotas"));
            let mut text = format!("{count}{}", time.unwrap_or_default());
            for circle in circles {
                text += &format!("\nThese workflows need each other, and are deployed by name: {}.", circle.join(", "));
            }
            Some(text)
        }
        Event::Step { .. } => None,
        Event::Done { number, step, how } => Some(format!("{number:>3}/{steps} {}", done(step, *how))),
        Event::Waits(waiting) if waiting.ms < LONG => None,
        Event::Waits(waiting) => {
            let why = match waiting.why {
                Delay::Quota => "for the quota",
                Delay::Throttled => "because the account is throttled",
                Delay::Unreachable => "because nothing answered",
            };
            Some(format!("        {} waits {} {why}", waiting.api.name(), time(waiting.ms)))
        }
    }
}

/// Writes what happens, and every ten steps how long the rest takes. `steps` keeps how many there are.
pub fn show(event: &Event, steps: &AtomicUsize) {
    if let Event::Begins { steps: count, .. } = event {
        steps.store(*count, Ordering::Relaxed);
    }
    if let Some(line) = line(event, steps.load(Ordering::Relaxed)) {
        println!("{line}");
    }
    if let Event::Step { remaining_ms, number, .. } = event
        && number.is_multiple_of(10)
        && let Some(time) = time_left(*remaining_ms)
    {
        println!("        {time} left by the account's quotas");
    }
}

/// How much time is left, where it is worth a word.
#[must_use]
pub fn time_left(ms: i64) -> Option<String> {
    (ms >= 2 * LONG).then(|| format!("at least {}", time(ms)))
}

fn time(ms: i64) -> String {
    let seconds = ms.div_euclid(1_000) + i64::from(ms.rem_euclid(1_000) > 0);
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", (seconds + 59).div_euclid(60)) }
}

fn done(step: &Step, how: How) -> String {
    let name = terminal::line(&step.workflow);
    let what = match &step.what {
        What::MakeTopic { topic } => format!("topic {} is there", terminal::line(topic)),
        What::Create => "created".to_owned(),
        What::Update => "updated".to_owned(),
        What::Untag => "tags removed".to_owned(),
        What::Tag => "tagged".to_owned(),
        What::Publish => "version published".to_owned(),
        What::PointAlias { alias } => format!("alias {} leads to it", terminal::line(alias)),
        What::BeginRollout { alias } => format!("alias {} begins to move to it", terminal::line(alias)),
        What::Remove => "deleted".to_owned(),
    };
    let how = match how {
        How::Done => "",
        How::Confirmed => " (the answer was lost; a look confirmed it)",
        How::WasDone => " (it was already)",
    };
    format!("{name}: {what}{how}")
}

/// A step that is left, in words.
#[must_use]
pub fn left(step: &Step) -> String {
    let what = match &step.what {
        What::MakeTopic { topic } => format!("make the topic {topic}"),
        What::Create => "create it".to_owned(),
        What::Update => "update it".to_owned(),
        What::Untag => "remove tags from it".to_owned(),
        What::Tag => "set its tags".to_owned(),
        What::Publish => "publish a version".to_owned(),
        What::PointAlias { alias } => format!("lead the alias {alias} to it"),
        What::BeginRollout { alias } => format!("begin to move the alias {alias}"),
        What::Remove => "delete it".to_owned(),
    };
    format!("{}: {what}", step.workflow)
}

/// What failed, what was done before it, and what was not.
#[must_use]
pub fn failure(connection: &Connection, report: &Report) -> Option<Failure> {
    let (step, error) = report.failed.as_ref()?;
    let Failure { what, remedy } = why(connection, error);
    let at = step.as_ref().map(|step| format!("{}. ", left(step))).unwrap_or_default();
    let changed = report.done.iter().filter(|(_, how)| *how != How::WasDone).count();
    let done = match changed {
        0 => "Nothing was changed.".to_owned(),
        1 => "1 step was done, as above.".to_owned(),
        count => format!("{count} steps were done, as above."),
    };
    let mut text = format!("{at}{what} {done}");
    if !report.left.is_empty() {
        text += "\nNot done:";
        report.left.iter().for_each(|step| text += &format!("\n  {}", left(step)));
    }
    let again = if changed > 0 { " Then apply again: what is done already is not done twice." } else { "" };
    Some(Failure::new(text, format!("{remedy}{again}")))
}

fn why(connection: &Connection, error: &ApplyError) -> Failure {
    match error {
        ApplyError::Changed(name) => Failure::new(
            format!("{name} was changed in the account since the plan was made."),
            "Plan again, and look at what is different.",
        ),
        ApplyError::Call(error) => call_failure(connection, error),
        ApplyError::Unknown(error) => {
            let Failure { what, remedy } = call_failure(connection, error);
            Failure::new(format!("{what} The call may have taken effect all the same; the next plan says."), remedy)
        }
        ApplyError::Stopped => Failure::new("It was stopped.", "The next plan shows what is left."),
    }
}

/// How many executions of a version failed, and where the first of them is looked at: its page in the console of AWS, or its
/// ARN.
#[must_use]
pub fn failures(about: &About, machine_arn: &str, failed: u64, ended: u64, first: &str) -> String {
    let counts = format!("{failed} of {ended} executions failed");
    if first.is_empty() {
        return counts;
    }
    let arn = execution_of(machine_arn, first);
    let place = Console::of(about, &arn).map(|console| console.execution(&arn));
    format!("{counts}, the first one is {}", place.unwrap_or(arn))
}

/// A move of a rollout of the alias with this ARN.
#[must_use]
pub fn moved(about: &About, workflow: &str, alias_arn: &str, note: &Note, to: &Move) -> Option<String> {
    let name = terminal::line(workflow);
    match to {
        Move::Wait { .. } => None,
        Move::Shift { weight } => Some(format!("{name}: {weight} % of the executions get version {}", note.version)),
        Move::Finish => Some(format!("{name}: all executions get version {}; the rollout is over", note.version)),
        Move::Back(Why::ByHand) => Some(format!("{name}: back to version {}", note.version)),
        Move::Back(Why::Failures { failed, ended, first }) => {
            let machine_arn = alias_arn.rsplit_once(':').map_or(alias_arn, |(machine, _)| machine);
            let failures = failures(about, machine_arn, *failed, *ended, first);
            Some(format!("{name}: back to version {}: {}", note.version, terminal::line(&failures)))
        }
        Move::Elsewhere => Some(format!("{name}: somebody routed the alias elsewhere; the rollout is theirs")),
    }
}

#[cfg(test)]
mod tests {
    use countersign_desk::connection::{Colour, ConnectionKind};

    use super::*;

    #[test]
    fn the_first_execution_that_failed_is_a_link_or_an_arn() {
        let mut about = About {
            label: "AWS".to_owned(),
            detail: String::new(),
            region: "eu-west-1".to_owned(),
            kind: ConnectionKind::Endpoint,
            profile: None,
            role_arn: None,
            colour: Colour::Grey,
            read_only: false,
        };
        let machine = "arn:aws:states:eu-west-1:1:stateMachine:order";
        let said = "2 of 3 executions failed, the first one is arn:aws:states:eu-west-1:1:execution:order:run-7";
        assert_eq!(failures(&about, machine, 2, 3, "run-7"), said);
        assert_eq!(failures(&about, machine, 2, 3, ""), "2 of 3 executions failed");
        about.kind = ConnectionKind::Aws;
        let link = "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/arn:aws:states:eu-west-1:1:execution:order:run-7";
        assert!(failures(&about, machine, 2, 3, "run-7").ends_with(link));
    }

    #[test]
    fn times_are_rounded_up() {
        assert_eq!(
            [1, 1_000, 1_001, 119_000, 120_000, 150_000].map(time),
            ["1 s", "1 s", "2 s", "119 s", "2 min", "3 min"]
        );
        assert_eq!(time_left(500), None);
    }
}
