//! Behaviour of the service that comes from Java: the text of a value, the order of a set, seeded random numbers.

use serde_json::Value;

/// A value within a text: objects as `{a=1, b=[]}`, texts bare.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    show(value, &mut out);
    out
}

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
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(double) => out.push_str(&double_text(double)),
            None => out.push_str(&number.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

/// `Double.toString`: plain between a thousandth and ten millions, else as `1.0E7`.
fn double_text(double: f64) -> String {
    let size = double.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{double:?}");
    }
    let scientific = format!("{double:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    format!("{digits}{point}E{exponent}")
}

/// The distinct values in the order in which a `HashSet` made of the list gives them.
pub(super) fn distinct(items: &[Value]) -> Vec<Value> {
    let capacity = (items.len() as f32 / 0.75) as usize + 1;
    let buckets = capacity.max(16).next_power_of_two() as u32;
    let mut seen = std::collections::HashSet::new();
    let mut distinct: Vec<&Value> = items.iter().filter(|item| seen.insert(*item)).collect();
    distinct.sort_by_key(|item| {
        let hash = hash_code(item) as u32;
        (hash ^ (hash >> 16)) & (buckets - 1)
    });
    distinct.into_iter().cloned().collect()
}

/// `Object.hashCode` of the value as Java's collections hold it.
fn hash_code(value: &Value) -> i32 {
    let folded = |bits: u64| (bits ^ (bits >> 32)) as i32;
    match value {
        Value::Null => 0,
        Value::Bool(true) => 1231,
        Value::Bool(false) => 1237,
        Value::Number(number) => match number.as_i64() {
            Some(whole) => i32::try_from(whole).unwrap_or_else(|_| folded(whole as u64)),
            None => folded(number.as_f64().unwrap_or_default().to_bits()),
        },
        Value::String(text) => text_hash(text),
        Value::Array(items) => {
            items.iter().fold(1_i32, |hash, item| hash.wrapping_mul(31).wrapping_add(hash_code(item)))
        }
        Value::Object(fields) => {
            fields.iter().fold(0_i32, |hash, (key, inner)| hash.wrapping_add(text_hash(key) ^ hash_code(inner)))
        }
    }
}

fn text_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// `java.util.Random`: the same seed always gives the same numbers.
struct Random(u64);

impl Random {
    const MASK: u64 = (1 << 48) - 1;

    fn new(seed: i64) -> Random {
        Random((seed as u64 ^ 0x5_DEEC_E66D) & Self::MASK)
    }

    /// The next so many bits.
    fn next(&mut self, bits: u32) -> u64 {
        self.0 = self.0.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & Self::MASK;
        self.0 >> (48 - bits)
    }
}

/// `new Random(seed).nextInt(bound)`.
pub(super) fn seeded(seed: i64, bound: u32) -> u32 {
    let bound = u64::from(bound.clamp(1, i32::MAX as u32));
    let mut random = Random::new(seed);
    if bound.is_power_of_two() {
        return ((bound * random.next(31)) >> 31) as u32;
    }
    // The last, incomplete round of the bound would favour small numbers.
    loop {
        let bits = random.next(31);
        let number = bits % bound;
        if bits - number + (bound - 1) <= i32::MAX as u64 {
            return number as u32;
        }
    }
}

/// `new Random(seed).nextDouble()`.
#[cfg(any(feature = "jsonata", test))]
pub(super) fn seeded_fraction(seed: i64) -> f64 {
    let mut random = Random::new(seed);
    let bits = (random.next(26) << 27) + random.next(27);
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_have_java_s_texts() {
        for (value, expect) in [
            (json!({"a": [1, "x", null], "b": {}}), "{a=[1, x, null], b={}}"),
            (json!([1.5, 100.0, -0.001, 0.0]), "[1.5, 100.0, -0.001, 0.0]"),
            (json!([1e7, -1.25e-5, 1e300]), "[1.0E7, -1.25E-5, 1.0E300]"),
            (json!([9_007_199_254_740_993_i64, true]), "[9007199254740993, true]"),
        ] {
            assert_eq!(text(&value), expect, "{value}");
        }
    }

    #[test]
    fn a_set_has_the_order_of_its_hashes() {
        for (list, expect) in [
            (json!([true, false, true]), json!([false, true])),
            (json!([[1, 2], [1, 2], [2, 1]]), json!([[2, 1], [1, 2]])),
            (json!([null, null, 1, null]), json!([null, 1])),
            (json!([1, "1", "01", 1]), json!([1, "1", "01"])),
            (json!(["b", "a", "b", "c"]), json!(["a", "b", "c"])),
            (json!([{"a": 1, "b": 2}, {"b": 2, "a": 1}]), json!([{"a": 1, "b": 2}])),
            (json!([40, 3, 20]), json!([3, 20, 40])),
            (json!([]), json!([])),
        ] {
            assert_eq!(json!(distinct(list.as_array().map_or(&[], Vec::as_slice))), expect, "{list}");
        }
    }

    #[test]
    fn a_seed_gives_java_s_numbers() {
        for (seed, bound, expect) in [(42, 100, 30), (42, 10, 0), (0, 100, 60), (1, 16, 11), (7, 1000, 236)] {
            assert_eq!(seeded(seed, bound), expect, "seed {seed} below {bound}");
        }
        assert!((seeded_fraction(42) - 0.727_563_680_032_868_1).abs() < 1e-15);
    }
}
