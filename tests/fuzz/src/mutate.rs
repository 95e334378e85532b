//! Mutations of JSON that leave it JSON: what a target takes apart is reached far sooner than by changing bytes.

use serde_json::{Map, Value};

/// Chance out of a seed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u32) -> Chance {
        Chance(u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

/// Values that lie at some limit.
const EDGES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1",
    "0.5",
    "99999999",
    "1e300",
    "9223372036854775807",
    "-9223372036854775808",
    "\"\"",
    "\"$\"",
    "\"$$\"",
    "\"$.a[*]\"",
    "\"$..*\"",
    "\"{% $states.input %}\"",
    "\"{% [1..9] %}\"",
    "\"x\"",
    "[]",
    "{}",
    "[[]]",
    "[1,2,3]",
    "{\"a\":1}",
    "\"States.UUID()\"",
    "\"2024-01-01T00:00:00Z\"",
    "\"é\\u0000\"",
];

/// One line of JSON changed in some places, by the words of a list, by edges, or by parts of its own.
pub fn json_line(line: &str, words: &[&str], chance: &mut Chance) -> Option<String> {
    let mut value: Value = serde_json::from_str(line).ok()?;
    for _ in 0..=chance.below(3) {
        let places = places(&value);
        let from = chance.one(&places)?.clone();
        let to = chance.one(&places)?.clone();
        let part = value.pointer(&from)?.clone();
        change(value.pointer_mut(&to)?, part, words, chance);
    }
    Some(value.to_string())
}

/// The pointers of every value within.
fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, out: &mut Vec<String>) {
        out.push(at.to_owned());
        match value {
            Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| walk(item, &format!("{at}/{i}"), out)),
            Value::Object(fields) => fields.iter().for_each(|(key, field)| {
                walk(field, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out);
            }),
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(value, "", &mut out);
    out
}

fn change(at: &mut Value, part: Value, words: &[&str], chance: &mut Chance) {
    let edge = chance.one(EDGES).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let word = chance.one(words).copied().unwrap_or("Next").to_owned();
    match at {
        Value::Object(fields) => match chance.below(5) {
            0 => drop(fields.insert(word, part)),
            1 => drop(fields.insert(word, edge)),
            2 => rename(fields, word, chance),
            3 => {
                let key = fields.keys().nth(chance.below(fields.len())).cloned();
                key.and_then(|key| fields.shift_remove(&key));
            }
            _ => *at = part,
        },
        Value::Array(items) => match chance.below(4) {
            0 => items.push(part),
            1 => items.push(edge),
            2 if !items.is_empty() => drop(items.remove(chance.below(items.len()))),
            _ => *at = part,
        },
        Value::String(text) => match chance.below(5) {
            0 => *text = word,
            1 => text.push_str(&word),
            2 => text.truncate(text.char_indices().map(|(i, _)| i).nth(chance.below(text.len())).unwrap_or(0)),
            3 => *at = edge,
            _ => *at = part,
        },
        _ => *at = if chance.below(2) == 0 { part } else { edge },
    }
}

fn rename(fields: &mut Map<String, Value>, word: String, chance: &mut Chance) {
    let key = fields.keys().nth(chance.below(fields.len())).cloned();
    if let Some(value) = key.and_then(|key| fields.shift_remove(&key)) {
        fields.insert(word, value);
    }
}

/// The words of a dictionary file: what stands between the quotation marks of each line.
pub fn words(dictionary: &str) -> Vec<&str> {
    dictionary.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"')).collect()
}

/// Mutates some lines of an input as JSON and the others as libFuzzer does; gives the input's new size.
pub fn lines(
    data: &mut [u8],
    size: usize,
    most: usize,
    seed: u32,
    words: &[&str],
    plain: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut chance = Chance::new(seed);
    if chance.below(4) == 0 {
        return plain(data, size, most);
    }
    let mut mutated = || {
        let text = std::str::from_utf8(&data[..size]).ok()?;
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let at = chance.below(lines.len());
        // Something may stand before the JSON, such as the name of an operation.
        let begin = lines[at].find(['{', '[', '"'])?;
        let changed = json_line(&lines[at][begin..], words, &mut chance)?;
        lines[at].truncate(begin);
        lines[at].push_str(&changed);
        Some(lines.join("\n")).filter(|text| text.len() <= most)
    };
    match mutated() {
        Some(text) => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        None => plain(data, size, most),
    }
}
