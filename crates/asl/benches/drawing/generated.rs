//! Definitions drawn by lot, with a seed: rows of tasks, choices that join again, loops, handlers, branches and bodies.

use serde_json::{Map, Value, json};

/// A definition with about that many states, the same for the same seed.
pub fn definition(states: usize, seed: u64) -> String {
    let mut lot =
        Lot { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d, count: 0, left: states };
    lot.scope(0).to_string()
}

struct Lot {
    state: u64,
    count: usize,
    /// How many states are still to be made.
    left: usize,
}

impl Lot {
    /// A number below `most`: splitmix64.
    fn below(&mut self, most: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % most.max(1) as u64).unwrap_or(0)
    }

    fn name(&mut self, word: &str) -> String {
        self.count += 1;
        self.left = self.left.saturating_sub(1);
        let subjects = ["order", "payment", "stock", "customer record", "invoice", "label", "report of the day"];
        let subject = subjects[self.below(subjects.len())];
        format!("{word} {subject} {}", self.count)
    }

    /// A scope: the top, a branch or a body.
    fn scope(&mut self, depth: usize) -> Value {
        let mut states = Map::new();
        let handler = format!("Give up {}", self.count);
        let last = self.name("Finish");
        let budget = if depth == 0 { self.left } else { 1 + self.below(5).min(self.left) };
        let end = self.left - budget.min(self.left);
        let mut start = last.clone();
        states.insert(last.clone(), json!({"Type": "Succeed"}));
        let mut caught = false;
        // From the last state to the first, so that each knows its successor.
        while self.left > end {
            start = self.piece(&mut states, &start, &last, &handler, &mut caught, depth);
        }
        if caught {
            self.name("");
            states.insert(handler, json!({"Type": "Fail", "Error": "GaveUp"}));
        }
        json!({"StartAt": start, "States": states})
    }

    /// One or more states that lead to `next`. Returns the first.
    fn piece(
        &mut self,
        states: &mut Map<String, Value>,
        next: &str,
        last: &str,
        handler: &str,
        caught: &mut bool,
        depth: usize,
    ) -> String {
        match self.below(if depth < 2 { 12 } else { 9 }) {
            0..=4 => {
                let name = self.name("Update");
                let mut task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": next});
                if self.below(3) == 0 {
                    task["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Next": handler}]);
                    *caught = true;
                }
                states.insert(name.clone(), task);
                name
            }
            5 | 6 => self.choice(states, next, last),
            7 => self.polling(states, next, last),
            8 => {
                let name = self.name("Wait for");
                states.insert(name.clone(), json!({"Type": "Wait", "Seconds": 60, "Next": next}));
                name
            }
            9 | 10 => {
                let name = self.name("Do at once");
                let branches: Vec<Value> = (0..2 + self.below(2)).map(|_| self.scope(depth + 1)).collect();
                states.insert(name.clone(), json!({"Type": "Parallel", "Branches": branches, "Next": next}));
                name
            }
            _ => {
                let name = self.name("For each");
                let body = self.scope(depth + 1);
                states.insert(name.clone(), json!({"Type": "Map", "ItemProcessor": body, "Next": next}));
                name
            }
        }
    }

    /// A Choice whose arms join again; now and then an arm leads to the last state.
    fn choice(&mut self, states: &mut Map<String, Value>, next: &str, last: &str) -> String {
        let mut rules = Vec::new();
        for arm in 0..1 + self.below(3) {
            let target = if self.below(6) == 0 { last.to_owned() } else { self.row(states, next) };
            rules.push(json!({"Variable": "$.order.kind", "NumericEquals": arm, "Next": target}));
        }
        let name = self.name("Which");
        states.insert(name.clone(), json!({"Type": "Choice", "Choices": rules, "Default": next}));
        name
    }

    /// One to three states in a row.
    fn row(&mut self, states: &mut Map<String, Value>, next: &str) -> String {
        let mut first = next.to_owned();
        for _ in 0..1 + self.below(3) {
            let name = self.name("Check");
            states.insert(
                name.clone(),
                json!({"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "Next": first}),
            );
            first = name;
        }
        first
    }

    /// Ask, decide, wait and ask again: an edge upwards.
    fn polling(&mut self, states: &mut Map<String, Value>, next: &str, last: &str) -> String {
        let (wait, ask, done) = (self.name("Wait for"), self.name("Ask for"), self.name("Is it done:"));
        states.insert(wait.clone(), json!({"Type": "Wait", "Seconds": 5, "Next": ask}));
        states.insert(
            ask.clone(),
            json!({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:glue:getJobRun", "Next": done}),
        );
        let mut rules = vec![json!({"Variable": "$.status", "StringEquals": "SUCCEEDED", "Next": next})];
        if self.below(2) == 0 {
            rules.push(json!({"Variable": "$.status", "StringEquals": "FAILED", "Next": last}));
        }
        states.insert(done, json!({"Type": "Choice", "Choices": rules, "Default": wait}));
        ask
    }
}
