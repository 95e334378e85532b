//! The connections that are configured beside the default one: `countersign.toml` in the data folder, and `--connection`.
//!
//! ```toml
//! [connections.prod]
//! region = "eu-west-1"
//! profile = "production"
//! role_arn = "arn:aws:iam::123456789012:role/countersign"
//! external_id = "countersign"
//! label = "Production"
//! colour = "red"
//! read_only = true
//!
//! [connections.default]
//! label = "Sandbox"
//! ```
//!
//! Flags describe the connection `default`; the file may give it a label, a colour and `read_only`. Every mistake is reported
//! at once, with its position and the nearest right word.

use std::path::Path;

use countersign_desk::connection::{Colour, ConnectionId, Role, SdkOptions, Target};
use toml::de::{DeTable, DeValue};

use super::config::is_url;
use super::settings::{FILE, Mistake, Reader, TABLES, did_you_mean, read};
use crate::routes;

/// The table of the file.
const TABLE: &str = "connections";
/// The most characters of a label.
const LABEL: usize = 40;

/// What can be said of a connection, as the file writes it.
const KEYS: [&str; 8] = ["region", "profile", "role_arn", "external_id", "endpoint", "colour", "read_only", "label"];

/// A connection as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    pub id: ConnectionId,
    pub region: Option<String>,
    pub profile: Option<String>,
    pub role_arn: Option<String>,
    pub external_id: Option<String>,
    pub endpoint: Option<String>,
    pub colour: Option<Colour>,
    pub read_only: bool,
    pub label: Option<String>,
}

impl Configured {
    /// A connection of which nothing is said yet.
    #[must_use]
    pub const fn named(id: ConnectionId) -> Self {
        Self {
            id,
            region: None,
            profile: None,
            role_arn: None,
            external_id: None,
            endpoint: None,
            colour: None,
            read_only: false,
            label: None,
        }
    }

    /// How it is reached.
    #[must_use]
    pub fn options(&self) -> SdkOptions {
        let target = self.endpoint.clone().map_or(Target::Aws, Target::Endpoint);
        let role = self.role_arn.clone().map(|arn| Role { arn, external_id: self.external_id.clone() });
        SdkOptions { target, profile: self.profile.clone(), region: self.region.clone(), role }
    }

    fn is_default(&self) -> bool {
        self.id == ConnectionId::default_one()
    }
}

/// What is configured, in order: first the file's connections, then those of flags. The default one is among them where the
/// file says something of it.
///
/// # Errors
/// Every mistake.
pub fn configured(data: &Path, flags: &[String]) -> Result<Vec<Configured>, Vec<Mistake>> {
    let (mut found, mut mistakes) = match read(data) {
        Ok(text) => of_file(&data.join(FILE), &text),
        Err(mistake) => (Vec::new(), vec![mistake]),
    };
    for flag in flags {
        let reader = Reader { place: format!("--connection {flag:?}") };
        match of_flag(&reader, flag, &mut mistakes) {
            Some(one) if found.iter().any(|other| other.id == one.id) => {
                let what = format!("there are two connections named {}.", one.id);
                mistakes.push(reader.mistake(what, "Give each one a name of its own."));
            }
            one => found.extend(one),
        }
    }
    if mistakes.is_empty() { Ok(found) } else { Err(mistakes) }
}

/// A value as the file or the flag has it.
enum Given<'v> {
    Text(&'v str),
    Switch(bool),
    Other,
}

/// How the parts of a connection are read, wherever they stand.
impl Reader {
    fn name(&self, name: &str) -> Result<ConnectionId, Mistake> {
        if routes::is_reserved(name) {
            let what = format!("a connection cannot be named {name}: pages of the dashboard have this address.");
            return Err(self.mistake(what, format!("Choose another name, such as {name}-1.")));
        }
        ConnectionId::parse(name).map_err(|error| self.mistake(format!("{name:?} is no name: {error}."), "Correct it."))
    }

