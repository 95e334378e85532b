//! Applying a plan: what was planned for is looked at once more; then topics, then state machines.

use super::plan::Item;
use crate::dto::Change;
use crate::error::{AppError, ErrorKind};
use crate::server::connection::{Clients, problem};

/// The role where the manifest names none: an emulator takes any.
const ANY_ROLE: &str = "arn:aws:iam::000000000000:role/countersign";

/// Looks whether the machine is still the one that the item was compared to. Step Functions has no conditional update:
/// this is the last moment at which somebody else's deployment can be seen.
///
/// # Errors
/// It is another one by now, or the connection does not answer.
pub async fn still_planned(clients: &Clients, item: &Item) -> Result<(), AppError> {
    let described = clients.sfn.describe_state_machine().state_machine_arn(&item.arn).send().await;
    let now = match described {
        Ok(now) => Some(now),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_state_machine_does_not_exist()) => None,
        Err(error) => return Err(problem(&format!("look at {}", item.name), &clients.about, &error)),
    };
    let same = match (&item.deployed, now) {
        (None, None) => true,
        (Some(planned), Some(now)) => {
            planned.definition.text == now.definition()
                && planned.revision_id.as_deref() == now.revision_id()
                && planned.kind == now.r#type().as_str()
                && planned.role_arn.as_deref() == Some(now.role_arn()).filter(|role| !role.is_empty())
        }
        _ => false,
    };
    if same {
        return Ok(());
    }
    Err(AppError::new(
        ErrorKind::Conflict,
        format!("{} was changed at {} since this plan was made. Nothing was deployed.", item.name, clients.about.label),
        "Look at the new plan below, then deploy it.",
    ))
}

/// Deploys one item that is new or changed. Returns the machine's ARN.
///
/// # Errors
/// The connection does not answer or refuses; nothing else was changed then.
pub async fn apply(clients: &Clients, item: &Item) -> Result<String, AppError> {
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
        (Some(machine), Change::Changed) => {
            clients
                .sfn
                .update_state_machine()
                .state_machine_arn(&machine.arn)
                .definition(&item.text)
                .set_role_arn(item.new_role(machine).map(str::to_owned))
                .send()
                .await
                .map_err(|error| problem(&format!("update {}", item.name), &clients.about, &error))?;
            Ok(machine.arn.clone())
        }
        _ => {
            let made = clients
                .sfn
                .create_state_machine()
                .name(&item.name)
                .definition(&item.text)
                .role_arn(item.role_arn.as_deref().unwrap_or(ANY_ROLE))
                .r#type(item.kind.as_str().into())
                .send()
                .await
                .map_err(|error| problem(&format!("create {}", item.name), &clients.about, &error))?;
            Ok(made.state_machine_arn)
        }
    }
}
