//! What is read outside of pages: an execution's history as a file, and its payloads whole. Both are redacted, and asked
//! of the desk as a page would be.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_desk::eyes::Eyes;
use countersign_desk::watch::Record;
use countersign_desk::{Actor, Desk, Done};
use countersign_trace::HistoryEvent;
use futures::StreamExt as _;
use serde::Deserialize;

use super::refusal::{Wants, refuse};
use super::{Site, Who};
use crate::error::{AppError, ErrorKind};
use crate::routes;
use crate::server::audit::export::Form;
use crate::server::pages::audit;
use crate::server::pages::value::{html, whole};
use crate::server::words;

/// Events of a piece of the file.
const PIECE: usize = 256;

/// The desk that a path names, and who asks.
fn asked(site: &Site, connection: &str, who: &Who) -> Result<(Arc<Desk>, Actor), AppError> {
    let desk = site.desks.get(connection).ok_or_else(|| words::no_connection(&site.desks, connection))?;
    Ok((Arc::clone(desk), who.actor()))
}

fn refused(headers: &HeaderMap, path: &str, error: &AppError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    refuse(Wants::of(headers, path), status, &error.problem.what, &error.problem.remedy)
}

/// The history of an execution, as `GetExecutionHistory` has it.
pub async fn history(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path((connection, arn)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let arn = routes::name_of(&arn).to_owned();
    let read = async {
        let (desk, actor) = asked(&site, &connection, &who)?;
        let (record, _) = desk.execution(&actor, &arn).await.map_err(|error| words::error(desk.about(), &error))?;
        let eyes = desk.viewing(&actor, &record).await;
        Ok((record, eyes))
    };
    let (record, eyes) = match read.await {
        Ok(read) => read,
        Err(error) => return refused(&headers, &routes::of(&connection).history(&arn), &error),
    };
    let disposition = format!("attachment; filename=\"{}.history.json\"", file_name(&record.description.name));
    let mut response = Response::new(Body::from_stream(futures::stream::iter(pieces(record, eyes))));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        out.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

fn no_form(ending: &str) -> AppError {
    let what = format!("The record is no file that ends with {ending:?}.");
    AppError::new(ErrorKind::NotFound, what, "Choose CSV or JSON Lines on the audit page.")
}

/// What of the record is wanted.
#[derive(Deserialize)]
pub struct Sought {
    kind: Option<String>,
    q: Option<String>,
}

/// The record as a file, as `ending` says, newest entries first.
pub async fn record(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path((connection, ending)): Path<(String, String)>,
    Query(sought): Query<Sought>,
    headers: HeaderMap,
) -> Response {
    let path = routes::of(&connection).audit();
    let read = async {
        let (desk, actor) = asked(&site, &connection, &who)?;
        let form = Form::of(&ending).ok_or_else(|| no_form(&ending))?;
        let filter = audit::filter(sought.kind.as_deref(), sought.q.as_deref());
        // The first page says whether there is any that this person may see.
        let first = desk.audit(&actor, &filter, None).await.map_err(|error| words::error(desk.about(), &error))?;
        // It holds titles, comments and answers.
        let parts = [Some(ending.as_str()), sought.kind.as_deref(), sought.q.as_deref()];
        let what = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        desk.note(&actor, Done::Exported { what }).await;
        Ok((desk, actor, form, filter, first))
    };
    let (desk, actor, form, filter, first) = match read.await {
        Ok(read) => read,
        Err(error) => return refused(&headers, &path, &error),
    };
    let rest = futures::stream::try_unfold(
        (desk, actor, filter, Some(first)),
        move |(desk, actor, filter, page)| async move {
            let Some(page) = page else { return Ok(None) };
            let text: String = page.entries.iter().map(|entry| form.line(entry)).collect();
            let next = match page.older {
                Some(older) => Some(desk.audit(&actor, &filter, Some(older)).await.map_err(std::io::Error::other)?),
                None => None,
            };
            Ok::<_, std::io::Error>(Some((Bytes::from(text), (desk, actor, filter, next))))
        },
    );
    let head = futures::stream::iter([Ok(Bytes::from(form.head()))]);
    let mut response = Response::new(Body::from_stream(head.chain(rest)));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
    out.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    response
}

/// The file in pieces, each made when it is sent.
fn pieces(record: Arc<Record>, eyes: Eyes) -> impl Iterator<Item = Result<Bytes, std::io::Error>> {
    let count = record.events.len();
    let piece = move |from: usize| {
        let mut out = String::new();
        for event in record.events.iter().skip(from).take(PIECE) {
            let text = serde_json::to_string(&seen(event, &eyes)).map_err(std::io::Error::other)?;
            out.push_str(if event.id > 1 { ",\n" } else { "" });
            out.push_str(&eyes.name(&text));
        }
        Ok(Bytes::from(out))
    };
    let head = std::iter::once(Ok(Bytes::from_static(b"{\"events\":[\n")));
    let tail = std::iter::once(Ok(Bytes::from_static(b"\n]}\n")));
    head.chain((0..count).step_by(PIECE).map(piece)).chain(tail)
}

/// An event with its payloads as whoever asks sees them.
fn seen<'e>(event: &'e HistoryEvent, eyes: &Eyes) -> Cow<'e, HistoryEvent> {
    if eyes.see_all() {
        return Cow::Borrowed(event);
    }
    let mut event = event.clone();
    let details = &mut event.details;
    for payload in [&mut details.input, &mut details.output, &mut details.parameters, &mut details.cause] {
        *payload = eyes.option(payload.as_deref());
    }
    details.task_credentials = eyes.option(details.task_credentials.as_deref());
    for (name, value) in details.assigned_variables.iter_mut().flatten() {
        *value = eyes.variable(name, value);
    }
    Cow::Owned(event)
}

/// A name as every file system takes it.
fn file_name(name: &str) -> String {
    let safe = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' };
    let name: String = name.chars().map(safe).take(80).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "execution".to_owned() } else { name.to_owned() }
}

/// Which payload, and as what: as it is, or as the viewer of a page shows it.
#[derive(Deserialize)]
pub struct Wanted {
    of: String,
    #[serde(default, rename = "as")]
    form: String,
}

/// One payload of an execution, whole.
pub async fn value(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path((connection, arn)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let arn = routes::name_of(&arn).to_owned();
    let read = async {
        let (desk, actor) = asked(&site, &connection, &who)?;
        whole(&desk, &actor, &arn, &wanted.of).await
    };
    match read.await {
        Ok(text) if wanted.form == "html" => {
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html(&text)).into_response()
        }
        Ok(text) => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], countersign_json::pretty(&text)).into_response()
        }
        Err(error) => refused(&headers, &routes::of(&connection).value(&arn, &wanted.of), &error),
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_file_s_name_leaves_no_folder() {
        for (name, expected) in [
            ("a1-b2", "a1-b2"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a\"b\r\nc", "a_b__c"),
            ("Größe", "Gr__e"),
            ("...", "execution"),
            ("", "execution"),
        ] {
            assert_eq!(file_name(name), expected);
        }
    }
}