    fn set(&self, one: &mut Configured, key: &str, value: &Given) -> Result<(), Mistake> {
        let text = || match value {
            Given::Text(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            Given::Text(_) => Err(self.mistake(format!("{key} is empty."), "Give it a value, or remove it.")),
            Given::Switch(_) | Given::Other => {
                Err(self.mistake(format!("{key} is not a text."), format!("Write {key} = \"...\".")))
            }
        };
        match key {
            "region" => one.region = Some(text()?),
            "profile" => one.profile = Some(text()?),
            "role_arn" => one.role_arn = Some(self.role(text()?)?),
            "external_id" => one.external_id = Some(text()?),
            "endpoint" => one.endpoint = Some(self.url(text()?)?),
            "colour" => one.colour = Some(self.colour(&text()?)?),
            "label" => one.label = Some(self.label(text()?)?),
            "read_only" => {
                let Given::Switch(on) = value else {
                    return Err(self.mistake("read_only is neither true nor false.", "Write read_only = true."));
                };
                one.read_only = *on;
            }
            _ => return Err(self.unknown(key, &KEYS)),
        }
        Ok(())
    }

    fn role(&self, arn: String) -> Result<String, Mistake> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, "iam", _, _, role] if role.starts_with("role/") => Ok(arn),
            _ => Err(self.mistake(
                format!("role_arn {arn:?} is not the ARN of a role."),
                "Give one such as arn:aws:iam::123456789012:role/countersign.",
            )),
        }
    }

    fn url(&self, url: String) -> Result<String, Mistake> {
        if is_url(&url) {
            return Ok(url);
        }
        let what = format!("endpoint {url:?} is not an http:// or https:// URL.");
        Err(self.mistake(what, "Give one such as http://127.0.0.1:4566."))
    }

    fn colour(&self, name: &str) -> Result<Colour, Mistake> {
        let names = Colour::ALL.map(Colour::as_str);
        name.parse().map_err(|_| {
            let remedy = format!("{}The colours are {}.", did_you_mean(name, &names), names.join(", "));
            self.mistake(format!("{name:?} is no colour of a connection."), remedy)
        })
    }

    fn label(&self, label: String) -> Result<String, Mistake> {
        let characters = label.chars().count();
        if characters <= LABEL {
            return Ok(label);
        }
        let what = format!("the label has {characters} characters; the limit is {LABEL}.");
        Err(self.mistake(what, "Shorten it."))
    }

    /// What the parts together must fulfil.
    fn complete(&self, one: &Configured) -> Result<(), Mistake> {
        if one.external_id.is_some() && one.role_arn.is_none() {
            return Err(self.mistake("external_id belongs to a role, and there is none.", "Give role_arn too."));
        }
        if one.is_default() {
            let told = [&one.region, &one.profile, &one.role_arn, &one.external_id, &one.endpoint];
            if told.into_iter().any(Option::is_some) {
                let what =
                    "flags say what the connection default reaches; here it has only a label, a colour and read_only.";
                return Err(self.mistake(
                    what,
                    "Give the connection another name, or use --aws, --region, --profile or --endpoint.",
                ));
            }
        } else if [&one.region, &one.profile, &one.role_arn, &one.endpoint].into_iter().all(Option::is_none) {
            let what = format!("nothing says what the connection {} reaches.", one.id);
            return Err(self.mistake(what, "Give a region, a profile, a role_arn or an endpoint."));
        }
        Ok(())
    }
}

fn of_file(file: &Path, text: &str) -> (Vec<Configured>, Vec<Mistake>) {
    let at = |offset: usize| Reader::at(file, text, offset);
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let reader = at(error.span().map_or(0, |span| span.start));
            let what = format!("{}.", error.message().trim_end_matches('.'));
            return (Vec::new(), vec![reader.mistake(what, "Correct the file.")]);
        }
    };
    let (mut found, mut mistakes) = (Vec::new(), Vec::new());
    for (key, value) in table.get_ref() {
        let reader = at(key.span().start);
        match (key.get_ref().as_ref(), value.get_ref()) {
            (TABLE, DeValue::Table(connections)) => {
                for (name, value) in connections {
                    found.extend(of_table(&at, (name.get_ref(), name.span().start), value.get_ref(), &mut mistakes));
                }
            }
            (TABLE, _) => mistakes.push(reader.mistake("connections is not a table.", "Write [connections.NAME].")),
            // Others read them.
            (key, _) if TABLES.contains(&key) => {}
            (key, _) => mistakes.push(reader.unknown(key, &TABLES)),
        }
    }
    (found, mistakes)
}

