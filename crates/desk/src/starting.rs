//! Starting executions, with a typed input or with the stored input of another execution.

use countersign_json::Json;
use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::audit::Done;
use crate::connection::{CallError, ConnectionKind};
use crate::desk::Desk;
use crate::error::{Error, ReadError};
use crate::policy::Action;
use crate::redact::MARK;
use crate::stored::Stored;
pub use crate::stored::StoredError;

/// AWS's limit of an input, in bytes.
pub(crate) const INPUT: usize = 262_144;
/// AWS's limit of a name, in characters, and what no name may hold besides spaces and controls.
const NAME: usize = 80;
const NOT_IN_NAMES: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

/// What to start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order<'a> {
    /// The workflow's name.
    pub workflow: &'a str,
    /// The version or alias; the current definition where it is empty.
    pub qualifier: &'a str,
    /// The execution's name; one is made where it is empty.
    pub name: &'a str,
    /// The form's text.
    pub input: &'a str,
    /// The execution whose input the form held: the texts that it hid are put back.
    pub again: Option<&'a str>,
}

/// A started execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// An execution with a page of its own: its ARN.
    Followed(String),
    /// An Express execution: its name. Step Functions keeps no record that a page could show.
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
    /// The form's text, with marks for hidden texts; `None` if it cannot be shown.
    pub input: Option<String>,
    /// How many texts a mark replaces.
    pub hidden: usize,
}

/// Why an input cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum InputFault {
    #[error("the input has {bytes} bytes; the limit is {limit}")]
    TooLong { bytes: usize, limit: usize },
    /// It is not JSON: the place, and what was expected there.
    #[error("the input is not JSON: {0}")]
    NotJson(String),
    /// It is JSON that the engine does not take: the place, and why.
    #[error("the engine does not take the input: {0}")]
    Unheld(String),
    /// It contains the mark of a hidden text.
    #[error("the input contains {MARK:?}")]
    Marked,
    #[error(transparent)]
    Stored(#[from] StoredError),
}

/// Why a name cannot be an execution's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum NameFault {
    #[error("the name has {characters} characters; the limit is {limit}")]
    TooLong { characters: usize, limit: usize },
    /// It has this character.
    #[error("the name contains {0:?}")]
    Letter(char),
}

