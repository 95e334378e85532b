//! Intrinsic functions of JSONPath states: `States.Format('{} of {}', $.a, States.ArrayLength($.b))`.

use std::borrow::Cow;

use serde_json::Value;

use super::functions::{self, Function};
use super::path::{Path, PathError};
use super::{Environment, SPENT, reading, weight};

/// Deepest nesting of calls, the outermost included: the service documents that up to ten may be nested within a field.
const DEPTH: usize = 10;

/// A call with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    text: String,
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
enum Argument {
    Literal(Value),
    /// A text with its escapes left in: the template of `States.Format`.
    Template(String),
    Path(Path),
    Call(Call),
}

/// Why a call failed, in the service's words. `call` is the outermost call, also where an inner one failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("The function '{call}' had the following error: {reason}")]
pub struct CallError {
    pub call: String,
    pub reason: String,
}

impl Call {
    /// Parses a call.
    ///
    /// # Errors
    /// A text that says what was expected, and where.
    pub fn parse(text: &str) -> Result<Call, String> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        parser.spaces();
        let call = parser.call()?;
        parser.spaces();
        if parser.at < text.len() {
            return Err(parser.wrong("the end of the call"));
        }
        Ok(call)
    }

    /// The call as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Computes the call.
    ///
    /// # Errors
    /// A path without a value, or arguments that the function refuses.
    pub fn evaluate(&self, environment: &dyn Environment) -> Result<Value, CallError> {
        self.compute(environment).map_err(|reason| CallError { call: self.text.clone(), reason })
    }

    fn compute(&self, environment: &dyn Environment) -> Result<Value, String> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            arguments.push(match argument {
                Argument::Literal(value) => Cow::Borrowed(value),
                Argument::Template(raw) => Cow::Owned(Value::String(raw.clone())),
                Argument::Call(call) => Cow::Owned(call.compute(environment)?),
                Argument::Path(path) => {
                    path.evaluate(environment).map_err(|error| missing(path, &error, environment))?
                }
            });
        }
        // Nested calls may double a value again and again, so every result is charged to the limit of memory.
        let cost = |value: &Cow<'_, Value>| if self.function.copies() { weight(value) } else { reading(value) };
        let pay = |bytes: usize| if environment.spend(bytes) { Ok(()) } else { Err(SPENT.to_owned()) };
        pay(arguments.iter().map(cost).sum())?;
        let made = functions::apply(self.function, &arguments, environment)?;
        pay(weight(&made))?;
        Ok(made)
    }

    fn check_arity(&self) -> Result<(), String> {
        self.function.check_arity(self.arguments.len())?;
        self.arguments.iter().try_for_each(|argument| match argument {
            Argument::Call(call) => call.check_arity(),
            _ => Ok(()),
        })
    }

    /// Every path in the call and the calls within it, for validation.
    pub fn paths(&self) -> Vec<&Path> {
        let mut paths = Vec::new();
        for argument in &self.arguments {
            match argument {
                Argument::Path(path) => paths.push(path),
                Argument::Call(call) => paths.extend(call.paths()),
                Argument::Literal(_) | Argument::Template(_) => {}
            }
        }
        paths
    }
}

fn missing(path: &Path, error: &PathError, environment: &dyn Environment) -> String {
    match error {
        PathError::NotFound(_) | PathError::OutOfRange(_) => {
            let input = environment.input();
            format!("The JsonPath argument for the field '{path}' could not be found in the input '{input}'")
        }
        PathError::NoArray { .. } | PathError::UnknownVariable(_) => error.to_string(),
    }
}

/// Whether a text is meant as a call, rather than as a path.
pub fn is_call(text: &str) -> bool {
    text.trim_start().starts_with("States.")
}