/// One table of the file; `at` gives the reader at an offset.
fn of_table(
    at: &impl Fn(usize) -> Reader,
    (name, offset): (&str, usize),
    value: &DeValue,
    mistakes: &mut Vec<Mistake>,
) -> Option<Configured> {
    let reader = at(offset);
    let DeValue::Table(parts) = value else {
        mistakes.push(reader.mistake(format!("{name} is not a table."), format!("Write [connections.{name}].")));
        return None;
    };
    let before = mistakes.len();
    let id = reader.name(name).map_err(|mistake| mistakes.push(mistake)).ok();
    let mut one = Configured::named(id.clone().unwrap_or_else(ConnectionId::default_one));
    for (key, value) in parts {
        let given = match value.get_ref() {
            DeValue::String(text) => Given::Text(text),
            DeValue::Boolean(on) => Given::Switch(*on),
            _ => Given::Other,
        };
        // An unknown key is reported at the key, a wrong value at the value.
        let key_at = if KEYS.contains(&key.get_ref().as_ref()) { value.span().start } else { key.span().start };
        if let Err(mistake) = at(key_at).set(&mut one, key.get_ref(), &given) {
            mistakes.push(mistake);
        }
    }
    if mistakes.len() == before
        && let Err(mistake) = reader.complete(&one)
    {
        mistakes.push(mistake);
    }
    (mistakes.len() == before).then_some(one)
}

