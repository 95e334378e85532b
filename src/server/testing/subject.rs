//! The cases of one file, run under its definition with the values that the manifest gives its placeholders.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_asl::{
    Diagnostic, Placeholder, PlaceholderProblem, PlaceholderValue, SourceSpan, placeholders, substitute,
};
use countersign_desk::deploy::{
    Chosen, Definition as Source, EMULATOR_ACCOUNT, FileProblem, Folder, PlanTarget, Variables, unread_finding,
    values_of,
};
use countersign_replay::cases::{Case, CaseFile, CaseResult, Coverage, FileResult, Problem, Setting, run as run_case};
use countersign_replay::mock_config::MockConfig;
use countersign_replay::{Bounds, Definition, DefinitionError, ExecutionKind};

use super::files::{Cases, beside, stem};

/// What a definition is deployed as, according to the manifest beside it.
struct Deployed {
    /// The name of the workflow, and of its state machine.
    workflow: String,
    machine: String,
    is_express: bool,
    /// The values of its placeholders, as far as the manifest has them: functions and topics get ARNs of an emulator.
    values: BTreeMap<String, PlaceholderValue>,
}

/// Runs the cases of a file, or of the mocks for a definition.
pub(super) fn run(cases: &Cases, config: Option<&MockConfig>, filter: Option<&str>, bounds: &Bounds) -> FileResult {
    let (path, file) = match cases {
        Cases::File(path) => (path, read(path)),
        Cases::OfMocks { definition } => (definition, Ok(CaseFile::default())),
    };
    let mut result = FileResult {
        file: path.display().to_string(),
        workflow: stem(path),
        cases: Vec::new(),
        problems: Vec::new(),
        coverage: None,
    };
    match file.and_then(|file| Subject::of(path, file, matches!(cases, Cases::OfMocks { .. }), config)) {
        Ok(subject) => subject.run(&mut result, filter, bounds),
        Err(problems) => result.problems = problems,
    }
    result
}

fn read(path: &Path) -> Result<CaseFile, Vec<Problem>> {
    match std::fs::read_to_string(path) {
        Ok(text) => CaseFile::read(&text),
        Err(error) => Err(vec![of_file(format!("it cannot be read: {error}"), "Make it readable, as UTF-8 text.")]),
    }
}

/// A problem of a file as a whole.
fn of_file(message: impl Into<String>, remedy: impl Into<String>) -> Problem {
    Problem { line: 1, column: 1, message: message.into(), remedy: remedy.into() }
}

struct Subject {
    file: CaseFile,
    /// The definition, with its placeholders.
    source: Source,
    deployed: Deployed,
}

impl Subject {
    fn of(
        path: &Path,
        mut file: CaseFile,
        is_definition: bool,
        config: Option<&MockConfig>,
    ) -> Result<Self, Vec<Problem>> {
        let (line, column) = file.definition.as_ref().map_or((1, 1), |name| (name.line, name.column));
        let definition = match &file.definition {
            Some(name) => path.with_file_name(&name.value),
            None if is_definition => path.to_owned(),
            None => beside(path),
        };
        let source = Source::read(&definition).map_err(|why| {
            let (message, remedy) = match unread_finding(&why) {
                Some(one) => (placed(&definition, one.span, &one.message), one.remedy),
                None => (
                    format!("its definition {} cannot be read: {why}", definition.display()),
                    "Put the definition beside the file, or name it: definition = \"NAME.asl.json\".".to_owned(),
                ),
            };
            vec![Problem { line, column, message, remedy }]
        })?;
        let deployed = deployed(&source)?;
        if let Some(config) = config {
            merge(&mut file, config, &deployed.workflow);
        }
        Ok(Self { file, source, deployed })
    }

    fn run(&self, result: &mut FileResult, filter: Option<&str>, bounds: &Bounds) {
        result.workflow.clone_from(&self.deployed.workflow);
        let shared = match self.definition(&BTreeMap::new()) {
            Ok(definition) => definition,
            Err(problems) => {
                // A placeholder may have values in every case of its own.
                let first = self.file.cases.first().map(|case| self.definition(&case.values));
                match first {
                    Some(Ok(definition)) => definition,
                    _ => {
                        result.problems = problems;
                        return;
                    }
                }
            }
        };
        result.problems = self.file.misfits(&shared);
        if !result.problems.is_empty() {
            return;
        }
        let mut coverage = Coverage::of(&shared.machine);
        for case in self.file.cases.iter().filter(|case| self.is_wanted(case, filter)) {
            match self.of_case(case, &shared, bounds) {
                Ok(ran) => {
                    coverage.add(&ran);
                    result.cases.push(ran);
                }
                Err(problems) => result.problems.extend(problems.into_iter().map(|one| Problem {
                    line: case.name.line,
                    column: case.name.column,
                    ..one
                })),
            }
        }
        result.coverage = Some(coverage);
    }

    fn is_wanted(&self, case: &Case, filter: Option<&str>) -> bool {
        let has = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
        filter.is_none_or(|filter| has(&case.name.value, filter) || has(&self.deployed.workflow, filter))
    }

