//! The evaluator's errors in the words of JSONata's reference implementation, which the service uses.
//!
//! Some of these words name a function or a value that the evaluator does not report. Then the parts of the expression are
//! evaluated to find the one that failed.

use jsonata_core::ast::{AstNode, BinaryOp, UnaryOp};
use jsonata_core::value::JValue;

use super::tame;

/// Evaluates a part of the expression in the scope of the whole.
pub(super) type Evaluate<'a> = &'a mut dyn FnMut(&AstNode) -> Result<JValue, String>;

/// The message in the words of the reference implementation, where they differ.
pub(super) fn worded(message: &str, expression: &AstNode, evaluate: Evaluate<'_>) -> String {
    let Some((code, text)) = message.split_once(": ") else {
        return message.to_owned();
    };
    let worded = plain(code, text).or_else(|| {
        let failed = matches!(code, "T0410" | "T0411" | "T0412" | "T2009" | "T2010" | "D1002")
            .then(|| culprit(message, expression, evaluate))??;
        precise(code, text, failed, evaluate)
    });
    worded.map_or_else(|| message.to_owned(), |text| format!("{code}: {text}"))
}

/// The messages that follow from the evaluator's words alone.
fn plain(code: &str, text: &str) -> Option<String> {
    let between = |before: &str, after: &str| text.strip_prefix(before)?.strip_suffix(after);
    let operand = |side: &str| {
        let operator = between(&format!("The {side} side of the "), " operator must evaluate to a number")?;
        Some(format!("The {side} side of the \"{operator}\" operator must evaluate to a number"))
    };
    let range = |side: &str| Some(format!("The {side} side of the range operator (..) must evaluate to an integer"));
    match code {
        "T0410" | "T0412" => misfit(code, text, &function_in(text)?),
        "T2001" => operand("left"),
        "T2002" => operand("right"),
        "T2003" => range("left"),
        "T2004" => range("right"),
        "D3030" => {
            let value = between("Cannot convert '", "' to number")?;
            Some(format!("Unable to cast value to a number: \"{value}\""))
        }
        "D3100" => {
            let radix = text.rsplit_once(' ')?.1;
            Some(format!("The radix of the formatBase function must be between 2 and 36.  It was given {radix}"))
        }
        "D3130" => Some(format!(
            "Formatting or parsing an integer as a sequence starting with \"{text}\" is not supported by this implementation"
        )),
        "D3132" => Some(format!("Unknown component specifier \"{text}\" in date/time picture string")),
        "D3133" => Some(format!(
            "The 'name' modifier can only be applied to months and days in the date/time picture string, not \"{text}\""
        )),
        _ => FIXED.iter().find(|(known, _)| *known == code).map(|(_, text)| (*text).to_owned()),
    }
}

/// The messages without a name or a value.
const FIXED: &[(&str, &str)] = &[
    ("D3001", "Attempting to invoke string function on Infinity or NaN"),
    ("D3010", "Second argument of replace function cannot be an empty string"),
    ("D3020", "Third argument of split function must evaluate to a positive number"),
    ("D3080", "The picture string must only contain a maximum of two sub-pictures"),
    ("D3081", "The sub-picture must not contain more than one instance of the 'decimal-separator' character"),
    ("D3082", "The sub-picture must not contain more than one instance of the 'percent' character"),
    ("D3083", "The sub-picture must not contain more than one instance of the 'per-mille' character"),
    ("D3084", "The sub-picture must not contain both a 'percent' and a 'per-mille' character"),
    (
        "D3085",
        "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit \
         character' or a member of the 'decimal digit family'",
    ),
    (
        "D3086",
        "The sub-picture must not contain a passive character that is preceded by an active character and that is \
         followed by another active character",
    ),
    (
        "D3087",
        "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a \
         'decimal-separator' character",
    ),
    ("D3088", "The sub-picture must not contain a 'grouping-separator' at the end of the integer part"),
    ("D3089", "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character"),
    (
        "D3090",
        "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by \
         an instance of the 'optional digit character'",
    ),
    (
        "D3091",
        "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is \
         followed by a member of the 'decimal digit family'",
    ),
    (
        "D3092",
        "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an \
         'exponent-separator'",
    ),
    (
        "D3093",
        "The exponent part of the sub-picture must comprise only of one or more characters that are members of the \
         'decimal digit family'",
    ),
    ("D3131", "In a decimal digit pattern, all digits must be from the same decimal group"),
    ("D3134", "The timezone integer format specifier cannot have more than four digits"),
    ("D3135", "No matching closing bracket ']' in date/time picture string"),
    ("D3136", "The date/time picture string is missing specifiers required to parse the timestamp"),
    ("D3138", "The $single() function expected exactly 1 matching result.  Instead it matched more."),
    ("T1006", "Attempted to invoke a non-function"),
    ("T2008", "The expressions within an order-by clause must evaluate to numeric or string values"),
];

