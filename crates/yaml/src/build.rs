//! From the events of the YAML parser to the tree.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use crate::error::{ReadError, What};
use crate::scalar::{self, Scalar};
use crate::tree::{Held, Item, Member, Style};
use crate::{DEEPEST, LARGEST_JSON, MOST_VALUES, Options, Span};

type ParserSpan = saphyr_parser::Span;

struct Builder<'o> {
    options: &'o Options,
    items: Vec<Item>,
    /// The values that aliases may repeat, by the parser's number for the anchor: those that are complete.
    anchors: HashMap<usize, u32>,
    open: Vec<Frame>,
    root: Option<u32>,
    /// Members that merge keys have copied, and the bytes of their keys.
    merged: usize,
    merged_bytes: usize,
}

/// A mapping or list that is being read.
struct Frame {
    span: Span,
    style: Style,
    anchor: usize,
    tag: Option<String>,
    content: Content,
}

enum Content {
    List(Vec<u32>),
    Map { members: Vec<Member>, lines: HashMap<String, u32>, key: Option<Key>, merge: Option<Merge> },
}

/// A key whose value comes next.
struct Key {
    text: String,
    span: Span,
    /// Whether it is the merge key, which is written without quotes.
    merges: bool,
}

/// A merge key: the place among the members, and what is merged once all other keys are known.
struct Merge {
    at: usize,
    value: u32,
}

/// The key of a mapping whose value is merged into it.
const MERGE: &str = "<<";

pub(crate) fn build(text: &str, options: &Options) -> Result<(Vec<Item>, u32), ReadError> {
    allowed(text)?;
    let mut builder = Builder {
        options,
        items: Vec::new(),
        anchors: HashMap::new(),
        open: Vec::new(),
        root: None,
        merged: 0,
        merged_bytes: 0,
    };
    // A byte order mark is no part of the text.
    let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let (line, column) = place(*error.marker());
            ReadError { line, column, what: What::Yaml(error.info().to_owned()) }
        })?;
        builder.event(event, span)?;
    }
    let empty = ReadError { line: 1, column: 1, what: What::Empty };
    Ok((builder.items, builder.root.ok_or(empty)?))
}

