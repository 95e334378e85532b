//! What a plan says of what it could not compare, and what it cannot be without.

use super::*;
use crate::connection::Fault;
use crate::connection::fake::Trick;
use crate::deploy::Template;
use crate::deploy::desired::TAGS_TAG;

#[tokio::test]
async fn calls_that_are_denied_or_fail_are_said() {
    let account = Account::new();
    let place = Place::with(&[("countersign.toml", &format!("{ROLE}{ORDER}")), ("order.asl.json", &succeed("A"))]);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    account.fake.deny(Api::ListTagsForResource, "");
    place.write("order.asl.json", &succeed("B"));
    let plan = account.plan(&place, None).await.unwrap();
    assert!(
        matches!(&plan.not_compared[..], [NotCompared::Tags(error)] if error.is_denied()),
        "{:?}",
        plan.not_compared
    );
    assert_eq!(changes(&plan), ["order changed"]);
    account.fake.permit_all();
    account.fake.deny(Api::ValidateStateMachineDefinition, "");
    let plan = account.plan(&place, None).await.unwrap();
    assert!(matches!(&plan.not_compared[..], [NotCompared::Verdicts(_)]));
    account.fake.permit_all();
    account.fake.deny(Api::DescribeStateMachine, "");
    let error = account.plan(&place, None).await.unwrap_err();
    assert!(matches!(error, PlanError::Call(error) if error.is_denied()));
    account.fake.permit_all();
    let busy = || Trick::Fail(Fault::of_code("ThrottlingException", "Rate exceeded"));
    account.fake.trick(Api::DescribeStateMachine, [busy(), busy()]);
    assert_eq!(changes(&account.plan(&place, None).await.unwrap()), ["order changed"], "a busy account is asked again");
}

#[tokio::test]
async fn tags_that_cannot_be_read_are_no_difference() {
    let account = Account::new();
    let manifest = format!("{ROLE}{ORDER}tags = {{ team = \"desk\" }}\n");
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", &succeed("A"))]);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    account.fake.deny(Api::ListTagsForResource, "");
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(changes(&plan), ["order unchanged"]);
    assert!(matches!(&plan.not_compared[..], [NotCompared::Tags(_)]), "{:?}", plan.not_compared);
    place.write("order.asl.json", &succeed("B"));
    let plan = account.plan(&place, None).await.unwrap();
    assert!(plan.items[0].plan.changes(Setting::Definition) && !plan.items[0].plan.changes(Setting::Tags));
    // What is applied is tagged all the same.
    account.apply(&plan).await;
    account.fake.permit_all();
    assert_eq!(changes(&account.plan(&place, None).await.unwrap()), ["order unchanged"]);
}

#[tokio::test]
async fn an_alias_that_cannot_be_read_is_said_and_is_no_change() {
    let account = Account::new();
    let manifest = format!("{ROLE}{ORDER}alias = \"live\"\n");
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", &succeed("A"))]);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    account.fake.deny(Api::DescribeStateMachineAlias, "");
    let plan = account.plan(&place, None).await.unwrap();
    let [NotCompared::Aliases(1, error)] = &plan.not_compared[..] else { panic!("{:?}", plan.not_compared) };
    assert!(error.is_denied() && error.api == Api::DescribeStateMachineAlias);
    assert_eq!(changes(&plan), ["order unchanged"]);
    place.write("order.asl.json", &succeed("B"));
    let plan = account.plan(&place, None).await.unwrap();
    assert!(plan.items[0].plan.changes(Setting::Definition) && !plan.items[0].plan.changes(Setting::Alias));
    // What was not seen is not moved: an apply that can read the alias asks for another plan.
    account.fake.permit_all();
    let (clock, stop) = (account.clock.clock(), CancellationToken::new());
    let timer = Timer::new(|_| Box::pin(std::future::ready(())));
    let means = Means { connection: &account.connection, clock: &clock, timer: &timer, stop: &stop, tell: &|_| {} };
    let labels = Labels { version: "a".to_owned(), by: "dana".to_owned() };
    let report = apply(means, &plan.item_plans(), false, &labels).await.unwrap();
    assert!(report.failed.is_some() && report.done.is_empty(), "{report:?}");
}

