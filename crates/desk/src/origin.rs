//! Where an execution comes from: the execution whose Map Run or task started it.

use std::sync::Arc;

use countersign_trace::{EventKind, VisitId};

use crate::actor::Actor;
use crate::connection::Api;
use crate::desk::{Desk, workflow_of};
use crate::error::Error;
use crate::policy::Action;
use crate::watch::{Record, parent_named};

/// What started an execution.
#[derive(Clone, Debug)]
pub struct Origin {
    pub parent_arn: String,
    /// The Map Run whose child it is; a task started it otherwise.
    pub map_run_arn: Option<String>,
    /// The visit of the parent that started it, where the parent's history is known.
    pub place: Option<(Arc<Record>, VisitId)>,
    /// Whether nothing but its own input says so: anybody may have written that.
    pub is_claimed: bool,
}

impl Desk {
    /// What started an execution; `None` where nothing that was read says so, or the actor may not see the parent.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn origin(&self, actor: &Actor, record: &Record) -> Result<Option<Origin>, Error> {
        let arn = &record.description.arn;
        let listed = self.listed(actor, arn).await?;
        let map_run_arn = listed.as_ref().and_then(|row| row.map_run_arn.clone());
        let starter = match listed.and_then(|row| row.parent_arn) {
            Some(parent_arn) => Some((parent_arn, None)),
            None => {
                self.index().starter(self.id(), arn).await?.map(|starter| (starter.parent_arn, Some(starter.event)))
            }
        };
        let claim = || record.whole().0.input.as_deref().and_then(parent_named).filter(|parent| parent != arn);
        let Some(parent_arn) = starter.as_ref().map(|(arn, _)| arn.as_str()).or_else(claim).map(str::to_owned) else {
            return Ok(None);
        };
        if self.permit(actor, Action::View, workflow_of(&parent_arn)).is_err() {
            return Ok(None);
        }
        let parent = self.parent_record(&parent_arn).await;
        let place = parent.and_then(|parent| {
            let event = match (&map_run_arn, starter.as_ref().and_then(|(_, event)| *event)) {
                (Some(map_run), _) => map_run_began(&parent, map_run),
                (None, Some(event)) => Some(event),
                (None, None) => parent.started().into_iter().find(|(_, child)| child == arn).map(|(event, _)| event),
            };
            let visit = parent.trace.owner(event?).visit?;
            Some((parent, visit))
        });
        let is_claimed = starter.is_none() && place.is_none();
        Ok(Some(Origin { parent_arn, map_run_arn, place, is_claimed }))
    }

    /// The parent as it was read, or is read now where the pace leaves a call: the link to it is there in any case.
    async fn parent_record(&self, arn: &str) -> Option<Arc<Record>> {
        match self.watch().known_record(arn) {
            Some(record) => Some(record),
            None if self.watch().grants(Api::GetExecutionHistory) => match self.watch().record(arn).await {
                Ok(record) => Some(record),
                Err(error) => {
                    tracing::debug!(%error, execution = arn, "the execution that started another cannot be read");
                    None
                }
            },
            None => None,
        }
    }
}

/// The event with which a Map Run began.
fn map_run_began(parent: &Record, map_run_arn: &str) -> Option<u64> {
    let is_it = |event: &&countersign_trace::HistoryEvent| {
        event.kind == EventKind::MapRunStarted && event.details.map_run_arn.as_deref() == Some(map_run_arn)
    };
    parent.events.iter().find(is_it).map(|event| event.id)
}
