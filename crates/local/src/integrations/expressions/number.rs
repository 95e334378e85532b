//! Numbers of up to 38 digits, which DynamoDB keeps as texts and counts with exactly.

use std::cmp::Ordering;

use serde_json::{Value, json};

/// `digits` divided by ten to the `scale`.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (text, exponent) = match text.split_once(['e', 'E']) {
            Some((text, exponent)) => (text, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()? - exponent;
        match u32::try_from(scale) {
            Ok(scale) => Some(Self { digits, scale }),
            Err(_) => Some(Self { digits: digits.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?, scale: 0 }),
        }
    }

    /// Both with the greater scale.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let digits = |one: Self| one.digits.checked_mul(10_i128.checked_pow(scale - one.scale)?);
        Some((digits(self)?, digits(other)?, scale))
    }

    fn written(self) -> String {
        let (mut digits, mut scale) = (self.digits, self.scale);
        while scale > 0 && digits % 10 == 0 {
            (digits, scale) = (digits / 10, scale - 1);
        }
        if scale == 0 {
            return digits.to_string();
        }
        let places = scale as usize;
        let text = format!("{:0>width$}", digits.unsigned_abs(), width = places + 1);
        let (whole, fraction) = text.split_at(text.len() - places);
        format!("{}{whole}.{fraction}", if digits < 0 { "-" } else { "" })
    }
}

fn decimal(value: &Value) -> Option<Decimal> {
    Decimal::parse(value.get("N")?.as_str()?)
}

/// The order of two numbers; `None` where one is none.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    let (left, right, _) = decimal(left)?.aligned(decimal(right)?)?;
    Some(left.cmp(&right))
}

/// The sum or the difference of two numbers; `None` where one is none, or has too many digits.
pub(super) fn sum(left: &Value, minus: bool, right: &Value) -> Option<Value> {
    let (left, right, scale) = decimal(left)?.aligned(decimal(right)?)?;
    let digits = if minus { left.checked_sub(right)? } else { left.checked_add(right)? };
    Some(json!({ "N": Decimal { digits, scale }.written() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: &str, minus: bool, right: &str, expect: &str) {
        let number = |text: &str| json!({ "N": text });
        assert_eq!(sum(&number(left), minus, &number(right)), Some(number(expect)), "{left} and {right}");
    }

    #[test]
    fn sums_are_exact() {
        check("0.1", false, "0.2", "0.3");
        check("1", true, "1.50", "-0.5");
        check("9007199254740993", false, "1e3", "9007199254741993");
        check("1.5e-2", false, "0", "0.015");
        check("0.5", false, "0.5", "1");
        assert_eq!(order(&json!({ "N": "1.0" }), &json!({ "N": "1" })), Some(Ordering::Equal));
        assert_eq!(sum(&json!({ "S": "1" }), false, &json!({ "N": "1" })), None);
    }
}
