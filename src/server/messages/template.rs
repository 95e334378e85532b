//! What a webhook gets: Slack's blocks, an Adaptive Card for Microsoft Teams, plain JSON, or a template of one's own.
//!
//! Whatever stands in a title is text wherever it is shown: Slack gets it as `plain_text`, cards as text runs, which know no
//! markup, and templates as JSON strings with their quotes.

use std::path::{Path, PathBuf};

use countersign_desk::notify::{About, Parcel};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde_json::{Value, json};

use super::words::Worded;

/// What a template of one's own may cost, and the most bytes of what it makes.
const FUEL: u64 = 50_000;
const LONGEST: usize = 65_536;
/// Slack's limits, in characters, and of facts.
const HEADER: usize = 150;
const FIELD: usize = 1_900;
const FIELDS: usize = 10;

/// The name of the only template of an environment.
const NAME: &str = "message";

/// Which template a webhook has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Slack,
    Teams,
    Json,
    /// A file in the data folder.
    File(PathBuf),
}

/// A template that can be rendered.
pub enum Template {
    Slack,
    Teams,
    Json,
    Own(Box<Environment<'static>>),
}

impl Template {
    /// Reads a template, and tries it.
    ///
    /// # Errors
    /// The file cannot be read, or is no template that makes JSON.
    pub fn read(choice: &Choice, data: &Path) -> Result<Self, String> {
        match choice {
            Choice::Slack => Ok(Self::Slack),
            Choice::Teams => Ok(Self::Teams),
            Choice::Json => Ok(Self::Json),
            Choice::File(file) => {
                let file = data.join(file);
                let text = std::fs::read_to_string(&file)
                    .map_err(|error| format!("the template {} cannot be read: {error}", file.display()))?;
                Self::own(text).map_err(|why| format!("the template {}: {why}", file.display()))
            }
        }
    }

    fn own(text: String) -> Result<Self, String> {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        // Every value is JSON, with its quotes: nothing can break out of it.
        environment.set_formatter(|out, _, value| {
            let text = serde_json::to_string(value);
            let text = text.map_err(|error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string()))?;
            Ok(out.write_str(&text)?)
        });
        environment.add_template_owned(NAME, text).map_err(|error| reason(&error))?;
        let own = Self::Own(Box::new(environment));
        own.render_values(trial_values())?;
        Ok(own)
    }

    /// What is posted.
    ///
    /// # Errors
    /// The template failed.
    pub fn render(&self, parcel: &Parcel, worded: &Worded) -> Result<String, String> {
        match self {
            Self::Slack => Ok(slack(worded).to_string()),
            Self::Teams => Ok(teams(worded).to_string()),
            Self::Json => Ok(values(parcel, worded).to_string()),
            Self::Own(_) => self.render_values(values(parcel, worded)),
        }
    }

    fn render_values(&self, values: Value) -> Result<String, String> {
        let Self::Own(environment) = self else { return Ok(values.to_string()) };
        let template = environment.get_template(NAME).map_err(|error| reason(&error))?;
        let text = template.render(values).map_err(|error| reason(&error))?;
        if text.len() > LONGEST {
            return Err(format!("it makes {} bytes; the limit is {LONGEST}", text.len()));
        }
        let parsed: Result<Value, _> = serde_json::from_str(&text);
        parsed.map_err(|error| format!("what it makes is no JSON: {error}. Values have their quotes: write {{{{ subject }}}}, not \"{{{{ subject }}}}\""))?;
        Ok(text)
    }
}

/// Why a template failed, with the line.
fn reason(error: &minijinja::Error) -> String {
    let line = error.line().map_or_else(String::new, |line| format!("line {line}: "));
    let detail =
        error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    format!("{line}{detail}")
}

/// What a template knows.
fn values(parcel: &Parcel, worded: &Worded) -> Value {
    let message = &parcel.message;
    let facts: Vec<Value> =
        worded.facts.iter().map(|(label, value)| json!({ "label": label, "value": value })).collect();
    let (execution_arn, event) = match &message.about {
        About::Request { execution_arn, event } => (Some(execution_arn), Some(*event)),
        About::Execution { execution_arn } => (Some(execution_arn), None),
        About::Deployment { .. } | About::Trial => (None, None),
    };
    json!({
        "key": parcel.key,
        "event": message.occasion.word(),
        "subject": worded.subject,
        "sentence": worded.sentence,
        "title": message.title,
        "link": worded.link,
        "link_label": worded.link_label,
        "facts": facts,
        "connection": message.connection,
        "workflow": message.workflow,
        "state": message.state,
        "execution": message.execution,
        "execution_arn": execution_arn,
        "task_event": event,
        "at": message.at,
        "due": message.due,
        "detail": message.detail,
    })
}

