//! What a plain scalar says, by the core schema of YAML 1.2 (its specification, section 10.3.2).

use crate::Words;
use crate::error::What;

/// A scalar as JSON has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text(String),
    /// A number, `true`, `false` or `null`, as JSON writes it.
    Raw(String),
}

/// Reads a plain scalar without a tag.
pub(crate) fn plain(text: &str, words: Words) -> Result<Scalar, What> {
    if let Some(raw) = null(text).or_else(|| bool(text, words)) {
        return Ok(Scalar::Raw(raw.to_owned()));
    }
    Ok(number(text)?.map_or_else(|| Scalar::Text(text.to_owned()), Scalar::Raw))
}

/// Reads a scalar by a tag of the core schema, such as `str`. `None` for a tag that is not of it.
pub(crate) fn tagged(tag: &str, text: &str) -> Option<Result<Scalar, What>> {
    let (raw, expected) = match tag {
        "str" => return Some(Ok(Scalar::Text(text.to_owned()))),
        "null" => (Ok(null(text).map(str::to_owned)), "nothing, `~` or `null`"),
        "bool" => (Ok(bool(text, Words::Strings).map(str::to_owned)), "`true` or `false`"),
        "int" => (number(text).map(|raw| raw.filter(|raw| !raw.contains(['.', 'e', 'E']))), "an integer"),
        "float" => (number(text), "a number"),
        _ => return None,
    };
    let misfit = || What::TagValue { tag: format!("!!{tag}"), expected };
    Some(raw.and_then(|raw| raw.map(Scalar::Raw).ok_or_else(misfit)))
}

fn null(text: &str) -> Option<&'static str> {
    matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some("null")
}

fn bool(text: &str, words: Words) -> Option<&'static str> {
    match text {
        "true" | "True" | "TRUE" => Some("true"),
        "false" | "False" | "FALSE" => Some("false"),
        // YAML 1.1's type `bool`; its single letters were never obeyed by the libraries in use.
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" if words == Words::Booleans => Some("true"),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" if words == Words::Booleans => Some("false"),
        _ => None,
    }
}

/// A number as JSON writes it, with the digits of the text.
fn number(text: &str) -> Result<Option<String>, What> {
    let (sign, rest) = match text.as_bytes().first() {
        Some(b'-') => ("-", &text[1..]),
        Some(b'+') => ("", &text[1..]),
        _ => ("", text),
    };
    if matches!(rest, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(What::Number(text.to_owned()));
    }
    if let Some((digits, base)) = based(text) {
        let value = u128::from_str_radix(digits, base).map_err(|_| What::Number(text.to_owned()))?;
        return Ok(Some(value.to_string()));
    }
    Ok(decimal(rest).map(|digits| format!("{sign}{digits}")))
}

/// The digits of `0x1f` and `0o17`, and their base.
fn based(text: &str) -> Option<(&str, u32)> {
    let (digits, base) = match text.get(..2)? {
        "0x" => (&text[2..], 16),
        "0o" => (&text[2..], 8),
        _ => return None,
    };
    (!digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base))).then_some((digits, base))
}

/// `12`, `1.50`, `.5`, `5.` and `1e3` in JSON's spelling. `None` for anything else, and for `012`.
fn decimal(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let power = exponent.trim_start_matches(['e', 'E']);
    let power = power.strip_prefix(['+', '-']).unwrap_or(power);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(power) || (power.is_empty() != exponent.is_empty()) {
        return None;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{whole}{dot}{fraction}{exponent}"))
}
