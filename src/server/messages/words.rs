//! The words of messages.

use countersign_desk::connection::ConnectionId;
use countersign_desk::notify::{About, Message, Occasion};

use crate::app::absolute;
use crate::routes;

/// The most characters of a subject and of a value.
const SUBJECT: usize = 200;
const VALUE: usize = 1_000;

/// A message in words, which no letter can break out of its line of: each carrier escapes them for its own format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worded {
    /// What it is about, in a line.
    pub subject: String,
    /// The same as a sentence with what to do.
    pub sentence: String,
    /// Labels and values.
    pub facts: Vec<(String, String)>,
    /// The page that it is about, and what the link says.
    pub link: String,
    pub link_label: &'static str,
}

/// A message in words; its link begins with `origin`.
#[must_use]
pub fn worded(message: &Message, origin: &str) -> Worded {
    let title = one_line(if message.title.is_empty() { &message.execution } else { &message.title }, SUBJECT);
    let (workflow, execution) = (one_line(&message.workflow, 120), one_line(&message.execution, 120));
    let (subject, sentence) = match (&message.about, message.occasion) {
        (About::Trial, _) => {
            ("A trial message".to_owned(), "This channel works: messages of countersign arrive here.".to_owned())
        }
        (_, Occasion::Waiting) => {
            (format!("Waiting: {title}"), format!("A request of {workflow} waits for a decision."))
        }
        (_, Occasion::Reminder) => {
            (format!("Reminder: {title}"), format!("A request of {workflow} still waits for a decision."))
        }
        (_, Occasion::Overdue) => {
            (format!("Overdue: {title}"), format!("A request of {workflow} was due, and nobody has decided it."))
        }
        (_, Occasion::Escalated) => {
            (format!("Escalated: {title}"), format!("A request of {workflow} has waited long: you may decide it, too."))
        }
        (_, Occasion::Failed) => {
            let error = message.detail.as_deref().map(|error| format!(" with {}", one_line(error, 200)));
            let error = error.unwrap_or_default();
            (
                format!("Failed: {workflow}, {execution}"),
                format!("The execution {execution} of {workflow} failed{error}."),
            )
        }
        (_, Occasion::BrokenGlass) => {
            let who = one_line(message.detail.as_deref().unwrap_or("An administrator"), 80);
            let what = "decided a request that the rule does not let them decide. The record says why.";
            (format!("Decided by {who}, past the rule: {title}"), format!("{who} {what}"))
        }
        (about, Occasion::Proposed) => {
            let to = match about {
                About::Deployment { environment, .. } if !environment.is_empty() => {
                    format!(" to {}", one_line(environment, 80))
                }
                _ => String::new(),
            };
            let who = one_line(message.detail.as_deref().unwrap_or("Somebody"), 80);
            let sentence = format!("{who} proposes to deploy {workflow}{to}, which waits for approval.");
            (format!("Deployment proposed: {title}{to}"), sentence)
        }
    };
    let (link, link_label) = link(message, origin);
    let subject = one_line(&subject, SUBJECT);
    Worded { subject, sentence, facts: facts(message, &workflow, &execution), link, link_label }
}

fn facts(message: &Message, workflow: &str, execution: &str) -> Vec<(String, String)> {
    if message.about == About::Trial {
        return Vec::new();
    }
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |label: &str, value: String| facts.push((one_line(label, 80), one_line(&value, VALUE)));
    for (label, value) in &message.facts {
        add(label, value.clone());
    }
    add("Workflow", workflow.to_owned());
    if let Some(state) = &message.state {
        add("State", state.clone());
    }
    // A deployment is about none.
    if !execution.is_empty() {
        add("Execution", execution.to_owned());
    }
    if message.connection != ConnectionId::default_one().as_str() {
        add("Connection", message.connection_label.clone());
    }
    let at = match message.occasion {
        Occasion::Waiting => "Waits since",
        Occasion::Reminder => "Reminded at",
        Occasion::Overdue => "Was due",
        Occasion::Escalated => "Escalated at",
        Occasion::Failed => "Failed at",
        Occasion::BrokenGlass => "Decided at",
        Occasion::Proposed => "Proposed at",
    };
    add(at, absolute(message.at));
    if let Some(due) = message.due.filter(|_| message.occasion != Occasion::Overdue) {
        add("Due", absolute(due));
    }
    facts
}

/// The page of what a message is about. It decides nothing: that takes a form of the page, sent by somebody who signed in.
fn link(message: &Message, origin: &str) -> (String, &'static str) {
    let routes = routes::of(&message.connection);
    let (path, label) = match &message.about {
        About::Request { execution_arn, event } => (routes.approval(execution_arn, *event), "Open the request"),
        About::Execution { execution_arn } => (routes.execution(execution_arn), "Open the execution"),
        About::Deployment { .. } => (format!("{}#proposals", routes.inbox()), "Open the inbox"),
        About::Trial => (routes::at(routes::ROOT), "Open Countersign"),
    };
    (format!("{origin}{path}"), label)
}

