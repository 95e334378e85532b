//! The forms of the page of the plan.

use std::sync::Arc;

use countersign_desk::{Actor, Desk, Error};

use super::worded;
use crate::error::{AppError, ErrorKind};
use crate::server::pages::deploy::Act;

/// Where a plan came from that a page proposes: no revision is known.
const SOURCE: &str = "";

/// Does what a form asks for; returns the workflows that were deployed. `name` is the workflow, empty for all, and `seen` the
/// hash of what was shown.
///
/// # Errors
/// It may not be done, what was shown is another one by now, or a call failed.
pub async fn act(
    desk: &Arc<Desk>,
    actor: &Actor,
    (name, seen): (&str, &str),
    fields: &[(String, String)],
) -> Result<Vec<String>, AppError> {
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let only = (!name.is_empty()).then_some(name);
    let alias = Some(field("alias")).filter(|alias| !alias.is_empty());
    let (id, comment) = (field("id"), field("comment"));
    let act = Act::of(field("act")).ok_or_else(|| unknown(field("act")))?;
    let done: Result<Vec<String>, Error> = match act {
        Act::Deploy => desk.deploy_seen(actor, only, seen).await,
        Act::Propose => desk.propose(actor, only, seen, SOURCE).await.map(|_| Vec::new()),
        Act::Approve | Act::Reject => {
            desk.vote_on(actor, id, act == Act::Approve, comment, seen).await.map(|_| Vec::new())
        }
        Act::Withdraw => desk.withdraw(actor, id).await.map(|()| Vec::new()),
        Act::RollBack => desk.roll_back(actor, name, alias).await.map(|_| Vec::new()),
        Act::Finish => desk.finish_rollout(actor, name, alias.unwrap_or_default()).await.map(|_| Vec::new()),
    };
    done.map_err(worded(desk))
}

fn unknown(word: &str) -> AppError {
    let known: Vec<&str> = Act::ALL.iter().map(|(_, word)| *word).collect();
    AppError::new(
        ErrorKind::Invalid,
        format!("A form of Deploy has no act {word:?}."),
        format!("Send one of {}.", known.join(", ")),
    )
}
