//! What functions print, as log events: the group `/aws/lambda/NAME` has a stream for each call whose output is kept, and
//! an event for each of its lines. A line has the time at which its call began.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::pattern::Pattern;
use super::{CODE, LogGroup, PAGE, implied, invalid, name_in, no_group, with_next};
use crate::api::arn::{page, place, size_within, write_token};
use crate::api::error::ApiError;
use crate::api::wire::iso;
use crate::api::{OperationResult, parameters};
use crate::host::{AccountRegion, Host};
use crate::lambda::{Record, version_of};
use crate::store::ResourceKind;

/// What the name of a function's log group begins with.
pub const OF_FUNCTIONS: &str = "/aws/lambda/";
/// The most events of a page.
const EVENTS: i64 = 10_000;
/// The numbers of the lines of one call, between that of its first line and that of the next call's.
const LINES: u64 = 1 << 32;

/// The parameters of every operation here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ask {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: Option<String>,
    log_stream_names: Vec<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: bool,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    start_from_head: bool,
    limit: Option<i64>,
    next_token: Option<String>,
}

/// One operation that reads events.
pub async fn call(host: &Host, caller: &AccountRegion, name: &str, input: Value) -> OperationResult {
    let ask: Ask = parameters(input)?;
    let group = group(host, caller, &ask).await?;
    match name {
        "DescribeLogStreams" => describe(host, caller, &group, &ask),
        "GetLogEvents" => get(host, caller, &group, &ask),
        _ => filter(host, caller, &group, &ask),
    }
}

/// The name of the group that a request means, which is there: it is stored, or that of a function.
async fn group(host: &Host, caller: &AccountRegion, ask: &Ask) -> Result<String, ApiError> {
    let given = ask.log_group_name.as_ref().or(ask.log_group_identifier.as_ref());
    let given = given.ok_or_else(|| ApiError::missing("logGroupName"))?;
    if given.starts_with("arn:") && !caller.has(given) {
        return Err(no_group());
    }
    let name = name_in(given);
    let arn = caller.arn("logs", &format!("log-group:{name}"));
    let has_function = name.strip_prefix(OF_FUNCTIONS).is_some_and(|one| host.functions.key(caller, one).is_some());
    let is_there = has_function
        || implied(host, caller, name).is_some()
        || host.store.resource::<LogGroup>(ResourceKind::LogGroup, &arn).await?.is_some();
    if is_there { Ok(name.to_owned()) } else { Err(no_group()) }
}

/// The output of one call.
struct Stream {
    name: String,
    record: Arc<Record>,
}

/// One line of it.
struct Event {
    /// Increases from line to line and from call to call, and stays when older lines go.
    place: u64,
    at: i64,
    message: String,
}

impl Stream {
    fn of(record: Arc<Record>) -> Self {
        let time = iso(record.began_at);
        let day = time.split('T').next().unwrap_or(&time).replace('-', "/");
        let name = format!("{day}/[{}]{}", version_of(&record.key), record.id.replace('-', ""));
        Self { name, record }
    }

    /// The number of its first line.
    fn first(&self) -> u64 {
        self.record.number.saturating_mul(LINES)
    }

    /// Its events within the times of a request, the oldest first. Secrets of connections are hidden.
    fn events(&self, host: &Host, ask: &Ask, is_in_time: impl Fn(i64, i64) -> bool) -> Vec<Event> {
        let at = self.record.began_at;
        if ask.start_time.is_some_and(|start| at < start) || ask.end_time.is_some_and(|end| !is_in_time(at, end)) {
            return Vec::new();
        }
        let kept = self.record.lines();
        let text = host.masks.text(&kept.text);
        let lines = text.split_inclusive('\n').zip(kept.first..);
        let mut events: Vec<Event> = lines
            .map(|(line, number)| Event {
                place: self.first().saturating_add(number.min(LINES - 1)),
                at,
                message: line.to_owned(),
            })
            .collect();
        if let Some(first) = events.first_mut().filter(|_| kept.left_out > 0) {
            first.message = format!("[{} bytes before this line were not kept] {}", kept.left_out, first.message);
        }
        events
    }
}

/// The streams of a group, the oldest first.
fn streams(host: &Host, caller: &AccountRegion, group: &str) -> Vec<Stream> {
    let Some(function) = group.strip_prefix(OF_FUNCTIONS) else { return Vec::new() };
    let records = host.functions.records(function).into_iter();
    records.filter(|record| is_seen_by(caller, record)).map(Stream::of).collect()
}

/// Whether a call was one of a function in the caller's account and region; those of the functions' file are in each.
pub fn is_seen_by(caller: &AccountRegion, record: &Record) -> bool {
    !record.key.starts_with("arn:") || caller.has(&record.key)
}

fn no_stream() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

fn no_token<E>(_: E) -> ApiError {
    invalid("The specified nextToken is invalid.")
}

