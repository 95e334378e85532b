//! The chosen state of an execution at one of its visits: what it got, what it gave, and what happened in between.
//!
//! Each text is a row of its own, with its content in its key: an update draws what changed and leaves the rest alone, so
//! that what somebody has selected, opened or scrolled stays as it is.

use leptos::prelude::*;

use super::about_state::about_view;
use super::approval_detail::{consequences, warnings};
use super::decision_forms::{NOT_ALLOWED, decision_forms};
use super::events::option;
use super::{Diff, StatusWord};
use crate::app::address::Address;
use crate::app::here::here;
use crate::app::pages::query;
use crate::app::ui::{
    AddressForm, Due, Empty, Json, Lasted, Memo, Payload, Post, ProblemBox, Row, Seen, Signal, When, copy, duration,
    dynamic, list, shown,
};
use crate::routes::view::{EVENT, FIND, FROM, ITERATION, OF, PART, ROW, SPAN, STATE, TAB, TYPE, VISIT, WITH};
use crate::visible::visible;
use crate::wire::inbox::{Approval, ApprovalState};
use crate::wire::state::{Attempt, Child, Compared, Comparison, Failure, Inside, Link, Stage, State, Visit};
use crate::wire::value::Value;

/// The parts of a panel: the value in the address, and the word.
const PARTS: [(Option<&str>, &str); 4] = [
    (None, "Data"),
    (Some("stages"), "Stages"),
    (Some("difference"), "Difference"),
    (Some("definition"), "Definition"),
];
/// What the choice of another visit sets.
const COMPARED: [&str; 1] = [WITH];

/// The panel.
pub fn state_panel(data: Seen<State>, address: Address, decide: Post) -> AnyView {
    let name = Memo::new(move |_| data.with(|data| data.name.clone()));
    let about = Memo::new(move |_| data.with(|data| data.about.clone()));
    let part = query(PART);
    let visit = Memo::new(move |_| data.with(|data| data.visit.as_ref().map(|visit| visit.number)));
    let rows = move || {
        let part = part.get();
        data.with(|data| rows(data, part.as_deref(), address, decide))
    };
    let status = Signal::derive(move || data.with(|data| data.status));
    view! {
        <section
            class="panel state-panel"
            tabindex="0"
            aria-label=move || format!("State {}", visible(&name.get()))
        >
            <header class="panel-head">
                <h2>{dynamic(move || shown(name.get()))}</h2>
                <StatusWord status/>
            </header>
            {dynamic(move || about.get().map(about_view))}
            {dynamic(move || { visit.track(); data.with(|data| pager(data, address)) })}
            <nav class="tabs panel-tabs" aria-label="About this state">{dynamic(move || parts(part.get().as_deref(), &name.get(), address))}</nav>
            {list(rows)}
        </section>
    }
    .into_any()
}

/// Links to the parts of the panel.
fn parts(current: Option<&str>, name: &str, address: Address) -> AnyView {
    let link = |(value, word): (Option<&'static str>, &'static str)| {
        let href = address.with(&[(PART, value), (STATE, Some(name))]) + "#state";
        let current = (current == value).then_some("page");
        view! { <a class="tab" href=href aria-current=current data-noscroll="true">{word}</a> }
    };
    PARTS.map(link).collect_view().into_any()
}

/// Which visit it is of how many, and the way to the others.
fn pager(data: &State, address: Address) -> Option<AnyView> {
    let visit = data.visit.as_ref().filter(|_| data.visits > 1)?;
    let (name, last) = (data.name.clone(), data.visits);
    let link = |word: &'static str, label: &'static str, to: Option<u64>| match to.filter(|to| *to != visit.number) {
        Some(to) => {
            let href = address.with(&[(VISIT, Some(&to.to_string())), (STATE, Some(&name))]) + "#state";
            view! { <a class="button" href=href aria-label=label data-noscroll="true">{word}</a> }.into_any()
        }
        None => view! { <span class="button disabled" aria-hidden="true">{word}</span> }.into_any(),
    };
    let failures = (visit.failures > 0).then(|| {
        view! {
            <span class="pager-failed">
                {format!("{} failed", thousands(visit.failures))}
                {link("‹", "The failed visit before", visit.failed_before)}
                {link("›", "The next failed visit", visit.failed_after)}
            </span>
        }
    });
    Some(
        view! {
            <div class="pager" role="group" aria-label="Visits">
                {link("«", "The first visit", Some(1))}
                {link("‹", "The visit before", visit.number.checked_sub(1).filter(|to| *to > 0))}
                <span>{format!("Visit {} of {}", thousands(visit.number), thousands(last))}</span>
                {link("›", "The next visit", Some(visit.number + 1).filter(|to| *to <= last))}
                {link("»", "The last visit", Some(last))}
                {failures}
            </div>
        }
        .into_any(),
    )
}

