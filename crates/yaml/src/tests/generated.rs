//! Values by chance, written in JSON and in every style of YAML: all of them are read as the same.

use countersign_json::quoted;

use crate::Document;

/// A small generator of numbers; the same seed gives the same texts.
struct Chance(u64);

impl Chance {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }
}

enum Any {
    /// As JSON writes it.
    Raw(&'static str),
    Text(String),
    List(Vec<Any>),
    Map(Vec<(String, Any)>),
}

const RAW: &[&str] = &["null", "true", "false", "0", "-0.0", "1.50", "98765432109876543210987", "1E+05", "-3e5"];
const WORDS: &[&str] = &[
    "",
    "a",
    "yes",
    "no",
    "null",
    "~",
    "true",
    "012",
    "1.5",
    "0x1F",
    "- x",
    "a: b",
    "# c",
    "a #b",
    "{",
    "[",
    "*a",
    "&a",
    "!x",
    "%",
    "@",
    "`",
    "'",
    "\"",
    "\\",
    "ä 日 😀",
    " lead",
    "trail ",
    "two\nlines",
    "\n",
    "x\n\ny\n",
    "\ttab",
    "$.a[0]",
    "{% $x %}",
    "${Name}",
    "2012-10-17",
    "<<",
    "?",
    ":",
    "---",
    "...",
];

fn any(chance: &mut Chance, depth: usize) -> Any {
    match chance.below(if depth == 0 { 2 } else { 4 }) {
        0 => Any::Raw(RAW[chance.below(RAW.len())]),
        1 => Any::Text(chance.of(WORDS).to_owned()),
        2 => Any::List((0..chance.below(4)).map(|_| any(chance, depth - 1)).collect()),
        _ => Any::Map(
            (0..chance.below(4)).map(|at| (format!("{}{at}", chance.of(WORDS)), any(chance, depth - 1))).collect(),
        ),
    }
}

fn json(any: &Any) -> String {
    match any {
        Any::Raw(raw) => (*raw).to_owned(),
        Any::Text(text) => quoted(text),
        Any::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Any::Map(members) => {
            let member = |(key, value): &(String, Any)| format!("{}:{}", quoted(key), json(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
    }
}

/// A text in one of the styles that can hold it.
fn scalar(chance: &mut Chance, text: &str, indent: usize) -> String {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase()) && !RAW.contains(&text);
    let block = text.ends_with('\n') && text.trim_matches('\n') == text.trim_end() && !text.trim().is_empty();
    match chance.below(4) {
        0 if plain => text.to_owned(),
        1 if !text.contains(['\n', '\t']) => format!("'{}'", text.replace('\'', "''")),
        2 if block && !text.starts_with([' ', '\t', '\n']) => {
            let chomp = if text.ends_with("\n\n") { "+" } else { "" };
            let spaces = " ".repeat(indent);
            let lines = text.trim_end_matches('\n').split('\n').map(|line| format!("\n{spaces}{line}"));
            format!("|{chomp}{}", lines.collect::<String>())
        }
        _ => quoted(text),
    }
}

/// A value in block style, to stand behind a key, a dash or nothing.
fn block(chance: &mut Chance, any: &Any, indent: usize, out: &mut String) {
    let spaces = " ".repeat(indent);
    match any {
        Any::Raw(raw) => *out += &format!(" {raw}"),
        Any::Text(text) => *out += &format!(" {}", scalar(chance, text, indent)),
        Any::List(items) if !items.is_empty() && chance.below(3) > 0 => {
            for item in items {
                *out += &format!("\n{spaces}-");
                block(chance, item, indent + 2, out);
            }
        }
        Any::Map(members) if !members.is_empty() && chance.below(3) > 0 => {
            for (key, value) in members {
                *out += &format!("\n{spaces}{}:", quoted(key));
                block(chance, value, indent + 2, out);
            }
        }
        other => *out += &format!(" {}", json(other)),
    }
}

#[test]
fn every_style_says_the_same() {
    let mut chance = Chance(42);
    for round in 0..3_000 {
        let value = any(&mut chance, 4);
        let text = json(&value);
        let expect = Document::read_json(&text).unwrap();
        let as_yaml = Document::yaml(&text).unwrap_or_else(|error| panic!("{round}: {error}\n{text}"));
        assert_eq!(as_yaml.json(), expect.root().json(), "{round}: JSON is YAML\n{text}");
        let mut styled = String::from("---");
        block(&mut chance, &value, 0, &mut styled);
        styled.push('\n');
        let read = Document::yaml(&styled).unwrap_or_else(|error| panic!("{round}: {error}\n{styled}"));
        assert_eq!(read.json(), expect.root().json(), "{round}:\n{styled}");
    }
}

/// Whatever a text is broken to, it is read or refused with a place within it.
#[test]
fn broken_texts_are_read_or_refused() {
    let mut chance = Chance(7);
    for _ in 0..500 {
        let value = any(&mut chance, 4);
        let mut text = String::from("---");
        block(&mut chance, &value, 0, &mut text);
        for _ in 0..10 {
            let letters: Vec<char> = text.chars().collect();
            let cut = chance.below(letters.len() + 1);
            let skip = chance.below(3);
            let broken: String = letters[..cut].iter().chain(letters.iter().skip(cut + skip)).collect();
            let put = chance.of(&["", "", ":", "-", "\n", "  ", "{", "]", "'", "\"", "|", "&a ", "*a", "!x "]);
            let at = broken.char_indices().nth(cut).map_or(broken.len(), |(at, _)| at);
            let broken = format!("{}{put}{}", &broken[..at], &broken[at..]);
            if let Err(error) = Document::yaml(&broken) {
                let lines = broken.matches('\n').count() as u32 + 2;
                assert!((1..=lines).contains(&error.line) && error.column >= 1, "{error}\n{broken}");
            }
        }
    }
}
