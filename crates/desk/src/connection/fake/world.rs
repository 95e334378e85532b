//! The state machines and executions of a fake connection.

use std::collections::BTreeMap;

use countersign_trace::{Details, EventKind, HistoryEvent};
use serde_json::{Value, json};

use super::machine::Machine;
use crate::connection::{ExecutionStatus, Fault, Parameter, RolePolicy, Verdict};

/// The region and account of a fake connection.
const PLACE: &str = "arn:aws:states:us-east-1:123456789012";

/// An execution.
#[derive(Clone, Debug)]
pub struct Execution {
    pub arn: String,
    pub name: String,
    pub machine_arn: String,
    /// The Map Run whose child it is.
    pub map_run_arn: Option<String>,
    /// The definition that it runs.
    pub definition: String,
    pub status: ExecutionStatus,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// The number of the machine's version that it was started with.
    pub version: Option<String>,
    pub input: String,
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub events: Vec<HistoryEvent>,
    pub redrives: u64,
    /// The client token of the last redrive.
    redriven_with: Option<String>,
}

impl Execution {
    /// Why it cannot be redriven.
    #[must_use]
    pub fn not_redrivable(&self, now: i64) -> Option<&'static str> {
        const WINDOW: i64 = 14 * 24 * 3_600_000;
        match self.status {
            ExecutionStatus::Running => Some("Execution is RUNNING and cannot be redriven"),
            ExecutionStatus::Succeeded => Some("Execution is SUCCEEDED and cannot be redriven"),
            _ if self.ended_at.is_some_and(|ended| now - ended > WINDOW) => {
                Some("Execution redrivable period exceeded")
            }
            _ if self.events.len() >= 24_999 => Some("Execution history event limit exceeded"),
            _ => None,
        }
    }
}

/// Everything of a fake connection.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub machines: BTreeMap<String, Machine>,
    /// The policies of roles, by the roles' names.
    pub role_policies: BTreeMap<String, Vec<RolePolicy>>,
    /// The Parameter Store, by names.
    pub parameters: BTreeMap<String, Parameter>,
    /// What the service says about every definition beside what the language says.
    pub verdicts: Vec<Verdict>,
    /// In the order of their start.
    pub executions: Vec<Execution>,
    by_arn: BTreeMap<String, usize>,
    /// Open task tokens, and the execution and event that each belongs to.
    tokens: BTreeMap<String, (String, u64)>,
    made: u64,
}

/// A definition with one task that waits for a person, whose request is `$.request`.
#[must_use]
pub fn asking() -> String {
    let parameters =
        json!({ "QueueUrl": "q", "MessageBody": { "taskToken.$": "$$.Task.Token", "request.$": "$.request" } });
    json!({ "StartAt": "Ask", "States": { "Ask": {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": parameters, "TimeoutSeconds": 86_400, "End": true,
    } } })
    .to_string()
}

impl World {
    /// Creates a state machine; returns its ARN.
    pub fn machine(&mut self, name: &str, definition: &str, now: i64) -> String {
        let arn = format!("{PLACE}:stateMachine:{name}");
        let machine = Machine::new(&arn, name, definition, now);
        self.machines.insert(arn.clone(), machine);
        arn
    }

    /// The ARN of the machine that an ARN names, itself or by a version or an alias.
    #[must_use]
    pub fn unqualified(&self, arn: &str) -> Option<String> {
        if self.machines.contains_key(arn) {
            return Some(arn.to_owned());
        }
        let (machine_arn, name) = arn.rsplit_once(':')?;
        let machine = self.machines.get(machine_arn)?;
        let is_version = name.parse().is_ok_and(|number: u64| machine.versions.contains_key(&number));
        (is_version || machine.aliases.contains_key(name)).then(|| machine_arn.to_owned())
    }

    /// Starts an execution with a version of a machine, as an alias would; returns its ARN.
    pub fn start_version(&mut self, machine_arn: &str, version: u64, now: i64) -> String {
        let arn = self.start(machine_arn, &json!({}), now);
        if let Some(execution) = self.execution_mut(&arn) {
            execution.version = Some(version.to_string());
        }
        arn
    }

    /// Starts an execution of a machine; returns its ARN. It has no further events yet.
    pub fn start(&mut self, machine_arn: &str, input: &Value, now: i64) -> String {
        self.made += 1;
        let name = format!("run-{}", self.made);
        self.begin(machine_arn, &name, None, input, now)
    }