#[tokio::test]
async fn running_executions_that_cannot_be_listed_are_said() {
    let account = Account::new();
    let place = Place::with(&[("countersign.toml", &format!("{ROLE}{ORDER}")), ("order.asl.json", &succeed("A"))]);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    place.write("order.asl.json", &succeed("B"));
    account.fake.deny(Api::ListExecutions, "");
    let plan = account.plan(&place, None).await.unwrap();
    let denied = matches!(&plan.not_compared[..], [NotCompared::Running(error)] if error.is_denied());
    assert!(denied, "{:?}", plan.not_compared);
    assert_eq!((changes(&plan), plan.items[0].effect.as_ref()), (vec!["order changed".to_owned()], None));
    account.fake.permit_all();
    let expired = Trick::Fail(Fault::of_code("ExpiredTokenException", "expired"));
    account.fake.trick(Api::ListExecutions, [expired]);
    let error = account.plan(&place, None).await.unwrap_err();
    assert!(matches!(error, PlanError::Call(error) if matches!(error.fault, Fault::Credentials { .. })));
}

#[tokio::test]
async fn a_parameter_that_may_not_be_read_is_an_error_unless_a_value_stands_in_its_place() {
    let account = Account::new();
    account.change(|world| {
        let parameter = Parameter { kind: ParameterKind::Text, value: "Hull".to_owned() };
        _ = world.parameters.insert("/x".to_owned(), parameter);
    });
    account.fake.deny(Api::GetParameters, "");
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"${X}","End":true}}}"#;
    let planned = async |source: &str| {
        let manifest = format!("{ROLE}[substitutions]\nX = {{ {source} }}\n{ORDER}");
        let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", definition)]);
        account.plan(&place, None).await.unwrap()
    };
    let plan = planned("ssm = \"/x\"").await;
    assert_eq!(
        (changes(&plan), found(&plan)),
        (vec!["order refused".to_owned()], vec!["value-not-found 4:5".to_owned()])
    );
    let one = &plan.items[0].found[0].1;
    assert!(one.message.contains("could not be read for /x (AccessDeniedException"), "{}", one.message);
    assert!(one.remedy.starts_with("Allow ssm:GetParameters on /x"), "{}", one.remedy);
    assert!(plan.not_compared.is_empty(), "the finding says it");
    let plan = planned("ssm = \"/x\", value = \"Leith\"").await;
    assert!(matches!(&plan.not_compared[..], [NotCompared::Parameters(_)]), "{:?}", plan.not_compared);
    assert!(plan.items[0].plan.desired.as_ref().unwrap().definition.contains("Leith"));
}

#[tokio::test]
async fn a_record_that_somebody_changed_is_said() {
    let account = Account::new();
    let manifest = format!("{ROLE}{ORDER}tags = {{ team = \"desk\" }}\n");
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", &succeed("A"))]);
    let plan = account.plan(&place, None).await.unwrap();
    account.apply(&plan).await;
    let arn = plan.items[0].plan.arn.clone();
    assert_eq!(found(&account.plan(&place, None).await.unwrap()), Vec::<String>::new());
    account.change(|world| {
        let tags = &mut world.machines.get_mut(&arn).unwrap().tags;
        tags.insert(APPLIED_TAG.to_owned(), "nonsense".to_owned());
        tags.insert(TAGS_TAG.to_owned(), "nonsense".to_owned());
    });
    let plan = account.plan(&place, None).await.unwrap();
    assert_eq!(found(&plan), ["not-compared 1:1", "not-compared 1:1"]);
    assert_eq!(changes(&plan), ["order changed"], "the tags are written again, and nothing is refused");
    account.apply(&plan).await;
    assert_eq!(found(&account.plan(&place, None).await.unwrap()), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_role_lacks_is_in_the_plan() {
    let account = Account::new();
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sns:publish","End":true,
        "Parameters":{"TopicArn":"arn:aws:sns:us-east-1:123456789012:orders","Message":"a"}}}}"#;
    let place = Place::with(&[("countersign.toml", &format!("{ROLE}{ORDER}")), ("order.asl.json", definition)]);
    account.change(|world| _ = world.role_policies.insert("r".to_owned(), Vec::new()));
    let plan = account.plan(&place, None).await.unwrap();
    let lacks: Vec<&str> = plan.items[0].permissions.iter().map(|one| one.action.as_str()).collect();
    assert_eq!(lacks, ["sns:Publish"]);
    account.fake.deny(Api::ListRolePolicies, "");
    let plan = account.plan(&place, None).await.unwrap();
    assert!(
        matches!(&plan.not_compared[..], [NotCompared::Roles(error)] if error.is_denied()),
        "{:?}",
        plan.not_compared
    );
    account.fake.permit_all();
    let unreadable = crate::connection::RolePolicy { name: "own".to_owned(), document: "{".to_owned() };
    account.change(|world| _ = world.role_policies.insert("r".to_owned(), vec![unreadable]));
    let plan = account.plan(&place, None).await.unwrap();
    let said = matches!(&plan.not_compared[..], [NotCompared::Policy { policy, .. }] if policy == "own");
    assert!(said, "{:?}", plan.not_compared);
}