/// A text in one line without what nobody sees, cut where it is too long.
fn one_line(text: &str, most: usize) -> String {
    let shown = text.chars().map(|letter| if is_unseen(letter) { ' ' } else { letter }).collect::<String>();
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most { line } else { line.chars().take(most - 1).chain(['…']).collect() }
}

/// Whether a letter has no shape of its own: control characters, and those that turn the direction of what follows.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Messages that nobody got.
#[must_use]
pub fn undelivered(channel: &countersign_desk::store::Undelivered) -> crate::wire::Problem {
    let messages =
        if channel.count == 1 { "1 message was".to_owned() } else { format!("{} messages were", channel.count) };
    let why = one_line(&channel.why, 300);
    crate::wire::Problem {
        what: format!(
            "{messages} not delivered through the channel {}, the last on {}: {why}.",
            channel.channel,
            absolute(channel.at)
        ),
        remedy: format!(
            "Mend it, and try it with countersign messages test {}. What waits is in the inbox all the same.",
            channel.channel
        ),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A message whose texts come from somebody who means no good.
    pub fn hostile() -> Message {
        Message {
            occasion: Occasion::Waiting,
            about: About::Request { execution_arn: "arn:aws:states:x:1:execution:order:a\"b".into(), event: 7 },
            connection: "prod".into(),
            connection_label: "Production".into(),
            workflow: "order".into(),
            execution: "a\"b".into(),
            state: Some("Ask".into()),
            title: "Pay?\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script> \"},{\"x\":\" <!channel> [click](https://evil.example) *bold* {{ 7 * 7 }} \u{202e}txt".into(),
            facts: vec![("To\r\nX: y".into(), "<img src=x onerror=alert(1)> <https://evil.example|ok>".into())],
            at: 1_700_000_000_000,
            due: Some(1_700_003_600_000),
            detail: None,
        }
    }

    #[test]
    fn words_stay_in_their_line() {
        let worded = worded(&hostile(), "https://a.example");
        let texts =
            [&worded.subject, &worded.sentence].into_iter().chain(worded.facts.iter().flat_map(|(a, b)| [a, b]));
        for text in texts {
            assert!(!text.chars().any(is_unseen), "{text:?}");
        }
        assert!(worded.subject.starts_with("Waiting: Pay? Bcc: eve@example.com <script>"), "{}", worded.subject);
        assert_eq!(worded.link, "https://a.example/prod/inbox/arn:aws:states:x:1:execution:order:a%22b/7");
        assert_eq!(worded.facts[0].0, "To X: y");
        assert!(worded.facts.contains(&("Due".to_owned(), "2023-11-14 23:13:20 UTC".to_owned())));
        assert!(one_line(&"x".repeat(500), 200).chars().count() == 200);
    }

    #[test]
    fn each_occasion_says_what_it_is() {
        for (occasion, word) in Occasion::ALL {
            let message = Message { occasion, title: "Pay?".into(), ..hostile() };
            let worded = worded(&message, "");
            assert!(!worded.subject.is_empty() && worded.sentence.ends_with('.'), "{word}: {worded:?}");
        }
        let failed = Message {
            occasion: Occasion::Failed,
            about: About::Execution { execution_arn: "arn:x".into() },
            title: String::new(),
            execution: "a1".into(),
            detail: Some("Refused".into()),
            ..hostile()
        };
        let worded = worded(&failed, "http://127.0.0.1:3000");
        assert_eq!(
            (worded.subject.as_str(), worded.link.as_str()),
            ("Failed: order, a1", "http://127.0.0.1:3000/prod/executions/arn:x")
        );
        assert_eq!(worded.sentence, "The execution a1 of order failed with Refused.");
    }

    #[test]
    fn a_proposed_deployment_says_who_proposes_what_and_where_to_vote() {
        let proposed = Message {
            occasion: Occasion::Proposed,
            about: About::Deployment { id: "dep_1".into(), environment: "prod\r\nBcc: x".into() },
            title: "order, refund".into(),
            workflow: "order, refund".into(),
            execution: String::new(),
            state: None,
            facts: Vec::new(),
            due: None,
            detail: Some("Dana".into()),
            ..hostile()
        };
        let worded = worded(&proposed, "https://a.example");
        assert_eq!(worded.subject, "Deployment proposed: order, refund to prod Bcc: x");
        assert_eq!(worded.sentence, "Dana proposes to deploy order, refund to prod Bcc: x, which waits for approval.");
        assert_eq!(worded.link, "https://a.example/prod/inbox#proposals");
        let labels: Vec<&str> = worded.facts.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["Workflow", "Connection", "Proposed at"]);
    }
}
