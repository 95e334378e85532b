//! The 62 types of history event, in AWS's wire format.
//!
//! Source: the service model of AWS Step Functions, shapes `HistoryEvent` and `HistoryEventType`.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{self, Deserializer};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One event of an execution's history.
///
/// Serialises as AWS writes it: the timestamp as seconds with milliseconds, the details under the key of their type.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEvent {
    /// Counts from 1, without gaps.
    pub id: u64,
    /// The event that led to this one; 0 for the first ones.
    pub previous_event_id: u64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    pub kind: EventKind,
    pub details: Details,
}

/// The details of every event type, as one flat union: which fields are there depends on the type.
///
/// `input`, `output` and `parameters` are JSON texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    pub name: Option<String>,
    pub input: Option<String>,
    pub output: Option<String>,
    pub resource_type: Option<String>,
    pub resource: Option<String>,
    pub region: Option<String>,
    pub parameters: Option<String>,
    pub timeout_in_seconds: Option<i64>,
    pub heartbeat_in_seconds: Option<i64>,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub location: Option<String>,
    pub state: Option<String>,
    pub role_arn: Option<String>,
    pub state_machine_alias_arn: Option<String>,
    pub state_machine_version_arn: Option<String>,
    pub worker_name: Option<String>,
    pub length: Option<u64>,
    pub index: Option<u64>,
    pub map_run_arn: Option<String>,
    pub redrive_count: Option<u64>,
    /// The role of `taskCredentials`.
    pub task_credentials: Option<String>,
    /// Variable name, and its value as JSON text.
    pub assigned_variables: Option<IndexMap<String, String>>,
}

macro_rules! kinds {
    ($($kind:ident $(=> $key:literal)?),* $(,)?) => {
        /// The type of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum EventKind { $($kind),* }

        impl EventKind {
            /// Every type, in the order of AWS's service model.
            pub const ALL: [Self; 62] = [$(Self::$kind),*];

            /// AWS's name of the type.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind)),* }
            }

            /// The key that the type's details stand under, where it has any.
            #[must_use]
            pub const fn details_key(self) -> Option<&'static str> {
                match self { $(Self::$kind => kinds!(@key $($key)?)),* }
            }
        }
    };
    (@key $key:literal) => { Some($key) };
    (@key) => { None };
}

