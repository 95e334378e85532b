//! The reading functions: one for each page.

use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Postcard};

use crate::dto::{
    ApprovalPage, DecisionRow, DeployPage, ExecutionPage, ExecutionsPage, Frame, InboxPage, Overview, WorkflowPage,
    WorkflowRow,
};
use crate::error::AppError;

/// The frame around every page: connection, person, and the count beside "Inbox".
#[server(prefix = "/api", endpoint = "frame", input = GetUrl, output = Postcard)]
pub async fn get_frame() -> Result<Frame, AppError> {
    let (app, person) = crate::server::context().await?;
    Ok(app.frame(&person).await)
}

/// The overview.
#[server(prefix = "/api", endpoint = "overview", input = GetUrl, output = Postcard)]
pub async fn get_overview() -> Result<Overview, AppError> {
    let (app, _) = crate::server::context().await?;
    app.overview().await
}

/// All workflows of the connection.
#[server(prefix = "/api", endpoint = "workflows", input = GetUrl, output = Postcard)]
pub async fn list_workflows() -> Result<Vec<WorkflowRow>, AppError> {
    let (app, _) = crate::server::context().await?;
    app.workflows().await
}

/// One workflow by its name.
#[server(prefix = "/api", endpoint = "workflow", input = GetUrl, output = Postcard)]
pub async fn get_workflow(name: String) -> Result<WorkflowPage, AppError> {
    let (app, _) = crate::server::context().await?;
    app.workflow(&name).await
}

/// Executions, newest first; `status` is one of AWS's words in lower case (`running`, `succeeded`, `failed`, `timed_out`, `aborted`).
#[server(prefix = "/api", endpoint = "executions", input = GetUrl, output = Postcard)]
pub async fn list_executions(workflow: Option<String>, status: Option<String>) -> Result<ExecutionsPage, AppError> {
    let (app, _) = crate::server::context().await?;
    app.executions(workflow, status).await
}

/// One execution; `state` is the one that the page is to open on.
#[server(prefix = "/api", endpoint = "execution", input = GetUrl, output = Postcard)]
pub async fn get_execution(arn: String, state: Option<String>) -> Result<ExecutionPage, AppError> {
    let (app, _) = crate::server::context().await?;
    app.execution(&arn, state).await
}

/// Everything that waits for a person, and the latest decisions.
#[server(prefix = "/api", endpoint = "inbox", input = GetUrl, output = Postcard)]
pub async fn get_inbox() -> Result<InboxPage, AppError> {
    let (app, _) = crate::server::context().await?;
    app.inbox().await
}

/// One approval, by its execution and the id of its TaskScheduled event.
#[server(prefix = "/api", endpoint = "approval", input = GetUrl, output = Postcard)]
pub async fn get_approval(arn: String, event: u64) -> Result<ApprovalPage, AppError> {
    let (app, _) = crate::server::context().await?;
    app.approval(&arn, event).await
}

/// Every decision on record, newest first, at most 500.
#[server(prefix = "/api", endpoint = "decisions", input = GetUrl, output = Postcard)]
pub async fn list_decisions() -> Result<Vec<DecisionRow>, AppError> {
    let (app, _) = crate::server::context().await?;
    app.decisions().await
}

/// `statemachine/` beside what the connection has.
#[server(prefix = "/api", endpoint = "plan", input = GetUrl, output = Postcard)]
pub async fn get_deploy_plan() -> Result<DeployPage, AppError> {
    let (app, _) = crate::server::context().await?;
    app.deploy_plan().await
}
