//! Account numbers and secrets that are written into a definition.

use serde_json::Value;

use super::super::{Finding, below, element};
use super::Advice;
use crate::rule::Rule;

/// The account of emulators: no account of AWS has it.
const EMULATOR: &str = "000000000000";

/// The findings in a definition as it is written, with its placeholders.
pub(super) fn findings(definition: &Value) -> Vec<Finding> {
    let mut advice = Advice::default();
    walk(&mut advice, definition, "", "");
    advice.findings
}

fn walk(advice: &mut Advice, value: &Value, path: &str, key: &str) {
    match value {
        Value::String(text) => check(advice, text, path, key),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(advice, item, &element(path, index), key);
            }
        }
        Value::Object(object) => {
            for (key, value) in object.iter().filter(|(key, _)| *key != "Comment") {
                walk(advice, value, &below(path, key), key);
            }
        }
        _ => {}
    }
}

fn check(advice: &mut Advice, text: &str, path: &str, key: &str) {
    if let Some(secret) = secret(text, key) {
        advice.warn(
            Rule::SecretInDefinition,
            path,
            format!("The value looks like {secret}: whoever may read the definition or a history reads it"),
            "Keep it in Secrets Manager, and read it in the function, or have an EventBridge connection send it.",
        );
    } else if let Some(account) = account(text) {
        advice.advise(
            Rule::AccountNumber,
            path,
            format!(
                "The account {account} is written here: in another account the definition fails or reaches this one"
            ),
            "Write a ${Placeholder}, and give it a value in countersign.toml.",
        );
    }
}

/// The account of the first ARN or queue URL that names one.
fn account(text: &str) -> Option<&str> {
    let is_account =
        |word: &&str| word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit()) && *word != EMULATOR;
    let in_arn = text.match_indices("arn:aws").find_map(|(at, _)| text[at..].split(':').nth(4).filter(is_account));
    let in_url = || {
        let (_, rest) = text.split_once("://sqs.")?;
        rest.split('/').nth(1).filter(is_account)
    };
    in_arn.or_else(in_url)
}

/// What secret a value looks like. Computed values, placeholders and references to a secret are none.
fn secret(text: &str, key: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if has_access_key(text) {
        return Some("an access key of AWS");
    }
    for (prefix, least) in
        [("ghp_", 36), ("github_pat_", 40), ("glpat-", 20), ("xoxb-", 20), ("xoxp-", 20), ("sk_live_", 16)]
    {
        if follows(text, prefix, least) {
            return Some("an access token");
        }
    }
    if ["Bearer ", "bearer "].iter().any(|word| follows(text, word, 16)) {
        return Some("a bearer token");
    }
    if has_password_in_url(text) {
        return Some("a URL with a password");
    }
    (names_secret(key) && is_literal(text)).then_some("a password or key")
}

/// An access key's id: four letters of its kind, then 16 capitals and digits.
fn has_access_key(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    ["AKIA", "ASIA"].iter().flat_map(|kind| text.match_indices(kind)).any(|(at, _)| {
        let before = text[..at].bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let length = text[at..].bytes().take_while(|byte| is_part(*byte)).count();
        let after = text.as_bytes().get(at + 20).is_some_and(u8::is_ascii_alphanumeric);
        !before && !after && length == 20
    })
}

/// Whether so many characters of a token follow a prefix, which begins a word.
fn follows(text: &str, prefix: &str, least: usize) -> bool {
    text.match_indices(prefix).any(|(at, _)| {
        let begins = !text[..at].ends_with(|letter: char| letter.is_alphanumeric());
        let rest = &text[at + prefix.len()..];
        let token = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.~+/=".contains(byte)).count();
        begins && token >= least
    })
}

/// `https://user:password@host`, with both as they are.
fn has_password_in_url(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = &text[at + 3..];
        let host = rest.split(['/', '?', '#', ' ', '\'', '"']).next().unwrap_or_default();
        let password = host.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password);
        password.is_some_and(|password| !password.is_empty() && is_literal(password))
    })
}

/// Whether a field's name says that its value is secret.
fn names_secret(key: &str) -> bool {
    const NAMES: [&str; 10] = [
        "password",
        "passwd",
        "passphrase",
        "secretkey",
        "secretaccesskey",
        "apikey",
        "accesstoken",
        "authtoken",
        "clientsecret",
        "privatekey",
    ];
    let plain: String = key.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
    !key.ends_with(".$") && NAMES.iter().any(|name| plain.ends_with(name))
}

/// Whether a text is a value of its own: no expression, path, placeholder, template, ARN or mask.
fn is_literal(text: &str) -> bool {
    let computed = text.starts_with('$') || text.contains("{%") || text.contains("${") || text.contains("{{");
    let masked = text.chars().all(|letter| !letter.is_alphanumeric()) || text.starts_with('<') || text.contains('*');
    text.chars().count() >= 4 && !computed && !masked && !text.starts_with("arn:") && !text.starts_with("States.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_recognised() {
        for (key, text) in [
            ("password", "hunter22"),
            ("DB_Password", "pa ss1"),
            ("x", "AKIAIOSFODNN7EXAMPLE"),
            ("Authorization", "Bearer abcdefghijklmnop12"),
            ("x", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
            ("url", "https://me:s3cret@example.com/x"),
            ("x", "ghp_0123456789012345678901234567890123456789"),
        ] {
            assert!(secret(text, key).is_some(), "{key}: {text}");
        }
    }

    #[test]
    fn what_is_computed_or_named_is_no_secret() {
        for (key, text) in [
            ("password.$", "$.password"),
            ("password", "{% $secret %}"),
            ("password", "${DbPassword}"),
            ("password", "{{resolve:secretsmanager:db}}"),
            ("password", "*****"),
            ("passwordArn", "arn:aws:secretsmanager:x"),
            ("apiKey", ""),
            ("x", "XAKIAIOSFODNN7EXAMPLE"),
            ("x", "AKIAIOSFODNN7EXAMPLES"),
            ("x", "Bearer of news"),
            ("url", "https://example.com:8080/a@b"),
            ("passwordPolicy", "strict"),
        ] {
            assert_eq!(secret(text, key), None, "{key}: {text}");
        }
    }

    #[test]
    fn accounts_are_found_in_arns_and_urls() {
        for (text, expected) in [
            ("arn:aws:sns:eu-west-1:111122223333:orders", Some("111122223333")),
            ("States.Format('arn:aws-cn:sqs:cn-north-1:111122223333:{}', $.q)", Some("111122223333")),
            ("https://sqs.eu-west-1.amazonaws.com/111122223333/orders", Some("111122223333")),
            ("arn:aws:iam::111122223333:role/a", Some("111122223333")),
            ("arn:aws:sns:eu-west-1:000000000000:orders", None),
            ("arn:aws:sns:${Region}:${Account}:orders", None),
            ("arn:aws:states:::lambda:invoke", None),
            ("arn:aws:s3:::111122223333", None),
            ("111122223333", None),
        ] {
            assert_eq!(account(text), expected, "{text}");
        }
    }
}
