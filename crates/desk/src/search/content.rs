//! What of an execution's input and output can be searched.
//!
//! The texts are redacted before they get here. What looks like a token all the same stays out: a long run of letters and
//! digits in both cases. So a token is not in the index even where nobody knows yet that it is one.

use std::collections::BTreeSet;

use countersign_json::{Json, Kind, Value};

/// Bytes of an input, and of an output, that can be searched.
pub const TEXT: usize = 16 * 1_024;
/// Values of an input, and of an output, that can be searched by their keys.
pub const VALUES: usize = 200;
/// Numbers of both that can be compared.
const NUMBERS: usize = 64;
/// Levels of keys, and of JSON within a string.
const DEPTH: usize = 12;
const LAYERS: usize = 3;
/// Characters by which a key and a value are known.
const KNOWN_BY: usize = 64;
/// How many keys of a path stand before the last one in a search.
const KEYS: usize = 3;
/// A run of so many characters with a piece of so many letters and digits, in both cases, may be a token.
const RUN: usize = 64;
const PIECE: usize = 16;

/// Stands between a key and its value in a mark, and for what is neither letter nor digit. Both are letters to the index's
/// tokenizer, and in no text of it.
pub(crate) const SEPARATOR: char = '\u{e000}';
const FILLER: char = '\u{e001}';

/// A number under a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// The keys that lead to it, folded, between full stops.
    pub path: String,
    /// The last of them.
    pub leaf: String,
    pub value: f64,
}

/// What can be searched of an execution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    pub input: String,
    pub output: String,
    /// Key and value as one word each; see [`mark`].
    pub marks: String,
    pub numbers: Vec<Number>,
    /// Whether some of it is left out.
    pub cut: bool,
}

impl Content {
    /// The content of redacted texts.
    #[must_use]
    pub fn of(input: Option<&str>, output: Option<&str>) -> Self {
        let mut gathered = Gathered::default();
        let input = gathered.side(input);
        let output = gathered.side(output);
        let marks = gathered.marks.into_iter().collect::<Vec<_>>().join(" ");
        Self { input, output, marks, numbers: gathered.numbers, cut: gathered.cut }
    }
}

#[derive(Default)]
struct Gathered {
    text: String,
    marks: BTreeSet<String>,
    numbers: Vec<Number>,
    values: usize,
    cut: bool,
}

impl Gathered {
    /// The words of one text.
    fn side(&mut self, text: Option<&str>) -> String {
        self.values = 0;
        if let Some(text) = text {
            self.whole(text, &mut Vec::new(), LAYERS);
        }
        std::mem::take(&mut self.text)
    }

    fn whole(&mut self, text: &str, path: &mut Vec<String>, layers: usize) {
        match Json::read(text) {
            Ok(json) => self.value(json.root(), path, layers),
            Err(_) => self.say(text),
        }
    }

    fn value(&mut self, value: Value<'_>, path: &mut Vec<String>, layers: usize) {
        if self.text.len() >= TEXT || path.len() > DEPTH {
            self.cut = true;
            return;
        }
        match value.kind() {
            Kind::Object => {
                for (key, value) in value.members() {
                    self.say(&key);
                    path.push(fold(&without_secrets(&key)));
                    self.value(value, path, layers);
                    path.pop();
                }
            }
            Kind::Array => value.items().for_each(|item| self.value(item, path, layers)),
            Kind::String => {
                let text = value.text().unwrap_or_default();
                if layers > 1 && text.trim_start().starts_with(['{', '[']) && Json::read(&*text).is_ok() {
                    return self.whole(&text, path, layers - 1);
                }
                self.say(&text);
                if without_secrets(&text).len() == text.len() {
                    self.note(path, &text);
                    if text.len() <= 20 {
                        self.count(path, &text);
                    }
                }
            }
            Kind::Number => {
                let raw = value.raw();
                self.say(raw);
                self.note(path, raw);
                self.note(path, &canonical(raw));
                self.count(path, raw);
            }
            Kind::Bool | Kind::Null => {
                self.say(value.raw());
                self.note(path, value.raw());
            }
        }
    }

    /// Adds words.
    fn say(&mut self, text: &str) {
        let room = TEXT.saturating_sub(self.text.len());
        let clean = without_secrets(text);
        let mut end = clean.len().min(room);
        while !clean.is_char_boundary(end) {
            end -= 1;
        }
        self.cut |= end < clean.len();
        self.text.push_str(&clean[..end]);
        self.text.push('\n');
    }

    /// Notes a value under its keys.
    fn note(&mut self, path: &[String], value: &str) {
        if path.is_empty() {
            return;
        }
        if self.values == VALUES {
            self.cut = true;
            return;
        }
        self.values += 1;
        let value = fold(value);
        for keys in 1..=path.len().min(KEYS) {
            self.marks.insert(mark(&path[path.len() - keys..], &value));
        }
    }

    /// Notes a number under its keys.
    fn count(&mut self, path: &[String], text: &str) {
        let Some(value) = super::values::number(text) else { return };
        let Some(leaf) = path.last() else { return };
        if self.numbers.len() == NUMBERS {
            self.cut = true;
            return;
        }
        let from = path.len().saturating_sub(KEYS);
        let number = Number { path: path[from..].join("."), leaf: leaf.clone(), value };
        if !self.numbers.contains(&number) {
            self.numbers.push(number);
        }
    }
}

