//! The JSONata parser's errors in AWS's words: without the parser's code, and with the symbols as they are written.

/// What the parser calls the symbols.
const SYMBOLS: &[(&str, &str)] = &[
    ("Plus", "+"),
    ("Minus", "-"),
    ("Star", "*"),
    ("StarStar", "**"),
    ("Slash", "/"),
    ("Percent", "%"),
    ("Equal", "="),
    ("NotEqual", "!="),
    ("LessThan", "<"),
    ("LessThanOrEqual", "<="),
    ("GreaterThan", ">"),
    ("GreaterThanOrEqual", ">="),
    ("And", "and"),
    ("Or", "or"),
    ("In", "in"),
    ("Ampersand", "&"),
    ("Dot", "."),
    ("DotDot", ".."),
    ("Question", "?"),
    ("QuestionQuestion", "??"),
    ("QuestionColon", "?:"),
    ("Colon", ":"),
    ("ColonEqual", ":="),
    ("TildeArrow", "~>"),
    ("LeftParen", "("),
    ("RightParen", ")"),
    ("LeftBracket", "["),
    ("RightBracket", "]"),
    ("LeftBrace", "{"),
    ("RightBrace", "}"),
    ("Comma", ","),
    ("Semicolon", ";"),
    ("Caret", "^"),
    ("Pipe", "|"),
    ("Hash", "#"),
    ("At", "@"),
];

/// The message of a definition's diagnostic.
pub(super) fn message(reason: &str) -> String {
    let text = match reason.split_once(": ") {
        Some((code, text)) if is_code(code) => text,
        _ => reason,
    };
    let parts = |start: &str, middle: &str| text.strip_prefix(start)?.split_once(middle);
    if let Some((expected, found)) = parts("Expected ", ", got ") {
        format!("Expected {}, got {}", symbol(expected), symbol(found))
    } else if let Some((expected, rest)) = parts("Expected ", " before ") {
        format!("Expected {} before {rest}", symbol(expected))
    } else if let Some((found, rest)) = parts("The symbol ", " cannot ") {
        format!("The symbol {} cannot {rest}", symbol(found))
    } else {
        text.to_owned()
    }
}

fn is_code(word: &str) -> bool {
    word.len() == 5 && word.starts_with('S') && word[1..].bytes().all(|byte| byte.is_ascii_digit())
}

/// A symbol in quotation marks; a name stands in the parser's word as `Identifier("name")`.
fn symbol(word: &str) -> String {
    if let Some((_, written)) = SYMBOLS.iter().find(|(name, _)| *name == word) {
        return format!("\"{written}\"");
    }
    let inner = word.split_once("(\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
    inner.map_or_else(|| word.to_owned(), |name| format!("\"{name}\""))
}
