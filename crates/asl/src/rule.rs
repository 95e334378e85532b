//! The rules that a definition and its deployment are judged by.
//!
//! Adding a rule: add a line to the table below, and say in [`Rule::marks_key`] whether it marks a field's name. Report it
//! from `lint/`, and add an example to `tests/golden`; a rule of deployments is reported by the desk, and its example is in
//! the program's `tests/validate`. The golden files and `docs/rules.md` are written by `UPDATE_GOLDEN=1 cargo test`.

use serde::{Serialize, Serializer};

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleScope {
    /// A definition's text alone.
    Definition,
    /// What is deployed: the manifest, its files, and the definitions in their company.
    Deployment,
}

macro_rules! rules {
    ($( #[doc = $doc:literal] $name:ident = $id:literal, $scope:ident, $aws_code:expr; )*) => {
        /// A rule that a finding says was broken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $( #[doc = $doc] $name, )*
        }

        impl Rule {
            /// Every rule, in the order of the table.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),*];

            /// The rule's stable name: `unreachable-state`.
            pub const fn id(self) -> &'static str {
                match self { $(Rule::$name => $id),* }
            }

            /// AWS's code for it, where AWS has one. AWS has one code for many rules.
            pub const fn aws_code(self) -> Option<&'static str> {
                match self { $(Rule::$name => $aws_code),* }
            }

            /// What the rule asks for, in one line.
            pub const fn doc(self) -> &'static str {
                match self { $(Rule::$name => $doc.trim_ascii()),* }
            }

            /// What the rule is about.
            pub const fn scope(self) -> RuleScope {
                match self { $(Rule::$name => RuleScope::$scope),* }
            }
        }
    };
}

const SCHEMA: Option<&str> = Some("SCHEMA_VALIDATION_FAILED");

