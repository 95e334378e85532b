//! JSON read into the tree.

use std::collections::HashMap;

use countersign_json::{Json, Kind, Value};

use crate::error::{ReadError, What};
use crate::tree::{Held, Item, Member, Style};
use crate::{DEEPEST, LARGEST_JSON, Span};

/// Places of bytes that are asked for in rising order.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    column: u32,
}

struct Builder<'t> {
    items: Vec<Item>,
    lines: Lines<'t>,
}

pub(crate) fn build(text: &str) -> Result<(Vec<Item>, u32), ReadError> {
    if text.len() > LARGEST_JSON {
        return Err(ReadError { line: 1, column: 1, what: What::TooLarge });
    }
    let json = Json::read(text).map_err(|error| {
        let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        ReadError { line: place(error.line), column: place(error.column), what: What::Json(error.what) }
    })?;
    let mut builder = Builder { items: Vec::new(), lines: Lines { text, at: 0, line: 1, column: 1 } };
    let root = builder.value(json.root(), 0)?;
    Ok((builder.items, root))
}

impl Builder<'_> {
    fn value(&mut self, value: Value, depth: usize) -> Result<u32, ReadError> {
        let container = matches!(value.kind(), Kind::Object | Kind::Array);
        let (line, column) = self.lines.place(value.offset());
        if container && depth >= DEEPEST {
            return Err(ReadError { line, column, what: What::TooDeep });
        }
        // JSON has a value on one line, but for what is in brackets.
        let width = if container { 1 } else { value.raw().chars().count() };
        let span = Span::of_line(line, column, u32::try_from(width).unwrap_or(u32::MAX));
        let held = match value.kind() {
            Kind::Object => Held::Map(self.members(value, depth)?),
            Kind::Array => Held::List(value.items().map(|item| self.value(item, depth + 1)).collect::<Result<_, _>>()?),
            Kind::String => Held::Text(value.text().unwrap_or_default().into_owned()),
            Kind::Number | Kind::Bool | Kind::Null => Held::Raw(value.raw().to_owned()),
        };
        self.items.push(Item { span, style: Style::Inline, held });
        Ok(u32::try_from(self.items.len() - 1).unwrap_or(u32::MAX))
    }

    fn members(&mut self, object: Value, depth: usize) -> Result<Vec<Member>, ReadError> {
        let mut members: Vec<Member> = Vec::new();
        let mut seen: HashMap<String, u32> = HashMap::new();
        for (offset, raw, value) in object.places() {
            let (line, column) = self.lines.place(offset);
            let span = Span::of_line(line, column, u32::try_from(raw.chars().count()).unwrap_or(u32::MAX));
            let key = countersign_json::unquoted(raw).into_owned();
            if let Some(first) = seen.insert(key.clone(), line) {
                return Err(ReadError { line, column, what: What::DuplicateKey { key, first } });
            }
            let value = self.value(value, depth + 1)?;
            members.push(Member { key, span, value });
        }
        Ok(members)
    }
}

impl Lines<'_> {
    fn place(&mut self, byte: usize) -> (u32, u32) {
        for letter in self.text.get(self.at..byte).unwrap_or_default().chars() {
            (self.line, self.column) = if letter == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.at = self.at.max(byte);
        (self.line, self.column)
    }
}
