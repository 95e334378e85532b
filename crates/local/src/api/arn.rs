//! ARNs, names and tokens of the API.

use sha2::{Digest, Sha256};

use super::error::ApiError;

/// The key under which a definition's text is stored.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The types of resource in ARNs of Step Functions. Versions and aliases belong to `stateMachine`.
pub const MACHINE: &str = "stateMachine";
pub const EXECUTION: &str = "execution";
pub const ACTIVITY: &str = "activity";
pub const RUN: &str = "mapRun";

/// Checks that a text is an ARN of one of these types of resource.
///
/// # Errors
/// AWS's `InvalidArn`.
pub fn check_arn(arn: &str, types: &[&str]) -> Result<(), ApiError> {
    let invalid = |why: &str, what: &str| Err(ApiError::new("InvalidArn", format!("Invalid Arn: '{why}: {what}'")));
    if !arn.starts_with("arn:") {
        return invalid("Invalid ARN prefix", arn);
    }
    let parts: Vec<&str> = arn.split(':').collect();
    if let Some(service) = parts.get(2).filter(|service| **service != "states") {
        return invalid("Service not valid in this context", service);
    }
    let [_, _, _, _, _, kind, _, ..] = parts[..] else {
        return invalid("Resource type not valid in this context", parts.get(5).copied().unwrap_or(arn));
    };
    if types.contains(&kind) { Ok(()) } else { invalid("Resource type not valid in this context", kind) }
}

/// Checks that a text is the ARN of a role, in whatever partition.
///
/// # Errors
/// AWS's `InvalidArn`.
pub fn check_role(arn: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_role = match parts[..] {
        ["arn", partition, "iam", "", account, role] => {
            (partition == "aws" || partition.starts_with("aws-"))
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && role.strip_prefix("role/").is_some_and(|name| !name.is_empty())
        }
        _ => false,
    };
    if is_role { Ok(()) } else { Err(ApiError::new("InvalidArn", format!("Invalid Role Arn: '{arn}'"))) }
}

/// Refuses the ARN of a distributed map in a machine, `stateMachine:MACHINE/LABEL`: it cannot be started or changed.
///
/// # Errors
/// AWS's `ValidationException`.
pub fn check_no_map(machine_arn: &str) -> Result<(), ApiError> {
    if !machine_arn.contains('/') {
        return Ok(());
    }
    let message =
        format!("A state machine ARN that refers to a Distributed Map state is not allowed here: '{machine_arn}'");
    Err(ApiError::new("ValidationException", message))
}

/// Checks the name of a state machine, an execution or an activity: 1 to 80 characters, none of which AWS forbids.
///
/// # Errors
/// AWS's `InvalidName`.
pub fn check_name(name: &str) -> Result<(), ApiError> {
    let forbidden = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(letter)
            || ('\u{fffe}'..='\u{ffff}').contains(&letter)
    };
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(forbidden) {
        return Err(ApiError::new("InvalidName", format!("Invalid Name: '{name}'")));
    }
    Ok(())
}

/// A page of a list. `nextToken` holds the position at which the next page begins, and a mark of the request: its other
/// parameters, such as filters.
///
/// # Errors
/// A token that AWS refuses.
pub fn page<T>(
    items: Vec<T>,
    size: Option<i64>,
    token: Option<&str>,
    question: &str,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let (size, from) = (page_size(size), place(token, question)?.unwrap_or(0));
    let more = items.len() > from.saturating_add(size);
    let next = more.then(|| write_token(from + size, question));
    Ok((items.into_iter().skip(from).take(size).collect(), next))
}

