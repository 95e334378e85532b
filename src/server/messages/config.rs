//! The channels of messages in `countersign.toml` of the data folder.
//!
//! ```toml
//! [messages.mail]
//! kind = "email"
//! smtp = "smtps://smtp.example.com"
//! user = "countersign"
//! password_file = "smtp.secret"
//! from = "Countersign <approvals@example.com>"
//! to = ["approvers", "ops@example.com"]
//!
//! [messages.chat]
//! kind = "webhook"
//! url_env = "SLACK_WEBHOOK"
//! template = "slack"
//! events = ["waiting", "overdue", "failed"]
//! failed = ["order"]
//! per_minute = 30
//!
//! [messages.topic]
//! kind = "sns"
//! topic = "arn:aws:sns:eu-west-1:123456789012:approvals"
//! ```

use std::collections::BTreeSet;
use std::path::Path;

use countersign_desk::connection::TopicArn;
use countersign_desk::notify::{Occasion, Only, Recipient};
use lettre::message::Mailbox;
use toml::de::DeValue;

use super::template::Choice;
use crate::server::secrets::Source;
use crate::server::settings::{FILE, Mistake, Table, did_you_mean, of_table, read};

/// The table of the file.
const TABLE: &str = "messages";
/// The word for those who may decide.
const APPROVERS: &str = "approvers";
/// The word for every workflow.
const EVERY: &str = "*";

/// The keys of every kind, and those of one.
const SHARED: [&str; 7] = ["kind", "events", "connections", "workflows", "failed", "content", "per_minute"];
const EMAIL: [&str; 6] = ["smtp", "user", "password_file", "password_env", "from", "to"];
const WEBHOOK: [&str; 4] = ["url", "url_file", "url_env", "template"];
const SNS: [&str; 3] = ["topic", "profile", "endpoint"];
const KINDS: [&str; 3] = ["email", "webhook", "sns"];

/// Messages a minute where the file does not say: what people can still read in a chat, and what a mail server and a topic
/// take, which send to many people each.
const CHAT_A_MINUTE: u32 = 30;
const A_MINUTE: u32 = 120;
/// The most that can be configured.
const MOST_A_MINUTE: u32 = 6_000;

/// A channel as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    pub name: String,
    pub kind: Kind,
    pub occasions: BTreeSet<Occasion>,
    pub connections: Only,
    pub workflows: Only,
    pub failures: Only,
    pub to: Vec<Recipient>,
    pub content: bool,
    /// The most messages in any minute.
    pub per_minute: u32,
}

/// What carries the messages of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Email { server: Server, user: Option<String>, password: Option<Source>, from: Mailbox },
    Webhook { url: Source, template: Choice },
    Sns { topic: TopicArn, profile: Option<String>, endpoint: Option<String> },
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
}

/// How what is said to a mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything else is said.
    StartTls,
    /// It is on this machine.
    ThisMachine,
}

/// The channels of the file, in its order.
///
/// # Errors
/// Every mistake.
pub fn configured(data: &Path) -> Result<Vec<Configured>, Vec<Mistake>> {
    let text = read(data).map_err(|mistake| vec![mistake])?;
    of_text(&data.join(FILE), &text)
}

fn of_text(file: &Path, text: &str) -> Result<Vec<Configured>, Vec<Mistake>> {
    let found = of_table((file, text), (TABLE, "[messages.NAME]"), |at, _, channels| {
        let (mut found, mut mistakes) = (Vec::new(), Vec::new());
        for (name, value) in channels {
            let place = name.span().start;
            match value.get_ref() {
                DeValue::Table(parts) => {
                    let mut table = Table::new(at, place, parts);
                    found.extend(channel(name.get_ref(), &mut table));
                    mistakes.append(&mut table.mistakes);
                }
                _ => mistakes
                    .push(at(place).mistake(format!("{} is not a table.", name.get_ref()), "Write [messages.NAME].")),
            }
        }
        (Some(found), mistakes)
    })?;
    Ok(found.unwrap_or_default())
}

/// What the tables of channels have besides.
impl Table<'_> {
    fn names(&mut self, key: &str) -> Option<Only> {
        let names = self.list(key)?;
        if names.iter().any(|(name, _)| name == EVERY) {
            return Some(Only::All);
        }
        Some(Only::These(names.into_iter().map(|(name, _)| name).collect()))
    }
}

