//! Renders the templates of a manifest: one variable, `request`, with the digits of its numbers as they were written.

use std::collections::{BTreeMap, HashMap};

use countersign_json::{Json, Kind, Value};
use minijinja::value::ValueKind;
use minijinja::{Environment, UndefinedBehavior};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The most steps of a template: far more than any sensible one needs.
const FUEL: u64 = 20_000;
/// The most bytes of its output: enough for a field of the largest input.
const WRITTEN: usize = 512 * 1024;

/// What becomes of the request's texts in a template's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    Nothing,
    /// Nothing of them is Markdown.
    Markdown,
    /// Each is one part of an address.
    Address,
}

/// The text of a template for a request's content.
///
/// # Errors
/// Why there is none, in words.
pub fn render(template: &str, request: &str, escape: Escape) -> Result<String, String> {
    if let Some(why) = super::growth::grows(template, request.len()) {
        return Err(why);
    }
    let mut digits = Digits::default();
    let request = Json::read(request).map_or(minijinja::Value::UNDEFINED, |json| digits.value(json.root()));
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_formatter(move |out, state, value| match digits.of(value) {
        Some(written) => out.write_str(written).map_err(minijinja::Error::from),
        None if escape == Escape::Nothing => minijinja::escape_formatter(out, state, value),
        None if value.is_undefined() || value.is_none() => Ok(()),
        None => out.write_str(&escape.escaped(&value.to_string())).map_err(minijinja::Error::from),
    });
    environment
        .template_from_str(template)
        .and_then(|template| {
            let mut written = Written(Vec::new());
            template.render_captured_to(minijinja::context! { request => request }, &mut written)?;
            Ok(String::from_utf8_lossy(&written.0).into_owned())
        })
        .map_err(|error| match error.kind() {
            minijinja::ErrorKind::WriteFailure => format!("it wrote more than {} KB", WRITTEN / 1024),
            kind => kind.to_string(),
        })
}

impl Escape {
    fn escaped(self, text: &str) -> String {
        match self {
            Self::Nothing => text.to_owned(),
            Self::Address => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
            Self::Markdown => {
                let mut out = String::with_capacity(text.len() + 16);
                for letter in text.chars() {
                    match letter {
                        // A line end would begin a block.
                        '\n' | '\r' => out.push(' '),
                        letter if letter.is_ascii_punctuation() => out.extend(['\\', letter]),
                        letter => out.push(letter),
                    }
                }
                out
            }
        }
    }
}

/// A template's output, up to a limit.
struct Written(Vec<u8>);

impl std::io::Write for Written {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + piece.len() > WRITTEN {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The numbers of a request as they were written: `386.40` is a number to a template, and is shown with both decimals.
#[derive(Default)]
struct Digits {
    written: HashMap<u64, Option<String>>,
}

impl Digits {
    fn value(&mut self, value: Value) -> minijinja::Value {
        match value.kind() {
            Kind::Object => {
                let fields = value.members().map(|(key, value)| (key.into_owned(), self.value(value)));
                minijinja::Value::from(fields.collect::<BTreeMap<_, _>>())
            }
            Kind::Array => minijinja::Value::from(value.items().map(|item| self.value(item)).collect::<Vec<_>>()),
            Kind::String => minijinja::Value::from(value.text().unwrap_or_default().into_owned()),
            Kind::Number => self.number(value.raw()),
            Kind::Bool => minijinja::Value::from(value.bool() == Some(true)),
            Kind::Null => minijinja::Value::from(()),
        }
    }

    /// A number if a double or integer represents it exactly; otherwise its text, which no arithmetic can round.
    fn number(&mut self, raw: &str) -> minijinja::Value {
        if let Ok(whole) = raw.parse::<i128>() {
            return i64::try_from(whole).map_or_else(|_| minijinja::Value::from(whole), minijinja::Value::from);
        }
        let Some(number) = raw.parse::<f64>().ok().filter(|number| decimal(&format!("{number:e}")) == decimal(raw))
        else {
            return minijinja::Value::from(raw);
        };
        let written = self.written.entry(number.to_bits()).or_insert_with(|| Some(raw.to_owned()));
        if written.as_deref() != Some(raw) {
            // The request writes this number in two ways, so the number alone does not identify its text.
            *written = None;
            return minijinja::Value::from(raw);
        }
        minijinja::Value::from(number)
    }

    fn of(&self, value: &minijinja::Value) -> Option<&str> {
        if value.kind() != ValueKind::Number || value.is_integer() {
            return None;
        }
        let number = f64::try_from(value.clone()).ok()?;
        self.written.get(&number.to_bits())?.as_deref()
    }
}

/// A decimal number as its sign, its digits without zeros at either end, and its exponent.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let ends = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - ends.len()).ok()?;
    let exponent =
        exponent.parse::<i64>().ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(zeros)?;
    let digits = ends.trim_start_matches('0').to_owned();
    let exponent = if digits.is_empty() { 0 } else { exponent };
    Some((negative, digits, exponent))
}
