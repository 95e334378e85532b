//! Reads a form's schema, and says every mistake in it.

use serde_json::{Map, Value};

use super::form::{FieldKind, Form, FormField, SchemaFault, TEXT, TextFormat, members, typed, whole_pattern};
use super::outcomes::sentence;
use crate::nearest::meant;

/// The most fields of a form, and the longest text that a field may ask for.
const FIELDS: usize = 40;
const LONGEST: u32 = 20_000;

/// The keys of a form, and those of a field of each type beside the common ones.
const FORM_KEYS: &[&str] = &["type", "properties", "required", "title", "description"];
const COMMON: &[&str] = &["type", "title", "description", "default"];
const TYPES: &[&str] = &["string", "number", "integer", "boolean", "array"];
const FORMATS: &[&str] = &["date", "email", "uri"];

/// Collects the mistakes.
struct Reader {
    faults: Vec<SchemaFault>,
}

/// The form of a schema.
///
/// # Errors
/// Every mistake.
pub fn read(schema: &Value) -> Result<Form, Vec<SchemaFault>> {
    let mut reader = Reader { faults: Vec::new() };
    let Some(schema) = schema.as_object() else {
        reader.fault(&[], "a form is an object", "Write form = { properties = { NAME = { type = \"string\" } } }.");
        return Err(reader.faults);
    };
    let form = reader.form(schema);
    if reader.faults.is_empty() { Ok(form) } else { Err(reader.faults) }
}

impl Reader {
    fn fault(&mut self, way: &[&str], what: impl Into<String>, remedy: impl Into<String>) {
        let way = way.iter().map(|step| (*step).to_owned()).collect();
        self.faults.push(SchemaFault { way, what: what.into(), remedy: remedy.into() });
    }

    fn keys(&mut self, way: &[&str], value: &Map<String, Value>, known: &[&str], of: &str) {
        for key in value.keys().filter(|key| !known.contains(&key.as_str())) {
            let way = [way, &[key]].concat();
            let remedy = match meant(key, known) {
                Some(near) => format!("Did you mean {near:?}? It can have: {}.", known.join(", ")),
                None => format!("It can have: {}.", known.join(", ")),
            };
            self.fault(&way, format!("{of} cannot have {key:?}"), remedy);
        }
    }

    fn form(&mut self, schema: &Map<String, Value>) -> Form {
        self.keys(&[], schema, FORM_KEYS, "a form");
        if schema.get("type").is_some_and(|kind| kind != "object") {
            self.fault(&["type"], "a form is of the type \"object\"", "Write type = \"object\", or leave it out.");
        }
        let Some(properties) = members(schema.get("properties")) else {
            self.fault(&[], "a form needs `properties`", "Write properties = { NAME = { type = \"string\" } }.");
            return Form::default();
        };
        if properties.len() > FIELDS {
            let what = format!("a form has at most {FIELDS} fields; this one has {}", properties.len());
            self.fault(&["properties"], what, "Ask for less.");
        }
        let required = self.required(schema, properties);
        let fields = properties.iter().filter_map(|(name, field)| self.field(name, field, &required)).collect();
        Form { fields }
    }

    fn required(&mut self, schema: &Map<String, Value>, properties: &Map<String, Value>) -> Vec<String> {
        let Some(required) = schema.get("required") else { return Vec::new() };
        let Some(names) = texts(required) else {
            self.fault(&["required"], "`required` is a list of names", "Write required = [\"NAME\"].");
            return Vec::new();
        };
        let known: Vec<&str> = properties.keys().map(String::as_str).collect();
        for (index, name) in names.iter().enumerate().filter(|(_, name)| !properties.contains_key(name.as_str())) {
            let near = meant(name, &known).map_or_else(String::new, |near| format!("Did you mean {near:?}? "));
            let remedy = format!("{near}There are: {}.", known.join(", "));
            self.fault(&["required", &index.to_string()], format!("the form has no field {name:?}"), remedy);
        }
        names
    }

    fn field(&mut self, name: &str, field: &Value, required: &[String]) -> Option<FormField> {
        let way = ["properties", name];
        let is_name = name.len() <= 60
            && name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !is_name {
            let remedy = "Use at most 60 letters, digits, - and _, with a letter first; `title` is what people see.";
            self.fault(&way, format!("{name:?} cannot be a field's name"), remedy);
        }
        let Some(field) = field.as_object() else {
            self.fault(&way, "a field is an object", format!("Write {name} = {{ type = \"string\" }}."));
            return None;
        };
        let kind = self.kind(&way, field)?;
        let text = |key: &str| field.get(key).and_then(Value::as_str).map(str::to_owned);
        for key in ["title", "description"] {
            if field.get(key).is_some_and(|value| !value.is_string()) {
                self.fault(&[&way[..], &[key]].concat(), format!("`{key}` is a text"), "Write it in quotes.");
            }
        }
        let made = FormField {
            name: name.to_owned(),
            title: text("title").unwrap_or_else(|| sentence(name)),
            description: text("description"),
            required: required.iter().any(|one| one == name),
            kind,
            default: field.get("default").map(typed).unwrap_or_default(),
        };
        self.check_default(&way, &made, field.get("default"));
        Some(made)
    }

    /// A default has to be what the field takes.
    fn check_default(&mut self, way: &[&str], field: &FormField, default: Option<&Value>) {
        let Some(default) = default else { return };
        let is_of_type = match &field.kind {
            FieldKind::Text { .. } | FieldKind::Date | FieldKind::One(_) => default.is_string(),
            FieldKind::Number { .. } => default.is_number(),
            FieldKind::Flag => default.is_boolean(),
            FieldKind::Many { .. } => texts(default).is_some(),
        };
        let only = Form { fields: vec![FormField { required: false, ..field.clone() }] };
        let typed: Vec<_> = field.default.iter().map(|value| (field.name.clone(), value.clone())).collect();
        if !is_of_type || only.filled(&typed).is_err() {
            let what = format!("the default of {:?} is not what the field takes", field.name);
            self.fault(&[way, &["default"]].concat(), what, "Write a value that the form would accept.");
        }
    }

