//! What the intrinsic functions compute.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::Environment;
use super::intrinsics::unescape;

/// Largest array that `States.ArrayRange` makes.
const RANGE: i64 = 1000;
/// Longest text that `States.Base64Encode`, `States.Base64Decode` and `States.Hash` take.
const LONG: usize = 10_000;

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
        Err(format!("{name} takes {wanted}, {given} are given"))
    }
}

/// Computes one function. The number of arguments has been checked.
///
/// # Errors
/// Why the function refuses its arguments.
pub fn apply(function: Function, arguments: &[Cow<'_, Value>], environment: &dyn Environment) -> Result<Value, String> {
    let arg = |i: usize| arguments[i].as_ref();
    Ok(match function {
        Function::Format => Value::String(format(text(arg(0), "first")?, &arguments[1..])?),
        Function::StringToJson => {
            let source = text(arg(0), "first")?;
            serde_json::from_str(source).map_err(|_| format!("The first argument is not valid JSON: {source}"))?
        }
        Function::JsonToString => Value::String(arg(0).to_string()),
        Function::Array => Value::Array(arguments.iter().map(|a| a.as_ref().clone()).collect()),
        Function::ArrayPartition => partition(array(arg(0), "first")?, rounded(arg(1), "second")?)?,
        Function::ArrayContains => Value::Bool(array(arg(0), "first")?.contains(arg(1))),
        Function::ArrayRange => {
            range(rounded(arg(0), "first")?, rounded(arg(1), "second")?, rounded(arg(2), "third")?)?
        }
        Function::ArrayGetItem => {
            let index = rounded(arg(1), "second")?;
            let item = usize::try_from(index).ok().and_then(|i| array(arg(0), "first").ok()?.get(i));
            item.cloned().ok_or_else(|| format!("The index {index} is out of the bounds of the array"))?
        }
        Function::ArrayLength => Value::from(array(arg(0), "first")?.len()),
        Function::ArrayUnique => unique(array(arg(0), "first")?),
        Function::Base64Encode => Value::String(STANDARD.encode(short(arg(0))?)),
        Function::Base64Decode => decode(short(arg(0))?)?,
        Function::Hash => hash(arg(0), text(arg(1), "second")?)?,
        Function::JsonMerge => merge(arg(0), arg(1), arg(2))?,
        Function::MathRandom => {
            random(&arguments.iter().map(|a| rounded(a, "every")).collect::<Result<Vec<_>, _>>()?, environment)?
        }
        Function::MathAdd => Value::from(
            rounded(arg(0), "first")?
                .checked_add(rounded(arg(1), "second")?)
                .ok_or("The sum is out of the range of an integer")?,
        ),
        Function::StringSplit => split(text(arg(0), "first")?, text(arg(1), "second")?),
        Function::Uuid => Value::String(super::uuid(environment)),
    })
}

fn text<'a>(value: &'a Value, which: &str) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("The {which} argument must be a string"))
}

fn array<'a>(value: &'a Value, which: &str) -> Result<&'a Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("The {which} argument must be an array"))
}

fn short(value: &Value) -> Result<&str, String> {
    let text = text(value, "first")?;
    if text.chars().count() > LONG {
        return Err(format!("The first argument must not be longer than {LONG} characters"));
    }
    Ok(text)
}

/// An integer; fractions are rounded to the nearest one, halves up.
fn rounded(value: &Value, which: &str) -> Result<i64, String> {
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|f| (f + 0.5).floor() as i64))
        .ok_or_else(|| format!("The {which} argument must be a number"))
}

fn format(template: &str, arguments: &[Cow<'_, Value>]) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    let mut next = arguments.iter();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('\\') {
            let end = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            out.push_str(&unescape(&rest[..end]));
            rest = &rest[end..];
        } else if let Some(after) = rest.strip_prefix("{}") {
            match next.next().map(AsRef::as_ref) {
                Some(value) => show(value, &mut out),
                None => return Err("The number of arguments does not match the number of '{}' in the template".into()),
            }
            rest = after;
        } else {
            return Err("The template has a '{' that is neither '{}' nor escaped as '\\{'".into());
        }
    }
    out.push_str(rest);
    match next.next() {
        Some(_) => Err("The number of arguments does not match the number of '{}' in the template".into()),
        None => Ok(out),
    }
}