/// A page of a list that grows at its end, as the positions of its items; `reverse` begins with the last one.
/// `nextToken` holds the item at which the next page begins, so items that are added between two pages shift nothing.
///
/// # Errors
/// A token that AWS refuses.
pub fn page_of_growing(
    length: usize,
    reverse: bool,
    wanted: impl Fn(usize) -> bool,
    size: Option<i64>,
    token: Option<&str>,
    question: &str,
) -> Result<(Vec<usize>, Option<String>), ApiError> {
    let (size, from) = (page_size(size), place(token, question)?);
    let (first, end) = match from {
        None => (0, length),
        Some(from) if reverse => (0, length.min(from.saturating_add(1))),
        Some(from) => (from.min(length), length),
    };
    let mut found = Vec::new();
    for step in 0..end - first {
        let place = if reverse { end - 1 - step } else { first + step };
        if !wanted(place) {
            continue;
        }
        if found.len() == size {
            return Ok((found, Some(write_token(place, question))));
        }
        found.push(place);
    }
    Ok((found, None))
}

/// The size of a page that a request asks for. Services that refuse one out of range do it with their own `code`.
///
/// # Errors
/// It is not between 1 and `most`.
pub fn size_within(code: &'static str, parameter: &str, size: Option<i64>, most: i64) -> Result<Option<i64>, ApiError> {
    let bound = match size {
        Some(asked) if asked < 1 => "greater than or equal to 1".to_owned(),
        Some(asked) if asked > most => format!("less than or equal to {most}"),
        _ => return Ok(size),
    };
    let shown = size.map(|asked| format!("'{asked}' ")).unwrap_or_default();
    let failure = ApiError::failure(&shown, parameter, &format!("have value {bound}"));
    Err(ApiError::new(code, format!("1 validation error detected: {failure}")))
}

/// The number that a text stands for, in the services whose parameters are texts.
///
/// # Errors
/// It is not a whole number.
pub fn number_in(code: &'static str, parameter: &str, text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| {
        let failure = ApiError::failure(&format!("'{text}' "), parameter, "be a whole number");
        ApiError::new(code, format!("1 validation error detected: {failure}"))
    })
}

/// Without a size, or with 0, a page has 100 items.
fn page_size(size: Option<i64>) -> usize {
    size.filter(|size| *size > 0).and_then(|size| usize::try_from(size).ok()).unwrap_or(100)
}

/// The position that a token holds.
///
/// # Errors
/// It is none of ours, or of another request.
pub fn place(token: Option<&str>, question: &str) -> Result<Option<usize>, ApiError> {
    let refused = |why: String| ApiError::new("InvalidToken", format!("Invalid Token: '{why}'"));
    let Some(token) = token else { return Ok(None) };
    let (place, mark) = read_token(token).ok_or_else(|| refused("Invalid token".to_owned()))?;
    if mark != mark_of(question) {
        return Err(refused(format!("Input inconsistent with page token: {token}")));
    }
    Ok(Some(place))
}

fn mark_of(question: &str) -> String {
    fingerprint(question).chars().take(8).collect()
}