#[tokio::test]
async fn what_the_delivery_of_logs_does_by_itself_is_not_missing() {
    let account = Account::new();
    let manifest = format!("{ROLE}logging = {{ level = \"ALL\", destination = \"/shop\" }}\n{ORDER}");
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", &succeed("A"))]);
    // What the CDK allows.
    let document = r#"{"Statement": [{"Effect": "Allow", "Resource": "*", "Action": ["logs:CreateLogDelivery",
        "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
        "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"]}]}"#;
    let allowed = |document: &str| {
        let policy = crate::connection::RolePolicy { name: "own".to_owned(), document: document.to_owned() };
        account.change(|world| _ = world.role_policies.insert("r".to_owned(), vec![policy]));
    };
    allowed(document);
    let lacks = async || account.plan(&place, None).await.unwrap().items[0].permissions.clone();
    assert!(lacks().await.is_empty(), "{:?}", lacks().await);
    allowed(&document.replace("logs:PutResourcePolicy", "logs:GetLogEvents"));
    assert_eq!(lacks().await[0].action, "logs:PutResourcePolicy");
}

impl Account {
    async fn plan_template(&self, template: &Template) -> Plan {
        let folder = Arc::new(template.folder());
        let chosen = Chosen { manifest: &folder.manifest, environment: None };
        let named = |target: PlanTarget<'_>| template.parameters(target);
        let drafts = |target: PlanTarget<'_>| template.draft(target);
        let plan = self
            .with_planner(async |planner: Planner<'_>| planner.plan_drafts(&folder, &chosen, &named, &drafts).await);
        plan.await.unwrap()
    }
}

#[tokio::test]
async fn a_template_has_the_values_of_the_parameter_store_that_it_is_planned_on() {
    let account = Account::new();
    let template = "Parameters:\n  Endpoint: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/endpoint }\nResources:\n  \
                    Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      StateMachineName: order\n      \
                    RoleArn: arn:aws:iam::123456789012:role/r\n      Definition:\n        StartAt: A\n        States:\n          \
                    A: { Type: Pass, Result: !Ref Endpoint, End: true }\n";
    let place = Place::with(&[("template.yaml", template)]);
    let template = Template { path: place.0.join("template.yaml"), ..Template::default() };
    let planned = async || account.plan_template(&template).await;
    let plan = planned().await;
    assert_eq!(
        (changes(&plan), plan.items[0].found[0].1.rule),
        (vec!["Order refused".to_owned()], Rule::ValueNotFound)
    );
    account.change(|world| {
        let parameter = Parameter { kind: ParameterKind::Text, value: "https://pay".to_owned() };
        _ = world.parameters.insert("/shop/endpoint".to_owned(), parameter);
    });
    let plan = planned().await;
    assert_eq!(changes(&plan), ["Order new"]);
    assert!(plan.items[0].plan.desired.as_ref().unwrap().definition.contains("https://pay"));
    // Where nobody may look, a placeholder stands for it, which is said.
    account.fake.deny(Api::GetParameters, "");
    let plan = planned().await;
    assert_eq!(changes(&plan), ["Order new"]);
    assert!(matches!(&plan.not_compared[..], [NotCompared::Parameters(_)]), "{:?}", plan.not_compared);
}

#[tokio::test]
async fn a_state_machine_with_a_generated_name_is_found_by_the_tags_of_its_stack() {
    let account = Account::new();
    let text = "Resources:\n  Pay: { Type: 'AWS::Lambda::Function', Properties: { Runtime: python3.12, Handler: a.b, Role: 'arn:aws:iam::123456789012:role/r', \
                Code: { ZipFile: a } } }\n  Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      \
                RoleArn: arn:aws:iam::123456789012:role/r\n      Definition:\n        StartAt: A\n        States:\n          \
                A: { Type: Task, Resource: !GetAtt Pay.Arn, End: true }\n";
    let place = Place::with(&[("template.yaml", text)]);
    let of_stack = |stack: &str| Template {
        path: place.0.join("template.yaml"),
        stack: Some(stack.to_owned()),
        ..Template::default()
    };
    let plan = account.plan_template(&of_stack("Shop")).await;
    assert_eq!(changes(&plan), ["Order new"]);
    let said = |plan: &Plan| plan.items[0].found.iter().map(|(_, one)| one.message.clone()).collect::<Vec<_>>();
    assert!(said(&plan)[0].contains("that the stack Shop made of Order"), "{:?}", said(&plan));
    let deploy = |name: &str, stack: &str, function: &str| {
        let wanted = plan.items[0].plan.desired.as_ref().unwrap().definition.replace("Shop-Pay", function);
        let tags = [("stack-name", stack), ("logical-id", "Order")];
        let tags = tags.map(|(key, value)| (format!("aws:cloudformation:{key}"), value.to_owned()));
        account.fake.change(|world, now| {
            let arn = world.machine(name, &wanted, now);
            world.machines.get_mut(&arn).unwrap().tags = tags.into_iter().collect();
        });
    };
    deploy("Order-AAAAAAAAAAAA", "Other", "Other-Pay-AAAAAAAAAAAA");
    deploy("Order-BBBBBBBBBBBB", "Shop", "Shop-Pay-BBBBBBBBBBBB");
    let plan = account.plan_template(&of_stack("Shop")).await;
    assert_eq!((changes(&plan), plan.items[0].machine()), (vec!["Order unchanged".to_owned()], "Order-BBBBBBBBBBBB"));
    assert!(said(&plan).is_empty(), "{:?}", said(&plan));
    // A function that is none of this resource is a difference, and what stands for it is said.
    deploy("Order-BBBBBBBBBBBB", "Shop", "Shop-Refund-BBBBBBBBBBBB");
    let plan = account.plan_template(&of_stack("Shop")).await;
    assert_eq!(changes(&plan), ["Order changed"]);
    assert!(said(&plan)[0].contains("Pay"), "{:?}", said(&plan));
    account.fake.deny(Api::ListTagsForResource, "");
    let plan = account.plan_template(&of_stack("Shop")).await;
    assert!(matches!(&plan.not_compared[..], [NotCompared::Tags(_)]), "{:?}", plan.not_compared);
    assert_eq!(changes(&plan), ["Order new"]);
}

#[tokio::test]
async fn a_template_neither_removes_what_a_folder_deployed_nor_writes_its_tags() {
    let account = Account::new();
    let manifest = format!("{ROLE}{ORDER}[workflows.other]\nfile = \"other.asl.json\"\n");
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", &succeed("A"))]);
    place.write("other.asl.json", &succeed("B"));
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    let text = "Resources:\n  Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      StateMachineName: order\n      \
                RoleArn: arn:aws:iam::123456789012:role/r\n      Definition:\n        StartAt: A\n        States:\n          \
                A: { Type: Succeed }\n";
    place.write("template.yaml", text);
    // The stack is called as the folder.
    let template =
        Template { path: place.0.join("template.yaml"), stack: Some("shop".to_owned()), ..Template::default() };
    let plan = account.plan_template(&template).await;
    assert_eq!(
        (changes(&plan), found(&plan)),
        (vec!["Order unchanged".to_owned()], vec!["other-owner 1:1".to_owned()])
    );
    let said = &plan.items[0].found[0].1;
    assert!(said.message.contains("from the folder \"shop\"") && !said.is_error(), "{said:?}");
}

#[tokio::test]
async fn what_leaves_a_stack_is_to_be_removed() {
    let account = Account::new();
    let text = "Resources:\n  Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      StateMachineName: order\n      \
                RoleArn: arn:aws:iam::123456789012:role/r\n      Definition:\n        StartAt: A\n        States:\n          \
                A: { Type: Succeed }\n";
    let place = Place::with(&[("template.yaml", text)]);
    let template =
        Template { path: place.0.join("template.yaml"), stack: Some("Shop".to_owned()), ..Template::default() };
    for (name, stack, id) in [("order", "Shop", "Order"), ("pay", "Shop", "Pay"), ("other", "Other", "Pay")] {
        account.fake.change(|world, now| {
            let arn = world.machine(name, &succeed("A"), now);
            let tags = [("stack-name", stack), ("logical-id", id)];
            let tags = tags.map(|(key, value)| (format!("aws:cloudformation:{key}"), value.to_owned()));
            world.machines.get_mut(&arn).unwrap().tags = tags.into_iter().collect();
        });
    }
    let plan = account.plan_template(&template).await;
    assert_eq!(changes(&plan)[1..], ["pay to_be_removed"], "not what another stack has");
    assert!(plan.items[1].is_of_tool && plan.has_changes());
    // What cannot be read says nothing of what leaves.
    place.write("template.yaml", "Resources: [\n");
    let plan = account.plan_template(&template).await;
    assert!(plan.items.is_empty() && plan.is_refused(), "{:?}", changes(&plan));
}

#[tokio::test]
async fn terraform_removes_what_it_destroys_and_may_know_neither_a_definition_nor_a_role_yet() {
    let mut account = Account::new();
    account.connection = account.fake.connection(ConnectionKind::Aws);
    let text = r#"{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
        {"address": "aws_sfn_state_machine.order", "mode": "managed", "type": "aws_sfn_state_machine", "values": {"name": "order"}},
        {"address": "aws_sfn_state_machine.fresh", "mode": "managed", "type": "aws_sfn_state_machine", "values": {"name": "fresh"}}]}},
      "resource_changes": [
        {"address": "aws_sfn_state_machine.order", "change": {"actions": ["update"], "after_unknown": {"definition": true}}},
        {"address": "aws_sfn_state_machine.pay", "mode": "managed", "type": "aws_sfn_state_machine",
         "change": {"actions": ["delete"], "before": {"name": "pay"}, "after": null}}]}"#;
    let place = Place::with(&[("plan.json", text)]);
    for name in ["order", "pay", "other"] {
        account.fake.change(|world, now| _ = world.machine(name, &succeed("A"), now));
    }
    let plan = account.plan_template(&Template { path: place.0.join("plan.json"), ..Template::default() }).await;
    assert_eq!(
        changes(&plan),
        ["aws_sfn_state_machine.order changed", "aws_sfn_state_machine.fresh new", "pay to_be_removed"]
    );
    assert!(plan.items.iter().all(|item| item.difference.is_none()), "nothing is said of what is not known");
    assert!(plan.has_changes() && !plan.is_refused());
}

#[tokio::test]
async fn another_tool_replaces_a_state_machine_of_another_type() {
    let account = Account::new();
    let text = "Resources:\n  Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      StateMachineName: order\n      \
                StateMachineType: EXPRESS\n      RoleArn: arn:aws:iam::123456789012:role/r\n      Definition:\n        StartAt: A\n        \
                States:\n          A: { Type: Succeed }\n";
    let place = Place::with(&[("template.yaml", text)]);
    account.fake.change(|world, now| _ = world.machine("order", &succeed("A"), now));
    let template = Template { path: place.0.join("template.yaml"), ..Template::default() };
    let plan = account.plan_template(&template).await;
    assert_eq!(changes(&plan), ["Order changed"]);
    assert_eq!(found(&plan), ["machine-type-change 1:1"]);
    assert!(!plan.is_refused());
}