/// Values as the service shows them within a text: objects as `{a=1, b=[]}`, texts bare.
fn show(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                show(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (i, (key, inner)) in fields.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                out.push_str(key);
                out.push('=');
                show(inner, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn partition(items: &[Value], size: i64) -> Result<Value, String> {
    let size = usize::try_from(size).ok().filter(|s| *s > 0);
    let size = size.ok_or("The second argument must be a positive integer")?;
    Ok(Value::Array(items.chunks(size).map(|c| Value::Array(c.to_vec())).collect()))
}

fn range(from: i64, to: i64, step: i64) -> Result<Value, String> {
    if step == 0 {
        return Err("The third argument must not be zero".into());
    }
    let (low, high, stride) = (i128::from(from), i128::from(to), i128::from(step));
    let backwards = (step > 0 && from > to) || (step < 0 && from < to);
    let count = if backwards { 0 } else { (high - low) / stride + 1 };
    if count > i128::from(RANGE) {
        return Err(format!("The array would have more than {RANGE} items"));
    }
    Ok(Value::Array((0..count).map(|i| Value::from((low + i * stride) as i64)).collect()))
}

fn unique(items: &[Value]) -> Value {
    let mut seen = std::collections::BTreeSet::new();
    Value::Array(items.iter().filter(|v| seen.insert(v.to_string())).cloned().collect())
}

fn decode(source: &str) -> Result<Value, String> {
    let bytes = STANDARD.decode(source).map_err(|_| "The first argument is not valid Base64")?;
    Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}

fn hash(data: &Value, algorithm: &str) -> Result<Value, String> {
    let data = match data {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_string()),
    };
    if data.chars().count() > LONG {
        return Err(format!("The first argument must not be longer than {LONG} characters"));
    }
    digest(data.as_bytes(), algorithm)
        .map(Value::String)
        .ok_or_else(|| format!("The algorithm '{algorithm}' is not one of MD5, SHA-1, SHA-256, SHA-384, SHA-512"))
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

fn merge(first: &Value, second: &Value, deep: &Value) -> Result<Value, String> {
    match (first, second, deep) {
        (Value::Object(a), Value::Object(b), Value::Bool(false)) => {
            let mut merged: Map<String, Value> = a.clone();
            merged.extend(b.iter().map(|(k, v)| (k.clone(), v.clone())));
            Ok(Value::Object(merged))
        }
        (_, _, Value::Bool(true)) => Err("Deep merging is not supported: the third argument must be false".into()),
        (_, _, Value::Bool(false)) => Err("The first and the second argument must be objects".into()),
        _ => Err("The third argument must be false".into()),
    }
}

fn random(arguments: &[i64], environment: &dyn Environment) -> Result<Value, String> {
    let (low, high) = (arguments[0], arguments[1]);
    if high <= low {
        return Err("The second argument must be greater than the first".into());
    }
    let bits = arguments.get(2).map_or_else(|| environment.random(), |seed| mix(*seed as u64));
    let width = (high as i128 - low as i128) as u128;
    Ok(Value::from((low as i128 + (u128::from(bits) % width) as i128) as i64))
}

/// SplitMix64: the same seed always gives the same number.
pub(super) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Every character of `delimiters` separates; empty pieces are left out.
fn split(source: &str, delimiters: &str) -> Value {
    if delimiters.is_empty() {
        return Value::Array(vec![Value::from(source)]);
    }
    let pieces = source.split(|c| delimiters.contains(c)).filter(|p| !p.is_empty());
    Value::Array(pieces.map(Value::from).collect())
}
