//! The token in JSONata expressions: alone, joined to other texts with `&`, or within an object or array constructor.

use super::intrinsic::{Piece, template_of};
use super::{DEEPEST, PathStep, TokenPlace};

const TOKEN: &str = "$states.context.Task.Token";

/// Adds the places that the expression at `path` puts the token into.
pub(super) fn places(expression: &str, path: &mut Vec<PathStep>, places: &mut Vec<TokenPlace>) {
    let expression = unwrapped(expression);
    if path.len() > DEEPEST || !expression.contains("$states.context") {
        return;
    }
    let below: Option<&[&str]> = match expression {
        TOKEN => Some(&[]),
        "$states.context.Task" => Some(&["Token"]),
        "$states.context" => Some(&["Task", "Token"]),
        _ => None,
    };
    if let Some(keys) = below {
        let mut whole = TokenPlace::whole(path);
        whole.path.extend(keys.iter().map(|key| PathStep::Key((*key).to_owned())));
        places.push(whole);
    } else if let Some(inner) = enclosed(expression, '{', '}') {
        for member in split(inner, ',') {
            let parts = split(member, ':');
            let (Some(key), true) = (parts.first().and_then(|key| literal(key)), parts.len() > 1) else { continue };
            path.push(PathStep::Key(key));
            self::places(member[parts[0].len() + 1..].trim(), path, places);
            path.pop();
        }
    } else if let Some(inner) = enclosed(expression, '[', ']') {
        for (index, item) in split(inner, ',').into_iter().enumerate() {
            path.push(PathStep::Index(index));
            self::places(item, path, places);
            path.pop();
        }
    } else {
        let pieces: Vec<Piece> = split(expression, '&').into_iter().map(piece).collect();
        if let Some(template) = template_of(&pieces) {
            places.push(TokenPlace { path: path.clone(), template: Some(template) });
        }
    }
}

fn piece(operand: &str) -> Piece {
    match unwrapped(operand) {
        TOKEN => Piece::Token,
        other => literal(other).map_or(Piece::Unknown, Piece::Literal),
    }
}

/// The expression without space and without parentheses around the whole of it.
fn unwrapped(expression: &str) -> &str {
    let mut inner = expression.trim();
    for _ in 0..DEEPEST {
        let Some(next) = enclosed(inner, '(', ')') else { break };
        inner = next.trim();
    }
    inner
}

/// What stands between the brackets, when they enclose the whole expression.
fn enclosed(expression: &str, open: char, close: char) -> Option<&str> {
    let inner = expression.strip_prefix(open)?.strip_suffix(close)?;
    let mut depth = 0_i32;
    for (character, quoted) in scan(inner) {
        match character {
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    Some(inner)
}

fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut depth, mut start, mut at) = (Vec::new(), 0_i32, 0, 0);
    for (character, quoted) in scan(text) {
        match character {
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ if character == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + separator.len_utf8();
            }
            _ => {}
        }
        at += character.len_utf8();
    }
    parts.push(&text[start..]);
    parts
}

/// Each character, and whether it belongs to a text in quotation marks.
fn scan(text: &str) -> impl Iterator<Item = (char, bool)> + '_ {
    let (mut quote, mut escaped) = (None, false);
    text.chars().map(move |character| {
        let inside = quote.is_some();
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(mark) if character == mark => quote = None,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            _ => {}
        }
        (character, inside || quote.is_some())
    })
}

/// The value of a text in quotation marks of either kind. Its escapes are those of JSON; a line may end within it.
fn literal(expression: &str) -> Option<String> {
    let expression = expression.trim();
    let quote = expression.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let mut letters = expression.strip_prefix(quote)?.strip_suffix(quote)?.chars();
    let mut json = String::from("\"");
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next()? {
                '\'' => json.push('\''),
                escaped => json.extend(['\\', escaped]),
            },
            _ if letter == quote => return None,
            '"' => json.push_str("\\\""),
            control if u32::from(control) < 0x20 => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
    serde_json::from_str(&json).ok()
}
