//! How threads move: entering states, leaving them, ending scopes.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_asl::MAX_DEPTH;
use countersign_trace::{Details, EventKind};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::context::{Situation, View};
use crate::execution::Execution;
use crate::failure::{Failure, PAYLOAD, REFERENCE_PATH};
use crate::ids::{LogId, ScopeId, StateId, ThreadId};
use crate::program::{Selector, State};
use crate::states::{self, select};
use crate::template::Template;
use crate::thread::{Children, Data, Parent, Run, Step, Thread};
use crate::{OutcomeStatus, Way};

impl Execution {
    /// Runs every ready thread until all of them wait.
    pub(crate) fn run(&mut self) {
        self.end_overflown();
        while let Some(thread) = self.ready.pop_front() {
            while !self.is_over() && matches!(self.threads[thread].step, Step::Enter | Step::Attempt) {
                let log = self.threads[thread].log;
                if self.is_full(log) {
                    self.overflow(thread);
                    break;
                }
                self.advance(thread);
                self.end_overflown();
            }
        }
    }

    fn advance(&mut self, thread: ThreadId) {
        if self.threads[thread].step == Step::Enter {
            self.enter(thread);
        }
        self.threads[thread].step = Step::Wait;
        match states::run(self, thread) {
            Ok(Run::Wait | Run::Left) => {}
            Ok(Run::Result(result)) => self.complete(thread, result),
            Err(failure) => self.fail_here(thread, failure),
        }
    }

    pub(crate) fn enter(&mut self, thread: ThreadId) {
        let program = Arc::clone(&self.program);
        let at = &mut self.threads[thread];
        let state = &program.scopes[at.scope].states[at.state];
        at.situation.state = Arc::clone(&state.name);
        at.situation.entered_at = self.now;
        at.situation.retry_count = 0;
        at.situation.retries = state.tag.can_be_retried();
        at.situation.token = None;
        at.retries.clear();
        at.retries.resize(state.retry.len(), 0);
        let details = Details {
            name: Some(state.name.to_string()),
            input: Some(at.input.text.to_string()),
            ..Details::default()
        };
        let (log, previous) = (at.log, at.previous);
        let id = self.push(log, previous, state.tag.entered(), details);
        let at = &mut self.threads[thread];
        at.entered = id;
        at.previous = id;
    }

    /// Adds an event to the thread's chain.
    pub(crate) fn event(&mut self, thread: ThreadId, kind: EventKind, details: Details) -> u64 {
        let (log, previous) = (self.threads[thread].log, self.threads[thread].previous);
        let id = self.push(log, previous, kind, details);
        self.threads[thread].previous = id;
        id
    }

    /// What a state passes to its task or branches: `Arguments`, or the effective input.
    pub(crate) fn arguments(&self, thread: ThreadId, state: &State) -> Result<Data, Failure> {
        let at = &self.threads[thread];
        match (&state.parameters, state.jsonata) {
            (Some(template), true) => made(template, &self.view(at, &at.input.value), state),
            _ => self.effective_input(thread, state),
        }
    }

    /// The state input after `InputPath` and `Parameters`; JSONata states have neither.
    pub(crate) fn effective_input(&self, thread: ThreadId, state: &State) -> Result<Data, Failure> {
        let at = &self.threads[thread];
        if state.jsonata {
            return Ok(at.input.clone());
        }
        let input = self.selected(&state.input_path, at, &at.input)?;
        match (&state.parameters, state.tag) {
            (None, _) | (_, states::Tag::Map) => Ok(input),
            (Some(template), _) => made(template, &self.view(at, &input.value), state),
        }
    }

    pub(crate) fn selected(&self, selector: &Selector, at: &Thread, data: &Data) -> Result<Data, Failure> {
        match selector {
            Selector::Whole => Ok(data.clone()),
            Selector::Nothing => Ok(Data::new(Value::Object(Map::new()))),
            Selector::At(reference) => Ok(Data::new(select(reference, &self.view(at, &data.value))?)),
        }
    }

