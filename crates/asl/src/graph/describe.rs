//! The words on the nodes and edges.

use crate::model::{Amount, Catcher, ChoiceRule, MapMode, Pause, State, StateKind, Task, template};

use super::NodeKind;
use super::text::{self, shortened};

/// Longest label of an edge and longest detail of a node, in characters.
const LABEL: usize = 32;
const DETAIL: usize = 34;

/// The kind of node that stands for a state.
pub(super) fn kind(state: &State) -> NodeKind {
    match state.kind {
        StateKind::Task(_) => NodeKind::Task,
        StateKind::Pass => NodeKind::Pass,
        StateKind::Choice(_) => NodeKind::Choice,
        StateKind::Wait(_) => NodeKind::Wait,
        StateKind::Succeed => NodeKind::Succeed,
        StateKind::Fail(_) => NodeKind::Fail,
        StateKind::Parallel(_) => NodeKind::Parallel,
        StateKind::Map(_) => NodeKind::Map,
    }
}

/// What a state does, in a few words.
pub(super) fn detail(state: &State) -> String {
    let text = match &state.kind {
        StateKind::Task(task) => task_detail(task),
        StateKind::Wait(Pause::Seconds(Amount::Number(seconds))) => format!("waits {}", duration(*seconds)),
        StateKind::Wait(Pause::Seconds(Amount::Expression(expression))) => format!("waits {} s", bare(expression)),
        StateKind::Wait(Pause::Until(moment)) => format!("waits until {}", bare(moment)),
        StateKind::Fail(failure) => failure.error.as_deref().map(bare).unwrap_or_default().to_owned(),
        StateKind::Parallel(branches) if branches.len() == 1 => "1 branch".to_owned(),
        StateKind::Parallel(branches) => format!("{} branches", branches.len()),
        StateKind::Map(map) => {
            let each = map.items.as_deref().map(bare).map(|items| format!("for each of {items}"));
            let each = each.unwrap_or_else(|| "for each item".to_owned());
            if map.mode == MapMode::Distributed { format!("{each}, distributed") } else { each }
        }
        StateKind::Choice(_) | StateKind::Pass | StateKind::Succeed | StateKind::Wait(Pause::Unknown) => String::new(),
    };
    shortened(&text, DETAIL)
}

/// `lambda:invoke` for an integration, the function's or activity's name for an ARN of one.
fn task_detail(task: &Task) -> String {
    let resource = bare(&task.resource);
    let Some(rest) = resource.strip_prefix("arn:") else { return resource.to_owned() };
    if let Some((_, integration)) = rest.split_once(":states:::") {
        return integration
            .strip_prefix("aws-sdk:")
            .unwrap_or(integration)
            .replace(".waitForTaskToken", ", waits for an answer");
    }
    let parts: Vec<&str> = rest.split(':').collect();
    match parts.as_slice() {
        [_, service, _, _, kind @ ("function" | "activity"), name, ..] => {
            if *service == "lambda" {
                format!("lambda {name}")
            } else {
                format!("{kind} {name}")
            }
        }
        _ => resource.to_owned(),
    }
}

/// Without the `{% %}` of an expression or the `${}` of a placeholder.
fn bare(text: &str) -> &str {
    let inner = template(text).unwrap_or(text);
    inner.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).filter(|name| !name.contains('}')).unwrap_or(inner)
}

fn duration(seconds: f64) -> String {
    // Whole units only where nothing is lost.
    for (unit, length) in [("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)] {
        if seconds >= length && seconds % length == 0.0 {
            return format!("{} {unit}", seconds / length);
        }
    }
    format!("{seconds} s")
}

/// The labels of the edges of a Choice, each for the rules that lead to the same state.
///
/// Conditions that begin alike would be cut to the same words: of those the ends are kept.
pub(super) fn rules_labels(targets: &[Vec<&ChoiceRule>]) -> Vec<String> {
    let joined = |rules: &Vec<&ChoiceRule>| {
        let text = rules.iter().map(|rule| rule.summary.as_str()).collect::<Vec<_>>().join(" or ");
        if text.chars().count() > LABEL { with_short_paths(&text) } else { text }
    };
    let texts: Vec<String> = targets.iter().map(joined).collect();
    let short: Vec<String> = texts.iter().map(|text| shortened(text, LABEL)).collect();
    let label = |(text, own): (&String, &String)| match short.iter().filter(|other| *other == own).count() {
        1 => own.clone(),
        _ => text::shortened_from_the_start(text, LABEL),
    };
    texts.iter().zip(&short).map(label).collect()
}

/// The text with only the last name of each path: `$.order.total.amount > 1000` becomes `…amount > 1000`.
fn with_short_paths(text: &str) -> String {
    let short = |word: &str| match word.rfind('.').filter(|_| word.trim_start_matches('(').starts_with('$')) {
        Some(dot) if dot > 1 => format!("…{}", &word[dot + 1..]),
        _ => word.to_owned(),
    };
    text.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// The label of the edge for the catchers that lead to the same state.
pub(super) fn catchers_label(catchers: &[&Catcher]) -> String {
    let names = catchers.iter().flat_map(|catcher| &catcher.errors);
    let short = |name: &String| match name.as_str() {
        "States.ALL" => "any error".to_owned(),
        // Of a long name the service before the dot says least.
        long if long.chars().count() > LABEL => long.rsplit('.').next().unwrap_or(long).to_owned(),
        name => name.to_owned(),
    };
    shortened(&names.map(short).collect::<Vec<_>>().join(", "), LABEL)
}
