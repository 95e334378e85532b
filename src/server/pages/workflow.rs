//! One workflow.

use countersign_desk::deploy::Sample as Ready;
use countersign_desk::inputs::{LastInput as Used, Qualifier};
use countersign_desk::starting::Again as Stored;
use countersign_desk::{Actor, Desk};
use countersign_json::pretty;

use super::rows::{execution_row, workflow_row};
use super::{Answered, graph, worded};
use crate::wire::refused::Act;
use crate::wire::workflow::{Again, LastInput, Sample, Workflow};
use crate::wire::workflows::WorkflowRow;

/// Rows of its newest executions.
const ROWS: u32 = 50;
/// Characters of an input that a list shows.
const EXCERPT: usize = 90;

/// One workflow by its name; `again` is the execution whose input its form is to hold, `state` the chosen state.
///
/// # Errors
/// There is none, or the connection has not answered yet.
pub async fn workflow(
    desk: &Desk,
    actor: &Actor,
    name: String,
    again: Option<String>,
    state: Option<String>,
) -> Answered<Workflow> {
    let (snapshot, machine) = desk.machine(actor, &name).await.map_err(|error| worded(desk, &error))?;
    let executions =
        desk.executions(actor, Some(&name), None, None, ROWS).await.map_err(|error| worded(desk, &error))?;
    let tallies = desk.tallies(actor).await.map_err(|error| worded(desk, &error))?;
    let tally = tallies.iter().find(|tally| tally.machine_arn == machine.arn);
    let row = workflow_row(desk, actor, &machine, tally).await.map_err(|error| worded(desk, &error))?;
    let again = match again {
        Some(arn) => {
            let stored = desk.again(actor, &name, &arn).await;
            Some(stored.map(stored_input).map_err(|error| worded(desk, &error).problem))
        }
        None => None,
    };
    let inputs = desk.last_inputs(actor, &name).await.map_err(|error| worded(desk, &error))?;
    let qualifiers = desk.qualifiers(actor, &name).await.map_err(|error| worded(desk, &error))?;
    let (aliases, versions): (Vec<_>, Vec<_>) =
        qualifiers.into_iter().partition(|one| matches!(one, Qualifier::Alias(_)));
    let names = |all: Vec<Qualifier>| all.iter().map(|one| one.name().to_owned()).collect();
    Ok(Workflow {
        inputs: inputs.into_iter().map(last_input).collect(),
        aliases: names(aliases),
        versions: names(versions),
        again,
        row: WorkflowRow { sketch: None, ..row },
        about: state.and_then(|state| graph::about(&machine.definition, &state)),
        definition: pretty(&machine.definition.text),
        revision_id: machine.revision_id.clone(),
        role_arn: machine.role_arn.clone(),
        executions: executions.rows.iter().map(|one| execution_row(&snapshot, one)).collect(),
        execution_count: tally.map_or(0, |tally| tally.of_filter(None)),
        samples: desk.samples(actor, &name).map_err(|error| worded(desk, &error))?.into_iter().map(sample).collect(),
        refused: super::refused(desk, actor, Some(&name), &[Act::Start]),
        now: desk.now(),
    })
}

fn last_input(used: Used) -> LastInput {
    LastInput { arn: used.arn, name: used.name, started_at: used.started_at, excerpt: excerpt(&used.input) }
}

/// The beginning of a JSON text, in one line.
fn excerpt(input: &str) -> String {
    let line = input.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn sample(sample: Ready) -> Sample {
    Sample { label: sample.label, input: sample.input }
}

fn stored_input(stored: Stored) -> Again {
    Again { arn: stored.arn, name: stored.name, bytes: stored.bytes, input: stored.input, hidden: stored.hidden }
}
