//! Starting executions: with an input that was typed, or with the stored one of another execution.

use countersign_json::Json;

use crate::actor::Actor;
use crate::audit::Done;
use crate::connection::CallError;
use crate::desk::Desk;
use crate::error::{Error, ReadError};
use crate::policy::Action;
use crate::redact::MARK;
use crate::stored::Stored;
pub use crate::stored::StoredError;

/// AWS's limit of an input, in bytes.
const INPUT: usize = 262_144;

/// What was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// An execution with a page of its own: its ARN.
    Followed(String),
    /// An Express execution, by its name: Step Functions keeps no record that a page could show.
    Express(String),
}

/// The input of an execution that is started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    pub arn: String,
    /// The execution's name.
    pub name: String,
    /// The length of the stored input.
    pub bytes: usize,
    /// As the form holds it, with marks for what is hidden; nothing where it cannot be shown.
    pub input: Option<String>,
    /// How many texts have a mark in their place.
    pub hidden: usize,
}

/// Why an input cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputFault {
    #[error("the input has {bytes} bytes; {limit} are the most")]
    TooLong { bytes: usize, limit: usize },
    /// It is no JSON: where, and what was expected.
    #[error("the input is no JSON: {0}")]
    NotJson(String),
    /// It holds the text that stands for a hidden one.
    #[error("the input holds {MARK:?}")]
    Marked,
    #[error(transparent)]
    Stored(#[from] StoredError),
}

/// Why nothing was started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Input(#[from] InputFault),
    /// The execution to start again is one of another workflow.
    #[error("{execution} is an execution of another workflow than {workflow}")]
    AnotherWorkflow { execution: String, workflow: String },
    /// The input of the execution to start again is not kept.
    #[error("the input of {execution} cannot be read")]
    NoInput { execution: String },
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Step Functions did not start it.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Desk {
    /// Starts an execution of the workflow with this name. Where `again` is an execution, `input` is what its form held,
    /// and what the form hid is put back.
    ///
    /// # Errors
    /// There is no such workflow or execution, the input cannot be used, or the connection does not answer or refuses.
    pub async fn start(
        &self,
        actor: &Actor,
        workflow: &str,
        name: &str,
        input: &str,
        again: Option<&str>,
    ) -> Result<Started, Error> {
        self.permit(actor, Action::Start, Some(workflow), None)?;
        let snapshot = self.known().await?;
        let machine = snapshot.machine_named(workflow).ok_or_else(|| ReadError::NoWorkflow(workflow.to_owned()))?;
        let input = match again {
            None => {
                check_input(input).map_err(StartError::Input)?;
                input.to_owned()
            }
            Some(again) => self.edited(workflow, again, input).await?,
        };
        let arn = self.launch(&machine.arn, name, &input).await?;
        let express = express_name(&arn).map(str::to_owned);
        let done = Done::Started {
            workflow: workflow.to_owned(),
            execution_arn: express.is_none().then(|| arn.clone()),
            name: express.clone().unwrap_or_default(),
        };
        self.note(actor, done).await;
        if let Some(name) = express {
            return Ok(Started::Express(name));
        }
        self.watch().look_again().await;
        Ok(Started::Followed(arn))
    }

    /// The input that a form's text stands for.
    async fn edited(&self, workflow: &str, again: &str, input: &str) -> Result<String, StartError> {
        let stored = self.stored_input(workflow, again).await?;
        let input = stored.restored(input).map_err(InputFault::from)?;
        // What was stored was taken once: only an edit is judged.
        if input != stored.text {
            check_input(&input)?;
        }
        Ok(input)
    }

    /// What the form shows of another execution's input.
    ///
    /// # Errors
    /// There is no such execution of this workflow, or the connection does not answer.
    pub async fn again(&self, actor: &Actor, workflow: &str, arn: &str) -> Result<Again, Error> {
        self.permit(actor, Action::View, Some(workflow), None)?;
        let stored = self.stored_input(workflow, arn).await?;
        Ok(Again {
            arn: arn.to_owned(),
            name: arn.rsplit(':').next().unwrap_or(arn).to_owned(),
            bytes: stored.text.len(),
            hidden: stored.hidden(),
            input: stored.shown,
        })
    }

    /// The input of an execution of this workflow, as Step Functions has it.
    async fn stored_input(&self, workflow: &str, arn: &str) -> Result<Stored, StartError> {
        refuse_express(arn)?;
        let record = self.watch().record(arn).await?;
        let about = &record.description;
        if record.workflow() != workflow {
            let (execution, workflow) = (about.name.clone(), workflow.to_owned());
            return Err(StartError::AnotherWorkflow { execution, workflow });
        }
        // A record withholds what may hold a token; to start with, it is read as it is.
        let withheld = record.is_withheld();
        let input = if withheld {
            self.watch().connection.calls.describe_execution(arn).await.map_err(ReadError::from)?.input
        } else {
            about.input.clone()
        };
        let input = input.ok_or_else(|| StartError::NoInput { execution: about.name.clone() })?;
        Ok(Stored::new(input, withheld, &self.redactor()))
    }

    /// Starts an execution; gives its ARN. Nothing is put on record: for the demonstration's samples.
    ///
    /// # Errors
    /// The connection does not answer, or refuses.
    #[expect(clippy::disallowed_methods, reason = "a name is random where the person gives none")]
    pub async fn launch(&self, machine_arn: &str, name: &str, input: &str) -> Result<String, StartError> {
        let input = if input.trim().is_empty() { "{}" } else { input };
        // Always a name: some endpoints give all that have none the same one.
        let name = match name.trim() {
            "" => uuid::Uuid::new_v4().to_string(),
            given => given.to_owned(),
        };
        Ok(self.watch().connection.calls.start_execution(machine_arn, &name, input).await?)
    }
}

