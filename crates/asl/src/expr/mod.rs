//! The expression languages: JSONPath ([`path`]), intrinsic functions ([`intrinsics`]) and JSONata ([`jsonata`]).
//!
//! Everything an expression may read beside its own text comes through [`Environment`], time and randomness
//! included, so that the same expression in the same environment always gives the same value.

mod filter;
mod functions;
pub mod intrinsics;
mod java;
#[cfg(feature = "jsonata")]
pub mod jsonata;
pub mod path;
mod path_parse;
pub(crate) mod references;

#[cfg(feature = "jsonata")]
pub use jsonata::sandbox;
use serde_json::Value;

/// What an expression can read.
pub trait Environment {
    /// `$`.
    fn input(&self) -> &Value;
    /// `$$` of JSONPath, `$states.context` of JSONata.
    fn context(&self) -> &Value;
    /// A value along the path `names` into the context object, and how many of the names lead to it. The whole object may
    /// be large, because it holds the execution's input: a longer path means that less of it has to be built.
    fn context_at(&self, _names: &[&str]) -> (&Value, usize) {
        (self.context(), 0)
    }
    /// The variable that `Assign` has set, by its name without the dollar sign.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// The next 64 random bits.
    fn random(&self) -> u64;
    /// Milliseconds since the epoch.
    fn now(&self) -> i64;
    /// Charges bytes to the memory limit of the state's expressions; false where the limit is exceeded.
    fn spend(&self, _bytes: usize) -> bool {
        true
    }
    /// Where an expression that may run away is evaluated; `None`: in place, within a limit of time alone.
    #[cfg(feature = "jsonata")]
    fn sandbox(&self) -> Option<&dyn sandbox::Sandbox> {
        None
    }
}

/// Reading a value costs this fraction of building it.
const READING: usize = 16;
/// The error of an expression that exceeds the memory limit.
pub(crate) const SPENT: &str =
    "The expressions of this state would take more memory than the expressions of one state may.";

/// How many bytes a value takes, roughly.
pub fn weight(value: &Value) -> usize {
    let within = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(key, field)| key.len() + weight(field)).sum(),
        _ => 0,
    };
    size_of::<Value>() + within
}

/// What it costs to read a value.
pub fn reading(value: &Value) -> usize {
    weight(value) / READING
}

/// A version 4 UUID, made of two results of `random`.
pub fn uuid(mut random: impl FnMut() -> u64) -> String {
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
pub(crate) mod test_environment {
    use super::Environment;
    use serde_json::{Map, Value, json};
    use std::cell::Cell;

    /// An environment made of values, with a counter for randomness.
    pub struct Fixed {
        pub input: Value,
        pub context: Value,
        pub variables: Map<String, Value>,
        pub count: Cell<u64>,
    }

    impl Fixed {
        pub fn with_input(input: Value) -> Fixed {
            Fixed { input, context: json!({"Execution": {"Id": "arn:x"}}), variables: Map::new(), count: Cell::new(0) }
        }
    }

    impl Environment for Fixed {
        fn input(&self) -> &Value {
            &self.input
        }
        fn context(&self) -> &Value {
            &self.context
        }
        fn variable(&self, name: &str) -> Option<&Value> {
            self.variables.get(name)
        }
        fn random(&self) -> u64 {
            self.count.set(self.count.get() + 1);
            self.count.get().wrapping_mul(0x9e37_79b9_7f4a_7c15)
        }
        fn now(&self) -> i64 {
            1_700_000_000_000
        }
    }
}

#[cfg(test)]
mod tests {
    use super::test_environment::Fixed;
    use super::{functions, intrinsics, path};
    use serde_json::json;

    /// Mutations of valid texts: whatever comes out, parsing and evaluating end without a panic.
    #[test]
    fn no_text_makes_the_parsers_panic() {
        let seeds = [
            "$.a.b[0]['c', 'd'][1:2:3][?(@.x == 'y' && !(@.z > 1.5e3))]..*",
            "$$.Execution.Id",
            "$variable.x[-1]",
            "States.Format('{} \\'x\\' {}', $.a[*], States.Array(1, null, true, 'é'))",
            "States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)",
            "States.MathAdd(9223372036854775807, States.ArrayLength($.list))",
            "States.ArrayPartition($.list, 0.4)",
        ];
        let alphabet: Vec<char> = "$.@[]()'\"\\{}*?:,!&|=<>-0123456789aéStates.Format ".chars().collect();
        let env = Fixed::with_input(json!({"a": {"b": [1, {"c": 2}]}, "list": [1, 2, 3]}));
        let mut state = 1;
        let mut random = |below: usize| {
            state = functions::mix(state);
            (state % below as u64) as usize
        };
        for round in 0..60_000 {
            let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
            for _ in 0..random(6) {
                let at = random(text.len() + 1);
                match random(3) {
                    0 => text.insert(at, alphabet[random(alphabet.len())]),
                    1 if at < text.len() => drop(text.remove(at)),
                    _ => text.truncate(at.max(1)),
                }
            }
            let text: String = text.into_iter().collect();
            if let Ok(path) = path::Path::parse(&text) {
                let _ = path.evaluate(&env);
                let mut target = json!({"a": [1]});
                let _ = path.is_reference().then(|| path.put(&mut target, json!(1)));
            }
            if let Ok(call) = intrinsics::Call::parse(&text) {
                let _ = call.evaluate(&env);
            }
        }
    }
}