/// `DescribeLogStreams`.
fn describe(host: &Host, caller: &AccountRegion, group: &str, ask: &Ask) -> OperationResult {
    let size = size_within(CODE, "limit", ask.limit, PAGE)?.or(Some(PAGE));
    let prefix = ask.log_stream_name_prefix.as_deref();
    let mut all = streams(host, caller, group);
    match ask.order_by.as_deref() {
        None | Some("LogStreamName") => all.sort_by(|a, b| a.name.cmp(&b.name)),
        Some("LastEventTime") if prefix.is_some() => {
            return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
        }
        Some("LastEventTime") => all.sort_by_key(|stream| (stream.record.began_at, stream.first())),
        Some(other) => {
            return Err(invalid(format!("The orderBy {other:?} is none of LogStreamName and LastEventTime.")));
        }
    }
    all.retain(|stream| stream.name.starts_with(prefix.unwrap_or_default()));
    if ask.descending {
        all.reverse();
    }
    let question = format!("DescribeLogStreams {group} {prefix:?} {:?} {}", ask.order_by, ask.descending);
    let (all, next) = page(all, size, ask.next_token.as_deref(), &question).map_err(no_token)?;
    let arn = caller.arn("logs", &format!("log-group:{group}"));
    let described = all.iter().map(|stream| {
        let at = stream.record.began_at;
        json!({
            "logStreamName": stream.name, "creationTime": at, "firstEventTimestamp": at, "lastEventTimestamp": at,
            "lastIngestionTime": at, "arn": format!("{arn}:log-stream:{}", stream.name), "storedBytes": 0,
        })
    });
    Ok(with_next("logStreams", described.collect(), next))
}

/// `GetLogEvents`: of one stream, from its end or its head, with a token for each direction.
fn get(host: &Host, caller: &AccountRegion, group: &str, ask: &Ask) -> OperationResult {
    let name = ask.log_stream_name.as_ref().ok_or_else(|| ApiError::missing("logStreamName"))?;
    let size = size_within(CODE, "limit", ask.limit, EVENTS)?.unwrap_or(EVENTS);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let stream = streams(host, caller, group).into_iter().find(|stream| stream.name == *name).ok_or_else(no_stream)?;
    let events = stream.events(host, ask, |at, end| at < end);
    let question = format!("GetLogEvents {group} {name} {:?} {:?}", ask.start_time, ask.end_time);
    let (from, range) = match ask.next_token.as_deref() {
        None if ask.start_from_head => (stream.first(), 0..size.min(events.len())),
        None => (stream.first(), events.len().saturating_sub(size)..events.len()),
        Some(token) => {
            let (direction, token) = token.split_once('/').ok_or_else(|| no_token(()))?;
            let from = place(Some(token), &question).map_err(no_token)?.unwrap_or_default() as u64;
            let at = events.partition_point(|event| event.place < from);
            match direction {
                "f" => (from, at..at.saturating_add(size).min(events.len())),
                "b" => (from, at.saturating_sub(size)..at),
                _ => return Err(no_token(())),
            }
        }
    };
    let events = &events[range];
    // At an end, the token is the one that was given: there is nothing more in this direction.
    let forward = events.last().map_or(from, |event| event.place + 1);
    let backward = events.first().map_or(from, |event| event.place);
    let shown = events
        .iter()
        .map(|event| json!({ "timestamp": event.at, "message": event.message, "ingestionTime": event.at }));
    Ok(json!({
        "events": shown.collect::<Vec<Value>>(),
        "nextForwardToken": format!("f/{}", token_of(forward, &question)),
        "nextBackwardToken": format!("b/{}", token_of(backward, &question)),
    }))
}

fn token_of(place: u64, question: &str) -> String {
    write_token(usize::try_from(place).unwrap_or(usize::MAX), question)
}

/// `FilterLogEvents`: of every stream of a group, or of some, the oldest call first.
fn filter(host: &Host, caller: &AccountRegion, group: &str, ask: &Ask) -> OperationResult {
    let size = size_within(CODE, "limit", ask.limit, EVENTS)?.unwrap_or(EVENTS);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let (names, prefix) = (&ask.log_stream_names, ask.log_stream_name_prefix.as_deref());
    if !names.is_empty() && prefix.is_some() {
        return Err(invalid("logStreamNames and logStreamNamePrefix cannot be given together."));
    }
    let pattern = Pattern::read(ask.filter_pattern.as_deref().unwrap_or_default())?;
    let mut all = streams(host, caller, group);
    if names.iter().any(|name| all.iter().all(|stream| stream.name != *name)) {
        return Err(no_stream());
    }
    all.retain(|stream| {
        (names.is_empty() || names.contains(&stream.name)) && stream.name.starts_with(prefix.unwrap_or_default())
    });
    let question = format!(
        "FilterLogEvents {group} {names:?} {prefix:?} {:?} {:?} {:?}",
        ask.start_time, ask.end_time, ask.filter_pattern
    );
    let from = place(ask.next_token.as_deref(), &question).map_err(no_token)?.unwrap_or_default() as u64;
    let mut found = Vec::new();
    for stream in &all {
        for event in stream.events(host, ask, |at, end| at <= end) {
            if event.place < from || !pattern.matches(&event.message) {
                continue;
            }
            if found.len() == size {
                return Ok(with_next("events", found, Some(token_of(event.place, &question))));
            }
            found.push(json!({
                "logStreamName": stream.name, "timestamp": event.at, "message": event.message,
                "ingestionTime": event.at, "eventId": format!("{:056}", event.place),
            }));
        }
    }
    Ok(with_next("events", found, None))
}
