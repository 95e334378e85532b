//! A definition that can run.

use std::sync::Arc;

use countersign_asl::{Diagnostic, Machine, StateKind, parse};
use countersign_engine::{CompileError, Program};

/// A definition, as model and as program.
#[derive(Debug, Clone)]
pub struct Definition {
    pub machine: Machine,
    pub program: Arc<Program>,
}

/// Why a definition cannot run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DefinitionError {
    /// It has these errors; there is at least one.
    #[error("{}", first(.0))]
    Refused(Vec<Diagnostic>),
    #[error(transparent)]
    NotCompiled(#[from] CompileError),
}

/// The first error as a sentence.
fn first(found: &[Diagnostic]) -> String {
    let Some(one) = found.first() else { return "the definition is not valid".to_owned() };
    let more = match found.len() {
        0 | 1 => String::new(),
        number => format!(" ({} more)", number - 1),
    };
    format!("{}:{}: {}. {}{more}", one.span.line, one.span.column, one.message.trim_end_matches('.'), one.remedy)
}

impl Definition {
    /// Reads a definition whose placeholders have values already.
    ///
    /// # Errors
    /// AWS would refuse it, or it cannot be compiled.
    pub fn read(text: &str) -> Result<Self, DefinitionError> {
        let (machine, found) = parse(text);
        let errors: Vec<Diagnostic> = found.into_iter().filter(Diagnostic::is_error).collect();
        match machine.filter(|_| errors.is_empty()) {
            Some(machine) => {
                let program = Arc::new(Program::compile(&machine.source)?);
                Ok(Self { machine, program })
            }
            None => Err(DefinitionError::Refused(errors)),
        }
    }

    /// Whether a state is a distributed Map.
    #[must_use]
    pub fn is_distributed(&self, state: &str) -> bool {
        let state = self.machine.state(state);
        state.is_some_and(|state| {
            matches!(&state.kind, StateKind::Map(map) if map.mode == countersign_asl::model::MapMode::Distributed)
        })
    }
}