    /// Starts a child of a Map Run.
    pub fn start_child(&mut self, machine_arn: &str, map_run_arn: &str, input: &Value, now: i64) -> String {
        self.made += 1;
        let name = format!("child-{}", self.made);
        self.begin(machine_arn, &name, Some(map_run_arn), input, now)
    }

    /// Starts an execution with this name.
    pub fn begin(
        &mut self,
        machine_arn: &str,
        name: &str,
        map_run_arn: Option<&str>,
        input: &Value,
        now: i64,
    ) -> String {
        let machine = &self.machines[machine_arn];
        let arn = format!("{PLACE}:execution:{}:{name}", machine.name);
        let execution = Execution {
            arn: arn.clone(),
            name: name.to_owned(),
            machine_arn: machine_arn.to_owned(),
            map_run_arn: map_run_arn.map(str::to_owned),
            definition: machine.definition.clone(),
            status: ExecutionStatus::Running,
            started_at: now,
            ended_at: None,
            version: None,
            input: input.to_string(),
            output: None,
            error: None,
            cause: None,
            events: Vec::new(),
            redrives: 0,
            redriven_with: None,
        };
        self.by_arn.insert(arn.clone(), self.executions.len());
        self.executions.push(execution);
        let details = Details { input: Some(input.to_string()), ..Details::default() };
        self.event(&arn, EventKind::ExecutionStarted, details, now);
        arn
    }

    /// The execution with this ARN.
    #[must_use]
    pub fn execution(&self, arn: &str) -> Option<&Execution> {
        self.by_arn.get(arn).map(|index| &self.executions[*index])
    }

    /// The same, to be changed.
    pub fn execution_mut(&mut self, arn: &str) -> Option<&mut Execution> {
        self.by_arn.get(arn).map(|index| &mut self.executions[*index])
    }

    /// Removes an execution, as AWS does 90 days after its end.
    pub fn forget(&mut self, arn: &str) {
        if let Some(index) = self.by_arn.get(arn).copied() {
            self.executions.remove(index);
            self.by_arn = self.executions.iter().enumerate().map(|(at, one)| (one.arn.clone(), at)).collect();
        }
    }

    /// Adds an event to an execution's history; returns its id.
    pub fn event(&mut self, arn: &str, kind: EventKind, details: Details, now: i64) -> u64 {
        let Some(execution) = self.execution_mut(arn) else { return 0 };
        let id = execution.events.len() as u64 + 1;
        // The first two events have no previous event.
        let previous_event_id = if id <= 2 { 0 } else { id - 1 };
        execution.events.push(HistoryEvent { id, previous_event_id, timestamp: now, kind, details });
        id
    }

    /// Enters the state `Ask` of [`asking`], whose task asks a person. Returns the id of the request's event.
    pub fn ask(&mut self, arn: &str, now: i64) -> u64 {
        let Some(execution) = self.execution(arn) else { return 0 };
        let (name, input) = (execution.name.clone(), execution.input.clone());
        let request = serde_json::from_str::<Value>(&input).ok().and_then(|input| input.get("request").cloned());
        let entered = Details { name: Some("Ask".into()), input: Some(input), ..Details::default() };
        self.event(arn, EventKind::TaskStateEntered, entered, now);
        let next = self.execution(arn).map_or(0, |execution| execution.events.len() as u64 + 1);
        let token = format!("AQCkAAAAKgAAAAMAAAAAfake{name}-{next:06}==");
        let parameters = json!({ "QueueUrl": "q", "MessageBody": { "taskToken": token, "request": request } });
        let about = Details {
            resource_type: Some("sqs".into()),
            resource: Some("sendMessage.waitForTaskToken".into()),
            ..Details::default()
        };
        let scheduled = Details {
            region: Some("us-east-1".into()),
            parameters: Some(parameters.to_string()),
            timeout_in_seconds: Some(86_400),
            ..about.clone()
        };
        let event = self.event(arn, EventKind::TaskScheduled, scheduled, now);
        self.event(arn, EventKind::TaskStarted, about.clone(), now);
        self.event(arn, EventKind::TaskSubmitted, Details { output: Some("{}".into()), ..about }, now);
        self.tokens.insert(token, (arn.to_owned(), event));
        event
    }

    /// Starts an execution that asks a person immediately; returns its ARN and the request's event.
    pub fn start_asking(&mut self, machine_arn: &str, request: &Value, now: i64) -> (String, u64) {
        let arn = self.start(machine_arn, &json!({ "request": request }), now);
        let event = self.ask(&arn, now);
        (arn, event)
    }

    /// The token of the open request of an execution.
    #[must_use]
    pub fn token_of(&self, arn: &str) -> Option<String> {
        self.tokens.iter().find(|(_, (of, _))| of == arn).map(|(token, _)| token.clone())
    }