/// The messages for which the failed part has to be known.
fn precise(code: &str, text: &str, failed: &AstNode, evaluate: Evaluate<'_>) -> Option<String> {
    let mut shown = |node: &AstNode| evaluate(node).ok()?.to_json_string().ok();
    match (code, failed) {
        ("T2009", AstNode::Binary { op, lhs, rhs }) => Some(format!(
            "The values {} and {} either side of operator \"{}\" must be of the same data type",
            shown(lhs)?,
            shown(rhs)?,
            symbol(*op)?
        )),
        ("T2010", AstNode::Binary { op, .. }) => Some(format!(
            "The expressions either side of operator \"{}\" must evaluate to numeric or string values",
            symbol(*op)?
        )),
        ("D1002", AstNode::Unary { op: UnaryOp::Negate, operand }) => {
            Some(format!("Cannot negate a non-numeric value: {}", shown(operand)?))
        }
        _ => misfit(code, text, called(failed)?),
    }
}

/// A function's arguments that do not match its signature.
fn misfit(code: &str, text: &str, function: &str) -> Option<String> {
    let place = |before: &str| text.strip_prefix(before)?.split([' ', ',']).next()?.parse::<usize>().ok();
    if code == "T0411" {
        return Some(format!("Context value is not a compatible type with argument 1 of function \"{function}\""));
    }
    let argument = place("Argument ").or_else(|| {
        let given: usize = text.rsplit_once("got ")?.1.parse().ok()?;
        // The first missing argument, or the first that is too many.
        let expected = place("Argument count mismatch: expected ")?;
        Some(if given < expected { given + 1 } else { given })
    })?;
    if code == "T0410" {
        return Some(format!("Argument {argument} of function \"{function}\" does not match function signature"));
    }
    let kind = text.rsplit_once(' ')?.1.to_lowercase();
    Some(format!("Argument {argument} of function \"{function}\" must be an array of \"{kind}s\""))
}

/// The function that the evaluator reports.
fn function_in(text: &str) -> Option<String> {
    let name = text.split_once(" of function ")?.1.split(' ').next()?.trim_matches(['$', '"']);
    (!matches!(name, "does" | "must")).then(|| name.to_owned())
}

/// The function that a part of an expression calls.
fn called(node: &AstNode) -> Option<&str> {
    match node {
        AstNode::Function { name, .. } | AstNode::Variable(name) => Some(name),
        AstNode::Binary { op: BinaryOp::ChainPipe, rhs, .. } => called(rhs),
        AstNode::Path { steps } => match steps.as_slice() {
            [step] => called(&step.node),
            _ => None,
        },
        _ => None,
    }
}

fn symbol(op: BinaryOp) -> Option<&'static str> {
    match op {
        BinaryOp::LessThan => Some("<"),
        BinaryOp::LessThanOrEqual => Some("<="),
        BinaryOp::GreaterThan => Some(">"),
        BinaryOp::GreaterThanOrEqual => Some(">="),
        _ => None,
    }
}

/// The innermost part of an expression that fails with the message. `None` where a part may run away and is not
/// evaluated.
fn culprit<'n>(message: &str, node: &'n AstNode, evaluate: Evaluate<'_>) -> Option<&'n AstNode> {
    for part in parts(node).into_iter().filter(|part| !matches!(part, AstNode::Lambda { .. })) {
        if !tame::is_tame(part) {
            return None;
        }
        if evaluate(part).is_err_and(|error| error == message) {
            return culprit(message, part, evaluate);
        }
    }
    Some(node)
}

