//! Finds the regular expressions of an expression's text by the rules of JSONata 2.0.6: a slash inside a class belongs to
//! the regular expression, an empty one is refused, and a slash where no regular expression may stand is a division.

/// What may follow the token before.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// A value, and whether it may be a regular expression.
    Value { regex: bool },
    /// An operator.
    Operator,
}

const ANY_VALUE: Expect = Expect::Value { regex: true };

/// The expression with the slashes inside its regular expressions escaped, so that each ends at its first plain slash.
///
/// # Errors
/// A regular expression that is empty, has no end, or stands where none can.
pub(super) fn normalised(expression: &str) -> Result<String, String> {
    let mut scan = Scan { text: expression, at: 0, out: String::with_capacity(expression.len()), expect: ANY_VALUE };
    while let Some(letter) = scan.peek() {
        scan.token(letter)?;
    }
    Ok(scan.out)
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    out: String,
    expect: Expect,
}

impl Scan<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Copies so many bytes of the text to the result.
    fn copy(&mut self, length: usize) {
        let end = (self.at + length).min(self.text.len());
        self.out.push_str(&self.text[self.at..end]);
        self.at = end;
    }

    fn token(&mut self, letter: char) -> Result<(), String> {
        if letter.is_whitespace() {
            self.copy(letter.len_utf8());
            return Ok(());
        }
        if self.rest().starts_with("/*") {
            let length = self.rest()[2..].find("*/").map_or(self.rest().len(), |end| end + 4);
            self.copy(length);
            return Ok(());
        }
        match (letter, self.expect) {
            ('/', Expect::Value { regex: true }) => return self.regex(),
            ('/', Expect::Value { regex: false }) => {
                return Err("S0211: The symbol \"/\" cannot be used as a unary operator".to_owned());
            }
            ('"' | '\'' | '`', _) => {
                let length = self.quoted(letter);
                self.copy(length);
                self.expect = Expect::Operator;
            }
            _ if is_operator(letter) => self.operator(letter),
            _ => {
                let length = self.rest().find(|c: char| c.is_whitespace() || is_operator(c) || "\"'`".contains(c));
                let length = length.unwrap_or(self.rest().len());
                let word = &self.rest()[..length];
                let joins = self.expect == Expect::Operator && matches!(word, "and" | "or" | "in");
                self.copy(length);
                self.expect = if joins { ANY_VALUE } else { Expect::Operator };
            }
        }
        Ok(())
    }

    /// The length of a text or a name in quotes.
    fn quoted(&self, quote: char) -> usize {
        let mut escaped = false;
        for (at, letter) in self.rest().char_indices().skip(1) {
            match letter {
                _ if escaped => escaped = false,
                '\\' if quote != '`' => escaped = true,
                _ if letter == quote => return at + letter.len_utf8(),
                _ => {}
            }
        }
        self.rest().len()
    }

    fn operator(&mut self, letter: char) {
        let pair = ["**", "..", ":=", "!=", "<=", ">=", "~>"].iter().any(|pair| self.rest().starts_with(pair));
        self.copy(if pair { 2 } else { letter.len_utf8() });
        self.expect = match (letter, self.expect) {
            (')' | ']' | '}', _) => Expect::Operator,
            (',' | ';' | ':', _) | (_, Expect::Operator) => ANY_VALUE,
            // A wildcard, or a placeholder of a partial application.
            ('*' | '%' | '?', Expect::Value { .. }) => Expect::Operator,
            (_, Expect::Value { .. }) => Expect::Value { regex: false },
        };
    }

    fn regex(&mut self) -> Result<(), String> {
        let start = self.at + 1;
        let (mut depth, mut slashes, mut before) = (0_i32, 0_usize, '/');
        let ends = self.text[start..].char_indices().find(|(_, letter)| {
            let is_end = *letter == '/' && depth == 0 && slashes.is_multiple_of(2);
            if before != '\\' {
                depth += i32::from("([{".contains(*letter)) - i32::from(")]}".contains(*letter));
            }
            slashes = if *letter == '\\' { slashes + 1 } else { 0 };
            before = *letter;
            is_end
        });
        let Some((length, _)) = ends else { return Err("S0302: No terminating / in regular expression".to_owned()) };
        if length == 0 {
            return Err("S0301: Empty regular expressions are not allowed".to_owned());
        }
        self.out.push('/');
        let mut escaped = false;
        for letter in self.text[start..start + length].chars() {
            if letter == '/' && !escaped {
                self.out.push('\\');
            }
            escaped = letter == '\\' && !escaped;
            self.out.push(letter);
        }
        self.out.push('/');
        self.at = start + length + 1;
        let flags = self.rest().find(|c| !matches!(c, 'i' | 'm')).unwrap_or(self.rest().len());
        self.copy(flags);
        // The flags end here.
        self.out.push(' ');
        self.expect = Expect::Operator;
        Ok(())
    }
}

fn is_operator(letter: char) -> bool {
    ".[]{}(),@#;:?+-*/%|=<>^!&~".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[track_caller]
    fn check(expression: &str, expected: Result<&str, &str>) {
        let found = normalised(expression);
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{expression}");
    }

    #[test]
    fn slashes_within_brackets_are_escaped() {
        check("$split(a, /[/.-]/)", Ok("$split(a, /[\\/.-]/ )"));
        check("$split(a, /[\\/.-]/i)", Ok("$split(a, /[\\/.-]/i )"));
        check("/(a|\\/)/im.b", Ok("/(a|\\/)/im .b"));
        check("$f(/a\\\\/)", Ok("$f(/a\\\\/ )"));
        check("/a/ig", Ok("/a/i g"));
    }

    #[test]
    fn slashes_that_divide_are_left() {
        for plain in [
            "a / b / c",
            "(a) / 2 / (b)",
            "a[0]/2/b",
            "{'a': 1}.a / 2 / 3",
            "\"/a/\" & '/' & `a/b`",
            "1 /* / */ / 2",
            "a.* / 2 / 3",
            "$f(?, 1) / 2",
            "$x / $y / $z",
            "'it\\'s /' & b / c",
        ] {
            check(plain, Ok(plain));
        }
    }

    #[test]
    fn what_is_no_regular_expression_is_refused() {
        check("$match(a, //)", Err("S0301: Empty regular expressions are not allowed"));
        check("$match(a, /abc", Err("S0302: No terminating / in regular expression"));
        check("$match(a, /[/)", Err("S0302: No terminating / in regular expression"));
        for place in ["(/a/)", "[/a/]", "-/a/"] {
            check(place, Err("S0211: The symbol \"/\" cannot be used as a unary operator"));
        }
        check("a in /b/", Ok("a in /b/ "));
        check("$x := /b/; c ? /d/ : /e/", Ok("$x := /b/ ; c ? /d/  : /e/ "));
    }
}