    fn of_case(&self, case: &Case, shared: &Definition, bounds: &Bounds) -> Result<CaseResult, Vec<Problem>> {
        let mut setting = Setting { bounds: bounds.clone(), ..Setting::named(&self.deployed.machine) };
        PlanTarget::unknown(None).region.clone_into(&mut setting.region);
        EMULATOR_ACCOUNT.clone_into(&mut setting.account);
        if self.deployed.is_express {
            setting.kind = ExecutionKind::Express;
        }
        if case.values.is_empty() {
            return Ok(run_case(&self.file, case, shared, &setting));
        }
        let own = self.definition(&case.values)?;
        Ok(run_case(&self.file, case, &own, &setting))
    }

    /// The definition with the manifest's values, and over them those of the file and of a case.
    fn definition(&self, of_case: &BTreeMap<String, PlaceholderValue>) -> Result<Definition, Vec<Problem>> {
        let mut values = self.deployed.values.clone();
        values.extend(self.file.values.clone());
        values.extend(of_case.clone());
        let json = self.source.json();
        let problem = |span: SourceSpan, name: &str, why: &PlaceholderProblem| {
            let (what, remedy) = words(name, why);
            of_file(placed(&self.source.path, self.source.span(span), &what), remedy)
        };
        let made = substitute(json, &values)
            .map_err(|found| found.iter().map(|(one, why)| problem(one.span(), &one.name, why)).collect::<Vec<_>>())?;
        let left = placeholders(&made.text);
        if !left.is_empty() {
            let span = |one: &Placeholder| made.span_before(json, one.span());
            return Err(left.iter().map(|one| problem(span(one), &one.name, &PlaceholderProblem::NoValue)).collect());
        }
        let path = &self.source.path;
        Definition::read(&made.text).map_err(|error| match error {
            DefinitionError::Refused(found) => {
                let place = |one: &Diagnostic| self.source.span(made.span_before(json, one.span));
                found.iter().map(|one| of_file(placed(path, place(one), &one.message), one.remedy.clone())).collect()
            }
            DefinitionError::NotCompiled(error) => {
                vec![of_file(format!("{} cannot be run: {error}", path.display()), "Correct the definition.")]
            }
        })
    }
}

/// Why a placeholder cannot be replaced, and what to do.
fn words(name: &str, why: &PlaceholderProblem) -> (String, String) {
    match why {
        PlaceholderProblem::NoValue => (
            format!("the placeholder ${{{name}}} has no value"),
            format!("Give it one in countersign.toml, or here: [values] with {name} = \"...\"."),
        ),
        PlaceholderProblem::NotJson => (
            format!("the placeholder ${{{name}}} stands outside of a text, and its value is no JSON"),
            "Write quotation marks around it, or give it a number, true, false, a list or a table.".to_owned(),
        ),
        PlaceholderProblem::NotText => (
            format!("the placeholder ${{{name}}} stands within a text, and its value is a list or an object"),
            "Give it a text or a number.".to_owned(),
        ),
    }
}

/// A message about another file than that of the cases.
fn placed(file: &Path, span: SourceSpan, message: &str) -> String {
    format!("{}:{}:{}: {message}", file.display(), span.line, span.column)
}

/// Adds the cases of Step Functions Local. Of a case that the file has under the same name, it has the mocks of those states
/// that the file leaves out.
fn merge(file: &mut CaseFile, config: &MockConfig, workflow: &str) {
    for case in config.cases(workflow) {
        match file.cases.iter_mut().find(|own| own.name.value == case.name.value) {
            Some(own) => {
                for (state, mock) in case.mocks {
                    own.mocks.entry(state).or_insert(mock);
                }
            }
            None => file.cases.push(case),
        }
    }
}

/// What the manifest beside a definition says of it, in the first environment that has it. Without a manifest, or where it does not name
/// the file, the definition has the name of its file.
///
/// # Errors
/// The manifest cannot be used.
fn deployed(source: &Source) -> Result<Deployed, Vec<Problem>> {
    let folder = source.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = Folder::read(folder);
    if !folder.problems.is_empty() {
        let problem = |one: &FileProblem| {
            of_file(format!("{}:{}:{}: {}", one.file, one.line, one.column, one.message), one.remedy.clone())
        };
        return Err(folder.problems.iter().map(problem).collect());
    }
    let is_same = |file: &str| Path::new(file).file_name() == source.path.file_name();
    let manifest = &folder.manifest;
    let environments = std::iter::once(None).chain(manifest.environments.keys().map(|name| Some(name.as_str())));
    let found = environments.filter_map(|name| Chosen::of(manifest, name).ok()).find_map(|chosen| {
        let name = manifest.workflows.keys().find(|name| is_same(chosen.file(name)))?;
        Some((name, chosen))
    });
    let Some((name, chosen)) = found else {
        let name = stem(&source.path);
        return Ok(Deployed { workflow: name.clone(), machine: name, is_express: false, values: BTreeMap::new() });
    };
    // A case must not depend on where it runs: of a value that comes from outside, the one that is given in its place counts.
    let (parameters, nothing): (_, &Variables) = (BTreeMap::new(), &|_: &str| None);
    let target = PlanTarget { parameters: Some(&parameters), variables: Some(nothing), ..PlanTarget::unknown(None) };
    Ok(Deployed {
        workflow: name.clone(),
        machine: chosen.machine_name(name),
        is_express: chosen.kind(name) == "EXPRESS",
        values: values_of(&folder, &chosen, name, source.json(), target).values,
    })
}

/// Whether a text has placeholders.
pub(super) fn has_placeholders(text: &str) -> bool {
    !placeholders(text).is_empty()
}
