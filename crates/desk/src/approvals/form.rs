//! The form of an outcome: a small part of JSON Schema, read from the manifest, shown as the browser's own inputs, and
//! checked again here.
//!
//! A schema is an object of `properties`: texts (`minLength`, `maxLength`, `pattern`, `format`, `enum`), numbers and integers
//! (`minimum`, `maximum`), booleans, and arrays whose items are of an `enum` (`minItems`, `maxItems`). `required`, `title`,
//! `description` and `default` say the rest. Anything else in it is a mistake that `validate` reports.

use countersign_json::{Json, Kind, quoted};
use regex::Regex;
use serde_json::{Map, Value};

use super::form_schema;

/// The most characters of a text without a `maxLength`, and the most bytes of a whole form.
pub const TEXT: u32 = 2_000;
pub const FORM: usize = 64 * 1024;

/// The fields of an outcome, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    pub fields: Vec<FormField>,
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub struct FormField {
    pub name: String,
    /// Its label.
    pub title: String,
    pub description: Option<String>,
    pub required: bool,
    pub kind: FieldKind,
    /// What it holds at first, as it would be typed.
    pub default: Vec<String>,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    Text { min: u32, max: u32, pattern: Option<String>, format: TextFormat },
    Date,
    Number { whole: bool, min: Option<f64>, max: Option<f64> },
    Flag,
    One(Vec<String>),
    Many { options: Vec<String>, min: u32, max: u32 },
}

/// What a text has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    Any,
    Email,
    Uri,
}

/// A mistake of a schema: where, by keys, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFault {
    pub way: Vec<String>,
    pub what: String,
    pub remedy: String,
}

/// What is wrong with what was typed into a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    Missing,
    NotANumber,
    NotWhole,
    Below(f64),
    Above(f64),
    TooShort {
        min: u32,
    },
    TooLong {
        characters: usize,
        max: u32,
    },
    /// It does not have the form that the pattern asks for; the field's description says which.
    Pattern,
    NotADate,
    NotAnAddress,
    NotALink,
    NotAChoice,
    TooFew {
        min: u32,
    },
    TooMany {
        max: u32,
    },
    /// The form has no such field, or has one twice.
    Unknown,
}

/// A field's name, and what is wrong with it.
pub type FieldFault = (String, Fault);

impl Form {
    /// Reads a schema.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn read(schema: &Value) -> Result<Self, Vec<SchemaFault>> {
        form_schema::read(schema)
    }

    /// What was typed, as a JSON object with the digits that were typed. Empty fields are left out.
    ///
    /// # Errors
    /// What is wrong with each field.
    pub fn filled(&self, typed: &[(String, String)]) -> Result<String, Vec<FieldFault>> {
        let mut faults: Vec<FieldFault> = typed
            .iter()
            .filter(|(name, _)| !self.fields.iter().any(|field| field.name == *name))
            .map(|(name, _)| (name.clone(), Fault::Unknown))
            .collect();
        let mut members = Vec::new();
        for field in &self.fields {
            let values: Vec<&str> =
                typed.iter().filter(|(name, _)| *name == field.name).map(|(_, value)| value.as_str()).collect();
            match field.value(&values) {
                Ok(Some(json)) => members.push(format!("{}:{json}", quoted(&field.name))),
                Ok(None) => {}
                Err(fault) => faults.push((field.name.clone(), fault)),
            }
        }
        let text = format!("{{{}}}", members.join(","));
        if let (true, Some(last)) = (text.len() > FORM, self.fields.last()) {
            faults.push((last.name.clone(), Fault::TooLong { characters: text.len(), max: TEXT }));
        }
        if faults.is_empty() { Ok(text) } else { Err(faults) }
    }

    /// The form as it is at first, as far as it can be sent: a required field without a default is left out.
    #[must_use]
    pub fn at_first(&self) -> String {
        let member = |field: &FormField| {
            field.value(&field.at_first()).ok().flatten().map(|json| format!("{}:{json}", quoted(&field.name)))
        };
        format!("{{{}}}", self.fields.iter().filter_map(member).collect::<Vec<_>>().join(","))
    }

    /// Whether something has to be typed before it can be sent.
    #[must_use]
    pub fn has_to_be_filled_in(&self) -> bool {
        self.fields.iter().any(|field| field.value(&field.at_first()).is_err())
    }
}

impl FormField {
    /// What is in it before anybody types.
    fn at_first(&self) -> Vec<&str> {
        self.default.iter().map(String::as_str).collect()
    }

