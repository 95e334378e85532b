//! What the intrinsic functions compute.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde_json::{Map, Value};

use super::Environment;
use super::intrinsics::unescape;
use super::java;

/// Largest array that `States.ArrayRange` makes.
const RANGE: i64 = 1000;
/// Longest text that `States.Base64Encode`, `States.Base64Decode` and `States.Hash` take.
const LONG: usize = 10_000;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Format,
    StringToJson,
    JsonToString,
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
}

/// Name, function, fewest and most arguments.
const FUNCTIONS: [(&str, Function, usize, usize); 18] = [
    ("States.Format", Function::Format, 1, usize::MAX),
    ("States.StringToJson", Function::StringToJson, 1, 1),
    ("States.JsonToString", Function::JsonToString, 1, 1),
    ("States.Array", Function::Array, 0, usize::MAX),
    ("States.ArrayPartition", Function::ArrayPartition, 2, 2),
    ("States.ArrayContains", Function::ArrayContains, 2, 2),
    ("States.ArrayRange", Function::ArrayRange, 3, 3),
    ("States.ArrayGetItem", Function::ArrayGetItem, 2, 2),
    ("States.ArrayLength", Function::ArrayLength, 1, 1),
    ("States.ArrayUnique", Function::ArrayUnique, 1, 1),
    ("States.Base64Encode", Function::Base64Encode, 1, 1),
    ("States.Base64Decode", Function::Base64Decode, 1, 1),
    ("States.Hash", Function::Hash, 2, 2),
    ("States.JsonMerge", Function::JsonMerge, 3, 3),
    ("States.MathRandom", Function::MathRandom, 2, 3),
    ("States.MathAdd", Function::MathAdd, 2, 2),
    ("States.StringSplit", Function::StringSplit, 2, 2),
    ("States.UUID", Function::Uuid, 0, 0),
];

impl Function {
    pub fn named(name: &str) -> Option<Function> {
        FUNCTIONS.iter().find(|f| f.0 == name).map(|f| f.1)
    }

    fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|f| f.1 == self).map_or("", |f| f.0)
    }

    /// Whether the result holds a copy of every argument.
    pub fn copies(self) -> bool {
        matches!(self, Function::Format | Function::Array)
    }

    /// Checks the number of arguments.
    ///
    /// # Errors
    /// How many the function takes.
    pub fn check_arity(self, given: usize) -> Result<(), String> {
        let Some((name, _, least, most)) = FUNCTIONS.iter().find(|f| f.1 == self) else {
            return Ok(());
        };
        if (*least..=*most).contains(&given) {
            return Ok(());
        }
        let wanted = match (least, most) {
            (least, most) if least == most => format!("{least} argument{}", if *least == 1 { "" } else { "s" }),
            (least, &usize::MAX) => format!("at least {least} arguments"),
            (least, most) => format!("{least} to {most} arguments"),
        };
        Err(format!("{name} takes {wanted}, not {given}"))
    }
}