/// A number with its thousands apart: 1,204.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A row of a panel: `what` it is, and everything that its look depends on.
fn row(what: &str, looks: &impl std::hash::Hash, draw: impl FnOnce() -> AnyView + Send + 'static) -> Row {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    looks.hash(&mut hasher);
    Row::new(format!("{what} {:x}", hasher.finish()), draw)
}

fn rows(data: &State, part: Option<&str>, address: Address, decide: Post) -> Vec<Row> {
    let now = data.now;
    if part == Some("definition") {
        // Until it has arrived there is nothing to show.
        return data.definition.clone().map(|found| definition(found, &data.name, address)).into_iter().collect();
    }
    let Some(visit) = &data.visit else {
        let elsewhere = data.elsewhere.clone();
        return vec![row("none", &data.elsewhere, move || not_entered(elsewhere, address))];
    };
    let mut rows = vec![facts(visit, &data.name, address, now)];
    match part {
        Some("stages") => rows.extend(visit.inside.as_ref().map(inside).unwrap_or_default()),
        Some("difference") => {
            rows.extend(visit.comparison.iter().flat_map(|found| comparison(found, visit.number, address)));
        }
        _ => rows.extend(told(visit, decide, now)),
    }
    rows
}

/// Why there is no visit, and where to look.
fn not_entered(elsewhere: Option<(String, String)>, address: Address) -> AnyView {
    let Some((map, told)) = elsewhere else {
        return view! { <Empty title="Not reached">"This state has not been entered in this execution. Its input and output appear here once it is entered."</Empty> }.into_any();
    };
    let href = address.with(&[(STATE, Some(&map)), (PART, None), (VISIT, None)]) + "#state";
    view! { <Empty title="In child executions">{told}" "<a href=href data-noscroll="true">"Show them"</a></Empty> }
        .into_any()
}

fn facts(visit: &Visit, name: &str, address: Address, now: i64) -> Row {
    let (place, from, to) = (visit.place.clone(), visit.entered_at, visit.exited_at);
    let (event, bar, name) = (visit.event, visit.bar.clone(), name.to_owned());
    let (number, other) = (visit.number, visit.other);
    row("facts", &(number, &visit.place, to, &bar.clone(), other), move || {
        // The events of its state, open at the one that entered it; and the stretch of time around its bar.
        let events = {
            let name = name.clone();
            move || {
                let id = event.to_string();
                let (tab, of, open) = ((TAB, Some("events")), (OF, Some(name.as_str())), (EVENT, Some(id.as_str())));
                address.with(&[tab, of, open, (TYPE, None), (FIND, None), (FROM, None)]) + "#event"
            }
        };
        let compare = other.map(|other| {
            let (name, number, with) = (name.clone(), number.to_string(), other.to_string());
            let href = move || {
                let visit = [(STATE, Some(name.as_str())), (VISIT, Some(number.as_str()))];
                let compared = [(PART, Some("difference")), (WITH, Some(with.as_str()))];
                address.with(&[visit, compared].concat()) + "#state"
            };
            view! { " "<a href=href data-noscroll="true">{format!("Compare with visit {other}")}</a> }
        });
        let timeline = move || {
            let (iteration, number) = (bar.iteration.map(|id| id.to_string()), bar.number.to_string());
            let state = (STATE, Some(name.as_str()));
            let within = [(ITERATION, iteration.as_deref()), state, (VISIT, Some(number.as_str()))];
            let shown = [(TAB, Some("timeline")), (SPAN, bar.span.as_deref()), (ROW, None)];
            address.with(&[within, shown].concat()) + "#about"
        };
        view! {
            <p class="facts">
                {place.map(|place| view! { <span>{shown(place)}</span> })}
                <span>"entered "<When at=from now/></span>
                <span>{if to.is_some() { "took " } else { "for " }}<Lasted from to now/></span>
                <span class="ways"><a href=timeline data-noscroll="true">"In the timeline"</a>" "<a href=events data-noscroll="true">"Its events"</a>{compare}</span>
            </p>
        }
        .into_any()
    })
}