/// The name of an Express execution; nothing for the ARN of any other.
fn express_name(arn: &str) -> Option<&str> {
    // arn:PARTITION:states:REGION:ACCOUNT:express:MACHINE:NAME:ID
    let mut parts = arn.split(':').skip(5);
    (parts.next()? == "express").then(|| parts.nth(1))?
}

/// Refuses to look for an execution that has no record.
///
/// # Errors
/// The ARN is that of an Express execution.
pub fn refuse_express(arn: &str) -> Result<(), ReadError> {
    express_name(arn).map_or(Ok(()), |name| Err(ReadError::Express(name.to_owned())))
}

/// Why an input cannot be used. An empty one stands for `{}`.
fn check_input(input: &str) -> Result<(), InputFault> {
    if input.len() > INPUT {
        return Err(InputFault::TooLong { bytes: input.len(), limit: INPUT });
    }
    if input.trim().is_empty() {
        return Ok(());
    }
    let json = Json::read(input).map_err(|error| InputFault::NotJson(error.to_string()))?;
    let mut marked = false;
    json.replace_strings(|_, text| {
        marked |= text.contains(MARK);
        None
    });
    if marked { Err(InputFault::Marked) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_is_no_json_is_refused_with_its_place() {
        assert!(check_input("").is_ok() && check_input("  ").is_ok() && check_input("[1]").is_ok());
        let fault = check_input("{\n  \"a\": }").expect_err("it is no JSON");
        assert!(fault.to_string().contains("line 2 column 8"), "{fault}");
        assert_eq!(check_input(&"1".repeat(262_145)), Err(InputFault::TooLong { bytes: 262_145, limit: 262_144 }));
        assert_eq!(check_input(r#"{"a":"x [task token]"}"#), Err(InputFault::Marked));
    }

    #[test]
    fn an_express_execution_is_known_by_its_arn() {
        let arn = "arn:aws:states:us-east-1:000000000000:express:quick:run-1:6f7a";
        assert_eq!(express_name(arn), Some("run-1"));
        assert_eq!(express_name("arn:aws:states:us-east-1:000000000000:execution:express:run-1"), None);
        assert_eq!(refuse_express(arn), Err(ReadError::Express("run-1".into())));
    }
}