/// Checks a call's syntax and the number of its arguments, for the validation of definitions.
///
/// # Errors
/// What is wrong with it.
pub fn check(text: &str) -> Result<(), String> {
    Call::parse(text)?.check_arity()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn spaces(&mut self) {
        while let Some(c) = self.peek().filter(|c| c.is_whitespace()) {
            self.at += c.len_utf8();
        }
    }

    fn wrong(&self, expected: &str) -> String {
        let column = self.text[..self.at].chars().count() + 1;
        match self.peek() {
            Some(c) => format!("expected {expected} at character {column}, found '{c}'"),
            None => format!("expected {expected} at character {column}, found the end"),
        }
    }

    fn call(&mut self) -> Result<Call, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(format!("intrinsic functions nest deeper than {DEPTH} levels"));
        }
        let start = self.at;
        let length = self.rest().find('(').ok_or_else(|| self.wrong("'('"))?;
        let name = self.rest()[..length].trim_end().to_owned();
        let function =
            Function::named(&name).ok_or_else(|| format!("the intrinsic function '{name}' does not exist"))?;
        self.at += length + 1;
        let arguments = self.arguments(function)?;
        self.depth -= 1;
        Ok(Call { text: self.text[start..self.at].to_owned(), function, arguments })
    }

    fn arguments(&mut self, function: Function) -> Result<Vec<Argument>, String> {
        let mut arguments = Vec::new();
        self.spaces();
        if self.peek() == Some(')') {
            self.at += 1;
            return Ok(arguments);
        }
        loop {
            self.spaces();
            let template = function == Function::Format && arguments.is_empty();
            arguments.push(self.argument(template)?);
            self.spaces();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(')') => {
                    self.at += 1;
                    return Ok(arguments);
                }
                _ => return Err(self.wrong("',' or ')'")),
            }
        }
    }

    fn argument(&mut self, template: bool) -> Result<Argument, String> {
        match self.peek() {
            Some('\'') if template => Ok(Argument::Template(self.raw_text()?)),
            Some('\'') => self.raw_text().map(|raw| Argument::Literal(Value::String(unescape(&raw)))),
            Some('$') => {
                let (_, _, taken) = super::path_parse::parse_prefix(self.rest())?;
                let path = Path::parse(&self.rest()[..taken])?;
                self.at += taken;
                Ok(Argument::Path(path))
            }
            Some('S') => self.call().map(Argument::Call),
            _ => self.literal(),
        }
    }

    fn literal(&mut self) -> Result<Argument, String> {
        let end = self.rest().find(|c: char| c == ',' || c == ')' || c.is_whitespace()).unwrap_or(self.rest().len());
        match serde_json::from_str::<Value>(&self.rest()[..end]) {
            Ok(value) if !(value.is_string() || value.is_array() || value.is_object()) => {
                self.at += end;
                Ok(Argument::Literal(value))
            }
            _ => Err(self.wrong("a path, a text in single quotes, a number, true, false, null or a function")),
        }
    }

    /// Reads a string in single quotes, with its escapes. A backslash escapes a quote, a brace or a backslash, and has
    /// no other use.
    fn raw_text(&mut self) -> Result<String, String> {
        self.at += 1;
        let start = self.at;
        while let Some(c) = self.peek() {
            match c {
                '\'' => {
                    let raw = self.text[start..self.at].to_owned();
                    self.at += 1;
                    return Ok(raw);
                }
                '\\' => {
                    self.at += 1;
                    if !self.peek().is_some_and(|c| matches!(c, '\'' | '\\' | '{' | '}')) {
                        return Err(self.wrong("a quote, a brace or a backslash after a backslash"));
                    }
                    self.at += 1;
                }
                _ => self.at += c.len_utf8(),
            }
        }
        Err(self.wrong("a closing single quote"))
    }
}

