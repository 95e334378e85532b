//! Definitions from a seed: anything that waits, fails, retries or runs in parallel, nested, in both languages.
//!
//! Every state passes its input on, so that each one finds `items` to iterate over and a number `n`.

use serde_json::{Map, Value, json};

use crate::chance::Chance;

/// Deepest nesting of states within states.
const DEPTH: usize = 2;

pub fn definition(chance: &mut Chance) -> Value {
    let jsonata = chance.one_in(3);
    let mut writer = Writer { chance, jsonata, states: 0 };
    let mut machine = writer.scope(0, false);
    if jsonata {
        machine["QueryLanguage"] = json!("JSONata");
    }
    if writer.chance.one_in(4) {
        machine["TimeoutSeconds"] = json!(60 + writer.chance.next(2_000));
    }
    machine
}

struct Writer<'a> {
    chance: &'a mut Chance,
    /// The machine's language.
    jsonata: bool,
    /// States so far: their number is part of their name.
    states: usize,
}

/// States in a row that are not linked yet.
type Row = Vec<(String, Value)>;

impl Writer<'_> {
    fn name(&mut self, what: &str) -> String {
        self.states += 1;
        format!("{what}{}", self.states)
    }

    /// A scope; `fresh` gives it data of its own first, if its input is an item of a map.
    fn scope(&mut self, depth: usize, fresh: bool) -> Value {
        let mut row = Row::new();
        if fresh {
            row.push((self.name("Begin"), self.begin()));
        }
        for _ in 0..1 + self.chance.next(3 - depth.min(1)) {
            self.state(depth, &mut row);
        }
        let last = match self.chance.next(10) {
            0 => json!({ "Type": "Fail", "Error": "Planned", "Cause": "it ends so" }),
            1 | 2 => json!({ "Type": "Succeed" }),
            _ => json!({ "Type": "Pass", "End": true }),
        };
        row.push((self.name("End"), last));
        joined(row)
    }

    /// Whether the next state uses JSONata, and the field that says so.
    fn language(&mut self, kind: &str) -> (bool, Value) {
        let mut state = json!({ "Type": kind });
        let jsonata = self.jsonata || self.chance.one_in(4);
        if jsonata && !self.jsonata {
            state["QueryLanguage"] = json!("JSONata");
        }
        (jsonata, state)
    }

    fn begin(&mut self) -> Value {
        let (jsonata, mut state) = self.language("Pass");
        state[if jsonata { "Output" } else { "Parameters" }] = json!({ "items": [1, 2], "n": 1 });
        state
    }

    fn state(&mut self, depth: usize, row: &mut Row) {
        let state = match self.chance.next(if depth < DEPTH { 12 } else { 8 }) {
            0 => self.pass(),
            1..=4 => self.task(),
            5 | 6 => self.wait(),
            7 => return self.looped(row),
            8 => self.parallel(depth),
            9 | 10 => self.map(depth),
            _ => self.distributed(depth),
        };
        let name = self.name("S");
        row.push((name, state));
    }

    fn pass(&mut self) -> Value {
        let (jsonata, mut state) = self.language("Pass");
        if jsonata {
            state["Output"] = json!("{% $merge([$states.input, {'id': $uuid(), 'chance': $random()}]) %}");
        } else {
            state["Parameters"] = json!({ "id.$": "States.UUID()", "chance.$": "States.MathRandom(0, 1000)" });
            state["ResultPath"] = json!("$.drawn");
        }
        state
    }

    fn wait(&mut self) -> Value {
        let (jsonata, mut state) = self.language("Wait");
        match self.chance.next(3) {
            0 => state["Seconds"] = json!(self.chance.next(60)),
            1 => state["Timestamp"] = json!(format!("1970-01-01T00:0{}:00Z", self.chance.next(10))),
            _ if jsonata => state["Seconds"] = json!("{% $states.input.n %}"),
            _ => state["SecondsPath"] = json!("$.n"),
        }
        state
    }

    fn task(&mut self) -> Value {
        let (jsonata, mut state) = self.language("Task");
        let input = if jsonata { ("", "{% $states.input.n %}") } else { (".$", "$.n") };
        let token = if jsonata { ("", "{% $states.context.Task.Token %}") } else { (".$", "$$.Task.Token") };
        let with = |fixed: Value, given: &[(&str, (&str, &str))]| {
            let mut parameters = fixed.as_object().cloned().unwrap_or_default();
            parameters.extend(given.iter().map(|(key, (end, text))| (format!("{key}{end}"), json!(text))));
            Value::Object(parameters)
        };
        let service = |call: &str| format!("arn:aws:states:::{call}");
        let (resource, parameters) = match self.chance.next(7) {
            0 => ("arn:aws:lambda:us-east-1:000000000000:function:f".to_owned(), with(json!({}), &[("n", input)])),
            1 => (service("lambda:invoke"), with(json!({ "FunctionName": "f" }), &[("Payload", input)])),
            2 => {
                let body = with(json!({}), &[("token", token), ("n", input)]);
                (service("sqs:sendMessage.waitForTaskToken"), json!({ "QueueUrl": "q", "MessageBody": body }))
            }
            3 => ("arn:aws:states:us-east-1:000000000000:activity:a".to_owned(), with(json!({}), &[("n", input)])),
            4 => {
                (service("states:startExecution.sync:2"), with(json!({ "StateMachineArn": "m" }), &[("Input", input)]))
            }
            5 => {
                let given = with(json!({}), &[("token", token)]);
                let parameters = json!({ "StateMachineArn": "m", "Input": given });
                (service("states:startExecution.waitForTaskToken"), parameters)
            }
            _ => (service("sns:publish"), with(json!({ "TopicArn": "t" }), &[("Message", input)])),
        };
        state["Resource"] = json!(resource);
        state[if jsonata { "Arguments" } else { "Parameters" }] = parameters;
        if self.chance.one_in(2) {
            state["TimeoutSeconds"] = json!(20 + self.chance.next(100));
        }
        if self.chance.one_in(3) {
            state["HeartbeatSeconds"] = json!(5 + self.chance.next(15));
        }
        self.finished(state, jsonata)
    }

    /// The result is dropped and the input passed on; errors are handled in one way or another.
    fn finished(&mut self, mut state: Value, jsonata: bool) -> Value {
        if jsonata {
            state["Output"] = json!("{% $states.input %}");
        } else {
            state["ResultPath"] = json!("$.result");
        }
        let retrier = |errors: &str, more: Value| {
            let mut retrier = json!({ "ErrorEquals": [errors], "IntervalSeconds": 2, "MaxAttempts": 2 });
            retrier.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            retrier
        };
        let mut retry = Vec::new();
        if self.chance.one_in(2) {
            retry.push(retrier("Flaky", json!({ "JitterStrategy": "FULL", "MaxDelaySeconds": 3 })));
        }
        if self.chance.one_in(3) {
            retry.push(retrier("States.Timeout", json!({ "BackoffRate": 1.5 })));
        }
        if self.chance.one_in(4) {
            retry.push(retrier("States.ALL", json!({ "MaxAttempts": 1 })));
        }
        if !retry.is_empty() {
            state["Retry"] = Value::Array(retry);
        }
        let mut catch = Vec::new();
        for (errors, times) in [("Bad", 2), ("States.ALL", 3)] {
            if self.chance.one_in(times) {
                let mut catcher = json!({ "ErrorEquals": [errors], "Next": NEXT });
                if jsonata {
                    catcher["Output"] = json!("{% $merge([$states.input, {'caught': $states.errorOutput}]) %}");
                } else {
                    catcher["ResultPath"] = json!("$.caught");
                }
                catch.push(catcher);
            }
        }
        if !catch.is_empty() {
            state["Catch"] = Value::Array(catch);
        }
        state
    }

    /// A few rounds over a task or a wait, counted by a variable.
    fn looped(&mut self, row: &mut Row) {
        let counter = self.name("c");
        let (zero, body, again, choice) =
            (self.name("Zero"), self.name("Body"), self.name("Count"), self.name("Again"));
        let jsonata = self.jsonata;
        let (count, more) = if jsonata {
            (
                json!({ &counter: format!("{{% ${counter} + 1 %}}") }),
                json!({ "Condition": format!("{{% ${counter} < 3 %}}") }),
            )
        } else {
            (
                json!({ format!("{counter}.$"): format!("States.MathAdd(${counter}, 1)") }),
                json!({ "Variable": format!("${counter}"), "NumericLessThan": 3 }),
            )
        };
        let mut rule = more;
        rule["Next"] = json!(body);
        row.push((zero, json!({ "Type": "Pass", "Assign": { &counter: 0 } })));
        let inner = if self.chance.one_in(2) { self.task() } else { self.wait() };
        row.push((body, inner));
        row.push((again, json!({ "Type": "Pass", "Assign": count })));
        row.push((choice, json!({ "Type": "Choice", "Choices": [rule], "Default": NEXT })));
    }

    fn parallel(&mut self, depth: usize) -> Value {
        let (jsonata, mut state) = self.language("Parallel");
        let branches: Vec<Value> = (0..2 + self.chance.next(2)).map(|_| self.scope(depth + 1, false)).collect();
        state["Branches"] = Value::Array(branches);
        self.finished(state, jsonata)
    }

    fn map(&mut self, depth: usize) -> Value {
        let (jsonata, mut state) = self.language("Map");
        if jsonata {
            state["Items"] = json!("{% $states.input.items %}");
        } else {
            state["ItemsPath"] = json!("$.items");
        }
        state["MaxConcurrency"] = json!(self.chance.next(3));
        state["ItemProcessor"] = self.scope(depth + 1, true);
        self.finished(state, jsonata)
    }

    fn distributed(&mut self, depth: usize) -> Value {
        let mut state = self.map(depth);
        let jsonata = state.get("Items").is_some();
        // Express children wait for nobody and have no children of their own.
        let body = state["ItemProcessor"].to_string();
        let waits = [".sync", ".waitForTaskToken", ":activity:", "DISTRIBUTED"].iter().any(|what| body.contains(what));
        let kind = if waits || self.chance.one_in(2) { "STANDARD" } else { "EXPRESS" };
        state["ItemProcessor"]["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": kind });
        let given = if jsonata { "Arguments" } else { "Parameters" };
        if self.chance.one_in(3) {
            state.as_object_mut().unwrap().shift_remove(if jsonata { "Items" } else { "ItemsPath" });
            state["ItemReader"] = json!({ "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": { "InputType": "JSON" }, given: { "Bucket": "b", "Key": "k" } });
        }
        if self.chance.one_in(3) {
            state["ResultWriter"] =
                json!({ "Resource": "arn:aws:states:::s3:putObject", given: { "Bucket": "b", "Prefix": "p" } });
        }
        if self.chance.one_in(3) {
            state["ItemBatcher"] = json!({ "MaxItemsPerBatch": 2 });
        }
        match self.chance.next(3) {
            0 => state["ToleratedFailureCount"] = json!(1),
            1 => state["ToleratedFailurePercentage"] = json!(60),
            _ => {}
        }
        state
    }
}

/// Stands for the next state until the row is linked.
const NEXT: &str = "(the next)";

/// Links each state of a row to the next one.
fn joined(row: Row) -> Value {
    let names: Vec<String> = row.iter().map(|(name, _)| name.clone()).collect();
    let mut states = Map::new();
    for (index, (name, mut state)) in row.into_iter().enumerate() {
        if let Some(next) = names.get(index + 1) {
            let own = !["Choice", "Succeed", "Fail"].contains(&state["Type"].as_str().unwrap());
            if own && state.get("End").is_none() {
                state["Next"] = json!(next);
            }
            if state.get("Default").is_some() {
                state["Default"] = json!(next);
            }
            for catcher in state.get_mut("Catch").and_then(Value::as_array_mut).into_iter().flatten() {
                catcher["Next"] = json!(next);
            }
        }
        states.insert(name, state);
    }
    json!({ "StartAt": names[0], "States": states })
}