/// Refuses characters that YAML does not allow (its specification, section 5.1).
fn allowed(text: &str) -> Result<(), ReadError> {
    let refused = |letter: char| {
        let control = letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{85}');
        control || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    let Some((at, letter)) = text.char_indices().find(|(_, letter)| refused(*letter)) else { return Ok(()) };
    let before = &text[..at];
    let count = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
    let line = count(before.matches('\n').count());
    let column = count(before.chars().rev().take_while(|letter| *letter != '\n').count());
    Err(ReadError { line, column, what: What::Character(u32::from(letter)) })
}

impl Builder<'_> {
    fn event(&mut self, event: Event, span: ParserSpan) -> Result<(), ReadError> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => Err(refused(span, What::SecondDocument)),
            Event::DocumentStart(_) => Ok(()),
            Event::Alias(anchor) => {
                if self.awaits_key() {
                    return Err(refused(span, What::Key));
                }
                let value = *self.anchors.get(&anchor).ok_or_else(|| refused(span, What::Cycle))?;
                self.put(value)
            }
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), span),
            Event::SequenceStart(anchor, tag) => self.begin(span, anchor, tag.as_deref(), Content::List(Vec::new())),
            Event::MappingStart(anchor, tag) => {
                let content = Content::Map { members: Vec::new(), lines: HashMap::new(), key: None, merge: None };
                self.begin(span, anchor, tag.as_deref(), content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
        }
    }

    /// Whether the next scalar is the key of a mapping.
    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Frame { content: Content::Map { key: None, .. }, .. }))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: ParserSpan,
    ) -> Result<(), ReadError> {
        if self.awaits_key() {
            return self.key(text, style, tag, span);
        }
        let style_of = match style {
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Spread,
            _ if span.start.line() != span.end.line() => Style::Spread,
            _ => Style::Inline,
        };
        let (scalar, long) = self.valued(text, style, tag).map_err(|what| refused(span, what))?;
        let held = match scalar {
            Scalar::Text(text) => Held::Text(text),
            Scalar::Raw(raw) => Held::Raw(raw),
        };
        let place = scalar_span(span, style, text);
        let mut value = self.item(Item { span: place, style: style_of, held });
        if let Some(tag) = long {
            value = self.long_form(&tag, value, place).map_err(|what| refused(span, what))?;
        }
        self.keep(anchor, value);
        self.put(value)
    }

    /// What a scalar says, and the name of its tag where that is none of the core schema.
    fn valued(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<(Scalar, Option<String>), What> {
        let is_plain = style == ScalarStyle::Plain;
        let untagged = |text: &str| {
            if is_plain { scalar::plain(text, self.options.words) } else { Ok(Scalar::Text(text.to_owned())) }
        };
        match tag.map(tag_name) {
            None => Ok((untagged(text)?, None)),
            Some(TagName::NonSpecific) => Ok((Scalar::Text(text.to_owned()), None)),
            Some(TagName::Core(name)) => {
                let scalar = scalar::tagged(&name, text).ok_or_else(|| What::Tag(format!("!!{name}")))?;
                Ok((scalar?, None))
            }
            // What a short form of CloudFormation is about is a text, be it of digits.
            Some(TagName::Other(name)) if is_plain && !text.is_empty() && text != "~" => {
                Ok((Scalar::Text(text.to_owned()), Some(name)))
            }
            Some(TagName::Other(name)) => Ok((untagged(text)?, Some(name))),
        }
    }

    fn key(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: ParserSpan) -> Result<(), ReadError> {
        let is_plain = style == ScalarStyle::Plain;
        match tag.map(tag_name) {
            None | Some(TagName::NonSpecific) => {}
            Some(TagName::Core(name)) if name == "str" => {}
            Some(_) => return Err(refused(span, What::Key)),
        }
        let several_lines = span.start.line() != span.end.line();
        if several_lines || (is_plain && matches!(text, "" | "~")) {
            return Err(refused(span, What::Key));
        }
        let place = place_of(span);
        let Some(Frame { content: Content::Map { lines, key, .. }, .. }) = self.open.last_mut() else { return Ok(()) };
        if let Some(first) = lines.insert(text.to_owned(), place.line) {
            return Err(refused(span, What::DuplicateKey { key: text.to_owned(), first }));
        }
        *key = Some(Key { text: text.to_owned(), span: place, merges: is_plain && text == MERGE });
        Ok(())
    }

    fn begin(&mut self, span: ParserSpan, anchor: usize, tag: Option<&Tag>, content: Content) -> Result<(), ReadError> {
        if self.awaits_key() {
            return Err(refused(span, What::Key));
        }
        if self.open.len() >= DEEPEST {
            return Err(refused(span, What::TooDeep));
        }
        let core = if matches!(content, Content::List(_)) { "seq" } else { "map" };
        let tag = match tag.map(tag_name) {
            None | Some(TagName::NonSpecific) => None,
            Some(TagName::Core(name)) if name == core => None,
            Some(TagName::Core(name)) => return Err(refused(span, What::Tag(format!("!!{name}")))),
            Some(TagName::Other(name)) => Some(name),
        };
        // The span of what is written with brackets is its opening bracket, of what is indented nothing.
        let bracket = span.end.index() > span.start.index();
        let style = if bracket { Style::Inline } else { Style::Spread };
        let (line, column) = place(span.start);
        self.open.push(Frame { span: Span::of_line(line, column, 1), style, anchor, tag, content });
        Ok(())
    }

    fn end(&mut self) -> Result<(), ReadError> {
        let Some(Frame { span, style, anchor, tag, content }) = self.open.pop() else { return Ok(()) };
        let at = |what| ReadError { line: span.line, column: span.column, what };
        let held = match content {
            Content::List(items) => Held::List(items),
            Content::Map { members, merge: None, .. } => Held::Map(members),
            Content::Map { members, merge: Some(merge), lines, .. } => {
                Held::Map(self.merge(members, &merge, &lines).map_err(at)?)
            }
        };
        let mut value = self.item(Item { span, style, held });
        if let Some(tag) = tag {
            value = self.long_form(&tag, value, span).map_err(at)?;
        }
        self.keep(anchor, value);
        self.put(value)
    }

    /// The members of a mapping with those that its merge key adds. Its own come before merged ones; of merged ones the
    /// first counts.
    fn merge(
        &mut self,
        mut members: Vec<Member>,
        merge: &Merge,
        own: &HashMap<String, u32>,
    ) -> Result<Vec<Member>, What> {
        let sources = match &self.items[merge.value as usize].held {
            Held::Map(_) => vec![merge.value],
            Held::List(items) => items.clone(),
            Held::Text(_) | Held::Raw(_) => return Err(What::Merge),
        };
        let mut added: Vec<Member> = Vec::new();
        let mut seen: std::collections::HashSet<String> = own.keys().cloned().collect();
        for source in sources {
            let Held::Map(source) = &self.items[source as usize].held else { return Err(What::Merge) };
            self.merged += source.len();
            self.merged_bytes += source.iter().map(|member| member.key.len()).sum::<usize>();
            if self.merged > MOST_VALUES || self.merged_bytes > LARGEST_JSON {
                return Err(What::TooMany);
            }
            added.extend(source.iter().filter(|member| seen.insert(member.key.clone())).cloned());
        }
        members.splice(merge.at..merge.at, added);
        Ok(members)
    }

    /// A value as the long form of its tag has it.
    fn long_form(&mut self, tag: &str, value: u32, span: Span) -> Result<u32, What> {
        let form = (self.options.tags)(tag).ok_or_else(|| What::Tag(format!("!{tag}")))?;
        let mut argument = value;
        if let (true, Held::Text(text)) = (form.splits, &self.items[value as usize].held) {
            let (first, second) = text.split_once('.').ok_or_else(|| What::TagValue {
                tag: format!("!{tag}"),
                expected: "two names with a dot between them, or a list of the two",
            })?;
            let parts = [first.to_owned(), second.to_owned()];
            let parts = parts.map(|part| self.item(Item { span, style: Style::Spread, held: Held::Text(part) }));
            argument = self.item(Item { span, style: Style::Spread, held: Held::List(parts.to_vec()) });
        }
        let member = Member { key: form.key.to_owned(), span, value: argument };
        Ok(self.item(Item { span, style: Style::Spread, held: Held::Map(vec![member]) }))
    }

    fn item(&mut self, item: Item) -> u32 {
        self.items.push(item);
        // The text is smaller than `LARGEST` bytes, and no byte makes more than four items.
        u32::try_from(self.items.len() - 1).unwrap_or(u32::MAX)
    }

    fn keep(&mut self, anchor: usize, value: u32) {
        // The parser counts anchors from 1.
        if anchor > 0 {
            self.anchors.insert(anchor, value);
        }
    }

    /// Gives a value to the list or mapping around it.
    fn put(&mut self, value: u32) -> Result<(), ReadError> {
        match self.open.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(value),
            Some(Content::List(items)) => items.push(value),
            Some(Content::Map { members, key, merge, .. }) => match key.take() {
                Some(Key { merges: true, .. }) => *merge = Some(Merge { at: members.len(), value }),
                Some(Key { text, span, .. }) => members.push(Member { key: text, span, value }),
                // A value follows its key: `awaits_key` was asked before.
                None => {}
            },
        }
        Ok(())
    }
}