/// What happened, what was asked, what it got and gave.
fn told(visit: &Visit, decide: Post, now: i64) -> Vec<Row> {
    let mut rows = Vec::new();
    let which = visit.number;
    if let Some(failed) = visit.failure.clone() {
        rows.push(row("failure", &(which, &visit.failure), move || failure(failed)));
    }
    if let Some(asked) = visit.request.as_deref().filter(|asked| asked.state == ApprovalState::Waiting) {
        let key = (which, asked.row.event, asked.row.blocked.is_some());
        let asked = asked.clone();
        rows.push(row("request", &key, move || request(asked, decide, now)));
    }
    for (title, value) in [("Input", &visit.input), ("Output", &visit.output)] {
        if let Some(value) = value.clone() {
            rows.push(row(title, &(which, value.clone()), move || block(title, value)));
        }
    }
    let retried = visit.attempts.len() > 1;
    if !visit.attempts.is_empty() {
        let word = if retried { "Attempts" } else { "Attempt" };
        rows.push(row("attempts", &(which, retried), move || view! { <h3>{word}</h3> }.into_any()));
    }
    for made in &visit.attempts {
        rows.push(row("attempt", &(which, made), {
            let made = made.clone();
            move || attempt(made, retried, now)
        }));
    }
    if !visit.task.is_empty() || !visit.links.is_empty() {
        let (task, links) = (visit.task.clone(), visit.links.clone());
        rows.push(row("task", &(which, &visit.task, &visit.links), move || task_facts(task, links)));
    }
    rows
}

/// A request with the form that answers it.
fn request(asked: Approval, decide: Post, now: i64) -> AnyView {
    let row = asked.row;
    let href = here().approval(&row.execution_arn, row.event);
    let field = |(label, value): (String, String)| view! { <dt>{shown(label)}</dt><dd>{shown(value)}</dd> };
    let due = row.due.map(|at| view! { <dt>"Answer"</dt><dd><Due at now/></dd> });
    let form = row.blocked.is_none().then(|| {
        let key = (row.execution_arn.clone(), row.event);
        decision_forms(&key, &asked.shown, &asked.outcomes, asked.refused.is_some(), decide)
    });
    let refused = asked.refused.clone().map(|problem| view! { <div id=NOT_ALLOWED><ProblemBox problem/></div> });
    let blocked = row.blocked.map(|problem| view! { <p>{shown(problem.what)}</p> });
    view! {
        <section class="request-here" aria-label="Request">
            <p class="notice-title"><a href=href>{shown(row.title)}</a>{copy("the id of the request", asked.id)}</p>
            <dl class="fields small request-fields" tabindex="0" aria-label="Fields of the request">{asked.fields.into_iter().map(field).collect_view()}{due}</dl>
            {consequences(&asked.outcomes)}
            {warnings(&asked.warnings)}
            {blocked}
            {refused}
            {form}
        </section>
    }
    .into_any()
}

fn attempt(attempt: Attempt, open: bool, now: i64) -> AnyView {
    let open = open && attempt.failure.is_some();
    let (from, to) = (attempt.scheduled_at, attempt.ended_at);
    let waited = attempt
        .backed_off
        .map(|ms| view! { <p class="quiet">{format!("{} after the attempt before", duration(ms, true))}</p> });
    view! {
        <details class="visit" open=open>
            <summary>
                <StatusWord status=attempt.status/>
                <span class="mono">{format!("{} · ", attempt.number)}{shown(attempt.resource)}</span>
                <Lasted from to now/>
            </summary>
            <div class="visit-body">
                {waited}
                {attempt.failure.map(failure)}
                {attempt.parameters.map(|value| block("Request", value))}
                {attempt.output.map(|value| block("Answer", value))}
                {attempt.printed.map(|value| block("Output of the function", value))}
            </div>
        </details>
    }
    .into_any()
}

