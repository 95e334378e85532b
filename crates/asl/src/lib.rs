//! The Amazon States Language: model, diagnostics, expressions, and the drawing of a definition.
//!
//! ```
//! let text = r#"{"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "End": true}}}"#;
//! let (machine, diagnostics) = countersign_asl::parse(text);
//! assert!(diagnostics.is_empty());
//! let graph = countersign_asl::graph::layout(&machine.unwrap());
//! assert_eq!(graph.nodes.iter().map(|node| node.id.as_str()).collect::<Vec<_>>(), ["__start", "Greet", "__end"]);
//! ```
//!
//! | module | subject |
//! |---|---|
//! | [`model`] | the typed definition |
//! | [`parse()`] | from text to model, with every diagnostic and its span |
//! | [`Rule`] | the rules behind the diagnostics |
//! | [`advise()`] | what works and could be better: the rules that AWS does not have |
//! | [`Switches`] | which rules are left out, warn or refuse |
//! | [`Resource`] | what a task calls |
//! | [`report()`] | a diagnostic as a compiler prints it: the line, a caret and the remedy |
//! | [`mod@substitute`] | placeholders, and the values that a deployment gives them |
//! | [`graph`] | nodes and edges with their positions on a drawing |
//! | [`expr`] | JSONPath, JSONata and intrinsic functions |
//!
//! The crate does no I/O and reads no clock. Without the feature `jsonata` it builds for wasm32 in few bytes.

pub mod diagnostic;
pub mod expr;
pub mod graph;
mod lint;
pub mod model;
mod parse;
mod reason;
mod report;
mod resource;
mod rule;
pub mod substitute;
mod switch;

pub use diagnostic::{Diagnostic, Severity, SourceSpan, invalid_definition_message};
pub use lint::advice::advise;
pub use model::{Machine, MachineType, QueryLanguage, State, StateKind, Transition};
pub use parse::{MAX_DEPTH, json_error, parse, parse_created, read_json};
pub use report::report;
pub use resource::{Pattern, Resource};
pub use rule::{Rule, RuleScope};
pub use substitute::{Placeholder, PlaceholderProblem, PlaceholderValue, Substituted, placeholders, substitute};
pub use switch::{Level, Switch, SwitchError, Switches};
