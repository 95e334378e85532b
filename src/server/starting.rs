//! Starting executions: with an input that was typed, or with the stored one of another execution.

use super::connection::problem;
use super::desk::Desk;
use super::redact::MARK;
use super::stored::Stored;
use crate::dto::Again;
use crate::error::{AppError, ErrorKind};
use crate::json::Json;

/// AWS's limit of an input, in bytes.
const INPUT: usize = 262_144;
/// What the form says beside what was typed.
const KEPT: &str = "What you typed is still here.";

/// What was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// An execution with a page of its own: its ARN.
    Followed(String),
    /// An Express execution, by its name: Step Functions keeps no record that a page could show.
    Express(String),
}

impl Desk {
    /// Starts an execution of the workflow with this name. Where `again` is an execution, `input` is what its form held,
    /// and what the form hid is put back.
    ///
    /// # Errors
    /// There is no such workflow or execution, the input cannot be used, or the connection does not answer or refuses.
    pub async fn start(&self, workflow: &str, name: &str, input: &str, again: &str) -> Result<Started, AppError> {
        let snapshot = self.known().await?;
        let machine = snapshot.machine_named(workflow).ok_or_else(|| super::desk::no_workflow(workflow))?;
        let refused = |why: String| AppError::new(ErrorKind::Invalid, format!("Nothing was started. {why}"), KEPT);
        let input = if again.is_empty() {
            check_input(input).map_err(refused)?;
            input.to_owned()
        } else {
            let stored = self.stored_input(workflow, again).await?;
            let input = stored.restored(input).map_err(refused)?;
            // What was stored was taken once: only an edit is judged.
            if input != stored.text {
                check_input(&input).map_err(refused)?;
            }
            input
        };
        let arn = self.launch(&machine.arn, name, &input).await.map_err(|mut error| {
            if error.kind != ErrorKind::Unavailable {
                error.problem.what = format!("Nothing was started. {}", error.problem.what);
                error.problem.remedy = format!("{} {KEPT}", error.problem.remedy);
            }
            error
        })?;
        if let Some(name) = express_name(&arn) {
            return Ok(Started::Express(name.to_owned()));
        }
        self.watch.look_again().await;
        Ok(Started::Followed(arn))
    }

    /// What the form shows of another execution's input.
    ///
    /// # Errors
    /// There is no such execution of this workflow, or the connection does not answer.
    pub async fn again(&self, workflow: &str, arn: &str) -> Result<Again, AppError> {
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
    async fn stored_input(&self, workflow: &str, arn: &str) -> Result<Stored, AppError> {
        no_express(arn)?;
        let record = self.watch.record(arn).await?;
        let about = &record.description;
        if about.machine_arn.rsplit(':').next() != Some(workflow) {
            return Err(AppError::new(
                ErrorKind::Invalid,
                format!("{} is an execution of another workflow than {workflow}.", about.name),
                "Open that execution and choose Start again there.",
            ));
        }
        // A record withholds what may hold a token; to start with, it is read as it is.
        let withheld = record.is_withheld();
        let input = if withheld {
            let described = self.watch.clients.sfn.describe_execution().execution_arn(arn).send().await;
            described
                .map_err(|error| problem(&format!("read the input of {arn}"), &self.watch.clients.about, &error))?
                .input
        } else {
            about.input.clone()
        };
        let Some(input) = input else {
            return Err(AppError::new(
                ErrorKind::Invalid,
                format!("The input of {} cannot be read from here.", about.name),
                "Choose a sample or type an input.",
            ));
        };
        Ok(Stored::new(input, withheld, &self.watch.redactor(&record)))
    }

    /// Starts an execution; gives its ARN.
    ///
    /// # Errors
    /// The connection does not answer, or refuses.
    #[expect(clippy::disallowed_methods, reason = "a name is random where the person gives none")]
    pub async fn launch(&self, machine_arn: &str, name: &str, input: &str) -> Result<String, AppError> {
        let input = if input.trim().is_empty() { "{}" } else { input };
        // Always a name: some endpoints give all that have none the same one.
        let name = match name.trim() {
            "" => uuid::Uuid::new_v4().to_string(),
            given => given.to_owned(),
        };
        let call = self.watch.clients.sfn.start_execution().state_machine_arn(machine_arn).input(input).name(name);
        let started = call.send().await.map_err(|error| {
            let workflow = machine_arn.rsplit(':').next().unwrap_or_default();
            problem(&format!("start {workflow}"), &self.watch.clients.about, &error)
        })?;
        Ok(started.execution_arn)
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
pub fn no_express(arn: &str) -> Result<(), AppError> {
    express_name(arn).map_or(Ok(()), |name| {
        Err(AppError::new(
            ErrorKind::NotFound,
            format!("{name} is an Express execution: Step Functions keeps no record of those, so there is no page."),
            "Follow it in the log group that its state machine writes to (CloudWatch Logs).",
        ))
    })
}

/// Why an input cannot be used. An empty one stands for `{}`.
fn check_input(input: &str) -> Result<(), String> {
    if input.len() > INPUT {
        return Err(format!("The input has {} bytes; Step Functions takes at most {INPUT}. Shorten it.", input.len()));
    }
    if input.trim().is_empty() {
        return Ok(());
    }
    let json = Json::read(input)
        .map_err(|error| format!("The input is not JSON: {error}. Correct that place and start again."))?;
    let mut marked = false;
    json.replace_strings(|_, text| {
        marked |= text.contains(MARK);
        None
    });
    if marked {
        return Err(format!(
            "The input holds {MARK:?}, which stands for a text that pages do not show. Open the execution and choose Start \
             again, or write the text itself."
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_is_no_json_is_told_with_its_place() {
        assert!(check_input("").is_ok() && check_input("  ").is_ok() && check_input("[1]").is_ok());
        let why = check_input("{\n  \"a\": }").expect_err("it is no JSON");
        assert!(why.contains("line 2 column 8"), "{why}");
        assert!(check_input(&"1".repeat(262_145)).expect_err("it is too long").contains("262144"));
        assert!(check_input(r#"{"a":"x [task token]"}"#).expect_err("a mark").contains("Start again"));
    }

    #[test]
    fn an_express_execution_is_known_by_its_arn() {
        let arn = "arn:aws:states:us-east-1:000000000000:express:quick:run-1:6f7a";
        assert_eq!(express_name(arn), Some("run-1"));
        assert_eq!(express_name("arn:aws:states:us-east-1:000000000000:execution:express:run-1"), None);
        assert!(no_express(arn).expect_err("no page").problem.remedy.contains("log"));
    }
}
