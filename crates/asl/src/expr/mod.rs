//! The expression languages: JSONPath ([`path`]), intrinsic functions ([`intrinsics`]) and JSONata ([`jsonata`]).
//!
//! Everything an expression may read beside its own text comes through [`Environment`], time and randomness
//! included, so that the same expression in the same environment always gives the same value.

mod filter;
mod functions;
pub mod intrinsics;
#[cfg(feature = "jsonata")]
pub mod jsonata;
#[cfg(feature = "jsonata")]
mod jsonata_functions;
pub mod path;
mod path_parse;

use serde_json::Value;

/// What an expression can see.
pub trait Environment {
    /// `$`.
    fn input(&self) -> &Value;
    /// `$$` of JSONPath, `$states.context` of JSONata.
    fn context(&self) -> &Value;
    /// The variable that `Assign` has set, by its name without the dollar sign.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// The next 64 random bits.
    fn random(&self) -> u64;
    /// Milliseconds since the epoch.
    fn now(&self) -> i64;
}

/// A version 4 UUID of the environment's randomness.
pub(crate) fn uuid(environment: &dyn Environment) -> String {
    let (high, low) = (environment.random(), environment.random());
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