/// Values with which a template is tried before it is used.
fn trial_values() -> Value {
    let message = super::command::trial();
    let worded = super::words::worded(&message, "https://countersign.example");
    let parcel = Parcel { key: "trial".to_owned(), recipient: String::new(), message, made_at: 0 };
    values(&parcel, &worded)
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

fn slack(worded: &Worded) -> Value {
    let plain = |text: &str, most| json!({ "type": "plain_text", "text": cut(text, most), "emoji": false });
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(&worded.subject, HEADER) }),
        json!({ "type": "section", "text": plain(&worded.sentence, FIELD) }),
    ];
    let fields: Vec<Value> =
        worded.facts.iter().take(FIELDS).map(|(label, value)| plain(&format!("{label}: {value}"), FIELD)).collect();
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    let button = json!({ "type": "button", "text": plain(worded.link_label, 75), "url": worded.link });
    blocks.push(json!({ "type": "actions", "elements": [button] }));
    // What notifications show. Slack reads this as markup: these three begin all that it could be.
    let fallback = worded.subject.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({ "text": fallback, "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
}

fn teams(worded: &Worded) -> Value {
    let run = |text: &str, bold: bool| {
        let weight = if bold { "Bolder" } else { "Default" };
        json!({ "type": "TextRun", "text": text, "weight": weight })
    };
    let line = |runs: Vec<Value>| json!({ "type": "RichTextBlock", "inlines": runs });
    let title = json!({ "type": "TextRun", "text": worded.subject, "weight": "Bolder", "size": "Large" });
    let mut body = vec![line(vec![title]), line(vec![run(&worded.sentence, false)])];
    for (label, value) in &worded.facts {
        body.push(line(vec![run(&format!("{label}: "), true), run(value, false)]));
    }
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{ "type": "Action.OpenUrl", "title": worded.link_label, "url": worded.link }],
    });
    let card = json!({
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": content,
    });
    json!({ "type": "message", "attachments": [card] })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::super::words::tests::hostile;
    use super::super::words::worded;
    use super::*;

    fn rendered(template: &Template) -> Value {
        let message = hostile();
        let worded = worded(&message, "https://a.example");
        let parcel = Parcel { key: "k".into(), recipient: String::new(), message, made_at: 0 };
        serde_json::from_str(&template.render(&parcel, &worded).unwrap()).unwrap()
    }

    #[test]
    fn slack_gets_every_text_as_plain_text() {
        let message = rendered(&Template::Slack);
        assert!(!message["text"].as_str().unwrap().contains(['<', '>']), "{message}");
        assert_eq!(message["blocks"][0]["text"]["type"], "plain_text");
        let texts = message["blocks"].to_string();
        assert!(!texts.contains("mrkdwn"), "{texts}");
        assert!(message["blocks"][0]["text"]["text"].as_str().unwrap().chars().count() <= HEADER);
        let button = &message["blocks"][3]["elements"][0];
        assert!(button["url"].as_str().unwrap().starts_with("https://a.example/prod/inbox/"), "{button}");
    }

    #[test]
    fn a_card_has_its_texts_in_runs_that_know_no_markup() {
        let message = rendered(&Template::Teams);
        let card = &message["attachments"][0]["content"];
        assert_eq!((card["type"].as_str(), card["version"].as_str()), (Some("AdaptiveCard"), Some("1.4")));
        for block in card["body"].as_array().unwrap() {
            assert_eq!(block["type"], "RichTextBlock");
            for run in block["inlines"].as_array().unwrap() {
                assert_eq!(run["type"], "TextRun");
            }
        }
        assert_eq!(card["actions"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn nothing_breaks_out_of_a_template_of_ones_own() {
        let text = r#"{"text": {{ subject }}, "title": {{ title }}, "facts": [{% for fact in facts %}{{ fact.label ~ ": " ~ fact.value }}{% if not loop.last %},{% endif %}{% endfor %}]}"#;
        let message = rendered(&Template::own(text.to_owned()).unwrap());
        assert_eq!(message.as_object().unwrap().len(), 3, "{message}");
        assert_eq!(message["title"].as_str().unwrap(), hostile().title, "as it is, and evaluated by nobody");
        assert!(message["facts"][0].as_str().unwrap().starts_with("To X: y: <img"), "{message}");
    }

    #[test]
    fn a_template_that_fails_is_found_before_it_is_used() {
        let fault = |text: &str| Template::own(text.to_owned()).err().unwrap();
        assert!(fault("{\n{{ subjekt }}").contains("line 2"), "{}", fault("{\n{{ subjekt }}"));
        assert!(fault("{{ ").contains("line 1"));
        assert!(fault(r#"{"text": "{{ subject }}"}"#).contains("Values have their quotes"));
        let endless = "{% for a in range(1000000) %}{% endfor %}{}";
        assert!(!fault(endless).is_empty());
    }
}
