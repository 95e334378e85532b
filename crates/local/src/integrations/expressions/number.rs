//! Numbers of up to 38 digits, which DynamoDB stores as texts and computes with exactly.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::integrations::tables::{TableRefusal, invalid};

/// The most significant digits of a number.
const DIGITS: usize = 38;
/// The range of the first digit's exponent in DynamoDB.
const LARGEST: i64 = 125;
const SMALLEST: i64 = -130;

/// `digits` times ten to the `exponent`: at most 38 digits, without zeros at the end. Zero is `0` and `0`.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    exponent: i64,
}

impl Decimal {
    /// A number of these digits; the error says why DynamoDB refuses it.
    fn of(digits: i128, exponent: i64) -> Result<Self, TableRefusal> {
        let (mut digits, mut exponent) = (digits, exponent);
        if digits == 0 {
            return Ok(Self { digits: 0, exponent: 0 });
        }
        while digits % 10 == 0 {
            (digits, exponent) = (digits / 10, exponent + 1);
        }
        let number = Self { digits, exponent };
        if number.length() > DIGITS {
            return Err(too_long());
        }
        let outside = |what: &str, than: &str| {
            invalid(format!("Number {what}. Attempting to store a number with magnitude {than} than supported range"))
        };
        match number.first() {
            first if first > LARGEST => Err(outside("overflow", "larger")),
            first if first < SMALLEST => Err(outside("underflow", "smaller")),
            _ => Ok(number),
        }
    }

    fn parse(text: &str) -> Result<Self, TableRefusal> {
        let wrong = || invalid(format!("The parameter cannot be converted to a numeric value: {text}"));
        let (number, exponent) = match text.split_once(['e', 'E']) {
            // Far outside the range already, and far from the limits of the type.
            Some((number, exponent)) => (number, i64::from(exponent.parse::<i32>().map_err(|_| wrong())?)),
            None => (text, 0),
        };
        let (negative, number) = match number.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let exponent = exponent - i64::try_from(fraction.len()).map_err(|_| wrong())?;
        let without_end = all.trim_end_matches('0');
        let ended = i64::try_from(all.len() - without_end.len()).map_err(|_| wrong())?;
        let significant = without_end.trim_start_matches('0');
        if significant.len() > DIGITS {
            return Err(too_long());
        }
        let digits: i128 = if significant.is_empty() { 0 } else { significant.parse().map_err(|_| wrong())? };
        Self::of(if negative { -digits } else { digits }, exponent + ended)
    }

    /// How many digits there are.
    fn length(self) -> usize {
        self.digits.unsigned_abs().checked_ilog10().map_or(1, |most| most as usize + 1)
    }

    /// The exponent of the first digit.
    fn first(self) -> i64 {
        self.exponent + i64::try_from(self.length()).unwrap_or(i64::MAX) - 1
    }

    /// The digits of the number, written down to this exponent, which is not above its own.
    fn down_to(self, exponent: i64) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(u32::try_from(self.exponent - exponent).ok()?)?)
    }

    fn order(self, other: Self) -> Ordering {
        let sign = self.digits.signum().cmp(&other.digits.signum());
        if sign.is_ne() || self.digits == 0 {
            return sign;
        }
        // Of two numbers whose first digits are equally high, neither gets more digits than a number may have.
        let exponent = self.exponent.min(other.exponent);
        let by_digits = self.down_to(exponent).cmp(&other.down_to(exponent));
        let by_size = self.first().cmp(&other.first());
        let by_size = if self.digits < 0 { by_size.reverse() } else { by_size };
        by_size.then(by_digits)
    }

    fn sum(self, other: Self) -> Result<Self, TableRefusal> {
        if self.digits == 0 || other.digits == 0 {
            return Ok(if self.digits == 0 { other } else { self });
        }
        let exponent = self.exponent.min(other.exponent);
        let digits = self.down_to(exponent).zip(other.down_to(exponent));
        let digits = digits.and_then(|(one, other)| one.checked_add(other)).ok_or_else(too_long)?;
        Self::of(digits, exponent)
    }

    fn written(self) -> String {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = self.digits.unsigned_abs().to_string();
        let places = usize::try_from(self.exponent.unsigned_abs()).unwrap_or_default();
        if self.exponent >= 0 {
            return format!("{sign}{digits}{}", "0".repeat(places));
        }
        let filled = format!("{}{digits}", "0".repeat((places + 1).saturating_sub(digits.len())));
        let (whole, fraction) = filled.split_at(filled.len() - places);
        format!("{sign}{whole}.{fraction}")
    }
}