/// Removes the backslash before the four characters that the language escapes; other backslashes stay.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some(escaped @ ('\'' | '\\' | '{' | '}')) => text.push(escaped),
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::test_environment::Fixed;
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expect: Value) {
        let env = Fixed::with_input(json!({"n": 5, "s": "it", "list": [1, 2, 3, 4, 5], "o": {"a": 1}, "p": {"b": 2}}));
        let got = match Call::parse(text).map(|call| call.evaluate(&env)) {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => json!(format!("error: {error}")),
            Err(error) => json!(format!("syntax: {error}")),
        };
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn functions_answer() {
        check("States.Format('{} of {}\\{\\}', $.n, $.s)", json!("5 of it{}"));
        check("States.Format('it\\'s {}', $.o)", json!("it's {a=1}"));
        check("States.Array(1, 'a', null, States.Array())", json!([1, "a", null, []]));
        check("States.ArrayPartition($.list, 2)", json!([[1, 2], [3, 4], [5]]));
        check("States.ArrayContains($.list, 3)", json!(true));
        check("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9]));
        check("States.ArrayGetItem($.list, 4)", json!(5));
        check("States.ArrayLength($.list)", json!(5));
        check("States.ArrayUnique(States.Array(1, 1, 2))", json!([1, 2]));
        check("States.Base64Decode(States.Base64Encode('Hello'))", json!("Hello"));
        check("States.Hash('input data', 'SHA-1')", json!("aaff4a450a104cd177d28d18d74485e8cae074b7"));
        check("States.JsonMerge($.o, $.p, false)", json!({"a": 1, "b": 2}));
        check("States.StringToJson('{\"a\": [1]}')", json!({"a": [1]}));
        check("States.JsonToString($.o)", json!("{\"a\":1}"));
        check("States.MathAdd($.n, -2)", json!(3));
        check("States.StringSplit('a.b+c', '.+')", json!(["a", "b", "c"]));
    }

    #[test]
    fn functions_take_what_the_service_takes() {
        check("States.ArrayPartition($.list, 2.9)", json!([[1, 2], [3, 4], [5]]));
        check("States.ArrayRange(1.6, 1.4, 1)", json!([1]));
        check("States.ArrayRange(5.4, -0.6, -2.4)", json!([5, 3, 1]));
        check("States.ArrayRange(5, 1, 1)", json!([]));
        check("States.ArrayGetItem($.list, 1.9)", json!(2));
        check("States.ArrayGetItem(States.Array(), 999)", json!(null));
        check("States.ArrayContains(States.Array('true', 'x'), true)", json!(true));
        check("States.ArrayContains($.list, false)", json!(false));
        check("States.ArrayUnique(States.Array(3, 1, 3, true, false))", json!([1, 3, false, true]));
        check("States.Base64Decode('!!!aGVsbG8')", json!("hello"));
        check("States.Base64Decode('ab==cd')", json!("i"));
        check("States.Hash(123, 'MD5')", json!("202cb962ac59075b964b07152d234b70"));
        check("States.JsonMerge($.o, $.p, 'false')", json!({"a": 1, "b": 2}));
        check("States.StringToJson('')", json!(null));
        check("States.StringSplit('', ',')", json!([]));
        check("States.StringSplit('a,,b', '')", json!(["a,,b"]));
        check("States.MathAdd(-1.5, -1.51)", json!(-3));
        check("States.MathAdd(2147483646, 1)", json!(2_147_483_647));
        check("States.MathRandom(5, 7.9, 1)", json!(6));
        check("States.Format('{}, {}', $.list, 1.0)", json!("[1, 2, 3, 4, 5], 1.0"));
    }

    #[test]
    fn refusals_are_reported_in_the_service_s_words() {
        let check_error = |call: &str, reason: &str| {
            check(call, json!(format!("error: The function '{call}' had the following error: {reason}")));
        };
        for (function, arguments) in [
            ("ArrayLength", "$.o"),
            ("ArrayLength", ""),
            ("ArrayPartition", "$.list, 0.9"),
            ("ArrayPartition", "$.list, -1"),
            ("ArrayRange", "1, 9, 0"),
            ("ArrayRange", "1, 1001, 1"),
            ("ArrayGetItem", "$.list, 5"),
            ("ArrayGetItem", "$.list, -1"),
            ("ArrayContains", "'list', 1"),
            ("Hash", "'x', 'sha-256'"),
            ("JsonMerge", "$.o, $.p, true"),
            ("JsonMerge", "$.o, null, false"),
            ("MathAdd", "2147483647, 1"),
            ("MathAdd", "1, '2'"),
            ("MathRandom", "1.4, 1.6"),
            ("MathRandom", "1, 10, null"),
            ("StringToJson", "'{'"),
            ("StringToJson", "$.n"),
            ("StringSplit", "$.n, ','"),
            ("Base64Encode", "$.o"),
            ("UUID", "1"),
        ] {
            check_error(&format!("States.{function}({arguments})"), &format!("Invalid arguments in States.{function}"));
        }
        let count = "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.";
        check_error("States.Format('{} {}', $.n)", count);
        check_error("States.Format('{}', $.n, 1)", count);
        check_error("States.Format('a {', 1)", "Invalid template in States.Format: matching '}' not found for '{'.");
        check_error("States.Format('}')", "Invalid template in States.Format: matching '{' not found for '}'.");
    }

    #[test]
    fn a_failure_within_names_the_whole_call() {
        let env = Fixed::with_input(json!({"n": 5}));
        for (call, reason) in [
            (
                "States.Format('{}', States.Format('{}',$.no))",
                "The JsonPath argument for the field '$.no' could not be found in the input '{\"n\":5}'",
            ),
            ("States.Format('{}', $.n[0])", "Filter: [0] can only be applied to arrays. Current context is: 5"),
            ("States.Array(States.ArrayLength($.n))", "Invalid arguments in States.ArrayLength"),
        ] {
            let error = Call::parse(call).unwrap().evaluate(&env).unwrap_err();
            assert_eq!(error.to_string(), format!("The function '{call}' had the following error: {reason}"));
        }
    }

    #[test]
    fn broken_calls_are_reported() {
        check("States.Nope(1)", json!("syntax: the intrinsic function 'States.Nope' does not exist"));
        check("States.MathAdd(1, 2", json!("syntax: expected ',' or ')' at character 20, found the end"));
        for literal in ["[1]", "{}", "\"a\""] {
            let found = literal.chars().next().unwrap();
            let expected = "a path, a text in single quotes, a number, true, false, null or a function";
            let expected = format!("syntax: expected {expected} at character 14, found '{found}'");
            check(&format!("States.Array({literal})"), json!(expected));
        }
        for (text, column, found) in [("a\\n", 18, "n"), ("\\\"a\\\"", 17, "\""), ("\\u0041", 17, "u")] {
            let expected = format!("a quote, a brace or a backslash after a backslash at character {column}");
            check(&format!("States.Format('{text}')"), json!(format!("syntax: expected {expected}, found '{found}'")));
        }
        check("States.Format('a\\')", json!("syntax: expected a closing single quote at character 20, found the end"));
        for (call, message) in [
            ("States.ArrayLength()", "States.ArrayLength takes 1 argument, not 0"),
            ("States.Array(States.MathRandom(1))", "States.MathRandom takes 2 to 3 arguments, not 1"),
        ] {
            assert_eq!(super::check(call), Err(message.to_owned()));
        }
    }

    /// The service documents ten, and shows nine of which some stand side by side.
    #[test]
    fn ten_calls_nest_and_no_more() {
        let nested = |levels: usize| format!("{}1{}", "States.Array(".repeat(levels), ")".repeat(levels));
        assert_eq!(super::check(&nested(10)), Ok(()));
        assert_eq!(super::check(&nested(11)), Err("intrinsic functions nest deeper than 10 levels".to_owned()));
        let part = |i: usize| {
            let first = "States.ArrayGetItem(States.StringSplit($.arn, '/'), 2)";
            format!("States.ArrayGetItem(States.StringSplit({first}, '.'), {i})")
        };
        assert_eq!(super::check(&format!("States.Format('{{}}.{{}}', {}, {})", part(0), part(1))), Ok(()));
    }

    #[test]
    fn uuids_are_of_version_four() {
        let env = Fixed::with_input(Value::Null);
        let value = Call::parse("States.UUID()").unwrap().evaluate(&env).unwrap();
        let text = value.as_str().unwrap();
        assert_eq!((text.len(), &text[14..15]), (36, "4"), "{text}");
    }
}
