//! Estimated widths of text, so that a server without fonts and a browser draw the same.

/// Width in pixels of a text in a proportional face of this size.
pub(super) fn width(text: &str, size: f32) -> f32 {
    text.chars().map(|character| advance(character) * size).sum()
}

/// Mean advances of a grotesque such as Inter, in parts of the size, on the generous side.
fn advance(character: char) -> f32 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.30,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '{' | '}' | ' ' | '-' | '"' => 0.40,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
        'A'..='Z' | '0'..='9' | '_' | '$' | '=' | '<' | '>' | '+' => 0.66,
        _ if character.is_ascii() => 0.57,
        _ => 1.0,
    }
}

/// The text, cut to at most this many characters with an ellipsis.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The end of the text, at most this many characters with the ellipsis before it.
pub(super) fn shortened_from_the_start(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(count + 1 - most).collect();
    format!("…{}", kept.trim_start())
}
