//! `countersign deploy propose`: the plan that is shown, for people to approve it on a running server.

use std::process::ExitCode;
use std::sync::Arc;

use axum::http::StatusCode;
use countersign_desk::connection::Connection;
use countersign_desk::deploy::{Folder, Plan};

use super::ask::ask;
use super::plan::{colours, planned, replayed, source};
use super::{Failure, apply, text};
use crate::server::approvals::client::{self, Client, Server};
use crate::server::config::ProposeArgs;
use crate::server::http::api::proposed::{Proposal, ProposalRequest};
use crate::server::terminal;

/// Where a server takes proposals.
const PROPOSALS: &str = "/api/deployments/proposals";

/// Plans, shows, asks, and has the server propose the same plan.
///
/// # Errors
/// Nothing was proposed: the failure says why.
pub async fn run(args: &ProposeArgs) -> Result<ExitCode, Failure> {
    let source = source(args.source.as_deref(), &args.within)?;
    let folder = Arc::new(Folder::read(&source));
    let (mut plan, connection) = planned(&args.within, &source, folder).await?;
    let may_be_proposed = check(&plan, &connection);
    // What is refused is not worth the calls of a replay.
    if may_be_proposed.is_ok() && !args.no_replay {
        replayed(&mut plan, &connection).await?;
    }
    print!("{}", text::plan(&plan, &source, &connection, colours()));
    may_be_proposed?;
    if !plan.items.iter().any(|item| item.is_ready()) {
        println!("Nothing was proposed: it is as the plan says already.");
        return Ok(ExitCode::SUCCESS);
    }
    let name = args.server_connection.as_deref().unwrap_or(connection.id.as_str());
    let server = Server {
        url: &args.url,
        token_file: args.token_file.as_deref(),
        connection: name,
        person: args.person.as_deref(),
    };
    let client = Client::to(&server).map_err(|failure| said(&failure))?;
    ask(&format!("Propose this plan on {}", args.url), args.yes)?;
    let request = ProposalRequest { shown: plan.hash.clone(), workflow: None };
    let proposed = client.post::<Proposal>(PROPOSALS, &client::new_key(), &request).await;
    let (_, proposal) = proposed.map_err(|failure| refused(&failure))?;
    let needed = proposal.progress.needed;
    let people = if needed == 1 { "1 person has".to_owned() } else { format!("{needed} people have") };
    let done = format!(
        "Proposed as {}: it waits in the inbox, and is made once {people} approved it.\n{}{}",
        proposal.id,
        args.url.trim_end_matches('/'),
        proposal.page
    );
    println!("{}", terminal::lines(&done));
    Ok(ExitCode::SUCCESS)
}

/// Refuses a plan that cannot be carried out, and one that nobody has to approve.
fn check(plan: &Plan, connection: &Connection) -> Result<(), Failure> {
    apply::refuse_what_cannot_be(plan, connection)?;
    if !apply::needs_approval(plan)? {
        let what = "This deployment needs no approval, so nothing was proposed.";
        return Err(Failure::new(what, "Make it with countersign deploy apply."));
    }
    Ok(())
}

/// Why the server did not propose it. It plans its own folder, against its own connection.
fn refused(failure: &client::Failure) -> Failure {
    match failure {
        client::Failure::Refused(problem) if problem.status == StatusCode::CONFLICT.as_u16() => Failure::new(
            "The server plans something else than this folder does, so nothing was proposed.",
            "Bring the server's folder of definitions to the same revision, look at its page Deploy, and propose again.",
        ),
        other => said(other),
    }
}

/// A failure of the client: a line with what happened, and one with what to do.
fn said(failure: &client::Failure) -> Failure {
    let text = failure.to_string();
    let (what, remedy) = text.split_once('\n').unwrap_or((text.as_str(), "Nothing was proposed."));
    Failure::new(what, remedy)
}
