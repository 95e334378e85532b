//! The wording of a request and of its answers: the manifest's, or a default.
//!
//! A template's only variable is `request`, the content of the request; see [`super::asked`].

use std::collections::{BTreeMap, HashMap};

use minijinja::value::ValueKind;
use minijinja::{Environment, UndefinedBehavior};
use serde::Deserialize;

use super::asked::{Asked, words};
use countersign_json::{Json, Kind, Value};

/// A longer title is cut: it has to fit a phone's screen.
const TITLE: usize = 140;
/// The most steps of a template: far more than any sensible one needs.
const FUEL: u64 = 20_000;
/// The most bytes of its output: enough for a field of the largest input.
const WRITTEN: usize = 512 * 1024;

/// The policy of one approval state, from `countersign.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// A template, such as `Refund {{ request.amount }} EUR?`.
    pub title: Option<String>,
    #[serde(default)]
    pub fields: Vec<Field>,
    /// The answer of an approval, as JSON with JSONata in `{% %}`; see [`super::answer`].
    pub approve: Option<serde_json::Value>,
    /// The answer of a rejection.
    pub reject: Option<Rejection>,
}

/// The answer of a rejection: a result or an error.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    pub success: Option<serde_json::Value>,
    pub error: Option<String>,
    pub cause: Option<String>,
}

impl Rejection {
    /// What is wrong with it: it must be a result or an error, not both.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        match (&self.success, &self.error, &self.cause) {
            (Some(_), None, None) | (None, Some(_), _) => None,
            (None, None, _) => Some("a rejection needs `success` or `error`"),
            (Some(_), ..) => Some("a rejection is a `success` or an `error`, not both"),
        }
    }
}

/// A label and the template of its value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub label: String,
    pub value: String,
}

/// Policies by workflow, then by state.
pub type Policies = BTreeMap<String, BTreeMap<String, Policy>>;

/// A request as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub title: String,
    pub fields: Vec<(String, String)>,
}

/// Reads a redacted request of `state` in `workflow`.
#[must_use]
pub fn read(policies: &Policies, workflow: &str, state: &str, request: &str) -> Reading {
    let asked = Asked::of(request);
    let policy = policies.get(workflow).and_then(|states| states.get(state));
    let rendered = |template: &str| render(template, asked.text());
    let title = policy
        .and_then(|policy| policy.title.as_deref())
        .map(|template| {
            rendered(template).unwrap_or_else(|why| format!("{state} (the title's template failed: {why})"))
        })
        .or_else(|| asked.title())
        .unwrap_or_else(|| words(state));
    let fields = match policy {
        Some(policy) if !policy.fields.is_empty() => policy
            .fields
            .iter()
            .map(|field| {
                (field.label.clone(), rendered(&field.value).unwrap_or_else(|why| format!("(template failed: {why})")))
            })
            .filter(|(_, value)| !value.trim().is_empty())
            .collect(),
        _ => asked.facts(),
    };
    Reading { title: shorten(&title), fields }
}

fn render(template: &str, request: &str) -> Result<String, String> {
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
        None => minijinja::escape_formatter(out, state, value),
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

fn shorten(title: &str) -> String {
    let line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= TITLE { line } else { line.chars().take(TITLE - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(title: &str) -> Policies {
        let field = Field { label: "Amount".into(), value: "{{ request.amount }} EUR".into() };
        let policy = Policy { title: Some(title.into()), fields: vec![field], ..Policy::default() };
        BTreeMap::from([("refund".to_owned(), BTreeMap::from([("Ask".to_owned(), policy)]))])
    }

    const REQUEST: &str =
        r#"{"FunctionName":"f","Payload":{"taskToken":"[task token]","request":{"amount":12.5,"orderId":"4711"}}}"#;

    #[test]
    fn a_policy_sets_the_wording() {
        let reading =
            read(&policies("Refund {{ request.amount }} for {{ request.orderId }}?"), "refund", "Ask", REQUEST);
        assert_eq!(
            reading,
            Reading { title: "Refund 12.5 for 4711?".into(), fields: vec![("Amount".into(), "12.5 EUR".into())] }
        );
    }

    #[test]
    fn numbers_are_shown_digit_for_digit() {
        for (amount, template, expect) in [
            ("386.40", "{{ request.amount }}", "386.40"),
            ("98765432109876543210987", "{{ request.amount }}", "98765432109876543210987"),
            ("0.1234567890123456789012", "{{ request.amount }}", "0.1234567890123456789012"),
            ("1e999999", "{{ request.amount }}", "1e999999"),
            ("1.50e3", "{{ request.amount }}", "1.50e3"),
            ("386.40", "{{ request.amount * 2 }}", "772.8"),
            ("386.40", "{{ '%.2f'|format(request.amount) if request.amount is number else 'no' }}", "386.40"),
            ("-0.50", "{{ request.amount }}", "-0.50"),
        ] {
            let request = format!(r#"{{"Payload":{{"request":{{"amount":{amount}}}}}}}"#);
            assert_eq!(read(&policies(template), "refund", "Ask", &request).title, expect, "{amount} {template}");
        }
        let two = r#"{"a":1.5,"b":1.50}"#;
        assert_eq!(read(&policies("{{ request.a }} {{ request.b }}"), "refund", "Ask", two).title, "1.5 1.50");
    }

    #[test]
    fn a_template_that_fails_or_never_ends_is_reported() {
        for bad in
            ["{{ request.", "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}"]
        {
            let reading = read(&policies(bad), "refund", "Ask", REQUEST);
            assert!(reading.title.starts_with("Ask (the title's template failed"), "{}", reading.title);
        }
        let doubled = format!("{{% set a = request.orderId %}}{}{{{{ a }}}}", "{% set a = a ~ a %}".repeat(24));
        let reading = read(&policies(&doubled), "refund", "Ask", REQUEST);
        assert_eq!(reading.title, "Ask (the title's template failed: it could make a text of many megabytes)");
        let long = "{{ 'x' * 100000 }}".repeat(6);
        let reading = read(&policies(&long), "refund", "Ask", REQUEST);
        assert_eq!(reading.title, "Ask (the title's template failed: it wrote more than 512 KB)");
        assert_eq!(
            read(&policies("{{ request.a.b.c }}x"), "refund", "Ask", REQUEST).title,
            "x",
            "a missing value is empty"
        );
    }
}
