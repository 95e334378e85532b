//! The names of parameters: hierarchies of parts between slashes.

use crate::api::error::ApiError;
use crate::host::AccountRegion;

/// The most parts of a name.
const LEVELS: usize = 15;
/// The most characters of a name, with what its ARN has before it.
const LONGEST: usize = 1_011;

/// The ARN of a parameter; an ARN is its own.
pub fn arn(caller: &AccountRegion, name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    caller.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')))
}

/// Checks the name of a new parameter.
///
/// # Errors
/// AWS's `ValidationException` or `HierarchyLevelLimitExceededException`.
pub fn check(name: &str) -> Result<(), ApiError> {
    let invalid = |why: &str| Err(ApiError::new("ValidationException", format!("Parameter name: {why}")));
    if name.is_empty() || name.len() > LONGEST {
        return Err(ApiError::constraint("name", "have length between 1 and 1011"));
    }
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "/.-_".contains(letter);
    let parts: Vec<&str> = name.strip_prefix('/').unwrap_or(name).split('/').collect();
    if !name.chars().all(legal) || parts.iter().any(|part| part.is_empty()) {
        return invalid(
            "can only include the letters a-z, A-Z, the digits 0-9 and the symbols .-_. If formed as a path, it can \
             consist of sub-paths divided by slash symbol; each sub-path must have at least one of these characters.",
        );
    }
    if parts.len() > 1 && !name.starts_with('/') {
        return invalid("must be a fully qualified name: a path begins with a slash.");
    }
    let first = parts[0].to_ascii_lowercase();
    if first.starts_with("aws") || first.starts_with("ssm") {
        return invalid("can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).");
    }
    if parts.len() > LEVELS {
        return Err(ApiError::new(
            "HierarchyLevelLimitExceededException",
            format!("A hierarchy can have a maximum of {LEVELS} levels: {name}"),
        ));
    }
    Ok(())
}

/// The parts of a reference: the name, and the version or label after a colon.
pub fn selected(reference: &str) -> (&str, Option<&str>) {
    // An ARN has colons of its own: its name begins after the sixth part's.
    let from = if reference.starts_with("arn:") { reference.find(":parameter/").map_or(0, |at| at + 1) } else { 0 };
    match reference[from..].split_once(':') {
        Some((name, selector)) => (&reference[..from + name.len()], Some(selector)),
        None => (reference, None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn names_are_paths_of_plain_letters() {
        for right in ["a", "/a", "/shop/payment-arn", "/a/b.c_d", "a.b"] {
            assert!(check(right).is_ok(), "{right}");
        }
        let deep = format!("/{}", vec!["x"; 16].join("/"));
        for (wrong, code) in [
            ("", "ValidationException"),
            ("/", "ValidationException"),
            ("/a//b", "ValidationException"),
            ("/a/", "ValidationException"),
            ("a/b", "ValidationException"),
            ("a b", "ValidationException"),
            ("é", "ValidationException"),
            ("/awsome", "ValidationException"),
            ("SSMx", "ValidationException"),
            (&deep, "HierarchyLevelLimitExceededException"),
        ] {
            assert_eq!(check(wrong).unwrap_err().code, code, "{wrong}");
        }
    }

    #[test]
    fn a_reference_may_select_a_version() {
        let arn = "arn:aws:ssm:us-east-1:000000000000:parameter/a/b";
        assert_eq!(selected("/a/b"), ("/a/b", None));
        assert_eq!(selected("/a/b:3"), ("/a/b", Some("3")));
        assert_eq!(selected(arn), (arn, None));
        assert_eq!(selected(&format!("{arn}:live")), (arn, Some("live")));
    }
}
