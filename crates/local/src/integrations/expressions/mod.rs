//! DynamoDB's expressions on one item: conditions, updates and projections.
//!
//! An expression is evaluated while it is read: [`Reader`] returns the words, the paths and the values.

mod condition;
mod number;
mod projection;
mod reserved;
mod update;
mod value;

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::tables::{TableRefusal, invalid};

use reserved::is_reserved;

pub use condition::{equates, holds, order};
pub use projection::{parts, project};
pub use update::{Change, update};
pub use value::{taken_item, weight};

pub type Item = Map<String, Value>;

/// The parameters that define `#name` and `:value`.
const NAMES: &str = "ExpressionAttributeNames";
const VALUES: &str = "ExpressionAttributeValues";

/// The definitions of `#name` and `:value`, and which of them were used.
pub struct Names<'a> {
    names: Option<&'a Value>,
    values: Option<&'a Value>,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Names<'a> {
    /// Those of a request.
    pub fn of(parameters: &'a Value) -> Self {
        Self { names: parameters.get(NAMES), values: parameters.get(VALUES), used: RefCell::default() }
    }

    /// Refuses definitions that no expression has used, after all were read.
    ///
    /// # Errors
    /// There are such definitions.
    pub fn check_used(&self) -> Result<(), TableRefusal> {
        let used = self.used.borrow();
        for (field, given) in [(NAMES, self.names), (VALUES, self.values)] {
            let given = given.and_then(Value::as_object).into_iter().flatten();
            let unused: Vec<&str> =
                given.map(|(alias, _)| alias.as_str()).filter(|alias| !used.contains(*alias)).collect();
            if !unused.is_empty() {
                let unused = unused.join(", ");
                return Err(invalid(format!("Value provided in {field} unused in expressions: keys: {{{unused}}}")));
            }
        }
        Ok(())
    }

    fn note(&self, alias: &str) {
        if !self.used.borrow().contains(alias) {
            self.used.borrow_mut().insert(alias.to_owned());
        }
    }

    fn name(&self, alias: &str) -> Result<String, TableRefusal> {
        self.note(alias);
        let name = self.names.and_then(|names| names.get(alias)).and_then(Value::as_str);
        name.map(str::to_owned).ok_or_else(|| {
            invalid(format!(
                "An expression attribute name used in the document path is not defined; attribute name: {alias}"
            ))
        })
    }

    fn value(&self, alias: &str) -> Result<Value, TableRefusal> {
        self.note(alias);
        let value = self.values.and_then(|values| values.get(alias)).ok_or_else(|| {
            invalid(format!(
                "An expression attribute value used in expression is not defined; attribute value: {alias}"
            ))
        })?;
        value::taken(value)
    }
}

/// A step of a document path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Field(String),
    Index(usize),
}

/// A document path, such as `a.b[0]`.
pub type Path = Vec<Step>;

/// Refuses paths of which one contains another.
fn check_apart(paths: &[&Path], kind: &str) -> Result<(), TableRefusal> {
    let mut sorted = paths.to_vec();
    sorted.sort();
    // A path sorts before the paths that it contains.
    let Some(pair) = sorted.windows(2).find(|pair| pair[1].starts_with(pair[0])) else { return Ok(()) };
    let shown = |path: &Path| {
        let steps = path.iter().map(|step| match step {
            Step::Field(name) => name.clone(),
            Step::Index(index) => format!("[{index}]"),
        });
        format!("[{}]", steps.collect::<Vec<String>>().join(", "))
    };
    Err(invalid(format!(
        "Invalid {kind}: Two document paths overlap with each other; must remove or rewrite one of these paths; \
         path one: {}, path two: {}",
        shown(pair[0]),
        shown(pair[1])
    )))
}

/// The value at a path.
fn find<'a>(item: &'a Item, path: &[Step]) -> Option<&'a Value> {
    let (Step::Field(first), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(item.get(first)?, |value, step| match step {
        Step::Field(name) => value.get("M")?.get(name),
        Step::Index(index) => value.get("L")?.get(index),
    })
}

/// The operators of several characters, and those of one.
const SIGNS: [&str; 14] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ".", ",", "+", "-"];

/// The most operators and functions of an expression.
const OPERATORS: usize = 300;
/// The longest expression, in bytes.
const LENGTH: usize = 4_096;