fn task_facts(task: Vec<(String, String)>, links: Vec<Link>) -> AnyView {
    let fact = |(label, value): (String, String)| {
        // The resource may be an activity or a function.
        let arn = value.starts_with("arn:").then(|| copy("the ARN of the resource", value.clone()));
        view! { <dt>{shown(label)}</dt><dd class="mono">{shown(value)}{arn}</dd> }
    };
    view! { <h3>"Task"</h3><dl class="fields small">{task.into_iter().map(fact).collect_view()}{links.into_iter().map(link_fact).collect_view()}</dl> }.into_any()
}

/// A link with its word, as a row of facts.
pub fn link_fact(link: Link) -> AnyView {
    let name = shown(link.name);
    let target = link.leaves.then_some("_blank");
    let rel = if link.leaves { "external noopener noreferrer" } else { "" };
    let value = match link.href {
        Some(href) => view! { <a href=href target=target rel=rel>{name}{link.leaves.then_some(" ↗")}</a> }.into_any(),
        None => name,
    };
    let copied = link.copied.map(|(what, text)| copy(&what, text));
    view! { <dt>{link.word}</dt><dd>{value}{copied}</dd> }.into_any()
}

/// The data at each stage, and the variables.
fn inside(inside: &Inside) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(why) = inside.unknown.clone() {
        rows.push(row("unknown", &why.clone(), move || {
            view! { <Empty title="Nothing computed">{shown(why)}</Empty> }.into_any()
        }));
    }
    if inside.differs {
        let note = || {
            view! { <p class="notice notice-ask">"What the stages come to is not what the history holds as the output. The definition may have been another one then."</p> }.into_any()
        };
        rows.push(row("differs", &0, note));
    }
    for (at, one) in inside.stages.iter().cloned().enumerate() {
        let looks = (at, one.field.clone(), one.recorded, one.value.clone());
        rows.push(row("stage", &looks, move || stage(one)));
    }
    if !inside.variables.is_empty() {
        rows.push(row("variables", &0, || view! { <h3>"Variables when it was entered"</h3> }.into_any()));
    }
    for (name, value) in inside.variables.iter().cloned() {
        let looks = (name.clone(), value.clone());
        rows.push(row("variable", &looks, move || {
            let label = format!("${}", visible(&name));
            view! { <section class="block"><h3 class="mono">{shown(label.clone())}</h3><Payload value label/></section> }.into_any()
        }));
    }
    rows
}

fn stage(stage: Stage) -> AnyView {
    let (word, title) = if stage.recorded {
        ("recorded", "The history holds this value.")
    } else {
        ("computed", "Computed again from what the history holds.")
    };
    let label = match stage.field.as_str() {
        "Result" => "Result of the state".to_owned(),
        "Error" => "Error that was caught".to_owned(),
        field => format!("After {field}"),
    };
    let body = match stage.value {
        Ok(value) => view! { <Payload value label=label.clone()/> }.into_any(),
        Err(why) => {
            view! { <p class="failure"><span class="failure-name">"Not computed. "</span>{shown(why)}</p> }.into_any()
        }
    };
    view! { <section class="block stage"><h3>{label}<span class="stage-kind" title=title>{word}</span></h3>{body}</section> }.into_any()
}

/// The choice of another visit, and how the values differ.
fn comparison(found: &Comparison, number: u64, address: Address) -> Vec<Row> {
    let (others, with) = (found.others.clone(), found.with);
    // A choice changes the address, not the rows: the keyboard stays where it is.
    let choice = (!others.is_empty())
        .then(|| row("with", &(number, &found.others), move || compare_with(others, with, address)));
    let value = |one: &Compared| {
        let lines: Vec<_> = one.lines.iter().map(|line| (line.sign, line.text.as_str())).collect();
        let looks = (number, &one.title, lines, &one.note);
        let one = one.clone();
        row("compared", &looks, move || compared(one))
    };
    choice.into_iter().chain(found.values.iter().map(value)).collect()
}

