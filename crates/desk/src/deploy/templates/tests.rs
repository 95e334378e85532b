#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use super::*;

#[test]
fn a_template_says_what_its_state_machines_should_be() {
    let path = std::env::temp_dir().join(format!("countersign-template-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    let file = path.join("template.yaml");
    let text = "Resources:\n  Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      StateMachineName: order\n      \
                StateMachineType: EXPRESS\n      RoleArn: arn:aws:iam::123456789012:role/r\n      Definition:\n        StartAt: A\n        \
                States:\n          A: { Type: Pass, Next: B }\n";
    std::fs::write(&file, text).unwrap();
    assert!(is_template(&file) && !is_template(&path));
    let template = Template { path: file.clone(), ..Template::default() };
    let drafts = template.draft(PlanTarget::unknown(None));
    assert!(drafts.found.is_empty(), "{:?}", drafts.found);
    let draft = &drafts.drafts[0];
    let desired = draft.desired.as_ref().unwrap();
    assert_eq!(
        (draft.workflow.as_str(), desired.name.as_str(), desired.kind),
        ("Order", "order", MachineKind::Express)
    );
    let (place, missing) = draft.found.iter().find(|(_, one)| one.rule == Rule::MissingTarget).unwrap();
    assert_eq!((place, missing.span.line), (&file, 11));
    std::fs::write(&file, "Resources: [\n").unwrap();
    let found = template.draft(PlanTarget::unknown(None)).found;
    assert!(found[0].1.rule == Rule::TemplateNotRead && found[0].1.span.line >= 1, "{found:?}");
    std::fs::remove_dir_all(&path).unwrap();
}

const PARAMETERS: &str = "Parameters:
  Price: { Type: String }
  Mode: { Type: String, Default: live, AllowedValues: [live, trial] }
  Endpoint: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/endpoint }
Resources:
  Order:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: order
      RoleArn: arn:aws:iam::123456789012:role/r
      DefinitionString: !Sub '{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Result\":\"${Price} ${Mode} ${Endpoint}\",\"End\":true}}}'
";

/// The template with parameters, on the disk.
struct OnFile(PathBuf);

impl OnFile {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("countersign-parameters-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("template.yaml"), PARAMETERS).unwrap();
        Self(path)
    }

    fn drafts(&self, given: &[(&str, &str)], store: &[(&str, ParameterKind, &str)]) -> Drafts {
        let parameters = store
            .iter()
            .map(|(name, kind, value)| ((*name).to_owned(), Parameter { kind: *kind, value: (*value).to_owned() }));
        let parameters: BTreeMap<String, Parameter> = parameters.collect();
        let target = PlanTarget { parameters: Some(&parameters), ..PlanTarget::unknown(None) };
        self.template(given).draft(target)
    }

    fn template(&self, given: &[(&str, &str)]) -> Template {
        let values = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Template { path: self.0.join("template.yaml"), stack: None, values }
    }
}

impl Drop for OnFile {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn parameters_have_the_values_that_are_given_their_defaults_and_those_of_the_parameter_store() {
    let file = OnFile::new("values");
    let store = [("/shop/endpoint", ParameterKind::Text, "https://pay")];
    for (given, expected) in [
        (&[("Price", "5")][..], "5 live https://pay"),
        (&[("Price", "5"), ("Mode", "trial")][..], "5 trial https://pay"),
    ] {
        let drafts = file.drafts(given, &store);
        assert!(drafts.found.is_empty() && drafts.drafts[0].found.is_empty(), "{drafts:?}");
        let definition = &drafts.drafts[0].desired.as_ref().unwrap().definition;
        assert!(definition.contains(expected), "{definition}");
    }
    let named = file.template(&[("Price", "5")]).parameters(PlanTarget::unknown(None));
    assert_eq!(named, BTreeMap::from([("/shop/endpoint".to_owned(), true)]));
}

#[test]
fn a_parameter_without_a_value_is_an_error_with_its_place() {
    let file = OnFile::new("missing");
    let check = |given: &[(&str, &str)], line: u32, message: &str, remedy: &str| {
        let found = file.drafts(given, &[]).found;
        let [(path, one)] = &found[..] else { panic!("{found:?}") };
        assert!(path.ends_with("template.yaml") && one.is_error(), "{found:?}");
        assert_eq!((one.span.line, one.message.as_str()), (line, message));
        assert!(one.remedy.starts_with(remedy), "{}", one.remedy);
    };
    check(&[], 2, "the parameter `Price` has neither a value nor a default", "Give it with --parameter Price=VALUE");
    check(
        &[("Price", "5"), ("Prize", "6")],
        1,
        "the template has no parameter `Prize`",
        "Leave --parameter Prize=... out",
    );
    let refused = file.drafts(&[("Price", "5"), ("Mode", "test")], &[]).found;
    assert!(refused[0].1.message.contains("`Mode` does not fit: one of live, trial is needed"), "{refused:?}");
}

#[test]
fn a_parameter_that_the_parameter_store_does_not_have_is_an_error_where_it_is_used() {
    let file = OnFile::new("store");
    let check = |store: &[(&str, ParameterKind, &str)], rule: Rule| {
        let drafts = file.drafts(&[("Price", "5")], store);
        let found: Vec<_> = drafts.drafts[0].found.iter().map(|(_, one)| (one.rule, one.is_error())).collect();
        assert_eq!(found, [(rule, true)], "{drafts:?}");
        assert!(drafts.drafts[0].found[0].1.span.line >= 10, "{drafts:?}");
    };
    check(&[], Rule::ValueNotFound);
    check(&[("/shop/endpoint", ParameterKind::Secret, "AQ==")], Rule::SecretParameter);
    // Without a look at the Parameter Store it is not known, which is no error.
    let drafts = file.template(&[("Price", "5")]).draft(PlanTarget::unknown(None));
    assert!(drafts.drafts[0].found.iter().all(|(_, one)| one.severity == Severity::Advice), "{drafts:?}");
}