/// A value and the keys before it, all folded, as one word.
pub fn mark(path: &[String], value: &str) -> String {
    format!("{}{SEPARATOR}{value}", path.join("\u{e002}"))
}

/// A key or a value as it is compared: in lower case, its letters and digits, and a filler for all else; the first 64
/// characters.
pub(crate) fn fold(text: &str) -> String {
    let fold = |letter: char| if letter.is_alphanumeric() { letter } else { FILLER };
    text.chars().take(KNOWN_BY).map(fold).flat_map(char::to_lowercase).collect()
}

/// A number in one way of writing, as far as its digits say so: `386.40` is `386.4`.
pub(crate) fn canonical(raw: &str) -> String {
    if !raw.contains('.') || raw.contains(['e', 'E']) {
        return raw.to_owned();
    }
    raw.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The text without runs that may be tokens, and without the letters that marks are made of.
fn without_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        if !may_be_secret(run) {
            out.push_str(run);
        }
        run.clear();
    };
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || "+/=_-%\\&#;~".contains(letter) {
            run.push(letter);
            continue;
        }
        flush(&mut run, &mut out);
        out.push(if ('\u{e000}'..='\u{f8ff}').contains(&letter) || letter == '\0' { ' ' } else { letter });
    }
    flush(&mut run, &mut out);
    out
}

fn may_be_secret(run: &str) -> bool {
    let is_mixed = |piece: &str| {
        piece.len() >= PIECE
            && piece.bytes().any(|byte| byte.is_ascii_lowercase())
            && piece.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    run.len() >= RUN && run.split(|one: char| !one.is_ascii_alphanumeric()).any(is_mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(json: &str) -> Vec<String> {
        let shown = |mark: &str| mark.replace(SEPARATOR, ":").replace('\u{e002}', ".").replace(FILLER, "_");
        Content::of(Some(json), None).marks.split(' ').map(shown).filter(|mark| !mark.is_empty()).collect()
    }

    #[test]
    fn values_are_known_by_their_keys() {
        assert_eq!(marks(r#"{"orderId":"A-17"}"#), ["orderid:a_17"]);
        assert_eq!(marks(r#"{"a":{"b":[{"c":1.50},{"c":true}]}}"#).len(), 9, "each by three paths");
        assert_eq!(marks(r#"{"total":386.40}"#), ["total:386_4", "total:386_40"]);
        assert_eq!(marks(r#"{"body":"{\"order\":{\"id\":7}}"}"#), ["body.order.id:7", "id:7", "order.id:7"]);
        assert!(marks("17").is_empty() && marks("not json").is_empty());
        let content = Content::of(Some(r#"{"a":[1,"2",1]}"#), Some(r#"{"b":{"n":-0.5e1}}"#));
        let numbers: Vec<_> = content.numbers.iter().map(|one| (one.path.as_str(), one.value)).collect();
        assert_eq!(numbers, [("a", 1.0), ("a", 2.0), ("b.n", -5.0)]);
    }

    #[test]
    fn what_may_be_a_token_stays_out() {
        let token = format!("AQCEAAAAKgAAAAMAAAAA{}", "x9Zk_b-0".repeat(10));
        for text in [
            format!(r#"{{"other":"{token}","orderId":4711}}"#),
            format!(r#"{{"other":"see https://x/?t={token}&a=1","orderId":4711}}"#),
            format!(r#"{{"other":"{{\"deep\":\"{token}\"}}","orderId":4711}}"#),
            format!(r#"{{"{token}":1,"orderId":4711}}"#),
            format!("orderId 4711 {token}"),
        ] {
            let content = Content::of(Some(&text), Some(&text));
            for part in [&content.input, &content.output, &content.marks] {
                assert!(!part.to_lowercase().contains("aqceaaaa"), "{part}");
            }
            assert!(content.input.contains("4711"), "{text}");
        }
        let plain = "s3://bucket/orders/2026/november/invoices-of-the-day/customer-4711-invoice.json";
        assert!(Content::of(Some(&format!("\"{plain}\"")), None).input.contains("customer-4711-invoice"));
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(Content::of(Some(&format!("\"{hash}\"")), None).input.contains(hash));
    }

    #[test]
    fn a_forged_mark_is_no_mark() {
        let content = Content::of(Some("{\"a\":\"orderid\u{e000}4711\"}"), None);
        assert!(!content.input.contains('\u{e000}'));
        assert!(content.marks.is_empty());
    }

    #[test]
    fn what_is_left_out_is_known() {
        assert!(!Content::of(Some("{\"a\":1}"), Some("[]")).cut);
        assert!(Content::of(Some(&format!("\"{}\"", "word ".repeat(5_000))), None).cut);
        assert!(Content::of(Some(&format!("[{}1]", "1,".repeat(9_000))), None).cut);
        let many: String = (0..300).map(|n| format!("\"k{n}\":{n},")).collect();
        let content = Content::of(Some(&format!("{{{many}\"z\":0}}")), None);
        assert!(content.cut && content.numbers.len() == NUMBERS);
        assert!(Content::of(Some(&format!("{}1{}", "[".repeat(900), "]".repeat(900))), None).input.contains('1'));
        assert!(Content::of(Some(&format!("{}1{}", "{\"a\":".repeat(900), "}".repeat(900))), None).cut);
        assert!(Content::of(Some(&"ü".repeat(20_000)), None).input.len() <= TEXT + 1);
    }
}