    fn kind(&mut self, way: &[&str], field: &Map<String, Value>) -> Option<FieldKind> {
        let Some(kind) = field.get("type").and_then(Value::as_str).filter(|kind| TYPES.contains(kind)) else {
            let given = field.get("type").map_or_else(|| "nothing".to_owned(), ToString::to_string);
            let near = field.get("type").and_then(Value::as_str).and_then(|kind| meant(kind, TYPES));
            let near = near.map_or_else(String::new, |near| format!("Did you mean {near:?}? "));
            let at = if field.contains_key("type") { [way, &["type"]].concat() } else { way.to_vec() };
            let remedy = format!("{near}Write one of: {}.", TYPES.join(", "));
            self.fault(&at, format!("a field's type cannot be {given}"), remedy);
            return None;
        };
        let own: &[&str] = match kind {
            "string" => &["enum", "minLength", "maxLength", "pattern", "format"],
            "number" | "integer" => &["minimum", "maximum"],
            "array" => &["items", "minItems", "maxItems"],
            _ => &[],
        };
        self.keys(way, field, &[COMMON, own].concat(), &format!("a field of the type {kind:?}"));
        match kind {
            "string" => self.text(way, field),
            "boolean" => Some(FieldKind::Flag),
            "array" => self.many(way, field),
            _ => {
                let (min, max) = (self.number(way, field, "minimum"), self.number(way, field, "maximum"));
                if min.zip(max).is_some_and(|(min, max)| min > max) {
                    self.fault(&[way, &["minimum"]].concat(), "no number is that large and that small", "Swap them.");
                }
                Some(FieldKind::Number { whole: kind == "integer", min, max })
            }
        }
    }

    fn number(&mut self, way: &[&str], field: &Map<String, Value>, key: &str) -> Option<f64> {
        let value = field.get(key)?;
        if value.as_f64().is_none() {
            self.fault(&[way, &[key]].concat(), format!("`{key}` is a number"), "Write it without quotes.");
        }
        value.as_f64()
    }

    fn count(&mut self, way: &[&str], field: &Map<String, Value>, key: &str, otherwise: u32) -> u32 {
        let Some(value) = field.get(key) else { return otherwise };
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok()).filter(|count| *count <= LONGEST);
        count.unwrap_or_else(|| {
            let remedy = format!("Write a whole number from 0 to {LONGEST}.");
            self.fault(&[way, &[key]].concat(), format!("`{key}` cannot be {value}"), remedy);
            otherwise
        })
    }

    fn text(&mut self, way: &[&str], field: &Map<String, Value>) -> Option<FieldKind> {
        if let Some(options) = field.get("enum") {
            return self.options(&[way, &["enum"]].concat(), options).map(FieldKind::One);
        }
        let (min, max) = (self.count(way, field, "minLength", 0), self.count(way, field, "maxLength", TEXT));
        if min > max {
            self.fault(&[way, &["minLength"]].concat(), "no text is that long and that short", "Swap them.");
        }
        let pattern = field.get("pattern").and_then(Value::as_str).map(str::to_owned);
        if let Some(why) = pattern.as_deref().and_then(|pattern| whole_pattern(pattern).err()) {
            let what = format!("the pattern cannot be used: {}", last_line(&why.to_string()));
            let remedy =
                "Write a regular expression without look-around and back-references; it has to match all of the text.";
            self.fault(&[way, &["pattern"]].concat(), what, remedy);
        }
        let format = match field.get("format").map(|format| format.as_str().unwrap_or_default()) {
            None => TextFormat::Any,
            Some("date") => return Some(FieldKind::Date),
            Some("email") => TextFormat::Email,
            Some("uri") => TextFormat::Uri,
            Some(other) => {
                let near = meant(other, FORMATS).map_or_else(String::new, |near| format!("Did you mean {near:?}? "));
                let remedy = format!("{near}Write one of: {}.", FORMATS.join(", "));
                self.fault(&[way, &["format"]].concat(), format!("{other:?} is no format of a field"), remedy);
                TextFormat::Any
            }
        };
        Some(FieldKind::Text { min, max, pattern, format })
    }

    fn many(&mut self, way: &[&str], field: &Map<String, Value>) -> Option<FieldKind> {
        let Some(options) = members(field.get("items")).and_then(|items| items.get("enum")) else {
            let remedy = "Write items = { enum = [\"one\", \"other\"] }.";
            self.fault(way, "a list needs items of an `enum`", remedy);
            return None;
        };
        let options = self.options(&[way, &["items", "enum"]].concat(), options)?;
        let all = u32::try_from(options.len()).unwrap_or(u32::MAX);
        let (min, max) = (self.count(way, field, "minItems", 0), self.count(way, field, "maxItems", all));
        if min > max.min(all) {
            self.fault(&[way, &["minItems"]].concat(), "no list has that many items", "Write less.");
        }
        Some(FieldKind::Many { options, min, max })
    }

    fn options(&mut self, way: &[&str], options: &Value) -> Option<Vec<String>> {
        let found = texts(options).filter(|options| !options.is_empty());
        if found.is_none() {
            self.fault(way, "`enum` is a list of texts, with one at least", "Write enum = [\"one\", \"other\"].");
        }
        found
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// What the error of a regular expression comes to.
fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