fn channel(name: &str, table: &mut Table<'_>) -> Option<Configured> {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if name.is_empty() || name.len() > 40 || !name.chars().all(is_name) {
        let what = format!("{name:?} is no name of a channel.");
        table.wrong(table.place, what, "Use 1 to 40 lower-case letters, digits and hyphens.");
    }
    let (word, place) = table.needed("kind", "email")?;
    let (kind, known) = match word.as_str() {
        "email" => (email(table), &EMAIL[..]),
        "webhook" => (webhook(table), &WEBHOOK[..]),
        "sns" => (sns(table), &SNS[..]),
        other => {
            let remedy = format!("{}The kinds are {}.", did_you_mean(other, &KINDS), KINDS.join(", "));
            table.wrong(place, format!("{other:?} is no kind of a channel."), remedy);
            return None;
        }
    };
    table.only(&[&SHARED[..], known].concat());
    let failures = table.names("failed");
    let occasions = occasions(table, failures.is_some());
    let to = if word == "email" { recipients(table) } else { vec![Recipient::Fixed(String::new())] };
    let connections = table.names("connections").unwrap_or_default();
    let workflows = table.names("workflows").unwrap_or_default();
    let content = table.switch("content");
    let failures = failures.unwrap_or_else(|| Only::These(BTreeSet::new()));
    let per_minute = per_minute(table).unwrap_or(if word == "webhook" { CHAT_A_MINUTE } else { A_MINUTE });
    let (name, kind) = (name.to_owned(), kind?);
    Some(Configured { name, kind, occasions, connections, workflows, failures, to, content, per_minute })
}

