//! The host functions of expressions with regular expressions: a match of the backtracking engine, and `$split` and
//! `$contains` for every matcher.

use indexmap::IndexMap;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::value::JValue;

use super::super::tree::nodes;
use super::{CONTAINS, Engine, FIND, SPLIT, STEPS, compiled};

type FunctionResult = Result<JValue, EvaluatorError>;

/// Registers the functions, under names that an expression cannot write.
pub(in super::super) fn register(evaluator: &mut Evaluator) {
    let _ = evaluator.register_fn(FIND, find);
    let _ = evaluator.register_fn(SPLIT, split);
    let _ = evaluator.register_fn(CONTAINS, contains);
}

fn refused(text: impl Into<String>) -> EvaluatorError {
    EvaluatorError::EvaluationError(text.into())
}

/// A match: its begin and end in bytes, and its groups.
struct Match {
    start: usize,
    end: usize,
    groups: Vec<Option<String>>,
}

/// The first match at or after a byte.
fn search(pattern: &str, flags: &str, text: &str, from: usize) -> Result<Option<Match>, EvaluatorError> {
    let regex = compiled(pattern, flags).map_err(|reason| refused(format!("Invalid regular expression: {reason}")))?;
    let group = |text: &str| Some(text.to_owned());
    Ok(match regex {
        Engine::Plain(regex) => regex.captures_at(text, from).and_then(|captures| {
            let whole = captures.get(0)?;
            let groups = captures.iter().skip(1).map(|found| found.and_then(|found| group(found.as_str())));
            Some(Match { start: whole.start(), end: whole.end(), groups: groups.collect() })
        }),
        Engine::Looking(regex) => {
            let spent = |_| refused(format!("A regular expression took more than {STEPS} steps to match a text."));
            regex.captures_from_pos(text, from).map_err(spent)?.and_then(|captures| {
                let whole = captures.get(0)?;
                let groups = captures.iter().skip(1).map(|found| found.and_then(|found| group(found.as_str())));
                Some(Match { start: whole.start(), end: whole.end(), groups: groups.collect() })
            })
        }
    })
}

/// The match after one that ended at `end`: none at the end of the text. An empty match is an error.
fn next(pattern: &str, flags: &str, text: &str, end: usize) -> Result<Option<Match>, EvaluatorError> {
    if end >= text.len() {
        return Ok(None);
    }
    let found = search(pattern, flags, text, end)?;
    if found.as_ref().is_some_and(|found| found.start == found.end) {
        return Err(refused("D1004: Regular expression matches zero length string"));
    }
    Ok(found)
}

/// The number of bytes of so many UTF-16 units.
fn bytes(text: &str, units: usize) -> usize {
    let mut left = units;
    let part = text.chars().take_while(|letter| {
        let fits = left >= letter.len_utf16();
        left = left.saturating_sub(letter.len_utf16());
        fits
    });
    part.map(char::len_utf8).sum()
}

/// The number of UTF-16 units of so many bytes.
fn units(text: &str, bytes: usize) -> f64 {
    text[..bytes].encode_utf16().count() as f64
}

/// `(pattern, flags, text, from, later)`: the match object that JSONata's functions expect.
fn find(args: &[JValue]) -> FunctionResult {
    let text = |i: usize| args.get(i).and_then(JValue::as_str);
    let (Some(pattern), Some(flags), Some(subject)) = (text(0), text(1), text(2)) else { return Ok(JValue::Undefined) };
    let from = args.get(3).and_then(JValue::as_f64).unwrap_or(0.0).max(0.0) as usize;
    let later = matches!(args.get(4), Some(JValue::Bool(true)));
    let from = bytes(subject, from);
    let found = if later { next(pattern, flags, subject, from)? } else { search(pattern, flags, subject, from)? };
    let Some(found) = found else { return Ok(JValue::Undefined) };
    let group = |group: Option<String>| group.map_or(JValue::Undefined, JValue::from);
    let fields = [
        ("match", JValue::from(&subject[found.start..found.end])),
        ("start", JValue::Number(units(subject, found.start))),
        ("end", JValue::Number(units(subject, found.end))),
        ("groups", JValue::array(found.groups.into_iter().map(group).collect())),
    ];
    Ok(JValue::object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<IndexMap<_, _>>()))
}