/// The token of a position in the answer to a request.
pub fn write_token(place: usize, question: &str) -> String {
    let text = format!("countersign:{place}:{}", mark_of(question));
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn read_token(token: &str) -> Option<(usize, String)> {
    let bytes: Option<Vec<u8>> =
        token.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let text = String::from_utf8(bytes?).ok()?;
    let (place, mark) = text.strip_prefix("countersign:")?.split_once(':')?;
    Some((place.parse().ok()?, mark.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let items: Vec<u32> = (0..5).collect();
        let (first, token) = page(items.clone(), Some(2), None, "q").unwrap();
        let (second, token) = page(items.clone(), Some(2), token.as_deref(), "q").unwrap();
        let (third, end) = page(items, Some(2), token.as_deref(), "q").unwrap();
        assert_eq!((first, second, third, end), (vec![0, 1], vec![2, 3], vec![4], None));
        assert_eq!(page(vec![1], None, Some("zz"), "q").unwrap_err().code, "InvalidToken");
    }

    #[test]
    fn sizes_out_of_range_are_refused_with_the_bound() {
        for size in [None, Some(1), Some(50)] {
            assert_eq!(size_within("ValidationError", "maxItems", size, 50), Ok(size));
        }
        for (size, bound) in [(0, "greater than or equal to 1"), (51, "less than or equal to 50")] {
            let error = size_within("ValidationError", "maxItems", Some(size), 50).unwrap_err();
            let message = format!(
                "1 validation error detected: Value '{size}' at 'maxItems' failed to satisfy constraint: Member must have \
                 value {bound}"
            );
            assert_eq!((error.code, error.message), ("ValidationError", message));
        }
        assert_eq!(number_in("ValidationError", "maxItems", "7"), Ok(7));
        for text in ["", "x", "1.5", "99999999999999999999"] {
            assert_eq!(number_in("ValidationError", "maxItems", text).unwrap_err().code, "ValidationError", "{text}");
        }
    }

    #[test]
    fn a_token_goes_on_with_its_own_question_only() {
        let (_, token) = page(vec![1, 2], Some(1), None, "of M").unwrap();
        let token = token.unwrap();
        let error = page(vec![1, 2], Some(1), Some(&token), "of N").unwrap_err();
        assert_eq!(error.code, "InvalidToken");
        assert_eq!(error.message, format!("Invalid Token: 'Input inconsistent with page token: {token}'"));
    }

    #[test]
    fn what_is_added_between_two_pages_moves_nothing() {
        let even = |place: usize| place.is_multiple_of(2);
        let (first, token) = page_of_growing(8, true, even, Some(2), None, "q").unwrap();
        let (second, end) = page_of_growing(12, true, even, Some(2), token.as_deref(), "q").unwrap();
        assert_eq!((first, second, end), (vec![6, 4], vec![2, 0], None));
        let (first, token) = page_of_growing(3, false, |_| true, Some(2), None, "q").unwrap();
        let (second, end) = page_of_growing(4, false, |_| true, None, token.as_deref(), "q").unwrap();
        assert_eq!((first, second, end), (vec![0, 1], vec![2, 3], None));
        assert_eq!(page_of_growing(1, false, |_| true, None, token.as_deref(), "q").unwrap(), (vec![], None));
        assert_eq!(page_of_growing(0, true, |_| true, None, token.as_deref(), "q").unwrap(), (vec![], None));
    }

    #[test]
    fn names_are_refused_as_aws_refuses_them() {
        for bad in ["", "a b", "a:b", "a\u{1f}", "a\u{7f}", "a/b", &"x".repeat(81)] {
            assert_eq!(check_name(bad).unwrap_err().code, "InvalidName", "{bad:?}");
        }
        assert!(check_name("state.machine-1_é").is_ok());
    }

    #[test]
    fn arns_are_of_the_type_that_is_asked_for() {
        let refused = |arn: &str| check_arn(arn, &[EXECUTION]).unwrap_err().message;
        assert_eq!(refused("invalid"), "Invalid Arn: 'Invalid ARN prefix: invalid'");
        let place = "arn:aws:states:us-east-1:000000000000";
        for kind in ["stateMachine:m", "activity:a", "express:m:e:1"] {
            let name = kind.split(':').next().unwrap();
            let message = format!("Invalid Arn: 'Resource type not valid in this context: {name}'");
            assert_eq!(refused(&format!("{place}:{kind}")), message);
        }
        assert!(check_arn(&format!("{place}:execution:m:e"), &[EXECUTION]).is_ok());
        for (arn, service) in
            [("arn:aws:lambda:us-east-1:000000000000:function:f", "lambda"), ("arn:aws:iam::1:role/r", "iam")]
        {
            assert_eq!(refused(arn), format!("Invalid Arn: 'Service not valid in this context: {service}'"));
        }
    }

    #[test]
    fn roles_are_of_iam() {
        for right in ["arn:aws:iam::000000000000:role/r", "arn:aws-us-gov:iam::123456789012:role/a/path/r"] {
            assert!(check_role(right).is_ok(), "{right}");
        }
        for wrong in [
            "nonsense",
            "arn:aws:iam::1234:role/r",
            "arn:aws:iam::000000000000:user/u",
            "arn:aws:iam::000000000000:role/",
            "arn:aws:lambda:us-east-1:000000000000:function:f",
            "arn:azure:iam::000000000000:role/r",
        ] {
            let error = check_role(wrong).unwrap_err();
            assert_eq!((error.code, error.message), ("InvalidArn", format!("Invalid Role Arn: '{wrong}'")));
        }
    }
}