    /// What was typed as JSON; `None` where nothing was.
    fn value(&self, typed: &[&str]) -> Result<Option<String>, Fault> {
        match &self.kind {
            FieldKind::Flag => match typed {
                [] => Ok(Some("false".to_owned())),
                ["true"] => Ok(Some("true".to_owned())),
                _ => Err(Fault::NotAChoice),
            },
            FieldKind::Many { options, min, max } => many(typed, options, *min, *max).map(|json| {
                let is_empty = typed.is_empty() && !self.required;
                (!is_empty).then_some(json)
            }),
            kind => {
                let text = match typed {
                    [] => "",
                    [only] => only,
                    _ => return Err(Fault::Unknown),
                };
                match (text.trim().is_empty(), self.required) {
                    (true, true) => Err(Fault::Missing),
                    (true, false) => Ok(None),
                    (false, _) => one(kind, text).map(Some),
                }
            }
        }
    }
}

/// A field that takes one value.
fn one(kind: &FieldKind, text: &str) -> Result<String, Fault> {
    match kind {
        FieldKind::Text { min, max, pattern, format } => {
            // A browser counts a line end as one character and sends two.
            let text = text.replace("\r\n", "\n");
            is_text(&text, *min, *max)?;
            if pattern.as_deref().is_some_and(|pattern| !is_like(pattern, &text)) {
                return Err(Fault::Pattern);
            }
            match format {
                TextFormat::Email if !is_address(&text) => return Err(Fault::NotAnAddress),
                TextFormat::Uri if !is_link(&text) => return Err(Fault::NotALink),
                _ => {}
            }
            Ok(quoted(&text))
        }
        FieldKind::Date => {
            if is_date(text) {
                Ok(quoted(text))
            } else {
                Err(Fault::NotADate)
            }
        }
        FieldKind::Number { whole, min, max } => number(text.trim(), *whole, *min, *max),
        FieldKind::One(options) => {
            if options.iter().any(|option| option == text) {
                Ok(quoted(text))
            } else {
                Err(Fault::NotAChoice)
            }
        }
        FieldKind::Flag | FieldKind::Many { .. } => Err(Fault::Unknown),
    }
}

fn is_text(text: &str, min: u32, max: u32) -> Result<(), Fault> {
    let characters = text.chars().count();
    let at_least = usize::try_from(min).unwrap_or(usize::MAX);
    let at_most = usize::try_from(max).unwrap_or(usize::MAX);
    if characters < at_least {
        return Err(Fault::TooShort { min });
    }
    if characters > at_most { Err(Fault::TooLong { characters, max }) } else { Ok(()) }
}

/// Whether the whole text matches the pattern: what a browser's own check asks, too.
fn is_like(pattern: &str, text: &str) -> bool {
    // One that cannot be read is reported by `validate`, and lets nothing pass.
    whole_pattern(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// A pattern for a whole text.
pub(super) fn whole_pattern(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build()
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    parts.is_some() && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
}

fn is_link(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return false;
    }
    let month = month.parse().ok().and_then(|month: u8| time::Month::try_from(month).ok());
    let (Some(month), Ok(year), Ok(day)) = (month, year.parse(), day.parse()) else { return false };
    time::Date::from_calendar_date(year, month, day).is_ok()
}

/// A number, digit for digit.
fn number(text: &str, whole: bool, min: Option<f64>, max: Option<f64>) -> Result<String, Fault> {
    let is_number = Json::read(text).is_ok_and(|json| json.root().kind() == Kind::Number);
    let value = text.parse::<f64>().ok().filter(|value| is_number && value.is_finite()).ok_or(Fault::NotANumber)?;
    if whole && !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Err(Fault::NotWhole);
    }
    if let Some(min) = min.filter(|min| value < *min) {
        return Err(Fault::Below(min));
    }
    if let Some(max) = max.filter(|max| value > *max) {
        return Err(Fault::Above(max));
    }
    Ok(text.to_owned())
}

fn many(typed: &[&str], options: &[String], min: u32, max: u32) -> Result<String, Fault> {
    if typed.iter().any(|value| !options.iter().any(|option| option == value)) {
        return Err(Fault::NotAChoice);
    }
    // In the order of the options, each once.
    let chosen: Vec<String> =
        options.iter().filter(|option| typed.contains(&option.as_str())).map(|option| quoted(option)).collect();
    let count = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
    if count < min {
        return Err(Fault::TooFew { min });
    }
    if count > max { Err(Fault::TooMany { max }) } else { Ok(format!("[{}]", chosen.join(","))) }
}

/// A default as it would be typed.
pub(super) fn typed(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Bool(true) => vec!["true".to_owned()],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(items) => items.iter().flat_map(typed).collect(),
        Value::Bool(false) | Value::Null | Value::Object(_) => Vec::new(),
    }
}