/// How many messages the channel takes a minute, where the file says it.
fn per_minute(table: &mut Table<'_>) -> Option<u32> {
    let value = table.find("per_minute")?;
    let number = match value.get_ref() {
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    let number = number.filter(|number| (1..=MOST_A_MINUTE).contains(number));
    if number.is_none() {
        let what = format!("per_minute is no whole number from 1 to {MOST_A_MINUTE}.");
        table.wrong(value.span().start, what, format!("Write per_minute = {CHAT_A_MINUTE}."));
    }
    number
}

/// What makes messages: without `events`, all but failures; with `failed`, those, too.
fn occasions(table: &mut Table<'_>, with_failures: bool) -> BTreeSet<Occasion> {
    let words = Occasion::ALL.map(|(_, word)| word);
    let mut occasions: BTreeSet<Occasion> = match table.list("events") {
        None => Occasion::ALL.into_iter().map(|(one, _)| one).filter(|one| *one != Occasion::Failed).collect(),
        Some(given) => {
            let mut found = BTreeSet::new();
            for (word, place) in given {
                match Occasion::of(&word) {
                    Some(Occasion::Failed) if !with_failures => {
                        let remedy = "Name the workflows in failed = [\"...\"], or all of them with failed = [\"*\"].";
                        table.wrong(place, "nothing says of which workflows failures are told.", remedy);
                    }
                    Some(occasion) => {
                        found.insert(occasion);
                    }
                    None => {
                        let remedy = format!("{}The events are {}.", did_you_mean(&word, &words), words.join(", "));
                        table.wrong(place, format!("{word:?} is no event."), remedy);
                    }
                }
            }
            found
        }
    };
    if with_failures {
        occasions.insert(Occasion::Failed);
    }
    occasions
}

fn recipients(table: &mut Table<'_>) -> Vec<Recipient> {
    if table.find("to").is_none() {
        let remedy = "Write to = [\"approvers\"] for those who may decide, or addresses.";
        table.wrong(table.place, "to is missing.", remedy);
    }
    let mut recipients = Vec::new();
    for (text, place) in table.list("to").unwrap_or_default() {
        if text == APPROVERS {
            recipients.push(Recipient::Approvers);
        } else if text.parse::<lettre::Address>().is_ok() {
            recipients.push(Recipient::Fixed(text));
        } else {
            let remedy = "Write an address, such as ops@example.com, or approvers for those who may decide.";
            table.wrong(place, format!("{text:?} is no e-mail address."), remedy);
        }
    }
    recipients
}

fn email(table: &mut Table<'_>) -> Option<Kind> {
    let server = table.needed("smtp", "smtps://smtp.example.com");
    let server = server.and_then(|(url, place)| {
        let server = server_at(&url);
        if let Err(why) = &server {
            let remedy =
                "Give smtps://HOST for TLS, smtp://HOST for STARTTLS, or smtp://127.0.0.1:PORT on this machine.";
            table.wrong(place, format!("smtp {url:?} cannot be used: {why}."), remedy);
        }
        server.ok()
    });
    let from = table.needed("from", "Countersign <approvals@example.com>");
    let from = from.and_then(|(text, place)| {
        let from = text.parse::<Mailbox>();
        if from.is_err() {
            let remedy = "Give one such as Countersign <approvals@example.com>.";
            table.wrong(place, format!("from {text:?} is no e-mail address."), remedy);
        }
        from.ok()
    });
    let user = table.text("user").map(|(user, _)| user);
    let password =
        table.source(&[("password_file", |text| Source::File(text.into())), ("password_env", Source::Environment)]);
    if user.is_some() != password.is_some() {
        let remedy = "Give user with password_file or password_env, or neither.";
        table.wrong(table.place, "a user and a password belong together, and one is missing.", remedy);
    }
    Some(Kind::Email { server: server?, user, password, from: from? })
}

fn server_at(url: &str) -> Result<Server, &'static str> {
    let uri: http::Uri = url.parse().map_err(|_| "it is no URL")?;
    let authority = uri.authority().ok_or("it has no host")?;
    if authority.as_str().contains('@') {
        return Err("it has a user in it, who belongs into user");
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err("it has a path");
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let (security, port) = match uri.scheme_str() {
        Some("smtps") => (Security::Tls, 465),
        Some("smtp") if is_here => (Security::ThisMachine, 25),
        Some("smtp") => (Security::StartTls, 587),
        _ => return Err("it begins neither with smtps:// nor with smtp://"),
    };
    Ok(Server { host, port: authority.port_u16().unwrap_or(port), security })
}

fn webhook(table: &mut Table<'_>) -> Option<Kind> {
    let before = table.mistakes.len();
    let url = table.source(&[
        ("url", Source::Text),
        ("url_file", |text| Source::File(text.into())),
        ("url_env", Source::Environment),
    ]);
    if url.is_none() && table.mistakes.len() == before {
        table.wrong(table.place, "nothing says where messages go.", "Give url, url_file or url_env.");
    }
    let template = match table.text("template") {
        None => Choice::Json,
        Some((word, _)) => match word.as_str() {
            "slack" => Choice::Slack,
            "teams" => Choice::Teams,
            "json" => Choice::Json,
            file => Choice::File(file.into()),
        },
    };
    Some(Kind::Webhook { url: url?, template })
}

fn sns(table: &mut Table<'_>) -> Option<Kind> {
    let topic = table.needed("topic", "arn:aws:sns:eu-west-1:123456789012:approvals");
    let topic = topic.and_then(|(text, place)| match text.parse::<TopicArn>() {
        Ok(topic) => Some(topic),
        Err(why) => {
            table.wrong(place, format!("topic {text:?} cannot be used: {why}."), "Give the topic's ARN.");
            None
        }
    });
    let profile = table.text("profile").map(|(profile, _)| profile);
    let endpoint = table.endpoint();
    Some(Kind::Sns { topic: topic?, profile, endpoint })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn of(text: &str) -> Result<Vec<Configured>, String> {
        of_text(Path::new("countersign.toml"), text)
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(of(text), Err(expected.to_owned()), "{text}");
    }

    const MAIL: &str =
        "[messages.mail]\nkind = \"email\"\nsmtp = \"smtps://smtp.example.com\"\nfrom = \"a@example.com\"\n";

    #[test]
    fn each_kind_of_channel_is_read() {
        let text = "[connections.x]\nregion = 7\n[messages.mail]\nkind = \"email\"\nsmtp = \"smtp://smtp.example.com\"\n\
                    user = \"u\"\npassword_env = \"SMTP\"\nfrom = \"Desk <desk@example.com>\"\n\
                    to = [\"approvers\", \"ops@example.com\"]\nworkflows = [\"order\"]\n\
                    [messages.chat]\nkind = \"webhook\"\nurl_file = \"hook\"\ntemplate = \"slack\"\n\
                    events = [\"overdue\"]\nfailed = [\"*\"]\ncontent = true\nper_minute = 0x10\n\
                    [messages.topic]\nkind = \"sns\"\ntopic = \"arn:aws:sns:eu-west-1:123456789012:a\"\n";
        let found = of(text).unwrap();
        let [mail, chat, topic] = found.as_slice() else { panic!("{found:?}") };
        let server = Server { host: "smtp.example.com".into(), port: 587, security: Security::StartTls };
        let Kind::Email { server: read, user: Some(user), password: Some(Source::Environment(name)), from } =
            &mail.kind
        else {
            panic!("{mail:?}")
        };
        assert_eq!((read, user.as_str(), name.as_str(), from.email.domain()), (&server, "u", "SMTP", "example.com"));
        assert_eq!(mail.to, [Recipient::Approvers, Recipient::Fixed("ops@example.com".into())]);
        assert!(mail.workflows.has("order") && !mail.workflows.has("other") && !mail.content);
        assert!(!mail.occasions.contains(&Occasion::Failed) && mail.occasions.contains(&Occasion::BrokenGlass));
        assert_eq!(chat.occasions, BTreeSet::from([Occasion::Overdue, Occasion::Failed]));
        assert!(chat.failures.has("anything") && chat.content);
        assert_eq!(chat.kind, Kind::Webhook { url: Source::File("hook".into()), template: Choice::Slack });
        assert_eq!((mail.per_minute, chat.per_minute, topic.per_minute), (A_MINUTE, 16, A_MINUTE));
        assert!(matches!(&topic.kind, Kind::Sns { topic, .. } if topic.region() == "eu-west-1"));
        assert_eq!(of("[connections.x]\nregion = \"r\"\n"), Ok(Vec::new()));
    }

    #[test]
    fn a_mail_server_is_spoken_to_with_tls_unless_it_is_here() {
        let server = |url: &str| server_at(url).map(|server| (server.port, server.security));
        assert_eq!(server("smtps://a.example"), Ok((465, Security::Tls)));
        assert_eq!(server("smtp://a.example:2525"), Ok((2525, Security::StartTls)));
        assert_eq!(server("smtp://127.0.0.1:2525"), Ok((2525, Security::ThisMachine)));
        assert_eq!(server("smtp://[::1]"), Ok((25, Security::ThisMachine)));
        for wrong in ["smtp.example.com", "http://a.example", "smtps://u:p@a.example", "smtps://a.example/x", ""] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mistake_is_reported_with_its_position_and_the_nearest_right_word() {
        check(
            &format!("{MAIL}to = [\"approvers\"]\nevent = [\"waiting\"]\n"),
            "countersign.toml:6:1: there is no key \"event\" here.\nDid you mean events? The keys are kind, events, \
             connections, workflows, failed, content, per_minute, smtp, user, password_file, password_env, from, to.",
        );
        check(
            &format!("{MAIL}to = [\"ops\"]\nevents = [\"wating\"]\n"),
            "countersign.toml:6:11: \"wating\" is no event.\nDid you mean waiting? The events are waiting, reminder, \
             overdue, escalated, failed, broken-glass, proposed.\ncountersign.toml:5:7: \"ops\" is no e-mail address.\nWrite an \
             address, such as ops@example.com, or approvers for those who may decide.",
        );
        check(
            "[messages.chat]\nkind = \"webhok\"\n",
            "countersign.toml:2:8: \"webhok\" is no kind of a channel.\nDid you mean webhook? The kinds are email, \
             webhook, sns.",
        );
        check(
            "[messages.Chat]\nkind = \"webhook\"\nevents = [\"failed\"]\n",
            "countersign.toml:1:11: \"Chat\" is no name of a channel.\nUse 1 to 40 lower-case letters, digits and \
             hyphens.\ncountersign.toml:1:11: nothing says where messages go.\nGive url, url_file or url_env.\n\
             countersign.toml:3:11: nothing says of which workflows failures are told.\nName the workflows in failed = \
             [\"...\"], or all of them with failed = [\"*\"].",
        );
        for (text, expected) in [
            ("messages = 7\n", "messages is not a table"),
            ("[messages]\nmail = 7\n", "mail is not a table"),
            ("[messages.a]\nkind = \"sns\"\ntopic = \"x\"\n", "it is not the ARN of a topic"),
            ("[messages.a]\nkind = \"webhook\"\nurl = \"https://x\"\nurl_env = \"X\"\n", "more than one of"),
            ("[messages.a]\nkind = \"webhook\"\nurl = 7\n", "url is not a text"),
            (&format!("{MAIL}to = [\"a@b.example\"]\nuser = \"u\"\n"), "a user and a password belong together"),
            (&format!("{MAIL}to = []\n"), "to is empty"),
            (&format!("{MAIL}to = [\"a@b.example\"]\ncontent = \"yes\"\n"), "content is neither true nor false"),
            (
                &format!("{MAIL}to = [\"a@b.example\"]\nper_minute = 0\n"),
                "per_minute is no whole number from 1 to 6000",
            ),
            (&format!("{MAIL}to = [\"a@b.example\"]\nper_minute = \"30\"\n"), "per_minute is no whole number"),
            (&format!("{MAIL}to = [\"a@b.example\"]\nper_minute = 1.5\n"), "per_minute is no whole number"),
            (MAIL, "to is missing"),
        ] {
            let mistakes = of(text).unwrap_err();
            assert!(mistakes.contains(expected), "{text}: {mistakes}");
        }
    }
}