/// Computes one function.
///
/// # Errors
/// Why the function refuses its arguments, in the service's words: it names the function and says little more.
pub fn apply(function: Function, arguments: &[Cow<'_, Value>], environment: &dyn Environment) -> Result<Value, String> {
    let name = function.name();
    if function.check_arity(arguments.len()).is_err() {
        return Err(ArgumentFault::Arguments.message(name));
    }
    match (function, arguments) {
        (Function::Format, [template, rest @ ..]) => {
            format(&java::text(template), rest).map(Value::String).map_err(|fault| fault.message(name))
        }
        _ => compute(function, arguments, environment).ok_or_else(|| ArgumentFault::Arguments.message(name)),
    }
}

/// Every function but `States.Format`; `None` where it refuses its arguments.
fn compute(function: Function, arguments: &[Cow<'_, Value>], environment: &dyn Environment) -> Option<Value> {
    let arg = |i: usize| arguments[i].as_ref();
    let array = |i: usize| arguments[i].as_array();
    let text = |i: usize| arguments[i].as_str();
    let short = |i: usize| arguments[i].as_str().filter(|text| is_short(text));
    Some(match function {
        Function::Format => return None,
        Function::StringToJson => parse(text(0)?)?,
        Function::JsonToString => Value::String(arg(0).to_string()),
        Function::Array => Value::Array(arguments.iter().map(|a| a.as_ref().clone()).collect()),
        Function::ArrayPartition => partition(array(0)?, truncated(arg(1))?)?,
        Function::ArrayContains => Value::Bool(contains(array(0)?, arg(1))),
        Function::ArrayRange => range(truncated(arg(0))?, truncated(arg(1))?, truncated(arg(2))?)?,
        Function::ArrayGetItem => item(array(0)?, truncated(arg(1))?)?,
        Function::ArrayLength => Value::from(array(0)?.len()),
        Function::ArrayUnique => Value::Array(java::distinct(array(0)?)),
        Function::Base64Encode => Value::String(STANDARD.encode(short(0)?)),
        Function::Base64Decode => decode(short(0)?)?,
        Function::Hash => hash(arg(0), text(1)?)?,
        Function::JsonMerge => merge(arg(0), arg(1), arg(2))?,
        Function::MathRandom => random(arguments, environment)?,
        Function::MathAdd => Value::from(rounded(arg(0))?.checked_add(rounded(arg(1))?)?),
        Function::StringSplit => split(text(0)?, text(1)?),
        Function::Uuid => Value::String(super::uuid(|| environment.random())),
    })
}

/// Why a function refuses its arguments.
enum ArgumentFault {
    Arguments,
    Count,
    /// The brace that has no match, and the one that is missing.
    Brace(char, char),
}

impl ArgumentFault {
    fn message(&self, function: &str) -> String {
        match self {
            ArgumentFault::Arguments => format!("Invalid arguments in {function}"),
            ArgumentFault::Count => {
                format!("Invalid arguments in {function}: number of arguments do not match the occurrences of {{}}.")
            }
            ArgumentFault::Brace(found, missing) => {
                format!("Invalid template in {function}: matching '{missing}' not found for '{found}'.")
            }
        }
    }
}

fn is_short(text: &str) -> bool {
    text.encode_utf16().count() <= LONG
}

/// The whole part of a number.
fn truncated(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|f| f as i64))
}

/// A number of 32 bits; fractions are rounded to the nearest one, halves up.
fn rounded(value: &Value) -> Option<i32> {
    let whole = value.as_i64().or_else(|| value.as_f64().map(|f| (f + 0.5).floor() as i64))?;
    i32::try_from(whole).ok()
}

fn format(template: &str, arguments: &[Cow<'_, Value>]) -> Result<String, ArgumentFault> {
    let mut out = String::with_capacity(template.len());
    let mut next = arguments.iter();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('\\') {
            let end = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            out.push_str(&unescape(&rest[..end]));
            rest = &rest[end..];
        } else if let Some(after) = rest.strip_prefix("{}") {
            out.push_str(&java::text(next.next().ok_or(ArgumentFault::Count)?));
            rest = after;
        } else if rest.starts_with('{') {
            return Err(ArgumentFault::Brace('{', '}'));
        } else {
            return Err(ArgumentFault::Brace('}', '{'));
        }
    }
    out.push_str(rest);
    if next.next().is_some() { Err(ArgumentFault::Count) } else { Ok(out) }
}

/// Parses JSON. A blank text is null.
fn parse(source: &str) -> Option<Value> {
    if source.trim().is_empty() { Some(Value::Null) } else { crate::read_json(source).ok() }
}

fn partition(items: &[Value], size: i64) -> Option<Value> {
    let size = usize::try_from(size).ok().filter(|s| *s > 0)?;
    Some(Value::Array(items.chunks(size).map(|c| Value::Array(c.to_vec())).collect()))
}

