//! `countersign approvals`: requests of a running server, over its API.

pub(super) mod client;
mod show;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde_json::{Map, Value};

use self::client::{Client, Failure};
use super::config::{ApprovalsArgs, ApprovalsVerb};
use super::http::api::shapes::{Approval, Approvals, DecisionAnswer, DecisionRequest, FieldKind, Status};
use super::terminal;

/// Requests that one page of the server has.
const PAGE: u32 = 100;

/// Carries a command out.
#[must_use]
pub fn run(args: &ApprovalsArgs) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(carry_out(args)),
        Err(error) => Err(Failure::Local(format!("The program cannot start: {error}."))),
    };
    match done {
        Ok(text) => {
            // A reader that has gone, such as head, wants no more.
            let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("countersign: {}", terminal::lines(&failure.to_string()));
            ExitCode::from(failure.exit_status())
        }
    }
}

async fn carry_out(args: &ApprovalsArgs) -> Result<String, Failure> {
    let client = Client::of(args)?;
    match &args.verb {
        ApprovalsVerb::List { part, limit, all } => {
            list(&client, args, part, if *all { None } else { Some(*limit) }).await
        }
        ApprovalsVerb::Show { id } => {
            let (text, approval) = client.get::<Approval>(&format!("/api/approvals/{}", path_of(id)), &[]).await?;
            Ok(if args.json { terminal::json(&text) } else { terminal::lines(&show::approval(&approval)) })
        }
        ApprovalsVerb::Decide { id, outcome, comment, fields, yes, key } => {
            let path = format!("/api/approvals/{}", path_of(id));
            let (_, approval) = client.get::<Approval>(&path, &[]).await?;
            let request = DecisionRequest {
                outcome: outcome.clone(),
                comment: comment.clone(),
                // Nothing is decided that was not shown.
                shown: Some(approval.shown.clone()),
                form: form(&approval, outcome, fields)?,
            };
            if !yes && approval.status == Status::Waiting {
                ask(&approval, &request)?;
            }
            let key = key.clone().unwrap_or_else(client::new_key);
            let (text, answer) = client.post::<DecisionAnswer>(&format!("{path}/decision"), &key, &request).await?;
            Ok(if args.json { terminal::json(&text) } else { terminal::lines(&show::answer(&answer)) })
        }
    }
}

/// What waits: `limit` requests, or all of them.
async fn list(client: &Client, args: &ApprovalsArgs, part: &str, limit: Option<u32>) -> Result<String, Failure> {
    let size = limit.unwrap_or(PAGE).to_string();
    let mut all = Approvals { approvals: Vec::new(), total: 0, next: None };
    loop {
        let mut query = vec![("part", part), ("limit", size.as_str())];
        let cursor = all.next.take();
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let (_, page) = client.get::<Approvals>("/api/approvals", &query).await?;
        all.approvals.extend(page.approvals);
        (all.total, all.next) = (page.total, page.next);
        if limit.is_some() || all.next.is_none() {
            break;
        }
    }
    if args.json {
        let text = serde_json::to_string(&all).map_err(|error| Failure::Local(error.to_string()))?;
        return Ok(terminal::json(&text));
    }
    Ok(terminal::lines(&show::list(&all)))
}

/// An id as a part of a path.
fn path_of(id: &str) -> String {
    crate::routes::encode(id)
}

/// What was given of the outcome's form, in the kinds that it asks for. What it does not ask for, the server refuses.
fn form(approval: &Approval, outcome: &str, fields: &[String]) -> Result<Map<String, Value>, Failure> {
    let asked = approval.outcomes.iter().find(|one| one.id == outcome);
    let kinds: BTreeMap<&str, FieldKind> =
        asked.iter().flat_map(|one| &one.form).map(|field| (field.name.as_str(), field.kind)).collect();
    let mut form = Map::new();
    for field in fields {
        let (name, value) = field.split_once('=').ok_or_else(|| {
            Failure::Usage(format!("--field {field:?} is no field.\nWrite it as --field NAME=VALUE."))
        })?;
        let value = match (kinds.get(name), value) {
            (Some(FieldKind::Boolean), "true" | "yes") => Value::Bool(true),
            (Some(FieldKind::Boolean), "false" | "no") => Value::Bool(false),
            // A number goes as it was typed: with its digits.
            _ => Value::String(value.to_owned()),
        };
        match form.get_mut(name) {
            Some(Value::Array(values)) => values.push(value),
            Some(_) => {
                return Err(Failure::Usage(format!(
                    "The field {name} takes one value.\nGive --field {name}=VALUE once."
                )));
            }
            None if kinds.get(name) == Some(&FieldKind::Many) => {
                form.insert(name.to_owned(), Value::Array(vec![value]));
            }
            None => {
                form.insert(name.to_owned(), value);
            }
        }
    }
    Ok(form)
}

/// Shows what is about to be decided, and asks for a yes.
fn ask(approval: &Approval, request: &DecisionRequest) -> Result<(), Failure> {
    let outcome = approval.outcomes.iter().find(|one| one.id == request.outcome).ok_or_else(|| {
        let known: Vec<&str> = approval.outcomes.iter().map(|one| one.id.as_str()).collect();
        Failure::Usage(format!("This request has no outcome {:?}.\nChoose {}.", request.outcome, known.join(", ")))
    })?;
    if !std::io::stdin().is_terminal() {
        let why = "Nobody can be asked before it is decided: the standard input is no terminal.\nAdd --yes to decide without a question.";
        return Err(Failure::Usage(why.to_owned()));
    }
    eprintln!("{}", terminal::lines(&show::question(approval, outcome)));
    eprint!("Choose “{}”? [y/N] ", terminal::line(&outcome.label));
    let failed = |error: std::io::Error| Failure::Local(format!("The answer could not be read: {error}."));
    std::io::stderr().flush().map_err(failed)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(failed)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::Local("Nothing was decided.".to_owned()))
}