fn compare_with(others: Vec<(u64, String)>, with: Option<u64>, address: Address) -> AnyView {
    let with = with.map_or_else(String::new, |number| number.to_string());
    let each = others.iter().map(|(number, words)| option(&number.to_string(), words, &with)).collect_view();
    let chosen = move || address.view().get(WITH).unwrap_or_default().to_owned();
    view! {
        <AddressForm address sets=&COMPARED class="filter compare-with">
            <label class="field-line">
                <span>"Compare with"</span>
                <select name=WITH prop:value=chosen data-submits="true"><option value="">"nothing: input with output"</option>{each}</select>
            </label>
            <button class="button no-script" type="submit">"Show"</button>
        </AddressForm>
    }
    .into_any()
}

fn compared(one: Compared) -> AnyView {
    let note = (!one.note.is_empty()).then(|| view! { <p class="quiet">{one.note}</p> });
    let lines = (!one.lines.is_empty()).then(|| view! { <Diff lines=one.lines/> });
    view! { <section class="block"><h3>{shown(one.title)}</h3>{note}{lines}</section> }.into_any()
}

fn definition(found: Option<(u64, String)>, name: &str, address: Address) -> Row {
    let href = address.with(&[(TAB, Some("definition")), (STATE, Some(name))]) + "#lines";
    row("definition", &found.clone(), move || match found {
        Some((first, written)) => {
            let last = first + written.lines().count().saturating_sub(1) as u64;
            view! {
                <section class="block">
                    <h3><a href=href data-noscroll="true">{format!("Lines {first} to {last} of the definition")}</a></h3>
                    <Json text=written label="Definition of the state"/>
                </section>
            }
            .into_any()
        }
        None => view! { <Empty title="Not defined">"The definition could not be read, or has no such state."</Empty> }
            .into_any(),
    })
}

/// A payload under its heading.
fn block(title: &'static str, value: Value) -> AnyView {
    view! { <section class="block"><h3>{title}</h3><Payload value label=title/></section> }.into_any()
}

/// An error and its cause as a sentence, for a notice. The failure of a child leads to the child.
pub fn failure_line(word: &str, failure: Option<&Failure>) -> AnyView {
    let cause = failure.and_then(|failure| failure.cause.clone());
    let child = failure.and_then(|failure| failure.child.as_deref().cloned());
    let copied = failure.map(|failure| copy_error(word, failure));
    view! {
        <p class="notice-title"><span class="failure-name mono">{shown(word)}{copied}</span></p>
        {cause.map(|cause| view! { <p class="notice-cause">{shown(cause)}</p> })}
        {child.map(child_view)}
    }
    .into_any()
}

/// The name of an error, with a button that copies it.
fn error_name(failed: &Failure) -> AnyView {
    let error = failed.error.as_deref().unwrap_or("No error name");
    view! { {shown(error)}{copy_error(error, failed)} }.into_any()
}

/// A button that copies an error with its cause.
fn copy_error(error: &str, failed: &Failure) -> AnyView {
    let cause = failed.cause.as_ref();
    copy("the error", cause.map_or_else(|| error.to_owned(), |cause| format!("{error}: {cause}")))
}

/// An error and its cause. A cause is often JSON, as Lambda functions write it.
fn failure(failed: Failure) -> AnyView {
    view! {
        <div class="failure">
            <p class="failure-name mono">{error_name(&failed)}</p>
            {failed.cause.map(|cause| view! { <Json text=cause label="Cause"/> })}
            {failed.child.map(|child| child_view(*child))}
        </div>
    }
    .into_any()
}

/// A child execution by its link, and how it failed; its own children below it.
fn child_view(child: Child) -> AnyView {
    let href = here().execution(&child.arn);
    let inner = child.failure.map(|failed| {
        view! {
            <span class="failure-name mono">{error_name(&failed)}</span>
            {failed.cause.map(|cause| view! { <span class="notice-cause">{shown(cause)}</span> })}
            {failed.child.map(|child| child_view(*child))}
        }
    });
    view! { <div class="child"><p>"It failed in the execution that it started: "<a class="mono" href=href>{shown(child.name)}</a>{copy("the ARN of the failed execution", child.arn)}</p>{inner}</div> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_stand_apart() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_204, "1,204"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), expected);
        }
    }
}