/// Whether the list has the value. The service compares their texts: the string `true` equals the boolean.
fn contains(items: &[Value], wanted: &Value) -> bool {
    let wanted = java::text(wanted);
    items.iter().any(|item| java::text(item) == wanted)
}

/// An empty array has null at every index.
fn item(items: &[Value], index: i64) -> Option<Value> {
    let found = usize::try_from(index).ok().and_then(|i| items.get(i)).cloned();
    found.or_else(|| items.is_empty().then_some(Value::Null))
}

fn range(from: i64, to: i64, step: i64) -> Option<Value> {
    if step == 0 {
        return None;
    }
    let (low, high, stride) = (i128::from(from), i128::from(to), i128::from(step));
    let backwards = (step > 0 && from > to) || (step < 0 && from < to);
    let count = if backwards { 0 } else { (high - low) / stride + 1 };
    let items = || Value::Array((0..count).map(|i| Value::from((low + i * stride) as i64)).collect());
    (count <= i128::from(RANGE)).then(items)
}

/// Decodes base64 as the service does: it skips other characters, and stops at the first padding.
fn decode(source: &str) -> Option<Value> {
    let mut letters: Vec<u8> = source
        .bytes()
        .take_while(|b| *b != b'=')
        .map(|b| match b {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        .collect();
    // Six bits are less than a byte.
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    let bytes = LENIENT.decode(letters).ok()?;
    Some(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}

fn hash(data: &Value, algorithm: &str) -> Option<Value> {
    let data = match data {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_string()),
    };
    if is_short(&data) { digest(data.as_bytes(), algorithm).map(Value::String) } else { None }
}

/// The digest in hexadecimal, or `None` for an unknown algorithm.
pub(super) fn digest(data: &[u8], algorithm: &str) -> Option<String> {
    use sha2::Digest;
    let bytes = match algorithm {
        "MD5" => md5::Md5::digest(data).to_vec(),
        "SHA-1" => sha1::Sha1::digest(data).to_vec(),
        "SHA-256" => sha2::Sha256::digest(data).to_vec(),
        "SHA-384" => sha2::Sha384::digest(data).to_vec(),
        "SHA-512" => sha2::Sha512::digest(data).to_vec(),
        _ => return None,
    };
    Some(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// The last argument must not ask for a deep merge, which does not exist; the service ignores other values.
fn merge(first: &Value, second: &Value, deep: &Value) -> Option<Value> {
    match (first, second, deep) {
        (_, _, Value::Bool(true)) => None,
        (Value::Object(a), Value::Object(b), _) => {
            let mut merged: Map<String, Value> = a.clone();
            merged.extend(b.iter().map(|(k, v)| (k.clone(), v.clone())));
            Some(Value::Object(merged))
        }
        _ => None,
    }
}

fn random(arguments: &[Cow<'_, Value>], environment: &dyn Environment) -> Option<Value> {
    let whole = |i: usize| truncated(&arguments[i]).and_then(|n| i32::try_from(n).ok());
    let (low, high) = (whole(0)?, whole(1)?);
    let width = u32::try_from(i64::from(high) - i64::from(low)).ok().filter(|w| *w > 0)?;
    let above = match arguments.get(2) {
        Some(seed) => java::seeded(truncated(seed)?, width),
        None => (environment.random() % u64::from(width)) as u32,
    };
    Some(Value::from(i64::from(low) + i64::from(above)))
}

/// SplitMix64: the same seed always gives the same number.
#[cfg(any(feature = "jsonata", test))]
pub(super) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Every character of `delimiters` separates; empty pieces are left out.
fn split(source: &str, delimiters: &str) -> Value {
    let pieces = source.split(|c| delimiters.contains(c)).filter(|p| !p.is_empty());
    Value::Array(pieces.map(Value::from).collect())
}
