//! A compiled definition: names resolved, paths and expressions parsed once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use countersign_asl::expr::path::Path;
use serde_json::{Map, Value};

use crate::catch::Catcher;
use crate::ids::{ScopeId, StateId};
use crate::retry::Retrier;
use crate::states::{Body, Tag, whole};
use crate::template::{Reference, Template};

/// Why a definition cannot be compiled. Definitions that the parser accepts compile.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{at}: {reason}")]
pub struct CompileError {
    /// Where in the definition, as a path.
    pub at: String,
    pub reason: String,
}

impl CompileError {
    pub(crate) fn new(at: impl Into<String>, reason: impl Into<String>) -> CompileError {
        CompileError { at: at.into(), reason: reason.into() }
    }
}

/// A compiled definition, shared by every execution of it.
#[derive(Debug)]
pub struct Program {
    pub(crate) scopes: Vec<Scope>,
    /// `TimeoutSeconds` of the whole.
    pub(crate) timeout: Option<i64>,
    /// The activities that it names, by ARN.
    pub(crate) activities: BTreeSet<String>,
}

/// The top level, a branch of a Parallel state, or the processor of a Map state.
#[derive(Debug)]
pub(crate) struct Scope {
    pub start: StateId,
    pub states: Vec<State>,
}

/// One compiled state.
#[derive(Debug)]
pub(crate) struct State {
    pub name: Arc<str>,
    pub tag: Tag,
    pub jsonata: bool,
    /// `None` where the state ends its scope.
    pub next: Option<StateId>,
    pub input_path: Selector,
    /// `Parameters`, or `Arguments` of JSONata.
    pub parameters: Option<Template>,
    pub result_selector: Option<Template>,
    pub result_path: Option<Path>,
    pub result_discarded: bool,
    pub output_path: Selector,
    pub assign: Option<Template>,
    pub output: Option<Template>,
    pub retry: Vec<Retrier>,
    pub catch: Vec<Catcher>,
    pub body: Body,
}

/// `InputPath` or `OutputPath`.
#[derive(Debug)]
pub(crate) enum Selector {
    /// Left out, or `$`.
    Whole,
    /// `null`: an empty object.
    Nothing,
    At(Reference),
}

impl Program {
    /// Compiles a definition from its JSON.
    ///
    /// # Errors
    /// The first part that cannot be compiled, with the reason.
    pub fn compile(definition: &Value) -> Result<Program, CompileError> {
        let jsonata = definition.get("QueryLanguage").and_then(Value::as_str) == Some("JSONata");
        let mut compiler = Compiler { scopes: Vec::new(), jsonata };
        compiler.scope(definition, "")?;
        let states = compiler.scopes.iter().flat_map(|scope| &scope.states);
        let activities = states.filter_map(|state| state.body.activity()).map(str::to_owned).collect();
        let timeout = definition.get("TimeoutSeconds").and_then(whole);
        Ok(Program { scopes: compiler.scopes, timeout, activities })
    }

    /// The number of states, nested ones included.
    pub fn len(&self) -> usize {
        self.scopes.iter().map(|s| s.states.len()).sum()
    }

    /// Whether there is no state at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Collects scopes; the top level is the first one.
pub(crate) struct Compiler {
    pub scopes: Vec<Scope>,
    /// The query language of the whole definition. A nested state has this one, not that of the state around it.
    jsonata: bool,
}

impl Compiler {
    /// Compiles an object with `StartAt` and `States`, and returns the id of its scope.
    pub fn scope(&mut self, value: &Value, at: &str) -> Result<ScopeId, CompileError> {
        let states = value
            .get("States")
            .and_then(Value::as_object)
            .ok_or_else(|| CompileError::new(format!("{at}/States"), "an object of states is needed"))?;
        let names: Names = states.keys().enumerate().map(|(i, n)| (n.clone(), StateId(i))).collect();
        let start = target(&names, value.get("StartAt"), &format!("{at}/StartAt"))?;
        let id = ScopeId(self.scopes.len());
        self.scopes.push(Scope { start, states: Vec::new() });
        let mut compiled = Vec::with_capacity(states.len());
        for (name, state) in states {
            compiled.push(self.state(name, state, &names, &format!("{at}/States/{name}"))?);
        }
        self.scopes[id].states = compiled;
        Ok(id)
    }

