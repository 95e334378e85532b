//! Fields that are hidden, and their values wherever else they stand.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use countersign_json::{Json, Kind, Value, quoted};

/// What is shown in place of a hidden value.
pub const HIDDEN: &str = "[hidden]";
/// A shorter text may be any word: it is hidden in its field alone.
const SHORTEST: usize = 5;
/// The most values of an execution that are looked for elsewhere. Where there are more, nothing of it is shown.
const VALUES: usize = 1_000;
/// Levels of JSON within a string. What lies deeper is hidden as a whole.
const LAYERS: usize = 6;

/// Why a path cannot be one of a field to hide.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HideFault {
    #[error("a path begins with `$.`")]
    NoRoot,
    #[error("{0:?} is no key")]
    NoKey(String),
}

/// What is hidden: fields by their keys, and values that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hide {
    paths: Vec<Vec<String>>,
    values: BTreeSet<String>,
}

impl Hide {
    /// The fields at these paths. One that is none hides nothing; the manifest's check reports it.
    #[must_use]
    pub fn of(paths: &[String]) -> Self {
        Self { paths: paths.iter().filter_map(|path| keys(path).ok()).collect(), values: BTreeSet::new() }
    }

    /// Whether nothing is hidden.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether a field of this name is hidden wherever it stands.
    pub(super) fn hides_key(&self, key: &str) -> bool {
        self.paths.iter().any(|path| path.len() == 1 && path[0] == key)
    }

    /// The same with the values that these payloads have in hidden fields; nothing where these are too many to be looked
    /// for.
    pub(crate) fn knowing<'t>(&self, payloads: impl Iterator<Item = &'t str>) -> Option<Self> {
        let mut found = Found { values: self.values.clone(), overflows: false };
        for payload in payloads {
            self.look(payload, &mut found);
            if found.overflows {
                return None;
            }
        }
        Some(Self { paths: self.paths.clone(), values: found.values })
    }

    /// A text without what is hidden.
    pub(super) fn text(&self, text: &str) -> String {
        let mut found = Found::default();
        let without = self.look(text, &mut found);
        if found.overflows {
            return quoted(HIDDEN);
        }
        found.values.extend(self.values.iter().cloned());
        erase(&without, &found.values)
    }

    /// A text that is no payload, without the values that are known.
    pub(super) fn values(&self, text: &str) -> String {
        erase(text, &self.values)
    }

    pub(super) fn version(&self) -> String {
        self.paths.iter().map(|path| path.join(".")).collect::<Vec<_>>().join("\n")
    }

    /// The text with hidden fields replaced; their values are noted. A text that is not JSON stays as it is.
    fn look<'t>(&self, text: &'t str, found: &mut Found) -> Cow<'t, str> {
        let Ok(json) = Json::read(text) else { return Cow::Borrowed(text) };
        let mut replaced = Vec::new();
        self.walk(&json, json.root(), &mut Vec::new(), found, &mut replaced, LAYERS);
        put(text, replaced)
    }

    /// Goes through a value under `path`. Items of an array are under the array's path.
    fn walk(
        &self,
        json: &Json<'_>,
        value: Value<'_>,
        path: &mut Vec<String>,
        found: &mut Found,
        replaced: &mut Vec<(Range<usize>, String)>,
        layers: usize,
    ) {
        if !path.is_empty() && self.paths.iter().any(|hidden| path.ends_with(hidden)) {
            found.note(value);
            replaced.push((place(json, value), quoted(HIDDEN)));
            return;
        }
        match value.kind() {
            Kind::Object => {
                for (key, member) in value.members() {
                    path.push(key.into_owned());
                    self.walk(json, member, path, found, replaced, layers);
                    path.pop();
                }
            }
            Kind::Array => value.items().for_each(|item| self.walk(json, item, path, found, replaced, layers)),
            Kind::String => {
                let text = value.text().unwrap_or_default();
                if !text.trim_start().starts_with(['{', '[', '"']) {
                    return;
                }
                if layers == 0 {
                    replaced.push((place(json, value), quoted(HIDDEN)));
                    return;
                }
                let Ok(inner) = Json::read(&*text) else { return };
                let mut within = Vec::new();
                self.walk(&inner, inner.root(), path, found, &mut within, layers - 1);
                if !within.is_empty() {
                    replaced.push((place(json, value), quoted(&put(&text, within))));
                }
            }
            _ => {}
        }
    }
}

/// The values that hidden fields had.
#[derive(Default)]
struct Found {
    values: BTreeSet<String>,
    /// There are more than are kept.
    overflows: bool,
}