    /// The task's timeout passes.
    pub fn time_out(&mut self, arn: &str, now: i64) {
        let Some(token) = self.token_of(arn) else { return };
        self.tokens.remove(&token);
        let about = Details {
            resource_type: Some("sqs".into()),
            resource: Some("sendMessage.waitForTaskToken".into()),
            error: Some("States.Timeout".into()),
            ..Details::default()
        };
        self.event(arn, EventKind::TaskTimedOut, about, now);
        self.end(arn, EventKind::ExecutionFailed, ExecutionStatus::Failed, None, Some("States.Timeout".into()), now);
    }

    /// Somebody answers a task: this dashboard or another.
    ///
    /// # Errors
    /// The task no longer waits.
    pub fn answer(&mut self, token: &str, answer: Result<&str, (&str, &str)>, now: i64) -> Result<(), Fault> {
        let closed = || Fault::of_code("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
        let (arn, _) = self.tokens.remove(token).ok_or_else(closed)?;
        let about = Details {
            resource_type: Some("sqs".into()),
            resource: Some("sendMessage.waitForTaskToken".into()),
            ..Details::default()
        };
        match answer {
            Ok(output) => {
                let output = Some(output.to_owned());
                self.event(&arn, EventKind::TaskSucceeded, Details { output: output.clone(), ..about }, now);
                let exited = Details { name: Some("Ask".into()), output: output.clone(), ..Details::default() };
                self.event(&arn, EventKind::TaskStateExited, exited, now);
                self.end(&arn, EventKind::ExecutionSucceeded, ExecutionStatus::Succeeded, output, None, now);
            }
            Err((error, cause)) => {
                let details = Details { error: Some(error.into()), cause: Some(cause.into()), ..about };
                self.event(&arn, EventKind::TaskFailed, details, now);
                self.end(&arn, EventKind::ExecutionFailed, ExecutionStatus::Failed, None, Some(error.into()), now);
            }
        }
        Ok(())
    }

    /// A heartbeat of a task; it makes no event.
    ///
    /// # Errors
    /// The task is closed.
    pub fn beat(&self, token: &str) -> Result<(), Fault> {
        let closed = || Fault::of_code("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
        self.tokens.get(token).map(|_| ()).ok_or_else(closed)
    }

    /// Ends an execution.
    pub fn end(
        &mut self,
        arn: &str,
        kind: EventKind,
        status: ExecutionStatus,
        output: Option<String>,
        error: Option<String>,
        now: i64,
    ) {
        let details = Details { output: output.clone(), error: error.clone(), ..Details::default() };
        self.event(arn, kind, details, now);
        if let Some(execution) = self.execution_mut(arn) {
            (execution.status, execution.ended_at) = (status, Some(now));
            (execution.output, execution.error) = (output, error);
        }
        self.tokens.retain(|_, (of, _)| of != arn);
    }

    /// Somebody redrives an execution: this dashboard or another.
    ///
    /// # Errors
    /// It cannot be redriven.
    pub fn redrive(&mut self, arn: &str, client_token: Option<&str>, now: i64) -> Result<(), Fault> {
        let Some(execution) = self.execution_mut(arn) else { return Ok(()) };
        if client_token.is_some() && execution.redriven_with.as_deref() == client_token {
            return Ok(());
        }
        if let Some(why) = execution.not_redrivable(now) {
            return Err(Fault::of_code("ExecutionNotRedrivable", why));
        }
        (execution.status, execution.ended_at) = (ExecutionStatus::Running, None);
        (execution.error, execution.cause) = (None, None);
        execution.redrives += 1;
        execution.redriven_with = client_token.map(str::to_owned);
        let details = Details { redrive_count: Some(execution.redrives), ..Details::default() };
        self.event(arn, EventKind::ExecutionRedriven, details, now);
        Ok(())
    }

    /// The execution is described as ended; its history lags behind.
    pub fn close(&mut self, arn: &str, status: ExecutionStatus, now: i64) {
        if let Some(execution) = self.execution_mut(arn) {
            (execution.status, execution.ended_at) = (status, Some(now));
        }
    }

    /// An execution that ended well before anybody looked.
    pub fn finished(&mut self, machine_arn: &str, now: i64) -> String {
        let arn = self.start(machine_arn, &json!({}), now);
        let output = Some("{}".to_owned());
        self.end(&arn, EventKind::ExecutionSucceeded, ExecutionStatus::Succeeded, output, None, now);
        arn
    }
}