kinds! {
    ActivityFailed => "activityFailedEventDetails",
    ActivityScheduled => "activityScheduledEventDetails",
    ActivityScheduleFailed => "activityScheduleFailedEventDetails",
    ActivityStarted => "activityStartedEventDetails",
    ActivitySucceeded => "activitySucceededEventDetails",
    ActivityTimedOut => "activityTimedOutEventDetails",
    ChoiceStateEntered => "stateEnteredEventDetails",
    ChoiceStateExited => "stateExitedEventDetails",
    ExecutionAborted => "executionAbortedEventDetails",
    ExecutionFailed => "executionFailedEventDetails",
    ExecutionStarted => "executionStartedEventDetails",
    ExecutionSucceeded => "executionSucceededEventDetails",
    ExecutionTimedOut => "executionTimedOutEventDetails",
    FailStateEntered => "stateEnteredEventDetails",
    LambdaFunctionFailed => "lambdaFunctionFailedEventDetails",
    LambdaFunctionScheduled => "lambdaFunctionScheduledEventDetails",
    LambdaFunctionScheduleFailed => "lambdaFunctionScheduleFailedEventDetails",
    LambdaFunctionStarted,
    LambdaFunctionStartFailed => "lambdaFunctionStartFailedEventDetails",
    LambdaFunctionSucceeded => "lambdaFunctionSucceededEventDetails",
    LambdaFunctionTimedOut => "lambdaFunctionTimedOutEventDetails",
    MapIterationAborted => "mapIterationAbortedEventDetails",
    MapIterationFailed => "mapIterationFailedEventDetails",
    MapIterationStarted => "mapIterationStartedEventDetails",
    MapIterationSucceeded => "mapIterationSucceededEventDetails",
    MapStateAborted,
    MapStateEntered => "stateEnteredEventDetails",
    MapStateExited => "stateExitedEventDetails",
    MapStateFailed,
    MapStateStarted => "mapStateStartedEventDetails",
    MapStateSucceeded,
    ParallelStateAborted,
    ParallelStateEntered => "stateEnteredEventDetails",
    ParallelStateExited => "stateExitedEventDetails",
    ParallelStateFailed,
    ParallelStateStarted,
    ParallelStateSucceeded,
    PassStateEntered => "stateEnteredEventDetails",
    PassStateExited => "stateExitedEventDetails",
    SucceedStateEntered => "stateEnteredEventDetails",
    SucceedStateExited => "stateExitedEventDetails",
    TaskFailed => "taskFailedEventDetails",
    TaskScheduled => "taskScheduledEventDetails",
    TaskStarted => "taskStartedEventDetails",
    TaskStartFailed => "taskStartFailedEventDetails",
    TaskStateAborted,
    TaskStateEntered => "stateEnteredEventDetails",
    TaskStateExited => "stateExitedEventDetails",
    TaskSubmitFailed => "taskSubmitFailedEventDetails",
    TaskSubmitted => "taskSubmittedEventDetails",
    TaskSucceeded => "taskSucceededEventDetails",
    TaskTimedOut => "taskTimedOutEventDetails",
    WaitStateAborted,
    WaitStateEntered => "stateEnteredEventDetails",
    WaitStateExited => "stateExitedEventDetails",
    MapRunAborted,
    MapRunFailed => "mapRunFailedEventDetails",
    MapRunStarted => "mapRunStartedEventDetails",
    MapRunSucceeded,
    ExecutionRedriven => "executionRedrivenEventDetails",
    MapRunRedriven => "mapRunRedrivenEventDetails",
    EvaluationFailed => "evaluationFailedEventDetails",
}

impl EventKind {
    /// The type with AWS's name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether a state was entered.
    #[must_use]
    pub fn is_state_entered(self) -> bool {
        self.name().ends_with("StateEntered")
    }

    /// Whether a state was left for the next one.
    #[must_use]
    pub fn is_state_exited(self) -> bool {
        self.name().ends_with("StateExited")
    }

    /// Whether it says that something failed, ran out of time or was aborted.
    #[must_use]
    pub fn is_failure(self) -> bool {
        let name = self.name();
        name.contains("Failed") || name.ends_with("TimedOut") || name.ends_with("Aborted")
    }

