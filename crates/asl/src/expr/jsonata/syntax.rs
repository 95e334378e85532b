//! The JSONata parser's errors in the words of the reference implementation, with symbols as they are written.

/// The parser's names of the symbols.
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

/// The error in those words, with its code.
pub(super) fn worded(reason: &str) -> String {
    if reason == "Unclosed comment" {
        return "S0106: Comment has no closing tag".to_owned();
    }
    let prefixes = ["Invalid syntax: ", "Invalid number: "];
    let reason = prefixes.iter().find_map(|prefix| reason.strip_prefix(prefix)).unwrap_or(reason);
    let Some((code, text)) = reason.split_once(": ") else { return reason.to_owned() };
    let parts = |start: &str, middle: &str| text.strip_prefix(start)?.split_once(middle);
    let text = if let Some((expected, found)) = parts("Expected ", ", got ") {
        format!("Expected {}, got {}", symbol(expected), symbol(found))
    } else if let Some((expected, rest)) = parts("Expected ", " before ") {
        format!("Expected {} before {rest}", symbol(expected))
    } else if let Some((found, rest)) = parts("The symbol ", " cannot ") {
        format!("The symbol {} cannot {rest}", symbol(found))
    } else if let Some(escaped) = text.strip_prefix("Unsupported escape sequence: \\").filter(|_| code == "S0103") {
        format!("Unsupported escape sequence: \\\"{escaped}\"")
    } else if let Some(number) = text.strip_prefix("Number out of range: ") {
        format!("Number out of range: \"{number}\"")
    } else if let Some(found) = text.strip_prefix("Syntax error: ") {
        format!("Syntax error: {}", token(found))
    } else if let Some(operator) = text.strip_prefix("Expected a variable reference after ") {
        format!("The right side of \"{operator}\" must be a variable name (start with $)")
    } else {
        return reason.to_owned();
    };
    format!("{code}: {text}")
}

/// A value, or a symbol, as it is written.
fn token(word: &str) -> String {
    let number = word.strip_prefix("Number(").and_then(|rest| rest.strip_suffix(')')?.parse::<f64>().ok());
    match (word, number) {
        (_, Some(number)) => number.to_string(),
        ("True" | "False" | "Null", _) => word.to_lowercase(),
        _ => symbol(word),
    }
}

/// A symbol in quotation marks. The parser writes a name as `Identifier("name")`.
fn symbol(word: &str) -> String {
    if let Some((_, written)) = SYMBOLS.iter().find(|(name, _)| *name == word) {
        return format!("\"{written}\"");
    }
    let inner = word.split_once("(\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
    inner.map_or_else(|| word.to_owned(), |name| format!("\"{name}\""))
}