fn too_long() -> TableRefusal {
    invalid(format!("Attempting to store more than {DIGITS} significant digits in a Number"))
}

fn decimal(value: &Value) -> Option<Decimal> {
    Decimal::parse(value.get("N")?.as_str()?).ok()
}

/// A number's text in DynamoDB's form: without superfluous zeros.
///
/// # Errors
/// It is not a number, or one that DynamoDB refuses.
pub(super) fn normal(text: &str) -> Result<String, TableRefusal> {
    Decimal::parse(text).map(Decimal::written)
}

/// The order of two numbers; `None` if one is not a number.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    Some(decimal(left)?.order(decimal(right)?))
}

/// The sum or the difference of two numbers; `None` if one is not a number.
///
/// # Errors
/// The result has too many digits.
pub(super) fn sum(left: &Value, minus: bool, right: &Value) -> Option<Result<Value, TableRefusal>> {
    let (left, right) = (decimal(left)?, decimal(right)?);
    let right = if minus { Decimal { digits: -right.digits, ..right } } else { right };
    Some(left.sum(right).map(|sum| json!({ "N": sum.written() })))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    fn number(text: &str) -> Value {
        json!({ "N": text })
    }

    #[track_caller]
    fn check(left: &str, minus: bool, right: &str, expect: &str) {
        assert_eq!(sum(&number(left), minus, &number(right)), Some(Ok(number(expect))), "{left} and {right}");
    }

    #[test]
    fn sums_are_exact() {
        check("0.1", false, "0.2", "0.3");
        check("1", true, "1.50", "-0.5");
        check("9007199254740993", false, "1e3", "9007199254741993");
        check("1.5e-2", false, "0", "0.015");
        check("0.5", false, "0.5", "1");
        check("-1E+2", false, "100", "0");
        check("1e38", true, "1", "99999999999999999999999999999999999999");
        assert_eq!(sum(&json!({ "S": "1" }), false, &number("1")), None);
        let long = sum(&number("1e100"), false, &number("1")).unwrap().unwrap_err();
        assert_eq!(long.1, "Attempting to store more than 38 significant digits in a Number");
    }

    #[test]
    fn numbers_are_ordered_however_far_apart_they_are() {
        let numbers = ["-1e125", "-2", "-1.5", "-1e-130", "0", "1e-130", "0.001", "1", "1.0001", "12", "1e100"];
        for (at, one) in numbers.iter().enumerate() {
            for (other_at, other) in numbers.iter().enumerate() {
                assert_eq!(order(&number(one), &number(other)), Some(at.cmp(&other_at)), "{one} and {other}");
            }
        }
        assert_eq!(order(&number("1.0"), &number("1")), Some(Ordering::Equal));
    }

    #[test]
    fn numbers_have_one_form_and_an_end() {
        for (text, form) in
            [("1.0", "1"), ("+007", "7"), ("-0", "0"), (".50", "0.5"), ("1e3", "1000"), ("1E-3", "0.001")]
        {
            assert_eq!(normal(text).unwrap(), form);
        }
        assert_eq!(normal(&"9".repeat(38)).unwrap().len(), 38);
        assert_eq!(normal("9.9e125").unwrap().len(), 126);
        for (text, why) in [
            ("", "cannot be converted"),
            ("1.-5", "cannot be converted"),
            ("1e", "cannot be converted"),
            ("NaN", "cannot be converted"),
            ("1e126", "Number overflow"),
            ("1e2147483647", "Number overflow"),
            ("1e-131", "Number underflow"),
            ("1e-2147483648", "Number underflow"),
            ("123456789012345678901234567890123456789", "more than 38 significant digits"),
        ] {
            assert!(normal(text).unwrap_err().1.contains(why), "{text}");
        }
    }
}