    /// Completes a state with its result: `ResultSelector`, `Assign`, `ResultPath`, `OutputPath` or `Output`; then
    /// leaves it.
    pub(crate) fn complete(&mut self, thread: ThreadId, result: Data) {
        let program = Arc::clone(&self.program);
        let at = &self.threads[thread];
        let state = &program.scopes[at.scope].states[at.state];
        let log = at.log;
        if let Err(failure) = self.try_complete(thread, state, result) {
            // The success event of a Parallel or Map state is not part of the chain, unless the state fails after it.
            if let Some(last) = self.logs[log].last().filter(|last| Some(last.kind) == state.tag.succeeded()) {
                self.threads[thread].previous = last.id;
            }
            self.fail_here(thread, failure);
        }
    }

    fn try_complete(&mut self, thread: ThreadId, state: &State, result: Data) -> Result<(), Failure> {
        if result.text.len() > PAYLOAD {
            return Err(Failure::data_limit(&state.name));
        }
        let at = &self.threads[thread];
        let result = match (&state.result_selector, state.jsonata) {
            (Some(template), false) => Data::new(template.value(&self.view(at, &result.value))?),
            _ => result,
        };
        self.leave(thread, state, &result, state.assign.as_ref(), state.output.as_ref(), state.next)?;
        if state.next.is_some() {
            self.took(&state.name, Way::Next);
        }
        Ok(())
    }

    /// Writes the exit event and continues with `next`, or ends the scope. `result` is what `Assign` and `Output` see.
    pub(crate) fn leave(
        &mut self,
        thread: ThreadId,
        state: &State,
        result: &Data,
        assign: Option<&Template>,
        output: Option<&Template>,
        next: Option<StateId>,
    ) -> Result<(), Failure> {
        let at = &self.threads[thread];
        let mut view = self.view(at, &result.value);
        view.result = Some(&result.value);
        let assigned = assign.map(|template| template.value(&view)).transpose()?;
        let output = match (output, state.jsonata) {
            (Some(template), true) => Data::new(template.value(&view)?),
            (None, true) => result.clone(),
            (_, false) => {
                let combined = combine(at, state.result_path.as_ref(), state.result_discarded, result)?;
                self.selected(&state.output_path, at, &combined)?
            }
        };
        drop(view);
        self.exit(thread, state, output, assigned, next)
    }

    /// Writes the exit event, assigns the variables, and moves on.
    ///
    /// # Errors
    /// The output or the variables are too large or too deep. Nothing has changed then.
    pub(crate) fn exit(
        &mut self,
        thread: ThreadId,
        state: &State,
        output: Data,
        assigned: Option<Value>,
        next: Option<StateId>,
    ) -> Result<(), Failure> {
        let variables = assigned.as_ref().map(Value::to_string).unwrap_or_default();
        if output.text.len().max(variables.len()) > PAYLOAD {
            return Err(Failure::data_limit(&state.name));
        }
        check_depth(&output.text)?;
        check_depth(&variables)?;
        // An empty `Assign` counts as none.
        let assigned = assigned.and_then(|v| if let Value::Object(o) = v { Some(o) } else { None });
        let assigned = assigned.filter(|variables| !variables.is_empty());
        let assigned_variables =
            assigned.as_ref().map(|o| o.iter().map(|(k, v)| (k.clone(), v.to_string())).collect::<IndexMap<_, _>>());
        if assigned_variables.as_ref().is_some_and(|variables| !self.store(thread, variables)) {
            return Err(Failure::data_limit(&state.name));
        }
        let details = Details {
            name: Some(state.name.to_string()),
            output: Some(output.text.to_string()),
            assigned_variables,
            ..Details::default()
        };
        self.event(thread, state.tag.exited(), details);
        let at = &mut self.threads[thread];
        if let Some(assigned) = assigned {
            let variables = Arc::make_mut(&mut at.variables);
            variables.extend(assigned.into_iter().map(|(k, v)| (k, Arc::new(v))));
        }
        at.input = output;
        at.children = Children::None;
        match next {
            Some(next) => {
                at.state = next;
                at.step = Step::Enter;
            }
            None => self.end_of_scope(thread),
        }
        Ok(())
    }