/// Why nothing was started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum StartError {
    #[error(transparent)]
    Input(#[from] InputFault),
    #[error(transparent)]
    Name(#[from] NameFault),
    /// The workflow has no such version or alias.
    #[error("{workflow} has no version or alias {qualifier:?}")]
    NoQualifier { workflow: String, qualifier: String },
    /// The execution to start again belongs to another workflow.
    #[error("{execution} is not an execution of {workflow}")]
    AnotherWorkflow { execution: String, workflow: String },
    /// The endpoint does not keep the input of the execution to start again.
    #[error("the input of {execution} cannot be read")]
    NoInput { execution: String },
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Step Functions did not start it.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Desk {
    /// Starts an execution of the workflow with this name. If `again` names an execution, `input` is an edit of its input,
    /// and the texts that the form hid are put back.
    ///
    /// # Errors
    /// The workflow or execution does not exist, the input cannot be used, or the call fails.
    pub async fn start(
        &self,
        actor: &Actor,
        workflow: &str,
        name: &str,
        input: &str,
        again: Option<&str>,
    ) -> Result<Started, Error> {
        self.start_order(actor, Order { workflow, qualifier: "", name, input, again }).await
    }

    /// Starts what was ordered.
    ///
    /// # Errors
    /// As [`Self::start`]; or the name cannot be one, or there is no such version or alias.
    pub async fn start_order(&self, actor: &Actor, order: Order<'_>) -> Result<Started, Error> {
        let Order { workflow, qualifier, name, input, again } = order;
        self.permit_change(actor, Action::Start, Some(workflow), None).await?;
        check_name(name.trim()).map_err(StartError::Name)?;
        let snapshot = self.known().await?;
        let machine = snapshot.machine_named(workflow).ok_or_else(|| ReadError::NoWorkflow(workflow.to_owned()))?;
        let input = match again {
            None => {
                check_input(input, self.about().kind).map_err(StartError::Input)?;
                input.to_owned()
            }
            Some(again) => self.edited(workflow, again, input).await?,
        };
        let machine_arn = qualified(workflow, &machine.arn, qualifier)?;
        let arn = self.launch(&machine_arn, name, &input).await?;
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

    /// The input that a form's text means.
    async fn edited(&self, workflow: &str, again: &str, input: &str) -> Result<String, StartError> {
        let stored = self.stored_input(workflow, again).await?;
        let input = stored.restored(input).map_err(InputFault::from)?;
        // Step Functions accepted the stored text before: only an edit is checked.
        if input != stored.text {
            check_input(&input, self.about().kind)?;
        }
        Ok(input)
    }

    /// The form's text for another execution's input.
    ///
    /// # Errors
    /// This workflow has no such execution, or the connection does not answer.
    pub async fn again(&self, actor: &Actor, workflow: &str, arn: &str) -> Result<Again, Error> {
        self.permit(actor, Action::View, Some(workflow))?;
        self.permit(actor, Action::ViewPayload, Some(workflow))?;
        let stored = self.stored_input(workflow, arn).await?;
        self.viewed(actor, arn, workflow).await;
        Ok(Again {
            arn: arn.to_owned(),
            name: arn.rsplit(':').next().unwrap_or(arn).to_owned(),
            bytes: stored.text.len(),
            hidden: stored.hidden(),
            input: stored.shown,
        })
    }

    /// The text of that input, for an execution that is started again as it was.
    pub(crate) async fn whole_input(&self, workflow: &str, arn: &str) -> Result<String, StartError> {
        self.stored_input(workflow, arn).await.map(|stored| stored.text)
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
        // The record withholds payloads that may contain a token; the new execution needs the input itself.
        let withheld = record.is_withheld();
        let input = if withheld {
            self.watch().connection.calls.describe_execution(arn).await.map_err(ReadError::from)?.input
        } else {
            about.input.clone()
        };
        let input = input.ok_or_else(|| StartError::NoInput { execution: about.name.clone() })?;
        Ok(Stored::new(input, withheld, &self.redactor()))
    }

    /// Starts an execution; returns its ARN. It is not recorded as a person's act: for the demonstration's samples.
    ///
    /// # Errors
    /// The call fails.
    #[expect(clippy::disallowed_methods, reason = "a name is random if the person gives none")]
    pub async fn launch(&self, machine_arn: &str, name: &str, input: &str) -> Result<String, StartError> {
        let input = if input.trim().is_empty() { "{}" } else { input };
        // Always a name: some endpoints give the same name to all executions without one.
        let name = match name.trim() {
            "" => uuid::Uuid::new_v4().to_string(),
            given => given.to_owned(),
        };
        Ok(self.watch().connection.calls.start_execution(machine_arn, &name, input).await?)
    }
}

/// The name of an Express execution; `None` for the ARN of any other.
fn express_name(arn: &str) -> Option<&str> {
    // arn:PARTITION:states:REGION:ACCOUNT:express:MACHINE:NAME:ID
    let mut parts = arn.split(':').skip(5);
    (parts.next()? == "express").then(|| parts.nth(1))?
}

/// Refuses to look up an Express execution, of which there is no record.
///
/// # Errors
/// The ARN belongs to an Express execution.
pub fn refuse_express(arn: &str) -> Result<(), ReadError> {
    express_name(arn).map_or(Ok(()), |name| Err(ReadError::Express(name.to_owned())))
}

/// The ARN of a machine, or of a version or alias of it. Whether there is one, Step Functions says.
fn qualified(workflow: &str, arn: &str, qualifier: &str) -> Result<String, StartError> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    match qualifier {
        "" => Ok(arn.to_owned()),
        name if name.len() <= NAME && name.chars().all(is_part) => Ok(format!("{arn}:{name}")),
        _ => Err(StartError::NoQualifier { workflow: workflow.to_owned(), qualifier: qualifier.to_owned() }),
    }
}

/// Why a name cannot be used. An empty one means that one is made.
fn check_name(name: &str) -> Result<(), NameFault> {
    let characters = name.chars().count();
    if characters > NAME {
        return Err(NameFault::TooLong { characters, limit: NAME });
    }
    let is_forbidden = |letter: &char| {
        letter.is_whitespace()
            || letter.is_control()
            || NOT_IN_NAMES.contains(*letter)
            || matches!(letter, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
    };
    name.chars().find(is_forbidden).map_or(Ok(()), |letter| Err(NameFault::Letter(letter)))
}

/// Why an input cannot be used. An empty one means `{}`. What only the engine is known to refuse is refused here for the
/// engine alone: here its place is named.
fn check_input(input: &str, kind: ConnectionKind) -> Result<(), InputFault> {
    if input.len() > INPUT {
        return Err(InputFault::TooLong { bytes: input.len(), limit: INPUT });
    }
    if input.trim().is_empty() {
        return Ok(());
    }
    let json = Json::read(input).map_err(|error| InputFault::NotJson(error.to_string()))?;
    if let Some(error) = json.unheld().filter(|_| kind == ConnectionKind::Embedded) {
        return Err(InputFault::Unheld(error.to_string()));
    }
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
    fn an_input_that_is_not_json_is_refused_with_its_place() {
        let check_input = |text: &str| check_input(text, ConnectionKind::Embedded);
        assert!(check_input("").is_ok() && check_input("  ").is_ok() && check_input("[1]").is_ok());
        let fault = check_input("{\n  \"a\": }").expect_err("it is not JSON");
        assert!(fault.to_string().contains("line 2 column 8"), "{fault}");
        assert_eq!(check_input(&"1".repeat(262_145)), Err(InputFault::TooLong { bytes: 262_145, limit: 262_144 }));
        assert_eq!(check_input(r#"{"a":"x [task token]"}"#), Err(InputFault::Marked));
    }

    #[test]
    fn what_the_engine_does_not_take_is_refused_with_its_place() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let texts = ["1e999", "-1e309", "1e308", "1e-999", "0e999", "[1.5e400]", r#""\ud800""#, r#""\ud83d\ude00""#];
        let texts =
            texts.map(str::to_owned).into_iter().chain([r#"{"\udc00":1}"#.to_owned(), nested(127), nested(128)]);
        for text in texts {
            let refused = check_input(&text, ConnectionKind::Embedded).is_err();
            assert_eq!(refused, countersign_asl::read_json(&text).is_err(), "{text}");
            assert_eq!(check_input(&text, ConnectionKind::Aws), Ok(()), "what AWS takes, AWS says: {text}");
        }
        let fault = check_input("{\"a\": 1e999}", ConnectionKind::Embedded).expect_err("it is beyond a double");
        assert!(matches!(&fault, InputFault::Unheld(why) if why.ends_with("at line 1 column 7")), "{fault}");
    }

    #[test]
    fn a_version_or_an_alias_is_one_part_of_an_arn() {
        assert_eq!(qualified("a", "arn", ""), Ok("arn".into()));
        assert_eq!(qualified("a", "arn", "PROD"), Ok("arn:PROD".into()));
        for qualifier in ["a:b", "a/b", " ", "a b", "ä"] {
            assert!(qualified("a", "arn", qualifier).is_err(), "{qualifier}");
        }
    }

    #[test]
    fn a_name_keeps_the_rules_of_step_functions() {
        for name in ["", "run-1", "Grüße_2.b", &"n".repeat(80)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        assert_eq!(check_name(&"ü".repeat(81)), Err(NameFault::TooLong { characters: 81, limit: 80 }));
        for letter in NOT_IN_NAMES.chars().chain([' ', '\n', '\u{7f}', '\u{85}', '\u{ffff}']) {
            assert_eq!(check_name(&format!("run{letter}1")), Err(NameFault::Letter(letter)));
        }
    }

    #[test]
    fn an_express_execution_is_known_by_its_arn() {
        let arn = "arn:aws:states:us-east-1:000000000000:express:quick:run-1:6f7a";
        assert_eq!(express_name(arn), Some("run-1"));
        assert_eq!(express_name("arn:aws:states:us-east-1:000000000000:execution:express:run-1"), None);
        assert_eq!(refuse_express(arn), Err(ReadError::Express("run-1".into())));
    }
}