/// `name=prod,region=eu-west-1,read-only`.
fn of_flag(reader: &Reader, flag: &str, mistakes: &mut Vec<Mistake>) -> Option<Configured> {
    let parts: Vec<(&str, Option<&str>)> = flag
        .split(',')
        .map(|part| part.split_once('=').map_or((part.trim(), None), |(key, value)| (key.trim(), Some(value))))
        .collect();
    let Some(name) = parts.iter().find(|(key, _)| *key == "name").and_then(|(_, value)| *value) else {
        mistakes.push(reader.mistake("it has no name.", "Write --connection name=NAME,region=REGION."));
        return None;
    };
    let before = mistakes.len();
    let id = reader.name(name).map_err(|mistake| mistakes.push(mistake)).ok();
    let mut one = Configured::named(id.unwrap_or_else(ConnectionId::default_one));
    for (key, value) in parts.into_iter().filter(|(key, _)| *key != "name") {
        // On a command line words are parted by hyphens.
        let key = key.replace('-', "_");
        let given = match (key.as_str(), value) {
            ("read_only", None | Some("true")) => Given::Switch(true),
            ("read_only", Some("false")) => Given::Switch(false),
            (_, Some(text)) => Given::Text(text),
            (_, None) => Given::Other,
        };
        if let Err(mistake) = reader.set(&mut one, &key, &given) {
            mistakes.push(mistake);
        }
    }
    if mistakes.len() == before
        && let Err(mistake) = reader.complete(&one)
    {
        mistakes.push(mistake);
    }
    (mistakes.len() == before).then_some(one)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    /// What a file leads to: its connections, or its mistakes as they are printed.
    fn file(text: &str) -> Result<Vec<Configured>, String> {
        let (found, mistakes) = of_file(Path::new("countersign.toml"), text);
        if mistakes.is_empty() { Ok(found) } else { Err(printed(&mistakes)) }
    }

    fn flags(flags: &[&str]) -> Result<Vec<Configured>, String> {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        configured(Path::new("no-such-folder"), &flags).map_err(|mistakes| printed(&mistakes))
    }

    fn printed(mistakes: &[Mistake]) -> String {
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(file(text), Err(expected.to_owned()), "{text}");
    }

    #[test]
    fn every_part_of_a_connection_is_read_in_the_order_of_the_file() {
        let text = "[connections.prod]\nregion = \"eu-west-1\"\nprofile = \"x\"\n\
                    role_arn = \"arn:aws:iam::123456789012:role/desk\"\nexternal_id = \"e\"\ncolour = \"red\"\n\
                    read_only = true\nlabel = \"Production\"\n[connections.a]\nendpoint = \"http://127.0.0.1:1\"\n\
                    [connections.default]\nlabel = \"Sandbox\"\n";
        let found = file(text).unwrap();
        let names: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(names, ["prod", "a", "default"]);
        assert_eq!((found[0].colour, found[0].read_only), (Some(Colour::Red), true));
        let options = found[0].options();
        let role = Role { arn: "arn:aws:iam::123456789012:role/desk".into(), external_id: Some("e".into()) };
        assert_eq!((options.target, options.role), (Target::Aws, Some(role)));
        assert_eq!(found[1].options().target, Target::Endpoint("http://127.0.0.1:1".into()));
        assert_eq!(file(""), Ok(Vec::new()));
    }

    #[test]
    fn a_mistake_is_reported_with_its_position_and_the_nearest_right_word() {
        check(
            "[connections.prod]\nregion = \"eu-west-1\"\ncolor = \"red\"\n",
            "countersign.toml:3:1: there is no key \"color\" here.\nDid you mean colour? The keys are region, profile, \
             role_arn, external_id, endpoint, colour, read_only, label.",
        );
        check(
            "[connection.prod]\nregion = \"eu-west-1\"\n",
            "countersign.toml:1:2: there is no key \"connection\" here.\nDid you mean connections? The keys are connections, hooks, messages, oidc.",
        );
        check(
            "[connections.prod]\nregion = \"eu-west-1\"\ncolour = \"gray\"\n",
            "countersign.toml:3:10: \"gray\" is no colour of a connection.\nDid you mean grey? The colours are teal, blue, \
             purple, pink, red, amber, green, grey.",
        );
        check(
            "[connections.inbox]\nregion = \"eu-west-1\"\n",
            "countersign.toml:1:14: a connection cannot be named inbox: pages of the dashboard have this address.\n\
             Choose another name, such as inbox-1.",
        );
        check(
            "[connections.prod]\nread_only = \"yes\"\nregion = 7\n",
            "countersign.toml:2:13: read_only is neither true nor false.\nWrite read_only = true.\n\
             countersign.toml:3:10: region is not a text.\nWrite region = \"...\".",
        );
        check(
            "[connections.default]\nregion = \"eu-west-1\"\n",
            "countersign.toml:1:14: flags say what the connection default reaches; here it has only a label, a colour and \
             read_only.\nGive the connection another name, or use --aws, --region, --profile or --endpoint.",
        );
        check(
            "[connections.prod]\nlabel = \"x\"\n",
            "countersign.toml:1:14: nothing says what the connection prod reaches.\nGive a region, a profile, a role_arn or \
             an endpoint.",
        );
        assert!(file("[connections.prod\n").unwrap_err().starts_with("countersign.toml:1:18: "));
        assert!(file("[connections.Prod]\nregion = \"r\"\n").unwrap_err().contains("\"Prod\" is no name"));
    }

    #[test]
    fn a_flag_describes_a_connection_too() {
        let found =
            flags(&["name=prod,region=eu-west-1,profile=x,read-only", "name=b,endpoint=http://127.0.0.1:1"]).unwrap();
        assert_eq!(
            (found[0].region.as_deref(), found[0].read_only, found[1].read_only),
            (Some("eu-west-1"), true, false)
        );
        for (flag, expected) in [
            ("region=eu-west-1", "it has no name"),
            ("name=prod,regoin=eu-west-1", "Did you mean region?"),
            ("name=prod,region", "region is not a text"),
            ("name=prod,role-arn=x", "is not the ARN of a role"),
            ("name=api,region=x", "cannot be named api"),
            ("name=prod,endpoint=ftp://x", "is not an http:// or https:// URL"),
        ] {
            let mistake = flags(&[flag]).unwrap_err();
            assert!(mistake.contains(expected) && mistake.starts_with("--connection"), "{flag}: {mistake}");
        }
        let twice = flags(&["name=a,region=x", "name=a,region=y"]).unwrap_err();
        assert!(twice.contains("two connections named a"), "{twice}");
    }
}