    fn end_of_scope(&mut self, thread: ThreadId) {
        if self.is_overflown(self.threads[thread].log) {
            self.threads[thread].step = Step::Wait;
            return;
        }
        self.threads[thread].step = Step::Done;
        self.forget_variables(thread);
        let Some(Parent { thread: parent, index }) = self.threads[thread].parent else {
            let output = self.threads[thread].input.text.to_string();
            let details = Details { output: Some(output.clone()), ..Details::default() };
            self.event(thread, EventKind::ExecutionSucceeded, details);
            self.close(OutcomeStatus::Succeeded, Some(output), None, None);
            return;
        };
        match self.threads[parent].children {
            Children::Parallel(_) => states::parallel::branch_done(self, parent, index, thread),
            Children::Map(_) => states::map::iteration_done(self, parent, index, thread),
            Children::None => {}
        }
    }

    /// A Wait state's time is over.
    pub(crate) fn woken(&mut self, thread: ThreadId) {
        let program = Arc::clone(&self.program);
        let at = &self.threads[thread];
        let state = &program.scopes[at.scope].states[at.state];
        match self.effective_input(thread, state) {
            Ok(input) => self.complete(thread, input),
            Err(failure) => self.fail_here(thread, failure),
        }
        self.ready.push_back(thread);
    }

    /// A new thread at the start of a scope.
    pub(crate) fn spawn(
        &mut self,
        parent: Option<Parent>,
        log: LogId,
        scope: ScopeId,
        input: Data,
        previous: u64,
    ) -> ThreadId {
        let inherited = parent.map(|p| &self.threads[p.thread]);
        let thread = Thread {
            log,
            scope,
            state: self.program.scopes[scope].start,
            input,
            previous,
            entered: 0,
            situation: Situation {
                item: inherited.and_then(|t| t.situation.item.clone()),
                redriven_at: inherited.and_then(|t| t.situation.redriven_at),
                redrives: inherited.map_or(self.redrives, |t| t.situation.redrives),
                child: inherited.and_then(|t| t.situation.child.clone()),
                ..Situation::default()
            },
            variables: inherited.map(|t| Arc::clone(&t.variables)).unwrap_or_default(),
            stored: BTreeMap::new(),
            parent,
            retries: Vec::new(),
            step: Step::Enter,
            task: None,
            timer: None,
            children: Children::None,
        };
        match self.free.pop() {
            Some(slot) => {
                self.threads[slot] = thread;
                slot
            }
            None => {
                self.threads.push(thread);
                ThreadId(self.threads.len() - 1)
            }
        }
    }
}

/// The value of a template over a state's input, limited to the size of a payload.
fn made(template: &Template, view: &View<'_>, state: &State) -> Result<Data, Failure> {
    let data = Data::new(template.value(view)?);
    if data.text.len() > PAYLOAD { Err(Failure::data_limit(&state.name)) } else { Ok(data) }
}

/// Refuses values that nest too deep: a loop could wrap its output again and again, until nothing can read it.
fn check_depth(text: &str) -> Result<(), Failure> {
    if text.len() < 2 * MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let cause = format!("The state's output or one of its variables nests deeper than {MAX_DEPTH} levels.");
            return Err(Failure::runtime(cause));
        }
    }
    Ok(())
}

/// `ResultPath`: the result put into the state's input.
pub(crate) fn combine(
    at: &Thread,
    path: Option<&countersign_asl::expr::path::Path>,
    discarded: bool,
    result: &Data,
) -> Result<Data, Failure> {
    match (path, discarded) {
        (_, true) => Ok(at.input.clone()),
        (None, false) => Ok(result.clone()),
        (Some(path), false) => {
            let mut input = at.input.value.as_ref().clone();
            path.put(&mut input, result.value.as_ref().clone())
                .map_err(|error| Failure::new(REFERENCE_PATH, error.to_string()))?;
            Ok(Data::new(input))
        }
    }
}
