//! Payloads: as far as a page carries them, and whole. Both are redacted.

use std::fmt;
use std::str::FromStr;

use countersign_desk::eyes::Eyes;
use countersign_desk::watch::{Record, details};
use countersign_desk::{Actor, Desk};
use countersign_json::{Json, pretty};
use countersign_trace::VisitId;

use super::{Answered, worded};
use crate::app::{escaped, json_folded, json_html};
use crate::error::{AppError, ErrorKind};
use crate::routes;
use crate::wire::value::{Rest, Value};

/// Bytes of a payload that a page carries.
const CARRIED: usize = 16 * 1024;

/// Longer ones (bytes) are shown without tones, and their folds are so many at most: a browser takes seconds to lay out
/// tens of thousands of elements, and stands still meanwhile.
const TONED: usize = 64 * 1024;
const FOLDS: usize = 1_000;

/// Which payload of an execution, as an address names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Input,
    Output,
    /// A field of an event's details.
    Event(u64, &'static str),
    /// A detail of an event, by the name that AWS gives it.
    Detail(u64, String),
    /// A stage of the visit that an event began.
    Stage(u64, String),
    /// A variable that the visit saw which an event began.
    Variable(u64, String),
}

/// The fields of events that hold payloads.
const FIELDS: [&str; 4] = ["input", "output", "parameters", "cause"];

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input => out.write_str("input"),
            Self::Output => out.write_str("output"),
            Self::Event(id, field) => write!(out, "event.{id}.{field}"),
            Self::Detail(id, name) => write!(out, "detail.{id}.{name}"),
            Self::Stage(id, field) => write!(out, "stage.{id}.{field}"),
            Self::Variable(id, name) => write!(out, "variable.{id}.{name}"),
        }
    }
}

impl FromStr for Source {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "input" => return Ok(Self::Input),
            "output" => return Ok(Self::Output),
            _ => {}
        }
        let (kind, rest) = text.split_once('.').ok_or(())?;
        let (id, name) = rest.split_once('.').ok_or(())?;
        let id = id.parse().map_err(|_| ())?;
        match kind {
            "event" => FIELDS.iter().find(|field| **field == name).map(|field| Self::Event(id, field)).ok_or(()),
            "detail" => Ok(Self::Detail(id, name.to_owned())),
            "stage" => Ok(Self::Stage(id, name.to_owned())),
            "variable" => Ok(Self::Variable(id, name.to_owned())),
            _ => Err(()),
        }
    }
}

/// `text`, which is redacted, of an execution of this connection, as far as a page carries it.
#[must_use]
pub fn value(connection: &str, arn: &str, text: String, source: &Source) -> Value {
    if text.len() <= CARRIED {
        return Value { text, rest: None };
    }
    let mut end = CARRIED;
    let whole = pretty(&text);
    if whole.len() <= CARRIED {
        return Value { text: whole, rest: None };
    }
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    let begin = &whole[..end];
    // Whole lines, unless one line is most of it: the beginning of a long text says more than what stands before it.
    let lines = begin.rsplit_once('\n').map(|(lines, _)| lines);
    let begin = lines.filter(|lines| lines.len() >= CARRIED / 2).unwrap_or(begin);
    let href = routes::of(connection).value(arn, &source.to_string());
    Value { text: begin.to_owned(), rest: Some(Rest { bytes: u64::try_from(text.len()).unwrap_or(u64::MAX), href }) }
}

/// The whole of a payload, redacted.
///
/// # Errors
/// There is none of this name, or the execution cannot be read.
pub async fn whole(desk: &Desk, actor: &Actor, arn: &str, of: &str) -> Answered<String> {
    let none = || AppError::new(ErrorKind::NotFound, "This execution has no such value.", "Open the execution's page.");
    let source: Source = of.parse().map_err(|()| none())?;
    let (record, _) = desk.execution(actor, arn).await.map_err(|error| worded(desk, &error))?;
    let eyes = desk.viewing(actor, &record).await;
    if let Source::Stage(entered, name) | Source::Variable(entered, name) = &source {
        let visit = record.trace.numbered_visits().find(|(_, visit)| visit.entered_event == *entered);
        let (visit, _) = visit.ok_or_else(none)?;
        return inside(desk, actor, &record, visit, &source, name).await?.ok_or_else(none);
    }
    recorded(&record, &eyes, &source).ok_or_else(none)
}

async fn inside(
    desk: &Desk,
    actor: &Actor,
    record: &std::sync::Arc<Record>,
    visit: VisitId,
    source: &Source,
    name: &str,
) -> Answered<Option<String>> {
    let inside = desk.inside(actor, record, visit).await.map_err(|error| worded(desk, &error))?;
    if matches!(source, Source::Variable(..)) {
        return Ok(inside.variables.into_iter().find(|(known, _)| known == name).map(|(_, text)| text));
    }
    Ok(inside.stages.into_iter().find(|stage| stage.field == name).and_then(|stage| stage.value.ok()))
}