    /// Whether it ends the execution. A redrive may still follow.
    #[must_use]
    pub const fn is_execution_end(self) -> bool {
        matches!(
            self,
            Self::ExecutionSucceeded | Self::ExecutionFailed | Self::ExecutionTimedOut | Self::ExecutionAborted
        )
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The fields of one value type, under AWS's names.
macro_rules! fields {
    ($macro:ident, $($argument:expr),*) => {
        $macro!($($argument),*;
            name "name" text,
            input "input" text,
            output "output" text,
            resource_type "resourceType" text,
            resource "resource" text,
            region "region" text,
            parameters "parameters" text,
            timeout_in_seconds "timeoutInSeconds" signed,
            heartbeat_in_seconds "heartbeatInSeconds" signed,
            error "error" text,
            cause "cause" text,
            location "location" text,
            state "state" text,
            role_arn "roleArn" text,
            state_machine_alias_arn "stateMachineAliasArn" text,
            state_machine_version_arn "stateMachineVersionArn" text,
            worker_name "workerName" text,
            length "length" unsigned,
            index "index" unsigned,
            map_run_arn "mapRunArn" text,
            redrive_count "redriveCount" unsigned,
        )
    };
}

macro_rules! write_fields {
    ($self:expr, $map:expr; $($field:ident $key:literal $kind:ident,)*) => {
        $(if let Some(value) = &$self.$field { $map.serialize_entry($key, value)?; })*
    };
}

macro_rules! read_fields {
    ($source:expr; $($field:ident $key:literal $kind:ident,)*) => {
        Details { $($field: $source.get($key).and_then($kind),)* ..Details::default() }
    };
}

/// What AWS adds beside `input`, `output` and `assignedVariables` in every answer of the API.
#[derive(Serialize)]
struct Whole {
    truncated: bool,
}

const WHOLE: Whole = Whole { truncated: false };

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        fields!(write_fields, self, map);
        if let Some(role) = &self.task_credentials {
            map.serialize_entry("taskCredentials", &serde_json::json!({ "roleArn": role }))?;
        }
        if let Some(variables) = &self.assigned_variables {
            map.serialize_entry("assignedVariables", variables)?;
            map.serialize_entry("assignedVariablesDetails", &WHOLE)?;
        }
        for (key, there) in [("inputDetails", self.input.is_some()), ("outputDetails", self.output.is_some())] {
            if there {
                map.serialize_entry(key, &WHOLE)?;
            }
        }
        map.end()
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn signed(value: &Value) -> Option<i64> {
    value.as_i64()
}

fn unsigned(value: &Value) -> Option<u64> {
    value.as_u64()
}

impl Details {
    fn from_map(map: &Map<String, Value>) -> Self {
        let mut details = fields!(read_fields, map);
        details.task_credentials = map.get("taskCredentials").and_then(|value| text(value.get("roleArn")?));
        details.assigned_variables = map
            .get("assignedVariables")
            .and_then(Value::as_object)
            .map(|variables| variables.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect());
        details
    }
}

impl Serialize for HistoryEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // Milliseconds since the epoch stay below 2^53.
        map.serialize_entry("timestamp", &(self.timestamp as f64 / 1_000.0))?;
        map.serialize_entry("type", &self.kind)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("previousEventId", &self.previous_event_id)?;
        if let Some(key) = self.kind.details_key() {
            map.serialize_entry(key, &self.details)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for HistoryEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Map::deserialize(deserializer)?;
        let number =
            |key: &'static str| map.get(key).and_then(Value::as_u64).ok_or_else(|| de::Error::missing_field(key));
        let kind = map
            .get("type")
            .and_then(Value::as_str)
            .and_then(EventKind::from_name)
            .ok_or_else(|| de::Error::custom("an event needs one of AWS's event types"))?;
        let timestamp =
            map.get("timestamp").and_then(Value::as_f64).map_or(0, |seconds| (seconds * 1_000.0).round() as i64);
        let details =
            kind.details_key().and_then(|key| map.get(key)?.as_object()).map(Details::from_map).unwrap_or_default();
        Ok(Self { id: number("id")?, previous_event_id: number("previousEventId")?, timestamp, kind, details })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn round_trip(wire: Value) {
        let event: HistoryEvent = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), wire);
    }

    #[test]
    fn events_keep_every_field_of_the_wire() {
        round_trip(json!({"timestamp": 1_700_000_000.123, "type": "TaskScheduled", "id": 3, "previousEventId": 2,
            "taskScheduledEventDetails": {"resourceType": "lambda", "resource": "invoke", "region": "us-east-1",
                "parameters": "{}", "timeoutInSeconds": 60, "taskCredentials": {"roleArn": "arn:r"}}}));
        round_trip(json!({"timestamp": 1.0, "type": "PassStateExited", "id": 3, "previousEventId": 2,
            "stateExitedEventDetails": {"name": "A", "output": "1", "assignedVariables": {"x": "1"},
                "assignedVariablesDetails": {"truncated": false}, "outputDetails": {"truncated": false}}}));
        round_trip(json!({"timestamp": 1.0, "type": "LambdaFunctionStarted", "id": 4, "previousEventId": 3}));
        round_trip(json!({"timestamp": 1.0, "type": "ExecutionAborted", "id": 4, "previousEventId": 3,
            "executionAbortedEventDetails": {}}));
    }

    #[test]
    fn every_type_is_known_by_its_name() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(EventKind::from_name("Nothing"), None);
    }
}
