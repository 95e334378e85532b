//! The errors of JSONata expressions in AWS's words: without the code of the JSONata error.

/// The message of a definition's diagnostic.
pub(super) fn message(reason: &str) -> String {
    match reason.split_once(": ") {
        Some((code, text)) if is_code(code) => text.to_owned(),
        _ => reason.to_owned(),
    }
}

fn is_code(word: &str) -> bool {
    word.len() == 5 && word.starts_with(['S', 'T', 'D']) && word[1..].bytes().all(|byte| byte.is_ascii_digit())
}
