//! The token in JSONPath expressions: the context object and the intrinsic functions around it.

use super::{DEEPEST, PathStep, TokenPlace, TokenTemplate};

const TOKEN: &str = "$$.Task.Token";

/// Adds the places that the expression at `path` puts the token into.
pub(super) fn places(expression: &str, path: &mut Vec<PathStep>, places: &mut Vec<TokenPlace>) {
    if path.len() > DEEPEST {
        return;
    }
    // `$$['Task']['Token']` is the same path.
    let plain = expression.replace("['", ".").replace("']", "");
    let below: Option<&[&str]> = match plain.as_str() {
        TOKEN => Some(&[]),
        "$$.Task" => Some(&["Token"]),
        "$$" | "$$." => Some(&["Task", "Token"]),
        _ => None,
    };
    if let Some(keys) = below {
        let mut whole = TokenPlace::whole(path);
        whole.path.extend(keys.iter().map(|key| PathStep::Key((*key).to_owned())));
        places.push(whole);
        return;
    }
    let Some((name, arguments)) = call(expression) else { return };
    match name {
        "States.Array" => {
            for (index, argument) in arguments.iter().enumerate() {
                path.push(PathStep::Index(index));
                self::places(argument, path, places);
                path.pop();
            }
        }
        "States.StringToJson" => json_text(&arguments, path, places),
        _ => {
            let template = pieces(expression, 0).and_then(|pieces| template_of(&pieces));
            if let Some(template) = template {
                places.push(TokenPlace { path: path.clone(), template: Some(template) });
            }
        }
    }
}

/// What a text is made of, as far as the definition tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(String),
    Token,
    /// Something that only the execution knows.
    Unknown,
}

/// The template around the first token among the pieces.
pub(super) fn template_of(pieces: &[Piece]) -> Option<TokenTemplate> {
    let at = pieces.iter().position(|piece| *piece == Piece::Token)?;
    let mut template = TokenTemplate { from_start: true, to_end: true, ..TokenTemplate::default() };
    for piece in pieces[..at].iter().rev() {
        match piece {
            Piece::Literal(text) => template.before.insert_str(0, text),
            _ => {
                template.from_start = false;
                break;
            }
        }
    }
    for piece in &pieces[at + 1..] {
        match piece {
            Piece::Literal(text) => template.after.push_str(text),
            _ => {
                template.to_end = false;
                break;
            }
        }
    }
    Some(template)
}

/// The pieces of the text that an expression yields, `depth` calls deep. `None` when the token is not in it in a
/// readable form.
fn pieces(expression: &str, depth: usize) -> Option<Vec<Piece>> {
    if depth > DEEPEST {
        return None;
    }
    let expression = expression.trim();
    if expression.replace("['", ".").replace("']", "") == TOKEN {
        return Some(vec![Piece::Token]);
    }
    if let Some(text) = literal(expression) {
        return Some(vec![Piece::Literal(text)]);
    }
    match call(expression) {
        Some(("States.Format", arguments)) => format_pieces(&arguments, depth + 1),
        Some(("States.JsonToString", arguments)) => match arguments.first()?.as_str() {
            TOKEN => Some(vec![Piece::Literal("\"".into()), Piece::Token, Piece::Literal("\"".into())]),
            "$$" | "$$.Task" => Some(vec![
                Piece::Unknown,
                Piece::Literal("\"Token\":\"".into()),
                Piece::Token,
                Piece::Literal("\"".into()),
                Piece::Unknown,
            ]),
            _ => Some(vec![Piece::Unknown]),
        },
        _ => Some(vec![Piece::Unknown]),
    }
}

fn format_pieces(arguments: &[String], depth: usize) -> Option<Vec<Piece>> {
    let format = literal(arguments.first()?)?;
    let mut found = Vec::new();
    for (index, text) in format.split("{}").enumerate() {
        if index > 0 {
            found.extend(
                arguments.get(index).and_then(|argument| pieces(argument, depth)).unwrap_or(vec![Piece::Unknown]),
            );
        }
        if !text.is_empty() {
            found.push(Piece::Literal(text.to_owned()));
        }
    }
    Some(found)
}

/// `States.StringToJson(States.Format('{"token":"{}"}', $$.Task.Token))`: the token is a value of the object so made.
fn json_text(arguments: &[String], path: &mut Vec<PathStep>, places: &mut Vec<TokenPlace>) {
    const MARK: &str = "\u{1}token\u{1}";
    let Some(pieces) = arguments.first().and_then(|argument| pieces(argument, 0)) else { return };
    let text: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Literal(text) => text.as_str(),
            // Escaped as JSON wants it; the reader gives the mark back.
            Piece::Token => "\\u0001token\\u0001",
            Piece::Unknown => "0",
        })
        .collect();
    if let Ok(value) = serde_json::from_str(&text) {
        search(&value, MARK, path, places);
    }
}

fn search(value: &serde_json::Value, mark: &str, path: &mut Vec<PathStep>, places: &mut Vec<TokenPlace>) {
    match value {
        serde_json::Value::String(text) if text == mark => places.push(TokenPlace::whole(path)),
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                path.push(PathStep::Key(key.clone()));
                search(value, mark, path, places);
                path.pop();
            }
        }
        serde_json::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(PathStep::Index(index));
                search(item, mark, path, places);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The text of a `'literal'`, without its backslashes.
fn literal(expression: &str) -> Option<String> {
    let inner = expression.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    let (mut text, mut escaped) = (String::new(), false);
    for character in inner.chars() {
        if character == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            text.push(character);
        }
    }
    Some(text)
}

/// Name and arguments of `Name(argument, ...)`.
pub(crate) fn call(expression: &str) -> Option<(&str, Vec<String>)> {
    let (name, rest) = expression.trim().split_once('(')?;
    let inner = rest.trim_end().strip_suffix(')')?;
    Some((name.trim(), split(inner)))
}

fn split(inner: &str) -> Vec<String> {
    let (mut arguments, mut current) = (Vec::new(), String::new());
    let (mut depth, mut quoted, mut escaped) = (0_i32, false, false);
    for character in inner.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                arguments.push(std::mem::take(&mut current).trim().to_owned());
                continue;
            }
            _ => {}
        }
        current.push(character);
    }
    arguments.push(current.trim().to_owned());
    arguments
}