enum TagName {
    /// `!`: a text, whatever it looks like.
    NonSpecific,
    Core(String),
    Other(String),
}

fn tag_name(tag: &Tag) -> TagName {
    match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("!" | "", "" | "!") => TagName::NonSpecific,
        ("", suffix) => match suffix.strip_prefix("tag:yaml.org,2002:") {
            Some(name) => TagName::Core(name.to_owned()),
            None => TagName::Other(suffix.to_owned()),
        },
        ("!", suffix) => TagName::Other(suffix.to_owned()),
        (_, suffix) if tag.is_yaml_core_schema() => TagName::Core(suffix.to_owned()),
        (handle, suffix) => TagName::Other(format!("{handle}{suffix}")),
    }
}

fn place(mark: Marker) -> (u32, u32) {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (count(mark.line()).max(1), count(mark.col() + 1))
}

fn place_of(span: ParserSpan) -> Span {
    let ((line, column), (end_line, end_column)) = (place(span.start), place(span.end));
    Span { line, column, end_line, end_column }
}

/// The span of a scalar; of a block its first line.
fn scalar_span(span: ParserSpan, style: ScalarStyle, text: &str) -> Span {
    let whole = place_of(span);
    match style {
        ScalarStyle::Literal | ScalarStyle::Folded => {
            let first = text.trim_start_matches('\n').split('\n').next().unwrap_or_default();
            Span::of_line(whole.line, whole.column, u32::try_from(first.chars().count()).unwrap_or(u32::MAX))
        }
        _ => whole,
    }
}

fn refused(span: ParserSpan, what: What) -> ReadError {
    let (line, column) = place(span.start);
    ReadError { line, column, what }
}
