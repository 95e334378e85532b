//! The words on the nodes and edges.

use crate::model::{Amount, Catcher, ChoiceRule, MapMode, Pause, State, StateKind, Task, template};

use super::NodeKind;

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

/// What a state does.
pub(super) fn detail(state: &State) -> String {
    match &state.kind {
        StateKind::Task(task) => task_detail(task),
        StateKind::Wait(Pause::Seconds(Amount::Number { text, .. })) => format!("waits {}", duration(text)),
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
    }
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
pub(super) fn bare(text: &str) -> &str {
    let inner = template(text).unwrap_or(text);
    inner.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).filter(|name| !name.contains('}')).unwrap_or(inner)
}

/// Seconds, as the definition has them; in larger units only where these are whole.
pub(super) fn duration(seconds: &str) -> String {
    let whole: Option<u64> = seconds.parse().ok();
    let larger = whole.and_then(|whole| {
        let units = [("d", 86_400), ("h", 3_600), ("min", 60)];
        let (unit, length) = units.into_iter().find(|(_, length)| whole >= *length && whole % length == 0)?;
        Some(format!("{} {unit}", whole / length))
    });
    larger.unwrap_or_else(|| format!("{seconds} s"))
}

/// The label of the edge for the rules that lead to the same state.
pub(super) fn rules_label(rules: &[&ChoiceRule]) -> String {
    rules.iter().map(|rule| rule.summary.as_str()).collect::<Vec<_>>().join(" or ")
}

/// The label of the edge for the catchers that lead to the same state.
pub(super) fn catchers_label(catchers: &[&Catcher]) -> String {
    let names = catchers.iter().flat_map(|catcher| &catcher.errors);
    let word = |name: &String| if name == "States.ALL" { "any error".to_owned() } else { name.clone() };
    names.map(word).collect::<Vec<_>>().join(", ")
}
