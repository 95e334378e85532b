//! Applying a plan: topics first, then state machines.

use super::plan::Item;
use crate::dto::Change;
use crate::error::AppError;
use crate::server::connection::{Clients, problem};

/// The role where the manifest names none: an emulator takes any.
const ANY_ROLE: &str = "arn:aws:iam::000000000000:role/countersign";

/// Deploys one item that is new or changed. Returns the machine's ARN.
///
/// # Errors
/// The connection does not answer or refuses; nothing else was changed then.
pub async fn apply(clients: &Clients, role_arn: Option<&str>, item: &Item) -> Result<String, AppError> {
    for topic in &item.topics {
        // Making a topic that is there gives the one that is there.
        clients
            .sns
            .create_topic()
            .name(topic)
            .send()
            .await
            .map_err(|error| problem(&format!("make the topic {topic}"), &clients.about, &error))?;
    }
    match (&item.deployed, item.change) {
        (Some(arn), Change::Changed) => {
            clients
                .sfn
                .update_state_machine()
                .state_machine_arn(arn)
                .definition(&item.text)
                .send()
                .await
                .map_err(|error| problem(&format!("update {}", item.name), &clients.about, &error))?;
            Ok(arn.clone())
        }
        _ => {
            let made = clients
                .sfn
                .create_state_machine()
                .name(&item.name)
                .definition(&item.text)
                .role_arn(role_arn.unwrap_or(ANY_ROLE))
                .r#type(item.kind.as_str().into())
                .send()
                .await
                .map_err(|error| problem(&format!("create {}", item.name), &clients.about, &error))?;
            Ok(made.state_machine_arn)
        }
    }
}