    fn state(&mut self, name: &str, state: &Value, names: &Names, at: &str) -> Result<State, CompileError> {
        let object = state.as_object().ok_or_else(|| CompileError::new(at, "a state is an object"))?;
        let jsonata = object.get("QueryLanguage").and_then(Value::as_str).map_or(self.jsonata, |l| l == "JSONata");
        let fields = Fields { object, jsonata, at };
        let tag = Tag::named(fields.text("Type").unwrap_or_default())
            .ok_or_else(|| CompileError::new(format!("{at}/Type"), "this type of state does not exist"))?;
        let next = object.get("Next").map(|_| target(names, object.get("Next"), &format!("{at}/Next")));
        let (result_path, result_discarded) = fields.result_path()?;
        Ok(State {
            name: Arc::from(name),
            tag,
            jsonata,
            next: next.transpose()?,
            input_path: fields.selector("InputPath")?,
            parameters: fields.template(if jsonata { "Arguments" } else { "Parameters" })?,
            result_selector: fields.template("ResultSelector")?,
            result_path,
            result_discarded,
            output_path: fields.selector("OutputPath")?,
            assign: fields.template("Assign")?,
            output: if jsonata { fields.template("Output")? } else { None },
            retry: Retrier::compile(object.get("Retry"), &format!("{at}/Retry"))?,
            catch: Catcher::compile(object.get("Catch"), names, jsonata, &format!("{at}/Catch"))?,
            body: Body::compile(self, tag, &fields, names)?,
        })
    }
}

/// States of a scope by name.
pub(crate) type Names = BTreeMap<String, StateId>;

/// The state that a `Next`, `Default` or `StartAt` names.
pub(crate) fn target(names: &Names, value: Option<&Value>, at: &str) -> Result<StateId, CompileError> {
    let name = value.and_then(Value::as_str).unwrap_or_default();
    names
        .get(name)
        .copied()
        .ok_or_else(|| CompileError::new(at, format!("the state '{name}' does not exist in this scope")))
}

/// The fields of one state, for compilers of its parts.
pub(crate) struct Fields<'a> {
    pub object: &'a Map<String, Value>,
    pub jsonata: bool,
    pub at: &'a str,
}

impl Fields<'_> {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.object.get(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    pub fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// A template at this field.
    pub fn template(&self, name: &str) -> Result<Option<Template>, CompileError> {
        self.get(name)
            .map(|value| Template::compile(value, self.jsonata, name))
            .transpose()
            .map_err(|e| CompileError::new(format!("{}/{}", self.at, e.at), e.reason))
    }

    /// A path or a call at this field.
    pub fn reference(&self, name: &str) -> Result<Option<Reference>, CompileError> {
        self.text(name).map(|text| Reference::compile(text, &self.place(name))).transpose()
    }

    fn selector(&self, name: &str) -> Result<Selector, CompileError> {
        match self.get(name) {
            Some(Value::Null) => Ok(Selector::Nothing),
            Some(Value::String(text)) if text != "$" => Reference::compile(text, &self.place(name)).map(Selector::At),
            _ => Ok(Selector::Whole),
        }
    }

    fn result_path(&self) -> Result<(Option<Path>, bool), CompileError> {
        match self.get("ResultPath") {
            Some(Value::Null) => Ok((None, true)),
            Some(Value::String(text)) if text != "$" => Path::parse(text)
                .map(|path| (Some(path), false))
                .map_err(|reason| CompileError::new(self.place("ResultPath"), reason)),
            _ => Ok((None, false)),
        }
    }
}
