//! Requests as a terminal shows them.

use std::fmt::Write as _;

use crate::server::terminal::line;

use crate::server::http::api::shapes::{
    Approval, Approvals, Decision, DecisionAnswer, DecisionResult, Delivery, Outcome, Status, Summary,
};

/// What waits, a block each.
pub fn list(page: &Approvals) -> String {
    if page.approvals.is_empty() {
        return "Nothing waits here.".to_owned();
    }
    let blocks: Vec<String> = page.approvals.iter().map(row).collect();
    let shown = page.approvals.len();
    let mut text = blocks.join("\n\n");
    if u64::try_from(shown).is_ok_and(|shown| shown < page.total) {
        let _ = write!(text, "\n\n{shown} of {} are shown. Add --all for all of them.", page.total);
    }
    text
}

fn row(one: &Summary) -> String {
    let item = one.item.as_ref().map_or_else(String::new, |item| format!(", {}", line(item)));
    let mut text = format!(
        "{}\n  {} · {}{item} · {}",
        line(&one.title),
        line(&one.workflow),
        line(&one.state),
        line(&one.execution_name)
    );
    let _ = write!(text, "\n  asked {}", one.asked_at);
    if let Some(due) = &one.due_at {
        let _ = write!(text, ", due {due}");
    }
    if let Some(progress) = one.progress {
        let _ = write!(text, ", {} of {} people so far", progress.people, progress.needed);
    }
    if let Some(claim) = &one.claimed {
        let _ = write!(text, "\n  {} looks after it", line(&claim.person));
    }
    if let Some(obstacle) = &one.obstacle {
        let _ = write!(text, "\n  {}", obstacle.detail);
    }
    let _ = write!(text, "\n  {}", one.id);
    text
}

/// One request whole.
pub fn approval(one: &Approval) -> String {
    let mut text = row(&one.summary);
    if let Some(message) = &one.message {
        let _ = write!(text, "\n\n{}", unmarked(message));
    }
    if !one.facts.is_empty() {
        text.push('\n');
    }
    for fact in &one.facts {
        let _ = write!(text, "\n  {}: {}", line(&fact.label), line(&fact.value));
    }
    if let Some(name) = &one.asked_by {
        let _ = write!(text, "\n  Asked by: {}", line(name));
    }
    for change in &one.changes {
        let side = |value: &Option<String>| value.as_deref().map_or_else(|| "nothing".to_owned(), line);
        let _ = write!(text, "\n  {}: {} -> {}", line(&change.path), side(&change.before), side(&change.after));
    }
    for link in &one.links {
        let _ = write!(text, "\n  {}: {}", line(&link.label), line(&link.url));
    }
    let label = |id: &str| line(one.outcomes.iter().find(|one| one.id == id).map_or(id, |one| one.label.as_str()));
    for vote in &one.votes {
        let (person, chose) = (line(&vote.person), label(&vote.outcome));
        let _ = write!(text, "\n\n{person} chose “{chose}” at {}{}", vote.at, said(&vote.comment));
    }
    if let Some(given) = &one.reassigned {
        let to: Vec<String> = given.groups.iter().chain(&given.people).map(|name| line(name)).collect();
        let _ = write!(text, "\n\nGiven to {} by {}: {}", to.join(", "), line(&given.person), line(&given.reason));
    }
    for held in &one.held {
        let (person, chose) = (line(&held.person), label(&held.outcome));
        let _ = write!(text, "\n\n{person} chose “{chose}” and can take it back until {}", held.until);
    }
    text.push_str("\n\n");
    match one.status {
        Status::Waiting => {
            text.push_str("It waits. What may be chosen:");
            for outcome in &one.outcomes {
                let _ = write!(text, "\n  {}", choice(outcome));
            }
            if let Some(refused) = &one.refused {
                let _ = write!(text, "\n\n{} {}", refused.detail, refused.remedy);
            }
        }
        Status::Decided => text.push_str(&one.decision.as_ref().map_or_else(String::new, decision)),
        Status::Closed => {
            let closed = one.closed.as_ref();
            text.push_str(&closed.map_or_else(String::new, |closed| format!("{} ({})", closed.how, closed.at)));
        }
    }
    text
}

/// Markdown as it reads: without the backslashes that keep a request's own text from being Markdown.
fn unmarked(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut letters = message.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = if letter == '\\' { letters.next_if(char::is_ascii_punctuation) } else { None };
        text.push(escaped.unwrap_or(letter));
    }
    text
}

fn choice(outcome: &Outcome) -> String {
    let mut text = format!("{} ({})", outcome.id, outcome.label);
    if let Some(then) = &outcome.then {
        let _ = write!(text, ": {then}");
    }
    if outcome.comment_required {
        text.push_str("; needs a comment");
    }
    for field in &outcome.form {
        let required = if field.required { "" } else { ", optional" };
        let options = if field.options.is_empty() { String::new() } else { format!(": {}", field.options.join(", ")) };
        let _ = write!(text, "\n    --field {}=... ({}{required}{options})", line(&field.name), line(&field.title));
    }
    for warning in &outcome.warnings {
        let _ = write!(text, "\n    {warning}");
    }
    text
}

/// What is asked before a decision.
pub fn question(one: &Approval, outcome: &Outcome) -> String {
    let facts: Vec<String> =
        one.facts.iter().map(|fact| format!("\n  {}: {}", line(&fact.label), line(&fact.value))).collect();
    let then = outcome.then.as_ref().map_or_else(String::new, |then| format!("\nThen: {then}"));
    let warnings: Vec<String> = outcome.warnings.iter().map(|warning| format!("\n{warning}")).collect();
    format!("{}{}{then}{}", line(&one.summary.title), facts.concat(), warnings.concat())
}

/// What came of a choice.
pub fn answer(answer: &DecisionAnswer) -> String {
    match (answer.result, &answer.decision) {
        (DecisionResult::Decided, Some(made)) => decision(made),
        (DecisionResult::Decided, None) => "It is decided.".to_owned(),
        (DecisionResult::Counted, _) => {
            let names: Vec<String> = answer.votes.iter().map(|vote| line(&vote.person)).collect();
            format!("The choice is on record. More people are needed; these chose so far: {}.", names.join(", "))
        }
    }
}

fn decision(made: &Decision) -> String {
    let delivery = match made.delivery {
        Delivery::Pending => "It is being sent.",
        Delivery::Delivered => "Step Functions took it.",
        Delivery::Late => "The task was closed before it came.",
    };
    format!("{} by {} at {}{}. {delivery}", line(&made.label), line(&made.person), made.at, said(&made.comment))
}

fn said(comment: &str) -> String {
    if comment.is_empty() { String::new() } else { format!(": “{}”", line(comment)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_without_its_backslashes() {
        assert_eq!(
            unmarked(r"**Pay** \<b\> https\:\/\/a\.example \\ c:\dir"),
            r"**Pay** <b> https://a.example \ c:\dir"
        );
    }
}