impl Found {
    /// Notes a value and what is in it.
    fn note(&mut self, value: Value<'_>) {
        match value.kind() {
            Kind::Object => value.members().for_each(|(_, member)| self.note(member)),
            Kind::Array => value.items().for_each(|item| self.note(item)),
            Kind::String => self.keep(value.text().unwrap_or_default().into_owned()),
            Kind::Number => self.keep(value.raw().to_owned()),
            Kind::Bool | Kind::Null => {}
        }
    }

    fn keep(&mut self, text: String) {
        if text.chars().count() < SHORTEST || self.values.contains(&text) {
            return;
        }
        if self.values.len() == VALUES {
            self.overflows = true;
        } else {
            self.values.insert(text);
        }
    }
}

/// Where a value stands in the text.
fn place(json: &Json<'_>, value: Value<'_>) -> Range<usize> {
    let raw = value.raw();
    let start = raw.as_ptr() as usize - json.text().as_ptr() as usize;
    start..start + raw.len()
}

/// The text with these parts replaced, which follow each other.
fn put(text: &str, replaced: Vec<(Range<usize>, String)>) -> Cow<'_, str> {
    if replaced.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
    for (range, new) in replaced {
        out.push_str(&text[copied..range.start]);
        out.push_str(&new);
        copied = range.end;
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// A text without these values, whether it is JSON or not.
fn erase(text: &str, values: &BTreeSet<String>) -> String {
    if values.is_empty() {
        return text.to_owned();
    }
    let plain = |text: &str| {
        // A value may be the beginning of another: the longer one goes first.
        let mut sorted: Vec<&String> = values.iter().filter(|value| text.contains(value.as_str())).collect();
        sorted.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let mut without = None;
        for value in sorted {
            without = Some(without.as_deref().unwrap_or(text).replace(value.as_str(), HIDDEN));
        }
        without
    };
    let replaced = match Json::read(text) {
        Ok(json) => {
            let strings = json.replace_strings(|_, text| plain(text));
            // Numbers stand outside of strings.
            numbers(strings.as_deref().unwrap_or(text), values).or(strings)
        }
        Err(_) => plain(text),
    };
    replaced.unwrap_or_else(|| text.to_owned())
}

/// A JSON text without the numbers that are among these values; `None` if it has none.
fn numbers(text: &str, values: &BTreeSet<String>) -> Option<String> {
    fn walk(json: &Json<'_>, value: Value<'_>, values: &BTreeSet<String>, out: &mut Vec<(Range<usize>, String)>) {
        match value.kind() {
            Kind::Object => value.members().for_each(|(_, member)| walk(json, member, values, out)),
            Kind::Array => value.items().for_each(|item| walk(json, item, values, out)),
            Kind::Number if values.contains(value.raw()) => out.push((place(json, value), quoted(HIDDEN))),
            _ => {}
        }
    }
    let json = Json::read(text).ok()?;
    let mut replaced = Vec::new();
    walk(&json, json.root(), values, &mut replaced);
    (!replaced.is_empty()).then(|| put(text, replaced).into_owned())
}

/// The keys of a path such as `$.customer.iban`, `$.lines[*].price`, `$..iban` or `$['card number']`.
pub fn keys(path: &str) -> Result<Vec<String>, HideFault> {
    let mut rest = path.trim().strip_prefix('$').ok_or(HideFault::NoRoot)?;
    let mut keys = Vec::new();
    while !rest.is_empty() {
        if let Some(bracket) = rest.strip_prefix('[') {
            let end = bracket.find(']').ok_or_else(|| HideFault::NoKey(rest.to_owned()))?;
            let (inside, behind) = (bracket[..end].trim(), &bracket[end + 1..]);
            let quoted = |mark| inside.strip_prefix(mark).and_then(|inside| inside.strip_suffix(mark));
            match quoted('\'').or_else(|| quoted('"')) {
                Some(key) if !key.is_empty() => keys.push(key.to_owned()),
                None if inside == "*" || inside.bytes().all(|byte| byte.is_ascii_digit()) && !inside.is_empty() => {}
                _ => return Err(HideFault::NoKey(format!("[{inside}]"))),
            }
            rest = behind;
            continue;
        }
        let dotted = rest.strip_prefix("..").or_else(|| rest.strip_prefix('.')).ok_or(HideFault::NoRoot)?;
        let end = dotted.find(['.', '[']).unwrap_or(dotted.len());
        let key = &dotted[..end];
        if key.is_empty() || key.contains(['*', '?', '(', ')', ' ', '"', '\'', '{', '}']) {
            return Err(HideFault::NoKey(key.to_owned()));
        }
        keys.push(key.to_owned());
        rest = &dotted[end..];
    }
    if keys.is_empty() { Err(HideFault::NoKey(path.to_owned())) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hide(paths: &[&str]) -> Hide {
        Hide::of(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_too_much_or_too_deep_is_hidden_as_a_whole() {
        let hide = hide(&["$.iban"]);
        let of = |count: usize| {
            let ibans: Vec<String> = (0..count).map(|n| format!("{{\"iban\":\"DE{n:05}\"}}")).collect();
            format!("[{}]", ibans.join(","))
        };
        assert!(hide.knowing([of(VALUES).as_str()].into_iter()).is_some());
        assert!(hide.knowing([of(VALUES / 2).as_str(), &of(VALUES)].into_iter()).is_some(), "the same values again");
        assert!(hide.knowing([of(VALUES + 1).as_str()].into_iter()).is_none());
        assert_eq!(hide.text(&of(VALUES + 1)), quoted(HIDDEN));
        let mut deep = r#"{"iban":"DE0212345"}"#.to_owned();
        for _ in 0..9 {
            deep = format!("{{\"within\":{}}}", quoted(&deep));
        }
        let shown = hide.text(&deep);
        assert!(shown.contains(HIDDEN) && !shown.contains("DE0212345"), "{shown}");
    }

    #[test]
    fn a_field_is_hidden_wherever_it_stands() {
        let hide = hide(&["$.customer.iban", "$..pin", "$.lines[*].price", "$['card number']"]);
        for (text, expected) in [
            (
                r#"{"customer": {"iban":"DE02 1234","name":"Ada"} }"#,
                r#"{"customer": {"iban":"[hidden]","name":"Ada"} }"#,
            ),
            (r#"{"iban":"DE02 1234"}"#, r#"{"iban":"DE02 1234"}"#),
            (r#"{"Payload":{"customer":{"iban":null}}}"#, r#"{"Payload":{"customer":{"iban":"[hidden]"}}}"#),
            (r#"{"a":"{\"customer\":{\"iban\":\"x\"}}"}"#, r#"{"a":"{\"customer\":{\"iban\":\"[hidden]\"}}"}"#),
            (
                r#"{"pin":{"a":[1]},"lines":[{"price":3,"n":1},{"price":4}]}"#,
                r#"{"pin":"[hidden]","lines":[{"price":"[hidden]","n":1},{"price":"[hidden]"}]}"#,
            ),
            (
                r#"{"card number":4111111111111111,"copy":4111111111111111}"#,
                r#"{"card number":"[hidden]","copy":"[hidden]"}"#,
            ),
            (
                r#"{"customer":{"iban":"DE0212345"},"note":"pay to DE0212345 now"}"#,
                r#"{"customer":{"iban":"[hidden]"},"note":"pay to [hidden] now"}"#,
            ),
            (r#"{"pin":"1","pin":"22","n":1}"#, r#"{"pin":"[hidden]","pin":"[hidden]","n":1}"#),
            ("no JSON with DE0212345", "no JSON with DE0212345"),
        ] {
            assert_eq!(hide.text(text), expected, "{text}");
        }
    }

    #[test]
    fn what_one_payload_hides_is_hidden_in_the_others() {
        let hide = hide(&["$.iban"]).knowing([r#"{"iban":"DE0212345","n":"1"}"#, "no JSON"].into_iter()).expect("few");
        assert_eq!(hide.text(r#"{"Cause":"no account DE0212345"}"#), r#"{"Cause":"no account [hidden]"}"#);
        assert_eq!(hide.text("no account DE0212345"), "no account [hidden]");
        assert_eq!(hide.values("run-DE0212345"), "run-[hidden]");
        assert_eq!(hide.text(r#"{"DE0212345":1}"#), r#"{"[hidden]":1}"#, "a key, too");
    }

    #[test]
    fn a_path_has_keys() {
        for (path, expected) in [
            ("$.customer.iban", Ok(vec!["customer", "iban"])),
            ("$..iban", Ok(vec!["iban"])),
            ("$.lines[*].price", Ok(vec!["lines", "price"])),
            ("$.lines[0]['a b']", Ok(vec!["lines", "a b"])),
            ("customer.iban", Err(HideFault::NoRoot)),
            ("$", Err(HideFault::NoKey("$".into()))),
            ("$.a.", Err(HideFault::NoKey(String::new()))),
            ("$.*", Err(HideFault::NoKey("*".into()))),
            ("$[?(@.a)]", Err(HideFault::NoKey("[?(@.a)]".into()))),
            ("$.a[", Err(HideFault::NoKey("[".into()))),
        ] {
            let expected = expected.map(|keys| keys.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(keys(path), expected, "{path}");
        }
    }
}