rules! {
    /// A definition has a text.
    EmptyDefinition = "empty-definition", Definition, Some("MISSING_DESCRIPTION");
    /// A definition is JSON.
    InvalidJson = "invalid-json", Definition, Some("INVALID_JSON_DESCRIPTION");
    /// An object has each field once.
    DuplicateField = "duplicate-field", Definition, Some("INVALID_JSON_DESCRIPTION");

    /// A field has a value of the type that the language gives it.
    WrongType = "wrong-type", Definition, SCHEMA;
    /// An object has the fields that the language requires.
    MissingField = "missing-field", Definition, SCHEMA;
    /// An object has only fields that the language knows there.
    UnknownField = "unknown-field", Definition, SCHEMA;
    /// Fields that exclude each other do not stand in one object.
    ConflictingFields = "conflicting-fields", Definition, SCHEMA;
    /// A list or an object that needs an entry has one.
    EmptyValue = "empty-value", Definition, SCHEMA;
    /// A field with a fixed choice of values has one of them.
    UnknownValue = "unknown-value", Definition, SCHEMA;
    /// A number lies within the limits of its field.
    NumberOutOfRange = "number-out-of-range", Definition, SCHEMA;
    /// A timestamp has the RFC 3339 profile of the language.
    InvalidTimestamp = "invalid-timestamp", Definition, SCHEMA;
    /// A state has one of the eight types.
    UnknownStateType = "unknown-state-type", Definition, SCHEMA;
    /// A state's name has at most 80 characters.
    InvalidStateName = "invalid-state-name", Definition, Some("INVALID_STATE_NAME");
    /// State names are unique in the whole definition.
    DuplicateStateName = "duplicate-state-name", Definition, Some("DUPLICATE_STATE_NAME");

    /// A transition leads to a state of its own scope.
    MissingTarget = "missing-target", Definition, Some("MISSING_TRANSITION_TARGET");
    /// Every state can be reached from the start of its scope.
    UnreachableState = "unreachable-state", Definition, Some("MISSING_TRANSITION_TARGET");
    /// Every scope has a state that ends it.
    MissingEndState = "missing-end-state", Definition, Some("MISSING_END_STATE");
    /// A rule of a Choice state has one condition: a variable with one operator, And, Or, or Not.
    InvalidChoiceRule = "invalid-choice-rule", Definition, SCHEMA;
    /// States.ALL stands alone, in the last retrier or catcher.
    MisplacedStatesAll = "misplaced-states-all", Definition, SCHEMA;

    /// A field belongs to the query language of its state.
    OtherQueryLanguage = "other-query-language", Definition, SCHEMA;
    /// In a machine with JSONata every state uses JSONata.
    QueryLanguageConflict = "query-language-conflict", Definition, SCHEMA;
    /// A path is a valid JSONPath.
    InvalidPath = "invalid-path", Definition, SCHEMA;
    /// A path that names a single place is a valid reference path.
    InvalidReferencePath = "invalid-reference-path", Definition, SCHEMA;
    /// A template's field whose name ends in .$ has a valid JSONPath or a valid call of an intrinsic function.
    InvalidTemplateField = "invalid-template-field", Definition, SCHEMA;
    /// A JSONata expression starts with {% and ends with %}.
    IncompleteJsonataMarks = "incomplete-jsonata-marks", Definition, SCHEMA;
    /// A JSONata expression can be parsed.
    InvalidJsonata = "invalid-jsonata", Definition, Some("INVALID_JSONATA_EXPRESSION");
    /// A JSONata expression reads $states and variables, and of $states only what the state has.
    UnsupportedJsonataReference = "unsupported-jsonata-reference", Definition, Some("UNSUPPORTED_JSONATA_EXPRESSION");
    /// Assign does not set the reserved variable $states.
    ReservedVariable = "reserved-variable", Definition, Some("RESERVED_VARIABLE_NAME");
    /// A variable's name is an identifier of at most 80 characters.
    InvalidVariableName = "invalid-variable-name", Definition, Some("INVALID_VARIABLE_NAME");
    /// A variable does not have the name of a variable of an outer scope.
    ShadowedVariable = "shadowed-variable", Definition, Some("INVALID_VARIABLE_NAME");

    /// A Task's resource is an ARN.
    InvalidResource = "invalid-resource", Definition, SCHEMA;
    /// A Task calls a function, an activity, or an action of a service with a pattern that the action supports.
    UnknownResource = "unknown-resource", Definition, SCHEMA;
    /// A service's action gets the parameters that it requires.
    MissingParameter = "missing-parameter", Definition, SCHEMA;
    /// An Express machine neither waits for an answer nor runs a distributed Map.
    UnsupportedInExpress = "unsupported-in-express", Definition, SCHEMA;
    /// An activity has no Credentials field: its worker brings its own.
    CredentialsOfActivity = "credentials-of-activity", Definition, SCHEMA;
    /// A heartbeat is shorter than the timeout.
    HeartbeatExceedsTimeout = "heartbeat-exceeds-timeout", Definition, SCHEMA;
    /// A Map state's label has at most 40 of the permitted characters.
    InvalidLabel = "invalid-label", Definition, Some("INVALID_LABEL_NAME");
    /// Labels of Map states are unique in the whole definition.
    DuplicateLabel = "duplicate-label", Definition, Some("DUPLICATE_LABEL_NAME");

    /// A task that can wait for ever has a timeout.
    NoTimeout = "no-timeout", Definition, None;
    /// A task that waits for a worker has a heartbeat.
    NoHeartbeat = "no-heartbeat", Definition, None;
    /// A call of a function is tried again after a fault of the Lambda service.
    NoLambdaRetry = "no-lambda-retry", Definition, None;
    /// A retrier or catcher names errors that the state can raise and no entry before it takes.
    UnreachableHandler = "unreachable-handler", Definition, None;
    /// A state's output stays below 256 KiB, however many items there are.
    PayloadLimit = "payload-limit", Definition, None;
    /// A Standard execution stays below 25,000 events.
    EventLimit = "event-limit", Definition, None;
    /// What a machine waits for fits into the five minutes of an Express execution.
    MachineTypeUnfit = "machine-type-unfit", Definition, None;
    /// What is called synchronously, and short work in great numbers, runs as Express.
    StandardUnfit = "standard-unfit", Definition, None;
    /// A definition uses no field, resource or action that AWS has replaced or retired.
    DeprecatedResource = "deprecated-resource", Definition, None;
    /// A definition names no account.
    AccountNumber = "account-number", Definition, None;
    /// A definition holds no secret.
    SecretInDefinition = "secret-in-definition", Definition, None;
    /// A variable that is assigned is read.
    UnusedVariable = "unused-variable", Definition, None;
    /// A template's field with a path or a call has a name that ends in .$ to have it evaluated.
    NoDollar = "no-dollar", Definition, Some("NO_DOLLAR");
    /// A field with a path has a name that ends in Path to have it evaluated.
    NoPath = "no-path", Definition, Some("NO_PATH");
    /// The Result of a Pass state has no paths: it is never evaluated.
    PassResultIsStatic = "pass-result-is-static", Definition, Some("PASS_RESULT_IS_STATIC");

    /// The manifest can be read.
    ManifestNotRead = "manifest-not-read", Deployment, None;
    /// A file that the manifest names can be read.
    FileNotRead = "file-not-read", Deployment, None;
    /// Every definition of the folder is named in the manifest.
    FileNotNamed = "file-not-named", Deployment, None;
    /// A definition in YAML can be read as JSON.
    InvalidYaml = "invalid-yaml", Deployment, None;
    /// A definition has at most 1,048,576 bytes.
    DefinitionTooLarge = "definition-too-large", Deployment, None;
    /// Each definition, and each name of a state machine, belongs to one workflow.
    DuplicateWorkflow = "duplicate-workflow", Deployment, None;
    /// A setting of the manifest has a value that AWS takes.
    InvalidSetting = "invalid-setting", Deployment, None;
    /// Every placeholder of a definition has a value in the manifest.
    PlaceholderWithoutValue = "placeholder-without-value", Deployment, None;
    /// The value of a placeholder has the type that its place takes.
    PlaceholderOfWrongType = "placeholder-of-wrong-type", Deployment, None;
    /// Every value of the manifest belongs to a placeholder of a definition.
    UnusedSubstitution = "unused-substitution", Deployment, None;
    /// A value that the manifest takes from elsewhere is there.
    ValueNotFound = "value-not-found", Deployment, None;
    /// A secret does not become a part of a definition.
    SecretParameter = "secret-parameter", Deployment, None;
    /// A state machine belongs to one folder and one environment.
    OtherOwner = "other-owner", Deployment, None;
    /// The service accepts a definition.
    RefusedByService = "refused-by-service", Deployment, None;
    /// A template of another tool can be read as far as its state machines need it.
    TemplateNotRead = "template-not-read", Deployment, None;
    /// What a plan compares can be read from the connection.
    NotCompared = "not-compared", Deployment, None;
    /// A machine is STANDARD or EXPRESS.
    UnknownMachineType = "unknown-machine-type", Deployment, None;
    /// A deployed machine keeps its type.
    MachineTypeChange = "machine-type-change", Deployment, None;
    /// An AWS account creates machines with a role.
    MissingRole = "missing-role", Deployment, None;
    /// A sample input is JSON.
    SampleNotJson = "sample-not-json", Deployment, None;
    /// An approval's title and fields are valid templates.
    InvalidTemplate = "invalid-template", Deployment, None;
    /// An outcome answers with a success or with an error, not with both, and its expressions can be parsed.
    InvalidAnswer = "invalid-answer", Deployment, None;
    /// An outcome's form is a schema that can be shown and checked.
    InvalidForm = "invalid-form", Deployment, None;
    /// An approval's rules name what there is, and can be followed.
    InvalidApprovalRule = "invalid-approval-rule", Deployment, None;
    /// What an approval's rule does at a time of its own comes before its task times out.
    DueAfterTimeout = "due-after-timeout", Deployment, None;
    /// The states after an approval can read its answer.
    AnswerMismatch = "answer-mismatch", Deployment, None;
    /// An approval names a state of the definition.
    UnknownApprovalState = "unknown-approval-state", Deployment, None;
    /// An approval names a state that waits for a person.
    ApprovalNeverAsked = "approval-never-asked", Deployment, None;
    /// A task that waits for a task token passes the token on.
    TaskTokenNotPassed = "task-token-not-passed", Deployment, None;
    /// A function that a definition calls is declared in functions.toml.
    FunctionNotDeclared = "function-not-declared", Deployment, None;
}