/// The members of an object, or none.
pub(super) fn members(value: Option<&Value>) -> Option<&Map<String, Value>> {
    value.and_then(Value::as_object)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    fn form(toml: &str) -> Form {
        let schema: Value = toml::from_str(toml).unwrap();
        Form::read(&schema).unwrap()
    }

    const ALL: &str = r#"
        required = ["reason", "amount", "risks"]
        [properties]
        reason = { type = "string", minLength = 3, maxLength = 10 }
        amount = { type = "number", minimum = 0, maximum = 100.5 }
        count = { type = "integer", default = 7 }
        urgent = { type = "boolean", default = true }
        kind = { type = "string", enum = ["a", "b c"] }
        when = { type = "string", format = "date" }
        mail = { type = "string", format = "email" }
        link = { type = "string", format = "uri" }
        code = { type = "string", pattern = "[A-Z]{2}\\d+" }
        risks = { type = "array", items = { type = "string", enum = ["x", "y", "z"] }, minItems = 1, maxItems = 2 }
    "#;

    fn typed(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_was_typed_becomes_json_digit_for_digit() {
        let filled = form(ALL).filled(&typed(&[
            ("reason", "fine \"é\""),
            ("amount", "12.50"),
            ("urgent", "true"),
            ("kind", "b c"),
            ("when", "2024-02-29"),
            ("mail", "a@b.example"),
            ("link", "https://a.example/?q=1"),
            ("code", "AB12"),
            ("risks", "z"),
            ("risks", "x"),
        ]));
        let expect = r#"{"reason":"fine \"é\"","amount":12.50,"urgent":true,"kind":"b c","when":"2024-02-29","mail":"a@b.example","link":"https://a.example/?q=1","code":"AB12","risks":["x","z"]}"#;
        assert_eq!(filled.unwrap(), expect);
        assert_eq!(form(ALL).at_first(), r#"{"count":7,"urgent":true}"#);
        assert!(form(ALL).has_to_be_filled_in(), "its reason has no default");
        let optional = r#"
            required = ["kind"]
            [properties]
            note = { type = "string" }
            sure = { type = "boolean" }
            kind = { type = "string", enum = ["a", "b"], default = "a" }
        "#;
        assert!(!form(optional).has_to_be_filled_in());
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        let base = [("reason", "fine"), ("amount", "1"), ("risks", "x")];
        for (name, value, fault) in [
            ("reason", " ", Fault::Missing),
            ("reason", "ab", Fault::TooShort { min: 3 }),
            ("reason", "12345678901", Fault::TooLong { characters: 11, max: 10 }),
            ("amount", "", Fault::Missing),
            ("amount", "NaN", Fault::NotANumber),
            ("amount", "1,5", Fault::NotANumber),
            ("amount", "1e999", Fault::NotANumber),
            ("amount", "-0.1", Fault::Below(0.0)),
            ("amount", "100.51", Fault::Above(100.5)),
            ("count", "1.0", Fault::NotWhole),
            ("urgent", "yes", Fault::NotAChoice),
            ("kind", "c", Fault::NotAChoice),
            ("when", "2023-02-29", Fault::NotADate),
            ("when", "tomorrow", Fault::NotADate),
            ("mail", "a@b@c", Fault::NotAnAddress),
            ("link", "javascript:alert(1)", Fault::NotALink),
            ("code", "xAB12", Fault::Pattern),
            ("risks", "w", Fault::NotAChoice),
            ("other", "1", Fault::Unknown),
        ] {
            let mut fields: Vec<(&str, &str)> = base.iter().filter(|(known, _)| *known != name).copied().collect();
            fields.push((name, value));
            let faults = form(ALL).filled(&typed(&fields)).unwrap_err();
            assert_eq!(faults, [(name.to_owned(), fault)], "{name}={value}");
        }
        let none = form(ALL).filled(&typed(&base[..2])).unwrap_err();
        assert_eq!(none, [("risks".to_owned(), Fault::TooFew { min: 1 })]);
        let all = [("risks", "y"), ("risks", "z")];
        let three: Vec<_> = base.iter().chain(&all).copied().collect();
        assert_eq!(form(ALL).filled(&typed(&three)).unwrap_err(), [("risks".to_owned(), Fault::TooMany { max: 2 })]);
        let twice = [("reason", "fine"), ("reason", "fine"), ("amount", "1"), ("risks", "x")];
        assert_eq!(form(ALL).filled(&typed(&twice)).unwrap_err(), [("reason".to_owned(), Fault::Unknown)]);
    }
}