/// What to search a text for.
enum Sought<'a> {
    Text(&'a str),
    Regex(String, String),
}

/// A text, a regular expression, or the function that stands for one.
fn sought(value: &JValue) -> Option<Sought<'_>> {
    match value {
        JValue::Regex { pattern, flags } => {
            Some(Sought::Regex(pattern.to_string(), flags.chars().filter(|flag| "im".contains(*flag)).collect()))
        }
        JValue::Lambda(function) => nodes(&function.body).find_map(|node| match node {
            AstNode::Function { name, args, .. } if name == FIND => match args.as_slice() {
                [AstNode::String(pattern), AstNode::String(flags), ..] => {
                    Some(Sought::Regex(pattern.clone(), flags.clone()))
                }
                _ => None,
            },
            _ => None,
        }),
        other => other.as_str().map(Sought::Text),
    }
}

/// The first two arguments of both functions; `None` where the result is undefined.
fn begin<'a>(function: &str, args: &'a [JValue], most: usize) -> Result<Option<(&'a str, Sought<'a>)>, EvaluatorError> {
    let misfit = |place: usize| {
        refused(format!("T0410: Argument {place} of function \"{function}\" does not match function signature"))
    };
    if args.len() > most {
        return Err(misfit(most + 1));
    }
    let text = match args.first() {
        None => return Err(misfit(1)),
        Some(text) if text.is_undefined() => None,
        Some(text) => Some(text.as_str().ok_or_else(|| misfit(1))?),
    };
    let sought = match args.get(1) {
        None => return Err(misfit(2)),
        Some(value) if value.is_undefined() => None,
        Some(value) => Some(sought(value).ok_or_else(|| misfit(2))?),
    };
    Ok(text.zip(sought))
}

fn contains(args: &[JValue]) -> FunctionResult {
    let Some((text, sought)) = begin("contains", args, 2)? else { return Ok(JValue::Undefined) };
    Ok(JValue::Bool(match sought {
        Sought::Text(part) => text.contains(part),
        Sought::Regex(pattern, flags) => search(&pattern, &flags, text, 0)?.is_some(),
    }))
}

fn split(args: &[JValue]) -> FunctionResult {
    let Some((text, sought)) = begin("split", args, 3)? else { return Ok(JValue::Undefined) };
    let most = match args.get(2).filter(|limit| !limit.is_undefined()) {
        None => f64::INFINITY,
        Some(limit) => limit
            .as_f64()
            .ok_or_else(|| refused("T0410: Argument 3 of function \"split\" does not match function signature"))?,
    };
    if most < 0.0 {
        return Err(refused("D3020: Third argument of split function must evaluate to a positive number"));
    }
    let parts: Vec<JValue> = match sought {
        Sought::Text("") => text.chars().map(|letter| JValue::from(letter.to_string())).take(whole(most)).collect(),
        Sought::Text(separator) => text.split(separator).map(JValue::from).take(whole(most)).collect(),
        Sought::Regex(pattern, flags) => {
            let (mut parts, mut start) = (Vec::new(), 0);
            let mut found = search(&pattern, &flags, text, 0)?;
            while let Some(at) = found.take().filter(|_| (parts.len() as f64) < most) {
                parts.push(JValue::from(&text[start..at.start]));
                start = at.end;
                found = next(&pattern, &flags, text, at.end)?;
            }
            if (parts.len() as f64) < most {
                parts.push(JValue::from(&text[start..]));
            }
            parts
        }
    };
    Ok(JValue::array(parts))
}

fn whole(most: f64) -> usize {
    most.min(usize::MAX as f64) as usize
}