impl Rule {
    /// The code in answers of the API: AWS's, or one in its style where AWS has none.
    pub fn code(self) -> String {
        self.aws_code().map_or_else(|| self.id().replace('-', "_").to_uppercase(), str::to_owned)
    }

    /// Whether a switch can change the severity of its findings, or leave them out: whatever breaks it can be deployed.
    pub const fn has_switch(self) -> bool {
        matches!(
            self,
            Rule::NoTimeout
                | Rule::NoHeartbeat
                | Rule::NoLambdaRetry
                | Rule::UnreachableHandler
                | Rule::PayloadLimit
                | Rule::EventLimit
                | Rule::MachineTypeUnfit
                | Rule::StandardUnfit
                | Rule::DeprecatedResource
                | Rule::AccountNumber
                | Rule::SecretInDefinition
                | Rule::UnusedVariable
                | Rule::NoDollar
                | Rule::NoPath
                | Rule::PassResultIsStatic
                | Rule::FileNotNamed
                | Rule::DueAfterTimeout
                | Rule::AnswerMismatch
                | Rule::ApprovalNeverAsked
        )
    }

    /// Whether a finding marks the name of a field rather than its value: the rule is about the field's presence, or
    /// about the whole of an object.
    pub(crate) const fn marks_key(self) -> bool {
        matches!(
            self,
            Rule::MissingField
                | Rule::UnknownField
                | Rule::ConflictingFields
                | Rule::InvalidStateName
                | Rule::DuplicateStateName
                | Rule::UnreachableState
                | Rule::MissingEndState
                | Rule::InvalidChoiceRule
                | Rule::OtherQueryLanguage
                | Rule::ReservedVariable
                | Rule::InvalidVariableName
                | Rule::ShadowedVariable
                | Rule::MissingParameter
                | Rule::CredentialsOfActivity
                | Rule::NoTimeout
                | Rule::NoHeartbeat
                | Rule::NoLambdaRetry
                | Rule::PayloadLimit
                | Rule::EventLimit
                | Rule::SecretInDefinition
                | Rule::UnusedVariable
                | Rule::NoDollar
                | Rule::NoPath
        )
    }
}

/// The id.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_in_kebab_case() {
        let ids: HashSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            let named: String = format!("{rule:?}")
                .chars()
                .flat_map(|letter| letter.is_uppercase().then_some('-').into_iter().chain(letter.to_lowercase()))
                .collect();
            assert_eq!(named.trim_start_matches('-'), rule.id());
            assert!(rule.doc().ends_with('.') && !rule.doc().contains('\n'), "{rule:?}");
        }
    }

    #[test]
    fn a_code_is_that_of_aws_or_like_it() {
        assert_eq!(Rule::UnreachableState.code(), "MISSING_TRANSITION_TARGET");
        assert_eq!(Rule::NoTimeout.code(), "NO_TIMEOUT");
    }
}