/// A payload that the history holds.
fn recorded(record: &Record, eyes: &Eyes, source: &Source) -> Option<String> {
    match source {
        Source::Input => eyes.option(record.description.input.as_deref()),
        Source::Output => eyes.option(record.description.output.as_deref()),
        Source::Event(id, field) => {
            let details = &record.event(*id)?.details;
            match *field {
                "parameters" => Some(eyes.text(&record.request(*id))),
                "input" => eyes.option(details.input.as_deref()),
                "output" => eyes.option(details.output.as_deref()),
                _ => eyes.option(details.cause.as_deref()),
            }
        }
        Source::Detail(id, name) => {
            let found = details(record.event(*id)?).into_iter().find(|(key, _)| key == name);
            found.map(|(key, text)| eyes.detail(&key, &text))
        }
        Source::Stage(..) | Source::Variable(..) => None,
    }
}

/// A whole value as the viewer of a page shows it. A large one folds down to the level that has folds enough.
#[must_use]
pub fn html(text: &str) -> String {
    if text.len() <= TONED {
        return json_html(text);
    }
    let Ok(json) = Json::read(text) else { return escaped(text) };
    json_folded(&json, deepest(&json.pretty()))
}

/// The levels of a text laid out that have no more folds than a page bears.
fn deepest(text: &str) -> usize {
    let mut folds: Vec<usize> = Vec::new();
    for (level, _) in text.lines().map(level).filter(|(_, body)| opens(body)) {
        folds.resize(folds.len().max(level + 1), 0);
        folds.iter_mut().skip(level).take(1).for_each(|count| *count += 1);
    }
    let mut sum = 0;
    let fits = |count: &&usize| {
        sum += **count;
        sum <= FOLDS
    };
    folds.iter().take_while(fits).count()
}

/// How far a line of a text laid out is indented, and what it says.
fn level(line: &str) -> (usize, &str) {
    let body = line.trim_start_matches(' ');
    ((line.len() - body.len()) / 2, body)
}

/// Whether a value begins at the end of a line: a text ends with a quote.
fn opens(body: &str) -> bool {
    body.ends_with(['{', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_arrives_cut_behind_a_line_or_within_a_long_one() {
        let cut = |text: &str| value("prod", "arn", text.to_owned(), &Source::Input);
        let rows = format!("[{}1]", "1234567,".repeat(4_000));
        let rows = cut(&rows);
        assert!(rows.rest.is_some() && rows.text.ends_with("  1234567,"), "{}", &rows.text[rows.text.len() - 20..]);
        let long = cut(&format!("{{\"a\":\"{}\"}}", "x".repeat(100_000)));
        assert_eq!((long.rest.is_some(), long.text.len()), (true, CARRIED));
        assert!(long.text.ends_with("xxx"));
        // What is long by its white space alone is whole.
        let spaced = cut(&format!("{{{}}}", " ".repeat(100_000)));
        assert_eq!((spaced.rest, spaced.text.as_str()), (None, "{}"));
    }

    #[test]
    fn a_large_value_has_as_many_folds_as_a_page_bears() {
        let folds = |text: &str| {
            let html = html(text);
            assert_eq!(html.matches("<details open>").count(), html.matches("</details>").count());
            let tags = ["<details open><summary>", "</summary>", "</details>"];
            let plain = tags.iter().fold(html.clone(), |html, tag| html.replace(tag, "")).replace("&quot;", "\"");
            assert_eq!(plain, pretty(text));
            html.matches("<details open>").count()
        };
        let rows = |count: usize| format!("{{\"rows\":[{}0]}}", "{\"a\":[1,{}],\"{\":\"[\"},".repeat(count));
        assert!(rows(900).len() < TONED && json_html(&rows(900)).contains("class=\"k\""), "a small one has its tones");
        let many = rows(5_000);
        assert!(many.len() > TONED);
        assert_eq!(folds(&many), 2, "not one for each row");
        let few = format!("{{\"text\":\"{}\",\"rows\":{}}}", "x".repeat(TONED), rows(600));
        assert_eq!(folds(&few), 603, "each row, and not the list in it");
        assert_eq!(html(&"<".repeat(TONED + 1)).len(), 4 * (TONED + 1), "a text that is no JSON is escaped");
    }

    #[test]
    fn a_source_is_read_as_it_is_written() {
        for source in [
            Source::Input,
            Source::Output,
            Source::Event(17, "parameters"),
            Source::Detail(9, "input".to_owned()),
            Source::Stage(3, "ResultPath".to_owned()),
            Source::Variable(3, "a.b".to_owned()),
        ] {
            assert_eq!(source.to_string().parse(), Ok(source));
        }
        for text in ["", "event.1.name", "event.x.input", "event.1", "other.1.a", "definition"] {
            assert_eq!(text.parse::<Source>(), Err(()), "{text}");
        }
    }
}
