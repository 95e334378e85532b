//! Functions, messages, events and other workflows.

use serde_json::Value;

use super::rule;
use crate::arns::Scope;
use crate::given::Given;
use crate::needs::Needs;
use crate::walk::StateAt;

/// `lambda:invoke`: the function, or the version or alias that is called.
pub(super) fn lambda(needs: &mut Needs, at: &StateAt, action: &str) -> bool {
    if action == "invoke" {
        invoke(needs, at);
    }
    action == "invoke"
}

/// A function by its name, its ARN or a part of that, with a qualifier behind it or beside it.
pub(super) fn invoke(needs: &mut Needs, at: &StateAt) {
    let function = needs.named(at.name, "FunctionName", at.parameter("FunctionName"), |needs, name| {
        match name.split_once(":function:") {
            // `111122223333:function:pay`
            Some((account, name)) => {
                let arn = needs.arn("lambda", Scope::Regional, &format!("function:{name}"));
                let mut parts: Vec<&str> = arn.splitn(6, ':').collect();
                parts[4] = account;
                parts.join(":")
            }
            None => needs.arn("lambda", Scope::Regional, &format!("function:{name}")),
        }
    });
    let qualified = function == "*" || function.split(':').nth(7).is_some();
    let functions = match at.parameter("Qualifier") {
        _ if qualified => vec![function],
        Given::Absent => vec![function],
        Given::Fixed(Value::String(qualifier)) => vec![format!("{function}:{qualifier}")],
        _ => {
            needs.note(Some(at.name), "The Qualifier is computed: every version and alias may be called.");
            vec![format!("{function}:*")]
        }
    };
    needs.allow("Lambda", &["lambda:InvokeFunction"], functions);
}

/// `sns:publish`: to a topic, an endpoint, or a phone, which has no ARN.
pub(super) fn sns(needs: &mut Needs, at: &StateAt, action: &str) -> bool {
    if action == "publish" {
        publish(needs, at);
    }
    action == "publish"
}

pub(super) fn publish(needs: &mut Needs, at: &StateAt) {
    let topic = match at.parameter("TopicArn") {
        Given::Absent => at.parameter("TargetArn"),
        given => given,
    };
    let resource = if topic == Given::Absent && at.parameter("PhoneNumber") != Given::Absent {
        needs.note(Some(at.name), "A message to a phone number needs sns:Publish on every resource.");
        "*".to_owned()
    } else {
        needs.named(at.name, "TopicArn", topic, |_, name| name.to_owned())
    };
    needs.allow("Sns", &["sns:Publish"], [resource]);
}

/// `sqs:sendMessage`.
pub(super) fn sqs(needs: &mut Needs, at: &StateAt, action: &str) -> bool {
    if action == "sendMessage" {
        let queue = queue(needs, at);
        needs.allow("Sqs", &["sqs:SendMessage"], [queue]);
    }
    action == "sendMessage"
}

/// The ARN of the queue that `QueueUrl` names.
pub(super) fn queue(needs: &mut Needs, at: &StateAt) -> String {
    let given = at.parameter("QueueUrl");
    match given.text().and_then(|url| queue_of(url, needs.subject.partition)) {
        Some(arn) => arn,
        None => needs.any(at.name, "QueueUrl", given),
    }
}

/// `https://sqs.eu-west-1.amazonaws.com/111122223333/orders`
fn queue_of(url: &str, partition: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let mut parts = rest.split('/');
    let (host, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    let region = match host.split('.').collect::<Vec<_>>()[..] {
        ["sqs", region, "amazonaws", ..] | [region, "queue", "amazonaws", ..] => region,
        _ => return None,
    };
    let named = parts.next().is_none() && !name.is_empty() && !name.contains(['*', '?']);
    named.then(|| format!("arn:{partition}:sqs:{region}:{account}:{name}"))
}

/// `events:putEvents`: the bus of each entry; without one, the account's own.
pub(super) fn events(needs: &mut Needs, at: &StateAt, action: &str) -> bool {
    if action == "putEvents" {
        put_events(needs, at);
    }
    action == "putEvents"
}

pub(super) fn put_events(needs: &mut Needs, at: &StateAt) {
    let entries = at.parameter("Entries").items(at.language);
    if entries.is_empty() {
        let any = needs.any(at.name, "Entries", at.parameter("Entries"));
        needs.allow("Events", &["events:PutEvents"], [any]);
    }
    for entry in entries {
        let bus = match entry.get("EventBusName", at.language) {
            Given::Absent => needs.arn("events", Scope::Regional, "event-bus/default"),
            given => needs.named(at.name, "EventBusName", given, |needs, name| {
                needs.arn("events", Scope::Regional, &format!("event-bus/{name}"))
            }),
        };
        needs.allow("Events", &["events:PutEvents"], [bus]);
    }
}

/// `states:startExecution`. To wait for its end, the execution is described, and a managed rule reports it.
pub(super) fn states(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    if action != "startExecution" {
        return false;
    }
    let machine = needs.named(at.name, "StateMachineArn", at.parameter("StateMachineArn"), |_, _| "*".to_owned());
    if waits {
        let executions = executions_of(&machine);
        needs.allow("Workflows", &["states:DescribeExecution", "states:StopExecution"], [executions]);
        rule(needs, "StepFunctionsGetEventsForStepFunctionsExecutionRule");
    }
    needs.allow("Workflows", &["states:StartExecution"], [machine]);
    true
}

/// The executions of a machine, of a version or of an alias: they have the machine's name.
fn executions_of(machine: &str) -> String {
    match machine.split_once(":stateMachine:") {
        Some((before, name)) => {
            let name = name.split(':').next().unwrap_or_default();
            format!("{before}:execution:{name}:*")
        }
        None => "*".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_named_by_its_url() {
        for (url, expected) in [
            (
                "https://sqs.eu-west-1.amazonaws.com/111122223333/a.fifo",
                Some("arn:aws:sqs:eu-west-1:111122223333:a.fifo"),
            ),
            ("https://eu-west-1.queue.amazonaws.com/111122223333/a", Some("arn:aws:sqs:eu-west-1:111122223333:a")),
            ("http://localhost:4566/111122223333/a", None),
            ("https://sqs.eu-west-1.amazonaws.com/111122223333/*", None),
            ("a", None),
        ] {
            assert_eq!(queue_of(url, "aws").as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn executions_have_the_name_of_their_machine() {
        let machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:order:live";
        assert_eq!(executions_of(machine), "arn:aws:states:eu-west-1:111122223333:execution:order:*");
        assert_eq!(executions_of("*"), "*");
    }
}