/// The parts that are evaluated in the scope of the whole.
fn parts(node: &AstNode) -> Vec<&AstNode> {
    match node {
        AstNode::Binary { op: BinaryOp::ColonEqual, rhs, .. } => vec![rhs],
        AstNode::Binary { lhs, rhs, .. } => vec![lhs, rhs],
        AstNode::Unary { operand, .. } => vec![operand],
        AstNode::Function { args, .. } | AstNode::Array(args) | AstNode::Block(args) => args.iter().collect(),
        AstNode::Object(pairs) => pairs.iter().flat_map(|(name, value)| [name, value]).collect(),
        AstNode::Conditional { condition, .. } => vec![condition],
        AstNode::Path { steps } => steps.first().map(|step| &step.node).into_iter().collect(),
        AstNode::ObjectTransform { input, .. } | AstNode::Sort { input, .. } => vec![input],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::sandbox::Request;
    use super::super::{JsonataError, evaluate_here};
    use serde_json::json;

    #[track_caller]
    fn check(expression: &str, message: &str) {
        let bound = json!({"states": {"input": {"n": 5, "text": "five", "list": [1, "a"]}}});
        let bound = bound.as_object().unwrap().clone();
        let request = Request { expression: expression.to_owned(), bound, now: 0, seed: 1, patience: 800 };
        assert_eq!(evaluate_here(&request), Err(JsonataError::Failed(message.to_owned())), "{expression}");
    }

    #[test]
    fn operators_tell_what_they_were_given() {
        check("'a' + 1", "T2001: The left side of the \"+\" operator must evaluate to a number");
        check("1 - 'a'", "T2002: The right side of the \"-\" operator must evaluate to a number");
        check("['a'..2]", "T2003: The left side of the range operator (..) must evaluate to an integer");
        check("[1..2.5]", "T2004: The right side of the range operator (..) must evaluate to an integer");
        check(
            "$states.input.text > $states.input.n",
            "T2009: The values \"five\" and 5 either side of operator \">\" must be of the same data type",
        );
        check(
            "{'a': $states.input.n = 5 and $states.input <= 1}",
            "T2010: The expressions either side of operator \"<=\" must evaluate to numeric or string values",
        );
        check("1 + (-$states.input.text)", "D1002: Cannot negate a non-numeric value: \"five\"");
    }

    #[test]
    fn functions_are_named() {
        let misfit = "does not match function signature";
        for (expression, argument, function) in [
            ("$length($states.input.n)", 1, "length"),
            ("[1, {'a': $uppercase('a') & $uppercase(1)}]", 1, "uppercase"),
            ("$substring($lowercase(2), 1)", 1, "lowercase"),
            ("$substring('a', 'b')", 2, "substring"),
            ("5 ~> $uppercase()", 1, "uppercase"),
            ("$sum()", 1, "sum"),
            ("$sum(1, 2)", 2, "sum"),
            ("$filter([1])", 2, "filter"),
            ("$each(1, function($v) { $v })", 1, "each"),
        ] {
            check(expression, &format!("T0410: Argument {argument} of function \"{function}\" {misfit}"));
        }
        check("$sum($states.input.list)", "T0412: Argument 1 of function \"sum\" must be an array of \"numbers\"");
        check("$join([1, 2], '-')", "T0412: Argument 1 of function \"join\" must be an array of \"strings\"");
    }

    #[test]
    fn functions_have_their_own_words() {
        check("$nope()", "T1006: Attempted to invoke a non-function");
        check("$number('x')", "D3030: Unable to cast value to a number: \"x\"");
        check("$replace('a', '', 'b')", "D3010: Second argument of replace function cannot be an empty string");
        check("$split('a', ',', -1)", "D3020: Third argument of split function must evaluate to a positive number");
        check(
            "$formatBase(5, 1)",
            "D3100: The radix of the formatBase function must be between 2 and 36.  It was given 1",
        );
        check(
            "$single([1, 2])",
            "D3138: The $single() function expected exactly 1 matching result.  Instead it matched more.",
        );
    }
}
