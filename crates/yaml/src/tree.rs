//! The tree of a document.

use countersign_json::Kind;

use crate::{Document, Span};

/// A value of a document.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub span: Span,
    pub style: Style,
    pub held: Held,
}

/// How a value is written in YAML, as far as places depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Within its span: plain, in quotes, or in brackets.
    Inline,
    /// A literal block (`|`): each line is one of the text's.
    Literal,
    /// Spread over lines that are joined, or a mapping or list by indentation.
    Spread,
}

#[derive(Clone, Debug)]
pub(crate) enum Held {
    Text(String),
    /// A number, `true`, `false` or `null`, as JSON writes it.
    Raw(String),
    List(Vec<u32>),
    Map(Vec<Member>),
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub key: String,
    pub span: Span,
    pub value: u32,
}

/// A value of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    document: &'d Document,
    at: u32,
}

impl<'d> Node<'d> {
    pub(crate) fn new(document: &'d Document, at: u32) -> Self {
        Self { document, at }
    }

    fn item(self) -> &'d Item {
        &self.document.items[self.at as usize]
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match &self.item().held {
            Held::Text(_) => Kind::String,
            Held::List(_) => Kind::Array,
            Held::Map(_) => Kind::Object,
            Held::Raw(raw) => match raw.as_str() {
                "null" => Kind::Null,
                "true" | "false" => Kind::Bool,
                _ => Kind::Number,
            },
        }
    }

    /// Where it stands in the source. Of a mapping or a list, where it begins. What an alias repeats stands at its anchor.
    #[must_use]
    pub fn span(self) -> Span {
        self.item().span
    }

    pub(crate) fn style(self) -> Style {
        self.item().style
    }

    /// What a string says.
    #[must_use]
    pub fn text(self) -> Option<&'d str> {
        match &self.item().held {
            Held::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number, `true`, `false` or `null` as JSON writes it, with the digits of the source.
    #[must_use]
    pub fn raw(self) -> Option<&'d str> {
        match &self.item().held {
            Held::Raw(raw) => Some(raw),
            _ => None,
        }
    }

    /// The items of a list; none of any other value.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        let items: &'d [u32] = if let Held::List(items) = &self.item().held { items } else { &[] };
        items.iter().map(move |at| Node::new(self.document, *at))
    }

    /// The members of a mapping in their order, each with the place of its key; none of any other value.
    pub fn members(self) -> impl Iterator<Item = (&'d str, Span, Node<'d>)> {
        let members: &'d [Member] = if let Held::Map(members) = &self.item().held { members } else { &[] };
        members.iter().map(move |member| (member.key.as_str(), member.span, Node::new(self.document, member.value)))
    }

    /// The member of a mapping with this key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.members().find(|(name, ..)| *name == key).map(|(.., value)| value)
    }

    /// It as JSON, with two spaces a level.
    #[must_use]
    pub fn json(self) -> String {
        crate::write::json(&self.document.items, self.at)
    }
}

/// The value at a path such as `/States/Pay/Choices[0]`. Keys may hold slashes and brackets: the longest that fits counts.
pub(crate) fn find<'d>(node: Node<'d>, path: &str) -> Option<Node<'d>> {
    if path.is_empty() || path == "/" {
        return Some(node);
    }
    if let Some(rest) = path.strip_prefix('[') {
        let (index, rest) = rest.split_once(']')?;
        return find(node.items().nth(index.parse().ok()?)?, rest);
    }
    let rest = path.strip_prefix('/')?;
    let mut fitting: Vec<_> = node
        .members()
        .filter_map(|(key, _, value)| Some((key, value, rest.strip_prefix(key)?)))
        .filter(|(.., rest)| rest.is_empty() || rest.starts_with(['/', '[']))
        .collect();
    fitting.sort_by_key(|(key, ..)| std::cmp::Reverse(key.len()));
    fitting.into_iter().find_map(|(_, value, rest)| find(value, rest))
}
