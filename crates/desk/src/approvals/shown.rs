//! What a person was shown when they chose. Nothing is decided that was not shown first: a page's form carries the hash of
//! the request as it was shown and of the rule that worded it, and a choice with another hash is refused.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a request's text as the person sees it, and of its rule's version, in hexadecimal digits.
#[must_use]
pub fn shown(text: &str, rule: Option<&str>) -> String {
    let rule = rule.unwrap_or_default();
    // With the length of the first one, no two pairs have the same bytes.
    hash(&[&text.len().to_be_bytes(), text.as_bytes(), rule.as_bytes()])
}

/// SHA-256 of a rule's text in the manifest, in hexadecimal digits: its version.
#[must_use]
pub fn version(rule: &str) -> String {
    hash(&[rule.as_bytes()])
}

fn hash(parts: &[&[u8]]) -> String {
    let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize();
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_text_or_another_rule_has_another_hash() {
        let one = shown("{\"a\":1}", None);
        assert_eq!((one.len(), &one), (64, &shown("{\"a\":1}", None)));
        let others = [shown("{\"a\":2}", None), shown("{\"a\":1}", Some("r")), shown("{\"a\":1}r", None)];
        assert!(others.iter().all(|other| *other != one));
        assert_ne!(others[1], others[2]);
    }
}