/// Reads an expression from its start to its end.
struct Reader<'a> {
    /// Words (with their `#` or `:`), numbers and operators.
    tokens: Vec<&'a str>,
    at: usize,
    names: &'a Names<'a>,
    /// `ConditionExpression`, ...
    kind: &'static str,
    operators: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, names: &'a Names<'a>, kind: &'static str) -> Result<Self, TableRefusal> {
        if text.len() > LENGTH {
            let size = text.len();
            let why = "Expression size has exceeded the maximum allowed size; expression size";
            return Err(invalid(format!("Invalid {kind}: {why}: {size}")));
        }
        let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
        if rest.is_empty() {
            return Err(invalid(format!("Invalid {kind}: The expression can not be empty;")));
        }
        while let Some(first) = rest.chars().next() {
            let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let length = if word(first) || first == '#' || first == ':' {
                let body = rest[1..].find(|letter| !word(letter)).map_or(rest.len(), |end| end + 1);
                Some(body)
            } else {
                SIGNS.iter().find(|sign| rest.starts_with(**sign)).map(|sign| sign.len())
            };
            let Some(length) = length else {
                return Err(invalid(format!("Invalid {kind}: Syntax error; token: \"{first}\", near: \"{rest}\"")));
            };
            tokens.push(&rest[..length]);
            rest = rest[length..].trim_start();
        }
        Ok(Self { tokens, at: 0, names, kind, operators: 0 })
    }

    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).copied()
    }

    /// Takes an operator or a keyword, in upper or lower case.
    fn take(&mut self, wanted: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    /// Counts an operator or a function: their number is limited, and so is the nesting.
    fn count(&mut self) -> Result<(), TableRefusal> {
        self.operators += 1;
        if self.operators <= OPERATORS {
            return Ok(());
        }
        Err(invalid(format!("Invalid {}: The expression contains more than {OPERATORS} operators", self.kind)))
    }

    fn expect(&mut self, wanted: &str) -> Result<(), TableRefusal> {
        if self.take(wanted) { Ok(()) } else { Err(self.wrong()) }
    }

    fn end(&self) -> Result<(), TableRefusal> {
        if self.peek().is_none() { Ok(()) } else { Err(self.wrong()) }
    }

    /// The refusal of the current token.
    fn wrong(&self) -> TableRefusal {
        let token = self.peek().unwrap_or("<EOF>");
        let from = self.at.saturating_sub(1).min(self.tokens.len());
        let near = self.tokens[from..].iter().take(3).copied().collect::<Vec<_>>().join(" ");
        invalid(format!("Invalid {}: Syntax error; token: \"{token}\", near: \"{near}\"", self.kind))
    }

    /// The name of the function that is called here; its parenthesis is taken.
    fn function(&mut self, known: &[&'static str]) -> Option<&'static str> {
        let name = known.iter().find(|name| self.peek() == Some(**name))?;
        (self.tokens.get(self.at + 1) == Some(&"(")).then(|| {
            self.at += 2;
            *name
        })
    }

    /// A document path, such as `a.#b[0]`.
    fn path(&mut self) -> Result<Path, TableRefusal> {
        let mut path = vec![Step::Field(self.field()?)];
        loop {
            if self.take(".") {
                path.push(Step::Field(self.field()?));
            } else if self.take("[") {
                let index = self.peek().and_then(|token| token.parse().ok()).ok_or_else(|| self.wrong())?;
                self.at += 1;
                path.push(Step::Index(index));
                self.expect("]")?;
            } else {
                return Ok(path);
            }
        }
    }

    fn field(&mut self) -> Result<String, TableRefusal> {
        let names = self.names;
        match self.peek() {
            Some(alias) if alias.starts_with('#') => {
                self.at += 1;
                names.name(alias)
            }
            Some(name) if name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_') => {
                if is_reserved(name) {
                    let kind = self.kind;
                    let why = "Attribute name is a reserved keyword; reserved keyword";
                    return Err(invalid(format!("Invalid {kind}: {why}: {name}")));
                }
                self.at += 1;
                Ok(name.to_owned())
            }
            _ => Err(self.wrong()),
        }
    }

    /// A `:value`, if one is next.
    fn given(&mut self) -> Option<Result<Value, TableRefusal>> {
        let alias = self.peek().filter(|token| token.starts_with(':'))?;
        self.at += 1;
        Some(self.names.value(alias))
    }
}
